//! The Hurwitz zeta function and the polygamma functions, one at a time.

use super::gamma::digamma_exact;
use super::pair::Pair;
use super::two_sum;

/// How far the terms are summed, for s near 1.
const FROM: f64 = 12.0;

/// B₂ₖ / (2k)!, k = 1, 2, ….
const CORRECTIONS: [f64; 14] = {
    const BERNOULLI: [f64; 14] = [
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2730.0,
        7.0 / 6.0,
        -3617.0 / 510.0,
        43867.0 / 798.0,
        -174611.0 / 330.0,
        854513.0 / 138.0,
        -236364091.0 / 2730.0,
        8553103.0 / 6.0,
        -23749461029.0 / 870.0,
    ];
    let (mut terms, mut factorial, mut k) = (BERNOULLI, 1.0, 0);
    while k < 14 {
        factorial *= ((2 * k + 1) * (2 * k + 2)) as f64;
        terms[k] /= factorial;
        k += 1;
    }
    terms
};

/// ζ(s, q) = Σ (q + k)⁻ˢ: infinite at s = 1, NaN below it; at q = 0, −1, … infinite, and at other negative q defined for
/// whole s only.
pub fn zeta(s: f64, q: f64) -> f64 {
    if s.is_nan() || q.is_nan() || s < 1.0 {
        return f64::NAN;
    }
    if s == 1.0 {
        return f64::INFINITY;
    }
    if q > 0.0 {
        return of_positive(s, q);
    }
    if q == q.floor() {
        return f64::INFINITY;
    }
    if s != s.floor() {
        return f64::NAN;
    }
    // With f the fraction of q, the terms below 0 are those of ζ(s, 1 − f) up to that of −q, with the sign of (−1)ˢ.
    let fraction = q - q.floor();
    let left = of_positive(s, 1.0 - fraction) - of_positive(s, 1.0 - q);
    let right = of_positive(s, fraction);
    if s % 2.0 == 0.0 { right + left } else { right - left }
}

/// ζ(s, q) of s > 1, q > 0: terms one by one until they no longer count or the formula of Euler and Maclaurin (DLMF 25.11.28)
/// can take over, whose terms fall like (s / 2πq)².
fn of_positive(s: f64, q: f64) -> f64 {
    scaled(s, q, 1.0)
}

/// ζ(s, q) · unitˢ, which may be a number where ζ(s, q) is none.
fn scaled(s: f64, q: f64, unit: f64) -> f64 {
    if q.is_infinite() || s.is_infinite() {
        // q⁻ˢ, of which nothing else is left.
        return if q == unit { 1.0 } else { libm::pow(q / unit, -s) };
    }
    let (mut sum, mut low, mut count) = (0.0, 0.0, 0.0);
    // (q + k)⁻ˢ, in which what rounding takes from q + k counts s times.
    let power = |at: f64, missing: f64, s: f64| {
        let power = libm::pow(at / unit, -s);
        if power.is_infinite() { power } else { power - power * (s * missing / at) }
    };
    let mut add = |sum: &mut f64, term: f64| {
        let (new, error) = two_sum(*sum, term);
        *sum = new;
        low += error;
        low
    };
    let (mut at, mut missing) = (q, 0.0);
    while at < FROM + 0.5 * s {
        let term = power(at, missing, s);
        if term.is_infinite() {
            return term;
        }
        let low = add(&mut sum, term);
        if term * (1.0 + at / (s - 1.0)) <= 1e-18 * sum {
            return sum + low;
        }
        count += 1.0;
        (at, missing) = two_sum(q, count);
    }
    let inverse = 1.0 / at;
    // s (s + 1) … (s + 2k) / at^(2k + 1).
    let mut rising = s * inverse;
    let mut tail = 0.0;
    for (k, correction) in CORRECTIONS.iter().enumerate() {
        tail += rising * correction;
        let next = s + 2.0 * k as f64;
        rising = rising * ((next + 1.0) * inverse) * ((next + 2.0) * inverse);
    }
    // at⁻ˢ · at, of which the first may vanish though the product does not.
    let last = power(at, missing, s - 1.0) * unit * (1.0 / (s - 1.0) + (0.5 + tail) * inverse);
    let low = add(&mut sum, last);
    sum + low
}

/// ψ⁽ⁿ⁾(x), the n-th derivative of ψ, for whole n ≥ 0: (−1)ⁿ⁺¹ n! ζ(n + 1, x) (DLMF 25.11.12).
pub fn polygamma(n: f64, x: f64) -> f64 {
    if n == 0.0 {
        return digamma_exact(x);
    }
    let sign = if n % 2.0 == 0.0 { -1.0 } else { 1.0 };
    let zeta = zeta(n + 1.0, x);
    // 171! is infinite.
    if n <= 170.0 && (zeta.is_normal() || zeta.is_infinite()) {
        let factorial = (2..=n as u32).fold(Pair::new(1.0), |product, k| product * Pair::new(f64::from(k)));
        return sign * (factorial.high * zeta);
    }
    if x.is_nan() || x <= 0.0 || x.is_infinite() || zeta.is_infinite() {
        return sign * zeta;
    }
    // Here both factors may be beyond the range where the product is not.
    sign * libm::exp(libm::lgamma(n + 1.0) - (n + 1.0) * libm::log(x) + libm::log(scaled(n + 1.0, x, x)))
}
