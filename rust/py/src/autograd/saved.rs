//! Saved-tensor hooks, and saved values as objects.

use std::any::Any;
use std::sync::Arc;

use arcgrad::graph::NodeRef;
use arcgrad::graph::saved::{self, PackHooks, Packed};
use arcgrad::{Result, Tensor};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::collect::Holding;
use super::interpreter::attach;
use crate::error::{from_py_err, guard};
use crate::tensor::{from_py, to_py, type_name};

/// What a pack hook returned, with the hook that unpacks it.
pub struct PyPacked {
    object: Py<PyAny>,
    unpack: Py<PyAny>,
    _holding: Holding,
}

impl PyPacked {
    /// What was packed.
    pub fn object(&self) -> &Py<PyAny> {
        &self.object
    }

    /// The hook.
    pub fn unpack_hook(&self) -> &Py<PyAny> {
        &self.unpack
    }
}

impl Packed for PyPacked {
    fn unpack(&self) -> Result<Tensor> {
        attach(|py| {
            let returned = self.unpack.bind(py).call1((self.object.bind(py),))?;
            let Some(tensor) = from_py(&returned) else {
                return Err(PyTypeError::new_err(format!(
                    "Output of saved tensor unpack_hook expected to be a Tensor but got result of type {}",
                    type_name(&returned)
                )));
            };
            Ok(tensor.clone())
        })
        .map_err(|error| from_py_err("saved_tensors_hooks", error))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A pair of hooks.
struct PyPackHooks {
    pack: Py<PyAny>,
    unpack: Py<PyAny>,
}

impl PackHooks for PyPackHooks {
    fn pack(&self, tensor: &Tensor) -> Result<Arc<dyn Packed>> {
        let version = tensor.version();
        let packed = attach(|py| {
            let object = self.pack.bind(py).call1((to_py(py, tensor.clone())?,))?.unbind();
            if tensor.version() != version {
                return Err(PyRuntimeError::new_err(
                    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook \
                     can not be modified by in-place operations as this can lead to unexpected side-effects: change a \
                     clone() of it.",
                ));
            }
            Ok(PyPacked { object, unpack: self.unpack.clone_ref(py), _holding: Holding::new() })
        });
        match packed {
            Ok(packed) => Ok(Arc::new(packed)),
            Err(error) => Err(from_py_err("saved_tensors_hooks", error)),
        }
    }
}

/// A saved value of a node, as ``grad_fn._raw_saved_<name>`` gives it.
#[pyclass(frozen, name = "SavedTensor", module = "arcgrad.autograd")]
pub struct PySavedTensor {
    node: NodeRef,
    /// Its number; of a custom function's `None` there is none.
    index: Option<usize>,
}

impl PySavedTensor {
    /// Saved value `index` of `node`.
    pub fn new(node: NodeRef, index: Option<usize>) -> Self {
        Self { node, index }
    }
}

#[pymethods]
impl PySavedTensor {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new_from_python(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, pyo3::types::PyDict>>) -> PyResult<Self> {
        Err(PyRuntimeError::new_err(
            "Trying to create a SavedTensor object from Python is forbidden: they belong to nodes of the graph",
        ))
    }

    /// Pack the value with ``pack_hook`` now and unpack it with ``unpack_hook`` when it is needed.
    #[pyo3(signature = (*hooks), text_signature = "($self, pack_hook, unpack_hook)")]
    fn register_hooks(&self, hooks: &Bound<'_, PyTuple>) -> PyResult<()> {
        let given: Vec<Bound<'_, PyAny>> = hooks.iter().collect();
        let ([pack, unpack], true) = (&given[..], given.iter().all(|hook| hook.is_callable())) else {
            return Err(PyTypeError::new_err(
                "register_hooks(): incompatible function arguments: it takes two callables, pack_hook and unpack_hook",
            ));
        };
        let Some(index) = self.index else {
            return Err(PyRuntimeError::new_err(
                "Calling register_hooks on a saved tensor with value None is forbidden: there is nothing to pack",
            ));
        };
        let hooks = PyPackHooks { pack: pack.clone().unbind(), unpack: unpack.clone().unbind() };
        guard(|| saved::register_hooks(&self.node, index, &hooks))
    }
}

/// Install a pair of hooks on this thread.
#[pyfunction]
fn push_saved_tensors_hooks(pack_hook: Py<PyAny>, unpack_hook: Py<PyAny>) -> PyResult<()> {
    guard(|| saved::push_hooks(Arc::new(PyPackHooks { pack: pack_hook, unpack: unpack_hook })))
}

/// Remove the innermost pair of hooks.
#[pyfunction]
fn pop_saved_tensors_hooks() {
    saved::pop_hooks();
}

/// Refuse hooks on this thread with an error that says ``message``.
#[pyfunction]
fn disable_saved_tensors_hooks(message: &str) -> PyResult<()> {
    guard(|| saved::disable_hooks(message))
}

/// Return whether hooks are refused on this thread.
#[pyfunction]
fn saved_tensors_hooks_are_disabled() -> bool {
    saved::are_disabled()
}

/// End the innermost refusal.
#[pyfunction]
fn enable_saved_tensors_hooks() {
    saved::enable_hooks();
}

/// Call ``watcher(tensor)`` on this thread before a tensor is written to.
#[pyfunction]
fn push_before_write(watcher: Py<PyAny>) {
    saved::push_before_write(Arc::new(move |tensor| {
        attach(|py| watcher.call1(py, (to_py(py, tensor.clone())?,)).map(drop))
            .map_err(|error| from_py_err("allow_mutation_on_saved_tensors", error))
    }));
}

/// Remove the newest watcher.
#[pyfunction]
fn pop_before_write() {
    saved::pop_before_write();
}

/// Return a number that two tensors share if and only if they share memory of one allocation.
#[pyfunction]
fn memory_id(tensor: &Bound<'_, PyAny>) -> PyResult<usize> {
    Ok(crate::tensor::require(tensor, "memory_id", "tensor")?.array().storage().identity())
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySavedTensor>()?;
    module.add_function(wrap_pyfunction!(push_saved_tensors_hooks, module)?)?;
    module.add_function(wrap_pyfunction!(pop_saved_tensors_hooks, module)?)?;
    module.add_function(wrap_pyfunction!(disable_saved_tensors_hooks, module)?)?;
    module.add_function(wrap_pyfunction!(enable_saved_tensors_hooks, module)?)?;
    module.add_function(wrap_pyfunction!(saved_tensors_hooks_are_disabled, module)?)?;
    module.add_function(wrap_pyfunction!(push_before_write, module)?)?;
    module.add_function(wrap_pyfunction!(pop_before_write, module)?)?;
    module.add_function(wrap_pyfunction!(memory_id, module)?)
}
