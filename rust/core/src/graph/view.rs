//! What makes a tensor a view of another.

use std::sync::Arc;

use crate::error::Result;
use crate::tensor::Tensor;

/// Under what circumstances a view was made; decides whether in-place operations on it can be differentiated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Creation {
    /// By a recorded or recordable view operation.
    Plain,
    /// By an operation that returns several views (`unbind`, `split`, `chunk`).
    MultiOutput,
    /// While gradients were switched off.
    NoGrad,
    /// In inference mode.
    Inference,
    /// Returned by a custom function.
    CustomFunction,
}

/// What makes a tensor a view.
#[derive(Clone)]
pub(crate) struct View {
    /// The tensor whose memory is shown: never itself a view.
    pub(crate) base: Tensor,
    pub(crate) creation: Creation,
    /// Version at which the view's own `grad_fn` is the right one.
    pub(crate) version: u32,
    /// How the view is made of its base, where strides do not tell: of what stands for one example of a batch.
    pub(crate) replay: Option<Replay>,
}

/// Makes a view again, of another base.
pub(crate) type Replay = Arc<dyn Fn(&Tensor) -> Result<Tensor> + Send + Sync>;

/// What makes a tensor a view, if it is one.
pub(crate) fn view_of(tensor: &Tensor) -> Option<View> {
    tensor.lock().view.clone()
}
