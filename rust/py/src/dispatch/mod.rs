//! Functions and methods made from the core's tables of operations.
//!
//! At import every operation is entered under all its names: as a function, a method, an in-place method, in the
//! namespaces `nn`, `special`, `linalg`, `fft`. All of them are the same few machine instructions that know their place in
//! one list ([`trampoline`]); a call looks there what it is, reads its arguments ([`parse`]), calls the core and hands
//! the result out ([`output`]).

mod catalogue;
mod message;
pub mod output;
mod parse;
pub use parse::default as default_value;
mod signature;
mod trampoline;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::ffi::{CStr, CString};

use arcgrad::Tensor;
use arcgrad::graph::watch;
use arcgrad::ops::elementwise::{Arg, Row, apply_small};
use arcgrad::ops::registry::{Call, Form, Forms, OpInfo, Output, Value};
use arcgrad::shape::Shape;
use arcgrad::storage::{Placed, is_meta_known};
use pyo3::exceptions::{PyRuntimeError, PyUserWarning};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use smallvec::SmallVec;

use crate::capi::with_keywords;
use crate::device::Order;
use crate::dtype;
use crate::error::{guard, guard_detached};
use crate::number;
use crate::overrides;
use crate::tensor::{self, PyTensor, fresh_to_py, track_written};
use parse::{Given, Parsed, Reject};

/// Something that can be called: a name and the signatures that belong to it, tried in order.
pub struct Entry {
    /// The Python name.
    name: &'static str,
    overloads: Vec<&'static OpInfo>,
    /// The first argument is the object that the method was looked up on.
    method: bool,
    in_place: bool,
    /// The row, where the name is one of an operation of one tensor and nothing else.
    unary: Option<&'static Row>,
    place: Place,
}

/// Operations on this many elements are long against what releasing the GIL costs (about 0.1 µs). Elementwise work
/// takes some 0.1 ns an element; other kinds (matrix products, convolutions) may take thousands of times as much.
const LONG_ELEMENTWISE: usize = 64 * 1024;
const LONG_STRUCTURED: usize = 16 * 1024;

