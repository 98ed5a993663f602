//! The memory of a tensor at other places in the graph, and other memory at its place.

use super::level::Lift;
use super::mode::{Modes, modes};
use super::node::Edge;
use super::{accumulate, cuts};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

impl Tensor {
    /// The same memory and version counter, cut off from the graph.
    #[track_caller]
    pub fn detach(&self) -> Self {
        if modes().any(Modes::LIFTED)
            && let Some(batched) = self.lift().and_then(|lift| lift.batched)
            && let Ok(detached) = Self::new_batched(batched.level, batched.inner.detach(), batched.axis)
        {
            return detached;
        }
        let (array, inference, edge) = {
            let state = self.lock();
            let edge = state.grad_fn.as_ref().map(|node| Edge::new(node.clone(), state.output_nr));
            (state.array.clone(), state.inference, edge.or_else(|| accumulate::existing_edge(&state)))
        };
        if let Some(edge) = edge {
            cuts::note(cuts::Cause::Detach, &edge);
        }
        let tensor = Self::from_array(array);
        tensor.lock().inference = inference;
        if modes().any(Modes::LIFTED)
            && let Some(host) = self.lift().and_then(|lift| lift.host)
        {
            tensor.set_host(host.attachment());
        }
        tensor
    }

    /// The same memory with a version counter of its own, cut off from the graph (`.data`).
    pub fn data(&self) -> Self {
        if modes().any(Modes::LIFTED) && self.lift().is_some_and(|lift| lift.batched.is_some() || lift.host.is_some()) {
            let detached = self.detach();
            if detached.is_left_to_host() {
                let array = detached.array().with_own_counter();
                let old = detached.lock().replace_array(array);
                drop(old);
            }
            return detached;
        }
        let (array, inference) = {
            let state = self.lock();
            (state.array.with_own_counter(), state.inference)
        };
        let tensor = Self::from_array(array);
        tensor.lock().inference = inference;
        tensor
    }

    /// Gives the tensor other memory (`.data = other`), at the version it has. Values saved before keep the data they saw.
    pub fn set_data(&self, other: &Self) -> Result<()> {
        let (own, given) = (self.meta(), other.meta());
        if own.dtype != given.dtype && self.requires_grad() && !given.dtype.is_differentiable() {
            return Err(Error::runtime(
                "data",
                format!(
                    "data set to a tensor that requires gradients must be floating point or complex dtype, got {}",
                    given.dtype
                ),
            ));
        }
        if self.device() != other.device() {
            return Err(Error::runtime(
                "data",
                "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor type: \
                 they are on different devices",
            ));
        }
        let array = other.array().with_own_counter();
        array.storage().set_version(self.version());
        self.set_array(array);
        Ok(())
    }

    /// Gives the tensor another array, version counter included (`set_`).
    pub fn set_array(&self, array: Array) {
        let old = self.lock().replace_array(array);
        drop(old);
    }

    /// [`Tensor::set_array`] for a leaf that is another one from now on: graphs that lead to what it was do not lead to it.
    pub fn become_array(&self, array: Array) {
        let old = {
            let mut state = self.lock();
            let accumulator = state.extra.as_mut().and_then(|extra| extra.accumulator.take());
            (state.replace_array(array), accumulator)
        };
        drop(old);
    }

    /// Cuts this tensor off from the graph, in place (`detach_`).
    pub fn detach_(&self) -> Result<()> {
        let old = {
            let mut state = self.lock();
            if state.view.is_some() {
                return Err(Error::runtime(
                    "detach_",
                    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients.",
                ));
            }
            state.requires_grad = false;
            state.output_nr = 0;
            // Forward mode is cut off from as well.
            let tangents = state.extra.as_mut().and_then(|extra| extra.lift.as_mut()).map(Lift::take_tangents);
            (state.grad_fn.take(), state.take_anchors(), tangents)
        };
        drop(old);
        Ok(())
    }
}
