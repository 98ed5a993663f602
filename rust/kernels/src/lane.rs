//! One SIMD lane: the traits of [`number`](super::number) over plain scalars.
//!
//! A loop over [`Lane`]s is meant to be vectorised, so nothing in here branches. Where a function's fast range ends it
//! sets the lane's sticky `rare` mask; the loop then computes the lane again over [`Exact`], slowly. So a result
//! depends on the values alone, never on its neighbours or on the width of a vector.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::LoopFn;
use super::element::{B8, Element};
use super::math::by_type::ByType;
use super::math::scalar::{Function, Function2};
use super::math::{error_function, exponential, gamma, hyperbolic, logarithm, power, trigonometric};
use super::number::{Complex, Equal, Field, Int, Order, Parameter, Real, Ring, slope};
use super::row::{Body, run};
#[cfg(target_arch = "x86_64")]
use super::{math::wide, number::Alone, row::GroupsFn};

/// An element type that lanes can hold.
pub trait LaneElement: Element {
    /// The mask that says a lane must be computed again: as wide as the element where that can happen, else nothing.
    type Rare: Rare;
    /// What parameters are handed to loops as.
    type Param: Parameter;
    /// The number that formulas are read over in a loop.
    type Lane: Held<Self>;
    /// The number that they are read over where a lane is rare.
    type Exact: Held<Self>;
    /// Compiles a row loop with groups of as many lanes as a register of the widest kind holds (two registers for
    /// 8-byte elements: loops over eight lanes are unrolled before they are made vectors, which some are not then).
    fn row<B: Body<N, P, In = Self>, const N: usize, const P: usize>() -> LoopFn;
    /// The loop over groups that a function has in instructions of its own, for AVX-512.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn wide(_: Alone) -> Option<GroupsFn> {
        None
    }
    /// What an incomplete group is filled up with: 1, which is rare for no function and divides everything.
    const PADDING: Self;
    /// The value as lanes hold it: `bool` bytes become 0 or 1.
    #[inline(always)]
    fn normal(self) -> Self {
        self
    }
}

/// A number that holds an element.
pub trait Held<T: LaneElement>: Equal<Param = T::Param, Mask: Verdict<T::Rare>> {
    /// The number loaded from memory.
    fn load(value: T) -> Self;
    /// The element, and whether it must be computed again.
    fn store(self) -> (T, T::Rare);
}

/// A truth value of such a number.
pub trait Verdict<R> {
    /// The truth value, and whether it must be computed again.
    fn store(self) -> (bool, R);
}

impl<R: Rare> Verdict<R> for bool {
    #[inline(always)]
    fn store(self) -> (bool, R) {
        (self, R::NO)
    }
}

/// A sticky flag.
pub trait Rare: Copy {
    /// Not set.
    const NO: Self;
    /// Set where either is.
    fn or(self, other: Self) -> Self;
    /// Set if `rare`.
    fn when(rare: bool) -> Self;
    /// Whether it is set.
    fn is_set(self) -> bool;
}

impl Rare for () {
    const NO: Self = ();
    #[inline(always)]
    fn or(self, (): Self) {}
    #[inline(always)]
    fn when(_: bool) {}
    #[inline(always)]
    fn is_set(self) -> bool {
        false
    }
}

macro_rules! rare {
    ($($type:ty),*) => {$(
        impl Rare for $type {
            const NO: Self = 0;
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }
            #[inline(always)]
            fn when(rare: bool) -> Self {
                if rare { !0 } else { 0 }
            }
            #[inline(always)]
            fn is_set(self) -> bool {
                self != 0
            }
        }
    )*};
}
rare!(i32, i64);

/// One lane.
#[derive(Clone, Copy)]
pub struct Lane<T: LaneElement> {
    /// Its value.
    pub value: T,
    /// Whether it must be computed again.
    pub rare: T::Rare,
}

impl<T: LaneElement> Lane<T> {
    /// A lane loaded from memory.
    #[inline(always)]
    pub fn new(value: T) -> Self {
        Self { value: value.normal(), rare: T::Rare::NO }
    }

