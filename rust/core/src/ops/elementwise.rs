//! Elementwise operations: one row each, see the `elementwise!` macro; here is what all rows share.
//!
//! A row's value and gradients are formulas over [`crate::kernels::number`]. They are compiled into SIMD loops for the
//! values and for a backward pass that is not recorded, and read over [`Traced`] for one that is.

mod fast;

pub use fast::Fresh;

use smallvec::SmallVec;

use super::traced::Traced;
use crate::array::Array;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::Blame;
use crate::graph::node::{Attribute, Backward, Rule};
use crate::graph::record::{Save, check_in_place, is_recorded, record, record_in_place};
use crate::kernels::{In, Kernel, map};
use crate::scalar::Scalar;
use crate::shape::{self, Layout, Shape, Strides};
use crate::storage::Access;
use crate::tensor::{Operand, Tensor};

/// Which dtypes a row computes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// Floats; integer inputs are promoted to the default float dtype.
    Real,
    /// Integers and floats, as they come.
    Ring,
    /// Integers and `bool`.
    Int,
    /// Any dtype; the result is `bool`.
    Predicate,
    /// Floats (integers are promoted); the result is `bool`.
    RealPredicate,
}

/// One elementwise operation.
pub struct Row {
    /// The function's name: `mul`.
    pub name: &'static str,
    /// The node's name: `MulBackward0`.
    pub node: &'static str,
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
}

impl Row {
    /// Whether the first input is a condition.
    fn is_conditional(&self) -> bool {
        self.inputs[0] == "condition"
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
    pub traced: fn(&[f64], Vec<Traced>) -> Traced,
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
pub type Params = SmallVec<[f64; 2]>;

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
                Arg::Tensor(tensor) => Some(tensor.operand()?),
                Arg::Scalar(_) => None,
            });
        }
        // The fast path: tensors of one shape and dtype.
        let mut shape: Option<Shape> = None;
        let mut promotion = Promotion::default();
        for (position, (operand, arg)) in operands.iter().zip(args).enumerate() {
            match (operand, arg) {
                (Some(operand), _) => {
                    // A condition selects; it does not promote.
                    if !(row.is_conditional() && position == 0) {
                        promotion.tensor(operand.array.dtype(), operand.array.rank());
                    }
                    let own = operand.array.shape();
                    shape = Some(match shape {
                        None => own.into(),
                        Some(shape) if shape.as_slice() == own => shape,
                        Some(shape) => shape::broadcast(op, &shape, own)?,
                    });
                }
                (None, Arg::Scalar(scalar)) => promotion.scalar(*scalar),
                (None, Arg::Tensor(_)) => {}
            }
        }
        let promoted = promotion.result();
        let (compute, kernel) = choose(row, promoted)?;
        if kernel.input != compute {
            narrow(op, compute, &mut operands)?;
        }
        let result = match row.tier {
            Tier::Predicate | Tier::RealPredicate => DType::Bool,
            _ => compute,
        };
        Ok(Self { op, operands, args, kernel, compute, result, shape: shape.unwrap_or_default() })
    }

    fn inputs(&self) -> SmallVec<[&Operand; MAX_INPUTS]> {
        self.operands.iter().flatten().collect()
    }

    /// Strides of the output: row-major, or as the operands lie where one of them does not.
    fn strides(&self) -> Strides {
        let arrays = || self.operands.iter().flatten().map(|operand| &operand.array);
        if self.shape.len() < 2 || arrays().all(Array::is_contiguous) {
            return shape::contiguous_strides(&self.shape);
        }
        let operands: SmallVec<[Strides; MAX_INPUTS]> =
            arrays().map(|array| shape::broadcast_strides(array.shape(), array.strides(), &self.shape)).collect();
        shape::result_strides(&self.shape, &operands)
    }

    fn allocate(&self) -> Result<Array> {
        shape::checked_numel(self.op, &self.shape, self.result.size())?;
        Array::uninit_with_layout(self.op, &Layout::strided(&self.shape, &self.strides()), self.result)
    }

    /// A number operand as the dtype of the operation has it: −1 among `uint8` is 255, whatever it is computed in.
    fn number(&self, scalar: Scalar) -> Scalar {
        match (scalar, self.compute) {
            (Scalar::Int(value), DType::U8) => Scalar::Int(i64::from(value as u8)),
            (Scalar::Int(value), DType::I8) => Scalar::Int(i64::from(value as i8)),
            (Scalar::Int(value), DType::I16) => Scalar::Int(i64::from(value as i16)),
            _ => scalar,
        }
    }

    /// Runs the kernel into `output`, whose exclusive state is taken here.
    fn run(&self, params: &[f64], output: &Array, after: impl FnOnce()) {
        let arrays: SmallVec<[Source<'_>; MAX_INPUTS]> = self
            .operands
            .iter()
            .zip(self.args)
            .map(|(operand, arg)| match (operand, arg) {
                (Some(operand), _) => Source::Array(&operand.array),
                (None, Arg::Scalar(scalar)) => Source::Scalar(self.number(*scalar)),
                (None, Arg::Tensor(_)) => unreachable!("every tensor has an operand"),
            })
            .collect();
        run_kernel(&self.kernel, params, &self.shape, &arrays, output, after);
    }
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
    let promoted = promoted.supported(row.name)?;
    let compute = match row.tier {
        Tier::Real | Tier::RealPredicate if promoted.category() < Category::Float => crate::default_dtype(),
        _ => promoted,
    };
    match (row.value)(compute) {
        Some(kernel) => Ok((compute, kernel)),
        None => Err(Error::dtype(
            row.name,
            compute,
            format!("\"{}\" not implemented for '{}'", row.name, torch_name(compute)),
        )),
    }
}

