//! Order along an axis: `sort`, `topk`, `kthvalue`, `median`, `mode`, `quantile`.

use super::elementwise::{Arg, apply};
use super::reduce::{self, attained, attained_or_nan, chosen, refuse_empty, share_among_ties};
use super::write::at_least_vector;
use super::{copy, index, rows, select, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record, record_many};
use crate::kernels::In;
use crate::kernels::softmax::AxisSize;
use crate::kernels::sort::{self as kernel, Rank, Sorted};
use crate::launch::launch;
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// Runs a kernel that orders lines along an axis and keeps `length` elements of each: (values, positions).
fn ordered(
    op: &'static str,
    array: &Array,
    axis: usize,
    length: usize,
    run: impl for<'m> FnOnce(AxisSize, In<'m>, Sorted<'m>),
) -> Result<(Array, Array)> {
    let line = at_least_vector(array).contiguous(op)?;
    let mut shape: Shape = line.shape().into();
    shape[axis] = length;
    let values = Array::uninit(op, &shape, line.dtype())?;
    let indices = Array::uninit(op, &shape, DType::I64)?;
    if values.numel() > 0 {
        let size = AxisSize::new(line.shape(), axis);
        launch(&line, [&values, &indices], |line, [values, indices]| {
            run(size, line, Sorted { values: Some(values), indices: Some(indices) });
        });
    }
    if array.rank() == 0 && length == 1 {
        return Ok((values.with_layout(&[], &[], 0), indices.with_layout(&[], &[], 0)));
    }
    Ok((values, indices))
}

/// [`ordered`] for a result of the shape and the layout of the input. In memory its axes lie in some order, in which both
/// are row-major: lines are read and written there.
fn ordered_in_layout(
    op: &'static str,
    array: &Array,
    axis: usize,
    run: impl for<'m> FnOnce(AxisSize, In<'m>, Sorted<'m>),
) -> Result<(Array, Array)> {
    let strides = shape::preserved_strides(array.shape(), array.strides());
    let order = shape::memory_order(array.shape(), &strides);
    let Some(axis) = order.iter().position(|&at| at == axis) else { return ordered(op, array, axis, 1, run) };
    let length = array.shape()[order[axis]];
    let (values, indices) = ordered(op, &array.permute(&order), axis, length, run)?;
    let placed = |sorted: Array| sorted.with_layout(array.shape(), &strides, 0);
    Ok((placed(values), placed(indices)))
}

/// Without the axis along which one element was kept.
fn without_axis(array: Array, axis: usize) -> Array {
    if array.rank() == 0 { array } else { array.select(axis, 0) }
}

/// Sorted along an axis: (values, positions). NaN counts as the greatest; the order of equal elements is kept.
#[track_caller]
pub fn sort(input: &Tensor, axis: i64, descending: bool, stable: Option<bool>) -> Result<(Tensor, Tensor)> {
    const OP: &str = "sort";
    let operand = input.operand()?;
    let array = &operand.array;
    let axis = shape::normalize_axis(OP, axis, array.rank())?;
    let (values, indices) =
        ordered_in_layout(OP, array, axis, |size, line, out| kernel::sort(size, descending, line, out))?;
    let node = if stable.is_some() { "SortBackward1" } else { "SortBackward0" };
    chosen(node, &operand, axis, true, values, indices)
}

/// The positions that sort along an axis.
pub fn argsort(input: &Tensor, axis: i64, descending: bool) -> Result<Tensor> {
    Ok(sort(&input.detach(), axis, descending, None)?.1)
}

/// Sorted along the first axis.
#[track_caller]
pub fn msort(input: &Tensor) -> Result<Tensor> {
    Ok(sort(input, 0, false, None)?.0)
}

/// Truth values are sorted, but have no ranks.
fn refuse_bool(op: &'static str, input: &Tensor) -> Result<()> {
    match input.dtype() {
        DType::Bool => Err(Error::not_for(op, DType::Bool)),
        _ => Ok(()),
    }
}

/// The `k` greatest (or smallest) elements along an axis, in order: (values, positions).
#[track_caller]
pub fn topk(input: &Tensor, k: i64, axis: i64, largest: bool) -> Result<(Tensor, Tensor)> {
    const OP: &str = "topk";
    let operand = input.operand()?;
    let array = &operand.array;
    let axis = shape::normalize_axis(OP, axis, array.rank())?;
    let size = array.shape().get(axis).copied().unwrap_or(1);
    if k < 0 || k > size as i64 {
        return Err(Error::runtime(OP, format!("selected index k out of range: {k} of {size}")));
    }
    refuse_bool(OP, input)?;
    // A tensor without axes has one element, whatever is asked for.
    let k = if array.rank() == 0 { 1 } else { k as usize };
    let (values, indices) = ordered(OP, array, axis, k, |size, line, out| kernel::topk(size, k, largest, line, out))?;
    chosen("TopkBackward0", &operand, axis, true, values, indices)
}

