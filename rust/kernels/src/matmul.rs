//! Matrix products: `C = beta·C + alpha·A·B`, batched, of any strides.
//!
//! Four ways, chosen by the sizes alone: a dot product and matrix-vector products of our own (several accumulators,
//! fixed tree), a direct kernel for small matrices, and `faer`'s kernels on panels of C for the rest. A panel is a
//! chunk of the parallel loop, so results do not depend on the number of threads.

use std::mem::size_of;
use std::ops::Range;

use smallvec::SmallVec;

use super::copy::copy_box;
use super::element::Element;
use super::float::{Float, Shared, View, ViewMut, fused, lane_sum, lane_sums, simd};
use super::number::Ring;
use super::register_tile::{Dots, Slot, Vector, lanes, sum_lanes};
use super::{In, Out, require};
use crate::with_element;
use arcgrad_base::dtype::DType;
use arcgrad_base::parallel;
use arcgrad_base::scalar::Scalar;

/// Sizes of a batched product: A is `batch × m × k`, B is `batch × k × n`, C is `batch × m × n`.
#[derive(Clone, Copy)]
struct MatmulSize<'a> {
    batch: &'a [usize],
    m: usize,
    n: usize,
    k: usize,
}

/// `C = beta·C + alpha·A·B` for `f32`, `f64` and the integers.
///
/// The last two axes are those of the matrices, the axes before them are the same in all three. Strides are of any sign, 0
/// allowed in A and B. With `beta == 0` C is not read. The scalars are rounded to the dtype; integers wrap. The empty sum
/// (`k == 0`) is 0.
///
/// # Panics
/// Where shapes or dtypes do not fit together.
pub fn matmul(alpha: Scalar, a: In<'_>, b: In<'_>, beta: Scalar, c: Out<'_>) {
    require(c.shape.len() >= 2, "matrices");
    let (batch, matrix) = c.shape.split_at(c.shape.len() - 2);
    let (m, n) = (matrix[0], matrix[1]);
    let k = a.shape.last().copied().unwrap_or(0);
    let fits = |shape: &[usize], rows: usize, columns: usize| shape.strip_prefix(batch) == Some(&[rows, columns]);
    require(fits(a.shape, m, k) && fits(b.shape, k, n), "the shapes of a matrix product");
    a.require_dtype(c.dtype);
    b.require_dtype(c.dtype);
    let size = MatmulSize { batch, m, n, k };
    if size.m == 0 || size.n == 0 || size.batch.contains(&0) {
        return;
    }
    // SAFETY: shapes and dtypes fit together; the dtype is matched to the type.
    unsafe {
        match c.dtype {
            DType::F32 => float::<f32>(size, alpha.to_f64() as f32, a, b, beta.to_f64() as f32, c),
            DType::F64 => float::<f64>(size, alpha.to_f64(), a, b, beta.to_f64(), c),
            other => with_element!(int other, T => {
                integer::<T>(size, T::param(alpha.to_i64()), a, b, T::param(beta.to_i64()), c);
            }),
        }
    }
}

// ---- batches -----------------------------------------------------------------------------------------------------

/// One batch axis: size and the strides of A, B and C.
#[derive(Clone, Copy)]
struct BatchAxis {
    size: usize,
    strides: [isize; 3],
}

/// The product with its operands as matrices and the batch axes merged as far as the strides allow.
struct Problem<T> {
    m: usize,
    n: usize,
    k: usize,
    batch: SmallVec<[BatchAxis; 4]>,
    count: usize,
    a: View<T>,
    b: View<T>,
    c: ViewMut<T>,
}

impl<T: Element> Problem<T> {
    fn new(size: MatmulSize<'_>, a: In<'_>, b: In<'_>, c: Out<'_>) -> Self {
        let outer = size.batch.len();
        let mut batch: SmallVec<[BatchAxis; 4]> = SmallVec::new();
        for axis in 0..outer {
            let next =
                BatchAxis { size: size.batch[axis], strides: [a.strides[axis], b.strides[axis], c.strides[axis]] };
            if next.size == 1 {
                continue;
            }
            match batch.last_mut() {
                Some(last) if (0..3).all(|i| last.strides[i] == next.strides[i] * next.size as isize) => {
                    *last = BatchAxis { size: last.size * next.size, strides: next.strides };
                }
                _ => batch.push(next),
            }
        }
        let mut problem = Self {
            m: size.m,
            n: size.n,
            k: size.k,
            count: 1,
            batch,
            a: View { ptr: a.ptr.cast(), rs: a.strides[outer], cs: a.strides[outer + 1] },
            b: View { ptr: b.ptr.cast(), rs: b.strides[outer], cs: b.strides[outer + 1] },
            c: ViewMut { ptr: c.ptr.cast(), rs: c.strides[outer], cs: c.strides[outer + 1] },
        };
        problem.fold();
        problem.count = problem.batch.iter().map(|axis| axis.size).product();
        problem
    }

