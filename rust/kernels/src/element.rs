//! The Rust types that lie in tensor memory, one per [`DType`].

use std::num::Wrapping;

use arcgrad_base::dtype::DType;
use arcgrad_base::scalar::Scalar;

/// A byte that means a truth value. Any non-zero byte is true: memory from outside may hold anything.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct B8(pub u8);

impl From<bool> for B8 {
    #[inline(always)]
    fn from(value: bool) -> Self {
        Self(value as u8)
    }
}

impl From<B8> for bool {
    #[inline(always)]
    fn from(value: B8) -> Self {
        value.0 != 0
    }
}

/// A type that lies in tensor memory.
///
/// # Safety
/// Every bit pattern must be a valid value, and the size must be that of `DTYPE`.
pub unsafe trait Element: Copy + Default + PartialEq + Send + Sync + 'static {
    /// The dtype this type stands for.
    const DTYPE: DType;

    /// A number, cast.
    fn from_scalar(value: Scalar) -> Self {
        let bytes = value.to_bytes(Self::DTYPE);
        // SAFETY: the bytes are those of an element of this size, and any are one.
        unsafe { bytes.as_ptr().cast::<Self>().read_unaligned() }
    }
}

macro_rules! elements {
    ($($type:ty => $dtype:ident),* $(,)?) => {$(
        // SAFETY: plain old data of the stated size, every bit pattern valid.
        unsafe impl Element for $type {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}

elements! {
    // In memory, and computed in `f32`.
    half::f16 => F16, half::bf16 => BF16,
    B8 => Bool, u8 => U8, i8 => I8, i16 => I16, i32 => I32, i64 => I64, f32 => F32, f64 => F64,
    // Integers whose arithmetic is that of a ring lie in memory as what they wrap.
    Wrapping<u8> => U8, Wrapping<i8> => I8, Wrapping<i16> => I16, Wrapping<i32> => I32, Wrapping<i64> => I64,
}

/// Calls a generic function with the element type of a runtime dtype: `with_element!(dtype, T => body::<T>(x))`.
/// The first form takes every dtype whose numbers have an order and are computed with as they lie in memory; `number` does so
/// with integers as [`Wrapping`], so that each type is one of [`number`](crate::number), `ring` with complex ones besides; `float` takes only `f32` and
/// `f64`, `field` complex numbers too, `int` only integers, wrapping; `stored` takes every dtype, for what is moved or cast.
/// Other dtypes are a bug of the caller, who checks them at the door.
#[macro_export]
macro_rules! with_element {
    (@ $dtype:expr, $T:ident, $body:expr; $($variant:ident: $element:ty),*) => {
        match $dtype {
            $($crate::DType::$variant => {
                type $T = $element;
                $body
            })*
            #[allow(unreachable_patterns, reason = "where every dtype is named")]
            other => unreachable!("dtype {other} is refused at the door"),
        }
    };
    (float $dtype:expr, $T:ident => $body:expr) => {
        $crate::with_element!(@ $dtype, $T, $body; F32: f32, F64: f64)
    };
    (stored $dtype:expr, $T:ident => $body:expr) => {
        $crate::with_element!(
            @ $dtype, $T, $body;
            Bool: $crate::element::B8, U8: u8, I8: i8, I16: i16, I32: i32, I64: i64, F16: half::f16, BF16: half::bf16,
            F32: f32, F64: f64, C64: $crate::number::Complex<f32>, C128: $crate::number::Complex<f64>
        )
    };
    (field $dtype:expr, $T:ident => $body:expr) => {
        $crate::with_element!(
            @ $dtype, $T, $body;
            F32: f32, F64: f64, C64: $crate::number::Complex<f32>, C128: $crate::number::Complex<f64>
        )
    };
    (int $dtype:expr, $T:ident => $body:expr) => {
        $crate::with_element!(
            @ $dtype, $T, $body;
            U8: std::num::Wrapping<u8>, I8: std::num::Wrapping<i8>, I16: std::num::Wrapping<i16>,
            I32: std::num::Wrapping<i32>, I64: std::num::Wrapping<i64>
        )
    };
    (number $dtype:expr, $T:ident => $body:expr) => {
        $crate::with_element!(
            @ $dtype, $T, $body;
            Bool: $crate::element::B8, U8: std::num::Wrapping<u8>, I8: std::num::Wrapping<i8>,
            I16: std::num::Wrapping<i16>, I32: std::num::Wrapping<i32>, I64: std::num::Wrapping<i64>, F32: f32, F64: f64
        )
    };
    (ring $dtype:expr, $T:ident => $body:expr) => {
        $crate::with_element!(
            @ $dtype, $T, $body;
            Bool: $crate::element::B8, U8: std::num::Wrapping<u8>, I8: std::num::Wrapping<i8>,
            I16: std::num::Wrapping<i16>, I32: std::num::Wrapping<i32>, I64: std::num::Wrapping<i64>, F32: f32, F64: f64,
            C64: $crate::number::Complex<f32>, C128: $crate::number::Complex<f64>
        )
    };
    ($dtype:expr, $T:ident => $body:expr) => {
        $crate::with_element!(
            @ $dtype, $T, $body;
            Bool: $crate::element::B8, U8: u8, I8: i8, I16: i16, I32: i32, I64: i64, F32: f32, F64: f64
        )
    };
}
