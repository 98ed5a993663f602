//! Calls that the program takes over: `__torch_function__` of its classes, and modes that see every call of a thread.
//!
//! Nothing of it is looked at before a class of tensors is defined that takes calls over, or a mode is entered: until then
//! [`watching`] is false, and asking it is one load.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use smallvec::SmallVec;

use crate::tensor::{PyTensor, tensor_type};

static WATCHING: AtomicBool = AtomicBool::new(false);

/// Whether anything may take calls over.
#[inline]
pub fn watching() -> bool {
    WATCHING.load(Ordering::Relaxed)
}

/// What a thread has switched off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Off {
    Nothing,
    /// Classes are not asked, modes are.
    Classes,
    Everything,
}

thread_local! {
    static OFF: Cell<Off> = const { Cell::new(Off::Nothing) };
    /// The modes of this thread, the innermost last.
    static MODES: RefCell<Vec<Py<PyAny>>> = const { RefCell::new(Vec::new()) };
}

fn any_mode() -> bool {
    OFF.get() != Off::Everything && MODES.with(|modes| !modes.borrow().is_empty())
}

/// The implementation that takes nothing over, by which a class says so.
static DISABLED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

type Objects<'py> = SmallVec<[Bound<'py, PyAny>; 4]>;

/// Whether the class of an object takes calls over. `plain_too` counts tensors that are of no subclass, whose class knows
/// what to do as well.
fn takes_over(object: &Bound<'_, PyAny>, plain_too: bool) -> bool {
    let class = object.get_type();
    let kind = class.as_type_ptr();
    if kind == tensor_type() {
        return plain_too;
    }
    let is_basic = kind == &raw mut ffi::PyLong_Type
        || kind == &raw mut ffi::PyFloat_Type
        || kind == &raw mut ffi::PyBool_Type
        || kind == &raw mut ffi::PyUnicode_Type
        || kind == &raw mut ffi::PySlice_Type;
    if is_basic || object.is_none() {
        return false;
    }
    let py = object.py();
    match class.getattr_opt(intern!(py, "__torch_function__")) {
        Ok(Some(implementation)) => DISABLED.get(py).is_none_or(|disabled| !implementation.is(disabled)),
        _ => false,
    }
}

/// Whether the class of a tensor takes calls over where it is asked.
pub fn takes_calls_over(object: &Bound<'_, PyAny>) -> bool {
    watching() && OFF.get() == Off::Nothing && takes_over(object, false)
}

/// Enters an object among those that are asked: one of each class, and one of a subclass before those of its bases.
fn enter<'py>(found: &mut Objects<'py>, object: Bound<'py, PyAny>) -> PyResult<()> {
    let class = object.get_type();
    if found.iter().any(|other| other.get_type().is(&class)) {
        return Ok(());
    }
    let mut place = found.len();
    for (at, other) in found.iter().enumerate() {
        if class.is_subclass(&other.get_type())? {
            place = at;
            break;
        }
    }
    found.insert(place, object);
    Ok(())
}

/// Of the arguments of a call, those that are asked; items of lists and tuples are arguments, too.
fn collect<'py>(found: &mut Objects<'py>, object: &Bound<'py, PyAny>, plain_too: bool) -> PyResult<()> {
    if takes_over(object, plain_too) {
        return enter(found, object.clone());
    }
    if let Ok(items) = object.cast_exact::<PyTuple>() {
        for item in items.iter().filter(|item| takes_over(item, plain_too)) {
            enter(found, item)?;
        }
    } else if let Ok(items) = object.cast_exact::<PyList>() {
        for item in items.iter().filter(|item| takes_over(item, plain_too)) {
            enter(found, item)?;
        }
    }
    Ok(())
}

/// Takes the innermost mode away while it is asked: what it calls is seen by the next one.
struct Asked(Option<Py<PyAny>>);

impl Asked {
    fn innermost() -> Option<Self> {
        MODES.with(|modes| modes.borrow_mut().pop()).map(|mode| Self(Some(mode)))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(mode) = self.0.take() {
            MODES.with(|modes| modes.borrow_mut().push(mode));
        }
    }
}

