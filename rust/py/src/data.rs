//! Tensors from Python data: numbers, nested lists, NumPy arrays, buffers.

use arcgrad::dtype::{Category, torch_name};
use arcgrad::shape::MAX_RANK;
use arcgrad::storage::{Device, Placed, Storage};
use arcgrad::{Array, DType, Scalar, Tensor, default_dtype};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyOverflowError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple};

use crate::error::guard;
use crate::number::{self, element_overflow, is_array, is_numpy_scalar};
use crate::storage::PyStorage;
use crate::tensor::{self, type_name};
use crate::{device, dtype, storage, warning};

// ---- nested sequences --------------------------------------------------------------------------------------------

/// The numbers of a nested sequence in row-major order, its shape, and the dtype that holds them all.
#[derive(Default)]
struct Elements {
    shape: Vec<usize>,
    numbers: Vec<Scalar>,
    dtype: Option<DType>,
    /// That of the tensor they go into, where it is given.
    wanted: Option<DType>,
}

/// A Python number as an element. One of more than 64 bits goes into what is not counted exactly.
#[inline]
fn number_of(object: &Bound<'_, PyAny>, wanted: Option<DType>) -> PyResult<Option<Scalar>> {
    match number::scalar(object) {
        Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => match wanted {
            Some(DType::Bool) => Ok(Some(Scalar::Bool(true))),
            Some(dtype) if dtype.is_differentiable() => Ok(Some(Scalar::Float(object.extract()?))),
            _ => Err(element_overflow(error, object.py())),
        },
        number => number,
    }
}

/// The number an object stands for as an element of a tensor of the `wanted` dtype, with the dtype it brings along.
#[inline]
fn element(object: &Bound<'_, PyAny>, wanted: Option<DType>) -> PyResult<Option<(Scalar, DType)>> {
    // SAFETY: a live object and the GIL; type checks have no other conditions.
    let exact = unsafe {
        let pointer = object.as_ptr();
        ffi::PyFloat_CheckExact(pointer) != 0 || ffi::PyLong_CheckExact(pointer) != 0 || ffi::PyBool_Check(pointer) != 0
    };
    if exact {
        return Ok(number_of(object, wanted)?.map(|number| (number, number.dtype())));
    }
    if let Some(tensor) = tensor::from_py(object) {
        return match tensor.numel() {
            1 => Ok(Some((guard(|| tensor.item())?, tensor.dtype()))),
            _ => Err(PyValueError::new_err(
                "only one element tensors can be converted to Python scalars; use stack() to join tensors",
            )),
        };
    }
    if is_numpy_scalar(object) {
        let own = numpy_dtype(&object.getattr("dtype")?)?;
        return Ok(number::scalar(object)?.map(|number| (number, own)));
    }
    if is_array_without_axes(object)? {
        let own = numpy_dtype(&object.getattr("dtype")?)?;
        return Ok(number::scalar(&object.call_method0("item")?)?.map(|number| (number, own)));
    }
    Ok(number_of(object, wanted)?.map(|number| (number, number.dtype())))
}

/// A NumPy array of one element and no axis counts as a number.
fn is_array_without_axes(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(is_array(object) && object.getattr("ndim")?.extract::<usize>()? == 0)
}

/// Whether an object counts as a list of elements or lists.
fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object and the GIL.
    unsafe {
        let pointer = object.as_ptr();
        ffi::PyList_Check(pointer) != 0 || ffi::PyTuple_Check(pointer) != 0 || ffi::PySequence_Check(pointer) != 0
    }
}

/// What cannot be an element.
#[cold]
fn no_element(object: &Bound<'_, PyAny>, depth: usize) -> PyErr {
    let name = type_name(object);
    if object.cast::<PyString>().is_ok() || object.cast::<PyBytes>().is_ok() {
        return if depth == 0 {
            PyTypeError::new_err(format!("new(): invalid data type '{name}'"))
        } else {
            PyValueError::new_err(format!("too many dimensions '{name}'"))
        };
    }
    PyRuntimeError::new_err(format!("Could not infer dtype of {name}"))
}

