//! A = Q R with orthonormal columns in Q, by Householder's reflections.

use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::prelude::ReborrowMut;
use faer::{Conj, Par};

use crate::reflection::{self, identity};
use crate::{Number, balance, buffer, conj, load, nth, nth_mut, one, scratch, store, zero};

/// `q` is rows × `width` with `width` the lesser of rows and columns, or rows for a square Q, or 0 if Q is not wanted; `r` is
/// `height` × columns, with `height` either of the two as well.
pub fn factor<T: Number>(
    [rows, columns]: [usize; 2],
    width: usize,
    height: usize,
    a: &[T],
    q: &mut [T],
    r: &mut [T],
    count: usize,
) {
    let least = rows.min(columns);
    q.fill(zero());
    r.fill(zero());
    if least == 0 {
        for index in 0..count {
            let q = nth_mut(q, index, rows * width);
            (0..rows.min(width)).for_each(|at| q[at * width + at] = one());
        }
        return;
    }
    if !T::BLOCKED {
        for index in 0..count {
            let a = nth(a, index, rows * columns);
            let (q, r) = (nth_mut(q, index, rows * width), nth_mut(r, index, height * columns));
            plain([rows, columns], width, a, q, r);
        }
        return;
    }
    let block = recommended_block_size::<T>(rows, columns);
    let mut memory = buffer(StackReq::any_of(&[
        qr_in_place_scratch::<T>(rows, columns, block, Par::Seq, Default::default()),
        apply_scratch::<T>(rows, block, width.max(1)),
    ]));
    let (mut dense, mut coefficients) = (scratch::<T>(rows, columns), scratch::<T>(block, least));
    let mut orthonormal = scratch::<T>(rows, width);
    for index in 0..count {
        let a = nth(a, index, rows * columns);
        let balance = balance(a);
        load(a, dense.as_mut());
        if let Some([factor, _]) = &balance {
            for column in 0..columns {
                dense.as_mut().col_mut(column).iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
            }
        }
        qr_in_place(dense.as_mut(), coefficients.as_mut(), Par::Seq, MemStack::new(&mut memory), Default::default());
        let r = nth_mut(r, index, height * columns);
        for column in 0..columns {
            for row in 0..=column.min(least - 1) {
                r[row * columns + column] = dense[(row, column)];
            }
        }
        if let Some([_, inverse]) = &balance {
            r.iter_mut().for_each(|value| *value = T::mul_real_impl(value, inverse));
        }
        if width > 0 {
            orthonormal.as_mut().fill(zero());
            (0..width).for_each(|at| orthonormal[(at, at)] = one());
            apply(
                dense.as_ref().subcols(0, least),
                coefficients.as_ref(),
                Conj::No,
                orthonormal.as_mut().rb_mut(),
                Par::Seq,
                MemStack::new(&mut memory),
            );
            store(orthonormal.as_ref(), nth_mut(q, index, rows * width));
        }
    }
}

/// Column by column, by the reflections of LAPACK's geqrf: which of the real numbers of its size an element of R's diagonal is,
/// depends on what they make of the columns behind.
fn plain<T: Number>([rows, columns]: [usize; 2], width: usize, a: &[T], q: &mut [T], r: &mut [T]) {
    let least = rows.min(columns);
    let (mut dense, mut factors) = (a.to_vec(), vec![zero::<T>(); least]);
    let balance = balance(a);
    if let Some([factor, _]) = &balance {
        dense.iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
    }
    reflection::factor([rows, columns], &mut dense, &mut factors);
    for at in 0..least {
        let line = at * columns + at..(at + 1) * columns;
        r[line.clone()].copy_from_slice(&dense[line]);
    }
    if let Some([_, inverse]) = &balance {
        r.iter_mut().for_each(|value| *value = T::mul_real_impl(value, inverse));
    }
    if width == 0 {
        return;
    }
    let mut orthonormal = identity::<T>(rows, width);
    for (at, factor) in factors.iter().enumerate().rev() {
        // (I − τ v vᴴ) Q; what is in front of column `at` is still that of the identity.
        let vector: Vec<T> = (at..rows).map(|row| if row == at { one() } else { dense[row * columns + at] }).collect();
        let mut sums = vec![zero::<T>(); width - at];
        for (value, line) in vector.iter().zip(orthonormal.chunks_exact(width).skip(at)) {
            let value = conj(*value);
            sums.iter_mut().zip(&line[at..]).for_each(|(sum, element)| *sum = *sum + value * *element);
        }
        for (value, line) in vector.iter().zip(orthonormal.chunks_exact_mut(width).skip(at)) {
            let value = *value * *factor;
            line[at..].iter_mut().zip(&sums).for_each(|(element, sum)| *element = *element - value * *sum);
        }
    }
    q.copy_from_slice(&orthonormal);
}
