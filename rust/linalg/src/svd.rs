//! A = U diag(s) Vᴴ.

use faer::dyn_stack::MemStack;
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Par, diag::DiagMut};

use faer::traits::ComplexField;

use crate::reflection::{Reflection, column, direction, identity, times_real};
use crate::{
    Number, all_finite, balance, buffer, conj, jacobi, load, nth, nth_mut, one, scratch, store, store_adjoint, zero,
};

/// Singular values in descending order; the left vectors as columns of `u` and the conjugated right ones as rows of `vh`, if
/// `u` and `vh` have room for them: as many as there are singular values, or square matrices with `full`. `info` as in
/// [`crate::eigen::hermitian`].
pub fn decompose<T: Number>(
    [rows, columns]: [usize; 2],
    full: bool,
    vectors: bool,
    a: &[T],
    u: &mut [T],
    values: &mut [T::Part],
    vh: &mut [T],
    info: &mut [i32],
) {
    let least = rows.min(columns);
    let (left, right) = match (vectors, full) {
        (false, _) => (0, 0),
        (true, false) => (least, least),
        (true, true) => (rows, columns),
    };
    if least == 0 {
        u.fill(zero());
        vh.fill(zero());
        for index in 0..info.len() {
            (0..left).for_each(|at| nth_mut(u, index, rows * left)[at * left + at] = one());
            (0..right).for_each(|at| nth_mut(vh, index, right * columns)[at * columns + at] = one());
        }
        return info.fill(0);
    }
    if !T::BLOCKED {
        return plain([rows, columns], [left, right], a, u, values, vh, info);
    }
    if rows.max(columns) <= jacobi::MOST
        && (rows == columns || !vectors || !full)
        && let (Some(a), Some(u), Some(vh)) = (T::reals(a), T::reals_mut(u), T::reals_mut(vh))
    {
        jacobi::singular([rows, columns], a, u, values, vh, info);
        for (index, info) in info.iter_mut().enumerate().filter(|(_, info)| **info != 0) {
            let (a, values) = (nth(a, index, rows * columns), nth_mut(values, index, least));
            let (u, vh) = (nth_mut(u, index, rows * left), nth_mut(vh, index, right * columns));
            blocked([rows, columns], [left, right], a, u, values, vh, std::slice::from_mut(info));
        }
        return;
    }
    blocked([rows, columns], [left, right], a, u, values, vh, info);
}

/// By `faer`; `left` vectors of U and `right` ones of Vᴴ are wanted.
fn blocked<T: Number>(
    [rows, columns]: [usize; 2],
    [left, right]: [usize; 2],
    a: &[T],
    u: &mut [T],
    values: &mut [T::Part],
    vh: &mut [T],
    info: &mut [i32],
) {
    let (least, vectors, full) = (rows.min(columns), left > 0, left.max(right) > rows.min(columns));
    let compute = match (vectors, full) {
        (false, _) => ComputeSvdVectors::No,
        (true, false) => ComputeSvdVectors::Thin,
        (true, true) => ComputeSvdVectors::Full,
    };
    let mut memory = buffer(svd_scratch::<T>(rows, columns, compute, compute, Par::Seq, Default::default()));
    let mut dense = scratch::<T>(rows, columns);
    let (mut lefts, mut rights) = (scratch::<T>(rows, left), scratch::<T>(columns, right));
    let mut found = vec![T::zero_impl(); least];
    for (index, info) in info.iter_mut().enumerate() {
        let a = nth(a, index, rows * columns);
        load(a, dense.as_mut());
        if full {
            // What completes a basis is put into zeros: `faer` writes the rest of them only.
            lefts.as_mut().fill(zero());
            rights.as_mut().fill(zero());
        }
        let balance = balance(a);
        if let Some([factor, _]) = &balance {
            for column in 0..columns {
                dense.as_mut().col_mut(column).iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
            }
        }
        let converged = all_finite(a)
            && svd(
                dense.as_ref(),
                DiagMut::from_slice_mut(&mut found),
                vectors.then(|| lefts.as_mut()),
                vectors.then(|| rights.as_mut()),
                Par::Seq,
                MemStack::new(&mut memory),
                Default::default(),
            )
            .is_ok()
            && all_finite(&found);
        *info = i32::from(!converged);
        let values = nth_mut(values, index, least);
        if converged {
            let inverse = balance.map_or(one(), |[_, inverse]| inverse);
            values.iter_mut().zip(&found).for_each(|(to, from)| *to = T::real_part_impl(from) * inverse);
        } else {
            values.fill(T::Part::nan_impl());
        }
        if vectors {
            let (u, vh) = (nth_mut(u, index, rows * left), nth_mut(vh, index, right * columns));
            if converged {
                store(lefts.as_ref(), u);
                store_adjoint(rights.as_ref(), vh);
            } else {
                u.fill(T::nan_impl());
                vh.fill(T::nan_impl());
            }
        }
    }
}

/// The conjugate transpose of row-major matrices.
fn adjoint<T: Number>([rows, columns]: [usize; 2], a: &[T]) -> Vec<T> {
    let size = rows * columns;
    let place = |at: usize| at / size * size + at % size % rows * columns + at % size / rows;
    (0..a.len()).map(|at| conj(a[place(at)])).collect()
}

