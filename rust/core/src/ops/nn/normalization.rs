//! Layer, batch, group, instance and root-mean-square normalisation.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call::{call_first, call_with, first};
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::record::{check_in_place, refuse_gradient};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{flat, no_grad};
use crate::kernels::normalize::{self as kernel, ChannelSize, Moments};
use crate::launch::launch;
use crate::ops::batching;
use crate::ops::reductions::{axes, range, reduce};
use crate::ops::views::{self, ViewOp};
use crate::ops::writing::copy;
use crate::shape::Shape;
use crate::tensor::Tensor;

// ---- the operation -----------------------------------------------------------------------------------------------

/// What is normalised together.
#[derive(Clone, PartialEq, Debug)]
enum Kind {
    /// Rows of the last axes, which have these sizes.
    Layer { sizes: SmallVec<[i64; 4]> },
    /// Channels, with the moments of the batch or with given ones.
    Batch { training: bool },
}

impl Kind {
    fn op(&self) -> &'static str {
        match self {
            Self::Layer { .. } => "layer_norm",
            Self::Batch { .. } => "batch_norm",
        }
    }

    fn node(&self) -> &'static str {
        match self {
            Self::Layer { .. } => "NativeLayerNormBackward0",
            Self::Batch { .. } => "NativeBatchNormBackward0",
        }
    }

    /// Whether the moments are those of the input.
    fn of_input(&self) -> bool {
        !matches!(self, Self::Batch { training: false })
    }

    /// The axes that are normalised together.
    fn axes(&self, rank: usize) -> SmallVec<[i64; 6]> {
        match self {
            Self::Layer { sizes } => axes_from(rank - sizes.len(), rank),
            Self::Batch { .. } => all_but_channels(rank),
        }
    }

    /// A weight or a bias so that it broadcasts against an input of `rank` axes.
    fn along(&self, tensor: &Tensor, rank: usize) -> Result<Tensor> {
        match self {
            Self::Layer { .. } => Ok(tensor.clone()),
            Self::Batch { .. } => per_channel(tensor, rank),
        }
    }

    /// The input without its mean, divided by its standard deviation, and the reciprocal of that. Moments of the input are
    /// computed from it again, so that they have a gradient.
    fn normal(&self, x: &Tensor, [mean, rstd]: [&Tensor; 2], eps: f64) -> Result<(Tensor, Tensor)> {
        let axes = self.axes(x.rank());
        if self.of_input() {
            return standardized(x, &axes, eps, |x| x.sub(&reduce::mean(x, Some(&axes), true, None)?));
        }
        let rstd = self.along(rstd, x.rank())?;
        Ok((x.sub(&self.along(mean, x.rank())?)?.mul(&rstd)?, rstd))
    }

    /// How the normalised input changes with the input, `h` being a tangent of that or a gradient of the former.
    fn slope(&self, h: Tensor, normal: &Tensor, rstd: &Tensor) -> Result<Tensor> {
        if !self.of_input() {
            return h.mul(rstd);
        }
        let axes = self.axes(h.rank());
        let average = |tensor: &Tensor| reduce::mean(tensor, Some(&axes), true, None);
        h.sub(&average(&h)?)?.sub(&normal.mul(&average(&h.mul(normal)?)?)?)?.mul(rstd)
    }
}

/// `(x − mean) · rstd · weight + bias`. Inputs are x, the weight and the bias where there are any, and of channels the
/// given moments; results besides y are the mean and `1/√(variance + eps)`, and in training the variance.
#[derive(Clone, PartialEq, Debug)]
struct Norm {
    kind: Kind,
    eps: f64,
    has_weight: bool,
}

impl Op for Norm {
    fn name(&self) -> &str {
        self.kind.node()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        match &self.kind {
            Kind::Layer { sizes } => {
                let (output, moments) = layers(inputs, sizes, self.eps, true)?;
                Ok(std::iter::once(output).chain(moments.into_iter().flatten()).collect())
            }
            Kind::Batch { training } => channels(inputs, *training, self.eps),
        }
    }

    fn eval_first(&self, inputs: &Inputs<'_>) -> Result<Array> {
        match &self.kind {
            Kind::Layer { sizes } => Ok(layers(inputs, sizes, self.eps, false)?.0),
            Kind::Batch { .. } => Ok(self.eval(inputs)?.swap_remove(0)),
        }
    }

