//! Fourier transforms along axes.
//!
//! One operation, [`Transform`], is of three kinds, which are adjoints of one another and their own derivatives of every order;
//! all functions of `fft` are made of them.

mod short_time;
pub mod table;

use crate::ops::arranging::joining;
pub use short_time::{Frames, Inversion, istft, stft};

use smallvec::{SmallVec, smallvec};

use super::{batching, complex, creation, views};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Attribute, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::fourier as kernel;
use crate::launch::{NONE, launch};
use crate::ops::arranging::{padding, rearranging};
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::shape::{Shape, normalize_axis};
use crate::tensor::Tensor;

type Axes = SmallVec<[usize; 4]>;

// ---- the operation -------------------------------------------------------------------------------------------------

/// A transform of everything along axes, times a number.
#[derive(Clone, PartialEq, Debug)]
struct Transform {
    kind: Kind,
    axes: Axes,
    scale: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Of complex numbers.
    Complex { inverse: bool },
    /// Of real numbers, the last axis first: the half of that one, of so many, that says what the other half is, or all of it.
    FromReal { length: usize, half: bool },
    /// Real numbers whose transform this would be: along the last axis so many.
    ToReal { length: usize },
}

/// The complex transform of `input`, or of what `out` holds, along axes.
fn transform(axes: &[usize], inverse: bool, scale: f64, input: Option<&Array>, out: &Array) {
    match input {
        Some(input) => launch(input, out, |input, out| kernel::complex(axes, inverse, scale, Some(input), out)),
        None => launch(NONE, out, |_, out| kernel::complex(axes, inverse, scale, None, out)),
    }
}

/// The last of the axes, of which there is one.
fn split(axes: &[usize]) -> (usize, &[usize]) {
    let (&last, rest) = axes.split_last().expect("an axis to transform along");
    (last, rest)
}

/// Everything times a number, but for what is its own conjugate in the first half of a real line's transform.
fn pairs_times(factor: f64, half: &Tensor, axis: usize, length: usize) -> Result<Tensor> {
    let own = |k: usize| k == 0 || 2 * k == length;
    let weights: Vec<f64> = (0..length / 2 + 1).map(|k| if own(k) { 1.0 } else { factor }).collect();
    let mut shape: Shape = SmallVec::from_elem(1, half.rank());
    shape[axis] = weights.len();
    half.mul(&copy::to_dtype(&Tensor::from_slice(&weights, &shape)?, half.dtype().to_real())?)
}

impl Transform {
    /// The same along the same axes, but of another kind.
    fn as_kind(&self, kind: Kind, input: &Tensor) -> Result<Tensor> {
        call(Self { kind, ..self.clone() }, &[input])
    }

    fn eval_complex(&self, inverse: bool, input: &Array) -> Result<Array> {
        let out = Array::uninit("fft", input.shape(), input.dtype())?;
        if self.axes.is_empty() {
            out.copy_from(input);
        } else {
            transform(&self.axes, inverse, self.scale, Some(input), &out);
        }
        Ok(out)
    }

    fn eval_from_real(&self, of: usize, half: bool, input: &Array) -> Result<Array> {
        let (last, rest) = split(&self.axes);
        let mut shape: Shape = input.shape().into();
        if shape[last] != of {
            return Err(Error::runtime("fft", "another thread has given the input another shape meanwhile"));
        }
        if half {
            shape[last] = of / 2 + 1;
        }
        let out = Array::uninit("fft", &shape, input.dtype().to_complex())?;
        launch(input, &out, |input, out| kernel::from_real(last, self.scale, input, out));
        if !rest.is_empty() {
            transform(rest, false, 1.0, None, &out);
        }
        Ok(out)
    }

