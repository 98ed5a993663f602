//! A V = V diag(λ) of matrices of any kind; λ and V are complex.

use smallvec::{SmallVec, smallvec};

use super::spectrum::over_differences_of;
use super::{
    adjoint, batch_of, batched, check_dtype, diagonal, diagonal_matrix, failure, for_columns, fresh, like, lu, product,
    real_diagonal, square_size, sum_of,
};
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg as kernel;
use crate::launch::launch;
use crate::ops::complex;
use crate::tensor::Tensor;

const OP: &str = "linalg.eig";

/// Eigenvalues and eigenvectors of length 1, of complex matrices.
#[derive(Clone, PartialEq, Debug)]
struct Eig {
    vectors: bool,
}

impl Op for Eig {
    fn name(&self) -> &str {
        "LinalgEigBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let a = inputs[0].to_dtype_contiguous(OP, inputs[0].dtype().to_complex())?;
        let (batch, n) = (batch_of(a.shape()), square_size(OP, "A", a.shape())?);
        let values = fresh(OP, batch, &[n], a.dtype())?;
        let vectors = fresh(OP, batch, &[if self.vectors { n } else { 0 }, n], a.dtype())?;
        match launch(&a, [&values, &vectors], kernel::eig) {
            Some((index, code)) => Err(failure(
                OP,
                batch,
                index,
                format!(
                    "The algorithm failed to converge because the input matrix is ill-conditioned or has elements that are not \
                     finite (error code: {code})."
                ),
            )),
            None => Ok(smallvec![values, vectors]),
        }
    }

    fn differentiable(&self) -> usize {
        2
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0), Keep::Output(1)]
    }

    /// V⁻ᴴ (diag ∂λ + (K − Vᴴ V diag(re K)) / conj(λⱼ − λᵢ)) Vᴴ with K = Vᴴ ∂V (C. Boeddeker et al., "On the computation of
    /// complex-valued gradients with application to statistically optimum beamforming", 2017): the lengths of the vectors stay
    /// 1, and their phases must not matter.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (a, values, vectors) = (cx.saved(0)?, cx.saved(1)?, cx.saved(2)?);
        let turned = adjoint(&vectors)?;
        let mut inner = match cx.grad(0) {
            Some(grad) => Some(diagonal_matrix(grad)?),
            None => None,
        };
        if let Some(grad) = cx.grad(1).cloned() {
            let whole = product(&turned, &grad)?;
            check_phase(&whole)?;
            let lengths = product(&turned, &vectors)?.mul(&for_columns(&real_diagonal(&whole)?)?)?;
            let quotients = over_differences_of(OP, &complex::conj(&values)?, &whole.sub(&lengths)?)?;
            inner = Some(sum_of(inner, quotients)?);
        }
        let Some(inner) = inner else { return Ok(()) };
        let result = product(&inner, &turned)?;
        let [result, _] = lu::solve_ex(OP, &turned, &result, true, false)?;
        cx.put(
            0,
            if a.dtype().is_complex() {
                result
            } else {
                crate::ops::writing::copy::contiguous(&complex::real(&result)?)?
            },
        );
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let (values, vectors) = (cx.output(0).clone(), cx.output(1).clone());
        let right = product(&like(&tangent, &vectors)?, &vectors)?;
        let [inner, _] = lu::solve_ex(OP, &vectors, &right, true, false)?;
        if self.vectors {
            let rotation = product(&vectors, &over_differences_of(OP, &values, &inner)?)?;
            let along = real_diagonal(&product(&adjoint(&vectors)?, &rotation)?)?;
            cx.put(1, rotation.sub(&vectors.mul(&for_columns(&along)?)?)?)?;
        }
        cx.put(0, diagonal(&inner)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// The loss must not depend on the phases of the vectors.
fn check_phase(whole: &Tensor) -> Result<()> {
    if whole.is_batched() {
        return Ok(());
    }
    let _off = crate::graph::no_grad();
    let phases = complex::imag(&diagonal(&whole.detach())?)?.abs()?;
    if phases.numel() == 0 {
        return Ok(());
    }
    let (most, known) = (
        crate::ops::reductions::reduce::extreme(&phases, true, None, false)?.item()?.to_f64(),
        crate::ops::reductions::reduce::extreme(&whole.detach().abs()?, true, None, false)?.item()?.to_f64(),
    );
    let rounding = if whole.dtype() == crate::DType::C128 { 1e-8 } else { 1e-3 };
    if most > rounding * known.max(1.0) {
        return Err(Error::runtime(
            "linalg_eig_backward",
            "linalg_eig_backward: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. The \
             specified loss function depends on this quantity, so it is ill-defined.",
        ));
    }
    Ok(())
}

#[track_caller]
fn decomposed(input: &Tensor, vectors: bool) -> Result<[Tensor; 2]> {
    square_size(OP, "A", &input.shape())?;
    check_dtype(OP, input.dtype())?;
    let mut results = call_many(Eig { vectors }, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("two results")))
}

/// Eigenvalues, in no order, and eigenvectors of length 1 as columns.
#[track_caller]
pub fn eig(input: &Tensor) -> Result<[Tensor; 2]> {
    decomposed(input, true)
}

/// The eigenvalues alone: without the vectors where no derivative will ask for them.
#[track_caller]
pub fn eigvals(input: &Tensor) -> Result<Tensor> {
    let [values, _] = decomposed(input, super::is_differentiated(input))?;
    Ok(values)
}
