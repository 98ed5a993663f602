//! The incomplete gamma functions, one at a time.
//!
//! Their common factor D(a, x) = xᵃ e⁻ˣ / Γ(a + 1) is e to a power that is a small difference of large numbers, so it is
//! computed to twice the digits ([`Pair`]). What it multiplies is a sum of positive terms (DLMF 8.11.4) or a continued fraction
//! (8.9.2); in each as many terms count as √a or so, and because their errors add up they have twice the digits as well. For
//! large a and x near it Temme's expansion in the complementary error function takes their place (8.12).

use super::coefficients::double::{LGAMMA_1, TEMME};
use super::normal::erfcx;
use super::pair::{PI, Pair};

/// Bernoulli numbers B₂ₖ over 2k(2k − 1): Stirling's series.
const STIRLING: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3617.0 / 122_400.0,
];
/// From here on Stirling's series with the terms above is exact.
const STIRLING_FROM: f64 = 30.0;
/// From here on the terms of Temme's expansion in the table are enough, ...
const TEMME_FROM: f64 = 400.0;
/// ... where x is so near to a, relatively.
const TEMME_WITHIN: f64 = 0.3;
/// Far from a, from here on, nothing is left of the lesser of P and Q.
const STEEP_FROM: f64 = 1e5;
/// Below this Q(a, x) is small beside 1, for x that is not small.
const SMALL: f64 = 0.01;

const ONE: Pair = Pair::new(1.0);