    fn eval_to_real(&self, length: usize, input: &Array) -> Result<Array> {
        let (last, rest) = split(&self.axes);
        let inner;
        let input = if rest.is_empty() {
            input
        } else {
            inner = Array::uninit("fft", input.shape(), input.dtype())?;
            transform(rest, true, 1.0, Some(input), &inner);
            &inner
        };
        let mut shape: Shape = input.shape().into();
        shape[last] = length;
        let out = Array::uninit("fft", &shape, input.dtype().to_real())?;
        launch(input, &out, |input, out| kernel::to_real(last, self.scale, input, out));
        Ok(out)
    }
}

impl Op for Transform {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Complex { .. } => "FftC2CBackward0",
            Kind::FromReal { .. } => "FftR2CBackward0",
            Kind::ToReal { .. } => "FftC2RBackward0",
        }
    }

    fn takes_complex(&self) -> bool {
        !matches!(self.kind, Kind::FromReal { .. })
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let input = &inputs[0];
        Ok(smallvec![match self.kind {
            Kind::Complex { inverse } => self.eval_complex(inverse, input)?,
            Kind::FromReal { length, half } => self.eval_from_real(length, half, input)?,
            Kind::ToReal { length } => self.eval_to_real(length, input)?,
        }])
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        let mut saved = vec![("dim", Attribute::Ints(self.axes.iter().map(|&axis| axis as i64).collect()))];
        match self.kind {
            Kind::Complex { inverse } => saved.push(("forward", Attribute::Bool(!inverse))),
            Kind::FromReal { half, .. } => saved.push(("onesided", Attribute::Bool(half))),
            Kind::ToReal { .. } => {}
        }
        saved
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let back = match self.kind {
            Kind::Complex { inverse } => self.as_kind(Kind::Complex { inverse: !inverse }, &grad)?,
            Kind::FromReal { length, half: true } => {
                let halved = pairs_times(0.5, &grad, split(&self.axes).0, length)?;
                self.as_kind(Kind::ToReal { length }, &halved)?
            }
            Kind::FromReal { half: false, .. } => {
                copy::clone_contiguous(&complex::real(&self.as_kind(Kind::Complex { inverse: true }, &grad)?)?)?
            }
            Kind::ToReal { length } => {
                let half = self.as_kind(Kind::FromReal { length, half: true }, &grad)?;
                pairs_times(2.0, &half, split(&self.axes).0, length)?
            }
        };
        cx.put(0, back);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let axes = self.axes.iter().map(|axis| axis + 1).collect();
        cx.put(call(Self { axes, ..self.clone() }, &[&whole])?, Some(0));
        Ok(())
    }
}

#[track_caller]
fn of_complex(input: &Tensor, axes: Axes, inverse: bool, scale: f64) -> Result<Tensor> {
    call(Transform { kind: Kind::Complex { inverse }, axes, scale }, &[input])
}

#[track_caller]
fn from_real(input: &Tensor, axes: Axes, half: bool, scale: f64) -> Result<Tensor> {
    let length = input.shape()[split(&axes).0];
    call(Transform { kind: Kind::FromReal { length, half }, axes, scale }, &[input])
}

#[track_caller]
fn to_real(input: &Tensor, axes: Axes, length: usize, scale: f64) -> Result<Tensor> {
    call(Transform { kind: Kind::ToReal { length }, axes, scale }, &[input])
}

// ---- what is asked of arguments ------------------------------------------------------------------------------------

/// What a transform and its inverse are multiplied by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Norm {
    /// The inverse by 1/n.
    Backward,
    /// Both by 1/√n.
    Ortho,
    /// The transform by 1/n.
    Forward,
}

impl Norm {
    /// By PyTorch's word.
    pub fn of(op: &'static str, word: Option<&str>) -> Result<Self> {
        match word {
            None | Some("backward") => Ok(Self::Backward),
            Some("ortho") => Ok(Self::Ortho),
            Some("forward") => Ok(Self::Forward),
            Some(other) => Err(Error::runtime(op, format!("Invalid normalization mode: \"{other}\""))),
        }
    }

