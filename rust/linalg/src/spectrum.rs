//! What gradients of eigenvectors and of singular vectors do where values repeat.
//!
//! The gradient of a loss of λ and V is V (diag g + F∘K + …) Vᴴ, where K is the antihermitian part of M = Vᴴ ∂V and
//! F = 1/(λⱼ − λᵢ) (M. Giles, "An extended collection of matrix derivative results", 2008, 3.1). Within a group of equal
//! values any orthonormal basis would do. If the loss does not depend on which one it is, K vanishes there, and the quotient
//! is 0/0. What it tends to follows from the hermitian part S of M: where the loss is one of V h(Λ) Vᴴ, S is proportional
//! to it, and so is g to the diagonal of S, by the same number, since the gradient has g as its diagonal whatever the basis.

use faer::traits::{ComplexField, RealField};

use crate::{Number, greatest, nth, nth_mut, one, product, turn, wide, zero};

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
    let small = negligible::<T>(n);
    for index in 0..values.len() / n {
        let (values, gradient) = (nth(values, index, n), nth(gradient, index, n));
        let (k, s) = (nth(antihermitian, index, n * n), nth(hermitian, index, n * n));
        let (keep, ratio) = (nth_mut(keep, index, n * n), nth_mut(ratio, index, n * n));
        groups_of::<T>(n, valued, small, values, k, s, gradient, keep, ratio).map_err(|why| (index, why))?;
    }
    Ok(())
}

