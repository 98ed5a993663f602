use std::num::Wrapping;

use super::*;
use crate::samples::{Random, assert_near, coordinates};

/// A matrix stack in memory with strides of its own: room, offset of the first element, strides.
struct Stack<T> {
    memory: Vec<T>,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl<T: Copy> Stack<T> {
    /// Lays `shape` out in a random order of axes, with gaps and with some axes reversed.
    fn random(random: &mut Random, shape: &[usize], mut value: impl FnMut(&mut Random) -> T) -> Self {
        let mut order: Vec<usize> = (0..shape.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i + 1));
        }
        if random.below(2) == 0 {
            order.sort_unstable();
        }
        let gap = if random.below(3) == 0 { 2 } else { 1 };
        let mut strides = vec![0isize; shape.len()];
        let mut step = gap;
        for &axis in order.iter().rev() {
            strides[axis] = step as isize;
            step *= shape[axis].max(1);
        }
        let mut offset = 0;
        for axis in 0..shape.len() {
            if shape[axis] > 0 && random.below(6) == 0 {
                offset += strides[axis] as usize * (shape[axis] - 1);
                strides[axis] = -strides[axis];
            }
        }
        let memory = (0..step + 1).map(|_| value(random)).collect();
        Self { memory, offset, shape: shape.to_vec(), strides }
    }

    fn at(&self, index: &[usize]) -> usize {
        let shift: isize = index.iter().zip(&self.strides).map(|(&i, &s)| i as isize * s).sum();
        (self.offset as isize + shift) as usize
    }
}

fn input<T: Element>(stack: &Stack<T>) -> In<'_> {
    In {
        ptr: stack.memory[stack.offset..].as_ptr().cast(),
        dtype: T::DTYPE,
        shape: &stack.shape,
        strides: &stack.strides,
    }
}

fn random_size(random: &mut Random) -> (Vec<usize>, usize, usize, usize) {
    let batch = (0..random.below(3)).map(|_| random.below(4)).collect();
    let mut side = || match random.below(8) {
        0 => 0,
        1 | 2 => 1,
        3 | 4 => random.below(40) + 1,
        5 => random.below(130) + 1,
        _ => random.below(20) + 1,
    };
    let (m, n, k) = (side(), side(), side());
    (batch, m, n, k)
}

fn check_floats<T: Float>(seed: u64, rounds: usize, tolerance: f64) {
    let mut random = Random(seed);
    for round in 0..rounds {
        let (batch, m, n, k) = random_size(&mut random);
        let shape = |rows: usize, cols: usize| [&batch[..], &[rows, cols]].concat();
        let value = |random: &mut Random| T::from_f64(random.unit());
        let mut a = Stack::random(&mut random, &shape(m, k), value);
        let b = Stack::random(&mut random, &shape(k, n), value);
        let c = Stack::random(&mut random, &shape(m, n), value);
        if !batch.is_empty() && random.below(3) == 0 {
            a.strides[0] = 0;
        }
        let alpha = [1.0, 1.0, -0.5][random.below(3)];
        let beta = [0.0, 0.0, 1.0, 0.25][random.below(4)];
        let mut result = c.memory.clone();
        let ptr = result[c.offset..].as_mut_ptr().cast();
        let out = Out { ptr, dtype: T::DTYPE, shape: &c.shape, strides: &c.strides };
        matmul(alpha.into(), input(&a), input(&b), beta.into(), out);
        let mut written = vec![false; result.len()];
        for index in coordinates(&shape(m, n)) {
            let (outer, inner) = index.split_at(batch.len());
            let sum: f64 = (0..k)
                .map(|depth| {
                    let left = a.memory[a.at(&[outer, &[inner[0], depth]].concat())].to_f64();
                    left * b.memory[b.at(&[outer, &[depth, inner[1]]].concat())].to_f64()
                })
                .sum();
            let at = c.at(&index);
            let expected = alpha * sum + beta * c.memory[at].to_f64();
            assert_near(result[at].to_f64(), expected, tolerance, &format!("round {round} {batch:?} {m} {n} {k}"));
            written[at] = true;
        }
        for (at, (&now, &before)) in result.iter().zip(&c.memory).enumerate() {
            assert!(written[at] || now == before, "element {at} outside C was written");
        }
    }
}

#[test]
fn f32_products_of_any_layout_match_the_definition() {
    check_floats::<f32>(1, 400, 3e-5);
}

#[test]
fn f64_products_of_any_layout_match_the_definition() {
    check_floats::<f64>(2, 400, 1e-12);
}

#[test]
fn large_products_are_cut_into_panels_without_seams() {
    for (m, n, k) in [(300, 257, 211), (1, 3000, 500), (3000, 1, 500), (500, 1030, 97), (33, 1500, 300)] {
        let mut random = Random(3);
        let a: Vec<f64> = random.units(m * k);
        let b: Vec<f64> = random.units(k * n);
        let mut c = vec![f64::NAN; m * n];
        let strides = [[k as isize, 1], [n as isize, 1], [n as isize, 1]];
        matmul(
            1.0.into(),
            In::of(&a, &[m, k], &strides[0]),
            In::of(&b, &[k, n], &strides[1]),
            0.0.into(),
            Out::of(&mut c, &[m, n], &strides[2]),
        );
        for i in 0..m {
            for j in 0..n {
                let expected: f64 = (0..k).map(|d| a[i * k + d] * b[d * n + j]).sum();
                assert_near(c[i * n + j], expected, 1e-12, &format!("{m} {n} {k} at {i} {j}"));
            }
        }
    }
}

