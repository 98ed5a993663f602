//! Tensors as Python numbers, lists and NumPy arrays; other dtypes of the same tensor.

use arcgrad::graph::is_grad_enabled;
use arcgrad::ops::arranging::rearranging;
use arcgrad::ops::views;
use arcgrad::ops::writing::copy;
use arcgrad::storage::{Access, Device, check_room};
use arcgrad::{Array, DType, Scalar, Tensor, default_dtype};
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::dispatch::output;
use crate::error::{guard, guard_detached, to_py_err};
use crate::tensor::{self, PyTensor, require, type_name};
use crate::{data, device, dtype, number};

/// Elements from which on a copy releases the GIL.
const LONG: usize = 64 * 1024;

/// The names of the old tensor classes.
const CLASSES: [(&str, DType); 12] = [
    ("FloatTensor", DType::F32),
    ("DoubleTensor", DType::F64),
    ("HalfTensor", DType::F16),
    ("BFloat16Tensor", DType::BF16),
    ("LongTensor", DType::I64),
    ("IntTensor", DType::I32),
    ("ShortTensor", DType::I16),
    ("CharTensor", DType::I8),
    ("ByteTensor", DType::U8),
    ("BoolTensor", DType::Bool),
    ("ComplexFloatTensor", DType::C64),
    ("ComplexDoubleTensor", DType::C128),
];

/// `FloatTensor` for `float32`.
pub fn class_name(dtype: DType) -> &'static str {
    CLASSES.iter().find(|(_, of)| *of == dtype).map_or("Tensor", |(name, _)| name)
}

/// The only element, where Python wants a number.
fn only(tensor: &Tensor) -> PyResult<Scalar> {
    guard(|| tensor.item()).map_err(|error| match tensor.numel() {
        1 => error,
        _ => PyValueError::new_err("only one element tensors can be converted to Python scalars"),
    })
}

/// A cast, or the tensor itself.
fn cast<'py>(slf: &Bound<'py, PyTensor>, dtype: DType) -> PyResult<Bound<'py, PyAny>> {
    let this = slf.get().tensor();
    if this.dtype() == dtype {
        return Ok(slf.clone().into_any());
    }
    let py = slf.py();
    guard(|| copy::warn_of_lost_part(this.dtype(), dtype))?;
    let result = if this.numel() >= LONG {
        guard_detached(py, || copy::to_dtype(this, dtype))?
    } else {
        guard(|| copy::to_dtype(this, dtype))?
    };
    Ok(tensor::to_py(py, result)?.into_bound(py))
}

/// A tensor whose elements lie in the order that `memory_format` asks for, or itself where they do.
fn in_order<'py>(object: Bound<'py, PyAny>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    let Some(format) = memory_format else { return Ok(object) };
    arranged(object, device::memory_format(format, device::Order::Preserve)?)
}

fn arranged<'py>(object: Bound<'py, PyAny>, order: device::Order) -> PyResult<Bound<'py, PyAny>> {
    let made = require(&object, "to", "self")?;
    if order.is_kept(made) {
        return Ok(object);
    }
    let py = object.py();
    Ok(tensor::to_py(py, guard(|| order.arrange(made))?)?.into_bound(py))
}

/// What `float` and its like do: the dtype, then the order of the elements.
fn cast_in_order<'py>(
    slf: &Bound<'py, PyTensor>,
    memory_format: Option<&Bound<'py, PyAny>>,
    dtype: DType,
) -> PyResult<Bound<'py, PyAny>> {
    in_order(cast(slf, dtype)?, memory_format)
}

/// The tensor on a device, or itself where it is there.
fn on_device<'py>(slf: &Bound<'py, PyTensor>, device: Option<Device>) -> PyResult<Bound<'py, PyAny>> {
    let this = slf.get().tensor();
    match device {
        Some(device) if this.device() != device => {
            let moved = guard(|| copy::to_device(this, device))?;
            Ok(tensor::to_py(slf.py(), moved)?.into_bound(slf.py()))
        }
        _ => Ok(slf.clone().into_any()),
    }
}