/// [`groups`] of one matrix, `small` being what counts as vanishing beside 1.
fn groups_of<T: Number>(
    n: usize,
    valued: bool,
    small: T::Part,
    values: &[T::Part],
    k: &[T],
    s: &[T],
    gradient: &[T::Part],
    keep: &mut [T::Part],
    ratio: &mut [T::Part],
) -> Result<(), Undetermined> {
    ratio.fill(zero());
    keep.fill(one());
    let size = |value: T::Part| T::Part::abs_impl(&value);
    let equal = resolution::<T>(n) * greatest(values);
    // Of real matrices these are zeros.
    if !T::IS_REAL {
        let known = [greatest(k), greatest(s)];
        let known = if known[1] > known[0] { known[1] } else { known[0] };
        if (0..n).any(|at| size(T::imag_part_impl(&k[at * n + at])) > small * known) {
            return Err(Undetermined::Phase);
        }
    }
    let mut start = 0;
    while start < n {
        let mut end = start + 1;
        while end < n && size(values[end] - values[end - 1]) <= equal {
            end += 1;
        }
        for row in start..end {
            keep[row * n + start..row * n + end].fill(zero());
        }
        if end - start > 1 {
            let found = limit::<T>(n, valued, small, start..end, k, s, gradient)?;
            for row in start..end {
                for column in (start..end).filter(|&column| column != row) {
                    ratio[row * n + column] = found;
                }
            }
        }
        start = end;
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
    let (mut whole, mut turned, mut skew, mut known, mut inner) = (new(), new(), new(), new(), new());
    let (mut keep, mut ratio) = (vec![zero::<T::Part>(); n * n], vec![zero::<T::Part>(); n * n]);
    let none = vec![zero::<T::Part>(); n];
    let (half, small) = (T::Part::from_f64_impl(0.5), negligible::<T>(n));
    for index in 0..values.len() / n {
        let (values, vectors) = (nth(values, index, n), nth(vectors, index, n * n));
        let slope = if to_values.is_empty() { &none } else { nth(to_values, index, n) };
        inner.fill(zero());
        if !to_vectors.is_empty() {
            product(n, [true, false], vectors, nth(to_vectors, index, n * n), &mut whole);
            wide(
                #[inline(always)]
                || {
                    turn([n, n], &whole, &mut turned);
                    parts(half, half, [&whole, &turned], &mut skew, &mut known);
                },
            );
            groups_of::<T>(n, !to_values.is_empty(), small, values, &skew, &known, slope, &mut keep, &mut ratio)
                .map_err(|why| (index, why))?;
            wide(
                #[inline(always)]
                || quotients(n, values, [&skew, &known], [&keep, &ratio], &mut inner),
            );
        }
        for (at, slope) in slope.iter().enumerate() {
            inner[at * n + at] = inner[at * n + at] + T::from_real_impl(slope);
        }
        product(n, [false, false], vectors, &inner, &mut whole);
        product(n, [false, true], &whole, vectors, nth_mut(result, index, n * n));
    }
    Ok(())
}

/// The antihermitian part of a matrix times 2 `half`, and the hermitian one times 2 `share`.
#[inline(always)]
fn parts<T: Number>(half: T::Part, share: T::Part, [a, turned]: [&[T]; 2], skew: &mut [T], known: &mut [T]) {
    for (((own, turned), skew), known) in a.iter().zip(turned).zip(skew).zip(known) {
        *skew = T::mul_real_impl(&(*own - *turned), &half);
        *known = T::mul_real_impl(&(*own + *turned), &share);
    }
}

/// K / (λⱼ − λᵢ) where it is kept, and the limit of it elsewhere.
#[inline(always)]
fn quotients<T: Number>(
    n: usize,
    values: &[T::Part],
    [k, s]: [&[T]; 2],
    [keep, ratio]: [&[T::Part]; 2],
    inner: &mut [T],
) {
    for (row, inner) in inner.chunks_exact_mut(n).enumerate() {
        let own = values[row];
        let (k, s) = (nth(k, row, n), nth(s, row, n));
        let (keep, ratio) = (nth(keep, row, n), nth(ratio, row, n));
        for column in 0..n {
            // Where the difference counts as none, nothing is left of the quotient.
            let quotient = k[column].over(T::from_real_impl(&(values[column] - own)));
            let quotient = if keep[column] == zero() { zero() } else { quotient };
            inner[column] = quotient + T::mul_real_impl(&s[column], &ratio[column]);
        }
    }
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
    let (mut turned, mut skew, mut known, mut other) = (new(), new(), new(), new());
    let real = || vec![zero::<T::Part>(); n * n];
    let (mut keep, mut ratio, mut divisors) = (real(), real(), real());
    let none = vec![zero::<T::Part>(); n];
    let (half, quarter) = (T::Part::from_f64_impl(0.5), T::Part::from_f64_impl(0.25));
    let small = negligible::<T>(n);
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
            wide(
                #[inline(always)]
                || {
                    let both = || left.iter().zip(&right);
                    other.iter_mut().zip(both()).for_each(|(to, (left, right))| *to = *left - *right);
                    turn([n, n], &other, &mut turned);
                    for (own, turned) in other.iter_mut().zip(&turned) {
                        *own = T::mul_real_impl(&(*own - *turned), &half);
                    }
                    sum.iter_mut().zip(both()).for_each(|(to, (left, right))| *to = *left + *right);
                    turn([n, n], &sum, &mut turned);
                    parts(half, quarter, [&sum, &turned], &mut skew, &mut known);
                    for (to, &own) in divisors.chunks_exact_mut(n).zip(values) {
                        to.iter_mut().zip(values).for_each(|(to, &value)| *to = own + value);
                    }
                },
            );
            groups_of::<T>(n, !to_values.is_empty(), small, values, &skew, &known, slope, &mut keep, &mut ratio)
                .map_err(|why| (index, Some(why)))?;
            wide(
                #[inline(always)]
                || quotients(n, values, [&skew, &known], [&keep, &ratio], &mut inner),
            );
            divisible::<T>([n * n, n, n * n], &other, &divisors, values, &sum, &mut keep).map_err(|_| (index, None))?;
            wide(
                #[inline(always)]
                || {
                    for (((to, value), divisor), keep) in inner.iter_mut().zip(&other).zip(&divisors).zip(&keep) {
                        let quotient = value.over(T::from_real_impl(divisor));
                        *to = if *keep == zero() { *to } else { *to + quotient };
                    }
                },
            );
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
    negligible: T::Part,
    group: std::ops::Range<usize>,
    k: &[T],
    s: &[T],
    gradient: &[T::Part],
) -> Result<T::Part, Undetermined> {
    let greater = |a: T::Part, b: T::Part| if b > a { b } else { a };
    let size = |value: T::Part| T::Part::abs_impl(&value);
    let most = k.iter().chain(s).map(T::abs_impl).fold(zero(), greater);
    let (small, nothing) = (negligible * most, zero::<T::Part>());
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
    let tolerance = negligible * steepest;
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
    for index in 0..scale.len() / n {
        let (divisors, keep) = (nth(divisors, index, size), nth_mut(keep, index, size));
        let equal = resolution::<T>(n)
            * wide(
                #[inline(always)]
                || greatest(nth(scale, index, n)),
            );
        let mut all = true;
        wide(
            #[inline(always)]
            || {
                for (keep, &divisor) in keep.iter_mut().zip(divisors) {
                    let is_zero = divisor <= equal;
                    *keep = if is_zero { zero() } else { one() };
                    all &= !is_zero;
                }
            },
        );
        if all {
            continue;
        }
        let small = negligible::<T>(n) * greatest(nth(reference, index, known));
        let mut pairs = nth(numerators, index, size).iter().zip(&*keep);
        if pairs.any(|(numerator, &keep)| keep == zero() && T::abs_impl(numerator) > small) {
            return Err(index);
        }
    }
    Ok(())
}
