//! Distinct elements and slices: `unique`, `unique_consecutive`.

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Op, Tensors};
use crate::graph::rules::Backward;
use crate::graph::transform::Tangents;
use crate::kernels::sort::{self as kernel, Key};
use crate::launch::{NONE, launch};
use crate::ops::indexing::slices;
use crate::ops::writing::write::{self, not_differentiable};
use crate::ops::{batching, views};
use crate::tensor::Tensor;
use crate::{shape, with_element};

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

/// Distinct elements, or slices along an axis: values, inverse and counts. They have no derivative in PyTorch either.
#[derive(Clone, PartialEq, Debug)]
struct Grouped {
    consecutive: bool,
    axis: Option<usize>,
}

impl Grouped {
    /// The operation in PyTorch's library.
    fn aten(&self) -> &'static str {
        match (self.axis, self.consecutive) {
            (Some(_), _) => "unique_dim",
            (None, true) => "unique_consecutive",
            (None, false) => "_unique2",
        }
    }

    #[track_caller]
    fn of(self, input: &Tensor) -> Result<Distinct> {
        batching::refuse_dynamic(self.aten(), &[input])?;
        let results: Tensors = call_many(self, &[input])?;
        let mut results = results.into_iter();
        let mut next = || results.next().expect("three results");
        Ok(Distinct { values: next(), inverse: next(), counts: next() })
    }
}

impl Op for Grouped {
    fn name(&self) -> &str {
        match (self.axis, self.consecutive) {
            (_, true) => "UniqueConsecutiveBackward0",
            (Some(_), false) => "UniqueDimBackward0",
            (None, false) => "Unique2Backward0",
        }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        inputs[0].require_data(name(self.consecutive))?;
        match self.axis {
            None => self.elements(&inputs[0]),
            Some(axis) => self.slices(&inputs[0], axis),
        }
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        not_differentiable(self.aten())
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Err(Error::not_implemented(
            "unique",
            format!(
                "Trying to use forward AD with {} that does not support it because it has not been implemented yet",
                self.aten()
            ),
        ))
    }
}

impl Grouped {
    fn elements(&self, array: &Array) -> Result<Arrays> {
        let op = name(self.consecutive);
        let flat = array.contiguous(op)?;
        let inverse = Array::uninit(op, array.shape(), DType::I64)?;
        let (values, counts) = launch(&flat, &inverse, |x, inverse| -> Result<(Array, Array)> {
            let groups = kernel::unique(self.consecutive, x);
            groups.inverse(inverse);
            let values = Array::uninit(op, &[groups.count()], flat.dtype())?;
            let counts = Array::uninit(op, &[groups.count()], DType::I64)?;
            launch(NONE, [&values, &counts], |[], [values, counts]| {
                groups.values(x, values);
                groups.counts(counts);
            });
            Ok((values, counts))
        })?;
        Ok([values, inverse, counts].into_iter().collect())
    }

    fn slices(&self, array: &Array, axis: usize) -> Result<Arrays> {
        let op = name(self.consecutive);
        let own = array.shape();
        let size = own.get(axis).copied().unwrap_or(1);
        let others = own.iter().enumerate().filter(|(other, size)| *other != axis && **size == 0).count();
        if others > 0 && size > 0 {
            return Err(Error::runtime(
                op,
                "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied",
            ));
        }
        let _off = crate::graph::no_grad();
        // One slice per row.
        let vector = Tensor::from_array(write::at_least_vector(array));
        let moved = views::movedim(&vector, &[axis as i64], &[0])?;
        let rows = moved.array().contiguous(op)?;
        let width = rows.numel().checked_div(size).unwrap_or(0);
        let (firsts, group_of, sizes) = launch(&rows, NONE, |rows, []| {
            with_element!(rows.dtype().computed_in(), T => {
                let values = rows.as_slice::<T>().expect("rows are contiguous");
                let keys: Vec<u64> = values.iter().map(|value| value.key()).collect();
                let row = |row: usize| &values[row * width..(row + 1) * width];
                let with_nan: Vec<bool> = (0..size).map(|at| row(at).iter().any(|value| value.nan())).collect();
                groups(self.consecutive, &keys, &with_nan, width)
            })
        });
        let first = Tensor::from_slice(&firsts, &[firsts.len()])?;
        // The slices lie one behind the other.
        let values = views::movedim(&slices::select_at(&moved, 0, &first)?, &[0], &[axis as i64])?.array();
        let vector = |numbers: &[i64]| Array::from_slice(numbers, &[numbers.len()]);
        Ok([values, vector(&group_of)?, vector(&sizes)?].into_iter().collect())
    }
}

/// The distinct elements of `input`, sorted; with `consecutive` only neighbours are merged, in the order they come.
/// Every NaN is an element of its own.
#[track_caller]
pub fn unique(input: &Tensor, consecutive: bool) -> Result<Distinct> {
    Grouped { consecutive, axis: None }.of(input)
}

/// The distinct slices of `input` along an axis, in lexicographic order; with `consecutive` only neighbours are
/// merged. Every slice with a NaN is one of its own.
#[track_caller]
pub fn unique_slices(input: &Tensor, axis: i64, consecutive: bool) -> Result<Distinct> {
    let axis = shape::normalize_axis(name(consecutive), axis, input.rank())?;
    Grouped { consecutive, axis: Some(axis) }.of(input)
}

/// Groups equal rows, given by the keys of their elements: the first row of each group, the group of each row, the size of each
/// group. A row with a NaN equals none.
fn groups(consecutive: bool, keys: &[u64], with_nan: &[bool], width: usize) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
    let count = with_nan.len();
    let row = |row: usize| &keys[row * width..(row + 1) * width];
    let compare = |a: usize, b: usize| row(a).cmp(row(b));
    let mut order: Vec<usize> = (0..count).collect();
    if !consecutive {
        order.sort_by(|&a, &b| compare(a, b));
    }
    let (mut firsts, mut sizes): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    let mut group_of = vec![0i64; count];
    let mut previous = None;
    for row in order {
        if with_nan[row] || previous.is_none_or(|previous| compare(previous, row).is_ne()) {
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