/// Asks modes and objects for the result of a call, in that order.
fn ask<'py>(
    func: &Bound<'py, PyAny>,
    asked: &[Bound<'py, PyAny>],
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = func.py();
    let name = intern!(py, "__torch_function__");
    let types = PyTuple::new(py, asked.iter().map(|object| object.get_type()))?;
    let call = |owner: &Bound<'py, PyAny>| match kwargs {
        Some(kwargs) => owner.call_method1(name, (func, &types, args, kwargs)),
        None => owner.call_method1(name, (func, &types, args)),
    };
    let is_answer = |result: &Bound<'py, PyAny>| !result.is(py.NotImplemented().bind(py));
    let mut declined = String::new();
    if any_mode()
        && let Some(mode) = Asked::innermost()
        && let Some(object) = &mode.0
    {
        let result = call(object.bind(py))?;
        if is_answer(&result) {
            return Ok(result);
        }
        declined = format!(" nor in mode {}", object.bind(py).repr()?);
    }
    if OFF.get() == Off::Nothing {
        for object in asked {
            let result = call(object)?;
            if is_answer(&result) {
                return Ok(result);
            }
        }
    }
    let name = func
        .getattr_opt(intern!(py, "__name__"))?
        .map_or_else(|| func.repr().map(|text| text.to_string()), |name| name.extract::<String>())?;
    let names: Vec<String> = asked.iter().map(crate::tensor::type_name).collect();
    Err(PyTypeError::new_err(format!(
        "Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned NotImplemented: no implementation \
         found on types that implement __torch_function__: [{}]{declined}",
        names.join(", ")
    )))
}

/// The result of a call that the program takes over; `None` where it does not. `func` is made only if it does.
#[cold]
#[inline(never)]
pub fn of_call<'py>(
    arguments: impl Iterator<Item = Bound<'py, PyAny>>,
    func: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
    all: impl FnOnce() -> PyResult<(Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>)>,
) -> PyResult<Option<Py<PyAny>>> {
    if OFF.get() == Off::Everything {
        return Ok(None);
    }
    let mut found = Objects::new();
    if OFF.get() == Off::Nothing {
        for argument in arguments {
            collect(&mut found, &argument, false)?;
        }
    }
    if found.is_empty() && !any_mode() {
        return Ok(None);
    }
    let (args, kwargs) = all()?;
    ask(&func()?, &found, &args, kwargs.as_ref()).map(|result| Some(result.unbind()))
}

/// [`of_call`] for what Python's syntax calls: `name` is that of the tensor class's method which is called so.
#[cold]
#[inline(never)]
pub fn of_syntax<'py>(py: Python<'py>, name: &str, operands: &[&Bound<'py, PyAny>]) -> PyResult<Option<Py<PyAny>>> {
    of_call(
        operands.iter().map(|&operand| operand.clone()),
        || py.get_type::<PyTensor>().getattr(name),
        || Ok((PyTuple::new(py, operands)?, None)),
    )
}

/// Asks the program first where Python's syntax calls a method.
macro_rules! ask_first {
    ($py:expr, $name:expr, $($operand:expr),+) => {
        if $crate::overrides::watching()
            && let Some(result) = $crate::overrides::of_syntax($py, $name, &[$($operand.as_any()),+])?
        {
            return Ok(result);
        }
    };
}
pub(crate) use ask_first;

/// The `__torch_function__` of classes that take nothing over: calls ``func``.
#[pyfunction]
#[pyo3(signature = (func, types, args = None, kwargs = None))]
fn _disabled_torch_function_impl<'py>(
    func: &Bound<'py, PyAny>,
    types: &Bound<'py, PyAny>,
    args: Option<&Bound<'py, PyTuple>>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let _ = types;
    let _off = Switched::to(Off::Classes);
    func.call(args.cloned().unwrap_or_else(|| PyTuple::empty(func.py())), kwargs)
}

/// What is switched off for a while.
struct Switched(Off);

