//! Distinct elements and slices: `unique`, `unique_consecutive`.

use super::write::NotDifferentiable;
use super::{index_slices, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::record::{is_recorded, record};
use crate::kernels::sort::{self as kernel, Key};
use crate::launch::{NONE, launch};
use crate::shape;
use crate::tensor::Tensor;
use crate::with_element;

/// Distinct elements: the elements, the group of each input element, the size of each group.
pub struct Distinct {
    /// One element (or slice) per group.
    pub values: Tensor,
    /// The group of each element (or slice) of the input.
    pub inverse: Tensor,
    /// Number of elements in each group.
    pub counts: Tensor,
}

fn name(consecutive: bool) -> &'static str {
    if consecutive { "unique_consecutive" } else { "unique" }
}

/// A node whose backward is an error: the distinct elements have no derivative in PyTorch.
#[track_caller]
fn without_derivative(input: &Tensor, node: &'static str, op: &'static str, values: Array) -> Result<Tensor> {
    let operand = input.operand()?;
    if is_recorded(&[&operand]) {
        return record(NotDifferentiable { node, op }, &[&operand], &[], values);
    }
    Ok(Tensor::from_array(values))
}

/// The distinct elements of `input`, sorted; with `consecutive` only neighbours are merged, in the order they come.
/// Every NaN is an element of its own.
#[track_caller]
pub fn unique(input: &Tensor, consecutive: bool) -> Result<Distinct> {
    let op = name(consecutive);
    let array = input.array();
    let flat = array.contiguous(op)?;
    let inverse = Array::uninit(op, array.shape(), DType::I64)?;
    let (values, counts) = launch(&flat, &inverse, |x, inverse| -> Result<(Array, Array)> {
        let groups = kernel::unique(consecutive, x);
        groups.inverse(inverse);
        let values = Array::uninit(op, &[groups.count()], flat.dtype())?;
        let counts = Array::uninit(op, &[groups.count()], DType::I64)?;
        launch(NONE, [&values, &counts], |[], [values, counts]| {
            groups.values(x, values);
            groups.counts(counts);
        });
        Ok((values, counts))
    })?;
    let (node, aten) = if consecutive {
        ("UniqueConsecutiveBackward0", "unique_consecutive")
    } else {
        ("Unique2Backward0", "_unique2")
    };
    Ok(Distinct {
        values: without_derivative(input, node, aten, values)?,
        inverse: Tensor::from_array(inverse),
        counts: Tensor::from_array(counts),
    })
}

/// The distinct slices of `input` along an axis, in lexicographic order; with `consecutive` only neighbours are
/// merged. Every slice with a NaN is one of its own.
#[track_caller]
pub fn unique_slices(input: &Tensor, axis: i64, consecutive: bool) -> Result<Distinct> {
    let op = name(consecutive);
    let own = input.shape();
    let at = shape::normalize_axis(op, axis, own.len())?;
    let size = own.get(at).copied().unwrap_or(1);
    let others = own.iter().enumerate().filter(|(other, size)| *other != at && **size == 0).count();
    if others > 0 && size > 0 {
        return Err(Error::runtime(
            op,
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied",
        ));
    }
    // One slice per row.
    let rows = {
        let _off = crate::graph::no_grad();
        let moved = if own.is_empty() { views::reshape(input, &[1])? } else { views::movedim(input, &[axis], &[0])? };
        moved.array().contiguous(op)?
    };
    let width = rows.numel().checked_div(size).unwrap_or(0);
    let (firsts, group_of, sizes) = launch(&rows, NONE, |rows, []| {
        with_element!(rows.dtype(), T => {
            let values = rows.as_slice::<T>().expect("rows are contiguous");
            let at = |row: usize, column: usize| values[row * width + column];
            groups(size, consecutive, |row, column| at(row, column).key(), |row, column| at(row, column).nan(), width)
        })
    });
    let firsts = Array::from_slice(&firsts, &[firsts.len()])?;
    let source = if own.is_empty() { views::reshape(input, &[1])? } else { input.clone() };
    let values = {
        let _off = crate::graph::no_grad();
        // The slices lie one behind the other.
        let moved = views::movedim(&source, &[at as i64], &[0])?;
        views::movedim(&index_slices::select_at(&moved, 0, &firsts)?, &[0], &[at as i64])?.array()
    };
    let node = if consecutive { "UniqueConsecutiveBackward0" } else { "UniqueDimBackward0" };
    Ok(Distinct {
        values: without_derivative(input, node, "unique_dim", values)?,
        inverse: Tensor::from_slice(&group_of, &[size])?,
        counts: Tensor::from_slice(&sizes, &[sizes.len()])?,
    })
}

/// Groups equal rows: the first row of each group, the group of each row, the size of each group. A row with a NaN equals
/// none.
fn groups(
    count: usize,
    consecutive: bool,
    key: impl Fn(usize, usize) -> u64,
    is_nan: impl Fn(usize, usize) -> bool,
    width: usize,
) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
    let compare = |a: usize, b: usize| {
        (0..width)
            .map(|column| key(a, column).cmp(&key(b, column)))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    };
    let mut order: Vec<usize> = (0..count).collect();
    if !consecutive {
        order.sort_by(|&a, &b| compare(a, b));
    }
    let (mut firsts, mut sizes): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    let mut group_of = vec![0i64; count];
    let mut previous = None;
    for row in order {
        let alone = (0..width).any(|column| is_nan(row, column));
        if alone || previous.is_none_or(|previous| compare(previous, row).is_ne()) {
            firsts.push(row as i64);
            sizes.push(0);
        }
        previous = Some(row);
        let group = firsts.len() - 1;
        group_of[row] = group as i64;
        sizes[group] += 1;
    }
    (firsts, group_of, sizes)
}

/// Keeps what the caller asked for, in PyTorch's order.
pub fn asked(distinct: Distinct, inverse: bool, counts: bool) -> Vec<Tensor> {
    let mut result = vec![distinct.values];
    if inverse {
        result.push(distinct.inverse);
    }
    if counts {
        result.push(distinct.counts);
    }
    result
}
