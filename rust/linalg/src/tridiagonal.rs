//! Real symmetric matrices of a middle size: by reflections to three diagonals, and these by implicit shifts to one
//! (G. Golub and C. Van Loan, "Matrix Computations", 8.3).
//!
//! Rows are padded with zeros to whole groups of lanes, so that no loop has a tail. The three diagonals are turned in double
//! precision, whatever the matrix is of: what a rotation waits for is a root and a quotient, while the rows of vectors,
//! which it turns in passing, fill the time.

use crate::jacobi::{Real, scale};
use crate::wide;

/// The greatest size at which this is faster than blocks.
pub const MOST: usize = 96;

/// Rows are multiples of this.
const GROUP: usize = 32;

/// Steps per eigenvalue after which there is no more hope; two are the rule.
const STEPS: usize = 50;

/// What is needed in between, for matrices of one size.
pub struct Work<T> {
    /// The matrix, whose rows have `width` elements; then the vectors.
    a: Vec<T>,
    basis: Vec<T>,
    /// Vectors of reflections as rows, each with its factor.
    reflections: Vec<T>,
    factors: Vec<T>,
    /// A vector each: what the matrix makes of a reflection's.
    product: Vec<T>,
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    order: Vec<usize>,
}

impl<T: Real> Work<T> {
    pub fn new(n: usize) -> Self {
        let (new, width) = (|size| vec![T::ZERO; size], n.next_multiple_of(GROUP));
        let numbers = || vec![0.0; n + 1];
        Self {
            a: new(n * width),
            basis: new(n * width),
            reflections: new(n * width),
            factors: new(n),
            product: new(width),
            diagonal: numbers(),
            beside: numbers(),
            order: (0..n).collect(),
        }
    }
}

/// Eigenvalues in ascending order, and vectors as columns if there is room for them, of a symmetric matrix of which the lower
/// triangle is read, or the upper one. Whether there is a result: else an element is not finite, or there was no end.
pub fn eigen<T: Real>(n: usize, upper: bool, a: &[T], work: &mut Work<T>, values: &mut [T], vectors: &mut [T]) -> bool {
    let (width, wanted) = (n.next_multiple_of(GROUP), !vectors.is_empty());
    for row in 0..n {
        for column in 0..=row {
            let value = if upper { a[column * n + row] } else { a[row * n + column] };
            work.a[row * width + column] = value;
            work.a[column * width + row] = value;
        }
    }
    let Some(inverse) = wide(
        #[inline(always)]
        || balance(&mut work.a),
    ) else {
        return false;
    };
    wide(
        #[inline(always)]
        || reduce(n, width, work),
    );
    if wanted {
        wide(
            #[inline(always)]
            || collect(n, width, work),
        );
    }
    let rows = if wanted { width } else { 0 };
    if !wide(
        #[inline(always)]
        || iterate::<T>(n, rows, &mut work.diagonal, &mut work.beside, &mut work.a),
    ) {
        return false;
    }
    let diagonal = &work.diagonal;
    work.order.sort_unstable_by(|&one, &other| diagonal[one].total_cmp(&diagonal[other]));
    for (to, &at) in values.iter_mut().zip(&work.order) {
        *to = T::of(diagonal[at]) * inverse;
    }
    if wanted {
        for (to, &at) in work.basis.chunks_exact_mut(width).zip(&work.order) {
            to.copy_from_slice(&work.a[at * width..(at + 1) * width]);
        }
        // Rows to columns, those of some rows at a time, which the cache holds together.
        for first in (0..n).step_by(GROUP / 2) {
            let last = n.min(first + GROUP / 2);
            for column in 0..n {
                let line = &mut vectors[column * n + first..column * n + last];
                let own = work.basis[first * width + column..].iter().step_by(width);
                line.iter_mut().zip(own).for_each(|(to, from)| *to = *from);
            }
        }
    }
    true
}

/// Brings elements, whole groups of them, near 1 where their squares would over- or underflow; what values have to be multiplied
/// by then. None if there is an infinity or NaN.
#[inline(always)]
fn balance<T: Real>(elements: &mut [T]) -> Option<T> {
    let (mut most, mut bad) = ([T::ZERO; GROUP], [false; GROUP]);
    for chunk in elements.chunks_exact(GROUP) {
        for at in 0..GROUP {
            let size = chunk[at].size();
            most[at] = if size > most[at] { size } else { most[at] };
            bad[at] |= !size.is_number();
        }
    }
    if bad != [false; GROUP] {
        return None;
    }
    let most = most.iter().fold(0.0, |most: f64, size| most.max(size.wide()));
    let room = if size_of::<T>() == 4 { 1e9 } else { 1e70 };
    if most == 0.0 || (1.0 / room..=room).contains(&most) {
        return Some(T::ONE);
    }
    let [factor, inverse] = scale(std::iter::once(T::of(most)));
    elements.iter_mut().for_each(|element| *element = *element * factor);
    Some(inverse)
}

