//! The exponential of a matrix.

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, Par};

use crate::{Number, lu, matrix, matrix_mut, nth, nth_mut, one, zero};

/// Coefficients of the numerator of the Padé approximants of orders 3, 5, 7, 9 and 13.
const PADE: [&[f64]; 5] = [
    &[120.0, 60.0, 12.0, 1.0],
    &[30240.0, 15120.0, 3360.0, 420.0, 30.0, 1.0],
    &[17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0],
    &[17643225600.0, 8821612800.0, 2075673600.0, 302702400.0, 30270240.0, 2162160.0, 110880.0, 3960.0, 90.0, 1.0],
    &[
        64764752532480000.0,
        32382376266240000.0,
        7771770303897600.0,
        1187353796428800.0,
        129060195264000.0,
        10559470521600.0,
        670442572800.0,
        33522128640.0,
        1323241920.0,
        40840800.0,
        960960.0,
        16380.0,
        182.0,
        1.0,
    ],
];
/// Up to which 1-norm each of them is exact in `f64`.
const LIMITS: [f64; 5] =
    [1.495585217958292e-2, 2.539398330063230e-1, 9.504178996162932e-1, 2.097847961257068, 5.371920351148152];

/// exp(A) by scaling and squaring with Padé approximants (N. Higham, "The scaling and squaring method for the matrix
/// exponential revisited", 2005).
pub fn exponential<T: Number>(n: usize, a: &[T], result: &mut [T], count: usize) {
    if n == 0 {
        return;
    }
    for index in 0..count {
        one_matrix(n, nth(a, index, n * n), nth_mut(result, index, n * n));
    }
}

/// `c = a b`.
fn product<T: Number>(n: usize, a: &[T], b: &[T], c: &mut [T]) {
    if !T::BLOCKED {
        for (c, a) in c.chunks_exact_mut(n).zip(a.chunks_exact(n)) {
            c.fill(zero());
            for (factor, b) in a.iter().zip(b.chunks_exact(n)) {
                c.iter_mut().zip(b).for_each(|(to, from)| *to = *to + *factor * *from);
            }
        }
        return;
    }
    let factors = (matrix(a, n, n), matrix(b, n, n));
    matmul(matrix_mut(c, n, n), Accum::Replace, factors.0, factors.1, one(), Par::Seq);
}

fn one_matrix<T: Number>(n: usize, a: &[T], result: &mut [T]) {
    let column = |at: usize| (0..n).fold(zero::<T::Part>(), |sum, row| sum + T::abs_impl(&a[row * n + at]));
    let mut norm = 0.0;
    for at in 0..n {
        let sum = T::to_f64(column(at));
        if sum.is_nan() || sum == f64::INFINITY {
            return result.fill(T::nan_impl());
        }
        norm = sum.max(norm);
    }
    let order = LIMITS.iter().position(|&limit| norm <= limit).unwrap_or(LIMITS.len() - 1);
    let squarings = if norm > LIMITS[4] { (norm / LIMITS[4]).log2().ceil() as i32 } else { 0 };
    // In two steps: 2⁻ˢ may be too small for the type.
    let half = T::Part::from_f64_impl(0.5f64.powi(squarings / 2));
    let rest = T::Part::from_f64_impl(0.5f64.powi(squarings - squarings / 2));
    let scaled: Vec<T> = a.iter().map(|value| T::mul_real_impl(&T::mul_real_impl(value, &half), &rest)).collect();
    let size = n * n;
    let coefficients = PADE[order];
    // Even and odd part by Horner's rule in A².
    let mut square = vec![zero::<T>(); size];
    product(n, &scaled, &scaled, &mut square);
    let (mut even, mut odd, mut next) = (vec![zero::<T>(); size], vec![zero::<T>(); size], vec![zero::<T>(); size]);
    // The common factor is taken out, so that nothing overflows.
    let first = coefficients[0];
    let mut horner = |part: &mut Vec<T>, start: usize| {
        let mut step = coefficients.len() - 2 + start;
        loop {
            let coefficient = T::from_f64_impl(coefficients[step] / first);
            (0..n).for_each(|at| part[at * n + at] = part[at * n + at] + coefficient);
            if step < 2 {
                break;
            }
            step -= 2;
            product(n, part, &square, &mut next);
            std::mem::swap(part, &mut next);
        }
    };
    horner(&mut even, 0);
    horner(&mut odd, 1);
    product(n, &scaled, &odd, &mut next);
    // (V − U) X = V + U
    let mut lower: Vec<T> = even.iter().zip(&next).map(|(v, u)| *v - *u).collect();
    result.iter_mut().zip(even.iter().zip(&next)).for_each(|(to, (v, u))| *to = *v + *u);
    let mut pivots = vec![0; n];
    lu::factor_one([n, n], true, &mut lower, &mut pivots);
    lu::solve_in_place([n, n], false, &lower, &pivots, result);
    for _ in 0..squarings {
        product(n, result, result, &mut next);
        result.copy_from_slice(&next);
    }
}
