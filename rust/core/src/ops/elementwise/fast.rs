//! The common small case: tensors of one shape and dtype, row-major, perhaps with a number. Nothing is copied out of
//! the tensors; their lock words are held through the loop, which takes a fraction of a microsecond. Whatever is
//! unusual is left to the general path.

use std::mem::MaybeUninit;

use smallvec::{SmallVec, smallvec};

use super::rule::{Elementwise, Slot};
use super::{Arg, MAX_INPUTS, Params, Row, Source as Input, encode};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::gradient::Gradient;
use crate::graph::node::{Backward, Edge, Meta, NodeOf, NodeRef};
use crate::graph::saved::{Saved, Source};
use crate::graph::{Blame, Modes, modes};
use crate::kernels::Kernel;
use crate::scalar::Scalar;
use crate::storage::Hold;
use crate::tensor::{Locked, Tensor};

/// Most elements: the locks must not be held for long.
const MOST: usize = 1 << 12;

/// Most elements when a number is repeated into a buffer on the stack.
const MOST_WITH_NUMBER: usize = 64;

/// Most operands of a kernel that runs here: the inputs of a gradient, and the gradient itself.
const MAX_SOURCES: usize = MAX_INPUTS + 2;

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
    let kernel = kernel_of(row, states[0].array.dtype())?;
    let mut wants_grad = false;
    for state in &states {
        // A view may have to be given its history anew first.
        if state.inference || (modes == Modes::NONE && state.view.is_some()) {
            return None;
        }
        wants_grad |= state.wants_grad();
    }
    // What no_grad cuts off is noted on the general path.
    if wants_grad && modes != Modes::NONE {
        return None;
    }
    let result = if row.tier.is_predicate() { DType::Bool } else { kernel.input };
    let mut inputs = [Input::Scalar(Scalar::Int(0)); INPUTS];
    for (input, position) in inputs.iter_mut().zip(&positions) {
        *input = match *position {
            Position::Tensor(number) => Input::Array(&states[number].array),
            Position::Number(number) => Input::Scalar(number),
        };
    }
    if !fits(&kernel, &states[0].array, &inputs) {
        return None;
    }
    let output = Array::uninit_with_layout(row.name, states[0].array.layout(), result).ok()?;
    // Before the data is read: a write by another thread in between must not go unnoticed.
    let versions: [u32; TENSORS] = std::array::from_fn(|number| states[number].array.storage().version());
    if !compute(&kernel, params, &inputs, &output, false) {
        return None;
    }
    if !wants_grad || row.grads.is_empty() {
        drop(states);
        return Some(Fresh { tensor: Tensor::from_array(output), in_graph: false });
    }
    let edges: SmallVec<[Edge; 2]> = positions
        .iter()
        .map(|position| match *position {
            Position::Tensor(number) => tensors[number].edge(&mut states[number]).unwrap_or_default(),
            Position::Number(_) => Edge::default(),
        })
        .collect();
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
    let meta = Meta { shape: output.shape().into(), dtype: output.dtype() };
    if !saves_output {
        let node: NodeRef = NodeOf::new(rule, blame, edges, smallvec![meta], saved);
        return Some(Fresh { tensor: Tensor::from_node(output, node, 0), in_graph: true });
    }
    let tensor = Tensor::from_array(output.clone());
    saved.push(Saved::plain(output, 0, Source::Output(0), tensor.downgrade()));
    let node: NodeRef = NodeOf::new(rule, blame, edges, smallvec![meta], saved);
    tensor.lock().grad_fn = Some(node);
    Some(Fresh { tensor, in_graph: true })
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
            // Another tensor on the same memory may overlap in part.
            if other.ranges_touch(target) {
                return None;
            }
            update(row, params, target, [Input::Array(other)], blame)
        }
        _ => None,
    }
}

/// [`apply_in_place`] of a row without parameters on bare data: the owners of both are locked, or nobody else sees it.
#[inline]
pub(in crate::ops) fn update_data(row: &'static Row, target: &Array, other: &Array, blame: Blame) -> bool {
    update(row, &[], target, [Input::Array(other)], blame).is_some()
}

