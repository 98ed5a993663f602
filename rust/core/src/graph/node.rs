//! Nodes: one allocation with a header, saved values and the rule that turns output gradients into input gradients.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use smallvec::SmallVec;
use spin::mutex::{SpinMutex, SpinMutexGuard};

use super::hooks::HookTable;
use super::hosted::Owned;
use super::op::Op;
use super::provenance::Blame;
use super::saved::{Saved, SavedState};
use crate::array::Array;
use crate::dtype::DType;
use crate::storage::Device;
use crate::tensor::{Tensor, made_in_place};

/// A node with its rule; the rule's type is erased in [`Node`].
pub struct NodeOf<O: ?Sized> {
    head: Head,
    op: O,
}

/// A node of any rule.
pub type Node = NodeOf<dyn Op>;

/// A shared node.
pub type NodeRef = Arc<Node>;

/// A node that may be gone.
pub type WeakNode = Weak<Node>;

/// Gradients with respect to a node's outputs.
pub type Cotangents = SmallVec<[Option<Tensor>; 1]>;

/// Gradients with respect to a node's inputs.
pub type Results = SmallVec<[Option<Tensor>; 2]>;

/// Where the gradient of an input goes: an output of an older node, or nowhere.
#[derive(Clone, Default)]
pub struct Edge {
    /// The node that made the input.
    pub node: Option<NodeRef>,
    /// Which of its outputs the input is.
    pub output_nr: u32,
}

impl Edge {
    /// An edge to an output of `node`.
    pub fn new(node: NodeRef, output_nr: u32) -> Self {
        Self { node: Some(node), output_nr }
    }
}

/// A shape within a node: inline up to four axes, because there are many nodes.
pub type MetaShape = SmallVec<[usize; 4]>;

/// Shape and dtype of a node's output. The engine sums and casts a gradient to this, on the edge, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Shape of the output.
    pub shape: MetaShape,
    /// Dtype of the output.
    pub dtype: DType,
    /// Where it lies, and so what a pass begins with there.
    pub device: Device,
}

impl Meta {
    /// Of an array.
    #[inline]
    pub(crate) fn of(array: &Array) -> Self {
        Self { shape: SmallVec::from_slice(array.shape()), dtype: array.dtype(), device: array.storage().device() }
    }

    /// Whether an array has this shape and dtype.
    #[inline]
    pub(crate) fn describes(&self, array: &Array) -> bool {
        // Few numbers, compared here: a call that compares bytes would take longer.
        let (shape, own) = (array.shape(), self.shape.as_slice());
        array.dtype() == self.dtype && shape.len() == own.len() && shape.iter().zip(own).all(|(size, own)| size == own)
    }
}

/// Everything about a node that does not depend on its rule.
pub struct Head {
    id: u64,
    blame: Blame,
    edges: SmallVec<[Edge; 2]>,
    outputs: SmallVec<[Meta; 1]>,
    // Held for as long as copying a handle takes.
    pub(super) saved: SpinMutex<SavedState, spin::Yield>,
    hooks: OnceLock<Arc<HookTable>>,
    // A Python object that stands for the node; see `Tensor::host_slot`.
    host: std::sync::atomic::AtomicPtr<()>,
    // Whatever the program attaches (`grad_fn.metadata`).
    metadata: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// Ids grow with creation across all threads: a node's inputs always have smaller ids.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl<O: Op> NodeOf<O> {
    /// A complete node: its id is drawn here.
    pub fn new(
        op: O,
        blame: Blame,
        edges: SmallVec<[Edge; 2]>,
        outputs: SmallVec<[Meta; 1]>,
        saved: SmallVec<[Saved; 2]>,
    ) -> Arc<Self> {
        made_in_place(|| Self {
            head: Head {
                id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
                blame,
                edges,
                outputs,
                saved: SpinMutex::new(SavedState::new(saved)),
                hooks: OnceLock::new(),
                host: std::sync::atomic::AtomicPtr::new(std::ptr::null_mut()),
                metadata: OnceLock::new(),
            },
            op,
        })
    }
}

impl<O: ?Sized> NodeOf<O> {
    /// Position in the order of creation.
    pub fn id(&self) -> u64 {
        self.head.id
    }

