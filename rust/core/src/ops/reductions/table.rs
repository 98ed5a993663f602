//! Names and signatures of reductions and scans.

use super::{choosing, moments, reduce, scan};
use crate::error::{Error, Result};
use crate::ops::linalg;
use crate::ops::registry::signature::{params, takes};
use crate::ops::registry::{Call, Forms, Gives, OpInfo, Value, op};
use crate::scalar::Scalar;

const REDUCTION: Forms = Forms::BOTH.and(Forms::OUT);
/// Of those that neither cast what they read nor promote it.
const SAME: Forms = Forms::BOTH.and(Forms::SAME_OUT);

const VALUES_INDICES: &[&str] = &["values", "indices"];

/// `unbiased` is the old spelling of `correction`.
fn correction(unbiased: bool) -> f64 {
    if unbiased { 1.0 } else { 0.0 }
}

macro_rules! moment {
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
                REDUCTION,
                $doc,
            ),
            op(
                $name,
                takes!((input: Tensor, unbiased: Bool) => $function(input, None, correction(unbiased), false)),
                Forms::BOTH,
                "",
            ),
            op(
                $name,
                takes!((input: Tensor, dim: Option<Ints>, unbiased: Bool = true, keepdim: Bool = false)
                    => $function(input, dim, correction(unbiased), keepdim)),
                REDUCTION,
                "",
            ),
        ]
    };
}

/// The signatures of the variance.
pub static VAR: &[OpInfo] = &moment!(
    "var",
    moments::var,
    "Variance over `dim` (all by default); `correction` is subtracted from the number of elements."
);
/// The signatures of the standard deviation.
pub static STD: &[OpInfo] = &moment!("std", moments::std, "Standard deviation over `dim` (all by default).");

