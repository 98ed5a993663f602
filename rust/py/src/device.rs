//! `device`, `layout` and `memory_format`: what there is one of, accepted in all its spellings.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

use arcgrad::ops::views;
use arcgrad::ops::writing::copy;
use arcgrad::shape::{self, Strides};
use arcgrad::storage::{Device, Placed, is_meta_known};
use arcgrad::{Error, Tensor};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

use crate::error::to_py_err;
use crate::tensor::type_name;

/// A kind of device, perhaps with a number. Tensors lie on the CPU, or on `meta`, where they have a shape and no data; programs
/// name others in the branches that they do not take.
#[pyclass(frozen, name = "device", module = "arcgrad")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PyDevice {
    kind: &'static str,
    index: Option<i64>,
}

/// The kinds that can be named, the CPU first.
const KINDS: [&str; 20] = [
    "cpu",
    "cuda",
    "ipu",
    "xpu",
    "mkldnn",
    "opengl",
    "opencl",
    "ideep",
    "hip",
    "ve",
    "fpga",
    "maia",
    "xla",
    "lazy",
    "vulkan",
    "mps",
    "meta",
    "hpu",
    "mtia",
    "privateuseone",
];

static CPU: PyOnceLock<Py<PyDevice>> = PyOnceLock::new();
static META: PyOnceLock<Py<PyDevice>> = PyOnceLock::new();

/// The object of a device of tensors.
pub fn to_py(py: Python<'_>, device: Device) -> PyResult<Py<PyDevice>> {
    let object = if device == Device::Cpu { &CPU } else { &META };
    let made = object.get_or_try_init(py, || Py::new(py, PyDevice { kind: device.name(), index: None }));
    made.map(|device| device.clone_ref(py))
}

thread_local! {
    /// The device of new tensors on this thread, and those that `with` blocks under way have put out of their place.
    static DEFAULT: RefCell<(Option<PyDevice>, Vec<Option<PyDevice>>)> = const { RefCell::new((None, Vec::new())) };
}

/// The device of new tensors where none is given.
pub fn default() -> Device {
    if !is_meta_known() {
        return Device::Cpu;
    }
    DEFAULT.with_borrow(|(device, _)| device.as_ref().and_then(|device| device.usable().ok())).unwrap_or(Device::Cpu)
}

/// The device that is given, else that of new tensors.
pub fn or_default(given: Option<&Bound<'_, PyAny>>) -> PyResult<Device> {
    Ok(given.map_or(Ok(None), read)?.unwrap_or_else(default))
}

static STRIDED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// THE layout of tensors.
pub fn strided(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let layout = STRIDED.get_or_try_init(py, || Py::new(py, PyLayout("strided")).map(Py::into_any));
    layout.map(|layout| layout.clone_ref(py))
}

/// Reads a device's text.
fn parse(text: &str) -> PyResult<PyDevice> {
    let (kind, index) = match text.split_once(':') {
        Some((kind, index)) => (kind, Some(index)),
        None => (text, None),
    };
    let Some(kind) = KINDS.into_iter().find(|&known| known == kind) else {
        return Err(PyRuntimeError::new_err(format!(
            "Expected one of {} device type at start of device string: {kind}",
            KINDS.join(", ")
        )));
    };
    let index = match index.map(str::parse::<i64>) {
        None => None,
        Some(Ok(index)) if index >= 0 => Some(index),
        Some(_) => return Err(PyRuntimeError::new_err(format!("Invalid device string: '{text}'"))),
    };
    Ok(PyDevice { kind, index })
}

/// Reads a `device=` argument: `None`, a device, or its text. Of those that tensors can lie on.
pub fn read(object: &Bound<'_, PyAny>) -> PyResult<Option<Device>> {
    if object.is_none() {
        return Ok(None);
    }
    let device = if let Ok(device) = object.cast::<PyDevice>() {
        device.get().usable()?
    } else if let Ok(text) = object.cast::<PyString>() {
        parse(&text.to_cow()?)?.usable()?
    } else if let Ok(index) = object.extract::<i64>() {
        return Err(PyRuntimeError::new_err(format!(
            "device={index} names an accelerator, and arcgrad computes on the CPU only"
        )));
    } else {
        return Err(PyTypeError::new_err(format!(
            "argument 'device' must be arcgrad.device or str, not {}",
            type_name(object)
        )));
    };
    if device == Device::Meta {
        // From now on operations look where their operands lie.
        drop(Placed::on(device));
    }
    Ok(Some(device))
}

/// Checks a `device=` argument of what is on the CPU in any case.
pub fn check(object: &Bound<'_, PyAny>) -> PyResult<()> {
    read(object).map(drop)
}

