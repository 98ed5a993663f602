//! Activation functions.

use crate::ops::elementwise::elementwise;

/// √(2/π), of the tanh form of GELU.
const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
/// Coefficient of x³ in the tanh form of GELU (Hendrycks & Gimpel 2016).
const GELU_CUBIC: f64 = 0.044_715;
/// 1/√(2π), the normal density at 0.
const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;
/// From here on mish(x) is x to working precision in either float type.
const MISH_MAX: f64 = 20.0;

elementwise! {
    /// Logistic sigmoid 1 / (1 + e⁻ˣ).
    sigmoid(x)[] -> z "SigmoidBackward0" real in -4.0..4.0 {
        value: x.sigmoid(),
        x(g, z): g * (z.clone() * (-z + 1.0)),
    }

    /// max(x, 0); gradient 0 at 0.
    relu(x)[] -> z "ReluBackward0" ring in -3.0..3.0 {
        value: { let zero = x.int(0); R::select(x.clone().lt(zero.clone()), zero, x) },
        x(g, z): R::select(z.clone().le(g.int(0)), g.int(0), g).flat_in(z),
    }

    /// x where positive, else `negative_slope · x`.
    leaky_relu(x)[negative_slope] "LeakyReluBackward0" float in -3.0..3.0 {
        value: crate::ops::activation::leaky(x, negative_slope),
        x(g, x): R::select(x.clone().gt(g.int(0)), g.clone(), g * negative_slope).flat_in(x),
    }

    /// [`leaky_relu`] with the gradient computed from the result: what it was in place is gone.
    leaky_relu_of_result(x)[negative_slope] -> z "LeakyReluBackward1" float in -3.0..3.0 {
        value: crate::ops::activation::leaky(x, negative_slope),
        x(g, z): R::select(z.clone().gt(g.int(0)), g.clone(), g * negative_slope).flat_in(z),
    }

    /// `scale · x` where positive, else `alpha · scale · (e^(input_scale·x) − 1)`.
    elu(x)[alpha, scale, input_scale] "EluBackward0" float in -3.0..3.0 {
        value: crate::ops::activation::exponential_linear(x, alpha, scale, input_scale),
        // Asked so that NaN stays.
        x(g, x): R::select(
            x.clone().gt(g.int(0)),
            g.clone() * scale,
            g * ((x * input_scale).exp() * (alpha * scale * input_scale))
        ),
    }

    /// [`elu`] with the gradient computed from the result.
    elu_of_result(x)[alpha, scale, input_scale] -> z "EluBackward1" float in -3.0..3.0 {
        value: crate::ops::activation::exponential_linear(x, alpha, scale, input_scale),
        x(g, z): R::select(z.clone().gt(g.int(0)), g.clone() * scale, g * ((z + alpha * scale) * input_scale)),
    }

    /// Gaussian error linear unit x·Φ(x).
    gelu(x)[] "GeluBackward0" float in -3.0..3.0 {
        value: x.clone() * ((x * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5,
        x(g, x): {
            let cdf = ((x.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5;
            let density = (x.clone() * x.clone() * -0.5).exp() * DENSITY_AT_0;
            g * (cdf + x * density)
        },
    }

    /// GELU with the tanh approximation.
    gelu_tanh(x)[] "GeluBackward0" float in -3.0..3.0 {
        value: {
            let inner = (x.clone() * x.clone() * x.clone() * GELU_CUBIC + x.clone()) * SQRT_2_OVER_PI;
            x * (inner.tanh() + 1.0) * 0.5
        },
        x(g, x): {
            let squared = x.clone() * x.clone();
            let tanh = ((squared.clone() * x.clone() * GELU_CUBIC + x.clone()) * SQRT_2_OVER_PI).tanh();
            let slope = (squared * (3.0 * GELU_CUBIC) + 1.0) * SQRT_2_OVER_PI;
            let left = (tanh.clone() + 1.0) * 0.5;
            g * (left + x * (-(tanh.clone() * tanh) + 1.0) * slope * 0.5)
        },
    }

    /// Sigmoid linear unit x·σ(x).
    silu(x)[] "SiluBackward0" float in -3.0..3.0 {
        value: x.clone() * x.sigmoid(),
        x(g, x): {
            let s = x.clone().sigmoid();
            g * (s.clone() * (x * (-s + 1.0) + 1.0))
        },
    }

    /// `ln(1 + e^(beta·x)) / beta`, the identity where `beta·x > threshold`.
    softplus(x)[beta, threshold] "SoftplusBackward0" float in -3.0..3.0 {
        value: {
            let scaled = x.clone() * beta;
            let linear = scaled.clone().gt(x.lit(threshold));
            R::select(linear, x, scaled.exp().log1p() * (1.0 / beta))
        },
        x(g, x): {
            let scaled = x * beta;
            let linear = scaled.clone().gt(g.lit(threshold));
            R::select(linear, g.clone(), g * scaled.sigmoid())
        },
    }

    /// ln σ(x), without overflow.
    log_sigmoid(x)[] "LogSigmoidBackward0" float in -3.0..3.0 {
        value: { let zero = x.int(0); x.clone().minimum(zero) - (-x.abs()).exp().log1p() },
        x(g, x): g * (-x).sigmoid(),
    }

    /// x clamped to [min_val, max_val]; gradient 0 at and beyond the ends.
    hardtanh(x)[min_val, max_val] "HardtanhBackward0" real in -3.0..3.0 {
        value: { let (low, high) = (x.lit(min_val), x.lit(max_val)); high.minimum(low.maximum(x)) },
        x(g, x): R::select(x.clone().gt(g.lit(min_val)) & x.clone().lt(g.lit(max_val)), g.clone(), g.int(0)).flat_in(x),
    }

    /// x·relu6(x + 3)/6.
    hardswish(x)[] "HardswishBackward0" float in -2.5..2.5 {
        value: { let (zero, six) = (x.int(0), x.lit(6.0)); x.clone() * (x + 3.0).maximum(zero).minimum(six) / 6.0 },
        x(g, x): R::select(
            x.clone().ge(g.lit(3.0)),
            g.clone(),
            R::select(x.clone().le(g.lit(-3.0)), g.int(0), g.clone() * (x / 3.0 + 0.5))
        ),
    }

    /// relu6(x + 3)/6.
    hardsigmoid(x)[] "HardsigmoidBackward0" float in -2.5..2.5 {
        value: { let (zero, six) = (x.int(0), x.lit(6.0)); (x + 3.0).maximum(zero).minimum(six) / 6.0 },
        x(g, x): R::select(x.clone().gt(g.lit(-3.0)) & x.clone().lt(g.lit(3.0)), g.clone() / 6.0, g.int(0)).flat_in(x),
    }

    /// x where |x| > lambd, else 0.
    hardshrink(x)[lambd] "HardshrinkBackward0" float in -3.0..3.0 {
        value: { let (zero, limit) = (x.int(0), x.lit(lambd)); R::select(x.clone().abs().le(limit), zero, x) },
        x(g, x): R::select(x.clone().abs().le(g.lit(lambd)), g.int(0), g).flat_in(x),
    }

    /// x − lambd, x + lambd or 0.
    softshrink(x)[lambd] "SoftshrinkBackward0" float in -3.0..3.0 {
        value: {
            // Asked so that NaN stays.
            let (zero, limit) = (x.int(0), x.lit(lambd));
            let moved = R::select(x.clone().lt(zero.clone()), x.clone() + lambd, x.clone() - lambd);
            R::select(x.abs().le(limit), zero, moved)
        },
        x(g, x): R::select(x.clone().abs().le(g.lit(lambd)), g.int(0), g).flat_in(x),
    }

    /// x where greater than `threshold`, else `value`.
    threshold(x)[threshold, value] "ThresholdBackward0" real in -3.0..3.0 {
        value: { let (limit, other) = (x.lit(threshold), x.lit(value)); R::select(x.clone().le(limit), other, x) },
        x(g, x): R::select(x.clone().le(g.lit(threshold)), g.int(0), g).flat_in(x),
    }

    /// `threshold` of integers.
    threshold_int(x, limit, other)[] "ThresholdBackward0" number in -3.0..3.0 {
        value: R::select(x.clone().le(limit), other, x),
    }

    /// x·tanh(softplus(x)). With e = eˣ and n = e (e + 2) the hyperbolic tangent is n / (n + 2): 1 from x = 20 on.
    mish(x)[] "MishBackward0" float in -3.0..3.0 {
        value: {
            let e = x.clone().minimum(x.lit(MISH_MAX)).exp();
            let n = e.clone() * (e + 2.0);
            x * (n.clone() / (n + 2.0))
        },
        x(g, x): {
            let e = x.clone().minimum(g.lit(MISH_MAX)).exp();
            let n = e.clone() * (e + 2.0);
            let t = n.clone() / (n + 2.0);
            g * (t.clone() + x.clone() * x.sigmoid() * (-(t.clone() * t) + 1.0))
        },
    }
}

/// x where positive, else `slope · x`.
#[inline(always)]
pub(crate) fn leaky<R: crate::kernels::number::Real>(x: R, slope: f64) -> R {
    let zero = x.int(0);
    R::select(x.clone().gt(zero), x.clone(), x * slope)
}

/// `scale · x` where positive, else `alpha · scale · (e^(input_scale·x) − 1)`.
#[inline(always)]
pub(crate) fn exponential_linear<R: crate::kernels::number::Real>(x: R, alpha: f64, scale: f64, input_scale: f64) -> R {
    let zero = x.int(0);
    R::select(x.clone().lt(zero), (x.clone() * input_scale).expm1() * (alpha * scale), x * scale)
}
