//! What decompositions are made of multiplies to the input, for matrices of every kind and size.

use arcgrad_linalg::triangular::Side;
use arcgrad_linalg::{cholesky, eigen, exponential, ldl, lu, qr, svd, triangular};

/// Numbers between −1 and 1 that look random.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Random,
    Zero,
    Singular,
    Tiny,
    Huge,
    Graded,
}

const KINDS: [Kind; 6] = [Kind::Random, Kind::Zero, Kind::Singular, Kind::Tiny, Kind::Huge, Kind::Graded];
const SIZES: [usize; 9] = [1, 2, 3, 8, 16, 17, 25, 40, 70];

fn matrix(kind: Kind, rows: usize, columns: usize) -> Vec<f64> {
    let mut a = numbers(rows * columns, (rows * 1000 + columns) as u64);
    match kind {
        Kind::Random => {}
        Kind::Zero => a.fill(0.0),
        Kind::Singular => (0..rows).for_each(|row| a[row * columns + columns - 1] = a[row * columns]),
        Kind::Tiny => a.iter_mut().for_each(|value| *value *= 1e-290),
        Kind::Huge => a.iter_mut().for_each(|value| *value *= 1e290),
        Kind::Graded => {
            for (at, value) in a.iter_mut().enumerate() {
                *value *= 1e-16f64.powf((at % columns) as f64 / columns as f64);
            }
        }
    }
    a
}

fn product(a: &[f64], b: &[f64], inner: usize) -> Vec<f64> {
    let (rows, columns) = (a.len() / inner, b.len() / inner);
    let mut c = vec![0.0; rows * columns];
    for row in 0..rows {
        for k in 0..inner {
            for column in 0..columns {
                c[row * columns + column] += a[row * inner + k] * b[k * columns + column];
            }
        }
    }
    c
}

fn transposed(a: &[f64], columns: usize) -> Vec<f64> {
    let rows = a.len() / columns;
    (0..a.len()).map(|at| a[at % rows * columns + at / rows]).collect()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], n: usize, what: &str) {
    let most = expected.iter().fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs() / most;
        assert!(error <= 8.0 * (n as f64 + 4.0) * f64::EPSILON, "{what}: {found} for {expected}, {error:e}");
    }
}

#[track_caller]
fn orthonormal(q: &[f64], columns: usize, what: &str) {
    let gram = product(&transposed(q, columns), q, q.len() / columns);
    let identity: Vec<f64> = (0..columns * columns).map(|at| f64::from(u8::from(at % (columns + 1) == 0))).collect();
    close(&gram, &identity, q.len() / columns, what);
}

fn shapes() -> impl Iterator<Item = [usize; 2]> {
    SIZES.into_iter().flat_map(|n| [[n, n], [n + 3, n], [n, n + 5]])
}

#[test]
fn lu_multiplies_to_the_input() {
    for kind in KINDS {
        for [m, n] in shapes() {
            let (a, k) = (matrix(kind, m, n), m.min(n));
            let (mut packed, mut pivots, mut info) = (vec![0.0; m * n], vec![0; k], [0]);
            lu::factor([m, n], true, &a, &mut packed, &mut pivots, &mut info);
            let (mut l, mut u) = (vec![0.0; m * k], vec![0.0; k * n]);
            for row in 0..m {
                for column in 0..n {
                    let value = packed[row * n + column];
                    if column < row.min(k) {
                        assert!(value.abs() <= 1.0, "{kind:?} {m}×{n}: a row was not exchanged");
                        l[row * k + column] = value;
                    } else if row < k {
                        u[row * n + column] = value;
                    }
                }
                if row < k {
                    l[row * k + row] = 1.0;
                }
            }
            let order = lu::permutation(m, &pivots);
            let ordered: Vec<f64> = order.iter().flat_map(|&row| a[row * n..(row + 1) * n].to_vec()).collect();
            close(&product(&l, &u, k), &ordered, n, &format!("{kind:?} {m}×{n}"));
        }
    }
}

