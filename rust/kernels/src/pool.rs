//! Pooling over one to three spatial axes.
//!
//! Operands are contiguous: `planes` (batch times channels) stacks of the window's input or output. Planes are the
//! chunks of the parallel loop. Within a plane the loops go line by line: all outputs of a line take the same element of
//! their windows at once, in lanes, one element after the other. So what lies in a window's reach is found once per call
//! and not once per output, and each output still sees its window in row-major order.

use std::sync::atomic::{AtomicBool, Ordering};

use super::float::{Float, Shared, simd};
use super::number::Bounded;
use super::window::Window;
use super::{In, Out, product};
use crate::with_element;
use arcgrad_base::parallel;

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

/// One column of a window: the outputs of a line that have it inside the input.
#[derive(Clone, Copy)]
struct Tap {
    /// First output, and how many there are.
    first: usize,
    count: usize,
    /// Where in its row of the input the first one finds it.
    from: usize,
}

impl Tap {
    /// Where in its row output `at` finds it, if that does.
    #[inline(always)]
    fn of(self, at: usize, stride: usize) -> Option<usize> {
        let step = at.wrapping_sub(self.first);
        (step < self.count).then(|| self.from + step * stride)
    }
}

/// Outputs of a line up to which means are made one by one: loops of so few steps cost more than their work. (Maxima are not:
/// there the processor would have to guess which element is the greatest.)
const SHORT: usize = 7;

/// What the lines of outputs of a plane have in their reach.
struct Lines {
    /// Number of lines, and outputs per line.
    count: usize,
    width: usize,
    /// Offsets of the rows of the input, line after line.
    rows: Vec<usize>,
    /// Where the rows of each line end.
    ends: Vec<usize>,
    /// Columns of the window, from left to right.
    taps: Vec<Tap>,
    /// Distance of what neighbouring outputs find in a row.
    stride: usize,
}

impl Lines {
    fn new(window: &Window) -> Self {
        let [depths, heights, width] = window.output;
        let count = depths * heights;
        let (mut rows, mut ends) = (Vec::new(), Vec::with_capacity(count));
        let across = |axis: usize, at: usize| {
            let (taps, from) = window.inside(axis, at);
            (0..taps.len()).map(move |tap| from + tap * window.dilation[axis])
        };
        for d in 0..depths {
            for h in 0..heights {
                for i in across(0, d) {
                    rows.extend(across(1, h).map(|j| (i * window.input[1] + j) * window.input[2]));
                }
                ends.push(rows.len());
            }
        }
        let taps = (0..window.kernel[2])
            .map(|tap| {
                let (outputs, from) = window.reached(2, tap, 0..width);
                Tap { first: outputs.start, count: outputs.len(), from }
            })
            .filter(|tap| tap.count > 0)
            .collect();
        Self { count, width, rows, ends, taps, stride: window.stride[2] }
    }

    /// The rows of the input under a line.
    #[inline(always)]
    fn rows(&self, line: usize) -> &[usize] {
        &self.rows[if line == 0 { 0 } else { self.ends[line - 1] }..self.ends[line]]
    }
}

/// Runs `$body` with `$stride` bound to the stride, a constant where it is 1 or 2: then it has loads of whole vectors.
macro_rules! with_stride {
    ($lines:expr, $stride:ident => $body:expr) => {
        match $lines.stride {
            1 => {
                let $stride = 1;
                $body
            }
            2 => {
                let $stride = 2;
                $body
            }
            $stride => $body,
        }
    };
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
    let lines = &Lines::new(window);
    // SAFETY: planes are disjoint.
    let memory = unsafe { Shared::new((x, y, indices)) };
    planes(count, out * window.taps(), &|plane| {
        let (x, y, indices) = memory.get();
        // SAFETY: inside the operands.
        unsafe { max_plane(lines, x.add(plane * inputs), y.add(plane * out), indices.add(plane * out)) };
    });
}

simd! {
    /// [`max_pool`] of one plane.
    ///
    /// # Safety
    /// The lines are alive. A plane of the input lies at `x`, one of the output at `y` and at `indices`, apart.
    unsafe fn max_plane<T: Bounded>(lines: *const Lines, x: *const T, y: *mut T, indices: *mut i64) {
        let lines = &*lines;
        with_stride!(lines, stride => for line in 0..lines.count {
            let (y, indices) = (y.add(line * lines.width), indices.add(line * lines.width));
            for at in 0..lines.width {
                *y.add(at) = T::LOWEST;
                *indices.add(at) = -1;
            }
            for &row in lines.rows(line) {
                for &Tap { first, count, from } in &lines.taps {
                    let (start, y, indices) = (row + from, y.add(first), indices.add(first));
                    for at in 0..count {
                        let place = start + at * stride;
                        let (value, best) = (*x.add(place), *y.add(at));
                        let found = *indices.add(at);
                        let take = (found < 0) | value.gt(best) | value.unordered();
                        *y.add(at) = if take { value } else { best };
                        *indices.add(at) = if take { place as i64 } else { found };
                    }
                }
            }
        })
    }
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
    /// The share of one axis in the divisor, for an output along it.
    fn along(self, window: &Window, axis: usize, output: usize) -> i64 {
        match self {
            Self::Fixed(divisor) => {
                if axis == 0 {
                    divisor
                } else {
                    1
                }
            }
            Self::WithoutPadding => window.inside(axis, output).0.len() as i64,
            Self::WithPadding => {
                // Past the padding (`ceil`) nothing counts.
                let start = output * window.stride[axis];
                let end = (start + window.kernel[axis]).min(window.input[axis] + 2 * window.padding[axis]);
                (end - start) as i64
            }
        }
    }

    fn of(self, window: &Window, output: [usize; 3]) -> i64 {
        (0..3).map(|axis| self.along(window, axis, output[axis])).product()
    }

    /// The divisors of a plane, line after line: few lines have others than the one before.
    fn of_lines<T: Float>(self, window: &Window) -> Divisors<T> {
        let [depths, heights, width] = window.output;
        let across: Vec<i64> = (0..width).map(|at| self.along(window, 2, at)).collect();
        let mut divisors = Divisors { values: Vec::new(), starts: Vec::with_capacity(depths * heights) };
        let mut last = None;
        for d in 0..depths {
            let deep = self.along(window, 0, d);
            for h in 0..heights {
                let down = deep * self.along(window, 1, h);
                if last != Some(down) {
                    last = Some(down);
                    divisors.values.extend(across.iter().map(|&across| T::from_f64((down * across) as f64)));
                }
                divisors.starts.push(divisors.values.len() - width);
            }
        }
        divisors
    }
}

