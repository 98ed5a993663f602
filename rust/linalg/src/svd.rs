//! A = U diag(s) Vᴴ.

use faer::dyn_stack::MemStack;
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Par, diag::DiagMut};

use faer::traits::ComplexField;

use crate::{Number, all_finite, balance, buffer, load, nth, nth_mut, one, scratch, store, store_adjoint, zero};

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