    /// `value`, as rare as the operands were.
    #[inline(always)]
    fn with(self, value: T) -> Self {
        Self { value, rare: self.rare }
    }

    /// `value`, as rare as either operand was.
    #[inline(always)]
    fn with2(self, other: Self, value: T) -> Self {
        Self { value, rare: self.rare.or(other.rare) }
    }
}

/// The truth value of one lane.
#[derive(Clone, Copy)]
pub struct LaneMask<R> {
    /// The truth value.
    pub on: bool,
    /// Whether it must be computed again.
    pub rare: R,
}

impl<R: Rare> BitAnd for LaneMask<R> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self { on: self.on & other.on, rare: self.rare.or(other.rare) }
    }
}

impl<R: Rare> BitOr for LaneMask<R> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self { on: self.on | other.on, rare: self.rare.or(other.rare) }
    }
}

impl<R: Rare> Not for LaneMask<R> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self { on: !self.on, rare: self.rare }
    }
}

impl<R: Rare> Verdict<R> for LaneMask<R> {
    #[inline(always)]
    fn store(self) -> (bool, R) {
        (self.on, self.rare)
    }
}

impl<T: LaneElement> Held<T> for Lane<T> {
    #[inline(always)]
    fn load(value: T) -> Self {
        Self::new(value)
    }
    #[inline(always)]
    fn store(self) -> (T, T::Rare) {
        (self.value, self.rare)
    }
}

impl<T: LaneElement> Equal for Lane<T> {
    type Mask = LaneMask<T::Rare>;
    type Param = T::Param;

    #[inline(always)]
    fn zero(&self) -> Self {
        Self::new(T::default())
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self::Mask {
        LaneMask { on: self.value == other.value, rare: self.rare.or(other.rare) }
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        let value = if mask.on { yes.value } else { no.value };
        Self { value, rare: mask.rare.or(yes.rare).or(no.rare) }
    }
}

/// Comparisons of lanes by the order of what they hold.
macro_rules! comparisons {
    () => {
        #[inline(always)]
        fn lt(self, other: Self) -> Self::Mask {
            LaneMask { on: self.value < other.value, rare: self.rare.or(other.rare) }
        }
        #[inline(always)]
        fn le(self, other: Self) -> Self::Mask {
            LaneMask { on: self.value <= other.value, rare: self.rare.or(other.rare) }
        }
    };
}

// ---- integers ------------------------------------------------------------------------------------------------------

macro_rules! operators {
    ($type:ty, $($trait:ident $method:ident ($a:ident, $b:ident) $body:expr;)*) => {$(
        #[allow(clippy::suspicious_arithmetic_impl, reason = "the sum of truth values is their or")]
        impl $trait for Lane<$type> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let ($a, $b) = (self.value, other.value);
                self.with2(other, $body)
            }
        }
    )*};
}

/// `LaneElement::row` with so many lanes in a group.
macro_rules! row_of_groups {
    ($group:tt) => {
        fn row<B: Body<N, P, In = Self>, const N: usize, const P: usize>() -> LoopFn {
            run::<B, N, P, $group>
        }
    };
}

/// The divisor, or 1 for 0, which the caller excludes: a loop cannot vectorise around a panic.
macro_rules! divisor {
    ($value:expr) => {
        if $value == 0 { 1 } else { $value }
    };
}

