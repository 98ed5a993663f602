//! Exponentials, logarithms, trigonometric and hyperbolic functions, error functions.

use super::elementwise;
use crate::kernels::number::{Field, Real};

/// ln 2.
const LN_2: f64 = std::f64::consts::LN_2;
/// log₂ e.
const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// log₁₀ e.
const LOG10_E: f64 = std::f64::consts::LOG10_E;
/// 2/√π, the slope of erf at 0.
const TWO_OVER_SQRT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;
/// Beyond this e^(−x²) is 0 in either float type.
const ERF_FLAT: f64 = 1e3;

elementwise! {
    /// eˣ.
    exp(x)[] -> z "ExpBackward0" field in -2.0..2.0 { value: x.exp(), x(g, z): g * z.conj() }

    /// 2ˣ.
    exp2(x)[] -> z "Exp2Backward0" field in -2.0..2.0 { value: x.exp2(), x(g, z): g * (z * LN_2).conj() }

    /// eˣ − 1, accurate near 0.
    expm1(x)[] -> z "Expm1Backward0" field in -2.0..2.0 {
        value: x.expm1(),
        x(g, x, z): g * x.expm1_slope(z).conj(); without(g, z): g * (z + 1.0).conj(),
    }

    /// Natural logarithm.
    log(x)[] "LogBackward0" field in 0.5..3.0 { value: x.log(), x(g, x): g / x.conj() }

    /// Logarithm to base 2.
    log2(x)[] "Log2Backward0" field in 0.5..3.0 { value: x.log2(), x(g, x): g / x.conj() * LOG2_E }

    /// Logarithm to base 10.
    log10(x)[] "Log10Backward0" field in 0.5..3.0 { value: x.log10(), x(g, x): g / x.conj() * LOG10_E }

    /// ln(1 + x), accurate near 0.
    log1p(x)[] "Log1PBackward0" field in -0.5..3.0 { value: x.log1p(), x(g, x): g / (x + 1.0).conj() }

    /// Sine of radians.
    sin(x)[] "SinBackward0" field in -3.0..3.0 { value: x.sin(), x(g, x): g * x.cos().conj() }

    /// Cosine of radians.
    cos(x)[] "CosBackward0" field in -3.0..3.0 { value: x.cos(), x(g, x): g * -x.sin().conj() }

    /// Tangent of radians.
    tan(x)[] -> z "TanBackward0" field in -1.0..1.0 { value: x.tan(), x(g, z): g * (z.clone() * z + 1.0).conj() }

    /// Inverse sine, in radians.
    asin(x)[] "AsinBackward0" field in -0.9..0.9 {
        value: x.asin(),
        x(g, x): g * one_minus_square(x).rsqrt().conj(),
    }

    /// Inverse cosine, in radians.
    acos(x)[] "AcosBackward0" field in -0.9..0.9 {
        value: x.acos(),
        x(g, x): g * -one_minus_square(x).rsqrt().conj(),
    }

    /// Inverse tangent, in radians.
    atan(x)[] "AtanBackward0" field in -3.0..3.0 {
        value: x.atan(),
        x(g, x): x.conj().under_atan(g),
    }

    /// Angle of the point (x = `y`, y = `x`), in radians.
    atan2(x, y)[] "Atan2Backward0" real in 0.5..3.0 {
        value: x.atan2(y),
        x(g, x, y): g * over_squared_radius(y, x),
        y(g, x, y): g * -over_squared_radius(x, y),
    }

    /// Hyperbolic sine.
    sinh(x)[] "SinhBackward0" field in -2.0..2.0 { value: x.sinh(), x(g, x): g * x.cosh().conj() }

    /// Hyperbolic cosine.
    cosh(x)[] "CoshBackward0" field in -2.0..2.0 { value: x.cosh(), x(g, x): g * x.sinh().conj() }

    /// Hyperbolic tangent.
    tanh(x)[] -> z "TanhBackward0" field in -2.0..2.0 {
        value: x.tanh(),
        x(g, x, z): g * x.tanh_slope(z).conj(); without(g, z): g * (-(z.clone() * z) + 1.0).conj(),
    }

    /// The derivative of [`tanh`], of which `result` is the value at the same place; its own is −2·z·tanh(x).
    tanh_slope(x, result)[] -> z "TanhBackwardBackward0" field in -2.0..2.0 {
        value: x.tanh_slope(result),
        x(g, result, z): g * (z * result * -2.0).conj(),
    }

    /// Inverse hyperbolic sine.
    asinh(x)[] "AsinhBackward0" field in -3.0..3.0 {
        value: x.asinh(),
        x(g, x): g * x.asinh_slope().conj(),
    }

    /// Inverse hyperbolic cosine.
    acosh(x)[] "AcoshBackward0" field in 1.5..4.0 {
        value: x.acosh(),
        x(g, x): g * ((x.clone() - 1.0).rsqrt() * (x + 1.0).rsqrt()).conj(),
    }

    /// Inverse hyperbolic tangent.
    atanh(x)[] "AtanhBackward0" field in -0.9..0.9 {
        value: x.atanh(),
        x(g, x): g / one_minus_square(x).conj(),
    }

    /// Error function.
    erf(x)[] "ErfBackward0" real in -2.0..2.0 {
        value: x.erf(),
        x(g, x): { let x = within(x, ERF_FLAT); g * ((-(x.clone() * x)).exp() * TWO_OVER_SQRT_PI) },
    }

    /// Complementary error function 1 − erf(x), accurate for large x.
    erfc(x)[] "ErfcBackward0" real in -2.0..2.0 {
        value: x.erfc(),
        x(g, x): { let x = within(x, ERF_FLAT); g * ((-(x.clone() * x)).exp() * -TWO_OVER_SQRT_PI) },
    }

    /// ln|Γ(x)|.
    lgamma(x)[] "LgammaBackward0" real in 0.5..4.0 { value: x.lgamma(), x(g, x): g * x.digamma() }

    /// ψ(x), the derivative of ln Γ.
    digamma(x)[] "DigammaBackward0" real in 0.5..4.0 {
        value: x.digamma(),
        x(g, x): g * trigamma(x),
    }
}

