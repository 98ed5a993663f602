//! Blocked products of matrices: `C = beta·C + alpha·A·B`.
//!
//! The depth is cut into blocks of which the operands stay in the caches. Of B, strips of a few vectors of columns are
//! put together, so that a block of a strip lies in a level-1 cache; of A, as many rows as sums fit the registers meet
//! each strip. An operand that is read a few times only, or lies as it is wanted, stays where it is. A sum is that of its
//! products in order, block by block: it depends neither on the width of vectors nor on the number of threads.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use std::mem::size_of;

use pulp::Simd;

use super::float::{Shared, View, ViewMut};
use super::packed_tile::{ROWS, TileOf, tile};
use super::register_tile::Vector;
use super::scratch::with_scratch;
use arcgrad_base::parallel;

/// Greatest depth of a block: strips of three vectors of 64 bytes then have 48 kB, what a level-1 cache holds. (Deeper blocks
/// write sums less often, and strips longer than the cache are read from the next; 192, 256 and 320 take the same time.)
const DEPTH: usize = 256;
/// Columns of B that are put together at once: some MB in a cache that is shared.
const WIDTH: usize = 3072;
/// Rows of A whose block is put together at once: a quarter of a level-2 cache of 1 MB.
const HEIGHT: usize = 240;
/// Rows of A up to which B is read where it lies, if its rows do without gaps. (Narrow rows are always: they lie as in strips.)
const FEW_ROWS: usize = 32;
/// Elements of A that may be read column by column without being put together: they stay in a level-1 cache.
const NEAR: usize = 4096;
/// Columns that a chunk of the parallel loop has at least if rows are few, since each chunk puts its rows together.
const SHARE: usize = 384;

/// Depth of the blocks of a product of depth `k`, which is not 0: as equal as can be.
pub(super) fn depth_step(k: usize) -> usize {
    k.div_ceil(k.div_ceil(DEPTH))
}

/// The product.
#[derive(Clone, Copy)]
pub(super) struct Call<T> {
    /// Rows, columns, depth.
    pub size: [usize; 3],
    /// Factor of the product.
    pub alpha: T,
    /// `m × k`.
    pub a: View<T>,
    /// `k × n`.
    pub b: View<T>,
    /// Factor of what C was; with 0 it is not read.
    pub beta: T,
    /// `m × n`.
    pub c: ViewMut<T>,
}

/// Bytes of a line of a cache.
const LINE: usize = 64;

impl<T: Vector> Call<T> {
    /// Computes it. `cost` is what the parallel loop is told, in picoseconds.
    ///
    /// # Safety
    /// The views describe memory of the sizes, none of which is 0; C lies apart from A and B, and its elements from one
    /// another.
    pub unsafe fn run(mut self, cost: u64) {
        let [m, n, k] = self.size;
        if self.c.cs != 1 && self.c.rs.unsigned_abs() < self.c.cs.unsigned_abs() {
            self = Self { size: [n, m, k], a: self.b.t(), b: self.a.t(), c: self.c.t(), ..self };
        }
        let [m, n, k] = self.size;
        let step = depth_step(k);
        let blocks = k.div_ceil(step);
        let shape = pulp::Arch::new().dispatch(Shape::<T>(std::marker::PhantomData));
        let whole = n;
        for column in (0..whole).step_by(WIDTH) {
            let n = WIDTH.min(whole - column);
            for first in (0..k).step_by(step) {
                let part = Block {
                    size: [m, n, step.min(k - first)],
                    a: self.a.at(0, first),
                    b: self.b.at(first, column),
                    beta: if first == 0 { self.beta } else { T::ONE },
                    c: self.c.at(0, column),
                    alpha: self.alpha,
                    shape,
                };
                // SAFETY: a part of the caller's operands.
                unsafe { part.run((cost / blocks as u64 / whole as u64).saturating_mul(n as u64)) };
            }
        }
    }
}

/// Rows and columns of a tile on this processor, and the lanes of a vector.
#[derive(Clone, Copy)]
struct TileShape {
    rows: usize,
    columns: usize,
    lanes: usize,
}

struct Shape<T>(std::marker::PhantomData<T>);

impl<T: Vector> pulp::WithSimd for Shape<T> {
    type Output = TileShape;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> TileShape {
        let ([rows, vectors], lanes) = (tile::<S>(), T::lanes::<S>());
        TileShape { rows, columns: vectors * lanes, lanes }
    }
}

/// A block of the depth.
#[derive(Clone, Copy)]
struct Block<T> {
    size: [usize; 3],
    a: View<T>,
    b: View<T>,
    beta: T,
    c: ViewMut<T>,
    alpha: T,
    shape: TileShape,
}