/// Nested lists of the numbers of an array. Depth is bounded by the number of axes a tensor can have.
fn nested<'py>(py: Python<'py>, array: &Array) -> PyResult<Bound<'py, PyAny>> {
    guard(|| array.require_data("tolist"))?;
    if array.rank() == 0 {
        return Ok(number::to_py(py, array.get_linear(0)).into_bound(py));
    }
    // A list takes a word per item, and the numbers as many until they are in it.
    let items = array.shape().iter().fold(1u128, |product, &size| product.saturating_mul(size as u128));
    check_room("tolist", items.max(array.shape()[0] as u128).saturating_mul(2 * size_of::<usize>() as u128))
        .map_err(to_py_err)?;
    if array.rank() == 1 {
        return Ok(PyList::new(py, numbers(array).into_iter().map(|number| number::to_py(py, number)))?.into_any());
    }
    let length = array.shape()[0];
    // SAFETY: a fresh list of as many places, each filled before anybody sees it (Python's own collector skips places
    // that are not). It is made at once so that an axis too long for memory is an error before anything is done.
    unsafe {
        let list = Bound::from_owned_ptr_or_err(py, ffi::PyList_New(length as ffi::Py_ssize_t))?;
        for index in 0..length {
            let item = nested(py, &array.select(0, index))?;
            if ffi::PyList_SetItem(list.as_ptr(), index as ffi::Py_ssize_t, item.into_ptr()) != 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(list)
    }
}

/// All elements in row-major order, each as a number of its own category.
pub fn numbers(array: &Array) -> Vec<Scalar> {
    macro_rules! collect {
        ($type:ty, $scalar:expr) => {
            array.to_vec::<$type>().into_iter().map($scalar).collect()
        };
    }
    match array.dtype() {
        DType::Bool => collect!(u8, |value| Scalar::Bool(value != 0)),
        dtype if dtype.is_integer() => collect!(i64, Scalar::Int),
        dtype if dtype.is_complex() => {
            collect!(arcgrad::kernels::number::Complex<f64>, |value| Scalar::Complex(value.re, value.im))
        }
        _ => collect!(f64, Scalar::Float),
    }
}

/// The keywords and positions of `Tensor.to`.
#[derive(Default)]
struct Target {
    dtype: Option<DType>,
    device: Option<Device>,
    copy: bool,
    order: Option<device::Order>,
}

fn target(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Target> {
    let mut target = Target::default();
    // `to(device, dtype, non_blocking, copy)`, `to(dtype, non_blocking, copy)`, `to(other, non_blocking, copy)`.
    let mut flags = 0;
    for (position, argument) in args.iter().enumerate() {
        if let Some(named) = dtype::named_from_py(&argument) {
            return Err(dtype::not_computed(named));
        }
        if let Some(dtype) = dtype::from_py(&argument) {
            target.dtype = Some(dtype);
        } else if let Some(other) = tensor::from_py(&argument) {
            target.dtype = Some(other.dtype());
            target.device = Some(other.device());
        } else if let Ok(flag) = argument.cast::<pyo3::types::PyBool>() {
            if flags == 1 {
                target.copy = flag.is_true();
            }
            flags += 1;
        } else if argument.is_instance_of::<pyo3::types::PyType>() {
            target.dtype = dtype::from_py_or_type(&argument)?;
        } else if position == 0 || argument.is_none() {
            target.device = device::read(&argument)?.or(target.device);
        } else {
            target.dtype = dtype::from_py_or_type(&argument)?;
        }
    }
    let Some(kwargs) = kwargs else { return Ok(target) };
    for (name, value) in kwargs {
        let name = name.cast_into::<PyString>()?;
        match name.to_cow()?.as_ref() {
            "dtype" => target.dtype = dtype::from_py_or_type(&value)?.or(target.dtype),
            "device" => target.device = device::read(&value)?.or(target.device),
            "other" => {
                let other = require(&value, "to", "other")?;
                (target.dtype, target.device) = (Some(other.dtype()), Some(other.device()));
            }
            "non_blocking" => {}
            "copy" => target.copy = value.is_truthy()?,
            "memory_format" => target.order = Some(device::memory_format(&value, device::Order::Preserve)?),
            other => {
                return Err(PyTypeError::new_err(format!("to() got an unexpected keyword argument '{other}'")));
            }
        }
    }
    Ok(target)
}

/// Memory lent to NumPy through its array interface; NumPy keeps this object as long as it needs the memory.
#[pyclass(frozen, name = "_Memory", module = "arcgrad._core")]
struct Memory(Array);

#[pymethods]
impl Memory {
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let array = &self.0;
        let size = array.dtype().size();
        let (kind, order) = match array.dtype() {
            DType::Bool => ('b', '|'),
            DType::U8 => ('u', '|'),
            DType::I8 => ('i', '|'),
            dtype if dtype.is_integer() => ('i', NATIVE_ORDER),
            dtype if dtype.is_complex() => ('c', NATIVE_ORDER),
            _ => ('f', NATIVE_ORDER),
        };
        let strides: Vec<isize> = array.strides().iter().map(|&stride| stride * size as isize).collect();
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", format!("{order}{kind}{size}"))?;
        interface.set_item("shape", PyTuple::new(py, array.shape())?)?;
        interface.set_item("strides", PyTuple::new(py, strides)?)?;
        interface.set_item("data", (array.ptr() as usize, !array.storage().is_writable()))?;
        Ok(interface)
    }
}