macro_rules! integer_lane {
    ($type:ident, $bits:literal, $negative:expr) => {
        impl LaneElement for $type {
            type Rare = ();
            type Param = i64;
            type Lane = Lane<Self>;
            type Exact = Lane<Self>;
            const PADDING: Self = 1;
            row_of_groups!({ if $bits == 64 { 16 } else { 512 / $bits } });
        }
        operators! { $type,
            Add add (a, b) a.wrapping_add(b);
            Sub sub (a, b) a.wrapping_sub(b);
            Mul mul (a, b) a.wrapping_mul(b);
            BitAnd bitand (a, b) a & b;
            BitOr bitor (a, b) a | b;
        }
        impl Neg for Lane<$type> {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.with(self.value.wrapping_neg())
            }
        }
        impl Not for Lane<$type> {
            type Output = Self;
            #[inline(always)]
            fn not(self) -> Self {
                self.with(!self.value)
            }
        }
        impl Ring for Lane<$type> {
            #[inline(always)]
            fn int(&self, value: i64) -> Self {
                Self::new(value as $type)
            }
            #[inline(always)]
            fn param(value: i64) -> Self {
                Self::new(value as $type)
            }
        }
        impl Order for Lane<$type> {
            comparisons!();
            #[inline(always)]
            fn abs(self) -> Self {
                self.with(if $negative(self.value) { self.value.wrapping_neg() } else { self.value })
            }
            #[inline(always)]
            fn sign(self) -> Self {
                self.with(((self.value != 0) as $type).wrapping_sub(2 * $negative(self.value) as $type))
            }
            #[inline(always)]
            fn maximum(self, other: Self) -> Self {
                self.with2(other, self.value.max(other.value))
            }
            #[inline(always)]
            fn minimum(self, other: Self) -> Self {
                self.with2(other, self.value.min(other.value))
            }
        }
        impl Int for Lane<$type> {
            #[inline(always)]
            fn bitxor(self, other: Self) -> Self {
                self.with2(other, self.value ^ other.value)
            }
            #[inline(always)]
            fn shl(self, other: Self) -> Self {
                let count = other.value;
                let inside = (0..$bits).contains(&count);
                self.with2(other, if inside { self.value.wrapping_shl(count as u32) } else { 0 })
            }
            #[inline(always)]
            fn shr(self, other: Self) -> Self {
                let count = other.value;
                let inside = (0..$bits).contains(&count);
                let out = if $negative(self.value) { !0 } else { 0 };
                self.with2(other, if inside { self.value.wrapping_shr(count as u32) } else { out })
            }
            #[inline(always)]
            fn div_floor(self, other: Self) -> Self {
                let (a, b) = (self.value, divisor!(other.value));
                let (q, r) = (a.wrapping_div(b), a.wrapping_rem(b));
                let below = r != 0 && $negative(r) != $negative(b);
                self.with2(other, q.wrapping_sub(below as $type))
            }
            #[inline(always)]
            fn div_trunc(self, other: Self) -> Self {
                self.with2(other, self.value.wrapping_div(divisor!(other.value)))
            }
            #[inline(always)]
            fn rem_floor(self, other: Self) -> Self {
                let (a, b) = (self.value, divisor!(other.value));
                let r = a.wrapping_rem(b);
                let below = r != 0 && $negative(r) != $negative(b);
                self.with2(other, if below { r.wrapping_add(b) } else { r })
            }
            #[inline(always)]
            fn rem_trunc(self, other: Self) -> Self {
                self.with2(other, self.value.wrapping_rem(divisor!(other.value)))
            }
            #[inline(always)]
            fn gcd(self, other: Self) -> Self {
                let (mut a, mut b) = (self.value, other.value);
                while b != 0 {
                    (a, b) = (b, a.wrapping_rem(b));
                }
                self.with2(other, if $negative(a) { a.wrapping_neg() } else { a })
            }
            #[inline(always)]
            fn powi(self, exponent: Self) -> Self {
                let (mut base, mut power) = (self.value, 1 as $type);
                let negative = $negative(exponent.value);
                let mut rest = if negative { exponent.value & 1 } else { exponent.value };
                while rest != 0 {
                    if rest & 1 != 0 {
                        power = power.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    rest >>= 1;
                }
                // 1 / base, which only ±1 have among the integers.
                let unit = self.value == 1 || self.value == !0;
                self.with2(exponent, if negative && !unit { 0 } else { power })
            }
        }
    };
}

