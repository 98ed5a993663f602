//! Losses of predictions and targets of the same shape: a row, reduced to its mean or sum.

use super::elementwise::{Arg, Row, apply};
use super::traced::Traced;
use super::{copy, powers, reduce, rows};
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::graph::{is_grad_enabled, no_grad};
pub use crate::kernels::loss::Reduction;
use crate::scalar::Scalar;
use crate::tensor::{Operand, Tensor};
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
pub(super) fn reduced(loss: &Tensor, reduction: Reduction) -> Result<Tensor> {
    match reduction {
        Reduction::None => Ok(loss.clone()),
        Reduction::Mean => reduce::mean(loss, None, false, None),
        Reduction::Sum => reduce::sum(loss, None, false, None),
    }
}

/// A row and its mean or sum in one node.
struct ReducedRow {
    row: &'static Row,
    params: Vec<Scalar>,
    reduction: Reduction,
    elements: usize,
    /// Where each input is saved, if a gradient that is needed reads it.
    saved: Vec<Option<usize>>,
}

impl ReducedRow {
    /// The gradient of input `index`, of the shape of the row's result.
    fn gradient(&self, cx: &Backward<'_>, grad: &Tensor, index: usize) -> Result<Tensor> {
        let input = |slot: usize| match self.saved[slot] {
            Some(at) if is_grad_enabled() => cx.saved(at),
            Some(at) => Ok(Tensor::from_array(cx.saved_array(at)?)),
            None => Err(Error::runtime(self.row.node, "an input that the gradient reads was not saved")),
        };
        if self.row.node == rows::squared_error::ROW.node && !is_grad_enabled() {
            // The most used one, in two passes: the difference, and its product with a number in place.
            let difference = input(index)?.sub(&input(1 - index)?)?;
            let factor = grad.mul(2.0)?;
            if difference.dtype() == factor.dtype() {
                difference.mul_(&factor)?;
                return Ok(difference);
            }
            return difference.mul(&factor);
        }
        let rule = &self.row.grads[index];
        let mut values = vec![Traced::Tensor(grad.clone())];
        for &slot in rule.uses {
            values.push(Traced::Tensor(input(slot as usize)?));
        }
        (rule.traced)(&self.params, values).into_tensor()
    }
}

impl Op for ReducedRow {
    #[expect(clippy::misnamed_getters, reason = "a rule's name is that of its node")]
    fn name(&self) -> &str {
        self.row.node
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let mut grad = cx.only_grad();
        if self.reduction == Reduction::Mean {
            grad = grad.div(self.elements as f64)?;
        }
        for index in 0..cx.inputs() {
            if cx.needs(index) {
                let result = self.gradient(cx, &grad, index)?;
                cx.put(index, result);
            }
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let names = ["self", "target"].into_iter().zip(&self.saved);
        names.filter_map(|(name, at)| Some((name, (*at)?))).collect()
    }
}

/// A row over all elements, reduced.
#[track_caller]
fn reduced_row(row: &'static Row, params: &[Scalar], inputs: &[&Tensor], reduction: Reduction) -> Result<Tensor> {
    let args: Vec<Arg<'_>> = inputs.iter().map(|input| Arg::Tensor(input)).collect();
    if reduction == Reduction::None {
        return apply(row, params, &args);
    }
    let operands: Result<Vec<Operand>> = inputs.iter().map(|input| input.operand()).collect();
    let operands = operands?;
    let operands: Vec<&Operand> = operands.iter().collect();
    let (output, elements) = {
        let _off = no_grad();
        let losses = apply(row, params, &args)?;
        (reduced(&losses, reduction)?.array(), losses.numel())
    };
    if !is_recorded(&operands) {
        return Ok(Tensor::from_array(output));
    }
    // What no gradient reads may be changed in place before backward.
    let needed = row.grads.iter().zip(&operands).filter(|(_, operand)| operand.edge.is_some());
    let used: Vec<u8> = needed.flat_map(|(grad, _)| grad.uses).copied().collect();
    let (mut saves, mut saved) = (Vec::new(), vec![None; operands.len()]);
    for (slot, operand) in operands.iter().enumerate() {
        if used.contains(&(slot as u8)) {
            saved[slot] = Some(saves.len());
            saves.push(Save::Input(operand));
        }
    }
    let rule = ReducedRow { row, params: params.to_vec(), reduction, elements, saved };
    record(rule, &operands, &saves, output)
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
    let dtype = powers::promoted(&[input.into(), target.into()]);
    if dtype.is_float() {
        return Ok(());
    }
    Err(Error::no_kernel(op, kernel, dtype))
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
    super::out::check_cast("huber_loss", powers::promoted(&[input.into(), target.into()]), input.dtype())?;
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
    {
        let _off = no_grad();
        let inside = input.ge(0.0)?.logical_and(&input.le(1.0)?)?;
        if !reduce::all(&inside, None, false)?.item()?.to_bool() {
            return Err(Error::runtime(OP, "all elements of input should be between 0 and 1"));
        }
    }
    with_weight(OP, &rows::binary_entropy::ROW, &[input, target], weight, how)
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
    let dtype = powers::promoted(&[input.into(), target.into()]);
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
            if crate::shape::broadcast(op, &shape, &weight.shape())? != shape {
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
            let distance = super::select::where_(&never, 0i64.into(), (&target.sub(input)?).into())?;
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