/// What a matrix is brought to by reflections from both sides.
struct Reduced<T: Number> {
    /// What those from the left and from the right make together, if vectors are wanted.
    bases: [Vec<T>; 2],
    /// What values have to be multiplied by.
    inverse: T::Part,
}

/// By reflections from both sides real matrices with two diagonals, which have the same singular values. `left` vectors of U
/// and `right` ones of Vᴴ are wanted.
fn plain<T: Number>(
    [rows, columns]: [usize; 2],
    [left, right]: [usize; 2],
    a: &[T],
    u: &mut [T],
    values: &mut [T::Part],
    vh: &mut [T],
    info: &mut [i32],
) {
    if rows < columns {
        // Aᴴ = V diag(s) Uᴴ
        let (mut v, mut uh) = (vec![zero::<T>(); vh.len()], vec![zero::<T>(); u.len()]);
        plain([columns, rows], [right, left], &adjoint([rows, columns], a), &mut v, values, &mut uh, info);
        if left > 0 {
            u.copy_from_slice(&adjoint([left, rows], &uh));
            vh.copy_from_slice(&adjoint([columns, right], &v));
        }
        return;
    }
    let (n, size) = (columns, rows * columns);
    let mut real = vec![zero::<T::Part>(); n * n * info.len()];
    let reduced: Vec<Reduced<T>> = (0..info.len())
        .map(|index| reduce([rows, columns], left, nth(a, index, size), nth_mut(&mut real, index, n * n)))
        .collect();
    let room = if left > 0 { real.len() } else { 0 };
    let (mut inner_u, mut inner_vh) = (vec![zero::<T::Part>(); room], vec![zero::<T::Part>(); room]);
    decompose::<T::Part>([n, n], false, left > 0, &real, &mut inner_u, values, &mut inner_vh, info);
    for (index, (Reduced { bases: [outer_u, outer_v], inverse }, info)) in reduced.iter().zip(info).enumerate() {
        nth_mut(values, index, n).iter_mut().for_each(|value| *value = *value * *inverse);
        if left == 0 {
            continue;
        }
        let (u, vh) = (nth_mut(u, index, rows * left), nth_mut(vh, index, right * columns));
        if *info != 0 {
            u.fill(T::nan_impl());
            vh.fill(T::nan_impl());
            continue;
        }
        let (inner_u, inner_vh) = (nth(&inner_u, index, n * n), nth(&inner_vh, index, n * n));
        for (to, line) in u.chunks_exact_mut(left).zip(outer_u.chunks_exact(left)) {
            to[..n].copy_from_slice(&times_real(n, n, &line[..n], inner_u));
            to[n..].copy_from_slice(&line[n..]);
        }
        let transposed: Vec<T::Part> = (0..n * n).map(|at| inner_vh[at % n * n + at / n]).collect();
        vh.copy_from_slice(&adjoint([n, n], &times_real(n, n, outer_v, &transposed)));
    }
}

/// One matrix of [`plain`]; NaN where an element is not finite.
fn reduce<T: Number>([rows, n]: [usize; 2], left: usize, a: &[T], real: &mut [T::Part]) -> Reduced<T> {
    if !all_finite(a) {
        real.fill(T::Part::nan_impl());
        return Reduced { bases: [Vec::new(), Vec::new()], inverse: one() };
    }
    let balance = balance(a);
    let mut dense = a.to_vec();
    if let Some([factor, _]) = &balance {
        dense.iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
    }
    let (mut lefts, mut rights) = (Vec::with_capacity(n), Vec::with_capacity(n));
    // How the columns of both are turned, so that the diagonals are real.
    let (mut left_turns, mut right_turns) = (Vec::with_capacity(n), vec![one::<T>()]);
    for at in 0..n {
        let (reflection, value) = Reflection::new(at, column(&dense, n, at, at));
        reflection.apply_left(&mut dense, n, at);
        lefts.push(reflection);
        real[at * n + at] = T::abs_impl(&value);
        left_turns.push(direction(value) * right_turns[at]);
        if at + 1 < n {
            let row = dense[at * n + at + 1..(at + 1) * n].iter().map(|value| conj(*value)).collect();
            let (reflection, value) = Reflection::new(at + 1, row);
            reflection.apply_right(&mut dense, n, at);
            rights.push(reflection);
            real[at * n + at + 1] = T::abs_impl(&value);
            // The element is the conjugate of `value`.
            right_turns.push(direction(value) * left_turns[at]);
        }
    }
    let inverse = balance.map_or(one(), |[_, inverse]| inverse);
    if left == 0 {
        return Reduced { bases: [Vec::new(), Vec::new()], inverse };
    }
    let turned = |count: usize, width: usize, reflections: &[Reflection<T>], turns: &[T]| {
        let mut outer = identity::<T>(count, width);
        reflections.iter().rev().for_each(|reflection| reflection.apply_left(&mut outer, width, 0));
        for line in outer.chunks_exact_mut(width) {
            line.iter_mut().zip(turns).for_each(|(value, turn)| *value = *value * *turn);
        }
        outer
    };
    Reduced { bases: [turned(rows, left, &lefts, &left_turns), turned(n, n, &rights, &right_turns)], inverse }
}
