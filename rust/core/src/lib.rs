//! Tensors with PyTorch's autograd semantics.
pub mod display;
pub mod dtype;
pub mod error;
pub mod kernels;
pub mod parallel;
pub mod random;
