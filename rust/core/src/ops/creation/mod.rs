//! Tensors from nothing: constants, ranges, identity matrices.
//!
//! Memory is never shown uninitialised: what PyTorch calls `empty` holds zeros here, or what gives itself away.

use std::sync::atomic::{AtomicBool, Ordering};

pub mod table;

use crate::array::Array;
use crate::dtype::{Category, DType, torch_name};
use crate::error::{Error, Result};
use crate::kernels::element::Element;
use crate::launch::{NONE, launch_stored};
use crate::random::element::c_name;
use crate::scalar::Scalar;
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;
use crate::with_element;

/// Whether memory to be filled holds [`glaring`] values instead of zeros.
static GLARES: AtomicBool = AtomicBool::new(false);

/// From now on memory to be filled holds NaN, or the greatest integer, so that reading what was never written shows; or zeros,
/// as it does at first.
pub fn let_empty_glare(on: bool) {
    GLARES.store(on, Ordering::Relaxed);
}

/// What memory to be filled holds.
pub(super) fn unwritten(dtype: DType) -> Scalar {
    if !GLARES.load(Ordering::Relaxed) {
        return Scalar::Int(0);
    }
    match dtype.category() {
        Category::Float => Scalar::Float(f64::NAN),
        Category::Complex => Scalar::Complex(f64::NAN, f64::NAN),
        Category::Bool => Scalar::Bool(true),
        Category::Integer => Scalar::Int(dtype.integer_range().map_or(i64::MAX, |(_, high)| high)),
    }
}

/// Sizes from outside: not negative.
pub fn sizes(op: &'static str, requested: &[i64]) -> Result<Shape> {
    requested
        .iter()
        .map(|&size| {
            usize::try_from(size).map_err(|_| {
                Error::runtime(op, format!("Trying to create tensor with negative dimension {size}: {requested:?}"))
            })
        })
        .collect()
}

/// One value everywhere; the dtype is that of the value unless given.
pub fn full(op: &'static str, shape: &[usize], value: Scalar, dtype: Option<DType>) -> Result<Tensor> {
    let dtype = dtype.unwrap_or_else(|| value.dtype());
    let value = value.storable(op, dtype)?;
    Ok(Tensor::from_array(Array::full(op, shape, value, dtype)?))
}

/// Zeros of the default dtype unless another is given.
pub fn zeros(op: &'static str, shape: &[usize], dtype: Option<DType>) -> Result<Tensor> {
    Ok(Tensor::from_array(Array::zeros(op, shape, dtype.unwrap_or_else(crate::default_dtype))?))
}

/// Zeros with the shape and strides (where they are dense) of `model`.
pub(super) fn zeros_like(op: &'static str, model: &Array, dtype: DType) -> Result<Array> {
    let array = Array::uninit_like(op, model, dtype)?;
    array.fill(Scalar::Int(0));
    Ok(array)
}

/// One value everywhere, with the shape, strides (where they are dense) and dtype of `model`.
pub fn full_like(op: &'static str, model: &Tensor, value: Scalar, dtype: Option<DType>) -> Result<Tensor> {
    let model = model.array();
    let dtype = dtype.unwrap_or(model.dtype());
    let value = value.storable(op, dtype)?;
    let array = Array::uninit_like(op, &model, dtype)?;
    array.fill(value);
    Ok(Tensor::from_array(array))
}

/// Memory to be filled, of the given strides.
pub fn empty_strided(shape: &[i64], strides: &[i64], dtype: Option<DType>) -> Result<Tensor> {
    const OP: &str = "empty_strided";
    let dtype = dtype.unwrap_or_else(crate::default_dtype);
    if shape.len() != strides.len() {
        return Err(Error::runtime(
            OP,
            format!(
                "dimensionality of sizes ({}) must match dimensionality of strides ({})",
                shape.len(),
                strides.len()
            ),
        ));
    }
    let shape = sizes(OP, shape)?;
    let overflow = || {
        Error::runtime(OP, format!("Storage size calculation overflowed with sizes={shape:?} and strides={strides:?}"))
    };
    shape::checked_numel(OP, &shape, dtype.size())?;
    let mut room = 1u128;
    for (&size, &stride) in shape.iter().zip(strides) {
        if stride < 0 {
            return Err(overflow());
        }
        room += size.saturating_sub(1) as u128 * stride as u128;
    }
    let room = if shape.contains(&0) { 0 } else { usize::try_from(room).map_err(|_| overflow())? };
    let whole = Array::full(OP, &[room], unwritten(dtype), dtype)?;
    let strides: Strides = strides.iter().map(|&stride| stride as isize).collect();
    Ok(Tensor::from_array(whole.with_layout(&shape, &strides, 0)))
}

