//! Sums, products, quotients, powers, roots, rounding, signs.

use crate::kernels::number::Real;
use crate::ops::elementwise::elementwise;

elementwise! {
    /// Sum `x + y`. For `bool`, logical or.
    add(x, y)[] "AddBackward0"(alpha = Int 1) ring in -3.0..3.0 { value: x + y, x(g): g, y(g): g }

    /// Difference `x - y`.
    sub(x, y)[] "SubBackward0"(alpha = Int 1) ring in -3.0..3.0 { value: x - y, x(g): g, y(g): -g }

    /// A number minus a tensor: `y - x`.
    rsub(x, y)[] "RsubBackward1"(alpha = Int 1) ring in -3.0..3.0 { value: y - x, x(g): -g, y(g): g }

    /// `x + alpha * y`.
    add_scaled(x, y)[alpha] "AddBackward0" real in -3.0..3.0 { value: y.mul_add(x.lit(alpha), x), x(g): g, y(g): g * alpha }

    /// `x + alpha * y` with the negated alpha of a subtraction.
    sub_scaled(x, y)[alpha] "SubBackward0" real in -3.0..3.0 { value: y.mul_add(x.lit(alpha), x), x(g): g, y(g): g * alpha }

    /// `x + alpha * y` of integers.
    add_scaled_int(x, y)[alpha] "AddBackward0" ring in -3.0..3.0 { value: x + crate::ops::arithmetic::scaled(y, alpha) }

    /// The elements as they are: rounding of integers.
    unchanged(x)[] "AliasBackward0" ring in -3.0..3.0 { value: x, x(g): g }

    /// Product `x * y`. For `bool`, logical and.
    mul(x, y)[] "MulBackward0" ring in -3.0..3.0 { value: x * y, x(g, y): g * y.conj(), y(g, x): g * x.conj() }

    /// Quotient `x / y`; integers are promoted to the default float dtype.
    div(x, y)[] "DivBackward0" real in 0.5..3.0 { value: x / y, x(g, y): g / y, y(g, x, y): -g * ((x / y.clone()) / y) }

    /// Quotient rounded towards minus infinity, for floats.
    floor_divide(x, y)[] "FloorDivideBackward0" real in 0.5..3.0 {
        value: crate::ops::arithmetic::floor_quotient(x, y),
    }

    /// Quotient of integers rounded towards minus infinity.
    floor_divide_int(x, y)[] "FloorDivideBackward0" int in 1.0..9.0 { value: x.div_floor(y) }

    /// Quotient of integers rounded towards zero.
    trunc_divide_int(x, y)[] "DivBackward2" int in 1.0..9.0 { value: x.div_trunc(y) }

    /// Quotient rounded towards zero, for floats.
    trunc_divide(x, y)[] "DivBackward2" real in 0.5..3.0 { value: (x / y).trunc(), x(g): g.zero(), y(g): g.zero() }

    /// Quotient rounded towards minus infinity, with the gradient of a step function.
    floor_divide_flat(x, y)[] "DivBackward2" real in 0.5..3.0 {
        value: crate::ops::arithmetic::floor_quotient(x, y),
        x(g): g.zero(),
        y(g): g.zero(),
    }

    /// Square root as a power, which reads its input in the gradient, as all powers do.
    pow_half(x)[] "PowBackward0"(exponent = Float 0.5) real in 0.5..3.0 { value: x.sqrt(), x(g, x): g * (x.rsqrt() * 0.5) }

    /// `1 / sqrt(x)` as a power.
    pow_minus_half(x)[] "PowBackward0"(exponent = Float -0.5) real in 0.5..3.0 {
        value: x.rsqrt(),
        x(g, x): { let power = x.rsqrt(); g * (power.clone() * power.clone() * power) * -0.5 },
    }

    /// Remainder with the sign of the divisor, as Python's `%`; so has a remainder of 0.
    remainder(x, y)[] "RemainderBackward1" real in 0.5..3.0 {
        value: {
            let remainder = x.clone().fmod(y.clone());
            let zero = x.int(0);
            let wrong_side = xor(remainder.clone().lt(zero.clone()), y.clone().lt(zero.clone()));
            let signed = R::select(wrong_side, remainder.clone() + y.clone(), remainder.clone());
            R::select(remainder.eq(zero.clone()), zero.copysign(y), signed)
        },
        x(g): g,
        y(g, x, y): times_steps(-g, floor_quotient(x, y)),
    }

    /// Remainder of integers with the sign of the divisor.
    remainder_int(x, y)[] "RemainderBackward1" int in 1.0..9.0 { value: x.rem_floor(y) }

    /// Remainder with the sign of the dividend, as C's `fmod`.
    fmod(x, y)[] "FmodBackward1" real in 0.5..3.0 { value: x.fmod(y), x(g): g, y(g, x, y): times_steps(-g, (x / y).trunc()) }

    /// Remainder of integers with the sign of the dividend.
    fmod_int(x, y)[] "FmodBackward1" int in 1.0..9.0 { value: x.rem_trunc(y) }

    /// Power `x ** y` of two tensors; the gradient at `0 ** 0` is 0.
    pow(x, exponent)[] -> z "PowBackward1" real in 0.5..2.0 {
        value: x.pow(exponent),
        x(g, x, exponent): power_by_base(g, x, exponent),
        exponent(g, x, exponent, z): power_by_exponent(g, x, exponent, z),
    }

    /// A number to the power of a tensor: `y ** x`.
    rpow(exponent, x)[] -> z "PowBackward2" real in 0.5..2.0 {
        value: x.pow(exponent),
        exponent(g, exponent, x, z): power_by_exponent(g, x, exponent, z),
        x(g, exponent, x): power_by_base(g, x, exponent),
    }

    /// Power with a number as exponent.
    pow_scalar(x)[exponent] "PowBackward0" real in 0.5..2.0 {
        value: { let exponent = x.lit(exponent); x.pow(exponent) },
        x(g, x): if exponent == 0.0 { g.zero() } else { let less = x.lit(exponent - 1.0); g * (x.pow(less) * exponent) },
    }

    /// Integer power.
    pow_int(x, exponent)[] "PowBackward0" int in 0.0..4.0 { value: x.powi(exponent) }

    /// `x * x`.
    square(x)[] "PowBackward0"(exponent = Int 2) ring in -3.0..3.0 { value: x.clone() * x, x(g, x): g * (x * 2.0) }

    /// `-x`.
    neg(x)[] "NegBackward0" ring in -3.0..3.0 { value: -x, x(g): -g }

    /// Absolute value; gradient 0 at 0.
    abs(x)[] "AbsBackward0" number in -3.0..3.0 { value: x.abs(), x(g, x): with_sign_of(g, x.clone()).flat_in(x) }

    /// −1, 0 or 1.
    sign(x)[] "SignBackward0" ring in -3.0..3.0 { value: x.sign(), x(g): g.zero() }

    /// `1 / x`.
    reciprocal(x)[] -> z "ReciprocalBackward0" real in 0.5..3.0 { value: x.reciprocal(), x(g, z): -g * (z.clone() * z) }

    /// Square root; the gradient at 0 is infinite.
    sqrt(x)[] -> z "SqrtBackward0" real in 0.5..3.0 { value: x.sqrt(), x(g, z): g / (z * 2.0) }

    /// `1 / sqrt(x)`.
    rsqrt(x)[] -> z "RsqrtBackward0" real in 0.5..3.0 {
        value: x.rsqrt(),
        x(g, z): g * (z.clone() * z.clone() * z) * -0.5,
    }

    /// Round down.
    floor(x)[] "FloorBackward0" real in -3.0..3.0 { value: x.floor(), x(g): g.zero() }

    /// Round up.
    ceil(x)[] "CeilBackward0" real in -3.0..3.0 { value: x.ceil(), x(g): g.zero() }

    /// Round half to even.
    round(x)[] "RoundBackward0" real in -3.0..3.0 { value: x.round(), x(g): g.zero() }

    /// Round half to even at a power of ten.
    round_decimals(x)[scale] "RoundBackward1" float in -3.0..3.0 { value: (x * scale).round() / scale, x(g): g.zero() }

    /// Round towards zero.
    trunc(x)[] "TruncBackward0" real in -3.0..3.0 { value: x.trunc(), x(g): g.zero() }

    /// Fractional part, with the sign of `x`.
    frac(x)[] "FracBackward0" float in -3.0..3.0 { value: x.clone() - x.trunc(), x(g): g }

    /// Magnitude of `x` with the sign of `y`.
    copysign(x, y)[] -> z "CopysignBackward0" real in 0.5..3.0 {
        value: x.copysign(y),
        // The sign of x times that of the result.
        x(g, x, z): {
            let turned = z.clone().lt(g.int(0));
            R::select(turned, with_sign_of(-g.clone(), x.clone()), with_sign_of(g, x)).flat_in(z)
        },
        y(g): g.zero(),
    }

    /// The greater of two elements; NaN if either is. Ties share the gradient evenly.
    maximum(x, y)[] "MaximumBackward0" ring in -3.0..3.0 {
        value: x.maximum(y),
        x(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(x.lt(y), g.int(0), g)),
        y(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(y.lt(x), g.int(0), g)),
    }

    /// The lesser of two elements; NaN if either is. Ties share the gradient evenly.
    minimum(x, y)[] "MinimumBackward0" ring in -3.0..3.0 {
        value: x.minimum(y),
        x(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(x.gt(y), g.int(0), g)),
        y(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(y.gt(x), g.int(0), g)),
    }

    /// The greater of two elements, a number where the other is NaN. Ties share the gradient evenly.
    fmax(x, y)[] "FmaxBackward0" ring in -3.0..3.0 {
        value: {
            let x_is_nan = x.clone().ne(x.clone());
            let y_is_nan = y.clone().ne(y.clone());
            R::select(x_is_nan, y.clone(), R::select(y_is_nan, x.clone(), x.maximum(y)))
        },
        x(g, x, y): {
            let first = x.clone().gt(y.clone()) | y.clone().is_nan();
            R::select(x.eq(y), g.clone() * 0.5, R::select(first, g.clone(), g.int(0)))
        },
        y(g, x, y): {
            let first = x.clone().gt(y.clone()) | y.clone().is_nan();
            R::select(x.eq(y), g.clone() * 0.5, R::select(first, g.int(0), g))
        },
    }

    /// The lesser of two elements, a number where the other is NaN. Ties share the gradient evenly.
    fmin(x, y)[] "FminBackward0" ring in -3.0..3.0 {
        value: {
            let x_is_nan = x.clone().ne(x.clone());
            let y_is_nan = y.clone().ne(y.clone());
            R::select(x_is_nan, y.clone(), R::select(y_is_nan, x.clone(), x.minimum(y)))
        },
        x(g, x, y): {
            let first = x.clone().lt(y.clone()) | y.clone().is_nan();
            R::select(x.eq(y), g.clone() * 0.5, R::select(first, g.clone(), g.int(0)))
        },
        y(g, x, y): {
            let first = x.clone().lt(y.clone()) | y.clone().is_nan();
            R::select(x.eq(y), g.clone() * 0.5, R::select(first, g.int(0), g))
        },
    }

    /// `x + weight * (y - x)`, written so that both ends are exact, and with a limit at infinity where there is one.
    lerp(x, end, weight)[] "LerpBackward1" float in 0.1..0.9 {
        value: {
            let near_start = weight.clone().abs().lt(weight.lit(0.5));
            let span = end.clone() - x.clone();
            let far = crate::ops::arithmetic::weighted_mean(x.clone(), end.clone(), weight.clone());
            let finite = span.clone().abs().lt(span.lit(f64::INFINITY));
            let near =
                R::select(near_start, weight.clone().mul_add(span.clone(), x), (weight - 1.0).mul_add(span, end));
            R::select(finite, near, far)
        },
        x(g, weight): g * (-weight + 1.0),
        end(g, weight): g * weight,
        weight(g, x, end): g * (end - x),
    }

    /// The same with a number as weight.
    lerp_scalar(x, end)[weight] "LerpBackward0" float in -3.0..3.0 {
        value: {
            let (share, span) = (x.lit(weight), end.clone() - x.clone());
            let far = crate::ops::arithmetic::weighted_mean(x.clone(), end.clone(), share.clone());
            let finite = span.clone().abs().lt(span.lit(f64::INFINITY));
            let near = if weight.abs() < 0.5 { share.mul_add(span, x) } else { (share - 1.0).mul_add(span, end) };
            R::select(finite, near, far)
        },
        x(g): { let rest = -g.lit(weight) + 1.0; g * rest },
        end(g): { let weight = g.lit(weight); g * weight },
    }

    /// `x + value * a * b`.
    addcmul_real(x, tensor1, tensor2)[value] "AddcmulBackward0" real in -3.0..3.0 {
        value: (tensor1 * value).mul_add(tensor2, x),
        x(g): g,
        tensor1(g, tensor2): g * (tensor2 * value),
        tensor2(g, tensor1): g * (tensor1 * value),
    }

    /// `x + value * a * b` of integers.
    addcmul(x, tensor1, tensor2)[value] "AddcmulBackward0" ring in -3.0..3.0 {
        value: { let product = tensor1 * tensor2; x + crate::ops::arithmetic::scaled(product, value) },
    }

    /// `x + value * a / b`.
    addcdiv(x, tensor1, tensor2)[value] "AddcdivBackward0" real in 0.5..3.0 {
        value: x + tensor1 * value / tensor2,
        x(g): g,
        tensor1(g, tensor2): g * (tensor2.reciprocal() * value),
        tensor2(g, tensor1, tensor2): -g * ((tensor1 / tensor2.clone() / tensor2) * value),
    }

    /// Bitwise and.
    bitwise_and_int(x, y)[] "BitwiseAndBackward0" int in 0.0..9.0 { value: x & y }
    /// Bitwise or.
    bitwise_or_int(x, y)[] "BitwiseOrBackward0" int in 0.0..9.0 { value: x | y }
    /// Bitwise exclusive or.
    bitwise_xor_int(x, y)[] "BitwiseXorBackward0" int in 0.0..9.0 { value: x.bitxor(y) }
    /// Bitwise complement.
    bitwise_not_int(x)[] "BitwiseNotBackward0" int in 0.0..9.0 { value: !x }
    /// Shift left.
    bitwise_left_shift(x, y)[] "BitwiseLeftShiftBackward0" int in 0.0..9.0 { value: x.shl(y) }
    /// Arithmetic shift right.
    bitwise_right_shift(x, y)[] "BitwiseRightShiftBackward0" int in 0.0..9.0 { value: x.shr(y) }
}

