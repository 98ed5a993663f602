//! A = V diag(λ) Vᴴ of Hermitian matrices.

use smallvec::{SmallVec, smallvec};

use super::spectrum::{over_differences, refusal};
use super::{
    adjoint, batch_of, batched, check_dtype, diagonal_matrix, failure, fresh, like, product, real_diagonal,
    square_size, sum_of,
};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
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

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = |nr| if cx.grad(nr).is_some() { From::Grad(nr) } else { From::Nothing };
        let from = [From::Saved(0), From::Saved(1), grad(0), grad(1)];
        if from[2..] != [From::Nothing; 2] {
            let result = cx.call(EighBackward, &from)?;
            cx.put(0, result);
        }
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

/// The gradient of a matrix from its values and vectors and the gradients of those, of which one may be missing.
#[derive(Clone, PartialEq, Debug)]
struct EighBackward;

impl Op for EighBackward {
    fn name(&self) -> &str {
        "LinalgEighBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (values, vectors) = (inputs[0].contiguous(OP)?, inputs[1].contiguous(OP)?);
        let given = |input: usize, dtype| match inputs.get(input) {
            Some(grad) => grad.contiguous(OP),
            None => Array::zeros(OP, &[0], dtype),
        };
        let (to_values, to_vectors) = (given(2, values.dtype())?, given(3, vectors.dtype())?);
        let result = Array::uninit(OP, vectors.shape(), vectors.dtype())?;
        launch([&values, &vectors, &to_values, &to_vectors], &result, kernel::eigh_gradient)
            .map_err(|(index, why)| refusal(OP, vectors.shape(), index, why))?;
        Ok(smallvec![result])
    }

    /// V (diag ∂λ + K / (λⱼ − λᵢ)) Vᴴ with K the antihermitian part of Vᴴ ∂V (M. Giles, "An extended collection of matrix
    /// derivative results", 2008, 3.1): the input counts as Hermitian, and so is the gradient.
    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(values), Some(vectors), to_values, to_vectors] = *inputs else { unreachable!("always given") };
        let again = || {
            let mut inner = to_values.map(diagonal_matrix).transpose()?;
            if let Some(grad) = to_vectors {
                let whole = product(&adjoint(vectors)?, grad)?;
                let turned = adjoint(&whole)?;
                let (skew, known) = (whole.sub(&turned)?.mul(0.5)?, whole.add(&turned)?.mul(0.5)?);
                let quotients = over_differences(OP, values, &skew, Some(&known), to_values)?;
                inner = Some(sum_of(inner, quotients)?);
            }
            let inner = like(&inner.expect("one gradient is there"), vectors)?;
            Ok(smallvec![product(&product(vectors, &inner)?, &adjoint(vectors)?)?])
        };
        Some(again())
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
