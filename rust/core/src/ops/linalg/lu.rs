//! A = P L U, and what is computed with it: solutions, inverses, determinants.

use smallvec::{SmallVec, smallvec};

use super::triangular::substitute;
use super::{
    adjoint, batch_of, batched, check_dtype, checked_square, columns, failure, fresh, identity, lower, matrix_size,
    product, rows, same_batch, sum_of, upper,
};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{call, call_many};
use crate::kernels::linalg::{self as kernel, Side};
use crate::launch::launch;
use crate::ops::arranging::joining;
use crate::ops::elementwise::select;
use crate::ops::reductions::reduce;
use crate::ops::{complex, views};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

const UNIT_LOWER: Side = Side::Lower { unit: true };
const UPPER: Side = Side::Upper { unit: false };

/// A matrix of the batch that failed, and where in it.
type Failure = (usize, i32);

/// The factors of matrices with what was exchanged, and the first that has a zero on the diagonal of U.
fn factors(op: &'static str, a: &Array, pivot: bool) -> Result<([Array; 3], Option<Failure>)> {
    let a = a.contiguous(op)?;
    let (batch, [m, n]) = (batch_of(a.shape()), matrix_size(op, "A", a.shape())?);
    let factors = Array::uninit(op, a.shape(), a.dtype())?;
    let pivots = fresh(op, batch, &[m.min(n)], DType::I32)?;
    let info = fresh(op, batch, &[], DType::I32)?;
    let failed = launch(&a, [&factors, &pivots, &info], |a, results| kernel::lu_factor(pivot, a, results));
    Ok(([factors, pivots, info], failed))
}

/// X with A X = B, or Aᴴ X = B, from factors.
fn solution(op: &'static str, factors: [&Array; 2], b: &Array, adjoint: bool) -> Result<Array> {
    let (lu, pivots, b) = (factors[0].contiguous(op)?, factors[1].contiguous(op)?, b.contiguous(op)?);
    let x = Array::uninit(op, b.shape(), b.dtype())?;
    launch([&lu, &pivots, &b], &x, |operands, x| kernel::lu_solve(adjoint, operands, x));
    Ok(x)
}

// ---- factors -----------------------------------------------------------------------------------------------------

/// L and U in one matrix, the exchanges of rows, and how it went.
#[derive(Clone, PartialEq, Debug)]
struct LuFactor {
    op: &'static str,
    pivot: bool,
    check: bool,
}

