//! What a tensor or node alone keeps alive: the host objects that the host's cycle collector may see through it.
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
use super::node::{NodeRef, Rule};
use super::saved::Packed;
use crate::tensor::Tensor;

/// Something that may own host objects.
pub enum Held<'a> {
    /// A tensor; the host may have attached objects to it.
    Tensor(&'a Tensor),
    /// A hook of the program.
    Hook(&'a Arc<dyn Hook>),
    /// A value packed by hooks of the program.
    Packed(&'a Arc<dyn Packed>),
    /// A rule; the host may have written it.
    Rule(&'a dyn Rule),
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
    let mut walk = Walk { partly: FxHashMap::default(), ready: Vec::new() };
    walk.reached(match owner {
        Owner::Tensor(tensor) => Part::Tensor((*tensor).clone()),
        Owner::Node(node) => Part::Node((*node).clone()),
    });
    let mut entered = 0;
    while let Some(part) = walk.ready.pop() {
        entered += 1;
        if entered > limit {
            break;
        }
        match &part {
            Part::Tensor(tensor) => enter_tensor(tensor, &mut walk, visit),
            Part::Node(node) => enter_node(node, &mut walk, visit),
            Part::Hooks(table) => {
                table.try_visit(|hook| {
                    if Arc::strong_count(hook) == 1 {
                        visit(Held::Hook(hook));
                    }
                });
            }
        }
    }
}

fn enter_tensor(tensor: &Tensor, walk: &mut Walk, visit: &mut dyn FnMut(Held<'_>)) {
    visit(Held::Tensor(tensor));
    let mut parts: SmallVec<[Part; 4]> = SmallVec::new();
    {
        let Some(state) = tensor.try_lock() else { return };
        parts.extend(state.grad_fn.clone().map(Part::Node));
        parts.extend(state.view.as_ref().map(|view| Part::Tensor(view.base.clone())));
        if let Some(extra) = &state.extra {
            parts.extend(extra.grad.clone().map(Part::Tensor));
            parts.extend(extra.hooks.clone().map(Part::Hooks));
            parts.extend(extra.accumulator.clone().map(Part::Node));
        }
    }
    parts.into_iter().for_each(|part| walk.reached(part));
}

fn enter_node(node: &NodeRef, walk: &mut Walk, visit: &mut dyn FnMut(Held<'_>)) {
    visit(Held::Rule(node.rule()));
    if let Some(metadata) = node.metadata_if_any() {
        visit(Held::Metadata(metadata));
    }
    let mut parts: SmallVec<[Part; 4]> = SmallVec::new();
    parts.extend(node.edges().iter().filter_map(|edge| edge.node.clone()).map(Part::Node));
    parts.extend(node.hooks().cloned().map(Part::Hooks));
    node.rule().owned_nodes(&mut |inner| parts.push(Part::Node(inner.clone())));
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
