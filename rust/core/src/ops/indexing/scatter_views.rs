//! Copies in which the part that a view shows is replaced: `select_scatter`, `slice_scatter`, `diagonal_scatter`.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::ops::batching;
use crate::ops::views::{self, ViewOp, diagonals};
use crate::ops::writing::copy;
use crate::shape;
use crate::tensor::Tensor;

/// A copy of the first input in which the part that a view shows is replaced by the second.
#[derive(Clone, PartialEq, Debug)]
struct PartWritten {
    name: &'static str,
    place: ViewOp,
}

impl Op for PartWritten {
    fn name(&self) -> &str {
        self.name
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "scatter_view";
        let part = &inputs[1];
        let result = inputs[0].duplicate_strided(OP)?;
        let shown = self.place.apply(&result)?;
        if shown.shape() != part.shape() {
            return Err(Error::shapes(
                OP,
                shown.shape(),
                part.shape(),
                "expected src to have a size equal to the slice of self",
            ));
        }
        shown.copy_from(part);
        Ok(smallvec![result])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let shown = views::view_of(&grad, "SliceBackward0", self.place.clone())?;
        if cx.needs(0) {
            let zeros = Tensor::from_array(Array::zeros(self.name, &shown.shape(), grad.dtype())?);
            let own = call(self.clone(), &[&grad, &zeros])?;
            cx.put(0, own);
        }
        if cx.needs(1) {
            // A copy: the gradient must not share memory with what becomes the other input's.
            cx.put(1, copy::clone(&shown)?);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.jointly_linear(2, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let each = Self { name: self.name, place: self.place.of_each(cx.size())? };
        let parts: Result<SmallVec<[Tensor; 2]>> =
            (0..2).map(|input| batching::front(cx.input(input), cx.size())).collect();
        let parts = parts?;
        cx.put(call(each, &[&parts[0], &parts[1]])?, Some(0));
        Ok(())
    }
}

#[track_caller]
fn write_part(input: &Tensor, part: &Tensor, name: &'static str, place: ViewOp) -> Result<Tensor> {
    call(PartWritten { name, place }, &[input, part])
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
