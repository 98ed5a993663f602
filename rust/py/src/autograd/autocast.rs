//! Regions of mixed precision: their state on this thread, for `arcgrad.amp`.

use arcgrad::DType;
use arcgrad::ops::registry::autocast;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::dtype::{self, PyDType};

/// Whether operations are cast on this thread, to which lower precision, and whether casts of parameters are kept.
#[pyfunction]
fn autocast_state(py: Python<'_>) -> (bool, Py<PyDType>, bool) {
    (autocast::is_enabled(), dtype::to_py(py, autocast::dtype()), autocast::keeps_casts())
}

/// Sets what :func:`autocast_state` gives.
#[pyfunction]
fn set_autocast_state(enabled: bool, lower: &Bound<'_, PyAny>, keeps: bool) -> PyResult<()> {
    let lower = dtype::from_py(lower)
        .filter(|dtype| [DType::F16, DType::BF16].contains(dtype))
        .ok_or_else(|| PyTypeError::new_err("the lower precision is float16 or bfloat16"))?;
    autocast::set_enabled(enabled);
    autocast::set_dtype(lower);
    autocast::set_keeps_casts(keeps);
    Ok(())
}

/// The operations that compute in the lower precision, in ``float32`` and in the widest precision among their operands.
#[pyfunction]
fn autocast_lists() -> [Vec<&'static str>; 3] {
    [autocast::LOWER, autocast::SINGLE, autocast::WIDEST].map(<[_]>::to_vec)
}

/// Note that a region begins on this thread; returns how many are open.
#[pyfunction]
fn autocast_increment_nesting() -> usize {
    autocast::enter()
}

/// Note that a region ends on this thread; returns how many are open.
#[pyfunction]
fn autocast_decrement_nesting() -> usize {
    autocast::leave()
}

/// Let go of the casts of parameters that were kept.
#[pyfunction]
fn clear_autocast_cache() {
    autocast::forget_casts();
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(autocast_state, module)?)?;
    module.add_function(wrap_pyfunction!(set_autocast_state, module)?)?;
    module.add_function(wrap_pyfunction!(autocast_lists, module)?)?;
    module.add_function(wrap_pyfunction!(autocast_increment_nesting, module)?)?;
    module.add_function(wrap_pyfunction!(autocast_decrement_nesting, module)?)?;
    module.add_function(wrap_pyfunction!(clear_autocast_cache, module)?)
}
