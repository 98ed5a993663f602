//! Random tensors, and random changes in place.

pub mod draws;
pub mod shapes;
pub mod table;
