//! Operations that show the same memory in another way, and the gradients that put the parts back.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call::{call_first, first};
use crate::graph::node::{Backward, From, NodeOf, NodeRef};
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::record::{self, check_in_place};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::views::{mark_view, plain_view, set_replay, set_step, show};
use crate::graph::{Blame, Modes, call, call_many, modes, trace, transform};
use crate::ops::{batching, copy, rows};
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;

/// A view as a value: it can be applied again (to a gradient, to the next version of a base).
#[derive(Clone, Debug, PartialEq)]
pub enum ViewOp {
    /// The same elements once more.
    Alias,
    /// The same elements in another shape.
    View(Shape),
    /// Without axes of size 1; the mask says which.
    Squeeze(SmallVec<[bool; 6]>),
    /// With an axis of size 1 put in before an axis.
    Unsqueeze(usize),
    /// Axes in another order.
    Permute(SmallVec<[usize; 6]>),
    /// Broadcast.
    Expand(Shape),
    /// Every `step`-th element of an axis.
    Slice {
        /// The axis.
        axis: usize,
        /// First element.
        start: usize,
        /// Number of elements.
        length: usize,
        /// Distance.
        step: usize,
    },
    /// One position of an axis.
    Select {
        /// The axis.
        axis: usize,
        /// The position.
        index: usize,
    },
    /// The diagonal of two axes, as the last axis.
    Diagonal {
        /// Which diagonal.
        offset: i64,
        /// First axis.
        axis1: usize,
        /// Second axis.
        axis2: usize,
    },
    /// Sliding windows along an axis, as the last axis.
    Unfold {
        /// The axis.
        axis: usize,
        /// Window length.
        size: usize,
        /// Window distance.
        step: usize,
    },
    /// Any geometry over the storage.
    AsStrided {
        /// Shape.
        shape: Shape,
        /// Strides in elements.
        strides: Strides,
        /// Offset in the storage, in elements.
        offset: usize,
    },
    /// Complex numbers as pairs of real ones along a new last axis.
    AsReal,
    /// Pairs of real numbers along the last axis as complex ones.
    AsComplex,
}

impl ViewOp {
    /// The view of an array. The arguments were checked when the view was made.
    pub fn apply(&self, array: &Array) -> Result<Array> {
        Ok(match self {
            Self::Alias => array.clone(),
            Self::View(shape) => match array.view(shape) {
                Some(view) => view,
                None => return Err(not_viewable(array, shape)),
            },
            // Not by way of `View`, which would make up new strides for axes of one element.
            Self::Squeeze(dropped) => {
                let kept = (0..array.rank()).filter(|&axis| !dropped[axis]);
                let shape: Shape = kept.clone().map(|axis| array.shape()[axis]).collect();
                let strides: Strides = kept.map(|axis| array.strides()[axis]).collect();
                array.with_layout(&shape, &strides, array.offset())
            }
            Self::Unsqueeze(axis) => {
                let (mut shape, mut strides): (Shape, Strides) =
                    (Shape::from_slice(array.shape()), Strides::from_slice(array.strides()));
                strides.insert(*axis, shape::inserted_stride(&shape[*axis..], &strides[*axis..]));
                shape.insert(*axis, 1);
                array.with_layout(&shape, &strides, array.offset())
            }
            Self::Permute(axes) => array.permute(axes),
            Self::Expand(shape) => array.expand(shape),
            Self::Slice { axis, start, length, step } => array.slice(*axis, *start, *length, *step),
            Self::Select { axis, index } => array.select(*axis, *index),
            Self::Diagonal { offset, axis1, axis2 } => {
                let (rows, columns) = (array.shape()[*axis1] as i64, array.shape()[*axis2] as i64);
                let length =
                    if *offset >= 0 { rows.min(columns - offset) } else { (rows + offset).min(columns) }.max(0);
                let (down, right) = (array.strides()[*axis1], array.strides()[*axis2]);
                let start = if length == 0 {
                    0
                } else if *offset >= 0 {
                    *offset as isize * right
                } else {
                    -*offset as isize * down
                };
                let kept = (0..array.rank()).filter(|axis| axis != axis1 && axis != axis2);
                let mut shape: Shape = kept.clone().map(|axis| array.shape()[axis]).collect();
                let mut strides: Strides = kept.map(|axis| array.strides()[axis]).collect();
                shape.push(length as usize);
                strides.push(down + right);
                array.with_layout(&shape, &strides, (array.offset() as isize + start) as usize)
            }
            Self::Unfold { axis, size, step } => {
                let mut shape = Shape::from_slice(array.shape());
                let mut strides = Strides::from_slice(array.strides());
                if shape.is_empty() {
                    shape.push(*size);
                    strides.push(1);
                } else {
                    let stride = strides[*axis];
                    shape[*axis] = (shape[*axis] - size) / step + 1;
                    strides[*axis] = stride * *step as isize;
                    shape.push(*size);
                    strides.push(stride);
                }
                array.with_layout(&shape, &strides, array.offset())
            }
            Self::AsStrided { shape, strides, offset } => {
                Array::from_parts("as_strided", array.storage().clone(), array.dtype(), shape, strides, *offset)?
            }
            Self::AsReal => {
                let (mut shape, mut strides): (Shape, Strides) = (array.shape().into(), array.strides().into());
                strides.iter_mut().for_each(|stride| *stride *= 2);
                shape.push(2);
                strides.push(1);
                let (storage, dtype) = (array.storage().clone(), array.dtype().to_real());
                Array::from_parts("view_as_real", storage, dtype, &shape, &strides, 2 * array.offset())?
            }
            Self::AsComplex => {
                let (mut shape, mut strides): (Shape, Strides) = (array.shape().into(), array.strides().into());
                shape.pop();
                strides.pop();
                // Along axes of at most one element a stride may be anything.
                strides.iter_mut().for_each(|stride| *stride /= 2);
                let (storage, dtype) = (array.storage().clone(), array.dtype().to_complex());
                Array::from_parts("view_as_complex", storage, dtype, &shape, &strides, array.offset() / 2)?
            }
        })
    }

