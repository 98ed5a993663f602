//! The few operations the engine itself performs on gradients, as a table that the crate's root fills in with the ops.

use crate::dtype::DType;
use crate::error::Result;
use crate::launch::Sole;
use crate::provenance::Blame;
use crate::tensor::Tensor;

/// What the engine needs to be able to do with gradients. All are recorded when grad mode is on.
pub(crate) struct Algebra {
    /// `a + b` as a new tensor.
    pub add: fn(&Tensor, &Tensor) -> Result<Tensor>,
    /// `a += b`, never recorded.
    pub add_in_place: fn(&Tensor, &Tensor) -> Result<()>,
    /// `a += b` for small plain data; false, with nothing done, where it is not.
    pub add_data: fn(Sole<'_>, Sole<'_>, Blame) -> bool,
    /// Sums a gradient over broadcast axes down to a shape.
    pub sum_to: fn(&Tensor, &[usize]) -> Result<Tensor>,
    /// Casts a gradient.
    pub cast: fn(&Tensor, DType) -> Result<Tensor>,
    /// A copy with the strides given.
    pub copy_strided: fn(&Tensor, &[isize]) -> Result<Tensor>,
    /// Broadcasts to a shape.
    pub expand_to: fn(&Tensor, &[usize]) -> Result<Tensor>,
    /// Zeros in the shape, the dtype and the layout of a tensor.
    pub zeros_like: fn(&Tensor) -> Result<Tensor>,
    /// Zeros in the shape and dtype of the first, one example of as many as the second is one of.
    pub zeros_beside: fn(&Tensor, &Tensor) -> Result<Tensor>,
    /// Whether any element is NaN.
    pub any_nan: fn(&Tensor) -> Result<bool>,
    /// The part of a gradient that belongs to a view (shape, strides, offset) of a base with the given geometry;
    /// the result is a view of the first argument.
    pub as_strided: fn(&Tensor, &[usize], &[isize], usize) -> Result<Tensor>,
    /// The elements at positions, counted row by row, in the shape of these.
    pub take: fn(&Tensor, &Tensor) -> Result<Tensor>,
    /// A copy of the first with the elements of the third at positions.
    pub put: fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
    /// Copies the second into the first, in place.
    pub copy_into: fn(&Tensor, &Tensor) -> Result<()>,
    /// Fills with zeros, in place.
    pub zero: fn(&Tensor) -> Result<()>,
}

pub(super) use crate::ALGEBRA;
