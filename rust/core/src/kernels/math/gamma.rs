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
const DIGAMMA_SERIES: [f64; 10] = [
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
];

/// ln √(2π).
const LN_ROOT_2PI: f64 = 0.9189385332046728;

/// ln|Γ(x)|, and `rare` (x ≤ 0 and +∞). Below 8 the argument is moved to [1.5, 2.5] by Γ(x + 1) = x Γ(x).
#[inline(always)]
pub fn lgamma<F: Float>(x: F) -> (F, bool) {
    let x = x.to_f64();
    let large = x >= STIRLING_FROM;
    // At most two steps up, Γ(x) = Γ(2 + t) / product, or six down, Γ(x) = Γ(2 + t) · product; t is exact from ½ on.
    let (up, up_twice) = (x < 1.5, x < 0.5);
    let mut product = select(up, select(up_twice, x * (x + 1.0), x), 1.0);
    let mut t = select(up, select(up_twice, x, x - 1.0), x - 2.0);
    for _ in 0..6 {
        let down = t > 0.5;
        product = select(down, product * (t + 1.0), product);
        t = select(down, t - 1.0, t);
    }
    let l = log(select(large, x, product));
    let near = t.mul_add(polynomial(t, &double::LGAMMA), select(up, -l, l));
    let inverse = 1.0 / x;
    let series = inverse.mul_add(polynomial(inverse * inverse, &STIRLING), LN_ROOT_2PI);
    // (x − ½) (ln x − 1) − ½ + …: the difference of two large terms is formed first.
    let far = (x - 0.5).mul_add(l - 1.0, series - 0.5);
    let y = F::from_f64(select(large, far, near));
    (y, !(x > 0.0 && x < f64::INFINITY))
}

/// ψ(x), and `rare` (x ≤ 0). On [1, 2] as (x − root) · P, because ψ changes sign there; below 10 by
/// ψ(x + 1) = ψ(x) + 1/x, with the sum of the reciprocals as one quotient.
#[inline(always)]
pub fn digamma<F: Float>(x: F) -> (F, bool) {
    const FROM: f64 = 10.0;
    let x = x.to_f64();
    // Below 2: to [1, 2] by at most one step.
    let below = x < 1.0;
    let t = select(below, x + 1.0, x);
    let near = ((t - double::DIGAMMA_ROOT[0]) - double::DIGAMMA_ROOT[1]) * polynomial(t - 1.5, &double::DIGAMMA);
    let (mut u, mut product, mut slope) = (x, 1.0, 0.0);
    for _ in 0..8 {
        let step = u < FROM;
        slope = select(step, slope.mul_add(u, product), slope);
        product = select(step, product * u, product);
        u = select(step, u + 1.0, u);
    }
    let inverse = 1.0 / u;
    let z = inverse * inverse;
    let far = (log(u) - 0.5 * inverse) - z * polynomial(z, &DIGAMMA_SERIES) - slope / product;
    let y = select(x < 2.0, near - select(below, 1.0 / x, 0.0), far);
    (F::from_f64(y), !(x > 0.0))
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
