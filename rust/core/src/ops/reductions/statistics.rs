//! Covariances and correlations, and integrals by the trapezoidal rule.

use super::{reduce, scan};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::arranging::rearranging;
use crate::ops::elementwise::{self, select};
use crate::ops::linalg::products;
use crate::ops::writing::copy;
use crate::ops::{batching, complex, matmul, views};
use crate::scalar::Scalar;
use crate::storage::Device;
use crate::tensor::Tensor;
use crate::warning;

/// Covariances of the rows of a matrix, whose columns are observations, each counted `frequencies` times and weighted by
/// `weights`; the sum of weights less `correction` is divided by.
#[track_caller]
pub fn cov(input: &Tensor, correction: i64, frequencies: Option<&Tensor>, weights: Option<&Tensor>) -> Result<Tensor> {
    const OP: &str = "cov";
    let rank = input.rank();
    if rank > 2 {
        let reason =
            format!("cov(): expected input to have two or fewer dimensions but got an input with {rank} dimensions");
        return Err(Error::runtime(OP, reason));
    }
    if input.dtype() == DType::Bool {
        return Err(Error::runtime(OP, "cov(): bool dtype is not supported for input"));
    }
    let rows = if rank < 2 { views::reshape(input, &[1, -1])? } else { input.clone() };
    let rows = if rows.dtype().is_differentiable() { rows } else { copy::to_dtype(&rows, crate::default_dtype())? };
    let observations = rows.shape()[1];
    let check = |given: &Tensor, name: &str, integral: bool| -> Result<()> {
        let wrong = |reason: String| Err(Error::runtime(OP, format!("cov(): {reason}")));
        if given.rank() > 1 {
            return wrong(format!(
                "expected {name} to have one or fewer dimensions but got {name} with {} dimensions",
                given.rank()
            ));
        }
        if given.dtype().is_float() == integral {
            let (what, own) =
                (if integral { "integral" } else { "floating point" }, crate::dtype::torch_name(given.dtype()));
            return wrong(format!("expected {name} to have {what} dtype but got {name} with {own} dtype"));
        }
        if given.numel() != observations {
            return wrong(format!(
                "expected {name} to have the same numel as there are observations in the input but got {} != {observations}",
                given.numel()
            ));
        }
        batching::refuse_data(OP, &[given], || format!("vmap: cov() looks at the values of {name}"))?;
        if observations > 0
            && given.device() == Device::Cpu
            && reduce::any(&given.lt(0.0)?, None, false)?.item()?.to_bool()
        {
            return wrong(format!("{name} cannot be negative"));
        }
        Ok(())
    };
    let mut weight: Option<Tensor> = None;
    if let Some(frequencies) = frequencies {
        check(frequencies, "fweights", true)?;
        weight = Some(frequencies.clone());
    }
    if let Some(weights) = weights {
        check(weights, "aweights", false)?;
        weight = Some(match weight {
            Some(frequencies) => frequencies.mul(weights)?,
            None => weights.clone(),
        });
    }
    let dtype = weights.map_or(rows.dtype(), |weights| rows.dtype().promote(weights.dtype()));
    let rows = copy::to_dtype(&rows, dtype)?;
    // What counts and weighs is real, also where rows are complex.
    let real = rows.dtype().to_real();
    let weight = weight.map(|weight| copy::to_dtype(&weight, real)).transpose()?;
    let total = match &weight {
        Some(weight) => reduce::sum(weight, None, false, None)?,
        None => Tensor::scalar(observations as f64, real)?,
    };
    let weighted = |rows: &Tensor| match &weight {
        Some(weight) => rows.mul(weight),
        None => Ok(rows.clone()),
    };
    let mean = reduce::sum(&weighted(&rows)?, Some(&[1]), true, None)?.div(&total)?;
    let divisor = match (&weight, weights, correction) {
        (None, ..) => Tensor::scalar(observations as f64 - correction as f64, real)?,
        (Some(weight), Some(weights), correction) if correction != 0 => {
            let squares = reduce::sum(&weight.mul(&copy::to_dtype(weights, real)?)?, None, false, None)?;
            total.sub(&squares.div(&total)?.mul(correction as f64)?)?
        }
        (Some(_), ..) => total.sub(correction as f64)?,
    };
    if !divisor.is_batched() && divisor.device() == Device::Cpu && divisor.item()?.to_f64() <= 0.0 {
        warning::warn(OP, || {
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations."
                .to_owned()
        })?;
    }
    let divisor = divisor.maximum(&Tensor::scalar(0.0, divisor.dtype())?)?;
    let centred = rows.sub(&mean)?;
    let sums = matmul::mm(&centred, &complex::conj(&views::t(&weighted(&centred)?)?)?)?;
    let result = sums.div(&divisor)?;
    // That of one row is a number.
    if result.numel() == 1 { views::reshape_to(&result, &[]) } else { Ok(result) }
}

