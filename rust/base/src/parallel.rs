//! The one parallel loop.
//!
//! A pool of N − 1 helpers; the calling thread, whichever it is, takes part itself by pulling chunk numbers from an
//! atomic counter, and lets nobody in any more when the chunks are gone. So a loop never waits for a helper to start:
//! with helpers that sleep, are busy for another caller or do not exist, the caller does the work alone.
//!
//! The pool is made at the first large loop, replaced after [`set_num_threads`] and forgotten in a forked child, which
//! has none of its parent's threads. It is never torn down at exit: helpers that still run then end with the process.

mod board;
mod ticket;

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use board::Board;
use ticket::Ticket;

/// Work in picoseconds that pays for a helper that is awake and looks for work: it comes within a microsecond. A loop of
/// less than twice this stays on the caller.
const SHARE: u64 = 5_000_000;

/// The same of a helper that has to be woken, which takes its caller 5 to 10 µs and as long again until it comes.
const SHARE_OF_SLEEPERS: u64 = 40_000_000;

/// Most threads that may be asked for: far above any machine, far below what would exhaust memory for stacks.
pub const MAX_THREADS: usize = 1024;

thread_local! {
    /// Whether this thread is inside the body of a loop.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// What [`set_num_threads`] asked for; 0 stands for the number of cores.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The threads of one size of pool.
struct Pool {
    threads: usize,
    /// None where the system refused to make the threads: loops then run on their callers.
    helpers: Option<rayon::ThreadPool>,
    /// Where loops are put up for the helpers.
    board: Arc<Board<Job>>,
}

/// The pool of one process. A forked child makes its own: the threads did not survive, and the lock may have been held
/// by one of them.
struct Slot {
    process: u32,
    pool: Mutex<Option<Arc<Pool>>>,
}

static SLOT: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

/// One loop as its helpers see it.
struct Job {
    ticket: Ticket,
    body: Body,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The body of a loop; valid only between `enter` and `leave` of the loop's ticket.
struct Body(*const (dyn Fn(usize) + Sync));

// SAFETY: the pointee is Sync, and it is dereferenced only while the ticket guarantees that it is alive.
unsafe impl Send for Body {}
// SAFETY: as above.
unsafe impl Sync for Body {}

impl Job {
    /// Runs chunks until none is left. A panic of the body is kept for the caller, and the loop ends early.
    ///
    /// # Safety
    /// The body must be alive: the caller of the loop, or a helper that has entered.
    unsafe fn work(&self) {
        // SAFETY: alive, see above.
        let body = unsafe { &*self.body.0 };
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _inside = Inside::enter();
            while let Some(chunk) = self.ticket.take() {
                body(chunk);
            }
        }));
        if let Err(payload) = result {
            self.ticket.abandon();
            // The first panic is the one reported; a later payload is dropped here.
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
    }

    /// What a helper does for a loop.
    fn help(&self) {
        if self.ticket.enter() {
            // SAFETY: entered, so the caller waits for `leave`.
            unsafe { self.work() };
            self.ticket.leave();
        }
    }
}

/// Marks the thread as inside a loop until dropped.
struct Inside {
    before: bool,
}

impl Inside {
    fn enter() -> Self {
        Self { before: INSIDE.replace(true) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.before);
    }
}

/// Number of threads that large loops use, the calling one included.
pub fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let cores = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
            // Asking the system takes microseconds: once is enough. A `set_num_threads` in between wins.
            match THREADS.compare_exchange(0, cores, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => cores,
                Err(set) => set,
            }
        }
        threads => threads,
    }
}

/// Sets the number of threads that large loops use, the calling one included; at least 1 and at most [`MAX_THREADS`].
/// Results have the same bits for any number. Loops that are running keep the threads they have.
pub fn set_num_threads(threads: usize) {
    THREADS.store(threads.clamp(1, MAX_THREADS), Ordering::Relaxed);
    // An old pool is taken out here rather than at the next loop, so that its threads end now.
    let old = slot().pool.lock().unwrap_or_else(PoisonError::into_inner).take();
    drop(old);
}

