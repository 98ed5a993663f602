//! Running sums and products, extremes so far, and the gradient of a product.

use smallvec::{SmallVec, smallvec};

use super::axes::refuse_integral;
use super::choosing::{self, Choice};
use super::recurrence::{self, Recurrence};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::scan::{Scan, scan as run};
use crate::launch::launch_stored;
use crate::ops::arranging::{joining, rearranging};
use crate::ops::elementwise::{apply, select};
use crate::ops::writing::copy;
use crate::ops::{batching, complex, rows, views};
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
        launch_stored(&line, &written[..], |input, outputs| run(kind, reverse, axis, input, &outputs));
    }
    let finished: Vec<Array> = outputs
        .into_iter()
        .map(|output| if array.rank() == 0 { output.with_layout(&[], &[], 0) } else { output })
        .collect();
    Ok(finished.try_into().unwrap_or_else(|_| unreachable!("one array per dtype")))
}

/// A running sum, forwards or backwards; one is the gradient of the other.
#[derive(Clone, Debug, PartialEq)]
struct RunningSum {
    axis: usize,
    reverse: bool,
    dtype: DType,
}

impl Op for RunningSum {
    fn name(&self) -> &str {
        "CumsumBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let [output] = scan_array("cumsum", Scan::Sum, self.reverse, &inputs[0], self.axis, [self.dtype])?;
        Ok(smallvec![output])
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batching::along(cx, self.axis, |whole, axis| call(Self { axis, ..self.clone() }, &[whole]))
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
        Some(dtype) => Ok(dtype),
        None if input.is_differentiable() => Ok(input),
        None => Ok(DType::I64),
    }
}

#[track_caller]
fn running_sum(input: &Tensor, axis: usize, reverse: bool, dtype: Option<DType>) -> Result<Tensor> {
    let dtype = running_dtype("cumsum", input.dtype(), dtype)?;
    refuse_integral("cumsum", input, dtype)?;
    call(RunningSum { axis, reverse, dtype }, &[input])
}

/// Running sum along an axis; integers and `bool` give `int64`.
#[track_caller]
pub fn cumsum(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    let axis = shape::normalize_axis("cumsum", axis, input.rank())?;
    running_sum(input, axis, false, dtype)
}

/// A running product.
#[derive(Clone, Debug, PartialEq)]
struct RunningProduct {
    axis: usize,
    dtype: DType,
}

impl Op for RunningProduct {
    fn name(&self) -> &str {
        "CumprodBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let [output] = scan_array("cumprod", Scan::Prod, false, &inputs[0], self.axis, [self.dtype])?;
        Ok(smallvec![output])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0)]
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        cx.put(0, cumprod_tangent(&tangent, cx.input(0), cx.output(0), self.axis)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batching::along(cx, self.axis, |whole, axis| call(Self { axis, ..self.clone() }, &[whole]))
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, input, output) = (cx.only_grad(), cx.saved(0)?, cx.saved(1)?);
        let (input, output) = (complex::conj(&input)?, complex::conj(&output)?);
        let result = cumprod_backward(&grad, &input, &output, self.axis)?;
        cx.put(0, result);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0), ("result", 1)]
    }
}

/// ∂L/∂xₖ = Σ_{i≥k} gᵢ Π_{j≤i, j≠k} xⱼ. Without zeros that is a reversed running sum of g·y, divided by x. With zeros it is
/// the product of what lies before k times Sₖ = gₖ + xₖ₊₁ Sₖ₊₁, in which nothing is divided.
#[track_caller]
fn cumprod_backward(grad: &Tensor, input: &Tensor, output: &Tensor, axis: usize) -> Result<Tensor> {
    if input.rank() == 0 {
        return Ok(grad.clone());
    }
    let zeros = apply(&rows::eq::ROW, &[], &[input.into(), Scalar::Int(0).into()])?;
    if zeros.any()?.is_known_false() {
        let weighted = multiply(grad, output)?;
        let summed = running_sum(&weighted, axis, true, None)?;
        return apply(&rows::div::ROW, &[], &[(&summed).into(), input.into()]);
    }
    let behind = Recurrence { axis, reverse: true }.of(grad, input)?;
    multiply(&product_before(input, axis)?, &behind)
}

