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
use crate::error::Result;
use crate::graph::hooks::HookTable;
use crate::graph::hosted::{Anchor, Attachment, Owned};
use crate::graph::level::{Level, Lift};
use crate::graph::mode::{Modes, modes};
use crate::graph::node::{Doomed, Edge, Meta, NodeRef, drop_iteratively};
use crate::graph::view::View;
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
    pub(crate) fn lift(&self) -> Option<Box<Lift>> {
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

/// An `Arc` of what is made where it is to lie: `Arc::new` makes it elsewhere and copies it. There are one or two for each
/// result of an operation.
#[inline(always)]
pub(crate) fn made_in_place<T>(make: impl FnOnce() -> T) -> Arc<T> {
    let arc = Arc::<T>::new_uninit();
    // SAFETY: fresh memory for one `T` that nobody else knows; it is written before it is taken to be one.
    unsafe {
        Arc::as_ptr(&arc).cast_mut().cast::<T>().write(make());
        arc.assume_init()
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
    pub(crate) fn new_batched(level: Level, inner: Self, axis: usize) -> Result<Self> {
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

    /// [`Tensor::from_array`] outside of inference mode.
    #[inline]
    pub(crate) fn plain(array: Array) -> Self {
        Self::new(array, None, 0, false)
    }

    /// The output `output_nr` of a node.
    #[inline(always)]
    pub(crate) fn from_node(array: Array, node: NodeRef, output_nr: u32) -> Self {
        Self::new(array, Some(node), output_nr, false)
    }

    /// A view of `base`, which is none itself and in no graph.
    pub(crate) fn new_view(array: Array, view: View) -> Self {
        Self::of_state(State {
            array,
            grad_fn: None,
            output_nr: 0,
            requires_grad: false,
            inference: false,
            view: Some(view),
            extra: None,
        })
    }

    #[inline(always)]
    fn new(array: Array, grad_fn: Option<NodeRef>, output_nr: u32, inference: bool) -> Self {
        Self::of_state(State { array, grad_fn, output_nr, requires_grad: false, inference, view: None, extra: None })
    }

    #[inline(always)]
    fn of_state(state: State) -> Self {
        Self(made_in_place(|| Inner { state: SpinMutex::new(state), host: AtomicPtr::new(std::ptr::null_mut()) }))
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

    /// The tensor this one is a view of.
    pub fn base(&self) -> Option<Self> {
        self.lock().view.as_ref().map(|view| view.base.clone())
    }

    /// Whether the tensor was made in inference mode.
    pub fn is_inference(&self) -> bool {
        self.lock().inference
    }
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
