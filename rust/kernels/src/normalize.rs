//! Layer and batch normalisation with their gradients.
//!
//! Operands are contiguous, `f32` or `f64`. Means and variances are formed in two passes with `f64` sums; where those
//! leave the range of `f64`, once more of scaled elements.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use super::float::{Float, Shared, group_done, lane_sum, lane_sums, simd};
use super::line::{self, GROUP};
use super::{In, Out, product};
use crate::with_element;
use arcgrad_base::parallel;

/// Lanes that are summed together.
const LANES: usize = 32;
/// Lanes of what is left.
const EIGHT: usize = 8;
/// Elements per chunk of the parallel loop.
const GRAIN: usize = 1 << 14;
/// Picoseconds per element: three passes over memory in cache.
const COST: u64 = 500;

/// Sums in `f64` of the `K` numbers that `f` gives over `0..n`: 32 lanes and a fixed tree.
#[inline(always)]
fn sums<const K: usize>(n: usize, f: impl Fn(usize) -> [f64; K]) -> [f64; K] {
    let mut lanes = [[0.0; LANES]; K];
    let mut add = |to: usize, from: usize| {
        for (lanes, value) in lanes.iter_mut().zip(f(from)) {
            lanes[to] += value;
        }
    };
    let whole = n - n % LANES;
    for start in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            add(lane, start + lane);
        }
        group_done();
    }
    // The rest: eight elements together as long as there are so many, so that few are left for one at a time.
    let mut at = whole;
    while at + EIGHT <= n {
        for lane in 0..EIGHT {
            add(lane, at + lane);
        }
        at += EIGHT;
    }
    for lane in 0..n - at {
        add(EIGHT + lane, at + lane);
    }
    lane_sums(lanes)
}

/// [`sums`] of one number.
#[inline(always)]
fn sum(n: usize, f: impl Fn(usize) -> f64) -> f64 {
    let [sum] = sums(n, |i| [f(i)]);
    sum
}

/// Mean, biased variance and `1 / sqrt(variance + eps)` in `f64`.
#[derive(Clone, Copy)]
struct Spread {
    mean: f64,
    variance: f64,
    rstd: f64,
}

impl Spread {
    /// From the moments of the `n` elements `value(i)`, which are read again where these moments are out of range.
    #[inline(always)]
    fn new(n: usize, eps: f64, mean: f64, variance: f64, value: impl Fn(usize) -> f64) -> Self {
        let plain = Self { mean, variance, rstd: 1.0 / (variance + eps).sqrt() };
        let enough = f64::MIN_POSITIVE * n as f64;
        if variance + eps >= enough && variance < f64::INFINITY { plain } else { Self::scaled(n, eps, plain, value) }
    }

    /// The moments of the elements divided by the greatest of them.
    #[cold]
    fn scaled(n: usize, eps: f64, plain: Self, value: impl Fn(usize) -> f64) -> Self {
        let peak = (0..n).map(|i| value(i).abs()).fold(0.0, f64::max);
        let known = (0..n).all(|i| value(i).is_finite());
        // Where `eps` outweighs the squares, its root is the scale.
        let factor = peak.max(eps.max(0.0).sqrt()).recip().min(f64::MAX);
        if peak == 0.0 || !known {
            return plain;
        }
        let mean = sum(n, |i| value(i) * factor) / n as f64;
        let variance = sum(n, |i| (value(i) * factor - mean).powi(2)) / n as f64;
        let rstd = factor / (variance + (eps.max(0.0).sqrt() * factor).powi(2)).sqrt();
        Self { mean: mean / factor, variance: variance / factor / factor, rstd }
    }
}

/// `(x − mean) · rstd` of elements so far apart that their difference may have no room: of a part of them.
#[inline(always)]
fn far_normal<T: Float>(x: T, mean: T, rstd: T) -> T {
    let part = T::from_f64(1.0 / 16.0);
    (x * part - mean * part) * (rstd / part)
}

/// Whether a difference of elements with this reciprocal standard deviation may have no room: it is at most √n times
/// the deviation, and there are fewer than 2⁵⁶ elements.
#[inline(always)]
fn is_far<T: Float>(rstd: T) -> bool {
    let least = if size_of::<T>() == 4 { 2f64.powi(-100) } else { 2f64.powi(-996) };
    rstd < T::from_f64(least)
}

// ---- layer normalisation -------------------------------------------------------------------------------------------

