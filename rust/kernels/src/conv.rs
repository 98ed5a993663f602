//! Convolution (cross-correlation) over one to three spatial axes, and its gradients.
//!
//! Operands are contiguous: input `batch × in_channels × spatial`, weight `out_channels × in_channels/groups × window`,
//! output `batch × out_channels × spatial`. Where the window is a single element the input is a matrix, and the rest a
//! matrix product. Most others are done directly (`conv_direct`). What is left, gradients of the input under steps and
//! weights of few positions, goes by way of matrices: the windows of a block of output positions are copied to the columns
//! of one (bounded scratch). The transposed convolution is [`conv_backward_input`] with input and output exchanged.

use std::ops::Range;

use smallvec::SmallVec;

use super::conv_direct::copy;
use super::float::{Float, Shared, View, ViewMut, lane_sum, simd};
use super::matmul::product;
use super::register_tile::Vector;
use super::window::Window;
use super::{In, Out, conv_direct, require};
use crate::with_element;
use arcgrad_base::parallel;

/// Sizes of a convolution.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ConvSize {
    /// Number of inputs.
    pub batch: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Number of groups; both channel counts are multiples of it.
    pub groups: usize,
    /// Spatial geometry.
    pub window: Window,
}

/// Bytes of a block of columns: it stays in a level-2 cache, with room for the weights.
const COLUMN_BYTES: usize = 256 << 10;
/// Least number of positions in a block, so that the matrix product has whole vectors to work on.
const LEAST_POSITIONS: usize = 64;
/// Multiplications per chunk of the parallel loop.
const GRAIN: usize = 1 << 19;
/// Picoseconds per multiplication, copying the columns included.
const COST: u64 = 30;
/// Chunks wanted where few samples leave the work to be cut otherwise.
const CHUNKS: usize = 16;
/// Most bytes of partial sums of the weight's gradient.
const PARTIAL_BYTES: usize = 32 << 20;

impl ConvSize {
    /// Input channels of a group.
    fn inner(&self) -> usize {
        self.in_channels / self.groups
    }

    /// Output channels of a group.
    fn outer(&self) -> usize {
        self.out_channels / self.groups
    }

    /// Multiplications for one group of one sample.
    fn work(&self) -> usize {
        self.outer() * self.inner() * self.window.taps() * self.window.outputs()
    }

    fn cost(&self) -> u64 {
        (self.work() as u64).saturating_mul((self.batch * self.groups) as u64).saturating_mul(COST)
    }

    /// Positions in a block of columns of `rows` rows.
    fn block<T>(&self, rows: usize) -> usize {
        let fit = COLUMN_BYTES / (rows.max(1) * size_of::<T>());
        fit.next_multiple_of(LEAST_POSITIONS).max(LEAST_POSITIONS).min(self.window.outputs().max(1))
    }

    /// Whether the columns are the input itself.
    fn is_pointwise(&self) -> bool {
        let w = &self.window;
        w.taps() == 1 && w.stride == [1; 3] && w.padding == [0; 3] && w.input == w.output
    }

    /// Elements of input, weight and output.
    ///
    /// # Panics
    /// Where the channels are no multiples of the groups, or a number has no room.
    #[track_caller]
    pub(super) fn totals(&self) -> [usize; 3] {
        let Self { batch, in_channels, out_channels, groups, window } = *self;
        let divides = |channels: usize| groups > 0 && channels.is_multiple_of(groups);
        require(divides(in_channels) && divides(out_channels), "groups of as many channels each");
        let total = |a: usize, b: usize, sizes: [usize; 3]| super::product(&[a, b, sizes[0], sizes[1], sizes[2]]);
        [
            total(batch, in_channels, window.input),
            total(out_channels, in_channels / groups, window.kernel),
            total(batch, out_channels, window.output),
        ]
    }

    /// Whether [`conv_direct`] may be asked.
    fn is_direct(&self) -> bool {
        let channels = self.in_channels.min(self.out_channels);
        !self.is_pointwise() && self.batch * channels * self.window.inputs() * self.window.outputs() > 0
    }

    fn is_empty(&self) -> bool {
        self.batch == 0 || self.out_channels == 0 || self.window.outputs() == 0
    }
}

// ---- columns -------------------------------------------------------------------------------------------------------

