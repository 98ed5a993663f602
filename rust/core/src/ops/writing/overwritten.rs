//! What has been overwritten by a constant.

use crate::array::Array;
use crate::error::Result;
use crate::graph::op::Op;
use crate::graph::rules::Backward;
use crate::tensor::Tensor;

/// A target that is overwritten by what does not depend on it (`fill_`, comparisons in place): its old value gets zeros.
pub(in crate::ops) struct Filled(pub &'static str);

impl Op for Filled {
    fn name(&self) -> &str {
        self.0
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let zeros = none_of(&cx.only_grad())?;
        cx.put(0, zeros);
        Ok(())
    }
}

/// The gradient of what was overwritten.
pub(super) fn none_of(grad: &Tensor) -> Result<Tensor> {
    Ok(Tensor::from_array(Array::zeros("zeros_like", &grad.shape(), grad.dtype())?))
}
