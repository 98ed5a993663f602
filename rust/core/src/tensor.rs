//! `Tensor`: an array plus its place in the graph.
//!
//! A tensor is an `Arc<Inner>`. Everything about it that can change (in-place operations, `.data =`, regenerated
//! views) sits behind one lock word; an operation copies what it needs out under it, once per operand. No other lock
//! is taken and no host code runs while it is held.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Weak};

use spin::mutex::{SpinMutex, SpinMutexGuard};

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::hooks::{Hook, HookTable, Kind as HookKind};
use crate::graph::level::{Kind, Lift};
use crate::graph::mode::{Modes, modes};
use crate::graph::node::{Doomed, Edge, Meta, NodeRef, drop_iteratively};
use crate::graph::ownership::{Anchor, Attachment, HostObject, Owned};
use crate::graph::views::{self, View};
use crate::graph::{accumulate, cuts};
use crate::kernels::element::Element;
use crate::launch::Sole;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::storage::{Device, Seen};

/// A tensor: strided data that may take part in a differentiable graph. Clones are the same tensor.
#[derive(Clone)]
pub struct Tensor(Arc<Inner>);

/// The shared part of a tensor. Opaque; `Weak<Inner>` is how the graph remembers a tensor without owning it.
pub struct Inner {
    // Held for less than it takes to put a thread to sleep; letting go of it is a plain store.
    state: SpinMutex<State, spin::Yield>,
    // The one host object that stands for this tensor; see `Tensor::host_slot`.
    host: AtomicPtr<()>,
}

pub(crate) struct State {
    pub(crate) array: Array,
    pub(crate) grad_fn: Option<NodeRef>,
    pub(crate) output_nr: u32,
    /// Of a leaf; tensors with a `grad_fn` require gradients anyway.
    pub(crate) requires_grad: bool,
    pub(crate) inference: bool,
    pub(crate) view: Option<View>,
    pub(crate) extra: Option<Box<Extra>>,
}

/// A tensor's state under its lock.
pub(crate) type Locked<'a> = SpinMutexGuard<'a, State>;

/// Everything rare.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) grad: Option<Owned>,
    /// A leaf's hooks, shared with its accumulator.
    pub(crate) hooks: Option<Arc<HookTable>>,
    pub(crate) accumulator: Option<NodeRef>,
    pub(crate) retains_grad: bool,
    /// The host's own references to what this tensor registered as hooks; see [`Anchor`].
    pub(crate) anchors: Vec<Anchor>,
    /// What a host object left behind that died before the tensor; see [`Tensor::attach`].
    pub(crate) attachment: Option<Attachment>,
    /// What transformations have attached.
    pub(crate) lift: Option<Lift>,
}

impl State {
    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// The anchors of hooks that are no longer this tensor's, because it moves to another place in the graph.
    pub(crate) fn take_anchors(&mut self) -> Vec<Anchor> {
        self.extra.as_mut().map(|extra| std::mem::take(&mut extra.anchors)).unwrap_or_default()
    }

    /// Puts other data in; gives back what was there. The accumulator of a leaf is one of a shape and a dtype: of others it
    /// gets another.
    pub(crate) fn replace_array(&mut self, array: Array) -> (Array, Option<NodeRef>) {
        let accumulator = self
            .extra
            .as_mut()
            .and_then(|extra| extra.accumulator.take_if(|node| !node.outputs()[0].describes(&array)));
        (std::mem::replace(&mut self.array, array), accumulator)
    }

    pub(crate) fn wants_grad(&self) -> bool {
        self.requires_grad || self.grad_fn.is_some()
    }

    #[cold]
    fn lift(&self) -> Option<Box<Lift>> {
        self.extra.as_ref().and_then(|extra| extra.lift.clone()).map(Box::new)
    }

