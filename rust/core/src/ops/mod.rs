//! THE place: one file per family of operations; value, gradient and documentation of an op side by side.
//!
//! To add an elementwise op, add a row to a family ([`arithmetic`], [`exponential`], [`activation`], …) and a line to
//! that family's part of [`table`]. To add a structured op, write a function and its rule in a family file, and a line
//! in its table.

pub mod algebra;
pub mod arranging;
pub mod batching;
pub mod complex;
pub mod creation;
pub mod elementwise;
pub mod fourier;
pub mod indexing;
pub mod levels;
pub mod linalg;
pub mod matmul;
pub mod methods;
pub mod nn;
pub mod optim;
pub mod random;
pub mod reductions;
pub mod registry;
pub mod sorting;
pub mod views;
pub mod writing;

/// Every elementwise row under one roof.
pub mod rows {
    pub use super::elementwise::activation::*;
    pub use super::elementwise::arithmetic::*;
    pub use super::elementwise::comparison::*;
    pub use super::elementwise::exponential::*;
    pub use super::elementwise::select::*;
    pub use super::elementwise::special::*;
    pub use super::nn::loss_rows::*;
    pub use super::reductions::range::{signed, unit_slope};
}

pub use registry::{OpInfo, Output, Value};
