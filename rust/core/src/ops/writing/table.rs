//! Names and signatures of copies.

use super::copy;
use crate::dtype::{Category, DType};
use crate::ops::elementwise::Arg;
use crate::ops::registry::{Call, Default, Forms, Gives, Kind, OpInfo, input, param};
use crate::tensor::Tensor;

/// The table.
pub static TABLE: &[OpInfo] = &[
    OpInfo {
        name: "clone",
        aliases: &[],
        params: &[input()],
        forms: Forms::BOTH.and(Forms::ORDERED),
        call: Call::Structured(|args| Ok(copy::clone(args.tensor(0))?.into())),
        gives: Gives::Tensor,
        doc: "A copy; the gradient passes.",
    },
    OpInfo {
        name: "contiguous",
        aliases: &[],
        params: &[input()],
        forms: Forms::METHOD.and(Forms::ROW_MAJOR),
        call: Call::Structured(|args| Ok(copy::contiguous(args.tensor(0))?.into())),
        gives: Gives::Tensor,
        doc: "The tensor itself if it is row-major, else a row-major copy.",
    },
    OpInfo {
        name: "copy_",
        aliases: &[],
        params: &[
            input(),
            param("other", Kind::TensorOrNumber),
            param("non_blocking", Kind::Bool).or(Default::Bool(false)),
        ],
        forms: Forms::METHOD,
        call: Call::OnlyInPlace(|args| match args.arg(1) {
            Arg::Tensor(source) => copy::copy_(args.tensor(0), source),
            Arg::Scalar(number) => {
                // Every digit counts until it is stored.
                let dtype = match number.category() {
                    Category::Float => DType::F64,
                    Category::Complex => DType::C128,
                    _ => number.dtype(),
                };
                copy::copy_(args.tensor(0), &Tensor::scalar(number, dtype)?)
            }
        }),
        gives: Gives::Tensor,
        doc: "Copies a tensor, broadcast and cast, or a number into the tensor.",
    },
    OpInfo {
        name: "fill_",
        aliases: &[],
        params: &[input(), param("value", Kind::TensorOrNumber)],
        forms: Forms::METHOD.and(Forms::FUNCTION),
        call: Call::OnlyInPlace(|args| copy::fill_with(args.tensor(0), args.arg(1))),
        gives: Gives::Tensor,
        doc: "Fills the tensor with one value.",
    },
    OpInfo {
        name: "zero_",
        aliases: &[],
        params: &[input()],
        forms: Forms::METHOD.and(Forms::FUNCTION),
        call: Call::OnlyInPlace(|args| copy::fill_(args.tensor(0), crate::Scalar::Int(0))),
        gives: Gives::Tensor,
        doc: "Fills the tensor with zeros.",
    },
];
