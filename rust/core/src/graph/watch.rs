//! The watcher of a profile: what was run, when, for how long, on whose line, and what memory it took.
//!
//! While nobody profiles, a watched call costs a load of one flag.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use smallvec::SmallVec;

use super::provenance::Blame;
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::storage::memory_stats;

/// What an event is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An operation that the program called.
    Op,
    /// A node of a backward pass.
    Node,
    /// A piece of the program that it has given a name.
    Block,
}

/// Something that was run.
pub struct Event {
    /// The operation, the node, or what the program calls it.
    pub name: Cow<'static, str>,
    /// What that is.
    pub kind: Kind,
    /// When it began, in nanoseconds.
    pub start: u64,
    /// When it was over.
    pub end: u64,
    /// By how much the memory in tensors has grown meanwhile (those of at most 64 bytes are not counted).
    pub bytes: i64,
    /// The thread, by number.
    pub thread: u32,
    /// The line that called it; of a node, the line of its forward call.
    pub blame: Blame,
    /// Shapes of the operands, where asked for.
    pub shapes: SmallVec<[Shape; 2]>,
}

const ON: u8 = 1;
const SHAPES: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(0);
static EVENTS: Mutex<Vec<Event>> = Mutex::new(Vec::new());
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether events are noted.
#[inline]
pub fn is_on() -> bool {
    STATE.load(Ordering::Relaxed) != 0
}

/// Begins to note events on all threads, with the shapes of operands if asked for.
///
/// # Errors
/// When they are noted already.
pub fn start(shapes: bool) -> Result<()> {
    if TAKEN.swap(true, Ordering::AcqRel) {
        return Err(Error::runtime("profiler", "Profiler is already enabled on this thread"));
    }
    // The first reading of a clock may take long.
    now();
    EVENTS.lock().clear();
    STATE.store(if shapes { ON | SHAPES } else { ON }, Ordering::Release);
    Ok(())
}

/// Ends that, and gives what was noted: each event when it was over.
pub fn stop() -> Vec<Event> {
    STATE.store(0, Ordering::Release);
    let events = std::mem::take(&mut *EVENTS.lock());
    TAKEN.store(false, Ordering::Release);
    events
}

/// Nanoseconds since some moment of the process.
pub fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// A number of this thread.
fn thread() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static OWN: u32 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
}

/// What is known of an event when it begins.
pub struct Begun {
    start: u64,
    in_use: usize,
    blame: Blame,
}

impl Begun {
    /// Begins an event on behalf of the line that is to blame just now.
    #[track_caller]
    pub fn here() -> Self {
        let blame = Blame::here();
        Self { in_use: memory_stats().in_use, blame, start: now() }
    }

    /// Notes the event, which is over now.
    pub fn end(self, kind: Kind, name: Cow<'static, str>, shapes: SmallVec<[Shape; 2]>) {
        let end = now();
        if !is_on() {
            return;
        }
        let bytes = memory_stats().in_use as i64 - self.in_use as i64;
        let event = Event { name, kind, start: self.start, end, bytes, thread: thread(), blame: self.blame, shapes };
        EVENTS.lock().push(event);
    }
}

/// Runs an operation, and notes it while a profile is under way. `shapes` are those of its operands.
#[inline]
#[track_caller]
pub fn op<T>(name: &'static str, shapes: impl FnOnce() -> SmallVec<[Shape; 2]>, work: impl FnOnce() -> T) -> T {
    if is_on() { watched(Kind::Op, Cow::Borrowed(name), shapes, work) } else { work() }
}

/// [`op`] of its form in place, which has an underscore.
#[inline]
#[track_caller]
pub fn op_in_place<T>(name: &str, shapes: impl FnOnce() -> SmallVec<[Shape; 2]>, work: impl FnOnce() -> T) -> T {
    if is_on() {
        watched(Kind::Op, Cow::Owned(format!("{}_", name.trim_end_matches('_'))), shapes, work)
    } else {
        work()
    }
}

/// [`op`] of a node of a backward pass.
#[inline]
pub(super) fn node<T>(name: &str, shapes: impl FnOnce() -> SmallVec<[Shape; 2]>, work: impl FnOnce() -> T) -> T {
    if is_on() { watched(Kind::Node, Cow::Owned(name.to_owned()), shapes, work) } else { work() }
}

#[cold]
#[inline(never)]
#[track_caller]
fn watched<T>(
    kind: Kind,
    name: Cow<'static, str>,
    shapes: impl FnOnce() -> SmallVec<[Shape; 2]>,
    work: impl FnOnce() -> T,
) -> T {
    let shapes = if STATE.load(Ordering::Relaxed) & SHAPES != 0 { shapes() } else { SmallVec::new() };
    let begun = Begun::here();
    let result = work();
    begun.end(kind, name, shapes);
    result
}
