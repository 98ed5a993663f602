//! What a product is of, and what is asked of its operands.

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::Shape;

/// What is multiplied with what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// Matrices, with batch axes or without.
    Matrices,
    /// A matrix and a vector.
    MatrixVector,
    /// Two vectors.
    Vectors,
}

/// Rows and columns.
pub(super) fn matrix_size(array: &Array) -> (usize, usize) {
    let shape = array.shape();
    (shape[shape.len() - 2], shape[shape.len() - 1])
}

/// A term must broadcast to the result.
pub(super) fn check_term(op: &'static str, form: Form, a: &Array, b: &Array, term: &Array) -> Result<()> {
    if term.dtype() != a.dtype() {
        return Err(Error::runtime(
            op,
            format!(
                "self and mat2 must have the same dtype, but got {} and {}",
                crate::dtype::torch_name(term.dtype()),
                crate::dtype::torch_name(b.dtype())
            ),
        ));
    }
    if term.dtype() == DType::Bool {
        return Err(no_products_of_bool(op));
    }
    let mut target = Shape::from_slice(&a.shape()[..a.rank() - 1]);
    if form == Form::Matrices {
        target.push(b.shape()[b.rank() - 1]);
    }
    let own = term.shape();
    if own.len() > target.len() {
        return Err(Error::shapes(
            op,
            &target,
            own,
            format!(
                "expand: the number of sizes provided ({}) must be greater or equal to the number of dimensions in the \
                 tensor ({})",
                target.len(),
                own.len()
            ),
        ));
    }
    let lead = target.len() - own.len();
    match (0..own.len()).rev().find(|&axis| own[axis] != 1 && own[axis] != target[lead + axis]) {
        None => Ok(()),
        Some(axis) => Err(Error::runtime(
            op,
            format!(
                "The expanded size of the tensor ({}) must match the existing size ({}) at non-singleton dimension {}. \
                 Target sizes: {:?}. Tensor sizes: {own:?}",
                target[lead + axis],
                own[axis],
                lead + axis,
                target.as_slice()
            ),
        )),
    }
}

/// The name C has for a dtype, as PyTorch's messages show it.
pub(in crate::ops) fn c_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::I8 => "signed char",
        DType::I16 => "short int",
        DType::I32 => "int",
        DType::I64 => "long int",
        DType::F16 => "c10::Half",
        DType::BF16 => "c10::BFloat16",
        DType::F32 => "float",
        DType::F64 => "double",
        DType::C64 => "c10::complex<float>",
        DType::C128 => "c10::complex<double>",
    }
}

/// One dtype, and one that can be multiplied, if there is anything to multiply.
pub(super) fn check_dtypes(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    let (left, right) = (a.dtype(), b.dtype());
    if left != right {
        return Err(Error::runtime(
            op,
            format!("expected m1 and m2 to have the same dtype, but got: {} != {}", c_name(left), c_name(right)),
        ));
    }
    if left == DType::Bool && a.numel() > 0 && b.numel() > 0 {
        return Err(no_products_of_bool(op));
    }
    Ok(())
}

#[cold]
fn no_products_of_bool(op: &'static str) -> Box<Error> {
    Error::no_kernel(op, &format!("{op}_impl_cpu_"), DType::Bool)
}

pub(super) fn check_matrices(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    for (name, array) in [("self", a), ("mat2", b)] {
        if array.rank() != 2 {
            return Err(Error::runtime(op, format!("{name} must be a matrix, got {}-D tensor", array.rank())));
        }
    }
    let ((m, k), (rows, n)) = (matrix_size(a), matrix_size(b));
    if k != rows {
        return Err(Error::runtime(op, format!("mat1 and mat2 shapes cannot be multiplied ({m}x{k} and {rows}x{n})")));
    }
    check_dtypes(op, a, b)
}

pub(super) fn check_batches(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    for (name, array) in [("batch1", a), ("batch2", b)] {
        if array.rank() != 3 {
            return Err(Error::runtime(op, format!("{name} must be a 3D tensor, got {}-D", array.rank())));
        }
    }
    let (left, right) = (a.shape(), b.shape());
    if left[0] != right[0] || left[2] != right[1] {
        return Err(batch_mismatch(op, [left[0], left[2]], [right[0], right[1]]));
    }
    check_dtypes(op, a, b)
}

#[cold]
pub(super) fn batch_mismatch(op: &'static str, expected: [usize; 2], got: [usize; 2]) -> Box<Error> {
    Error::runtime(
        op,
        format!("Expected size for first two dimensions of batch2 tensor to be: {expected:?} but got: {got:?}."),
    )
}

pub(super) fn check_matrix_vector(op: &'static str, term: Option<usize>, a: &Array, b: &Array) -> Result<()> {
    if term.is_none() && a.rank() == 0 {
        return Err(Error::index(op, "a matrix and a vector expected, got a tensor without axes as the matrix"));
    }
    if a.rank() != 2 || b.rank() != 1 {
        return Err(Error::runtime(
            op,
            format!("vector + matrix @ vector expected, got {}, {}, {}", term.unwrap_or(1), a.rank(), b.rank()),
        ));
    }
    let (m, k) = matrix_size(a);
    if k != b.shape()[0] {
        return Err(Error::runtime(
            op,
            format!("size mismatch, got input ({m}), mat ({m}x{k}), vec ({})", b.shape()[0]),
        ));
    }
    check_dtypes(op, a, b)
}

pub(super) fn check_vectors(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    if a.rank() != 1 || b.rank() != 1 {
        return Err(Error::runtime(
            op,
            format!("1D tensors expected, but got {}D and {}D tensors", a.rank(), b.rank()),
        ));
    }
    let (left, right) = (a.shape()[0], b.shape()[0]);
    if left != right {
        return Err(Error::runtime(
            op,
            format!(
                "inconsistent tensor size, expected tensor [{left}] and src [{right}] to have the same number of \
                 elements, but got {left} and {right} elements respectively"
            ),
        ));
    }
    check_dtypes(op, a, b)
}
