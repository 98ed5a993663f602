//! The one parallel loop.

/// Runs `body(chunk)` for every chunk in `0..chunks`, on the calling thread and the helpers.
///
/// Which thread runs which chunk is not determined; what a chunk covers must depend on the sizes alone, so that the
/// result has the same bits for any number of threads. `cost` is the estimated work of the whole loop in
/// picoseconds: small loops stay on the calling thread.
pub fn run(chunks: usize, cost: u64, body: &(dyn Fn(usize) + Sync)) {
    let _ = cost;
    for chunk in 0..chunks {
        body(chunk);
    }
}
