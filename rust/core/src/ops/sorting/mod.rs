//! Order along an axis: `sort`, `topk`, `kthvalue`, `median`, `mode`, `quantile`.

pub mod searching;
pub mod table;
pub mod unique;

use smallvec::{SmallVec, smallvec};

use super::elementwise::{Arg, apply};
use super::indexing::along;
use super::reductions::axes::{self, Mask, reduce_array, refuse_empty};
use super::reductions::choosing::{Choice, choose};
use super::reductions::reduce::{self, attained, attained_or_nan, share_among_ties};
use super::{batching, rows, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{Modes, call, call_many, modes};
use crate::kernels::In;
use crate::kernels::reduce::Reduction;
use crate::kernels::softmax::AxisSize;
use crate::kernels::sort::{self as kernel, Rank, Sorted};
use crate::launch::launch;
use crate::ops::elementwise::select;
use crate::ops::writing::copy;
use crate::ops::writing::write::at_least_vector;
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::storage::Device;
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

/// In what order elements are chosen along an axis, and which.
#[derive(Clone, Debug, PartialEq)]
enum Order {
    Sort { descending: bool },
    Topk { k: usize, largest: bool },
    Rank { op: &'static str, rank: Rank },
    Mode,
}

impl Choice for Order {
    fn choose(&self, array: &Array, axis: usize) -> Result<(Array, Array)> {
        match *self {
            Self::Sort { descending } => ordered_in_layout("sort", array, axis, |size, line, out| {
                kernel::sort(size, descending, line, out);
            }),
            Self::Topk { k, largest } => {
                check_rank("topk", k, array, axis)?;
                ordered("topk", array, axis, k, |size, line, out| kernel::topk(size, k, largest, line, out))
            }
            Self::Rank { op, rank } => {
                check_rank(op, if let Rank::Kth(k) = rank { k + 1 } else { 1 }, array, axis)?;
                ordered(op, array, axis, 1, |size, line, out| kernel::rank(size, rank, line, out))
            }
            Self::Mode => {
                check_rank("mode", 1, array, axis)?;
                ordered("mode", array, axis, 1, kernel::mode)
            }
        }
    }
}

/// The array whose lines are ordered has at least `length` elements in each, if it has lines.
fn check_rank(op: &'static str, length: usize, array: &Array, axis: usize) -> Result<()> {
    let size = array.shape().get(axis).copied().unwrap_or(1);
    if length <= size || array.numel() == 0 {
        return Ok(());
    }
    Err(Error::runtime(op, format!("selected index k out of range: {length} of {size}")))
}

/// Sorted along an axis: (values, positions). NaN counts as the greatest; the order of equal elements is kept.
#[track_caller]
pub fn sort(input: &Tensor, axis: i64, descending: bool, stable: Option<bool>) -> Result<(Tensor, Tensor)> {
    refuse_complex("sort", "Sort", input)?;
    let axis = shape::normalize_axis("sort", axis, input.rank())?;
    let node = if stable.is_some() { "SortBackward1" } else { "SortBackward0" };
    choose(node, Order::Sort { descending }, input, axis, true)
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

/// Complex numbers have no order.
fn refuse_complex(op: &'static str, name: &str, input: &Tensor) -> Result<()> {
    if input.dtype().is_complex() {
        return Err(Error::type_(op, format!("{name} does not support complex dtypes on CPU")));
    }
    Ok(())
}

/// The `k` greatest (or smallest) elements along an axis, in order: (values, positions).
#[track_caller]
pub fn topk(input: &Tensor, k: i64, axis: i64, largest: bool) -> Result<(Tensor, Tensor)> {
    const OP: &str = "topk";
    let shape = input.shape();
    let axis = shape::normalize_axis(OP, axis, shape.len())?;
    let size = shape.get(axis).copied().unwrap_or(1);
    if k < 0 || k > size as i64 {
        return Err(Error::runtime(OP, format!("selected index k out of range: {k} of {size}")));
    }
    refuse_bool(OP, input)?;
    refuse_complex(OP, OP, input)?;
    // A tensor without axes has one element, whatever is asked for.
    let k = if shape.is_empty() { 1 } else { k as usize };
    choose("TopkBackward0", Order::Topk { k, largest }, input, axis, true)
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
    let axis = shape::normalize_axis(op, axis, input.rank())?;
    choose(node, Order::Rank { op, rank }, input, axis, keep)
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

/// The median of all elements. Those that equal it share the gradient.
#[derive(Clone, Debug, PartialEq)]
struct MedianOfAll {
    op: &'static str,
    node: &'static str,
    rank: Rank,
}

impl MedianOfAll {
    fn gradient(&self, grad: &Tensor, input: &Tensor, result: &Tensor) -> Result<Tensor> {
        let mask = axes::mask("median", None, input.rank())?;
        share_among_ties(grad, &attained_or_nan(input, result)?, &mask)
    }
}

impl Op for MedianOfAll {
    #[allow(clippy::misnamed_getters, reason = "the operation's name in the graph is that of its node")]
    fn name(&self) -> &str {
        self.node
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        if array.numel() == 0 {
            if !array.dtype().is_float() {
                let reason = format!("{}() of an empty tensor of {} has no value", self.op, array.dtype());
                return Err(Error::runtime(self.op, reason));
            }
            return Ok(smallvec![Array::full(self.op, &[], Scalar::Float(f64::NAN), array.dtype())?]);
        }
        let flat = array.contiguous(self.op)?;
        let flat = flat.with_layout(&[flat.numel()], &[1], flat.offset());
        let (values, _) = Order::Rank { op: self.op, rank: self.rank }.choose(&flat, 0)?;
        Ok(smallvec![values.select(0, 0)])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = self.gradient(&cx.only_grad(), &cx.saved(0)?, &cx.saved(1)?)?;
        cx.put(0, gradient);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let ones = copy::filled_like(cx.output(0), Scalar::Int(1))?;
        let partial = self.gradient(&ones, cx.input(0), cx.output(0))?;
        cx.put(0, reduce::sum(&reduce::masked_product(&partial, &tangent)?, None, false, None)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let flat = views::reshape(&whole, &[cx.size() as i64, -1])?;
        let skip_nan = self.rank == Rank::NanMedian;
        cx.put(median_along(&flat, 1, false, skip_nan)?.0, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0), ("result", 1)]
    }
}

/// The lower median of all elements; NaN if there are none. Elements that equal it share the gradient.
#[track_caller]
pub fn median(input: &Tensor, skip_nan: bool) -> Result<Tensor> {
    let (op, node, rank) = if skip_nan {
        ("nanmedian", "NanmedianBackward0", Rank::NanMedian)
    } else {
        ("median", "MedianBackward0", Rank::Median)
    };
    if input.numel() > 0 {
        refuse_bool(op, input)?;
    }
    call(MedianOfAll { op, node, rank }, &[input])
}

/// The most frequent element along an axis, the least of several, and where it is last: (values, positions).
#[track_caller]
pub fn mode(input: &Tensor, axis: i64, keep: bool) -> Result<(Tensor, Tensor)> {
    const OP: &str = "mode";
    refuse_empty(OP, &input.shape(), Some(&[axis]))?;
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    choose("ModeBackward0", Order::Mode, input, axis, keep)
}

// ---- both extremes -------------------------------------------------------------------------------------------------

/// The least and the greatest element; ties share the gradient.
#[derive(Clone, Debug, PartialEq)]
struct BothExtremes {
    mask: Mask,
    keep: bool,
    /// Of the input.
    shape: Shape,
}

impl BothExtremes {
    fn gradient(&self, grad: &Tensor, input: &Tensor, extreme: &Tensor) -> Result<Tensor> {
        let restore = |tensor: &Tensor| axes::restore_axes(tensor, &self.shape, &self.mask);
        share_among_ties(&restore(grad)?, &attained(input, &restore(extreme)?)?, &self.mask)
    }
}

impl Op for BothExtremes {
    fn name(&self) -> &str {
        "AminmaxBackward0"
    }

    fn differentiable(&self) -> usize {
        2
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        axes::check_looks("aminmax", array, &self.shape, &self.mask)?;
        let extreme = |reduction| -> Result<Array> {
            let [extreme] = reduce_array("aminmax", reduction, array, &self.mask, self.keep, [array.dtype()])?;
            Ok(extreme)
        };
        Ok(smallvec![extreme(Reduction::Min)?, extreme(Reduction::Max)?])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0), Keep::Output(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let input = cx.saved(0)?;
        let mut total: Option<Tensor> = None;
        for output in 0..2 {
            if let Some(grad) = cx.grad(output) {
                let part = self.gradient(grad, &input, &cx.saved(output + 1)?)?;
                total = Some(match total {
                    None => part,
                    Some(total) => total.add(&part)?,
                });
            }
        }
        if let Some(total) = total {
            cx.put(0, total);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        for output in 0..2 {
            let ones = copy::filled_like(cx.output(output), Scalar::Int(1))?;
            let partial = self.gradient(&ones, cx.input(0), cx.output(output))?;
            let terms = reduce::masked_product(&partial, &tangent)?;
            cx.put(output, reduce::sum_over(&terms, &self.mask, self.keep)?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let mut mask = self.mask.clone();
        mask.insert(0, false);
        let results = call_many(Self { mask, keep: self.keep, shape: whole.shape() }, &[&whole])?;
        cx.put_all(results, 0);
        Ok(())
    }
}

/// The least and the greatest element, of all or along an axis; ties share the gradient.
#[track_caller]
pub fn aminmax(input: &Tensor, axis: Option<i64>, keep: bool) -> Result<(Tensor, Tensor)> {
    const OP: &str = "aminmax";
    if input.dtype().is_complex() {
        let name = crate::dtype::torch_name(input.dtype());
        return Err(Error::type_(OP, format!("aminmax not implemented for {name}")));
    }
    let shape = input.shape();
    let axes = axis.map(|axis| [axis]);
    let mask = axes::mask(OP, axes.as_ref().map(<[i64; 1]>::as_slice), shape.len())?;
    if shape.iter().zip(&mask).any(|(&size, &reduced)| reduced && size == 0) {
        return Err(match axis {
            Some(axis) => Error::index(OP, format!("aminmax: Expected reduction dim {axis} to have non-zero size.")),
            None => Error::runtime(
                OP,
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.",
            ),
        });
    }
    let results = call_many(BothExtremes { mask, keep, shape }, &[input])?;
    Ok((results[0].clone(), results[1].clone()))
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
    batching::refuse_data(OP, &[q], || {
        "vmap: quantile() reads the numbers of q, which must be the same for all examples".into()
    })?;
    let unknown = q.device() == Device::Meta;
    let mut fractions: Vec<f64> = if unknown { vec![0.5; q.numel()] } else { q.to_vec() };
    if let Some(bad) = fractions.iter().find(|fraction| !(0.0..=1.0).contains(*fraction)) {
        return Err(Error::runtime(
            OP,
            match (q.rank(), dtype) {
                (1, _) => "quantile() q values must be in the range [0, 1]".to_owned(),
                (_, DType::F32) => format!("quantile() q must be in the range [0, 1] but got {}", *bad as f32),
                _ => format!("quantile() q must be in the range [0, 1] but got {bad}"),
            },
        ));
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
    let none = fractions.is_empty();
    if none {
        // One that is left out again has the shape and the place in the graph.
        fractions.push(0.0);
    }
    let mut results = Vec::with_capacity(fractions.len());
    // Where a quantile is looked up is a number; how far it lies between two elements changes with `q`.
    let moves = interpolation == "linear" && (q.requires_grad() || modes().any(Modes::TRANSFORMS));
    for (number, fraction) in fractions.into_iter().enumerate() {
        let (rank, last) = {
            let _off = crate::graph::no_grad();
            rank_of(&lines, fraction, skip_nan)?
        };
        let moved = if moves {
            let own = if q.rank() == 0 { q.clone() } else { views::select(q, 0, number as i64)? };
            // The number itself is taken off again: what is left is 0, and its derivative is that of the rank.
            let by = apply(&rows::sub::ROW, &[], &[(&own).into(), Scalar::Float(fraction).into()])?;
            Some(apply(&rows::mul::ROW, &[], &[(&by).into(), (&copy::to_dtype(&last, dtype)?).into()])?)
        } else {
            None
        };
        let value = at_rank(&sorted, &rank, moved.as_ref(), interpolation)?;
        results.push(if keep { views::reshape_to(&value, &kept)? } else { views::select(&value, -1, 0)? });
    }
    if q.rank() == 0 {
        return Ok(results.swap_remove(0));
    }
    // As PyTorch lays them out: the quantiles of one line are neighbours.
    let all = views::movedim(&super::arranging::joining::stack(&results, -1)?, &[-1], &[0])?;
    if none { views::narrow(&all, 0, 0, 0) } else { Ok(all) }
}

/// Where a quantile lies among the sorted elements of each line, with a last axis of size 1, and where the last that counts
/// does. NaN is sorted last.
fn rank_of(lines: &Tensor, fraction: f64, skip_nan: bool) -> Result<(Tensor, Tensor)> {
    let one = |row, args: &[Arg<'_>]| apply(row, &[], args);
    let size = lines.shape().last().copied().unwrap_or(1);
    let nan = one(&rows::isnan::ROW, &[lines.into()])?;
    let last = Scalar::Float((size - 1) as f64);
    if skip_nan {
        let missing = copy::to_dtype(&reduce::sum(&nan, Some(&[-1]), true, None)?, DType::F64)?;
        let last = one(&rows::sub::ROW, &[last.into(), (&missing).into()])?;
        let last = one(&rows::maximum::ROW, &[(&last).into(), Scalar::Float(0.0).into()])?;
        return Ok((one(&rows::mul::ROW, &[(&last).into(), Scalar::Float(fraction).into()])?, last));
    }
    let any = reduce::any(&nan, Some(&[-1]), true)?;
    let rank = Tensor::scalar(Scalar::Float(fraction * (size - 1) as f64), DType::F64)?;
    let rank = select::where_(&any, last.into(), (&rank).into())?;
    Ok((copy::to_dtype(&rank, DType::F64)?, Tensor::scalar(last, DType::F64)?))
}

/// The elements at (or between) positions along the last axis; `moved` is what is added to the positions, of value 0.
#[track_caller]
fn at_rank(sorted: &Tensor, rank: &Tensor, moved: Option<&Tensor>, interpolation: &str) -> Result<Tensor> {
    let axis = sorted.rank() - 1;
    let rounded = |row| copy::to_dtype(&apply(row, &[], &[rank.into()])?, DType::I64);
    let at = |row| along::take_along(sorted, axis, &rounded(row)?);
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
            let weight = match moved {
                // An element itself does not move: stopped here, since behind the difference of infinities 0 would not be 0.
                Some(moved) => {
                    let moved = select::where_(&exact, Scalar::Int(0).into(), moved.into())?;
                    apply(&rows::add::ROW, &[], &[(&weight).into(), (&moved).into()])?
                }
                None => weight,
            };
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
