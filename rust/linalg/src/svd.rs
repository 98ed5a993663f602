//! A = U diag(s) Vᴴ.

use faer::dyn_stack::MemStack;
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Par, diag::DiagMut};

use faer::traits::ComplexField;

use crate::reflection::{Reflection, column, direction, identity, times_real};
use crate::{Number, all_finite, balance, buffer, conj, load, nth, nth_mut, one, scratch, store, store_adjoint, zero};

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
        for (index, info) in info.iter_mut().enumerate() {
            let a = nth(a, index, rows * columns);
            let (u, vh) = (nth_mut(u, index, rows * left), nth_mut(vh, index, right * columns));
            *info = plain([rows, columns], [left, right], a, u, nth_mut(values, index, least), vh);
        }
        return;
    }
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

/// By reflections from both sides a real matrix with two diagonals, which has the same singular values. `left` vectors of U
/// and `right` ones of Vᴴ are wanted.
fn plain<T: Number>(
    [rows, columns]: [usize; 2],
    [left, right]: [usize; 2],
    a: &[T],
    u: &mut [T],
    values: &mut [T::Part],
    vh: &mut [T],
) -> i32 {
    let adjoint = |a: &[T], columns: usize| -> Vec<T> {
        let rows = a.len() / columns.max(1);
        (0..a.len()).map(|at| conj(a[at % rows.max(1) * columns + at / rows.max(1)])).collect()
    };
    if rows < columns {
        // Aᴴ = V diag(s) Uᴴ
        let (mut v, mut uh) = (vec![zero::<T>(); vh.len()], vec![zero::<T>(); u.len()]);
        let info = plain([columns, rows], [right, left], &adjoint(a, columns), &mut v, values, &mut uh);
        if left > 0 {
            u.copy_from_slice(&adjoint(&uh, rows));
            vh.copy_from_slice(&adjoint(&v, right));
        }
        return info;
    }
    let n = columns;
    let finite = all_finite(a);
    let balance = if finite { balance(a) } else { None };
    let mut dense = a.to_vec();
    if let Some([factor, _]) = &balance {
        dense.iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
    }
    let (mut lefts, mut rights) = (Vec::with_capacity(n), Vec::with_capacity(n));
    // How the columns of both are turned, so that the diagonals are real.
    let (mut left_turns, mut right_turns) = (Vec::with_capacity(n), vec![one::<T>()]);
    let mut real = vec![zero::<T::Part>(); n * n];
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
    let vectors = left > 0;
    let size = if vectors { n * n } else { 0 };
    let (mut inner_u, mut inner_vh) = (vec![zero::<T::Part>(); size], vec![zero::<T::Part>(); size]);
    let mut info = [i32::from(!finite)];
    if finite {
        decompose::<T::Part>([n, n], false, vectors, &real, &mut inner_u, values, &mut inner_vh, &mut info);
    }
    if info[0] != 0 {
        values.fill(T::Part::nan_impl());
        u.fill(T::nan_impl());
        vh.fill(T::nan_impl());
        return info[0];
    }
    let inverse = balance.map_or(one(), |[_, inverse]| inverse);
    values.iter_mut().for_each(|value| *value = *value * inverse);
    if !vectors {
        return 0;
    }
    let mut outer = identity::<T>(rows, left);
    lefts.iter().rev().for_each(|reflection| reflection.apply_left(&mut outer, left, 0));
    for (to, line) in u.chunks_exact_mut(left).zip(outer.chunks_exact(left)) {
        let turned: Vec<T> = line[..n].iter().zip(&left_turns).map(|(value, turn)| *value * *turn).collect();
        to[..n].copy_from_slice(&times_real(n, n, &turned, &inner_u));
        to[n..].copy_from_slice(&line[n..]);
    }
    // V, whose adjoint is wanted.
    let mut outer = identity::<T>(n, n);
    rights.iter().rev().for_each(|reflection| reflection.apply_left(&mut outer, n, 0));
    for line in outer.chunks_exact_mut(n) {
        line.iter_mut().zip(&right_turns).for_each(|(value, turn)| *value = *value * *turn);
    }
    let transposed: Vec<T::Part> = (0..n * n).map(|at| inner_vh[at % n * n + at / n]).collect();
    vh.copy_from_slice(&adjoint(&times_real(n, n, &outer, &transposed), n));
    0
}
