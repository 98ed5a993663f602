//! Memory filled with draws: new tensors, and changes in place.

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::examples::{check_allowed, for_each_example};
use super::stream::{Stream, source};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::level::{Level, Randomness, batches};
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{Modes, call, modes};
use crate::kernels::In;
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::element::Element;
use crate::launch::{Held, NONE};
use crate::ops::creation::{sizes, zeros_like};
use crate::ops::views::ViewOp;
use crate::ops::writing::copy;
use crate::ops::writing::write::{self, Reads, Writing};
use crate::ops::{batching, levels};
use crate::random::{self, Generator, RandomElement, RandomFloat, SharedGenerator};
use crate::shape;
use crate::tensor::Tensor;
use crate::with_element;

/// Axes in the order in which PyTorch draws: as they are for a contiguous array, else the greatest stride first.
pub(super) fn drawing_order(array: &Array) -> SmallVec<[usize; 6]> {
    let mut axes: SmallVec<[usize; 6]> = (0..array.rank()).collect();
    if !array.is_contiguous() {
        axes.sort_by_key(|&axis| Reverse(array.strides()[axis].unsigned_abs()));
    }
    axes
}

/// Fills an array whose exclusive state is held with what `draw` puts into a slice. An error leaves everything as it was.
pub(super) fn fill<T: Element>(
    held: &mut Held<'_>,
    array: &Array,
    draw: impl FnOnce(&mut [T]) -> Result<()>,
) -> Result<()> {
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
pub(in crate::ops) fn fill_new<T: Element>(array: &Array, draw: impl FnOnce(&mut [T]) -> Result<()>) -> Result<()> {
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

    pub(super) fn check(self, op: &'static str, dtype: DType) -> Result<()> {
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
    pub(super) fn draw(self, generator: &mut Generator, held: &mut Held<'_>, array: &Array) -> Result<()> {
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
pub(super) fn refuse_different(op: &'static str) -> Result<()> {
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
pub(super) fn drawn(
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
