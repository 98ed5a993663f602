//! Python numbers as core numbers.

use arcgrad::Scalar;
use arcgrad::dtype::Category;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::error::guard;
use crate::tensor;

/// What a Python `int` does not fit into.
const TOO_BIG: &str =
    "int too big to convert: the integers of tensors have 64 bits (Overflow when unpacking long long)";

/// An `int` (or `bool`) object as `i64`.
#[inline]
fn integer(object: &Bound<'_, PyAny>) -> PyResult<i64> {
    let mut overflow = 0;
    // SAFETY: a live object; what is no integer raises.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(object.as_ptr(), &mut overflow) };
    if overflow != 0 {
        return Err(PyOverflowError::new_err(TOO_BIG));
    }
    if value == -1 {
        // SAFETY: the GIL is held.
        if let Some(error) = PyErr::take(object.py()) {
            return Err(error);
        }
    }
    Ok(value)
}

/// A `complex` object.
fn complex(object: &Bound<'_, PyAny>) -> Scalar {
    // SAFETY: a live object of this type, as the caller has seen.
    unsafe {
        let pointer = object.as_ptr();
        Scalar::Complex(ffi::PyComplex_RealAsDouble(pointer), ffi::PyComplex_ImagAsDouble(pointer))
    }
}

/// A Python number: `bool`, `int`, `float`, `complex`, or a NumPy scalar. `None` for anything else; tensors are not looked at.
#[inline]
pub fn scalar(object: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    let py = object.py();
    // SAFETY: a live object and the GIL; type checks have no other conditions.
    unsafe {
        let pointer = object.as_ptr();
        if ffi::PyFloat_CheckExact(pointer) != 0 {
            return Ok(Some(Scalar::Float(ffi::PyFloat_AsDouble(pointer))));
        }
        if ffi::PyLong_CheckExact(pointer) != 0 {
            return integer(object).map(|value| Some(Scalar::Int(value)));
        }
        if ffi::PyBool_Check(pointer) != 0 {
            return Ok(Some(Scalar::Bool(pointer == ffi::Py_True())));
        }
        if ffi::PyFloat_Check(pointer) != 0 {
            return Ok(Some(Scalar::Float(ffi::PyFloat_AsDouble(pointer))));
        }
        if ffi::PyLong_Check(pointer) != 0 {
            return integer(object).map(|value| Some(Scalar::Int(value)));
        }
        if ffi::PyComplex_Check(pointer) != 0 {
            return Ok(Some(complex(object)));
        }
    }
    if !is_numpy_scalar(object) {
        return Ok(None);
    }
    let kind = numpy_kind(object)?;
    match kind {
        'b' => Ok(Some(Scalar::Bool(object.is_truthy()?))),
        'i' | 'u' => integer(&index(object)?).map(|value| Some(Scalar::Int(value))),
        'f' => Ok(Some(Scalar::Float(object.extract()?))),
        'c' => Ok(Some(complex(&object.call_method0(pyo3::intern!(py, "item"))?))),
        _ => Ok(None),
    }
}

/// The integer of an object with `__index__`.
fn index<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: returns a new reference or raises.
    unsafe { Bound::from_owned_ptr_or_err(object.py(), ffi::PyNumber_Index(object.as_ptr())) }
}

/// Whether the object is a NumPy scalar: its class comes from the module `numpy` and is no array.
pub fn is_numpy_scalar(object: &Bound<'_, PyAny>) -> bool {
    let class = object.get_type();
    let from_numpy = class
        .getattr(pyo3::intern!(object.py(), "__module__"))
        .ok()
        .and_then(|module| module.extract::<String>().ok())
        .is_some_and(|module| module == "numpy");
    from_numpy && object.hasattr(pyo3::intern!(object.py(), "dtype")).unwrap_or(false) && !is_array(object)
}

