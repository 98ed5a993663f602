//! The one place where an operation is run: what it reads is looked at once, transformations are seen to, and what it did
//! is recorded.

use std::fmt::Debug;

use smallvec::SmallVec;

use super::mode::{Modes, modes};
use super::op::{Arrays, Inputs, Op, Tensors};
use super::place;
use super::record;
use super::trace;
use super::transform;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::storage::is_meta_known;
use crate::tensor::{Operand, Tensor};

/// An operation that can be called: a value that can be copied, compared and shown.
pub trait Primitive: Op + Clone + PartialEq + Debug {}

impl<O: Op + Clone + PartialEq + Debug> Primitive for O {}

/// The (first) result of an operation on tensors.
///
/// # Errors
/// Those of the operation.
#[inline]
#[track_caller]
pub fn call<O: Primitive>(op: O, inputs: &[&Tensor]) -> Result<Tensor> {
    Ok(first(call_many(op, inputs)?))
}

/// The first of several results.
pub(crate) fn first(results: Tensors) -> Tensor {
    results.into_iter().next().expect("an operation has a result")
}

/// All results of an operation on tensors.
///
/// # Errors
/// Those of the operation.
#[inline]
#[track_caller]
pub fn call_many<O: Primitive>(op: O, inputs: &[&Tensor]) -> Result<Tensors> {
    let mut given: SmallVec<[Option<&Tensor>; 4]> = SmallVec::new();
    for input in inputs {
        given.push(Some(input));
    }
    call_with(op, &given)
}

/// All results of an operation some of whose inputs are optional.
///
/// # Errors
/// Those of the operation.
#[inline]
#[track_caller]
pub fn call_with<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
    if modes().any(Modes::TRANSFORMS) { transform::call(op, inputs) } else { run(op, inputs) }
}

/// What is read of each operand of a call, once.
pub(super) type Operands = SmallVec<[Option<Operand>; 3]>;

/// Computes, and records. Compiled for each operation, so what needs not know which it is stands in functions of its own.
#[track_caller]
pub(super) fn run<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
    let mut operands = Operands::new();
    read(inputs, op.differentiable() == 0, &mut operands)?;
    let recorded = record::is_wanted(&operands);
    if recorded && let Some(results) = op.decompose(inputs) {
        return results;
    }
    let outputs = eval(&op, &arrays(&operands))?;
    if recorded && any_differentiable(&outputs[..op.differentiable()]) {
        return record::outputs(op, &operands, outputs, None);
    }
    Ok(unrecorded(outputs))
}

/// Looks at each operand. What has no gradient, a `constant`, can be computed of a view whose history cannot be told, too.
#[inline(never)]
#[track_caller]
pub(super) fn read(inputs: &[Option<&Tensor>], constant: bool, operands: &mut Operands) -> Result<()> {
    for input in inputs {
        let operand = match input {
            None => None,
            Some(input) if constant => Some(input.constant_operand()),
            Some(input) => Some(input.snapshot()?),
        };
        operands.push(operand);
    }
    Ok(())
}

/// The operands' arrays.
fn arrays(operands: &[Option<Operand>]) -> Inputs<'_> {
    let mut arrays = SmallVec::new();
    for operand in operands {
        arrays.push(operand.as_ref().map(|operand| &operand.array));
    }
    Inputs(arrays)
}

fn any_differentiable(outputs: &[Array]) -> bool {
    outputs.iter().any(|output| output.dtype().is_differentiable())
}

/// Results without a place in the graph.
#[inline(never)]
fn unrecorded(outputs: Arrays) -> Tensors {
    let mut results = Tensors::new();
    for output in outputs {
        results.push(Tensor::from_array(output));
    }
    results
}

/// An operation of real numbers alone, by PyTorch's name of its node: `SoftmaxBackward0` is that of `softmax`.
#[cold]
fn no_complex(node: &str, dtype: DType) -> Box<Error> {
    let name = node.split("Backward").next().unwrap_or(node);
    let mut kernel = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kernel.is_empty() {
            kernel.push('_');
        }
        kernel.extend(letter.to_lowercase());
    }
    Error::no_kernel("dtype", &kernel, dtype)
}

/// The arrays that an operation makes, written down if a capture is under way.
#[inline]
#[track_caller]
pub(super) fn eval<O: Primitive>(op: &O, inputs: &Inputs<'_>) -> Result<Arrays> {
    if let Some(array) = inputs.iter().find(|array| array.dtype().is_complex())
        && !op.takes_complex()
    {
        return Err(no_complex(op.name(), array.dtype()));
    }
    let _place = if is_meta_known() { place::of_operands(inputs.iter())? } else { None };
    if !modes().any(Modes::CAPTURE) {
        return op.eval(inputs);
    }
    let outputs = trace::aside(|| op.eval(inputs))?;
    trace::note(op, &inputs.0, &outputs);
    Ok(outputs)
}
