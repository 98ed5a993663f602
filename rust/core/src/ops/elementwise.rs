//! Elementwise operations: one row each, see the `elementwise!` macro; here is what all rows share.
//!
//! A row's value and gradients are formulas over [`crate::kernels::number`]. They are compiled into SIMD loops for the
//! values and for a backward pass that is not recorded, and read over [`Traced`] for one that is.

pub(in crate::ops) mod arrays;
mod declare;
mod fast;
mod rule;
#[cfg(test)]
mod tests;
pub mod tier;

pub use declare::same_text;
pub(crate) use declare::{elementwise, formula, names};
pub use fast::Fresh;
pub(super) use fast::update_data;
pub use tier::{Integers, Tier};

use rule::Elementwise;
use smallvec::SmallVec;

use super::out::Takes;
use super::overlap::{check_distinct, spared};
use super::traced::Traced;
use crate::array::Array;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::call::first;
use crate::graph::record::{Save, check_in_place, is_wanted_of, record, record_in_place, would_record};
use crate::graph::{Blame, Modes, modes, place, trace, transform};
use crate::kernels::Kernel;
use crate::launch::{self, Source};
use crate::scalar::Scalar;
use crate::shape::{self, Shape, Strides};
use crate::storage::is_meta_known;
use crate::tensor::{Operand, Tensor};

/// One elementwise operation.
pub struct Row {
    /// The function's name: `mul`.
    pub name: &'static str,
    /// The node's name: `MulBackward0`.
    pub node: &'static str,
    /// What PyTorch's node has saved where the row has no parameter.
    pub constants: &'static [(&'static str, Scalar)],
    /// First lines of documentation.
    pub doc: &'static str,
    /// Names of the tensor inputs.
    pub inputs: &'static [&'static str],
    /// Names of the parameters.
    pub params: &'static [&'static str],
    /// Dtypes it computes in.
    pub tier: Tier,
    /// The compiled value.
    pub value: fn(DType) -> Option<Kernel>,
    /// One gradient per input; empty for operations without gradient.
    pub grads: &'static [GradRow],
    /// Where test inputs are drawn from.
    pub domain: (f64, f64),
    /// Whether there are parameters with which it has no gradient.
    pub refuses: Option<Refusal>,
    /// Inputs that it depends on, but by a derivative that nobody has: one bit each.
    pub unknown: u8,
}

/// Why there is no gradient with these parameters, if there is none.
pub type Refusal = fn(&[Scalar]) -> Option<&'static str>;

/// Rows are told apart by where they are declared.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Row {
    /// The same row with a node of another name: PyTorch numbers the overloads of an operation.
    pub const fn with_node(&self, node: &'static str) -> Self {
        Self { node, ..*self }
    }

    /// The same row without a gradient for the parameters for which `refuses` gives a reason.
    pub const fn refusing(&self, refuses: Refusal) -> Self {
        Self { refuses: Some(refuses), ..*self }
    }

    /// The same row without a derivative with respect to some inputs, one bit each: asking for it is an error.
    pub const fn without_derivative(&self, inputs: u8) -> Self {
        Self { unknown: inputs, ..*self }
    }

    /// The error for a derivative that nobody has, if `input` is asked for.
    fn check_known(&self, input: usize) -> Result<()> {
        if self.unknown & 1 << input == 0 {
            return Ok(());
        }
        let reason = format!("the derivative for '{}: {}'", self.name, self.inputs[input]);
        Err(Error::not_implemented(self.name, reason))
    }

    /// Whether it writes some elements of a copy, which PyTorch makes row-major.
    fn fills_copy(&self) -> bool {
        self.inputs.get(1) == Some(&"mask")
    }

    /// Whether an input takes part in promotion. A condition only selects, and what is filled keeps its dtype.
    fn promotes(&self, input: usize) -> bool {
        if self.fills_copy() { input == 0 } else { self.inputs[input] != "condition" }
    }
}