/// Whether the object is a NumPy array.
pub fn is_array(object: &Bound<'_, PyAny>) -> bool {
    let class = object.get_type();
    let mro = class.mro();
    mro.iter().any(|base| {
        base.cast::<pyo3::types::PyType>().is_ok_and(|base| {
            base.name().is_ok_and(|name| name == "ndarray") && base.module().is_ok_and(|module| module == "numpy")
        })
    })
}

/// The kind of a NumPy scalar or array: `'f'`, `'i'`, `'u'`, `'b'`, …
pub fn numpy_kind(object: &Bound<'_, PyAny>) -> PyResult<char> {
    object.getattr(pyo3::intern!(object.py(), "dtype"))?.getattr(pyo3::intern!(object.py(), "kind"))?.extract()
}

/// A number where one is expected: a Python number, a NumPy scalar or a tensor without axes. None that requires a gradient:
/// a number has none, so it would be lost without a word.
pub fn scalar_or_tensor(object: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    if let Some(number) = scalar(object)? {
        return Ok(Some(number));
    }
    match tensor::from_py(object) {
        Some(tensor) if tensor.rank() == 0 && !tensor.requires_grad() => guard(|| tensor.item()).map(Some),
        _ => Ok(None),
    }
}

/// An integer where one is expected: an `int`, an object with `__index__`, or an integer tensor of one element.
/// Floats are refused. `None` for what is no integer.
#[inline]
pub fn int(object: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    // SAFETY: a live object and the GIL.
    unsafe {
        let pointer = object.as_ptr();
        if ffi::PyLong_Check(pointer) != 0 {
            return integer(object).map(Some);
        }
        if let Some(tensor) = tensor::from_ptr(pointer) {
            let (dtype, numel) = (tensor.dtype(), tensor.numel());
            if numel != 1 || dtype.category() > Category::Integer {
                return Ok(None);
            }
            return guard(|| tensor.item()).map(|number| Some(number.to_i64()));
        }
        if ffi::PyIndex_Check(pointer) != 0 {
            return match index(object) {
                Ok(value) => integer(&value).map(Some),
                Err(error) if error.is_instance_of::<PyTypeError>(object.py()) => Ok(None),
                Err(error) => Err(error),
            };
        }
    }
    Ok(None)
}

/// A float where one is expected; integers are taken. `None` for what is no real number.
#[inline]
pub fn float(object: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    // SAFETY: a live object and the GIL.
    unsafe {
        let pointer = object.as_ptr();
        if ffi::PyFloat_Check(pointer) != 0 {
            return Ok(Some(ffi::PyFloat_AsDouble(pointer)));
        }
        if ffi::PyLong_Check(pointer) != 0 {
            let value = ffi::PyLong_AsDouble(pointer);
            return match PyErr::take(object.py()) {
                Some(error) if value == -1.0 => Err(error),
                _ => Ok(Some(value)),
            };
        }
    }
    Ok(scalar_or_tensor(object)?.filter(|number| number.category() < Category::Complex).map(Scalar::to_f64))
}

/// A core number as a Python number.
pub fn to_py(py: Python<'_>, number: Scalar) -> Py<PyAny> {
    match number {
        Scalar::Bool(value) => pyo3::types::PyBool::new(py, value).to_owned().into_any().unbind(),
        Scalar::Int(value) => pyo3::types::PyInt::new(py, value).into_any().unbind(),
        Scalar::Float(value) => pyo3::types::PyFloat::new(py, value).into_any().unbind(),
        Scalar::Complex(real, imaginary) => {
            pyo3::types::PyComplex::from_doubles(py, real, imaginary).into_any().unbind()
        }
    }
}

/// The overflow of an integer that is an element of a tensor to be made: PyTorch raises another class there.
pub fn element_overflow(error: PyErr, py: Python<'_>) -> PyErr {
    if error.is_instance_of::<PyOverflowError>(py) { PyValueError::new_err(TOO_BIG) } else { error }
}
