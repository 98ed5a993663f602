//! The protocol between the caller of a parallel loop and its helpers: who takes which chunk, and when the caller may
//! leave.
//!
//! A [`Ticket`] outlives the loop (it is reference counted), the loop's body does not (it lies on the caller's stack).
//! So a helper may touch the body only between a successful [`Ticket::enter`] and the matching [`Ticket::leave`], and
//! the caller returns only after [`Ticket::close`] has shut the door and the last helper inside has left. A helper
//! that comes too late finds the door shut and goes away: nobody ever waits for a helper to start.

use crate::sync::{AtomicUsize, Ordering, SPINS, Thread, thread};

/// Set in [`Ticket::door`] once the caller lets nobody in any more.
const SHUT: usize = 1;
/// One helper inside.
const HELPER: usize = 2;

/// Hands out the chunks of one loop and counts the helpers at work on it.
pub(super) struct Ticket {
    /// The next chunk that nobody has taken; at least `chunks` when all are.
    next: AtomicUsize,
    chunks: usize,
    /// [`HELPER`] for each helper inside, plus [`SHUT`].
    door: AtomicUsize,
    caller: Thread,
}

impl Ticket {
    /// A ticket for `chunks` chunks, to be closed by the calling thread.
    pub(super) fn new(chunks: usize) -> Self {
        Self { next: AtomicUsize::new(0), chunks, door: AtomicUsize::new(0), caller: thread::current() }
    }

    /// The next chunk to run, if any is left.
    ///
    /// Which chunk a thread gets carries no data (the body was published by `enter`), so relaxed order is enough. The
    /// counter cannot wrap: each thread oversteps the end once.
    pub(super) fn take(&self) -> Option<usize> {
        let chunk = self.next.fetch_add(1, Ordering::Relaxed);
        (chunk < self.chunks).then_some(chunk)
    }

    /// Leaves the chunks that nobody has taken undone.
    pub(super) fn abandon(&self) {
        self.next.store(self.chunks, Ordering::Relaxed);
    }

    /// A helper comes in; false if the door is shut.
    pub(super) fn enter(&self) -> bool {
        let mut door = self.door.load(Ordering::Relaxed);
        while door & SHUT == 0 {
            match self.door.compare_exchange_weak(door, door + HELPER, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => door = now,
            }
        }
        false
    }

    /// A helper that came in leaves; it must not touch the body afterwards.
    pub(super) fn leave(&self) {
        // Release: what the helper wrote is seen by the caller, who reads the door with Acquire.
        if self.door.fetch_sub(HELPER, Ordering::Release) == HELPER | SHUT {
            self.caller.unpark();
        }
    }

    /// The caller shuts the door and waits until the last helper has left.
    pub(super) fn close(&self) {
        let mut door = self.door.fetch_or(SHUT, Ordering::Acquire) | SHUT;
        for _ in 0..SPINS {
            if door == SHUT {
                return;
            }
            std::hint::spin_loop();
            door = self.door.load(Ordering::Acquire);
        }
        while door != SHUT {
            thread::park();
            door = self.door.load(Ordering::Acquire);
        }
    }
}