    /// Whether what is shown is of another dtype.
    fn changes_dtype(&self) -> bool {
        matches!(self, Self::AsReal | Self::AsComplex)
    }
}

#[cold]
fn not_viewable(array: &Array, shape: &[usize]) -> Box<Error> {
    Error::runtime(
        "view",
        format!(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two \
             contiguous subspaces). Use .reshape(...) instead. (size {:?}, stride {:?}, asked for {shape:?})",
            array.shape(),
            array.strides()
        ),
    )
}

impl ViewOp {
    /// The same view of each example of a batch that lies along axis 0 of a tensor of one more axis; the examples of the
    /// result lie along its axis 0, too.
    pub(super) fn of_each(&self, size: usize) -> Result<Self> {
        let behind = |shape: &Shape| std::iter::once(size).chain(shape.iter().copied()).collect();
        Ok(match self {
            Self::Alias | Self::AsReal | Self::AsComplex => self.clone(),
            Self::View(shape) => Self::View(behind(shape)),
            Self::Expand(shape) => Self::Expand(behind(shape)),
            Self::Squeeze(dropped) => Self::Squeeze(std::iter::once(false).chain(dropped.iter().copied()).collect()),
            Self::Unsqueeze(axis) => Self::Unsqueeze(axis + 1),
            Self::Permute(axes) => Self::Permute(std::iter::once(0).chain(axes.iter().map(|axis| axis + 1)).collect()),
            Self::Slice { axis, start, length, step } => {
                Self::Slice { axis: axis + 1, start: *start, length: *length, step: *step }
            }
            Self::Select { axis, index } => Self::Select { axis: axis + 1, index: *index },
            Self::Diagonal { offset, axis1, axis2 } => {
                Self::Diagonal { offset: *offset, axis1: axis1 + 1, axis2: axis2 + 1 }
            }
            Self::Unfold { axis, size, step } => Self::Unfold { axis: axis + 1, size: *size, step: *step },
            Self::AsStrided { .. } => {
                return Err(Error::not_implemented(
                    "vmap",
                    "as_strided of a batched tensor: what it shows depends on how all examples lie in memory",
                ));
            }
        })
    }
}

/// A view as an operation. Its gradient is put back to where the view came from.
#[derive(Clone, PartialEq, Debug)]
struct ViewRule {
    name: &'static str,
    op: ViewOp,
    /// Geometry of what was viewed.
    shape: Shape,
    strides: Strides,
    offset: usize,
}

impl ViewRule {
    fn new(name: &'static str, op: ViewOp, array: &Array) -> Self {
        Self {
            name,
            op,
            shape: Shape::from_slice(array.shape()),
            strides: Strides::from_slice(array.strides()),
            offset: array.offset(),
        }
    }

    fn put_back(&self, grad: &Tensor) -> Result<Tensor> {
        match &self.op {
            ViewOp::View(_) | ViewOp::Squeeze(_) | ViewOp::Unsqueeze(_) => reshape_to(grad, &self.shape),
            ViewOp::Permute(axes) => permute_to(grad, &shape::inverse_permutation(axes)),
            // The engine sums over broadcast axes.
            ViewOp::Alias | ViewOp::Expand(_) => Ok(grad.clone()),
            ViewOp::AsStrided { shape, strides, offset } => as_strided_backward(self, grad, shape, strides, *offset),
            ViewOp::Unfold { .. } => embed(grad, &self.shape, &self.op, true),
            ViewOp::AsReal => super::complex::of_pairs(grad),
            ViewOp::AsComplex => super::complex::view_as_real(grad),
            _ => embed(grad, &self.shape, &self.op, false),
        }
    }
}

impl Op for ViewRule {
    fn name(&self) -> &str {
        self.name
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![self.op.apply(&inputs[0])?])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = self.put_back(&cx.only_grad())?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let op = match &self.op {
            // The same elements of the tangent, which lies as what is viewed does but begins elsewhere.
            ViewOp::AsStrided { shape, strides, offset } => {
                let offset = tangent.array().offset() as isize + *offset as isize - self.offset as isize;
                let offset = usize::try_from(offset).map_err(|_| {
                    Error::not_implemented(
                        "forward_ad",
                        "as_strided of what lies before the tensor that has the tangent",
                    )
                })?;
                ViewOp::AsStrided { shape: shape.clone(), strides: strides.clone(), offset }
            }
            op => op.clone(),
        };
        let view = match op {
            ViewOp::AsComplex => super::complex::of_pairs(&tangent)?,
            op => make(&tangent, self.name, op, true)?,
        };
        cx.put(0, view)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let op = self.op.of_each(cx.size())?;
        // Where an example can be viewed, all of them together may not be.
        let view = match &op {
            ViewOp::View(shape) => reshape_to(&whole, shape)?,
            ViewOp::AsComplex => super::complex::of_pairs(&whole)?,
            // An axis of one element may come first.
            ViewOp::Expand(shape) => broadcast_each(&whole, shape)?,
            _ => make(&whole, self.name, op, true)?,
        };
        cx.put(view, Some(0));
        Ok(())
    }
}

/// Broadcasts each example: new axes come behind that of the examples.
fn broadcast_each(whole: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let mut whole = whole.clone();
    while whole.rank() < shape.len() {
        whole = unsqueeze(&whole, 1)?;
    }
    broadcast_to(&whole, shape)
}

/// Several views of one tensor (`unbind`, `split`).
#[derive(Clone, PartialEq, Debug)]
struct Parts {
    name: &'static str,
    parts: Vec<ViewOp>,
    /// Of what is viewed.
    shape: Shape,
}

