//! Saved values as rules read them: checked, and at their place in the graph.

use std::sync::Weak;

use spin::mutex::SpinMutexGuard;

use super::{Kept, PackHooks, Released, Saved, SavedState, Source, type_name};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::engine::Current;
use crate::graph::gradient::InputGradients;
use crate::graph::level::Lift;
use crate::graph::node::{Edge, Node, NodeRef};
use crate::graph::provenance::Blame;
use crate::graph::rules::Backward;
use crate::graph::views;
use crate::tensor::{Inner, Tensor};

impl Backward<'_> {
    /// Runs the node's rule: the gradients of the inputs. A value that the rule has read must still be what was saved
    /// when the rule is done.
    #[inline]
    pub(in crate::graph) fn run(mut self) -> Result<InputGradients> {
        self.node.op().vjp(&mut self)?;
        // What leads nowhere, a leaf's accumulator, saves nothing.
        if !self.finished.get() && !self.node.edges().is_empty() && (self.read.get() != 0 || self.release.is_some()) {
            finish(self.node, self.read.get(), self.release)?;
        }
        Ok(self.results)
    }

    /// Saved value `index` as a tensor with its place in the graph, its version checked.
    pub fn saved(&self, index: usize) -> Result<Tensor> {
        self.note_read(index);
        tensor_of(self.node, index)
    }

    /// Saved value `index` as bare data, its version checked: what a fused gradient kernel reads.
    pub fn saved_array(&self, index: usize) -> Result<Array> {
        self.note_read(index);
        match array_of(self.node, index)? {
            Some(array) => Ok(array),
            None => Ok(self.saved(index)?.array()),
        }
    }

    /// Lends all saved values to `body` under their lock. If it gives a result, it has noted what it read and the node is
    /// done with its saved values: they are checked and let go of before the lock is, to be dropped by the caller.
    #[inline]
    pub(crate) fn lend_saved<R>(&self, body: impl FnOnce(&SavedState) -> Option<R>) -> Result<Option<(R, Released)>> {
        let state = self.node.head().saved();
        let Some(result) = body(&state) else { return Ok(None) };
        self.finished.set(true);
        let released = finish_locked(self.node, state, self.read.get(), self.release)?;
        Ok(Some((result, released)))
    }
}

/// The tensor a saved value was, if that still exists and has not been given another place or other memory by an
/// in-place operation since; else a new tensor with the same data at the same place. Whether a leaf requires a gradient is
/// not its place: what it says now counts.
fn rebuild(array: Array, edge: Option<Edge>, identity: &Weak<Inner>, lift: Option<Box<Lift>>) -> Tensor {
    if let Some(inner) = identity.upgrade() {
        let tensor = Tensor::from_inner(inner);
        if tensor.is_at(edge.as_ref()) && tensor.array().is_exactly(&array) {
            return tensor;
        }
    }
    let tensor = Tensor::from_saved(array, edge);
    if let Some(lift) = lift {
        tensor.set_lift(Some(*lift));
    }
    tensor
}

#[cold]
fn modified(node: &Node, array: &Array, edge: Option<&Edge>, found: u32, expected: u32) -> Box<Error> {
    let origin = match edge {
        Some(Edge { node: Some(from), output_nr }) if !from.op().is_accumulator() => {
            format!(", which is output {output_nr} of {},", from.name())
        }
        _ => String::new(),
    };
    Error::graph(
        "backward",
        format!(
            "one of the variables needed for gradient computation has been modified by an inplace operation: \
             [{} {:?}]{origin} is at version {found}; expected version {expected} instead.\n  \
             saved by {} at {}\n  changed at {}\n\
             Hint: change a copy (x = x + 1 instead of x += 1, or x.clone() first), or do the in-place operation after backward.",
            type_name(array.dtype()),
            array.shape(),
            node.name(),
            node.blame().describe(),
            array.storage().changed_by().describe(),
        ),
    )
}

/// The error of a second pass over values that are gone.
#[cold]
pub fn second_backward(node: &Node, first: Option<Blame>) -> Box<Error> {
    let first = first.map_or_else(String::new, |blame| format!("\n  the first backward was at {}", blame.describe()));
    Error::graph(
        "backward",
        format!(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have \
             already been freed). Saved intermediate values of the graph are freed when you call .backward() or \
             autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if \
             you need to access saved tensors after calling backward.\n  {} was recorded at {}{first}",
            node.name(),
            node.blame().describe(),
        ),
    )
}

