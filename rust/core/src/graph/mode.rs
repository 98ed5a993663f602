//! All modes of a thread are one word, tested once per operation.

use std::cell::Cell;

/// A set of modes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Modes(u32);

impl Modes {
    /// Nothing special: operations are recorded.
    pub const NONE: Self = Self(0);
    /// `no_grad`.
    pub const NO_GRAD: Self = Self(1);
    /// `inference_mode`.
    pub const INFERENCE: Self = Self(2);
    /// `set_detect_anomaly(True)`.
    pub const ANOMALY: Self = Self(4);
    /// Anomaly mode also looks for NaN.
    pub const CHECK_NAN: Self = Self(8);
    /// Saved-tensor hooks are installed on this thread.
    pub const SAVED_HOOKS: Self = Self(16);
    /// Views that are made again are made as they were at first, and not by strides.
    pub const VIEW_REPLAY: Self = Self(32);
    /// Something wants to see tensors before they are written to (`allow_mutation_on_saved_tensors`).
    pub const BEFORE_WRITE: Self = Self(64);
    /// Levels are open: tensors may carry tangents, or stand for one example of many.
    pub const LIFTED: Self = Self(128);
    /// Operations are written down as they run.
    pub const CAPTURE: Self = Self(256);
    /// Operations that a program calls have their operands cast to the precision of a region.
    pub const AUTOCAST: Self = Self(512);
    /// The lower precision of regions is `float16` instead of `bfloat16`.
    pub const AUTOCAST_F16: Self = Self(1024);
    /// Forward mode is off: tangents are left where they are.
    pub const NO_TANGENTS: Self = Self(2048);
    /// Modes in which nothing is recorded.
    pub const UNRECORDED: Self = Self(1 | 2);
    /// Modes in which every operation has to be seen as one: no shorter way past `call`.
    pub const TRANSFORMS: Self = Self(128 | 256);

    /// Whether all of `other` is in the set.
    #[inline]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether anything of `other` is in the set.
    #[inline]
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// With `other` put in or taken out.
    #[inline]
    pub const fn with(self, other: Self, on: bool) -> Self {
        Self(if on { self.0 | other.0 } else { self.0 & !other.0 })
    }
}

thread_local! {
    static MODES: Cell<Modes> = const { Cell::new(Modes::NONE) };
}

/// The thread's modes.
#[inline]
pub fn modes() -> Modes {
    MODES.get()
}

/// Replaces the thread's modes; returns the old ones.
#[inline]
pub fn set_modes(modes: Modes) -> Modes {
    MODES.replace(modes)
}

/// Whether operations are recorded on this thread.
#[inline]
pub fn is_grad_enabled() -> bool {
    !modes().any(Modes::UNRECORDED)
}

/// Switches recording; returns whether it was on.
pub fn set_grad_enabled(on: bool) -> bool {
    let old = modes();
    set_modes(old.with(Modes::NO_GRAD, !on));
    !old.any(Modes::NO_GRAD)
}

/// The thread's modes for a while; the old ones come back on drop, also after a panic.
#[must_use = "the modes are restored when the guard is dropped"]
pub struct ModeGuard(Modes);

impl ModeGuard {
    /// Replaces all modes.
    pub fn set(modes: Modes) -> Self {
        Self(set_modes(modes))
    }

    /// Switches one mode.
    pub fn with(mode: Modes, on: bool) -> Self {
        Self::set(modes().with(mode, on))
    }
}

impl Drop for ModeGuard {
    fn drop(&mut self) {
        // Whether anything is attached to tensors is nobody's choice.
        set_modes(self.0.with(Modes::LIFTED, modes().any(Modes::LIFTED)));
    }
}

/// Records nothing while alive: `let _guard = no_grad();`.
pub fn no_grad() -> ModeGuard {
    ModeGuard::with(Modes::NO_GRAD, true)
}

/// Records again while alive, inside [`no_grad`].
pub fn enable_grad() -> ModeGuard {
    ModeGuard::with(Modes::NO_GRAD, false)
}
