//! Names and signatures of the special functions, and of what is composed of them.

use super::resolve::promoted;
use super::{Row, composed, special};
use crate::DType;
use crate::error::{Error, Result};
use crate::ops::registry::{
    Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, Resolve, Resolved, input, param,
};
use crate::ops::{complex, rows};

const UNARY: &[Param] = &[input()];
const TENSORS: &[Param] = &[input(), param("other", Kind::Tensor)];
const EITHER: &[Param] = &[param("input", Kind::TensorOrNumber), param("other", Kind::TensorOrNumber)];
const DTYPE: Param = param("dtype", Kind::DType).optional().keyword();
const DIM: Param = param("dim", Kind::Ints).optional();
const KEEP: Param = param("keepdim", Kind::Bool).or(Default::Bool(false));

/// Of `arcgrad.special` alone.
const SPECIAL: Forms = Forms::SPECIAL.and(Forms::OUT);
/// In the package, too.
const EVERYWHERE: Forms = Forms::ALL.and(Forms::SPECIAL);
const EVERYWHERE_: Forms = EVERYWHERE.and(Forms::IN_PLACE_FUNCTION);
const ALL_: Forms = Forms::ALL.and(Forms::IN_PLACE_FUNCTION);
const REDUCTION: Forms = Forms::BOTH.and(Forms::OUT);

/// A row under a name.
const fn named(name: &'static str, row: &'static Row, params: &'static [Param], forms: Forms) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Row(row), gives: Gives::Tensor, doc: row.doc }
}

/// A row of real numbers, and what its function is of complex ones.
const fn of_reals(info: OpInfo, row: &'static Row, of_complex: fn(&Args<'_>) -> Result<Output>) -> OpInfo {
    OpInfo { call: Call::RowOfReals(row, of_complex), ..info }
}

/// A row under its own name, of one tensor.
const fn function(row: &'static Row, forms: Forms) -> OpInfo {
    named(row.name, row, UNARY, forms)
}

const fn rows_by(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    resolve: Resolve,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Rows(resolve), gives: Gives::Tensor, doc }
}

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

fn logit<'a>(args: &Args<'a>) -> Result<Resolved<'a>> {
    Ok(match args.float_opt(1) {
        None => Resolved::new(&rows::logit::ROW, &[args.arg(0)]),
        Some(eps) => Resolved::with(&rows::logit_within::ROW, &[eps.into()], &[args.arg(0)]),
    })
}

/// The polygamma function of the tensor and the order at these places.
fn polygamma<'a>(args: &Args<'a>, tensor: usize, order: usize) -> Result<Resolved<'a>> {
    let order = args.int(order);
    if order < 0 {
        return Err(Error::runtime("polygamma", "polygamma(n, x) does not support negative n."));
    }
    Ok(match order {
        0 => Resolved::new(&rows::digamma::ROW, &[args.arg(tensor)]),
        _ => Resolved::with(&rows::polygamma::ROW, &[(order as f64).into()], &[args.arg(tensor)]),
    })
}

/// Half precision is computed in `float32`, whose next number is another one.
fn nextafter<'a>(args: &Args<'a>) -> Result<Resolved<'a>> {
    let inputs = [args.arg(0), args.arg(1)];
    // The distance of numbers behind 1, the least and the greatest of them.
    let [unit, least, most] = match promoted(&inputs) {
        DType::F16 => [-10, -24, 16].map(|exponent| 2f64.powi(exponent)),
        DType::BF16 => [-7, -133, 128].map(|exponent| 2f64.powi(exponent)),
        _ => return Ok(Resolved::new(&rows::nextafter::ROW, &inputs)),
    };
    let numbers = [unit, least, most * (1.0 - unit / 2.0)];
    Ok(Resolved::with(&rows::nextafter_stored::ROW, &numbers.map(Into::into), &inputs))
}

fn heaviside<'a>(args: &Args<'a>) -> Result<Resolved<'a>> {
    for dtype in [args.tensor(0).dtype(), args.tensor(1).dtype()] {
        if dtype.is_complex() {
            return Err(Error::dtype("heaviside", dtype, "heaviside is not yet implemented for complex tensors."));
        }
    }
    if args.tensor(0).dtype() != args.tensor(1).dtype() {
        let reason = "heaviside is not yet implemented for tensors with different dtypes.";
        return Err(Error::runtime("heaviside", reason));
    }
    Ok(Resolved::new(&special::HEAVISIDE, &[args.arg(0), args.arg(1)]))
}

const LOGIT: &[Param] = &[input(), param("eps", Kind::Float).optional()];
const MULTIVARIATE: &[Param] = &[input(), param("p", Kind::Int)];
const BASE: &[Param] = &[param("input", Kind::TensorOrNumber), param("exponent", Kind::TensorOrNumber)];
const WHOLE: &[Param] = &[input(), DTYPE];
const ALONG: &[Param] = &[input(), DIM, KEEP, DTYPE];

