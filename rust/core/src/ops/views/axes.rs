//! The same elements with their axes in another order.

use smallvec::SmallVec;

use super::op::ViewOp;
use super::rule::view_of;
use crate::error::{Error, Result};
use crate::shape;
use crate::tensor::Tensor;

/// Axes in another order.
#[track_caller]
pub fn permute(source: &Tensor, axes: &[i64]) -> Result<Tensor> {
    let rank = source.rank();
    if axes.len() != rank {
        return Err(Error::runtime(
            "permute",
            format!(
                "permute: number of dimensions in the tensor input does not match the length of the desired ordering of \
                 dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {}",
                axes.len()
            ),
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
