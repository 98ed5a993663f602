//! Decompositions of dense matrices in plain slices.
//!
//! Every function works on a batch of matrices of one size, which lie row-major one behind the other; the number of matrices
//! is that of the smallest output. Nothing in here knows a tensor. `faer` is instantiated in this crate and nowhere else, on
//! one thread always, so that results have the same bits whatever the machine; small matrices, where its blocking does not
//! pay, are left to plain loops.
#![allow(clippy::assign_op_pattern, reason = "numbers of a `Number` have no assigning operators of their own")]
#![allow(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is to fail what it is compared for")]
#![allow(clippy::excessive_precision, reason = "coefficients are those of double precision")]
#![allow(clippy::too_many_arguments, reason = "results are written where the caller wants them")]

pub mod cholesky;
pub mod eigen;
pub mod exponential;
pub mod general;
mod jacobi;
mod lanes;
pub mod ldl;
pub mod lu;
pub mod qr;
pub mod reflection;
pub mod spectrum;
pub mod svd;
pub mod triangular;

use faer::dyn_stack::{MemBuffer, StackReq};
use faer::linalg::matmul::matmul;
use faer::prelude::ReborrowMut;
use faer::traits::pulp::Arch;
use faer::traits::{ComplexField, RealField};
use faer::{Accum, Mat, MatMut, MatRef, Par};

pub use faer::{c32, c64};

/// The numbers that matrices are made of: `f32` and `f64`, and complex ones of them.
pub trait Number: ComplexField<Real = Self::Part> + Copy + Send + Sync + 'static {
    /// Whether `faer` is asked for large matrices. Complex ones are left to plain loops, and to what they can be made real by:
    /// its decompositions of them would be as large as all others together.
    const BLOCKED: bool;

    /// Absolute values and eigenvalues of Hermitian matrices.
    type Part: RealField + Number<Part = Self::Part> + jacobi::Real;

    /// Real numbers as themselves; there are none of complex ones.
    fn reals(elements: &[Self]) -> Option<&[Self::Part]>;

    /// [`Self::reals`] to be written.
    fn reals_mut(elements: &mut [Self]) -> Option<&mut [Self::Part]>;

    /// `self / divisor`, which may be so small that it has no reciprocal.
    fn over(self, divisor: Self) -> Self;

    /// `self / |self|`, for what is not 0.
    fn unit(self, magnitude: Self::Part) -> Self;

    /// Natural logarithm.
    fn ln(part: Self::Part) -> Self::Part;

    /// The nearest `f64`.
    fn to_f64(part: Self::Part) -> f64;

    /// The exponential function.
    fn exp(part: Self::Part) -> Self::Part;
}

macro_rules! real {
    ($($type:ty),*) => {$(
        impl Number for $type {
            type Part = Self;

            const BLOCKED: bool = true;

            fn reals(elements: &[Self]) -> Option<&[Self]> {
                Some(elements)
            }

            fn reals_mut(elements: &mut [Self]) -> Option<&mut [Self]> {
                Some(elements)
            }

            #[inline(always)]
            fn over(self, divisor: Self) -> Self {
                self / divisor
            }

            #[inline(always)]
            fn unit(self, _magnitude: Self) -> Self {
                if self.is_nan() { self } else { self.signum() }
            }

            #[inline(always)]
            fn ln(part: Self) -> Self {
                part.ln()
            }

            #[inline(always)]
            fn to_f64(part: Self) -> f64 {
                f64::from(part)
            }

            #[inline(always)]
            fn exp(part: Self) -> Self {
                part.exp()
            }
        }
    )*};
}
real!(f32, f64);

macro_rules! complex {
    ($($type:ty: $part:ty),*) => {$(
        impl Number for $type {
            type Part = $part;

            const BLOCKED: bool = false;

            fn reals(_elements: &[Self]) -> Option<&[$part]> {
                None
            }

            fn reals_mut(_elements: &mut [Self]) -> Option<&mut [$part]> {
                None
            }

            #[inline(always)]
            fn over(self, divisor: Self) -> Self {
                let scale = divisor.re.abs().max(divisor.im.abs());
                let (re, im) = (divisor.re / scale, divisor.im / scale);
                let square = re * re + im * im;
                Self::new(
                    (self.re * re + self.im * im) / square / scale,
                    (self.im * re - self.re * im) / square / scale,
                )
            }

            #[inline(always)]
            fn unit(self, magnitude: $part) -> Self {
                Self::new(self.re / magnitude, self.im / magnitude)
            }

            #[inline(always)]
            fn ln(part: $part) -> $part {
                part.ln()
            }

            #[inline(always)]
            fn to_f64(part: $part) -> f64 {
                f64::from(part)
            }

            #[inline(always)]
            fn exp(part: $part) -> $part {
                part.exp()
            }
        }
    )*};
}
complex!(c32: f32, c64: f64);

