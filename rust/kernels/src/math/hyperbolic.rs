//! sinh, cosh, tanh and their inverses.

use super::coefficients::{double, single};
use super::exponential::{clamp, exp_parts, reduced_expm1};
use super::logarithm::ln_1p;
use super::{Float, fast_two_sum, polynomial, quotient, select, two_product, two_sum};

/// (e^a ± e^-a) / 2 for a ≥ 0.
#[inline(always)]
fn half_sum<F: Float>(a: F, sign: f64) -> F {
    // Both functions overflow at most ln 2 beyond exp.
    let a = select(a > F::EXP_RANGE[1] + F::lit(1.0), F::EXP_RANGE[1] + F::lit(1.0), a);
    let (q, q_low, n) = exp_parts(a, F::lit(0.0));
    let (m, m_low) = fast_two_sum(F::lit(1.0), q);
    let s = F::pow2(F::negate(n));
    let other = F::lit(sign) / m * s * s;
    let other = select(a > F::SMALL_EXP, F::lit(0.0), other);
    (m + (other + (m_low + q_low))).ldexp(F::pred(n))
}

/// Hyperbolic sine: its series below 1, exponentials above.
#[inline(always)]
pub fn sinh<F: Float>(x: F) -> F {
    let a = x.abs();
    let z = a * a;
    let near = (a * z).mul_add(polynomial(z, F::SINH), a);
    select(a < F::lit(1.0), near, half_sum(a, -1.0)).copysign(x)
}

/// Hyperbolic cosine.
#[inline(always)]
pub fn cosh<F: Float>(x: F) -> F {
    half_sum(x.abs(), 1.0)
}

/// What (e^2|x| − 1) / (e^2|x| + 1) is extended by. Near a power of two the quotient is worth most units in the last place; the
/// two of which it is one are then 1.47 or more times a power of two, where rounding counts least. (Not extended, the result is
/// up to 2.43 units wrong; extended, 1.84.) The number has few digits, so that products with 2ⁿ − 1 are exact where they count.
const EXTENDED: f32 = 47.0 / 64.0;

/// (e^2r − 1)·EXTENDED = 2r·EXTENDED + r² P(r).
const TANH_EXP: [f32; 5] = {
    let mut coefficients = single::EXP;
    let (mut k, mut factor) = (0, 4.0 * EXTENDED);
    while k < coefficients.len() {
        coefficients[k] *= factor;
        factor *= 2.0;
        k += 1;
    }
    coefficients
};

/// Hyperbolic tangent of an `f32`: (e^2|x| − 1) / (e^2|x| + 1), with the numerator accurate however small it is.
#[inline(always)]
pub(super) fn tanh_single(x: f32) -> f32 {
    // As a comparison that NaN fails.
    let a = x.abs();
    let a = select(a > f32::TANH_MAX, f32::TANH_MAX, a);
    let (n, s) = a.scaled_round_pow2::<0>(2.0 * f32::LOG2_E[0]);
    // What ln 2 has beyond its first part counts where the result no longer depends on it.
    let r = Float::mul_add(n, -0.5 * f32::LN2[0], a);
    let q = Float::mul_add(r, 2.0 * EXTENDED, r * r * polynomial(r, &TANH_EXP));
    let e = Float::mul_add(q, s, Float::mul_add(s, EXTENDED, -EXTENDED));
    (e / (e + 2.0 * EXTENDED)).copysign(x)
}

/// Hyperbolic tangent of an `f64`: its series up to 5/8, 1 − 2 / (e^2|x| + 1) above, where the quotient is below 1/2 and its error
/// counts as much less.
#[inline(always)]
pub(super) fn tanh_double(x: f64) -> f64 {
    type F = f64;
    let one = F::lit(1.0);
    let a = x.abs();
    let z = a * a;
    let near = Float::mul_add(a * z, polynomial(z, &double::TANH), a);
    let twice = clamp(a + a, [F::lit(0.0), F::TANH_MAX + F::TANH_MAX]);
    let (n, s) = twice.scaled_round_pow2::<0>(F::LOG2_E[0]);
    let far = one - F::lit(2.0) / Float::mul_add(reduced_expm1(twice, n), s, s + one);
    select(a < F::lit(0.625), near, far).copysign(x)
}

/// ln(u + u_low) for u ≥ 1, or ln(2u) where `large`.
#[inline(always)]
fn ln_or_doubled<F: Float>(u: F, u_low: F, large: bool) -> F {
    let (m, k, n) = u.split();
    let low = select(large, F::lit(0.0), u_low * F::pow2(F::negate(n)));
    let (f, f_low) = two_sum(m - F::lit(1.0), low);
    ln_1p(f, f_low, k + select(large, F::lit(1.0), F::lit(0.0)))
}

/// Inverse hyperbolic sine: ln(1 + x + x² / (1 + √(1 + x²))).
#[inline(always)]
pub fn asinh<F: Float>(x: F) -> F {
    let a = x.abs();
    let large = a > F::LARGE;
    let z = a * a;
    let one = F::lit(1.0);
    let (t, t_low) = fast_two_sum(a, z / (one + (z + one).sqrt()));
    let (u, u_low) = two_sum(one, t);
    let y = ln_or_doubled(select(large, a, u), u_low + t_low, large);
    select(a < F::INFINITY, y, a).copysign(x)
}

/// Inverse hyperbolic cosine: ln(1 + t + √(2t + t²)), t = x − 1.
#[inline(always)]
pub fn acosh<F: Float>(x: F) -> F {
    let large = x > F::LARGE;
    let one = F::lit(1.0);
    let t = x - one;
    let (square, square_low) = two_product(t, t);
    let (v, v_low) = two_sum(t + t, square);
    let s = v.sqrt();
    let s_low = ((-s).mul_add(s, v) + (v_low + square_low)) / (s + s);
    let s_low = select(s > F::lit(0.0), s_low, F::lit(0.0));
    let (w, w_low) = two_sum(s, t);
    let (u, u_low) = two_sum(one, w);
    let y = ln_or_doubled(select(large, x, u), u_low + (w_low + s_low), large);
    let y = select(x < F::INFINITY, y, x);
    select(x < one, F::NAN, y)
}

/// Inverse hyperbolic tangent: ln(1 + 2x / (1 − x)) / 2.
#[inline(always)]
pub fn atanh<F: Float>(x: F) -> F {
    let a = x.abs();
    let one = F::lit(1.0);
    let (d, d_low) = fast_two_sum(one, -a);
    let (q, q_low) = quotient(a + a, F::lit(0.0), d, d_low);
    let (u, u_low) = two_sum(one, q);
    let y = ln_or_doubled(u, u_low + q_low, false) * F::lit(0.5);
    let y = select(a == one, F::INFINITY, y);
    // Halving a subnormal 2x is exact, but the logarithm's own steps may not be; atanh(x) = x there.
    let y = select(a < F::lit(1e-10), a, y);
    select(a > one, F::NAN, y).copysign(x)
}
