//! Rows under the names that PyTorch's nodes have in one overload of an operation, and which overload a call means.

use super::activation::{elu_of_result, leaky_relu_of_result};
use super::{Arg, Row};
use crate::ops::rows;

macro_rules! overloads {
    ($($(#[doc = $doc:literal])+ $NAME:ident = $row:ident as $node:literal;)+) => {$(
        $(#[doc = $doc])+
        pub static $NAME: Row = rows::$row::ROW.with_node($node);
    )+};
}

overloads! {
    /// `remainder` by a number.
    REMAINDER_NUMBER = remainder as "RemainderBackward0";
    /// `fmod` by a number.
    FMOD_NUMBER = fmod as "FmodBackward0";
    /// `copysign` with the sign of a number.
    COPYSIGN_NUMBER = copysign as "CopysignBackward1";
    /// `rsub` from a tensor.
    RSUB_TENSOR = sub as "RsubBackward0";
    /// `rsub` with a factor from a tensor.
    RSUB_SCALED_TENSOR = sub_scaled as "RsubBackward0";
    /// `rsub` with a factor from a number.
    RSUB_SCALED_NUMBER = sub_scaled as "RsubBackward1";
    /// `clamp` between tensors.
    CLAMP_TENSORS = clamp as "ClampBackward0";
    /// `clamp` from a tensor on.
    CLAMP_FROM_TENSOR = clamp_min as "ClampBackward0";
    /// `clamp` from a number on.
    CLAMP_FROM_NUMBER = clamp_min as "ClampBackward1";
    /// `clamp` up to a tensor.
    CLAMP_TO_TENSOR = clamp_max as "ClampBackward0";
    /// `clamp` up to a number.
    CLAMP_TO_NUMBER = clamp_max as "ClampBackward1";
    /// `clamp_min` with a tensor.
    CLAMP_MIN_TENSOR = clamp_min as "ClampMinBackward1";
    /// `clamp_max` with a tensor.
    CLAMP_MAX_TENSOR = clamp_max as "ClampMaxBackward1";
    /// `masked_fill` with a tensor.
    MASKED_FILL_TENSOR = masked_fill as "MaskedFillBackward1";
    /// `celu`, which is `elu` with other parameters.
    CELU = elu as "CeluBackward0";
    /// `threshold` in place.
    THRESHOLD_IN_PLACE = threshold as "ThresholdBackward1";
}

/// −1, 0 or 1. The other name of `sign`, for complex numbers too where there are any.
pub static SGN: Row = Row { name: "sgn", ..rows::sign::ROW.with_node("SgnBackward0") };

/// `leaky_relu` in place. Below 0 a negative slope gives positive results, from which the gradient could not tell them.
pub static LEAKY_RELU_IN_PLACE: Row = leaky_relu_of_result::ROW.refusing(|params| {
    let negative = params[0].to_f64() < 0.0;
    negative.then_some(
        "the gradient of leaky_relu in place is computed from the result, which a negative slope makes ambiguous: call \
         it without inplace=True, or with a slope of at least 0",
    )
});

/// `elu` and `selu` in place, likewise.
pub static ELU_IN_PLACE: Row = elu_of_result::ROW.refusing(|params| {
    let negative = params[0].to_f64() < 0.0;
    negative.then_some(
        "the gradient of elu and celu in place is computed from the result, which a negative alpha makes ambiguous: \
         call them without inplace=True, or with an alpha of at least 0",
    )
});

/// `celu` in place.
pub static CELU_IN_PLACE: Row = ELU_IN_PLACE.with_node("CeluBackward1");

/// The row of the overload that takes a tensor, or of the one that takes a number.
pub fn overload(argument: Arg<'_>, tensor: &'static Row, number: &'static Row) -> &'static Row {
    match argument {
        Arg::Tensor(_) => tensor,
        Arg::Scalar(_) => number,
    }
}