    /// A batch over one side only is one larger matrix: `[b, m, k] × [k, n]` is `[b·m, k] × [k, n]`.
    fn fold(&mut self) {
        let [BatchAxis { size, strides: [a, b, c] }] = self.batch[..] else { return };
        let rows = (self.m as isize, self.a.rs, self.c.rs);
        let cols = (self.n as isize, self.b.cs, self.c.cs);
        if b == 0 && self.m == 1 {
            (self.a.rs, self.c.rs) = (a, c);
        } else if b == 0 && a == rows.0 * rows.1 && c == rows.0 * rows.2 {
        } else if a == 0 && self.n == 1 {
            (self.b.cs, self.c.cs) = (b, c);
            self.n = size;
            self.batch.clear();
            return;
        } else if a == 0 && b == cols.0 * cols.1 && c == cols.0 * cols.2 {
            self.n *= size;
            self.batch.clear();
            return;
        } else {
            return;
        }
        self.m *= size;
        self.batch.clear();
    }

    /// The matrices of one batch entry.
    #[inline]
    fn entry(&self, mut index: usize) -> (View<T>, View<T>, ViewMut<T>) {
        let (mut a, mut b, mut c) = (self.a, self.b, self.c);
        for axis in self.batch.iter().rev() {
            let position = (index % axis.size) as isize;
            index /= axis.size;
            a.ptr = a.ptr.wrapping_offset(position * axis.strides[0]);
            b.ptr = b.ptr.wrapping_offset(position * axis.strides[1]);
            c.ptr = c.ptr.wrapping_offset(position * axis.strides[2]);
        }
        (a, b, c)
    }

    /// Multiplications in one batch entry.
    fn work(&self) -> usize {
        self.m.saturating_mul(self.n).saturating_mul(self.k.max(1))
    }
}

// SAFETY: plain addresses; the caller of `matmul` vouches for the memory, chunks write disjoint panels of C.
unsafe impl<T> Sync for Problem<T> {}

/// Multiplications that a chunk of a batch should have, so that its overhead (a quarter of a microsecond) is small.
const BATCH_GRAIN: usize = 1 << 18;
/// Largest product that is worth one chunk: about 0.3 ms, so that helpers finish together.
const PANEL_GRAIN: usize = 1 << 23;
/// Picoseconds per multiplication of 4 bytes, measured on AVX-512 at full rate; less capable machines need helpers more.
const COST: u64 = 10;

fn cost<T>(work: usize, per_multiplication: u64) -> u64 {
    (work as u64).saturating_mul(per_multiplication * size_of::<T>() as u64 / 4)
}

/// # Safety
/// As for [`matmul`], all of dtype `T`; C is not empty.
unsafe fn float<T: Vector>(size: MatmulSize<'_>, alpha: T, a: In<'_>, b: In<'_>, beta: T, c: Out<'_>) {
    let mut problem = Problem::<T>::new(size, a, b, c);
    let (m, n, k) = (problem.m, problem.n, problem.k);
    let work = problem.work();
    let total = work.saturating_mul(problem.count);
    let mut copy = Vec::new();
    // 0·A is 0 even where A holds NaN, which sums of parts do not know.
    let deep = problem.count == 1 && m > 1 && n > 1 && alpha != T::ZERO;
    if deep && k >= LONG && are_few_dots(m, n, problem.a, problem.b) {
        let parts = depth_parts(m, n, k);
        // SAFETY: the contract of `matmul`.
        return unsafe { split_depth(parts, [m, n, k], alpha, problem.a, problem.b, beta, problem.c) };
    }
    if total <= BATCH_GRAIN && problem.count == 1 {
        // SAFETY: the contract of `matmul`.
        return unsafe { part(&problem, alpha, beta, 0, 0..m, 0..n) };
    }
    if work <= PANEL_GRAIN / 4 && problem.count > 1 {
        let group = (BATCH_GRAIN / work).max(1);
        let chunks = problem.count.div_ceil(group);
        let tiny = tiny::fits(&problem);
        return parallel::run(chunks, cost::<T>(total, COST), &|chunk| {
            if tiny {
                // SAFETY: the contract of `matmul`; chunks are disjoint entries of C.
                return unsafe {
                    tiny::run(&problem, chunk * group..((chunk + 1) * group).min(problem.count), alpha, beta)
                };
            }
            for index in chunk * group..((chunk + 1) * group).min(problem.count) {
                // SAFETY: the contract of `matmul`; chunks are disjoint entries of C.
                unsafe { part(&problem, alpha, beta, index, 0..m, 0..n) };
            }
        });
    }
    if problem.count == 1 && m == 1 && n == 1 {
        // SAFETY: the contract of `matmul`.
        return unsafe { long_dot(k, alpha, problem.a, problem.b, beta, problem.c.ptr) };
    }
    if problem.count == 1 && m > 1 && n > 1 {
        let parts = depth_parts(m, n, k);
        if deep && parts > 1 {
            // SAFETY: the contract of `matmul`.
            return unsafe { split_depth(parts, [m, n, k], alpha, problem.a, problem.b, beta, problem.c) };
        }
        // SAFETY: the contract of `matmul`.
        unsafe { straighten(&mut problem, &mut copy) };
    }
    let (height, width) = panels::<T>(m, n, k, problem.c);
    let (down, across) = (m.div_ceil(height), n.div_ceil(width));
    // A matrix-vector product waits for memory: some 0.1 ns per element.
    let per = if m == 1 || n == 1 { 100 } else { COST };
    parallel::run(problem.count * down * across, cost::<T>(total, per), &|chunk| {
        let (index, panel) = (chunk / (down * across), chunk % (down * across));
        let (row, col) = (panel % down * height, panel / down * width);
        // SAFETY: the contract of `matmul`; chunks are disjoint entries or panels of C.
        unsafe { part(&problem, alpha, beta, index, row..(row + height).min(m), col..(col + width).min(n)) };
    });
}