impl PyDevice {
    /// The device of tensors that this is; an error for what they cannot lie on.
    fn usable(&self) -> PyResult<Device> {
        [Device::Cpu, Device::Meta].into_iter().find(|device| device.name() == self.kind).ok_or_else(|| {
            PyRuntimeError::new_err(format!(
                "arcgrad computes on the CPU only: there is no device '{}'",
                self.__str__()
            ))
        })
    }
}

#[pymethods]
impl PyDevice {
    #[new]
    #[pyo3(signature = (r#type, index=None))]
    fn new(r#type: &Bound<'_, PyAny>, index: Option<i64>) -> PyResult<Self> {
        if let Ok(device) = r#type.cast::<Self>() {
            return Ok(*device.get());
        }
        let Ok(text) = r#type.cast::<PyString>() else {
            check(r#type)?;
            return Err(PyTypeError::new_err("device(): argument 'type' must be str"));
        };
        let device = parse(&text.to_cow()?)?;
        match (device.index, index) {
            (Some(_), Some(_)) => Err(PyRuntimeError::new_err(
                "type (string) must not include an index because index was passed explicitly",
            )),
            (own, given) => Ok(Self { kind: device.kind, index: own.or(given) }),
        }
    }

    /// The kind of device: `'cpu'` or `'meta'` for that of a tensor.
    #[getter]
    fn r#type(&self) -> &'static str {
        self.kind
    }

    /// The device's number, if one was given.
    #[getter]
    fn index(&self) -> Option<i64> {
        self.index
    }

    /// Makes it the device of tensors that this thread makes inside of a `with` block where none is given.
    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        read(slf)?;
        DEFAULT.with_borrow_mut(|(device, before)| before.push(device.replace(*slf.get())));
        Ok(slf.clone())
    }

    fn __exit__(&self, _kind: &Bound<'_, PyAny>, _error: &Bound<'_, PyAny>, _trace: &Bound<'_, PyAny>) -> bool {
        DEFAULT.with_borrow_mut(|(device, before)| *device = before.pop().flatten());
        false
    }

    fn __repr__(&self) -> String {
        match self.index {
            Some(index) => format!("device(type='{}', index={index})", self.kind),
            None => format!("device(type='{}')", self.kind),
        }
    }

    fn __str__(&self) -> String {
        match self.index {
            Some(index) => format!("{}:{index}", self.kind),
            None => self.kind.to_owned(),
        }
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn __richcmp__(&self, py: Python<'_>, other: &Bound<'_, PyAny>, op: CompareOp) -> Py<PyAny> {
        let equal = other.cast::<Self>().is_ok_and(|other| other.get() == self);
        match op {
            CompareOp::Eq => pyo3::types::PyBool::new(py, equal).to_owned().into_any().unbind(),
            CompareOp::Ne => pyo3::types::PyBool::new(py, !equal).to_owned().into_any().unbind(),
            _ => py.NotImplemented(),
        }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let args = (slf.get().__str__(),);
        (slf.get_type(), args).into_pyobject(slf.py())
    }
}

/// A constant with a name: a layout or a memory format.
macro_rules! constants {
    ($class:ident, $python:literal, $doc:literal) => {
        #[doc = $doc]
        #[pyclass(frozen, name = $python, module = "arcgrad")]
        pub struct $class(pub &'static str);

        #[pymethods]
        impl $class {
            fn __repr__(&self) -> String {
                format!("arcgrad.{}", self.0)
            }

            /// Pickled by name.
            fn __reduce__(&self) -> &'static str {
                self.0
            }
        }
    };
}

constants! { PyLayout, "layout", "How the elements of a tensor are stored: strided, but for those of `arcgrad.sparse` and `arcgrad.nested`." }
constants! { PyMemoryFormat, "memory_format", "The order of a tensor's elements in memory." }

/// Checks a `layout=` argument. Only dense tensors are made so.
pub fn check_layout(object: &Bound<'_, PyAny>) -> PyResult<()> {
    if object.is_none() {
        return Ok(());
    }
    match object.cast::<PyLayout>().map(|layout| layout.get().0) {
        Ok("strided") => Ok(()),
        Ok(name) => {
            Err(PyNotImplementedError::new_err(format!("layout=arcgrad.{name} is not implemented for this function")))
        }
        Err(_) => {
            Err(PyTypeError::new_err(format!("argument 'layout' must be arcgrad.layout, not {}", type_name(object))))
        }
    }
}

/// The order of elements asked for by a `memory_format=` argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// As the source has it, where that is dense.
    Preserve,
    /// Row-major.
    Contiguous,
    /// Dense, with the channels of images (4 axes) or volumes (5) next to each other.
    ChannelsLast(usize),
}

