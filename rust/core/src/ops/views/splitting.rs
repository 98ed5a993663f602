//! `tensor_split`: parts that are slices, each a view of its own, unlike those of `split`, and need not be of one length.

use super::{check_parts, slice};
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::shape;
use crate::tensor::Tensor;

const OP: &str = "tensor_split";

/// The size of the axis to be split.
fn size_along(source: &Tensor, axis: i64) -> Result<i64> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime(
            OP,
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims",
        ));
    }
    Ok(shape[shape::normalize_axis(OP, axis, shape.len())?] as i64)
}

/// The parts between positions of an axis, which are clamped to it like the bounds of Python's slices.
#[track_caller]
pub fn split_at(source: &Tensor, positions: &[i64], axis: i64) -> Result<Vec<Tensor>> {
    size_along(source, axis)?;
    let starts = std::iter::once(None).chain(positions.iter().copied().map(Some));
    let ends = positions.iter().copied().map(Some).chain([None]);
    starts.zip(ends).map(|(start, end)| slice(source, axis, start, end, 1)).collect()
}

/// As many parts as asked for, the first ones longer by one where the axis does not come out even.
#[track_caller]
pub fn split_evenly(source: &Tensor, sections: i64, axis: i64) -> Result<Vec<Tensor>> {
    let size = size_along(source, axis)?;
    if sections <= 0 {
        return Err(Error::runtime(OP, format!("number of sections must be larger than 0, got {sections}")));
    }
    check_parts(OP, sections)?;
    let (length, longer) = (size / sections, size % sections);
    let start = |part: i64| part * length + part.min(longer);
    (0..sections).map(|part| slice(source, axis, Some(start(part)), Some(start(part + 1)), 1)).collect()
}

/// Positions, or without axes the number of parts, as a tensor.
#[track_caller]
pub fn split_by(source: &Tensor, how: &Tensor, axis: i64) -> Result<Vec<Tensor>> {
    size_along(source, axis)?;
    if how.dtype() != DType::I64 {
        return Err(Error::runtime(
            OP,
            format!(
                "tensor_split expected tensor_indices_or_sections to have dtype of long, but got {}",
                torch_name(how.dtype())
            ),
        ));
    }
    match how.rank() {
        0 => split_evenly(source, how.item()?.to_i64(), axis),
        1 => split_at(source, &how.to_vec::<i64>(), axis),
        rank => Err(Error::runtime(
            OP,
            format!(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a \
                 tensor with {rank} dims"
            ),
        )),
    }
}