/// Saved by the forward pass: one mean and one reciprocal standard deviation per row (or channel).
#[derive(Clone, Copy)]
pub struct Moments<P> {
    /// Means.
    pub mean: P,
    /// `1 / sqrt(variance + eps)`.
    pub rstd: P,
}

impl<T> Moments<*mut T> {
    /// Those of the rows from `row` on.
    ///
    /// # Safety
    /// There are so many rows.
    #[inline(always)]
    unsafe fn add(self, row: usize) -> Self {
        // SAFETY: as promised.
        unsafe { Self { mean: self.mean.add(row), rstd: self.rstd.add(row) } }
    }
}

/// Rows that [`layer_norm_backward`] sums before the sums are added up in order; fixed by the sizes alone.
fn row_group(rows: usize, n: usize) -> usize {
    // At most 64 partial sums, each of at least a chunk's worth of elements.
    rows.div_ceil(64).max(GRAIN / n.max(1)).max(1)
}

/// `y = (x − mean) · rstd · weight + bias` over rows of `n` elements; the (biased) variance gets `eps` added.
///
/// # Panics
/// Where the operands are not dense, of one dtype (`f32` or `f64`) and of these sizes: `rows × n`, `n` for `weight` and
/// `bias`, `rows` for the moments, which are written if they are wanted; so in all of these kernels.
#[allow(clippy::too_many_arguments)]
pub fn layer_norm(
    rows: usize,
    n: usize,
    eps: f64,
    x: In<'_>,
    weight: Option<In<'_>>,
    bias: Option<In<'_>>,
    y: Out<'_>,
    moments: Option<Moments<Out<'_>>>,
) {
    with_element!(float y.dtype, T => {
        let group = (GRAIN / n.max(1)).max(1);
        let all = product(&[rows, n]);
        let outer = (x.dense::<T>(all), y.dense::<T>(all));
        let affine = (weight.map(|w| w.dense::<T>(n)), bias.map(|b| b.dense::<T>(n)));
        let moments = moments.map(|to| Moments { mean: to.mean.dense::<T>(rows), rstd: to.rstd.dense::<T>(rows) });
        // SAFETY: chunks write different rows.
        let memory = unsafe { Shared::new((outer, affine, moments)) };
        parallel::run(rows.div_ceil(group), (rows as u64 * n as u64).saturating_mul(COST), &|chunk| {
            let ((x, y), affine, moments) = memory.get();
            let first = chunk * group;
            let count = group.min(rows - first);
            // SAFETY: inside the operands.
            unsafe {
                let (x, y) = (x.add(first * n), y.add(first * n));
                layer_rows(count, n, eps, x, affine, y, moments.map(|to| to.add(first)));
            }
        });
    });
}

/// Rows shorter than this lie across lanes.
const SHORT: usize = GROUP;

simd! {
    /// [`layer_norm`] of `rows` rows.
    ///
    /// # Safety
    /// As for [`layer_norm`].
    #[allow(clippy::too_many_arguments)]
    unsafe fn layer_rows<T: Float>(
        rows: usize, n: usize, eps: f64, x: *const T, affine: Affine<T>, y: *mut T, moments: Option<Moments<*mut T>>,
    ) {
        // Moments that nobody wants are written all the same: a branch within a row costs it its vectors.
        let mut room = [[T::ZERO; LANES]; 2];
        let mut first = 0;
        while first < rows {
            let (x, y) = (x.add(first * n), y.add(first * n));
            let [mean, rstd] = room.each_mut().map(|room| room.as_mut_ptr());
            let to = moments.map_or(Moments { mean, rstd }, |to| to.add(first));
            let count = LANES.min(rows - first);
            let across = match count {
                _ if n == 0 || n >= SHORT => false,
                // Few rows lie across few lanes: the rest would be computed for nothing.
                ..=EIGHT => layer_across::<T, EIGHT>(count, n, eps, x, affine, y, to),
                _ => layer_across::<T, LANES>(count, n, eps, x, affine, y, to),
            };
            if !across {
                for row in 0..count {
                    layer_row(n, eps, x.add(row * n), affine, y.add(row * n), to.add(row));
                }
            }
            first += count;
        }
    }
}

