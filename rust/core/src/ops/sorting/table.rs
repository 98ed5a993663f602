//! Names and signatures of sorting, selection, distinct elements, searching and comparison of whole tensors.

use super::{searching, unique};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::elementwise::{Arg, closeness};
use crate::ops::reductions::moments;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
use crate::ops::sorting;
use crate::scalar::Scalar;
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
const BOTH_OUT: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const FUNCTION_OUT: Forms = Forms::FUNCTION.and(Forms::SAME_OUT);
const LAST: Param = param("dim", Kind::Int).or(Default::Int(-1));
const KEEP: Param = flag("keepdim");
const OTHER: Param = param("other", Kind::Tensor);
const TOLERANCES: [Param; 3] = [
    param("rtol", Kind::Float).or(Default::Float(1e-5)),
    param("atol", Kind::Float).or(Default::Float(1e-8)),
    flag("equal_nan"),
];
const CLOSE: &[Param] = &[input(), OTHER, TOLERANCES[0], TOLERANCES[1], TOLERANCES[2]];

const fn flag(name: &'static str) -> Param {
    param(name, Kind::Bool).or(Default::Bool(false))
}

const VALUES_INDICES: &[&str] = &["values", "indices"];

fn pair((first, second): (Tensor, Tensor)) -> Output {
    vec![first, second].into()
}

/// One tensor, or a tuple of several.
fn one_or_several(mut tensors: Vec<Tensor>) -> Output {
    if tensors.len() == 1 { Output::Tensor(tensors.swap_remove(0)) } else { Output::Tensors(tensors) }
}

/// A number as a tensor of its own dtype.
fn tensor_of(arg: Arg<'_>) -> Result<Tensor> {
    match arg {
        Arg::Tensor(tensor) => Ok(tensor.clone()),
        Arg::Scalar(number) => Tensor::scalar(number, number.dtype()),
    }
}

/// A number as a tensor, to be looked for among the elements of another: in the dtype of that, if it is one of floats, or
/// else in one that has room for it.
fn tensor_like(arg: Arg<'_>, model: &Tensor) -> Result<Tensor> {
    match arg {
        Arg::Tensor(tensor) => Ok(tensor.clone()),
        Arg::Scalar(number) if model.dtype().is_float() => Tensor::scalar(number, model.dtype()),
        Arg::Scalar(number @ Scalar::Float(_)) => Tensor::scalar(number, DType::F64),
        Arg::Scalar(number) => Tensor::scalar(number, DType::I64),
    }
}

const DIMS: Param = param("dim", Kind::Ints).optional();
const CORRECTION: &[Param] =
    &[input(), DIMS, param("correction", Kind::Number).or(Default::Int(1)).or_none().keyword(), KEEP.keyword()];
const UNBIASED: &[Param] = &[input(), param("unbiased", Kind::Bool)];
const DIM_UNBIASED: &[Param] =
    &[input(), DIMS.or(Default::Required), param("unbiased", Kind::Bool).or(Default::Bool(true)), KEEP];

macro_rules! moments {
    ($name:literal, $function:path, $doc:literal) => {
        [
            op(
                $name,
                CORRECTION,
                Forms::FUNCTION,
                |args| {
                    let correction = args.number_opt(2).map_or(1.0, Scalar::to_f64);
                    Ok($function(args.tensor(0), args.ints_opt(1), correction, args.flag(3))?.into())
                },
                $doc,
            )
            .giving(Gives::Tuple(2)),
            op(
                $name,
                UNBIASED,
                Forms::FUNCTION,
                |args| Ok($function(args.tensor(0), None, f64::from(u8::from(args.flag(1))), false)?.into()),
                "",
            )
            .giving(Gives::Tuple(2)),
            op(
                $name,
                DIM_UNBIASED,
                Forms::FUNCTION,
                |args| {
                    let correction = f64::from(u8::from(args.flag(2)));
                    Ok($function(args.tensor(0), args.ints_opt(1), correction, args.flag(3))?.into())
                },
                "",
            )
            .giving(Gives::Tuple(2)),
        ]
    };
}

/// The signatures of `std_mean`.
pub static STD_MEAN: &[OpInfo] =
    &moments!("std_mean", moments::std_mean, "Standard deviation and mean over `dim`, as a tuple.");
/// The signatures of `var_mean`.
pub static VAR_MEAN: &[OpInfo] = &moments!("var_mean", moments::var_mean, "Variance and mean over `dim`, as a tuple.");

macro_rules! median {
    ($name:literal, $skip:literal, $doc:literal) => {
        [
            op($name, &[input()], BOTH, |args| Ok(sorting::median(args.tensor(0), $skip)?.into()), $doc),
            op(
                $name,
                &[input(), param("dim", Kind::Int), KEEP],
                BOTH_OUT,
                |args| Ok(pair(sorting::median_along(args.tensor(0), args.int(1), args.flag(2), $skip)?)),
                "",
            )
            .giving(Gives::Named(VALUES_INDICES)),
        ]
    };
}