impl<T: Vector> Block<T> {
    /// Elements from one tile's rows to the next where they are put together. A line more than they have: else they would
    /// lie on the same few places of a level-1 cache.
    #[inline(always)]
    fn a_step(&self) -> usize {
        self.shape.rows * self.size[2] + LINE / size_of::<T>()
    }

    /// # Safety
    /// As for [`Call::run`].
    unsafe fn run(self, cost: u64) {
        let [m, n, k] = self.size;
        let TileShape { columns, lanes, .. } = self.shape;
        let strips = n.div_ceil(columns);
        let whole = n - n % columns;
        // Where B is read in place, the last columns are put together all the same, in whole vectors.
        let in_place = self.b.cs == 1 && (m <= FEW_ROWS || (0..=2 * columns as isize).contains(&self.b.rs));
        let packed = if in_place { whole } else { 0 };
        let room = (n.next_multiple_of(lanes) - packed) * k;
        with_scratch(room * size_of::<T>(), |memory| {
            let to = memory.cast::<T>();
            let first = packed / columns;
            // SAFETY: chunks write different strips, then different tiles.
            unsafe {
                let shared = Shared::new((self, to));
                parallel::run(strips - first, (room as u64).saturating_mul(PACK_COST).min(cost), &|chunk| {
                    let (block, to) = shared.get();
                    let column = (first + chunk) * columns;
                    let width = columns.min(n - column);
                    let b = block.b.at(0, column);
                    pulp::Arch::new().dispatch(Pack { n: width, k, from: b, to: to.add((column - packed) * k) });
                });
                let down = m.div_ceil(HEIGHT);
                let across = if down >= CHUNKS { 1 } else { n.div_ceil(SHARE).min(CHUNKS / down) };
                let height = m.div_ceil(down).next_multiple_of(self.shape.rows);
                let share = strips.div_ceil(across);
                parallel::run(down * across, cost, &|chunk| {
                    let (block, to) = shared.get();
                    let (row, strip) = (chunk / across * height, chunk % across * share);
                    if row < m && strip < strips {
                        let rows = height.min(m - row);
                        let strips = [strip, (strip + share).min(strips)];
                        Panel { block, rows: [row, rows], strips, packed, to }.run();
                    }
                });
            }
        });
    }
}

/// Picoseconds per element that is put together.
const PACK_COST: u64 = 100;
/// Chunks of the parallel loop that are enough for any number of threads.
const CHUNKS: usize = 16;

/// A matrix put together in strips once, for many products on the right of others.
pub(super) struct Strips<T> {
    /// They start at a line of a cache, `first`.
    memory: Vec<T>,
    first: usize,
    /// Columns and depth.
    size: [usize; 2],
    shape: TileShape,
}

impl<T: Vector> Strips<T> {
    /// Of `k × n` elements.
    ///
    /// # Safety
    /// So many elements lie at `b`.
    pub unsafe fn new([n, k]: [usize; 2], b: View<T>) -> Self {
        let shape = pulp::Arch::new().dispatch(Shape::<T>(std::marker::PhantomData));
        let line = LINE / size_of::<T>();
        let mut memory = vec![T::ZERO; n.next_multiple_of(shape.lanes) * k + line];
        let first = memory.as_ptr().align_offset(LINE).min(line);
        for column in (0..n).step_by(shape.columns) {
            let to = memory[first + column * k..].as_mut_ptr();
            pulp::Arch::new().dispatch(Pack { n: shape.columns.min(n - column), k, from: b.at(0, column), to });
        }
        Self { memory, first, size: [n, k], shape }
    }

    /// Adds the products of `m` rows to C.
    ///
    /// # Safety
    /// A has so many rows, C too, of the sizes of this matrix; C lies apart from A.
    pub unsafe fn add(&self, m: usize, a: View<T>, c: ViewMut<T>) {
        let &Self { size: [n, k], shape, .. } = self;
        // What lies in strips is not read where it came from.
        let b = View { ptr: std::ptr::null(), rs: 0, cs: 0 };
        let block = Block { size: [m, n, k], a, b, beta: T::ONE, c, alpha: T::ONE, shape };
        let to = self.memory[self.first..].as_ptr().cast_mut();
        let strips = [0, n.div_ceil(shape.columns)];
        // SAFETY: the caller's rows; the strips are there.
        unsafe { Panel { block, rows: [0, m], strips, packed: 0, to }.run() };
    }
}

