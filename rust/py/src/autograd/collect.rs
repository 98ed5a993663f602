//! What Python's cycle collector sees through tensors and nodes.
//!
//! A reference to a Python object that the graph holds is shown only when the object asked is the only reason why the
//! graph holds it ([`arcgrad::graph::ownership`]); everything else counts as held from outside. All numbers that
//! decide stay the same from one pass of the collector to the next: while any thread works on graphs without the
//! interpreter nothing is shown at all.

use std::sync::atomic::{AtomicUsize, Ordering};

use std::sync::Arc;

use arcgrad::Tensor;
use arcgrad::graph::NodeRef;
use arcgrad::graph::hosted::{Attachment, HostObject};
use arcgrad::graph::ownership::{self, Held, Owner, visit_owned};
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyTraverseError, PyVisit};

use super::function::PyFunctionRule;
use super::hooks::PyHook;
use super::interpreter;
use super::node::Metadata;
use super::saved::PyPacked;
use crate::tensor::PyTensor;

/// Parts of the graph looked at for one object: about a millisecond. Cycles over larger graphs are not found.
const LIMIT: usize = 10_000;

/// Python objects held by graphs.
static HOLDERS: AtomicUsize = AtomicUsize::new(0);

/// Counts a Python object held by a graph while it lives: without any there is nothing to look for.
pub struct Holding(());

impl Holding {
    /// Counts one more.
    pub fn new() -> Self {
        HOLDERS.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        HOLDERS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The Python object of a gradient, held by the tensor whose gradient it is.
///
/// Not counted as a holder: every parameter has one. Where nothing else is held, only what hangs on a tensor itself is
/// shown.
struct PyHost(Py<PyTensor>);

impl HostObject for PyHost {
    fn tensor(&self) -> &Tensor {
        self.0.get().tensor()
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The object of a tensor as an owner of it.
pub fn host(object: &Bound<'_, PyTensor>) -> Arc<dyn HostObject> {
    Arc::new(PyHost(object.clone().unbind()))
}

/// A reference to the callable of a hook, held by the tensor that registered it.
struct PyAnchor {
    callable: Py<PyAny>,
    _holding: Holding,
}

/// The reference a tensor holds to the callable of its hook.
pub fn anchor(callable: &Bound<'_, PyAny>) -> Attachment {
    Arc::new(PyAnchor { callable: callable.clone().unbind(), _holding: Holding::new() })
}

/// Class and attributes of a tensor's object that died before the tensor.
pub struct Remains {
    /// Its class.
    pub class: Py<PyType>,
    /// Its `__dict__`, if it had one.
    pub dict: Option<Py<PyAny>>,
    _holding: Holding,
}

impl Remains {
    /// What shall outlive an object.
    pub fn new(class: Py<PyType>, dict: Option<Py<PyAny>>) -> Self {
        Self { class, dict, _holding: Holding::new() }
    }
}

/// Shows the collector what a tensor's Python object alone keeps alive.
pub fn traverse(tensor: &Tensor, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
    walk(&Owner::Tensor(tensor), visit)
}

/// Breaks the cycles through a tensor that the collector found to be garbage.
pub fn clear(tensor: &Tensor) {
    tensor.dismantle();
}

/// Shows the collector what a node's Python object alone keeps alive.
pub fn traverse_node(node: &NodeRef, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
    walk(&Owner::Node(node), visit)
}

fn walk(owner: &Owner<'_>, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
    if interpreter::graphs_may_change() {
        return Ok(());
    }
    let mut result = Ok(());
    let mut show = |held: Held<'_>| {
        let object = match held {
            Held::Object(object) => {
                if let (Some(PyHost(object)), true) = (object.as_any().downcast_ref(), result.is_ok()) {
                    result = visit.call(object);
                }
                None
            }
            Held::Attachment(attachment) => match attachment.downcast_ref::<Remains>() {
                // The class is no part of a cycle that could not be found otherwise.
                Some(remains) => remains.dict.as_ref(),
                None => attachment.downcast_ref::<PyAnchor>().map(|anchor| &anchor.callable),
            },
            Held::Hook(hook) => hook.as_any().downcast_ref::<PyHook>().map(PyHook::object),
            Held::Packed(packed) => {
                let Some(packed) = packed.as_any().downcast_ref::<PyPacked>() else { return };
                if result.is_ok() {
                    result = visit.call(packed.unpack_hook());
                }
                Some(packed.object())
            }
            Held::Op(op) => (op as &dyn std::any::Any).downcast_ref::<PyFunctionRule>().map(PyFunctionRule::object),
            Held::Metadata(metadata) => metadata.downcast_ref::<Metadata>().map(Metadata::object),
        };
        if let (Some(object), true) = (object, result.is_ok()) {
            result = visit.call(object);
        }
    };
    if HOLDERS.load(Ordering::Acquire) > 0 {
        visit_owned(owner, LIMIT, &mut show);
    } else if let Owner::Tensor(tensor) = owner {
        ownership::visit_own(tensor, &mut show);
    }
    result
}