/// The panel of C at `rows` and `cols` of one batch entry.
///
/// # Safety
/// As for [`matmul`], whose problem this is; the panel lies inside C, and nobody else touches it.
unsafe fn part<T: Float>(
    problem: &Problem<T>,
    alpha: T,
    beta: T,
    index: usize,
    rows: Range<usize>,
    cols: Range<usize>,
) {
    let (a, b, c) = problem.entry(index);
    let size = [rows.len(), cols.len(), problem.k];
    let (a, b, c) = (a.at(rows.start, 0), b.at(0, cols.start), c.at(rows.start, cols.start));
    // SAFETY: the caller's panel.
    unsafe { product(size, alpha, a, b, beta, c) };
}

/// Whether the rows of C, rather than its columns, lie contiguously.
fn along_columns<T: Copy>(c: ViewMut<T>) -> bool {
    c.rs.unsigned_abs() > c.cs.unsigned_abs()
}

/// Into how many parts a product of few results and great depth is cut.
fn depth_parts(m: usize, n: usize, k: usize) -> usize {
    // With at least 128 results a side there are panels enough; a part shorter than 1024 is dominated by its sums.
    if m.max(n) > 128 || k < 2048 { 1 } else { (k / 1024).min(16) }
}

/// A product whose depth is cut into parts, which are added in order.
///
/// # Safety
/// As for [`product`]; the depth is not 0.
unsafe fn split_depth<T: Vector>(
    parts: usize,
    [m, n, k]: [usize; 3],
    alpha: T,
    a: View<T>,
    b: View<T>,
    beta: T,
    c: ViewMut<T>,
) {
    let step = k.div_ceil(parts);
    let parts = k.div_ceil(step);
    let mut sums = vec![T::ZERO; parts * m * n];
    // SAFETY: every part has its own sums.
    unsafe {
        let memory = Shared::new((a, b, sums.as_mut_ptr()));
        parallel::run(parts, cost::<T>(m * n * k, COST), &|part| {
            let (a, b, sums) = memory.get();
            let (start, depth) = (part * step, step.min(k - part * step));
            let to = ViewMut { ptr: sums.add(part * m * n), rs: n as isize, cs: 1 };
            let (a, b) = (a.at(0, start), b.at(start, 0));
            if are_few_dots(m, n, a, b) {
                few_dots([m, n, depth], a, b, to);
            } else {
                product([m, n, depth], T::ONE, a, b, T::ZERO, to);
            }
        });
        for row in 0..m {
            for col in 0..n {
                let sum: T = (0..parts).map(|part| sums[(part * m + row) * n + col]).sum();
                put(c.at(row, col).ptr, sum, alpha, beta);
            }
        }
    }
}

/// Rows of A and columns of B up to which their products are sums in registers. (8 rows of 32,768 times as many: 115 µs packed,
/// 59 so. More have not been measured.)
const FEW: usize = 8;

/// Whether the product is one of few rows with few columns, which lie along the depth both: packed for `faer`, each element
/// would be copied for the few multiplications it takes part in.
fn are_few_dots<T>(m: usize, n: usize, a: View<T>, b: View<T>) -> bool {
    m.max(n) <= FEW && (a.cs, b.rs) == (1, 1) && a.rs >= 0 && b.cs >= 0
}

/// `C = A·B` where [`are_few_dots`] says so; C lies without gaps.
///
/// # Safety
/// As for [`product`].
unsafe fn few_dots<T: Vector>([m, n, k]: [usize; 3], a: View<T>, b: View<T>, c: ViewMut<T>) {
    let lanes = lanes::<T>();
    let slots: Vec<Slot> = (0..k).step_by(lanes).map(|at| Slot { at, to: at, lanes: lanes.min(k - at) }).collect();
    let rights: SmallVec<[usize; FEW]> = (0..n).map(|column| column * b.cs as usize).collect();
    let mut sums = vec![T::ZERO; m * n * lanes];
    // SAFETY: rows of A and columns of B of k elements, which lie without gaps; a register's room for each of their
    // products.
    unsafe {
        Dots {
            slots: &slots,
            left: a.ptr,
            left_step: a.rs as usize,
            lefts: m,
            rights: &rights,
            right: b.ptr,
            sums: sums.as_mut_ptr(),
        }
        .run();
        for (i, sums) in sums.chunks_exact(lanes).enumerate() {
            *c.ptr.add(i) = sum_lanes(sums.as_ptr(), lanes);
        }
    }
}

