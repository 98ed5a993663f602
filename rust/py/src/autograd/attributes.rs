//! A tensor's place in the graph as attributes.

use arcgrad::Tensor;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyUserWarning};
use pyo3::prelude::*;

use crate::error::guard;
use crate::tensor::{PyTensor, from_py, to_py, to_py_opt, track, type_name};

const NON_LEAF: &std::ffi::CStr = c"The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad \
attribute won't be populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf \
Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the \
leaf Tensor instead.";

#[pymethods]
impl PyTensor {
    /// The accumulated gradient.
    #[getter]
    fn get_grad(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let grad = self.tensor().grad();
        if grad.is_none() && !self.tensor().retains_grad() && !self.tensor().is_leaf() {
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), NON_LEAF, 1)?;
        }
        to_py_opt(py, grad)
    }

    #[setter]
    fn set_grad(slf: &Bound<'_, Self>, grad: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let grad = match grad.filter(|grad| !grad.is_none()) {
            None => None,
            Some(grad) => Some(from_py(grad).cloned().ok_or_else(|| {
                PyTypeError::new_err(format!(
                    "assigned grad expected to be a Tensor or None but got grad of type {}",
                    type_name(grad)
                ))
            })?),
        };
        track(slf.as_any());
        guard(|| slf.get().tensor().set_grad(grad))
    }

    #[deleter]
    fn delete_grad(&self) -> PyResult<()> {
        guard(|| self.tensor().set_grad(None))
    }

    /// Whether gradients are computed for this tensor.
    #[getter]
    fn get_requires_grad(&self) -> bool {
        self.tensor().requires_grad()
    }

    #[setter]
    fn set_requires_grad(slf: &Bound<'_, Self>, on: bool) -> PyResult<()> {
        guard(|| slf.get().tensor().set_requires_grad(on))?;
        if on {
            track(slf.as_any());
        }
        Ok(())
    }

    /// Switch gradients of a leaf on or off; returns the tensor.
    #[pyo3(signature = (requires_grad = true))]
    fn requires_grad_<'a, 'py>(slf: &'a Bound<'py, Self>, requires_grad: bool) -> PyResult<&'a Bound<'py, Self>> {
        Self::set_requires_grad(slf, requires_grad)?;
        Ok(slf)
    }

    /// Whether no recorded operation made this tensor.
    #[getter]
    fn is_leaf(&self) -> PyResult<bool> {
        Ok(guard(|| self.tensor().grad_fn())?.is_none())
    }

    /// Keep ``.grad`` of a tensor that is no leaf in later backward passes.
    fn retain_grad(slf: &Bound<'_, Self>) -> PyResult<()> {
        track(slf.as_any());
        guard(|| slf.get().tensor().retain_grad())
    }

    /// Whether ``retain_grad()`` is in force for a tensor that is no leaf.
    #[getter]
    fn retains_grad(&self) -> bool {
        self.tensor().retains_grad()
    }

    /// Which output of its node this tensor is.
    #[getter]
    fn output_nr(&self) -> PyResult<u32> {
        // The number belongs to the present node.
        guard(|| self.tensor().grad_fn())?;
        Ok(self.tensor().output_nr())
    }

    /// How often the data was changed in place.
    #[getter]
    fn _version(&self) -> PyResult<u32> {
        if self.tensor().is_inference() {
            return Err(PyRuntimeError::new_err("Inference tensors do not track version counter."));
        }
        Ok(self.tensor().version())
    }

    /// The tensor whose memory this view shows, ``None`` for a tensor that is no view.
    #[getter]
    fn _base(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_py_opt(py, self.tensor().base())
    }

    /// Whether this tensor is a view of another.
    fn _is_view(&self) -> bool {
        self.tensor().base().is_some()
    }

    /// The same memory and version counter, cut off from the graph.
    fn detach(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_py(py, self.tensor().detach())
    }

    /// Cut this tensor off from the graph, in place.
    fn detach_<'a, 'py>(slf: &'a Bound<'py, Self>) -> PyResult<&'a Bound<'py, Self>> {
        guard(|| slf.get().tensor().detach_())?;
        Ok(slf)
    }

    /// The same memory with a version counter of its own, cut off from the graph. Assigning gives this tensor other
    /// memory; values saved for backward before keep what they saw.
    #[getter]
    fn get_data(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_py(py, self.tensor().data())
    }

    #[setter]
    fn set_data(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let data: &Tensor = from_py(data).ok_or_else(|| {
            PyTypeError::new_err(format!("Variable data has to be a tensor, but got {}", type_name(data)))
        })?;
        guard(|| self.tensor().set_data(data))
    }

    /// Whether the tensor was made in inference mode.
    fn is_inference(&self) -> bool {
        self.tensor().is_inference()
    }
}
