//! What can be asked of a tensor, and its flags.

use arcgrad::graph::Modes;
use arcgrad::ops::writing::{copy, out};
use arcgrad::ops::{complex, views};
use arcgrad::storage::Device;
use arcgrad::{Error, Tensor, shape};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyUserWarning};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::autograd::collect;
use crate::autograd::levels::refuse_in_transform;
use crate::device::{self, Order, PyDevice};
use crate::dtype::{self, PyDType};
use crate::error::guard;
use crate::number;
use crate::size;
use crate::storage::PyStorage;
use crate::tensor::{self, PyTensor, require, track, type_name};
use crate::warning;

/// Gives a tensor another shape, in the order that `memory_format` asks for.
fn resize(
    op: &'static str,
    tensor: &Tensor,
    shape: &[usize],
    template: &Tensor,
    format: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let order = format.map(|format| device::memory_format(format, Order::Contiguous)).transpose()?;
    match order {
        None | Some(Order::Contiguous) => guard(|| out::resize(op, tensor, shape)),
        Some(order) => {
            let strides = order.strides(shape, template)?;
            guard(|| out::resize_to(op, tensor, shape, &strides))
        }
    }
}

/// An axis argument: an integer in range.
fn axis(tensor: &Tensor, op: &'static str, dim: &Bound<'_, PyAny>) -> PyResult<usize> {
    let Some(dim) = number::int(dim)? else {
        return Err(PyTypeError::new_err(format!(
            "{op}(): argument 'dim' (position 1) must be int, not {}",
            type_name(dim)
        )));
    };
    let rank = tensor.rank();
    if rank == 0 {
        // Unlike operations, questions about an axis have no answer where there is none.
        return Err(pyo3::exceptions::PyIndexError::new_err(format!(
            "Dimension specified as {dim} but tensor has no dimensions"
        )));
    }
    guard(|| shape::normalize_axis(op, dim, rank))
}

const REQUIRES_GRAD_WITHIN: &str = "You are attempting to call Tensor.requires_grad_() (or perhaps using \
     torch.autograd.functional.* APIs) inside of a function being transformed by a functorch transform. This is unsupported, \
     please attempt to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside \
     of a function being transformed instead.";
const RETAIN_GRAD_WITHIN: &str = "You are attempting to call Tensor.retain_grad() inside of a function being transformed by a \
     functorch transform. This is unsupported, please attempt to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, \
     hessian) or call retain_grad() outside of a function being transformed instead.";

const NON_LEAF_GRAD: &std::ffi::CStr =
    c"The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be \
      populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, \
      use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the \
      leaf Tensor instead.";

macro_rules! never {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        #[pymethods]
        impl PyTensor {
            $(
                $(#[$doc])*
                #[getter]
                fn $name(&self) -> bool {
                    false
                }
            )*
        }
    };
}

never! {
    /// Whether it lies on a CUDA device: never.
    is_cuda,
    /// Whether it lies on an XPU: never.
    is_xpu,
    /// Whether it lies on an Apple GPU: never.
    is_mps,
    /// Whether it is stored sparsely: never.
    is_sparse,
    /// Whether it is stored as compressed sparse rows: never.
    is_sparse_csr,
    /// Whether it is quantized: never.
    is_quantized,
    /// Whether it has oneDNN's layout: never.
    is_mkldnn,
    /// Whether it is a nested tensor: never.
    is_nested,
}

/// A transpose of what has no axes.
fn warn_of_identity(py: Python<'_>, name: &str) -> PyResult<()> {
    warning::warn(
        py,
        &format!("Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases."),
    )
}

#[pymethods]
impl PyTensor {
    // ---- shape and layout ------------------------------------------------------------------------------------

    /// The sizes of the axes.
    #[getter]
    fn shape(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        size::to_py(py, &self.tensor().shape())
    }

    /// The sizes of the axes, or of one axis.
    #[pyo3(signature = (dim=None))]
    fn size(&self, py: Python<'_>, dim: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let tensor = self.tensor();
        match dim {
            None => size::to_py(py, &tensor.shape()),
            Some(dim) => {
                let axis = axis(tensor, "size", dim)?;
                Ok(tensor.shape()[axis].into_pyobject(py)?.into_any().unbind())
            }
        }
    }

