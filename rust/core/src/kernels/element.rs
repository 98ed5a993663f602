//! The Rust types that lie in tensor memory, one per [`DType`].

use crate::dtype::DType;

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
    B8 => Bool, u8 => U8, i8 => I8, i16 => I16, i32 => I32, i64 => I64, f32 => F32, f64 => F64,
}

/// Calls a generic function with the element type of a runtime dtype: `with_element!(dtype, T => body::<T>(x))`.
/// The first form takes every supported dtype, `float` only `f32` and `f64`. Unsupported dtypes are a bug of the
/// caller, who checks them at the door.
#[macro_export]
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::Bool => {
                type $T = $crate::kernels::element::B8;
                $body
            }
            $crate::dtype::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::dtype::DType::I8 => {
                type $T = i8;
                $body
            }
            $crate::dtype::DType::I16 => {
                type $T = i16;
                $body
            }
            $crate::dtype::DType::I32 => {
                type $T = i32;
                $body
            }
            $crate::dtype::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::dtype::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::dtype::DType::F64 => {
                type $T = f64;
                $body
            }
            other => unreachable!("dtype {other} is refused at the door"),
        }
    };
    (float $dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::dtype::DType::F64 => {
                type $T = f64;
                $body
            }
            other => unreachable!("dtype {other} is refused at the door"),
        }
    };
}
