//! How long the decompositions of matrices take, by size and type: `cargo run --release -p arcgrad-linalg --example sizes
//! [size]`.
#![allow(clippy::print_stdout, reason = "figures are what it is for")]

use std::hint::black_box;
use std::time::Instant;

use arcgrad_linalg::{Number, c32, c64, cholesky, eigen, lu, svd};
use faer::traits::ComplexField;

/// The least time of a call, in microseconds.
fn micros(mut call: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..300 {
        let mut rounds = 1;
        loop {
            let start = Instant::now();
            (0..rounds).for_each(|_| call());
            let taken = start.elapsed().as_secs_f64();
            if taken > 3e-5 {
                best = best.min(taken / f64::from(rounds));
                break;
            }
            rounds *= 2;
        }
    }
    best * 1e6
}

/// Numbers in −1..1 of a generator with no other purpose.
fn numbers<T: Number>(count: usize) -> Vec<T> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as f64 / f64::from(1 << 30) - 1.0
    };
    (0..count).map(|_| T::from_f64_impl(next())).collect()
}

fn figures<T: Number>(name: &str, n: usize, count: usize) {
    let whole = n * n * count;
    let general = numbers::<T>(whole);
    let mut symmetric = general.clone();
    for matrix in symmetric.chunks_exact_mut(n * n) {
        for row in 0..n {
            for column in 0..row {
                matrix[column * n + row] = T::conj_impl(&matrix[row * n + column]);
            }
            matrix[row * n + row] += T::from_f64_impl(n as f64);
        }
    }
    let empty = || vec![T::zero_impl(); whole];
    let (mut first, mut second) = (empty(), empty());
    let mut parts = vec![T::Part::zero_impl(); n * count];
    let (mut pivots, mut info) = (vec![0; n * count], vec![0; count]);
    let size = [n, n];
    let eigh = micros(|| eigen::hermitian(n, false, black_box(&symmetric), &mut parts, &mut first, &mut info));
    let values = micros(|| eigen::hermitian(n, false, black_box(&symmetric), &mut parts, &mut [], &mut info));
    let singular = micros(|| {
        svd::decompose(size, false, true, black_box(&general), &mut first, &mut parts, &mut second, &mut info);
    });
    let factors = micros(|| lu::factor(size, true, black_box(&general), &mut first, &mut pivots, &mut info));
    let inverse = micros(|| lu::inverse(n, black_box(&first), &pivots, &mut second, count));
    let cholesky = micros(|| cholesky::factor(n, false, black_box(&symmetric), &mut first, &mut info));
    println!(
        "{name:4} {n:4}² × {count:5}: eigh {eigh:9.1}  eigvalsh {values:9.1}  svd {singular:9.1}  lu {factors:9.1}  inverse {inverse:9.1}  cholesky {cholesky:9.1} µs"
    );
}

fn main() {
    let only: Option<usize> = std::env::args().nth(1).map(|size| size.parse().expect("a size"));
    for (n, count) in [(64, 1), (8, 256), (3, 256), (16, 64), (32, 16), (200, 1)] {
        if only.is_some_and(|size| size != n) {
            continue;
        }
        figures::<f32>("f32", n, count);
        figures::<f64>("f64", n, count);
        figures::<c32>("c32", n, count);
        figures::<c64>("c64", n, count);
    }
}
