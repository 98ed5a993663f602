//! Putting tensors together and rearranging elements: `cat`, `flip`.

use smallvec::SmallVec;

use super::views;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::{Backward, Rule};
use crate::graph::record::{is_recorded, record};
use crate::shape::{self, Shape, Strides};
use crate::tensor::{Operand, Tensor};

struct Concatenated {
    axis: usize,
    sizes: Vec<usize>,
}

impl Rule for Concatenated {
    fn name(&self) -> &str {
        "CatBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let mut start = 0;
        for (input, &size) in self.sizes.iter().enumerate() {
            if cx.needs(input) {
                let part = views::narrow(&grad, self.axis as i64, start as i64, size as i64)?;
                cx.put(input, part);
            }
            start += size;
        }
        Ok(())
    }
}

/// Tensors behind each other along an axis. Empty vectors are left out, as in PyTorch; dtypes are promoted.
#[track_caller]
pub fn cat(tensors: &[Tensor], axis: i64) -> Result<Tensor> {
    let operands: Result<Vec<Operand>> = tensors.iter().map(Tensor::operand).collect();
    let mut operands = operands?;
    if operands.is_empty() {
        return Err(Error::value("cat", "expected a non-empty list of Tensors"));
    }
    if let Some(position) = operands.iter().position(|operand| operand.array.rank() == 0) {
        return Err(Error::runtime(
            "cat",
            format!("zero-dimensional tensor (at position {position}) cannot be concatenated"),
        ));
    }
    let is_legacy_empty = |operand: &Operand| operand.array.shape() == [0];
    let dtype = operands.iter().map(|operand| operand.array.dtype()).reduce(DType::promote).unwrap_or(DType::F32);
    if operands.iter().any(|operand| !is_legacy_empty(operand)) {
        operands.retain(|operand| !is_legacy_empty(operand));
    }
    let first: Shape = operands[0].array.shape().into();
    let axis = shape::normalize_axis("cat", axis, first.len())?;
    let mut shape = first.clone();
    shape[axis] = 0;
    for (position, operand) in operands.iter().enumerate() {
        let own = operand.array.shape();
        if own.len() != first.len() {
            return Err(Error::shapes(
                "cat",
                &first,
                own,
                format!("Tensors must have same number of dimensions: got {} and {}", first.len(), own.len()),
            ));
        }
        if let Some(other) = (0..own.len()).find(|&other| other != axis && own[other] != first[other]) {
            return Err(Error::shapes(
                "cat",
                &first,
                own,
                format!(
                    "Sizes of tensors must match except in dimension {axis}. Expected size {} but got size {} for tensor number {position} in the list (dimension {other}).",
                    first[other], own[other]
                ),
            ));
        }
        shape[axis] += own[axis];
    }
    let output = Array::uninit("cat", &shape, dtype)?;
    let mut start = 0;
    for operand in &operands {
        let size = operand.array.shape()[axis];
        output.slice(axis, start, size, 1).copy_unshared(&operand.array);
        start += size;
    }
    let inputs: SmallVec<[&Operand; 4]> = operands.iter().collect();
    if is_recorded(&inputs) && dtype.is_differentiable() {
        let sizes = operands.iter().map(|operand| operand.array.shape()[axis]).collect();
        return record(Concatenated { axis, sizes }, &inputs, &[], output);
    }
    Ok(Tensor::from_array(output))
}

/// Reversal along axes is its own gradient.
struct Flipped {
    axes: SmallVec<[i64; 6]>,
}

impl Rule for Flipped {
    fn name(&self) -> &str {
        "FlipBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = flip(&cx.only_grad(), &self.axes)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// A copy with the order along `axes` reversed.
#[track_caller]
pub fn flip(input: &Tensor, axes: &[i64]) -> Result<Tensor> {
    let operand = input.operand()?;
    let array = &operand.array;
    let mask = shape::axis_mask("flip", axes, array.rank())?;
    let mut strides: Strides = array.strides().into();
    let mut offset = array.offset() as isize;
    for axis in 0..array.rank() {
        if mask[axis] && array.numel() > 0 {
            offset += strides[axis] * (array.shape()[axis] as isize - 1);
            strides[axis] = -strides[axis];
        }
    }
    let reversed = array.with_layout(array.shape(), &strides, offset as usize);
    let output = reversed.to_dtype_contiguous("flip", array.dtype())?;
    if is_recorded(&[&operand]) {
        return record(Flipped { axes: axes.into() }, &[&operand], &[], output);
    }
    Ok(Tensor::from_array(output))
}
