//! Names and signatures of the elementwise operations.

use super::overloads::{self, overload};
use super::{Arg, Row, resolve};
use crate::dtype::Category;
use crate::error::{Error, Result};
use crate::ops::registry::{
    Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, Resolve, Resolved, input, param,
};
use crate::ops::{complex, rows, views};
use crate::scalar::Scalar;

const UNARY: &[Param] = &[input()];
const BINARY: &[Param] = &[param("input", Kind::TensorOrNumber), param("other", Kind::TensorOrNumber)];
/// Numbers stand on the right only.
const TENSOR_FIRST: &[Param] = &[input(), param("other", Kind::TensorOrNumber)];
const TENSORS: &[Param] = &[input(), param("other", Kind::Tensor)];
/// In-place functions exist for a few names (`arcgrad.relu_`).
const WITH_FUNCTION_: Forms = Forms::ALL.and(Forms::IN_PLACE_FUNCTION);
/// Arithmetic that two numbers can be given to, as in PyTorch.
const OF_NUMBERS: Forms = Forms::ALL.and(Forms::NUMBERS);
/// What promotes nothing: the result has the dtype of the input, and so has `out=`.
const UNPROMOTED: Forms = WITH_FUNCTION_.and(Forms::SAME_OUT);

const fn row(row: &'static Row, aliases: &'static [&'static str], params: &'static [Param], forms: Forms) -> OpInfo {
    OpInfo { name: row.name, aliases, params, forms, call: Call::Row(row), gives: Gives::Tensor, doc: row.doc }
}

/// A row of real numbers, with what it is of complex ones.
const fn of_reals(
    row: &'static Row,
    aliases: &'static [&'static str],
    forms: Forms,
    of_complex: fn(&Args<'_>) -> Result<Output>,
) -> OpInfo {
    let call = Call::RowOfReals(row, of_complex);
    OpInfo { name: row.name, aliases, params: UNARY, forms, call, gives: Gives::Tensor, doc: row.doc }
}

/// A row of real numbers with these parameters, and the error that it is to ask for it of complex ones.
const fn of_reals_alone(
    row: &'static Row,
    params: &'static [Param],
    forms: Forms,
    refusal: fn(&Args<'_>) -> Result<Output>,
) -> OpInfo {
    let call = Call::RowOfReals(row, refusal);
    OpInfo { name: row.name, aliases: &[], params, forms, call, gives: Gives::Tensor, doc: row.doc }
}

/// Something that is no row: a function and a method.
const fn op_(name: &'static str, call: fn(&Args<'_>) -> Result<Output>, doc: &'static str) -> OpInfo {
    OpInfo {
        name,
        aliases: &[],
        params: UNARY,
        forms: Forms::BOTH,
        call: Call::Structured(call),
        gives: Gives::Tensor,
        doc,
    }
}

const fn rows_by(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [Param],
    forms: Forms,
    resolve: Resolve,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases, params, forms, call: Call::Rows(resolve), gives: Gives::Tensor, doc }
}

/// An activation with a row of its own in place: the first row is the function's, the second the in-place form's.
const fn activation(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    [value, in_place]: [Resolve; 2],
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::RowsInPlace(value, in_place), gives: Gives::Tensor, doc }
}

/// `relu`, `sigmoid`, … of the `nn.functional` namespace have no `out=`.
const NN: Forms = Forms::NN;
/// Most of them can also be computed in place.
const NN_: Forms = NN.and(Forms::NN_IN_PLACE);
/// What is in the package, too, in either form.
const NN_EVERYWHERE: Forms = NN_.and(Forms::FUNCTION).and(Forms::IN_PLACE_FUNCTION);

fn number_param(args: &Args<'_>, index: usize) -> f64 {
    args.number(index).to_f64()
}

/// Comparisons take numbers on either side; `bool` tensors compare with numbers as numbers.
macro_rules! comparison {
    ($name:ident, $aliases:expr) => {
        row(&rows::$name::ROW, $aliases, TENSOR_FIRST, Forms::ALL)
    };
}

