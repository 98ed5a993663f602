//! The one map from the core's errors to Python exceptions, and the one place through which the core is called.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arcgrad::Error;
use arcgrad::graph::Blame;
use arcgrad::graph::provenance::Inherit;
use arcgrad::storage::NoData;
use pyo3::exceptions::{
    PyIndexError, PyMemoryError, PyNotImplementedError, PyRuntimeError, PySystemError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;

use crate::autograd::interpreter::{detach, is_detached};

pyo3::create_exception!(
    arcgrad.linalg,
    LinAlgError,
    PyRuntimeError,
    "A matrix for which there is no result: it is singular, not positive definite, or the algorithm did not converge."
);

/// The Python exception that says what a core error says.
#[cold]
pub fn to_py_err(error: Box<Error>) -> PyErr {
    if let Error::Foreign { source, .. } = &*error
        && let Some(original) = source.downcast_ref::<PyErr>()
    {
        return Python::attach(|py| original.clone_ref(py));
    }
    let text = error.to_string();
    match *error {
        Error::AxisOutOfRange { .. } | Error::IndexOutOfRange { .. } | Error::Index { .. } => {
            PyIndexError::new_err(text)
        }
        Error::Value { .. } => PyValueError::new_err(text),
        Error::Type { .. } => PyTypeError::new_err(text),
        // A dtype that an operation does not compute in; a dtype that does not fit another's is a `RuntimeError`.
        Error::NotImplemented { .. } | Error::DType { .. } | Error::NoData { .. } => {
            PyNotImplementedError::new_err(text)
        }
        Error::LinAlg { .. } => LinAlgError::new_err(text),
        Error::OutOfMemory { .. } => PyMemoryError::new_err(text),
        Error::ShapeMismatch { .. }
        | Error::InvalidShape { .. }
        | Error::Runtime { .. }
        | Error::Overlap { .. }
        | Error::Graph { .. }
        | Error::Foreign { .. } => PyRuntimeError::new_err(text),
    }
}

/// A Python exception on its way through the core; comes out of [`to_py_err`] unchanged, with its traceback.
#[cold]
pub fn from_py_err(op: &'static str, error: PyErr) -> Box<Error> {
    Box::new(Error::Foreign { op, source: Arc::new(error) })
}

/// Calls the core: errors become exceptions, and a panic, which is a bug, an exception that says so.
#[inline]
pub fn guard<T>(body: impl FnOnce() -> arcgrad::Result<T>) -> PyResult<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(to_py_err(error)),
        Err(payload) => Err(bug(payload)),
    }
}

/// [`guard`] with the GIL released, for work that is long. The line to blame is looked up before.
pub fn guard_detached<T: Send>(py: Python<'_>, body: impl FnOnce() -> arcgrad::Result<T> + Send) -> PyResult<T> {
    let blame = Blame::here();
    guard(|| {
        detach(py, || {
            let _inherit = Inherit::from(blame);
            body()
        })
    })
}

/// Waits of the core happen with the GIL released, so that whoever holds the memory can finish.
pub fn wait_without_gil(wait: &mut dyn FnMut()) {
    /// The wait is run by this thread and nobody else.
    struct SameThread<'a>(&'a mut dyn FnMut());
    // SAFETY: `detach` runs the closure on the calling thread.
    unsafe impl Send for SameThread<'_> {}

    if is_detached() {
        return wait();
    }
    let wait = SameThread(wait);
    Python::attach(|py| {
        detach(py, move || {
            let wait = wait;
            (wait.0)();
        });
    });
}

/// Runs binding code that C calls directly: nothing may unwind into C.
#[inline]
pub fn guard_binding<T>(body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => Err(bug(payload)),
    }
}

thread_local! {
    /// Message and place of the thread's last panic.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Panics are reported by the exception they become, not on stderr.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("unknown cause");
        let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        LAST_PANIC.with(|last| *last.borrow_mut() = Some(format!("{text}{place}")));
    }));
}

#[cold]
fn bug(payload: Box<dyn Any + Send>) -> PyErr {
    if payload.is::<NoData>() {
        return PyRuntimeError::new_err(
            "vmap: the data of a tensor that stands for one example of many is asked for, and it has none: your tensor may have \
             escaped from inside a function being vmapped. Return it from the function instead. If it is used where it was \
             made, this is a bug in arcgrad; please report it.",
        );
    }
    // Not a bug, but an error that was raised where none can be returned: data was asked for where there is none.
    let payload = match payload.downcast::<Error>() {
        Ok(error) => return to_py_err(error),
        Err(payload) => payload,
    };
    let noted = LAST_PANIC.with(|last| last.borrow_mut().take());
    let text = noted.unwrap_or_else(|| {
        // The panic of a helper thread, carried over.
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown cause".to_owned())
    });
    PySystemError::new_err(format!("internal error: {text}. This is a bug in arcgrad; please report it."))
}