    fn differentiable_inputs(&self) -> usize {
        3
    }

    fn keeps(&mut self, _: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let mut kept: SmallVec<[Keep; 4]> = smallvec![Keep::Input(0)];
        if self.has_weight {
            kept.push(Keep::Input(1));
        }
        kept.extend([Keep::Output(1), Keep::Output(2)]);
        kept
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (weight, at) = if self.has_weight { (From::Saved(1), 2) } else { (From::Nothing, 1) };
        let wants = [0, 1, 2].map(|input| cx.needs(input));
        let gradient = NormBackward { kind: self.kind.clone(), eps: self.eps, wants };
        let from = [From::Grad(0), From::Saved(0), weight, From::Saved(at), From::Saved(at + 1)];
        let mut results = cx.call_many(gradient, &from)?.into_iter();
        // Those of which PyTorch's gradient is a function.
        let inputs = match self.kind {
            Kind::Layer { .. } => 3,
            Kind::Batch { .. } => 2,
        };
        for input in (0..3).filter(|&input| wants[input]) {
            let result = results.next().expect("a gradient for each input that wants one");
            flat::put(cx, input, result, inputs, flat::Derivative::None)?;
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let (x, rank) = (cx.input(0), cx.input(0).rank());
        let (normal, rstd) = self.kind.normal(x, [cx.output(1), cx.output(2)], self.eps)?;
        if let Some(tangent) = cx.tangent(0).cloned() {
            let slope = self.kind.slope(tangent, &normal, &rstd)?;
            let slope = match cx.optional(1) {
                Some(weight) => slope.mul(&self.kind.along(weight, rank)?)?,
                None => slope,
            };
            cx.put(0, slope)?;
        }
        if let Some(tangent) = cx.tangent(1).cloned() {
            cx.put(0, normal.mul(&self.kind.along(&tangent, rank)?)?)?;
        }
        if let Some(tangent) = cx.tangent(2).cloned() {
            cx.put(0, self.kind.along(&tangent, rank)?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        match self.kind {
            Kind::Layer { .. } => self.batch_of_layers(cx),
            Kind::Batch { .. } => self.batch_of_channels(cx),
        }
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let mut names = vec![("input", 0)];
        if self.has_weight {
            names.push(("weight", 1));
        }
        names
    }
}

impl Norm {
    /// Rows of all examples are rows; weights that differ among them come after.
    fn batch_of_layers(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (size, example) = (cx.size(), cx.example(0).shape());
        let x = batching::front(cx.input(0), size)?;
        let shared = (1..3).all(|input| cx.optional(input).is_none_or(|part| part.axis.is_none()));
        let given = |input: usize| cx.optional(input).filter(|_| shared).map(|part| &part.tensor);
        let norm = Self { has_weight: given(1).is_some(), ..self.clone() };
        let mut results = call_with(norm, &[Some(&x), given(1), given(2)])?;
        if !shared {
            let each = |input: usize| match cx.optional(input) {
                Some(part) => batching::lead(part, size, example.len()).map(Some),
                None => Ok(None),
            };
            if let Some(weight) = each(1)? {
                results[0] = results[0].mul(&weight)?;
            }
            if let Some(bias) = each(2)? {
                results[0] = results[0].add(&bias)?;
            }
        }
        let mut results = results.into_iter();
        cx.put(first(results.by_ref().take(1).collect()), Some(0));
        let rows = example.iter().take(example.len() - self.kind.axes(example.len()).len()).product();
        for moments in results {
            cx.put(views::reshape_to(&moments, &[size, rows])?, Some(0));
        }
        Ok(())
    }

    /// Channels of all examples are channels of one input.
    fn batch_of_channels(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (size, example) = (cx.size(), cx.example(0).shape());
        if example.len() < 2 {
            return Err(no_channels(&example));
        }
        let (n, channels) = (example[0], example[1]);
        let mut wide = example.clone();
        wide[1] = size * channels;
        let mut inputs: SmallVec<[Option<Tensor>; 5]> = SmallVec::new();
        for input in 0..cx.inputs() {
            let Some(part) = cx.optional(input) else {
                inputs.push(None);
                continue;
            };
            let whole = batching::front(part, size)?;
            inputs.push(Some(if input == 0 {
                views::reshape_to(&views::movedim(&whole, &[0], &[1])?, &wide)?
            } else {
                views::reshape_to(&whole, &[whole.numel()])?
            }));
        }
        let inputs: SmallVec<[Option<&Tensor>; 5]> = inputs.iter().map(Option::as_ref).collect();
        for (number, result) in call_with(self.clone(), &inputs)?.into_iter().enumerate() {
            let result = if number == 0 {
                let apart: Shape = [n, size].into_iter().chain(example[1..].iter().copied()).collect();
                views::movedim(&views::reshape_to(&result, &apart)?, &[1], &[0])?
            } else {
                views::reshape_to(&result, &[size, channels])?
            };
            cx.put(result, Some(0));
        }
        Ok(())
    }
}

/// The gradients of those inputs of a [`Norm`] that want one. Inputs are the gradient of y, x, the weight if there is one,
/// and the moments.
#[derive(Clone, PartialEq, Debug)]
struct NormBackward {
    kind: Kind,
    eps: f64,
    wants: [bool; 3],
}

impl Op for NormBackward {
    fn name(&self) -> &str {
        self.kind.node()
    }

    fn differentiable(&self) -> usize {
        self.wants.iter().filter(|wants| **wants).count()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let op = self.kind.op();
        let weight = inputs.get(2).map(|weight| weight.contiguous(op)).transpose()?;
        let [grad, x, mean, rstd] = [0, 1, 3, 4].map(|input| inputs[input].contiguous(op));
        let (grad, x, mean, rstd) = (grad?, x?, mean?, rstd?);
        let dtype = x.dtype();
        let per: Shape = match &self.kind {
            Kind::Layer { sizes } => x.shape().iter().skip(x.rank() - sizes.len().min(x.rank())).copied().collect(),
            Kind::Batch { .. } => x.shape().get(1..2).unwrap_or_default().into(),
        };
        let n: usize = per.iter().product();
        let moments = match self.kind {
            Kind::Layer { .. } => x.numel().checked_div(n).unwrap_or(mean.numel()),
            Kind::Batch { .. } => n,
        };
        // Saved values are those of the forward pass, unless hooks on them gave back others.
        let fits = grad.shape() == x.shape()
            && [&mean, &rstd].iter().all(|array| array.numel() == moments)
            && weight.as_ref().is_none_or(|weight| weight.numel() == n)
            && [&grad, &mean, &rstd].into_iter().chain(&weight).all(|array| array.dtype() == dtype)
            && dtype.is_float();
        if !fits {
            return Err(Error::runtime(op, "a saved value is not what was saved"));
        }
        let make = |wanted: bool, shape: &[usize]| -> Result<Option<Array>> {
            if wanted { Ok(Some(Array::uninit(op, shape, dtype)?)) } else { Ok(None) }
        };
        let mut results = [make(self.wants[0], x.shape())?, make(self.wants[1], &per)?, make(self.wants[2], &per)?];
        let written = results.each_ref().map(Option::as_ref);
        launch(([&grad, &x, &mean, &rstd], weight.as_ref()), written, |([g, input, mean, rstd], weight), results| {
            let (both, [dx, dweight, dbias]) = (Moments { mean, rstd }, results);
            match self.kind {
                Kind::Layer { .. } => {
                    kernel::layer_norm_backward(moments, n, g, input, weight, both, dx, dweight, dbias);
                }
                Kind::Batch { training } => {
                    let size = channel_size(x.shape());
                    kernel::batch_norm_backward(size, training, g, input, both, weight, dx, dweight, dbias);
                }
            }
        });
        // Rows are written as rows; channels lie as they lay in the input.
        if let Kind::Batch { .. } = self.kind {
            results[0] = results[0].take().map(|dx| dx.in_format_of(op, &inputs[1])).transpose()?;
        }
        Ok(results.into_iter().flatten().collect())
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(grad), Some(x), weight, Some(mean), Some(rstd)] = *inputs else {
            unreachable!("these are always given")
        };
        let results = || -> Result<Tensors> {
            let rank = x.rank();
            let (normal, rstd) = self.kind.normal(x, [mean, rstd], self.eps)?;
            let mut results = Tensors::new();
            if self.wants[0] {
                let h = match weight {
                    Some(weight) => grad.mul(&self.kind.along(weight, rank)?)?,
                    None => grad.clone(),
                };
                results.push(self.kind.slope(h, &normal, &rstd)?);
            }
            let over = match &self.kind {
                Kind::Layer { sizes } => axes_from(0, rank - sizes.len()),
                Kind::Batch { .. } => self.kind.axes(rank),
            };
            let total = |tensor: &Tensor| {
                if over.is_empty() { Ok(tensor.clone()) } else { reduce::sum(tensor, Some(&over), false, None) }
            };
            if self.wants[1] {
                results.push(total(&grad.mul(&normal)?)?);
            }
            if self.wants[2] {
                results.push(total(grad)?);
            }
            Ok(results)
        };
        Some(results())
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
    let mask = axes::mask("norm", Some(axes), x.rank())?;
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

/// One dtype, a floating one.
fn check_dtypes(op: &'static str, kernel: &str, inputs: &Inputs<'_>) -> Result<DType> {
    let dtype = inputs[0].dtype();
    if !dtype.is_float() {
        return Err(Error::no_kernel(op, kernel, dtype));
    }
    if inputs.iter().any(|array| array.dtype() != dtype) {
        let name = torch_name(dtype);
        return Err(Error::runtime(op, format!("mixed dtype (CPU): expect parameter to have scalar type of {name}")));
    }
    Ok(dtype)
}

/// Contiguous weight and bias.
fn affine_arrays(op: &'static str, inputs: &Inputs<'_>) -> Result<[Option<Array>; 2]> {
    let contiguous = |input: usize| inputs.get(input).map(|array| array.contiguous(op)).transpose();
    Ok([contiguous(1)?, contiguous(2)?])
}

// ---- layers ------------------------------------------------------------------------------------------------------

/// Sizes of the last axes as the program gave them, checked against the input's.
fn row_shape(
    op: &'static str,
    shape: &[usize],
    normalized: &[i64],
    tensors: &[(&str, Option<&[usize]>)],
) -> Result<()> {
    if normalized.is_empty() {
        return Err(Error::runtime(
            op,
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got \
             normalized_shape = []",
        ));
    }
    for (name, own) in tensors {
        if let Some(own) = own
            && !same_sizes(own, normalized)
        {
            return Err(Error::runtime(
                op,
                format!(
                    "Expected {name} to be of same shape as normalized_shape, but got {name} of shape {own:?} and \
                     normalized_shape = {normalized:?}"
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
    Ok(())
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
    let kind = Kind::Layer { sizes: normalized.into() };
    let norm = Norm { kind, eps, has_weight: weight.is_some() };
    call_first(norm, &[Some(input), weight, bias])
}

/// The results of a [`Norm`] of rows: y, and mean and reciprocal standard deviation if they are wanted.
fn layers(inputs: &Inputs<'_>, sizes: &[i64], eps: f64, moments: bool) -> Result<(Array, Option<[Array; 2]>)> {
    const OP: &str = "layer_norm";
    let shape = inputs[0].shape();
    let given = |input: usize| inputs.get(input).map(Array::shape);
    row_shape(OP, shape, sizes, &[("weight", given(1)), ("bias", given(2))])?;
    let dtype = check_dtypes(OP, "LayerNormKernelImpl", inputs)?;
    let lead = shape.len() - sizes.len();
    let (rows, n) = (shape[..lead].iter().product(), shape[lead..].iter().product());
    let x = inputs[0].contiguous(OP)?;
    let affine = affine_arrays(OP, inputs)?;
    let output = Array::uninit(OP, shape, dtype)?;
    let moments =
        if moments { Some([Array::uninit(OP, &[rows], dtype)?, Array::uninit(OP, &[rows], dtype)?]) } else { None };
    let affine = affine.each_ref().map(Option::as_ref);
    let written = (&output, moments.as_ref().map(<[Array; 2]>::each_ref));
    launch((&x, affine), written, |(x, [weight, bias]), (y, moments)| {
        let moments = moments.map(|[mean, rstd]| Moments { mean, rstd });
        kernel::layer_norm(rows, n, eps, x, weight, bias, y, moments);
    });
    Ok((output, moments))
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
    let size = weight.map(Tensor::shape);
    row_shape(OP, &input.shape(), normalized, &[("weight", size.as_deref())])?;
    let eps = eps.unwrap_or(match input.dtype() {
        DType::F64 | DType::C128 => f64::EPSILON,
        _ => f64::from(f32::EPSILON),
    });
    let axes = axes_from(rank - normalized.len(), rank);
    if input.dtype().is_complex() {
        // PyTorch's square is z·z here, and not |z|².
        let square = reduce::mean(&input.mul(input)?, Some(&axes), true, None)?;
        let result = input.mul(&square.add(eps)?.rsqrt()?)?;
        return weight.map_or(Ok(result.clone()), |weight| result.mul(weight));
    }
    let (result, _) = standardized(input, &axes, eps, |x| Ok(x.clone()))?;
    match weight {
        Some(weight) => copy::to_dtype(&result.mul(weight)?, input.dtype()),
        None => copy::to_dtype(&result, input.dtype()),
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
    let old = running.detach();
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
    for (name, tensor) in [("running_mean", running.mean), ("running_var", running.variance)] {
        if let Some(tensor) = tensor {
            refuse_gradient(OP, name, &tensor.snapshot()?)?;
        }
    }
    let norm = Norm { kind: Kind::Batch { training }, eps, has_weight: weight.is_some() };
    let results = call_with(norm, &[Some(input), weight, bias, running.mean, running.variance])?;
    if training {
        for tensor in running.mean.iter().chain(&running.variance) {
            check_in_place(OP, tensor, false)?;
        }
        // Of what was computed: another thread may give the input other data.
        let shape = results[0].shape();
        let count = shape[0] * shape[2..].iter().product::<usize>();
        if count > 0 {
            // The running variance is the unbiased one (Bessel's correction).
            let unbiased = || {
                let _off = no_grad();
                results[3].mul(count as f64 / (count as f64 - 1.0))
            };
            follow(running.mean, &results[1], running.momentum)?;
            if running.variance.is_some() {
                follow(running.variance, &unbiased()?, running.momentum)?;
            }
        }
    }
    Ok(first(results))
}

fn channel_size(shape: &[usize]) -> ChannelSize {
    ChannelSize { n: shape[0], channels: shape[1], inner: shape[2..].iter().product() }
}

#[cold]
fn no_channels(shape: &[usize]) -> Box<Error> {
    Error::runtime(
        "batch_norm",
        format!("expected an input with a channel axis (at least 2 axes), got shape {shape:?}"),
    )
}

/// The results of a [`Norm`] of channels.
fn channels(inputs: &Inputs<'_>, training: bool, eps: f64) -> Result<Arrays> {
    const OP: &str = "batch_norm";
    let shape = inputs[0].shape();
    if shape.len() < 2 {
        return Err(no_channels(shape));
    }
    let size = channel_size(shape);
    if training && size.count() == 1 {
        return Err(Error::value(
            OP,
            format!("Expected more than 1 value per channel when training, got input size {shape:?}"),
        ));
    }
    for (name, at) in [("running_mean", 3), ("running_var", 4), ("weight", 1), ("bias", 2)] {
        match inputs.get(at) {
            Some(array) if array.shape() != [size.channels] => {
                return Err(Error::runtime(
                    OP,
                    format!("{name} should contain {} elements not {}", size.channels, array.numel()),
                ));
            }
            None if !training && at > 2 => {
                return Err(Error::runtime(OP, format!("{name} must be defined in evaluation mode")));
            }
            _ => {}
        }
    }
    let dtype = check_dtypes(OP, "batch_norm", inputs)?;
    let x = inputs[0].contiguous(OP)?;
    let [mean, variance, rstd] = if training {
        batch_moments(OP, size, eps, &x)?
    } else {
        // Copies: the running moments may move on before backward.
        let [mean, variance] = [&inputs[3], &inputs[4]].map(|moment| moment.to_dtype_contiguous(OP, dtype));
        let variance = variance?;
        let rstd = Tensor::from_array(variance.clone()).add(eps)?.rsqrt()?.array();
        [mean?, variance, rstd]
    };
    let affine = affine_arrays(OP, inputs)?;
    let output = Array::uninit(OP, shape, dtype)?;
    let affine = affine.each_ref().map(Option::as_ref);
    launch(([&x, &mean, &rstd], affine), &output, |([x, mean, rstd], [weight, bias]), y| {
        kernel::batch_norm(size, x, Moments { mean, rstd }, weight, bias, y);
    });
    let mut results: Arrays = smallvec![output.in_format_of(OP, &inputs[0])?, mean, rstd];
    if training {
        results.push(variance);
    }
    Ok(results)
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
    copy::in_format_of(&affine(&views::reshape_to(&normal, &shape)?, weight, bias)?, input)
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
