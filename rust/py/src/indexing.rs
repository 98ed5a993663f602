//! `t[…]`, read and write.
//!
//! An index is read in two parts. Integers, slices, `None` and `...` make a view; what is left (masks, integer tensors,
//! lists) picks elements of that view, with one optional tensor per axis. The most common indices, one integer and a
//! tuple of integers, take a short way of their own.

use arcgrad::ops::{copy, views};
use arcgrad::{DType, Error, Tensor};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyList, PySlice, PyTuple};
use smallvec::SmallVec;

use crate::error::{guard, guard_detached};
use crate::tensor::{self, PyTensor, track, type_name};
use crate::{data, number};

/// One item of an index.
enum Item {
    Int(i64),
    Slice(Option<i64>, Option<i64>, i64),
    /// `None`: a new axis.
    NewAxis,
    Ellipsis,
    /// A mask of no axes.
    Flag(bool),
    /// A mask or positions.
    Tensor(Tensor),
}

/// The index of a 0-dimensional tensor, which has no elements to choose from.
#[cold]
fn no_axes() -> PyErr {
    PyIndexError::new_err(
        "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a number",
    )
}

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

fn item(object: &Bound<'_, PyAny>) -> PyResult<Item> {
    if let Some(value) = plain_int(object)? {
        return Ok(Item::Int(value));
    }
    if object.is_none() {
        return Ok(Item::NewAxis);
    }
    if let Ok(slice) = object.cast::<PySlice>() {
        let part = |name: &str| slice.getattr(name).and_then(|part| bound(&part));
        let step = part("step")?.unwrap_or(1);
        if step <= 0 {
            return Err(PyValueError::new_err("step must be greater than zero"));
        }
        return Ok(Item::Slice(part("start")?, part("stop")?, step));
    }
    if object.cast::<PyEllipsis>().is_ok() {
        return Ok(Item::Ellipsis);
    }
    // SAFETY: a live object and the GIL.
    if unsafe { ffi::PyBool_Check(object.as_ptr()) } != 0 {
        return Ok(Item::Flag(object.is_truthy()?));
    }
    if let Some(given) = tensor::from_py(object) {
        return tensor_item(given);
    }
    if let Some(value) = number::scalar(object)? {
        // A NumPy number.
        return match value {
            arcgrad::Scalar::Bool(flag) => Ok(Item::Flag(flag)),
            arcgrad::Scalar::Int(value) => Ok(Item::Int(value)),
            arcgrad::Scalar::Float(_) => Err(bad_index(object)),
        };
    }
    if number::is_array(object) {
        return tensor_item(&data::from_any(object, None, false)?);
    }
    if object.cast::<PyList>().is_ok() || object.cast::<PyTuple>().is_ok() {
        let mut made = data::from_any(object, None, true)?;
        if made.numel() == 0 {
            // An empty list has no dtype of its own; as an index it holds integers.
            made = guard(|| copy::to_dtype(&made, DType::I64))?;
        }
        return tensor_item(&made);
    }
    if let Some(value) = number::int(object)? {
        return Ok(Item::Int(value));
    }
    Err(bad_index(object))
}

/// A tensor as an index: one integer without axes is an integer.
fn tensor_item(given: &Tensor) -> PyResult<Item> {
    let dtype = given.dtype();
    if dtype.is_differentiable() {
        return Err(PyIndexError::new_err(format!(
            "tensors used as indices must be long, int, byte or bool tensors (got {dtype})"
        )));
    }
    if given.rank() == 0 && dtype.is_integer() && dtype != DType::U8 {
        return Ok(Item::Int(guard(|| given.item())?.to_i64()));
    }
    Ok(Item::Tensor(given.clone()))
}

/// The items of a key.
fn items(key: &Bound<'_, PyAny>) -> PyResult<SmallVec<[Item; 4]>> {
    match key.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter_borrowed().map(|object| item(&object)).collect(),
        Err(_) => Ok(std::iter::once(item(key)?).collect()),
    }
}

/// Axes of the tensor an item uses up.
fn consumed(item: &Item) -> usize {
    match item {
        Item::Int(_) | Item::Slice(..) => 1,
        Item::NewAxis | Item::Ellipsis | Item::Flag(_) => 0,
        Item::Tensor(tensor) if matches!(tensor.dtype(), DType::Bool | DType::U8) => tensor.rank(),
        Item::Tensor(_) => 1,
    }
}

/// One position of the first axis of what is left; the message counts axes as PyTorch does.
fn select(tensor: &Tensor, axis: usize, index: i64) -> PyResult<Tensor> {
    if tensor.rank() == 0 {
        return Err(no_axes());
    }
    guard(|| views::select(tensor, axis as i64, index))
}

/// The view that the basic items make, and the tensors that pick elements of it, one per axis.
struct Parts {
    view: Tensor,
    picks: Vec<Option<Tensor>>,
    /// Whether the view is the tensor itself, nothing having changed.
    whole: bool,
}

