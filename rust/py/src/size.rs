//! `arcgrad.Size`: the shape of a tensor, a tuple of integers with a name.
//!
//! A subclass of `tuple` with PyTorch's additions. The stable ABI has no way to declare a class that extends `tuple`
//! natively, so the class is made from a specification by hand; its instances are tuples in every respect.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::capi::{Slot, without_arguments};
use crate::error::guard_binding;
use crate::tensor::type_name;

/// The class. Null before [`register`].
static SIZE_TYPE: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());

fn size_type() -> *mut ffi::PyTypeObject {
    SIZE_TYPE.load(Ordering::Relaxed)
}

/// A `Size` of these sizes.
#[inline]
pub fn to_py(py: Python<'_>, sizes: &[usize]) -> PyResult<Py<PyAny>> {
    // SAFETY: a fresh tuple of the class, every item set before anybody sees it.
    unsafe {
        let tuple = ffi::PyType_GenericAlloc(size_type(), sizes.len() as ffi::Py_ssize_t);
        let tuple = Bound::from_owned_ptr_or_err(py, tuple)?;
        for (position, &size) in sizes.iter().enumerate() {
            let item = ffi::PyLong_FromSize_t(size);
            if item.is_null() || ffi::PyTuple_SetItem(tuple.as_ptr(), position as ffi::Py_ssize_t, item) != 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(tuple.unbind())
    }
}

/// A `Size` with the items of a tuple.
fn from_tuple<'py>(tuple: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = tuple.py();
    // SAFETY: as in `to_py`; items are borrowed from the tuple and given a reference of their own.
    unsafe {
        let size = ffi::PyType_GenericAlloc(size_type(), tuple.len() as ffi::Py_ssize_t);
        let size = Bound::from_owned_ptr_or_err(py, size)?;
        for (position, item) in tuple.iter().enumerate() {
            if ffi::PyTuple_SetItem(size.as_ptr(), position as ffi::Py_ssize_t, item.into_ptr()) != 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(size)
    }
}

/// Turns a result into what C expects.
fn hand_out(py: Python<'_>, result: PyResult<Bound<'_, PyAny>>) -> *mut ffi::PyObject {
    match result {
        Ok(object) => object.into_ptr(),
        Err(error) => {
            error.restore(py);
            std::ptr::null_mut()
        }
    }
}

/// A function for the interpreter: gets the instance, as a tuple, and the further arguments of its C type. What is an
/// object among them is borrowed; that of a method without arguments is null and stays untouched.
macro_rules! entry {
    ($name:ident, |$py:ident, $size:ident $(, $other:ident: $type:ty)?| $body:expr) => {
        /// A method or slot of the class.
        ///
        /// # Safety
        /// The interpreter calls it: the objects are alive and the GIL is held.
        unsafe extern "C" fn $name(this: *mut ffi::PyObject $(, $other: $type)?) -> *mut ffi::PyObject {
            // SAFETY: called by the interpreter with live objects and the GIL held.
            unsafe {
                let $py = Python::assume_attached();
                let result = guard_binding(|| {
                    let $size = Bound::from_borrowed_ptr($py, this);
                    $body
                });
                hand_out($py, result)
            }
        }
    };
}

/// The method of `tuple` with this name, called on `this`.
fn of_tuple<'py>(this: &Bound<'py, PyAny>, name: &str, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    this.py().get_type::<PyTuple>().getattr(name)?.call1((this, other))
}

entry! { repr, |py, size| {
    let items: PyResult<Vec<String>> = size.cast::<PyTuple>()?.iter().map(|item| Ok(item.repr()?.to_string())).collect();
    Ok(pyo3::types::PyString::new(py, &format!("arcgrad.Size([{}])", items?.join(", "))).into_any())
}}

entry! { numel, |py, size, _none: *mut ffi::PyObject| {
    let mut product = 1i64.into_pyobject(py)?.into_any();
    for item in size.cast::<PyTuple>()?.iter() {
        product = product.mul(item)?;
    }
    Ok(product)
}}

entry! { reduce, |py, size, _none: *mut ffi::PyObject| {
    let items = PyTuple::new(py, size.cast::<PyTuple>()?.iter())?;
    Ok(PyTuple::new(py, [size.get_type().into_any(), PyTuple::new(py, [items])?.into_any()])?.into_any())
}}

