//! The same elements in another shape.

use smallvec::SmallVec;

use super::op::ViewOp;
use super::rule::{instead, reshape_to, view_of};
use crate::error::{Error, Result};
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// A view of all elements (`x[...]`).
#[track_caller]
pub fn alias(source: &Tensor) -> Result<Tensor> {
    view_of(source, "AliasBackward0", ViewOp::Alias)
}

/// The same elements in another shape; one size may be −1.
///
/// # Errors
/// When the number of elements differs or the strides do not allow it without a copy.
#[track_caller]
pub fn view(source: &Tensor, requested: &[i64]) -> Result<Tensor> {
    let shape = shape::infer_shape("view", requested, source.numel())?;
    view_of(source, "ViewBackward0", ViewOp::View(shape))
}

/// The same elements in another shape: a view where possible, else a copy.
#[track_caller]
pub fn reshape(source: &Tensor, requested: &[i64]) -> Result<Tensor> {
    let shape = shape::infer_shape("reshape", requested, source.numel())?;
    reshape_to(source, &shape)
}

/// A fresh result without its first axis, which has size 1.
#[track_caller]
pub(in crate::ops) fn drop_first(source: &Tensor) -> Result<Tensor> {
    let dropped = (0..source.rank()).map(|axis| axis == 0).collect();
    instead(source, "SqueezeBackward4", ViewOp::Squeeze(dropped))
}

/// Axes `start..=end` as one.
#[track_caller]
pub fn flatten(source: &Tensor, start: i64, end: i64) -> Result<Tensor> {
    let shape = source.shape();
    let (start, end) =
        (shape::normalize_axis("flatten", start, shape.len())?, shape::normalize_axis("flatten", end, shape.len())?);
    if start > end {
        return Err(Error::runtime("flatten", "flatten() has invalid args: start_dim cannot come after end_dim"));
    }
    if shape.is_empty() {
        return reshape_to(source, &[1]);
    }
    if start == end {
        return Ok(source.clone());
    }
    let mut flat: Shape = shape[..start].into();
    flat.push(shape[start..=end].iter().product());
    flat.extend_from_slice(&shape[end + 1..]);
    reshape_to(source, &flat)
}

/// One axis as several; one of `sizes` may be −1.
#[track_caller]
pub fn unflatten(source: &Tensor, axis: i64, sizes: &[i64]) -> Result<Tensor> {
    let shape = source.shape();
    let axis = shape::normalize_axis("unflatten", axis, shape.len())?;
    if sizes.is_empty() {
        return Err(Error::runtime("unflatten", "unflatten: sizes must be non-empty"));
    }
    let size = shape.get(axis).copied().unwrap_or(1);
    let inner = shape::infer_shape("unflatten", sizes, size).map_err(|_| {
        Error::runtime(
            "unflatten",
            format!("unflatten: Provided sizes {sizes:?} don't multiply up to the size of dim {axis} ({size}) in the input tensor"),
        )
    })?;
    let mut result: Shape = shape[..axis].into();
    result.extend_from_slice(&inner);
    result.extend_from_slice(shape.get(axis + 1..).unwrap_or_default());
    view_of(source, "ViewBackward0", ViewOp::View(result))
}

/// Without axes of size 1 (all, or those named).
#[track_caller]
pub fn squeeze(source: &Tensor, axes: Option<&[i64]>) -> Result<Tensor> {
    let shape = source.shape();
    let (name, mut dropped) = match axes {
        None => ("SqueezeBackward0", SmallVec::from_elem(true, shape.len())),
        Some([axis]) => ("SqueezeBackward1", shape::axis_mask("squeeze", &[*axis], shape.len())?),
        Some(axes) => ("SqueezeBackward2", shape::axis_mask("squeeze", axes, shape.len())?),
    };
    dropped.iter_mut().zip(&shape).for_each(|(dropped, &size)| *dropped &= size == 1);
    view_of(source, name, ViewOp::Squeeze(dropped))
}

/// A new axis of size 1.
#[track_caller]
pub fn unsqueeze(source: &Tensor, axis: i64) -> Result<Tensor> {
    let axis = shape::normalize_axis("unsqueeze", axis, source.rank() + 1)?;
    view_of(source, "UnsqueezeBackward0", ViewOp::Unsqueeze(axis))
}

/// Broadcast; −1 keeps a size.
#[track_caller]
pub fn expand(source: &Tensor, sizes: &[i64]) -> Result<Tensor> {
    let shape = source.shape();
    if sizes.len() < shape.len() {
        return Err(Error::runtime(
            "expand",
            format!(
                "expand({:?}, size={sizes:?}): the number of sizes provided ({}) must be greater or equal to the number \
                 of dimensions in the tensor ({})",
                shape.as_slice(),
                sizes.len(),
                shape.len()
            ),
        ));
    }
    let lead = sizes.len() - shape.len();
    let mut target = Shape::new();
    for (axis, &size) in sizes.iter().enumerate() {
        let own = (axis >= lead).then(|| shape[axis - lead]);
        target.push(match (own, size) {
            (None, size) if size < 0 => {
                return Err(Error::runtime(
                    "expand",
                    format!("The expanded size of the tensor ({size}) isn't allowed in a leading, non-existing dimension {axis}"),
                ));
            }
            (None, size) => size as usize,
            (Some(own), -1) => own,
            (Some(own), size) if size >= 0 && (own == size as usize || own == 1) => size as usize,
            (Some(own), size) => {
                return Err(Error::runtime(
                    "expand",
                    format!(
                        "The expanded size of the tensor ({size}) must match the existing size ({own}) at non-singleton \
                         dimension {axis}.  Target sizes: {sizes:?}.  Tensor sizes: {:?}",
                        shape.as_slice()
                    ),
                ));
            }
        });
    }
    view_of(source, "ExpandBackward0", ViewOp::Expand(target))
}

/// Expands to the shape of a broadcast, without marking anything when nothing changes.
#[track_caller]
pub fn broadcast_to(source: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let sizes: SmallVec<[i64; 6]> = shape.iter().map(|&size| size as i64).collect();
    expand(source, &sizes)
}
