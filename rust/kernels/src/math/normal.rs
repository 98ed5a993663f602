//! The scaled error function, the inverse error function, and the normal distribution's functions, one at a time.
//!
//! e^(−x²) magnifies what rounding does to x² by x²: squares in exponents are formed with their low parts ([`Pair`]).

use super::error_function::scaled_erfc;
use super::pair::{Pair, ROOT_HALF};

/// 1/√π.
const INVERSE_ROOT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI / 2.0;
/// From here on the asymptotic series of erfcx is exact with the terms below.
const ASYMPTOTIC_FROM: f64 = 26.0;
/// Beyond this e^(x²) is infinite.
const SQUARE_OVERFLOWS: f64 = 27.0;

/// Φ(x) is 0 or 1 beyond this.
const NORMAL_MAX: f64 = 40.0;

/// e^h of a sum of which the second is small.
fn exp(h: Pair) -> f64 {
    let power = libm::exp(h.high);
    // 0 and infinity have no more digits.
    if power.is_normal() { h.low.mul_add(power, power) } else { power }
}

/// erfcx(x) = e^(x²) erfc(x).
pub fn erfcx(x: f64) -> f64 {
    if x >= ASYMPTOTIC_FROM {
        // Σ (2k − 1)!! / (−2x²)ᵏ (DLMF 7.12.1); 1/x first, whose square may underflow, but not overflow.
        let inverse = 1.0 / x;
        let z = inverse * inverse * 0.5;
        let sum = (1..9).rev().fold(1.0, |sum, k| 1.0 - f64::from(2 * k - 1) * z * sum);
        return INVERSE_ROOT_PI * inverse * sum;
    }
    if x >= 0.5 {
        return scaled_erfc(x);
    }
    if x < -SQUARE_OVERFLOWS {
        return f64::INFINITY;
    }
    // The last factor of two may be what overflows.
    let half = Pair::product(x, x);
    let root = exp(Pair { high: half.high * 0.5, low: half.low * 0.5 });
    root * libm::erfc(x) * root
}

/// e^(−a²)·erfcx(a)/2 for a ≥ 0, which is half of erfc(a).
fn half_tail(a: Pair) -> f64 {
    let square = a * a;
    // d erfcx / da = 2a·erfcx − 2/√π, of which the low part of a takes its share.
    let scaled = erfcx(a.high);
    let scaled = scaled + a.low * (2.0 * a.high * scaled - 2.0 * INVERSE_ROOT_PI);
    let power = (-square).exp();
    (power * Pair::new(0.5 * scaled)).value()
}

/// Φ(x), the distribution function of the normal distribution.
pub fn ndtr(x: f64) -> f64 {
    if x.abs() > NORMAL_MAX || x.is_nan() {
        return if x.is_nan() { x } else { f64::from(u8::from(x > 0.0)) };
    }
    let a = ROOT_HALF * Pair::new(x.abs());
    if a.high < 0.5 {
        0.5 + 0.5 * libm::erf(x * std::f64::consts::FRAC_1_SQRT_2)
    } else if x > 0.0 {
        1.0 - half_tail(a)
    } else {
        half_tail(a)
    }
}

/// ln Φ(x).
pub fn log_ndtr(x: f64) -> f64 {
    if x > -1.0 {
        return libm::log1p(-ndtr(-x));
    }
    if x == f64::NEG_INFINITY {
        return x;
    }
    let a = -x * std::f64::consts::FRAC_1_SQRT_2;
    // Of erfcx and of x² no digit is lost in a sum of numbers of one sign.
    libm::log(0.5 * erfcx(a)) - 0.5 * x * x
}

/// The x > 0 at which erfc(x) is `q`, for 0 < q ≤ ½: Newton's method on ln erfc, which is nearly a parabola, from its
/// asymptotic form.
fn inverse_erfc(q: f64) -> f64 {
    let log = libm::log(q);
    let square = -log - 0.5 * libm::log(std::f64::consts::PI * (-log).max(0.4));
    let mut x = square.max(0.2).sqrt();
    for _ in 0..5 {
        let scaled = erfcx(x);
        let square = Pair::product(x, x);
        let miss = (libm::log(scaled) - log - square.high) - square.low;
        // The slope of ln erfc is −(2/√π) / erfcx.
        let step = miss * scaled * (0.5 / INVERSE_ROOT_PI);
        x += step;
        if step.abs() < 1e-9 * x {
            break;
        }
    }
    x
}

/// The inverse of the error function.
pub fn erfinv(x: f64) -> f64 {
    let a = x.abs();
    if a < 0.5 {
        return inverse_erf(x);
    }
    if a < 1.0 {
        return inverse_erfc(1.0 - a).copysign(x);
    }
    if a == 1.0 { f64::INFINITY.copysign(x) } else { f64::NAN }
}

/// The same for |x| ≤ ½: Halley's method from the series x·√π/2·(1 + π x²/12 + …).
fn inverse_erf(x: f64) -> f64 {
    let z = std::f64::consts::FRAC_PI_4 * x * x;
    let mut y = x / std::f64::consts::FRAC_2_SQRT_PI * (1.0 + z * (1.0 / 3.0 + z * (7.0 / 30.0 + z * (127.0 / 630.0))));
    for _ in 0..2 {
        let miss = (libm::erf(y) - x) * libm::exp(y * y) / std::f64::consts::FRAC_2_SQRT_PI;
        y -= miss / (1.0 + y * miss);
    }
    y
}

/// The inverse of [`ndtr`].
pub fn ndtri(p: f64) -> f64 {
    let root_two = std::f64::consts::SQRT_2;
    if p <= 0.0 || p >= 1.0 || p.is_nan() {
        return if p == 0.0 {
            f64::NEG_INFINITY
        } else if p == 1.0 {
            f64::INFINITY
        } else {
            f64::NAN
        };
    }
    // Every difference is exact.
    if p < 0.25 {
        -root_two * inverse_erfc(2.0 * p)
    } else if p > 0.75 {
        root_two * inverse_erfc(2.0 * (1.0 - p))
    } else {
        root_two * inverse_erf(2.0 * (p - 0.5))
    }
}
