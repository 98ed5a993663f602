//! What a call got wrong, in words.

use std::fmt::Write;

use arcgrad::ops::registry::{Default, Forms, Kind, OpInfo, Param};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::Entry;
use super::parse::{Given, Parsed, Reject, parse};
use super::signature::default_text;
use crate::tensor::type_name;

/// What a parameter takes, as PyTorch's messages call it.
fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Tensor => "Tensor",
        Kind::TensorOrNumber => "Tensor or Number",
        Kind::Tensors => "tuple of Tensors",
        Kind::Number => "Number",
        Kind::Int => "int",
        Kind::Ints | Kind::IntList => "tuple of ints",
        Kind::Float => "float",
        Kind::Floats => "tuple of floats",
        Kind::Bool => "bool",
        Kind::Text => "str",
        Kind::DType => "arcgrad.dtype",
        Kind::Generator => "arcgrad.Generator",
        Kind::Any => "Tensor, Number, str or tuple of ints",
    }
}

/// The parameters a caller sees: without the object itself for methods, and with the keywords all operations share.
fn visible(info: &'static OpInfo, method: bool) -> &'static [Param] {
    if method { info.params.get(1..).unwrap_or_default() } else { info.params }
}

/// `(Tensor input, tuple of ints dim, bool keepdim = False, *, arcgrad.dtype dtype = None)`
fn typed_signature(info: &'static OpInfo, method: bool, in_place: bool) -> String {
    let mut items: Vec<String> = Vec::new();
    let mut keyword_only = false;
    for param in visible(info, method) {
        if param.keyword_only && !std::mem::replace(&mut keyword_only, true) {
            items.push("*".to_owned());
        }
        let kind = kind_name(param.kind);
        items.push(match default_text(param) {
            Some(text) => format!("{kind} {} = {text}", param.name),
            None => format!("{kind} {}", param.name),
        });
    }
    if info.forms.has(Forms::OUT) && !in_place && !method {
        if !keyword_only {
            items.push("*".to_owned());
        }
        items.push("Tensor out = None".to_owned());
    }
    format!("({})", items.join(", "))
}

/// The types that were given: `(Tensor, int, dim=str, )`.
fn given_types(given: &Given<'_, '_>) -> String {
    let own = usize::from(given.is_method());
    let mut items: Vec<String> = (own..given.count()).map(|index| type_name(&given.position(index))).collect();
    let keywords = given.keywords();
    let named = !keywords.is_empty();
    items.extend(keywords.iter().map(|(name, value)| format!("{name}={}", type_name(value))));
    format!("({}{})", items.join(", "), if named { ", " } else { "" })
}

/// The error of a call to something with one signature.
#[cold]
pub fn of_one(entry: &Entry, info: &'static OpInfo, given: &Given<'_, '_>, reject: &Reject) -> PyErr {
    let own = usize::from(entry.method);
    let name = entry.name;
    let text = match reject {
        Reject::TooMany => {
            let most = info.params.iter().filter(|param| !param.keyword_only).count() - own;
            let (noun, count) = (if most == 1 { "argument" } else { "arguments" }, given.count() - own);
            format!("{name}() takes {most} positional {noun} but {count} were given")
        }
        Reject::Missing => {
            let keywords = given.keywords();
            let missing: Vec<String> = info
                .params
                .iter()
                .enumerate()
                .skip(given.count())
                .filter(|(_, param)| param.default == Default::Required)
                .filter(|(_, param)| !keywords.iter().any(|(keyword, _)| keyword == param.name))
                .map(|(_, param)| format!("\"{}\"", param.name))
                .collect();
            format!("{name}() missing {} required positional arguments: {}", missing.len(), missing.join(", "))
        }
        Reject::Unexpected(index) => {
            format!("{name}() got an unexpected keyword argument '{}'", given.keywords()[*index].0)
        }
        Reject::Twice(param) => format!("{name}() got multiple values for argument '{param}'"),
        Reject::Type { param, given: object, element } => {
            let parameter = &info.params[*param];
            let by_position = *param < given.count();
            let position = if by_position { format!(" (position {})", param + 1 - own) } else { String::new() };
            let expected = kind_name(parameter.kind);
            let mut text = format!("{name}(): argument '{}'{position} must be {expected}, ", parameter.name);
            // Writing to a string does not fail.
            let _ = match element {
                Some((item, at)) => {
                    write!(text, "but found element of type {} at pos {at}", type_name(item.bind(given.py())))
                }
                None => write!(text, "not {}", type_name(object.bind(given.py()))),
            };
            text
        }
        Reject::Raise(error) => return error.clone_ref_any(),
    };
    PyTypeError::new_err(text)
}

trait CloneAny {
    fn clone_ref_any(&self) -> PyErr;
}

impl CloneAny for PyErr {
    fn clone_ref_any(&self) -> PyErr {
        Python::attach(|py| self.clone_ref(py))
    }
}

/// The error of a call that fits none of several signatures.
#[cold]
pub fn of_several(entry: &Entry, given: &Given<'_, '_>) -> PyErr {
    let mut text = format!(
        "{}() received an invalid combination of arguments - got {}, but expected one of:\n",
        entry.name,
        given_types(given)
    );
    for info in &entry.overloads {
        let _ = writeln!(text, " * {}", typed_signature(info, entry.method, entry.in_place));
        if let Err(reject) = parse(info, entry.method, entry.in_place, given, &mut Parsed::default()) {
            let reason = of_one(entry, info, given, &reject);
            let _ = writeln!(text, "      didn't match: {}", Python::attach(|py| reason.value(py).to_string()));
        }
    }
    PyTypeError::new_err(text)
}
