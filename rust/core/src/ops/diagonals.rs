//! Diagonals and triangles of matrices: `diag`, `diag_embed`, `trace`, `tril`, `triu`.

use smallvec::SmallVec;

use super::reduce;
use super::views::{self, ViewOp};
use super::write::{Target, Write};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{is_recorded, record};
use crate::kernels::fill::fill;
use crate::launch::{NONE, launch};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// The view of a diagonal, the axes checked.
pub(super) fn place(shape: &[usize], offset: i64, axis1: i64, axis2: i64) -> Result<ViewOp> {
    let rank = shape.len();
    let (first, second) =
        (shape::normalize_axis("diagonal", axis1, rank)?, shape::normalize_axis("diagonal", axis2, rank)?);
    if first == second {
        return Err(Error::runtime("diagonal", format!("diagonal dimensions cannot be identical {axis1}, {axis2}")));
    }
    Ok(ViewOp::Diagonal { offset, axis1: first, axis2: second })
}

// ---- diagonals -----------------------------------------------------------------------------------------------------

struct DiagonalEmbedded {
    offset: i64,
    axes: (i64, i64),
}

impl Op for DiagonalEmbedded {
    fn name(&self) -> &str {
        "DiagEmbedBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = views::diagonal(&cx.only_grad(), self.offset, self.axes.0, self.axes.1)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// Matrices (in `axis1` and `axis2` of the result) with the last axis of `input` on a diagonal and zeros elsewhere.
#[track_caller]
pub fn diag_embed(input: &Tensor, offset: i64, axis1: i64, axis2: i64) -> Result<Tensor> {
    const OP: &str = "diag_embed";
    let operand = input.operand()?;
    let own = operand.array.shape();
    let rank = own.len() + 1;
    let (first, second) = (shape::normalize_axis(OP, axis1, rank)?, shape::normalize_axis(OP, axis2, rank)?);
    let Some((&length, outer)) = own.split_last() else {
        return Err(Error::index(OP, "diag_embed expects at least a 1-dimensional tensor, got one without axes"));
    };
    if first == second {
        return Err(Error::runtime(OP, format!("diagonal dimensions cannot be identical {axis1}, {axis2}")));
    }
    let size = usize::try_from(offset.unsigned_abs())
        .ok()
        .and_then(|offset| length.checked_add(offset))
        .ok_or_else(|| Error::OutOfMemory { op: OP, bytes: u128::MAX })?;
    let mut shape: Shape = outer.into();
    for axis in [first.min(second), first.max(second)] {
        shape.insert(axis, size);
    }
    let output = Array::zeros(OP, &shape, operand.array.dtype())?;
    ViewOp::Diagonal { offset, axis1: first, axis2: second }.apply(&output)?.copy_from(&operand.array);
    if is_recorded(&[&operand]) {
        let rule = DiagonalEmbedded { offset, axes: (first as i64, second as i64) };
        return record(rule, &[&operand], &[], output);
    }
    Ok(Tensor::from_array(output))
}

struct DiagonalCopied {
    place: ViewOp,
    shape: Shape,
}

impl Op for DiagonalCopied {
    fn name(&self) -> &str {
        "DiagonalBackward0_copy"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = views::embed(&cx.only_grad(), &self.shape, &self.place, false)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// A matrix with the vector `input` on a diagonal, or a copy of a diagonal of the matrix `input`.
#[track_caller]
pub fn diag(input: &Tensor, offset: i64) -> Result<Tensor> {
    match input.rank() {
        1 => diag_embed(input, offset, 0, 1),
        2 => {
            let operand = input.operand()?;
            let place = ViewOp::Diagonal { offset, axis1: 0, axis2: 1 };
            let output = place.apply(&operand.array)?.to_dtype_contiguous("diag", operand.array.dtype())?;
            if is_recorded(&[&operand]) {
                let rule = DiagonalCopied { place, shape: operand.array.shape().into() };
                return record(rule, &[&operand], &[], output);
            }
            Ok(Tensor::from_array(output))
        }
        rank => Err(Error::runtime("diag", format!("diag(): Supports 1D or 2D tensors. Got {rank}D"))),
    }
}

/// A matrix with the elements of `input`, flattened, on a diagonal.
#[track_caller]
pub fn diagflat(input: &Tensor, offset: i64) -> Result<Tensor> {
    diag_embed(&views::reshape(input, &[-1])?, offset, 0, 1)
}

struct DiagonalSummed {
    shape: Shape,
}

impl Op for DiagonalSummed {
    fn name(&self) -> &str {
        "TraceBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let length = self.shape[0].min(self.shape[1]);
        let grad = views::broadcast_to(&cx.only_grad(), &[length])?;
        let place = ViewOp::Diagonal { offset: 0, axis1: 0, axis2: 1 };
        let grad = views::embed(&grad, &self.shape, &place, false)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// Sum of the diagonal of a matrix; integers and `bool` give `int64`.
#[track_caller]
pub fn trace(input: &Tensor) -> Result<Tensor> {
    if input.rank() != 2 {
        return Err(Error::runtime(
            "trace",
            format!("trace: expected a matrix, but got tensor with dim {}", input.rank()),
        ));
    }
    let operand = input.operand()?;
    if operand.array.dtype() == DType::Bool {
        return Err(Error::not_for("trace", DType::Bool));
    }
    let output = {
        let _off = crate::graph::no_grad();
        let diagonal = ViewOp::Diagonal { offset: 0, axis1: 0, axis2: 1 }.apply(&operand.array)?;
        reduce::sum(&Tensor::from_array(diagonal), None, false, None)?.array()
    };
    if is_recorded(&[&operand]) {
        return record(DiagonalSummed { shape: operand.array.shape().into() }, &[&operand], &[], output);
    }
    Ok(Tensor::from_array(output))
}

// ---- triangles -----------------------------------------------------------------------------------------------------

/// The lower or the upper triangle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Triangle {
    /// On and below a diagonal.
    Lower,
    /// On and above a diagonal.
    Upper,
}

impl Triangle {
    fn op(self) -> &'static str {
        if self == Self::Lower { "tril" } else { "triu" }
    }

    /// The columns of a row that belong to the triangle.
    fn columns(self, row: usize, columns: usize, diagonal: i64) -> std::ops::Range<usize> {
        let edge = |edge: i64| edge.clamp(0, columns as i64) as usize;
        let on = (row as i64).saturating_add(diagonal);
        match self {
            Self::Lower => 0..edge(on.saturating_add(1)),
            Self::Upper => edge(on)..columns,
        }
    }
}

impl Triangle {
    /// The rows that have elements in the triangle, and the number of elements, without a look at each row: there may
    /// be very many without any.
    fn extent(self, rows: i64, columns: i64, diagonal: i64) -> (std::ops::Range<usize>, u128) {
        if columns == 0 {
            return (0..0, 0);
        }
        let (rows, columns) = (i128::from(rows), i128::from(columns));
        // In row r the lower triangle has r + first elements, at least none and at most all.
        let lower = |first: i128| {
            let start = (1 - first).clamp(0, rows);
            let full = (columns - first).clamp(start, rows);
            let growing = (full - start) * (start + full - 1 + 2 * first) / 2;
            (start, growing + (rows - full) * columns)
        };
        let diagonal = i128::from(diagonal);
        let (occupied, count) = match self {
            Self::Lower => {
                let (start, count) = lower(diagonal + 1);
                (start..rows, count)
            }
            Self::Upper => (0..(columns - diagonal).clamp(0, rows), rows * columns - lower(diagonal).1),
        };
        (occupied.start as usize..occupied.end as usize, count as u128)
    }
}

struct TriangleKept {
    triangle: Triangle,
    diagonal: i64,
}

impl Op for TriangleKept {
    fn name(&self) -> &str {
        if self.triangle == Triangle::Lower { "TrilBackward0" } else { "TriuBackward0" }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = triangle(&cx.only_grad(), self.triangle, self.diagonal, false)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// The triangle of matrices up to (or from) a diagonal, zeros elsewhere: `tril`, `triu`.
#[track_caller]
pub fn triangle(input: &Tensor, triangle: Triangle, diagonal: i64, in_place: bool) -> Result<Tensor> {
    let op = triangle.op();
    let target = &Target::new(input, in_place)?;
    let shape = target.array().shape();
    let rank = shape.len();
    if rank < 2 {
        return Err(Error::runtime(op, format!("{op}: input tensor must have at least 2 dimensions")));
    }
    let (rows, columns) = (shape[rank - 2], shape[rank - 1]);
    let write = Write { in_order: true, ..Write::row_major(op, target) };
    write.run(
        || TriangleKept { triangle, diagonal },
        &[],
        |held, array| {
            if array.numel() == 0 {
                return Ok(());
            }
            for row in 0..rows {
                let kept = triangle.columns(row, columns, diagonal);
                let line = array.select(rank - 2, row);
                for (start, end) in [(0, kept.start), (kept.end.max(kept.start), columns)] {
                    if start < end {
                        let part = line.slice(rank - 2, start, end - start, 1);
                        held.launch_in_order(NONE, &part, |[], out| fill(out, Scalar::Int(0)));
                    }
                }
            }
            Ok(())
        },
    )
}

/// The positions of the elements of a triangle of a matrix, row-major: two rows, of row and column numbers.
pub fn triangle_indices(rows: i64, columns: i64, offset: i64, triangle: Triangle, dtype: DType) -> Result<Tensor> {
    let op = if triangle == Triangle::Lower { "tril_indices" } else { "triu_indices" };
    if rows < 0 || columns < 0 {
        let (what, size) = if rows < 0 { ("row", rows) } else { ("col", columns) };
        return Err(Error::runtime(op, format!("{what} must be non-negative, got {size}")));
    }
    if !matches!(dtype, DType::I64 | DType::I32 | DType::I16 | DType::I8 | DType::U8) {
        return Err(Error::not_for(op, dtype));
    }
    let (occupied, count) = triangle.extent(rows, columns, offset);
    // Two numbers of eight bytes each.
    let bytes = count.saturating_mul(16);
    let count = usize::try_from(count).map_err(|_| Error::OutOfMemory { op, bytes })?;
    shape::checked_numel(op, &[2, count], 8)?;
    let output = Array::uninit(op, &[2, count], DType::I64)?;
    launch(NONE, &output, |[], mut out| {
        let (row_numbers, column_numbers) = out.as_slice::<i64>().expect("a new array").split_at_mut(count);
        let places =
            occupied.flat_map(|row| triangle.columns(row, columns as usize, offset).map(move |column| (row, column)));
        for ((row, column), (row_to, column_to)) in places.zip(row_numbers.iter_mut().zip(column_numbers)) {
            (*row_to, *column_to) = (row as i64, column as i64);
        }
    });
    Ok(Tensor::from_array(output.cast(op, dtype)?))
}

// ---- blocks --------------------------------------------------------------------------------------------------------

struct Blocks {
    /// Where each block starts and what shape it has, as given.
    places: Vec<([usize; 2], Shape)>,
}

impl Op for Blocks {
    fn name(&self) -> &str {
        "BlockDiagBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        for (input, (start, shape)) in self.places.iter().enumerate() {
            if cx.needs(input) {
                let [rows, columns] = matrix_shape(shape);
                let part = views::narrow(&grad, 0, start[0] as i64, rows as i64)?;
                let part = views::narrow(&part, 1, start[1] as i64, columns as i64)?;
                cx.put(input, views::reshape_to(&part, shape)?);
            }
        }
        Ok(())
    }
}

/// A vector is a row, a number a matrix of one element.
fn matrix_shape(shape: &[usize]) -> [usize; 2] {
    match *shape {
        [rows, columns] => [rows, columns],
        [columns] => [1, columns],
        _ => [1, 1],
    }
}

/// A matrix with the given matrices (vectors count as rows) along its diagonal and zeros elsewhere.
#[track_caller]
pub fn block_diag(tensors: &[Tensor]) -> Result<Tensor> {
    const OP: &str = "block_diag";
    let operands: Result<Vec<_>> = tensors.iter().map(Tensor::operand).collect();
    let operands = operands?;
    if let Some(deep) = operands.iter().find(|operand| operand.array.rank() > 2) {
        return Err(Error::runtime(
            OP,
            format!("block_diag: Input tensors must have 2 or fewer dimensions, got {}", deep.array.rank()),
        ));
    }
    let dtype = operands.iter().map(|operand| operand.array.dtype()).reduce(DType::promote);
    let mut places = Vec::new();
    let mut size = [0usize; 2];
    for operand in &operands {
        places.push((size, Shape::from_slice(operand.array.shape())));
        let [rows, columns] = matrix_shape(operand.array.shape());
        size = [size[0] + rows, size[1] + columns];
    }
    // Nothing at all is a matrix of one row without elements, as in PyTorch.
    let (size, dtype) = dtype.map_or(([1, 0], crate::default_dtype()), |dtype| (size, dtype));
    let output = Array::zeros(OP, &size, dtype)?;
    for (operand, (start, shape)) in operands.iter().zip(&places) {
        let [rows, columns] = matrix_shape(shape);
        let part = output.slice(0, start[0], rows, 1).slice(1, start[1], columns, 1);
        part.copy_from(&operand.array);
    }
    let inputs: SmallVec<[&crate::tensor::Operand; 4]> = operands.iter().collect();
    if is_recorded(&inputs) && dtype.is_differentiable() {
        return record(Blocks { places }, &inputs, &[], output);
    }
    Ok(Tensor::from_array(output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_triangles_are_counted_without_a_look_at_each_row() {
        for (rows, columns) in [(0, 3), (3, 0), (1, 1), (3, 5), (5, 3), (4, 4)] {
            for diagonal in -7..=7 {
                for triangle in [Triangle::Lower, Triangle::Upper] {
                    let lengths: Vec<usize> =
                        (0..rows as usize).map(|row| triangle.columns(row, columns as usize, diagonal).len()).collect();
                    let (occupied, count) = triangle.extent(rows, columns, diagonal);
                    assert_eq!(
                        count,
                        lengths.iter().sum::<usize>() as u128,
                        "{triangle:?} {rows} {columns} {diagonal}"
                    );
                    let inside: usize = lengths[occupied].iter().sum();
                    assert_eq!(inside as u128, count, "{triangle:?} {rows} {columns} {diagonal}");
                }
            }
        }
        let most = i64::MAX;
        assert_eq!(Triangle::Upper.extent(most, most, -most).1, most as u128 * most as u128);
        assert_eq!(Triangle::Lower.extent(most, 3, -most + 1), (most as usize - 1..most as usize, 1));
        assert_eq!(Triangle::Lower.extent(most, most, i64::MIN), (most as usize..most as usize, 0));
    }
}
