//! The graph as Python sees it.

use pyo3::prelude::*;

/// Adds the classes and functions of this room to the module.
pub fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