fn horner(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// ln Γ*(b), Γ(b + 1) = √(2πb) (b/e)ᵇ Γ*(b), for large b.
fn stirling(b: f64) -> f64 {
    let inverse = 1.0 / b;
    horner(inverse * inverse, &STIRLING) * inverse
}

/// (x − a)/a where Temme's expansion holds.
fn distance(a: f64, x: f64) -> Option<f64> {
    let distance = (x - a) / a;
    (a >= TEMME_FROM && distance.abs() <= TEMME_WITHIN).then_some(distance)
}

/// a (μ − ln(1 + μ)) for μ = (x − a)/a: the series where the difference is one of nearly equal numbers.
fn deviance(a: f64, x: f64) -> Pair {
    let difference = Pair::new(x) - Pair::new(a);
    let mu = difference / Pair::new(a);
    if mu.high.abs() > 2e-3 {
        return difference - Pair::new(a) * (ONE + mu).log();
    }
    let sum = (2..=10).rev().fold(Pair::new(0.0), |sum, k| ONE / Pair::new(f64::from(k)) - mu * sum);
    difference * mu * sum
}

/// D(a, x) for finite a > 0, x > 0.
fn factor(a: f64, x: f64) -> Pair {
    if distance(a, x).is_some() {
        let power = (-(deviance(a, x) + Pair::new(stirling(a)))).exp();
        return power / Pair::new(std::f64::consts::TAU.sqrt() * a.sqrt());
    }
    // D(a, x) = xᵃ e⁻ˣ (a + 1) … (a + n) / Γ(a + n + 1), with n so large that Stirling's series holds.
    let (mut rising, mut b) = (ONE, Pair::new(a));
    while b.high < STIRLING_FROM {
        b = b + ONE;
        rising = rising * b;
    }
    let exponent = Pair::new(a) * Pair::new(x).log() - b * b.log() + (b - Pair::new(x)) - Pair::new(stirling(b.high));
    if exponent.high < -1600.0 {
        return Pair::new(0.0);
    }
    // In two parts: one alone might be subnormal.
    let root = (exponent * Pair::new(0.5)).exp();
    let circle = PI * Pair::new(2.0) * b;
    let near = circle.high.sqrt();
    let width = (Pair::new(near) + circle / Pair::new(near)) * Pair::new(0.5);
    root * (rising / width) * root
}

/// P(a, x) by its series, for x up to a + 1 or so: D(a, x) Σ xⁿ / ((a + 1) … (a + n)).
fn series(a: f64, x: f64) -> Pair {
    let factor = factor(a, x);
    if factor.high == 0.0 {
        return factor;
    }
    // Of a small a, P is so near to 1 that the difference has to have digits left.
    let last = if a < 1.0 { 1e-34 } else { 1e-20 };
    let (mut term, mut sum, mut at) = (ONE, ONE, Pair::new(a));
    while term.high > last * sum.high {
        at = at + ONE;
        term = term * Pair::new(x) / at;
        sum = sum + term;
    }
    factor * sum
}

/// Q(a, x) by its continued fraction, for x beyond a + 1: a D(a, x) / (x + 1 − a − 1(1 − a) / (x + 3 − a − …)), by the
/// method of Lentz.
fn fraction(a: f64, x: f64) -> Pair {
    let factor = factor(a, x);
    if factor.high == 0.0 {
        return factor;
    }
    let mut b = Pair::new(x) + ONE - Pair::new(a);
    let mut d = ONE / b;
    let (mut c, mut value) = (Pair::new(1e300), d);
    for i in 1..100_000 {
        let i = f64::from(i);
        let step = Pair::new(i) * (Pair::new(a) - Pair::new(i));
        b = b + Pair::new(2.0);
        d = ONE / (step * d + b);
        c = b + step / c;
        let change = d * c;
        value = value * change;
        if ((change.high - 1.0) + change.low).abs() < 1e-19 {
            break;
        }
    }
    factor * Pair::new(a) * value
}

/// The lesser of P and Q, or nearly, where x is near a large a: ½ erfc(√d) ± e⁻ᵈ S / √(2πa).
fn temme(a: f64, x: f64) -> Pair {
    let d = deviance(a, x);
    let distance = d.high.max(0.0).sqrt();
    let eta = (distance * std::f64::consts::SQRT_2 / a.sqrt()).copysign(x - a);
    let inverse = 1.0 / a;
    let sum = TEMME.iter().rev().fold(0.0, |sum, terms| sum * inverse + horner(eta, terms));
    let sum = sum / (std::f64::consts::TAU.sqrt() * a.sqrt());
    let side = if x < a { -sum } else { sum };
    (-d).exp() * Pair::new(0.5 * erfcx(distance) + side)
}

/// Q(a, x) of a small a and x < 1, where it is small beside 1: 1 − xᵃ/Γ(a + 1) · (1 + a Σ (−x)ⁿ / (n! (a + n))), of which each
/// factor is taken less 1.
fn small(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for n in 1..25 {
        let n = f64::from(n);
        term *= -x / n;
        sum += term / (a + n);
    }
    let sum = a * sum;
    let power = libm::expm1(a * (libm::log(x) - horner(a, &LGAMMA_1)));
    -(power + sum + power * sum)
}

/// P and Q.
fn both(a: f64, x: f64) -> (f64, f64) {
    if !(a >= 0.0 && x >= 0.0) || (a == 0.0 && x == 0.0) || (a.is_infinite() && x.is_infinite()) {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 || a.is_infinite() {
        return (0.0, 1.0);
    }
    if a == 0.0 || x.is_infinite() {
        return (1.0, 0.0);
    }
    let of_lower = |p: Pair| (p.value(), (ONE - p).value());
    let of_upper = |q: Pair| ((ONE - q).value(), q.value());
    if distance(a, x).is_some() {
        let tail = temme(a, x);
        return if x < a { of_lower(tail) } else { of_upper(tail) };
    }
    if a > STEEP_FROM {
        return if x < a { (0.0, 1.0) } else { (1.0, 0.0) };
    }
    if a < SMALL && x < 1.0 {
        let q = small(a, x);
        return (1.0 - q, q);
    }
    if (x < 2.0 && a >= SMALL) || x < a + 1.0 { of_lower(series(a, x)) } else { of_upper(fraction(a, x)) }
}

/// The regularised lower incomplete gamma function P(a, x).
pub fn lower(a: f64, x: f64) -> f64 {
    both(a, x).0
}

/// The regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x).
pub fn upper(a: f64, x: f64) -> f64 {
    both(a, x).1
}

/// ∂P/∂x = xᵃ⁻¹ e⁻ˣ / Γ(a), the density of the gamma distribution.
pub fn density(a: f64, x: f64) -> f64 {
    if !(a > 0.0 && x >= 0.0) {
        return f64::NAN;
    }
    if x == 0.0 {
        return if a > 1.0 {
            0.0
        } else if a == 1.0 {
            1.0
        } else {
            f64::INFINITY
        };
    }
    if a.is_infinite() || x.is_infinite() || (a > STEEP_FROM && distance(a, x).is_none()) {
        return 0.0;
    }
    (factor(a, x) * (Pair::new(a) / Pair::new(x))).value()
}
