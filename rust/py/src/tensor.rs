//! The class `arcgrad.Tensor` and the identity of its objects: one Python object per tensor while it lives.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use arcgrad::Tensor;
use arcgrad::ops::elementwise::Fresh;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyTraverseError, PyVisit};

use crate::autograd::collect::{self, Remains};
use crate::error::guard;

/// A multi-dimensional array of numbers that can take part in a differentiable graph.
#[pyclass(frozen, weakref, dict, subclass, name = "Tensor", module = "arcgrad")]
pub struct PyTensor {
    tensor: Tensor,
}

impl PyTensor {
    /// The core's tensor.
    #[inline]
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }
}

#[pymethods]
impl PyTensor {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        collect::traverse(&self.tensor, &visit)
    }

    fn __clear__(&self) {
        collect::clear(&self.tensor);
    }
}

impl Drop for PyTensor {
    fn drop(&mut self) {
        // Another object may stand for the tensor by now: only this object's own address is cleared. The slot is
        // written with the GIL held only, so that comparing and clearing are one step.
        let object = (std::ptr::from_ref(self) as usize - VALUE_OFFSET.load(Ordering::Relaxed)) as *mut ();
        let slot = self.tensor.host_slot();
        if slot.load(Ordering::Acquire) != object {
            return;
        }
        slot.store(std::ptr::null_mut(), Ordering::Release);
        if self.tensor.strong_count() > 1 {
            // SAFETY: called when the object's references are gone, with the GIL held and the object still whole.
            unsafe { bequeath(object.cast(), &self.tensor) };
        }
    }
}

/// Leaves class and attributes of an object that dies to its tensor, which lives on.
///
/// # Safety
/// `object` is a tensor object on its way down, whose `__dict__` has not been released yet, and the GIL is held.
#[cold]
unsafe fn bequeath(object: *mut ffi::PyObject, tensor: &Tensor) {
    // SAFETY: as the caller promises; the slot of the `__dict__` is null or holds a reference.
    unsafe {
        let py = Python::assume_attached();
        let dict = *dict_slot(object);
        let dict = (!dict.is_null() && ffi::PyDict_Size(dict) > 0).then(|| Bound::from_borrowed_ptr(py, dict).unbind());
        let class = ffi::Py_TYPE(object);
        if dict.is_some() || class != tensor_type() {
            let class = Bound::from_borrowed_ptr(py, class.cast()).cast_into_unchecked::<PyType>();
            tensor.attach(Arc::new(Remains::new(class.unbind(), dict)));
        }
    }
}

/// Where an object keeps its `__dict__`.
///
/// # Safety
/// `object` is a tensor object.
unsafe fn dict_slot(object: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
    // SAFETY: the offset lies within every instance of the class and its subclasses.
    unsafe { object.byte_add(DICT_OFFSET.load(Ordering::Relaxed)).cast() }
}

/// The class, for checks that must be quick. Null before [`init`].
static TENSOR_TYPE: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());

/// Where in an object the `PyTensor` lies.
static VALUE_OFFSET: AtomicUsize = AtomicUsize::new(0);

/// Bytes of an object of the class itself.
static OBJECT_SIZE: AtomicUsize = AtomicUsize::new(0);

/// Where in an object the reference to its `__dict__` lies.
static DICT_OFFSET: AtomicUsize = AtomicUsize::new(0);

/// Notes the class and the layout of its objects.
pub fn init(py: Python<'_>) -> PyResult<()> {
    let tensor = guard(|| Tensor::scalar(0.0, arcgrad::DType::F32))?;
    let probe = Bound::new(py, PyTensor { tensor })?;
    VALUE_OFFSET.store(std::ptr::from_ref(probe.get()) as usize - probe.as_ptr() as usize, Ordering::Relaxed);
    let class = py.get_type::<PyTensor>();
    OBJECT_SIZE.store(class.getattr("__basicsize__")?.extract()?, Ordering::Relaxed);
    DICT_OFFSET.store(class.getattr("__dictoffset__")?.extract()?, Ordering::Relaxed);
    TENSOR_TYPE.store(class.as_type_ptr(), Ordering::Release);
    Ok(())
}

