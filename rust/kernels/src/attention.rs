//! Attention without the matrix of all scores.
//!
//! Blocks of queries meet blocks of keys: the scores of the two stay in a level-2 cache, the maximum and the sum of the
//! exponentials of every row go along (Milakov and Gimelshein, 2018; Dao et al., 2022). Backward makes the scores again
//! from the logarithm of that sum. With a causal mask the blocks above the diagonal are left out.
//!
//! Operands are contiguous: `heads` matrices of a row per position. A head is a chunk of the parallel loop backward, a
//! block of its queries forward, so that results do not depend on the number of threads.

use super::float::{Float, Shared, View, ViewMut, simd};
use super::line;
use super::matmul::product;
use super::register_tile::Vector;
use super::scratch::with_scratch;
use super::{In, Out};
use crate::with_element;
use arcgrad_base::parallel;

/// Sizes of attention.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AttentionSize {
    /// Independent problems: batch times heads.
    pub heads: usize,
    /// Positions of the query.
    pub queries: usize,
    /// Positions of key and value.
    pub keys: usize,
    /// Features of query and key.
    pub features: usize,
    /// Features of the value.
    pub values: usize,
    /// Whether query `i` sees the keys up to `i` only.
    pub causal: bool,
    /// Factor of the scores.
    pub scale: f64,
}

/// Queries in a block.
const QUERIES: usize = 64;
/// Keys in a block: its scores are 64 KB of `f32`.
const KEYS: usize = 256;
/// Rows of scores begin a multiple of so many elements apart.
const PITCH: usize = 16;
/// Multiplications per chunk of the parallel loop.
const GRAIN: usize = 1 << 18;
/// Picoseconds per multiplication.
const COST: u64 = 20;

impl AttentionSize {
    fn totals(&self) -> [usize; 4] {
        let Self { heads, queries, keys, features, values, .. } = *self;
        [
            super::product(&[heads, queries, features]),
            super::product(&[heads, keys, features]),
            super::product(&[heads, keys, values]),
            super::product(&[heads, queries, values]),
        ]
    }

    /// How many keys the queries before `end` see.
    fn seen(&self, end: usize) -> usize {
        if self.causal { self.keys.min(end) } else { self.keys }
    }

    /// Multiplications per head.
    fn work(&self) -> usize {
        self.queries * self.keys * (self.features + self.values)
    }

    /// Elements from a row of scores to the next.
    fn row(&self) -> usize {
        KEYS.min(self.keys.next_multiple_of(PITCH))
    }
}

/// How many columns of a row of scores count: those of the keys from `first` on, `n` in the block.
#[inline(always)]
fn visible(causal: bool, query: usize, first: usize, n: usize) -> usize {
    if causal { n.min((query + 1).saturating_sub(first)) } else { n }
}

/// `y = softmax(scale · q · kᵀ) · v`, and the logarithm of the sum of every row's exponentials. No size is 0.
///
/// # Panics
/// Where the operands are not dense, of the sizes stated and of one dtype, `f32` or `f64`; so in all of these kernels.
pub fn attention(size: &AttentionSize, q: In<'_>, k: In<'_>, v: In<'_>, y: Out<'_>, lse: Out<'_>) {
    let [queries, keys, values, outputs] = size.totals();
    with_element!(float y.dtype, T => {
        let (q, k, v) = (q.dense::<T>(queries), k.dense::<T>(keys), v.dense::<T>(values));
        let (y, lse) = (y.dense::<T>(outputs), lse.dense::<T>(size.heads * size.queries));
        // SAFETY: so many elements lie there.
        unsafe { forward::<T>(size, [q, k, v], y, lse) };
    });
}

/// # Safety
/// As for [`attention`]: so many elements lie at each address.
unsafe fn forward<T: Vector>(size: &AttentionSize, inputs: [*const T; 3], y: *mut T, lse: *mut T) {
    let &AttentionSize { heads, queries, features, values, causal, scale, .. } = size;
    let (blocks, row) = (queries.div_ceil(QUERIES), size.row());
    let group = (GRAIN * blocks / size.work().max(1)).max(1);
    let count = heads * blocks;
    let cost = (size.work() as u64).saturating_mul(heads as u64).saturating_mul(COST);
    // SAFETY: chunks write different rows.
    let memory = unsafe { Shared::new((inputs, y, lse)) };
    parallel::run(count.div_ceil(group), cost, &|chunk| {
        let ([q, k, v], y, lse) = memory.get();
        with_scratch((QUERIES * row + QUERIES) * size_of::<T>(), |scratch| {
            let scores = scratch.cast::<T>();
            for item in chunk * group..((chunk + 1) * group).min(count) {
                let (head, first) = (item / blocks, item % blocks * QUERIES);
                let m = QUERIES.min(queries - first);
                // SAFETY: inside the operands and the scratch.
                unsafe {
                    let sums = scores.add(QUERIES * row);
                    let (y, lse) = (y.add((head * queries + first) * values), lse.add(head * queries + first));
                    let q = matrix(q.add((head * queries + first) * features), features);
                    let (k, v) = (k.add(head * size.keys * features), v.add(head * size.keys * values));
                    for start in (0..size.seen(first + m)).step_by(KEYS) {
                        let n = KEYS.min(size.seen(first + m) - start);
                        let k = matrix(k.add(start * features), features);
                        let to = ViewMut { ptr: scores, rs: row as isize, cs: 1 };
                        product([m, n, features], T::from_f64(scale), q, k.t(), T::ZERO, to);
                        exponentials(m, n, row, [first, start], causal, values, scores, lse, sums, y);
                        let y = ViewMut { ptr: y, rs: values as isize, cs: 1 };
                        let beta = if start == 0 { T::ZERO } else { T::ONE };
                        let v = matrix(v.add(start * values), values);
                        product([m, values, n], T::ONE, matrix(scores, row), v, beta, y);
                    }
                    divide(m, values, lse, sums, y);
                }
            }
        });
    });
}

