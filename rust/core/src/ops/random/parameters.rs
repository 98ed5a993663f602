//! Draws whose parameters are tensors: `bernoulli`, `normal`, `poisson`, `binomial`, `multinomial`.

use smallvec::{SmallVec, smallvec};

use super::examples::{check_allowed, drawn_by, refuse_same};
use super::fills::{Distribution, drawing_order, fill, fill_new, refuse_different};
use super::stream::Stream;
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::level::{Randomness, batches};
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{Modes, call, modes};
use crate::launch::{Held, NONE};
use crate::ops::creation::zeros_like;
use crate::ops::elementwise::{Arg, apply_in_place};
use crate::ops::reductions::reduce;
use crate::ops::views;
use crate::ops::writing::copy;
use crate::ops::writing::write::{self, NOT_DIFFERENTIABLE, Reads, Writing, not_differentiable};
use crate::ops::{batching, rows};
use crate::random::{Generator, SharedGenerator};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;
use crate::with_element;

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
