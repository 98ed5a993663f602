//! A = Q R.

use smallvec::{SmallVec, smallvec};

use super::triangular::substitute;
use super::{
    adjoint, batch_of, batched, check_dtype, columns, diagonal_matrix, fresh, lower, matrix_size, product,
    real_diagonal, sum_of, upper,
};
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg::{self as kernel, Side};
use crate::launch::launch;
use crate::ops::arranging::joining;
use crate::tensor::Tensor;

const OP: &str = "linalg.qr";
const UPPER: Side = Side::Upper { unit: false };

/// How much of Q there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// As many columns as there are rows and columns, the lesser of them.
    Reduced,
    /// A square Q.
    Complete,
    /// None of it.
    OnlyR,
}

#[derive(Clone, PartialEq, Debug)]
struct Qr {
    mode: Mode,
}

impl Qr {
    /// Whether there is a derivative.
    fn check_differentiable(&self, [rows, columns]: [usize; 2]) -> Result<()> {
        match self.mode {
            Mode::OnlyR => Err(Error::runtime(
                OP,
                "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, \
                 mode='reduced') if you are going to require gradients.",
            )),
            Mode::Complete if rows > columns => Err(Error::runtime(
                OP,
                "The QR decomposition is not differentiable when mode='complete' and nrows > ncols",
            )),
            _ => Ok(()),
        }
    }
}

/// A / R from the right: X with X Rᴴ = A.
fn over_adjoint(a: &Tensor, r: &Tensor) -> Result<Tensor> {
    adjoint(&substitute(r, &adjoint(a)?, UPPER, false)?)
}

/// X with X R = A.
fn over(a: &Tensor, r: &Tensor) -> Result<Tensor> {
    adjoint(&substitute(r, &adjoint(a)?, UPPER, true)?)
}

impl Op for Qr {
    fn name(&self) -> &str {
        "LinalgQrBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let a = inputs[0].contiguous(OP)?;
        let (batch, [m, n]) = (batch_of(a.shape()), matrix_size(OP, "A", a.shape())?);
        let (width, height) = match self.mode {
            Mode::Reduced => (m.min(n), m.min(n)),
            Mode::Complete => (m, m),
            Mode::OnlyR => (0, m.min(n)),
        };
        let q = fresh(OP, batch, &[m, width], a.dtype())?;
        let r = fresh(OP, batch, &[height, n], a.dtype())?;
        launch(&a, [&q, &r], kernel::qr);
        Ok(smallvec![q, r])
    }

    fn differentiable(&self) -> usize {
        2
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(0), Keep::Output(1)]
    }

    /// (∂Q + Q copyltu(R ∂Rᴴ − ∂Qᴴ Q)) R⁻ᴴ for square and tall matrices (S. F. Walter and L. Lehmann, "Algorithmic
    /// differentiation of linear algebra functions", 2010; D. Roberts and L. Roberts, "QR and LQ decomposition matrix
    /// backpropagation algorithms", 2020); wide ones are [Q R₁, Q R₂] with a square R₁.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (q, r) = (cx.saved(0)?, cx.saved(1)?);
        let [k, n] = matrix_size(OP, "A", &r.shape())?;
        let m = q.shape()[q.rank() - 2];
        self.check_differentiable([m, n])?;
        let (mut to_q, to_r) = (cx.grad(0).cloned(), cx.grad(1).cloned());
        let wide = n > k;
        let first = if wide { columns(&r, 0, k)? } else { r.clone() };
        let mut to_first = to_r.clone();
        let mut to_rest = None;
        if wide && let Some(to_r) = &to_r {
            to_first = Some(columns(to_r, 0, k)?);
            let grad = columns(to_r, k, n - k)?;
            let rest = product(&q, &columns(&r, k, n - k)?)?;
            to_q = Some(sum_of(to_q, product(&rest, &adjoint(&grad)?)?)?);
            to_rest = Some(product(&q, &grad)?);
        }
        let mut inner = match &to_q {
            Some(to_q) => Some(product(&adjoint(to_q)?, &q)?.neg()?),
            None => None,
        };
        if let Some(grad) = &to_first {
            inner = Some(sum_of(inner, product(&first, &adjoint(grad)?)?)?);
        }
        let Some(inner) = inner else { return Ok(()) };
        let below = lower(&inner, -1)?;
        // The diagonal of R is real.
        let symmetric = below.add(&adjoint(&below)?)?.add(&diagonal_matrix(&real_diagonal(&inner)?)?)?;
        let whole = sum_of(to_q, product(&q, &symmetric)?)?;
        let result = over_adjoint(&whole, &first)?;
        let result = match (wide, to_rest) {
            (false, _) => result,
            (true, Some(rest)) => joining::cat(&[result, rest], -1)?,
            (true, None) => {
                let shape = super::with_batch(batch_of(&q.shape()), &[m, n - k]);
                let rest = crate::ops::creation::zeros(OP, &shape, Some(q.dtype()))?;
                joining::cat(&[result, rest], -1)?
            }
        };
        cx.put(0, result);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let (q, r) = (cx.output(0), cx.output(1));
        let [k, n] = matrix_size(OP, "A", &r.shape())?;
        self.check_differentiable([q.shape()[q.rank() - 2], n])?;
        let first = if n > k { columns(r, 0, k)? } else { r.clone() };
        let first_tangent = if n > k { columns(&tangent, 0, k)? } else { tangent.clone() };
        let scaled = over(&first_tangent, &first)?;
        let inner = product(&adjoint(q)?, &scaled)?;
        let below = lower(&inner, -1)?;
        // What is left of the inner part once the rotation, which is antihermitian, has been taken out.
        let rest = upper(&inner, 1)?.add(&diagonal_matrix(&real_diagonal(&inner)?)?)?.add(&adjoint(&below)?)?;
        let of_first = product(&rest, &first)?;
        let of_q = scaled.sub(&product(q, &rest)?)?;
        let of_r = if n > k {
            let of_rest = product(&adjoint(&of_q)?, &product(q, &columns(r, k, n - k)?)?)?;
            let of_rest = of_rest.add(&product(&adjoint(q)?, &columns(&tangent, k, n - k)?)?)?;
            joining::cat(&[of_first, of_rest], -1)?
        } else {
            of_first
        };
        cx.put(0, of_q)?;
        cx.put(1, of_r)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// Q with orthonormal columns and an upper triangle R, whose product is `input`.
#[track_caller]
pub fn qr(input: &Tensor, mode: &str) -> Result<[Tensor; 2]> {
    matrix_size(OP, "A", &input.shape())?;
    check_dtype(OP, input.dtype())?;
    let mode = match mode {
        "reduced" => Mode::Reduced,
        "complete" => Mode::Complete,
        "r" => Mode::OnlyR,
        other => {
            let reason = format!(
                "qr received unrecognized mode '{other}' but expected one of 'reduced' (default), 'r', or 'complete'"
            );
            return Err(Error::runtime(OP, reason));
        }
    };
    let mut results = call_many(Qr { mode }, &[input])?.into_iter();
    let [q, r] = std::array::from_fn(|_| results.next().expect("two results"));
    if mode == Mode::OnlyR {
        // As PyTorch has it: nothing at all.
        return Ok([Tensor::from_array(crate::array::Array::zeros(OP, &[0], input.dtype())?), r]);
    }
    Ok([q, r])
}
