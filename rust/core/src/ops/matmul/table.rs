//! Names and signatures of matrix products and what is built from them.

use super::{contraction, einsum};
use crate::error::{Error, Result};
use crate::ops::matmul;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, OpInfo, Value, op};
use crate::ops::writing::copy;
use crate::tensor::Tensor;
use crate::warning;

const BOTH: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const ALL: Forms = Forms::ALL.and(Forms::SAME_OUT);
/// What PyTorch writes as an elementwise product, which promotes.
const PROMOTED: Forms = Forms::BOTH.and(Forms::OUT);
const FUNCTION: Forms = Forms::FUNCTION;
const LINALG: Forms = Forms::LINALG.and(Forms::SAME_OUT);

/// A product of two tensors.
macro_rules! pair {
    ($name:literal, $second:ident, $forms:expr, $function:path, $doc:literal) => {
        op($name, takes!((input: Tensor, $second: Tensor) => $function(input, $second)), $forms, $doc)
    };
}

/// A product of two tensors added to a third.
macro_rules! added {
    ($name:literal, $a:ident, $b:ident, $forms:expr, $function:path, $doc:literal) => {
        op(
            $name,
            takes!((input: Tensor, $a: Tensor, $b: Tensor, *, beta: Number = 1, alpha: Number = 1)
                => $function(input, $a, $b, beta, alpha)),
            $forms,
            $doc,
        )
    };
}