/// PyTorch's C++ name of a dtype, as in "not implemented for 'Bool'".
pub fn torch_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "Bool",
        DType::U8 => "Byte",
        DType::I8 => "Char",
        DType::I16 => "Short",
        DType::I32 => "Int",
        DType::I64 => "Long",
        DType::F16 => "Half",
        DType::BF16 => "BFloat16",
        DType::F32 => "Float",
        DType::F64 => "Double",
        DType::C64 => "ComplexFloat",
        DType::C128 => "ComplexDouble",
    }
}

/// An input of a kernel call.
#[derive(Clone, Copy)]
enum Source<'a> {
    Array(&'a Array),
    Scalar(Scalar),
}

/// Runs a compiled formula over broadcast inputs into `output`; `after` runs while the state is still held.
fn run_kernel(
    kernel: &Kernel,
    params: &[f64],
    shape: &[usize],
    sources: &[Source<'_>],
    output: &Array,
    after: impl FnOnce(),
) {
    let mut numbers = [[0u8; 16]; MAX_INPUTS + 2];
    let mut strides: SmallVec<[Strides; 4]> = SmallVec::new();
    let mut reads: SmallVec<[&crate::storage::Storage; 4]> = SmallVec::new();
    for (source, number) in sources.iter().zip(&mut numbers) {
        match source {
            Source::Array(array) => {
                reads.push(array.storage());
                strides.push(if array.shape() == shape {
                    SmallVec::from_slice(array.strides())
                } else {
                    shape::broadcast_strides(array.shape(), array.strides(), shape)
                });
            }
            Source::Scalar(scalar) => {
                *number = scalar.to_bytes(kernel.input);
                strides.push(SmallVec::from_elem(0, shape.len()));
            }
        }
    }
    let _access = Access::acquire(&reads, &[output.storage()]);
    let inputs: SmallVec<[In<'_>; 4]> = sources
        .iter()
        .zip(&strides)
        .zip(&numbers)
        .map(|((source, strides), number)| match source {
            Source::Array(array) => In { ptr: array.ptr(), dtype: array.dtype(), strides },
            Source::Scalar(_) => In { ptr: number.as_ptr(), dtype: kernel.input, strides },
        })
        .collect();
    // SAFETY: the state of all roots is held; every layout lies within its block and has the rank of `shape`; an
    // output that is an input is exactly that input (checked by the in-place forms; fresh outputs overlap nothing);
    // `params` is the formula's `repr(C)` struct of `f64` fields.
    unsafe { map::map(kernel, params.as_ptr().cast(), shape, &inputs, &[output.as_out()]) };
    after();
}

/// What a recorded elementwise operation needs for its gradient.
struct ElementwiseRule {
    row: &'static Row,
    params: Params,
    /// Where each slot (inputs, then the output) is found in backward.
    slots: [Slot; MAX_INPUTS + 1],
    numbers: SmallVec<[Scalar; 1]>,
}

#[derive(Clone, Copy)]
enum Slot {
    /// Nobody asks for it.
    Unused,
    /// Saved value by number.
    Saved(u8),
    /// One of the rule's numbers.
    Number(u8),
}

impl ElementwiseRule {
    /// The rule of a planned call and the slots to save.
    fn new(row: &'static Row, params: &[f64], plan: &Plan<'_>) -> (Self, SmallVec<[usize; 4]>) {
        let needs = |input: usize| plan.operands[input].as_ref().is_some_and(|operand| operand.edge.is_some());
        let number_at = |slot: usize| match plan.args.get(slot) {
            Some(Arg::Scalar(scalar)) => Some(*scalar),
            _ => None,
        };
        Self::with(row, Params::from_slice(params), needs, number_at)
    }

    /// The rule and the slots to save: only what the gradients of inputs that need one read.
    #[inline]
    fn with(
        row: &'static Row,
        params: Params,
        needs: impl Fn(usize) -> bool,
        number_at: impl Fn(usize) -> Option<Scalar>,
    ) -> (Self, SmallVec<[usize; 4]>) {
        let mut used = [false; MAX_INPUTS + 1];
        for (input, grad) in row.grads.iter().enumerate() {
            if needs(input) {
                for &slot in grad.uses {
                    used[slot as usize] = true;
                }
            }
        }
        let mut slots = [Slot::Unused; MAX_INPUTS + 1];
        let mut numbers = SmallVec::new();
        let mut saved: SmallVec<[usize; 4]> = SmallVec::new();
        for slot in 0..=row.inputs.len() {
            if !used[slot] {
                continue;
            }
            slots[slot] = match number_at(slot) {
                Some(number) => {
                    numbers.push(number);
                    Slot::Number(numbers.len() as u8 - 1)
                }
                None => {
                    saved.push(slot);
                    Slot::Saved(saved.len() as u8 - 1)
                }
            };
        }
        (Self { row, params, slots, numbers }, saved)
    }

    fn fused(&self, cx: &mut Backward<'_>) -> Result<()> {
        let mut arrived = cx.take_grads().into_iter().next().flatten();
        let last = (0..self.row.grads.len()).rev().find(|&input| cx.needs(input));
        for (input, grad_row) in self.row.grads.iter().enumerate() {
            if !cx.needs(input) {
                continue;
            }
            // The last one may have the gradient's own memory.
            let grad = if last == Some(input) { arrived.take() } else { arrived.clone() };
            let grad = grad.expect("the engine runs a rule only when a gradient arrived");
            let result = if grad_row.pass {
                grad
            } else {
                for &slot in grad_row.uses {
                    if let Slot::Saved(number) = self.slots[slot as usize] {
                        cx.note_read(number as usize);
                    }
                }
                match fast::gradient(self, grad_row, cx.node(), &grad) {
                    Some(fast::Gradient::InPlace) => grad,
                    Some(fast::Gradient::Fresh(array)) => Tensor::from_array(array),
                    None => self.gradient(cx, grad_row, grad)?,
                }
            };
            cx.put(input, result);
        }
        Ok(())
    }

    /// The gradient with respect to one input, whatever the layouts.
    fn gradient(&self, cx: &Backward<'_>, grad_row: &GradRow, grad: Tensor) -> Result<Tensor> {
        // Memory that nobody else sees takes the result.
        let reused = grad.is_consumable();
        let array = grad.array();
        let mut unpacked: SmallVec<[Array; MAX_INPUTS + 1]> = SmallVec::new();
        for &slot in grad_row.uses {
            if let Slot::Saved(number) = self.slots[slot as usize] {
                unpacked.push(cx.saved_array(number as usize)?);
            }
        }
        let mut saved = unpacked.iter();
        let mut sources: SmallVec<[Source<'_>; 4]> = smallvec::smallvec![Source::Array(&array)];
        for &slot in grad_row.uses {
            sources.push(match self.slots[slot as usize] {
                Slot::Saved(_) => Source::Array(saved.next().expect("one array per saved slot")),
                Slot::Number(number) => Source::Scalar(self.numbers[number as usize]),
                Slot::Unused => unreachable!("used slots are saved or numbers"),
            });
        }
        let kernel = (grad_row.kernel)(array.dtype())
            .ok_or_else(|| Error::dtype(self.row.node, array.dtype(), "no gradient kernel"))?;
        let output = if reused { array.clone() } else { Array::uninit_like(self.row.node, &array, array.dtype())? };
        run_kernel(&kernel, &self.params, array.shape(), &sources, &output, || {});
        Ok(if reused { grad } else { Tensor::from_array(output) })
    }

    fn traced(&self, cx: &mut Backward<'_>) -> Result<()> {
        for (input, grad_row) in self.row.grads.iter().enumerate() {
            // Numbers have edges too, which lead nowhere: edges and inputs are numbered alike.
            if !cx.needs(input) {
                continue;
            }
            let grad = cx.only_grad();
            if grad_row.pass {
                cx.put(input, grad);
                continue;
            }
            let mut inputs = vec![Traced::Tensor(grad)];
            for &slot in grad_row.uses {
                inputs.push(match self.slots[slot as usize] {
                    Slot::Saved(number) => Traced::Tensor(cx.saved(number as usize)?),
                    Slot::Number(number) => Traced::Number(self.numbers[number as usize]),
                    Slot::Unused => unreachable!("used slots are saved or numbers"),
                });
            }
            let grad = (grad_row.traced)(&self.params, inputs).into_tensor()?;
            cx.put(input, grad);
        }
        Ok(())
    }
}

impl Rule for ElementwiseRule {
    #[allow(clippy::misnamed_getters, reason = "the rule's name is the name of the row's node")]
    fn name(&self) -> &str {
        self.row.node
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        if cx.create_graph() { self.traced(cx) } else { self.fused(cx) }
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter_map(|(slot, place)| match place {
                Slot::Saved(number) => Some((self.row.saved_name(slot), *number as usize)),
                _ => None,
            })
            .collect()
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        let params = self.row.params.iter().zip(&self.params).map(|(name, &value)| (*name, Scalar::Float(value)));
        let constant = match self.row.name {
            "square" => Some(("exponent", Scalar::Int(2))),
            "pow_half" => Some(("exponent", Scalar::Float(0.5))),
            "pow_minus_half" => Some(("exponent", Scalar::Float(-0.5))),
            "add" | "sub" | "rsub" => Some(("alpha", Scalar::Int(1))),
            _ => None,
        };
        let numbers = params.chain(constant).map(|(name, number)| (name, Attribute::Number(number)));
        // What some gradient of the row reads, though not of this call.
        let read = |slot: usize| self.row.grads.iter().any(|grad| grad.uses.contains(&(slot as u8)));
        let slots = (0..=self.row.inputs.len()).filter_map(|slot| match self.slots[slot] {
            Slot::Number(number) => Some((self.row.saved_name(slot), Attribute::Number(self.numbers[number as usize]))),
            Slot::Unused if read(slot) => Some((self.row.saved_name(slot), Attribute::Absent)),
            _ => None,
        });
        numbers.chain(slots).collect()
    }
}

impl Row {
    /// PyTorch's name of what is saved from a slot (an input, or the output as the last): `grad_fn._saved_<name>`.
    fn saved_name(&self, slot: usize) -> &'static str {
        let Some(&input) = self.inputs.get(slot) else { return "result" };
        match (self.name, input) {
            ("pow" | "pow_int", "y") | ("rpow", "x") => "exponent",
            ("rpow", "y") => "self",
            ("lerp", "y") => "end",
            ("where_", "x") => "self",
            (_, "a") => "tensor1",
            (_, "b") => "tensor2",
            (_, "t") => "target",
            (_, "p") => "pos_weight",
            (_, "low") => "min",
            (_, "high") => "max",
            (_, "y") if self.node.contains("Loss") => "target",
            (_, "y") => "other",
            (_, input) if slot > 0 || self.is_conditional() => input,
            _ => "self",
        }
    }
}

#[track_caller]
fn is_differentiable(row: &Row, plan: &Plan<'_>) -> bool {
    !row.grads.is_empty() && is_recorded(&plan.inputs())
}

/// A number argument as an operand without edge, so that edges and inputs are numbered alike.
fn edge_operands(plan: &Plan<'_>, stand_in: &Operand) -> SmallVec<[Operand; MAX_INPUTS]> {
    plan.operands.iter().map(|operand| operand.clone().unwrap_or_else(|| stand_in.without_edge())).collect()
}

/// The value of a row if its operands are small and of one kind, which takes less than letting go of a host's lock
/// would; else `None`, and nothing was done.
#[inline]
#[track_caller]
pub fn apply_small(row: &'static Row, params: &[f64], args: &[Arg<'_>]) -> Option<Fresh> {
    fast::apply(row, params, args)
}

/// The value of a row as a new tensor, recorded when an input requires a gradient.
#[inline]
#[track_caller]
pub fn apply(row: &'static Row, params: &[f64], args: &[Arg<'_>]) -> Result<Tensor> {
    if let Some(result) = fast::apply(row, params, args) {
        return Ok(result.tensor);
    }
    let plan = Plan::new(row, args)?;
    let output = plan.allocate()?;
    plan.run(params, &output, || {});
    if !is_differentiable(row, &plan) {
        return Ok(Tensor::from_array(output));
    }
    record_value(row, params, &plan, output)
}

