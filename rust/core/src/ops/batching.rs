//! What batching rules share: examples brought to the front, and what is the same for all brought to a shape that fits.

use smallvec::SmallVec;

pub(super) use super::views::front;

use super::{levels, views};
use crate::error::{Error, Result};
use crate::graph::level::{Level, batches};
use crate::graph::transform::{Batch, Part};
use crate::graph::{Modes, modes};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// All examples along axis 0, each of at least one axis.
#[track_caller]
pub(super) fn front_vectors(part: &Part, size: usize) -> Result<Tensor> {
    let whole = front(part, size)?;
    if whole.rank() == 1 { views::unsqueeze(&whole, 1) } else { Ok(whole) }
}

/// What has been done to [`front_vectors`], of examples of `rank` axes.
#[track_caller]
pub(super) fn of_rank(result: Tensor, rank: usize) -> Result<Tensor> {
    if rank == 0 { views::select(&result, 1, 0) } else { Ok(result) }
}

/// All examples along axis 0, of `rank` axes each: new ones come first, as when they are broadcast.
#[track_caller]
pub(super) fn front_of_rank(part: &Part, size: usize, rank: usize) -> Result<Tensor> {
    let mut whole = front(part, size)?;
    for _ in part.rank()..rank {
        whole = views::unsqueeze(&whole, 1)?;
    }
    Ok(whole)
}

/// The number of each example, along axis 0 of a tensor with `rank` more axes: a position among all of them.
pub(super) fn numbers(size: usize, rank: usize) -> Result<Tensor> {
    let mut shape: Shape = SmallVec::from_elem(1, rank + 1);
    shape[0] = size;
    let numbers: Vec<i64> = (0..size as i64).collect();
    Tensor::from_slice(&numbers, &shape)
}

/// An operation whose results have another shape for other data is refused where the data are those of a batch.
#[inline]
pub(super) fn refuse_dynamic(op: &'static str, inputs: &[&Tensor]) -> Result<()> {
    refuse_data(op, inputs, || {
        format!(
            "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over aten::{op}: the \
             result of one example may be larger than that of another"
        )
    })
}

/// A new tensor beside `model`: where that is one example of many, so is the new one, and each can be written to. `make` makes it
/// with the axes of the examples in front.
#[track_caller]
pub(super) fn beside(model: &Tensor, make: impl FnOnce(&[usize]) -> Result<Tensor>) -> Result<Tensor> {
    if !modes().any(Modes::LIFTED) || !model.is_batched() {
        return make(&[]);
    }
    let mut own: SmallVec<[Level; 2]> = SmallVec::new();
    let mut batched = model.lift().and_then(|lift| lift.batched);
    while let Some(outer) = batched {
        own.push(outer.level);
        batched = outer.inner.lift().and_then(|lift| lift.batched);
    }
    // Outer batches lie before inner ones.
    let (levels, sizes): (SmallVec<[Level; 2]>, SmallVec<[usize; 2]>) =
        batches().iter().rev().filter(|(level, ..)| own.contains(level)).map(|&(level, size, _)| (level, size)).unzip();
    let mut whole = make(&sizes)?;
    for level in levels {
        whole = levels::batched(&whole, 0, level)?;
    }
    Ok(whole)
}

/// [`refuse_dynamic`] in other words.
#[inline]
pub(super) fn refuse_data(op: &'static str, inputs: &[&Tensor], reason: impl FnOnce() -> String) -> Result<()> {
    if modes().any(Modes::LIFTED) && inputs.iter().any(|input| input.is_batched()) {
        return Err(Error::runtime(op, reason()));
    }
    Ok(())
}

/// [`front_of_rank`] of a batched operand; what is the same for all stays as it is.
#[track_caller]
pub(super) fn lead(part: &Part, size: usize, rank: usize) -> Result<Tensor> {
    if part.axis.is_none() { Ok(part.tensor.clone()) } else { front_of_rank(part, size, rank) }
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
