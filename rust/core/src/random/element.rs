//! What the generator has to know about an element type.

use std::ops::{Add, Div, Sub};

use crate::dtype::DType;
use crate::kernels::element::{B8, Element};

/// A type that random numbers can be drawn in.
pub trait RandomElement: Element {
    /// Whether a number over the whole range takes two words of the generator.
    const WIDE: bool;
    /// Greatest value of `random_` without bounds: the type's maximum for integers, `2^digits` for floats.
    const RANDOM_MAX: i64;
    /// Least value, saturating at the bounds of `i64`.
    const LEAST: i64;

    /// The integer as this type; wraps or rounds.
    fn from_i64(value: i64) -> Self;
    /// The truncated number as this type. Numbers an integer type has no room for give what x86's conversion gives:
    /// the low bits of the least `i32` (of the least `i64` for `i64`).
    fn from_f64(value: f64) -> Self;
}

/// Truncates; numbers out of range and NaN give the least integer, as x86's conversion does.
pub(super) fn truncate64(value: f64) -> i64 {
    // −2⁶³ is the least `i64` itself; 2⁶³ is the first float above the greatest.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) { value as i64 } else { i64::MIN }
}

fn truncate32(value: f64) -> i32 {
    if value > -2_147_483_649.0 && value < 2_147_483_648.0 { value as i32 } else { i32::MIN }
}

macro_rules! small_integers {
    ($($type:ty),*) => {$(
        impl RandomElement for $type {
            const WIDE: bool = false;
            const RANDOM_MAX: i64 = <$type>::MAX as i64;
            const LEAST: i64 = <$type>::MIN as i64;

            #[inline(always)]
            fn from_i64(value: i64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                truncate32(value) as $type
            }
        }
    )*};
}

small_integers!(u8, i8, i16, i32);

impl RandomElement for i64 {
    const WIDE: bool = true;
    const RANDOM_MAX: i64 = Self::MAX;
    const LEAST: i64 = Self::MIN;

    #[inline(always)]
    fn from_i64(value: i64) -> Self {
        value
    }

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        truncate64(value)
    }
}

impl RandomElement for B8 {
    const WIDE: bool = false;
    const RANDOM_MAX: i64 = 1;
    const LEAST: i64 = 0;

    #[inline(always)]
    fn from_i64(value: i64) -> Self {
        Self::from(value != 0)
    }

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        Self::from(value != 0.0)
    }
}

/// A floating-point type.
pub trait RandomFloat:
    RandomElement + Into<f64> + PartialOrd + Add<Output = Self> + Sub<Output = Self> + Div<Output = Self>
{
    /// Bits of the significand.
    const DIGITS: u32;
    /// Greatest finite value.
    const GREATEST: f64;

    /// The bits of a draw as a multiple of `2^-DIGITS` in `[0, 1)`.
    fn unit(bits: u64) -> Self;
    /// `self * scale + shift` with one rounding. To be used in a dispatched region only.
    fn fused(self, scale: Self, shift: Self) -> Self;
    /// Box–Muller transform of blocks of sixteen uniform numbers in place; a shorter rest is left as it is.
    fn box_muller(blocks: &mut [Self], mean: Self, std: Self);
}

macro_rules! floats {
    ($($type:ty, $bits:ty, $wide:literal, $box_muller:path;)*) => {$(
        impl RandomElement for $type {
            const WIDE: bool = $wide;
            const RANDOM_MAX: i64 = 1 << <$type>::MANTISSA_DIGITS;
            const LEAST: i64 = i64::MIN;

            #[inline(always)]
            fn from_i64(value: i64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
        }

        impl RandomFloat for $type {
            const DIGITS: u32 = <$type>::MANTISSA_DIGITS;
            const GREATEST: f64 = <$type>::MAX as f64;

            #[inline(always)]
            fn unit(bits: u64) -> Self {
                const SCALE: $type = 1.0 / (1_u64 << <$type>::MANTISSA_DIGITS) as $type;
                // Exact: the significand takes all the bits that are kept. The cast is from a signed integer
                // because vector units have that one.
                (bits & ((1 << <$type>::MANTISSA_DIGITS) - 1)) as $bits as $type * SCALE
            }

            #[inline(always)]
            fn fused(self, scale: Self, shift: Self) -> Self {
                self.mul_add(scale, shift)
            }

            fn box_muller(blocks: &mut [Self], mean: Self, std: Self) {
                $box_muller(blocks, mean, std)
            }
        }
    )*};
}

floats! {
    f32, i32, false, super::normal::box_muller_f32;
    f64, i64, true, super::normal::box_muller_f64;
}

/// The name PyTorch's messages give a dtype.
pub(crate) fn c_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::I8 => "signed char",
        DType::I16 => "short int",
        DType::I32 => "int",
        DType::I64 => "long int",
        DType::F32 => "float",
        DType::F64 => "double",
        DType::F16 => "c10::Half",
        DType::BF16 => "c10::BFloat16",
        DType::C64 => "c10::complex<float>",
        DType::C128 => "c10::complex<double>",
    }
}
