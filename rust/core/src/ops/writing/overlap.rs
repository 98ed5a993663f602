//! Memory that overlaps: what is refused as an output, and adding into a view whose elements overlap.

use crate::array::Array;
use crate::error::{Error, Result};
use crate::kernels::index::add_in_order;
use crate::launch::Held;
use crate::tensor::Tensor;

/// Adds `source` to `target`, which may overlap itself (windows, hand-made strides), one element after the other; both have
/// the same shape and a dtype with gradients.
pub fn add_into(target: &Array, source: &Array) -> Result<()> {
    if !target.dtype().is_differentiable() {
        return Err(Error::dtype("as_strided", target.dtype(), "gradients are of a floating dtype"));
    }
    let source = source.cast("as_strided", target.dtype())?;
    Held::take(&&source, &target).launch(&source, target, |source, target| add_in_order(target, source));
    Ok(())
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

/// What is copied by a program shares no memory with where it goes, as far as PyTorch sees that: where both are dense blocks.
pub fn check_copied(target: &Tensor, source: &Tensor) -> Result<()> {
    let (into, from) = (target.array(), source.array());
    let is_shared = !into.storage().is_placeholder() && into.storage().same_memory(from.storage());
    if is_shared && !into.is_exactly(&from) && into.is_dense() && from.is_dense() && from.shares_elements(&into) {
        return Err(shared("copy_"));
    }
    Ok(())
}

fn shared(op: &'static str) -> Box<Error> {
    Error::overlap(
        op,
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory \
         location. Please clone() the tensor before performing the operation.",
    )
}
