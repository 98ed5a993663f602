//! Who owns what between the graph and a host language, and what the host's cycle collector may see of it.
//!
//! A collector that visits a reference which somebody else also relies on would clear what is in use. So the walk
//! counts: a part of the graph is entered only when every strong reference to it comes from parts already entered. If
//! in doubt nothing is shown; then a cycle is leaked, which is allowed.

use std::any::Any;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::hooks::{Hook, HookTable};
use super::hosted::{Attachment, HostObject, Owned};
use super::node::NodeRef;
use super::op::Op;
use super::saved::Packed;
use crate::tensor::Tensor;

/// Something that may own host objects.
pub enum Held<'a> {
    /// A host object through which a tensor owns another.
    Object(&'a Arc<dyn HostObject>),
    /// What a tensor keeps for the host: an anchor's object, or what an earlier host object left behind.
    Attachment(&'a Attachment),
    /// A hook of the program.
    Hook(&'a Arc<dyn Hook>),
    /// A value packed by hooks of the program.
    Packed(&'a Arc<dyn Packed>),
    /// A rule; the host may have written it.
    Op(&'a dyn Op),
    /// What was attached to a node.
    Metadata(&'a (dyn Any + Send + Sync)),
}

/// Where a walk starts.
pub enum Owner<'a> {
    /// A tensor to which the host object holds one reference.
    Tensor(&'a Tensor),
    /// A node to which the host object holds one reference.
    Node(&'a NodeRef),
}

/// A part of the graph, held by the walk itself by one reference.
enum Part {
    Tensor(Tensor),
    Node(NodeRef),
    Hooks(Arc<HookTable>),
}

impl Part {
    fn address(&self) -> usize {
        match self {
            Self::Tensor(tensor) => tensor.identity(),
            Self::Node(node) => Arc::as_ptr(node).cast::<()>() as usize,
            Self::Hooks(table) => Arc::as_ptr(table) as usize,
        }
    }

    fn strong_count(&self) -> usize {
        match self {
            Self::Tensor(tensor) => tensor.strong_count(),
            Self::Node(node) => Arc::strong_count(node),
            Self::Hooks(table) => Arc::strong_count(table),
        }
    }
}

struct Walk {
    /// Parts that were reached, but not yet by all their references.
    partly: FxHashMap<usize, (Part, usize)>,
    ready: Vec<Part>,
    /// Tensors that were entered, by identity.
    tensors: Vec<usize>,
}

impl Walk {
    /// One reference to `part` was found inside what has been entered.
    fn reached(&mut self, part: Part) {
        // One reference is the walk's own.
        if part.strong_count() == 2 {
            self.ready.push(part);
            return;
        }
        let (address, real) = (part.address(), part.strong_count());
        match self.partly.entry(address) {
            Entry::Vacant(entry) => {
                entry.insert((part, 1));
            }
            Entry::Occupied(mut entry) => {
                entry.get_mut().1 += 1;
                // Two references are the walk's: the one in the table and the one in hand.
                if entry.get().1 + 2 == real {
                    let (part, _) = entry.remove();
                    self.ready.push(part);
                }
            }
        }
    }
}

/// Calls `visit` for everything that may own host objects and that is alive only because of `owner`, entering at most
/// `limit` parts.
///
/// Takes no blocking lock, and gives the same answer as long as nobody changes the graph. The caller sees to it that
/// no other thread works on graphs meanwhile (the walk itself holds references for a moment).
pub fn visit_owned(owner: &Owner<'_>, limit: usize, visit: &mut dyn FnMut(Held<'_>)) {
    let mut walk = Walk { partly: FxHashMap::default(), ready: Vec::new(), tensors: Vec::new() };
    walk.reached(match owner {
        Owner::Tensor(tensor) => Part::Tensor((*tensor).clone()),
        Owner::Node(node) => Part::Node((*node).clone()),
    });
    let mut entered = 0;
    while let Some(part) = walk.ready.pop() {
        entered += 1;
        if entered > limit {
            return;
        }
        match &part {
            Part::Tensor(tensor) => enter_tensor(tensor, &mut walk, visit),
            Part::Node(node) => enter_node(node, &mut walk, visit),
            Part::Hooks(table) => table.try_visit(|_, hook| visit_hook(hook, visit)),
        }
    }
    for (part, count) in walk.partly.values() {
        visit_anchored(part, *count, &walk.tensors, visit);
    }
}

/// [`visit_owned`] without a look at the graph: what a tensor alone keeps alive by itself.
pub fn visit_own(tensor: &Tensor, visit: &mut dyn FnMut(Held<'_>)) {
    if tensor.strong_count() == 1
        && let Some(own) = Own::of(tensor)
    {
        own.show(visit);
    }
}

fn visit_hook(hook: &Arc<dyn Hook>, visit: &mut dyn FnMut(Held<'_>)) {
    if Arc::strong_count(hook) == 1 {
        visit(Held::Hook(hook));
    }
}

/// What a tensor holds, copied out under its lock.
struct Own {
    grad: Option<Arc<dyn HostObject>>,
    attachments: SmallVec<[Attachment; 2]>,
    parts: SmallVec<[Part; 4]>,
}

impl Own {
    /// `None` when the tensor is in use.
    fn of(tensor: &Tensor) -> Option<Self> {
        let mut own = Self { grad: None, attachments: SmallVec::new(), parts: SmallVec::new() };
        let state = tensor.try_lock()?;
        own.parts.extend(state.grad_fn.clone().map(Part::Node));
        own.parts.extend(state.view.as_ref().map(|view| Part::Tensor(view.base.clone())));
        if let Some(extra) = &state.extra {
            match &extra.grad {
                Some(Owned::Hosted(object)) => own.grad = Some(object.clone()),
                Some(Owned::Directly(grad)) => own.parts.push(Part::Tensor(grad.clone())),
                None => {}
            }
            own.parts.extend(extra.hooks.clone().map(Part::Hooks));
            own.parts.extend(extra.accumulator.clone().map(Part::Node));
            own.attachments.extend(extra.anchors.iter().map(|anchor| anchor.object.clone()));
            own.attachments.extend(extra.attachment.clone());
        }
        Some(own)
    }

    fn show(&self, visit: &mut dyn FnMut(Held<'_>)) {
        if let Some(object) = &self.grad {
            visit(Held::Object(object));
        }
        self.attachments.iter().for_each(|attachment| visit(Held::Attachment(attachment)));
    }
}

fn enter_tensor(tensor: &Tensor, walk: &mut Walk, visit: &mut dyn FnMut(Held<'_>)) {
    walk.tensors.push(tensor.identity());
    if let Some(own) = Own::of(tensor) {
        own.show(visit);
        own.parts.into_iter().for_each(|part| walk.reached(part));
    }
}

fn enter_node(node: &NodeRef, walk: &mut Walk, visit: &mut dyn FnMut(Held<'_>)) {
    visit(Held::Op(node.op()));
    if let Some(metadata) = node.metadata_if_any() {
        visit(Held::Metadata(metadata));
    }
    let mut parts: SmallVec<[Part; 4]> = SmallVec::new();
    parts.extend(node.edges().iter().filter_map(|edge| edge.node.clone()).map(Part::Node));
    parts.extend(node.hooks().cloned().map(Part::Hooks));
    node.op().owned_nodes(&mut |inner| parts.push(Part::Node(inner.clone())));
    if let Some(saved) = node.head().saved.try_lock() {
        parts.extend(saved.source_nodes().cloned().map(Part::Node));
        for packed in saved.packed() {
            if Arc::strong_count(packed) == 1 {
                visit(Held::Packed(packed));
            }
        }
    }
    parts.into_iter().for_each(|part| walk.reached(part));
}

/// Shows the hooks of a node or table that was reached by all its references but those of tensors that have anchors:
/// such a tensor keeps the hooks' host objects alive by itself, so the table's references to them depend on nobody
/// outside the walk. Nothing else of a node is shown, as the tensor does depend on that.
fn visit_anchored(part: &Part, count: usize, entered: &[usize], visit: &mut dyn FnMut(Held<'_>)) {
    let table = match part {
        Part::Node(node) => node.hooks(),
        Part::Hooks(table) => Some(table),
        Part::Tensor(_) => None,
    };
    let Some(table) = table.filter(|table| table.any()) else { return };
    let mut anchors: Vec<SmallVec<[u64; 2]>> = Vec::new();
    // A node's table is its own, but that of a leaf is shared with the leaf.
    let mut owners = 1;
    for tensor in table.try_anchored() {
        if entered.contains(&tensor.identity()) {
            continue;
        }
        let Some(state) = tensor.try_lock() else { return };
        let Some(extra) = &state.extra else { continue };
        let shares = extra.hooks.as_ref().is_some_and(|own| Arc::ptr_eq(own, table));
        let is = |own: &Option<NodeRef>, node: &NodeRef| own.as_ref().is_some_and(|own| Arc::ptr_eq(own, node));
        let refers = match part {
            Part::Node(node) => is(&state.grad_fn, node) || (shares && is(&extra.accumulator, node)),
            _ => shares,
        };
        owners += usize::from(refers && shares);
        if refers {
            anchors.push(extra.anchors.iter().map(|anchor| anchor.id).collect());
        }
    }
    // One reference is the walk's own.
    if anchors.is_empty() || count + anchors.len() + 1 != part.strong_count() {
        return;
    }
    if matches!(part, Part::Node(_)) && Arc::strong_count(table) != owners {
        return;
    }
    table.try_visit(|id, hook| {
        if anchors.iter().all(|ids| ids.contains(&id)) {
            visit_hook(hook, visit);
        }
    });
}
