//! Losses of one prediction and one target, as elementwise rows; `loss` reduces them.

use crate::kernels::number::Real;
use crate::ops::elementwise::elementwise;

/// PyTorch bounds the logarithms of the binary cross-entropy from below by this.
const LEAST_LOG: f64 = -100.0;
/// … and the denominator of its gradient.
const LEAST_VARIANCE: f64 = 1e-12;

elementwise! {
    /// (x − y)².
    squared_error(x, target)[] "MseLossBackward0" real in -3.0..3.0 {
        value: { let d = x - target; d.clone() * d },
        x(g, x, target): g * (x - target) * 2.0,
        target(g, x, target): g * (target - x) * 2.0,
    }

    /// Half the square of x − y divided by `beta` where |x − y| is below `beta`, else |x − y| − beta/2.
    smooth_l1(x, target)[beta] "SmoothL1LossBackward0" real in -3.0..3.0 {
        value: {
            let d = (x - target).abs();
            let bound = d.lit(beta);
            R::select(d.clone().lt(bound), d.clone() * d.clone() * 0.5 / beta, d - 0.5 * beta)
        },
        x(g, x, target): {
            let d = x - target;
            let bound = g.lit(beta);
            R::select(d.clone().abs().lt(bound), g.clone() * d.clone() / beta, with_sign_of(g, d))
        },
        target(g, x, target): {
            let d = target - x;
            let bound = g.lit(beta);
            R::select(d.clone().abs().lt(bound), g.clone() * d.clone() / beta, with_sign_of(g, d))
        },
    }

    /// Half the square of x − y where |x − y| is at most `delta`, else delta · (|x − y| − delta/2).
    huber(x, target)[delta] "HuberLossBackward0" real in -3.0..3.0 {
        value: {
            let d = (x - target).abs();
            let bound = d.lit(delta);
            R::select(d.clone().le(bound), d.clone() * d.clone() * 0.5, (d - 0.5 * delta) * delta)
        },
        x(g, x, target): {
            let d = x - target;
            let bound = g.lit(delta);
            R::select(d.clone().abs().le(bound), g.clone() * d.clone(), with_sign_of(g, d) * delta)
        },
        target(g, x, target): {
            let d = target - x;
            let bound = g.lit(delta);
            R::select(d.clone().abs().le(bound), g.clone() * d.clone(), with_sign_of(g, d) * delta)
        },
    }

    /// −(t ln x + (1 − t) ln(1 − x)), logarithms not below −100.
    binary_entropy(x, target)[] "BinaryCrossEntropyBackward0" real in 0.1..0.9 {
        value: {
            let least = x.lit(LEAST_LOG);
            let yes = x.clone().log().maximum(least.clone());
            let no = (-x).log1p().maximum(least);
            (target.clone() - 1.0) * no - target * yes
        },
        x(g, x, target): {
            let least = g.lit(LEAST_VARIANCE);
            g * (x.clone() - target) / ((-x.clone() + 1.0) * x).maximum(least)
        },
        target(g, x): g * ((-x.clone()).log1p() - x.log()),
    }

    /// The binary cross-entropy of σ(x): w·|x| + ln(1 + e^−|x|), where w is the weight of the class that the sign of x
    /// speaks against.
    binary_entropy_logits(x, target)[] "BinaryCrossEntropyWithLogitsBackward0" real in -3.0..3.0 {
        value: {
            let one = x.lit(1.0);
            entropy_of_logits(x, target, one)
        },
        x(g, x, target): {
            let one = x.lit(1.0);
            g * entropy_slope(x, target, one)
        },
        target(g, x): -(g * x),
    }

    /// The same with the positive term weighted.
    binary_entropy_logits_weighted(x, target, pos_weight)[] "BinaryCrossEntropyWithLogitsBackward0" real in 0.5..2.0 {
        value: entropy_of_logits(x, target, pos_weight),
        x(g, x, target, pos_weight): g * entropy_slope(x, target, pos_weight),
        // p·ln(1 + e⁻ˣ) − ln(1 + eˣ)
        target(g, x, pos_weight): {
            let below = minus_abs(x.clone());
            let linear = R::select(x.clone().lt(g.int(0)), pos_weight.clone() * x.clone(), x);
            g * ((pos_weight - 1.0) * below.exp().log1p() - linear)
        },
        // t·ln(1 + e⁻ˣ)
        pos_weight(g, x, target): {
            let zero = g.int(0);
            let nothing = target.clone().eq(zero.clone());
            let x = R::select(nothing.clone(), zero.clone(), x);
            let rest = R::select(x.clone().lt(zero.clone()), -x.clone(), zero.clone()) + minus_abs(x).exp().log1p();
            R::select(nothing, zero, g * (target * rest))
        },
    }

    /// `weight · x`: what has no weight does not count, though it is infinite.
    weighted_term(x, weight)[] "MulBackward0" real in 0.1..2.0 {
        value: weighted(x, weight),
        x(g, weight): g * weight,
        weight(g, x): g * x,
    }

    /// Divergence of x (a logarithm) from t: t·(ln t − x); 0 where t is 0.
    divergence(x, target)[] "KlDivBackward0" real in 0.1..2.0 {
        value: {
            let zero = target.int(0);
            let entropy = R::select(target.clone().eq(zero.clone()), zero, target.clone() * target.clone().log());
            entropy - weighted(x, target)
        },
        x(g, target): -(g * target),
        target(g, x, target): g * (target.log() + 1.0 - x),
    }
}

/// −|x|, which can be differentiated at 0 as −x.
#[inline(always)]
fn minus_abs<R: Real>(x: R) -> R {
    let zero = x.int(0);
    R::select(x.clone().lt(zero), x.clone(), -x)
}

/// The weight of the class that the sign of a logit speaks against, and the sum of both: with the weights p·t and 1 − t.
#[inline(always)]
fn class_weights<R: Real>(x: R, target: R, positive: R) -> (R, R) {
    let zero = x.int(0);
    let (yes, no) = (positive * target.clone(), -target + 1.0);
    (R::select(x.lt(zero), yes.clone(), no.clone()), yes + no)
}

/// p·t·ln(1 + e⁻ˣ) + (1 − t)·ln(1 + eˣ), which is w·|x| + (p·t + 1 − t)·ln(1 + e^−|x|): 0 at infinity where nothing speaks
/// against it.
#[inline(always)]
fn entropy_of_logits<R: Real>(x: R, target: R, positive: R) -> R {
    let zero = x.int(0);
    let (against, sum) = class_weights(x.clone(), target, positive);
    let below = minus_abs(x);
    let linear = R::select(against.clone().eq(zero.clone()), zero, against * -below.clone());
    linear + sum * below.exp().log1p()
}

/// Its derivative by x, (1 − t)·σ(x) − p·t·σ(−x), as ±(w − (p·t + 1 − t)·σ(−|x|)): so it keeps its digits where σ is near 1.
#[inline(always)]
fn entropy_slope<R: Real>(x: R, target: R, positive: R) -> R {
    let negative = x.clone().lt(x.int(0));
    let (against, sum) = class_weights(x.clone(), target, positive);
    let slope = against - sum * minus_abs(x).sigmoid();
    R::select(negative, -slope.clone(), slope)
}
