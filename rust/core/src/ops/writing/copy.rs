//! Copies and casts: `clone`, `contiguous`, `to`, `copy_`, `fill_`.

use std::sync::atomic::{AtomicBool, Ordering};

use smallvec::smallvec;

use super::overlap::{check_copied, check_distinct};
use super::overwritten::{Filled, none_of};
use super::write::not_differentiable;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call::call;
use crate::graph::level::{Kind, Level, below};
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::record::{check_in_place, cut_by_dtype, is_wanted_of, record_in_place, would_record};
use crate::graph::rules::Backward;
use crate::graph::transform::{self, Batch, Tangents, tangent};
use crate::graph::views::same_history;
use crate::graph::{Blame, Modes, modes, trace};
use crate::ops::batching;
use crate::ops::elementwise::Arg;
use crate::ops::views::{self, broadcast_to};
use crate::scalar::Scalar;
use crate::shape::{self, Strides, contiguous_strides};
use crate::storage::{Device, Placed};
use crate::tensor::Tensor;

/// How a copy lies, or what it is cast to.
#[derive(Clone, PartialEq, Debug)]
enum How {
    /// Dense strides are kept.
    Kept,
    RowMajor,
    Strided(Strides),
    Cast(DType),
    /// Nowhere: what is copied has a shape and no data.
    Nowhere,
}

/// A copy: the gradient passes (the engine casts it back).
#[derive(Clone, PartialEq, Debug)]
struct Copied {
    node: &'static str,
    how: How,
}

impl Op for Copied {
    fn name(&self) -> &str {
        self.node
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        Ok(smallvec![match &self.how {
            How::Kept => array.duplicate("clone")?,
            How::RowMajor => array.duplicate_row_major("clone")?,
            How::Strided(strides) => array.duplicate_with_strides("clone", strides)?,
            How::Cast(dtype) => array.cast("to", *dtype)?,
            How::Nowhere => {
                let _place = Placed::on(Device::Meta);
                Array::uninit_like("to", array, array.dtype())?
            }
        }])
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let how = match &self.how {
            // How one example lies among the others has no strides of its own.
            How::Strided(_) => How::Kept,
            how => how.clone(),
        };
        let result = call(Self { node: self.node, how }, &[&batching::front(cx.input(0), cx.size())?])?;
        cx.put(result, Some(0));
        Ok(())
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if self.how == How::Nowhere {
            return Err(no_data());
        }
        let grad = cx.only_grad();
        cx.put(0, grad);
        Ok(())
    }
}

fn no_data() -> Box<Error> {
    Box::new(Error::NoData { op: "to", what: "Cannot copy out of meta tensor; no data!".to_owned() })
}

/// The tensor on another device, or itself if it is there.
///
/// # Errors
/// When it has no data, and is to have some.
#[track_caller]
pub fn to_device(source: &Tensor, device: Device) -> Result<Tensor> {
    match (source.device(), device) {
        (own, wanted) if own == wanted => Ok(source.clone()),
        (_, Device::Meta) => call(Copied { node: "ToCopyBackward0", how: How::Nowhere }, &[source]),
        (_, Device::Cpu) => Err(no_data()),
    }
}

