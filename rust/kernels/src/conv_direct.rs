//! Convolution without a matrix of windows.
//!
//! The lines of the input that a few lines of output need are copied once, padding included, to a *tile* that stays in a
//! level-2 cache; with a stride the elements of a line are sorted by their remainder, so that neighbouring outputs find
//! neighbouring elements under any tap. From there the sums of a [`Tile`] of output channels and positions are made in
//! registers, each tap being an offset. Where lines do not fill vectors, the tile holds a copy of them for each tap along a
//! line, without the padding between: so the positions of all lines follow one another under every tap. With a stride the
//! elements under the taps are put together for some vectors of positions instead.
//!
//! The gradient of the weight sums over positions instead: numbers of the tile times vectors of output channels, or, where
//! those are few, vectors of the tile times vectors of the cotangent.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use super::conv::ConvSize;
use super::copy;
use super::float::{Shared, simd};
use super::register_tile::{Dots, Row, Slot, Step, Tile, VECTORS, Vector, lanes, sum_lanes};
use super::scratch::with_scratch;
use super::window::Window;
use arcgrad_base::parallel;

/// Bytes of a tile: half of a level-2 cache of half a megabyte, the other half is for weights.
const TILE_BYTES: usize = 256 << 10;
/// Bytes of a tile of a single line that is still better than a matrix of windows.
const MOST_BYTES: usize = 1 << 20;
/// Taps of all channels that are summed in registers at once: so many weights of eight channels are 16 KB, half of a
/// level-1 cache, and sums of more rounding errors than that are made in blocks.
const STEPS: usize = 512;
/// How much longer a tile takes whose vectors are put together first: measured 1.2 with 128 output channels.
const PACKING: f64 = 1.25;
/// Vectors whose panels are made before they are used: with as many steps they fill an eighth of a level-2 cache of a
/// megabyte.
const PANEL: usize = 4;
/// Elements beyond the end of a tile or panel that whole registers may touch.
const SLACK: usize = 64;
/// Elements that are copied at once.
const CHUNK: usize = 16;
/// Multiplications per chunk of the parallel loop.
const GRAIN: usize = 1 << 19;
/// Picoseconds per multiplication.
const COST: u64 = 20;
/// Chunks wanted where few tiles leave the work to be cut otherwise; for each thread, where the cuts change no bit and every
/// part fills the tiles again.
const CHUNKS: usize = 16;
const CHUNKS_PER_THREAD: usize = 4;
/// A copy of each line for each tap along it takes as long as so many channels of output more. (Lines of 14 and 32 channels took 1.2
/// times as long with copies as without, where lines of 8 and 128 channels took 0.78.)
const COPYING: f64 = 20.0;
/// Most bytes of partial sums of the weight's gradient.
const PARTIAL_BYTES: usize = 32 << 20;
/// Positions of a batch from which the products are worth more than the way to the weights, which the product of matrices
/// reads in their order; and channels from which there are so many weights that it matters.
const FEW: usize = 64;
/// Weights of a group, per tap, up to which a product of matrices for each group and sample costs more than to spread the
/// results of a convolution with a stride in the lines they belong to.
const NARROW: usize = 16;
/// Positions of a batch from which the weights are worth turning around for the gradient of the input: that costs about
/// 1.5 ns a weight, the products 0.02 ns per position.
const TURN: usize = 512;

/// How a convolution is cut into tiles, and where things lie in one.
struct Tiling {
    window: Window,
    /// Channels in a block, and blocks of a group.
    channels: usize,
    blocks: usize,
    /// Lines of output of a tile; more than one sample only where these are all there are.
    lines: usize,
    samples: usize,
    /// Whether all tiles have the same padding, which then stays where it is from one to the next.
    framed: bool,
    /// Elements of the lines under one tap along a line, where there is a copy for each.
    shifted: Option<usize>,
    /// Elements of a line with the same remainder, a row, a slice, a channel and a sample.
    phase: usize,
    pitch: usize,
    slice: usize,
    channel: usize,
    sample: usize,
}

/// One tile: its first sample and how many, its depth, its first line and how many.
#[derive(Clone, Copy)]
struct Place {
    sample: usize,
    samples: usize,
    depth: usize,
    line: usize,
    lines: usize,
}

