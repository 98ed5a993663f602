//! Names and signatures of the views.

use super::{reinterpret, splitting};
use crate::error::{Error, Result};
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
use crate::ops::views;
use crate::ops::writing::copy;
use crate::tensor::Tensor;

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

const BOTH: Forms = Forms::BOTH;
const METHOD: Forms = Forms::METHOD;
const SIZE: Param = param("size", Kind::IntList);

const fn dim(name: &'static str, default: i64) -> Param {
    param(name, Kind::Int).or(Default::Int(default))
}

/// Two axes exchanged, under one of the names of it.
const fn transposed(name: &'static str, aliases: &'static [&'static str], params: &'static [Param]) -> OpInfo {
    OpInfo {
        name,
        aliases,
        params,
        forms: BOTH.and(Forms::IN_PLACE),
        call: Call::InPlace(
            |args| Ok(views::transpose(args.tensor(0), args.int(1), args.int(2))?.into()),
            |args| views::in_place(args.tensor(0), |tensor| views::transpose(tensor, args.int(1), args.int(2))),
        ),
        gives: Gives::Tensor,
        doc: "Two axes exchanged.",
    }
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "view",
        &[input(), SIZE],
        METHOD,
        |args| Ok(views::view(args.tensor(0), args.ints(1))?.into()),
        "The same elements in another shape, without copying; one size may be -1. Of a dtype: the same bits as elements of \
         it; where these are of another size, the last axis is scaled. No gradient passes then.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.tensor([1.0, -0.0]).view(arcgrad.int32)\n\
         tensor([ 1065353216, -2147483648], dtype=arcgrad.int32)",
    ),
    op(
        "view",
        &[input(), param("dtype", Kind::DType)],
        METHOD,
        |args| Ok(reinterpret::view_dtype(args.tensor(0), args.dtype(1))?.into()),
        "",
    ),
    op(
        "view_as",
        &[input(), param("other", Kind::Tensor)],
        METHOD,
        |args| {
            let shape: Vec<i64> = args.tensor(1).shape().iter().map(|&size| size as i64).collect();
            Ok(views::view(args.tensor(0), &shape)?.into())
        },
        "The same elements in the shape of `other`, without copying.",
    ),
    op(
        "reshape",
        &[input(), param("shape", Kind::IntList)],
        BOTH,
        |args| Ok(views::reshape(args.tensor(0), args.ints(1))?.into()),
        "The same elements in another shape: a view where possible, else a copy; one size may be -1.",
    ),
    op(
        "reshape_as",
        &[input(), param("other", Kind::Tensor)],
        METHOD,
        |args| {
            let shape: Vec<i64> = args.tensor(1).shape().iter().map(|&size| size as i64).collect();
            Ok(views::reshape(args.tensor(0), &shape)?.into())
        },
        "The same elements in the shape of `other`.",
    ),
    op(
        "ravel",
        &[input()],
        BOTH,
        |args| Ok(views::reshape(&copy::contiguous(args.tensor(0))?, &[-1])?.into()),
        "All elements as one axis.",
    ),
    op(
        "flatten",
        &[input(), dim("start_dim", 0), dim("end_dim", -1)],
        BOTH,
        |args| Ok(views::flatten(args.tensor(0), args.int(1), args.int(2))?.into()),
        "Axes `start_dim` to `end_dim` as one.",
    ),
    op(
        "unflatten",
        &[input(), param("dim", Kind::Int), param("sizes", Kind::IntList)],
        BOTH,
        |args| Ok(views::unflatten(args.tensor(0), args.int(1), args.ints(2))?.into()),
        "One axis as several; one size may be -1.",
    ),
    OpInfo {
        name: "squeeze",
        aliases: &[],
        params: &[input()],
        forms: BOTH.and(Forms::IN_PLACE),
        call: Call::InPlace(
            |args| Ok(views::squeeze(args.tensor(0), None)?.into()),
            |args| views::in_place(args.tensor(0), |tensor| views::squeeze(tensor, None)),
        ),
        gives: Gives::Tensor,
        doc: "Without axes of size 1: all, or those named.",
    },
    OpInfo {
        name: "squeeze",
        aliases: &[],
        params: &[input(), param("dim", Kind::Ints)],
        forms: BOTH.and(Forms::IN_PLACE),
        call: Call::InPlace(
            |args| Ok(views::squeeze(args.tensor(0), args.ints_opt(1))?.into()),
            |args| views::in_place(args.tensor(0), |tensor| views::squeeze(tensor, args.ints_opt(1))),
        ),
        gives: Gives::Tensor,
        doc: "",
    },
    OpInfo {
        name: "unsqueeze",
        aliases: &[],
        params: &[input(), param("dim", Kind::Int)],
        forms: BOTH.and(Forms::IN_PLACE),
        call: Call::InPlace(
            |args| Ok(views::unsqueeze(args.tensor(0), args.int(1))?.into()),
            |args| views::in_place(args.tensor(0), |tensor| views::unsqueeze(tensor, args.int(1))),
        ),
        gives: Gives::Tensor,
        doc: "A new axis of size 1 at `dim`.",
    },
    op(
        "expand",
        &[input(), SIZE],
        METHOD,
        |args| Ok(views::expand(args.tensor(0), args.ints(1))?.into()),
        "Broadcast without copying; -1 keeps a size.",
    ),
    op(
        "expand_as",
        &[input(), param("other", Kind::Tensor)],
        METHOD,
        |args| Ok(views::broadcast_to(args.tensor(0), &args.tensor(1).shape())?.into()),
        "Broadcast to the shape of `other`.",
    ),
    op(
        "broadcast_to",
        &[input(), SIZE],
        BOTH,
        |args| Ok(views::expand(args.tensor(0), args.ints(1))?.into()),
        "Broadcast without copying.",
    ),
    op(
        "permute",
        &[input(), param("dims", Kind::IntList)],
        BOTH,
        |args| Ok(views::permute(args.tensor(0), args.ints(1))?.into()),
        "Axes in another order.",
    ),
    transposed("transpose", &["swapdims"], &[input(), param("dim0", Kind::Int), param("dim1", Kind::Int)]),
    transposed("swapaxes", &[], &[input(), param("axis0", Kind::Int), param("axis1", Kind::Int)]),
    OpInfo {
        name: "t",
        aliases: &[],
        params: &[input()],
        forms: BOTH.and(Forms::IN_PLACE),
        call: Call::InPlace(
            |args| Ok(views::t(args.tensor(0))?.into()),
            |args| views::in_place(args.tensor(0), views::t),
        ),
        gives: Gives::Tensor,
        doc: "The transpose of a matrix; vectors as they are.",
    },
    OpInfo {
        name: "movedim",
        aliases: &["moveaxis"],
        params: &[input(), param("source", Kind::Int), param("destination", Kind::Int)],
        forms: BOTH,
        call: Call::Structured(|args| Ok(views::movedim(args.tensor(0), &[args.int(1)], &[args.int(2)])?.into())),
        gives: Gives::Tensor,
        doc: "Axes moved to other places; the rest keep their order.",
    },
    OpInfo {
        name: "movedim",
        aliases: &["moveaxis"],
        params: &[input(), param("source", Kind::IntList), param("destination", Kind::IntList)],
        forms: BOTH,
        call: Call::Structured(|args| Ok(views::movedim(args.tensor(0), args.ints(1), args.ints(2))?.into())),
        gives: Gives::Tensor,
        doc: "",
    },
    op(
        "select",
        &[input(), param("dim", Kind::Int), param("index", Kind::Int)],
        BOTH,
        |args| Ok(views::select(args.tensor(0), args.int(1), args.int(2))?.into()),
        "One position of an axis, the axis removed.",
    ),
    op(
        "narrow",
        &[input(), param("dim", Kind::Int), param("start", Kind::Int), param("length", Kind::Int)],
        BOTH,
        |args| Ok(views::narrow(args.tensor(0), args.int(1), args.int(2), args.int(3))?.into()),
        "`length` elements of an axis from `start`.",
    ),
    // Whatever tensor stands for an integer is one already.
    op(
        "narrow",
        &[input(), param("dim", Kind::Int), param("start", Kind::Tensor), param("length", Kind::Int)],
        BOTH,
        |_| Err(Error::runtime("narrow", "start must be an 0-dim integral Tensor.")),
        "",
    ),
    op(
        "diagonal",
        &[input(), dim("offset", 0), dim("dim1", 0), dim("dim2", 1)],
        BOTH,
        |args| Ok(views::diagonal(args.tensor(0), args.int(1), args.int(2), args.int(3))?.into()),
        "The diagonal of two axes, as the last axis.",
    ),
    op(
        "unfold",
        &[input(), param("dimension", Kind::Int), param("size", Kind::Int), param("step", Kind::Int)],
        METHOD,
        |args| Ok(views::unfold(args.tensor(0), args.int(1), args.int(2), args.int(3))?.into()),
        "Windows of `size` elements every `step` along an axis, as a new last axis.",
    ),
    OpInfo {
        name: "as_strided",
        aliases: &[],
        params: &[input(), SIZE, param("stride", Kind::IntList), param("storage_offset", Kind::Int).optional()],
        forms: BOTH.and(Forms::IN_PLACE),
        call: Call::InPlace(
            |args| Ok(strided(args, args.tensor(0))?.into()),
            |args| views::in_place(args.tensor(0), |tensor| strided(args, tensor)),
        ),
        gives: Gives::Tensor,
        doc: "Any geometry over the tensor's storage, in elements.",
    },
    op(
        "unbind",
        &[input(), dim("dim", 0)],
        BOTH,
        |args| Ok(views::unbind(args.tensor(0), args.int(1))?.into()),
        "Every position of an axis, as a tuple.",
    )
    .giving(Gives::Tensors),
    op(
        "split",
        &[param("tensor", Kind::Tensor), param("split_size_or_sections", Kind::Int), dim("dim", 0)],
        Forms::FUNCTION,
        |args| Ok(views::split(args.tensor(0), args.int(1), args.int(2))?.into()),
        "Parts of one length (the last may be shorter), or of given lengths.",
    )
    .giving(Gives::Tensors),
    op(
        "split",
        &[param("tensor", Kind::Tensor), param("split_size_or_sections", Kind::IntList), dim("dim", 0)],
        Forms::FUNCTION,
        |args| Ok(views::split_sizes(args.tensor(0), args.ints(1), args.int(2))?.into()),
        "",
    )
    .giving(Gives::Tensors),
    // The method has a name of its own for the size.
    op(
        "split",
        &[input(), param("split_size", Kind::Int), dim("dim", 0)],
        METHOD,
        |args| Ok(views::split(args.tensor(0), args.int(1), args.int(2))?.into()),
        "Parts of one length (the last may be shorter), or of given lengths.",
    )
    .giving(Gives::Tensors),
    op(
        "split",
        &[input(), param("split_size", Kind::IntList), dim("dim", 0)],
        METHOD,
        |args| Ok(views::split_sizes(args.tensor(0), args.ints(1), args.int(2))?.into()),
        "",
    )
    .giving(Gives::Tensors),
    op(
        "split_with_sizes",
        &[input(), param("split_sizes", Kind::IntList), dim("dim", 0)],
        BOTH,
        |args| Ok(views::split_sizes(args.tensor(0), args.ints(1), args.int(2))?.into()),
        "Parts of given lengths along an axis.",
    )
    .giving(Gives::Tensors),
    op(
        "tensor_split",
        &[input(), param("indices", Kind::IntList), dim("dim", 0)],
        BOTH,
        |args| Ok(splitting::split_at(args.tensor(0), args.ints(1), args.int(2))?.into()),
        "A number of parts of sizes as equal as can be, or the parts between given positions of an axis.",
    )
    .giving(Gives::Tensors),
    op(
        "tensor_split",
        &[input(), param("tensor_indices_or_sections", Kind::Tensor), dim("dim", 0)],
        BOTH,
        |args| Ok(splitting::split_by(args.tensor(0), args.tensor(1), args.int(2))?.into()),
        "",
    )
    .giving(Gives::Tensors),
    op(
        "tensor_split",
        &[input(), param("sections", Kind::Int), dim("dim", 0)],
        BOTH,
        |args| Ok(splitting::split_evenly(args.tensor(0), args.int(1), args.int(2))?.into()),
        "",
    )
    .giving(Gives::Tensors),
    op(
        "chunk",
        &[input(), param("chunks", Kind::Int), dim("dim", 0)],
        BOTH,
        |args| Ok(views::chunk(args.tensor(0), args.int(1), args.int(2))?.into()),
        "At most `chunks` parts of equal length.",
    )
    .giving(Gives::Tensors),
];

/// The geometry that the arguments of `as_strided` ask for, over the storage of `source`.
fn strided(args: &Args<'_>, source: &Tensor) -> Result<Tensor> {
    let shape: Result<Vec<usize>> = args
        .ints(1)
        .iter()
        .map(|&size| {
            usize::try_from(size)
                .map_err(|_| Error::runtime("as_strided", format!("as_strided: negative size {size} is not allowed")))
        })
        .collect();
    let strides: Vec<isize> = args.ints(2).iter().map(|&stride| stride as isize).collect();
    let offset = match args.int_opt(3) {
        None => source.array().offset(),
        Some(offset) => usize::try_from(offset)
            .map_err(|_| Error::runtime("as_strided", format!("Tensor: invalid storage offset {offset}")))?,
    };
    views::as_strided(source, &shape?, &strides, offset)
}