/// Correlations of the rows of a matrix: covariances divided by standard deviations, between −1 and 1.
#[track_caller]
pub fn corrcoef(input: &Tensor) -> Result<Tensor> {
    if input.rank() > 2 {
        let reason = format!(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with {} dimensions",
            input.rank()
        );
        return Err(Error::runtime("corrcoef", reason));
    }
    // The same for rows of any scale, so that of each the greatest is 1: squares keep their digits.
    let rows =
        if input.dtype().is_differentiable() { input.clone() } else { copy::to_dtype(input, crate::default_dtype())? };
    let rows = if rows.rank() > 0 && rows.numel() > 0 {
        let greatest = reduce::extreme(&rows.detach().abs()?, true, Some(&[-1]), true)?;
        let usual = greatest.eq(0.0)?.logical_or(&greatest.isfinite()?.logical_not()?)?;
        rows.div(&select::where_(&usual, Scalar::Int(1).into(), (&greatest).into())?)?
    } else {
        rows
    };
    let covariances = cov(&rows, 1, None, None)?;
    if covariances.rank() == 0 {
        return covariances.div(&covariances);
    }
    let deviations = complex::real(&views::diagonal(&covariances, 0, 0, 1)?)?.sqrt()?;
    let result = covariances.div(&views::unsqueeze(&deviations, -1)?)?.div(&views::unsqueeze(&deviations, 0)?)?;
    if result.dtype().is_complex() {
        let parts = complex::view_as_real(&result)?;
        return complex::view_as_complex(&within_one(&parts)?);
    }
    within_one(&result)
}

/// Rounding takes correlations out of their range.
#[track_caller]
fn within_one(result: &Tensor) -> Result<Tensor> {
    elementwise::apply(
        &crate::ops::rows::clamp::ROW,
        &[],
        &[result.into(), Scalar::Float(-1.0).into(), Scalar::Float(1.0).into()],
    )
}

/// What lies between samples: how far they are apart, or where they are.
pub enum Spacing<'a> {
    /// All the same distance.
    Even(Scalar),
    /// Positions, one for each sample.
    At(&'a Tensor),
}

/// The areas of the trapezoids under `y` along an axis, or without samples nothing.
#[track_caller]
fn trapezoids(op: &'static str, y: &Tensor, spacing: &Spacing<'_>, axis: i64) -> Result<Tensor> {
    if y.dtype() == DType::Bool || matches!(spacing, Spacing::At(x) if x.dtype() == DType::Bool) {
        let name = if y.dtype() == DType::Bool { "y" } else { "x" };
        return Err(Error::not_implemented(
            op,
            format!("{op}: received a bool input for `{name}`, but bool is not supported; it"),
        ));
    }
    let rank = y.rank();
    if rank == 0 {
        return Err(Error::index(op, format!("Dimension specified as {axis} but tensor has no dimensions")));
    }
    let at = crate::shape::normalize_axis(op, axis, rank)?;
    let count = y.shape()[at];
    let steps = count.saturating_sub(1) as i64;
    let start = (count as i64).min(1);
    let (before, behind) = (views::narrow(y, at as i64, 0, steps)?, views::narrow(y, at as i64, start, steps)?);
    // Halved first: a mean of two fits where they do.
    let means = before.div(2.0)?.add(&behind.div(2.0)?)?;
    let widths = match spacing {
        Spacing::Even(distance) => return means.mul(*distance),
        Spacing::At(x) => x,
    };
    let own = widths.rank();
    let along = if own == 1 { 0 } else { own as i64 - rank as i64 + at as i64 };
    let given = if own == 0 || along < 0 { 0 } else { widths.shape()[along as usize] };
    if given != count {
        return Err(Error::runtime(op, format!("{op}: There must be one `x` value for each sample point")));
    }
    let (before, behind) = (views::narrow(widths, along, 0, steps)?, views::narrow(widths, along, start, steps)?);
    let mut widths = behind.sub(&before)?;
    if own == 1 {
        for _ in at + 1..rank {
            widths = views::unsqueeze(&widths, -1)?;
        }
    }
    means.mul(&widths)
}

/// The integral of `y` along an axis by the trapezoidal rule.
#[track_caller]
pub fn trapezoid(y: &Tensor, spacing: &Spacing<'_>, axis: i64) -> Result<Tensor> {
    reduce::sum(&trapezoids("trapezoid", y, spacing, axis)?, Some(&[axis]), false, None)
}

/// The integrals from the first sample to each of the others.
#[track_caller]
pub fn cumulative_trapezoid(y: &Tensor, spacing: &Spacing<'_>, axis: i64) -> Result<Tensor> {
    scan::cumsum(&trapezoids("cumulative_trapezoid", y, spacing, axis)?, axis, None)
}

/// The powers of the elements of a vector as rows of a matrix, the highest first unless `increasing`.
#[track_caller]
pub fn vander(input: &Tensor, count: Option<i64>, increasing: bool) -> Result<Tensor> {
    const OP: &str = "vander";
    if input.rank() != 1 {
        return Err(Error::runtime(OP, "x must be a one-dimensional tensor."));
    }
    let count = count.unwrap_or(input.shape()[0] as i64);
    if count < 0 {
        return Err(Error::runtime(OP, "N must be non-negative."));
    }
    let powers = products::powers(input, count as usize)?;
    if increasing { Ok(powers) } else { rearranging::flip(&powers, &[-1]) }
}
