//! Names and signatures of reductions and scans.

use super::{choosing, moments, reduce, scan};
use crate::error::{Error, Result};
use crate::ops::linalg;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, Value, input, param};
use crate::scalar::Scalar;

const DTYPE: Param = param("dtype", Kind::DType).optional().keyword();
const KEEP: Param = param("keepdim", Kind::Bool).or(Default::Bool(false));
const DIMS: Param = param("dim", Kind::Ints).optional();
/// Axes that a caller has to name before anything else can be said, if only as `None`.
const NAMED_DIMS: Param = param("dim", Kind::Ints).or_none();
const DIM: Param = param("dim", Kind::Int);
const REDUCTION: Forms = Forms::BOTH.and(Forms::OUT);
/// Of those that neither cast what they read nor promote it.
const SAME: Forms = Forms::BOTH.and(Forms::SAME_OUT);

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

/// The axes of a signature that has some: `None` is all of them, as is an empty list.
fn named<'a>(args: &Args<'a>) -> &'a [i64] {
    args.ints_opt(1).unwrap_or_default()
}

const VALUES_INDICES: &[&str] = &["values", "indices"];

fn extreme_along(args: &Args<'_>, greatest: bool) -> Result<Output> {
    let (values, indices) = choosing::extreme_along(args.tensor(0), greatest, args.int(1), args.flag(2))?;
    Ok(vec![values, indices].into())
}

fn running_extreme(args: &Args<'_>, greatest: bool) -> Result<Output> {
    let (values, indices) = scan::running_extreme(args.tensor(0), greatest, args.int(1))?;
    Ok(vec![values, indices].into())
}

/// `unbiased` is the old spelling of `correction`.
fn correction(unbiased: bool) -> f64 {
    if unbiased { 1.0 } else { 0.0 }
}

const UNBIASED: &[Param] = &[input(), param("unbiased", Kind::Bool)];
const DIM_UNBIASED: &[Param] = &[input(), NAMED_DIMS, param("unbiased", Kind::Bool).or(Default::Bool(true)), KEEP];
const CORRECTION: &[Param] =
    &[input(), DIMS, param("correction", Kind::Number).or(Default::Int(1)).or_none().keyword(), KEEP.keyword()];

