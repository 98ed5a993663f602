//! Bessel functions of orders 0 and 1, one at a time.
//!
//! The modified ones of the first kind by their power series (DLMF 10.25.2) and, where e^(−2x) no longer counts, by their
//! asymptotic series (10.40.1); of the second kind by 10.31.1 and 10.31.2 up to 1, by a polynomial beyond. The others are `libm`'s,
//! which is exact to two units but near the zeros, where only the absolute error is small: there a Taylor
//! series about the zero takes over, with the zero to twice the digits and all coefficients from the differential equation.

use super::coefficients::double;
use super::pair::{PI, Pair};
use super::two_product;

/// Euler's constant γ.
const EULER: f64 = 0.577_215_664_901_532_9;
/// From here on the asymptotic series of I with the terms below are exact.
const ASYMPTOTIC_FROM: f64 = 20.0;

/// A polynomial, lowest degree first. Not by fused multiply-adds, which outside of compiled loops are calls.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// 1 / (k! (k + order)!): the power series of I in x²/4.
const fn power_series(order: u32) -> [f64; 46] {
    let mut terms = [1.0; 46];
    let mut k = 1;
    while k < 46 {
        terms[k] = terms[k - 1] / (k as f64 * (k as u32 + order) as f64);
        k += 1;
    }
    terms
}
const I0: [f64; 46] = power_series(0);
const I1: [f64; 46] = power_series(1);

/// Π ((2j − 1)² − 4 order²) / (8j): the asymptotic series of √(2πx) e⁻ˣ I in 1/x, with all signs as they come.
const fn asymptotic_series(order: u32) -> [f64; 38] {
    let mut terms = [1.0; 38];
    let mut k = 1;
    while k < 38 {
        let odd = (2 * k - 1) as f64;
        terms[k] = terms[k - 1] * (odd * odd - (4 * order * order) as f64) / (8 * k) as f64;
        k += 1;
    }
    terms
}
const I0_FAR: [f64; 38] = asymptotic_series(0);
const I1_FAR: [f64; 38] = asymptotic_series(1);

/// I(a) / (a/2)^order for 0 ≤ a < [`ASYMPTOTIC_FROM`]. What rounding takes from a²/4 the sum magnifies by a/2 or so, which for
/// large a is a/2 · I′/I without order/2: it is added again.
fn near(a: f64, order: u32, series: &[f64]) -> f64 {
    let (z, low) = two_product(0.5 * a, 0.5 * a);
    let sum = polynomial(z, series);
    if a < 2.0 { sum } else { sum + sum * (low / z) * (0.5 * a - 0.25 - 0.5 * f64::from(order)) }
}

/// e⁻ᵃ I(a) for a from [`ASYMPTOTIC_FROM`] on.
fn scaled_far(a: f64, series: &[f64]) -> f64 {
    polynomial(1.0 / a, series) / (std::f64::consts::TAU.sqrt() * a.sqrt())
}

/// e^a · scaled, where the product may be finite though e^a is not.
fn grown(a: f64, scaled: f64) -> f64 {
    if a < 700.0 {
        libm::exp(a) * scaled
    } else if a.is_infinite() {
        a
    } else {
        libm::exp(a * 0.5) * scaled * libm::exp(a * 0.5)
    }
}

/// I₀(x).
pub fn i0(x: f64) -> f64 {
    let a = x.abs();
    if a < ASYMPTOTIC_FROM { near(a, 0, &I0) } else { grown(a, scaled_far(a, &I0_FAR)) }
}

/// e^(−|x|) I₀(x).
pub fn i0e(x: f64) -> f64 {
    let a = x.abs();
    if a < ASYMPTOTIC_FROM { libm::exp(-a) * near(a, 0, &I0) } else { scaled_far(a, &I0_FAR) }
}

/// I₁(x).
pub fn i1(x: f64) -> f64 {
    let a = x.abs();
    if a < ASYMPTOTIC_FROM { 0.5 * x * near(a, 1, &I1) } else { grown(a, scaled_far(a, &I1_FAR)).copysign(x) }
}