/// The greater or smaller of two: complex numbers have no order.
macro_rules! greater {
    ($name:ident) => {
        of_reals_alone(&rows::$name::ROW, TENSORS, Forms::BOTH.and(Forms::OUT), |_| {
            const NAME: &str = stringify!($name);
            Err(Error::type_(NAME, concat!(stringify!($name), " not implemented for complex tensors.")))
        })
    };
}

/// Complex numbers have one infinity, which is neither.
macro_rules! one_infinity {
    ($name:ident) => {
        of_reals_alone(&rows::$name::ROW, UNARY, Forms::BOTH.and(Forms::SAME_OUT), |_| {
            const NAME: &str = stringify!($name);
            Err(Error::type_(NAME, concat!(stringify!($name), " does not support complex inputs.")))
        })
    };
}

macro_rules! rounding {
    ($name:ident, $aliases:expr, $forms:expr) => {
        rows_by(
            stringify!($name),
            $aliases,
            UNARY,
            $forms,
            |args| resolve::rounding(&rows::$name::ROW, args.arg(0)),
            rows::$name::ROW.doc,
        )
    };
}

/// Tests for special values: integers have none, so the answer is known.
macro_rules! special_test {
    ($name:ident) => {
        row(&rows::$name::ROW, &[], UNARY, Forms::BOTH)
    };
}

macro_rules! bitwise {
    ($name:literal, $int:ident, $logical:ident, $params:ident, $forms:expr) => {
        rows_by(
            $name,
            &[],
            $params,
            $forms,
            |args| {
                let inputs: Vec<Arg<'_>> = (0..$params.len()).map(|index| args.arg(index)).collect();
                resolve::bitwise(&rows::$int::ROW, &rows::$logical::ROW, &inputs)
            },
            rows::$int::ROW.doc,
        )
    };
}

const ALPHA: &[Param] = &[
    param("input", Kind::TensorOrNumber),
    param("other", Kind::TensorOrNumber),
    param("alpha", Kind::Number).or(Default::Int(1)).keyword(),
];
/// As if it were a method: numbers stand on the right only.
const RIGHT_ALPHA: &[Param] = &[input(), ALPHA[1], ALPHA[2]];
const ROUNDED: &[Param] = &[
    param("input", Kind::TensorOrNumber),
    param("other", Kind::TensorOrNumber),
    param("rounding_mode", Kind::Text).optional().keyword(),
];
/// The limits are both tensors or both numbers.
const CLAMP: [&[Param]; 2] = [
    &[input(), param("min", Kind::Tensor).optional(), param("max", Kind::Tensor).optional()],
    &[input(), param("min", Kind::Number).optional(), param("max", Kind::Number).optional()],
];
const ONE_LIMIT: [&[Param]; 2] =
    [&[input(), param("min", Kind::TensorOrNumber)], &[input(), param("max", Kind::TensorOrNumber)]];
const PRODUCT: &[Param] = &[
    input(),
    param("tensor1", Kind::Tensor),
    param("tensor2", Kind::Tensor),
    param("value", Kind::Number).or(Default::Int(1)).keyword(),
];
const LERP: &[Param] = &[input(), param("end", Kind::Tensor), param("weight", Kind::TensorOrNumber)];
const NAN_TO_NUM: &[Param] = &[
    input(),
    param("nan", Kind::Float).or(Default::Float(0.0)).or_none(),
    param("posinf", Kind::Float).optional(),
    param("neginf", Kind::Float).optional(),
];
const MASKED_FILL: &[Param] = &[input(), param("mask", Kind::Tensor), param("value", Kind::TensorOrNumber)];
const WHERE: &[Param] =
    &[param("condition", Kind::Tensor), param("input", Kind::TensorOrNumber), param("other", Kind::TensorOrNumber)];
const ROUND_DECIMALS: &[Param] = &[input(), param("decimals", Kind::Int).keyword()];

