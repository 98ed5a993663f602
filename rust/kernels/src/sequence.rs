//! Recurrences over whole sequences: long short-term memory and gated recurrent units.
//!
//! What the input has to say comes in, multiplied by its weights already: `steps · batch` rows, those of the first step
//! first. The weights of the hidden state are put in the order in which they are read, once; then strips of sequences, which
//! know nothing of one another, are the chunks of the parallel loop, each from the first step to the last. Their hidden
//! state and the gates of a step stay in the cache. The gradient of the weights is one product over all steps at the end.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use super::float::{Shared, View, ViewMut, simd};
use super::math::by_type::ByType;
use super::math::exponential;
use super::matmul::blocked;
use super::packed::{Call, Strips};
use super::register_tile::Vector;
use super::{In, Out, require};
use crate::with_element;
use arcgrad_base::parallel;

/// What is computed at each step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell {
    /// `c' = f · c + i · g`, `h' = o · tanh(c')`, with gates i, f, o (sigmoids) and g (a tanh), in the order i, f, g, o.
    Lstm,
    /// `h' = n + z · (h − n)`, `n = tanh(x + r · u)`, with gates r, z (sigmoids) and n, where u is of the hidden state.
    Gru,
}

/// Sizes of a recurrence.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SequenceSize {
    /// The formula.
    pub cell: Cell,
    /// Number of steps.
    pub steps: usize,
    /// Number of sequences.
    pub batch: usize,
    /// Size of the hidden state.
    pub hidden: usize,
    /// Whether the last step comes first.
    pub reverse: bool,
}

impl Cell {
    /// Rows of weights per hidden element.
    pub fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }
}

/// What is kept of a step per hidden element: the gates, and of a gated unit what its third one has of the hidden state.
pub const KEPT: usize = 4;

/// Least and most sequences of a strip: the rows of a tile in registers, so many times. (The more, the more often the weights are
/// read where they have come to.)
const STRIPS: [usize; 2] = [8, 32];
/// Strips that a batch has at least, for as many threads.
const SHARES: usize = 4;
/// Columns whose sums are one chunk.
const SUMS: usize = 64;
/// Picoseconds per multiplication.
const COST: u64 = 25;

impl SequenceSize {
    /// Elements of: input, output, state, weights, what is kept.
    fn totals(&self) -> [usize; 5] {
        let Self { cell, steps, batch, hidden, .. } = *self;
        [
            super::product(&[steps, batch, cell.gates(), hidden]),
            super::product(&[steps, batch, hidden]),
            super::product(&[batch, hidden]),
            super::product(&[cell.gates(), hidden, hidden]),
            super::product(&[steps, batch, KEPT, hidden]),
        ]
    }

    fn cost(&self) -> u64 {
        let work = self.totals()[3].saturating_mul(self.steps * self.batch);
        (work as u64).saturating_mul(COST)
    }

    /// Sequences of a strip.
    fn strip(&self) -> usize {
        let [least, most] = STRIPS;
        self.batch.div_ceil(SHARES).next_multiple_of(least).clamp(least, most)
    }

    /// The row of step number `at` of a strip, and that of the step before, if there is one.
    fn rows(&self, at: usize, first: usize) -> (usize, Option<usize>) {
        let step = |at: usize| if self.reverse { self.steps - 1 - at } else { at };
        (step(at) * self.batch + first, at.checked_sub(1).map(|at| step(at) * self.batch + first))
    }
}

/// Rows of so many elements that are written.
fn to<T>(ptr: *mut T, width: usize) -> ViewMut<T> {
    ViewMut { ptr, rs: width as isize, cs: 1 }
}

/// What a recurrence reads.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// What the input has to say: a row of all gates per step and sequence.
    pub input: In<'a>,
    /// The hidden state at the start.
    pub hidden: In<'a>,
    /// The cell state at the start, which [`Cell::Lstm`] has.
    pub cell: Option<In<'a>>,
    /// Weights of the hidden state, `gates · hidden × hidden`.
    pub weight: In<'a>,
    /// What is added to the product of the hidden state, which [`Cell::Gru`] may have.
    pub bias: Option<In<'a>>,
}

