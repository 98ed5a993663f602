//! Putting tensors together: `cat`, `stack` and what is made of them.

use smallvec::SmallVec;

use super::views::{self, ViewOp};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{is_recorded, record};
use crate::shape::{self, Shape};
use crate::tensor::{Operand, Tensor};

struct Concatenated {
    axis: usize,
    /// Size along the axis per input; `None` for an empty vector that was left out.
    sizes: Vec<Option<usize>>,
}

impl Op for Concatenated {
    fn name(&self) -> &str {
        "CatBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let mut start = 0;
        for (input, &size) in self.sizes.iter().enumerate() {
            if cx.needs(input) {
                let part = match size {
                    Some(size) => views::narrow(&grad, self.axis as i64, start as i64, size as i64)?,
                    None => Tensor::from_array(Array::zeros("cat", &[0], grad.dtype())?),
                };
                cx.put(input, part);
            }
            start += size.unwrap_or(0);
        }
        Ok(())
    }
}

/// The first of several arrays, if all are of its memory format: what is joined of them is of that format too.
fn common_format<'a>(mut arrays: impl Iterator<Item = &'a Array>) -> Option<&'a Array> {
    let last = |array: &Array| shape::is_channels_last(array.shape(), array.strides());
    let first = arrays.next()?;
    arrays.all(|array| last(array) == last(first)).then_some(first)
}

/// Tensors behind each other along an axis. Empty vectors are left out, as in PyTorch; dtypes are promoted.
#[track_caller]
pub fn cat(tensors: &[Tensor], axis: i64) -> Result<Tensor> {
    let operands: Result<Vec<Operand>> = tensors.iter().map(Tensor::operand).collect();
    let operands = operands?;
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
    let joined = |operand: &&Operand| !is_legacy_empty(operand);
    let Some(first) = operands.iter().find(joined).or(operands.first()) else { unreachable!("there is one") };
    let first: Shape = first.array.shape().into();
    let axis = shape::normalize_axis("cat", axis, first.len())?;
    let mut shape = first.clone();
    shape[axis] = 0;
    for (position, operand) in operands.iter().enumerate().filter(|(_, operand)| joined(operand)) {
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
    let like = common_format(operands.iter().map(|operand| &operand.array));
    let output = match like {
        Some(like) => Array::uninit_in_format_of("cat", &shape, dtype, like)?,
        None => Array::uninit("cat", &shape, dtype)?,
    };
    let mut start = 0;
    for operand in operands.iter().filter(joined) {
        let size = operand.array.shape()[axis];
        output.slice(axis, start, size, 1).copy_from(&operand.array);
        start += size;
    }
    let inputs: SmallVec<[&Operand; 4]> = operands.iter().collect();
    if is_recorded(&inputs) && dtype.is_differentiable() {
        let size = |operand: &Operand| joined(&operand).then(|| operand.array.shape()[axis]);
        let sizes = operands.iter().map(size).collect();
        return record(Concatenated { axis, sizes }, &inputs, &[], output);
    }
    Ok(Tensor::from_array(output))
}

struct Stacked {
    axis: usize,
}

impl Op for Stacked {
    fn name(&self) -> &str {
        "StackBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        for input in 0..cx.inputs() {
            if cx.needs(input) {
                let part = views::select(&grad, self.axis as i64, input as i64)?;
                cx.put(input, part);
            }
        }
        Ok(())
    }
}

/// Memory for arrays stacked along a new axis: as if they were joined along the axis behind the new one, which is then
/// split; so PyTorch does, and images with the channels last stay so.
fn stacked(shape: &[usize], axis: usize, dtype: DType, like: Option<&Array>) -> Result<Array> {
    const OP: &str = "stack";
    let Some(like) = like else { return Array::uninit(OP, shape, dtype) };
    if axis == like.rank() {
        let columns = ViewOp::Unsqueeze(axis).apply(like)?;
        return Array::uninit_in_format_of(OP, shape, dtype, &columns);
    }
    let mut joined: Shape = like.shape().into();
    joined[axis] *= shape[axis];
    let joined = Array::uninit_in_format_of(OP, &joined, dtype, like)?;
    ViewOp::View(shape.into()).apply(&joined)
}

