//! Nodes: one allocation with a header, saved values and the rule that turns output gradients into input gradients.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use smallvec::SmallVec;
use spin::mutex::{SpinMutex, SpinMutexGuard};

use super::call::{Primitive, call_with, eval};
use super::gradient::{Gradient, Gradients, InputGradients, none_of};
use super::hooks::HookTable;
use super::mode::{Modes, modes};
use super::op::{Inputs, Op};
use super::ownership::Owned;
use super::provenance::Blame;
use super::saved::{self, Released, Saved, SavedState};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::storage::Device;
use crate::tensor::Tensor;

/// A node with its rule; the rule's type is erased in [`Node`].
pub struct NodeOf<O: ?Sized> {
    head: Head,
    op: O,
}

/// A node of any rule.
pub type Node = NodeOf<dyn Op>;

/// A shared node.
pub type NodeRef = Arc<Node>;

/// A node that may be gone.
pub type WeakNode = Weak<Node>;

/// Gradients with respect to a node's outputs.
pub type Cotangents = SmallVec<[Option<Tensor>; 1]>;

/// Gradients with respect to a node's inputs.
pub type Results = SmallVec<[Option<Tensor>; 2]>;

/// Where the gradient of an input goes: an output of an older node, or nowhere.
#[derive(Clone, Default)]
pub struct Edge {
    /// The node that made the input.
    pub node: Option<NodeRef>,
    /// Which of its outputs the input is.
    pub output_nr: u32,
}

impl Edge {
    /// An edge to an output of `node`.
    pub fn new(node: NodeRef, output_nr: u32) -> Self {
        Self { node: Some(node), output_nr }
    }
}

/// A shape within a node: inline up to four axes, because there are many nodes.
pub type MetaShape = SmallVec<[usize; 4]>;

/// Shape and dtype of a node's output. The engine sums and casts a gradient to this, on the edge, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Shape of the output.
    pub shape: MetaShape,
    /// Dtype of the output.
    pub dtype: DType,
    /// Where it lies, and so what a pass begins with there.
    pub device: Device,
}

impl Meta {
    /// Of an array.
    #[inline]
    pub(crate) fn of(array: &Array) -> Self {
        Self { shape: SmallVec::from_slice(array.shape()), dtype: array.dtype(), device: array.storage().device() }
    }

    /// Whether an array has this shape and dtype.
    #[inline]
    pub(crate) fn describes(&self, array: &Array) -> bool {
        array.shape() == self.shape.as_slice() && array.dtype() == self.dtype
    }
}

/// Everything about a node that does not depend on its rule.
pub struct Head {
    id: u64,
    blame: Blame,
    edges: SmallVec<[Edge; 2]>,
    outputs: SmallVec<[Meta; 1]>,
    // Held for as long as copying a handle takes.
    pub(super) saved: SpinMutex<SavedState, spin::Yield>,
    hooks: OnceLock<Arc<HookTable>>,
    // A Python object that stands for the node; see `Tensor::host_slot`.
    host: std::sync::atomic::AtomicPtr<()>,
    // Whatever the program attaches (`grad_fn.metadata`).
    metadata: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// Ids grow with creation across all threads: a node's inputs always have smaller ids.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl<O: Op> NodeOf<O> {
    /// A complete node: its id is drawn here.
    pub fn new(
        op: O,
        blame: Blame,
        edges: SmallVec<[Edge; 2]>,
        outputs: SmallVec<[Meta; 1]>,
        saved: SmallVec<[Saved; 2]>,
    ) -> Arc<Self> {
        Arc::new(Self {
            head: Head {
                id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
                blame,
                edges,
                outputs,
                saved: SpinMutex::new(SavedState::new(saved)),
                hooks: OnceLock::new(),
                host: std::sync::atomic::AtomicPtr::new(std::ptr::null_mut()),
                metadata: OnceLock::new(),
            },
            op,
        })
    }
}

impl<O: ?Sized> NodeOf<O> {
    /// Position in the order of creation.
    pub fn id(&self) -> u64 {
        self.head.id
    }

    /// The line of the program that made the node.
    pub fn blame(&self) -> Blame {
        self.head.blame
    }

    /// Where the gradients of the inputs go.
    pub fn edges(&self) -> &[Edge] {
        &self.head.edges
    }