#[track_caller]
fn record_value(row: &'static Row, params: &[f64], plan: &Plan<'_>, output: Array) -> Result<Tensor> {
    let (rule, slots) = ElementwiseRule::new(row, params, plan);
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
pub fn apply_in_place(row: &'static Row, params: &[f64], target: &Tensor, rest: &[Arg<'_>]) -> Result<()> {
    if fast::apply_in_place(row, params, target, rest).is_some() {
        return Ok(());
    }
    let mut args: SmallVec<[Arg<'_>; MAX_INPUTS]> = SmallVec::new();
    args.push(Arg::Tensor(target));
    args.extend_from_slice(rest);
    let mut plan = Plan::new(row, &args)?;
    let recorded = is_differentiable(row, &plan);
    // Found before the memory is taken: finding the line may run code of the host.
    let blame = Blame::here();
    check_in_place(row.name, target, recorded)?;
    let output = plan.operands[0].as_ref().expect("the target is a tensor").array.clone();
    check_output(&plan, &output)?;
    if !recorded {
        plan.run(params, &output, || output.storage().bump(blame));
        return Ok(());
    }
    let (rule, slots) = ElementwiseRule::new(row, params, &plan);
    if slots.contains(&0) {
        // The gradient reads what is about to be overwritten: save a copy.
        let copy = output.duplicate(row.name)?;
        let operand = plan.operands[0].as_mut().expect("the target is a tensor");
        let original = std::mem::replace(&mut operand.array, copy);
        operand.identity = std::sync::Weak::new();
        plan.run(params, &original, || original.storage().bump(blame));
    } else {
        plan.run(params, &output, || output.storage().bump(blame));
    }
    let stand_in = plan.operands[0].clone().expect("the target is a tensor");
    let owned = edge_operands(&plan, &stand_in);
    let operands: SmallVec<[&Operand; MAX_INPUTS]> = owned.iter().collect();
    let saves = saves_of(&slots, &operands);
    record_in_place(rule, target, &operands, &saves)
}

/// The `out=` form: writes the result into `out`, resized if need be. Not differentiable, as in PyTorch.
#[track_caller]
pub fn apply_out(row: &'static Row, params: &[f64], args: &[Arg<'_>], out: &Tensor) -> Result<()> {
    let plan = Plan::new(row, args)?;
    let blame = Blame::here();
    super::out::check_differentiable(row.name, &plan.inputs(), out)?;
    check_in_place(row.name, out, false)?;
    // Before the output is given its shape: an error leaves it as it was.
    super::out::check_cast(row.name, plan.result, out.dtype())?;
    super::out::resize_output(row.name, out, &plan.shape, &plan.strides())?;
    let output = out.array();
    check_output(&plan, &output)?;
    plan.run(params, &output, || output.storage().bump(blame));
    Ok(())
}

