//! A = U diag(s) Vᴴ.

use smallvec::{SmallVec, smallvec};

use super::spectrum::{over_differences, over_magnitudes, refusal, zero_refusal};
use super::{
    adjoint, batch_of, batched, check_dtype, columns, diagonal_matrix, failure, for_columns, for_rows, fresh, like,
    matrix_size, product, real_diagonal, rows, sum_of,
};
use crate::array::Array;
use crate::error::Result;
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg as kernel;
use crate::launch::launch;
use crate::tensor::Tensor;

const OP: &str = "linalg.svd";

/// Singular values in descending order with their vectors: as many, or with `full` square matrices of them.
#[derive(Clone, PartialEq, Debug)]
struct Svd {
    full: bool,
    vectors: bool,
}

/// Antihermitian and hermitian part.
fn parts(a: &Tensor) -> Result<[Tensor; 2]> {
    let turned = adjoint(a)?;
    Ok([a.sub(&turned)?.mul(0.5)?, a.add(&turned)?.mul(0.5)?])
}

impl Svd {
    /// The vectors that belong to singular values.
    fn thin(&self, u: &Tensor, vh: &Tensor, k: usize) -> Result<[Tensor; 2]> {
        if self.full { Ok([columns(u, 0, k)?, rows(vh, 0, k)?]) } else { Ok([u.clone(), vh.clone()]) }
    }

    /// The gradient, of `inputs` that are those of [`SvdBackward`].
    ///
    /// J. Townsend, "Differentiating the singular value decomposition" (2016), with the quotients by sⱼ² − sᵢ² taken apart
    /// into those by sⱼ − sᵢ and by sⱼ + sᵢ: U (diag ∂s + (K + L) / (sⱼ − sᵢ) + (K − L) / (sⱼ + sᵢ)) Vᴴ, K and L the
    /// antihermitian parts of Uᴴ ∂U and Vᴴ ∂V, and what ∂U and ∂V have outside of the range of U and V.
    fn gradient(&self, inputs: &[Option<&Tensor>]) -> Result<Tensor> {
        let [Some(u), Some(values), Some(vh), to_u, to_values, to_vh] = *inputs else { unreachable!("always given") };
        let k = values.shape()[values.rank() - 1];
        let [u, vh] = self.thin(u, vh, k)?;
        let (m, n) = (u.shape()[u.rank() - 2], vh.shape()[vh.rank() - 1]);
        let mut inner = to_values.map(diagonal_matrix).transpose()?;
        let (mut to_u, mut to_vh) = (to_u.cloned(), to_vh.cloned());
        if self.full {
            to_u = to_u.map(|grad| columns(&grad, 0, k)).transpose()?;
            to_vh = to_vh.map(|grad| rows(&grad, 0, k)).transpose()?;
        }
        let left = match &to_u {
            Some(grad) => Some(product(&adjoint(&u)?, grad)?),
            None => None,
        };
        let right = match &to_vh {
            Some(grad) => Some(product(&vh, &adjoint(grad)?)?),
            None => None,
        };
        if left.is_some() || right.is_some() {
            let both = match (&left, &right) {
                (Some(left), Some(right)) => (left.add(right)?, left.sub(right)?),
                (Some(left), None) => (left.clone(), left.clone()),
                (None, Some(right)) => (right.clone(), right.neg()?),
                (None, None) => unreachable!("one of them is there"),
            };
            let ([skew, known], [other, _]) = (parts(&both.0)?, parts(&both.1)?);
            let near = over_differences(OP, values, &skew, Some(&known.mul(0.5)?), to_values)?;
            inner = Some(sum_of(inner, near.add(&over_sums(values, &other, &both.0)?)?)?);
        }
        let mut result = None;
        if let Some(inner) = inner {
            result = Some(product(&product(&u, &like(&inner, &u)?)?, &vh)?);
        }
        if let (Some(grad), Some(left), true) = (&to_u, &left, m > k) {
            let outside = grad.sub(&product(&u, left)?)?;
            let outside = over_magnitudes(OP, &outside, &for_columns(values)?, values, grad)?;
            result = Some(sum_of(result, product(&outside, &vh)?)?);
        }
        if let (Some(grad), Some(right), true) = (&to_vh, &right, n > k) {
            let outside = grad.sub(&product(&adjoint(right)?, &vh)?)?;
            let outside = over_magnitudes(OP, &outside, &for_rows(values)?, values, grad)?;
            result = Some(sum_of(result, product(&u, &outside)?)?);
        }
        Ok(result.expect("one gradient is there"))
    }
}

/// `skew` divided by sᵢ + sⱼ; it vanishes beside `reference` where they do.
fn over_sums(values: &Tensor, skew: &Tensor, reference: &Tensor) -> Result<Tensor> {
    let sums = for_columns(values)?.add(&for_rows(values)?)?;
    over_magnitudes(OP, skew, &sums, values, reference)
}

impl Op for Svd {
    fn name(&self) -> &str {
        "LinalgSvdBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let a = inputs[0].contiguous(OP)?;
        let (batch, [m, n]) = (batch_of(a.shape()), matrix_size(OP, "A", a.shape())?);
        let k = m.min(n);
        let (left, right) = match (self.vectors, self.full) {
            (false, _) => (0, 0),
            (true, false) => (k, k),
            (true, true) => (m, n),
        };
        let u = fresh(OP, batch, &[m, left], a.dtype())?;
        let values = fresh(OP, batch, &[k], a.dtype().to_real())?;
        let vh = fresh(OP, batch, &[right, n], a.dtype())?;
        let results = [&u, &values, &vh];
        match launch(&a, results, |a, results| kernel::svd(self.full, self.vectors, a, results)) {
            Some((index, _)) => Err(failure(
                OP,
                batch,
                index,
                "The algorithm failed to converge because the input matrix contained non-finite values.".to_owned(),
            )),
            None => Ok(smallvec![u, values, vh]),
        }
    }

