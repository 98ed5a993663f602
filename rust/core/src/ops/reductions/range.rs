//! Sums, means, norms and deviations whose terms leave the range of their dtype, though the result does not.
//!
//! The usual loops compute with the numbers as they are. Their result tells when that was not enough: it is not finite,
//! or so small that squares may have vanished. Only then is the input read again, scaled into the middle of the range.

use smallvec::smallvec;

use super::axes::{self, Mask, reduce_and, reduce_array};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{Modes, call, modes, no_grad};
use crate::kernels::Out;
use crate::kernels::element::Element;
use crate::kernels::reduce::Reduction;
use crate::launch::{NONE, launch};
use crate::ops::elementwise::{elementwise, select};
use crate::ops::writing::copy;
use crate::ops::{batching, views};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::with_element;

elementwise! {
    /// `g · (x / norm)`, 0 where the norm is 0: the gradient of a norm, which lies in range wherever it is.
    unit_slope(x, norm, g)[] "UnitSlopeBackward0" real in 0.5..3.0 {
        value: R::select(norm.clone().eq(norm.int(0)), norm.int(0), g * (x / norm)),
        x(h, norm, g): R::select(norm.clone().eq(h.int(0)), h.int(0), h.clone() * (g / norm)),
        norm(h, x, norm, g): R::select(
            norm.clone().eq(h.int(0)),
            h.int(0),
            -h.clone() * ((x / norm.clone()) * (g / norm)),
        ),
        g(h, x, norm): R::select(norm.clone().eq(h.int(0)), h.int(0), h.clone() * (x / norm)),
    }

    /// `g` with the sign of `x`, 0 where that is 0: the gradient of a sum or an extreme of absolute values.
    signed(g, x)[] "SignedBackward0" real in -3.0..3.0 {
        value: with_sign_of(g, x),
        g(h, x): with_sign_of(h, x),
        x(h): h.zero(),
    }
}

/// Factor by which huge terms are made smaller: 2⁶⁰ of the greatest have a sum, and what it rounds away is far below the
/// last digit of the terms for which it is there.
const SHRINK: f64 = 1.0 / (1u64 << 60) as f64;

/// Elements that are looked at together, without branches.
const GROUP: usize = 64;

/// Whether `test` holds for one of `values`.
fn any_of<T: Element>(values: &[T], test: impl Fn(T) -> bool) -> bool {
    values.chunks(GROUP).any(|group| group.iter().fold(false, |found, &value| found | test(value)))
}

/// Whether `test` holds for an element of a contiguous array.
fn any<T: Element>(array: &Array, test: impl Fn(T) -> bool) -> bool {
    if array.is_meta() {
        return false;
    }
    launch(array, NONE, |array, []| any_of(array.as_slice::<T>().expect("results are dense"), test))
}

/// Whether all elements of a contiguous array of floats are finite.
pub(in crate::ops) fn is_finite(array: &Array) -> bool {
    !with_element!(float array.dtype().computed_in(), T => any::<T>(array, |value| !value.is_finite()))
}

/// Whether all results of a sum are finite; of half precision, which has to be widened first, it is not known here.
pub(super) fn are_finite([sums]: &mut [Out<'_>; 1], dtype: DType) -> bool {
    with_element!(float dtype.computed_in(), T => {
        sums.as_slice::<T>().is_none_or(|sums| !any_of(sums, |value| !value.is_finite()))
    })
}

/// The least sum of `n` squares or other powers of which none that counts can have vanished: each is wrong by half the
/// least number above 0 at most, all of them by less than the last digit of this.
fn least_sum(n: usize, dtype: DType) -> f64 {
    let smallest = if dtype.computed_in() == DType::F32 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
    smallest * n as f64
}

/// What is reduced: the elements of `array` along the axes of `mask`.
pub(in crate::ops) struct Lines<'a> {
    pub op: &'static str,
    pub array: &'a Array,
    pub mask: &'a Mask,
    /// Whether the result keeps the reduced axes.
    pub keep: bool,
}

