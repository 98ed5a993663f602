//! Plain scalars as numbers, for the structured kernels: `f32`, `f64`, integers that wrap, truth values.

use std::num::Wrapping;
use std::ops::{Add, Mul, Neg, Sub};

use super::{Complex, Equal, Order, Ring};
use crate::element::{B8, Element};

/// An element that is computed in something wider where many are added up.
pub trait Store: Element {
    /// What it is computed in.
    type Acc: Ring + Copy + Send + Sync;
    /// The element as that; exact.
    fn load(self) -> Self::Acc;
    /// The result as an element: floats are rounded, integers wrap.
    fn store(value: Self::Acc) -> Self;
}

/// A scalar with a least and a greatest value.
pub trait Bounded: Element + Order<Mask = bool> {
    /// Nothing is less.
    const LOWEST: Self;
    /// Nothing is greater.
    const HIGHEST: Self;
    /// Whether it is NaN, which only floats can be.
    #[inline(always)]
    #[allow(clippy::eq_op, reason = "the definition of NaN")]
    fn unordered(self) -> bool {
        self != self
    }
}

/// [`Equal`] of a scalar.
macro_rules! equal {
    ($param:ty) => {
        type Mask = bool;
        type Param = $param;
        #[inline(always)]
        fn eq(self, other: Self) -> bool {
            self == other
        }
        #[inline(always)]
        fn zero(&self) -> Self {
            Self::default()
        }
        #[inline(always)]
        fn select(mask: bool, yes: Self, no: Self) -> Self {
            if mask { yes } else { no }
        }
    };
}

/// Comparisons of a scalar whose operators compare it.
macro_rules! comparisons {
    () => {
        #[inline(always)]
        fn lt(self, other: Self) -> bool {
            self < other
        }
        #[inline(always)]
        fn le(self, other: Self) -> bool {
            self <= other
        }
    };
}

macro_rules! floats {
    ($($type:ty),*) => {$(
        impl Equal for $type {
            equal!(f64);
        }
        impl Order for $type {
            comparisons!();
            #[inline(always)]
            fn maximum(self, other: Self) -> Self {
                if self > other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn minimum(self, other: Self) -> Self {
                if self < other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
            #[inline(always)]
            fn sign(self) -> Self {
                f32::from(i8::from(self > 0.0) - i8::from(self < 0.0)).into()
            }
        }
        impl Ring for $type {
            #[inline(always)]
            fn int(&self, value: i64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn param(value: f64) -> Self {
                value as Self
            }
        }
        impl Bounded for $type {
            const LOWEST: Self = Self::NEG_INFINITY;
            const HIGHEST: Self = Self::INFINITY;
        }
        impl Store for $type {
            type Acc = f64;
            #[inline(always)]
            fn load(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn store(value: f64) -> Self {
                value as Self
            }
        }
    )*};
}
floats!(f32, f64);

macro_rules! complex {
    ($($part:ty),*) => {$(
        impl Store for Complex<$part> {
            type Acc = Complex<f64>;
            #[inline(always)]
            fn load(self) -> Complex<f64> {
                Complex::new(self.re.into(), self.im.into())
            }
            #[inline(always)]
            fn store(value: Complex<f64>) -> Self {
                Self::new(value.re as $part, value.im as $part)
            }
        }
    )*};
}
complex!(f32, f64);

macro_rules! halves {
    ($($type:ty),*) => {$(
        impl Store for $type {
            type Acc = f32;
            #[inline(always)]
            fn load(self) -> f32 {
                self.to_f32()
            }
            #[inline(always)]
            fn store(value: f32) -> Self {
                Self::from_f32(value)
            }
        }
    )*};
}
halves!(half::f16, half::bf16);

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Equal for Wrapping<$type> {
            equal!(i64);
        }
        impl Order for Wrapping<$type> {
            comparisons!();
            #[inline(always)]
            fn maximum(self, other: Self) -> Self {
                self.max(other)
            }
            #[inline(always)]
            fn minimum(self, other: Self) -> Self {
                self.min(other)
            }
            #[inline(always)]
            #[allow(unused_comparisons, reason = "unsigned integers are not negative")]
            fn abs(self) -> Self {
                if self.0 < 0 { -self } else { self }
            }
            #[inline(always)]
            #[allow(unused_comparisons, reason = "unsigned integers are not negative")]
            fn sign(self) -> Self {
                Self((self.0 > 0) as $type) - Self((self.0 < 0) as $type)
            }
        }
        impl Ring for Wrapping<$type> {
            #[inline(always)]
            fn int(&self, value: i64) -> Self {
                Self(value as $type)
            }
            #[inline(always)]
            fn param(value: i64) -> Self {
                Self(value as $type)
            }
        }
        impl Bounded for Wrapping<$type> {
            const LOWEST: Self = Self(<$type>::MIN);
            const HIGHEST: Self = Self(<$type>::MAX);
        }
        impl Store for Wrapping<$type> {
            type Acc = Wrapping<i64>;
            #[inline(always)]
            fn load(self) -> Wrapping<i64> {
                Wrapping(self.0 as i64)
            }
            #[inline(always)]
            fn store(value: Wrapping<i64>) -> Self {
                Self(value.0 as $type)
            }
        }
    )*};
}
integers!(u8, i8, i16, i32, i64);

/// As in PyTorch `+` is or and `*` is and. Subtraction and negation, which PyTorch refuses, are those of the field of
/// two elements.
macro_rules! truth {
    ($($Operator:ident $method:ident $op:tt;)*) => {$(
        #[allow(clippy::suspicious_arithmetic_impl, reason = "the sum of truth values is their or")]
        impl $Operator for B8 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self::from(bool::from(self) $op bool::from(other))
            }
        }
    )*};
}
truth! { Add add |; Sub sub ^; Mul mul &; }

impl Neg for B8 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self
    }
}

impl Equal for B8 {
    type Mask = bool;
    type Param = i64;
    #[inline(always)]
    fn eq(self, other: Self) -> bool {
        bool::from(self) == bool::from(other)
    }
    #[inline(always)]
    fn zero(&self) -> Self {
        Self(0)
    }
    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
}

impl Order for B8 {
    #[inline(always)]
    fn lt(self, other: Self) -> bool {
        !bool::from(self) & bool::from(other)
    }
    #[inline(always)]
    fn le(self, other: Self) -> bool {
        !bool::from(self) | bool::from(other)
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self
    }
    #[inline(always)]
    fn sign(self) -> Self {
        self
    }
}

impl Ring for B8 {
    #[inline(always)]
    fn int(&self, value: i64) -> Self {
        Self::from(value != 0)
    }
    #[inline(always)]
    fn param(value: i64) -> Self {
        Self::from(value != 0)
    }
}

impl Bounded for B8 {
    const LOWEST: Self = Self(0);
    const HIGHEST: Self = Self(1);
}