/// [`layer_norm`] of up to `L` rows of fewer than [`SHORT`] elements, which lie across lanes; false, with nothing
/// written, where the moments of one of them are out of range.
///
/// # Safety
/// As for [`layer_norm`], of so many rows.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn layer_across<T: Float, const L: usize>(
    rows: usize,
    n: usize,
    eps: f64,
    x: *const T,
    affine: Affine<T>,
    y: *mut T,
    to: Moments<*mut T>,
) -> bool {
    let mut tile = [[T::ZERO; L]; SHORT];
    let (mut mean, mut variance) = ([0.0; L], [0.0; L]);
    // SAFETY: the caller's rows; the tile has room for them.
    unsafe {
        line::across::<T, L>(x, rows, n, tile.as_mut_ptr().cast());
        let tile = &mut tile[..n];
        for values in &*tile {
            for l in 0..L {
                mean[l] += values[l].to_f64();
            }
        }
        for mean in &mut mean {
            *mean /= n as f64;
        }
        for values in &*tile {
            for l in 0..L {
                let d = values[l].to_f64() - mean[l];
                variance[l] += d * d;
            }
        }
        let (mut means, mut rstds) = ([T::ZERO; L], [T::ZERO; L]);
        let mut in_range = true;
        for l in 0..L {
            let variance = variance[l] / n as f64;
            (means[l], rstds[l]) = (T::from_f64(mean[l]), T::from_f64(1.0 / (variance + eps).sqrt()));
            let plain = (variance + eps >= f64::MIN_POSITIVE * n as f64) & (variance < f64::INFINITY);
            in_range &= (plain & !is_far(rstds[l])) | (l >= rows);
        }
        if !in_range {
            return false;
        }
        for (i, values) in tile.iter_mut().enumerate() {
            let weight = affine.0.map_or(T::ONE, |weight| *weight.add(i));
            for l in 0..L {
                values[l] = (values[l] - means[l]) * rstds[l] * weight;
            }
            if let Some(bias) = affine.1 {
                let bias = *bias.add(i);
                for value in values {
                    *value += bias;
                }
            }
        }
        line::along::<T, L>(tile.as_ptr().cast(), rows, n, y);
        std::ptr::copy_nonoverlapping(means.as_ptr(), to.mean, rows);
        std::ptr::copy_nonoverlapping(rstds.as_ptr(), to.rstd, rows);
    }
    true
}

/// Weight and bias, if any.
type Affine<T> = (Option<*const T>, Option<*const T>);

/// [`layer_norm`] of one row.
///
/// # Safety
/// As for [`layer_norm`]: `n` elements at `x`, `y`, weight and bias, one at each of the moments.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn layer_row<T: Float>(n: usize, eps: f64, x: *const T, affine: Affine<T>, y: *mut T, to: Moments<*mut T>) {
    // SAFETY: the caller's row.
    unsafe {
        let [total] = line::wide_sums([x], n, |[x]| [x.to_f64()]);
        let mean = total / n as f64;
        let [squares] = line::wide_sums([x], n, |[x]| {
            let d = x.to_f64() - mean;
            [d * d]
        });
        let variance = squares / n as f64;
        let spread = Spread::new(n, eps, mean, variance, |i| (*x.add(i)).to_f64());
        let (mean, rstd) = (T::from_f64(spread.mean), T::from_f64(spread.rstd));
        (*to.mean, *to.rstd) = (mean, rstd);
        if is_far(rstd) {
            affine_row(n, x, |x| far_normal(x, mean, rstd), affine, y);
        } else {
            affine_row(n, x, |x| (x - mean) * rstd, affine, y);
        }
    }
}

/// `y = normal · weight + bias` of one row.
///
/// # Safety
/// As for [`layer_row`].
#[inline(always)]
unsafe fn affine_row<T: Float>(n: usize, x: *const T, normal: impl Fn(T) -> T, affine: Affine<T>, y: *mut T) {
    // SAFETY: the caller's row.
    unsafe {
        match affine {
            (None, None) => line::map([x], n, |[x]| normal(x), y),
            (Some(w), None) => line::map([x, w], n, |[x, w]| normal(x) * w, y),
            (None, Some(b)) => line::map([x, b], n, |[x, b]| normal(x) + b, y),
            (Some(w), Some(b)) => line::map([x, w, b], n, |[x, w, b]| normal(x) * w + b, y),
        }
    }
}