impl Parts {
    fn of_each(&self, size: usize) -> Result<Self> {
        let parts: Result<Vec<ViewOp>> = self.parts.iter().map(|part| part.of_each(size)).collect();
        Ok(Self { name: self.name, parts: parts?, shape: std::iter::once(size).chain(self.shape.clone()).collect() })
    }
}

impl Op for Parts {
    fn name(&self) -> &str {
        self.name
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable(&self) -> usize {
        self.parts.len()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        check_shape("split", &inputs[0], &self.shape)?;
        self.parts.iter().map(|part| part.apply(&inputs[0])).collect()
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = |nr| if cx.grad(nr).is_some() { From::Grad(nr) } else { From::Nothing };
        let from: SmallVec<[From; 4]> = (0..self.parts.len()).map(grad).collect();
        let whole = cx.call(Joined(self.clone()), &from)?;
        cx.put(0, whole);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let parts = parts(&tangent, self.name, self.parts.clone())?;
        parts.into_iter().enumerate().try_for_each(|(nr, part)| cx.put(nr, part))
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        for part in parts(&whole, self.name, self.of_each(cx.size())?.parts)? {
            cx.put(part, Some(0));
        }
        Ok(())
    }
}

/// The transpose of [`Parts`]: parts, of which some may be missing, put into zeros.
#[derive(Clone, PartialEq, Debug)]
struct Joined(Parts);

impl Op for Joined {
    fn name(&self) -> &str {
        self.0.name
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let dtype = inputs.iter().map(Array::dtype).next().unwrap_or(crate::DType::F32);
        let whole = Array::zeros(self.0.name, &self.0.shape, dtype)?;
        for (nr, part) in self.0.parts.iter().enumerate() {
            if let Some(given) = inputs.get(nr) {
                let shown = part.apply(&whole)?;
                check_shape("split", given, shown.shape())?;
                shown.copy_from(given);
            }
        }
        Ok(smallvec![whole])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        for (nr, part) in self.0.parts.iter().enumerate() {
            if cx.needs(nr) {
                cx.put(nr, make(&grad, "SliceBackward0", part.clone(), true)?);
            }
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let tangents: SmallVec<[Option<Tensor>; 4]> = (0..cx.inputs()).map(|nr| cx.tangent(nr).cloned()).collect();
        let given: SmallVec<[Option<&Tensor>; 4]> = tangents.iter().map(Option::as_ref).collect();
        cx.put(0, call_first(self.clone(), &given)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let mut given: SmallVec<[Option<Tensor>; 4]> = SmallVec::new();
        for nr in 0..cx.inputs() {
            given.push(cx.optional(nr).map(|part| batching::front(part, cx.size())).transpose()?);
        }
        let given: SmallVec<[Option<&Tensor>; 4]> = given.iter().map(Option::as_ref).collect();
        let whole = call_first(Self(self.0.of_each(cx.size())?), &given)?;
        cx.put(whole, Some(0));
        Ok(())
    }
}

/// The input still has the shape that the attributes were made for.
fn check_shape(op: &'static str, array: &Array, shape: &[usize]) -> Result<()> {
    if array.shape() == shape {
        return Ok(());
    }
    Err(Error::runtime(op, "another thread has given the input another shape meanwhile"))
}

/// Zeros of `shape` with `part` written where the view shows; windows that overlap are summed.
#[track_caller]
pub fn embed(part: &Tensor, shape: &[usize], place: &ViewOp, overlapping: bool) -> Result<Tensor> {
    call(Embedded { place: place.clone(), shape: shape.into(), overlapping }, &[part])
}

/// See [`embed`].
#[derive(Clone, PartialEq, Debug)]
struct Embedded {
    place: ViewOp,
    shape: Shape,
    overlapping: bool,
}

impl Op for Embedded {
    fn name(&self) -> &str {
        "EmbedBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let whole = Array::zeros("embed", &self.shape, inputs[0].dtype())?;
        let shown = self.place.apply(&whole)?;
        if self.overlapping {
            super::overlap::add_into(&shown, &inputs[0])?;
        } else {
            shown.copy_from(&inputs[0]);
        }
        Ok(smallvec![whole])
    }

    /// The same part of the gradient.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let part = make(&cx.only_grad(), "EmbedBackward0", self.place.clone(), true)?;
        cx.put(0, part);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = batching::front(cx.input(0), cx.size())?;
        let shape: Shape = std::iter::once(cx.size()).chain(self.shape.clone()).collect();
        cx.put(embed(&part, &shape, &self.place.of_each(cx.size())?, self.overlapping)?, Some(0));
        Ok(())
    }
}

/// The way that something shows elements of a vector.
#[derive(Clone, PartialEq, Debug)]
struct Shown {
    shape: Shape,
    strides: Strides,
    offset: isize,
}

impl Shown {
    /// First and last element that are shown, from the one that counts as first; `None` if there is none.
    fn range(&self) -> Option<(isize, isize)> {
        shape::extent(&self.shape, &self.strides).map(|(low, high)| (self.offset + low, self.offset + high))
    }

    fn of(&self, vector: &Array) -> Array {
        vector.with_layout(&self.shape, &self.strides, self.offset as usize)
    }

