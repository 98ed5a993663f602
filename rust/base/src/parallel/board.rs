//! Where callers put up their loops and helpers find them.
//!
//! Waking a thread takes longer than many a loop: some 10 µs, several times that where an idle core of a virtual machine
//! has been given back to its host. So a helper that has finished looks for the next loop for a while before it goes to
//! sleep, and helpers are woken for a short loop only where such loops follow each other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a helper looks for work before it goes to sleep: the loops of a program's step follow each other sooner.
const PATIENCE: Duration = Duration::from_micros(300);

/// Looks between two readings of the clock, which takes as long as one of them.
const LOOKS: usize = 16;

/// Loops that want helpers. Nobody depends on one coming: a loop that nobody takes is done by its caller.
pub(super) struct Board<T> {
    jobs: Mutex<VecDeque<Arc<T>>>,
    /// Length of `jobs`, to be looked at without the lock.
    posted: AtomicUsize,
    /// Helpers that are awake and look.
    idle: AtomicUsize,
    /// Helpers that were called and have not come yet.
    called: AtomicUsize,
    /// When a loop last wanted more helpers than were awake, in nanoseconds since `made`. (One for which enough are awake does not
    /// ask when the one before it was, and leaves no trace.)
    last: AtomicU64,
    made: Instant,
}

impl<T> Board<T> {
    pub(super) fn new() -> Self {
        Self {
            jobs: Mutex::default(),
            posted: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            called: AtomicUsize::new(0),
            last: AtomicU64::new(0),
            made: Instant::now(),
        }
    }

    /// Puts `job` up for `wanted` helpers if so many are awake, or if loops follow each other, and otherwise for the
    /// `worth` that it pays to wake. Returns how many of all `helpers` have to be called to [`serve`](Self::serve).
    pub(super) fn put(&self, job: &Arc<T>, wanted: usize, worth: usize, helpers: usize) -> usize {
        let idle = self.idle.load(Ordering::Relaxed);
        let wanted = if idle >= wanted || self.follows() { wanted } else { worth.max(idle) };
        if wanted == 0 {
            return 0;
        }
        let mut jobs = self.jobs();
        jobs.extend(std::iter::repeat_n(job, wanted).cloned());
        self.posted.store(jobs.len(), Ordering::Relaxed);
        // Who has been called takes what he finds; no more are called than there are.
        let coming = idle + self.called.load(Ordering::Relaxed);
        let missing = jobs.len().min(helpers).saturating_sub(coming);
        self.called.fetch_add(missing, Ordering::Relaxed);
        missing
    }

    /// Whether a loop wanted more helpers than were awake a short while ago, so that one woken now would find more to do.
    fn follows(&self) -> bool {
        let now = u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let before = self.last.swap(now, Ordering::Relaxed);
        now.saturating_sub(before) < PATIENCE.as_nanos() as u64 / 2
    }

    /// Takes down what nobody has taken of `job`.
    pub(super) fn take_down(&self, job: &Arc<T>) {
        if Arc::strong_count(job) > 1 {
            let mut jobs = self.jobs();
            jobs.retain(|other| !Arc::ptr_eq(other, job));
            self.posted.store(jobs.len(), Ordering::Relaxed);
        }
    }

    /// What a helper does from being called to going to sleep.
    pub(super) fn serve(&self, help: impl Fn(&T)) {
        self.called.fetch_sub(1, Ordering::Relaxed);
        while let Some(job) = self.wait() {
            help(&job);
        }
    }

    /// The next loop, unless none comes for [`PATIENCE`].
    fn wait(&self) -> Option<Arc<T>> {
        self.idle.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        let job = loop {
            let job = (0..LOOKS).find_map(|_| {
                std::hint::spin_loop();
                self.look()
            });
            if job.is_some() || start.elapsed() > PATIENCE {
                break job;
            }
        };
        self.idle.fetch_sub(1, Ordering::Relaxed);
        job
    }

    /// A loop that is up. Where somebody else is at the board, nobody waits: he would go to sleep.
    fn look(&self) -> Option<Arc<T>> {
        if self.posted.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut jobs = self.jobs.try_lock().ok()?;
        let job = jobs.pop_front();
        self.posted.store(jobs.len(), Ordering::Relaxed);
        job
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Arc<T>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A board on which `idle` helpers look.
    fn board(idle: usize) -> Board<AtomicUsize> {
        let board = Board::new();
        board.idle.store(idle, Ordering::Relaxed);
        board
    }

    #[test]
    fn helpers_that_are_awake_need_not_be_called() {
        let (board, job) = (board(2), Arc::default());
        assert_eq!(board.put(&job, 2, 0, 3), 0);
        assert!(board.look().is_some() && board.look().is_some() && board.look().is_none());
    }

    #[test]
    fn a_short_loop_alone_wakes_nobody_and_those_that_follow_do() {
        let (board, job) = (board(0), Arc::default());
        std::thread::sleep(PATIENCE);
        assert_eq!(board.put(&job, 3, 0, 3), 0);
        assert!(board.look().is_none(), "nothing is put up for those who sleep");
        // A pause between the two may be longer than it should on a busy machine.
        let called = (0..100).map(|_| board.put(&job, 3, 0, 3)).find(|&called| called > 0);
        assert_eq!(called, Some(3));
    }

    #[test]
    fn no_more_are_called_than_there_are() {
        let (board, job) = (board(1), Arc::default());
        assert_eq!(board.put(&job, 3, 3, 3), 2);
        assert_eq!(board.put(&job, 3, 3, 3), 0, "they are on their way");
    }

    #[test]
    fn what_nobody_took_is_taken_down() {
        let (board, job) = (board(2), Arc::default());
        board.put(&job, 2, 2, 2);
        let taken = board.look();
        board.take_down(&job);
        assert!(board.look().is_none());
        drop(taken);
        assert_eq!(Arc::strong_count(&job), 1);
    }

    #[test]
    fn a_helper_serves_until_nothing_comes() {
        let (board, job) = (board(0), Arc::new(AtomicUsize::new(0)));
        let called = board.put(&job, 2, 2, 2);
        for _ in 0..called {
            board.serve(|job| {
                job.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(job.load(Ordering::Relaxed), 2);
        assert_eq!(board.idle.load(Ordering::Relaxed), 0);
        assert_eq!(board.called.load(Ordering::Relaxed), 0);
    }
}