    /// The line of the program that made the node.
    pub fn blame(&self) -> Blame {
        self.head.blame
    }

    /// Where the gradients of the inputs go.
    pub fn edges(&self) -> &[Edge] {
        &self.head.edges
    }

    /// Shapes and dtypes of the outputs.
    pub fn outputs(&self) -> &[Meta] {
        &self.head.outputs
    }

    /// The slot for a host object that stands for this node.
    pub fn host_slot(&self) -> &std::sync::atomic::AtomicPtr<()> {
        &self.head.host
    }

    /// Whatever the host attached, made on first use.
    pub fn metadata(&self, make: impl FnOnce() -> Box<dyn Any + Send + Sync>) -> &(dyn Any + Send + Sync) {
        self.head.metadata.get_or_init(make).as_ref()
    }

    /// The metadata, if any was attached.
    pub fn metadata_if_any(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.head.metadata.get().map(AsRef::as_ref)
    }

    /// The node's hooks, if any were ever registered.
    pub fn hooks(&self) -> Option<&Arc<HookTable>> {
        self.head.hooks.get()
    }

    /// The node's hooks, made on first use.
    pub fn hooks_or_new(&self) -> &Arc<HookTable> {
        self.head.hooks.get_or_init(Default::default)
    }

    /// Makes the node use a table of hooks that lives longer than it (a leaf's).
    pub(super) fn share_hooks(&self, table: Arc<HookTable>) {
        let _ = self.head.hooks.set(table);
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }
}

impl Head {
    pub(crate) fn saved(&self) -> SpinMutexGuard<'_, SavedState> {
        self.saved.lock()
    }
}

impl Node {
    /// The operation.
    pub fn op(&self) -> &dyn Op {
        &self.op
    }

    /// The operation as its own type.
    pub fn op_as<O: Op>(&self) -> Option<&O> {
        (&self.op as &dyn Any).downcast_ref()
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        self.op.name()
    }

    /// Drops saved values: backward without `retain_graph` has used them.
    pub fn release(&self, blame: Blame) {
        let dropped = self.head.saved.lock().release(blame);
        // Outside the lock: a saved value may own host objects whose destructors run code.
        drop(dropped);
        self.op.release();
    }
}

// ---- drop without recursion ---------------------------------------------------------------------------------------

/// What waits to be dropped on this thread.
pub(crate) enum Doomed {
    Node(#[allow(dead_code, reason = "held to be dropped")] NodeRef),
    Owned(#[allow(dead_code, reason = "held to be dropped")] Owned),
}

thread_local! {
    static DOOMED: RefCell<Vec<Doomed>> = const { RefCell::new(Vec::new()) };
    static DROPPING: Cell<bool> = const { Cell::new(false) };
}

/// Drops values one after the other, however deeply they own each other. Called from `Drop`; a call from within a
/// drop (also from a host destructor) only enqueues.
pub(crate) fn drop_iteratively(values: impl Iterator<Item = Doomed>) {
    let enqueued = DOOMED.try_with(|doomed| {
        // Not `extend`: the iterator must not run anything while the queue is borrowed.
        for value in values {
            doomed.borrow_mut().push(value);
        }
    });
    // During thread exit the queue may be gone; then the values were dropped by the failed call.
    if enqueued.is_err() || DROPPING.try_with(|dropping| dropping.replace(true)).unwrap_or(true) {
        return;
    }
    while let Some(value) = DOOMED.with(|doomed| doomed.borrow_mut().pop()) {
        drop(value);
    }
    DROPPING.set(false);
}

impl Drop for Head {
    fn drop(&mut self) {
        let saved = self.saved.get_mut();
        if self.edges.is_empty() && saved.is_empty() {
            return;
        }
        let edges = self.edges.drain(..).filter_map(|edge| edge.node);
        let sources = saved.take_edges();
        // A node that others hold is only counted down: no need to queue it.
        let last = |node: &NodeRef| Arc::strong_count(node) == 1;
        let mut queue: SmallVec<[NodeRef; 4]> = SmallVec::new();
        for node in edges.chain(sources) {
            if last(&node) {
                queue.push(node);
            }
        }
        if !queue.is_empty() {
            drop_iteratively(queue.into_iter().map(Doomed::Node));
        }
    }
}