    /// Shapes and dtypes of the outputs.
    pub fn outputs(&self) -> &[Meta] {
        &self.head.outputs
    }

    /// The slot for a host object that stands for this node.
    pub fn host_slot(&self) -> &std::sync::atomic::AtomicPtr<()> {
        &self.head.host
    }

    /// Whatever the host attached, made on first use.
    pub fn metadata(&self, make: impl FnOnce() -> Box<dyn Any + Send + Sync>) -> &(dyn Any + Send + Sync) {
        self.head.metadata.get_or_init(make).as_ref()
    }

    /// The metadata, if any was attached.
    pub fn metadata_if_any(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.head.metadata.get().map(AsRef::as_ref)
    }

    /// The node's hooks, if any were ever registered.
    pub fn hooks(&self) -> Option<&Arc<HookTable>> {
        self.head.hooks.get()
    }

    /// The node's hooks, made on first use.
    pub fn hooks_or_new(&self) -> &Arc<HookTable> {
        self.head.hooks.get_or_init(Default::default)
    }

    /// Makes the node use a table of hooks that lives longer than it (a leaf's).
    pub(super) fn share_hooks(&self, table: Arc<HookTable>) {
        let _ = self.head.hooks.set(table);
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }
}

impl Head {
    pub(crate) fn saved(&self) -> SpinMutexGuard<'_, SavedState> {
        self.saved.lock()
    }
}

impl Node {
    /// The operation.
    pub fn op(&self) -> &dyn Op {
        &self.op
    }

    /// The operation as its own type.
    pub fn op_as<O: Op>(&self) -> Option<&O> {
        (&self.op as &dyn Any).downcast_ref()
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        self.op.name()
    }

    /// Drops saved values: backward without `retain_graph` has used them.
    pub fn release(&self, blame: Blame) {
        let dropped = self.head.saved.lock().release(blame);
        // Outside the lock: a saved value may own host objects whose destructors run code.
        drop(dropped);
        self.op.release();
    }
}

#[cold]
fn wrong_number(node: &NodeRef, given: usize) -> Box<Error> {
    Error::runtime(
        "backward",
        format!(
            "{} has {} outputs, but was given {given} gradients\n  recorded at {}",
            node.name(),
            node.outputs().len(),
            node.blame().describe()
        ),
    )
}

#[cold]
fn unfit(node: &NodeRef, nr: usize, shape: &[usize], dtype: DType) -> Box<Error> {
    let expected = &node.outputs()[nr];
    Error::runtime(
        "backward",
        format!(
            "{} was given a gradient of shape {shape:?} and dtype {dtype} for its output {nr}, which has shape {:?} and dtype \
             {}: a hook, or whoever calls the node, has to give one of that shape and dtype\n  recorded at {}",
            node.name(),
            expected.shape.as_slice(),
            expected.dtype,
            node.blame().describe()
        ),
    )
}

/// Where an operation of a backward pass takes an input from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// The gradient of an output, zeros where none arrived.
    Grad(usize),
    /// A saved value.
    Saved(usize),
    /// An optional input that is not given.
    Nothing,
}

/// What a rule sees of the backward pass: the gradients that arrived, what was saved, which results are needed.
pub struct Backward<'a> {
    pub(super) node: &'a NodeRef,
    grads: Gradients,
    results: InputGradients,
    needs: &'a [bool],
    create_graph: bool,
    /// Which saved values the rule has read, one bit each.
    read: Cell<u64>,
    /// Saved values are let go of after the rule has run, on behalf of this line.
    release: Option<Blame>,
    /// Whether what is to be done with the saved values after the rule has been done.
    finished: Cell<bool>,
}

impl<'a> Backward<'a> {
    /// # Errors
    /// When a gradient has not the shape and the dtype of its output.
    pub(super) fn new(
        node: &'a NodeRef,
        mut grads: Gradients,
        needs: &'a [bool],
        create_graph: bool,
        release: Option<Blame>,
    ) -> Result<Self> {
        if grads.len() != node.outputs().len() {
            return Err(wrong_number(node, grads.len()));
        }
        for (nr, (grad, meta)) in grads.iter_mut().zip(node.outputs()).enumerate() {
            if let Some(grad) = grad {
                grad.settle(meta)?.map_err(|(shape, dtype)| unfit(node, nr, &shape, dtype))?;
            }
        }
        let results = none_of(node.edges().len());
        Ok(Self { node, grads, results, needs, create_graph, read: Cell::new(0), release, finished: Cell::new(false) })
    }

