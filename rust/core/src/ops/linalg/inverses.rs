//! What comes nearest to an inverse where there is none: pseudoinverses, least squares, ranks.

use smallvec::{SmallVec, smallvec};

use super::{
    adjoint, batch_of, batched, check_dtype, for_columns, lu, matrix_size, product, same_batch, svd, triangular,
};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::ops::elementwise::Arg;
use crate::ops::elementwise::select;
use crate::ops::reductions::reduce;
use crate::ops::registry::Value;
use crate::ops::writing::copy;
use crate::ops::{complex, creation, views};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::storage::Device;
use crate::tensor::Tensor;

/// Which singular values count as zero: those up to the greater of `absolute`, and `relative` times the greatest of them.
pub struct Tolerance<'a> {
    /// A number, or one for each matrix.
    pub absolute: &'a Value,
    /// A number, or one for each matrix; the machine's precision times the greater size if neither is given.
    pub relative: &'a Value,
}

impl Tolerance<'_> {
    /// The bound for each matrix, an axis kept for its singular values.
    fn bound(&self, op: &'static str, values: &Tensor, [rows, columns]: [usize; 2]) -> Result<Tensor> {
        let dtype = values.dtype();
        let as_tensor = |value: &Value, name: &str| -> Result<Option<Tensor>> {
            let number = match value {
                Value::None => return Ok(None),
                Value::Tensor(tensor) => return Ok(Some(copy::to_dtype(tensor, dtype)?)),
                Value::Int(number) => *number as f64,
                Value::Float(number) => *number,
                _ => return Err(Error::type_(op, format!("{op}(): argument '{name}' must be float or Tensor"))),
            };
            Ok(Some(Tensor::scalar(number, dtype)?))
        };
        let (absolute, relative) = (as_tensor(self.absolute, "atol")?, as_tensor(self.relative, "rtol")?);
        let epsilon = if dtype == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
        let default = Tensor::scalar(epsilon * rows.max(columns) as f64, dtype)?;
        let relative = match (&absolute, relative) {
            (_, Some(relative)) => relative,
            (None, None) => default,
            // Where the absolute one is 0, it counts as not given.
            (Some(absolute), None) => {
                select::where_(&absolute.gt(0.0)?, Arg::Scalar(Scalar::Float(0.0)), (&default).into())?
            }
        };
        let shape = values.shape();
        let greatest = if shape[shape.len() - 1] == 0 {
            creation::zeros(op, &shape[..shape.len() - 1], Some(dtype))?
        } else {
            reduce::extreme(values, true, Some(&[-1]), false)?
        };
        let mut bound = relative.mul(&greatest)?;
        if let Some(absolute) = absolute {
            bound = bound.maximum(&absolute)?;
        }
        views::unsqueeze(&bound, -1)
    }
}

/// A copy that is a constant to reverse and to forward mode.
#[derive(Clone, PartialEq, Debug)]
struct Constant;

impl Op for Constant {
    fn name(&self) -> &str {
        "Constant"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![inputs[0].duplicate("linalg.svdvals")?])
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// Singular values, or magnitudes of eigenvalues of Hermitian matrices, as constants.
fn spectrum(input: &Tensor, hermitian: bool) -> Result<Tensor> {
    let _off = crate::graph::no_grad();
    let values = if hermitian { super::eigh::eigvalsh(input, "L")?.abs()? } else { svd::svdvals(input)? };
    call(Constant, &[&values])
}

/// How many singular values are no zeros.
#[track_caller]
pub fn matrix_rank(input: &Tensor, tolerance: &Tolerance<'_>, hermitian: bool) -> Result<Tensor> {
    const OP: &str = "linalg.matrix_rank";
    let size = matrix_size(OP, "input", &input.shape())?;
    let values = spectrum(input, hermitian)?;
    let counted = values.gt(&tolerance.bound(OP, &values, size)?)?;
    reduce::sum(&counted, Some(&[-1]), false, None)
}

// ---- pseudoinverses ----------------------------------------------------------------------------------------------

/// The pseudoinverse: inputs are the matrices, and the bounds below which singular values are zeros, with an axis of size 1.
#[derive(Clone, PartialEq, Debug)]
struct PseudoInverse {
    hermitian: bool,
}

impl Op for PseudoInverse {
    fn name(&self) -> &str {
        "LinalgPinvBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let _off = crate::graph::no_grad();
        let (a, bound) = (Tensor::from_array(inputs[0].clone()), Tensor::from_array(inputs[1].clone()));
        let (left, values, right) = if self.hermitian {
            let [values, vectors] = super::eigh::eigh(&a, "L")?;
            (vectors.clone(), values, adjoint(&vectors)?)
        } else {
            let [u, values, vh] = svd::svd(&a, false)?;
            (u, values, vh)
        };
        let zero = Arg::Scalar(Scalar::Float(0.0));
        let inverses = select::where_(&values.abs()?.gt(&bound)?, (&values.reciprocal()?).into(), zero)?;
        let scaled = adjoint(&right)?.mul(&for_columns(&inverses)?)?;
        Ok(smallvec![product(&scaled, &adjoint(&left)?)?.array()])
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Output(0)]
    }