/// Shape, dtype and overlap of a given output.
fn check_output(plan: &Plan<'_>, output: &Array) -> Result<()> {
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
    let reads: SmallVec<[&Array; MAX_INPUTS]> = plan.operands.iter().flatten().map(|operand| &operand.array).collect();
    check_overlap(plan.op, output, &reads)
}

/// An output that is exactly an input is fine; partial overlap with an input, or with itself, is not.
pub fn check_overlap(op: &'static str, output: &Array, inputs: &[&Array]) -> Result<()> {
    if shape::overlaps_itself(output.shape(), output.strides()) {
        return Err(Error::overlap(
            op,
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. \
             Please clone() the tensor before performing the operation.",
        ));
    }
    for input in inputs {
        if !input.is_exactly(output) && input.ranges_touch(output) && !disjoint_interleaved(input, output) {
            return Err(Error::overlap(
                op,
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single \
                 memory location. Please clone() the tensor before performing the operation.",
            ));
        }
    }
    Ok(())
}

/// Columns of one matrix touch in address range but share no element: equal strides, offset not a multiple.
fn disjoint_interleaved(a: &Array, b: &Array) -> bool {
    if !a.storage().same_memory(b.storage()) || a.dtype() != b.dtype() {
        return false;
    }
    let steps = |array: &Array| -> i64 {
        array
            .shape()
            .iter()
            .zip(array.strides())
            .filter(|(size, _)| **size > 1)
            .fold(0i64, |step, (_, &stride)| gcd(step, stride as i64))
    };
    let step = gcd(steps(a), steps(b));
    step != 0 && (a.offset() as i64 - b.offset() as i64) % step != 0
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Operand {
    /// The same data without a place in the graph.
    pub fn without_edge(&self) -> Self {
        Self { edge: None, identity: std::sync::Weak::new(), ..self.clone() }
    }
}

/// Whether any of the operands makes a call recorded; for structured operations.
pub fn recorded(operands: &[&Operand]) -> bool {
    is_recorded(operands)
}

/// Declares elementwise operations.
///
/// ```text
/// /// Documentation.
/// name(x, y)[param] -> z "NodeName" tier in low..high {
///     value: formula,
///     x(g, y): gradient with respect to x, reading the gradient and y,
///     y(g, x): …,
/// }
/// ```
/// Inputs, output and parameters are the names used in the formulas; a gradient lists what it reads.
macro_rules! elementwise {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident ( $($x:ident),+ ) $params:tt $(-> $z:ident)? $node:literal $tier:ident in $low:literal .. $high:literal {
            value: $value:expr
            $(, $gx:ident ( $g:ident $(, $use:ident)* ) : $grad:expr )* $(,)?
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[allow(non_camel_case_types, unused_imports, dead_code, clippy::module_inception)]
        pub mod $name {
            use super::*;
            use crate::kernels::number::{Int, Order, Real, Ring, xor};
            use crate::ops::elementwise::{GradRow, Row, Tier, trace};

            /// Numbers of the slots: inputs, then the output.
            enum Slot { $($x,)+ $($z,)? }

            /// Number of inputs.
            pub const INPUTS: usize = [$(stringify!($x)),+].len();

            $crate::ops::elementwise::formula!($tier Value, INPUTS, [$($x),+], $params, $value);

            $(
                /// The gradient with respect to one input.
                pub mod $gx {
                    use super::*;
                    /// How many values the formula reads.
                    pub const READS: usize = [stringify!($g) $(, stringify!($use))*].len();
                    $crate::ops::elementwise::formula!(real Grad, READS, [$g $(, $use)*], $params, $grad);
                }
            )*

            /// The row.
            pub static ROW: Row = Row {
                name: stringify!($name),
                node: $node,
                doc: concat!($($doc, "\n"),+),
                inputs: &[$(stringify!($x)),+],
                params: $crate::ops::elementwise::names!($params),
                tier: $crate::ops::elementwise::tier!($tier),
                value: |dtype| $crate::ops::elementwise::kernel!($tier, dtype, Value, INPUTS),
                grads: &[$(GradRow {
                    uses: &[$(Slot::$use as u8),*],
                    pass: $crate::ops::elementwise::same_text(stringify!($grad), stringify!($g)),
                    kernel: |dtype| $crate::ops::elementwise::kernel!(real, dtype, $gx::Grad, { $gx::READS }),
                    traced: |params, inputs| trace::<_, { $gx::READS }>(&$gx::Grad::from_params(params), inputs),
                }),*],
                domain: ($low, $high),
            };
        }
    )+};
}

