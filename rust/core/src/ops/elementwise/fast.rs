//! The common small case: tensors of one shape and dtype, row-major, perhaps with a number. Nothing is copied out of
//! the tensors; their lock words are held through the loop, which takes a fraction of a microsecond. Whatever is
//! unusual is left to the general path.

use smallvec::{SmallVec, smallvec};

use super::row::{Arg, MAX_INPUTS, Params, Row};
use super::rule::{Elementwise, Slot};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::gradient::Gradient;
use crate::graph::node::{Edge, Meta, NodeOf, NodeRef};
use crate::graph::rules::Backward;
use crate::graph::saved::{Saved, Source};
use crate::graph::{Blame, Modes, cuts, modes};
use crate::kernels::Kernel;
use crate::launch::{MAX_SOURCES, MOST, Small, Sole, Source as From};
use crate::scalar::Scalar;
use crate::tensor::{Locked, Tensor};

/// An input of a formula.
type Input<'a> = From<Sole<'a>>;

/// A result that nobody else has seen yet.
pub struct Fresh {
    /// The result.
    pub tensor: Tensor,
    /// Whether it may lead on to other tensors: through the graph, or to what it is a view of.
    pub in_graph: bool,
}

/// The value of a row, or `None` when this is not the common case.
#[inline]
#[track_caller]
pub(super) fn apply(row: &'static Row, params: &[Scalar], args: &[Arg<'_>]) -> Option<Fresh> {
    match *args {
        [Arg::Tensor(a)] => value(row, params, [a], [a.lock()], [Position::Tensor(0)]),
        [Arg::Tensor(a), Arg::Scalar(b)] => {
            value(row, params, [a], [a.lock()], [Position::Tensor(0), Position::Number(b)])
        }
        [Arg::Scalar(a), Arg::Tensor(b)] => {
            value(row, params, [b], [b.lock()], [Position::Number(a), Position::Tensor(0)])
        }
        [Arg::Tensor(a), Arg::Tensor(b)] if a.is(b) => {
            value(row, params, [a], [a.lock()], [Position::Tensor(0), Position::Tensor(0)])
        }
        [Arg::Tensor(a), Arg::Tensor(b)] => {
            value(row, params, [a, b], lock_both(a, b), [Position::Tensor(0), Position::Tensor(1)])
        }
        [Arg::Tensor(a), Arg::Scalar(b), Arg::Scalar(c)] => {
            value(row, params, [a], [a.lock()], [Position::Tensor(0), Position::Number(b), Position::Number(c)])
        }
        [Arg::Tensor(a), Arg::Tensor(b), Arg::Scalar(c)] if !a.is(b) => {
            let positions = [Position::Tensor(0), Position::Tensor(1), Position::Number(c)];
            value(row, params, [a, b], lock_both(a, b), positions)
        }
        [Arg::Tensor(a), Arg::Tensor(b), Arg::Tensor(c)] if !a.is(b) && !b.is(c) && !a.is(c) => {
            let positions = [Position::Tensor(0), Position::Tensor(1), Position::Tensor(2)];
            value(row, params, [a, b, c], lock_three(a, b, c), positions)
        }
        [Arg::Tensor(a), Arg::Scalar(b), Arg::Tensor(c)] if !a.is(c) => {
            let positions = [Position::Tensor(0), Position::Number(b), Position::Tensor(1)];
            value(row, params, [a, c], lock_both(a, c), positions)
        }
        _ => None,
    }
}

/// Where an input comes from: one of the locked tensors, or a number.
#[derive(Clone, Copy)]
enum Position {
    Tensor(usize),
    Number(Scalar),
}

/// Locks in the order of addresses, so that two threads cannot each wait for the other.
#[inline]
fn lock_both<'a>(a: &'a Tensor, b: &'a Tensor) -> [Locked<'a>; 2] {
    if a.identity() < b.identity() {
        let first = a.lock();
        [first, b.lock()]
    } else {
        let first = b.lock();
        [a.lock(), first]
    }
}

/// [`lock_both`] of three.
fn lock_three<'a>(a: &'a Tensor, b: &'a Tensor, c: &'a Tensor) -> [Locked<'a>; 3] {
    let tensors = [a, b, c];
    let mut order = [0, 1, 2];
    order.sort_unstable_by_key(|&at| tensors[at].identity());
    let mut locks = [const { None }; 3];
    for at in order {
        locks[at] = Some(tensors[at].lock());
    }
    locks.map(|lock| lock.expect("each was locked"))
}

