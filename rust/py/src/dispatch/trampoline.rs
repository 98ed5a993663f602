//! One C function per name of an operation.
//!
//! A method descriptor does not tell the C function which descriptor it was called through, so each needs a function
//! of its own. They differ in one number, their place in [`ENTRIES`].

use std::sync::OnceLock;

use pyo3::ffi;
use pyo3::impl_::trampoline::{MethodDef, fastcall_cfunction_with_keywords};
use pyo3::prelude::*;

use super::Entry;
use super::parse::Given;
use crate::error::guard_binding;

/// Room for names.
pub const SLOTS: usize = 4096;

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

/// The name at one place of the list.
struct Slot<const INDEX: usize>;

/// The binding generator's own way from a C call to a Rust function: it tells its bookkeeping that the GIL is held,
/// which costs nothing, where asking the interpreter would.
impl<const INDEX: usize> MethodDef<fastcall_cfunction_with_keywords::Func> for Slot<INDEX> {
    const METH: fastcall_cfunction_with_keywords::Func = call::<INDEX>;
}

/// The function of one place.
///
/// # Safety
/// As for [`call_entry`].
unsafe fn call<const INDEX: usize>(
    py: Python<'_>,
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    // SAFETY: as the interpreter promises by the calling convention.
    unsafe { call_entry(py, INDEX, this, args, count, names) }
}

/// The body all of them share.
///
/// # Safety
/// The arguments of a fastcall, as [`Given::new`] wants them; `this` is alive if the entry is a method.
#[inline(never)]
unsafe fn call_entry(
    py: Python<'_>,
    index: usize,
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    guard_binding(|| {
        let entry = &ENTRIES.get().expect("functions are entered after their list")[index];
        // SAFETY: the arguments of a fastcall: `count` positional ones, then one per name.
        let given = unsafe { Given::new(py, entry.method.then_some(this), args, count, names) };
        entry.call(py, &given).map(Py::into_ptr)
    })
}

macro_rules! slots {
    ($($high:literal)*) => { [$(slots!(@ $high 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)),*] };
    (@ $high:literal $($middle:literal)*) => { [$(slots!(@@ $high $middle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)),*] };
    (@@ $high:literal $middle:literal $($low:literal)*) => {
        [$(fastcall_cfunction_with_keywords::<Slot<{ $high * 256 + $middle * 16 + $low }>> as Function),*]
    };
}

static NESTED: [[[Function; 16]; 16]; 16] = slots!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);

/// The functions by place.
pub static TRAMPOLINES: &[Function] = NESTED.as_flattened().as_flattened();
