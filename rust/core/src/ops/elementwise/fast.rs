//! The common small case: one or two tensors of one shape and dtype, row-major, perhaps a number. Nothing is copied
//! out of the tensors; their lock words are held through the loop, which takes a fraction of a microsecond. Whatever
//! is unusual is left to the general path.

use smallvec::SmallVec;

use super::{Arg, ElementwiseRule, MAX_INPUTS, Params, Row, Tier};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::accumulate;
use crate::graph::node::{Edge, Meta, NodeOf, NodeRef};
use crate::graph::saved::{Saved, Source};
use crate::graph::{Blame, Modes, modes};
use crate::scalar::Scalar;
use crate::tensor::{State, Tensor};

/// Most elements: the locks must not be held for long.
const MOST: usize = 1 << 12;

/// Most elements when a number is repeated into a buffer on the stack.
const MOST_WITH_NUMBER: usize = 64;

/// An input: one of the locked tensors, or a number.
#[derive(Clone, Copy)]
enum Input {
    Tensor(usize),
    Number(Scalar),
}

/// The value of a row, or `None` when this is not the common case.
#[inline]
#[track_caller]
pub(super) fn apply(row: &'static Row, params: &[f64], args: &[Arg<'_>]) -> Option<Result<Tensor>> {
    match *args {
        [Arg::Tensor(a)] => one(row, params, a, &[Input::Tensor(0)]),
        [Arg::Tensor(a), Arg::Scalar(b)] => one(row, params, a, &[Input::Tensor(0), Input::Number(b)]),
        [Arg::Scalar(a), Arg::Tensor(b)] => one(row, params, b, &[Input::Number(a), Input::Tensor(0)]),
        [Arg::Tensor(a), Arg::Tensor(b)] if a.is(b) => one(row, params, a, &[Input::Tensor(0), Input::Tensor(0)]),
        [Arg::Tensor(a), Arg::Tensor(b)] => {
            let pending = {
                // Locked in the order of their addresses, so that two threads cannot each wait for the other.
                let (mut first, mut second);
                let states: [&mut State; 2] = if a.identity() < b.identity() {
                    first = a.lock();
                    second = b.lock();
                    [&mut first, &mut second]
                } else {
                    second = b.lock();
                    first = a.lock();
                    [&mut first, &mut second]
                };
                compute(row, params, [a, b], states, &[Input::Tensor(0), Input::Tensor(1)])?
            };
            Some(pending.finish())
        }
        _ => None,
    }
}

#[inline]
#[track_caller]
fn one(row: &'static Row, params: &[f64], tensor: &Tensor, inputs: &[Input]) -> Option<Result<Tensor>> {
    let pending = {
        let mut state = tensor.lock();
        compute(row, params, [tensor], [&mut state], inputs)?
    };
    Some(pending.finish())
}

/// A value that is computed and, if it is recorded, what its node needs. Made under the locks; the node itself is made
/// after, because finding the line to blame may run code of the host.
struct Pending {
    output: Array,
    recording: Option<Recording>,
}

struct Recording {
    rule: ElementwiseRule,
    edges: SmallVec<[Edge; 2]>,
    saved: SmallVec<[Saved; 2]>,
    saves_output: bool,
}

impl Pending {
    #[inline]
    #[track_caller]
    fn finish(self) -> Result<Tensor> {
        let Some(recording) = self.recording else { return Ok(Tensor::from_array(self.output)) };
        let meta = Meta { shape: self.output.shape().into(), dtype: self.output.dtype() };
        let Recording { rule, edges, saved, saves_output } = recording;
        let node: NodeRef = NodeOf::new(rule, Blame::here(), edges, smallvec::smallvec![meta], saved);
        if !saves_output {
            return Ok(Tensor::from_node(self.output, node, 0));
        }
        let tensor = Tensor::from_node(self.output.clone(), node.clone(), 0);
        node.head().saved().push(Saved::plain(self.output, Source::Output(0), tensor.downgrade()));
        Ok(tensor)
    }
}

