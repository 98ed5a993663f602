//! Names and signatures of the elementwise operations.

use super::overloads::{self, overload};
use super::{Arg, Row, resolve};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::ops::registry::signature::{params, takes};
use crate::ops::registry::{
    Call, Declared, Forms, Gives, OpInfo, Output, Param, Resolve, Resolved, of_reals, op, rows_by,
};
use crate::ops::{complex, rows, views};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

const UNARY: &[Param] = params!((input: Tensor));
const BINARY: &[Param] = params!((input: TensorOrNumber, other: TensorOrNumber));
/// Numbers stand on the right only.
const TENSOR_FIRST: &[Param] = params!((input: Tensor, other: TensorOrNumber));
const TENSORS: &[Param] = params!((input: Tensor, other: Tensor));
/// In-place functions exist for a few names (`arcgrad.relu_`).
const WITH_FUNCTION_: Forms = Forms::ALL.and(Forms::IN_PLACE_FUNCTION);
/// Arithmetic that two numbers can be given to, as in PyTorch.
const OF_NUMBERS: Forms = Forms::ALL.and(Forms::NUMBERS);
/// What promotes nothing: the result has the dtype of the input, and so has `out=`.
const UNPROMOTED: Forms = WITH_FUNCTION_.and(Forms::SAME_OUT);

