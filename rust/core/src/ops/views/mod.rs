//! Operations that show the same memory in another way, and the gradients that put the parts back.

mod axes;
mod choosing;
pub mod diagonals;
mod op;
mod parts;
pub mod reinterpret;
mod rule;
mod shapes;
pub mod splitting;
mod strided;
pub mod table;

pub use axes::{matrix_transpose, movedim, permute, reversed_axes, t, transpose};
pub use choosing::{diagonal, narrow, select, slice, unfold};
pub(in crate::ops) use choosing::{select_op, slice_op};
pub use op::ViewOp;
pub(in crate::ops) use parts::check_parts;
pub use parts::{chunk, split, split_sizes, unbind};
pub(in crate::ops) use rule::view_of;
pub use rule::{embed, in_place};
pub use shapes::{alias, broadcast_to, expand, flatten, reshape, reshape_to, squeeze, unflatten, unsqueeze, view};
pub(in crate::ops) use shapes::{drop_first, unsafe_view};
pub use strided::as_strided;