    /// The distances in memory between neighbours along the axes, in elements, or along one axis.
    #[pyo3(signature = (dim=None))]
    fn stride(&self, py: Python<'_>, dim: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let tensor = self.tensor();
        let strides = tensor.shown_strides();
        match dim {
            None => Ok(PyTuple::new(py, strides.as_slice())?.into_any().unbind()),
            Some(dim) => {
                let axis = axis(tensor, "stride", dim)?;
                Ok(strides[axis].into_pyobject(py)?.into_any().unbind())
            }
        }
    }

    /// The number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.tensor().rank()
    }

    /// The number of axes.
    fn dim(&self) -> usize {
        self.tensor().rank()
    }

    /// The number of axes.
    fn ndimension(&self) -> usize {
        self.tensor().rank()
    }

    /// The number of elements.
    fn numel(&self) -> usize {
        self.tensor().numel()
    }

    /// The number of elements.
    fn nelement(&self) -> usize {
        self.tensor().numel()
    }

    /// The place of the first element in the storage, in elements.
    fn storage_offset(&self) -> usize {
        self.tensor().array().offset()
    }

    /// The address of the first element.
    fn data_ptr(&self) -> usize {
        let array = self.tensor().array();
        if array.numel() == 0 || !array.storage().has_memory() { 0 } else { array.ptr() as usize }
    }

    /// Bytes per element.
    fn element_size(&self) -> usize {
        self.tensor().dtype().size()
    }

    /// Bytes per element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.tensor().dtype().size()
    }

    /// Bytes of all elements.
    #[getter]
    fn nbytes(&self) -> usize {
        self.tensor().numel() * self.tensor().dtype().size()
    }

    /// Whether the elements lie row-major without gaps, or in the order of another `memory_format`.
    #[pyo3(signature = (memory_format=None))]
    fn is_contiguous(&self, memory_format: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let order = match memory_format {
            Some(format) => device::memory_format(format, Order::Contiguous)?,
            None => Order::Contiguous,
        };
        if order == Order::Preserve {
            return Err(PyRuntimeError::new_err("preserve memory format is unsupported by the contiguous operator"));
        }
        let tensor = self.tensor();
        if tensor.is_batched() {
            if order != Order::Contiguous {
                return Err(PyRuntimeError::new_err(
                    "NYI: querying is_contiguous inside of vmap for memory_format other than torch.contiguous_format",
                ));
            }
            return Ok(shape::is_contiguous(&tensor.shape(), &tensor.shown_strides()));
        }
        Ok(order.is_kept(tensor))
    }

    /// The memory block, without dtype and shape.
    fn untyped_storage(&self) -> PyResult<PyStorage> {
        guard(|| self.tensor().check_own_memory("untyped_storage"))?;
        Ok(PyStorage::new(self.tensor().array().storage().clone()))
    }

    // ---- kind ------------------------------------------------------------------------------------------------

    /// The element type.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyDType> {
        dtype::to_py(py, self.tensor().dtype())
    }

    /// Where the tensor lies: the CPU, or `meta` if it has no data.
    #[getter(device)]
    fn place(&self, py: Python<'_>) -> PyResult<Py<PyDevice>> {
        device::to_py(py, self.tensor().device())
    }

    /// Whether it has a shape and no data.
    #[getter]
    fn is_meta(&self) -> bool {
        self.tensor().device() == Device::Meta
    }

    /// How the elements are stored: strided.
    #[getter]
    fn layout(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        device::strided(py)
    }

    /// Whether it lies on the CPU.
    #[getter]
    fn is_cpu(&self) -> bool {
        self.tensor().device() == Device::Cpu
    }

    /// The number of its device: -1, for none.
    fn get_device(&self) -> i64 {
        -1
    }

    /// Whether the elements are floating-point numbers.
    fn is_floating_point(&self) -> bool {
        self.tensor().dtype().is_float()
    }

    /// Whether the elements are complex.
    fn is_complex(&self) -> bool {
        self.tensor().dtype().is_complex()
    }

    /// Whether the elements can be negative.
    fn is_signed(&self) -> bool {
        dtype::is_signed(self.tensor().dtype())
    }

    /// Whether it was made in inference mode.
    fn is_inference(&self) -> bool {
        self.tensor().is_inference()
    }

    /// Whether it is stored as a conjugate: never.
    fn is_conj(&self) -> bool {
        false
    }

    /// Whether it is stored as a negative: never.
    fn is_neg(&self) -> bool {
        false
    }

    /// Whether its memory has been moved to where other processes may see it.
    fn is_shared(&self) -> bool {
        self.tensor().array().storage().is_moved()
    }

    /// Whether it lies in page-locked memory: never.
    #[pyo3(signature = (device=None))]
    fn is_pinned(&self, device: Option<&Bound<'_, PyAny>>) -> bool {
        let _ = device;
        false
    }

    /// The real parts: a view. The tensor itself where it is real.
    #[getter]
    fn get_real(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let this = slf.get().tensor();
        if !this.dtype().is_complex() {
            return Ok(slf.clone().into_any().unbind());
        }
        tensor::to_py(slf.py(), guard(|| complex::real(this))?)
    }

    #[setter]
    fn set_real(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        write_part(&guard(|| complex::real(self.tensor()))?, value)
    }

    /// The imaginary parts: a view. Refused where the tensor is real.
    #[getter]
    fn get_imag(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        tensor::to_py(py, guard(|| complex::imag(self.tensor()))?)
    }

    #[setter]
    fn set_imag(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        write_part(&guard(|| complex::imag(self.tensor()))?, value)
    }

    // ---- transposes ------------------------------------------------------------------------------------------

    /// All axes reversed.
    #[getter(T)]
    fn reversed_axes(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.tensor().rank() {
            1 | 2 => {}
            0 => warn_of_identity(py, "T")?,
            rank => warning::warn(
                py,
                &format!(
                    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated. Consider \
                     `x.mT` to transpose batches of matrices or `x.permute(*range(x.ndim - 1, -1, -1))` to reverse the \
                     {rank} axes."
                ),
            )?,
        }
        tensor::to_py(py, guard(|| views::reversed_axes(self.tensor()))?)
    }

    /// The last two axes exchanged.
    #[getter(mT)]
    fn matrix_transpose(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.tensor().rank() == 0 {
            warn_of_identity(py, "mT")?;
        }
        tensor::to_py(py, guard(|| views::matrix_transpose(self.tensor()))?)
    }

    /// The transpose of a matrix, conjugated.
    #[getter(H)]
    fn adjoint_of_matrix(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let tensor = slf.get().tensor();
        match tensor.rank() {
            0 => {
                warn_of_identity(slf.py(), "H")?;
                Ok(slf.clone().into_any().unbind())
            }
            2 => tensor::to_py(slf.py(), guard(|| complex::conj(&views::transpose(tensor, 0, 1)?))?),
            rank => Err(PyRuntimeError::new_err(format!(
                "tensor.H is only supported on matrices (2-D tensors). Got {rank}-D tensor."
            ))),
        }
    }

    /// The last two axes exchanged, conjugated.
    #[getter(mH)]
    fn adjoint_of_matrices(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.tensor().rank() == 0 {
            warn_of_identity(py, "mH")?;
        }
        tensor::to_py(py, guard(|| complex::adjoint(self.tensor()))?)
    }

    // ---- place in the graph ------------------------------------------------------------------------------------

    /// Whether no recorded operation made it.
    #[getter]
    fn is_leaf(&self) -> bool {
        self.tensor().is_leaf()
    }

    /// Whether a gradient is computed for it.
    #[getter]
    fn get_requires_grad(&self) -> bool {
        self.tensor().requires_grad()
    }

    #[setter]
    fn set_requires_grad(&self, requires_grad: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(on) = requires_grad.cast::<pyo3::types::PyBool>() else {
            return Err(PyTypeError::new_err(format!(
                "requires_grad must be a bool, not {}",
                type_name(requires_grad)
            )));
        };
        guard(|| self.tensor().set_requires_grad(on.is_true()))
    }

    /// Switches gradients on or off; returns the tensor.
    #[pyo3(signature = (requires_grad=true))]
    fn requires_grad_<'py>(slf: &Bound<'py, Self>, requires_grad: bool) -> PyResult<Bound<'py, Self>> {
        refuse_in_transform(REQUIRES_GRAD_WITHIN)?;
        guard(|| slf.get().tensor().set_requires_grad(requires_grad))?;
        Ok(slf.clone())
    }

    /// The accumulated gradient, or `None`.
    #[getter]
    fn get_grad(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, tensor) = (slf.py(), slf.get().tensor());
        if let Some(grad) = tensor.grad() {
            let object = tensor::to_py(py, grad)?;
            keep_grad_object(slf, object.bind(py))?;
            return Ok(object);
        }
        if tensor.requires_grad() && !tensor.is_leaf() && !tensor.retains_grad() {
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), NON_LEAF_GRAD, 1)?;
        }
        Ok(py.None())
    }

    #[setter]
    fn set_grad(slf: &Bound<'_, Self>, grad: &Bound<'_, PyAny>) -> PyResult<()> {
        let this = slf.get().tensor();
        if grad.is_none() {
            return guard(|| this.set_grad(None));
        }
        let Some(given) = tensor::from_py(grad) else {
            return Err(PyTypeError::new_err(format!(
                "assigned grad expected to be a Tensor or None but got grad of type {}",
                type_name(grad)
            )));
        };
        guard(|| this.set_grad(Some(given.clone())))?;
        keep_grad_object(slf, grad)
    }

    #[deleter]
    fn delete_grad(&self) -> PyResult<()> {
        guard(|| self.tensor().set_grad(None))
    }

    /// Keeps `.grad` of a tensor that is no leaf.
    fn retain_grad(&self) -> PyResult<()> {
        if self.tensor().requires_grad() {
            refuse_in_transform(RETAIN_GRAD_WITHIN)?;
        }
        guard(|| self.tensor().retain_grad())
    }

    /// Whether `retain_grad()` is in force.
    #[getter]
    fn retains_grad(&self) -> bool {
        self.tensor().retains_grad()
    }

    /// Which output of its node it is.
    #[getter]
    fn output_nr(&self) -> u32 {
        self.tensor().output_nr()
    }

    /// In-place operations on its memory so far.
    #[getter]
    fn _version(&self) -> PyResult<u32> {
        if self.tensor().is_inference() && !arcgrad::graph::modes().any(Modes::INFERENCE) {
            return Err(PyRuntimeError::new_err("Inference tensors do not track version counter."));
        }
        Ok(self.tensor().version())
    }

    /// The tensor it is a view of, or `None`.
    #[getter]
    fn _base(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        tensor::to_py_opt(py, self.tensor().base())
    }

    /// Whether it is a view.
    fn _is_view(&self) -> bool {
        self.tensor().base().is_some()
    }

    /// The same memory and version counter, cut off from the graph.
    fn detach(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        tensor::to_py(py, guard(|| Ok(self.tensor().detach()))?)
    }

    /// Cuts the tensor itself off from the graph.
    fn detach_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        guard(|| slf.get().tensor().detach_())?;
        Ok(slf.clone())
    }

    /// The same memory, cut off from the graph and its checks: changes through it are not noticed by backward.
    #[getter]
    fn get_data(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.tensor().is_batched() {
            return Err(PyRuntimeError::new_err("accessing `data` under vmap transform is not allowed"));
        }
        tensor::to_py(py, guard(|| Ok(self.tensor().data()))?)
    }

    #[deleter]
    fn delete_data(&self) -> PyResult<()> {
        Err(cannot_be_deleted("data"))
    }

    #[deleter]
    fn delete_requires_grad(&self) -> PyResult<()> {
        Err(cannot_be_deleted("requires_grad"))
    }

    /// Another name of `grad_fn`, which cannot be changed.
    #[getter(_grad_fn)]
    fn grad_fn_of_old(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_any().getattr("grad_fn").map(Bound::unbind)
    }

    #[deleter(_grad_fn)]
    fn delete_grad_fn(&self) -> PyResult<()> {
        Err(cannot_be_deleted("_grad_fn"))
    }

    #[setter]
    fn set_data(slf: &Bound<'_, Self>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(given) = tensor::from_py(data) else {
            return Err(PyTypeError::new_err(format!("Variable data has to be a tensor, but got {}", type_name(data))));
        };
        let own = slf.get().tensor();
        if own.is_batched() {
            return Err(PyRuntimeError::new_err("mutating directly with `.data` under vmap transform is not allowed."));
        }
        guard(|| own.set_data(given))?;
        // Of a sparse tensor the data are attributes; those of a program's own class are its affair.
        if own.is_hosted()
            && let Some(take) = slf.as_any().getattr_opt("_take_data")?
        {
            take.call1((data,))?;
        }
        Ok(())
    }

    // ---- other memory for the same tensor ----------------------------------------------------------------------

    /// Shows other memory: that of `source`, a tensor or a storage.
    #[pyo3(signature = (source=None, storage_offset=0, size=None, stride=None))]
    fn set_<'py>(
        slf: &Bound<'py, Self>,
        source: Option<&Bound<'py, PyAny>>,
        storage_offset: usize,
        size: Option<Vec<usize>>,
        stride: Option<Vec<isize>>,
    ) -> PyResult<Bound<'py, Self>> {
        let this = slf.get().tensor();
        if this.requires_grad() && arcgrad::graph::is_grad_enabled() {
            return Err(PyRuntimeError::new_err(
                "set_() is not allowed on a Tensor that requires grad; use .data or no_grad()",
            ));
        }
        guard(|| this.check_own_memory("set_"))?;
        let array = crate::storage::array_over(this, source, storage_offset, size, stride)?;
        guard(|| {
            this.become_array(array);
            Ok(())
        })?;
        Ok(slf.clone())
    }

    /// Gives the tensor another shape, row-major; elements beyond the old ones are zero.
    #[pyo3(signature = (*sizes, memory_format=None))]
    fn resize_<'py>(
        slf: &Bound<'py, Self>,
        sizes: &Bound<'py, PyTuple>,
        memory_format: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let sizes = shape_argument("resize_", sizes)?;
        let this = slf.get().tensor();
        resize("resize_", this, &sizes, this, memory_format)?;
        Ok(slf.clone())
    }

    /// `resize_` to the shape of another tensor.
    #[pyo3(signature = (the_template, memory_format=None))]
    fn resize_as_<'py>(
        slf: &Bound<'py, Self>,
        the_template: &Bound<'py, PyAny>,
        memory_format: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let template = require(the_template, "resize_as_", "the_template")?;
        resize("resize_as_", slf.get().tensor(), &template.shape(), template, memory_format)?;
        Ok(slf.clone())
    }

    // ---- attributes of the program's own -----------------------------------------------------------------------

    fn __setattr__(slf: &Bound<'_, Self>, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        // What is attached may lead back to the tensor.
        track(slf.as_any());
        // SAFETY: live objects and the GIL.
        let done = unsafe { ffi::PyObject_GenericSetAttr(slf.as_ptr(), name.as_ptr(), value.as_ptr()) };
        if done == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }

    fn __delattr__(slf: &Bound<'_, Self>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        // SAFETY: live objects and the GIL; null deletes.
        let done = unsafe { ffi::PyObject_GenericSetAttr(slf.as_ptr(), name.as_ptr(), std::ptr::null_mut()) };
        if done == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        // Without what only raises here.
        let names = slf.py().get_type::<PyAny>().call_method1("__dir__", (slf,))?;
        let is_complex = slf.get().tensor().dtype().is_complex();
        let hidden = |name: &Bound<'_, PyAny>| !is_complex && name.cast::<PyString>().is_ok_and(|name| name == "imag");
        Ok(names.try_iter()?.collect::<PyResult<Vec<_>>>()?.into_iter().filter(|name| !hidden(name)).collect())
    }
}

