//! A = L Lᴴ, and what is solved with it.

use smallvec::{SmallVec, smallvec};

use super::triangular::substitute;
use super::{adjoint, batch_of, batched, checked_square, failure, fresh, identity, lower, product, same_batch};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg::{self as kernel, Side};
use crate::launch::launch;
use crate::tensor::Tensor;

const LOWER: Side = Side::Lower { unit: false };

/// The lower factor, or the upper one, and how the factorisation went.
#[derive(Clone, PartialEq, Debug)]
struct Cholesky {
    op: &'static str,
    upper: bool,
    check: bool,
}

impl Cholesky {
    /// L from what was given, a factor or its gradient, and back.
    fn as_lower(&self, factor: Tensor) -> Result<Tensor> {
        if self.upper { adjoint(&factor) } else { Ok(factor) }
    }
}

impl Op for Cholesky {
    fn name(&self) -> &str {
        "LinalgCholeskyExBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let a = inputs[0].contiguous(self.op)?;
        let factor = Array::uninit(self.op, a.shape(), a.dtype())?;
        let info = fresh(self.op, batch_of(a.shape()), &[], DType::I32)?;
        match launch(&a, [&factor, &info], |a, results| kernel::cholesky(self.upper, a, results)) {
            Some((index, order)) if self.check => Err(failure(
                self.op,
                batch_of(a.shape()),
                index,
                format!(
                    "The factorization could not be completed because the input is not positive-definite (the leading minor \
                     of order {order} is not positive-definite)."
                ),
            )),
            _ => Ok(smallvec![factor, info]),
        }
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.call(CholeskyBackward(self.clone()), &[From::Saved(0), From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    /// L Φ(L⁻¹ ∂A L⁻ᴴ) with Φ the lower triangle, its diagonal halved.
    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let factor = self.as_lower(cx.output(0).clone())?;
        let tangent = tangent.add(&adjoint(&tangent)?)?.mul(0.5)?;
        let half = substitute(&factor, &tangent, LOWER, false)?;
        let inner = substitute(&factor, &adjoint(&half)?, LOWER, false)?;
        let phi = lower(&inner, 0)?.add(&lower(&inner, -1)?)?.mul(0.5)?;
        let result = product(&factor, &phi)?;
        cx.put(0, self.as_lower(result)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// The gradient of a matrix from its factor and the gradient of that: see [`arcgrad_linalg::cholesky::gradient`].
#[derive(Clone, PartialEq, Debug)]
struct CholeskyBackward(Cholesky);

impl Op for CholeskyBackward {
    fn name(&self) -> &str {
        "LinalgCholeskyExBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let _off = crate::graph::no_grad();
        let as_lower = |array: &Array| -> Result<Array> {
            self.0.as_lower(Tensor::from_array(array.clone()))?.array().contiguous(self.0.op)
        };
        let (factor, grad) = (as_lower(&inputs[0])?, as_lower(&inputs[1])?);
        let result = Array::uninit(self.0.op, factor.shape(), factor.dtype())?;
        launch([&factor, &grad], &result, kernel::cholesky_gradient);
        Ok(smallvec![result])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(factor), Some(grad)] = *inputs else { unreachable!("both are always given") };
        let again = || {
            let (factor, grad) = (self.0.as_lower(factor.clone())?, self.0.as_lower(grad.clone())?);
            let phi = product(&adjoint(&factor)?, &grad)?;
            let phi = lower(&phi, 0)?.add(&adjoint(&lower(&phi, -1)?)?)?;
            let half = substitute(&factor, &phi, LOWER, true)?;
            let whole = substitute(&factor, &adjoint(&half)?, LOWER, true)?;
            // Φ is hermitian, and so is this but for rounding.
            Ok(smallvec![whole.add(&adjoint(&whole)?)?.mul(0.25)?])
        };
        Some(again())
    }
}

#[track_caller]
fn factored(op: &'static str, input: &Tensor, upper: bool, check: bool) -> Result<[Tensor; 2]> {
    checked_square(op, input)?;
    let mut results = call_many(Cholesky { op, upper, check }, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("two results")))
}

/// L with L Lᴴ = `input`, or its conjugate transpose with `upper`.
#[track_caller]
pub fn cholesky(op: &'static str, input: &Tensor, upper: bool) -> Result<Tensor> {
    let [factor, _] = factored(op, input, upper, true)?;
    Ok(factor)
}

/// [`cholesky`], and 0 or the order of the first leading minor that is not positive definite.
#[track_caller]
pub fn cholesky_ex(input: &Tensor, upper: bool, check: bool) -> Result<[Tensor; 2]> {
    factored("linalg.cholesky_ex", input, upper, check)
}

/// X with `L Lᴴ X = B`.
#[track_caller]
pub fn cholesky_solve(b: &Tensor, factor: &Tensor, upper: bool) -> Result<Tensor> {
    const OP: &str = "cholesky_solve";
    for (tensor, name) in [(b, "b"), (factor, "u")] {
        if tensor.rank() < 2 {
            let reason =
                format!("{name} should have at least 2 dimensions, but has {} dimensions instead", tensor.rank());
            return Err(Error::runtime(OP, reason));
        }
    }
    let n = checked_square(OP, factor)?;
    if b.shape()[b.rank() - 2] != n {
        return Err(Error::runtime(
            OP,
            format!(
                "Incompatible matrix sizes for cholesky_solve: each A matrix is {n} by {n} but each b matrix is {} by {}",
                b.shape()[b.rank() - 2],
                b.shape()[b.rank() - 1]
            ),
        ));
    }
    super::check_same_dtype(OP, factor, b)?;
    let (factor, b) = same_batch(OP, factor, b)?;
    let side = if upper { Side::Upper { unit: false } } else { LOWER };
    substitute(&factor, &substitute(&factor, &b, side, upper)?, side, !upper)
}

/// The inverse of `L Lᴴ`.
#[track_caller]
pub fn cholesky_inverse(factor: &Tensor, upper: bool) -> Result<Tensor> {
    const OP: &str = "cholesky_inverse";
    let n = checked_square(OP, factor)?;
    let ones = identity(OP, batch_of(&factor.shape()), n, factor.dtype())?;
    cholesky_solve(&ones, factor, upper)
}
