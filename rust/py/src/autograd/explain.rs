//! What the graph remembers for `explain_grad`.

use arcgrad::graph::cuts::{self, Cause};
use arcgrad::graph::nan;
use pyo3::prelude::*;

/// Cause, file, line and text of a cut.
type CutLine = (&'static str, String, u32, Option<String>);

/// Return where paths from ``tensor`` to later results were cut on this thread: ``(cause, file, line, text)`` each.
#[pyfunction]
fn cuts_of(tensor: &Bound<'_, PyAny>) -> PyResult<Vec<CutLine>> {
    let tensor = crate::tensor::require(tensor, "explain_grad", "tensor")?;
    let cuts = cuts::of(tensor).into_iter().filter_map(|cut| {
        let cause = match cut.cause {
            Cause::Detach => "detach",
            Cause::NoGrad => "no_grad",
            Cause::Dtype => "dtype",
        };
        cut.blame.resolve().map(|line| (cause, line.file, line.line, line.text))
    });
    Ok(cuts.collect())
}

/// Name, certainty, file, line and text of the operation that made the first NaN.
type NanOrigin = (String, bool, Option<(String, u32, Option<String>)>);

/// Return which operation made the first NaN in the last backward pass of this thread that brought one to ``tensor``:
/// ``(name, certain, (file, line, text))``, ``None`` where that is not known.
#[pyfunction]
fn nan_origin_of(tensor: &Bound<'_, PyAny>) -> PyResult<Option<NanOrigin>> {
    let tensor = crate::tensor::require(tensor, "explain_grad", "tensor")?;
    Ok(nan::origin_of(tensor).map(|origin| {
        let line = origin.blame.resolve().map(|line| (line.file, line.line, line.text));
        (origin.node, origin.certain, line)
    }))
}

/// Return whether some graph that is alive leads to the leaf ``tensor``.
#[pyfunction]
fn is_in_a_graph(tensor: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(crate::tensor::require(tensor, "explain_grad", "tensor")?.is_in_a_graph())
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(cuts_of, module)?)?;
    module.add_function(wrap_pyfunction!(nan_origin_of, module)?)?;
    module.add_function(wrap_pyfunction!(is_in_a_graph, module)?)
}