entry! { subscript, |py, size, key: *mut ffi::PyObject| {
    let result = of_tuple(&size, "__getitem__", Bound::from_borrowed_ptr(py, key))?;
    match result.cast_exact::<PyTuple>() {
        Ok(tuple) if size.cast::<PyTuple>().is_ok() => from_tuple(tuple),
        _ => Ok(result),
    }
}}

/// `left + right`, if both are tuples, of integers.
fn joined<'py>(left: &Bound<'py, PyAny>, right: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (Ok(left), Ok(right)) = (left.cast::<PyTuple>(), right.cast::<PyTuple>()) else { return Ok(None) };
    let items: Vec<Bound<'_, PyAny>> = left.iter().chain(right.iter()).collect();
    checked(PyTuple::new(left.py(), items)?.as_any()).map(Some)
}

entry! { add, |py, left, right: *mut ffi::PyObject| {
    let sum = joined(&left, &Bound::from_borrowed_ptr(py, right))?;
    Ok(sum.unwrap_or_else(|| py.NotImplemented().into_bound(py)))
}}

// Asked where `add` has no answer: of sequences, nobody else is asked.
entry! { concat, |py, left, right: *mut ffi::PyObject| {
    let right = Bound::from_borrowed_ptr(py, right);
    joined(&left, &right)?.ok_or_else(|| {
        let (right, left) = (type_name(&right), type_name(&left));
        PyTypeError::new_err(format!("can only concatenate tuple (not \"{right}\") to {left}"))
    })
}}

entry! { repeat, |py, size, count: ffi::Py_ssize_t| {
    let repeated = of_tuple(&size, "__mul__", count.into_pyobject(py)?.into_any())?;
    from_tuple(repeated.cast::<PyTuple>()?)
}}

/// `Size(items)`.
///
/// # Safety
/// The interpreter calls it: the arguments are a tuple and a dictionary or null, and the GIL is held.
unsafe extern "C" fn new(
    _class: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with live objects and the GIL held.
    unsafe {
        let py = Python::assume_attached();
        let result = guard_binding(|| {
            let args = Bound::from_borrowed_ptr(py, args).cast_into::<PyTuple>()?;
            if !kwargs.is_null() && ffi::PyDict_Size(kwargs) > 0 {
                return Err(PyTypeError::new_err("Size() takes no keyword arguments"));
            }
            match args.len() {
                0 => from_tuple(&PyTuple::empty(py)),
                1 => checked(&args.get_item(0)?),
                given => Err(PyTypeError::new_err(format!("Size() takes at most one argument ({given} given)"))),
            }
        });
        hand_out(py, result)
    }
}

/// A `Size` of an iterable of integers.
fn checked<'py>(items: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = items.py();
    let mut sizes = Vec::new();
    for (position, item) in items.try_iter()?.enumerate() {
        let item = item?;
        match crate::number::int(&item)? {
            Some(size) => sizes.push(size.into_pyobject(py)?),
            None => {
                return Err(PyTypeError::new_err(format!(
                    "arcgrad.Size() takes an iterable of 'int' (item {position} is '{}')",
                    type_name(&item)
                )));
            }
        }
    }
    from_tuple(&PyTuple::new(py, sizes)?)
}

/// Makes the class and adds it.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let methods = vec![
        without_arguments(
            c"numel",
            numel,
            Some(c"numel($self, /)\n--\n\nThe product of the sizes: the number of elements."),
        ),
        without_arguments(c"__reduce__", reduce, Some(c"Pickles as a call of the class.")),
    ];
    let mut slots = Slot::list(vec![
        Slot::Doc(c"The shape of a tensor: a tuple of the sizes of its axes."),
        Slot::Base(&raw mut ffi::PyTuple_Type),
        Slot::New(new),
        Slot::Repr(repr),
        Slot::Methods(methods),
        Slot::Subscript(subscript),
        Slot::Concat(concat),
        Slot::Add(add),
        Slot::Repeat(repeat),
    ]);
    let mut spec = ffi::PyType_Spec {
        name: c"arcgrad.Size".as_ptr(),
        basicsize: 0,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as u32,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification is complete; everything it refers to beyond the call is static or leaked.
    let class = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&mut spec))? };
    let class = class.cast_into::<PyType>()?;
    // The class is kept for the life of the process.
    SIZE_TYPE.store(class.clone().into_ptr().cast(), Ordering::Release);
    module.add("Size", class)
}
