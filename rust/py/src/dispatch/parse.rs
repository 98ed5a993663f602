//! The one reader of arguments. Nothing is allocated and no text is made unless an argument needs it; what a call
//! got wrong is noted as a [`Reject`] and put into words by [`super::message`].

use std::borrow::Cow;

use arcgrad::ops::registry::{Default, Forms, Kind, OpInfo, Param, Value};
use arcgrad::storage::Device;
use arcgrad::{DType, Tensor};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use smallvec::SmallVec;

use crate::device::{self, Order};
use crate::random::PyGenerator;
use crate::tensor::type_name;
use crate::{dtype, number, tensor};

/// The arguments as the interpreter passes them.
pub struct Given<'a, 'py> {
    py: Python<'py>,
    /// The object a method was looked up on.
    this: Option<*mut ffi::PyObject>,
    positional: &'a [*mut ffi::PyObject],
    named: &'a [*mut ffi::PyObject],
    names: *mut ffi::PyObject,
}

impl<'a, 'py> Given<'a, 'py> {
    /// The arguments of a fastcall.
    ///
    /// # Safety
    /// `args` points to `count` live objects and one more for each item of the tuple `names`, which may be null; all
    /// of them outlive `'a`.
    pub unsafe fn new(
        py: Python<'py>,
        this: Option<*mut ffi::PyObject>,
        args: *const *mut ffi::PyObject,
        count: ffi::Py_ssize_t,
        names: *mut ffi::PyObject,
    ) -> Self {
        let count = count as usize;
        // SAFETY: as the caller promises; a null `args` comes with no arguments.
        unsafe {
            let named = if names.is_null() { 0 } else { ffi::PyTuple_Size(names) as usize };
            let all = if args.is_null() { &[] } else { std::slice::from_raw_parts(args, count + named) };
            let (positional, named) = all.split_at(count);
            Self { py, this, positional, named, names }
        }
    }

    /// The interpreter.
    pub fn py(&self) -> Python<'py> {
        self.py
    }

    /// Number of positional arguments, the object itself included.
    pub fn count(&self) -> usize {
        self.positional.len() + usize::from(self.this.is_some())
    }

    /// The tensor, where a tensor is all that was given.
    #[inline]
    pub fn only_tensor(&self) -> Option<&'a Tensor> {
        if self.count() != 1 || !self.names.is_null() {
            return None;
        }
        // SAFETY: a live argument of the call, which outlives `'a`.
        unsafe { tensor::from_ptr(self.position(0).as_ptr()) }
    }

    /// Whether the first argument is the object of a method.
    pub fn is_method(&self) -> bool {
        self.this.is_some()
    }

    /// A positional argument, the object itself being the first.
    pub fn position(&self, index: usize) -> Borrowed<'a, 'py, PyAny> {
        let pointer = match self.this {
            Some(this) if index == 0 => this,
            Some(_) => self.positional[index - 1],
            None => self.positional[index],
        };
        // SAFETY: a live argument of the call.
        unsafe { Borrowed::from_ptr(self.py, pointer) }
    }

    /// The argument with a name.
    fn named_at(&self, index: usize) -> Borrowed<'a, 'py, PyAny> {
        // SAFETY: a live argument of the call.
        unsafe { Borrowed::from_ptr(self.py, self.named[index]) }
    }

    /// The arguments with names, for messages.
    pub fn keywords(&self) -> Vec<(String, Bound<'py, PyAny>)> {
        (0..self.named.len())
            .map(|index| (self.name(index).unwrap_or_default().to_owned(), self.named_at(index).to_owned()))
            .collect()
    }

    /// The text of a keyword.
    fn name(&self, index: usize) -> PyResult<&'a str> {
        // SAFETY: the tuple of names holds strings; their UTF-8 form lives as long as they do.
        unsafe {
            let name = ffi::PyTuple_GetItem(self.names, index as ffi::Py_ssize_t);
            let mut length = 0;
            let bytes = ffi::PyUnicode_AsUTF8AndSize(name, &mut length);
            if bytes.is_null() {
                return Err(PyErr::fetch(self.py));
            }
            Ok(std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes.cast(), length as usize)))
        }
    }

    /// All arguments.
    pub fn objects(&self) -> impl Iterator<Item = Bound<'py, PyAny>> + '_ {
        let named = (0..self.named.len()).map(|index| self.named_at(index).to_owned());
        (0..self.count()).map(|index| self.position(index).to_owned()).chain(named)
    }

    /// The arguments as Python passes them on.
    pub fn as_call(&self) -> PyResult<(Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>)> {
        let positional = PyTuple::new(self.py, (0..self.count()).map(|index| self.position(index).to_owned()))?;
        if self.named.is_empty() {
            return Ok((positional, None));
        }
        let named = PyDict::new(self.py);
        for (name, value) in self.keywords() {
            named.set_item(name, value)?;
        }
        Ok((positional, Some(named)))
    }

    /// The first argument, however it was given: what an in-place operation returns.
    pub fn first(&self) -> Option<Borrowed<'a, 'py, PyAny>> {
        if self.count() > 0 {
            return Some(self.position(0));
        }
        (0..self.named.len())
            .find(|&index| self.name(index).is_ok_and(|name| names_param(&INPUT, name)))
            .map(|index| self.named_at(index))
    }
}