#[test]
fn a_long_dot_product_does_not_lose_its_tail() {
    let k = 3 * DOT_CHUNK + 77;
    let (a, b) = (vec![1.0f64; k], vec![2.0f64; k]);
    let mut c = [f64::NAN];
    let strides = [k as isize, 1];
    matmul(
        1.0.into(),
        In::of(&a, &[1, k], &strides),
        In::of(&b, &[k, 1], &[1, 1]),
        0.0.into(),
        Out::of(&mut c, &[1, 1], &[1, 1]),
    );
    assert_eq!(c[0], 2.0 * k as f64);
}

fn check_integers<T: Integer + std::fmt::Debug>(seed: u64, from: fn(i64) -> T, to: fn(T) -> i64) {
    let mut random = Random(seed);
    for _ in 0..60 {
        let (batch, m, n, k) = random_size(&mut random);
        let shape = |rows: usize, cols: usize| [&batch[..], &[rows, cols]].concat();
        let value = |random: &mut Random| from(random.bits() as i64);
        let a = Stack::random(&mut random, &shape(m, k), value);
        let b = Stack::random(&mut random, &shape(k, n), value);
        let c = Stack::random(&mut random, &shape(m, n), value);
        let (alpha, beta) = [(1i64, 0i64), (2, 3), ((1 << 60) + 1, -(1 << 61) - 1)][random.below(3)];
        let mut result = c.memory.clone();
        let ptr = result[c.offset..].as_mut_ptr().cast();
        let out = Out { ptr, dtype: T::DTYPE, shape: &c.shape, strides: &c.strides };
        matmul(alpha.into(), input(&a), input(&b), beta.into(), out);
        for index in coordinates(&shape(m, n)) {
            let (outer, inner) = index.split_at(batch.len());
            let mut sum = 0i64;
            for depth in 0..k {
                let left = to(a.memory[a.at(&[outer, &[inner[0], depth]].concat())]);
                let right = to(b.memory[b.at(&[outer, &[depth, inner[1]]].concat())]);
                sum = sum.wrapping_add(left.wrapping_mul(right));
            }
            let at = c.at(&index);
            let expected = sum.wrapping_mul(alpha).wrapping_add(to(c.memory[at]).wrapping_mul(beta));
            assert_eq!(result[at], from(expected));
        }
    }
}

#[test]
fn integer_products_wrap() {
    check_integers::<Wrapping<i64>>(4, Wrapping, |x| x.0);
    check_integers::<Wrapping<i32>>(5, |x| Wrapping(x as i32), |x| x.0.into());
    check_integers::<Wrapping<i16>>(6, |x| Wrapping(x as i16), |x| x.0.into());
    check_integers::<Wrapping<i8>>(7, |x| Wrapping(x as i8), |x| x.0.into());
    check_integers::<Wrapping<u8>>(8, |x| Wrapping(x as u8), |x| x.0.into());
}

#[test]
fn beta_zero_does_not_read_the_output() {
    for (m, n, k) in [(4, 16, 3), (1, 5, 7), (5, 1, 7), (40, 50, 60), (3, 3, 0)] {
        let (a, b) = (vec![1.0f32; m * k], vec![1.0f32; k * n]);
        let mut c = vec![f32::NAN; m * n];
        matmul(
            1.0.into(),
            In::of(&a, &[m, k], &[k as isize, 1]),
            In::of(&b, &[k, n], &[n as isize, 1]),
            0.0.into(),
            Out::of(&mut c, &[m, n], &[n as isize, 1]),
        );
        assert!(c.iter().all(|&x| x == k as f32), "{m} {n} {k}: {c:?}");
    }
}

/// A contiguous product of `m × k` by `k × n`, A and B transposed in memory where asked.
fn contiguous_product(m: usize, n: usize, k: usize, transposed: [bool; 2]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut random = Random(9);
    let (a, b) = (random.units(m * k), random.units(k * n));
    let mut c = vec![f64::NAN; m * n];
    let strides = |rows: usize, cols: usize, t: bool| if t { [1, rows as isize] } else { [cols as isize, 1] };
    let (sa, sb) = (strides(m, k, transposed[0]), strides(k, n, transposed[1]));
    matmul(
        1.0.into(),
        In { ptr: a.as_ptr().cast(), dtype: DType::F64, shape: &[m, k], strides: &sa },
        In { ptr: b.as_ptr().cast(), dtype: DType::F64, shape: &[k, n], strides: &sb },
        0.0.into(),
        Out::of(&mut c, &[m, n], &[n as isize, 1]),
    );
    (a, b, c)
}

#[test]
fn transposed_and_deep_products_match_the_definition() {
    for (m, n, k) in [(70, 300, 90), (300, 260, 33), (60, 33, 5000), (2, 2, 2049), (8, 5, 700)] {
        for transposed in [[false, false], [true, false], [false, true], [true, true]] {
            let (a, b, c) = contiguous_product(m, n, k, transposed);
            let left = |i: usize, d: usize| if transposed[0] { a[d * m + i] } else { a[i * k + d] };
            let right = |d: usize, j: usize| if transposed[1] { b[j * k + d] } else { b[d * n + j] };
            for i in 0..m {
                for j in 0..n {
                    let expected: f64 = (0..k).map(|d| left(i, d) * right(d, j)).sum();
                    assert_near(c[i * n + j], expected, 1e-11, &format!("{m} {n} {k} {transposed:?}"));
                }
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (m, n, k) in [(400, 700, 300), (60, 33, 9000), (7, 8, 9001), (1, 2000, 600), (2000, 1, 600), (1, 1, 300_000)] {
        for transposed in [[false, false], [true, true]] {
            let results = [1, 2, 5].map(|threads| {
                parallel::set_num_threads(threads);
                contiguous_product(m, n, k, transposed).2.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            });
            assert!(results[0] == results[1] && results[0] == results[2], "{m} {n} {k}");
        }
    }
}
