//! Elementwise operations: one row each, see the `elementwise!` macro; here is what all rows share.
//!
//! A row's value and gradients are formulas over [`crate::kernels::number`]. They are compiled into SIMD loops for the
//! values and for a backward pass that is not recorded, and read over [`traced`] for one that is.

pub mod activation;
pub mod arithmetic;
pub(in crate::ops) mod arrays;
pub mod closeness;
pub mod comparison;
pub mod composed;
mod declare;
pub mod exponential;
mod fast;
pub mod overloads;
mod plan;
pub mod resolve;
mod row;
mod rule;
pub mod select;
pub mod special;
pub mod special_table;
pub mod table;
#[cfg(test)]
mod tests;
pub mod tier;
pub mod traced;

pub use declare::{alone, same_text};
pub(crate) use declare::{elementwise, formula, names};
pub use fast::Fresh;
pub(super) use fast::update_data;
pub(crate) use row::unpromoted;
pub use row::{Arg, GradRow, Params, Promotion, Refusal, Resolved, Row};
pub use tier::{Integers, Tier};

use smallvec::SmallVec;

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call::{self, first};
use crate::graph::record::{Save, check_in_place, is_wanted_of, record, record_in_place, would_record};
use crate::graph::{Blame, Modes, modes, trace};
use crate::ops::writing::Filled;
use crate::ops::writing::out::{self, Takes};
use crate::ops::writing::overlap::{check_distinct, spared};
use crate::scalar::Scalar;
use crate::tensor::{Operand, Tensor};
use plan::Plan;
use row::MAX_INPUTS;
use rule::Elementwise;

#[track_caller]
fn is_differentiable(row: &Row, plan: &Plan<'_>) -> bool {
    !row.grads.is_empty() && plan.result.is_differentiable() && is_wanted_of(plan.operands.iter().flatten())
}

/// A number argument as an operand without edge, so that edges and inputs are numbered alike.
fn edge_operands(plan: &Plan<'_>, stand_in: &Operand) -> SmallVec<[Operand; MAX_INPUTS]> {
    plan.operands.iter().map(|operand| operand.clone().unwrap_or_else(|| stand_in.without_edge())).collect()
}

/// The value of a row if its operands are small and of one kind, which takes less than letting go of a host's lock
/// would; else `None`, and nothing was done.
#[inline]
#[track_caller]
pub fn apply_small(row: &'static Row, params: &[Scalar], args: &[Arg<'_>]) -> Option<Fresh> {
    fast::apply(row, params, args)
}

/// The value of a row as a new tensor, recorded when an input requires a gradient.
#[inline]
#[track_caller]
pub fn apply(row: &'static Row, params: &[Scalar], args: &[Arg<'_>]) -> Result<Tensor> {
    if let Some(result) = fast::apply(row, params, args) {
        return Ok(result.tensor);
    }
    if modes().any(Modes::TRANSFORMS)
        && let Some(result) = transformed(row, params, args)?
    {
        return Ok(result);
    }
    let plan = Plan::new(row, args)?;
    let output = plan.allocate()?;
    plan.run(params, &output, None)?;
    if modes().any(Modes::CAPTURE) {
        trace::note(&Elementwise::of(row, params, args), &plan.arrays(), std::slice::from_ref(&output));
    }
    if !is_differentiable(row, &plan) {
        return Ok(Tensor::from_array(output));
    }
    record_value(row, params, &plan, output)
}

/// The value of a row while a transformation is under way; `None` if it is nothing to the arguments.
#[cold]
#[track_caller]
fn transformed(row: &'static Row, params: &[Scalar], args: &[Arg<'_>]) -> Result<Option<Tensor>> {
    let inputs: SmallVec<[Option<&Tensor>; MAX_INPUTS]> = args
        .iter()
        .map(|arg| match arg {
            Arg::Tensor(tensor) => Some(*tensor),
            Arg::Scalar(_) => None,
        })
        .collect();
    let value = || Ok(smallvec::smallvec![apply(row, params, args)?]);
    let results = call::transformed(Elementwise::of(row, params, args), &inputs, value)?;
    Ok(results.map(first))
}

#[track_caller]
fn record_value(row: &'static Row, params: &[Scalar], plan: &Plan<'_>, output: Array) -> Result<Tensor> {
    let (rule, slots) = Elementwise::new(row, params, plan, false);
    if plan.operands.iter().all(Option::is_some) {
        let operands: SmallVec<[&Operand; MAX_INPUTS]> = plan.operands.iter().flatten().collect();
        let saves = saves_of(&slots, &operands);
        return record(rule, &operands, &saves, output);
    }
    let stand_in = plan.operands.iter().flatten().next().expect("a recorded call has a tensor");
    let owned = edge_operands(plan, stand_in);
    let operands: SmallVec<[&Operand; MAX_INPUTS]> = owned.iter().collect();
    let saves = saves_of(&slots, &operands);
    record(rule, &operands, &saves, output)
}

fn saves_of<'a>(slots: &[usize], operands: &[&'a Operand]) -> SmallVec<[Save<'a>; 4]> {
    slots
        .iter()
        .map(|&slot| match operands.get(slot) {
            Some(operand) => Save::Input(operand),
            None => Save::Output(0),
        })
        .collect()
}

