//! Matrices that are made of others: products of reflections, powers of numbers.

use super::{adjoint, check_dtype, columns, lower, product};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::arranging::joining;
use crate::ops::reductions::scan;
use crate::ops::writing::copy;
use crate::ops::{creation, views};
use crate::tensor::Tensor;

/// The first columns of the product of the reflections `I − τᵢ vᵢ vᵢᴴ`; vᵢ lies below the diagonal in column i of `input`, and has
/// a 1 on it.
#[track_caller]
pub fn householder_product(input: &Tensor, tau: &Tensor) -> Result<Tensor> {
    const OP: &str = "torch.linalg.householder_product";
    let (shape, count) = (input.shape(), tau.shape());
    let [batch @ .., m, n] = &shape[..] else {
        return Err(Error::runtime(OP, "input must have at least 2 dimensions."));
    };
    if m < n {
        return Err(Error::runtime(OP, "input.shape[-2] must be greater than or equal to input.shape[-1]"));
    }
    if count.len() + 1 != shape.len() {
        return Err(Error::runtime(
            OP,
            format!(
                "Expected tau to have one dimension less than input, but got tau.ndim equal to {} and input.ndim is equal to {}",
                count.len(),
                shape.len()
            ),
        ));
    }
    let (k, own) = count.split_last().expect("one axis less than two or more");
    if k > n {
        return Err(Error::runtime(OP, "input.shape[-1] must be greater than or equal to tau.shape[-1]"));
    }
    if own != batch {
        let reason = format!("Expected batch dimensions of tau to be equal to input.shape[:-2], but got {own:?}");
        return Err(Error::runtime(OP, reason));
    }
    if tau.dtype() != input.dtype() {
        let name = crate::dtype::torch_name;
        let reason = format!("tau dtype {} does not match input dtype {}", name(tau.dtype()), name(input.dtype()));
        return Err(Error::runtime(OP, reason));
    }
    check_dtype(OP, input.dtype())?;
    let ones = creation::eye(*m as i64, Some(*n as i64), Some(input.dtype()))?;
    let vectors = lower(input, -1)?.add(&ones)?;
    let mut result = views::broadcast_to(&ones, &shape)?;
    for at in (0..*k).rev() {
        let vector = columns(&vectors, at, 1)?;
        let factor = views::unsqueeze(&views::narrow(tau, -1, at as i64, 1)?, -1)?;
        let reflected = product(&vector, &product(&adjoint(&vector)?, &result)?)?;
        result = result.sub(&reflected.mul(&factor)?)?;
    }
    if *k == 0 { copy::clone_contiguous(&result) } else { Ok(result) }
}

/// The powers 0, 1, … of the last axis, along a new one.
#[track_caller]
pub fn powers(input: &Tensor, count: usize) -> Result<Tensor> {
    let base = views::unsqueeze(input, -1)?;
    let dtype = if input.dtype().is_differentiable() { input.dtype() } else { DType::I64 };
    let base = copy::to_dtype(&base, dtype)?;
    let mut shape = base.shape();
    let last = shape.len() - 1;
    shape[last] = count.min(1);
    let ones = creation::full("vander", &shape, crate::scalar::Scalar::Int(1), Some(dtype))?;
    if count <= 1 {
        return Ok(ones);
    }
    shape[last] = count - 1;
    let rest = scan::cumprod(&views::broadcast_to(&base, &shape)?, -1, None)?;
    joining::cat(&[ones, rest], -1)
}
