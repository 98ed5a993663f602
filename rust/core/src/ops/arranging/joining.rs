//! Putting tensors together: `cat`, `stack` and what is made of them.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Attribute, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::copy as copy_elements;
use crate::launch::launch_stored;
use crate::ops::batching;
use crate::ops::views::{self, ViewOp};
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// Parts that are copied in one launch: each is compared with all others of it.
const TOGETHER: usize = 8;

/// Tensors behind each other along an axis.
#[derive(Clone, PartialEq, Debug)]
struct Concatenated {
    /// As it was given: the inputs say how many axes there are.
    axis: i64,
    /// Size along the axis per input; `None` for an empty vector, which is left out.
    sizes: SmallVec<[Option<usize>; 4]>,
}

/// An empty vector, which is left out among tensors of any rank.
fn is_left_out(shape: &[usize]) -> bool {
    shape == [0]
}

impl Op for Concatenated {
    fn name(&self) -> &str {
        "CatBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![concatenated(inputs, self.axis)?])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let mut start = 0;
        for (input, &size) in self.sizes.iter().enumerate() {
            if cx.needs(input) {
                let part = match size {
                    Some(size) => views::narrow(&grad, self.axis, start as i64, size as i64)?,
                    None => Tensor::from_array(Array::zeros("cat", &[0], grad.dtype())?),
                };
                cx.put(input, part);
            }
            start += size.unwrap_or(0);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.jointly_linear(cx.inputs(), self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let given = self.sizes.iter().enumerate().filter(|(_, size)| size.is_some()).map(|(input, _)| input);
        let mut given: SmallVec<[usize; 4]> = given.collect();
        if given.is_empty() {
            given = (0..cx.inputs()).collect();
        }
        // What is left out still has a part in the dtype.
        let dtype = (0..cx.inputs()).map(|input| cx.example(input).dtype()).reduce(DType::promote);
        let parts: Result<Vec<Tensor>> =
            given.iter().map(|&input| batching::front(cx.input(input), cx.size())).collect();
        let axis = if self.axis < 0 { self.axis } else { self.axis + 1 };
        let result = cat(&parts?, axis)?;
        cx.put(copy::to_dtype(&result, dtype.unwrap_or(DType::F32))?, Some(0));
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
    let mut sizes = SmallVec::new();
    let mut inputs: SmallVec<[&Tensor; 4]> = SmallVec::new();
    let mut at = None;
    for tensor in tensors {
        let state = tensor.lock();
        let shape = state.array.shape();
        // What does not fit is told when it is looked at.
        sizes.push(if is_left_out(shape) {
            None
        } else {
            let at = *at.get_or_insert_with(|| shape::normalize_axis("cat", axis, shape.len()).ok());
            at.and_then(|at: usize| shape.get(at).copied())
        });
        inputs.push(tensor);
    }
    call(Concatenated { axis, sizes }, &inputs)
}

fn concatenated(inputs: &Inputs<'_>, axis: i64) -> Result<Array> {
    if inputs.is_empty() {
        return Err(Error::value("cat", "expected a non-empty list of Tensors"));
    }
    if let Some(position) = inputs.iter().position(|array| array.rank() == 0) {
        return Err(Error::runtime(
            "cat",
            format!("zero-dimensional tensor (at position {position}) cannot be concatenated"),
        ));
    }
    let dtype = inputs.iter().map(Array::dtype).reduce(DType::promote).unwrap_or(DType::F32);
    let joined = || inputs.iter().enumerate().filter(|(_, array)| !is_left_out(array.shape()));
    let Some((_, leading)) = joined().next() else {
        // Vectors without elements, which have any axis.
        return Array::zeros("cat", &[0], dtype);
    };
    let first = Shape::from_slice(leading.shape());
    let axis = shape::normalize_axis("cat", axis, first.len())?;
    let mut shape = first.clone();
    shape[axis] = 0;
    for (position, array) in joined() {
        let own = array.shape();
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
    let output = match common_format(inputs.iter()) {
        Some(like) => Array::uninit_in_format_of("cat", &shape, dtype, like)?,
        None => Array::uninit("cat", &shape, dtype)?,
    };
    let mut parts: SmallVec<[&Array; TOGETHER]> = SmallVec::new();
    for (_, array) in joined() {
        parts.push(array);
    }
    let mut start = 0;
    for parts in parts.chunks(TOGETHER) {
        launch_stored(parts, &output, |parts, output| {
            copy_elements::join(&parts, axis, start, &output);
        });
        start += parts.iter().map(|part| part.shape()[axis]).sum::<usize>();
    }
    Ok(output)
}

/// Tensors of one shape as the positions of a new axis.
#[derive(Clone, PartialEq, Debug)]
struct Stacked {
    axis: usize,
}

impl Op for Stacked {
    fn name(&self) -> &str {
        "StackBackward0"
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("dim", Attribute::Number(Scalar::Int(self.axis as i64)))]
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "stack";
        let first = inputs[0].shape();
        for (position, array) in inputs.iter().enumerate() {
            if array.shape() != first || self.axis > first.len() {
                return Err(Error::runtime(
                    OP,
                    format!(
                        "stack expects each tensor to be equal size, but got {first:?} at entry 0 and {:?} at entry {position}",
                        array.shape()
                    ),
                ));
            }
        }
        let dtype = inputs.iter().map(Array::dtype).reduce(DType::promote).unwrap_or(DType::F32);
        let mut shape: Shape = first.into();
        shape.insert(self.axis, inputs.len());
        let output = stacked(&shape, self.axis, dtype, common_format(inputs.iter()))?;
        let mut parts: SmallVec<[&Array; TOGETHER]> = SmallVec::new();
        for array in inputs.iter() {
            parts.push(array);
        }
        for (group, parts) in parts.chunks(TOGETHER).enumerate() {
            launch_stored(parts, &output, |parts, output| {
                copy_elements::stack(&parts, self.axis, group * TOGETHER, &output)
            });
        }
        Ok(smallvec![output])
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

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.jointly_linear(cx.inputs(), self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let parts: Result<Vec<Tensor>> =
            (0..cx.inputs()).map(|input| batching::front(cx.input(input), cx.size())).collect();
        cx.put(stack(&parts?, self.axis as i64 + 1)?, Some(0));
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
    let Some(first) = tensors.first() else {
        return Err(Error::runtime("stack", "stack expects a non-empty TensorList"));
    };
    let axis = shape::normalize_axis("stack", axis, first.rank() + 1)?;
    let inputs: SmallVec<[&Tensor; 4]> = tensors.iter().collect();
    call(Stacked { axis }, &inputs)
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