/// The order of a norm. The named ones are norms of matrices: over as many axes as a matrix has, or over all.
fn norm_order(order: &Value, axes: Option<&[i64]>) -> Result<f64> {
    match order {
        Value::Number(order) => Ok(order.to_f64()),
        Value::Float(order) => Ok(*order),
        Value::Int(order) => Ok(*order as f64),
        Value::Bool(order) => Ok(f64::from(u8::from(*order))),
        Value::Text(name) => match &**name {
            "fro" if axes.is_some_and(|axes| axes.len() > 2) => Err(Error::runtime(
                "norm",
                format!(
                    "linalg.matrix_norm: dim must be a 2-tuple. Got {:?}; p=2 takes any axes",
                    axes.unwrap_or_default()
                ),
            )),
            "fro" => Ok(2.0),
            other => Err(Error::runtime("norm", format!("linalg.matrix_norm: Order {other} not supported."))),
        },
        Value::None => Ok(2.0),
        _ => Err(Error::type_("norm", "norm(): argument 'p' must be a number, inf, -inf or 'fro'")),
    }
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "sum",
        takes!((input: Tensor, *, dtype: Option<DType> = None) => reduce::sum(input, None, false, dtype)),
        Forms::BOTH,
        "Sum of all elements, or over `dim`; integers and bool give int64.",
    ),
    op(
        "sum",
        takes!((input: Tensor, dim: Option<Ints>, keepdim: Bool = false, *, dtype: Option<DType> = None)
            => reduce::sum(input, Some(dim.unwrap_or_default()), keepdim, dtype)),
        REDUCTION,
        "",
    ),
    op(
        "sum_to_size",
        takes!((input: Tensor, size: IntList) => reduce::sum_to_size(input, size)),
        Forms::METHOD,
        "Sum over the axes along which `size` would be broadcast to the shape of the tensor.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.ones(3, 4).sum_to_size(1, 4)\n\
         tensor([[3., 3., 3., 3.]])",
    ),
    op(
        "mean",
        takes!((input: Tensor, *, dtype: Option<DType> = None) => reduce::mean(input, None, false, dtype)),
        REDUCTION,
        "Mean of all elements, or over `dim`, of floats.",
    ),
    op(
        "mean",
        takes!((input: Tensor, dim: Option<Ints>, keepdim: Bool = false, *, dtype: Option<DType> = None)
            => reduce::mean(input, Some(dim.unwrap_or_default()), keepdim, dtype)),
        REDUCTION,
        "",
    ),
    op(
        "prod",
        takes!((input: Tensor, *, dtype: Option<DType> = None) => reduce::prod(input, None, false, dtype)),
        Forms::BOTH,
        "Product of all elements, or over `dim`; integers and bool give int64.",
    ),
    op(
        "prod",
        takes!((input: Tensor, dim: Int, keepdim: Bool = false, *, dtype: Option<DType> = None)
            => reduce::prod(input, Some(dim), keepdim, dtype)),
        REDUCTION,
        "",
    ),
    op(
        "norm",
        takes!((
            input: Tensor,
            p: AnyOrNone = "fro",
            dim: Option<OnlySoNamed<Ints>> = None,
            keepdim: OnlySoNamed<Bool> = false,
            dtype: Option<DType> = None,
        ) {
            if matches!(p, Value::Text(order) if order == "nuc") {
                return Ok(linalg::norms::nuclear_norm(input, dim, keepdim, dtype)?.into());
            }
            let order = norm_order(p, dim)?;
            Ok(reduce::norm(input, order, dim, keepdim, dtype)?.into())
        }),
        SAME,
        "‖input‖ₚ over `dim` (all by default); `p` is a number, also infinite, or `'fro'`. The gradient at 0 is 0.",
    ),
    op(
        "vector_norm",
        takes!((
            input: Tensor,
            ord: Number = 2,
            dim: Option<Ints> = None,
            keepdim: Bool = false,
            *,
            dtype: Option<DType> = None,
        ) {
            let order = ord.to_f64();
            Ok(reduce::norm(input, order, dim, keepdim, dtype)?.into())
        }),
        Forms::LINALG.and(Forms::SAME_OUT),
        "‖input‖ of order `ord` over `dim` (all by default).",
    ),
    op(
        "max",
        takes!((input: Tensor) => reduce::extreme(input, true, None, false)),
        SAME,
        "Greatest element of all, along `dim` (with its index), or of two tensors. NaN wins.",
    ),
    OpInfo {
        name: "max",
        aliases: &[],
        params: params!((input: Tensor, other: Tensor)),
        forms: REDUCTION,
        call: Call::Row(&crate::ops::rows::maximum::ROW),
        gives: Gives::Tensor,
        doc: "",
    }
    .of_complex(|_| Err(Error::type_("maximum", "maximum not implemented for complex tensors."))),
    op(
        "max",
        takes!((input: Tensor, dim: Int, keepdim: Bool = false) => choosing::extreme_along(input, true, dim, keepdim)),
        SAME,
        "",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "min",
        takes!((input: Tensor) => reduce::extreme(input, false, None, false)),
        SAME,
        "Least element of all, along `dim` (with its index), or of two tensors. NaN wins.",
    ),
    OpInfo {
        name: "min",
        aliases: &[],
        params: params!((input: Tensor, other: Tensor)),
        forms: REDUCTION,
        call: Call::Row(&crate::ops::rows::minimum::ROW),
        gives: Gives::Tensor,
        doc: "",
    }
    .of_complex(|_| Err(Error::type_("minimum", "minimum not implemented for complex tensors."))),
    op(
        "min",
        takes!((input: Tensor, dim: Int, keepdim: Bool = false) => choosing::extreme_along(input, false, dim, keepdim)),
        SAME,
        "",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "amax",
        takes!((input: Tensor, dim: Option<Ints> = None, keepdim: Bool = false)
            => reduce::extreme(input, true, Some(dim.unwrap_or_default()), keepdim)),
        SAME,
        "Greatest elements over `dim`; ties share the gradient evenly.",
    ),
    op(
        "amin",
        takes!((input: Tensor, dim: Option<Ints> = None, keepdim: Bool = false)
            => reduce::extreme(input, false, Some(dim.unwrap_or_default()), keepdim)),
        SAME,
        "Least elements over `dim`; ties share the gradient evenly.",
    ),
    op(
        "argmax",
        takes!((input: Tensor, dim: Option<Int> = None, keepdim: Bool = false)
            => reduce::arg_extreme(input, true, dim, keepdim)),
        SAME,
        "Position of the greatest element, of all or along `dim`.",
    ),
    op(
        "argmin",
        takes!((input: Tensor, dim: Option<Int> = None, keepdim: Bool = false)
            => reduce::arg_extreme(input, false, dim, keepdim)),
        SAME,
        "Position of the least element, of all or along `dim`.",
    ),
    op(
        "any",
        takes!((input: Tensor, dim: Option<Ints> = None, keepdim: Bool = false) => reduce::any(input, dim, keepdim)),
        SAME,
        "Whether any element is not zero, of all or over `dim`.",
    ),
    op(
        "all",
        takes!((input: Tensor, dim: Option<Ints> = None, keepdim: Bool = false) => reduce::all(input, dim, keepdim)),
        SAME,
        "Whether no element is zero, of all or over `dim`.",
    ),
    op(
        "count_nonzero",
        takes!((input: Tensor, dim: Option<Int> = None) {
            let axis = dim.map(|axis| [axis]);
            Ok(reduce::count_nonzero(input, axis.as_ref().map(<[i64; 1]>::as_slice))?.into())
        }),
        Forms::BOTH,
        "Number of elements that are not zero, of all or over `dim`.",
    ),
    op(
        "count_nonzero",
        takes!((input: Tensor, dim: IntList) => reduce::count_nonzero(input, Some(dim))),
        Forms::BOTH,
        "",
    ),
    op(
        "logsumexp",
        takes!((input: Tensor, dim: Ints, keepdim: Bool = false) => reduce::logsumexp(input, dim, keepdim)),
        REDUCTION.and(Forms::SPECIAL),
        "ln Σ eˣ over `dim`, without overflow.",
    ),
    op(
        "cumsum",
        takes!((input: Tensor, dim: Int, *, dtype: Option<DType> = None) => scan::cumsum(input, dim, dtype)),
        REDUCTION.and(Forms::IN_PLACE),
        "Running sum along `dim`; integers and bool give int64.",
    ),
    op(
        "cumprod",
        takes!((input: Tensor, dim: Int, *, dtype: Option<DType> = None) => scan::cumprod(input, dim, dtype)),
        REDUCTION.and(Forms::IN_PLACE),
        "Running product along `dim`; integers and bool give int64.",
    ),
    op(
        "logcumsumexp",
        takes!((input: Tensor, dim: Int) => scan::logcumsumexp(input, dim)),
        SAME,
        "Logarithm of the running sum of exponentials along `dim`.",
    ),
    op(
        "cummax",
        takes!((input: Tensor, dim: Int) => scan::running_extreme(input, true, dim)),
        SAME,
        "Greatest element so far along `dim`, and where it last was.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "cummin",
        takes!((input: Tensor, dim: Int) => scan::running_extreme(input, false, dim)),
        SAME,
        "Least element so far along `dim`, and where it last was.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
];
