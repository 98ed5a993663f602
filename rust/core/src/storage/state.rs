//! The reader/writer state of one root: a counter of readers and a bit for the writer.

use crate::sync::{AtomicU32, Ordering};

/// Set while somebody writes.
const WRITER: u32 = 1 << 31;

/// Shared or exclusive state, taken without waiting.
pub(super) struct State(AtomicU32);

impl State {
    /// Nobody reads or writes.
    pub(super) fn free() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Takes shared state unless somebody writes. Acquire: what the last writer wrote is seen. Nobody changes the word
    /// while somebody writes, not even to take the attempt back.
    #[inline]
    pub(super) fn try_share(&self) -> bool {
        let mut seen = self.0.load(Ordering::Relaxed);
        while seen & WRITER == 0 {
            match self.0.compare_exchange_weak(seen, seen + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// Gives shared state back. Release: the next writer comes after what was read.
    #[inline]
    pub(super) fn end_share(&self) {
        self.0.fetch_sub(1, Ordering::Release);
    }

    /// Takes exclusive state unless anybody reads or writes.
    #[inline]
    pub(super) fn try_own(&self) -> bool {
        self.0.compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Gives exclusive state back: a plain store, because nobody else changes the word meanwhile.
    #[inline]
    pub(super) fn end_own(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// Whether somebody writes.
    pub(super) fn is_owned(&self) -> bool {
        self.0.load(Ordering::Relaxed) == WRITER
    }

    /// Whether nobody reads or writes.
    #[cfg(test)]
    pub(super) fn is_free(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}
