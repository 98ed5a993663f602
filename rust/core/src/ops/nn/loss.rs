//! Losses of predictions and targets of the same shape: a row, reduced to its mean or sum.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::record::would_record;
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::ops::elementwise::select;
use crate::ops::reductions::axes;
use crate::ops::writing::out;

pub use crate::kernels::loss::Reduction;
use crate::kernels::reduce::Reduction as Fold;
use crate::ops::elementwise::resolve;
use crate::ops::elementwise::traced::Traced;
use crate::ops::elementwise::{Arg, Params, Row, apply, apply_small, arrays};
use crate::ops::reductions::range::Lines;
use crate::ops::reductions::reduce;
use crate::ops::writing::copy;
use crate::ops::{batching, rows, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;
use crate::warning;

/// The reduction a word means.
pub fn reduction(op: &'static str, word: &str) -> Result<Reduction> {
    match word {
        "none" => Ok(Reduction::None),
        "mean" => Ok(Reduction::Mean),
        "sum" => Ok(Reduction::Sum),
        _ => Err(Error::value(op, format!("{word} is not a valid value for reduction"))),
    }
}

/// What is done with the losses of the elements.
#[track_caller]
pub(in crate::ops) fn reduced(loss: &Tensor, reduction: Reduction) -> Result<Tensor> {
    match reduction {
        Reduction::None => Ok(loss.clone()),
        Reduction::Mean => reduce::mean(loss, None, false, None),
        Reduction::Sum => reduce::sum(loss, None, false, None),
    }
}

/// A row and its mean or sum in one node.
#[derive(Clone, PartialEq, Debug)]
struct ReducedRow {
    row: &'static Row,
    params: Params,
    reduction: Reduction,
    /// Shape of the row's result.
    shape: Shape,
    /// Where each input is saved, if a gradient that is needed reads it.
    saved: [Option<usize>; 3],
}

impl ReducedRow {
    /// The formula of a gradient of the row over tensors, in the shape of the row's result.
    fn slope(&self, input: usize, grad: Tensor, at: impl Fn(usize) -> Tensor) -> Result<Tensor> {
        let formula = &self.row.grads[input];
        let mut values = vec![Traced::Tensor(grad)];
        values.extend(formula.uses.iter().map(|&slot| Traced::Tensor(at(slot as usize))));
        let slope = (formula.traced)(&self.params, values).into_tensor()?;
        if slope.shape() == self.shape { Ok(slope) } else { views::broadcast_to(&slope, &self.shape) }
    }
}

impl Op for ReducedRow {
    #[allow(clippy::misnamed_getters, reason = "the name of an operation is that of its node")]
    fn name(&self) -> &str {
        self.row.node
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let inputs: SmallVec<[&Array; 3]> = inputs.iter().collect();
        let losses = arrays::value(self.row, &self.params, &inputs)?;
        let fold = if self.reduction == Reduction::Mean { Fold::Mean } else { Fold::Sum };
        let mask: axes::Mask = smallvec![true; losses.rank()];
        let lines = Lines { op: self.row.name, array: &losses, mask: &mask, keep: false };
        Ok(smallvec![lines.sum(fold, losses.dtype())?])
    }

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let inputs = 0..self.row.grads.len();
        let mut kept = SmallVec::new();
        for slot in inputs.clone() {
            // What no gradient reads may be changed in place before backward.
            if inputs.clone().any(|input| needs(input) && self.row.grads[input].uses.contains(&(slot as u8))) {
                self.saved[slot] = Some(kept.len());
                kept.push(Keep::Input(slot));
            }
        }
        kept
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        for input in 0..cx.inputs() {
            if !cx.needs(input) {
                continue;
            }
            let mut from: SmallVec<[From; 4]> = smallvec![From::Grad(0)];
            for &slot in self.row.grads[input].uses {
                let saved = self.saved[slot as usize]
                    .ok_or_else(|| Error::runtime(self.row.node, "an input that the gradient reads was not saved"))?;
                from.push(From::Saved(saved));
            }
            let result = cx.call(ReducedRowBackward { of: self.clone(), input }, &from)?;
            cx.put(input, result);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        for input in 0..cx.inputs() {
            if let Some(tangent) = cx.tangent(input).cloned() {
                let slopes = self.slope(input, tangent, |slot| cx.input(slot).clone())?;
                cx.put(0, reduced(&slopes, self.reduction)?)?;
            }
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        // Examples without axes promote by category alone; all of them together have an axis.
        let examples: SmallVec<[Arg<'_>; 3]> = (0..cx.inputs()).map(|input| cx.example(input).into()).collect();
        let dtype = resolve::promoted(&examples);
        let mut inputs: SmallVec<[Tensor; 3]> = SmallVec::new();
        for part in batching::align(cx)?.into_iter().flatten() {
            inputs.push(copy::to_dtype(&part, dtype)?);
        }
        let args: SmallVec<[Arg<'_>; 3]> = inputs.iter().map(Arg::Tensor).collect();
        let losses = apply(self.row, &self.params, &args)?;
        cx.put(reduced_from(&losses, self.reduction, 1)?, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let names = ["self", "target"].into_iter().zip(&self.saved);
        names.filter_map(|(name, at)| Some((name, (*at)?))).collect()
    }
}

/// [`reduced`] over the axes from `first` on.
#[track_caller]
pub(in crate::ops) fn reduced_from(losses: &Tensor, reduction: Reduction, first: usize) -> Result<Tensor> {
    let axes: SmallVec<[i64; 6]> = (first as i64..losses.rank() as i64).collect();
    match reduction {
        _ if axes.is_empty() => Ok(losses.clone()),
        Reduction::None => Ok(losses.clone()),
        Reduction::Mean => reduce::mean(losses, Some(&axes), false, None),
        Reduction::Sum => reduce::sum(losses, Some(&axes), false, None),
    }
}

/// The gradient of an input of a [`ReducedRow`], from that of the result and the inputs that the row's gradient reads.
#[derive(Clone, PartialEq, Debug)]
struct ReducedRowBackward {
    of: ReducedRow,
    input: usize,
}

impl ReducedRowBackward {
    /// The gradient of each of the row's results.
    fn share(&self, grad: &Tensor) -> Result<Tensor> {
        match self.of.reduction {
            Reduction::Mean => grad.div(self.of.shape.iter().product::<usize>() as f64),
            _ => Ok(grad.clone()),
        }
    }
}

impl Op for ReducedRowBackward {
    fn name(&self) -> &str {
        self.of.name()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let grad = self.share(&Tensor::from_array(inputs[0].clone()))?.array();
        let used: SmallVec<[&Array; 3]> = inputs.iter().skip(1).collect();
        let ReducedRow { row, params, shape, .. } = &self.of;
        Ok(smallvec![arrays::gradient(row, self.input, params, shape, &grad, &used)?])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let given = |at: usize| inputs[at].expect("all are always given");
        let uses = self.of.row.grads[self.input].uses;
        let used = |slot: usize| {
            let at = uses.iter().position(|&own| own as usize == slot);
            given(1 + at.expect("a formula reads what it uses")).clone()
        };
        Some(self.share(given(0)).and_then(|grad| Ok(smallvec![self.of.slope(self.input, grad, used)?])))
    }
}

/// A row over all elements, reduced.
#[track_caller]
fn reduced_row(row: &'static Row, params: &[Scalar], inputs: &[&Tensor], reduction: Reduction) -> Result<Tensor> {
    if reduction == Reduction::None {
        let args: SmallVec<[Arg<'_>; 3]> = inputs.iter().map(|input| Arg::Tensor(input)).collect();
        return apply(row, params, &args);
    }
    // Small tensors that nothing is recorded of: the row and the reduction, each on its shortest way.
    if !inputs.iter().any(|input| would_record(input)) {
        let args: SmallVec<[Arg<'_>; 3]> = inputs.iter().map(|input| Arg::Tensor(input)).collect();
        if let Some(losses) = apply_small(row, params, &args) {
            return reduced(&losses.tensor, reduction);
        }
    }
    let mut shape = inputs.first().map(|input| input.shape()).unwrap_or_default();
    for input in inputs.iter().skip(1) {
        shape = shape::broadcast(row.name, &shape, &input.shape())?;
    }
    call(ReducedRow { row, params: Params::from_slice(params), reduction, shape, saved: [None; 3] }, inputs)
}

/// Broadcasting is what these losses do, and hardly ever what is meant: a column less a row is a table.
fn check_sizes(op: &'static str, input: &Tensor, target: &Tensor) -> Result<()> {
    let (input, target) = (input.shape(), target.shape());
    if input == target {
        return Ok(());
    }
    warning::warn(op, || {
        format!(
            "Using a target size ({:?}) that is different to the input size ({:?}). This will likely lead to incorrect \
             results due to broadcasting. Please ensure they have the same size.",
            target.as_slice(),
            input.as_slice()
        )
    })
}

/// PyTorch has these losses for floating-point numbers alone.
fn check_float(op: &'static str, kernel: &str, input: &Tensor, target: &Tensor) -> Result<()> {
    let own = input.dtype();
    if own.is_float() && own == target.dtype() {
        return Ok(());
    }
    let dtype = resolve::promoted(&[input.into(), target.into()]);
    if dtype.is_float() { Ok(()) } else { Err(Error::no_kernel(op, kernel, dtype)) }
}

fn check_weight(op: &'static str, input: &Tensor, weight: &Tensor) -> Result<()> {
    if weight.shape() == input.shape() {
        return Ok(());
    }
    Err(Error::value(op, "Weights and input must have the same size."))
}

/// A row whose elements are weighted; the mean is that of the weights.
#[track_caller]
fn weighted(op: &'static str, losses: &Tensor, input: &Tensor, weight: &Tensor, how: Reduction) -> Result<Tensor> {
    check_weight(op, input, weight)?;
    let losses = losses.mul(weight)?;
    match how {
        Reduction::Mean => losses.sum()?.div(&weight.sum()?),
        how => reduced(&losses, how),
    }
}

/// Squared error (x − y)².
#[track_caller]
pub fn mse_loss(input: &Tensor, target: &Tensor, weight: Option<&Tensor>, how: Reduction) -> Result<Tensor> {
    check_sizes("mse_loss", input, target)?;
    check_float("mse_loss", "mse_cpu", input, target)?;
    match weight {
        None => reduced_row(&rows::squared_error::ROW, &[], &[input, target], how),
        Some(weight) => {
            let losses = reduced_row(&rows::squared_error::ROW, &[], &[input, target], Reduction::None)?;
            weighted("mse_loss", &losses, input, weight, how)
        }
    }
}

/// Absolute error |x − y|.
#[track_caller]
pub fn l1_loss(input: &Tensor, target: &Tensor, weight: Option<&Tensor>, how: Reduction) -> Result<Tensor> {
    check_sizes("l1_loss", input, target)?;
    let losses = input.sub(target)?.abs()?;
    match weight {
        None => reduced(&losses, how),
        Some(weight) => weighted("l1_loss", &losses, input, weight, how),
    }
}

/// Squared error within `beta`, absolute error beyond: `d²/(2 beta)` and `d − beta/2` for `d = |x − y|`.
#[track_caller]
pub fn smooth_l1_loss(input: &Tensor, target: &Tensor, beta: f64, how: Reduction) -> Result<Tensor> {
    if beta < 0.0 {
        return Err(Error::runtime("smooth_l1_loss", "smooth_l1_loss does not support negative values for beta."));
    }
    if beta == 0.0 {
        return l1_loss(input, target, None, how);
    }
    check_sizes("smooth_l1_loss", input, target)?;
    check_float("smooth_l1_loss", "smooth_l1_cpu", input, target)?;
    reduced_row(&rows::smooth_l1::ROW, &[beta.into()], &[input, target], how)
}

/// Squared error within `delta`, absolute error beyond: `d²/2` and `delta·(d − delta/2)` for `d = |x − y|`.
#[track_caller]
pub fn huber_loss(
    input: &Tensor,
    target: &Tensor,
    delta: f64,
    weight: Option<&Tensor>,
    how: Reduction,
) -> Result<Tensor> {
    if delta <= 0.0 {
        return Err(Error::runtime("huber_loss", "huber_loss does not support non-positive values for delta."));
    }
    check_sizes("huber_loss", input, target)?;
    check_float("huber_loss", "huber_cpu", input, target)?;
    // PyTorch's result lies in memory like the input's, for which integers have no room.
    out::check_cast("huber_loss", resolve::promoted(&[input.into(), target.into()]), input.dtype())?;
    match weight {
        None => copy::to_dtype(&reduced_row(&rows::huber::ROW, &[delta.into()], &[input, target], how)?, input.dtype()),
        Some(weight) => {
            check_weight("huber_loss", input, weight)?;
            let losses = reduced_row(&rows::huber::ROW, &[delta.into()], &[input, target], Reduction::None)?;
            reduced(&copy::to_dtype(&losses, input.dtype())?.mul(weight)?, how)
        }
    }
}

/// Binary cross-entropy of probabilities: `−(t ln x + (1 − t) ln(1 − x))`, logarithms not below −100.
///
/// # Errors
/// When shapes or dtypes differ, or an element of `input` is not in `[0, 1]`.
#[track_caller]
pub fn binary_cross_entropy(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    how: Reduction,
) -> Result<Tensor> {
    const OP: &str = "binary_cross_entropy";
    let (own, given) = (input.meta(), target.meta());
    if own.shape != given.shape {
        return Err(Error::value(
            OP,
            format!(
                "Using a target size ({:?}) that is different to the input size ({:?}) is deprecated. Please ensure they \
                 have the same size.",
                given.shape.as_slice(),
                own.shape.as_slice()
            ),
        ));
    }
    check_float(OP, "binary_cross_entropy", input, input)?;
    if own.dtype != given.dtype {
        return Err(Error::runtime(
            OP,
            format!("Found dtype {} but expected {}", torch_name(given.dtype), torch_name(own.dtype)),
        ));
    }
    call(CheckedProbabilities, &[&input.detach()])?;
    with_weight(OP, &rows::binary_entropy::ROW, &[input, target], weight, how)
}

/// An error where not all elements are probabilities. It gives nothing that anybody reads.
#[derive(Clone, PartialEq, Debug)]
struct CheckedProbabilities;

impl Op for CheckedProbabilities {
    fn name(&self) -> &str {
        "CheckedProbabilities"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let input = Tensor::from_array(inputs[0].clone());
        if inputs[0].is_meta() {
            return Ok(smallvec![inputs[0].clone()]);
        }
        let all = reduce::all(&input.ge(0.0)?.logical_and(&input.le(1.0)?)?, None, false)?;
        if !all.item()?.to_bool() {
            return Err(Error::runtime("binary_cross_entropy", "all elements of input should be between 0 and 1"));
        }
        Ok(smallvec![all.array()])
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn jvp(&self, _: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let result = call(Self, &[&cx.input(0).tensor])?;
        cx.put(result, None);
        Ok(())
    }
}

/// Binary cross-entropy of the sigmoid of `input`, without overflow; `pos_weight` weights the positive term.
///
/// # Errors
/// When the shapes differ, or the weights do not broadcast.
#[track_caller]
pub fn binary_cross_entropy_with_logits(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    pos_weight: Option<&Tensor>,
    how: Reduction,
) -> Result<Tensor> {
    const OP: &str = "binary_cross_entropy_with_logits";
    let (own, given) = (input.meta(), target.meta());
    if own.shape != given.shape {
        return Err(Error::value(
            OP,
            format!(
                "Target size ({:?}) must be the same as input size ({:?})",
                given.shape.as_slice(),
                own.shape.as_slice()
            ),
        ));
    }
    if !own.dtype.is_float() {
        return Err(Error::not_for(OP, own.dtype));
    }
    // PyTorch computes in the memory of the target.
    let dtype = resolve::promoted(&[input.into(), target.into()]);
    if !dtype.can_cast(given.dtype) {
        return Err(Error::runtime(
            OP,
            format!(
                "result type {} can't be cast to the desired output type {}",
                torch_name(dtype),
                torch_name(given.dtype)
            ),
        ));
    }
    let loss = match pos_weight {
        None => with_weight(OP, &rows::binary_entropy_logits::ROW, &[input, target], weight, how),
        Some(positive) => {
            let row = &rows::binary_entropy_logits_weighted::ROW;
            with_weight(OP, row, &[input, target, positive], weight, how)
        }
    };
    copy::to_dtype(&loss?, given.dtype)
}

/// A row with a weight that broadcasts.
#[track_caller]
fn with_weight(
    op: &'static str,
    row: &'static Row,
    inputs: &[&Tensor],
    weight: Option<&Tensor>,
    how: Reduction,
) -> Result<Tensor> {
    match weight {
        None => reduced_row(row, &[], inputs, how),
        Some(weight) => {
            let shape = inputs[0].shape();
            if shape::broadcast(op, &shape, &weight.shape())? != shape {
                return Err(Error::shapes(op, &shape, &weight.shape(), "the weight must broadcast to the input"));
            }
            let losses = reduced_row(row, &[], inputs, Reduction::None)?;
            reduced(&losses.mul(weight)?, how)
        }
    }
}

/// How [`kl_div`] is reduced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Divergence {
    /// As the other losses.
    Plain(Reduction),
    /// The sum divided by the size of the first axis.
    BatchMean,
}

impl Divergence {
    /// The reduction a word means.
    pub fn parse(word: &str) -> Result<Self> {
        if word == "batchmean" { Ok(Self::BatchMean) } else { Ok(Self::Plain(reduction("kl_div", word)?)) }
    }
}

/// Kullback-Leibler divergence of `input` (logarithms) from `target`: `t·(ln t − x)`, or of logarithms `eᵗ·(t − x)`.
#[track_caller]
pub fn kl_div(input: &Tensor, target: &Tensor, log_target: bool, how: Divergence) -> Result<Tensor> {
    if !input.dtype().is_float() || !target.dtype().is_float() {
        let (input, target) = (input.dtype(), target.dtype());
        return Err(Error::runtime(
            "kl_div",
            format!("Integral inputs not supported: input is {input} and target {target}"),
        ));
    }
    let divergence = |how: Reduction| {
        if log_target {
            // eᵗ·(t − x), and 0 where t is −∞: what never happens has no part in the sum, nor a slope.
            let never = target.eq(f64::NEG_INFINITY)?;
            let distance = select::where_(&never, 0i64.into(), (&target.sub(input)?).into())?;
            reduced(&target.exp()?.mul(&distance)?, how)
        } else {
            reduced_row(&rows::divergence::ROW, &[], &[input, target], how)
        }
    };
    match how {
        Divergence::Plain(how) => divergence(how),
        Divergence::BatchMean => {
            let sum = divergence(Reduction::Sum)?;
            match input.shape().first() {
                Some(&batch) => sum.div(batch as f64),
                None => Ok(sum),
            }
        }
    }
}
