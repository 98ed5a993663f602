//! Softmax, log-softmax and log-sum-exp along one axis, with their gradients.
//!
//! Operands are contiguous, seen as `outer × len × inner` with the axis in the middle. An inner size of 1 is the fast
//! case; otherwise blocks of neighbouring columns are worked on together. An output may be exactly an input.

use super::float::{Float, Shared, simd};
use super::line::{self, GROUP};
use super::{In, Out, product};
use crate::with_element;
use arcgrad_base::parallel;

/// A contiguous tensor seen from one of its axes.
#[derive(Clone, Copy, Debug)]
pub struct AxisSize {
    /// Product of the sizes before the axis.
    pub outer: usize,
    /// Size of the axis.
    pub len: usize,
    /// Product of the sizes after the axis.
    pub inner: usize,
}

impl AxisSize {
    /// Sizes before, at and after `axis`.
    pub fn new(shape: &[usize], axis: usize) -> Self {
        Self { outer: shape[..axis].iter().product(), len: shape[axis], inner: shape[axis + 1..].iter().product() }
    }

    /// Number of elements.
    ///
    /// # Panics
    /// Where it has no room.
    pub fn numel(&self) -> usize {
        product(&[self.outer, self.len, self.inner])
    }
}

/// Lanes that are worked on together: four vectors of 64 bytes for `f32`.
const LANES: usize = 64;
/// Elements per chunk of the parallel loop.
const GRAIN: usize = 1 << 14;
/// Picoseconds per element of a forward pass (one exponential, three passes over memory in cache).
const COST: u64 = 1000;

/// Lines of the last axis that are worked on together: what they have one of each, as a logarithm, is computed in lanes.
const ROWS: usize = GROUP;
/// Elements of such lines at most, or one line: they are still in the first-level cache when they are read again.
const NEAR: usize = 1 << 12;

/// Runs `body(first, count)` over blocks of the lines of an innermost axis.
fn rows(size: AxisSize, cost: u64, body: &(dyn Fn(usize, usize) + Sync)) {
    let AxisSize { outer, len, .. } = size;
    let group = (GRAIN / len.max(1)).max(1);
    let total = (outer as u64).saturating_mul(len as u64);
    parallel::run(outer.div_ceil(group), total.saturating_mul(cost), &|chunk| {
        let first = chunk * group;
        body(first, group.min(outer - first));
    });
}

/// Runs `body(row, columns)` over all lines along the axis: `row` counts `outer`, `columns` is a block of `inner`.
fn lines(size: AxisSize, cost: u64, body: &(dyn Fn(usize, usize, usize) + Sync)) {
    let AxisSize { outer, len, inner } = size;
    if outer == 0 || inner == 0 {
        return;
    }
    let blocks = inner.div_ceil(LANES);
    let group = (GRAIN / (len.max(1) * inner.min(LANES))).max(1);
    let (count, total) = (outer * blocks, outer as u64 * inner as u64 * len as u64);
    parallel::run(count.div_ceil(group), total.saturating_mul(cost), &|chunk| {
        for line in chunk * group..((chunk + 1) * group).min(count) {
            let start = line % blocks * LANES;
            body(line / blocks, start, LANES.min(inner - start));
        }
    });
}

/// Softmax: `exp(x) / Σ exp(x)`, shifted by the maximum. One +∞ in a line takes all; a line of −∞ alone, with more than
/// one +∞ or with NaN in it gives NaN.
///
/// # Panics
/// Where the operands are not dense, of the given sizes and of one dtype, `f32` or `f64`; so in all of these kernels.
pub fn softmax(size: AxisSize, x: In<'_>, y: Out<'_>) {
    with_element!(float y.dtype, T => forward::<T>(size, false, x, y));
}

/// Log-softmax: `x − max − log Σ exp(x − max)`. NaN where [`softmax`] gives NaN.
pub fn log_softmax(size: AxisSize, x: In<'_>, y: Out<'_>) {
    with_element!(float y.dtype, T => forward::<T>(size, true, x, y));
}

