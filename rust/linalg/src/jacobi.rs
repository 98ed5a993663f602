//! Small real matrices by rotations, many at a time: each lane of a register works on a matrix of its own.
//!
//! C. Jacobi's method turns the plane of each pair of axes in turn, until nothing is left beside the diagonal, or, of singular
//! values, until all columns are at right angles (G. Golub and C. Van Loan, "Matrix Computations", 8.5 and 8.6.3). A plane
//! that is finished is turned by exactly nothing, so that no matrix's result depends on those beside it.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

use faer::traits::pulp::{Arch, Simd, WithSimd};

/// The greatest size at which rotations are fewer than what blocks and shifts cost.
pub const MOST: usize = 8;

/// Rounds after which there is no more hope; five or six are the rule.
const ROUNDS: usize = 30;

/// Real numbers that a lane may hold.
pub trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance of 1 to the next number.
    const EPSILON: Self;
    /// The exponent of the greatest power of two that has a normal inverse.
    const MOST_EXPONENT: i32;

    /// The nearest one.
    fn of(value: f64) -> Self;
    /// As `f64`.
    fn wide(self) -> f64;
    /// The magnitude.
    fn size(self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_number(self) -> bool;
}

macro_rules! real {
    ($($type:ty: $exponent:literal),*) => {$(
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = Self::EPSILON;
            const MOST_EXPONENT: i32 = $exponent;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn size(self) -> Self {
                self.abs()
            }

            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn is_number(self) -> bool {
                self.is_finite()
            }
        }
    )*};
}
real!(f32: 120, f64: 1000);

/// Numbers of as many matrices.
pub type Lanes<T, const L: usize> = [T; L];

/// The tangent of the angle by which a plane is turned, so that twice `beside` vanishes between two numbers that differ by
/// `difference`, and its cosine: 0 and 1 unless it `turns`.
#[inline(always)]
fn angle<T: Real>(turns: bool, difference: T, beside: T) -> [T; 2] {
    let twice = beside + beside;
    let size = difference.size();
    let root = (difference * difference + twice * twice).root();
    let twice = if difference < T::ZERO { -twice } else { twice };
    let tangent = twice / (size + root);
    let tangent = if turns { tangent } else { T::ZERO };
    [tangent, T::ONE / (T::ONE + tangent * tangent).root()]
}

/// (x, y) turned in place, element by element.
#[inline(always)]
fn turn<T: Real, const L: usize>(
    x: &mut [Lanes<T, L>],
    y: &mut [Lanes<T, L>],
    cosine: &Lanes<T, L>,
    sine: &Lanes<T, L>,
) {
    for (x, y) in x.iter_mut().zip(y) {
        for l in 0..L {
            let (a, b) = (x[l], y[l]);
            x[l] = cosine[l] * a - sine[l] * b;
            y[l] = sine[l] * a + cosine[l] * b;
        }
    }
}

/// Rows `p` < `q` of dense rows of `size`.
#[inline(always)]
fn pair<T>(rows: &mut [T], size: usize, p: usize, q: usize) -> (&mut [T], &mut [T]) {
    let (above, below) = rows.split_at_mut(q * size);
    (&mut above[p * size..(p + 1) * size], &mut below[..size])
}

/// A group of symmetric matrices, whose eigenvalues come to the diagonal, and vectors as rows, if there is room for them.
struct Eigen<'a, T, const L: usize> {
    n: usize,
    a: &'a mut [Lanes<T, L>],
    vectors: &'a mut [Lanes<T, L>],
}

impl<T: Real, const L: usize> WithSimd for Eigen<'_, T, L> {
    /// Which matrices are not finished.
    type Output = [bool; L];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [bool; L] {
        let Self { n, a, vectors } = self;
        let mut square = [T::ZERO; L];
        for element in a.iter() {
            for l in 0..L {
                square[l] = square[l] + element[l] * element[l];
            }
        }
        let unit = T::EPSILON / T::of(n as f64);
        let small: [T; L] = from_fn(|l| square[l].root() * unit);
        let mut open = [true; L];
        for _ in 0..ROUNDS {
            open = [false; L];
            for p in 0..n {
                for q in p + 1..n {
                    let (beside, first, second) = (a[p * n + q], a[p * n + p], a[q * n + q]);
                    let turns: [bool; L] = from_fn(|l| beside[l].size() > small[l]);
                    if turns == [false; L] {
                        continue;
                    }
                    let (mut tangent, mut cosine, mut sine) = ([T::ZERO; L], [T::ONE; L], [T::ZERO; L]);
                    for l in 0..L {
                        open[l] |= turns[l];
                        [tangent[l], cosine[l]] = angle(turns[l], second[l] - first[l], beside[l]);
                        sine[l] = tangent[l] * cosine[l];
                    }
                    let (x, y) = pair(a, n, p, q);
                    turn(x, y, &cosine, &sine);
                    for l in 0..L {
                        let change = tangent[l] * beside[l];
                        x[p][l] = first[l] - change;
                        y[q][l] = second[l] + change;
                        x[q][l] = if turns[l] { T::ZERO } else { beside[l] };
                    }
                    y[p] = x[q];
                    for other in (0..n).filter(|&other| other != p && other != q) {
                        a[other * n + p] = a[p * n + other];
                        a[other * n + q] = a[q * n + other];
                    }
                    if !vectors.is_empty() {
                        let (x, y) = pair(vectors, n, p, q);
                        turn(x, y, &cosine, &sine);
                    }
                }
            }
            if open == [false; L] {
                break;
            }
        }
        open
    }
}

