//! Pooling over one to three spatial axes.
//!
//! Operands are contiguous: `planes` (batch times channels) stacks of the window's input or output. Planes are the
//! chunks of the parallel loop.

use std::sync::atomic::{AtomicBool, Ordering};

use super::float::{Float, Shared};
use super::number::Bounded;
use super::window::Window;
use super::{In, Out, product};
use crate::{parallel, with_element};

/// Output elements per chunk.
const GRAIN: usize = 1 << 12;
/// Picoseconds per element looked at.
const COST: u64 = 1000;

/// Runs `body` on every plane; `work` is the number of elements looked at per plane.
fn planes(planes: usize, work: usize, body: &(dyn Fn(usize) + Sync)) {
    let group = (GRAIN / work.max(1)).max(1);
    let cost = (planes as u64).saturating_mul(work as u64).saturating_mul(COST);
    parallel::run(planes.div_ceil(group), cost, &|chunk| {
        for plane in chunk * group..((chunk + 1) * group).min(planes) {
            body(plane);
        }
    });
}

/// Runs `body` on every output position of a plane, in row-major order.
#[inline(always)]
fn outputs(window: &Window, mut body: impl FnMut(usize, [usize; 3])) {
    let mut at = 0;
    for d in 0..window.output[0] {
        for h in 0..window.output[1] {
            for w in 0..window.output[2] {
                body(at, [d, h, w]);
                at += 1;
            }
        }
    }
}

/// Runs `body` on the positions in the input plane that a window covers, in row-major order.
#[inline(always)]
fn covered(window: &Window, output: [usize; 3], mut body: impl FnMut(usize)) {
    let [(d, d0), (h, h0), (w, w0)] = [0, 1, 2].map(|axis| window.inside(axis, output[axis]));
    let [_, height, width] = window.input;
    for i in 0..d.len() {
        for j in 0..h.len() {
            let line = ((d0 + i * window.dilation[0]) * height + h0 + j * window.dilation[1]) * width + w0;
            for k in 0..w.len() {
                body(line + k * window.dilation[2]);
            }
        }
    }
}

/// Greatest element of each window, and where in its input plane it lies (`i64`, flat).
///
/// All dtypes but `bool`. The first of equal elements counts; a NaN is greater than anything, the last NaN counts.
/// Padding is less than anything; a window wholly in the padding (dilation makes that possible) gives the least value and
/// the index −1.
///
/// # Panics
/// Where the operands are not dense, of the window's sizes times `count` planes and of one dtype, `i64` for the indices; so in
/// all of these kernels.
pub fn max_pool(count: usize, window: &Window, x: In<'_>, y: Out<'_>, indices: Out<'_>) {
    if x.dtype.is_float() {
        with_element!(float x.dtype, T => max_forward::<T>(count, window, x, y, indices));
    } else {
        with_element!(int x.dtype, T => max_forward::<T>(count, window, x, y, indices));
    }
}

/// Elements of `count` planes of the input, and of the output.
#[track_caller]
fn totals(count: usize, window: &Window) -> (usize, usize) {
    let all = |sizes: [usize; 3]| product(&[count, sizes[0], sizes[1], sizes[2]]);
    (all(window.input), all(window.output))
}

fn max_forward<T: Bounded>(count: usize, window: &Window, x: In<'_>, y: Out<'_>, indices: Out<'_>) {
    let (all_in, all_out) = totals(count, window);
    let (x, y, indices) = (x.dense::<T>(all_in), y.dense::<T>(all_out), indices.dense::<i64>(all_out));
    let (inputs, out) = (window.inputs(), window.outputs());
    // SAFETY: planes are disjoint.
    let memory = unsafe { Shared::new((x, y, indices)) };
    planes(count, out * window.taps(), &|plane| {
        let (x, y, indices) = memory.get();
        // SAFETY: inside the planes; `covered` stays inside the input.
        unsafe {
            let (x, y, indices) = (x.add(plane * inputs), y.add(plane * out), indices.add(plane * out));
            outputs(window, |at, position| {
                let (mut best, mut place) = (T::LOWEST, None);
                covered(window, position, |from| {
                    let value = *x.add(from);
                    if place.is_none() || value.gt(best) || value.unordered() {
                        (best, place) = (value, Some(from));
                    }
                });
                *y.add(at) = best;
                *indices.add(at) = place.map_or(-1, |from| from as i64);
            });
        }
    });
}

