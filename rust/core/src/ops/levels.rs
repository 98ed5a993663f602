//! Into a level and out of it: duals of forward mode, examples of a batch.

use super::writing::copy;
use super::{batching, views};
use crate::error::{Error, Result};
use crate::graph::level::{Level, batch_size, below};
use crate::graph::transform::{batch, tangent};
use crate::graph::{Modes, modes};
use crate::shape;
use crate::tensor::Tensor;

/// A tensor that shows `primal` and carries `tangent` at `level`.
///
/// # Errors
/// When the tangent has another shape or dtype, when `primal` has one already, and for dtypes without gradients.
pub fn make_dual(primal: &Tensor, tangent: &Tensor, level: Level) -> Result<Tensor> {
    for (tensor, what) in [(primal, "primal"), (tangent, "tangent")] {
        if !tensor.dtype().is_differentiable() {
            return Err(Error::runtime(
                "make_dual",
                format!("Expected {what} to be floating point or complex, but got: {}", tensor.dtype()),
            ));
        }
    }
    if primal.tangent(level).is_some() {
        return Err(Error::runtime(
            "make_dual",
            "the tensor already has a tangent at this level; unpack_dual() it first",
        ));
    }
    // In inference mode nothing is a view.
    let plain = modes().any(Modes::INFERENCE) && !modes().any(Modes::CAPTURE) && primal.top_level().is_none();
    let dual = if plain { Tensor::from_array(primal.array()) } else { views::alias(primal)? };
    let tangent = below(level, || tangent::in_layout_of(tangent.clone(), &dual))?;
    dual.set_tangent(level, Some(tangent))?;
    Ok(dual)
}

/// The tangent of an argument of a custom function; zeros where there is none, if that `materializes` them.
pub fn tangent(argument: &Tensor, level: Level, materializes: bool) -> Result<Option<Tensor>> {
    match argument.tangent(level) {
        None if materializes && argument.dtype().is_differentiable() => {
            below(level, || copy::filled_like(argument, crate::Scalar::Int(0))).map(Some)
        }
        tangent => Ok(tangent),
    }
}

/// Gives the result of a custom function its tangent.
pub fn set_tangent(output: &Tensor, tangent: &Tensor, level: Level) -> Result<()> {
    let tangent = below(level, || tangent::in_layout_of(tangent.clone(), output))?;
    tangent::attach(level, std::slice::from_ref(output), [Some(tangent)])
}

/// A dual taken apart: the same value at the same place in the graph without the tangent, and the tangent.
pub fn unpack_dual(dual: &Tensor, level: Level) -> Result<(Tensor, Option<Tensor>)> {
    let hidden = modes().any(Modes::NO_TANGENTS);
    let Some(tangent) = dual.tangent(level).filter(|_| !hidden) else { return Ok((dual.clone(), None)) };
    let mut operand = dual.snapshot()?;
    if let Some(lift) = &mut operand.lift {
        lift.forget(level);
    }
    Ok((Tensor::from_operand(operand), Some(tangent)))
}

/// What stands for one example of `whole`, whose examples lie along `axis`.
///
/// # Errors
/// When `whole` has not the batch's number of examples along the axis.
pub fn batched(whole: &Tensor, axis: usize, level: Level) -> Result<Tensor> {
    let (shape, size) = (whole.shape(), batch_size(level)?);
    if shape.get(axis) != Some(&size) {
        return Err(Error::runtime(
            "vmap",
            format!("expected {size} examples along axis {axis}, but the tensor has shape {:?}", shape.as_slice()),
        ));
    }
    Tensor::new_batched(level, whole.clone(), axis)
}

/// All examples that `example` stands for, as they lie, and the axis along which they do.
pub fn whole(example: &Tensor, level: Level) -> Option<(Tensor, usize)> {
    example.batched(level).map(|batched| (batched.inner.clone(), batched.axis))
}

/// All examples that `example` stands for, along `axis` of the result; copies of what is the same for all.
pub fn unbatched(example: &Tensor, axis: i64, level: Level) -> Result<Tensor> {
    let size = batch_size(level)?;
    let part = batch::part(level, example);
    let wanted = shape::normalize_axis("vmap", axis, example.rank() + 1)?;
    if part.axis == Some(wanted) {
        // They lie there already: no other view is needed.
        return Ok(part.tensor);
    }
    below(level, || {
        let whole = batching::front(&part, size)?;
        let whole = if part.axis.is_none() { copy::clone_contiguous(&whole)? } else { whole };
        if axis == 0 { Ok(whole) } else { views::movedim(&whole, &[0], &[axis]) }
    })
}
