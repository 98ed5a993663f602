//! Copies in which the part that a view shows is replaced: `select_scatter`, `slice_scatter`, `diagonal_scatter`.

use super::views::ViewOp;
use super::write::{Target, Write};
use super::{copy, diagonals, views};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::kernels::copy::copy;
use crate::shape;
use crate::tensor::Tensor;

struct PartWritten {
    name: &'static str,
    place: ViewOp,
}

impl Op for PartWritten {
    fn name(&self) -> &str {
        self.name
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.needs(1) {
            // A copy: the gradient must not share memory with what becomes the other input's.
            let part = copy::clone(&views::view_of(&grad, "SliceBackward0", self.place.clone())?)?;
            cx.put(1, part);
        }
        if cx.needs(0) {
            let shape = self.place.apply(&grad.array())?.shape().to_vec();
            let zeros = Tensor::from_array(Array::zeros(self.name, &shape, grad.dtype())?);
            let own = write_part(&grad, &zeros, self.name, self.place.clone())?;
            cx.put(0, own);
        }
        Ok(())
    }
}

/// A copy of `input` in which the part that a view shows is replaced by `part`.
#[track_caller]
fn write_part(input: &Tensor, part: &Tensor, name: &'static str, place: ViewOp) -> Result<Tensor> {
    const OP: &str = "scatter_view";
    let (target, operand) = (&Target::new(input, false)?, part.operand()?);
    let shown = place.apply(target.array())?;
    if shown.shape() != operand.array.shape() {
        return Err(Error::shapes(
            OP,
            shown.shape(),
            operand.array.shape(),
            "expected src to have a size equal to the slice of self",
        ));
    }
    let write = Write {
        copy: Array::duplicate_strided,
        others: &[&operand],
        reads: &[&operand.array],
        ..Write::new(OP, target)
    };
    write.run(
        || PartWritten { name, place: place.clone() },
        &[],
        |held, array| {
            let source = operand.array.expand(shown.shape());
            held.launch(&source, &place.apply(array)?, copy);
            Ok(())
        },
    )
}

/// `input` with one position of an axis replaced by `part`.
#[track_caller]
pub fn select_scatter(input: &Tensor, part: &Tensor, axis: i64, index: i64) -> Result<Tensor> {
    let shape = input.shape();
    let axis = shape::normalize_axis("select_scatter", axis, shape.len())?;
    if shape.is_empty() {
        return Err(Error::index("select_scatter", "select() cannot be applied to a 0-dim tensor."));
    }
    write_part(input, part, "SelectScatterBackward0", views::select_op(&shape, axis, index)?)
}

/// `input` with a slice of an axis replaced by `part`.
#[track_caller]
pub fn slice_scatter(
    input: &Tensor,
    part: &Tensor,
    axis: i64,
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> Result<Tensor> {
    let shape = input.shape();
    let axis = shape::normalize_axis("slice_scatter", axis, shape.len())?;
    if shape.is_empty() {
        return Err(Error::runtime("slice_scatter", "slice() cannot be applied to a 0-dim tensor."));
    }
    write_part(input, part, "SliceScatterBackward0", views::slice_op(&shape, axis, start, end, step)?)
}

/// `input` with the diagonal of two axes replaced by `part`.
#[track_caller]
pub fn diagonal_scatter(input: &Tensor, part: &Tensor, offset: i64, axis1: i64, axis2: i64) -> Result<Tensor> {
    write_part(input, part, "DiagonalScatterBackward0", diagonals::place(&input.shape(), offset, axis1, axis2)?)
}
