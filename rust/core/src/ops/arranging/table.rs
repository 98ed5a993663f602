//! Names and signatures of operations that put tensors together or rearrange their elements.

use super::{grids, joining, padding, padding_modes, rearranging};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
use crate::ops::views::diagonals::{self, Triangle};
use crate::scalar::Scalar;
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

const FUNCTION: Forms = Forms::FUNCTION;
const BOTH: Forms = Forms::BOTH;
const FUNCTION_OUT: Forms = Forms::FUNCTION.and(Forms::OUT);
const TENSORS: Param = param("tensors", Kind::Tensors);
/// `f(a, b)` is the same as `f((a, b))`.
const SPREAD: Param = TENSORS.variadic();
const DTYPE: Param = param("dtype", Kind::DType).optional().keyword();

const fn int(name: &'static str, default: i64) -> Param {
    param(name, Kind::Int).or(Default::Int(default))
}

/// One tensor, or a tuple of several.
fn widened(tensors: &[Tensor], widen: fn(&Tensor) -> Result<Tensor>) -> Result<Output> {
    let widened: Result<Vec<Tensor>> = tensors.iter().map(widen).collect();
    Ok(widened?.into())
}

fn triangle(args: &Args<'_>, triangle: Triangle, in_place: bool) -> Result<Tensor> {
    diagonals::triangle(args.tensor(0), triangle, args.int(1), in_place)
}

fn triangle_indices(args: &Args<'_>, triangle: Triangle) -> Result<Output> {
    let dtype = args.dtype_opt(3).unwrap_or(DType::I64);
    Ok(diagonals::triangle_indices(args.int(0), args.int(1), args.int(2), triangle, dtype)?.into())
}

const TRIANGLE: &[Param] = &[input(), int("diagonal", 0)];
const TRIANGLE_FORMS: Forms = Forms::ALL.and(Forms::SAME_OUT);
const TRIANGLE_INDICES: &[Param] = &[param("row", Kind::Int), param("col", Kind::Int), int("offset", 0), DTYPE];
const JOINED: &[Param] = &[TENSORS];
const OUTPUT_SIZE: Param = param("output_size", Kind::Int).optional().keyword();

