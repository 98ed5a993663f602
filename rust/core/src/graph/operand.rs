//! Where a tensor is in the graph, and what an operation reads of it.

use std::sync::Arc;

use smallvec::SmallVec;

use super::level::Kind;
use super::mode::{Modes, is_grad_enabled, modes};
use super::node::{Edge, NodeRef};
use super::{accumulate, trace, views};
use crate::error::{Error, Result};
use crate::tensor::{Locked, Operand, State, Tensor};

impl Tensor {
    /// Whether a gradient is computed for this tensor.
    #[inline]
    pub fn requires_grad(&self) -> bool {
        let base = {
            let state = self.lock();
            match &state.view {
                _ if state.wants_grad() => return true,
                None => return false,
                // What is made in inference mode is never differentiated.
                Some(_) if state.inference => return false,
                Some(view) => view.base.clone(),
            }
        };
        // A view requires a gradient if what it shows does, also if an in-place operation has made it so.
        base.requires_grad()
    }

    /// Whether no recorded operation made this tensor.
    pub fn is_leaf(&self) -> bool {
        matches!(self.grad_fn(), Ok(None))
    }

    /// Switches gradients of a leaf on or off.
    ///
    /// # Errors
    /// For a non-leaf ("you can only change requires_grad flags of leaf variables") and for dtypes without gradients.
    pub fn set_requires_grad(&self, on: bool) -> Result<()> {
        if on && !self.dtype().is_differentiable() {
            return Err(Error::runtime(
                "requires_grad",
                "Only Tensors of floating point and complex dtype can require gradients",
            ));
        }
        if self.grad_fn()?.is_some() {
            return if on {
                Ok(())
            } else {
                Err(Error::runtime(
                    "requires_grad",
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable \
                     in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
                ))
            };
        }
        if on && self.lock().inference && !modes().any(Modes::INFERENCE) {
            return Err(Error::runtime(
                "requires_grad",
                "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.",
            ));
        }
        self.lock().requires_grad = on;
        Ok(())
    }

    /// The same tensor with `requires_grad` switched on, for building leaves.
    pub fn with_grad(self) -> Result<Self> {
        self.set_requires_grad(true)?;
        Ok(self)
    }

    /// The node that made this tensor. For a view whose base was changed in place it is made anew.
    pub fn grad_fn(&self) -> Result<Option<NodeRef>> {
        {
            let state = self.lock();
            if state.view.is_none() {
                return Ok(state.grad_fn.clone());
            }
        }
        views::current_grad_fn(self)
    }

    /// Which output of its node this tensor is.
    pub fn output_nr(&self) -> u32 {
        self.lock().output_nr
    }

    /// Where the gradient of this tensor goes: its node, or a leaf's accumulator.
    pub fn gradient_edge(&self) -> Result<Option<Edge>> {
        let mut state = self.lock_current()?;
        Ok(self.edge(&mut state))
    }

    /// The state, after a view whose base was changed in place has been given its history anew.
    #[inline]
    fn lock_current(&self) -> Result<Locked<'_>> {
        let state = self.lock();
        if state.view.is_none() {
            return Ok(state);
        }
        drop(state);
        self.grad_fn()?;
        Ok(self.lock())
    }

    /// [`Tensor::gradient_edge`] of a tensor that is locked already: its node and which output of it this is belong
    /// together, and another thread's in-place operation changes both.
    #[inline]
    pub(crate) fn edge(&self, state: &mut State) -> Option<Edge> {
        match &state.grad_fn {
            Some(node) => Some(Edge::new(node.clone(), state.output_nr)),
            None if state.requires_grad => Some(Edge::new(accumulate::accumulator_of(self, state), 0)),
            None => None,
        }
    }

    /// Whether the tensor's gradient goes to `edge`, if it has one; a leaf's does not if it does not require one.
    pub(crate) fn is_at(&self, edge: Option<&Edge>) -> bool {
        let state = self.lock();
        match edge {
            None => state.grad_fn.is_none(),
            Some(Edge { node: Some(node), output_nr }) => match &state.grad_fn {
                Some(own) => Arc::ptr_eq(own, node) && state.output_nr == *output_nr,
                None => {
                    let accumulator = state.extra.as_ref().and_then(|extra| extra.accumulator.as_ref());
                    accumulator.is_some_and(|own| Arc::ptr_eq(own, node))
                }
            },
            Some(_) => false,
        }
    }

    /// Copies out what an operation needs. A history that is out of date is made anew only where operations are recorded:
    /// where it cannot be, the data can be read and written all the same.
    #[inline]
    pub fn operand(&self) -> Result<Operand> {
        if modes().any(Modes::TRANSFORMS) {
            // What the host merely wants to see is computed unseen.
            if self.top_level().is_some_and(|(_, kind)| kind != Kind::Host) || self.is_hosted() {
                return Err(not_transformed());
            }
            trace::barrier("an operation", "cannot be captured yet");
        }
        self.snapshot()
    }

    /// [`Tensor::operand`] for what knows of transformations.
    #[inline]
    pub(crate) fn snapshot(&self) -> Result<Operand> {
        if modes().any(Modes::LIFTED) {
            self.take_tangents_of_base();
        }
        let mut state = self.lock();
        if state.view.is_some() && is_grad_enabled() {
            drop(state);
            state = self.lock_current()?;
        }
        let edge = self.edge(&mut state);
        let base = if edge.is_none() { state.view.as_ref().map(|view| view.base.clone()) } else { None };
        let mut operand = self.operand_at(&state, edge);
        drop(state);
        // A view from before what it shows required a gradient requires one, too, which goes nowhere.
        if base.is_some_and(|base| base.requires_grad()) {
            operand.edge = Some(Edge::default());
        }
        Ok(operand)
    }

    #[inline]
    fn operand_at(&self, state: &State, edge: Option<Edge>) -> Operand {
        Operand {
            array: state.array.clone(),
            edge,
            identity: self.downgrade(),
            inference: state.inference,
            seen: state.array.storage().seen(),
            lift: if modes().any(Modes::LIFTED) { state.lift() } else { None },
        }
    }

    /// [`Tensor::operand`] for an operation that is never recorded.
    pub(crate) fn constant_operand(&self) -> Operand {
        self.operand_at(&self.lock(), None)
    }
}

/// What is read of each operand of a call, once.
pub(super) type Operands = SmallVec<[Option<Operand>; 3]>;

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

/// The error of an operation that has no rule for forward mode or batching.
#[cold]
fn not_transformed() -> Box<Error> {
    Error::runtime(
        "transform",
        "this operation can neither carry tangents (forward mode) nor be batched (vmap) yet: compute it outside of the \
         transformation, or in terms of other operations",
    )
}