impl Tiling {
    /// `None` where a line of a single channel block is too large. At most `positions` lie in a tile, if a line has no more.
    /// With `shifts`, which takes steps of 1 along lines and from line to line, there is a copy for each tap along a line.
    fn new<T: Vector>(size: &ConvSize, positions: usize, shifts: bool) -> Option<Self> {
        let window = size.window;
        let inner = size.in_channels / size.groups;
        let [kernel_depth, kernel_height, kernel_width] = window.kernel;
        let [depths, heights, width] = window.output;
        let blocks = inner.div_ceil((STEPS / window.taps()).max(1));
        let channels = inner.div_ceil(blocks);
        let blocks = inner.div_ceil(channels);
        let (phase, copies) = if shifts {
            (width, kernel_width)
        } else {
            (width + window.dilation[2] * (kernel_width - 1) / window.stride[2], 1)
        };
        let pitch = phase.checked_mul(window.stride[2])?;
        let extent = window.dilation[1].checked_mul(kernel_height - 1)?.checked_add(1)?;
        let lines_of_row = channels.checked_mul(kernel_depth)?.checked_mul(copies)?;
        let row = lines_of_row.checked_mul(pitch)?.checked_mul(size_of::<T>())?;
        if row.checked_mul(extent)? > MOST_BYTES {
            return None;
        }
        let fit = (TILE_BYTES / row).saturating_sub(extent) / window.stride[1] + 1;
        let lines = fit.min((positions / width).max(1)).min(heights);
        let lines = heights.div_ceil(heights.div_ceil(lines));
        let rows = (lines - 1) * window.stride[1] + extent;
        let slice = copies * rows * pitch;
        let shifted = shifts.then_some(rows * pitch);
        let channel = kernel_depth * slice;
        let sample = channels * channel;
        let samples = if lines == heights && depths == 1 {
            let wanted = (PANEL * lanes::<T>()).div_ceil(lines * width);
            wanted.min(TILE_BYTES / (sample * size_of::<T>())).clamp(1, size.batch)
        } else {
            1
        };
        let framed = lines == heights && depths == 1;
        Some(Self { window, channels, blocks, lines, samples, framed, shifted, phase, pitch, slice, channel, sample })
    }

    /// Tiles of one group.
    fn tiles(&self, size: &ConvSize) -> usize {
        let [depths, heights, _] = self.window.output;
        size.batch.div_ceil(self.samples) * depths * heights.div_ceil(self.lines)
    }

    fn place(&self, size: &ConvSize, tile: usize) -> Place {
        let [depths, heights, _] = self.window.output;
        let strips = heights.div_ceil(self.lines);
        let (sample, depth, line) =
            (tile / strips / depths * self.samples, tile / strips % depths, tile % strips * self.lines);
        Place {
            sample,
            samples: self.samples.min(size.batch - sample),
            depth,
            line,
            lines: self.lines.min(heights - line),
        }
    }

    fn is_whole(&self, place: Place) -> bool {
        place.lines == self.lines && place.samples == self.samples
    }

    /// Elements of a tile, whole lines of a cache: what lies behind it starts with one.
    fn elements(&self) -> usize {
        (self.samples * self.sample + SLACK).next_multiple_of(CHUNK)
    }

    /// Channels of a block: the first, and how many.
    fn block(&self, size: &ConvSize, block: usize) -> (usize, usize) {
        let first = block * self.channels;
        (first, self.channels.min(size.in_channels / size.groups - first))
    }

    /// Where the taps of the channels of a block find the first output's element.
    fn taps(&self) -> Vec<usize> {
        let Window { kernel, stride, dilation, .. } = self.window;
        let mut offsets = Vec::with_capacity(self.channels * self.window.taps());
        for c in 0..self.channels {
            for d in 0..kernel[0] {
                for h in 0..kernel[1] {
                    let row = c * self.channel + d * self.slice + h * dilation[1] * self.pitch;
                    offsets.extend((0..kernel[2]).map(|w| {
                        let across = w * dilation[2];
                        match self.shifted {
                            Some(copy) => row + w * copy,
                            None => row + across % stride[2] * self.phase + across / stride[2],
                        }
                    }));
                }
            }
        }
        offsets
    }

    /// Elements of a panel: all taps of [`VECTORS`] vectors.
    fn panel(&self, lanes: usize) -> usize {
        self.channels * self.window.taps() * VECTORS * lanes
    }

    /// Where a line of outputs of a sample starts.
    fn line(&self, sample: usize, line: usize) -> usize {
        sample * self.sample + line * self.window.stride[1] * self.pitch
    }

    /// Vectors that lie in lines: `at` in the tile, `to` in the output, whose samples are `sample` apart.
    fn slots(&self, place: Place, lanes: usize, sample: usize) -> Vec<Slot> {
        let width = self.window.output[2];
        let mut slots = Vec::new();
        for s in 0..place.samples {
            if self.shifted.is_some() {
                let all = place.lines * width;
                slots.extend((0..all).step_by(lanes).map(|start| Slot {
                    at: self.line(s, 0) + start,
                    to: s * sample + start,
                    lanes: lanes.min(all - start),
                }));
                continue;
            }
            for line in 0..place.lines {
                let (at, to) = (self.line(s, line), s * sample + line * width);
                slots.extend((0..width).step_by(lanes).map(|start| Slot {
                    at: at + start,
                    to: to + start,
                    lanes: lanes.min(width - start),
                }));
            }
        }
        slots
    }

