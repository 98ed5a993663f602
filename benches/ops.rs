//! What an operation costs beside its arithmetic, seen from Rust: small tensors with and without gradients, a chain
//! forward and backward per node, and a graph of a million nodes made, run and dropped.
//!
//! `cargo bench --bench ops`; `-- add` measures what has `add` in its name.

use std::hint::black_box;
use std::time::{Duration, Instant};

use arcgrad::Tensor;
use arcgrad::graph::no_grad;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Small enough for the arithmetic to vanish beside the cost of an operation.
const SMALL: [f32; 8] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
/// Operations of the short chain.
const CHAIN: usize = 200;
/// Nodes of the long chain: far beyond the caches.
const LONG: usize = 1_000_000;

fn small() -> Tensor {
    Tensor::from_slice(&SMALL, &[SMALL.len()]).expect("eight floats")
}

fn leaf() -> Tensor {
    small().with_grad().expect("a float tensor")
}

/// `(y·w).tanh()` again and again.
fn chain(x: &Tensor, w: &Tensor, operations: usize) -> Tensor {
    let mut y = x.clone();
    for _ in 0..operations / 2 {
        y = y.mul(w).and_then(|y| y.tanh()).expect("tensors of one shape");
    }
    y
}

fn add(c: &mut Criterion) {
    let mut group = c.benchmark_group("8 floats");
    let (a, b) = (small(), small());
    group.bench_function("add", |bench| bench.iter(|| black_box(&a).add(black_box(&b))));
    let (a, b) = (leaf(), leaf());
    group.bench_function("add, recorded", |bench| bench.iter(|| black_box(&a).add(black_box(&b))));
    group.bench_function("add, no_grad", |bench| {
        let _guard = no_grad();
        bench.iter(|| black_box(&a).add(black_box(&b)));
    });
    let target = small();
    group.bench_function("add_", |bench| bench.iter(|| black_box(&target).add_(1e-9)));
    group.bench_function("add a number", |bench| bench.iter(|| black_box(&target).add(1.0)));
    group.bench_function("sum", |bench| bench.iter(|| black_box(&target).sum()));
    group.bench_function("select", |bench| bench.iter(|| black_box(&target).select(0, 3)));
    group.finish();
}

fn chains(c: &mut Criterion) {
    let mut group = c.benchmark_group("chain of 200, per node");
    group.throughput(Throughput::Elements(CHAIN as u64));
    let (x, w, seed) = (leaf(), leaf(), small());
    group.bench_function("forward, no gradients", |bench| {
        let _guard = no_grad();
        bench.iter(|| chain(&x, &w, CHAIN));
    });
    group.bench_function("forward", |bench| {
        // Dropping the graph is measured on its own.
        bench.iter_with_large_drop(|| chain(&x, &w, CHAIN));
    });
    group.bench_function("forward + backward", |bench| {
        bench.iter(|| chain(&x, &w, CHAIN).backward_with(Some(&seed), Default::default()));
    });
    group.bench_function("drop", |bench| bench.iter_batched(|| chain(&x, &w, CHAIN), drop, BatchSize::SmallInput));
    group.finish();
}

/// One part of the life of a long chain, timed on its own.
fn long_chain(c: &mut Criterion) {
    let mut group = c.benchmark_group("chain of a million, per node");
    group.throughput(Throughput::Elements(LONG as u64)).sample_size(10).measurement_time(Duration::from_secs(10));
    let (x, w, seed) = (leaf(), leaf(), small());
    let parts: [(&str, usize); 3] = [("forward", 0), ("backward", 1), ("drop", 2)];
    for (name, part) in parts {
        group.bench_function(name, |bench| {
            bench.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    let begin = Instant::now();
                    let y = chain(&x, &w, LONG);
                    let made = begin.elapsed();
                    let begin = Instant::now();
                    if part == 1 {
                        y.backward_with(Some(&seed), Default::default()).expect("the graph is fresh");
                    }
                    let ran = begin.elapsed();
                    let begin = Instant::now();
                    drop(y);
                    total += [made, ran, begin.elapsed()][part];
                }
                total
            });
        });
    }
    group.finish();
}

criterion_group!(benches, add, chains, long_chain);
criterion_main!(benches);
