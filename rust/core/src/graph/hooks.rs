//! Hooks of the program on gradients and nodes, in the order of the contract: tensor hooks, `.grad` of retained
//! tensors, node pre-hooks, (the node,) post-accumulate hooks, node post-hooks.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::node::{Cotangents, Results};
use crate::error::Result;
use crate::tensor::{Inner, Tensor};

/// Host code that sees gradients. One trait for all kinds, so that a table is one list.
pub trait Hook: Send + Sync {
    /// A tensor hook: may replace the gradient, which is none where nothing arrived.
    fn on_gradient(&self, grad: Option<&Tensor>) -> Result<Option<Tensor>> {
        let _ = grad;
        Ok(None)
    }
    /// A node pre-hook: may replace the gradients of the outputs.
    fn before_node(&self, grads: &Cotangents) -> Result<Option<Cotangents>> {
        let _ = grads;
        Ok(None)
    }
    /// A node post-hook: may replace the gradients of the inputs.
    fn after_node(&self, results: &Results, grads: &Cotangents) -> Result<Option<Results>> {
        let _ = (results, grads);
        Ok(None)
    }
    /// A post-accumulate hook of a leaf.
    fn after_accumulate(&self, leaf: &Tensor) -> Result<()> {
        let _ = leaf;
        Ok(())
    }
    /// The host's object, for its cycle collector.
    fn as_any(&self) -> &dyn Any;
}

/// When a hook runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// On the gradient of one output, before anything else.
    Gradient {
        /// The output.
        output_nr: u32,
    },
    /// Before the node.
    Before,
    /// After the node.
    After,
    /// After a leaf's `.grad` was written.
    Accumulated,
}

#[derive(Clone)]
struct Entry {
    id: u64,
    kind: Kind,
    hook: Arc<dyn Hook>,
}

/// The hooks of one node, or of one leaf and its accumulator.
#[derive(Default)]
pub struct HookTable {
    any: AtomicBool,
    entries: Mutex<Vec<Entry>>,
    /// Tensors whose `.grad` is kept when their gradient is complete: (output, tensor).
    retained: Mutex<Vec<(u32, Weak<Inner>)>>,
    /// Tensors that hold references of their own to hooks they registered here; see [`super::hosted::Anchor`].
    anchored: Mutex<Vec<Weak<Inner>>>,
    /// The node's place in the order of a pass, one more; 0 where it is that in which it was made.
    sequence: AtomicU64,
}

static NEXT_HOOK: AtomicU64 = AtomicU64::new(0);

impl HookTable {
    /// Whether anything was ever registered.
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// The place that the program has given the node in the order of a pass.
    pub fn sequence(&self) -> Option<u64> {
        self.sequence.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Gives the node another place in the order of a pass.
    pub fn set_sequence(&self, place: u64) {
        self.sequence.store(place.saturating_add(1), Ordering::Relaxed);
    }

    /// Adds a hook behind those of its kind; returns the number under which it can be removed.
    pub fn add(&self, kind: Kind, hook: Arc<dyn Hook>) -> u64 {
        let id = NEXT_HOOK.fetch_add(1, Ordering::Relaxed);
        self.entries.lock().push(Entry { id, kind, hook });
        self.any.store(true, Ordering::Release);
        id
    }

    /// Removes a hook; false if it was not there.
    pub fn remove(&self, id: u64) -> bool {
        let removed = {
            let mut entries = self.entries.lock();
            entries.iter().position(|entry| entry.id == id).map(|at| entries.remove(at))
        };
        removed.is_some()
    }

    /// The hooks of a kind, in order of registration.
    pub fn of_kind(&self, kind: Kind) -> Vec<Arc<dyn Hook>> {
        self.entries.lock().iter().filter(|entry| entry.kind == kind).map(|entry| entry.hook.clone()).collect()
    }

    /// The hooks of a kind with their numbers, in order of registration.
    pub fn numbered(&self, kind: Kind) -> Vec<(u64, Arc<dyn Hook>)> {
        let entries = self.entries.lock();
        entries.iter().filter(|entry| entry.kind == kind).map(|entry| (entry.id, entry.hook.clone())).collect()
    }

    /// Calls `visit` with every hook and its number, without cloning it, for the cycle collector; with none when the
    /// table is in use.
    pub(super) fn try_visit(&self, mut visit: impl FnMut(u64, &Arc<dyn Hook>)) {
        if let Some(entries) = self.entries.try_lock() {
            entries.iter().for_each(|entry| visit(entry.id, &entry.hook));
        }
    }

    pub(crate) fn add_anchored(&self, tensor: &Tensor) {
        let tensor = tensor.downgrade();
        let mut anchored = self.anchored.lock();
        anchored.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&tensor));
        anchored.push(tensor);
    }

    /// The tensors with anchors, for the cycle collector; none when the list is in use.
    pub(super) fn try_anchored(&self) -> Vec<Tensor> {
        let Some(anchored) = self.anchored.try_lock() else { return Vec::new() };
        anchored.iter().filter_map(Tensor::upgrade).collect()
    }

    /// Takes every hook out (the cycle collector breaks a cycle).
    pub fn clear(&self) -> Vec<Arc<dyn Hook>> {
        std::mem::take(&mut *self.entries.lock()).into_iter().map(|entry| entry.hook).collect()
    }

    /// Keeps `.grad` of a non-leaf.
    pub(crate) fn retain(&self, output_nr: u32, tensor: Weak<Inner>) {
        self.retained.lock().push((output_nr, tensor));
        self.any.store(true, Ordering::Release);
    }

    /// Takes a tensor's entry out: an in-place operation moves it to its new node.
    pub(crate) fn forget_retained(&self, tensor: &Weak<Inner>) {
        self.retained.lock().retain(|(_, kept)| !kept.ptr_eq(tensor));
    }

    pub(super) fn retained_of(&self, output_nr: u32) -> Vec<Tensor> {
        let retained = self.retained.lock();
        retained
            .iter()
            .filter(|(nr, _)| *nr == output_nr)
            .filter_map(|(_, tensor)| tensor.upgrade().map(Tensor::from_inner))
            .collect()
    }
}
