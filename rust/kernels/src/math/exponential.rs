//! exp, exp2, expm1, sigmoid.
//!
//! x = n ln 2 + r with |r| ≤ ln(2)/2 (Cody and Waite; the products with both parts of ln 2 are fused, so the first
//! difference is exact), a polynomial for eʳ, and a scaling by 2ⁿ in two steps so that subnormal results round once.

use super::{Float, fast_two_sum, polynomial, select};

/// `x` within `[low, high]`; NaN stays NaN.
#[inline(always)]
pub(super) fn clamp<F: Float>(x: F, [low, high]: [F; 2]) -> F {
    let x = select(x < low, low, x);
    select(x > high, high, x)
}

/// (q, q_low, n) with exp(x + low) = (1 + q + q_low) · 2ⁿ, for x within `EXP_RANGE` and a small `low`.
#[inline(always)]
pub(super) fn exp_parts<F: Float>(x: F, low: F) -> (F, F, F::Int) {
    let (n, int) = x.scaled_round(F::LOG2_E[0]);
    let r = n.mul_add(-F::LN2[0], x);
    let (r, r_low) = fast_two_sum(r, n.mul_add(-F::LN2[1], low));
    let (q, q_low) = fast_two_sum(r, (r * r).mul_add(polynomial(r, F::EXP), r_low));
    (q, q_low, int)
}

/// eʳ − 1 with r = x − n ln 2, n being x / ln 2 rounded.
#[inline(always)]
pub(super) fn reduced_expm1<F: Float>(x: F, n: F) -> F {
    let r = n.mul_add(-F::LN2[1], n.mul_add(-F::LN2[0], x));
    (r * r).mul_add(polynomial(r, F::EXP), r)
}

/// eˣ.
#[inline(always)]
pub fn exp<F: Float>(x: F) -> F {
    let x = clamp(x, F::EXP_RANGE);
    let (n, [first, second]) = x.scaled_round_factors(F::LOG2_E[0]);
    let r = n.mul_add(-F::LN2[1], n.mul_add(-F::LN2[0], x));
    let one = F::lit(1.0);
    r.mul_add(r.mul_add(polynomial(r, F::EXP), one), one) * first * second
}

/// 1 / (1 + e⁻ˣ). Numerator and denominator are scaled by 2^-64, so that the denominator is finite down to where the
/// result is 0; from 40 on it is 1.
#[inline(always)]
pub fn sigmoid<F: Float>(x: F) -> F {
    const SHIFT: i32 = -64;
    let x = clamp(-x, [F::lit(-40.0), -F::EXP_RANGE[0]]);
    let (n, s) = x.scaled_round_pow2::<SHIFT>(F::LOG2_E[0]);
    let one = F::lit(const { 1.0 / (1u128 << -SHIFT) as f64 });
    one / (reduced_expm1(x, n).mul_add(s, one) + s)
}

/// 2ˣ.
#[inline(always)]
pub fn exp2<F: Float>(x: F) -> F {
    // log2(e) > 1, so the range of exp, widened by it, covers every finite result.
    let x = clamp(x, [F::EXP_RANGE[0] * F::LOG2_E[0], F::EXP_RANGE[1] * F::LOG2_E[0]]);
    let (n, [first, second]) = x.scaled_round_factors(F::lit(1.0));
    let r = x - n;
    r.mul_add(polynomial(r, F::EXP2), F::lit(1.0)) * first * second
}

/// eˣ − 1.
#[inline(always)]
pub fn expm1<F: Float>(x: F) -> F {
    // Below -40 the result is -1 to either precision, and 2ⁿ stays far from underflow.
    let a = clamp(x, [F::lit(-40.0), F::EXP_RANGE[1]]);
    let (q, q_low, n) = exp_parts(a, F::lit(0.0));
    // Half of the result, so that the scale is finite where the result is.
    let s = F::pow2(F::pred(n));
    let half = q.mul_add(s, s - F::lit(0.5)) + s * q_low;
    // For tiny x, halving would round a subnormal number.
    select(x.abs() < F::lit(1e-20), x, half + half)
}