#[track_caller]
fn ranked(
    op: &'static str,
    node: &'static str,
    input: &Tensor,
    rank: Rank,
    axis: i64,
    keep: bool,
) -> Result<(Tensor, Tensor)> {
    let operand = input.operand()?;
    let array = &operand.array;
    let axis = shape::normalize_axis(op, axis, array.rank())?;
    let (values, indices) = ordered(op, array, axis, 1, |size, line, out| kernel::rank(size, rank, line, out))?;
    let (values, indices) =
        if keep { (values, indices) } else { (without_axis(values, axis), without_axis(indices, axis)) };
    chosen(node, &operand, axis, keep, values, indices)
}

/// The `k`-th smallest element along an axis, from 1: (values, positions).
#[track_caller]
pub fn kthvalue(input: &Tensor, k: i64, axis: i64, keep: bool) -> Result<(Tensor, Tensor)> {
    const OP: &str = "kthvalue";
    let shape = input.shape();
    let at = shape::normalize_axis(OP, axis, shape.len())?;
    let size = shape.get(at).copied().unwrap_or(1) as i64;
    if size == 0 && input.numel() == 0 {
        return Err(Error::index(OP, format!("kthvalue(): Expected reduction dim {at} to have non-zero size.")));
    }
    refuse_bool(OP, input)?;
    if k < 1 || k > size {
        return Err(Error::runtime(OP, format!("kthvalue(): selected number k out of range for dimension {at}: {k}")));
    }
    ranked(OP, "KthvalueBackward0", input, Rank::Kth(k as usize - 1), axis, keep)
}

/// The lower median along an axis: (values, positions). NaN is the median of what contains one, unless `skip_nan`.
#[track_caller]
pub fn median_along(input: &Tensor, axis: i64, keep: bool, skip_nan: bool) -> Result<(Tensor, Tensor)> {
    let (op, node, rank) = if skip_nan {
        ("nanmedian", "NanmedianBackward1", Rank::NanMedian)
    } else {
        ("median", "MedianBackward1", Rank::Median)
    };
    let shape = input.shape();
    refuse_empty(op, &shape, Some(&[axis]))?;
    refuse_bool(op, input)?;
    ranked(op, node, input, rank, axis, keep)
}

struct MedianOfAll {
    name: &'static str,
}

impl Op for MedianOfAll {
    fn name(&self) -> &str {
        self.name
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, input, result) = (cx.only_grad(), cx.saved(0)?, cx.saved(1)?);
        let mask = reduce::mask("median", None, input.rank())?;
        cx.put(0, share_among_ties(&grad, &attained_or_nan(&input, &result)?, &mask)?);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0), ("result", 1)]
    }
}

/// The lower median of all elements; NaN if there are none. Elements that equal it share the gradient.
#[track_caller]
pub fn median(input: &Tensor, skip_nan: bool) -> Result<Tensor> {
    let (op, name, rank) = if skip_nan {
        ("nanmedian", "NanmedianBackward0", Rank::NanMedian)
    } else {
        ("median", "MedianBackward0", Rank::Median)
    };
    let operand = input.operand()?;
    let array = &operand.array;
    let value = if array.numel() == 0 {
        if !array.dtype().is_float() {
            return Err(Error::runtime(op, format!("{op}() of an empty tensor of {} has no value", array.dtype())));
        }
        Array::full(op, &[], Scalar::Float(f64::NAN), array.dtype())?
    } else {
        refuse_bool(op, input)?;
        let flat = array.contiguous(op)?;
        let flat = flat.with_layout(&[flat.numel()], &[1], flat.offset());
        let (values, _) = ordered(op, &flat, 0, 1, |size, line, out| kernel::rank(size, rank, line, out))?;
        values.select(0, 0)
    };
    if is_recorded(&[&operand]) {
        return record(MedianOfAll { name }, &[&operand], &[Save::Input(&operand), Save::Output(0)], value);
    }
    Ok(Tensor::from_array(value))
}