integer_lane!(u8, 8, |_: u8| false);
integer_lane!(i8, 8, |x: i8| x < 0);
integer_lane!(i16, 16, |x: i16| x < 0);
integer_lane!(i32, 32, |x: i32| x < 0);
integer_lane!(i64, 64, |x: i64| x < 0);

// ---- bool ----------------------------------------------------------------------------------------------------------

impl LaneElement for B8 {
    type Rare = ();
    type Param = i64;
    type Lane = Lane<Self>;
    type Exact = Lane<Self>;
    const PADDING: Self = Self(1);
    row_of_groups!(64);
    #[inline(always)]
    fn normal(self) -> Self {
        Self((self.0 != 0) as u8)
    }
}

impl PartialOrd for B8 {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.0.partial_cmp(&other.0)
    }
}

// As in PyTorch `+` is or and `*` is and. Subtraction and negation, which PyTorch refuses, are those of the field of
// two elements.
operators! { B8,
    Add add (a, b) B8(a.0 | b.0);
    Sub sub (a, b) B8(a.0 ^ b.0);
    Mul mul (a, b) B8(a.0 & b.0);
    BitAnd bitand (a, b) B8(a.0 & b.0);
    BitOr bitor (a, b) B8(a.0 | b.0);
}

impl Neg for Lane<B8> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self
    }
}

impl Not for Lane<B8> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.with(B8(self.value.0 ^ 1))
    }
}

impl Ring for Lane<B8> {
    #[inline(always)]
    fn int(&self, value: i64) -> Self {
        Self::new(B8::from(value != 0))
    }
    #[inline(always)]
    fn param(value: i64) -> Self {
        Self::new(B8::from(value != 0))
    }
}

impl Order for Lane<B8> {
    comparisons!();
    #[inline(always)]
    fn abs(self) -> Self {
        self
    }
    #[inline(always)]
    fn sign(self) -> Self {
        self
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        self * other
    }
}

