//! Attention.

use super::elementwise::apply;
use super::matmul::{self, c_name};
use super::{dropout, reduce, rows, select, softmax, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::no_grad;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Options of [`scaled_dot_product_attention`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Which keys a query sees: `bool` (true for seen) or added to the scores; broadcast.
    pub mask: Option<&'a Tensor>,
    /// Whether query `i` sees the keys up to `i` only.
    pub causal: bool,
    /// Factor of the scores; 1/√E if it is not given.
    pub scale: Option<f64>,
    /// Whether several heads of the query share one of key and value.
    pub grouped: bool,
    /// Probability with which a weight is dropped.
    pub dropout: f64,
}

const OP: &str = "scaled_dot_product_attention";

/// `softmax(query · keyᵀ · scale + mask) · value`, the last two axes being positions and features (query `L × E`, key
/// `S × E`, value `S × Ev`). A query that sees no key gets zeros.
///
/// # Errors
/// When shapes or dtypes do not fit.
#[track_caller]
pub fn scaled_dot_product_attention(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    options: Options<'_>,
) -> Result<Tensor> {
    check(query, key, value, &options)?;
    let (mut key, mut value) = (key.clone(), value.clone());
    if options.grouped {
        (key, value) = (per_head(query, &key)?, per_head(query, &value)?);
    }
    let features = query.shape()[query.rank() - 1];
    let scale = options.scale.unwrap_or_else(|| 1.0 / (features as f64).sqrt());
    let scores = matmul::matmul(&query.mul(scale)?, &views::matrix_transpose(&key)?)?;
    let size = scores.shape();
    let mask = match options.mask {
        Some(mask) if mask.dtype() == DType::Bool => Some(hidden(mask, query.dtype())?),
        Some(mask) => Some(mask.clone()),
        None if options.causal => {
            Some(hidden(&lower_triangle(size[size.len() - 2], size[size.len() - 1])?, query.dtype())?)
        }
        None => None,
    };
    let dropped = |weights: &Tensor| dropout::dropout(weights, options.dropout, true, false, None);
    let Some(mask) = mask else {
        return matmul::matmul(&dropped(&softmax::softmax(&scores, -1, None)?)?, &value);
    };
    let scores = scores.add(&mask)?;
    // Rows without a key: any finite scores will do, for their weights become 0, and so do their gradients.
    let blind = {
        let _off = no_grad();
        let nothing = scores.detach().eq(f64::NEG_INFINITY)?;
        reduce::all(&nothing, Some(&[-1]), true)?
    };
    let zero_rows = |tensor: &Tensor| select::where_(&blind, Scalar::Int(0).into(), tensor.into());
    let weights = zero_rows(&softmax::softmax(&zero_rows(&scores)?, -1, None)?)?;
    matmul::matmul(&dropped(&weights)?, &value)
}

fn check(query: &Tensor, key: &Tensor, value: &Tensor, options: &Options<'_>) -> Result<()> {
    let ranks = [query.rank(), key.rank(), value.rank()];
    if ranks.iter().any(|&rank| rank < 2) {
        let [q, k, v] = ranks;
        return Err(Error::runtime(
            OP,
            format!(
                "Expected query, key, and value to all be at least 2 dimensional, but got query.dim: {q} key.dim: {k} and \
                 value.dim: {v} instead."
            ),
        ));
    }
    let dtypes = [query.dtype(), key.dtype(), value.dtype()];
    if dtypes[1] != dtypes[0] || dtypes[2] != dtypes[0] {
        let [q, k, v] = dtypes.map(c_name);
        return Err(Error::runtime(
            OP,
            format!(
                "Expected query, key, and value to have the same dtype, but got query.dtype: {q} key.dtype: {k} and \
                 value.dtype: {v} instead."
            ),
        ));
    }
    let Some(mask) = options.mask else { return Ok(()) };
    if options.causal {
        return Err(Error::runtime(OP, "Explicit attn_mask should not be set when is_causal=True"));
    }
    if mask.dtype() != DType::Bool && mask.dtype() != dtypes[0] {
        return Err(Error::runtime(
            OP,
            format!(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: {} and \
                 query.dtype: {} instead.",
                c_name(mask.dtype()),
                c_name(dtypes[0])
            ),
        ));
    }
    Ok(())
}

/// What is added to the scores: 0 where the mask is true, −∞ elsewhere.
fn hidden(mask: &Tensor, dtype: DType) -> Result<Tensor> {
    let zero = Tensor::scalar(0.0, dtype)?;
    apply(&rows::where_::ROW, &[], &[mask.into(), (&zero).into(), f64::NEG_INFINITY.into()])
}

/// True on and below the diagonal.
fn lower_triangle(height: usize, width: usize) -> Result<Tensor> {
    let count = |length: usize, shape: &[usize]| -> Result<Tensor> {
        let positions: Vec<i64> = (0..length as i64).collect();
        Ok(Tensor::from_array(Array::from_slice(&positions, shape)?))
    };
    count(height, &[height, 1])?.ge(&count(width, &[1, width])?)
}

/// A head of key or value repeated for each head of the query that shares it.
fn per_head(query: &Tensor, shared: &Tensor) -> Result<Tensor> {
    let (wanted, own) = (query.shape(), shared.shape());
    let head = |shape: &Shape| if shape.len() >= 3 { shape[shape.len() - 3] } else { 1 };
    let (many, few) = (head(&wanted), head(&own));
    if own.len() < 3 || few == 0 || !many.is_multiple_of(few) {
        return Err(Error::runtime(OP, "Number of heads in key and value must divide the number of heads in query"));
    }
    if many == few {
        return Ok(shared.clone());
    }
    let mut spread: Shape = own.clone();
    let place = own.len() - 2;
    spread.insert(place, many / few);
    let mut joined = own.clone();
    joined[place - 1] = many;
    views::reshape_to(&views::broadcast_to(&views::unsqueeze(shared, place as i64)?, &spread)?, &joined)
}
