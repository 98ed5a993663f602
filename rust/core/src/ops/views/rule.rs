//! How a view is made and recorded, what passes through it, and its transpose: the part put back where it came from.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::op::{ViewOp, not_as_complex};
use super::strided;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call::{first, transformed};
use crate::graph::node::{NodeOf, NodeRef};
use crate::graph::op::{Arrays, Attribute, Inputs, Op};
use crate::graph::record::{self, check_in_place};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Part, Tangents};
use crate::graph::views::{mark_view, plain_view, set_replay, set_step, show};
use crate::graph::{Blame, Modes, call, modes, trace};
use crate::ops::writing::overlap;
use crate::scalar::Scalar;
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;

/// A view as an operation. Its gradient is put back to where the view came from.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct ViewRule {
    name: &'static str,
    op: ViewOp,
    /// Geometry of what was viewed.
    pub(super) shape: Shape,
    pub(super) strides: Strides,
    pub(super) offset: usize,
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
            ViewOp::Permute(axes) => {
                view_of(grad, "PermuteBackward0", ViewOp::Permute(shape::inverse_permutation(axes)))
            }
            // The engine sums over broadcast axes.
            ViewOp::Alias | ViewOp::Expand(_) => Ok(grad.clone()),
            ViewOp::AsStrided { shape, strides, offset } => strided::backward(self, grad, shape, strides, *offset),
            ViewOp::Unfold { .. } => embed(grad, &self.shape, &self.op, true),
            ViewOp::AsReal => of_pairs(grad),
            ViewOp::AsComplex => view_of(grad, "ViewAsRealBackward0", ViewOp::AsReal),
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

    /// Sizes, where PyTorch keeps them.
    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        let stem = self.name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        match stem {
            "ViewBackward" | "ExpandBackward" | "SelectBackward" | "SliceBackward" | "DiagonalBackward"
            | "UnfoldBackward" | "SqueezeBackward" => {
                vec![("self_sym_sizes", Attribute::Ints(self.shape.iter().map(|&size| size as i64).collect()))]
            }
            _ => Vec::new(),
        }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = self.put_back(&cx.only_grad())?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let op = match &self.op {
            ViewOp::AsStrided { shape, strides, offset } if !lies_as(&tangent, &self.shape, &self.strides) => {
                return cx.put(0, strided::forward(self, &tangent, shape, strides, *offset)?);
            }
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
            ViewOp::AsComplex => of_pairs(&tangent)?,
            op => make(&tangent, self.name, op, true)?,
        };
        cx.put(0, view)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = front(cx.input(0), cx.size())?;
        let op = match &self.op {
            ViewOp::AsStrided { shape, strides, offset } => strided::of_each(&whole, shape, strides, *offset)?,
            op => op.of_each(cx.size())?,
        };
        // Where an example can be viewed, all of them together may not be.
        let view = match &op {
            ViewOp::View(shape) => reshape_to(&whole, shape)?,
            ViewOp::AsComplex => of_pairs(&whole)?,
            // An axis of one element may come first.
            ViewOp::Expand(shape) => broadcast_each(&whole, shape)?,
            _ => make(&whole, self.name, op, true)?,
        };
        cx.put(view, Some(0));
        Ok(())
    }
}

/// Whether the elements of a tensor are as far from each other as those of something of the same shape. Of an example of a
/// batch only those are shown that lie row by row.
fn lies_as(tensor: &Tensor, shape: &[usize], strides: &[isize]) -> bool {
    let own = tensor.shown_strides();
    let mut axes = shape.iter().zip(own.iter().zip(strides));
    axes.all(|(&size, (own, other))| size <= 1 || own == other)
        && (!tensor.is_batched() || shape::is_contiguous(shape, &own))
}