    fn scale(self, inverse: bool, points: f64) -> f64 {
        match self {
            Self::Ortho => points.sqrt().recip(),
            Self::Forward if !inverse => points.recip(),
            Self::Backward if inverse => points.recip(),
            _ => 1.0,
        }
    }
}

/// Integers as floats, half precision refused.
fn promoted(op: &'static str, input: &Tensor) -> Result<Tensor> {
    let dtype = input.dtype();
    if dtype.is_half() {
        return Err(Error::not_implemented(op, format!("Unsupported dtype {}: a transform of it", torch_name(dtype))));
    }
    if dtype.is_float() || dtype.is_complex() {
        return Ok(input.clone());
    }
    let to = if crate::default_dtype() == DType::F64 { DType::F64 } else { DType::F32 };
    copy::to_dtype(input, to)
}

fn as_complex(input: &Tensor) -> Result<Tensor> {
    if input.dtype().is_complex() { Ok(input.clone()) } else { copy::to_dtype(input, input.dtype().to_complex()) }
}

/// What has to be real.
fn real_input(op: &'static str, what: &str, input: &Tensor) -> Result<Tensor> {
    if input.dtype().is_complex() {
        let reason = format!("{op} expects a {what} input tensor, but got {}", torch_name(input.dtype()));
        return Err(Error::type_(op, reason));
    }
    promoted(op, input)
}

fn one_axis(op: &'static str, input: &Tensor, axis: i64) -> Result<usize> {
    if input.rank() == 0 {
        let reason = format!("Dimension specified as {axis} but tensor has no dimensions");
        return Err(Error::index(op, reason));
    }
    normalize_axis(op, axis, input.rank())
}

fn points(op: &'static str, n: i64) -> Result<usize> {
    if n < 1 {
        return Err(Error::runtime(op, format!("Invalid number of data points ({n}) specified")));
    }
    Ok(n as usize)
}

/// The first `n` elements along an axis, with zeros behind them where there are less.
fn resized(input: &Tensor, axis: usize, n: usize) -> Result<Tensor> {
    let size = input.shape()[axis];
    if size == n {
        return Ok(input.clone());
    }
    if size > n {
        return views::slice(input, axis as i64, Some(0), Some(n as i64), 1);
    }
    let mut pads = vec![0; 2 * (input.rank() - axis)];
    *pads.last_mut().expect("two numbers at least") = (n - size) as i64;
    padding::constant_pad(input, &pads, Scalar::Int(0))
}

// ---- along one axis ------------------------------------------------------------------------------------------------

/// The transform of real or complex lines.
#[track_caller]
pub fn fft(op: &'static str, input: &Tensor, n: Option<i64>, axis: i64, norm: Norm, inverse: bool) -> Result<Tensor> {
    let input = promoted(op, input)?;
    let axis = one_axis(op, &input, axis)?;
    let n = points(op, n.unwrap_or(input.shape()[axis] as i64))?;
    let (input, scale) = (resized(&input, axis, n)?, norm.scale(inverse, n as f64));
    if input.dtype().is_complex() {
        return of_complex(&input, smallvec![axis], inverse, scale);
    }
    let result = from_real(&input, smallvec![axis], false, scale)?;
    if inverse { complex::conj(&result) } else { Ok(result) }
}

/// The first half of the transform of real lines, or of its inverse.
#[track_caller]
pub fn rfft(op: &'static str, input: &Tensor, n: Option<i64>, axis: i64, norm: Norm, inverse: bool) -> Result<Tensor> {
    let input = real_input(op, "real", input)?;
    let axis = one_axis(op, &input, axis)?;
    let n = points(op, n.unwrap_or(input.shape()[axis] as i64))?;
    let (input, scale) = (resized(&input, axis, n)?, norm.scale(inverse, n as f64));
    let result = from_real(&input, smallvec![axis], true, scale)?;
    if inverse { complex::conj(&result) } else { Ok(result) }
}

