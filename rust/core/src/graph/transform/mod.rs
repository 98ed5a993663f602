//! What is done with an operation beside running it: forward mode and batching, and what the host does with it. Each handler
//! takes one level off its operands and calls again, so that they nest in any order.

pub mod batch;
pub mod host;
pub mod tangent;

pub use batch::{Batch, Part};
pub use tangent::Tangents;

use super::call::{Primitive, call_with, run};
use super::level::{Kind, Level, Lift};
use super::op::{Arrays, Tensors};
use crate::error::Result;
use crate::tensor::Tensor;

/// The highest level at which something is attached to one of the inputs.
pub(crate) fn top(inputs: &[Option<&Tensor>]) -> Option<(Level, Kind)> {
    inputs.iter().flatten().filter_map(|input| input.top_level()).max_by_key(|(level, _)| *level)
}

/// The arrays of tensors, and what is attached to each.
#[inline(never)]
fn parts(tensors: &[Tensor]) -> (Arrays, Vec<Option<Lift>>) {
    (tensors.iter().map(Tensor::array).collect(), tensors.iter().map(Tensor::lift).collect())
}

/// An operation while a transformation is under way.
#[cold]
#[track_caller]
pub(super) fn call<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
    if top(inputs).is_some()
        && let Some(results) = op.decompose(inputs)
    {
        return results;
    }
    let again = op.clone();
    match transformed(op, inputs, || call_with(again.clone(), inputs))? {
        Some(results) => Ok(results),
        None => run(again, inputs),
    }
}

/// An operation that `value` runs at the levels below, while a transformation is under way; `None` if nothing is attached to
/// its inputs.
#[cold]
#[track_caller]
pub(crate) fn transformed<O: Primitive>(
    op: O,
    inputs: &[Option<&Tensor>],
    value: impl FnOnce() -> Result<Tensors>,
) -> Result<Option<Tensors>> {
    let Some((level, kind)) = top(inputs) else { return Ok(None) };
    let results = match kind {
        Kind::Host => host::call(op, inputs)?,
        Kind::Tangent => tangent::call(level, &op, inputs, value)?,
        Kind::Batch { size } => batch::call(level, size, op, inputs)?,
    };
    Ok(Some(results))
}
