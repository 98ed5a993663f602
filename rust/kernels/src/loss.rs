//! Negative log-likelihood and the fused gradient of cross-entropy.
//!
//! Operands are contiguous: `input` is `n × classes × inner`, `target` is `n × inner` of `i64`.

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
    let targets = targets.checked::<T>(size)?;
    let NllSize { n, classes, inner } = size;
    let sample = classes * inner;
    let group = (GRAIN / sample.max(1)).max(1);
    let cost = if log_p.is_some() { 1000 } else { 100 };
    let operands = Backward { size, reduction, total: T::from_f64(total), log_p, targets, g, dx };
    // SAFETY: chunks write the gradients of different samples.
    let memory = unsafe { Shared::new(operands) };
    parallel::run(n.div_ceil(group), ((n * sample) as u64).saturating_mul(cost), &|chunk| {
        let first = chunk * group;
        // SAFETY: samples of the operands, whose targets have been checked.
        unsafe { backward_of(memory.get(), first, group.min(n - first)) };
    });
    Ok(())
}

/// What [`backward`] works on.
#[derive(Clone, Copy)]
struct Backward<T> {
    size: NllSize,
    reduction: Reduction,
    total: T,
    log_p: Option<*const T>,
    targets: Checked<T>,
    g: *const T,
    dx: *mut T,
}

impl<T: Float> Backward<T> {
    /// Class and cotangent of a target, weighted; `None` where it is ignored.
    ///
    /// # Safety
    /// `at` is a position among the targets.
    #[inline(always)]
    unsafe fn target(&self, at: usize) -> Option<(usize, T)> {
        // SAFETY: there are as many cotangents as the reduction leaves losses.
        unsafe {
            let (class, weight) = self.targets.target(at)?;
            let scale = match self.reduction {
                Reduction::None => weight * *self.g.add(at),
                Reduction::Sum => weight * *self.g,
                Reduction::Mean => weight * *self.g / self.total,
            };
            Some((class, scale))
        }
    }
}

simd! {
    /// [`backward`] of `count` samples from number `first` on.
    ///
    /// # Safety
    /// They are samples of the operands, which nobody else touches; `log_p` and `dx` are apart or the same.
    unsafe fn backward_of<T: Float>(operands: Backward<T>, first: usize, count: usize) {
        if operands.size.inner == 1 {
            backward_lines(operands, first, first + count);
        } else {
            for sample in first..first + count {
                backward_planes(operands, sample);
            }
        }
    }
}

/// [`backward_of`] of the samples from `first` to `end`, each of which is a line. Neighbours of one cotangent, as nearly all
/// are without weights, are one line: they may be short.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn backward_lines<T: Float>(operands: Backward<T>, first: usize, end: usize) {
    let Backward { size: NllSize { classes, .. }, log_p, dx, .. } = operands;
    // SAFETY: the caller's samples.
    unsafe {
        let scale_of = |sample: usize| operands.target(sample).map(|(_, scale)| scale);
        let mut start = first;
        while start < end {
            let scale = scale_of(start);
            let next = (start + 1..end).find(|&sample| scale_of(sample) != scale).unwrap_or(end);
            let (at, len) = (start * classes, (next - start) * classes);
            match (log_p, scale) {
                (Some(log_p), Some(scale)) => {
                    line::map([log_p.add(at)], len, |[log_p]| log_p.exp() * scale, dx.add(at));
                }
                _ => zero(dx.add(at), len),
            }
            start = next;
        }
        for sample in first..end {
            if let Some((class, scale)) = operands.target(sample) {
                *dx.add(sample * classes + class) -= scale;
            }
        }
    }
}

/// Pixels that are worked on together.
const PIXELS: usize = 256;

/// [`backward_of`] of one sample of many pixels: class by class, along the pixels.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn backward_planes<T: Float>(operands: Backward<T>, sample: usize) {
    let Backward { size: NllSize { classes, inner, .. }, log_p, dx, .. } = operands;
    let (mut scales, mut known) = ([T::ZERO; PIXELS], [T::ZERO; PIXELS]);
    for start in (0..inner).step_by(PIXELS) {
        let width = PIXELS.min(inner - start);
        // SAFETY: pixels of the caller's sample.
        unsafe {
            let target = |pixel: usize| operands.target(sample * inner + start + pixel);
            for pixel in 0..width {
                let found = target(pixel);
                scales[pixel] = found.map_or(T::ZERO, |(_, scale)| scale);
                known[pixel] = if found.is_some() { T::ONE } else { T::ZERO };
            }
            for class in 0..classes {
                let at = (sample * classes + class) * inner + start;
                let Some(log_p) = log_p else {
                    zero(dx.add(at), width);
                    continue;
                };
                let slope = |[log_p, scale, known]: [T; 3]| {
                    // Of a pixel that is ignored the exponential may be anything.
                    if known == T::ZERO { T::ZERO } else { log_p.exp() * scale }
                };
                line::map([log_p.add(at), scales.as_ptr(), known.as_ptr()], width, slope, dx.add(at));
            }
            for pixel in 0..width {
                if let Some((class, scale)) = target(pixel) {
                    *dx.add((sample * classes + class) * inner + start + pixel) -= scale;
                }
            }
        }
    }
}

/// Zeros.
///
/// # Safety
/// `n` elements can be written from `to` on.
#[inline(always)]
unsafe fn zero<T: Float>(to: *mut T, n: usize) {
    // SAFETY: as promised by the caller; 0 is a number whose bytes are all 0.
    unsafe { to.write_bytes(0, n) };
}

#[cfg(test)]
#[path = "loss_tests.rs"]
mod tests;