/// What a recurrence writes: the hidden state of every step, the cell state of every step where there is one, and what is
/// kept for backward. No size is 0.
///
/// # Panics
/// Where the operands are not dense, of the sizes stated and of one dtype, `f32` or `f64`; so in all of these kernels.
pub fn sequence(size: &SequenceSize, given: Given<'_>, output: Out<'_>, cells: Option<Out<'_>>, kept: Out<'_>) {
    require(
        given.cell.is_some() == (size.cell == Cell::Lstm) && given.cell.is_some() == cells.is_some(),
        "cell states",
    );
    with_element!(float output.dtype, T => {
        let totals = size.totals();
        let memory = Forward::<T> {
            x: given.input.dense(totals[0]),
            h0: given.hidden.dense(totals[2]),
            c0: given.cell.map_or(std::ptr::null(), |cell| cell.dense(totals[2])),
            w: given.weight.dense(totals[3]),
            b: given.bias.map_or(std::ptr::null(), |bias| bias.dense(size.cell.gates() * size.hidden)),
            h: output.dense(totals[1]),
            c: cells.map_or(std::ptr::null_mut(), |cells| cells.dense(totals[1])),
            kept: kept.dense(totals[4]),
        };
        // SAFETY: so many elements lie there.
        unsafe { forward(size, memory) };
    });
}

#[derive(Clone, Copy)]
struct Forward<T> {
    x: *const T,
    h0: *const T,
    c0: *const T,
    w: *const T,
    b: *const T,
    h: *mut T,
    c: *mut T,
    kept: *mut T,
}

/// # Safety
/// As for [`sequence`]: so many elements lie at each address that is not null.
unsafe fn forward<T: Vector>(size: &SequenceSize, memory: Forward<T>) {
    let &SequenceSize { cell, steps, batch, hidden, .. } = size;
    let width = cell.gates() * hidden;
    // SAFETY: the caller's weights; chunks write rows of different sequences.
    let (weights, memory) = unsafe {
        let weights = View { ptr: memory.w, rs: hidden as isize, cs: 1 };
        (&Strips::new([width, hidden], weights.t()), Shared::new(memory))
    };
    let strip = size.strip();
    parallel::run(batch.div_ceil(strip), size.cost(), &|chunk| {
        let Forward { x, h0, c0, b, h, c, kept, .. } = memory.get();
        let first = chunk * strip;
        let n = strip.min(batch - first);
        let mut products = vec![T::ZERO; if cell == Cell::Gru { n * width } else { 0 }];
        for at in 0..steps {
            let (row, before) = size.rows(at, first);
            // SAFETY: rows of these sequences.
            unsafe {
                let last = before.map_or(h0.add(first * hidden), |row| h.add(row * hidden).cast_const());
                let (x, kept, h) = (x.add(row * width), kept.add(row * KEPT * hidden), h.add(row * hidden));
                match cell {
                    Cell::Lstm => {
                        std::ptr::copy_nonoverlapping(x, kept, n * width);
                        weights.add(n, View { ptr: last, rs: hidden as isize, cs: 1 }, to(kept, width));
                        let last = before.map_or(c0.add(first * hidden), |row| c.add(row * hidden).cast_const());
                        lstm_step(n, hidden, kept, last, c.add(row * hidden), h);
                    }
                    Cell::Gru => {
                        for i in 0..n {
                            let start = products[i * width..].as_mut_ptr();
                            if b.is_null() {
                                start.write_bytes(0, width);
                            } else {
                                std::ptr::copy_nonoverlapping(b, start, width);
                            }
                        }
                        weights.add(
                            n,
                            View { ptr: last, rs: hidden as isize, cs: 1 },
                            to(products.as_mut_ptr(), width),
                        );
                        gru_step(n, hidden, x, products.as_ptr(), last, kept, h);
                    }
                }
            }
        }
    });
}

/// Elements of a hidden state that are computed at once, in registers: between loops over memory the compiler could not
/// tell that what is written is not read again.
const LANES: usize = 16;

/// Some elements in registers; those past `n` are 0.
///
/// # Safety
/// `n` elements, at most [`LANES`], can be read.
#[inline(always)]
unsafe fn load<T: Vector>(from: *const T, n: usize) -> [T; LANES] {
    // SAFETY: the caller's elements.
    unsafe {
        if n == LANES {
            return from.cast::<[T; LANES]>().read_unaligned();
        }
        let mut values = [T::ZERO; LANES];
        std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), n);
        values
    }
}

