//! Decompositions of batches of matrices: operands as slices for `arcgrad-linalg`, dtypes as types.
//!
//! All operands lie row-major; the axes before the last two (or before the last, of vectors) are the batch.

use arcgrad_linalg as dense;
pub use arcgrad_linalg::spectrum::Undetermined;
pub use arcgrad_linalg::triangular::Side;

use super::{DType, In, Out, registers, require};
use crate::with_element;

/// What lies in memory as an element of a dtype.
trait Lies: Copy {
    const DTYPE: DType;
}

macro_rules! lies {
    ($($type:ty => $dtype:ident),*) => {$(
        impl Lies for $type {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}
lies!(i32 => I32, f32 => F32, f64 => F64, dense::c32 => C64, dense::c64 => C128);

/// Elements to read.
fn read<T: Lies>(operand: In<'_>) -> &[T] {
    require(operand.dtype == T::DTYPE && operand.is_row_major(), "dense elements of a decomposition's own dtype");
    match operand.numel() {
        0 => &[],
        // SAFETY: so many elements lie there, which nobody writes; a complex number is its parts in both crates.
        n => unsafe { std::slice::from_raw_parts(operand.ptr.cast(), n) },
    }
}

/// Elements to write.
fn write<'a, T: Lies>(operand: &'a mut Out<'_>) -> &'a mut [T] {
    require(operand.dtype == T::DTYPE && operand.is_row_major(), "dense elements of a decomposition's own dtype");
    match operand.numel() {
        0 => &mut [],
        // SAFETY: so many elements are this operand's alone; as above.
        n => unsafe { std::slice::from_raw_parts_mut(operand.ptr.cast(), n) },
    }
}

/// Rows and columns.
fn size(shape: &[usize]) -> [usize; 2] {
    let [.., rows, columns] = *shape else { panic!("a kernel was given operands that do not fit: matrices") };
    [rows, columns]
}

/// How many matrices there are.
fn count(shape: &[usize]) -> usize {
    shape[..shape.len() - 2].iter().product()
}

/// The first that failed, and how.
fn failed(info: &[i32]) -> Option<(usize, i32)> {
    info.iter().position(|&info| info != 0).map(|index| (index, info[index]))
}

macro_rules! each_type {
    ($dtype:expr, $T:ident => $body:expr) => {
        registers::cleared(|| with_element!(@ $dtype, $T, $body; F32: f32, F64: f64, C64: dense::c32, C128: dense::c64))
    };
}

/// See [`dense::lu::factor`].
pub fn lu_factor(pivot: bool, a: In<'_>, [mut lu, mut pivots, mut info]: [Out<'_>; 3]) -> Option<(usize, i32)> {
    let info = write::<i32>(&mut info);
    each_type!(a.dtype(), T => {
        dense::lu::factor::<T>(size(a.shape()), pivot, read(a), write(&mut lu), write(&mut pivots), info);
    });
    failed(info)
}

/// See [`dense::lu::solve`].
pub fn lu_solve(adjoint: bool, [lu, pivots, b]: [In<'_>; 3], mut x: Out<'_>) {
    let size = size(b.shape());
    let count = count(b.shape());
    each_type!(b.dtype(), T => {
        dense::lu::solve::<T>(size, adjoint, read(lu), read(pivots), read(b), write(&mut x), count);
    });
}

/// See [`dense::lu::inverse`].
pub fn lu_inverse([lu, pivots]: [In<'_>; 2], mut inverse: Out<'_>) {
    let ([n, _], count) = (size(lu.shape()), count(lu.shape()));
    each_type!(lu.dtype(), T => {
        dense::lu::inverse::<T>(n, read(lu), read(pivots), write(&mut inverse), count);
    });
}

/// The signs, logarithms of magnitudes, and values of determinants from factors.
pub fn lu_determinant([lu, pivots]: [In<'_>; 2], [mut sign, mut logarithm, mut value]: [Out<'_>; 3]) {
    let [n, _] = size(lu.shape());
    each_type!(lu.dtype(), T => {
        let (sign, logarithm) = (write(&mut sign), write(&mut logarithm));
        dense::lu::determinant::<T>(n, read(lu), read(pivots), sign, logarithm, write(&mut value));
    });
}

/// The permutation matrices of exchanges: P with A = P L U.
pub fn permutation(pivots: In<'_>, mut p: Out<'_>) {
    let ([rows, _], count) = (size(p.shape()), count(p.shape()));
    let least = *pivots.shape().last().expect("a vector");
    let pivots = read::<i32>(pivots);
    registers::cleared(|| {
        with_element!(float p.dtype, T => {
            let p = write::<T>(&mut p);
            p.fill(0.0);
            for index in 0..count {
                let order = dense::lu::permutation(rows, &pivots[index * least..(index + 1) * least]);
                for (column, row) in order.into_iter().enumerate() {
                    p[(index * rows + row) * rows + column] = 1.0;
                }
            }
        })
    });
}

/// See [`dense::cholesky::factor`].
pub fn cholesky(upper: bool, a: In<'_>, [mut factor, mut info]: [Out<'_>; 2]) -> Option<(usize, i32)> {
    let [n, _] = size(a.shape());
    let info = write::<i32>(&mut info);
    each_type!(a.dtype(), T => dense::cholesky::factor::<T>(n, upper, read(a), write(&mut factor), info));
    failed(info)
}

/// See [`dense::cholesky::gradient`].
pub fn cholesky_gradient([factor, grad]: [In<'_>; 2], mut result: Out<'_>) {
    let ([n, _], count) = (size(factor.shape()), count(factor.shape()));
    each_type!(factor.dtype(), T => {
        dense::cholesky::gradient::<T>(n, read(factor), read(grad), write(&mut result), count);
    });
}

/// See [`dense::spectrum::gradient`]: what is not given has no elements.
///
/// # Errors
/// As there.
pub fn eigh_gradient(
    [values, vectors, to_values, to_vectors]: [In<'_>; 4],
    mut result: Out<'_>,
) -> Result<(), (usize, Undetermined)> {
    let [n, _] = size(vectors.shape());
    each_type!(vectors.dtype(), T => {
        let (values, to_values) = (read(values), read(to_values));
        dense::spectrum::gradient::<T>(n, values, read(vectors), to_values, read(to_vectors), write(&mut result))
    })
}

/// See [`dense::spectrum::singular_gradient`]: U, Vᴴ, the values, and their gradients; what is not given has no elements.
///
/// # Errors
/// As there.
pub fn svd_gradient(
    [u, vh, values, to_u, to_vh, to_values]: [In<'_>; 6],
    mut result: Out<'_>,
) -> Result<(), (usize, Option<Undetermined>)> {
    let [n, _] = size(u.shape());
    each_type!(u.dtype(), T => {
        let (known, grads) = ([read(u), read(vh)], [read(to_u), read(to_vh)]);
        dense::spectrum::singular_gradient::<T>(n, known, read(values), grads, read(to_values), write(&mut result))
    })
}

/// See [`dense::triangular::solve`].
pub fn triangular_solve(side: Side, adjoint: bool, [t, b]: [In<'_>; 2], mut x: Out<'_>) {
    let (size, count) = (size(b.shape()), count(b.shape()));
    each_type!(b.dtype(), T => {
        dense::triangular::solve::<T>(size, side, adjoint, read(t), read(b), write(&mut x), count);
    });
}

/// See [`dense::qr::factor`]; `q` has no columns where it is not wanted.
pub fn qr(a: In<'_>, [mut q, mut r]: [Out<'_>; 2]) {
    let (whole, count) = (size(a.shape()), count(a.shape()));
    let ([_, width], [height, _]) = (size(q.shape()), size(r.shape()));
    each_type!(a.dtype(), T => {
        dense::qr::factor::<T>(whole, width, height, read(a), write(&mut q), write(&mut r), count);
    });
}

/// See [`dense::reflection::factor`]; `packed` holds the matrices.
pub fn reflections([mut packed, mut factors]: [Out<'_>; 2]) {
    let whole = size(packed.shape());
    each_type!(packed.dtype, T => {
        dense::reflection::factor::<T>(whole, write(&mut packed), write(&mut factors));
    });
}

/// See [`dense::eigen::hermitian`].
pub fn eigh(upper: bool, a: In<'_>, [mut values, mut vectors]: [Out<'_>; 2]) -> Option<(usize, i32)> {
    let ([n, _], count) = (size(a.shape()), count(a.shape()));
    let mut info = vec![0; count];
    each_type!(a.dtype(), T => {
        dense::eigen::hermitian::<T>(n, upper, read(a), write(&mut values), write(&mut vectors), &mut info);
    });
    failed(&info)
}

/// See [`dense::general::decompose`], of complex matrices.
pub fn eig(a: In<'_>, [mut values, mut vectors]: [Out<'_>; 2]) -> Option<(usize, i32)> {
    let ([n, _], count) = (size(a.shape()), count(a.shape()));
    let mut info = vec![0; count];
    registers::cleared(|| {
        with_element!(@ a.dtype(), T, {
            dense::general::decompose::<T>(n, read(a), write(&mut values), write(&mut vectors), &mut info);
        }; C64: dense::c32, C128: dense::c64)
    });
    failed(&info)
}

/// See [`dense::svd::decompose`].
pub fn svd(full: bool, vectors: bool, a: In<'_>, [mut u, mut values, mut vh]: [Out<'_>; 3]) -> Option<(usize, i32)> {
    let (whole, count) = (size(a.shape()), count(a.shape()));
    let mut info = vec![0; count];
    each_type!(a.dtype(), T => {
        let (u, vh) = (write(&mut u), write(&mut vh));
        dense::svd::decompose::<T>(whole, full, vectors, read(a), u, write(&mut values), vh, &mut info);
    });
    failed(&info)
}

/// See [`dense::spectrum::groups`].
///
/// # Errors
/// As there.
pub fn groups(
    valued: bool,
    [values, antihermitian, hermitian, gradient]: [In<'_>; 4],
    [mut keep, mut ratio]: [Out<'_>; 2],
) -> Result<(), (usize, Undetermined)> {
    let [n, _] = size(hermitian.shape());
    require(values.shape().last() == Some(&n), "as many values as rows");
    each_type!(hermitian.dtype(), T => {
        let (keep, ratio) = (write(&mut keep), write(&mut ratio));
        dense::spectrum::groups::<T>(n, valued, read(values), read(antihermitian), read(hermitian), read(gradient), keep, ratio)
    })
}

/// See [`dense::spectrum::divisible`].
///
/// # Errors
/// As there.
pub fn divisible([numerators, divisors, scale, reference]: [In<'_>; 4], mut keep: Out<'_>) -> Result<(), usize> {
    let per_matrix = |shape: &[usize]| shape[shape.len() - 2..].iter().product();
    let n = *scale.shape().last().expect("a vector");
    let sizes = [per_matrix(numerators.shape()), n, per_matrix(reference.shape())];
    each_type!(numerators.dtype(), T => {
        let (scale, reference) = (read(scale), read(reference));
        dense::spectrum::divisible::<T>(sizes, read(numerators), read(divisors), scale, reference, write(&mut keep))
    })
}

/// See [`dense::exponential::exponential`].
pub fn exponential(a: In<'_>, mut result: Out<'_>) {
    let ([n, _], count) = (size(a.shape()), count(a.shape()));
    each_type!(a.dtype(), T => dense::exponential::exponential::<T>(n, read(a), write(&mut result), count));
}

/// See [`dense::ldl::factor`].
pub fn ldl_factor(
    hermitian: bool,
    a: In<'_>,
    [mut factor, mut pivots, mut info]: [Out<'_>; 3],
) -> Option<(usize, i32)> {
    let [n, _] = size(a.shape());
    let info = write::<i32>(&mut info);
    each_type!(a.dtype(), T => {
        dense::ldl::factor::<T>(n, hermitian, read(a), write(&mut factor), write(&mut pivots), info);
    });
    failed(info)
}

/// See [`dense::ldl::solve`].
pub fn ldl_solve(hermitian: bool, [factor, pivots, b]: [In<'_>; 3], mut x: Out<'_>) {
    let (size, count) = (size(b.shape()), count(b.shape()));
    each_type!(b.dtype(), T => {
        dense::ldl::solve::<T>(size, hermitian, read(factor), read(pivots), read(b), write(&mut x), count);
    });
}