    /// The data, if there is nothing else to the tensor: no gradient, no base, no restriction.
    #[inline]
    pub(crate) fn bare(&self) -> Option<Sole<'_>> {
        (!self.wants_grad() && self.view.is_none() && !self.inference).then(|| self.sole())
    }

    /// The data, which no other thread reaches meanwhile.
    #[inline]
    pub(crate) fn sole(&self) -> Sole<'_> {
        // SAFETY: a state is reached under the tensor's lock alone.
        unsafe { Sole::new(&self.array) }
    }
}

/// What an operation needs of an operand, copied out under the tensor's lock once.
#[derive(Clone)]
pub struct Operand {
    /// The data.
    pub array: Array,
    /// Where its gradient goes; `None` when it needs none. An edge without a node leads nowhere.
    pub edge: Option<Edge>,
    /// The tensor, for identity of saved values.
    pub identity: Weak<Inner>,
    /// Made in inference mode: must not be saved for backward.
    pub inference: bool,
    /// The version of the data before the operation reads it.
    pub(crate) seen: Seen,
    /// What transformations have attached, where any is under way.
    pub(crate) lift: Option<Box<Lift>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A chain of tensors that hold each other as `.grad` must not recurse; graphs see to themselves.
        if let Some(extra) = &mut self.state.get_mut().extra
            && let Some(grad) = extra.grad.take()
        {
            drop_iteratively(std::iter::once(Doomed::Owned(grad)));
        }
    }
}

impl Tensor {
    // ---- making ----------------------------------------------------------------------------------------------

    /// One example of the batch in `inner`, whose examples lie along `axis`; it has a shape and a dtype of its own, and no data.
    pub(crate) fn new_batched(level: crate::graph::level::Level, inner: Self, axis: usize) -> Result<Self> {
        let (mut shape, dtype) = (inner.shape(), inner.dtype());
        shape.remove(axis);
        let tensor = Self::from_array(Array::placeholder(&shape, dtype)?);
        tensor.set_lift(Some(Lift::of_batched(level, inner, axis)));
        Ok(tensor)
    }

    /// A tensor of the host's own making: it has a layout (row-major without strides) and a dtype, and no data; see
    /// [`Tensor::set_host`].
    pub fn new_hosted(
        shape: &[usize],
        strides: Option<&[isize]>,
        offset: usize,
        dtype: DType,
        attachment: Attachment,
    ) -> Result<Self> {
        let row_major = crate::shape::contiguous_strides(shape);
        let tensor = Self::from_array(Array::elsewhere(shape, strides.unwrap_or(&row_major), offset, dtype)?);
        tensor.set_host(attachment);
        Ok(tensor)
    }

    /// A leaf without gradient over `array`.
    #[inline]
    pub fn from_array(array: Array) -> Self {
        let inference = modes().any(Modes::INFERENCE);
        Self::new(array, None, 0, inference)
    }

    /// The output `output_nr` of a node.
    #[inline]
    pub(crate) fn from_node(array: Array, node: NodeRef, output_nr: u32) -> Self {
        Self::new(array, Some(node), output_nr, false)
    }

    /// A view of `base`, which is none itself and in no graph.
    pub(crate) fn new_view(array: Array, view: View) -> Self {
        let tensor = State {
            array,
            grad_fn: None,
            output_nr: 0,
            requires_grad: false,
            inference: false,
            view: Some(view),
            extra: None,
        };
        Self(Arc::new(Inner { state: SpinMutex::new(tensor), host: AtomicPtr::new(std::ptr::null_mut()) }))
    }

    #[inline]
    fn new(array: Array, grad_fn: Option<NodeRef>, output_nr: u32, inference: bool) -> Self {
        let state = State { array, grad_fn, output_nr, requires_grad: false, inference, view: None, extra: None };
        Self(Arc::new(Inner { state: SpinMutex::new(state), host: AtomicPtr::new(std::ptr::null_mut()) }))
    }

