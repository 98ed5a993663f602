//! Memory that overlaps: what is refused as an output, and adding into a view whose elements overlap.

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::kernels::element::Element;
use crate::storage::Access;

/// Adds `source` to `target`, which may overlap itself (windows, hand-made strides), one element after the other; both have the same shape and a float dtype.
pub fn add_into(target: &Array, source: &Array) -> Result<()> {
    match target.dtype() {
        DType::F32 => add(target, &source.to_vec::<f32>()),
        DType::F64 => add(target, &source.to_vec::<f64>()),
        other => return Err(Error::dtype("as_strided", other, "gradients are of a floating dtype")),
    }
    Ok(())
}

fn add<T: Element + std::ops::AddAssign>(target: &Array, values: &[T]) {
    let _access = Access::acquire(&[], &[target.storage()]);
    let (shape, strides) = (target.shape(), target.strides());
    let mut index = vec![0usize; shape.len()];
    let mut offset = 0isize;
    for &value in values {
        // SAFETY: exclusive state is held, and the layout lies within the block.
        unsafe { *target.ptr().cast::<T>().wrapping_offset(offset) += value };
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            offset += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            offset -= strides[axis] * shape[axis] as isize;
            index[axis] = 0;
        }
    }
}

/// An output that is exactly an input is fine; partial overlap with an input, or with itself, is not.
pub fn check_overlap(op: &'static str, output: &Array, inputs: &[&Array]) -> Result<()> {
    check_distinct(op, output)?;
    check_inputs(op, output, inputs)
}

/// No two elements of an output share memory.
pub fn check_distinct(op: &'static str, output: &Array) -> Result<()> {
    if output.overlaps_itself() {
        return Err(Error::overlap(
            op,
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. \
             Please clone() the tensor before performing the operation.",
        ));
    }
    Ok(())
}

/// No input overlaps the output in part.
pub fn check_inputs(op: &'static str, output: &Array, inputs: &[&Array]) -> Result<()> {
    for input in inputs {
        if !input.is_exactly(output) && input.ranges_touch(output) && !disjoint_interleaved(input, output) {
            return Err(Error::overlap(
                op,
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single \
                 memory location. Please clone() the tensor before performing the operation.",
            ));
        }
    }
    Ok(())
}

/// Columns of one matrix touch in address range but share no element: equal strides, offset not a multiple.
fn disjoint_interleaved(a: &Array, b: &Array) -> bool {
    if !a.storage().same_memory(b.storage()) || a.dtype() != b.dtype() {
        return false;
    }
    let steps = |array: &Array| -> i64 {
        array
            .shape()
            .iter()
            .zip(array.strides())
            .filter(|(size, _)| **size > 1)
            .fold(0i64, |step, (_, &stride)| gcd(step, stride as i64))
    };
    let step = gcd(steps(a), steps(b));
    step != 0 && (a.offset() as i64 - b.offset() as i64) % step != 0
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
