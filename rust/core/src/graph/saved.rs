//! Values saved for backward. A saved value owns its data, never a tensor: (array, version, where it came from, and a
//! weak reference for identity).

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Weak};

use smallvec::SmallVec;

use super::level::Lift;
use super::mode::{Modes, modes, set_modes};
use super::node::{Edge, NodeRef, WeakNode};
use super::provenance::Blame;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::launch::Sole;
use crate::shape::Shape;
use crate::tensor::{Inner, Tensor};

mod reading;

pub(crate) use reading::{check_not_released, tensor_of};
pub use reading::{register_hooks, second_backward, was_released};

/// Where a saved value came from.
pub(crate) enum Source {
    /// It needs no gradient.
    Constant,
    /// An input of the node that saves it, by the number of the node's edge.
    Input(u32),
    /// A value of another node's, or of no input's: the edge its gradient goes to.
    Foreign(Box<Edge>),
    /// An output of the node that saves it. No edge: a node must not own itself.
    Output(u32),
    /// Output 0 of the node that saves it, where that is a view that the operation has written to: what it is after that
    /// follows the history of its base, which the node given here has rewritten.
    OutputOfView(Box<WeakNode>),
}

/// A saved value.
pub struct Saved {
    kept: Kept,
    version: u32,
    source: Source,
    identity: Weak<Inner>,
    /// What transformations had attached.
    lift: Option<Box<Lift>>,
}

enum Kept {
    Array(Array),
    /// Packed by hooks of the program.
    Packed(Arc<Exchanged>),
}

/// What hooks gave for a value.
struct Exchanged {
    packed: Arc<dyn Packed>,
    /// Those of the value: rules rely on them.
    dtype: DType,
    shape: Shape,
}

impl Exchanged {
    /// What the unpack hook gives, of the dtype and the shape that were packed, with its data, and with what stands for data
    /// that lies elsewhere; its layout is free.
    fn unpack(&self) -> Result<(Tensor, Array, Option<Lift>)> {
        let tensor = self.packed.unpack()?;
        let array = tensor.array();
        let (dtype, shape) = (array.dtype(), array.shape());
        if dtype == self.dtype && shape == self.shape.as_slice() {
            let lift = tensor.lift().filter(Lift::stands_for_data);
            return Ok((tensor, array, lift));
        }
        Err(Error::runtime(
            "saved_tensors_hooks",
            format!(
                "Output of saved tensor unpack_hook expected to be a Tensor of {} and shape {:?}, as was packed, but got \
                 one of {dtype} and shape {:?}: return it as the pack hook got it",
                self.dtype,
                self.shape.as_slice(),
                shape
            ),
        ))
    }
}

/// A value packed by saved-tensor hooks.
pub trait Packed: Send + Sync {
    /// The tensor back, as the unpack hook gives it.
    fn unpack(&self) -> Result<Tensor>;
    /// The host's object, for its cycle collector.
    fn as_any(&self) -> &dyn Any;
}

/// A pair of hooks installed by `saved_tensors_hooks`.
pub trait PackHooks: Send + Sync {
    /// Packs a value about to be saved.
    fn pack(&self, tensor: &Tensor) -> Result<Arc<dyn Packed>>;
}

/// Sees tensors before they are written to.
pub type BeforeWrite = Arc<dyn Fn(&Tensor) -> Result<()> + Send + Sync>;

thread_local! {
    static BEFORE_WRITE: RefCell<Vec<BeforeWrite>> = const { RefCell::new(Vec::new()) };
    static HOOKS: RefCell<Vec<Arc<dyn PackHooks>>> = const { RefCell::new(Vec::new()) };
    static DISABLED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static PACKING: Cell<bool> = const { Cell::new(false) };
}

