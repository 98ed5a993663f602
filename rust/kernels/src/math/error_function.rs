//! erf and erfc.
//!
//! erf by its odd series up to 1. erfc(x) = exp(L(t) − x²) / (1 + 2x) with t = (x − 2) / (x + 2): the logarithm L of
//! the scaled function (1 + 2x) exp(x²) erfc(x) stays between −0.1 and 0.13, so an absolute error of the polynomial is
//! a relative one of the result (the variable is that of Shepherd and Laframboise, Math. Comp. 36 (1981)).

use super::coefficients::single;
use super::exponential::{clamp, exp, exp_parts};
use super::{Float, fast_two_sum, polynomial, select, two_product};

/// erf(a) for 0 ≤ a ≤ 1.
#[inline(always)]
fn series<F: Float>(a: F) -> F {
    a.mul_add(polynomial(a * a, F::ERF), a)
}

/// erfc(a) for a ≥ 1/2.
#[inline(always)]
fn tail<F: Float>(a: F) -> F {
    let a = clamp(a, [F::lit(0.5), F::ERFC_MAX]);
    let (one, two) = (F::lit(1.0), F::lit(2.0));
    // One division for both 1 / (1 + 2a) and 1 / (a + 2).
    let d = a.mul_add(two, one);
    let d_low = fast_two_sum(a + a, one).1;
    let e = a + two;
    let inverse = one / (d * e);
    let over_d = e * inverse;
    // What over_d misses of 1 / (1 + 2a), relatively.
    let rest = (-over_d).mul_add(d, one) - over_d * d_low;
    let t = (a - two) * (d * inverse);
    let (square, square_low) = two_product(a, a);
    let (h, h_low) = fast_two_sum(-square, polynomial(t, F::ERFC) + (rest - square_low));
    let (q, q_low, n) = exp_parts(h, h_low);
    let (m, m_low) = fast_two_sum(one, q);
    m.mul_add(over_d, (m_low + q_low) * over_d).ldexp(n)
}

/// erfcx(a) = e^(a²) erfc(a) for ½ ≤ a ≤ 28, which is what [`tail`] scales down.
#[inline(always)]
pub(super) fn scaled_erfc(a: f64) -> f64 {
    let d = a + a + 1.0;
    // What rounding took from 1 + 2a, relatively.
    let rest = fast_two_sum(a + a, 1.0).1 / d;
    exp(polynomial((a - 2.0) / (a + 2.0), f64::ERFC) - rest) / d
}

/// Complementary error function.
#[inline(always)]
pub fn erfc<F: Float>(x: F) -> F {
    let a = x.abs();
    let one = F::lit(1.0);
    let far = tail(a);
    let far = select(x < F::lit(0.0), F::lit(2.0) - far, far);
    let near = one - series(clamp(a, [F::lit(0.0), one])).copysign(x);
    let y = select(a < F::lit(0.5), near, far);
    select(x.unordered(), x, y)
}

/// Φ(x) = ½ + x P(x²) up to √2: half of the error function's series at x/√2.
const CDF_SERIES: [f32; 7] = {
    let mut coefficients = [0.0; 7];
    let (mut k, mut factor) = (0, 0.5 * std::f64::consts::FRAC_1_SQRT_2);
    while k < coefficients.len() {
        let coefficient = single::ERF[k] as f64 + if k == 0 { 1.0 } else { 0.0 };
        coefficients[k] = (coefficient * factor) as f32;
        factor *= 0.5;
        k += 1;
    }
    coefficients
};

/// x², and what rounding takes from it, as far as the tail of Φ goes.
#[inline(always)]
fn square<F: Float>(x: F) -> (F, F) {
    let square = x * x;
    (square, select(square < F::lit(1e4), x.mul_add(x, -square), F::lit(0.0)))
}

/// Φ(x) of an `f32`: the series up to √2, the scaled tail as a polynomial beyond. The exponential is the density's, which a
/// gradient asks for as well.
#[inline(always)]
pub(super) fn normal_cdf_single(x: f32) -> f32 {
    use std::f32::consts::SQRT_2;
    let (a, (square, low)) = (x.abs(), square(x));
    let near = Float::mul_add(x, polynomial(square, &CDF_SERIES), 0.5);
    let far = clamp(a, [1.4, 14.5]);
    let tail = exp(square * -0.5) * polynomial((far - 3.5) / (far + 3.5), &single::CDF_TAIL);
    let tail = Float::mul_add(tail, low * -0.5, tail);
    select(a < SQRT_2, near, select(x < 0.0, tail, 1.0 - tail))
}