    /// −Xᴴ G Xᴴ + (I − A X) Gᴴ X Xᴴ + Xᴴ X Gᴴ (I − X A): the rank is taken to stay as it is (G. Golub and V. Pereyra, "The
    /// differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", 1973).
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (a, x, grad) = (cx.saved(0)?, cx.saved(1)?, cx.only_grad());
        let (turned, to_turned) = (adjoint(&x)?, adjoint(&grad)?);
        let first = product(&product(&turned, &grad)?, &turned)?;
        let second = product(&product(&to_turned, &x)?, &turned)?;
        let second = second.sub(&product(&a, &product(&x, &second)?)?)?;
        let third = product(&turned, &product(&x, &to_turned)?)?;
        let third = third.sub(&product(&product(&third, &x)?, &a)?)?;
        cx.put(0, second.add(&third)?.sub(&first)?);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let (a, x) = (cx.input(0), cx.output(0));
        let (turned, of_turned) = (adjoint(x)?, adjoint(&tangent)?);
        let first = product(&product(x, &tangent)?, x)?;
        let second = product(x, &product(&turned, &of_turned)?)?;
        let second = second.sub(&product(&product(&second, a)?, x)?)?;
        let third = product(&product(&of_turned, &turned)?, x)?;
        let third = third.sub(&product(x, &product(a, &third)?)?)?;
        cx.put(0, second.add(&third)?.sub(&first)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batched(cx, self)
    }
}

/// The pseudoinverse (of Moore and Penrose); singular values within `tolerance` of zero count as zeros.
#[track_caller]
pub fn pinv(input: &Tensor, tolerance: &Tolerance<'_>, hermitian: bool) -> Result<Tensor> {
    const OP: &str = "linalg.pinv";
    let shape = input.shape();
    if shape.len() < 2 || !input.dtype().is_differentiable() {
        let name = crate::dtype::torch_name(input.dtype());
        return Err(Error::runtime(
            OP,
            format!(
                "linalg.pinv({name}{{{:?}}}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types",
                shape.as_slice()
            ),
        ));
    }
    let [m, n] = matrix_size(OP, "A", &shape)?;
    if input.numel() == 0 {
        let mut turned: Shape = batch_of(&shape).iter().copied().collect();
        turned.extend([n, m]);
        return views::reshape_to(input, &turned);
    }
    let values = spectrum(input, hermitian)?;
    let bound = tolerance.bound(OP, &values, [m, n])?;
    let mut each: Shape = batch_of(&shape).iter().copied().collect();
    each.push(1);
    let bound = views::broadcast_to(&bound, &each)?;
    call(PseudoInverse { hermitian }, &[input, &bound])
}

// ---- least squares -----------------------------------------------------------------------------------------------

