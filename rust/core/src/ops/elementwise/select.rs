//! Choosing between values: `where`, `clamp`, replacing NaN.

use super::resolve::promoted;
use super::{Arg, apply, elementwise};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;
use crate::warning;

elementwise! {
    /// `x` where the condition holds, `y` elsewhere.
    where_(condition, x, y)[] "WhereBackward0" ring in -3.0..3.0 {
        value: { let zero = condition.zero(); R::select(condition.ne(zero), x, y) },
        condition(g): g.zero(),
        x(g, condition): { let zero = g.zero(); R::select(condition.ne(zero.clone()), g, zero) },
        y(g, condition): { let zero = g.zero(); R::select(condition.ne(zero.clone()), zero, g) },
    }

    /// `value` where the mask is true, `x` elsewhere; the result has the dtype of `x`.
    masked_fill(x, mask, value)[] "MaskedFillBackward0" ring in -3.0..3.0 {
        value: { let zero = mask.zero(); R::select(mask.ne(zero), value, x) },
        x(g, mask): { let zero = g.zero(); R::select(mask.ne(zero.clone()), zero, g) },
        mask(g): g.zero(),
        value(g, mask): { let zero = g.zero(); R::select(mask.ne(zero.clone()), g, zero) },
    }

    /// Product `x * y` with a mask `y`, whose zeros also win against infinity and NaN: what dropout drops.
    masked_product(x, y)[] "MulBackward0" ring in -3.0..3.0 {
        value: absorbing(x, y),
        x(g, y): absorbing(g, y.conj()),
    }

    /// `x` limited to `[min, max]`; the gradient passes at the ends.
    clamp(x, min, max)[] "ClampBackward1" number in -3.0..3.0 {
        // Of equal ones (zeros of either sign) `x` stays, which is the second operand.
        value: max.minimum(min.maximum(x)),
        x(g, x, min, max): R::select(x.clone().ge(min) & x.le(max), g.clone(), g.zero()),
        min(g, x, min, max): R::select(x.lt(min.clone()) & min.le(max), g.clone(), g.zero()),
        max(g, x, min, max): R::select(x.gt(max.clone()) | max.lt(min), g.clone(), g.zero()),
    }

    /// `x` but not below `min`; the gradient passes at the end.
    clamp_min(x, min)[] "ClampMinBackward0" ordered in -3.0..3.0 {
        value: min.maximum(x),
        x(g, x, min): R::select(x.ge(min), g.clone(), g.zero()),
        min(g, x, min): R::select(x.lt(min), g.clone(), g.zero()),
    }

    /// `x` but not above `max`; the gradient passes at the end.
    clamp_max(x, max)[] "ClampMaxBackward0" ordered in -3.0..3.0 {
        value: max.minimum(x),
        x(g, x, max): R::select(x.le(max), g.clone(), g.zero()),
        max(g, x, max): R::select(x.gt(max), g.clone(), g.zero()),
    }

    /// NaN, +∞ and −∞ replaced by numbers; no gradient flows where something was replaced.
    nan_to_num(x)[nan, posinf, neginf] "NanToNumBackward0" real in -3.0..3.0 {
        value: {
            let (instead_nan, high, low) = (x.lit(nan), x.lit(posinf), x.lit(neginf));
            let (up, down) = (x.lit(f64::INFINITY), x.lit(f64::NEG_INFINITY));
            let finite = R::select(x.clone().eq(up), high, R::select(x.clone().eq(down), low, x.clone()));
            R::select(x.is_nan(), instead_nan, finite)
        },
        x(g, x): { let infinity = g.lit(f64::INFINITY); R::select(x.abs().lt(infinity), g.clone(), g.zero()) },
    }
}

/// `x` where `condition` is true, `y` elsewhere.
///
/// # Errors
/// When the condition is not `bool`, or shapes do not broadcast.
pub fn where_(condition: &Tensor, x: Arg<'_>, y: Arg<'_>) -> Result<Tensor> {
    check_choice(condition, &[x, y])?;
    apply(&where_::ROW, &[], &[Arg::Tensor(condition), x, y])
}

/// A condition, and numbers that the dtype of the result has room for.
pub fn check_choice(condition: &Tensor, choices: &[Arg<'_>]) -> Result<()> {
    check_condition(condition)?;
    let result = promoted(choices);
    for choice in choices {
        if let Arg::Scalar(scalar) = choice {
            scalar.storable("where", result)?;
        }
    }
    Ok(())
}

/// A condition is `bool` (or `uint8`, as of old).
pub fn check_condition(condition: &Tensor) -> Result<()> {
    let dtype = condition.dtype();
    if dtype == DType::Bool {
        return Ok(());
    }
    if dtype == DType::U8 {
        return warning::warn("where", || {
            "where received a uint8 condition tensor. This behavior is deprecated. Use a boolean condition instead."
                .to_owned()
        });
    }
    Err(Error::runtime(
        "where",
        format!("where expected condition to be a boolean tensor, but got a tensor with dtype {dtype}"),
    ))
}
