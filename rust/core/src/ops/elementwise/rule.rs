//! The gradient of a recorded row: a compiled loop, or the same formula read over the graph.

use smallvec::SmallVec;

use super::{GradRow, MAX_INPUTS, Params, Plan, Row, fast};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::gradient::Gradient;
use crate::graph::node::Backward;
use crate::graph::op::{Attribute, Op};
use crate::graph::{Modes, modes};
use crate::launch::{self, Source};
use crate::ops::elementwise::Arg;
use crate::ops::traced::Traced;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// What a recorded elementwise operation needs for its gradient.
pub(super) struct ElementwiseRule {
    pub(super) row: &'static Row,
    pub(super) params: Params,
    /// Where each slot (inputs, then the output) is found in backward.
    pub(super) slots: [Slot; MAX_INPUTS + 1],
    pub(super) numbers: SmallVec<[Scalar; 1]>,
}

#[derive(Clone, Copy)]
pub(super) enum Slot {
    /// Nobody asks for it.
    Unused,
    /// Saved value by number.
    Saved(u8),
    /// One of the rule's numbers.
    Number(u8),
}

impl ElementwiseRule {
    /// The rule of a planned call and the slots to save.
    pub(super) fn new(
        row: &'static Row,
        params: &[f64],
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
        let Some(mut arrived) = fast::gradients(self, cx, arrived, last)? else { return Ok(()) };
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
        let mut sources: SmallVec<[Source<&Array>; 4]> = smallvec::smallvec![Source::Array(&array)];
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
        launch::map(&kernel, &self.params, &sources, &output, || {});
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
            let (shape, dtype) = (grad.shape(), grad.dtype());
            let mut inputs = vec![Traced::Tensor(grad)];
            for &slot in grad_row.uses {
                inputs.push(match self.slots[slot as usize] {
                    Slot::Saved(number) => Traced::Tensor(cx.saved(number as usize)?),
                    Slot::Number(number) => Traced::Number(self.numbers[number as usize]),
                    Slot::Unused => unreachable!("used slots are saved or numbers"),
                });
            }
            let grad = match (grad_row.traced)(&self.params, inputs) {
                // Of a step function: no gradient of the gradient.
                Traced::Number(number) => Tensor::from_array(Array::full(self.row.node, &shape, number, dtype)?),
                // What was computed from numbers alone is in double precision.
                traced => match traced.into_tensor()? {
                    grad if grad.dtype() == dtype => grad,
                    grad => crate::ops::copy::to_dtype(&grad, dtype)?,
                },
            };
            cx.put(input, grad);
        }
        Ok(())
    }
}

impl Op for ElementwiseRule {
    #[allow(clippy::misnamed_getters, reason = "the rule's name is the name of the row's node")]
    fn name(&self) -> &str {
        self.row.node
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if let Some(reason) = self.row.refuses.and_then(|refuses| refuses(&self.params)) {
            return Err(Error::runtime(self.row.name, reason));
        }
        if cx.create_graph() { self.traced(cx) } else { self.fused(cx) }
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
        let params = self.row.params.iter().zip(&self.params).map(|(name, &value)| (*name, Scalar::Float(value)));
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