/// Values of a signature's parameters, and what all operations have in common.
#[derive(std::default::Default)]
pub struct Parsed {
    /// One per parameter.
    pub values: SmallVec<[Value; 6]>,
    /// `out=`.
    pub outs: SmallVec<[Tensor; 2]>,
    /// `requires_grad=`.
    pub requires_grad: bool,
    /// `memory_format=`.
    pub order: Option<Order>,
    /// `device=`.
    pub device: Option<Device>,
}

impl Parsed {
    /// Forgets what was read after a signature that did not fit.
    pub fn clear(&mut self) {
        self.values.clear();
        self.outs.clear();
        (self.requires_grad, self.order, self.device) = (false, None, None);
    }
}

/// Why a signature does not fit the arguments.
pub enum Reject {
    /// More positional arguments than parameters.
    TooMany,
    /// A required parameter was left out.
    Missing,
    /// There is no parameter of this name.
    Unexpected(usize),
    /// Given by position and by name.
    Twice(&'static str),
    /// An argument of a wrong type, for the parameter of this number.
    Type {
        /// The parameter.
        param: usize,
        /// What was given.
        given: Py<PyAny>,
        /// What was wrong inside a list, and where.
        element: Option<(Py<PyAny>, usize)>,
    },
    /// A value that fits no signature (an integer too big), or an error of the program's own code.
    Raise(PyErr),
}

const INPUT: Param = arcgrad::ops::registry::signature::named::<Tensor>("input");

/// The names that PyTorch takes for a parameter's for NumPy's sake.
pub fn numpy_spellings(name: &str) -> &'static [&'static str] {
    match name {
        "dim" => &["axis"],
        "keepdim" => &["keepdims"],
        "input" => &["x", "a", "x1", "self"],
        "other" => &["x2"],
        _ => &[],
    }
}

/// Whether a keyword means a parameter: its own name, or another spelling of it.
fn names_param(param: &Param, keyword: &str) -> bool {
    param.name == keyword || param.numpy_spelling && numpy_spellings(param.name).contains(&keyword)
}

/// Whether an operation makes a tensor from nothing or after another's model, and so takes `device=` and the like.
pub fn is_creation(info: &OpInfo) -> bool {
    let has = |name: &str| info.params.iter().any(|param| param.name == name);
    has("dtype") && (!has("input") || info.name.ends_with("_like") || info.name.starts_with("new_"))
}