/// A reflection that leaves only the first of some elements: in place of them its vector, whose first element is 1; what
/// becomes of the first element, and the factor of v vᵀ.
#[inline(always)]
fn reflection<T: Real>(x: &mut [T]) -> [T; 2] {
    let scale = {
        let size = square(x).wide();
        // Squares that have lost digits, or all of them.
        let least = if size_of::<T>() == 4 { 1e-24 } else { 1e-250 };
        if size >= least {
            T::ONE
        } else {
            x.iter().fold(T::ZERO, |most, x| if x.size() > most { x.size() } else { most })
        }
    };
    if scale == T::ZERO {
        return [x[0], T::ZERO];
    }
    if scale != T::ONE {
        x.iter_mut().for_each(|x| *x = *x / scale);
    }
    let first = x[0];
    let rest = square(&x[1..]);
    if rest == T::ZERO {
        let value = first * scale;
        x[0] = T::ONE;
        return [value, T::ZERO];
    }
    let norm = (first * first + rest).root();
    let value = if first < T::ZERO { norm } else { -norm };
    let divisor = first - value;
    x.iter_mut().for_each(|x| *x = *x / divisor);
    x[0] = T::ONE;
    [value * scale, -(divisor / value)]
}

/// The square of the length, in several sums.
#[inline(always)]
fn square<T: Real>(x: &[T]) -> T {
    let mut sums = [T::ZERO; GROUP];
    let mut chunks = x.chunks_exact(GROUP);
    for chunk in chunks.by_ref() {
        (0..GROUP).for_each(|at| sums[at] = sums[at] + chunk[at] * chunk[at]);
    }
    for (sum, x) in sums.iter_mut().zip(chunks.remainder()) {
        *sum = *sum + *x * *x;
    }
    sums.iter().fold(T::ZERO, |all, sum| all + *sum)
}

/// Σ of `weights` times rows from `first` on, of which the columns from a group on are wanted.
#[inline(always)]
fn weighted<T: Real>(rows: &[T], width: usize, weights: &[T], first: usize, group: usize, to: &mut [T]) {
    for start in (group..width).step_by(GROUP) {
        // Rows in turn: two chains.
        let mut sums = [[T::ZERO; GROUP]; 2];
        let last = weights.len();
        let mut row = first;
        while row + 1 < last {
            for (half, sums) in sums.iter_mut().enumerate() {
                let line = &rows[(row + half) * width + start..][..GROUP];
                let weight = weights[row + half];
                (0..GROUP).for_each(|at| sums[at] = sums[at] + weight * line[at]);
            }
            row += 2;
        }
        if row < last {
            let (line, weight) = (&rows[row * width + start..][..GROUP], weights[row]);
            (0..GROUP).for_each(|at| sums[0][at] = sums[0][at] + weight * line[at]);
        }
        let to = &mut to[start..start + GROUP];
        (0..GROUP).for_each(|at| to[at] = sums[0][at] + sums[1][at]);
    }
}

/// To three diagonals, with the reflections that lead there.
#[inline(always)]
fn reduce<T: Real>(n: usize, width: usize, work: &mut Work<T>) {
    let Work { a, reflections, factors, product, diagonal, beside, .. } = work;
    for at in 0..n {
        diagonal[at] = a[at * width + at].wide();
        if at + 2 >= n {
            if at + 1 < n {
                beside[at] = a[at * width + at + 1].wide();
            }
            continue;
        }
        let next = at + 1;
        let v = &mut reflections[at * width..(at + 1) * width];
        v[..next].fill(T::ZERO);
        v[next..n].copy_from_slice(&a[at * width + next..at * width + n]);
        let [value, factor] = reflection(&mut v[next..n]);
        (beside[at], factors[at]) = (value.wide(), factor);
        if factor == T::ZERO {
            continue;
        }
        // A − v wᵀ − w vᵀ with w = τ (A v − ½ τ (vᵀ A v) v); the columns of the first group that are done stay as they are.
        let group = next / GROUP * GROUP;
        weighted(a, width, &v[..n], next, group, product);
        product[group..next].fill(T::ZERO);
        let mut sums = [T::ZERO; GROUP];
        for start in (group..width).step_by(GROUP) {
            let (p, v) = (&product[start..start + GROUP], &v[start..start + GROUP]);
            (0..GROUP).for_each(|at| sums[at] = sums[at] + p[at] * v[at]);
        }
        let along = sums.iter().fold(T::ZERO, |all, sum| all + *sum);
        let half = factor * along * T::of(0.5);
        for (p, v) in product[group..].iter_mut().zip(&v[group..]) {
            *p = factor * (*p - half * *v);
        }
        for row in next..n {
            let (left, right) = (v[row], product[row]);
            let line = &mut a[row * width..(row + 1) * width];
            for start in (group..width).step_by(GROUP) {
                let (v, p) = (&v[start..start + GROUP], &product[start..start + GROUP]);
                let line = &mut line[start..start + GROUP];
                (0..GROUP).for_each(|at| line[at] = line[at] - (left * p[at] + right * v[at]));
            }
        }
    }
}

