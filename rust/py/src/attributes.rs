//! Attributes and small methods of tensors.

use pyo3::prelude::*;

use crate::tensor::{self, PyTensor};

#[pymethods]
impl PyTensor {
    /// The sizes of the axes.
    #[getter]
    fn shape(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        crate::size::to_py(py, &self.tensor().shape())
    }

    /// The accumulated gradient.
    #[getter]
    fn grad(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        tensor::to_py_opt(py, self.tensor().grad())
    }
}

pub fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