/// The gradient of xᵉ by x, e·xᵉ⁻¹: 0 where e is 0, whatever x is. It is chosen, and not computed, only where g or
/// 1 / x is too large to be multiplied by 0: elsewhere it changes with e, by g / x.
#[inline(always)]
fn power_by_base<R: Real>(g: R, x: R, exponent: R) -> R {
    let (zero, one) = (g.int(0), g.int(1));
    let change = (g.clone().abs() + 1.0) / x.clone();
    let constant = exponent.clone().eq(zero.clone()) & (change.clone() - change).ne(zero.clone());
    let exponent = R::select(constant.clone(), one, exponent);
    R::select(constant, zero, g * (exponent.clone() * x.pow(exponent - 1.0)))
}

/// The gradient of z = xᵉ by e, z·ln x: 0 where the power is flat at 0, and for 0⁰.
#[inline(always)]
fn power_by_exponent<R: Real>(g: R, x: R, exponent: R, z: R) -> R {
    let (zero, one) = (g.int(0), g.int(1));
    let flat = z.clone().eq(zero.clone()) | (x.clone().eq(zero.clone()) & exponent.ge(zero.clone()));
    let x = R::select(flat.clone(), one, x);
    R::select(flat, zero, g * (z * x.log()))
}

/// `x * factor` for a ring element; an integral factor is applied exactly, also to integers.
#[inline(always)]
pub(crate) fn scaled<R: crate::kernels::number::Ring>(x: R, factor: f64) -> R {
    let factor = x.int(factor as i64);
    x * factor
}

