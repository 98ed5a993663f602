//! The one place where an operation is run: what it reads is looked at once, transformations are seen to, and what it did
//! is recorded.

use smallvec::SmallVec;

use super::gradient::Gradient;
use super::level::Kind;
use super::mode::{Modes, modes};
use super::op::{Arrays, Inputs, Primitive, Tensors};
use super::operand::{Operands, read};
use super::place;
use super::record;
use super::rules::{Backward, From, Tangents};
use super::trace;
use super::transform::{self, batch, host, tangent};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::storage::{Placed, is_meta_known};
use crate::tensor::{Operand, Tensor};

/// The (first) result of an operation on tensors.
///
/// # Errors
/// Those of the operation.
#[inline]
#[track_caller]
pub fn call<O: Primitive>(op: O, inputs: &[&Tensor]) -> Result<Tensor> {
    let mut given: SmallVec<[Option<&Tensor>; 4]> = SmallVec::new();
    for input in inputs {
        given.push(Some(input));
    }
    match plain(&op, &given) {
        Some(result) => result,
        None => otherwise(op, &given),
    }
}

/// The (first) result of an operation some of whose inputs are optional.
///
/// # Errors
/// Those of the operation.
#[track_caller]
pub fn call_first<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensor> {
    match plain(&op, inputs) {
        Some(result) => result,
        None => otherwise(op, inputs),
    }
}

/// The first result where no transformation is under way and nothing is recorded, else `None`. The operation is not moved for it.
#[inline]
#[track_caller]
fn plain<O: Primitive>(op: &O, inputs: &[Option<&Tensor>]) -> Option<Result<Tensor>> {
    if modes().any(Modes::TRANSFORMS) {
        return None;
    }
    let mut arrays = SmallVec::new();
    bare(inputs, &mut arrays).then(|| constant(op, &arrays).map(Tensor::from_array))
}

/// [`call_first`] of everything else.
#[inline(never)]
#[track_caller]
fn otherwise<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensor> {
    let results = if modes().any(Modes::TRANSFORMS) { at_levels(op, inputs) } else { recorded(op, inputs) };
    Ok(first(results?))
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
    if modes().any(Modes::TRANSFORMS) { at_levels(op, inputs) } else { run(op, inputs) }
}

/// Computes, and records. Compiled for each operation, so what needs not know which it is stands in functions of its own.
#[track_caller]
pub(super) fn run<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
    let mut arrays = SmallVec::new();
    if bare(inputs, &mut arrays) { Ok(unrecorded(constants(&op, &arrays)?)) } else { recorded(op, inputs) }
}

/// What an operation makes of data of which nothing is recorded, whatever the mode.
#[inline]
#[track_caller]
fn constants<O: Primitive>(op: &O, arrays: &[Option<Array>]) -> Result<Arrays> {
    eval(op, &given(arrays))
}

/// The first of them, where no capture is under way: a trace that is run again may want the others.
#[inline]
#[track_caller]
fn constant<O: Primitive>(op: &O, arrays: &[Option<Array>]) -> Result<Array> {
    let inputs = given(arrays);
    let _place = prepare(op, &inputs)?;
    op.eval_first(&inputs)
}

#[inline]
fn given(arrays: &[Option<Array>]) -> Inputs<'_> {
    let mut given = SmallVec::new();
    for array in arrays {
        given.push(array.as_ref());
    }
    Inputs(given)
}

/// The data of tensors that require no gradient, and show none that does; false where more is to be looked at.
#[inline(never)]
fn bare(inputs: &[Option<&Tensor>], arrays: &mut SmallVec<[Option<Array>; 4]>) -> bool {
    for input in inputs {
        let Some(tensor) = input else {
            arrays.push(None);
            continue;
        };
        let (array, base) = {
            let state = tensor.lock();
            if state.wants_grad() || state.inference {
                return false;
            }
            (state.array.clone(), state.view.as_ref().map(|view| view.base.clone()))
        };
        if base.is_some_and(|base| base.requires_grad()) {
            return false;
        }
        arrays.push(Some(array));
    }
    true
}

#[track_caller]
fn recorded<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
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

/// What is seen to before an operation computes: that it can, and where.
#[inline]
fn prepare<O: Primitive>(op: &O, inputs: &Inputs<'_>) -> Result<Option<Placed>> {
    if let Some(array) = inputs.iter().find(|array| array.dtype().is_complex())
        && !op.takes_complex()
    {
        return Err(no_complex(op.name(), array.dtype()));
    }
    if is_meta_known() { place::of_operands(inputs.iter()) } else { Ok(None) }
}

