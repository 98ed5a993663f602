//! Random tensors and random changes in place. The numbers are those of PyTorch's CPU generator, drawn in its order:
//! row-major for contiguous tensors, in the order of memory for others.

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::creation::{sizes, zeros_like};
use super::elementwise::{Arg, apply_in_place};
use super::reduce;
use super::rows;
use super::write::{NotDifferentiable, Target, Write};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{is_recorded, record};
use crate::kernels::In;
use crate::kernels::copy::copy;
use crate::kernels::element::Element;
use crate::launch::{Held, NONE};
use crate::random::{Generator, RandomElement, RandomFloat, SharedGenerator, default_generator};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::{Operand, Tensor};
use crate::with_element;

pub(super) fn source(generator: Option<&SharedGenerator>) -> &SharedGenerator {
    generator.unwrap_or_else(|| default_generator())
}

/// Axes in the order in which PyTorch draws: as they are for a contiguous array, else the greatest stride first.
fn drawing_order(array: &Array) -> SmallVec<[usize; 6]> {
    let mut axes: SmallVec<[usize; 6]> = (0..array.rank()).collect();
    if !array.is_contiguous() {
        axes.sort_by_key(|&axis| Reverse(array.strides()[axis].unsigned_abs()));
    }
    axes
}

/// Fills an array whose exclusive state is held with what `draw` puts into a slice. An error leaves everything as it was.
fn fill<T: Element>(held: &mut Held<'_>, array: &Array, draw: impl FnOnce(&mut [T]) -> Result<()>) -> Result<()> {
    let ordered = array.permute(&drawing_order(array));
    if ordered.is_contiguous() {
        return held.launch(NONE, &ordered, |[], mut out| draw(out.as_slice().expect("a dense array of this dtype")));
    }
    let mut values = vec![T::default(); ordered.numel()];
    draw(&mut values)?;
    let (shape, strides) = (ordered.shape(), shape::contiguous_strides(ordered.shape()));
    held.launch(NONE, &ordered, |[], out| copy(In::of(&values, shape, &strides), out));
    Ok(())
}

/// [`fill`] of an array that nobody else sees yet.
pub(super) fn fill_new<T: Element>(array: &Array, draw: impl FnOnce(&mut [T]) -> Result<()>) -> Result<()> {
    fill(&mut Held::take(&NONE, &array), array, draw)
}

/// A distribution by its name and parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Uniform in `[from, to)`.
    Uniform(f64, f64),
    /// Normal with mean and standard deviation.
    Normal(f64, f64),
    /// Exponential of a rate.
    Exponential(f64),
    /// Cauchy with median and scale.
    Cauchy(f64, f64),
    /// Exponential of a normal number with mean and standard deviation.
    LogNormal(f64, f64),
    /// Number of trials up to the first success of a probability.
    Geometric(f64),
    /// One with a probability, else zero.
    Bernoulli(f64),
    /// Integers over the range of the dtype.
    Integers,
    /// Integers in `from..to`, or from `from` on.
    IntegersFrom(i64, Option<i64>),
}

