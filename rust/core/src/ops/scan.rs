//! Running sums and products, extremes so far, and the gradient of a product.

use smallvec::SmallVec;

use super::elementwise::apply;
use super::reduce::refuse_integral;
use super::{copy, rearranging, reduce, rows, select, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::decay;
use crate::kernels::scan::{Scan, scan as run};
use crate::launch::launch;
use crate::scalar::Scalar;
use crate::shape;
use crate::tensor::Tensor;

/// Runs a scan along an axis; tensors without axes are scanned as vectors of one element.
fn scan_array<const OUTPUTS: usize>(
    op: &'static str,
    kind: Scan,
    reverse: bool,
    array: &Array,
    axis: usize,
    dtypes: [DType; OUTPUTS],
) -> Result<[Array; OUTPUTS]> {
    let line = if array.rank() == 0 { array.with_layout(&[1], &[1], array.offset()) } else { array.clone() };
    let mut outputs: SmallVec<[Array; 2]> = SmallVec::new();
    for dtype in dtypes {
        outputs.push(Array::uninit(op, line.shape(), dtype)?);
    }
    {
        let written: SmallVec<[&Array; 2]> = outputs.iter().collect();
        launch(&line, &written[..], |input, outputs| run(kind, reverse, axis, input, &outputs));
    }
    let finished: Vec<Array> = outputs
        .into_iter()
        .map(|output| if array.rank() == 0 { output.with_layout(&[], &[], 0) } else { output })
        .collect();
    Ok(finished.try_into().unwrap_or_else(|_| unreachable!("one array per dtype")))
}

/// A running sum, forwards or backwards; one is the gradient of the other.
struct RunningSum {
    axis: usize,
    reverse: bool,
}

impl Op for RunningSum {
    fn name(&self) -> &str {
        "CumsumBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = running_sum(&cx.only_grad(), self.axis, !self.reverse, None)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// Dtype of a running sum or product.
fn running_dtype(op: &'static str, input: DType, asked: Option<DType>) -> Result<DType> {
    match asked {
        Some(DType::Bool) => Err(Error::not_for(op, DType::Bool)),
        Some(dtype) => dtype.supported(op),
        None if input.is_float() => Ok(input),
        None => Ok(DType::I64),
    }
}

#[track_caller]
fn running_sum(input: &Tensor, axis: usize, reverse: bool, dtype: Option<DType>) -> Result<Tensor> {
    let operand = input.operand()?;
    let dtype = running_dtype("cumsum", operand.array.dtype(), dtype)?;
    refuse_integral("cumsum", &operand, dtype)?;
    let [output] = scan_array("cumsum", Scan::Sum, reverse, &operand.array, axis, [dtype])?;
    if is_recorded(&[&operand]) {
        return record(RunningSum { axis, reverse }, &[&operand], &[], output);
    }
    Ok(Tensor::from_array(output))
}

/// Running sum along an axis; integers and `bool` give `int64`.
#[track_caller]
pub fn cumsum(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    let axis = shape::normalize_axis("cumsum", axis, input.rank())?;
    running_sum(input, axis, false, dtype)
}

struct RunningProduct {
    axis: usize,
}

impl Op for RunningProduct {
    fn name(&self) -> &str {
        "CumprodBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, input, output) = (cx.only_grad(), cx.saved(0)?, cx.saved(1)?);
        let result = cumprod_backward(&grad, &input, &output, self.axis)?;
        cx.put(0, result);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0), ("result", 1)]
    }
}

/// ∂L/∂xₖ = Σ_{i≥k} gᵢ Π_{j≤i, j≠k} xⱼ. Without zeros that is a reversed running sum of g·y, divided by x. With zeros
/// the products that leave out one factor are formed for each k in turn.
#[track_caller]
fn cumprod_backward(grad: &Tensor, input: &Tensor, output: &Tensor, axis: usize) -> Result<Tensor> {
    let zeros = apply(&rows::eq::ROW, &[], &[input.into(), Scalar::Int(0).into()])?;
    if input.rank() == 0 {
        return Ok(grad.clone());
    }
    if !reduce::any(&zeros, None, false)?.item()?.to_bool() {
        let weighted = apply(&rows::mul::ROW, &[], &[grad.into(), output.into()])?;
        let summed = running_sum(&weighted, axis, true, None)?;
        return apply(&rows::div::ROW, &[], &[(&summed).into(), input.into()]);
    }
    let size = input.shape()[axis] as i64;
    let axis_number = axis as i64;
    let mut parts = Vec::with_capacity(size as usize);
    for k in 0..size {
        // Products up to k without x_k, then running products of what follows.
        let before = if k == 0 {
            let one = views::narrow(input, axis_number, 0, 1)?;
            Tensor::from_array(Array::full("cumprod", &one.shape(), Scalar::Int(1), one.dtype())?)
        } else {
            reduce::prod(&views::narrow(input, axis_number, 0, k)?, Some(axis_number), true, None)?
        };
        let after = views::narrow(input, axis_number, k + 1, size - k - 1)?;
        let tail = apply(&rows::mul::ROW, &[], &[(&before).into(), (&cumprod(&after, axis_number, None)?).into()])?;
        let head_term =
            apply(&rows::mul::ROW, &[], &[(&views::narrow(grad, axis_number, k, 1)?).into(), (&before).into()])?;
        let tail_grad = views::narrow(grad, axis_number, k + 1, size - k - 1)?;
        let tail_terms = apply(&rows::mul::ROW, &[], &[(&tail_grad).into(), (&tail).into()])?;
        let tail_sum = reduce::sum(&tail_terms, Some(&[axis_number]), true, None)?;
        parts.push(apply(&rows::add::ROW, &[], &[(&head_term).into(), (&tail_sum).into()])?);
    }
    super::joining::cat(&parts, axis_number)
}

/// Running product along an axis; integers and `bool` give `int64`.
#[track_caller]
pub fn cumprod(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    let axis = shape::normalize_axis("cumprod", axis, input.rank())?;
    let input = &match dtype {
        Some(dtype) if dtype.is_float() && dtype != input.dtype() => copy::to_dtype(input, dtype)?,
        _ => input.clone(),
    };
    let operand = input.operand()?;
    let dtype = running_dtype("cumprod", operand.array.dtype(), dtype)?;
    refuse_integral("cumprod", &operand, dtype)?;
    let [output] = scan_array("cumprod", Scan::Prod, false, &operand.array, axis, [dtype])?;
    if is_recorded(&[&operand]) {
        return record(RunningProduct { axis }, &[&operand], &[Save::Input(&operand), Save::Output(0)], output);
    }
    Ok(Tensor::from_array(output))
}

/// Greatest (or least) element so far, and where it last was.
#[track_caller]
pub fn running_extreme(input: &Tensor, greatest: bool, axis: i64) -> Result<(Tensor, Tensor)> {
    let (op, name, kind) =
        if greatest { ("cummax", "CummaxBackward0", Scan::Max) } else { ("cummin", "CumminBackward0", Scan::Min) };
    let operand = input.operand()?;
    let axis = shape::normalize_axis(op, axis, operand.array.rank())?;
    let dtype = operand.array.dtype();
    let [values, indices] = scan_array(op, kind, false, &operand.array, axis, [dtype, DType::I64])?;
    reduce::chosen(name, &operand, axis, true, values, indices)
}

/// The gradient of a product over `mask`: the product of all other elements. `grad` and `output` broadcast.
#[track_caller]
pub(super) fn prod_backward(grad: &Tensor, input: &Tensor, output: &Tensor, mask: &[bool]) -> Result<Tensor> {
    let zeros = apply(&rows::eq::ROW, &[], &[input.into(), Scalar::Int(0).into()])?;
    if !reduce::any(&zeros, None, false)?.item()?.to_bool() {
        let weighted = multiply(grad, output)?;
        return apply(&rows::div::ROW, &[], &[(&weighted).into(), input.into()]);
    }
    // With zeros: products of what lies before times products of what lies behind, along one axis.
    let reduced: SmallVec<[i64; 6]> = (0..mask.len()).filter(|&axis| mask[axis]).map(|axis| axis as i64).collect();
    let (line, axis) = match reduced.as_slice() {
        [axis] => (input.clone(), *axis),
        _ => (views::reshape(input, &[-1])?, 0),
    };
    let size = line.shape()[axis as usize] as i64;
    let first = views::narrow(&line, axis, 0, 1)?;
    let one = Tensor::from_array(Array::full("prod", &first.shape(), Scalar::Int(1), first.dtype())?);
    let before =
        cumprod(&super::joining::cat(&[one.clone(), views::narrow(&line, axis, 0, size - 1)?], axis)?, axis, None)?;
    let reversed = rearranging::flip(&line, &[axis])?;
    let shifted = super::joining::cat(&[one, views::narrow(&reversed, axis, 0, size - 1)?], axis)?;
    let after = rearranging::flip(&cumprod(&shifted, axis, None)?, &[axis])?;
    let others = multiply(&before, &after)?;
    let others = views::reshape_to(&others, &input.shape())?;
    multiply(grad, &others)
}

fn multiply(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(&rows::mul::ROW, &[], &[a.into(), b.into()])
}

/// Logarithm of the running sum of exponentials.
#[track_caller]
pub fn logcumsumexp(input: &Tensor, axis: i64) -> Result<Tensor> {
    let axis = shape::normalize_axis("logcumsumexp", axis, input.rank())?;
    let operand = input.operand()?;
    let dtype = operand.array.dtype();
    if !dtype.is_float() {
        return Err(Error::dtype("logcumsumexp", dtype, "logcumsumexp is for floating-point tensors"));
    }
    let [output] = scan_array("logcumsumexp", Scan::LogSumExp, false, &operand.array, axis, [dtype])?;
    if is_recorded(&[&operand]) {
        return record(RunningLogSumExp { axis }, &[&operand], &[Save::Input(&operand), Save::Output(0)], output);
    }
    Ok(Tensor::from_array(output))
}

struct RunningLogSumExp {
    axis: usize,
}

impl Op for RunningLogSumExp {
    fn name(&self) -> &str {
        "LogcumsumexpBackward0"
    }

    /// ∂L/∂xₖ = Σ_{i≥k} gᵢ e^(xₖ − yᵢ) = e^(xₖ − yₖ) Σ_{i≥k} gᵢ e^(yₖ − yᵢ), in which no exponent is positive.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (mut grad, input, output) = (cx.only_grad(), cx.saved(0)?, cx.saved(1)?);
        let infinite = apply(&rows::isinf::ROW, &[], &[(&output).into()])?;
        let of_infinite = if reduce::any(&infinite, None, false)?.item()? == Scalar::Bool(true) {
            let evenly = self.share_of_infinite(&grad, &input, &output)?;
            grad = select::where_(&infinite, Scalar::Int(0).into(), (&grad).into())?;
            Some(evenly)
        } else {
            None
        };
        let summed = decaying_sum(&grad, &output, self.axis, true)?;
        let distance = apply(&rows::sub::ROW, &[], &[(&input).into(), (&output).into()])?;
        // Both are infinite: the sum is this element alone.
        let undefined = apply(&rows::isnan::ROW, &[], &[(&distance).into()])?;
        let distance = apply(&rows::masked_fill::ROW, &[], &[(&distance).into(), (&undefined).into(), 0.0.into()])?;
        let mut result = multiply(&apply(&rows::exp::ROW, &[], &[(&distance).into()])?, &summed)?;
        if let Some(evenly) = of_infinite {
            result = result.add(&evenly)?;
        }
        cx.put(0, result);
        Ok(())
    }
}