/// Runs `body(column, len, input, stride)` for each run of neighbouring positions whose tap lies inside the input:
/// `column` is the offset in a matrix of one row per channel and tap and one column per position, `input` the offset in
/// the channels' input, `len` the length of the run.
#[inline(always)]
fn runs(window: &Window, channels: usize, positions: Range<usize>, mut body: impl FnMut(usize, usize, usize, usize)) {
    let [_, out_height, out_width] = window.output;
    let [depth, height, width] = window.input;
    let count = positions.len();
    // What each tap reaches along its axis, found once.
    let [deep, down, across] = [0, 1, 2].map(|axis| -> SmallVec<[_; 8]> {
        (0..window.kernel[axis]).map(|tap| window.reached(axis, tap, 0..window.output[axis])).collect()
    });
    let from = |axis: usize, (hit, from): &(Range<usize>, usize), at: usize| {
        hit.contains(&at).then(|| from + (at - hit.start) * window.stride[axis])
    };
    let first_line = positions.start / out_width;
    let first = (first_line / out_height, first_line % out_height);
    let mut row = 0;
    for channel in 0..channels {
        for d in &deep {
            for h in &down {
                for (hit, start) in &across {
                    let ((mut deep, mut up), mut line) = (first, first_line * out_width);
                    while line < positions.end {
                        if let (Some(from_d), Some(from_h)) = (from(0, d, deep), from(1, h, up)) {
                            let low = hit.start.max(positions.start.saturating_sub(line));
                            let high = hit.end.min(positions.end - line);
                            if low < high {
                                let from_w = start + (low - hit.start) * window.stride[2];
                                let input = ((channel * depth + from_d) * height + from_h) * width + from_w;
                                body(row * count + (line + low - positions.start), high - low, input, window.stride[2]);
                            }
                        }
                        line += out_width;
                        up += 1;
                        if up == out_height {
                            (deep, up) = (deep + 1, 0);
                        }
                    }
                    row += 1;
                }
            }
        }
    }
}

simd! {
    /// Copies the windows at `positions` to the columns of a matrix; taps in the padding are 0.
    ///
    /// # Safety
    /// `x` holds `channels` images of the window's input; `to` has a row per channel and tap, an element per position. The
    /// window is alive.
    unsafe fn to_columns<T: Vector>(
        window: *const Window, channels: usize, positions: Range<usize>, x: *const T, to: *mut T,
    ) {
        let window = &*window;
        if window.padding != [0; 3] {
            to.write_bytes(0, channels * window.taps() * positions.len());
        }
        runs(window, channels, positions, |column, len, input, stride| {
            // SAFETY: `runs` stays inside the input and the matrix.
            unsafe {
                if stride == 1 {
                    copy(x.add(input), to.add(column), len);
                } else {
                    for i in 0..len {
                        *to.add(column + i) = *x.add(input + i * stride);
                    }
                }
            }
        });
    }
}

simd! {
    /// Adds the columns of a matrix to the windows they came from: the transpose of [`to_columns`].
    ///
    /// # Safety
    /// As for [`to_columns`], `from` in the place of `to`; nobody else uses these channels of `x` meanwhile.
    unsafe fn add_columns<T: Vector>(
        window: *const Window, channels: usize, positions: Range<usize>, from: *const T, x: *mut T,
    ) {
        runs(&*window, channels, positions, |column, len, input, stride| {
            // SAFETY: `runs` stays inside the input and the matrix.
            unsafe {
                if stride == 1 {
                    add(from.add(column), x.add(input), len);
                } else {
                    for i in 0..len {
                        *x.add(input + i * stride) += *from.add(column + i);
                    }
                }
            }
        });
    }
}

/// Elements that are added at once.
const CHUNK: usize = 8;

/// Adds elements, short runs of them at once.
///
/// # Safety
/// `n` elements can be read and written; they lie apart.
#[inline(always)]
unsafe fn add<T: Vector>(from: *const T, to: *mut T, n: usize) {
    let whole = n - n % CHUNK;
    // SAFETY: the pieces make up the caller's elements.
    unsafe {
        for at in (0..whole).step_by(CHUNK) {
            let mut sum = to.add(at).cast::<[T; CHUNK]>().read_unaligned();
            let more = from.add(at).cast::<[T; CHUNK]>().read_unaligned();
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
            to.add(at).cast::<[T; CHUNK]>().write_unaligned(sum);
        }
        for at in whole..n {
            *to.add(at) += *from.add(at);
        }
    }
}