/// Makes a view, recorded if need be.
#[track_caller]
pub(super) fn make(source: &Tensor, name: &'static str, op: ViewOp, mark: bool) -> Result<Tensor> {
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
        let results = transformed(rule, &[Some(source)], value)?.expect("something is attached");
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
pub(in crate::ops) fn view_of(source: &Tensor, name: &'static str, op: ViewOp) -> Result<Tensor> {
    make(source, name, op, true)
}

/// A view that goes on instead of a fresh result. The two count as one tensor: only the new one goes on, so that it is no view
/// in the sense of in-place operations.
#[track_caller]
pub(super) fn instead(source: &Tensor, name: &'static str, op: ViewOp) -> Result<Tensor> {
    call(ViewRule::new(name, op, &source.array()), &[source])
}

/// The input still has the shape that the attributes were made for.
pub(super) fn check_shape(op: &'static str, array: &Array, shape: &[usize]) -> Result<()> {
    if array.shape() == shape {
        return Ok(());
    }
    Err(Error::runtime(op, "another thread has given the input another shape meanwhile"))
}

/// [`reshape`](super::reshape) to a known shape.
#[track_caller]
pub fn reshape_to(source: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let array = source.array();
    if array.can_view(shape) {
        let name = if array.is_contiguous() { "ViewBackward0" } else { "ReshapeAliasBackward0" };
        return view_of(source, name, ViewOp::View(Shape::from_slice(shape)));
    }
    unsafe_view(&source.copied_row_major()?, shape)
}

/// A fresh dense result in another shape.
#[track_caller]
pub(in crate::ops) fn unsafe_view(source: &Tensor, shape: &[usize]) -> Result<Tensor> {
    instead(source, "UnsafeViewBackward0", ViewOp::View(Shape::from_slice(shape)))
}

/// Pairs of real numbers along the last axis as complex ones: a view where they lie so, else of a copy.
#[track_caller]
fn of_pairs(pairs: &Tensor) -> Result<Tensor> {
    let lies_so = not_as_complex(&pairs.array()).is_none();
    let pairs = if lies_so { pairs.clone() } else { pairs.copied_row_major()? };
    view_of(&pairs, "ViewAsComplexBackward0", ViewOp::AsComplex)
}

// ---- batches ------------------------------------------------------------------------------------------------------

/// All examples of a batch along axis 0.
#[track_caller]
pub(in crate::ops) fn front(part: &Part, size: usize) -> Result<Tensor> {
    match part.axis {
        Some(0) => Ok(part.tensor.clone()),
        Some(axis) => {
            let order = std::iter::once(axis).chain((0..part.tensor.rank()).filter(|&other| other != axis)).collect();
            view_of(&part.tensor, "PermuteBackward0", ViewOp::Permute(order))
        }
        None => {
            let mut shape = part.tensor.shape();
            shape.insert(0, size);
            let tensor = view_of(&part.tensor, "UnsqueezeBackward0", ViewOp::Unsqueeze(0))?;
            view_of(&tensor, "ExpandBackward0", ViewOp::Expand(shape))
        }
    }
}

/// Broadcasts each example: new axes come behind that of the examples.
fn broadcast_each(whole: &Tensor, shape: &Shape) -> Result<Tensor> {
    let mut whole = whole.clone();
    while whole.rank() < shape.len() {
        whole = view_of(&whole, "UnsqueezeBackward0", ViewOp::Unsqueeze(1))?;
    }
    view_of(&whole, "ExpandBackward0", ViewOp::Expand(shape.clone()))
}

// ---- the transpose ------------------------------------------------------------------------------------------------

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

/// Bytes from which zeros are written around a part instead of everywhere: fewer take less time than a second launch.
const LARGE: usize = 1 << 16;

/// Least elements of a row that zeros are put around; a shorter one is reached faster with the lines of memory it lies in.
const ROW: usize = 64;

impl Embedded {
    /// Zeros, but for what is written next where that is a piece of an axis: memory is walked once, not twice.
    fn frame(&self, dtype: DType) -> Result<Array> {
        let (axis, start, length) = match self.place {
            ViewOp::Slice { axis, start, length, step: 1 } => (axis, start, length),
            ViewOp::Select { axis, index } => (axis, index, 1),
            _ => return Array::zeros("embed", &self.shape, dtype),
        };
        let row: usize = self.shape[axis..].iter().product();
        let rows: usize = self.shape[..axis].iter().product();
        if row < ROW || rows * row * dtype.size() < LARGE {
            return Array::zeros("embed", &self.shape, dtype);
        }
        let whole = Array::uninit("embed", &self.shape, dtype)?;
        let end = start + length;
        for (first, count) in [(0, start), (end, self.shape[axis] - end)] {
            if count > 0 {
                whole.slice(axis, first, count, 1).fill(Scalar::Int(0));
            }
        }
        Ok(whole)
    }
}

impl Op for Embedded {
    fn name(&self) -> &str {
        "EmbedBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let whole = self.frame(inputs[0].dtype())?;
        let shown = self.place.apply(&whole)?;
        if self.overlapping {
            overlap::add_into(&shown, &inputs[0])?;
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
        let part = front(cx.input(0), cx.size())?;
        let shape: Shape = std::iter::once(cx.size()).chain(self.shape.clone()).collect();
        cx.put(embed(&part, &shape, &self.place.of_each(cx.size())?, self.overlapping)?, Some(0));
        Ok(())
    }
}

// ---- in place -----------------------------------------------------------------------------------------------------

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
