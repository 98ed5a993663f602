//! pow and fmod.
//!
//! pow(x, y) = exp(y ln x) with ln x in two parts: ln(1 + f) = 2s + ⅔ s³ + … where s = f / (2 + f) and the first two
//! terms are carried in double-double arithmetic (Dekker), which leaves a relative error of about 2⁻⁶⁵.

use super::coefficients::double;
use super::exponential::{clamp, exp_parts};
use super::{Float, fast_two_sum, polynomial, quotient, select, two_product, two_sum};

/// ln x in two parts, for finite positive x.
#[inline(always)]
fn ln_parts(x: f64) -> (f64, f64) {
    const TWO_THIRDS: [f64; 2] = [0.6666666666666666, 3.700743415417188e-17];
    let (m, k, _) = x.split();
    // m − 1 is exact, m + 1 is not always.
    let (d, d_low) = fast_two_sum(1.0, m);
    let (s, s_low) = quotient(m - 1.0, 0.0, d, d_low);
    let (z, z_low) = two_product(s, s);
    let z_low = (s + s).mul_add(s_low, z_low);
    let (c, c_low) = fast_two_sum(TWO_THIRDS[0], z.mul_add(polynomial(z, &double::LOG_TAIL), TWO_THIRDS[1]));
    let (p, p_low) = two_product(z, c);
    let p_low = z.mul_add(c_low, z_low.mul_add(c, p_low));
    let (u, u_low) = two_product(s, p);
    let u_low = s.mul_add(p_low, s_low.mul_add(p, u_low));
    let (h, h_low) = fast_two_sum(s + s, u);
    let h_low = h_low + (s_low.mul_add(2.0, u_low));
    let (q, q_low) = two_product(k, double::LN2[0]);
    let (sum, sum_low) = two_sum(q, h);
    fast_two_sum(sum, sum_low + (h_low + k.mul_add(double::LN2[1], q_low)))
}

/// Sign, zero and unit rules of C99, given |x|^y.
#[inline(always)]
fn finish<F: Float>(x: F, y: F, magnitude: F) -> (F, bool) {
    let (zero, one) = (F::lit(0.0), F::lit(1.0));
    let integer = y.trunc() == y;
    let half = y * F::lit(0.5);
    let odd = integer && half.trunc() != half;
    let at_zero = select(y > zero, zero, F::INFINITY);
    let r = select(x == zero, at_zero, magnitude);
    let r = select(odd, r.copysign(x), r);
    let r = select(x < zero && !integer, F::NAN, r);
    let r = select(y == zero || x == one, one, r);
    // Infinities and NaN, of either: the slow path knows their table.
    let finite = x.abs() < F::INFINITY && y.abs() < F::INFINITY;
    (r, !finite)
}

/// pow for `f64`, and `rare`.
#[inline(always)]
pub(super) fn pow_double(x: f64, y: f64) -> (f64, bool) {
    let (l, l_low) = ln_parts(x.abs());
    let (p, p_low) = two_product(y, l);
    let low = y.mul_add(l_low, p_low);
    // Beyond the range of exp the low part is meaningless, possibly NaN.
    let inside = p.abs() < 800.0;
    let (q, q_low, n) = exp_parts(clamp(p, f64::EXP_RANGE), select(inside, low, 0.0));
    finish(x, y, (1.0 + (q + q_low)).ldexp(n))
}

/// pow for `f32`, and `rare`: in `f64`, where one part is precise enough.
#[inline(always)]
pub(super) fn pow_single(x: f32, y: f32) -> (f32, bool) {
    let (m, k, _) = f64::from(x.abs()).split();
    let f = m - 1.0;
    let s = f / (f + 2.0);
    let z = s * s;
    // Four terms of the series of `LOG` are good for 2⁻³³ of its value; six leave a margin for y ln x up to 100.
    let tail = z * polynomial(z, &double::LOG[..6]);
    let l = k.mul_add(double::LN2[0], (s * tail) + (s + s));
    let r = super::exponential::exp(clamp(f64::from(y) * l, [-200.0, 200.0]));
    finish(x, y, r as f32)
}

/// `x` to a power that is a whole number of up to three bits, and a half with `ROOT`, of the reciprocal with `INVERSE` (the
/// exponent is then negative): by products, a root and a quotient, each rounded once. The square root of a number that is
/// no negative one has the signs of C99's `pow`.
#[inline(always)]
pub fn by_products<F: Float, const ROOT: bool, const INVERSE: bool>(x: F, exponent: f64) -> F {
    let whole = exponent.abs() as u32;
    debug_assert!(whole < 8);
    let one = F::lit(1.0);
    let x = if INVERSE { one / x } else { x };
    let unsigned = ROOT && (x == F::lit(0.0) || x.abs() == F::INFINITY);
    let x = select(unsigned, x.abs(), x);
    let (square, power) = (x * x, select(whole & 1 != 0, x, one));
    let power = select(whole & 2 != 0, power * square, power);
    let power = select(whole & 4 != 0, power * (square * square), power);
    if ROOT { power * x.sqrt() } else { power }
}

/// C's fmod, and `rare`: exact while the quotient is below 2^mantissa.
#[inline(always)]
pub fn fmod<F: Float>(x: F, y: F) -> (F, bool) {
    let (a, b) = (x.abs(), y.abs());
    let quotient = a / b;
    let q = quotient.trunc();
    // Exact: a multiple of the last place of y below 2y. The rounded quotient may be one too large.
    let r = (-q).mul_add(b, a);
    let r = select(r < F::lit(0.0), r + b, r);
    let r = select(b == F::INFINITY && a < b, a, r);
    (r.copysign(x), quotient >= F::INTEGERS && b > F::lit(0.0) && a < F::INFINITY)
}
