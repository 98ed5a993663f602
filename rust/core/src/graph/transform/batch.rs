//! Batching: an operation on tensors that stand for one of many examples, done for all of them at once.

use smallvec::SmallVec;

use super::parts;
use crate::error::Result;
use crate::graph::level::{Level, below};
use crate::graph::op::{Op, Tensors};
use crate::graph::operand::{Operands, read};
use crate::graph::record;
use crate::graph::rules::{Batch, Part};
use crate::tensor::Tensor;

/// An operation some of whose inputs are batched at `level`, which is the highest.
#[track_caller]
pub(in crate::graph) fn call<O: Op>(level: Level, size: usize, op: O, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
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
