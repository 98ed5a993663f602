//! A = L Lᴴ of positive definite matrices.

use faer::Par;
use faer::dyn_stack::MemStack;
use faer::linalg::cholesky::llt::factor::{LltError, LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::prelude::ReborrowMut;

use faer::traits::ComplexField;

use crate::triangular::{Side, substitute};
use crate::{Number, buffer, conj, lanes, load, nth, nth_mut, product, scratch, turn, wide, zero};

/// Size up to which plain loops are faster than blocks.
const SMALL: usize = 24;

/// L, or its conjugate transpose with `upper`, from the lower triangles of matrices, or with `upper` from the upper ones; zeros
/// elsewhere. `info` is 0, or the order of the first leading minor that is not positive definite; then the factor ends there, before its last
/// diagonal element.
pub fn factor<T: Number>(n: usize, upper: bool, a: &[T], factor: &mut [T], info: &mut [i32]) {
    if n <= lanes::MOST
        && let (Some(a), Some(factor)) = (T::reals(a), T::reals_mut(factor))
    {
        return lanes::cholesky(n, upper, a, factor, info);
    }
    if n <= SMALL || !T::BLOCKED {
        for (index, info) in info.iter_mut().enumerate() {
            *info = plain(n, upper, nth(a, index, n * n), nth_mut(factor, index, n * n));
        }
        return;
    }
    let mut memory = buffer(cholesky_in_place_scratch::<T>(n, Par::Seq, Default::default()));
    let mut dense = scratch::<T>(n, n);
    for (index, info) in info.iter_mut().enumerate() {
        let (a, factor) = (nth(a, index, n * n), nth_mut(factor, index, n * n));
        load(a, dense.as_mut());
        if upper {
            for column in 0..n {
                for row in column + 1..n {
                    dense[(row, column)] = conj(a[column * n + row]);
                }
            }
        }
        let result = cholesky_in_place(
            dense.as_mut().rb_mut(),
            LltRegularization::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        *info = match result {
            // A NaN fails no comparison of the library's.
            Ok(_) => (0..n).find(|&at| !(T::real_part_impl(&dense[(at, at)]) > zero())).map_or(0, |at| at as i32 + 1),
            Err(LltError::NonPositivePivot { index }) => index as i32 + 1,
        };
        factor.fill(zero());
        // Of a row that failed there is no diagonal element, and nothing beyond it.
        let whole = usize::try_from(*info - 1).unwrap_or(n);
        for column in 0..whole {
            for row in column..n.min(whole + 1) {
                let value = dense[(row, column)];
                if upper {
                    factor[column * n + row] = conj(value);
                } else {
                    factor[row * n + column] = value;
                }
            }
        }
    }
}

/// Row after row of L; the upper factor is written as its columns.
fn plain<T: Number>(n: usize, upper: bool, a: &[T], factor: &mut [T]) -> i32 {
    factor.fill(zero());
    let at = |row: usize, column: usize| if upper { column * n + row } else { row * n + column };
    for row in 0..n {
        for column in 0..=row {
            let given = a[at(row, column)];
            let mut rest = if upper { conj(given) } else { given };
            if upper {
                for k in 0..column {
                    rest = rest - conj(factor[k * n + row]) * factor[k * n + column];
                }
            } else {
                let (left, right) = (&factor[row * n..row * n + column], &factor[column * n..column * n + column]);
                for (left, right) in left.iter().zip(right) {
                    rest = rest - *left * conj(*right);
                }
            }
            let value = if row == column {
                let square = T::real_part_impl(&rest);
                if !(square > zero()) {
                    return row as i32 + 1;
                }
                T::from_real_impl(&T::Part::sqrt_impl(&square))
            } else {
                rest.over(factor[at(column, column)])
            };
            factor[at(row, column)] = if upper { conj(value) } else { value };
        }
    }
    0
}

/// The gradients of Hermitian matrices from those of their factors L: ½ L⁻ᴴ Φ L⁻¹ with Φ the lower triangle of Lᴴ ∂L, made
/// Hermitian (I. Murray, "Differentiation of the Cholesky decomposition", 2016).
pub fn gradient<T: Number>(n: usize, factor: &[T], grad: &[T], result: &mut [T], count: usize) {
    const LOWER: Side = Side::Lower { unit: false };
    if n == 0 {
        return;
    }
    if n <= lanes::MOST
        && let (Some(factor), Some(grad), Some(result)) = (T::reals(factor), T::reals(grad), T::reals_mut(result))
    {
        return lanes::cholesky_gradient(n, factor, grad, result);
    }
    let (mut inner, mut turned) = (vec![zero::<T>(); n * n], vec![zero::<T>(); n * n]);
    let mut lower = vec![zero::<T>(); n * n];
    let quarter = T::Part::from_f64_impl(0.25);
    for index in 0..count {
        let (factor, grad) = (nth(factor, index, n * n), nth(grad, index, n * n));
        // What lies above the diagonal of the gradient is that of zeros.
        for (row, (to, from)) in lower.chunks_exact_mut(n).zip(grad.chunks_exact(n)).enumerate() {
            to[..=row].copy_from_slice(&from[..=row]);
        }
        product(n, [true, false], factor, &lower, &mut inner);
        wide(
            #[inline(always)]
            || turn([n, n], &inner, &mut turned),
        );
        for (row, (to, from)) in inner.chunks_exact_mut(n).zip(turned.chunks_exact(n)).enumerate() {
            to[row + 1..].copy_from_slice(&from[row + 1..]);
        }
        substitute([n, n], LOWER, true, factor, &mut inner);
        wide(
            #[inline(always)]
            || turn([n, n], &inner, &mut turned),
        );
        substitute([n, n], LOWER, true, factor, &mut turned);
        wide(
            #[inline(always)]
            || {
                // Hermitian but for rounding.
                turn([n, n], &turned, &mut inner);
                for ((to, one), other) in nth_mut(result, index, n * n).iter_mut().zip(&turned).zip(&inner) {
                    *to = T::mul_real_impl(&(*one + *other), &quarter);
                }
            },
        );
    }
}
