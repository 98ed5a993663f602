//! Names and signatures of operations that put tensors together or rearrange their elements.

use super::{grids, joining, padding, padding_modes, rearranging};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, Gives, OpInfo, Output, op, op_in_place};
use crate::ops::views::diagonals::{self, Triangle};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::warning;

const FUNCTION: Forms = Forms::FUNCTION;
const BOTH: Forms = Forms::BOTH;
const FUNCTION_OUT: Forms = Forms::FUNCTION.and(Forms::OUT);

/// One tensor, or a tuple of several.
fn widened(tensors: &[Tensor], widen: fn(&Tensor) -> Result<Tensor>) -> Result<Output> {
    let widened: Result<Vec<Tensor>> = tensors.iter().map(widen).collect();
    Ok(widened?.into())
}

const TRIANGLE_FORMS: Forms = Forms::ALL.and(Forms::SAME_OUT);

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "cat",
        takes!((tensors: Tensors, dim: Int = 0) => joining::cat(tensors, dim)),
        FUNCTION_OUT,
        "Tensors behind each other along an axis; dtypes are promoted.",
    )
    .also(&["concat", "concatenate"]),
    op(
        "stack",
        takes!((tensors: Tensors, dim: Int = 0) => joining::stack(tensors, dim)),
        FUNCTION_OUT,
        "Tensors of one shape as the positions of a new axis.",
    ),
    op(
        "hstack",
        takes!((tensors: Tensors) => joining::hstack(tensors)),
        FUNCTION_OUT,
        "Tensors behind each other along the second axis; vectors along their only one.",
    ),
    op(
        "vstack",
        takes!((tensors: Tensors) => joining::vstack(tensors)),
        FUNCTION_OUT,
        "Tensors below each other; vectors are rows.",
    )
    .also(&["row_stack"]),
    op(
        "dstack",
        takes!((tensors: Tensors) => joining::dstack(tensors)),
        FUNCTION_OUT,
        "Tensors behind each other along the third axis.",
    ),
    op(
        "column_stack",
        takes!((tensors: Tensors) => joining::column_stack(tensors)),
        FUNCTION_OUT,
        "Tensors beside each other; numbers and vectors are columns.",
    ),
    op(
        "atleast_1d",
        takes!((input: Tensor) => joining::atleast_1d(input)),
        FUNCTION,
        "The tensor with at least one axis; several tensors give a tuple.",
    ),
    op("atleast_1d", takes!((tensors: Spread<Tensors>) { widened(tensors, joining::atleast_1d) }), FUNCTION, "")
        .giving(Gives::Tensors),
    op(
        "atleast_2d",
        takes!((input: Tensor) => joining::atleast_2d(input)),
        FUNCTION,
        "The tensor with at least two axes; several tensors give a tuple.",
    ),
    op("atleast_2d", takes!((tensors: Spread<Tensors>) { widened(tensors, joining::atleast_2d) }), FUNCTION, "")
        .giving(Gives::Tensors),
    op(
        "atleast_3d",
        takes!((input: Tensor) => joining::atleast_3d(input)),
        FUNCTION,
        "The tensor with at least three axes; several tensors give a tuple.",
    ),
    op("atleast_3d", takes!((tensors: Spread<Tensors>) { widened(tensors, joining::atleast_3d) }), FUNCTION, "")
        .giving(Gives::Tensors),
    op(
        "block_diag",
        takes!((tensors: Spread<Tensors>) => diagonals::block_diag(tensors)),
        FUNCTION,
        "A matrix with the given matrices along its diagonal and zeros elsewhere.",
    ),
    op(
        "broadcast_tensors",
        takes!((tensors: Spread<Tensors>) => grids::broadcast_tensors(tensors)),
        FUNCTION,
        "The tensors expanded to their common shape.",
    )
    .giving(Gives::Tensors),
    op(
        "meshgrid",
        takes!((tensors: Spread<Tensors>, *, indexing: Option<Text> = None) {
            let indexing = match indexing {
                Some(indexing) => indexing,
                None => {
                    warning::warn("meshgrid", || {
                        "meshgrid: in an upcoming release, it will be required to pass the indexing argument. It is 'ij' if \
                         not given, where NumPy's is 'xy'."
                            .to_owned()
                    })?;
                    "ij"
                }
            };
            Ok(grids::meshgrid(tensors, indexing)?.into())
        }),
        FUNCTION,
        "The coordinates of the grid that vectors span; `indexing` is 'ij' (matrix) or 'xy' (Cartesian).",
    )
    .giving(Gives::Tensors),
    op(
        "cartesian_prod",
        takes!((tensors: Spread<Tensors>) => grids::cartesian_prod(tensors)),
        FUNCTION,
        "All combinations with one element of each vector, one row each.",
    ),
    op(
        "combinations",
        takes!((input: Tensor, r: Int = 2, with_replacement: Bool = false)
            => grids::combinations(input, r, with_replacement)),
        FUNCTION,
        "All choices of `r` elements of a vector, one row each.",
    ),
    op(
        "diff",
        takes!((
            input: Tensor,
            n: Int = 1,
            dim: Int = -1,
            prepend: Option<Tensor> = None,
            append: Option<Tensor> = None,
        ) => grids::diff(input, n, dim, prepend, append)),
        Forms::BOTH.and(Forms::OUT),
        "Differences of neighbours along `dim`, taken `n` times.",
    ),
    // ---- rearranged ----
    op(
        "repeat",
        takes!((input: Tensor, repeats: IntList) => rearranging::repeat(input, repeats)),
        Forms::METHOD,
        "The whole tensor several times along each axis; new axes come in front.",
    ),
    op(
        "tile",
        takes!((input: Tensor, dims: IntList) => rearranging::tile(input, dims)),
        BOTH,
        "The whole tensor several times along each axis; axes that are not mentioned once.",
    ),
    op(
        "repeat_interleave",
        takes!((input: Tensor, repeats: Int, dim: Option<Int> = None, *, output_size: Option<Int> = None) {
            let result = rearranging::repeat_interleave(input, repeats, dim)?;
            if let Some(size) = output_size {
                let axis = dim.unwrap_or(0);
                let axis = crate::shape::normalize_axis("repeat_interleave", axis, result.rank())?;
                let found = result.shape().get(axis).copied().unwrap_or(1) as i64;
                if found != size {
                    return Err(Error::runtime(
                        "repeat_interleave",
                        format!("allocated size does not match required size: {size} and {found}"),
                    ));
                }
            }
            Ok(result.into())
        }),
        BOTH,
        "Each element (or slice along `dim`) several times in a row; without `dim` of the flattened tensor.",
    ),
    op(
        "repeat_interleave",
        takes!((input: Tensor, repeats: Tensor, dim: Option<Int> = None, *, output_size: Option<Int> = None)
            => rearranging::repeat_interleave_by(input, repeats, dim, output_size)),
        BOTH,
        "",
    ),
    op(
        "repeat_interleave",
        takes!((repeats: Tensor, *, output_size: Option<Int> = None)
            => rearranging::repeated_positions(repeats, output_size)),
        FUNCTION,
        "",
    ),
    op(
        "flip",
        takes!((input: Tensor, dims: IntList) => rearranging::flip(input, dims)),
        BOTH,
        "A copy with the order along `dims` reversed.",
    ),
    op(
        "fliplr",
        takes!((input: Tensor) => rearranging::fliplr(input)),
        BOTH,
        "A copy with the order of columns reversed.",
    ),
    op(
        "flipud",
        takes!((input: Tensor) => rearranging::flipud(input)),
        BOTH,
        "A copy with the order of rows reversed.",
    ),
    op(
        "roll",
        takes!((input: Tensor, shifts: Ints, dims: Option<Ints> = None)
            => rearranging::roll(input, shifts, dims.unwrap_or_default())),
        BOTH,
        "Elements moved along `dims` (or along the flattened tensor), those that fall off the end put at the start.",
    ),
    op(
        "rot90",
        takes!((input: Tensor, k: Int = 1, dims: IntList = &[0, 1]) => rearranging::rot90(input, k, dims)),
        BOTH,
        "Turned by `k` right angles in the plane of two axes, the first two by default.",
    ),
    // ---- diagonals ----
    op(
        "diag",
        takes!((input: Tensor, diagonal: Int = 0) => diagonals::diag(input, diagonal)),
        Forms::BOTH.and(Forms::SAME_OUT),
        "A matrix with a vector on a diagonal, or a copy of a diagonal of a matrix.",
    ),
    op(
        "diag_embed",
        takes!((input: Tensor, offset: Int = 0, dim1: Int = -2, dim2: Int = -1)
            => diagonals::diag_embed(input, offset, dim1, dim2)),
        BOTH,
        "Matrices with the last axis of the tensor on a diagonal and zeros elsewhere.",
    ),
    op(
        "diagflat",
        takes!((input: Tensor, offset: Int = 0) => diagonals::diagflat(input, offset)),
        BOTH,
        "A matrix with the elements of the tensor on a diagonal.",
    ),
    op("trace", takes!((input: Tensor) => diagonals::trace(input)), BOTH, "Sum of the diagonal of a matrix."),
    op_in_place(
        "tril",
        takes!((input: Tensor, diagonal: Int = 0)
            => diagonals::triangle(input, Triangle::Lower, diagonal, false),
            in place diagonals::triangle(input, Triangle::Lower, diagonal, true).map(drop)),
        TRIANGLE_FORMS,
        "The triangle on and below a diagonal, zeros above.",
    ),
    op_in_place(
        "triu",
        takes!((input: Tensor, diagonal: Int = 0)
            => diagonals::triangle(input, Triangle::Upper, diagonal, false),
            in place diagonals::triangle(input, Triangle::Upper, diagonal, true).map(drop)),
        TRIANGLE_FORMS,
        "The triangle on and above a diagonal, zeros below.",
    ),
    op(
        "tril_indices",
        takes!((row: Int, col: Int, offset: Int = 0, *, dtype: Option<DType> = None) {
            let dtype = dtype.unwrap_or(DType::I64);
            Ok(diagonals::triangle_indices(row, col, offset, Triangle::Lower, dtype)?.into())
        }),
        FUNCTION,
        "Row and column numbers of the elements on and below a diagonal of a matrix.",
    ),
    op(
        "triu_indices",
        takes!((row: Int, col: Int, offset: Int = 0, *, dtype: Option<DType> = None) {
            let dtype = dtype.unwrap_or(DType::I64);
            Ok(diagonals::triangle_indices(row, col, offset, Triangle::Upper, dtype)?.into())
        }),
        FUNCTION,
        "Row and column numbers of the elements on and above a diagonal of a matrix.",
    ),
    // ---- padding ----
    op(
        "constant_pad_nd",
        takes!((input: Tensor, pad: IntList, value: Number = 0) => padding::constant_pad(input, pad, value)),
        FUNCTION,
        "One value around a tensor: elements before and behind the last axis, then the one before it, and so on.",
    ),
    op(
        "pad",
        takes!((input: Tensor, pad: IntList, mode: Text = "constant", value: Option<Number> = None) {
            let value: Option<Scalar> = value;
            Ok(padding_modes::pad(input, pad, mode, value)?.into())
        }),
        Forms::NN,
        "Elements around a tensor; `mode` is 'constant', 'reflect', 'replicate' or 'circular'.",
    ),
];
