//! How a rule written outside the crate enters the graph: custom functions of a host language or of a Rust program.

use std::sync::Arc;

use smallvec::SmallVec;

use super::node::{Edge, Meta, NodeOf, NodeRef};
use super::op::Op;
use super::provenance::Blame;
use super::saved::{self, Saved, Source};
use super::views;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// A node for `op`: `edges` say where the gradients of the inputs go, `outputs` what the outputs are. The node's
/// place in the order of creation is now, so everything it leads to must exist.
#[track_caller]
pub fn new_node(op: impl Op, edges: SmallVec<[Edge; 2]>, outputs: SmallVec<[Meta; 1]>) -> NodeRef {
    NodeOf::new(op, Blame::here(), edges, outputs, SmallVec::new())
}

/// Saves a tensor for the backward of `node`, behind those saved before; returns its number. An output of the node is
/// saved without an edge, so that the node does not own itself.
///
/// # Errors
/// For tensors made in inference mode.
pub fn save(node: &NodeRef, tensor: &Tensor) -> Result<usize> {
    let operand = tensor.snapshot()?;
    if operand.inference {
        return Err(Error::runtime(
            "save_for_backward",
            "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal \
             tensor and use it in autograd.",
        ));
    }
    let source = match operand.edge {
        Some(Edge { node: Some(from), output_nr }) if Arc::ptr_eq(&from, node) => Source::Output(output_nr),
        Some(edge) => match views::rewritten_by(&edge, node) {
            Some(copy) => Source::OutputOfView(Box::new(Arc::downgrade(&copy))),
            None => Source::Foreign(Box::new(edge)),
        },
        None => Source::Constant,
    };
    let version = operand.array.storage().version();
    let saved = Saved::new(operand.array, version, source, operand.identity)?.lifted(operand.lift);
    let mut state = node.head().saved();
    state.push(saved);
    Ok(state.len() - 1)
}

/// Saved value `index` of a node: what [`super::Backward::saved`] gives, outside a pass.
///
/// # Errors
/// When the values were freed or the data has changed since.
pub fn saved_value(node: &NodeRef, index: usize) -> Result<Tensor> {
    saved::tensor_of(node, index)
}

/// Errors with "Trying to backward through the graph a second time" when the node's saved values were freed.
pub fn check_not_released(node: &NodeRef) -> Result<()> {
    saved::check_not_released(node)
}