/// Truth values as the integers 0 and 1 of one bit; division by 0 is excluded as for any integer.
impl Int for Lane<B8> {
    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    fn shl(self, other: Self) -> Self {
        self * !other
    }
    #[inline(always)]
    fn shr(self, other: Self) -> Self {
        self * !other
    }
    #[inline(always)]
    fn div_floor(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    fn div_trunc(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    fn rem_floor(self, other: Self) -> Self {
        self * !other
    }
    #[inline(always)]
    fn rem_trunc(self, other: Self) -> Self {
        self * !other
    }
    #[inline(always)]
    fn gcd(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn powi(self, exponent: Self) -> Self {
        self + !exponent
    }
}

// ---- floating point ------------------------------------------------------------------------------------------------

impl LaneElement for f32 {
    type Rare = i32;
    type Param = f64;
    type Lane = Lane<Self>;
    type Exact = Exact<Self>;
    const PADDING: Self = 1.0;
    row_of_groups!(16);
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn wide(function: Alone) -> Option<GroupsFn> {
        Some(match function {
            Alone::Exp => wide::exp,
            Alone::Log => wide::log,
            Alone::Sqrt => wide::sqrt,
            Alone::Gelu => wide::gelu,
        })
    }
}
impl LaneElement for f64 {
    type Rare = i64;
    type Param = f64;
    type Lane = Lane<Self>;
    type Exact = Exact<Self>;
    const PADDING: Self = 1.0;
    row_of_groups!(16);
}

/// The elements that [`Real`] lanes hold.
pub trait FloatElement: ByType + LaneElement<Param = f64, Lane = Lane<Self>, Exact = Exact<Self>> {}
impl FloatElement for f32 {}
impl FloatElement for f64 {}

impl<T: FloatElement> Lane<T> {
    /// A result that must be computed again where `rare`.
    #[inline(always)]
    fn checked(self, (value, rare): (T, bool)) -> Self {
        Self { value, rare: self.rare.or(T::Rare::when(rare)) }
    }

    #[inline(always)]
    fn checked2(self, other: Self, (value, rare): (T, bool)) -> Self {
        Self { value, rare: self.rare.or(other.rare).or(T::Rare::when(rare)) }
    }
}

/// A number computed the slow way, by `libm` in `f64`, rounded to `T`: what a rare lane falls back to. (`libm` has no
/// digamma, and its acosh is finite for some x < 1: both are our own.)
#[derive(Clone, Copy)]
pub struct Exact<T> {
    /// Its value.
    pub value: T,
}

impl<T: FloatElement> Exact<T> {
    /// A number loaded from memory.
    #[inline(always)]
    pub fn new(value: T) -> Self {
        Self { value }
    }

    #[inline(always)]
    fn with(self, value: T) -> Self {
        Self { value }
    }

    #[inline(always)]
    fn with2(self, _: Self, value: T) -> Self {
        Self { value }
    }

    // Called, as the function itself is: neither is compiled into each formula.
    #[inline(never)]
    fn by(self, f: fn(f64) -> f64) -> Self {
        Self::new(T::from_f64(f(self.value.to_f64())))
    }

    #[inline(never)]
    fn by2(self, other: Self, f: fn(f64, f64) -> f64) -> Self {
        Self::new(T::from_f64(f(self.value.to_f64(), other.value.to_f64())))
    }
}

impl<T: FloatElement> Held<T> for Exact<T> {
    fn load(value: T) -> Self {
        Self::new(value)
    }
    fn store(self) -> (T, T::Rare) {
        (self.value, T::Rare::NO)
    }
}

impl<T: FloatElement> Equal for Exact<T> {
    type Mask = bool;
    type Param = f64;

    fn zero(&self) -> Self {
        Self::new(T::default())
    }
    fn eq(self, other: Self) -> bool {
        self.value == other.value
    }
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
}

/// Arithmetic, the same for both.
macro_rules! arithmetic {
    ($type:ident { $($comparisons:tt)* } $($trait:ident $method:ident $op:tt),*) => {
        $(
            impl<T: FloatElement> $trait for $type<T> {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    self.with2(other, self.value $op other.value)
                }
            }
            impl<T: FloatElement> $trait<f64> for $type<T> {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: f64) -> Self {
                    self.with(self.value $op T::lit(other))
                }
            }
        )*

        impl<T: FloatElement> Neg for $type<T> {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.with(-self.value)
            }
        }

        impl<T: FloatElement> Ring for $type<T> {
            #[inline(always)]
            fn int(&self, value: i64) -> Self {
                Self::new(T::lit(value as f64))
            }
            #[inline(always)]
            fn param(value: f64) -> Self {
                Self::new(T::lit(value))
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                let value = self.value.mul_add(a.value, b.value);
                self.with2(a, value).with2(b, value)
            }
        }

        impl<T: FloatElement> Order for $type<T> {
            $($comparisons)*
            #[inline(always)]
            fn abs(self) -> Self {
                self.with(self.value.abs())
            }
            #[inline(always)]
            fn sign(self) -> Self {
                let (x, zero, one) = (self.value, T::lit(0.0), T::lit(1.0));
                let positive = if x > zero { one } else { zero };
                self.with(if x < zero { -one } else { positive })
            }
            #[inline(always)]
            fn maximum(self, other: Self) -> Self {
                let (a, b) = (self.value, other.value);
                // Where b is NaN the comparison fails and b is taken.
                let m = if a > b { a } else { b };
                self.with2(other, if a.unordered() { a } else { m })
            }
            #[inline(always)]
            fn minimum(self, other: Self) -> Self {
                let (a, b) = (self.value, other.value);
                let m = if a < b { a } else { b };
                self.with2(other, if a.unordered() { a } else { m })
            }
        }
    };
}

arithmetic!(Lane { comparisons!(); } Add add +, Sub sub -, Mul mul *, Div div /);
arithmetic!(
    Exact {
        fn lt(self, other: Self) -> bool {
            self.value < other.value
        }
        fn le(self, other: Self) -> bool {
            self.value <= other.value
        }
    }
    Add add +, Sub sub -, Mul mul *, Div div /
);

