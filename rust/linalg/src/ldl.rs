//! A = L D Lᵀ of symmetric matrices and A = L D Lᴴ of Hermitian ones, D with blocks of one and of two, in LAPACK's format.
//!
//! The pivots of J. Bunch and L. Kaufman, "Some stable methods for calculating inertia and solving symmetric linear systems"
//! (1977), column by column. (`faer` has the same method with its factors in another format.)

use faer::traits::ComplexField;

use crate::{Number, conj, magnitude, nth, nth_mut, one, zero};

/// The lower triangles of matrices become D, its blocks on the diagonal and beside it, and L below. A pivot p > 0 says that
/// row and column i were exchanged with p (counted from 1), two that are both −p that they begin a block, whose second row
/// was. `info` is 0, or the number (from 1) of a block that is zero.
pub fn factor<T: Number>(n: usize, hermitian: bool, a: &[T], factor: &mut [T], pivots: &mut [i32], info: &mut [i32]) {
    for (index, info) in info.iter_mut().enumerate() {
        let (a, factor) = (nth(a, index, n * n), nth_mut(factor, index, n * n));
        for (at, (to, from)) in factor.iter_mut().zip(a).enumerate() {
            *to = if at % n <= at / n { *from } else { zero() };
        }
        if hermitian {
            (0..n).for_each(|at| factor[at * n + at] = T::from_real_impl(&T::real_part_impl(&factor[at * n + at])));
        }
        *info = one_matrix(n, hermitian, factor, nth_mut(pivots, index, n));
    }
}

/// What stands across the diagonal from a number.
#[inline(always)]
fn across<T: Number>(hermitian: bool, value: T) -> T {
    if hermitian { conj(value) } else { value }
}

fn one_matrix<T: Number>(n: usize, hermitian: bool, a: &mut [T], pivots: &mut [i32]) -> i32 {
    let across = |value: T| across(hermitian, value);
    // But for rounding it is so.
    let is_real = |value: T| if hermitian { T::from_real_impl(&T::real_part_impl(&value)) } else { value };
    let alpha = T::Part::from_f64_impl((1.0 + 17f64.sqrt()) / 8.0);
    let mut info = 0;
    let mut k = 0;
    while k < n {
        let size = |a: &[T], row: usize, column: usize| magnitude(a[row * n + column]);
        let own = size(a, k, k);
        let (mut best, mut most) = (k, zero::<T::Part>());
        for row in k + 1..n {
            if size(a, row, k) > most {
                (best, most) = (row, size(a, row, k));
            }
        }
        let (mut pivot, mut step) = (k, 1);
        let nothing = zero::<T::Part>();
        if !(own > nothing || most > nothing) {
            info = if info == 0 { k as i32 + 1 } else { info };
        } else if own < alpha * most {
            let mut row_most = nothing;
            for other in k..best {
                row_most = if size(a, best, other) > row_most { size(a, best, other) } else { row_most };
            }
            for other in best + 1..n {
                row_most = if size(a, other, best) > row_most { size(a, other, best) } else { row_most };
            }
            if own < alpha * most * (most.over(row_most)) {
                pivot = best;
                step = if size(a, best, best) >= alpha * row_most { 1 } else { 2 };
            }
        }
        let last = k + step - 1;
        if pivot != last {
            for row in pivot + 1..n {
                a.swap(row * n + last, row * n + pivot);
            }
            for between in last + 1..pivot {
                let (down, along) = (a[between * n + last], a[pivot * n + between]);
                (a[between * n + last], a[pivot * n + between]) = (across(along), across(down));
            }
            a[pivot * n + last] = across(a[pivot * n + last]);
            a.swap(last * n + last, pivot * n + pivot);
            if step == 2 {
                a.swap(last * n + k, pivot * n + k);
            }
        }
        if step == 1 {
            pivots[k] = pivot as i32 + 1;
            let diagonal = a[k * n + k];
            if diagonal != zero() {
                for column in k + 1..n {
                    let factor = across(a[column * n + k].over(diagonal));
                    for row in column..n {
                        a[row * n + column] = a[row * n + column] - a[row * n + k] * factor;
                    }
                    a[column * n + column] = is_real(a[column * n + column]);
                }
                (k + 1..n).for_each(|row| a[row * n + k] = a[row * n + k].over(diagonal));
            }
        } else {
            (pivots[k], pivots[k + 1]) = (-(pivot as i32 + 1), -(pivot as i32 + 1));
            for column in k + 2..n {
                // A row of L is a solution with the transpose of D.
                let [first, second] = block(n, hermitian, true, a, k, [a[column * n + k], a[column * n + k + 1]]);
                let (left, right) = (across(first), across(second));
                for row in column..n {
                    a[row * n + column] = a[row * n + column] - a[row * n + k] * left - a[row * n + k + 1] * right;
                }
                a[column * n + column] = is_real(a[column * n + column]);
                (a[column * n + k], a[column * n + k + 1]) = (first, second);
            }
        }
        k += step;
    }
    info
}