/// Beyond this x·Φ(−x) is less than half of the smallest `f32`.
pub(super) const GELU_MAX: f32 = 14.6;
/// 2 ln 2 as a sum, of which the first has so few digits that products with what n can be are exact.
pub(super) const LN4: [f32; 2] = [1.386_291_5, 2.857_213_5e-6];
/// 1 / (2 ln 2).
pub(super) const OVER_LN4: f32 = 0.721_347_5;
/// e^(−r/2), a polynomial in r.
pub(super) const EXP_MINUS_HALF: [f32; 7] = {
    let [a, b, c, d, e] = single::EXP_HALF;
    [1.0, -0.5, a, b, c, d, e]
};

/// x·Φ(x) of an `f32`: max(x, 0) − a Φ(−a) with a = |x|, and Φ(−a) = e^(−a²/2) P(a) / Q(a). The exponent is reduced from a²
/// itself, so that none of its digits is lost. Scaled by 2⁶⁴ until the end, where nothing underflows twice.
///
/// Up to a = 6 it is right to 3 units in the last place, beyond, where it is less than 10⁻⁸ (the product of such an x and the
/// exponential of its square), to 7.
#[inline(always)]
pub(super) fn gelu_single(x: f32) -> f32 {
    const SHIFT: i32 = 64;
    let a = x.abs();
    // NaN comes in again with max(x, 0).
    let a = select(a < GELU_MAX, a, GELU_MAX);
    let (n, s) = (a * a).scaled_round_pow2::<SHIFT>(-OVER_LN4);
    let r = Float::mul_add(n, LN4[1], Float::mul_add(a, a, n * LN4[0]));
    let e = polynomial(r, &EXP_MINUS_HALF) * s;
    let tail = e * polynomial(a, &single::SCALED_CDF) / polynomial(a, &single::SCALED_CDF_UNDER);
    // −0 where x is not above it: the result has the sign of x.
    let positive = select(-0.0 > x, -0.0, x);
    Float::mul_add(a * tail, const { -1.0 / (1u128 << SHIFT) as f32 }, positive)
}

/// Φ(x) is 0 from there on; in x·Φ(x) it must not meet an infinity.
pub const GELU_LOW: f64 = -1e3;

/// x·Φ(x) of an `f64`.
#[inline(always)]
pub(super) fn gelu_double(x: f64) -> f64 {
    let x = select(x < GELU_LOW, GELU_LOW, x);
    x * normal_cdf_double(x)
}

/// Φ(x) = erfc(−x/√2)/2 of an `f64`. The exponent −x²/2 is the greater part of the tail's logarithm; what rounding takes from it
/// and from the sum is multiplied afterwards.
#[inline(always)]
pub(super) fn normal_cdf_double(x: f64) -> f64 {
    type F = f64;
    let (half, one, two) = (F::lit(0.5), F::lit(1.0), F::lit(2.0));
    let a = x.abs() * F::lit(std::f64::consts::FRAC_1_SQRT_2);
    let near = series(clamp(a, [F::lit(0.0), one])).copysign(x).mul_add(half, half);
    let far = clamp(a, [half, F::ERFC_MAX]);
    let d = far.mul_add(two, one);
    let e = far + two;
    let inverse = one / (d * e);
    let (squared, low) = square(x);
    let (exponent, rest) = (squared * half, polynomial((far - two) * (d * inverse), F::ERFC));
    let log = rest - exponent;
    let lost = select(exponent < F::lit(1e4), (-exponent - log) + rest, F::lit(0.0)) - low * half;
    let scaled = exp(log) * (e * inverse) * half;
    let tail = scaled.mul_add(lost, scaled);
    let far = select(x < F::lit(0.0), tail, one - tail);
    let y = select(a < one, near, far);
    select(x.unordered(), x, y)
}

/// x·Φ(x), one at a time.
pub fn gelu_exact(x: f64) -> f64 {
    let x = if x < GELU_LOW { GELU_LOW } else { x };
    x * normal_cdf_exact(x)
}

/// Φ(x), one at a time.
pub fn normal_cdf_exact(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Error function of an `f64`: the series up to 1, 1 − erfc beyond.
#[inline(always)]
pub(super) fn erf_double(x: f64) -> f64 {
    let a = x.abs();
    select(a < 1.0, series(a), 1.0 - tail(a)).copysign(x)
}

/// Error function of an `f32`: beyond 1 an absolute error of erfc counts little, so its logarithm is a polynomial in
/// x itself, and the low part of ln 2 can go.
#[inline(always)]
pub(super) fn erf_single(x: f32) -> f32 {
    let a = x.abs();
    let log = polynomial(clamp(a, [1.0, 4.0]) - 2.5, &single::ERFC_LOG);
    let (n, s) = log.scaled_round_pow2::<0>(f32::LOG2_E[0]);
    let r = Float::mul_add(n, -f32::LN2[0], log);
    let q = Float::mul_add(r * r, polynomial(r, f32::EXP), r);
    let far = 1.0 - Float::mul_add(q, s, s);
    select(a < 1.0, series(a), far).copysign(x)
}
