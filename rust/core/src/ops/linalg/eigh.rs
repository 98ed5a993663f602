//! A = V diag(λ) Vᴴ of Hermitian matrices.

use smallvec::{SmallVec, smallvec};

use super::spectrum::over_differences;
use super::{
    adjoint, batch_of, batched, check_dtype, diagonal_matrix, failure, fresh, like, product, real_diagonal,
    square_size, sum_of,
};
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::node::Backward;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg as kernel;
use crate::launch::launch;
use crate::tensor::Tensor;

const OP: &str = "linalg.eigh";

/// Eigenvalues in ascending order, and eigenvectors; one triangle is read.
#[derive(Clone, PartialEq, Debug)]
struct Eigh {
    upper: bool,
    vectors: bool,
}

impl Op for Eigh {
    fn name(&self) -> &str {
        "LinalgEighBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let a = inputs[0].contiguous(OP)?;
        let (batch, n) = (batch_of(a.shape()), square_size(OP, "A", a.shape())?);
        let values = fresh(OP, batch, &[n], a.dtype().to_real())?;
        let vectors = fresh(OP, batch, &[if self.vectors { n } else { 0 }, n], a.dtype())?;
        match launch(&a, [&values, &vectors], |a, results| kernel::eigh(self.upper, a, results)) {
            Some((index, code)) => Err(failure(
                OP,
                batch,
                index,
                format!(
                    "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated \
                     eigenvalues (error code: {code})."
                ),
            )),
            None => Ok(smallvec![values, vectors]),
        }
    }

    fn differentiable(&self) -> usize {
        2
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(0), Keep::Output(1)]
    }

    /// V (diag ∂λ + K / (λⱼ − λᵢ)) Vᴴ with K the antihermitian part of Vᴴ ∂V (M. Giles, "An extended collection of matrix
    /// derivative results", 2008, 3.1): the input counts as Hermitian, and so is the gradient.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let vectors = cx.saved(1)?;
        let to_values = cx.grad(0).cloned();
        let mut inner = to_values.as_ref().map(diagonal_matrix).transpose()?;
        if let Some(grad) = cx.grad(1).cloned() {
            let whole = product(&adjoint(&vectors)?, &grad)?;
            let turned = adjoint(&whole)?;
            let (skew, known) = (whole.sub(&turned)?.mul(0.5)?, whole.add(&turned)?.mul(0.5)?);
            let quotients = over_differences(OP, &cx.saved(0)?, &skew, Some(&known), to_values.as_ref())?;
            inner = Some(sum_of(inner, quotients)?);
        }
        let Some(inner) = inner else { return Ok(()) };
        let inner = like(&inner, &vectors)?;
        let result = product(&product(&vectors, &inner)?, &adjoint(&vectors)?)?;
        cx.put(0, result);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let tangent = tangent.add(&adjoint(&tangent)?)?.mul(0.5)?;
        let vectors = cx.output(1).clone();
        let inner = product(&product(&adjoint(&vectors)?, &tangent)?, &vectors)?;
        let of_values = real_diagonal(&inner)?;
        if self.vectors {
            let rotation = over_differences(OP, cx.output(0), &inner, None, None)?;
            cx.put(1, product(&vectors, &rotation)?)?;
        }
        cx.put(0, of_values)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

#[track_caller]
fn decomposed(input: &Tensor, uplo: &str, vectors: bool) -> Result<[Tensor; 2]> {
    square_size(OP, "A", &input.shape())?;
    let upper = match uplo {
        "L" | "l" => false,
        "U" | "u" => true,
        other => {
            let reason = format!("Expected UPLO argument to be 'L' or 'U', but got {other}");
            return Err(Error::runtime(OP, reason));
        }
    };
    check_dtype(OP, input.dtype())?;
    let mut results = call_many(Eigh { upper, vectors }, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("two results")))
}

/// Eigenvalues in ascending order and the eigenvectors as columns, of Hermitian matrices.
#[track_caller]
pub fn eigh(input: &Tensor, uplo: &str) -> Result<[Tensor; 2]> {
    decomposed(input, uplo, true)
}

/// The eigenvalues alone: without the vectors where no derivative will ask for them.
#[track_caller]
pub fn eigvalsh(input: &Tensor, uplo: &str) -> Result<Tensor> {
    let [values, _] = decomposed(input, uplo, super::is_differentiated(input))?;
    Ok(values)
}
