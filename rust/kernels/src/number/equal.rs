//! What every element type has, and what an order adds to it.

use std::ops::{BitAnd, BitOr, Not};

use super::Parameter;

/// Equality and choice: every dtype, `bool` and complex numbers included.
pub trait Equal: Clone {
    /// Truth value of one element.
    type Mask: Clone + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;
    /// What a formula's parameters are handed over as: exact for every number of this kind.
    type Param: Parameter;

    /// `self == other`; false when either is NaN.
    fn eq(self, other: Self) -> Self::Mask;
    /// `self != other`; true when either is NaN.
    fn ne(self, other: Self) -> Self::Mask {
        !self.eq(other)
    }
    /// Zero (`false`) in the number's own type.
    fn zero(&self) -> Self;
    /// `yes` where the mask is true, `no` elsewhere. The side not chosen has no influence, NaN or not.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// A value that `of` decides on only in pieces: its derivative with respect to `of` is zero. A graph of the formula leads
    /// to `of` all the same.
    #[inline(always)]
    fn flat_in(self, of: Self) -> Self {
        let _ = of;
        self
    }
}

/// Order, and what it makes of numbers: extremes, magnitude, sign. Not for complex numbers.
pub trait Order: Equal {
    /// `self < other`; false when either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// `self <= other`; false when either is NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// `self > other`.
    fn gt(self, other: Self) -> Self::Mask {
        other.lt(self)
    }
    /// `self >= other`.
    fn ge(self, other: Self) -> Self::Mask {
        other.le(self)
    }
    /// The greater of two; NaN if either is NaN; the second of equal ones.
    fn maximum(self, other: Self) -> Self;
    /// The lesser of two; NaN if either is NaN; the second of equal ones.
    fn minimum(self, other: Self) -> Self;
    /// Absolute value; wraps for the smallest integer.
    fn abs(self) -> Self;
    /// −1, 0 or 1; 0 for NaN, as in PyTorch.
    fn sign(self) -> Self;
}