/// Reads the arguments after one signature into `parsed`, which is empty; where they do not fit it may hold some of them.
#[inline]
pub fn parse(
    info: &'static OpInfo,
    method: bool,
    in_place: bool,
    given: &Given<'_, '_>,
    parsed: &mut Parsed,
) -> Result<(), Reject> {
    debug_assert_eq!(method, given.is_method());
    let params = info.params;
    // Positional arguments, up to a variadic parameter that takes the rest.
    let (mut positional, mut rest) = (given.count(), None);
    for index in 0..given.count() {
        if params.get(index).is_none_or(|param| param.keyword_only) {
            return Err(Reject::TooMany);
        }
        if info.spreads(index, method) && takes_rest(&params[index], index, given) {
            (positional, rest) = (index, Some(index));
            break;
        }
    }
    let found = if given.named.is_empty() {
        Named::new()
    } else {
        find_named(info, (method, in_place), given, (positional, rest), parsed)?
    };
    // Values are large: each is put where it is to lie as soon as it is known.
    let values = &mut parsed.values;
    for (at, param) in params.iter().enumerate() {
        if at < positional {
            let argument = given.position(at);
            match tensor::from_py(&argument).filter(|_| matches!(param.kind, Kind::Tensor | Kind::TensorOrNumber)) {
                Some(tensor) => values.push(Value::Tensor(tensor.clone())),
                None => values.push(convert(param, at, &argument)?),
            }
        } else if rest == Some(at) {
            values.push(remaining(param, at, given)?);
        } else if let Some(&argument) = found.get(at).filter(|argument| !argument.is_null()) {
            // SAFETY: an argument of the call.
            let argument = unsafe { Borrowed::from_ptr(given.py, argument) };
            values.push(convert(param, at, &argument)?);
        } else if param.variadic {
            values.push(Value::Tensors(Vec::new()));
        } else {
            match param.default {
                Default::Required => return Err(Reject::Missing),
                Default::None => values.push(Value::None),
                _ => values.extend(default(param)),
            }
        }
    }
    Ok(())
}

/// Whether a parameter that takes the remaining positional arguments as its items does: what is given is no list of them.
fn takes_rest(param: &Param, index: usize, given: &Given<'_, '_>) -> bool {
    let argument = given.position(index);
    let several = || index + 1 < given.count() || is_plain_int(&argument);
    (param.kind == Kind::Tensors || several()) && !is_sequence(&argument)
}

/// The arguments that were given by name, one per parameter, null where there is none.
type Named = SmallVec<[*mut ffi::PyObject; 8]>;

/// Finds the parameters of keywords; `positional` ones have been given by position, and `rest` takes what is left of those.
fn find_named(
    info: &'static OpInfo,
    (method, in_place): (bool, bool),
    given: &Given<'_, '_>,
    (positional, rest): (usize, Option<usize>),
    parsed: &mut Parsed,
) -> Result<Named, Reject> {
    let params = info.params;
    let mut found: Named = SmallVec::from_elem(std::ptr::null_mut(), params.len());
    for index in 0..given.named.len() {
        let keyword = given.name(index).map_err(Reject::Raise)?;
        let argument = given.named_at(index);
        match params.iter().position(|param| names_param(param, keyword)) {
            Some(at) if at < positional || rest == Some(at) || !found[at].is_null() => {
                return Err(Reject::Twice(params[at].name));
            }
            Some(at) => found[at] = argument.as_ptr(),
            None if common_keyword(info, method, in_place, keyword, &argument, parsed)? => {}
            None => return Err(Reject::Unexpected(index)),
        }
    }
    Ok(found)
}

/// The positional arguments from `at` on as the items of one parameter.
fn remaining(param: &Param, at: usize, given: &Given<'_, '_>) -> Result<Value, Reject> {
    let wrong = |item: &Bound<'_, PyAny>, index: usize| Reject::Type {
        param: at,
        given: item.clone().unbind(),
        element: Some((item.clone().unbind(), index - at)),
    };
    if param.kind == Kind::Tensors {
        let items = (at..given.count()).map(|index| {
            let item = given.position(index);
            tensor::from_py(&item).cloned().ok_or_else(|| wrong(&item, index))
        });
        return Ok(Value::Tensors(items.collect::<Result<_, _>>()?));
    }
    let mut ints = SmallVec::new();
    for index in at..given.count() {
        let item = given.position(index);
        ints.push(integer(&item, index == at)?.ok_or_else(|| wrong(&item, index))?);
    }
    Ok(Value::Ints(ints))
}

