//! What the lock-free protocols ([`crate::storage`]'s state, the tickets of [`crate::parallel`]) are made of.
//! `tests/interleavings.rs` compiles the same files over `loom`'s versions, which try out every order of events.

pub use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
pub use std::thread::{self, Thread};

/// How often the caller of a loop looks whether the last helper has left before it goes to sleep: some 50 µs, the time
/// of a chunk; going to sleep and being woken costs as much.
pub const SPINS: usize = 1000;
