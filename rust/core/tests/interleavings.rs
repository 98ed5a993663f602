//! The lock-free protocols under `loom`, which runs them in every order in which their steps can happen and reports data
//! races, lost wake-ups and broken promises. The files are the crate's own, compiled over loom's atomics.

/// In place of `crate::sync`.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    pub(crate) use loom::thread::{self, Thread};

    /// The caller looks once more before it goes to sleep: more often adds orders, but nothing new.
    pub(crate) const SPINS: usize = 1;
}

#[path = "../src/storage/state.rs"]
#[allow(dead_code, reason = "the crate's own tests look at the state from outside")]
mod state;
#[path = "../../base/src/parallel/ticket.rs"]
#[allow(dead_code, reason = "ending a loop early after a panic is not modelled")]
mod ticket;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use state::State;
use ticket::Ticket;

/// All orders of events, with at most `preemptions` switches of threads that are not forced where there are too many.
fn every_order(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

// ---- the parallel loop -------------------------------------------------------------------------------------------

/// A caller and `helpers` helpers: each chunk runs once, its writes are visible to the caller after `close`, and nobody
/// touches the body later.
fn loop_with(helpers: usize, chunks: usize) {
    every_order((helpers > 1).then_some(2), move || {
        let ticket = Arc::new(Ticket::new(chunks));
        let cells: Arc<Vec<_>> = Arc::new((0..chunks).map(|_| UnsafeCell::new(0)).collect());
        let handles: Vec<_> = (0..helpers)
            .map(|_| {
                let (ticket, cells) = (ticket.clone(), cells.clone());
                thread::spawn(move || {
                    if ticket.enter() {
                        while let Some(chunk) = ticket.take() {
                            // SAFETY: loom checks the access.
                            cells[chunk].with_mut(|cell| unsafe { *cell += 1 });
                        }
                        ticket.leave();
                    }
                })
            })
            .collect();
        while let Some(chunk) = ticket.take() {
            // SAFETY: loom checks the access.
            cells[chunk].with_mut(|cell| unsafe { *cell += 1 });
        }
        ticket.close();
        for cell in cells.iter() {
            // SAFETY: loom checks the access.
            cell.with_mut(|cell| assert_eq!(unsafe { *cell }, 1));
        }
        for handle in handles {
            handle.join().unwrap();
        }
    });
}

#[test]
fn one_helper_and_the_caller_share_the_chunks() {
    loop_with(1, 2);
}

#[test]
fn two_helpers_and_the_caller_share_the_chunks() {
    loop_with(2, 2);
}

// ---- the state of memory -----------------------------------------------------------------------------------------

/// A root: its state, a word of data and the version.
struct Root {
    state: State,
    data: UnsafeCell<u32>,
    version: UnsafeCell<u32>,
}

impl Root {
    fn new() -> Arc<Self> {
        Arc::new(Self { state: State::free(), data: UnsafeCell::new(0), version: UnsafeCell::new(0) })
    }

    /// Writes once, if it may: the data first, then the version, as operations do.
    fn try_write(&self) -> bool {
        let owned = self.state.try_own();
        if owned {
            // SAFETY: loom checks the access.
            self.data.with_mut(|data| unsafe { *data += 1 });
            // SAFETY: loom checks the access.
            self.version.with_mut(|version| unsafe { *version += 1 });
            self.state.end_own();
        }
        owned
    }

    /// Data and version as one reader sees them, if it may look.
    fn try_read(&self) -> Option<(u32, u32)> {
        let shared = self.state.try_share();
        shared.then(|| {
            // SAFETY: loom checks the access.
            let seen = (self.data.with(|data| unsafe { *data }), self.version.with(|version| unsafe { *version }));
            self.state.end_share();
            seen
        })
    }
}

#[test]
fn two_writers_exclude_each_other() {
    every_order(None, || {
        let root = Root::new();
        let other = root.clone();
        let handle = thread::spawn(move || other.try_write());
        let mut written = u32::from(root.try_write());
        written += u32::from(handle.join().unwrap());
        assert!(written >= 1, "one of two always gets through");
        assert_eq!(root.try_read(), Some((written, written)));
    });
}

#[test]
fn a_reader_sees_data_and_version_that_belong_together() {
    every_order(Some(3), || {
        let root = Root::new();
        let (writer, reader) = (root.clone(), root.clone());
        let write = thread::spawn(move || writer.try_write());
        let read = thread::spawn(move || reader.try_read());
        if let Some((data, version)) = root.try_read() {
            assert_eq!(data, version);
        }
        if let Some((data, version)) = read.join().unwrap() {
            assert_eq!(data, version);
        }
        let written = u32::from(write.join().unwrap());
        assert_eq!(root.try_read(), Some((written, written)), "nobody leaves state behind");
    });
}

/// Takes the exclusive state of both roots or of none, as `Access` does.
fn try_own_both(first: &Root, second: &Root) -> bool {
    if !first.state.try_own() {
        return false;
    }
    if !second.state.try_own() {
        first.state.end_own();
        return false;
    }
    true
}

#[test]
fn all_or_nothing_never_blocks_for_ever() {
    every_order(Some(3), || {
        let (a, b) = (Root::new(), Root::new());
        let (c, d) = (a.clone(), b.clone());
        let handle = thread::spawn(move || {
            // In the other order than the other thread: even so, giving back what was taken leaves both free.
            if try_own_both(&d, &c) {
                d.state.end_own();
                c.state.end_own();
            }
        });
        if try_own_both(&a, &b) {
            b.state.end_own();
            a.state.end_own();
        }
        handle.join().unwrap();
        assert!(try_own_both(&a, &b));
    });
}
