//! Operations that the program runs itself: `__torch_dispatch__` of its classes, and dispatch modes.
//!
//! What is asked is what the graph, forward mode and batching have left of a call: one operation on tensors, without
//! gradients. The function that is handed out runs it on other tensors. It is the object that `torch.ops.aten` has under the
//! name, and knows what to run while the program is being asked.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arcgrad::graph::level::host_sees_all;
use arcgrad::graph::transform::host::{self, Dispatcher, HostCall};
use arcgrad::{Result, Tensor};
use pyo3::exceptions::{PyIndexError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use crate::autograd::collect::Remains;
use crate::autograd::interpreter::attach;
use crate::error::{from_py_err, guard};
use crate::tensor::{PyTensor, from_py, new_with_dict, tensor_type, to_py, type_name};
use crate::{dtype, number};

thread_local! {
    /// The modes of this thread, the innermost last.
    static MODES: RefCell<Vec<Py<PyAny>>> = const { RefCell::new(Vec::new()) };
    /// The calls for whose results the program is being asked.
    static ASKED: RefCell<Vec<(&'static str, Arc<HostCall>)>> = const { RefCell::new(Vec::new()) };
    /// Nobody is asked on this thread.
    static OFF: Cell<bool> = const { Cell::new(false) };
}

/// A program that is asked about what it does while it is being asked, over and over, would exhaust the stack.
const MAX_DEPTH: usize = 100;

/// The implementation that asks for nothing, by which a class says so.
static DISABLED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Functions by name, and the names for ever.
static FUNCTIONS: Mutex<Option<HashMap<String, Named>>> = Mutex::new(None);

/// A name and the object that stands for it.
type Named = (&'static str, Py<OpOverload>);

/// An operation, as a function that the program is given to run it.
#[pyclass(frozen, name = "OpOverload", module = "arcgrad._ops")]
struct OpOverload {
    op: String,
    overload: String,
}

/// The one function of a name, `mul.Tensor`.
fn function(py: Python<'_>, op: &str, overload: &str) -> PyResult<(&'static str, Py<OpOverload>)> {
    let key = format!("{op}.{overload}");
    let known = |functions: &Option<HashMap<String, (&'static str, Py<OpOverload>)>>| {
        functions.as_ref()?.get(&key).map(|(name, function)| (*name, function.clone_ref(py)))
    };
    if let Some(found) = known(&FUNCTIONS.lock().expect("nothing panics under this lock")) {
        return Ok(found);
    }
    let made = Py::new(py, OpOverload { op: op.to_owned(), overload: overload.to_owned() })?;
    let mut functions = FUNCTIONS.lock().expect("nothing panics under this lock");
    let entry = functions.get_or_insert_default().entry(key.clone()).or_insert_with(|| (key.leak(), made));
    Ok((entry.0, entry.1.clone_ref(py)))
}

#[pymethods]
impl OpOverload {
    /// Run the operation on other tensors in the places of those that the program was asked about.
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let name = self.__name__();
        let asked = ASKED
            .with(|asked| asked.borrow().iter().rev().find(|(asked, _)| *asked == name).map(|(_, call)| call.clone()));
        let Some(call) = asked else {
            // Nobody was asked about this operation: it is the function of the package.
            return Ok(py.import("arcgrad.ops")?.getattr("run")?.call1((&self.op, args, kwargs))?.unbind());
        };
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(PyTypeError::new_err(format!(
                "aten.{name} takes the arguments that __torch_dispatch__ was given"
            )));
        }
        let inputs: Vec<Option<&Tensor>> = args.iter().map(|argument| from_py_static(&argument)).collect();
        let results =
            guard(|| if OFF.get() { run_plain(&call, &inputs) } else { Ok(call.run(&inputs)?.into_iter().collect()) })?;
        if call.reads && let [number] = results.as_slice() {
            return Ok(number::to_py(py, guard(|| number.item())?));
        }
        handed_out(py, results)
    }

    /// `mul.Tensor`
    #[getter]
    fn __name__(&self) -> String {
        format!("{}.{}", self.op, self.overload)
    }

    /// `aten::mul.Tensor`, without `default`.
    fn name(&self) -> String {
        if self.overload == "default" { format!("aten::{}", self.op) } else { format!("aten::{}", self.__name__()) }
    }

    /// The name space: `aten`.
    #[getter]
    fn namespace(&self) -> &'static str {
        "aten"
    }

    /// The name of the overload.
    #[getter]
    fn _overloadname(&self) -> &str {
        &self.overload
    }

    /// The operation with all its overloads.
    #[getter]
    fn overloadpacket<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("arcgrad.ops")?.getattr("aten")?.getattr(self.op.as_str())
    }

    fn __str__(&self) -> String {
        format!("aten.{}", self.__name__())
    }

    fn __repr__(&self) -> String {
        format!("<OpOverload(op='aten.{}', overload='{}')>", self.op, self.overload)
    }
}

