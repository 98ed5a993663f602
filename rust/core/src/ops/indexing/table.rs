//! Names and signatures of operations that read and write by index or by mask.

use super::{along, embedding, masks, scatter_reduce, scatter_views, slices};
use crate::error::Error;
use crate::ops::indexing;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, Gives, OpInfo, op, op_in_place};
use crate::tensor::Tensor;

/// An operation with an in-place form: a function that is told whether it works in place.
macro_rules! written {
    ($name:literal, $signature:tt, |$in_place:ident| $call:expr, $doc:expr) => {
        op_in_place(
            $name,
            takes!($signature {
                let $in_place = false;
                Ok($call?.into())
            } in place {
                let $in_place = true;
                $call.map(drop)
            }),
            Forms::ALL.and(Forms::SAME_OUT),
            $doc,
        )
    };
}

const BOTH: Forms = Forms::BOTH;
const BOTH_OUT: Forms = Forms::BOTH.and(Forms::SAME_OUT);

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "gather",
        takes!((input: Tensor, dim: Int, index: Tensor, *, sparse_grad: Bool = false) {
            // Gradients are dense.
            let _ = sparse_grad;
            Ok(along::gather(input, dim, index)?.into())
        }),
        BOTH_OUT,
        "Elements at the positions along `dim` that `index` gives, in the shape of `index`.",
    ),
    op(
        "unravel_index",
        takes!((indices: Tensor, shape: Ints) => along::unravel(indices, shape)),
        Forms::FUNCTION,
        "Positions in the flattened form of a tensor of `shape` as one index per axis, a tuple of `int64` in the shape of \
         `indices`.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.unravel_index(arcgrad.tensor([5, 11]), (3, 4))\n\
         (tensor([1, 2]), tensor([1, 3]))",
    )
    .giving(Gives::Tensors),
    written!(
        "scatter",
        (input: Tensor, dim: Int, index: Tensor, src: Tensor, *, reduce: Option<Text> = None),
        |in_place| along::scatter(input, in_place, dim, index, src, reduce),
        "Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."
    ),
    written!(
        "scatter",
        (input: Tensor, dim: Int, index: Tensor, value: Number, *, reduce: Option<Text> = None),
        |in_place| along::scatter_value(input, in_place, dim, index, value, reduce),
        ""
    ),
    written!(
        "scatter_add",
        (input: Tensor, dim: Int, index: Tensor, src: Tensor),
        |in_place| along::scatter_add(input, in_place, dim, index, src),
        "Elements of `src` added at the positions along `dim` that `index` gives."
    ),
    written!(
        "scatter_reduce",
        (input: Tensor, dim: Int, index: Tensor, src: Tensor, reduce: Text, *, include_self: Bool = true),
        |in_place| scatter_reduce::scatter_reduce(input, in_place, dim, index, src, reduce, include_self),
        "Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."
    ),
    op(
        "index_select",
        takes!((input: Tensor, dim: Int, index: Tensor) => slices::index_select(input, dim, index)),
        BOTH_OUT,
        "Whole slices along `dim`, in the order `index` gives.",
    ),
    written!(
        "index_add",
        (input: Tensor, dim: Int, index: Tensor, source: Tensor, *, alpha: Number = 1),
        |in_place| slices::index_add(input, in_place, dim, index, source, alpha),
        "Slices of `alpha * source` added along `dim` at the positions of `index`."
    ),
    written!(
        "index_copy",
        (input: Tensor, dim: Int, index: Tensor, source: Tensor),
        |in_place| slices::index_copy(input, in_place, dim, index, source),
        "Slices along `dim` at the positions of `index` replaced by those of `source`."
    ),
    written!(
        "index_fill",
        (input: Tensor, dim: Int, index: Tensor, value: TensorOrNumber),
        |in_place| slices::index_fill(input, in_place, dim, index, value),
        "Slices along `dim` at the positions of `index` filled with one value."
    ),
    written!(
        "index_put",
        (input: Tensor, indices: Tensors, values: Tensor, accumulate: Bool = false),
        |in_place| {
            let indices: Vec<Option<Tensor>> = indices.iter().cloned().map(Some).collect();
            indexing::index_put(input, in_place, &indices, values, accumulate)
        },
        "Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."
    ),
    op(
        "masked_select",
        takes!((input: Tensor, mask: Tensor) => masks::masked_select(input, mask)),
        BOTH_OUT,
        "The elements where `mask` is true, as a vector.",
    ),
    written!(
        "masked_scatter",
        (input: Tensor, mask: Tensor, source: Tensor),
        |in_place| masks::masked_scatter(input, in_place, mask, source),
        "The elements where `mask` is true replaced by those of `source`, in order."
    ),
    op(
        "nonzero",
        takes!((input: Tensor, *, as_tuple: Bool = false) {
            Ok(if as_tuple {
                masks::nonzero_tuple("nonzero", input)?.into()
            } else {
                masks::nonzero(input)?.into()
            })
        }),
        BOTH_OUT,
        "Positions of the elements that are not zero: one row each, or with `as_tuple` one vector per axis.",
    )
    .giving(Gives::TupleIf("as_tuple")),
    op(
        "argwhere",
        takes!((input: Tensor) => masks::nonzero(input)),
        BOTH,
        "Positions of the elements that are not zero, one row each.",
    ),
    op("where", takes!((condition: Tensor) => masks::nonzero_tuple("where", condition)), Forms::FUNCTION, "")
    .giving(Gives::Tensors),
    op(
        "take",
        takes!((input: Tensor, index: Tensor) => masks::take(input, index)),
        BOTH_OUT,
        "Elements at positions of the flattened tensor, in the shape of `index`.",
    ),
    written!(
        "put",
        (input: Tensor, index: Tensor, source: Tensor, accumulate: Bool = false),
        |in_place| masks::put(input, in_place, index, source, accumulate),
        "Elements of `source` written (or added) at positions of the flattened tensor."
    ),
    op(
        "take_along_dim",
        takes!((input: Tensor, indices: Tensor, dim: Option<Int> = None) => along::take_along_dim(input, indices, dim)),
        BOTH_OUT,
        "As `gather`, with broadcasting; without `dim` of the flattened tensor.",
    ),
    op(
        "select_scatter",
        takes!((input: Tensor, src: Tensor, dim: Int, index: Int)
            => scatter_views::select_scatter(input, src, dim, index)),
        BOTH,
        "A copy with one position of `dim` replaced by `src`.",
    ),
    op(
        "slice_scatter",
        takes!((
            input: Tensor,
            src: Tensor,
            dim: Int = 0,
            start: Option<Int> = None,
            end: Option<Int> = None,
            step: Int = 1,
        ) => scatter_views::slice_scatter(input, src, dim, start, end, step)),
        BOTH,
        "A copy with a slice of `dim` replaced by `src`.",
    ),
    op(
        "diagonal_scatter",
        takes!((input: Tensor, src: Tensor, offset: Int = 0, dim1: Int = 0, dim2: Int = 1)
            => scatter_views::diagonal_scatter(input, src, offset, dim1, dim2)),
        BOTH,
        "A copy with a diagonal of two axes replaced by `src`.",
    ),
    op(
        "one_hot",
        takes!((input: Tensor, num_classes: Int = -1) => embedding::one_hot(input, num_classes)),
        Forms::NN,
        "A 1 at the position each element names, along a new last axis.",
    ),
    op(
        "embedding",
        takes!((
            input: Tensor,
            weight: Tensor,
            padding_idx: Option<Int> = None,
            max_norm: Option<Float> = None,
            norm_type: Float = 2.0,
            scale_grad_by_freq: Bool = false,
            sparse: Bool = false,
        ) {
            if sparse {
                return Err(Error::not_implemented("embedding", "a sparse gradient"));
            }
            if let Some(max_norm) = max_norm {
                embedding::shorten_rows(weight, input, max_norm, norm_type)?;
            }
            Ok(embedding::embedding(input, weight, padding_idx, scale_grad_by_freq)?.into())
        }),
        Forms::NN,
        "Rows of the matrix `weight`, in the shape of the index tensor `input`. With `max_norm` the rows that are looked up and whose `norm_type`-norm is greater are first shortened to it, in place.",
    ),
];