#[test]
fn systems_are_solved() {
    for n in SIZES {
        let mut a = matrix(Kind::Random, n, n);
        (0..n).for_each(|at| a[at * n + at] += n as f64);
        let b = numbers(n * 3, 5);
        let (mut packed, mut pivots, mut info) = (vec![0.0; n * n], vec![0; n], [0]);
        lu::factor([n, n], true, &a, &mut packed, &mut pivots, &mut info);
        let mut x = vec![0.0; n * 3];
        for (adjoint, matrix) in [(false, a.clone()), (true, transposed(&a, n))] {
            lu::solve([n, 3], adjoint, &packed, &pivots, &b, &mut x, 1);
            close(&product(&matrix, &x, n), &b, 10 * n, &format!("{n}, {adjoint}"));
        }
        let mut inverse = vec![0.0; n * n];
        lu::inverse(n, &packed, &pivots, &mut inverse, 1);
        let identity: Vec<f64> = (0..n * n).map(|at| f64::from(u8::from(at % (n + 1) == 0))).collect();
        close(&product(&a, &inverse, n), &identity, 10 * n, &format!("inverse of {n}"));
        for (side, lower) in [(Side::Lower { unit: false }, true), (Side::Upper { unit: false }, false)] {
            let keep = |at: usize| if lower { at % n <= at / n } else { at % n >= at / n };
            let t: Vec<f64> = (0..n * n).map(|at| if keep(at) { a[at] } else { 0.0 }).collect();
            for (adjoint, matrix) in [(false, t.clone()), (true, transposed(&t, n))] {
                triangular::solve([n, 3], side, adjoint, &a, &b, &mut x, 1);
                close(&product(&matrix, &x, n), &b, 100 * n, &format!("triangle of {n}, {side:?}, {adjoint}"));
            }
        }
    }
}

#[test]
fn indefinite_systems_are_solved() {
    for n in SIZES {
        let root = matrix(Kind::Random, n, n);
        let mut a: Vec<f64> = root.iter().zip(transposed(&root, n)).map(|(a, b)| a + b).collect();
        // Blocks of two are needed where the diagonal vanishes.
        (0..n).step_by(2).filter(|_| n > 1).for_each(|at| a[at * n + at] = 0.0);
        let b = numbers(n * 3, 5);
        let (mut factor, mut pivots, mut info, mut x) = (vec![0.0; n * n], vec![0; n], [7], vec![0.0; n * 3]);
        ldl::factor(n, false, &a, &mut factor, &mut pivots, &mut info);
        assert_eq!(info, [0], "{n}");
        ldl::solve([n, 3], false, &factor, &pivots, &b, &mut x, 1);
        close(&product(&a, &x, n), &b, 1000 * n, &format!("{n}"));
    }
}

#[test]
fn cholesky_factors_multiply_to_the_input() {
    for n in SIZES {
        let root = matrix(Kind::Random, n, n);
        let mut a = product(&root, &transposed(&root, n), n);
        (0..n).for_each(|at| a[at * n + at] += 1.0);
        for upper in [false, true] {
            let (mut factor, mut info) = (vec![f64::NAN; n * n], [0]);
            // The other triangle is not read.
            let given: Vec<f64> = (0..n * n)
                .map(|at| if if upper { at % n < at / n } else { at % n > at / n } { f64::NAN } else { a[at] })
                .collect();
            cholesky::factor(n, upper, &given, &mut factor, &mut info);
            assert_eq!(info, [0]);
            let turned = transposed(&factor, n);
            let whole = if upper { product(&turned, &factor, n) } else { product(&factor, &turned, n) };
            close(&whole, &a, n, &format!("{n}, {upper}"));
        }
        for (at, value) in [(n / 2, -1.0), (n - 1, f64::NAN)] {
            let mut broken = a.clone();
            broken[at * n + at] = value;
            let mut info = [0];
            cholesky::factor(n, false, &broken, &mut vec![0.0; n * n], &mut info);
            assert_eq!(info, [at as i32 + 1], "{n}");
        }
    }
}

