//! What gradients of eigenvectors and of singular vectors do where values repeat.
//!
//! The gradient of a loss of λ and V is V (diag g + F∘K + …) Vᴴ, where K is the antihermitian part of M = Vᴴ ∂V and
//! F = 1/(λⱼ − λᵢ) (M. Giles, "An extended collection of matrix derivative results", 2008, 3.1). Within a group of equal
//! values any orthonormal basis would do. If the loss does not depend on which one it is, K vanishes there, and the quotient
//! is 0/0. What it tends to follows from the hermitian part S of M: where the loss is one of V h(Λ) Vᴴ, S is proportional
//! to it, and so is g to the diagonal of S, by the same number, since the gradient has g as its diagonal whatever the basis.

use faer::traits::{ComplexField, RealField};

use crate::{Number, conj, nth, nth_mut, one, product, zero};

/// Why there is no gradient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undetermined {
    /// The loss depends on the basis within a group of equal values.
    Basis,
    /// The loss depends on the phases of complex vectors, which are arbitrary.
    Phase,
    /// The gradient of the values in a group is no basis's but this one's: what the loss is beside this basis is not known.
    Values,
}

/// How close values are that count as equal, relative to the greatest.
fn resolution<T: Number>(n: usize) -> T::Part {
    T::Part::epsilon_impl() * T::Part::from_f64_impl(10.0 + 2.0 * n as f64)
}

/// How small what has to vanish is, relative to the greatest: it comes out of a program, with its rounding.
fn negligible<T: Number>(n: usize) -> T::Part {
    // ε^(2/3)
    let third = T::Part::exp(T::ln(T::Part::epsilon_impl()) * T::Part::from_f64_impl(2.0 / 3.0));
    third * T::Part::from_f64_impl(1.0 + n as f64 / 8.0)
}

/// For sorted `values` (n each), K and S (n × n each) and the gradient of the values: `keep` is 0 on the diagonal and for
/// pairs of equal values, else 1; `ratio` is what S is to be multiplied by for such pairs, else 0. Unless it is `valued`, the loss
/// is one of V alone.
///
/// # Errors
/// With the number of the matrix where the limit does not exist, or is not determined by what is given.
pub fn groups<T: Number>(
    n: usize,
    valued: bool,
    values: &[T::Part],
    antihermitian: &[T],
    hermitian: &[T],
    gradient: &[T::Part],
    keep: &mut [T::Part],
    ratio: &mut [T::Part],
) -> Result<(), (usize, Undetermined)> {
    if n == 0 {
        return Ok(());
    }
    ratio.fill(zero());
    keep.fill(one());
    for index in 0..values.len() / n {
        let values = nth(values, index, n);
        let (keep, ratio) = (nth_mut(keep, index, n * n), nth_mut(ratio, index, n * n));
        let size = |value: T::Part| T::Part::abs_impl(&value);
        let most =
            values.iter().fold(zero::<T::Part>(), |most, &value| if size(value) > most { size(value) } else { most });
        let equal = resolution::<T>(n) * most;
        let (k, s) = (nth(antihermitian, index, n * n), nth(hermitian, index, n * n));
        let known = k.iter().chain(s).map(T::abs_impl).fold(zero::<T::Part>(), |a, b| if b > a { b } else { a });
        let phase = |at: usize| size(T::imag_part_impl(&k[at * n + at]));
        if (0..n).any(|at| phase(at) > negligible::<T>(n) * known) {
            return Err((index, Undetermined::Phase));
        }
        let mut start = 0;
        while start < n {
            let mut end = start + 1;
            while end < n && size(values[end] - values[end - 1]) <= equal {
                end += 1;
            }
            for row in start..end {
                for column in start..end {
                    keep[row * n + column] = zero();
                }
            }
            if end - start > 1 {
                let found =
                    limit::<T>(n, valued, start..end, k, s, nth(gradient, index, n)).map_err(|why| (index, why))?;
                for row in start..end {
                    for column in (start..end).filter(|&column| column != row) {
                        ratio[row * n + column] = found;
                    }
                }
            }
            start = end;
        }
    }
    Ok(())
}