    /// The same of each of `size` vectors of `length` elements behind each other.
    fn of_each(&self, size: usize, length: usize) -> Self {
        Self {
            shape: std::iter::once(size).chain(self.shape.clone()).collect(),
            strides: std::iter::once(length as isize).chain(self.strides.clone()).collect(),
            offset: self.offset,
        }
    }
}

/// Elements added up where `from` shows them in a vector, then read as `to` shows it: the gradient of `as_strided`, and the
/// gradient of that.
#[derive(Clone, PartialEq, Debug)]
struct Restrided {
    from: Shown,
    to: Shown,
    /// Of the vector.
    length: usize,
}

impl Op for Restrided {
    fn name(&self) -> &str {
        "AsStridedBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "as_strided";
        let vector = Array::zeros(OP, &[self.length], inputs[0].dtype())?;
        check_shape(OP, &inputs[0], &self.from.shape)?;
        if inputs[0].numel() > 0 {
            let into = self.from.of(&vector);
            if shape::overlaps_itself(&self.from.shape, &self.from.strides) {
                super::overlap::add_into(&into, &inputs[0])?;
            } else {
                into.copy_from(&inputs[0]);
            }
        }
        Ok(smallvec![self.to.of(&vector)])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let back = Self { from: self.to.clone(), to: self.from.clone(), length: self.length };
        let grad = cx.call(back, &[From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (size, whole) = (cx.size(), batching::front(cx.input(0), cx.size())?);
        let each = |shown: &Shown| shown.of_each(size, self.length);
        let op = Self { from: each(&self.from), to: each(&self.to), length: size * self.length };
        cx.put(call(op, &[&whole])?, Some(0));
        Ok(())
    }
}

/// The gradient of `as_strided`: added up over a flat image of the storage, then shown with the base's geometry.
fn as_strided_backward(
    rule: &ViewRule,
    grad: &Tensor,
    shape: &[usize],
    strides: &[isize],
    offset: usize,
) -> Result<Tensor> {
    let mut to = Shown { shape: rule.shape.clone(), strides: rule.strides.clone(), offset: rule.offset as isize };
    let mut from = Shown { shape: shape.into(), strides: strides.into(), offset: offset as isize };
    let (Some((first, last)), Some((view_first, view_last))) = (to.range(), from.range()) else {
        return Ok(Tensor::from_array(Array::zeros("as_strided", &rule.shape, grad.dtype())?));
    };
    let (first, last) = (first.min(view_first), last.max(view_last));
    from.offset -= first;
    to.offset -= first;
    let length = (last + 1 - first) as usize;
    let shared = shape::overlaps_itself(&to.shape, &to.strides).then(|| to.clone());
    let result = call(Restrided { from, to, length }, &[grad])?;
    let Some(shown) = shared else { return Ok(result) };
    // Elements of the base that share memory share its gradient evenly.
    let ones = Array::full("as_strided", &rule.shape, crate::Scalar::Int(1), grad.dtype())?;
    let counts = shown.of(&Array::zeros("as_strided", &[length], grad.dtype())?);
    super::overlap::add_into(&counts, &ones)?;
    super::elementwise::apply(&rows::div::ROW, &[], &[(&result).into(), (&Tensor::from_array(counts)).into()])
}

/// Makes a view, recorded if need be.
#[track_caller]
fn make(source: &Tensor, name: &'static str, op: ViewOp, mark: bool) -> Result<Tensor> {
    // Also where the program wants views to be made again as they were made at first.
    let crosses = crosses(source, &op) || modes().any(Modes::VIEW_REPLAY);
    if mark
        && !crosses
        && let Some(view) = plain_view(source, |array| op.apply(array))
    {
        return view;
    }
    if modes().any(Modes::LIFTED) && source.top_level().is_some() {
        let rule = ViewRule::new(name, op.clone(), &source.array());
        let value = || Ok(smallvec![make(source, name, op.clone(), mark)?]);
        let results = transform::transformed(rule, &[Some(source)], value)?.expect("something is attached");
        let view = first(results);
        // What is made for a whole batch shows its memory there; what stands for one example, or is the host's, shows that of
        // another.
        if view.base().is_none() && (mark || source.requires_grad()) {
            mark_view(&view, source, false);
            if view.is_batched() || view.is_hosted() {
                set_replay(&view, source, Arc::new(move |base| make(base, name, op.clone(), true)))?;
            }
        }
        return Ok(view);
    }
    let operands = [Some(source.snapshot()?)];
    let [Some(operand)] = &operands else { unreachable!("just made") };
    let array = op.apply(&operand.array)?;
    if modes().any(Modes::CAPTURE) {
        let rule = ViewRule::new(name, op.clone(), &operand.array);
        trace::note(&rule, &[Some(&operand.array)], std::slice::from_ref(&array));
    }
    let again = op.clone();
    let tensor = if !operand.inference && record::is_wanted(&operands) {
        first(record::outputs(ViewRule::new(name, op, &operand.array), &operands, smallvec![array], None)?)
    } else {
        Tensor::from_array(array)
    };
    if source.is_inference() && !modes().any(Modes::INFERENCE) {
        // A tensor like any other that was made in inference mode.
        tensor.lock().inference = true;
    } else if mark || source.requires_grad() {
        mark_view(&tensor, source, false);
        if crosses {
            set_step(&tensor, source, Arc::new(move |source| make(source, name, again.clone(), true)));
        }
    }
    Ok(tensor)
}

/// Whether what a view shows is not of its base's dtype, so that strides do not tell how it is made of that.
fn crosses(source: &Tensor, op: &ViewOp) -> bool {
    let base = source.base().map(|base| base.dtype().is_complex() != source.dtype().is_complex());
    base.unwrap_or(false) != op.changes_dtype()
}

/// Makes a view for a public operation.
#[track_caller]
pub(super) fn view_of(source: &Tensor, name: &'static str, op: ViewOp) -> Result<Tensor> {
    make(source, name, op, true)
}

/// A view of all elements (`x[...]`).
#[track_caller]
pub fn alias(source: &Tensor) -> Result<Tensor> {
    view_of(source, "AliasBackward0", ViewOp::Alias)
}

// ---- shapes ------------------------------------------------------------------------------------------------------

/// The same elements in another shape; one size may be −1.
///
/// # Errors
/// When the number of elements differs or the strides do not allow it without a copy.
#[track_caller]
pub fn view(source: &Tensor, requested: &[i64]) -> Result<Tensor> {
    let shape = shape::infer_shape("view", requested, source.numel())?;
    view_of(source, "ViewBackward0", ViewOp::View(shape))
}

/// The same elements in another shape: a view where possible, else a copy.
#[track_caller]
pub fn reshape(source: &Tensor, requested: &[i64]) -> Result<Tensor> {
    let shape = shape::infer_shape("reshape", requested, source.numel())?;
    reshape_to(source, &shape)
}

/// [`reshape`] to a known shape.
#[track_caller]
pub fn reshape_to(source: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let array = source.array();
    if array.can_view(shape) {
        let name = if array.is_contiguous() { "ViewBackward0" } else { "ReshapeAliasBackward0" };
        return view_of(source, name, ViewOp::View(Shape::from_slice(shape)));
    }
    unsafe_view(&copy::clone_contiguous(source)?, shape)
}

/// A fresh dense result in another shape.
#[track_caller]
pub(super) fn unsafe_view(source: &Tensor, shape: &[usize]) -> Result<Tensor> {
    instead(source, "UnsafeViewBackward0", ViewOp::View(Shape::from_slice(shape)))
}

/// A fresh result without its first axis, which has size 1.
#[track_caller]
pub(super) fn drop_first(source: &Tensor) -> Result<Tensor> {
    let dropped = (0..source.rank()).map(|axis| axis == 0).collect();
    instead(source, "SqueezeBackward4", ViewOp::Squeeze(dropped))
}

/// A view that goes on instead of a fresh result. The two count as one tensor: only the new one goes on, so that it is no view
/// in the sense of in-place operations.
#[track_caller]
fn instead(source: &Tensor, name: &'static str, op: ViewOp) -> Result<Tensor> {
    call(ViewRule::new(name, op, &source.array()), &[source])
}

/// Axes `start..=end` as one.
#[track_caller]
pub fn flatten(source: &Tensor, start: i64, end: i64) -> Result<Tensor> {
    let shape = source.shape();
    let (start, end) =
        (shape::normalize_axis("flatten", start, shape.len())?, shape::normalize_axis("flatten", end, shape.len())?);
    if start > end {
        return Err(Error::runtime("flatten", "flatten() has invalid args: start_dim cannot come after end_dim"));
    }
    if shape.is_empty() {
        return reshape_to(source, &[1]);
    }
    if start == end {
        return Ok(source.clone());
    }
    let mut flat: Shape = shape[..start].into();
    flat.push(shape[start..=end].iter().product());
    flat.extend_from_slice(&shape[end + 1..]);
    reshape_to(source, &flat)
}

/// One axis as several; one of `sizes` may be −1.
#[track_caller]
pub fn unflatten(source: &Tensor, axis: i64, sizes: &[i64]) -> Result<Tensor> {
    let shape = source.shape();
    let axis = shape::normalize_axis("unflatten", axis, shape.len())?;
    if sizes.is_empty() {
        return Err(Error::runtime("unflatten", "unflatten: sizes must be non-empty"));
    }
    let size = shape.get(axis).copied().unwrap_or(1);
    let inner = shape::infer_shape("unflatten", sizes, size).map_err(|_| {
        Error::runtime(
            "unflatten",
            format!("unflatten: Provided sizes {sizes:?} don't multiply up to the size of dim {axis} ({size}) in the input tensor"),
        )
    })?;
    let mut result: Shape = shape[..axis].into();
    result.extend_from_slice(&inner);
    result.extend_from_slice(shape.get(axis + 1..).unwrap_or_default());
    view_of(source, "ViewBackward0", ViewOp::View(result))
}

/// Without axes of size 1 (all, or those named).
#[track_caller]
pub fn squeeze(source: &Tensor, axes: Option<&[i64]>) -> Result<Tensor> {
    let shape = source.shape();
    let (name, mut dropped) = match axes {
        None => ("SqueezeBackward0", SmallVec::from_elem(true, shape.len())),
        Some([axis]) => ("SqueezeBackward1", shape::axis_mask("squeeze", &[*axis], shape.len())?),
        Some(axes) => ("SqueezeBackward2", shape::axis_mask("squeeze", axes, shape.len())?),
    };
    dropped.iter_mut().zip(&shape).for_each(|(dropped, &size)| *dropped &= size == 1);
    view_of(source, name, ViewOp::Squeeze(dropped))
}

/// A new axis of size 1.
#[track_caller]
pub fn unsqueeze(source: &Tensor, axis: i64) -> Result<Tensor> {
    let axis = shape::normalize_axis("unsqueeze", axis, source.rank() + 1)?;
    view_of(source, "UnsqueezeBackward0", ViewOp::Unsqueeze(axis))
}

/// Broadcast; −1 keeps a size.
#[track_caller]
pub fn expand(source: &Tensor, sizes: &[i64]) -> Result<Tensor> {
    let shape = source.shape();
    if sizes.len() < shape.len() {
        return Err(Error::runtime(
            "expand",
            format!(
                "expand({:?}, size={sizes:?}): the number of sizes provided ({}) must be greater or equal to the number \
                 of dimensions in the tensor ({})",
                shape.as_slice(),
                sizes.len(),
                shape.len()
            ),
        ));
    }
    let lead = sizes.len() - shape.len();
    let mut target = Shape::new();
    for (axis, &size) in sizes.iter().enumerate() {
        let own = (axis >= lead).then(|| shape[axis - lead]);
        target.push(match (own, size) {
            (None, size) if size < 0 => {
                return Err(Error::runtime(
                    "expand",
                    format!("The expanded size of the tensor ({size}) isn't allowed in a leading, non-existing dimension {axis}"),
                ));
            }
            (None, size) => size as usize,
            (Some(own), -1) => own,
            (Some(own), size) if size >= 0 && (own == size as usize || own == 1) => size as usize,
            (Some(own), size) => {
                return Err(Error::runtime(
                    "expand",
                    format!(
                        "The expanded size of the tensor ({size}) must match the existing size ({own}) at non-singleton \
                         dimension {axis}.  Target sizes: {sizes:?}.  Tensor sizes: {:?}",
                        shape.as_slice()
                    ),
                ));
            }
        });
    }
    view_of(source, "ExpandBackward0", ViewOp::Expand(target))
}

// ---- axes --------------------------------------------------------------------------------------------------------

/// Axes in another order.
#[track_caller]
pub fn permute(source: &Tensor, axes: &[i64]) -> Result<Tensor> {
    let rank = source.rank();
    if axes.len() != rank {
        return Err(Error::runtime(
            "permute",
            format!(
                "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired \
                 ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {}",
                axes.len()
            )
            .replace("(sparse_coo)", ""),
        ));
    }
    shape::axis_mask("permute", axes, rank)?;
    let order: Result<SmallVec<[usize; 6]>> =
        axes.iter().map(|&axis| shape::normalize_axis("permute", axis, rank)).collect();
    view_of(source, "PermuteBackward0", ViewOp::Permute(order?))
}

#[track_caller]
fn permute_to(source: &Tensor, order: &[usize]) -> Result<Tensor> {
    view_of(source, "PermuteBackward0", ViewOp::Permute(order.into()))
}

/// Two axes exchanged.
#[track_caller]
pub fn transpose(source: &Tensor, a: i64, b: i64) -> Result<Tensor> {
    transpose_named(source, a, b, "TransposeBackward0")
}

#[track_caller]
fn transpose_named(source: &Tensor, a: i64, b: i64, name: &'static str) -> Result<Tensor> {
    let rank = source.rank();
    let (a, b) = (shape::normalize_axis("transpose", a, rank)?, shape::normalize_axis("transpose", b, rank)?);
    let mut order: SmallVec<[usize; 6]> = (0..rank).collect();
    if rank > 0 {
        order.swap(a, b);
    }
    view_of(source, name, ViewOp::Permute(order))
}

/// The transpose of a matrix; vectors and tensors without axes as they are.
#[track_caller]
pub fn t(source: &Tensor) -> Result<Tensor> {
    match source.rank() {
        0 | 1 => view_of(source, "TBackward0", ViewOp::Permute((0..source.rank()).collect())),
        2 => transpose_named(source, 0, 1, "TBackward0"),
        rank => Err(Error::runtime("t", format!("t() expects a tensor with <= 2 dimensions, but self is {rank}D"))),
    }
}

/// All axes reversed (`.T`).
#[track_caller]
pub fn reversed_axes(source: &Tensor) -> Result<Tensor> {
    if source.rank() == 2 {
        return transpose_named(source, 0, 1, "PermuteBackward0");
    }
    permute_to(source, &(0..source.rank()).rev().collect::<SmallVec<[usize; 6]>>())
}

/// The last two axes exchanged (`.mT`).
#[track_caller]
pub fn matrix_transpose(source: &Tensor) -> Result<Tensor> {
    if source.rank() == 0 {
        return permute_to(source, &[]);
    }
    if source.rank() == 1 {
        return Err(Error::runtime(
            "mT",
            format!("tensor.mT is only supported on matrices or batches of matrices. Got {}-D tensor.", source.rank()),
        ));
    }
    transpose(source, -2, -1)
}

/// Axes moved to other places.
#[track_caller]
pub fn movedim(source: &Tensor, from: &[i64], to: &[i64]) -> Result<Tensor> {
    let rank = source.rank();
    if from.len() != to.len() {
        return Err(Error::runtime(
            "movedim",
            format!(
                "movedim: Invalid source or destination dims: source ({from:?} dims) should contain the same number of \
                 dims as destination ({to:?} dims)"
            ),
        ));
    }
    for (axes, which) in [(from, "source"), (to, "destination")] {
        shape::axis_mask("movedim", axes, rank).map_err(|error| match *error {
            Error::Runtime { .. } => {
                Error::runtime("movedim", format!("movedim: repeated dim in `{which}` ({axes:?})"))
            }
            _ => error,
        })?;
    }
    let mut order: SmallVec<[Option<usize>; 6]> = SmallVec::from_elem(None, rank);
    let mut moved: SmallVec<[bool; 6]> = SmallVec::from_elem(false, rank);
    for (&from, &to) in from.iter().zip(to) {
        let (from, to) = (shape::normalize_axis("movedim", from, rank)?, shape::normalize_axis("movedim", to, rank)?);
        if rank > 0 {
            order[to] = Some(from);
            moved[from] = true;
        }
    }
    let mut rest = (0..rank).filter(|&axis| !moved[axis]);
    let order: SmallVec<[usize; 6]> =
        order.iter().map(|axis| axis.or_else(|| rest.next()).expect("as many places as axes")).collect();
    permute_to(source, &order)
}

// ---- parts -------------------------------------------------------------------------------------------------------

/// One position of an axis, the axis removed. Negative positions count from the end.
#[track_caller]
pub fn select(source: &Tensor, axis: i64, index: i64) -> Result<Tensor> {
    let plain = plain_view(source, |array| {
        let axis = shape::normalize_axis("select", axis, array.rank())?;
        Ok(array.select(axis, position_in(array.shape(), axis, index)?))
    });
    if let Some(Ok(view)) = plain {
        return Ok(view);
    }
    let shape = source.shape();
    let axis = shape::normalize_axis("select", axis, shape.len())?;
    view_of(source, "SelectBackward0", select_op(&shape, axis, index)?)
}

/// A position on an axis, counted from the end if negative.
#[inline]
fn position_in(shape: &[usize], axis: usize, index: i64) -> Result<usize> {
    // A tensor without axes has none to select from, although it takes 0 for an axis.
    let Some(&size) = shape.get(axis) else {
        return Err(Error::index("select", "select() cannot be applied to a 0-dim tensor."));
    };
    let position = if index < 0 { index.saturating_add(size as i64) } else { index };
    if position < 0 || position >= size as i64 {
        return Err(Box::new(Error::IndexOutOfRange { op: "select", index, axis, size }));
    }
    Ok(position as usize)
}

/// The view of [`select`], the position checked.
pub(super) fn select_op(shape: &[usize], axis: usize, index: i64) -> Result<ViewOp> {
    Ok(ViewOp::Select { axis, index: position_in(shape, axis, index)? })
}

/// Elements `start..end` of an axis in steps, clamped to the axis like Python's slices.
#[track_caller]
pub fn slice(source: &Tensor, axis: i64, start: Option<i64>, end: Option<i64>, step: i64) -> Result<Tensor> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("slice", "slice() cannot be applied to a 0-dim tensor."));
    }
    let axis = shape::normalize_axis("slice", axis, shape.len())?;
    view_of(source, "SliceBackward0", slice_op(&shape, axis, start, end, step)?)
}

/// The view of [`slice()`], the bounds clamped.
pub(super) fn slice_op(
    shape: &[usize],
    axis: usize,
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> Result<ViewOp> {
    let (start, length, step) = clamped(shape[axis], start, end, step)?;
    Ok(ViewOp::Slice { axis, start, length, step })
}

/// First element, number of elements and their distance in a slice of an axis of `size` elements.
#[inline]
fn clamped(size: usize, start: Option<i64>, end: Option<i64>, step: i64) -> Result<(usize, usize, usize)> {
    if step <= 0 {
        return Err(Error::value("slice", "step must be greater than zero"));
    }
    let size = size as i64;
    let clamp = |bound: i64| if bound < 0 { bound.saturating_add(size) } else { bound }.clamp(0, size);
    let start = clamp(start.unwrap_or(0));
    let end = clamp(end.unwrap_or(i64::MAX)).max(start);
    // Rounded up without adding the step, which may be as large as it likes.
    let length = if step == 1 { end - start } else { (end - start) / step + i64::from((end - start) % step != 0) };
    Ok((start as usize, length as usize, step as usize))
}

/// A slice of the first axis of a tensor in no graph, in one step; `None` where more is to be seen to, or something is wrong.
#[inline]
pub(super) fn plain_slice(source: &Tensor, start: Option<i64>, end: Option<i64>, step: i64) -> Option<Tensor> {
    let view = plain_view(source, |array| {
        let Some(&size) = array.shape().first() else {
            return Err(Error::runtime("slice", "slice() cannot be applied to a 0-dim tensor."));
        };
        let (start, length, step) = clamped(size, start, end, step)?;
        Ok(array.slice(0, start, length, step))
    });
    view?.ok()
}

/// `length` elements of an axis from `start`.
#[track_caller]
pub fn narrow(source: &Tensor, axis: i64, start: i64, length: i64) -> Result<Tensor> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("narrow", "narrow() cannot be applied to a 0-dim tensor."));
    }
    let index = shape::normalize_axis("narrow", axis, shape.len())?;
    let size = shape[index] as i64;
    if length < 0 {
        return Err(Error::runtime("narrow", "narrow(): length must be non-negative."));
    }
    if start < -size || start > size {
        return Err(Error::index(
            "narrow",
            format!("start out of range (expected to be in range of [{}, {size}], but got {start})", -size),
        ));
    }
    let first = if start < 0 { start + size } else { start };
    if first > size - length {
        return Err(Error::runtime(
            "narrow",
            format!("start ({first}) + length ({length}) exceeds dimension size ({size})."),
        ));
    }
    slice(source, axis, Some(first), Some(first + length), 1)
}

