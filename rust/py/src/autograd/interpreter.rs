//! Letting go of the interpreter and taking it back, with what the graph has to know about it.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use arcgrad::graph::Blame;
use arcgrad::graph::provenance::Inherit;
use arcgrad::storage::{Placed, is_meta_known};
use pyo3::prelude::*;

use super::blame;

/// Threads that work on graphs without holding the interpreter. Changed only by threads that hold it, so that the
/// cycle collector sees the same number from beginning to end.
static WORKING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static DETACHED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread has let go of the interpreter through [`detach`].
#[inline]
pub fn is_detached() -> bool {
    DETACHED.get()
}

/// Whether some thread may be changing a graph while another holds the interpreter.
pub fn graphs_may_change() -> bool {
    WORKING.load(Ordering::Acquire) > 0
}

/// Runs `work` without the interpreter. All work on tensors without it has to go through here.
pub fn detach<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            DETACHED.set(self.0);
            WORKING.fetch_sub(1, Ordering::AcqRel);
        }
    }
    WORKING.fetch_add(1, Ordering::AcqRel);
    // Dropped when the interpreter is held again, also after a panic.
    let _back = Back(DETACHED.replace(true));
    py.detach(work)
}

/// Takes the interpreter for code of the program that is called by the graph (hooks, custom functions). What it
/// records is blamed on its own line; what this library's frames record there, on the line inherited so far.
pub fn attach<T>(code: impl FnOnce(Python<'_>) -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            DETACHED.set(self.0);
        }
    }
    let inherited = if is_detached() { Blame::here() } else { Blame::NONE };
    let was_detached = is_detached();
    Python::attach(|py| {
        let _back = Back(DETACHED.replace(false));
        // Where the operation that calls makes its memory is nothing to the program's code.
        let _place = is_meta_known().then(Placed::anywhere);
        if was_detached {
            let _own = Inherit::from(Blame::NONE);
            let _boundary = blame::Boundary::here(inherited);
            code(py)
        } else {
            code(py)
        }
    })
}