/// Gradient of [`softmax`] from its output `y` and the cotangent `g`: `y · (g − Σ g·y)`.
pub fn softmax_backward(size: AxisSize, y: In<'_>, g: In<'_>, dx: Out<'_>) {
    with_element!(float dx.dtype, T => backward::<T>(size, false, y, g, dx));
}

/// Gradient of [`log_softmax`] from its output `y` and the cotangent `g`: `g − exp(y) · Σ g`.
pub fn log_softmax_backward(size: AxisSize, y: In<'_>, g: In<'_>, dx: Out<'_>) {
    with_element!(float dx.dtype, T => backward::<T>(size, true, y, g, dx));
}

/// `log Σ exp(x)` along the axis; the output is `outer × inner`, and no input. The empty sum gives −∞, as does a line of
/// −∞.
pub fn logsumexp(size: AxisSize, x: In<'_>, y: Out<'_>) {
    with_element!(float y.dtype, T => {
        let (x, y) = (x.dense::<T>(size.numel()), y.dense::<T>(product(&[size.outer, size.inner])));
        // SAFETY: every line writes its own outputs.
        let memory = unsafe { Shared::new((x, y)) };
        if size.inner == 1 {
            rows(size, COST, &|first, count| {
                let (x, y) = memory.get();
                // SAFETY: inside the operands.
                unsafe { logsumexp_rows(x.add(first * size.len), y.add(first), size.len, count) };
            });
            return;
        }
        lines(size, COST, &|row, start, width| {
            let (x, y) = memory.get();
            // SAFETY: inside the operands.
            unsafe {
                let x = x.add(row * size.len * size.inner + start);
                let y = y.add(row * size.inner + start);
                logsumexp_columns(x, y, size.len, size.inner, width);
            }
        });
    });
}

/// Softmax or its logarithm.
fn forward<T: Float>(size: AxisSize, log: bool, x: In<'_>, y: Out<'_>) {
    let (x, y) = (x.dense::<T>(size.numel()), y.dense::<T>(size.numel()));
    if size.len == 0 {
        // Lines without elements are not walked: there may be any number of them.
        return;
    }
    // SAFETY: every line writes its own outputs.
    let memory = unsafe { Shared::new((x, y)) };
    if size.inner == 1 {
        return rows(size, COST, &|first, count| {
            let (x, y) = memory.get();
            let at = first * size.len;
            // SAFETY: inside the operands.
            unsafe { forward_rows(log, x.add(at), y.add(at), size.len, count) };
        });
    }
    lines(size, COST, &|row, start, width| {
        let (x, y) = memory.get();
        let first = row * size.len * size.inner + start;
        // SAFETY: inside the operands.
        unsafe { forward_columns(log, x.add(first), y.add(first), size.len, size.inner, width) };
    });
}

/// Gradient of softmax or of its logarithm.
fn backward<T: Float>(size: AxisSize, log: bool, y: In<'_>, g: In<'_>, dx: Out<'_>) {
    let n = size.numel();
    let (y, g, dx) = (y.dense::<T>(n), g.dense::<T>(n), dx.dense::<T>(n));
    if size.len == 0 {
        // Lines without elements are not walked: there may be any number of them.
        return;
    }
    // SAFETY: every line writes its own outputs.
    let memory = unsafe { Shared::new((y, g, dx)) };
    if size.inner == 1 {
        return rows(size, COST, &|first, count| {
            let (y, g, dx) = memory.get();
            let at = first * size.len;
            // SAFETY: inside the operands.
            unsafe { backward_rows(log, y.add(at), g.add(at), dx.add(at), size.len, count) };
        });
    }
    lines(size, COST, &|row, start, width| {
        let (y, g, dx) = memory.get();
        let first = row * size.len * size.inner + start;
        // SAFETY: inside the operands.
        unsafe {
            let (y, g, dx) = (y.add(first), g.add(first), dx.add(first));
            backward_columns(log, y, g, dx, size.len, size.inner, width);
        }
    });
}

