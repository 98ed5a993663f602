//! `registry()`: the tables as Python data, for stubs, tests and documentation.

use arcgrad::ops::registry::{Call, Forms, Gives, OpInfo};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::{Entry, Place, collect, signature};

/// Where a name lives. Of what is behind `nn.functional` the in-place forms stay in the core: PyTorch has only some.
fn namespace(place: Place, in_place: bool) -> &'static str {
    match place {
        Place::Nn if in_place => "_core.nn",
        Place::Module => "",
        Place::Tensor => "Tensor",
        Place::Nn => "nn.functional",
        Place::Special => "special",
        Place::Linalg => "linalg",
        Place::Fft => "fft",
    }
}

fn kind(call: &Call) -> &'static str {
    match call {
        Call::Row(_) | Call::RowOfReals(..) | Call::Rows(_) | Call::RowsOfReals(..) | Call::RowsInPlace(..) => "elementwise",
        Call::Structured(_) => "structured",
        Call::InPlace(..) => "structured with an in-place form",
        Call::OnlyInPlace(_) => "in place",
    }
}

fn forms(forms: Forms) -> Vec<&'static str> {
    [
        (Forms::FUNCTION, "function"),
        (Forms::METHOD, "method"),
        (Forms::IN_PLACE, "in-place"),
        (Forms::OUT, "out"),
        (Forms::NN, "nn"),
        (Forms::IN_PLACE_FUNCTION, "in-place function"),
        (Forms::NN_IN_PLACE, "in-place nn"),
        (Forms::SPECIAL, "special"),
        (Forms::LINALG, "linalg"),
        (Forms::FFT, "fft"),
    ]
    .into_iter()
    .filter(|(form, _)| forms.has(*form))
    .map(|(_, name)| name)
    .collect()
}

/// What a call gives back: its kind, and what that kind has to say (names of fields or flags, a number of tensors).
fn gives<'py>(py: Python<'py>, entry: &Entry, info: &OpInfo) -> PyResult<Bound<'py, PyTuple>> {
    if entry.in_place || matches!(info.call, Call::OnlyInPlace(_)) {
        return ("Target",).into_pyobject(py);
    }
    match info.gives {
        Gives::Tensor => ("Tensor",).into_pyobject(py),
        Gives::Tensors => ("Tensors",).into_pyobject(py),
        Gives::Bool => ("Bool",).into_pyobject(py),
        Gives::Tuple(count) => ("Tuple", count).into_pyobject(py),
        Gives::Named(fields) => ("Named", info.name, fields.to_vec()).into_pyobject(py),
        Gives::Asked(flags) => ("Asked", flags.to_vec()).into_pyobject(py),
        Gives::TupleIf(flag) => ("TupleIf", flag).into_pyobject(py),
    }
}

/// One signature of a name: `parameters`, one dictionary each (`name`, `kind`, `default`, `nullable`, `way`,
/// `spellings`), without the object of a method, and what the call `gives`.
fn overload<'py>(py: Python<'py>, entry: &Entry, info: &'static OpInfo) -> PyResult<Bound<'py, PyDict>> {
    let parameters = PyList::empty(py);
    for parameter in signature::parameters(info, entry.method, entry.in_place) {
        let described = PyDict::new(py);
        described.set_item("name", parameter.name)?;
        described.set_item("spellings", parameter.spellings.to_vec())?;
        described.set_item("kind", parameter.kind.name())?;
        described.set_item("default", parameter.default.as_deref())?;
        described.set_item("nullable", parameter.nullable)?;
        described.set_item("way", format!("{:?}", parameter.way))?;
        parameters.append(described)?;
    }
    let overload = PyDict::new(py);
    overload.set_item("parameters", parameters)?;
    overload.set_item("gives", gives(py, entry, info)?)?;
    Ok(overload)
}

fn describe<'py>(py: Python<'py>, place: Place, entry: &Entry) -> PyResult<Bound<'py, PyDict>> {
    let first: &'static OpInfo = entry.overloads[0];
    let row = PyDict::new(py);
    let signatures: Vec<String> = entry.overloads.iter().map(|info| signature::of_row(entry, info)).collect();
    row.set_item("name", entry.name)?;
    row.set_item("namespace", namespace(place, entry.in_place))?;
    row.set_item("op", first.name)?;
    row.set_item("aliases", PyList::new(py, first.aliases)?)?;
    row.set_item("signature", &signatures[0])?;
    row.set_item("signatures", signatures)?;
    let overloads: PyResult<Vec<_>> = entry.overloads.iter().map(|info| overload(py, entry, info)).collect();
    row.set_item("overloads", overloads?)?;
    row.set_item("doc", entry.doc())?;
    row.set_item("forms", forms(first.forms))?;
    row.set_item("kind", kind(&first.call))?;
    row.set_item("in_place", entry.in_place)?;
    if let Call::Row(elementwise) | Call::RowOfReals(elementwise, _) = first.call {
        row.set_item("node", elementwise.node)?;
        row.set_item("domain", elementwise.domain)?;
        row.set_item("tier", elementwise.tier.name())?;
        row.set_item("inputs", PyList::new(py, elementwise.inputs)?)?;
        row.set_item("differentiable", !elementwise.grads.is_empty() && elementwise.unknown == 0)?;
    }
    Ok(row)
}

/// Every name made from the tables, one dictionary each: `name`, `namespace`, `op`, `aliases`, `signature`,
/// `signatures`, `overloads`, `doc`, `forms`, `kind`, `in_place`; for elementwise rows also `node`, `domain`, `tier`, `inputs`,
/// `differentiable`.
#[pyfunction]
pub fn registry(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for (place, entry) in &collect().entries {
        list.append(describe(py, *place, entry)?)?;
    }
    Ok(list)
}