impl RunningLogSumExp {
    /// The part of the gradient that comes from infinite sums: each is that of the elements up to there that are as
    /// infinite, which share evenly.
    #[track_caller]
    fn share_of_infinite(&self, grad: &Tensor, input: &Tensor, output: &Tensor) -> Result<Tensor> {
        let axis = self.axis as i64;
        let zero = || Scalar::Int(0).into();
        let reversed = |tensor: &Tensor| rearranging::flip(tensor, &[axis]);
        let mut result = Tensor::from_array(Array::zeros("logcumsumexp", &input.shape(), grad.dtype())?);
        for level in [f64::NEG_INFINITY, f64::INFINITY] {
            let attained = input.eq(level)?;
            let count = cumsum(&copy::to_dtype(&attained, grad.dtype())?, axis, None)?;
            let count = apply(&rows::maximum::ROW, &[], &[(&count).into(), Scalar::Int(1).into()])?;
            let share = select::where_(&output.eq(level)?, (&grad.div(&count)?).into(), zero())?;
            let later = reversed(&cumsum(&reversed(&share)?, axis, None)?)?;
            result = select::where_(&attained, (&later).into(), (&result).into())?;
        }
        Ok(result)
    }
}

/// Along an axis the sums Σ vᵢ e^(−|lᵢ − lₖ|) over i ≥ k (`reverse`) or i ≤ k, of values v and levels l that do not fall.
#[track_caller]
fn decaying_sum(values: &Tensor, levels: &Tensor, axis: usize, reverse: bool) -> Result<Tensor> {
    const OP: &str = "logcumsumexp";
    let (values, levels) = (values.operand()?, levels.operand()?);
    let dtype = values.array.dtype();
    // Lines along the last axis, in double precision.
    let mut axes: SmallVec<[usize; 6]> = (0..values.array.rank()).filter(|&other| other != axis).collect();
    axes.extend((axis < values.array.rank()).then_some(axis));
    let moved = values.array.permute(&axes);
    let (v, l) =
        (moved.to_dtype_contiguous(OP, DType::F64)?, levels.array.permute(&axes).to_dtype_contiguous(OP, DType::F64)?);
    let out = Array::uninit(OP, moved.shape(), DType::F64)?;
    launch([&v, &l], &out, |[v, l], out| decay::decaying_sum(reverse, v, l, out));
    let mut back: SmallVec<[usize; 6]> = SmallVec::from_elem(0, axes.len());
    axes.iter().enumerate().for_each(|(position, &axis)| back[axis] = position);
    let output = out.permute(&back).to_dtype_contiguous(OP, dtype)?;
    if is_recorded(&[&values, &levels]) {
        let saves = [Save::Input(&values), Save::Input(&levels), Save::Output(0)];
        return record(DecayingSum { axis, reverse }, &[&values, &levels], &saves, output);
    }
    Ok(Tensor::from_array(output))
}

struct DecayingSum {
    axis: usize,
    reverse: bool,
}

impl Op for DecayingSum {
    fn name(&self) -> &str {
        "DecayingSumBackward0"
    }

    /// With the sums T of the gradient g in the other direction: ∂L/∂v = T and ∂L/∂l = ±(g s − v T), because a pair i ≥ k
    /// has the factor e^(lₖ − lᵢ) in both directions.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, values, levels, sums) = (cx.only_grad(), cx.saved(0)?, cx.saved(1)?, cx.saved(2)?);
        let other = decaying_sum(&grad, &levels, self.axis, !self.reverse)?;
        if cx.needs(1) {
            let (a, b) = (multiply(&grad, &sums)?, multiply(&values, &other)?);
            let (from, to) = if self.reverse { (&a, &b) } else { (&b, &a) };
            let levels = apply(&rows::sub::ROW, &[], &[from.into(), to.into()])?;
            cx.put(1, levels);
        }
        if cx.needs(0) {
            cx.put(0, other);
        }
        Ok(())
    }
}
