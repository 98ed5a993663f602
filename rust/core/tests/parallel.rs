//! The parallel loop as the rest of the crate relies on it: from any thread, nested, with panics, across fork and at
//! process exit.
//!
//! `set_num_threads` is global, so the tests that call it take turns.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arcgrad::parallel::{num_threads, run, set_num_threads};

/// Enough picoseconds that every helper is asked for.
const LARGE: u64 = 1 << 50;

fn with_threads(threads: usize) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    set_num_threads(threads);
    turn
}

/// Runs a loop and checks that each chunk ran exactly once.
fn check_loop(chunks: usize) {
    let counts: Vec<AtomicUsize> = (0..chunks).map(|_| AtomicUsize::new(0)).collect();
    run(chunks, LARGE, &|chunk| {
        counts[chunk].fetch_add(1, Ordering::Relaxed);
    });
    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
}

/// Blocks until `threads` threads are inside the loop, or panics after a while.
fn meet(arrived: &AtomicUsize, threads: usize) {
    arrived.fetch_add(1, Ordering::SeqCst);
    let start = Instant::now();
    while arrived.load(Ordering::SeqCst) < threads {
        assert!(start.elapsed() < Duration::from_secs(20), "helpers never came");
        std::thread::yield_now();
    }
}

#[test]
fn every_chunk_runs_once() {
    for threads in [1, 2, 5] {
        let _turn = with_threads(threads);
        assert_eq!(num_threads(), threads);
        for chunks in [0, 1, 2, 3, 100, 10_000] {
            check_loop(chunks);
        }
    }
}

#[test]
fn caller_and_helpers_run_at_the_same_time() {
    let _turn = with_threads(4);
    let arrived = AtomicUsize::new(0);
    let ids = Mutex::new(HashSet::new());
    run(4, LARGE, &|_| {
        ids.lock().unwrap().insert(std::thread::current().id());
        meet(&arrived, 4);
    });
    let ids = ids.into_inner().unwrap();
    assert_eq!(ids.len(), 4);
    assert!(ids.contains(&std::thread::current().id()), "the caller takes part");
}

#[test]
fn small_loops_stay_on_the_caller() {
    let _turn = with_threads(4);
    let caller = std::thread::current().id();
    run(100, 1_000_000, &|_| assert_eq!(std::thread::current().id(), caller));
}

#[test]
fn short_loops_that_follow_each_other_reach_the_helpers() {
    let _turn = with_threads(2);
    let caller = std::thread::current().id();
    let helped = AtomicBool::new(false);
    let start = Instant::now();
    while !helped.load(Ordering::Relaxed) {
        assert!(start.elapsed() < Duration::from_secs(20), "no helper ever came");
        run(8, 16_000_000, &|_| {
            let chunk = Instant::now();
            while chunk.elapsed() < Duration::from_micros(2) {}
            if std::thread::current().id() != caller {
                helped.store(true, Ordering::Relaxed);
            }
        });
    }
}

#[test]
fn nested_loops_run_inline() {
    let _turn = with_threads(3);
    run(20, LARGE, &|_| {
        let outer = std::thread::current().id();
        run(10, LARGE, &|_| assert_eq!(std::thread::current().id(), outer));
    });
}

#[test]
fn a_loop_after_a_nested_one_has_helpers_again() {
    let _turn = with_threads(2);
    run(2, LARGE, &|_| run(2, LARGE, &|_| ()));
    let arrived = AtomicUsize::new(0);
    run(2, LARGE, &|_| meet(&arrived, 2));
}

#[test]
fn many_callers_at_once() {
    let _turn = with_threads(3);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    check_loop(37);
                }
            });
        }
    });
}