/// PyTorch takes a tensor or a number in different overloads, each with a node of its own.
fn by_second<'a>(args: &Args<'a>, tensor: &'static Row, number: &'static Row) -> Result<Resolved<'a>> {
    let second = args.arg(1);
    Ok(Resolved::new(overload(second, tensor, number), &[args.arg(0), second]))
}

fn leaky_relu<'a>(row: &'static Row, args: &Args<'a>) -> Result<Resolved<'a>> {
    Ok(Resolved::with(row, &[number_param(args, 1).into()], &[args.arg(0)]))
}

fn elu<'a>(row: &'static Row, args: &Args<'a>) -> Result<Resolved<'a>> {
    Ok(Resolved::with(row, &[number_param(args, 1).into(), 1.0.into(), 1.0.into()], &[args.arg(0)]))
}

/// Klambauer et al. 2017: the fixed point with mean 0 and variance 1.
fn selu<'a>(row: &'static Row, args: &Args<'a>) -> Result<Resolved<'a>> {
    let (alpha, scale) = (1.673_263_242_354_377_2, 1.050_700_987_355_480_5);
    Ok(Resolved::with(row, &[alpha.into(), scale.into(), 1.0.into()], &[args.arg(0)]))
}

fn celu<'a>(row: &'static Row, args: &Args<'a>) -> Result<Resolved<'a>> {
    let alpha = number_param(args, 1);
    if alpha == 0.0 {
        return Err(Error::runtime("celu", "ZeroDivisionError: alpha cannot be 0 for CELU"));
    }
    Ok(Resolved::with(row, &[alpha.into(), 1.0.into(), (1.0 / alpha).into()], &[args.arg(0)]))
}

/// Of integer tensors the number becomes an integer, too.
fn product_rows<'a>(name: &'static str, row: &'static Row, args: &Args<'a>) -> Result<Resolved<'a>> {
    let value = args.number(3);
    let inputs = [args.arg(0), args.arg(1), args.arg(2)];
    let dtype = resolve::promoted(&inputs);
    let integral = dtype.category() < Category::Float;
    if name == "addcmul" && !integral {
        return Ok(Resolved::with(row, &[value.storable(name, dtype)?], &inputs));
    }
    // What it is added to may be of floats.
    let is_whole = |arg: &Arg<'_>| matches!(arg, Arg::Tensor(tensor) if tensor.dtype().category() < Category::Float);
    if name == "addcdiv" && inputs[1..].iter().all(is_whole) {
        return Err(Error::runtime(
            name,
            "Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a true division of tensor1 and tensor2.",
        ));
    }
    if dtype == crate::DType::Bool {
        return Err(Error::not_for(name, dtype));
    }
    Ok(Resolved::with(row, &[value.storable(name, dtype)?.in_category(dtype)], &inputs))
}

fn nan_to_num<'a>(args: &Args<'a>) -> Result<Resolved<'a>> {
    let dtype = args.tensor(0).dtype();
    if !dtype.is_float() {
        return Ok(Resolved::new(&rows::unchanged::ROW, &[args.arg(0)]));
    }
    let greatest = match dtype {
        crate::DType::F16 => 65504.0,
        // The upper half of the bits of the greatest f32.
        crate::DType::BF16 => f64::from(f32::from_bits(0x7f7f_0000)),
        crate::DType::F32 => f64::from(f32::MAX),
        _ => f64::MAX,
    };
    Ok(Resolved::with(&rows::nan_to_num::ROW, &replacements(args, greatest), &[args.arg(0)]))
}

/// What stands for NaN and the infinities.
fn replacements(args: &Args<'_>, greatest: f64) -> [Scalar; 3] {
    let given = |index, default| args.float_opt(index).unwrap_or(default).into();
    [given(1, 0.0), given(2, greatest), given(3, -greatest)]
}

