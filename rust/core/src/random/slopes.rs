//! How a gamma or a beta number moves with the shape it was drawn with, its place in the distribution held fixed: the
//! derivative of the quantile, −(∂F/∂shape) / (∂F/∂x), by which samples have gradients (Figurnov, Mohamed and Mnih,
//! "Implicit reparameterization gradients", 2018).
//!
//! Neither the distribution function F nor its density is computed: both have the factor that would overflow, and only
//! their quotient is wanted. Below the middle F is a series of positive terms, or a continued fraction, times the density;
//! above it 1 − F is. Everything is in double precision.

use crate::kernels::math::gamma::digamma_exact as digamma;

/// A sum or fraction has converged when a step changes it by less than this part.
const ENOUGH: f64 = 1e-16;
/// Steps after which it is taken as it is: they grow with the square root of the shape.
const STEPS: usize = 1_000_000;
/// Shape from which the uniform expansion is used near the middle.
const LARGE: f64 = 1e5;

/// A number and its derivative.
#[derive(Clone, Copy)]
struct Dual(f64, f64);

impl Dual {
    fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }

    fn times(self, other: Self) -> Self {
        Self(self.0 * other.0, self.1 * other.0 + self.0 * other.1)
    }

    fn inverse(self) -> Self {
        Self(1.0 / self.0, -self.1 / (self.0 * self.0))
    }

    /// Away from zero, for a denominator.
    fn guarded(self) -> Self {
        if self.0.abs() < 1e-300 { Self(1e-300, self.1) } else { self }
    }
}

/// b₀ + a₁/(b₁ + a₂/(b₂ + …)) with its derivative, by Lentz' method; `step` gives aₙ and bₙ for n = 1, 2, …
fn fraction(first: Dual, step: impl Fn(f64) -> (Dual, Dual)) -> Dual {
    let mut value = first.guarded();
    let (mut c, mut d) = (value, Dual(0.0, 0.0));
    for n in 1..STEPS {
        let (a, b) = step(n as f64);
        d = b.plus(a.times(d)).guarded().inverse();
        c = b.plus(a.times(c.inverse())).guarded();
        let factor = c.times(d);
        value = value.times(factor);
        if (factor.0 - 1.0).abs() <= ENOUGH && factor.1.abs() <= ENOUGH * (value.1 / value.0).abs() {
            break;
        }
    }
    value
}

/// The derivative of a standard gamma number `x` in its shape.
///
/// Below the middle with the series of DLMF 8.7.1, whose terms have logarithmic derivatives that are sums of 1/(shape + k);
/// above it with the continued fraction 8.9.2; of large shapes near the middle with Temme's uniform expansion, 8.12.
pub fn gamma_slope(shape: f64, x: f64) -> f64 {
    if shape.is_nan() || x.is_nan() || shape <= 0.0 || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return 0.0;
    }
    if x.is_infinite() || shape.is_infinite() {
        return 1.0;
    }
    if shape >= LARGE && (x / shape - 1.0).abs() < 0.25 {
        return gamma_slope_of_large(shape, x);
    }
    let log_x = x.ln();
    if x <= shape + 1.0 || x < 2.0 {
        // (x / a) Σ xⁿ / ((a+1) … (a+n)) · (ψ(a + 1 + n) − ln x).
        let mut log_slope = digamma(shape + 1.0) - log_x;
        let (mut term, mut sum, mut n) = (1.0, log_slope, 0.0);
        for _ in 0..STEPS {
            n += 1.0;
            term *= x / (shape + n);
            log_slope += 1.0 / (shape + n);
            let change = term * log_slope;
            sum += change;
            // Until the terms fall, those to come are no smaller.
            if x < shape + n && change.abs() <= ENOUGH * sum.abs() {
                break;
            }
        }
        return x / shape * sum;
    }
    // Γ(a, x) = xᵃ e⁻ˣ / (x + 1 − a − 1 (1 − a) / (x + 3 − a − …)).
    let below =
        fraction(Dual(x + 1.0 - shape, -1.0), |n| (Dual(n * (shape - n), n), Dual(x + 1.0 - shape + 2.0 * n, -1.0)));
    let upper = below.inverse();
    x * (upper.0 * (log_x - digamma(shape)) + upper.1)
}

