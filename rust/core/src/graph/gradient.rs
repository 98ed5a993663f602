//! Gradients on their way through the engine.

use std::cell::{Cell, OnceCell};

use smallvec::SmallVec;

use super::algebra::ALGEBRA;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::node::Meta;
use crate::launch::Sole;
use crate::shape::{Shape, preserved_strides};
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
    Data(Sole<'a>),
    Tensor { state: Locked<'a>, only: bool },
}

impl Looked<'_> {
    /// The data, which no other thread reaches meanwhile.
    #[inline]
    pub(crate) fn sole(&self) -> Sole<'_> {
        match self {
            Self::Data(array) => *array,
            Self::Tensor { state, .. } => state.sole(),
        }
    }

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
    pub(crate) fn data(&mut self) -> Option<Sole<'_>> {
        self.data.get_mut().as_mut().map(Sole::from)
    }

    /// The data, under the tensor's lock if it is one.
    #[inline]
    pub(crate) fn look(&mut self) -> Looked<'_> {
        match self.data.get_mut() {
            Some(array) => Looked::Data(array.into()),
            None => {
                let tensor = self.tensor.get().expect("a gradient is data or a tensor");
                Looked::Tensor { state: tensor.lock(), only: tensor.strong_count() == 1 }
            }
        }
    }

    /// Whether it is bare data of a shape and a dtype, which nobody else sees: there is nothing to [settle](Self::settle).
    #[inline]
    pub(super) fn is_settled(&mut self, meta: &Meta) -> bool {
        self.data.get_mut().as_ref().is_some_and(|array| meta.describes(array))
    }

    /// Checks shape and dtype. What the program may still see, and give other data to, is looked at once: from here on it is
    /// a tensor of the pass's own at the same place in the graph.
    #[inline]
    pub(super) fn settle(&mut self, meta: &Meta) -> Result<std::result::Result<(), (Shape, DType)>> {
        let shared = {
            let looked = self.look();
            let array = looked.array();
            if !meta.describes(array) {
                return Ok(Err((array.shape().into(), array.dtype())));
            }
            matches!(looked, Looked::Tensor { only: false, .. })
        };
        if shared {
            let operand = self.tensor().snapshot()?;
            if !meta.describes(&operand.array) {
                return Ok(Err((operand.array.shape().into(), operand.array.dtype())));
            }
            *self = Tensor::from_operand(operand).into();
        }
        Ok(Ok(()))
    }

    /// The gradient as the program may have it: in memory that is nobody else's and can be written to. Only what is not so
    /// yet is copied, and the copy recorded if the pass is.
    pub(super) fn own(&mut self) -> Result<&Tensor> {
        if !self.is_own() {
            *self = self.copy()?.into();
        }
        Ok(self.tensor())
    }

    /// The gradient in memory of its own, for a program that keeps it while the pass goes on.
    pub(super) fn copy(&mut self) -> Result<Tensor> {
        let strides = {
            let looked = self.look();
            preserved_strides(looked.array().shape(), looked.array().strides())
        };
        (ALGEBRA.copy_strided)(self.tensor(), &strides)
    }

    /// Whether nobody else sees the memory, and all of it can be written to.
    pub(super) fn is_own(&mut self) -> bool {
        self.forget_base();
        let looked = self.look();
        let (array, only) = match &looked {
            Looked::Data(array) => (&**array, true),
            Looked::Tensor { state, only } => (&state.array, *only),
        };
        let storage = array.storage();
        only && storage.is_unique()
            && storage.is_writable()
            && !array.overlaps_itself()
            // What is kept would keep all of the block.
            && 2 * array.numel() * array.dtype().size() >= storage.bytes()
    }

    /// A view of a tensor that nobody else holds is data of its own.
    fn forget_base(&mut self) {
        let Some(tensor) = self.tensor.get().filter(|tensor| tensor.strong_count() == 1) else { return };
        let array = {
            let state = tensor.lock();
            let lifted = state.extra.as_ref().is_some_and(|extra| extra.lift.is_some());
            if state.view.is_none() || state.wants_grad() || lifted {
                return;
            }
            state.array.clone()
        };
        *self = array.into();
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

/// Room for so many gradients or tensors, of which none is there yet.
#[inline]
pub(super) fn none_of<T, A: smallvec::Array<Item = Option<T>>>(count: usize) -> SmallVec<A> {
    let mut none = SmallVec::new();
    for _ in 0..count {
        none.push(None);
    }
    none
}

/// [`Gradient::own`] of each.
pub(super) fn own_all(gradients: &mut [Option<Gradient>]) -> Result<()> {
    gradients.iter_mut().flatten().try_for_each(|gradient| gradient.own().map(drop))
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
