//! `t[…]`, read and write.
//!
//! Here Python objects become index items; what they mean is the core's business. The most common index, one integer,
//! takes a short way of its own.

use arcgrad::graph::{Modes, modes, watch};
use arcgrad::ops::elementwise::{Arg, Fresh};
use arcgrad::ops::indexing::{IndexItem, getitem, setitem};
use arcgrad::ops::views;
use arcgrad::ops::writing::copy;
use arcgrad::{DType, Scalar, Tensor};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyEllipsis, PyList, PySlice, PyString, PyTuple};
use smallvec::{SmallVec, smallvec};

use crate::error::{guard, guard_detached};
use crate::overrides::ask_first;
use crate::tensor::{self, PyTensor, track_written, type_name};
use crate::{data, number, overrides};

#[cold]
fn bad_index(object: &Bound<'_, PyAny>) -> PyErr {
    PyIndexError::new_err(format!(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {})",
        type_name(object)
    ))
}

/// A plain Python integer (`bool` is a mask).
#[inline]
fn plain_int(object: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    // SAFETY: a live object and the GIL.
    if unsafe { ffi::PyLong_CheckExact(object.as_ptr()) } == 0 {
        return Ok(None);
    }
    number::int(object)
}

/// A bound of a slice; integers too big for 64 bits mean as far as can be.
fn bound(object: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    if object.is_none() {
        return Ok(None);
    }
    match number::int(object) {
        Ok(Some(value)) => Ok(Some(value)),
        Ok(None) => Err(PyTypeError::new_err(format!(
            "slice indices must be integers or None or have an __index__ method (got {})",
            type_name(object)
        ))),
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(object.py()) => {
            let negative = object.lt(0)?;
            Ok(Some(if negative { i64::MIN } else { i64::MAX }))
        }
        Err(error) => Err(error),
    }
}

fn item(object: &Bound<'_, PyAny>) -> PyResult<IndexItem> {
    if let Some(value) = plain_int(object)? {
        return Ok(IndexItem::Int(value));
    }
    if object.is_none() {
        return Ok(IndexItem::None);
    }
    if let Ok(slice) = object.cast::<PySlice>() {
        let py = object.py();
        let part = |name: &Bound<'_, PyString>| slice.getattr(name).and_then(|part| bound(&part));
        let step = part(pyo3::intern!(py, "step"))?.unwrap_or(1);
        if step <= 0 {
            return Err(PyValueError::new_err("step must be greater than zero"));
        }
        return Ok(IndexItem::Slice {
            start: part(pyo3::intern!(py, "start"))?,
            stop: part(pyo3::intern!(py, "stop"))?,
            step: Some(step),
        });
    }
    if object.cast::<PyEllipsis>().is_ok() {
        return Ok(IndexItem::Ellipsis);
    }
    // SAFETY: a live object and the GIL.
    if unsafe { ffi::PyBool_Check(object.as_ptr()) } != 0 {
        return Ok(IndexItem::Bool(object.is_truthy()?));
    }
    if let Some(given) = tensor::from_py(object) {
        return tensor_item(given);
    }
    if let Some(value) = number::scalar(object)? {
        // A NumPy number.
        return match value {
            Scalar::Bool(flag) => Ok(IndexItem::Bool(flag)),
            Scalar::Int(value) => Ok(IndexItem::Int(value)),
            Scalar::Float(_) | Scalar::Complex(..) => Err(bad_index(object)),
        };
    }
    if number::is_array(object) {
        return tensor_item(&data::from_any(object, None, false)?);
    }
    if is_sequence(object) {
        let mut made = data::from_any(object, None, true)?;
        if made.numel() == 0 {
            // An empty list has no dtype of its own; as an index it holds integers.
            made = guard(|| copy::to_dtype(&made, DType::I64))?;
        }
        return tensor_item(&made);
    }
    if let Some(value) = number::int(object)? {
        return Ok(IndexItem::Int(value));
    }
    Err(bad_index(object))
}

/// Whether an object counts as a list of positions: any sequence but a text.
fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object and the GIL.
    let sequence = unsafe { ffi::PySequence_Check(object.as_ptr()) } != 0;
    sequence && object.cast::<PyString>().is_err() && object.cast::<PyBytes>().is_err()
}