/// 0.
#[inline(always)]
fn zero<T: Number>() -> T {
    T::zero_impl()
}

/// 1.
#[inline(always)]
fn one<T: Number>() -> T {
    T::one_impl()
}

/// The magnitude that pivots are chosen by: |re| + |im|.
#[inline(always)]
fn magnitude<T: Number>(value: T) -> T::Part {
    T::abs1_impl(&value)
}

#[inline(always)]
fn conj<T: Number>(value: T) -> T {
    T::conj_impl(&value)
}

/// Elements of `size` each: number `index`.
#[inline(always)]
fn nth<T>(all: &[T], index: usize, size: usize) -> &[T] {
    &all[index * size..(index + 1) * size]
}

/// [`nth`] to be written.
#[inline(always)]
fn nth_mut<T>(all: &mut [T], index: usize, size: usize) -> &mut [T] {
    &mut all[index * size..(index + 1) * size]
}

/// Row-major elements as a matrix.
#[inline(always)]
fn matrix<T>(elements: &[T], rows: usize, columns: usize) -> MatRef<'_, T> {
    MatRef::from_row_major_slice(elements, rows, columns)
}

/// [`matrix`] to be written.
#[inline(always)]
fn matrix_mut<T>(elements: &mut [T], rows: usize, columns: usize) -> MatMut<'_, T> {
    MatMut::from_row_major_slice_mut(elements, rows, columns)
}

/// Copies a row-major matrix into one whose columns are dense, as `faer` likes them.
fn load<T: Number>(from: &[T], mut to: MatMut<'_, T>) {
    let columns = to.ncols();
    for column in 0..columns {
        for (row, to) in to.rb_mut().col_mut(column).iter_mut().enumerate() {
            *to = from[row * columns + column];
        }
    }
}

/// Copies a matrix into row-major elements.
fn store<T: Number>(from: MatRef<'_, T>, to: &mut [T]) {
    let columns = from.ncols();
    for column in 0..columns {
        for (row, from) in from.col(column).iter().enumerate() {
            to[row * columns + column] = *from;
        }
    }
}

/// Copies the conjugate transpose of a matrix into row-major elements.
fn store_adjoint<T: Number>(from: MatRef<'_, T>, to: &mut [T]) {
    let rows = from.nrows();
    for column in 0..from.ncols() {
        for (row, from) in from.col(column).iter().enumerate() {
            to[column * rows + row] = conj(*from);
        }
    }
}

/// Working memory for a library's call.
fn buffer(request: StackReq) -> MemBuffer {
    MemBuffer::new(request)
}

/// A power of two that brings elements near 1 where their squares or products would over- or underflow, and its inverse.
fn balance<T: Number>(elements: &[T]) -> Option<[T::Part; 2]> {
    let most = elements.iter().fold(0.0, |most: f64, value| most.max(T::to_f64(T::abs1_impl(value))));
    let least = T::to_f64(T::Part::sqrt_min_positive_impl()).sqrt();
    if most == 0.0 || !most.is_finite() || (most >= least && most <= least.recip()) {
        return None;
    }
    // The inverse of the least positive number is none.
    let limit = if T::to_f64(T::Part::max_positive_impl()) > 1e300 { 1000 } else { 120 };
    let exponent = (most.log2().floor() as i32).clamp(-limit, limit);
    Some([-exponent, exponent].map(|exponent| T::Part::from_f64_impl(2f64.powi(exponent))))
}

/// Whether nothing is infinite or NaN.
fn all_finite<T: Number>(elements: &[T]) -> bool {
    elements.iter().all(T::is_finite_impl)
}

/// Runs loops with the widest registers of the machine, if they and what they call are always inlined, as their closure has to
/// say: a function of its own has the registers that every machine has.
#[inline(always)]
fn wide<R>(run: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(run)
}

/// The conjugate transpose of dense row-major elements.
#[inline(always)]
fn turn<T: Number>([rows, columns]: [usize; 2], from: &[T], to: &mut [T]) {
    /// Rows whose lines are in the cache together.
    const BLOCK: usize = 16;
    for first in (0..rows).step_by(BLOCK) {
        let last = rows.min(first + BLOCK);
        let block = &from[first * columns..last * columns];
        for column in 0..columns {
            let line = &mut to[column * rows + first..column * rows + last];
            for (to, from) in line.iter_mut().zip(block[column..].iter().step_by(columns)) {
                *to = conj(*from);
            }
        }
    }
}