/// A group of matrices by columns of `rows`, which come to stand at right angles, and what makes them do so, as rows, if there
/// is room for it.
struct Singular<'a, T, const L: usize> {
    rows: usize,
    columns: usize,
    a: &'a mut [Lanes<T, L>],
    right: &'a mut [Lanes<T, L>],
}

impl<T: Real, const L: usize> WithSimd for Singular<'_, T, L> {
    /// Which matrices are not finished.
    type Output = [bool; L];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [bool; L] {
        let Self { rows, columns, a, right } = self;
        // The rounding of a product of columns.
        let small = T::EPSILON * T::of(rows.max(4) as f64 / 2.0);
        let mut open = [true; L];
        let mut squares = [[T::ZERO; L]; MOST];
        for _ in 0..ROUNDS {
            open = [false; L];
            for (square, column) in squares.iter_mut().zip(a.chunks_exact(rows)) {
                *square = [T::ZERO; L];
                for element in column {
                    for l in 0..L {
                        square[l] = square[l] + element[l] * element[l];
                    }
                }
            }
            for p in 0..columns {
                for q in p + 1..columns {
                    let (x, y) = pair(a, rows, p, q);
                    let mut between = [T::ZERO; L];
                    for (x, y) in x.iter().zip(y.iter()) {
                        for l in 0..L {
                            between[l] = between[l] + x[l] * y[l];
                        }
                    }
                    let (first, second) = (squares[p], squares[q]);
                    let turns: [bool; L] = from_fn(|l| between[l].size() > small * (first[l] * second[l]).root());
                    if turns == [false; L] {
                        continue;
                    }
                    let (mut cosine, mut sine) = ([T::ONE; L], [T::ZERO; L]);
                    for l in 0..L {
                        open[l] |= turns[l];
                        let [tangent, own] = angle(turns[l], second[l] - first[l], between[l]);
                        (cosine[l], sine[l]) = (own, tangent * own);
                        let change = tangent * between[l];
                        squares[p][l] = first[l] - change;
                        squares[q][l] = second[l] + change;
                    }
                    turn(x, y, &cosine, &sine);
                    if !right.is_empty() {
                        let (x, y) = pair(right, columns, p, q);
                        turn(x, y, &cosine, &sine);
                    }
                }
            }
            if open == [false; L] {
                break;
            }
        }
        open
    }
}

/// `kept` rows of the identity in every lane.
fn identity<T: Real, const L: usize>(n: usize, kept: usize, to: &mut Vec<Lanes<T, L>>) {
    to.clear();
    to.resize(n * kept, [T::ZERO; L]);
    (0..kept).for_each(|at| to[at * n + at] = [T::ONE; L]);
}

/// The power of two that brings the greatest of some finite numbers to between 1 and 2, and its inverse; ones for zeros.
fn scale<T: Real>(elements: impl Iterator<Item = T>) -> [T; 2] {
    let most = elements.fold(0.0, |most: f64, value| most.max(value.wide().abs()));
    if most == 0.0 {
        return [T::ONE; 2];
    }
    let exponent = (most.log2().floor() as i32).clamp(-T::MOST_EXPONENT, T::MOST_EXPONENT);
    [-exponent, exponent].map(|exponent| T::of(2f64.powi(exponent)))
}

/// The order in which numbers ascend, or descend.
fn order<T: Real>(values: &[T], descending: bool) -> [usize; MOST] {
    let mut order = from_fn(|at| at);
    for end in 1..values.len() {
        let mut at = end;
        while at > 0 && {
            let (before, own) = (values[order[at - 1]], values[order[at]]);
            if descending { before < own } else { own < before }
        } {
            order.swap(at - 1, at);
            at -= 1;
        }
    }
    order
}

/// Groups of matrices of which the first `whole` have all lanes filled; the others go one by one, if they are few.
pub fn groups<const L: usize>(count: usize) -> usize {
    let rest = count % L;
    if rest * 4 >= L { count } else { count - rest }
}