    /// Runs the node's rule: the gradients of the inputs. A value that the rule has read must still be what was saved
    /// when the rule is done.
    #[inline]
    pub(super) fn run(mut self) -> Result<InputGradients> {
        self.node.op().vjp(&mut self)?;
        // What leads nowhere, a leaf's accumulator, saves nothing.
        if !self.finished.get() && !self.node.edges().is_empty() && (self.read.get() != 0 || self.release.is_some()) {
            saved::finish(self.node, self.read.get(), self.release)?;
        }
        Ok(self.results)
    }

    /// The first result of an operation on gradients and saved values: on bare data where nothing is recorded.
    #[track_caller]
    pub fn call<O: Primitive>(&mut self, op: O, from: &[From]) -> Result<Gradient> {
        Ok(self.call_many(op, from)?.into_iter().next().expect("an operation has a result"))
    }

    /// All results of an operation on gradients and saved values.
    #[track_caller]
    pub fn call_many<O: Primitive>(&mut self, op: O, from: &[From]) -> Result<SmallVec<[Gradient; 2]>> {
        if !self.is_plain() {
            let mut tensors: SmallVec<[Option<Tensor>; 4]> = SmallVec::new();
            for from in from {
                tensors.push(match *from {
                    From::Grad(nr) => Some(self.grad_or_zeros(nr)?.tensor().clone()),
                    From::Saved(index) => Some(self.saved(index)?),
                    From::Nothing => None,
                });
            }
            let inputs: SmallVec<[Option<&Tensor>; 4]> = tensors.iter().map(Option::as_ref).collect();
            return Ok(call_with(op, &inputs)?.into_iter().map(Gradient::from).collect());
        }
        let mut arrays: SmallVec<[Option<Array>; 4]> = SmallVec::new();
        for from in from {
            arrays.push(match *from {
                From::Grad(nr) => Some(self.grad_or_zeros(nr)?.look().array().clone()),
                From::Saved(index) => Some(self.saved_array(index)?),
                From::Nothing => None,
            });
        }
        let inputs = Inputs(arrays.iter().map(Option::as_ref).collect());
        Ok(eval(&op, &inputs)?.into_iter().map(Gradient::from).collect())
    }

    fn grad_or_zeros(&mut self, nr: usize) -> Result<&mut Gradient> {
        if self.grads[nr].is_none() {
            let meta = &self.node.outputs()[nr];
            self.grads[nr] = Some(Array::zeros("backward", &meta.shape, meta.dtype)?.into());
        }
        Ok(self.grads[nr].as_mut().expect("put there just now"))
    }

