//! Losses of classification: negative log-likelihood and cross-entropy.

use smallvec::{SmallVec, smallvec};

use super::loss::{Reduction, reduced, reduced_from};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call::call_first;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::record::refuse_gradient;
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{flat, no_grad};
use crate::kernels::index::OutOfRange;
use crate::kernels::loss::{self as kernel, NllSize, Targets};
use crate::launch::launch;
use crate::ops::elementwise::{apply, select};
use crate::ops::indexing::along;
use crate::ops::reductions::reduce;
use crate::ops::reductions::softmax::{self, SoftmaxBackward};
use crate::ops::writing::copy;
use crate::ops::{batching, rows, views};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// What a loss of classification is beside its data.
#[derive(Clone, PartialEq, Debug)]
struct Classes {
    size: NllSize,
    /// Shape of the input.
    shape: Shape,
    ignore: i64,
    how: Reduction,
}

/// Targets and weights of a call, checked and contiguous.
struct Chosen {
    target: Array,
    weight: Option<Array>,
}

impl Chosen {
    /// As operands of a launch.
    fn operands(&self) -> (&Array, Option<&Array>) {
        (&self.target, self.weight.as_ref())
    }
}

#[cold]
fn out_of_bounds(op: &'static str, found: OutOfRange) -> Box<Error> {
    Error::index(op, format!("Target {} is out of bounds.", found.value))
}

impl Classes {
    fn new(op: &'static str, input: &Array, target: &Array, ignore: i64, how: Reduction) -> Result<Self> {
        let shape = input.shape();
        if shape.is_empty() {
            return Err(Error::value(op, "Expected 1 or more dimensions (got 0)"));
        }
        check_shape(op, shape, target.shape())?;
        let dtype = input.dtype();
        if !dtype.is_float() {
            return Err(Error::no_kernel(op, "nll_loss_out_frame", dtype));
        }
        Ok(Self::of(shape, ignore, how))
    }

    /// The loss of an input of this shape, which is known to be one.
    fn of(shape: &[usize], ignore: i64, how: Reduction) -> Self {
        let (n, classes) = match *shape {
            [] => (1, 1),
            [classes] => (1, classes),
            [n, classes, ..] => (n, classes),
        };
        let inner = shape.get(2..).unwrap_or_default().iter().product();
        Self { size: NllSize { n, classes, inner }, shape: Shape::from_slice(shape), ignore, how }
    }

    /// Axis of the classes: 0 for one sample alone, else 1.
    fn axis(&self) -> usize {
        usize::from(self.shape.len() > 1)
    }

    /// The input's shape without the axis of the classes.
    fn target_shape(&self) -> Shape {
        let axis = self.axis();
        self.shape.iter().enumerate().filter(|(own, _)| *own != axis).map(|(_, size)| *size).collect()
    }

    fn node(&self) -> &'static str {
        if self.shape.len() > 2 { "NllLoss2DBackward0" } else { "NllLossBackward0" }
    }

    fn chosen(&self, op: &'static str, dtype: DType, target: &Array, weight: Option<&Array>) -> Result<Chosen> {
        if !matches!(target.dtype(), DType::I64 | DType::U8) {
            let name = torch_name(target.dtype());
            return Err(Error::runtime(op, format!("expected target dtype to be Long or Byte, but got {name}")));
        }
        if let Some(weight) = weight {
            check_weight(op, self.size.classes, weight.shape())?;
            if weight.dtype() != dtype {
                let (expected, found) = (torch_name(dtype), torch_name(weight.dtype()));
                return Err(Error::runtime(op, format!("expected scalar type {expected} but found {found}")));
            }
        }
        let weight = match weight {
            Some(weight) => Some(weight.contiguous(op)?),
            None => None,
        };
        Ok(Chosen { target: target.cast(op, DType::I64)?.contiguous(op)?, weight })
    }

    /// The loss of contiguous log-probabilities, and the sum of the weights of the targets.
    fn loss(&self, op: &'static str, log_p: &Array, chosen: &Chosen) -> Result<(Array, f64)> {
        let shape = if self.how == Reduction::None { self.target_shape() } else { Shape::new() };
        let output = Array::uninit(op, &shape, log_p.dtype())?;
        let total = launch((log_p, chosen.operands()), &output, |(log_p, (class, weight)), out| {
            kernel::nll_loss(self.size, self.how, log_p, Targets { class, weight, ignore: self.ignore }, out)
        });
        Ok((output, total.map_err(|found| out_of_bounds(op, found))?))
    }
}