#[inline]
fn update<const REST: usize>(
    row: &'static Row,
    params: &[Scalar],
    array: &Array,
    rest: [Input<'_>; REST],
    blame: Blame,
) -> Option<()> {
    if !array.storage().is_writable() {
        return None;
    }
    let kernel = kernel_of(row, array.dtype())?;
    if kernel.output != array.dtype() || row.tier.is_predicate() {
        return None;
    }
    let mut inputs: SmallVec<[Input<'_>; MAX_INPUTS]> = smallvec![Input::Array(array)];
    inputs.extend(rest);
    if !fits(&kernel, array, &inputs) {
        return None;
    }
    let _hold = match array.storage().is_unique() {
        true => None,
        false => Some(array.storage().try_hold()?),
    };
    if !compute(&kernel, params, &inputs, array, true) {
        return None;
    }
    array.storage().bump(blame);
    Some(())
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
        let array = looked.array();
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
                let kernel = (row.kernel)(array.dtype())?;
                let mut inputs: SmallVec<[Input<'_>; MAX_SOURCES]> = smallvec![Input::Array(array)];
                for &slot in row.uses {
                    inputs.push(match rule.slots[slot as usize] {
                        Slot::Saved(number) => {
                            cx.note_read(number as usize);
                            Input::Array(saved.unchanged(number as usize)?)
                        }
                        Slot::Number(number) => Input::Scalar(rule.numbers[number as usize]),
                        Slot::Unused => return None,
                    });
                }
                if !fits(&kernel, array, &inputs) {
                    return None;
                }
                if input == last && reused {
                    compute(&kernel, &rule.params, &inputs, array, true).then_some(())?;
                } else {
                    let output = Array::uninit_with_layout(rule.row.node, array.layout(), array.dtype()).ok()?;
                    compute(&kernel, &rule.params, &inputs, &output, false).then_some(())?;
                    fresh[input] = Some(output);
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
    (row.value)(dtype).filter(|kernel| kernel.input == dtype)
}

/// Whether all inputs are as [`compute`] wants them: small, row-major, of the kernel's dtype and one shape.
#[inline]
pub(super) fn fits(kernel: &Kernel, like: &Array, inputs: &[Input<'_>]) -> bool {
    let numel = like.numel();
    numel <= MOST
        && inputs.iter().all(|input| match input {
            Input::Array(array) => {
                array.dtype() == kernel.input
                    && array.is_contiguous()
                    && (std::ptr::eq(*array, like) || array.shape() == like.shape())
            }
            Input::Scalar(number) => {
                numel <= MOST_WITH_NUMBER
                    && number.category() <= kernel.input.category()
                    // What is no `int32` is compared and divided by value on the general path.
                    && (kernel.input != DType::I32 || number.is_storable(DType::I32))
            }
        })
}

/// Runs a kernel over inputs that [`fits`] has passed, into `output`, which is either fresh or an input; `held` says
/// that the exclusive state of the output's root is the caller's. False, with nothing written, if some memory is busy.
///
/// The caller has locked what owns the inputs. Memory that only such a handle refers to is nobody else's until the lock
/// is let go of, and needs no state.
#[inline]
pub(super) fn compute(kernel: &Kernel, params: &[Scalar], inputs: &[Input<'_>], output: &Array, held: bool) -> bool {
    let numel = output.numel();
    let mut numbers: MaybeUninit<[u64; MOST_WITH_NUMBER]> = MaybeUninit::uninit();
    let mut holds: [Option<Hold<'_>>; MAX_SOURCES] = [const { None }; MAX_SOURCES];
    let mut pointers = [std::ptr::null::<u8>(); MAX_SOURCES];
    let mut number_seen = false;
    for (position, input) in inputs.iter().enumerate() {
        pointers[position] = match input {
            Input::Array(array) => {
                let storage = array.storage();
                let mine = storage.is_unique()
                    || (held && storage.same_memory(output.storage()))
                    || inputs[..position].iter().any(|input| match input {
                        Input::Array(array) => storage.same_memory(array.storage()),
                        Input::Scalar(_) => false,
                    });
                if !mine {
                    let Some(hold) = storage.try_hold() else { return false };
                    holds[position] = Some(hold);
                }
                array.ptr()
            }
            Input::Scalar(number) => {
                if number_seen {
                    return false;
                }
                number_seen = true;
                splat(*number, kernel.input, numel, &mut numbers);
                numbers.as_ptr().cast()
            }
        };
    }
    let (out, params) = (output.ptr(), encode(params, kernel.input));
    // SAFETY: the state of all inputs is held, exclusively, or nobody else refers to them; the output is fresh, or an input and held; all have `numel`
    // contiguous elements of the kernel's own dtypes; the parameters are of the kind that the loop reads.
    unsafe { (kernel.run)(params.as_ptr().cast(), pointers.as_ptr(), &raw const out, numel) };
    true
}

/// Repeats a number into a buffer as elements of `dtype`.
#[inline]
fn splat(value: Scalar, dtype: DType, numel: usize, buffer: &mut MaybeUninit<[u64; MOST_WITH_NUMBER]>) {
    let bytes = value.to_bytes(dtype);
    let start = buffer.as_mut_ptr().cast::<u8>();
    let size = dtype.size();
    // SAFETY: `numel` elements of at most eight bytes fit the buffer of as many words; `bytes` holds one element.
    unsafe {
        match size {
            4 => {
                let word = bytes.as_ptr().cast::<u32>().read_unaligned();
                (0..numel).for_each(|index| start.cast::<u32>().add(index).write(word));
            }
            8 => {
                let word = bytes.as_ptr().cast::<u64>().read_unaligned();
                (0..numel).for_each(|index| start.cast::<u64>().add(index).write(word));
            }
            _ => (0..numel).for_each(|index| start.add(index * size).copy_from_nonoverlapping(bytes.as_ptr(), size)),
        }
    }
}
