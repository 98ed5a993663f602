//! Products by name: `mm`, `bmm`, `mv`, `dot`, the same added to a term, and `matmul`, which chooses among them.

use super::form::{batch_mismatch, check_batches, check_dtypes, matrix_size};
use super::product::{Kind, Product, multiply, multiply_add, transposed};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::ops::elementwise::resolve;
use crate::ops::writing::copy;
use crate::ops::{complex, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

pub(super) const ONE: Scalar = Scalar::Int(1);

/// Product of two matrices.
#[track_caller]
pub fn mm(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Mm, a, b)
}

/// Products of two batches of as many matrices.
#[track_caller]
pub fn bmm(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Bmm, a, b)
}

/// Product of a matrix and a vector.
#[track_caller]
pub fn mv(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Mv, a, b)
}

/// Scalar product of two vectors.
#[track_caller]
pub fn dot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Dot, a, b)
}

/// Scalar product of two vectors, the first conjugated: for real numbers [`dot`].
#[track_caller]
pub fn vdot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dtype().is_complex() && b.dtype().is_complex() {
        return multiply(Kind::Dot, &complex::conj(a)?, b);
    }
    multiply(Kind::Vdot, a, b)
}

/// `beta·input + alpha·a·b` for matrices; `input` is broadcast.
#[track_caller]
pub fn addmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    multiply_add(Kind::Addmm, input, a, b, beta, alpha)
}

/// `bias + a·b`; the bias may have another dtype, and is cast as an addition in place would cast it.
#[track_caller]
fn affine(bias: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let dtype = a.dtype();
    if bias.dtype() == dtype {
        return multiply_add(Kind::Addmm, bias, a, b, ONE, ONE);
    }
    // What is wrong with the operands is said first.
    Kind::Addmm.check(&a.array(), &b.array(), None)?;
    multiply_add(Kind::Addmm, &as_addend(bias, dtype)?, a, b, ONE, ONE)
}

/// `beta·input + alpha·matrix·vector`; `input` is broadcast.
#[track_caller]
pub fn addmv(input: &Tensor, matrix: &Tensor, vector: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    multiply_add(Kind::Addmv, input, matrix, vector, beta, alpha)
}

/// `beta·input + alpha·batch1·batch2` for batches of matrices; `input` is broadcast.
#[track_caller]
pub fn baddbmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    multiply_add(Kind::Baddbmm, input, a, b, beta, alpha)
}

/// `beta·input + alpha·Σ batch1·batch2`, summed over the batch; `input` is broadcast.
#[track_caller]
pub fn addbmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    {
        let (a, b) = (a.array(), b.array());
        if a.rank() == 3 && b.rank() == 3 && a.shape()[0] != b.shape()[0] {
            return Err(Error::runtime(
                "addbmm",
                format!(
                    "batch1 and batch2 must have same number of batches, got {} and {}",
                    a.shape()[0],
                    b.shape()[0]
                ),
            ));
        }
        check_batches("addbmm", &a, &b)?;
    }
    // Σᵢ AᵢBᵢ is one product: the matrices of the first batch side by side times those of the second one below another.
    let (shape_a, shape_b) = (a.shape(), b.shape());
    let depth = shape_a[0] * shape_a[2];
    let beside = views::reshape_to(&views::permute(a, &[1, 0, 2])?, &[shape_a[1], depth])?;
    let below = views::reshape_to(b, &[depth, shape_b[2]])?;
    addmm(input, &beside, &below, beta, alpha)
}

/// `beta·input + alpha·vec1⊗vec2`; `input` is broadcast.
#[track_caller]
pub fn addr(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    for (name, tensor) in [("vec1", a), ("vec2", b)] {
        check_vector("addr", name, tensor)?;
    }
    // Not only a product of matrices: dtypes are promoted.
    let dtype = resolve::promoted(&[input.into(), a.into(), b.into()]);
    for (name, factor) in [("beta", beta), ("alpha", alpha)] {
        resolve::check_factor("addr", name, factor, dtype)?;
    }
    let [input, a, b] = [input, a, b].map(|tensor| copy::to_dtype(tensor, dtype));
    if dtype == DType::Bool {
        // A sum of truth values is an "or", a product an "and": no products of matrices are made of them.
        let factor = |number: Scalar| Tensor::scalar(number.in_category(dtype), dtype);
        let product = outer(&a?, &b?)?.mul(&factor(alpha)?)?;
        return input?.mul(&factor(beta)?)?.add(&product);
    }
    addmm(&input?, &views::unsqueeze(&a?, 1)?, &views::unsqueeze(&b?, 0)?, beta, alpha)
}

fn check_vector(op: &'static str, name: &str, tensor: &Tensor) -> Result<()> {
    match tensor.rank() {
        1 => Ok(()),
        rank => Err(Error::runtime(op, format!("Expected 1-D argument {name}, but got {rank}-D"))),
    }
}

/// A bias in the dtype of what it is added to, as an addition in place casts it. PyTorch does so in some layouts.
#[track_caller]
pub(in crate::ops) fn as_addend(bias: &Tensor, dtype: DType) -> Result<Tensor> {
    if bias.dtype().can_cast(dtype) { copy::to_dtype(bias, dtype) } else { Ok(bias.clone()) }
}

/// All products of an element of `a` and an element of `b`.
#[track_caller]
pub fn outer(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_vector("outer", "self", a)?;
    check_vector("outer", "vec2", b)?;
    views::unsqueeze(a, 1)?.mul(b)
}

