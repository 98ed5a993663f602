//! Grids, combinations and differences made of other operations: `meshgrid`, `cartesian_prod`, `combinations`,
//! `broadcast_tensors`, `diff`.

use super::joining;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::elementwise::apply;
use crate::ops::writing::copy;
use crate::ops::{indexing, rows, views};
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// The shape that shapes broadcast to.
pub fn broadcast_shapes(shapes: &[&[usize]]) -> Result<Shape> {
    let mut common = Shape::new();
    for shape in shapes {
        common = shape::broadcast("broadcast_shapes", &common, shape)?;
    }
    Ok(common)
}

/// Tensors expanded to their common shape.
#[track_caller]
pub fn broadcast_tensors(tensors: &[Tensor]) -> Result<Vec<Tensor>> {
    let shapes: Vec<Shape> = tensors.iter().map(Tensor::shape).collect();
    let shapes: Vec<&[usize]> = shapes.iter().map(Shape::as_slice).collect();
    let common = broadcast_shapes(&shapes)?;
    tensors
        .iter()
        .map(|tensor| if tensor.shape() == common { Ok(tensor.clone()) } else { views::broadcast_to(tensor, &common) })
        .collect()
}

/// One tensor per vector, all of the shape of the grid they span; axis `i` belongs to vector `i` (`"ij"`), or the
/// first two are exchanged (`"xy"`).
#[track_caller]
pub fn meshgrid(tensors: &[Tensor], indexing: &str) -> Result<Vec<Tensor>> {
    const OP: &str = "meshgrid";
    let exchanged = match indexing {
        "ij" => false,
        "xy" => tensors.len() >= 2,
        other => {
            return Err(Error::runtime(
                OP,
                format!("torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: {other}"),
            ));
        }
    };
    let Some(first) = tensors.first() else {
        return Err(Error::runtime(OP, "meshgrid expects a non-empty TensorList"));
    };
    for tensor in tensors {
        if tensor.rank() > 1 {
            return Err(Error::runtime(
                OP,
                format!(
                    "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {:?}",
                    tensor.shape().as_slice()
                ),
            ));
        }
        if tensor.dtype() != first.dtype() {
            return Err(Error::runtime(OP, "meshgrid expects all tensors to have the same dtype"));
        }
        if tensor.device() != first.device() {
            return Err(Error::runtime(OP, "meshgrid expects all tensors to have the same device"));
        }
    }
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    if exchanged {
        order.swap(0, 1);
    }
    let grid: Shape = order.iter().map(|&at| tensors[at].numel()).collect();
    let axis_of = |tensor: usize| order.iter().position(|&at| at == tensor).unwrap_or(tensor);
    tensors
        .iter()
        .enumerate()
        .map(|(at, tensor)| {
            let mut shape: Shape = grid.iter().map(|_| 1).collect();
            shape[axis_of(at)] = tensor.numel();
            views::broadcast_to(&views::reshape_to(tensor, &shape)?, &grid)
        })
        .collect()
}

fn one_axis(tensor: &Tensor) -> Result<()> {
    if tensor.rank() == 1 {
        return Ok(());
    }
    Err(Error::runtime("grids", format!("Expect a 1D vector, but got shape {:?}", tensor.shape().as_slice())))
}

/// All combinations with one element of each vector, one row each; a single vector is returned as it is.
#[track_caller]
pub fn cartesian_prod(tensors: &[Tensor]) -> Result<Tensor> {
    tensors.iter().try_for_each(one_axis)?;
    if let [only] = tensors {
        return Ok(only.clone());
    }
    let grids = meshgrid(tensors, "ij")?;
    let flat: Result<Vec<Tensor>> = grids.iter().map(|grid| views::reshape(grid, &[-1])).collect();
    joining::stack(&flat?, 1)
}

/// Number of ways to choose `r` of `size`; `None` if it does not fit.
fn choices(size: usize, r: usize) -> Option<usize> {
    if r > size {
        return Some(0);
    }
    // Each step is itself such a number, so the division is exact.
    let mut ways = 1u128;
    for taken in 1..=r.min(size - r) {
        ways = ways.checked_mul((size - taken + 1) as u128)? / taken as u128;
        usize::try_from(ways).ok()?;
    }
    usize::try_from(ways).ok()
}