    /// A saved value back as a tensor: at `edge`, or a constant.
    pub(crate) fn from_saved(array: Array, edge: Option<Edge>) -> Self {
        match edge {
            Some(Edge { node: Some(node), output_nr }) => {
                if node.op().is_accumulator() {
                    let tensor = Self::from_array(array);
                    {
                        let mut state = tensor.0.state.lock();
                        state.inference = false;
                        state.requires_grad = true;
                        state.extra().accumulator = Some(node);
                    }
                    tensor
                } else {
                    Self::from_node(array, node, output_nr)
                }
            }
            _ => Self::from_array(array),
        }
    }

    /// Another tensor of the data of an operand, at its place in the graph, with what transformations had attached.
    pub(crate) fn from_operand(operand: Operand) -> Self {
        let tensor = Self::from_saved(operand.array, operand.edge);
        if let Some(lift) = operand.lift {
            tensor.set_lift(Some(*lift));
        }
        tensor
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self(inner)
    }

    /// A tensor of `values` in row-major order.
    ///
    /// ```
    /// use arcgrad::Tensor;
    /// let x = Tensor::from_slice(&[1.0_f32, 2.0, 3.0, 4.0], &[2, 2])?;
    /// assert_eq!(x.shape().as_slice(), &[2, 2]);
    /// # Ok::<(), Box<arcgrad::Error>>(())
    /// ```
    pub fn from_slice<T: Element>(values: &[T], shape: &[usize]) -> Result<Self> {
        Ok(Self::from_array(Array::from_slice(values, shape)?))
    }

    /// A tensor without axes.
    pub fn scalar(value: impl Into<Scalar>, dtype: DType) -> Result<Self> {
        Ok(Self::from_array(Array::full("scalar", &[], value.into(), dtype)?))
    }

    // ---- looking ---------------------------------------------------------------------------------------------