const fn row(row: &'static Row, aliases: &'static [&'static str], params: &'static [Param], forms: Forms) -> OpInfo {
    OpInfo { name: row.name, aliases, params, forms, call: Call::Row(row), gives: Gives::Tensor, doc: row.doc }
}

/// An activation with a row of its own in place: the first row is the function's, the second the in-place form's.
const fn activation(
    name: &'static str,
    (params, value, in_place): (&'static [Param], Resolve, Resolve),
    forms: Forms,
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

/// Comparisons take numbers on either side; `bool` tensors compare with numbers as numbers.
macro_rules! comparison {
    ($name:ident, $aliases:expr) => {
        row(&rows::$name::ROW, $aliases, TENSOR_FIRST, Forms::ALL)
    };
}

/// The greater or smaller of two: complex numbers have no order.
macro_rules! greater {
    ($name:ident) => {
        row(&rows::$name::ROW, &[], TENSORS, Forms::BOTH.and(Forms::OUT)).of_complex(|_| {
            const NAME: &str = stringify!($name);
            Err(Error::type_(NAME, concat!(stringify!($name), " not implemented for complex tensors.")))
        })
    };
}

/// Complex numbers have one infinity, which is neither.
macro_rules! one_infinity {
    ($name:ident) => {
        row(&rows::$name::ROW, &[], UNARY, Forms::BOTH.and(Forms::SAME_OUT)).of_complex(|_| {
            const NAME: &str = stringify!($name);
            Err(Error::type_(NAME, concat!(stringify!($name), " does not support complex inputs.")))
        })
    };
}

/// Its parameters are written once for real and for complex numbers.
macro_rules! nan_to_num {
    ($($name:ident: $type:ty $(= $default:expr)?),*) => {
        rows_by(
            "nan_to_num",
            takes!(($($name: $type $(= $default)?),*) { nan_to_num($($name),*) }),
            UNPROMOTED,
            rows::nan_to_num::ROW.doc,
        )
        .of_complex({
            let complex: Declared = takes!(($($name: $type $(= $default)?),*) { nan_to_num_of_complex($($name),*) });
            complex.1
        })
    };
}

macro_rules! rounding {
    ($name:ident, $aliases:expr, $forms:expr) => {
        rows_by(
            stringify!($name),
            takes!((input: Tensor) { resolve::rounding(&rows::$name::ROW, input.into()) }),
            $forms,
            rows::$name::ROW.doc,
        )
        .also($aliases)
    };
}

/// Tests for special values: integers have none, so the answer is known.
macro_rules! special_test {
    ($name:ident) => {
        row(&rows::$name::ROW, &[], UNARY, Forms::BOTH)
    };
}

macro_rules! bitwise {
    ($name:literal, $int:ident, $logical:ident, ($($input:ident: $type:ty),*), $forms:expr) => {
        rows_by(
            $name,
            takes!(($($input: $type),*) {
                resolve::bitwise(&rows::$int::ROW, &rows::$logical::ROW, &[$($input.into()),*])
            }),
            $forms,
            rows::$int::ROW.doc,
        )
    };
}

fn leaky_relu<'a>(row: &'static Row, input: &'a Tensor, slope: Scalar) -> Resolved<'a> {
    Resolved::with(row, &[slope.to_f64().into()], &[input.into()])
}

/// `scale · (x where positive, else alpha · (e^(rate · x) − 1))`.
fn elu<'a>(row: &'static Row, input: &'a Tensor, [alpha, scale, rate]: [f64; 3]) -> Resolved<'a> {
    Resolved::with(row, &[alpha.into(), scale.into(), rate.into()], &[input.into()])
}

/// Alpha and scale of `selu` (Klambauer et al. 2017): the fixed point with mean 0 and variance 1.
const SELU: [f64; 3] = [1.673_263_242_354_377_2, 1.050_700_987_355_480_5, 1.0];

/// The numbers of `elu` that make a `celu`.
fn celu(alpha: Scalar) -> Result<[f64; 3]> {
    let alpha = alpha.to_f64();
    if alpha == 0.0 {
        return Err(Error::runtime("celu", "ZeroDivisionError: alpha cannot be 0 for CELU"));
    }
    Ok([alpha, 1.0, 1.0 / alpha])
}

/// Of integer tensors the number becomes an integer, too.
fn product_rows<'a>(
    name: &'static str,
    row: &'static Row,
    inputs: [&'a Tensor; 3],
    value: Scalar,
) -> Result<Resolved<'a>> {
    let inputs = inputs.map(Arg::Tensor);
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
    if dtype == DType::Bool {
        return Err(Error::not_for(name, dtype));
    }
    Ok(Resolved::with(row, &[value.storable(name, dtype)?.in_category(dtype)], &inputs))
}

fn nan_to_num<'a>(
    input: &'a Tensor,
    nan: Option<f64>,
    posinf: Option<f64>,
    neginf: Option<f64>,
) -> Result<Resolved<'a>> {
    let dtype = input.dtype();
    if !dtype.is_float() {
        return Ok(Resolved::new(&rows::unchanged::ROW, &[input.into()]));
    }
    let greatest = match dtype {
        DType::F16 => 65504.0,
        // The upper half of the bits of the greatest f32.
        DType::BF16 => f64::from(f32::from_bits(0x7f7f_0000)),
        DType::F32 => f64::from(f32::MAX),
        _ => f64::MAX,
    };
    let numbers = replacements(nan, posinf, neginf, greatest);
    Ok(Resolved::with(&rows::nan_to_num::ROW, &numbers, &[input.into()]))
}

/// What stands for NaN and the infinities.
fn replacements(nan: Option<f64>, posinf: Option<f64>, neginf: Option<f64>, greatest: f64) -> [Scalar; 3] {
    [nan.unwrap_or(0.0).into(), posinf.unwrap_or(greatest).into(), neginf.unwrap_or(-greatest).into()]
}

/// Of real and imaginary part each by itself.
fn nan_to_num_of_complex(input: &Tensor, nan: Option<f64>, posinf: Option<f64>, neginf: Option<f64>) -> Result<Output> {
    let greatest = if input.dtype() == DType::C64 { f64::from(f32::MAX) } else { f64::MAX };
    let parts = views::view_as_real(input)?;
    let numbers = replacements(nan, posinf, neginf, greatest);
    let finite = super::apply(&rows::nan_to_num::ROW, &numbers, &[(&parts).into()])?;
    Ok(views::view_as_complex(&finite)?.into())
}

