//! Where values belong: `searchsorted`, `bucketize`, `isin`, `bincount`, `histc`.

use std::sync::atomic::{AtomicBool, Ordering};

use smallvec::smallvec;

use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::call::call_first;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::sort::{self as kernel, SearchSize};
use crate::launch::{NONE, launch};
use crate::ops::elementwise::{apply, resolve};
use crate::ops::indexing::slices;
use crate::ops::writing::copy;
use crate::ops::writing::write::{NOT_DIFFERENTIABLE, no_tangent, not_differentiable};
use crate::ops::{batching, rows, sorting, views};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::{shape, with_element};

/// `side` and `right` say the same thing in two ways.
pub fn is_right(op: &'static str, side: Option<&str>, right: bool) -> Result<bool> {
    match side {
        None => Ok(right),
        Some("left") if right => Err(Error::runtime(
            op,
            format!("{op}(): side and right can't be set to opposites, got side of left while right was True"),
        )),
        Some("left") => Ok(false),
        Some("right") => Ok(true),
        Some(other) => Err(Error::runtime(op, format!("{op}(): side can only be 'left' or 'right' but got {other}"))),
    }
}

/// Where each of `values` would be inserted into the ascending last axis of `sequence` to keep it ascending: before
/// equal elements, or after them if `right`. `sequence` is a vector, or has the leading axes of `values`. `sorter`
/// holds the order of `sequence` where that is not ascending itself. With `narrow` the result is `int32`.
pub fn searchsorted(
    sequence: &Tensor,
    values: &Tensor,
    right: bool,
    sorter: Option<&Tensor>,
    narrow: bool,
) -> Result<Tensor> {
    static TOLD: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
    let lies_apart = |tensor: &Tensor| !shape::is_contiguous(&tensor.shape(), &tensor.shown_strides());
    let operands = [(Some(values), "input value"), (Some(sequence), "boundary"), (sorter, "sorter")];
    for ((tensor, what), told) in operands.into_iter().zip(&TOLD) {
        // All of it is copied first.
        if tensor.is_some_and(lies_apart) && !told.swap(true, Ordering::Relaxed) {
            crate::warning::warn("searchsorted", || {
                format!(
                    "torch.searchsorted(): {what} tensor is non-contiguous, this will lower the performance due to extra data copy \
                     when converting non-contiguous tensor to contiguous, please use contiguous {what} tensor if possible. This \
                     message will only appear once per program."
                )
            })?;
        }
    }
    places(sequence, values, right, sorter, narrow)
}

/// [`searchsorted`], however the operands lie.
fn places(sequence: &Tensor, values: &Tensor, right: bool, sorter: Option<&Tensor>, narrow: bool) -> Result<Tensor> {
    const OP: &str = "searchsorted";
    let (boundaries, wanted) = (sequence.shape(), values.shape());
    let Some((&len, outer)) = boundaries.split_last() else {
        return Err(Error::runtime(
            OP,
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension",
        ));
    };
    let shared = boundaries.len() == 1;
    if wanted.is_empty() && !shared {
        return Err(Error::runtime(
            OP,
            format!(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim({})",
                boundaries.len()
            ),
        ));
    }
    if !shared && (wanted.len() != boundaries.len() || wanted[..wanted.len() - 1] != *outer) {
        return Err(Error::runtime(
            OP,
            format!(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, but we got boundaries tensor {:?} and input value tensor {:?}",
                boundaries.as_slice(),
                wanted.as_slice()
            ),
        ));
    }
    if let Some(sorter) = sorter {
        check_sorter(sorter, &boundaries)?;
    }
    if narrow && len > i32::MAX as usize {
        return Err(Error::runtime(
            OP,
            format!(
                "torch.searchsorted(): the size of boundaries' last dimension should be less than {}, but we got {len}",
                i32::MAX
            ),
        ));
    }
    call_first(SearchSorted { right, narrow }, &[Some(sequence), Some(values), sorter])
}