/// The most frequent element along an axis, the least of several, and where it is last: (values, positions).
#[track_caller]
pub fn mode(input: &Tensor, axis: i64, keep: bool) -> Result<(Tensor, Tensor)> {
    const OP: &str = "mode";
    let operand = input.operand()?;
    let array = &operand.array;
    refuse_empty(OP, array.shape(), Some(&[axis]))?;
    let axis = shape::normalize_axis(OP, axis, array.rank())?;
    let (values, indices) = ordered(OP, array, axis, 1, |size, line, out| kernel::mode(size, line, out))?;
    let (values, indices) =
        if keep { (values, indices) } else { (without_axis(values, axis), without_axis(indices, axis)) };
    chosen("ModeBackward0", &operand, axis, keep, values, indices)
}

// ---- both extremes -------------------------------------------------------------------------------------------------

struct BothExtremes {
    axis: Option<usize>,
    shape: Shape,
}

impl Op for BothExtremes {
    fn name(&self) -> &str {
        "AminmaxBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let input = cx.saved(0)?;
        let axes = self.axis.map(|axis| [axis as i64]);
        let mask = reduce::mask("aminmax", axes.as_ref().map(<[i64; 1]>::as_slice), self.shape.len())?;
        let mut total: Option<Tensor> = None;
        for output in 0..2 {
            if let Some(grad) = cx.grad(output) {
                let restore = |tensor: &Tensor| reduce::restore_axes(tensor, &self.shape, &mask);
                let attained = attained(&input, &restore(&cx.saved(output + 1)?)?)?;
                let part = share_among_ties(&restore(grad)?, &attained, &mask)?;
                total = Some(match total {
                    None => part,
                    Some(total) => apply(&rows::add::ROW, &[], &[(&total).into(), (&part).into()])?,
                });
            }
        }
        if let Some(total) = total {
            cx.put(0, total);
        }
        Ok(())
    }
}

/// The least and the greatest element, of all or along an axis; ties share the gradient.
#[track_caller]
pub fn aminmax(input: &Tensor, axis: Option<i64>, keep: bool) -> Result<(Tensor, Tensor)> {
    const OP: &str = "aminmax";
    let operand = input.operand()?;
    let array = &operand.array;
    let axes = axis.map(|axis| [axis]);
    let mask = reduce::mask(OP, axes.as_ref().map(<[i64; 1]>::as_slice), array.rank())?;
    if array.shape().iter().zip(&mask).any(|(&size, &reduced)| reduced && size == 0) {
        return Err(match axis {
            Some(axis) => Error::index(OP, format!("aminmax: Expected reduction dim {axis} to have non-zero size.")),
            None => Error::runtime(
                OP,
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.",
            ),
        });
    }
    let all: Vec<i64> = (0..array.rank() as i64).collect();
    let axes: &[i64] = axes.as_ref().map_or(&all, <[i64; 1]>::as_slice);
    let [least, greatest] = {
        let _off = crate::graph::no_grad();
        let constant = Tensor::from_array(array.clone());
        [false, true]
            .map(|greatest| reduce::extreme(&constant, greatest, Some(axes), keep).map(|tensor| tensor.array()))
    };
    let outputs = [least?, greatest?];
    let tensors = if is_recorded(&[&operand]) {
        let axis = axis.map(|axis| shape::normalize_axis(OP, axis, array.rank())).transpose()?;
        let rule = BothExtremes { axis: axis.filter(|_| array.rank() > 0), shape: array.shape().into() };
        let saves = [Save::Input(&operand), Save::Output(0), Save::Output(1)];
        record_many(rule, &[&operand], &saves, &outputs)?
    } else {
        outputs.into_iter().map(Tensor::from_array).collect()
    };
    Ok((tensors[0].clone(), tensors[1].clone()))
}

// ---- quantiles -----------------------------------------------------------------------------------------------------

