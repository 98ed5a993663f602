//! A = P L U with row exchanges, and what is solved with it.
//!
//! The recursion by columns of S. Toledo, "Locality of Reference in LU Decomposition with Partial Pivoting" (1997), over
//! `faer`'s products and substitutions. Its own factorisation divides by pivots that are zero; here such a column is left as it
//! is, so that P L U = A for singular matrices, too.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_unit_lower_triangular_in_place;
use faer::prelude::{Reborrow, ReborrowMut};
use faer::{Accum, MatMut, Par};

use crate::triangular::{Side, substitute};
use faer::traits::ComplexField;

use crate::{Number, magnitude, matrix_mut, nth, nth_mut, one, wide, zero};

/// Columns up to which a panel is factored column by column.
const PANEL: usize = 16;

/// Size up to which rows as they lie, seen by a few columns at a time, are faster than the recursion.
const ROWS: usize = 128;

/// Those columns.
const FEW: usize = 8;

/// `lu` holds U on and above the diagonal and L, whose diagonal is 1, below. Row i was exchanged with row `pivots[i]`, counted
/// from 1, for i = 0, 1, … in turn. `info` is 0, or the number (from 1) of the first diagonal element of U that is zero.
///
/// Without `pivot` no rows are exchanged.
pub fn factor<T: Number>(
    [rows, columns]: [usize; 2],
    pivot: bool,
    a: &[T],
    lu: &mut [T],
    pivots: &mut [i32],
    info: &mut [i32],
) {
    lu.copy_from_slice(a);
    let least = rows.min(columns);
    for (index, info) in info.iter_mut().enumerate() {
        let lu = nth_mut(lu, index, rows * columns);
        let pivots = nth_mut(pivots, index, least);
        factor_one([rows, columns], pivot, lu, pivots);
        let zero_at = (0..least).find(|&at| lu[at * columns + at] == zero());
        *info = zero_at.map_or(0, |at| at as i32 + 1);
    }
}

/// [`factor`] of one matrix in its place.
pub(crate) fn factor_one<T: Number>([rows, columns]: [usize; 2], pivot: bool, lu: &mut [T], pivots: &mut [i32]) {
    let least = rows.min(columns);
    if least == 0 {
        return;
    }
    if columns <= PANEL || !T::BLOCKED {
        panel(lu, columns, pivot, pivots);
    } else if rows.max(columns) <= ROWS {
        wide(
            #[inline(always)]
            || by_few([rows, columns], pivot, lu, pivots),
        );
    } else {
        let (mut left, mut right) = matrix_mut(lu, rows, columns).split_at_col_mut(least);
        columns_of(left.rb_mut(), pivot, pivots);
        exchange(right.rb_mut(), pivots);
        if least < columns {
            solve_unit_lower_triangular_in_place(left.rb().subrows(0, least), right.subrows_mut(0, least), Par::Seq);
        }
    }
    pivots.iter_mut().for_each(|pivot| *pivot += 1);
}

/// A matrix with at least as many rows as columns; exchanges are counted from 0.
fn columns_of<T: Number>(mut a: MatMut<'_, T>, pivot: bool, pivots: &mut [i32]) {
    let (rows, columns) = a.shape();
    if columns <= PANEL {
        // The rows of the panel, gathered.
        let mut dense = vec![zero(); rows * columns];
        for (row, line) in dense.chunks_exact_mut(columns).enumerate() {
            line.iter_mut().zip(a.rb().row(row).iter()).for_each(|(to, from)| *to = *from);
        }
        panel(&mut dense, columns, pivot, pivots);
        for (row, line) in dense.chunks_exact(columns).enumerate() {
            line.iter().zip(a.rb_mut().row_mut(row).iter_mut()).for_each(|(from, to)| *to = *from);
        }
        return;
    }
    let half = (columns / 2).next_multiple_of(PANEL).min(columns - 1);
    let (first, second) = pivots.split_at_mut(half);
    let (mut left, mut right) = a.rb_mut().split_at_col_mut(half);
    columns_of(left.rb_mut(), pivot, first);
    exchange(right.rb_mut(), first);
    let (top, mut bottom) = left.split_at_row_mut(half);
    let (mut above, mut rest) = right.split_at_row_mut(half);
    solve_unit_lower_triangular_in_place(top.rb(), above.rb_mut(), Par::Seq);
    matmul(rest.rb_mut(), Accum::Add, bottom.rb(), above.rb(), T::from_f64_impl(-1.0), Par::Seq);
    columns_of(rest, pivot, second);
    exchange(bottom.rb_mut(), second);
    second.iter_mut().for_each(|pivot| *pivot += half as i32);
}