/// Copies the operand that `faer` reads in place so that its depth is contiguous, where that pays.
///
/// Otherwise each step in depth is another cache line, and with strides of a multiple of 4096 bytes they all fall on
/// the same few places of a level-1 cache: 1024³ takes twice the time.
///
/// # Safety
/// As for [`matmul`], whose problem this is, of one batch entry. It may refer to `copy` from then on.
unsafe fn straighten<T: Float>(problem: &mut Problem<T>, copy: &mut Vec<T>) {
    let (m, n, k) = (problem.m, problem.n, problem.k);
    let rows = along_columns(problem.c);
    // Either A, or B transposed: `free` rows of `k`.
    let (view, free, reuse) = if rows { (problem.a, m, n) } else { (problem.b.t(), n, m) };
    // Each element copied is used `reuse` times at about a hundredth of the price of the copy.
    if view.cs == 1 || reuse < 256 || free < 64 || copy.try_reserve_exact(free.saturating_mul(k)).is_err() {
        return;
    }
    copy.resize(free * k, T::ZERO);
    // SAFETY: chunks write different rows of the copy.
    unsafe {
        let memory = Shared::new((view, copy.as_mut_ptr()));
        parallel::run(free.div_ceil(TILE), cost::<T>(free * k, 1000), &|chunk| {
            let (from, to) = memory.get();
            let first = chunk * TILE;
            let unit = size_of::<T>() as isize;
            copy_box(
                size_of::<T>(),
                &[k, TILE.min(free - first)],
                to.add(first * k).cast(),
                &[unit, k as isize * unit],
                from.at(first, 0).ptr.cast(),
                &[from.cs * unit, from.rs * unit],
            );
        });
    }
    let straight = View { ptr: copy.as_ptr(), rs: k as isize, cs: 1 };
    if rows {
        problem.a = straight;
    } else {
        problem.b = straight.t();
    }
}

/// Rows of a transposed copy that are one chunk: as many as a cache line of `f32` has elements.
const TILE: usize = 16;

/// Height and width of the panels of C.
///
/// `faer` packs the operand along the contiguous axis of C (once per panel) and reads the other one in place, so
/// panels are cut across the contiguous axis first, in whole vectors, and along the other one only where that leaves
/// long columns.
fn panels<T: Copy>(m: usize, n: usize, k: usize, c: ViewMut<T>) -> (usize, usize) {
    let (packed, free) = if along_columns(c) { (n, m) } else { (m, n) };
    let work = m.saturating_mul(n).saturating_mul(k.max(1));
    // Matrix-vector products are bound by memory: chunks of a quarter of a megabyte elements.
    let grain = if m == 1 || n == 1 { 1 << 18 } else { PANEL_GRAIN };
    let wanted = work.div_ceil(grain).clamp(1, 256);
    // One 64-byte vector is the least, four of them by four columns fill the kernel's registers.
    // Matrix-vector products want runs that the hardware can fetch ahead.
    let vector = if m == 1 || n == 1 { COLUMN_BLOCK } else { 64 / size_of::<T>() };
    let packed_count = wanted.min(packed.div_ceil(4 * vector)).max(1);
    let packed_step = packed.div_ceil(packed_count).next_multiple_of(vector);
    let packed_count = packed.div_ceil(packed_step);
    // Packing an element costs about as much as 64 multiplications with it.
    let free_count = wanted.div_ceil(packed_count).min(free.div_ceil(512)).max(1);
    let free_step = free.div_ceil(free_count).next_multiple_of(4);
    if along_columns(c) { (free_step, packed_step) } else { (packed_step, free_step) }
}

/// `C = beta·C + alpha·A·B` on the calling thread, for kernels that have their own chunks.
///
/// # Safety
/// The views must describe memory of the sizes `[m, n, k]`; C must not overlap A, B or itself.
pub(super) unsafe fn product<T: Float>(size: [usize; 3], alpha: T, a: View<T>, b: View<T>, beta: T, c: ViewMut<T>) {
    let [m, n, k] = size;
    // SAFETY: the caller's views fit `size`.
    unsafe {
        if k == 0 || alpha == T::ZERO {
            // 0·A is 0 here even where A holds NaN, as in BLAS.
            return scale(m, n, beta, c);
        }
        if n == 1 {
            return matvec(m, k, alpha, a, (b.ptr, b.rs), beta, (c.ptr, c.rs));
        }
        if m == 1 {
            return matvec(n, k, alpha, b.t(), (a.ptr, a.cs), beta, (c.ptr, c.cs));
        }
        if c.cs == 1 && small::fits(size, b) {
            return small::run(size, alpha, a, b, beta, c);
        }
        if c.rs == 1 && small::fits([n, m, k], a.t()) {
            return small::run([n, m, k], alpha, b.t(), a.t(), beta, c.t());
        }
        if beta != T::ZERO && beta != T::ONE {
            scale(m, n, beta, c);
        }
        T::gemm(size, alpha, a, b, beta != T::ZERO, c);
    }
}

/// `C = beta·C`, where 0 overwrites.
///
/// # Safety
/// C has `m × n` elements; with `beta == 0` they are not read.
unsafe fn scale<T: Float>(m: usize, n: usize, beta: T, c: ViewMut<T>) {
    if beta == T::ONE {
        return;
    }
    for row in 0..m {
        for col in 0..n {
            let to = c.at(row, col).ptr;
            // SAFETY: inside C.
            unsafe { *to = if beta == T::ZERO { T::ZERO } else { beta * *to } };
        }
    }
}

// ---- vectors -----------------------------------------------------------------------------------------------------

