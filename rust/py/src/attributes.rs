//! Attributes and small methods of tensors.

use arcgrad::autograd::{Options, Target, backward_from, roots};
use pyo3::prelude::*;

use crate::error::{guard, guard_detached};
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

    #[pyo3(signature = (gradient=None, retain_graph=None, create_graph=false, inputs=None))]
    fn backward(
        &self,
        py: Python<'_>,
        gradient: Option<&Bound<'_, PyAny>>,
        retain_graph: Option<bool>,
        create_graph: bool,
        inputs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _ = inputs;
        let gradient = gradient.map(|g| tensor::require(g, "backward", "gradient")).transpose()?;
        let options = Options { retain_graph, create_graph };
        let roots = guard(|| roots(&[(self.tensor(), gradient)]))?;
        let targets: Option<Vec<Target>> = None;
        guard_detached(py, || backward_from(roots, targets.as_deref(), options))
    }
}

pub fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