// ---- contiguous lines ----------------------------------------------------------------------------------------------

/// Where a line has its only +∞, if it has one and no NaN: the limit of its softmax is 1 there and 0 elsewhere.
///
/// # Safety
/// `len` elements, `stride` apart, can be read from `x` on.
#[cold]
unsafe fn only_infinity<T: Float>(x: *const T, len: usize, stride: usize) -> Option<usize> {
    let mut found = None;
    for i in 0..len {
        // SAFETY: the caller's line.
        let value = unsafe { *x.add(i * stride) };
        if value.is_nan() || (value == -T::NEG_INFINITY && found.is_some()) {
            return None;
        }
        if value == -T::NEG_INFINITY {
            found = Some(i);
        }
    }
    found
}

/// Writes the limit that [`only_infinity`] speaks of.
///
/// # Safety
/// `len` elements, `stride` apart, can be written from `y` on.
#[cold]
unsafe fn write_limit<T: Float>(log: bool, y: *mut T, len: usize, stride: usize, only: usize) {
    let (none, all) = if log { (T::NEG_INFINITY, T::ZERO) } else { (T::ZERO, T::ONE) };
    for i in 0..len {
        // SAFETY: the caller's line.
        unsafe { *y.add(i * stride) = if i == only { all } else { none } };
    }
}

/// The shift of log-sum-exp: the maximum, but 0 where that is infinite (∞ − ∞ is NaN).
#[inline(always)]
fn finite_or_zero<T: Float>(max: T) -> T {
    if max > T::NEG_INFINITY && max < -T::NEG_INFINITY { max } else { T::ZERO }
}

/// Calls `body(first, count)` for groups of so few of `rows` lines of `len` elements that they stay in the first-level cache.
#[inline(always)]
fn by_groups(rows: usize, len: usize, mut body: impl FnMut(usize, usize)) {
    let together = (NEAR / len.max(1)).clamp(1, ROWS);
    for first in (0..rows).step_by(together) {
        body(first, together.min(rows - first));
    }
}

simd! {
    /// [`forward`] of `rows` lines.
    ///
    /// # Safety
    /// `rows * len` elements can be read from `x` and written from `y` on; the two are apart or the same.
    unsafe fn forward_rows<T: Float>(log: bool, x: *const T, y: *mut T, len: usize, rows: usize) {
        if len < GROUP {
            // Lines too short for lanes lie across them.
            let mut tile = [T::ZERO; GROUP * LANES];
            let tile = tile.as_mut_ptr();
            for first in (0..rows).step_by(LANES) {
                let count = LANES.min(rows - first);
                line::across::<T, LANES>(x.add(first * len), count, len, tile);
                columns_forward(log, tile, tile, len, LANES, LANES);
                line::along::<T, LANES>(tile, count, len, y.add(first * len));
            }
            return;
        }
        by_groups(rows, len, |first, count| {
            let (x, y) = (x.add(first * len), y.add(first * len));
            let (mut most, mut sums) = ([T::ZERO; ROWS], [T::ONE; ROWS]);
            // Found before the output is written, which may be the input.
            let mut limits = Vec::new();
            for row in 0..count {
                let x = x.add(row * len);
                let max = line::max(x, len);
                if max == -T::NEG_INFINITY
                    && let Some(only) = only_infinity(x, len, 1)
                {
                    limits.push((row, only));
                }
                let out = if log { None } else { Some(y.add(row * len)) };
                (most[row], sums[row]) = (max, line::sum([x], len, |[x]| (x - max).exp(), out));
            }
            for sum in &mut sums {
                // One quotient per line: processors multiply ten times as fast as they divide.
                *sum = if log { sum.ln() } else { T::ONE / *sum };
            }
            for row in 0..count {
                let (at, max, sum) = (row * len, most[row], sums[row]);
                if log {
                    line::map([x.add(at)], len, |[x]| (x - max) - sum, y.add(at));
                } else {
                    line::map([y.add(at).cast_const()], len, |[y]| y * sum, y.add(at));
                }
            }
            for (row, only) in limits {
                write_limit(log, y.add(row * len), len, 1, only);
            }
        });
    }
}

