//! Weighted sums along an axis, of few elements each: linear resampling, and means of windows of changing size.

use std::sync::Arc;

use smallvec::smallvec;

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{call, no_grad};
use crate::ops::elementwise::apply;
use crate::ops::indexing::slices;
use crate::ops::reductions::range;
use crate::ops::{batching, matmul, rows, views};
use crate::tensor::Tensor;

/// The elements of which each output is the sum, each with its weight.
type Terms = Vec<Vec<(usize, f64)>>;

/// Output `at` along `axis` is the sum of the elements that `terms[at]` gives, each with its weight.
#[track_caller]
pub(in crate::ops) fn weighted_sums(op: &'static str, input: &Tensor, axis: usize, terms: Terms) -> Result<Tensor> {
    let size = input.shape()[axis];
    call(WeightedSums { op, axis, size, terms: Arc::new(terms) }, &[input])
}

/// A product with the matrix of the weights; where that is not finite, term by term, since in the product an infinity or a
/// NaN meets every output.
fn value(op: &'static str, input: &Tensor, axis: usize, terms: &Terms) -> Result<Tensor> {
    let (size, count, dtype) = (input.shape()[axis], terms.len(), input.dtype());
    let numel = crate::shape::checked_numel(op, &[size, count], size_of::<f64>())?;
    crate::storage::check_room(op, numel as u128 * size_of::<f64>() as u128)?;
    let mut weights = vec![0f64; numel];
    for (at, own) in terms.iter().enumerate() {
        for &(element, weight) in own {
            weights[element * count + at] += weight;
        }
    }
    let weights = Tensor::from_array(Array::from_slice(&weights, &[size, count])?.cast(op, dtype)?);
    let last = views::movedim(input, &[axis as i64], &[-1])?;
    let product = matmul::matmul(&last, &weights)?;
    if dtype.is_float() && !range::is_finite(&product.array()) {
        return views::movedim(&term_by_term(op, &last, terms)?, &[-1], &[axis as i64]);
    }
    views::movedim(&product, &[-1], &[axis as i64])
}

/// The sums along the last axis, of the first terms, then of the second ones, and so on.
fn term_by_term(op: &'static str, last: &Tensor, terms: &Terms) -> Result<Tensor> {
    let (count, dtype) = (terms.len(), last.dtype());
    let most = terms.iter().map(Vec::len).max().unwrap_or(0);
    let mut shape = last.shape();
    *shape.last_mut().expect("there is an axis to sum along") = count;
    let mut total = Tensor::from_array(Array::zeros(op, &shape, dtype)?);
    for number in 0..most {
        // An output with fewer terms has one more without weight, which does not count whatever it is.
        let chosen = terms.iter().map(|own| own.get(number).copied().unwrap_or((0, 0.0)));
        let (places, shares): (Vec<i64>, Vec<f64>) = chosen.map(|(element, share)| (element as i64, share)).unzip();
        let elements = slices::index_select(last, -1, &Tensor::from_slice(&places, &[count])?)?;
        let shares = Tensor::from_array(Array::from_slice(&shares, &[count])?.cast(op, dtype)?);
        let part = apply(&rows::masked_product::ROW, &[], &[(&elements).into(), (&shares).into()])?;
        total = total.add(&part)?;
    }
    Ok(total)
}

/// Its gradient is of the same kind: each element takes part in few outputs.
#[derive(Clone, PartialEq, Debug)]
struct WeightedSums {
    op: &'static str,
    axis: usize,
    size: usize,
    terms: Arc<Terms>,
}

impl Op for WeightedSums {
    fn name(&self) -> &str {
        "WeightedSumsBackward0"
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        if array.shape().get(self.axis) != Some(&self.size) {
            return Err(Error::runtime(self.op, "another thread has given the input another shape meanwhile"));
        }
        let _off = no_grad();
        Ok(smallvec![value(self.op, &Tensor::from_array(array.clone()), self.axis, &self.terms)?.array()])
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        batching::along(cx, self.axis, |whole, axis| call(Self { axis, ..self.clone() }, &[whole]))
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let mut transposed: Terms = vec![Vec::new(); self.size];
        for (at, own) in self.terms.iter().enumerate() {
            for &(element, weight) in own {
                transposed[element].push((at, weight));
            }
        }
        let result = weighted_sums(self.op, &cx.only_grad(), self.axis, transposed)?;
        cx.put(0, result);
        Ok(())
    }
}
