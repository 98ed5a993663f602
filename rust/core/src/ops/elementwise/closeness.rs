//! Comparison of whole tensors: `equal`, `isclose`, `allclose`.

use super::{Arg, apply};
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::transform::host;
use crate::ops::reductions::reduce;
use crate::ops::rows;
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Whether both have the same shape and equal elements.
pub fn equal(a: &Tensor, b: &Tensor) -> Result<bool> {
    if a.is_left_to_host() || b.is_left_to_host() {
        let answer = host::read("equal", &[a, b], |inputs| match inputs {
            [Some(a), Some(b)] => equal(a, b).map(Scalar::Bool),
            _ => Err(Error::value("equal", "equal takes two tensors")),
        });
        return answer.map(Scalar::to_bool);
    }
    if a.shape() != b.shape() {
        return Ok(false);
    }
    let same = apply(&rows::eq::ROW, &[], &[(&a.detach()).into(), (&b.detach()).into()])?;
    Ok(reduce::all(&same, None, false)?.item()?.to_bool())
}

/// Whether `|a − b| ≤ atol + rtol·|b|` or both are equal (or both NaN, with `equal_nan`), for each pair of elements.
pub fn isclose(a: &Tensor, b: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<Tensor> {
    const OP: &str = "isclose";
    let (own, other) = (a.dtype(), b.dtype());
    if own != other {
        return Err(Error::runtime(OP, format!("{} did not match {}", torch_name(own), torch_name(other))));
    }
    for (name, tolerance) in [("rtol", rtol), ("atol", atol)] {
        // Written so that NaN is refused.
        if tolerance.is_nan() || tolerance < 0.0 {
            return Err(Error::runtime(
                OP,
                format!("{name} must be greater than or equal to zero, but got {tolerance}"),
            ));
        }
    }
    let _off = crate::graph::no_grad();
    let row = |row: &'static super::Row, args: &[Arg<'_>]| apply(row, &[], args);
    // Truth values are compared as numbers.
    let as_number =
        |tensor: &Tensor| if own == DType::Bool { copy::to_dtype(tensor, DType::U8) } else { Ok(tensor.clone()) };
    let (a, b) = (as_number(a)?, as_number(b)?);
    let mut close = row(&rows::eq::ROW, &[(&a).into(), (&b).into()])?;
    // Integers cannot be NaN.
    if equal_nan && own.is_differentiable() {
        let (left, right) = (row(&rows::isnan::ROW, &[(&a).into()])?, row(&rows::isnan::ROW, &[(&b).into()])?);
        let both = row(&rows::logical_and::ROW, &[(&left).into(), (&right).into()])?;
        close = row(&rows::logical_or::ROW, &[(&close).into(), (&both).into()])?;
    }
    if rtol == 0.0 && atol == 0.0 {
        return Ok(close);
    }
    // Differences of integers as floats, so that none wraps.
    let b = if own.is_differentiable() { b } else { copy::to_dtype(&b, crate::default_dtype())? };
    let scaled = b.mul(rtol)?.abs()?;
    let allowed = row(&rows::add::ROW, &[(&scaled).into(), Scalar::Float(atol).into()])?;
    let error = a.sub(&b)?.abs()?;
    let finite = row(&rows::isfinite::ROW, &[(&error).into()])?;
    let near = row(&rows::le::ROW, &[(&error).into(), (&allowed).into()])?;
    let near = row(&rows::logical_and::ROW, &[(&finite).into(), (&near).into()])?;
    row(&rows::logical_or::ROW, &[(&close).into(), (&near).into()])
}

/// Whether all pairs of elements are close: see [`isclose`].
pub fn allclose(a: &Tensor, b: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<bool> {
    let close = isclose(a, b, rtol, atol, equal_nan)?;
    Ok(reduce::all(&close, None, false)?.item()?.to_bool())
}