/// The in-place form: `target` is the first argument and takes the result.
#[track_caller]
pub fn apply_in_place(row: &'static Row, params: &[Scalar], target: &Tensor, rest: &[Arg<'_>]) -> Result<()> {
    if modes().any(Modes::LIFTED) && is_lifted(target, rest) {
        return transformed_in_place(row, params, target, rest);
    }
    // Without a gradient of its own (a comparison) the result is a constant, and the old value gets zeros.
    let constant = row.grads.is_empty() && would_record(target);
    if !constant && fast::apply_in_place(row, params, target, rest).is_some() {
        return Ok(());
    }
    let mut args: SmallVec<[Arg<'_>; MAX_INPUTS]> = SmallVec::new();
    args.push(Arg::Tensor(target));
    args.extend_from_slice(rest);
    let mut plan = Plan::with_target(row, &args, Some(target.dtype()))?;
    let recorded = is_differentiable(row, &plan);
    // Found before the memory is taken: finding the line may run code of the host.
    let blame = Blame::here();
    check_in_place(row.name, target, recorded || constant)?;
    let output = plan.first();
    // The loop writes every element; of several that share memory, only those that the mask names may be written.
    if let [Arg::Tensor(mask), value] = rest
        && row.fills_copy()
        && !recorded
        && output.overlaps_itself()
    {
        return target.fill_where(mask, *value);
    }
    check_output(&mut plan, &output)?;
    if !recorded {
        let before = if constant { Some(target.operand()?) } else { None };
        plan.run(params, &output, Some(blame))?;
        if modes().any(Modes::CAPTURE) {
            note_in_place(row, params, &args, &plan.arrays());
        }
        if let Some(before) = before {
            record_in_place(Filled(row.node), target, &[&before], &[])?;
        }
        return Ok(());
    }
    let (rule, slots) = Elementwise::new(row, params, &plan, true);
    plan.spare(&slots, &output)?;
    plan.run(params, &output, Some(blame))?;
    if modes().any(Modes::CAPTURE) {
        note_in_place(row, params, &args, &plan.arrays());
    }
    let stand_in = plan.operands[0].clone().expect("the target is a tensor");
    let owned = edge_operands(&plan, &stand_in);
    let operands: SmallVec<[&Operand; MAX_INPUTS]> = owned.iter().collect();
    let saves = saves_of(&slots, &operands);
    record_in_place(rule, target, &operands, &saves)
}

/// Writes down an in-place call that has run.
#[cold]
#[track_caller]
fn note_in_place(row: &'static Row, params: &[Scalar], args: &[Arg<'_>], arrays: &[Option<&Array>]) {
    let op = Elementwise::of(row, params, args);
    trace::note_write(format!("{op:?}"), arrays, 1, move |inputs| op.write(inputs));
}

/// Whether transformations have attached anything to the arguments.
#[cold]
fn is_lifted(target: &Tensor, rest: &[Arg<'_>]) -> bool {
    let lifted = |arg: &Arg<'_>| matches!(arg, Arg::Tensor(tensor) if tensor.top_level().is_some());
    target.top_level().is_some() || rest.iter().any(lifted)
}

/// The in-place form while a transformation is under way: the result is computed, then copied into the target.
#[cold]
#[track_caller]
fn transformed_in_place(row: &'static Row, params: &[Scalar], target: &Tensor, rest: &[Arg<'_>]) -> Result<()> {
    // What a rule keeps of the target is what it was.
    let spared = !row.grads.is_empty() && !modes().any(Modes::NO_GRAD);
    let before = if spared { target.copied()? } else { target.clone() };
    let mut args: SmallVec<[Arg<'_>; MAX_INPUTS]> = smallvec::smallvec![Arg::Tensor(&before)];
    args.extend(rest.iter().map(|arg| match arg {
        Arg::Tensor(tensor) if tensor.is(target) => Arg::Tensor(&before),
        other => *other,
    }));
    let result = apply(row, params, &args)?;
    out::check_cast(row.name, result.dtype(), target.dtype())?;
    target.copy_(&result)
}

/// The `out=` form: writes the result into `out`, resized if need be. Not differentiable, as in PyTorch.
#[track_caller]
pub fn apply_out(row: &'static Row, params: &[Scalar], args: &[Arg<'_>], out: &Tensor, takes: Takes) -> Result<()> {
    let mut plan = Plan::with_target(row, args, Some(out.dtype()))?;
    let blame = Blame::here();
    // The result of a row without gradients is a constant, whatever its inputs are.
    let inputs = if row.grads.is_empty() { SmallVec::new() } else { plan.inputs() };
    out::check_differentiable(row.name, &inputs, out)?;
    drop(inputs);
    check_in_place(row.name, out, false)?;
    // Before the output is given its shape: an error leaves it as it was.
    takes.check(row.name, plan.result, out.dtype())?;
    out::resize_output(row.name, out, &plan.shape, &plan.strides())?;
    let output = out.array();
    check_output(&mut plan, &output)?;
    plan.run(params, &output, Some(blame))?;
    Ok(())
}

/// Shape, dtype and overlap of a given output. Operands that share some elements with it are copied.
fn check_output(plan: &mut Plan<'_>, output: &Array) -> Result<()> {
    if output.shape() != plan.shape.as_slice() {
        return Err(Error::runtime(
            plan.op,
            format!(
                "output with shape {:?} doesn't match the broadcast shape {:?}",
                output.shape(),
                plan.shape.as_slice()
            ),
        ));
    }
    out::check_cast(plan.op, plan.result, output.dtype())?;
    check_distinct(plan.op, output)?;
    for (position, operand) in plan.operands.iter_mut().enumerate() {
        let Some(operand) = operand.as_mut().filter(|operand| !operand.array.is_exactly(output)) else { continue };
        // What is filled in is one number.
        let number = plan.row.fills_copy() && position == 2;
        if let Some(copy) = spared(plan.op, output, &operand.array, number)? {
            operand.array = copy;
            operand.identity = std::sync::Weak::new();
        }
    }
    Ok(())
}
