//! `UntypedStorage`: the memory block behind tensors.

use std::ffi::c_int;
use std::ptr::NonNull;

use arcgrad::storage::{Placed, Storage};
use arcgrad::{Array, DType, Tensor, shape};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyNotImplementedError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PySlice, PyTuple};

use crate::device::{self, PyDevice};
use crate::error::guard;
use crate::number;
use crate::tensor::{self, type_name};

/// The memory block that tensors are views of.
#[pyclass(frozen, subclass, dict, weakref, name = "UntypedStorage", module = "arcgrad")]
pub struct PyStorage(Storage);

impl PyStorage {
    /// The object of a block.
    pub fn new(storage: Storage) -> Self {
        Self(storage)
    }

    /// The block of an array.
    fn of(array: Array) -> Self {
        Self(array.storage().clone())
    }

    /// The block.
    pub fn storage(&self) -> &Storage {
        &self.0
    }
}

#[pymethods]
impl PyStorage {
    /// Zeros of so many bytes (none by default), the bytes of a sequence, or the block of another storage.
    #[new]
    #[pyo3(signature = (*args, device=None))]
    fn made(args: &Bound<'_, PyTuple>, device: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        const OP: &str = "UntypedStorage";
        let _place = Placed::on(device::or_default(device)?);
        let given = match args.len() {
            0 => None,
            1 => Some(args.get_item(0)?),
            _ => return Err(PyTypeError::new_err("UntypedStorage() takes a size, a sequence of bytes or a storage")),
        };
        let Some(given) = given else { return guard(|| Array::zeros(OP, &[0], DType::U8)).map(Self::of) };
        if let Ok(storage) = given.cast::<Self>() {
            return Ok(Self(storage.get().0.clone()));
        }
        if let Some(size) = number::int(&given)? {
            let size = usize::try_from(size).map_err(|_| {
                PyRuntimeError::new_err(format!("UntypedStorage(): the size must be non-negative, got {size}"))
            })?;
            return guard(|| Array::zeros(OP, &[size], DType::U8)).map(Self::of);
        }
        let bytes: Vec<u8> = given.extract().map_err(|_| {
            let given = type_name(&given);
            PyTypeError::new_err(format!(
                "UntypedStorage(): expected a size, a sequence of bytes or a storage, got {given}"
            ))
        })?;
        guard(|| Array::from_slice(&bytes, &[bytes.len()])).map(Self::of)
    }

    /// The address of the first byte.
    fn data_ptr(&self) -> usize {
        if self.0.bytes() == 0 || !self.0.has_memory() { 0 } else { self.0.ptr() as usize }
    }

    /// Size in bytes.
    fn nbytes(&self) -> usize {
        self.0.bytes()
    }

    /// Size in bytes.
    fn size(&self) -> usize {
        self.0.bytes()
    }

    /// The size of the object together with that of the memory, for `sys.getsizeof`.
    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let own: usize = slf.py().get_type::<PyAny>().call_method1("__sizeof__", (slf,))?.extract()?;
        Ok(own + slf.get().0.bytes())
    }

    fn __len__(&self) -> usize {
        self.0.bytes()
    }

    /// The same block, whichever object shows it.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0.same_memory(&self.0))
    }

    fn __hash__(&self) -> isize {
        self.0.identity() as isize
    }

    /// A byte, or part of the block as a block of its own, over the same memory.
    fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if self.0.is_meta() {
            return Err(PyNotImplementedError::new_err(
                "Not available for 'meta' device type: a storage without bytes",
            ));
        }
        let Ok(slice) = index.cast::<PySlice>() else {
            let bytes = self.0.bytes();
            let array = guard(|| Array::from_parts("storage", self.0.clone(), DType::U8, &[bytes], &[1], 0))?;
            let byte = tensor::to_py(py, Tensor::from_array(array))?.call_method1(py, "__getitem__", (index,))?;
            return byte.call_method0(py, "item");
        };
        let part = slice.indices(self.0.bytes() as isize)?;
        if part.step != 1 {
            return Err(PyRuntimeError::new_err(format!(
                "Trying to slice with a step of {}, but only a step of 1 is supported",
                part.step
            )));
        }
        let start = self.0.ptr().wrapping_add(part.start as usize);
        // SAFETY: the part lies within the block, which is kept.
        let part = unsafe { Storage::foreign(start, part.slicelength, self.0.is_writable(), Box::new(self.0.clone())) };
        Ok(Py::new(py, Self(part))?.into_any())
    }

    /// The bytes for `memoryview`, `bytes`, NumPy and `asarray`.
    ///
    /// # Safety
    /// Python calls it with a view to fill.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("there is no view to fill"));
        }
        let storage = &slf.get().0;
        let readonly = c_int::from(!storage.is_writable());
        let (start, bytes) = (storage.ptr().cast(), storage.bytes() as isize);
        // SAFETY: a view to fill, and memory that the object, which the view keeps, keeps in turn.
        match unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), start, bytes, readonly, flags) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(slf.py())),
        }
    }

    /// Bytes per element: one.
    fn element_size(&self) -> usize {
        1
    }

    /// Where it lies: the CPU, or `meta` if there is no memory.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<PyDevice>> {
        device::to_py(py, self.0.device())
    }

    /// A number that identifies the block.
    #[getter]
    fn _cdata(&self) -> usize {
        self.0.identity()
    }

    /// Whether it has been moved into memory that other processes may see.
    fn is_shared(&self) -> bool {
        self.0.is_moved()
    }

    /// Moves the bytes into a writable buffer, for all tensors that show them; with `copy` what is here is copied there.
    fn _move_to(&self, buffer: &Bound<'_, PyAny>, copy: bool) -> PyResult<()> {
        let buffer = PyBuffer::<u8>::get(buffer)?;
        if buffer.readonly() || !buffer.is_c_contiguous() || buffer.len_bytes() < self.0.bytes() {
            return Err(PyTypeError::new_err(
                "_move_to(): the buffer must be writable, contiguous and as long as the memory",
            ));
        }
        let Some(start) = NonNull::new(buffer.buf_ptr().cast::<u8>()) else {
            return Err(PyTypeError::new_err("_move_to(): the buffer has no memory"));
        };
        // SAFETY: the buffer lends as many bytes until it is dropped, for reads and writes.
        guard(|| unsafe { self.0.move_to("share_memory_", start, copy, Box::new(buffer)) })
    }

    fn __repr__(&self) -> String {
        format!("[arcgrad.UntypedStorage(device={}) of size {}]", self.0.device().name(), self.0.bytes())
    }
}

