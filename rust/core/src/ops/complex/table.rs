//! Names and signatures of what there is of complex numbers.

use crate::ops::complex;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, OpInfo, op};

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "real",
        takes!((input: Tensor) => complex::real(input)),
        Forms::FUNCTION,
        "The real parts: a view. Of real numbers the tensor itself.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.real(arcgrad.tensor([1 + 2j, 3j]))\n\
         tensor([1., 0.])",
    ),
    op(
        "imag",
        takes!((input: Tensor) => complex::imag(input)),
        Forms::FUNCTION,
        "The imaginary parts of complex numbers: a view.",
    ),
    op(
        "view_as_real",
        takes!((input: Tensor) => complex::view_as_real(input)),
        Forms::FUNCTION,
        "Complex numbers as pairs of real ones along a new last axis: a view.",
    ),
    op(
        "view_as_complex",
        takes!((input: Tensor) => complex::view_as_complex(input)),
        Forms::FUNCTION,
        "Pairs of real numbers along the last axis as complex ones: a view.",
    ),
    op(
        "conj",
        takes!((input: Tensor) => complex::conj(input)),
        Forms::BOTH,
        "The complex conjugates, computed at once; of real numbers the tensor itself.",
    ),
    op(
        "conj_physical",
        takes!((input: Tensor) => complex::conj(input)),
        Forms::BOTH.and(Forms::IN_PLACE).and(Forms::SAME_OUT),
        "The complex conjugates in memory of their own; of real numbers the tensor itself.",
    ),
    op(
        "resolve_conj",
        takes!((input: Tensor) { Ok(input.clone().into()) }),
        Forms::BOTH,
        "The tensor itself: conjugates are computed at once.",
    ),
    op(
        "resolve_neg",
        takes!((input: Tensor) { Ok(input.clone().into()) }),
        Forms::BOTH,
        "The tensor itself: negatives are computed at once.",
    ),
    op("isreal", takes!((input: Tensor) => complex::isreal(input)), Forms::BOTH, "Whether the imaginary part is 0."),
    op(
        "adjoint",
        takes!((input: Tensor) => complex::adjoint(input)),
        Forms::BOTH,
        "The last two axes exchanged, and the numbers conjugated.",
    ),
    op(
        "complex",
        takes!((real: Tensor, imag: Tensor) => complex::complex(real, imag)),
        Forms::FUNCTION.and(Forms::SAME_OUT),
        "Complex numbers of their real and imaginary parts.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.complex(arcgrad.tensor([1.0]), arcgrad.tensor([2.0]))\n\
         tensor([1.+2.j])",
    ),
    op(
        "polar",
        takes!((abs: Tensor, angle: Tensor) => complex::polar(abs, angle)),
        Forms::FUNCTION.and(Forms::SAME_OUT),
        "Complex numbers of their absolute values and angles.",
    ),
];
