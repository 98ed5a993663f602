//! A = V diag(λ) Vᴴ of Hermitian matrices.

use faer::dyn_stack::MemStack;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Par, diag::DiagMut};

use faer::traits::ComplexField;

use crate::reflection::{Reflection, column, direction, identity, times_real};
use crate::{Number, all_finite, balance, buffer, conj, jacobi, nth, nth_mut, one, scratch, store, zero};

/// Eigenvalues in ascending order, and the eigenvectors as columns if `vectors` has room for them. The lower triangle is read,
/// or the upper one with `upper`. `info` is 0, or positive where there is no result: an element is not finite, or the iteration
/// did not converge.
pub fn hermitian<T: Number>(
    n: usize,
    upper: bool,
    a: &[T],
    values: &mut [T::Part],
    vectors: &mut [T],
    info: &mut [i32],
) {
    if n == 0 {
        return info.fill(0);
    }
    if !T::BLOCKED {
        return plain(n, upper, a, values, vectors, info);
    }
    if n <= jacobi::MOST
        && let (Some(a), Some(values), Some(vectors)) = (T::reals(a), Some(&mut *values), T::reals_mut(vectors))
    {
        jacobi::eigen(n, upper, a, values, vectors, info);
        let size = if vectors.is_empty() { 0 } else { n * n };
        for (index, info) in info.iter_mut().enumerate().filter(|(_, info)| **info != 0) {
            let info = std::slice::from_mut(info);
            let vectors = nth_mut(vectors, index, size);
            blocked(n, upper, nth(a, index, n * n), nth_mut(values, index, n), vectors, info);
        }
        return;
    }
    blocked(n, upper, a, values, vectors, info);
}

/// By `faer`.
fn blocked<T: Number>(n: usize, upper: bool, a: &[T], values: &mut [T::Part], vectors: &mut [T], info: &mut [i32]) {
    let wanted = !vectors.is_empty();
    let compute = if wanted { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let mut memory = buffer(self_adjoint_evd_scratch::<T>(n, compute, Par::Seq, Default::default()));
    let mut dense = scratch::<T>(n, n);
    let mut columns = scratch::<T>(n, if wanted { n } else { 0 });
    let mut lower = Vec::with_capacity(n * (n + 1) / 2);
    let mut found = vec![T::zero_impl(); n];
    for (index, info) in info.iter_mut().enumerate() {
        let a = nth(a, index, n * n);
        let mut finite = true;
        lower.clear();
        for row in 0..n {
            for column in 0..=row {
                let value = if upper { conj(a[column * n + row]) } else { a[row * n + column] };
                finite &= T::is_finite_impl(&value);
                dense[(row, column)] = value;
                lower.push(value);
            }
        }
        // What is not read may be anything.
        let balance = if finite { balance(&lower) } else { None };
        if let Some([factor, _]) = &balance {
            for column in 0..n {
                dense.as_mut().col_mut(column).iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
            }
        }
        let values = nth_mut(values, index, n);
        let converged = finite
            && self_adjoint_evd(
                dense.as_ref(),
                DiagMut::from_slice_mut(&mut found),
                wanted.then(|| columns.as_mut()),
                Par::Seq,
                MemStack::new(&mut memory),
                Default::default(),
            )
            .is_ok()
            && all_finite(&found);
        *info = i32::from(!converged);
        if !converged {
            values.fill(T::Part::nan_impl());
        } else {
            let inverse = balance.map_or(one(), |[_, inverse]| inverse);
            values.iter_mut().zip(&found).for_each(|(to, from)| *to = T::real_part_impl(from) * inverse);
        }
        if wanted {
            let vectors = nth_mut(vectors, index, n * n);
            if converged { store(columns.as_ref(), vectors) } else { vectors.fill(T::nan_impl()) }
        }
    }
}

/// What a Hermitian matrix is brought to by reflections.
struct Reduced<T: Number> {
    /// What the reflections make together, if vectors are wanted.
    basis: Vec<T>,
    /// What values have to be multiplied by.
    inverse: T::Part,
}

/// By reflections real matrices with two diagonals, which have the same eigenvalues.
fn plain<T: Number>(n: usize, upper: bool, a: &[T], values: &mut [T::Part], vectors: &mut [T], info: &mut [i32]) {
    let wanted = !vectors.is_empty();
    let mut real = vec![zero::<T::Part>(); a.len()];
    let mut columns = vec![zero::<T::Part>(); vectors.len()];
    let reduced: Vec<Reduced<T>> = (0..info.len())
        .map(|index| reduce(n, upper, wanted, nth(a, index, n * n), nth_mut(&mut real, index, n * n)))
        .collect();
    hermitian::<T::Part>(n, false, &real, values, &mut columns, info);
    for (index, (Reduced { basis, inverse }, info)) in reduced.iter().zip(info).enumerate() {
        nth_mut(values, index, n).iter_mut().for_each(|value| *value = *value * *inverse);
        if !wanted {
            continue;
        }
        let vectors = nth_mut(vectors, index, n * n);
        if *info == 0 {
            vectors.copy_from_slice(&times_real(n, n, basis, nth(&columns, index, n * n)));
        } else {
            vectors.fill(T::nan_impl());
        }
    }
}

/// One matrix of [`plain`]; NaN where an element is not finite.
fn reduce<T: Number>(n: usize, upper: bool, wanted: bool, a: &[T], real: &mut [T::Part]) -> Reduced<T> {
    let mut dense = vec![zero::<T>(); n * n];
    for row in 0..n {
        for column in 0..=row {
            let value = if upper { conj(a[column * n + row]) } else { a[row * n + column] };
            (dense[row * n + column], dense[column * n + row]) = (value, conj(value));
        }
        dense[row * n + row] = T::from_real_impl(&T::real_part_impl(&dense[row * n + row]));
    }
    if !all_finite(&dense) {
        real.fill(T::Part::nan_impl());
        return Reduced { basis: Vec::new(), inverse: one() };
    }
    let balance = balance(&dense);
    if let Some([factor, _]) = &balance {
        dense.iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
    }
    let mut basis = identity::<T>(n, if wanted { n } else { 0 });
    let mut turns = vec![one::<T>()];
    for at in 0..n {
        real[at * n + at] = T::real_part_impl(&dense[at * n + at]);
        if at + 1 == n {
            break;
        }
        let (reflection, value) = Reflection::new(at + 1, column(&dense, n, at, at + 1));
        reflection.apply_left(&mut dense, n, at + 1);
        reflection.apply_right(&mut dense, n, at + 1);
        let size = T::abs_impl(&value);
        (real[(at + 1) * n + at], real[at * n + at + 1]) = (size, size);
        turns.push(turns[at] * direction(value));
        if wanted {
            reflection.apply_right(&mut basis, n, 0);
        }
    }
    if wanted {
        for line in basis.chunks_exact_mut(n) {
            line.iter_mut().zip(&turns).for_each(|(value, turn)| *value = *value * *turn);
        }
    }
    Reduced { basis, inverse: balance.map_or(one(), |[_, inverse]| inverse) }
}