impl Entry {
    /// What the operation does.
    fn doc(&self) -> &'static str {
        self.overloads.iter().map(|info| info.doc).find(|doc| !doc.is_empty()).unwrap_or_default().trim()
    }

    /// A call from Python.
    fn call<'py>(&self, py: Python<'py>, given: &Given<'_, 'py>) -> PyResult<Py<PyAny>> {
        if overrides::watching()
            && let Some(result) = self.taken_over(py, given)?
        {
            return Ok(result);
        }
        if let Some(row) = self.unary
            && let Some(tensor) = given.only_tensor()
            && !watch::is_on()
            && let Some(result) = guard(|| Ok(apply_small(row, &[], &[Arg::Tensor(tensor)])))?
        {
            return fresh_to_py(py, result);
        }
        let mut parsed = Parsed::default();
        if let [only] = self.overloads[..] {
            return match parse::parse(only, self.method, self.in_place, given, &mut parsed) {
                Ok(()) => self.invoke(py, only, &parsed, given),
                Err(Reject::Raise(error)) => self.kept(py, error, given),
                Err(reject) => match self.otherwise(py, given)? {
                    Some(result) => Ok(result),
                    None => Err(message::of_one(self, only, given, &reject)),
                },
            };
        }
        for info in &self.overloads {
            match parse::parse(info, self.method, self.in_place, given, &mut parsed) {
                Ok(()) => return self.invoke(py, info, &parsed, given),
                Err(Reject::Raise(error)) => return self.kept(py, error, given),
                Err(_) => parsed.clear(),
            }
        }
        match self.otherwise(py, given)? {
            Some(result) => Ok(result),
            None => Err(message::of_several(self, given)),
        }
    }

    /// The result of a call that names a dtype which the core has no tensors of, or the error that says so.
    #[cold]
    fn kept<'py>(&self, py: Python<'py>, error: PyErr, given: &Given<'_, 'py>) -> PyResult<Py<PyAny>> {
        if !given.objects().any(|object| dtype::named_from_py(&object).is_some()) {
            return Err(error);
        }
        let (args, kwargs) = given.as_call()?;
        dtype::kept(py, self.name, args, kwargs)?.map(Bound::unbind).ok_or(error)
    }

    /// The result of a call whose arguments fit no signature: the program takes it over, or it is in an order of before.
    #[cold]
    fn otherwise<'py>(&self, py: Python<'py>, given: &Given<'_, 'py>) -> PyResult<Option<Py<PyAny>>> {
        match self.taken_over(py, given)? {
            None => self.in_old_order(py, given),
            result => Ok(result),
        }
    }

    /// The result of a call that the program takes over. Objects that are no tensors are looked at where they do not fit,
    /// whether or not the program has been seen to take anything over.
    #[cold]
    fn taken_over<'py>(&self, py: Python<'py>, given: &Given<'_, 'py>) -> PyResult<Option<Py<PyAny>>> {
        overrides::of_call(given.objects(), || self.object(py), || given.as_call())
    }

    /// What Python calls.
    fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let module = || py.import(intern!(py, "arcgrad._core"));
        match self.place {
            Place::Tensor => py.get_type::<PyTensor>().getattr(self.name),
            Place::Module => module()?.getattr(self.name),
            Place::Nn => module()?.getattr(intern!(py, "nn"))?.getattr(self.name),
            Place::Special => module()?.getattr(intern!(py, "special"))?.getattr(self.name),
            Place::Linalg => module()?.getattr(intern!(py, "linalg"))?.getattr(self.name),
            Place::Fft => module()?.getattr(intern!(py, "fft"))?.getattr(self.name),
        }
    }

    /// A call with numbers before the tensors that they scale, as PyTorch had it once: it still takes them, and warns.
    #[cold]
    fn in_old_order(&self, py: Python<'_>, given: &Given<'_, '_>) -> PyResult<Option<Py<PyAny>>> {
        let (count, names): (usize, &[&str]) = match self.name.trim_end_matches('_') {
            "add" | "sub" => (2, &["alpha"]),
            "addcmul" | "addcdiv" => (3, &["value"]),
            "addmm" | "addbmm" | "addmv" | "addr" | "baddbmm" => (3, &["beta", "alpha"]),
            _ => return Ok(None),
        };
        let arguments: Vec<Bound<'_, PyAny>> = (0..given.count()).map(|at| given.position(at).to_owned()).collect();
        let ends_in_tensor = arguments.last().is_some_and(|last| tensor::from_py(last).is_some());
        let (tensors, numbers): (Vec<_>, Vec<_>) =
            arguments.into_iter().partition(|argument| tensor::from_py(argument).is_some());
        if !ends_in_tensor
            || !given.keywords().is_empty()
            || tensors.len() != count
            || !(1..=names.len()).contains(&numbers.len())
            || numbers.iter().any(|number| !matches!(number::scalar(number), Ok(Some(_))))
        {
            return Ok(None);
        }
        let text = format!(
            "This overload of {} is deprecated: give the tensors first, and {} by name.",
            self.name,
            names[..numbers.len()].join(" and "),
        );
        let text = CString::new(text).expect("text without zeros");
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)?;
        let named = PyDict::new(py);
        for (name, number) in names.iter().zip(numbers) {
            named.set_item(name, number)?;
        }
        let result = if self.method {
            let rest = PyTuple::new(py, &tensors[1..])?;
            tensors[0].call_method(self.name, rest, Some(&named))?
        } else {
            py.import("arcgrad")?.getattr(self.name)?.call(PyTuple::new(py, &tensors)?, Some(&named))?
        };
        Ok(Some(result.unbind()))
    }

    fn invoke(
        &self,
        py: Python<'_>,
        info: &'static OpInfo,
        parsed: &Parsed,
        given: &Given<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        // A tensor that lies in the order that is asked for stays itself.
        if let (Some(order @ Order::ChannelsLast(_)), [Value::Tensor(input), ..]) = (parsed.order, &parsed.values[..])
            && info.forms.has(Forms::ROW_MAJOR)
        {
            return tensor::to_py(py, guard(|| order.arrange(input))?);
        }
        let form = if self.in_place {
            Form::InPlace
        } else if parsed.outs.is_empty() {
            Form::Value
        } else {
            Form::Out(&parsed.outs)
        };
        let result = {
            let _place = if is_meta_known() { place_of_new(info, parsed) } else { None };
            call(py, info, &form, &parsed.values)?
        };
        if let Output::InPlace = result {
            let target = given.first().expect("an in-place operation has a target");
            track_written(&target);
            return Ok(target.to_owned().unbind());
        }
        let result = output::finish(result, parsed)?;
        output::to_py(py, result)
    }
}

