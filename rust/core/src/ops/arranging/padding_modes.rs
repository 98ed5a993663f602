//! Padding by what is there: reflected, repeated at the edge, or from the other end.

use super::padding::{constant_pad, pairs};
use crate::error::{Error, Result};
use crate::graph::flat;
use crate::ops::indexing::slices;
use crate::ops::views;
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Which element lies at a position outside the axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// As in a mirror on the first and last element.
    Reflect,
    /// The first or last element.
    Replicate,
    /// As if the axis were a ring.
    Circular,
}

impl Mode {
    /// The position an element outside `0..size` is taken from.
    fn source(self, position: i64, size: i64) -> i64 {
        match self {
            Self::Replicate => position.clamp(0, size - 1),
            Self::Circular => position.rem_euclid(size),
            Self::Reflect if position < 0 => -position,
            Self::Reflect if position >= size => 2 * (size - 1) - position,
            Self::Reflect => position,
        }
    }

    fn check(self, before: i64, behind: i64, size: i64) -> Result<()> {
        let most = before.max(behind);
        match self {
            Self::Reflect if most >= size => Err(Error::runtime(
                "pad",
                format!(
                    "Padding size should be less than the corresponding input dimension, but got: padding ({before}, {behind}) at a dimension of size {size}"
                ),
            )),
            Self::Circular if most > size => Err(Error::runtime(
                "pad",
                format!(
                    "Padding value causes wrapping around more than once: padding ({before}, {behind}) at a dimension of size {size}"
                ),
            )),
            Self::Replicate if size == 0 && most > 0 => {
                Err(Error::runtime("pad", "Expected a tensor with non-zero size in the dimensions to be padded"))
            }
            _ => Ok(()),
        }
    }
}

/// Elements around a tensor: `mode` is `"constant"`, `"reflect"`, `"replicate"` or `"circular"`; `value` belongs to the
/// first. All but `"constant"` pad the last one to three axes of a tensor with one or two axes before them.
#[track_caller]
pub fn pad(input: &Tensor, pads: &[i64], mode: &str, value: Option<Scalar>) -> Result<Tensor> {
    if !pads.len().is_multiple_of(2) {
        return Err(Error::runtime("pad", "Padding length must be divisible by 2"));
    }
    if pads.len() > 2 * input.rank() {
        return Err(Error::runtime(
            "pad",
            format!(
                "Padding length should be less than or equal to two times the input dimension but got padding length {} \
                 and input of dimension {}",
                pads.len(),
                input.rank()
            ),
        ));
    }
    let around = match mode {
        "constant" => return constant_pad(input, pads, value.unwrap_or(Scalar::Int(0))),
        "reflect" => Mode::Reflect,
        "replicate" => Mode::Replicate,
        "circular" => Mode::Circular,
        other => {
            return Err(Error::not_implemented(
                "pad",
                format!("Unrecognised padding mode {other}: padding of this mode"),
            ));
        }
    };
    if value.is_some_and(|value| value.to_f64() != 0.0) {
        return Err(Error::runtime("pad", format!("Padding mode \"{mode}\" doesn't take in value argument")));
    }
    let rank = input.rank();
    let padded = pads.len() / 2;
    if !pads.len().is_multiple_of(2) || !(1..=3).contains(&padded) || !(padded + 1..=padded + 2).contains(&rank) {
        return Err(Error::not_implemented(
            "pad",
            format!(
                "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported: padding {rank} axes by {} numbers in this mode",
                pads.len()
            ),
        ));
    }
    if pads.iter().all(|&pad| pad == 0) {
        // No padding at all is still a new tensor.
        return copy::clone(input);
    }
    // PyTorch puts circular padding together from slices.
    let mut result = if around == Mode::Circular { input.clone() } else { flat::linear_in_pieces(input)? };
    for (axis, &(mut before, mut behind)) in pairs("pad", pads, rank)?.iter().enumerate() {
        if (before, behind) == (0, 0) {
            continue;
        }
        let mut size = result.shape()[axis] as i64;
        around.check(before, behind, size)?;
        let left = size + before.min(0) + behind.min(0);
        if around == Mode::Circular && 0 < left && left < size {
            // The ring is what is left of the axis.
            result = views::narrow(&result, axis as i64, -before.min(0), left)?;
            (size, before, behind) = (left, before.max(0), behind.max(0));
        }
        if size + before + behind <= 0 {
            return Err(Error::runtime(
                "pad",
                format!("padding ({before}, {behind}) of a dimension of size {size} leaves nothing of it"),
            ));
        }
        crate::storage::check_room("pad", (size + before + behind) as u128 * size_of::<i64>() as u128)?;
        let positions: Vec<i64> = (-before..size + behind).map(|position| around.source(position, size)).collect();
        let positions = Tensor::from_slice(&positions, &[positions.len()])?;
        result = slices::select_at(&result, axis, &positions)?;
    }
    if around == Mode::Circular { Ok(result) } else { copy::in_format_of(&result, input) }
}