const NATIVE_ORDER: char = if cfg!(target_endian = "little") { '<' } else { '>' };

/// A NumPy array over the memory of an array.
fn to_numpy<'py>(py: Python<'py>, array: Array) -> PyResult<Bound<'py, PyAny>> {
    guard(|| array.require_data("numpy"))?;
    let memory = Py::new(py, Memory(array))?;
    py.import("numpy")?.call_method1("asarray", (memory,))
}

fn check_numpy(tensor: &Tensor, force: bool) -> PyResult<()> {
    if tensor.dtype() == DType::BF16 {
        return Err(PyTypeError::new_err("Got unsupported ScalarType BFloat16"));
    }
    if tensor.requires_grad() && !force && is_grad_enabled() {
        return Err(PyRuntimeError::new_err(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
        ));
    }
    Ok(())
}

#[pymethods]
impl PyTensor {
    // ---- numbers ---------------------------------------------------------------------------------------------

    /// The only element as a Python number.
    fn item(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(number::to_py(py, guard(|| self.tensor().item())?))
    }

    /// The elements as nested lists of Python numbers.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let array = self.tensor().array();
        nested(py, &array)
    }

    fn __bool__(&self) -> PyResult<bool> {
        let tensor = self.tensor();
        match tensor.numel() {
            1 if tensor.is_batched() => Err(PyRuntimeError::new_err(
                "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support \
                 that yet: torch.where chooses for each example.",
            )),
            1 => Ok(guard(|| tensor.item())?.to_bool()),
            0 => Err(PyRuntimeError::new_err("Boolean value of Tensor with no values is ambiguous")),
            _ => Err(PyRuntimeError::new_err("Boolean value of Tensor with more than one value is ambiguous")),
        }
    }

    fn __float__(&self) -> PyResult<f64> {
        match only(self.tensor())? {
            Scalar::Complex(_, imaginary) if imaginary != 0.0 => {
                Err(PyRuntimeError::new_err("value cannot be converted to type double without overflow"))
            }
            number => Ok(number.to_f64()),
        }
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // Python's own conversion refuses NaN and infinities in its own words.
        let number = match only(self.tensor())? {
            Scalar::Complex(_, imaginary) if imaginary != 0.0 => {
                return Err(PyRuntimeError::new_err("value cannot be converted to type int64_t without overflow"));
            }
            Scalar::Complex(real, _) => Scalar::Float(real),
            number => number,
        };
        py.get_type::<pyo3::types::PyInt>().call1((number::to_py(py, number),))
    }

    fn __index__(&self) -> PyResult<i64> {
        let tensor = self.tensor();
        // A mask is no position: NumPy asks here before it looks at the array.
        let is_mask = tensor.dtype() == DType::Bool && tensor.rank() > 0;
        if tensor.numel() != 1 || tensor.dtype().is_differentiable() || is_mask {
            return Err(PyTypeError::new_err("only integer tensors of a single element can be converted to an index"));
        }
        Ok(guard(|| tensor.item())?.to_i64())
    }

    fn __complex__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.get_type::<pyo3::types::PyComplex>().call1((number::to_py(py, only(self.tensor())?),))
    }

    // ---- as a sequence -----------------------------------------------------------------------------------------

    fn __len__(&self) -> PyResult<usize> {
        match self.tensor().shape().first() {
            Some(&size) => Ok(size),
            None => Err(PyTypeError::new_err("len() of a 0-d tensor")),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.tensor().rank() == 0 {
            return Err(PyTypeError::new_err("iteration over a 0-d tensor"));
        }
        let parts = guard(|| views::unbind(self.tensor(), 0))?;
        Ok(output::tuple(py, parts)?.try_iter()?.into_any())
    }

    /// The tensor with its first axis flipped, which is what `reversed` iterates over.
    fn __reversed__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get().tensor());
        if this.rank() == 0 {
            return Ok(slf.clone().into_any());
        }
        Ok(tensor::to_py(py, guard(|| rearranging::flip(this, &[0]))?)?.into_bound(py))
    }

    fn __contains__(slf: &Bound<'_, Self>, element: &Bound<'_, PyAny>) -> PyResult<bool> {
        if tensor::from_py(element).is_none() && number::scalar(element)?.is_none() {
            return Err(PyRuntimeError::new_err(format!(
                "Tensor.__contains__ only supports Tensor or scalar, but you passed in a {}.",
                element.get_type().repr()?
            )));
        }
        let equal = slf.rich_compare(element, pyo3::basic::CompareOp::Eq)?;
        let equal = require(&equal, "__contains__", "element")?;
        let any = guard(|| arcgrad::ops::reductions::reduce::any(equal, None, false)?.item())?;
        Ok(any.to_bool())
    }

    // ---- NumPy -------------------------------------------------------------------------------------------------

    /// The elements as a NumPy array over the same memory. `force=True` also takes tensors that require gradients.
    #[pyo3(signature = (*, force=false))]
    fn numpy<'py>(&self, py: Python<'py>, force: bool) -> PyResult<Bound<'py, PyAny>> {
        check_numpy(self.tensor(), force)?;
        to_numpy(py, self.tensor().array())
    }

    /// The elements as a NumPy array, for NumPy's own functions.
    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        check_numpy(self.tensor(), false)?;
        let array = to_numpy(py, self.tensor().array())?;
        match dtype.filter(|dtype| !dtype.is_none()) {
            Some(dtype) => {
                let options = PyDict::new(py);
                options.set_item("copy", copy == Some(true))?;
                array.call_method("astype", (dtype,), Some(&options))
            }
            None if copy == Some(true) => array.call_method0("copy"),
            None => Ok(array),
        }
    }

    /// The result of one of NumPy's own functions as a tensor.
    #[pyo3(signature = (array, context=None, return_scalar=false))]
    fn __array_wrap__(
        &self,
        array: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        return_scalar: bool,
    ) -> PyResult<Py<PyAny>> {
        let _ = (context, return_scalar);
        tensor::to_py(array.py(), data::from_any(array, None, false)?)
    }

    /// NumPy leaves operators between arrays and tensors to the tensor.
    #[classattr]
    #[allow(non_upper_case_globals, reason = "NumPy's name")]
    const __array_priority__: i64 = 1000;

    // ---- dtypes --------------------------------------------------------------------------------------------------

    /// The tensor in another dtype (or on a device, of which there is one); itself where nothing changes, unless
    /// `copy=True`.
    #[pyo3(signature = (*args, **kwargs))]
    fn to<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let target = match target(args, kwargs) {
            Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {
                let all: Vec<_> = std::iter::once(slf.as_any().clone()).chain(args).collect();
                return dtype::kept(py, "to", PyTuple::new(py, all)?, kwargs.cloned())?.ok_or(error);
            }
            target => target?,
        };
        let this = slf.get().tensor();
        let mut result = on_device(slf, target.device)?;
        if let Some(dtype) = target.dtype {
            result = cast(result.cast::<PyTensor>()?, dtype)?;
        }
        if target.copy && result.is(slf) {
            result = tensor::to_py(py, guard(|| copy::clone(this))?)?.into_bound(py);
        }
        match target.order {
            Some(order) => arranged(result, order),
            None => Ok(result),
        }
    }

    /// The tensor in the dtype and on the device of `other`.
    fn type_as<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let other = require(other, "type_as", "other")?;
        cast(on_device(slf, Some(other.device()))?.cast::<PyTensor>()?, other.dtype())
    }

    /// The name of the tensor's class, such as `'arcgrad.FloatTensor'`, or the tensor in another dtype.
    #[pyo3(name = "type", signature = (dtype=None, non_blocking=false, **kwargs))]
    fn type_<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        non_blocking: bool,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = (non_blocking, kwargs);
        let py = slf.py();
        // `Tensor` is the type of the default dtype.
        if dtype.is_some_and(|dtype| dtype.is(py.get_type::<PyTensor>())) {
            return cast(slf, default_dtype());
        }
        let Some(dtype) = dtype else {
            let this = slf.get().tensor();
            let package = if this.device() == Device::Meta { "arcgrad.meta" } else { "arcgrad" };
            let name = format!("{package}.{}", class_name(this.dtype()));
            return Ok(PyString::new(py, &name).into_any());
        };
        if let Ok(name) = dtype.cast::<PyString>() {
            let name = name.to_cow()?;
            let class = name.rsplit('.').next().unwrap_or_default();
            let found = CLASSES.iter().find(|(known, _)| *known == class);
            return match found {
                Some((_, dtype)) => cast(slf, *dtype),
                None => Err(PyValueError::new_err(format!("invalid type: '{name}'"))),
            };
        }
        // The old types know their dtype.
        let dtype = dtype.getattr_opt("dtype")?.unwrap_or_else(|| dtype.clone());
        if let Some(kept) = dtype::kept_of("type", slf.as_any(), Some(&dtype), &[])? {
            return Ok(kept);
        }
        match dtype::from_py_or_type(&dtype)? {
            Some(dtype) => cast(slf, dtype),
            None => Err(PyTypeError::new_err("dtype must be a type, str, or dtype object")),
        }
    }

    /// As `float32`.
    #[pyo3(signature = (memory_format=None))]
    fn float<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::F32)
    }

    /// As `float64`.
    #[pyo3(signature = (memory_format=None))]
    fn double<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::F64)
    }

    /// As `float16`.
    #[pyo3(signature = (memory_format=None))]
    fn half<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::F16)
    }

    /// As `bfloat16`.
    #[pyo3(signature = (memory_format=None))]
    fn bfloat16<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::BF16)
    }

    /// As `complex64`.
    #[pyo3(signature = (memory_format=None))]
    fn cfloat<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::C64)
    }

    /// As `complex128`.
    #[pyo3(signature = (memory_format=None))]
    fn cdouble<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::C128)
    }

    /// As `int64`.
    #[pyo3(signature = (memory_format=None))]
    fn long<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::I64)
    }

    /// As `int32`.
    #[pyo3(signature = (memory_format=None))]
    fn int<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::I32)
    }

    /// As `int16`.
    #[pyo3(signature = (memory_format=None))]
    fn short<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::I16)
    }

    /// As `int8`.
    #[pyo3(signature = (memory_format=None))]
    fn char<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::I8)
    }

    /// As `uint8`.
    #[pyo3(signature = (memory_format=None))]
    fn byte<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::U8)
    }

    /// As `bool`.
    #[pyo3(signature = (memory_format=None))]
    fn bool<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        cast_in_order(slf, memory_format, DType::Bool)
    }

    /// The tensor itself, if it lies on the CPU; what has no data cannot be brought there.
    #[pyo3(signature = (memory_format=None))]
    fn cpu<'py>(slf: &Bound<'py, Self>, memory_format: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        in_order(on_device(slf, Some(Device::Cpu))?, memory_format)
    }

    /// Refused: there is no accelerator.
    #[pyo3(signature = (*_args, **_kwargs))]
    fn cuda(&self, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        Err(PyRuntimeError::new_err("arcgrad computes on the CPU only: there is no CUDA device"))
    }

    /// Refused: page-locked memory serves accelerators.
    #[pyo3(signature = (device=None))]
    fn pin_memory(&self, device: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let _ = device;
        Err(PyRuntimeError::new_err("pin_memory() needs an accelerator, and arcgrad computes on the CPU only"))
    }

    // ---- one by one ------------------------------------------------------------------------------------------------

    /// Replaces each element by `callable(element)`: slow, for experiments.
    fn apply_<'py>(slf: &Bound<'py, Self>, callable: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        one_by_one(slf, "apply_", |numbers| {
            numbers.iter().map(|&number| callable.call1((number::to_py(slf.py(), number),))).collect()
        })
    }

    /// Replaces each element by `callable(element, element of the other tensor)`: slow, for experiments.
    fn map_<'py>(
        slf: &Bound<'py, Self>,
        tensor: &Bound<'py, PyAny>,
        callable: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        let other = require(tensor, "map_", "tensor")?;
        let shape = slf.get().tensor().shape();
        let other = guard(|| views::broadcast_to(other, &shape))?.array();
        one_by_one(slf, "map_", |all| {
            let pairs = all.iter().zip(numbers(&other));
            pairs.map(|(&a, b)| callable.call1((number::to_py(slf.py(), a), number::to_py(slf.py(), b)))).collect()
        })
    }
}

