//! Some of the elements: a position, a range, a diagonal, windows.

use super::op::ViewOp;
use super::rule::view_of;
use crate::error::{Error, Result};
use crate::graph::views::plain_view;
use crate::shape;
use crate::tensor::Tensor;

/// One position of an axis, the axis removed. Negative positions count from the end.
#[track_caller]
pub fn select(source: &Tensor, axis: i64, index: i64) -> Result<Tensor> {
    let plain = plain_view(source, |array| {
        let axis = shape::normalize_axis("select", axis, array.rank())?;
        Ok(array.select(axis, position_in(array.shape(), axis, index)?))
    });
    if let Some(Ok(view)) = plain {
        return Ok(view);
    }
    let shape = source.shape();
    let axis = shape::normalize_axis("select", axis, shape.len())?;
    view_of(source, "SelectBackward0", select_op(&shape, axis, index)?)
}

/// A position on an axis, counted from the end if negative.
#[inline]
fn position_in(shape: &[usize], axis: usize, index: i64) -> Result<usize> {
    // A tensor without axes has none to select from, although it takes 0 for an axis.
    let Some(&size) = shape.get(axis) else {
        return Err(Error::index("select", "select() cannot be applied to a 0-dim tensor."));
    };
    let position = if index < 0 { index.saturating_add(size as i64) } else { index };
    if position < 0 || position >= size as i64 {
        return Err(Box::new(Error::IndexOutOfRange { op: "select", index, axis, size }));
    }
    Ok(position as usize)
}

/// The view of [`select`], the position checked.
pub(in crate::ops) fn select_op(shape: &[usize], axis: usize, index: i64) -> Result<ViewOp> {
    Ok(ViewOp::Select { axis, index: position_in(shape, axis, index)? })
}

/// Elements `start..end` of an axis in steps, clamped to the axis like Python's slices.
#[track_caller]
pub fn slice(source: &Tensor, axis: i64, start: Option<i64>, end: Option<i64>, step: i64) -> Result<Tensor> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("slice", "slice() cannot be applied to a 0-dim tensor."));
    }
    let axis = shape::normalize_axis("slice", axis, shape.len())?;
    view_of(source, "SliceBackward0", slice_op(&shape, axis, start, end, step)?)
}

/// The view of [`slice()`], the bounds clamped.
pub(in crate::ops) fn slice_op(
    shape: &[usize],
    axis: usize,
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> Result<ViewOp> {
    if step <= 0 {
        return Err(Error::value("slice", "step must be greater than zero"));
    }
    let size = shape[axis] as i64;
    let clamp = |bound: i64| if bound < 0 { bound.saturating_add(size) } else { bound }.clamp(0, size);
    let start = clamp(start.unwrap_or(0));
    let end = clamp(end.unwrap_or(i64::MAX)).max(start);
    // Rounded up without adding the step, which may be as large as it likes.
    let length = (end - start) / step + i64::from((end - start) % step != 0);
    Ok(ViewOp::Slice { axis, start: start as usize, length: length as usize, step: step as usize })
}

/// `length` elements of an axis from `start`.
#[track_caller]
pub fn narrow(source: &Tensor, axis: i64, start: i64, length: i64) -> Result<Tensor> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("narrow", "narrow() cannot be applied to a 0-dim tensor."));
    }
    let index = shape::normalize_axis("narrow", axis, shape.len())?;
    let size = shape[index] as i64;
    if length < 0 {
        return Err(Error::runtime("narrow", "narrow(): length must be non-negative."));
    }
    if start < -size || start > size {
        return Err(Error::index(
            "narrow",
            format!("start out of range (expected to be in range of [{}, {size}], but got {start})", -size),
        ));
    }
    let first = if start < 0 { start + size } else { start };
    if first > size - length {
        return Err(Error::runtime(
            "narrow",
            format!("start ({first}) + length ({length}) exceeds dimension size ({size})."),
        ));
    }
    slice(source, axis, Some(first), Some(first + length), 1)
}

/// The diagonal of two axes, as the last axis.
#[track_caller]
pub fn diagonal(source: &Tensor, offset: i64, axis1: i64, axis2: i64) -> Result<Tensor> {
    let rank = source.rank();
    let (first, second) =
        (shape::normalize_axis("diagonal", axis1, rank)?, shape::normalize_axis("diagonal", axis2, rank)?);
    if first == second {
        return Err(Error::runtime("diagonal", format!("diagonal dimensions cannot be identical {axis1}, {axis2}")));
    }
    view_of(source, "DiagonalBackward0", ViewOp::Diagonal { offset, axis1: first, axis2: second })
}

/// Windows of `size` elements every `step` along an axis, as a new last axis.
#[track_caller]
pub fn unfold(source: &Tensor, axis: i64, size: i64, step: i64) -> Result<Tensor> {
    let shape = source.shape();
    let axis = shape::normalize_axis("unfold", axis, shape.len())?;
    let room = shape.get(axis).copied().unwrap_or(1) as i64;
    if size < 0 {
        return Err(Error::runtime("unfold", format!("size is {size} but must be >= 0")));
    }
    if size > room {
        return Err(Error::runtime(
            "unfold",
            format!("maximum size for tensor at dimension {axis} is {room} but size is {size}"),
        ));
    }
    if step <= 0 {
        return Err(Error::runtime("unfold", format!("step is {step} but must be > 0")));
    }
    view_of(source, "UnfoldBackward0", ViewOp::Unfold { axis, size: size as usize, step: step as usize })
}