/// What [`Divisor::of_lines`] gives.
struct Divisors<T> {
    /// Lines of divisors.
    values: Vec<T>,
    /// Where among them those of each line of outputs start.
    starts: Vec<usize>,
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
    let (lines, divisors) = (&Lines::new(window), &divisor.of_lines::<T>(window));
    // SAFETY: planes are disjoint.
    let memory = unsafe { Shared::new((inner, outer)) };
    planes(count, out * window.taps(), &|plane| {
        let (inner, outer) = memory.get();
        // SAFETY: inside the planes; `covered` stays inside the input.
        unsafe {
            let (inner, outer) = (inner.add(plane * inputs), outer.add(plane * out));
            if BACKWARD {
                inner.write_bytes(0, inputs);
                avg_plane_backward(lines, divisors, outer, inner);
            } else if !avg_plane(lines, divisors, inner, outer) {
                outputs(window, |at, position| {
                    if (*outer.add(at)).is_finite() {
                        return;
                    }
                    // The sum has no room, but the mean may have; or there was nothing to sum.
                    let divisor = T::from_f64(divisor.of(window, position) as f64);
                    let mut mean = T::ZERO;
                    covered(window, position, |from| mean += *inner.add(from) / divisor);
                    *outer.add(at) = mean;
                });
            }
        }
    });
}

simd! {
    /// [`avg_pool`] of one plane: whether all means are finite.
    ///
    /// # Safety
    /// Lines and divisors are alive. A plane of the input lies at `x`, one of the output at `y`, apart.
    unsafe fn avg_plane<T: Float>(lines: *const Lines, divisors: *const Divisors<T>, x: *const T, y: *mut T) -> bool {
        let (lines, divisors) = (&*lines, &*divisors);
        let mut finite = true;
        with_stride!(lines, stride => for line in 0..lines.count {
            let y = y.add(line * lines.width);
            let divisors = divisors.values.as_ptr().add(divisors.starts[line]);
            if lines.width <= SHORT {
                for at in 0..lines.width {
                    let mut sum = T::ZERO;
                    for &row in lines.rows(line) {
                        for place in lines.taps.iter().filter_map(|tap| tap.of(at, stride)) {
                            sum += *x.add(row + place);
                        }
                    }
                    let mean = sum / *divisors.add(at);
                    *y.add(at) = mean;
                    finite &= mean.is_finite();
                }
                continue;
            }
            for at in 0..lines.width {
                *y.add(at) = T::ZERO;
            }
            for &row in lines.rows(line) {
                for &Tap { first, count, from } in &lines.taps {
                    let (x, y) = (x.add(row + from), y.add(first));
                    for at in 0..count {
                        *y.add(at) += *x.add(at * stride);
                    }
                }
            }
            for at in 0..lines.width {
                let mean = *y.add(at) / *divisors.add(at);
                *y.add(at) = mean;
                finite &= mean.is_finite();
            }
        });
        finite
    }
}

/// Shares that are spread together: they stay in a level-1 cache.
const SHARES: usize = 256;

simd! {
    /// [`avg_pool_backward`] of one plane, added to `dx`.
    ///
    /// # Safety
    /// As for [`avg_plane`]: a plane of the output lies at `g`, one of the input at `dx`.
    unsafe fn avg_plane_backward<T: Float>(
        lines: *const Lines, divisors: *const Divisors<T>, g: *const T, dx: *mut T,
    ) {
        let (lines, divisors) = (&*lines, &*divisors);
        if lines.width <= SHORT {
            for line in 0..lines.count {
                let divisors = divisors.values.as_ptr().add(divisors.starts[line]);
                for at in 0..lines.width {
                    let share = *g.add(line * lines.width + at) / *divisors.add(at);
                    for &row in lines.rows(line) {
                        for place in lines.taps.iter().filter_map(|tap| tap.of(at, lines.stride)) {
                            *dx.add(row + place) += share;
                        }
                    }
                }
            }
            return;
        }
        let mut shares = [T::ZERO; SHARES];
        with_stride!(lines, stride => for line in 0..lines.count {
            let divisors = divisors.values.as_ptr().add(divisors.starts[line]);
            for start in (0..lines.width).step_by(SHARES) {
                let end = (start + SHARES).min(lines.width);
                for at in start..end {
                    shares[at - start] = *g.add(line * lines.width + at) / *divisors.add(at);
                }
                for &row in lines.rows(line) {
                    for &Tap { first, count, from } in &lines.taps {
                        let (low, high) = (first.max(start), (first + count).min(end));
                        let (to, shares) = (dx.add(row + from), shares.as_ptr());
                        for at in low..high {
                            *to.add((at - first) * stride) += *shares.add(at - start);
                        }
                    }
                }
            }
        });
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