/// e^(−|x|) I₁(x).
pub fn i1e(x: f64) -> f64 {
    let a = x.abs();
    if a < ASYMPTOTIC_FROM { libm::exp(-a) * 0.5 * x * near(a, 1, &I1) } else { scaled_far(a, &I1_FAR).copysign(x) }
}

/// Harmonic numbers over the factorials of [`power_series`]: the rest of the series of K₀ and, with the sum of two, of K₁.
const fn harmonic_series(order: u32) -> [f64; 14] {
    let mut terms = [0.0; 14];
    let (mut k, mut first, mut second) = (0, 0.0, 0.0);
    if order == 1 {
        second = 1.0;
    }
    while k < 14 {
        terms[k] = if order == 0 { I0[k] * first } else { I1[k] * (first + second) };
        k += 1;
        first += 1.0 / k as f64;
        second += 1.0 / (k as u32 + order) as f64;
    }
    terms
}
const K0: [f64; 14] = harmonic_series(0);
const K1: [f64; 14] = harmonic_series(1);

/// √(π/2x), by which K is e⁻ˣ times a number near 1.
fn envelope(x: f64) -> f64 {
    (std::f64::consts::FRAC_PI_2 / x).sqrt()
}

/// NaN for negative numbers, as for NaN; infinite at 0.
fn below(x: f64) -> f64 {
    if x == 0.0 { f64::INFINITY } else { f64::NAN }
}

/// K₀(x) for 0 < x < 1, where no difference is formed.
fn k0_near(x: f64) -> f64 {
    let z = 0.25 * x * x;
    polynomial(z, &K0) - (libm::log(x) + (EULER - std::f64::consts::LN_2)) * polynomial(z, &I0[..14])
}

/// K₁(x) for 0 < x < 1.
fn k1_near(x: f64) -> f64 {
    let z = 0.25 * x * x;
    let logarithm = (libm::log(x) + (EULER - std::f64::consts::LN_2)) * polynomial(z, &I1[..14]);
    1.0 / x + 0.5 * x * (logarithm - 0.5 * polynomial(z, &K1))
}

/// eˣ K(x) for x ≥ 1.
fn scaled_k(x: f64, coefficients: &[f64]) -> f64 {
    // At infinity the quotient is none.
    let t = if x < 1e20 { (x - 1.0) / (x + 1.0) } else { 1.0 };
    envelope(x) * polynomial(t, coefficients)
}

/// e⁻ˣ · scaled, through a number that is not subnormal.
fn shrunk(x: f64, scaled: f64) -> f64 {
    if x < 700.0 { libm::exp(-x) * scaled } else { libm::exp(-x * 0.5) * scaled * libm::exp(-x * 0.5) }
}

