//! Random tensors and random changes in place. The numbers are those of PyTorch's CPU generator, drawn in its order:
//! row-major for contiguous tensors, in the order of memory for others.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use parking_lot::MutexGuard;
use smallvec::{SmallVec, smallvec};

use super::creation::{sizes, zeros_like};
use super::elementwise::{Arg, apply_in_place};
use super::views::{self, ViewOp};
use super::write::{self, NOT_DIFFERENTIABLE, Reads, Writing, not_differentiable};
use super::{batching, copy, joining, levels, reduce, rows};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::level::{Level, Randomness, batches, below};
use crate::graph::node::Backward;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::transform::{Batch, Part, Tangents};
use crate::graph::{Modes, call, modes};
use crate::kernels::In;
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::element::Element;
use crate::launch::{Held, NONE};
use crate::random::{self, Generator, RandomElement, RandomFloat, SharedGenerator, default_generator};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;
use crate::with_element;

pub(super) fn source(generator: Option<&SharedGenerator>) -> &SharedGenerator {
    generator.unwrap_or_else(|| default_generator())
}

/// A generator as an attribute of an operation.
#[derive(Clone)]
pub(super) struct Stream(SharedGenerator);

impl Stream {
    pub(super) fn of(generator: Option<&SharedGenerator>) -> Self {
        Self(source(generator).clone())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Generator> {
        random::lock(&self.0)
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

// ---- under a batch ---------------------------------------------------------------------------------------------------

/// Refuses to draw under a batch that does not say what its examples get.
fn check_allowed(op: &'static str) -> Result<()> {
    if !modes().any(Modes::LIFTED) || batches().iter().all(|(_, _, randomness)| *randomness != Randomness::Error) {
        return Ok(());
    }
    Err(Error::runtime(
        op,
        "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' \
         randomness flags on vmap or perform the randomness operation out of vmap",
    ))
}

/// What `draw` makes, for each example of a batch whose examples get different numbers.
#[track_caller]
pub(super) fn for_each_example(op: &'static str, draw: &dyn Fn() -> Result<Tensor>) -> Result<Tensor> {
    if !modes().any(Modes::LIFTED) {
        return draw();
    }
    check_allowed(op)?;
    let Some(&(level, size, randomness)) = batches().first() else { return draw() };
    below(level, || {
        if randomness == Randomness::Same {
            return for_each_example(op, draw).map(|same| (same, false));
        }
        let each: Result<Vec<Tensor>> = (0..size).map(|_| for_each_example(op, draw)).collect();
        Ok((joining::stack(&each?, 0)?, true))
    })
    .and_then(|(drawn, differ)| if differ { Tensor::new_batched(level, drawn, 0) } else { Ok(drawn) })
}

/// An operation that draws, on tensors some of which may be those of a batch.
#[track_caller]
pub(super) fn drawn_by<O: Op + Clone + PartialEq + fmt::Debug>(
    name: &'static str,
    op: O,
    inputs: &[&Tensor],
) -> Result<Tensor> {
    if !modes().any(Modes::LIFTED) {
        return call(op, inputs);
    }
    check_allowed(name)?;
    if !inputs.iter().any(|input| input.is_batched()) {
        let mut own: SmallVec<[Tensor; 2]> = inputs.iter().map(|input| (*input).clone()).collect();
        own[0] = repeated(&own[0])?;
        return call(op, &own.iter().collect::<SmallVec<[&Tensor; 2]>>());
    }
    refuse_same(name)?;
    call(op, inputs)
}

/// Where examples of batches get the same numbers, nothing that differs between them may be drawn from.
fn refuse_same(op: &'static str) -> Result<()> {
    if batches().iter().any(|(_, _, randomness)| *randomness == Randomness::Same) {
        return Err(Error::runtime(op, "Vmap does not currently support same randomness with a batched tensor input"));
    }
    Ok(())
}

/// What is the same for all examples, as a batch of it for every batch whose examples get different numbers.
fn repeated(input: &Tensor) -> Result<Tensor> {
    let mut repeated = input.clone();
    for &(level, size, randomness) in batches().iter().rev() {
        if randomness == Randomness::Different {
            let whole = below(level, || batching::front(&Part { tensor: repeated, axis: None }, size))?;
            repeated = levels::batched(&whole, 0, level)?;
        }
    }
    Ok(repeated)
}

// ---- memory ----------------------------------------------------------------------------------------------------------

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
    if array.is_meta() {
        return Ok(());
    }
    let ordered = array.permute(&drawing_order(array));
    if ordered.is_contiguous() {
        return held.launch(NONE, &ordered, |[], mut out| draw(out.as_slice().expect("a dense array of this dtype")));
    }
    let mut values = vec![T::default(); ordered.numel()];
    draw(&mut values)?;
    let (shape, strides) = (ordered.shape(), shape::contiguous_strides(ordered.shape()));
    held.launch(NONE, &ordered, |[], out| copy_elements(In::of(&values, shape, &strides), out));
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
        let has_parts = dtype.is_complex() && matches!(self, Self::Uniform(..) | Self::Normal(..));
        if dtype.is_float() || has_parts || !(self.is_continuous() || dtype.is_complex()) {
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
        if array.dtype().is_complex() {
            // The parts share the variance.
            let of_part = match self {
                Self::Normal(mean, std) => Self::Normal(mean, std / std::f64::consts::SQRT_2),
                other => other,
            };
            return of_part.draw(generator, held, &ViewOp::AsReal.apply(array)?);
        }
        if self.is_continuous() {
            return with_element!(float array.dtype().computed_in(), T => {
                let contiguous = array.is_contiguous();
                fill::<T>(held, array, |out| self.draw_floats(generator, contiguous, out))
            });
        }
        let within = self.within(array.dtype());
        with_element!(array.dtype().computed_in(), T => fill::<T>(held, array, |out| within.draw_any(generator, out)))
    }

    /// The same among the integers that half precision counts to, which is drawn in a dtype that counts further.
    fn within(self, dtype: DType) -> Self {
        let greatest: i64 = match dtype {
            DType::F16 => 1 << 11,
            DType::BF16 => 1 << 8,
            _ => return self,
        };
        match self {
            Self::Integers => Self::IntegersFrom(0, Some(greatest + 1)),
            Self::IntegersFrom(from, None) if from != i64::MIN => Self::IntegersFrom(from, Some(greatest + 1)),
            other => other,
        }
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

/// A target overwritten with random numbers: its old value gets no gradient.
#[derive(Clone, PartialEq, Debug)]
struct Overwritten {
    distribution: Distribution,
    stream: Stream,
}

impl Op for Overwritten {
    fn name(&self) -> &str {
        self.distribution.names().1
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        write::into_copy(self, inputs)
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        Ok(())
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    /// Different numbers for each example.
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        cx.put(call(self.clone(), &[&whole])?, Some(0));
        Ok(())
    }
}

impl Writing for Overwritten {
    fn op(&self) -> &'static str {
        self.distribution.names().0
    }

    fn copy(&self, target: &Array) -> Result<Array> {
        target.duplicate(self.op())
    }

    fn reads(&self, _inputs: &Inputs<'_>, _reads: &mut Reads<'_>) -> Result<()> {
        Ok(())
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, _reads: &[&Array]) -> Result<()> {
        self.distribution.check(self.op(), target.dtype())?;
        // The generator is held while numbers are drawn and no longer: what the target was before may own host objects.
        self.distribution.draw(&mut self.stream.lock(), held, target)
    }
}

/// Refuses to write into what is the same for all examples what is to be different for each.
fn refuse_different(op: &'static str) -> Result<()> {
    if batches().iter().any(|(_, _, randomness)| *randomness == Randomness::Different) {
        return Err(Error::runtime(
            op,
            "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same \
             randomness.",
        ));
    }
    Ok(())
}

/// Overwrites a tensor with random numbers.
#[track_caller]
pub fn fill_random(target: &Tensor, distribution: Distribution, generator: Option<&SharedGenerator>) -> Result<()> {
    let op = distribution.names().0;
    if modes().any(Modes::LIFTED) && !batches().is_empty() {
        check_allowed(op)?;
        let different = batches().iter().any(|(_, _, randomness)| *randomness == Randomness::Different);
        if !target.is_batched() {
            refuse_different(op)?;
        }
        if target.is_batched() && !different {
            return copy::copy_(target, &random_like(op, target, distribution, None, generator)?);
        }
    }
    write::in_place(Overwritten { distribution, stream: Stream::of(generator) }, &[target])
}

/// A new tensor of random numbers.
#[track_caller]
pub fn random(
    op: &'static str,
    shape: &[i64],
    distribution: Distribution,
    dtype: DType,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    let shape = sizes(op, shape)?;
    drawn(op, &|examples| Array::zeros(op, &[examples, &shape].concat(), dtype), distribution, generator)
}

/// Random numbers in memory that `make` makes for so many examples: the numbers of all of them are drawn at once, as those of a
/// tensor that holds them all.
#[track_caller]
fn drawn(
    op: &'static str,
    make: &dyn Fn(&[usize]) -> Result<Array>,
    distribution: Distribution,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    let mut different: SmallVec<[(Level, usize); 2]> = SmallVec::new();
    if modes().any(Modes::LIFTED) {
        check_allowed(op)?;
        let batches = batches();
        let apart = batches.iter().rev().filter(|(_, _, randomness)| *randomness == Randomness::Different);
        different.extend(apart.map(|&(level, size, _)| (level, size)));
    }
    // Outer batches lie before inner ones, as if each level had put its own in front.
    let examples: SmallVec<[usize; 2]> = different.iter().map(|&(_, size)| size).collect();
    let array = make(&examples)?;
    distribution.check(op, array.dtype())?;
    {
        let mut generator = random::lock(source(generator));
        distribution.draw(&mut generator, &mut Held::take(&NONE, &&array), &array)?;
    }
    let mut drawn = Tensor::from_array(array);
    for &(level, _) in &different {
        drawn = levels::batched(&drawn, 0, level)?;
    }
    Ok(drawn)
}

/// A new tensor of random numbers with the shape, strides (where they are dense) and dtype of `model`.
#[track_caller]
pub fn random_like(
    op: &'static str,
    model: &Tensor,
    distribution: Distribution,
    dtype: Option<DType>,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    let model = model.array();
    let dtype = dtype.unwrap_or(model.dtype());
    let make = |examples: &[usize]| match examples {
        [] => zeros_like(op, &model, dtype),
        _ => Array::zeros(op, &[examples, model.shape()].concat(), dtype),
    };
    drawn(op, &make, distribution, generator)
}

/// A permutation of `0..n`.
pub fn randperm(n: i64, dtype: DType, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "randperm";
    let shape = sizes(OP, &[n])?;
    for_each_example(OP, &|| {
        let array = Array::zeros(OP, &shape, dtype)?;
        {
            let mut generator = random::lock(source(generator));
            with_element!(dtype.computed_in(), T => fill_new::<T>(&array, |out| generator.permutation(out)))?;
        }
        Ok(Tensor::from_array(array))
    })
}

// ---- with tensors as parameters --------------------------------------------------------------------------------------

/// What is drawn with tensors as parameters.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    /// Ones with the probability that each element is.
    Bernoulli,
    /// Ones with one probability, in the shape of a tensor.
    BernoulliWith(f64),
    /// Poisson numbers of rates.
    Poisson,
    /// Numbers of successes among counts of trials, of probabilities.
    Binomial,
    /// Normal numbers; mean and standard deviation are tensors where there is no number.
    Normal { mean: Option<Scalar>, std: Option<f64> },
}

/// Random numbers: the parameters have gradient zero, as in PyTorch, and the result has tangent zero.
#[derive(Clone, PartialEq, Debug)]
struct Drawn {
    kind: Kind,
    stream: Stream,
}

impl Op for Drawn {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Bernoulli => "BernoulliBackward0",
            Kind::BernoulliWith(_) | Kind::Binomial => NOT_DIFFERENTIABLE,
            Kind::Poisson => "PoissonBackward0",
            Kind::Normal { mean: None, std: Some(_) } => "NormalBackward1",
            Kind::Normal { mean: Some(_), .. } => "NormalBackward2",
            Kind::Normal { .. } => "NormalBackward3",
        }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![match self.kind {
            Kind::Bernoulli => self.bernoulli(&inputs[0])?,
            Kind::BernoulliWith(p) => {
                let (op, like) = ("bernoulli", &inputs[0]);
                let array = zeros_like(op, like, like.dtype())?;
                let distribution = Distribution::Bernoulli(p);
                distribution.check(op, array.dtype())?;
                distribution.draw(&mut self.stream.lock(), &mut Held::take(&NONE, &&array), &array)?;
                array
            }
            Kind::Poisson => self.poisson(&inputs[0])?,
            Kind::Binomial => self.binomial(&inputs[0], &inputs[1])?,
            Kind::Normal { mean, std } => self.normal(inputs, mean, std)?,
        }])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        match self.kind {
            Kind::BernoulliWith(_) => return not_differentiable("bernoulli"),
            Kind::Binomial => return not_differentiable("binomial"),
            _ => {}
        }
        let grad = cx.only_grad();
        for input in 0..cx.inputs() {
            if cx.needs(input) {
                let zeros = Array::full("bernoulli", &grad.shape(), Scalar::Int(0), grad.dtype())?;
                cx.put(input, Tensor::from_array(zeros));
            }
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        match self.kind {
            Kind::BernoulliWith(_) => return write::no_tangent("bernoulli"),
            Kind::Binomial => return write::no_tangent("binomial"),
            _ => {}
        }
        cx.put(0, copy::filled_like(cx.output(0), Scalar::Int(0))?)
    }