/// A matrix with ones on the diagonal.
pub fn eye(rows: i64, columns: Option<i64>, dtype: Option<DType>) -> Result<Tensor> {
    const OP: &str = "eye";
    let columns = columns.unwrap_or(rows);
    for (name, size) in [("n", rows), ("m", columns)] {
        if size < 0 {
            return Err(Error::runtime(OP, format!("{name} must be greater or equal to 0, got {size}")));
        }
    }
    let (rows, columns) = (rows as usize, columns as usize);
    let array = Array::zeros(OP, &[rows, columns], dtype.unwrap_or_else(crate::default_dtype))?;
    array.with_layout(&[rows.min(columns)], &[columns as isize + 1], 0).fill(Scalar::Int(1));
    Ok(Tensor::from_array(array))
}

// ---- ranges --------------------------------------------------------------------------------------------------------

/// Fills a fresh vector with `value(i)`.
fn tabulate(op: &'static str, length: usize, dtype: DType, value: impl Fn(usize) -> Scalar) -> Result<Tensor> {
    let array = Array::uninit(op, &[length], dtype)?;
    launch_stored(NONE, &array, |[], mut out| {
        with_element!(stored dtype, T => {
            let out = out.as_slice::<T>().expect("a new vector");
            out.iter_mut().enumerate().for_each(|(i, element)| *element = T::from_scalar(value(i)));
        });
    });
    Ok(Tensor::from_array(array))
}

/// `start`, `start + step`, … up to but without `end`. The dtype is `int64` if all three are integers, else the
/// default float dtype, unless given.
///
/// The length is `⌈(end − start) / step⌉`, computed with integers where possible; element `i` is `start + i·step`,
/// rounded once.
pub fn arange(start: Scalar, end: Scalar, step: Scalar, dtype: Option<DType>) -> Result<Tensor> {
    const OP: &str = "arange";
    let given = [start, end, step];
    if given.iter().any(|number| number.category() == Category::Complex) {
        return Err(Error::runtime(
            OP,
            "value cannot be converted to type double without overflow: it is a complex number",
        ));
    }
    let integral = given.iter().all(|number| number.category() != Category::Float);
    let dtype = dtype.unwrap_or(if integral { DType::I64 } else { crate::default_dtype() });
    if dtype == DType::Bool || dtype.is_complex() {
        let name = torch_name(dtype);
        return Err(Error::not_implemented(
            OP,
            format!("\"arange_cpu\" not implemented for '{name}': a range of them"),
        ));
    }
    let (first, last, by) = (start.to_f64(), end.to_f64(), step.to_f64());
    if by == 0.0 || by.is_nan() {
        return Err(Error::runtime(OP, format!("step must be nonzero, got {by}")));
    }
    if by.is_infinite() {
        return Err(Error::runtime(OP, format!("step must be finite but got {by}")));
    }
    if !first.is_finite() || !last.is_finite() {
        return Err(Error::runtime(OP, format!("unsupported range: {first} -> {last}")));
    }
    let consistent = if by > 0.0 { last >= first } else { last <= first };
    if !consistent {
        return Err(Error::runtime(
            OP,
            format!("upper bound and lower bound inconsistent with step sign: from {first} to {last} in steps of {by}"),
        ));
    }
    let length = if integral {
        let (span, by) = (i128::from(end.to_i64()) - i128::from(start.to_i64()), i128::from(step.to_i64()));
        ((span + by - by.signum()) / by) as f64
    } else {
        ((last - first) / by).ceil()
    };
    // Compared as floats.
    if length >= 9.2e18 && !integral {
        return Err(Error::runtime(OP, "invalid size, possible overflow?"));
    }
    // A length that no `i64` holds is too much memory, too.
    if length >= 9.2e18 {
        return Err(Box::new(Error::OutOfMemory {
            op: OP,
            bytes: (length as u128).saturating_mul(dtype.size() as u128),
        }));
    }
    let length = length as usize;
    shape::checked_numel(OP, &[length], dtype.size())?;
    if dtype.is_float() {
        return tabulate(OP, length, dtype, |i| Scalar::Float(first + by * i as f64));
    }
    let (first, by) = (start.to_i64(), step.to_i64());
    tabulate(OP, length, dtype, |i| Scalar::Int(first.wrapping_add(by.wrapping_mul(i as i64))))
}

/// Steps of a range with both ends: from the nearer end, so that the range is symmetric.
struct Steps<T> {
    start: T,
    end: T,
    step: T,
    count: usize,
}

macro_rules! steps {
    ($($type:ty),*) => {$(
        impl Steps<$type> {
            fn new(start: f64, end: f64, count: usize) -> Self {
                let (start, end) = (start as $type, end as $type);
                let steps = (count.max(2) - 1) as $type;
                let span = end - start;
                // Of the whole range the length has no room.
                let step = if span.is_finite() { span / steps } else { end / steps - start / steps };
                let step = if count > 1 { step } else { 0.0 };
                Self { start, end, step, count }
            }

            fn at(&self, i: usize) -> $type {
                if i < self.count / 2 || self.count == 1 {
                    self.start + self.step * i as $type
                } else {
                    self.end - self.step * (self.count - i - 1) as $type
                }
            }
        }
    )*};
}
steps!(f32, f64);