/// The product of all elements before each, along an axis: 1 for the first.
#[track_caller]
fn product_before(input: &Tensor, axis: usize) -> Result<Tensor> {
    let size = input.shape()[axis] as i64;
    let axis = axis as i64;
    if size == 0 {
        return Ok(input.clone());
    }
    let first = views::narrow(input, axis, 0, 1)?;
    let one = Tensor::from_array(Array::full("prod", &first.shape(), Scalar::Int(1), first.dtype())?);
    cumprod(&joining::cat(&[one, views::narrow(input, axis, 0, size - 1)?], axis)?, axis, None)
}

/// ẏₖ = Σ_{i≤k} ẋᵢ Π_{j≤k, j≠i} xⱼ: without zeros y times the running sum of ẋ/x, else ẏₖ = yₖ₋₁ ẋₖ + xₖ ẏₖ₋₁.
#[track_caller]
fn cumprod_tangent(tangent: &Tensor, input: &Tensor, output: &Tensor, axis: usize) -> Result<Tensor> {
    if input.rank() == 0 {
        return Ok(tangent.clone());
    }
    let zeros = apply(&rows::eq::ROW, &[], &[input.into(), Scalar::Int(0).into()])?;
    if zeros.any()?.is_known_false() {
        let relative = apply(&rows::div::ROW, &[], &[tangent.into(), input.into()])?;
        return multiply(output, &running_sum(&relative, axis, false, None)?);
    }
    Recurrence { axis, reverse: false }.of(&multiply(&product_before(input, axis)?, tangent)?, input)
}

/// Running product along an axis; integers and `bool` give `int64`.
#[track_caller]
pub fn cumprod(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    let axis = shape::normalize_axis("cumprod", axis, input.rank())?;
    let input = &match dtype {
        Some(dtype) if dtype.is_differentiable() && dtype != input.dtype() => copy::to_dtype(input, dtype)?,
        _ => input.clone(),
    };
    let dtype = running_dtype("cumprod", input.dtype(), dtype)?;
    refuse_integral("cumprod", input, dtype)?;
    call(RunningProduct { axis, dtype }, &[input])
}

/// Greatest (or least) element so far, and where it last was.
#[track_caller]
pub fn running_extreme(input: &Tensor, greatest: bool, axis: i64) -> Result<(Tensor, Tensor)> {
    let (op, name) = if greatest { ("cummax", "CummaxBackward0") } else { ("cummin", "CumminBackward0") };
    let axis = shape::normalize_axis(op, axis, input.rank())?;
    choosing::choose(name, RunningExtreme { greatest }, input, axis, true)
}

/// The greatest (or least) element so far.
#[derive(Clone, Debug, PartialEq)]
struct RunningExtreme {
    greatest: bool,
}

impl Choice for RunningExtreme {
    fn choose(&self, array: &Array, axis: usize) -> Result<(Array, Array)> {
        let (op, kind) = if self.greatest { ("cummax", Scan::Max) } else { ("cummin", Scan::Min) };
        let [values, indices] = scan_array(op, kind, false, array, axis, [array.dtype(), DType::I64])?;
        Ok((values, indices))
    }
}

/// The gradient of a product over `mask`: the product of all other elements. `grad` and `output` broadcast.
#[track_caller]
pub(in crate::ops) fn prod_backward(grad: &Tensor, input: &Tensor, output: &Tensor, mask: &[bool]) -> Result<Tensor> {
    let zeros = apply(&rows::eq::ROW, &[], &[input.into(), Scalar::Int(0).into()])?;
    if zeros.any()?.is_known_false() {
        let weighted = multiply(grad, output)?;
        return apply(&rows::div::ROW, &[], &[(&weighted).into(), input.into()]);
    }
    // With zeros: products of what lies before times products of what lies behind, along one axis.
    let reduced: SmallVec<[i64; 6]> = (0..mask.len()).filter(|&axis| mask[axis]).map(|axis| axis as i64).collect();
    let (line, axis) = match reduced.as_slice() {
        [axis] => (input.clone(), *axis),
        _ => (views::reshape(input, &[-1])?, 0),
    };
    let before = product_before(&line, axis as usize)?;
    let after = rearranging::flip(&product_before(&rearranging::flip(&line, &[axis])?, axis as usize)?, &[axis])?;
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
    if input.dtype().is_complex() {
        return doubled(input, axis);
    }
    if !input.dtype().is_float() {
        return Err(Error::dtype("logcumsumexp", input.dtype(), "logcumsumexp is for floating-point tensors"));
    }
    call(RunningLogSumExp { axis }, &[input])
}