/// Some rows of a block times some of its strips.
struct Panel<T> {
    block: Block<T>,
    /// First row, and how many.
    rows: [usize; 2],
    /// First strip, and that after the last one.
    strips: [usize; 2],
    /// Columns that are read in place.
    packed: usize,
    /// The others, put together.
    to: *mut T,
}

impl<T: Vector> Panel<T> {
    /// Computes it. Memory is asked for before the instruction set is entered: what is compiled for it contains no closure
    /// and no call that the compiler could leave outside of it.
    ///
    /// # Safety
    /// As for [`Call::run`]: the rows and columns are those of the block, and the strips have been put together.
    unsafe fn run(self) {
        let (k, [_, m]) = (self.block.size[2], self.rows);
        if self.block.a.cs == 1 || m * k <= NEAR {
            return pulp::Arch::new().dispatch(PanelOn { panel: self, copy: std::ptr::null_mut() });
        }
        let bytes = m.div_ceil(self.block.shape.rows) * self.block.a_step() * size_of::<T>();
        with_scratch(bytes, |memory| pulp::Arch::new().dispatch(PanelOn { panel: self, copy: memory.cast() }));
    }
}

/// A panel, and memory for its rows if they are to be put together.
struct PanelOn<T> {
    panel: Panel<T>,
    copy: *mut T,
}

impl<T: Vector> pulp::WithSimd for PanelOn<T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { panel: Panel { block, rows: [row, m], strips, packed, to }, copy } = self;
        let [_, n, k] = block.size;
        let TileShape { rows, columns, lanes } = block.shape;
        let mut a = block.a.at(row, 0);
        let mut a_panel = a.rs * rows as isize;
        if !copy.is_null() {
            let step = block.a_step();
            // SAFETY: so many rows are there, and room for them.
            unsafe {
                let whole = if a.rs == 1 && rows == ROWS { m - m % ROWS } else { 0 };
                // Along the lines of a cache, of which there is one for each step of the depth.
                for depth in 0..k {
                    for first in (0..whole).step_by(ROWS) {
                        let values = a.at(first, depth).ptr.cast::<[T; ROWS]>().read_unaligned();
                        copy.add(first / ROWS * step + depth * ROWS).cast::<[T; ROWS]>().write_unaligned(values);
                    }
                }
                for first in (whole..m).step_by(rows) {
                    pack::<T, S>(rows.min(m - first), k, a.at(first, 0).t(), copy.add(first / rows * step), rows);
                }
            }
            (a, a_panel) = (View { ptr: copy, rs: 1, cs: rows as isize }, step as isize);
        }
        for strip in strips[0]..strips[1] {
            let column = strip * columns;
            let width = columns.min(n - column);
            let vectors = width.div_ceil(lanes);
            let (b, b_rs) = if column < packed {
                (block.b.at(0, column).ptr, block.b.rs)
            } else {
                // SAFETY: where this strip was put.
                (unsafe { to.add((column - packed) * k).cast_const() }, (vectors * lanes) as isize)
            };
            let mut tile = TileOf {
                k,
                a,
                b,
                b_rs,
                width,
                last: width - (vectors - 1) * lanes,
                alpha: block.alpha,
                beta: block.beta,
                c: block.c.at(row, column),
            };
            // The next strip comes from afar: each tile fetches its share of it.
            let share = if m >= 8 * rows && column >= packed && strip + 1 < strips[1] {
                (k * columns).div_ceil(m.div_ceil(rows))
            } else {
                0
            };
            let mut next = b.wrapping_add(k * columns);
            for first in (0..m).step_by(rows) {
                fetch(next, share);
                next = next.wrapping_add(share);
                // SAFETY: rows and columns of the block.
                unsafe { tile.run::<S>(simd, rows.min(m - first), vectors) };
                tile.a.ptr = tile.a.ptr.wrapping_offset(a_panel);
                tile.c = tile.c.at(rows, 0);
            }
        }
    }
}

/// Asks for so many elements to come to the level-2 cache.
#[inline(always)]
fn fetch<T>(from: *const T, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..count).step_by(LINE / size_of::<T>()) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a hint, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.wrapping_add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, count);
}

/// A strip is put together: `k` rows of whole vectors.
struct Pack<T> {
    n: usize,
    k: usize,
    from: View<T>,
    to: *mut T,
}

