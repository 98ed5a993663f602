//! The safetensors format: tensors by name, and a dictionary of texts.

use std::collections::{BTreeMap, HashMap};

use arcgrad::{DType, Tensor};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::construct::{contiguous, from_bytes};
use crate::conversion::bytes_of;
use crate::tensor::{self, require};

const NAMES: [(DType, Dtype); 11] = [
    (DType::Bool, Dtype::BOOL),
    (DType::U8, Dtype::U8),
    (DType::I8, Dtype::I8),
    (DType::I16, Dtype::I16),
    (DType::I32, Dtype::I32),
    (DType::I64, Dtype::I64),
    (DType::F16, Dtype::F16),
    (DType::BF16, Dtype::BF16),
    (DType::F32, Dtype::F32),
    (DType::F64, Dtype::F64),
    (DType::C64, Dtype::C64),
];

/// The text that lists the tensors whose pairs of numbers along the last axis are complex ones: the format has no `complex128`.
const PAIRS: &str = "complex128";

fn invalid(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("safetensors: {error}"))
}

/// A dictionary of tensors, with texts beside them, as the bytes of a safetensors file.
#[pyfunction]
#[pyo3(signature = (tensors, metadata=None))]
fn safetensors_serialize<'py>(
    py: Python<'py>,
    tensors: &Bound<'py, PyDict>,
    mut metadata: Option<HashMap<String, String>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut parts = Vec::with_capacity(tensors.len());
    let mut pairs: Vec<String> = Vec::new();
    for (name, object) in tensors {
        let name: String = name.extract()?;
        let tensor = contiguous(require(&object, "safetensors_serialize", &name)?)?;
        let mut shape = tensor.shape().to_vec();
        let stored = if tensor.dtype() == DType::C128 {
            shape.push(2);
            pairs.push(name.clone());
            Dtype::F64
        } else {
            match NAMES.iter().find(|(dtype, _)| *dtype == tensor.dtype()) {
                Some((_, stored)) => *stored,
                None => return Err(PyTypeError::new_err(format!("{name}: {} cannot be stored", tensor.dtype()))),
            }
        };
        parts.push((name, stored, shape, bytes_of(py, &tensor)?));
    }
    if !pairs.is_empty() {
        pairs.sort();
        metadata.get_or_insert_default().insert(PAIRS.to_owned(), serde_json::to_string(&pairs).map_err(invalid)?);
    }
    let views: Result<Vec<_>, _> = parts
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            TensorView::new(*dtype, shape.clone(), bytes.as_bytes()).map(|view| (name.as_str(), view))
        })
        .collect();
    let sorted = metadata.as_ref().map(|texts| serde_json::to_string(&texts.iter().collect::<BTreeMap<_, _>>()));
    let mut file = safetensors::serialize(views.map_err(invalid)?, metadata).map_err(invalid)?;
    if let Some(sorted) = sorted {
        sort_texts(&mut file, &sorted.map_err(invalid)?);
    }
    Ok(PyBytes::new(py, &file))
}

/// Puts the texts in the order of their names, so that the same object gives the same bytes: they are written in the
/// random order of a hash table. The header begins with them, and another order takes as many bytes.
fn sort_texts(file: &mut [u8], sorted: &str) {
    const LENGTH: usize = 8;
    const BEFORE: &[u8] = b"{\"__metadata__\":";
    let start = LENGTH + BEFORE.len();
    if file[LENGTH..].starts_with(BEFORE)
        && let Some(texts) = file.get_mut(start..start + sorted.len())
        && texts.first() == Some(&b'{')
        && texts.last() == Some(&b'}')
    {
        texts.copy_from_slice(sorted.as_bytes());
    }
}

/// The dtype of stored elements, if tensors can have it.
fn supported(stored: Dtype) -> Option<DType> {
    NAMES.iter().find(|(_, of)| *of == stored).map(|(dtype, _)| *dtype)
}

/// The name that programs know a dtype by.
fn name_of(stored: Dtype) -> String {
    match NAMES.iter().find(|(_, of)| *of == stored) {
        Some((dtype, _)) => dtype.name().to_owned(),
        None => format!("{stored:?}").to_lowercase(),
    }
}

/// What a file holds that cannot be loaded for its dtype alone: there is nothing wrong with it.
#[cold]
fn not_there_yet(name: &str, view: &TensorView<'_>, all: &[(String, TensorView<'_>)]) -> PyErr {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, view) in all {
        *counts.entry(name_of(view.dtype())).or_default() += 1;
    }
    let listed: Vec<String> = counts.iter().map(|(dtype, count)| format!("{count} of {dtype}")).collect();
    let (tensors, dtype) = (if all.len() == 1 { "tensor" } else { "tensors" }, name_of(view.dtype()));
    PyNotImplementedError::new_err(format!(
        "holds {} {tensors} ({}), and {dtype}, the dtype of {name:?} {:?}, is not implemented in arcgrad yet",
        all.len(),
        listed.join(", "),
        view.shape()
    ))
}

/// The dictionary of tensors and the dictionary of texts in the bytes of a safetensors file. The tensors have memory of
/// their own.
#[pyfunction]
fn safetensors_deserialize<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyDict>, HashMap<String, String>)> {
    let buffer = PyBuffer::<u8>::get(data)?;
    if !buffer.is_c_contiguous() {
        return Err(PyValueError::new_err("safetensors: the buffer is not contiguous"));
    }
    // SAFETY: the buffer is contiguous and held until the end; it is read with the GIL held, so only memory that is
    // mapped from a file another process changes could change meanwhile, and any bytes are accepted.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast::<u8>(), buffer.len_bytes()) };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(invalid)?;
    let file = SafeTensors::deserialize(bytes).map_err(invalid)?;
    let mut views = file.tensors();
    // In the order of the file.
    views.sort_by_key(|(_, view)| view.data().as_ptr() as usize);
    if let Some((name, view)) = views.iter().find(|(_, view)| supported(view.dtype()).is_none()) {
        return Err(not_there_yet(name, view, &views));
    }
    let mut metadata = header.metadata().clone().unwrap_or_default();
    let pairs: Vec<String> = match metadata.remove(PAIRS) {
        Some(listed) => serde_json::from_str(&listed).map_err(invalid)?,
        None => Vec::new(),
    };
    let tensors = PyDict::new(py);
    for (name, view) in views {
        let Some(mut dtype) = supported(view.dtype()) else { continue };
        let mut shape = view.shape();
        if pairs.contains(&name) {
            match (shape, dtype) {
                ([outer @ .., 2], DType::F64) => (shape, dtype) = (outer, DType::C128),
                _ => return Err(PyValueError::new_err(format!("safetensors: {name} has no pairs of numbers"))),
            }
        }
        let tensor: Tensor = from_bytes("load", view.data(), dtype, shape)?;
        tensors.set_item(name, tensor::to_py(py, tensor)?)?;
    }
    Ok((tensors, metadata))
}

/// Adds the functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(safetensors_serialize, module)?)?;
    module.add_function(wrap_pyfunction!(safetensors_deserialize, module)?)
}