/// Real lines from the first half of their transform, or with `inverse` false of their inverse transform.
#[track_caller]
pub fn irfft(op: &'static str, input: &Tensor, n: Option<i64>, axis: i64, norm: Norm, inverse: bool) -> Result<Tensor> {
    let input = as_complex(&promoted(op, input)?)?;
    let axis = one_axis(op, &input, axis)?;
    let n = points(op, n.unwrap_or(2 * (input.shape()[axis] as i64 - 1)))?;
    let input = resized(&input, axis, n / 2 + 1)?;
    let input = if inverse { input } else { complex::conj(&input)? };
    to_real(&input, smallvec![axis], n, norm.scale(inverse, n as f64))
}

// ---- along several -------------------------------------------------------------------------------------------------

/// The axes of a transform, with as many points along each as were asked for (−1: as there are).
fn several(op: &'static str, shape: &[usize], s: Option<&[i64]>, dim: Option<&[i64]>) -> Result<(Axes, Vec<i64>)> {
    let rank = shape.len();
    if let (Some(s), Some(dim)) = (s, dim)
        && s.len() != dim.len()
    {
        return Err(Error::runtime(op, "When given, dim and shape arguments must have the same length"));
    }
    let axes: Axes = match (dim, s) {
        (Some(dim), _) => {
            let mut axes = Axes::new();
            for &axis in dim {
                if rank == 0 {
                    let reason = format!("Dimension specified as {axis} but tensor has no dimensions");
                    return Err(Error::index(op, reason));
                }
                axes.push(normalize_axis(op, axis, rank)?);
            }
            axes
        }
        (None, Some(s)) => {
            if s.len() > rank {
                return Err(Error::runtime(
                    op,
                    format!("Got shape with {} values but input tensor only has {rank} dimensions.", s.len()),
                ));
            }
            (rank - s.len()..rank).collect()
        }
        (None, None) => (0..rank).collect(),
    };
    if axes.iter().enumerate().any(|(at, axis)| axes[..at].contains(axis)) {
        return Err(Error::runtime(op, "FFT dims must be unique"));
    }
    let sizes = match s {
        Some(s) => s.to_vec(),
        None => vec![-1; axes.len()],
    };
    Ok((axes, sizes))
}

/// At least one axis.
fn check_some(op: &'static str, axes: &[usize]) -> Result<()> {
    if axes.is_empty() {
        return Err(Error::runtime(op, format!("{op} must transform at least one axis")));
    }
    Ok(())
}

/// An input with as many elements along the axes as were asked for, and how many points that are.
fn all_resized(op: &'static str, input: &Tensor, axes: &[usize], sizes: &[i64]) -> Result<(Tensor, f64)> {
    let shape = input.shape();
    let mut wanted = Shape::new();
    for (&axis, &size) in axes.iter().zip(sizes) {
        wanted.push(points(op, if size == -1 { shape[axis] as i64 } else { size })?);
    }
    let mut input = input.clone();
    for (&axis, &size) in axes.iter().zip(&wanted) {
        input = resized(&input, axis, size)?;
    }
    Ok((input, wanted.iter().map(|&size| size as f64).product()))
}

/// The transform of complex numbers along several axes.
#[track_caller]
pub fn fftn(
    op: &'static str,
    input: &Tensor,
    s: Option<&[i64]>,
    dim: Option<&[i64]>,
    norm: Norm,
    inverse: bool,
) -> Result<Tensor> {
    let input = as_complex(&promoted(op, input)?)?;
    let (axes, sizes) = several(op, &input.shape(), s, dim)?;
    let (input, points) = all_resized(op, &input, &axes, &sizes)?;
    of_complex(&input, axes, inverse, norm.scale(inverse, points))
}