impl Distribution {
    /// The in-place operation and its node.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Uniform(..) => ("uniform_", "UniformBackward0"),
            Self::Normal(..) => ("normal_", "NormalBackward0"),
            Self::Exponential(_) => ("exponential_", "ExponentialBackward0"),
            Self::Cauchy(..) => ("cauchy_", "CauchyBackward0"),
            Self::LogNormal(..) => ("log_normal_", "LogNormalBackward0"),
            Self::Geometric(_) => ("geometric_", "GeometricBackward0"),
            Self::Bernoulli(_) => ("bernoulli_", "BernoulliBackward2"),
            Self::Integers => ("random_", "RandomBackward2"),
            Self::IntegersFrom(_, None) => ("random_", "RandomBackward1"),
            Self::IntegersFrom(..) => ("random_", "RandomBackward0"),
        }
    }

    fn is_continuous(self) -> bool {
        matches!(
            self,
            Self::Uniform(..) | Self::Normal(..) | Self::Exponential(_) | Self::Cauchy(..) | Self::LogNormal(..)
        )
    }

    fn check(self, op: &'static str, dtype: DType) -> Result<()> {
        if !self.is_continuous() || dtype.is_float() {
            return Ok(());
        }
        let dtype = torch_name(dtype);
        Err(match self {
            Self::Exponential(_) | Self::Cauchy(..) => Error::runtime(
                op,
                format!(
                    "{op}: the distribution is a continuous probability distribution. dtype must be a floating point but you specified {dtype}"
                ),
            ),
            _ => Error::not_implemented(op, format!("\"{op}\" not implemented for '{dtype}': drawing them")),
        })
    }

    /// Draws into an array whose exclusive state is held.
    fn draw(self, generator: &mut Generator, held: &mut Held<'_>, array: &Array) -> Result<()> {
        if self.is_continuous() {
            return with_element!(float array.dtype(), T => {
                let contiguous = array.is_contiguous();
                fill::<T>(held, array, |out| self.draw_floats(generator, contiguous, out))
            });
        }
        with_element!(array.dtype(), T => fill::<T>(held, array, |out| self.draw_any(generator, out)))
    }

    fn draw_floats<T: RandomFloat>(self, generator: &mut Generator, contiguous: bool, out: &mut [T]) -> Result<()> {
        match self {
            Self::Uniform(from, to) => generator.uniform(out, from, to),
            Self::Normal(mean, std) if contiguous => generator.normal(out, mean, std),
            Self::Normal(mean, std) => generator.normal_pairs(out, mean, std),
            Self::Exponential(lambda) => generator.exponential(out, lambda),
            Self::Cauchy(median, sigma) => generator.cauchy(out, median, sigma),
            Self::LogNormal(mean, std) => generator.log_normal(out, mean, std),
            _ => self.draw_any(generator, out),
        }
    }

    fn draw_any<T: RandomElement>(self, generator: &mut Generator, out: &mut [T]) -> Result<()> {
        match self {
            Self::Geometric(p) => generator.geometric(out, p),
            Self::Bernoulli(p) => generator.bernoulli(out, p),
            Self::IntegersFrom(from, to) => generator.random_from_to(out, from, to),
            _ => {
                generator.random_full(out);
                Ok(())
            }
        }
    }
}

