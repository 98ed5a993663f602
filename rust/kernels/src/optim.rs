//! One step of an optimizer over one parameter, in place, in one pass.
//!
//! Each formula is evaluated in the order, and with the roundings, of PyTorch's single-tensor implementations
//! (`torch/optim/sgd.py`, `adam.py`): `add` with a factor, `lerp` and the last product of `addcmul` are fused
//! multiply-adds there, `addcdiv` is not.
//!
//! All operands of a step have the same number of elements in the same order in memory, without gaps.

use super::float::{Float, Shared, fused, simd};
use super::{In, Out, is_row_major, require};
use crate::with_element;
use arcgrad_base::parallel;
use arcgrad_base::shape::is_non_overlapping_and_dense;

/// Elements per chunk of the parallel loop.
const GRAIN: usize = 1 << 14;

/// Options of [`sgd`].
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    /// Learning rate.
    pub lr: f64,
    /// Factor of the old momentum; 0 for none.
    pub momentum: f64,
    /// What is missing from 1 in the factor of the new gradient in the momentum.
    pub dampening: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Nesterov momentum.
    pub nesterov: bool,
    /// Climb instead of descend.
    pub maximize: bool,
}

/// One step of stochastic gradient descent.
///
/// `buffer` holds the momentum and must be given if `momentum` is not 0; with `first` it is initialised with the
/// gradient (and not read).
///
/// # Panics
/// Where the operands are not of the dtype of `param` (`f32` or `f64`), or do not lie as it does.
pub fn sgd(options: &Sgd, first: bool, param: Out<'_>, grad: In<'_>, buffer: Option<Out<'_>>) {
    let buffer = if options.momentum == 0.0 { None } else { buffer };
    let n = param.numel();
    with_element!(float param.dtype, T => {
        let block = Block::of(&param.as_in());
        let grad = block.address::<T>(grad);
        let buffer = buffer.map(|buffer| block.address::<T>(buffer.as_in()).cast_mut());
        let param = block.address::<T>(param.as_in()).cast_mut();
        // SAFETY: chunks are disjoint.
        let memory = unsafe { Shared::new((param, grad, buffer)) };
        // Five streams of memory per element: some 0.5 ns.
        parallel::run(n.div_ceil(GRAIN), n as u64 * 500, &|chunk| {
            let (param, grad, buffer) = memory.get();
            let start = chunk * GRAIN;
            let len = GRAIN.min(n - start);
            // SAFETY: inside the operands.
            unsafe {
                match buffer {
                    None => sgd_plain(len, options, param.add(start), grad.add(start)),
                    Some(buffer) => {
                        sgd_momentum(len, options, first, param.add(start), grad.add(start), buffer.add(start));
                    }
                }
            }
        });
    });
}

/// How the operands of a step lie.
struct Block<'a> {
    shape: &'a [usize],
    strides: &'a [isize],
    row_major: bool,
}

impl<'a> Block<'a> {
    #[track_caller]
    fn of(operand: &In<'a>) -> Self {
        let (shape, strides) = (operand.shape, operand.strides);
        let row_major = is_row_major(shape, strides);
        require(row_major || is_non_overlapping_and_dense(shape, strides), "a parameter without gaps");
        Self { shape, strides, row_major }
    }

    /// The address of the elements, which lie in this order.
    #[track_caller]
    fn address<T: Float>(&self, operand: In<'_>) -> *const T {
        operand.require_shape(self.shape);
        operand.require_dtype(T::DTYPE);
        let same = (self.row_major && is_row_major(self.shape, operand.strides)) || operand.strides == self.strides;
        require(same, "operands of a step that lie as the parameter does");
        operand.ptr.cast()
    }
}

/// The gradient with sign and L2 penalty.
#[inline(always)]
fn penalised<S: pulp::Simd, T: Float>(grad: T, param: T, maximize: bool, weight_decay: T) -> T {
    let grad = if maximize { -grad } else { grad };
    if weight_decay == T::ZERO { grad } else { fused::<S, T>(param, weight_decay, grad) }
}

