//! Nodes as Python objects: `Tensor.grad_fn`. One object per node while it lives; its class carries the node's name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, Ordering};

use arcgrad::graph::hooks::Kind;
use arcgrad::graph::node::{Meta, WeakNode};
use arcgrad::graph::op::Attribute;
use arcgrad::graph::{Edge, NodeRef, accumulate::AccumulateGrad, custom, engine, is_grad_enabled};
use parking_lot::Mutex;
use pyo3::exceptions::{PyAttributeError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use super::collect::{self, Holding};
use super::function::PyFunctionRule;
use super::hooks::{PyHandle, PyHook, tuple_of};
use super::saved::PySavedTensor;
use crate::error::{guard, guard_detached};
use crate::tensor::{from_py, to_py, to_py_opt, type_name};

/// What a node's object holds.
pub enum Handle {
    /// Nothing: never connected, or cleared by the collector.
    Nothing,
    /// The node.
    Strong(NodeRef),
    /// The node owns this object, not the other way round: the ctx of a custom function.
    Weak(WeakNode),
}

/// A node of the graph: an operation that was recorded, and that turns gradients of its outputs into gradients of its
/// inputs.
#[pyclass(frozen, subclass, name = "Node", module = "arcgrad.autograd.graph")]
pub struct PyNode {
    handle: Mutex<Handle>,
    /// This object's own address while it stands for a node.
    object: AtomicPtr<()>,
}

/// The Python dict of a node.
pub struct Metadata {
    dict: Py<PyAny>,
    _holding: Holding,
}

impl Metadata {
    /// The dict.
    pub fn object(&self) -> &Py<PyAny> {
        &self.dict
    }
}

thread_local! {
    /// The node for which an object is being made.
    static PENDING: RefCell<Option<NodeRef>> = const { RefCell::new(None) };
}

/// One class per name of nodes.
static CLASSES: Mutex<Option<HashMap<String, Py<PyType>>>> = Mutex::new(None);

impl Drop for PyNode {
    fn drop(&mut self) {
        if let Handle::Strong(node) = self.handle.get_mut() {
            let object = *self.object.get_mut();
            let _ =
                node.host_slot().compare_exchange(object, std::ptr::null_mut(), Ordering::AcqRel, Ordering::Acquire);
        }
    }
}

impl PyNode {
    /// An object not connected to a node: a ctx during forward.
    pub fn unconnected() -> Self {
        Self { handle: Mutex::new(Handle::Nothing), object: AtomicPtr::default() }
    }

    /// Connects a ctx to the node that owns it.
    pub fn connect(&self, node: WeakNode) {
        *self.handle.lock() = Handle::Weak(node);
    }

    /// The node.
    pub fn node(&self) -> PyResult<NodeRef> {
        let node = match &*self.handle.lock() {
            Handle::Nothing => None,
            Handle::Strong(node) => Some(node.clone()),
            Handle::Weak(node) => node.upgrade(),
        };
        node.ok_or_else(|| {
            PyRuntimeError::new_err(
                "this object belongs to no node (any more): the forward of the custom function is not over, nothing \
                 required a gradient, or the graph was freed",
            )
        })
    }

    /// The node, if it is there.
    pub fn node_if_any(&self) -> Option<NodeRef> {
        self.node().ok()
    }
}

/// The short name of a node, without a namespace.
pub fn short_name(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

fn class_of<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    let name = short_name(name);
    if let Some(class) = CLASSES.lock().as_ref().and_then(|classes| classes.get(name)) {
        return Ok(class.bind(py).clone());
    }
    let namespace = PyDict::new(py);
    namespace.set_item("__module__", "arcgrad.autograd")?;
    let class = py.get_type::<PyType>().call1((name, (py.get_type::<PyNode>(),), namespace))?.cast_into::<PyType>()?;
    // Two threads may have got here: the first class stays.
    let mut classes = CLASSES.lock();
    let classes = classes.get_or_insert_default();
    Ok(classes.entry(name.to_owned()).or_insert_with(|| class.unbind()).bind(py).clone())
}

/// THE Python object of a node.
pub fn node_to_py(py: Python<'_>, node: &NodeRef) -> PyResult<Py<PyAny>> {
    if let Some(rule) = node.op_as::<PyFunctionRule>() {
        return Ok(rule.object().clone_ref(py));
    }
    let object = node.host_slot().load(Ordering::Acquire).cast::<ffi::PyObject>();
    // SAFETY: the slot is cleared before the object's memory is given back, and both happen with the GIL held, as
    // here. An object whose references are all gone is being taken down: it must not come back.
    unsafe {
        if !object.is_null() && ffi::Py_REFCNT(object) > 0 {
            return Ok(Bound::from_borrowed_ptr(py, object).unbind());
        }
    }
    let class = class_of(py, node.name())?;
    PENDING.set(Some(node.clone()));
    let made = class.call0();
    PENDING.set(None);
    let made = made?;
    made.cast::<PyNode>()?.get().object.store(made.as_ptr().cast(), Ordering::Release);
    node.host_slot().store(made.as_ptr().cast(), Ordering::Release);
    Ok(made.unbind())
}

/// [`node_to_py`], `None` for no node.
pub fn node_to_py_opt(py: Python<'_>, node: Option<&NodeRef>) -> PyResult<Py<PyAny>> {
    node.map_or_else(|| Ok(py.None()), |node| node_to_py(py, node))
}

/// The node of a Python object that stands for one.
pub fn node_of(object: &Bound<'_, PyAny>) -> Option<NodeRef> {
    object.cast::<PyNode>().ok()?.get().node_if_any()
}

fn attribute_to_py(py: Python<'_>, attribute: Attribute) -> PyResult<Py<PyAny>> {
    Ok(match attribute {
        Attribute::Number(number) => crate::number::to_py(py, number),
        Attribute::Ints(values) => PyTuple::new(py, values)?.into_any().unbind(),
        Attribute::Bool(value) => PyBool::new(py, value).to_owned().into_any().unbind(),
        Attribute::Absent | Attribute::Tensors(_) => py.None(),
    })
}

/// Saved values that belong together, ``None`` where there is none; raw, as objects that hooks can be registered with.
fn saved_list(py: Python<'_>, node: &NodeRef, numbers: &[Option<usize>], raw: bool) -> PyResult<Py<PyAny>> {
    let one = |number: &Option<usize>| match number {
        number if raw => Ok(Py::new(py, PySavedTensor::new(node.clone(), *number))?.into_any()),
        Some(number) => to_py(py, guard(|| custom::saved_value(node, *number))?),
        None => Ok(py.None()),
    };
    let values = numbers.iter().map(one).collect::<PyResult<Vec<_>>>()?;
    Ok(PyTuple::new(py, values)?.into_any().unbind())
}

fn attribute_error(slf: &Bound<'_, PyNode>, name: &str) -> PyErr {
    PyAttributeError::new_err(format!("'{}' object has no attribute '{name}'", type_name(slf.as_any())))
}

#[pymethods]
impl PyNode {
    #[new]
    fn new() -> PyResult<Self> {
        match PENDING.take() {
            Some(node) => Ok(Self { handle: Mutex::new(Handle::Strong(node)), object: AtomicPtr::default() }),
            None => Err(PyTypeError::new_err("nodes are made by operations on tensors, not by calling their class")),
        }
    }

    /// The node's name, such as ``MulBackward0``.
    fn name(&self) -> PyResult<String> {
        Ok(self.node()?.name().to_owned())
    }

    /// For each input: the node its gradient goes to and the number of that node's output, ``(None, 0)`` if nowhere.
    #[getter]
    fn next_functions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let node = self.node()?;
        let pairs = node
            .edges()
            .iter()
            .map(|edge| Ok((node_to_py_opt(py, edge.node.as_ref())?, edge.output_nr)))
            .collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, pairs)
    }

    /// A dict for whatever the program wants to keep with the node.
    #[getter]
    fn metadata(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let node = self.node()?;
        let made = PyDict::new(py).into_any().unbind();
        let metadata = node.metadata(|| Box::new(Metadata { dict: made, _holding: Holding::new() }));
        match metadata.downcast_ref::<Metadata>() {
            Some(metadata) => Ok(metadata.dict.clone_ref(py)),
            None => Err(PyRuntimeError::new_err("the node's metadata belongs to a Rust program")),
        }
    }

    /// Shape, dtype and device of each output, which are those of the gradients the node takes.
    #[getter(_input_metadata)]
    fn input_metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let node = self.node()?;
        let metas = node.outputs().iter().map(|meta| Py::new(py, PyInputMetadata(meta.clone())));
        PyTuple::new(py, metas.collect::<PyResult<Vec<_>>>()?)
    }

    /// The node's place in the order of a pass: nodes of higher numbers run first. It is that of creation.
    fn _sequence_nr(&self) -> PyResult<u64> {
        let node = self.node()?;
        Ok(node.hooks().and_then(|hooks| hooks.sequence()).unwrap_or_else(|| node.id()))
    }

    /// Give the node another place in the order of a pass.
    fn _set_sequence_nr(&self, sequence_nr: u64) -> PyResult<()> {
        self.node()?.hooks_or_new().set_sequence(sequence_nr);
        Ok(())
    }

    /// File, line and text of the line that made the node; ``None`` where it is not known.
    fn line(&self) -> PyResult<Option<(String, u32, Option<String>)>> {
        Ok(self.node()?.blame().resolve().map(|line| (line.file, line.line, line.text)))
    }

    /// Call ``fn(grad_inputs, grad_outputs)`` after the node has run; it may return other gradients of the inputs.
    #[pyo3(name = "register_hook")]
    fn register_hook(&self, r#fn: &Bound<'_, PyAny>) -> PyResult<PyHandle> {
        self.register(Kind::After, r#fn)
    }

    /// Call ``fn(grad_outputs)`` before the node runs; it may return other gradients of the outputs.
    #[pyo3(name = "register_prehook")]
    fn register_prehook(&self, r#fn: &Bound<'_, PyAny>) -> PyResult<PyHandle> {
        self.register(Kind::Before, r#fn)
    }

    /// Run the node alone: gradients of its outputs in, gradients of its inputs out.
    #[pyo3(signature = (*grads))]
    fn __call__(&self, py: Python<'_>, grads: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
        let node = self.node()?;
        if grads.len() != node.outputs().len() {
            return Err(PyTypeError::new_err(format!(
                "{} expected {} arguments, got {} instead: one gradient per output",
                node.name(),
                node.outputs().len(),
                grads.len()
            )));
        }
        let mut given = Vec::with_capacity(grads.len());
        for grad in grads.iter() {
            match from_py(&grad) {
                Some(tensor) => given.push(Some(tensor.clone())),
                None if grad.is_none() => given.push(None),
                None => {
                    return Err(PyTypeError::new_err(format!("expected Tensor or None, got {}", type_name(&grad))));
                }
            }
        }
        let results = guard_detached(py, move || {
            let needs: Vec<bool> = node.edges().iter().map(|edge: &Edge| edge.node.is_some()).collect();
            engine::call_node(&node, given.into_iter().collect(), &needs, is_grad_enabled())
        })?;
        match &*results {
            [one] => to_py_opt(py, one.clone()),
            many => Ok(tuple_of(py, many)?.into_any().unbind()),
        }
    }

    /// ``variable`` of an ``AccumulateGrad``, saved values as ``_saved_<name>`` and ``_raw_saved_<name>``.
    fn __getattr__(slf: &Bound<'_, Self>, name: &str) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let Some(node) = slf.get().node_if_any() else { return Err(attribute_error(slf, name)) };
        if name == "variable" {
            return match node.op_as::<AccumulateGrad>() {
                Some(rule) => to_py_opt(py, rule.leaf()),
                None => Err(attribute_error(slf, name)),
            };
        }
        let (raw, wanted) = match (name.strip_prefix("_raw_saved_"), name.strip_prefix("_saved_")) {
            (Some(wanted), _) => (true, wanted),
            (None, Some(wanted)) => (false, wanted),
            (None, None) => return Err(attribute_error(slf, name)),
        };
        let found = node.op().saved_names().into_iter().find(|(known, _)| *known == wanted);
        let Some((_, index)) = found else {
            let attribute = node.op().saved_attributes().into_iter().find(|(known, _)| *known == wanted);
            return match attribute {
                Some((_, Attribute::Tensors(numbers))) => saved_list(py, &node, &numbers, raw),
                Some((_, attribute)) if !raw => attribute_to_py(py, attribute),
                Some(_) => Err(attribute_error(slf, name)),
                None => Err(attribute_error(slf, name)),
            };
        };
        if raw {
            return Ok(Py::new(py, PySavedTensor::new(node, Some(index)))?.into_any());
        }
        to_py(py, guard(|| custom::saved_value(&node, index))?)
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<String>> {
        let py = slf.py();
        let mut names: Vec<String> = py.get_type::<PyAny>().call_method1("__dir__", (slf,))?.extract()?;
        if let Some(node) = slf.get().node_if_any() {
            for (name, _) in node.op().saved_names() {
                names.extend([format!("_saved_{name}"), format!("_raw_saved_{name}")]);
            }
            names.extend(node.op().saved_attributes().into_iter().map(|(name, _)| format!("_saved_{name}")));
            if node.op().is_accumulator() {
                names.push("variable".to_owned());
            }
        }
        Ok(names)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> String {
        format!("<{} object at {:#x}>", type_name(slf.as_any()), slf.as_ptr() as usize)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(handle) = self.handle.try_lock()
            && let Handle::Strong(node) = &*handle
        {
            return collect::traverse_node(node, &visit);
        }
        Ok(())
    }

    fn __clear__(slf: &Bound<'_, Self>) {
        let this = slf.get();
        let mut handle = this.handle.lock();
        // A ctx stays connected: it holds nothing.
        if let Handle::Strong(node) = &*handle {
            let object = this.object.load(Ordering::Acquire);
            let slot = node.host_slot();
            let _ = slot.compare_exchange(object, std::ptr::null_mut(), Ordering::AcqRel, Ordering::Acquire);
            let old = std::mem::replace(&mut *handle, Handle::Nothing);
            drop(handle);
            drop(old);
        }
    }
}

impl PyNode {
    fn register(&self, kind: Kind, callable: &Bound<'_, PyAny>) -> PyResult<PyHandle> {
        let node = self.node()?;
        let table = node.hooks_or_new();
        let id = table.add(kind, PyHook::new(callable));
        Ok(PyHandle::new(table, id))
    }
}

/// What a node knows of the gradient of one of its outputs.
#[pyclass(frozen, name = "_InputMetadata", module = "arcgrad.autograd")]
struct PyInputMetadata(Meta);

#[pymethods]
impl PyInputMetadata {
    /// The sizes of the axes.
    #[getter]
    fn shape(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        crate::size::to_py(py, &self.0.shape)
    }

    /// The element type.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyAny> {
        crate::dtype::to_py(py, self.0.dtype).into_any()
    }

    /// Where it lies: the CPU.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<crate::device::PyDevice>> {
        crate::device::to_py(py, arcgrad::storage::Device::Cpu)
    }

    /// Whether it is a nested tensor: never.
    #[getter]
    fn is_nested_tensor(&self) -> bool {
        false
    }
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyInputMetadata>()?;
    module.add_class::<PyNode>()
}