    /// Makes room for tiles into one whose padding is there, if that is the same for all.
    ///
    /// # Safety
    /// There is room for a tile.
    unsafe fn frame<T: Vector>(&self, to: *mut T) {
        if self.framed {
            // SAFETY: the caller's room.
            unsafe { to.write_bytes(0, self.elements()) };
        }
    }

    /// Fills a tile, framed, from the samples at `x`, which are `sample` apart and start at the first channel of a block.
    ///
    /// # Safety
    /// The samples of the place have so many channels; there is room for the tile.
    unsafe fn fill<T: Vector>(&self, place: Place, x: *const T, sample: usize, channels: usize, to: *mut T) {
        for s in 0..place.samples {
            // SAFETY: the caller's samples.
            unsafe { fill_sample(self, place, x.add(s * sample), channels, to.add(s * self.sample)) };
        }
        if !self.framed {
            // SAFETY: the slack is there.
            unsafe { to.add(self.samples * self.sample).write_bytes(0, SLACK) };
        }
    }
}

/// Writes zeros, and up to [`CHUNK`] more behind them.
///
/// # Safety
/// There is room for as many and [`CHUNK`] more.
#[inline(always)]
unsafe fn zeros<T: Vector>(to: *mut T, n: usize) {
    for at in (0..n).step_by(CHUNK) {
        // SAFETY: the caller's room.
        unsafe { to.add(at).cast::<[T; CHUNK]>().write_unaligned([T::ZERO; CHUNK]) };
    }
}

/// Copies elements without a call, which for lines of some ten elements would cost more than the copy.
///
/// # Safety
/// `n` elements can be read and written; they lie apart.
#[inline(always)]
pub(super) unsafe fn copy<T: Vector>(from: *const T, to: *mut T, n: usize) {
    // SAFETY: the pieces make up the caller's elements; the last whole one may overlap the one before.
    unsafe {
        let piece = |at: usize| {
            let value = from.add(at).cast::<[T; CHUNK]>().read_unaligned();
            to.add(at).cast::<[T; CHUNK]>().write_unaligned(value);
        };
        let mut at = 0;
        while at + CHUNK <= n {
            piece(at);
            at += CHUNK;
        }
        if at == n {
            return;
        }
        if n >= CHUNK {
            return piece(n - CHUNK);
        }
        let mut at = 0;
        if n & 8 != 0 {
            to.cast::<[T; 8]>().write_unaligned(from.cast::<[T; 8]>().read_unaligned());
            at = 8;
        }
        if n & 4 != 0 {
            to.add(at).cast::<[T; 4]>().write_unaligned(from.add(at).cast::<[T; 4]>().read_unaligned());
            at += 4;
        }
        if n & 2 != 0 {
            to.add(at).cast::<[T; 2]>().write_unaligned(from.add(at).cast::<[T; 2]>().read_unaligned());
            at += 2;
        }
        if n & 1 != 0 {
            *to.add(at) = *from.add(at);
        }
    }
}

/// A line under each tap along it: what of a copy is no padding is written, `from` the line if there is one.
///
/// # Safety
/// There is room for the line in all copies, `copy` elements apart from `to` on.
#[inline(always)]
unsafe fn fill_shifted<T: Vector>(tiling: &Tiling, from: Option<*const T>, to: *mut T, copy_step: usize) {
    let Window { input: [.., width], output: [.., outputs], kernel, padding, dilation, .. } = tiling.window;
    for tap in 0..kernel[2] {
        let across = tap * dilation[2];
        // Position `at` finds element `at + across − padding`.
        let first = padding[2].saturating_sub(across).min(outputs);
        let end = (width + padding[2]).saturating_sub(across).clamp(first, outputs);
        // SAFETY: the caller's room; the elements are inside the line.
        unsafe {
            let to = to.add(tap * copy_step);
            let end = if let Some(from) = from {
                copy(from.wrapping_add(first + across).wrapping_sub(padding[2]), to.add(first), end - first);
                end
            } else {
                first
            };
            if !tiling.framed {
                (0..first).chain(end..outputs).for_each(|at| *to.add(at) = T::ZERO);
            }
        }
    }
}