/// # Safety
/// `n` elements, at most [`LANES`], can be written.
#[inline(always)]
unsafe fn store<T: Vector>(to: *mut T, n: usize, values: [T; LANES]) {
    // SAFETY: the caller's elements.
    unsafe {
        if n == LANES {
            to.cast::<[T; LANES]>().write_unaligned(values);
        } else {
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, n);
        }
    }
}

/// A function of each element.
#[inline(always)]
fn each<T: Vector>(mut values: [T; LANES], function: impl Fn(T) -> T) -> [T; LANES] {
    for value in &mut values {
        *value = function(*value);
    }
    values
}

simd! {
    /// One step of [`Cell::Lstm`]: sums of the gates become gates.
    ///
    /// # Safety
    /// `n` rows of four times `m` elements lie at `gates`, of `m` at the others; all apart.
    unsafe fn lstm_step<T: Vector>(n: usize, m: usize, gates: *mut T, last: *const T, cells: *mut T, h: *mut T) {
        for row in 0..n {
            let (gates, last) = (gates.add(row * 4 * m), last.add(row * m));
            let (cells, h) = (cells.add(row * m), h.add(row * m));
            for j in (0..m).step_by(LANES) {
                let n = LANES.min(m - j);
                let enter = each(load(gates.add(j), n), |x| exponential::sigmoid(x));
                let keep = each(load(gates.add(m + j), n), |x| exponential::sigmoid(x));
                let new = each(load(gates.add(2 * m + j), n), |x| ByType::tanh(x));
                let leave = each(load(gates.add(3 * m + j), n), |x| exponential::sigmoid(x));
                let mut cell = load(last.add(j), n);
                for l in 0..LANES {
                    cell[l] = keep[l] * cell[l] + enter[l] * new[l];
                }
                let mut out = each(cell, |x| ByType::tanh(x));
                for l in 0..LANES {
                    out[l] = leave[l] * out[l];
                }
                store(gates.add(j), n, enter);
                store(gates.add(m + j), n, keep);
                store(gates.add(2 * m + j), n, new);
                store(gates.add(3 * m + j), n, leave);
                store(cells.add(j), n, cell);
                store(h.add(j), n, out);
            }
        }
    }
}

simd! {
    /// One step of [`Cell::Gru`].
    ///
    /// # Safety
    /// `n` rows of three times `m` elements lie at `x` and `products`, of [`KEPT`] times `m` at `kept`, of `m` at the others;
    /// all apart.
    #[allow(clippy::too_many_arguments)]
    unsafe fn gru_step<T: Vector>(
        n: usize, m: usize, x: *const T, products: *const T, last: *const T, kept: *mut T, h: *mut T,
    ) {
        for row in 0..n {
            let (x, u, kept) = (x.add(row * 3 * m), products.add(row * 3 * m), kept.add(row * KEPT * m));
            let (last, h) = (last.add(row * m), h.add(row * m));
            for j in (0..m).step_by(LANES) {
                let n = LANES.min(m - j);
                let (mut reset, mut update, mut new) = (load(x.add(j), n), load(x.add(m + j), n), load(x.add(2 * m + j), n));
                let (of_reset, of_update) = (load(u.add(j), n), load(u.add(m + j), n));
                let (of_hidden, mut out) = (load(u.add(2 * m + j), n), load(last.add(j), n));
                for l in 0..LANES {
                    reset[l] += of_reset[l];
                    update[l] += of_update[l];
                }
                reset = each(reset, |x| exponential::sigmoid(x));
                update = each(update, |x| exponential::sigmoid(x));
                for l in 0..LANES {
                    new[l] += reset[l] * of_hidden[l];
                }
                new = each(new, |x| ByType::tanh(x));
                for l in 0..LANES {
                    out[l] = new[l] + update[l] * (out[l] - new[l]);
                }
                store(kept.add(j), n, reset);
                store(kept.add(m + j), n, update);
                store(kept.add(2 * m + j), n, new);
                store(kept.add(3 * m + j), n, of_hidden);
                store(h.add(j), n, out);
            }
        }
    }
}