impl Elements {
    /// Reads `object`, whose depth decides the axis it fills. Recursion is bounded by the number of axes a tensor can
    /// have.
    fn read(&mut self, object: &Bound<'_, PyAny>, depth: usize, first: bool) -> PyResult<()> {
        if depth == self.shape.len() && !first {
            return match element(object, self.wanted)? {
                Some((number, own)) => {
                    self.push(number, own);
                    Ok(())
                }
                None if is_sequence(object) && object.cast::<PyString>().is_err() => {
                    Err(PyTypeError::new_err(format!(
                        "'{}' object cannot be interpreted as a number: the sequence is nested more deeply here than \
                     before, at dim {depth}",
                        type_name(object)
                    )))
                }
                None => Err(no_element(object, 0)),
            };
        }
        let text = object.cast::<PyString>().is_ok() || object.cast::<PyBytes>().is_ok();
        let is_list = object.cast::<PyList>().is_ok() || object.cast::<PyTuple>().is_ok();
        let nested = is_list
            || (!text
                && is_sequence(object)
                && tensor::from_py(object).is_none()
                && !is_numpy_scalar(object)
                && !is_array_without_axes(object)?);
        if !nested {
            if first {
                // The first way down decides how many axes there are.
                let Some((number, own)) = element(object, self.wanted)? else { return Err(no_element(object, depth)) };
                self.push(number, own);
                return Ok(());
            }
            return Err(match element(object, self.wanted) {
                Ok(Some(_)) => PyTypeError::new_err(format!(
                    "expected sequence of length {} at dim {depth} (got a number): not a sequence",
                    self.shape[depth]
                )),
                Ok(None) => no_element(object, depth),
                Err(error) => error,
            });
        }
        if depth >= MAX_RANK {
            return Err(PyValueError::new_err(format!("too many dimensions '{}'", type_name(object))));
        }
        let length = object.len()?;
        if first && depth == self.shape.len() {
            self.shape.push(length);
        } else if self.shape[depth] != length {
            return Err(PyValueError::new_err(format!(
                "expected sequence of length {} at dim {depth} (got {length})",
                self.shape[depth]
            )));
        }
        let mut read_item =
            |position: usize, item: &Bound<'_, PyAny>| self.read(item, depth + 1, first && position == 0);
        if let Ok(list) = object.cast::<PyList>() {
            // The list may change while its items run code: its length is looked at each time.
            for position in 0..length {
                read_item(position, &list.get_item(position)?)?;
            }
        } else if let Ok(tuple) = object.cast::<PyTuple>() {
            for (position, item) in tuple.iter_borrowed().enumerate() {
                read_item(position, &item)?;
            }
        } else {
            for position in 0..length {
                read_item(position, &object.get_item(position)?)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn push(&mut self, number: Scalar, own: DType) {
        self.dtype = Some(match self.dtype {
            Some(dtype) if dtype == own => dtype,
            Some(dtype) => dtype.promote(own),
            None => own,
        });
        self.numbers.push(number);
    }

    /// A tensor of the elements.
    fn into_tensor(self) -> PyResult<Tensor> {
        let dtype = self.wanted.or(self.dtype).unwrap_or_else(default_dtype);
        let of_complex = self.numbers.iter().any(|number| number.category() == Category::Complex);
        if of_complex && !dtype.is_complex() && dtype != DType::Bool {
            return Err(PyTypeError::new_err(if dtype.is_float() {
                "must be real number, not complex"
            } else {
                "'complex' object cannot be interpreted as an integer"
            }));
        }
        if let Some(number) = self.numbers.iter().find(|number| !holds(**number, dtype)) {
            return Err(overflow(*number, dtype));
        }
        guard(|| {
            let array = Array::uninit("tensor", &self.shape, dtype)?;
            // SAFETY: fresh memory of as many elements as there are numbers: every list had its axis' length.
            unsafe { write(array.ptr(), dtype, &self.numbers) };
            Ok(Tensor::from_array(array))
        })
    }
}

/// Writes numbers side by side.
///
/// # Safety
/// `to` is writable for as many elements of `dtype` and aligned for them.
unsafe fn write(to: *mut u8, dtype: DType, numbers: &[Scalar]) {
    for (position, number) in numbers.iter().enumerate() {
        let bytes = number.to_bytes(dtype);
        // SAFETY: as the caller promises; `bytes` holds one element of the dtype at its start.
        unsafe { to.add(position * dtype.size()).copy_from_nonoverlapping(bytes.as_ptr(), dtype.size()) };
    }
}

/// Whether a number can be stored without overflow. Among floating-point types it becomes infinite, as in PyTorch.
fn holds(number: Scalar, dtype: DType) -> bool {
    match number {
        // Of anything it can be said whether it is 0.
        _ if dtype == DType::Bool => true,
        Scalar::Complex(..) if dtype.category() < Category::Complex => number.is_storable(dtype),
        _ => dtype.is_differentiable() || number.is_storable(dtype),
    }
}

/// A number that does not fit.
#[cold]
pub fn overflow(number: Scalar, dtype: DType) -> PyErr {
    let value = match number {
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Float(value) => value.to_string(),
        complex => complex.to_string(),
    };
    PyRuntimeError::new_err(format!("value {value} cannot be converted to type {} without overflow", dtype.name()))
}

// ---- NumPy arrays and buffers ------------------------------------------------------------------------------------

const SUPPORTED: &str = "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint8, and bool";

/// The dtype of a NumPy dtype object.
pub fn numpy_dtype(descr: &Bound<'_, PyAny>) -> PyResult<DType> {
    let kind: char = descr.getattr("kind")?.extract()?;
    let size: usize = descr.getattr("itemsize")?.extract()?;
    from_kind(kind, size).ok_or_else(|| {
        let name = descr.getattr("type").and_then(|class| class.getattr("__name__")).map(|name| name.to_string());
        PyTypeError::new_err(format!(
            "can't convert np.ndarray of type numpy.{}. The only supported types are: {SUPPORTED}.",
            name.unwrap_or_default()
        ))
    })
}

fn from_kind(kind: char, size: usize) -> Option<DType> {
    Some(match (kind, size) {
        ('b', 1) => DType::Bool,
        ('u', 1) => DType::U8,
        ('i', 1) => DType::I8,
        ('i', 2) => DType::I16,
        ('i', 4) => DType::I32,
        ('i', 8) => DType::I64,
        ('f', 2) => DType::F16,
        ('f', 4) => DType::F32,
        ('f', 8) => DType::F64,
        ('c', 8) => DType::C64,
        ('c', 16) => DType::C128,
        _ => return None,
    })
}

/// The dtype of a NumPy array, if this machine's byte order.
fn array_dtype(array: &Bound<'_, PyAny>) -> PyResult<DType> {
    let descr = array.getattr("dtype")?;
    let found = numpy_dtype(&descr)?;
    if !descr.getattr("isnative")?.is_truthy()? {
        return Err(PyValueError::new_err(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is \
             currently not supported where memory is shared. Use tensor(), which copies.",
        ));
    }
    Ok(found)
}

/// The step along an axis in elements. Where it reaches no memory NumPy may state anything: its size will do.
fn step(stride: isize, size: usize, reached: bool) -> PyResult<isize> {
    let size = size as isize;
    if stride < 0 && reached {
        return Err(PyValueError::new_err(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not \
             currently supported. Use tensor(), which copies, or array.copy().",
        ));
    }
    if stride % size != 0 && reached {
        return Err(PyValueError::new_err(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate \
             the memory.",
        ));
    }
    Ok((stride / size).abs())
}

/// A tensor over the memory of a NumPy array.
pub fn from_array(array: &Bound<'_, PyAny>, op: &'static str) -> PyResult<Tensor> {
    let found = array_dtype(array)?;
    // A buffer without axes has no shape to ask for: it is lent as a vector of one element.
    let scalar = array.getattr("ndim")?.extract::<usize>()? == 0;
    let lent = if scalar { array.call_method1("reshape", (1,))? } else { array.clone() };
    let buffer = PyUntypedBuffer::get(&lent)?;
    let size = found.size();
    let shape: Vec<usize> = buffer.shape().to_vec();
    let empty = shape.contains(&0);
    // Along axes of one element a buffer states what suits it. NumPy's own strides are the array's; they may be
    // believed where no memory is reached by them.
    let own: Vec<isize> = lent.getattr("strides")?.extract()?;
    let stated = shape.iter().zip(buffer.strides()).zip(&own);
    let strides = stated
        .map(|((&length, &lent), &own)| step(if length > 1 { lent } else { own }, size, length > 1 && !empty))
        .collect::<PyResult<Vec<isize>>>()?;
    let last: isize =
        if empty { -1 } else { shape.iter().zip(&strides).map(|(&size, &stride)| (size as isize - 1) * stride).sum() };
    let bytes = (last + 1) as usize * size;
    let (shape, strides) = if scalar { (Vec::new(), Vec::new()) } else { (shape, strides) };
    guard(|| {
        let (pointer, writable) = (buffer.buf_ptr().cast::<u8>(), !buffer.readonly());
        // SAFETY: the buffer lends `bytes` bytes from its start, which the strides reach and no more, until dropped.
        let storage = unsafe { Storage::foreign(pointer, bytes, writable, Box::new(buffer)) };
        Ok(Tensor::from_array(Array::from_parts(op, storage, found, &shape, &strides, 0)?))
    })
}

/// A tensor over memory that may only be read refuses to be written to, which is late: the program is told here.
fn warn_of_read_only(array: &Bound<'_, PyAny>) -> PyResult<()> {
    if array.getattr("flags")?.getattr("writeable")?.is_truthy()? {
        return Ok(());
    }
    warning::warn(
        array.py(),
        "The given NumPy array is not writable, and PyTorch does not support non-writable tensors: writing to this tensor is an \
         error. You may want to copy the array to protect its data or make it writable before converting it to a tensor.",
    )
}

/// The array itself, or a copy where its elements do not lie as their dtype wants.
fn aligned<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if array.getattr("flags")?.getattr("aligned")?.is_truthy()? {
        Ok(array.clone())
    } else {
        array.call_method0("copy")
    }
}

/// The array itself, or a copy where no tensor could lie over its memory: reversed, in the other byte order, with steps
/// that are no whole number of elements. For what copies or only reads.
pub fn readable<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let array = aligned(array)?;
    let descr = array.getattr("dtype")?;
    if !descr.getattr("isnative")?.is_truthy()? {
        return array.call_method1("astype", (descr.call_method1("newbyteorder", ("=",))?, "C"));
    }
    let size: isize = descr.getattr("itemsize")?.extract()?;
    let strides: Vec<isize> = array.getattr("strides")?.extract()?;
    if strides.iter().all(|&stride| stride >= 0 && (size == 0 || stride % size == 0)) {
        return Ok(array);
    }
    array.call_method0("copy")
}

/// [`from_array`] for `from_any`: whether the memory has to be the array's own decides what is refused.
fn lent_or_copied(array: &Bound<'_, PyAny>, wanted: Option<DType>, copy: bool) -> PyResult<Tensor> {
    let own = numpy_dtype(&array.getattr("dtype")?)?;
    let copies = copy || wanted.is_some_and(|wanted| wanted != own);
    if !copies {
        warn_of_read_only(array)?;
    }
    from_array(&if copies { readable(array)? } else { aligned(array)? }, "tensor")
}

// ---- tensor() and its relatives ------------------------------------------------------------------------------------

/// A tensor with the data of any Python object. With `copy` it has memory of its own; without, it shares the memory of
/// tensors and arrays that have the wanted dtype already.
pub fn from_any(data: &Bound<'_, PyAny>, wanted: Option<DType>, copy: bool) -> PyResult<Tensor> {
    if let Some(given) = tensor::from_py(data) {
        return converted(given.clone(), wanted, copy);
    }
    if is_array(data) {
        return converted(lent_or_copied(data, wanted, copy)?, wanted, copy);
    }
    // An object that offers its own array (a data frame's column, an image).
    if data.cast::<PyList>().is_err()
        && data.cast::<PyTuple>().is_err()
        && !is_numpy_scalar(data)
        && data.hasattr("__array__")?
    {
        let array = data.call_method0("__array__")?;
        if is_array(&array) {
            return converted(lent_or_copied(&array, wanted, copy)?, wanted, copy);
        }
    }
    // The common kinds are not asked whether they are storages.
    let is_common = data.is_instance_of::<PyList>()
        || data.is_instance_of::<PyTuple>()
        || data.is_instance_of::<PyFloat>()
        || data.is_instance_of::<PyInt>();
    if !is_common && let Some(over) = storage::shown(data, wanted)? {
        return Ok(over);
    }
    if !is_common && !is_numpy_scalar(data) && data.hasattr("__dlpack__")? {
        let lent = data.py().import("arcgrad.utils.dlpack")?.call_method1("from_dlpack", (data,))?;
        if let Some(lent) = tensor::from_py(&lent) {
            return converted(lent.clone(), wanted, copy);
        }
    }
    let mut elements = Elements { wanted, ..Elements::default() };
    elements.read(data, 0, true)?;
    elements.into_tensor()
}

/// The wanted dtype, and memory of its own if asked for.
fn converted(source: Tensor, wanted: Option<DType>, copy: bool) -> PyResult<Tensor> {
    guard(|| {
        if !copy {
            return match wanted {
                Some(dtype) if dtype != source.dtype() => arcgrad::ops::writing::copy::to_dtype(&source, dtype),
                _ => Ok(source),
            };
        }
        let array = source.array();
        let dtype = wanted.unwrap_or(array.dtype());
        let copied = if dtype == array.dtype() { array.duplicate("tensor")? } else { array.cast("tensor", dtype)? };
        Ok(Tensor::from_array(copied))
    })
}

pub fn check_pinned(pin_memory: bool) -> PyResult<()> {
    if pin_memory {
        return Err(PyRuntimeError::new_err(
            "pin_memory=True needs an accelerator, and arcgrad computes on the CPU only",
        ));
    }
    Ok(())
}

fn wanted_dtype(object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<DType>> {
    object.map_or(Ok(None), dtype::from_py_or_type)
}

/// The data of any Python object as [`from_any`] has it, on a device.
pub fn from_any_on(device: Device, data: &Bound<'_, PyAny>, wanted: Option<DType>, copy: bool) -> PyResult<Tensor> {
    let made = {
        let _place = Placed::on(Device::Cpu);
        from_any(data, wanted, copy)?
    };
    guard(|| arcgrad::ops::writing::copy::to_device(&made, device))
}

/// The device that is given, else that of a tensor that is given as data, else that of new tensors.
fn device_of(given: Option<&Bound<'_, PyAny>>, data: &Bound<'_, PyAny>) -> PyResult<Device> {
    Ok(match given.map_or(Ok(None), device::read)? {
        Some(device) => device,
        None => tensor::from_py(data).map_or_else(device::default, Tensor::device),
    })
}

pub fn finish(py: Python<'_>, result: Tensor, requires_grad: bool) -> PyResult<Py<PyAny>> {
    if requires_grad {
        guard(|| result.set_requires_grad(true))?;
    }
    tensor::to_py(py, result)
}

/// A tensor copied this way loses its graph without a word.
pub fn warn_of_copy(data: &Bound<'_, PyAny>, function: &str) -> PyResult<()> {
    if tensor::from_py(data).is_none() {
        return Ok(());
    }
    let text = format!(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or \
         sourceTensor.detach().clone().requires_grad_(True), rather than {function}(sourceTensor)."
    );
    warning::warn(data.py(), &text)
}

/// A tensor with a copy of `data`: a number, nested lists or tuples of numbers, a NumPy array, another tensor.
#[pyfunction(name = "tensor")]
#[pyo3(signature = (data, *, dtype=None, device=None, requires_grad=false, pin_memory=false))]
fn new_tensor(
    data: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    device: Option<&Bound<'_, PyAny>>,
    requires_grad: bool,
    pin_memory: bool,
) -> PyResult<Py<PyAny>> {
    let py = data.py();
    if let Some(kept) = dtype::kept_of("tensor", data, dtype, &[])? {
        return Ok(kept.unbind());
    }
    let device = device_of(device, data)?;
    check_pinned(pin_memory)?;
    let wanted = wanted_dtype(dtype)?;
    warn_of_copy(data, "tensor")?;
    let made = from_any_on(device, data, wanted, true).and_then(|tensor| finish(py, tensor, requires_grad));
    or_kept(made, data, dtype, true)
}

/// `data` as a tensor; shares the memory of tensors and NumPy arrays where the dtype allows it.
#[pyfunction]
#[pyo3(signature = (data, dtype=None, device=None))]
fn as_tensor(
    data: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    if let Some(kept) = dtype::kept_of("as_tensor", data, dtype, &[])? {
        return Ok(kept.unbind());
    }
    // Where a block of the program has another default, what is there already goes there, too.
    let device = device::or_default(device)?;
    let made =
        from_any_on(device, data, wanted_dtype(dtype)?, false).and_then(|tensor| tensor::to_py(data.py(), tensor));
    or_kept(made, data, dtype, false)
}

/// The dtype of a tensor or a NumPy array.
fn own_dtype(object: &Bound<'_, PyAny>) -> PyResult<DType> {
    match tensor::from_py(object) {
        Some(given) => Ok(given.dtype()),
        None => numpy_dtype(&object.getattr("dtype")?),
    }
}

/// `obj` as a tensor: shares the memory of tensors, NumPy arrays and, as a vector, of buffers, unless `copy=True`; `copy=False` refuses to copy.
#[pyfunction]
#[pyo3(signature = (obj, *, dtype=None, device=None, copy=None, requires_grad=None))]
fn asarray(
    obj: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    device: Option<&Bound<'_, PyAny>>,
    copy: Option<bool>,
    requires_grad: Option<bool>,
) -> PyResult<Py<PyAny>> {
    let py = obj.py();
    let lent = match obj.cast::<PyCapsule>() {
        Ok(capsule) => Some(py.import("arcgrad.utils.dlpack")?.call_method1("from_dlpack", (capsule,))?),
        Err(_) => None,
    };
    let obj = lent.as_ref().unwrap_or(obj);
    let device = device_of(device, obj)?;
    let wanted = wanted_dtype(dtype)?;
    let result = if let Ok(memory) = obj.cast::<PyStorage>() {
        // Unlike the bytes of another object, there may be none.
        let dtype = wanted.unwrap_or(DType::U8);
        let memory = memory.get().storage().clone();
        let count = memory.bytes() / dtype.size();
        let all = guard(|| Ok(Tensor::from_array(Array::from_parts("asarray", memory, dtype, &[count], &[1], 0)?)))?;
        if copy == Some(true) { converted(all, None, true)? } else { all }
    } else if lends_buffer(obj) {
        let dtype = wanted.map_or_else(|| buffer_dtype(obj), Ok)?;
        let bytes = share_buffer(obj, dtype, -1, 0, "asarray")?;
        if copy == Some(true) { converted(bytes, None, true)? } else { bytes }
    } else {
        let shares = tensor::from_py(obj).is_some() || is_array(obj);
        // A copy of a tensor is part of the graph, which `from_any` does not know.
        let result = match tensor::from_py(obj) {
            Some(given) if copy == Some(true) => guard(|| given.copied()?.to_dtype(wanted.unwrap_or(given.dtype())))?,
            _ => from_any(obj, wanted, copy == Some(true))?,
        };
        let cast = shares && own_dtype(obj)? != result.dtype();
        if copy == Some(false) && (!shares || cast) {
            if is_numpy_scalar(obj) {
                return Err(PyRuntimeError::new_err(
                    "can't alias NumPy scalars. Either remove copy=False or transform it in a ndarray.",
                ));
            }
            return Err(PyValueError::new_err(match wanted {
                Some(wanted) if shares => format!(
                    "can't alias tensor with dtype '{}' into dtype '{}'.",
                    torch_name(own_dtype(obj)?),
                    torch_name(wanted)
                ),
                _ => format!("can't alias arbitrary sequence into a tensor. (got {})", type_name(obj)),
            }));
        }
        result
    };
    let result = guard(|| arcgrad::ops::writing::copy::to_device(&result, device))?;
    match (requires_grad, result.requires_grad()) {
        (Some(false), true) => tensor::to_py(py, result.detach()),
        (Some(true), false) => finish(py, result, true),
        _ => tensor::to_py(py, result),
    }
}

/// What was made of some data; where that failed because the core has no such elements, what the package keeps them in
/// (`arcgrad._kept`): arrays of unsigned integers of more than a byte.
fn or_kept(
    made: PyResult<Py<PyAny>>,
    data: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    copy: bool,
) -> PyResult<Py<PyAny>> {
    let error = match made {
        Err(error) if is_array(data) => error,
        made => return made,
    };
    let descr = data.getattr("dtype")?;
    let (kind, size): (char, usize) = (descr.getattr("kind")?.extract()?, descr.getattr("itemsize")?.extract()?);
    if kind != 'u' || size == 1 || !descr.getattr("isnative")?.is_truthy()? {
        return Err(error);
    }
    let py = data.py();
    Ok(py.import(intern!(py, "arcgrad._kept"))?.call_method1(intern!(py, "of_array"), (data, dtype, copy))?.unbind())
}

/// A tensor over the memory of a NumPy array: changes of one are seen in the other.
#[pyfunction]
fn from_numpy(array: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    if !is_array(array) {
        return Err(PyTypeError::new_err(format!("expected np.ndarray (got {})", type_name(array))));
    }
    warn_of_read_only(array)?;
    or_kept(from_array(array, "from_numpy").and_then(|tensor| tensor::to_py(array.py(), tensor)), array, None, false)
}

/// Whether the object lends its memory, and is nothing that knows its elements better.
fn lends_buffer(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object and the GIL.
    let lends = unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) } != 0;
    lends && tensor::from_py(object).is_none() && !is_array(object) && !is_numpy_scalar(object)
}