/// The table.
pub static TABLE: &[OpInfo] = &[
    rows_by("logit", LOGIT, EVERYWHERE_, logit, rows::logit::ROW.doc),
    named("expit", &rows::sigmoid::ROW, UNARY, SPECIAL),
    named("gammaln", &rows::lgamma::ROW, UNARY, SPECIAL),
    named("psi", &rows::digamma::ROW, UNARY, SPECIAL),
    named("xlogy", &rows::xlogy::ROW, EITHER, EVERYWHERE_),
    named("xlog1py", &rows::xlog1py::ROW, EITHER, SPECIAL),
    function(&rows::entr::ROW, SPECIAL),
    function(&rows::erfinv::ROW, EVERYWHERE),
    function(&rows::erfcx::ROW, SPECIAL),
    function(&rows::ndtr::ROW, SPECIAL),
    function(&rows::log_ndtr::ROW, SPECIAL),
    function(&rows::ndtri::ROW, SPECIAL),
    function(&rows::i0::ROW, EVERYWHERE_),
    function(&rows::i0e::ROW, SPECIAL),
    function(&rows::i1::ROW, SPECIAL),
    function(&rows::i1e::ROW, SPECIAL),
    named("modified_bessel_i0", &rows::i0::ROW, UNARY, SPECIAL),
    named("modified_bessel_i1", &rows::i1::ROW, UNARY, SPECIAL),
    function(&rows::modified_bessel_k0::ROW, SPECIAL),
    function(&rows::modified_bessel_k1::ROW, SPECIAL),
    function(&rows::scaled_modified_bessel_k0::ROW, SPECIAL),
    function(&rows::scaled_modified_bessel_k1::ROW, SPECIAL),
    function(&rows::bessel_j0::ROW, SPECIAL),
    function(&rows::bessel_j1::ROW, SPECIAL),
    function(&rows::bessel_y0::ROW, SPECIAL),
    function(&rows::bessel_y1::ROW, SPECIAL),
    function(&rows::spherical_bessel_j0::ROW, SPECIAL),
    named("zeta", &special::ZETA, EITHER, SPECIAL),
    rows_by(
        "polygamma",
        &[param("n", Kind::Int), input()],
        Forms::FUNCTION.and(Forms::SPECIAL).and(Forms::OUT),
        |args| polygamma(args, 1, 0),
        rows::polygamma::ROW.doc,
    ),
    rows_by(
        "polygamma",
        &[input(), param("n", Kind::Int)],
        Forms::METHOD.and(Forms::IN_PLACE),
        |args| polygamma(args, 0, 1),
        rows::polygamma::ROW.doc,
    ),
    named("igamma", &special::IGAMMA, TENSORS, Forms::ALL),
    named("gammainc", &special::IGAMMA, TENSORS, SPECIAL),
    named("igammac", &special::IGAMMAC, TENSORS, Forms::ALL),
    named("gammaincc", &special::IGAMMAC, TENSORS, SPECIAL),
    op(
        "mvlgamma",
        MULTIVARIATE,
        Forms::ALL,
        |args| Ok(composed::multivariate_lgamma(args.tensor(0), args.int(1))?.into()),
        "Logarithm of the multivariate gamma function of dimension `p`.",
    ),
    op(
        "multigammaln",
        MULTIVARIATE,
        SPECIAL,
        |args| Ok(composed::multivariate_lgamma(args.tensor(0), args.int(1))?.into()),
        "Logarithm of the multivariate gamma function of dimension `p`.",
    ),
    of_reals(function(&rows::sinc::ROW, EVERYWHERE_), &rows::sinc::ROW, |args| {
        Ok(complex::sinc(args.tensor(0))?.into())
    }),
    of_reals(named("logaddexp", &rows::logaddexp::ROW, TENSORS, REDUCTION), &rows::logaddexp::ROW, |args| {
        Ok(complex::logaddexp(args.tensor(0), args.tensor(1))?.into())
    }),
    named("logaddexp2", &rows::logaddexp2::ROW, TENSORS, REDUCTION),
    named("hypot", &rows::hypot::ROW, TENSORS, Forms::ALL),
    rows_by("nextafter", TENSORS, Forms::ALL, nextafter, rows::nextafter::ROW.doc),
    of_reals(named("ldexp", &rows::ldexp::ROW, TENSORS, ALL_), &rows::ldexp::ROW, |args| {
        Ok(complex::ldexp(args.tensor(0), args.tensor(1))?.into())
    }),
    op(
        "frexp",
        UNARY,
        REDUCTION.and(Forms::SAME_OUT),
        |args| Ok(composed::frexp(args.tensor(0))?.into()),
        "A number from [0.5, 1) in magnitude and the power of two that make up `input` as a product.",
    )
    .giving(Gives::Named(&["mantissa", "exponent"])),
    function(&rows::deg2rad::ROW, ALL_),
    function(&rows::rad2deg::ROW, ALL_),
    rows_by(
        "heaviside",
        &[input(), param("values", Kind::Tensor)],
        Forms::ALL,
        heaviside,
        "0 where `input` is negative, 1 where it is positive, `values` where it is 0.",
    ),
    named("gcd", &rows::gcd::ROW, TENSORS, ALL_),
    named("lcm", &rows::lcm::ROW, TENSORS, ALL_),
    OpInfo {
        name: "float_power",
        aliases: &[],
        params: BASE,
        forms: Forms::ALL.and(Forms::SAME_OUT),
        call: Call::InPlace(
            |args| Ok(composed::float_power(args.arg(0), args.arg(1))?.into()),
            |args| composed::float_power_(args.tensor(0), args.arg(1)),
        ),
        gives: Gives::Tensor,
        doc: "Power `input ** exponent` in double precision.",
    },
    op(
        "nansum",
        WHOLE,
        Forms::BOTH,
        |args| Ok(composed::nansum(args.tensor(0), None, false, args.dtype_opt(1))?.into()),
        "Sum of all elements that are not NaN, or over `dim`.",
    ),
    op(
        "nansum",
        ALONG,
        REDUCTION,
        |args| Ok(composed::nansum(args.tensor(0), args.ints_opt(1), args.flag(2), args.dtype_opt(3))?.into()),
        "",
    ),
    op(
        "nanmean",
        ALONG,
        REDUCTION,
        |args| Ok(composed::nanmean(args.tensor(0), args.ints_opt(1), args.flag(2), args.dtype_opt(3))?.into()),
        "Mean of the elements that are not NaN, of all or over `dim`.",
    ),
];