// ---- backward ------------------------------------------------------------------------------------------------------

/// What the gradients of [`sequence`] are made from.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Gradient of the hidden states.
    pub g: In<'a>,
    /// Gradient of the last cell state.
    pub g_cell: Option<In<'a>>,
    /// The hidden state at the start.
    pub hidden: In<'a>,
    /// The cell state at the start.
    pub cell: Option<In<'a>>,
    /// Weights of the hidden state.
    pub weight: In<'a>,
    /// The hidden states.
    pub output: In<'a>,
    /// The cell states.
    pub cells: Option<In<'a>>,
    /// What was kept.
    pub kept: In<'a>,
}

/// Where the gradients go; `cell` is there where there is a cell state, `bias` where there is a bias.
pub struct Gradients<'a> {
    /// That of the input.
    pub input: Out<'a>,
    /// That of the hidden state at the start.
    pub hidden: Out<'a>,
    /// That of the cell state at the start.
    pub cell: Option<Out<'a>>,
    /// That of the weights.
    pub weight: Out<'a>,
    /// That of the bias.
    pub bias: Option<Out<'a>>,
}

/// Gradients of [`sequence`].
pub fn sequence_backward(size: &SequenceSize, known: Known<'_>, gradients: Gradients<'_>) {
    let lstm = size.cell == Cell::Lstm;
    let of_cells = [known.g_cell.is_some(), known.cell.is_some(), known.cells.is_some(), gradients.cell.is_some()];
    require(of_cells == [lstm; 4], "cell states");
    with_element!(float gradients.input.dtype, T => {
        let totals = size.totals();
        let read = |operand: Option<In<'_>>, n: usize| operand.map_or(std::ptr::null(), |operand| operand.dense::<T>(n));
        let bias = size.cell.gates() * size.hidden;
        let memory = Backward::<T> {
            g: known.g.dense(totals[1]),
            g_cell: read(known.g_cell, totals[2]),
            h0: known.hidden.dense(totals[2]),
            c0: read(known.cell, totals[2]),
            w: known.weight.dense(totals[3]),
            h: known.output.dense(totals[1]),
            c: read(known.cells, totals[1]),
            kept: known.kept.dense(totals[4]),
            dx: gradients.input.dense(totals[0]),
            dh: gradients.hidden.dense(totals[2]),
            dc: gradients.cell.map_or(std::ptr::null_mut(), |cell| cell.dense(totals[2])),
            dw: gradients.weight.dense(totals[3]),
            db: gradients.bias.map_or(std::ptr::null_mut(), |out| out.dense(bias)),
            du: std::ptr::null_mut(),
        };
        // SAFETY: so many elements lie there.
        unsafe { backward(size, memory) };
    });
}

#[derive(Clone, Copy)]
struct Backward<T> {
    g: *const T,
    g_cell: *const T,
    h0: *const T,
    c0: *const T,
    w: *const T,
    h: *const T,
    c: *const T,
    kept: *const T,
    dx: *mut T,
    dh: *mut T,
    dc: *mut T,
    dw: *mut T,
    db: *mut T,
    /// Gradients of the products with the hidden state, where they are not those of the input.
    du: *mut T,
}

