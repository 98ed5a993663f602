//! Factors of small real matrices, many at a time: as [`crate::jacobi`], each lane of a register works on a matrix of its own.
//!
//! What one matrix waits for, a root and the quotients by it, many wait for together.

use crate::jacobi::{Lanes, Real, groups};
use crate::{nth, nth_mut, wide};

/// The greatest size of such matrices.
pub const MOST: usize = 8;

/// See [`crate::cholesky::factor`].
pub fn cholesky<T: Real>(n: usize, upper: bool, a: &[T], factor: &mut [T], info: &mut [i32]) {
    if size_of::<T>() == 4 {
        all_cholesky::<T, 16>(n, upper, a, factor, info);
    } else {
        all_cholesky::<T, 8>(n, upper, a, factor, info);
    }
}

fn all_cholesky<T: Real, const L: usize>(n: usize, upper: bool, a: &[T], factor: &mut [T], info: &mut [i32]) {
    let whole = groups::<L>(info.len());
    let ((first, second), (a, others)) = (info.split_at_mut(whole), a.split_at(whole * n * n));
    let (factor, rest) = factor.split_at_mut(whole * n * n);
    wide(
        #[inline(always)]
        || some_cholesky::<T, L>(n, upper, a, factor, first),
    );
    wide(
        #[inline(always)]
        || some_cholesky::<T, 1>(n, upper, others, rest, second),
    );
}

/// The place of an element of the lower triangle, or of its mirror image.
#[inline(always)]
fn place(n: usize, upper: bool, row: usize, column: usize) -> usize {
    if upper { column * n + row } else { row * n + column }
}

#[inline(always)]
fn some_cholesky<T: Real, const L: usize>(n: usize, upper: bool, a: &[T], factor: &mut [T], info: &mut [i32]) {
    let mut lower = [[T::ZERO; L]; MOST * MOST];
    for (group, info) in info.chunks_mut(L).enumerate() {
        (0..info.len()).for_each(|l| {
            let a = nth(a, group * L + l, n * n);
            for row in 0..n {
                (0..=row).for_each(|column| lower[row * MOST + column][l] = a[place(n, upper, row, column)]);
            }
        });
        // Where a matrix turned out not to be positive definite: the row, counted from 1.
        let mut ends = [0; L];
        for row in 0..n {
            for column in 0..=row {
                let mut rest = lower[row * MOST + column];
                for k in 0..column {
                    let (left, right) = (&lower[row * MOST + k], &lower[column * MOST + k]);
                    (0..L).for_each(|l| rest[l] = rest[l] - left[l] * right[l]);
                }
                if row == column {
                    for l in 0..L {
                        let fails = !(rest[l] > T::ZERO) && ends[l] == 0;
                        ends[l] = if fails { row as i32 + 1 } else { ends[l] };
                        rest[l] = rest[l].root();
                    }
                } else {
                    let diagonal = &lower[column * MOST + column];
                    (0..L).for_each(|l| rest[l] = rest[l] / diagonal[l]);
                }
                lower[row * MOST + column] = rest;
            }
        }
        for (l, info) in info.iter_mut().enumerate() {
            *info = ends[l];
            let factor = nth_mut(factor, group * L + l, n * n);
            factor.fill(T::ZERO);
            let rows = if ends[l] == 0 { n } else { ends[l] as usize };
            for row in 0..rows {
                // The row that failed has no diagonal element.
                let columns = if row + 1 == ends[l] as usize { row } else { row + 1 };
                (0..columns).for_each(|column| factor[place(n, upper, row, column)] = lower[row * MOST + column][l]);
            }
        }
    }
}

/// See [`crate::cholesky::gradient`].
pub fn cholesky_gradient<T: Real>(n: usize, factor: &[T], grad: &[T], result: &mut [T]) {
    if size_of::<T>() == 4 {
        all_gradients::<T, 16>(n, factor, grad, result);
    } else {
        all_gradients::<T, 8>(n, factor, grad, result);
    }
}

fn all_gradients<T: Real, const L: usize>(n: usize, factor: &[T], grad: &[T], result: &mut [T]) {
    let whole = groups::<L>(result.len() / (n * n)) * n * n;
    let ((factor, others), (grad, grads)) = (factor.split_at(whole), grad.split_at(whole));
    let (result, results) = result.split_at_mut(whole);
    wide(
        #[inline(always)]
        || some_gradients::<T, L>(n, factor, grad, result),
    );
    wide(
        #[inline(always)]
        || some_gradients::<T, 1>(n, others, grads, results),
    );
}

#[inline(always)]
fn some_gradients<T: Real, const L: usize>(n: usize, factor: &[T], grad: &[T], result: &mut [T]) {
    let new = || [[T::ZERO; L]; MOST * MOST];
    let (mut lower, mut given, mut inner) = (new(), new(), new());
    let (size, quarter) = (n * n, T::of(0.25));
    for (group, result) in result.chunks_mut(L * size).enumerate() {
        let count = result.len() / size;
        for l in 0..count {
            let (factor, grad) = (nth(factor, group * L + l, size), nth(grad, group * L + l, size));
            for row in 0..n {
                for column in 0..=row {
                    lower[row * MOST + column][l] = factor[row * n + column];
                    given[row * MOST + column][l] = grad[row * n + column];
                }
            }
        }
        // Φ and its mirror image: what lies above the diagonals of L and of its gradient are zeros.
        for row in 0..n {
            for column in 0..=row {
                let mut sum = [T::ZERO; L];
                for k in row..n {
                    let (left, right) = (&lower[k * MOST + row], &given[k * MOST + column]);
                    (0..L).for_each(|l| sum[l] = sum[l] + left[l] * right[l]);
                }
                inner[row * MOST + column] = sum;
                inner[column * MOST + row] = sum;
            }
        }
        substitute::<T, L>(n, &lower, &mut inner);
        for row in 0..n {
            (0..row).for_each(|column| inner.swap(row * MOST + column, column * MOST + row));
        }
        substitute::<T, L>(n, &lower, &mut inner);
        for (l, result) in result.chunks_exact_mut(size).enumerate() {
            for row in 0..n {
                for column in 0..n {
                    let sum = inner[row * MOST + column][l] + inner[column * MOST + row][l];
                    result[row * n + column] = sum * quarter;
                }
            }
        }
    }
}

/// X in place of B with Lᵀ X = B.
#[inline(always)]
fn substitute<T: Real, const L: usize>(n: usize, lower: &[Lanes<T, L>], x: &mut [Lanes<T, L>]) {
    for row in (0..n).rev() {
        let diagonal = lower[row * MOST + row];
        for column in 0..n {
            let mut rest = x[row * MOST + column];
            for k in row + 1..n {
                let (factor, known) = (&lower[k * MOST + row], &x[k * MOST + column]);
                (0..L).for_each(|l| rest[l] = rest[l] - factor[l] * known[l]);
            }
            (0..L).for_each(|l| rest[l] = rest[l] / diagonal[l]);
            x[row * MOST + column] = rest;
        }
    }
}