/// `y = beta·y + alpha·A·x` for a matrix of `m × k`.
///
/// # Safety
/// A has `m × k` elements, `x` has `k`, `xs` apart, and `y` has `m`, `ys` apart; `y` overlaps neither A nor `x` nor
/// itself.
unsafe fn matvec<T: Float>(
    m: usize,
    k: usize,
    alpha: T,
    a: View<T>,
    (x, xs): (*const T, isize),
    beta: T,
    (y, ys): (*mut T, isize),
) {
    let mut copy: SmallVec<[T; 256]> = SmallVec::new();
    // SAFETY: the caller's vectors have k and m elements.
    unsafe {
        let x = if xs == 1 || k == 1 {
            x
        } else {
            copy.extend((0..k).map(|i| *x.offset(i as isize * xs)));
            copy.as_ptr()
        };
        if a.cs == 1 || k == 1 {
            matvec_rows(m, k, alpha, a.ptr, a.rs, x, beta, y, ys);
        } else if a.rs == 1 {
            matvec_columns(m, k, alpha, a.ptr, a.cs, x, beta, y, ys);
        } else {
            let mut row: SmallVec<[T; 256]> = SmallVec::with_capacity(k);
            for i in 0..m {
                row.clear();
                row.extend((0..k).map(|j| *a.at(i, j).ptr));
                matvec_rows(1, k, alpha, row.as_ptr(), 0, x, beta, y.offset(i as isize * ys), ys);
            }
        }
    }
}

/// `y = beta·y + alpha·value` for one element, where 0 overwrites.
///
/// # Safety
/// `y` can be written, and read unless `beta` is 0.
#[inline(always)]
unsafe fn put<T: Float>(y: *mut T, value: T, alpha: T, beta: T) {
    // SAFETY: the caller's element.
    unsafe { *y = if beta == T::ZERO { alpha * value } else { alpha * value + beta * *y } };
}

/// Accumulators of a long dot product: four vectors of 64 bytes cover the latency of an addition.
const LONG_LANES: usize = 64;
/// Accumulators of a short one, where the final tree counts.
const SHORT_LANES: usize = 16;
/// Elements from which a dot product is long.
const LONG: usize = 512;

/// Dot product of contiguous vectors. Multiplication and addition round separately: with two loads per product a fused
/// one is no faster, and so every machine gets the same bits.
///
/// # Safety
/// `k` elements can be read from `a` and from `b` on.
#[inline(always)]
unsafe fn dot<T: Float, const L: usize>(k: usize, a: *const T, b: *const T) -> T {
    let mut lanes = [T::ZERO; L];
    let whole = k - k % L;
    // SAFETY: both vectors have k elements.
    unsafe {
        for start in (0..whole).step_by(L) {
            for (lane, sum) in lanes.iter_mut().enumerate() {
                *sum += *a.add(start + lane) * *b.add(start + lane);
            }
        }
        for (lane, sum) in lanes[..k - whole].iter_mut().enumerate() {
            *sum += *a.add(whole + lane) * *b.add(whole + lane);
        }
    }
    lane_sum(lanes)
}

/// Long rows of a matrix that are multiplied by the same vector at once: as many streams keep more of memory under way.
const ROWS: usize = 4;

/// Dot products of rows with a vector, each as [`dot`] of [`LONG_LANES`] has it.
///
/// # Safety
/// `k` elements can be read from each on.
#[inline(always)]
unsafe fn dots<T: Float>(k: usize, rows: [*const T; ROWS], x: *const T) -> [T; ROWS] {
    // A half of the lanes after the other, so that all sums stay in registers.
    const HALF: usize = LONG_LANES / 2;
    let mut sums = [[T::ZERO; LONG_LANES]; ROWS];
    let whole = k - k % LONG_LANES;
    // SAFETY: all have k elements.
    unsafe {
        for half in [0, HALF] {
            let mut lanes = [[T::ZERO; HALF]; ROWS];
            for start in (half..whole).step_by(LONG_LANES) {
                for (row, lanes) in rows.iter().zip(&mut lanes) {
                    for (lane, sum) in lanes.iter_mut().enumerate() {
                        *sum += *row.add(start + lane) * *x.add(start + lane);
                    }
                }
            }
            for (sums, lanes) in sums.iter_mut().zip(&lanes) {
                sums[half..half + HALF].copy_from_slice(lanes);
            }
        }
        for (row, sums) in rows.iter().zip(&mut sums) {
            for (lane, sum) in sums[..k - whole].iter_mut().enumerate() {
                *sum += *row.add(whole + lane) * *x.add(whole + lane);
            }
        }
    }
    lane_sums(sums)
}

simd! {
    /// `y = beta·y + alpha·A·x`, rows of A and x contiguous: one dot product per row.
    ///
    /// # Safety
    /// As for [`matvec`], with rows of contiguous elements, `rs` apart, and contiguous `x`.
    #[allow(clippy::too_many_arguments)]
    unsafe fn matvec_rows<T: Float>(
        m: usize, k: usize, alpha: T, a: *const T, rs: isize, x: *const T, beta: T, y: *mut T, ys: isize,
    ) {
        let mut first = 0;
        while k >= LONG && first + ROWS <= m {
            let rows = std::array::from_fn(|i| a.offset((first + i) as isize * rs));
            for (i, sum) in dots::<T>(k, rows, x).into_iter().enumerate() {
                put(y.offset((first + i) as isize * ys), sum, alpha, beta);
            }
            first += ROWS;
        }
        for i in first as isize..m as isize {
            let row = a.offset(i * rs);
            let sum = if k < LONG { dot::<T, SHORT_LANES>(k, row, x) } else { dot::<T, LONG_LANES>(k, row, x) };
            put(y.offset(i * ys), sum, alpha, beta);
        }
    }
}

/// Rows of a column-major matrix that are summed together: their sums stay in a level-1 cache, and a column is read in
/// runs long enough for the hardware to fetch ahead.
const COLUMN_BLOCK: usize = 512;

