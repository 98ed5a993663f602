//! Matrix products, and what is made of them.

pub mod contraction;
pub mod einsum;
mod form;
mod functions;
mod product;
pub mod table;

pub(super) use form::c_name;
pub(super) use functions::as_addend;
pub use functions::{addbmm, addmm, addmv, addr, baddbmm, bmm, dot, linear, matmul, mm, mv, outer, vdot};