/// Where an operation that makes a tensor is to make it: where the program says, else beside its model, else where new tensors
/// are made.
#[cold]
fn place_of_new(info: &'static OpInfo, parsed: &Parsed) -> Option<Placed> {
    if !parse::is_creation(info) {
        return None;
    }
    let device = parsed.device.unwrap_or_else(|| match parsed.values.first() {
        Some(Value::Tensor(model)) => model.device(),
        _ => crate::device::default(),
    });
    Some(Placed::on(device))
}

/// Calls an operation; the GIL is released when the work is long.
pub fn call(py: Python<'_>, info: &'static OpInfo, form: &Form<'_>, values: &[Value]) -> PyResult<Output> {
    let limit = match info.call {
        Call::Row(_) | Call::RowOfReals(..) | Call::Rows(_) | Call::RowsOfReals(..) | Call::RowsInPlace(..) => LONG_ELEMENTWISE,
        _ => LONG_STRUCTURED,
    };
    let run = || {
        if is_long(values, limit) && !is_view(info) {
            guard_detached(py, || info.invoke(form, values))
        } else {
            guard(|| info.invoke(form, values))
        }
    };
    match form {
        Form::InPlace => watch::op_in_place(info.name, || shapes_of(values), run),
        _ => watch::op(info.name, || shapes_of(values), run),
    }
}

/// Shapes of operands, for a profile.
fn shapes_of(values: &[Value]) -> SmallVec<[Shape; 2]> {
    let tensors = values.iter().flat_map(|value| match value {
        Value::Tensor(tensor) => std::slice::from_ref(tensor),
        Value::Tensors(tensors) => tensors.as_slice(),
        _ => &[],
    });
    tensors.map(Tensor::shape).collect()
}

/// Whether the work is long, judged by the operands, or for a creation by the shape it is asked for.
fn is_long(values: &[Value], limit: usize) -> bool {
    let mut tensors = values.iter().filter_map(|value| match value {
        Value::Tensor(tensor) => Some(tensor.numel()),
        Value::Tensors(tensors) => Some(tensors.iter().map(Tensor::numel).max().unwrap_or(0)),
        _ => None,
    });
    if let Some(first) = tensors.next() {
        return first >= limit || tensors.any(|numel| numel >= limit);
    }
    values.iter().any(|value| match value {
        Value::Ints(sizes) => {
            sizes.iter().try_fold(1i64, |product, &size| product.checked_mul(size)).is_none_or(|n| n >= limit as i64)
        }
        Value::Int(size) => *size >= limit as i64,
        _ => false,
    })
}

/// Whether the operation shows memory and touches none of it.
fn is_view(info: &'static OpInfo) -> bool {
    arcgrad::ops::views::table::TABLE.as_ptr_range().contains(&std::ptr::from_ref(info))
}

/// Every signature of an operation.
pub fn find(name: &str) -> Vec<&'static OpInfo> {
    infos().filter(|info| info.name == name || info.aliases.contains(&name)).collect()
}

/// All rows of all tables.
pub fn infos() -> impl Iterator<Item = &'static OpInfo> {
    arcgrad::ops::registry::tables::registry().iter().copied().flatten()
}

/// The place where a name is entered.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Module,
    Tensor,
    Nn,
    Special,
    Linalg,
    Fft,
}

/// Collects what is to be entered, in the order of the tables.
#[derive(Default)]
struct Names {
    at: HashMap<(Place, Cow<'static, str>), usize>,
    entries: Vec<(Place, Entry)>,
}

impl Names {
    fn enter(&mut self, place: Place, name: Cow<'static, str>, info: &'static OpInfo, in_place: bool) {
        let at = match self.at.entry((place, name)) {
            Occupied(known) => {
                let entry = &mut self.entries[*known.get()].1;
                entry.overloads.push(info);
                entry.unary = None;
                return;
            }
            Vacant(free) => free,
        };
        let name: &'static str = match &at.key().1 {
            Cow::Borrowed(name) => name,
            Cow::Owned(name) => name.clone().leak(),
        };
        at.insert(self.entries.len());
        let method = place == Place::Tensor;
        let unary = match (info.call, info.params.len()) {
            (Call::Row(row) | Call::RowOfReals(row, _), 1) if !in_place => Some(row),
            _ => None,
        };
        self.entries.push((place, Entry { name, overloads: vec![info], method, in_place, unary, place }));
    }
}

