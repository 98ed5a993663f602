//! Warnings of the core and of the binding, which Python shows for the line of the program.

use pyo3::prelude::*;

use crate::autograd::interpreter::attach;
use crate::error::from_py_err;

/// Warns; an error where the program turns warnings into errors.
#[cold]
pub fn warn(py: Python<'_>, text: &str) -> PyResult<()> {
    py.import("arcgrad._warnings")?.call_method1("warn", (text,)).map(drop)
}

fn of_core(op: &'static str, text: &str) -> arcgrad::Result<()> {
    attach(|py| warn(py, text)).map_err(|error| from_py_err(op, error))
}

/// A warning that turns into an error is shown where no error may come: another one is under way.
fn report(text: &str) {
    let shown: Result<(), PyErr> = attach(|py| {
        // The error under way is not the warning's.
        if let Err(error) = warn(py, text) {
            error.write_unraisable(py, None);
        }
        Ok(())
    });
    drop(shown);
}

/// The core's warnings are shown from now on.
pub fn install() {
    arcgrad::warning::set_hook(of_core);
    arcgrad::warning::set_report_hook(report);
}
