//! Reductions and scans along axes, and what is made of them.

pub(super) mod axes;
pub mod choosing;
pub mod moments;
pub mod range;
pub(super) mod recurrence;
pub mod reduce;
pub mod scan;
pub mod softmax;
pub mod statistics;
pub mod table;
