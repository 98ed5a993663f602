//! Linear algebra: one file per decomposition, with what is solved by it.
//!
//! Every operation works on batches: the last two axes are those of the matrices. Derivatives are written over tensors,
//! so that they can be differentiated in turn; where a factorisation is at hand, an operation of its own uses it as long as
//! nothing is recorded.

pub mod cholesky;
pub mod eig;
pub mod eigh;
pub mod exponential;
pub mod inverses;
pub mod ldl;
pub mod lu;
pub mod norms;
pub mod products;
pub mod qr;
mod spectrum;
pub mod svd;
pub mod table;
pub mod triangular;

use smallvec::SmallVec;

use super::{batching, complex, matmul, views};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::Primitive;
use crate::graph::transform::Batch;
use crate::ops::views::diagonals::{self, Triangle};
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

// ---- what is asked of operands -----------------------------------------------------------------------------------

/// Rows and columns of matrices.
fn matrix_size(op: &'static str, name: &str, shape: &[usize]) -> Result<[usize; 2]> {
    match *shape {
        [.., rows, columns] => Ok([rows, columns]),
        _ => Err(Error::runtime(op, format!("The input tensor {name} must have at least 2 dimensions."))),
    }
}

/// The size of square matrices.
fn square_size(op: &'static str, name: &str, shape: &[usize]) -> Result<usize> {
    let [rows, columns] = matrix_size(op, name, shape)?;
    if rows == columns {
        return Ok(rows);
    }
    let reason = format!("{name} must be batches of square matrices, but they are {rows} by {columns} matrices");
    Err(Error::runtime(op, reason))
}

/// Floating-point numbers with a precision to speak of.
fn check_dtype(op: &'static str, dtype: DType) -> Result<()> {
    match dtype {
        DType::F32 | DType::F64 | DType::C64 | DType::C128 => Ok(()),
        DType::F16 | DType::BF16 => Err(Error::not_implemented(
            op,
            format!("{op}: Low precision dtypes not supported. Got {}; it", torch_name(dtype)),
        )),
        _ => Err(Box::new(Error::DType {
            op,
            dtype,
            reason: format!("Expected a floating point or complex tensor as input. Got {}", torch_name(dtype)),
        })),
    }
}

/// A square matrix of such numbers.
fn checked_square(op: &'static str, input: &Tensor) -> Result<usize> {
    let n = square_size(op, "A", &input.shape())?;
    check_dtype(op, input.dtype())?;
    Ok(n)
}

/// The axes before those of the matrices.
fn batch_of(shape: &[usize]) -> &[usize] {
    &shape[..shape.len() - 2]
}

/// A shape of a batch.
fn with_batch(batch: &[usize], rest: &[usize]) -> Shape {
    batch.iter().chain(rest).copied().collect()
}

/// Fresh memory for results of a batch.
fn fresh(op: &'static str, batch: &[usize], rest: &[usize], dtype: DType) -> Result<Array> {
    Array::uninit(op, &with_batch(batch, rest), dtype)
}

/// What is wrong with a matrix, and which of a batch it is.
#[cold]
fn failure(op: &'static str, batch: &[usize], index: usize, reason: String) -> Box<Error> {
    let which = if batch.is_empty() { String::new() } else { format!("(Batch element {index}): ") };
    Error::lin_alg(op, format!("{which}{reason}"))
}

/// Both with the batch axes that they have together.
#[track_caller]
fn same_batch(op: &'static str, a: &Tensor, b: &Tensor) -> Result<(Tensor, Tensor)> {
    let (left, right) = (a.shape(), b.shape());
    if batch_of(&left) == batch_of(&right) {
        return Ok((a.clone(), b.clone()));
    }
    let batch = crate::shape::broadcast(op, batch_of(&left), batch_of(&right))?;
    let spread =
        |tensor: &Tensor, own: &[usize]| views::broadcast_to(tensor, &with_batch(&batch, &own[own.len() - 2..]));
    Ok((spread(a, &left)?, spread(b, &right)?))
}

// ---- what rules are written with ---------------------------------------------------------------------------------