simd! {
    /// `y = beta·y + alpha·A·x`, columns of A contiguous: blocks of rows, four columns at a time.
    ///
    /// # Safety
    /// As for [`matvec`], with columns of contiguous elements, `cs` apart, and contiguous `x`.
    #[allow(clippy::too_many_arguments)]
    unsafe fn matvec_columns<T: Float>(
        m: usize, k: usize, alpha: T, a: *const T, cs: isize, x: *const T, beta: T, y: *mut T, ys: isize,
    ) {
        let mut sums = [T::ZERO; COLUMN_BLOCK];
        for start in (0..m).step_by(COLUMN_BLOCK) {
            let sums = &mut sums[..COLUMN_BLOCK.min(m - start)];
            sums.fill(T::ZERO);
            let column = |j: usize| a.add(start).offset(j as isize * cs);
            let fours = k - k % 4;
            for j in (0..fours).step_by(4) {
                let from = [column(j), column(j + 1), column(j + 2), column(j + 3)];
                let factor = [*x.add(j), *x.add(j + 1), *x.add(j + 2), *x.add(j + 3)];
                for (i, sum) in sums.iter_mut().enumerate() {
                    let pair = *from[0].add(i) * factor[0] + *from[1].add(i) * factor[1];
                    *sum += pair + (*from[2].add(i) * factor[2] + *from[3].add(i) * factor[3]);
                }
            }
            for j in fours..k {
                let (from, factor) = (column(j), *x.add(j));
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum += *from.add(i) * factor;
                }
            }
            for (i, &sum) in sums.iter().enumerate() {
                put(y.offset((start + i) as isize * ys), sum, alpha, beta);
            }
        }
    }
}

/// Elements per chunk of a long dot product.
const DOT_CHUNK: usize = 1 << 16;

/// A dot product in chunks, the partial sums added in order.
///
/// # Safety
/// A is a row and B a column of `k` elements; `c` can be written, and read unless `beta` is 0.
unsafe fn long_dot<T: Float>(k: usize, alpha: T, a: View<T>, b: View<T>, beta: T, c: *mut T) {
    let chunks = k.div_ceil(DOT_CHUNK);
    let mut partial = vec![T::ZERO; chunks];
    // SAFETY: the caller's vectors have k elements; every chunk writes its own partial sum.
    unsafe {
        let to = Shared::new(partial.as_mut_ptr());
        let from = Shared::new((a, b));
        parallel::run(chunks, cost::<T>(k, 100), &|chunk| {
            let (a, b) = from.get();
            let start = chunk * DOT_CHUNK;
            let len = DOT_CHUNK.min(k - start);
            let (a, b) = (a.at(0, start), b.at(start, 0));
            matvec(1, len, T::ONE, a, (b.ptr, b.rs), T::ZERO, (to.get().add(chunk), 1));
        });
        put(c, partial.into_iter().sum(), alpha, beta);
    }
}

// ---- small matrices ----------------------------------------------------------------------------------------------

/// Products so small that setting up a blocked one costs more than the arithmetic.
mod small {
    use super::{Float, View, ViewMut, fused, put};
    use std::mem::size_of;

    /// Bytes of B that may be packed on the stack.
    const PACK_BYTES: usize = 16 << 10;
    /// Columns in a narrow block of C: a vector of 64 bytes for f32, two for f64.
    const COLS: usize = 16;
    /// Rows in a block of C: with 32 columns of f32 eight accumulators, which cover the latency of an addition.
    const ROWS: usize = 4;

    /// Whether `run` takes this product (C's rows are contiguous).
    pub fn fits<T>([m, n, k]: [usize; 3], b: View<T>) -> bool {
        let packed = k.saturating_mul(n.next_multiple_of(COLS)).saturating_mul(size_of::<T>());
        let work = m.saturating_mul(n).saturating_mul(k);
        if b.cs == 1 && n.is_multiple_of(COLS) { work <= 1 << 16 } else { packed <= PACK_BYTES && work <= 1 << 16 }
    }

    struct Call<T> {
        size: [usize; 3],
        alpha: T,
        a: View<T>,
        b: View<T>,
        beta: T,
        c: ViewMut<T>,
    }