/// The gradient of a row with respect to one input.
pub struct GradRow {
    /// The slots it reads beside the gradient: inputs by number, the output as number `inputs.len()`.
    pub uses: &'static [u8],
    /// The gradient passes unchanged.
    pub pass: bool,
    /// The compiled formula of (gradient, used slots…).
    pub kernel: fn(DType) -> Option<Kernel>,
    /// The formula read over the graph.
    pub traced: fn(&[Scalar], Vec<Traced>) -> Traced,
    /// The formula that takes its place where an input that this one does not read has been overwritten. The result may
    /// be all that PyTorch keeps of an operation, though the digits of the derivative are in the input alone: that is
    /// then kept beside the result, and does without a version that counts.
    pub without: Option<&'static GradRow>,
}

impl GradRow {
    /// The slots whose values must still be what they were: those that are saved under PyTorch's names.
    fn must_have(&self) -> &'static [u8] {
        self.without.unwrap_or(self).uses
    }
}

/// An argument: a tensor, or a number that stays a number.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A number; promotes by category only.
    Scalar(Scalar),
}

impl<'a> From<&'a Tensor> for Arg<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl<S: Into<Scalar>> From<S> for Arg<'_> {
    fn from(scalar: S) -> Self {
        Self::Scalar(scalar.into())
    }
}

/// Most inputs of a row.
const MAX_INPUTS: usize = 3;

/// Parameters of a row, inline.
pub type Params = SmallVec<[Scalar; 2]>;

/// Category-wise promotion of tensors with axes, tensors without, and numbers: `torch.result_type`.
#[derive(Default, Clone, Copy)]
pub struct Promotion {
    dimensioned: Option<DType>,
    zero_dim: Option<DType>,
    wrapped: Option<DType>,
}

impl Promotion {
    /// Takes a tensor in.
    pub fn tensor(&mut self, dtype: DType, rank: usize) {
        let slot = if rank > 0 { &mut self.dimensioned } else { &mut self.zero_dim };
        *slot = Some(slot.map_or(dtype, |old| old.promote(dtype)));
    }

    /// Takes a number in.
    pub fn scalar(&mut self, scalar: Scalar) {
        let dtype = scalar.dtype();
        self.wrapped = Some(self.wrapped.map_or(dtype, |old| old.promote(dtype)));
    }

    /// The dtype of the result.
    pub fn result(self) -> DType {
        let combine = |higher: Option<DType>, lower: Option<DType>| match (higher, lower) {
            (None, other) | (other, None) => other,
            (Some(higher), Some(lower)) => {
                Some(if lower.category() > higher.category() { higher.promote(lower) } else { higher })
            }
        };
        combine(combine(self.dimensioned, self.zero_dim), self.wrapped).unwrap_or(DType::F32)
    }
}

/// Everything worked out about a call before memory is touched.
struct Plan<'a> {
    row: &'static Row,
    op: &'static str,
    operands: SmallVec<[Option<Operand>; MAX_INPUTS]>,
    args: &'a [Arg<'a>],
    kernel: Kernel,
    /// Dtype computed in, but for small integers, which have no loops of their own.
    compute: DType,
    /// Dtype of the result.
    result: DType,
    shape: Shape,
}