    /// Different numbers for each example.
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let parts = batching::align(cx)?;
        let given: SmallVec<[&Tensor; 2]> = parts.iter().flatten().collect();
        cx.put(call(self.clone(), &given)?, Some(0));
        Ok(())
    }
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
    if array.is_meta() {
        return Ok(());
    }
    // In the order in which the elements are drawn.
    let like = probabilities.expand(array.shape());
    let like = like.permute(&drawing_order(array)).to_dtype_contiguous(OP, probabilities.dtype())?;
    with_element!(float like.dtype().computed_in(), P => {
        let given = like.to_vec::<P>();
        with_element!(array.dtype().computed_in(), T => fill::<T>(held, array, |out| generator.bernoulli_each(out, &given)))
    })
}

impl Drawn {
    fn bernoulli(&self, probabilities: &Array) -> Result<Array> {
        const OP: &str = "bernoulli";
        let array = zeros_like(OP, probabilities, probabilities.dtype())?;
        // The probabilities are read first: nobody else sees the output, and one state is held at a time.
        let probabilities = probabilities.duplicate(OP)?;
        bernoulli_into(&mut self.stream.lock(), &mut Held::take(&NONE, &&array), &array, &probabilities)?;
        Ok(array)
    }

    fn poisson(&self, rates: &Array) -> Result<Array> {
        const OP: &str = "poisson";
        let dtype = rates.dtype();
        if !dtype.is_float() {
            return Err(Error::not_implemented(
                OP,
                format!("\"poisson_cpu\" not implemented for '{}': drawing them", torch_name(dtype)),
            ));
        }
        let output = Array::zeros(OP, rates.shape(), dtype)?;
        if output.is_meta() {
            return Ok(output);
        }
        with_element!(float dtype.computed_in(), T => {
            let rates: Vec<T> = rates.to_vec();
            let mut generator = self.stream.lock();
            fill_new::<T>(&output, |out| generator.poisson(out, &rates))
        })?;
        Ok(output)
    }