simd! {
    /// [`sgd`] without momentum.
    ///
    /// # Safety
    /// The options are alive; otherwise as for [`sgd`].
    unsafe fn sgd_plain<T: Float>(n: usize, options: *const Sgd, param: *mut T, grad: *const T) {
        let Sgd { lr, weight_decay, maximize, .. } = *options;
        let (factor, weight_decay) = (T::from_f64(-lr), T::from_f64(weight_decay));
        for i in 0..n {
            let old = *param.add(i);
            let grad = penalised::<Simd, T>(*grad.add(i), old, maximize, weight_decay);
            *param.add(i) = fused::<Simd, T>(grad, factor, old);
        }
    }
}

simd! {
    /// [`sgd`] with momentum.
    ///
    /// # Safety
    /// The options are alive; otherwise as for [`sgd`].
    unsafe fn sgd_momentum<T: Float>(
        n: usize, options: *const Sgd, first: bool, param: *mut T, grad: *const T, buffer: *mut T,
    ) {
        let Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize } = *options;
        let (factor, weight_decay) = (T::from_f64(-lr), T::from_f64(weight_decay));
        let (momentum, damped) = (T::from_f64(momentum), T::from_f64(1.0 - dampening));
        for i in 0..n {
            let old = *param.add(i);
            let grad = penalised::<Simd, T>(*grad.add(i), old, maximize, weight_decay);
            let velocity = if first { grad } else { fused::<Simd, T>(grad, damped, *buffer.add(i) * momentum) };
            *buffer.add(i) = velocity;
            let step = if nesterov { fused::<Simd, T>(velocity, momentum, grad) } else { velocity };
            *param.add(i) = fused::<Simd, T>(step, factor, old);
        }
    }
}

/// Options of [`adam`].
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of the gradient and of the mean of its square.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub eps: f64,
    /// L2 penalty, or decay of the parameter.
    pub weight_decay: f64,
    /// Whether `weight_decay` shrinks the parameter itself (AdamW) instead of entering the gradient.
    pub decoupled: bool,
    /// Climb instead of descend.
    pub maximize: bool,
}

/// State of [`adam`] for one parameter.
pub struct AdamState<'a> {
    /// Running mean of the gradient.
    pub mean: Out<'a>,
    /// Running mean of its square.
    pub square: Out<'a>,
    /// Greatest running mean of the square so far; given for AMSGrad.
    pub max_square: Option<Out<'a>>,
}

/// One step of Adam or AdamW; `step` counts from 1.
///
/// # Panics
/// As [`sgd`].
pub fn adam(options: &Adam, step: f64, param: Out<'_>, grad: In<'_>, state: AdamState<'_>) {
    let n = param.numel();
    with_element!(float param.dtype, T => {
        let factors = AdamFactors::<T>::new(options, step);
        let block = Block::of(&param.as_in());
        let written = |operand: Out<'_>| block.address::<T>(operand.as_in()).cast_mut();
        let operands = AdamMemory::<T> {
            grad: block.address(grad),
            mean: written(state.mean),
            square: written(state.square),
            max_square: state.max_square.map_or(std::ptr::null_mut(), written),
            param: block.address::<T>(param.as_in()).cast_mut(),
        };
        // SAFETY: chunks are disjoint.
        let memory = unsafe { Shared::new(operands) };
        // Seven streams of memory, a root and two divisions per element: some 1 ns.
        parallel::run(n.div_ceil(GRAIN), n as u64 * 1000, &|chunk| {
            let start = chunk * GRAIN;
            // SAFETY: inside the operands.
            unsafe { adam_chunk(start, GRAIN.min(n - start), &factors, memory.get()) };
        });
    });
}

