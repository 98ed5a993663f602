//! Names and signatures of operations that read and write by index or by mask.

use super::{along, embedding, masks, scatter_reduce, scatter_views, slices};
use crate::error::{Error, Result};
use crate::ops::indexing;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
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

const fn written(
    name: &'static str,
    params: &'static [Param],
    value: fn(&Args<'_>) -> Result<Output>,
    in_place: fn(&Args<'_>) -> Result<()>,
    doc: &'static str,
) -> OpInfo {
    OpInfo {
        name,
        aliases: &[],
        params,
        forms: Forms::ALL.and(Forms::SAME_OUT),
        call: Call::InPlace(value, in_place),
        gives: Gives::Tensor,
        doc,
    }
}

/// An operation with an in-place form: the function takes the arguments and whether it works in place.
macro_rules! written {
    ($name:literal, $params:expr, $call:expr, $doc:expr) => {
        written(
            $name,
            $params,
            |args| {
                let call: fn(&Args<'_>, bool) -> Result<Tensor> = $call;
                Ok(call(args, false)?.into())
            },
            |args| {
                let call: fn(&Args<'_>, bool) -> Result<Tensor> = $call;
                call(args, true).map(drop)
            },
            $doc,
        )
    };
}

const BOTH: Forms = Forms::BOTH;
const BOTH_OUT: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const DIM: Param = param("dim", Kind::Int);
const INDEX: Param = param("index", Kind::Tensor);
const SRC: Param = param("src", Kind::Tensor);
const REDUCE: Param = param("reduce", Kind::Text).optional().keyword();
const MASK: Param = param("mask", Kind::Tensor);

const fn int(name: &'static str, default: i64) -> Param {
    param(name, Kind::Int).or(Default::Int(default))
}

const fn flag(name: &'static str) -> Param {
    param(name, Kind::Bool).or(Default::Bool(false))
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "gather",
        &[input(), DIM, INDEX, flag("sparse_grad").keyword()],
        BOTH_OUT,
        |args| {
            Ok(along::gather(args.tensor(0), args.int(1), args.tensor(2))?.into())
        },
        "Elements at the positions along `dim` that `index` gives, in the shape of `index`.",
    ),
    op(
        "unravel_index",
        &[param("indices", Kind::Tensor), param("shape", Kind::Ints)],
        Forms::FUNCTION,
        |args| Ok(along::unravel(args.tensor(0), args.ints(1))?.into()),
        "Positions in the flattened form of a tensor of `shape` as one index per axis, a tuple of `int64` in the shape of \
         `indices`.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.unravel_index(arcgrad.tensor([5, 11]), (3, 4))\n\
         (tensor([1, 2]), tensor([1, 3]))",
    )
    .giving(Gives::Tensors),
    written!(
        "scatter",
        &[input(), DIM, INDEX, SRC, REDUCE],
        |args, in_place| {
            let (dim, at, src) = (args.int(1), args.tensor(2), args.tensor(3));
            along::scatter(args.tensor(0), in_place, dim, at, src, args.text_opt(4))
        },
        "Elements of `src` (or one number) written to the positions along `dim` that `index` gives; `reduce` is 'add' or 'multiply'."
    ),
    written!(
        "scatter",
        &[input(), DIM, INDEX, param("value", Kind::Number), REDUCE],
        |args, in_place| {
            let (dim, at, value) = (args.int(1), args.tensor(2), args.number(3));
            along::scatter_value(args.tensor(0), in_place, dim, at, value, args.text_opt(4))
        },
        ""
    ),
    written!(
        "scatter_add",
        &[input(), DIM, INDEX, SRC],
        |args, in_place| along::scatter_add(args.tensor(0), in_place, args.int(1), args.tensor(2), args.tensor(3)),
        "Elements of `src` added at the positions along `dim` that `index` gives."
    ),
    written!(
        "scatter_reduce",
        &[
            input(),
            DIM,
            INDEX,
            SRC,
            param("reduce", Kind::Text),
            param("include_self", Kind::Bool).or(Default::Bool(true)).keyword(),
        ],
        |args, in_place| {
            let (dim, at, src) = (args.int(1), args.tensor(2), args.tensor(3));
            scatter_reduce::scatter_reduce(args.tensor(0), in_place, dim, at, src, args.text(4), args.flag(5))
        },
        "Elements of `src` combined ('sum', 'prod', 'mean', 'amax', 'amin') into the positions along `dim` that `index` gives."
    ),
    op(
        "index_select",
        &[input(), DIM, INDEX],
        BOTH_OUT,
        |args| Ok(slices::index_select(args.tensor(0), args.int(1), args.tensor(2))?.into()),
        "Whole slices along `dim`, in the order `index` gives.",
    ),
    written!(
        "index_add",
        &[
            input(),
            DIM,
            INDEX,
            param("source", Kind::Tensor),
            param("alpha", Kind::Number).or(Default::Int(1)).keyword(),
        ],
        |args, in_place| {
            let (dim, at, source) = (args.int(1), args.tensor(2), args.tensor(3));
            slices::index_add(args.tensor(0), in_place, dim, at, source, args.number(4))
        },
        "Slices of `alpha * source` added along `dim` at the positions of `index`."
    ),
    written!(
        "index_copy",
        &[input(), DIM, INDEX, param("source", Kind::Tensor)],
        |args, in_place| slices::index_copy(
            args.tensor(0),
            in_place,
            args.int(1),
            args.tensor(2),
            args.tensor(3)
        ),
        "Slices along `dim` at the positions of `index` replaced by those of `source`."
    ),
    written!(
        "index_fill",
        &[input(), DIM, INDEX, param("value", Kind::TensorOrNumber)],
        |args, in_place| slices::index_fill(args.tensor(0), in_place, args.int(1), args.tensor(2), args.arg(3)),
        "Slices along `dim` at the positions of `index` filled with one value."
    ),
    written!(
        "index_put",
        &[input(), param("indices", Kind::Tensors), param("values", Kind::Tensor), flag("accumulate")],
        |args, in_place| {
            let indices: Vec<Option<Tensor>> = args.tensors(1).iter().cloned().map(Some).collect();
            indexing::index_put(args.tensor(0), in_place, &indices, args.tensor(2), args.flag(3))
        },
        "Values written (or added, with `accumulate`) at the positions that one index tensor per axis names."
    ),
    op(
        "masked_select",
        &[input(), MASK],
        BOTH_OUT,
        |args| Ok(masks::masked_select(args.tensor(0), args.tensor(1))?.into()),
        "The elements where `mask` is true, as a vector.",
    ),
    written!(
        "masked_scatter",
        &[input(), MASK, param("source", Kind::Tensor)],
        |args, in_place| masks::masked_scatter(args.tensor(0), in_place, args.tensor(1), args.tensor(2)),
        "The elements where `mask` is true replaced by those of `source`, in order."
    ),
    op(
        "nonzero",
        &[input(), flag("as_tuple").keyword()],
        BOTH_OUT,
        |args| {
            Ok(if args.flag(1) {
                masks::nonzero_tuple("nonzero", args.tensor(0))?.into()
            } else {
                masks::nonzero(args.tensor(0))?.into()
            })
        },
        "Positions of the elements that are not zero: one row each, or with `as_tuple` one vector per axis.",
    )
    .giving(Gives::TupleIf("as_tuple")),
    op(
        "argwhere",
        &[input()],
        BOTH,
        |args| Ok(masks::nonzero(args.tensor(0))?.into()),
        "Positions of the elements that are not zero, one row each.",
    ),
    op(
        "where",
        &[param("condition", Kind::Tensor)],
        Forms::FUNCTION,
        |args| Ok(masks::nonzero_tuple("where", args.tensor(0))?.into()),
        "",
    )
    .giving(Gives::Tensors),
    op(
        "take",
        &[input(), INDEX],
        BOTH_OUT,
        |args| Ok(masks::take(args.tensor(0), args.tensor(1))?.into()),
        "Elements at positions of the flattened tensor, in the shape of `index`.",
    ),
    written!(
        "put",
        &[input(), INDEX, param("source", Kind::Tensor), flag("accumulate")],
        |args, in_place| masks::put(args.tensor(0), in_place, args.tensor(1), args.tensor(2), args.flag(3)),
        "Elements of `source` written (or added) at positions of the flattened tensor."
    ),
    op(
        "take_along_dim",
        &[input(), param("indices", Kind::Tensor), param("dim", Kind::Int).optional()],
        BOTH_OUT,
        |args| Ok(along::take_along_dim(args.tensor(0), args.tensor(1), args.int_opt(2))?.into()),
        "As `gather`, with broadcasting; without `dim` of the flattened tensor.",
    ),
    op(
        "select_scatter",
        &[input(), SRC, DIM, param("index", Kind::Int)],
        BOTH,
        |args| Ok(scatter_views::select_scatter(args.tensor(0), args.tensor(1), args.int(2), args.int(3))?.into()),
        "A copy with one position of `dim` replaced by `src`.",
    ),
    op(
        "slice_scatter",
        &[
            input(),
            SRC,
            int("dim", 0),
            param("start", Kind::Int).optional(),
            param("end", Kind::Int).optional(),
            int("step", 1),
        ],
        BOTH,
        |args| {
            let (dim, start, end, step) = (args.int(2), args.int_opt(3), args.int_opt(4), args.int(5));
            Ok(scatter_views::slice_scatter(args.tensor(0), args.tensor(1), dim, start, end, step)?.into())
        },
        "A copy with a slice of `dim` replaced by `src`.",
    ),
    op(
        "diagonal_scatter",
        &[input(), SRC, int("offset", 0), int("dim1", 0), int("dim2", 1)],
        BOTH,
        |args| {
            let (offset, dim1, dim2) = (args.int(2), args.int(3), args.int(4));
            Ok(scatter_views::diagonal_scatter(args.tensor(0), args.tensor(1), offset, dim1, dim2)?.into())
        },
        "A copy with a diagonal of two axes replaced by `src`.",
    ),
    op(
        "one_hot",
        &[input(), int("num_classes", -1)],
        Forms::NN,
        |args| Ok(embedding::one_hot(args.tensor(0), args.int(1))?.into()),
        "A 1 at the position each element names, along a new last axis.",
    ),
    op(
        "embedding",
        &[
            input(),
            param("weight", Kind::Tensor),
            param("padding_idx", Kind::Int).optional(),
            param("max_norm", Kind::Float).optional(),
            param("norm_type", Kind::Float).or(Default::Float(2.0)),
            flag("scale_grad_by_freq"),
            flag("sparse"),
        ],
        Forms::NN,
        |args| {
            if args.flag(6) {
                return Err(Error::not_implemented(args.op, "a sparse gradient"));
            }
            if let Some(max_norm) = args.float_opt(3) {
                embedding::shorten_rows(args.tensor(1), args.tensor(0), max_norm, args.float(4))?;
            }
            Ok(embedding::embedding(args.tensor(0), args.tensor(1), args.int_opt(2), args.flag(5))?.into())
        },
        "Rows of the matrix `weight`, in the shape of the index tensor `input`. With `max_norm` the rows that are looked up and whose `norm_type`-norm is greater are first shortened to it, in place.",
    ),
];