// ---- the four products ---------------------------------------------------------------------------------------------

/// `y = conv(x, w) + bias`.
///
/// # Panics
/// Where the operands are not dense, of the sizes stated and of one dtype, `f32` or `f64`; so in all of these kernels.
pub fn conv(size: &ConvSize, x: In<'_>, w: In<'_>, bias: Option<In<'_>>, y: Out<'_>) {
    let [inputs, weights, outputs] = size.totals();
    with_element!(float y.dtype, T => {
        let (x, w, y) = (x.dense::<T>(inputs), w.dense::<T>(weights), y.dense::<T>(outputs));
        let bias = bias.map(|bias| bias.dense::<T>(size.out_channels));
        // SAFETY: so many elements lie there.
        unsafe { forward::<T>(size, x, w, bias, y) };
    });
}

/// # Safety
/// As for [`conv`]: so many elements lie at each address.
unsafe fn forward<T: Vector>(size: &ConvSize, x: *const T, w: *const T, bias: Option<*const T>, y: *mut T) {
    if size.is_empty() {
        return;
    }
    // SAFETY: the caller's operands.
    if size.is_direct() && unsafe { conv_direct::forward(size, x, w, bias, y) } {
        return;
    }
    let window = &size.window;
    let (inner, outer, outputs) = (size.inner(), size.outer(), window.outputs());
    let rows = inner * window.taps();
    let block = size.block::<T>(rows);
    let blocks = outputs.div_ceil(block);
    let count = size.batch * size.groups * blocks;
    let group = (GRAIN * blocks / size.work().max(1)).max(1);
    // SAFETY: chunks write different positions of the output.
    let memory = unsafe { Shared::new((x, w, bias, y)) };
    parallel::run(count.div_ceil(group), size.cost(), &|chunk| {
        let (x, w, bias, y) = memory.get();
        let mut scratch = if size.is_pointwise() { Vec::new() } else { vec![T::ZERO; rows * block] };
        for item in chunk * group..((chunk + 1) * group).min(count) {
            let (entry, part) = (item / blocks, item % blocks);
            let channel = entry % size.groups * outer;
            let positions = part * block..((part + 1) * block).min(outputs);
            let n = positions.len();
            // SAFETY: inside the operands.
            unsafe {
                let x = x.add(entry * inner * window.inputs());
                let y = y.add(entry * outer * outputs + positions.start);
                let columns = if size.is_pointwise() {
                    View { ptr: x.add(positions.start), rs: outputs as isize, cs: 1 }
                } else {
                    to_columns(window, inner, positions, x, scratch.as_mut_ptr());
                    View { ptr: scratch.as_ptr(), rs: n as isize, cs: 1 }
                };
                if let Some(bias) = bias {
                    for c in 0..outer {
                        std::slice::from_raw_parts_mut(y.add(c * outputs), n).fill(*bias.add(channel + c));
                    }
                }
                let weight = View { ptr: w.add(channel * rows), rs: rows as isize, cs: 1 };
                let beta = if bias.is_some() { T::ONE } else { T::ZERO };
                let to = ViewMut { ptr: y, rs: outputs as isize, cs: 1 };
                product([outer, n, rows], T::ONE, weight, columns, beta, to);
            }
        }
    });
}

/// Gradient with respect to the input, and the transposed convolution of `g`: `dx` is overwritten.
pub fn conv_backward_input(size: &ConvSize, g: In<'_>, w: In<'_>, dx: Out<'_>) {
    let [inputs, weights, outputs] = size.totals();
    with_element!(float dx.dtype, T => {
        let (g, w, dx) = (g.dense::<T>(outputs), w.dense::<T>(weights), dx.dense::<T>(inputs));
        // SAFETY: so many elements lie there.
        unsafe { backward_input::<T>(size, g, w, dx) };
    });
}

/// How the channels of a group are cut so that there are enough chunks: channels per part, parts.
fn channel_parts(size: &ConvSize, chunks: usize) -> (usize, usize) {
    let inner = size.inner().max(1);
    let parts = CHUNKS.div_ceil(chunks.max(1)).min(size.work().div_ceil(GRAIN)).clamp(1, inner);
    let step = inner.div_ceil(parts);
    (step, inner.div_ceil(step))
}