/// Tensors of one shape as the positions of a new axis; dtypes are promoted.
#[track_caller]
pub fn stack(tensors: &[Tensor], axis: i64) -> Result<Tensor> {
    const OP: &str = "stack";
    let operands: Result<Vec<Operand>> = tensors.iter().map(Tensor::operand).collect();
    let operands = operands?;
    let Some(first) = operands.first().map(|operand| Shape::from_slice(operand.array.shape())) else {
        return Err(Error::runtime(OP, "stack expects a non-empty TensorList"));
    };
    let axis = shape::normalize_axis(OP, axis, first.len() + 1)?;
    for (position, operand) in operands.iter().enumerate() {
        if operand.array.shape() != first.as_slice() {
            return Err(Error::runtime(
                OP,
                format!(
                    "stack expects each tensor to be equal size, but got {:?} at entry 0 and {:?} at entry {position}",
                    first.as_slice(),
                    operand.array.shape()
                ),
            ));
        }
    }
    let dtype = operands.iter().map(|operand| operand.array.dtype()).reduce(DType::promote).unwrap_or(DType::F32);
    let mut shape = first;
    shape.insert(axis, operands.len());
    let output = stacked(&shape, axis, dtype, common_format(operands.iter().map(|operand| &operand.array)))?;
    for (position, operand) in operands.iter().enumerate() {
        output.select(axis, position).copy_from(&operand.array);
    }
    let inputs: SmallVec<[&Operand; 4]> = operands.iter().collect();
    if is_recorded(&inputs) && dtype.is_differentiable() {
        return record(Stacked { axis }, &inputs, &[], output);
    }
    Ok(Tensor::from_array(output))
}

// ---- joins of tensors of few axes ----------------------------------------------------------------------------------

/// At least one axis: a number becomes a vector.
#[track_caller]
pub fn atleast_1d(input: &Tensor) -> Result<Tensor> {
    if input.rank() == 0 { views::reshape(input, &[1]) } else { Ok(input.clone()) }
}

/// At least two axes: a vector becomes a row.
#[track_caller]
pub fn atleast_2d(input: &Tensor) -> Result<Tensor> {
    match input.rank() {
        0 => views::reshape(input, &[1, 1]),
        1 => views::unsqueeze(input, 0),
        _ => Ok(input.clone()),
    }
}

/// At least three axes: a vector becomes `1 × n × 1`, a matrix gets a last axis.
#[track_caller]
pub fn atleast_3d(input: &Tensor) -> Result<Tensor> {
    match input.rank() {
        0 => views::reshape(input, &[1, 1, 1]),
        1 => views::unsqueeze(&views::unsqueeze(input, 0)?, -1),
        2 => views::unsqueeze(input, -1),
        _ => Ok(input.clone()),
    }
}

#[track_caller]
fn each(tensors: &[Tensor], widen: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Vec<Tensor>> {
    tensors.iter().map(widen).collect()
}

fn not_empty(op: &'static str, tensors: &[Tensor]) -> Result<()> {
    if tensors.is_empty() { Err(Error::runtime(op, format!("{op} expects a non-empty TensorList"))) } else { Ok(()) }
}

/// Behind each other along the second axis; vectors along their only one.
#[track_caller]
pub fn hstack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty("hstack", tensors)?;
    let tensors = each(tensors, atleast_1d)?;
    cat(&tensors, if tensors[0].rank() == 1 { 0 } else { 1 })
}

/// Below each other; vectors are rows.
#[track_caller]
pub fn vstack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty("vstack", tensors)?;
    cat(&each(tensors, atleast_2d)?, 0)
}

/// Behind each other along the third axis.
#[track_caller]
pub fn dstack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty("dstack", tensors)?;
    cat(&each(tensors, atleast_3d)?, 2)
}

/// Beside each other; numbers and vectors are columns.
#[track_caller]
pub fn column_stack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty("column_stack", tensors)?;
    let column = |tensor: &Tensor| {
        if tensor.rank() < 2 { views::reshape(tensor, &[tensor.numel() as i64, 1]) } else { Ok(tensor.clone()) }
    };
    hstack(&each(tensors, column)?)
}