/// A tensor that a random operation overwrote: its old value gets no gradient.
struct Overwritten(&'static str);

impl Op for Overwritten {
    fn name(&self) -> &str {
        self.0
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        Ok(())
    }
}

/// Overwrites a tensor with random numbers.
#[track_caller]
pub fn fill_random(target: &Tensor, distribution: Distribution, generator: Option<&SharedGenerator>) -> Result<()> {
    let (op, node) = distribution.names();
    let target = &Target::new(target, true)?;
    distribution.check(op, target.array().dtype())?;
    // The generator is held while numbers are drawn and no longer: what the target was before may own host objects.
    let draw = |held: &mut Held<'_>, array: &Array| distribution.draw(&mut source(generator).lock(), held, array);
    Write::new(op, target).run(|| Overwritten(node), &[], draw).map(drop)
}

/// A new tensor of random numbers.
pub fn random(
    op: &'static str,
    shape: &[i64],
    distribution: Distribution,
    dtype: DType,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    let array = Array::zeros(op, &sizes(op, shape)?, dtype)?;
    drawn(op, array, distribution, generator)
}

fn drawn(
    op: &'static str,
    array: Array,
    distribution: Distribution,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    distribution.check(op, array.dtype())?;
    {
        let mut generator = source(generator).lock();
        distribution.draw(&mut generator, &mut Held::take(&NONE, &&array), &array)?;
    }
    Ok(Tensor::from_array(array))
}

/// A new tensor of random numbers with the shape, strides (where they are dense) and dtype of `model`.
pub fn random_like(
    op: &'static str,
    model: &Tensor,
    distribution: Distribution,
    dtype: Option<DType>,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    let model = model.array();
    let array = zeros_like(op, &model, dtype.unwrap_or(model.dtype()))?;
    drawn(op, array, distribution, generator)
}

/// A permutation of `0..n`.
pub fn randperm(n: i64, dtype: DType, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "randperm";
    let array = Array::zeros(OP, &sizes(OP, &[n])?, dtype.supported(OP)?)?;
    {
        let mut generator = source(generator).lock();
        with_element!(dtype, T => fill_new::<T>(&array, |out| generator.permutation(out)))?;
    }
    Ok(Tensor::from_array(array))
}

// ---- with tensors as parameters --------------------------------------------------------------------------------------

/// A random result: its parameters have gradient zero, as in PyTorch.
struct Drawn(&'static str);

impl Op for Drawn {
    fn name(&self) -> &str {
        self.0
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        for input in 0..cx.inputs() {
            if cx.needs(input) {
                let zeros = Array::full(self.0, &grad.shape(), Scalar::Int(0), grad.dtype())?;
                cx.put(input, Tensor::from_array(zeros));
            }
        }
        Ok(())
    }
}

#[track_caller]
fn finish(node: &'static str, inputs: &[&Operand], output: Tensor) -> Result<Tensor> {
    if is_recorded(inputs) {
        return record(Drawn(node), inputs, &[], output.array());
    }
    Ok(output)
}

/// Draws ones with the probabilities of a tensor into `array`, whose exclusive state is held.
fn bernoulli_into(generator: &mut Generator, held: &mut Held<'_>, array: &Array, probabilities: &Array) -> Result<()> {
    const OP: &str = "bernoulli_";
    if !probabilities.dtype().is_float() {
        return Err(Error::not_implemented(
            OP,
            format!(
                "\"bernoulli_tensor_cpu_p_\" not implemented for '{}': drawing with them",
                torch_name(probabilities.dtype())
            ),
        ));
    }
    // In the order in which the elements are drawn.
    let like = probabilities.expand(array.shape());
    let like = like.permute(&drawing_order(array)).to_dtype_contiguous(OP, probabilities.dtype())?;
    with_element!(float like.dtype(), P => {
        let given = like.to_vec::<P>();
        with_element!(array.dtype(), T => fill::<T>(held, array, |out| generator.bernoulli_each(out, &given)))
    })
}

/// Ones with the probability that each element of `input` is, else zeros.
#[track_caller]
pub fn bernoulli(input: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "bernoulli";
    let operand = input.operand()?;
    let array = zeros_like(OP, &operand.array, operand.array.dtype())?;
    // The probabilities are read first: nobody else sees the output, and one state is held at a time.
    let probabilities = operand.array.duplicate(OP)?;
    bernoulli_into(&mut source(generator).lock(), &mut Held::take(&NONE, &&array), &array, &probabilities)?;
    finish("BernoulliBackward0", &[&operand], Tensor::from_array(array))
}

/// Ones with probability `p`, in the shape and dtype of `input`.
#[track_caller]
pub fn bernoulli_with(input: &Tensor, p: f64, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "bernoulli";
    let operand = input.operand()?;
    let result = random_like(OP, input, Distribution::Bernoulli(p), None, generator)?;
    if is_recorded(&[&operand]) {
        return record(NotDifferentiable::of(OP), &[&operand], &[], result.array());
    }
    Ok(result)
}

/// Overwrites a tensor with ones of the probabilities of another, which is broadcast to it.
#[track_caller]
pub fn bernoulli_each_(target: &Tensor, p: &Tensor, generator: Option<&SharedGenerator>) -> Result<()> {
    const OP: &str = "bernoulli_";
    let (target, operand) = (&Target::new(target, true)?, p.operand()?);
    let (shape, given) = (target.array().shape(), &operand.array);
    if !shape::broadcasts_to(given.shape(), shape) {
        return Err(Error::runtime(
            OP,
            format!(
                "The expanded size of the tensor must match the existing size: p of shape {:?} does not broadcast to {:?}",
                given.shape(),
                shape
            ),
        ));
    }
    // A copy: the target may be the tensor itself.
    let probabilities = given.duplicate(OP)?;
    let write = Write { others: &[&operand], ..Write::new(OP, target) };
    write
        .run(
            || Overwritten("BernoulliBackward1"),
            &[],
            |held, array| bernoulli_into(&mut source(generator).lock(), held, array, &probabilities),
        )
        .map(drop)
}

/// Normal numbers whose mean, standard deviation or both are tensors (broadcast against each other).
#[track_caller]
pub fn normal(mean: Arg<'_>, std: Arg<'_>, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "normal";
    let operand = |arg: Arg<'_>| match arg {
        Arg::Tensor(tensor) => tensor.operand().map(Some),
        Arg::Scalar(_) => Ok(None),
    };
    let (means, stds) = (operand(mean)?, operand(std)?);
    if let Some(stds) = &stds
        && stds.array.numel() > 0
    {
        let least = reduce::extreme(&Tensor::from_array(stds.array.clone()), false, None, false)?.item()?.to_f64();
        // Written so that NaN passes, as it does in PyTorch.
        if least < 0.0 {
            return Err(Error::runtime(OP, format!("normal expects all elements of std >= 0.0, found {least}")));
        }
    }
    let (node, first, shape) = match (&means, &stds) {
        (Some(mean), None) => ("NormalBackward1", mean, mean.array.shape().into()),
        (None, Some(std)) => ("NormalBackward2", std, std.array.shape().into()),
        (Some(mean), Some(std)) => {
            ("NormalBackward3", mean, shape::broadcast(OP, mean.array.shape(), std.array.shape())?)
        }
        (None, None) => return Err(Error::type_(OP, "normal(): size is missing where mean and std are numbers")),
    };
    let scale = match std {
        Arg::Scalar(std) => std.to_f64(),
        Arg::Tensor(_) => 1.0,
    };
    let shape: SmallVec<[i64; 6]> = shape.iter().map(|&size| size as i64).collect();
    let noise = random(OP, &shape, Distribution::Normal(0.0, scale), first.array.dtype(), generator)?;
    let output = {
        let _off = crate::graph::no_grad();
        if let Some(stds) = &stds {
            apply_in_place(&rows::mul::ROW, &[], &noise, &[(&Tensor::from_array(stds.array.clone())).into()])?;
        }
        let shift = match (&means, mean) {
            (Some(means), _) => Some(Tensor::from_array(means.array.clone())),
            (None, Arg::Scalar(mean)) => Some(Tensor::scalar(mean, noise.dtype())?),
            (None, Arg::Tensor(_)) => None,
        };
        if let Some(shift) = shift {
            apply_in_place(&rows::add::ROW, &[], &noise, &[(&shift).into()])?;
        }
        noise
    };
    let inputs: SmallVec<[&Operand; 2]> = [&means, &stds].into_iter().flatten().collect();
    finish(node, &inputs, output)
}

/// A Poisson number for each rate.
#[track_caller]
pub fn poisson(input: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "poisson";
    let operand = input.operand()?;
    let dtype = operand.array.dtype();
    if !dtype.is_float() {
        return Err(Error::not_implemented(
            OP,
            format!("\"poisson_cpu\" not implemented for '{}': drawing them", torch_name(dtype)),
        ));
    }
    let output = Array::zeros(OP, operand.array.shape(), dtype)?;
    with_element!(float dtype, T => {
        let rates: Vec<T> = operand.array.to_vec();
        let mut generator = source(generator).lock();
        fill_new::<T>(&output, |out| generator.poisson(out, &rates))
    })?;
    finish("PoissonBackward0", &[&operand], Tensor::from_array(output))
}

/// `samples` positions drawn with the weights of a vector (or of each row of a matrix), each at most once unless with
/// `replacement`.
pub fn multinomial(
    input: &Tensor,
    samples: i64,
    replacement: bool,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    const OP: &str = "multinomial";
    let array = input.array();
    if !(1..=2).contains(&array.rank()) {
        return Err(Error::runtime(OP, format!("prob_dist must be 1 or 2 dim, got {}", array.rank())));
    }
    if !array.dtype().is_float() {
        return Err(Error::runtime(
            OP,
            format!("multinomial only supports floating-point dtypes for input, got: {}", torch_name(array.dtype())),
        ));
    }
    if samples <= 0 {
        return Err(Error::runtime(OP, format!("cannot sample n_sample <= 0 samples, got {samples}")));
    }
    let mut shape: Shape = array.shape().into();
    let categories = std::mem::replace(&mut shape[array.rank() - 1], samples as usize);
    let output = Array::zeros(OP, &shape, DType::I64)?;
    with_element!(float array.dtype(), T => {
        let weights: Vec<T> = array.to_vec();
        let mut generator = source(generator).lock();
        fill_new::<i64>(&output, |out| generator.multinomial(out, &weights, categories, samples as usize, replacement))
    })?;
    Ok(Tensor::from_array(output))
}