/// The scalars of an Adam step, computed in `f64` and rounded once, as Python's are.
struct AdamFactors<T> {
    maximize: bool,
    /// Multiplies the parameter (decoupled decay), 1 for none.
    shrink: T,
    /// Coupled decay, 0 for none.
    weight_decay: T,
    one_minus_beta1: T,
    beta2: T,
    one_minus_beta2: T,
    root_correction: T,
    eps: T,
    minus_step_size: T,
}

impl<T: Float> AdamFactors<T> {
    fn new(options: &Adam, step: f64) -> Self {
        let Adam { lr, betas: [beta1, beta2], eps, weight_decay, decoupled, maximize } = *options;
        let correction1 = 1.0 - beta1.powf(step);
        let correction2 = 1.0 - beta2.powf(step);
        Self {
            maximize,
            shrink: T::from_f64(if decoupled { 1.0 - lr * weight_decay } else { 1.0 }),
            weight_decay: T::from_f64(if decoupled { 0.0 } else { weight_decay }),
            one_minus_beta1: T::from_f64(1.0 - beta1),
            beta2: T::from_f64(beta2),
            one_minus_beta2: T::from_f64(1.0 - beta2),
            root_correction: T::from_f64(correction2.sqrt()),
            eps: T::from_f64(eps),
            minus_step_size: T::from_f64(-(lr / correction1)),
        }
    }
}

#[derive(Clone, Copy)]
struct AdamMemory<T> {
    param: *mut T,
    grad: *const T,
    mean: *mut T,
    square: *mut T,
    /// Null without AMSGrad.
    max_square: *mut T,
}

simd! {
    /// [`adam`] for the `n` elements from `start` on.
    ///
    /// # Safety
    /// The factors are alive; the memory has `start + n` elements, otherwise as for [`adam`].
    unsafe fn adam_chunk<T: Float>(start: usize, n: usize, factors: *const AdamFactors<T>, memory: AdamMemory<T>) {
        if memory.max_square.is_null() {
            adam_loop::<Simd, T>(start, n, &*factors, memory, |_, square| square);
        } else {
            adam_loop::<Simd, T>(start, n, &*factors, memory, |i, square| {
                let max = memory.max_square.add(i);
                // `torch.maximum`: NaN stays.
                *max = if *max > square || (*max).is_nan() { *max } else { square };
                *max
            });
        }
    }
}

/// The loop of [`adam_chunk`]; `second_moment` makes of an element's mean of squares what is divided by.
///
/// # Safety
/// As for [`adam_chunk`]; `second_moment` may be asked for those elements.
#[inline(always)]
unsafe fn adam_loop<S: pulp::Simd, T: Float>(
    start: usize,
    n: usize,
    factors: &AdamFactors<T>,
    memory: AdamMemory<T>,
    second_moment: impl Fn(usize, T) -> T,
) {
    let half = T::from_f64(0.5);
    for i in start..start + n {
        // SAFETY: the caller's chunk.
        unsafe {
            let old = *memory.param.add(i) * factors.shrink;
            let grad = penalised::<S, T>(*memory.grad.add(i), old, factors.maximize, factors.weight_decay);
            let mean = *memory.mean.add(i);
            // `torch.lerp` starts from the nearer end.
            let mean = if factors.one_minus_beta1 < half {
                fused::<S, T>(grad - mean, factors.one_minus_beta1, mean)
            } else {
                fused::<S, T>(grad - mean, factors.one_minus_beta1 - T::ONE, grad)
            };
            *memory.mean.add(i) = mean;
            let square = fused::<S, T>(factors.one_minus_beta2 * grad, grad, *memory.square.add(i) * factors.beta2);
            *memory.square.add(i) = square;
            let denominator = second_moment(i, square).sqrt() / factors.root_correction + factors.eps;
            *memory.param.add(i) = old + factors.minus_step_size * mean / denominator;
        }
    }
}

#[cfg(test)]
#[path = "optim_tests.rs"]
mod tests;