/// The diagonal of two axes, as the last axis.
#[track_caller]
pub fn diagonal(source: &Tensor, offset: i64, axis1: i64, axis2: i64) -> Result<Tensor> {
    let rank = source.rank();
    let (first, second) =
        (shape::normalize_axis("diagonal", axis1, rank)?, shape::normalize_axis("diagonal", axis2, rank)?);
    if first == second {
        return Err(Error::runtime("diagonal", format!("diagonal dimensions cannot be identical {axis1}, {axis2}")));
    }
    view_of(source, "DiagonalBackward0", ViewOp::Diagonal { offset, axis1: first, axis2: second })
}

/// Windows of `size` elements every `step` along an axis, as a new last axis.
#[track_caller]
pub fn unfold(source: &Tensor, axis: i64, size: i64, step: i64) -> Result<Tensor> {
    let shape = source.shape();
    let axis = shape::normalize_axis("unfold", axis, shape.len())?;
    let room = shape.get(axis).copied().unwrap_or(1) as i64;
    if size < 0 {
        return Err(Error::runtime("unfold", format!("size is {size} but must be >= 0")));
    }
    if size > room {
        return Err(Error::runtime(
            "unfold",
            format!("maximum size for tensor at dimension {axis} is {room} but size is {size}"),
        ));
    }
    if step <= 0 {
        return Err(Error::runtime("unfold", format!("step is {step} but must be > 0")));
    }
    view_of(source, "UnfoldBackward0", ViewOp::Unfold { axis, size: size as usize, step: step as usize })
}

