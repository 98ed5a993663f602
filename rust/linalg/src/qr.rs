//! A = Q R with orthonormal columns in Q, by Householder's reflections.

use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::prelude::ReborrowMut;
use faer::{Conj, Par};

use crate::reflection::{Reflection, column, direction, identity};
use crate::{Number, buffer, conj, load, nth, nth_mut, one, scratch, store, zero};

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
        load(nth(a, index, rows * columns), dense.as_mut());
        qr_in_place(dense.as_mut(), coefficients.as_mut(), Par::Seq, MemStack::new(&mut memory), Default::default());
        let r = nth_mut(r, index, height * columns);
        for column in 0..columns {
            for row in 0..=column.min(least - 1) {
                r[row * columns + column] = dense[(row, column)];
            }
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

/// Column by column; the diagonal of R is real.
fn plain<T: Number>([rows, columns]: [usize; 2], width: usize, a: &[T], q: &mut [T], r: &mut [T]) {
    let least = rows.min(columns);
    let mut dense = a.to_vec();
    let (mut reflections, mut turns) = (Vec::with_capacity(least), Vec::with_capacity(least));
    for at in 0..least {
        let below = column(&dense, columns, at, at);
        let up = T::real_part_impl(&below[0]) < zero::<T::Part>();
        let (reflection, value) = Reflection::new(at, below);
        reflection.apply_left(&mut dense, columns, at);
        let turn = direction(value);
        turns.push(if up { turn } else { -turn });
        reflections.push(reflection);
    }
    for (at, turn) in turns.iter().enumerate() {
        for column in at..columns {
            r[at * columns + column] = conj(*turn) * dense[at * columns + column];
        }
        r[at * columns + at] = T::from_real_impl(&T::real_part_impl(&r[at * columns + at]));
    }
    if width == 0 {
        return;
    }
    let mut orthonormal = identity::<T>(rows, width);
    for (at, turn) in turns.iter().enumerate() {
        orthonormal[at * width + at] = *turn;
    }
    for reflection in reflections.iter().rev() {
        reflection.apply_left(&mut orthonormal, width, 0);
    }
    q.copy_from_slice(&orthonormal);
}
