//! Leaves: the node that adds gradients into `.grad`, and the one function that sums gradients.

use std::sync::{Arc, Weak};

use smallvec::{SmallVec, smallvec};

use super::algebra::ALGEBRA;
use super::gradient::Gradient;
use super::hooks::Kind;
use super::mode::{Modes, is_grad_enabled, modes};
use super::node::{Edge, Meta, NodeOf, NodeRef};
use super::op::Op;
use super::provenance::Blame;
use super::rules::Backward;
use crate::error::{Error, Result};
use crate::launch::Sole;
use crate::shape::{Shape, is_non_overlapping_and_dense};
use crate::tensor::{Inner, State, Tensor};

/// Adds gradients into a leaf's `.grad`. Holds the leaf weakly: a graph does not keep its leaves alive, so a gradient
/// that refers to its own parameter closes no cycle.
pub struct AccumulateGrad {
    leaf: Weak<Inner>,
}

impl AccumulateGrad {
    /// The leaf, held weakly, if it still exists.
    pub(super) fn leaf_if_alive(&self) -> Option<Weak<Inner>> {
        (self.leaf.strong_count() > 0).then(|| self.leaf.clone())
    }

    /// The leaf, if it still exists.
    pub fn leaf(&self) -> Option<Tensor> {
        Tensor::upgrade(&self.leaf)
    }
}

/// The accumulator of a leaf, made on first use. The leaf keeps it: it holds the leaf weakly, so that is no cycle, and
/// a program whose graphs come and go does not make a new one for each.
pub fn accumulator(leaf: &Tensor) -> NodeRef {
    accumulator_of(leaf, &mut leaf.lock())
}

/// [`accumulator`] of a leaf that is locked already.
pub(crate) fn accumulator_of(leaf: &Tensor, state: &mut State) -> NodeRef {
    if let Some(node) = state.extra.as_ref().and_then(|extra| extra.accumulator.as_ref()) {
        return node.clone();
    }
    let meta = Meta::of(&state.array);
    let rule = AccumulateGrad { leaf: leaf.downgrade() };
    let node: NodeRef = NodeOf::new(rule, Blame::NONE, SmallVec::new(), smallvec![meta], SmallVec::new());
    let extra = state.extra();
    // The hooks outlive the accumulator, and fire also when only the graph is left.
    node.share_hooks(extra.hooks.get_or_insert_default().clone());
    extra.accumulator = Some(node.clone());
    node
}

/// The edge of a leaf whose accumulator some graph refers to.
pub(crate) fn existing_edge(state: &State) -> Option<Edge> {
    let extra = state.extra.as_ref().filter(|_| state.requires_grad)?;
    // One reference is the leaf's own.
    let node = extra.accumulator.as_ref().filter(|node| Arc::strong_count(node) > 1)?;
    Some(Edge::new(node.clone(), 0))
}

impl Op for AccumulateGrad {
    fn name(&self) -> &str {
        "arcgrad::AccumulateGrad"
    }

    fn is_accumulator(&self) -> bool {
        true
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let Some(grad) = cx.take_grad(0) else { return Ok(()) };
        let Some(leaf) = self.leaf() else { return Ok(()) };
        if !accumulate_into(&leaf, grad)? {
            return Ok(());
        }
        if let Some(hooks) = cx.node().hooks().filter(|hooks| hooks.any()) {
            for hook in hooks.of_kind(Kind::Accumulated) {
                hook.after_accumulate(&leaf)?;
            }
        }
        Ok(())
    }
}

/// The accumulation contract: (1) no `.grad` and a dense parameter: stored with its strides; (2) else row-major;
/// (3) `.grad` exists, nothing recorded: added in place; (4) recorded: a new tensor. In memory of its own in any case. False,
/// with nothing done, where the program has switched off the leaf's gradient since.
///
/// # Errors
/// When the leaf has got another shape since.
pub(super) fn accumulate_into(leaf: &Tensor, mut grad: Gradient) -> Result<bool> {
    if let Some(data) = grad.data()
        && add_data(leaf, data)
    {
        return Ok(true);
    }
    if !leaf.lock().requires_grad {
        return Ok(false);
    }
    // Copied out: the gradient may be the leaf itself, or its lock another's that waits for the leaf's.
    let then = Shape::from_slice(grad.look().array().shape());
    check_shape(leaf, &then)?;
    let Some(old) = leaf.grad() else {
        let parameter = leaf.array();
        let own_strides = is_non_overlapping_and_dense(parameter.shape(), parameter.strides());
        let wanted =
            if own_strides { parameter.strides().into() } else { crate::shape::contiguous_strides(parameter.shape()) };
        let fits = grad.look().array().strides() == wanted.as_slice() && grad.is_own();
        let grad = grad.into_tensor();
        let stored = if fits { grad } else { (ALGEBRA.copy_strided)(&grad, &wanted)? };
        let stored = if is_grad_enabled() { stored } else { stored.detached_if_needed() };
        leaf.store_grad(Some(stored));
        return Ok(true);
    };
    let grad = grad.into_tensor();
    if is_grad_enabled() || modes().any(Modes::LIFTED) {
        leaf.store_grad(Some((ALGEBRA.add)(&old, &grad)?));
    } else {
        (ALGEBRA.add_in_place)(&old, &grad)?;
    }
    Ok(true)
}

