//! A V = V diag(λ) of matrices of any kind: complex numbers, also of real ones.
//!
//! Reflections bring the matrix into Hessenberg's form, and steps of the QR iteration with J. Wilkinson's shifts into Schur's, a
//! triangle, whose eigenvectors are found by substitution (G. Golub and C. Van Loan, "Matrix Computations", 7.4–7.6).

use faer::traits::{ComplexField, RealField};

use crate::reflection::{Reflection, column, identity};
use crate::{Number, all_finite, balance, conj, magnitude, nth, nth_mut, one, zero};

/// Steps per eigenvalue after which there is no more hope.
const MOST_STEPS: usize = 60;

/// Eigenvalues, and eigenvectors of length 1 as columns if `vectors` has room for them. `info` as in
/// [`crate::eigen::hermitian`].
pub fn decompose<T: Number>(n: usize, a: &[T], values: &mut [T], vectors: &mut [T], info: &mut [i32]) {
    let wanted = !vectors.is_empty();
    for (index, info) in info.iter_mut().enumerate() {
        let vectors = if wanted { nth_mut(vectors, index, n * n) } else { &mut [] };
        let values = nth_mut(values, index, n);
        let done = one_matrix(n, nth(a, index, n * n), values, vectors);
        if done.is_none() {
            values.fill(T::nan_impl());
            vectors.fill(T::nan_impl());
        }
        *info = i32::from(done.is_none());
    }
}

fn one_matrix<T: Number>(n: usize, a: &[T], values: &mut [T], vectors: &mut [T]) -> Option<()> {
    if n == 0 {
        return Some(());
    }
    if !all_finite(a) {
        return None;
    }
    let mut h = a.to_vec();
    let balance = balance(a);
    if let Some([factor, _]) = &balance {
        h.iter_mut().for_each(|value| *value = T::mul_real_impl(value, factor));
    }
    let wanted = !vectors.is_empty();
    let mut basis = identity::<T>(n, if wanted { n } else { 0 });
    for at in 0..n.saturating_sub(2) {
        let (reflection, value) = Reflection::new(at + 1, column(&h, n, at, at + 1));
        reflection.apply_left(&mut h, n, at + 1);
        reflection.apply_right(&mut h, n, 0);
        h[(at + 1) * n + at] = value;
        (at + 2..n).for_each(|row| h[row * n + at] = zero());
        if wanted {
            reflection.apply_right(&mut basis, n, 0);
        }
    }
    triangle(n, &mut h, &mut basis)?;
    let inverse = balance.map_or(one(), |[_, inverse]| inverse);
    for (at, value) in values.iter_mut().enumerate() {
        *value = T::mul_real_impl(&h[at * n + at], &inverse);
    }
    if wanted {
        substitute(n, &h, &basis, vectors);
    }
    if a.iter().all(|value| T::imag_part_impl(value) == zero()) {
        pair_up(n, values, vectors);
    }
    Some(())
}

/// The eigenvalues of a real matrix are real or come in conjugate pairs, and so do their vectors. What rounding has taken from
/// that is put back: the two of a pair stand side by side, that with the positive imaginary part first, as LAPACK has them.
fn pair_up<T: Number>(n: usize, values: &mut [T], vectors: &mut [T]) {
    let parts = |value: T| (T::to_f64(T::real_part_impl(&value)), T::to_f64(T::imag_part_impl(&value)));
    let size = |value: T| T::to_f64(T::abs_impl(&value));
    let apart = |i: usize, j: usize| size(values[i] - conj(values[j]));
    let most = values.iter().map(|&value| size(value)).fold(0.0, f64::max);
    let noise = T::to_f64(T::Part::epsilon_impl()) * n as f64 * most;
    // Those farthest from the real axis have the fewest to choose from.
    let mut left: Vec<usize> = (0..n).collect();
    left.sort_by(|&i, &j| parts(values[i]).1.abs().total_cmp(&parts(values[j]).1.abs()));
    let mut partner: Vec<Option<usize>> = vec![None; n];
    while let Some(i) = left.pop() {
        let nearest = (0..left.len()).min_by(|&a, &b| apart(i, left[a]).total_cmp(&apart(i, left[b])));
        let Some(at) = nearest.filter(|&at| parts(values[i]).1.abs() > noise && apart(i, left[at]) < apart(i, i))
        else {
            continue;
        };
        let j = left.remove(at);
        (partner[i], partner[j]) = (Some(j), Some(i));
    }
    let columns = if vectors.is_empty() { 0 } else { n };
    let (old, of) = (values.to_vec(), vectors.to_vec());
    let mut at = 0;
    for i in 0..n {
        let Some(j) = partner[i] else {
            values[at] = T::from_real_impl(&T::real_part_impl(&old[i]));
            let column: Vec<T> = (0..columns).map(|row| of[row * n + i]).collect();
            for (row, value) in turned_real(column).into_iter().enumerate() {
                vectors[row * n + at] = value;
            }
            at += 1;
            continue;
        };
        if j < i {
            continue;
        }
        let (upper, lower) = if parts(old[i]).1 > 0.0 { (i, j) } else { (j, i) };
        let mean = T::mul_real_impl(&(old[upper] + conj(old[lower])), &T::Part::from_f64_impl(0.5));
        (values[at], values[at + 1]) = (mean, conj(mean));
        for row in 0..columns {
            let value = of[row * n + upper];
            (vectors[row * n + at], vectors[row * n + at + 1]) = (value, conj(value));
        }
        at += 2;
    }
}