fn count_of(op: &'static str, steps: i64) -> Result<usize> {
    usize::try_from(steps).map_err(|_| Error::runtime(op, format!("number of steps must be non-negative, got {steps}")))
}

/// The dtype of numbers on a line: one that is given must not drop the imaginary parts of the ends.
fn passed_or_inferred(op: &'static str, passed: Option<DType>, inferred: DType) -> Result<DType> {
    match passed {
        Some(passed) if inferred.is_complex() && !passed.is_complex() => Err(Error::runtime(
            op,
            format!(
                "torch.{op}(): inferred dtype {} can't be safely cast to passed dtype {}",
                c_name(inferred),
                torch_name(passed)
            ),
        )),
        passed => Ok(passed.unwrap_or(inferred)),
    }
}

/// Both ends as numbers of the dtype: those of integers are cut off before anything lies between them.
fn bounds(op: &'static str, dtype: DType, ends: [Scalar; 2]) -> Result<(Scalar, Scalar)> {
    let [start, end] = ends.map(|end| end.storable(op, dtype));
    let whole = |end: Scalar| if dtype.is_integer() { end.in_category(dtype) } else { end };
    Ok((whole(start?), whole(end?)))
}

/// How many numbers of which dtype there are between which ends.
fn spaced(
    op: &'static str,
    ends: [Scalar; 2],
    steps: i64,
    dtype: Option<DType>,
) -> Result<(usize, DType, [Scalar; 2])> {
    let count = count_of(op, steps)?;
    let of_complex = ends.iter().any(|number| number.category() == Category::Complex);
    let default = crate::default_dtype();
    let dtype = passed_or_inferred(op, dtype, if of_complex { default.to_complex() } else { default })?;
    shape::checked_numel(op, &[count], dtype.size())?;
    let (start, end) = bounds(op, dtype, ends)?;
    Ok((count, dtype, [start, end]))
}

/// `steps` numbers from `start` to `end`, both included.
pub fn linspace(start: Scalar, end: Scalar, steps: i64, dtype: Option<DType>) -> Result<Tensor> {
    const OP: &str = "linspace";
    let (count, dtype, [start, end]) = spaced(OP, [start, end], steps, dtype)?;
    if dtype.is_complex() {
        let ([start, start_imag], [end, end_imag]) = (start.to_complex(), end.to_complex());
        let (real, imag) = (Steps::<f64>::new(start, end, count), Steps::<f64>::new(start_imag, end_imag, count));
        return tabulate(OP, count, dtype, |i| Scalar::Complex(real.at(i), imag.at(i)));
    }
    if dtype == DType::F32 {
        let steps = Steps::<f32>::new(start.to_f64(), end.to_f64(), count);
        return tabulate(OP, count, dtype, |i| Scalar::Float(steps.at(i).into()));
    }
    let steps = Steps::<f64>::new(start.to_f64(), end.to_f64(), count);
    tabulate(OP, count, dtype, |i| Scalar::Float(steps.at(i)))
}

/// `base` to the powers of [`linspace`].
pub fn logspace(start: Scalar, end: Scalar, steps: i64, base: f64, dtype: Option<DType>) -> Result<Tensor> {
    const OP: &str = "logspace";
    let (count, dtype, [start, end]) = spaced(OP, [start, end], steps, dtype)?;
    if dtype.is_complex() {
        let ([start, start_imag], [end, end_imag]) = (start.to_complex(), end.to_complex());
        let (real, imag) = (Steps::<f64>::new(start, end, count), Steps::<f64>::new(start_imag, end_imag, count));
        // Of a negative base the logarithm is complex, too.
        let (log, turn) = (base.abs().ln(), if base < 0.0 { std::f64::consts::PI } else { 0.0 });
        return tabulate(OP, count, dtype, |i| {
            let (re, im) = (real.at(i), imag.at(i));
            let (size, (sin, cos)) = (base.abs().powf(re) * (-im * turn).exp(), (re * turn + im * log).sin_cos());
            Scalar::Complex(size * cos, size * sin)
        });
    }
    if dtype == DType::F32 {
        // The exponent is rounded to `f32`, as PyTorch has it; the power is rounded once.
        let (steps, base) = (Steps::<f32>::new(start.to_f64(), end.to_f64(), count), f64::from(base as f32));
        return tabulate(OP, count, dtype, |i| Scalar::Float(base.powf(steps.at(i).into())));
    }
    let steps = Steps::<f64>::new(start.to_f64(), end.to_f64(), count);
    tabulate(OP, count, dtype, |i| Scalar::Float(base.powf(steps.at(i))))
}