/// The bytes that an object with the buffer protocol lends.
fn buffer_of(object: &Bound<'_, PyAny>) -> PyResult<PyUntypedBuffer> {
    PyUntypedBuffer::get(object).or_else(|error| {
        // One without axes has no shape to ask for: its bytes have.
        let view = PyMemoryView::from(object).map_err(|_| {
            let given = type_name(object);
            PyValueError::new_err(format!("object does not implement Python buffer protocol. (got {given})"))
        })?;
        if view.getattr("ndim")?.extract::<usize>()? > 0 {
            return Err(error);
        }
        PyUntypedBuffer::get(&view.call_method1("cast", ("B",))?)
    })
}

/// The dtype of a buffer's elements: their format is a letter of the module `struct`.
fn buffer_dtype(object: &Bound<'_, PyAny>) -> PyResult<DType> {
    let view = PyMemoryView::from(object)?;
    let format: String = view.getattr("format")?.extract()?;
    let size: usize = view.getattr("itemsize")?.extract()?;
    let letter = format.trim_start_matches(['@', '=', if cfg!(target_endian = "little") { '<' } else { '>' }]);
    let integer = |signed: [DType; 4]| signed.into_iter().find(|dtype| dtype.size() == size);
    let found = match letter {
        "?" => Some(DType::Bool),
        "B" | "c" => Some(DType::U8),
        "b" | "h" | "i" | "l" | "q" | "n" => integer([DType::I8, DType::I16, DType::I32, DType::I64]),
        "e" => Some(DType::F16),
        "f" => Some(DType::F32),
        "d" => Some(DType::F64),
        _ => None,
    };
    found.ok_or_else(|| {
        PyValueError::new_err(format!("asarray(): a buffer of format '{format}' has elements of no dtype; give dtype="))
    })
}