    impl<T: Float> pulp::WithSimd for Call<T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self { size: [m, n, k], alpha, a, b, beta, c } = self;
            // SAFETY: the contract of `run`; rows and columns stay below m and n, B is packed where it is not
            // readable in whole blocks.
            unsafe {
                let mut pack = std::mem::MaybeUninit::<[u64; PACK_BYTES / 8]>::uninit();
                let (b, b_rs) = if b.cs == 1 && n.is_multiple_of(COLS) {
                    (b.ptr, b.rs)
                } else {
                    let pack = pack.as_mut_ptr().cast::<T>();
                    (pack_b(k, n, b, pack), n.next_multiple_of(COLS) as isize)
                };
                let mut col = 0;
                // Registers of 64 bytes come by the 32: blocks twice as wide need fewer loads per product.
                while size_of::<S::f32s>() == 64 && col + 2 * COLS <= n {
                    blocks::<T, S, { 2 * COLS }>([m, 2 * COLS, k], alpha, a, b.add(col), b_rs, beta, c.at(0, col));
                    col += 2 * COLS;
                }
                while col < n {
                    blocks::<T, S, COLS>([m, COLS.min(n - col), k], alpha, a, b.add(col), b_rs, beta, c.at(0, col));
                    col += COLS;
                }
            }
        }
    }

    /// `m × W` elements of C (of which only the first columns may be there), block by block.
    ///
    /// # Safety
    /// A has `m × k` elements, B has `k` rows of `W`, `b_rs` apart, and C has `m` contiguous rows of `cols`, at most
    /// `W`; C overlaps neither.
    #[inline(always)]
    unsafe fn blocks<T: Float, S: pulp::Simd, const W: usize>(
        [m, cols, k]: [usize; 3],
        alpha: T,
        a: View<T>,
        b: *const T,
        b_rs: isize,
        beta: T,
        c: ViewMut<T>,
    ) {
        let mut row = 0;
        // SAFETY: the caller's blocks lie inside the operands.
        unsafe {
            while row + ROWS <= m {
                block::<T, S, ROWS, W>(k, cols, alpha, a.at(row, 0), b, b_rs, beta, c.at(row, 0));
                row += ROWS;
            }
            while row < m {
                block::<T, S, 1, W>(k, cols, alpha, a.at(row, 0), b, b_rs, beta, c.at(row, 0));
                row += 1;
            }
        }
    }

    /// Copies B to rows of whole blocks; the columns past `n` are 0.
    ///
    /// # Safety
    /// B has `k × n` elements; `to` has room for `k` rows of whole blocks.
    #[inline(always)]
    unsafe fn pack_b<T: Float>(k: usize, n: usize, b: View<T>, to: *mut T) -> *const T {
        let width = n.next_multiple_of(COLS);
        // SAFETY: `fits` saw to it that k rows of `width` fit.
        unsafe {
            for col in 0..n {
                for row in 0..k {
                    *to.add(row * width + col) = *b.at(row, col).ptr;
                }
            }
            for row in 0..k {
                for col in n..width {
                    *to.add(row * width + col) = T::ZERO;
                }
            }
        }
        to
    }

    /// `R × W` elements of C, the sums over k in registers.
    ///
    /// # Safety
    /// As for [`blocks`], of `R` rows.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    unsafe fn block<T: Float, S: pulp::Simd, const R: usize, const W: usize>(
        k: usize,
        cols: usize,
        alpha: T,
        a: View<T>,
        b: *const T,
        b_rs: isize,
        beta: T,
        c: ViewMut<T>,
    ) {
        let mut sums = [[T::ZERO; W]; R];
        // SAFETY: the caller's block lies inside the operands.
        unsafe {
            let rows: [*const T; R] = std::array::from_fn(|row| a.at(row, 0).ptr);
            for depth in 0..k as isize {
                let values: [T; W] = b.offset(depth * b_rs).cast::<[T; W]>().read_unaligned();
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let factor = *row.offset(depth * a.cs);
                    for (sum, &value) in sums.iter_mut().zip(&values) {
                        *sum = fused::<S, T>(factor, value, *sum);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                let to = c.at(row, 0).ptr;
                if cols == W && beta == T::ZERO {
                    let scaled = sums.map(|sum| alpha * sum);
                    to.cast::<[T; W]>().write_unaligned(scaled);
                } else {
                    for (col, &sum) in sums[..cols].iter().enumerate() {
                        put(to.add(col), sum, alpha, beta);
                    }
                }
            }
        }
    }

    /// `C = beta·C + alpha·A·B` where `fits`.
    ///
    /// # Safety
    /// The views must fit the sizes, with C's rows contiguous.
    pub unsafe fn run<T: Float>(size: [usize; 3], alpha: T, a: View<T>, b: View<T>, beta: T, c: ViewMut<T>) {
        pulp::Arch::new().dispatch(Call { size, alpha, a, b, beta, c });
    }
}

/// Batches of products whose rows fit a register: nothing is set up for each, and rows are read under a mask.
mod tiny {
    use std::ops::Range;

    use super::{Problem, Vector, ViewMut};
    use crate::float::View;
    use crate::register_tile::lanes;

    /// Greatest depth, and elements of B that are copied where its rows are not contiguous.
    const DEPTH: usize = 64;
    /// Rows of C that are summed at once.
    const ROWS: usize = 4;

    /// Whether `run` takes this batch.
    pub fn fits<T: Vector>(problem: &Problem<T>) -> bool {
        let lanes = lanes::<T>();
        lanes > 1 && problem.n > 1 && problem.n <= lanes && problem.k <= DEPTH && problem.k > 0 && problem.c.cs == 1
    }

