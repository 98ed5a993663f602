//! Products so small that setting up a blocked one costs more than the arithmetic.

use std::mem::size_of;

use super::finish::put;
use super::float::{Float, View, ViewMut, fused};
use super::packed::depth_step;

/// Bytes of B that may be packed on the stack.
const PACK_BYTES: usize = 16 << 10;
/// Columns in a narrow block of C: a vector of 64 bytes for f32, two for f64.
const COLS: usize = 16;
/// Rows in a block of C: with 32 columns of f32 eight accumulators, which cover the latency of an addition.
const ROWS: usize = 4;

/// Whether `run` takes this product (C's rows are contiguous).
pub(super) fn fits<T>([m, n, k]: [usize; 3], b: View<T>) -> bool {
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
                    put::<S, T>(to.add(col), sum, alpha, beta);
                }
            }
        }
    }
}

/// `C = beta·C + alpha·A·B` where `fits`, the depth cut as that of a blocked product is: which of both it is depends on the
/// layout of C.
///
/// # Safety
/// The views must fit the sizes, with C's rows contiguous.
pub(super) unsafe fn run<T: Float>(size: [usize; 3], alpha: T, a: View<T>, b: View<T>, beta: T, c: ViewMut<T>) {
    let [m, n, k] = size;
    let step = depth_step(k);
    for first in (0..k).step_by(step) {
        let size = [m, n, step.min(k - first)];
        let beta = if first == 0 { beta } else { T::ONE };
        pulp::Arch::new().dispatch(Call { size, alpha, a: a.at(0, first), b: b.at(first, 0), beta, c });
    }
}
