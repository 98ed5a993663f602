//! A number from outside: a Python number, a Rust literal, one element of an array.

use std::fmt;

use crate::dtype::{Category, DType};
use crate::error::{Error, Result};

/// A number that keeps its category: PyTorch promotes such "wrapped numbers" by category only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// Truth value.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Floating-point number.
    Float(f64),
    /// Complex number: real and imaginary part.
    Complex(f64, f64),
}

impl Scalar {
    /// The dtype this number has on its own: `bool`, `int64`, the default float dtype or the complex one of its width.
    pub fn dtype(self) -> DType {
        match self {
            Self::Bool(_) => DType::Bool,
            Self::Int(_) => DType::I64,
            Self::Float(_) => crate::default_dtype(),
            Self::Complex(..) => crate::default_dtype().to_complex(),
        }
    }

    /// As `f64`; integers above 2⁵³ are rounded, an imaginary part is dropped.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Bool(value) => f64::from(u8::from(value)),
            Self::Int(value) => value as f64,
            Self::Float(value) | Self::Complex(value, _) => value,
        }
    }

    /// The real and the imaginary part.
    pub fn to_complex(self) -> [f64; 2] {
        match self {
            Self::Complex(real, imaginary) => [real, imaginary],
            real => [real.to_f64(), 0.0],
        }
    }

    /// The complex conjugate; a real number itself.
    #[must_use]
    pub fn conj(self) -> Self {
        match self {
            Self::Complex(real, imaginary) => Self::Complex(real, -imaginary),
            real => real,
        }
    }

    /// Whether it is 1.
    pub fn is_one(self) -> bool {
        self.to_complex() == [1.0, 0.0]
    }

    /// As `i64`, truncated towards zero.
    pub fn to_i64(self) -> i64 {
        match self {
            Self::Bool(value) => i64::from(value),
            Self::Int(value) => value,
            Self::Float(value) | Self::Complex(value, _) => value as i64,
        }
    }

    /// As a truth value.
    pub fn to_bool(self) -> bool {
        match self {
            Self::Bool(value) => value,
            Self::Int(value) => value != 0,
            Self::Float(value) => value != 0.0,
            Self::Complex(real, imaginary) => real != 0.0 || imaginary != 0.0,
        }
    }

    /// The element's bytes in memory of `dtype`, in the first `dtype.size()` places.
    pub fn to_bytes(self, dtype: DType) -> [u8; 16] {
        let mut bytes = [0u8; 16];
        let mut put = |source: &[u8]| bytes[..source.len()].copy_from_slice(source);
        match dtype {
            DType::Bool => put(&[u8::from(self.to_bool())]),
            DType::U8 => put(&(self.to_i64() as u8).to_ne_bytes()),
            DType::I8 => put(&(self.to_i64() as i8).to_ne_bytes()),
            DType::I16 => put(&(self.to_i64() as i16).to_ne_bytes()),
            DType::I32 => put(&(self.to_i64() as i32).to_ne_bytes()),
            DType::I64 => put(&self.to_i64().to_ne_bytes()),
            DType::F32 => put(&(self.to_f64() as f32).to_ne_bytes()),
            DType::F64 => put(&self.to_f64().to_ne_bytes()),
            DType::F16 => put(&half::f16::from_f64(self.to_f64()).to_ne_bytes()),
            DType::BF16 => put(&half::bf16::from_f64(self.to_f64()).to_ne_bytes()),
            DType::C64 => put(self.to_complex().map(|part| (part as f32).to_ne_bytes()).as_flattened()),
            DType::C128 => put(self.to_complex().map(f64::to_ne_bytes).as_flattened()),
        }
        bytes
    }

    /// Reads one element.
    ///
    /// # Safety
    /// `ptr` is readable for one element of `dtype`.
    pub unsafe fn read(ptr: *const u8, dtype: DType) -> Self {
        // SAFETY: as the caller promises; unaligned because foreign memory may be.
        unsafe {
            match dtype {
                DType::Bool => Self::Bool(ptr.read() != 0),
                DType::U8 => Self::Int(ptr.read().into()),
                DType::I8 => Self::Int(ptr.cast::<i8>().read().into()),
                DType::I16 => Self::Int(ptr.cast::<i16>().read_unaligned().into()),
                DType::I32 => Self::Int(ptr.cast::<i32>().read_unaligned().into()),
                DType::I64 => Self::Int(ptr.cast::<i64>().read_unaligned()),
                DType::F16 => Self::Float(ptr.cast::<half::f16>().read_unaligned().into()),
                DType::BF16 => Self::Float(ptr.cast::<half::bf16>().read_unaligned().into()),
                DType::F32 => Self::Float(ptr.cast::<f32>().read_unaligned().into()),
                DType::F64 => Self::Float(ptr.cast::<f64>().read_unaligned()),
                DType::C64 => {
                    let [real, imaginary] = ptr.cast::<[f32; 2]>().read_unaligned();
                    Self::Complex(real.into(), imaginary.into())
                }
                DType::C128 => {
                    let [real, imaginary] = ptr.cast::<[f64; 2]>().read_unaligned();
                    Self::Complex(real, imaginary)
                }
            }
        }
    }

    /// Whether `dtype` has room for the number. Infinities and NaN fit floating-point types only; negative integers wrap
    /// in unsigned types, as in PyTorch, as long as their magnitude fits; what is too large for half precision becomes infinite there.
    pub fn is_storable(self, dtype: DType) -> bool {
        // PyTorch drops no imaginary part but 0, except into truth values.
        if self.to_complex()[1] != 0.0 && !matches!(dtype, DType::Bool | DType::C64 | DType::C128) {
            return false;
        }
        let Some((low, high)) = dtype.integer_range() else {
            let greatest = match dtype {
                DType::F32 | DType::C64 => f64::from(f32::MAX),
                _ => return true,
            };
            return self.to_complex().iter().all(|part| !part.is_finite() || part.abs() <= greatest);
        };
        match self {
            Self::Bool(_) => true,
            Self::Int(value) if dtype == DType::U8 => (-high..=high).contains(&value),
            Self::Int(value) => (low..=high).contains(&value),
            // 2⁶³, the nearest float to the greatest `i64`, is the first number that does not fit.
            Self::Float(value) | Self::Complex(value, _) if dtype == DType::I64 => {
                (low as f64..-(low as f64)).contains(&value)
            }
            Self::Float(value) | Self::Complex(value, _) => (low as f64..=high as f64).contains(&value),
        }
    }

    /// The number, if `dtype` has room for it.
    ///
    /// # Errors
    /// `RuntimeError` where PyTorch refuses to convert; see [`Scalar::is_storable`].
    pub fn storable(self, op: &'static str, dtype: DType) -> Result<Self> {
        if self.is_storable(dtype) {
            return Ok(self);
        }
        let text = format!("value cannot be converted to type {dtype} without overflow: {}", self.to_f64());
        Err(Error::runtime(op, text))
    }

    /// The number as elements of half precision have it, where `dtype` is that.
    pub fn rounded(self, dtype: DType) -> Self {
        match (self, dtype) {
            (Self::Complex(..), _) => self,
            (_, DType::F16) => Self::Float(half::f16::from_f64(self.to_f64()).into()),
            (_, DType::BF16) => Self::Float(half::bf16::from_f64(self.to_f64()).into()),
            _ => self,
        }
    }

    /// The number as one of the category of `dtype`: truncated, or a truth value.
    pub fn in_category(self, dtype: DType) -> Self {
        match dtype.category() {
            Category::Bool => Self::Bool(self.to_bool()),
            Category::Integer => Self::Int(self.to_i64()),
            Category::Float => Self::Float(self.to_f64()),
            Category::Complex => {
                let [real, imaginary] = self.to_complex();
                Self::Complex(real, imaginary)
            }
        }
    }

    /// Category in the promotion lattice.
    pub fn category(self) -> Category {
        match self {
            Self::Bool(_) => Category::Bool,
            Self::Int(_) => Category::Integer,
            Self::Float(_) => Category::Float,
            Self::Complex(..) => Category::Complex,
        }
    }
}