/// The class.
#[inline]
pub fn tensor_type() -> *mut ffi::PyTypeObject {
    TENSOR_TYPE.load(Ordering::Relaxed)
}

/// Whether `object` is a tensor, of whatever subclass.
///
/// # Safety
/// `object` is a live Python object and the GIL is held.
#[inline]
pub unsafe fn is_tensor(object: *mut ffi::PyObject) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        let class = ffi::Py_TYPE(object);
        class == tensor_type() || ffi::PyType_IsSubtype(class, tensor_type()) != 0
    }
}

/// The tensor of a Python object, borrowed from it; `None` if it is no tensor.
///
/// # Safety
/// `object` is a live Python object, which outlives `'a`, and the GIL is held.
#[inline]
pub unsafe fn from_ptr<'a>(object: *mut ffi::PyObject) -> Option<&'a Tensor> {
    // SAFETY: the value lies at this offset in every instance of the class.
    unsafe {
        is_tensor(object).then(|| &(*object.byte_add(VALUE_OFFSET.load(Ordering::Relaxed)).cast::<PyTensor>()).tensor)
    }
}

/// The tensor of a Python object; `None` if it is no tensor.
#[inline]
pub fn from_py<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a Tensor> {
    // SAFETY: the object lives as long as the borrow.
    unsafe { from_ptr(object.as_ptr()) }
}

/// The tensor of a Python object, or a `TypeError` that names function and argument.
pub fn require<'a>(object: &'a Bound<'_, PyAny>, function: &str, argument: &str) -> PyResult<&'a Tensor> {
    from_py(object).ok_or_else(|| {
        let given = type_name(object);
        PyTypeError::new_err(format!("{function}(): argument '{argument}' must be Tensor, not {given}"))
    })
}

/// The name of an object's class, for messages.
pub fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// The Python object that stands for a tensor, if there is one.
#[inline]
fn existing<'py>(py: Python<'py>, tensor: &Tensor) -> Option<Bound<'py, PyAny>> {
    let object = tensor.host_slot().load(Ordering::Acquire).cast::<ffi::PyObject>();
    // SAFETY: the slot is cleared before the object's memory is given back, and both happen with the GIL held, as here.
    // An object whose references are all gone is being taken down: it must not come back.
    unsafe { (!object.is_null() && ffi::Py_REFCNT(object) > 0).then(|| Bound::from_borrowed_ptr(py, object)) }
}

/// THE Python object of a tensor: the one that stands for it, or a new one.
#[inline]
pub fn to_py(py: Python<'_>, tensor: Tensor) -> PyResult<Py<PyAny>> {
    if let Some(object) = existing(py, &tensor) {
        return Ok(object.unbind());
    }
    // SAFETY: what an earlier object left behind is of a subclass and a `dict`; else it is the tensor class itself.
    unsafe {
        let (in_graph, remains) = tensor.host_state();
        match remains.as_ref().and_then(|remains| remains.downcast_ref::<Remains>()) {
            None => new_object(py, tensor_type(), tensor, in_graph, None),
            Some(remains) => {
                let class = remains.class.bind(py).as_type_ptr();
                new_object(py, class, tensor, true, remains.dict.as_ref())
            }
        }
    }
}

/// The Python object of a result that nobody has seen yet.
#[inline]
pub fn fresh_to_py(py: Python<'_>, result: Fresh) -> PyResult<Py<PyAny>> {
    // SAFETY: the tensor class itself.
    unsafe { new_object(py, tensor_type(), result.tensor, result.in_graph, None) }
}

/// [`to_py`] for an optional tensor.
pub fn to_py_opt(py: Python<'_>, tensor: Option<Tensor>) -> PyResult<Py<PyAny>> {
    tensor.map_or_else(|| Ok(py.None()), |tensor| to_py(py, tensor))
}

