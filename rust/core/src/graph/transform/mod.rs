//! What is done with an operation beside running it: forward mode and batching, and what the host does with it. Each handler
//! takes one level off its operands and calls again, so that they nest in any order.

pub mod batch;
pub mod host;
pub mod tangent;

pub use super::rules::{Batch, Part, Tangents};

use super::level::{Kind, Level, Lift};
use super::op::Arrays;
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