/// See [`searchsorted`].
#[derive(Clone, PartialEq, Debug)]
struct SearchSorted {
    right: bool,
    narrow: bool,
}

impl Op for SearchSorted {
    fn name(&self) -> &str {
        "SearchsortedBackward0"
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "searchsorted";
        let (sequence, values) = (&inputs[0], &inputs[1]);
        let (boundaries, wanted) = (sequence.shape(), values.shape());
        let shared = boundaries.len() == 1;
        let fits = |outer: &[usize]| wanted.split_last().is_some_and(|(_, rows)| rows == outer);
        let Some((&len, outer)) = boundaries.split_last().filter(|(_, outer)| shared || fits(outer)) else {
            return Err(Error::runtime(OP, "another thread has given an input another shape meanwhile"));
        };
        let order = inputs.get(2).map(|sorter| checked_order(sorter, boundaries)).transpose()?;
        let dtype = sequence.dtype().promote(values.dtype());
        let (x, v) = (sequence.cast(OP, dtype)?.contiguous(OP)?, values.cast(OP, dtype)?.contiguous(OP)?);
        let output = Array::uninit(OP, wanted, DType::I64)?;
        if output.numel() > 0 {
            let count = if shared { output.numel() } else { wanted[wanted.len() - 1] };
            let rows = if shared { 1 } else { outer.iter().product() };
            let size = SearchSize { rows, len, count, shared };
            launch(([&x, &v], order.as_ref()), &output, |([x, v], order), out| {
                kernel::searchsorted(size, self.right, x, order, v, out);
            });
        }
        Ok(smallvec![if self.narrow { output.cast(OP, DType::I32)? } else { output }])
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (sequence, values, sorter) = (cx.input(0), cx.input(1), cx.optional(2));
        let shared = sequence.axis.is_none() && sorter.is_none_or(|sorter| sorter.axis.is_none());
        if shared && sequence.rank() == 1 {
            let values = batching::front(values, cx.size())?;
            let sorter = sorter.map(|sorter| &sorter.tensor);
            cx.put(places(&sequence.tensor, &values, self.right, sorter, self.narrow)?, Some(0));
            return Ok(());
        }
        let rank = sequence.rank();
        let sequence = batching::front(sequence, cx.size())?;
        let sorter = sorter.map(|sorter| batching::front(sorter, cx.size())).transpose()?;
        let values = batching::front(values, cx.size())?;
        let shape = values.shape();
        // Of one vector each example may look up values of any shape.
        let values =
            if rank == 1 { views::reshape_to(&values, &[shape[0], shape[1..].iter().product()])? } else { values };
        let result = places(&sequence, &values, self.right, sorter.as_ref(), self.narrow)?;
        cx.put(views::reshape_to(&result, &shape)?, Some(0));
        Ok(())
    }
}

/// Shape and dtype of a sorter.
fn check_sorter(sorter: &Tensor, shape: &[usize]) -> Result<()> {
    const OP: &str = "searchsorted";
    if sorter.shape().as_slice() != shape {
        return Err(Error::runtime(
            OP,
            format!(
                "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor {shape:?} and got sorter tensor {:?}",
                sorter.shape().as_slice()
            ),
        ));
    }
    if sorter.dtype() != DType::I64 {
        return Err(Error::runtime(
            OP,
            format!("torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {}", sorter.dtype()),
        ));
    }
    Ok(())
}

/// A copy of a sorter whose positions are all valid.
fn checked_order(sorter: &Array, shape: &[usize]) -> Result<Array> {
    if sorter.is_meta() {
        return sorter.contiguous("searchsorted");
    }
    let values: Vec<i64> = sorter.to_vec();
    let size = shape.last().copied().unwrap_or(0) as i64;
    if values.iter().any(|position| !(0..size).contains(position)) {
        return Err(Error::runtime("searchsorted", "torch.searchsorted(): sorter index out of range"));
    }
    Array::from_slice(&values, shape)
}