/// `Field` and `Real`: what is cheap and correctly rounded is the same for both, the functions named in the other parts
/// differ.
macro_rules! real {
    ($type:ident { $($field:tt)* } { $($functions:tt)* }) => {
        impl<T: FloatElement> Field for $type<T> {
            #[inline(always)]
            fn lit(&self, value: f64) -> Self {
                Self::new(T::lit(value))
            }
            #[inline(always)]
            fn reciprocal(self) -> Self {
                self.with(T::lit(1.0) / self.value)
            }
            #[inline(always)]
            fn is_nan(self) -> Self::Mask {
                self.ne(self)
            }
            #[inline(always)]
            fn is_infinite(self) -> Self::Mask {
                Equal::eq(self.abs(), Self::new(T::INFINITY))
            }
            #[inline(always)]
            fn is_within(self, bound: f64) -> Self::Mask {
                Order::lt(self.abs(), Self::new(T::lit(bound)))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.with(self.value.sqrt())
            }
            #[inline(always)]
            fn rsqrt(self) -> Self {
                self.with(T::lit(1.0) / self.value.sqrt())
            }
            #[inline(always)]
            fn sigmoid_slope(self, sigmoid: Self) -> Self {
                slope::sigmoid(self, sigmoid)
            }
            #[inline(always)]
            fn tanh_slope(self, tanh: Self) -> Self {
                slope::tanh(self, tanh)
            }
            #[inline(always)]
            fn expm1_slope(self, expm1: Self) -> Self {
                slope::expm1(self, expm1)
            }
            #[inline(always)]
            fn asinh_slope(self) -> Self {
                slope::asinh(self)
            }
            #[inline(always)]
            fn under_atan(self, g: Self) -> Self {
                slope::atan(self, g)
            }
            #[inline(always)]
            fn under_base(self, exponent: Self, g: Self) -> Self {
                slope::base(self, exponent, g)
            }
            #[inline(always)]
            fn under_exponent(self, exponent: Self, power: Self, g: Self) -> Self {
                slope::exponent(self, exponent, power, g)
            }
            $($field)*
        }

        impl<T: FloatElement> Real for $type<T> {
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.with2(sign, self.value.copysign(sign.value))
            }
            #[inline(always)]
            fn power_by<const ROOT: bool, const INVERSE: bool>(self, exponent: f64) -> Self {
                self.with(power::by_products::<T, ROOT, INVERSE>(self.value, exponent))
            }
            #[inline(always)]
            fn floor(self) -> Self {
                self.with(self.value.floor())
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                self.with(self.value.ceil())
            }
            #[inline(always)]
            fn round(self) -> Self {
                self.with(self.value.round())
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                self.with(self.value.trunc())
            }
            #[inline(always)]
            fn scalar(self, function: Function) -> Self {
                self.with(T::from_f64((function.value())(self.value.to_f64())))
            }
            #[inline(always)]
            fn scalar2(self, other: Self, function: Function2) -> Self {
                self.with2(other, T::from_f64((function.value())(self.value.to_f64(), other.value.to_f64())))
            }
            #[inline(always)]
            fn nextafter(self, other: Self) -> Self {
                self.with2(other, self.value.next_to(other.value))
            }
            $($functions)*
        }
    };
}

/// Functions of lanes: `plain` ones always hold, `rare` ones say where they do not.
macro_rules! lane_functions {
    ($($kind:ident $name:ident $path:path;)*) => {
        $(lane_functions!(@ $kind $name $path);)*
    };
    (@ plain $name:ident $path:path) => {
        #[inline(always)]
        fn $name(self) -> Self {
            self.with($path(self.value))
        }
    };
    (@ rare $name:ident $path:path) => {
        #[inline(always)]
        fn $name(self) -> Self {
            self.checked($path(self.value))
        }
    };
    (@ plain2 $name:ident $path:path) => {
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            self.with2(other, $path(self.value, other.value))
        }
    };
    (@ rare2 $name:ident $path:path) => {
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            self.checked2(other, $path(self.value, other.value))
        }
    };
}