/// A vector turned so that its greatest element is real, and made real if no more than rounding is left beside that: of several
/// vectors of one eigenvalue, none of which need be real, nothing is taken away.
fn turned_real<T: Number>(mut vector: Vec<T>) -> Vec<T> {
    let size = |value: &T| T::to_f64(T::abs_impl(value));
    let Some(greatest) = vector.iter().copied().max_by(|a, b| size(a).total_cmp(&size(b))) else { return vector };
    let turn = conj(greatest).unit(T::abs_impl(&greatest));
    vector.iter_mut().for_each(|value| *value = *value * turn);
    let most = T::to_f64(T::Part::epsilon_impl()).sqrt();
    if vector.iter().all(|value| T::to_f64(T::imag_part_impl(value)).abs() <= most) {
        vector.iter_mut().for_each(|value| *value = T::from_real_impl(&T::real_part_impl(value)));
    }
    vector
}

/// A rotation in the plane of two axes: [c, s; −s̄, c] makes (r, 0) of (x, y).
struct Rotation<T: Number> {
    c: T::Part,
    s: T,
}

impl<T: Number> Rotation<T> {
    fn new(x: T, y: T) -> Self {
        let (a, b) = (T::abs_impl(&x), T::abs_impl(&y));
        let nothing = zero::<T::Part>();
        if !(b > nothing) {
            return Self { c: one(), s: zero() };
        }
        if !(a > nothing) {
            return Self { c: nothing, s: conj(y).unit(b) };
        }
        let most = if a > b { a } else { b };
        let (x1, y1) = (a.over(most), b.over(most));
        let norm = T::Part::sqrt_impl(&(x1 * x1 + y1 * y1));
        // s = (x/|x|) ȳ / ‖(x, y)‖
        let s = T::mul_real_impl(&(x.unit(a) * conj(y).unit(b)), &y1.over(norm));
        Self { c: x1.over(norm), s }
    }

    fn pair(&self, x: T, y: T) -> (T, T) {
        (T::mul_real_impl(&x, &self.c) + self.s * y, T::mul_real_impl(&y, &self.c) - conj(self.s) * x)
    }

    /// Of the columns `at` and `at + 1`, by the conjugate transpose from the right.
    fn columns(&self, a: &mut [T], n: usize, at: usize, rows: std::ops::Range<usize>) {
        for row in rows {
            let (x, y) = (a[row * n + at], a[row * n + at + 1]);
            a[row * n + at] = T::mul_real_impl(&x, &self.c) + conj(self.s) * y;
            a[row * n + at + 1] = T::mul_real_impl(&y, &self.c) - self.s * x;
        }
    }
}