/// A matrix of contiguous rows.
fn matrix<T>(ptr: *const T, row: usize) -> View<T> {
    View { ptr, rs: row as isize, cs: 1 }
}

simd! {
    /// Turns a block of scores into exponentials below the greatest of their rows so far, and scales what was summed with
    /// smaller ones to that: `maxima` and `sums` are those of the rows, `y` has their sums of values.
    ///
    /// # Safety
    /// `m` rows of `n` scores, `row` apart; a maximum, a sum and `values` results for each.
    #[allow(clippy::too_many_arguments)]
    unsafe fn exponentials<T: Float>(
        m: usize, n: usize, row: usize, at: [usize; 2], causal: bool, values: usize, scores: *mut T, maxima: *mut T,
        sums: *mut T, y: *mut T,
    ) {
        let [first, start] = at;
        for i in 0..m {
            let x = scores.add(i * row);
            let seen = visible(causal, first + i, start, n);
            let old = if start == 0 { T::NEG_INFINITY } else { *maxima.add(i) };
            let own = line::max(x, seen);
            let max = if own > old { own } else { old };
            let mut sum = line::sum([x.cast_const()], seen, |[x]| (x - max).exp(), Some(x));
            x.add(seen).write_bytes(0, n - seen);
            if start > 0 {
                let factor = (old - max).exp();
                sum += *sums.add(i) * factor;
                if old < max {
                    for column in 0..values {
                        *y.add(i * values + column) *= factor;
                    }
                }
            }
            *maxima.add(i) = max;
            *sums.add(i) = sum;
        }
    }
}

simd! {
    /// Divides rows by their sums, and adds the logarithms of those to the maxima.
    ///
    /// # Safety
    /// As for [`exponentials`].
    unsafe fn divide<T: Float>(m: usize, values: usize, maxima: *mut T, sums: *const T, y: *mut T) {
        for i in 0..m {
            let sum = *sums.add(i);
            for column in 0..values {
                *y.add(i * values + column) = *y.add(i * values + column) / sum;
            }
            *maxima.add(i) = *maxima.add(i) + sum.ln();
        }
    }
}

/// What the gradients of [`attention`] are made from.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Query, key and value.
    pub inputs: [In<'a>; 3],
    /// The result.
    pub y: In<'a>,
    /// Logarithms of the sums of exponentials.
    pub lse: In<'a>,
}