/// The target of `copy_`, or of `fill_` with a tensor: its old value gets zeros, the source all of the gradient.
struct CopiedInto(&'static str);

impl Op for CopiedInto {
    fn name(&self) -> &str {
        self.0
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.needs(0) {
            cx.put(0, none_of(&grad)?);
        }
        if cx.needs(1) {
            cx.put(1, grad);
        }
        Ok(())
    }
}

/// A copy that keeps dense strides (`torch.preserve_format`).
#[track_caller]
pub fn clone(source: &Tensor) -> Result<Tensor> {
    call(Copied { node: "CloneBackward0", how: How::Kept }, &[source])
}

/// A row-major copy.
#[track_caller]
pub fn clone_contiguous(source: &Tensor) -> Result<Tensor> {
    call(Copied { node: "CloneBackward0", how: How::RowMajor }, &[source])
}

/// The tensor itself if it is row-major, else a row-major copy.
#[track_caller]
pub fn contiguous(source: &Tensor) -> Result<Tensor> {
    if shape::is_contiguous(&source.shape(), &source.shown_strides()) {
        Ok(source.clone())
    } else {
        clone_contiguous(source)
    }
}

/// The tensor itself if it lies in the memory format of `model`, else a copy that does: with the channels last if those of
/// `model` are, else row-major.
#[track_caller]
pub fn in_format_of(source: &Tensor, model: &Tensor) -> Result<Tensor> {
    let (array, like) = (source.array(), model.array());
    let strides = shape::strides_in_format_of(array.shape(), (like.shape(), like.strides()));
    if strides.as_slice() == array.strides() {
        return Ok(source.clone());
    }
    if shape::is_contiguous(array.shape(), &strides) { contiguous(source) } else { copy_strided(source, &strides) }
}

/// The tensor itself if it has the strides of a new one, along axes of one element too, else a row-major copy.
#[track_caller]
pub fn row_major(source: &Tensor) -> Result<Tensor> {
    if source.array().layout().is_plain() { Ok(source.clone()) } else { clone_contiguous(source) }
}

/// Another dtype; the tensor itself if it has it.
#[track_caller]
pub fn to_dtype(source: &Tensor, dtype: DType) -> Result<Tensor> {
    if source.dtype() == dtype {
        return Ok(source.clone());
    }
    let cast = Copied { node: "ToCopyBackward0", how: How::Cast(dtype) };
    if dtype.is_differentiable() { call(cast, &[source]) } else { call(cast, &[&cut_by_dtype(source)]) }
}

/// A copy with the given strides.
#[track_caller]
pub fn copy_strided(source: &Tensor, strides: &[isize]) -> Result<Tensor> {
    call(Copied { node: "CloneBackward0", how: How::Strided(strides.into()) }, &[source])
}

/// Copies `source`, broadcast and cast, into `target`.
#[track_caller]
pub fn copy_(target: &Tensor, source: &Tensor) -> Result<()> {
    copy_named(target, source, "arcgrad::CopyBackwards")
}

/// [`copy_`] as a program calls it: of what overlaps it is an error.
#[track_caller]
pub fn copy_apart_(target: &Tensor, source: &Tensor) -> Result<()> {
    check_copied(target, source)?;
    copy_(target, source)
}

#[track_caller]
fn copy_named(target: &Tensor, source: &Tensor, node: &'static str) -> Result<()> {
    if modes().any(Modes::LIFTED)
        && let Some((level, kind)) = transform::top(&[Some(target), Some(source)])
    {
        return match kind {
            Kind::Tangent => copy_with_tangent(level, target, source, node),
            Kind::Batch { .. } => copy_batch(level, target, source, node),
            Kind::Host => copy_by_host(target, source, node),
        };
    }
    let (into, from) = (target.snapshot()?, source.snapshot()?);
    if from.array.is_meta() && !into.array.is_meta() {
        return Err(no_data());
    }
    warn_of_lost_part(from.array.dtype(), into.array.dtype())?;
    let recorded = is_wanted_of([&into, &from]) && into.array.dtype().is_differentiable();
    check_in_place("copy_", target, recorded)?;
    let shape = shape::broadcast("copy_", into.array.shape(), from.array.shape())?;
    if shape.as_slice() != into.array.shape() {
        return Err(Error::shapes(
            "copy_",
            into.array.shape(),
            from.array.shape(),
            format!(
                "output with shape {:?} doesn't match the broadcast shape {:?}",
                into.array.shape(),
                shape.as_slice()
            ),
        ));
    }
    // Nothing changes then, unless the gradient does: to what was detached from the target it does not go.
    if into.array.is_exactly(&from.array) && (!recorded || same_history(target, source)) {
        return Ok(());
    }
    check_distinct("copy_", &into.array)?;
    // Of what overlaps a copy is made first.
    let source_array =
        if from.array.ranges_touch(&into.array) { from.array.duplicate("copy_")? } else { from.array.clone() };
    let blame = Blame::here();
    into.array.copy_from_noting(&source_array, blame);
    if modes().any(Modes::CAPTURE) {
        trace::note_write("copy_", &[Some(&into.array), Some(&from.array)], 1, |inputs| {
            copy_(&Tensor::from_array(inputs[0].clone()), &Tensor::from_array(inputs[1].clone()))
        });
    }
    if recorded { record_in_place(CopiedInto(node), target, &[&into, &from], &[]) } else { Ok(()) }
}

/// [`copy_`] in forward mode: the tangent of what is written takes the place of that of what was there.
#[cold]
#[track_caller]
fn copy_with_tangent(level: Level, target: &Tensor, source: &Tensor, node: &'static str) -> Result<()> {
    // The target's own tangent may be a part of the source's, through memory that they share.
    let new = match source.tangent(level) {
        Some(tangent) if target.dtype().is_differentiable() => Some(below(level, || {
            let cast = to_dtype(&tangent, target.dtype())?;
            copy_strided(&broadcast_to(&cast, &target.shape())?, &contiguous_strides(&target.shape()))
        })?),
        _ => None,
    };
    below(level, || copy_named(target, source, node))?;
    tangent::write(level, target, new)
}

/// [`copy_`] of examples of a batch.
#[cold]
#[track_caller]
fn copy_batch(level: Level, target: &Tensor, source: &Tensor, node: &'static str) -> Result<()> {
    let (into, from) = (target.snapshot()?, source.snapshot()?);
    let recorded = is_wanted_of([&into, &from]) && into.array.dtype().is_differentiable();
    check_in_place("copy_", target, recorded)?;
    let Some(whole) = target.batched(level) else {
        return Err(Error::runtime(
            "vmap",
            "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args \
             that has more elements than `self`. This happened due to `other` being vmapped over but `self` not being \
             vmapped over in a vmap. Please try to use out-of-place operators instead of inplace arithmetic.",
        ));
    };
    let part = transform::batch::part(level, source);
    let rank = target.rank();
    below(level, || {
        let into = views::movedim(&whole.inner, &[whole.axis as i64], &[0])?;
        let mut from = part.tensor.clone();
        if let Some(axis) = part.axis {
            from = views::movedim(&from, &[axis as i64], &[0])?;
            for _ in part.rank()..rank {
                from = views::unsqueeze(&from, 1)?;
            }
        }
        copy_named(&into, &from, node)
    })?;
    // Of the example, which has no memory to hold.
    into.array.storage().count(Blame::here());
    if recorded { record_in_place(CopiedInto(node), target, &[&into, &from], &[]) } else { Ok(()) }
}

/// [`copy_`] that the host runs.
#[cold]
#[track_caller]
fn copy_by_host(target: &Tensor, source: &Tensor, node: &'static str) -> Result<()> {
    let (into, from) = (target.snapshot()?, source.snapshot()?);
    let recorded = is_wanted_of([&into, &from]) && into.array.dtype().is_differentiable();
    check_in_place("copy_", target, recorded)?;
    transform::host::write("copy_", &[Some(target), Some(source)], |inputs| match inputs {
        [Some(target), Some(source)] => copy_(target, source).map(|()| smallvec::smallvec![(*target).clone()]),
        _ => Err(Error::value("copy_", "copy_ takes two tensors")),
    })?;
    // Where there is memory it has been counted that it was written to.
    if into.array.require_data("copy_").is_err() {
        into.array.storage().count(Blame::here());
    }
    if recorded { record_in_place(CopiedInto(node), target, &[&into, &from], &[]) } else { Ok(()) }
}

/// Fills with a number.
#[track_caller]
pub fn fill_(target: &Tensor, value: Scalar) -> Result<()> {
    fill_named(target, value, if !value.to_bool() { "ZeroBackward0" } else { "FillBackward2" })
}

#[track_caller]
fn fill_named(target: &Tensor, value: Scalar, node: &'static str) -> Result<()> {
    let value = value.storable("fill_", target.dtype())?;
    if modes().any(Modes::LIFTED) && target.top_level().is_some() {
        return copy_named(target, &Tensor::scalar(value, target.dtype())?, node);
    }
    let operand = target.snapshot()?;
    let recorded = is_wanted_of([&operand]);
    check_in_place("fill_", target, recorded || would_record(target))?;
    if recorded {
        // The gradient of elements that share memory would be that of a base in several places at once.
        check_distinct("fill_", &operand.array)?;
    }
    let blame = Blame::here();
    operand.array.fill_noting(value, blame);
    if modes().any(Modes::CAPTURE) {
        trace::note_write(format!("fill_({value:?})"), &[Some(&operand.array)], 1, move |inputs| {
            fill_(&Tensor::from_array(inputs[0].clone()), value)
        });
    }
    if recorded { record_in_place(Filled(node), target, &[&operand], &[]) } else { Ok(()) }
}

/// Fills with a number or a tensor without axes, whose gradient is the sum of the gradient.
#[track_caller]
pub fn fill_with(target: &Tensor, value: Arg<'_>) -> Result<()> {
    match value {
        Arg::Scalar(scalar) => fill_named(target, scalar, "FillBackward2"),
        Arg::Tensor(tensor) if tensor.rank() == 0 => copy_named(target, tensor, "FillBackward3"),
        Arg::Tensor(tensor) => Err(Error::runtime(
            "fill_",
            format!("fill_ only supports 0-dimension value tensor but got tensor with {} dimensions.", tensor.rank()),
        )),
    }
}

/// Ones in the shape and the dtype of a tensor, as its host makes them where it has one.
#[derive(Clone, PartialEq, Debug)]
struct OnesLike;

impl Op for OnesLike {
    fn name(&self) -> &str {
        "OnesLikeBackward0"
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![Array::full("ones_like", inputs[0].shape(), Scalar::Int(1), inputs[0].dtype())?])
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        not_differentiable("ones_like")
    }
}

/// The gradient that a pass begins with at a tensor.
pub(crate) fn ones_like(like: &Tensor) -> Result<Tensor> {
    if like.is_hosted() { call(OnesLike, &[like]) } else { filled_like(like, Scalar::Int(1)) }
}

/// A constant in the shape and the dtype of a tensor.
pub(in crate::ops) fn filled_like(like: &Tensor, value: Scalar) -> Result<Tensor> {
    let meta = like.meta();
    let _place = like.array().storage().beside();
    Ok(Tensor::from_array(Array::full("full_like", &meta.shape, value, meta.dtype)?))
}

/// Says once that a cast to real numbers drops the imaginary part.
///
/// # Errors
/// What the host makes of the warning.
pub fn warn_of_lost_part(from: DType, to: DType) -> Result<()> {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !from.is_complex() || to.is_complex() || to == DType::Bool || SAID.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    crate::warning::warn("to", || "Casting complex values to real discards the imaginary part".to_owned())
}
