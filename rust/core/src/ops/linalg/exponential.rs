//! The exponential of a matrix.

use smallvec::{SmallVec, smallvec};

use super::{adjoint, batched, checked_square, columns, rows};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg as kernel;
use crate::launch::launch;
use crate::ops::arranging::joining;
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

const OP: &str = "linalg.matrix_exp";

#[derive(Clone, PartialEq, Debug)]
struct Exponential;

/// The derivative of exp at A in the direction of E is the upper right block of exp of [[A, E], [0, A]] (R. Mathias, "A chain
/// rule for matrix functions and applications", 1996).
fn derivative(a: &Tensor, direction: &Tensor) -> Result<Tensor> {
    let shape = a.shape();
    let n = shape[shape.len() - 1];
    let zeros = copy::filled_like(a, Scalar::Int(0))?;
    let above = joining::cat(&[a.clone(), direction.clone()], -1)?;
    let below = joining::cat(&[zeros, a.clone()], -1)?;
    let whole = call(Exponential, &[&joining::cat(&[above, below], -2)?])?;
    columns(&rows(&whole, 0, n)?, n, n)
}

impl Op for Exponential {
    fn name(&self) -> &str {
        "LinalgMatrixExpBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let a = inputs[0].contiguous(OP)?;
        let result = Array::uninit(OP, a.shape(), a.dtype())?;
        launch(&a, &result, kernel::exponential);
        Ok(smallvec![result])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = derivative(&adjoint(&cx.saved(0)?)?, &cx.only_grad())?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        cx.put(0, derivative(cx.input(0), &tangent)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// Σ Aᵏ / k!
#[track_caller]
pub fn matrix_exp(input: &Tensor) -> Result<Tensor> {
    if matches!(input.dtype(), DType::F16 | DType::BF16) {
        return copy::to_dtype(&matrix_exp(&copy::to_dtype(input, DType::F32)?)?, input.dtype());
    }
    checked_square(OP, input)?;
    call(Exponential, &[input])
}
