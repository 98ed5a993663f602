//! Names and signatures of operations that make tensors.

use super::sizes;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::elementwise::Arg;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
use crate::ops::{batching, creation};
use crate::scalar::Scalar;

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

const FUNCTION: Forms = Forms::FUNCTION;
const ORDERED: Forms = Forms::FUNCTION.and(Forms::ORDERED);
const OUT: Forms = Forms::FUNCTION.and(Forms::OUT);
const FILLED: Forms = Forms::FUNCTION.and(Forms::FILLED_OUT);
const METHOD: Forms = Forms::METHOD;
const DTYPE: Param = param("dtype", Kind::DType).optional().keyword();
const SIZE: Param = param("size", Kind::IntList);
const FILL: Param = param("fill_value", Kind::Number);
const SIZED: &[Param] = &[SIZE, DTYPE];
const LIKE: &[Param] = &[input(), DTYPE];
const NEW: &[Param] = &[input(), SIZE, DTYPE];
const START: Param = param("start", Kind::Number);
const END: Param = param("end", Kind::Number);
const STEPS: Param = param("steps", Kind::Int);
/// The ends of a row of numbers may be tensors without axes, from which no gradient flows, as in PyTorch.
const ENDS: [Param; 2] = [param("start", Kind::TensorOrNumber), param("end", Kind::TensorOrNumber)];

fn ends(args: &Args<'_>) -> Result<[Scalar; 2]> {
    let end = |at| match args.arg(at) {
        Arg::Scalar(number) => Ok(number),
        Arg::Tensor(tensor) if tensor.rank() == 0 => tensor.item(),
        Arg::Tensor(_) => {
            Err(Error::runtime(args.op, format!("{} only supports 0-dimensional start and end tensors", args.op)))
        }
    };
    Ok([end(0)?, end(1)?])
}

/// What a new tensor holds, by its dtype.
type Value = fn(DType) -> Scalar;
const ZERO: Value = |_| Scalar::Int(0);
const ONE: Value = |_| Scalar::Int(1);
const UNWRITTEN: Value = creation::unwritten;

fn sized(args: &Args<'_>, value: Value) -> Result<Output> {
    let dtype = args.dtype_opt(1).unwrap_or_else(crate::default_dtype);
    Ok(creation::full(args.op, &sizes(args.op, args.ints(0))?, value(dtype), Some(dtype))?.into())
}

fn like(args: &Args<'_>, value: Value) -> Result<Output> {
    let dtype = args.dtype_opt(1).unwrap_or_else(|| args.tensor(0).dtype());
    full_like(args, value(dtype), dtype)
}

fn full_like(args: &Args<'_>, value: Scalar, dtype: DType) -> Result<Output> {
    let model = args.tensor(0);
    let made = batching::beside(model, |examples| match examples {
        [] => creation::full_like(args.op, model, value, Some(dtype)),
        _ => creation::full(args.op, &[examples, &model.shape()].concat(), value, Some(dtype)),
    });
    Ok(made?.into())
}

fn new(args: &Args<'_>, value: Value) -> Result<Output> {
    let dtype = args.dtype_opt(2).unwrap_or_else(|| args.tensor(0).dtype());
    new_full(args, value(dtype), dtype)
}