/// Keywords that are no parameters of the operation's own; false for those that mean nothing to it.
#[cold]
fn common_keyword(
    info: &OpInfo,
    method: bool,
    in_place: bool,
    keyword: &str,
    argument: &Bound<'_, PyAny>,
    parsed: &mut Parsed,
) -> Result<bool, Reject> {
    let truth =
        |argument: &Bound<'_, PyAny>| flag(argument).ok_or_else(|| wrong_keyword(info, keyword, "bool", argument));
    match keyword {
        "out" if info.forms.has(Forms::OUT) && !in_place && !method => {
            if argument.is_none() {
                return Ok(true);
            }
            if let Some(out) = tensor::from_py(argument) {
                parsed.outs.push(out.clone());
                return Ok(true);
            }
            if let Ok(outs) = argument.cast::<PyTuple>() {
                for out in outs {
                    match tensor::from_py(&out) {
                        Some(out) => parsed.outs.push(out.clone()),
                        None => return Err(wrong_keyword(info, keyword, "tuple of Tensors", argument)),
                    }
                }
                return Ok(true);
            }
            return Err(wrong_keyword(info, keyword, "Tensor", argument));
        }
        "memory_format" if info.forms.has(Forms::ORDERED) => {
            let order = device::memory_format(argument, Order::Preserve).map_err(Reject::Raise)?;
            // What is row-major by itself need not be arranged, unless it is to be otherwise.
            let arranged = matches!(order, Order::ChannelsLast(_)) || !info.forms.has(Forms::ROW_MAJOR);
            parsed.order = arranged.then_some(order);
        }
        "device" if is_creation(info) => parsed.device = device::read(argument).map_err(Reject::Raise)?,
        "layout" if is_creation(info) => device::check_layout(argument).map_err(Reject::Raise)?,
        "requires_grad" if is_creation(info) => parsed.requires_grad = truth(argument)?,
        "pin_memory" if is_creation(info) => {
            if truth(argument)? {
                return Err(Reject::Raise(pyo3::exceptions::PyRuntimeError::new_err(
                    "pin_memory=True needs an accelerator, and arcgrad computes on the CPU only",
                )));
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn wrong_keyword(info: &OpInfo, keyword: &str, expected: &str, argument: &Bound<'_, PyAny>) -> Reject {
    Reject::Raise(PyTypeError::new_err(format!(
        "{}(): argument '{keyword}' must be {expected}, not {}",
        info.name,
        type_name(argument)
    )))
}

/// What a parameter is when it is left out; `None` if it must be given.
#[inline]
pub fn default(param: &Param) -> Option<Value> {
    use arcgrad::Scalar;
    Some(match (param.default, param.kind) {
        (Default::Required, _) => return None,
        (Default::None, _) => Value::None,
        (Default::Ints(values), _) => Value::Ints(SmallVec::from_slice(values)),
        (Default::Int(value), Kind::Number | Kind::TensorOrNumber) => Value::Number(Scalar::Int(value)),
        (Default::Int(value), Kind::Ints) => Value::Ints(SmallVec::from_slice(&[value])),
        (Default::Int(value), Kind::Float) => Value::Float(value as f64),
        (Default::Int(value), _) => Value::Int(value),
        (Default::Float(value), Kind::Number | Kind::TensorOrNumber) => Value::Number(Scalar::Float(value)),
        (Default::Float(value), Kind::Floats) => Value::Floats(vec![value]),
        (Default::Float(value), _) => Value::Float(value),
        (Default::Bool(value), Kind::Number | Kind::TensorOrNumber) => Value::Number(Scalar::Bool(value)),
        (Default::Bool(value), _) => Value::Bool(value),
        (Default::Text(value), _) => Value::Text(value.into()),
    })
}

fn is_plain_int(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object.
    unsafe { ffi::PyLong_Check(object.as_ptr()) != 0 || ffi::PyIndex_Check(object.as_ptr()) != 0 }
}

fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object.
    unsafe { ffi::PyTuple_Check(object.as_ptr()) != 0 || ffi::PyList_Check(object.as_ptr()) != 0 }
}

/// Calls `each` for every item of a list or tuple; false if it is neither.
fn for_each_item<'py>(
    object: &Bound<'py, PyAny>,
    mut each: impl FnMut(usize, Bound<'py, PyAny>) -> Result<(), Reject>,
) -> Result<bool, Reject> {
    if let Ok(tuple) = object.cast::<PyTuple>() {
        for (position, item) in tuple.iter().enumerate() {
            each(position, item)?;
        }
        return Ok(true);
    }
    if let Ok(list) = object.cast::<PyList>() {
        for (position, item) in list.iter().enumerate() {
            each(position, item)?;
        }
        return Ok(true);
    }
    Ok(false)
}

/// Reads one argument as what its parameter may be.
#[inline]
fn convert(param: &Param, at: usize, object: &Bound<'_, PyAny>) -> Result<Value, Reject> {
    if object.is_none() && param.nullable {
        return Ok(Value::None);
    }
    let wrong = || Reject::Type { param: at, given: object.clone().unbind(), element: None };
    let wrong_item = |item: &Bound<'_, PyAny>, position: usize| Reject::Type {
        param: at,
        given: object.clone().unbind(),
        element: Some((item.clone().unbind(), position)),
    };
    match param.kind {
        Kind::Tensor => tensor::from_py(object).map(|tensor| Value::Tensor(tensor.clone())).ok_or_else(wrong),
        Kind::TensorOrNumber => match tensor::from_py(object) {
            Some(tensor) => Ok(Value::Tensor(tensor.clone())),
            None => number::scalar(object).map_err(Reject::Raise)?.map(Value::Number).ok_or_else(wrong),
        },
        Kind::Number => number::scalar_or_tensor(object).map_err(Reject::Raise)?.map(Value::Number).ok_or_else(wrong),
        Kind::Int => lone_integer(object)?.map(Value::Int).ok_or_else(wrong),
        Kind::Float => number::float(object).map_err(Reject::Raise)?.map(Value::Float).ok_or_else(wrong),
        Kind::Bool => flag(object).map(Value::Bool).ok_or_else(wrong),
        Kind::Text => text(object)?.map(Value::Text).ok_or_else(wrong),
        Kind::DType => match dtype::named_from_py(object) {
            Some(named) => Err(Reject::Raise(dtype::not_computed(named))),
            None => dtype::from_py_or_type(object).ok().flatten().map(Value::DType).ok_or_else(wrong),
        },
        Kind::Generator => object
            .cast::<PyGenerator>()
            .map(|generator| Value::Generator(generator.get().shared()))
            .map_err(|_| wrong()),
        Kind::Tensors => {
            let mut tensors = Vec::new();
            let is_list = for_each_item(object, |position, item| {
                tensors.push(tensor::from_py(&item).ok_or_else(|| wrong_item(&item, position))?.clone());
                Ok(())
            })?;
            if is_list { Ok(Value::Tensors(tensors)) } else { Err(wrong()) }
        }
        Kind::Ints | Kind::IntList => {
            let mut ints = SmallVec::new();
            let is_list = for_each_item(object, |position, item| {
                ints.push(integer(&item, position == 0)?.ok_or_else(|| wrong_item(&item, position))?);
                Ok(())
            })?;
            if is_list {
                return Ok(Value::Ints(ints));
            }
            if param.kind == Kind::IntList {
                return Err(wrong());
            }
            let single = lone_integer(object)?.ok_or_else(wrong)?;
            Ok(Value::Ints(SmallVec::from_slice(&[single])))
        }
        Kind::Floats => {
            let mut floats = Vec::new();
            let is_list = for_each_item(object, |position, item| {
                let value = number::float(&item).map_err(Reject::Raise)?;
                floats.push(value.ok_or_else(|| wrong_item(&item, position))?);
                Ok(())
            })?;
            if is_list {
                return Ok(Value::Floats(floats));
            }
            let single = number::float(object).map_err(Reject::Raise)?.ok_or_else(wrong)?;
            Ok(Value::Floats(vec![single]))
        }
        Kind::Any => any(object)?.ok_or_else(wrong),
    }
}

/// An integer outside of a list. A tensor stands for one if it has no axes, and none of truth values does, so that
/// `max(x, mask)` means the other tensor and not an axis.
fn lone_integer(object: &Bound<'_, PyAny>) -> Result<Option<i64>, Reject> {
    let is_other = |tensor: &Tensor| tensor.rank() > 0 || tensor.dtype() == DType::Bool;
    if tensor::from_py(object).is_some_and(is_other) {
        return Ok(None);
    }
    integer(object, true)
}

/// An integer. A truth value is none, so that `std(x, True)` means the parameter `unbiased` and not an axis; of a list
/// PyTorch looks at the `first` item only.
fn integer(object: &Bound<'_, PyAny>, first: bool) -> Result<Option<i64>, Reject> {
    // SAFETY: a live object and the GIL.
    if first && unsafe { ffi::PyBool_Check(object.as_ptr()) } != 0 {
        return Ok(None);
    }
    number::int(object).map_err(Reject::Raise)
}

/// A truth value: `True` or `False`, of Python or NumPy, and nothing that is merely truthy.
fn flag(object: &Bound<'_, PyAny>) -> Option<bool> {
    // SAFETY: a live object and the GIL.
    unsafe {
        if ffi::PyBool_Check(object.as_ptr()) != 0 {
            return Some(object.as_ptr() == ffi::Py_True());
        }
    }
    match number::scalar(object) {
        Ok(Some(arcgrad::Scalar::Bool(value))) => Some(value),
        _ => None,
    }
}

fn text(object: &Bound<'_, PyAny>) -> Result<Option<Cow<'static, str>>, Reject> {
    match object.cast::<PyString>() {
        Ok(text) => Ok(Some(Cow::Owned(text.to_cow().map_err(Reject::Raise)?.into_owned()))),
        Err(_) => Ok(None),
    }
}

/// An argument whose kind the operation looks at itself.
fn any(object: &Bound<'_, PyAny>) -> Result<Option<Value>, Reject> {
    if let Some(tensor) = tensor::from_py(object) {
        return Ok(Some(Value::Tensor(tensor.clone())));
    }
    if let Some(text) = text(object)? {
        return Ok(Some(Value::Text(text)));
    }
    if let Some(scalar) = number::scalar(object).map_err(Reject::Raise)? {
        return Ok(match scalar {
            arcgrad::Scalar::Int(value) => Some(Value::Int(value)),
            arcgrad::Scalar::Bool(value) => Some(Value::Bool(value)),
            arcgrad::Scalar::Float(value) => Some(Value::Float(value)),
            arcgrad::Scalar::Complex(..) => None,
        });
    }
    if !is_sequence(object) {
        return Ok(None);
    }
    // A list of integers, of tensors, or of lists of integers.
    let (mut ints, mut tensors, mut lists) = (SmallVec::new(), Vec::new(), Vec::new());
    let mut other = false;
    for_each_item(object, |_, item| {
        if let Some(tensor) = tensor::from_py(&item) {
            tensors.push(tensor.clone());
        } else if let Some(value) = number::int(&item).map_err(Reject::Raise)? {
            ints.push(value);
        } else if is_sequence(&item) {
            let mut list = Vec::new();
            for_each_item(&item, |_, inner| {
                match number::int(&inner).map_err(Reject::Raise)? {
                    Some(value) => list.push(value),
                    None => other = true,
                }
                Ok(())
            })?;
            lists.push(list);
        } else {
            other = true;
        }
        Ok(())
    })?;
    Ok(match (other, ints.is_empty(), tensors.is_empty(), lists.is_empty()) {
        (false, _, true, true) => Some(Value::Ints(ints)),
        (false, true, false, true) => Some(Value::Tensors(tensors)),
        (false, true, true, false) => Some(Value::Lists(lists)),
        _ => None,
    })
}