/// # Safety
/// As for [`conv_backward_input`]: so many elements lie at each address.
unsafe fn backward_input<T: Vector>(size: &ConvSize, g: *const T, w: *const T, dx: *mut T) {
    // SAFETY: the caller's operands.
    if size.is_direct() && unsafe { conv_direct::backward_input(size, g, w, dx) } {
        return;
    }
    let window = &size.window;
    let (inner, outer, inputs, outputs) = (size.inner(), size.outer(), window.inputs(), window.outputs());
    let taps = window.taps();
    let entries = size.batch * size.groups;
    let (step, parts) = channel_parts(size, entries);
    let block = size.block::<T>(step * taps);
    let group = (GRAIN * parts / size.work().max(1)).max(1);
    // SAFETY: chunks write different channels of the input's gradient.
    let memory = unsafe { Shared::new((g, w, dx)) };
    parallel::run((entries * parts).div_ceil(group), size.cost(), &|chunk| {
        let (g, w, dx) = memory.get();
        let mut scratch = if size.is_pointwise() { Vec::new() } else { vec![T::ZERO; step * taps * block] };
        for item in chunk * group..((chunk + 1) * group).min(entries * parts) {
            let (entry, start) = (item / parts, item % parts * step);
            let channels = step.min(inner.saturating_sub(start));
            let rows = channels * taps;
            // SAFETY: inside the operands.
            unsafe {
                let dx = dx.add((entry * inner + start) * inputs);
                let weight = View {
                    ptr: w.add((entry % size.groups * outer * inner + start) * taps),
                    rs: (inner * taps) as isize,
                    cs: 1,
                };
                if !size.is_pointwise() {
                    dx.write_bytes(0, channels * inputs);
                }
                for first in (0..outputs).step_by(block) {
                    let positions = first..(first + block).min(outputs);
                    let n = positions.len();
                    let g = View { ptr: g.add(entry * outer * outputs + first), rs: outputs as isize, cs: 1 };
                    if size.is_pointwise() {
                        let to = ViewMut { ptr: dx.add(first), rs: inputs as isize, cs: 1 };
                        product([rows, n, outer], T::ONE, weight.t(), g, T::ZERO, to);
                    } else {
                        let to = ViewMut { ptr: scratch.as_mut_ptr(), rs: n as isize, cs: 1 };
                        product([rows, n, outer], T::ONE, weight.t(), g, T::ZERO, to);
                        add_columns(window, channels, positions, scratch.as_ptr(), dx);
                    }
                }
            }
        }
    });
}

/// Gradient with respect to the weight: `dw` is overwritten.
///
/// The batch is summed in a fixed number of parts, in order.
pub fn conv_backward_weight(size: &ConvSize, x: In<'_>, g: In<'_>, dw: Out<'_>) {
    let [inputs, weights, outputs] = size.totals();
    with_element!(float dw.dtype, T => {
        let (x, g, dw) = (x.dense::<T>(inputs), g.dense::<T>(outputs), dw.dense::<T>(weights));
        // SAFETY: so many elements lie there.
        unsafe { backward_weight::<T>(size, x, g, dw) };
    });
}

