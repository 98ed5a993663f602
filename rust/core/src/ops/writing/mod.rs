//! Copies, casts, and what is written into tensors that are there.

pub mod copy;
pub mod out;
pub(super) mod overlap;
pub mod table;
pub(super) mod write;