simd! {
    /// The rows of a tile that a sample needs, in ascending order: each may write past its end into the next.
    ///
    /// # Safety
    /// As for [`Tiling::fill`]; the tiling is alive.
    unsafe fn fill_sample<T: Vector>(tiling: *const Tiling, place: Place, x: *const T, channels: usize, to: *mut T) {
        let tiling = &*tiling;
        let Window { input: [depths, heights, width], kernel, stride, padding, dilation, .. } = tiling.window;
        let rows = (place.lines - 1) * stride[1] + dilation[1] * (kernel[1] - 1) + 1;
        let (left, pitch) = (padding[2].min(tiling.pitch), tiling.pitch);
        let middle = width.min(pitch - left);
        for c in 0..channels {
            for k in 0..kernel[0] {
                let to = to.add(c * tiling.channel + k * tiling.slice);
                let depth = (place.depth * stride[0] + k * dilation[0]).wrapping_sub(padding[0]);
                for row in 0..rows {
                    let to = to.add(row * pitch);
                    let height = (place.line * stride[1] + row).wrapping_sub(padding[1]);
                    if let Some(copy) = tiling.shifted {
                        let inside = depth < depths && height < heights;
                        let from = inside.then(|| x.add(((c * depths + depth) * heights + height) * width));
                        fill_shifted(tiling, from, to, copy);
                        continue;
                    }
                    if depth >= depths || height >= heights {
                        if !tiling.framed {
                            zeros(to, pitch);
                        }
                        continue;
                    }
                    let from = x.add(((c * depths + depth) * heights + height) * width);
                    if tiling.framed && stride[2] == 1 {
                        copy(from, to.add(left), middle);
                    } else if stride[2] == 1 {
                        zeros(to, left);
                        copy(from, to.add(left), middle);
                        zeros(to.add(left + middle), pitch - left - middle);
                    } else {
                        for phase in 0..stride[2] {
                            let to = to.add(phase * tiling.phase);
                            // Those of the line: `at · stride + phase − padding` in it.
                            let inside = |end: usize| end.saturating_sub(phase).div_ceil(stride[2]).min(tiling.phase);
                            let (first, end) = (inside(padding[2]), inside(width + padding[2]));
                            zeros(to, first);
                            let from = from.wrapping_add(first * stride[2] + phase).wrapping_sub(padding[2]);
                            if stride[2] == 2 {
                                for at in 0..end - first {
                                    *to.add(first + at) = *from.add(at * 2);
                                }
                            } else {
                                for at in 0..end - first {
                                    *to.add(first + at) = *from.add(at * stride[2]);
                                }
                            }
                            zeros(to.add(end), tiling.phase - end);
                        }
                    }
                }
                if !tiling.framed && tiling.shifted.is_none() {
                    // What whole registers read behind the last row.
                    zeros(to.add(rows * pitch), 1);
                }
            }
        }
    }
}

// ---- the convolution -----------------------------------------------------------------------------------------------

/// What the tiles of a convolution have in common: vectors of positions, and where their elements come from.
struct Positions {
    slots: Vec<Slot>,
    /// Where lines are short: for every [`VECTORS`] slots the pieces that a row of their panel is put together from, as
    /// offsets in the panel's row and in the tile.
    pieces: Vec<Vec<(usize, usize)>>,
}

impl Positions {
    /// Vectors in lines.
    fn in_lines(tiling: &Tiling, place: Place, lanes: usize, sample: usize) -> Self {
        Self { slots: tiling.slots(place, lanes, sample), pieces: Vec::new() }
    }

    /// Vectors of positions that follow one another in the output, whatever lines they are of.
    fn across_lines(tiling: &Tiling, place: Place, lanes: usize, sample: usize) -> Self {
        let width = tiling.window.output[2];
        let outputs = place.lines * width;
        let (mut slots, mut pieces) = (Vec::new(), Vec::<Vec<(usize, usize)>>::new());
        for s in 0..place.samples {
            for start in (0..outputs).step_by(lanes) {
                let (panel, in_row) = (slots.len() % PANEL / VECTORS, slots.len() % VECTORS * lanes);
                if in_row == 0 {
                    pieces.push(Vec::new());
                }
                let end = outputs.min(start + lanes);
                let at = panel * tiling.panel(lanes) + in_row;
                slots.push(Slot { at, to: s * sample + start, lanes: end - start });
                let mut at = start;
                while at < end {
                    let (line, across) = (at / width, at % width);
                    if let Some(pieces) = pieces.last_mut() {
                        pieces.push((in_row + at - start, tiling.line(s, line) + across));
                    }
                    at += width - across;
                }
            }
        }
        Self { slots, pieces }
    }
}

