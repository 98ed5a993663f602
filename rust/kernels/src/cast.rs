//! Conversion of elements from one dtype to another, as PyTorch's copies do it on a CPU.

use half::{bf16, f16};
use pulp::Arch;

use super::element::{B8, Element};
use super::number::Complex;
use super::plan::BLOCK;
use super::{Kernel, LoopFn, Still};
use crate::with_element;
use arcgrad_base::dtype::DType;

/// Conversion of one element.
pub(super) trait Cast<To> {
    /// `self` as a `To`. Integers wrap, floats are truncated towards zero, everything but zero is true.
    fn cast(self) -> To;
}

/// Floats to integers: C leaves values out of range undefined. These follow what PyTorch's builds for x86 do, where
/// the processor answers with the smallest integer; narrow integers are the low bits of that of 64 bits.
macro_rules! float_to_int {
    ($($float:ty),*) => {$(
        float_to_int!(@wide $float: i32, -2_147_483_648.0; i64, -9_223_372_036_854_775_808.0);
        float_to_int!(@narrow $float: u8, i8, i16);
        impl Cast<B8> for $float {
            #[inline(always)]
            fn cast(self) -> B8 {
                B8::from(self != 0.0)
            }
        }
    )*};
    // The bounds are exact in either type. `as` would saturate, which no vector instruction does.
    (@wide $float:ty: $($int:ty, $low:expr);*) => {$(
        impl Cast<$int> for $float {
            #[inline(always)]
            #[allow(clippy::manual_range_contains, reason = "it short-circuits")]
            fn cast(self) -> $int {
                // Bitwise `&`, so that no branch stands in the way of vectors; a NaN is not in range.
                let in_range = (self >= $low) & (self < -$low);
                let value: $float = if in_range { self } else { $low };
                // SAFETY: in range and not a NaN.
                unsafe { value.to_int_unchecked() }
            }
        }
    )*};
    (@narrow $float:ty: $($int:ty),*) => {$(
        impl Cast<$int> for $float {
            #[inline(always)]
            fn cast(self) -> $int {
                let wide: i64 = self.cast();
                wide as $int
            }
        }
    )*};
}

macro_rules! plain {
    ($($from:ty => $($to:ty),*);* $(;)?) => {$($(
        impl Cast<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to {
                self as $to
            }
        }
    )*)*};
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        plain!($int => u8, i8, i16, i32, i64, f32, f64);
        impl Cast<B8> for $int {
            #[inline(always)]
            fn cast(self) -> B8 {
                B8::from(self != 0)
            }
        }
    )*};
}

macro_rules! from_bool {
    ($($to:ty),*) => {$(
        impl Cast<$to> for B8 {
            #[inline(always)]
            fn cast(self) -> $to {
                u8::from(bool::from(self)) as $to
            }
        }
    )*};
}

float_to_int!(f32, f64);
plain!(f32 => f32, f64; f64 => f32, f64);
integers!(u8, i8, i16, i32, i64);
from_bool!(u8, i8, i16, i32, i64, f32, f64);

/// Half precision is cast by way of `f32`, which has room for it; so is what PyTorch rounds to it.
macro_rules! half {
    ($($half:ty: $($other:ty),*;)*) => {$(
        $(
            impl Cast<$other> for $half {
                #[inline(always)]
                fn cast(self) -> $other {
                    self.to_f32().cast()
                }
            }
            impl Cast<$half> for $other {
                #[inline(always)]
                fn cast(self) -> $half {
                    let value: f32 = self.cast();
                    <$half>::from_f32(value)
                }
            }
        )*
        impl Cast<Self> for $half {
            #[inline(always)]
            fn cast(self) -> Self {
                self
            }
        }
    )*};
}

half! {
    f16: B8, u8, i8, i16, i32, i64, f32, f64;
    bf16: B8, u8, i8, i16, i32, i64, f32, f64;
}

impl Cast<bf16> for f16 {
    #[inline(always)]
    fn cast(self) -> bf16 {
        bf16::from_f32(self.to_f32())
    }
}

impl Cast<f16> for bf16 {
    #[inline(always)]
    fn cast(self) -> f16 {
        f16::from_f32(self.to_f32())
    }
}