pub(super) fn check_broadcast(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    let ((_, k), (rows, _)) = (matrix_size(a), matrix_size(b));
    let outer = |array: &Array| array.shape()[..array.rank() - 2].iter().product::<usize>();
    if k != rows {
        return Err(batch_mismatch(op, [outer(a), k], [outer(b), rows]));
    }
    check_dtypes(op, a, b)
}

/// Products of matrices whose batch axes broadcast.
#[track_caller]
pub(super) fn batched(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(if a.rank() == 2 && b.rank() == 2 { Kind::Mm } else { Kind::Matmul }, a, b)
}

/// [`batched`], after which those operands may be changed in place that PyTorch copies to have one batch of matrices.
#[track_caller]
fn over_batches(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let mut product = Product::new(Kind::Matmul, [a, b]);
    let wanted = [a.requires_grad(), b.requires_grad()];
    if wanted.contains(&true) {
        product.copied = copied(&a.array(), &b.array(), wanted)?;
    }
    call(product, &[a, b])
}

/// Which operands are copied, when gradients are `wanted`.
fn copied(a: &Array, b: &Array, wanted: [bool; 2]) -> Result<[bool; 2]> {
    let op = Kind::Matmul.op();
    check_broadcast(op, a, b)?;
    let outer = |array: &Array| Shape::from_slice(&array.shape()[..array.rank() - 2]);
    let batch = shape::broadcast(op, &outer(a), &outer(b))?;
    // One matrix for all of a batch: that is taken as the rows of one matrix.
    let one = |array: &Array| outer(array).iter().all(|&size| size == 1);
    Ok(match (one(a), one(b)) {
        (true, false) if wanted[0] => [false, !lies_as_rows(&transposed(b))],
        (false, true) if wanted[1] => [!lies_as_rows(a), false],
        _ => [!lies_as_batch(a, &batch), !lies_as_batch(b, &batch)],
    })
}

/// Whether all axes but the last are one without a copy.
fn lies_as_rows(array: &Array) -> bool {
    let last = array.shape()[array.rank() - 1];
    array.view(&[array.numel().checked_div(last).unwrap_or(0), last]).is_some()
}

/// Whether the axes before the last two, broadcast to `batch`, are one without a copy.
fn lies_as_batch(array: &Array, batch: &[usize]) -> bool {
    let (rows, columns) = matrix_size(array);
    let mut shape = Shape::from_slice(batch);
    shape.extend([rows, columns]);
    array.expand(&shape).view(&[batch.iter().product(), rows, columns]).is_some()
}

/// Matrix product of tensors of any rank but 0: two vectors give a number, a vector counts as a row on the left and as
/// a column on the right, axes before the last two are a batch and broadcast.
#[track_caller]
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    match (a.rank(), b.rank()) {
        (left, right) if left == 0 || right == 0 => Err(Error::runtime(
            "matmul",
            format!("both arguments to matmul need to be at least 1D, but they are {left}D and {right}D"),
        )),
        (1, 1) => dot(a, b),
        (2, 1) => mv(a, b),
        (2, 2) => mm(a, b),
        (1, 2) => views::drop_first(&mm(&views::unsqueeze(a, 0)?, b)?),
        // One matrix (or vector) for the whole batch: the batch as rows of one matrix.
        (_, 1) => {
            let (rows, shape) = folded(a)?;
            views::unsafe_view(&mv(&rows, b)?, &shape)
        }
        (_, 2) => {
            let (rows, mut shape) = folded(a)?;
            let result = mm(&rows, b)?;
            shape.push(b.shape()[1]);
            views::unsafe_view(&result, &shape)
        }
        (1, _) => {
            let result = over_batches(&views::unsqueeze(a, 0)?, b)?;
            let mut shape = result.shape();
            shape.remove(shape.len() - 2);
            views::unsafe_view(&result, &shape)
        }
        _ => over_batches(a, b),
    }
}

/// All axes but the last as one, and their sizes.
#[track_caller]
fn folded(tensor: &Tensor) -> Result<(Tensor, Shape)> {
    let mut shape = tensor.shape();
    let Some(last) = shape.pop() else { return Err(Error::runtime("matmul", "a tensor without axes")) };
    let rows = shape.iter().product();
    Ok((views::reshape_to(tensor, &[rows, last])?, shape))
}

/// `input · weightᵀ + bias`: features are the last axis of `input`; `weight` is `out × in` (or a vector, for one
/// feature without an axis).
#[track_caller]
pub fn linear(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (rank, weight_rank) = (input.rank(), weight.rank());
    if rank == 0 || weight_rank == 0 {
        return Err(Error::runtime(
            "linear",
            format!("both arguments to linear need to be at least 1D, but they are {rank}D and {weight_rank}D"),
        ));
    }
    let across = views::t(weight)?;
    match bias {
        Some(bias) if weight_rank == 2 && (rank == 2 || bias.rank() <= 1) => {
            if rank == 2 {
                return affine(bias, input, &across);
            }
            let (rows, mut shape) = folded(input)?;
            let result = affine(bias, &rows, &across)?;
            shape.push(across.shape()[1]);
            views::unsafe_view(&result, &shape)
        }
        Some(bias) => matmul(input, &across)?.add(&as_addend(bias, input.dtype())?),
        None => matmul(input, &across),
    }
}
