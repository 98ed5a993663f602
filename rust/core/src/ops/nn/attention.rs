//! Attention: fused where there is neither a mask but the causal one nor dropout, else composed.

use smallvec::{SmallVec, smallvec};

use super::dropout;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call::{call_many, first};
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{flat, no_grad};
use crate::kernels::attention::{self as kernel, AttentionSize, Known};
use crate::launch::launch;
use crate::ops::elementwise::{apply, select};
use crate::ops::matmul::{self, c_name};
use crate::ops::reductions::{reduce, softmax};
use crate::ops::{batching, rows, views};
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
    let dtype = query.dtype();
    if dtype.is_half() {
        // Scores and weights would be rounded in each step, forward and backward.
        let wide = |tensor: &Tensor| tensor.to_dtype(DType::F32);
        let mask = match options.mask {
            Some(mask) if mask.dtype() != DType::Bool => Some(wide(mask)?),
            mask => mask.cloned(),
        };
        let options = Options { mask: mask.as_ref(), ..options };
        return scaled_dot_product_attention(&wide(query)?, &wide(key)?, &wide(value)?, options)?.to_dtype(dtype);
    }
    let (mut key, mut value) = (key.clone(), value.clone());
    if options.grouped {
        (key, value) = (per_head(query, &key)?, per_head(query, &value)?);
    }
    let features = query.shape()[query.rank() - 1];
    let scale = options.scale.unwrap_or_else(|| 1.0 / (features as f64).sqrt());
    if options.mask.is_none() && options.dropout == 0.0 && is_fused(&[query, &key, &value]) {
        return Ok(first(call_many(Fused { causal: options.causal, scale }, &[query, &key, &value])?));
    }
    let scores = matmul::matmul(&query.mul(scale)?, &views::matrix_transpose(&key)?)?;
    let size = scores.shape();
    let mask = match options.mask {
        Some(mask) if mask.dtype() == DType::Bool => Some(hidden(mask, query.dtype())?),
        Some(mask) => Some(mask.clone()),
        None if options.causal => Some(causal_mask(&size, query.dtype())?),
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

/// What is added to scores of this shape so that query `i` sees the keys up to `i` only.
fn causal_mask(scores: &[usize], dtype: DType) -> Result<Tensor> {
    hidden(&lower_triangle(scores[scores.len() - 2], scores[scores.len() - 1])?, dtype)
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

// ---- without the scores ------------------------------------------------------------------------------------------

/// Whether [`Fused`] is for such query, key and value: matrices of floats that fit, in the same batch, of which none is
/// empty.
fn is_fused(inputs: &[&Tensor; 3]) -> bool {
    let shapes = inputs.map(Tensor::shape);
    sizes([&shapes[0], &shapes[1], &shapes[2]], false, 1.0).is_some() && inputs[0].dtype().is_float()
}

/// The sizes of fused attention, if the shapes are for it.
fn sizes([query, key, value]: [&[usize]; 3], causal: bool, scale: f64) -> Option<AttentionSize> {
    let [lead @ .., queries, features] = query else { return None };
    let [key_lead @ .., keys, key_features] = key else { return None };
    let [value_lead @ .., value_keys, values] = value else { return None };
    let fits = lead == key_lead && lead == value_lead && features == key_features && keys == value_keys;
    let heads = lead.iter().product();
    let (queries, keys, features, values) = (*queries, *keys, *features, *values);
    let size = AttentionSize { heads, queries, keys, features, values, causal, scale };
    (fits && heads * queries * keys * features * values > 0).then_some(size)
}

/// Attention of query, key and value of one batch. Beside the result it gives the logarithm of the sum of exponentials of
/// every row of scores, for backward alone.
#[derive(Clone, PartialEq, Debug)]
struct Fused {
    causal: bool,
    scale: f64,
}

impl Fused {
    /// The weights, composed.
    fn weights(&self, query: &Tensor, key: &Tensor) -> Result<Tensor> {
        let mut scores = matmul::matmul(&query.mul(self.scale)?, &views::matrix_transpose(key)?)?;
        if self.causal {
            scores = scores.add(&causal_mask(&scores.shape(), query.dtype())?)?;
        }
        softmax::softmax(&scores, -1, None)
    }

    /// What the scores' gradient is, from the weights and their gradient; also their tangent, for the Jacobian is symmetric.
    fn slopes(&self, weights: &Tensor, slopes: &Tensor) -> Result<Tensor> {
        let mean = reduce::sum(&weights.mul(slopes)?, Some(&[-1]), true, None)?;
        weights.mul(&slopes.sub(&mean)?)
    }

    /// Query, key and value in memory, and their sizes.
    fn operands(&self, inputs: [&Array; 3]) -> Result<([Array; 3], AttentionSize)> {
        let [query, key, value] = inputs.map(|array| array.contiguous(OP));
        let arrays = [query?, key?, value?];
        let dtype = arrays[0].dtype();
        let size = sizes(arrays.each_ref().map(Array::shape), self.causal, self.scale);
        match size {
            Some(size) if dtype.is_float() && arrays.iter().all(|array| array.dtype() == dtype) => Ok((arrays, size)),
            _ => Err(Error::runtime(OP, "an operand was changed while it was looked at")),
        }
    }
}

impl Op for Fused {
    fn name(&self) -> &str {
        "ScaledDotProductFlashAttentionForCpuBackward0"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (arrays, size) = self.operands([&inputs[0], &inputs[1], &inputs[2]])?;
        let dtype = arrays[0].dtype();
        let mut shape: Shape = arrays[0].shape().into();
        shape.pop();
        let lse = Array::uninit(OP, &shape, dtype)?;
        shape.push(size.values);
        let y = Array::uninit(OP, &shape, dtype)?;
        let reads = arrays.each_ref();
        launch(reads, [&y, &lse], |[q, k, v], [y, lse]| kernel::attention(&size, q, k, v, y, lse));
        Ok(smallvec![y, lse])
    }

    fn keeps(&mut self, _: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Input(1), Keep::Input(2), Keep::Output(0), Keep::Output(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let from = [From::Grad(0), From::Saved(0), From::Saved(1), From::Saved(2), From::Saved(3), From::Saved(4)];
        let results = cx.call_many(FusedBackward { forward: self.clone() }, &from)?;
        for (input, result) in results.into_iter().enumerate() {
            if cx.needs(input) {
                flat::put(cx, input, result, 3, flat::Derivative::None)?;
            }
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let (query, key, value) = (cx.input(0), cx.input(1), cx.input(2));
        let weights = self.weights(query, key)?;
        let mut of_scores: Option<Tensor> = None;
        if let Some(tangent) = cx.tangent(0) {
            of_scores = Some(matmul::matmul(tangent, &views::matrix_transpose(key)?)?);
        }
        if let Some(tangent) = cx.tangent(1) {
            let part = matmul::matmul(query, &views::matrix_transpose(tangent)?)?;
            of_scores = Some(match of_scores {
                Some(other) => other.add(&part)?,
                None => part,
            });
        }
        if let Some(of_scores) = of_scores {
            let tangent = self.slopes(&weights, &of_scores.mul(self.scale)?)?;
            cx.put(0, matmul::matmul(&tangent, value)?)?;
        }
        if let Some(tangent) = cx.tangent(2).cloned() {
            cx.put(0, matmul::matmul(&weights, &tangent)?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let size = cx.size();
        let [query, key, value] = [0, 1, 2].map(|input| batching::front(cx.input(input), size));
        let results = call_many(self.clone(), &[&query?, &key?, &value?])?;
        cx.put_all(results, 0);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("query", 0), ("key", 1), ("value", 2), ("output", 3), ("logsumexp", 4)]
    }
}

/// The gradients of query, key and value, from that of the result, the three, and the results.
#[derive(Clone, PartialEq, Debug)]
struct FusedBackward {
    forward: Fused,
}

impl Op for FusedBackward {
    fn name(&self) -> &str {
        "ScaledDotProductFlashAttentionForCpuBackwardBackward0"
    }

    fn differentiable(&self) -> usize {
        3
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (arrays, size) = self.forward.operands([&inputs[1], &inputs[2], &inputs[3]])?;
        let [g, y, lse] = [0, 4, 5].map(|input| inputs[input].contiguous(OP));
        let (g, y, lse) = (g?, y?, lse?);
        let (rows, dtype) = (size.heads * size.queries, arrays[0].dtype());
        let fits = g.numel() == rows * size.values
            && y.numel() == g.numel()
            && lse.numel() == rows
            && [&g, &y, &lse].iter().all(|array| array.dtype() == dtype);
        if !fits {
            return Err(Error::runtime(OP, "a saved value is not what was saved"));
        }
        let [dq, dk, dv] = arrays.each_ref().map(|array| Array::uninit(OP, array.shape(), dtype));
        let results = [dq?, dk?, dv?];
        launch(([&g, &y, &lse], arrays.each_ref()), results.each_ref(), |([g, y, lse], inputs), gradients| {
            kernel::attention_backward(&size, g, Known { inputs, y, lse }, gradients);
        });
        Ok(results.into_iter().collect())
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(g), Some(query), Some(key), Some(value), ..] = *inputs else {
            unreachable!("these are always given")
        };
        let results = || -> Result<Tensors> {
            let forward = &self.forward;
            let weights = forward.weights(query, key)?;
            let slopes = matmul::matmul(g, &views::matrix_transpose(value)?)?;
            let slopes = forward.slopes(&weights, &slopes)?.mul(forward.scale)?;
            let turned = |matrix: &Tensor| views::matrix_transpose(matrix);
            Ok(smallvec![
                matmul::matmul(&slopes, key)?,
                matmul::matmul(&turned(&slopes)?, query)?,
                matmul::matmul(&turned(&weights)?, g)?,
            ])
        };
        Some(results())
    }
}