/// `(1 − weight)·x + weight·end` of numbers whose difference is infinite: an infinity without weight does not count, and
/// between two that are the same lies nothing else.
#[inline(always)]
pub(crate) fn weighted_mean<R: Real>(x: R, end: R, weight: R) -> R {
    use super::loss_rows::weighted;
    let mean = weighted(x.clone(), -weight.clone() + 1.0) + weighted(end.clone(), weight);
    R::select(x.clone().eq(end), x, mean)
}

/// `g` times a quotient in whole steps: 0 on the step that is 0, whatever `g` is.
#[inline(always)]
fn times_steps<R: Real>(g: R, steps: R) -> R {
    let zero = g.int(0);
    R::select(steps.clone().eq(zero.clone()), zero, g * steps)
}

/// Python's float division: exact remainder first, so that `1 // 0.1` is 9.
#[inline(always)]
pub(crate) fn floor_quotient<R: Real>(x: R, y: R) -> R {
    let remainder = x.clone().fmod(y.clone());
    let quotient = (x.clone() - remainder.clone()) / y.clone();
    let negative = |value: R| value.lt(x.int(0));
    let wrong_side =
        remainder.clone().ne(x.int(0)) & crate::kernels::number::xor(negative(remainder), negative(y.clone()));
    let quotient = R::select(wrong_side, quotient.clone() - 1.0, quotient);
    let floor = quotient.clone().floor();
    let floor = R::select((quotient.clone() - floor.clone()).gt(x.lit(0.5)), floor.clone() + 1.0, floor);
    let zero = x.lit(0.0).copysign(x.clone() / y.clone());
    let result = R::select(quotient.eq(x.int(0)), zero, floor);
    R::select(y.clone().eq(x.int(0)), x.clone() / y, result)
}
