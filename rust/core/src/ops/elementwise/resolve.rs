//! Which row a call of `add`, `div`, `pow`, … means: by the arguments' dtypes, `alpha`, `rounding_mode`.

use smallvec::SmallVec;

use super::apply;
use super::overloads::{self, overload};
use super::row::{Arg, Promotion, Resolved, Row};
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::ops::rows;
use crate::scalar::Scalar;
use crate::storage::Device;
use crate::tensor::Tensor;

/// The dtype arguments promote to: `result_type`.
pub fn promoted(args: &[Arg<'_>]) -> DType {
    let mut promotion = Promotion::default();
    for arg in args {
        match arg {
            Arg::Tensor(tensor) => {
                let array = tensor.array();
                promotion.tensor(array.dtype(), array.rank());
            }
            Arg::Scalar(scalar) => promotion.scalar(*scalar),
        }
    }
    promotion.result()
}

fn is_integral(args: &[Arg<'_>]) -> bool {
    promoted(args).category() < Category::Float
}

/// Whether any argument is a `bool` tensor or number and the others too.
fn is_bool(args: &[Arg<'_>]) -> bool {
    promoted(args) == DType::Bool
}

/// The factor of a result is a number of its kind: no fraction of integers, a truth value only of truth values.
pub(in crate::ops) fn check_factor(op: &'static str, name: &str, factor: Scalar, dtype: DType) -> Result<()> {
    match factor.category() {
        Category::Bool if dtype != DType::Bool => {
            Err(Error::runtime(op, format!("Boolean {name} only supported for Boolean results, got one of {dtype}.")))
        }
        Category::Float if dtype.category() < Category::Float => Err(Error::runtime(
            op,
            format!(
                "For integral input tensors, argument {name} must not be a floating point number, got {}.",
                factor.to_f64()
            ),
        )),
        Category::Complex if dtype.category() < Category::Complex => Err(Error::runtime(
            op,
            format!("For non-complex input tensors, argument {name} must not be a complex number."),
        )),
        _ => factor.storable(op, dtype).map(drop),
    }
}

/// `input + alpha·other` or `input − alpha·other`.
pub fn add_scaled<'a>(op: &'static str, input: Arg<'a>, other: Arg<'a>, alpha: Scalar) -> Result<Resolved<'a>> {
    let subtract = op == "sub";
    if subtract {
        refuse_bool(op, &[input, other])?;
    }
    if !alpha.is_one() || matches!(alpha, Scalar::Bool(_)) {
        check_factor(op, "alpha", alpha, promoted(&[input, other]))?;
    }
    let row = if subtract { &rows::sub::ROW } else { &rows::add::ROW };
    if alpha.is_one() {
        return Ok(Resolved::new(row, &[input, other]));
    }
    // Among truth values a factor is one as well.
    let alpha = if is_bool(&[input, other]) { Scalar::Int(alpha.to_bool().into()) } else { alpha };
    let row = if subtract { &rows::sub_scaled::ROW } else { &rows::add_scaled::ROW };
    Ok(Resolved::with(row, &[alpha], &[input, other]))
}

/// Subtraction of truth values is an error in PyTorch too.
fn refuse_bool(op: &'static str, args: &[Arg<'_>]) -> Result<()> {
    let bool_tensor = |arg: &Arg<'_>| matches!(arg, Arg::Tensor(tensor) if tensor.dtype() == DType::Bool);
    let bool_number = |arg: &Arg<'_>| matches!(arg, Arg::Scalar(Scalar::Bool(_)));
    if args.iter().all(|arg| bool_tensor(arg) || bool_number(arg)) {
        return Err(Error::dtype(
            op,
            DType::Bool,
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.",
        ));
    }
    if args.iter().any(|arg| bool_tensor(arg) || bool_number(arg)) {
        return Err(Error::dtype(
            op,
            DType::Bool,
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
        ));
    }
    Ok(())
}

/// `other − alpha·input`.
pub fn rsub<'a>(input: Arg<'a>, other: Arg<'a>, alpha: Scalar) -> Result<Resolved<'a>> {
    // A subtraction, which also the layout of the result is that of.
    let mut resolved = add_scaled("sub", other, input, alpha)?;
    if !is_integral(&[input, other]) {
        resolved.row = match (other, resolved.params.is_empty()) {
            (Arg::Scalar(_), true) => return Ok(Resolved::new(&rows::rsub::ROW, &[input, other])),
            (Arg::Tensor(_), true) => &overloads::RSUB_TENSOR,
            (_, false) => overload(other, &overloads::RSUB_SCALED_TENSOR, &overloads::RSUB_SCALED_NUMBER),
        };
    }
    Ok(resolved)
}