/// Where in a plane of `inputs` elements an index of [`max_pool`] leads: nowhere if it is −1. One that leads past the
/// plane, which `max_pool` did not give, counts as such and is noted.
#[inline(always)]
fn place(index: i64, inputs: usize, astray: &AtomicBool) -> Option<usize> {
    let found = usize::try_from(index).ok()?;
    if found >= inputs {
        astray.store(true, Ordering::Relaxed);
        return None;
    }
    Some(found)
}

/// Gradient of [`max_pool`]: each cotangent goes to the element its window chose; `dx` is overwritten. False where an
/// index leads past its plane.
///
/// There are as many indices as cotangents, which are `f32` or `f64`.
#[must_use]
pub fn max_pool_backward(count: usize, window: &Window, g: In<'_>, indices: In<'_>, dx: Out<'_>) -> bool {
    let astray = AtomicBool::new(false);
    let (all_in, all_out) = totals(count, window);
    let indices = indices.dense::<i64>(all_out);
    with_element!(float dx.dtype, T => {
        let (inputs, out) = (window.inputs(), window.outputs());
        let (g, dx) = (g.dense::<T>(all_out), dx.dense::<T>(all_in));
        // SAFETY: planes are disjoint.
        let memory = unsafe { Shared::new((g, indices, dx)) };
        planes(count, inputs, &|plane| {
            let (g, indices, dx) = memory.get();
            // SAFETY: inside the planes.
            unsafe {
                let (g, indices, dx) = (g.add(plane * out), indices.add(plane * out), dx.add(plane * inputs));
                dx.write_bytes(0, inputs);
                for at in 0..out {
                    if let Some(to) = place(*indices.add(at), inputs, &astray) {
                        *dx.add(to) += *g.add(at);
                    }
                }
            }
        });
    });
    !astray.into_inner()
}

/// Gradient of [`max_pool_backward`] with respect to its cotangent: `y[o] = x[indices[o]]`, 0 for the index −1. Also the tangent of
/// [`max_pool`]. False where an index leads past its plane.
///
#[must_use]
pub fn max_pool_gather(count: usize, window: &Window, x: In<'_>, indices: In<'_>, y: Out<'_>) -> bool {
    let astray = AtomicBool::new(false);
    let (all_in, all_out) = totals(count, window);
    let indices = indices.dense::<i64>(all_out);
    with_element!(float y.dtype, T => {
        let (inputs, out) = (window.inputs(), window.outputs());
        let (x, y) = (x.dense::<T>(all_in), y.dense::<T>(all_out));
        // SAFETY: planes are disjoint.
        let memory = unsafe { Shared::new((x, indices, y)) };
        planes(count, out, &|plane| {
            let (x, indices, y) = memory.get();
            // SAFETY: inside the planes.
            unsafe {
                for at in plane * out..(plane + 1) * out {
                    let from = place(*indices.add(at), inputs, &astray);
                    *y.add(at) = from.map_or(T::ZERO, |from| *x.add(plane * inputs + from));
                }
            }
        });
    });
    !astray.into_inner()
}

/// What an average is divided by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Divisor {
    /// The size of the window inside the padded input.
    WithPadding,
    /// The size of the window inside the input.
    WithoutPadding,
    /// A fixed number, not 0.
    Fixed(i64),
}

impl Divisor {
    fn of(self, window: &Window, output: [usize; 3]) -> i64 {
        match self {
            Self::Fixed(divisor) => divisor,
            Self::WithoutPadding => (0..3).map(|axis| window.inside(axis, output[axis]).0.len() as i64).product(),
            Self::WithPadding => (0..3)
                .map(|axis| {
                    // Past the padding (`ceil`) nothing counts.
                    let start = output[axis] * window.stride[axis];
                    let end = (start + window.kernel[axis]).min(window.input[axis] + 2 * window.padding[axis]);
                    (end - start) as i64
                })
                .product(),
        }
    }
}