/// A complex number gives its real part, and is true unless both parts are 0; a real one has no imaginary part.
macro_rules! complex {
    ($($part:ty, $other_part:ty: $($real:ty),*;)*) => {$(
        $(
            impl Cast<$real> for Complex<$part> {
                #[inline(always)]
                fn cast(self) -> $real {
                    self.re.cast()
                }
            }
            impl Cast<Complex<$part>> for $real {
                #[inline(always)]
                fn cast(self) -> Complex<$part> {
                    Complex::new(self.cast(), 0.0)
                }
            }
        )*
        impl Cast<B8> for Complex<$part> {
            #[inline(always)]
            fn cast(self) -> B8 {
                B8::from((self.re != 0.0) | (self.im != 0.0))
            }
        }
        impl Cast<Complex<$part>> for B8 {
            #[inline(always)]
            fn cast(self) -> Complex<$part> {
                Complex::new(self.cast(), 0.0)
            }
        }
        impl Cast<Self> for Complex<$part> {
            #[inline(always)]
            fn cast(self) -> Self {
                self
            }
        }
        impl Cast<Complex<$other_part>> for Complex<$part> {
            #[inline(always)]
            fn cast(self) -> Complex<$other_part> {
                Complex::new(self.re.cast(), self.im.cast())
            }
        }
    )*};
}

complex! {
    f32, f64: u8, i8, i16, i32, i64, f16, bf16, f32, f64;
    f64, f32: u8, i8, i16, i32, i64, f16, bf16, f32, f64;
}

impl Cast<Self> for B8 {
    #[inline(always)]
    fn cast(self) -> Self {
        Self::from(bool::from(self))
    }
}

/// Elements converted between looking at the memory again.
const GROUP: usize = 64;

/// Converts `n` contiguous elements; see [`LoopFn`].
///
/// # Safety
/// One input of `n` elements `A` and one output of `n` elements `B`, in any alignment; they do not overlap, or are the same
/// memory and the elements of one size.
unsafe fn cast_loop<A: Element + Cast<B>, B: Element>(
    _op: *const u64,
    inputs: *const *const u8,
    outputs: *const *mut u8,
    n: usize,
    still: Still,
) {
    debug_assert_eq!(still, 0, "conversions walk their input");
    // SAFETY: the caller passes one operand of each kind.
    let (from, to) = unsafe { ((*inputs).cast::<A>(), (*outputs).cast::<B>()) };
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let groups = n / GROUP;
            for group in 0..groups {
                // SAFETY: within the first n elements; whole groups are read before they are written.
                unsafe {
                    #[cfg(target_arch = "x86_64")]
                    if n > BLOCK {
                        // Twice as many bytes as are read may be written: they are asked for ahead.
                        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                        let ahead = to.add(group * GROUP).cast::<i8>().wrapping_add(GROUP * size_of::<B>());
                        for line in 0..(GROUP * size_of::<B>()).div_ceil(64) {
                            _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(64 * line));
                        }
                    }
                    let x = from.add(group * GROUP).cast::<[A; GROUP]>().read_unaligned();
                    let mut y = [B::default(); GROUP];
                    for lane in 0..GROUP {
                        y[lane] = x[lane].cast();
                    }
                    to.add(group * GROUP).cast::<[B; GROUP]>().write_unaligned(y);
                }
            }
            for i in groups * GROUP..n {
                // SAFETY: i < n.
                unsafe { to.add(i).write_unaligned(from.add(i).read_unaligned().cast()) };
            }
        },
    );
}

/// The loop that converts contiguous elements; with equal dtypes it copies them (truth values become 0 or 1).
pub(super) fn cast_kernel(from: DType, to: DType) -> Kernel {
    Kernel { run: loop_of(from, to), input: from, output: to, inputs: 1, params: 0, cost: 300, repeats: false }
}

fn loop_of(from: DType, to: DType) -> LoopFn {
    with_element!(stored from, A => with_element!(stored to, B => cast_loop::<A, B>))
}

/// Converts `n` contiguous elements.
///
/// # Safety
/// Both addresses are good for `n` elements of their dtypes; the ranges do not overlap.
pub(super) unsafe fn cast_run(from: DType, src: *const u8, to: DType, dst: *mut u8, n: usize) {
    // SAFETY: as promised by the caller.
    unsafe { loop_of(from, to)(std::ptr::null(), &raw const src, &raw const dst, n, 0) }
}
