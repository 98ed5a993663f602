//! Copies, casts, and what is written into tensors that are there.

pub mod copy;
pub mod out;
pub(super) mod overlap;
mod overwritten;
pub mod table;
pub(super) mod write;

pub(super) use overwritten::Filled;