/// 1 − x² with one rounding, so that no digits are lost near ±1.
#[inline(always)]
fn one_minus_square<R: Field>(x: R) -> R {
    let one = x.lit(1.0);
    (-x.clone()).mul_add(x, one)
}

/// x / (x² + y²), 0 at the origin and at infinity. With the larger of the two, a, and the other, b, the denominator is
/// a (a + b·b/a), of which no part overflows or underflows where the quotient does not (Smith, Comm. ACM 5 (1962)).
#[inline(always)]
fn over_squared_radius<R: Real>(x: R, y: R) -> R {
    let (zero, one, infinity) = (x.lit(0.0), x.lit(1.0), x.lit(f64::INFINITY));
    let steep = x.clone().abs().ge(y.clone().abs());
    let a = R::select(steep.clone(), x.clone(), y.clone());
    let b = R::select(steep.clone(), y, x);
    let b = R::select(b.clone().abs().eq(infinity), zero.clone(), b);
    let origin = a.clone().eq(zero.clone());
    let a = R::select(origin.clone(), one.clone(), a);
    let ratio = b.clone() / a.clone();
    R::select(steep, R::select(origin, zero, one), ratio.clone()) / b.mul_add(ratio, a)
}

/// Terms of ψ₁(x) = Σ 1/(x + k)² that are summed one by one, so that the series below is exact to `f64` behind them.
const TRIGAMMA_STEPS: u32 = 8;

/// Bernoulli numbers B₂, B₄, …: the asymptotic series of ψ₁(x) − 1/x − 1/(2x²) in 1/x³, 1/x⁵, … (DLMF 5.15.8).
const BERNOULLI: [f64; 8] =
    [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0];

/// ψ₁(x), the derivative of ψ: ψ₁(x) = ψ₁(x + 1) + 1/x², the asymptotic series, and for x < ½ the reflection
/// ψ₁(x) = π² / sin²(πx) − ψ₁(1 − x). Of operations that have gradients, so that higher derivatives follow.
#[inline(always)]
pub(crate) fn trigamma<R: Real>(x: R) -> R {
    let reflected = x.clone().lt(x.lit(0.5));
    let mut t = R::select(reflected.clone(), -x.clone() + 1.0, x.clone());
    let mut sum = x.lit(0.0);
    for _ in 0..TRIGAMMA_STEPS {
        // The square of a reciprocal: the derivative of the reciprocal of a square overflows first.
        let inverse = t.clone().reciprocal();
        sum = sum + inverse.clone() * inverse;
        t = t + 1.0;
    }
    let inverse = t.reciprocal();
    let square = inverse.clone() * inverse.clone();
    let mut series = x.lit(0.0);
    for coefficient in BERNOULLI.iter().rev() {
        series = series * square.clone() + *coefficient;
    }
    let right = sum + (inverse.clone() * (square.clone() * series + 1.0) + square * 0.5);
    // Finite where it is not taken.
    let below = R::select(reflected.clone(), x.clone(), x.lit(0.25));
    let cosecant = (below * std::f64::consts::PI).sin().reciprocal();
    R::select(
        reflected,
        cosecant.clone() * cosecant * (std::f64::consts::PI * std::f64::consts::PI) - right.clone(),
        right,
    )
}
