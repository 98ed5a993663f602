//! Matrix products: `C = beta·C + alpha·A·B`, batched, of any strides.
//!
//! Chosen by the sizes alone: a dot product and matrix-vector products (several accumulators, fixed tree), products of small
//! matrices (`matmul_small`, batches of them `matmul_tiny`), products of few results cut along their depth, and blocked products (`packed`) for the rest.
//! None depends on the number of threads.

use std::mem::size_of;

use smallvec::SmallVec;

use super::element::Element;
use super::finish::put;
use super::float::{Float, Shared, View, ViewMut, lane_sum, lane_sums, simd};
use super::number::Ring;
use super::packed::Call;
use super::register_tile::{Dots, Slot, Vector, lanes, sum_lanes};
use super::{In, Out, matmul_small as small, matmul_tiny as tiny, require};
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
pub(super) struct Problem<T> {
    pub(super) m: usize,
    pub(super) n: usize,
    pub(super) k: usize,
    batch: SmallVec<[BatchAxis; 4]>,
    count: usize,
    pub(super) a: View<T>,
    pub(super) b: View<T>,
    pub(super) c: ViewMut<T>,
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
    pub(super) fn entry(&self, mut index: usize) -> (View<T>, View<T>, ViewMut<T>) {
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
/// Multiplications from which the products of a batch come one after the other, each on all threads.
const ENTRY_GRAIN: usize = 1 << 21;
/// Picoseconds per multiplication of 4 bytes, measured on AVX-512 at full rate; less capable machines need helpers more.
const COST: u64 = 10;

fn cost<T>(work: usize, per_multiplication: u64) -> u64 {
    (work as u64).saturating_mul(per_multiplication * size_of::<T>() as u64 / 4)
}

/// # Safety
/// As for [`matmul`], all of dtype `T`; C is not empty.
unsafe fn float<T: Vector>(size: MatmulSize<'_>, alpha: T, a: In<'_>, b: In<'_>, beta: T, c: Out<'_>) {
    let problem = Problem::<T>::new(size, a, b, c);
    let &Problem { m, n, k, count, .. } = &problem;
    if adds_nothing([m, n, k], alpha) {
        // SAFETY: the contract of `matmul`.
        return (0..count).for_each(|index| unsafe { scale(m, n, beta, problem.entry(index).2) });
    }
    let work = problem.work();
    let total = work.saturating_mul(count);
    let cost_of_one = cost::<T>(work, COST);
    if total <= BATCH_GRAIN && count == 1 {
        // SAFETY: the contract of `matmul`.
        return unsafe { entry(&problem, alpha, beta, 0, 0) };
    }
    if work <= ENTRY_GRAIN && count > 1 {
        let group = (BATCH_GRAIN / work).max(1);
        let chunks = count.div_ceil(group);
        let tiny = tiny::fits(&problem);
        return parallel::run(chunks, cost::<T>(total, COST), &|chunk| {
            let entries = chunk * group..((chunk + 1) * group).min(count);
            if tiny {
                // SAFETY: the contract of `matmul`; chunks are disjoint entries of C.
                return unsafe { tiny::run(&problem, entries, alpha, beta) };
            }
            for index in entries {
                // SAFETY: the contract of `matmul`; chunks are disjoint entries of C.
                unsafe { entry(&problem, alpha, beta, index, cost_of_one) };
            }
        });
    }
    if (m == 1) == (n == 1) {
        for index in 0..count {
            // SAFETY: the contract of `matmul`.
            unsafe { entry(&problem, alpha, beta, index, cost_of_one) };
        }
        return;
    }
    let results = m.max(n);
    let step = vector_step(results, k);
    let panels = results.div_ceil(step);
    // A matrix-vector product waits for memory: some 0.1 ns per element.
    parallel::run(count * panels, cost::<T>(total, 100), &|chunk| {
        let (a, b, c) = problem.entry(chunk / panels);
        // A row times a matrix is the transposed matrix times a column.
        let (a, b, c) = if m == 1 { (b.t(), a.t(), c.t()) } else { (a, b, c) };
        let first = chunk % panels * step;
        let (a, c) = (a.at(first, 0), c.at(first, 0));
        // SAFETY: the contract of `matmul`; chunks are disjoint panels of C.
        unsafe { matvec(step.min(results - first), k, alpha, a, (b.ptr, b.rs), beta, (c.ptr, c.rs)) };
    });
}

/// One entry of the batch. How its sums are formed depends on its own sizes, not on how many entries there are.
///
/// # Safety
/// As for [`matmul`], whose problem this is; nobody else touches this entry of C.
unsafe fn entry<T: Vector>(problem: &Problem<T>, alpha: T, beta: T, index: usize, cost: u64) {
    let &Problem { m, n, k, .. } = problem;
    let (a, b, c) = problem.entry(index);
    let size = [m, n, k];
    let large = problem.work() > BATCH_GRAIN;
    // SAFETY: the caller's problem.
    unsafe {
        if m == 1 && n == 1 && large {
            return long_dot(k, alpha, a, b, beta, c.ptr);
        }
        if m > 1 && n > 1 {
            let parts = depth_parts(m, n, k);
            if k >= LONG && are_few_dots(m, n, a, b) || parts > 1 && large {
                return split_depth(parts, size, alpha, a, b, beta, c);
            }
            if large {
                return Call { size, alpha, a, b, beta, c }.run(cost);
            }
        }
        product(size, alpha, a, b, beta, c);
    }
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
        put_parts(parts, m, n, sums.as_ptr(), alpha, beta, c);
    }
}

simd! {
    /// `C = beta·C + alpha·` the sum of so many matrices, added in order.
    ///
    /// # Safety
    /// So many of `m × n` elements lie one after the other at `sums`; C is such a matrix.
    #[allow(clippy::too_many_arguments)]
    unsafe fn put_parts<T: Float>(
        parts: usize, m: usize, n: usize, sums: *const T, alpha: T, beta: T, c: ViewMut<T>,
    ) {
        for row in 0..m {
            for col in 0..n {
                let mut sum = T::ZERO;
                for part in 0..parts {
                    sum += *sums.add((part * m + row) * n + col);
                }
                put::<Simd, T>(c.at(row, col).ptr, sum, alpha, beta);
            }
        }
    }
}

/// Rows of A and columns of B up to which their products are sums in registers. (8 rows of 32,768 times as many: 115 µs packed,
/// 59 so. More have not been measured.)
const FEW: usize = 8;

/// Whether the product is one of few rows with few columns, which lie along the depth both: put together in strips, each
/// element would be copied for the few multiplications it takes part in.
fn are_few_dots<T>(m: usize, n: usize, a: View<T>, b: View<T>) -> bool {
    m.max(n) <= FEW && (a.cs, b.rs) == (1, 1) && a.rs >= 0 && b.cs >= 0
}

/// Elements whose products with those of other vectors are summed side by side: a register of 64 bytes, or as many narrower
/// ones, so that sums do not depend on the width.
const fn abreast<T>() -> usize {
    64 / size_of::<T>()
}

/// `C = A·B` where [`are_few_dots`] says so; C lies without gaps.
///
/// # Safety
/// As for [`product`].
unsafe fn few_dots<T: Vector>([m, n, k]: [usize; 3], a: View<T>, b: View<T>, c: ViewMut<T>) {
    let (lanes, wide) = (lanes::<T>(), abreast::<T>());
    let rights: SmallVec<[usize; FEW]> = (0..n).map(|column| column * b.cs as usize).collect();
    let (mut part, mut sums) = (vec![T::ZERO; m * n * lanes], vec![T::ZERO; m * n * wide]);
    for first in (0..wide).step_by(lanes) {
        let slots: Vec<Slot> =
            (first..k).step_by(wide).map(|at| Slot { at, to: at, lanes: lanes.min(k - at) }).collect();
        part.fill(T::ZERO);
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
                sums: part.as_mut_ptr(),
            }
            .run();
        }
        for (all, part) in sums.chunks_exact_mut(wide).zip(part.chunks_exact(lanes)) {
            all[first..first + lanes].copy_from_slice(part);
        }
    }
    for (i, sums) in sums.chunks_exact(wide).enumerate() {
        // SAFETY: inside C and the sums.
        unsafe { *c.ptr.add(i) = sum_lanes(sums.as_ptr(), wide) };
    }
}