impl<T: Vector> pulp::WithSimd for Pack<T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { n, k, from, to } = self;
        let lanes = T::lanes::<S>();
        let wide = n.next_multiple_of(lanes);
        // SAFETY: the caller's strip.
        unsafe {
            if from.cs != 1 {
                return pack::<T, S>(n, k, from, to, wide);
            }
            let (mut from, mut to) = (from, to);
            for _ in 0..k {
                for at in (0..n).step_by(lanes) {
                    let value = if n - at >= lanes {
                        from.ptr.add(at).cast::<T::Of<S>>().read_unaligned()
                    } else {
                        T::load_first(simd, from.ptr.add(at), n - at)
                    };
                    to.add(at).cast::<T::Of<S>>().write_unaligned(value);
                }
                from = from.at(1, 0);
                to = to.add(wide);
            }
        }
    }
}

/// Writes `k` rows of `n` elements as rows of `wide`, at least as many; what is beyond them is 0.
///
/// # Safety
/// `from` has so many, and there is room for them.
#[inline(always)]
unsafe fn pack<T: Vector, S: Simd>(n: usize, k: usize, from: View<T>, to: *mut T, wide: usize) {
    // Squares are turned in registers where columns lie without gaps.
    let (turned, deep) = if from.rs == 1 { (n - n % SQUARE, k - k % SQUARE) } else { (0, 0) };
    // SAFETY: the caller's elements.
    unsafe {
        for column in (0..turned).step_by(SQUARE) {
            let (from, to) = (from.at(0, column), to.add(column));
            for row in (0..deep).step_by(SQUARE) {
                turn::<T, S>(from.ptr.add(row), from.cs, to.add(row * wide), wide);
            }
        }
        for row in 0..k {
            let (from, to) = (from.at(row, 0), to.add(row * wide));
            for column in if row < deep { turned } else { 0 }..n {
                *to.add(column) = *from.at(0, column).ptr;
            }
            for column in n..wide {
                *to.add(column) = T::ZERO;
            }
        }
    }
}

/// Rows and columns of a square that is turned in registers.
const SQUARE: usize = 8;

/// Writes the columns of a square as rows.
///
/// # Safety
/// Columns lie `from_step` apart, each without gaps; rows are written `to_step` apart.
#[inline(always)]
unsafe fn turn<T: Vector, S: Simd>(from: *const T, from_step: isize, to: *mut T, to_step: usize) {
    // SAFETY: the caller's square; registers of 32 bytes tell that the processor has AVX.
    unsafe {
        let column = |i: usize| from.offset(i as isize * from_step);
        let row = |i: usize| to.add(i * to_step);
        #[cfg(target_arch = "x86_64")]
        if size_of::<S::f32s>() >= 32 {
            use std::arch::x86_64::*;
            if size_of::<T>() == 4 {
                for half in [0, 4] {
                    let pair = |i: usize| {
                        let low = _mm256_castps128_ps256(_mm_loadu_ps(column(i).cast::<f32>().add(half)));
                        _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(column(i + 4).cast::<f32>().add(half)))
                    };
                    let [a, b, c, d] = [pair(0), pair(1), pair(2), pair(3)];
                    let (low, high) = (
                        [_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d)],
                        [_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d)],
                    );
                    let put = |i: usize, value| _mm256_storeu_ps(row(half + i).cast(), value);
                    put(0, _mm256_shuffle_ps::<0x44>(low[0], low[1]));
                    put(1, _mm256_shuffle_ps::<0xee>(low[0], low[1]));
                    put(2, _mm256_shuffle_ps::<0x44>(high[0], high[1]));
                    put(3, _mm256_shuffle_ps::<0xee>(high[0], high[1]));
                }
            } else {
                for (at, half) in [(0, 0), (0, 2), (0, 4), (0, 6), (4, 0), (4, 2), (4, 4), (4, 6)] {
                    let pair = |i: usize| {
                        let low = _mm256_castpd128_pd256(_mm_loadu_pd(column(at + i).cast::<f64>().add(half)));
                        _mm256_insertf128_pd::<1>(low, _mm_loadu_pd(column(at + i + 2).cast::<f64>().add(half)))
                    };
                    let (a, b) = (pair(0), pair(1));
                    _mm256_storeu_pd(row(half).cast::<f64>().add(at), _mm256_unpacklo_pd(a, b));
                    _mm256_storeu_pd(row(half + 1).cast::<f64>().add(at), _mm256_unpackhi_pd(a, b));
                }
            }
            return;
        }
        let columns: [[T; SQUARE]; SQUARE] = std::array::from_fn(|i| column(i).cast::<[T; SQUARE]>().read_unaligned());
        for i in 0..SQUARE {
            row(i).cast::<[T; SQUARE]>().write_unaligned(std::array::from_fn(|j| columns[j][i]));
        }
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