/// The names of a bracketed list.
macro_rules! names {
    ([$($p:ident),*]) => { &[$(stringify!($p)),*] };
}

/// A struct with the parameters as fields, and the formula as the trait of its tier.
macro_rules! formula {
    ($tier:ident $F:ident, $n:ident, $inputs:tt, [$($p:ident),*], $body:expr) => {
        /// A formula; its parameters are the fields.
        #[repr(C)]
        pub struct $F { $(
            /// A parameter of the operation.
            pub $p: f64,
        )* }
        impl $F {
            /// The formula with its parameters in order.
            pub fn from_params(params: &[f64]) -> Self {
                let mut _params = params.iter().copied();
                Self { $($p: _params.next().expect("one value per parameter"),)* }
            }
        }
        $crate::ops::elementwise::formula!(@ $tier $F, $n, $inputs, [$($p),*], $body);
    };
    (@ real $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RealFormula, Real, R, $($rest)*); };
    (@ ring $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RingFormula, Ring, R, $($rest)*); };
    (@ int $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ IntFormula, Int, R, $($rest)*); };
    (@ predicate $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ Predicate, Order, R::Mask, $($rest)*); };
    (@ real_predicate $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RealPredicate, Real, R::Mask, $($rest)*); };
    (@@ $Trait:ident, $Number:ident, $Out:ty, $F:ident, $n:ident, [$($x:ident),+], [$($p:ident),*], $body:expr) => {
        impl $crate::kernels::number::$Trait<$n> for $F {
            #[inline(always)]
            fn eval<R: $crate::kernels::number::$Number>(&self, [$($x),+]: [R; $n]) -> $Out {
                // A gradient need not read every parameter.
                #[allow(unused_variables)]
                let Self { $($p),* } = *self;
                $body
            }
        }
    };
}