/// Exchanges rows, counted from 0.
fn exchange<T: Number>(mut a: MatMut<'_, T>, pivots: &[i32]) {
    for (row, &other) in pivots.iter().enumerate() {
        let other = other as usize;
        if row != other {
            for column in 0..a.ncols() {
                let (mine, theirs) = (a[(row, column)], a[(other, column)]);
                a[(row, column)] = theirs;
                a[(other, column)] = mine;
            }
        }
    }
}

/// Column by column, of dense rows.
fn panel<T: Number>(a: &mut [T], columns: usize, pivot: bool, pivots: &mut [i32]) {
    for (step, pivot_row) in pivots.iter_mut().enumerate() {
        let mut best = step;
        if pivot {
            let mut most = magnitude(a[step * columns + step]);
            for row in step + 1..a.len() / columns {
                let size = magnitude(a[row * columns + step]);
                // A NaN is as good a pivot as any: it has to be seen in the result.
                if size > most || (T::Part::is_nan_impl(&size) && !T::Part::is_nan_impl(&most)) {
                    (best, most) = (row, size);
                }
            }
        }
        *pivot_row = best as i32;
        if best != step {
            let (above, below) = a.split_at_mut(best * columns);
            above[step * columns..(step + 1) * columns].swap_with_slice(&mut below[..columns]);
        }
        let (done, rest) = a.split_at_mut((step + 1) * columns);
        let line = &done[step * columns..];
        let diagonal = line[step];
        if diagonal == zero() {
            continue;
        }
        for row in rest.chunks_exact_mut(columns) {
            let factor = row[step].over(diagonal);
            row[step] = factor;
            for (to, from) in row[step + 1..].iter_mut().zip(&line[step + 1..]) {
                *to = *to - factor * *from;
            }
        }
    }
}

/// A few columns at a time, which lie dense in between, and then what these make of the others.
#[inline(always)]
fn by_few<T: Number>([rows, columns]: [usize; 2], pivot: bool, a: &mut [T], pivots: &mut [i32]) {
    let least = rows.min(columns);
    let mut dense = vec![zero::<T>(); rows * FEW];
    for first in (0..least).step_by(FEW) {
        let (width, height) = (FEW.min(least - first), rows - first);
        let (next, dense) = (first + width, &mut dense[..width * height]);
        for (row, line) in a[first * columns..].chunks_exact(columns).enumerate() {
            (0..width).for_each(|k| dense[k * height + row] = line[first + k]);
        }
        for step in 0..width {
            let best = if pivot { greatest_from(step, &dense[step * height..(step + 1) * height]) } else { step };
            pivots[first + step] = (first + best) as i32;
            if best != step {
                dense.chunks_exact_mut(height).for_each(|column| column.swap(step, best));
                let (above, below) = a.split_at_mut((first + best) * columns);
                above[(first + step) * columns..][..columns].swap_with_slice(&mut below[..columns]);
            }
            let (done, rest) = dense.split_at_mut((step + 1) * height);
            let own = &mut done[step * height..];
            let diagonal = own[step];
            if diagonal == zero() {
                continue;
            }
            own[step + 1..].iter_mut().for_each(|value| *value = value.over(diagonal));
            for other in rest.chunks_exact_mut(height) {
                let factor = other[step];
                for (to, from) in other[step + 1..].iter_mut().zip(&own[step + 1..]) {
                    *to = *to - factor * *from;
                }
            }
        }
        for (row, line) in a[first * columns..].chunks_exact_mut(columns).enumerate() {
            (0..width).for_each(|k| line[first + k] = dense[k * height + row]);
        }
        // A narrower part is the last one, and has nothing below or nothing to its right.
        for row in 1..width {
            let (above, own) = a.split_at_mut((first + row) * columns);
            let (left, right) = own[..columns].split_at_mut(next);
            for (k, factor) in left[first..first + row].iter().enumerate() {
                let line = &above[(first + k) * columns + next..][..columns - next];
                right.iter_mut().zip(line).for_each(|(to, from)| *to = *to - *factor * *from);
            }
        }
        let (above, below) = a.split_at_mut(next * columns);
        let upper = &above[first * columns..];
        for line in below.chunks_exact_mut(columns) {
            let (left, right) = line.split_at_mut(next);
            let Ok(factors) = <&[T; FEW]>::try_from(&left[first..]) else { break };
            let mut start = 0;
            while start + 16 <= right.len() {
                subtract::<T, 16>(factors, &upper[next + start..], columns, &mut right[start..]);
                start += 16;
            }
            if start + 8 <= right.len() {
                subtract::<T, 8>(factors, &upper[next + start..], columns, &mut right[start..]);
                start += 8;
            }
            while start < right.len() {
                subtract::<T, 1>(factors, &upper[next + start..], columns, &mut right[start..]);
                start += 1;
            }
        }
    }
}