fn split(tensor: &Tensor, items: &[Item]) -> PyResult<Parts> {
    let rank = tensor.rank();
    let used: usize = items.iter().map(consumed).sum();
    if used > rank {
        if rank == 0 {
            return Err(no_axes());
        }
        return Err(PyIndexError::new_err(format!("too many indices for tensor of dimension {rank}")));
    }
    let mut parts = Parts { view: tensor.clone(), picks: Vec::new(), whole: true };
    let mut axis = 0usize;
    let mut expanded = false;
    for item in items {
        match item {
            Item::Int(index) => {
                parts.view = select(&parts.view, axis, *index)?;
                parts.whole = false;
            }
            Item::Slice(None, None, 1) => axis += 1,
            Item::Slice(start, stop, step) => {
                parts.view = guard(|| views::slice(&parts.view, axis as i64, *start, *stop, *step))?;
                parts.whole = false;
                axis += 1;
            }
            Item::NewAxis => {
                parts.view = guard(|| views::unsqueeze(&parts.view, axis as i64))?;
                parts.whole = false;
                axis += 1;
            }
            Item::Ellipsis => {
                if !std::mem::replace(&mut expanded, true) {
                    axis += rank - used;
                }
            }
            Item::Flag(flag) => {
                // A mask without axes keeps or drops everything, along a new axis.
                parts.view = guard(|| views::unsqueeze(&parts.view, axis as i64))?;
                parts.whole = false;
                let kept: &[i64] = if *flag { &[0] } else { &[] };
                pick(&mut parts.picks, axis, guard(|| Tensor::from_slice(kept, &[kept.len()]))?);
                axis += 1;
            }
            Item::Tensor(index) => {
                let masks = matches!(index.dtype(), DType::Bool | DType::U8);
                if masks && index.rank() == 0 {
                    parts.view = guard(|| views::unsqueeze(&parts.view, axis as i64))?;
                    parts.whole = false;
                    let kept: &[i64] = if guard(|| index.item())?.to_bool() { &[0] } else { &[] };
                    pick(&mut parts.picks, axis, guard(|| Tensor::from_slice(kept, &[kept.len()]))?);
                    axis += 1;
                } else {
                    pick(&mut parts.picks, axis, index.clone());
                    axis += if masks { index.rank() } else { 1 };
                }
            }
        }
    }
    Ok(parts)
}

fn pick(picks: &mut Vec<Option<Tensor>>, axis: usize, index: Tensor) {
    if picks.len() <= axis {
        picks.resize(axis + 1, None);
    }
    picks[axis] = Some(index);
}

/// The elements that integer tensors and masks pick; see `ops` of the core.
fn get_picked(_view: &Tensor, _picks: &[Option<Tensor>]) -> arcgrad::Result<Tensor> {
    Err(Error::not_implemented("index", "indexing with tensors and lists"))
}

/// Writes to the elements that integer tensors and masks pick.
fn put_picked(_view: &Tensor, _picks: &[Option<Tensor>], _value: &Tensor) -> arcgrad::Result<()> {
    Err(Error::not_implemented("index_put_", "indexing with tensors and lists"))
}

/// A value to be written, as a tensor; numbers are checked against the dtype they go into.
fn value_of(target: &Tensor, object: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let dtype = target.dtype();
    if let Some(value) = tensor::from_py(object) {
        return Ok(value.clone());
    }
    if let Some(value) = number::scalar(object)? {
        return data::from_numbers(&[data::fitting(value, dtype)?], &[], dtype);
    }
    let sequence = object.cast::<PyList>().is_ok() || object.cast::<PyTuple>().is_ok() || number::is_array(object);
    if !sequence {
        let class = crate::conversion::class_name(dtype);
        return Err(PyTypeError::new_err(format!("can't assign a {} to a arcgrad.{class}", type_name(object))));
    }
    data::from_any(object, None, false)
}

/// Leading axes of size 1 that the target does not have are dropped, as PyTorch allows here.
fn without_leading_ones(value: &Tensor, rank: usize) -> PyResult<Tensor> {
    let shape = value.shape();
    let extra = shape.len().saturating_sub(rank);
    if extra == 0 || shape[..extra].iter().any(|&size| size != 1) {
        return Ok(value.clone());
    }
    guard(|| views::reshape_to(value, &shape[extra..]))
}

/// Elements from which on the GIL is released.
const LONG: usize = 64 * 1024;

#[pymethods]
impl PyTensor {
    fn __getitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let (py, this) = (slf.py(), slf.get().tensor());
        if let Some(index) = plain_int(key)? {
            return tensor::to_py(py, select(this, 0, index)?);
        }
        let items = items(key)?;
        if let [Item::Slice(start, stop, step)] = items[..] {
            if this.rank() == 0 {
                return Err(no_axes());
            }
            return tensor::to_py(py, guard(|| views::slice(this, 0, start, stop, step))?);
        }
        let parts = split(this, &items)?;
        if parts.picks.is_empty() {
            if !parts.whole {
                return tensor::to_py(py, parts.view);
            }
            // The same elements as a tensor of its own.
            return tensor::to_py(py, guard(|| views::alias(this))?);
        }
        let result = if this.numel() >= LONG {
            guard_detached(py, || get_picked(&parts.view, &parts.picks))?
        } else {
            guard(|| get_picked(&parts.view, &parts.picks))?
        };
        tensor::to_py(py, result)
    }

    fn __setitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get().tensor());
        let value = value_of(this, value)?;
        let items = items(key)?;
        let parts = split(this, &items)?;
        // What is written may lead back to the tensor through its graph.
        if value.requires_grad() {
            track(slf.as_any());
        }
        if parts.picks.is_empty() {
            let value = without_leading_ones(&value, parts.view.rank())?;
            return if this.numel() >= LONG {
                guard_detached(py, || copy::copy_(&parts.view, &value))
            } else {
                guard(|| copy::copy_(&parts.view, &value))
            };
        }
        if this.numel() >= LONG {
            guard_detached(py, || put_picked(&parts.view, &parts.picks, &value))
        } else {
            guard(|| put_picked(&parts.view, &parts.picks, &value))
        }
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err("Tensor does not support deleting items"))
    }
}
