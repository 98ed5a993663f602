//! What operations share that write some elements of a tensor: into a copy of it, or in place.

use smallvec::{SmallVec, smallvec};

use super::overlap::{check_apart, check_distinct, spared};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, check_in_place, is_recorded, record, record_in_place};
use crate::graph::{Blame, is_grad_enabled};
use crate::launch::Held;
use crate::tensor::{Operand, Tensor};

/// A tensor that an operation writes to, or to a copy of it, with the one look at it that the operation takes: another thread
/// may give the tensor other data at any time, and what is checked has to be what is written.
pub(super) struct Target<'a> {
    /// The tensor.
    pub tensor: &'a Tensor,
    /// What was seen of it.
    pub operand: Operand,
    /// Whether the tensor itself is written to.
    pub in_place: bool,
}

impl<'a> Target<'a> {
    /// Looks at the tensor.
    pub fn new(tensor: &'a Tensor, in_place: bool) -> Result<Self> {
        Ok(Self { tensor, operand: tensor.operand()?, in_place })
    }

    /// What is written, or copied first.
    pub fn array(&self) -> &Array {
        &self.operand.array
    }
}

/// A write: where to, and what is read on the way.
pub(super) struct Write<'a> {
    /// The operation, for messages.
    pub op: &'static str,
    /// What is written to, or copied first.
    pub target: &'a Target<'a>,
    /// How the target is copied if it is not written itself, which decides the layout of the result.
    pub copy: fn(&Array, &'static str) -> Result<Array>,
    /// The inputs of the node behind the target.
    pub others: &'a [&'a Operand],
    /// Everything that is read; a target changed in place must be apart from it.
    pub reads: &'a [&'a Array],
    /// Whether elements of the target may share memory, where nothing is recorded: what the body writes to some elements
    /// does not depend on the others, and is launched in order.
    pub in_order: bool,
}

impl<'a> Write<'a> {
    /// To `target` or a copy in its layout, reading nothing.
    pub fn new(op: &'static str, target: &'a Target<'a>) -> Self {
        Self { op, target, copy: Array::duplicate, others: &[], reads: &[], in_order: false }
    }

    /// To `target` or a row-major copy, reading nothing.
    pub fn row_major(op: &'static str, target: &'a Target<'a>) -> Self {
        Self { copy: Array::duplicate_row_major, ..Self::new(op, target) }
    }

    /// Runs `body` on the array to write, with the state of all roots held, and records `op`.
    ///
    /// `body` either writes everything or returns an error and has written nothing.
    #[track_caller]
    pub fn run<O: Op>(
        self,
        op: impl FnOnce() -> O,
        saves: &[Save<'_>],
        body: impl FnOnce(&mut Held<'_>, &Array) -> Result<()>,
    ) -> Result<Tensor> {
        let Target { tensor, operand, in_place } = self.target;
        let mut inputs: SmallVec<[&Operand; 3]> = smallvec![operand];
        inputs.extend_from_slice(self.others);
        let recorded = is_recorded(&inputs) && operand.array.dtype().is_differentiable();
        let array = if *in_place {
            check_in_place(self.op, tensor, recorded || (operand.edge.is_some() && is_grad_enabled()))?;
            if recorded || !self.in_order {
                check_distinct(self.op, &operand.array)?;
            }
            check_apart(self.op, &operand.array, self.reads)?;
            operand.array.clone()
        } else {
            (self.copy)(&operand.array, self.op)?
        };
        let blame = Blame::here();
        {
            let written = &array;
            let mut held = Held::take(&self.reads, &written);
            body(&mut held, &array)?;
            if *in_place {
                array.storage().bump(blame);
            }
        }
        match (*in_place, recorded) {
            (true, true) => {
                record_in_place(op(), tensor, &inputs, saves)?;
                Ok((*tensor).clone())
            }
            (true, false) => Ok((*tensor).clone()),
            (false, true) => record(op(), &inputs, saves, array),
            (false, false) => Ok(Tensor::from_array(array)),
        }
    }
}

/// What is read of `source` while `target` is written to, if in place; see [`spared`].
pub(super) fn source_of(op: &'static str, target: &Target<'_>, source: &Array, anywhere: bool) -> Result<Array> {
    let copy = if target.in_place { spared(op, target.array(), source, anywhere)? } else { None };
    Ok(copy.unwrap_or_else(|| source.clone()))
}

/// The node of an operation that PyTorch has no derivative for either: its backward is an error.
pub(super) struct NotDifferentiable {
    /// The node's name.
    pub node: &'static str,
    /// The operation, for the message.
    pub op: &'static str,
}

impl NotDifferentiable {
    /// Of an operation that has no derivative in any of its forms.
    pub fn of(op: &'static str) -> Self {
        Self { node: "arcgrad::NotImplemented", op }
    }
}

impl Op for NotDifferentiable {
    fn name(&self) -> &str {
        self.node
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        Err(Error::runtime(self.op, format!("derivative for aten::{} is not implemented", self.op)))
    }
}

/// A tensor without axes as a vector of one element; others as they are.
pub(super) fn at_least_vector(array: &Array) -> Array {
    if array.rank() == 0 { array.with_layout(&[1], &[1], array.offset()) } else { array.clone() }
}
