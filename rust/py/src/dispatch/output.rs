//! Results of operations as Python objects.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::Mutex;

use arcgrad::ops::registry::{Named, Output};
use arcgrad::ops::writing::copy;
use arcgrad::{DType, Tensor};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use super::parse::Parsed;
use crate::capi::without_arguments;
use crate::device::Order;
use crate::error::{guard, guard_binding};
use crate::{dtype, number, tensor};

/// Applies what is asked for by keywords that all operations share.
#[inline]
pub fn finish(output: Output, parsed: &Parsed) -> PyResult<Output> {
    if !parsed.requires_grad && matches!(parsed.order, None | Some(Order::Preserve)) {
        return Ok(output);
    }
    let Output::Tensor(mut result) = output else { return Ok(output) };
    match parsed.order {
        Some(Order::Contiguous) => result = guard(|| copy::row_major(&result))?,
        Some(order @ Order::ChannelsLast(_)) => result = guard(|| order.arrange(&result))?,
        Some(Order::Preserve) | None => {}
    }
    if parsed.requires_grad {
        guard(|| result.set_requires_grad(true))?;
    }
    Ok(Output::Tensor(result))
}

/// The Python object of a result.
#[inline]
pub fn to_py(py: Python<'_>, output: Output) -> PyResult<Py<PyAny>> {
    match output {
        Output::Tensor(result) => tensor::to_py(py, result),
        Output::Tensors(results) => tuple(py, results).map(|tuple| tuple.into_any().unbind()),
        Output::Named(results) => named(py, false, *results),
        Output::NamedOut(results) => named(py, true, *results),
        Output::Number(value) => Ok(number::to_py(py, value)),
        Output::Bool(value) => Ok(pyo3::types::PyBool::new(py, value).to_owned().into_any().unbind()),
        Output::DType(value) => Ok(dtype_to_py(py, value)),
        Output::InPlace => Err(PyRuntimeError::new_err("an in-place operation has no result of its own")),
    }
}

fn dtype_to_py(py: Python<'_>, value: DType) -> Py<PyAny> {
    dtype::to_py(py, value).into_any()
}

/// A tuple of tensors.
pub fn tuple(py: Python<'_>, results: Vec<Tensor>) -> PyResult<Bound<'_, PyTuple>> {
    let objects: PyResult<Vec<Py<PyAny>>> = results.into_iter().map(|result| tensor::to_py(py, result)).collect();
    PyTuple::new(py, objects?)
}

/// Classes of named results, made on first use and kept.
static NAMED: Mutex<Option<HashMap<(&'static str, bool), usize>>> = Mutex::new(None);

/// A tuple with names (`arcgrad.return_types.max`, or `max_out` of tensors that were given).
fn named(py: Python<'_>, out: bool, results: Named) -> PyResult<Py<PyAny>> {
    let class = named_class(py, results.class, out, results.fields)?;
    // SAFETY: an instance of the class with as many fields as it was made with, each set once.
    unsafe {
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyStructSequence_New(class))?;
        for (position, result) in results.tensors.into_iter().enumerate() {
            let item = tensor::to_py(py, result)?;
            ffi::PyStructSequence_SetItem(object.as_ptr(), position as ffi::Py_ssize_t, item.into_ptr());
        }
        Ok(object.unbind())
    }
}

fn named_class(
    py: Python<'_>,
    name: &'static str,
    out: bool,
    fields: &'static [&'static str],
) -> PyResult<*mut ffi::PyTypeObject> {
    let key = (name, out);
    let known = NAMED.lock().expect("nothing panics under this lock").get_or_insert_default().get(&key).copied();
    if let Some(class) = known {
        return Ok(class as *mut ffi::PyTypeObject);
    }
    let leak = |text: &str| -> PyResult<_> { Ok(CString::new(text)?.into_raw().cast_const()) };
    let mut list = Vec::new();
    for field in fields {
        list.push(ffi::PyStructSequence_Field { name: leak(field)?, doc: std::ptr::null() });
    }
    list.push(ffi::PyStructSequence_Field { name: std::ptr::null(), doc: std::ptr::null() });
    let mut description = ffi::PyStructSequence_Desc {
        name: leak(&format!("arcgrad.return_types.{name}{}", if out { "_out" } else { "" }))?,
        doc: std::ptr::null(),
        fields: list.leak().as_mut_ptr(),
        n_in_sequence: fields.len() as i32,
    };
    // SAFETY: the description is complete and what it refers to lives for ever.
    let class = unsafe { ffi::PyStructSequence_NewType(&mut description) };
    if class.is_null() {
        return Err(PyErr::fetch(py));
    }
    // SAFETY: the class was just made, and the definition lives for ever.
    unsafe {
        let definition = Box::leak(Box::new(without_arguments(c"__repr__", repr_of_named, None)));
        let method = Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class, definition))?;
        Bound::from_borrowed_ptr(py, class.cast()).setattr("__repr__", method)?;
    }
    NAMED.lock().expect("nothing panics under this lock").get_or_insert_default().insert(key, class as usize);
    Ok(class)
}

/// One field per line, as PyTorch shows them.
///
/// # Safety
/// The interpreter calls it: the object is alive and the GIL is held.
unsafe extern "C" fn repr_of_named(this: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a live object and the GIL held.
    let (py, this) = unsafe {
        let py = Python::assume_attached();
        (py, Bound::from_borrowed_ptr(py, this))
    };
    let text = guard_binding(|| {
        let class = this.get_type();
        let fields = class.getattr("__match_args__")?.cast_into::<PyTuple>()?;
        let mut lines = Vec::with_capacity(fields.len());
        for (name, value) in fields.iter().zip(this.cast::<PyTuple>()?) {
            lines.push(format!("{name}={}", value.repr()?));
        }
        let name = format!("{}.{}", class.module()?, class.name()?);
        Ok(PyString::new(py, &format!("{name}(\n{})", lines.join(",\n"))))
    });
    match text {
        Ok(text) => text.into_ptr(),
        Err(error) => {
            error.restore(py);
            std::ptr::null_mut()
        }
    }
}
