//! Layer, batch, group, instance and root-mean-square normalisation.

use smallvec::SmallVec;

use super::views::{self, ViewOp};
use super::{copy, range, reduce};
use crate::array::Array;
use crate::dtype::DType;
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::graph::flat;
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, check_in_place, is_recorded, record, refuse_gradient};
use crate::graph::{is_grad_enabled, no_grad};
use crate::kernels::normalize::{self as kernel, ChannelSize, Moments};
use crate::launch::launch;
use crate::shape::Shape;
use crate::tensor::{Operand, Tensor};

// ---- what both rules share ---------------------------------------------------------------------------------------

/// What is normalised together.
#[derive(Clone, Debug)]
enum Kind {
    /// Rows of the last axes.
    Layer { rows: usize, n: usize, eps: f64 },
    /// Channels, with the moments of the batch or with given ones.
    Batch { size: ChannelSize, eps: f64, training: bool },
}

/// `(x − mean) · rstd · weight + bias`. Saved are x, the moments, and the weight if there is one.
struct NormRule {
    kind: Kind,
    /// Number of axes of a row (layer), or none (batch).
    row_axes: usize,
    has_weight: bool,
}

/// x, weight, mean and `1/√(variance + eps)` as a rule reads them back.
struct Parts<T> {
    x: T,
    mean: T,
    rstd: T,
    weight: Option<T>,
}

impl NormRule {
    fn parts<T>(&self, read: impl Fn(usize) -> Result<T>) -> Result<Parts<T>> {
        let weight = if self.has_weight { Some(read(3)?) } else { None };
        Ok(Parts { x: read(0)?, mean: read(1)?, rstd: read(2)?, weight })
    }

    fn fused(&self, cx: &mut Backward<'_>) -> Result<()> {
        let op = self.name_static();
        let Parts { x, mean, rstd, weight } = self.parts(|at| cx.saved_array(at)?.contiguous(op))?;
        let grad = cx.only_grad().array().contiguous(op)?;
        let dtype = x.dtype();
        let per = match self.kind {
            Kind::Layer { .. } => Shape::from_slice(&x.shape()[x.rank() - self.row_axes..]),
            Kind::Batch { size, .. } => Shape::from_slice(&[size.channels]),
        };
        let make = |wanted: bool, shape: &[usize]| -> Result<Option<Array>> {
            if wanted { Ok(Some(Array::uninit(op, shape, dtype)?)) } else { Ok(None) }
        };
        let results = [make(cx.needs(0), x.shape())?, make(cx.needs(1), &per)?, make(cx.needs(2), &per)?];
        let written = results.each_ref().map(Option::as_ref);
        launch(([&grad, &x, &mean, &rstd], weight.as_ref()), written, |([g, x, mean, rstd], weight), results| {
            let (moments, [dx, dweight, dbias]) = (Moments { mean, rstd }, results);
            match self.kind {
                Kind::Layer { rows, n, .. } => {
                    kernel::layer_norm_backward(rows, n, g, x, weight, moments, dx, dweight, dbias);
                }
                Kind::Batch { size, training, .. } => {
                    kernel::batch_norm_backward(size, training, g, x, moments, weight, dx, dweight, dbias);
                }
            }
        });
        for (index, result) in results.into_iter().enumerate() {
            if let Some(result) = result {
                cx.put(index, Tensor::from_array(result));
            }
        }
        Ok(())
    }