/// Saved value `index` of `node` as a tensor.
pub(crate) fn tensor_of(node: &NodeRef, index: usize) -> Result<Tensor> {
    // Everything is copied out first: neither host code nor a destructor may run under the node's lock.
    let state = node.head().saved.lock();
    if let Some(first) = state.released {
        drop(state);
        return Err(second_backward(node, Some(first)));
    }
    let saved = &state.values[index];
    let (edge, copy) = (saved.edge(node), saved.rewritten_by());
    // The edge as it is now, of the data as it is now.
    let current = |edge, array: &Array| match &copy {
        Some(copy) => views::edge_through_base(copy, array),
        None => Ok(edge),
    };
    match &saved.kept {
        Kept::Array(array) => {
            // An output comes back as another tensor, as in PyTorch: what was given out may have gone elsewhere since.
            let identity = match saved.source {
                Source::Output(_) | Source::OutputOfView(_) => Weak::new(),
                _ => saved.identity.clone(),
            };
            let (array, expected) = (array.clone(), saved.version);
            let lift = saved.lift.clone();
            drop(state);
            let found = array.storage().version();
            if found != expected {
                return Err(modified(node, &array, edge.as_ref(), found, expected));
            }
            let edge = current(edge, &array)?;
            Ok(rebuild(array, edge, &identity, lift))
        }
        Kept::Packed(exchanged) => {
            let (exchanged, own) = (exchanged.clone(), saved.lift.clone());
            drop(state);
            let _current = Current::enter(node);
            let (given, array, lift) = exchanged.unpack()?;
            let lift = Lift::with_tangents_of(lift, own);
            let edge = current(edge, &array)?;
            let is_same = || !given.requires_grad() && given.is_at(None) && given.array().is_exactly(&array);
            if edge.is_none() && lift.is_none() && given.lift().is_none() && is_same() {
                return Ok(given);
            }
            let tensor = Tensor::from_saved(array, edge);
            if lift.is_some() {
                tensor.set_lift(lift);
            }
            Ok(tensor)
        }
    }
}

/// Saved value `index` of `node` as bare data: what a fused gradient kernel reads. `None` when only the program's
/// hooks can produce it.
pub(crate) fn array_of(node: &NodeRef, index: usize) -> Result<Option<Array>> {
    let state = node.head().saved.lock();
    if let Some(first) = state.released {
        drop(state);
        return Err(second_backward(node, Some(first)));
    }
    let saved = &state.values[index];
    match &saved.kept {
        Kept::Array(array) => {
            let found = array.storage().version();
            if found != saved.version {
                let (array, edge, expected) = (array.clone(), saved.edge(node), saved.version);
                drop(state);
                return Err(modified(node, &array, edge.as_ref(), found, expected));
            }
            Ok(Some(array.clone()))
        }
        Kept::Packed(_) => Ok(None),
    }
}

/// After a rule has run: errors when a value whose bit is set in `read` has been changed since it was checked, because
/// what the rule computed may be of two minds (only another thread can do that); then lets go of the values, unless
/// `first` says that no pass is to be the first to have used them.
pub(in crate::graph) fn finish(node: &NodeRef, read: u64, first: Option<Blame>) -> Result<()> {
    finish_locked(node, node.head().saved.lock(), read, first).map(drop)
}

/// [`finish`] where the node's saved values are locked already, which ends here.
#[inline]
pub(in crate::graph) fn finish_locked(
    node: &NodeRef,
    mut state: SpinMutexGuard<'_, SavedState>,
    read: u64,
    first: Option<Blame>,
) -> Result<Released> {
    for (index, saved) in state.values.iter().enumerate().take(u64::BITS as usize) {
        let Kept::Array(array) = &saved.kept else { continue };
        let found = array.storage().version();
        if read >> index & 1 == 1 && found != saved.version {
            let (array, edge, expected) = (array.clone(), saved.edge(node), saved.version);
            drop(state);
            return Err(modified(node, &array, edge.as_ref(), found, expected));
        }
    }
    let released = first.map(|blame| state.release(blame)).unwrap_or_default();
    drop(state);
    if first.is_some() {
        node.op().release();
    }
    Ok(Released(released))
}

/// Whether the node's saved values are gone.
pub fn was_released(node: &Node) -> bool {
    node.head().saved.lock().released.is_some()
}

/// Errors when the node's saved values are gone.
pub(crate) fn check_not_released(node: &Node) -> Result<()> {
    let released = node.head().saved.lock().released;
    match released {
        Some(first) => Err(second_backward(node, Some(first))),
        None => Ok(()),
    }
}

/// Packs saved value `index` with hooks of its own (`SavedTensor.register_hooks`).
pub fn register_hooks(node: &NodeRef, index: usize, hooks: &dyn PackHooks) -> Result<()> {
    if was_released(node) {
        let (name, line) = (node.name(), node.blame().describe());
        return Err(Error::graph(
            "register_hooks",
            format!(
                "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the \
                 graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need \
                 them afterwards.\n  {name} was recorded at {line}"
            ),
        ));
    }
    let mut saved = {
        let mut state = node.head().saved.lock();
        let hole = Saved::plain(placeholder()?, 0, Source::Constant, Weak::new());
        std::mem::replace(&mut state.values[index], hole)
    };
    let result = saved.pack_with(hooks);
    let hole = std::mem::replace(&mut node.head().saved.lock().values[index], saved);
    drop(hole);
    result
}

fn placeholder() -> Result<Array> {
    Array::uninit("register_hooks", &[0], DType::F32)
}