impl<'a> Plan<'a> {
    #[inline]
    fn new(row: &'static Row, args: &'a [Arg<'a>]) -> Result<Self> {
        let op = row.name;
        let mut operands: SmallVec<[Option<Operand>; MAX_INPUTS]> = SmallVec::new();
        for arg in args {
            operands.push(match arg {
                Arg::Tensor(tensor) if row.grads.is_empty() => Some(tensor.constant_operand()),
                Arg::Tensor(tensor) => Some(tensor.snapshot()?),
                Arg::Scalar(_) => None,
            });
        }
        if is_meta_known() {
            place::of_operands(operands.iter().flatten().map(|operand| &operand.array))?;
        }
        // The fast path: tensors of one shape and dtype.
        let mut shape: Option<Shape> = None;
        let mut promotion = Promotion::default();
        for (position, (operand, arg)) in operands.iter().zip(args).enumerate() {
            match (operand, arg) {
                (Some(operand), _) => {
                    if row.promotes(position) {
                        promotion.tensor(operand.array.dtype(), operand.array.rank());
                    }
                    let own = operand.array.shape();
                    shape = Some(match shape {
                        None => Shape::from_slice(own),
                        Some(shape) if shape.as_slice() == own => shape,
                        Some(shape) => shape::broadcast(op, &shape, own)?,
                    });
                }
                (None, Arg::Scalar(scalar)) if row.promotes(position) => promotion.scalar(*scalar),
                (None, _) => {}
            }
        }
        let promoted = promotion.result();
        let (compute, mut kernel) = choose(row, promoted)?;
        if has_no_room(row, compute, &operands, args) {
            kernel = (row.value)(DType::I64).unwrap_or(kernel);
        } else if kernel.input() != compute {
            narrow(op, compute, &mut operands)?;
        }
        let result = if row.tier.is_predicate() { DType::Bool } else { compute };
        Ok(Self { row, op, operands, args, kernel, compute, result, shape: shape.unwrap_or_default() })
    }

    fn arrays(&self) -> SmallVec<[Option<&Array>; MAX_INPUTS]> {
        self.operands.iter().map(|operand| operand.as_ref().map(|operand| &operand.array)).collect()
    }

    fn inputs(&self) -> SmallVec<[&Operand; MAX_INPUTS]> {
        self.operands.iter().flatten().collect()
    }

    /// Strides of the output: row-major, or as the operands lie where one of them does not.
    fn strides(&self) -> Strides {
        let arrays = || self.operands.iter().flatten().map(|operand| &operand.array);
        // Axes of one element may have any stride, which counts only if some operand is broadcast along them.
        let row_major = |array: &Array| {
            array.layout().is_plain() || (array.is_contiguous() && array.shape() == self.shape.as_slice())
        };
        if self.shape.len() < 2 || self.row.fills_copy() || arrays().all(row_major) {
            return shape::contiguous_strides(&self.shape);
        }
        let operands: SmallVec<[Strides; MAX_INPUTS]> = arrays()
            .enumerate()
            .map(|(position, array)| {
                // PyTorch casts before it looks, and a cast array is dense.
                let cast = array.dtype() != self.compute && self.row.promotes(position);
                let strides = if cast {
                    shape::preserved_strides(array.shape(), array.strides())
                } else {
                    Strides::from_slice(array.strides())
                };
                shape::broadcast_strides(array.shape(), &strides, &self.shape)
            })
            .collect();
        shape::result_strides(&self.shape, &operands)
    }

    /// Lets the operands that are to be saved and whose memory `target` is about to overwrite show a copy of it: their
    /// gradients read the value from before. The target may be several of them: itself, a view, what was detached.
    fn spare(&mut self, slots: &[usize], target: &Array) -> Result<()> {
        let mut spared: Option<Array> = None;
        for &slot in slots {
            let Some(Some(operand)) = self.operands.get_mut(slot) else { continue };
            // What overlaps in part has been refused, or copied.
            if operand.array.is_exactly(target) {
                operand.array = match &spared {
                    Some(copy) => copy.clone(),
                    None => spared.insert(target.duplicate(self.op)?).clone(),
                };
                operand.identity = std::sync::Weak::new();
            }
        }
        Ok(())
    }

    fn allocate(&self) -> Result<Array> {
        let arrays = || self.operands.iter().flatten().map(|operand| &operand.array);
        let _place = if is_meta_known() { place::of_operands(arrays())? } else { None };
        Array::uninit_strided(self.op, &self.shape, &self.strides(), self.result)
    }

    /// Runs the kernel into `output`, whose exclusive state is taken here.
    fn run(&self, params: &[Scalar], output: &Array, after: impl FnOnce()) {
        let sources: SmallVec<[Source<&Array>; MAX_INPUTS]> = self
            .operands
            .iter()
            .zip(self.args)
            .map(|(operand, arg)| match (operand, arg) {
                (Some(operand), _) => Source::Array(&operand.array),
                (None, Arg::Scalar(scalar)) => Source::Scalar(*scalar),
                (None, Arg::Tensor(_)) => unreachable!("every tensor has an operand"),
            })
            .collect();
        launch::map(&self.kernel, params, &sources, output, after);
    }
}

/// Whether an integer among the arguments has no room in the integer dtype of the result: a number beyond its range, or
/// a tensor without axes of a wider dtype, neither of which promotes. Then all is computed in `int64`, by value, and the
/// result cut to its width: 100 is less than 300 among `uint8`, too, and `1 // 32768` is 0 among `int16`.
fn has_no_room(row: &Row, compute: DType, operands: &[Option<Operand>], args: &[Arg<'_>]) -> bool {
    let Some((low, high)) = compute.integer_range().filter(|_| compute != DType::I64) else { return false };
    operands.iter().zip(args).enumerate().any(|(position, (operand, arg))| match (operand, arg) {
        (Some(operand), _) => {
            let dtype = operand.array.dtype();
            row.promotes(position) && dtype.is_integer() && compute.promote(dtype) != compute
        }
        (None, Arg::Scalar(Scalar::Int(value))) => !(low..=high).contains(value),
        (None, _) => false,
    })
}

/// Small integers are computed in a wider type: what is wider still is cut to their width first.
fn narrow(op: &'static str, compute: DType, operands: &mut [Option<Operand>]) -> Result<()> {
    for operand in operands.iter_mut().flatten() {
        if operand.array.dtype().size() > compute.size() {
            operand.array = operand.array.cast(op, compute)?;
        }
    }
    Ok(())
}

/// The dtype to compute in and its kernel.
fn choose(row: &'static Row, promoted: DType) -> Result<(DType, Kernel)> {
    let integral = promoted.category() < Category::Float;
    let promotes = integral && row.tier.integers() == Integers::Promoted;
    let compute = if promotes { crate::default_dtype() } else { promoted };
    match (row.value)(compute) {
        Some(kernel) => Ok((compute, kernel)),
        None => Err(Error::not_for(row.name, compute)),
    }
}

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
    plan.run(params, &output, || {});
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
    let results = transform::transformed(Elementwise::of(row, params, args), &inputs, value)?;
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
    let mut plan = Plan::new(row, &args)?;
    let recorded = is_differentiable(row, &plan);
    // Found before the memory is taken: finding the line may run code of the host.
    let blame = Blame::here();
    check_in_place(row.name, target, recorded || constant)?;
    let output = plan.operands[0].as_ref().expect("the target is a tensor").array.clone();
    // The loop writes every element; of several that share memory, only those that the mask names may be written.
    if let [Arg::Tensor(mask), value] = rest
        && row.fills_copy()
        && !recorded
        && output.overlaps_itself()
    {
        return super::masks::fill_shared(target, mask, *value);
    }
    check_output(&mut plan, &output)?;
    if !recorded {
        let before = if constant { Some(target.operand()?) } else { None };
        plan.run(params, &output, || output.storage().bump(blame));
        if modes().any(Modes::CAPTURE) {
            note_in_place(row, params, &args, &plan.arrays());
        }
        if let Some(before) = before {
            record_in_place(super::copy::Filled(row.node), target, &[&before], &[])?;
        }
        return Ok(());
    }
    let (rule, slots) = Elementwise::new(row, params, &plan, true);
    plan.spare(&slots, &output)?;
    plan.run(params, &output, || output.storage().bump(blame));
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
    let mut args: SmallVec<[Arg<'_>; MAX_INPUTS]> = smallvec::smallvec![Arg::Tensor(target)];
    args.extend_from_slice(rest);
    let result = apply(row, params, &args)?;
    super::out::check_cast(row.name, result.dtype(), target.dtype())?;
    super::copy::copy_(target, &result)
}

/// The `out=` form: writes the result into `out`, resized if need be. Not differentiable, as in PyTorch.
#[track_caller]
pub fn apply_out(row: &'static Row, params: &[Scalar], args: &[Arg<'_>], out: &Tensor, takes: Takes) -> Result<()> {
    let mut plan = Plan::new(row, args)?;
    let blame = Blame::here();
    // The result of a row without gradients is a constant, whatever its inputs are.
    let inputs = if row.grads.is_empty() { SmallVec::new() } else { plan.inputs() };
    super::out::check_differentiable(row.name, &inputs, out)?;
    drop(inputs);
    check_in_place(row.name, out, false)?;
    // Before the output is given its shape: an error leaves it as it was.
    takes.check(row.name, plan.result, out.dtype())?;
    super::out::resize_output(row.name, out, &plan.shape, &plan.strides())?;
    let output = out.array();
    check_output(&mut plan, &output)?;
    plan.run(params, &output, || output.storage().bump(blame));
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
    super::out::check_cast(plan.op, plan.result, output.dtype())?;
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

impl Operand {
    /// The same data without a place in the graph.
    pub fn without_edge(&self) -> Self {
        Self { edge: None, identity: std::sync::Weak::new(), ..self.clone() }
    }
}
