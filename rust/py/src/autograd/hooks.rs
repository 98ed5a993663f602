//! Hooks written in Python, and the handles that remove them.

use std::any::Any;
use std::sync::{Arc, Weak};

use arcgrad::graph::hooks::{Hook, HookTable};
use arcgrad::graph::node::{Cotangents, Results};
use arcgrad::tensor::Inner;
use arcgrad::{Error, Result, Tensor};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::collect::Holding;
use super::interpreter::attach;
use crate::error::from_py_err;
use crate::tensor::{from_py, to_py, to_py_opt, type_name};

/// A Python callable in a table of hooks.
pub struct PyHook {
    callable: Py<PyAny>,
    _holding: Holding,
}

impl PyHook {
    /// A hook that calls `callable`; what cannot be called is an error when it is, as in PyTorch.
    #[allow(clippy::new_ret_no_self, reason = "a hook is always shared")]
    pub fn new(callable: &Bound<'_, PyAny>) -> Arc<dyn Hook> {
        Arc::new(Self { callable: callable.clone().unbind(), _holding: Holding::new() })
    }

    /// The callable.
    pub fn object(&self) -> &Py<PyAny> {
        &self.callable
    }
}

/// Optional tensors as a Python tuple with `None` in the gaps.
pub fn tuple_of<'py>(py: Python<'py>, tensors: &[Option<Tensor>]) -> PyResult<Bound<'py, PyTuple>> {
    let objects = tensors.iter().map(|tensor| to_py_opt(py, tensor.clone())).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, objects)
}

/// A tuple of tensors and `None` (or one of them alone) as a hook or function returned it.
fn tensors_of(returned: &Bound<'_, PyAny>, what: &str, expected: usize) -> PyResult<Vec<Option<Tensor>>> {
    let one = |object: &Bound<'_, PyAny>| {
        if object.is_none() {
            return Ok(None);
        }
        from_py(object).cloned().map(Some).ok_or_else(|| {
            PyTypeError::new_err(format!("expected Tensor or None in what a {what} returns, got {}", type_name(object)))
        })
    };
    let tensors = match returned.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter().map(|object| one(&object)).collect::<PyResult<Vec<_>>>()?,
        Err(_) => vec![one(returned)?],
    };
    if tensors.len() != expected {
        return Err(PyRuntimeError::new_err(format!(
            "a {what} returned an incorrect number of values (got {}, but expected {expected})",
            tensors.len()
        )));
    }
    Ok(tensors)
}

fn in_python<T>(op: &'static str, body: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T, Box<Error>> {
    attach(body).map_err(|error| from_py_err(op, error))
}

impl Hook for PyHook {
    fn on_gradient(&self, grad: Option<&Tensor>) -> Result<Option<Tensor>> {
        in_python("hook", |py| {
            let returned = self.callable.bind(py).call1((to_py_opt(py, grad.cloned())?,))?;
            if returned.is_none() {
                return Ok(None);
            }
            match from_py(&returned) {
                Some(tensor) => Ok(Some(tensor.clone())),
                None => {
                    Err(PyTypeError::new_err(format!("expected Tensor, but hook returned '{}'", type_name(&returned))))
                }
            }
        })
    }

    fn before_node(&self, grads: &Cotangents) -> Result<Option<Cotangents>> {
        in_python("hook", |py| {
            let returned = self.callable.bind(py).call1((tuple_of(py, grads)?,))?;
            if returned.is_none() {
                return Ok(None);
            }
            Ok(Some(tensors_of(&returned, "pre-hook", grads.len())?.into_iter().collect()))
        })
    }

    fn after_node(&self, results: &Results, grads: &Cotangents) -> Result<Option<Results>> {
        in_python("hook", |py| {
            let returned = self.callable.bind(py).call1((tuple_of(py, results)?, tuple_of(py, grads)?))?;
            if returned.is_none() {
                return Ok(None);
            }
            Ok(Some(tensors_of(&returned, "hook", results.len())?.into_iter().collect()))
        })
    }

    fn after_accumulate(&self, leaf: &Tensor) -> Result<()> {
        in_python("hook", |py| {
            let returned = self.callable.bind(py).call1((to_py(py, leaf.clone())?,))?;
            if returned.is_none() {
                return Ok(());
            }
            Err(PyRuntimeError::new_err("Tensor post accumulate grad hooks should return None."))
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What registering a hook returns: ``remove()`` takes the hook away, as does leaving a ``with`` block.
#[pyclass(frozen, weakref, name = "RemovableHandle", module = "arcgrad.utils.hooks")]
pub struct PyHandle {
    table: Weak<HookTable>,
    /// The tensor that registered the hook, where one did.
    tensor: Weak<Inner>,
    #[pyo3(get)]
    id: u64,
}

impl PyHandle {
    /// The handle of hook `id` in `table`, which it does not keep alive.
    pub fn new(table: &Arc<HookTable>, id: u64) -> Self {
        Self { table: Arc::downgrade(table), tensor: Weak::new(), id }
    }

    /// [`PyHandle::new`] for a hook that `tensor` registered and has an anchor for.
    pub fn anchored(table: &Arc<HookTable>, id: u64, tensor: &Tensor) -> Self {
        Self { table: Arc::downgrade(table), tensor: tensor.downgrade(), id }
    }
}

#[pymethods]
impl PyHandle {
    /// Take the hook away. A second call does nothing.
    fn remove(&self) {
        if let Some(table) = self.table.upgrade() {
            table.remove(self.id);
        }
        if let Some(tensor) = Tensor::upgrade(&self.tensor) {
            tensor.forget_anchor(self.id);
        }
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exc_info))]
    fn __exit__(&self, _exc_info: &Bound<'_, PyTuple>) {
        self.remove();
    }
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyHandle>()
}