#[inline]
fn compute<const TENSORS: usize>(
    row: &'static Row,
    params: &[f64],
    tensors: [&Tensor; TENSORS],
    states: [&mut State; TENSORS],
    inputs: &[Input],
) -> Option<Pending> {
    let modes = modes();
    if modes != Modes::NONE && modes != Modes::NO_GRAD {
        return None;
    }
    let first = &states[0].array;
    let (dtype, numel) = (first.dtype(), first.numel());
    let fits = |state: &State| {
        let array = &state.array;
        array.is_contiguous() && array.dtype() == dtype && array.shape() == first.shape() && !state.inference
    };
    if numel > MOST || !states.iter().all(|state| fits(state)) {
        return None;
    }
    let real = matches!(row.tier, Tier::Real | Tier::RealPredicate);
    let kernel = (row.value)(dtype)?;
    if kernel.input != dtype || (real && !dtype.is_float()) {
        return None;
    }
    let mut number = [0u64; MOST_WITH_NUMBER];
    for input in inputs {
        if let Input::Number(value) = input {
            if numel > MOST_WITH_NUMBER || value.category() > dtype.category() {
                return None;
            }
            splat(*value, dtype, numel, &mut number);
        }
    }
    let recorded = match states.iter().any(|state| state.wants_grad()) {
        false => false,
        // What no_grad cuts off is noted on the general path.
        true if modes != Modes::NONE => return None,
        true => !row.grads.is_empty(),
    };
    // A view may have to be given its history anew first.
    let stale = |state: &State| state.extra.as_ref().is_some_and(|extra| extra.view.is_some());
    if modes == Modes::NONE && states.iter().any(|state| stale(state)) {
        return None;
    }
    let result = match row.tier {
        Tier::Predicate | Tier::RealPredicate => DType::Bool,
        _ => dtype,
    };
    let output = Array::uninit_with_layout(row.name, first.layout(), result).ok()?;
    {
        let _first = states[0].array.storage().try_read()?;
        let _second = match TENSORS {
            2 if !states[1].array.storage().same_memory(states[0].array.storage()) => {
                Some(states[1].array.storage().try_read()?)
            }
            _ => None,
        };
        let mut pointers = [std::ptr::null::<u8>(); MAX_INPUTS];
        for (pointer, input) in pointers.iter_mut().zip(inputs) {
            *pointer = match input {
                Input::Tensor(index) => states[*index].array.ptr(),
                Input::Number(_) => number.as_ptr().cast(),
            };
        }
        let out = output.ptr();
        // SAFETY: shared state on the inputs is held and the output is fresh; all have `numel` contiguous elements of
        // the kernel's own dtypes; `params` is the formula's `repr(C)` struct of `f64` fields.
        unsafe { (kernel.run)(params.as_ptr().cast(), pointers.as_ptr(), &raw const out, numel) };
    }
    if !recorded {
        return Some(Pending { output, recording: None });
    }
    let mut edges: SmallVec<[Edge; 2]> = SmallVec::new();
    for input in inputs {
        edges.push(match input {
            Input::Tensor(index) => edge(tensors[*index], states[*index]),
            Input::Number(_) => Edge::default(),
        });
    }
    let needs = |input: usize| edges[input].node.is_some();
    let number_at = |slot: usize| match inputs.get(slot) {
        Some(Input::Number(value)) => Some(*value),
        _ => None,
    };
    let (rule, slots) = ElementwiseRule::with(row, Params::from_slice(params), needs, number_at);
    let mut saved: SmallVec<[Saved; 2]> = SmallVec::new();
    let mut saves_output = false;
    for slot in slots {
        match inputs.get(slot) {
            Some(Input::Tensor(index)) => {
                let source =
                    if edges[slot].node.is_some() { Source::Input(edges[slot].clone()) } else { Source::Constant };
                saved.push(Saved::plain(states[*index].array.clone(), source, tensors[*index].downgrade()));
            }
            _ => saves_output = true,
        }
    }
    Some(Pending { output, recording: Some(Recording { rule, edges, saved, saves_output }) })
}

/// Where the gradient of a locked tensor goes.
fn edge(tensor: &Tensor, state: &mut State) -> Edge {
    match &state.grad_fn {
        Some(node) => Edge::new(node.clone(), state.output_nr),
        None if state.requires_grad => Edge::new(accumulate::accumulator_of(tensor, state), 0),
        None => Edge::default(),
    }
}

/// Repeats a number into a buffer as elements of `dtype`.
fn splat(value: Scalar, dtype: DType, numel: usize, buffer: &mut [u64; MOST_WITH_NUMBER]) {
    let size = dtype.size();
    let bytes = value.to_bytes(dtype);
    let start = buffer.as_mut_ptr().cast::<u8>();
    for index in 0..numel {
        // SAFETY: `numel` elements of at most eight bytes fit the buffer of as many words.
        unsafe { start.add(index * size).copy_from_nonoverlapping(bytes.as_ptr(), size) };
    }
}