    fn differentiable(&self) -> usize {
        3
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(0), Keep::Output(1), Keep::Output(2)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = |nr| if cx.grad(nr).is_some() { From::Grad(nr) } else { From::Nothing };
        let from = [From::Saved(0), From::Saved(1), From::Saved(2), grad(0), grad(1), grad(2)];
        if from[3..] != [From::Nothing; 3] {
            let result = cx.call(SvdBackward(self.clone()), &from)?;
            cx.put(0, result);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let values = cx.output(1).clone();
        let k = values.shape()[values.rank() - 1];
        let [u, vh] = self.thin(cx.output(0), cx.output(2), k)?;
        let (m, n) = (u.shape()[u.rank() - 2], vh.shape()[vh.rank() - 1]);
        let whole = product(&adjoint(&u)?, &product(&tangent, &adjoint(&vh)?)?)?;
        cx.put(1, real_diagonal(&whole)?)?;
        if !self.vectors {
            return Ok(());
        }
        if self.full && m != n {
            return Err(crate::Error::not_implemented(
                OP,
                "forward mode through full_matrices=True of matrices that are not square",
            ));
        }
        let [skew, known] = parts(&whole)?;
        let near = over_differences(OP, &values, &known, None, None)?;
        let far = over_sums(&values, &skew, &whole)?;
        let mut of_u = product(&u, &near.add(&far)?)?;
        let mut of_vh = product(&adjoint(&near.sub(&far)?)?, &vh)?;
        if m > k {
            let part = product(&tangent, &adjoint(&vh)?)?;
            let outside = part.sub(&product(&u, &product(&adjoint(&u)?, &part)?)?)?;
            of_u = of_u.add(&over_magnitudes(OP, &outside, &for_columns(&values)?, &values, &part)?)?;
        }
        if n > k {
            let part = product(&adjoint(&u)?, &tangent)?;
            let outside = part.sub(&product(&product(&part, &adjoint(&vh)?)?, &vh)?)?;
            of_vh = of_vh.add(&over_magnitudes(OP, &outside, &for_rows(&values)?, &values, &part)?)?;
        }
        cx.put(0, of_u)?;
        cx.put(2, of_vh)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// The gradient of a matrix from U, its singular values and Vᴴ, and the gradients of those, of which some may be missing.
#[derive(Clone, PartialEq, Debug)]
struct SvdBackward(Svd);

impl Op for SvdBackward {
    fn name(&self) -> &str {
        "LinalgSvdBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = |input: usize, dtype| match inputs.get(input) {
            Some(array) => array.contiguous(OP),
            None => Array::zeros(OP, &[0], dtype),
        };
        let [u, values, vh] = [&inputs[0], &inputs[1], &inputs[2]].map(|array| array.contiguous(OP));
        let (u, values, vh) = (u?, values?, vh?);
        if u.shape() != vh.shape() {
            // With what lies outside of a range, as tensors have it.
            let _off = crate::graph::no_grad();
            let tensors: SmallVec<[Option<Tensor>; 6]> = (0..inputs.len())
                .map(|input| inputs.get(input).map(|array| Tensor::from_array(array.clone())))
                .collect();
            let tensors: SmallVec<[Option<&Tensor>; 6]> = tensors.iter().map(Option::as_ref).collect();
            return Ok(smallvec![self.0.gradient(&tensors)?.array()]);
        }
        let (to_u, to_values, to_vh) = (array(3, u.dtype())?, array(4, values.dtype())?, array(5, u.dtype())?);
        let result = Array::uninit(OP, u.shape(), u.dtype())?;
        let reads = [&u, &vh, &values, &to_u, &to_vh, &to_values];
        launch(reads, &result, kernel::svd_gradient).map_err(|(index, why)| match why {
            Some(why) => refusal(OP, u.shape(), index, why),
            None => zero_refusal(OP, u.shape(), index),
        })?;
        Ok(smallvec![result])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        Some(self.0.gradient(inputs).map(|result| smallvec![result]))
    }
}

/// U, s in descending order, and Vᴴ.
#[track_caller]
pub fn svd(input: &Tensor, full: bool) -> Result<[Tensor; 3]> {
    decomposed(input, full, true)
}

#[track_caller]
fn decomposed(input: &Tensor, full: bool, vectors: bool) -> Result<[Tensor; 3]> {
    matrix_size(OP, "A", &input.shape())?;
    check_dtype(OP, input.dtype())?;
    let mut results = call_many(Svd { full, vectors }, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("three results")))
}

/// The singular values alone: without the vectors where no derivative will ask for them.
#[track_caller]
pub fn svdvals(input: &Tensor) -> Result<Tensor> {
    let [_, values, _] = decomposed(input, false, super::is_differentiated(input))?;
    Ok(values)
}

/// U, s and V as the older function gives them: zeros for U and V without `vectors`.
#[track_caller]
pub fn old(input: &Tensor, some: bool, vectors: bool) -> Result<[Tensor; 3]> {
    if vectors {
        let [u, values, vh] = svd(input, !some)?;
        return Ok([u, values, adjoint(&vh)?]);
    }
    let [m, n] = matrix_size(OP, "A", &input.shape())?;
    let values = svdvals(input)?;
    let zeros = |n: usize| {
        crate::ops::creation::zeros(OP, &super::with_batch(batch_of(&input.shape()), &[n, n]), Some(input.dtype()))
    };
    Ok([zeros(m)?, values, zeros(n)?])
}