/// Schur's form in place of Hessenberg's, what it is turned by taken into `basis`, if that has elements.
fn triangle<T: Number>(n: usize, h: &mut [T], basis: &mut [T]) -> Option<()> {
    let epsilon = T::Part::epsilon_impl();
    let mut end = n - 1;
    let mut steps = 0;
    while end > 0 {
        // The block that does not fall apart.
        let mut start = end;
        while start > 0 {
            let beside = magnitude(h[start * n + start - 1]);
            let around = magnitude(h[(start - 1) * n + start - 1]) + magnitude(h[start * n + start]);
            let around = if around > zero::<T::Part>() { around } else { one() };
            if !(beside > epsilon * around) {
                h[start * n + start - 1] = zero();
                break;
            }
            start -= 1;
        }
        if start == end {
            end -= 1;
            steps = 0;
            continue;
        }
        steps += 1;
        if steps > MOST_STEPS {
            return None;
        }
        let shift = shift(n, h, end, steps);
        for at in start..=end {
            h[at * n + at] = h[at * n + at] - shift;
        }
        let mut rotations: Vec<Rotation<T>> = Vec::with_capacity(end - start);
        for at in start..end {
            let rotation = Rotation::new(h[at * n + at], h[(at + 1) * n + at]);
            for column in at..n {
                let (x, y) = rotation.pair(h[at * n + column], h[(at + 1) * n + column]);
                (h[at * n + column], h[(at + 1) * n + column]) = (x, y);
            }
            h[(at + 1) * n + at] = zero();
            rotations.push(rotation);
        }
        for (at, rotation) in (start..end).zip(&rotations) {
            rotation.columns(h, n, at, 0..(at + 2).min(end + 1));
            if !basis.is_empty() {
                rotation.columns(basis, n, at, 0..n);
            }
        }
        for at in start..=end {
            h[at * n + at] = h[at * n + at] + shift;
        }
    }
    Some(())
}

/// The eigenvalue of the last two rows that is nearer to the last element; now and then another number, to leave a cycle.
fn shift<T: Number>(n: usize, h: &[T], end: usize, steps: usize) -> T {
    let at = |row: usize, column: usize| h[row * n + column];
    if steps.is_multiple_of(10) {
        return T::from_real_impl(&T::abs_impl(&at(end, end - 1))) + at(end, end);
    }
    let half = T::mul_real_impl(&(at(end - 1, end - 1) - at(end, end)), &T::Part::from_f64_impl(0.5));
    let product = at(end - 1, end) * at(end, end - 1);
    if product == zero() {
        return at(end, end);
    }
    let root = T::sqrt_impl(&(half * half + product));
    let (plus, minus) = (half + root, half - root);
    let greater = if T::abs_impl(&plus) > T::abs_impl(&minus) { plus } else { minus };
    at(end, end) - product.over(greater)
}

/// The eigenvectors of a triangle, in the basis in which it is one.
fn substitute<T: Number>(n: usize, h: &[T], basis: &[T], vectors: &mut [T]) {
    let greater = |a: T::Part, b: T::Part| if b > a { b } else { a };
    let most = h.iter().map(T::abs_impl).fold(zero::<T::Part>(), greater);
    let least = greater(T::Part::epsilon_impl() * most, T::Part::min_positive_impl());
    let mut x = vec![zero::<T>(); n];
    for k in 0..n {
        x[k] = one();
        for row in (0..k).rev() {
            let sum = (row + 1..=k).fold(zero::<T>(), |sum, at| sum + h[row * n + at] * x[at]);
            let mut difference = h[row * n + row] - h[k * n + k];
            if !(T::abs_impl(&difference) > least) {
                difference = T::from_real_impl(&least);
            }
            x[row] = -sum.over(difference);
            // Before it overflows.
            let size = T::abs_impl(&x[row]);
            if T::to_f64(size) > 1e15 {
                let factor = one::<T::Part>().over(size);
                x[row..=k].iter_mut().for_each(|value| *value = T::mul_real_impl(value, &factor));
            }
        }
        let mut whole: Vec<T> = basis
            .chunks_exact(n)
            .map(|line| line[..=k].iter().zip(&x[..=k]).fold(zero::<T>(), |sum, (a, b)| sum + *a * *b))
            .collect();
        let largest = whole.iter().map(T::abs_impl).fold(zero::<T::Part>(), greater);
        whole.iter_mut().for_each(|value| *value = value.over(T::from_real_impl(&largest)));
        let square = whole.iter().map(T::abs2_impl).fold(zero::<T::Part>(), |sum, square| sum + square);
        let norm = T::from_real_impl(&T::Part::sqrt_impl(&square));
        for (row, value) in whole.iter().enumerate() {
            vectors[row * n + k] = value.over(norm);
        }
    }
}