    fn binomial(&self, counts: &Array, probabilities: &Array) -> Result<Array> {
        const OP: &str = "binomial";
        let dtype = counts.dtype();
        for (name, array) in [("count", counts), ("prob", probabilities)] {
            if !array.dtype().is_float() {
                let found = torch_name(array.dtype());
                return Err(Error::value(
                    OP,
                    format!("binomial only supports floating-point dtypes for {name}, got: {found}"),
                ));
            }
        }
        if probabilities.dtype() != dtype {
            let (found, expected) = (torch_name(probabilities.dtype()), torch_name(dtype));
            return Err(Error::runtime(OP, format!("Found dtype {found} but expected {expected}")));
        }
        let shape = shape::broadcast(OP, counts.shape(), probabilities.shape())?;
        let output = Array::zeros(OP, &shape, dtype)?;
        if output.is_meta() {
            return Ok(output);
        }
        with_element!(float dtype, T => {
            let counts: Vec<T> = counts.expand(&shape).to_vec();
            let probabilities: Vec<T> = probabilities.expand(&shape).to_vec();
            let mut generator = self.stream.lock();
            fill_new::<T>(&output, |out| generator.binomial(out, &counts, &probabilities))
        })?;
        Ok(output)
    }

    fn normal(&self, inputs: &Inputs<'_>, mean: Option<Scalar>, std: Option<f64>) -> Result<Array> {
        const OP: &str = "normal";
        let _off = crate::graph::no_grad();
        let means = if mean.is_none() { inputs.get(0) } else { None };
        let stds = if std.is_none() { inputs.get(inputs.len() - 1) } else { None };
        if let Some(stds) = stds
            && stds.numel() > 0
            && !stds.is_meta()
        {
            let least = reduce::extreme(&Tensor::from_array(stds.clone()), false, None, false)?.item()?.to_f64();
            // Written so that NaN passes, as it does in PyTorch.
            if least < 0.0 {
                return Err(Error::runtime(OP, format!("normal expects all elements of std >= 0.0, found {least}")));
            }
        }
        let shape = match (means, stds) {
            (Some(means), Some(stds)) => shape::broadcast(OP, means.shape(), stds.shape())?,
            _ => inputs[0].shape().into(),
        };
        let distribution = Distribution::Normal(0.0, std.unwrap_or(1.0));
        let array = Array::zeros(OP, &shape, inputs[0].dtype())?;
        distribution.check(OP, array.dtype())?;
        distribution.draw(&mut self.stream.lock(), &mut Held::take(&NONE, &&array), &array)?;
        let noise = Tensor::from_array(array);
        if let Some(stds) = stds {
            apply_in_place(&rows::mul::ROW, &[], &noise, &[(&Tensor::from_array(stds.clone())).into()])?;
        }
        let shift = match (means, mean) {
            (Some(means), _) => Tensor::from_array(means.clone()),
            (None, mean) => Tensor::scalar(mean.unwrap_or(Scalar::Int(0)), noise.dtype())?,
        };
        apply_in_place(&rows::add::ROW, &[], &noise, &[(&shift).into()])?;
        Ok(noise.array())
    }
}

