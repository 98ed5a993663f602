//! Variance and standard deviation, alone or together with the mean.

use smallvec::{SmallVec, smallvec};

use super::axes::{self, Mask, restore_axes};
use super::range::Lines;
use super::reduce::{self, binary};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call::first;
use crate::graph::call_many;
use crate::graph::op::{Arrays, Attribute, Inputs, Keep, Op, Tensors};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::reduce::Reduction;
use crate::ops::elementwise::apply;
use crate::ops::writing::copy;
use crate::ops::{batching, complex, rows, views};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::warning;

/// Variance or standard deviation, with or without the mean.
#[derive(Clone, Debug, PartialEq)]
struct Moment {
    op: &'static str,
    node: &'static str,
    /// The root of the variance.
    standard: bool,
    /// The mean as a second result.
    with_mean: bool,
    correction: f64,
    /// What the gradient is divided by: the number of elements less the correction.
    freedom: f64,
    mask: Mask,
    keep: bool,
    /// Of the input.
    shape: Shape,
}

/// The moment, and behind it the mean if it is wanted: one pass gives both.
#[track_caller]
fn moment(
    (op, node): (&'static str, &'static str),
    (standard, with_mean): (bool, bool),
    input: &Tensor,
    axes: Option<&[i64]>,
    correction: f64,
    keep: bool,
) -> Result<Tensors> {
    let own = input.dtype();
    if own.is_complex() {
        return complex_moment((op, node), (standard, with_mean), input, axes, correction, keep);
    }
    if !own.is_float() {
        return Err(Error::dtype(op, own, "std and var only support floating point and complex dtypes"));
    }
    let shape = input.shape();
    let mask = axes::mask(op, axes, shape.len())?;
    let elements = axes::count(&shape, &mask) as f64;
    if elements <= correction {
        warning::warn(op, || {
            format!(
                "{op}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input \
                 numel divided by output numel), and it is {correction} of {elements}."
            )
        })?;
    }
    // PyTorch's formulas differ: only without axes is it never negative.
    let named = axes.is_some() && !shape.is_empty();
    let freedom = if named { elements - correction } else { (elements - correction).max(0.0) };
    call_many(Moment { op, node, standard, with_mean, correction, freedom, mask, keep, shape }, &[input])
}

/// [`moment`] of complex numbers: the variances of both parts together; real. The root of their sum is that of squares, whose
/// gradient is 0 where both are.
#[track_caller]
fn complex_moment(
    names: (&'static str, &'static str),
    (standard, with_mean): (bool, bool),
    input: &Tensor,
    axes: Option<&[i64]>,
    correction: f64,
    keep: bool,
) -> Result<Tensors> {
    let part =
        |part: &Tensor| Ok::<_, Box<Error>>(first(moment(names, (standard, false), part, axes, correction, keep)?));
    let (real, imag) = (part(&complex::real(input)?)?, part(&complex::imag(input)?)?);
    let mut results: Tensors =
        smallvec![if standard { binary(&rows::hypot::ROW, &real, &imag)? } else { real.add(&imag)? }];
    if with_mean {
        results.push(reduce::mean(input, axes, keep, None)?);
    }
    Ok(results)
}

impl Moment {
    /// 2 (x − mean) / freedom for the variance v, and for its root s that divided by 2 s: 0 where all elements are
    /// equal, as PyTorch has it. `std` is that of the standard deviation.
    #[track_caller]
    fn gradient(&self, grad: &Tensor, input: &Tensor, std: Option<&Tensor>) -> Result<Tensor> {
        let grad = &restore_axes(grad, &self.shape, &self.mask)?;
        let centred = binary(&rows::sub::ROW, input, &reduce::mean_kept(input, &self.mask)?)?;
        if let Some(std) = std {
            let std = restore_axes(std, &self.shape, &self.mask)?;
            let share = binary(&rows::div::ROW, grad, self.freedom)?;
            return apply(&rows::unit_slope::ROW, &[], &[(&centred).into(), (&std).into(), (&share).into()]);
        }
        binary(&rows::mul::ROW, &binary(&rows::mul::ROW, grad, 2.0 / self.freedom)?, &centred)
    }
}

impl Op for Moment {
    #[allow(clippy::misnamed_getters, reason = "the operation's name in the graph is that of its node")]
    fn name(&self) -> &str {
        self.node
    }