macro_rules! moment {
    ($name:literal, $function:path, $doc:literal) => {
        [
            op(
                $name,
                CORRECTION,
                REDUCTION,
                |args| {
                    let correction = args.number_opt(2).map_or(1.0, Scalar::to_f64);
                    Ok($function(args.tensor(0), args.ints_opt(1), correction, args.flag(3))?.into())
                },
                $doc,
            ),
            op(
                $name,
                UNBIASED,
                Forms::BOTH,
                |args| Ok($function(args.tensor(0), None, correction(args.flag(1)), false)?.into()),
                "",
            ),
            op(
                $name,
                DIM_UNBIASED,
                REDUCTION,
                |args| Ok($function(args.tensor(0), args.ints_opt(1), correction(args.flag(2)), args.flag(3))?.into()),
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
fn norm_order(args: &Args<'_>, index: usize, axes: Option<&[i64]>) -> Result<f64> {
    match &args.values[index] {
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
        &[input(), DTYPE],
        Forms::BOTH,
        |args| Ok(reduce::sum(args.tensor(0), None, false, args.dtype_opt(1))?.into()),
        "Sum of all elements, or over `dim`; integers and bool give int64.",
    ),
    op(
        "sum",
        &[input(), NAMED_DIMS, KEEP, DTYPE],
        REDUCTION,
        |args| Ok(reduce::sum(args.tensor(0), Some(named(args)), args.flag(2), args.dtype_opt(3))?.into()),
        "",
    ),
    op(
        "sum_to_size",
        &[input(), param("size", Kind::IntList)],
        Forms::METHOD,
        |args| Ok(reduce::sum_to_size(args.tensor(0), args.ints(1))?.into()),
        "Sum over the axes along which `size` would be broadcast to the shape of the tensor.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.ones(3, 4).sum_to_size(1, 4)\n\
         tensor([[3., 3., 3., 3.]])",
    ),
    op(
        "mean",
        &[input(), DTYPE],
        REDUCTION,
        |args| Ok(reduce::mean(args.tensor(0), None, false, args.dtype_opt(1))?.into()),
        "Mean of all elements, or over `dim`, of floats.",
    ),
    op(
        "mean",
        &[input(), NAMED_DIMS, KEEP, DTYPE],
        REDUCTION,
        |args| Ok(reduce::mean(args.tensor(0), Some(named(args)), args.flag(2), args.dtype_opt(3))?.into()),
        "",
    ),
    op(
        "prod",
        &[input(), DTYPE],
        Forms::BOTH,
        |args| Ok(reduce::prod(args.tensor(0), None, false, args.dtype_opt(1))?.into()),
        "Product of all elements, or over `dim`; integers and bool give int64.",
    ),
    op(
        "prod",
        &[input(), DIM, KEEP, DTYPE],
        REDUCTION,
        |args| Ok(reduce::prod(args.tensor(0), Some(args.int(1)), args.flag(2), args.dtype_opt(3))?.into()),
        "",
    ),
    op(
        "norm",
        // The one reduction that PyTorch writes in Python, where the parameters have no other names.
        &[
            input(),
            param("p", Kind::Any).or(Default::Text("fro")).or_none(),
            DIMS.only_so_named(),
            KEEP.only_so_named(),
            param("dtype", Kind::DType).optional(),
        ],
        SAME,
        |args| {
            if args.text_opt(1) == Some("nuc") {
                let axes = args.ints_opt(2);
                return Ok(linalg::norms::nuclear_norm(args.tensor(0), axes, args.flag(3), args.dtype_opt(4))?.into());
            }
            let order = norm_order(args, 1, args.ints_opt(2))?;
            Ok(reduce::norm(args.tensor(0), order, args.ints_opt(2), args.flag(3), args.dtype_opt(4))?.into())
        },
        "‖input‖ₚ over `dim` (all by default); `p` is a number, also infinite, or `'fro'`. The gradient at 0 is 0.",
    ),
    op(
        "vector_norm",
        &[input(), param("ord", Kind::Number).or(Default::Int(2)), DIMS, KEEP, DTYPE],
        Forms::LINALG.and(Forms::SAME_OUT),
        |args| {
            let order = args.number(1).to_f64();
            Ok(reduce::norm(args.tensor(0), order, args.ints_opt(2), args.flag(3), args.dtype_opt(4))?.into())
        },
        "‖input‖ of order `ord` over `dim` (all by default).",
    ),
    op(
        "max",
        &[input()],
        SAME,
        |args| Ok(reduce::extreme(args.tensor(0), true, None, false)?.into()),
        "Greatest element of all, along `dim` (with its index), or of two tensors. NaN wins.",
    ),
    OpInfo {
        name: "max",
        aliases: &[],
        params: &[input(), param("other", Kind::Tensor)],
        forms: REDUCTION,
        call: Call::RowOfReals(&crate::ops::rows::maximum::ROW, |_| {
            Err(Error::type_("maximum", "maximum not implemented for complex tensors."))
        }),
        gives: Gives::Tensor,
        doc: "",
    },
    op("max", &[input(), DIM, KEEP], SAME, |args| extreme_along(args, true), "").giving(Gives::Named(VALUES_INDICES)),
    op(
        "min",
        &[input()],
        SAME,
        |args| Ok(reduce::extreme(args.tensor(0), false, None, false)?.into()),
        "Least element of all, along `dim` (with its index), or of two tensors. NaN wins.",
    ),
    OpInfo {
        name: "min",
        aliases: &[],
        params: &[input(), param("other", Kind::Tensor)],
        forms: REDUCTION,
        call: Call::RowOfReals(&crate::ops::rows::minimum::ROW, |_| {
            Err(Error::type_("minimum", "minimum not implemented for complex tensors."))
        }),
        gives: Gives::Tensor,
        doc: "",
    },
    op("min", &[input(), DIM, KEEP], SAME, |args| extreme_along(args, false), "").giving(Gives::Named(VALUES_INDICES)),
    op(
        "amax",
        &[input(), param("dim", Kind::Ints).optional(), KEEP],
        SAME,
        |args| Ok(reduce::extreme(args.tensor(0), true, Some(named(args)), args.flag(2))?.into()),
        "Greatest elements over `dim`; ties share the gradient evenly.",
    ),
    op(
        "amin",
        &[input(), param("dim", Kind::Ints).optional(), KEEP],
        SAME,
        |args| Ok(reduce::extreme(args.tensor(0), false, Some(named(args)), args.flag(2))?.into()),
        "Least elements over `dim`; ties share the gradient evenly.",
    ),
    op(
        "argmax",
        &[input(), param("dim", Kind::Int).optional(), KEEP],
        SAME,
        |args| Ok(reduce::arg_extreme(args.tensor(0), true, args.int_opt(1), args.flag(2))?.into()),
        "Position of the greatest element, of all or along `dim`.",
    ),
    op(
        "argmin",
        &[input(), param("dim", Kind::Int).optional(), KEEP],
        SAME,
        |args| Ok(reduce::arg_extreme(args.tensor(0), false, args.int_opt(1), args.flag(2))?.into()),
        "Position of the least element, of all or along `dim`.",
    ),
    op(
        "any",
        &[input(), DIMS, KEEP],
        SAME,
        |args| Ok(reduce::any(args.tensor(0), args.ints_opt(1), args.flag(2))?.into()),
        "Whether any element is not zero, of all or over `dim`.",
    ),
    op(
        "all",
        &[input(), DIMS, KEEP],
        SAME,
        |args| Ok(reduce::all(args.tensor(0), args.ints_opt(1), args.flag(2))?.into()),
        "Whether no element is zero, of all or over `dim`.",
    ),
    op(
        "count_nonzero",
        &[input(), DIM.optional()],
        Forms::BOTH,
        |args| {
            let axis = args.int_opt(1).map(|axis| [axis]);
            Ok(reduce::count_nonzero(args.tensor(0), axis.as_ref().map(<[i64; 1]>::as_slice))?.into())
        },
        "Number of elements that are not zero, of all or over `dim`.",
    ),
    op(
        "count_nonzero",
        &[input(), param("dim", Kind::IntList)],
        Forms::BOTH,
        |args| Ok(reduce::count_nonzero(args.tensor(0), args.ints_opt(1))?.into()),
        "",
    ),
    OpInfo {
        name: "logsumexp",
        aliases: &[],
        params: &[input(), param("dim", Kind::Ints), KEEP],
        forms: REDUCTION.and(Forms::SPECIAL),
        call: Call::Structured(|args| Ok(reduce::logsumexp(args.tensor(0), args.ints(1), args.flag(2))?.into())),
        gives: Gives::Tensor,
        doc: "ln Σ eˣ over `dim`, without overflow.",
    },
    op(
        "cumsum",
        &[input(), DIM, DTYPE],
        REDUCTION.and(Forms::IN_PLACE),
        |args| Ok(scan::cumsum(args.tensor(0), args.int(1), args.dtype_opt(2))?.into()),
        "Running sum along `dim`; integers and bool give int64.",
    ),
    op(
        "cumprod",
        &[input(), DIM, DTYPE],
        REDUCTION.and(Forms::IN_PLACE),
        |args| Ok(scan::cumprod(args.tensor(0), args.int(1), args.dtype_opt(2))?.into()),
        "Running product along `dim`; integers and bool give int64.",
    ),
    op(
        "logcumsumexp",
        &[input(), DIM],
        SAME,
        |args| Ok(scan::logcumsumexp(args.tensor(0), args.int(1))?.into()),
        "Logarithm of the running sum of exponentials along `dim`.",
    ),
    op(
        "cummax",
        &[input(), DIM],
        SAME,
        |args| running_extreme(args, true),
        "Greatest element so far along `dim`, and where it last was.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
    op(
        "cummin",
        &[input(), DIM],
        SAME,
        |args| running_extreme(args, false),
        "Least element so far along `dim`, and where it last was.",
    )
    .giving(Gives::Named(VALUES_INDICES)),
];