/// Ones with the probability that each element of `input` is, else zeros.
#[track_caller]
pub fn bernoulli(input: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    drawn_by("bernoulli", Drawn { kind: Kind::Bernoulli, stream: Stream::of(generator) }, &[input])
}

/// Ones with probability `p`, in the shape and dtype of `input`.
#[track_caller]
pub fn bernoulli_with(input: &Tensor, p: f64, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    drawn_by("bernoulli", Drawn { kind: Kind::BernoulliWith(p), stream: Stream::of(generator) }, &[input])
}

/// A target overwritten with ones of the probabilities that a tensor says: neither gets a gradient.
#[derive(Clone, PartialEq, Debug)]
struct OverwrittenBy {
    stream: Stream,
}

impl Op for OverwrittenBy {
    fn name(&self) -> &str {
        "BernoulliBackward1"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        write::into_copy(self, inputs)
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        Ok(())
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    /// Different numbers for each example.
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let target = batching::front(cx.input(0), cx.size())?;
        let p = batching::front_of_rank(cx.input(1), cx.size(), target.rank() - 1)?;
        cx.put(call(self.clone(), &[&target, &p])?, Some(0));
        Ok(())
    }
}

impl Writing for OverwrittenBy {
    fn op(&self) -> &'static str {
        "bernoulli_"
    }

    fn copy(&self, target: &Array) -> Result<Array> {
        target.duplicate(self.op())
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (shape, given) = (inputs[0].shape(), &inputs[1]);
        if !shape::broadcasts_to(given.shape(), shape) {
            return Err(Error::runtime(
                self.op(),
                format!(
                    "The expanded size of the tensor must match the existing size: p of shape {:?} does not broadcast to {shape:?}",
                    given.shape()
                ),
            ));
        }
        // A copy: the target may be the tensor itself.
        reads.apart(given.duplicate(self.op())?)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        // A copy of its own, because its memory is read while that of the target is held.
        bernoulli_into(&mut self.stream.lock(), held, target, reads[0])
    }
}

