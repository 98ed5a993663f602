//! sin, cos, tan and their inverses.
//!
//! x − n π/2 with π/2 in three parts: the first product and difference are exact when fused, the second is kept in two
//! parts where the quotient of both is wanted. The kernels on |r| ≤ π/4 are odd and even polynomials, there with the low part of
//! r as first-order correction.

use super::{Float, fast_two_sum, polynomial, quotient, select, two_product, two_sum};

/// (r, r_low, n): x = n π/2 + r + r_low, |r| ≤ π/4 (a little more when n is not the nearest integer).
#[inline(always)]
fn reduce<F: Float>(x: F) -> (F, F, F::Int) {
    let (n, int) = x.scaled_round(F::lit(std::f64::consts::FRAC_2_PI));
    let r = n.mul_add(-F::PI_2[0], x);
    let (p, p_low) = two_product(n, F::PI_2[1]);
    let (r, r_low) = two_sum(r, -p);
    let (r, r_low) = fast_two_sum(r, n.mul_add(-F::PI_2[2], r_low - p_low));
    (r, r_low, int)
}

/// (sin(r), cos(r), n): x = n π/2 + r as in [`reduce`]. Without low parts both are within 1.5 units in the last place.
#[inline(always)]
fn rounded<F: Float>(x: F) -> (F, F, F::Int) {
    let (n, int) = x.scaled_round(F::lit(std::f64::consts::FRAC_2_PI));
    let r = n.mul_add(-F::PI_2[2], n.mul_add(-F::PI_2[1], n.mul_add(-F::PI_2[0], x)));
    let z = r * r;
    let sin = (r * z).mul_add(polynomial(z, F::SIN), r);
    let cos = z.mul_add(z.mul_add(polynomial(z, F::COS), F::lit(-0.5)), F::lit(1.0));
    (sin, cos, int)
}

/// (sin, sin_low, cos, cos_low) of r + r_low.
#[inline(always)]
fn kernels<F: Float>(r: F, r_low: F) -> (F, F, F, F) {
    let z = r * r;
    let half = F::lit(0.5) * z;
    let tail = (r * z).mul_add(polynomial(z, F::SIN), (-half).mul_add(r_low, r_low));
    let (s, s_low) = fast_two_sum(r, tail);
    let (w, w_low) = fast_two_sum(F::lit(1.0), -half);
    let tail = (z * z).mul_add(polynomial(z, F::COS), (-r).mul_add(r_low, w_low));
    let (c, c_low) = fast_two_sum(w, tail);
    (s, s_low, c, c_low)
}

/// Whether the reduction is not accurate, or x is infinite.
#[inline(always)]
fn too_large<F: Float>(x: F) -> bool {
    x.abs() > F::TRIG_MAX
}

/// Sine, and `rare`.
#[inline(always)]
pub fn sin<F: Float>(x: F) -> (F, bool) {
    let (s, c, n) = rounded(x);
    let y = select(F::bit(n, 0), c, s);
    let y = select(F::bit(n, 1), -y, y);
    // Keeps the sign of zero, which the reduction loses.
    (select(x == F::lit(0.0), x, y), too_large(x))
}

/// Cosine, and `rare`.
#[inline(always)]
pub fn cos<F: Float>(x: F) -> (F, bool) {
    let (s, c, n) = rounded(x);
    let y = select(F::bit(n, 0), s, c);
    (select(F::bit(n, 0) != F::bit(n, 1), -y, y), too_large(x))
}

/// Tangent, and `rare`: the quotient of both kernels in two parts.
#[inline(always)]
pub fn tan<F: Float>(x: F) -> (F, bool) {
    let (r, r_low, n) = reduce(x);
    let (s, s_low, c, c_low) = kernels(r, r_low);
    let odd = F::bit(n, 0);
    let (q, q_low) =
        quotient(select(odd, -c, s), select(odd, -c_low, s_low), select(odd, s, c), select(odd, s_low, c_low));
    (select(x == F::lit(0.0), x, q + q_low), too_large(x))
}

