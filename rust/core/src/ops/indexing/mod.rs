//! Elements by position: index expressions, positions along an axis, masks, scatters, embeddings.

pub mod along;
pub mod embedding;
mod expression;
mod lookup;
pub mod masks;
mod places;
pub mod scatter_reduce;
pub mod scatter_views;
pub mod slices;
pub mod table;

pub use expression::{IndexItem, getitem, setitem};
pub(super) use lookup::{Indices, at, put_at};
pub use lookup::{index_get, index_put};
