//! `UntypedStorage`: the memory block behind tensors.

use arcgrad::storage::Storage;
use arcgrad::{Array, Tensor, shape};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;

use crate::device::{self, PyDevice};
use crate::error::guard;
use crate::tensor::{self, type_name};

/// The memory block that tensors are views of.
#[pyclass(frozen, name = "UntypedStorage", module = "arcgrad")]
pub struct PyStorage(Storage);

impl PyStorage {
    /// The object of a block.
    pub fn new(storage: Storage) -> Self {
        Self(storage)
    }

    /// The block.
    pub fn storage(&self) -> &Storage {
        &self.0
    }
}

#[pymethods]
impl PyStorage {
    /// The address of the first byte.
    fn data_ptr(&self) -> usize {
        if self.0.bytes() == 0 { 0 } else { self.0.ptr() as usize }
    }

    /// Size in bytes.
    fn nbytes(&self) -> usize {
        self.0.bytes()
    }

    /// Size in bytes.
    fn size(&self) -> usize {
        self.0.bytes()
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

    /// Bytes per element: one.
    fn element_size(&self) -> usize {
        1
    }

    /// Where it lies: the CPU.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<PyDevice>> {
        device::cpu(py)
    }

    /// A number that identifies the block.
    #[getter]
    fn _cdata(&self) -> usize {
        self.0.identity()
    }

    /// Whether other processes see it: never.
    fn is_shared(&self) -> bool {
        false
    }

    fn __repr__(&self) -> String {
        format!("[arcgrad.UntypedStorage(device=cpu) of size {}]", self.0.bytes())
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

/// Adds the class.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyStorage>()
}
