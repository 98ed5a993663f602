//! Quotients by differences of eigenvalues or singular values, which may be equal: see
//! [`arcgrad_linalg::spectrum`].

use smallvec::smallvec;

use super::{batch_of, batched, for_columns, for_rows};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{call, call_many};
use crate::kernels::linalg::{self as kernel, Undetermined};
use crate::launch::launch;
use crate::ops::reductions::reduce;
use crate::ops::views;
use crate::ops::writing::copy;
use crate::tensor::Tensor;

/// Which pairs of values differ (1, else 0), and what the hermitian part is multiplied by where they do not. Inputs are the
/// values, the antihermitian and the hermitian part, and the gradient of the values.
#[derive(Clone, PartialEq, Debug)]
struct Groups {
    op: &'static str,
    /// Whether the loss depends on the values, too.
    valued: bool,
}

impl Op for Groups {
    fn name(&self) -> &str {
        "Groups"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let mut operands = Vec::with_capacity(4);
        for input in inputs.iter() {
            operands.push(input.contiguous(self.op)?);
        }
        let [values, antihermitian, hermitian, gradient] = &operands[..] else { unreachable!("four are given") };
        let shape = hermitian.shape();
        let keep = Array::uninit(self.op, shape, values.dtype())?;
        let ratio = Array::uninit(self.op, shape, values.dtype())?;
        let reads = [values, antihermitian, hermitian, gradient];
        launch(reads, [&keep, &ratio], |reads, results| kernel::groups(self.valued, reads, results))
            .map_err(|(index, why)| refusal(self.op, shape, index, why))?;
        Ok(smallvec![keep, ratio])
    }

    fn differentiable(&self) -> usize {
        0
    }

