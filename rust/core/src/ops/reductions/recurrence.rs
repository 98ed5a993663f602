//! Linear recurrences along an axis: what the gradients of running products and of running sums of exponentials are made of.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::recurrence;
use crate::launch::launch;
use crate::ops::arranging::joining;
use crate::ops::elementwise::{apply, select};
use crate::ops::{batching, complex, rows, views};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// y₀ = v₀, yᵢ = vᵢ + fᵢ·yᵢ₋₁ along an axis, or from its end on yᵢ = vᵢ + fᵢ₊₁·yᵢ₊₁: each is the adjoint of the other, because
/// a factor belongs to a pair of neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ops) struct Recurrence {
    pub axis: usize,
    pub reverse: bool,
}

impl Recurrence {
    /// The sums of values and factors of one shape.
    #[track_caller]
    pub fn of(self, values: &Tensor, factors: &Tensor) -> Result<Tensor> {
        call(self, &[values, factors])
    }

    fn adjoint(self) -> Self {
        Self { reverse: !self.reverse, ..self }
    }

    /// What an element contributes to the derivative by its factor: `at` the element itself and `before` in the
    /// neighbour that comes before it.
    #[track_caller]
    fn pairs(self, at: &Tensor, before: &Tensor) -> Result<Tensor> {
        apply(&rows::mul::ROW, &[], &[at.into(), (&later(before, self.axis)?).into()])
    }
}

/// The elements moved up one place along an axis, with 0 in the first.
#[track_caller]
pub(in crate::ops) fn later(tensor: &Tensor, axis: usize) -> Result<Tensor> {
    moved(tensor, axis, true)
}

/// The elements moved down one place along an axis, with 0 in the last.
#[track_caller]
pub(in crate::ops) fn earlier(tensor: &Tensor, axis: usize) -> Result<Tensor> {
    moved(tensor, axis, false)
}

/// How much higher each element is than the one before it, along an axis; 0 for the first.
#[track_caller]
pub(in crate::ops) fn rises(tensor: &Tensor, axis: usize) -> Result<Tensor> {
    let size = tensor.shape().get(axis).copied().unwrap_or(1) as i64;
    if size < 2 {
        return moved(tensor, axis, true);
    }
    let part = |start| views::narrow(tensor, axis as i64, start, size - 1);
    let (before, own) = (part(0)?, part(1)?);
    // Equal ones are level, infinite ones too.
    let equal = apply(&rows::eq::ROW, &[], &[(&before).into(), (&own).into()])?;
    let rise = apply(&rows::sub::ROW, &[], &[(&own).into(), (&before).into()])?;
    let rise = select::where_(&equal, Scalar::Int(0).into(), (&rise).into())?;
    with_zero(rise, axis, true)
}

#[track_caller]
fn moved(tensor: &Tensor, axis: usize, up: bool) -> Result<Tensor> {
    let shape = tensor.shape();
    let size = shape.get(axis).copied().unwrap_or(1) as i64;
    if size < 2 {
        return Ok(Tensor::from_array(Array::zeros("shift", &shape, tensor.dtype())?));
    }
    with_zero(views::narrow(tensor, axis as i64, i64::from(!up), size - 1)?, axis, up)
}

/// The tensor with a 0 before it, or else behind it.
#[track_caller]
fn with_zero(rest: Tensor, axis: usize, before: bool) -> Result<Tensor> {
    let mut one = rest.shape();
    one[axis] = 1;
    let zero = Tensor::from_array(Array::zeros("shift", &one, rest.dtype())?);
    joining::cat(&if before { [zero, rest] } else { [rest, zero] }, axis as i64)
}

impl Op for Recurrence {
    fn name(&self) -> &str {
        "RecurrenceBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "recurrence";
        let (values, factors) = (&inputs[0], &inputs[1]);
        if factors.shape() != values.shape() || factors.dtype() != values.dtype() {
            return Err(Error::shapes(OP, values.shape(), factors.shape(), "expected values and factors of one kind"));
        }
        // Lines along the last axis.
        let mut axes: SmallVec<[usize; 6]> = (0..values.rank()).filter(|&other| other != self.axis).collect();
        axes.extend((self.axis < values.rank()).then_some(self.axis));
        let (v, f) = (values.permute(&axes).contiguous(OP)?, factors.permute(&axes).contiguous(OP)?);
        let out = Array::uninit(OP, v.shape(), v.dtype())?;
        launch([&v, &f], &out, |[v, f], out| recurrence::recurrence(self.reverse, v, f, out));
        let mut back: SmallVec<[usize; 6]> = SmallVec::from_elem(0, axes.len());
        axes.iter().enumerate().for_each(|(position, &axis)| back[axis] = position);
        Ok(smallvec![out.permute(&back)])
    }

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        if needs(1) { smallvec![Keep::Input(1), Keep::Output(0)] } else { smallvec![Keep::Input(1)] }
    }

    /// With the adjoint sums T of the gradient: ∂L/∂v = T, and ∂L/∂fᵢ is the product of T and y on either side of the pair.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let sums = self.adjoint().of(&cx.only_grad(), &complex::conj(&cx.saved(0)?)?)?;
        if cx.needs(1) {
            let output = complex::conj(&cx.saved(1)?)?;
            let factors = if self.reverse { self.pairs(&output, &sums)? } else { self.pairs(&sums, &output)? };
            cx.put(1, factors);
        }
        if cx.needs(0) {
            cx.put(0, sums);
        }
        Ok(())
    }

    /// The same recurrence of v̇ and of what the factors' tangents add to it.
    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let (factors, output) = (cx.input(1).clone(), cx.output(0).clone());
        if let Some(tangent) = cx.tangent(0).cloned() {
            cx.put(0, self.of(&tangent, &factors)?)?;
        }
        if let Some(tangent) = cx.tangent(1).cloned() {
            let added = if self.reverse {
                earlier(&apply(&rows::mul::ROW, &[], &[(&tangent).into(), (&output).into()])?, self.axis)?
            } else {
                self.pairs(&tangent, &output)?
            };
            cx.put(0, self.of(&added, &factors)?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let [values, factors] = [0, 1].map(|input| batching::front(cx.input(input), cx.size()));
        let (mut values, mut factors) = (values?, factors?);
        // One element each is a line of one.
        let one = values.rank() == 1;
        if one {
            (values, factors) = (views::unsqueeze(&values, 1)?, views::unsqueeze(&factors, 1)?);
        }
        let result = Self { axis: self.axis + 1, ..*self }.of(&values, &factors)?;
        cx.put(if one { views::select(&result, 1, 0)? } else { result }, Some(0));
        Ok(())
    }
}
