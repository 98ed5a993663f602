//! The number in a tensor of one element.

use super::mode::{Modes, modes};
use super::trace;
use super::transform::host;
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

impl Tensor {
    /// The only element.
    ///
    /// # Errors
    /// When there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> Result<Scalar> {
        if modes().any(Modes::CAPTURE) {
            trace::barrier("item", "looks at data, which a trace does not repeat");
        }
        if let Some(number) = self.only_number() {
            return Ok(number);
        }
        let array = self.array();
        if array.numel() == 1 && self.is_left_to_host() {
            return host::read("_local_scalar_dense", &[self], |inputs| match inputs {
                [Some(tensor)] => tensor.item(),
                _ => Err(Error::value("item", "_local_scalar_dense takes a tensor")),
            });
        }
        if array.numel() == 1 || !array.is_meta() {
            array.require_data("item")?;
        }
        if array.numel() != 1 {
            return Err(Error::runtime(
                "item",
                format!("a Tensor with {} elements cannot be converted to Scalar", array.numel()),
            ));
        }
        Ok(array.get_linear(0))
    }

    /// Whether this is one element that can be looked at, and is zero: what makes it worth while to leave something out.
    pub(crate) fn is_known_false(&self) -> bool {
        if modes().any(Modes::TRANSFORMS) && (modes().any(Modes::CAPTURE) || self.top_level().is_some()) {
            return false;
        }
        self.item().is_ok_and(|value| !value.to_bool())
    }

    /// The only element, if there is one and its memory is free: without copying a handle.
    #[inline]
    fn only_number(&self) -> Option<Scalar> {
        let state = self.lock();
        if state.array.numel() != 1 {
            return None;
        }
        let _hold = state.array.storage().try_hold()?;
        // SAFETY: there is an element, and the state of its memory is held.
        Some(unsafe { Scalar::read(state.array.ptr(), state.array.dtype()) })
    }
}