/// The two lists of axes of `tensordot`: how many, two lists, or a tensor of either.
fn axes(a: &Tensor, b: &Tensor, dims: &Value) -> Result<(Vec<i64>, Vec<i64>)> {
    match dims {
        Value::Int(count) => contraction::adjacent_axes(a, b, *count),
        Value::Ints(lists) if lists.len() == 2 => Ok((vec![lists[0]], vec![lists[1]])),
        Value::Lists(lists) if lists.len() == 2 => Ok((lists[0].clone(), lists[1].clone())),
        Value::Tensor(dims) if dims.numel() == 1 => contraction::adjacent_axes(a, b, dims.item()?.to_i64()),
        Value::Tensor(dims) if dims.rank() == 2 && dims.shape()[0] == 2 => {
            let values = copy::to_dtype(dims, crate::DType::I64)?.to_vec::<i64>();
            let (first, second) = values.split_at(values.len() / 2);
            Ok((first.to_vec(), second.to_vec()))
        }
        _ => Err(Error::runtime(
            "tensordot",
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists",
        )),
    }
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    pair!("mm", mat2, BOTH, matmul::mm, "Product of two matrices (m × k and k × n); nothing is broadcast."),
    pair!("bmm", mat2, BOTH, matmul::bmm, "Products of the matrices of two batches (b × m × k and b × k × n)."),
    pair!("mv", vec, BOTH, matmul::mv, "Product of a matrix and a vector."),
    op(
        "dot",
        takes!((input: Tensor, tensor: Tensor) => matmul::dot(input, tensor)),
        BOTH,
        "Scalar product of two vectors of one length.",
    ),
    pair!(
        "vdot",
        other,
        BOTH,
        matmul::vdot,
        "Scalar product of two vectors, the first conjugated: for real numbers `dot`."
    ),
    pair!(
        "inner",
        other,
        BOTH,
        contraction::inner,
        "Scalar products along the last axis, of every row of `input` with every row of `other`; the plain product if \
         one of them has no axes."
    ),
    op(
        "outer",
        takes!((input: Tensor, vec2: Tensor) => matmul::outer(input, vec2)),
        PROMOTED,
        "All products of an element of `input` and an element of `vec2`, as a matrix.",
    )
    .also(&["ger"]),
    pair!(
        "matmul",
        other,
        BOTH.and(Forms::LINALG),
        matmul::matmul,
        "Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column \
         on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."
    ),
    added!(
        "addmm",
        mat1,
        mat2,
        ALL,
        matmul::addmm,
        "`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."
    ),
    added!(
        "addmv",
        mat,
        vec,
        ALL,
        matmul::addmv,
        "`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."
    ),
    added!(
        "addbmm",
        batch1,
        batch2,
        ALL,
        matmul::addbmm,
        "`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."
    ),
    added!(
        "baddbmm",
        batch1,
        batch2,
        ALL,
        matmul::baddbmm,
        "`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."
    ),
    added!(
        "addr",
        vec1,
        vec2,
        Forms::ALL,
        matmul::addr,
        "`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."
    ),
    op(
        "linear",
        takes!((input: Tensor, weight: Tensor, bias: Option<Tensor> = None) => matmul::linear(input, weight, bias)),
        Forms::NN,
        "`input @ weight.T + bias`: the last axis of `input` (any others before it) goes from `in` to `out` features; \
         `weight` is out × in, `bias` has `out` elements.",
    ),
    op(
        "bilinear",
        takes!((input1: Tensor, input2: Tensor, weight: Tensor, bias: Option<Tensor> = None)
            => contraction::bilinear(input1, input2, weight, bias)),
        Forms::NN.and(FUNCTION),
        "`y[k] = input1ᵀ weight[k] input2 + bias[k]` over the last axes; `weight` is out × in1 × in2.",
    ),
    op(
        "einsum",
        takes!((equation: Text, operands: Spread<Tensors>) => einsum::einsum(equation, operands)),
        FUNCTION,
        "Sum of products by Einstein's notation: one letter per axis, operands separated by commas, the output behind `->` \
         (without it: the letters that occur once, in alphabetical order); letters the output lacks are summed over, `...` \
         stands for further axes, which broadcast.",
    ),
    op(
        "tensordot",
        takes!((a: Tensor, b: Tensor, dims: Any = 2) {
            let (axes_a, axes_b) = axes(a, b, dims)?;
            Ok(contraction::tensordot(a, b, &axes_a, &axes_b)?.into())
        }),
        FUNCTION.and(Forms::SAME_OUT),
        "Sums of products over pairs of axes: the last `dims` axes of `a` and the first of `b`, or the axes of two lists. \
         The other axes of `a`, then those of `b`, remain.",
    ),
    op(
        "chain_matmul",
        takes!((matrices: Spread<Tensors>) => contraction::chain_matmul(matrices)),
        FUNCTION,
        "Product of several matrices in the order that takes the fewest multiplications.",
    ),
    op(
        "multi_dot",
        takes!((tensors: Tensors) => contraction::multi_dot(tensors)),
        LINALG,
        "Product of several matrices in the order that takes the fewest multiplications; the first may be a vector (a row) \
         and the last one, too (a column).",
    ),
    op(
        "matrix_power",
        takes!((input: Tensor, n: Int) => contraction::matrix_power(input, n)),
        BOTH.and(Forms::LINALG),
        "The `n`-th power of a square matrix, or of each matrix of a batch; below 0 of its inverse.",
    ),
    pair!(
        "kron",
        other,
        PROMOTED,
        contraction::kron,
        "Kronecker product: every element of `input` times all of `other`, as blocks."
    ),
    op(
        "cross",
        takes!((input: Tensor, other: Tensor, dim: Option<Int> = None) {
            let axis = match dim {
                Some(axis) => axis,
                None => {
                    let axis = contraction::first_axis_of_three(input, other)?;
                    warning::warn("cross", || {
                        format!(
                            "Using cross without specifying the dim arg is deprecated: it is the first axis of size 3, here \
                             {axis}. Please either pass the dim explicitly or use linalg.cross, which takes the last."
                        )
                    })?;
                    axis
                }
            };
            Ok(contraction::cross(input, other, axis)?.into())
        }),
        BOTH,
        "Vector product along `dim`, which has size 3 (the first such axis if it is not given).",
    ),
    op(
        "cross",
        takes!((input: Tensor, other: Tensor, *, dim: Int = -1) => contraction::cross(input, other, dim)),
        LINALG,
        "Vector product along `dim`, which has size 3; the other axes broadcast.",
    ),
    op(
        "vecdot",
        takes!((x: Tensor, y: Tensor, *, dim: Int = -1) => contraction::vecdot(x, y, dim)),
        LINALG,
        "Scalar products along `dim`; the other axes broadcast.",
    ),
    op(
        "cdist",
        takes!((x1: Tensor, x2: Tensor, p: Float = 2.0, compute_mode: AnyOrNone = None) {
            // There is one way to compute it.
            let _ = compute_mode;
            Ok(contraction::cdist(x1, x2, p)?.into())
        }),
        FUNCTION,
        "Distances by the p-norm of every row of `x1` from every row of `x2`; axes before the last two broadcast. \
         `compute_mode` is accepted: there is one way to compute it.",
    ),
    op(
        "cosine_similarity",
        takes!((x1: Tensor, x2: Tensor, dim: Int = 1, eps: Float = 1e-8)
            => contraction::cosine_similarity(x1, x2, dim, eps)),
        Forms::NN.and(FUNCTION),
        "Cosine of the angle between vectors along `dim`; each norm counts as `eps` at least.",
    ),
    op(
        "pairwise_distance",
        takes!((x1: Tensor, x2: Tensor, p: Float = 2.0, eps: Float = 1e-6, keepdim: Bool = false)
            => contraction::pairwise_distance(x1, x2, p, eps, keepdim)),
        Forms::NN.and(FUNCTION),
        "p-norm of `x1 - x2 + eps` along the last axis.",
    ),
    op(
        "normalize",
        takes!((input: Tensor, p: Float = 2.0, dim: Ints = 1, eps: Float = 1e-12)
            => contraction::normalize(input, p, dim, eps)),
        Forms::NN.and(Forms::OUT),
        "`input / max(norm, eps)` with the p-norm along `dim`.",
    ),
];