/// A tensor among arguments that a call keeps alive.
fn from_py_static<'a>(object: &Bound<'_, PyAny>) -> Option<&'a Tensor> {
    // SAFETY: the tuple of arguments keeps the object for as long as the borrow is used.
    unsafe { crate::tensor::from_ptr(object.as_ptr()) }
}

fn handed_out(py: Python<'_>, results: Vec<Tensor>) -> PyResult<Py<PyAny>> {
    let mut objects = results.into_iter().map(|result| to_py(py, result)).collect::<PyResult<Vec<_>>>()?;
    Ok(match objects.len() {
        1 => objects.remove(0),
        _ => PyTuple::new(py, objects)?.into_any().unbind(),
    })
}

/// `MulBackward0` as PyTorch names the operation, `("mul", "Tensor")`.
fn names_of(call: &HostCall, inputs: &[Option<&Tensor>]) -> (String, &'static str) {
    let node = call.node.rsplit("::").next().unwrap_or(&call.node);
    let (stem, number) = match node.split_once("Backward") {
        Some((stem, number)) => (stem.to_owned(), number.to_owned()),
        // Operations without gradients have no node: their own name stands in front.
        None => (node.to_owned(), String::new()),
    };
    let mut name = String::new();
    for letter in stem.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    if name.is_empty() {
        name = call.text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    }
    // PyTorch's nodes of views and copies are not called as the operations are.
    if name == "to_copy" {
        name = "_to_copy".to_owned();
    }
    let overload = match name.as_str() {
        "add" | "sub" | "mul" | "div" => "Tensor",
        "pow" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" => {
            if inputs.iter().flatten().count() > 1 {
                "Tensor_Tensor"
            } else {
                "Tensor_Scalar"
            }
        }
        "select" => "int",
        "slice" | "index" => "Tensor",
        "transpose" => "int",
        "sum" | "mean" if number == "1" => {
            if name == "sum" {
                "dim_IntList"
            } else {
                "dim"
            }
        }
        _ => "default",
    };
    (name, overload)
}

/// Whether the class of an object runs operations itself.
fn runs_operations(object: &Bound<'_, PyAny>) -> bool {
    let class = object.get_type();
    class.as_type_ptr() != tensor_type() && class_runs_operations(&class)
}

/// Whether a class has a `__torch_dispatch__`.
pub fn class_runs_operations(class: &Bound<'_, PyType>) -> bool {
    let py = class.py();
    match class.getattr_opt(intern!(py, "__torch_dispatch__")) {
        Ok(Some(implementation)) => DISABLED.get(py).is_none_or(|disabled| !implementation.is(disabled)),
        _ => false,
    }
}

/// The same data as tensors of no class of the program's.
fn plain(inputs: &[Option<&Tensor>]) -> Vec<Option<Tensor>> {
    let plain = |tensor: &Tensor| if tensor.is_hosted() { Tensor::from_array(tensor.array()) } else { tensor.clone() };
    inputs.iter().map(|input| input.map(plain)).collect()
}