/// The solution of the block of two that begins in row `k` of D, or of its transpose.
fn block<T: Number>(n: usize, hermitian: bool, transposed: bool, d: &[T], k: usize, right: [T; 2]) -> [T; 2] {
    // Divided by the elements beside the diagonal, which are the greatest.
    let below = d[(k + 1) * n + k];
    let above = across(hermitian, below);
    let (below, above) = if transposed { (above, below) } else { (below, above) };
    let (first, second) = (d[k * n + k].over(below), d[(k + 1) * n + k + 1].over(above));
    let determinant = first * second - one::<T>();
    let [x, y] = right;
    [
        (second * x.over(below) - y.over(below)).over(determinant),
        (first * y.over(above) - x.over(above)).over(determinant),
    ]
}

/// X with A X = B from the factors of A (n × n); B and X are n × `right`.
pub fn solve<T: Number>(
    [n, right]: [usize; 2],
    hermitian: bool,
    factor: &[T],
    pivots: &[i32],
    b: &[T],
    x: &mut [T],
    count: usize,
) {
    x.copy_from_slice(b);
    for index in 0..count {
        let (factor, pivots) = (nth(factor, index, n * n), nth(pivots, index, n));
        solve_one([n, right], hermitian, factor, pivots, nth_mut(x, index, n * right));
    }
}

fn solve_one<T: Number>([n, right]: [usize; 2], hermitian: bool, factor: &[T], pivots: &[i32], x: &mut [T]) {
    let exchange = |x: &mut [T], row: usize, pivot: i32| {
        let other = (pivot.unsigned_abs() as usize).wrapping_sub(1);
        assert!(other < n, "a pivot is no row of the matrix");
        (0..right).for_each(|at| x.swap(row * right + at, other * right + at));
    };
    let mut starts = Vec::with_capacity(n);
    let mut k = 0;
    while k < n {
        let step = if pivots[k] > 0 || k + 1 == n { 1 } else { 2 };
        let last = k + step - 1;
        if pivots[k] != last as i32 + 1 {
            exchange(x, last, pivots[k]);
        }
        for known in k..=last {
            for row in last + 1..n {
                let factor = factor[row * n + known];
                (0..right).for_each(|at| x[row * right + at] = x[row * right + at] - factor * x[known * right + at]);
            }
        }
        for at in 0..right {
            if step == 1 {
                x[k * right + at] = x[k * right + at].over(factor[k * n + k]);
            } else {
                let solved = block(n, hermitian, false, factor, k, [x[k * right + at], x[(k + 1) * right + at]]);
                (x[k * right + at], x[(k + 1) * right + at]) = (solved[0], solved[1]);
            }
        }
        starts.push((k, last));
        k += step;
    }
    for &(first, last) in starts.iter().rev() {
        for unknown in first..=last {
            for row in last + 1..n {
                let factor = across(hermitian, factor[row * n + unknown]);
                (0..right)
                    .for_each(|at| x[unknown * right + at] = x[unknown * right + at] - factor * x[row * right + at]);
            }
        }
        if pivots[first] != last as i32 + 1 {
            exchange(x, last, pivots[first]);
        }
    }
}