/// A divisor of integers must not be zero anywhere, if there is anything to divide.
fn check_divisor(op: &'static str, input: Arg<'_>, divisor: Arg<'_>) -> Result<()> {
    let zero = match divisor {
        Arg::Scalar(scalar) => scalar.to_i64() == 0 && !matches!(input, Arg::Tensor(tensor) if tensor.numel() == 0),
        Arg::Tensor(tensor) if tensor.device() == Device::Meta => false,
        Arg::Tensor(tensor) => tensor.numel() > 0 && !tensor.all()?.item()?.to_bool(),
    };
    if zero { Err(Error::runtime(op, "ZeroDivisionError")) } else { Ok(()) }
}

fn integral_division<'a>(
    op: &'static str,
    float: &'static Row,
    int: &'static Row,
    input: Arg<'a>,
    other: Arg<'a>,
) -> Result<Resolved<'a>> {
    if !is_integral(&[input, other]) {
        return Ok(Resolved::new(float, &[input, other]));
    }
    if is_bool(&[input, other]) {
        return Err(Error::not_for(op, DType::Bool));
    }
    check_divisor(op, input, other)?;
    Ok(Resolved::new(int, &[input, other]))
}

/// Quotient: true, rounded down or rounded towards zero.
pub fn div<'a>(input: Arg<'a>, other: Arg<'a>, rounding: Option<&str>) -> Result<Resolved<'a>> {
    match rounding {
        None => Ok(Resolved::new(&rows::div::ROW, &[input, other])),
        Some("floor") => {
            integral_division("div", &rows::floor_divide_flat::ROW, &rows::floor_divide_int::ROW, input, other)
        }
        Some("trunc") => integral_division("div", &rows::trunc_divide::ROW, &rows::trunc_divide_int::ROW, input, other),
        Some(mode) => Err(Error::runtime(
            "div",
            format!("div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'"),
        )),
    }
}

/// Quotient rounded down.
pub fn floor_divide<'a>(input: Arg<'a>, other: Arg<'a>) -> Result<Resolved<'a>> {
    integral_division("floor_divide", &rows::floor_divide::ROW, &rows::floor_divide_int::ROW, input, other)
}

/// Remainder with the sign of the divisor.
pub fn remainder<'a>(input: Arg<'a>, other: Arg<'a>) -> Result<Resolved<'a>> {
    let row = overload(other, &rows::remainder::ROW, &overloads::REMAINDER_NUMBER);
    integral_division("remainder", row, &rows::remainder_int::ROW, input, other)
}

/// Remainder with the sign of the dividend.
pub fn fmod<'a>(input: Arg<'a>, other: Arg<'a>) -> Result<Resolved<'a>> {
    let row = overload(other, &rows::fmod::ROW, &overloads::FMOD_NUMBER);
    integral_division("fmod", row, &rows::fmod_int::ROW, input, other)
}

/// The row of an exponent, which is no square or root, that takes a few products, each of which adds half an ulp: to at most
/// four, also in the gradient, whose exponent is less by one.
fn by_products(exponent: f64) -> Option<&'static Row> {
    const WHOLE: std::ops::RangeInclusive<f64> = -3.5..=6.5;
    let (within, size) = (WHOLE.contains(&exponent), exponent.abs());
    match (size.fract() == 0.5, exponent < 0.0) {
        _ if !within || size < 1.0 || exponent == 1.0 => None,
        (true, false) => Some(&rows::pow_rooted::ROW),
        (true, true) => Some(&rows::pow_rooted_inverse::ROW),
        _ if size.fract() != 0.0 => None,
        (false, false) => Some(&rows::pow_whole::ROW),
        (false, true) => Some(&rows::pow_inverse::ROW),
    }
}

/// Whether powers of numbers of this dtype with this exponent are of the same dtype.
fn has_power(dtype: DType, exponent: Scalar) -> bool {
    dtype.is_complex() || (dtype.is_float() && exponent.category() < Category::Complex)
}

