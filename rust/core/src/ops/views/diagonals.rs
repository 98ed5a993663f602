//! Diagonals and triangles of matrices: `diag`, `diag_embed`, `trace`, `tril`, `triu`.

use smallvec::{SmallVec, smallvec};

use super::ViewOp;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::fill::fill;
use crate::launch::{Held, NONE, launch};
use crate::ops::arranging::{joining, padding};
use crate::ops::batching;
use crate::ops::reductions::reduce;
use crate::ops::views::{self};
use crate::ops::writing::write::{self, Reads, Writing};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// The view of a diagonal, the axes checked.
pub(in crate::ops) fn place(shape: &[usize], offset: i64, axis1: i64, axis2: i64) -> Result<ViewOp> {
    let rank = shape.len();
    let (first, second) =
        (shape::normalize_axis("diagonal", axis1, rank)?, shape::normalize_axis("diagonal", axis2, rank)?);
    if first == second {
        return Err(Error::runtime("diagonal", format!("diagonal dimensions cannot be identical {axis1}, {axis2}")));
    }
    Ok(ViewOp::Diagonal { offset, axis1: first, axis2: second })
}

// ---- diagonals -----------------------------------------------------------------------------------------------------

/// Matrices with the last axis of the input on a diagonal and zeros elsewhere.
#[derive(Clone, PartialEq, Debug)]
struct DiagonalEmbedded {
    offset: i64,
    axes: [usize; 2],
}

impl Op for DiagonalEmbedded {
    fn name(&self) -> &str {
        "DiagEmbedBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "diag_embed";
        let (array, [first, second]) = (&inputs[0], self.axes);
        let Some((&length, outer)) =
            array.shape().split_last().filter(|(_, outer)| outer.len() + 2 > first.max(second))
        else {
            return Err(Error::index(OP, "diag_embed expects at least a 1-dimensional tensor, got one without axes"));
        };
        let size = usize::try_from(self.offset.unsigned_abs())
            .ok()
            .and_then(|offset| length.checked_add(offset))
            .ok_or_else(|| Error::OutOfMemory { op: OP, bytes: u128::MAX })?;
        let mut shape: Shape = outer.into();
        for axis in [first.min(second), first.max(second)] {
            shape.insert(axis, size);
        }
        let output = Array::zeros(OP, &shape, array.dtype())?;
        let place = ViewOp::Diagonal { offset: self.offset, axis1: first, axis2: second };
        place.apply(&output)?.copy_from(array);
        Ok(smallvec![output])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let [first, second] = self.axes.map(|axis| axis as i64);
        let grad = views::diagonal(&cx.only_grad(), self.offset, first, second)?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let each = Self { offset: self.offset, axes: self.axes.map(|axis| axis + 1) };
        cx.put(call(each, &[&whole])?, Some(0));
        Ok(())
    }
}

/// Matrices (in `axis1` and `axis2` of the result) with the last axis of `input` on a diagonal and zeros elsewhere.
#[track_caller]
pub fn diag_embed(input: &Tensor, offset: i64, axis1: i64, axis2: i64) -> Result<Tensor> {
    const OP: &str = "diag_embed";
    let rank = input.rank() + 1;
    let axes = [shape::normalize_axis(OP, axis1, rank)?, shape::normalize_axis(OP, axis2, rank)?];
    if rank > 1 && axes[0] == axes[1] {
        return Err(Error::runtime(OP, format!("diagonal dimensions cannot be identical {axis1}, {axis2}")));
    }
    call(DiagonalEmbedded { offset, axes }, &[input])
}

/// A copy of the diagonal of two axes, as the last axis.
#[derive(Clone, PartialEq, Debug)]
struct DiagonalCopied {
    offset: i64,
    axes: [usize; 2],
    /// Of the input.
    shape: Shape,
}

impl DiagonalCopied {
    fn place(&self) -> ViewOp {
        ViewOp::Diagonal { offset: self.offset, axis1: self.axes[0], axis2: self.axes[1] }
    }
}

