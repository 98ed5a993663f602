//! What operations share that write some elements of a tensor: into a copy of it, or in place.

use smallvec::{SmallVec, smallvec};

use super::copy;
use super::overlap::{check_apart, check_distinct, spared};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::op::Primitive;
use crate::graph::op::{Arrays, Inputs, Keep};
use crate::graph::record::{self, check_in_place, would_record_any};
use crate::graph::{Blame, Modes, call, modes, transform};
use crate::launch::Held;
use crate::tensor::{Operand, Tensor};

/// An operation that writes some elements of its first input, the target: into a copy of it ([`into_copy`] is its value), or
/// in place ([`in_place`]).
pub(in crate::ops) trait Writing: Primitive {
    /// The operation, for messages.
    fn op(&self) -> &'static str;

    /// A copy of the target to be written to, which has the layout of the result.
    fn copy(&self, target: &Array) -> Result<Array> {
        target.duplicate_row_major(self.op())
    }

    /// Whether elements of the target may share memory, where nothing is recorded: what is written to some elements does not
    /// depend on the others, and is launched in order.
    fn in_order(&self) -> bool {
        false
    }

    /// Checks that the inputs fit together, and says what is read of those behind the target.
    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()>;

    /// Writes everything, or returns an error and has written nothing. `reads` is what [`Self::reads`] said, whose state is
    /// held as that of the target.
    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()>;
}

/// What is read while a target is written to.
pub(in crate::ops) struct Reads<'a> {
    op: &'static str,
    /// The target, if it is written in place.
    written: Option<&'a Array>,
    arrays: SmallVec<[Array; 3]>,
}

impl Reads<'_> {
    /// An array that a target changed in place has to be apart from.
    pub fn apart(&mut self, array: Array) -> Result<()> {
        if let Some(written) = self.written {
            check_apart(self.op, written, &[&array])?;
        }
        self.arrays.push(array);
        Ok(())
    }

    /// An array that is copied where a target changed in place shows its elements; see [`spared`].
    pub fn spared(&mut self, array: &Array, anywhere: bool) -> Result<()> {
        let copy = match self.written {
            Some(written) => spared(self.op, written, array, anywhere)?,
            None => None,
        };
        self.arrays.push(copy.unwrap_or_else(|| array.clone()));
        Ok(())
    }
}

/// Runs the body of a write on the memory that is to be written; `after` while it is still held.
fn launched<O: Writing>(op: &O, target: &Array, reads: &Reads<'_>, after: impl FnOnce()) -> Result<()> {
    let arrays: SmallVec<[&Array; 4]> = reads.arrays.iter().collect();
    let reads = &arrays[..];
    let mut held = Held::take(&reads, &target);
    op.write(&mut held, target, reads)?;
    after();
    Ok(())
}

/// A copy of the target, written to.
pub(in crate::ops) fn into_copy<O: Writing>(op: &O, inputs: &Inputs<'_>) -> Result<Arrays> {
    let mut reads = Reads { op: op.op(), written: None, arrays: SmallVec::new() };
    op.reads(inputs, &mut reads)?;
    let array = op.copy(&inputs[0])?;
    launched(op, &array, &reads, || ())?;
    Ok(smallvec![array])
}

/// Writes to new memory in place of the target, which is the first of `inputs`.
pub(in crate::ops) fn into_fresh<O: Writing>(op: &O, target: &Array, inputs: &Inputs<'_>) -> Result<()> {
    let mut reads = Reads { op: op.op(), written: None, arrays: SmallVec::new() };
    op.reads(inputs, &mut reads)?;
    launched(op, target, &reads, || ())
}

/// The operation on a copy of the target, or in place: the result, or the target.
#[track_caller]
pub(in crate::ops) fn written<O: Writing>(op: O, is_in_place: bool, inputs: &[&Tensor]) -> Result<Tensor> {
    if !is_in_place {
        return call(op, inputs);
    }
    in_place(op, inputs)?;
    Ok(inputs[0].clone())
}

/// The operation in place: its first input is written to.
#[track_caller]
pub(in crate::ops) fn in_place<O: Writing>(mut op: O, inputs: &[&Tensor]) -> Result<()> {
    let (name, target) = (op.op(), inputs[0]);
    if modes().any(Modes::TRANSFORMS) && (modes().any(Modes::CAPTURE) || is_lifted(inputs)) {
        // What a rule keeps of the target is what it was.
        let spared = !modes().any(Modes::NO_GRAD) && op.keeps(&|_| true).contains(&Keep::Input(0));
        let before = if spared { copy::clone(target)? } else { target.clone() };
        let inputs: SmallVec<[&Tensor; 4]> =
            inputs.iter().map(|input| if input.is(target) { &before } else { *input }).collect();
        return copy::copy_(target, &call(op, &inputs)?);
    }
    let mut operands: SmallVec<[Operand; 3]> = SmallVec::new();
    for input in inputs {
        operands.push(input.snapshot()?);
    }
    let array = operands[0].array.clone();
    let recorded = array.dtype().is_differentiable() && record::is_wanted_of(operands.iter());
    check_in_place(name, target, recorded || would_record_any(&[&operands[0]]))?;
    if recorded || !op.in_order() {
        check_distinct(name, &array)?;
    }
    let mut reads = Reads { op: name, written: Some(&array), arrays: SmallVec::new() };
    op.reads(&operands.iter().map(|operand| Some(&operand.array)).collect(), &mut reads)?;
    let mut kept: SmallVec<[Keep; 4]> = SmallVec::new();
    if recorded {
        kept = op.keeps(&|input| operands[input].edge.is_some());
        for keep in &kept {
            if let Keep::Input(input) = *keep
                && operands[input].array.shares_elements(&array)
            {
                operands[input].keep_copy(name)?;
            }
        }
    }
    let blame = Blame::here();
    launched(&op, &array, &reads, || array.storage().bump(blame))?;
    if recorded { record::written(op, &kept, target, &operands) } else { Ok(()) }
}

/// Whether transformations have attached anything to the inputs.
fn is_lifted(inputs: &[&Tensor]) -> bool {
    let inputs: SmallVec<[Option<&Tensor>; 4]> = inputs.iter().copied().map(Some).collect();
    transform::top(&inputs).is_some()
}

impl Operand {
    /// Lets go of memory that is about to be written for a copy of it.
    fn keep_copy(&mut self, op: &'static str) -> Result<()> {
        self.array = self.array.duplicate(op)?;
        self.seen = self.array.storage().seen();
        self.identity = std::sync::Weak::new();
        Ok(())
    }
}

/// The rule of an operation that PyTorch has no derivative for either: its backward is an error.
pub(in crate::ops) fn not_differentiable(op: &'static str) -> Result<()> {
    Err(Error::runtime(op, format!("derivative for aten::{op} is not implemented")))
}

/// The same in forward mode.
pub(in crate::ops) fn no_tangent(op: &'static str) -> Result<()> {
    Err(Error::not_implemented(op, format!("Trying to use forward AD with aten::{op} that does not support it")))
}

/// The name of the node of an operation that has no derivative in any of its forms.
pub(in crate::ops) const NOT_DIFFERENTIABLE: &str = "arcgrad::NotImplemented";

/// A tensor without axes as a vector of one element; others as they are.
pub(in crate::ops) fn at_least_vector(array: &Array) -> Array {
    if array.rank() == 0 { array.with_layout(&[1], &[1], array.offset()) } else { array.clone() }
}