simd! {
    /// Puts together rows of a panel, `width` elements each, of pieces of at most `PIECE` elements, in ascending order.
    ///
    /// # Safety
    /// The slices are alive. Whole pieces can be read from the tile at every tap and piece, and written to the panel.
    unsafe fn pack<T: Vector, const PIECE: usize>(
        taps: *const [usize], pieces: *const [(usize, usize)], tile: *const T, panel: *mut T, width: usize,
    ) {
        for (row, &tap) in (*taps).iter().enumerate() {
            let (tile, panel) = (tile.add(tap), panel.add(row * width));
            for &(to, from) in &*pieces {
                let piece = tile.add(from).cast::<[T; PIECE]>().read_unaligned();
                panel.add(to).cast::<[T; PIECE]>().write_unaligned(piece);
            }
        }
    }
}

/// `y = conv(x, w) + bias`, unless the shape is not for this.
///
/// # Safety
/// The operands of [`super::conv::conv`], none of them empty, lie at the addresses.
pub(super) unsafe fn forward<T: Vector>(
    size: &ConvSize,
    x: *const T,
    w: *const T,
    bias: Option<*const T>,
    y: *mut T,
) -> bool {
    let (window, lanes) = (&size.window, lanes::<T>());
    let (inner, outer) = (size.in_channels / size.groups, size.out_channels / size.groups);
    let (inputs, outputs, depth) = (window.inputs(), window.outputs(), inner * window.taps());
    if inner * outer >= FEW * FEW && size.batch * outputs < FEW {
        return false;
    }
    let wasted = |of: usize| of.next_multiple_of(lanes) as f64 / of as f64;
    let in_lines = wasted(window.output[2]);
    let shifts = outer >= 8 && window.stride[1..] == [1, 1];
    let shifted = if shifts { Tiling::new::<T>(size, usize::MAX, true) } else { None };
    // Not where so few lines have room that most of them are in several tiles.
    let shifted = shifted.filter(|tiling| {
        let enough = tiling.lines == window.output[1] || tiling.lines > 2 * window.dilation[1] * window.kernel[1];
        let copied = (1.0 + COPYING / outer as f64) * wasted(tiling.lines * window.output[2]);
        enough && copied < in_lines.min(PACKING * wasted(outputs))
    });
    let Some(tiling) = &shifted.or_else(|| Tiling::new::<T>(size, usize::MAX, false)) else { return false };
    let taps = tiling.taps();
    let packs = tiling.shifted.is_none() && outer >= 8 && lanes <= CHUNK && PACKING * wasted(outputs) < in_lines;
    let positions = |place| {
        let sample = size.out_channels * outputs;
        if packs {
            Positions::across_lines(tiling, place, lanes, sample)
        } else {
            Positions::in_lines(tiling, place, lanes, sample)
        }
    };
    let whole = positions(tiling.place(size, 0));
    let panel_width = VECTORS * lanes;
    let pack = if window.output[2] <= 4 {
        pack::<T, 4>
    } else if window.output[2] <= 8 {
        pack::<T, 8>
    } else {
        pack::<T, CHUNK>
    };
    let steps: Vec<Step> = (0..taps.len())
        .map(|at| Step { vector: if packs { at * panel_width } else { taps[at] }, factor: at })
        .collect();
    let rows: Vec<Row> = (0..outer).map(|o| Row { factor: o * depth, to: o * outputs }).collect();
    let tiles = tiling.tiles(size) * size.groups;
    let work = outer * depth * outputs * size.batch / tiling.tiles(size).max(1);
    // Few tiles are cut by output channels, in whole strips.
    let wanted = match parallel::num_threads() {
        1 => 1,
        threads => CHUNKS.min(CHUNKS_PER_THREAD * threads),
    };
    let parts = wanted.div_ceil(tiles).min(work.div_ceil(GRAIN)).clamp(1, outer.div_ceil(8));
    let part = outer.div_ceil(parts).next_multiple_of(8);
    let parts = outer.div_ceil(part);
    let group = (GRAIN * parts / work.max(1)).max(1);
    let cost = (work as u64).saturating_mul(tiles as u64).saturating_mul(COST);
    // SAFETY: chunks write different positions or channels of the output.
    let memory = unsafe { Shared::new((x, w, bias, y)) };
    parallel::run((tiles * parts).div_ceil(group), cost, &|chunk| {
        let (x, w, bias, y) = memory.get();
        let panel_elements = if packs { PANEL.div_ceil(VECTORS) * tiling.panel(lanes) + SLACK } else { 0 };
        with_scratch((tiling.elements() + panel_elements) * size_of::<T>(), |scratch| {
            let tile = scratch.cast::<T>();
            // SAFETY: room for a tile.
            unsafe { tiling.frame(tile) };
            for item in chunk * group..((chunk + 1) * group).min(tiles * parts) {
                let (entry, start) = (item / parts, item % parts * part);
                let (place, set) = (tiling.place(size, entry / size.groups), entry % size.groups);
                let rest = if tiling.is_whole(place) { None } else { Some(positions(place)) };
                let positions = rest.as_ref().unwrap_or(&whole);
                let channel = set * outer + start;
                let at = (place.depth * window.output[1] + place.line) * window.output[2];
                for block in 0..tiling.blocks {
                    let (first, channels) = tiling.block(size, block);
                    let count = channels * window.taps();
                    // SAFETY: inside the operands and the scratch.
                    unsafe {
                        let panel = tile.add(tiling.elements());
                        let x = x.add((place.sample * size.in_channels + set * inner + first) * inputs);
                        tiling.fill(place, x, size.in_channels * inputs, channels, tile);
                        let sums = Tile {
                            steps: &steps[..count],
                            slots: &positions.slots,
                            rows: &rows[..part.min(outer - start)],
                            vectors: tile,
                            factors: w.add(channel * depth + first * window.taps()),
                            start: bias.filter(|_| block == 0).map_or(std::ptr::null(), |bias| bias.add(channel)),
                            add: block > 0,
                            to: y.add((place.sample * size.out_channels + channel) * outputs + at),
                        };
                        if !packs {
                            sums.run();
                        }
                        let panels = PANEL / VECTORS;
                        for (slots, pieces) in positions.slots.chunks(PANEL).zip(positions.pieces.chunks(panels)) {
                            for (nr, pieces) in pieces.iter().enumerate() {
                                let panel = panel.add(nr * tiling.panel(lanes));
                                pack(&raw const taps[..count], &raw const pieces[..], tile, panel, panel_width);
                            }
                            Tile { slots, vectors: panel, ..sums }.run();
                        }
                    }
                }
            }
        });
    });
    true
}