/// Where the greatest of a column is, from `start` on.
#[inline(always)]
fn greatest_from<T: Number>(start: usize, column: &[T]) -> usize {
    let (mut best, mut most) = (start, magnitude(column[start]));
    for (row, value) in column.iter().enumerate().skip(start + 1) {
        let size = magnitude(*value);
        // A NaN is as good a pivot as any: it has to be seen in the result.
        if size > most || (T::Part::is_nan_impl(&size) && !T::Part::is_nan_impl(&most)) {
            (best, most) = (row, size);
        }
    }
    best
}

/// Σ of factors times lines that are `columns` apart, from `C` elements.
#[inline(always)]
fn subtract<T: Number, const C: usize>(factors: &[T; FEW], lines: &[T], columns: usize, to: &mut [T]) {
    let to = &mut to[..C];
    let mut rest: [T; C] = std::array::from_fn(|at| to[at]);
    for (k, factor) in factors.iter().enumerate() {
        let line = &lines[k * columns..][..C];
        rest.iter_mut().zip(line).for_each(|(rest, value)| *rest = *rest - *factor * *value);
    }
    to.copy_from_slice(&rest);
}

/// X with A X = B, or with Aᴴ X = B, from the factors of A (n × n); B and X are n × `right`.
pub fn solve<T: Number>(
    [n, right]: [usize; 2],
    adjoint: bool,
    lu: &[T],
    pivots: &[i32],
    b: &[T],
    x: &mut [T],
    count: usize,
) {
    x.copy_from_slice(b);
    for index in 0..count {
        let x = nth_mut(x, index, n * right);
        solve_in_place([n, right], adjoint, nth(lu, index, n * n), nth(pivots, index, n), x);
    }
}

/// [`solve`] of one matrix, in place of B.
pub(crate) fn solve_in_place<T: Number>([n, right]: [usize; 2], adjoint: bool, lu: &[T], pivots: &[i32], x: &mut [T]) {
    if n == 0 || right == 0 {
        return;
    }
    let swap = |x: &mut [T], row: usize| {
        // Factors from elsewhere may name any row.
        let other = (pivots[row] as usize).wrapping_sub(1);
        assert!(other < n, "a pivot is no row of the matrix");
        if other != row {
            for column in 0..right {
                x.swap(row * right + column, other * right + column);
            }
        }
    };
    let (lower, upper) = (Side::Lower { unit: true }, Side::Upper { unit: false });
    if adjoint {
        substitute([n, right], upper, true, lu, x);
        substitute([n, right], lower, true, lu, x);
        (0..n).rev().for_each(|row| swap(x, row));
    } else {
        (0..n).for_each(|row| swap(x, row));
        substitute([n, right], lower, false, lu, x);
        substitute([n, right], upper, false, lu, x);
    }
}

/// The inverses of matrices from their factors.
pub fn inverse<T: Number>(n: usize, lu: &[T], pivots: &[i32], inverse: &mut [T], count: usize) {
    inverse.fill(zero());
    for index in 0..count {
        let inverse = nth_mut(inverse, index, n * n);
        (0..n).for_each(|at| inverse[at * n + at] = one());
        solve_in_place([n, n], false, nth(lu, index, n * n), nth(pivots, index, n), inverse);
    }
}

/// The order of the rows that the exchanges of `pivots` make of 0, 1, …, `rows` − 1.
pub fn permutation(rows: usize, pivots: &[i32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    for (row, &other) in pivots.iter().enumerate() {
        let other = (other as usize).wrapping_sub(1);
        assert!(other < rows, "a pivot is no row of the matrix");
        order.swap(row, other);
    }
    order
}

/// Determinants from factors: a number on the unit circle (or 0) and the logarithm of the magnitude.
pub fn determinant<T: Number>(
    n: usize,
    lu: &[T],
    pivots: &[i32],
    sign: &mut [T],
    logarithm: &mut [T::Part],
    plain: &mut [T],
) {
    for (index, plain) in plain.iter_mut().enumerate() {
        let (lu, pivots) = (nth(lu, index, n * n), nth(pivots, index, n));
        let odd = pivots.iter().enumerate().filter(|&(row, &pivot)| pivot as usize != row + 1).count() % 2 == 1;
        let start = if odd { T::from_f64_impl(-1.0) } else { one() };
        let (mut unit, mut logs, mut product) = (start, zero::<T::Part>(), start);
        for at in 0..n {
            let value = lu[at * n + at];
            let size = T::abs_impl(&value);
            product = product * value;
            logs = logs + T::ln(size);
            unit = if value == zero() { zero() } else { unit * T::unit(value, size) };
        }
        (sign[index], logarithm[index], *plain) = (unit, logs, product);
    }
}