impl Op for DiagonalCopied {
    fn name(&self) -> &str {
        "DiagonalBackward0_copy"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        check_shape("diag", &inputs[0], &self.shape)?;
        Ok(smallvec![self.place().apply(&inputs[0])?.to_dtype_contiguous("diag", inputs[0].dtype())?])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = views::embed(&cx.only_grad(), &self.shape, &self.place(), false)?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let each = Self { offset: self.offset, axes: self.axes.map(|axis| axis + 1), shape: whole.shape() };
        cx.put(call(each, &[&whole])?, Some(0));
        Ok(())
    }
}

/// The input still has the shape that the attributes were made for.
fn check_shape(op: &'static str, array: &Array, shape: &[usize]) -> Result<()> {
    if array.shape() == shape {
        return Ok(());
    }
    Err(Error::runtime(op, "another thread has given the input another shape meanwhile"))
}

/// A matrix with the vector `input` on a diagonal, or a copy of a diagonal of the matrix `input`.
#[track_caller]
pub fn diag(input: &Tensor, offset: i64) -> Result<Tensor> {
    match input.rank() {
        1 => diag_embed(input, offset, 0, 1),
        2 => call(DiagonalCopied { offset, axes: [0, 1], shape: input.shape() }, &[input]),
        rank => Err(Error::runtime("diag", format!("diag(): Supports 1D or 2D tensors. Got {rank}D"))),
    }
}

/// A matrix with the elements of `input`, flattened, on a diagonal.
#[track_caller]
pub fn diagflat(input: &Tensor, offset: i64) -> Result<Tensor> {
    diag_embed(&views::reshape(input, &[-1])?, offset, 0, 1)
}

/// The sum of the diagonal of a matrix.
#[derive(Clone, PartialEq, Debug)]
struct DiagonalSummed {
    shape: Shape,
}

impl Op for DiagonalSummed {
    fn name(&self) -> &str {
        "TraceBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        check_shape("trace", &inputs[0], &self.shape)?;
        let _off = crate::graph::no_grad();
        let diagonal = DIAGONAL.apply(&inputs[0])?;
        Ok(smallvec![reduce::sum(&Tensor::from_array(diagonal), None, false, None)?.array()])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let length = self.shape[0].min(self.shape[1]);
        let grad = views::broadcast_to(&cx.only_grad(), &[length])?;
        let grad = views::embed(&grad, &self.shape, &DIAGONAL, false)?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let diagonals = views::diagonal(&batching::front(cx.input(0), cx.size())?, 0, 1, 2)?;
        cx.put(reduce::sum(&diagonals, Some(&[1]), false, None)?, Some(0));
        Ok(())
    }
}

/// The main diagonal of a matrix.
const DIAGONAL: ViewOp = ViewOp::Diagonal { offset: 0, axis1: 0, axis2: 1 };