/// The signatures of the median.
pub static MEDIAN: &[OpInfo] =
    &median!("median", false, "The lower median of all elements, or along `dim`; NaN where there is one.");
/// The signatures of the median of what is not NaN.
pub static NANMEDIAN: &[OpInfo] = &median!("nanmedian", true, "The lower median of the elements that are not NaN.");

const QUANTILE: &[Param] = &[
    input(),
    param("q", Kind::TensorOrNumber),
    param("dim", Kind::Int).optional(),
    KEEP,
    param("interpolation", Kind::Text).or(Default::Text("linear")).keyword(),
];

macro_rules! quantile {
    ($name:literal, $skip:literal, $doc:literal) => {
        op(
            $name,
            QUANTILE,
            BOTH_OUT,
            |args| {
                let q = tensor_like(args.arg(1), args.tensor(0))?;
                Ok(sorting::quantile(args.tensor(0), &q, args.int_opt(2), args.flag(3), args.text(4), $skip)?.into())
            },
            $doc,
        )
    };
}

const SEARCH: [Param; 2] = [flag("out_int32").keyword(), flag("right").keyword()];

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "sort",
        &[input(), LAST, flag("descending")],
        BOTH_OUT,
        |args| Ok(pair(sorting::sort(args.tensor(0), args.int(1), args.flag(2), None)?)),
        "Sorted along `dim`: values and positions. NaN counts as the greatest; equal elements keep their order.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "sort",
        &[input(), param("stable", Kind::Bool).optional().keyword(), LAST.keyword(), flag("descending").keyword()],
        BOTH_OUT,
        |args| {
            let stable = Some(args.flag_opt(1).unwrap_or(false));
            Ok(pair(sorting::sort(args.tensor(0), args.int(2), args.flag(3), stable)?))
        },
        "",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "argsort",
        &[input(), LAST, flag("descending")],
        BOTH,
        |args| Ok(sorting::argsort(args.tensor(0), args.int(1), args.flag(2))?.into()),
        "The positions that sort along `dim`; equal elements keep their order.",
    ),
    op(
        "argsort",
        &[input(), param("stable", Kind::Bool).keyword(), LAST.keyword(), flag("descending").keyword()],
        BOTH_OUT,
        |args| Ok(sorting::argsort(args.tensor(0), args.int(2), args.flag(3))?.into()),
        "",
    ),
    op(
        "msort",
        &[input()],
        BOTH_OUT,
        |args| Ok(sorting::msort(args.tensor(0))?.into()),
        "Sorted along the first axis.",
    ),
    op(
        "topk",
        &[
            input(),
            param("k", Kind::Int),
            LAST,
            param("largest", Kind::Bool).or(Default::Bool(true)),
            param("sorted", Kind::Bool).or(Default::Bool(true)),
        ],
        BOTH_OUT,
        |args| Ok(pair(sorting::topk(args.tensor(0), args.int(1), args.int(2), args.flag(3))?)),
        "The `k` greatest (or smallest) elements along `dim`, in order: values and positions.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "kthvalue",
        &[input(), param("k", Kind::Int), LAST, KEEP],
        BOTH_OUT,
        |args| Ok(pair(sorting::kthvalue(args.tensor(0), args.int(1), args.int(2), args.flag(3))?)),
        "The `k`-th smallest element along `dim`, from 1: values and positions.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "mode",
        &[input(), LAST, KEEP],
        BOTH_OUT,
        |args| Ok(pair(sorting::mode(args.tensor(0), args.int(1), args.flag(2))?)),
        "The most frequent element along `dim`, the least of several: values and positions.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "aminmax",
        &[input(), param("dim", Kind::Int).optional().keyword(), KEEP.keyword()],
        BOTH_OUT,
        |args| Ok(pair(sorting::aminmax(args.tensor(0), args.int_opt(1), args.flag(2))?)),
        "The least and the greatest element.",
    )
    .giving(Gives::Named(&["min", "max"])),
    quantile!("quantile", false, "The quantiles `q` of all elements or along `dim`; NaN where there is one."),
    quantile!("nanquantile", true, "The quantiles `q` of the elements that are not NaN, of all or along `dim`."),
    // ---- distinct ----
    op(
        "unique",
        &[
            input(),
            param("sorted", Kind::Bool).or(Default::Bool(true)),
            flag("return_inverse"),
            flag("return_counts"),
            // Written in Python in PyTorch, where the parameter has no other name.
            param("dim", Kind::Int).optional().only_so_named(),
        ],
        BOTH,
        |args| {
            let distinct = match args.int_opt(4) {
                None => unique::unique(args.tensor(0), false)?,
                Some(dim) => unique::unique_slices(args.tensor(0), dim, false)?,
            };
            Ok(one_or_several(unique::asked(distinct, args.flag(2), args.flag(3))))
        },
        "The distinct elements (or slices along `dim`), sorted; on request the group of each element and the sizes of the groups.",
    )
    .giving(Gives::Asked(&["return_inverse", "return_counts"])),
    op(
        "unique_consecutive",
        &[input(), flag("return_inverse"), flag("return_counts"), param("dim", Kind::Int).optional().only_so_named()],
        BOTH,
        |args| {
            let distinct = match args.int_opt(3) {
                None => unique::unique(args.tensor(0), true)?,
                Some(dim) => unique::unique_slices(args.tensor(0), dim, true)?,
            };
            Ok(one_or_several(unique::asked(distinct, args.flag(1), args.flag(2))))
        },
        "The elements (or slices along `dim`) without those that equal their predecessor.",
    )
    .giving(Gives::Asked(&["return_inverse", "return_counts"])),
    // ---- searching ----
    op(
        "searchsorted",
        &[
            param("sorted_sequence", Kind::Tensor),
            param("input", Kind::TensorOrNumber),
            SEARCH[0],
            SEARCH[1],
            param("side", Kind::Text).optional().keyword(),
            param("sorter", Kind::Tensor).optional().keyword(),
        ],
        FUNCTION_OUT,
        |args| {
            let values = tensor_like(args.arg(1), args.tensor(0))?;
            let right = searching::is_right(args.op, args.text_opt(4), args.flag(3))?;
            Ok(searching::searchsorted(args.tensor(0), &values, right, args.tensor_opt(5), args.flag(2))?.into())
        },
        "Where each value would be inserted into the ascending last axis of `sorted_sequence`.",
    ),
    op(
        "bucketize",
        &[param("input", Kind::TensorOrNumber), param("boundaries", Kind::Tensor), SEARCH[0], SEARCH[1]],
        FUNCTION_OUT,
        |args| {
            let values = tensor_like(args.arg(0), args.tensor(1))?;
            Ok(searching::bucketize(&values, args.tensor(1), args.flag(3), args.flag(2))?.into())
        },
        "The bucket of each value among ascending boundaries.",
    ),
    op(
        "isin",
        &[
            param("elements", Kind::TensorOrNumber),
            param("test_elements", Kind::TensorOrNumber),
            flag("assume_unique").keyword(),
            flag("invert").keyword(),
        ],
        FUNCTION_OUT,
        |args| {
            if args.tensor_opt(0).is_none() && args.tensor_opt(1).is_none() {
                return Err(Error::type_(args.op, "isin(): at least one argument must be a Tensor"));
            }
            Ok(searching::isin(&tensor_of(args.arg(0))?, &tensor_of(args.arg(1))?, args.flag(3))?.into())
        },
        "Whether each element is among `test_elements`.",
    ),
    op(
        "bincount",
        &[input(), param("weights", Kind::Tensor).optional(), param("minlength", Kind::Int).or(Default::Int(0))],
        BOTH,
        |args| Ok(searching::bincount(args.tensor(0), args.tensor_opt(1), args.int(2))?.into()),
        "How often each non-negative integer occurs in a vector, or the sum of the weights of its occurrences.",
    ),
    op(
        "histc",
        &[
            input(),
            param("bins", Kind::Int).or(Default::Int(100)),
            param("min", Kind::Float).or(Default::Float(0.0)),
            param("max", Kind::Float).or(Default::Float(0.0)),
        ],
        BOTH_OUT,
        |args| Ok(searching::histc(args.tensor(0), args.int(1), args.float(2), args.float(3))?.into()),
        "How many elements lie in each of `bins` intervals between `min` and `max`, or, if both are 0, between the least and the greatest element.",
    ),
    // ---- comparison of whole tensors ----
    op(
        "equal",
        &[input(), OTHER],
        BOTH,
        |args| Ok(Output::Bool(closeness::equal(args.tensor(0), args.tensor(1))?)),
        "Whether both have the same shape and equal elements.",
    )
    .giving(Gives::Bool),
    op(
        "isclose",
        CLOSE,
        BOTH,
        |args| {
            let (rtol, atol) = (args.float(2), args.float(3));
            Ok(closeness::isclose(args.tensor(0), args.tensor(1), rtol, atol, args.flag(4))?.into())
        },
        "Whether `|input - other| <= atol + rtol * |other|`, for each pair of elements.",
    ),
    op(
        "allclose",
        CLOSE,
        BOTH,
        |args| {
            let (rtol, atol) = (args.float(2), args.float(3));
            Ok(Output::Bool(closeness::allclose(args.tensor(0), args.tensor(1), rtol, atol, args.flag(4))?))
        },
        "Whether all pairs of elements are close.",
    )
    .giving(Gives::Bool),
];