simd! {
    /// [`backward`] of `rows` lines.
    ///
    /// # Safety
    /// `rows * len` elements can be read from `y` and `g` and written from `dx` on, which is apart from these or one of
    /// them.
    unsafe fn backward_rows<T: Float>(log: bool, y: *const T, g: *const T, dx: *mut T, len: usize, rows: usize) {
        if len < GROUP {
            let (mut ys, mut gs) = ([T::ZERO; GROUP * LANES], [T::ZERO; GROUP * LANES]);
            let (ys, gs) = (ys.as_mut_ptr(), gs.as_mut_ptr());
            for first in (0..rows).step_by(LANES) {
                let count = LANES.min(rows - first);
                line::across::<T, LANES>(y.add(first * len), count, len, ys);
                line::across::<T, LANES>(g.add(first * len), count, len, gs);
                columns_backward(log, ys, gs, gs, len, LANES, LANES);
                line::along::<T, LANES>(gs, count, len, dx.add(first * len));
            }
            return;
        }
        for at in (0..rows * len).step_by(len) {
            let (y, g, dx) = (y.add(at), g.add(at), dx.add(at));
            if log {
                let sum = line::sum([g], len, |[g]| g, None);
                line::map([y, g], len, |[y, g]| g - y.exp() * sum, dx);
            } else {
                let sum = line::sum([y, g], len, |[y, g]| g * y, None);
                line::map([y, g], len, |[y, g]| y * (g - sum), dx);
            }
        }
    }
}

simd! {
    /// [`logsumexp`] of `rows` lines.
    ///
    /// # Safety
    /// `rows * len` elements can be read from `x` on, and `rows` can be written from `y` on.
    unsafe fn logsumexp_rows<T: Float>(x: *const T, y: *mut T, len: usize, rows: usize) {
        if len < GROUP {
            let (mut tile, mut sums) = ([T::ZERO; GROUP * LANES], [T::ZERO; LANES]);
            for first in (0..rows).step_by(LANES) {
                let count = LANES.min(rows - first);
                line::across::<T, LANES>(x.add(first * len), count, len, tile.as_mut_ptr());
                columns_logsumexp(tile.as_ptr(), sums.as_mut_ptr(), len, LANES, LANES);
                std::ptr::copy_nonoverlapping(sums.as_ptr(), y.add(first), count);
            }
            return;
        }
        by_groups(rows, len, |first, count| {
            let (mut shifts, mut sums) = ([T::ZERO; ROWS], [T::ONE; ROWS]);
            for row in 0..count {
                let x = x.add((first + row) * len);
                let shift = finite_or_zero(line::max(x, len));
                (shifts[row], sums[row]) = (shift, line::sum([x], len, |[x]| (x - shift).exp(), None));
            }
            for row in 0..ROWS {
                sums[row] = sums[row].ln() + shifts[row];
            }
            std::ptr::copy_nonoverlapping(sums.as_ptr(), y.add(first), count);
        });
    }
}

// ---- neighbouring columns ------------------------------------------------------------------------------------------

/// Runs `$body` with `$lane` over the columns of a block: a whole block has a constant count, which vectorises best.
macro_rules! columns {
    ($width:expr, |$lane:ident| $body:expr) => {
        if $width == LANES {
            for $lane in 0..LANES {
                $body
            }
        } else {
            for $lane in 0..$width.min(LANES) {
                $body
            }
        }
    };
}