/// The elements of the input along one axis that are so many steps of the window and `rest` from the edge: how many there
/// are, the first tap of the window that reaches them, the distance to the next such tap, how many, and the convolution of
/// the outputs that they are: its padding and dilation.
#[derive(Clone, Copy)]
struct Remainder {
    rest: usize,
    count: usize,
    tap: usize,
    step: usize,
    taps: usize,
    padding: usize,
    dilation: usize,
}

/// [`Remainder`]s of an axis; `None` where padding is so great that some outputs reach nothing.
fn remainders(window: &Window, axis: usize) -> Option<Vec<Remainder>> {
    let (stride, dilation, kernel) = (window.stride[axis], window.dilation[axis], window.kernel[axis]);
    let padding = window.padding[axis];
    let mut all = Vec::new();
    for rest in 0..stride.min(window.input[axis]) {
        let count = (window.input[axis] - rest).div_ceil(stride);
        let reaches = |tap: usize| (rest + padding + stride * tap * dilation - tap * dilation).is_multiple_of(stride);
        let mut taps = (0..kernel).filter(|&tap| reaches(tap));
        let Some(tap) = taps.next() else {
            all.push(Remainder { rest, count, tap: 0, step: 1, taps: 0, padding: 0, dilation: 1 });
            continue;
        };
        let (step, taps) = match taps.next() {
            Some(next) => (next - tap, (kernel - tap).div_ceil(next - tap)),
            None => (1, 1),
        };
        // Output `position + shift` reaches the position by the last tap, which is the first of the window turned around.
        let shift = ((tap + (taps - 1) * step) * dilation).checked_sub(rest + padding)?;
        all.push(Remainder {
            rest,
            count,
            tap,
            step,
            taps,
            padding: shift / stride,
            dilation: (step * dilation / stride).max(1),
        });
    }
    Some(all)
}