/// (half-angle?, s, w): asin(a) is s + w for a ≤ 1/2, else asin(a) = π/2 − 2 (s + w), for a in [0, 1].
#[inline(always)]
fn asin_parts<F: Float>(a: F) -> (bool, F, F) {
    let half_angle = a > F::lit(0.5);
    let z = select(half_angle, (-F::lit(0.5)).mul_add(a, F::lit(0.5)), a * a);
    let root = z.sqrt();
    // What the rounded root misses.
    let root_low = (-root).mul_add(root, z) / (root + root);
    let root_low = select(root > F::lit(0.0), root_low, F::lit(0.0));
    let s = select(half_angle, root, a);
    let low = select(half_angle, root_low, F::lit(0.0));
    (half_angle, s, (s * z).mul_add(polynomial(z, F::ASIN), low))
}

/// Inverse sine; beyond 1/2 by asin(a) = π/2 − 2 asin(√((1 − a) / 2)).
#[inline(always)]
pub fn asin<F: Float>(x: F) -> F {
    let (half_angle, s, w) = asin_parts(x.abs());
    let (t, t_low) = fast_two_sum(F::PI_2[0], -(s + s));
    let far = t + (t_low + (F::PI_2[1] - (w + w)));
    let y = select(half_angle, far, s + w).copysign(x);
    select(x.abs() > F::lit(1.0), F::NAN, y)
}

/// Inverse cosine, by the same two forms.
#[inline(always)]
pub fn acos<F: Float>(x: F) -> F {
    let (half_angle, s, w) = asin_parts(x.abs());
    let negative = x < F::lit(0.0);
    let two = F::lit(2.0);
    // π/2 − asin(x) near 0; 2 (s + w) near 1; π − 2 (s + w) near −1.
    let from = select(half_angle, select(negative, two, F::lit(0.0)), F::lit(1.0));
    let factor = select(half_angle, two, F::lit(1.0));
    let factor = select(half_angle == negative, -factor, factor);
    let factor = select(half_angle, factor, select(negative, F::lit(1.0), -F::lit(1.0)));
    let (t, t_low) = two_sum(from * F::PI_2[0], factor * s);
    let y = t + (t_low + factor.mul_add(w, from * F::PI_2[1]));
    select(x.abs() > F::lit(1.0), F::NAN, y)
}

/// atan(t + t_low) for t in [0, 1], added to or taken from a multiple of π/2.
#[inline(always)]
fn atan_turned<F: Float>(t: F, t_low: F, turns: F, sign: F) -> F {
    let z = t * t;
    // d atan(t) = t_low / (1 + t²), and 1 / (1 + t²) is about 1 − t²/2 on [0, 1].
    let low = t_low * (F::lit(-0.5)).mul_add(z, F::lit(1.0));
    let tail = (t * z).mul_add(polynomial(z, F::ATAN), low);
    let (sum, sum_low) = fast_two_sum(turns * F::PI_2[0], sign * t);
    sum + (sum_low + sign.mul_add(tail, turns * F::PI_2[1]))
}

/// Inverse tangent; beyond 1 by atan(a) = π/2 − atan(1/a).
#[inline(always)]
pub fn atan<F: Float>(x: F) -> F {
    let a = x.abs();
    let one = F::lit(1.0);
    let inverted = a > one;
    let inverse = one / a;
    let inverse_low = (-inverse).mul_add(a, one) * inverse;
    let inverse_low = select(a < F::INFINITY, inverse_low, F::lit(0.0));
    let t = select(inverted, inverse, a);
    let t_low = select(inverted, inverse_low, F::lit(0.0));
    let y = atan_turned(t, t_low, select(inverted, one, F::lit(0.0)), select(inverted, -one, one));
    y.copysign(x)
}

/// Angle of the point (x, y).
#[inline(always)]
pub fn atan2<F: Float>(y: F, x: F) -> F {
    let (a, b) = (y.abs(), x.abs());
    let (zero, one) = (F::lit(0.0), F::lit(1.0));
    let steep = a > b;
    let (num, den) = (select(steep, b, a), select(steep, a, b));
    let t = num / den;
    let t = select(num == den, one, t);
    let t = select(den == zero, zero, t);
    let left = one.copysign(x) < zero;
    // Right: atan(t); steep: π/2 ∓ atan(t); left: π − atan(t).
    let turns = select(steep, one, select(left, F::lit(2.0), zero));
    let sign = select(steep != left, -one, one);
    let angle = atan_turned(t, zero, turns, sign).copysign(y);
    select(a.unordered() || b.unordered(), F::NAN, angle)
}
