//! How an operation enters the graph.

use smallvec::SmallVec;

use super::cuts;
use super::level::Lift;
use super::mode::{Modes, is_grad_enabled, modes};
use super::node::{Edge, Meta, NodeOf, NodeRef};
use super::op::{Arrays, Keep, Op, Tensors};
use super::provenance::Blame;
use super::saved::{Saved, Source};
use super::views;
use crate::array::Array;
use crate::error::{Error, Result};
use crate::tensor::{Operand, Tensor};

/// A value an operation wants back in backward.
pub enum Save<'a> {
    /// One of its inputs.
    Input(&'a Operand),
    /// One of its outputs, by number.
    Output(u32),
    /// Data without a place in the graph (indices, statistics).
    Array(&'a Array),
}

/// Whether an operation on this tensor would be recorded.
#[inline]
pub(crate) fn would_record(input: &Tensor) -> bool {
    is_grad_enabled() && input.requires_grad()
}

/// Whether an operation on one of these operands would be recorded.
#[inline]
pub(crate) fn would_record_any(operands: &[&Operand]) -> bool {
    is_grad_enabled() && operands.iter().any(|operand| operand.edge.is_some())
}

/// What an operation whose result has no gradients reads: the tensor, whose path is noted to end here, or what it shows where
/// its history cannot be told, which is not needed.
pub(crate) fn cut_by_dtype(source: &Tensor) -> Tensor {
    if is_grad_enabled() {
        match source.gradient_edge() {
            Ok(Some(edge)) => cuts::note(cuts::Cause::Dtype, &edge),
            Ok(None) => {}
            Err(_) => return source.detach(),
        }
    }
    source.clone()
}

/// Refuses an argument that an operation has no gradient for, if one would be wanted.
pub fn refuse_gradient(op: &'static str, name: &str, argument: &Operand) -> Result<()> {
    if is_wanted_of([argument]) {
        return Err(Error::runtime(op, format!("the derivative for '{name}' is not implemented; detach() it first")));
    }
    Ok(())
}

/// Whether a call on these operands is to be recorded; `None` is an optional one that was not given.
#[inline]
#[track_caller]
pub(crate) fn is_wanted(operands: &[Option<Operand>]) -> bool {
    is_wanted_of(operands.iter().flatten())
}

/// [`is_wanted`] where all operands were given.
#[inline]
#[track_caller]
pub(crate) fn is_wanted_of<'a>(operands: impl IntoIterator<Item = &'a Operand>) -> bool {
    match operands.into_iter().find_map(|operand| operand.edge.as_ref()) {
        None => false,
        Some(_) if is_grad_enabled() => true,
        Some(edge) => {
            cuts::note(cuts::Cause::NoGrad, edge);
            false
        }
    }
}

fn meta(array: &Array) -> Meta {
    Meta::of(array)
}

fn edges(inputs: &[&Operand]) -> SmallVec<[Edge; 2]> {
    let mut edges = SmallVec::new();
    for input in inputs {
        edges.push(input.edge.clone().unwrap_or_default());
    }
    edges
}

/// The version of the data an operation on `input` has read: the one from before it began, so that a write by another
/// thread in between is noticed in backward. The operation's own write to `written` is none of those.
fn version_read(input: &Operand, written: Option<&Array>) -> u32 {
    let storage = input.array.storage();
    let own = written.is_some_and(|written| written.storage().same_counter(storage));
    storage.version_seen(input.seen).wrapping_add(u32::from(own))
}