/// Maxima of neighbouring lines; NaNs are passed over.
///
/// # Safety
/// `len` rows of `width` elements, at most [`LANES`], can be read from `x` on; they are `stride` apart.
#[inline(always)]
unsafe fn column_max<T: Float>(x: *const T, len: usize, stride: usize, width: usize) -> [T; LANES] {
    let mut max = [T::NEG_INFINITY; LANES];
    for i in 0..len {
        // SAFETY: the caller's block of columns.
        columns!(width, |lane| unsafe {
            let value = *x.add(i * stride + lane);
            max[lane] = if value > max[lane] { value } else { max[lane] };
        });
    }
    max
}

simd! {
    /// [`forward`] of `width` neighbouring lines.
    ///
    /// # Safety
    /// As for [`column_max`], and as many can be written from `y` on; the two are apart or the same.
    unsafe fn forward_columns<T: Float>(log: bool, x: *const T, y: *mut T, len: usize, stride: usize, width: usize) {
        columns_forward(log, x, y, len, stride, width);
    }
}

/// [`forward_columns`] as a part of a dispatched region.
///
/// # Safety
/// As there.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn columns_forward<T: Float>(log: bool, x: *const T, y: *mut T, len: usize, stride: usize, width: usize) {
    // SAFETY: the caller's block of columns.
    unsafe {
        let max = column_max(x, len, stride, width);
        // Found before the output is written, which may be the input.
        let mut limits = Vec::new();
        for (lane, &most) in max.iter().enumerate().take(width) {
            if most == -T::NEG_INFINITY
                && let Some(only) = only_infinity(x.add(lane), len, stride)
            {
                limits.push((lane, only));
            }
        }
        let mut sum = [T::ZERO; LANES];
        for i in 0..len {
            columns!(width, |lane| {
                let value = (*x.add(i * stride + lane) - max[lane]).exp();
                sum[lane] += value;
                if !log {
                    *y.add(i * stride + lane) = value;
                }
            });
        }
        columns!(width, |lane| sum[lane] = if log { sum[lane].ln() } else { T::ONE / sum[lane] });
        for i in 0..len {
            columns!(width, |lane| {
                let at = i * stride + lane;
                *y.add(at) = if log { (*x.add(at) - max[lane]) - sum[lane] } else { *y.add(at) * sum[lane] };
            });
        }
        for (lane, only) in limits {
            write_limit(log, y.add(lane), len, stride, only);
        }
    }
}

simd! {
    /// [`backward`] of `width` neighbouring lines.
    ///
    /// # Safety
    /// As for [`column_max`], at `y` and `g`, and as many can be written from `dx` on, which is apart from these or one
    /// of them.
    #[allow(clippy::too_many_arguments)]
    unsafe fn backward_columns<T: Float>(
        log: bool, y: *const T, g: *const T, dx: *mut T, len: usize, stride: usize, width: usize,
    ) {
        columns_backward(log, y, g, dx, len, stride, width);
    }
}

/// [`backward_columns`] as a part of a dispatched region.
///
/// # Safety
/// As there.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn columns_backward<T: Float>(
    log: bool,
    y: *const T,
    g: *const T,
    dx: *mut T,
    len: usize,
    stride: usize,
    width: usize,
) {
    // SAFETY: the caller's block of columns.
    unsafe {
        let mut sum = [T::ZERO; LANES];
        for i in 0..len {
            columns!(width, |lane| {
                let at = i * stride + lane;
                sum[lane] += if log { *g.add(at) } else { *g.add(at) * *y.add(at) };
            });
        }
        for i in 0..len {
            columns!(width, |lane| {
                let at = i * stride + lane;
                let (y, g) = (*y.add(at), *g.add(at));
                *dx.add(at) = if log { g - y.exp() * sum[lane] } else { y * (g - sum[lane]) };
            });
        }
    }
}

