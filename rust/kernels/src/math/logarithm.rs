//! log, log2, log10, log1p.
//!
//! x = 2ᵏ (1 + f) with 1 + f in [√½, √2); ln(1 + f) = 2 atanh(s) with s = f / (2 + f), arranged as
//! f − (f²/2 − s (f²/2 + R)) so that the rounding of s hardly counts (FDLIBM's `e_log.c` explains the arrangement). The `f32`
//! logarithm alone is a polynomial in f, of more terms but without a division.

use super::coefficients::single;
use super::{Float, fast_two_sum, polynomial, select, two_product, two_sum};

/// k ln 2 + ln(1 + f + f_low) for 1 + f in [√½, √2) and a tiny `f_low`.
#[inline(always)]
pub(super) fn ln_1p<F: Float>(f: F, f_low: F, k: F) -> F {
    // d ln(1 + f) = f_low / (1 + f), of which the first terms of the geometric series suffice.
    let low = f_low * (f.mul_add(f, F::lit(1.0)) - f);
    ln_sum(f, k, k.mul_add(F::LN2[1], low))
}

/// k ln 2 (its first part) + ln(1 + f) + low.
#[inline(always)]
fn ln_sum<F: Float>(f: F, k: F, low: F) -> F {
    let s = f / (f + F::lit(2.0));
    let z = s * s;
    let half_square = F::lit(0.5) * f * f;
    let tail = s.mul_add(z.mul_add(polynomial(z, F::LOG), half_square), low);
    k.mul_add(F::LN2[0], f - (half_square - tail))
}

/// The values of any logarithm outside the positive finite numbers.
#[inline(always)]
fn special<F: Float>(x: F, y: F) -> F {
    let y = select(x == F::INFINITY, x, y);
    let y = select(x == F::lit(0.0), -F::INFINITY, y);
    select(x >= F::lit(0.0), y, F::NAN)
}

/// Natural logarithm of an `f32`, x = 2ᵏ (1 + f) with 1 + f in [¾, 3/2): those between which AVX-512 takes numbers apart.
/// k ln 2 never comes near −ln(1 + f), so that ln 2 in one part suffices.
#[inline(always)]
pub(super) fn log_single(x: f32) -> f32 {
    const LEAST: i32 = 0.75f32.to_bits() as i32;
    // Makes every subnormal number normal.
    const UP: i32 = 25;
    let subnormal = x < f32::MIN_NORMAL;
    let bits = select(subnormal, x * (1u32 << UP) as f32, x).to_bits() as i32;
    let k = bits.wrapping_sub(LEAST) >> 23;
    let f = f32::from_bits(bits.wrapping_sub(k << 23) as u32) - 1.0;
    let k = (k - if subnormal { UP } else { 0 }) as f32;
    let y = Float::mul_add(f * f, polynomial(f, &single::LOG_DIRECT), f);
    special(x, Float::mul_add(k, f32::LN2[0], y))
}

/// Natural logarithm of an `f64`.
#[inline(always)]
pub(super) fn log_double(x: f64) -> f64 {
    type F = f64;
    let (m, k, _) = x.split();
    special(x, ln_sum(m - F::lit(1.0), k, k * F::LN2[1]))
}

/// k · per_octave + c · ln(1 + f), the last in two parts.
#[inline(always)]
fn scaled_log<F: Float>(x: F, c: [F; 3], per_octave: [F; 3]) -> F {
    let (m, k, _) = x.split();
    let f = m - F::lit(1.0);
    let s = f / (f + F::lit(2.0));
    let z = s * s;
    let (half_square, half_square_low) = two_product(F::lit(0.5) * f, f);
    let (h, h_low) = fast_two_sum(f, -half_square);
    let low = s.mul_add(z.mul_add(polynomial(z, F::LOG), half_square), h_low - half_square_low);
    let (p, p_low) = two_product(h, c[0]);
    let p_low = p_low + low.mul_add(c[0], h * c[1]);
    let (q, q_low) = two_product(k, per_octave[0]);
    let (sum, sum_low) = two_sum(q, p);
    special(x, sum + (sum_low + (p_low + k.mul_add(per_octave[1], q_low))))
}

/// Logarithm to base 2.
#[inline(always)]
pub fn log2<F: Float>(x: F) -> F {
    scaled_log(x, F::LOG2_E, [F::lit(1.0), F::lit(0.0), F::lit(0.0)])
}

/// Logarithm to base 10.
#[inline(always)]
pub fn log10<F: Float>(x: F) -> F {
    scaled_log(x, F::LOG10_E, F::LOG10_2)
}

/// ln(1 + x).
#[inline(always)]
pub fn log1p<F: Float>(x: F) -> F {
    let (u, low) = two_sum(F::lit(1.0), x);
    let (m, k, n) = u.split();
    // Where 2⁻ⁿ leaves the normal range, the rounding of 1 + x no longer matters.
    let low = select(x > F::LARGE * F::LARGE, F::lit(0.0), low * F::pow2(F::negate(n)));
    let (f, f_low) = two_sum(m - F::lit(1.0), low);
    let y = special(u, ln_1p(f, f_low, k));
    // Keeps the sign of zero.
    select(x == F::lit(0.0), x, y)
}
