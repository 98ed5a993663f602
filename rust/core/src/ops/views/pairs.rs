//! Complex numbers as pairs of real ones, and back.

use super::op::{ViewOp, not_as_complex};
use super::rule::view_of;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// A complex tensor as a real one whose last axis holds real and imaginary part: a view.
#[track_caller]
pub fn view_as_real(input: &Tensor) -> Result<Tensor> {
    if !input.dtype().is_complex() {
        return Err(Error::type_("view_as_real", "view_as_real is only supported for complex tensors"));
    }
    view_of(input, "ViewAsRealBackward0", ViewOp::AsReal)
}

/// A real tensor whose last axis holds real and imaginary part as a complex one: a view.
#[track_caller]
pub fn view_as_complex(input: &Tensor) -> Result<Tensor> {
    const OP: &str = "view_as_complex";
    let array = input.array();
    if !matches!(array.dtype(), DType::F32 | DType::F64) {
        return Err(Error::type_(
            OP,
            format!(
                "view_as_complex is only supported for floating point tensors, but got a tensor of scalar type: {}",
                torch_name(array.dtype())
            ),
        ));
    }
    // How one example of a batch lies is seen to where all of them are at hand.
    let laid_out = !input.is_batched() || array.shape().last() != Some(&2);
    if laid_out && let Some(reason) = not_as_complex(&array) {
        return Err(Error::runtime(OP, reason));
    }
    view_of(input, "ViewAsComplexBackward0", ViewOp::AsComplex)
}
