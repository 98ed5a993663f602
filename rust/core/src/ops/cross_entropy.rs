//! Losses of classification: negative log-likelihood and cross-entropy.

use smallvec::SmallVec;

use super::elementwise::apply;
use super::loss::{Reduction, reduced};
use super::{copy, index, reduce, rows, select, softmax, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::graph::flat;
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record, record_many, refuse_gradient};
use crate::graph::{is_grad_enabled, no_grad};
use crate::kernels::index::OutOfRange;
use crate::kernels::loss::{self as kernel, NllSize, Targets};
use crate::launch::launch;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// What a loss of classification is beside its data.
#[derive(Clone, Debug)]
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
        let (n, classes) = if shape.len() == 1 { (1, shape[0]) } else { (shape[0], shape[1]) };
        let inner = shape.get(2..).unwrap_or_default().iter().product();
        Ok(Self { size: NllSize { n, classes, inner }, shape: shape.into(), ignore, how })
    }

    /// Axis of the classes: 0 for one sample alone, else 1.
    fn axis(&self) -> usize {
        usize::from(self.shape.len() > 1)
    }

    /// The input's shape without the axis of the classes.
    fn target_shape(&self) -> Shape {
        let mut shape = self.shape.clone();
        shape.remove(self.axis());
        shape
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

/// Negative log-likelihood of log-probabilities, or, `fused`, of logits: then output 1 of the node is their
/// log-softmax, which is saved and seen by nobody.
///
/// Saved are the target, the weight if there is one, and the log-softmax.
struct NllRule {
    classes: Classes,
    fused: bool,
    weighted: bool,
    /// Sum of the weights of the targets.
    total: f64,
}

impl NllRule {
    fn log_p(&self) -> usize {
        1 + usize::from(self.weighted)
    }

    fn chosen(&self, cx: &Backward<'_>) -> Result<Chosen> {
        // They were contiguous when they were saved; what an unpack hook gives need not be.
        let read = |at: usize| cx.saved_array(at)?.contiguous(self.classes.node());
        let weight = if self.weighted { Some(read(1)?) } else { None };
        Ok(Chosen { target: read(0)?, weight })
    }

    /// The weight of every target (0 where it is ignored), divided by the sum of weights for the mean, and the target
    /// with class 0 for ignored ones; both with an axis for the classes.
    fn scales(&self, chosen: &Chosen, dtype: DType) -> Result<(Tensor, Tensor)> {
        let _off = no_grad();
        let shape = self.classes.target_shape();
        let target = views::reshape_to(&Tensor::from_array(chosen.target.clone()), &shape)?;
        let ignored = target.eq(self.classes.ignore)?;
        let place = select::where_(&ignored, Scalar::Int(0).into(), (&target).into())?;
        let weight = match &chosen.weight {
            None => Tensor::from_array(Array::full("nll_loss", &shape, Scalar::Int(1), dtype)?),
            Some(weight) => weights_of(&Tensor::from_array(weight.clone()), &place)?,
        };
        // With all targets ignored the total is 0: the quotient is replaced like the rest.
        let weight = if self.classes.how == Reduction::Mean { weight.div(self.total)? } else { weight };
        let scale = select::where_(&ignored, Scalar::Int(0).into(), (&weight).into())?;
        let axis = self.classes.axis() as i64;
        Ok((views::unsqueeze(&scale, axis)?, views::unsqueeze(&place, axis)?))
    }

    /// The gradient of the loss as recorded operations.
    fn recorded(&self, cx: &Backward<'_>, grad: &Tensor) -> Result<Tensor> {
        let axis = self.classes.axis();
        let (scale, place) = self.scales(&self.chosen(cx)?, grad.dtype())?;
        let grad = match self.classes.how {
            Reduction::None => views::unsqueeze(grad, axis as i64)?,
            _ => grad.clone(),
        };
        // Where nothing counts, also no gradient that is infinite or NaN, as that of a mean over nothing.
        let slope = reduce::zero_where_zero(&scale, &scale.mul(&grad)?)?;
        let at_target = index::put_along(&self.classes.shape, axis, &place, &slope.neg()?)?;
        if !self.fused {
            return Ok(at_target);
        }
        cx.saved(self.log_p())?.exp()?.mul(&slope)?.add(&at_target)
    }

    /// The gradient of the loss in one pass.
    fn run(&self, cx: &Backward<'_>, grad: &Tensor) -> Result<Tensor> {
        let Classes { size, how, ignore, .. } = self.classes;
        let op = self.classes.node();
        let (chosen, grad) = (self.chosen(cx)?, grad.array().contiguous(op)?);
        let log_p = if self.fused { Some(cx.saved_array(self.log_p())?.contiguous(op)?) } else { None };
        let output = Array::uninit(op, &self.classes.shape, grad.dtype())?;
        // The kernel checks the targets once more: `.data` writes to them past the version counter.
        launch(((&grad, log_p.as_ref()), chosen.operands()), &output, |((g, log_p), (class, weight)), dx| {
            let targets = Targets { class, weight, ignore };
            match log_p {
                Some(log_p) => kernel::cross_entropy_backward(size, how, self.total, log_p, targets, g, dx),
                None => kernel::nll_loss_backward(size, how, self.total, targets, g, dx),
            }
        })
        .map_err(|found| out_of_bounds(op, found))?;
        Ok(Tensor::from_array(output))
    }
}

/// The weight of each target.
fn weights_of(weight: &Tensor, target: &Tensor) -> Result<Tensor> {
    let flat = views::reshape(target, &[-1])?;
    views::reshape_to(&index::take_along(weight, 0, &flat)?, &target.shape())
}

impl Op for NllRule {
    fn name(&self) -> &str {
        self.classes.node()
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let mut result = match cx.grad(0) {
            None => None,
            Some(grad) if is_grad_enabled() => Some(self.recorded(cx, grad)?),
            Some(grad) => Some(self.run(cx, grad)?),
        };
        // The log-softmax gets a gradient when the backward pass is itself differentiated.
        if self.fused
            && let Some(grad) = cx.grad(1)
        {
            let through = softmax::log_softmax_backward(&cx.saved(self.log_p())?, grad, self.classes.axis())?;
            result = Some(match result {
                None => through,
                Some(result) => result.add(&through)?,
            });
        }
        match result {
            Some(result) => flat::put(cx, 0, result, 1, flat::Derivative::Zero),
            None => Ok(()),
        }
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let mut names = vec![("target", 0)];
        if self.weighted {
            names.push(("weight", 1));
        }
        names
    }
}

#[track_caller]
fn likelihood(
    op: &'static str,
    fused: bool,
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore: i64,
    how: Reduction,
) -> Result<Tensor> {
    let (operand, target) = (input.operand()?, target.array());
    let classes = Classes::new(op, &operand.array, &target, ignore, how)?;
    let weight = match weight {
        Some(weight) => {
            let weight = weight.operand()?;
            refuse_gradient(op, "weight", &weight)?;
            Some(weight.array)
        }
        None => None,
    };
    let chosen = classes.chosen(op, operand.array.dtype(), &target, weight.as_ref())?;
    let log_p = if fused {
        softmax::log_softmax_array(op, &operand.array, classes.axis())?
    } else {
        operand.array.contiguous(op)?
    };
    let (output, total) = classes.loss(op, &log_p, &chosen)?;
    if !is_recorded(&[&operand]) {
        return Ok(Tensor::from_array(output));
    }
    let mut saves: SmallVec<[Save<'_>; 3]> = smallvec::smallvec![Save::Array(&chosen.target)];
    saves.extend(chosen.weight.as_ref().map(Save::Array));
    let rule = NllRule { classes, fused, weighted: chosen.weight.is_some(), total };
    if !fused {
        return record(rule, &[&operand], &saves, output);
    }
    saves.push(Save::Output(1));
    let mut outputs = record_many(rule, &[&operand], &saves, &[output, log_p])?;
    Ok(outputs.swap_remove(0))
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
    likelihood("nll_loss", false, input, target, weight, ignore, how)
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
        return likelihood(OP, true, input, target, weight, ignore, how);
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