/// Overwrites a tensor with ones of the probabilities of another, which is broadcast to it.
#[track_caller]
pub fn bernoulli_each_(target: &Tensor, p: &Tensor, generator: Option<&SharedGenerator>) -> Result<()> {
    const OP: &str = "bernoulli_";
    if modes().any(Modes::LIFTED) && !batches().is_empty() {
        check_allowed(OP)?;
        if p.is_batched() {
            refuse_same(OP)?;
        } else if !target.is_batched() {
            refuse_different(OP)?;
        } else if batches().iter().all(|(_, _, randomness)| *randomness == Randomness::Same) {
            let p = views::broadcast_to(p, &target.shape())?;
            return copy::copy_(target, &bernoulli(&p, generator)?);
        }
    }
    write::in_place(OverwrittenBy { stream: Stream::of(generator) }, &[target, p])
}

/// Normal numbers whose mean, standard deviation or both are tensors (broadcast against each other).
#[track_caller]
pub fn normal(mean: Arg<'_>, std: Arg<'_>, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "normal";
    let (number, scale) = match (mean, std) {
        (Arg::Scalar(_), Arg::Scalar(_)) => {
            return Err(Error::type_(OP, "normal(): size is missing where mean and std are numbers"));
        }
        (Arg::Scalar(mean), Arg::Tensor(_)) => (Some(mean), None),
        (Arg::Tensor(_), Arg::Scalar(std)) => (None, Some(std.to_f64())),
        (Arg::Tensor(_), Arg::Tensor(_)) => (None, None),
    };
    let mut inputs: SmallVec<[&Tensor; 2]> = SmallVec::new();
    for arg in [mean, std] {
        if let Arg::Tensor(tensor) = arg {
            inputs.push(tensor);
        }
    }
    drawn_by(OP, Drawn { kind: Kind::Normal { mean: number, std: scale }, stream: Stream::of(generator) }, &inputs)
}