simd! {
    /// [`logsumexp`] of `width` neighbouring lines.
    ///
    /// # Safety
    /// As for [`column_max`], and `width` elements can be written from `y` on.
    unsafe fn logsumexp_columns<T: Float>(x: *const T, y: *mut T, len: usize, stride: usize, width: usize) {
        columns_logsumexp(x, y, len, stride, width);
    }
}

/// [`logsumexp_columns`] as a part of a dispatched region.
///
/// # Safety
/// As there.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn columns_logsumexp<T: Float>(x: *const T, y: *mut T, len: usize, stride: usize, width: usize) {
    // SAFETY: the caller's block of columns.
    unsafe {
        let shift = column_max(x, len, stride, width).map(finite_or_zero);
        let mut sum = [T::ZERO; LANES];
        for i in 0..len {
            columns!(width, |lane| sum[lane] += (*x.add(i * stride + lane) - shift[lane]).exp());
        }
        columns!(width, |lane| *y.add(lane) = sum[lane].ln() + shift[lane]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{Random, assert_all_near, input, output};
    use arcgrad_base::dtype::DType;

    type Unary = fn(AxisSize, In<'_>, Out<'_>);
    type Binary = fn(AxisSize, In<'_>, In<'_>, Out<'_>);

    fn run(f: Unary, size: AxisSize, x: &[f64], outputs: usize) -> [Vec<f64>; 2] {
        let mut wide = vec![0.0f64; outputs];
        let single: Vec<f32> = x.iter().map(|&v| v as f32).collect();
        let mut narrow = vec![0.0f32; outputs];
        f(size, input(x), output(&mut wide));
        f(size, input(&single), output(&mut narrow));
        [wide, narrow.into_iter().map(f64::from).collect()]
    }

    fn run2(f: Binary, size: AxisSize, x: &[f64], g: &[f64]) -> [Vec<f64>; 2] {
        let mut wide = vec![0.0f64; x.len()];
        let single = [x, g].map(|v| v.iter().map(|&v| v as f32).collect::<Vec<_>>());
        let mut narrow = vec![0.0f32; x.len()];
        f(size, input(x), input(g), output(&mut wide));
        f(size, input(&single[0]), input(&single[1]), output(&mut narrow));
        [wide, narrow.into_iter().map(f64::from).collect()]
    }

    /// Applies `f` to every line along the axis.
    fn by_line(size: AxisSize, operands: &[&[f64]], f: impl Fn(&[Vec<f64>]) -> Vec<f64>) -> Vec<f64> {
        let mut result = vec![f64::NAN; size.outer * size.len * size.inner];
        for o in 0..size.outer {
            for j in 0..size.inner {
                let at = |i: usize| (o * size.len + i) * size.inner + j;
                let lines: Vec<Vec<f64>> = operands.iter().map(|x| (0..size.len).map(|i| x[at(i)]).collect()).collect();
                for (i, value) in f(&lines).into_iter().enumerate() {
                    result[at(i)] = value;
                }
            }
        }
        result
    }

    /// Input, softmax, log-softmax and log-sum-exp of a line.
    type Case = ([f64; 2], [f64; 2], [f64; 2], f64);

    fn soft(x: &[f64]) -> Vec<f64> {
        let sum: f64 = x.iter().map(|v| v.exp()).sum();
        x.iter().map(|v| v.exp() / sum).collect()
    }

    #[test]
    fn lines_along_any_axis_match_the_definitions() {
        let mut random = Random(11);
        let sizes = [(3, 5, 1), (1, 200, 1), (2, 131, 1), (4, 3, 7), (2, 9, 64), (2, 9, 65), (3, 1, 2), (0, 3, 2)];
        for (outer, len, inner) in sizes.into_iter().chain([(2, 0, 2), (700, 33, 1), (1, 1, 1)]) {
            let size = AxisSize { outer, len, inner };
            let x: Vec<f64> = random.units(outer * len * inner).iter().map(|v| 4.0 * v).collect();
            let g = random.units(x.len());
            let probability = by_line(size, &[&x], |l| soft(&l[0]));
            let log_probability: Vec<f64> = probability.iter().map(|p| p.ln()).collect();
            let d_soft = by_line(size, &[&probability, &g], |l| {
                let dot: f64 = l[0].iter().zip(&l[1]).map(|(y, g)| y * g).sum();
                l[0].iter().zip(&l[1]).map(|(y, g)| y * (g - dot)).collect()
            });
            let d_log = by_line(size, &[&probability, &g], |l| {
                let sum: f64 = l[1].iter().sum();
                l[0].iter().zip(&l[1]).map(|(p, g)| g - p * sum).collect()
            });
            for (tolerance, pick) in [(1e-13, 0), (2e-6, 1)] {
                let what = format!("{size:?}");
                assert_all_near(&run(softmax, size, &x, x.len())[pick], &probability, tolerance, &what);
                assert_all_near(&run(log_softmax, size, &x, x.len())[pick], &log_probability, tolerance, &what);
                let result = run2(softmax_backward, size, &probability, &g);
                assert_all_near(&result[pick], &d_soft, tolerance * 4.0, &what);
                let result = run2(log_softmax_backward, size, &log_probability, &g);
                assert_all_near(&result[pick], &d_log, tolerance * 4.0, &what);
                let mut sums = Vec::new();
                for o in 0..outer {
                    for j in 0..inner {
                        sums.push((0..len).map(|i| x[(o * len + i) * inner + j].exp()).sum::<f64>().ln());
                    }
                }
                assert_all_near(&run(logsumexp, size, &x, outer * inner)[pick], &sums, tolerance, &what);
            }
        }
    }

    #[test]
    fn infinities_and_nans_go_where_pytorch_puts_them() {
        const INF: f64 = f64::INFINITY;
        const NAN: f64 = f64::NAN;
        let lines: [Case; 5] = [
            ([-INF, -INF], [NAN, NAN], [NAN, NAN], -INF),
            ([-INF, 3.0], [0.0, 1.0], [-INF, 0.0], 3.0),
            ([INF, 3.0], [1.0, 0.0], [0.0, -INF], INF),
            ([NAN, 3.0], [NAN, NAN], [NAN, NAN], NAN),
            ([1000.0, 1000.0], [0.5, 0.5], [-(2f64.ln()), -(2f64.ln())], 1000.0 + 2f64.ln()),
        ];
        for (x, soft, log, sum) in lines {
            for (outer, inner) in [(1, 1), (1, 3)] {
                let size = AxisSize { outer, len: 2, inner };
                let spread = |v: [f64; 2]| v.iter().flat_map(|&v| vec![v; inner]).collect::<Vec<_>>();
                for pick in 0..2 {
                    assert_all_near(&run(softmax, size, &spread(x), 2 * inner)[pick], &spread(soft), 1e-6, "softmax");
                    let result = run(log_softmax, size, &spread(x), 2 * inner);
                    assert_all_near(&result[pick], &spread(log), 1e-4, "log_softmax");
                    let result = run(logsumexp, size, &spread(x), inner);
                    assert_all_near(&result[pick], &vec![sum; inner], 1e-6, "logsumexp");
                }
            }
        }
    }

    #[test]
    fn the_output_may_be_the_input() {
        let size = AxisSize { outer: 2, len: 70, inner: 1 };
        let x = Random(5).units(140);
        let [expected, _] = run(softmax, size, &x, 140);
        let mut memory = x;
        let ptr = memory.as_mut_ptr().cast::<u8>();
        softmax(
            size,
            In { ptr, dtype: DType::F64, shape: &[140], strides: &[1] },
            Out { ptr, dtype: DType::F64, shape: &[140], strides: &[1] },
        );
        assert_eq!(memory, expected);
    }
}