/// The table.
pub static TABLE: &[OpInfo] = &[
    OpInfo {
        name: "cat",
        aliases: &["concat", "concatenate"],
        params: &[TENSORS, int("dim", 0)],
        forms: FUNCTION_OUT,
        call: Call::Structured(|args| Ok(joining::cat(args.tensors(0), args.int(1))?.into())),
        gives: Gives::Tensor,
        doc: "Tensors behind each other along an axis; dtypes are promoted.",
    },
    op(
        "stack",
        &[TENSORS, int("dim", 0)],
        FUNCTION_OUT,
        |args| Ok(joining::stack(args.tensors(0), args.int(1))?.into()),
        "Tensors of one shape as the positions of a new axis.",
    ),
    op(
        "hstack",
        JOINED,
        FUNCTION_OUT,
        |args| Ok(joining::hstack(args.tensors(0))?.into()),
        "Tensors behind each other along the second axis; vectors along their only one.",
    ),
    OpInfo {
        name: "vstack",
        aliases: &["row_stack"],
        params: JOINED,
        forms: FUNCTION_OUT,
        call: Call::Structured(|args| Ok(joining::vstack(args.tensors(0))?.into())),
        gives: Gives::Tensor,
        doc: "Tensors below each other; vectors are rows.",
    },
    op(
        "dstack",
        JOINED,
        FUNCTION_OUT,
        |args| Ok(joining::dstack(args.tensors(0))?.into()),
        "Tensors behind each other along the third axis.",
    ),
    op(
        "column_stack",
        JOINED,
        FUNCTION_OUT,
        |args| Ok(joining::column_stack(args.tensors(0))?.into()),
        "Tensors beside each other; numbers and vectors are columns.",
    ),
    op(
        "atleast_1d",
        &[input()],
        FUNCTION,
        |args| Ok(joining::atleast_1d(args.tensor(0))?.into()),
        "The tensor with at least one axis; several tensors give a tuple.",
    ),
    op("atleast_1d", &[SPREAD], FUNCTION, |args| widened(args.tensors(0), joining::atleast_1d), "")
        .giving(Gives::Tensors),
    op(
        "atleast_2d",
        &[input()],
        FUNCTION,
        |args| Ok(joining::atleast_2d(args.tensor(0))?.into()),
        "The tensor with at least two axes; several tensors give a tuple.",
    ),
    op("atleast_2d", &[SPREAD], FUNCTION, |args| widened(args.tensors(0), joining::atleast_2d), "")
        .giving(Gives::Tensors),
    op(
        "atleast_3d",
        &[input()],
        FUNCTION,
        |args| Ok(joining::atleast_3d(args.tensor(0))?.into()),
        "The tensor with at least three axes; several tensors give a tuple.",
    ),
    op("atleast_3d", &[SPREAD], FUNCTION, |args| widened(args.tensors(0), joining::atleast_3d), "")
        .giving(Gives::Tensors),
    op(
        "block_diag",
        &[SPREAD],
        FUNCTION,
        |args| Ok(diagonals::block_diag(args.tensors(0))?.into()),
        "A matrix with the given matrices along its diagonal and zeros elsewhere.",
    ),
    op(
        "broadcast_tensors",
        &[SPREAD],
        FUNCTION,
        |args| Ok(grids::broadcast_tensors(args.tensors(0))?.into()),
        "The tensors expanded to their common shape.",
    )
    .giving(Gives::Tensors),
    op(
        "meshgrid",
        &[SPREAD, param("indexing", Kind::Text).optional().keyword()],
        FUNCTION,
        |args| {
            let indexing = match args.text_opt(1) {
                Some(indexing) => indexing,
                None => {
                    warning::warn(args.op, || {
                        "meshgrid: in an upcoming release, it will be required to pass the indexing argument. It is 'ij' if \
                         not given, where NumPy's is 'xy'."
                            .to_owned()
                    })?;
                    "ij"
                }
            };
            Ok(grids::meshgrid(args.tensors(0), indexing)?.into())
        },
        "The coordinates of the grid that vectors span; `indexing` is 'ij' (matrix) or 'xy' (Cartesian).",
    )
    .giving(Gives::Tensors),
    op(
        "cartesian_prod",
        &[SPREAD],
        FUNCTION,
        |args| Ok(grids::cartesian_prod(args.tensors(0))?.into()),
        "All combinations with one element of each vector, one row each.",
    ),
    op(
        "combinations",
        &[input(), int("r", 2), param("with_replacement", Kind::Bool).or(Default::Bool(false))],
        FUNCTION,
        |args| Ok(grids::combinations(args.tensor(0), args.int(1), args.flag(2))?.into()),
        "All choices of `r` elements of a vector, one row each.",
    ),
    op(
        "diff",
        &[
            input(),
            int("n", 1),
            int("dim", -1),
            param("prepend", Kind::Tensor).optional(),
            param("append", Kind::Tensor).optional(),
        ],
        Forms::BOTH.and(Forms::OUT),
        |args| {
            let (n, dim) = (args.int(1), args.int(2));
            Ok(grids::diff(args.tensor(0), n, dim, args.tensor_opt(3), args.tensor_opt(4))?.into())
        },
        "Differences of neighbours along `dim`, taken `n` times.",
    ),
    // ---- rearranged ----
    op(
        "repeat",
        &[input(), param("repeats", Kind::IntList)],
        Forms::METHOD,
        |args| Ok(rearranging::repeat(args.tensor(0), args.ints(1))?.into()),
        "The whole tensor several times along each axis; new axes come in front.",
    ),
    op(
        "tile",
        &[input(), param("dims", Kind::IntList)],
        BOTH,
        |args| Ok(rearranging::tile(args.tensor(0), args.ints(1))?.into()),
        "The whole tensor several times along each axis; axes that are not mentioned once.",
    ),
    op(
        "repeat_interleave",
        &[input(), param("repeats", Kind::Int), param("dim", Kind::Int).optional(), OUTPUT_SIZE],
        BOTH,
        |args| {
            let result = rearranging::repeat_interleave(args.tensor(0), args.int(1), args.int_opt(2))?;
            if let Some(size) = args.int_opt(3) {
                let axis = args.int_opt(2).unwrap_or(0);
                let axis = crate::shape::normalize_axis(args.op, axis, result.rank())?;
                let found = result.shape().get(axis).copied().unwrap_or(1) as i64;
                if found != size {
                    return Err(Error::runtime(
                        args.op,
                        format!("allocated size does not match required size: {size} and {found}"),
                    ));
                }
            }
            Ok(result.into())
        },
        "Each element (or slice along `dim`) several times in a row; without `dim` of the flattened tensor.",
    ),
    op(
        "repeat_interleave",
        &[input(), param("repeats", Kind::Tensor), param("dim", Kind::Int).optional(), OUTPUT_SIZE],
        BOTH,
        |args| {
            let (counts, dim, size) = (args.tensor(1), args.int_opt(2), args.int_opt(3));
            Ok(rearranging::repeat_interleave_by(args.tensor(0), counts, dim, size)?.into())
        },
        "",
    ),
    op(
        "repeat_interleave",
        &[param("repeats", Kind::Tensor), OUTPUT_SIZE],
        FUNCTION,
        |args| Ok(rearranging::repeated_positions(args.tensor(0), args.int_opt(1))?.into()),
        "",
    ),
    op(
        "flip",
        &[input(), param("dims", Kind::IntList)],
        BOTH,
        |args| Ok(rearranging::flip(args.tensor(0), args.ints(1))?.into()),
        "A copy with the order along `dims` reversed.",
    ),
    op(
        "fliplr",
        &[input()],
        BOTH,
        |args| Ok(rearranging::fliplr(args.tensor(0))?.into()),
        "A copy with the order of columns reversed.",
    ),
    op(
        "flipud",
        &[input()],
        BOTH,
        |args| Ok(rearranging::flipud(args.tensor(0))?.into()),
        "A copy with the order of rows reversed.",
    ),
    op(
        "roll",
        &[input(), param("shifts", Kind::Ints), param("dims", Kind::Ints).optional()],
        BOTH,
        |args| Ok(rearranging::roll(args.tensor(0), args.ints(1), args.ints_opt(2).unwrap_or_default())?.into()),
        "Elements moved along `dims` (or along the flattened tensor), those that fall off the end put at the start.",
    ),
    op(
        "rot90",
        &[input(), int("k", 1), param("dims", Kind::IntList).or(Default::Ints(&[0, 1]))],
        BOTH,
        |args| Ok(rearranging::rot90(args.tensor(0), args.int(1), args.ints(2))?.into()),
        "Turned by `k` right angles in the plane of two axes, the first two by default.",
    ),
    // ---- diagonals ----
    op(
        "diag",
        TRIANGLE,
        Forms::BOTH.and(Forms::SAME_OUT),
        |args| Ok(diagonals::diag(args.tensor(0), args.int(1))?.into()),
        "A matrix with a vector on a diagonal, or a copy of a diagonal of a matrix.",
    ),
    op(
        "diag_embed",
        &[input(), int("offset", 0), int("dim1", -2), int("dim2", -1)],
        BOTH,
        |args| Ok(diagonals::diag_embed(args.tensor(0), args.int(1), args.int(2), args.int(3))?.into()),
        "Matrices with the last axis of the tensor on a diagonal and zeros elsewhere.",
    ),
    op(
        "diagflat",
        &[input(), int("offset", 0)],
        BOTH,
        |args| Ok(diagonals::diagflat(args.tensor(0), args.int(1))?.into()),
        "A matrix with the elements of the tensor on a diagonal.",
    ),
    op(
        "trace",
        &[input()],
        BOTH,
        |args| Ok(diagonals::trace(args.tensor(0))?.into()),
        "Sum of the diagonal of a matrix.",
    ),
    OpInfo {
        name: "tril",
        aliases: &[],
        params: TRIANGLE,
        forms: TRIANGLE_FORMS,
        call: Call::InPlace(
            |args| Ok(triangle(args, Triangle::Lower, false)?.into()),
            |args| triangle(args, Triangle::Lower, true).map(drop),
        ),
        gives: Gives::Tensor,
        doc: "The triangle on and below a diagonal, zeros above.",
    },
    OpInfo {
        name: "triu",
        aliases: &[],
        params: TRIANGLE,
        forms: TRIANGLE_FORMS,
        call: Call::InPlace(
            |args| Ok(triangle(args, Triangle::Upper, false)?.into()),
            |args| triangle(args, Triangle::Upper, true).map(drop),
        ),
        gives: Gives::Tensor,
        doc: "The triangle on and above a diagonal, zeros below.",
    },
    op(
        "tril_indices",
        TRIANGLE_INDICES,
        FUNCTION,
        |args| triangle_indices(args, Triangle::Lower),
        "Row and column numbers of the elements on and below a diagonal of a matrix.",
    ),
    op(
        "triu_indices",
        TRIANGLE_INDICES,
        FUNCTION,
        |args| triangle_indices(args, Triangle::Upper),
        "Row and column numbers of the elements on and above a diagonal of a matrix.",
    ),
    // ---- padding ----
    op(
        "constant_pad_nd",
        &[input(), param("pad", Kind::IntList), param("value", Kind::Number).or(Default::Int(0))],
        FUNCTION,
        |args| Ok(padding::constant_pad(args.tensor(0), args.ints(1), args.number(2))?.into()),
        "One value around a tensor: elements before and behind the last axis, then the one before it, and so on.",
    ),
    op(
        "pad",
        &[
            input(),
            param("pad", Kind::IntList),
            param("mode", Kind::Text).or(Default::Text("constant")),
            param("value", Kind::Number).optional(),
        ],
        Forms::NN,
        |args| {
            let value: Option<Scalar> = args.number_opt(3);
            Ok(padding_modes::pad(args.tensor(0), args.ints(1), args.text(2), value)?.into())
        },
        "Elements around a tensor; `mode` is 'constant', 'reflect', 'replicate' or 'circular'.",
    ),
];