    #[inline]
    pub(crate) fn lock(&self) -> Locked<'_> {
        self.0.state.lock()
    }

    pub(crate) fn try_lock(&self) -> Option<Locked<'_>> {
        self.0.state.try_lock()
    }

    /// Drops everything that leads from this tensor to others, if nobody else holds it: a host's cycle collector has
    /// found it to be garbage. The data stays.
    pub fn dismantle(&self) {
        if self.strong_count() != 1 {
            return;
        }
        let taken = {
            let mut state = self.lock();
            (state.grad_fn.take(), state.extra.take())
        };
        drop(taken);
    }

    /// The data, shared.
    #[inline]
    pub fn array(&self) -> Array {
        self.lock().array.clone()
    }

    /// Sizes per axis.
    pub fn shape(&self) -> Shape {
        Shape::from_slice(self.lock().array.shape())
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.lock().array.rank()
    }

    /// Number of elements.
    pub fn numel(&self) -> usize {
        self.lock().array.numel()
    }

    /// Element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.lock().array.dtype()
    }

    /// Where the data lies.
    pub fn device(&self) -> Device {
        self.lock().array.storage().device()
    }

    /// Shape and dtype.
    pub fn meta(&self) -> Meta {
        Meta::of(&self.lock().array)
    }

    /// All elements in row-major order, cast to `T`.
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        self.array().to_vec()
    }

    /// The only element.
    ///
    /// # Errors
    /// When there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> Result<Scalar> {
        if modes().any(Modes::CAPTURE) {
            crate::graph::trace::barrier("item", "looks at data, which a trace does not repeat");
        }
        if let Some(number) = self.only_number() {
            return Ok(number);
        }
        let array = self.array();
        if array.numel() == 1 && self.is_left_to_host() {
            return crate::graph::transform::host::read("_local_scalar_dense", &[self], |inputs| match inputs {
                [Some(tensor)] => tensor.item(),
                _ => Err(Error::value("item", "_local_scalar_dense takes a tensor")),
            });
        }
        if array.numel() == 1 || !array.is_meta() {
            array.require_data("item")?;
        }
        if array.numel() != 1 {
            return Err(Error::runtime(
                "item",
                format!("a Tensor with {} elements cannot be converted to Scalar", array.numel()),
            ));
        }
        Ok(array.get_linear(0))
    }

    /// Whether this is one element that can be looked at, and is zero: what makes it worth while to leave something out.
    pub(crate) fn is_known_false(&self) -> bool {
        if modes().any(Modes::TRANSFORMS) && (modes().any(Modes::CAPTURE) || self.top_level().is_some()) {
            return false;
        }
        self.item().is_ok_and(|value| !value.to_bool())
    }

    /// The only element, if there is one and its memory is free: without copying a handle.
    #[inline]
    fn only_number(&self) -> Option<Scalar> {
        let state = self.lock();
        if state.array.numel() != 1 {
            return None;
        }
        let _hold = state.array.storage().try_hold()?;
        // SAFETY: there is an element, and the state of its memory is held.
        Some(unsafe { Scalar::read(state.array.ptr(), state.array.dtype()) })
    }

    /// Version of the data: in-place operations so far.
    pub fn version(&self) -> u32 {
        self.lock().array.storage().version()
    }

    /// Whether the two are the same tensor.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A number that is the same for the same tensor while it lives.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// A weak reference, for the graph.
    pub fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    /// The tensor of a weak reference, if it lives.
    pub fn upgrade(weak: &Weak<Inner>) -> Option<Self> {
        weak.upgrade().map(Self)
    }

    /// Strong references to the tensor, this one included.
    pub fn strong_count(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// The slot through which a host language finds the one object that stands for this tensor. Empty is null; the
    /// object clears it by compare-exchange with its own address.
    #[inline]
    pub fn host_slot(&self) -> &AtomicPtr<()> {
        &self.0.host
    }

    /// Whether a host object stands for this tensor right now.
    pub fn has_host(&self) -> bool {
        !self.0.host.load(Ordering::Acquire).is_null()
    }

    // ---- gradient flags --------------------------------------------------------------------------------------

    /// Whether a gradient is computed for this tensor.
    #[inline]
    pub fn requires_grad(&self) -> bool {
        let base = {
            let state = self.lock();
            match &state.view {
                _ if state.wants_grad() => return true,
                None => return false,
                // What is made in inference mode is never differentiated.
                Some(_) if state.inference => return false,
                Some(view) => view.base.clone(),
            }
        };
        // A view requires a gradient if what it shows does, also if an in-place operation has made it so.
        base.requires_grad()
    }

    /// Whether no recorded operation made this tensor.
    pub fn is_leaf(&self) -> bool {
        matches!(self.grad_fn(), Ok(None))
    }

    /// Switches gradients of a leaf on or off.
    ///
    /// # Errors
    /// For a non-leaf ("you can only change requires_grad flags of leaf variables") and for dtypes without gradients.
    pub fn set_requires_grad(&self, on: bool) -> Result<()> {
        if on && !self.dtype().is_differentiable() {
            return Err(Error::runtime(
                "requires_grad",
                "only Tensors of floating point and complex dtype can require gradients",
            ));
        }
        if self.grad_fn()?.is_some() {
            return if on {
                Ok(())
            } else {
                Err(Error::runtime(
                    "requires_grad",
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable \
                     in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
                ))
            };
        }
        if on && self.lock().inference && !modes().any(Modes::INFERENCE) {
            return Err(Error::runtime(
                "requires_grad",
                "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.",
            ));
        }
        self.lock().requires_grad = on;
        Ok(())
    }

    /// The same tensor with `requires_grad` switched on, for building leaves.
    pub fn with_grad(self) -> Result<Self> {
        self.set_requires_grad(true)?;
        Ok(self)
    }

    /// The node that made this tensor. For a view whose base was changed in place it is made anew.
    pub fn grad_fn(&self) -> Result<Option<NodeRef>> {
        {
            let state = self.lock();
            if state.view.is_none() {
                return Ok(state.grad_fn.clone());
            }
        }
        views::current_grad_fn(self)
    }

    /// Which output of its node this tensor is.
    pub fn output_nr(&self) -> u32 {
        self.lock().output_nr
    }

    /// Where the gradient of this tensor goes: its node, or a leaf's accumulator.
    pub fn gradient_edge(&self) -> Result<Option<Edge>> {
        let mut state = self.lock_current()?;
        Ok(self.edge(&mut state))
    }

    /// The state, after a view whose base was changed in place has been given its history anew.
    #[inline]
    fn lock_current(&self) -> Result<Locked<'_>> {
        let state = self.lock();
        if state.view.is_none() {
            return Ok(state);
        }
        drop(state);
        self.grad_fn()?;
        Ok(self.lock())
    }

    /// [`Tensor::gradient_edge`] of a tensor that is locked already: its node and which output of it this is belong
    /// together, and another thread's in-place operation changes both.
    #[inline]
    pub(crate) fn edge(&self, state: &mut State) -> Option<Edge> {
        match &state.grad_fn {
            Some(node) => Some(Edge::new(node.clone(), state.output_nr)),
            None if state.requires_grad => Some(Edge::new(accumulate::accumulator_of(self, state), 0)),
            None => None,
        }
    }

    /// Whether the tensor's gradient goes to `edge`, if it has one; a leaf's does not if it does not require one.
    pub(crate) fn is_at(&self, edge: Option<&Edge>) -> bool {
        let state = self.lock();
        match edge {
            None => state.grad_fn.is_none(),
            Some(Edge { node: Some(node), output_nr }) => match &state.grad_fn {
                Some(own) => Arc::ptr_eq(own, node) && state.output_nr == *output_nr,
                None => {
                    let accumulator = state.extra.as_ref().and_then(|extra| extra.accumulator.as_ref());
                    accumulator.is_some_and(|own| Arc::ptr_eq(own, node))
                }
            },
            Some(_) => false,
        }
    }

    /// Copies out what an operation needs. A history that is out of date is made anew only where operations are recorded:
    /// where it cannot be, the data can be read and written all the same.
    #[inline]
    pub fn operand(&self) -> Result<Operand> {
        if modes().any(Modes::TRANSFORMS) {
            // What the host merely wants to see is computed unseen.
            if self.top_level().is_some_and(|(_, kind)| kind != Kind::Host) || self.is_hosted() {
                return Err(not_transformed());
            }
            crate::graph::trace::barrier("an operation", "cannot be captured yet");
        }
        self.snapshot()
    }

    /// [`Tensor::operand`] for what knows of transformations.
    #[inline]
    pub(crate) fn snapshot(&self) -> Result<Operand> {
        let mut state = self.lock();
        if state.view.is_some() && crate::graph::is_grad_enabled() {
            drop(state);
            state = self.lock_current()?;
        }
        let edge = self.edge(&mut state);
        let base = if edge.is_none() { state.view.as_ref().map(|view| view.base.clone()) } else { None };
        let mut operand = self.operand_at(&state, edge);
        drop(state);
        // A view from before what it shows required a gradient requires one, too, which goes nowhere.
        if base.is_some_and(|base| base.requires_grad()) {
            operand.edge = Some(Edge::default());
        }
        Ok(operand)
    }

    #[inline]
    fn operand_at(&self, state: &State, edge: Option<Edge>) -> Operand {
        Operand {
            array: state.array.clone(),
            edge,
            identity: self.downgrade(),
            inference: state.inference,
            seen: state.array.storage().seen(),
            lift: if modes().any(Modes::LIFTED) { state.lift() } else { None },
        }
    }

    /// [`Tensor::operand`] for an operation that is never recorded.
    pub(crate) fn constant_operand(&self) -> Operand {
        self.operand_at(&self.lock(), None)
    }

    // ---- gradients -------------------------------------------------------------------------------------------

    /// The accumulated gradient.
    pub fn grad(&self) -> Option<Self> {
        self.lock().extra.as_ref().and_then(|extra| extra.grad.as_ref()).map(|grad| grad.tensor().clone())
    }

    /// Whether the gradient is owned by the host object that stands for it.
    pub fn has_grad_object(&self) -> bool {
        let state = self.lock();
        matches!(state.extra.as_ref().and_then(|extra| extra.grad.as_ref()), Some(Owned::Hosted(_)))
    }

    /// Lets the host object that stands for the gradient own it from now on, so that the object is the same one as long
    /// as the gradient stays. Does nothing when it is owned so already, or when the object stands for another tensor.
    pub fn keep_grad_object(&self, object: Arc<dyn HostObject>) {
        let mut new = Owned::Hosted(object);
        {
            let mut state = self.lock();
            if let Some(owned @ Owned::Directly(_)) = state.extra.as_mut().and_then(|extra| extra.grad.as_mut())
                && owned.tensor().is(new.tensor())
            {
                std::mem::swap(owned, &mut new);
            }
        }
        // Outside the lock: the host's reference may be the last one.
        drop(new);
    }

    /// Replaces the accumulated gradient.
    ///
    /// # Errors
    /// When shape or dtype differ, or `grad` is the tensor itself.
    pub fn set_grad(&self, grad: Option<Self>) -> Result<()> {
        if let Some(grad) = &grad {
            if grad.is(self) {
                return Err(Error::runtime("grad", "can't assign Variable as its own grad"));
            }
            let (own, given) = (self.meta(), grad.meta());
            if own.dtype != given.dtype {
                return Err(Error::runtime(
                    "grad",
                    format!(
                        "attempting to assign a gradient with data type '{}' to a tensor with data type '{}'. \
                         Please ensure that the gradient and the tensor have the same data type",
                        given.dtype, own.dtype
                    ),
                ));
            }
            if own.shape != given.shape {
                return Err(Error::runtime(
                    "grad",
                    format!(
                        "attempting to assign a gradient of size '{:?}' to a tensor of size '{:?}'. Please ensure \
                         that the gradient and the tensor are the same size",
                        given.shape, own.shape
                    ),
                ));
            }
        }
        self.store_grad(grad);
        Ok(())
    }

    pub(crate) fn store_grad(&self, grad: Option<Self>) {
        let old = {
            let mut state = self.lock();
            if grad.is_none() && state.extra.is_none() {
                return;
            }
            std::mem::replace(&mut state.extra().grad, grad.map(Owned::Directly))
        };
        drop(old);
    }

    /// Keeps `.grad` of a non-leaf in later backward passes.
    pub fn retain_grad(&self) -> Result<()> {
        if !self.requires_grad() {
            return Err(Error::runtime("retain_grad", "can't retain_grad on Tensor that has requires_grad=False"));
        }
        let Some(node) = self.grad_fn()? else { return Ok(()) };
        let output_nr = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.extra().retains_grad, true) {
                return Ok(());
            }
            state.output_nr
        };
        node.hooks_or_new().retain(output_nr, self.downgrade());
        Ok(())
    }

    /// Whether [`Tensor::retain_grad`] is in force.
    pub fn retains_grad(&self) -> bool {
        self.lock().extra.as_ref().is_some_and(|extra| extra.retains_grad)
    }

    /// Keeps what belongs to a host object that dies before the tensor, until [`Tensor::host_state`] takes it for the next one.
    pub fn attach(&self, attachment: Attachment) {
        let old = self.lock().extra().attachment.replace(attachment);
        drop(old);
    }

    /// Whether a new host object has to be seen by the host's cycle collector because the tensor is in a graph, and what the
    /// last one left behind.
    pub fn host_state(&self) -> (bool, Option<Attachment>) {
        let mut state = self.lock();
        // Also what a view shows may enter a graph later.
        let in_graph = state.wants_grad() || state.view.is_some() || state.extra.is_some();
        (in_graph, state.extra.as_mut().and_then(|extra| extra.attachment.take()))
    }

    /// Notes the host's own reference to the callable of hook `id` in `table`, which this tensor registered.
    pub fn anchor(&self, table: &HookTable, id: u64, object: Attachment) {
        table.add_anchored(self);
        self.lock().extra().anchors.push(Anchor { id, object });
    }

    /// Drops the anchor of a hook that is removed.
    pub fn forget_anchor(&self, id: u64) {
        let forgotten: Vec<Anchor> = {
            let mut state = self.lock();
            let Some(extra) = &mut state.extra else { return };
            extra.anchors.extract_if(.., |anchor| anchor.id == id).collect()
        };
        drop(forgotten);
    }

    /// Registers a tensor hook; the number removes it from the returned table.
    pub fn register_hook(&self, hook: Arc<dyn Hook>) -> Result<(Arc<HookTable>, u64)> {
        let Some(Edge { node: Some(node), output_nr }) = self.gradient_edge()? else {
            if self.requires_grad() {
                // A view whose gradient goes nowhere: the hook is kept, and nothing will call it.
                let table = Arc::new(HookTable::default());
                let id = table.add(HookKind::Gradient { output_nr: 0 }, hook);
                return Ok((table, id));
            }
            return Err(Error::runtime(
                "register_hook",
                "cannot register a hook on a tensor that doesn't require gradient",
            ));
        };
        let table = node.hooks_or_new().clone();
        let id = table.add(HookKind::Gradient { output_nr }, hook);
        Ok((table, id))
    }

    /// Registers a hook that runs after `.grad` of this leaf was written.
    pub fn register_post_accumulate_grad_hook(&self, hook: Arc<dyn Hook>) -> Result<(Arc<HookTable>, u64)> {
        if !self.requires_grad() {
            return Err(Error::runtime(
                "register_post_accumulate_grad_hook",
                "cannot register a hook on a tensor that doesn't require gradient",
            ));
        }
        if self.grad_fn()?.is_some() {
            return Err(Error::runtime(
                "register_post_accumulate_grad_hook",
                "post accumulate grad hooks cannot be registered on non-leaf tensors",
            ));
        }
        let table = accumulate::accumulator(self).hooks_or_new().clone();
        let id = table.add(HookKind::Accumulated, hook);
        Ok((table, id))
    }

    /// Whether some graph that is alive leads to this leaf, or made this tensor.
    pub fn is_in_a_graph(&self) -> bool {
        let state = self.lock();
        state.grad_fn.is_some() || accumulate::existing_edge(&state).is_some()
    }

    /// The hooks of a leaf, if it has any.
    pub fn leaf_hooks(&self) -> Option<Arc<HookTable>> {
        self.lock().extra.as_ref().and_then(|extra| extra.hooks.clone())
    }

    // ---- other places in the graph ---------------------------------------------------------------------------

    /// The same memory and version counter, cut off from the graph.
    #[track_caller]
    pub fn detach(&self) -> Self {
        if modes().any(Modes::LIFTED)
            && let Some(batched) = self.lift().and_then(|lift| lift.batched)
            && let Ok(detached) = Self::new_batched(batched.level, batched.inner.detach(), batched.axis)
        {
            return detached;
        }
        let (array, inference, edge) = {
            let state = self.lock();
            let edge = state.grad_fn.as_ref().map(|node| Edge::new(node.clone(), state.output_nr));
            (state.array.clone(), state.inference, edge.or_else(|| accumulate::existing_edge(&state)))
        };
        if let Some(edge) = edge {
            cuts::note(cuts::Cause::Detach, &edge);
        }
        let tensor = Self::from_array(array);
        tensor.lock().inference = inference;
        if modes().any(Modes::LIFTED)
            && let Some(host) = self.lift().and_then(|lift| lift.host)
        {
            tensor.set_host(host.attachment());
        }
        tensor
    }

    /// The same memory with a version counter of its own, cut off from the graph (`.data`).
    pub fn data(&self) -> Self {
        if modes().any(Modes::LIFTED) && self.lift().is_some_and(|lift| lift.batched.is_some() || lift.host.is_some()) {
            let detached = self.detach();
            if detached.is_left_to_host() {
                let array = detached.array().with_own_counter();
                let old = detached.lock().replace_array(array);
                drop(old);
            }
            return detached;
        }
        let (array, inference) = {
            let state = self.lock();
            (state.array.with_own_counter(), state.inference)
        };
        let tensor = Self::from_array(array);
        tensor.lock().inference = inference;
        tensor
    }

    /// Gives the tensor other memory (`.data = other`), at the version it has. Values saved before keep the data they saw.
    pub fn set_data(&self, other: &Self) -> Result<()> {
        let (own, given) = (self.meta(), other.meta());
        if own.dtype != given.dtype && self.requires_grad() && !given.dtype.is_differentiable() {
            return Err(Error::runtime(
                "data",
                format!(
                    "data set to a tensor that requires gradients must be floating point or complex dtype, got {}",
                    given.dtype
                ),
            ));
        }
        let is_elsewhere = |tensor: &Self| modes().any(Modes::LIFTED) && tensor.is_left_to_host();
        if is_elsewhere(self) != is_elsewhere(other) {
            return Err(Error::runtime(
                "data",
                "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor type: one \
                 of them has no data of its own, as sparse tensors have none",
            ));
        }
        if self.device() != other.device() {
            return Err(Error::runtime(
                "data",
                "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor type: \
                 they are on different devices",
            ));
        }
        let array = other.array().with_own_counter();
        array.storage().set_version(self.version());
        self.set_array(array);
        Ok(())
    }

    /// Gives the tensor another array, version counter included (`set_`).
    pub fn set_array(&self, array: Array) {
        let old = self.lock().replace_array(array);
        drop(old);
    }

    /// [`Tensor::set_array`] for a leaf that is another one from now on: graphs that lead to what it was do not lead to it.
    pub fn become_array(&self, array: Array) {
        let old = {
            let mut state = self.lock();
            let accumulator = state.extra.as_mut().and_then(|extra| extra.accumulator.take());
            (state.replace_array(array), accumulator)
        };
        drop(old);
    }

    /// Cuts this tensor off from the graph, in place (`detach_`).
    pub fn detach_(&self) -> Result<()> {
        let old = {
            let mut state = self.lock();
            if state.view.is_some() {
                return Err(Error::runtime(
                    "detach_",
                    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients.",
                ));
            }
            state.requires_grad = false;
            state.output_nr = 0;
            // Forward mode is cut off from as well.
            let tangents = state.extra.as_mut().and_then(|extra| extra.lift.as_mut()).map(Lift::take_tangents);
            (state.grad_fn.take(), state.take_anchors(), tangents)
        };
        drop(old);
        Ok(())
    }

    /// The tensor this one is a view of.
    pub fn base(&self) -> Option<Self> {
        self.lock().view.as_ref().map(|view| view.base.clone())
    }

    /// Whether the tensor was made in inference mode.
    pub fn is_inference(&self) -> bool {
        self.lock().inference
    }
}

/// The error of an operation that has no rule for forward mode or batching.
#[cold]
fn not_transformed() -> Box<Error> {
    Error::runtime(
        "transform",
        "this operation can neither carry tangents (forward mode) nor be batched (vmap) yet: compute it outside of the \
         transformation, or in terms of other operations",
    )
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let meta = self.meta();
        write!(f, "Tensor({:?}, {})", meta.shape, meta.dtype)
    }
}

#[cfg(test)]
#[path = "tensor_tests.rs"]
mod tests;