/// Gradients of [`layer_norm`]; outputs that are `None` are not computed, the others overwritten.
///
/// With `h = g · weight` and `n` the normalised input: `dx = rstd · (h − mean(h) − n · mean(h·n))`,
/// `dweight = Σ g·n`, `dbias = Σ g`.
///
/// `dx` may be exactly `g`.
#[allow(clippy::too_many_arguments)]
pub fn layer_norm_backward(
    rows: usize,
    n: usize,
    g: In<'_>,
    x: In<'_>,
    weight: Option<In<'_>>,
    moments: Moments<In<'_>>,
    dx: Option<Out<'_>>,
    dweight: Option<Out<'_>>,
    dbias: Option<Out<'_>>,
) {
    with_element!(float g.dtype, T => {
        let group = row_group(rows, n);
        let chunks = rows.div_ceil(group);
        let sums = dweight.is_some() || dbias.is_some();
        // Sums of g·n and g per group of rows.
        let mut partial = vec![T::ZERO; if sums { 2 * n * chunks } else { 0 }];
        let all = product(&[rows, n]);
        let operands = LayerBackward::<T> {
            g: g.dense(all),
            x: x.dense(all),
            weight: weight.map(|w| w.dense(n)),
            mean: moments.mean.dense(rows),
            rstd: moments.rstd.dense(rows),
            dx: dx.map(|d| d.dense(all)),
        };
        // SAFETY: chunks write different rows and different partial sums.
        let memory = unsafe { Shared::new((operands, partial.as_mut_ptr())) };
        parallel::run(chunks, (rows as u64 * n as u64).saturating_mul(2 * COST), &|chunk| {
            let (operands, partial) = memory.get();
            // SAFETY: inside the operands.
            unsafe {
                let sums = sums.then(|| partial.add(chunk * 2 * n));
                layer_backward_rows(n, chunk * group, ((chunk + 1) * group).min(rows), operands, sums);
            }
        });
        for (out, offset) in [(dweight, 0), (dbias, n)] {
            let Some(out) = out else { continue };
            let out = out.dense::<T>(n);
            for i in 0..n {
                let total: T = (0..chunks).map(|chunk| partial[chunk * 2 * n + offset + i]).sum();
                // SAFETY: inside the output.
                unsafe { *out.add(i) = total };
            }
        }
    });
}

#[derive(Clone, Copy)]
struct LayerBackward<T> {
    g: *const T,
    x: *const T,
    weight: Option<*const T>,
    mean: *const T,
    rstd: *const T,
    dx: Option<*mut T>,
}

simd! {
    /// [`layer_norm_backward`] of the rows from `first` to `end`, which add to the `sums` of g·n and g.
    ///
    /// # Safety
    /// As for [`layer_norm_backward`], of which these are rows; `sums` has `2 · n` elements that nobody else touches.
    unsafe fn layer_backward_rows<T: Float>(
        n: usize, first: usize, end: usize, operands: LayerBackward<T>, sums: Option<*mut T>,
    ) {
        let mut row = first;
        while row < end {
            let count = LANES.min(end - row);
            if n == 0 || n >= SHORT || !layer_backward_across(n, row, count, operands, sums) {
                for row in row..row + count {
                    layer_backward_row(n, row, operands, sums);
                }
            }
            row += count;
        }
    }
}

/// [`layer_norm_backward`] of up to [`LANES`] rows of fewer than [`SHORT`] elements, which lie across lanes; false, with
/// nothing written, where one of them is far.
///
/// # Safety
/// As for [`layer_backward_rows`], of so many rows.
#[inline(always)]
unsafe fn layer_backward_across<T: Float>(
    n: usize,
    row: usize,
    rows: usize,
    operands: LayerBackward<T>,
    sums: Option<*mut T>,
) -> bool {
    let (mut xs, mut gs) = ([T::ZERO; SHORT * LANES], [T::ZERO; SHORT * LANES]);
    let (mut means, mut rstds) = ([T::ZERO; LANES], [T::ONE; LANES]);
    let (mut mean_h, mut mean_hn) = ([0.0; LANES], [0.0; LANES]);
    // SAFETY: the caller's rows; the tiles have room for them.
    unsafe {
        std::ptr::copy_nonoverlapping(operands.mean.add(row), means.as_mut_ptr(), rows);
        std::ptr::copy_nonoverlapping(operands.rstd.add(row), rstds.as_mut_ptr(), rows);
        if rstds.iter().any(|&rstd| is_far(rstd)) {
            return false;
        }
        line::across::<T, LANES>(operands.x.add(row * n), rows, n, xs.as_mut_ptr());
        line::across::<T, LANES>(operands.g.add(row * n), rows, n, gs.as_mut_ptr());
        let (xs, gs) = (&mut xs.as_chunks_mut::<LANES>().0[..n], &mut gs.as_chunks_mut::<LANES>().0[..n]);
        for (i, (x, g)) in xs.iter_mut().zip(&mut *gs).enumerate() {
            for l in 0..LANES {
                x[l] = (x[l] - means[l]) * rstds[l];
            }
            if let Some(sums) = sums {
                // Of lanes without a row both are 0.
                let mut products = [T::ZERO; LANES];
                for l in 0..LANES {
                    products[l] = g[l] * x[l];
                }
                *sums.add(i) += lane_sum(products);
                *sums.add(n + i) += lane_sum(*g);
            }
            let weight = operands.weight.map_or(T::ONE, |weight| *weight.add(i));
            for l in 0..LANES {
                g[l] *= weight;
                mean_h[l] += g[l].to_f64();
                mean_hn[l] += (g[l] * x[l]).to_f64();
            }
        }
        if let Some(dx) = operands.dx {
            let scale = 1.0 / n as f64;
            let (mut h, mut hn) = ([T::ZERO; LANES], [T::ZERO; LANES]);
            for l in 0..LANES {
                (h[l], hn[l]) = (T::from_f64(mean_h[l] * scale), T::from_f64(mean_hn[l] * scale));
            }
            for (x, g) in xs.iter().zip(&mut *gs) {
                for l in 0..LANES {
                    g[l] = rstds[l] * (g[l] - h[l] - x[l] * hn[l]);
                }
            }
            line::along::<T, LANES>(gs.as_ptr().cast(), rows, n, dx.add(row * n));
        }
    }
    true
}

