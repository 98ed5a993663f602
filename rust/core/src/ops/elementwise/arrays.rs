//! Rows on bare arrays, for operations that compute one as a part of theirs.

use smallvec::SmallVec;

use super::plan::choose;
use super::row::{MAX_INPUTS, Promotion, Row};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::launch::{self, Source};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};

/// The value of a row of floats.
pub(in crate::ops) fn value(row: &'static Row, params: &[Scalar], inputs: &[&Array]) -> Result<Array> {
    let op = row.name;
    let (mut promotion, mut shape): (_, Option<Shape>) = (Promotion::default(), None);
    for array in inputs {
        promotion.tensor(array.dtype(), array.rank());
        shape = Some(match shape {
            Some(shape) => shape::broadcast(op, &shape, array.shape())?,
            None => Shape::from_slice(array.shape()),
        });
    }
    let shape = shape.unwrap_or_default();
    let (compute, kernel) = choose(row, promotion.result())?;
    let output = uninit_as(op, &shape, compute, inputs)?;
    let sources: SmallVec<[Source<&Array>; MAX_INPUTS]> = inputs.iter().map(|&array| Source::Array(array)).collect();
    launch::map(&kernel, params, &sources, &output, || {});
    Ok(output)
}

/// The gradient of a row with respect to one input in the shape of the row's result, from the gradient of that and the
/// inputs that the formula reads, in order.
pub(in crate::ops) fn gradient(
    row: &'static Row,
    input: usize,
    params: &[Scalar],
    shape: &[usize],
    grad: &Array,
    used: &[&Array],
) -> Result<Array> {
    for array in std::iter::once(grad).chain(used.iter().copied()) {
        if shape::broadcast(row.name, array.shape(), shape)?.as_slice() != shape {
            let reason = "what was saved does not broadcast to the result any more";
            return Err(Error::shapes(row.name, shape, array.shape(), reason));
        }
    }
    let kernel = (row.grads[input].kernel)(grad.dtype())
        .ok_or_else(|| Error::dtype(row.name, grad.dtype(), "no gradient kernel"))?;
    let output = uninit_as(row.name, shape, grad.dtype(), used)?;
    let mut sources: SmallVec<[Source<&Array>; MAX_INPUTS + 2]> = smallvec::smallvec![Source::Array(grad)];
    sources.extend(used.iter().map(|&array| Source::Array(array)));
    launch::map(&kernel, params, &sources, &output, || {});
    Ok(output)
}

/// Fresh memory that lies as the first of the inputs does that has the shape.
fn uninit_as(op: &'static str, shape: &[usize], dtype: DType, inputs: &[&Array]) -> Result<Array> {
    match inputs.iter().find(|array| array.shape() == shape) {
        Some(like) => Array::uninit_like(op, like, dtype),
        None => Array::uninit(op, shape, dtype),
    }
}