/// The tier as a value.
macro_rules! tier {
    (real) => {
        Tier::Real
    };
    (ring) => {
        Tier::Ring
    };
    (int) => {
        Tier::Int
    };
    (predicate) => {
        Tier::Predicate
    };
    (real_predicate) => {
        Tier::RealPredicate
    };
}

/// The compiled loops of a formula, per dtype. Small integers and `bool` are computed in `i32`, into which the loop
/// driver casts them block by block, and cut off to their width again: wrapping arithmetic comes out the same.
macro_rules! kernel {
    (@match $build:ident, $out:ident, $cost:expr, $dtype:expr, $F:ty, $n:expr, $($($from:ident)|+ => $variant:ident: $T:ty),+) => {
        match $dtype {
            $($($crate::dtype::DType::$from)|+ => Some($crate::kernels::Kernel {
                run: $crate::kernels::row::$build::<$F, $T, { $n }>(),
                input: $crate::dtype::DType::$variant,
                output: $crate::ops::elementwise::kernel!(@out $out, $variant),
                cost: $cost,
            }),)+
            _ => None,
        }
    };
    (@out same, $variant:ident) => { $crate::dtype::DType::$variant };
    (@out bool, $variant:ident) => { $crate::dtype::DType::Bool };
    (real, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match real, same, 800, $dtype, $F, $n, F32 => F32: f32, F64 => F64: f64)
    };
    (ring, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match ring, same, 250, $dtype, $F, $n,
            F32 => F32: f32, F64 => F64: f64, I64 => I64: i64, I32 | I16 | I8 | U8 | Bool => I32: i32)
    };
    (int, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match int, same, 500, $dtype, $F, $n,
            I64 => I64: i64, I32 | I16 | I8 | U8 => I32: i32)
    };
    (predicate, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match predicate, bool, 250, $dtype, $F, $n,
            F32 => F32: f32, F64 => F64: f64, I64 => I64: i64, I32 | I16 | I8 | U8 | Bool => I32: i32)
    };
    (real_predicate, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match real_predicate, bool, 250, $dtype, $F, $n, F32 => F32: f32, F64 => F64: f64)
    };
}

/// Reads a formula over the graph.
pub fn trace<F: crate::kernels::number::RealFormula<N>, const N: usize>(formula: &F, inputs: Vec<Traced>) -> Traced {
    let mut inputs = inputs.into_iter();
    formula.eval(std::array::from_fn(|_| inputs.next().expect("one value per read slot")))
}

/// Whether two texts are the same; tells at compile time that a gradient passes unchanged.
pub const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

pub(crate) use {elementwise, formula, kernel, names, tier};