/// Gradients with respect to query, key and value from that of the result, `g`.
pub fn attention_backward(size: &AttentionSize, g: In<'_>, known: Known<'_>, gradients: [Out<'_>; 3]) {
    let [queries, keys, values, outputs] = size.totals();
    let [q, k, v] = known.inputs;
    let [dq, dk, dv] = gradients;
    with_element!(float dq.dtype, T => {
        let inputs = [q.dense::<T>(queries), k.dense::<T>(keys), v.dense::<T>(values)];
        let outs = [dq.dense::<T>(queries), dk.dense::<T>(keys), dv.dense::<T>(values)];
        let (y, lse) = (known.y.dense::<T>(outputs), known.lse.dense::<T>(size.heads * size.queries));
        // SAFETY: so many elements lie there.
        unsafe { backward::<T>(size, g.dense::<T>(outputs), inputs, [y, lse], outs) };
    });
}

/// # Safety
/// As for [`attention_backward`]: so many elements lie at each address.
unsafe fn backward<T: Vector>(
    size: &AttentionSize,
    g: *const T,
    inputs: [*const T; 3],
    known: [*const T; 2],
    outs: [*mut T; 3],
) {
    let &AttentionSize { heads, queries, keys, features, values, causal, scale } = size;
    let row = size.row();
    let group = (GRAIN / size.work().max(1)).max(1);
    let cost = (size.work() as u64).saturating_mul(heads as u64).saturating_mul(COST * 5 / 2);
    // SAFETY: chunks write different heads.
    let memory = unsafe { Shared::new((g, inputs, known, outs)) };
    parallel::run(heads.div_ceil(group), cost, &|chunk| {
        let (g, [q, k, v], [y, lse], [dq, dk, dv]) = memory.get();
        with_scratch((2 * QUERIES * row + QUERIES) * size_of::<T>(), |scratch| {
            let scores = scratch.cast::<T>();
            for head in chunk * group..((chunk + 1) * group).min(heads) {
                // SAFETY: inside the operands and the scratch.
                unsafe {
                    let (slopes, means) = (scores.add(QUERIES * row), scores.add(2 * QUERIES * row));
                    let (k, v) = (k.add(head * keys * features), v.add(head * keys * values));
                    let (dk, dv) = (dk.add(head * keys * features), dv.add(head * keys * values));
                    let covered = size.seen(queries);
                    for (to, columns) in [(dk, features), (dv, values)] {
                        to.add(covered * columns).write_bytes(0, (keys - covered) * columns);
                    }
                    for first in (0..queries).step_by(QUERIES) {
                        let m = QUERIES.min(queries - first);
                        let at = head * queries + first;
                        let g = matrix(g.add(at * values), values);
                        let q = matrix(q.add(at * features), features);
                        row_products(m, values, g.ptr, y.add(at * values), means);
                        let seen = size.seen(first + m);
                        for start in (0..seen).step_by(KEYS) {
                            let n = KEYS.min(seen - start);
                            let k = matrix(k.add(start * features), features);
                            let v = matrix(v.add(start * values), values);
                            let to = |ptr: *mut T, row: usize| ViewMut { ptr, rs: row as isize, cs: 1 };
                            product([m, n, features], T::from_f64(scale), q, k.t(), T::ZERO, to(scores, row));
                            product([m, n, values], T::ONE, g, v.t(), T::ZERO, to(slopes, row));
                            let scale = T::from_f64(scale);
                            gradients(m, n, row, [first, start], causal, scale, scores, slopes, lse.add(at), means);
                            let (weights, slopes) = (matrix(scores, row), matrix(slopes, row));
                            // Rows of keys that no block of queries has seen before are overwritten.
                            let known = if first == 0 { 0 } else { size.seen(first).saturating_sub(start).min(n) };
                            for (from, to, beta) in [(0, known, T::ONE), (known, n, T::ZERO)] {
                                if from == to {
                                    continue;
                                }
                                let size = |columns: usize| [to - from, columns, m];
                                let (weights, slopes) = (weights.at(0, from).t(), slopes.at(0, from).t());
                                let dv = ViewMut { ptr: dv.add((start + from) * values), rs: values as isize, cs: 1 };
                                product(size(values), T::ONE, weights, g, beta, dv);
                                let dk = dk.add((start + from) * features);
                                let dk = ViewMut { ptr: dk, rs: features as isize, cs: 1 };
                                product(size(features), T::ONE, slopes, q, beta, dk);
                            }
                            let beta = if start == 0 { T::ZERO } else { T::ONE };
                            let dq = ViewMut { ptr: dq.add(at * features), rs: features as isize, cs: 1 };
                            product([m, features, n], T::ONE, slopes, k, beta, dq);
                        }
                    }
                }
            }
        });
    });
}

simd! {
    /// Scalar products of the rows of two matrices.
    ///
    /// # Safety
    /// `m` contiguous rows of `n` elements lie at `a` and `b`; there is room for `m` results.
    unsafe fn row_products<T: Float>(m: usize, n: usize, a: *const T, b: *const T, to: *mut T) {
        for i in 0..m {
            *to.add(i) = line::sum([a.add(i * n), b.add(i * n)], n, |[a, b]| a * b, None);
        }
    }
}

simd! {
    /// Turns scores into weights, and the gradients of the weights into those of the unscaled scores.
    ///
    /// # Safety
    /// `m` rows of `n` elements, `row` apart, lie at `scores` and `slopes`; a number for each at `lse` and `means`.
    #[allow(clippy::too_many_arguments)]
    unsafe fn gradients<T: Float>(
        m: usize, n: usize, row: usize, at: [usize; 2], causal: bool, scale: T, scores: *mut T, slopes: *mut T,
        lse: *const T, means: *const T,
    ) {
        let [first, start] = at;
        for i in 0..m {
            let (x, d) = (scores.add(i * row), slopes.add(i * row));
            let seen = visible(causal, first + i, start, n);
            let (lse, mean) = (*lse.add(i), *means.add(i));
            let slope = |[x, d]: [T; 2]| {
                let weight = (x - lse).exp();
                [weight, weight * (d - mean) * scale]
            };
            line::maps([x.cast_const(), d.cast_const()], seen, slope, [x, d]);
            x.add(seen).write_bytes(0, n - seen);
            d.add(seen).write_bytes(0, n - seen);
        }
    }
}

#[cfg(test)]
#[path = "attention_tests.rs"]
mod tests;
