//! Names and signatures of what there is of complex numbers.

use crate::error::Result;
use crate::ops::complex;
use crate::ops::registry::{Args, Call, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
use crate::tensor::Tensor;

const INPUT: &[Param] = &[input()];

const fn op(name: &'static str, forms: Forms, call: fn(&Args<'_>) -> Result<Output>, doc: &'static str) -> OpInfo {
    OpInfo { name, aliases: &[], params: INPUT, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

/// Numbers made of two real ones.
const fn of_two(
    name: &'static str,
    params: &'static [Param],
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    let forms = Forms::FUNCTION.and(Forms::SAME_OUT);
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

fn unchanged(args: &Args<'_>) -> Result<Output> {
    Ok(args.tensor(0).clone().into())
}

fn by(function: fn(&Tensor) -> Result<Tensor>, args: &Args<'_>) -> Result<Output> {
    Ok(function(args.tensor(0))?.into())
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "real",
        Forms::FUNCTION,
        |args| by(complex::real, args),
        "The real parts: a view. Of real numbers the tensor itself.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.real(arcgrad.tensor([1 + 2j, 3j]))\n\
         tensor([1., 0.])",
    ),
    op("imag", Forms::FUNCTION, |args| by(complex::imag, args), "The imaginary parts of complex numbers: a view."),
    op(
        "view_as_real",
        Forms::FUNCTION,
        |args| by(complex::view_as_real, args),
        "Complex numbers as pairs of real ones along a new last axis: a view.",
    ),
    op(
        "view_as_complex",
        Forms::FUNCTION,
        |args| by(complex::view_as_complex, args),
        "Pairs of real numbers along the last axis as complex ones: a view.",
    ),
    op(
        "conj",
        Forms::BOTH,
        |args| by(complex::conj, args),
        "The complex conjugates, computed at once; of real numbers the tensor itself.",
    ),
    op(
        "conj_physical",
        Forms::BOTH.and(Forms::IN_PLACE).and(Forms::SAME_OUT),
        |args| by(complex::conj, args),
        "The complex conjugates in memory of their own; of real numbers the tensor itself.",
    ),
    op("resolve_conj", Forms::BOTH, unchanged, "The tensor itself: conjugates are computed at once."),
    op("resolve_neg", Forms::BOTH, unchanged, "The tensor itself: negatives are computed at once."),
    op("isreal", Forms::BOTH, |args| by(complex::isreal, args), "Whether the imaginary part is 0."),
    op(
        "adjoint",
        Forms::BOTH,
        |args| by(complex::adjoint, args),
        "The last two axes exchanged, and the numbers conjugated.",
    ),
    of_two(
        "complex",
        &[param("real", Kind::Tensor), param("imag", Kind::Tensor)],
        |args| Ok(complex::complex(args.tensor(0), args.tensor(1))?.into()),
        "Complex numbers of their real and imaginary parts.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.complex(arcgrad.tensor([1.0]), arcgrad.tensor([2.0]))\n\
         tensor([1.+2.j])",
    ),
    of_two(
        "polar",
        &[param("abs", Kind::Tensor), param("angle", Kind::Tensor)],
        |args| Ok(complex::polar(args.tensor(0), args.tensor(1))?.into()),
        "Complex numbers of their absolute values and angles.",
    ),
];
