//! A buffer per thread for blocks of operands that have to be copied before a loop can read them.

use std::cell::Cell;
use std::mem::MaybeUninit;

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line {
    _bytes: [MaybeUninit<u8>; 64],
}

thread_local! {
    /// The buffer of the outermost call last.
    static BUFFERS: Cell<Vec<Vec<Line>>> = const { Cell::new(Vec::new()) };
}

/// Calls `body` with at least `bytes` bytes of uninitialised memory, aligned to a cache line. The memory is reused by
/// the next call on this thread; nested calls get memory of their own.
pub(super) fn with_scratch<R>(bytes: usize, body: impl FnOnce(*mut u8) -> R) -> R {
    let mut buffers = BUFFERS.take();
    let mut buffer = buffers.pop().unwrap_or_default();
    BUFFERS.set(buffers);
    let lines = bytes.div_ceil(size_of::<Line>());
    if buffer.capacity() < lines {
        buffer = Vec::with_capacity(lines);
    }
    let result = body(buffer.as_mut_ptr().cast());
    let mut buffers = BUFFERS.take();
    buffers.push(buffer);
    BUFFERS.set(buffers);
    result
}
