//! Names and signatures of matrix products and what is built from them.

use super::{contraction, einsum};
use crate::error::{Error, Result};
use crate::ops::matmul;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, Value, input, param};
use crate::ops::writing::copy;
use crate::tensor::Tensor;
use crate::warning;

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

const BOTH: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const ALL: Forms = Forms::ALL.and(Forms::SAME_OUT);
/// What PyTorch writes as an elementwise product, which promotes.
const PROMOTED: Forms = Forms::BOTH.and(Forms::OUT);
const FUNCTION: Forms = Forms::FUNCTION;
const LINALG: Forms = Forms::LINALG.and(Forms::SAME_OUT);
const BETA: Param = param("beta", Kind::Number).or(Default::Int(1)).keyword();
const ALPHA: Param = param("alpha", Kind::Number).or(Default::Int(1)).keyword();

const fn tensor(name: &'static str) -> Param {
    param(name, Kind::Tensor)
}

/// A product of two tensors.
macro_rules! pair {
    ($name:literal, $second:literal, $forms:expr, $function:path, $doc:literal) => {
        op(
            $name,
            &[input(), tensor($second)],
            $forms,
            |args| Ok($function(args.tensor(0), args.tensor(1))?.into()),
            $doc,
        )
    };
}

/// A product of two tensors added to a third.
macro_rules! added {
    ($name:literal, $a:literal, $b:literal, $forms:expr, $function:path, $doc:literal) => {
        op(
            $name,
            &[input(), tensor($a), tensor($b), BETA, ALPHA],
            $forms,
            |args| {
                let (input, a, b) = (args.tensor(0), args.tensor(1), args.tensor(2));
                Ok($function(input, a, b, args.number(3), args.number(4))?.into())
            },
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
    pair!("mm", "mat2", BOTH, matmul::mm, "Product of two matrices (m × k and k × n); nothing is broadcast."),
    pair!("bmm", "mat2", BOTH, matmul::bmm, "Products of the matrices of two batches (b × m × k and b × k × n)."),
    pair!("mv", "vec", BOTH, matmul::mv, "Product of a matrix and a vector."),
    op(
        "dot",
        &[input(), tensor("tensor")],
        BOTH,
        |args| Ok(matmul::dot(args.tensor(0), args.tensor(1))?.into()),
        "Scalar product of two vectors of one length.",
    ),
    pair!(
        "vdot",
        "other",
        BOTH,
        matmul::vdot,
        "Scalar product of two vectors, the first conjugated: for real numbers `dot`."
    ),
    pair!(
        "inner",
        "other",
        BOTH,
        contraction::inner,
        "Scalar products along the last axis, of every row of `input` with every row of `other`; the plain product if \
         one of them has no axes."
    ),
    OpInfo {
        name: "outer",
        aliases: &["ger"],
        params: &[input(), tensor("vec2")],
        forms: PROMOTED,
        call: Call::Structured(|args| Ok(matmul::outer(args.tensor(0), args.tensor(1))?.into())),
        gives: Gives::Tensor,
        doc: "All products of an element of `input` and an element of `vec2`, as a matrix.",
    },
    pair!(
        "matmul",
        "other",
        BOTH.and(Forms::LINALG),
        matmul::matmul,
        "Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column \
         on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."
    ),
    added!(
        "addmm",
        "mat1",
        "mat2",
        ALL,
        matmul::addmm,
        "`beta · input + alpha · (mat1 @ mat2)`; `input` is broadcast, and not read if `beta` is 0."
    ),
    added!(
        "addmv",
        "mat",
        "vec",
        ALL,
        matmul::addmv,
        "`beta · input + alpha · (mat @ vec)`; `input` is broadcast, and not read if `beta` is 0."
    ),
    added!(
        "addbmm",
        "batch1",
        "batch2",
        ALL,
        matmul::addbmm,
        "`beta · input + alpha · Σ batch1 @ batch2`, summed over the batch."
    ),
    added!(
        "baddbmm",
        "batch1",
        "batch2",
        ALL,
        matmul::baddbmm,
        "`beta · input + alpha · (batch1 @ batch2)`; `input` is broadcast."
    ),
    added!(
        "addr",
        "vec1",
        "vec2",
        Forms::ALL,
        matmul::addr,
        "`beta · input + alpha · outer(vec1, vec2)`; `input` is broadcast."
    ),
    op(
        "linear",
        &[input(), tensor("weight"), tensor("bias").optional()],
        Forms::NN,
        |args| Ok(matmul::linear(args.tensor(0), args.tensor(1), args.tensor_opt(2))?.into()),
        "`input @ weight.T + bias`: the last axis of `input` (any others before it) goes from `in` to `out` features; \
         `weight` is out × in, `bias` has `out` elements.",
    ),
    op(
        "bilinear",
        &[tensor("input1"), tensor("input2"), tensor("weight"), tensor("bias").optional()],
        Forms::NN.and(FUNCTION),
        |args| Ok(contraction::bilinear(args.tensor(0), args.tensor(1), args.tensor(2), args.tensor_opt(3))?.into()),
        "`y[k] = input1ᵀ weight[k] input2 + bias[k]` over the last axes; `weight` is out × in1 × in2.",
    ),
    op(
        "einsum",
        &[param("equation", Kind::Text), param("operands", Kind::Tensors).variadic()],
        FUNCTION,
        |args| Ok(einsum::einsum(args.text(0), args.tensors(1))?.into()),
        "Sum of products by Einstein's notation: one letter per axis, operands separated by commas, the output behind `->` \
         (without it: the letters that occur once, in alphabetical order); letters the output lacks are summed over, `...` \
         stands for further axes, which broadcast.",
    ),
    op(
        "tensordot",
        &[tensor("a"), tensor("b"), param("dims", Kind::Any).or(Default::Int(2))],
        FUNCTION.and(Forms::SAME_OUT),
        |args| {
            let (a, b) = (args.tensor(0), args.tensor(1));
            let (axes_a, axes_b) = axes(a, b, &args.values[2])?;
            Ok(contraction::tensordot(a, b, &axes_a, &axes_b)?.into())
        },
        "Sums of products over pairs of axes: the last `dims` axes of `a` and the first of `b`, or the axes of two lists. \
         The other axes of `a`, then those of `b`, remain.",
    ),
    OpInfo {
        name: "chain_matmul",
        aliases: &[],
        params: &[param("matrices", Kind::Tensors).variadic()],
        forms: FUNCTION,
        call: Call::Structured(|args| Ok(contraction::chain_matmul(args.tensors(0))?.into())),
        gives: Gives::Tensor,
        doc: "Product of several matrices in the order that takes the fewest multiplications.",
    },
    op(
        "multi_dot",
        &[param("tensors", Kind::Tensors)],
        LINALG,
        |args| Ok(contraction::multi_dot(args.tensors(0))?.into()),
        "Product of several matrices in the order that takes the fewest multiplications; the first may be a vector (a row) \
         and the last one, too (a column).",
    ),
    op(
        "matrix_power",
        &[input(), param("n", Kind::Int)],
        BOTH.and(Forms::LINALG),
        |args| Ok(contraction::matrix_power(args.tensor(0), args.int(1))?.into()),
        "The `n`-th power of a square matrix, or of each matrix of a batch; below 0 of its inverse.",
    ),
    pair!(
        "kron",
        "other",
        PROMOTED,
        contraction::kron,
        "Kronecker product: every element of `input` times all of `other`, as blocks."
    ),
    op(
        "cross",
        &[input(), tensor("other"), param("dim", Kind::Int).optional()],
        BOTH,
        |args| {
            let (a, b) = (args.tensor(0), args.tensor(1));
            let axis = match args.int_opt(2) {
                Some(axis) => axis,
                None => {
                    let axis = contraction::first_axis_of_three(a, b)?;
                    warning::warn(args.op, || {
                        format!(
                            "Using cross without specifying the dim arg is deprecated: it is the first axis of size 3, here \
                             {axis}. Please either pass the dim explicitly or use linalg.cross, which takes the last."
                        )
                    })?;
                    axis
                }
            };
            Ok(contraction::cross(a, b, axis)?.into())
        },
        "Vector product along `dim`, which has size 3 (the first such axis if it is not given).",
    ),
    op(
        "cross",
        &[input(), tensor("other"), param("dim", Kind::Int).or(Default::Int(-1)).keyword()],
        LINALG,
        |args| Ok(contraction::cross(args.tensor(0), args.tensor(1), args.int(2))?.into()),
        "Vector product along `dim`, which has size 3; the other axes broadcast.",
    ),
    op(
        "vecdot",
        &[tensor("x"), tensor("y"), param("dim", Kind::Int).or(Default::Int(-1)).keyword()],
        LINALG,
        |args| Ok(contraction::vecdot(args.tensor(0), args.tensor(1), args.int(2))?.into()),
        "Scalar products along `dim`; the other axes broadcast.",
    ),
    op(
        "cdist",
        &[
            tensor("x1"),
            tensor("x2"),
            param("p", Kind::Float).or(Default::Float(2.0)),
            param("compute_mode", Kind::Any).optional(),
        ],
        FUNCTION,
        |args| Ok(contraction::cdist(args.tensor(0), args.tensor(1), args.float(2))?.into()),
        "Distances by the p-norm of every row of `x1` from every row of `x2`; axes before the last two broadcast. \
         `compute_mode` is accepted: there is one way to compute it.",
    ),
    op(
        "cosine_similarity",
        &[
            tensor("x1"),
            tensor("x2"),
            param("dim", Kind::Int).or(Default::Int(1)),
            param("eps", Kind::Float).or(Default::Float(1e-8)),
        ],
        Forms::NN.and(FUNCTION),
        |args| Ok(contraction::cosine_similarity(args.tensor(0), args.tensor(1), args.int(2), args.float(3))?.into()),
        "Cosine of the angle between vectors along `dim`; each norm counts as `eps` at least.",
    ),
    op(
        "pairwise_distance",
        &[
            tensor("x1"),
            tensor("x2"),
            param("p", Kind::Float).or(Default::Float(2.0)),
            param("eps", Kind::Float).or(Default::Float(1e-6)),
            param("keepdim", Kind::Bool).or(Default::Bool(false)),
        ],
        Forms::NN.and(FUNCTION),
        |args| {
            let (x1, x2) = (args.tensor(0), args.tensor(1));
            Ok(contraction::pairwise_distance(x1, x2, args.float(2), args.float(3), args.flag(4))?.into())
        },
        "p-norm of `x1 - x2 + eps` along the last axis.",
    ),
    op(
        "normalize",
        &[
            input(),
            param("p", Kind::Float).or(Default::Float(2.0)),
            param("dim", Kind::Ints).or(Default::Int(1)),
            param("eps", Kind::Float).or(Default::Float(1e-12)),
        ],
        Forms::NN.and(Forms::OUT),
        |args| Ok(contraction::normalize(args.tensor(0), args.float(1), args.ints(2), args.float(3))?.into()),
        "`input / max(norm, eps)` with the p-norm along `dim`.",
    ),
];