/// Eigenvalues of symmetric matrices in ascending order, and the vectors as columns if there is room for them; the lower
/// triangles are read, or the upper ones. `info` is 0 where there is a result; else nothing was written.
pub fn eigen<T: Real>(n: usize, upper: bool, a: &[T], values: &mut [T], vectors: &mut [T], info: &mut [i32]) {
    if size_of::<T>() == 4 {
        all_eigen::<T, 16>(n, upper, a, values, vectors, info);
    } else {
        all_eigen::<T, 8>(n, upper, a, values, vectors, info);
    }
}

fn all_eigen<T: Real, const L: usize>(
    n: usize,
    upper: bool,
    a: &[T],
    values: &mut [T],
    vectors: &mut [T],
    info: &mut [i32],
) {
    let whole = groups::<L>(info.len());
    let size = if vectors.is_empty() { 0 } else { n * n };
    let (given, left) = a.split_at(whole * n * n);
    let (first, second) = info.split_at_mut(whole);
    let (first_values, second_values) = values.split_at_mut(whole * n);
    let (first_vectors, second_vectors) = vectors.split_at_mut(whole * size);
    some_eigen::<T, L>(n, upper, given, first_values, first_vectors, first);
    some_eigen::<T, 1>(n, upper, left, second_values, second_vectors, second);
}

fn some_eigen<T: Real, const L: usize>(
    n: usize,
    upper: bool,
    a: &[T],
    values: &mut [T],
    vectors: &mut [T],
    info: &mut [i32],
) {
    let wanted = !vectors.is_empty();
    let (mut matrices, mut bases) = (vec![[T::ZERO; L]; n * n], Vec::new());
    for (group, info) in info.chunks_mut(L).enumerate() {
        let first = group * L;
        let mut inverses = [T::ONE; L];
        matrices.fill([T::ZERO; L]);
        for (l, info) in info.iter_mut().enumerate() {
            let a = &a[(first + l) * n * n..(first + l + 1) * n * n];
            let below = || (0..n).flat_map(|row| (0..=row).map(move |column| (row, column)));
            let read = |(row, column): (usize, usize)| if upper { a[column * n + row] } else { a[row * n + column] };
            *info = i32::from(!below().all(|place| read(place).is_number()));
            if *info != 0 {
                continue;
            }
            let [factor, inverse] = scale(below().map(read));
            inverses[l] = inverse;
            for (row, column) in below() {
                let value = read((row, column)) * factor;
                matrices[row * n + column][l] = value;
                matrices[column * n + row][l] = value;
            }
        }
        identity(n, if wanted { n } else { 0 }, &mut bases);
        let open = Arch::new().dispatch(Eigen::<T, L> { n, a: &mut matrices, vectors: &mut bases });
        for (l, info) in info.iter_mut().enumerate() {
            *info |= i32::from(open[l]);
            if *info != 0 {
                continue;
            }
            let mut found = [T::ZERO; MOST];
            (0..n).for_each(|at| found[at] = matrices[at * n + at][l]);
            let order = order(&found[..n], false);
            let values = &mut values[(first + l) * n..(first + l + 1) * n];
            values.iter_mut().zip(order).for_each(|(to, at)| *to = found[at] * inverses[l]);
            if wanted {
                let vectors = &mut vectors[(first + l) * n * n..(first + l + 1) * n * n];
                for (row, line) in vectors.chunks_exact_mut(n).enumerate() {
                    line.iter_mut().zip(order).for_each(|(to, at)| *to = bases[at * n + row][l]);
                }
            }
        }
    }
}

/// Singular values in descending order, and as many left vectors as columns of `u` and right ones as rows of `vh`, if there is
/// room for them. `info` as in [`eigen`].
pub fn singular<T: Real>(size: [usize; 2], a: &[T], u: &mut [T], values: &mut [T], vh: &mut [T], info: &mut [i32]) {
    if size_of::<T>() == 4 {
        all_singular::<T, 16>(size, a, u, values, vh, info);
    } else {
        all_singular::<T, 8>(size, a, u, values, vh, info);
    }
}

fn all_singular<T: Real, const L: usize>(
    [rows, columns]: [usize; 2],
    a: &[T],
    u: &mut [T],
    values: &mut [T],
    vh: &mut [T],
    info: &mut [i32],
) {
    let (whole, least) = (groups::<L>(info.len()), rows.min(columns));
    let (left, right) = if u.is_empty() { (0, 0) } else { (rows * least, least * columns) };
    let (given, others) = a.split_at(whole * rows * columns);
    let (first, second) = info.split_at_mut(whole);
    let (first_values, second_values) = values.split_at_mut(whole * least);
    let (first_u, second_u) = u.split_at_mut(whole * left);
    let (first_vh, second_vh) = vh.split_at_mut(whole * right);
    some_singular::<T, L>([rows, columns], given, first_u, first_values, first_vh, first);
    some_singular::<T, 1>([rows, columns], others, second_u, second_values, second_vh, second);
}