fn collect() -> Names {
    let mut names = Names::default();
    for info in infos() {
        for name in std::iter::once(&info.name).chain(info.aliases) {
            for (form, place) in [
                (Forms::FUNCTION, Place::Module),
                (Forms::METHOD, Place::Tensor),
                (Forms::NN, Place::Nn),
                (Forms::SPECIAL, Place::Special),
                (Forms::LINALG, Place::Linalg),
                (Forms::FFT, Place::Fft),
            ] {
                if info.forms.has(form) {
                    names.enter(place, Cow::Borrowed(name), info, false);
                }
            }
            for (form, place) in [
                (Forms::IN_PLACE, Place::Tensor),
                (Forms::IN_PLACE_FUNCTION, Place::Module),
                (Forms::NN_IN_PLACE, Place::Nn),
            ] {
                if info.forms.has(form) {
                    names.enter(place, format!("{name}_").into(), info, true);
                }
            }
        }
    }
    names
}

/// Enters every operation: functions into the module and its namespaces, methods into the tensor class. What is
/// there already (written by hand because it is more than an operation) stays.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let class = py.get_type::<PyTensor>();
    let namespace = |name: &str| -> PyResult<Bound<'_, PyModule>> {
        let namespace = PyModule::new(py, &format!("arcgrad._core.{name}"))?;
        module.add(name, &namespace)?;
        Ok(namespace)
    };
    let (nn, special) = (namespace("nn")?, namespace("special")?);
    let (linalg, fft) = (namespace("linalg")?, namespace("fft")?);
    linalg.add("LinAlgError", py.get_type::<crate::error::LinAlgError>())?;
    let name_of_module = PyString::intern(py, "arcgrad");
    let own_methods = class.getattr("__dict__")?;
    let names = collect();
    if names.entries.len() > trampoline::SLOTS {
        return Err(PyRuntimeError::new_err(format!(
            "{} names of operations, and room for {}: enlarge trampoline::SLOTS",
            names.entries.len(),
            trampoline::SLOTS
        )));
    }
    // Names and docstrings one behind the other, and the definitions: the objects refer to them for ever.
    let mut texts = String::with_capacity(192 * names.entries.len());
    let mut starts = Vec::with_capacity(names.entries.len());
    for (_, entry) in &names.entries {
        let name = texts.len();
        texts.push_str(entry.name);
        texts.push('\0');
        starts.push((name, texts.len()));
        signature::write_docstring(entry, &mut texts);
        texts.push('\0');
    }
    let texts: &'static [u8] = texts.leak().as_bytes();
    let mut definitions: Vec<ffi::PyMethodDef> = Vec::with_capacity(names.entries.len());
    for (index, (name, doc)) in starts.into_iter().enumerate() {
        let text = |start: usize| CStr::from_bytes_until_nul(&texts[start..]).expect("each text has its end");
        definitions.push(with_keywords(text(name), trampoline::TRAMPOLINES[index], text(doc)));
    }
    let definitions = definitions.leak();
    let mut methods = Vec::new();
    for ((place, entry), definition) in names.entries.iter().zip(definitions) {
        let name = PyString::intern(py, entry.name);
        let target = match place {
            Place::Module => module,
            Place::Nn => &nn,
            Place::Special => &special,
            Place::Linalg => &linalg,
            Place::Fft => &fft,
            Place::Tensor => {
                let is_own = own_methods.contains(&name)?;
                methods.push(name.clone());
                if is_own {
                    continue;
                }
                // SAFETY: the definition lives for ever.
                let method = unsafe {
                    Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))?
                };
                class.setattr(name, method)?;
                continue;
            }
        };
        // SAFETY: as above.
        let function = unsafe {
            let function = ffi::PyCFunction_NewEx(definition, module.as_ptr(), name_of_module.as_ptr());
            Bound::from_owned_ptr_or_err(py, function)?
        };
        target.setattr(name, function)?;
    }
    module.getattr("_overrides")?.setattr("OPERATIONS", pyo3::types::PyFrozenSet::new(py, &methods)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(catalogue::registry, module)?)?;
    trampoline::install(names.entries.into_iter().map(|(_, entry)| entry).collect());
    Ok(())
}
