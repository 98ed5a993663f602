//! What the rules of an operation are given, and where they put what they give: [`Backward`], [`Tangents`], [`Batch`].

use std::cell::Cell;

use smallvec::SmallVec;

use super::algebra::ALGEBRA;
use super::gradient::{Gradient, Gradients, InputGradients, none_of};
use super::mode::{Modes, modes};
use super::node::NodeRef;
use super::op::Tensors;
use super::provenance::Blame;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

#[cold]
fn wrong_number(node: &NodeRef, given: usize) -> Box<Error> {
    Error::runtime(
        "backward",
        format!(
            "{} has {} outputs, but was given {given} gradients\n  recorded at {}",
            node.name(),
            node.outputs().len(),
            node.blame().describe()
        ),
    )
}

#[cold]
fn unfit(node: &NodeRef, nr: usize, shape: &[usize], dtype: DType) -> Box<Error> {
    let expected = &node.outputs()[nr];
    Error::runtime(
        "backward",
        format!(
            "{} was given a gradient of shape {shape:?} and dtype {dtype} for its output {nr}, which has shape {:?} and dtype \
             {}: a hook, or whoever calls the node, has to give one of that shape and dtype\n  recorded at {}",
            node.name(),
            expected.shape.as_slice(),
            expected.dtype,
            node.blame().describe()
        ),
    )
}

/// Where an operation of a backward pass takes an input from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// The gradient of an output, zeros where none arrived.
    Grad(usize),
    /// A saved value.
    Saved(usize),
    /// An optional input that is not given.
    Nothing,
}

/// What a rule sees of the backward pass: the gradients that arrived, what was saved, which results are needed.
pub struct Backward<'a> {
    pub(super) node: &'a NodeRef,
    grads: Gradients,
    pub(super) results: InputGradients,
    needs: &'a [bool],
    create_graph: bool,
    /// Which saved values the rule has read, one bit each.
    pub(super) read: Cell<u64>,
    /// Saved values are let go of after the rule has run, on behalf of this line.
    pub(super) release: Option<Blame>,
    /// Whether what is to be done with the saved values after the rule has been done.
    pub(super) finished: Cell<bool>,
}

impl<'a> Backward<'a> {
    /// # Errors
    /// When a gradient has not the shape and the dtype of its output.
    #[inline]
    pub(super) fn new(
        node: &'a NodeRef,
        mut grads: Gradients,
        needs: &'a [bool],
        create_graph: bool,
        release: Option<Blame>,
    ) -> Result<Self> {
        if grads.len() != node.outputs().len() {
            return Err(wrong_number(node, grads.len()));
        }
        for (nr, (grad, meta)) in grads.iter_mut().zip(node.outputs()).enumerate() {
            if let Some(grad) = grad
                && !grad.is_settled(meta)
            {
                grad.settle(meta)?.map_err(|(shape, dtype)| unfit(node, nr, &shape, dtype))?;
            }
        }
        let results = none_of(node.edges().len());
        Ok(Self { node, grads, results, needs, create_graph, read: Cell::new(0), release, finished: Cell::new(false) })
    }

    /// The gradient of output `nr`, zeros where none arrived.
    pub(super) fn grad_or_zeros(&mut self, nr: usize) -> Result<&mut Gradient> {
        if self.grads[nr].is_none() {
            let meta = &self.node.outputs()[nr];
            self.grads[nr] = Some(Array::zeros("backward", &meta.shape, meta.dtype)?.into());
        }
        Ok(self.grads[nr].as_mut().expect("put there just now"))
    }

    /// The node being run.
    pub fn node(&self) -> &'a NodeRef {
        self.node
    }

    /// Whether the pass is itself recorded.
    pub fn create_graph(&self) -> bool {
        self.create_graph
    }

    /// Whether nothing is recorded and no transformation is under way: the rule may compute with bare data.
    #[inline]
    pub fn is_plain(&self) -> bool {
        let modes = modes();
        modes.any(Modes::NO_GRAD) && !modes.any(Modes::LIFTED)
    }

    /// Whether the gradient of input `index` is wanted.
    pub fn needs(&self, index: usize) -> bool {
        self.needs[index]
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.needs.len()
    }

    /// The gradient of output `index`; `None` where nothing arrived.
    pub fn grad(&self, index: usize) -> Option<&Tensor> {
        self.grads[index].as_ref().map(Gradient::tensor)
    }

    /// The gradient of the only output. The engine does not run a rule without any gradient unless it asks for it.
    pub fn only_grad(&self) -> Tensor {
        self.grad(0).expect("the engine runs a rule only when a gradient arrived").clone()
    }

    /// The gradient of output `index` for a program that may keep it or write to it: in memory that is nobody else's.
    ///
    /// # Errors
    /// When there is no memory for a copy.
    pub fn own_grad(&mut self, index: usize) -> Result<Option<Tensor>> {
        self.grads[index].as_mut().map(|grad| grad.own().cloned()).transpose()
    }

    /// Takes the gradient of output `index` out, so that the rule may be its only owner.
    pub(crate) fn take_grad(&mut self, index: usize) -> Option<Gradient> {
        self.grads[index].take()
    }

    /// Lets go of the gradients that arrived.
    pub fn forget_grads(&mut self) {
        self.grads.clear();
    }

    /// Whether saved value `index` may be read: nobody has written to it since, or a hook of the program has it.
    pub(crate) fn is_unchanged(&self, index: usize) -> bool {
        self.node.head().saved().is_unchanged(index)
    }

    /// Saved value `index` is read: it must still be the same when the rule has run.
    pub(crate) fn note_read(&self, index: usize) {
        if index < u64::BITS as usize {
            self.read.set(self.read.get() | 1 << index);
        }
    }

    /// Gives the gradient of input `index`, which is to be asked for first ([`Backward::needs`]). Shape and dtype are
    /// adapted by the engine (broadcast axes summed).
    pub fn put(&mut self, index: usize, grad: impl Into<Gradient>) {
        // A node at which a pass ends runs for its hooks, although nobody needs anything.
        debug_assert!(
            self.needs[index] || !self.needs.contains(&true),
            "{}: nobody needs the gradient of input {index}",
            self.node.name()
        );
        self.results[index] = Some(grad.into());
    }
}