impl Op for LuFactor {
    fn name(&self) -> &str {
        "LinalgLuFactorExBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (results, failed) = factors(self.op, &inputs[0], self.pivot)?;
        match failed {
            Some((index, at)) if self.check => Err(failure(
                self.op,
                batch_of(inputs[0].shape()),
                index,
                format!(
                    "U[{at},{at}] is zero and using it on lu_solve would result in a division by zero. If you still want to \
                     perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
                ),
            )),
            _ => Ok(results.into_iter().collect()),
        }
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(0), Keep::Output(1)]
    }

    /// P L⁻ᴴ (tril(Lᴴ ∂L, −1) + triu(∂U Uᴴ)) U⁻ᴴ for square matrices (S. F. Walter and L. Lehmann, "Algorithmic
    /// differentiation of linear algebra functions", 2010); what a matrix is longer or wider than that depends on the
    /// square part through one factor alone.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (lu, pivots, grad) = (cx.saved(0)?, cx.saved(1)?, cx.only_grad());
        let [m, n] = matrix_size(self.op, "A", &lu.shape())?;
        let k = m.min(n);
        let square = columns(&rows(&lu, 0, k)?, 0, k)?;
        let to_square = columns(&rows(&grad, 0, k)?, 0, k)?;
        let (l, u) = (unit_lower(&square)?, upper(&square, 0)?);
        let mut below = product(&adjoint(&l)?, &lower(&to_square, -1)?)?;
        let mut above = product(&upper(&to_square, 0)?, &adjoint(&u)?)?;
        let mut rest = None;
        if n > k {
            let (u, to_u) = (columns(&lu, k, n - k)?, columns(&grad, k, n - k)?);
            below = below.sub(&product(&to_u, &adjoint(&u)?)?)?;
            rest = Some(substitute(&l, &to_u, UNIT_LOWER, true)?);
        }
        if m > k {
            let (l, to_l) = (rows(&lu, k, m - k)?, rows(&grad, k, m - k)?);
            above = above.sub(&product(&adjoint(&l)?, &to_l)?)?;
            // ∂A₂ Uᴴ = ∂L₂
            rest = Some(adjoint(&substitute(&u, &adjoint(&to_l)?, UPPER, false)?)?);
        }
        let inner = lower(&below, -1)?.add(&upper(&above, 0)?)?;
        let inner = substitute(&l, &inner, UNIT_LOWER, true)?;
        let mut result = adjoint(&substitute(&u, &adjoint(&inner)?, UPPER, false)?)?;
        if let Some(rest) = rest {
            result = joining::cat(&[result, rest], if n > k { -1 } else { -2 })?;
        }
        cx.put(0, product(&permutation(self.op, &pivots, m, lu.dtype())?, &result)?);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let (lu, pivots) = (cx.output(0).clone(), cx.output(1).clone());
        let [m, n] = matrix_size(self.op, "A", &lu.shape())?;
        let k = m.min(n);
        let ordered = product(&adjoint(&permutation(self.op, &pivots, m, lu.dtype())?)?, &tangent)?;
        let square = columns(&rows(&lu, 0, k)?, 0, k)?;
        let (l, u) = (unit_lower(&square)?, upper(&square, 0)?);
        let part = columns(&rows(&ordered, 0, k)?, 0, k)?;
        let inner = substitute(&l, &part, UNIT_LOWER, false)?;
        let inner = adjoint(&substitute(&u, &adjoint(&inner)?, UPPER, true)?)?;
        let (of_l, of_u) = (product(&l, &lower(&inner, -1)?)?, product(&upper(&inner, 0)?, &u)?);
        let mut result = of_l.add(&of_u)?;
        if n > k {
            let known = product(&of_l, &columns(&lu, k, n - k)?)?;
            let rest = substitute(&l, &columns(&ordered, k, n - k)?.sub(&known)?, UNIT_LOWER, false)?;
            result = joining::cat(&[result, rest], -1)?;
        }
        if m > k {
            let rest = rows(&ordered, k, m - k)?.sub(&product(&rows(&lu, k, m - k)?, &of_u)?)?;
            let rest = adjoint(&substitute(&u, &adjoint(&rest)?, UPPER, true)?)?;
            result = joining::cat(&[result, rest], -2)?;
        }
        cx.put(0, result)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// L of a packed square matrix.
fn unit_lower(packed: &Tensor) -> Result<Tensor> {
    let shape = packed.shape();
    let ones = identity("linalg.lu", &[], shape[shape.len() - 1], packed.dtype())?;
    lower(packed, -1)?.add(&ones)
}

/// Permutation matrices from exchanges of rows.
#[derive(Clone, PartialEq, Debug)]
struct Permutation {
    op: &'static str,
    rows: usize,
    dtype: DType,
}

