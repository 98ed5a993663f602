//! Batches of products whose rows fit a register: nothing is set up for each, and rows are read under a mask.

use std::ops::Range;

use super::finish::{added, scaled};
use super::float::{View, ViewMut};
use super::matmul::Problem;
use super::register_tile::{Vector, lanes};

/// Greatest depth, and elements of B that are copied where its rows are not contiguous.
const DEPTH: usize = 64;
/// Rows of C that are summed at once.
const ROWS: usize = 4;

/// Whether `run` takes this batch. (Products with a vector it would sum in another order than the others do, and which rows fit
/// depends on the processor.)
pub(super) fn fits<T: Vector>(problem: &Problem<T>) -> bool {
    let &Problem { m, n, k, c, .. } = problem;
    let lanes = lanes::<T>();
    lanes > 1 && m > 1 && n > 1 && n <= lanes && k <= DEPTH && c.cs == 1
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
        for (row, &sum) in sums.iter().enumerate() {
            let to = c.at(row, 0).ptr;
            let mut result = scaled(simd, alpha, sum);
            if beta != T::ZERO {
                result = added(simd, beta, T::load_first(simd, to, n), result);
            }
            T::store_first(simd, to, n, result);
        }
    }
}

/// `C = beta·C + alpha·A·B` for the entries of a batch that `fits`.
///
/// # Safety
/// As for [`super::matmul::matmul`], whose problem this is; nobody else touches these entries of C.
pub(super) unsafe fn run<T: Vector>(problem: &Problem<T>, entries: Range<usize>, alpha: T, beta: T) {
    pulp::Arch::new().dispatch(Call { problem, entries, alpha, beta });
}