/// A vector over the memory of an object with the buffer protocol.
fn share_buffer(
    object: &Bound<'_, PyAny>,
    dtype: DType,
    count: i64,
    offset: i64,
    op: &'static str,
) -> PyResult<Tensor> {
    let buffer = buffer_of(object)?;
    if !buffer.is_c_contiguous() {
        return Err(PyValueError::new_err("frombuffer(): the buffer is not contiguous"));
    }
    let (length, size) = (buffer.len_bytes() as i64, dtype.size() as i64);
    if length == 0 || count == 0 {
        return Err(PyValueError::new_err(format!("both buffer length ({length}) and count ({count}) must not be 0")));
    }
    if offset < 0 || offset >= length {
        return Err(PyValueError::new_err(format!(
            "offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) - 1"
        )));
    }
    let room = length - offset;
    if count < 0 && room % size != 0 {
        return Err(PyValueError::new_err(format!(
            "buffer length ({room} bytes) after offset ({offset} bytes) must be a multiple of element size ({size})"
        )));
    }
    let numel = if count < 0 { room / size } else { count };
    if numel.checked_mul(size).is_none_or(|bytes| bytes > room) {
        return Err(PyValueError::new_err(format!(
            "requested buffer length ({numel} * {size} bytes) after offset ({offset} bytes) must not be greater than \
             actual buffer length ({length} bytes)"
        )));
    }
    if buffer.readonly() {
        warning::warn(
            object.py(),
            "The given buffer is not writable, and PyTorch does not support non-writable tensors: writing to this tensor is an \
             error. You may want to copy the buffer to protect its data or make it writable before converting it to a tensor.",
        )?;
    }
    guard(|| {
        let start = buffer.buf_ptr().cast::<u8>().wrapping_add(offset as usize);
        let writable = !buffer.readonly();
        // SAFETY: the buffer lends its bytes until dropped, and the part taken lies within it.
        let storage = unsafe { Storage::foreign(start, (numel * size) as usize, writable, Box::new(buffer)) };
        Ok(Tensor::from_array(Array::from_parts(op, storage, dtype, &[numel as usize], &[1], 0)?))
    })
}

