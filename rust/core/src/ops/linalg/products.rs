//! Matrices that are made of others: reflections and their products, powers of numbers.

use smallvec::smallvec;

use super::{adjoint, batch_of, batched, check_dtype, columns, fresh, lower, matrix_size, product};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg as kernel;
use crate::launch::{NONE, launch};
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

/// A = Q R as [`kernel::reflections`] gives it.
#[derive(Clone, PartialEq, Debug)]
struct Reflections;

impl Op for Reflections {
    fn name(&self) -> &str {
        "GeqrfBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable(&self) -> usize {
        2
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "geqrf";
        let packed = inputs[0].duplicate_row_major(OP)?;
        let [m, n] = matrix_size(OP, "input", packed.shape())?;
        let factors = fresh(OP, batch_of(packed.shape()), &[m.min(n)], packed.dtype())?;
        launch(NONE, [&packed, &factors], |[], results| kernel::reflections(results));
        Ok(smallvec![packed, factors])
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        Err(Error::not_implemented("geqrf", "the derivative for 'geqrf'"))
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Err(Error::not_implemented("geqrf", "forward mode through geqrf"))
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// R above vectors of reflections, and their factors.
#[track_caller]
pub fn geqrf(input: &Tensor) -> Result<[Tensor; 2]> {
    const OP: &str = "geqrf";
    if input.rank() < 2 {
        return Err(Error::runtime(OP, "torch.geqrf: input must have at least 2 dimensions."));
    }
    check_dtype(OP, input.dtype())?;
    let mut results = call_many(Reflections, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("two results")))
}

/// Q C, C Q without `left`, with `transpose` of the conjugate transpose of Q: the product of the reflections that
/// [`geqrf`] gives.
#[track_caller]
pub fn ormqr(input: &Tensor, tau: &Tensor, other: &Tensor, left: bool, transpose: bool) -> Result<Tensor> {
    const OP: &str = "ormqr";
    let refused = |reason: String| Err(Error::runtime(OP, format!("torch.ormqr: {reason}")));
    let (shape, count, right) = (input.shape(), tau.shape(), other.shape());
    if shape.len() < 2 {
        return refused("input must have at least 2 dimensions.".to_owned());
    }
    if right.len() < 2 {
        return refused("other must have at least 2 dimensions.".to_owned());
    }
    let (axis, size) = if left { (-2, right[right.len() - 2]) } else { (-1, right[right.len() - 1]) };
    if count.is_empty() || size < count[count.len() - 1] {
        return refused(format!("other.shape[{axis}] must be greater than or equal to tau.shape[-1]"));
    }
    if size != shape[shape.len() - 2] {
        return refused(format!("other.shape[{axis}] must be equal to input.shape[-2]"));
    }
    let k = count[count.len() - 1];
    if shape[shape.len() - 1] < k {
        return refused("tau.shape[-1] must be less than or equal to input.shape[-1]".to_owned());
    }
    let batch = batch_of(&shape);
    if count.len() + 1 != shape.len() || count[..count.len() - 1] != *batch {
        return refused(format!("Expected batch dimensions of tau to be equal to input.shape[:-2], but got {count:?}"));
    }
    if batch_of(&right) != batch {
        return refused(format!(
            "Expected batch dimensions of other to be equal to input.shape[:-2], but got {right:?}"
        ));
    }
    for (tensor, name) in [(tau, "tau"), (other, "other")] {
        if tensor.dtype() != input.dtype() {
            let torch = crate::dtype::torch_name;
            return refused(format!(
                "Expected input and {name} to have the same dtype, but input has dtype {} and {name} has dtype {}",
                torch(input.dtype()),
                torch(tensor.dtype())
            ));
        }
    }
    check_dtype(OP, input.dtype())?;
    let ones = creation::eye(size as i64, Some(k as i64), Some(input.dtype()))?;
    let vectors = lower(&columns(input, 0, k)?, -1)?.add(&ones)?;
    let factors = if transpose { tau.conj()? } else { tau.clone() };
    let mut result = copy::clone_contiguous(other)?;
    // Of Q = H₁ H₂ … the last one comes first from the left, and of its adjoint the first one.
    for step in 0..k {
        let at = if left == transpose { step } else { k - 1 - step };
        let vector = columns(&vectors, at, 1)?;
        let factor = views::unsqueeze(&views::narrow(&factors, -1, at as i64, 1)?, -1)?;
        let reflected = if left {
            product(&vector, &product(&adjoint(&vector)?, &result)?)?
        } else {
            product(&product(&result, &vector)?, &adjoint(&vector)?)?
        };
        result = result.sub(&reflected.mul(&factor)?)?;
    }
    Ok(result)
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