/// All choices of `r` elements of a vector in their order, with or without the same one several times, one row each.
#[track_caller]
pub fn combinations(input: &Tensor, r: i64, with_replacement: bool) -> Result<Tensor> {
    const OP: &str = "combinations";
    one_axis(input)?;
    if r < 0 {
        return Err(Error::runtime(OP, format!("Expect a non-negative number, but got {r}")));
    }
    if r == 0 {
        return Ok(Tensor::from_array(Array::zeros(OP, &[0], input.dtype())?));
    }
    let (size, r) = (input.numel(), r as usize);
    let rows = if with_replacement { choices(size.saturating_sub(1).saturating_add(r), r) } else { choices(size, r) };
    // With nothing to choose from there are no rows, however long they would be.
    let rows = if size == 0 { 0 } else { rows.unwrap_or(usize::MAX) };
    let numbers = if rows == 0 { 0 } else { shape::checked_numel(OP, &[rows, r], size_of::<i64>())? };
    let mut positions: Vec<i64> = Vec::new();
    if positions.try_reserve_exact(numbers).is_err() {
        return Err(Box::new(Error::OutOfMemory { op: OP, bytes: numbers as u128 * size_of::<i64>() as u128 }));
    }
    let mut choice: Vec<usize> = match (rows, with_replacement) {
        (0, _) => Vec::new(),
        (_, true) => vec![0; r],
        (_, false) => (0..r).collect(),
    };
    while !choice.is_empty() {
        positions.extend(choice.iter().map(|&position| position as i64));
        // The last place that can still move on.
        let most = |place: usize| if with_replacement { size - 1 } else { size - r + place };
        let Some(place) = (0..r).rev().find(|&place| choice[place] < most(place)) else { break };
        let next = choice[place] + 1;
        for (step, position) in choice[place..].iter_mut().enumerate() {
            *position = if with_replacement { next } else { next + step };
        }
    }
    let index = Tensor::from_slice(&positions, &[rows, r])?;
    indexing::index_get(input, &[Some(index)])
}

/// Differences of neighbours along an axis, taken `n` times; `prepend` and `append` are joined to the input first.
/// Truth values differ where one is true and the other is not.
#[track_caller]
pub fn diff(input: &Tensor, n: i64, axis: i64, prepend: Option<&Tensor>, append: Option<&Tensor>) -> Result<Tensor> {
    const OP: &str = "diff";
    if input.rank() == 0 {
        return Err(Error::runtime(OP, "diff expects input to be at least one-dimensional"));
    }
    if n < 0 {
        return Err(Error::runtime(OP, format!("order must be non-negative but got {n}")));
    }
    let at = shape::normalize_axis(OP, axis, input.rank())?;
    for (name, tensor) in [("prepend", prepend), ("append", append)] {
        if let Some(tensor) = tensor
            && tensor.rank() != input.rank()
        {
            let (given, own) = (tensor.rank(), input.rank());
            let reason = format!(
                "diff expects prepend or append to be the same dimension as input, got {given} axes of {name} and {own}"
            );
            return Err(Error::runtime(OP, reason));
        }
        let fits = |tensor: &Tensor| {
            let (given, own) = (tensor.shape(), input.shape());
            (0..own.len()).all(|axis| axis == at || given[axis] == own[axis])
        };
        if let Some(tensor) = tensor.filter(|tensor| !fits(tensor)) {
            let reason = format!(
                "diff expects the shape of tensor to prepend or append to match that of input except along the differencing \
                 dimension; input.shape = {:?}, but got {name}.shape = {:?}",
                input.shape(),
                tensor.shape()
            );
            return Err(Error::runtime(OP, reason));
        }
    }
    if n == 0 {
        // What is joined to the input serves its differences alone.
        return copy::clone(input);
    }
    let mut line: Vec<Tensor> = Vec::new();
    line.extend(prepend.cloned());
    line.push(input.clone());
    line.extend(append.cloned());
    let mut result = if line.len() > 1 { joining::cat(&line, axis)? } else { input.clone() };
    let row = if result.dtype() == DType::Bool { &rows::logical_xor::ROW } else { &rows::sub::ROW };
    let size = result.shape()[at] as i64;
    if result.numel() == 0 {
        // As empty after each step, of which there may be any number.
        return copy::clone_contiguous(&views::narrow(&result, axis, 0, size - n.min(size))?);
    }
    for _ in 0..n.min(size + 1) {
        let size = result.shape()[at] as i64;
        let length = (size - 1).max(0);
        let later = views::narrow(&result, axis, size.min(1), length)?;
        let earlier = views::narrow(&result, axis, 0, length)?;
        result = apply(row, &[], &[(&later).into(), (&earlier).into()])?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_counted_without_overflow() {
        assert_eq!(choices(5, 2), Some(10));
        assert_eq!(choices(3, 4), Some(0));
        assert_eq!(choices(64, 32), Some(1_832_624_140_942_590_534));
        assert_eq!(choices(200, 100), None);
        assert_eq!(choices(usize::MAX, 1), Some(usize::MAX));
    }

    #[test]
    fn as_many_combinations_as_are_counted() {
        let vector = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], &[4]).unwrap();
        for r in 1..6 {
            let rows = |with| combinations(&vector, r, with).unwrap().shape()[0];
            assert_eq!(Some(rows(false)), choices(4, r as usize));
            assert_eq!(Some(rows(true)), choices(3 + r as usize, r as usize));
        }
    }
}