/// Runs an operation on data, whatever class the tensors are of.
fn run_plain(call: &HostCall, inputs: &[Option<&Tensor>]) -> Result<Vec<Tensor>> {
    let plain = plain(inputs);
    let inputs: Vec<Option<&Tensor>> = plain.iter().map(Option::as_ref).collect();
    call.run(&inputs).map(|results| results.into_iter().collect())
}

/// Nobody is asked while this is alive.
struct Off(bool);

impl Off {
    fn switch(on: bool) -> Self {
        Self(OFF.replace(on))
    }
}

impl Drop for Off {
    fn drop(&mut self) {
        OFF.set(self.0);
    }
}

/// The `__torch_dispatch__` of tensors: runs ``func`` on their data.
#[pyfunction]
#[pyo3(signature = (func, types, args = None, kwargs = None))]
fn _disabled_torch_dispatch_impl<'py>(
    func: &Bound<'py, PyAny>,
    types: &Bound<'py, PyAny>,
    args: Option<&Bound<'py, PyTuple>>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let _ = types;
    let _off = Off::switch(true);
    func.call(args.cloned().unwrap_or_else(|| PyTuple::empty(func.py())), kwargs)
}

/// Say whether nobody is asked on this thread; returns what was the case.
#[pyfunction]
fn switch_dispatch_off(off: bool) -> bool {
    OFF.replace(off)
}

struct Program;

impl Dispatcher for Program {
    fn dispatch(&self, call: Arc<HostCall>, inputs: &[Option<&Tensor>]) -> Result<Vec<Tensor>> {
        attach(|py| ask(py, call, inputs)).map_err(|error| from_py_err("dispatch", error))
    }
}

/// The innermost mode while it is asked: it is not in force meanwhile.
struct Asked(Option<Py<PyAny>>);

impl Asked {
    fn innermost() -> Self {
        let mode = MODES.with(|modes| modes.borrow_mut().pop());
        note_modes();
        Self(mode)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(mode) = self.0.take() {
            MODES.with(|modes| modes.borrow_mut().push(mode));
        }
        note_modes();
    }
}

/// The call while the program is asked about it.
struct UnderWay;

impl UnderWay {
    fn begin(name: &'static str, call: Arc<HostCall>) -> Self {
        ASKED.with(|asked| asked.borrow_mut().push((name, call)));
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let call = ASKED.with(|asked| asked.borrow_mut().pop());
        drop(call);
    }
}

fn ask(py: Python<'_>, call: Arc<HostCall>, inputs: &[Option<&Tensor>]) -> PyResult<Vec<Tensor>> {
    if OFF.get() {
        return guard(|| run_plain(&call, inputs));
    }
    if ASKED.with(|asked| asked.borrow().len()) >= MAX_DEPTH {
        return Err(PyRuntimeError::new_err(format!(
            "{} asks __torch_dispatch__ within __torch_dispatch__, {MAX_DEPTH} deep: call func on what is inside of the tensors, \
             or on their data with no_dispatch()",
            call.node
        )));
    }
    let (op, overload) = names_of(&call, inputs);
    let (name, func) = function(py, &op, overload)?;
    let mut args = Vec::with_capacity(inputs.len());
    for (place, input) in inputs.iter().enumerate() {
        args.push(match (input, call.numbers.get(place).copied().flatten()) {
            (Some(tensor), _) => to_py(py, (*tensor).clone())?,
            (None, Some(value)) => number::to_py(py, value),
            (None, None) => py.None(),
        });
    }
    while args.last().is_some_and(|last| last.is_none(py)) {
        args.pop();
    }
    let args = PyTuple::new(py, args)?;
    let kwargs = PyDict::new(py);
    let mut asked: Vec<Bound<'_, PyAny>> = Vec::new();
    for argument in args.iter().filter(runs_operations) {
        if !asked.iter().any(|other| other.get_type().is(argument.get_type())) {
            asked.push(argument);
        }
    }
    let types = PyTuple::new(py, asked.iter().map(|object| object.get_type()))?;
    let _under_way = UnderWay::begin(name, call.clone());
    let method = intern!(py, "__torch_dispatch__");
    let declines = |result: &Bound<'_, PyAny>| result.is(py.NotImplemented().bind(py));
    let mode = Asked::innermost();
    if let Some(object) = &mode.0 {
        let result = object.bind(py).call_method1(method, (&func, &types, &args, &kwargs))?;
        if !declines(&result) {
            return results_of(&result, &call, name);
        }
    }
    for object in &asked {
        let result = object.get_type().call_method1(method, (&func, &types, &args, &kwargs))?;
        if !declines(&result) {
            return results_of(&result, &call, name);
        }
    }
    if asked.is_empty() && mode.0.is_some() {
        return guard(|| call.run(inputs)).map(|results| results.into_iter().collect());
    }
    let names: Vec<String> = asked.iter().map(type_name).collect();
    Err(PyTypeError::new_err(format!(
        "Multiple dispatch failed for 'aten.{name}'; all __torch_dispatch__ handlers returned NotImplemented: [{}]",
        names.join(", ")
    )))
}