/// X with the least ‖A X − B‖, the squares that remain, the ranks, the singular values.
#[track_caller]
pub fn lstsq(a: &Tensor, b: &Tensor, rcond: Option<f64>, driver: Option<&str>) -> Result<[Tensor; 4]> {
    const OP: &str = "torch.linalg.lstsq";
    let (own, right) = (a.shape(), b.shape());
    if own.len() < 2 {
        return Err(Error::runtime(OP, "input must have at least 2 dimensions."));
    }
    if right.is_empty() {
        return Err(Error::runtime(OP, "other must have at least 1 dimension."));
    }
    if a.dtype() != b.dtype() {
        let name = crate::dtype::torch_name;
        let reason = format!(
            "Expected input and other to have the same dtype, but got input's dtype {} and other's dtype {}",
            name(a.dtype()),
            name(b.dtype())
        );
        return Err(Error::runtime(OP, reason));
    }
    let driver = driver.unwrap_or("gelsy");
    if !["gels", "gelsy", "gelsd", "gelss"].contains(&driver) {
        return Err(Error::runtime(OP, "parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"));
    }
    check_dtype(OP, a.dtype())?;
    let [m, n] = matrix_size(OP, "A", &own)?;
    let vectors = own.len() - 1 == right.len() && own[..own.len() - 1] == *right;
    let b = if vectors { views::unsqueeze(b, -1)? } else { b.clone() };
    if b.rank() < 2 || b.shape()[b.rank() - 2] != m {
        let axis = if right.len() < own.len() { "-1" } else { "-2" };
        return Err(Error::runtime(OP, format!("input.size(-2) should match other.size({axis})")));
    }
    let (a, b) = same_batch(OP, a, &b)?;
    let batch: Shape = batch_of(&a.shape()).iter().copied().collect();
    let none = |dtype: DType| Ok::<_, Box<Error>>(Tensor::from_array(Array::zeros(OP, &[0], dtype)?));
    let known = rcond.map_or(Value::None, Value::Float);
    let tolerance = Tolerance { absolute: &Value::None, relative: &known };
    let (mut rank, mut values) = (none(DType::I64)?, none(a.dtype().to_real())?);
    let solution = if driver == "gels" && m > 0 && n > 0 {
        full_rank(&a, &b, m >= n)?
    } else {
        rank = matrix_rank(&a, &tolerance, false)?;
        if matches!(driver, "gelsd" | "gelss") {
            values = spectrum(&a, false)?;
        }
        product(&pinv(&a, &tolerance, false)?, &b)?
    };
    let mut residuals = none(a.dtype().to_real())?;
    let full = || -> Result<bool> {
        if rank.device() == Device::Meta {
            return Ok(true);
        }
        let full = rank.eq(n as f64)?;
        Ok(reduce::all(&full, None, false)?.item()?.to_bool())
    };
    if m > n && driver != "gelsy" && (driver == "gels" || full()?) {
        let rest = product(&a, &solution)?.sub(&b)?;
        residuals = reduce::sum(&complex::real(&rest.mul(&complex::conj(&rest)?)?)?, Some(&[-2]), false, None)?;
    }
    debug_assert_eq!(batch_of(&solution.shape()), batch.as_slice());
    let solution = if vectors { views::squeeze(&solution, Some(&[-1]))? } else { solution };
    Ok([solution, residuals, rank, values])
}

/// By Q R of a tall matrix, or of the conjugate transpose of a wide one.
fn full_rank(a: &Tensor, b: &Tensor, tall: bool) -> Result<Tensor> {
    const UPPER: crate::kernels::linalg::Side = crate::kernels::linalg::Side::Upper { unit: false };
    let turned = if tall { a.clone() } else { adjoint(a)? };
    let [q, r] = super::qr::qr(&turned, "reduced")?;
    if tall {
        triangular::substitute(&r, &product(&adjoint(&q)?, b)?, UPPER, false)
    } else {
        product(&q, &triangular::substitute(&r, b, UPPER, true)?)
    }
}

// ---- tensors as matrices -----------------------------------------------------------------------------------------

/// The inverse of a tensor that maps its axes from `split` on to those before.
#[track_caller]
pub fn tensorinv(input: &Tensor, split: i64) -> Result<Tensor> {
    const OP: &str = "linalg.tensorinv";
    let shape = input.shape();
    if split <= 0 {
        return Err(Error::runtime(OP, format!("Expected a strictly positive integer for 'ind', but got {split}")));
    }
    let (front, back) = shape.split_at((split as usize).min(shape.len()));
    let (rows, columns): (usize, usize) = (front.iter().product(), back.iter().product());
    if rows != columns {
        return Err(Error::runtime(
            OP,
            format!(
                "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got {columns} \
                 != {rows}"
            ),
        ));
    }
    let [inverse, _] = lu::inv_ex("inv", &views::reshape_to(input, &[rows, columns])?, true)?;
    let turned: Shape = back.iter().chain(front).copied().collect();
    views::reshape_to(&inverse, &turned)
}

/// X with `tensordot(A, X, X.ndim) == B`; the axes `moved` of A come last.
#[track_caller]
pub fn tensorsolve(a: &Tensor, b: &Tensor, moved: Option<&[i64]>) -> Result<Tensor> {
    const OP: &str = "linalg.tensorsolve";
    let a = match moved {
        Some(axes) => {
            let ends: SmallVec<[i64; 6]> = (-(axes.len() as i64)..0).collect();
            views::movedim(a, axes, &ends)?
        }
        None => a.clone(),
    };
    let shape = a.shape();
    let (front, back) = shape.split_at(b.rank().min(shape.len()));
    let (rows, columns): (usize, usize) = (front.iter().product(), back.iter().product());
    if rows != columns {
        return Err(Error::runtime(
            OP,
            format!(
                "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but \
                 got {columns} != {rows}"
            ),
        ));
    }
    let matrix = views::reshape_to(&a, &[rows, columns])?;
    let [x, _] = lu::solve_ex("torch.linalg.solve", &matrix, &views::flatten(b, 0, -1)?, true, true)?;
    views::reshape_to(&x, back)
}