real!(Lane {
    lane_functions! {
        plain exp exponential::exp;
        plain exp2 exponential::exp2;
        plain expm1 exponential::expm1;
        plain log ByType::log;
        plain log2 logarithm::log2;
        plain log10 logarithm::log10;
        plain log1p logarithm::log1p;
        plain asin trigonometric::asin;
        plain acos trigonometric::acos;
        plain atan trigonometric::atan;
        plain sinh hyperbolic::sinh;
        plain cosh hyperbolic::cosh;
        plain tanh ByType::tanh;
        plain asinh hyperbolic::asinh;
        plain acosh hyperbolic::acosh;
        plain atanh hyperbolic::atanh;
        plain sigmoid exponential::sigmoid;
        rare sin trigonometric::sin;
        rare cos trigonometric::cos;
        rare tan trigonometric::tan;
        rare2 pow ByType::pow;
    }
} {
    lane_functions! {
        plain erf ByType::erf;
        plain erfc error_function::erfc;
        plain normal_cdf ByType::normal_cdf;
        plain gelu ByType::gelu;
        rare lgamma gamma::lgamma;
        rare digamma gamma::digamma;
        plain2 atan2 trigonometric::atan2;
        rare2 fmod power::fmod;
    }
});

macro_rules! exact_functions {
    ($($name:ident $path:path),*; $($name2:ident $path2:path),*) => {
        $(fn $name(self) -> Self {
            self.by($path)
        })*
        $(fn $name2(self, other: Self) -> Self {
            self.by2(other, $path2)
        })*
    };
}

real!(Exact {
    exact_functions! {
        exp libm::exp, exp2 libm::exp2, expm1 libm::expm1, log libm::log, log2 libm::log2, log10 libm::log10,
        log1p libm::log1p, sin libm::sin, cos libm::cos, tan libm::tan, asin libm::asin, acos libm::acos,
        atan libm::atan, sinh libm::sinh, cosh libm::cosh, tanh libm::tanh, asinh libm::asinh, acosh hyperbolic::acosh,
        atanh libm::atanh, sigmoid exponential::sigmoid;
        pow libm::pow
    }
} {
    exact_functions! {
        erf libm::erf, erfc libm::erfc, normal_cdf error_function::normal_cdf_exact,
        gelu error_function::gelu_exact, lgamma gamma::lgamma_exact,
        digamma gamma::digamma_exact;
        atan2 libm::atan2, fmod libm::fmod
    }
});

// ---- complex -------------------------------------------------------------------------------------------------------

/// The parts of a complex number are lanes of their own: the loads of a group are taken apart into a register of real parts
/// and one of imaginary parts, its stores put together again.
macro_rules! complex_lane {
    ($($type:ty: $rare:ty, $group:literal;)*) => {$(
        impl LaneElement for Complex<$type> {
            type Rare = $rare;
            type Param = Complex<f64>;
            type Lane = Complex<Lane<$type>>;
            type Exact = Complex<Exact<$type>>;
            const PADDING: Self = Self { re: 1.0, im: 0.0 };
            row_of_groups!($group);
        }

        impl Held<Complex<$type>> for Complex<Lane<$type>> {
            #[inline(always)]
            fn load(value: Complex<$type>) -> Self {
                Self::new(Lane::new(value.re), Lane::new(value.im))
            }
            #[inline(always)]
            fn store(self) -> (Complex<$type>, $rare) {
                (Complex::new(self.re.value, self.im.value), self.re.rare.or(self.im.rare))
            }
        }

        impl Held<Complex<$type>> for Complex<Exact<$type>> {
            fn load(value: Complex<$type>) -> Self {
                Self::new(Exact::new(value.re), Exact::new(value.im))
            }
            fn store(self) -> (Complex<$type>, $rare) {
                (Complex::new(self.re.value, self.im.value), <$rare>::NO)
            }
        }
    )*};
}
complex_lane! { f32: i32, 16; f64: i64, 16; }
