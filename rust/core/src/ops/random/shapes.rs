//! Gamma and Dirichlet numbers with their gradients in the shapes they are drawn with: implicit differentiation of the
//! distribution function (see `random::slopes`).

use smallvec::{SmallVec, smallvec};

use super::examples::drawn_by;
use super::fills::fill_new;
use super::stream::Stream;
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::ops::reductions::reduce;
use crate::ops::{batching, views};
use crate::random::slopes::{beta_slope, gamma_slope};
use crate::random::{RandomElement, RandomFloat, SharedGenerator};
use crate::tensor::Tensor;
use crate::with_element;

/// The smallest normal number of a dtype.
fn least(dtype: DType) -> f64 {
    if dtype == DType::F32 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE }
}

/// The greatest number below 1.
fn below_one<T: RandomFloat>() -> T {
    T::from_f64(1.0 - 0.5_f64.powi(T::DIGITS as i32))
}

/// A gamma number of scale 1 for each shape.
#[derive(Clone, PartialEq, Debug)]
struct StandardGamma {
    stream: Stream,
}

impl Op for StandardGamma {
    fn name(&self) -> &str {
        "StandardGammaBackward0"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "_standard_gamma";
        let (shapes, dtype) = (&inputs[0], inputs[0].dtype());
        if !dtype.is_float() {
            return Err(Error::no_kernel(OP, "gamma_cpu", dtype));
        }
        let output = Array::zeros(OP, shapes.shape(), dtype)?;
        if output.is_meta() {
            return Ok(smallvec![output]);
        }
        with_element!(float dtype, T => {
            let shapes: Vec<T> = shapes.to_vec();
            let mut generator = self.stream.lock();
            fill_new::<T>(&output, |out| generator.standard_gamma(out, &shapes, least(dtype)))
        })?;
        Ok(smallvec![output])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let slope = standard_gamma_grad(&cx.saved(0)?, &cx.saved(1)?)?;
        let gradient = cx.only_grad().mul(&slope)?;
        cx.put(0, gradient);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let slope = standard_gamma_grad(cx.input(0), cx.output(0))?;
        let tangent = cx.tangent_or_zeros(0)?.mul(&slope)?;
        cx.put(0, tangent)
    }

    /// Different numbers for each example.
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        cx.put(call(self.clone(), &[&whole])?, Some(0));
        Ok(())
    }
}

/// A Dirichlet vector along the last axis for each vector of shapes.
#[derive(Clone, PartialEq, Debug)]
struct SampleDirichlet {
    stream: Stream,
}

impl SampleDirichlet {
    /// How each component moves with its own shape, apart from what keeps the sum at one.
    fn slope(sample: &Tensor, shapes: &Tensor) -> Result<Tensor> {
        dirichlet_grad(sample, shapes, &views::broadcast_to(&last_sum(shapes)?, &shapes.shape())?)
    }
}

/// The sum along the last axis, which stays.
fn last_sum(tensor: &Tensor) -> Result<Tensor> {
    if tensor.rank() == 0 { Ok(tensor.clone()) } else { reduce::sum(tensor, Some(&[-1]), true, None) }
}

impl Op for SampleDirichlet {
    fn name(&self) -> &str {
        "SampleDirichletBackward0"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "_sample_dirichlet";
        let (shapes, dtype) = (&inputs[0], inputs[0].dtype());
        if !dtype.is_float() {
            return Err(Error::no_kernel(OP, "dirichlet", dtype));
        }
        let categories = shapes.shape().last().copied().unwrap_or(1);
        let output = Array::zeros(OP, shapes.shape(), dtype)?;
        if output.is_meta() {
            return Ok(smallvec![output]);
        }
        with_element!(float dtype, T => {
            let shapes: Vec<T> = shapes.to_vec();
            let mut generator = self.stream.lock();
            fill_new::<T>(&output, |out| generator.dirichlet(out, &shapes, categories, least(dtype), below_one::<T>()))
        })?;
        Ok(smallvec![output])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0)]
    }

    /// A component x = g/Σg of gamma numbers: what a shape moves, times the gradient less its mean under x.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (shapes, sample, grad) = (cx.saved(0)?, cx.saved(1)?, cx.only_grad());
        let centred = grad.sub(&last_sum(&sample.mul(&grad)?)?)?;
        cx.put(0, Self::slope(&sample, &shapes)?.mul(&centred)?);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let sample = cx.output(0);
        let moved = Self::slope(sample, cx.input(0))?.mul(&cx.tangent_or_zeros(0)?)?;
        let tangent = moved.sub(&sample.mul(&last_sum(&moved)?)?)?;
        cx.put(0, tangent)
    }

    /// Different numbers for each example.
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front_vectors(cx.input(0), cx.size())?;
        let drawn = batching::of_rank(call(self.clone(), &[&whole])?, cx.input(0).rank())?;
        cx.put(drawn, Some(0));
        Ok(())
    }
}