/// The bucket of each value among ascending boundaries: see [`searchsorted`].
pub fn bucketize(values: &Tensor, boundaries: &Tensor, right: bool, narrow: bool) -> Result<Tensor> {
    if boundaries.rank() != 1 {
        return Err(Error::runtime(
            "bucketize",
            format!("boundaries tensor must be 1 dimension, but got dim({})", boundaries.rank()),
        ));
    }
    searchsorted(boundaries, values, right, None, narrow)
}

/// Whether each of `elements` is (or, with `invert`, is not) among `tests`.
pub fn isin(elements: &Tensor, tests: &Tensor, invert: bool) -> Result<Tensor> {
    const OP: &str = "isin";
    let _off = crate::graph::no_grad();
    if let Some(tensor) = [elements, tests].into_iter().find(|tensor| tensor.dtype() == DType::Bool) {
        return Err(Error::dtype(OP, tensor.dtype(), "Unsupported input type encountered for isin(): Bool"));
    }
    if tests.numel() == 0 {
        let none = Array::full(OP, &elements.shape(), Scalar::Bool(invert), DType::Bool)?;
        return Ok(Tensor::from_array(none));
    }
    // By value: a number without axes, which promotes nothing, may lie beyond the dtype of the others.
    let integral = elements.dtype().is_integer() && tests.dtype().is_integer();
    let dtype = if integral { DType::I64 } else { resolve::promoted(&[elements.into(), tests.into()]) };
    let (elements, tests) = (copy::to_dtype(elements, dtype)?, copy::to_dtype(&views::reshape(tests, &[-1])?, dtype)?);
    // NaN is the greatest, and equal to nothing.
    let (sorted, _) = sorting::sort(&tests, 0, false, None)?;
    let found = places(&sorted, &elements, false, None, false)?;
    let last = Scalar::Int(sorted.numel() as i64 - 1);
    let found = apply(&rows::minimum::ROW, &[], &[(&found).into(), last.into()])?;
    let flat = views::reshape(&found, &[-1])?;
    let nearest = views::reshape_to(&slices::index_select(&sorted, 0, &flat)?, &elements.shape())?;
    let row = if invert { &rows::ne::ROW } else { &rows::eq::ROW };
    apply(row, &[], &[(&copy::contiguous(&elements)?).into(), (&nearest).into()])
}

/// How often each non-negative integer occurs in a vector, or the sum of the weights of its occurrences; at least
/// `minimum` entries.
#[track_caller]
pub fn bincount(input: &Tensor, weights: Option<&Tensor>, minimum: i64) -> Result<Tensor> {
    const OP: &str = "bincount";
    batching::refuse_dynamic(OP, &[input])?;
    let array = input.array();
    if minimum < 0 {
        return Err(Error::runtime(OP, format!("minlength should be >= 0, got {minimum}")));
    }
    if !array.dtype().is_integer() {
        return Err(Error::not_implemented(
            OP,
            format!("\"bincount_cpu\" not implemented for '{}': counting them", torch_name(array.dtype())),
        ));
    }
    array.require_data(OP)?;
    let values: Vec<i64> = array.to_vec();
    // An empty tensor of any rank counts as an empty vector, as in PyTorch.
    if (array.rank() != 1 && !values.is_empty()) || values.iter().any(|&value| value < 0) {
        return Err(Error::runtime(OP, "bincount only supports 1-d non-negative integral inputs."));
    }
    let size = values.iter().copied().max().map_or(0, |most| most.saturating_add(1)).max(minimum) as usize;
    let Some(weights) = weights else {
        shape::checked_numel(OP, &[size], 8)?;
        let output = Array::zeros(OP, &[size], DType::I64)?;
        launch(NONE, &output, |[], mut out| {
            let counts = out.as_slice::<i64>().expect("a new vector");
            values.iter().for_each(|&value| counts[value as usize] += 1);
        });
        return Ok(Tensor::from_array(output));
    };
    if weights.shape() != input.shape() {
        return Err(Error::runtime(OP, "weights should be 1-d and have the same length as input"));
    }
    let positions = Tensor::from_slice(&values, &[values.len()])?;
    call(Weighted { size }, &[weights, &positions])
}