/// # Safety
/// As for [`sequence_backward`]: so many elements lie at each address that is not null.
unsafe fn backward<T: Vector>(size: &SequenceSize, mut memory: Backward<T>) {
    let &SequenceSize { cell, steps, batch, hidden, .. } = size;
    let width = cell.gates() * hidden;
    let mut of_products = vec![T::ZERO; if cell == Cell::Gru { size.totals()[0] } else { 0 }];
    memory.du = if cell == Cell::Gru { of_products.as_mut_ptr() } else { memory.dx };
    // SAFETY: the caller's weights; chunks write rows of different sequences.
    let (weights, shared) = unsafe {
        let weights = View { ptr: memory.w, rs: hidden as isize, cs: 1 };
        (&Strips::new([hidden, width], weights), Shared::new(memory))
    };
    let strip = size.strip();
    parallel::run(batch.div_ceil(strip), size.cost(), &|chunk| {
        let Backward { g, g_cell, h0, c0, h, c, kept, dx, dh, dc, du, .. } = shared.get();
        let first = chunk * strip;
        let n = strip.min(batch - first);
        // SAFETY: rows of these sequences.
        unsafe {
            let dh = dh.add(first * hidden);
            dh.write_bytes(0, n * hidden);
            let dc = if dc.is_null() { dc } else { dc.add(first * hidden) };
            if !dc.is_null() {
                std::ptr::copy_nonoverlapping(g_cell.add(first * hidden), dc, n * hidden);
            }
            for at in (0..steps).rev() {
                let (row, before) = size.rows(at, first);
                let (g, kept, dx) = (g.add(row * hidden), kept.add(row * KEPT * hidden), dx.add(row * width));
                let du = du.add(row * width);
                match cell {
                    Cell::Lstm => {
                        let last = before.map_or(c0.add(first * hidden), |row| c.add(row * hidden));
                        lstm_step_backward(n, hidden, g, kept, [last, c.add(row * hidden)], dh, dc, dx);
                    }
                    Cell::Gru => {
                        let last = before.map_or(h0.add(first * hidden), |row| h.add(row * hidden));
                        gru_step_backward(n, hidden, g, kept, last, dh, dx, du);
                    }
                }
                weights.add(n, View { ptr: du.cast_const(), rs: width as isize, cs: 1 }, to(dh, hidden));
            }
        }
    });
    let cost = size.cost();
    let Backward { h0, h, dw, du, .. } = memory;
    let others = (steps - 1) * batch;
    // The rows of the first step, and those of the others and of the steps before them.
    let (first, later, earlier) = if size.reverse { (others, 0, batch) } else { (0, batch, 0) };
    let gradient = |rows: usize, of: usize, states: *const T, beta: T| Call {
        size: [width, hidden, rows],
        alpha: T::ONE,
        a: View { ptr: du.wrapping_add(of * width).cast_const(), rs: 1, cs: width as isize },
        b: View { ptr: states, rs: hidden as isize, cs: 1 },
        beta,
        c: to(dw, hidden),
    };
    // SAFETY: inside the operands; chunks write sums of different columns.
    unsafe {
        blocked(gradient(batch, first, h0, T::ZERO), cost);
        blocked(gradient(others, later, h.wrapping_add(earlier * hidden), T::ONE), cost);
        let shared = Shared::new(memory);
        if !memory.db.is_null() {
            parallel::run(width.div_ceil(SUMS), cost / hidden.max(1) as u64, &|chunk| {
                let Backward { db, du, .. } = shared.get();
                let start = chunk * SUMS;
                column_sums(steps * batch, SUMS.min(width - start), du.add(start), width, db.add(start));
            });
        }
    }
}

simd! {
    /// One step of [`Cell::Lstm`] back: what `dh` and `dc` were of the states after it, `dc` becomes of the state before,
    /// and `dh` zeros.
    ///
    /// # Safety
    /// `n` rows of four times `m` elements lie at `gates` and `dx`, of `m` at the others; all apart.
    #[allow(clippy::too_many_arguments)]
    unsafe fn lstm_step_backward<T: Vector>(
        n: usize, m: usize, g: *const T, gates: *const T, cells: [*const T; 2], dh: *mut T, dc: *mut T, dx: *mut T,
    ) {
        let one = T::ONE;
        for row in 0..n {
            let (g, gates, dx) = (g.add(row * m), gates.add(row * 4 * m), dx.add(row * 4 * m));
            let [last, cells] = [cells[0].add(row * m), cells[1].add(row * m)];
            let (dh, dc) = (dh.add(row * m), dc.add(row * m));
            for j in (0..m).step_by(LANES) {
                let n = LANES.min(m - j);
                let (enter, keep) = (load(gates.add(j), n), load(gates.add(m + j), n));
                let (new, leave) = (load(gates.add(2 * m + j), n), load(gates.add(3 * m + j), n));
                let out = each(load(cells.add(j), n), |x| ByType::tanh(x));
                let (last, g) = (load(last.add(j), n), load(g.add(j), n));
                let (mut of_hidden, mut of_cell) = (load(dh.add(j), n), load(dc.add(j), n));
                let mut slopes = [[T::ZERO; LANES]; 4];
                for l in 0..LANES {
                    of_hidden[l] += g[l];
                    of_cell[l] += of_hidden[l] * leave[l] * (one - out[l] * out[l]);
                    slopes[0][l] = of_cell[l] * new[l] * enter[l] * (one - enter[l]);
                    slopes[1][l] = of_cell[l] * last[l] * keep[l] * (one - keep[l]);
                    slopes[2][l] = of_cell[l] * enter[l] * (one - new[l] * new[l]);
                    slopes[3][l] = of_hidden[l] * out[l] * leave[l] * (one - leave[l]);
                    of_cell[l] *= keep[l];
                }
                for (gate, slopes) in slopes.into_iter().enumerate() {
                    store(dx.add(gate * m + j), n, slopes);
                }
                store(dc.add(j), n, of_cell);
                store(dh.add(j), n, [T::ZERO; LANES]);
            }
        }
    }
}

