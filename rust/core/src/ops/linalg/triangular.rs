//! Systems whose matrix is a triangle.

use smallvec::{SmallVec, smallvec};

use super::{adjoint, batch_of, batched, check_dtype, lower, matrix_size, product, same_batch, square_size, upper};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::linalg::{self as kernel, Side};
use crate::launch::launch;
use crate::tensor::Tensor;

/// X with T X = B, or with Tᴴ X = B; only the named triangle of T is read.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct TriangularSolve {
    pub side: Side,
    pub adjoint: bool,
}

impl TriangularSolve {
    /// What of a matrix is read.
    fn part(&self, t: &Tensor) -> Result<Tensor> {
        match self.side {
            Side::Lower { unit } => lower(t, -i64::from(unit)),
            Side::Upper { unit } => upper(t, i64::from(unit)),
        }
    }
}

impl Op for TriangularSolve {
    fn name(&self) -> &str {
        "LinalgSolveTriangularBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "linalg.solve_triangular";
        let (t, b) = (inputs[0].contiguous(OP)?, inputs[1].contiguous(OP)?);
        let x = Array::uninit(OP, b.shape(), b.dtype())?;
        launch([&t, &b], &x, |operands, x| kernel::triangular_solve(self.side, self.adjoint, operands, x));
        Ok(smallvec![x])
    }

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        if needs(0) { smallvec![Keep::Input(0), Keep::Output(0)] } else { smallvec![Keep::Input(0)] }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let t = cx.saved(0)?;
        let to_b = call(Self { adjoint: !self.adjoint, ..self.clone() }, &[&t, &cx.only_grad()])?;
        if cx.needs(0) {
            let x = cx.saved(1)?;
            let (left, right) = if self.adjoint { (&x, &to_b) } else { (&to_b, &x) };
            cx.put(0, self.part(&product(left, &adjoint(right)?)?)?.neg()?);
        }
        if cx.needs(1) {
            cx.put(1, to_b);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let mut right = cx.tangent(1).cloned();
        if let Some(tangent) = cx.tangent(0).cloned() {
            let part = self.part(&tangent)?;
            let part = if self.adjoint { adjoint(&part)? } else { part };
            right = Some(super::sum_of(right, product(&part, cx.output(0))?.neg()?)?);
        }
        let Some(right) = right else { return Ok(()) };
        cx.put(0, call(self.clone(), &[cx.input(0), &right])?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// X with T X = B for triangles T; both have the same batch axes.
#[track_caller]
pub(super) fn substitute(t: &Tensor, b: &Tensor, side: Side, adjoint: bool) -> Result<Tensor> {
    call(TriangularSolve { side, adjoint }, &[t, b])
}

/// The solutions of `A X = B` (or of `X A = B` without `left`) for triangular A, of which only the triangle is read.
#[track_caller]
pub fn solve_triangular(a: &Tensor, b: &Tensor, upper: bool, left: bool, unit: bool) -> Result<Tensor> {
    const OP: &str = "linalg.solve_triangular";
    let (own, right) = (a.shape(), b.shape());
    let n = square_size(OP, "A", &own)?;
    let [rows, columns] = matrix_size(OP, "B", &right)?;
    if (if left { rows } else { columns }) != n {
        return Err(Error::runtime(
            OP,
            format!(
                "Incompatible shapes of A and B for the equation {} ({}x{} and {}x{})",
                if left { "AX = B" } else { "XA = B" },
                if left { n } else { rows },
                if left { n } else { columns },
                if left { rows } else { n },
                if left { columns } else { n },
            ),
        ));
    }
    check_dtype(OP, a.dtype())?;
    super::check_same_dtype(OP, a, b)?;
    let (a, b) = same_batch(OP, a, b)?;
    debug_assert_eq!(batch_of(&a.shape()), batch_of(&b.shape()));
    let side = if upper { Side::Upper { unit } } else { Side::Lower { unit } };
    if left {
        return substitute(&a, &b, side, false);
    }
    // X A = B is Aᴴ Xᴴ = Bᴴ.
    adjoint(&substitute(&a, &adjoint(&b)?, side, true)?)
}

/// X with A X = B (Aᵀ with `transpose`) as the older function gives it, with a copy of A.
#[track_caller]
pub fn old(b: &Tensor, a: &Tensor, upper: bool, transpose: bool, unit: bool) -> Result<[Tensor; 2]> {
    let coefficients = if transpose { crate::ops::views::matrix_transpose(a)? } else { a.clone() };
    let x = solve_triangular(&coefficients, b, upper != transpose, true, unit)?;
    Ok([x, crate::ops::writing::copy::clone(a)?])
}