/// Gradient with respect to the input, unless the shape is not for this: the elements that are the same number of steps
/// apart are the convolution of the cotangent with those weights that reach them, turned around.
///
/// # Safety
/// The operands of [`super::conv::conv_backward_input`], none of them empty, lie at the addresses.
pub(super) unsafe fn backward_input<T: Vector>(size: &ConvSize, g: *const T, w: *const T, dx: *mut T) -> bool {
    let window = &size.window;
    let (inner, outer, taps) = (size.in_channels / size.groups, size.out_channels / size.groups, window.taps());
    if inner * outer >= FEW * FEW && size.batch * window.inputs() < TURN {
        return false;
    }
    let axes = [0, 1, 2].map(|axis| remainders(window, axis));
    let [Some(depths), Some(heights), Some(widths)] = &axes else { return false };
    let (planes, inputs) = (size.batch * size.in_channels, window.inputs());
    let direct = window.stride == [1; 3];
    if !direct && inner * outer > NARROW {
        return false;
    }
    let mut part = Vec::new();
    for d in depths {
        for h in heights {
            for w_axis in widths {
                let axes = [d, h, w_axis];
                let count = axes.map(|axis| axis.count);
                let turned = ConvSize {
                    in_channels: size.out_channels,
                    out_channels: size.in_channels,
                    window: Window {
                        input: window.output,
                        output: count,
                        kernel: axes.map(|axis| axis.taps),
                        stride: [1; 3],
                        padding: axes.map(|axis| axis.padding),
                        dilation: axes.map(|axis| axis.dilation),
                    },
                    ..*size
                };
                let outputs: usize = count.iter().product();
                if !direct {
                    part.clear();
                    part.resize(planes * outputs, T::ZERO);
                }
                if turned.window.taps() > 0 {
                    let mut weights = Vec::with_capacity(size.out_channels * inner * turned.window.taps());
                    for group in 0..size.groups {
                        for c in 0..inner {
                            for o in 0..outer {
                                // SAFETY: the weights of one pair of channels.
                                let from = unsafe { w.add(((group * outer + o) * inner + c) * taps) };
                                turn(window, axes, from, &mut weights);
                            }
                        }
                    }
                    let to = if direct { dx } else { part.as_mut_ptr() };
                    // SAFETY: the caller's operands, weights of the turned shape, and room for the result.
                    if !unsafe { forward(&turned, g, weights.as_ptr(), None, to) } {
                        return false;
                    }
                }
                if direct {
                    continue;
                }
                let [_, height, width] = window.input;
                let mut lines = part.chunks_exact(count[2]);
                for plane in 0..planes {
                    for i in 0..count[0] {
                        for j in 0..count[1] {
                            let at = [(i, d, 0), (j, h, 1)].map(|(at, axis, nr)| at * window.stride[nr] + axis.rest);
                            let first = plane * inputs + (at[0] * height + at[1]) * width + w_axis.rest;
                            for (k, &value) in lines.next().into_iter().flatten().enumerate() {
                                // SAFETY: inside the gradient.
                                unsafe { *dx.add(first + k * window.stride[2]) = value };
                            }
                        }
                    }
                }
            }
        }
    }
    true
}

/// Appends the weights of a pair of channels that reach some remainders, the last first.
fn turn<T: Vector>(window: &Window, axes: [&Remainder; 3], from: *const T, weights: &mut Vec<T>) {
    let [_, height, width] = window.kernel;
    let taps = |axis: usize| (0..axes[axis].taps).rev().map(move |tap| axes[axis].tap + tap * axes[axis].step);
    for d in taps(0) {
        for h in taps(1) {
            // SAFETY: taps of the window.
            weights.extend(taps(2).map(|w| unsafe { *from.add((d * height + h) * width + w) }));
        }
    }
}

// ---- the gradient of the weight ------------------------------------------------------------------------------------

/// Writes `rows` rows of `columns` elements, `from_step` apart, as `columns` rows, `to_step` apart.
///
/// # Safety
/// Both can be accessed there, and lie apart.
pub(super) unsafe fn transpose<T: Vector>(
    rows: usize,
    columns: usize,
    from: *const T,
    from_step: usize,
    to: *mut T,
    to_step: usize,
) {
    let bytes = |step: usize| (step * size_of::<T>()) as isize;
    // SAFETY: the caller's matrices.
    unsafe { copy::transpose::<T>(rows, columns, to.cast(), bytes(to_step), from.cast(), bytes(from_step)) };
}

