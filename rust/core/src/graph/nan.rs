//! Which operation made the first NaN of a backward pass: watched for in every pass, so that it can be named afterwards.
//!
//! Only gradients of few elements are looked at. That costs a few nanoseconds a node, and is enough where it matters
//! most: a scalar loss, a norm, a small model. Whoever asks is told when a larger gradient may have been first.

use std::cell::RefCell;
use std::sync::Weak;

use super::accumulate::AccumulateGrad;
use super::gradient::Gradient;
use super::node::{Meta, Node, NodeRef};
use super::provenance::Blame;
use crate::array::Array;
use crate::dtype::DType;
use crate::tensor::{Inner, Tensor};

/// Most elements looked at: about what the dispatch of one operation costs.
const WATCHED: usize = 128;

/// Leaves remembered per thread.
const REMEMBERED: usize = 64;

/// Where the first NaN that reached a leaf was made.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The node whose gradient was NaN first.
    pub node: String,
    /// Its line.
    pub blame: Blame,
    /// Whether every gradient before it was looked at.
    pub certain: bool,
}

/// What a pass has seen so far.
#[derive(Default)]
pub(super) struct Watch {
    found: Option<Origin>,
    overlooked: bool,
}

thread_local! {
    static MEMORY: RefCell<Vec<(Weak<Inner>, Origin)>> = const { RefCell::new(Vec::new()) };
}

impl Watch {
    /// Sees a gradient that `from` gives to `to`; false if it is not yet as `meta` describes it, and is to be seen again
    /// when it is.
    #[inline]
    pub(super) fn see(&mut self, grad: &mut Gradient, meta: &Meta, from: &Node, to: &NodeRef) -> bool {
        let nan = {
            let looked = grad.look();
            if !meta.describes(looked.array()) {
                return false;
            }
            match self.found {
                Some(_) => Some(true),
                None => is_nan_anywhere(looked.array(), looked.is_private()),
            }
        };
        match nan {
            Some(false) => {}
            None => self.overlooked = true,
            Some(true) => self.note(from, to),
        }
        true
    }

    #[cold]
    fn note(&mut self, from: &Node, to: &NodeRef) {
        if self.found.is_none() {
            self.found = Some(Origin { node: from.name().to_owned(), blame: from.blame(), certain: !self.overlooked });
        }
        if let Some(leaf) = to.op_as::<AccumulateGrad>().and_then(AccumulateGrad::leaf) {
            self.remember(&leaf);
        }
    }

    #[cold]
    fn remember(&self, leaf: &Tensor) {
        let Some(origin) = self.found.clone() else { return };
        let leaf = leaf.downgrade();
        let _ = MEMORY.try_with(|memory| {
            let mut memory = memory.borrow_mut();
            memory.retain(|(other, _)| other.strong_count() > 0 && !other.ptr_eq(&leaf));
            if memory.len() == REMEMBERED {
                memory.remove(0);
            }
            memory.push((leaf, origin));
        });
    }
}

/// Where the NaN was made that the last pass on this thread brought to `leaf`, if it was seen.
pub fn origin_of(leaf: &Tensor) -> Option<Origin> {
    let leaf = leaf.downgrade();
    MEMORY
        .with(|memory| memory.borrow().iter().find(|(other, _)| other.ptr_eq(&leaf)).map(|(_, origin)| origin.clone()))
}

/// Whether an element is NaN; `None` when that would take too long to find out.
#[inline]
fn is_nan_anywhere(array: &Array, private: bool) -> Option<bool> {
    if array.numel() > WATCHED || !array.is_contiguous() {
        return None;
    }
    let _hold = match private {
        true => None,
        false => Some(array.storage().try_hold()?),
    };
    match array.dtype() {
        // SAFETY: the memory's state is held or ours alone, and the array has `numel` contiguous elements of this type.
        DType::F32 => Some(unsafe { any(array.ptr().cast::<f32>(), array.numel(), f32::is_nan) }),
        // SAFETY: as above.
        DType::F64 => Some(unsafe { any(array.ptr().cast::<f64>(), array.numel(), f64::is_nan) }),
        _ => None,
    }
}

/// Whether `test` holds for one of `count` elements. Looks at all of them, so that the loop has no branches.
///
/// # Safety
/// `first` points to `count` readable elements that nobody writes to meanwhile.
#[inline]
unsafe fn any<T: Copy>(first: *const T, count: usize, test: impl Fn(T) -> bool) -> bool {
    let mut found = false;
    for index in 0..count {
        // SAFETY: as the caller promises.
        found |= test(unsafe { *first.add(index) });
    }
    found
}