/// [`layer_norm_backward`] of one row, which adds to the `sums` of g·n and g.
///
/// # Safety
/// As for [`layer_backward_rows`], of which this is one.
#[inline(always)]
unsafe fn layer_backward_row<T: Float>(n: usize, row: usize, operands: LayerBackward<T>, sums: Option<*mut T>) {
    // SAFETY: the caller's row.
    unsafe {
        let (x, mean, rstd) = (operands.x.add(row * n), *operands.mean.add(row), *operands.rstd.add(row));
        if is_far(rstd) {
            layer_backward_of(n, x, row, operands, |x| far_normal(x, mean, rstd), rstd, sums);
        } else {
            layer_backward_of(n, x, row, operands, |x| (x - mean) * rstd, rstd, sums);
        }
    }
}

/// [`layer_backward_row`] of a row `x` whose normalised elements are `normal` of its own.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn layer_backward_of<T: Float>(
    n: usize,
    x: *const T,
    row: usize,
    operands: LayerBackward<T>,
    normal: impl Fn(T) -> T + Copy,
    rstd: T,
    sums: Option<*mut T>,
) {
    // SAFETY: the caller's row.
    unsafe {
        let g = operands.g.add(row * n);
        if let Some(sums) = sums {
            let total = sums.add(n);
            let operands = [sums.cast_const(), total.cast_const(), x, g];
            line::maps(operands, n, |[sum, total, x, g]| [sum + g * normal(x), total + g], [sums, total]);
        }
        if let Some(dx) = operands.dx {
            let dx = dx.add(row * n);
            match operands.weight {
                None => layer_input_row(n, [x, g], |[x, g]| [g, normal(x)], rstd, dx),
                Some(w) => layer_input_row(n, [x, g, w], |[x, g, w]| [g * w, normal(x)], rstd, dx),
            }
        }
    }
}

/// Gradient with respect to one row of the input. Of the elements of `operands` `parts` makes the cotangent of the
/// normalised element, and that element.
///
/// # Safety
/// `n` elements can be read from each operand, and as many can be written from `dx` on, which may be exactly an operand.
#[inline(always)]
unsafe fn layer_input_row<T: Float, const N: usize>(
    n: usize,
    operands: [*const T; N],
    parts: impl Fn([T; N]) -> [T; 2],
    rstd: T,
    dx: *mut T,
) {
    // SAFETY: the caller's row.
    unsafe {
        let both = line::wide_sums(operands, n, |values| {
            let [h, normal] = parts(values);
            [h.to_f64(), (h * normal).to_f64()]
        });
        let [mean_h, mean_hn] = both.map(|sum| T::from_f64(sum / n as f64));
        let slope = |values| {
            let [h, normal] = parts(values);
            rstd * (h - mean_h - normal * mean_hn)
        };
        line::map(operands, n, slope, dx);
    }
}

// ---- batch normalisation -------------------------------------------------------------------------------------------

/// A contiguous tensor seen as `n × channels × inner`.
#[derive(Clone, Copy, Debug)]
pub struct ChannelSize {
    /// Samples.
    pub n: usize,
    /// Channels: the axis that keeps its moments apart.
    pub channels: usize,
    /// Product of the spatial sizes.
    pub inner: usize,
}

