//! Softmax and its logarithm along an axis.

use super::copy;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::is_grad_enabled;
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::softmax as kernel;
use crate::kernels::softmax::AxisSize;
use crate::kernels::{In, Out};
use crate::launch::launch;
use crate::ops::reduce;
use crate::shape;
use crate::tensor::Tensor;

/// A tensor seen from an axis; one without axes counts as one element.
pub(super) fn axis_size(shape: &[usize], axis: usize) -> AxisSize {
    if shape.is_empty() { AxisSize { outer: 1, len: 1, inner: 1 } } else { AxisSize::new(shape, axis) }
}

/// Runs a kernel of one input into fresh memory.
fn forward(op: &'static str, run: fn(AxisSize, In<'_>, Out<'_>), input: &Array, axis: usize) -> Result<Array> {
    let input = input.contiguous(op)?;
    let output = Array::uninit(op, input.shape(), input.dtype())?;
    if input.numel() > 0 {
        launch(&input, &output, |x, y| run(axis_size(input.shape(), axis), x, y));
    }
    Ok(output)
}

/// Runs a gradient kernel on the output and the gradient.
fn backward(
    op: &'static str,
    run: fn(AxisSize, In<'_>, In<'_>, Out<'_>),
    output: &Array,
    grad: &Array,
    axis: usize,
) -> Result<Array> {
    let (output, grad) = (output.contiguous(op)?, grad.contiguous(op)?);
    let result = Array::uninit(op, output.shape(), output.dtype())?;
    let size = axis_size(output.shape(), axis);
    launch([&output, &grad], &result, |[y, g], dx| run(size, y, g, dx));
    Ok(result)
}

/// Log-softmax of bare data, for losses that fuse it.
pub(super) fn log_softmax_array(op: &'static str, input: &Array, axis: usize) -> Result<Array> {
    forward(op, kernel::log_softmax, input, axis)
}

/// The gradient of log-softmax from its output, recorded or fused as the mode asks.
pub(super) fn log_softmax_backward(op: &'static str, output: &Tensor, grad: &Tensor, axis: usize) -> Result<Tensor> {
    if is_grad_enabled() {
        let total = reduce::sum(grad, Some(&[axis as i64]), true, None)?;
        return grad.sub(&output.exp()?.mul(&total)?);
    }
    Ok(Tensor::from_array(backward(op, kernel::log_softmax_backward, &output.array(), &grad.array(), axis)?))
}

struct SoftmaxRule {
    axis: usize,
}

impl Op for SoftmaxRule {
    fn name(&self) -> &str {
        "SoftmaxBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let result = if is_grad_enabled() {
            let output = cx.saved(0)?;
            let weighted = reduce::sum(&grad.mul(&output)?, Some(&[self.axis as i64]), true, None)?;
            output.mul(&grad.sub(&weighted)?)?
        } else {
            let output = cx.saved_array(0)?;
            Tensor::from_array(backward("softmax", kernel::softmax_backward, &output, &grad.array(), self.axis)?)
        };
        cx.put(0, result);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("result", 0)]
    }
}

struct LogSoftmaxRule {
    axis: usize,
}

impl Op for LogSoftmaxRule {
    fn name(&self) -> &str {
        "LogSoftmaxBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let output = if is_grad_enabled() { cx.saved(0)? } else { Tensor::from_array(cx.saved_array(0)?) };
        let result = log_softmax_backward("log_softmax", &output, &grad, self.axis)?;
        cx.put(0, result);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("result", 0)]
    }
}

/// What both begin with: the cast asked for, the axis, the check of the dtype.
#[track_caller]
fn prepared(op: &'static str, input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<(Tensor, usize)> {
    let input = match dtype {
        Some(dtype) => copy::to_dtype(input, dtype)?,
        None => input.clone(),
    };
    let axis = shape::normalize_axis(op, axis, input.rank())?;
    let dtype = input.dtype();
    // Where there is nothing to compute, any dtype does.
    if !dtype.is_float() && input.numel() > 0 {
        return Err(Error::no_kernel(op, &format!("{op}_kernel_impl"), dtype));
    }
    Ok((input, axis))
}

/// `exp(x) / Σ exp(x)` along `axis`, without overflow; the input is cast to `dtype` first.
#[track_caller]
pub fn softmax(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    let (input, axis) = prepared("softmax", input, axis, dtype)?;
    let operand = input.operand()?;
    let output = forward("softmax", kernel::softmax, &operand.array, axis)?;
    if is_recorded(&[&operand]) {
        return record(SoftmaxRule { axis }, &[&operand], &[Save::Output(0)], output);
    }
    Ok(Tensor::from_array(output))
}

/// Logarithm of [`softmax`], more exact than the two in turn.
#[track_caller]
pub fn log_softmax(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    let (input, axis) = prepared("log_softmax", input, axis, dtype)?;
    let operand = input.operand()?;
    let output = log_softmax_array("log_softmax", &operand.array, axis)?;
    if is_recorded(&[&operand]) {
        return record(LogSoftmaxRule { axis }, &[&operand], &[Save::Output(0)], output);
    }
    Ok(Tensor::from_array(output))
}

/// [`softmax`] of the negated input.
#[track_caller]
pub fn softmin(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    softmax(&input.neg()?, axis, dtype)
}

/// The axis that `nn.functional` takes when none is given: 0 for ranks 0, 1 and 3, else 1.
pub fn implicit_axis(rank: usize) -> i64 {
    i64::from(!matches!(rank, 0 | 1 | 3))
}