/// The gradients of Hermitian matrices from those of their eigenvalues and eigenvectors, of which either may be empty: none.
///
/// # Errors
/// As [`groups`].
pub fn gradient<T: Number>(
    n: usize,
    values: &[T::Part],
    vectors: &[T],
    to_values: &[T::Part],
    to_vectors: &[T],
    result: &mut [T],
) -> Result<(), (usize, Undetermined)> {
    if n == 0 {
        return Ok(());
    }
    let new = || vec![zero::<T>(); n * n];
    let (mut whole, mut skew, mut known, mut inner) = (new(), new(), new(), new());
    let (mut keep, mut ratio) = (vec![zero::<T::Part>(); n * n], vec![zero::<T::Part>(); n * n]);
    let none = vec![zero::<T::Part>(); n];
    let half = T::Part::from_f64_impl(0.5);
    for index in 0..values.len() / n {
        let (values, vectors) = (nth(values, index, n), nth(vectors, index, n * n));
        let slope = if to_values.is_empty() { &none } else { nth(to_values, index, n) };
        inner.fill(zero());
        if !to_vectors.is_empty() {
            product(n, [true, false], vectors, nth(to_vectors, index, n * n), &mut whole);
            for row in 0..n {
                for column in 0..n {
                    let (own, other) = (whole[row * n + column], conj(whole[column * n + row]));
                    skew[row * n + column] = T::mul_real_impl(&(own - other), &half);
                    known[row * n + column] = T::mul_real_impl(&(own + other), &half);
                }
            }
            groups::<T>(n, !to_values.is_empty(), values, &skew, &known, slope, &mut keep, &mut ratio)
                .map_err(|(_, why)| (index, why))?;
            for row in 0..n {
                for column in 0..n {
                    let at = row * n + column;
                    // Where the difference counts as none, nothing is left of the quotient.
                    let quotient = if keep[at] == zero() {
                        zero()
                    } else {
                        skew[at].over(T::from_real_impl(&(values[column] - values[row])))
                    };
                    inner[at] = quotient + T::mul_real_impl(&known[at], &ratio[at]);
                }
            }
        }
        for (at, slope) in slope.iter().enumerate() {
            inner[at * n + at] = inner[at * n + at] + T::from_real_impl(slope);
        }
        product(n, [false, false], vectors, &inner, &mut whole);
        product(n, [false, true], &whole, vectors, nth_mut(result, index, n * n));
    }
    Ok(())
}

/// The gradients of square matrices from those of their singular values and of U and Vᴴ, of which any may be empty: none.
/// J. Townsend, "Differentiating the singular value decomposition" (2016), with the quotients by sⱼ² − sᵢ² taken apart
/// into those by sⱼ − sᵢ and by sⱼ + sᵢ: U (diag ∂s + (K + L) / (sⱼ − sᵢ) + (K − L) / (sⱼ + sᵢ)) Vᴴ, K and L the
/// antihermitian parts of Uᴴ ∂U and Vᴴ ∂V.
///
/// # Errors
/// As [`groups`]; no reason is given as [`divisible`].
pub fn singular_gradient<T: Number>(
    n: usize,
    [u, vh]: [&[T]; 2],
    values: &[T::Part],
    [to_u, to_vh]: [&[T]; 2],
    to_values: &[T::Part],
    result: &mut [T],
) -> Result<(), (usize, Option<Undetermined>)> {
    if n == 0 {
        return Ok(());
    }
    let new = || vec![zero::<T>(); n * n];
    let (mut left, mut right, mut sum, mut inner) = (new(), new(), new(), new());
    let (mut skew, mut known, mut other) = (new(), new(), new());
    let real = || vec![zero::<T::Part>(); n * n];
    let (mut keep, mut ratio, mut divisors) = (real(), real(), real());
    let none = vec![zero::<T::Part>(); n];
    let (half, quarter) = (T::Part::from_f64_impl(0.5), T::Part::from_f64_impl(0.25));
    for index in 0..values.len() / n {
        let values = nth(values, index, n);
        let slope = if to_values.is_empty() { &none } else { nth(to_values, index, n) };
        inner.fill(zero());
        if !to_u.is_empty() || !to_vh.is_empty() {
            if !to_u.is_empty() {
                product(n, [true, false], nth(u, index, n * n), nth(to_u, index, n * n), &mut left);
            }
            if !to_vh.is_empty() {
                product(n, [false, true], nth(vh, index, n * n), nth(to_vh, index, n * n), &mut right);
            }
            for row in 0..n {
                for column in 0..n {
                    let (at, across) = (row * n + column, column * n + row);
                    sum[at] = left[at] + right[at];
                    let (own, turned) = (sum[at], conj(left[across] + right[across]));
                    skew[at] = T::mul_real_impl(&(own - turned), &half);
                    known[at] = T::mul_real_impl(&(own + turned), &quarter);
                    let (own, turned) = (left[at] - right[at], conj(left[across] - right[across]));
                    other[at] = T::mul_real_impl(&(own - turned), &half);
                    divisors[at] = values[row] + values[column];
                }
            }
            groups::<T>(n, !to_values.is_empty(), values, &skew, &known, slope, &mut keep, &mut ratio)
                .map_err(|(_, why)| (index, Some(why)))?;
            for row in 0..n {
                for column in 0..n {
                    let at = row * n + column;
                    if keep[at] != zero() {
                        inner[at] = skew[at].over(T::from_real_impl(&(values[column] - values[row])));
                    }
                    inner[at] = inner[at] + T::mul_real_impl(&known[at], &ratio[at]);
                }
            }
            divisible::<T>([n * n, n, n * n], &other, &divisors, values, &sum, &mut keep).map_err(|_| (index, None))?;
            for at in (0..n * n).filter(|&at| keep[at] != zero()) {
                inner[at] = inner[at] + other[at].over(T::from_real_impl(&divisors[at]));
            }
        }
        for (at, slope) in slope.iter().enumerate() {
            inner[at * n + at] = inner[at * n + at] + T::from_real_impl(slope);
        }
        product(n, [false, false], nth(u, index, n * n), &inner, &mut sum);
        product(n, [false, false], &sum, nth(vh, index, n * n), nth_mut(result, index, n * n));
    }
    Ok(())
}