/// A tensor as an index.
fn tensor_item(given: &Tensor) -> PyResult<IndexItem> {
    let dtype = given.dtype();
    if dtype.is_differentiable() {
        return Err(PyIndexError::new_err(format!(
            "tensors used as indices must be long, int, byte or bool tensors (got {dtype})"
        )));
    }
    // The core takes the two widths of integers that PyTorch takes.
    Ok(IndexItem::Tensor(given.clone()))
}

/// Sequences of so many items are positions and never several items: as long as NumPy's tuples of items once could be.
const POSITIONS: usize = 32;

/// Whether a sequence that is no tuple stands for one: some item of it is no position.
fn stands_for_tuple(key: &Bound<'_, PyAny>) -> PyResult<bool> {
    // In the order of what it costs: arrays are told by their names.
    if tensor::from_py(key).is_some() || !is_sequence(key) || number::is_array(key) || key.len()? >= POSITIONS {
        return Ok(false);
    }
    for object in key.try_iter()? {
        let object = object?;
        let is_item = object.is_none()
            || object.cast::<PySlice>().is_ok()
            || object.cast::<PyEllipsis>().is_ok()
            || tensor::from_py(&object).is_some()
            || is_sequence(&object);
        if is_item {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The items of a key.
fn items(key: &Bound<'_, PyAny>) -> PyResult<SmallVec<[IndexItem; 4]>> {
    if let Ok(tuple) = key.cast::<PyTuple>() {
        return tuple.iter_borrowed().map(|object| item(&object)).collect();
    }
    if plain_int(key)?.is_none() && stands_for_tuple(key)? {
        return key.try_iter()?.map(|object| item(&object?)).collect();
    }
    Ok(std::iter::once(item(key)?).collect())
}

/// A value to be written.
enum Value {
    Tensor(Tensor),
    Number(Scalar),
}

/// Reads a value to be written; numbers are checked against the dtype they go into.
fn value_of(target: &Tensor, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let dtype = target.dtype();
    if let Some(value) = tensor::from_py(object) {
        return Ok(Value::Tensor(value.clone()));
    }
    if let Some(value) = number::scalar(object)? {
        return data::fitting(value, dtype).map(Value::Number);
    }
    let sequence = object.cast::<PyList>().is_ok() || object.cast::<PyTuple>().is_ok() || number::is_array(object);
    if !sequence {
        let class = crate::conversion::class_name(dtype);
        return Err(PyTypeError::new_err(format!("can't assign a {} to a arcgrad.{class}", type_name(object))));
    }
    data::from_any(object, Some(dtype), false).map(Value::Tensor)
}

/// Elements from which on the GIL is released.
const LONG: usize = 64 * 1024;

#[pymethods]
impl PyTensor {
    fn __getitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__getitem__", slf, key);
        let (py, this) = (slf.py(), slf.get().tensor());
        if let Some(index) = plain_int(key)? {
            match guard(|| views::select(this, 0, index)) {
                // A class that runs operations itself has made an object of its own.
                Ok(tensor) if modes().any(Modes::LIFTED) => return tensor::to_py(py, tensor),
                Ok(tensor) => return tensor::fresh_to_py(py, Fresh { tensor, in_graph: true }),
                // A tensor without axes has its own words for that.
                Err(error) if this.rank() > 0 => return Err(error),
                Err(_) => {}
            }
        }
        let items = items(key)?;
        // Views cost the same for any size; index tensors copy.
        let copies = items.iter().any(|item| matches!(item, IndexItem::Tensor(_)));
        let run = || {
            if copies && this.numel() >= LONG {
                guard_detached(py, || getitem(this, &items))
            } else {
                guard(|| getitem(this, &items))
            }
        };
        tensor::to_py(py, watch::op("index", || smallvec![this.shape()], run)?)
    }

    fn __setitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get().tensor());
        if overrides::watching() && overrides::of_syntax(py, "__setitem__", &[slf.as_any(), key, value])?.is_some() {
            return Ok(());
        }
        let value = value_of(this, value)?;
        let items = items(key)?;
        let arg = match &value {
            Value::Number(number) => Arg::Scalar(*number),
            Value::Tensor(tensor) => Arg::Tensor(tensor),
        };
        let run = || {
            if this.numel() >= LONG {
                guard_detached(py, || setitem(this, &items, arg))
            } else {
                guard(|| setitem(this, &items, arg))
            }
        };
        watch::op("index_put_", || smallvec![this.shape()], run)?;
        track_written(slf.as_any());
        Ok(())
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err("Tensor does not support deleting items"))
    }
}
