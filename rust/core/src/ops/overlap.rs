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

/// A copy of `input` for an operation that writes to `output` meanwhile, if the two share elements.
///
/// # Errors
/// Where both are dense blocks, as in PyTorch; not where `anywhere` says that PyTorch takes an input wherever it lies.
pub fn spared(op: &'static str, output: &Array, input: &Array, anywhere: bool) -> Result<Option<Array>> {
    if !input.shares_elements(output) {
        return Ok(None);
    }
    if !anywhere && input.is_dense() && output.is_dense() {
        return Err(shared(op));
    }
    input.duplicate(op).map(Some)
}

/// An output whose elements are written in any order shares no memory with what is read.
pub fn check_apart(op: &'static str, output: &Array, inputs: &[&Array]) -> Result<()> {
    if inputs.iter().any(|input| input.shares_elements(output)) { Err(shared(op)) } else { Ok(()) }
}

fn shared(op: &'static str) -> Box<Error> {
    Error::overlap(
        op,
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory \
         location. Please clone() the tensor before performing the operation.",
    )
}