/// Of real and imaginary part each by itself.
fn nan_to_num_of_complex(args: &Args<'_>) -> Result<Output> {
    let input = args.tensor(0);
    let greatest = if input.dtype() == crate::DType::C64 { f64::from(f32::MAX) } else { f64::MAX };
    let parts = views::view_as_real(input)?;
    let finite = super::apply(&rows::nan_to_num::ROW, &replacements(args, greatest), &[(&parts).into()])?;
    Ok(views::view_as_complex(&finite)?.into())
}

fn masked_fill<'a>(args: &Args<'a>) -> Result<Resolved<'a>> {
    let (mask, value) = (args.tensor(1), args.arg(2));
    if mask.dtype() != crate::DType::Bool {
        return Err(Error::runtime(
            "masked_fill",
            format!("masked_fill_ only supports boolean masks, but got mask with dtype {}", mask.dtype()),
        ));
    }
    let value = match value {
        Arg::Tensor(tensor) if tensor.rank() > 0 => {
            return Err(Error::runtime(
                "masked_fill",
                format!(
                    "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
                    tensor.rank()
                ),
            ));
        }
        Arg::Tensor(tensor) => {
            let dtype = args.tensor(0).dtype();
            if dtype.is_integer() && tensor.dtype() != dtype {
                tensor.item()?.storable("masked_fill", dtype)?;
            }
            value
        }
        // As `fill_` does: truncated rather than promoted.
        Arg::Scalar(scalar) => {
            let dtype = args.tensor(0).dtype();
            Arg::Scalar(scalar.storable("masked_fill", dtype)?.in_category(dtype))
        }
    };
    let row = overload(value, &overloads::MASKED_FILL_TENSOR, &rows::masked_fill::ROW);
    Ok(Resolved::new(row, &[args.arg(0), args.arg(1), value]))
}

/// All tensors of a lerp have one dtype, but a weight without axes, which counts as a number.
fn lerp<'a>(args: &Args<'a>) -> Result<Resolved<'a>> {
    let own = args.tensor(0).dtype();
    for (index, name) in [(1, "end"), (2, "weight")] {
        if let Arg::Tensor(tensor) = args.arg(index)
            && tensor.dtype() != own
            && (index == 1 || tensor.rank() > 0)
        {
            return Err(Error::runtime(
                "lerp",
                format!("expected dtype {own} for `{name}` but got dtype {}", tensor.dtype()),
            ));
        }
    }
    match args.arg(2) {
        Arg::Scalar(weight) => Ok(Resolved::with(&rows::lerp_scalar::ROW, &[weight], &[args.arg(0), args.arg(1)])),
        weight => Ok(Resolved::new(&rows::lerp::ROW, &[args.arg(0), args.arg(1), weight])),
    }
}

/// `input` where the condition holds: the method has its object between condition and alternative.
const WHERE_METHOD: &[Param] = &[input(), param("condition", Kind::Tensor), param("other", Kind::TensorOrNumber)];

