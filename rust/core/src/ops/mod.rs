//! THE place: one file per family of operations; value, gradient and documentation of an op side by side.
//!
//! To add an elementwise op, add a row to a family ([`arithmetic`], [`exponential`], [`activation`], …) and a line to
//! that family's part of [`table`]. To add a structured op, write a function and its rule in a family file, and a line
//! in its table.

pub mod activation;
pub mod algebra;
pub mod arithmetic;
pub mod arranging;
pub mod batching;
pub mod closeness;
pub mod comparison;
pub mod complex;
pub mod composed;
pub mod creation;
pub mod elementwise;
pub mod elementwise_table;
pub mod exponential;
pub mod fourier;
pub mod indexing;
pub mod levels;
pub mod linalg;
pub mod matmul;
pub mod methods;
pub mod nn;
pub mod optim;
pub mod overloads;
pub mod powers;
pub mod random;
pub mod reductions;
pub mod registry;
pub mod select;
pub mod sorting;
pub mod special;
pub mod special_table;
pub mod traced;
pub mod views;
pub mod writing;

/// Every elementwise row under one roof.
pub mod rows {
    pub use super::activation::*;
    pub use super::arithmetic::*;
    pub use super::comparison::*;
    pub use super::exponential::*;
    pub use super::nn::loss_rows::*;
    pub use super::reductions::range::{signed, unit_slope};
    pub use super::select::*;
    pub use super::special::*;
}

pub use registry::{OpInfo, Output, Value};