/// The transform of real numbers along several axes, the first half of it along the last, or of its inverse.
#[track_caller]
pub fn rfftn(
    op: &'static str,
    input: &Tensor,
    s: Option<&[i64]>,
    dim: Option<&[i64]>,
    norm: Norm,
    inverse: bool,
) -> Result<Tensor> {
    if inverse && input.dtype().is_complex() {
        let reason = format!("Only supports floating-point dtypes, but found: {}", torch_name(input.dtype()));
        return Err(Error::type_(op, reason));
    }
    let input = real_input(op, "real-valued", input)?;
    let (axes, sizes) = several(op, &input.shape(), s, dim)?;
    check_some(op, &axes)?;
    let (input, points) = all_resized(op, &input, &axes, &sizes)?;
    let scale = norm.scale(inverse, points);
    if !inverse {
        return from_real(&input, axes, true, scale);
    }
    let (last, rest) = split(&axes);
    let result = complex::conj(&from_real(&input, smallvec![last], true, scale)?)?;
    if rest.is_empty() {
        return Ok(result);
    }
    of_complex(&result, rest.into(), true, 1.0)
}

/// Real numbers from the first half, along the last axis, of their transform along several, or with `inverse` false of their
/// inverse transform.
#[track_caller]
pub fn irfftn(
    op: &'static str,
    input: &Tensor,
    s: Option<&[i64]>,
    dim: Option<&[i64]>,
    norm: Norm,
    inverse: bool,
) -> Result<Tensor> {
    let input = as_complex(&promoted(op, input)?)?;
    let (axes, mut sizes) = several(op, &input.shape(), s, dim)?;
    check_some(op, &axes)?;
    let (last, rest) = split(&axes);
    let asked = sizes.last_mut().expect("as many sizes as axes");
    let given = if *asked == -1 { 2 * (input.shape()[last] as i64 - 1) } else { *asked };
    let length = points(op, given)?;
    *asked = (length / 2 + 1) as i64;
    let (mut input, halved) = all_resized(op, &input, &axes, &sizes)?;
    let scale = norm.scale(inverse, halved / (length / 2 + 1) as f64 * length as f64);
    if inverse {
        return to_real(&input, axes, length, scale);
    }
    if !rest.is_empty() {
        input = of_complex(&input, rest.into(), false, 1.0)?;
    }
    to_real(&complex::conj(&input)?, smallvec![last], length, scale)
}

// ---- helpers -------------------------------------------------------------------------------------------------------

/// The frequencies of a transform's points: all of them, or the first half.
#[track_caller]
pub fn frequencies(op: &'static str, n: i64, spacing: f64, dtype: Option<DType>, half: bool) -> Result<Tensor> {
    let dtype = dtype.unwrap_or_else(crate::default_dtype);
    if !dtype.is_float() && !dtype.is_complex() {
        return Err(Error::runtime(op, format!("{op} requires a floating point or complex dtype")));
    }
    let range = |start: i64, end: i64| creation::arange(start.into(), end.into(), Scalar::Int(1), Some(dtype));
    if n < 0 {
        creation::sizes(op, &[n])?;
    }
    let steps =
        if half { range(0, n / 2 + 1)? } else { joining::cat(&[range(0, n - n / 2)?, range(-(n / 2), 0)?], 0)? };
    steps.mul(1.0 / (n as f64 * spacing))
}

/// The element of frequency 0 in the middle of each axis, or back at the start.
#[track_caller]
pub fn shifted(op: &'static str, input: &Tensor, dim: Option<&[i64]>, back: bool) -> Result<Tensor> {
    let shape = input.shape();
    let axes: Vec<i64> = match dim {
        Some(dim) => dim.to_vec(),
        None => (0..shape.len() as i64).collect(),
    };
    let mut shifts = Vec::with_capacity(axes.len());
    for &axis in &axes {
        let size = shape.get(normalize_axis(op, axis, shape.len())?).copied().unwrap_or(1) as i64;
        shifts.push(if back { (size + 1) / 2 } else { size / 2 });
    }
    rearranging::roll(input, &shifts, &axes)
}
