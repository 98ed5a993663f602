//! Batching: an operation on tensors that stand for one of many examples, done for all of them at once.

use smallvec::SmallVec;

use super::parts;
use crate::error::Result;
use crate::graph::call::{Operands, read};
use crate::graph::level::{Level, below};
use crate::graph::op::{Op, Tensors};
use crate::graph::record;
use crate::tensor::Tensor;

/// A tensor of all examples, or one that is the same for all.
#[derive(Clone)]
pub struct Part {
    /// The data.
    pub tensor: Tensor,
    /// The axis along which the examples lie; `None` for what is the same for all.
    pub axis: Option<usize>,
}

impl Part {
    /// The rank that the operation believes it has.
    pub fn rank(&self) -> usize {
        self.tensor.rank() - usize::from(self.axis.is_some())
    }
}

/// What an operation sees when it is batched: its inputs for all examples. It puts its results for all examples.
///
/// All of them are tensors to compute with; the level that is being seen to is hidden.
pub struct Batch<'a> {
    size: usize,
    inputs: SmallVec<[Option<Part>; 4]>,
    results: SmallVec<[Part; 1]>,
    logical: &'a [Option<&'a Tensor>],
}

impl<'a> Batch<'a> {
    /// Number of examples.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Input `index`, which was given.
    pub fn input(&self, index: usize) -> &Part {
        self.inputs[index].as_ref().expect("an input that was given")
    }

    /// Input `index`, if it was given.
    pub fn optional(&self, index: usize) -> Option<&Part> {
        self.inputs[index].as_ref()
    }

    /// Input `index` as the operation was called with it: of one example, without data. For shape and dtype.
    pub fn example(&self, index: usize) -> &'a Tensor {
        self.logical[index].expect("an input that was given")
    }

    /// Gives the next result, whose examples lie along `axis`; `None` if it is the same for all.
    pub fn put(&mut self, tensor: Tensor, axis: Option<usize>) {
        self.results.push(Part { tensor, axis });
    }

    /// Gives all results of a call, whose examples lie along one axis.
    pub fn put_all(&mut self, tensors: Tensors, axis: usize) {
        self.results.extend(tensors.into_iter().map(|tensor| Part { tensor, axis: Some(axis) }));
    }
}

/// An operation some of whose inputs are batched at `level`, which is the highest.
#[track_caller]
pub(super) fn call<O: Op>(level: Level, size: usize, op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
    let (tensors, operands) = unrecorded(level, size, &op, inputs)?;
    if !record::is_wanted(&operands) {
        return Ok(tensors);
    }
    let (arrays, lifts) = parts(&tensors);
    record::outputs(op, &operands, arrays, Some(&lifts))
}

/// The results of an operation, and what is read of its inputs: not compiled for each operation.
#[inline(never)]
#[track_caller]
fn unrecorded(level: Level, size: usize, op: &dyn Op, inputs: &[Option<&Tensor>]) -> Result<(Tensors, Operands)> {
    let results = parts_of(level, size, op, inputs)?;
    let mut operands = Operands::new();
    read(inputs, false, &mut operands)?;
    Ok((wrap(level, results)?, operands))
}

/// The results of an operation for all examples.
pub(crate) fn parts_of(
    level: Level,
    size: usize,
    op: &dyn Op,
    inputs: &[Option<&Tensor>],
) -> Result<SmallVec<[Part; 1]>> {
    let parts = inputs.iter().map(|input| input.map(|input| part(level, input))).collect();
    let mut cx = Batch { size, inputs: parts, results: SmallVec::new(), logical: inputs };
    below(level, || op.batch(&mut cx))?;
    Ok(cx.results)
}

/// What a tensor is for all examples.
pub(crate) fn part(level: Level, tensor: &Tensor) -> Part {
    match tensor.batched(level) {
        Some(batched) => Part { tensor: batched.inner.clone(), axis: Some(batched.axis) },
        None => Part { tensor: tensor.clone(), axis: None },
    }
}

/// Results of all examples as tensors that stand for one.
pub(crate) fn wrap(level: Level, parts: impl IntoIterator<Item = Part>) -> Result<Tensors> {
    parts
        .into_iter()
        .map(|part| match part.axis {
            Some(axis) => Tensor::new_batched(level, part.tensor, axis),
            None => Ok(part.tensor),
        })
        .collect()
}