/// A vector over the memory of an object with the buffer protocol: `count` elements (all by default) from byte
/// `offset` on.
#[pyfunction]
#[pyo3(signature = (buffer, *, dtype, count=-1, offset=0, requires_grad=false))]
fn frombuffer(
    buffer: &Bound<'_, PyAny>,
    dtype: &Bound<'_, PyAny>,
    count: i64,
    offset: i64,
    requires_grad: bool,
) -> PyResult<Py<PyAny>> {
    if let Some(kept) = dtype::kept_of("frombuffer", buffer, Some(dtype), &[("count", count), ("offset", offset)])? {
        return Ok(kept.unbind());
    }
    let wanted = wanted_dtype(Some(dtype))?.unwrap_or_else(default_dtype);
    finish(buffer.py(), share_buffer(buffer, wanted, count, offset, "frombuffer")?, requires_grad)
}

/// A tensor without axes that holds a number.
#[pyfunction]
#[pyo3(signature = (s, *, dtype=None, device=None, requires_grad=false))]
fn scalar_tensor(
    s: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    device: Option<&Bound<'_, PyAny>>,
    requires_grad: bool,
) -> PyResult<Py<PyAny>> {
    let device = device::or_default(device)?;
    let Some(number) = number::scalar_or_tensor(s)? else {
        return Err(PyTypeError::new_err(format!(
            "scalar_tensor(): argument 's' (position 1) must be Number, not {}",
            type_name(s)
        )));
    };
    let wanted = wanted_dtype(dtype)?.unwrap_or_else(default_dtype);
    if !holds(number, wanted) {
        return Err(overflow(number, wanted));
    }
    let _place = Placed::on(device);
    finish(s.py(), guard(|| Tensor::scalar(number, wanted))?, requires_grad)
}

/// The number to write into elements of a dtype, or an error that it does not fit.
pub fn fitting(number: Scalar, dtype: DType) -> PyResult<Scalar> {
    if holds(number, dtype) { Ok(number) } else { Err(overflow(number, dtype)) }
}

/// Adds the functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(new_tensor, module)?)?;
    module.add_function(wrap_pyfunction!(as_tensor, module)?)?;
    module.add_function(wrap_pyfunction!(asarray, module)?)?;
    module.add_function(wrap_pyfunction!(from_numpy, module)?)?;
    module.add_function(wrap_pyfunction!(frombuffer, module)?)?;
    module.add_function(wrap_pyfunction!(scalar_tensor, module)?)
}

/// A tensor of numbers that are known to fit.
pub fn from_numbers(numbers: &[Scalar], shape: &[usize], dtype: DType) -> PyResult<Tensor> {
    guard(|| {
        let array = Array::uninit("tensor", shape, dtype)?;
        assert_eq!(array.numel(), numbers.len(), "one number per element");
        // SAFETY: fresh memory of as many elements as there are numbers.
        unsafe { write(array.ptr(), dtype, numbers) };
        Ok(Tensor::from_array(array))
    })
}
