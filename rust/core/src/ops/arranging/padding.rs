//! Elements put around a tensor.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::ops::batching;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Elements before and behind each axis; negative numbers crop.
type Pads = SmallVec<[(i64, i64); 6]>;

/// One value around a tensor.
#[derive(Clone, PartialEq, Debug)]
struct Padded {
    pads: Pads,
    value: Scalar,
}

impl Padded {
    fn with_zeros(&self) -> Self {
        Self { pads: self.pads.clone(), value: Scalar::Int(0) }
    }
}

impl Op for Padded {
    fn name(&self) -> &str {
        "ConstantPadNdBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![padded(&inputs[0], &self.pads, self.value)?])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let back = self.pads.iter().map(|&(before, behind)| (-before, -behind)).collect();
        let grad = cx.call(Self { pads: back, value: Scalar::Int(0) }, &[From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, &self.with_zeros())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let pads = std::iter::once((0, 0)).chain(self.pads.iter().copied()).collect();
        cx.put(pad_axes(&whole, pads, self.value)?, Some(0));
        Ok(())
    }
}

#[track_caller]
fn pad_axes(input: &Tensor, pads: Pads, value: Scalar) -> Result<Tensor> {
    call(Padded { pads, value }, &[input])
}

fn padded(array: &Array, pads: &Pads, value: Scalar) -> Result<Array> {
    const OP: &str = "constant_pad_nd";
    let value = value.storable(OP, array.dtype())?;
    if pads.len() != array.rank() {
        return Err(Error::runtime(OP, "another thread has given the input another shape meanwhile"));
    }
    let mut shape = Shape::new();
    for (&size, &(before, behind)) in array.shape().iter().zip(pads) {
        let padded = (size as i64).checked_add(before).and_then(|size| size.checked_add(behind));
        match padded {
            Some(padded) if padded >= 0 => shape.push(padded as usize),
            _ => {
                return Err(Error::runtime(
                    OP,
                    format!(
                        "The input size {size}, plus negative padding {before} and {behind} resulted in a negative output size, which is invalid."
                    ),
                ));
            }
        }
    }
    let mut from = array.clone();
    // Where the elements go along each axis: the first place and how many there are.
    let mut places: SmallVec<[(usize, usize); 6]> = SmallVec::new();
    for (axis, &(before, behind)) in pads.iter().enumerate() {
        let size = array.shape()[axis] as i64;
        let start = (-before).clamp(0, size);
        let length = (size - (-behind).max(0) - start).max(0);
        // Where everything is cropped nothing is copied.
        let offset = before.max(0).min(shape[axis] as i64);
        let length = length.min(shape[axis] as i64 - offset);
        from = from.slice(axis, start as usize, length as usize, 1);
        places.push((offset as usize, length as usize));
    }
    if pads.iter().all(|&(before, behind)| before <= 0 && behind <= 0) {
        return from.duplicate(OP);
    }
    let output = Array::uninit_in_format_of(OP, &shape, array.dtype(), array)?;
    output.fill(value);
    let part = |whole: Array, (axis, &(start, length))| whole.slice(axis, start, length, 1);
    places.iter().enumerate().fold(output.clone(), part).copy_from(&from);
    Ok(output)
}

/// Zeros behind the elements of every axis, up to `shape`.
#[track_caller]
pub(in crate::ops) fn extend_to(input: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let own = input.shape();
    if own.as_slice() == shape {
        return Ok(input.clone());
    }
    let pads = own.iter().zip(shape).map(|(&own, &size)| (0, size as i64 - own as i64)).collect();
    pad_axes(input, pads, Scalar::Int(0))
}

/// `pads` as PyTorch writes them, the last axis first, as one pair per axis.
pub(super) fn pairs(op: &'static str, pads: &[i64], rank: usize) -> Result<Pads> {
    if !pads.len().is_multiple_of(2) {
        return Err(Error::runtime(op, format!("Length of pad must be even but instead it equals {}", pads.len())));
    }
    if pads.len() / 2 > rank {
        return Err(Error::runtime(
            op,
            format!(
                "Length of pad should be no more than twice the number of dimensions of the input. Pad length is {} while the input has {rank} dimensions.",
                pads.len()
            ),
        ));
    }
    // Far beyond what memory holds, and sums of them do not overflow.
    if let Some(most) = pads.iter().find(|pad| pad.unsigned_abs() > 1 << 61) {
        return Err(Error::runtime(op, format!("Padding by {most} elements is more than any tensor has")));
    }
    let mut result: Pads = SmallVec::from_elem((0, 0), rank);
    for (pair, axis) in pads.chunks_exact(2).zip((0..rank).rev()) {
        result[axis] = (pair[0], pair[1]);
    }
    Ok(result)
}

/// One value around a tensor: `pads` holds the elements before and behind the last axis, then the one before it, and
/// so on; negative numbers crop.
#[track_caller]
pub fn constant_pad(input: &Tensor, pads: &[i64], value: Scalar) -> Result<Tensor> {
    pad_axes(input, pairs("constant_pad_nd", pads, input.rank())?, value)
}