    /// Which values are the same is a constant.
    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// Why a gradient is refused, in words.
#[cold]
pub(super) fn refusal(op: &'static str, shape: &[usize], index: usize, why: Undetermined) -> Box<Error> {
    let which = if batch_of(shape).is_empty() { String::new() } else { format!("(Batch element {index}): ") };
    let (what, vectors) = if op.starts_with("linalg.svd") {
        ("singular values", "singular vectors")
    } else {
        ("eigenvalues", "eigenvectors")
    };
    let reason = match why {
        Undetermined::Basis => format!(
            "{which}the input has repeated {what}, whose {vectors} are any orthonormal basis, and the derivative depends on \
             which basis it is: there is none. Use a function of the {vectors} that is the same for every basis, or \
             make the {what} distinct."
        ),
        Undetermined::Phase => format!(
            "{which}the {vectors} of complex matrices are specified up to multiplication by e^{{i phi}}, and the specified loss \
             function depends on this quantity, so it is ill-defined: there is no derivative."
        ),
        Undetermined::Values => format!(
            "{which}the input has repeated {what}, and the gradients of {what} and {vectors} do not determine that of the \
             input: either the loss depends on the basis that was chosen, or it is a sum of several functions of it. \
             Differentiate them one by one, or make the {what} distinct."
        ),
    };
    Error::runtime(op, reason)
}

/// The antihermitian part divided by the differences vⱼ − vᵢ, with the limit where they vanish. `gradient` is that of the
/// values.
#[track_caller]
pub(super) fn over_differences(
    op: &'static str,
    values: &Tensor,
    antihermitian: &Tensor,
    hermitian: Option<&Tensor>,
    gradient: Option<&Tensor>,
) -> Result<Tensor> {
    let zeros = |like: &Tensor| copy::filled_like(like, crate::scalar::Scalar::Int(0));
    let known = match hermitian {
        Some(hermitian) => hermitian.clone(),
        None => zeros(antihermitian)?,
    };
    let valued = gradient.is_some();
    let gradient = match gradient {
        Some(gradient) => gradient.clone(),
        None => zeros(values)?,
    };
    let found = call_many(Groups { op, valued }, &[values, antihermitian, &known, &gradient])?;
    let (keep, ratio) = (&found[0], &found[1]);
    let differences = for_columns(values)?.sub(&for_rows(values)?)?;
    // Where the difference counts as none, 0 is divided by 1 and nothing is left of it.
    let divisors = differences.mul(keep)?.add(&keep.neg()?.add(1.0)?)?;
    let quotients = antihermitian.mul(keep)?.div(&divisors)?;
    match hermitian {
        Some(hermitian) => quotients.add(&hermitian.mul(ratio)?),
        None => Ok(quotients),
    }
}

/// Elements off the diagonal divided by the differences vⱼ − vᵢ of complex values, 0 on it.
///
/// # Errors
/// Where two values are equal: their vectors are any that span the same space, or there are too few of them.
#[track_caller]
pub(super) fn over_differences_of(op: &'static str, values: &Tensor, numerators: &Tensor) -> Result<Tensor> {
    let differences = for_columns(values)?.sub(&for_rows(values)?)?;
    let shape = values.shape();
    let n = shape[shape.len() - 1];
    if values.numel() == 0 {
        return Ok(numerators.clone());
    }
    let ones = super::identity(op, &[], n, values.dtype())?;
    let divisors = differences.add(&ones)?;
    if !divisors.is_batched() {
        let _off = crate::graph::no_grad();
        let (wide, epsilon) = match values.dtype() {
            DType::C128 => (1e300, f64::EPSILON),
            _ => (1e30, f64::from(f32::EPSILON)),
        };
        let apart = differences.abs()?.add(&super::identity(op, &[], n, values.dtype().to_real())?.mul(wide)?)?;
        let most = reduce::extreme(&values.abs()?, true, Some(&[-1]), true)?;
        let equal = apart.le(&for_rows(&most.mul(epsilon * (10.0 + 2.0 * n as f64))?)?)?;
        if reduce::any(&equal, None, false)?.item()?.to_bool() {
            return Err(Error::runtime(
                op,
                "the input has repeated eigenvalues, whose eigenvectors are any that span the same space, or too few: there is \
                 no derivative. Use a function of the eigenvalues alone, or make them distinct.",
            ));
        }
    }
    numerators.mul(&ones.neg()?.add(1.0)?)?.div(&divisors)
}

/// Why a gradient is refused where a singular value is zero.
#[cold]
pub(super) fn zero_refusal(op: &'static str, shape: &[usize], index: usize) -> Box<Error> {
    let which = if batch_of(shape).is_empty() { String::new() } else { format!("(Batch element {index}): ") };
    Error::runtime(
        op,
        format!(
            "{which}the input has a singular value that is zero, whose singular vectors are any orthonormal basis, and \
             the derivative depends on which basis it is: there is none."
        ),
    )
}

/// Which of the numerators are divided: see [`arcgrad_linalg::spectrum::divisible`].
#[derive(Clone, PartialEq, Debug)]
struct Divisible {
    op: &'static str,
}

impl Op for Divisible {
    fn name(&self) -> &str {
        "Divisible"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let mut operands = Vec::with_capacity(4);
        for input in inputs.iter() {
            operands.push(input.contiguous(self.op)?);
        }
        let [numerators, divisors, scale, reference] = &operands[..] else { unreachable!("four are given") };
        let shape = numerators.shape();
        let keep = Array::uninit(self.op, shape, divisors.dtype())?;
        launch([numerators, divisors, scale, reference], &keep, kernel::divisible)
            .map_err(|index| zero_refusal(self.op, shape, index))?;
        Ok(smallvec![keep])
    }

    fn differentiable(&self) -> usize {
        0
    }

    /// Which values count as zero is a constant.
    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// Quotients by sums of singular values, or by them alone: 0 where both vanish. Numerators are small beside `reference`
/// where they vanish, divisors beside `scale`.
#[track_caller]
pub(super) fn over_magnitudes(
    op: &'static str,
    numerators: &Tensor,
    divisors: &Tensor,
    scale: &Tensor,
    reference: &Tensor,
) -> Result<Tensor> {
    let divisors = views::broadcast_to(divisors, &numerators.shape())?;
    let keep = call(Divisible { op }, &[numerators, &divisors, scale, reference])?;
    numerators.mul(&keep)?.div(&divisors.mul(&keep)?.add(&keep.neg()?.add(1.0)?)?)
}
