//! Names and signatures of the special functions, and of what is composed of them.

use super::resolve::promoted;
use super::{Arg, Row, composed, special};
use crate::DType;
use crate::error::{Error, Result};
use crate::ops::registry::signature::{params, takes};
use crate::ops::registry::{Call, Forms, Gives, OpInfo, Param, Resolved, of_reals, op, op_in_place, rows_by};
use crate::ops::{complex, rows};
use crate::tensor::Tensor;

const UNARY: &[Param] = params!((input: Tensor));
const TENSORS: &[Param] = params!((input: Tensor, other: Tensor));
const EITHER: &[Param] = params!((input: TensorOrNumber, other: TensorOrNumber));

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

/// A row under its own name, of one tensor.
const fn function(row: &'static Row, forms: Forms) -> OpInfo {
    named(row.name, row, UNARY, forms)
}

/// The polygamma function of a tensor, of an order.
fn polygamma(input: &Tensor, n: i64) -> Result<Resolved<'_>> {
    match n {
        ..0 => Err(Error::runtime("polygamma", "polygamma(n, x) does not support negative n.")),
        0 => Ok(Resolved::new(&rows::digamma::ROW, &[input.into()])),
        _ => Ok(Resolved::with(&rows::polygamma::ROW, &[(n as f64).into()], &[input.into()])),
    }
}

/// Half precision is computed in `float32`, whose next number is another one.
fn nextafter<'a>(inputs: &[Arg<'a>; 2]) -> Resolved<'a> {
    // The distance of numbers behind 1, the least and the greatest of them.
    let [unit, least, most] = match promoted(inputs) {
        DType::F16 => [-10, -24, 16].map(|exponent| 2f64.powi(exponent)),
        DType::BF16 => [-7, -133, 128].map(|exponent| 2f64.powi(exponent)),
        _ => return Resolved::new(&rows::nextafter::ROW, inputs),
    };
    let numbers = [unit, least, most * (1.0 - unit / 2.0)];
    Resolved::with(&rows::nextafter_stored::ROW, &numbers.map(Into::into), inputs)
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    rows_by(
        "logit",
        takes!((input: Tensor, eps: Option<Float> = None) {
            Ok(match eps {
                None => Resolved::new(&rows::logit::ROW, &[input.into()]),
                Some(eps) => Resolved::with(&rows::logit_within::ROW, &[eps.into()], &[input.into()]),
            })
        }),
        EVERYWHERE_,
        rows::logit::ROW.doc,
    ),
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
        takes!((n: Int, input: Tensor) { polygamma(input, n) }),
        Forms::FUNCTION.and(Forms::SPECIAL).and(Forms::OUT),
        rows::polygamma::ROW.doc,
    ),
    rows_by(
        "polygamma",
        takes!((input: Tensor, n: Int) { polygamma(input, n) }),
        Forms::METHOD.and(Forms::IN_PLACE),
        rows::polygamma::ROW.doc,
    ),
    named("igamma", &special::IGAMMA, TENSORS, Forms::ALL),
    named("gammainc", &special::IGAMMA, TENSORS, SPECIAL),
    named("igammac", &special::IGAMMAC, TENSORS, Forms::ALL),
    named("gammaincc", &special::IGAMMAC, TENSORS, SPECIAL),
    op(
        "mvlgamma",
        takes!((input: Tensor, p: Int) => composed::multivariate_lgamma(input, p)),
        Forms::ALL,
        "Logarithm of the multivariate gamma function of dimension `p`.",
    ),
    op(
        "multigammaln",
        takes!((input: Tensor, p: Int) => composed::multivariate_lgamma(input, p)),
        SPECIAL,
        "Logarithm of the multivariate gamma function of dimension `p`.",
    ),
    of_reals(&rows::sinc::ROW, takes!((input: Tensor) => complex::sinc(input)), EVERYWHERE_),
    of_reals(
        &rows::logaddexp::ROW,
        takes!((input: Tensor, other: Tensor) => complex::logaddexp(input, other)),
        REDUCTION,
    ),
    named("logaddexp2", &rows::logaddexp2::ROW, TENSORS, REDUCTION),
    named("hypot", &rows::hypot::ROW, TENSORS, Forms::ALL),
    rows_by(
        "nextafter",
        takes!((input: Tensor, other: Tensor) { Ok(nextafter(&[input.into(), other.into()])) }),
        Forms::ALL,
        rows::nextafter::ROW.doc,
    ),
    of_reals(&rows::ldexp::ROW, takes!((input: Tensor, other: Tensor) => complex::ldexp(input, other)), ALL_),
    op(
        "frexp",
        takes!((input: Tensor) => composed::frexp(input)),
        REDUCTION,
        "A number from [0.5, 1) in magnitude and the power of two that make up `input` as a product.",
    )
    .giving(Gives::Named(&["mantissa", "exponent"])),
    function(&rows::deg2rad::ROW, ALL_),
    function(&rows::rad2deg::ROW, ALL_),
    rows_by(
        "heaviside",
        takes!((input: Tensor, values: Tensor) {
            if input.dtype() != values.dtype() {
                let reason = "heaviside is not yet implemented for tensors with different dtypes.";
                return Err(Error::runtime("heaviside", reason));
            }
            Ok(Resolved::new(&special::HEAVISIDE, &[input.into(), values.into()]))
        }),
        Forms::ALL,
        "0 where `input` is negative, 1 where it is positive, `values` where it is 0.",
    ),
    named("gcd", &rows::gcd::ROW, TENSORS, ALL_),
    named("lcm", &rows::lcm::ROW, TENSORS, ALL_),
    op_in_place(
        "float_power",
        takes!((input: TensorOrNumber, exponent: TensorOrNumber) => composed::float_power(input, exponent),
            in place composed::float_power_(input, exponent)),
        Forms::ALL,
        "Power `input ** exponent` in double precision.",
    ),
    op(
        "nansum",
        takes!((input: Tensor, *, dtype: Option<DType> = None) => composed::nansum(input, None, false, dtype)),
        Forms::BOTH,
        "Sum of all elements that are not NaN, or over `dim`.",
    ),
    op(
        "nansum",
        takes!((input: Tensor, dim: Option<Ints> = None, keepdim: Bool = false, *, dtype: Option<DType> = None)
            => composed::nansum(input, dim, keepdim, dtype)),
        REDUCTION,
        "",
    ),
    op(
        "nanmean",
        takes!((input: Tensor, dim: Option<Ints> = None, keepdim: Bool = false, *, dtype: Option<DType> = None)
            => composed::nanmean(input, dim, keepdim, dtype)),
        REDUCTION,
        "Mean of the elements that are not NaN, of all or over `dim`.",
    ),
];