/// Makes an object of `class` for a tensor and enters it into the tensor's slot. The cycle collector does not track
/// it while nothing can lead from it back to itself: a plain tensor that is not `in_graph` and has no attributes.
///
/// # Safety
/// `class` is the tensor class or a subclass of it, and `dict` a `dict`.
#[inline]
unsafe fn new_object(
    py: Python<'_>,
    class: *mut ffi::PyTypeObject,
    tensor: Tensor,
    in_graph: bool,
    dict: Option<&Py<PyAny>>,
) -> PyResult<Py<PyAny>> {
    // SAFETY: `class` has the layout of the tensor class at its start, its memory is zeroed, and zero is what everything
    // but the value starts with: no `__dict__` yet, no weak references. Other allocators than the first track what they
    // make.
    unsafe {
        let object = if class == tensor_type() {
            // Not tracked, and no more memory cleared than an object has.
            let object = ffi::PyObject_GC_New::<ffi::PyObject>(class);
            if !object.is_null() {
                let head = size_of::<ffi::PyObject>();
                object.byte_add(head).cast::<u8>().write_bytes(0, OBJECT_SIZE.load(Ordering::Relaxed) - head);
            }
            object
        } else {
            let alloc = ffi::PyType_GetSlot(class, ffi::Py_tp_alloc);
            if alloc.is_null() {
                ffi::PyType_GenericAlloc(class, 0)
            } else {
                std::mem::transmute::<*mut c_void, ffi::allocfunc>(alloc)(class, 0)
            }
        };
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        let track_now = class == tensor_type() && in_graph;
        if let Some(dict) = dict {
            *dict_slot(object) = dict.clone_ref(py).into_ptr();
        }
        tensor.host_slot().store(object.cast(), Ordering::Release);
        object.byte_add(VALUE_OFFSET.load(Ordering::Relaxed)).cast::<PyTensor>().write(PyTensor { tensor });
        if track_now {
            ffi::PyObject_GC_Track(object.cast());
        }
        Ok(Bound::from_owned_ptr(py, object).unbind())
    }
}

/// A new object of a subclass for a tensor that has none yet.
pub fn new_instance(class: &Bound<'_, PyType>, tensor: Tensor) -> PyResult<Py<PyAny>> {
    let py = class.py();
    if !class.is_subclass_of::<PyTensor>()? {
        let name = class.name()?;
        return Err(PyTypeError::new_err(format!(
            "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure your class inherits \
             from Tensor: {name} is not a subclass of Tensor"
        )));
    }
    // SAFETY: checked above.
    unsafe { new_object(py, class.as_type_ptr(), tensor, true, None) }
}

/// [`new_instance`] with a `__dict__` that is there already. The class is one of tensors.
pub fn new_with_dict(class: &Bound<'_, PyType>, tensor: Tensor, dict: &Py<PyAny>) -> PyResult<Py<PyAny>> {
    if !class.is_subclass_of::<PyTensor>()? {
        return Err(PyTypeError::new_err(format!("{} is not a subclass of Tensor", class.name()?)));
    }
    // SAFETY: checked above, and a dict.
    unsafe { new_object(class.py(), class.as_type_ptr(), tensor, true, Some(dict)) }
}

/// Lets the cycle collector see a tensor object from now on. To be called before anything is attached to it that may
/// lead back to it: an attribute, a hook, a gradient, a graph.
#[inline]
pub fn track(object: &Bound<'_, PyAny>) {
    let object = object.as_ptr();
    // SAFETY: the object is live and of a class with the collector's header; only an untracked one is entered.
    unsafe {
        if ffi::PyObject_GC_IsTracked(object) == 0 {
            ffi::PyObject_GC_Track(object.cast());
        }
    }
}

/// [`track`] for a tensor object that was written to, and for the one whose part it shows: what was written may lead back
/// to them through the graph.
#[inline]
pub fn track_written(object: &Bound<'_, PyAny>) {
    let Some(tensor) = from_py(object).filter(|tensor| tensor.requires_grad()) else { return };
    track(object);
    if let Some(base) = tensor.base().and_then(|base| existing(object.py(), &base)) {
        track(&base);
    }
}
