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

/// All inputs in shapes that broadcast as those of one example do, with the examples along axis 0. What is the same for all
/// stays as it is: it has no more axes than the result of one example.
#[track_caller]
pub(super) fn align(cx: &Batch<'_>) -> Result<SmallVec<[Option<Tensor>; 4]>> {
    let parts = || (0..cx.inputs()).map(|input| cx.optional(input));
    let rank = parts().flatten().map(Part::rank).max().unwrap_or(0);
    parts()
        .map(|part| {
            part.map(|part| match part.axis {
                None => Ok(part.tensor.clone()),
                Some(_) => {
                    let mut tensor = front(part, cx.size())?;
                    for _ in part.rank()..rank {
                        tensor = views::unsqueeze(&tensor, 1)?;
                    }
                    Ok(tensor)
                }
            })
            .transpose()
        })
        .collect()
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
