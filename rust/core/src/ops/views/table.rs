//! Names and signatures of the views.

use super::{reinterpret, splitting};
use crate::error::{Error, Result};
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, Gives, OpInfo, op, op_in_place};
use crate::ops::views;
use crate::ops::writing::copy;
use crate::tensor::Tensor;

const BOTH: Forms = Forms::BOTH;
const METHOD: Forms = Forms::METHOD;

/// Two axes exchanged, under one of the names of it.
macro_rules! transposed {
    ($name:literal, $first:ident, $second:ident) => {
        op_in_place(
            $name,
            takes!((input: Tensor, $first: Int, $second: Int)
                => views::transpose(input, $first, $second),
                in place views::in_place(input, |tensor| views::transpose(tensor, $first, $second))),
            BOTH.and(Forms::IN_PLACE),
            "Two axes exchanged.",
        )
    };
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "view",
        takes!((input: Tensor, size: IntList) => views::view(input, size)),
        METHOD,
        "The same elements in another shape, without copying; one size may be -1. Of a dtype: the same bits as elements of \
         it; where these are of another size, the last axis is scaled. No gradient passes then.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.tensor([1.0, -0.0]).view(arcgrad.int32)\n\
         tensor([ 1065353216, -2147483648], dtype=arcgrad.int32)",
    ),
    op("view", takes!((input: Tensor, dtype: DType) => reinterpret::view_dtype(input, dtype)), METHOD, ""),
    op(
        "view_as",
        takes!((input: Tensor, other: Tensor) {
            let shape: Vec<i64> = other.shape().iter().map(|&size| size as i64).collect();
            Ok(views::view(input, &shape)?.into())
        }),
        METHOD,
        "The same elements in the shape of `other`, without copying.",
    ),
    op(
        "reshape",
        takes!((input: Tensor, shape: IntList) => views::reshape(input, shape)),
        BOTH,
        "The same elements in another shape: a view where possible, else a copy; one size may be -1.",
    ),
    op(
        "reshape_as",
        takes!((input: Tensor, other: Tensor) {
            let shape: Vec<i64> = other.shape().iter().map(|&size| size as i64).collect();
            Ok(views::reshape(input, &shape)?.into())
        }),
        METHOD,
        "The same elements in the shape of `other`.",
    ),
    op(
        "ravel",
        takes!((input: Tensor) => views::reshape(&copy::contiguous(input)?, &[-1])),
        BOTH,
        "All elements as one axis.",
    ),
    op(
        "flatten",
        takes!((input: Tensor, start_dim: Int = 0, end_dim: Int = -1) => views::flatten(input, start_dim, end_dim)),
        BOTH,
        "Axes `start_dim` to `end_dim` as one.",
    ),
    op(
        "unflatten",
        takes!((input: Tensor, dim: Int, sizes: IntList) => views::unflatten(input, dim, sizes)),
        BOTH,
        "One axis as several; one size may be -1.",
    ),
    op_in_place(
        "squeeze",
        takes!((input: Tensor)
            => views::squeeze(input, None), in place views::in_place(input, |tensor| views::squeeze(tensor, None))),
        BOTH.and(Forms::IN_PLACE),
        "Without axes of size 1: all, or those named.",
    ),
    op_in_place(
        "squeeze",
        takes!((input: Tensor, dim: Ints)
            => views::squeeze(input, Some(dim)),
            in place views::in_place(input, |tensor| views::squeeze(tensor, Some(dim)))),
        BOTH.and(Forms::IN_PLACE),
        "",
    ),
    op_in_place(
        "unsqueeze",
        takes!((input: Tensor, dim: Int)
            => views::unsqueeze(input, dim), in place views::in_place(input, |tensor| views::unsqueeze(tensor, dim))),
        BOTH.and(Forms::IN_PLACE),
        "A new axis of size 1 at `dim`.",
    ),
    op(
        "expand",
        takes!((input: Tensor, size: IntList) => views::expand(input, size)),
        METHOD,
        "Broadcast without copying; -1 keeps a size.",
    ),
    op(
        "expand_as",
        takes!((input: Tensor, other: Tensor) => views::broadcast_to(input, &other.shape())),
        METHOD,
        "Broadcast to the shape of `other`.",
    ),
    op(
        "broadcast_to",
        takes!((input: Tensor, size: IntList) => views::expand(input, size)),
        BOTH,
        "Broadcast without copying.",
    ),
    op(
        "permute",
        takes!((input: Tensor, dims: IntList) => views::permute(input, dims)),
        BOTH,
        "Axes in another order.",
    ),
    transposed!("transpose", dim0, dim1).also(&["swapdims"]),
    transposed!("swapaxes", axis0, axis1),
    op_in_place(
        "t",
        takes!((input: Tensor) => views::t(input), in place views::in_place(input, views::t)),
        BOTH.and(Forms::IN_PLACE),
        "The transpose of a matrix; vectors as they are.",
    ),
    op(
        "movedim",
        takes!((input: Tensor, source: Int, destination: Int) => views::movedim(input, &[source], &[destination])),
        BOTH,
        "Axes moved to other places; the rest keep their order.",
    )
    .also(&["moveaxis"]),
    op(
        "movedim",
        takes!((input: Tensor, source: IntList, destination: IntList) => views::movedim(input, source, destination)),
        BOTH,
        "",
    )
    .also(&["moveaxis"]),
    op(
        "select",
        takes!((input: Tensor, dim: Int, index: Int) => views::select(input, dim, index)),
        BOTH,
        "One position of an axis, the axis removed.",
    ),
    op(
        "narrow",
        takes!((input: Tensor, dim: Int, start: Int, length: Int) => views::narrow(input, dim, start, length)),
        BOTH,
        "`length` elements of an axis from `start`.",
    ),
    // Whatever tensor stands for an integer is one already.
    op(
        "narrow",
        takes!((input: Tensor, dim: Int, start: Tensor, length: Int) {
            let _ = (input, dim, start, length);
            Err(Error::runtime("narrow", "start must be an 0-dim integral Tensor."))
        }),
        BOTH,
        "",
    ),
    op(
        "diagonal",
        takes!((input: Tensor, offset: Int = 0, dim1: Int = 0, dim2: Int = 1)
            => views::diagonal(input, offset, dim1, dim2)),
        BOTH,
        "The diagonal of two axes, as the last axis.",
    ),
    op(
        "unfold",
        takes!((input: Tensor, dimension: Int, size: Int, step: Int) => views::unfold(input, dimension, size, step)),
        METHOD,
        "Windows of `size` elements every `step` along an axis, as a new last axis.",
    ),
    op_in_place(
        "as_strided",
        takes!((input: Tensor, size: IntList, stride: IntList, storage_offset: Option<Int> = None)
            => strided(input, size, stride, storage_offset),
            in place views::in_place(input, |tensor| strided(tensor, size, stride, storage_offset))),
        BOTH.and(Forms::IN_PLACE),
        "Any geometry over the tensor's storage, in elements.",
    ),
    op(
        "unbind",
        takes!((input: Tensor, dim: Int = 0) => views::unbind(input, dim)),
        BOTH,
        "Every position of an axis, as a tuple.",
    )
    .giving(Gives::Tensors),
    op(
        "split",
        takes!((tensor: Tensor, split_size_or_sections: Int, dim: Int = 0)
            => views::split(tensor, split_size_or_sections, dim)),
        Forms::FUNCTION,
        "Parts of one length (the last may be shorter), or of given lengths.",
    )
    .giving(Gives::Tensors),
    op(
        "split",
        takes!((tensor: Tensor, split_size_or_sections: IntList, dim: Int = 0)
            => views::split_sizes(tensor, split_size_or_sections, dim)),
        Forms::FUNCTION,
        "",
    )
    .giving(Gives::Tensors),
    // The method has a name of its own for the size.
    op(
        "split",
        takes!((input: Tensor, split_size: Int, dim: Int = 0) => views::split(input, split_size, dim)),
        METHOD,
        "Parts of one length (the last may be shorter), or of given lengths.",
    )
    .giving(Gives::Tensors),
    op(
        "split",
        takes!((input: Tensor, split_size: IntList, dim: Int = 0) => views::split_sizes(input, split_size, dim)),
        METHOD,
        "",
    )
    .giving(Gives::Tensors),
    op(
        "split_with_sizes",
        takes!((input: Tensor, split_sizes: IntList, dim: Int = 0) => views::split_sizes(input, split_sizes, dim)),
        BOTH,
        "Parts of given lengths along an axis.",
    )
    .giving(Gives::Tensors),
    op(
        "tensor_split",
        takes!((input: Tensor, indices: IntList, dim: Int = 0) => splitting::split_at(input, indices, dim)),
        BOTH,
        "A number of parts of sizes as equal as can be, or the parts between given positions of an axis.",
    )
    .giving(Gives::Tensors),
    op(
        "tensor_split",
        takes!((input: Tensor, tensor_indices_or_sections: Tensor, dim: Int = 0)
            => splitting::split_by(input, tensor_indices_or_sections, dim)),
        BOTH,
        "",
    )
    .giving(Gives::Tensors),
    op(
        "tensor_split",
        takes!((input: Tensor, sections: Int, dim: Int = 0) => splitting::split_evenly(input, sections, dim)),
        BOTH,
        "",
    )
    .giving(Gives::Tensors),
    op(
        "chunk",
        takes!((input: Tensor, chunks: Int, dim: Int = 0) => views::chunk(input, chunks, dim)),
        BOTH,
        "At most `chunks` parts of equal length.",
    )
    .giving(Gives::Tensors),
];

/// The geometry that the arguments of `as_strided` ask for, over the storage of `source`.
fn strided(source: &Tensor, size: &[i64], stride: &[i64], offset: Option<i64>) -> Result<Tensor> {
    let shape: Result<Vec<usize>> = size
        .iter()
        .map(|&size| {
            usize::try_from(size)
                .map_err(|_| Error::runtime("as_strided", format!("as_strided: negative size {size} is not allowed")))
        })
        .collect();
    let strides: Vec<isize> = stride.iter().map(|&stride| stride as isize).collect();
    let offset = match offset {
        None => source.array().offset(),
        Some(offset) => usize::try_from(offset)
            .map_err(|_| Error::runtime("as_strided", format!("Tensor: invalid storage offset {offset}")))?,
    };
    views::as_strided(source, &shape?, &strides, offset)
}