#[cold]
fn cannot_be_deleted(name: &str) -> PyErr {
    PyRuntimeError::new_err(format!("Deletion of {name} not allowed: a tensor always has one"))
}

/// Once the program has seen a gradient, its object stays the same and keeps its attributes while the gradient stays.
fn keep_grad_object(tensor: &Bound<'_, PyTensor>, grad: &Bound<'_, PyAny>) -> PyResult<()> {
    if tensor.get().tensor().has_grad_object() {
        return Ok(());
    }
    // The gradient's object may lead back to the tensor.
    track(tensor.as_any());
    tensor.get().tensor().keep_grad_object(collect::host(grad.cast()?));
    Ok(())
}

/// Writes a tensor, or one number everywhere, over a part of a complex tensor.
fn write_part(part: &Tensor, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match (tensor::from_py(value), number::scalar(value)?) {
        (Some(source), _) => guard(|| copy::copy_(part, source)),
        (None, Some(number)) => guard(|| copy::fill_(part, number)),
        _ => Err(PyTypeError::new_err(format!("a tensor or a number is expected, not {}", type_name(value)))),
    }
}

/// Sizes given one by one or as one list.
pub fn shape_argument(op: &'static str, sizes: &Bound<'_, PyTuple>) -> PyResult<Vec<usize>> {
    let single = if sizes.len() == 1 { Some(sizes.get_item(0)?) } else { None };
    let items: Vec<Bound<'_, PyAny>> = match single {
        Some(list) if number::int(&list)?.is_none() => list.try_iter()?.collect::<PyResult<_>>()?,
        _ => sizes.iter().collect(),
    };
    items
        .iter()
        .map(|item| match number::int(item)? {
            Some(size) => usize::try_from(size).map_err(|_| {
                crate::error::to_py_err(Error::runtime(
                    op,
                    format!("Trying to create tensor with negative dimension {size}"),
                ))
            }),
            None => Err(PyTypeError::new_err(format!("{op}(): sizes must be int, not {}", type_name(item)))),
        })
        .collect()
}
