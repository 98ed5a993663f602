//! Softmax and its logarithm along an axis.

use smallvec::{SmallVec, smallvec};

use super::reduce;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::softmax::AxisSize;
use crate::kernels::{In, Out, softmax as kernel};
use crate::launch::launch;
use crate::ops::batching;
use crate::ops::writing::copy;
use crate::shape;
use crate::tensor::Tensor;

/// A tensor seen from an axis; one without axes counts as one element.
pub(in crate::ops) fn axis_size(shape: &[usize], axis: usize) -> AxisSize {
    if shape.is_empty() { AxisSize { outer: 1, len: 1, inner: 1 } } else { AxisSize::new(shape, axis) }
}

type Kernel = fn(AxisSize, In<'_>, Out<'_>);
type GradientKernel = fn(AxisSize, In<'_>, In<'_>, Out<'_>);

/// Runs a kernel of one input into fresh memory.
fn forward(op: &'static str, run: Kernel, input: &Array, axis: usize) -> Result<Array> {
    let input = input.contiguous(op)?;
    let output = Array::uninit(op, input.shape(), input.dtype())?;
    if input.numel() > 0 {
        launch(&input, &output, |x, y| run(axis_size(input.shape(), axis), x, y));
    }
    Ok(output)
}

/// Runs a gradient kernel on the output and the gradient.
fn backward(op: &'static str, run: GradientKernel, output: &Array, grad: &Array, axis: usize) -> Result<Array> {
    let (output, grad) = (output.contiguous(op)?, grad.contiguous(op)?);
    let result = Array::uninit(op, output.shape(), output.dtype())?;
    let size = axis_size(output.shape(), axis);
    launch([&output, &grad], &result, |[y, g], dx| run(size, y, g, dx));
    Ok(result)
}

/// Log-softmax of bare data, for losses that fuse it.
pub(in crate::ops) fn log_softmax_array(op: &'static str, input: &Array, axis: usize) -> Result<Array> {
    forward(op, kernel::log_softmax, input, axis)
}

/// Softmax along an axis, or its logarithm.
#[derive(Clone, PartialEq, Debug)]
struct Softmax {
    axis: usize,
    log: bool,
}

impl Op for Softmax {
    fn name(&self) -> &str {
        if self.log { "LogSoftmaxBackward0" } else { "SoftmaxBackward0" }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (op, run): (_, Kernel) =
            if self.log { ("log_softmax", kernel::log_softmax) } else { ("softmax", kernel::softmax) };
        Ok(smallvec![forward(op, run, &inputs[0], self.axis)?])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(0)]
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("result", 0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = SoftmaxBackward { axis: self.axis, log: self.log };
        let grad = cx.call(gradient, &[From::Saved(0), From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let result = if self.log {
            log_softmax_tangent(cx.output(0), &tangent, self.axis)?
        } else {
            // The Jacobian is symmetric.
            call(SoftmaxBackward { axis: self.axis, log: false }, &[cx.output(0), &tangent])?
        };
        cx.put(0, result)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batching::along(cx, self.axis, |whole, axis| call(Self { axis, log: self.log }, &[whole]))
    }
}

/// The gradient of [`Softmax`] from its output and the gradient of that.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::ops) struct SoftmaxBackward {
    pub axis: usize,
    pub log: bool,
}

impl Op for SoftmaxBackward {
    fn name(&self) -> &str {
        if self.log { "LogSoftmaxBackwardDataBackward0" } else { "SoftmaxBackwardDataBackward0" }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (op, run): (_, GradientKernel) = if self.log {
            ("log_softmax", kernel::log_softmax_backward)
        } else {
            ("softmax", kernel::softmax_backward)
        };
        Ok(smallvec![backward(op, run, &inputs[0], &inputs[1], self.axis)?])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(output), Some(grad)] = *inputs else { unreachable!("both are always given") };
        let sum = |tensor: &Tensor| reduce::sum(tensor, Some(&[self.axis as i64]), true, None);
        let result = || {
            Ok(smallvec![if self.log {
                grad.sub(&output.exp()?.mul(&sum(grad)?)?)?
            } else {
                output.mul(&grad.sub(&sum(&grad.mul(output)?)?)?)?
            }])
        };
        Some(result())
    }
}

/// The tangent of log-softmax from its output.
pub(in crate::ops) fn log_softmax_tangent(output: &Tensor, tangent: &Tensor, axis: usize) -> Result<Tensor> {
    tangent.sub(&reduce::sum(&output.exp()?.mul(tangent)?, Some(&[axis as i64]), true, None)?)
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
    call(Softmax { axis, log: false }, &[&input])
}

/// Logarithm of [`softmax`], more exact than the two in turn.
#[track_caller]
pub fn log_softmax(input: &Tensor, axis: i64, dtype: Option<DType>) -> Result<Tensor> {
    let (input, axis) = prepared("log_softmax", input, axis, dtype)?;
    call(Softmax { axis, log: true }, &[&input])
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