/// The table.
pub static TABLE: &[OpInfo] = &[
    rows_by(
        "add",
        &[],
        ALPHA,
        OF_NUMBERS,
        |args| resolve::add_scaled("add", args.arg(0), args.arg(1), args.number(2)),
        "Sum `input + alpha * other`, broadcast and promoted.",
    ),
    rows_by(
        "sub",
        &["subtract"],
        ALPHA,
        OF_NUMBERS,
        |args| resolve::add_scaled("sub", args.arg(0), args.arg(1), args.number(2)),
        "Difference `input - alpha * other`, broadcast and promoted.",
    ),
    rows_by(
        "rsub",
        &[],
        RIGHT_ALPHA,
        Forms::FUNCTION,
        |args| resolve::rsub(args.arg(0), args.arg(1), args.number(2)),
        "Difference `other - alpha * input`.",
    ),
    row(&rows::mul::ROW, &["multiply"], BINARY, OF_NUMBERS),
    rows_by(
        "div",
        &["divide"],
        ROUNDED,
        OF_NUMBERS,
        |args| resolve::div(args.arg(0), args.arg(1), args.text_opt(2)),
        "Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`.",
    ),
    rows_by(
        "true_divide",
        &[],
        BINARY,
        OF_NUMBERS,
        |args| resolve::div(args.arg(0), args.arg(1), None),
        "Quotient `input / other`; integers give floats.",
    ),
    rows_by(
        "floor_divide",
        &[],
        BINARY,
        OF_NUMBERS,
        |args| resolve::floor_divide(args.arg(0), args.arg(1)),
        "Quotient rounded towards minus infinity.",
    ),
    rows_by(
        "remainder",
        &[],
        BINARY,
        Forms::ALL,
        |args| resolve::remainder(args.arg(0), args.arg(1)),
        "Remainder with the sign of the divisor, as Python's `%`.",
    ),
    rows_by(
        "fmod",
        &[],
        TENSOR_FIRST,
        Forms::ALL,
        |args| resolve::fmod(args.arg(0), args.arg(1)),
        "Remainder with the sign of the dividend, as C's `fmod`.",
    ),
    rows_by(
        "pow",
        &[],
        &[param("input", Kind::TensorOrNumber), param("exponent", Kind::TensorOrNumber)],
        Forms::ALL,
        |args| resolve::resolve_pow(args.arg(0), args.arg(1)),
        "Power `input ** exponent`.",
    ),
    rows_by("neg", &["negative"], UNARY, UNPROMOTED, |args| resolve::neg(args.arg(0)), rows::neg::ROW.doc),
    op_("positive", |args| Ok(resolve::positive(args.tensor(0))?.into()), "The tensor itself."),
    of_reals(&rows::abs::ROW, &["absolute"], UNPROMOTED, |args| Ok(complex::abs(args.tensor(0))?.into())),
    of_reals(&rows::sign::ROW, &[], Forms::ALL.and(Forms::SAME_OUT), |args| {
        let reason =
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.";
        Err(Error::dtype("sign", args.tensor(0).dtype(), reason))
    }),
    of_reals(&overloads::SGN, &[], Forms::ALL.and(Forms::SAME_OUT), |args| Ok(complex::sgn(args.tensor(0))?.into())),
    of_reals(&rows::angle::ROW, &[], Forms::BOTH.and(Forms::OUT), |args| Ok(complex::angle(args.tensor(0))?.into())),
    rows_by("square", &[], UNARY, WITH_FUNCTION_, |args| Ok(resolve::square(args.arg(0))), rows::square::ROW.doc),
    row(&rows::reciprocal::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::sqrt::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::rsqrt::ROW, &[], UNARY, WITH_FUNCTION_),
    rounding!(floor, &[], UNPROMOTED),
    rounding!(ceil, &[], UNPROMOTED),
    rounding!(round, &[], UNPROMOTED.and(Forms::SPECIAL)),
    rows_by(
        "round",
        &[],
        ROUND_DECIMALS,
        UNPROMOTED.and(Forms::SPECIAL),
        |args| Ok(Resolved::with(&rows::round_decimals::ROW, &[10f64.powi(args.int(1) as i32).into()], &[args.arg(0)])),
        "",
    ),
    rounding!(trunc, &["fix"], UNPROMOTED),
    row(&rows::frac::ROW, &[], UNARY, UNPROMOTED),
    row(&rows::exp::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::exp2::ROW, &[], UNARY, WITH_FUNCTION_.and(Forms::SPECIAL)),
    row(&rows::expm1::ROW, &[], UNARY, WITH_FUNCTION_.and(Forms::SPECIAL)),
    row(&rows::log::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::log2::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::log10::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::log1p::ROW, &[], UNARY, WITH_FUNCTION_.and(Forms::SPECIAL)),
    row(&rows::sin::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::cos::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::tan::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::asin::ROW, &["arcsin"], UNARY, WITH_FUNCTION_),
    row(&rows::acos::ROW, &["arccos"], UNARY, WITH_FUNCTION_),
    row(&rows::atan::ROW, &["arctan"], UNARY, WITH_FUNCTION_),
    row(&rows::atan2::ROW, &["arctan2"], TENSORS, Forms::ALL),
    row(&rows::sinh::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::cosh::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::tanh::ROW, &[], UNARY, WITH_FUNCTION_.and(Forms::NN)),
    row(&rows::asinh::ROW, &["arcsinh"], UNARY, WITH_FUNCTION_),
    row(&rows::acosh::ROW, &["arccosh"], UNARY, WITH_FUNCTION_),
    row(&rows::atanh::ROW, &["arctanh"], UNARY, WITH_FUNCTION_),
    row(&rows::erf::ROW, &[], UNARY, WITH_FUNCTION_.and(Forms::SPECIAL)),
    row(&rows::erfc::ROW, &[], UNARY, WITH_FUNCTION_.and(Forms::SPECIAL)),
    row(&rows::lgamma::ROW, &[], UNARY, Forms::ALL),
    row(&rows::digamma::ROW, &[], UNARY, Forms::ALL.and(Forms::SPECIAL)),
    row(&rows::sigmoid::ROW, &[], UNARY, WITH_FUNCTION_.and(Forms::NN)),
    greater!(maximum),
    greater!(minimum),
    greater!(fmax),
    greater!(fmin),
    rows_by(
        "copysign",
        &[],
        TENSOR_FIRST,
        Forms::ALL,
        |args| by_second(args, &rows::copysign::ROW, &overloads::COPYSIGN_NUMBER),
        rows::copysign::ROW.doc,
    ),
    rows_by(
        "clamp",
        &["clip"],
        CLAMP[0],
        WITH_FUNCTION_,
        |args| resolve::clamp(args.arg(0), args.arg_opt(1), args.arg_opt(2)),
        "`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends.",
    ),
    rows_by(
        "clamp",
        &["clip"],
        CLAMP[1],
        UNPROMOTED,
        |args| resolve::clamp(args.arg(0), args.arg_opt(1), args.arg_opt(2)),
        "",
    ),
    rows_by(
        "clamp_min",
        &[],
        ONE_LIMIT[0],
        Forms::ALL,
        |args| resolve::clamp_min(args.arg(0), args.arg(1)),
        rows::clamp_min::ROW.doc,
    ),
    rows_by(
        "clamp_max",
        &[],
        ONE_LIMIT[1],
        Forms::ALL,
        |args| resolve::clamp_max(args.arg(0), args.arg(1)),
        rows::clamp_max::ROW.doc,
    ),
    rows_by("lerp", &[], LERP, Forms::ALL, lerp, rows::lerp::ROW.doc),
    rows_by(
        "addcmul",
        &[],
        PRODUCT,
        Forms::ALL,
        |args| product_rows("addcmul", &rows::addcmul::ROW, args),
        "`input + value * tensor1 * tensor2`.",
    ),
    rows_by(
        "addcdiv",
        &[],
        PRODUCT,
        Forms::ALL,
        |args| product_rows("addcdiv", &rows::addcdiv::ROW, args),
        "`input + value * tensor1 / tensor2`.",
    ),
    OpInfo {
        call: Call::RowsOfReals(nan_to_num, nan_to_num_of_complex),
        ..rows_by("nan_to_num", &[], NAN_TO_NUM, UNPROMOTED, nan_to_num, rows::nan_to_num::ROW.doc)
    },
    rows_by(
        "masked_fill",
        &[],
        MASKED_FILL,
        Forms::BOTH.and(Forms::IN_PLACE),
        masked_fill,
        "`value` where `mask` is true, `input` elsewhere.",
    ),
    rows_by(
        "where",
        &[],
        WHERE,
        Forms::FUNCTION.and(Forms::SAME_OUT),
        |args| {
            super::select::check_choice(args.tensor(0), &[args.arg(1), args.arg(2)])?;
            Ok(Resolved::new(&rows::where_::ROW, &[args.arg(0), args.arg(1), args.arg(2)]))
        },
        "`input` where `condition` is true, `other` elsewhere.",
    ),
    rows_by(
        "where",
        &[],
        WHERE_METHOD,
        Forms::METHOD,
        |args| {
            super::select::check_condition(args.tensor(1))?;
            Ok(Resolved::new(&rows::where_::ROW, &[args.arg(1), args.arg(0), args.arg(2)]))
        },
        "The tensor where `condition` is true, `other` elsewhere.",
    ),
    comparison!(lt, &["less"]),
    comparison!(le, &["less_equal"]),
    comparison!(gt, &["greater"]),
    comparison!(ge, &["greater_equal"]),
    comparison!(eq, &[]),
    comparison!(ne, &["not_equal"]),
    row(&rows::logical_and::ROW, &[], TENSORS, Forms::ALL),
    row(&rows::logical_or::ROW, &[], TENSORS, Forms::ALL),
    row(&rows::logical_xor::ROW, &[], TENSORS, Forms::ALL),
    row(&rows::logical_not::ROW, &[], UNARY, Forms::ALL),
    special_test!(isnan),
    special_test!(isinf),
    special_test!(isfinite),
    one_infinity!(isposinf),
    one_infinity!(isneginf),
    row(&rows::signbit::ROW, &[], UNARY, Forms::BOTH.and(Forms::SAME_OUT)),
    bitwise!("bitwise_and", bitwise_and_int, logical_and, BINARY, Forms::ALL),
    bitwise!("bitwise_or", bitwise_or_int, logical_or, BINARY, Forms::ALL),
    bitwise!("bitwise_xor", bitwise_xor_int, logical_xor, BINARY, Forms::ALL),
    bitwise!("bitwise_not", bitwise_not_int, logical_not, UNARY, Forms::ALL.and(Forms::SAME_OUT)),
    row(&rows::bitwise_left_shift::ROW, &[], BINARY, Forms::ALL),
    row(&rows::bitwise_right_shift::ROW, &[], BINARY, Forms::ALL),
    rows_by(
        "relu",
        &[],
        UNARY,
        Forms::BOTH.and(Forms::IN_PLACE).and(Forms::IN_PLACE_FUNCTION).and(NN_),
        |args| resolve::not_of_bool(&rows::relu::ROW, args.arg(0), "Boolean inputs not supported for relu"),
        rows::relu::ROW.doc,
    ),
    activation(
        "leaky_relu",
        &[input(), param("negative_slope", Kind::Number).or(Default::Float(0.01))],
        NN_,
        [|args| leaky_relu(&rows::leaky_relu::ROW, args), |args| leaky_relu(&overloads::LEAKY_RELU_IN_PLACE, args)],
        rows::leaky_relu::ROW.doc,
    ),
    activation(
        "elu",
        &[input(), param("alpha", Kind::Number).or(Default::Float(1.0))],
        NN_,
        [|args| elu(&rows::elu::ROW, args), |args| elu(&overloads::ELU_IN_PLACE, args)],
        "x where positive, else `alpha · (eˣ − 1)`.",
    ),
    activation(
        "selu",
        UNARY,
        NN_EVERYWHERE,
        [|args| selu(&rows::elu::ROW, args), |args| selu(&overloads::ELU_IN_PLACE, args)],
        "Scaled exponential linear unit (Klambauer et al. 2017).",
    ),
    activation(
        "celu",
        &[input(), param("alpha", Kind::Number).or(Default::Float(1.0))],
        NN_EVERYWHERE,
        [|args| celu(&overloads::CELU, args), |args| celu(&overloads::CELU_IN_PLACE, args)],
        "x where positive, else `alpha · (e^(x/alpha) − 1)`.",
    ),
    rows_by(
        "gelu",
        &[],
        &[input(), param("approximate", Kind::Text).or(Default::Text("none")).keyword()],
        NN.and(Forms::SAME_OUT),
        |args| match args.text(1) {
            "none" => Ok(Resolved::new(&rows::gelu::ROW, &[args.arg(0)])),
            "tanh" => Ok(Resolved::new(&rows::gelu_tanh::ROW, &[args.arg(0)])),
            other => {
                Err(Error::runtime("gelu", format!("approximate argument must be either none or tanh, got '{other}'")))
            }
        },
        rows::gelu::ROW.doc,
    ),
    of_reals(&rows::silu::ROW, &[], NN_, |args| Ok(complex::silu(args.tensor(0))?.into())),
    row(&rows::mish::ROW, &[], UNARY, NN_),
    of_reals(&rows::softsign::ROW, &[], NN, |args| Ok(complex::softsign(args.tensor(0))?.into())),
    rows_by(
        "softplus",
        &[],
        &[
            input(),
            param("beta", Kind::Number).or(Default::Float(1.0)),
            param("threshold", Kind::Number).or(Default::Float(20.0)),
        ],
        NN.and(Forms::SAME_OUT),
        |args| {
            Ok(Resolved::with(
                &rows::softplus::ROW,
                &[number_param(args, 1).into(), number_param(args, 2).into()],
                &[args.arg(0)],
            ))
        },
        rows::softplus::ROW.doc,
    ),
    OpInfo {
        name: "logsigmoid",
        aliases: &[],
        params: UNARY,
        forms: NN.and(Forms::SAME_OUT),
        call: Call::Row(&rows::log_sigmoid::ROW),
        gives: Gives::Tensor,
        doc: rows::log_sigmoid::ROW.doc,
    },
    rows_by(
        "hardtanh",
        &[],
        &[
            input(),
            param("min_val", Kind::Number).or(Default::Float(-1.0)),
            param("max_val", Kind::Number).or(Default::Float(1.0)),
        ],
        NN_,
        |args| resolve::hardtanh(args.arg(0), args.number(1), args.number(2)),
        rows::hardtanh::ROW.doc,
    ),
    rows_by(
        "relu6",
        &[],
        UNARY,
        NN_,
        |args| resolve::hardtanh(args.arg(0), 0i64.into(), 6i64.into()),
        "x clamped to [0, 6].",
    ),
    row(&rows::hardswish::ROW, &[], UNARY, NN_),
    row(&rows::hardsigmoid::ROW, &[], UNARY, NN_),
    rows_by(
        "hardshrink",
        &[],
        &[input(), param("lambd", Kind::Number).or(Default::Float(0.5))],
        NN.and(Forms::BOTH).and(Forms::SAME_OUT),
        |args| {
            let lambd = Scalar::from(number_param(args, 1)).rounded(args.tensor(0).dtype());
            Ok(Resolved::with(&rows::hardshrink::ROW, &[lambd], &[args.arg(0)]))
        },
        rows::hardshrink::ROW.doc,
    ),
    rows_by(
        "softshrink",
        &[],
        &[input(), param("lambd", Kind::Number).or(Default::Float(0.5))],
        NN.and(Forms::SAME_OUT),
        |args| {
            let lambd = number_param(args, 1);
            if lambd < 0.0 {
                let reason = format!("lambda must be greater or equal to 0, but found to be {lambd}.");
                return Err(Error::runtime("softshrink", reason));
            }
            let lambd = Scalar::from(lambd).rounded(args.tensor(0).dtype());
            Ok(Resolved::with(&rows::softshrink::ROW, &[lambd], &[args.arg(0)]))
        },
        rows::softshrink::ROW.doc,
    ),
    activation(
        "threshold",
        &[input(), param("threshold", Kind::Number), param("value", Kind::Number)],
        NN_EVERYWHERE.and(Forms::OUT),
        [
            |args| resolve::threshold(&rows::threshold::ROW, args.arg(0), args.number(1), args.number(2)),
            |args| resolve::threshold(&overloads::THRESHOLD_IN_PLACE, args.arg(0), args.number(1), args.number(2)),
        ],
        rows::threshold::ROW.doc,
    ),
];
