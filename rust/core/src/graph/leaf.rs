//! What is kept of a tensor's gradient, and the hooks that see it.

use std::sync::Arc;

use super::accumulate;
use super::hooks::{Hook, HookTable, Kind};
use super::hosted::Owned;
use super::node::Edge;
use crate::error::{Error, Result};
use crate::tensor::{HostGrad, Tensor};

impl Tensor {
    /// The accumulated gradient.
    pub fn grad(&self) -> Option<Self> {
        self.lock().extra.as_ref().and_then(|extra| extra.grad.as_ref()).map(|grad| grad.tensor().clone())
    }

    /// What the host has put beside the gradient, which is the sum of both.
    pub fn host_grad(&self) -> Option<HostGrad> {
        self.lock().extra.as_ref().and_then(|extra| extra.host_grad.clone())
    }

    /// Puts a part of the gradient into the host's slot, or takes out what is there.
    pub fn set_host_grad(&self, grad: Option<HostGrad>) {
        let old = {
            let mut state = self.lock();
            if grad.is_none() && state.extra.is_none() {
                return;
            }
            std::mem::replace(&mut state.extra().host_grad, grad)
        };
        // Outside the lock: it may own objects of the host.
        drop(old);
    }

    /// Replaces the accumulated gradient.
    ///
    /// # Errors
    /// When shape or dtype differ, or `grad` is the tensor itself.
    pub fn set_grad(&self, grad: Option<Self>) -> Result<()> {
        if let Some(grad) = &grad {
            if grad.is(self) {
                return Err(Error::runtime("grad", "can't assign Variable as its own grad"));
            }
            let (own, given) = (self.meta(), grad.meta());
            if own.dtype != given.dtype {
                return Err(Error::runtime(
                    "grad",
                    format!(
                        "attempting to assign a gradient with data type '{}' to a tensor with data type '{}'. \
                         Please ensure that the gradient and the tensor have the same data type",
                        given.dtype, own.dtype
                    ),
                ));
            }
            if own.shape != given.shape {
                return Err(Error::runtime(
                    "grad",
                    format!(
                        "attempting to assign a gradient of size '{:?}' to a tensor of size '{:?}'. Please ensure \
                         that the gradient and the tensor are the same size",
                        given.shape, own.shape
                    ),
                ));
            }
        }
        self.store_grad(grad);
        Ok(())
    }

    pub(crate) fn store_grad(&self, grad: Option<Self>) {
        let old = {
            let mut state = self.lock();
            if grad.is_none() && state.extra.is_none() {
                return;
            }
            std::mem::replace(&mut state.extra().grad, grad.map(Owned::Directly))
        };
        drop(old);
    }

    /// Keeps `.grad` of a non-leaf in later backward passes.
    pub fn retain_grad(&self) -> Result<()> {
        if !self.requires_grad() {
            return Err(Error::runtime("retain_grad", "can't retain_grad on Tensor that has requires_grad=False"));
        }
        let Some(node) = self.grad_fn()? else { return Ok(()) };
        let output_nr = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.extra().retains_grad, true) {
                return Ok(());
            }
            state.output_nr
        };
        node.hooks_or_new().retain(output_nr, self.downgrade());
        Ok(())
    }

    /// Whether [`Tensor::retain_grad`] is in force.
    pub fn retains_grad(&self) -> bool {
        self.lock().extra.as_ref().is_some_and(|extra| extra.retains_grad)
    }

    /// Registers a tensor hook; the number removes it from the returned table.
    pub fn register_hook(&self, hook: Arc<dyn Hook>) -> Result<(Arc<HookTable>, u64)> {
        let Some(Edge { node: Some(node), output_nr }) = self.gradient_edge()? else {
            if self.requires_grad() {
                // A view whose gradient goes nowhere: the hook is kept, and nothing will call it.
                let table = Arc::new(HookTable::default());
                let id = table.add(Kind::Gradient { output_nr: 0 }, hook);
                return Ok((table, id));
            }
            return Err(Error::runtime(
                "register_hook",
                "cannot register a hook on a tensor that doesn't require gradient",
            ));
        };
        let table = node.hooks_or_new().clone();
        let id = table.add(Kind::Gradient { output_nr }, hook);
        Ok((table, id))
    }

    /// Registers a hook that runs after `.grad` of this leaf was written.
    pub fn register_post_accumulate_grad_hook(&self, hook: Arc<dyn Hook>) -> Result<(Arc<HookTable>, u64)> {
        if !self.requires_grad() {
            return Err(Error::runtime(
                "register_post_accumulate_grad_hook",
                "cannot register a hook on a tensor that doesn't require gradient",
            ));
        }
        if self.grad_fn()?.is_some() {
            return Err(Error::runtime(
                "register_post_accumulate_grad_hook",
                "post accumulate grad hooks cannot be registered on non-leaf tensors",
            ));
        }
        let table = accumulate::accumulator(self).hooks_or_new().clone();
        let id = table.add(Kind::Accumulated, hook);
        Ok((table, id))
    }

    /// Whether some graph that is alive leads to this leaf, or made this tensor.
    pub fn is_in_a_graph(&self) -> bool {
        let state = self.lock();
        state.grad_fn.is_some() || accumulate::existing_edge(&state).is_some()
    }

    /// The hooks of a leaf, if it has any.
    pub fn leaf_hooks(&self) -> Option<Arc<HookTable>> {
        self.lock().extra.as_ref().and_then(|extra| extra.hooks.clone())
    }
}
