//! Tensors put together, padded, and their elements in other places.

pub mod grids;
pub mod joining;
pub mod padding;
pub mod padding_modes;
pub mod rearranging;
pub mod table;