fn new_full(args: &Args<'_>, value: Scalar, dtype: DType) -> Result<Output> {
    let shape = sizes(args.op, args.ints(1))?;
    let full = |examples: &[usize]| creation::full(args.op, &[examples, &shape].concat(), value, Some(dtype));
    Ok(batching::beside(args.tensor(0), full)?.into())
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op("zeros", SIZED, OUT, |args| sized(args, ZERO), "Zeros."),
    op("ones", SIZED, OUT, |args| sized(args, ONE), "Ones."),
    op("empty", SIZED, OUT.and(Forms::ROW_MAJOR), |args| sized(args, UNWRITTEN), "A tensor to be filled; holds zeros."),
    op(
        "full",
        &[SIZE, FILL, DTYPE],
        OUT,
        |args| {
            let shape = sizes(args.op, args.ints(0))?;
            Ok(creation::full(args.op, &shape, args.number(1), args.dtype_opt(2))?.into())
        },
        "One value everywhere.",
    ),
    op("zeros_like", LIKE, ORDERED, |args| like(args, ZERO), "Zeros in the shape of `input`."),
    op("ones_like", LIKE, ORDERED, |args| like(args, ONE), "Ones in the shape of `input`."),
    op("empty_like", LIKE, ORDERED, |args| like(args, UNWRITTEN), "A tensor to be filled, in the shape of `input`."),
    op(
        "full_like",
        &[input(), FILL, DTYPE],
        ORDERED,
        |args| full_like(args, args.number(1), args.dtype_opt(2).unwrap_or_else(|| args.tensor(0).dtype())),
        "One value everywhere, in the shape of `input`.",
    ),
    op("new_zeros", NEW, METHOD, |args| new(args, ZERO), "Zeros of the tensor's dtype."),
    op("new_ones", NEW, METHOD, |args| new(args, ONE), "Ones of the tensor's dtype."),
    op("new_empty", NEW, METHOD, |args| new(args, UNWRITTEN), "A tensor of the same dtype to be filled."),
    op(
        "new_full",
        &[input(), SIZE, FILL, DTYPE],
        METHOD,
        |args| new_full(args, args.number(2), args.dtype_opt(3).unwrap_or_else(|| args.tensor(0).dtype())),
        "One value of the tensor's dtype everywhere.",
    ),
    op(
        "empty_strided",
        &[SIZE, param("stride", Kind::IntList), DTYPE],
        FUNCTION,
        |args| Ok(creation::empty_strided(args.ints(0), args.ints(1), args.dtype_opt(2))?.into()),
        "A tensor to be filled, in memory of the given strides.",
    ),
    op(
        "eye",
        &[param("n", Kind::Int), param("m", Kind::Int).optional(), DTYPE],
        OUT,
        |args| Ok(creation::eye(args.int(0), args.int_opt(1), args.dtype_opt(2))?.into()),
        "A matrix with ones on the diagonal and zeros elsewhere.",
    ),
    op(
        "arange",
        &[END, DTYPE],
        FILLED,
        |args| Ok(creation::arange(Scalar::Int(0), args.number(0), Scalar::Int(1), args.dtype_opt(1))?.into()),
        "Numbers from `start` up to but without `end`, in steps.",
    ),
    op(
        "arange",
        &[START, END, param("step", Kind::Number).or(Default::Int(1)), DTYPE],
        FILLED,
        |args| Ok(creation::arange(args.number(0), args.number(1), args.number(2), args.dtype_opt(3))?.into()),
        "",
    ),
    op(
        "linspace",
        &[ENDS[0], ENDS[1], STEPS, DTYPE],
        FILLED,
        |args| {
            let [start, end] = ends(args)?;
            Ok(creation::linspace(start, end, args.int(2), args.dtype_opt(3))?.into())
        },
        "`steps` numbers from `start` to `end`, both included.",
    ),
    op(
        "logspace",
        &[ENDS[0], ENDS[1], STEPS, param("base", Kind::Float).or(Default::Float(10.0)), DTYPE],
        FILLED,
        |args| {
            let [start, end] = ends(args)?;
            Ok(creation::logspace(start, end, args.int(2), args.float(3), args.dtype_opt(4))?.into())
        },
        "`base` to the powers of `linspace`.",
    ),
    op(
        "scalar_tensor",
        &[param("s", Kind::Number), DTYPE],
        FUNCTION,
        |args| {
            let dtype: DType = args.dtype_opt(1).unwrap_or_else(crate::default_dtype);
            Ok(creation::full(args.op, &[], args.number(0), Some(dtype))?.into())
        },
        "A tensor without axes.",
    ),
];