/// The greatest magnitude, NaN passed over: in several chains, each of which waits for itself alone.
#[inline(always)]
fn greatest<T: Number>(all: &[T]) -> T::Part {
    const CHAINS: usize = 16;
    let greater = |a: T::Part, b: T::Part| if b > a { b } else { a };
    let mut most = [zero::<T::Part>(); CHAINS];
    let mut chunks = all.chunks_exact(CHAINS);
    for chunk in chunks.by_ref() {
        for (most, value) in most.iter_mut().zip(chunk) {
            *most = greater(*most, T::abs_impl(value));
        }
    }
    let rest = chunks.remainder().iter().map(T::abs_impl);
    most.into_iter().chain(rest).fold(zero(), greater)
}

/// Sizes up to which plain loops multiply faster than blocks.
const SMALL_PRODUCT: usize = 16;

/// A B of dense row-major matrices of size n; with `adjoint` the conjugate transpose of A stands for A, and with
/// `other_adjoint` that of B for B.
fn product<T: Number>(n: usize, [adjoint, other_adjoint]: [bool; 2], a: &[T], b: &[T], to: &mut [T]) {
    if n <= SMALL_PRODUCT {
        return wide(
            #[inline(always)]
            || small_product(n, [adjoint, other_adjoint], a, b, to),
        );
    }
    if T::BLOCKED {
        let (a, b) = (matrix(a, n, n), matrix(b, n, n));
        // Nothing to conjugate: what is multiplied in blocks is real.
        let a = if adjoint { a.transpose() } else { a };
        let b = if other_adjoint { b.transpose() } else { b };
        return matmul(matrix_mut(to, n, n), Accum::Replace, a, b, one::<T>(), Par::Seq);
    }
    wide(
        #[inline(always)]
        || plain_product(n, [adjoint, other_adjoint], a, b, to),
    );
}

/// [`product`] with the sums of some columns in registers.
#[inline(always)]
fn small_product<T: Number>(n: usize, [adjoint, other_adjoint]: [bool; 2], a: &[T], b: &[T], to: &mut [T]) {
    const TOGETHER: usize = 8;
    let mut turned = [zero::<T>(); SMALL_PRODUCT * SMALL_PRODUCT];
    let b = if other_adjoint {
        turn([n, n], b, &mut turned[..n * n]);
        &turned[..n * n]
    } else {
        &b[..n * n]
    };
    let [next_row, next_column] = if adjoint { [1, n] } else { [n, 1] };
    for row in 0..n {
        let factor = |k: usize| {
            let factor = a[row * next_row + k * next_column];
            if adjoint { conj(factor) } else { factor }
        };
        let mut chunks = to[row * n..(row + 1) * n].chunks_exact_mut(TOGETHER);
        for (chunk, to) in chunks.by_ref().enumerate() {
            let mut sums = [zero::<T>(); TOGETHER];
            for k in 0..n {
                let factor = factor(k);
                let line = &b[k * n + chunk * TOGETHER..][..TOGETHER];
                sums.iter_mut().zip(line).for_each(|(sum, value)| *sum = *sum + factor * *value);
            }
            to.copy_from_slice(&sums);
        }
        let first = n - n % TOGETHER;
        for (at, to) in chunks.into_remainder().iter_mut().enumerate() {
            *to = (0..n).fold(zero(), |sum, k| sum + factor(k) * b[k * n + first + at]);
        }
    }
}

/// [`product`] row after row.
#[inline(always)]
fn plain_product<T: Number>(n: usize, [adjoint, other_adjoint]: [bool; 2], a: &[T], b: &[T], to: &mut [T]) {
    for (row, to) in to.chunks_exact_mut(n).enumerate() {
        if other_adjoint {
            for (to, line) in to.iter_mut().zip(b.chunks_exact(n)) {
                *to = (0..n).fold(zero(), |sum, k| {
                    let factor = if adjoint { conj(a[k * n + row]) } else { a[row * n + k] };
                    sum + factor * conj(line[k])
                });
            }
            continue;
        }
        to.fill(zero());
        for (k, line) in b.chunks_exact(n).enumerate() {
            let factor = if adjoint { conj(a[k * n + row]) } else { a[row * n + k] };
            to.iter_mut().zip(line).for_each(|(to, from)| *to = *to + factor * *from);
        }
    }
}

fn scratch<T: Number>(rows: usize, columns: usize) -> Mat<T> {
    Mat::zeros(rows, columns)
}
