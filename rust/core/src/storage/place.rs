//! Where new memory is made: here, or nowhere at all. A tensor of the device `meta` has a shape, a dtype and a place in the
//! graph, and no memory; what operations make of it is made nowhere, too.
//!
//! A program that never has one pays for a load of one flag per block.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where the data of a tensor lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Device {
    /// In memory.
    Cpu,
    /// Nowhere.
    Meta,
}

impl Device {
    /// PyTorch's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Meta => "meta",
        }
    }
}

/// Set when the program asks for `meta` for the first time.
static KNOWN: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Where new memory is made on this thread, if that has been said.
    static NEW: Cell<Option<Device>> = const { Cell::new(None) };
}

/// Whether there may be tensors without memory.
#[inline]
pub fn is_meta_known() -> bool {
    KNOWN.load(Ordering::Relaxed)
}

/// Whether memory is made nowhere just now.
#[inline]
pub(super) fn is_nowhere() -> bool {
    /// Apart, so that what belongs to the thread is not looked up for nothing.
    #[cold]
    #[inline(never)]
    fn is_said() -> bool {
        NEW.get() == Some(Device::Meta)
    }
    is_meta_known() && is_said()
}

/// Where new memory is made on this thread; what was said before holds again when it is dropped.
#[must_use = "it holds until it is dropped"]
pub struct Placed(Option<Device>);

impl Placed {
    /// New memory is made there, whatever it is made for.
    pub fn on(device: Device) -> Self {
        if device == Device::Meta {
            KNOWN.store(true, Ordering::Relaxed);
        }
        Self(NEW.replace(Some(device)))
    }

    /// Nothing is said: for code of the program that is called in between.
    pub fn anywhere() -> Self {
        Self(NEW.replace(None))
    }

    /// New memory is made there unless something has been said already.
    pub(crate) fn unless_said(device: Device) -> Option<Self> {
        (device == Device::Meta && NEW.get().is_none()).then(|| Self::on(device))
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        NEW.set(self.0);
    }
}
