//! One C function per name of an operation.
//!
//! A method descriptor does not tell the C function which descriptor it was called through, so each needs a function
//! of its own. They differ in one number, their place in [`ENTRIES`], and are nothing but a jump: the number travels in the
//! upper half of the count of arguments, so that all else is compiled once.

use std::sync::OnceLock;

use pyo3::ffi;
use pyo3::impl_::trampoline::{MethodDef, fastcall_cfunction_with_keywords};
use pyo3::prelude::*;

use super::Entry;
use super::parse::Given;
use crate::error::guard_binding;

/// Room for names.
pub const SLOTS: usize = 1536;

/// Where in the count of arguments the place begins: there are never so many arguments.
const PLACE: u32 = 32;

static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();

/// Puts the list in place; the first import wins.
pub fn install(entries: Vec<Entry>) {
    let _ = ENTRIES.set(entries);
}

type Function = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// The function of one place.
///
/// # Safety
/// As for [`call_entry`].
unsafe extern "C" fn slot<const INDEX: usize>(
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as promised.
    unsafe { numbered(this, args, count | (INDEX << PLACE) as ffi::Py_ssize_t, names) }
}

/// What all of them jump to, with the place in the upper half of `count`. The binding generator's own way from a C call to a
/// Rust function tells its bookkeeping that the GIL is held, which costs nothing, where asking the interpreter would.
///
/// # Safety
/// As for [`call_entry`].
#[inline(never)]
unsafe extern "C" fn numbered(
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    struct Numbered;
    impl MethodDef<fastcall_cfunction_with_keywords::Func> for Numbered {
        const METH: fastcall_cfunction_with_keywords::Func = call_entry;
    }
    // SAFETY: as promised.
    unsafe { fastcall_cfunction_with_keywords::<Numbered>(this, args, count, names) }
}

/// The body all of them share.
///
/// # Safety
/// The arguments of a fastcall, as [`Given::new`] wants them, but for the place of the entry in the upper half of `count`;
/// `this` is alive if the entry is a method.
unsafe fn call_entry(
    py: Python<'_>,
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    guard_binding(|| {
        let (place, count) = (count as usize >> PLACE, count & ((1 << PLACE) - 1));
        let entry = &ENTRIES.get().expect("functions are entered after their list")[place];
        // SAFETY: the arguments of a fastcall: `count` positional ones, then one per name.
        let given = unsafe { Given::new(py, entry.method.then_some(this), args, count, names) };
        entry.call(py, &given).map(Py::into_ptr)
    })
}

macro_rules! slots {
    ($($high:literal)*) => { [$(slots!(@ $high 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)),*] };
    (@ $high:literal $($middle:literal)*) => { [$(slots!(@@ $high $middle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)),*] };
    (@@ $high:literal $middle:literal $($low:literal)*) => {
        [$(slot::<{ $high * 256 + $middle * 16 + $low }> as Function),*]
    };
}

static NESTED: [[[Function; 16]; 16]; SLOTS / 256] = slots!(0 1 2 3 4 5);

/// The functions by place.
pub static TRAMPOLINES: &[Function] = NESTED.as_flattened().as_flattened();