/// The derivatives that the gradients above read. They have none themselves.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Slope {
    /// Of a gamma number in its shape: shape, number.
    Gamma,
    /// Of a beta number in its first shape, over 1 − number: number, shape, sum of both shapes.
    Beta,
}

impl Slope {
    fn op(self) -> &'static str {
        if self == Self::Gamma { "_standard_gamma_grad" } else { "_dirichlet_grad" }
    }
}

impl Op for Slope {
    fn name(&self) -> &str {
        if *self == Self::Gamma { "StandardGammaGradBackward0" } else { "DirichletGradBackward0" }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (op, first) = (self.op(), &inputs[0]);
        let dtype = first.dtype();
        for other in inputs.iter().skip(1) {
            if other.shape() != first.shape() {
                return Err(Error::shapes(op, first.shape(), other.shape(), "expected equal shapes"));
            }
            if other.dtype() != dtype {
                let (found, expected) = (torch_name(other.dtype()), torch_name(dtype));
                return Err(Error::runtime(op, format!("expected scalar type {expected} but found {found}")));
            }
        }
        if !dtype.is_float() {
            return Err(Error::no_kernel(op, op, dtype));
        }
        let output = Array::zeros(op, first.shape(), dtype)?;
        if output.is_meta() {
            return Ok(smallvec![output]);
        }
        with_element!(float dtype, T => {
            let values: SmallVec<[Vec<T>; 3]> = inputs.iter().map(Array::to_vec).collect();
            #[allow(clippy::useless_conversion, reason = "one of the two dtypes is `f64` itself")]
            let at = |input: usize, index: usize| -> f64 { values[input][index].into() };
            fill_new::<T>(&output, |out| {
                for (i, value) in out.iter_mut().enumerate() {
                    *value = T::from_f64(match self {
                        Self::Gamma => gamma_slope(at(0, i), at(1, i)),
                        Self::Beta => beta_slope(at(0, i), at(1, i), at(2, i)),
                    });
                }
                Ok(())
            })
        })?;
        Ok(smallvec![output])
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        Err(Error::not_implemented(self.op(), format!("the derivative for '{}'", self.op())))
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let parts: SmallVec<[Tensor; 3]> =
            (0..cx.inputs()).map(|input| batching::front(cx.input(input), cx.size())).collect::<Result<_>>()?;
        let parts: SmallVec<[&Tensor; 3]> = parts.iter().collect();
        cx.put(call(*self, &parts)?, Some(0));
        Ok(())
    }
}

/// A gamma number of scale 1 for each shape; differentiable.
#[track_caller]
pub fn standard_gamma(input: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    drawn_by("_standard_gamma", StandardGamma { stream: Stream::of(generator) }, &[input])
}

/// The derivative of a gamma number `output` in the shape `input` that it was drawn with.
#[track_caller]
pub fn standard_gamma_grad(input: &Tensor, output: &Tensor) -> Result<Tensor> {
    call(Slope::Gamma, &[input, output])
}

/// A Dirichlet vector along the last axis for each vector of shapes; differentiable.
#[track_caller]
pub fn sample_dirichlet(input: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    drawn_by("_sample_dirichlet", SampleDirichlet { stream: Stream::of(generator) }, &[input])
}

/// The derivative of a Dirichlet component `x` in its shape `alpha`, over 1 − x; `total` is the sum of all shapes.
#[track_caller]
pub fn dirichlet_grad(x: &Tensor, alpha: &Tensor, total: &Tensor) -> Result<Tensor> {
    call(Slope::Beta, &[x, alpha, total])
}