/// [`logcumsumexp`] of complex numbers: sums over the last 1, 2, 4, … elements, each from two of half the length.
#[track_caller]
fn doubled(input: &Tensor, axis: usize) -> Result<Tensor> {
    let size = input.shape().get(axis).copied().unwrap_or(1);
    let part =
        |sums: &Tensor, start: usize, length: usize| views::narrow(sums, axis as i64, start as i64, length as i64);
    let mut sums = copy::clone(input)?;
    let mut length = 1;
    while length < size {
        let (later, earlier) = (part(&sums, length, size - length)?, part(&sums, 0, size - length)?);
        let longer = complex::logaddexp(&later, &earlier)?;
        sums = joining::cat(&[part(&sums, 0, length)?, longer], axis as i64)?;
        length *= 2;
    }
    Ok(sums)
}

/// Logarithm of the running sum of exponentials.
#[derive(Clone, Debug, PartialEq)]
struct RunningLogSumExp {
    axis: usize,
}

impl Op for RunningLogSumExp {
    fn name(&self) -> &str {
        "LogcumsumexpBackward0"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        let [output] = scan_array("logcumsumexp", Scan::LogSumExp, false, array, self.axis, [array.dtype()])?;
        Ok(smallvec![output])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0)]
    }

    /// ẏₖ = Σ_{i≤k} ẋᵢ e^(xᵢ − yₖ).
    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let (input, output) = (cx.input(0), cx.output(0));
        let distance = apply(&rows::sub::ROW, &[], &[input.into(), output.into()])?;
        let undefined = apply(&rows::isnan::ROW, &[], &[(&distance).into()])?;
        let distance = apply(&rows::masked_fill::ROW, &[], &[(&distance).into(), (&undefined).into(), 0.0.into()])?;
        let own = multiply(&apply(&rows::exp::ROW, &[], &[(&distance).into()])?, &tangent)?;
        cx.put(0, decaying_sum(&own, output, self.axis, false)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batching::along(cx, self.axis, |whole, axis| call(Self { axis }, &[whole]))
    }

    /// ∂L/∂xₖ = Σ_{i≥k} gᵢ e^(xₖ − yᵢ) = e^(xₖ − yₖ) Σ_{i≥k} gᵢ e^(yₖ − yᵢ), in which no exponent is positive.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (mut grad, input, output) = (cx.only_grad(), cx.saved(0)?, cx.saved(1)?);
        let infinite = apply(&rows::isinf::ROW, &[], &[(&output).into()])?;
        let of_infinite = if !infinite.any()?.is_known_false() {
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

/// Along an axis the sums Σ vᵢ e^(−|lᵢ − lₖ|) over i ≥ k (`reverse`) or i ≤ k, of values v and levels l that do not fall: what
/// came before fades with the distance of the levels, and no factor is above 1, however wide their range.
#[track_caller]
fn decaying_sum(values: &Tensor, levels: &Tensor, axis: usize, reverse: bool) -> Result<Tensor> {
    let dtype = values.dtype();
    let (values, levels) = (copy::to_dtype(values, DType::F64)?, copy::to_dtype(levels, DType::F64)?);
    let rises = recurrence::rises(&levels, axis)?;
    let factors = apply(&rows::exp::ROW, &[], &[(&apply(&rows::neg::ROW, &[], &[(&rises).into()])?).into()])?;
    copy::to_dtype(&Recurrence { axis, reverse }.of(&values, &factors)?, dtype)
}