/// The transpose of what the reflections make together, in place of the matrix.
#[inline(always)]
fn collect<T: Real>(n: usize, width: usize, work: &mut Work<T>) {
    let Work { a, basis, reflections, factors, product, .. } = work;
    basis.fill(T::ZERO);
    (0..n).for_each(|at| basis[at * width + at] = T::ONE);
    for at in (0..n.saturating_sub(2)).rev() {
        let factor = factors[at];
        if factor == T::ZERO {
            continue;
        }
        let next = at + 1;
        let group = next / GROUP * GROUP;
        let v = &reflections[at * width..(at + 1) * width];
        weighted(basis, width, &v[..n], next, group, product);
        product[group..].iter_mut().for_each(|p| *p = factor * *p);
        for row in next..n {
            let weight = v[row];
            let line = &mut basis[row * width..(row + 1) * width];
            for start in (group..width).step_by(GROUP) {
                let p = &product[start..start + GROUP];
                let line = &mut line[start..start + GROUP];
                (0..GROUP).for_each(|at| line[at] = line[at] - weight * p[at]);
            }
        }
    }
    a.fill(T::ZERO);
    for row in 0..n {
        for column in 0..n {
            a[column * width + row] = basis[row * width + column];
        }
    }
}

/// Implicit shifts, from the end on, until nothing is left beside the diagonal; `rows` of so many elements are turned with it.
/// Whether that was reached.
#[inline(always)]
fn iterate<T: Real>(n: usize, width: usize, diagonal: &mut [f64], beside: &mut [f64], rows: &mut [T]) -> bool {
    let epsilon = T::EPSILON.wide();
    if n == 0 {
        return true;
    }
    beside[n - 1] = 0.0;
    for first in 0..n {
        let mut steps = 0;
        loop {
            // The first element beside the diagonal that counts as none.
            let end = (first..n - 1)
                .find(|&at| {
                    let size = beside[at].abs();
                    size <= epsilon * (diagonal[at].abs() + diagonal[at + 1].abs()) || size < 1e-140
                })
                .unwrap_or(n - 1);
            if end == first {
                break;
            }
            if steps == STEPS {
                return false;
            }
            steps += 1;
            // The eigenvalue of the first two rows that is nearer to the first element.
            let ratio = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
            let root = ratio.hypot(1.0);
            let shift = beside[first] / (ratio + if ratio < 0.0 { -root } else { root });
            let mut g = diagonal[end] - diagonal[first] + shift;
            let (mut sine, mut cosine, mut taken) = (1.0, 1.0, 0.0);
            let mut whole = true;
            for at in (first..end).rev() {
                let (f, b) = (sine * beside[at], cosine * beside[at]);
                let square = f * f + g * g;
                let length = if square > 1e-280 { square.sqrt() } else { f.hypot(g) };
                beside[at + 1] = length;
                if length == 0.0 {
                    diagonal[at + 1] -= taken;
                    beside[end] = 0.0;
                    whole = false;
                    break;
                }
                let inverse = 1.0 / length;
                (sine, cosine) = (f * inverse, g * inverse);
                let other = diagonal[at + 1] - taken;
                let change = (diagonal[at] - other) * sine + 2.0 * cosine * b;
                taken = sine * change;
                diagonal[at + 1] = other + taken;
                g = cosine * change - b;
                if width > 0 {
                    let (one, two) = rows[at * width..(at + 2) * width].split_at_mut(width);
                    let (c, s) = (T::of(cosine), T::of(sine));
                    for (x, y) in one.chunks_exact_mut(GROUP).zip(two.chunks_exact_mut(GROUP)) {
                        for k in 0..GROUP {
                            let (a, b) = (x[k], y[k]);
                            y[k] = s * a + c * b;
                            x[k] = c * a - s * b;
                        }
                    }
                }
            }
            if whole {
                diagonal[first] -= taken;
                beside[first] = g;
                beside[end] = 0.0;
            }
        }
    }
    true
}