    /// The same as recorded operations: the moments are computed again, so that they have a gradient.
    fn composed(&self, cx: &mut Backward<'_>) -> Result<()> {
        let Parts { x, mean, rstd, weight } = self.parts(|at| cx.saved(at))?;
        let (grad, rank) = (cx.only_grad(), x.rank());
        let (axes, eps, of_input) = match self.kind {
            Kind::Layer { eps, .. } => (axes_from(rank - self.row_axes, rank), eps, true),
            Kind::Batch { eps, training, .. } => (all_but_channels(rank), eps, training),
        };
        // What belongs to a channel, so that it broadcasts against the input.
        let along = |tensor: &Tensor| match self.kind {
            Kind::Layer { .. } => Ok(tensor.clone()),
            Kind::Batch { .. } => per_channel(tensor, rank),
        };
        let average = |tensor: &Tensor| reduce::mean(tensor, Some(&axes), true, None);
        let (normal, rstd) = if of_input {
            let centred = |x: &Tensor| x.sub(&average(x)?);
            standardized(&x, &axes, eps, centred)?
        } else {
            let rstd = along(&rstd)?;
            (x.sub(&along(&mean)?)?.mul(&rstd)?, rstd)
        };
        // Those of which PyTorch's gradient is a function.
        let inputs = match self.kind {
            Kind::Layer { .. } => 3,
            Kind::Batch { .. } => 2,
        };
        if cx.needs(0) {
            let h = match &weight {
                Some(weight) => grad.mul(&along(weight)?)?,
                None => grad.clone(),
            };
            let slope =
                if of_input { h.sub(&average(&h)?)?.sub(&normal.mul(&average(&h.mul(&normal)?)?)?)? } else { h };
            let result = slope.mul(&rstd)?;
            flat::put(cx, 0, result, inputs, flat::Derivative::None)?;
        }
        let over = match self.kind {
            Kind::Layer { .. } => axes_from(0, rank - self.row_axes),
            Kind::Batch { .. } => axes,
        };
        let total = |tensor: &Tensor| {
            if over.is_empty() { Ok(tensor.clone()) } else { reduce::sum(tensor, Some(&over), false, None) }
        };
        if cx.needs(1) {
            let result = total(&grad.mul(&normal)?)?;
            flat::put(cx, 1, result, inputs, flat::Derivative::None)?;
        }
        if cx.needs(2) {
            let result = total(&grad)?;
            flat::put(cx, 2, result, inputs, flat::Derivative::None)?;
        }
        Ok(())
    }

    fn name_static(&self) -> &'static str {
        match self.kind {
            Kind::Layer { .. } => "NativeLayerNormBackward0",
            Kind::Batch { .. } => "NativeBatchNormBackward0",
        }
    }
}

impl Op for NormRule {
    fn name(&self) -> &str {
        self.name_static()
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if is_grad_enabled() { self.composed(cx) } else { self.fused(cx) }
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let mut names = vec![("input", 0)];
        if self.has_weight {
            names.push(("weight", 3));
        }
        names
    }
}

