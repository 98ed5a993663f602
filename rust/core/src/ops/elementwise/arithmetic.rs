//! Sums, products, quotients, powers, roots, rounding, signs.

use super::elementwise;
use crate::kernels::number::{Field, Real, weighted};

elementwise! {
    /// Sum `x + y`. For `bool`, logical or.
    add(x, y)[] "AddBackward0"(alpha = Int 1) ring in -3.0..3.0 { value: x + y, x(g): g, y(g): g }

    /// Difference `x - y`.
    sub(x, y)[] "SubBackward0"(alpha = Int 1) ring in -3.0..3.0 { value: x - y, x(g): g, y(g): -g }

    /// A number minus a tensor: `y - x`.
    rsub(x, y)[] "RsubBackward1"(alpha = Int 1) ring in -3.0..3.0 { value: y - x, x(g): -g, y(g): g }

    /// `x + alpha * y`.
    add_scaled(x, y)[alpha] "AddBackward0" ring in -3.0..3.0 {
        value: y.mul_add(R::param(alpha), x),
        x(g): g,
        y(g): g * R::param(alpha).conj(),
    }

    /// `x - alpha * y`.
    sub_scaled(x, y)[alpha] "SubBackward0" ring in -3.0..3.0 {
        value: (-y).mul_add(R::param(alpha), x),
        x(g): g,
        y(g): -g * R::param(alpha).conj(),
    }

    /// The elements as they are: rounding of integers.
    unchanged(x)[] "AliasBackward0" ring in -3.0..3.0 { value: x, x(g): g }

    /// Product `x * y`. For `bool`, logical and.
    mul(x, y)[] "MulBackward0" ring in -3.0..3.0 { value: x * y, x(g, y): g * y.conj(), y(g, x): g * x.conj() }

    /// Quotient `x / y`; integers are promoted to the default float dtype.
    div(x, y)[] "DivBackward0" field in 0.5..3.0 { value: x / y, x(g, y): g / y.conj(), y(g, x, y): -g * ((x / y.clone()) / y).conj() }

    /// Quotient rounded towards minus infinity, for floats.
    floor_divide(x, y)[] "FloorDivideBackward0" real in 0.5..3.0 {
        value: crate::ops::elementwise::arithmetic::floor_quotient(x, y),
    }

    /// Quotient of integers rounded towards minus infinity.
    floor_divide_int(x, y)[] "FloorDivideBackward0" int in 1.0..9.0 { value: x.div_floor(y) }

    /// Quotient of integers rounded towards zero.
    trunc_divide_int(x, y)[] "DivBackward2" int in 1.0..9.0 { value: x.div_trunc(y) }

    /// Quotient rounded towards zero, for floats.
    trunc_divide(x, y)[] "DivBackward2" real in 0.5..3.0 { value: (x / y).trunc(), x(g): g.zero(), y(g): g.zero() }

    /// Quotient rounded towards minus infinity, with the gradient of a step function.
    floor_divide_flat(x, y)[] "DivBackward2" real in 0.5..3.0 {
        value: crate::ops::elementwise::arithmetic::floor_quotient(x, y),
        x(g): g.zero(),
        y(g): g.zero(),
    }

    /// Square root as a power, which reads its input in the gradient, as all powers do.
    pow_half(x)[] "PowBackward0"(exponent = Float 0.5) field in 0.5..3.0 { value: x.sqrt(), x(g, x): g * (x.rsqrt() * 0.5).conj() }

    /// `1 / sqrt(x)` as a power.
    pow_minus_half(x)[] "PowBackward0"(exponent = Float -0.5) field in 0.5..3.0 {
        value: x.rsqrt(),
        x(g, x): { let power = x.rsqrt(); g * (power.clone() * power.clone() * power).conj() * -0.5 },
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
        y(g, x, y): absorbing(-g, floor_quotient(x, y)),
    }

    /// Remainder of integers with the sign of the divisor.
    remainder_int(x, y)[] "RemainderBackward1" int in 1.0..9.0 { value: x.rem_floor(y) }

    /// Remainder with the sign of the dividend, as C's `fmod`.
    fmod(x, y)[] "FmodBackward1" real in 0.5..3.0 { value: x.fmod(y), x(g): g, y(g, x, y): absorbing(-g, (x / y).trunc()) }

    /// Remainder of integers with the sign of the dividend.
    fmod_int(x, y)[] "FmodBackward1" int in 1.0..9.0 { value: x.rem_trunc(y) }

    /// Power `x ** y` of two tensors; the gradient at `0 ** 0` is 0.
    pow(x, exponent)[] -> z "PowBackward1" field in 0.5..2.0 {
        value: x.pow(exponent),
        x(g, x, exponent): x.under_base(exponent, g),
        exponent(g, x, exponent, z): x.under_exponent(exponent, z, g),
    }

    /// A number to the power of a tensor: `y ** x`.
    rpow(exponent, x)[] -> z "PowBackward2" field in 0.5..2.0 {
        value: x.pow(exponent),
        exponent(g, exponent, x, z): x.under_exponent(exponent, z, g),
        x(g, exponent, x): x.under_base(exponent, g),
    }

    /// Power with a number as exponent.
    pow_scalar(x)[exponent] "PowBackward0" field in 0.5..2.0 {
        value: x.pow(R::param(exponent)),
        x(g, x): if exponent.is_zero() {
            g.zero()
        } else {
            g * (x.pow(R::param(exponent.less_one())) * R::param(exponent)).conj()
        },
    }

    /// Power with a small positive whole number as exponent.
    pow_whole(x)[exponent] "PowBackward0" float in 0.5..2.0 {
        value: x.power_by::<false, false>(exponent),
        x(g, x): g * (x.power_by::<false, false>(exponent - 1.0) * exponent),
    }

    /// Power with a small negative whole number as exponent.
    pow_inverse(x)[exponent] "PowBackward0" float in 0.5..2.0 {
        value: x.power_by::<false, true>(exponent),
        x(g, x): g * (x.power_by::<false, true>(exponent - 1.0) * exponent),
    }

    /// Power with a half, which is more than one, as exponent.
    pow_rooted(x)[exponent] "PowBackward0" float in 0.5..2.0 {
        value: x.power_by::<true, false>(exponent),
        x(g, x): g * (x.power_by::<true, false>(exponent - 1.0) * exponent),
    }

    /// Power with a half, which is less than minus one, as exponent.
    pow_rooted_inverse(x)[exponent] "PowBackward0" float in 0.5..2.0 {
        value: x.power_by::<true, true>(exponent),
        x(g, x): g * (x.power_by::<true, true>(exponent - 1.0) * exponent),
    }

    /// Integer power.
    pow_int(x, exponent)[] "PowBackward0" int in 0.0..4.0 { value: x.powi(exponent) }

    /// `x * x`.
    square(x)[] "PowBackward0"(exponent = Int 2) ring in -3.0..3.0 { value: x.clone() * x, x(g, x): g * (x * 2.0).conj() }

    /// `-x`.
    neg(x)[] "NegBackward0" ring in -3.0..3.0 { value: -x, x(g): -g }

    /// The complex conjugate, of real numbers the number itself.
    conj(x)[] "ConjBackward0" ring in -3.0..3.0 { value: x.conj(), x(g): g.conj() }

    /// The angle of a real number as a complex one: π below 0, else 0; NaN of NaN.
    angle(x)[] "AngleBackward0" real in -3.0..3.0 {
        value: {
            let (zero, turned) = (x.int(0), x.lit(std::f64::consts::PI));
            R::select(x.clone().lt(zero.clone()), turned, R::select(x.clone().is_nan(), x, zero))
        },
        x(g): g.zero(),
    }

    /// Absolute value; gradient 0 at 0.
    abs(x)[] "AbsBackward0" number in -3.0..3.0 { value: x.abs(), x(g, x): with_sign_of(g, x.clone()).flat_in(x) }

    /// −1, 0 or 1.
    sign(x)[] "SignBackward0" ordered in -3.0..3.0 { value: x.sign(), x(g): g.zero() }

    /// `1 / x`.
    reciprocal(x)[] -> z "ReciprocalBackward0" field in 0.5..3.0 { value: x.reciprocal(), x(g, z): -g * (z.clone() * z).conj() }

    /// Square root; the gradient at 0 is infinite.
    sqrt(x)[] -> z "SqrtBackward0" field in 0.5..3.0 { value: x.sqrt(), x(g, z): g / (z * 2.0).conj() }

    /// `1 / sqrt(x)`.
    rsqrt(x)[] -> z "RsqrtBackward0" field in 0.5..3.0 {
        value: x.rsqrt(),
        x(g, z): g * (z.clone() * z.clone() * z).conj() * -0.5,
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
    maximum(x, y)[] "MaximumBackward0" ordered in -3.0..3.0 {
        value: x.maximum(y),
        x(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(x.lt(y), g.int(0), g)),
        y(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(y.lt(x), g.int(0), g)),
    }

    /// The lesser of two elements; NaN if either is. Ties share the gradient evenly.
    minimum(x, y)[] "MinimumBackward0" ordered in -3.0..3.0 {
        value: x.minimum(y),
        x(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(x.gt(y), g.int(0), g)),
        y(g, x, y): R::select(x.clone().eq(y.clone()), g.clone() * 0.5, R::select(y.gt(x), g.int(0), g)),
    }

    /// The greater of two elements, a number where the other is NaN. Ties share the gradient evenly.
    fmax(x, y)[] "FmaxBackward0" ordered in -3.0..3.0 {
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
    fmin(x, y)[] "FminBackward0" ordered in -3.0..3.0 {
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
    lerp(x, end, weight)[] "LerpBackward1" inexact in 0.1..0.9 {
        value: {
            let near_start = weight.clone().is_within(0.5);
            let span = end.clone() - x.clone();
            let far = crate::ops::elementwise::arithmetic::weighted_mean(x.clone(), end.clone(), weight.clone());
            let finite = span.clone().is_within(f64::INFINITY);
            let near =
                R::select(near_start, weight.clone().mul_add(span.clone(), x), (weight - 1.0).mul_add(span, end));
            R::select(finite, near, far)
        },
        x(g, weight): g * (-weight + 1.0).conj(),
        end(g, weight): g * weight.conj(),
        weight(g, x, end): g * (end - x).conj(),
    }

    /// The same with a number as weight.
    lerp_scalar(x, end)[weight] "LerpBackward0" inexact in -3.0..3.0 {
        value: {
            let (share, span) = (R::param(weight), end.clone() - x.clone());
            let far = crate::ops::elementwise::arithmetic::weighted_mean(x.clone(), end.clone(), share.clone());
            let finite = span.clone().is_within(f64::INFINITY);
            let near = if weight.magnitude() < 0.5 { share.mul_add(span, x) } else { (share - 1.0).mul_add(span, end) };
            R::select(finite, near, far)
        },
        x(g): { let rest = -R::param(weight) + 1.0; g * rest.conj() },
        end(g): g * R::param(weight).conj(),
    }

    /// `x + value * a * b`.
    addcmul(x, tensor1, tensor2)[value] "AddcmulBackward0" ring in -3.0..3.0 {
        value: (tensor1 * R::param(value)).mul_add(tensor2, x),
        x(g): g,
        tensor1(g, tensor2): g * (tensor2 * R::param(value)).conj(),
        tensor2(g, tensor1): g * (tensor1 * R::param(value)).conj(),
    }

    /// `x + value * a / b`.
    addcdiv(x, tensor1, tensor2)[value] "AddcdivBackward0" field in 0.5..3.0 {
        value: x + tensor1 * R::param(value) / tensor2,
        x(g): g,
        tensor1(g, tensor2): g * (tensor2.reciprocal() * R::param(value)).conj(),
        tensor2(g, tensor1, tensor2): -g * ((tensor1 / tensor2.clone() / tensor2) * R::param(value)).conj(),
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

/// `(1 − weight)·x + weight·end` of numbers whose difference is infinite: an infinity without weight does not count, and
/// between two that are the same lies nothing else.
#[inline(always)]
pub(crate) fn weighted_mean<R: Field>(x: R, end: R, weight: R) -> R {
    let mean = weighted(x.clone(), -weight.clone() + 1.0) + weighted(end.clone(), weight);
    R::select(x.clone().eq(end), x, mean)
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
