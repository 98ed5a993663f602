//! Names and signatures of sorting, selection, distinct elements, searching and comparison of whole tensors.

use super::{searching, unique};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::elementwise::{Arg, closeness};
use crate::ops::reductions::moments;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, Gives, OpInfo, Output, op};
use crate::ops::sorting;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

const BOTH: Forms = Forms::BOTH;
const BOTH_OUT: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const FUNCTION_OUT: Forms = Forms::FUNCTION.and(Forms::SAME_OUT);

const VALUES_INDICES: &[&str] = &["values", "indices"];

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

macro_rules! moments {
    ($name:literal, $function:path, $doc:literal) => {
        [
            op(
                $name,
                takes!((
                    input: Tensor,
                    dim: Option<Ints> = None,
                    *,
                    correction: Option<Number> = 1,
                    keepdim: Bool = false,
                ) {
                    let correction = correction.map_or(1.0, Scalar::to_f64);
                    Ok($function(input, dim, correction, keepdim)?.into())
                }),
                Forms::FUNCTION,
                $doc,
            )
            .giving(Gives::Tuple(2)),
            op(
                $name,
                takes!((input: Tensor, unbiased: Bool) => $function(input, None, f64::from(u8::from(unbiased)), false)),
                Forms::FUNCTION,
                "",
            )
            .giving(Gives::Tuple(2)),
            op(
                $name,
                takes!((input: Tensor, dim: Option<Ints>, unbiased: Bool = true, keepdim: Bool = false) {
                    let correction = f64::from(u8::from(unbiased));
                    Ok($function(input, dim, correction, keepdim)?.into())
                }),
                Forms::FUNCTION,
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
            op($name, takes!((input: Tensor) => sorting::median(input, $skip)), BOTH, $doc),
            op(
                $name,
                takes!((input: Tensor, dim: Int, keepdim: Bool = false)
                    => sorting::median_along(input, dim, keepdim, $skip)),
                BOTH_OUT,
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

macro_rules! quantile {
    ($name:literal, $skip:literal, $doc:literal) => {
        op(
            $name,
            takes!((
                input: Tensor,
                q: TensorOrNumber,
                dim: Option<Int> = None,
                keepdim: Bool = false,
                *,
                interpolation: Text = "linear",
            ) {
                let q = tensor_like(q, input)?;
                Ok(sorting::quantile(input, &q, dim, keepdim, interpolation, $skip)?.into())
            }),
            BOTH_OUT,
            $doc,
        )
    };
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "sort",
        takes!((input: Tensor, dim: Int = -1, descending: Bool = false) => sorting::sort(input, dim, descending, None)),
        BOTH_OUT,
        "Sorted along `dim`: values and positions. NaN counts as the greatest; equal elements keep their order.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "sort",
        takes!((input: Tensor, *, stable: Option<Bool> = None, dim: Int = -1, descending: Bool = false) {
            let stable = Some(stable.unwrap_or(false));
            Ok(sorting::sort(input, dim, descending, stable)?.into())
        }),
        BOTH_OUT,
        "",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "argsort",
        takes!((input: Tensor, dim: Int = -1, descending: Bool = false) => sorting::argsort(input, dim, descending)),
        BOTH,
        "The positions that sort along `dim`; equal elements keep their order.",
    ),
    op(
        "argsort",
        takes!((input: Tensor, *, stable: Bool, dim: Int = -1, descending: Bool = false) {
            // It always is.
            let _ = stable;
            Ok(sorting::argsort(input, dim, descending)?.into())
        }),
        BOTH_OUT,
        "",
    ),
    op("msort", takes!((input: Tensor) => sorting::msort(input)), BOTH_OUT, "Sorted along the first axis."),
    op(
        "topk",
        takes!((input: Tensor, k: Int, dim: Int = -1, largest: Bool = true, sorted: Bool = true) {
            // They always are.
            let _ = sorted;
            Ok(sorting::topk(input, k, dim, largest)?.into())
        }),
        BOTH_OUT,
        "The `k` greatest (or smallest) elements along `dim`, in order: values and positions.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "kthvalue",
        takes!((input: Tensor, k: Int, dim: Int = -1, keepdim: Bool = false)
            => sorting::kthvalue(input, k, dim, keepdim)),
        BOTH_OUT,
        "The `k`-th smallest element along `dim`, from 1: values and positions.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "mode",
        takes!((input: Tensor, dim: Int = -1, keepdim: Bool = false) => sorting::mode(input, dim, keepdim)),
        BOTH_OUT,
        "The most frequent element along `dim`, the least of several: values and positions.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "aminmax",
        takes!((input: Tensor, *, dim: Option<Int> = None, keepdim: Bool = false)
            => sorting::aminmax(input, dim, keepdim)),
        BOTH_OUT,
        "The least and the greatest element.",
    )
    .giving(Gives::Named(&["min", "max"])),
    quantile!("quantile", false, "The quantiles `q` of all elements or along `dim`; NaN where there is one."),
    quantile!("nanquantile", true, "The quantiles `q` of the elements that are not NaN, of all or along `dim`."),
    // ---- distinct ----
    op(
        "unique",
        takes!((
            input: Tensor,
            sorted: Bool = true,
            return_inverse: Bool = false,
            return_counts: Bool = false,
            dim: Option<OnlySoNamed<Int>> = None,
        ) {
            // They always are.
            let _ = sorted;
            let distinct = match dim {
                None => unique::unique(input, false)?,
                Some(dim) => unique::unique_slices(input, dim, false)?,
            };
            Ok(one_or_several(unique::asked(distinct, return_inverse, return_counts)))
        }),
        BOTH,
        "The distinct elements (or slices along `dim`), sorted; on request the group of each element and the sizes of the groups.",
    )
    .giving(Gives::Asked(&["return_inverse", "return_counts"])),
    op(
        "unique_consecutive",
        takes!((
            input: Tensor,
            return_inverse: Bool = false,
            return_counts: Bool = false,
            dim: Option<OnlySoNamed<Int>> = None,
        ) {
            let distinct = match dim {
                None => unique::unique(input, true)?,
                Some(dim) => unique::unique_slices(input, dim, true)?,
            };
            Ok(one_or_several(unique::asked(distinct, return_inverse, return_counts)))
        }),
        BOTH,
        "The elements (or slices along `dim`) without those that equal their predecessor.",
    )
    .giving(Gives::Asked(&["return_inverse", "return_counts"])),
    // ---- searching ----
    op(
        "searchsorted",
        takes!((
            sorted_sequence: Tensor,
            input: TensorOrNumber,
            *,
            out_int32: Bool = false,
            right: Bool = false,
            side: Option<Text> = None,
            sorter: Option<Tensor> = None,
        ) {
            let values = tensor_like(input, sorted_sequence)?;
            let right = searching::is_right("searchsorted", side, right)?;
            Ok(searching::searchsorted(sorted_sequence, &values, right, sorter, out_int32)?.into())
        }),
        FUNCTION_OUT,
        "Where each value would be inserted into the ascending last axis of `sorted_sequence`.",
    ),
    op(
        "bucketize",
        takes!((input: TensorOrNumber, boundaries: Tensor, *, out_int32: Bool = false, right: Bool = false) {
            let values = tensor_like(input, boundaries)?;
            Ok(searching::bucketize(&values, boundaries, right, out_int32)?.into())
        }),
        FUNCTION_OUT,
        "The bucket of each value among ascending boundaries.",
    ),
    op(
        "isin",
        takes!((
            elements: TensorOrNumber,
            test_elements: TensorOrNumber,
            *,
            assume_unique: Bool = false,
            invert: Bool = false,
        ) {
            // What it would spare is not done.
            let _ = assume_unique;
            if let (Arg::Scalar(_), Arg::Scalar(_)) = (elements, test_elements) {
                return Err(Error::type_("isin", "isin(): at least one argument must be a Tensor"));
            }
            Ok(searching::isin(&tensor_of(elements)?, &tensor_of(test_elements)?, invert)?.into())
        }),
        FUNCTION_OUT,
        "Whether each element is among `test_elements`.",
    ),
    op(
        "bincount",
        takes!((input: Tensor, weights: Option<Tensor> = None, minlength: Int = 0)
            => searching::bincount(input, weights, minlength)),
        BOTH,
        "How often each non-negative integer occurs in a vector, or the sum of the weights of its occurrences.",
    ),
    op(
        "histc",
        takes!((input: Tensor, bins: Int = 100, min: Float = 0.0, max: Float = 0.0)
            => searching::histc(input, bins, min, max)),
        BOTH_OUT,
        "How many elements lie in each of `bins` intervals between `min` and `max`, or, if both are 0, between the least and the greatest element.",
    ),
    // ---- comparison of whole tensors ----
    op(
        "equal",
        takes!((input: Tensor, other: Tensor) => closeness::equal(input, other)),
        BOTH,
        "Whether both have the same shape and equal elements.",
    )
    .giving(Gives::Bool),
    op(
        "isclose",
        takes!((input: Tensor, other: Tensor, rtol: Float = 1e-5, atol: Float = 1e-8, equal_nan: Bool = false)
            => closeness::isclose(input, other, rtol, atol, equal_nan)),
        BOTH,
        "Whether `|input - other| <= atol + rtol * |other|`, for each pair of elements.",
    ),
    op(
        "allclose",
        takes!((input: Tensor, other: Tensor, rtol: Float = 1e-5, atol: Float = 1e-8, equal_nan: Bool = false)
            => closeness::allclose(input, other, rtol, atol, equal_nan)),
        BOTH,
        "Whether all pairs of elements are close.",
    )
    .giving(Gives::Bool),
];