/// The conjugate transpose.
#[track_caller]
fn adjoint(a: &Tensor) -> Result<Tensor> {
    complex::adjoint(a)
}

/// Matrix product.
#[track_caller]
fn product(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    matmul::matmul(a, b)
}

/// Elements on and below a diagonal.
#[track_caller]
fn lower(a: &Tensor, diagonal: i64) -> Result<Tensor> {
    diagonals::triangle(a, Triangle::Lower, diagonal, false)
}

/// Elements on and above a diagonal.
#[track_caller]
fn upper(a: &Tensor, diagonal: i64) -> Result<Tensor> {
    diagonals::triangle(a, Triangle::Upper, diagonal, false)
}

/// The diagonal, as the last axis.
#[track_caller]
fn diagonal(a: &Tensor) -> Result<Tensor> {
    views::diagonal(a, 0, -2, -1)
}

/// The diagonal of what is Hermitian, or counts as it.
#[track_caller]
fn real_diagonal(a: &Tensor) -> Result<Tensor> {
    complex::real(&diagonal(a)?)
}

/// The numbers as of the dtype of others.
#[track_caller]
fn like(a: &Tensor, other: &Tensor) -> Result<Tensor> {
    copy::to_dtype(a, other.dtype())
}

/// Matrices with these diagonals.
#[track_caller]
fn diagonal_matrix(diagonal: &Tensor) -> Result<Tensor> {
    diagonals::diag_embed(diagonal, 0, -2, -1)
}

/// Along the columns: what every column is multiplied by, or added to.
#[track_caller]
fn for_columns(values: &Tensor) -> Result<Tensor> {
    views::unsqueeze(values, -2)
}

/// The same for rows.
#[track_caller]
fn for_rows(values: &Tensor) -> Result<Tensor> {
    views::unsqueeze(values, -1)
}

/// The first columns.
#[track_caller]
fn columns(a: &Tensor, start: usize, length: usize) -> Result<Tensor> {
    views::narrow(a, -1, start as i64, length as i64)
}

/// The first rows.
#[track_caller]
fn rows(a: &Tensor, start: usize, length: usize) -> Result<Tensor> {
    views::narrow(a, -2, start as i64, length as i64)
}

/// Identity matrices.
fn identity(op: &'static str, batch: &[usize], n: usize, dtype: DType) -> Result<Tensor> {
    let identity = Array::zeros(op, &[n, n], dtype)?;
    identity.with_layout(&[n], &[n as isize + 1], 0).fill(Scalar::Int(1));
    Ok(Tensor::from_array(identity.expand(&with_batch(batch, &[n, n]))))
}

/// A sum whose second part there may not be.
fn sum_of(a: Option<Tensor>, b: Tensor) -> Result<Tensor> {
    match a {
        Some(a) => a.add(&b),
        None => Ok(b),
    }
}

/// Whether a derivative of what is computed of this may be asked for.
fn is_differentiated(input: &Tensor) -> bool {
    crate::graph::record::would_record(input) || input.top_level().is_some()
}

/// For an operation on batches, one batch axis more is one in front.
#[track_caller]
fn batched<O: Primitive>(cx: &mut Batch<'_>, op: &O) -> Result<()> {
    let mut inputs: SmallVec<[Tensor; 4]> = SmallVec::new();
    for input in 0..cx.inputs() {
        inputs.push(batching::front(cx.input(input), cx.size())?);
    }
    let inputs: SmallVec<[&Tensor; 4]> = inputs.iter().collect();
    cx.put_all(call_many(op.clone(), &inputs)?, 0);
    Ok(())
}

/// Operands of one dtype.
fn check_same_dtype(op: &'static str, a: &Tensor, b: &Tensor) -> Result<()> {
    if a.dtype() == b.dtype() {
        return Ok(());
    }
    let (own, other) = (torch_name(a.dtype()), torch_name(b.dtype()));
    Err(Error::runtime(
        op,
        format!("Expected A and B to have the same dtype, but found A of type {own} and B of type {other} instead"),
    ))
}