/// Any geometry over the tensor's storage.
#[track_caller]
pub fn as_strided(source: &Tensor, shape: &[usize], strides: &[isize], offset: usize) -> Result<Tensor> {
    if strides.iter().any(|&stride| stride < 0) {
        return Err(Error::runtime(
            "as_strided",
            format!("as_strided: Negative strides are not supported at the moment, got strides: {strides:?}"),
        ));
    }
    if shape.len() != strides.len() {
        return Err(Error::runtime(
            "as_strided",
            format!("mismatch in length of strides and shape: {} and {}", strides.len(), shape.len()),
        ));
    }
    let op = ViewOp::AsStrided { shape: shape.into(), strides: strides.into(), offset };
    view_of(source, "AsStridedBackward0", op)
}

/// Several views at once: in-place operations on them are refused, as in PyTorch.
#[track_caller]
fn parts(source: &Tensor, name: &'static str, ops: Vec<ViewOp>) -> Result<Vec<Tensor>> {
    if ops.is_empty() {
        return Ok(Vec::new());
    }
    let op = Parts { name, parts: ops, shape: source.shape() };
    let tensors: Vec<Tensor> = call_many(op, &[source])?.into_vec();
    for tensor in &tensors {
        // What is made for a whole batch shows its memory there.
        if tensor.base().is_none() {
            mark_view(tensor, source, true);
        }
    }
    Ok(tensors)
}

