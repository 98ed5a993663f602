//! Making tensor objects: the class itself, subclasses, copies, pickles.

use arcgrad::ops::writing::copy;
use arcgrad::storage::{Device, Placed};
use arcgrad::{Array, DType, Tensor, default_dtype};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

use crate::attributes::shape_argument;
use crate::error::guard;
use crate::storage::PyStorage;
use crate::tensor::{self, PyTensor, new_instance, require, type_name};
use crate::{conversion, data, device, dtype, hosted, number};

/// The data of the class called as a function: sizes, a list of numbers, or another tensor.
fn from_arguments(args: &Bound<'_, PyTuple>, dtype: DType) -> PyResult<Tensor> {
    if args.is_empty() {
        return guard(|| Ok(Tensor::from_array(Array::zeros("Tensor", &[0], dtype)?)));
    }
    let first = args.get_item(0)?;
    if args.len() == 1 {
        if let Some(given) = tensor::from_py(&first) {
            if given.dtype() != dtype {
                return Err(PyTypeError::new_err(format!("expected {dtype} (got {})", given.dtype())));
            }
            return Ok(given.detach());
        }
        let text = first.cast::<PyString>().is_ok() || first.cast::<PyBytes>().is_ok();
        let is_size = first.get_type().name().is_ok_and(|name| name == "Size");
        if !is_size && number::int(&first)?.is_none() {
            if text {
                return Err(PyTypeError::new_err(format!("new(): invalid data type '{}'", type_name(&first))));
            }
            if number::scalar(&first)?.is_some() {
                return Err(PyTypeError::new_err(format!(
                    "new(): data must be a sequence (got {})",
                    type_name(&first)
                )));
            }
            return data::from_any(&first, Some(dtype), true);
        }
    }
    let sizes = shape_argument("Tensor", args)?;
    // Zeros where PyTorch leaves memory as it finds it.
    guard(|| Ok(Tensor::from_array(Array::zeros("Tensor", &sizes, dtype)?)))
}

#[allow(clippy::new_ret_no_self, reason = "`__new__` makes an instance of the class it is called on")]
#[pymethods]
impl PyTensor {
    /// `Tensor(2, 3)`: a tensor of this shape; `Tensor([…])`: one with these numbers. In the default dtype.
    #[new]
    #[classmethod]
    #[pyo3(signature = (*args, device=None, dtype=None, data=None))]
    fn new(
        class: &Bound<'_, PyType>,
        args: &Bound<'_, PyTuple>,
        device: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        data: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        if let Some(device) = device {
            device::check(device)?;
        }
        if dtype.is_some() {
            return Err(PyTypeError::new_err("Tensor() takes no dtype: use tensor() or empty()"));
        }
        let tensor = match data {
            Some(data) if args.is_empty() => from_arguments(&PyTuple::new(class.py(), [data])?, default_dtype())?,
            _ => from_arguments(args, default_dtype())?,
        };
        new_instance(class, tensor)
    }

    /// What the old types (`FloatTensor`) make.
    #[staticmethod]
    #[pyo3(signature = (dtype, *args))]
    fn _new_legacy(dtype: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
        let Some(dtype) = dtype::from_py(dtype) else {
            return Err(PyTypeError::new_err("_new_legacy(): argument 'dtype' must be arcgrad.dtype"));
        };
        tensor::to_py(args.py(), from_arguments(args, dtype)?)
    }

    /// An object of the class `cls` over the memory of `data`.
    #[staticmethod]
    #[pyo3(signature = (cls, data, require_grad=false))]
    fn _make_subclass(cls: &Bound<'_, PyType>, data: &Bound<'_, PyAny>, require_grad: bool) -> PyResult<Py<PyAny>> {
        let data = require(data, "_make_subclass", "data")?;
        // Memory and nothing else is shared: versions are counted apart, as of `.data`.
        let tensor = guard(|| {
            let tensor = data.data();
            if require_grad {
                tensor.set_requires_grad(true)?;
            }
            Ok(tensor)
        })?;
        let object = new_instance(cls, tensor.clone())?;
        if hosted::class_runs_operations(cls) {
            hosted::take_over(object.bind(cls.py()), &tensor)?;
        }
        Ok(object)
    }

    /// The same tensor as an object of the class `cls`.
    fn as_subclass(&self, cls: &Bound<'_, PyType>) -> PyResult<Py<PyAny>> {
        let alias = guard(|| arcgrad::ops::views::alias(self.tensor()))?;
        new_instance(cls, alias)
    }

