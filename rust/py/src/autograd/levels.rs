//! Forward mode and batching: levels, and what goes into them and comes out.

use arcgrad::graph::level::{self, Kind, Level, Randomness};
use arcgrad::ops::levels;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::guard;
use crate::tensor::{require, to_py};

/// Open a level of forward mode, or of a batch of ``size`` examples, which get ``randomness``: ``"error"``, ``"same"`` or
/// ``"different"``; return its number.
#[pyfunction]
#[pyo3(signature = (size = None, randomness = "error"))]
fn enter_level(size: Option<usize>, randomness: &str) -> PyResult<u64> {
    let randomness = match randomness {
        "same" => Randomness::Same,
        "different" => Randomness::Different,
        _ => Randomness::Error,
    };
    let level = level::enter(size.map_or(Kind::Tangent, |size| Kind::Batch { size }));
    if size.is_some() {
        guard(|| level::set_randomness(level, randomness))?;
    }
    Ok(level.number())
}

/// Close the innermost level of this thread.
#[pyfunction]
fn exit_level(level: u64) -> PyResult<()> {
    guard(|| level::exit(Level::from_number(level)))
}

/// Return a tensor that shows ``primal`` and carries ``tangent`` at ``level``.
#[pyfunction]
fn make_dual(primal: &Bound<'_, PyAny>, tangent: &Bound<'_, PyAny>, level: u64) -> PyResult<Py<PyAny>> {
    let py = primal.py();
    let (primal, tangent) = (require(primal, "make_dual", "tensor")?, require(tangent, "make_dual", "tangent")?);
    to_py(py, guard(|| levels::make_dual(primal, tangent, Level::from_number(level)))?)
}

/// Return the tensor without its tangent at ``level``, and the tangent or ``None``.
#[pyfunction]
fn unpack_dual(dual: &Bound<'_, PyAny>, level: u64) -> PyResult<(Py<PyAny>, Option<Py<PyAny>>)> {
    let py = dual.py();
    let dual = require(dual, "unpack_dual", "tensor")?;
    let (primal, tangent) = guard(|| levels::unpack_dual(dual, Level::from_number(level)))?;
    Ok((to_py(py, primal)?, tangent.map(|tangent| to_py(py, tangent)).transpose()?))
}

/// Return a tensor that stands for one of the examples along ``axis`` of ``whole``.
#[pyfunction]
fn add_batch_dim(whole: &Bound<'_, PyAny>, axis: usize, level: u64) -> PyResult<Py<PyAny>> {
    let py = whole.py();
    let whole = require(whole, "vmap", "input")?;
    to_py(py, guard(|| levels::batched(whole, axis, Level::from_number(level)))?)
}

/// Return ``(whole, axis)`` of a tensor that stands for one of the examples along ``axis`` of ``whole`` at ``level``; ``None``
/// of any other.
#[pyfunction]
fn unwrap_batched(example: &Bound<'_, PyAny>, level: u64) -> PyResult<Option<(Py<PyAny>, usize)>> {
    let py = example.py();
    let example = require(example, "vmap", "input")?;
    let whole = levels::whole(example, Level::from_number(level));
    whole.map(|(whole, axis)| Ok((to_py(py, whole)?, axis))).transpose()
}

/// Return all examples that ``example`` stands for, along ``axis``.
#[pyfunction]
fn remove_batch_dim(example: &Bound<'_, PyAny>, axis: i64, level: u64) -> PyResult<Py<PyAny>> {
    let py = example.py();
    let example = require(example, "vmap", "output")?;
    to_py(py, guard(|| levels::unbatched(example, axis, Level::from_number(level)))?)
}

/// Call ``function(*args)`` with the level, and those above it that are open, hidden.
#[pyfunction]
fn below<'py>(level: u64, function: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    level::below(Level::from_number(level), || function.call1(args))
}

/// Let operations of this thread look at tangents, or not; return whether they did.
#[pyfunction]
fn set_forward_enabled(on: bool) -> bool {
    level::set_forward_enabled(on)
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(enter_level, module)?)?;
    module.add_function(wrap_pyfunction!(exit_level, module)?)?;
    module.add_function(wrap_pyfunction!(below, module)?)?;
    module.add_function(wrap_pyfunction!(set_forward_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(make_dual, module)?)?;
    module.add_function(wrap_pyfunction!(unpack_dual, module)?)?;
    module.add_function(wrap_pyfunction!(unwrap_batched, module)?)?;
    module.add_function(wrap_pyfunction!(add_batch_dim, module)?)?;
    module.add_function(wrap_pyfunction!(remove_batch_dim, module)?)
}