fn some_singular<T: Real, const L: usize>(
    [rows, columns]: [usize; 2],
    a: &[T],
    u: &mut [T],
    values: &mut [T],
    vh: &mut [T],
    info: &mut [i32],
) {
    let (size, wanted) = (rows * columns, !u.is_empty());
    // Of a wide matrix the rows are made to stand at right angles.
    let wide = rows < columns;
    let (long, short) = (rows.max(columns), rows.min(columns));
    let (mut lines, mut others) = (vec![[T::ZERO; L]; size], Vec::new());
    for (group, info) in info.chunks_mut(L).enumerate() {
        let first = group * L;
        let mut inverses = [T::ONE; L];
        lines.fill([T::ZERO; L]);
        for (l, info) in info.iter_mut().enumerate() {
            let a = &a[(first + l) * size..(first + l + 1) * size];
            *info = i32::from(!a.iter().all(|value| value.is_number()));
            if *info != 0 {
                continue;
            }
            let [factor, inverse] = scale(a.iter().copied());
            inverses[l] = inverse;
            for (at, value) in a.iter().enumerate() {
                let place = if wide { at } else { at % columns * rows + at / columns };
                lines[place][l] = *value * factor;
            }
        }
        identity(short, if wanted { short } else { 0 }, &mut others);
        let turned = Singular::<T, L> { rows: long, columns: short, a: &mut lines, right: &mut others };
        let open = Arch::new().dispatch(turned);
        for (l, info) in info.iter_mut().enumerate() {
            *info |= i32::from(open[l]);
            if *info != 0 {
                continue;
            }
            let mut found = [T::ZERO; MOST];
            let mut line = [T::ZERO; MOST];
            for (to, column) in found.iter_mut().zip(lines.chunks_exact(long)) {
                line.iter_mut().zip(column).for_each(|(to, from)| *to = from[l]);
                *to = length(&line[..long]);
            }
            let order = order(&found[..short], true);
            let values = &mut values[(first + l) * short..(first + l + 1) * short];
            values.iter_mut().zip(order).for_each(|(to, at)| *to = found[at] * inverses[l]);
            if !wanted {
                continue;
            }
            let mut long_ones = [[T::ZERO; MOST]; MOST];
            for (at, to) in long_ones[..short].iter_mut().enumerate() {
                let (column, size) = (&lines[order[at] * long..(order[at] + 1) * long], found[order[at]]);
                if size > T::ZERO {
                    to.iter_mut().zip(column).for_each(|(to, from)| *to = from[l] / size);
                }
            }
            complete(long, &mut long_ones[..short]);
            let u = &mut u[(first + l) * rows * short..(first + l + 1) * rows * short];
            let vh = &mut vh[(first + l) * short * columns..(first + l + 1) * short * columns];
            for at in 0..short {
                let other = &others[order[at] * short..(order[at] + 1) * short];
                if wide {
                    (0..rows).for_each(|row| u[row * short + at] = other[row][l]);
                    vh[at * columns..(at + 1) * columns].copy_from_slice(&long_ones[at][..columns]);
                } else {
                    (0..rows).for_each(|row| u[row * short + at] = long_ones[at][row]);
                    vh[at * columns..(at + 1) * columns].iter_mut().zip(other).for_each(|(to, from)| *to = from[l]);
                }
            }
        }
    }
}

/// The length of a vector, whose squares may have no room.
fn length<T: Real>(vector: &[T]) -> T {
    let [factor, inverse] = scale(vector.iter().copied());
    let square = vector.iter().fold(T::ZERO, |sum, value| sum + (*value * factor) * (*value * factor));
    square.root() * inverse
}

/// Vectors of `size` in place of those that are zeros, which come last, at right angles to all before.
fn complete<T: Real>(size: usize, vectors: &mut [[T; MOST]]) {
    for at in 0..vectors.len() {
        let (known, rest) = vectors.split_at_mut(at);
        let own = &mut rest[0];
        if own.iter().any(|value| *value != T::ZERO) {
            continue;
        }
        // The axis that is farthest from what is known.
        let share = |axis: usize| known.iter().fold(T::ZERO, |sum, other| sum + other[axis] * other[axis]);
        let axis = (1..size).fold(0, |best, axis| if share(axis) < share(best) { axis } else { best });
        own[axis] = T::ONE;
        // Twice, for what rounding leaves.
        for _ in 0..2 {
            for other in known.iter() {
                let along = own.iter().zip(other).fold(T::ZERO, |sum, (x, y)| sum + *x * *y);
                own.iter_mut().zip(other).for_each(|(x, y)| *x = *x - along * *y);
            }
            let norm = length(&own[..size]);
            own.iter_mut().for_each(|x| *x = *x / norm);
        }
    }
}
