//! The elements of a tensor in another order, or several times: `flip`, `roll`, `rot90`, `repeat`,
//! `repeat_interleave`.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::launch::{NONE, launch};
use crate::ops::indexing::slices;
use crate::ops::writing::copy;
use crate::ops::{batching, creation, views};
use crate::shape::{self, Shape, Strides};
use crate::storage::{Device, Placed};
use crate::tensor::Tensor;

/// The same memory with the order along some axes reversed.
fn reversed(array: &Array, mask: &[bool]) -> Array {
    let mut strides: Strides = array.strides().into();
    let mut offset = array.offset() as isize;
    for axis in 0..array.rank() {
        if mask[axis] && array.numel() > 0 {
            offset += strides[axis] * (array.shape()[axis] as isize - 1);
            strides[axis] = -strides[axis];
        }
    }
    array.with_layout(array.shape(), &strides, offset as usize)
}

/// The order along axes reversed, which is its own gradient.
#[derive(Clone, PartialEq, Debug)]
struct Flipped {
    mask: SmallVec<[bool; 6]>,
}

impl Op for Flipped {
    fn name(&self) -> &str {
        "FlipBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        check_rank("flip", &inputs[0], self.mask.len())?;
        Ok(smallvec![flipped("flip", &inputs[0], &self.mask)?])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.call(self.clone(), &[From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let mask = std::iter::once(false).chain(self.mask.iter().copied()).collect();
        cx.put(call(Self { mask }, &[&whole])?, Some(0));
        Ok(())
    }
}

/// The input still has the number of axes that the attributes were made for.
fn check_rank(op: &'static str, array: &Array, rank: usize) -> Result<()> {
    if array.rank() == rank {
        return Ok(());
    }
    Err(Error::runtime(op, "another thread has given the input another shape meanwhile"))
}

/// A copy with the order along some axes reversed, in the layout of the input, which a reversed view does not tell.
fn flipped(op: &'static str, array: &Array, mask: &[bool]) -> Result<Array> {
    let output = Array::uninit_like(op, array, array.dtype())?;
    output.copy_from(&reversed(array, mask));
    Ok(output)
}

/// A copy with the order along `axes` reversed.
#[track_caller]
pub fn flip(input: &Tensor, axes: &[i64]) -> Result<Tensor> {
    call(Flipped { mask: shape::axis_mask("flip", axes, input.rank())? }, &[input])
}

/// [`flip`] of the second axis.
#[track_caller]
pub fn fliplr(input: &Tensor) -> Result<Tensor> {
    if input.rank() < 2 {
        return Err(Error::runtime("fliplr", "Input must be >= 2-d."));
    }
    flip(input, &[1])
}

/// [`flip`] of the first axis.
#[track_caller]
pub fn flipud(input: &Tensor) -> Result<Tensor> {
    if input.rank() < 1 {
        return Err(Error::runtime("flipud", "Input must be >= 1-d."));
    }
    flip(input, &[0])
}

// ---- turned --------------------------------------------------------------------------------------------------------

/// A number of quarter turns, from 0 to 3, in the plane of two axes.
#[derive(Clone, PartialEq, Debug)]
struct Turned {
    quarters: i64,
    axes: [usize; 2],
}

impl Op for Turned {
    fn name(&self) -> &str {
        "Rot90Backward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "rot90";
        let (array, [a, b]) = (&inputs[0], self.axes);
        if a.max(b) >= array.rank() {
            return Err(Error::runtime(OP, "another thread has given the input another shape meanwhile"));
        }
        if self.quarters == 0 {
            return Ok(smallvec![array.duplicate_row_major(OP)?]);
        }
        // A copy with one or both axes reversed, of which a view with the axes exchanged is the result.
        let mut order: SmallVec<[usize; 6]> = (0..array.rank()).collect();
        let mut mask: SmallVec<[bool; 6]> = smallvec![false; array.rank()];
        (mask[a], mask[b]) = (self.quarters >= 2, self.quarters <= 2);
        if self.quarters % 2 == 1 {
            order.swap(a, b);
        }
        Ok(smallvec![flipped(OP, array, &mask)?.permute(&order)])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let back = Self { quarters: (4 - self.quarters) % 4, axes: self.axes };
        let grad = cx.call(back, &[From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let each = Self { quarters: self.quarters, axes: self.axes.map(|axis| axis + 1) };
        cx.put(call(each, &[&whole])?, Some(0));
        Ok(())
    }
}

/// Turned by `quarters` right angles in the plane of two axes, from the first towards the second.
#[track_caller]
pub fn rot90(input: &Tensor, quarters: i64, axes: &[i64]) -> Result<Tensor> {
    const OP: &str = "rot90";
    let rank = input.rank();
    let &[first, second] = axes else {
        return Err(Error::runtime(OP, format!("expected total rotation dims == 2, but got dims = {}", axes.len())));
    };
    if rank < 2 {
        return Err(Error::runtime(OP, format!("expected total dims >= 2, but got total dims = {rank}")));
    }
    let axes = [shape::normalize_axis(OP, first, rank)?, shape::normalize_axis(OP, second, rank)?];
    if axes[0] == axes[1] {
        return Err(Error::runtime(
            OP,
            format!("expected rotation dims to be different, but got dim0 = {first} and dim1 = {second}"),
        ));
    }
    call(Turned { quarters: quarters.rem_euclid(4), axes }, &[input])
}

// ---- rolled --------------------------------------------------------------------------------------------------------

/// Elements moved along axes, of which each is there once at most.
#[derive(Clone, PartialEq, Debug)]
struct Rolled {
    moves: SmallVec<[(usize, i64); 4]>,
    /// Whether the only axis is that of the flattened tensor.
    flat: bool,
}

impl Op for Rolled {
    fn name(&self) -> &str {
        "RollBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "roll";
        let array = &inputs[0];
        if self.flat {
            let vector = |array: &Array| array.with_layout(&[array.numel()], &[1], array.offset());
            let output = Array::uninit(OP, array.shape(), array.dtype())?;
            copy_rolled(&vector(&array.contiguous(OP)?), &vector(&output), &self.moves);
            return Ok(smallvec![output]);
        }
        if array.rank() == 0 || array.numel() == 0 {
            return Ok(smallvec![array.duplicate(OP)?]);
        }
        if self.moves.iter().any(|(axis, _)| *axis >= array.rank()) {
            return Err(Error::runtime(OP, "another thread has given the input another shape meanwhile"));
        }
        let output = Array::uninit_in_format_of(OP, array.shape(), array.dtype(), array)?;
        copy_rolled(array, &output, &self.moves);
        Ok(smallvec![output])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let moves = self.moves.iter().map(|&(axis, shift)| (axis, shift.wrapping_neg())).collect();
        let grad = cx.call(Self { moves, flat: self.flat }, &[From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front_vectors(cx.input(0), cx.size())?;
        let shape = whole.shape();
        let moves = self.moves.iter().map(|&(axis, shift)| (axis + 1, shift)).collect();
        let whole =
            if self.flat { views::reshape_to(&whole, &[shape[0], shape[1..].iter().product()])? } else { whole };
        let result = views::reshape_to(&call(Self { moves, flat: false }, &[&whole])?, &shape)?;
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }
}

/// Elements moved along axes, those that fall off the end put back at the start; without axes along the flattened
/// tensor.
#[track_caller]
pub fn roll(input: &Tensor, shifts: &[i64], axes: &[i64]) -> Result<Tensor> {
    const OP: &str = "roll";
    if shifts.is_empty() {
        return Err(Error::runtime(OP, "`shifts` required"));
    }
    if shifts.len() != axes.len() && !(axes.is_empty() && shifts.len() == 1) {
        return Err(Error::runtime(
            OP,
            format!("shifts and dimensions must align. shifts: {}, dims:{}", shifts.len(), axes.len()),
        ));
    }
    if axes.is_empty() {
        return call(Rolled { moves: smallvec![(0, shifts[0])], flat: true }, &[input]);
    }
    let shape = input.shape();
    let mut moves: SmallVec<[(usize, i64); 4]> = SmallVec::new();
    for (&shift, &axis) in shifts.iter().zip(axes) {
        let axis = shape::normalize_axis(OP, axis, shape.len())?;
        let size = shape.get(axis).copied().unwrap_or(1).max(1) as i64;
        match moves.iter_mut().find(|(other, _)| *other == axis) {
            Some((_, sum)) => *sum = (*sum + shift.rem_euclid(size)).rem_euclid(size),
            None => moves.push((axis, shift.rem_euclid(size))),
        }
    }
    call(Rolled { moves, flat: false }, &[input])
}

/// Copies rolled: along each axis there are two runs, so that there are two boxes to copy per axis and combination.
fn copy_rolled(from: &Array, into: &Array, moves: &[(usize, i64)]) {
    let Some((&(axis, shift), rest)) = moves.split_first() else {
        into.copy_from(from);
        return;
    };
    let size = from.shape()[axis];
    let shift = if size == 0 { 0 } else { shift.rem_euclid(size as i64) as usize };
    for (start, to, length) in [(0, shift, size - shift), (size - shift, 0, shift)] {
        if length > 0 {
            copy_rolled(&from.slice(axis, start, length, 1), &into.slice(axis, to, length, 1), rest);
        }
    }
}

// ---- repeated ------------------------------------------------------------------------------------------------------

/// The whole tensor several times along each axis.
#[derive(Clone, PartialEq, Debug)]
struct Repeated {
    repeats: Shape,
    /// Of the input; it has no more axes than there are repeats.
    own: Shape,
}

impl Repeated {
    /// Shape of the input with as many axes as there are repeats.
    fn widened(&self) -> Shape {
        let mut shape: Shape = smallvec![1; self.repeats.len() - self.own.len()];
        shape.extend_from_slice(&self.own);
        shape
    }
}

/// `r₀ × s₀ × r₁ × s₁ × …`: the shape of a repetition with an axis that counts copies before each axis.
fn interleaved(repeats: &[usize], shape: &[usize]) -> Shape {
    repeats.iter().zip(shape).flat_map(|(&repeat, &size)| [repeat, size]).collect()
}

impl Op for Repeated {
    fn name(&self) -> &str {
        "RepeatBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "repeat";
        let (array, shape) = (&inputs[0], self.widened());
        if array.shape() != self.own.as_slice() {
            return Err(Error::runtime(OP, "another thread has given the input another shape meanwhile"));
        }
        let sizes: Option<Shape> =
            self.repeats.iter().zip(&shape).map(|(&repeat, &size)| repeat.checked_mul(size)).collect();
        let sizes = sizes.ok_or_else(|| Error::OutOfMemory { op: OP, bytes: u128::MAX })?;
        let output = Array::uninit(OP, &sizes, array.dtype())?;
        if output.numel() > 0 {
            let places = interleaved(&self.repeats, &shape);
            let spread = shape::contiguous_strides(&places);
            let ones: Shape = shape.iter().flat_map(|&size| [1, size]).collect();
            let lead = shape.len() - array.rank();
            let own = |axis: usize| if axis < lead { 0 } else { array.strides()[axis - lead] };
            let strides: Strides = (0..shape.len()).flat_map(|axis| [0, own(axis)]).collect();
            output.with_layout(&places, &spread, 0).copy_from(&array.with_layout(&ones, &strides, array.offset()));
        }
        Ok(smallvec![output])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = views::reshape_to(&cx.only_grad(), &interleaved(&self.repeats, &self.widened()))?;
        let copies: SmallVec<[i64; 6]> = (0..self.repeats.len()).map(|axis| 2 * axis as i64).collect();
        let summed = if copies.is_empty() { grad } else { grad.sum_over(&copies, false)? };
        cx.put(0, views::reshape_to(&summed, &self.own)?);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front_of_rank(cx.input(0), cx.size(), self.repeats.len())?;
        let repeats = std::iter::once(1).chain(self.repeats.iter().copied()).collect();
        cx.put(call(Self { repeats, own: whole.shape() }, &[&whole])?, Some(0));
        Ok(())
    }
}

/// The whole tensor `repeats` times along each axis; new axes come in front.
#[track_caller]
pub fn repeat(input: &Tensor, repeats: &[i64]) -> Result<Tensor> {
    const OP: &str = "repeat";
    let own = input.shape();
    if repeats.len() < own.len() {
        return Err(Error::runtime(
            OP,
            format!(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: {} and {}",
                repeats.len(),
                own.len()
            ),
        ));
    }
    if let Some(negative) = repeats.iter().find(|&&repeat| repeat < 0) {
        return Err(Error::runtime(
            OP,
            format!("Trying to create tensor with negative dimension {negative}: {repeats:?}"),
        ));
    }
    let repeats = repeats.iter().map(|&repeat| repeat as usize).collect();
    call(Repeated { repeats, own }, &[input])
}

/// [`repeat`], axes that are not mentioned once.
#[track_caller]
pub fn tile(input: &Tensor, repeats: &[i64]) -> Result<Tensor> {
    let missing = input.rank().saturating_sub(repeats.len());
    let mut all: SmallVec<[i64; 6]> = smallvec![1; missing];
    all.extend_from_slice(repeats);
    repeat(input, &all)
}

/// Each element (or slice along `axis`) `repeats` times in a row; without an axis of the flattened tensor.
#[track_caller]
pub fn repeat_interleave(input: &Tensor, repeats: i64, axis: Option<i64>) -> Result<Tensor> {
    const OP: &str = "repeat_interleave";
    if repeats < 0 {
        return Err(Error::runtime(OP, "Repeats must be non-negative"));
    }
    let (input, axis) = match axis {
        None => (views::reshape(input, &[-1])?, 0),
        Some(_) if input.rank() == 0 => {
            return Err(Error::index(OP, "a tensor without axes has no dim to repeat along; leave dim out"));
        }
        Some(axis) => (input.clone(), shape::normalize_axis(OP, axis, input.rank())?),
    };
    let input = if input.rank() == 0 { views::reshape(&input, &[1])? } else { input };
    let mut shape = input.shape();
    let mut spread = shape.clone();
    spread.insert(axis + 1, repeats as usize);
    shape[axis] =
        shape[axis].checked_mul(repeats as usize).ok_or_else(|| Error::OutOfMemory { op: OP, bytes: u128::MAX })?;
    let apart = views::unsqueeze(&input, axis as i64 + 1)?;
    let copied = copy::clone_contiguous(&views::broadcast_to(&apart, &spread)?)?;
    views::reshape_to(&copied, &shape)
}

/// The position of each copy: 0 as often as the first count says, then 1, and so on.
pub fn repeated_positions(counts: &Tensor, output_size: Option<i64>) -> Result<Tensor> {
    const OP: &str = "repeat_interleave";
    if counts.rank() != 1 {
        return Err(Error::runtime(OP, "repeat_interleave only accept 1D vector as repeat"));
    }
    batching::refuse_data(OP, &[counts], || {
        "repeat_interleave: vmapping over the `repeats` tensor is not possible, because the size of the output equals the sum \
         of `repeats`, which is data-dependent and may differ between batch elements."
            .to_owned()
    })?;
    if !matches!(counts.dtype(), DType::I64 | DType::I32) {
        return Err(Error::runtime(OP, format!("repeats has to be Long or Int tensor, got {}", counts.dtype())));
    }
    if counts.device() == Device::Meta {
        let Some(size) = output_size else {
            return Err(Error::runtime(OP, "cannot repeat_interleave a meta tensor without output_size"));
        };
        let _place = Placed::on(Device::Meta);
        return Ok(Tensor::from_array(Array::zeros(OP, &creation::sizes(OP, &[size])?, DType::I64)?));
    }
    let values: Vec<i64> = counts.to_vec();
    if let Some(negative) = values.iter().find(|&&count| count < 0) {
        return Err(Error::runtime(OP, format!("repeats can not be negative, got {negative}")));
    }
    let total = values.iter().try_fold(0i64, |total, &count| total.checked_add(count));
    let total = total.ok_or_else(|| Error::OutOfMemory { op: OP, bytes: u128::MAX })?;
    if let Some(size) = output_size
        && size != total
    {
        return Err(Error::runtime(OP, format!("allocated size does not match required size: {size} and {total}")));
    }
    let output = Array::uninit(OP, &[total as usize], DType::I64)?;
    launch(NONE, &output, |[], mut out| {
        let mut rest = out.as_slice::<i64>().expect("a new vector");
        for (position, &count) in values.iter().enumerate() {
            let (repeated, behind) = rest.split_at_mut(count as usize);
            repeated.fill(position as i64);
            rest = behind;
        }
    });
    Ok(Tensor::from_array(output))
}

/// Each slice along `axis` as often as its entry of `counts` (or its only entry) says.
#[track_caller]
pub fn repeat_interleave_by(
    input: &Tensor,
    counts: &Tensor,
    axis: Option<i64>,
    output_size: Option<i64>,
) -> Result<Tensor> {
    const OP: &str = "repeat_interleave";
    let (input, axis) = match axis {
        None => (views::reshape(input, &[-1])?, 0),
        Some(_) if input.rank() == 0 => {
            return Err(Error::index(OP, "a tensor without axes has no dim to repeat along; leave dim out"));
        }
        Some(axis) => (input.clone(), shape::normalize_axis(OP, axis, input.rank())?),
    };
    let size = input.shape().get(axis).copied().unwrap_or(1);
    let counts = match counts.rank() {
        0 => views::broadcast_to(counts, &[size])?,
        1 if counts.numel() == 1 => views::broadcast_to(counts, &[size])?,
        1 if counts.numel() == size => counts.clone(),
        1 => {
            return Err(Error::runtime(
                OP,
                format!(
                    "repeats must have the same size as input along dim, but got repeats.size(0) = {} and input.size({axis}) = {size}",
                    counts.numel()
                ),
            ));
        }
        _ => return Err(Error::runtime(OP, "repeats must be 0-dim or 1-dim tensor")),
    };
    let positions = repeated_positions(&counts, output_size)?;
    slices::index_select(&input, axis as i64, &positions)
}
