//! lgamma and digamma, in `f64` for both types.

use super::coefficients::double;
use super::logarithm::log;
use super::{Float, polynomial, select};

/// From here on Stirling's series with the terms below is exact to `f64`.
const STIRLING_FROM: f64 = 8.0;

/// Bernoulli numbers B₂ₖ over 2k(2k − 1): Stirling's series of lgamma in 1/x, 1/x³, ….
const STIRLING: [f64; 10] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360360.0,
    1.0 / 156.0,
    -3617.0 / 122400.0,
    43867.0 / 244188.0,
    -174611.0 / 125400.0,
];

/// Bernoulli numbers B₂ₖ over 2k: the asymptotic series of ln x − 1/(2x) − ψ(x) in 1/x², 1/x⁴, ….
const DIGAMMA_SERIES: [f64; 14] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32760.0,
    1.0 / 12.0,
    -3617.0 / 8160.0,
    43867.0 / 14364.0,
    -174611.0 / 6600.0,
    77683.0 / 276.0,
    -236364091.0 / 65520.0,
    657931.0 / 12.0,
    -3392780147.0 / 3480.0,
];

/// ln √(2π).
const LN_ROOT_2PI: f64 = 0.9189385332046728;

/// ln|Γ(x)|, and `rare` (x ≤ 0, +∞). Polynomials around the zeros at 1 and 2; ln Γ(x) = ln Γ(x + 1) − ln x below
/// 1/2, Γ(x + 1) = x Γ(x) down to [1.5, 2.5] from 8, Stirling's series beyond.
#[inline(always)]
pub fn lgamma<F: Float>(x: F) -> (F, bool) {
    let x = x.to_f64();
    let large = x >= STIRLING_FROM;
    let tiny = x < 0.5;
    // Every t is exact.
    let t1 = select(tiny, x, x - 1.0);
    let near1 = t1 * polynomial(t1, &double::LGAMMA_1);
    let mut t2 = x - 2.0;
    let mut product = 1.0;
    for _ in 0..6 {
        let down = t2 > 0.5;
        product = select(down, product * (t2 + 1.0), product);
        t2 = select(down, t2 - 1.0, t2);
    }
    let near2 = t2 * polynomial(t2, &double::LGAMMA_2);
    let l = log(select(large | tiny, x, product));
    let near = select(x < 1.5, near1 - select(tiny, l, 0.0), near2 + l);
    let inverse = 1.0 / x;
    let series = inverse.mul_add(polynomial(inverse * inverse, &STIRLING), LN_ROOT_2PI);
    // (x − ½) (ln x − 1) − ½ + …: the difference of two large terms is formed first.
    let far = (x - 0.5).mul_add(l - 1.0, series - 0.5);
    // Adding 0 makes the zeros at 1 and 2 positive.
    (F::from_f64(select(large, far, near) + 0.0), x <= 0.0 || x == f64::INFINITY)
}

/// ψ(x), and `rare` (x ≤ 0). On [1, 3] as (x − root) · P, because ψ changes sign there; below 1 and from 7 down
/// by ψ(x + 1) = ψ(x) + 1/x, with the sum of the reciprocals as one quotient; the asymptotic series beyond.
#[inline(always)]
pub fn digamma<F: Float>(x: F) -> (F, bool) {
    let x = x.to_f64();
    let below = x < 1.0;
    let mut t = select(below, x + 1.0, x);
    let (mut product, mut slope) = (select(below, -x, 1.0), select(below, 1.0, 0.0));
    for _ in 0..4 {
        let down = t > 3.0;
        t = select(down, t - 1.0, t);
        slope = select(down, slope.mul_add(t, product), slope);
        product = select(down, product * t, product);
    }
    let near = ((t - double::DIGAMMA_ROOT[0]) - double::DIGAMMA_ROOT[1]) * polynomial(t - 2.0, &double::DIGAMMA);
    let inverse = 1.0 / x;
    let z = inverse * inverse;
    let far = (log(x) - 0.5 * inverse) - z * polynomial(z, &DIGAMMA_SERIES);
    (F::from_f64(select(x < 7.0, near + slope / product, far)), x <= 0.0)
}

/// ln|Γ(x)| of any x, one at a time; near the zeros at negative x the error is small only absolutely.
pub fn lgamma_exact(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ψ(x) of any x, one at a time: NaN at the poles −1, −2, …, ∓∞ at ±0, and the reflection ψ(x) = ψ(1 − x) − π / tan(πx)
/// for negative x, with the argument of the tangent reduced exactly.
pub fn digamma_exact(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if x > 0.0 || x.is_nan() {
        return digamma(x).0;
    }
    let fraction = x - x.floor();
    if fraction == 0.0 || x.is_infinite() {
        return f64::NAN;
    }
    digamma(1.0 - x).0 - std::f64::consts::PI / libm::tan(std::f64::consts::PI * fraction)
}