/// Sum of the diagonal of a matrix; integers and `bool` give `int64`.
#[track_caller]
pub fn trace(input: &Tensor) -> Result<Tensor> {
    let shape = input.shape();
    if shape.len() != 2 {
        return Err(Error::runtime(
            "trace",
            format!("trace: expected a matrix, but got tensor with dim {}", shape.len()),
        ));
    }
    if input.dtype() == DType::Bool {
        return Err(Error::not_for("trace", DType::Bool));
    }
    call(DiagonalSummed { shape }, &[input])
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

/// Matrices with zeros outside of a triangle.
#[derive(Clone, PartialEq, Debug)]
struct TriangleKept {
    triangle: Triangle,
    diagonal: i64,
}

impl Op for TriangleKept {
    fn name(&self) -> &str {
        if self.triangle == Triangle::Lower { "TrilBackward0" } else { "TriuBackward0" }
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        write::into_copy(self, inputs)
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.call(self.clone(), &[From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        cx.put(call(self.clone(), &[&whole])?, Some(0));
        Ok(())
    }
}

impl Writing for TriangleKept {
    fn op(&self) -> &'static str {
        self.triangle.op()
    }

    fn in_order(&self) -> bool {
        true
    }

    fn reads(&self, inputs: &Inputs<'_>, _reads: &mut Reads<'_>) -> Result<()> {
        if inputs[0].rank() >= 2 {
            return Ok(());
        }
        Err(Error::runtime(self.op(), format!("{}: input tensor must have at least 2 dimensions", self.op())))
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, _reads: &[&Array]) -> Result<()> {
        let rank = target.rank();
        let (rows, columns) = (target.shape()[rank - 2], target.shape()[rank - 1]);
        if target.numel() == 0 {
            return Ok(());
        }
        for row in 0..rows {
            let kept = self.triangle.columns(row, columns, self.diagonal);
            let line = target.select(rank - 2, row);
            for (start, end) in [(0, kept.start), (kept.end.max(kept.start), columns)] {
                if start < end {
                    let part = line.slice(rank - 2, start, end - start, 1);
                    held.launch_stored(NONE, &part, |[], out| fill(out, Scalar::Int(0)));
                }
            }
        }
        Ok(())
    }
}

/// The triangle of matrices up to (or from) a diagonal, zeros elsewhere: `tril`, `triu`.
#[track_caller]
pub fn triangle(input: &Tensor, triangle: Triangle, diagonal: i64, in_place: bool) -> Result<Tensor> {
    write::written(TriangleKept { triangle, diagonal }, in_place, &[input])
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

/// A matrix with the inputs along its diagonal.
#[derive(Clone, PartialEq, Debug)]
struct Blocks {
    /// Shapes of the inputs.
    shapes: SmallVec<[Shape; 4]>,
}

/// Where blocks start, and their sizes.
type Places = SmallVec<[([usize; 2], [usize; 2]); 4]>;

impl Blocks {
    /// Where each block starts and its size, and the size of all.
    fn places(&self) -> (Places, [usize; 2]) {
        let mut end = [0usize; 2];
        let mut places = SmallVec::new();
        for shape in &self.shapes {
            let size = matrix_shape(shape);
            places.push((end, size));
            end = [end[0] + size[0], end[1] + size[1]];
        }
        (places, end)
    }
}

impl Op for Blocks {
    fn name(&self) -> &str {
        "BlockDiagBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "block_diag";
        let dtype = inputs.iter().map(Array::dtype).reduce(DType::promote).unwrap_or(DType::F32);
        let (places, size) = self.places();
        let output = Array::zeros(OP, &size, dtype)?;
        for ((array, shape), ([row, column], [rows, columns])) in inputs.iter().zip(&self.shapes).zip(places) {
            check_shape(OP, array, shape)?;
            output.slice(0, row, rows, 1).slice(1, column, columns, 1).copy_from(array);
        }
        Ok(smallvec![output])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let places = self.places().0;
        for (input, (shape, ([row, column], [rows, columns]))) in self.shapes.iter().zip(places).enumerate() {
            if cx.needs(input) {
                let part = views::narrow(&grad, 0, row as i64, rows as i64)?;
                let part = views::narrow(&part, 1, column as i64, columns as i64)?;
                cx.put(input, views::reshape_to(&part, shape)?);
            }
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.jointly_linear(cx.inputs(), self)
    }

    /// Rows of blocks, each with zeros to its left and right.
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (places, [_, width]) = self.places();
        let mut lines: Vec<Tensor> = Vec::new();
        for (input, ([_, column], [rows, columns])) in places.into_iter().enumerate() {
            let whole = batching::front(cx.input(input), cx.size())?;
            let whole = views::reshape_to(&whole, &[cx.size(), rows, columns])?;
            let pads = [column as i64, (width - column - columns) as i64];
            lines.push(padding::constant_pad(&whole, &pads, Scalar::Int(0))?);
        }
        cx.put(joining::cat(&lines, 1)?, Some(0));
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
    let shapes: SmallVec<[Shape; 4]> = tensors.iter().map(Tensor::shape).collect();
    if let Some(deep) = shapes.iter().find(|shape| shape.len() > 2) {
        return Err(Error::runtime(
            "block_diag",
            format!("block_diag: Input tensors must have 2 or fewer dimensions, got {}", deep.len()),
        ));
    }
    if tensors.is_empty() {
        // Nothing at all is a matrix of one row without elements, as in PyTorch.
        return Ok(Tensor::from_array(Array::zeros("block_diag", &[1, 0], crate::default_dtype())?));
    }
    let inputs: SmallVec<[&Tensor; 4]> = tensors.iter().collect();
    call(Blocks { shapes }, &inputs)
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
