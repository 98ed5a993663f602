//! Losses of one prediction and one target, as elementwise rows; `loss` reduces them.

use crate::ops::elementwise::elementwise;

/// PyTorch bounds the logarithms of the binary cross-entropy from below by this.
const LEAST_LOG: f64 = -100.0;
/// … and the denominator of its gradient.
const LEAST_VARIANCE: f64 = 1e-12;

elementwise! {
    /// (x − y)².
    squared_error(x, y)[] "MseLossBackward0" real in -3.0..3.0 {
        value: { let d = x - y; d.clone() * d },
        x(g, x, y): g * (x - y) * 2.0,
        y(g, x, y): g * (y - x) * 2.0,
    }

    /// Half the square of x − y divided by `beta` where |x − y| is below `beta`, else |x − y| − beta/2.
    smooth_l1(x, y)[beta] "SmoothL1LossBackward0" real in -3.0..3.0 {
        value: {
            let d = (x - y).abs();
            let bound = d.lit(beta);
            R::select(d.clone().lt(bound), d.clone() * d.clone() * 0.5 / beta, d - 0.5 * beta)
        },
        x(g, x, y): {
            let d = x - y;
            let bound = g.lit(beta);
            R::select(d.clone().abs().lt(bound), g.clone() * d.clone() / beta, g * d.sign())
        },
        y(g, x, y): {
            let d = y - x;
            let bound = g.lit(beta);
            R::select(d.clone().abs().lt(bound), g.clone() * d.clone() / beta, g * d.sign())
        },
    }

    /// Half the square of x − y where |x − y| is at most `delta`, else delta · (|x − y| − delta/2).
    huber(x, y)[delta] "HuberLossBackward0" real in -3.0..3.0 {
        value: {
            let d = (x - y).abs();
            let bound = d.lit(delta);
            R::select(d.clone().le(bound), d.clone() * d.clone() * 0.5, (d - 0.5 * delta) * delta)
        },
        x(g, x, y): {
            let d = x - y;
            let bound = g.lit(delta);
            R::select(d.clone().abs().le(bound), g.clone() * d.clone(), g * d.sign() * delta)
        },
        y(g, x, y): {
            let d = y - x;
            let bound = g.lit(delta);
            R::select(d.clone().abs().le(bound), g.clone() * d.clone(), g * d.sign() * delta)
        },
    }

    /// −(t ln x + (1 − t) ln(1 − x)), logarithms not below −100.
    binary_entropy(x, t)[] "BinaryCrossEntropyBackward0" real in 0.1..0.9 {
        value: {
            let least = x.lit(LEAST_LOG);
            let yes = x.clone().log().maximum(least.clone());
            let no = (-x).log1p().maximum(least);
            (t.clone() - 1.0) * no - t * yes
        },
        x(g, x, t): {
            let least = g.lit(LEAST_VARIANCE);
            g * (x.clone() - t) / ((-x.clone() + 1.0) * x).maximum(least)
        },
        t(g, x): g * ((-x.clone()).log1p() - x.log()),
    }

    /// The binary cross-entropy of σ(x): (1 − t)·x + max(−x, 0) + ln(1 + e^−|x|), without overflow.
    binary_entropy_logits(x, t)[] "BinaryCrossEntropyWithLogitsBackward0" real in -3.0..3.0 {
        value: {
            let zero = x.int(0);
            (-t + 1.0) * x.clone() + (-x.clone()).maximum(zero) + (-x.abs()).exp().log1p()
        },
        x(g, x, t): g * (((-x).exp() + 1.0).reciprocal() - t),
        t(g, x): -(g * x),
    }

    /// The same with the positive term weighted: (1 − t)·x + (1 + (p − 1)·t)·(max(−x, 0) + ln(1 + e^−|x|)).
    binary_entropy_logits_weighted(x, t, p)[] "BinaryCrossEntropyWithLogitsBackward0" real in 0.5..2.0 {
        value: {
            let zero = x.int(0);
            let rest = (-x.clone()).maximum(zero) + (-x.clone().abs()).exp().log1p();
            (-t.clone() + 1.0) * x + ((p - 1.0) * t + 1.0) * rest
        },
        x(g, x, t, p): {
            let positive = p * t.clone();
            g * ((positive.clone() - t + 1.0) * ((-x).exp() + 1.0).reciprocal() - positive)
        },
        t(g, x, p): {
            let zero = g.int(0);
            let rest = (-x.clone()).maximum(zero) + (-x.clone().abs()).exp().log1p();
            g * ((p - 1.0) * rest - x)
        },
        p(g, x, t): {
            let zero = g.int(0);
            let rest = (-x.clone()).maximum(zero) + (-x.abs()).exp().log1p();
            g * t * rest
        },
    }

    /// Divergence of x (a logarithm) from t: t·(ln t − x); 0 where t is 0.
    divergence(x, t)[] "KlDivBackward0" real in 0.1..2.0 {
        value: {
            let zero = t.int(0);
            let entropy = R::select(t.clone().eq(zero.clone()), zero, t.clone() * t.clone().log());
            entropy - t * x
        },
        x(g, t): -(g * t),
        t(g, x, t): g * (t.log() + 1.0 - x),
    }

    /// Divergence of x from t, both logarithms: eᵗ·(t − x).
    divergence_logs(x, t)[] "KlDivBackward0" real in -2.0..2.0 {
        value: t.clone().exp() * (t - x),
        x(g, t): -(g * t.exp()),
        t(g, x, t): g * t.clone().exp() * (t - x + 1.0),
    }
}