fn save(inputs: &[&Operand], saves: &[Save<'_>], written: Option<&Array>) -> Result<SmallVec<[Saved; 2]>> {
    let mut saved = SmallVec::new();
    for save in saves {
        match save {
            Save::Input(input) => {
                refuse_inference(input)?;
                let number = || inputs.iter().position(|own| std::ptr::eq(*own, *input));
                let source = match &input.edge {
                    None => Source::Constant,
                    Some(edge) => match number() {
                        Some(number) => Source::Input(number as u32),
                        None => Source::Foreign(Box::new(edge.clone())),
                    },
                };
                let version = version_read(input, written);
                let (array, identity) = (input.array.clone(), input.identity.clone());
                saved.push(Saved::with_lift(array, version, source, identity, input.lift.clone())?);
            }
            Save::Array(array) => {
                let version = array.storage().version();
                saved.push(Saved::new((*array).clone(), version, Source::Constant, std::sync::Weak::new())?);
            }
            // Outputs are saved when they exist: see `save_outputs`.
            Save::Output(_) => {}
        }
    }
    Ok(saved)
}

fn save_outputs(node: &NodeRef, saves: &[Save<'_>], outputs: &[Tensor]) -> Result<()> {
    for save in saves {
        if let Save::Output(nr) = save {
            let output = &outputs[*nr as usize];
            let array = output.array();
            let version = array.storage().version();
            let saved = Saved::new(array, version, Source::Output(*nr), output.downgrade())?;
            node.head().saved().push(saved);
        }
    }
    Ok(())
}

/// Records a call: its results as tensors. Those behind the differentiable ones have no place in the graph. `lifts` are what
/// transformations attach to the results.
///
/// Compiled for each operation, so what needs not know which it is stands in functions of its own.
#[track_caller]
pub(crate) fn outputs<O: Op>(
    mut op: O,
    operands: &[Option<Operand>],
    arrays: Arrays,
    lifts: Option<&[Option<Lift>]>,
) -> Result<Tensors> {
    let kept = op.keeps(&needed(operands));
    let (mut edges, mut saved) = (SmallVec::new(), SmallVec::new());
    keep_inputs(operands, op.differentiable_inputs(), &kept, &mut edges, &mut saved)?;
    let count = op.differentiable().min(arrays.len());
    let node: NodeRef = NodeOf::new(op, Blame::here(), edges, metas(&arrays[..count]), saved);
    place(&node, count, &kept, arrays, lifts)
}

/// Which operands want a gradient.
fn needed(operands: &[Option<Operand>]) -> impl Fn(usize) -> bool {
    move |input| operands[input].as_ref().is_some_and(|operand| operand.edge.is_some())
}

#[inline(never)]
fn metas(arrays: &[Array]) -> SmallVec<[Meta; 1]> {
    arrays.iter().map(meta).collect()
}

/// Where the gradients of a call go, and what is kept of its inputs.
#[inline(never)]
#[track_caller]
fn keep_inputs(
    operands: &[Option<Operand>],
    ends: usize,
    kept: &[Keep],
    edges: &mut SmallVec<[Edge; 2]>,
    saved: &mut SmallVec<[Saved; 2]>,
) -> Result<()> {
    let edge = |operand: &Option<Operand>| operand.as_ref().and_then(|operand| operand.edge.clone());
    edges.extend(operands.iter().take(ends).map(|operand| edge(operand).unwrap_or_default()));
    for keep in kept {
        if let Keep::Input(input) | Keep::Copy(input) = *keep {
            debug_assert!(saved.len() < kept.len(), "kept inputs come before kept outputs");
            let operand = operands[input].as_ref().expect("an input that is kept was given");
            refuse_inference(operand)?;
            let source = if operand.edge.is_some() { Source::Input(input as u32) } else { Source::Constant };
            let lift = operand.lift.clone();
            // What stands for an example has no data to copy.
            let value = if matches!(keep, Keep::Copy(_)) && lift.is_none() {
                let copy = operand.array.duplicate("save_for_backward")?;
                let version = copy.storage().version();
                Saved::new(copy, version, source, std::sync::Weak::new())?
            } else {
                let (array, identity) = (operand.array.clone(), operand.identity.clone());
                Saved::with_lift(array, version_read(operand, None), source, identity, lift)?
            };
            saved.push(value);
        }
    }
    Ok(())
}

/// The results of a call at their places in the graph, of which the first `count` have one.
#[inline(never)]
#[track_caller]
fn place(
    node: &NodeRef,
    count: usize,
    kept: &[Keep],
    arrays: Arrays,
    lifts: Option<&[Option<Lift>]>,
) -> Result<Tensors> {
    let tensors: Tensors = arrays
        .into_iter()
        .enumerate()
        .map(|(nr, array)| {
            if nr < count && array.dtype().is_differentiable() {
                Tensor::from_node(array, node.clone(), nr as u32)
            } else {
                Tensor::from_array(array)
            }
        })
        .collect();
    for (tensor, lift) in tensors.iter().zip(lifts.unwrap_or_default()) {
        tensor.set_lift(lift.clone());
    }
    for keep in kept {
        if let Keep::Output(nr) = *keep {
            let tensor = &tensors[nr];
            let array = tensor.array();
            let version = array.storage().version();
            let source = if nr < count { Source::Output(nr as u32) } else { Source::Constant };
            let lift = if lifts.is_some() { tensor.lift().map(Box::new) } else { None };
            let saved = Saved::with_lift(array, version, source, tensor.downgrade(), lift)?;
            node.head().saved().push(saved);
        }
    }
    Ok(tensors)
}

/// Lets what was saved of results show what has been attached to them since.
pub(super) fn lift_saved_outputs(tensors: &[Tensor]) {
    for tensor in tensors {
        let (node, nr) = {
            let state = tensor.lock();
            let Some(node) = state.grad_fn.clone() else { continue };
            (node, state.output_nr)
        };
        let lift = tensor.lift().map(Box::new);
        let old = node.head().saved().lift_output(nr, lift);
        drop(old);
    }
}

fn refuse_inference(operand: &Operand) -> Result<()> {
    if operand.inference {
        return Err(Error::runtime(
            "save_for_backward",
            "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and \
             use it in autograd.",
        ));
    }
    Ok(())
}

/// Records an operation with one output. Saved outputs come behind saved inputs.
#[inline]
#[track_caller]
pub fn record<O: Op>(op: O, inputs: &[&Operand], saves: &[Save<'_>], output: Array) -> Result<Tensor> {
    let outputs = smallvec::smallvec![meta(&output)];
    let node: NodeRef = NodeOf::new(op, Blame::here(), edges(inputs), outputs, save(inputs, saves, None)?);
    let tensor = Tensor::from_node(output, node.clone(), 0);
    if saves.iter().any(|save| matches!(save, Save::Output(_))) {
        save_outputs(&node, saves, std::slice::from_ref(&tensor))?;
    }
    Ok(tensor)
}

/// Records an in-place operation that has been done: `target` moves to the new node. `inputs[0]` is what the target
/// was before; the version has been bumped.
#[track_caller]
pub fn record_in_place<O: Op>(op: O, target: &Tensor, inputs: &[&Operand], saves: &[Save<'_>]) -> Result<()> {
    let outputs = smallvec::smallvec![target.meta()];
    let saved = save(inputs, saves, Some(&target.array()))?;
    let node: NodeRef = NodeOf::new(op, Blame::here(), edges(inputs), outputs, saved);
    save_outputs(&node, saves, std::slice::from_ref(target))?;
    views::rebase_history(target, node, 0, Some(0))
}

/// Records a call that has written its result over its first operand, which `target` shows: as [`outputs`]. The version has
/// been bumped; what is kept of what was written over is a copy from before.
#[track_caller]
pub(crate) fn written<O: Op>(op: O, kept: &[Keep], target: &Tensor, operands: &[Operand]) -> Result<()> {
    let inputs: SmallVec<[&Operand; 4]> = operands.iter().take(op.differentiable_inputs()).collect();
    let saves: SmallVec<[Save<'_>; 4]> = kept
        .iter()
        .map(|keep| match *keep {
            // Written in place, an operation keeps what is left: copies are for its caller to make.
            Keep::Input(input) | Keep::Copy(input) => Save::Input(&operands[input]),
            Keep::Output(nr) => Save::Output(nr as u32),
        })
        .collect();
    record_in_place(op, target, &inputs, &saves)
}

/// Checks that an in-place operation on `target` may be recorded; `recorded` says whether it will be.
#[track_caller]
pub fn check_in_place(op: &'static str, target: &Tensor, recorded: bool) -> Result<()> {
    if target.is_inference() && !modes().any(Modes::INFERENCE) {
        return Err(Error::runtime(
            op,
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a \
             normal tensor before doing inplace update.",
        ));
    }
    if !target.array().storage().is_writable() {
        return Err(Error::runtime(
            op,
            "the tensor shows read-only memory of a NumPy array or buffer and cannot be changed; clone() it first",
        ));
    }
    // Also where nothing is recorded: a view taken under no_grad would change its base behind the graph's back.
    if recorded || (is_grad_enabled() && views::base_requires_grad(target)) {
        views::check_in_place(op, target)?;
    }
    if modes().any(Modes::CAPTURE) {
        super::trace::announce_write(op);
    }
    if modes().any(Modes::BEFORE_WRITE) { super::saved::before_write(target) } else { Ok(()) }
}