fn results_of(result: &Bound<'_, PyAny>, call: &HostCall, name: &str) -> PyResult<Vec<Tensor>> {
    if let Some(tensor) = from_py(result) {
        return Ok(vec![tensor.clone()]);
    }
    if call.reads && let Some(number) = number::scalar(result)? {
        return guard(|| Tensor::scalar(number, number.dtype())).map(|number| vec![number]);
    }
    let wrong = |object: &Bound<'_, PyAny>| {
        PyTypeError::new_err(format!(
            "Unable to cast the result of __torch_dispatch__ for aten.{name} to Tensor: it is {}",
            type_name(object)
        ))
    };
    if !result.is_instance_of::<PyTuple>() && !result.is_instance_of::<PyList>() {
        return Err(wrong(result));
    }
    result
        .try_iter()?
        .map(|item| {
            let item = item?;
            from_py(&item).cloned().ok_or_else(|| wrong(&item))
        })
        .collect()
}

fn note_modes() {
    host_sees_all(MODES.with(|modes| !modes.borrow().is_empty()));
}

/// Let ``mode`` see the operations of this thread.
#[pyfunction]
fn push_dispatch_mode(mode: Py<PyAny>) {
    MODES.with(|modes| modes.borrow_mut().push(mode));
    note_modes();
}

/// Take the innermost dispatch mode of this thread away, and return it.
#[pyfunction]
fn pop_dispatch_mode() -> PyResult<Py<PyAny>> {
    let mode = MODES.with(|modes| modes.borrow_mut().pop());
    note_modes();
    mode.ok_or_else(|| PyIndexError::new_err("there is no mode to leave"))
}

/// Return the dispatch modes of this thread, the innermost last.
#[pyfunction]
fn dispatch_modes(py: Python<'_>) -> Vec<Py<PyAny>> {
    MODES.with(|modes| modes.borrow().iter().map(|mode| mode.clone_ref(py)).collect())
}

/// Return the function of an operation, for comparison with what ``__torch_dispatch__`` gets.
#[pyfunction]
fn operation(py: Python<'_>, op: &str, overload: &str) -> PyResult<Py<PyAny>> {
    Ok(function(py, op, overload)?.1.into_any())
}

/// Lets the program run the operations on the object of a tensor.
pub fn take_over(object: &Bound<'_, PyAny>, tensor: &Tensor) -> PyResult<()> {
    let dict = object.getattr(intern!(object.py(), "__dict__"))?;
    tensor.set_host(Arc::new(Remains::new(object.get_type().unbind(), Some(dict.unbind()))));
    Ok(())
}