impl Op for Permutation {
    fn name(&self) -> &str {
        "Permutation"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let pivots = inputs[0].contiguous(self.op)?;
        let (&least, batch) = pivots.shape().split_last().expect("exchanges have an axis");
        let named = launch(&pivots, crate::launch::NONE, |pivots, []| {
            pivots.as_slice::<i32>().is_some_and(|all| all.iter().all(|&row| row >= 1 && row as usize <= self.rows))
        });
        if !named || least > self.rows {
            return Err(Error::runtime(
                self.op,
                "LU_pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive. Did you properly pass the \
                 result of lu_factor?",
            ));
        }
        let p = fresh(self.op, batch, &[self.rows, self.rows], self.dtype)?;
        launch(&pivots, &p, kernel::permutation);
        Ok(smallvec![p])
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// P of A = P L U.
fn permutation(op: &'static str, pivots: &Tensor, rows: usize, dtype: DType) -> Result<Tensor> {
    // Ones and zeros are exact in any dtype.
    let found = call(Permutation { op, rows, dtype: DType::F32 }, &[pivots])?;
    found.to_dtype(dtype)
}

#[track_caller]
fn factored(op: &'static str, input: &Tensor, pivot: bool, check: bool) -> Result<[Tensor; 3]> {
    if input.rank() < 2 {
        let reason =
            format!("Expected tensor with 2 or more dimensions. Got size: {:?} instead", input.shape().as_slice());
        return Err(Error::runtime(op, reason));
    }
    if !input.dtype().is_differentiable() {
        return Err(Error::no_kernel(op, "lu_cpu", input.dtype()));
    }
    check_dtype(op, input.dtype())?;
    let mut results = call_many(LuFactor { op, pivot, check }, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("three results")))
}

/// L and U in one matrix, the rows that were exchanged (counted from 1), and 0 or where U has its first zero.
#[track_caller]
pub fn lu_factor_ex(op: &'static str, input: &Tensor, pivot: bool, check: bool) -> Result<[Tensor; 3]> {
    factored(op, input, pivot, check)
}

/// P, L and U from what [`lu_factor_ex`] gives; without `data` no L and U, without `with_pivots` no P.
#[track_caller]
pub fn lu_unpack(packed: &Tensor, pivots: &Tensor, data: bool, with_pivots: bool) -> Result<[Tensor; 3]> {
    const OP: &str = "lu_unpack";
    let [m, n] = matrix_size(OP, "LU", &packed.shape())?;
    if !packed.dtype().is_float() {
        check_dtype(OP, packed.dtype())?;
    }
    if pivots.dtype() != DType::I32 {
        return Err(Error::runtime(
            OP,
            format!(
                "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function \
                 is intended to be used with the output produced by torch.linalg.lu_factor (got {})",
                pivots.dtype()
            ),
        ));
    }
    let k = m.min(n);
    let none = || Ok::<_, Box<Error>>(Tensor::from_array(Array::zeros(OP, &[0], packed.dtype())?));
    let p = if with_pivots { permutation(OP, pivots, m, packed.dtype())? } else { none()? };
    if !data {
        return Ok([p, none()?, none()?]);
    }
    let whole = columns(packed, 0, k)?;
    let mut l = lower(&whole, -1)?;
    let ones = crate::ops::creation::eye(m as i64, Some(k as i64), Some(packed.dtype()))?;
    l = l.add(&ones)?;
    Ok([p, l, upper(&rows(packed, 0, k)?, 0)?])
}

/// P, L and U with P L U = `input`; without `pivot` no rows are exchanged and there is no P.
#[track_caller]
pub fn lu(input: &Tensor, pivot: bool) -> Result<[Tensor; 3]> {
    let [packed, pivots, _] = factored("linalg.lu", input, pivot, false)?;
    lu_unpack(&packed, &pivots, true, pivot)
}

// ---- systems -----------------------------------------------------------------------------------------------------

/// X with A X = B, the factors of A, and how it went.
#[derive(Clone, PartialEq, Debug)]
struct Solve {
    op: &'static str,
    check: bool,
}

impl Op for Solve {
    fn name(&self) -> &str {
        "LinalgSolveExBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let ([lu, pivots, info], failed) = factors(self.op, &inputs[0], true)?;
        match failed {
            Some((index, _)) if self.check => Err(failure(
                self.op,
                batch_of(inputs[0].shape()),
                index,
                "The solver failed because the input matrix is singular.".to_owned(),
            )),
            _ => {
                let x = solution(self.op, [&lu, &pivots], &inputs[1], false)?;
                Ok(smallvec![x, lu, pivots, info])
            }
        }
    }

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let mut kept = smallvec![Keep::Input(0), Keep::Output(1), Keep::Output(2)];
        if needs(0) {
            kept.push(Keep::Output(0));
        }
        kept
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let again = Resolve { op: self.op, adjoint: true };
        let sources = [From::Saved(0), From::Saved(1), From::Saved(2), From::Grad(0)];
        let to_b = cx.call(again, &sources)?.tensor().clone();
        if cx.needs(0) {
            let x = cx.saved(3)?;
            cx.put(0, product(&to_b, &adjoint(&x)?)?.neg()?);
        }
        if cx.needs(1) {
            cx.put(1, to_b);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let mut right = cx.tangent(1).cloned();
        if let Some(tangent) = cx.tangent(0).cloned() {
            right = Some(sum_of(right, product(&tangent, cx.output(0))?.neg()?)?);
        }
        let Some(right) = right else { return Ok(()) };
        let again = Resolve { op: self.op, adjoint: false };
        cx.put(0, call(again, &[cx.input(0), cx.output(1), cx.output(2), &right])?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// Another system with a matrix whose factors are known: inputs are A, its factors and exchanges, and B.
#[derive(Clone, PartialEq, Debug)]
struct Resolve {
    op: &'static str,
    adjoint: bool,
}

impl Op for Resolve {
    fn name(&self) -> &str {
        "LinalgSolveExBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![solution(self.op, [&inputs[1], &inputs[2]], &inputs[3], self.adjoint)?])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(a), _, _, Some(b)] = *inputs else { unreachable!("all are given") };
        let again = || {
            let a = if self.adjoint { adjoint(a)? } else { a.clone() };
            Ok(smallvec![call(Solve { op: self.op, check: false }, &[&a, b])?])
        };
        Some(again())
    }
}

/// Whether B counts as a batch of vectors, as NumPy 1 had it.
fn is_vectors(a: &[usize], b: &[usize]) -> bool {
    b.len() == 1 || (a.len() - 1 == b.len() && a[..a.len() - 1] == *b)
}

/// The solutions of A X = B (of X A = B without `left`), and 0 or where U has its first zero.
#[track_caller]
pub fn solve_ex(op: &'static str, a: &Tensor, b: &Tensor, left: bool, check: bool) -> Result<[Tensor; 2]> {
    let (own, right) = (a.shape(), b.shape());
    let n = checked_square(op, a)?;
    super::check_same_dtype(op, a, b)?;
    if b.rank() == 0 {
        return Err(Error::runtime(op, "The input tensor B must have at least 1 dimension."));
    }
    let vectors = is_vectors(&own, &right);
    if vectors && !left {
        return Err(Error::runtime(
            op,
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case \
             linalg.solve is equivalent to B / A.squeeze(-1)",
        ));
    }
    let b = if vectors { views::unsqueeze(b, -1)? } else { b.clone() };
    let [height, width] = matrix_size(op, "B", &b.shape())?;
    if (if left { height } else { width }) != n {
        let equation = if left { "AX = B" } else { "XA = B" };
        return Err(Error::runtime(
            op,
            format!("Incompatible shapes of A and B for the equation {equation} ({n}x{n} and {height}x{width})"),
        ));
    }
    let (a, b) = same_batch(op, a, &b)?;
    // X A = B is Aᵀ Xᵀ = Bᵀ.
    let (a, b) = if left { (a, b) } else { (views::matrix_transpose(&a)?, views::matrix_transpose(&b)?) };
    let results = call_many(Solve { op, check }, &[&a, &b])?;
    let mut x = results[0].clone();
    if !left {
        x = views::matrix_transpose(&x)?;
    }
    if vectors {
        x = views::squeeze(&x, Some(&[-1]))?;
    }
    Ok([x, results[3].clone()])
}

/// The solutions of systems whose matrix was factored.
#[track_caller]
pub fn lu_solve(packed: &Tensor, pivots: &Tensor, b: &Tensor, left: bool, adjoint_of: bool) -> Result<Tensor> {
    const OP: &str = "linalg.lu_solve";
    let n = checked_square(OP, packed)?;
    super::check_same_dtype(OP, packed, b)?;
    let [height, width] = matrix_size(OP, "B", &b.shape())?;
    if (if left { height } else { width }) != n {
        let equation = if left { "AX = B" } else { "XA = B" };
        return Err(Error::runtime(
            OP,
            format!("Incompatible shapes of A and B for the equation {equation} ({n}x{n} and {height}x{width})"),
        ));
    }
    let p = permutation(OP, pivots, n, packed.dtype())?;
    let (packed, spread) = same_batch(OP, packed, b)?;
    let turn = |x: &Tensor| if left { Ok(x.clone()) } else { adjoint(x) };
    let b = turn(&spread)?;
    // X A = B is Aᴴ Xᴴ = Bᴴ.
    let x = if adjoint_of == left {
        let x = substitute(&packed, &b, UPPER, true)?;
        product(&p, &substitute(&packed, &x, UNIT_LOWER, true)?)?
    } else {
        let x = product(&adjoint(&p)?, &b)?;
        substitute(&packed, &substitute(&packed, &x, UNIT_LOWER, false)?, UPPER, false)?
    };
    turn(&x)
}

// ---- inverses ----------------------------------------------------------------------------------------------------

/// The inverse, and how it went.
#[derive(Clone, PartialEq, Debug)]
struct Inverse {
    op: &'static str,
    check: bool,
}

impl Op for Inverse {
    fn name(&self) -> &str {
        "LinalgInvExBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let ([lu, pivots, info], failed) = factors(self.op, &inputs[0], true)?;
        match failed {
            Some((index, at)) if self.check => Err(failure(
                self.op,
                batch_of(inputs[0].shape()),
                index,
                format!(
                    "The diagonal element {at} is zero, the inversion could not be completed because the input matrix is \
                     singular."
                ),
            )),
            _ => {
                let inverse = Array::uninit(self.op, lu.shape(), lu.dtype())?;
                launch([&lu, &pivots], &inverse, kernel::lu_inverse);
                Ok(smallvec![inverse, info])
            }
        }
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let inverse = adjoint(&cx.saved(0)?)?;
        let grad = product(&product(&inverse, &cx.only_grad())?, &inverse)?.neg()?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let inverse = cx.output(0);
        cx.put(0, product(&product(inverse, &tangent)?, inverse)?.neg()?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// The inverse, and 0 or where U has its first zero.
#[track_caller]
pub fn inv_ex(op: &'static str, input: &Tensor, check: bool) -> Result<[Tensor; 2]> {
    checked_square(op, input)?;
    let mut results = call_many(Inverse { op, check }, &[input])?.into_iter();
    Ok(std::array::from_fn(|_| results.next().expect("two results")))
}

// ---- determinants ------------------------------------------------------------------------------------------------

/// Sign, logarithm of the magnitude and value of determinants, and the factors of the matrices.
fn determinants(op: &'static str, a: &Array) -> Result<[Array; 5]> {
    let ([lu, pivots, _], _) = factors(op, a, true)?;
    let of_each = |dtype: DType| fresh(op, batch_of(lu.shape()), &[], dtype);
    let (sign, logarithm, value) = (of_each(lu.dtype())?, of_each(lu.dtype().to_real())?, of_each(lu.dtype())?);
    launch([&lu, &pivots], [&sign, &logarithm, &value], kernel::lu_determinant);
    Ok([sign, logarithm, value, lu, pivots])
}

/// The determinant, or with `split` its sign and the logarithm of its magnitude; then the factors.
#[derive(Clone, PartialEq, Debug)]
struct Determinant {
    split: bool,
}

impl Determinant {
    fn op(&self) -> &'static str {
        if self.split { "linalg.slogdet" } else { "linalg.det" }
    }

    /// Where the factors are among the results.
    fn factors(&self) -> [usize; 2] {
        if self.split { [2, 3] } else { [1, 2] }
    }
}

impl Op for Determinant {
    fn name(&self) -> &str {
        if self.split { "LinalgSlogdetBackward0" } else { "LinalgDetBackward0" }
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let [sign, logarithm, value, lu, pivots] = determinants(self.op(), &inputs[0])?;
        Ok(if self.split { smallvec![sign, logarithm, lu, pivots] } else { smallvec![value, lu, pivots] })
    }

    fn differentiable(&self) -> usize {
        if self.split { 2 } else { 1 }
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let [lu, pivots] = self.factors();
        let mut kept = smallvec![Keep::Input(0), Keep::Output(lu), Keep::Output(pivots)];
        if self.split {
            kept.push(Keep::Output(0));
        }
        kept
    }

    /// The gradient of a determinant is the matrix of cofactors, that of its logarithm the inverse, transposed.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let mut grad = cx.grad(usize::from(self.split)).cloned();
        // A sign turns by the imaginary part of what the logarithm grows by.
        if self.split
            && let Some(to_sign) = cx.grad(0).cloned()
            && to_sign.dtype().is_complex()
        {
            let turn = complex::imag(&complex::conj(&to_sign)?.mul(&cx.saved(3)?)?)?;
            grad = Some(sum_of(grad, turn.mul(Scalar::Complex(0.0, -1.0))?)?);
        }
        let Some(grad) = grad else { return Ok(()) };
        let cofactors = Cofactors { log: self.split };
        let found = cx.call(cofactors, &[From::Saved(0), From::Saved(1), From::Saved(2)])?.tensor().clone();
        cx.put(0, found.mul(&views::unsqueeze(&views::unsqueeze(&grad, -1)?, -1)?)?);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let [lu, pivots] = self.factors();
        let cofactors = Cofactors { log: self.split };
        let found = call(cofactors, &[cx.input(0), cx.output(lu), cx.output(pivots)])?;
        let result = reduce::sum(&complex::conj(&found)?.mul(&tangent)?, Some(&[-2, -1]), false, None)?;
        if self.split && result.dtype().is_complex() {
            let turn = complex::imag(&result)?.mul(Scalar::Complex(0.0, 1.0))?;
            cx.put(0, turn.mul(cx.output(0))?)?;
            return cx.put(1, complex::real(&result)?);
        }
        // The sign of a real one stays as it is.
        cx.put(usize::from(self.split), result)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// conj(det(A)) A⁻ᴴ, or A⁻ᴴ with `log`: inputs are A, its factors and exchanges. For singular matrices the cofactors are those of
/// the singular value decomposition, in which they are products of singular values.
#[derive(Clone, PartialEq, Debug)]
struct Cofactors {
    log: bool,
}

impl Op for Cofactors {
    fn name(&self) -> &str {
        "LinalgDetBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "linalg.det";
        let (lu, pivots) = (inputs[1].contiguous(OP)?, inputs[2].contiguous(OP)?);
        let _off = crate::graph::no_grad();
        let inverse = Array::uninit(OP, lu.shape(), lu.dtype())?;
        launch([&lu, &pivots], &inverse, kernel::lu_inverse);
        let inverse = adjoint(&Tensor::from_array(inverse))?;
        if self.log {
            return Ok(smallvec![inverse.array()]);
        }
        let of_each = |dtype: DType| fresh(OP, batch_of(lu.shape()), &[], dtype);
        let (sign, logarithm, value) = (of_each(lu.dtype())?, of_each(lu.dtype().to_real())?, of_each(lu.dtype())?);
        launch([&lu, &pivots], [&sign, &logarithm, &value], kernel::lu_determinant);
        let value = complex::conj(&Tensor::from_array(value))?;
        let spread = views::unsqueeze(&views::unsqueeze(&value, -1)?, -1)?;
        let plain = inverse.mul(&spread)?;
        let singular = value.eq(0.0)?;
        if lu.is_meta() || !reduce::any(&singular, None, false)?.item()?.to_bool() {
            return Ok(smallvec![plain.array()]);
        }
        let exact = singular_cofactors(&Tensor::from_array(inputs[0].clone()))?;
        let singular = views::unsqueeze(&views::unsqueeze(&singular, -1)?, -1)?;
        Ok(smallvec![select::where_(&singular, (&exact).into(), (&plain).into())?.array()])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let Some(a) = inputs[0] else { unreachable!("always given") };
        let spread = |each: &Tensor| views::unsqueeze(&views::unsqueeze(each, -1)?, -1);
        let regular = |a: &Tensor| {
            let inverse = adjoint(&call(Inverse { op: "linalg.det", check: false }, &[a])?)?;
            if self.log {
                return Ok(inverse);
            }
            let value = complex::conj(&call(Determinant { split: false }, &[a])?)?;
            inverse.mul(&spread(&value)?)
        };
        let again = || {
            let shape = a.shape();
            let n = shape[shape.len() - 1];
            if self.log || n > MOST_EXPANDED {
                return Ok(smallvec![regular(a)?]);
            }
            // Beside the greatest that a determinant of such rows can be; an inverse would have no digits left.
            let epsilon = if a.dtype().to_real() == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
            let constant = a.detach();
            let lengths = reduce::norm(&constant, 2.0, Some(&[-1]), false, None)?;
            let bound = reduce::prod(&lengths, Some(-1), false, None)?.mul(epsilon.sqrt())?;
            let singular = det(&constant)?.abs()?.le(&bound)?;
            if reduce::any(&singular, None, false)?.is_known_false() {
                return Ok(smallvec![regular(a)?]);
            }
            // Nothing infinite is to be multiplied by zero, so another matrix stands for a singular one.
            let (singular, ones) = (spread(&singular)?, identity("linalg.det", &[], n, a.dtype())?);
            let others = regular(&select::where_(&singular, (&ones).into(), a.into())?)?;
            Ok(smallvec![select::where_(&singular, (&expanded_cofactors(a)?).into(), (&others).into())?])
        };
        Some(again())
    }
}

/// Sizes up to which the sums of [`expanded_cofactors`] keep digits enough.
const MOST_EXPANDED: usize = 12;

/// Cofactors as polynomials of the elements, which have derivatives of all orders at singular matrices, too (the method of U.
/// Le Verrier and D. K. Faddeev, for which see F. Gantmacher, "The Theory of Matrices", IV § 5).
fn expanded_cofactors(a: &Tensor) -> Result<Tensor> {
    let shape = a.shape();
    let n = shape[shape.len() - 1];
    let ones = identity("linalg.det", batch_of(&shape), n, a.dtype())?;
    let mut sum = ones.clone();
    for k in 1..n {
        let next = product(a, &sum)?;
        let trace = reduce::sum(&super::diagonal(&next)?, Some(&[-1]), false, None)?.mul(-1.0 / k as f64)?;
        sum = next.add(&ones.mul(&views::unsqueeze(&views::unsqueeze(&trace, -1)?, -1)?)?)?;
    }
    let adjugate = if n.is_multiple_of(2) { sum.neg()? } else { sum };
    adjoint(&adjugate)
}

/// conj(det(U) det(Vᴴ)) U diag(∏ⱼ≠ᵢ sⱼ) Vᴴ.
fn singular_cofactors(a: &Tensor) -> Result<Tensor> {
    let [u, values, vh] = super::svd::svd(a, false)?;
    let shape = values.shape();
    let n = shape[shape.len() - 1];
    let mut others = Vec::with_capacity(n);
    for at in 0..n {
        let before = views::narrow(&values, -1, 0, at as i64)?;
        let behind = views::narrow(&values, -1, at as i64 + 1, (n - at - 1) as i64)?;
        let rest = joining::cat(&[before, behind], -1)?;
        others.push(reduce::prod(&rest, Some(-1), false, None)?);
    }
    let middle = joining::stack(&others, -1)?;
    let turns = complex::conj(&det(&u)?.mul(&det(&vh)?)?)?;
    let middle = middle.mul(&views::unsqueeze(&turns, -1)?)?;
    product(&u.mul(&super::for_columns(&middle)?)?, &vh)
}

/// The determinant.
#[track_caller]
pub fn det(input: &Tensor) -> Result<Tensor> {
    checked_square("linalg.det", input)?;
    call(Determinant { split: false }, &[input])
}

/// The sign of the determinant (0 for singular matrices) and the logarithm of its magnitude.
#[track_caller]
pub fn slogdet(op: &'static str, input: &Tensor) -> Result<[Tensor; 2]> {
    checked_square(op, input)?;
    let results = call_many(Determinant { split: true }, &[input])?;
    Ok([results[0].clone(), results[1].clone()])
}

/// The logarithm of the determinant; NaN where that is negative.
#[track_caller]
pub fn logdet(input: &Tensor) -> Result<Tensor> {
    let [sign, logarithm] = slogdet("logdet", input)?;
    if sign.dtype().is_complex() {
        return sign.log()?.add(&logarithm);
    }
    let negative = sign.lt(0.0)?;
    let nan = Scalar::Float(f64::NAN);
    select::where_(&negative, nan.into(), (&logarithm).into())
}