/// Replaces all elements by what Python code makes of them. The code runs while nothing is held.
fn one_by_one<'py>(
    slf: &Bound<'py, PyTensor>,
    op: &'static str,
    call: impl FnOnce(&[Scalar]) -> PyResult<Vec<Bound<'py, PyAny>>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let this = slf.get().tensor();
    if this.requires_grad() {
        return Err(PyRuntimeError::new_err(format!(
            "Can't call {op}() on Variable that requires grad. Use var.detach().{op}() instead."
        )));
    }
    let array = this.array();
    let results = call(&numbers(&array))?;
    let mut values = Vec::with_capacity(results.len());
    for result in &results {
        let Some(value) = number::scalar_or_tensor(result)? else {
            return Err(PyTypeError::new_err(format!(
                "{op}(): the callable must return a number, not {}",
                type_name(result)
            )));
        };
        values.push(data::fitting(value, array.dtype())?);
    }
    let shape = array.shape().to_vec();
    let made = data::from_numbers(&values, &shape, array.dtype())?;
    guard(|| copy::copy_(this, &made))?;
    Ok(slf.clone())
}

/// The bytes of the elements in row-major order.
pub fn bytes_of<'py>(py: Python<'py>, tensor: &Tensor) -> PyResult<Bound<'py, pyo3::types::PyBytes>> {
    let array = guard(|| {
        tensor.array().require_data("tolist")?;
        tensor.array().contiguous("save")
    })?;
    let length = array.numel() * array.dtype().size();
    pyo3::types::PyBytes::new_with(py, length, |bytes| {
        let _access = Access::acquire(&[array.storage()], &[]);
        // SAFETY: shared state is held, and a contiguous array has this many bytes from its start.
        unsafe { bytes.as_mut_ptr().copy_from_nonoverlapping(array.ptr(), length) };
        Ok(())
    })
}

/// Adds the class NumPy holds on to.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Memory>()
}
