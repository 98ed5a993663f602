//! `registry()`: the tables as Python data, for stubs, tests and documentation.

use arcgrad::ops::elementwise::{Row, Tier};
use arcgrad::ops::registry::{Call, Forms, OpInfo};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::{Entry, Place, collect, message};

/// Where a name lives. Of what is behind `nn.functional` the in-place forms stay in the core: PyTorch has only some.
fn namespace(place: Place, in_place: bool) -> &'static str {
    match place {
        Place::Nn if in_place => "_core.nn",
        Place::Module => "",
        Place::Tensor => "Tensor",
        Place::Nn => "nn.functional",
        Place::Special => "special",
        Place::Linalg => "linalg",
    }
}

fn kind(call: &Call) -> &'static str {
    match call {
        Call::Row(_) | Call::Rows(_) | Call::RowsInPlace(..) => "elementwise",
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
    ]
    .into_iter()
    .filter(|(form, _)| forms.has(*form))
    .map(|(_, name)| name)
    .collect()
}

fn tier(row: &Row) -> &'static str {
    match row.tier {
        Tier::Real => "real",
        Tier::Float => "float",
        Tier::Ring => "ring",
        Tier::Number => "number",
        Tier::Int => "int",
        Tier::Predicate => "predicate",
        Tier::RealPredicate => "real predicate",
    }
}

fn describe<'py>(py: Python<'py>, place: Place, entry: &Entry) -> PyResult<Bound<'py, PyDict>> {
    let first: &'static OpInfo = entry.overloads[0];
    let row = PyDict::new(py);
    let signatures: Vec<String> = entry
        .overloads
        .iter()
        .map(|info| message::python_signature(info, entry.name, entry.method, entry.in_place).replace("$self", "self"))
        .collect();
    row.set_item("name", entry.name)?;
    row.set_item("namespace", namespace(place, entry.in_place))?;
    row.set_item("op", first.name)?;
    row.set_item("aliases", PyList::new(py, first.aliases)?)?;
    row.set_item("signature", &signatures[0])?;
    row.set_item("signatures", signatures)?;
    row.set_item(
        "doc",
        entry.overloads.iter().map(|info| info.doc).find(|doc| !doc.is_empty()).unwrap_or_default().trim(),
    )?;
    row.set_item("forms", forms(first.forms))?;
    row.set_item("kind", kind(&first.call))?;
    row.set_item("in_place", entry.in_place)?;
    if let Call::Row(elementwise) = first.call {
        row.set_item("node", elementwise.node)?;
        row.set_item("domain", elementwise.domain)?;
        row.set_item("tier", tier(elementwise))?;
        row.set_item("inputs", PyList::new(py, elementwise.inputs)?)?;
        row.set_item("differentiable", !elementwise.grads.is_empty())?;
    }
    Ok(row)
}

/// Every name made from the tables, one dictionary each: `name`, `namespace`, `op`, `aliases`, `signature`,
/// `signatures`, `doc`, `forms`, `kind`, `in_place`; for elementwise rows also `node`, `domain`, `tier`, `inputs`,
/// `differentiable`.
#[pyfunction]
pub fn registry(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for (place, entry) in &collect().entries {
        list.append(describe(py, *place, entry)?)?;
    }
    Ok(list)
}