    /// What the class makes of these arguments, in the dtype of this tensor: `x.new(2, 3)`, `x.new([1, 2])`. Old;
    /// `new_empty` and `new_tensor` are clearer.
    #[pyo3(name = "new", signature = (*args, size=None, device=None))]
    fn new_in_own_dtype(
        &self,
        args: &Bound<'_, PyTuple>,
        size: Option<Vec<i64>>,
        device: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let device = device.map_or(Ok(None), device::read)?.unwrap_or(self.tensor().device());
        let made = match size {
            Some(size) if args.is_empty() => from_arguments(&PyTuple::new(args.py(), size)?, self.tensor().dtype())?,
            _ => from_arguments(args, self.tensor().dtype())?,
        };
        tensor::to_py(args.py(), guard(|| copy::to_device(&made, device))?)
    }

    /// A tensor with a copy of `data`, by default in the dtype of this one.
    #[pyo3(signature = (data, *, dtype=None, device=None, requires_grad=false, layout=None, pin_memory=false))]
    fn new_tensor(
        &self,
        data: &Bound<'_, PyAny>,
        dtype: Option<&Bound<'_, PyAny>>,
        device: Option<&Bound<'_, PyAny>>,
        requires_grad: bool,
        layout: Option<&Bound<'_, PyAny>>,
        pin_memory: bool,
    ) -> PyResult<Py<PyAny>> {
        let device = device.map_or(Ok(None), device::read)?.unwrap_or(self.tensor().device());
        data::check_pinned(pin_memory)?;
        if let Some(layout) = layout {
            device::check_layout(layout)?;
        }
        let wanted = match dtype {
            Some(dtype) => dtype::from_py_or_type(dtype)?,
            None => None,
        };
        data::warn_of_copy(data, "new_tensor")?;
        let wanted = wanted.unwrap_or_else(|| self.tensor().dtype());
        let result = data::from_any_on(device, data, Some(wanted), true)?;
        data::finish(data.py(), result, requires_grad)
    }

    // ---- copies ------------------------------------------------------------------------------------------------

    fn __deepcopy__<'py>(slf: &Bound<'py, Self>, memo: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let id = (slf.as_ptr() as usize).into_pyobject(py)?;
        if let Some(done) = memo.get_item(&id)? {
            return Ok(done);
        }
        let this = slf.get().tensor();
        if !this.is_leaf() {
            return Err(PyRuntimeError::new_err(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. \
                 Use detach() or clone() for others.",
            ));
        }
        let array = copy_of(&this.array(), memo)?;
        let copied = guard(|| {
            let copied = Tensor::from_array(array);
            copied.set_requires_grad(this.requires_grad())?;
            Ok(copied)
        })?;
        let object = new_instance(&slf.get_type(), copied.clone())?.into_bound(py);
        memo.set_item(id, &object)?;
        let deepcopy = py.import("copy")?.getattr("deepcopy")?;
        let grad = slf.getattr("grad")?;
        if !grad.is_none() {
            let grad = deepcopy.call1((grad, memo))?;
            object.setattr("grad", grad)?;
        }
        if let Some(attributes) = own_attributes(slf)? {
            let attributes = deepcopy.call1((attributes, memo))?;
            object.getattr("__dict__")?.call_method1("update", (attributes,))?;
            tensor::track(&object);
        }
        Ok(object)
    }

    /// Another object over the same memory.
    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get().tensor();
        let alias = guard(|| {
            let alias = this.detach();
            if this.requires_grad() {
                alias.set_requires_grad(true)?;
            }
            Ok(alias)
        })?;
        let object = new_instance(&slf.get_type(), alias)?.into_bound(py);
        if let Some(attributes) = own_attributes(slf)? {
            object.getattr("__dict__")?.call_method1("update", (attributes,))?;
            tensor::track(&object);
        }
        Ok(object)
    }

    /// Pickles as class, dtype, shape, bytes, flags and attributes of its own.
    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let _ = protocol;
        let py = slf.py();
        let this = slf.get().tensor();
        if !this.is_leaf() {
            return Err(PyRuntimeError::new_err(
                "cannot pickle a tensor that is not a leaf: its graph stays behind. Use detach() first.",
            ));
        }
        if this.device() == Device::Meta {
            return reduce_meta(slf);
        }
        let arguments = (
            slf.get_type(),
            dtype::to_py(py, this.dtype()),
            PyTuple::new(py, this.shape().iter())?,
            conversion::bytes_of(py, this)?,
            this.requires_grad(),
            own_attributes(slf)?,
        );
        let rebuild = py.import("arcgrad._core")?.getattr("_rebuild_tensor")?;
        (rebuild, arguments).into_pyobject(py)
    }
}

/// What a tensor without data pickles as: class, dtype, shape, strides, flags and attributes of its own.
fn reduce_meta<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyTuple>> {
    let py = slf.py();
    let this = slf.get().tensor();
    let arguments = (
        slf.get_type(),
        dtype::to_py(py, this.dtype()),
        PyTuple::new(py, this.shape().iter())?,
        PyTuple::new(py, this.array().strides())?,
        this.requires_grad(),
        own_attributes(slf)?,
    );
    (py.import("arcgrad._core")?.getattr("_rebuild_meta_tensor")?, arguments).into_pyobject(py)
}