impl Switched {
    fn to(off: Off) -> Self {
        Self(OFF.replace(off))
    }
}

impl Drop for Switched {
    fn drop(&mut self) {
        OFF.set(self.0);
    }
}

/// Look for tensors of the program's making, which another thread may have made.
#[pyfunction]
fn note_hosted() {
    arcgrad::graph::level::note_hosted();
}

/// Begin to look for what takes calls over; return whether that is new.
#[pyfunction]
fn watch() -> bool {
    !WATCHING.swap(true, Ordering::Relaxed)
}

/// Return whether one of the objects, or a mode of this thread, takes calls over.
#[pyfunction]
fn has_torch_function(objects: &Bound<'_, PyAny>) -> PyResult<bool> {
    if any_mode() {
        return Ok(true);
    }
    if OFF.get() != Off::Nothing {
        return Ok(false);
    }
    for object in objects.try_iter()? {
        if takes_over(&object?, false) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Return whether the object, or a mode of this thread, takes calls over.
#[pyfunction]
fn has_torch_function_unary(object: &Bound<'_, PyAny>) -> bool {
    any_mode() || OFF.get() == Off::Nothing && takes_over(object, false)
}

/// Return whether one of the arguments, or a mode of this thread, takes calls over.
#[pyfunction]
#[pyo3(signature = (*objects))]
fn has_torch_function_variadic(objects: &Bound<'_, PyTuple>) -> bool {
    any_mode() || OFF.get() == Off::Nothing && objects.iter().any(|object| takes_over(&object, false))
}

/// Return the objects that are asked, one of each class: subclasses first. With ``plain_too``, tensors of no subclass are
/// asked as well; with ``nested``, items of lists and tuples.
#[pyfunction]
fn overloaded<'py>(objects: &Bound<'py, PyAny>, plain_too: bool, nested: bool) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut found = Objects::new();
    if OFF.get() == Off::Nothing {
        for object in objects.try_iter()? {
            let object = object?;
            if nested {
                collect(&mut found, &object, plain_too)?;
            } else if takes_over(&object, plain_too) {
                enter(&mut found, object)?;
            }
        }
    }
    Ok(found.into_vec())
}

/// Ask for the result of ``func(*args, **kwargs)``: the innermost mode, then ``objects``.
#[pyfunction]
#[pyo3(signature = (func, objects, args, kwargs = None))]
fn ask_for<'py>(
    func: &Bound<'py, PyAny>,
    objects: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let asked: Vec<Bound<'py, PyAny>> = objects.try_iter()?.collect::<PyResult<_>>()?;
    ask(func, &asked, args, kwargs)
}

/// Let ``mode`` see the calls of this thread.
#[pyfunction]
fn push_mode(mode: Py<PyAny>) {
    MODES.with(|modes| modes.borrow_mut().push(mode));
}

/// Take the innermost mode of this thread away, and return it.
#[pyfunction]
fn pop_mode() -> PyResult<Py<PyAny>> {
    MODES.with(|modes| modes.borrow_mut().pop()).ok_or_else(|| PyIndexError::new_err("there is no mode to leave"))
}

/// Return the modes of this thread, the innermost last.
#[pyfunction]
fn modes(py: Python<'_>) -> Vec<Py<PyAny>> {
    MODES.with(|modes| modes.borrow().iter().map(|mode| mode.clone_ref(py)).collect())
}

/// Return 0 where all are asked, 1 where classes are not, 2 where modes are not either.
#[pyfunction]
fn switched_off() -> u8 {
    OFF.get() as u8
}

/// Set what :func:`switched_off` returns; return what it was.
#[pyfunction]
fn switch_off(what: u8) -> u8 {
    let off = match what {
        0 => Off::Nothing,
        1 => Off::Classes,
        _ => Off::Everything,
    };
    OFF.replace(off) as u8
}