/// Installs a pair of hooks on this thread, inside those already there.
pub fn push_hooks(hooks: Arc<dyn PackHooks>) -> Result<()> {
    if let Some(message) = DISABLED.with(|disabled| disabled.borrow().last().cloned()) {
        return Err(Error::runtime("saved_tensors_hooks", message));
    }
    HOOKS.with(|stack| stack.borrow_mut().push(hooks));
    set_modes(modes().with(Modes::SAVED_HOOKS, true));
    Ok(())
}

/// Removes the innermost pair.
pub fn pop_hooks() {
    // Dropped after the stack is released: it may own host objects.
    let popped = HOOKS.with(|stack| stack.borrow_mut().pop());
    let left = HOOKS.with(|stack| !stack.borrow().is_empty());
    set_modes(modes().with(Modes::SAVED_HOOKS, left));
    drop(popped);
}

/// Refuses hooks with `message` until [`enable_hooks`].
pub fn disable_hooks(message: &str) -> Result<()> {
    if HOOKS.with(|stack| !stack.borrow().is_empty()) {
        return Err(Error::runtime("disable_saved_tensors_hooks", message));
    }
    DISABLED.with(|disabled| disabled.borrow_mut().push(message.to_owned()));
    Ok(())
}

/// Whether hooks are refused on this thread.
pub fn are_disabled() -> bool {
    DISABLED.with(|disabled| !disabled.borrow().is_empty())
}

/// Ends the innermost [`disable_hooks`].
pub fn enable_hooks() {
    DISABLED.with(|disabled| disabled.borrow_mut().pop());
}

/// Lets `watcher` see, on this thread, every tensor before it is written to, until [`pop_before_write`].
pub fn push_before_write(watcher: BeforeWrite) {
    BEFORE_WRITE.with(|stack| stack.borrow_mut().push(watcher));
    set_modes(modes().with(Modes::BEFORE_WRITE, true));
}

/// Removes the newest watcher.
pub fn pop_before_write() {
    let popped = BEFORE_WRITE.with(|stack| stack.borrow_mut().pop());
    let left = BEFORE_WRITE.with(|stack| !stack.borrow().is_empty());
    set_modes(modes().with(Modes::BEFORE_WRITE, left));
    drop(popped);
}

/// Shows `target` to the watchers.
#[cold]
pub(super) fn before_write(target: &Tensor) -> Result<()> {
    let watchers = BEFORE_WRITE.with(|stack| stack.borrow().clone());
    watchers.iter().try_for_each(|watcher| watcher(target))
}

/// The innermost pair of hooks on this thread, to be carried to another thread.
pub(super) fn hooks_of_thread() -> Vec<Arc<dyn PackHooks>> {
    HOOKS.with(|stack| stack.borrow().clone())
}

/// Replaces this thread's hooks (on the fresh thread of a deep re-entrant backward).
pub(super) fn set_hooks_of_thread(hooks: Vec<Arc<dyn PackHooks>>) {
    HOOKS.with(|stack| *stack.borrow_mut() = hooks);
}

/// Puts back what [`hooks_of_thread`] gave.
pub(super) fn restore_hooks_of_thread(hooks: Vec<Arc<dyn PackHooks>>) {
    let same = |now: &Vec<Arc<dyn PackHooks>>| {
        now.len() == hooks.len() && now.iter().zip(&hooks).all(|(now, before)| Arc::ptr_eq(now, before))
    };
    if HOOKS.with(|stack| same(&stack.borrow())) {
        return;
    }
    // Dropped after the stack is released: it may own host objects.
    let old = HOOKS.with(|stack| stack.replace(hooks));
    drop(old);
}

/// While hooks pack, what they compute is not packed.
struct Packing(bool);

impl Drop for Packing {
    fn drop(&mut self) {
        PACKING.set(self.0);
    }
}

impl Saved {
    /// Saves an array, read at `version`, with its place in the graph; packs it if the thread has hooks. What stands for one
    /// example of many has no data that they could be given: what it is one of is packed where that is saved.
    pub(crate) fn new(array: Array, version: u32, source: Source, identity: Weak<Inner>) -> Result<Self> {
        Self::with_lift(array, version, source, identity, None)
    }