/// # Safety
/// As for [`conv_backward_weight`]: so many elements lie at each address.
unsafe fn backward_weight<T: Vector>(size: &ConvSize, x: *const T, g: *const T, dw: *mut T) {
    // SAFETY: the caller's operands.
    if size.is_direct() && unsafe { conv_direct::backward_weight(size, x, g, dw) } {
        return;
    }
    let window = &size.window;
    let (inner, outer, inputs, outputs) = (size.inner(), size.outer(), window.inputs(), window.outputs());
    let taps = window.taps();
    let weights = size.out_channels * inner * taps;
    if weights == 0 {
        return;
    }
    let total = size.work().saturating_mul(size.batch * size.groups);
    let most = (PARTIAL_BYTES / (weights * size_of::<T>())).clamp(1, CHUNKS);
    let slices = most.min(total.div_ceil(GRAIN)).clamp(1, size.batch.max(1));
    let samples = size.batch.div_ceil(slices).max(1);
    let slices = size.batch.div_ceil(samples).max(1);
    let (step, parts) = channel_parts(size, slices * size.groups);
    let block = size.block::<T>(step * taps);
    // The first part is summed in `dw` itself.
    let mut partial = vec![T::ZERO; (slices - 1) * weights];
    // SAFETY: chunks write different channels of different partial sums.
    let memory = unsafe { Shared::new((x, g, dw, partial.as_mut_ptr())) };
    parallel::run(slices * size.groups * parts, size.cost(), &|chunk| {
        let (x, g, dw, partial) = memory.get();
        let (slice, rest) = (chunk / (size.groups * parts), chunk % (size.groups * parts));
        let (group, start) = (rest / parts, rest % parts * step);
        let channels = step.min(inner - start);
        let rows = channels * taps;
        let mut scratch = if size.is_pointwise() { Vec::new() } else { vec![T::ZERO; rows * block] };
        // SAFETY: inside the operands and the partial sums.
        unsafe {
            let sum = if slice == 0 { dw } else { partial.add((slice - 1) * weights) };
            let to =
                ViewMut { ptr: sum.add((group * outer * inner + start) * taps), rs: (inner * taps) as isize, cs: 1 };
            let mut beta = T::ZERO;
            for sample in slice * samples..((slice + 1) * samples).min(size.batch) {
                let entry = sample * size.groups + group;
                let x = x.add((entry * inner + start) * inputs);
                for first in (0..outputs).step_by(block) {
                    let positions = first..(first + block).min(outputs);
                    let n = positions.len();
                    let columns = if size.is_pointwise() {
                        View { ptr: x.add(first), rs: outputs as isize, cs: 1 }
                    } else {
                        to_columns(window, channels, positions, x, scratch.as_mut_ptr());
                        View { ptr: scratch.as_ptr(), rs: n as isize, cs: 1 }
                    };
                    let g = View { ptr: g.add(entry * outer * outputs + first), rs: outputs as isize, cs: 1 };
                    product([outer, rows, n], T::ONE, g, columns.t(), beta, to);
                    beta = T::ONE;
                }
            }
            if beta == T::ZERO {
                // Nothing to sum: the product of an empty depth writes the zeros.
                let nothing = View { ptr: x, rs: 0, cs: 0 };
                product([outer, rows, 0], T::ONE, nothing, nothing, T::ZERO, to);
            }
        }
    });
    for part in partial.chunks_exact(weights) {
        for (i, &value) in part.iter().enumerate() {
            // SAFETY: `dw` has `weights` elements, and the loop above is done.
            unsafe { *dw.add(i) += value };
        }
    }
}

/// Gradient with respect to the bias: the sum of `g` over the batch and all positions; `db` is overwritten.
pub fn conv_backward_bias(size: &ConvSize, g: In<'_>, db: Out<'_>) {
    with_element!(float db.dtype, T => {
        let (channels, outputs) = (size.out_channels, size.window.outputs());
        let (g, db) = (g.dense::<T>(size.totals()[2]), db.dense::<T>(channels));
        // SAFETY: chunks write different channels.
        let memory = unsafe { Shared::new((g, db)) };
        let cost = ((size.batch * channels * outputs) as u64).saturating_mul(200);
        parallel::run(channels, cost, &|channel| {
            let (g, db) = memory.get();
            let mut sum = T::ZERO;
            for sample in 0..size.batch {
                // SAFETY: inside the operand.
                sum += unsafe { plane_sum(g.add((sample * channels + channel) * outputs), outputs) };
            }
            // SAFETY: one element per channel.
            unsafe { *db.add(channel) = sum };
        });
    });
}

/// Sum of contiguous elements in 16 lanes and a fixed tree.
///
/// # Safety
/// `n` elements can be read from `x` on.
unsafe fn plane_sum<T: Float>(x: *const T, n: usize) -> T {
    let mut lanes = [T::ZERO; 16];
    let whole = n - n % 16;
    for start in (0..whole).step_by(16) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            // SAFETY: inside the operand.
            *sum += unsafe { *x.add(start + lane) };
        }
    }
    for (lane, sum) in lanes[..n - whole].iter_mut().enumerate() {
        // SAFETY: inside the operand.
        *sum += unsafe { *x.add(whole + lane) };
    }
    lane_sum(lanes)
}

#[cfg(test)]
#[path = "conv_tests.rs"]
mod tests;