#[pymethods]
impl PyTensor {
    /// A class that takes calls over, which is every subclass unless it says otherwise, is looked for from now on.
    #[classmethod]
    #[pyo3(signature = (**_options))]
    fn __init_subclass__(cls: &Bound<'_, PyType>, _options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let py = cls.py();
        let implementation = cls.getattr(intern!(py, "__torch_function__"))?;
        let takes_over = DISABLED.get(py).is_none_or(|disabled| !implementation.is(disabled));
        if takes_over {
            py.import("arcgrad._overriding")?.call_method0("start")?;
        }
        Ok(())
    }

    /// What becomes of a call on a tensor of a subclass: it is computed, and results are of the subclass.
    #[classmethod]
    #[pyo3(signature = (func, types, args = None, kwargs = None))]
    fn __torch_function__<'py>(
        cls: &Bound<'py, PyType>,
        func: &Bound<'py, PyAny>,
        types: &Bound<'py, PyAny>,
        args: Option<&Bound<'py, PyTuple>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = cls.py();
        arcgrad::graph::level::note_hosted();
        for class in types.try_iter()? {
            if !cls.is_subclass(&class?)? {
                return Ok(py.NotImplemented().into_bound(py));
            }
        }
        let args = args.cloned().unwrap_or_else(|| PyTuple::empty(py));
        let result = {
            let _off = Switched::to(Off::Classes);
            func.call(args, kwargs)?
        };
        if cls.as_type_ptr() == tensor_type() || keeps_class(func)? {
            return Ok(result);
        }
        let _off = Switched::to(Off::Classes);
        convert(result, cls)
    }
}

/// Whether results of ``func`` are handed out as they are: what a tensor keeps of others.
fn keeps_class(func: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = func.py();
    py.import(intern!(py, "arcgrad._overriding"))?.call_method1(intern!(py, "keeps_class"), (func,))?.extract()
}

/// A result as one of `class`: tensors, and those in tuples and lists.
fn convert<'py>(result: Bound<'py, PyAny>, class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    if result.cast::<PyTensor>().is_ok() {
        if result.is_instance(class)? {
            return Ok(result);
        }
        return result.call_method1(intern!(py, "as_subclass"), (class,));
    }
    if result.is_instance_of::<PyTuple>() || result.is_instance_of::<PyList>() {
        let items = result.try_iter()?.map(|item| convert(item?, class)).collect::<PyResult<Vec<_>>>()?;
        let items = PyList::new(py, items)?;
        // A tuple with names takes its fields one by one or as one sequence.
        let kind = result.get_type();
        return match kind.getattr_opt(intern!(py, "_make"))? {
            Some(make) => make.call1((items,)),
            None => kind.call1((items,)),
        };
    }
    Ok(result)
}

/// Adds the submodule `_core._overrides`, and what the core itself shows.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let ours = PyModule::new(py, "_overrides")?;
    let disabled = wrap_pyfunction!(_disabled_torch_function_impl, module)?;
    let _ = DISABLED.set(py, disabled.clone().into_any().unbind());
    ours.add("_disabled_torch_function_impl", disabled)?;
    ours.add_function(wrap_pyfunction!(watch, &ours)?)?;
    ours.add_function(wrap_pyfunction!(note_hosted, &ours)?)?;
    ours.add_function(wrap_pyfunction!(has_torch_function, &ours)?)?;
    ours.add_function(wrap_pyfunction!(has_torch_function_unary, &ours)?)?;
    ours.add_function(wrap_pyfunction!(has_torch_function_variadic, &ours)?)?;
    ours.add_function(wrap_pyfunction!(overloaded, &ours)?)?;
    ours.add_function(wrap_pyfunction!(ask_for, &ours)?)?;
    ours.add_function(wrap_pyfunction!(push_mode, &ours)?)?;
    ours.add_function(wrap_pyfunction!(pop_mode, &ours)?)?;
    ours.add_function(wrap_pyfunction!(modes, &ours)?)?;
    ours.add_function(wrap_pyfunction!(switched_off, &ours)?)?;
    ours.add_function(wrap_pyfunction!(switch_off, &ours)?)?;
    module.add_submodule(&ours)?;
    py.import("sys")?.getattr("modules")?.set_item("arcgrad._core._overrides", &ours)
}