/// An array over a copy of the memory: one copy for all that share the memory and are copied together, so that they share
/// it afterwards, too. The memo knows both, so that neither address is used again meanwhile.
fn copy_of(array: &Array, memo: &Bound<'_, PyDict>) -> PyResult<Array> {
    let py = memo.py();
    let storage = array.storage();
    let key = ("arcgrad.UntypedStorage", storage.identity());
    let known = memo.get_item(key)?;
    let known = known.map(|pair| pair.get_item(1)?.extract::<Py<PyStorage>>().map_err(PyErr::from)).transpose()?;
    let copied = guard(|| {
        if known.is_none() && array.is_contiguous() && array.numel() * array.dtype().size() == storage.bytes() {
            return array.duplicate("deepcopy");
        }
        let memory = match &known {
            Some(known) => known.get().storage().clone(),
            None => storage.duplicate("deepcopy")?,
        };
        Array::from_parts("deepcopy", memory, array.dtype(), array.shape(), array.strides(), array.offset())
    })?;
    if known.is_none() {
        memo.set_item(
            key,
            (PyStorage::new(storage.clone()), PyStorage::new(copied.storage().clone())).into_pyobject(py)?,
        )?;
    }
    Ok(copied)
}

/// The attributes that were set on an object, if any.
fn own_attributes<'py>(object: &Bound<'py, PyTensor>) -> PyResult<Option<Bound<'py, PyDict>>> {
    let attributes = object.getattr("__dict__")?.cast_into::<PyDict>()?;
    Ok((!attributes.is_empty()).then_some(attributes))
}

/// What a pickled tensor calls.
#[pyfunction]
fn _rebuild_tensor(
    class: &Bound<'_, PyType>,
    dtype: &Bound<'_, PyAny>,
    shape: Vec<usize>,
    bytes: &Bound<'_, PyBytes>,
    requires_grad: bool,
    attributes: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let Some(dtype) = dtype::from_py(dtype) else {
        return Err(PyTypeError::new_err("_rebuild_tensor(): argument 'dtype' must be arcgrad.dtype"));
    };
    finish_rebuilt(class, from_bytes("_rebuild_tensor", bytes.as_bytes(), dtype, &shape)?, requires_grad, attributes)
}

/// What a pickled tensor without data calls.
#[pyfunction]
fn _rebuild_meta_tensor(
    class: &Bound<'_, PyType>,
    dtype: &Bound<'_, PyAny>,
    shape: Vec<i64>,
    strides: Vec<i64>,
    requires_grad: bool,
    attributes: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let Some(dtype) = dtype::from_py(dtype) else {
        return Err(PyTypeError::new_err("_rebuild_meta_tensor(): argument 'dtype' must be arcgrad.dtype"));
    };
    let tensor = {
        let _place = Placed::on(Device::Meta);
        guard(|| arcgrad::ops::creation::empty_strided(&shape, &strides, Some(dtype)))?
    };
    finish_rebuilt(class, tensor, requires_grad, attributes)
}

/// The object of a tensor that was pickled.
fn finish_rebuilt(
    class: &Bound<'_, PyType>,
    tensor: Tensor,
    requires_grad: bool,
    attributes: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let py = class.py();
    if requires_grad {
        guard(|| tensor.set_requires_grad(true))?;
    }
    let object = if class.as_type_ptr() == tensor::tensor_type() {
        tensor::to_py(py, tensor)?
    } else {
        new_instance(class, tensor)?
    };
    if let Some(attributes) = attributes {
        let object = object.bind(py);
        object.getattr("__dict__")?.call_method1("update", (attributes,))?;
        tensor::track(object);
    }
    Ok(object)
}

/// A tensor with a copy of these bytes, row-major.
pub fn from_bytes(op: &'static str, bytes: &[u8], dtype: DType, shape: &[usize]) -> PyResult<Tensor> {
    guard(|| {
        let array = Array::uninit(op, shape, dtype)?;
        let length = array.numel() * dtype.size();
        if bytes.len() != length {
            let reason =
                format!("{length} bytes are needed for this shape and {dtype}, and {} were given", bytes.len());
            return Err(arcgrad::Error::shape(op, shape, reason));
        }
        // SAFETY: fresh memory of this many bytes; any bit pattern is an element.
        unsafe { array.ptr().copy_from_nonoverlapping(bytes.as_ptr(), length) };
        Ok(Tensor::from_array(array))
    })
}

/// The tensor in row-major order: what is stored.
pub fn contiguous(tensor: &Tensor) -> PyResult<Tensor> {
    guard(|| copy::contiguous(&tensor.detach()))
}

/// Adds what pickles refer to.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_rebuild_meta_tensor, module)?)?;
    module.add_function(wrap_pyfunction!(_rebuild_tensor, module)?)
}
