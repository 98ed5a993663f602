//! Gradients that do not change with the values they were computed at.
//!
//! PyTorch's gradients of many operations are operations of the inputs as well (`threshold_backward(grad, self)`). Under
//! `create_graph` they are part of the graph as soon as an input is, also where the derivative is zero; a program that
//! differentiates them again gets zeros, not an error.

use smallvec::{SmallVec, smallvec};

use super::call::call;
use super::custom::new_node;
use super::gradient::Gradient;
use super::mode::is_grad_enabled;
use super::node::Edge;
use super::op::{Arrays, Inputs, Op};
use super::rules::Backward;
use super::transform::{Batch, Tangents};
use super::views;
use crate::array::Array;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// The derivative of such a gradient with respect to the inputs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Derivative {
    /// Zeros.
    Zero,
    /// None is given, as where an input does not take part.
    None,
    /// There is one that nobody computes: asking for it is an error.
    Refused(&'static str),
}

/// Puts the gradient of `input`, part of the graph if one of the node's first `inputs` inputs is.
pub(crate) fn put(
    cx: &mut Backward<'_>,
    input: usize,
    gradient: impl Into<Gradient>,
    inputs: usize,
    derivative: Derivative,
) -> Result<()> {
    let gradient = gradient.into();
    if cx.is_plain() {
        cx.put(input, gradient);
        return Ok(());
    }
    let edges = &cx.node().edges()[..inputs.min(cx.inputs())];
    cx.put(input, flat(gradient.into_tensor(), edges, derivative)?);
    Ok(())
}

/// `gradient`, part of the graph if one of the edges leads somewhere, and the thread records.
pub(crate) fn flat(gradient: Tensor, edges: &[Edge], derivative: Derivative) -> Result<Tensor> {
    let own = gradient.gradient_edge()?;
    let told = derivative == Derivative::None && own.is_some();
    if !is_grad_enabled() || told || edges.iter().all(|edge| edge.node.is_none()) {
        return Ok(gradient);
    }
    let mut all: SmallVec<[Edge; 2]> = smallvec![own.unwrap_or_default()];
    all.extend(edges.iter().cloned());
    let node = new_node(FlatRule { derivative }, all, smallvec![gradient.meta()]);
    let result = Tensor::from_array(gradient.array());
    views::attach(&result, node, 0);
    result.set_lift(gradient.lift());
    Ok(result)
}

/// Passes the gradient of a gradient on.
struct FlatRule {
    derivative: Derivative,
}

/// No operation of PyTorch's: there each gradient has a name of its own.
const FLAT: &str = "FlatBackwardBackward0";

impl Op for FlatRule {
    fn name(&self) -> &str {
        FLAT
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if let Derivative::Refused(reason) = self.derivative {
            return Err(Error::runtime(FLAT, reason));
        }
        if cx.needs(0) {
            let gradient = cx.only_grad();
            cx.put(0, gradient);
        }
        if self.derivative == Derivative::None {
            return Ok(());
        }
        for (input, edge) in cx.node().edges().iter().enumerate().skip(1) {
            let Some(node) = edge.node.as_ref().filter(|_| cx.needs(input)) else { continue };
            let meta = &node.outputs()[edge.output_nr as usize];
            cx.put(input, Array::zeros(FLAT, &meta.shape, meta.dtype)?);
        }
        Ok(())
    }
}

/// The tensor once more, on the same memory, for what is composed of other operations and linear in pieces: its gradient is
/// [`flat`]. Something has to be computed of it: it is not to be handed out.
#[track_caller]
pub(crate) fn linear_in_pieces(tensor: &Tensor) -> Result<Tensor> {
    call(Pieces, &[tensor])
}

/// See [`linear_in_pieces`].
#[derive(Clone, PartialEq, Debug)]
struct Pieces;

impl Op for Pieces {
    fn name(&self) -> &str {
        "AliasBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![inputs[0].clone()])
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = cx.input(0).clone();
        cx.put(call(Self, &[&part.tensor])?, part.axis);
        Ok(())
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = cx.only_grad();
        put(cx, 0, gradient, 1, Derivative::Zero)
    }
}
