//! Substitution: systems whose matrix is a triangle.

use faer::Par;
use faer::linalg::triangular_solve as blocks;

use crate::{Number, conj, matrix, matrix_mut, nth, nth_mut};

/// Which triangle of a matrix is read; the rest of it is not. With `unit` its diagonal counts as 1 and is not read either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// On and below the diagonal.
    Lower {
        /// The diagonal is 1.
        unit: bool,
    },
    /// On and above the diagonal.
    Upper {
        /// The diagonal is 1.
        unit: bool,
    },
}

/// Size up to which plain loops are faster than blocks.
const SMALL: usize = 24;

/// X in place of B, with T X = B or Tᴴ X = B; T is n × n, B is n × `right`.
pub(crate) fn substitute<T: Number>([n, right]: [usize; 2], side: Side, adjoint: bool, t: &[T], x: &mut [T]) {
    if n == 0 || right == 0 {
        return;
    }
    if n <= SMALL || !T::BLOCKED {
        return plain([n, right], side, adjoint, t, x);
    }
    let (t, x) = (matrix(t, n, n), matrix_mut(x, n, right));
    match (side, adjoint) {
        (Side::Lower { unit: false }, false) => blocks::solve_lower_triangular_in_place(t, x, Par::Seq),
        (Side::Lower { unit: true }, false) => blocks::solve_unit_lower_triangular_in_place(t, x, Par::Seq),
        (Side::Upper { unit: false }, false) => blocks::solve_upper_triangular_in_place(t, x, Par::Seq),
        (Side::Upper { unit: true }, false) => blocks::solve_unit_upper_triangular_in_place(t, x, Par::Seq),
        (Side::Lower { unit: false }, true) => blocks::solve_upper_triangular_in_place(t.adjoint(), x, Par::Seq),
        (Side::Lower { unit: true }, true) => blocks::solve_unit_upper_triangular_in_place(t.adjoint(), x, Par::Seq),
        (Side::Upper { unit: false }, true) => blocks::solve_lower_triangular_in_place(t.adjoint(), x, Par::Seq),
        (Side::Upper { unit: true }, true) => blocks::solve_unit_lower_triangular_in_place(t.adjoint(), x, Par::Seq),
    }
}

/// Row after row.
fn plain<T: Number>([n, right]: [usize; 2], side: Side, adjoint: bool, t: &[T], x: &mut [T]) {
    let (lower, unit) = match side {
        Side::Lower { unit } => (true, unit),
        Side::Upper { unit } => (false, unit),
    };
    let element = |row: usize, column: usize| if adjoint { conj(t[column * n + row]) } else { t[row * n + column] };
    let forwards = lower != adjoint;
    for step in 0..n {
        let row = if forwards { step } else { n - 1 - step };
        let (above, rest) = x.split_at_mut(row * right);
        let (own, below) = rest.split_at_mut(right);
        let (known, first) = if forwards { (&*above, 0) } else { (&*below, row + 1) };
        for (offset, line) in known.chunks_exact(right).enumerate() {
            let factor = element(row, first + offset);
            for (to, from) in own.iter_mut().zip(line) {
                *to = *to - factor * *from;
            }
        }
        if !unit {
            let diagonal = element(row, row);
            own.iter_mut().for_each(|value| *value = value.over(diagonal));
        }
    }
}

/// X with T X = B, or with Tᴴ X = B, for each of `count` triangles (n × n) and right-hand sides (n × `right`).
pub fn solve<T: Number>(size: [usize; 2], side: Side, adjoint: bool, t: &[T], b: &[T], x: &mut [T], count: usize) {
    let [n, right] = size;
    x.copy_from_slice(b);
    for index in 0..count {
        substitute(size, side, adjoint, nth(t, index, n * n), nth_mut(x, index, n * right));
    }
}
