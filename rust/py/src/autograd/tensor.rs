//! Methods of tensors that concern the graph.

use std::sync::Arc;

use arcgrad::autograd::{Options, Target};
use arcgrad::graph::hooks::{HookTable, Kind};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::backward::run_backward;
use super::collect;
use super::hooks::{PyHandle, PyHook};
use super::node::node_to_py_opt;
use crate::error::guard;
use crate::tensor::{PyTensor, require, track};

fn handle(slf: &Bound<'_, PyTensor>, hook: &Bound<'_, PyAny>, (table, id): (Arc<HookTable>, u64)) -> PyHandle {
    // The hook may lead back to the tensor.
    track(slf.as_any());
    let tensor = slf.get().tensor();
    tensor.anchor(&table, id, collect::anchor(hook));
    PyHandle::anchored(&table, id, tensor)
}

#[pymethods]
impl PyTensor {
    /// The node that made this tensor, ``None`` for a leaf.
    #[getter]
    fn get_grad_fn(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let node = guard(|| self.tensor().grad_fn())?;
        node_to_py_opt(py, node.as_ref())
    }

    /// Compute the gradients of this tensor and add them into the ``.grad`` of the leaves it depends on.
    ///
    /// Args:
    ///     gradient (Tensor, optional): gradient of the whole with respect to this tensor, of its shape; 1 for a tensor
    ///         of one element.
    ///     retain_graph (bool, optional): keep saved values for another pass. Default: ``create_graph``.
    ///     create_graph (bool): record the pass, for gradients of gradients.
    ///     inputs (Tensor or sequence of Tensor, optional): accumulate into these only.
    #[pyo3(signature = (gradient = None, retain_graph = None, create_graph = false, inputs = None))]
    fn backward(
        slf: &Bound<'_, Self>,
        gradient: Option<&Bound<'_, PyAny>>,
        retain_graph: Option<bool>,
        create_graph: bool,
        inputs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        if inputs.is_some() {
            return super::backward::backward(py, slf.as_any(), gradient, retain_graph, create_graph, None, inputs);
        }
        let seed = gradient.map(|gradient| require(gradient, "backward", "gradient").cloned()).transpose()?;
        let output = Target::Tensor(slf.get().tensor().clone());
        run_backward(py, vec![output], vec![seed], None, Options { retain_graph, create_graph })
    }

    /// Call ``hook(grad)`` when the gradient of this tensor is known; it may return another gradient.
    fn register_hook(slf: &Bound<'_, Self>, hook: &Bound<'_, PyAny>) -> PyResult<PyHandle> {
        let registered = PyHook::new(hook);
        Ok(handle(slf, hook, guard(|| slf.get().tensor().register_hook(registered))?))
    }

    /// Call ``hook(tensor)`` after a gradient has been added into ``.grad`` of this leaf.
    fn register_post_accumulate_grad_hook(slf: &Bound<'_, Self>, hook: &Bound<'_, PyAny>) -> PyResult<PyHandle> {
        let registered = PyHook::new(hook);
        Ok(handle(slf, hook, guard(|| slf.get().tensor().register_post_accumulate_grad_hook(registered))?))
    }

    /// The tensor's hooks by number, or the dictionary that the program has assigned.
    #[getter(_backward_hooks)]
    fn backward_hooks<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let own = slf.get().own_backward_hooks(slf.py())?;
        match slf.getattr_opt(ASSIGNED)? {
            Some(assigned) if !assigned.is_none() => Ok(Some(assigned)),
            // The program has said that there are none, and has registered none since.
            Some(_) if own.as_ref().is_none_or(|own| own.len().is_ok_and(|count| count == 0)) => Ok(None),
            _ => Ok(own),
        }
    }

    /// Let the values of a dictionary be the hooks of the tensor's gradient, those that it has when a gradient arrives; `None`
    /// takes the hooks away.
    #[setter(_backward_hooks)]
    fn set_backward_hooks(slf: &Bound<'_, Self>, hooks: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let tensor = slf.get().tensor();
        if let Some(before) = slf.get().own_backward_hooks(py)? {
            for id in before.try_iter()? {
                let id: u64 = id?.extract()?;
                if let Some(table) = slf.get().hook_table()? {
                    table.remove(id);
                }
                tensor.forget_anchor(id);
            }
        }
        if hooks.is_none() && !slf.hasattr(ASSIGNED)? && slf.get().own_backward_hooks(py)?.is_none() {
            return Ok(());
        }
        slf.as_any().setattr(ASSIGNED, hooks)?;
        if !hooks.is_none() && tensor.requires_grad() {
            let call = py.import("arcgrad.utils.hooks")?.getattr("_Assigned")?.call1((hooks,))?;
            Self::register_hook(slf, &call)?;
        }
        Ok(())
    }

    #[deleter(_backward_hooks)]
    fn delete_backward_hooks(&self) -> PyResult<()> {
        Err(PyRuntimeError::new_err("Deletion of _backward_hooks not allowed: assign None to take the hooks away"))
    }

    /// The leaf's post-accumulate hooks by number.
    #[getter(_post_accumulate_grad_hooks)]
    fn post_accumulate_grad_hooks<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        hooks_of(py, self.tensor().leaf_hooks(), Kind::Accumulated)
    }
}

/// Where a dictionary of hooks is kept that the program has assigned.
const ASSIGNED: &str = "_assigned_backward_hooks";

impl PyTensor {
    fn hook_table(&self) -> PyResult<Option<Arc<HookTable>>> {
        Ok(match guard(|| self.tensor().grad_fn())? {
            Some(node) => node.hooks().cloned(),
            None => self.tensor().leaf_hooks(),
        })
    }

    fn own_backward_hooks<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let output_nr = self.tensor().output_nr();
        hooks_of(py, self.hook_table()?, Kind::Gradient { output_nr })
    }
}

fn hooks_of(py: Python<'_>, table: Option<Arc<HookTable>>, kind: Kind) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(table) = table.filter(|table| table.any()) else { return Ok(None) };
    let entries = PyDict::new(py);
    for (id, hook) in table.numbered(kind) {
        if let Some(hook) = hook.as_any().downcast_ref::<PyHook>() {
            entries.set_item(id, hook.object())?;
        }
    }
    Ok(Some(py.import("collections")?.getattr("OrderedDict")?.call1((entries,))?))
}
