//! What operations have in common that write values to places of a tensor, and those that read there.

use std::fmt::Debug;

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::error::Result;
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::ops::writing::write::{self, Writing};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Writes values, the second input, to the places of the first that the third says.
pub(super) trait Placing: Writing {
    /// What the places are called.
    const PLACES: &'static str = "index";

    /// The node's name.
    fn node(&self) -> &'static str;

    /// Whether the values have a gradient.
    fn has_gradient_of_values(&self) -> bool {
        true
    }

    /// The gradient of the values, from that of the result.
    fn taken(&self, grad: &Tensor, places: &Tensor) -> Result<Tensor>;

    /// The gradient of the target, from that of the result.
    fn left(&self, grad: Tensor, places: impl FnOnce() -> Result<Tensor>) -> Result<Tensor>;

    /// The rule for batches.
    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()>;
}

impl<O: Placing> Op for O {
    fn name(&self) -> &str {
        self.node()
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable_inputs(&self) -> usize {
        1 + usize::from(self.has_gradient_of_values())
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        write::into_copy(self, inputs)
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(2)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.inputs() > 1 && cx.needs(1) {
            cx.put(1, self.taken(&grad, &cx.saved(0)?)?);
        }
        if cx.needs(0) {
            cx.put(0, self.left(grad, || cx.saved(0))?);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.jointly_linear(2, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        self.for_batch(cx)
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![(Self::PLACES, 0)]
    }
}

/// Zeros of a shape, written to: the gradient of an operation that reads at places. Inputs are those of what writes, without
/// the target.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct IntoZeros<O> {
    pub(super) op: O,
    pub(super) shape: Shape,
}

impl<O: Writing> Op for IntoZeros<O> {
    fn name(&self) -> &str {
        self.op.name()
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let whole = Array::zeros(self.op.op(), &self.shape, inputs[0].dtype())?;
        let all = std::iter::once(Some(&whole)).chain((0..inputs.len()).map(|input| inputs.get(input)));
        write::into_fresh(&self.op, &whole, &all.collect())?;
        Ok(smallvec![whole])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let result = || {
            let values = inputs[0].expect("values are always given");
            let whole = Tensor::from_array(Array::zeros(self.op.op(), &self.shape, values.dtype())?);
            let all: SmallVec<[&Tensor; 4]> = std::iter::once(&whole).chain(inputs.iter().copied().flatten()).collect();
            Ok(smallvec![call(self.op.clone(), &all)?])
        };
        Some(result())
    }
}

/// Reads elements of the first input at the places that the second says.
pub(super) trait Reading: Clone + PartialEq + Debug + Send + Sync + 'static {
    /// What the places are called.
    const PLACES: &'static str = "index";

    /// What writes gradients back to where the elements lay.
    type Back: Writing;

    /// The node's name.
    fn node(&self) -> &'static str;

    /// The elements.
    fn elements(&self, inputs: &Inputs<'_>) -> Result<Array>;

    /// What adds gradients of a shape to zeros, where the elements lay.
    fn back(&self, gradients: &[usize]) -> IntoZeros<Self::Back>;

    /// The rule for batches.
    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()>;
}

/// An operation that does nothing but read.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Read<R>(pub(super) R);

impl<R: Reading> Op for Read<R> {
    fn name(&self) -> &str {
        self.0.node()
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![self.0.elements(inputs)?])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        // The engine sums over axes along which the input was broadcast.
        let gradient = self.0.back(&cx.node().outputs()[0].shape);
        let grad = cx.call(gradient, &[From::Grad(0), From::Saved(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        self.0.for_batch(cx)
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![(R::PLACES, 0)]
    }
}