    fn differentiable(&self) -> usize {
        1 + usize::from(self.with_mean)
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        axes::check_looks(self.op, array, &self.shape, &self.mask)?;
        let correction = self.correction;
        let reduction = if self.standard { Reduction::Std { correction } } else { Reduction::Var { correction } };
        let dtype: DType = array.dtype();
        if dtype.is_half() {
            let wide = self.eval(&[Some(&array.cast(self.op, DType::F32)?)].into_iter().collect())?;
            return wide.iter().map(|result| result.cast(self.op, dtype)).collect();
        }
        if dtype == DType::F32 && !self.with_mean {
            let [moment] = axes::reduce_array(self.op, reduction, array, &self.mask, self.keep, [dtype])?;
            return Ok(smallvec![moment]);
        }
        let results = axes::reduce_array(self.op, reduction, array, &self.mask, self.keep, [dtype; 2])?;
        let lines = Lines { op: self.op, array, mask: &self.mask, keep: self.keep };
        Ok(lines.moments(reduction, results)?.into_iter().take(self.differentiable()).collect())
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        if self.standard { smallvec![Keep::Input(0), Keep::Output(0)] } else { smallvec![Keep::Input(0)] }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let std = if self.standard { Some(cx.saved(1)?) } else { None };
        let moment = cx.grad(0).map(|grad| self.gradient(grad, &cx.saved(0)?, std.as_ref())).transpose()?;
        let mean = if self.with_mean { cx.grad(1) } else { None };
        let restored = |grad: &Tensor| restore_axes(grad, &self.shape, &self.mask);
        let mean = mean.map(|grad| reduce::mean_backward(&restored(grad)?, &self.shape, &self.mask)).transpose()?;
        let total = match (moment, mean) {
            (Some(moment), Some(mean)) => Some(binary(&rows::add::ROW, &moment, &mean)?),
            (moment, mean) => moment.or(mean),
        };
        if let Some(total) = total {
            cx.put(0, total);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let ones = copy::filled_like(cx.output(0), Scalar::Int(1))?;
        let std = self.standard.then(|| cx.output(0));
        let partial = self.gradient(&ones, cx.input(0), std)?;
        let terms = binary(&rows::mul::ROW, &partial, &tangent)?;
        cx.put(0, reduce::sum_over(&terms, &self.mask, self.keep)?)?;
        if self.with_mean {
            let mean = reduce::mean_kept(&tangent, &self.mask)?;
            cx.put(1, views::reshape_to(&mean, &cx.output(1).shape())?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let mut each = self.clone();
        each.mask.insert(0, false);
        each.shape = whole.shape();
        let results = call_many(each, &[&whole])?;
        cx.put_all(results, 0);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        match (self.standard, self.with_mean) {
            (false, _) => vec![("self", 0)],
            (true, false) => vec![("self", 0), ("result", 1)],
            (true, true) => vec![("self", 0), ("result0", 1)],
        }
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self_sym_sizes", Attribute::Ints(self.shape.iter().map(|&size| size as i64).collect()))]
    }
}

macro_rules! moment {
    ($($(#[doc = $doc:literal])+ $name:ident = $node:literal, $standard:literal;)+) => {$(
        $(#[doc = $doc])+
        #[track_caller]
        pub fn $name(input: &Tensor, axes: Option<&[i64]>, correction: f64, keep: bool) -> Result<Tensor> {
            let names = (stringify!($name), $node);
            Ok(first(moment(names, ($standard, false), input, axes, correction, keep)?))
        }
    )+};
}

macro_rules! moment_and_mean {
    ($($(#[doc = $doc:literal])+ $name:ident = $node:literal, $standard:literal;)+) => {$(
        $(#[doc = $doc])+
        #[track_caller]
        pub fn $name(input: &Tensor, axes: Option<&[i64]>, correction: f64, keep: bool) -> Result<Vec<Tensor>> {
            let names = (stringify!($name), $node);
            Ok(moment(names, ($standard, true), input, axes, correction, keep)?.into_vec())
        }
    )+};
}

moment! {
    /// Variance over `axes` (all if `None`), `correction` subtracted from the number of elements.
    var = "VarBackward0", false;
    /// Standard deviation, the root of [`var`].
    std = "StdBackward0", true;
}

moment_and_mean! {
    /// [`var`] and the mean of the same elements, with one node.
    var_mean = "VarMeanBackward0", false;
    /// [`std`](fn@std) and the mean of the same elements, with one node.
    std_mean = "StdMeanBackward0", true;
}
