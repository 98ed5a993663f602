//! `arcgrad.Size`: the shape of a tensor, a tuple of integers with a name.
//!
//! A subclass of `tuple` with PyTorch's additions. The stable ABI has no way to declare a class that extends `tuple`
//! natively, so the class is made from a specification by hand; its instances are tuples in every respect.

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

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

/// A method or slot of the class: gets the instance, as a tuple, and one more object.
macro_rules! entry {
    ($name:ident, |$py:ident, $size:ident, $other:ident| $body:expr) => {
        /// A method or slot of the class.
        ///
        /// # Safety
        /// The interpreter calls it: the objects are alive, where there is a second one, and the GIL is held.
        unsafe extern "C" fn $name(this: *mut ffi::PyObject, other: *mut ffi::PyObject) -> *mut ffi::PyObject {
            // SAFETY: called by the interpreter with live objects and the GIL held; what may be null is not touched.
            unsafe {
                let $py = Python::assume_attached();
                let result = guard_binding(|| {
                    let $size = Bound::from_borrowed_ptr($py, this);
                    let $other = Bound::from_borrowed_ptr_or_opt($py, other);
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

entry! { repr, |py, size, _other| {
    let items: PyResult<Vec<String>> = size.cast::<PyTuple>()?.iter().map(|item| Ok(item.repr()?.to_string())).collect();
    Ok(pyo3::types::PyString::new(py, &format!("arcgrad.Size([{}])", items?.join(", "))).into_any())
}}

entry! { numel, |py, size, _other| {
    let mut product = 1i64.into_pyobject(py)?.into_any();
    for item in size.cast::<PyTuple>()?.iter() {
        product = product.mul(item)?;
    }
    Ok(product)
}}

entry! { reduce, |py, size, _other| {
    let items = PyTuple::new(py, size.cast::<PyTuple>()?.iter())?;
    Ok(PyTuple::new(py, [size.get_type().into_any(), PyTuple::new(py, [items])?.into_any()])?.into_any())
}}

entry! { subscript, |_py, size, key| {
    let result = of_tuple(&size, "__getitem__", key.expect("the interpreter passes a key"))?;
    match result.cast_exact::<PyTuple>() {
        Ok(tuple) if size.cast::<PyTuple>().is_ok() => from_tuple(tuple),
        _ => Ok(result),
    }
}}

entry! { concat, |py, left, right| {
    let right = right.expect("the interpreter passes both operands");
    let (Ok(left), Ok(right)) = (left.cast::<PyTuple>(), right.cast::<PyTuple>()) else {
        return Ok(py.NotImplemented().into_bound(py));
    };
    let items: Vec<Bound<'_, PyAny>> = left.iter().chain(right.iter()).collect();
    from_tuple(&PyTuple::new(py, items)?)
}}

/// `size * count`.
///
/// # Safety
/// The interpreter calls it: the objects are alive and the GIL is held.
unsafe extern "C" fn repeat(this: *mut ffi::PyObject, count: ffi::Py_ssize_t) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with a live object and the GIL held.
    unsafe {
        let py = Python::assume_attached();
        let result = guard_binding(|| {
            let this = Bound::from_borrowed_ptr(py, this);
            let repeated = of_tuple(&this, "__mul__", count.into_pyobject(py)?.into_any())?;
            from_tuple(repeated.cast::<PyTuple>()?)
        });
        hand_out(py, result)
    }
}

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

const DOC: &CStr = c"The shape of a tensor: a tuple of the sizes of its axes.";

/// Makes the class and adds it.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let method = |name: &'static CStr, call: ffi::PyCFunction, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: doc.as_ptr(),
    };
    // The table belongs to the class, which lives as long as the process.
    let methods = Box::leak(Box::new([
        method(c"numel", numel, c"numel($self, /)\n--\n\nThe product of the sizes: the number of elements."),
        method(c"__reduce__", reduce, c"Pickles as a call of the class."),
        ffi::PyMethodDef::zeroed(),
    ]));
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
        slot(ffi::Py_tp_base, (&raw mut ffi::PyTuple_Type).cast()),
        slot(ffi::Py_tp_new, new as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast()),
        slot(ffi::Py_mp_subscript, subscript as *mut c_void),
        slot(ffi::Py_sq_concat, concat as *mut c_void),
        slot(ffi::Py_nb_add, concat as *mut c_void),
        slot(ffi::Py_sq_repeat, repeat as *mut c_void),
        slot(0, std::ptr::null_mut()),
    ];
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