/// The array that `Tensor.set_` is asked to show.
pub fn array_over(
    this: &Tensor,
    source: Option<&Bound<'_, PyAny>>,
    offset: usize,
    size: Option<Vec<usize>>,
    stride: Option<Vec<isize>>,
) -> PyResult<Array> {
    let dtype = this.dtype();
    // A storage with a dtype is its memory.
    let untyped = source.and_then(|source| source.getattr(pyo3::intern!(source.py(), "_untyped")).ok());
    if let (Some(typed), Some(_)) = (source, &untyped) {
        let found = typed.getattr(pyo3::intern!(typed.py(), "dtype"))?;
        if !found.is(crate::dtype::to_py(typed.py(), dtype).bind(typed.py())) {
            return Err(PyRuntimeError::new_err(format!(
                "set_(): Expected a Storage of type {dtype} or an UntypedStorage, but got one of {}",
                found.str()?
            )));
        }
    }
    let source = untyped.as_ref().or(source);
    let Some(source) = source else { return guard(|| Array::zeros("set_", &[0], dtype)) };
    let storage = if let Some(given) = tensor::from_py(source) {
        let array = given.array();
        if array.dtype() != dtype {
            return Err(PyTypeError::new_err(format!(
                "set_(): expected a tensor of {dtype}, but got one of {}",
                array.dtype()
            )));
        }
        if size.is_none() {
            return Ok(array);
        }
        array.storage().clone()
    } else if let Ok(storage) = source.cast::<PyStorage>() {
        storage.get().0.clone()
    } else {
        return Err(PyTypeError::new_err(format!(
            "set_(): argument 'source' (position 1) must be Tensor or UntypedStorage, not {}",
            type_name(source)
        )));
    };
    let size = size.unwrap_or_else(|| vec![(storage.bytes() / dtype.size()).saturating_sub(offset)]);
    let stride = stride.unwrap_or_else(|| shape::contiguous_strides(&size).to_vec());
    if size.len() != stride.len() {
        return Err(PyTypeError::new_err("set_(): size and stride must have the same length"));
    }
    guard(|| Array::from_parts("set_", storage, dtype, &size, &stride, offset))
}

/// A tensor over a storage, with a dtype of its own or without, as `tensor(storage)` makes it; `None` of anything else.
pub fn shown(data: &Bound<'_, PyAny>, wanted: Option<DType>) -> PyResult<Option<Tensor>> {
    if !data.is_instance_of::<PyStorage>() && !data.hasattr(pyo3::intern!(data.py(), "_untyped"))? {
        return Ok(None);
    }
    let empty = guard(|| Array::zeros("tensor", &[0], wanted.unwrap_or_else(arcgrad::default_dtype)))?;
    array_over(&Tensor::from_array(empty), Some(data), 0, None, None).map(|array| Some(Tensor::from_array(array)))
}

/// Adds the class.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyStorage>()
}