fn check_weight(op: &'static str, classes: usize, weight: &[usize]) -> Result<()> {
    if weight == [classes] {
        return Ok(());
    }
    Err(Error::runtime(
        op,
        format!(
            "weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of \
             shape: {weight:?}"
        ),
    ))
}

/// Shapes of input and target must agree but for the axis of the classes.
fn check_shape(op: &'static str, input: &[usize], target: &[usize]) -> Result<()> {
    const SEVERAL: &str = "0D or 1D target tensor expected, multi-target not supported";
    if input.len() == 1 {
        return match target {
            [] | [1] => Ok(()),
            [other] => Err(batch_mismatch(op, 1, *other)),
            _ => Err(Error::runtime(op, SEVERAL)),
        };
    }
    let (batch, given) = (input[0], target.first().copied().unwrap_or(1));
    if target.is_empty() || batch != given {
        return Err(batch_mismatch(op, batch, given));
    }
    if input.len() == 2 && target.len() > 1 {
        return Err(Error::runtime(op, SEVERAL));
    }
    if target.len() + 1 != input.len() || target[1..] != input[2..] {
        let mut expected = vec![batch];
        expected.extend_from_slice(&input[2..]);
        return Err(Error::runtime(op, format!("Expected target size {expected:?}, got {target:?}")));
    }
    Ok(())
}

#[cold]
fn batch_mismatch(op: &'static str, batch: usize, given: usize) -> Box<Error> {
    Error::value(op, format!("Expected input batch_size ({batch}) to match target batch_size ({given})."))
}

/// Negative log-likelihood of log-probabilities, or, `fused`, of logits. Inputs are those, the target, and the weight if
/// there is one; results the loss, the log-probabilities if it is fused, which get a gradient when the backward pass is
/// itself differentiated, and the sum of the weights of the targets.
#[derive(Clone, PartialEq, Debug)]
struct NllLoss {
    classes: Classes,
    fused: bool,
    /// Where the weight is saved.
    weight: Option<usize>,
}

impl NllLoss {
    fn op(&self) -> &'static str {
        if self.fused { "cross_entropy" } else { "nll_loss" }
    }

    /// The loss, the log-probabilities, and the sum of the weights of the targets.
    fn parts(&self, inputs: &Inputs<'_>) -> Result<(Array, Array, f64)> {
        let (op, &Classes { ignore, how, .. }) = (self.op(), &self.classes);
        let classes = Classes::new(op, &inputs[0], &inputs[1], ignore, how)?;
        let chosen = classes.chosen(op, inputs[0].dtype(), &inputs[1], inputs.get(2))?;
        let log_p = if self.fused {
            softmax::log_softmax_array(op, &inputs[0], classes.axis())?
        } else {
            inputs[0].contiguous(op)?
        };
        let (loss, total) = classes.loss(op, &log_p, &chosen)?;
        Ok((loss, log_p, total))
    }

    /// The number of the result that is the sum of weights.
    fn total(&self) -> usize {
        1 + usize::from(self.fused)
    }

    /// Where the kept results begin: after the target and the weight.
    fn saved_results(&self) -> usize {
        1 + usize::from(self.weight.is_some())
    }

    /// Which targets count, with what weight: 0 where they do not.
    fn shares(&self, target: &Tensor, weight: Option<&Tensor>, dtype: DType) -> Result<Tensor> {
        let ignored = target.eq(self.classes.ignore)?;
        let zero = || Scalar::Int(0).into();
        match weight {
            None => copy::to_dtype(&ignored.logical_not()?, dtype),
            Some(weight) => {
                let place = select::where_(&ignored, zero(), target.into())?;
                select::where_(&ignored, zero(), (&weights_of_examples(weight, &place)?).into())
            }
        }
    }
}

