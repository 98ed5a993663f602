//! A call of a row as an operation: its gradient is a compiled loop, or the same formula read over tensors, as its tangent is.

use smallvec::{SmallVec, smallvec};

use super::fast;
use super::plan::Plan;
use super::row::{Arg, GradRow, MAX_INPUTS, Params, Promotion, Row, Traced};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::gradient::Gradient;
use crate::graph::op::{Arrays, Attribute, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{Modes, modes, trace};
use crate::launch::{self, Source};
use crate::ops::batching;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// A call of a row. The inputs of the operation are the arguments of the call; numbers are none that are given, but are
/// among its attributes.
#[derive(Clone, PartialEq)]
pub(super) struct Elementwise {
    pub(super) row: &'static Row,
    pub(super) params: Params,
    /// Where each slot (inputs, then the output) is found in backward.
    pub(super) slots: [Slot; MAX_INPUTS + 1],
    pub(super) numbers: SmallVec<[Scalar; 1]>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Slot {
    /// Nobody asks for it.
    Unused,
    /// Saved value by number.
    Saved(u8),
    /// One of the rule's numbers.
    Number(u8),
}

impl std::fmt::Debug for Elementwise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut call = f.debug_struct(self.row.name);
        for (name, value) in self.row.params.iter().zip(&self.params) {
            call.field(name, value);
        }
        for (name, slot) in self.row.inputs.iter().zip(&self.slots) {
            if let Slot::Number(number) = slot {
                call.field(name, &self.numbers[*number as usize]);
            }
        }
        call.finish()
    }
}