/// As Python writes it: `True`, `3`, `0.5`, `(1+2j)`.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_nan() => f.write_str("nan"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Complex(real, imaginary) => write!(f, "({real}{imaginary:+}j)"),
        }
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dtype_has_room_for_its_own_range() {
        for dtype in DType::ALL {
            let Some((low, high)) = dtype.integer_range() else { continue };
            for edge in [low, high, 0] {
                assert!(Scalar::Int(edge).is_storable(dtype), "{edge} in {dtype}");
            }
            for beyond in [f64::NAN, f64::INFINITY, high as f64 + 1.0, low as f64 * 2.0 - 1.0] {
                assert!(!Scalar::Float(beyond).is_storable(dtype), "{beyond} in {dtype}");
            }
        }
        // Negative integers wrap in unsigned types, floats do not.
        assert!(Scalar::Int(-255).is_storable(DType::U8) && !Scalar::Int(-256).is_storable(DType::U8));
        assert!(!Scalar::Float(-1.0).is_storable(DType::U8) && Scalar::Float(-0.0).is_storable(DType::U8));
        assert!(Scalar::Float(f64::INFINITY).is_storable(DType::F32) && !Scalar::Float(1e39).is_storable(DType::F32));
        assert!(Scalar::Float(f64::NAN).is_storable(DType::Bool) && Scalar::Float(1e300).is_storable(DType::F64));
        assert!(
            !Scalar::Complex(1.0, 2.0).is_storable(DType::I64) && Scalar::Complex(1.0, 0.0).is_storable(DType::I64)
        );
        assert!(
            !Scalar::Complex(1.0, 1e39).is_storable(DType::C64) && Scalar::Complex(1.0, 1e39).is_storable(DType::C128)
        );
    }

    #[test]
    fn what_is_written_as_bytes_is_read_again() {
        let numbers = [Scalar::Bool(true), Scalar::Int(-3), Scalar::Float(1.5), Scalar::Complex(0.5, -2.0)];
        for dtype in DType::ALL {
            for number in numbers.into_iter().filter(|number| number.category() <= dtype.category()) {
                // Nothing negative is unsigned.
                let number = if dtype == DType::U8 { Scalar::Int(number.to_i64().abs()) } else { number };
                let bytes = number.to_bytes(dtype);
                // SAFETY: sixteen bytes, of which a dtype has at most as many.
                let read = unsafe { Scalar::read(bytes.as_ptr(), dtype) };
                assert_eq!(read, number.in_category(dtype), "{number} as {dtype}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_in_python() {
        let written = [
            (Scalar::Bool(true), "True"),
            (Scalar::Int(-3), "-3"),
            (Scalar::Float(1.0), "1.0"),
            (Scalar::Float(f64::NAN), "nan"),
            (Scalar::Float(f64::NEG_INFINITY), "-inf"),
            (Scalar::Complex(1.0, -2.5), "(1-2.5j)"),
        ];
        for (number, text) in written {
            assert_eq!(number.to_string(), text);
        }
    }
}
