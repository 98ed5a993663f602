//! Activation functions.

use super::elementwise;
use crate::kernels::number::Real;

/// √(2/π), of the tanh form of GELU.
const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
/// Coefficient of x³ in the tanh form of GELU (Hendrycks & Gimpel 2016).
const GELU_CUBIC: f64 = 0.044_715;
/// 1/√(2π), the normal density at 0.
const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;
/// Beyond this σ, Φ and tanh(ln(1 + eˣ)) are 0 or 1 in either float type.
const SATURATED: f64 = 1e3;

elementwise! {
    /// Logistic sigmoid 1 / (1 + e⁻ˣ).
    sigmoid(x)[] -> z "SigmoidBackward0" field in -4.0..4.0 {
        value: x.sigmoid(),
        x(g, x, z): g * x.sigmoid_slope(z).conj(); without(g, z): g * (z.clone() * (-z + 1.0)).conj(),
    }

    /// The derivative of [`sigmoid`], of which `result` is the value at the same place; its own is −z·tanh(x/2).
    sigmoid_slope(x, result)[] -> z "SigmoidBackwardBackward0" field in -4.0..4.0 {
        value: x.sigmoid_slope(result),
        x(g, x, z): g * (z * -(x * 0.5).tanh()).conj(),
    }

    /// max(x, 0); gradient 0 at 0.
    relu(x)[] -> z "ReluBackward0" ordered in -3.0..3.0 {
        value: { let zero = x.int(0); R::select(x.clone().lt(zero.clone()), zero, x) },
        x(g, z): R::select(z.clone().le(g.int(0)), g.int(0), g).flat_in(z),
    }

    /// x where positive, else `negative_slope · x`.
    leaky_relu(x)[negative_slope] "LeakyReluBackward0" float in -3.0..3.0 {
        value: crate::ops::elementwise::activation::leaky(x, negative_slope),
        x(g, x): R::select(x.clone().gt(g.int(0)), g.clone(), g * negative_slope).flat_in(x),
    }

    /// [`leaky_relu`] with the gradient computed from the result: what it was in place is gone.
    leaky_relu_of_result(x)[negative_slope] -> z "LeakyReluBackward1" float in -3.0..3.0 {
        value: crate::ops::elementwise::activation::leaky(x, negative_slope),
        x(g, z): R::select(z.clone().gt(g.int(0)), g.clone(), g * negative_slope).flat_in(z),
    }

    /// `scale · x` where positive, else `alpha · scale · (e^(input_scale·x) − 1)`.
    elu(x)[alpha, scale, input_scale] "EluBackward0" float in -3.0..3.0 {
        value: crate::ops::elementwise::activation::exponential_linear(x, alpha, scale, input_scale),
        // Asked so that NaN stays.
        x(g, x): {
            let zero = g.int(0);
            let positive = x.clone().gt(zero.clone());
            // Where the exponential counts, so that it is finite where it does not.
            let x = R::select(positive.clone(), zero, x);
            R::select(positive, g.clone() * scale, g * ((x * input_scale).exp() * (alpha * scale * input_scale)))
        },
    }

    /// [`elu`] with the gradient computed from the result.
    elu_of_result(x)[alpha, scale, input_scale] -> z "EluBackward1" float in -3.0..3.0 {
        value: crate::ops::elementwise::activation::exponential_linear(x, alpha, scale, input_scale),
        x(g, z): R::select(z.clone().gt(g.int(0)), g.clone() * scale, g * ((z + alpha * scale) * input_scale)),
    }

    /// Gaussian error linear unit x·Φ(x).
    gelu(x)[] "GeluBackward0" float in -3.0..3.0 {
        value: x.gelu(),
        x(g, x): {
            let x = within(x, SATURATED);
            let density = (x.clone() * x.clone() * -0.5).exp() * DENSITY_AT_0;
            g * (x.clone().normal_cdf() + x * density)
        },
    }

    /// GELU with the tanh approximation x (1 + tanh(u)) / 2 of a cubic u, which is x·σ(2u).
    gelu_tanh(x)[] "GeluBackward0" float in -3.0..3.0 {
        value: {
            let low = x.lit(-SATURATED);
            let x = not_below(x, low);
            let inner = (x.clone() * x.clone() * x.clone() * GELU_CUBIC + x.clone()) * (2.0 * SQRT_2_OVER_PI);
            x * inner.sigmoid()
        },
        x(g, x): {
            let x = within(x, SATURATED);
            let squared = x.clone() * x.clone();
            let inner = (squared.clone() * x.clone() * GELU_CUBIC + x.clone()) * (2.0 * SQRT_2_OVER_PI);
            let slope = (squared * (3.0 * GELU_CUBIC) + 1.0) * (2.0 * SQRT_2_OVER_PI);
            let s = inner.clone().sigmoid();
            g * (s.clone() * (x * slope * inner.sigmoid_complement(s) + 1.0))
        },
    }

    /// Sigmoid linear unit x·σ(x).
    silu(x)[] "SiluBackward0" float in -3.0..3.0 {
        value: {
            let low = x.lit(-SATURATED);
            let x = not_below(x, low);
            x.clone() * x.sigmoid()
        },
        x(g, x): {
            let x = within(x, SATURATED);
            let s = x.clone().sigmoid();
            g * (s.clone() * (x.clone() * x.sigmoid_complement(s) + 1.0))
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

    /// `x / (1 + |x|)`; ±1 at infinity.
    softsign(x)[] "DivBackward0" real in -3.0..3.0 {
        value: { let ratio = x.clone() / (x.clone().abs() + 1.0); R::select(x.clone().is_infinite(), x.sign(), ratio) },
        x(g, x): { let share = (x.abs() + 1.0).reciprocal(); g * share.clone() * share },
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
        value: {
            let (low, zero, six) = (x.lit(-3.0), x.int(0), x.lit(6.0));
            not_below(x.clone(), low) * (x + 3.0).maximum(zero).minimum(six) / 6.0
        },
        x(g, x): R::select(
            x.clone().ge(g.lit(3.0)),
            g.clone(),
            R::select(x.clone().le(g.lit(-3.0)), g.int(0), g.clone() * (within(x, 3.0) / 3.0 + 0.5))
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

    /// x·tanh(softplus(x)).
    mish(x)[] "MishBackward0" float in -3.0..3.0 {
        value: {
            let low = x.lit(-SATURATED);
            let x = not_below(x, low);
            x.clone() * tanh_of_softplus(x).0
        },
        x(g, x): {
            let x = within(x, SATURATED);
            let (value, slope) = tanh_of_softplus(x.clone());
            g * (value + x * slope)
        },
    }
}

/// t = tanh(ln(1 + eˣ)) and its derivative. With m = e^−|x| and d = 1 + (1 + m)², or m² + (1 + m)² for x ≥ 0, it is
/// m (m + 2) / d, or 1 − 2m² / d, and the derivative 4m (1 + m) / d², or 4m² (1 + m) / d²: nothing overflows, no digits are
/// lost, and both sides can be differentiated at 0.
#[inline(always)]
fn tanh_of_softplus<R: Real>(x: R) -> (R, R) {
    let one = x.lit(1.0);
    let negative = x.clone().lt(x.int(0));
    let m = R::select(negative.clone(), x.clone(), -x).exp();
    let square = m.clone() * m.clone();
    let above = m.clone() + 1.0;
    let d = R::select(negative.clone(), one, square.clone()) + above.clone() * above.clone();
    let share = R::select(negative.clone(), m.clone() * (m.clone() + 2.0), square.clone() * 2.0) / d.clone();
    let slope = R::select(negative.clone(), m, square) * above * 4.0 / (d.clone() * d);
    (R::select(negative, share.clone(), -share + 1.0), slope)
}

/// x where positive, else `slope · x`.
#[inline(always)]
pub(crate) fn leaky<R: Real>(x: R, slope: f64) -> R {
    let zero = x.int(0);
    R::select(x.clone().gt(zero), x.clone(), x * slope)
}

/// `scale · x` where positive, else `alpha · scale · (e^(input_scale·x) − 1)`.
#[inline(always)]
pub(crate) fn exponential_linear<R: Real>(x: R, alpha: f64, scale: f64, input_scale: f64) -> R {
    let zero = x.int(0);
    R::select(x.clone().lt(zero), (x.clone() * input_scale).expm1() * (alpha * scale), x * scale)
}