/// The weight of each target, the examples along the first axis of both.
fn weights_of_examples(weight: &Tensor, target: &Tensor) -> Result<Tensor> {
    let shape = target.shape();
    let places: usize = shape[1..].iter().product();
    let flat = views::reshape_to(target, &[shape[0], places])?;
    views::reshape_to(&along::take_along(weight, 1, &flat)?, &shape)
}

impl Op for NllLoss {
    fn name(&self) -> &str {
        self.classes.node()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (loss, log_p, total) = self.parts(inputs)?;
        let total = Array::full(self.op(), &[], Scalar::Float(total), DType::F64)?;
        Ok(if self.fused { smallvec![loss, log_p, total] } else { smallvec![loss, total] })
    }

    fn eval_first(&self, inputs: &Inputs<'_>) -> Result<Array> {
        Ok(self.parts(inputs)?.0)
    }

    fn differentiable(&self) -> usize {
        self.total()
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn keeps(&mut self, _: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let mut kept: SmallVec<[Keep; 4]> = smallvec![Keep::Input(1)];
        if self.weight.is_some() {
            kept.push(Keep::Input(2));
        }
        kept.extend((1..=self.total()).map(Keep::Output));
        kept
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let at = self.saved_results();
        let mut result = None;
        if cx.grad(0).is_some() {
            let weight = self.weight.map_or(From::Nothing, From::Saved);
            let log_p = if self.fused { From::Saved(at) } else { From::Nothing };
            let total = From::Saved(at + usize::from(self.fused));
            let gradient = NllLossBackward { classes: self.classes.clone(), op: self.op() };
            result = Some(cx.call(gradient, &[From::Grad(0), From::Saved(0), weight, log_p, total])?);
        }
        if self.fused && cx.grad(1).is_some() {
            let gradient = SoftmaxBackward { axis: self.classes.axis(), log: true };
            let through = cx.call(gradient, &[From::Saved(at), From::Grad(1)])?;
            result = Some(match result {
                None => through,
                Some(result) => result.tensor().add(through.tensor())?.into(),
            });
        }
        match result {
            Some(result) => flat::put(cx, 0, result, 1, flat::Derivative::Zero),
            None => Ok(()),
        }
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        if cx.tangent(2).is_some() {
            return Err(Error::runtime(self.op(), "the derivative for 'weight' is not implemented; detach() it first"));
        }
        let Some(mut tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        if self.fused {
            tangent = softmax::log_softmax_tangent(cx.output(1), &tangent, self.classes.axis())?;
            cx.put(1, tangent.clone())?;
        }
        // Linear in the log-probabilities.
        let inputs: SmallVec<[Option<&Tensor>; 3]> =
            (0..cx.inputs()).map(|input| if input == 0 { Some(&tangent) } else { cx.optional(input) }).collect();
        let result = call_first(Self { fused: false, ..self.clone() }, &inputs)?;
        cx.put(0, result)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (size, op, &Classes { ignore, how, .. }) = (cx.size(), self.op(), &self.classes);
        let example = |input: usize| cx.example(input).array();
        let classes = Classes::new(op, &example(0), &example(1), ignore, how)?;
        let input = batching::front(cx.input(0), size)?;
        let log_p =
            if self.fused { softmax::log_softmax(&input, classes.axis() as i64 + 1, None)? } else { input.clone() };
        // All examples as the samples of one loss.
        let mut whole: Shape = smallvec![size];
        whole.extend(classes.target_shape());
        let target = views::reshape_to(&batching::front(cx.input(1), size)?, &whole)?;
        let target = copy::to_dtype(&target, DType::I64)?;
        let samples = |shape: &[usize]| -> Shape { if classes.axis() == 0 { shape.into() } else { joined(shape) } };
        let weight = cx.optional(2);
        let shared = weight.filter(|weight| weight.axis.is_none()).map(|weight| &weight.tensor);
        let each = match weight.filter(|weight| weight.axis.is_some()) {
            Some(weight) => Some(batching::front(weight, size)?),
            None => None,
        };
        let rows = views::reshape_to(&log_p, &samples(&log_p.shape()))?;
        let places = views::reshape_to(&target, &samples(&whole))?;
        let losses = views::reshape_to(&nll_loss(&rows, &places, shared, ignore, Reduction::None)?, &whole)?;
        let weights = match (&each, shared) {
            (Some(each), _) => Some(each.clone()),
            (None, Some(shared)) => Some(views::broadcast_to(shared, &[size, classes.size.classes])?),
            (None, None) => None,
        };
        let shares = self.shares(&target, weights.as_ref(), log_p.dtype())?;
        let losses = if each.is_some() { weighted(&losses, &shares)? } else { losses };
        let total = reduced_from(&copy::to_dtype(&shares, DType::F64)?, Reduction::Sum, 1)?;
        let loss = match how {
            Reduction::Mean => {
                let total = copy::to_dtype(&total, log_p.dtype())?;
                reduced_from(&losses, Reduction::Sum, 1)?.div(&total)?
            }
            how => reduced_from(&losses, how, 1)?,
        };
        cx.put(loss, Some(0));
        if self.fused {
            cx.put(log_p, Some(0));
        }
        cx.put(total, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let mut names = vec![("target", 0)];
        names.extend(self.weight.map(|at| ("weight", at)));
        names
    }
}

/// The first two axes as one.
fn joined(shape: &[usize]) -> Shape {
    std::iter::once(shape[0] * shape[1]).chain(shape[2..].iter().copied()).collect()
}

/// The gradient of an [`NllLoss`]. Inputs are the gradient of the loss, the target, the weight if there is one, the
/// log-probabilities if it is fused, and the sum of the weights.
#[derive(Clone, PartialEq, Debug)]
struct NllLossBackward {
    classes: Classes,
    op: &'static str,
}

impl NllLossBackward {
    /// The weight of every target (0 where it is ignored), divided by the sum of weights for the mean, and the target
    /// with class 0 for ignored ones; both with an axis for the classes.
    fn scales(
        &self,
        target: &Tensor,
        weight: Option<&Tensor>,
        total: &Tensor,
        dtype: DType,
    ) -> Result<(Tensor, Tensor)> {
        let _off = no_grad();
        let shape = self.classes.target_shape();
        let target = copy::to_dtype(&views::reshape_to(&target.detach(), &shape)?, DType::I64)?;
        let ignored = target.eq(self.classes.ignore)?;
        let place = select::where_(&ignored, Scalar::Int(0).into(), (&target).into())?;
        let weight = match weight {
            None => Tensor::from_array(Array::full(self.op, &shape, Scalar::Int(1), dtype)?),
            Some(weight) => weights_of(&weight.detach(), &place)?,
        };
        // With all targets ignored the total is 0: the quotient is replaced like the rest.
        let weight = match self.classes.how {
            Reduction::Mean => weight.div(&copy::to_dtype(total, dtype)?)?,
            _ => weight,
        };
        let scale = select::where_(&ignored, Scalar::Int(0).into(), (&weight).into())?;
        let axis = self.classes.axis() as i64;
        Ok((views::unsqueeze(&scale, axis)?, views::unsqueeze(&place, axis)?))
    }

    /// Saved values are those of the forward pass, unless hooks on them gave back others.
    fn check(&self, grad: &Array, chosen: &Chosen, log_p: Option<&Array>) -> Result<()> {
        let NllSize { n, classes, inner } = self.classes.size;
        let expected = if self.classes.how == Reduction::None { n * inner } else { 1 };
        let dtype = grad.dtype();
        let fits = dtype.is_float()
            && grad.numel() == expected
            && chosen.target.numel() == n * inner
            && chosen.weight.as_ref().is_none_or(|weight| weight.shape() == [classes] && weight.dtype() == dtype)
            && log_p.is_none_or(|log_p| log_p.shape() == self.classes.shape.as_slice() && log_p.dtype() == dtype);
        if fits { Ok(()) } else { Err(Error::runtime(self.op, "a saved value is not what was saved")) }
    }
}

impl Op for NllLossBackward {
    fn name(&self) -> &str {
        self.classes.node()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let Classes { size, how, ignore, .. } = self.classes;
        let op = self.op;
        let contiguous = |array: Option<&Array>| array.map(|array| array.contiguous(op)).transpose();
        let chosen =
            Chosen { target: inputs[1].cast(op, DType::I64)?.contiguous(op)?, weight: contiguous(inputs.get(2))? };
        let (grad, log_p) = (inputs[0].contiguous(op)?, contiguous(inputs.get(3))?);
        self.check(&grad, &chosen, log_p.as_ref())?;
        let total = if inputs[4].is_meta() { 0.0 } else { Tensor::from_array(inputs[4].clone()).item()?.to_f64() };
        let output = Array::uninit(op, &self.classes.shape, grad.dtype())?;
        // The kernel checks the targets once more: `.data` writes to them past the version counter.
        launch(((&grad, log_p.as_ref()), chosen.operands()), &output, |((g, log_p), (class, weight)), dx| {
            let targets = Targets { class, weight, ignore };
            match log_p {
                Some(log_p) => kernel::cross_entropy_backward(size, how, total, log_p, targets, g, dx),
                None => kernel::nll_loss_backward(size, how, total, targets, g, dx),
            }
        })
        .map_err(|found| out_of_bounds(op, found))?;
        Ok(smallvec![output])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(grad), Some(target), weight, log_p, Some(total)] = *inputs else {
            unreachable!("these are always given")
        };
        let result = || -> Result<Tensor> {
            let axis = self.classes.axis();
            let (scale, place) = self.scales(target, weight, total, grad.dtype())?;
            let grad = match self.classes.how {
                Reduction::None => views::unsqueeze(grad, axis as i64)?,
                _ => grad.clone(),
            };
            // Where nothing counts, also no gradient that is infinite or NaN, as that of a mean over nothing.
            let slope = reduce::zero_where_zero(&scale, &scale.mul(&grad)?)?;
            let at_target = along::put_along(&self.classes.shape, axis, &place, &slope.neg()?)?;
            match log_p {
                None => Ok(at_target),
                Some(log_p) => log_p.exp()?.mul(&slope)?.add(&at_target),
            }
        };
        Some(result().map(|result| smallvec![result]))
    }
}

/// The weight of each target.
fn weights_of(weight: &Tensor, target: &Tensor) -> Result<Tensor> {
    let flat = views::reshape(target, &[-1])?;
    views::reshape_to(&along::take_along(weight, 0, &flat)?, &target.shape())
}

#[track_caller]
fn likelihood(
    fused: bool,
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore: i64,
    how: Reduction,
) -> Result<Tensor> {
    let classes = Classes::of(&input.shape(), ignore, how);
    let loss = NllLoss { classes, fused, weight: weight.map(|_| 1) };
    if let Some(weight) = weight {
        refuse_gradient(loss.op(), "weight", &weight.snapshot()?)?;
    }
    call_first(loss, &[Some(input), Some(target), weight])
}

/// Negative log-likelihood: `−weight[t] · input[t]` for each target class `t`, classes along axis 1 (0 for one sample);
/// the mean is divided by the sum of the weights. Targets equal to `ignore` do not count.
///
/// # Errors
/// When shapes do not fit, a target is no class, or dtypes are wrong.
#[track_caller]
pub fn nll_loss(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore: i64,
    how: Reduction,
) -> Result<Tensor> {
    likelihood(false, input, target, weight, ignore, how)
}

/// Cross-entropy of logits: negative log-likelihood of their log-softmax. The target is a class per sample, or, with
/// the input's shape, a probability per class. `smoothing` mixes the targets with the uniform distribution.
///
/// # Errors
/// As [`nll_loss`], or when `smoothing` is not in `[0, 1]`.
#[track_caller]
pub fn cross_entropy(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore: i64,
    how: Reduction,
    smoothing: f64,
) -> Result<Tensor> {
    const OP: &str = "cross_entropy";
    if !(0.0..=1.0).contains(&smoothing) {
        return Err(Error::runtime(OP, format!("label_smoothing must be between 0.0 and 1.0. Got: {smoothing}")));
    }
    if input.shape() == target.shape() {
        return of_probabilities(input, target, weight, ignore, how, smoothing);
    }
    if smoothing == 0.0 {
        return likelihood(true, input, target, weight, ignore, how);
    }
    smoothed(input, target, weight, ignore, how, smoothing)
}

/// A weight per class in a shape that broadcasts against the input.
fn per_class(weight: &Tensor, rank: usize, axis: usize) -> Result<Tensor> {
    let mut shape = Shape::from_elem(1, rank);
    shape[axis] = weight.numel();
    views::reshape_to(weight, &shape)
}

/// Logarithms of probabilities times their weights: what has none does not count, however improbable.
#[track_caller]
fn weighted(log_p: &Tensor, weight: &Tensor) -> Result<Tensor> {
    apply(&rows::weighted_term::ROW, &[], &[log_p.into(), weight.into()])
}

/// Cross-entropy with a probability per class as the target.
#[track_caller]
fn of_probabilities(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore: i64,
    how: Reduction,
    smoothing: f64,
) -> Result<Tensor> {
    const OP: &str = "cross_entropy";
    if !target.dtype().is_float() {
        let name = torch_name(target.dtype());
        return Err(Error::runtime(
            OP,
            format!("Expected floating point type for target with class probabilities, got {name}"),
        ));
    }
    if ignore >= 0 {
        return Err(Error::runtime(OP, "ignore_index is not supported for floating point target"));
    }
    let shape = input.shape();
    if shape.is_empty() {
        return Err(Error::value(OP, "Expected 1 or more dimensions (got 0)"));
    }
    let axis = usize::from(shape.len() > 1);
    if let Some(weight) = weight {
        check_weight(OP, shape[axis], &weight.shape())?;
    }
    let log_p = softmax::log_softmax(input, axis as i64, None)?;
    let mut target = target.clone();
    if smoothing > 0.0 {
        target = target.mul(1.0 - smoothing)?.add(smoothing / shape[axis] as f64)?;
    }
    let mut terms = weighted(&log_p, &target)?;
    if let Some(weight) = weight {
        terms = weighted(&terms, &per_class(weight, shape.len(), axis)?)?;
    }
    match how {
        Reduction::None => reduce::sum(&terms, Some(&[axis as i64]), false, None)?.neg(),
        Reduction::Sum => terms.sum()?.neg(),
        // One mean over samples, however many classes.
        Reduction::Mean => {
            let samples = input.numel() as f64 / shape[axis] as f64;
            terms.sum()?.neg()?.div(samples)
        }
    }
}

/// Cross-entropy with smoothed targets: `(1 − s)` of the plain loss and `s` of the mean over all classes.
#[track_caller]
fn smoothed(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore: i64,
    how: Reduction,
    smoothing: f64,
) -> Result<Tensor> {
    let shape = input.shape();
    let axis = usize::from(shape.len() > 1);
    let log_p = softmax::log_softmax(input, axis as i64, None)?;
    let plain = nll_loss(&log_p, target, weight, ignore, how)?;
    let terms = match weight {
        None => log_p,
        Some(weight) => weighted(&log_p, &per_class(weight, shape.len(), axis)?)?,
    };
    let uniform = reduce::sum(&terms, Some(&[axis as i64]), false, None)?.neg()?;
    let target = views::reshape_to(&copy::to_dtype(target, DType::I64)?, &uniform.shape())?;
    let ignored = target.eq(ignore)?;
    let zero = || Scalar::Int(0).into();
    let uniform = select::where_(&ignored, zero(), (&uniform).into())?;
    let uniform = match how {
        Reduction::Mean => {
            let total = match weight {
                None => reduce::sum(&copy::to_dtype(&ignored.logical_not()?, input.dtype())?, None, false, None)?,
                Some(weight) => {
                    let place = select::where_(&ignored, zero(), (&target).into())?;
                    select::where_(&ignored, zero(), (&weights_of(weight, &place)?).into())?.sum()?
                }
            };
            uniform.sum()?.div(&total)?
        }
        how => reduced(&uniform, how)?,
    };
    plain.mul(1.0 - smoothing)?.add(&uniform.mul(smoothing / shape[axis] as f64)?)
}