impl Order {
    /// Whether the elements of a tensor lie in this order.
    pub fn is_kept(self, tensor: &Tensor) -> bool {
        match self {
            Self::Preserve => true,
            Self::Contiguous => tensor.array().is_contiguous(),
            Self::ChannelsLast(rank) => {
                let array = tensor.array();
                if array.shape().len() != rank {
                    return false;
                }
                let mut expected = 1;
                std::iter::once(1).chain((2..rank).rev()).chain([0]).all(|axis| {
                    let (length, stride) = (array.shape()[axis], array.strides()[axis]);
                    let dense = length == 1 || stride == expected;
                    expected *= length as isize;
                    dense
                })
            }
        }
    }

    /// The strides of a dense tensor of a shape whose elements lie in this order, or in that of `model`.
    pub fn strides(self, shape: &[usize], model: &Tensor) -> PyResult<Strides> {
        match self {
            Self::Contiguous => Ok(shape::contiguous_strides(shape)),
            Self::Preserve => {
                let model = model.array();
                Ok(shape::strides_in_format_of(shape, (model.shape(), model.strides())))
            }
            Self::ChannelsLast(rank) if shape.len() != rank => Err(to_py_err(self.wrong_rank(shape))),
            Self::ChannelsLast(rank) => {
                let mut strides = shape::contiguous_strides(shape);
                let mut step = 1;
                for axis in std::iter::once(1).chain((2..rank).rev()).chain([0]) {
                    strides[axis] = step;
                    step *= shape[axis].max(1) as isize;
                }
                Ok(strides)
            }
        }
    }

    /// What is no image, or no volume.
    fn wrong_rank(self, shape: &[usize]) -> Box<Error> {
        let (rank, name) = if self == Self::ChannelsLast(5) { (5, "channels_last_3d") } else { (4, "channels_last") };
        let reason = format!("required rank {rank} tensor to use {name} format");
        Box::new(Error::InvalidShape { op: "memory_format", shape: shape.into(), reason })
    }

    /// The tensor itself if its elements lie in this order, else a copy whose elements do.
    pub fn arrange(self, tensor: &Tensor) -> arcgrad::Result<Tensor> {
        match self {
            Self::Preserve => Ok(tensor.clone()),
            Self::Contiguous => copy::contiguous(tensor),
            Self::ChannelsLast(rank) if tensor.rank() != rank => Err(self.wrong_rank(&tensor.shape())),
            Self::ChannelsLast(_) if self.is_kept(tensor) => Ok(tensor.clone()),
            Self::ChannelsLast(rank) => {
                let last = rank as i64 - 1;
                let with_channels_last: Vec<i64> = std::iter::once(0).chain(2..=last).chain([1]).collect();
                let with_channels_first: Vec<i64> = [0, last].into_iter().chain(1..last).collect();
                let copied = copy::clone_contiguous(&views::permute(tensor, &with_channels_last)?)?;
                views::permute(&copied, &with_channels_first)
            }
        }
    }
}

/// Reads a `memory_format=` argument; `None` stands for `default`.
pub fn memory_format(object: &Bound<'_, PyAny>, default: Order) -> PyResult<Order> {
    if object.is_none() {
        return Ok(default);
    }
    match object.cast::<PyMemoryFormat>().map(|format| format.get().0) {
        Ok("contiguous_format") => Ok(Order::Contiguous),
        Ok("channels_last") => Ok(Order::ChannelsLast(4)),
        Ok("channels_last_3d") => Ok(Order::ChannelsLast(5)),
        Ok(_) => Ok(Order::Preserve),
        Err(_) => Err(PyTypeError::new_err(format!(
            "argument 'memory_format' must be arcgrad.memory_format, not {}",
            type_name(object)
        ))),
    }
}

/// Sets the device of new tensors on this thread; `None` for what it was at first.
#[pyfunction]
fn _set_default_device(device: Option<&Bound<'_, PyDevice>>) -> PyResult<()> {
    if let Some(device) = device {
        read(device)?;
    }
    DEFAULT.with_borrow_mut(|(default, _)| *default = device.map(|device| *device.get()));
    Ok(())
}

/// The device of new tensors on this thread.
#[pyfunction]
fn _default_device(py: Python<'_>) -> PyResult<Py<PyDevice>> {
    match DEFAULT.with_borrow(|(device, _)| *device) {
        Some(device) => Py::new(py, device),
        None => to_py(py, Device::Cpu),
    }
}

/// Adds the classes and their constants.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyDevice>()?;
    module.add_function(wrap_pyfunction!(_set_default_device, module)?)?;
    module.add_function(wrap_pyfunction!(_default_device, module)?)?;
    module.add_class::<PyLayout>()?;
    module.add("strided", strided(module.py())?)?;
    for name in ["sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "jagged"] {
        module.add(name, Py::new(module.py(), PyLayout(name))?)?;
    }
    module.add_class::<PyMemoryFormat>()?;
    for name in ["contiguous_format", "preserve_format", "channels_last", "channels_last_3d"] {
        module.add(name, Py::new(module.py(), PyMemoryFormat(name))?)?;
    }
    Ok(())
}
