//! A = L D Lᵀ of symmetric matrices and A = L D Lᴴ of Hermitian ones, which need not be definite, and what is solved with it.

use smallvec::{SmallVec, smallvec};

use super::{batch_of, batched, check_same_dtype, checked_square, failure, fresh, matrix_size, with_batch};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{call, call_many};
use crate::kernels::linalg as kernel;
use crate::launch::{NONE, launch};
use crate::ops::{complex, views};
use crate::shape;
use crate::tensor::Tensor;

/// The factors in one matrix, the exchanges, and how it went.
#[derive(Clone, PartialEq, Debug)]
struct LdlFactor {
    op: &'static str,
    hermitian: bool,
    check: bool,
}

impl Op for LdlFactor {
    fn name(&self) -> &str {
        "LinalgLdlFactorExBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let a = inputs[0].contiguous(self.op)?;
        let (batch, n) = (batch_of(a.shape()), a.shape()[a.rank() - 1]);
        let factor = Array::uninit(self.op, a.shape(), a.dtype())?;
        let pivots = fresh(self.op, batch, &[n], DType::I32)?;
        let info = fresh(self.op, batch, &[], DType::I32)?;
        match launch(&a, [&factor, &pivots, &info], |a, results| kernel::ldl_factor(self.hermitian, a, results)) {
            Some((index, at)) if self.check => Err(failure(
                self.op,
                batch,
                index,
                format!(
                    "The factorization could not be completed because D[{at},{at}] is zero, and dividing by it in ldl_solve \
                     would fail: the input matrix is singular."
                ),
            )),
            _ => Ok(smallvec![factor, pivots, info]),
        }
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// X with A X = B: inputs are the factors and exchanges of A, and B, which alone has a derivative.
#[derive(Clone, PartialEq, Debug)]
struct LdlSolve {
    hermitian: bool,
}

const SOLVE: &str = "torch.linalg.ldl_solve";

impl Op for LdlSolve {
    fn name(&self) -> &str {
        "LinalgLdlSolveBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (factor, pivots, b) =
            (inputs[0].contiguous(SOLVE)?, inputs[1].contiguous(SOLVE)?, inputs[2].contiguous(SOLVE)?);
        let n = factor.shape()[factor.rank() - 1];
        let named = launch(&pivots, NONE, |pivots, []| {
            pivots
                .as_slice::<i32>()
                .is_some_and(|all| all.iter().all(|row| (1..=n).contains(&(row.unsigned_abs() as usize))))
        });
        if !named && pivots.numel() > 0 {
            return Err(Error::runtime(
                SOLVE,
                "pivots have to be what ldl_factor gives: rows of the matrix, counted from 1",
            ));
        }
        let x = Array::uninit(SOLVE, b.shape(), b.dtype())?;
        launch([&factor, &pivots, &b], &x, |operands, x| kernel::ldl_solve(self.hermitian, operands, x));
        Ok(smallvec![x])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Input(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if cx.needs(0) {
            return Err(Error::runtime(
                "backward",
                "derivative for linalg.ldl_solve by LD is not implemented: use linalg.solve",
            ));
        }
        // A symmetric matrix's conjugate transpose is its conjugate, a Hermitian one's the matrix itself.
        let turn = |x: &Tensor| if self.hermitian { Ok(x.clone()) } else { complex::conj(x) };
        let right = turn(&cx.only_grad())?;
        let grad = turn(&call(self.clone(), &[&cx.saved(0)?, &cx.saved(1)?, &right])?)?;
        cx.put(2, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        if cx.tangent(0).is_some() {
            return Err(Error::not_implemented("forward_ad", "forward mode through linalg.ldl_solve by LD"));
        }
        cx.linear(2, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// L and D in one matrix, the exchanges, and 0 or where D has a zero. Complex matrices count as symmetric unless `hermitian`.
#[track_caller]
pub fn ldl_factor(op: &'static str, input: &Tensor, hermitian: bool, check: bool) -> Result<[Tensor; 3]> {
    checked_square("torch.linalg.ldl_factor_ex", input)?;
    let mut results = call_many(LdlFactor { op, hermitian, check }, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("three results")))
}

/// The solution of A X = B from what [`ldl_factor`] gives for A.
#[track_caller]
pub fn ldl_solve(factor: &Tensor, pivots: &Tensor, b: &Tensor, hermitian: bool) -> Result<Tensor> {
    let n = checked_square(SOLVE, factor)?;
    let [height, width] = matrix_size(SOLVE, "B", &b.shape())?;
    check_same_dtype(SOLVE, factor, b)?;
    if height != n {
        return Err(Error::runtime(
            SOLVE,
            format!("Incompatible matrix sizes: each A matrix is {n} by {n} but B is {height} by {width}"),
        ));
    }
    if pivots.dtype() != DType::I32 || pivots.shape()[..] != factor.shape()[..factor.rank() - 1] {
        return Err(Error::runtime(
            SOLVE,
            "pivots have to be what ldl_factor gives: int32, of the shape of LD without its last axis",
        ));
    }
    let batch = shape::broadcast(SOLVE, batch_of(&factor.shape()), batch_of(&b.shape()))?;
    let spread = |tensor: &Tensor, rest: &[usize]| views::broadcast_to(tensor, &with_batch(&batch, rest));
    call(LdlSolve { hermitian }, &[&spread(factor, &[n, n])?, &spread(pivots, &[n])?, &spread(b, &[n, width])?])
}