/// A Poisson number for each rate.
#[track_caller]
pub fn poisson(input: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    drawn_by("poisson", Drawn { kind: Kind::Poisson, stream: Stream::of(generator) }, &[input])
}

/// The number of successes among each count of trials of a probability (broadcast against each other).
#[track_caller]
pub fn binomial(count: &Tensor, prob: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    drawn_by("binomial", Drawn { kind: Kind::Binomial, stream: Stream::of(generator) }, &[count, prob])
}

/// `samples` positions drawn with the weights of a vector (or of each row of a matrix), each at most once unless with
/// `replacement`.
pub fn multinomial(
    input: &Tensor,
    samples: i64,
    replacement: bool,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    drawn_by("multinomial", Choices { samples, replacement, stream: Stream::of(generator) }, &[input])
}

/// Positions drawn with weights: no gradient goes through them.
#[derive(Clone, PartialEq, Debug)]
struct Choices {
    samples: i64,
    replacement: bool,
    stream: Stream,
}

impl Op for Choices {
    fn name(&self) -> &str {
        NOT_DIFFERENTIABLE
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "multinomial";
        let (array, samples) = (&inputs[0], self.samples);
        if !(1..=2).contains(&array.rank()) {
            return Err(Error::runtime(OP, format!("prob_dist must be 1 or 2 dim, got {}", array.rank())));
        }
        if !array.dtype().is_float() {
            return Err(Error::runtime(
                OP,
                format!(
                    "multinomial only supports floating-point dtypes for input, got: {}",
                    torch_name(array.dtype())
                ),
            ));
        }
        if samples <= 0 {
            return Err(Error::runtime(OP, format!("cannot sample n_sample <= 0 samples, got {samples}")));
        }
        let mut shape: Shape = array.shape().into();
        let categories = std::mem::replace(&mut shape[array.rank() - 1], samples as usize);
        let output = Array::zeros(OP, &shape, DType::I64)?;
        if output.is_meta() {
            return Ok(smallvec![output]);
        }
        with_element!(float array.dtype().computed_in(), T => {
            let weights: Vec<T> = array.to_vec();
            let mut generator = self.stream.lock();
            fill_new::<i64>(&output, |out| {
                generator.multinomial(out, &weights, categories, samples as usize, self.replacement)
            })
        })?;
        Ok(smallvec![output])
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        not_differentiable("multinomial")
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    /// The rows of all examples in one matrix.
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let mut shape = whole.shape();
        if shape.len() != 3 {
            cx.put(call(self.clone(), &[&whole])?, Some(0));
            return Ok(());
        }
        let chosen = call(self.clone(), &[&views::flatten(&whole, 0, 1)?])?;
        shape[2] = self.samples as usize;
        cx.put(views::reshape_to(&chosen, &shape)?, Some(0));
        Ok(())
    }
}
