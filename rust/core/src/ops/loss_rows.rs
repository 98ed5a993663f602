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
            R::select(d.clone().abs().lt(bound), g.clone() * d.clone() / beta, g * d.sign())
        },
        target(g, x, target): {
            let d = target - x;
            let bound = g.lit(beta);
            R::select(d.clone().abs().lt(bound), g.clone() * d.clone() / beta, g * d.sign())
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
            R::select(d.clone().abs().le(bound), g.clone() * d.clone(), g * d.sign() * delta)
        },
        target(g, x, target): {
            let d = target - x;
            let bound = g.lit(delta);
            R::select(d.clone().abs().le(bound), g.clone() * d.clone(), g * d.sign() * delta)
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

    /// The binary cross-entropy of σ(x): (1 − t)·x + max(−x, 0) + ln(1 + e^−|x|), without overflow.
    binary_entropy_logits(x, target)[] "BinaryCrossEntropyWithLogitsBackward0" real in -3.0..3.0 {
        value: {
            let zero = x.int(0);
            (-target + 1.0) * x.clone() + (-x.clone()).maximum(zero) + (-x.abs()).exp().log1p()
        },
        x(g, x, target): g * (((-x).exp() + 1.0).reciprocal() - target),
        target(g, x): -(g * x),
    }

    /// The same with the positive term weighted: (1 − t)·x + (1 + (p − 1)·t)·(max(−x, 0) + ln(1 + e^−|x|)).
    binary_entropy_logits_weighted(x, target, pos_weight)[] "BinaryCrossEntropyWithLogitsBackward0" real in 0.5..2.0 {
        value: {
            let zero = x.int(0);
            let rest = (-x.clone()).maximum(zero) + (-x.clone().abs()).exp().log1p();
            (-target.clone() + 1.0) * x + ((pos_weight - 1.0) * target + 1.0) * rest
        },
        x(g, x, target, pos_weight): {
            let positive = pos_weight * target.clone();
            g * ((positive.clone() - target + 1.0) * ((-x).exp() + 1.0).reciprocal() - positive)
        },
        target(g, x, pos_weight): {
            let zero = g.int(0);
            let rest = (-x.clone()).maximum(zero) + (-x.clone().abs()).exp().log1p();
            g * ((pos_weight - 1.0) * rest - x)
        },
        pos_weight(g, x, target): {
            let zero = g.int(0);
            let rest = (-x.clone()).maximum(zero) + (-x.abs()).exp().log1p();
            g * target * rest
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

/// w·x, and 0 where w is 0 and x infinite.
#[inline(always)]
pub(super) fn weighted<R: Real>(x: R, weight: R) -> R {
    let zero = weight.int(0);
    let infinite = x.clone().abs().eq(x.lit(f64::INFINITY));
    R::select(weight.clone().eq(zero.clone()) & infinite, zero, weight * x)
}