/// Power: integers stay integers, a number as exponent has its own row.
pub fn resolve_pow<'a>(input: Arg<'a>, exponent: Arg<'a>) -> Result<Resolved<'a>> {
    if is_integral(&[input, exponent]) {
        if is_bool(&[input, exponent]) {
            // Of truth values PyTorch knows the two powers that it has not to compute.
            if let (Arg::Tensor(_), Arg::Scalar(Scalar::Bool(exponent))) = (input, exponent) {
                return Ok(if exponent {
                    Resolved::new(&rows::unchanged::ROW, &[input])
                } else {
                    Resolved::new(&rows::logical_or::ROW, &[input, Scalar::Bool(true).into()])
                });
            }
            return Err(Error::not_for("pow", DType::Bool));
        }
        if let Arg::Scalar(scalar) = exponent {
            if scalar.to_i64() < 0 {
                return Err(Error::runtime("pow", "Integers to negative integer powers are not allowed."));
            }
            scalar.storable("pow", promoted(&[input, exponent]))?;
        }
        return Ok(Resolved::new(&rows::pow_int::ROW, &[input, exponent]));
    }
    match exponent {
        Arg::Scalar(scalar) if matches!(input, Arg::Tensor(tensor) if has_power(tensor.dtype(), scalar)) => {
            let complex = matches!(input, Arg::Tensor(tensor) if tensor.dtype().is_complex());
            let scalar = scalar.rounded(promoted(&[input]));
            Ok(match scalar.to_complex() {
                [1.0, 0.0] => Resolved::with(&rows::pow_scalar::ROW, &[1.0.into()], &[input]),
                [2.0, 0.0] => Resolved::new(&rows::square::ROW, &[input]),
                [0.5, 0.0] => Resolved::new(&rows::pow_half::ROW, &[input]),
                [-0.5, 0.0] => Resolved::new(&rows::pow_minus_half::ROW, &[input]),
                [exponent, 0.0] => {
                    let products = if complex { None } else { by_products(exponent) };
                    Resolved::with(products.unwrap_or(&rows::pow_scalar::ROW), &[exponent.into()], &[input])
                }
                _ => Resolved::with(&rows::pow_scalar::ROW, &[scalar], &[input]),
            })
        }
        _ if matches!(input, Arg::Scalar(_)) => Ok(Resolved::new(&rows::rpow::ROW, &[exponent, input])),
        _ => Ok(Resolved::new(&rows::pow::ROW, &[input, exponent])),
    }
}

/// A row that has no meaning for truth values.
pub fn not_of_bool<'a>(row: &'static Row, input: Arg<'a>, reason: &'static str) -> Result<Resolved<'a>> {
    if is_bool(&[input]) {
        return Err(Error::dtype(row.name, DType::Bool, reason));
    }
    Ok(Resolved::new(row, &[input]))
}

/// `-input`.
pub fn neg(input: Arg<'_>) -> Result<Resolved<'_>> {
    not_of_bool(
        &rows::neg::ROW,
        input,
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
    )
}

/// `+input`: the tensor itself.
pub fn positive(input: &Tensor) -> Result<Tensor> {
    if input.dtype() == DType::Bool {
        return Err(Error::dtype("positive", DType::Bool, "The `+` operator, on a bool tensor is not supported."));
    }
    Ok(input.clone())
}

/// `input` limited to numbers; integers stay integers.
pub fn hardtanh<'a>(input: Arg<'a>, low: Scalar, high: Scalar) -> Result<Resolved<'a>> {
    const NAME: &str = "hardtanh";
    if low.to_f64() > high.to_f64() {
        let reason = format!("min_val cannot be greater than max_val, got {} and {}", low.to_f64(), high.to_f64());
        return Err(Error::value(NAME, reason));
    }
    if !is_integral(&[input]) {
        return Ok(Resolved::with(&rows::hardtanh::ROW, &[low, high], &[input]));
    }
    let dtype = promoted(&[input]);
    if dtype == DType::Bool {
        return Err(Error::dtype(NAME, dtype, "Bool inputs not supported for hardtanh"));
    }
    // Nothing unsigned is below a negative limit.
    let low = if dtype == DType::U8 && low.to_f64() < 0.0 { Scalar::Int(0) } else { low };
    clamp(input, Some(low.in_category(dtype).into()), Some(high.in_category(dtype).into()))
}

/// `input` where above `limit`, else `value`: with `row` for floats; integers stay integers.
pub fn threshold<'a>(row: &'static Row, input: Arg<'a>, limit: Scalar, value: Scalar) -> Result<Resolved<'a>> {
    if !is_integral(&[input]) {
        return Ok(Resolved::with(row, &[limit, value], &[input]));
    }
    let dtype = promoted(&[input]);
    let whole =
        |number: Scalar| -> Result<Arg<'a>> { Ok(number.storable("threshold", dtype)?.in_category(dtype).into()) };
    Ok(Resolved::new(&rows::threshold_int::ROW, &[input, whole(limit)?, whole(value)?]))
}