/// The arrays that an operation makes, written down if a capture is under way.
#[inline]
#[track_caller]
pub(super) fn eval<O: Primitive>(op: &O, inputs: &Inputs<'_>) -> Result<Arrays> {
    let _place = prepare(op, inputs)?;
    if !modes().any(Modes::CAPTURE) {
        return op.eval(inputs);
    }
    let outputs = trace::aside(|| op.eval(inputs))?;
    trace::note(op, &inputs.0, &outputs);
    Ok(outputs)
}

/// An operation while a transformation is under way.
#[cold]
#[track_caller]
fn at_levels<O: Primitive>(op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
    if transform::top(inputs).is_some()
        && let Some(results) = op.decompose(inputs)
    {
        return results;
    }
    let again = op.clone();
    match transformed(op, inputs, || call_with(again.clone(), inputs))? {
        Some(results) => Ok(results),
        None => run(again, inputs),
    }
}

/// An operation that `value` runs at the levels below, while a transformation is under way; `None` if nothing is attached to
/// its inputs.
#[cold]
#[track_caller]
pub(crate) fn transformed<O: Primitive>(
    op: O,
    inputs: &[Option<&Tensor>],
    value: impl FnOnce() -> Result<Tensors>,
) -> Result<Option<Tensors>> {
    let Some((level, kind)) = transform::top(inputs) else { return Ok(None) };
    let results = match kind {
        Kind::Host => host::call(op, inputs, call_with)?,
        Kind::Tangent => tangent::call(level, &op, inputs, value)?,
        Kind::Batch { size } => batch::call(level, size, op, inputs)?,
    };
    Ok(Some(results))
}

impl Backward<'_> {
    /// The first result of an operation on gradients and saved values: on bare data where nothing is recorded.
    #[track_caller]
    pub fn call<O: Primitive>(&mut self, op: O, from: &[From]) -> Result<Gradient> {
        Ok(self.call_many(op, from)?.into_iter().next().expect("an operation has a result"))
    }

    /// All results of an operation on gradients and saved values.
    #[track_caller]
    pub fn call_many<O: Primitive>(&mut self, op: O, from: &[From]) -> Result<SmallVec<[Gradient; 2]>> {
        if !self.is_plain() {
            let mut tensors: SmallVec<[Option<Tensor>; 4]> = SmallVec::new();
            for from in from {
                tensors.push(match *from {
                    From::Grad(nr) => Some(self.grad_or_zeros(nr)?.tensor().clone()),
                    From::Saved(index) => Some(self.saved(index)?),
                    From::Nothing => None,
                });
            }
            let inputs: SmallVec<[Option<&Tensor>; 4]> = tensors.iter().map(Option::as_ref).collect();
            return Ok(call_with(op, &inputs)?.into_iter().map(Gradient::from).collect());
        }
        let mut arrays: SmallVec<[Option<Array>; 4]> = SmallVec::new();
        for from in from {
            arrays.push(match *from {
                From::Grad(nr) => Some(self.grad_or_zeros(nr)?.look().array().clone()),
                From::Saved(index) => Some(self.saved_array(index)?),
                From::Nothing => None,
            });
        }
        let inputs = Inputs(arrays.iter().map(Option::as_ref).collect());
        Ok(eval(&op, &inputs)?.into_iter().map(Gradient::from).collect())
    }
}

impl Tangents<'_> {
    /// For an operation that is linear in its first `count` inputs together: the operation of their tangents.
    pub fn jointly_linear<O: Primitive>(&mut self, count: usize, op: &O) -> Result<()> {
        if self.tangents[..count].iter().all(Option::is_none) {
            return Ok(());
        }
        let mut tangents: SmallVec<[Tensor; 4]> = SmallVec::new();
        for index in 0..count {
            tangents.push(self.tangent_or_zeros(index)?);
        }
        let rest = self.inputs[count..].iter().copied();
        let inputs: SmallVec<[Option<&Tensor>; 4]> = tangents.iter().map(Some).chain(rest).collect();
        let results = call_with(op.clone(), &inputs)?;
        for (nr, result) in results.into_iter().take(op.differentiable()).enumerate() {
            self.put(nr, result)?;
        }
        Ok(())
    }

    /// For an operation that is linear in input `index` alone: the operation of its tangent.
    pub fn linear<O: Primitive>(&mut self, index: usize, op: &O) -> Result<()> {
        let Some(tangent) = self.tangents[index].clone() else { return Ok(()) };
        let inputs: SmallVec<[Option<&Tensor>; 4]> = self
            .inputs
            .iter()
            .enumerate()
            .map(|(at, input)| if at == index { Some(&tangent) } else { *input })
            .collect();
        let results = call_with(op.clone(), &inputs)?;
        for (nr, result) in results.into_iter().take(op.differentiable()).enumerate() {
            self.put(nr, result)?;
        }
        Ok(())
    }
}
