//! What the examples of a batch draw: the same, each its own, or nothing.

use std::fmt;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::graph::level::{Randomness, batches, below};
use crate::graph::op::Op;
use crate::graph::transform::Part;
use crate::graph::{Modes, call, modes};
use crate::ops::arranging::joining;
use crate::ops::{batching, levels};
use crate::tensor::Tensor;

/// Refuses to draw under a batch that does not say what its examples get.
pub(super) fn check_allowed(op: &'static str) -> Result<()> {
    if !modes().any(Modes::LIFTED) || batches().iter().all(|(_, _, randomness)| *randomness != Randomness::Error) {
        return Ok(());
    }
    Err(Error::runtime(
        op,
        "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' \
         randomness flags on vmap or perform the randomness operation out of vmap",
    ))
}

/// What `draw` makes, for each example of a batch whose examples get different numbers.
#[track_caller]
pub(in crate::ops) fn for_each_example(op: &'static str, draw: &dyn Fn() -> Result<Tensor>) -> Result<Tensor> {
    if !modes().any(Modes::LIFTED) {
        return draw();
    }
    check_allowed(op)?;
    let Some(&(level, size, randomness)) = batches().first() else { return draw() };
    below(level, || {
        if randomness == Randomness::Same {
            return for_each_example(op, draw).map(|same| (same, false));
        }
        let each: Result<Vec<Tensor>> = (0..size).map(|_| for_each_example(op, draw)).collect();
        Ok((joining::stack(&each?, 0)?, true))
    })
    .and_then(|(drawn, differ)| if differ { Tensor::new_batched(level, drawn, 0) } else { Ok(drawn) })
}

/// An operation that draws, on tensors some of which may be those of a batch.
#[track_caller]
pub(in crate::ops) fn drawn_by<O: Op + Clone + PartialEq + fmt::Debug>(
    name: &'static str,
    op: O,
    inputs: &[&Tensor],
) -> Result<Tensor> {
    if !modes().any(Modes::LIFTED) {
        return call(op, inputs);
    }
    check_allowed(name)?;
    if !inputs.iter().any(|input| input.is_batched()) {
        let mut own: SmallVec<[Tensor; 2]> = inputs.iter().map(|input| (*input).clone()).collect();
        own[0] = repeated(&own[0])?;
        return call(op, &own.iter().collect::<SmallVec<[&Tensor; 2]>>());
    }
    refuse_same(name, inputs)?;
    call(op, inputs)
}

/// Where examples of batches get the same numbers, nothing that differs between them may be drawn from.
pub(super) fn refuse_same(op: &'static str, inputs: &[&Tensor]) -> Result<()> {
    for &input in inputs {
        let mut part = input.clone();
        // From the innermost batch outwards: what stands for the examples of one may be an example of the next.
        for &(level, _, randomness) in &batches() {
            let Some((whole, _)) = levels::whole(&part, level) else { continue };
            if randomness == Randomness::Same {
                return Err(Error::runtime(
                    op,
                    "Vmap does not currently support same randomness with a batched tensor input",
                ));
            }
            part = whole;
        }
    }
    Ok(())
}

/// What is the same for all examples, as a batch of it for every batch whose examples get different numbers.
fn repeated(input: &Tensor) -> Result<Tensor> {
    let mut repeated = input.clone();
    for &(level, size, randomness) in batches().iter().rev() {
        if randomness == Randomness::Different {
            let whole = below(level, || batching::front(&Part { tensor: repeated, axis: None }, size))?;
            repeated = levels::batched(&whole, 0, level)?;
        }
    }
    Ok(repeated)
}
