//! Operations that show the same memory in another way, and the gradients that put the parts back.

mod axes;
mod choosing;
pub mod diagonals;
mod op;
mod pairs;
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
pub use pairs::{view_as_complex, view_as_real};
pub(in crate::ops) use parts::check_parts;
pub use parts::{chunk, split, split_sizes, unbind};
pub use rule::{embed, in_place, reshape_to};
pub(in crate::ops) use rule::{front, unsafe_view, view_of};
pub(in crate::ops) use shapes::drop_first;
pub use shapes::{alias, broadcast_to, expand, flatten, reshape, squeeze, unflatten, unsqueeze, view};
pub use strided::as_strided;