#[inline(always)]
#[track_caller]
fn value<const TENSORS: usize, const INPUTS: usize>(
    row: &'static Row,
    params: &[Scalar],
    tensors: [&Tensor; TENSORS],
    mut states: [Locked<'_>; TENSORS],
    positions: [Position; INPUTS],
) -> Option<Fresh> {
    let modes = modes();
    if modes != Modes::NONE && modes != Modes::NO_GRAD {
        return None;
    }
    // What decides dtype and shape: the first that is no mask, and not broadcast as one element may be.
    let decides = |at: usize, number: usize| {
        let geometry = states[number].array.geometry();
        (row.promotes(at) && geometry.dtype != DType::Bool).then(|| geometry.layout.numel() != 1)
    };
    let like = match positions[0] {
        Position::Tensor(0) if decides(0, 0) == Some(true) => 0,
        _ => {
            let mut like = None;
            for (at, position) in positions.iter().enumerate() {
                let Position::Tensor(number) = *position else { continue };
                match decides(at, number) {
                    Some(true) => {
                        like = Some(number);
                        break;
                    }
                    Some(false) => like = like.or(Some(number)),
                    None => {}
                }
            }
            like.unwrap_or(0)
        }
    };
    let kernel = &kernel_of(row, states[like].array.dtype())?;
    // The copy that is filled has a layout of its own.
    if row.fills_copy() && !states[like].array.layout().is_plain() {
        return None;
    }
    let mut wants_grad = false;
    for state in &states {
        // A view may have to be given its history anew first.
        if state.inference || (modes == Modes::NONE && state.view.is_some()) {
            return None;
        }
        wants_grad |= state.wants_grad();
    }
    let mut inputs = [Input::Scalar(Scalar::Int(0)); INPUTS];
    for (input, position) in inputs.iter_mut().zip(&positions) {
        *input = match *position {
            Position::Tensor(number) => Input::Array(states[number].sole()),
            Position::Number(number) => Input::Scalar(row.number(number, states[like].array.dtype())),
        };
    }
    let small = Small::new(kernel, params, states[like].sole(), &inputs);
    // Before the data is read: a write by another thread in between must not go unnoticed.
    let versions: [u32; TENSORS] = std::array::from_fn(|number| states[number].array.storage().version());
    let output = small.fresh(row.name)?;
    if !wants_grad || row.grads.is_empty() || modes != Modes::NONE {
        let differentiable = !row.grads.is_empty() && output.dtype().is_differentiable();
        let cut = if wants_grad && differentiable { first_edge(&tensors, &mut states) } else { None };
        drop(states);
        if let Some(edge) = cut {
            cuts::note(cuts::Cause::NoGrad, &edge);
        }
        // In neither of these modes are tensors those of inference.
        return Some(Fresh { tensor: Tensor::plain(output), in_graph: false });
    }
    let mut edges: SmallVec<[Edge; 2]> = SmallVec::new();
    for position in &positions {
        edges.push(match *position {
            Position::Tensor(number) => tensors[number].edge(&mut states[number]).unwrap_or_default(),
            Position::Number(_) => Edge::default(),
        });
    }
    let number_at = |slot: usize| match positions.get(slot) {
        Some(Position::Number(number)) => Some(*number),
        _ => None,
    };
    let needs = |input: usize| edges[input].node.is_some();
    let (rule, slots) = Elementwise::with(row, Params::from_slice(params), false, needs, number_at);
    let mut saved: SmallVec<[Saved; 2]> = SmallVec::new();
    let mut saves_output = false;
    for slot in slots {
        match positions.get(slot) {
            Some(Position::Tensor(number)) => {
                let source = if needs(slot) { Source::Input(slot as u32) } else { Source::Constant };
                let array = states[*number].array.clone();
                saved.push(Saved::plain(array, versions[*number], source, tensors[*number].downgrade()));
            }
            _ => saves_output = true,
        }
    }
    // Before the line to blame is looked for, which may run code of the host.
    drop(states);
    let blame = Blame::here();
    let meta = Meta::of(&output);
    if !saves_output {
        let node: NodeRef = NodeOf::new(rule, blame, edges, smallvec![meta], saved);
        return Some(Fresh { tensor: Tensor::from_node(output, node, 0), in_graph: true });
    }
    let tensor = Tensor::plain(output.clone());
    saved.push(Saved::plain(output, 0, Source::Output(0), tensor.downgrade()));
    let node: NodeRef = NodeOf::new(rule, blame, edges, smallvec![meta], saved);
    tensor.lock().grad_fn = Some(node);
    Some(Fresh { tensor, in_graph: true })
}

/// Where the gradient of the first tensor that has one goes: what `no_grad` cuts off.
#[cold]
fn first_edge(tensors: &[&Tensor], states: &mut [Locked<'_>]) -> Option<Edge> {
    tensors.iter().zip(states).find_map(|(tensor, state)| tensor.edge(state))
}

/// The in-place form of a row, or `None` when this is not the common case: nothing recorded, no history to rewrite.
#[inline]
#[track_caller]
pub(super) fn apply_in_place(row: &'static Row, params: &[Scalar], target: &Tensor, rest: &[Arg<'_>]) -> Option<()> {
    let modes = modes();
    if modes != Modes::NONE && modes != Modes::NO_GRAD {
        return None;
    }
    // Found before anything is locked: finding the line may run code of the host.
    let blame = Blame::here();
    match *rest {
        [] => {
            let target = target.lock();
            update(row, params, target.bare()?, [], blame)
        }
        [Arg::Scalar(number)] => {
            let target = target.lock();
            update(row, params, target.bare()?, [Input::Scalar(number)], blame)
        }
        [Arg::Tensor(other)] if !other.is(target) => {
            let [target, other] = lock_both(target, other);
            let (target, other) = (target.bare()?, other.bare()?);
            update(row, params, target, [Input::Array(other)], blame)
        }
        _ => None,
    }
}

/// [`apply_in_place`] of a row without parameters on bare data.
#[inline]
pub(in crate::ops) fn update_data(row: &'static Row, target: Sole<'_>, other: Sole<'_>, blame: Blame) -> bool {
    update(row, &[], target, [Input::Array(other)], blame).is_some()
}

#[inline]
fn update<const REST: usize>(
    row: &'static Row,
    params: &[Scalar],
    array: Sole<'_>,
    rest: [Input<'_>; REST],
    blame: Blame,
) -> Option<()> {
    let kernel = &kernel_of(row, array.dtype())?;
    if kernel.output() != array.dtype() || row.tier.is_predicate() {
        return None;
    }
    let mut inputs = [Input::Array(array); MAX_INPUTS];
    for (input, given) in inputs[1..].iter_mut().zip(rest) {
        *input = match given {
            Input::Scalar(number) => Input::Scalar(row.number(number, array.dtype())),
            array => array,
        };
    }
    let small = Small::new(kernel, params, array, &inputs[..=REST]);
    small.run(array, || array.storage().bump(blame)).then_some(())
}

/// The gradients of all inputs that need one, under the lock of the node's saved values, which are let go of with it;
/// `last` is the last of these inputs, whose gradient may have the memory of the one that arrived. Gives that back,
/// with nothing done, when this is not the common case.
#[inline]
pub(super) fn gradients(
    rule: &Elementwise,
    cx: &mut Backward<'_>,
    mut arrived: Gradient,
    last: usize,
) -> Result<Option<Gradient>> {
    let rows = &rule.row.grads[..=last];
    let mut fresh: [Option<Array>; MAX_INPUTS] = [const { None }; MAX_INPUTS];
    // The values that are let go of outlive the look at the gradient, which may hold a lock.
    let done = {
        let looked = arrived.look();
        let array = looked.sole();
        if array.numel() > MOST {
            drop(looked);
            return Ok(Some(arrived));
        }
        // What also passes to another input stays as it is.
        let passes = |input: usize| rows[input].pass && cx.needs(input);
        let reused = looked.is_private() && !(0..last).any(passes);
        cx.lend_saved(|saved| {
            for (input, row) in rows.iter().enumerate() {
                if !cx.needs(input) || row.pass {
                    continue;
                }
                let row = rule.formula(row, |number| saved.is_unchanged(number));
                let kernel = &(row.kernel)(array.dtype())?;
                let mut inputs = [Input::Array(array); MAX_SOURCES];
                for (input, &slot) in inputs[1..].iter_mut().zip(row.uses) {
                    *input = match rule.slots[slot as usize] {
                        Slot::Saved(number) => {
                            cx.note_read(number as usize);
                            Input::Array(saved.unchanged(number as usize)?)
                        }
                        Slot::Number(number) => Input::Scalar(rule.numbers[number as usize]),
                        Slot::Unused => return None,
                    };
                }
                let small = Small::new(kernel, &rule.params, array, &inputs[..=row.uses.len()]);
                if input == last && reused {
                    small.run(array, || {}).then_some(())?;
                } else {
                    fresh[input] = Some(small.fresh(rule.row.node)?);
                }
            }
            Some(())
        })?
    };
    if done.is_none() {
        return Ok(Some(arrived));
    }
    for (input, row) in rows.iter().enumerate() {
        if !cx.needs(input) {
            continue;
        }
        match fresh[input].take() {
            Some(array) => cx.put(input, array),
            // It passes, or is where the arrived one was.
            None if input == last => {
                cx.put(input, arrived);
                break;
            }
            None => {
                debug_assert!(row.pass);
                cx.put(input, arrived.share());
            }
        }
    }
    Ok(None)
}

/// The compiled value for operands that need no promotion.
#[inline]
fn kernel_of(row: &Row, dtype: DType) -> Option<Kernel> {
    let kernel = (row.value)(dtype);
    // Looked at where it lies: what is filtered is moved once more.
    if kernel.as_ref().is_none_or(|kernel| kernel.input() != dtype) { None } else { kernel }
}