/// Weights summed by the position that each belongs to. They have no derivative in PyTorch either.
#[derive(Clone, PartialEq, Debug)]
struct Weighted {
    size: usize,
}

impl Op for Weighted {
    fn name(&self) -> &str {
        NOT_DIFFERENTIABLE
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "bincount";
        let weights = &inputs[0];
        let _off = crate::graph::no_grad();
        let dtype = if weights.dtype() == DType::F32 { DType::F32 } else { DType::F64 };
        let whole = Tensor::from_array(Array::zeros(OP, &[self.size], dtype)?);
        let given = Tensor::from_array(weights.cast(OP, dtype)?);
        let positions = Tensor::from_array(inputs[1].clone());
        Ok(smallvec![slices::index_add(&whole, true, 0, &positions, &given, Scalar::Int(1))?.array()])
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        not_differentiable("bincount")
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        no_tangent("bincount")
    }
}

/// How many elements lie in each of `bins` intervals of equal length between `min` and `max` (those of the elements, if both
/// are the same; from one below to one above, if those are, too); elements outside do not count.
pub fn histc(input: &Tensor, bins: i64, min: f64, max: f64) -> Result<Tensor> {
    const OP: &str = "histc";
    batching::refuse_data(OP, &[input], || "vmap: histc of examples that differ is not implemented".to_owned())?;
    let array = input.array();
    if bins <= 0 {
        return Err(Error::runtime(OP, format!("torch.histogram(): bins must be > 0, but got {bins} for dimension 0")));
    }
    if min > max {
        return Err(Error::runtime(OP, "torch.histc: max must be larger than min"));
    }
    if !array.dtype().is_float() {
        return Err(Error::not_implemented(
            OP,
            format!("\"histogram_cpu\" not implemented for '{}': a histogram of them", torch_name(array.dtype())),
        ));
    }
    if array.is_meta() {
        return Ok(Tensor::from_array(Array::zeros(OP, &[bins as usize], array.dtype())?));
    }
    let values: Vec<f64> = array.to_vec();
    let (mut low, mut high) = (min, max);
    if low == high && !values.is_empty() {
        let nan = values.iter().any(|value| value.is_nan());
        low = if nan { f64::NAN } else { values.iter().copied().fold(f64::INFINITY, f64::min) };
        high = if nan { f64::NAN } else { values.iter().copied().fold(f64::NEG_INFINITY, f64::max) };
    }
    if low == high {
        (low, high) = (low - 1.0, high + 1.0);
    }
    if !low.is_finite() || !high.is_finite() {
        let shown = |bound: f64| if bound.is_nan() { "nan".to_owned() } else { bound.to_string() };
        return Err(Error::runtime(
            OP,
            format!("torch.histc: range of [{}, {}] is not finite", shown(low), shown(high)),
        ));
    }
    shape::checked_numel(OP, &[bins as usize], 8)?;
    let output = Array::zeros(OP, &[bins as usize], array.dtype())?;
    launch(NONE, &output, |[], mut out| {
        with_element!(float array.dtype().computed_in(), T => {
            let counts = out.as_slice::<T>().expect("a new vector");
            let (low, high, count) = (low as T, high as T, bins as T);
            for value in values {
                let value = value as T;
                if value >= low && value <= high {
                    // Of the whole range the length has no room, nor may a part of it times the number of bins.
                    let length = (high - low) * count;
                    let position = if length.is_finite() {
                        (value - low) * count / (high - low)
                    } else {
                        (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) * count
                    };
                    // Rounding may lead to the position behind the last.
                    let position = (position as i64).min(bins - 1) as usize;
                    counts[position] += 1.0;
                }
            }
        })
    });
    Ok(Tensor::from_array(output))
}