fn masked_fill<'a>(input: &'a Tensor, mask: &'a Tensor, value: Arg<'a>) -> Result<Resolved<'a>> {
    if mask.dtype() != DType::Bool {
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
            let dtype = input.dtype();
            if dtype.is_integer() && tensor.dtype() != dtype {
                tensor.item()?.storable("masked_fill", dtype)?;
            }
            value
        }
        // As `fill_` does: truncated rather than promoted.
        Arg::Scalar(scalar) => {
            let dtype = input.dtype();
            Arg::Scalar(scalar.storable("masked_fill", dtype)?.in_category(dtype))
        }
    };
    let row = overload(value, &overloads::MASKED_FILL_TENSOR, &rows::masked_fill::ROW);
    Ok(Resolved::new(row, &[input.into(), mask.into(), value]))
}

/// All tensors of a lerp have one dtype, but a weight without axes, which counts as a number.
fn lerp<'a>(input: &'a Tensor, end: &'a Tensor, weight: Arg<'a>) -> Result<Resolved<'a>> {
    let own = input.dtype();
    let check = |name: &str, given: DType| {
        if given == own {
            return Ok(());
        }
        Err(Error::runtime("lerp", format!("expected dtype {own} for `{name}` but got dtype {given}")))
    };
    check("end", end.dtype())?;
    match weight {
        Arg::Scalar(weight) => Ok(Resolved::with(&rows::lerp_scalar::ROW, &[weight], &[input.into(), end.into()])),
        Arg::Tensor(tensor) => {
            if tensor.rank() > 0 {
                check("weight", tensor.dtype())?;
            }
            Ok(Resolved::new(&rows::lerp::ROW, &[input.into(), end.into(), weight]))
        }
    }
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    rows_by(
        "add",
        takes!((input: TensorOrNumber, other: TensorOrNumber, *, alpha: Number = 1) {
            resolve::add_scaled("add", input, other, alpha)
        }),
        OF_NUMBERS,
        "Sum `input + alpha * other`, broadcast and promoted.",
    ),
    rows_by(
        "sub",
        takes!((input: TensorOrNumber, other: TensorOrNumber, *, alpha: Number = 1) {
            resolve::add_scaled("sub", input, other, alpha)
        }),
        OF_NUMBERS,
        "Difference `input - alpha * other`, broadcast and promoted.",
    )
    .also(&["subtract"]),
    rows_by(
        "rsub",
        takes!((input: Tensor, other: TensorOrNumber, *, alpha: Number = 1) {
            resolve::rsub(input.into(), other, alpha)
        }),
        Forms::FUNCTION,
        "Difference `other - alpha * input`.",
    ),
    row(&rows::mul::ROW, &["multiply"], BINARY, OF_NUMBERS),
    rows_by(
        "div",
        takes!((input: TensorOrNumber, other: TensorOrNumber, *, rounding_mode: Option<Text> = None) {
            resolve::div(input, other, rounding_mode)
        }),
        OF_NUMBERS,
        "Quotient `input / other`; integers give floats. `rounding_mode` may be `'floor'` or `'trunc'`.",
    )
    .also(&["divide"]),
    rows_by(
        "true_divide",
        takes!((input: TensorOrNumber, other: TensorOrNumber) { resolve::div(input, other, None) }),
        OF_NUMBERS,
        "Quotient `input / other`; integers give floats.",
    ),
    rows_by(
        "floor_divide",
        takes!((input: TensorOrNumber, other: TensorOrNumber) { resolve::floor_divide(input, other) }),
        OF_NUMBERS,
        "Quotient rounded towards minus infinity.",
    ),
    rows_by(
        "remainder",
        takes!((input: TensorOrNumber, other: TensorOrNumber) { resolve::remainder(input, other) }),
        Forms::ALL,
        "Remainder with the sign of the divisor, as Python's `%`.",
    ),
    rows_by(
        "fmod",
        takes!((input: Tensor, other: TensorOrNumber) { resolve::fmod(input.into(), other) }),
        Forms::ALL,
        "Remainder with the sign of the dividend, as C's `fmod`.",
    ),
    rows_by(
        "pow",
        takes!((input: TensorOrNumber, exponent: TensorOrNumber) { resolve::resolve_pow(input, exponent) }),
        Forms::ALL,
        "Power `input ** exponent`.",
    ),
    rows_by(
        "neg",
        takes!((input: Tensor) { resolve::neg(input.into()) }),
        UNPROMOTED,
        rows::neg::ROW.doc,
    )
    .also(&["negative"]),
    op("positive", takes!((input: Tensor) => resolve::positive(input)), Forms::BOTH, "The tensor itself."),
    of_reals(&rows::abs::ROW, takes!((input: Tensor) => complex::abs(input)), UNPROMOTED).also(&["absolute"]),
    of_reals(
        &rows::sign::ROW,
        takes!((input: Tensor) {
            let reason =
                "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.";
            Err(Error::dtype("sign", input.dtype(), reason))
        }),
        Forms::ALL.and(Forms::SAME_OUT),
    ),
    of_reals(&overloads::SGN, takes!((input: Tensor) => complex::sgn(input)), Forms::ALL.and(Forms::SAME_OUT)),
    of_reals(&rows::angle::ROW, takes!((input: Tensor) => complex::angle(input)), Forms::BOTH.and(Forms::OUT)),
    rows_by(
        "square",
        takes!((input: Tensor) { Ok(resolve::square(input.into())) }),
        WITH_FUNCTION_,
        rows::square::ROW.doc,
    ),
    row(&rows::reciprocal::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::sqrt::ROW, &[], UNARY, WITH_FUNCTION_),
    row(&rows::rsqrt::ROW, &[], UNARY, WITH_FUNCTION_),
    rounding!(floor, &[], UNPROMOTED),
    rounding!(ceil, &[], UNPROMOTED),
    rounding!(round, &[], UNPROMOTED.and(Forms::SPECIAL)),
    rows_by(
        "round",
        takes!((input: Tensor, *, decimals: Int) {
            Ok(Resolved::with(&rows::round_decimals::ROW, &[10f64.powi(decimals as i32).into()], &[input.into()]))
        }),
        UNPROMOTED.and(Forms::SPECIAL),
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
        takes!((input: Tensor, other: TensorOrNumber) {
            let row = overload(other, &rows::copysign::ROW, &overloads::COPYSIGN_NUMBER);
            Ok(Resolved::new(row, &[input.into(), other]))
        }),
        Forms::ALL,
        rows::copysign::ROW.doc,
    ),
    rows_by(
        "clamp",
        takes!((input: Tensor, min: Option<Tensor> = None, max: Option<Tensor> = None) {
            resolve::clamp(input.into(), min.map(Arg::Tensor), max.map(Arg::Tensor))
        }),
        WITH_FUNCTION_,
        "`input` limited to `[min, max]`, both tensors or numbers; either may be left out. The gradient passes at the ends.",
    )
    .also(&["clip"]),
    rows_by(
        "clamp",
        takes!((input: Tensor, min: Option<Number> = None, max: Option<Number> = None) {
            resolve::clamp(input.into(), min.map(Arg::Scalar), max.map(Arg::Scalar))
        }),
        UNPROMOTED,
        "",
    )
    .also(&["clip"]),
    rows_by(
        "clamp_min",
        takes!((input: Tensor, min: TensorOrNumber) { resolve::clamp_min(input.into(), min) }),
        Forms::ALL,
        rows::clamp_min::ROW.doc,
    ),
    rows_by(
        "clamp_max",
        takes!((input: Tensor, max: TensorOrNumber) { resolve::clamp_max(input.into(), max) }),
        Forms::ALL,
        rows::clamp_max::ROW.doc,
    ),
    rows_by(
        "lerp",
        takes!((input: Tensor, end: Tensor, weight: TensorOrNumber) { lerp(input, end, weight) }),
        Forms::ALL,
        rows::lerp::ROW.doc,
    ),
    rows_by(
        "addcmul",
        takes!((input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) {
            product_rows("addcmul", &rows::addcmul::ROW, [input, tensor1, tensor2], value)
        }),
        Forms::ALL,
        "`input + value * tensor1 * tensor2`.",
    ),
    rows_by(
        "addcdiv",
        takes!((input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) {
            product_rows("addcdiv", &rows::addcdiv::ROW, [input, tensor1, tensor2], value)
        }),
        Forms::ALL,
        "`input + value * tensor1 / tensor2`.",
    ),
    nan_to_num!(input: Tensor, nan: Option<Float> = 0.0, posinf: Option<Float> = None, neginf: Option<Float> = None),
    rows_by(
        "masked_fill",
        takes!((input: Tensor, mask: Tensor, value: TensorOrNumber) { masked_fill(input, mask, value) }),
        Forms::BOTH.and(Forms::IN_PLACE),
        "`value` where `mask` is true, `input` elsewhere.",
    ),
    rows_by(
        "where",
        takes!((condition: Tensor, input: TensorOrNumber, other: TensorOrNumber) {
            super::select::check_choice(condition, &[input, other])?;
            Ok(Resolved::new(&rows::where_::ROW, &[condition.into(), input, other]))
        }),
        Forms::FUNCTION.and(Forms::SAME_OUT),
        "`input` where `condition` is true, `other` elsewhere.",
    ),
    rows_by(
        "where",
        takes!((input: Tensor, condition: Tensor, other: TensorOrNumber) {
            super::select::check_condition(condition)?;
            Ok(Resolved::new(&rows::where_::ROW, &[condition.into(), input.into(), other]))
        }),
        Forms::METHOD,
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
    bitwise!("bitwise_and", bitwise_and_int, logical_and, (input: TensorOrNumber, other: TensorOrNumber), Forms::ALL),
    bitwise!("bitwise_or", bitwise_or_int, logical_or, (input: TensorOrNumber, other: TensorOrNumber), Forms::ALL),
    bitwise!("bitwise_xor", bitwise_xor_int, logical_xor, (input: TensorOrNumber, other: TensorOrNumber), Forms::ALL),
    bitwise!("bitwise_not", bitwise_not_int, logical_not, (input: Tensor), Forms::ALL.and(Forms::SAME_OUT)),
    row(&rows::bitwise_left_shift::ROW, &[], BINARY, Forms::ALL),
    row(&rows::bitwise_right_shift::ROW, &[], BINARY, Forms::ALL),
    rows_by(
        "relu",
        takes!((input: Tensor) {
            resolve::not_of_bool(&rows::relu::ROW, input.into(), "Boolean inputs not supported for relu")
        }),
        Forms::BOTH.and(Forms::IN_PLACE).and(Forms::IN_PLACE_FUNCTION).and(NN_),
        rows::relu::ROW.doc,
    ),
    activation(
        "leaky_relu",
        takes!((input: Tensor, negative_slope: Number = 0.01) {
            Ok(leaky_relu(&rows::leaky_relu::ROW, input, negative_slope))
        } in place {
            Ok(leaky_relu(&overloads::LEAKY_RELU_IN_PLACE, input, negative_slope))
        }),
        NN_,
        rows::leaky_relu::ROW.doc,
    ),
    activation(
        "elu",
        takes!((input: Tensor, alpha: Number = 1.0) {
            Ok(elu(&rows::elu::ROW, input, [alpha.to_f64(), 1.0, 1.0]))
        } in place {
            Ok(elu(&overloads::ELU_IN_PLACE, input, [alpha.to_f64(), 1.0, 1.0]))
        }),
        NN_,
        "x where positive, else `alpha · (eˣ − 1)`.",
    ),
    activation(
        "selu",
        takes!((input: Tensor) {
            Ok(elu(&rows::elu::ROW, input, SELU))
        } in place {
            Ok(elu(&overloads::ELU_IN_PLACE, input, SELU))
        }),
        NN_EVERYWHERE,
        "Scaled exponential linear unit (Klambauer et al. 2017).",
    ),
    activation(
        "celu",
        takes!((input: Tensor, alpha: Number = 1.0) {
            Ok(elu(&overloads::CELU, input, celu(alpha)?))
        } in place {
            Ok(elu(&overloads::CELU_IN_PLACE, input, celu(alpha)?))
        }),
        NN_EVERYWHERE,
        "x where positive, else `alpha · (e^(x/alpha) − 1)`.",
    ),
    rows_by(
        "gelu",
        takes!((input: Tensor, *, approximate: Text = "none") {
            match approximate {
                "none" => Ok(Resolved::new(&rows::gelu::ROW, &[input.into()])),
                "tanh" => Ok(Resolved::new(&rows::gelu_tanh::ROW, &[input.into()])),
                other => {
                    let reason = format!("approximate argument must be either none or tanh, got '{other}'");
                    Err(Error::runtime("gelu", reason))
                }
            }
        }),
        NN.and(Forms::SAME_OUT),
        rows::gelu::ROW.doc,
    ),
    of_reals(&rows::silu::ROW, takes!((input: Tensor) => complex::silu(input)), NN_),
    row(&rows::mish::ROW, &[], UNARY, NN_),
    of_reals(&rows::softsign::ROW, takes!((input: Tensor) => complex::softsign(input)), NN),
    rows_by(
        "softplus",
        takes!((input: Tensor, beta: Number = 1.0, threshold: Number = 20.0) {
            Ok(Resolved::with(
                &rows::softplus::ROW,
                &[beta.to_f64().into(), threshold.to_f64().into()],
                &[input.into()],
            ))
        }),
        NN.and(Forms::SAME_OUT),
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
        takes!((input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0) {
            resolve::hardtanh(input.into(), min_val, max_val)
        }),
        NN_,
        rows::hardtanh::ROW.doc,
    ),
    rows_by(
        "relu6",
        takes!((input: Tensor) { resolve::hardtanh(input.into(), 0i64.into(), 6i64.into()) }),
        NN_,
        "x clamped to [0, 6].",
    ),
    row(&rows::hardswish::ROW, &[], UNARY, NN_),
    row(&rows::hardsigmoid::ROW, &[], UNARY, NN_),
    rows_by(
        "hardshrink",
        takes!((input: Tensor, lambd: Number = 0.5) {
            let lambd = Scalar::from(lambd.to_f64()).rounded(input.dtype());
            Ok(Resolved::with(&rows::hardshrink::ROW, &[lambd], &[input.into()]))
        }),
        NN.and(Forms::BOTH).and(Forms::SAME_OUT),
        rows::hardshrink::ROW.doc,
    ),
    rows_by(
        "softshrink",
        takes!((input: Tensor, lambd: Number = 0.5) {
            let lambd = lambd.to_f64();
            if lambd < 0.0 {
                let reason = format!("lambda must be greater or equal to 0, but found to be {lambd}.");
                return Err(Error::runtime("softshrink", reason));
            }
            let lambd = Scalar::from(lambd).rounded(input.dtype());
            Ok(Resolved::with(&rows::softshrink::ROW, &[lambd], &[input.into()]))
        }),
        NN.and(Forms::SAME_OUT),
        rows::softshrink::ROW.doc,
    ),
    activation(
        "threshold",
        takes!((input: Tensor, threshold: Number, value: Number) {
            resolve::threshold(&rows::threshold::ROW, input.into(), threshold, value)
        } in place {
            resolve::threshold(&overloads::THRESHOLD_IN_PLACE, input.into(), threshold, value)
        }),
        NN_EVERYWHERE.and(Forms::OUT),
        rows::threshold::ROW.doc,
    ),
];