#[pymethods]
impl PyTensor {
    /// An object of the class ``cls`` that has a shape and a dtype, and no data: operations on it are run by the
    /// ``__torch_dispatch__`` of the class.
    #[staticmethod]
    #[pyo3(signature = (cls, size, strides=None, storage_offset=None, memory_format=None, dtype=None, layout=None, device=None, pin_memory=false, requires_grad=false, dispatch_sizes_strides_policy=None, dispatch_device=false, dispatch_layout=false, storage_size=None))]
    #[expect(clippy::too_many_arguments, reason = "the signature is PyTorch's")]
    fn _make_wrapper_subclass(
        cls: &Bound<'_, PyType>,
        size: &Bound<'_, PyAny>,
        strides: Option<&Bound<'_, PyAny>>,
        storage_offset: Option<&Bound<'_, PyAny>>,
        memory_format: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        layout: Option<&Bound<'_, PyAny>>,
        device: Option<&Bound<'_, PyAny>>,
        pin_memory: bool,
        requires_grad: bool,
        dispatch_sizes_strides_policy: Option<&str>,
        dispatch_device: bool,
        dispatch_layout: bool,
        storage_size: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = cls.py();
        // On which device its elements would lie is nobody's business: it has none.
        let _ = (memory_format, layout, device, pin_memory, storage_size);
        let _ = (dispatch_sizes_strides_policy, dispatch_device, dispatch_layout);
        if !class_runs_operations(cls) {
            return Err(PyRuntimeError::new_err(format!(
                "_make_wrapper_subclass: {} has no __torch_dispatch__, which would run the operations on it",
                cls.name()?
            )));
        }
        let shape: Vec<usize> = size.extract()?;
        let strides: Option<Vec<isize>> =
            strides.filter(|strides| !strides.is_none()).map(|strides| strides.extract()).transpose()?;
        if strides.as_ref().is_some_and(|strides| strides.len() != shape.len()) {
            return Err(PyRuntimeError::new_err(format!(
                "_make_wrapper_subclass: {} strides do not match the number of axes of size {shape:?}",
                strides.map_or(0, |strides| strides.len())
            )));
        }
        let offset: usize = match storage_offset.filter(|offset| !offset.is_none()) {
            Some(offset) => offset.extract()?,
            None => 0,
        };
        let dtype = match dtype.filter(|dtype| !dtype.is_none()) {
            Some(object) => dtype::from_py(object).ok_or_else(|| {
                PyTypeError::new_err(format!(
                    "_make_wrapper_subclass(): dtype must be a dtype, not {}",
                    type_name(object)
                ))
            })?,
            None => arcgrad::default_dtype(),
        };
        let dict = PyDict::new(py).into_any().unbind();
        let remains = Remains::new(cls.clone().unbind(), Some(dict.clone_ref(py)));
        let tensor = guard(|| {
            let tensor = Tensor::new_hosted(&shape, strides.as_deref(), offset, dtype, Arc::new(remains))?;
            if requires_grad {
                tensor.set_requires_grad(true)?;
            }
            Ok(tensor)
        })?;
        new_with_dict(cls, tensor, &dict)
    }
}

/// Adds this file's names to the module, and lets the core ask the program.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    host::install(Box::new(Program));
    let ours = module.getattr("_overrides")?.cast_into::<PyModule>()?;
    ours.add_class::<OpOverload>()?;
    let disabled = wrap_pyfunction!(_disabled_torch_dispatch_impl, module)?;
    let _ = DISABLED.set(module.py(), disabled.clone().into_any().unbind());
    module.py().get_type::<PyTensor>().setattr("__torch_dispatch__", &disabled)?;
    ours.add("_disabled_torch_dispatch_impl", disabled)?;
    ours.add_function(wrap_pyfunction!(switch_dispatch_off, &ours)?)?;
    ours.add_function(wrap_pyfunction!(push_dispatch_mode, &ours)?)?;
    ours.add_function(wrap_pyfunction!(pop_dispatch_mode, &ours)?)?;
    ours.add_function(wrap_pyfunction!(dispatch_modes, &ours)?)?;
    ours.add_function(wrap_pyfunction!(operation, &ours)?)
}