/// Gradient with respect to the weight, unless the shape is not for this.
///
/// Tiles are summed in a fixed number of parts, in order.
///
/// # Safety
/// The operands of [`super::conv::conv_backward_weight`], none of them empty, lie at the addresses.
pub(super) unsafe fn backward_weight<T: Vector>(size: &ConvSize, x: *const T, g: *const T, dw: *mut T) -> bool {
    let (window, lanes) = (&size.window, lanes::<T>());
    let (inner, outer) = (size.in_channels / size.groups, size.out_channels / size.groups);
    let (inputs, outputs, depth) = (window.inputs(), window.outputs(), inner * window.taps());
    if inner * outer >= FEW * FEW && size.batch * outputs < TURN {
        // The sums would be turned around for the sake of few positions.
        return false;
    }
    let wide = outer.next_multiple_of(lanes);
    let wasted = |of: usize| of.next_multiple_of(lanes) as f64 / of as f64;
    // Vectors of positions need two loads where vectors of channels need one.
    let dots = 1.25 * wasted(window.output[2]) < wasted(outer);
    let most = if dots { usize::MAX } else { TILE_BYTES / (wide * size_of::<T>()) };
    let Some(tiling) = &Tiling::new::<T>(size, most, false) else { return false };
    let tiles = tiling.tiles(size);
    // Elements of the sums of one group.
    let sums = if dots { outer * depth * lanes } else { wide * depth };
    let total = (outer * depth * outputs).saturating_mul(size.batch * size.groups);
    let most = (PARTIAL_BYTES / (sums * size.groups * size_of::<T>())).clamp(1, CHUNKS);
    let slice = tiles.div_ceil(most.min(total.div_ceil(GRAIN)).clamp(1, tiles));
    let slices = tiles.div_ceil(slice);
    let taps = tiling.taps();
    let steps_of = |place: Place| {
        let width = window.output[2];
        let mut steps = Vec::with_capacity(place.samples * place.lines * width);
        for s in 0..place.samples {
            for line in 0..place.lines {
                let at = tiling.line(s, line);
                let first = (s * place.lines + line) * width;
                let step = |across| Step { vector: (first + across) * wide, factor: at + across };
                steps.extend((0..width).map(step));
            }
        }
        steps
    };
    let tables = |place: Place| {
        if dots {
            (Vec::new(), tiling.slots(place, lanes, size.out_channels * outputs))
        } else {
            (steps_of(place), (0..wide).step_by(lanes).map(|at| Slot { at, to: at, lanes }).collect())
        }
    };
    let whole = tables(tiling.place(size, 0));
    let rows: Vec<Row> = taps.iter().enumerate().map(|(row, &factor)| Row { factor, to: row * wide }).collect();
    let mut partial = vec![T::ZERO; slices * size.groups * sums];
    let cost = (total as u64).saturating_mul(COST);
    // SAFETY: chunks write different sums.
    let memory = unsafe { Shared::new((x, g, partial.as_mut_ptr())) };
    parallel::run(slices * size.groups * tiling.blocks, cost, &|chunk| {
        let (x, g, partial) = memory.get();
        let (entry, block) = (chunk / tiling.blocks, chunk % tiling.blocks);
        let (part, set) = (entry / size.groups, entry % size.groups);
        let (first, channels) = tiling.block(size, block);
        let count = channels * window.taps();
        let positions = tiling.samples * tiling.lines * window.output[2];
        let turned = if dots { 0 } else { positions * wide };
        with_scratch((tiling.elements() + turned) * size_of::<T>(), |scratch| {
            let tile = scratch.cast::<T>();
            // SAFETY: room for a tile.
            unsafe { tiling.frame(tile) };
            for index in part * slice..((part + 1) * slice).min(tiles) {
                let place = tiling.place(size, index);
                let rest = if tiling.is_whole(place) { None } else { Some(tables(place)) };
                let (steps, slots) = rest.as_ref().unwrap_or(&whole);
                let at = (place.depth * window.output[1] + place.line) * window.output[2];
                // SAFETY: inside the operands, the sums and the scratch.
                unsafe {
                    let x = x.add((place.sample * size.in_channels + set * inner + first) * inputs);
                    tiling.fill(place, x, size.in_channels * inputs, channels, tile);
                    let g = g.add((place.sample * size.out_channels + set * outer) * outputs + at);
                    let sum = partial.add((part * size.groups + set) * sums);
                    let before = first * window.taps();
                    if dots {
                        let (lefts, sums) = (outer, sum.add(before * outer * lanes));
                        let rights = &taps[..count];
                        Dots { slots, left: g, left_step: outputs, lefts, rights, right: tile, sums }.run();
                        continue;
                    }
                    let turned = tile.add(tiling.elements());
                    if wide > outer {
                        turned.write_bytes(0, steps.len() * wide);
                    }
                    let columns = place.lines * window.output[2];
                    for s in 0..place.samples {
                        let g = g.add(s * size.out_channels * outputs);
                        transpose(outer, columns, g, outputs, turned.add(s * columns * wide), wide);
                    }
                    Tile {
                        steps,
                        slots,
                        rows: &rows[..count],
                        vectors: turned,
                        factors: tile,
                        start: std::ptr::null(),
                        add: true,
                        to: sum.add(before * wide),
                    }
                    .run();
                }
            }
        });
    });
    let (first, others) = partial.split_at_mut(size.groups * sums);
    for part in others.chunks_exact(size.groups * sums) {
        first.iter_mut().zip(part).for_each(|(sum, &value)| *sum += value);
    }
    for set in 0..size.groups {
        let sum = first[set * sums..].as_ptr();
        // SAFETY: the sums of one group, and its part of the gradient.
        unsafe {
            let dw = dw.add(set * outer * depth);
            if !dots {
                transpose(depth, outer, sum, wide, dw, depth);
                continue;
            }
            for block in 0..tiling.blocks {
                let (before, channels) = tiling.block(size, block);
                let (before, count) = (before * window.taps(), channels * window.taps());
                for o in 0..outer {
                    for k in 0..count {
                        let at = (before * outer + o * count + k) * lanes;
                        *dw.add(o * depth + before + k) = sum_lanes(sum.add(at), lanes);
                    }
                }
            }
        }
    }
    true
}