impl Lines<'_> {
    /// What is reduced, in the dtype that it is computed in.
    fn tensor(&self) -> Result<Tensor> {
        let dtype = self.array.dtype().computed_in();
        Ok(Tensor::from_array(if dtype == self.array.dtype() {
            self.array.clone()
        } else {
            self.array.cast(self.op, dtype)?
        }))
    }

    fn least_sum(&self) -> f64 {
        least_sum(axes::count(self.array.shape(), self.mask), self.array.dtype())
    }

    /// The greatest magnitude of each line (or, with `least`, the least), to divide it by: 1 where there is none, and
    /// where the line is `usual`. The reduced axes are kept. `None` where nothing needs it.
    fn scales(&self, least: bool, usual: &Tensor) -> Result<Option<Tensor>> {
        let reduction = if least { Reduction::MinAbs } else { Reduction::MaxAbs };
        let [scale] =
            reduce_array(self.op, reduction, self.array, self.mask, true, [self.array.dtype().computed_in()])?;
        let scale = Tensor::from_array(scale);
        let plain = axes::restore_axes(usual, self.array.shape(), self.mask)?
            .logical_or(&scale.eq(0.0)?)?
            .logical_or(&scale.isfinite()?.logical_not()?)?;
        if self.array.is_meta() || plain.all()?.item()?.to_bool() {
            return Ok(None);
        }
        select::where_(&plain, Scalar::Int(1).into(), (&scale).into()).map(Some)
    }

    /// The reduction of the lines divided by their scales, and the scales in the shape of the results.
    fn scaled<const OUTPUTS: usize>(&self, reduction: Reduction, scale: &Tensor) -> Result<([Array; OUTPUTS], Tensor)> {
        let terms = self.tensor()?.div(scale)?.array();
        let dtypes = [self.array.dtype().computed_in(); OUTPUTS];
        let results = reduce_array(self.op, reduction, &terms, self.mask, self.keep, dtypes)?;
        let scale = views::reshape_to(scale, results[0].shape())?;
        Ok((results, scale))
    }

    /// A sum or a mean in a dtype of floats, computed again from smaller terms where it is not finite.
    pub fn sum(&self, reduction: Reduction, dtype: DType) -> Result<Array> {
        // While the state of the results is held anyway.
        let look = |sums: &mut [Out<'_>; 1]| are_finite(sums, dtype);
        let ([result], usual) = reduce_and(self.op, reduction, self.array, self.mask, self.keep, [dtype], look)?;
        if usual && (!dtype.is_half() || is_finite(&result)) {
            return Ok(result);
        }
        let _off = no_grad();
        let terms = self.tensor()?.mul(SHRINK)?.array();
        let [again] = reduce_array(self.op, reduction, &terms, self.mask, self.keep, [dtype])?;
        let again = Tensor::from_array(again).mul(1.0 / SHRINK)?;
        let result = Tensor::from_array(result);
        Ok(select::where_(&result.isfinite()?, (&result).into(), (&again).into())?.array())
    }

    /// The p-norms whose sums of powers are `sums`; `root` takes the p-th root. Of a negative p the `least` elements
    /// decide.
    pub fn norm(
        &self,
        reduction: Reduction,
        least: bool,
        sums: Array,
        root: impl Fn(Array) -> Result<Array>,
    ) -> Result<Array> {
        let enough = self.least_sum();
        let lost = with_element!(float sums.dtype().computed_in(), T => {
            let enough = enough as T;
            any::<T>(&sums, |sum| (sum < enough) | (sum == T::INFINITY))
        });
        if !lost {
            return root(sums);
        }
        let _off = no_grad();
        let given = Tensor::from_array(sums.clone());
        let lost = given.lt(enough)?.logical_or(&given.eq(f64::INFINITY)?)?;
        let Some(scale) = self.scales(least, &lost.logical_not()?)? else { return root(sums) };
        let ([sums], scale) = self.scaled(reduction, &scale)?;
        Ok(Tensor::from_array(root(sums)?).mul(&scale)?.array())
    }

    /// Variance or standard deviation of `f64`, with the mean, of which some may have been lost: `f32` is computed in
    /// `f64`, where its squares have room.
    pub fn moments(&self, reduction: Reduction, [moment, mean]: [Array; 2]) -> Result<[Array; 2]> {
        let standard = matches!(reduction, Reduction::Std { .. });
        let enough = if standard { self.least_sum().sqrt() } else { self.least_sum() };
        let lost = self.array.dtype() == DType::F64
            && (any::<f64>(&moment, |value| !((value >= enough) & value.is_finite()))
                || any::<f64>(&mean, |value| !value.is_finite()));
        if !lost {
            return Ok([moment, mean]);
        }
        let _off = no_grad();
        let [old, old_mean] = [&moment, &mean].map(|array| Tensor::from_array(array.clone()));
        let usual = old.ge(enough)?.logical_and(&old.isfinite()?)?.logical_and(&old_mean.isfinite()?)?;
        let Some(scale) = self.scales(false, &usual)? else { return Ok([moment, mean]) };
        let (results, scale) = self.scaled(reduction, &scale)?;
        let [moment, mean] = results.map(Tensor::from_array);
        // One factor after the other: their product may have no room where that of all three has.
        let moment = if standard { moment.mul(&scale)? } else { moment.mul(&scale)?.mul(&scale)? };
        Ok([moment.array(), mean.mul(&scale)?.array()])
    }
}

