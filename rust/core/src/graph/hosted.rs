//! What a tensor keeps for the host, and how it owns what a host object stands for.

use std::any::Any;
use std::sync::Arc;

use super::hooks::HookTable;
use crate::tensor::Tensor;

/// Something of the host's that a tensor keeps for it.
pub type Attachment = Arc<dyn Any + Send + Sync>;

/// A host object that stands for a tensor, as the owner of that tensor. What belongs to the object (its identity, its
/// attributes) then lives as long as whoever owns the tensor through it.
pub trait HostObject: Send + Sync {
    /// The tensor.
    fn tensor(&self) -> &Tensor;
    /// The host's object, for its cycle collector.
    fn as_any(&self) -> &dyn Any;
}

/// How one tensor owns another (`.grad`).
pub(crate) enum Owned {
    /// By a reference of its own.
    Directly(Tensor),
    /// Through the host object that stands for it: the program has seen it.
    Hosted(Arc<dyn HostObject>),
}

impl Owned {
    pub(crate) fn tensor(&self) -> &Tensor {
        match self {
            Self::Directly(tensor) => tensor,
            Self::Hosted(object) => object.tensor(),
        }
    }
}

/// A second reference of the host's to the callable of a hook, held by the tensor that registered it.
///
/// The table of hooks belongs to a node, which later nodes own together with the tensor. With two owners that the
/// collector asks separately, neither could show the hook. With a reference of its own the tensor shows that one, and
/// needs no longer be counted when the others show theirs.
pub(crate) struct Anchor {
    pub(crate) id: u64,
    pub(crate) object: Attachment,
}

impl Tensor {
    /// Whether the gradient is owned by the host object that stands for it.
    pub fn has_grad_object(&self) -> bool {
        let state = self.lock();
        matches!(state.extra.as_ref().and_then(|extra| extra.grad.as_ref()), Some(Owned::Hosted(_)))
    }

    /// Lets the host object that stands for the gradient own it from now on, so that the object is the same one as long
    /// as the gradient stays. Does nothing when it is owned so already, or when the object stands for another tensor.
    pub fn keep_grad_object(&self, object: Arc<dyn HostObject>) {
        let mut new = Owned::Hosted(object);
        {
            let mut state = self.lock();
            if let Some(owned @ Owned::Directly(_)) = state.extra.as_mut().and_then(|extra| extra.grad.as_mut())
                && owned.tensor().is(new.tensor())
            {
                std::mem::swap(owned, &mut new);
            }
        }
        // Outside the lock: the host's reference may be the last one.
        drop(new);
    }

    /// Keeps what belongs to a host object that dies before the tensor, until [`Tensor::host_state`] takes it for the next one.
    pub fn attach(&self, attachment: Attachment) {
        let old = self.lock().extra().attachment.replace(attachment);
        drop(old);
    }

    /// Whether a new host object has to be seen by the host's cycle collector because the tensor is in a graph, and what the
    /// last one left behind.
    pub fn host_state(&self) -> (bool, Option<Attachment>) {
        let mut state = self.lock();
        // Also what a view shows may enter a graph later.
        let in_graph = state.wants_grad() || state.view.is_some() || state.extra.is_some();
        (in_graph, state.extra.as_mut().and_then(|extra| extra.attachment.take()))
    }

    /// Notes the host's own reference to the callable of hook `id` in `table`, which this tensor registered.
    pub fn anchor(&self, table: &HookTable, id: u64, object: Attachment) {
        table.add_anchored(self);
        self.lock().extra().anchors.push(Anchor { id, object });
    }

    /// Drops the anchor of a hook that is removed.
    pub fn forget_anchor(&self, id: u64) {
        let forgotten: Vec<Anchor> = {
            let mut state = self.lock();
            let Some(extra) = &mut state.extra else { return };
            extra.anchors.extract_if(.., |anchor| anchor.id == id).collect()
        };
        drop(forgotten);
    }
}