#[test]
fn qr_multiplies_to_the_input() {
    for kind in KINDS {
        for [m, n] in shapes() {
            let (a, k) = (matrix(kind, m, n), m.min(n));
            for width in [k, m] {
                let (mut q, mut r) = (vec![0.0; m * width], vec![0.0; width * n]);
                qr::factor([m, n], width, width, &a, &mut q, &mut r, 1);
                let what = format!("{kind:?} {m}×{n}, {width}");
                orthonormal(&q, width, &what);
                close(&product(&q, &r, width), &a, m.max(n), &what);
                assert!((0..width * n).all(|at| at / n <= at % n || r[at] == 0.0), "{what}");
            }
        }
    }
}

#[test]
fn eigenvalues_and_vectors_multiply_to_the_input() {
    for kind in KINDS {
        for n in SIZES {
            let root = matrix(kind, n, n);
            let a: Vec<f64> = root.iter().zip(transposed(&root, n)).map(|(a, b)| a + b).collect();
            let (mut values, mut vectors, mut info) = (vec![0.0; n], vec![0.0; n * n], [7]);
            eigen::hermitian(n, false, &a, &mut values, &mut vectors, &mut info);
            let what = format!("{kind:?} {n}");
            assert_eq!(info, [0], "{what}");
            assert!(values.is_sorted(), "{what}");
            orthonormal(&vectors, n, &what);
            let scaled: Vec<f64> = vectors.iter().enumerate().map(|(at, value)| value * values[at % n]).collect();
            close(&product(&scaled, &transposed(&vectors, n), n), &a, n, &what);
            let mut alone = vec![0.0; n];
            eigen::hermitian(n, true, &a, &mut alone, &mut [], &mut info);
            let most = values.iter().fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
            let scaled = |values: &[f64]| values.iter().map(|value| value / most).chain([1.0]).collect::<Vec<_>>();
            close(&scaled(&alone), &scaled(&values), n, &what);
        }
    }
}

#[test]
fn singular_values_and_vectors_multiply_to_the_input() {
    for kind in KINDS {
        for [m, n] in shapes() {
            let (a, k) = (matrix(kind, m, n), m.min(n));
            for full in [false, true] {
                let (left, right) = if full { (m, n) } else { (k, k) };
                let (mut u, mut values, mut vh, mut info) =
                    (vec![0.0; m * left], vec![0.0; k], vec![0.0; right * n], [7]);
                svd::decompose([m, n], full, true, &a, &mut u, &mut values, &mut vh, &mut info);
                let what = format!("{kind:?} {m}×{n}, {full}");
                assert_eq!(info, [0], "{what}");
                assert!(
                    values.is_sorted_by(|a, b| a >= b) && values.iter().all(|&value| value >= 0.0),
                    "{what}: {values:?}"
                );
                orthonormal(&u, left, &what);
                orthonormal(&transposed(&vh, n), right, &what);
                let scaled: Vec<f64> = (0..m * k).map(|at| u[at / k * left + at % k] * values[at % k]).collect();
                close(&product(&scaled, &vh[..k * n], k), &a, m.max(n), &what);
            }
        }
    }
}

#[test]
fn exponentials_of_opposite_matrices_are_inverses() {
    for n in SIZES {
        for scale in [1e-3, 0.1, 0.5, 1.0, 3.0] {
            let a: Vec<f64> = matrix(Kind::Random, n, n).iter().map(|value| value * scale / n as f64).collect();
            let opposite: Vec<f64> = a.iter().map(|value| -value).collect();
            let (mut one, mut other) = (vec![0.0; n * n], vec![0.0; n * n]);
            exponential::exponential(n, &a, &mut one, 1);
            exponential::exponential(n, &opposite, &mut other, 1);
            let identity: Vec<f64> = (0..n * n).map(|at| f64::from(u8::from(at % (n + 1) == 0))).collect();
            close(&product(&one, &other, n), &identity, 100 * n, &format!("{n}, {scale}"));
        }
    }
    let mut found = [0.0; 4];
    for x in [0.01, 0.2, 0.9, 2.0, 5.0, 40.0] {
        exponential::exponential(2, &[x, 1.0, 0.0, x], &mut found, 1);
        let e = f64::exp(x);
        close(&found, &[e, e, 0.0, e], 20 * (1 + x as usize), "a Jordan block");
    }
}
