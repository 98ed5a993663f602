//! THE place: a folder per family of operations; value, gradient and documentation of an op side by side, and the table that
//! makes the family callable by name.
//!
//! To add an elementwise op, add a row to one of the files of [`elementwise`] ([`elementwise::arithmetic`],
//! [`elementwise::activation`], …) and a line to [`elementwise::table`]. To add a structured op, write its rules in a file of
//! its family, and a line in the family's table. [`registry::tables`] lists the tables.

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
