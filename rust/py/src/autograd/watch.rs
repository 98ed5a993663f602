//! What a profile sees, as Python reads it.

use std::borrow::Cow;

use arcgrad::graph::watch::{self, Begun, Event, Kind};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use smallvec::SmallVec;

use crate::error::guard;

/// Begins to note what is run, on all threads.
#[pyfunction]
fn start_watching(shapes: bool) -> PyResult<()> {
    guard(|| watch::start(shapes))
}

/// Whether it is noted.
#[pyfunction]
fn is_watching() -> bool {
    watch::is_on()
}

/// Ends that. One tuple per event: name, kind (0 an operation, 1 a node, 2 a block), start and end in nanoseconds, bytes,
/// thread, line (or None), shapes.
#[pyfunction]
fn stop_watching(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyTuple>>> {
    watch::stop().into_iter().map(|event| described(py, event)).collect()
}

fn described(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyTuple>> {
    let shapes = event.shapes.iter().map(|shape| PyTuple::new(py, shape.iter())).collect::<PyResult<Vec<_>>>()?;
    let line = event.blame.resolve().map(|line| (line.file, line.line, line.text));
    let kind = match event.kind {
        Kind::Op => 0,
        Kind::Node => 1,
        Kind::Block => 2,
    };
    let (start, end) = (event.start, event.end);
    (event.name, kind, start, end, event.bytes, event.thread, line, PyTuple::new(py, shapes)?).into_pyobject(py)
}

/// A piece of the program with a name, noted when it is over.
#[pyclass(frozen, module = "arcgrad._core._autograd")]
struct Watched {
    name: String,
    begun: Mutex<Option<Begun>>,
}

#[pymethods]
impl Watched {
    /// It begins now.
    #[new]
    fn new(name: String) -> Self {
        Self { name, begun: Mutex::new(Some(Begun::here())) }
    }

    /// It is over.
    fn end(&self) {
        let begun = self.begun.lock().take();
        if let Some(begun) = begun {
            begun.end(Kind::Block, Cow::Owned(self.name.clone()), SmallVec::new());
        }
    }
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Watched>()?;
    module.add_function(wrap_pyfunction!(start_watching, module)?)?;
    module.add_function(wrap_pyfunction!(is_watching, module)?)?;
    module.add_function(wrap_pyfunction!(stop_watching, module)?)
}