simd! {
    /// One step of [`Cell::Gru`] back: what `dh` was of the state after it, it becomes of the state before as far as that is
    /// not multiplied by weights.
    ///
    /// # Safety
    /// `n` rows of three times `m` elements lie at `dx` and `du`, of [`KEPT`] times `m` at `kept`, of `m` at the others; all
    /// apart.
    #[allow(clippy::too_many_arguments)]
    unsafe fn gru_step_backward<T: Vector>(
        n: usize, m: usize, g: *const T, kept: *const T, last: *const T, dh: *mut T, dx: *mut T, du: *mut T,
    ) {
        let one = T::ONE;
        for row in 0..n {
            let (g, kept, last) = (g.add(row * m), kept.add(row * KEPT * m), last.add(row * m));
            let (dh, dx, du) = (dh.add(row * m), dx.add(row * 3 * m), du.add(row * 3 * m));
            for j in (0..m).step_by(LANES) {
                let n = LANES.min(m - j);
                let (reset, update) = (load(kept.add(j), n), load(kept.add(m + j), n));
                let (new, of_hidden) = (load(kept.add(2 * m + j), n), load(kept.add(3 * m + j), n));
                let (g, last, mut slope) = (load(g.add(j), n), load(last.add(j), n), load(dh.add(j), n));
                let mut slopes = [[T::ZERO; LANES]; 4];
                for l in 0..LANES {
                    slope[l] += g[l];
                    let of_new = slope[l] * (one - update[l]) * (one - new[l] * new[l]);
                    slopes[0][l] = of_new * of_hidden[l] * reset[l] * (one - reset[l]);
                    slopes[1][l] = slope[l] * (last[l] - new[l]) * update[l] * (one - update[l]);
                    slopes[2][l] = of_new;
                    slopes[3][l] = of_new * reset[l];
                    slope[l] *= update[l];
                }
                for gate in 0..3 {
                    store(dx.add(gate * m + j), n, slopes[gate]);
                    store(du.add(gate * m + j), n, slopes[if gate == 2 { 3 } else { gate }]);
                }
                store(dh.add(j), n, slope);
            }
        }
    }
}

/// Rows that are summed to one before they are added to the others.
const SUM_ROWS: usize = 64;

simd! {
    /// Sums of at most [`SUMS`] columns, in blocks of rows.
    ///
    /// # Safety
    /// `n` rows of `m` elements, `row` apart, lie at `x`; `to` has room for `m`.
    unsafe fn column_sums<T: Vector>(n: usize, m: usize, x: *const T, row: usize, to: *mut T) {
        let mut total = [T::ZERO; SUMS];
        for start in (0..n).step_by(SUM_ROWS) {
            let mut sums = [T::ZERO; SUMS];
            for i in start..n.min(start + SUM_ROWS) {
                for (j, sum) in sums[..m].iter_mut().enumerate() {
                    *sum += *x.add(i * row + j);
                }
            }
            for (total, sum) in total[..m].iter_mut().zip(&sums) {
                *total += *sum;
            }
        }
        for (j, &total) in total[..m].iter().enumerate() {
            *to.add(j) = total;
        }
    }
}

#[cfg(test)]
#[path = "sequence_tests.rs"]
mod tests;
