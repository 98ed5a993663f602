//! Where paths to leaves were cut: a short memory per thread, for explaining a gradient that is not there.
//!
//! `detach()`, a cast to an integer dtype, or an operation under `no_grad` gives a result that no gradient comes back
//! from. Which leaves that concerns is found when it happens (later the graph behind is gone), by a walk of bounded
//! length; only weak references are kept.

use std::cell::{Cell, RefCell};
use std::sync::Weak;

use smallvec::SmallVec;

use super::accumulate::AccumulateGrad;
use super::node::{Edge, NodeRef};
use super::provenance::Blame;
use crate::tensor::{Inner, Tensor};

/// Cuts remembered per thread: the last few screens of a program's loop.
const REMEMBERED: usize = 64;

/// Most nodes looked at to find the leaves behind a cut: about a microsecond.
const NODES: usize = 64;

/// Most leaves noted per cut.
const LEAVES: usize = 4;

/// What cut a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// `detach()` or `.data`.
    Detach,
    /// Recording was switched off.
    NoGrad,
    /// The result has a dtype without gradients.
    Dtype,
}

/// A cut: what and where.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// What cut the path.
    pub cause: Cause,
    /// The line.
    pub blame: Blame,
}

struct Memory {
    cuts: Vec<(Weak<Inner>, Cut)>,
    next: usize,
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static MEMORY: RefCell<Memory> = const { RefCell::new(Memory { cuts: Vec::new(), next: 0 }) };
}

/// While alive, nothing is noted on this thread: an operation is made of unrecorded parts.
pub struct Quiet(bool);

/// Starts a time in which nothing is noted.
#[must_use = "notes are taken again when the guard is dropped"]
pub fn quiet() -> Quiet {
    Quiet(QUIET.replace(true))
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}

/// Notes that nothing flows back to `edge` from what is made now.
#[cold]
#[track_caller]
pub fn note(cause: Cause, edge: &Edge) {
    // The engine's own unrecorded work is no cut.
    if QUIET.get() || super::engine::is_running() {
        return;
    }
    let Some(node) = &edge.node else { return };
    let cut = Cut { cause, blame: Blame::here() };
    let leaves = leaves_behind(node);
    let _ = MEMORY.try_with(|memory| {
        let Ok(mut memory) = memory.try_borrow_mut() else { return };
        for leaf in leaves {
            if memory.cuts.len() < REMEMBERED {
                memory.cuts.push((leaf, cut));
            } else {
                let at = memory.next;
                memory.cuts[at] = (leaf, cut);
                memory.next = (at + 1) % REMEMBERED;
            }
        }
    });
}

fn leaves_behind(node: &NodeRef) -> SmallVec<[Weak<Inner>; LEAVES]> {
    let mut leaves = SmallVec::new();
    let mut seen: SmallVec<[u64; 16]> = SmallVec::new();
    let mut stack: SmallVec<[&NodeRef; 8]> = SmallVec::new();
    stack.push(node);
    while let Some(node) = stack.pop() {
        if seen.contains(&node.id()) {
            continue;
        }
        seen.push(node.id());
        if seen.len() > NODES || leaves.len() == LEAVES {
            break;
        }
        if let Some(accumulator) = node.op_as::<AccumulateGrad>() {
            leaves.extend(accumulator.leaf_if_alive());
        }
        stack.extend(node.edges().iter().filter_map(|edge| edge.node.as_ref()));
    }
    leaves
}

/// The remembered cuts on this thread between `leaf` and results of the program, newest last.
pub fn of(leaf: &Tensor) -> Vec<Cut> {
    let weak = leaf.downgrade();
    MEMORY.with(|memory| {
        let memory = memory.borrow();
        let (newer, older) = memory.cuts.split_at(memory.next);
        older.iter().chain(newer).filter(|(leaf, _)| leaf.ptr_eq(&weak)).map(|(_, cut)| *cut).collect()
    })
}