    struct Call<'a, T> {
        problem: &'a Problem<T>,
        entries: Range<usize>,
        alpha: T,
        beta: T,
    }

    impl<T: Vector> pulp::WithSimd for Call<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, simd: S) {
            let Self { problem, entries, alpha, beta } = self;
            let (m, n, k) = (problem.m, problem.n, problem.k);
            let lanes = T::lanes::<S>();
            let mut copy = [T::ZERO; DEPTH * 16];
            for index in entries {
                let (a, mut b, c) = problem.entry(index);
                // SAFETY: the contract of `run`; rows of B are copied to whole registers where they are not contiguous.
                unsafe {
                    if b.cs != 1 {
                        for row in 0..k {
                            for col in 0..n {
                                copy[row * lanes + col] = *b.at(row, col).ptr;
                            }
                        }
                        b = View { ptr: copy.as_ptr(), rs: lanes as isize, cs: 1 };
                    }
                    let mut row = 0;
                    while row + ROWS <= m {
                        rows::<T, S, ROWS>(simd, [n, k], alpha, a.at(row, 0), b, beta, c.at(row, 0));
                        row += ROWS;
                    }
                    match m - row {
                        3 => rows::<T, S, 3>(simd, [n, k], alpha, a.at(row, 0), b, beta, c.at(row, 0)),
                        2 => rows::<T, S, 2>(simd, [n, k], alpha, a.at(row, 0), b, beta, c.at(row, 0)),
                        1 => rows::<T, S, 1>(simd, [n, k], alpha, a.at(row, 0), b, beta, c.at(row, 0)),
                        _ => {}
                    }
                }
            }
        }
    }

    /// `R` rows of C.
    ///
    /// # Safety
    /// A has `R × k` elements, B `k` contiguous rows of `n`, at most a register, and C `R` of them, apart from both.
    #[inline(always)]
    unsafe fn rows<T: Vector, S: pulp::Simd, const R: usize>(
        simd: S,
        [n, k]: [usize; 2],
        alpha: T,
        a: View<T>,
        b: View<T>,
        beta: T,
        c: ViewMut<T>,
    ) {
        let mut sums = [T::splat(simd, T::ZERO); R];
        // SAFETY: the caller's rows; lanes past `n` are not touched.
        unsafe {
            for depth in 0..k {
                let values = T::load_first(simd, b.at(depth, 0).ptr, n);
                for (row, sum) in sums.iter_mut().enumerate() {
                    *sum = T::fused(simd, T::splat(simd, *a.at(row, depth).ptr), values, *sum);
                }
            }
            let zero = T::splat(simd, T::ZERO);
            for (row, &sum) in sums.iter().enumerate() {
                let to = c.at(row, 0).ptr;
                let scaled = T::fused(simd, T::splat(simd, alpha), sum, zero);
                let old = if beta == T::ZERO {
                    scaled
                } else {
                    T::fused(simd, T::splat(simd, beta), T::load_first(simd, to, n), scaled)
                };
                T::store_first(simd, to, n, old);
            }
        }
    }

    /// `C = beta·C + alpha·A·B` for the entries of a batch that `fits`.
    ///
    /// # Safety
    /// As for [`super::matmul`], whose problem this is; nobody else touches these entries of C.
    pub unsafe fn run<T: Vector>(problem: &Problem<T>, entries: Range<usize>, alpha: T, beta: T) {
        pulp::Arch::new().dispatch(Call { problem, entries, alpha, beta });
    }
}

// ---- integers ----------------------------------------------------------------------------------------------------

/// Integers as a product needs them: a ring.
trait Integer: Element + Ring {}
impl<T: Element + Ring> Integer for T {}

/// Columns of C that are summed together.
const INTEGER_COLS: usize = 32;

/// # Safety
/// As for [`matmul`], all of dtype `T`; C is not empty.
unsafe fn integer<T: Integer>(size: MatmulSize<'_>, alpha: T, a: In<'_>, b: In<'_>, beta: T, c: Out<'_>) {
    let problem = Problem::<T>::new(size, a, b, c);
    let rows_per_chunk = (BATCH_GRAIN / problem.n.saturating_mul(problem.k.max(1))).clamp(1, problem.m);
    let per_entry = problem.m.div_ceil(rows_per_chunk);
    let total = problem.work().saturating_mul(problem.count) as u64;
    // Some 0.2 ns per multiplication.
    parallel::run(problem.count * per_entry, total.saturating_mul(200), &|chunk| {
        let (a, b, c) = problem.entry(chunk / per_entry);
        let start = chunk % per_entry * rows_per_chunk;
        let rows = rows_per_chunk.min(problem.m - start);
        // SAFETY: the contract of `matmul`; chunks are disjoint rows of C.
        unsafe { integer_rows(rows, problem.n, problem.k, alpha, a.at(start, 0), b, beta, c.at(start, 0)) }
    });
}

simd! {
    /// `C = beta·C + alpha·A·B` on the calling thread.
    ///
    /// # Safety
    /// A has `m × k` elements, B has `k × n` and C `m × n`; C overlaps neither A nor B nor itself.
    #[allow(clippy::too_many_arguments)]
    unsafe fn integer_rows<T: Integer>(
        m: usize, n: usize, k: usize, alpha: T, a: View<T>, b: View<T>, beta: T, c: ViewMut<T>,
    ) {
        for row in 0..m {
            for start in (0..n).step_by(INTEGER_COLS) {
                let cols = INTEGER_COLS.min(n - start);
                let mut sums = [T::default(); INTEGER_COLS];
                for depth in 0..k {
                    let (factor, from) = (*a.at(row, depth).ptr, b.at(depth, start));
                    if cols == INTEGER_COLS && b.cs == 1 {
                        for (col, sum) in sums.iter_mut().enumerate() {
                            *sum = factor.mul_add(*from.ptr.add(col), *sum);
                        }
                    } else {
                        for (col, sum) in sums[..cols].iter_mut().enumerate() {
                            *sum = factor.mul_add(*from.at(0, col).ptr, *sum);
                        }
                    }
                }
                for (col, &sum) in sums[..cols].iter().enumerate() {
                    let to = c.at(row, start + col).ptr;
                    let old = if beta == T::default() { beta } else { beta * *to };
                    *to = alpha.mul_add(sum, old);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "matmul_tests.rs"]
mod tests;