/// This process's slot.
fn slot() -> &'static Slot {
    let process = std::process::id();
    let mut current = SLOT.load(Ordering::Acquire);
    loop {
        // SAFETY: slots are leaked, so a pointer that was ever stored stays valid.
        if let Some(slot) = unsafe { current.as_ref() }
            && slot.process == process
        {
            return slot;
        }
        // The parent's slot is forgotten, not dropped: ending its pool would wait on threads that do not exist here.
        let fresh = Box::into_raw(Box::new(Slot { process, pool: Mutex::new(None) }));
        match SLOT.compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: just leaked.
            Ok(_) => return unsafe { &*fresh },
            Err(other) => {
                // SAFETY: never shared.
                drop(unsafe { Box::from_raw(fresh) });
                current = other;
            }
        }
    }
}

/// The pool for the present number of threads, made if need be.
fn pool() -> Arc<Pool> {
    let threads = num_threads();
    let mut pool = slot().pool.lock().unwrap_or_else(PoisonError::into_inner);
    match &*pool {
        Some(pool) if pool.threads == threads => pool.clone(),
        _ => {
            let helpers = rayon::ThreadPoolBuilder::new()
                .num_threads(threads - 1)
                .thread_name(|i| format!("arcgrad-{}", i + 1))
                .build()
                .ok();
            let fresh = Arc::new(Pool { threads, helpers, board: Arc::new(Board::new()) });
            *pool = Some(fresh.clone());
            fresh
        }
    }
}

/// Runs `body(chunk)` for every chunk in `0..chunks`, on the calling thread and the helpers.
///
/// Which thread runs which chunk is not determined; what a chunk covers must depend on the sizes alone, so that the
/// result has the same bits for any number of threads. `cost` is the estimated work of the whole loop in
/// picoseconds: small loops stay on the calling thread, and so do loops inside the body of another one. Any thread may
/// call, also several at once.
///
/// # Panics
/// A panic of the body is carried to the caller once no helper runs the body any more; chunks not begun by then are
/// left undone.
#[inline]
pub fn run(chunks: usize, cost: u64, body: &(dyn Fn(usize) + Sync)) {
    if chunks <= 1 || cost < 2 * SHARE || INSIDE.get() || num_threads() == 1 {
        for chunk in 0..chunks {
            body(chunk);
        }
    } else {
        run_with_helpers(chunks, cost, body);
    }
}

/// Runs `body` with every loop in it on the calling thread, chunk after chunk.
pub fn alone<R>(body: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter();
    body()
}

#[cold]
#[inline(never)]
fn run_with_helpers(chunks: usize, cost: u64, body: &(dyn Fn(usize) + Sync)) {
    let pool = pool();
    // SAFETY: only the lifetime changes. `Job::work` is the one place that dereferences the pointer, and `close` below
    // is reached on every path before `body` goes out of scope (`work` does not unwind).
    let body = Body(unsafe {
        std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const (dyn Fn(usize) + Sync + 'static)>(body)
    });
    let job = Arc::new(Job { ticket: Ticket::new(chunks), body, panic: Mutex::new(None) });
    if let Some(helpers) = &pool.helpers {
        let others = pool.threads - 1;
        let shares = |share| usize::try_from(cost / share).unwrap_or(usize::MAX).saturating_sub(1);
        let wanted = shares(SHARE).min(others).min(chunks - 1);
        for _ in 0..pool.board.put(&job, wanted, shares(SHARE_OF_SLEEPERS).min(wanted), others) {
            let board = pool.board.clone();
            helpers.spawn(move || board.serve(Job::help));
        }
    }
    // SAFETY: `body` is borrowed for this call.
    unsafe { job.work() };
    job.ticket.close();
    pool.board.take_down(&job);
    let panic = job.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}
