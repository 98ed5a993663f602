//! What batching rules share: examples brought to the front, and what is the same for all brought to a shape that fits.

use smallvec::SmallVec;

use super::views;
use crate::error::Result;
use crate::graph::transform::{Batch, Part};
use crate::tensor::Tensor;

/// All examples along axis 0.
#[track_caller]
pub(super) fn front(part: &Part, size: usize) -> Result<Tensor> {
    match part.axis {
        Some(0) => Ok(part.tensor.clone()),
        Some(axis) => views::movedim(&part.tensor, &[axis as i64], &[0]),
        None => {
            let tensor = views::unsqueeze(&part.tensor, 0)?;
            let mut shape = tensor.shape();
            shape[0] = size;
            views::broadcast_to(&tensor, &shape)
        }
    }
}

/// A batched operand with the examples along axis 0 and axes of one element after it, so that an example has `rank` axes;
/// what is the same for all stays as it is.
#[track_caller]
pub(super) fn lead(part: &Part, size: usize, rank: usize) -> Result<Tensor> {
    if part.axis.is_none() {
        return Ok(part.tensor.clone());
    }
    let mut tensor = front(part, size)?;
    for _ in part.rank()..rank {
        tensor = views::unsqueeze(&tensor, 1)?;
    }
    Ok(tensor)
}

/// All inputs in shapes that broadcast as those of one example do, with the examples along axis 0. What is the same for all
/// stays as it is: it has no more axes than the result of one example.
#[track_caller]
pub(super) fn align(cx: &Batch<'_>) -> Result<SmallVec<[Option<Tensor>; 4]>> {
    let parts = || (0..cx.inputs()).map(|input| cx.optional(input));
    let rank = parts().flatten().map(Part::rank).max().unwrap_or(0);
    parts().map(|part| part.map(|part| lead(part, cx.size(), rank)).transpose()).collect()
}

/// An operation of one input along an axis, whose result has the same axes: `run` is given the axis among those of all
/// examples. One without axes counts as one element.
#[track_caller]
pub(super) fn along(cx: &mut Batch<'_>, axis: usize, run: impl FnOnce(&Tensor, usize) -> Result<Tensor>) -> Result<()> {
    let whole = front(cx.input(0), cx.size())?;
    let result = if whole.rank() == 1 {
        views::select(&run(&views::unsqueeze(&whole, 1)?, 1)?, 1, 0)?
    } else {
        run(&whole, axis + 1)?
    };
    cx.put(result, Some(0));
    Ok(())
}