/// Every position of an axis.
#[track_caller]
pub fn unbind(source: &Tensor, axis: i64) -> Result<Vec<Tensor>> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::index("unbind", "Dimension specified as 0 but tensor has no dimensions"));
    }
    let axis = shape::normalize_axis("unbind", axis, shape.len())?;
    check_parts("unbind", shape[axis] as i64)?;
    parts(source, "UnbindBackward0", (0..shape[axis]).map(|index| ViewOp::Select { axis, index }).collect())
}

/// Whether there can be room for as many views.
pub(super) fn check_parts(op: &'static str, parts: i64) -> Result<()> {
    // The list and, at the least, the handle and the layout of each.
    const EACH: u128 = 64;
    crate::storage::check_room(op, parts.unsigned_abs() as u128 * EACH)
}

/// Parts of given lengths along an axis.
#[track_caller]
pub fn split_sizes(source: &Tensor, sizes: &[i64], axis: i64) -> Result<Vec<Tensor>> {
    split_named(source, sizes, axis, "SplitWithSizesBackward0")
}

#[track_caller]
fn split_named(source: &Tensor, sizes: &[i64], axis: i64, name: &'static str) -> Result<Vec<Tensor>> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("split", "split expects at least a 1-dimensional tensor"));
    }
    let index = shape::normalize_axis("split", axis, shape.len())?;
    if let Some(negative) = sizes.iter().find(|&&size| size < 0) {
        return Err(Error::runtime(
            "split",
            format!(
                "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes:?} with {negative}"
            ),
        ));
    }
    if sizes.iter().map(|&size| i128::from(size)).sum::<i128>() != shape[index] as i128 {
        return Err(Error::runtime(
            "split",
            format!(
                "split_with_sizes expects split_sizes to sum exactly to {} (input tensor's size at dimension {index}), \
                 but got split_sizes={sizes:?}",
                shape[index]
            ),
        ));
    }
    let mut start = 0;
    let ops = sizes
        .iter()
        .map(|&length| {
            let op = ViewOp::Slice { axis: index, start, length: length as usize, step: 1 };
            start += length as usize;
            op
        })
        .collect();
    parts(source, name, ops)
}