impl ChannelSize {
    /// Elements per channel.
    pub fn count(&self) -> usize {
        self.n * self.inner
    }

    /// Elements of all channels.
    #[track_caller]
    fn numel(&self) -> usize {
        product(&[self.n, self.channels, self.inner])
    }

    fn total(&self) -> u64 {
        (self.count() as u64).saturating_mul(self.channels as u64)
    }

    /// Channels per chunk. Without spatial axes neighbouring channels share cache lines.
    fn group(&self) -> usize {
        let fit = GRAIN / self.count().max(1);
        if self.inner == 1 { fit.max(LANES).next_multiple_of(LANES) } else { fit.max(1) }
    }

    /// Runs `body(first, count)` on groups of channels.
    fn each(&self, cost: u64, body: &(dyn Fn(usize, usize) + Sync)) {
        let group = self.group();
        parallel::run(self.channels.div_ceil(group), self.total().saturating_mul(cost), &|chunk| {
            body(chunk * group, group.min(self.channels - chunk * group));
        });
    }
}

/// Sums over each of `count` channels of what `of(channel)` makes of the elements of `N` operands.
///
/// # Safety
/// The operands are of that size.
#[inline(always)]
unsafe fn channel_sums<T: Float, F: Fn([T; N]) -> [f64; S], const N: usize, const S: usize>(
    size: ChannelSize,
    first: usize,
    count: usize,
    operands: [*const T; N],
    of: impl Fn(usize) -> F,
    mut done: impl FnMut(usize, [f64; S]),
) {
    let ChannelSize { n, channels, inner } = size;
    if inner == 1 {
        for start in (first..first + count).step_by(LANES) {
            let width = LANES.min(first + count - start);
            let mut sums = [[0.0; LANES]; S];
            for sample in 0..n {
                for lane in 0..width {
                    // SAFETY: inside the operands.
                    let values = operands.map(|x| unsafe { *x.add(sample * channels + start + lane) });
                    let terms = of(start + lane)(values);
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        sum[lane] += term;
                    }
                }
            }
            for lane in 0..width {
                done(start + lane, sums.map(|sum| sum[lane]));
            }
        }
        return;
    }
    for channel in first..first + count {
        let f = of(channel);
        let mut sums = [0.0; S];
        for sample in 0..n {
            let plane = (sample * channels + channel) * inner;
            // SAFETY: inside the operands.
            let part = unsafe { line::wide_sums(operands.map(|x| x.add(plane)), inner, &f) };
            for s in 0..S {
                sums[s] += part[s];
            }
        }
        done(channel, sums);
    }
}

/// Writes what `of(channel)` makes of the elements of `N` operands for every element of `count` channels.
///
/// # Safety
/// The operands and the output are of that size; the output may be exactly an operand.
#[inline(always)]
unsafe fn channel_elements<T: Float, F: Fn([T; N]) -> T, const N: usize>(
    size: ChannelSize,
    first: usize,
    count: usize,
    operands: [*const T; N],
    of: impl Fn(usize) -> F,
    out: *mut T,
) {
    let ChannelSize { n, channels, inner } = size;
    for sample in 0..n {
        for channel in first..first + count {
            let plane = (sample * channels + channel) * inner;
            // SAFETY: inside the operands.
            unsafe {
                if inner == 1 {
                    *out.add(plane) = of(channel)(operands.map(|x| *x.add(plane)));
                } else {
                    line::map(operands.map(|x| x.add(plane)), inner, of(channel), out.add(plane));
                }
            }
        }
    }
}

/// Mean and biased variance of each channel, and `1 / sqrt(variance + eps)`, which has room where the variance has none.
///
/// The results have one element per channel.
pub fn batch_moments(size: ChannelSize, eps: f64, x: In<'_>, moments: Moments<Out<'_>>, variance: Out<'_>) {
    with_element!(float x.dtype, T => {
        let per = size.channels;
        let moments = Moments { mean: moments.mean.dense::<T>(per), rstd: moments.rstd.dense::<T>(per) };
        let (x, variance) = (x.dense::<T>(size.numel()), variance.dense::<T>(per));
        // SAFETY: chunks write different channels.
        let memory = unsafe { Shared::new((x, moments, variance)) };
        size.each(COST, &|first, count| {
            let (x, moments, variance) = memory.get();
            // SAFETY: inside the operands.
            unsafe { moments_of(size, eps, first, count, x, moments, variance) };
        });
    });
}

