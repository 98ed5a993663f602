//! Tensors with PyTorch's autograd semantics: a dynamic graph, gradients of any order, SIMD kernels. No Python needed.
//!
//! Reading order: [`dtype`], [`shape`], [`storage`], [`array`] (data without gradients); [`kernels`] (loops over
//! memory); [`tensor`] and [`graph`] (what was recorded and how it runs backward); [`ops`] (every operation: value,
//! gradient and documentation in one place).
//!
//! ```
//! use arcgrad::Tensor;
//!
//! let x = Tensor::from_slice(&[1.0_f64, 2.0, 3.0], &[3])?.with_grad()?;
//! let y = x.mul(&x)?.sum()?;
//! y.backward()?;
//! assert_eq!(x.grad().unwrap().to_vec::<f64>(), [2.0, 4.0, 6.0]);
//! # Ok::<(), Box<arcgrad::Error>>(())
//! ```

use std::sync::atomic::{AtomicU8, Ordering};

pub mod array;
pub mod autograd;
pub mod display;
pub mod dtype;
pub mod error;
mod geometry;
pub mod graph;
pub mod kernels;
mod lattice;
mod launch;
pub mod ops;
pub mod parallel;
pub mod provenance;
pub mod random;
pub mod scalar;
pub mod shape;
pub mod storage;
mod sync;
pub mod tensor;
pub mod warning;

pub use array::Array;
pub use dtype::DType;
pub use error::{Error, Result};
pub use scalar::Scalar;
pub use tensor::Tensor;

/// What the engine of the graph does with gradients: here the graph, which names no operation, meets the operations.
pub(crate) use ops::algebra::ALGEBRA;

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