/// A leaf may be given another shape (`squeeze_`, `.data`) between its use and the backward pass.
fn check_shape(leaf: &Tensor, then: &[usize]) -> Result<()> {
    let now = leaf.shape();
    if now.as_slice() == then {
        return Ok(());
    }
    Err(Error::runtime(
        "backward",
        format!(
            "a leaf Variable was used with shape {:?} and has been given shape {:?} since: there is no gradient for it. \
             Give it the shape before it is used, or call backward() first.",
            then,
            now.as_slice()
        ),
    ))
}

/// Adds to `.grad` in place if that is small and plain; copies no handles.
#[inline]
fn add_data(leaf: &Tensor, data: Sole<'_>) -> bool {
    if modes() != Modes::NO_GRAD {
        return false;
    }
    // Found before anything is locked: finding the line may run code of the host.
    let blame = Blame::here();
    let state = leaf.lock();
    if !state.requires_grad {
        return false;
    }
    let Some(grad) = state.extra.as_ref().and_then(|extra| extra.grad.as_ref()) else { return false };
    // Tensors are locked in the order of addresses where two have to be; here nobody waits.
    let Some(grad) = grad.tensor().try_lock() else { return false };
    grad.bare().is_some_and(|grad| (ALGEBRA.add_data)(grad, data, blame))
}

impl Tensor {
    /// Whether this handle is the only one on the tensor, and the tensor the only one on its memory.
    fn is_unshared(&self) -> bool {
        self.strong_count() == 1 && self.lock().array.storage().is_unique()
    }

    fn detached_if_needed(self) -> Self {
        let attached = self.lock().grad_fn.is_some();
        if attached { self.detach() } else { self }
    }
}

/// Puts a gradient into a slot: the first is moved in, the second summed, later ones added in place when nobody else
/// holds the sum.
pub(super) fn add_to_slot(slot: &mut Option<Gradient>, mut grad: Gradient) -> Result<()> {
    let Some(mut sum) = slot.take() else {
        *slot = Some(grad);
        return Ok(());
    };
    if let (Some(data), Some(more)) = (sum.data(), grad.data())
        && data.storage().is_unique()
        && modes() == Modes::NO_GRAD
        && (ALGEBRA.add_data)(data, more, Blame::NONE)
    {
        *slot = Some(sum);
        return Ok(());
    }
    let (sum, grad) = (sum.into_tensor(), grad.into_tensor());
    // Of what stands for one example there may be more than of what it is added to.
    let lifted = modes().any(Modes::LIFTED);
    *slot = Some(if !is_grad_enabled() && !lifted && sum.is_sole_owner() {
        (ALGEBRA.add_in_place)(&sum, &grad)?;
        sum.into()
    } else {
        (ALGEBRA.add)(&sum, &grad)?.into()
    });
    Ok(())
}

impl Tensor {
    /// Whether this handle is the only way to see the data: no other tensor, view, saved value or host object.
    pub(crate) fn is_sole_owner(&self) -> bool {
        self.is_unshared() && {
            let state = self.lock();
            state.grad_fn.is_none() && !crate::shape::overlaps_itself(state.array.shape(), state.array.strides())
        }
    }
}

/// Adapts a gradient to what it belongs to: broadcast axes summed, dtype cast. Recorded when grad mode is on.
pub(super) fn fit(grad: Tensor, meta: &Meta) -> Result<Tensor> {
    let (fits_shape, fits_dtype) = {
        let state = grad.lock();
        (state.array.shape() == meta.shape.as_slice(), state.array.dtype() == meta.dtype)
    };
    let grad = if fits_shape {
        grad
    } else {
        check_sums_to(&grad.shape(), &meta.shape)?;
        (ALGEBRA.sum_to)(&grad, &meta.shape)?
    };
    if fits_dtype { Ok(grad) } else { (ALGEBRA.cast)(&grad, meta.dtype) }
}

/// Errors unless a gradient of shape `given` can be summed to `expected`: what `expected` may have been broadcast to.
fn check_sums_to(given: &[usize], expected: &[usize]) -> Result<()> {
    let fits = given.len() >= expected.len()
        && expected.iter().rev().zip(given.iter().rev()).all(|(&expected, &given)| expected == given || expected == 1);
    if fits {
        return Ok(());
    }
    Err(Error::runtime("backward", format!("got {given:?} but expected shape compatible with {expected:?}")))
}