/// What S is multiplied by within one group.
fn limit<T: Number>(
    n: usize,
    valued: bool,
    group: std::ops::Range<usize>,
    k: &[T],
    s: &[T],
    gradient: &[T::Part],
) -> Result<T::Part, Undetermined> {
    let greater = |a: T::Part, b: T::Part| if b > a { b } else { a };
    let size = |value: T::Part| T::Part::abs_impl(&value);
    let most = k.iter().chain(s).map(T::abs_impl).fold(zero(), greater);
    let (small, nothing) = (negligible::<T>(n) * most, zero::<T::Part>());
    let pairs = || {
        group
            .clone()
            .flat_map(|row| group.clone().filter(move |&column| column != row).map(move |column| row * n + column))
    };
    if pairs().any(|at| T::abs_impl(&k[at]) > small) {
        return Err(Undetermined::Basis);
    }
    let gradient = &gradient[group.clone()];
    let steepest = gradient.iter().map(|&g| size(g)).fold(nothing, greater);
    let diagonal = || group.clone().map(|at| T::real_part_impl(&s[at * n + at]));
    let is_mixed = pairs().any(|at| T::abs_impl(&s[at]) > small);
    if steepest == nothing {
        // A loss of V h(Λ) Vᴴ may have no slope along the diagonal, and one beside it.
        let is_flat = !diagonal().any(|s| size(s) > small);
        return if valued && is_mixed && is_flat { Err(Undetermined::Values) } else { Ok(nothing) };
    }
    // What is diagonal in this basis is so, but where S says nothing at all.
    if diagonal().any(|s| size(s) > small) && !is_mixed {
        return Ok(nothing);
    }
    let tolerance = negligible::<T>(n) * steepest;
    // A sum of a function of the values and of one that is the same for every basis has such a gradient, too.
    let is_even = gradient.iter().all(|&g| size(g - gradient[0]) <= tolerance);
    let square = diagonal().fold(nothing, |sum, s| sum + s * s);
    if square > nothing {
        let ratio = gradient.iter().zip(diagonal()).fold(nothing, |sum, (&g, s)| sum + g * s).over(square);
        if gradient.iter().zip(diagonal()).all(|(&g, s)| size(g - ratio * s) <= tolerance) {
            return if is_even && is_mixed { Err(Undetermined::Values) } else { Ok(ratio) };
        }
    }
    if is_even {
        return Ok(nothing);
    }
    Err(Undetermined::Values)
}

/// Which of `numerators` are to be divided by their `divisors`: 1, or 0 where the divisor counts as zero, beside the greatest
/// of `scale`, and the numerator vanishes as it should, beside the greatest of `reference`. Each is of `size` elements a
/// matrix, `scale` of `n`, and `reference` of `known`.
///
/// # Errors
/// With the number of the matrix where a numerator does not vanish.
#[allow(clippy::too_many_arguments, reason = "operands and their sizes")]
pub fn divisible<T: Number>(
    [size, n, known]: [usize; 3],
    numerators: &[T],
    divisors: &[T::Part],
    scale: &[T::Part],
    reference: &[T],
    keep: &mut [T::Part],
) -> Result<(), usize> {
    keep.fill(one());
    if size == 0 || n == 0 {
        return Ok(());
    }
    let greatest =
        |values: &mut dyn Iterator<Item = T::Part>| values.fold(zero::<T::Part>(), |a, b| if b > a { b } else { a });
    for index in 0..scale.len() / n {
        let most = greatest(&mut nth(scale, index, n).iter().map(T::Part::abs_impl));
        let equal = resolution::<T>(n) * most;
        let small = negligible::<T>(n) * greatest(&mut nth(reference, index, known).iter().map(T::abs_impl));
        let pairs = nth(numerators, index, size).iter().zip(nth(divisors, index, size));
        for ((numerator, &divisor), keep) in pairs.zip(nth_mut(keep, index, size)) {
            if divisor <= equal {
                *keep = zero();
                if T::abs_impl(numerator) > small {
                    return Err(index);
                }
            }
        }
    }
    Ok(())
}
