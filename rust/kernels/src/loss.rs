//! Negative log-likelihood and the fused gradient of cross-entropy.
//!
//! Operands are contiguous: `input` is `n × classes × inner`, `target` is `n × inner` of `i64`.

use super::element::Element;
use super::float::{Float, Shared, simd};
use super::index::OutOfRange;
use super::lane::Exact;
use super::line;
use super::number::weighted;
use super::{In, Out, product};
use crate::with_element;
use arcgrad_base::parallel;

/// Sizes of a classification loss.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NllSize {
    /// Samples.
    pub n: usize,
    /// Classes.
    pub classes: usize,
    /// Product of the sizes after the class axis (pixels); 1 for plain classification.
    pub inner: usize,
}

/// What becomes of the losses of the targets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reduction {
    /// One loss per target.
    None,
    /// Sum divided by the sum of the weights of the targets.
    Mean,
    /// Sum.
    Sum,
}

/// Targets and their weights.
#[derive(Clone, Copy)]
pub struct Targets<'a> {
    /// Class per target: contiguous `i64`.
    pub class: In<'a>,
    /// Weight per class (of the input's dtype); all 1 if `None`.
    pub weight: Option<In<'a>>,
    /// Targets of this value have no loss and no gradient.
    pub ignore: i64,
}

/// Targets per chunk of a sum: fixed, so that the sum does not depend on the number of threads.
const GRAIN: usize = 1 << 12;

/// Negative log-likelihood: `−weight[t] · input[i, t, j]` for the target `t` of each `(i, j)`.
///
/// `out` has one element, or `n · inner` with [`Reduction::None`]. Sums are formed in `f64`. The result is the sum of
/// the weights of the targets that are not ignored, which [`nll_loss_backward`] wants. The mean over no target is NaN.
///
/// # Errors
/// The first target that is neither a class nor `ignore`; nothing has been written then.
///
/// # Panics
/// Where the operands are not dense, of the sizes stated, and of one dtype, `f32` or `f64`; so in all of these kernels.
pub fn nll_loss(
    size: NllSize,
    reduction: Reduction,
    input: In<'_>,
    targets: Targets<'_>,
    out: Out<'_>,
) -> Result<f64, OutOfRange> {
    with_element!(float out.dtype, T => {
        let input = input.dense::<T>(product(&[size.n, size.classes, size.inner]));
        let targets = targets.checked::<T>(size)?;
        let out = out.dense::<T>(if reduction == Reduction::None { product(&[size.n, size.inner]) } else { 1 });
        // SAFETY: everything is of the sizes stated.
        Ok(unsafe { forward::<T>(size, reduction, input, targets, out) })
    })
}

/// [`Targets`] that are all classes or ignored.
#[derive(Clone, Copy)]
struct Checked<T> {
    class: *const i64,
    weight: Option<*const T>,
    classes: usize,
    ignore: i64,
}

// SAFETY: only read.
unsafe impl<T> Sync for Checked<T> {}

impl Targets<'_> {
    /// # Errors
    /// The first target that is neither a class nor ignored.
    #[track_caller]
    fn checked<T: Float>(&self, size: NllSize) -> Result<Checked<T>, OutOfRange> {
        let (count, classes) = (product(&[size.n, size.inner]), size.classes);
        let class = self.class.dense::<i64>(count);
        for position in 0..count {
            // SAFETY: inside the operand.
            let value = unsafe { *class.add(position) };
            if value != self.ignore && !(0..classes as i64).contains(&value) {
                return Err(OutOfRange { position, value, axis: 1, size: classes });
            }
        }
        let weight = self.weight.map(|weight| weight.dense::<T>(classes));
        Ok(Checked { class, weight, classes, ignore: self.ignore })
    }
}

impl<T: Float> Checked<T> {
    /// Class and weight of a target; `None` where it is ignored. What is no class any more, in memory that a program lent
    /// and writes to meanwhile, is ignored, too.
    ///
    /// # Safety
    /// `at` is a position among the targets.
    #[inline(always)]
    unsafe fn target(&self, at: usize) -> Option<(usize, T)> {
        // SAFETY: the caller's position, and a class.
        unsafe {
            let class = *self.class.add(at);
            if class == self.ignore || class as usize >= self.classes {
                return None;
            }
            let weight = self.weight.map_or(T::ONE, |weight| *weight.add(class as usize));
            Some((class as usize, weight))
        }
    }
}

/// # Safety
/// As for [`nll_loss`]: there are so many elements at each address.
unsafe fn forward<T: Float>(
    size: NllSize,
    reduction: Reduction,
    input: *const T,
    targets: Checked<T>,
    out: *mut T,
) -> f64 {
    let count = size.n * size.inner;
    let chunks = count.div_ceil(GRAIN);
    let mut partial = vec![[0f64; 2]; chunks];
    // SAFETY: every chunk writes its own partial sums and its own part of `out`.
    unsafe {
        let memory = Shared::new((input, out, partial.as_mut_ptr()));
        let targets = &targets;
        parallel::run(chunks, count as u64 * 3000, &|chunk| {
            let (input, out, partial) = memory.get();
            let (mut sum, mut total) = (0.0, 0.0);
            for at in chunk * GRAIN..((chunk + 1) * GRAIN).min(count) {
                let (i, j) = (at / size.inner, at % size.inner);
                let loss = match targets.target(at) {
                    None => T::ZERO,
                    Some((class, weight)) => {
                        total += weight.to_f64();
                        let log_p = *input.add((i * size.classes + class) * size.inner + j);
                        weighted(Exact::new(-log_p), Exact::new(weight)).value
                    }
                };
                sum += loss.to_f64();
                if reduction == Reduction::None {
                    *out.add(at) = loss;
                }
            }
            *partial.add(chunk) = [sum, total];
        });
        let [sum, total] = partial.iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
        match reduction {
            Reduction::None => {}
            Reduction::Sum => *out = T::from_f64(sum),
            Reduction::Mean => *out = T::from_f64(sum / total),
        }
        total
    }
}