    /// The same with what transformations have attached.
    pub(super) fn with_lift(
        array: Array,
        version: u32,
        source: Source,
        identity: Weak<Inner>,
        lift: Option<Box<Lift>>,
    ) -> Result<Self> {
        let has_data = !array.storage().is_placeholder() || lift.as_ref().is_some_and(|lift| lift.batched.is_none());
        let mut saved = Self { kept: Kept::Array(array), version, source, identity, lift };
        if modes().any(Modes::SAVED_HOOKS) && !PACKING.get() && has_data {
            let hooks = HOOKS.with(|stack| stack.borrow().last().cloned());
            if let Some(hooks) = hooks {
                saved.pack_with(&*hooks)?;
            }
        }
        Ok(saved)
    }

    /// Saves an array, read at `version`, where no hooks are installed.
    #[inline]
    pub(crate) fn plain(array: Array, version: u32, source: Source, identity: Weak<Inner>) -> Self {
        Self { kept: Kept::Array(array), version, source, identity, lift: None }
    }

    fn pack_with(&mut self, hooks: &dyn PackHooks) -> Result<()> {
        let Kept::Array(array) = &self.kept else {
            return Err(Error::runtime(
                "register_hooks",
                "Calling register_hooks on a saved tensor whose hooks have already been set.",
            ));
        };
        // Without its place in the graph: what the program keeps of it must not keep the graph. What has none is given as it is.
        let itself = match self.source {
            Source::Constant if self.lift.is_none() => self.identity.upgrade().map(Tensor::from_inner),
            _ => None,
        };
        let is_same = |tensor: &Tensor| {
            !tensor.requires_grad() && tensor.lift().is_none() && tensor.is_at(None) && tensor.array().is_exactly(array)
        };
        let tensor = itself.filter(is_same).unwrap_or_else(|| Tensor::from_array(array.clone()));
        if let Some(lift) = self.lift.as_ref().filter(|lift| lift.stands_for_data()) {
            tensor.set_lift(Some((**lift).clone()));
        }
        let packed = {
            let _guard = super::mode::no_grad();
            let _packing = Packing(PACKING.replace(true));
            hooks.pack(&tensor)
        };
        self.kept = Kept::Packed(Arc::new(Exchanged { packed: packed?, dtype: tensor.dtype(), shape: tensor.shape() }));
        Ok(())
    }

    fn edge(&self, node: &NodeRef) -> Option<Edge> {
        match &self.source {
            Source::Constant => None,
            Source::Input(number) => Some(node.edges()[*number as usize].clone()),
            Source::Foreign(edge) => Some((**edge).clone()),
            Source::Output(nr) => Some(Edge::new(node.clone(), *nr)),
            Source::OutputOfView(_) => Some(Edge::new(node.clone(), 0)),
        }
    }

    /// The node that rewrote the history of the base, if this is an output that shows a part of one.
    fn rewritten_by(&self) -> Option<NodeRef> {
        match &self.source {
            Source::OutputOfView(copy) => copy.upgrade(),
            _ => None,
        }
    }
}

/// PyTorch's legacy type name of a dtype, as its messages show it.
pub fn type_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "arcgrad.BoolTensor",
        DType::U8 => "arcgrad.ByteTensor",
        DType::I8 => "arcgrad.CharTensor",
        DType::I16 => "arcgrad.ShortTensor",
        DType::I32 => "arcgrad.IntTensor",
        DType::I64 => "arcgrad.LongTensor",
        DType::F16 => "arcgrad.HalfTensor",
        DType::BF16 => "arcgrad.BFloat16Tensor",
        DType::F32 => "arcgrad.FloatTensor",
        DType::F64 => "arcgrad.DoubleTensor",
        DType::C64 => "arcgrad.ComplexFloatTensor",
        DType::C128 => "arcgrad.ComplexDoubleTensor",
    }
}

