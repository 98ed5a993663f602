//! Operations as methods of [`Tensor`], for Rust programs.
//!
//! Every method records its operation when an operand requires a gradient, and blames the line that called it.

use super::elementwise::{Arg, Row, apply, apply_in_place, resolve};
use super::indexing::masks;
use super::reductions::{choosing, reduce, scan};
use super::writing::copy;
use super::{complex, rows, views};
use crate::dtype::DType;
use crate::error::Result;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

macro_rules! unary {
    ($($name:ident),* $(,)?) => {
        impl Tensor {
            $(
                #[doc = concat!("Elementwise; see [`rows::", stringify!($name), "`].")]
                #[track_caller]
                pub fn $name(&self) -> Result<Self> {
                    apply(&rows::$name::ROW, &[], &[Arg::Tensor(self)])
                }
            )*
        }
    };
}

unary! {
    neg, sign, square, reciprocal, sqrt, rsqrt, floor, ceil, round, trunc, frac, exp, exp2, expm1, log, log2, log10,
    log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, erf, erfc, lgamma, digamma, sigmoid,
    relu, gelu, silu, isnan, isinf, isfinite, logical_not,
}

impl Tensor {
    /// Absolute value; see [`complex::abs`](super::complex::abs).
    #[track_caller]
    pub fn abs(&self) -> Result<Self> {
        complex::abs(self)
    }
}

impl Tensor {
    /// Complex conjugate; a real tensor is its own.
    #[track_caller]
    pub fn conj(&self) -> Result<Self> {
        complex::conj(self)
    }

    /// Whether no element is zero.
    pub fn all(&self) -> Result<Self> {
        reduce::all(self, None, false)
    }

    /// Whether any element is not zero.
    pub fn any(&self) -> Result<Self> {
        reduce::any(self, None, false)
    }

    /// A row-major copy; the gradient passes.
    #[track_caller]
    pub(in crate::ops) fn copied_row_major(&self) -> Result<Self> {
        copy::clone_contiguous(self)
    }

    /// The value of a row.
    #[track_caller]
    pub(in crate::ops) fn of_row(row: &'static Row, params: &[Scalar], args: &[Arg<'_>]) -> Result<Self> {
        apply(row, params, args)
    }

    /// The value of a row in place of its first argument.
    #[track_caller]
    pub(in crate::ops) fn take_row(&self, row: &'static Row, params: &[Scalar], rest: &[Arg<'_>]) -> Result<()> {
        apply_in_place(row, params, self, rest)
    }

    /// Writes a value where a mask is true, of elements that share memory, too.
    #[track_caller]
    pub(in crate::ops) fn fill_where(&self, mask: &Self, value: Arg<'_>) -> Result<()> {
        masks::fill_shared(self, mask, value)
    }
}

macro_rules! binary {
    ($($name:ident),* $(,)?) => {
        impl Tensor {
            $(
                #[doc = concat!("Elementwise, broadcast and promoted; see [`rows::", stringify!($name), "`].")]
                #[track_caller]
                pub fn $name<'a>(&'a self, other: impl Into<Arg<'a>>) -> Result<Self> {
                    apply(&rows::$name::ROW, &[], &[Arg::Tensor(self), other.into()])
                }
            )*
        }
    };
}

binary! { add, sub, mul, div, maximum, minimum, atan2, lt, le, gt, ge, eq, ne, logical_and, logical_or }

macro_rules! in_place {
    ($($method:ident => $name:ident),* $(,)?) => {
        impl Tensor {
            $(
                #[doc = concat!("In-place form of [`Tensor::", stringify!($name), "`].")]
                #[track_caller]
                pub fn $method<'a>(&'a self, other: impl Into<Arg<'a>>) -> Result<()> {
                    apply_in_place(&rows::$name::ROW, &[], self, &[other.into()])
                }
            )*
        }
    };
}

in_place! { add_ => add, sub_ => sub, mul_ => mul, div_ => div }

impl Tensor {
    /// `self ** exponent`.
    #[track_caller]
    pub fn pow<'a>(&'a self, exponent: impl Into<Arg<'a>>) -> Result<Self> {
        resolve::pow(Arg::Tensor(self), exponent.into())
    }

    /// Sum of all elements.
    #[track_caller]
    pub fn sum(&self) -> Result<Self> {
        reduce::sum(self, None, false, None)
    }

    /// Sum over `axes`.
    #[track_caller]
    pub fn sum_over(&self, axes: &[i64], keep: bool) -> Result<Self> {
        reduce::sum(self, Some(axes), keep, None)
    }

    /// Mean of all elements.
    #[track_caller]
    pub fn mean(&self) -> Result<Self> {
        reduce::mean(self, None, false, None)
    }

    /// Mean over `axes`.
    #[track_caller]
    pub fn mean_over(&self, axes: &[i64], keep: bool) -> Result<Self> {
        reduce::mean(self, Some(axes), keep, None)
    }

    /// Greatest element along an axis, and where it is.
    #[track_caller]
    pub fn max_along(&self, axis: i64, keep: bool) -> Result<(Self, Self)> {
        choosing::extreme_along(self, true, axis, keep)
    }

    /// Greatest elements over `axes`; ties share the gradient evenly.
    #[track_caller]
    pub fn amax(&self, axes: &[i64], keep: bool) -> Result<Self> {
        reduce::extreme(self, true, Some(axes), keep)
    }

    /// Position of the greatest element along an axis, or of all.
    pub fn argmax(&self, axis: Option<i64>, keep: bool) -> Result<Self> {
        reduce::arg_extreme(self, true, axis, keep)
    }

    /// Running sum along an axis.
    #[track_caller]
    pub fn cumsum(&self, axis: i64) -> Result<Self> {
        scan::cumsum(self, axis, None)
    }

    /// The same elements in another shape: a view where possible; one size may be −1.
    #[track_caller]
    pub fn reshape(&self, shape: &[i64]) -> Result<Self> {
        views::reshape(self, shape)
    }

    /// The same elements in another shape, never a copy.
    #[track_caller]
    pub fn view(&self, shape: &[i64]) -> Result<Self> {
        views::view(self, shape)
    }

    /// Two axes exchanged.
    #[track_caller]
    pub fn transpose(&self, a: i64, b: i64) -> Result<Self> {
        views::transpose(self, a, b)
    }

    /// The transpose of a matrix.
    #[track_caller]
    pub fn t(&self) -> Result<Self> {
        views::t(self)
    }

    /// Broadcast; −1 keeps a size.
    #[track_caller]
    pub fn expand(&self, shape: &[i64]) -> Result<Self> {
        views::expand(self, shape)
    }

    /// One position of an axis, the axis removed.
    #[track_caller]
    pub fn select(&self, axis: i64, index: i64) -> Result<Self> {
        views::select(self, axis, index)
    }

    /// `length` elements of an axis from `start`.
    #[track_caller]
    pub fn narrow(&self, axis: i64, start: i64, length: i64) -> Result<Self> {
        views::narrow(self, axis, start, length)
    }

    /// A copy; the gradient passes.
    #[track_caller]
    pub fn copied(&self) -> Result<Self> {
        copy::clone(self)
    }

    /// Another dtype; the tensor itself if it has it.
    #[track_caller]
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        copy::to_dtype(self, dtype)
    }

    /// Copies `source`, broadcast and cast, into this tensor.
    #[track_caller]
    pub fn copy_(&self, source: &Self) -> Result<()> {
        copy::copy_(self, source)
    }
}
