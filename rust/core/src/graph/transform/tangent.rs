//! Forward mode: tangents of the results from tangents of the inputs.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::graph::algebra::ALGEBRA;
use crate::graph::level::{Level, below};
use crate::graph::op::{Op, Tensors};
use crate::graph::record;
use crate::graph::rules::Tangents;
use crate::shape::is_non_overlapping_and_dense;
use crate::tensor::Tensor;

/// Runs the rule of an operation whose results are `outputs`.
pub(crate) fn tangents_of(
    level: Level,
    op: &dyn Op,
    inputs: &[Option<&Tensor>],
    outputs: &[Tensor],
) -> Result<SmallVec<[Option<Tensor>; 1]>> {
    let tangents = inputs.iter().map(|input| input.and_then(|input| input.tangent(level))).collect();
    let mut cx = Tangents { inputs, tangents, outputs, results: outputs.iter().map(|_| None).collect() };
    below(level, || op.jvp(&mut cx))?;
    let mut results = cx.results;
    // Broadcast and cast to the results, as the engine does with gradients.
    for (tangent, output) in results.iter_mut().zip(outputs) {
        if let Some(given) = tangent.take() {
            *tangent = Some(below(level, || fit(given, output))?);
        }
    }
    Ok(results)
}

fn fit(tangent: Tensor, output: &Tensor) -> Result<Tensor> {
    let (given, wanted) = (tangent.meta(), output.meta());
    let tangent = if given.dtype == wanted.dtype { tangent } else { (ALGEBRA.cast)(&tangent, wanted.dtype)? };
    let tangent = if given.shape == wanted.shape { tangent } else { (ALGEBRA.expand_to)(&tangent, &wanted.shape)? };
    in_layout_of(tangent, output)
}

/// A tangent lies as its tensor does, so that a view of the one is a view of the other.
pub(crate) fn in_layout_of(tangent: Tensor, output: &Tensor) -> Result<Tensor> {
    if tangent.is_batched() {
        // A view of it is made by its examples, however they lie; a copy would be the view of nothing.
        let (shape, strides) = (tangent.shape(), tangent.shown_strides());
        let repeats = shape.iter().zip(&strides).any(|(&size, &stride)| size > 1 && stride == 0);
        return if repeats { (ALGEBRA.copy_strided)(&tangent, &strides) } else { Ok(tangent) };
    }
    let array = output.array();
    let dense = is_non_overlapping_and_dense(array.shape(), array.strides());
    if !dense || tangent.array().strides() == array.strides() {
        return Ok(tangent);
    }
    (ALGEBRA.copy_strided)(&tangent, array.strides())
}

/// Makes the tangent of `target` one example of as many as `new` is one of, so that each can be written to: so far it may
/// have been the same for all.
fn spread(level: Level, target: &Tensor, new: &Tensor) -> Result<()> {
    let Some(old) = target.tangent(level).filter(|old| !old.is_example_with(new)) else { return Ok(()) };
    // A view's is a part of that of its base.
    let base = target.base().and_then(|base| base.tangent(level).map(|tangent| (base, tangent)));
    let (owner, whole) = base.clone().unwrap_or_else(|| (target.clone(), old));
    let each = below(level, || {
        let each = (ALGEBRA.zeros_beside)(&whole, new)?;
        (ALGEBRA.copy_into)(&each, &whole)?;
        in_layout_of(each, &owner)
    })?;
    owner.set_tangent(level, Some(each))
}

/// After an in-place operation: `new` is the tangent of what is there now, none if that has none.
pub(crate) fn write(level: Level, target: &Tensor, new: Option<Tensor>) -> Result<()> {
    if let Some(new) = &new {
        spread(level, target, new)?;
    }
    if let Some(old) = target.tangent(level) {
        // Other views of the same memory see it, too.
        return below(level, || match &new {
            Some(new) => (ALGEBRA.copy_into)(&old, new),
            None => (ALGEBRA.zero)(&old),
        });
    }
    let Some(new) = new else { return Ok(()) };
    let Some(base) = target.base() else {
        let new = below(level, || in_layout_of(new, target))?;
        return target.set_tangent(level, Some(new));
    };
    // What it is a part of has had no tangent so far: zeros, but for this part.
    if base.tangent(level).is_none() {
        let zeros = below(level, || in_layout_of((ALGEBRA.zeros_beside)(&base, &new)?, &base))?;
        base.set_tangent(level, Some(zeros))?;
    }
    match target.tangent(level) {
        Some(part) => below(level, || (ALGEBRA.copy_into)(&part, &new)),
        None => Err(Error::runtime(
            "forward_ad",
            "the tangent of a part of a tensor cannot be told from that of the tensor",
        )),
    }
}

/// An operation some of whose inputs have tangents at `level`, which is the highest.
#[track_caller]
pub(in crate::graph) fn call(
    level: Level,
    op: &dyn Op,
    inputs: &[Option<&Tensor>],
    value: impl FnOnce() -> Result<Tensors>,
) -> Result<Tensors> {
    let outputs = below(level, value)?;
    with_tangents(level, op, inputs, outputs)
}

/// The results of an operation with their tangents: not compiled for each operation.
#[inline(never)]
fn with_tangents(level: Level, op: &dyn Op, inputs: &[Option<&Tensor>], outputs: Tensors) -> Result<Tensors> {
    let tangents = tangents_of(level, op, inputs, &outputs)?;
    attach(level, &outputs, tangents)?;
    Ok(outputs)
}

/// Gives results their tangents.
pub(crate) fn attach(
    level: Level,
    outputs: &[Tensor],
    tangents: impl IntoIterator<Item = Option<Tensor>>,
) -> Result<()> {
    for (output, tangent) in outputs.iter().zip(tangents) {
        if tangent.is_some() && output.dtype().is_differentiable() {
            output.set_tangent(level, tangent)?;
        }
    }
    record::lift_saved_outputs(outputs);
    Ok(())
}