/// `c / √(mean(c²) + eps)` of what `centred` makes of `x`, and the reciprocal root: of `x` times a constant where squares
/// have no room.
#[track_caller]
fn standardized(
    x: &Tensor,
    axes: &[i64],
    eps: f64,
    centred: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<(Tensor, Tensor)> {
    let mean_square = |c: &Tensor| reduce::mean(&c.square()?, Some(axes), true, None);
    let c = centred(x)?;
    let square = mean_square(&c)?;
    let mask = reduce::mask("norm", Some(axes), x.rank())?;
    let Some(factor) = range::balance(x, &mask, &square, eps)? else {
        let rstd = square.add(eps)?.rsqrt()?;
        return Ok((c.mul(&rstd)?, rstd));
    };
    let c = centred(&x.mul(&factor)?)?;
    let eps = factor.mul(eps.max(0.0).sqrt())?.square()?;
    let rstd = mean_square(&c)?.add(&eps)?.rsqrt()?;
    Ok((c.mul(&rstd)?, rstd.mul(&factor)?))
}

fn axes_from(first: usize, end: usize) -> SmallVec<[i64; 6]> {
    (first as i64..end as i64).collect()
}

fn all_but_channels(rank: usize) -> SmallVec<[i64; 6]> {
    (0..rank as i64).filter(|&axis| axis != 1).collect()
}

/// A number per channel in a shape that broadcasts against an input of `rank` axes.
fn per_channel(tensor: &Tensor, rank: usize) -> Result<Tensor> {
    let mut shape = Shape::from_elem(1, rank);
    shape[1] = tensor.numel();
    views::reshape_to(tensor, &shape)
}

/// Operands of a call: the input, then weight and bias or stand-ins that lead nowhere.
struct Inputs {
    x: Operand,
    weight: Option<Operand>,
    bias: Option<Operand>,
}

impl Inputs {
    fn new(x: &Tensor, weight: Option<&Tensor>, bias: Option<&Tensor>) -> Result<Self> {
        let operand = |tensor: Option<&Tensor>| match tensor {
            Some(tensor) => tensor.operand().map(Some),
            None => Ok(None),
        };
        Ok(Self { x: x.operand()?, weight: operand(weight)?, bias: operand(bias)? })
    }

    /// One dtype, a floating one.
    fn check_dtypes(&self, op: &'static str, kernel: &str, further: &[&Array]) -> Result<DType> {
        let dtype = self.x.array.dtype();
        if !dtype.is_float() {
            return Err(Error::no_kernel(op, kernel, dtype));
        }
        let own = self.weight.iter().chain(&self.bias).map(|operand| &operand.array);
        if own.chain(further.iter().copied()).any(|array| array.dtype() != dtype) {
            let name = torch_name(dtype);
            return Err(Error::runtime(
                op,
                format!("mixed dtype (CPU): expect parameter to have scalar type of {name}"),
            ));
        }
        Ok(dtype)
    }

    /// Contiguous weight and bias.
    fn affine(&self, op: &'static str) -> Result<[Option<Array>; 2]> {
        let contiguous = |operand: &Option<Operand>| match operand {
            Some(operand) => operand.array.contiguous(op).map(Some),
            None => Ok(None),
        };
        Ok([contiguous(&self.weight)?, contiguous(&self.bias)?])
    }

    #[track_caller]
    fn finish(&self, kind: Kind, row_axes: usize, moments: [&Array; 2], output: Array) -> Result<Tensor> {
        let stand_in = self.x.without_edge();
        let weight = self.weight.as_ref().unwrap_or(&stand_in);
        let bias = self.bias.as_ref().unwrap_or(&stand_in);
        let inputs = [&self.x, weight, bias];
        if !is_recorded(&inputs) {
            return Ok(Tensor::from_array(output));
        }
        let mut saves: SmallVec<[Save<'_>; 4]> =
            smallvec::smallvec![Save::Input(&self.x), Save::Array(moments[0]), Save::Array(moments[1])];
        saves.extend(self.weight.as_ref().map(Save::Input));
        record(NormRule { kind, row_axes, has_weight: self.weight.is_some() }, &inputs, &saves, output)
    }
}

// ---- layers ------------------------------------------------------------------------------------------------------

/// Sizes of the last axes as the program gave them, checked against the input's.
fn row_shape(
    op: &'static str,
    shape: &[usize],
    normalized: &[i64],
    tensors: &[(&str, Option<&Tensor>)],
) -> Result<usize> {
    if normalized.is_empty() {
        return Err(Error::runtime(
            op,
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got \
             normalized_shape = []",
        ));
    }
    for (name, tensor) in tensors {
        if let Some(tensor) = tensor
            && !same_sizes(&tensor.shape(), normalized)
        {
            return Err(Error::runtime(
                op,
                format!(
                    "Expected {name} to be of same shape as normalized_shape, but got {name} of shape {:?} and \
                     normalized_shape = {normalized:?}",
                    tensor.shape().as_slice()
                ),
            ));
        }
    }
    let fits = shape.len() >= normalized.len() && same_sizes(&shape[shape.len() - normalized.len()..], normalized);
    if !fits {
        let listed: Vec<String> = normalized.iter().map(ToString::to_string).collect();
        return Err(Error::runtime(
            op,
            format!(
                "Given normalized_shape={normalized:?}, expected input with shape [*, {}], but got input of size{shape:?}",
                listed.join(", ")
            ),
        ));
    }
    Ok(normalized.len())
}

fn same_sizes(shape: &[usize], sizes: &[i64]) -> bool {
    shape.len() == sizes.len() && shape.iter().zip(sizes).all(|(&own, &size)| usize::try_from(size) == Ok(own))
}

/// `(x − mean) / √(variance + eps) · weight + bias` over the last axes, whose sizes are `normalized`; the variance is
/// the biased one.
///
/// # Errors
/// When shapes or dtypes do not fit.
#[track_caller]
pub fn layer_norm(
    input: &Tensor,
    normalized: &[i64],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    const OP: &str = "layer_norm";
    let shape = input.shape();
    let row_axes = row_shape(OP, &shape, normalized, &[("weight", weight), ("bias", bias)])?;
    let inputs = Inputs::new(input, weight, bias)?;
    let dtype = inputs.check_dtypes(OP, "LayerNormKernelImpl", &[])?;
    let lead = shape.len() - row_axes;
    let (rows, n) = (shape[..lead].iter().product(), shape[lead..].iter().product());
    let x = inputs.x.array.contiguous(OP)?;
    let affine = inputs.affine(OP)?;
    let output = Array::uninit(OP, &shape, dtype)?;
    let (mean, rstd) = (Array::uninit(OP, &[rows], dtype)?, Array::uninit(OP, &[rows], dtype)?);
    let affine = affine.each_ref().map(Option::as_ref);
    launch((&x, affine), [&output, &mean, &rstd], |(x, [weight, bias]), [y, mean, rstd]| {
        kernel::layer_norm(rows, n, eps, x, weight, bias, y, Moments { mean, rstd });
    });
    inputs.finish(Kind::Layer { rows, n, eps }, row_axes, [&mean, &rstd], output)
}

/// `x / √(mean(x²) + eps) · weight` over the last axes, whose sizes are `normalized`; `eps` is that of the dtype if it is
/// not given.
///
/// # Errors
/// When shapes or dtypes do not fit.
#[track_caller]
pub fn rms_norm(input: &Tensor, normalized: &[i64], weight: Option<&Tensor>, eps: Option<f64>) -> Result<Tensor> {
    const OP: &str = "rms_norm";
    let rank = input.rank();
    if rank < normalized.len() {
        let (least, shape) = (normalized.len(), input.shape());
        let reason =
            format!("Input tensor must have at least {least} dimensions, but got shape {:?}", shape.as_slice());
        return Err(Error::value(OP, reason));
    }
    let row_axes = row_shape(OP, &input.shape(), normalized, &[("weight", weight)])?;
    let eps = eps.unwrap_or(match input.dtype() {
        DType::F64 => f64::EPSILON,
        _ => f64::from(f32::EPSILON),
    });
    let (result, _) = standardized(input, &axes_from(rank - row_axes, rank), eps, |x| Ok(x.clone()))?;
    match weight {
        Some(weight) => copy::to_dtype(&result.mul(weight)?, input.dtype()),
        None => Ok(result),
    }
}

// ---- channels ----------------------------------------------------------------------------------------------------

/// Running moments and how they follow those of the batches.
#[derive(Clone, Copy)]
pub struct Running<'a> {
    /// Mean per channel.
    pub mean: Option<&'a Tensor>,
    /// Variance per channel.
    pub variance: Option<&'a Tensor>,
    /// Weight of a new batch.
    pub momentum: f64,
}

/// `running = (1 − momentum) · running + momentum · new`, in place.
fn follow(running: Option<&Tensor>, new: &Tensor, momentum: f64) -> Result<()> {
    let Some(running) = running else { return Ok(()) };
    let _off = no_grad();
    let old = Tensor::from_array(running.array());
    copy::copy_(running, &old.mul(1.0 - momentum)?.add(&new.mul(momentum)?)?)
}

/// `(x − mean) / √(variance + eps) · weight + bias` per channel (axis 1): with the moments of the batch in training, when
/// the running ones follow them in place, else with the running ones.
///
/// # Errors
/// When shapes or dtypes do not fit, a channel has one value only in training, or running moments are missing.
#[track_caller]
pub fn batch_norm(
    input: &Tensor,
    running: Running<'_>,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    training: bool,
    eps: f64,
) -> Result<Tensor> {
    const OP: &str = "batch_norm";
    let shape = input.shape();
    if shape.len() < 2 {
        return Err(Error::runtime(
            OP,
            format!("expected an input with a channel axis (at least 2 axes), got shape {:?}", shape.as_slice()),
        ));
    }
    let size = ChannelSize { n: shape[0], channels: shape[1], inner: shape[2..].iter().product() };
    if training && size.count() == 1 {
        return Err(Error::value(
            OP,
            format!("Expected more than 1 value per channel when training, got input size {:?}", shape.as_slice()),
        ));
    }
    for (name, tensor) in
        [("running_mean", running.mean), ("running_var", running.variance), ("weight", weight), ("bias", bias)]
    {
        match tensor {
            Some(tensor) if tensor.shape().as_slice() != [size.channels] => {
                return Err(Error::runtime(
                    OP,
                    format!("{name} should contain {} elements not {}", size.channels, tensor.numel()),
                ));
            }
            None if !training && name.starts_with("running") => {
                return Err(Error::runtime(OP, format!("{name} must be defined in evaluation mode")));
            }
            _ => {}
        }
    }
    let inputs = Inputs::new(input, weight, bias)?;
    let mut given: SmallVec<[Array; 2]> = SmallVec::new();
    for (name, tensor) in [("running_mean", running.mean), ("running_var", running.variance)] {
        if let Some(tensor) = tensor {
            let operand = tensor.operand()?;
            refuse_gradient(OP, name, &operand)?;
            given.push(operand.array);
        }
    }
    let dtype = inputs.check_dtypes(OP, "batch_norm", &given.iter().collect::<Vec<_>>())?;
    if training {
        for tensor in running.mean.iter().chain(&running.variance) {
            check_in_place(OP, tensor, false)?;
        }
    }
    let x = inputs.x.array.contiguous(OP)?;
    let [mean, variance, rstd] = if training {
        batch_moments(OP, size, eps, &x)?
    } else {
        let _off = no_grad();
        // Copies: the running moments may move on before backward.
        let [mean, variance] = [&given[0], &given[1]].map(|moment| moment.to_dtype_contiguous(OP, dtype));
        let variance = variance?;
        let rstd = Tensor::from_array(variance.clone()).add(eps)?.rsqrt()?.array();
        [mean?, variance, rstd]
    };
    let affine = inputs.affine(OP)?;
    let output = Array::uninit(OP, &shape, dtype)?;
    let affine = affine.each_ref().map(Option::as_ref);
    launch(([&x, &mean, &rstd], affine), &output, |([x, mean, rstd], [weight, bias]), y| {
        kernel::batch_norm(size, x, Moments { mean, rstd }, weight, bias, y);
    });
    if training && size.count() > 0 {
        // The running variance is the unbiased one (Bessel's correction).
        let count = size.count() as f64;
        let unbiased = {
            let _off = no_grad();
            Tensor::from_array(variance).mul(count / (count - 1.0))?
        };
        follow(running.mean, &Tensor::from_array(mean.clone()), running.momentum)?;
        follow(running.variance, &unbiased, running.momentum)?;
    }
    inputs.finish(Kind::Batch { size, eps, training }, 0, [&mean, &rstd], output)
}

/// Mean, biased variance and `1 / √(variance + eps)` of each channel.
fn batch_moments(op: &'static str, size: ChannelSize, eps: f64, x: &Array) -> Result<[Array; 3]> {
    let new = || Array::uninit(op, &[size.channels], x.dtype());
    let results = [new()?, new()?, new()?];
    launch(x, results.each_ref(), |x, [mean, variance, rstd]| {
        kernel::batch_moments(size, eps, x, Moments { mean, rstd }, variance);
    });
    Ok(results)
}

/// Normalisation over groups of channels (axis 1) of each sample; `weight` and `bias` are per channel.
///
/// # Errors
/// When sizes or dtypes do not fit.
#[track_caller]
pub fn group_norm(
    input: &Tensor,
    groups: i64,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    const OP: &str = "group_norm";
    let shape = input.shape();
    if shape.len() < 2 {
        return Err(Error::runtime(
            OP,
            format!("Expected at least 2 dimensions for input tensor but received {}", shape.len()),
        ));
    }
    if groups <= 0 {
        return Err(Error::runtime(OP, format!("Expected num groups to be greater than 0, got {groups}")));
    }
    let (batch, channels, groups) = (shape[0], shape[1], groups as usize);
    if !channels.is_multiple_of(groups) {
        return Err(Error::runtime(
            OP,
            format!(
                "Expected number of channels in input to be divisible by num_groups, but got input of shape {:?} and \
                 num_groups={groups}",
                shape.as_slice()
            ),
        ));
    }
    for (name, tensor) in [("weight", weight), ("bias", bias)] {
        if let Some(tensor) = tensor
            && tensor.shape().as_slice() != [channels]
        {
            return Err(Error::runtime(
                OP,
                format!(
                    "Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of \
                     shape {:?} and input of shape {:?}",
                    tensor.shape().as_slice(),
                    shape.as_slice()
                ),
            ));
        }
    }
    let row: usize = channels / groups * shape[2..].iter().product::<usize>();
    if batch * row == 1 {
        return Err(Error::value(
            OP,
            format!("Expected more than 1 value per channel when training, got input size {:?}", shape.as_slice()),
        ));
    }
    let grouped = views::reshape_to(input, &[batch, groups, row])?;
    let normal = layer_norm(&grouped, &[row as i64], None, None, eps)?;
    affine(&views::reshape_to(&normal, &shape)?, weight, bias)
}

/// `x · weight + bias` per channel.
#[track_caller]
fn affine(x: &Tensor, weight: Option<&Tensor>, bias: Option<&Tensor>) -> Result<Tensor> {
    let mut result = x.clone();
    if let Some(weight) = weight {
        result = result.mul(&per_channel(weight, x.rank())?)?;
    }
    if let Some(bias) = bias {
        result = result.add(&per_channel(bias, x.rank())?)?;
    }
    Ok(result)
}

/// Normalisation of every channel of every sample by itself: with its own moments, when the running ones follow their
/// means in place, or with the running ones.
///
/// # Errors
/// As [`batch_norm`].
#[track_caller]
pub fn instance_norm(
    input: &Tensor,
    running: Running<'_>,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    use_input_stats: bool,
    eps: f64,
) -> Result<Tensor> {
    const OP: &str = "instance_norm";
    let shape = input.shape();
    if !use_input_stats && (running.mean.is_none() || running.variance.is_none()) {
        return Err(Error::runtime(
            OP,
            "Expected running_mean and running_var to be defined when use_input_stats is false",
        ));
    }
    if shape.len() < 2 || (use_input_stats && shape[2..].iter().product::<usize>() == 1) {
        return Err(Error::value(
            OP,
            format!("Expected more than 1 spatial element when training, got input size {:?}", shape.as_slice()),
        ));
    }
    let (batch, channels) = (shape[0], shape[1]);
    for tensor in [running.mean, running.variance, weight, bias].into_iter().flatten() {
        if tensor.shape().as_slice() != [channels] {
            return Err(Error::shapes(
                OP,
                &shape,
                &tensor.shape(),
                format!("expected {channels} numbers, one per channel"),
            ));
        }
    }
    // Samples and channels as the channels of one sample.
    let mut wide: Shape = smallvec::smallvec![1, batch * channels];
    wide.extend_from_slice(&shape[2..]);
    let repeated = |tensor: Option<&Tensor>| match tensor {
        Some(tensor) => {
            views::reshape_to(&views::broadcast_to(tensor, &[batch, channels])?, &[batch * channels]).map(Some)
        }
        None => Ok(None),
    };
    let own = |tensor: Option<Tensor>| match tensor {
        // The running moments of every sample start from the common ones.
        Some(tensor) => copy::clone_contiguous(&tensor.detach()).map(Some),
        None => Ok(None),
    };
    let (mean, variance) = (own(repeated(running.mean)?)?, own(repeated(running.variance)?)?);
    let (weight, bias) = (repeated(weight)?, repeated(bias)?);
    let each = Running { mean: mean.as_ref(), variance: variance.as_ref(), momentum: running.momentum };
    let result =
        batch_norm(&views::reshape_to(input, &wide)?, each, weight.as_ref(), bias.as_ref(), use_input_stats, eps)?;
    if use_input_stats && batch > 0 {
        let _off = no_grad();
        for (common, own) in [(running.mean, &mean), (running.variance, &variance)] {
            if let (Some(common), Some(own)) = (common, own) {
                let rows = views::reshape_to(own, &[batch, channels])?;
                copy::copy_(common, &reduce::mean(&rows, Some(&[0]), false, None)?)?;
            }
        }
    }
    views::reshape_to(&result, &shape)
}

/// `x / (k + alpha · mean of x² over size neighbouring channels)^beta`, channels beyond the ends counting as 0.
///
/// # Errors
/// When the input has fewer than 3 axes or `size` is not positive.
#[track_caller]
pub fn local_response_norm(input: &Tensor, size: i64, alpha: f64, beta: f64, k: f64) -> Result<Tensor> {
    const OP: &str = "local_response_norm";
    let shape = input.shape();
    if shape.len() < 3 {
        return Err(Error::value(
            OP,
            format!("Expected 3D or higher dimensionality input (got {} dimensions)", shape.len()),
        ));
    }
    if size <= 0 {
        return Err(Error::runtime(OP, format!("kernel size should be greater than zero, but got {size}")));
    }
    if input.numel() == 0 {
        return Ok(input.clone());
    }
    let window = size as usize;
    let mut padded = shape.clone();
    padded[1] = shape[1].saturating_add(window - 1);
    let place = ViewOp::Slice { axis: 1, start: window / 2, length: shape[1], step: 1 };
    let squares = views::embed(&input.square()?, &padded, &place, false)?;
    let means = reduce::mean(&views::unfold(&squares, 1, size, 1)?, Some(&[-1]), false, None)?;
    input.div(&means.mul(alpha)?.add(k)?.pow(beta)?)
}
