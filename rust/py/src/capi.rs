//! What is handed to the interpreter by address: slots of classes and methods, each tied to the C type it is called by.
//!
//! The interpreter takes untyped pointers and flags that say how to call them, so that a function of another type is
//! seen by nobody until it is called. Here the type of the function decides the slot or the flag, and the compiler sees.

use std::ffi::{CStr, c_int, c_void};

use pyo3::ffi;

/// A slot of a class that is made from a specification.
pub enum Slot {
    /// The documentation of the class.
    Doc(&'static CStr),
    /// The class it extends.
    Base(*mut ffi::PyTypeObject),
    /// `Class(…)`.
    New(ffi::newfunc),
    /// `repr(object)`.
    Repr(ffi::reprfunc),
    /// `object[key]`.
    Subscript(ffi::binaryfunc),
    /// `left + right`, where the left one is a sequence.
    Concat(ffi::binaryfunc),
    /// `left + right`, where either may be of the class.
    Add(ffi::binaryfunc),
    /// `object * count`.
    Repeat(ffi::ssizeargfunc),
    /// Its methods, which live as long as the process.
    Methods(Vec<ffi::PyMethodDef>),
}

impl Slot {
    /// As the interpreter reads it.
    fn raw(self) -> ffi::PyType_Slot {
        let (slot, pfunc): (c_int, *mut c_void) = match self {
            Self::Doc(text) => (ffi::Py_tp_doc, text.as_ptr().cast_mut().cast()),
            Self::Base(class) => (ffi::Py_tp_base, class.cast()),
            Self::New(function) => (ffi::Py_tp_new, function as *mut c_void),
            Self::Repr(function) => (ffi::Py_tp_repr, function as *mut c_void),
            Self::Subscript(function) => (ffi::Py_mp_subscript, function as *mut c_void),
            Self::Concat(function) => (ffi::Py_sq_concat, function as *mut c_void),
            Self::Add(function) => (ffi::Py_nb_add, function as *mut c_void),
            Self::Repeat(function) => (ffi::Py_sq_repeat, function as *mut c_void),
            Self::Methods(mut methods) => {
                methods.push(ffi::PyMethodDef::zeroed());
                (ffi::Py_tp_methods, methods.leak().as_mut_ptr().cast())
            }
        };
        ffi::PyType_Slot { slot, pfunc }
    }

    /// The list of these slots, with its end.
    pub fn list(slots: Vec<Self>) -> Vec<ffi::PyType_Slot> {
        let end = ffi::PyType_Slot { slot: 0, pfunc: std::ptr::null_mut() };
        slots.into_iter().map(Self::raw).chain([end]).collect()
    }
}

/// A method that takes nothing but its object; the function's second argument is null.
pub fn without_arguments(name: &'static CStr, call: ffi::PyCFunction, doc: Option<&'static CStr>) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: doc.map_or(std::ptr::null(), CStr::as_ptr),
    }
}

/// A function or method of any arguments, by the fast calling convention.
pub fn with_keywords(
    name: &'static CStr,
    call: ffi::PyCFunctionFastWithKeywords,
    doc: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: call },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc.as_ptr(),
    }
}
