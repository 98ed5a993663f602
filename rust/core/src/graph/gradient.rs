//! Gradients on their way through the engine.

use std::cell::{Cell, OnceCell};

use smallvec::SmallVec;

use crate::array::Array;
use crate::tensor::{Locked, Tensor};

/// A gradient: bare data until somebody asks for a tensor. Most are made by one rule, read by the next, and seen by
/// nobody else; as data they have no lock, no counts and no block of their own.
pub struct Gradient {
    /// Empty from the moment on that `tensor` is there.
    data: Cell<Option<Array>>,
    tensor: OnceCell<Tensor>,
}

/// The gradients of a node's outputs, `None` where nothing arrived.
pub(super) type Gradients = SmallVec<[Option<Gradient>; 1]>;

/// The gradients of a node's inputs, `None` where none was given.
pub(super) type InputGradients = SmallVec<[Option<Gradient>; 2]>;

impl From<Tensor> for Gradient {
    fn from(tensor: Tensor) -> Self {
        Self { data: Cell::new(None), tensor: OnceCell::from(tensor) }
    }
}

impl From<Array> for Gradient {
    #[inline]
    fn from(data: Array) -> Self {
        Self { data: Cell::new(Some(data)), tensor: OnceCell::new() }
    }
}

/// Data that is looked at.
pub(crate) enum Looked<'a> {
    Data(&'a Array),
    Tensor { state: Locked<'a>, only: bool },
}

impl Looked<'_> {
    /// The data.
    #[inline]
    pub(crate) fn array(&self) -> &Array {
        match self {
            Self::Data(array) => array,
            Self::Tensor { state, .. } => &state.array,
        }
    }

    /// Whether nobody else can see the memory until the look is over.
    #[inline]
    pub(crate) fn is_private(&self) -> bool {
        match self {
            Self::Data(array) => array.storage().is_unique(),
            Self::Tensor { state, only } => *only && state.grad_fn.is_none() && state.array.storage().is_unique(),
        }
    }
}

impl Gradient {
    /// As a tensor, from now on.
    #[inline]
    pub(crate) fn tensor(&self) -> &Tensor {
        self.tensor.get_or_init(|| Tensor::from_array(self.data.take().expect("a gradient is data or a tensor")))
    }

    pub(crate) fn into_tensor(self) -> Tensor {
        match self.tensor.into_inner() {
            Some(tensor) => tensor,
            None => Tensor::from_array(self.data.into_inner().expect("a gradient is data or a tensor")),
        }
    }

    /// The data, if it is no tensor's yet.
    #[inline]
    pub(crate) fn data(&mut self) -> Option<&Array> {
        self.data.get_mut().as_ref()
    }

    /// The data, under the tensor's lock if it is one.
    #[inline]
    pub(crate) fn look(&mut self) -> Looked<'_> {
        match self.data.get_mut() {
            Some(array) => Looked::Data(array),
            None => {
                let tensor = self.tensor.get().expect("a gradient is data or a tensor");
                Looked::Tensor { state: tensor.lock(), only: tensor.strong_count() == 1 }
            }
        }
    }

    /// The same gradient once more.
    #[inline]
    pub(crate) fn share(&mut self) -> Self {
        match self.data.get_mut() {
            Some(array) => array.clone().into(),
            None => self.tensor().clone().into(),
        }
    }
}

/// Gradients as the program's hooks see them.
pub(super) fn tensors<Tensors: FromIterator<Option<Tensor>>>(gradients: &[Option<Gradient>]) -> Tensors {
    gradients.iter().map(|gradient| gradient.as_ref().map(|gradient| gradient.tensor().clone())).collect()
}

/// What hooks have given instead.
pub(super) fn gradients<Gradients: FromIterator<Option<Gradient>>>(
    tensors: impl IntoIterator<Item = Option<Tensor>>,
) -> Gradients {
    tensors.into_iter().map(|tensor| tensor.map(Gradient::from)).collect()
}
