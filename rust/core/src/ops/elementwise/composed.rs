//! Operations that are composed of rows and reductions.

use super::resolve::resolve_pow;
use super::{Arg, apply, apply_in_place, select};
use crate::dtype::{Category, DType, torch_name};
use crate::error::{Error, Result};
use crate::ops::reductions::reduce;
use crate::ops::rows;
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// ln Γₚ(a) = p(p − 1)/4 · ln π + Σ ln Γ(a − j/2) over j = 0, …, p − 1 (DLMF 35.3.4).
#[track_caller]
pub fn multivariate_lgamma(input: &Tensor, p: i64) -> Result<Tensor> {
    const OP: &str = "mvlgamma";
    if p < 1 {
        return Err(Error::runtime(OP, "p has to be greater than or equal to 1"));
    }
    const MOST: i64 = 1 << 20;
    if p > MOST {
        return Err(Error::runtime(OP, format!("p is {p}, and a sum of more than {MOST} terms is refused")));
    }
    let constant = 0.25 * (p * (p - 1)) as f64 * std::f64::consts::PI.ln();
    let mut sum = input.lgamma()?;
    for j in 1..p {
        sum = sum.add(&input.sub(0.5 * j as f64)?.lgamma()?)?;
    }
    if p == 1 { Ok(sum) } else { sum.add(constant) }
}

/// Mantissa and exponent.
#[track_caller]
pub fn frexp(input: &Tensor) -> Result<Vec<Tensor>> {
    if !input.dtype().is_float() {
        return Err(Error::runtime("frexp", "torch.frexp() only supports floating-point dtypes"));
    }
    let exponent = apply(&rows::frexp_exponent::ROW, &[], &[input.into()])?;
    let mantissa = apply(&rows::frexp_mantissa::ROW, &[], &[input.into(), (&exponent).into()])?;
    Ok(vec![mantissa, copy::to_dtype(&exponent, DType::I32)?])
}

/// Double precision, for complex numbers if one of both is complex.
fn double_for(base: Arg<'_>, exponent: Arg<'_>) -> DType {
    let is_complex = |arg: Arg<'_>| match arg {
        Arg::Tensor(tensor) => tensor.dtype().is_complex(),
        Arg::Scalar(number) => number.category() == Category::Complex,
    };
    if is_complex(base) || is_complex(exponent) { DType::C128 } else { DType::F64 }
}

/// A number of that dtype.
fn double_scalar(number: Scalar, dtype: DType) -> Scalar {
    match number {
        Scalar::Complex(..) => number,
        _ if dtype.is_complex() => Scalar::Complex(number.to_f64(), 0.0),
        _ => Scalar::Float(number.to_f64()),
    }
}

/// An argument of that dtype.
fn double(arg: Arg<'_>, dtype: DType) -> Result<Tensor> {
    match arg {
        Arg::Tensor(tensor) => copy::to_dtype(tensor, dtype),
        Arg::Scalar(number) => Tensor::scalar(number, dtype),
    }
}

/// Power in double precision.
#[track_caller]
pub fn float_power(base: Arg<'_>, exponent: Arg<'_>) -> Result<Tensor> {
    let dtype = double_for(base, exponent);
    let (base, exponent) = match (base, exponent) {
        (Arg::Scalar(_), Arg::Scalar(_)) => {
            return Err(Error::type_("float_power", "float_power(): at least one argument must be a Tensor"));
        }
        (Arg::Tensor(_), Arg::Scalar(exponent)) => {
            let base = double(base, dtype)?;
            let resolved = resolve_pow((&base).into(), double_scalar(exponent, dtype).into())?;
            return apply(resolved.row, &resolved.params, &resolved.args);
        }
        (base, exponent) => (double(base, dtype)?, double(exponent, dtype)?),
    };
    let resolved = resolve_pow((&base).into(), (&exponent).into())?;
    apply(resolved.row, &resolved.params, &resolved.args)
}

/// The same in place of a tensor of double precision.
#[track_caller]
pub fn float_power_(base: Arg<'_>, exponent: Arg<'_>) -> Result<()> {
    let Arg::Tensor(base) = base else {
        return Err(Error::type_("float_power_", "an in-place form needs a Tensor"));
    };
    let dtype = double_for(base.into(), exponent);
    if base.dtype() != dtype {
        return Err(Error::runtime(
            "float_power_",
            format!(
                "the base given to float_power_ has dtype {} but the operation's result requires dtype {}",
                base.dtype(),
                torch_name(dtype)
            ),
        ));
    }
    let tensor;
    let exponent = match exponent {
        Arg::Tensor(_) => {
            tensor = double(exponent, dtype)?;
            Arg::Tensor(&tensor)
        }
        Arg::Scalar(number) => double_scalar(number, dtype).into(),
    };
    let resolved = resolve_pow(base.into(), exponent)?;
    apply_in_place(resolved.row, &resolved.params, base, &resolved.args[1..])
}

/// 0 where `input` is NaN.
#[track_caller]
fn without_nan(input: &Tensor) -> Result<Tensor> {
    select::where_(&input.isnan()?, Scalar::Int(0).into(), input.into())
}

/// The sum of what is not NaN.
#[track_caller]
pub fn nansum(input: &Tensor, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    if input.dtype().is_complex() {
        return Err(Error::not_implemented(
            "nansum",
            "nansum on CPU does not support complex inputs: their sum".to_owned(),
        ));
    }
    if !input.dtype().is_float() {
        return reduce::sum(input, axes, keep, dtype);
    }
    reduce::sum(&without_nan(input)?, axes, keep, dtype)
}

/// The mean of what is not NaN.
#[track_caller]
pub fn nanmean(input: &Tensor, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    if input.dtype().is_complex() {
        return Err(Error::not_implemented("nanmean", "nansum on CPU does not support complex inputs: their mean"));
    }
    if !input.dtype().is_float() {
        return Err(Error::runtime(
            "nanmean",
            format!("nanmean(): expected input to have floating point or complex dtype but got {}", input.dtype()),
        ));
    }
    let missing = input.isnan()?;
    let counted = select::where_(&missing, Scalar::Int(0).into(), input.into())?;
    // A mean of all fits where a sum does not; it is that of those that count times a quotient of two counts.
    let mean = reduce::mean(&counted, axes, keep, dtype)?;
    let count = reduce::sum(&missing.logical_not()?, axes, keep, None)?;
    let all = input.numel() / mean.numel().max(1);
    let share = Tensor::scalar(all as f64, mean.dtype())?.div(&copy::to_dtype(&count, mean.dtype())?)?;
    mean.mul(&share)
}
