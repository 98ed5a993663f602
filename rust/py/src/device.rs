//! `device`, `layout` and `memory_format`: what there is one of, accepted in all its spellings.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

use crate::tensor::type_name;

/// Where a tensor lies: always the CPU.
#[pyclass(frozen, name = "device", module = "arcgrad")]
pub struct PyDevice {
    index: Option<i64>,
}

static CPU: PyOnceLock<Py<PyDevice>> = PyOnceLock::new();

/// THE device of tensors.
pub fn cpu(py: Python<'_>) -> PyResult<Py<PyDevice>> {
    CPU.get_or_try_init(py, || Py::new(py, PyDevice { index: None })).map(|device| device.clone_ref(py))
}

static STRIDED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// THE layout of tensors.
pub fn strided(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let layout = STRIDED.get_or_try_init(py, || Py::new(py, PyLayout("strided")).map(Py::into_any));
    layout.map(|layout| layout.clone_ref(py))
}

/// Reads a device's text.
fn parse(text: &str) -> PyResult<PyDevice> {
    let (kind, index) = match text.split_once(':') {
        Some((kind, index)) => (kind, Some(index)),
        None => (text, None),
    };
    if kind != "cpu" {
        return Err(PyRuntimeError::new_err(format!(
            "Expected one of cpu device type at start of device string: {text}. arcgrad computes on the CPU only"
        )));
    }
    let index = match index.map(str::parse::<i64>) {
        None => None,
        Some(Ok(index)) if index >= 0 => Some(index),
        Some(_) => return Err(PyRuntimeError::new_err(format!("Invalid device string: '{text}'"))),
    };
    Ok(PyDevice { index })
}

/// Checks a `device=` argument: `None`, a device, or its text.
pub fn check(object: &Bound<'_, PyAny>) -> PyResult<()> {
    if object.is_none() || object.cast::<PyDevice>().is_ok() {
        return Ok(());
    }
    if let Ok(text) = object.cast::<PyString>() {
        return parse(&text.to_cow()?).map(|_| ());
    }
    if let Ok(index) = object.extract::<i64>() {
        return Err(PyRuntimeError::new_err(format!(
            "device={index} names an accelerator, and arcgrad computes on the CPU only"
        )));
    }
    Err(PyTypeError::new_err(format!("argument 'device' must be arcgrad.device or str, not {}", type_name(object))))
}

#[pymethods]
impl PyDevice {
    #[new]
    #[pyo3(signature = (r#type, index=None))]
    fn new(r#type: &Bound<'_, PyAny>, index: Option<i64>) -> PyResult<Self> {
        if let Ok(device) = r#type.cast::<Self>() {
            return Ok(Self { index: device.get().index });
        }
        let Ok(text) = r#type.cast::<PyString>() else {
            check(r#type)?;
            return Err(PyTypeError::new_err("device(): argument 'type' must be str"));
        };
        let device = parse(&text.to_cow()?)?;
        match (device.index, index) {
            (Some(_), Some(_)) => Err(PyRuntimeError::new_err(
                "type (string) must not include an index because index was passed explicitly",
            )),
            (own, given) => Ok(Self { index: own.or(given) }),
        }
    }

    /// The kind of device: `'cpu'`.
    #[getter]
    fn r#type(&self) -> &'static str {
        "cpu"
    }

    /// The device's number, if one was given.
    #[getter]
    fn index(&self) -> Option<i64> {
        self.index
    }

    fn __repr__(&self) -> String {
        match self.index {
            Some(index) => format!("device(type='cpu', index={index})"),
            None => "device(type='cpu')".to_owned(),
        }
    }

    fn __str__(&self) -> String {
        match self.index {
            Some(index) => format!("cpu:{index}"),
            None => "cpu".to_owned(),
        }
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.index.hash(&mut hasher);
        hasher.finish()
    }

    fn __richcmp__(&self, py: Python<'_>, other: &Bound<'_, PyAny>, op: CompareOp) -> Py<PyAny> {
        let equal = other.cast::<Self>().is_ok_and(|other| other.get().index == self.index);
        match op {
            CompareOp::Eq => pyo3::types::PyBool::new(py, equal).to_owned().into_any().unbind(),
            CompareOp::Ne => pyo3::types::PyBool::new(py, !equal).to_owned().into_any().unbind(),
            _ => py.NotImplemented(),
        }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let args = (slf.get().__str__(),);
        (slf.get_type(), args).into_pyobject(slf.py())
    }
}

/// A constant with a name: a layout or a memory format.
macro_rules! constants {
    ($class:ident, $python:literal, $doc:literal) => {
        #[doc = $doc]
        #[pyclass(frozen, name = $python, module = "arcgrad")]
        pub struct $class(pub &'static str);

        #[pymethods]
        impl $class {
            fn __repr__(&self) -> String {
                format!("arcgrad.{}", self.0)
            }

            /// Pickled by name.
            fn __reduce__(&self) -> &'static str {
                self.0
            }
        }
    };
}

constants! { PyLayout, "layout", "How the elements of a tensor are stored: always strided." }
constants! { PyMemoryFormat, "memory_format", "The order of a tensor's elements in memory." }

/// Checks a `layout=` argument.
pub fn check_layout(object: &Bound<'_, PyAny>) -> PyResult<()> {
    if object.is_none() || object.cast::<PyLayout>().is_ok() {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("argument 'layout' must be arcgrad.layout, not {}", type_name(object))))
}

/// The order of elements asked for by a `memory_format=` argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// As the source has it, where that is dense.
    Preserve,
    /// Row-major.
    Contiguous,
}

/// Reads a `memory_format=` argument; `None` stands for `default`.
pub fn memory_format(object: &Bound<'_, PyAny>, default: Order) -> PyResult<Order> {
    if object.is_none() {
        return Ok(default);
    }
    match object.cast::<PyMemoryFormat>().map(|format| format.get().0) {
        Ok("contiguous_format") => Ok(Order::Contiguous),
        Ok("preserve_format") => Ok(Order::Preserve),
        Ok(name) => Err(pyo3::exceptions::PyNotImplementedError::new_err(format!(
            "memory_format=arcgrad.{name} is not implemented"
        ))),
        Err(_) => Err(PyTypeError::new_err(format!(
            "argument 'memory_format' must be arcgrad.memory_format, not {}",
            type_name(object)
        ))),
    }
}

/// Adds the classes and their constants.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyDevice>()?;
    module.add_class::<PyLayout>()?;
    module.add("strided", strided(module.py())?)?;
    module.add_class::<PyMemoryFormat>()?;
    for name in ["contiguous_format", "preserve_format", "channels_last", "channels_last_3d"] {
        module.add(name, Py::new(module.py(), PyMemoryFormat(name))?)?;
    }
    Ok(())
}