impl Elementwise {
    /// A call that is not recorded yet.
    pub(super) fn of(row: &'static Row, params: &[Scalar], args: &[Arg<'_>]) -> Self {
        let mut slots = [Slot::Unused; MAX_INPUTS + 1];
        let mut numbers = SmallVec::new();
        for (slot, arg) in slots.iter_mut().zip(args) {
            if let Arg::Scalar(number) = arg {
                numbers.push(*number);
                *slot = Slot::Number(numbers.len() as u8 - 1);
            }
        }
        Self { row, params: Params::from_slice(params), slots, numbers }
    }

    /// The arguments of the call over other arrays.
    fn over<R>(&self, inputs: &Inputs<'_>, run: impl FnOnce(&[Arg<'_>]) -> R) -> R {
        let tensors: SmallVec<[Option<Tensor>; MAX_INPUTS]> =
            (0..inputs.len()).map(|input| inputs.get(input).cloned().map(Tensor::from_array)).collect();
        let args: SmallVec<[Arg<'_>; MAX_INPUTS]> = tensors
            .iter()
            .enumerate()
            .map(|(slot, tensor)| match (tensor, self.number(slot)) {
                (Some(tensor), _) => Arg::Tensor(tensor),
                (None, number) => Arg::Scalar(number.expect("an argument is a tensor or a number")),
            })
            .collect();
        run(&args)
    }

    /// The call in place of its first argument.
    pub(super) fn write(&self, inputs: &Inputs<'_>) -> Result<()> {
        self.over(inputs, |args| match args {
            [Arg::Tensor(target), rest @ ..] => target.take_row(self.row, &self.params, rest),
            _ => unreachable!("the target is a tensor"),
        })
    }

    /// A formula of the row over tensors: `first`, then what it reads of the call, all in the dtype of `first`, as the
    /// compiled loop reads them: a function of a lesser dtype would have fewer digits, of a real base no complex logarithm.
    fn formula_over(
        &self,
        grad_row: &'static GradRow,
        first: &Tensor,
        mut at: impl FnMut(usize) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let (shape, dtype) = (first.shape(), first.dtype());
        let mut inputs = vec![Traced::Tensor(first.clone())];
        for &slot in grad_row.uses {
            inputs.push(match self.number(slot as usize) {
                Some(number) if dtype.is_complex() => Traced::Number(number.in_category(dtype)),
                Some(number) => Traced::Number(number),
                None => {
                    let value = at(slot as usize)?;
                    let takes_part = slot as usize >= self.row.inputs.len() || self.row.promotes(slot as usize);
                    let cast = takes_part && value.dtype() != dtype;
                    Traced::Tensor(if cast { value.to_dtype(dtype)? } else { value })
                }
            });
        }
        match (grad_row.traced)(&self.params, inputs) {
            // Of a step function: no gradient of the gradient.
            Traced::Number(number) => Ok(Tensor::from_array(Array::full(self.row.node, &shape, number, dtype)?)),
            // What was computed from numbers alone is in double precision.
            traced => match traced.into_tensor()? {
                result if result.dtype() == dtype => Ok(result),
                result => result.to_dtype(dtype),
            },
        }
    }

    /// The rule of a planned call and the slots to save.
    pub(super) fn new(
        row: &'static Row,
        params: &[Scalar],
        plan: &Plan<'_>,
        in_place: bool,
    ) -> (Self, SmallVec<[usize; 4]>) {
        let needs = |input: usize| plan.operands[input].as_ref().is_some_and(|operand| operand.edge.is_some());
        let number_at = |slot: usize| match plan.args.get(slot) {
            Some(Arg::Scalar(scalar)) => Some(*scalar),
            _ => None,
        };
        // Hooks are called for what has to be saved, as in PyTorch; whether that is unchanged is theirs to know.
        let sparing = in_place || modes().any(Modes::SAVED_HOOKS);
        Self::with(row, Params::from_slice(params), sparing, needs, number_at)
    }

    /// The rule and the slots to save: only what the gradients of inputs that need one read, and `sparing` only what they
    /// must have.
    #[inline]
    pub(super) fn with(
        row: &'static Row,
        params: Params,
        sparing: bool,
        needs: impl Fn(usize) -> bool,
        number_at: impl Fn(usize) -> Option<Scalar>,
    ) -> (Self, SmallVec<[usize; 4]>) {
        let mut used = [false; MAX_INPUTS + 1];
        for (input, grad) in row.grads.iter().enumerate() {
            if needs(input) {
                let wanted = if sparing { &[] } else { grad.uses };
                for &slot in grad.must_have().iter().chain(wanted) {
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

    /// The formula of a gradient for the saved values that are `unchanged`.
    #[inline]
    pub(super) fn formula(&self, grad: &'static GradRow, unchanged: impl Fn(usize) -> bool) -> &'static GradRow {
        let Some(without) = grad.without else { return grad };
        let at_hand = |slot: &u8| match self.slots[*slot as usize] {
            Slot::Unused => false,
            Slot::Number(_) => true,
            Slot::Saved(number) => without.uses.contains(slot) || unchanged(number as usize),
        };
        if grad.uses.iter().all(at_hand) { grad } else { without }
    }

    fn fused(&self, cx: &mut Backward<'_>) -> Result<()> {
        let arrived = cx.take_grad(0).expect("the engine runs a rule only when a gradient arrived");
        let Some(last) = (0..self.row.grads.len()).rev().find(|&input| cx.needs(input)) else { return Ok(()) };
        let mut arrived = if modes().any(Modes::CAPTURE) {
            arrived
        } else {
            let Some(arrived) = fast::gradients(self, cx, arrived, last)? else { return Ok(()) };
            arrived
        };
        for (input, grad_row) in self.row.grads[..=last].iter().enumerate() {
            if !cx.needs(input) {
                continue;
            }
            if input == last {
                let grad = self.gradient(cx, grad_row, arrived)?;
                cx.put(input, grad);
                break;
            }
            let grad = self.gradient(cx, grad_row, arrived.share())?;
            cx.put(input, grad);
        }
        Ok(())
    }

    /// The gradient with respect to one input, whatever the layouts.
    fn gradient(&self, cx: &Backward<'_>, grad_row: &'static GradRow, mut grad: Gradient) -> Result<Gradient> {
        if grad_row.pass {
            return Ok(grad);
        }
        let grad_row = self.formula(grad_row, |number| cx.is_unchanged(number));
        // Memory that nobody else sees takes the result.
        let (array, reused) = {
            let looked = grad.look();
            (looked.array().clone(), looked.array().is_contiguous() && looked.is_private())
        };
        let mut unpacked: SmallVec<[Array; MAX_INPUTS + 1]> = SmallVec::new();
        for &slot in grad_row.uses {
            if let Slot::Saved(number) = self.slots[slot as usize] {
                unpacked.push(cx.saved_array(number as usize)?);
            }
        }
        let mut saved = unpacked.iter();
        let mut sources: SmallVec<[Source<&Array>; 4]> = smallvec![Source::Array(&array)];
        for &slot in grad_row.uses {
            sources.push(match self.slots[slot as usize] {
                Slot::Saved(_) => Source::Array(saved.next().expect("one array per saved slot")),
                Slot::Number(number) => Source::Scalar(self.numbers[number as usize]),
                Slot::Unused => unreachable!("used slots are saved or numbers"),
            });
        }
        let kernel = (grad_row.kernel)(array.dtype())
            .ok_or_else(|| Error::dtype(self.row.node, array.dtype(), "no gradient kernel"))?;
        let captured = modes().any(Modes::CAPTURE);
        let reused = reused && !captured;
        let output = if reused { array.clone() } else { Array::uninit_like(self.row.node, &array, array.dtype())? };
        launch::map(&kernel, &self.params, &sources, &output, || {});
        if captured {
            let gradient = RowGradient::of(self, grad_row);
            let inputs: SmallVec<[Option<&Array>; 4]> =
                std::iter::once(Some(&array)).chain(unpacked.iter().map(Some)).collect();
            trace::note(&gradient, &inputs, std::slice::from_ref(&output));
        }
        Ok(if reused { grad } else { output.into() })
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
            let grad_row = self.formula(grad_row, |number| cx.is_unchanged(number));
            let grad = self.formula_over(grad_row, &grad, |slot| match self.slots[slot] {
                Slot::Saved(number) => cx.saved(number as usize),
                _ => unreachable!("used slots are saved or numbers"),
            })?;
            cx.put(input, grad);
        }
        Ok(())
    }
}

impl Elementwise {
    /// The dtype that the arguments of one example are promoted to.
    fn promoted(&self, cx: &Batch<'_>) -> DType {
        let mut promotion = Promotion::default();
        for input in (0..self.row.inputs.len()).filter(|&input| self.row.promotes(input)) {
            match self.number(input) {
                Some(number) => promotion.scalar(number),
                None => promotion.tensor(cx.example(input).dtype(), cx.example(input).rank()),
            }
        }
        promotion.result()
    }
}

/// The compiled gradient of a row, as an operation of the gradient and of what is saved: for traces.
#[derive(Clone, PartialEq)]
struct RowGradient {
    row: &'static Row,
    input: usize,
    without: bool,
    params: Params,
    /// The numbers among what it reads, in its order; `None` for arrays.
    numbers: SmallVec<[Option<Scalar>; 4]>,
}

impl std::fmt::Debug for RowGradient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.gradient({})", self.row.name, self.row.inputs[self.input])
    }
}

impl RowGradient {
    fn of(call: &Elementwise, grad_row: &'static GradRow) -> Self {
        let same = |own: &GradRow| std::ptr::eq(own, grad_row);
        let at = |own: &GradRow| same(own) || own.without.is_some_and(same);
        let input = call.row.grads.iter().position(at).expect("a gradient of the row");
        let numbers = grad_row.uses.iter().map(|&slot| call.number(slot as usize)).collect();
        Self { row: call.row, input, without: !same(&call.row.grads[input]), params: call.params.clone(), numbers }
    }

    fn grad_row(&self) -> &'static GradRow {
        let own = &self.row.grads[self.input];
        if self.without { own.without.unwrap_or(own) } else { own }
    }
}

impl Op for RowGradient {
    #[allow(clippy::misnamed_getters, reason = "the operation's name in the graph is that of its node")]
    fn name(&self) -> &str {
        self.row.node
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let grad = &inputs[0];
        let mut sources: SmallVec<[Source<&Array>; 4]> = smallvec![Source::Array(grad)];
        let mut next = 1;
        for number in &self.numbers {
            sources.push(match number {
                Some(number) => Source::Scalar(*number),
                None => {
                    next += 1;
                    Source::Array(&inputs[next - 1])
                }
            });
        }
        let kernel = (self.grad_row().kernel)(grad.dtype())
            .ok_or_else(|| Error::dtype(self.row.node, grad.dtype(), "no gradient kernel"))?;
        let output = Array::uninit_like(self.row.node, grad, grad.dtype())?;
        launch::map(&kernel, &self.params, &sources, &output, || {});
        Ok(smallvec![output])
    }
}

impl Op for Elementwise {
    #[allow(clippy::misnamed_getters, reason = "the rule's name is the name of the row's node")]
    fn name(&self) -> &str {
        self.row.node
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn number(&self, slot: usize) -> Option<Scalar> {
        match self.slots[slot] {
            Slot::Number(number) => Some(self.numbers[number as usize]),
            _ => None,
        }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if let Some(reason) = self.row.refuses.and_then(|refuses| refuses(&self.params)) {
            return Err(Error::runtime(self.row.name, reason));
        }
        if self.row.unknown != 0 {
            for input in (0..self.row.inputs.len()).filter(|&input| cx.needs(input)) {
                self.row.check_known(input)?;
            }
        }
        if cx.is_plain() { self.fused(cx) } else { self.traced(cx) }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        self.over(inputs, |args| Ok(smallvec![Tensor::of_row(self.row, &self.params, args)?.array()]))
    }

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let numbers = [0, 1, 2].map(|slot| self.number(slot));
        let sparing = modes().any(Modes::SAVED_HOOKS);
        let (op, slots) = Self::with(self.row, self.params.clone(), sparing, needs, |slot| *numbers.get(slot)?);
        *self = op;
        let inputs = self.row.inputs.len();
        slots.iter().map(|&slot| if slot < inputs { Keep::Input(slot) } else { Keep::Output(0) }).collect()
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        if let Some(reason) = self.row.refuses.and_then(|refuses| refuses(&self.params)) {
            return Err(Error::runtime(self.row.name, reason));
        }
        for (input, grad_row) in self.row.grads.iter().enumerate() {
            let Some(tangent) = cx.tangent(input).cloned() else { continue };
            self.row.check_known(input).map_err(|unknown| {
                let op = self.row.name;
                Error::not_implemented(
                    "forward_ad",
                    format!("Trying to use forward AD with {op} that does not support it: {unknown}"),
                )
            })?;
            let tangent = if grad_row.pass {
                tangent
            } else {
                let at =
                    |slot: usize| Ok(if slot < cx.inputs() { cx.input(slot).clone() } else { cx.output(0).clone() });
                let dtype = cx.output(0).dtype();
                let tangent = tangent.to_dtype(dtype)?;
                if dtype.is_complex() {
                    // The formula multiplies by the conjugate of the derivative, a tangent by the derivative.
                    self.formula_over(grad_row, &tangent.conj()?, at)?.conj()?
                } else {
                    self.formula_over(grad_row, &tangent, at)?
                }
            };
            cx.put(0, tangent)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let parts = batching::align(cx)?;
        let dtype = self.promoted(cx);
        let mut tensors: SmallVec<[Option<Tensor>; MAX_INPUTS]> = SmallVec::new();
        for (input, part) in parts.into_iter().enumerate() {
            tensors.push(match part {
                // An example without axes promotes by category alone; all of them together have an axis.
                Some(tensor)
                    if self.row.promotes(input) && cx.example(input).rank() == 0 && tensor.dtype() != dtype =>
                {
                    Some(tensor.to_dtype(dtype)?)
                }
                part => part,
            });
        }
        let args: SmallVec<[Arg<'_>; MAX_INPUTS]> = tensors
            .iter()
            .enumerate()
            .map(|(slot, tensor)| match (tensor, self.number(slot)) {
                (Some(tensor), _) => Arg::Tensor(tensor),
                (None, number) => Arg::Scalar(number.expect("an argument is a tensor or a number")),
            })
            .collect();
        let result = Tensor::of_row(self.row, &self.params, &args)?;
        cx.put(result, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter_map(|(slot, place)| match place {
                Slot::Saved(number) if self.row.must_have(slot) => Some((self.row.saved_name(slot), *number as usize)),
                _ => None,
            })
            .collect()
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        let params = self.row.params.iter().zip(&self.params).map(|(name, &value)| (*name, value));
        let numbers = params.chain(self.row.constants.iter().copied());
        let numbers = numbers.map(|(name, number)| (name, Attribute::Number(number)));
        let slots = (0..=self.row.inputs.len()).filter_map(|slot| match self.slots[slot] {
            Slot::Number(number) => Some((self.row.saved_name(slot), Attribute::Number(self.numbers[number as usize]))),
            // What some gradient of the row reads, though not of this call.
            Slot::Unused if self.row.must_have(slot) => Some((self.row.saved_name(slot), Attribute::Absent)),
            _ => None,
        });
        numbers.chain(slots).collect()
    }
}

impl Row {
    /// Whether some gradient cannot do without a slot.
    fn must_have(&self, slot: usize) -> bool {
        self.grads.iter().any(|grad| grad.must_have().contains(&(slot as u8)))
    }

    /// PyTorch's name of what is saved from a slot (an input, or the output as the last): `grad_fn._saved_<name>`. Rows
    /// call their inputs so, but for the two that nearly all have.
    fn saved_name(&self, slot: usize) -> &'static str {
        match self.inputs.get(slot) {
            None => "result",
            Some(&"x") => "self",
            Some(&"y") => "other",
            Some(name) => name,
        }
    }
}
