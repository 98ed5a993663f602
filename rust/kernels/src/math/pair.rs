//! Numbers of about 32 digits: an `f64` and what it misses (Dekker, Numer. Math. 18 (1971)). For the few places where a
//! function's condition eats the digits of an `f64`: the exponent of a tail, the series of an incomplete gamma function.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{fast_two_sum, two_product, two_sum};

/// `high + low`, of which `low` is at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The sum, rounded.
    pub high: f64,
    /// What rounding took away.
    pub low: f64,
}

/// ln 2.
const LN_2: Pair = Pair { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
/// π.
pub const PI: Pair = Pair { high: std::f64::consts::PI, low: 1.224_646_799_147_353_2e-16 };
/// 1/√2.
pub const ROOT_HALF: Pair = Pair { high: std::f64::consts::FRAC_1_SQRT_2, low: -4.833_646_656_726_457e-17 };

impl Pair {
    /// An exact number.
    pub const fn new(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }

    /// The sum of two numbers of which the first is greater.
    fn of((high, low): (f64, f64)) -> Self {
        Self { high, low }
    }

    /// a · b, exactly.
    pub fn product(a: f64, b: f64) -> Self {
        Self::of(two_product(a, b))
    }

    /// Rounded to an `f64`.
    pub fn value(self) -> f64 {
        self.high + self.low
    }

    /// eˣ.
    pub fn exp(self) -> Self {
        let n = (self.high * std::f64::consts::LOG2_E).round_ties_even();
        // To at most 2⁻⁹ ln 2 / 2, where nine terms are enough, and squared up again, as e^r − 1 so that nothing is lost.
        let r = (self - LN_2 * Self::new(n)) * Self::new(1.0 / 512.0);
        let mut sum = Self::new(0.0);
        for k in (1..=9).rev() {
            sum = (sum + Self::new(1.0)) * r / Self::new(f64::from(k));
        }
        for _ in 0..9 {
            sum = sum * Self::new(2.0) + sum * sum;
        }
        let power = sum + Self::new(1.0);
        let scale = |x: f64| libm::scalbn(x, n.clamp(-3000.0, 3000.0) as i32);
        Self { high: scale(power.high), low: scale(power.low) }
    }

    /// ln x: one step of Newton's method doubles the digits.
    pub fn log(self) -> Self {
        let near = libm::log(self.high);
        let rest = self * Self::new(-near).exp() - Self::new(1.0);
        Self::new(near) + rest - rest * rest * Self::new(0.5)
    }
}

impl Neg for Pair {
    type Output = Self;
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Add for Pair {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (sum, error) = two_sum(self.high, other.high);
        let (lows, lost) = two_sum(self.low, other.low);
        let (sum, error) = fast_two_sum(sum, error + lows);
        Self::of(fast_two_sum(sum, error + lost))
    }
}

impl Sub for Pair {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Pair {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (product, error) = two_product(self.high, other.high);
        Self::of(fast_two_sum(product, error + (self.high * other.low + self.low * other.high)))
    }
}

impl Div for Pair {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * Self::new(first);
        let second = rest.high / other.high;
        let rest = rest - other * Self::new(second);
        Self::of(fast_two_sum(first, second)) + Self::new(rest.high / other.high)
    }
}