/// Results of a product with a vector that are one chunk: a quarter of a million elements, in runs that the hardware can
/// fetch ahead.
fn vector_step(n: usize, k: usize) -> usize {
    let wanted = n.saturating_mul(k.max(1)).div_ceil(1 << 18).clamp(1, 256);
    let count = wanted.min(n.div_ceil(4 * COLUMN_BLOCK)).max(1);
    n.div_ceil(count).next_multiple_of(COLUMN_BLOCK)
}

/// `C = beta·C + alpha·A·B` on the calling thread, for kernels that have their own chunks.
///
/// # Safety
/// The views must describe memory of the sizes `[m, n, k]`; C must not overlap A, B or itself.
pub(super) unsafe fn product<T: Vector>(size: [usize; 3], alpha: T, a: View<T>, b: View<T>, beta: T, c: ViewMut<T>) {
    let [m, n, k] = size;
    // SAFETY: the caller's views fit `size`.
    unsafe {
        if adds_nothing(size, alpha) {
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
        Call { size, alpha, a, b, beta, c }.run(0);
    }
}

/// A blocked product. `cost` is what the parallel loop is told.
///
/// # Safety
/// As for [`product`].
pub(super) unsafe fn blocked<T: Vector>(call: Call<T>, cost: u64) {
    let Call { size: [m, n, _], alpha, beta, c, .. } = call;
    // SAFETY: the caller's views.
    unsafe {
        if adds_nothing(call.size, alpha) {
            return scale(m, n, beta, c);
        }
        call.run(cost);
    }
}

/// What every product asks before its way is chosen: whether there is nothing to add to `beta·C`. 0·A is 0 here even where A
/// holds NaN, as in BLAS.
#[inline]
fn adds_nothing<T: Float>([m, n, k]: [usize; 3], alpha: T) -> bool {
    m == 0 || n == 0 || k == 0 || alpha == T::ZERO
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
                put::<Simd, T>(y.offset((first + i) as isize * ys), sum, alpha, beta);
            }
            first += ROWS;
        }
        for i in first as isize..m as isize {
            let row = a.offset(i * rs);
            let sum = if k < LONG { dot::<T, SHORT_LANES>(k, row, x) } else { dot::<T, LONG_LANES>(k, row, x) };
            put::<Simd, T>(y.offset(i * ys), sum, alpha, beta);
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
                put::<Simd, T>(y.offset((start + i) as isize * ys), sum, alpha, beta);
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
        put_parts(chunks, 1, 1, partial.as_ptr(), alpha, beta, ViewMut { ptr: c, rs: 0, cs: 0 });
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
