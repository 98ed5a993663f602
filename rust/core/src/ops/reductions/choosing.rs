//! Elements chosen along an axis: their values, and where they were.

use smallvec::{SmallVec, smallvec};

use super::axes::{Mask, reduce_array, refuse_complex, refuse_empty};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::reduce::Reduction;
use crate::ops::indexing::along;
use crate::ops::{batching, views};
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// What chooses elements along an axis and knows where they were.
pub(in crate::ops) trait Choice: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// Values and positions along the axis, which stays.
    fn choose(&self, array: &Array, axis: usize) -> Result<(Array, Array)>;
}

/// Elements chosen along an axis: values and positions. The gradient of a chosen element goes to where it was.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ops) struct Chosen<C> {
    pub node: &'static str,
    pub choice: C,
    pub axis: usize,
    /// Whether the axis stays; if not, one element is chosen.
    pub keep: bool,
    /// Of the input.
    pub shape: Shape,
}

impl<C: Choice> Chosen<C> {
    fn has_axis(&self) -> bool {
        self.keep || self.shape.is_empty()
    }
}

impl<C: Choice> Op for Chosen<C> {
    #[allow(clippy::misnamed_getters, reason = "the operation's name in the graph is that of its node")]
    fn name(&self) -> &str {
        self.node
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        if array.shape() != self.shape.as_slice() {
            return Err(Error::runtime("choose", "another thread has given the input another shape meanwhile"));
        }
        let (values, indices) = self.choice.choose(array, self.axis)?;
        let shown = |array: Array| if self.has_axis() { array } else { array.select(self.axis, 0) };
        Ok(smallvec![shown(values), shown(indices)])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (mut grad, mut index) = (cx.only_grad(), cx.saved(0)?);
        if !self.has_axis() {
            grad = views::unsqueeze(&grad, self.axis as i64)?;
            index = views::unsqueeze(&index, self.axis as i64)?;
        }
        let result = along::put_along(&self.shape, self.axis, &index, &grad)?;
        cx.put(0, result);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let axis = self.axis as i64;
        if self.has_axis() {
            return cx.put(0, along::gather(&tangent, axis, cx.output(1))?);
        }
        let index = views::unsqueeze(cx.output(1), axis)?;
        let chosen = along::gather(&tangent, axis, &index)?;
        cx.put(0, views::select(&chosen, axis, 0)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let mut whole = batching::front(cx.input(0), cx.size())?;
        let one = self.shape.is_empty();
        if one {
            whole = views::unsqueeze(&whole, 1)?;
        }
        let (axis, keep) = (self.axis + 1, self.keep && !one);
        let results = call_many(Self { axis, keep, shape: whole.shape(), ..self.clone() }, &[&whole])?;
        cx.put_all(results, 0);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

/// Elements chosen along an axis: (values, positions).
#[track_caller]
pub(in crate::ops) fn choose<C: Choice>(
    node: &'static str,
    choice: C,
    input: &Tensor,
    axis: usize,
    keep: bool,
) -> Result<(Tensor, Tensor)> {
    let results = call_many(Chosen { node, choice, axis, keep, shape: input.shape() }, &[input])?;
    let mut results = results.into_iter();
    match (results.next(), results.next()) {
        (Some(values), Some(indices)) => Ok((values, indices)),
        _ => unreachable!("values and positions"),
    }
}

/// The greatest (or least) element along an axis.
#[derive(Clone, Debug, PartialEq)]
struct ExtremeAlong {
    greatest: bool,
}

impl Choice for ExtremeAlong {
    fn choose(&self, array: &Array, axis: usize) -> Result<(Array, Array)> {
        let (op, reduction) =
            if self.greatest { ("max", Reduction::MaxWithIndex) } else { ("min", Reduction::MinWithIndex) };
        let mask: Mask = (0..array.rank()).map(|own| own == axis).collect();
        let [values, indices] = reduce_array(op, reduction, array, &mask, true, [array.dtype(), DType::I64])?;
        Ok((values, indices))
    }
}

/// Greatest (or least) element along an axis, and where it is; the gradient goes there.
#[track_caller]
pub fn extreme_along(input: &Tensor, greatest: bool, axis: i64, keep: bool) -> Result<(Tensor, Tensor)> {
    let (op, name) = if greatest { ("max", "MaxBackward0") } else { ("min", "MinBackward0") };
    let shape = input.shape();
    refuse_complex(op, input)?;
    let axis_index = shape::normalize_axis(op, axis, shape.len())?;
    refuse_empty(op, &shape, Some(&[axis]))?;
    choose(name, ExtremeAlong { greatest }, input, axis_index, keep)
}
