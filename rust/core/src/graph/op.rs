//! What an operation is: a value that knows its attributes, computes arrays from arrays, and has a rule for each
//! transformation.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Index;

use smallvec::SmallVec;

use super::node::NodeRef;
use super::rules::{Backward, Batch, Tangents};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Something an operation knows that is no tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A number.
    Number(Scalar),
    /// Integers: sizes or axes.
    Ints(Vec<i64>),
    /// A truth value.
    Bool(bool),
    /// A value that no gradient asked for, and that was not saved.
    Absent,
}

/// The arrays that an operation reads, in the order of its inputs; `None` for an optional one that was not given.
pub struct Inputs<'a>(pub(super) SmallVec<[Option<&'a Array>; 4]>);

impl<'a> FromIterator<Option<&'a Array>> for Inputs<'a> {
    fn from_iter<I: IntoIterator<Item = Option<&'a Array>>>(inputs: I) -> Self {
        Self(inputs.into_iter().collect())
    }
}

impl<'a> Inputs<'a> {
    /// Input `index`, if it was given.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a Array> {
        self.0[index]
    }

    /// Number of inputs, given or not.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that were given.
    pub fn iter(&self) -> impl Iterator<Item = &'a Array> + Clone + '_ {
        self.0.iter().copied().flatten()
    }
}

impl Index<usize> for Inputs<'_> {
    type Output = Array;

    #[inline]
    fn index(&self, index: usize) -> &Array {
        self.0[index].expect("an input that always is given")
    }
}

/// The arrays that an operation gives.
pub type Arrays = SmallVec<[Array; 3]>;

/// The tensors that an operation gives.
pub type Tensors = SmallVec<[Tensor; 3]>;

/// A value an operation wants back in backward: one of its inputs or of its outputs, by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// An input.
    Input(usize),
    /// A copy of an input, which may then be changed in place.
    Copy(usize),
    /// An output.
    Output(usize),
}

/// An operation: its attributes are its fields. Nodes hold operations, and [`call`](super::call::call) runs them.
pub trait Op: Any + Send + Sync {
    /// The node's name as PyTorch has it: `MulBackward0`.
    fn name(&self) -> &str;

    /// The results, from the inputs. What is asked of inputs (shapes, dtypes) is checked here, on the arrays that are read.
    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let _ = inputs;
        Err(Error::runtime("call", format!("{} is no operation on arrays", self.name())))
    }

    /// The first result alone, for a call of which nothing is recorded: what is kept for backward need not be made.
    ///
    /// # Errors
    /// Those of [`Op::eval`].
    fn eval_first(&self, inputs: &Inputs<'_>) -> Result<Array> {
        Ok(self.eval(inputs)?.swap_remove(0))
    }

    /// Whether it can be computed of complex numbers.
    fn takes_complex(&self) -> bool {
        false
    }

    /// The number that was argument `input`, for an operation that takes numbers in the place of tensors.
    fn number(&self, input: usize) -> Option<Scalar> {
        let _ = input;
        None
    }

    /// How many of the results have a gradient; those behind them are constants, or kept for backward alone.
    fn differentiable(&self) -> usize {
        1
    }

    /// How many of the inputs can have a gradient; those behind them are positions or masks, to which no edge leads.
    fn differentiable_inputs(&self) -> usize {
        usize::MAX
    }

    /// What is kept for backward, inputs before outputs, when the gradients of the inputs are needed for which `needs`
    /// holds. The operation may note where to find it.
    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let _ = needs;
        SmallVec::new()
    }

    /// The operation in terms of others: what runs where a gradient, a tangent or a batch is asked of one that has no rule of
    /// its own for them, as the fused gradients.
    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let _ = inputs;
        None
    }

    /// Puts a gradient for every input that is needed: see [`Backward`].
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let _ = cx;
        Err(Error::runtime("backward", format!("derivative for {} is not implemented", self.name())))
    }

    /// Puts the tangents of the results: see [`Tangents`].
    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let _ = cx;
        Err(Error::not_implemented(
            "forward_ad",
            format!(
                "Trying to use forward AD with {} that does not support it because it has not been implemented yet",
                self.name()
            ),
        ))
    }

    /// Puts the results for a whole batch: see [`Batch`].
    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let _ = cx;
        Err(Error::not_implemented(
            "vmap",
            format!(
                "Batching rule not implemented for {}: compute it outside of vmap, or example by example",
                self.name()
            ),
        ))
    }

    /// Names of the saved values with their numbers, for `grad_fn._saved_<name>`.
    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }

    /// What the operation knows beside its saved values, for `grad_fn._saved_<name>`.
    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        Vec::new()
    }

    /// Whether it wants to run although no output got a gradient (custom functions that materialise zeros).
    fn runs_without_gradient(&self) -> bool {
        false
    }

    /// Whether the node may run again after its saved values were dropped because it holds none of its own.
    fn release(&self) {}

    /// Calls `visit` with every node the operation owns beside the node's edges.
    fn owned_nodes(&self, visit: &mut dyn FnMut(&NodeRef)) {
        let _ = visit;
    }

    /// Whether this node is a leaf's accumulator: it runs as soon as its gradient is complete.
    fn is_accumulator(&self) -> bool {
        false
    }
}

/// An operation that can be called: a value that can be copied, compared and shown.
pub trait Primitive: Op + Clone + PartialEq + Debug {}

impl<O: Op + Clone + PartialEq + Debug> Primitive for O {}