/// `input * input`; the square of truth values is a number.
pub fn square(input: Arg<'_>) -> Resolved<'_> {
    if is_bool(&[input]) {
        return Resolved::new(&rows::pow_int::ROW, &[input, Scalar::Int(2).into()]);
    }
    Resolved::new(&rows::square::ROW, &[input])
}

/// `input ** exponent`.
#[track_caller]
pub fn pow(input: Arg<'_>, exponent: Arg<'_>) -> Result<Tensor> {
    let resolved = resolve_pow(input, exponent)?;
    apply(resolved.row, &resolved.params, &resolved.args)
}

/// `input` limited to what is given of `[min, max]`.
///
/// Integer limits beyond an integer dtype exclude nothing, or are an error where they exclude everything.
pub fn clamp<'a>(input: Arg<'a>, min: Option<Arg<'a>>, max: Option<Arg<'a>>) -> Result<Resolved<'a>> {
    check_limits(input, min, max)?;
    match (min, max) {
        (Some(min), Some(max)) => {
            let row = overload(min, &overloads::CLAMP_TENSORS, &rows::clamp::ROW);
            Ok(Resolved::new(row, &[input, min, max]))
        }
        (Some(min), None) => {
            let row = overload(min, &overloads::CLAMP_FROM_TENSOR, &overloads::CLAMP_FROM_NUMBER);
            Ok(Resolved::new(row, &[input, min]))
        }
        (None, Some(max)) => {
            let row = overload(max, &overloads::CLAMP_TO_TENSOR, &overloads::CLAMP_TO_NUMBER);
            Ok(Resolved::new(row, &[input, max]))
        }
        (None, None) => Err(Error::runtime("clamp", "At least one of 'min' or 'max' must not be None")),
    }
}

/// Refuses a number as a limit that no integer of the result's dtype keeps.
fn check_limits(input: Arg<'_>, min: Option<Arg<'_>>, max: Option<Arg<'_>>) -> Result<()> {
    if matches!(input, Arg::Tensor(input) if input.dtype().is_float()) {
        return Ok(());
    }
    let given: SmallVec<[Arg<'_>; 3]> = [Some(input), min, max].into_iter().flatten().collect();
    let Some((low, high)) = promoted(&given).integer_range() else { return Ok(()) };
    for (name, limit) in [("min", min), ("max", max)] {
        if let Some(Arg::Scalar(Scalar::Int(value))) = limit
            && if name == "min" { value > high } else { value < low }
        {
            let reason = format!("Clamp {name} value {value} is outside the representable range [{low}, {high}]");
            return Err(Error::runtime("clamp", reason));
        }
    }
    Ok(())
}

/// [`clamp`] from below under the name that PyTorch's node has.
pub fn clamp_min<'a>(input: Arg<'a>, min: Arg<'a>) -> Result<Resolved<'a>> {
    check_limits(input, Some(min), None)?;
    Ok(Resolved::new(overload(min, &overloads::CLAMP_MIN_TENSOR, &rows::clamp_min::ROW), &[input, min]))
}

/// [`clamp`] from above, likewise.
pub fn clamp_max<'a>(input: Arg<'a>, max: Arg<'a>) -> Result<Resolved<'a>> {
    check_limits(input, None, Some(max))?;
    Ok(Resolved::new(overload(max, &overloads::CLAMP_MAX_TENSOR, &rows::clamp_max::ROW), &[input, max]))
}

/// Rounding leaves integers as they are.
pub fn rounding<'a>(row: &'static Row, input: Arg<'a>) -> Result<Resolved<'a>> {
    if is_integral(&[input]) {
        if is_bool(&[input]) {
            return Err(Error::not_for(row.name, DType::Bool));
        }
        return Ok(Resolved::new(&rows::unchanged::ROW, &[input]));
    }
    Ok(Resolved::new(row, &[input]))
}

/// Bitwise operations on `bool` are the logical ones.
pub fn bitwise<'a>(int: &'static Row, logical: &'static Row, args: &[Arg<'a>]) -> Result<Resolved<'a>> {
    let row = if is_bool(args) { logical } else { int };
    Ok(Resolved::new(row, args))
}
