//! Softmax, log-softmax and log-sum-exp along one axis, with their gradients.
//!
//! Operands are contiguous, seen as `outer × len × inner` with the axis in the middle. An inner size of 1 is the fast
//! case; otherwise blocks of neighbouring columns are worked on together. An output may be exactly an input.

use super::float::{Float, Shared, lane_sum, simd};
use super::{In, Out, product};
use crate::parallel;
use crate::with_element;

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
        lines(size, COST, &|row, start, width| {
            let (x, y) = memory.get();
            // SAFETY: inside the operands.
            unsafe {
                let x = x.add(row * size.len * size.inner + start);
                let y = y.add(row * size.inner + start);
                if size.inner == 1 {
                    logsumexp_row(x, y, size.len);
                } else {
                    logsumexp_columns(x, y, size.len, size.inner, width);
                }
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
    lines(size, COST, &|row, start, width| {
        let (x, y) = memory.get();
        let first = row * size.len * size.inner + start;
        // SAFETY: inside the operands.
        unsafe {
            if size.inner == 1 {
                forward_row(log, x.add(first), y.add(first), size.len);
            } else {
                forward_columns(log, x.add(first), y.add(first), size.len, size.inner, width);
            }
        }
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
    lines(size, COST, &|row, start, width| {
        let (y, g, dx) = memory.get();
        let first = row * size.len * size.inner + start;
        // SAFETY: inside the operands.
        unsafe {
            let (y, g, dx) = (y.add(first), g.add(first), dx.add(first));
            if size.inner == 1 {
                backward_row(log, y, g, dx, size.len);
            } else {
                backward_columns(log, y, g, dx, size.len, size.inner, width);
            }
        }
    });
}

// ---- contiguous lines ----------------------------------------------------------------------------------------------

/// Maximum of a contiguous line; NaNs are passed over (the sum of exponentials finds them).
///
/// # Safety
/// `len` elements can be read from `x` on.
#[inline(always)]
unsafe fn line_max<T: Float>(x: *const T, len: usize) -> T {
    let mut lanes = [T::NEG_INFINITY; LANES];
    let whole = len - len % LANES;
    // SAFETY: the line has `len` elements.
    unsafe {
        for start in (0..whole).step_by(LANES) {
            for (lane, max) in lanes.iter_mut().enumerate() {
                let value = *x.add(start + lane);
                *max = if value > *max { value } else { *max };
            }
        }
        for i in whole..len {
            let value = *x.add(i);
            lanes[0] = if value > lanes[0] { value } else { lanes[0] };
        }
    }
    lanes.into_iter().fold(T::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

/// Sum over a contiguous line of what `term` makes of element `i`, with a fixed tree.
#[inline(always)]
fn line_sum<T: Float>(len: usize, mut term: impl FnMut(usize) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let whole = len - len % LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += term(start + lane);
        }
    }
    for i in whole..len {
        lanes[i - whole] += term(i);
    }
    lane_sum(lanes)
}

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

simd! {
    /// [`forward`] of one line.
    ///
    /// # Safety
    /// `len` elements can be read from `x` and written from `y` on; the two are apart or the same.
    unsafe fn forward_row<T: Float>(log: bool, x: *const T, y: *mut T, len: usize) {
        let max = line_max(x, len);
        if max == -T::NEG_INFINITY
            && let Some(only) = only_infinity(x, len, 1)
        {
            write_limit(log, y, len, 1, only);
        } else if log {
            let sum = line_sum(len, |i| (*x.add(i) - max).exp()).ln();
            for i in 0..len {
                *y.add(i) = (*x.add(i) - max) - sum;
            }
        } else {
            let sum = line_sum(len, |i| {
                let value = (*x.add(i) - max).exp();
                *y.add(i) = value;
                value
            });
            for i in 0..len {
                *y.add(i) = *y.add(i) / sum;
            }
        }
    }
}

simd! {
    /// [`backward`] of one line.
    ///
    /// # Safety
    /// `len` elements can be read from `y` and `g` and written from `dx` on, which is apart from these or one of them.
    unsafe fn backward_row<T: Float>(log: bool, y: *const T, g: *const T, dx: *mut T, len: usize) {
        if log {
            let sum = line_sum(len, |i| *g.add(i));
            for i in 0..len {
                *dx.add(i) = *g.add(i) - (*y.add(i)).exp() * sum;
            }
        } else {
            let sum = line_sum(len, |i| *g.add(i) * *y.add(i));
            for i in 0..len {
                *dx.add(i) = *y.add(i) * (*g.add(i) - sum);
            }
        }
    }
}

simd! {
    /// [`logsumexp`] of one line.
    ///
    /// # Safety
    /// `len` elements can be read from `x` on, and `y` can be written.
    unsafe fn logsumexp_row<T: Float>(x: *const T, y: *mut T, len: usize) {
        let shift = finite_or_zero(line_max(x, len));
        *y = line_sum(len, |i| (*x.add(i) - shift).exp()).ln() + shift;
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
        if log {
            columns!(width, |lane| sum[lane] = sum[lane].ln());
        }
        for i in 0..len {
            columns!(width, |lane| {
                let at = i * stride + lane;
                *y.add(at) = if log { (*x.add(at) - max[lane]) - sum[lane] } else { *y.add(at) / sum[lane] };
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
    use crate::dtype::DType;
    use crate::kernels::samples::{Random, assert_all_near, input, output};

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