/// What an operation sees in forward mode: its inputs with their tangents, and its results, whose tangents it puts.
///
/// All of them are tensors to compute with; the level that is being seen to is hidden.
pub struct Tangents<'a> {
    pub(super) inputs: &'a [Option<&'a Tensor>],
    pub(super) tangents: SmallVec<[Option<Tensor>; 4]>,
    pub(super) outputs: &'a [Tensor],
    pub(super) results: SmallVec<[Option<Tensor>; 1]>,
}

impl<'a> Tangents<'a> {
    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Input `index`, which was given.
    pub fn input(&self, index: usize) -> &'a Tensor {
        self.inputs[index].expect("an input that was given")
    }

    /// Input `index`, if it was given.
    pub fn optional(&self, index: usize) -> Option<&'a Tensor> {
        self.inputs[index]
    }

    /// The tangent of input `index`, if it has one.
    pub fn tangent(&self, index: usize) -> Option<&Tensor> {
        self.tangents[index].as_ref()
    }

    /// The tangent of input `index`, or zeros in its shape.
    pub fn tangent_or_zeros(&self, index: usize) -> Result<Tensor> {
        match self.tangent(index) {
            Some(tangent) => Ok(tangent.clone()),
            None => (ALGEBRA.zeros_like)(self.input(index)),
        }
    }

    /// Result `index`.
    pub fn output(&self, index: usize) -> &'a Tensor {
        &self.outputs[index]
    }

    /// Gives the tangent of result `index`, or adds to what was given.
    pub fn put(&mut self, index: usize, tangent: Tensor) -> Result<()> {
        let sum = match self.results[index].take() {
            Some(before) => (ALGEBRA.add)(&before, &tangent)?,
            None => tangent,
        };
        self.results[index] = Some(sum);
        Ok(())
    }
}

/// A tensor of all examples, or one that is the same for all.
#[derive(Clone)]
pub struct Part {
    /// The data.
    pub tensor: Tensor,
    /// The axis along which the examples lie; `None` for what is the same for all.
    pub axis: Option<usize>,
}

impl Part {
    /// The rank that the operation believes it has.
    pub fn rank(&self) -> usize {
        self.tensor.rank() - usize::from(self.axis.is_some())
    }
}

/// What an operation sees when it is batched: its inputs for all examples. It puts its results for all examples.
///
/// All of them are tensors to compute with; the level that is being seen to is hidden.
pub struct Batch<'a> {
    pub(super) size: usize,
    pub(super) inputs: SmallVec<[Option<Part>; 4]>,
    pub(super) results: SmallVec<[Part; 1]>,
    pub(super) logical: &'a [Option<&'a Tensor>],
}

impl<'a> Batch<'a> {
    /// Number of examples.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Input `index`, which was given.
    pub fn input(&self, index: usize) -> &Part {
        self.inputs[index].as_ref().expect("an input that was given")
    }

    /// Input `index`, if it was given.
    pub fn optional(&self, index: usize) -> Option<&Part> {
        self.inputs[index].as_ref()
    }

    /// Input `index` as the operation was called with it: of one example, without data. For shape and dtype.
    pub fn example(&self, index: usize) -> &'a Tensor {
        self.logical[index].expect("an input that was given")
    }

    /// Gives the next result, whose examples lie along `axis`; `None` if it is the same for all.
    pub fn put(&mut self, tensor: Tensor, axis: Option<usize>) {
        self.results.push(Part { tensor, axis });
    }

    /// Gives all results of a call, whose examples lie along one axis.
    pub fn put_all(&mut self, tensors: Tensors, axis: usize) {
        self.results.extend(tensors.into_iter().map(|tensor| Part { tensor, axis: Some(axis) }));
    }
}
