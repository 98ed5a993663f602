//! Exponentials, logarithms, trigonometric and hyperbolic functions, error functions.

use crate::ops::elementwise::elementwise;

/// ln 2.
const LN_2: f64 = std::f64::consts::LN_2;
/// ln 10.
const LN_10: f64 = std::f64::consts::LN_10;
/// 2/√π, the slope of erf at 0.
const TWO_OVER_SQRT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;

elementwise! {
    /// eˣ.
    exp(x)[] -> z "ExpBackward0" real in -2.0..2.0 { value: x.exp(), x(g, z): g * z }

    /// 2ˣ.
    exp2(x)[] -> z "Exp2Backward0" real in -2.0..2.0 { value: x.exp2(), x(g, z): g * (z * LN_2) }

    /// eˣ − 1, accurate near 0.
    expm1(x)[] -> z "Expm1Backward0" real in -2.0..2.0 { value: x.expm1(), x(g, z): g * (z + 1.0) }

    /// Natural logarithm.
    log(x)[] "LogBackward0" real in 0.5..3.0 { value: x.log(), x(g, x): g / x }

    /// Logarithm to base 2.
    log2(x)[] "Log2Backward0" real in 0.5..3.0 { value: x.log2(), x(g, x): g / (x * LN_2) }

    /// Logarithm to base 10.
    log10(x)[] "Log10Backward0" real in 0.5..3.0 { value: x.log10(), x(g, x): g / (x * LN_10) }

    /// ln(1 + x), accurate near 0.
    log1p(x)[] "Log1PBackward0" real in -0.5..3.0 { value: x.log1p(), x(g, x): g / (x + 1.0) }

    /// Sine of radians.
    sin(x)[] "SinBackward0" real in -3.0..3.0 { value: x.sin(), x(g, x): g * x.cos() }

    /// Cosine of radians.
    cos(x)[] "CosBackward0" real in -3.0..3.0 { value: x.cos(), x(g, x): g * -x.sin() }

    /// Tangent of radians.
    tan(x)[] -> z "TanBackward0" real in -1.0..1.0 { value: x.tan(), x(g, z): g * (z.clone() * z + 1.0) }

    /// Inverse sine, in radians.
    asin(x)[] "AsinBackward0" real in -0.9..0.9 { value: x.asin(), x(g, x): g * (-(x.clone() * x) + 1.0).rsqrt() }

    /// Inverse cosine, in radians.
    acos(x)[] "AcosBackward0" real in -0.9..0.9 { value: x.acos(), x(g, x): g * -(-(x.clone() * x) + 1.0).rsqrt() }

    /// Inverse tangent, in radians.
    atan(x)[] "AtanBackward0" real in -3.0..3.0 { value: x.atan(), x(g, x): g / (x.clone() * x + 1.0) }

    /// Angle of the point (x = `y`, y = `x`), in radians.
    atan2(x, y)[] "Atan2Backward0" real in 0.5..3.0 {
        value: x.atan2(y),
        x(g, x, y): g * (y.clone() / (x.clone() * x + y.clone() * y)),
        y(g, x, y): g * (-x.clone() / (x.clone() * x + y.clone() * y)),
    }

    /// Hyperbolic sine.
    sinh(x)[] "SinhBackward0" real in -2.0..2.0 { value: x.sinh(), x(g, x): g * x.cosh() }

    /// Hyperbolic cosine.
    cosh(x)[] "CoshBackward0" real in -2.0..2.0 { value: x.cosh(), x(g, x): g * x.sinh() }

    /// Hyperbolic tangent.
    tanh(x)[] -> z "TanhBackward0" real in -2.0..2.0 { value: x.tanh(), x(g, z): g * (-(z.clone() * z) + 1.0) }

    /// Inverse hyperbolic sine.
    asinh(x)[] "AsinhBackward0" real in -3.0..3.0 { value: x.asinh(), x(g, x): g * (x.clone() * x + 1.0).rsqrt() }

    /// Inverse hyperbolic cosine.
    acosh(x)[] "AcoshBackward0" real in 1.5..4.0 { value: x.acosh(), x(g, x): g * (x.clone() * x - 1.0).rsqrt() }

    /// Inverse hyperbolic tangent.
    atanh(x)[] "AtanhBackward0" real in -0.9..0.9 { value: x.atanh(), x(g, x): g / (-(x.clone() * x) + 1.0) }

    /// Error function.
    erf(x)[] "ErfBackward0" real in -2.0..2.0 { value: x.erf(), x(g, x): g * ((-(x.clone() * x)).exp() * TWO_OVER_SQRT_PI) }

    /// Complementary error function 1 − erf(x), accurate for large x.
    erfc(x)[] "ErfcBackward0" real in -2.0..2.0 {
        value: x.erfc(),
        x(g, x): g * ((-(x.clone() * x)).exp() * -TWO_OVER_SQRT_PI),
    }

    /// ln|Γ(x)|.
    lgamma(x)[] "LgammaBackward0" real in 0.5..4.0 { value: x.lgamma(), x(g, x): g * x.digamma() }

    /// ψ(x), the derivative of ln Γ. Not differentiable itself (that needs polygamma).
    digamma(x)[] "DigammaBackward0" real in 0.5..4.0 { value: x.digamma() }
}
