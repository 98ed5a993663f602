//! What every part of arcgrad stands on and what knows none of them: dtypes, numbers from outside, shapes and layouts,
//! the one error type, warnings, and the one parallel loop.

use std::sync::atomic::{AtomicU8, Ordering};

pub mod dtype;
pub mod error;
pub mod lattice;
pub mod parallel;
pub mod scalar;
pub mod shape;
pub mod sync;
pub mod warning;

pub use dtype::DType;
pub use error::{Error, Result};
pub use scalar::Scalar;

static DEFAULT_DTYPE: AtomicU8 = AtomicU8::new(DType::F32 as u8);

/// The dtype of floats from outside and of integers promoted to float: `float32` unless set.
#[inline]
pub fn default_dtype() -> DType {
    DType::ALL[usize::from(DEFAULT_DTYPE.load(Ordering::Relaxed))]
}

/// Sets [`default_dtype`].
///
/// # Errors
/// When `dtype` is no floating-point dtype.
pub fn set_default_dtype(dtype: DType) -> Result<()> {
    if !dtype.is_float() {
        return Err(Error::type_(
            "set_default_dtype",
            format!("only floating-point types are supported as the default type, got {dtype}"),
        ));
    }
    DEFAULT_DTYPE.store(dtype as u8, Ordering::Relaxed);
    Ok(())
}