#[test]
fn a_caller_does_not_wait_for_helpers_busy_elsewhere() {
    let _turn = with_threads(2);
    let (inside, release) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        // Both the first caller and the only helper are held inside a chunk.
        scope.spawn(|| {
            run(2, LARGE, &|_| {
                meet(&inside, 3);
                let start = Instant::now();
                while !release.load(Ordering::SeqCst) && start.elapsed() < Duration::from_secs(20) {
                    std::thread::yield_now();
                }
            });
        });
        meet(&inside, 3);
        let start = Instant::now();
        for _ in 0..1000 {
            check_loop(5);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "the caller waited for somebody else's loop");
        release.store(true, Ordering::SeqCst);
    });
}

#[test]
fn works_from_threads_that_exit() {
    let _turn = with_threads(3);
    for _ in 0..20 {
        std::thread::spawn(|| check_loop(50)).join().unwrap();
    }
    check_loop(50);
}

#[test]
fn changing_the_number_of_threads_while_loops_run() {
    let _turn = with_threads(2);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..300).for_each(|_| check_loop(20)));
        }
        for i in 0..50 {
            set_num_threads(1 + i % 5);
        }
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_survives() {
    let _turn = with_threads(3);
    for bad in [0, 1, 17, 49] {
        let alive = AtomicUsize::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            run(50, LARGE, &|chunk| {
                alive.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(50));
                alive.fetch_sub(1, Ordering::SeqCst);
                assert!(chunk != bad, "chunk failed");
            });
        }));
        let message = *result.unwrap_err().downcast::<&str>().unwrap();
        assert_eq!(message, "chunk failed");
        assert_eq!(alive.load(Ordering::SeqCst), 0, "no chunk runs after the panic has arrived");
        check_loop(50);
    }
    // A helper that panicked is not left marked as inside a loop.
    let arrived = AtomicUsize::new(0);
    run(3, LARGE, &|_| meet(&arrived, 3));
}

#[test]
fn process_exit_while_helpers_run() {
    const CHILD: &str = "ARCGRAD_TEST_EXIT_WHILE_HELPERS_RUN";
    if std::env::var_os(CHILD).is_some() {
        set_num_threads(3);
        std::thread::spawn(|| run(1000, LARGE, &|_| std::thread::sleep(Duration::from_millis(100))));
        std::thread::sleep(Duration::from_millis(50));
        std::process::exit(7);
    }
    let start = Instant::now();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process_exit_while_helpers_run"])
        .env(CHILD, "1")
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(7));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[cfg(unix)]
mod fork {
    use super::{AtomicBool, AtomicUsize, LARGE, Ordering, check_loop, meet, run, set_num_threads, with_threads};
    use std::ffi::c_int;

    unsafe extern "C" {
        fn fork() -> c_int;
        fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
        fn alarm(seconds: u32) -> u32;
        fn _exit(status: c_int) -> !;
    }

    /// Forks; the child runs loops with two threads, with `body` first, and must end well within the alarm.
    fn child_runs_loops(body: &dyn Fn()) {
        // SAFETY: the child only runs loops and `_exit`s.
        unsafe {
            let pid = fork();
            assert!(pid >= 0);
            if pid == 0 {
                alarm(20);
                body();
                check_loop(100);
                _exit(0);
            }
            let mut status = -1;
            assert_eq!(waitpid(pid, &raw mut status, 0), pid);
            assert_eq!(status, 0, "the child hung or crashed");
        }
    }

    #[test]
    fn forked_child_makes_its_own_pool() {
        let _turn = with_threads(2);
        check_loop(100);
        child_runs_loops(&|| {
            let arrived = AtomicUsize::new(0);
            run(2, LARGE, &|_| meet(&arrived, 2));
        });
        check_loop(100);
    }

    #[test]
    fn fork_from_another_thread_while_loops_run() {
        let _turn = with_threads(2);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        check_loop(10);
                        set_num_threads(2);
                    }
                });
            }
            // Here helpers need not start in the child: a thread that was being made during the fork may have left a
            // lock of the standard library held. The loops have to end all the same.
            let result = scope.spawn(|| (0..10).for_each(|_| child_runs_loops(&|| ()))).join();
            stop.store(true, Ordering::Relaxed);
            result.unwrap();
        });
    }
}