/// The quantiles `q` (a number or a vector in `[0, 1]`) of `input`, of all elements or along an axis.
/// `interpolation` is `"linear"`, `"lower"`, `"higher"`, `"midpoint"` or `"nearest"`. A vector `q` gives a first axis.
/// A NaN among the elements is the quantile, unless `skip_nan` leaves it out.
#[track_caller]
pub fn quantile(
    input: &Tensor,
    q: &Tensor,
    axis: Option<i64>,
    keep: bool,
    interpolation: &str,
    skip_nan: bool,
) -> Result<Tensor> {
    const OP: &str = "quantile";
    let (own, dtype) = (input.shape(), input.dtype());
    if !dtype.is_float() {
        return Err(Error::runtime(
            OP,
            format!("quantile() input tensor must be either float or double dtype, got {dtype}"),
        ));
    }
    if input.numel() == 0 {
        return Err(Error::runtime(OP, "quantile() input tensor must be non-empty"));
    }
    if q.rank() > 1 {
        return Err(Error::runtime(OP, format!("quantile() q must be a scalar or 1D tensor, got {} axes", q.rank())));
    }
    if q.dtype() != dtype {
        return Err(Error::runtime(
            OP,
            format!("quantile() q tensor must be same dtype as the input tensor: {} and {dtype}", q.dtype()),
        ));
    }
    let fractions: Vec<f64> = q.to_vec();
    if let Some(bad) = fractions.iter().find(|fraction| !(0.0..=1.0).contains(*fraction)) {
        return Err(Error::runtime(OP, format!("quantile() q must be in the range [0, 1] but got {bad}")));
    }
    // One line per result, the elements along the last axis.
    let (lines, kept): (Tensor, Shape) = match axis {
        None => (views::reshape(input, &[-1])?, own.iter().map(|_| 1).collect()),
        Some(axis) => {
            let at = shape::normalize_axis(OP, axis, own.len())?;
            let mut kept = own.clone();
            if let Some(size) = kept.get_mut(at) {
                *size = 1;
            }
            let lines =
                if own.is_empty() { views::reshape(input, &[1])? } else { views::movedim(input, &[axis], &[-1])? };
            (lines, kept)
        }
    };
    let (sorted, _) = sort(&lines, -1, false, None)?;
    let mut results = Vec::with_capacity(fractions.len());
    for fraction in fractions {
        let rank = {
            let _off = crate::graph::no_grad();
            rank_of(&lines, fraction, skip_nan)?
        };
        let value = at_rank(&sorted, &rank, interpolation)?;
        results.push(if keep { views::reshape_to(&value, &kept)? } else { views::select(&value, -1, 0)? });
    }
    if q.rank() == 0 {
        return Ok(results.swap_remove(0));
    }
    // As PyTorch lays them out: the quantiles of one line are neighbours.
    views::movedim(&super::joining::stack(&results, -1)?, &[-1], &[0])
}

/// Where a quantile lies among the sorted elements of each line, with a last axis of size 1. NaN is sorted last.
fn rank_of(lines: &Tensor, fraction: f64, skip_nan: bool) -> Result<Tensor> {
    let one = |row, args: &[Arg<'_>]| apply(row, &[], args);
    let size = lines.shape().last().copied().unwrap_or(1);
    let nan = one(&rows::isnan::ROW, &[lines.into()])?;
    let last = Scalar::Float((size - 1) as f64);
    if skip_nan {
        let missing = copy::to_dtype(&reduce::sum(&nan, Some(&[-1]), true, None)?, DType::F64)?;
        let last = one(&rows::sub::ROW, &[last.into(), (&missing).into()])?;
        let last = one(&rows::maximum::ROW, &[(&last).into(), Scalar::Float(0.0).into()])?;
        return one(&rows::mul::ROW, &[(&last).into(), Scalar::Float(fraction).into()]);
    }
    let any = reduce::any(&nan, Some(&[-1]), true)?;
    let rank = Tensor::scalar(Scalar::Float(fraction * (size - 1) as f64), DType::F64)?;
    let rank = select::where_(&any, last.into(), (&rank).into())?;
    copy::to_dtype(&rank, DType::F64)
}

/// The elements at (or between) positions along the last axis.
#[track_caller]
fn at_rank(sorted: &Tensor, rank: &Tensor, interpolation: &str) -> Result<Tensor> {
    let axis = sorted.rank() - 1;
    let rounded = |row| copy::to_dtype(&apply(row, &[], &[rank.into()])?, DType::I64);
    let at = |row| index::take_along(sorted, axis, &rounded(row)?);
    let weight = || {
        let below = apply(&rows::floor::ROW, &[], &[rank.into()])?;
        apply(&rows::sub::ROW, &[], &[rank.into(), (&below).into()])
    };
    match interpolation {
        "lower" => at(&rows::floor::ROW),
        "higher" => at(&rows::ceil::ROW),
        "nearest" => at(&rows::round::ROW),
        "linear" | "midpoint" => {
            let weight = copy::to_dtype(&weight()?, sorted.dtype())?;
            // Between an element and itself lies nothing, also if it is infinite.
            let exact = apply(&rows::eq::ROW, &[], &[(&weight).into(), Scalar::Int(0).into()])?;
            let (low, high) = (at(&rows::floor::ROW)?, at(&rows::ceil::ROW)?);
            let weight = if interpolation == "midpoint" { Scalar::Float(0.5).into() } else { Arg::from(&weight) };
            let between = apply(&rows::lerp::ROW, &[], &[(&low).into(), (&high).into(), weight])?;
            select::where_(&exact, (&low).into(), (&between).into())
        }
        other => Err(Error::runtime(
            "quantile",
            format!(
                "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {other}"
            ),
        )),
    }
}
