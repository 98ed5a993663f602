//! What a helper costs and gains: loops of so many microseconds, after so many of something else, on one thread and two.
//!
//!     cargo run --release -p arcgrad-base --example handover

use std::hint::black_box;
use std::time::{Duration, Instant};

use arcgrad_base::parallel;

/// Work of some `picoseconds`.
fn work(picoseconds: u64) {
    let until = Instant::now() + Duration::from_nanos(picoseconds / 1000);
    while Instant::now() < until {
        black_box(());
    }
}

fn main() {
    println!("{:>8} {:>8} {:>10} {:>10} {:>8}", "loop µs", "gap µs", "alone", "two", "gain");
    for gap in [0, 5, 50, 150, 1000] {
        for size in [8, 12, 20, 30, 50, 100, 300] {
            let mut best = [Duration::MAX; 2];
            let mut mean = [Duration::ZERO; 2];
            for (place, threads) in [(0, 1), (1, 2)] {
                parallel::set_num_threads(threads);
                for _ in 0..200 {
                    work(gap * 1_000_000);
                    let start = Instant::now();
                    parallel::run(4, size * 1_000_000, &|_| work(size * 1_000_000 / 4));
                    let took = start.elapsed();
                    best[place] = best[place].min(took);
                    mean[place] += took / 200;
                }
            }
            let us = |time: Duration| time.as_secs_f64() * 1e6;
            println!(
                "{size:>8} {gap:>8} {:>10.1} {:>10.1} {:>8.2} mean {:>8.2}",
                us(best[0]),
                us(best[1]),
                us(best[0]) / us(best[1]),
                us(mean[0]) / us(mean[1])
            );
        }
    }
}
