//! Numbers that add and multiply.

use std::ops::{Add, BitAnd, BitOr, Mul, Neg, Not, Sub};

use super::{Equal, Order};

/// Ring operations: integers (wrapping), floating point, complex.
pub trait Ring: Equal + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> {
    /// The integer constant `value` in the number's own type; exact above 2⁵³ for `i64`.
    fn int(&self, value: i64) -> Self;
    /// A parameter of the formula as a number: integers wrap, floats are rounded.
    fn param(value: Self::Param) -> Self;
    /// `self * a + b`, with one rounding where numbers are rounded.
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    /// Complex conjugate; identity for reals. A reverse rule is `g * conj(d)`, its tangent `t * d`.
    #[inline(always)]
    fn conj(self) -> Self {
        self
    }
}

/// Rings with an order: integers and reals.
pub trait Ordered: Ring + Order {}
impl<T: Ring + Order> Ordered for T {}

/// Integer operations. Division by zero is excluded by the caller; shifts by more than the width give 0 or −1.
pub trait Int: Ordered + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {
    /// Exclusive or.
    fn bitxor(self, other: Self) -> Self;
    /// `self << other`.
    fn shl(self, other: Self) -> Self;
    /// Arithmetic (signed) or logical (unsigned) shift right.
    fn shr(self, other: Self) -> Self;
    /// Quotient rounded towards minus infinity.
    fn div_floor(self, other: Self) -> Self;
    /// Quotient rounded towards zero.
    fn div_trunc(self, other: Self) -> Self;
    /// Remainder with the sign of the divisor.
    fn rem_floor(self, other: Self) -> Self;
    /// Remainder with the sign of the dividend.
    fn rem_trunc(self, other: Self) -> Self;
    /// Greatest common divisor, not negative but where it wraps; of 0 and 0 it is 0.
    fn gcd(self, other: Self) -> Self;
    /// Power with wrapping; exponent ≥ 0, or 0 except for bases ±1.
    fn powi(self, exponent: Self) -> Self;
}