/// Parts of one length (the last may be shorter).
#[track_caller]
pub fn split(source: &Tensor, size: i64, axis: i64) -> Result<Vec<Tensor>> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("split", "split expects at least a 1-dimensional tensor"));
    }
    let index = shape::normalize_axis("split", axis, shape.len())?;
    let total = shape[index] as i64;
    if size < 0 || (size == 0 && total != 0) {
        return Err(Error::runtime(
            "split",
            if size < 0 {
                format!("split expects split_size be non-negative, but got split_size={size}")
            } else {
                format!("split_size can only be 0 if dimension size is 0, but got dimension size of {total}")
            },
        ));
    }
    let sizes: Vec<i64> = if total == 0 {
        vec![0]
    } else {
        let parts = (total - 1) / size + 1;
        check_parts("split", parts)?;
        (0..parts).map(|part| size.min(total - part * size)).collect()
    };
    split_named(source, &sizes, axis, "SplitBackward0")
}

/// At most `chunks` parts of equal length.
#[track_caller]
pub fn chunk(source: &Tensor, chunks: i64, axis: i64) -> Result<Vec<Tensor>> {
    if chunks <= 0 {
        return Err(Error::runtime("chunk", format!("chunk expects `chunks` to be greater than 0, got: {chunks}")));
    }
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("chunk", "chunk expects at least a 1-dimensional tensor"));
    }
    let index = shape::normalize_axis("chunk", axis, shape.len())?;
    let total = shape[index] as i64;
    if total == 0 {
        check_parts("chunk", chunks)?;
        return split_sizes(source, &vec![0; chunks as usize], axis);
    }
    split(source, (total - 1) / chunks + 1, axis)
}

/// Expands to the shape of a broadcast, without marking anything when nothing changes.
#[track_caller]
pub fn broadcast_to(source: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let sizes: SmallVec<[i64; 6]> = shape.iter().map(|&size| size as i64).collect();
    expand(source, &sizes)
}

/// The in-place form of a view (`t_`, `unsqueeze_`): the tensor itself gets the other layout and its history a node.
/// Nothing is written, so the base of a view stays what it is.
#[track_caller]
pub fn in_place(target: &Tensor, view: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<()> {
    check_in_place("view", target, record::would_record(target))?;
    // A tensor at the same place of the graph with the same data, so that the view records the edge that this one has now.
    let shown = view(&Tensor::from_operand(target.snapshot()?))?;
    let lift = shown.lift();
    let (array, node) = {
        let state = shown.lock();
        (state.array.clone(), state.grad_fn.as_ref().map(in_place_node))
    };
    target.array().storage().note_change(Blame::here());
    show(target, array, node);
    target.set_lift(lift);
    Ok(())
}

/// The node of a view under the name it has where the view was made in place.
fn in_place_node(node: &NodeRef) -> NodeRef {
    let Some(rule) = node.op_as::<ViewRule>() else { return node.clone() };
    let name = match rule.name {
        "TBackward0" => "TBackward1",
        "TransposeBackward0" => "TransposeBackward1",
        "UnsqueezeBackward0" => "UnsqueezeBackward1",
        "SqueezeBackward0" => "SqueezeBackward3",
        "SqueezeBackward1" => "SqueezeBackward4",
        "SqueezeBackward2" => "SqueezeBackward5",
        other => other,
    };
    let rule = ViewRule { name, ..rule.clone() };
    NodeOf::new(rule, node.blame(), node.edges().into(), node.outputs().into(), SmallVec::new())
}
