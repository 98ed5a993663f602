//! `repr` of tensors and the print options.

use arcgrad::display::{self, Class, Elements, Facts, Number, PrintOptionsChange};
use arcgrad::graph::level::Kind;
use arcgrad::graph::{Modes, modes};
use arcgrad::{Array, DType, Scalar, default_dtype};
use pyo3::prelude::*;

use crate::error::guard;
use crate::tensor::{PyTensor, to_py};

/// An array as the printer reads it.
struct Shown(Array);

impl Elements for Shown {
    fn dtype(&self) -> DType {
        self.0.dtype()
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn is_meta(&self) -> bool {
        self.0.is_meta()
    }

    fn get(&self, index: &[usize]) -> Number {
        let steps = index.iter().zip(self.0.strides());
        let offset = self.0.offset() as isize + steps.map(|(&at, &stride)| at as isize * stride).sum::<isize>();
        match self.0.with_layout(&[], &[], offset as usize).get_linear(0) {
            Scalar::Bool(value) => Number::Bool(value),
            Scalar::Int(value) => Number::Int(value),
            Scalar::Float(value) => Number::Real(value),
            Scalar::Complex(real, imaginary) => Number::Complex(real, imaginary),
        }
    }
}

/// Whether a class is one of the library's own, which name `torch` as their module while it stands in for that.
fn is_ours(class: &Bound<'_, pyo3::types::PyType>) -> bool {
    let module = class.module();
    module.is_ok_and(|module| {
        module.to_cow().is_ok_and(|module| module.starts_with("arcgrad.") || module == "torch.nn.parameter")
    })
}

/// How the printer names the object's class. The library's own subclasses print as plain tensors.
fn class_of(slf: &Bound<'_, PyTensor>) -> PyResult<(Option<String>, bool)> {
    let class = slf.get_type();
    if class.as_type_ptr() == crate::tensor::tensor_type() {
        return Ok((None, false));
    }
    if is_ours(&class) {
        return Ok((None, false));
    }
    let flagged = slf.getattr("_is_param").is_ok_and(|flag| flag.is_truthy().unwrap_or(false));
    let name = class.name()?.to_string();
    let parameter = flagged
        || class.mro().iter().any(|base| {
            base.cast::<pyo3::types::PyType>()
                .is_ok_and(|base| base.name().is_ok_and(|name| name == "Parameter") && is_ours(base))
        });
    Ok((Some(name), parameter))
}

#[pymethods]
impl PyTensor {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let tensor = slf.get().tensor();
        let top = if modes().any(Modes::LIFTED) { tensor.top_level() } else { None };
        if let Some((level, Kind::Batch { .. })) = top {
            let module = slf.py().import("arcgrad.func.batching")?;
            return module.call_method1("_text", (slf, level.number()))?.extract();
        }
        let (name, parameter) = class_of(slf)?;
        if tensor.is_hosted() && tensor.array().require_data("repr").is_err() {
            let (name, meta) = (name.unwrap_or_else(|| "tensor".to_owned()), tensor.meta());
            let gradient = if tensor.requires_grad() { ", requires_grad=True" } else { "" };
            return Ok(format!(
                "{name}(..., size={:?}, dtype=arcgrad.{}{gradient})",
                meta.shape.as_slice(),
                meta.dtype
            ));
        }
        let tangent = match top {
            Some((level, Kind::Tangent)) => tensor.tangent(level),
            _ => None,
        };
        let tangent = match tangent {
            Some(tangent) => Some(to_py(slf.py(), tangent)?.bind(slf.py()).repr()?.to_string()),
            None => None,
        };
        let class = match (&name, parameter) {
            (None, _) => Class::Tensor,
            (Some(name), false) => Class::Subclass(name),
            (Some(name), true) => Class::FlaggedSubclass(name),
        };
        guard(|| {
            // A view whose base was changed may have no history any more; its elements can be shown all the same.
            let node = tensor.grad_fn();
            let name = match &node {
                Ok(node) => node.as_ref().map(|node| short_name(node.name())),
                Err(_) => Some("Invalid"),
            };
            let facts = Facts {
                class,
                default_dtype: default_dtype(),
                grad_fn: name,
                requires_grad: tensor.requires_grad(),
                tangent: tangent.as_deref(),
            };
            display::tensor_text(&Shown(tensor.array()), &facts, &display::options())
        })
    }

    fn __format__<'py>(slf: &Bound<'py, Self>, spec: &str) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        // As PyTorch's: a parameter, say, is shown as what it is, not as its number.
        if slf.is_exact_instance_of::<Self>() && slf.get().tensor().rank() == 0 && !slf.get().tensor().array().is_meta()
        {
            let number = crate::number::to_py(py, guard(|| slf.get().tensor().item())?);
            return number.bind(py).call_method1("__format__", (spec,));
        }
        if spec.is_empty() {
            return Ok(slf.str()?.into_any());
        }
        Err(pyo3::exceptions::PyTypeError::new_err(format!(
            "unsupported format string passed to {}.__format__",
            crate::tensor::type_name(slf)
        )))
    }
}

/// The node's class as it is printed: without the namespace.
fn short_name(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// Changes the print options; see `arcgrad.set_printoptions`.
#[pyfunction]
fn _set_print_options(
    precision: Option<u16>,
    threshold: Option<usize>,
    edgeitems: Option<usize>,
    linewidth: Option<usize>,
    profile: Option<&str>,
    sci_mode: Option<bool>,
) -> PyResult<()> {
    let change = PrintOptionsChange { precision, threshold, edgeitems, linewidth, profile, sci_mode };
    guard(|| display::change_options(&change))
}

/// The print options: precision, threshold, edgeitems, linewidth, sci_mode.
#[pyfunction]
fn _print_options() -> (u16, usize, usize, usize, Option<bool>) {
    let options = display::options();
    (options.precision, options.threshold, options.edgeitems, options.linewidth, options.sci_mode)
}

/// Adds the functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_set_print_options, module)?)?;
    module.add_function(wrap_pyfunction!(_print_options, module)?)
}