/// Gradient of [`nll_loss`]: `−weight[t] · g` at the target of each `(i, j)` (divided by `total` for the mean), else 0.
///
/// `g` has as many elements as the loss. All of `dx` is written.
///
/// # Errors
/// As [`nll_loss`].
pub fn nll_loss_backward(
    size: NllSize,
    reduction: Reduction,
    total: f64,
    targets: Targets<'_>,
    g: In<'_>,
    dx: Out<'_>,
) -> Result<(), OutOfRange> {
    with_element!(float dx.dtype, T => backward::<T>(size, reduction, total, None, targets, g, dx))
}

/// Gradient of the cross-entropy, `nll_loss(log_softmax(x))`, with respect to `x`, from the log-probabilities:
/// `weight[t] · g · (exp(log_p) − [c = t])`. `log_p` has the size of `dx`, and may be exactly `dx`.
///
/// # Errors
/// As [`nll_loss`].
pub fn cross_entropy_backward(
    size: NllSize,
    reduction: Reduction,
    total: f64,
    log_p: In<'_>,
    targets: Targets<'_>,
    g: In<'_>,
    dx: Out<'_>,
) -> Result<(), OutOfRange> {
    with_element!(float dx.dtype, T => backward::<T>(size, reduction, total, Some(log_p), targets, g, dx))
}

/// [`cross_entropy_backward`], or without `log_p` [`nll_loss_backward`].
fn backward<T: Float>(
    size: NllSize,
    reduction: Reduction,
    total: f64,
    log_p: Option<In<'_>>,
    targets: Targets<'_>,
    g: In<'_>,
    dx: Out<'_>,
) -> Result<(), OutOfRange> {
    let all = product(&[size.n, size.classes, size.inner]);
    let (log_p, dx) = (log_p.map(|log_p| log_p.dense::<T>(all)), dx.dense::<T>(all));
    let g = g.dense::<T>(if reduction == Reduction::None { product(&[size.n, size.inner]) } else { 1 });
    let targets = &targets.checked::<T>(size)?;
    let NllSize { n, classes, inner } = size;
    let sample = classes * inner;
    let group = (GRAIN / sample.max(1)).max(1);
    let cost = if log_p.is_some() { 1000 } else { 100 };
    // SAFETY: chunks write the gradients of different samples.
    let memory = unsafe { Shared::new((log_p, g, dx)) };
    parallel::run(n.div_ceil(group), ((n * sample) as u64).saturating_mul(cost), &|chunk| {
        let (log_p, g, dx) = memory.get();
        for i in chunk * group..((chunk + 1) * group).min(n) {
            for j in 0..inner {
                let first = i * sample + j;
                // SAFETY: inside the operands; targets have been checked.
                unsafe {
                    let found = targets.target(i * inner + j);
                    let scale = found.map_or(T::ZERO, |(_, weight)| match reduction {
                        Reduction::None => weight * *g.add(i * inner + j),
                        Reduction::Sum => weight * *g,
                        Reduction::Mean => weight * *g / T::from_f64(total),
                    });
                    match (log_p, found) {
                        (Some(log_p), Some(_)) => exp_line(classes, inner, scale, log_p.add(first), dx.add(first)),
                        _ => zero_line(classes, inner, dx.add(first)),
                    }
                    if let Some((class, _)) = found {
                        *dx.add(first + class * inner) -= scale;
                    }
                }
            }
        }
    });
    Ok(())
}

simd! {
    /// `dx = exp(log_p) · scale` along the axis of the classes.
    ///
    /// # Safety
    /// `n` elements, `stride` apart, can be read from `log_p` and written from `dx` on; the two are apart or the same.
    unsafe fn exp_line<T: Float>(n: usize, stride: usize, scale: T, log_p: *const T, dx: *mut T) {
        if stride == 1 {
            line::map([log_p], n, |[log_p]| log_p.exp() * scale, dx);
        } else {
            for c in 0..n {
                *dx.add(c * stride) = (*log_p.add(c * stride)).exp() * scale;
            }
        }
    }
}

/// `dx = 0` along the axis of the classes.
///
/// # Safety
/// `n` elements, `stride` apart, can be written from `dx` on.
unsafe fn zero_line<T: Element>(n: usize, stride: usize, dx: *mut T) {
    for c in 0..n {
        // SAFETY: the caller's line.
        unsafe { *dx.add(c * stride) = T::default() };
    }
}

#[cfg(test)]
#[path = "loss_tests.rs"]
mod tests;
