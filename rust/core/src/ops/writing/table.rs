//! Names and signatures of copies.

use super::copy;
use crate::dtype::{Category, DType};
use crate::ops::elementwise::Arg;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, OpInfo, only_in_place, op};
use crate::tensor::Tensor;

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "clone",
        takes!((input: Tensor) => copy::clone(input)),
        Forms::BOTH.and(Forms::ORDERED),
        "A copy; the gradient passes.",
    ),
    op(
        "contiguous",
        takes!((input: Tensor) => copy::contiguous(input)),
        Forms::METHOD.and(Forms::ROW_MAJOR),
        "The tensor itself if it is row-major, else a row-major copy.",
    ),
    only_in_place(
        "copy_",
        takes!((input: Tensor, other: TensorOrNumber, non_blocking: Bool = false) {
            // Copies are made at once.
            let _ = non_blocking;
            match other {
                Arg::Tensor(source) => copy::copy_(input, source),
                Arg::Scalar(number) => {
                    // Every digit counts until it is stored.
                    let dtype = match number.category() {
                        Category::Float => DType::F64,
                        Category::Complex => DType::C128,
                        _ => number.dtype(),
                    };
                    copy::copy_(input, &Tensor::scalar(number, dtype)?)
                }
            }
        }),
        Forms::METHOD,
        "Copies a tensor, broadcast and cast, or a number into the tensor.",
    ),
    only_in_place(
        "fill_",
        takes!((input: Tensor, value: TensorOrNumber) { copy::fill_with(input, value) }),
        Forms::METHOD.and(Forms::FUNCTION),
        "Fills the tensor with one value.",
    ),
    only_in_place(
        "zero_",
        takes!((input: Tensor) { copy::fill_(input, crate::Scalar::Int(0)) }),
        Forms::METHOD.and(Forms::FUNCTION),
        "Fills the tensor with zeros.",
    ),
];