    /// The node being run.
    pub fn node(&self) -> &'a NodeRef {
        self.node
    }

    /// Whether the pass is itself recorded.
    pub fn create_graph(&self) -> bool {
        self.create_graph
    }

    /// Whether nothing is recorded and no transformation is under way: the rule may compute with bare data.
    #[inline]
    pub fn is_plain(&self) -> bool {
        let modes = modes();
        modes.any(Modes::NO_GRAD) && !modes.any(Modes::LIFTED)
    }

    /// Whether the gradient of input `index` is wanted.
    pub fn needs(&self, index: usize) -> bool {
        self.needs[index]
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.needs.len()
    }

    /// The gradient of output `index`; `None` where nothing arrived.
    pub fn grad(&self, index: usize) -> Option<&Tensor> {
        self.grads[index].as_ref().map(Gradient::tensor)
    }

    /// The gradient of the only output. The engine does not run a rule without any gradient unless it asks for it.
    pub fn only_grad(&self) -> Tensor {
        self.grad(0).expect("the engine runs a rule only when a gradient arrived").clone()
    }

    /// The gradient of output `index` for a program that may keep it or write to it: in memory that is nobody else's.
    ///
    /// # Errors
    /// When there is no memory for a copy.
    pub fn own_grad(&mut self, index: usize) -> Result<Option<Tensor>> {
        self.grads[index].as_mut().map(|grad| grad.own().cloned()).transpose()
    }

    /// Takes the gradient of output `index` out, so that the rule may be its only owner.
    pub(crate) fn take_grad(&mut self, index: usize) -> Option<Gradient> {
        self.grads[index].take()
    }

    /// Lets go of the gradients that arrived.
    pub fn forget_grads(&mut self) {
        self.grads.clear();
    }

    /// Saved value `index` as a tensor with its place in the graph, its version checked.
    pub fn saved(&self, index: usize) -> Result<Tensor> {
        self.note_read(index);
        saved::unpack(self.node, index)
    }

    /// Saved value `index` as bare data, its version checked: what a fused gradient kernel reads.
    pub fn saved_array(&self, index: usize) -> Result<Array> {
        self.note_read(index);
        match saved::unpack_array(self.node, index)? {
            Some(array) => Ok(array),
            None => Ok(self.saved(index)?.array()),
        }
    }

    /// Whether saved value `index` may be read: nobody has written to it since, or a hook of the program has it.
    pub(crate) fn is_unchanged(&self, index: usize) -> bool {
        self.node.head.saved.lock().is_unchanged(index)
    }

    /// Saved value `index` is read: it must still be the same when the rule has run.
    pub(crate) fn note_read(&self, index: usize) {
        if index < u64::BITS as usize {
            self.read.set(self.read.get() | 1 << index);
        }
    }

    /// Lends all saved values to `body` under their lock. If it gives a result, it has noted what it read and the node is
    /// done with its saved values: they are checked and let go of before the lock is, to be dropped by the caller.
    #[inline]
    pub(crate) fn lend_saved<R>(&self, body: impl FnOnce(&SavedState) -> Option<R>) -> Result<Option<(R, Released)>> {
        let state = self.node.head.saved.lock();
        let Some(result) = body(&state) else { return Ok(None) };
        self.finished.set(true);
        let released = saved::finish_locked(self.node, state, self.read.get(), self.release)?;
        Ok(Some((result, released)))
    }

    /// Gives the gradient of input `index`, which is to be asked for first ([`Backward::needs`]). Shape and dtype are
    /// adapted by the engine (broadcast axes summed).
    pub fn put(&mut self, index: usize, grad: impl Into<Gradient>) {
        // A node at which a pass ends runs for its hooks, although nobody needs anything.
        debug_assert!(
            self.needs[index] || !self.needs.contains(&true),
            "{}: nobody needs the gradient of input {index}",
            self.node.name()
        );
        self.results[index] = Some(grad.into());
    }
}

// ---- drop without recursion ---------------------------------------------------------------------------------------

/// What waits to be dropped on this thread.
pub(crate) enum Doomed {
    Node(#[allow(dead_code, reason = "held to be dropped")] NodeRef),
    Owned(#[allow(dead_code, reason = "held to be dropped")] Owned),
}

thread_local! {
    static DOOMED: RefCell<Vec<Doomed>> = const { RefCell::new(Vec::new()) };
    static DROPPING: Cell<bool> = const { Cell::new(false) };
}

/// Drops values one after the other, however deeply they own each other. Called from `Drop`; a call from within a
/// drop (also from a host destructor) only enqueues.
pub(crate) fn drop_iteratively(values: impl Iterator<Item = Doomed>) {
    let enqueued = DOOMED.try_with(|doomed| {
        // Not `extend`: the iterator must not run anything while the queue is borrowed.
        for value in values {
            doomed.borrow_mut().push(value);
        }
    });
    // During thread exit the queue may be gone; then the values were dropped by the failed call.
    if enqueued.is_err() || DROPPING.try_with(|dropping| dropping.replace(true)).unwrap_or(true) {
        return;
    }
    while let Some(value) = DOOMED.with(|doomed| doomed.borrow_mut().pop()) {
        drop(value);
    }
    DROPPING.set(false);
}

impl Drop for Head {
    fn drop(&mut self) {
        let saved = self.saved.get_mut();
        if self.edges.is_empty() && saved.is_empty() {
            return;
        }
        let edges = self.edges.drain(..).filter_map(|edge| edge.node);
        let sources = saved.take_edges();
        // A node that others hold is only counted down: no need to queue it.
        let last = |node: &NodeRef| Arc::strong_count(node) == 1;
        let mut queue: SmallVec<[NodeRef; 4]> = SmallVec::new();
        for node in edges.chain(sources) {
            if last(&node) {
                queue.push(node);
            }
        }
        if !queue.is_empty() {
            drop_iteratively(queue.into_iter().map(Doomed::Node));
        }
    }
}
