//! Norms of matrices, and condition numbers.

use smallvec::SmallVec;

use super::{check_dtype, lu, matrix_size, square_size, svd};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::elementwise::select;
use crate::ops::reductions::reduce;
use crate::ops::registry::Value;
use crate::ops::views;
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::shape;
use crate::tensor::Tensor;

/// A norm of matrices.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Order {
    /// The root of the sum of squares.
    Frobenius,
    /// The sum of the singular values.
    Nuclear,
    /// ±1: of sums down columns; ±∞: along rows; ±2: of singular values; the greatest, or the least below 0.
    Number(f64),
}

impl Order {
    /// The order that an argument names, if it is one of matrices.
    fn of(value: &Value) -> Option<Self> {
        let number = match value {
            Value::Text(name) if name == "fro" => return Some(Self::Frobenius),
            Value::Text(name) if name == "nuc" => return Some(Self::Nuclear),
            _ => number(value)?,
        };
        (matches!(number.abs(), 1.0 | 2.0) || number.is_infinite()).then_some(Self::Number(number))
    }
}

/// The number that an argument is.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(number) => Some(f64::from(u8::from(*number))),
        _ => None,
    }
}

/// How an argument is written.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => number(other).map_or_else(|| "None".to_owned(), |number| number.to_string()),
    }
}

/// A norm over a pair of axes, which are dropped unless `keep`.
#[track_caller]
pub fn matrix_norm(input: &Tensor, order: &Value, axes: &[i64], keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    const OP: &str = "linalg.matrix_norm";
    let Some(order) = Order::of(order) else {
        return Err(Error::runtime(OP, format!("Order {} not supported.", shown(order))));
    };
    matrix_size(OP, "A", &input.shape())?;
    let &[first, second] = axes else {
        let given: Vec<String> = axes.iter().map(i64::to_string).collect();
        return Err(Error::runtime(OP, format!("dim must be a 2-tuple. Got {}", given.join(" "))));
    };
    let rank = input.rank();
    let (row, column) = (shape::normalize_axis(OP, first, rank)?, shape::normalize_axis(OP, second, rank)?);
    if row == column {
        return Err(Error::runtime(OP, format!("dims must be different. Got ({first}, {second})")));
    }
    if !input.dtype().is_float() || matches!(order, Order::Nuclear | Order::Number(-2.0 | 2.0)) {
        check_dtype(OP, input.dtype())?;
    }
    if order == Order::Frobenius {
        return reduce::norm(input, 2.0, Some(&[first, second]), keep, dtype);
    }
    let input = match dtype {
        Some(dtype) => copy::to_dtype(input, dtype)?,
        None => input.clone(),
    };
    let matrices = views::movedim(&input, &[row as i64, column as i64], &[-2, -1])?;
    let result = match order {
        Order::Nuclear => reduce::sum(&svd::svdvals(&matrices)?, Some(&[-1]), false, None)?,
        Order::Number(order) => {
            let candidates = match order.abs() {
                1.0 => reduce::sum(&matrices.abs()?, Some(&[-2]), false, None)?,
                2.0 => svd::svdvals(&matrices)?,
                _ => reduce::sum(&matrices.abs()?, Some(&[-1]), false, None)?,
            };
            let size = candidates.shape();
            if size[size.len() - 1] == 0 && order > 0.0 {
                reduce::sum(&candidates, Some(&[-1]), false, None)?
            } else {
                reduce::extreme(&candidates, order > 0.0, Some(&[-1]), false)?
            }
        }
        Order::Frobenius => unreachable!("done above"),
    };
    if !keep {
        return Ok(result);
    }
    let mut kept: SmallVec<[usize; 6]> = input.shape().iter().copied().collect();
    (kept[row], kept[column]) = (1, 1);
    views::reshape_to(&result, &kept)
}

/// The sum of the singular values of a matrix, or over a pair of axes.
#[track_caller]
pub fn nuclear_norm(input: &Tensor, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    let order = Value::Text("nuc".to_owned());
    matrix_norm(input, &order, axes.unwrap_or(&[-2, -1]), keep, dtype)
}

/// A norm of vectors or of matrices, by the number of axes it is taken over.
#[track_caller]
pub fn norm(input: &Tensor, order: &Value, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    const OP: &str = "linalg.norm";
    if matches!(order, Value::None) {
        return reduce::norm(input, 2.0, axes, keep, dtype);
    }
    let rank = input.rank();
    let all: &[i64] = match (axes, rank) {
        (Some(axes), _) => axes,
        (None, 1) => &[0],
        (None, 2) => &[0, 1],
        _ => {
            let reason = format!("If dim is not specified but ord is, the input must be 1D or 2D. Got {rank}D.");
            return Err(Error::runtime(OP, reason));
        }
    };
    match number(order) {
        Some(order) if all.len() == 1 => reduce::norm(input, order, Some(all), keep, dtype),
        _ => matrix_norm(input, order, all, keep, dtype),
    }
}

/// Matrices times powers of two, constants that bring their greatest elements near 1: so neither norm has no room.
fn balanced(input: &Tensor) -> Result<Tensor> {
    let most = reduce::extreme(&input.detach().abs()?, true, Some(&[-2, -1]), true)?;
    // The powers of which both types have the inverse.
    let exponent = most.log2()?.floor()?.maximum(-120.0)?.minimum(120.0)?;
    input.mul(&exponent.neg()?.exp2()?)
}

/// ‖A‖ ‖A⁻¹‖ in a norm of matrices.
#[track_caller]
pub fn cond(input: &Tensor, order: &Value) -> Result<Tensor> {
    const OP: &str = "linalg.cond";
    if input.rank() < 2 {
        return Err(Error::runtime(OP, "The input tensor must have at least 2 dimensions."));
    }
    let two = matches!(order, Value::None) || number(order).is_some_and(|order| order.abs() == 2.0);
    if !two {
        square_size(OP, "A", &input.shape())?;
        if Order::of(order).is_none() {
            return Err(Error::value(OP, format!("linalg.cond got an invalid norm type: {}", shown(order))));
        }
    }
    if input.numel() == 0 {
        let shape = input.shape();
        return crate::ops::creation::zeros(OP, &shape[..shape.len() - 2], Some(input.dtype().to_real()));
    }
    if two {
        let values = svd::svdvals(input)?;
        let (greatest, least) = (views::select(&values, -1, 0)?, views::select(&values, -1, -1)?);
        let least_first = number(order) == Some(-2.0);
        return if least_first { least.div(&greatest) } else { greatest.div(&least) };
    }
    let input = &if input.dtype().is_differentiable() { balanced(input)? } else { input.clone() };
    let over = |matrices: &Tensor| matrix_norm(matrices, order, &[-2, -1], false, None);
    if Order::of(order) == Some(Order::Nuclear) {
        let values = svd::svdvals(input)?;
        let sum = |values: &Tensor| reduce::sum(values, Some(&[-1]), false, None);
        return sum(&values)?.mul(&sum(&values.reciprocal()?)?);
    }
    let [inverse, info] = lu::inv_ex(OP, input, false)?;
    let known = over(input)?.mul(&over(&inverse)?)?;
    // A singular matrix has no inverse, and it is as far from one as can be.
    select::where_(&info.eq(0.0)?, (&known).into(), Scalar::Float(f64::INFINITY).into())
}