/// A node's saved values, until it has run.
pub struct SavedState {
    values: SmallVec<[Saved; 2]>,
    released: Option<Blame>,
}

impl SavedState {
    pub(super) fn new(values: SmallVec<[Saved; 2]>) -> Self {
        Self { values, released: None }
    }

    /// Whether nothing is saved.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The data of value `index`, if it is there and is what was saved.
    pub(crate) fn unchanged(&self, index: usize) -> Option<Sole<'_>> {
        let saved = self.values.get(index)?;
        match &saved.kept {
            // SAFETY: saved values are reached under their node's lock alone.
            Kept::Array(array) if array.storage().version() == saved.version => Some(unsafe { Sole::new(array) }),
            _ => None,
        }
    }

    /// Whether value `index`, if it is there, is known to be what was saved. Of what hooks of the program have it is not:
    /// they may give back the very memory, whatever was written to it since.
    pub(crate) fn is_unchanged(&self, index: usize) -> bool {
        self.values.get(index).is_none_or(|saved| match &saved.kept {
            Kept::Array(array) => array.storage().version() == saved.version,
            Kept::Packed(_) => false,
        })
    }

    /// Attaches to what was saved of output `nr`; gives back what was attached before.
    pub(super) fn lift_output(&mut self, nr: u32, lift: Option<Box<Lift>>) -> Option<Box<Lift>> {
        let of_output = |saved: &&mut Saved| matches!(saved.source, Source::Output(own) if own == nr);
        self.values.iter_mut().find(of_output).and_then(|saved| std::mem::replace(&mut saved.lift, lift))
    }

    pub(crate) fn push(&mut self, saved: Saved) {
        self.values.push(saved);
    }

    /// From now on the gradients of saved outputs go through `copy`, which has rewritten the history of what they show.
    pub(super) fn show_outputs_through(&mut self, copy: &NodeRef) {
        for saved in &mut self.values {
            if let Source::Output(_) = saved.source {
                saved.source = Source::OutputOfView(Box::new(Arc::downgrade(copy)));
            }
        }
    }

    pub(super) fn release(&mut self, blame: Blame) -> SmallVec<[Saved; 2]> {
        if self.values.is_empty() {
            return SmallVec::new();
        }
        self.released = Some(blame);
        std::mem::take(&mut self.values)
    }

    pub(super) fn take_edges(&mut self) -> impl Iterator<Item = NodeRef> + '_ {
        self.values.iter_mut().filter_map(|saved| match &mut saved.source {
            Source::Foreign(edge) => edge.node.take(),
            _ => None,
        })
    }

    /// The nodes that saved values hold beside the edges of the node, for the cycle collector.
    pub(super) fn source_nodes(&self) -> impl Iterator<Item = &NodeRef> {
        self.values.iter().filter_map(|saved| match &saved.source {
            Source::Foreign(edge) => edge.node.as_ref(),
            _ => None,
        })
    }

    /// Host objects packed by hooks, for the cycle collector.
    pub fn packed(&self) -> impl Iterator<Item = &Arc<dyn Packed>> {
        self.values.iter().filter_map(|saved| match &saved.kept {
            Kept::Packed(exchanged) => Some(&exchanged.packed),
            Kept::Array(_) => None,
        })
    }

    /// Bytes the saved values keep alive (views count their own elements only).
    pub fn bytes(&self) -> usize {
        self.values
            .iter()
            .map(|saved| match &saved.kept {
                Kept::Array(array) => array.numel() * array.dtype().size(),
                Kept::Packed(_) => 0,
            })
            .sum()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }
}

/// Saved values that a node has let go of. To be dropped where nothing is locked: they may own host objects, whose
/// destructors run code.
pub(crate) struct Released(#[allow(dead_code, reason = "held to be dropped")] SmallVec<[Saved; 2]>);
