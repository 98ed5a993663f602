//! What Python's cycle collector sees through tensors and nodes.
//!
//! A reference to a Python object that the graph holds is shown only when the object asked is the only reason why the
//! graph holds it ([`arcgrad::graph::ownership`]); everything else counts as held from outside. All numbers that
//! decide stay the same from one pass of the collector to the next: while any thread works on graphs without the
//! interpreter nothing is shown at all.

use std::sync::atomic::{AtomicUsize, Ordering};

use arcgrad::Tensor;
use arcgrad::graph::NodeRef;
use arcgrad::graph::ownership::{Held, Owner, visit_owned};
use pyo3::{PyTraverseError, PyVisit};

use super::function::PyFunctionRule;
use super::hooks::PyHook;
use super::interpreter;
use super::node::Metadata;
use super::saved::PyPacked;

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
    if HOLDERS.load(Ordering::Acquire) == 0 || interpreter::graphs_may_change() {
        return Ok(());
    }
    let mut result = Ok(());
    visit_owned(owner, LIMIT, &mut |held| {
        let object = match held {
            Held::Hook(hook) => hook.as_any().downcast_ref::<PyHook>().map(PyHook::object),
            Held::Packed(packed) => {
                let Some(packed) = packed.as_any().downcast_ref::<PyPacked>() else { return };
                if result.is_ok() {
                    result = visit.call(packed.unpack_hook());
                }
                Some(packed.object())
            }
            Held::Rule(rule) => {
                (rule as &dyn std::any::Any).downcast_ref::<PyFunctionRule>().map(PyFunctionRule::object)
            }
            Held::Metadata(metadata) => metadata.downcast_ref::<Metadata>().map(Metadata::object),
            Held::Tensor(_) => None,
        };
        if let (Some(object), true) = (object, result.is_ok()) {
            result = visit.call(object);
        }
    });
    result
}