simd! {
    /// [`batch_moments`] of some channels.
    ///
    /// # Safety
    /// As for [`batch_moments`]; the `count` channels from `first` on exist, and nobody else writes to them.
    #[allow(clippy::too_many_arguments)]
    unsafe fn moments_of<T: Float>(
        size: ChannelSize, eps: f64, first: usize, count: usize, x: *const T, moments: Moments<*mut T>,
        variance: *mut T,
    ) {
        let n = size.count() as f64;
        let mut means = vec![0.0; count];
        channel_sums(size, first, count, [x], |_| |[x]| [x.to_f64()], |c, [sum]| means[c - first] = sum / n);
        let element = |c: usize, i: usize| {
            (*x.add((i / size.inner * size.channels + c) * size.inner + i % size.inner)).to_f64()
        };
        channel_sums(
            size,
            first,
            count,
            [x],
            |c| {
                let mean = means[c - first];
                move |[x]| {
                    let d = x.to_f64() - mean;
                    [d * d]
                }
            },
            |c, [sum]| {
                let spread = Spread::new(size.count(), eps, means[c - first], sum / n, |i| element(c, i));
                *moments.mean.add(c) = T::from_f64(spread.mean);
                *moments.rstd.add(c) = T::from_f64(spread.rstd);
                *variance.add(c) = T::from_f64(spread.variance);
            },
        );
    }
}

/// `y = (x − mean) · rstd · weight + bias` per channel, with moments of the batch (training) or running ones.
///
/// There is one element per channel in all but `x` and `y`; `y` may be exactly `x`.
pub fn batch_norm(
    size: ChannelSize,
    x: In<'_>,
    moments: Moments<In<'_>>,
    weight: Option<In<'_>>,
    bias: Option<In<'_>>,
    y: Out<'_>,
) {
    with_element!(float y.dtype, T => {
        let (all, per) = (size.numel(), size.channels);
        let outer = (x.dense::<T>(all), y.dense::<T>(all));
        let moments = (moments.mean.dense::<T>(per), moments.rstd.dense::<T>(per));
        let affine = (weight.map(|w| w.dense::<T>(per)), bias.map(|b| b.dense::<T>(per)));
        // SAFETY: chunks write different channels.
        let memory = unsafe { Shared::new((outer, moments, affine)) };
        size.each(COST, &|first, count| {
            let ((x, y), (mean, rstd), affine) = memory.get();
            // SAFETY: inside the operands.
            unsafe { norm_of(size, first, count, x, mean, rstd, affine, y) };
        });
    });
}

simd! {
    /// [`batch_norm`] of some channels.
    ///
    /// # Safety
    /// As for [`batch_norm`]; the `count` channels from `first` on exist, and nobody else writes to them.
    #[allow(clippy::too_many_arguments)]
    unsafe fn norm_of<T: Float>(
        size: ChannelSize, first: usize, count: usize, x: *const T, mean: *const T, rstd: *const T, affine: Affine<T>,
        y: *mut T,
    ) {
        let scale: Vec<T> =
            (first..first + count).map(|c| *rstd.add(c) * affine.0.map_or(T::ONE, |w| *w.add(c))).collect();
        let shift: Vec<T> = (first..first + count).map(|c| affine.1.map_or(T::ZERO, |b| *b.add(c))).collect();
        if (first..first + count).any(|c| is_far(*rstd.add(c))) {
            let of = |c: usize| {
                let weight = affine.0.map_or(T::ONE, |w| *w.add(c));
                let (mean, rstd, shift) = (*mean.add(c), *rstd.add(c), shift[c - first]);
                move |[x]: [T; 1]| far_normal(x, mean, rstd) * weight + shift
            };
            channel_elements(size, first, count, [x], of, y);
            return;
        }
        let of = |c: usize| {
            let (mean, scale, shift) = (*mean.add(c), scale[c - first], shift[c - first]);
            move |[x]: [T; 1]| (x - mean) * scale + shift
        };
        channel_elements(size, first, count, [x], of, y);
    }
}

