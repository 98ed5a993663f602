//! Names and signatures of operations that make tensors.

use super::sizes;
use crate::dtype::DType;
use crate::error::Result;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, OpInfo, op};
use crate::ops::{batching, creation};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

const FUNCTION: Forms = Forms::FUNCTION;
const ORDERED: Forms = Forms::FUNCTION.and(Forms::ORDERED);
const OUT: Forms = Forms::FUNCTION.and(Forms::OUT);
const FILLED: Forms = Forms::FUNCTION.and(Forms::FILLED_OUT);
const METHOD: Forms = Forms::METHOD;

/// What a new tensor holds, by its dtype.
type Value = fn(DType) -> Scalar;
const ZERO: Value = |_| Scalar::Int(0);
const ONE: Value = |_| Scalar::Int(1);
const UNWRITTEN: Value = creation::unwritten;

fn full_like(op: &'static str, model: &Tensor, value: Scalar, dtype: DType) -> Result<Tensor> {
    batching::beside(model, |examples| match examples {
        [] => creation::full_like(op, model, value, Some(dtype)),
        _ => creation::full(op, &[examples, &model.shape()].concat(), value, Some(dtype)),
    })
}

fn new_full(op: &'static str, beside: &Tensor, size: &[i64], value: Scalar, dtype: DType) -> Result<Tensor> {
    let shape = sizes(op, size)?;
    let full = |examples: &[usize]| creation::full(op, &[examples, &shape].concat(), value, Some(dtype));
    batching::beside(beside, full)
}

/// What is made of a size alone, of one model, and beside a tensor of the same dtype.
macro_rules! sized {
    ($name:literal, $value:expr, $forms:expr, $doc:literal) => {
        op(
            $name,
            takes!((size: IntList, *, dtype: Option<DType> = None) {
                let dtype = dtype.unwrap_or_else(crate::default_dtype);
                Ok(creation::full($name, &sizes($name, size)?, $value(dtype), Some(dtype))?.into())
            }),
            $forms,
            $doc,
        )
    };
    (like $name:literal, $value:expr, $doc:literal) => {
        op(
            $name,
            takes!((input: Tensor, *, dtype: Option<DType> = None) {
                let dtype = dtype.unwrap_or_else(|| input.dtype());
                Ok(full_like($name, input, $value(dtype), dtype)?.into())
            }),
            ORDERED,
            $doc,
        )
    };
    (new $name:literal, $value:expr, $doc:literal) => {
        op(
            $name,
            takes!((input: Tensor, size: IntList, *, dtype: Option<DType> = None) {
                let dtype = dtype.unwrap_or_else(|| input.dtype());
                Ok(new_full($name, input, size, $value(dtype), dtype)?.into())
            }),
            METHOD,
            $doc,
        )
    };
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    sized!("zeros", ZERO, OUT, "Zeros."),
    sized!("ones", ONE, OUT, "Ones."),
    sized!("empty", UNWRITTEN, OUT.and(Forms::ROW_MAJOR), "A tensor to be filled; holds zeros."),
    op(
        "full",
        takes!((size: IntList, fill_value: Number, *, dtype: Option<DType> = None) {
            let shape = sizes("full", size)?;
            Ok(creation::full("full", &shape, fill_value, dtype)?.into())
        }),
        OUT,
        "One value everywhere.",
    ),
    sized!(like "zeros_like", ZERO, "Zeros in the shape of `input`."),
    sized!(like "ones_like", ONE, "Ones in the shape of `input`."),
    sized!(like "empty_like", UNWRITTEN, "A tensor to be filled, in the shape of `input`."),
    op(
        "full_like",
        takes!((input: Tensor, fill_value: Number, *, dtype: Option<DType> = None)
            => full_like("full_like", input, fill_value, dtype.unwrap_or_else(|| input.dtype()))),
        ORDERED,
        "One value everywhere, in the shape of `input`.",
    ),
    sized!(new "new_zeros", ZERO, "Zeros of the tensor's dtype."),
    sized!(new "new_ones", ONE, "Ones of the tensor's dtype."),
    sized!(new "new_empty", UNWRITTEN, "A tensor of the same dtype to be filled."),
    op(
        "new_full",
        takes!((input: Tensor, size: IntList, fill_value: Number, *, dtype: Option<DType> = None)
            => new_full("new_full", input, size, fill_value, dtype.unwrap_or_else(|| input.dtype()))),
        METHOD,
        "One value of the tensor's dtype everywhere.",
    ),
    op(
        "empty_strided",
        takes!((size: IntList, stride: IntList, *, dtype: Option<DType> = None)
            => creation::empty_strided(size, stride, dtype)),
        FUNCTION,
        "A tensor to be filled, in memory of the given strides.",
    ),
    op(
        "eye",
        takes!((n: Int, m: Option<Int> = None, *, dtype: Option<DType> = None) => creation::eye(n, m, dtype)),
        OUT,
        "A matrix with ones on the diagonal and zeros elsewhere.",
    ),
    op(
        "arange",
        takes!((end: Number, *, dtype: Option<DType> = None)
            => creation::arange(Scalar::Int(0), end, Scalar::Int(1), dtype)),
        FILLED,
        "Numbers from `start` up to but without `end`, in steps.",
    ),
    op(
        "arange",
        takes!((start: Number, end: Number, step: Number = 1, *, dtype: Option<DType> = None)
            => creation::arange(start, end, step, dtype)),
        FILLED,
        "",
    ),
    op(
        "linspace",
        takes!((start: Number, end: Number, steps: Int, *, dtype: Option<DType> = None)
            => creation::linspace(start, end, steps, dtype)),
        FILLED,
        "`steps` numbers from `start` to `end`, both included.",
    ),
    op(
        "logspace",
        takes!((start: Number, end: Number, steps: Int, base: Float = 10.0, *, dtype: Option<DType> = None)
            => creation::logspace(start, end, steps, base, dtype)),
        FILLED,
        "`base` to the powers of `linspace`.",
    ),
    op(
        "scalar_tensor",
        takes!((s: Number, *, dtype: Option<DType> = None) {
            let dtype: DType = dtype.unwrap_or_else(crate::default_dtype);
            Ok(creation::full("scalar_tensor", &[], s, Some(dtype))?.into())
        }),
        FUNCTION,
        "A tensor without axes.",
    ),
];
