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

pub mod array;
pub mod autograd;
pub mod display;
mod geometry;
pub mod graph;
mod launch;
pub mod ops;
pub mod provenance;
pub mod random;
pub mod storage;
pub mod tensor;

pub use arcgrad_base::{default_dtype, dtype, error, parallel, scalar, set_default_dtype, shape, warning};
#[doc(hidden)]
pub use arcgrad_kernels as kernels;

pub use arcgrad_base::{DType, Error, Result, Scalar};
pub use array::Array;
pub use tensor::Tensor;

pub(crate) use arcgrad_base::{lattice, sync};
pub(crate) use arcgrad_kernels::with_element;

/// What the engine of the graph does with gradients: here the graph, which names no operation, meets the operations.
pub(crate) use ops::algebra::ALGEBRA;