macro_rules! second_kind {
    ($($(#[$doc:meta])* $name:ident, $(#[$scaled_doc:meta])* $scaled:ident: $near:ident, $far:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(x: f64) -> f64 {
            if x >= 1.0 {
                shrunk(x, scaled_k(x, &double::$far))
            } else if x > 0.0 {
                $near(x)
            } else {
                below(x)
            }
        }

        $(#[$scaled_doc])*
        pub fn $scaled(x: f64) -> f64 {
            if x >= 1.0 {
                scaled_k(x, &double::$far)
            } else if x > 0.0 {
                libm::exp(x) * $near(x)
            } else {
                below(x)
            }
        }
    )*};
}

second_kind! {
    /// K₀(x).
    k0,
    /// eˣ K₀(x).
    k0e: k0_near, BESSEL_K0;
    /// K₁(x).
    k1,
    /// eˣ K₁(x).
    k1e: k1_near, BESSEL_K1;
}

/// One of J₀, J₁, Y₀, Y₁: what its zeros and derivatives are.
struct Oscillating {
    value: fn(f64) -> f64,
    order: u32,
    zeros: &'static [[f64; 2]; 10],
    far: &'static [[f64; 2]; 14],
    /// The function whose value at a zero, with this sign, is the slope.
    slope: fn(f64) -> f64,
    sign: f64,
    /// The zeros lie near (k + shift)π, k = 1, 2, ….
    shift: f64,
}

/// Where libm's values of x are exact relative to the amplitude only. Beyond 2²⁶ a zero is not known well enough.
const LAST_ZERO: f64 = 67_108_864.0;

/// Terms of the series about a zero: as many as the first zero of Y₀ takes, which is nearest to the pole at 0.
const TERMS: usize = 40;

impl Oscillating {
    /// The value at x > 0.
    fn at(&self, x: f64) -> f64 {
        let value = (self.value)(x);
        // A third of the amplitude √(2/πx): far from the zeros, or before the first.
        if value.abs() * x.sqrt() > 0.25 || !(0.5..=LAST_ZERO).contains(&x) {
            return value;
        }
        let k = (x / std::f64::consts::PI - self.shift).round_ties_even();
        if k < 1.0 {
            return value;
        }
        let zero = self.zero(k);
        let h = (x - zero.high) - zero.low;
        if h.abs() > 0.3 { value } else { self.near(zero.high, h) }
    }

    /// The k-th zero: from the table, or by McMahon's expansion (DLMF 10.21.19).
    fn zero(&self, k: f64) -> Pair {
        if let Some([high, low]) = self.zeros.get(k as usize - 1) {
            return Pair { high: *high, low: *low };
        }
        let beta = Pair::new(k + self.shift) * PI;
        let inverse = Pair::new(1.0) / beta;
        let square = inverse * inverse;
        let sum = self.far.iter().rev().fold(Pair::new(0.0), |sum, &[high, low]| sum * square + Pair { high, low });
        beta + sum * inverse
    }

    /// The Taylor series about a zero: x² y″ + x y′ + (x² − ν²) y = 0 gives each coefficient by four before it.
    fn near(&self, zero: f64, h: f64) -> f64 {
        let square = f64::from(self.order * self.order);
        let mut c = [0.0; TERMS];
        c[1] = self.sign * (self.slope)(zero);
        for n in 0..TERMS - 2 {
            let at = |k: usize| if n >= k { c[n - k] } else { 0.0 };
            let number = n as f64;
            let sum = zero * (number + 1.0) * (2.0 * number + 1.0) * c[n + 1]
                + (number * number + zero * zero - square) * c[n]
                + 2.0 * zero * at(1)
                + at(2);
            c[n + 2] = -sum / (zero * zero * (number + 1.0) * (number + 2.0));
        }
        polynomial(h, &c)
    }
}

const J0: Oscillating = Oscillating {
    value: libm::j0,
    order: 0,
    zeros: &double::BESSEL_J0_ZEROS,
    far: &double::BESSEL_0_FAR_ZEROS,
    slope: libm::j1,
    sign: -1.0,
    shift: -0.25,
};
const J1: Oscillating = Oscillating {
    value: libm::j1,
    order: 1,
    zeros: &double::BESSEL_J1_ZEROS,
    far: &double::BESSEL_1_FAR_ZEROS,
    slope: libm::j0,
    sign: 1.0,
    shift: 0.25,
};
const Y0: Oscillating = Oscillating {
    value: libm::y0,
    order: 0,
    zeros: &double::BESSEL_Y0_ZEROS,
    far: &double::BESSEL_0_FAR_ZEROS,
    slope: libm::y1,
    sign: -1.0,
    shift: -0.75,
};
const Y1: Oscillating = Oscillating {
    value: libm::y1,
    order: 1,
    zeros: &double::BESSEL_Y1_ZEROS,
    far: &double::BESSEL_1_FAR_ZEROS,
    slope: libm::y0,
    sign: 1.0,
    shift: -0.25,
};

/// J₀(x).
pub fn j0(x: f64) -> f64 {
    J0.at(x.abs())
}

/// J₁(x).
pub fn j1(x: f64) -> f64 {
    // Beside 0 libm's is x/2.
    let value = J1.at(x.abs());
    if x < 0.0 { -value } else { value }
}

/// Y₀(x): −∞ at 0, NaN for negative numbers.
pub fn y0(x: f64) -> f64 {
    if x > 0.0 { Y0.at(x) } else { -below(x) }
}

/// Y₁(x): −∞ at 0, NaN for negative numbers.
pub fn y1(x: f64) -> f64 {
    if x > 0.0 { Y1.at(x) } else { -below(x) }
}

/// sin(x)/x.
pub fn spherical_j0(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.is_infinite() {
        0.0
    } else {
        libm::sin(x) / x
    }
}
