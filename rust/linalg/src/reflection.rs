//! Householder's reflections I − τ v vᴴ in plain loops: complex matrices become real ones by them, and A = Q R in LAPACK's
//! format is made of them.

use faer::traits::ComplexField;

use crate::{Number, conj, one, zero};

/// A reflection: v, of which the first `start` elements are 0 and are left out, and τ.
pub struct Reflection<T: Number> {
    start: usize,
    vector: Vec<T>,
    factor: T::Part,
}

impl<T: Number> Reflection<T> {
    /// The one that makes of elements `start`, `start` + 1, … their first alone, and what that is then.
    pub fn new(start: usize, mut vector: Vec<T>) -> (Self, T) {
        let nothing = zero::<T::Part>();
        let Some(&first) = vector.first() else { return (Self { start, vector, factor: nothing }, zero()) };
        let largest = vector.iter().map(T::abs_impl).fold(nothing, |most, size| if size > most { size } else { most });
        if !(largest > nothing) {
            return (Self { start, vector, factor: nothing }, zero());
        }
        let unscaled = T::from_real_impl(&largest);
        vector.iter_mut().for_each(|value| *value = value.over(unscaled));
        let square = vector.iter().map(T::abs2_impl).fold(nothing, |sum, square| sum + square);
        let norm = T::Part::sqrt_impl(&square);
        let size = T::abs_impl(&vector[0]);
        let direction = if size > nothing { vector[0].unit(size) } else { one() };
        let target = T::mul_real_impl(&direction, &-norm);
        if vector.len() == 1 {
            // Nothing has to vanish.
            return (Self { start, vector, factor: nothing }, first);
        }
        vector[0] = vector[0] - target;
        // vᴴv = 2 ‖x‖ (‖x‖ + |x₀|)
        let factor = one::<T::Part>().over(norm * (norm + size));
        (Self { start, vector, factor }, T::mul_real_impl(&target, &largest))
    }

    /// H A in place of a row-major A, from column `first` on.
    pub fn apply_left(&self, a: &mut [T], columns: usize, first: usize) {
        if self.factor == zero::<T::Part>() {
            return;
        }
        let mut sums = vec![zero::<T>(); columns - first];
        for (at, value) in self.vector.iter().enumerate() {
            let line = &a[(self.start + at) * columns + first..(self.start + at + 1) * columns];
            let value = conj(*value);
            sums.iter_mut().zip(line).for_each(|(sum, element)| *sum = *sum + value * *element);
        }
        for (at, value) in self.vector.iter().enumerate() {
            let line = &mut a[(self.start + at) * columns + first..(self.start + at + 1) * columns];
            let value = T::mul_real_impl(value, &self.factor);
            line.iter_mut().zip(&sums).for_each(|(element, sum)| *element = *element - value * *sum);
        }
    }

    /// A H in place of a row-major A, from row `first` on.
    pub fn apply_right(&self, a: &mut [T], columns: usize, first: usize) {
        if self.factor == zero::<T::Part>() {
            return;
        }
        for line in a.chunks_exact_mut(columns).skip(first) {
            let line = &mut line[self.start..self.start + self.vector.len()];
            let sum = line.iter().zip(&self.vector).fold(zero::<T>(), |sum, (element, value)| sum + *element * *value);
            let sum = T::mul_real_impl(&sum, &self.factor);
            line.iter_mut().zip(&self.vector).for_each(|(element, value)| *element = *element - sum * conj(*value));
        }
    }
}

/// The direction of a number, 1 of 0.
pub fn direction<T: Number>(value: T) -> T {
    let size = T::abs_impl(&value);
    if size > zero::<T::Part>() { value.unit(size) } else { one() }
}

/// Row-major elements of a matrix.
pub fn identity<T: Number>(rows: usize, columns: usize) -> Vec<T> {
    let mut matrix = vec![zero::<T>(); rows * columns];
    (0..rows.min(columns)).for_each(|at| matrix[at * columns + at] = one());
    matrix
}

/// Column `column` of a row-major matrix, from row `first` on.
pub fn column<T: Number>(a: &[T], columns: usize, column: usize, first: usize) -> Vec<T> {
    a.chunks_exact(columns).skip(first).map(|line| line[column]).collect()
}

/// `a` (rows × inner) times a real `b` (inner × columns).
pub fn times_real<T: Number>(inner: usize, columns: usize, a: &[T], b: &[T::Part]) -> Vec<T> {
    let mut result = vec![zero::<T>(); a.len() / inner.max(1) * columns];
    for (to, line) in result.chunks_exact_mut(columns.max(1)).zip(a.chunks_exact(inner.max(1))) {
        for (factor, b) in line.iter().zip(b.chunks_exact(columns.max(1))) {
            to.iter_mut().zip(b).for_each(|(to, b)| *to = *to + T::mul_real_impl(factor, b));
        }
    }
    result
}

/// R on and above the diagonals of matrices of `rows` × `columns`, and below the vectors v, whose first elements are 1, of the
/// reflections I − τ v vᴴ whose product is Q, as LAPACK's geqrf gives them: R has a real diagonal.
pub fn factor<T: Number>([rows, columns]: [usize; 2], a: &mut [T], factors: &mut [T]) {
    let count = rows.min(columns);
    if count == 0 {
        return;
    }
    for (a, factors) in a.chunks_exact_mut(rows * columns).zip(factors.chunks_exact_mut(count)) {
        for (at, factor) in factors.iter_mut().enumerate() {
            *factor = eliminate([rows, columns], at, a);
        }
    }
}

/// One column of [`factor`], and what that does to those behind it.
fn eliminate<T: Number>([rows, columns]: [usize; 2], at: usize, a: &mut [T]) -> T {
    let nothing = zero::<T::Part>();
    let first = a[at * columns + at];
    let below = || (at + 1..rows).map(|row| row * columns + at);
    let largest =
        below().map(|place| T::abs_impl(&a[place])).fold(nothing, |most, size| if size > most { size } else { most });
    if !(largest > nothing) && T::imag_part_impl(&first) == nothing {
        return zero();
    }
    let own = T::abs_impl(&first);
    let largest = if own > largest { own } else { largest };
    let unscaled = T::from_real_impl(&largest);
    let squares = below().map(|place| T::abs2_impl(&a[place].over(unscaled)));
    let square = squares.fold(T::abs2_impl(&first.over(unscaled)), |sum, square| sum + square);
    let norm = T::Part::sqrt_impl(&square) * largest;
    let target = if T::real_part_impl(&first) < nothing { norm } else { -norm };
    let target = T::from_real_impl(&target);
    let factor = (target - first).over(target);
    let divisor = first - target;
    below().for_each(|place| a[place] = a[place].over(divisor));
    // (I − τ̄ v vᴴ) A
    let mut sums: Vec<T> = a[at * columns + at + 1..(at + 1) * columns].to_vec();
    for row in at + 1..rows {
        let line = &a[row * columns..(row + 1) * columns];
        let value = conj(line[at]);
        sums.iter_mut().zip(&line[at + 1..]).for_each(|(sum, element)| *sum = *sum + value * *element);
    }
    sums.iter_mut().for_each(|sum| *sum = conj(factor) * *sum);
    a[at * columns + at] = target;
    a[at * columns + at + 1..(at + 1) * columns].iter_mut().zip(&sums).for_each(|(to, sum)| *to = *to - *sum);
    for line in a.chunks_exact_mut(columns).skip(at + 1) {
        let value = line[at];
        line[at + 1..].iter_mut().zip(&sums).for_each(|(to, sum)| *to = *to - value * *sum);
    }
    factor
}