/// Mean of each window, padding counted as 0. A window wholly outside the input gives 0.
///
/// The operands are `f32` or `f64`, the dilation is 1.
pub fn avg_pool(count: usize, window: &Window, divisor: Divisor, x: In<'_>, y: Out<'_>) {
    let (all_in, all_out) = totals(count, window);
    with_element!(float y.dtype, T => {
        let (x, y) = (x.dense::<T>(all_in).cast_mut(), y.dense::<T>(all_out));
        // SAFETY: all planes are there; the input is only read.
        unsafe { avg::<T, false>(count, window, divisor, x, y) };
    });
}

/// Mean of each window of `i64`, as [`avg_pool`], cut off towards 0; sums wrap.
pub fn avg_pool_integer(count: usize, window: &Window, divisor: Divisor, x: In<'_>, y: Out<'_>) {
    let (all_in, all_out) = totals(count, window);
    let (x, y) = (x.dense::<i64>(all_in), y.dense::<i64>(all_out));
    let (inputs, out) = (window.inputs(), window.outputs());
    // SAFETY: planes are disjoint.
    let memory = unsafe { Shared::new((x, y)) };
    planes(count, out * window.taps(), &|plane| {
        let (x, y) = memory.get();
        // SAFETY: inside the planes; `covered` stays inside the input.
        unsafe {
            let (x, y) = (x.add(plane * inputs), y.add(plane * out));
            outputs(window, |at, position| {
                let (mut sum, mut any) = (0i64, false);
                covered(window, position, |from| {
                    sum = sum.wrapping_add(*x.add(from));
                    any = true;
                });
                *y.add(at) = if any { sum.wrapping_div(divisor.of(window, position)) } else { 0 };
            });
        }
    });
}

/// Gradient of [`avg_pool`]: each cotangent is shared out evenly; `dx` is overwritten. (Its own gradient is
/// [`avg_pool`].)
pub fn avg_pool_backward(count: usize, window: &Window, divisor: Divisor, g: In<'_>, dx: Out<'_>) {
    let (all_in, all_out) = totals(count, window);
    with_element!(float dx.dtype, T => {
        let (g, dx) = (g.dense::<T>(all_out).cast_mut(), dx.dense::<T>(all_in));
        // SAFETY: all planes are there; with `BACKWARD` the cotangent is only read.
        unsafe { avg::<T, true>(count, window, divisor, dx, g) };
    });
}

/// Forward reads the inner operand and writes the outer one, backward the other way round.
///
/// # Safety
/// `count` planes of the window's input lie at `inner`, of its output at `outer`.
unsafe fn avg<T: Float, const BACKWARD: bool>(
    count: usize,
    window: &Window,
    divisor: Divisor,
    inner: *mut T,
    outer: *mut T,
) {
    let (inputs, out) = (window.inputs(), window.outputs());
    // SAFETY: planes are disjoint.
    let memory = unsafe { Shared::new((inner, outer)) };
    planes(count, out * window.taps(), &|plane| {
        let (inner, outer) = memory.get();
        // SAFETY: inside the planes; `covered` stays inside the input.
        unsafe {
            let (inner, outer) = (inner.add(plane * inputs), outer.add(plane * out));
            if BACKWARD {
                inner.write_bytes(0, inputs);
            }
            outputs(window, |at, position| {
                let divisor = T::from_f64(divisor.of(window, position) as f64);
                if BACKWARD {
                    let share = *outer.add(at) / divisor;
                    covered(window, position, |to| *inner.add(to) += share);
                } else {
                    let (mut sum, mut any) = (T::ZERO, false);
                    covered(window, position, |from| {
                        sum += *inner.add(from);
                        any = true;
                    });
                    if !sum.is_finite() {
                        // The sum has no room, but the mean may have.
                        sum = T::ZERO;
                        covered(window, position, |from| sum += *inner.add(from) / divisor);
                        *outer.add(at) = sum;
                    } else {
                        *outer.add(at) = if any { sum / divisor } else { T::ZERO };
                    }
                }
            });
        }
    });
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