/// Gradients of [`batch_norm`]; outputs that are `None` are not computed, the others overwritten.
///
/// With `n` the normalised input and means over the channel: in training
/// `dx = weight · rstd · (g − mean(g) − n · mean(g·n))`, with running moments `dx = weight · rstd · g`;
/// `dweight = Σ g·n`, `dbias = Σ g`.
///
/// `dx` may be exactly `g`.
#[allow(clippy::too_many_arguments)]
pub fn batch_norm_backward(
    size: ChannelSize,
    training: bool,
    g: In<'_>,
    x: In<'_>,
    moments: Moments<In<'_>>,
    weight: Option<In<'_>>,
    dx: Option<Out<'_>>,
    dweight: Option<Out<'_>>,
    dbias: Option<Out<'_>>,
) {
    with_element!(float g.dtype, T => {
        let (all, per) = (size.numel(), size.channels);
        let operands = BatchBackward::<T> {
            g: g.dense(all),
            x: x.dense(all),
            mean: moments.mean.dense(per),
            rstd: moments.rstd.dense(per),
            weight: weight.map(|w| w.dense(per)),
            dx: dx.map(|d| d.dense(all)),
            dweight: dweight.map(|d| d.dense(per)),
            dbias: dbias.map(|d| d.dense(per)),
        };
        // SAFETY: chunks write different channels.
        let memory = unsafe { Shared::new(operands) };
        size.each(2 * COST, &|first, count| {
            // SAFETY: inside the operands.
            unsafe { batch_backward_of(size, training, first, count, memory.get()) };
        });
    });
}

#[derive(Clone, Copy)]
struct BatchBackward<T> {
    g: *const T,
    x: *const T,
    mean: *const T,
    rstd: *const T,
    weight: Option<*const T>,
    dx: Option<*mut T>,
    dweight: Option<*mut T>,
    dbias: Option<*mut T>,
}

simd! {
    /// [`batch_norm_backward`] of some channels.
    ///
    /// # Safety
    /// As for [`batch_norm_backward`]; the `count` channels from `first` on exist, and nobody else writes to them.
    unsafe fn batch_backward_of<T: Float>(
        size: ChannelSize, training: bool, first: usize, count: usize, operands: BatchBackward<T>,
    ) {
        let BatchBackward { mean, rstd, .. } = operands;
        let of = |c: usize| (*mean.add(c), *rstd.add(c));
        if (first..first + count).any(|c| is_far(*rstd.add(c))) {
            let normal = |c: usize| {
                let (mean, rstd) = of(c);
                move |x| far_normal(x, mean, rstd)
            };
            batch_backward_by(size, training, first, count, operands, normal);
        } else {
            let normal = |c: usize| {
                let (mean, rstd) = of(c);
                move |x| (x - mean) * rstd
            };
            batch_backward_by(size, training, first, count, operands, normal);
        }
    }
}

/// [`batch_backward_of`] of channels whose elements `normal(channel)` normalises.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn batch_backward_by<T: Float, F: Fn(T) -> T>(
    size: ChannelSize,
    training: bool,
    first: usize,
    count: usize,
    operands: BatchBackward<T>,
    normal: impl Fn(usize) -> F,
) {
    let BatchBackward { g, x, rstd, weight, dx, dweight, dbias, .. } = operands;
    // SAFETY: the caller's channels.
    unsafe {
        let mut means = vec![[T::ZERO; 2]; count];
        if training || dweight.is_some() || dbias.is_some() {
            channel_sums(
                size,
                first,
                count,
                [g, x],
                |c| {
                    let normal = normal(c);
                    move |[g, x]| [g.to_f64(), (g * normal(x)).to_f64()]
                },
                |c, sums| {
                    if let Some(dbias) = dbias {
                        *dbias.add(c) = T::from_f64(sums[0]);
                    }
                    if let Some(dweight) = dweight {
                        *dweight.add(c) = T::from_f64(sums[1]);
                    }
                    if training {
                        means[c - first] = sums.map(|sum| T::from_f64(sum / size.count() as f64));
                    }
                },
            );
        }
        if let Some(dx) = dx {
            let scale: Vec<T> =
                (first..first + count).map(|c| *rstd.add(c) * weight.map_or(T::ONE, |w| *w.add(c))).collect();
            if training {
                let of = |c: usize| {
                    let ([mean_g, mean_gn], scale, normal) = (means[c - first], scale[c - first], normal(c));
                    move |[g, x]: [T; 2]| scale * (g - mean_g - normal(x) * mean_gn)
                };
                channel_elements(size, first, count, [g, x], of, dx);
            } else {
                let of = |c: usize| {
                    let scale = scale[c - first];
                    move |[g]: [T; 1]| scale * g
                };
                channel_elements(size, first, count, [g], of, dx);
            }
        }
    }
}

#[cfg(test)]
#[path = "normalize_tests.rs"]
mod tests;