/// [`gamma_slope`] where shape and `x` are large and near each other.
///
/// With λ = x/a and η²/2 = λ − 1 − ln λ, the place in the distribution is that of √a (η − ε₁(η)/a) in the normal one
/// (DLMF 8.12.1, 8.12.7 and 8.12.22, without the terms of order a⁻²), where ε₁ = ln(η / (λ − 1)) / η. Fixing it gives dη/da.
fn gamma_slope_of_large(shape: f64, x: f64) -> f64 {
    // ε₁ about 0.
    const SERIES: [f64; 10] = [
        -1.0 / 3.0,
        1.0 / 36.0,
        1.0 / 1620.0,
        -7.0 / 6480.0,
        5.0 / 18144.0,
        -11.0 / 382_725.0,
        -101.0 / 16_329_600.0,
        37.0 / 9_797_760.0,
        -454_973.0 / 498_845_952_000.0,
        1231.0 / 15_913_705_500.0,
    ];
    let mu = (x - shape) / shape;
    let lambda = x / shape;
    // μ − ln(1 + μ), of small μ by its series.
    let half_square = if mu.abs() < 1e-2 {
        let mut sum = 0.0;
        for k in (2..12).rev() {
            sum = 1.0 / f64::from(k) - mu * sum;
        }
        mu * mu * sum
    } else {
        mu - mu.ln_1p()
    };
    let eta = (2.0 * half_square).sqrt().copysign(mu);
    let (mut epsilon, mut slope) = (0.0, 0.0);
    for &coefficient in SERIES.iter().rev() {
        slope = slope * eta + epsilon;
        epsilon = epsilon * eta + coefficient;
    }
    let eta_slope = -(eta + epsilon / shape) / (2.0 * shape) / (1.0 - slope / shape);
    // dλ/dη = ηλ / (λ − 1).
    let stretch = if mu == 0.0 { 1.0 } else { eta / mu } * lambda;
    lambda + shape * stretch * eta_slope
}

/// The derivative of a beta number `x` in its first shape `a`, the second being `total − a`, over 1 − x: what the
/// gradient of a Dirichlet number is made of.
///
/// Below the middle with the continued fraction of DLMF 8.17.22 for Iₓ(a, b), above it for I₁₋ₓ(b, a).
pub fn beta_slope(x: f64, a: f64, total: f64) -> f64 {
    let b = total - a;
    if !(a > 0.0 && b >= 0.0 && (0.0..=1.0).contains(&x)) {
        return f64::NAN;
    }
    if x == 0.0 || b == 0.0 {
        return 0.0;
    }
    let y = 1.0 - x;
    if x * (total + 2.0) <= a + 1.0 {
        // Iₓ(a, b) = xᵃ yᵇ / (a B(a, b)) · h; the derivative of the factor's logarithm is ln x − ψ(a + 1) + ψ(a + b).
        let h = beta_fraction(Dual(a, 1.0), Dual(b, 0.0), x).inverse();
        let factor = x.ln() - digamma(a + 1.0) + digamma(total);
        return -(x / a) * (h.0 * factor + h.1);
    }
    let h = beta_fraction(Dual(b, 0.0), Dual(a, 1.0), y).inverse();
    let factor = x.ln() - digamma(a) + digamma(total);
    x / b * (h.0 * factor + h.1)
}

/// 1 + d₁/(1 + d₂/(1 + …)) of DLMF 8.17.22.
fn beta_fraction(a: Dual, b: Dual, x: f64) -> Dual {
    const ONE: Dual = Dual(1.0, 0.0);
    let shifted = |dual: Dual, by: f64| Dual(dual.0 + by, dual.1);
    let total = a.plus(b);
    fraction(ONE, |n| {
        let m = (n / 2.0).floor();
        let numerator = if n % 2.0 == 0.0 {
            Dual(m * x, 0.0)
                .times(shifted(b, -m))
                .times(shifted(a, 2.0 * m - 1.0).inverse())
                .times(shifted(a, 2.0 * m).inverse())
        } else {
            Dual(-x, 0.0)
                .times(shifted(a, m))
                .times(shifted(total, m))
                .times(shifted(a, 2.0 * m).inverse())
                .times(shifted(a, 2.0 * m + 1.0).inverse())
        };
        (numerator, ONE)
    })
}