/// A constant per fresh result by which to multiply what is reduced where the result is infinite, 1 elsewhere; `None` where
/// none is.
pub(in crate::ops) fn shrink(result: &Tensor) -> Result<Option<Tensor>> {
    if modes().any(Modes::TRANSFORMS) {
        // Nobody looks: where all is in range, all factors are 1.
        return call(Shrink, &[result]).map(Some);
    }
    shrink_array(&result.array())
}

fn shrink_array(array: &Array) -> Result<Option<Tensor>> {
    if !with_element!(float array.dtype().computed_in(), T => any::<T>(array, T::is_infinite)) {
        return Ok(None);
    }
    let _off = no_grad();
    let infinite = Tensor::from_array(array.clone()).isinf()?;
    let factor = select::where_(&infinite, SHRINK.into(), 1.0.into())?;
    copy::to_dtype(&factor, array.dtype()).map(Some)
}

/// A factor per line by which `x` is multiplied so that the fresh means of its `squares`, with the reduced axes kept, neither
/// overflow nor vanish next to `eps`; `None` where all are in range. The factors are constants: what is computed from
/// `x` times them and does not depend on them has the gradients of `x`.
pub(in crate::ops) fn balance(x: &Tensor, mask: &Mask, squares: &Tensor, eps: f64) -> Result<Option<Tensor>> {
    if modes().any(Modes::TRANSFORMS) {
        return call(Balance { mask: mask.clone(), eps }, &[x, squares]).map(Some);
    }
    balance_arrays(&x.array(), mask, &squares.array(), eps)
}

fn balance_arrays(x: &Array, mask: &Mask, squares: &Array, eps: f64) -> Result<Option<Tensor>> {
    let lines = Lines { op: "norm", array: x, mask, keep: true };
    let least = lines.least_sum();
    let enough = if eps < least { least } else { 0.0 };
    let found = with_element!(float squares.dtype().computed_in(), T => {
        let enough = enough as T;
        any::<T>(squares, |square| (square == T::INFINITY) | (square < enough))
    });
    if !found {
        return Ok(None);
    }
    let _off = no_grad();
    let squares = Tensor::from_array(squares.clone());
    let lost = squares.eq(f64::INFINITY)?.logical_or(&squares.lt(enough)?)?;
    let Some(scale) = lines.scales(false, &lost.logical_not()?)? else { return Ok(None) };
    // Where `eps` outweighs the squares, its square root is the scale.
    let factor = scale.maximum(eps.max(0.0).sqrt())?.reciprocal()?;
    let greatest = if x.dtype() == DType::F32 { f64::from(f32::MAX) } else { f64::MAX };
    factor.minimum(greatest).map(Some)
}

/// The factors, or 1 for each of what they would be for.
fn or_ones(factors: Option<Tensor>, like: &Array) -> Result<Arrays> {
    Ok(smallvec![match factors {
        Some(factors) => factors.array(),
        None => Array::full("norm", like.shape(), Scalar::Int(1), like.dtype())?,
    }])
}

/// [`shrink`] as an operation.
#[derive(Clone, PartialEq, Debug)]
struct Shrink;

impl Op for Shrink {
    fn name(&self) -> &str {
        "Shrink"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        or_ones(shrink_array(&inputs[0])?, &inputs[0])
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn jvp(&self, _: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = cx.input(0).clone();
        cx.put(call(Self, &[&part.tensor])?, part.axis);
        Ok(())
    }
}

/// [`balance`] as an operation.
#[derive(Clone, PartialEq, Debug)]
struct Balance {
    mask: Mask,
    eps: f64,
}

impl Op for Balance {
    fn name(&self) -> &str {
        "Balance"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        or_ones(balance_arrays(&inputs[0], &self.mask, &inputs[1], self.eps)?, &inputs[1])
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn jvp(&self, _: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let inputs = [batching::front(cx.input(0), cx.size())?, batching::front(cx.input(1), cx.size())?];
        let mask = std::iter::once(false).chain(self.mask.iter().copied()).collect();
        cx.put(call(Self { mask, eps: self.eps }, &[&inputs[0], &inputs[1]])?, Some(0));
        Ok(())
    }
}
