//! Scans (running sums and the like) along one axis of an input of any layout and dtype.
//!
//! Lines along the axis are taken several at a time, so that they lie side by side in vector lanes; each tile of lines
//! is gathered, scanned and scattered block by block, or, where nothing is to be converted, read and written as it lies.
//! The parallel loop runs over tiles.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use std::marker::PhantomData;
use std::num::Wrapping;

use pulp::Arch;

use super::copy::{gather, scatter};
use super::element::Element;
use super::number::{Bounded, Equal, Ring, Store};
use super::plan::{BLOCK, PerAxis, Plan, address};
use super::scratch::with_scratch;
use super::{In, Out, require};
use crate::with_element;
use arcgrad_base::dtype::DType;
use arcgrad_base::parallel;

/// What to accumulate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scan {
    /// Running sum in the output's dtype; integers in `i64`, floats in `f64`.
    Sum,
    /// Running product, likewise.
    Prod,
    /// Greatest so far and, in a second output, where it last occurred; NaN once there was one.
    Max,
    /// Least so far, likewise.
    Min,
    /// Logarithm of the running sum of exponentials, for floating-point outputs; computed in `f64`.
    LogSumExp,
}

/// Lines scanned side by side: several vectors wide, and a block of them is still long.
const LINES: usize = 64;

/// Lines that are not neighbours and are scanned together.
const APART: usize = 4;

/// Picoseconds per element, read and written as it lies; gathered and scattered; of a logarithm and an exponential on top.
const COST_DIRECT: u64 = 700;
const COST: u64 = 2000;
const COST_LOGSUMEXP: u64 = 20_000;

/// Elements of a chunk of the parallel loop.
const CHUNK: usize = 1 << 14;

/// Scans `input` along `axis`, from the end backwards if `reverse`.
///
/// The input is converted to the dtype that is scanned as [`copy`](super::copy::copy) does, the results to the
/// outputs' dtypes likewise.
///
/// There is one output, or one or two for [`Scan::Max`] and [`Scan::Min`].
///
/// # Panics
/// Where there is no such axis, the shapes differ, or there are other outputs than that.
pub fn scan(op: Scan, reverse: bool, axis: usize, input: In<'_>, outputs: &[Out<'_>]) {
    let shape = input.shape;
    require(axis < shape.len(), "the axis of a scan");
    let most = if matches!(op, Scan::Max | Scan::Min) { 2 } else { 1 };
    require((1..=most).contains(&outputs.len()), "the outputs of a scan");
    outputs.iter().for_each(|output| output.require_shape(shape));
    if shape.contains(&0) {
        return;
    }
    let out = outputs[0].dtype.computed_in();
    let cost = if op == Scan::LogSumExp { COST_LOGSUMEXP } else { COST };
    let run = |scanner: &dyn Erased| {
        // SAFETY: the operands are of one shape, which has elements.
        unsafe { drive(scanner, cost, reverse, shape, axis, input, outputs) }
    };
    match op {
        Scan::Sum if out.is_differentiable() => with_element!(field out, T => run(&Sum::<T>(PhantomData))),
        Scan::Sum => run(&Sum::<Wrapping<i64>>(PhantomData)),
        Scan::Prod if out.is_differentiable() => with_element!(field out, T => run(&Prod::<T>(PhantomData))),
        Scan::Prod => run(&Prod::<Wrapping<i64>>(PhantomData)),
        Scan::Max => with_element!(number input.dtype.computed_in(), T => run(&Extreme::<T, true>(PhantomData))),
        Scan::Min => with_element!(number input.dtype.computed_in(), T => run(&Extreme::<T, false>(PhantomData))),
        Scan::LogSumExp => with_element!(float out, T => run(&LogSumExp::<T>(PhantomData))),
    }
}

/// Scans tile by tile.
///
/// # Safety
/// As for [`scan`], of a shape that has no axis of size 0; the scanner is that of the scan and of these dtypes.
unsafe fn drive(
    scanner: &dyn Erased,
    cost: u64,
    reverse: bool,
    shape: &[usize],
    axis: usize,
    input: In,
    outputs: &[Out],
) {
    // Operand 0 is the input, then the outputs.
    let operands = || {
        let written = outputs.iter().map(|y| (y.ptr, y.dtype.size(), y.strides));
        std::iter::once((input.ptr.cast_mut(), input.dtype.size(), input.strides)).chain(written)
    };
    let mut lines = Plan::<3>::in_order(shape, |a| a != axis, operands());
    lines.point_forward();
    lines.sort();
    lines.merge();
    let n = shape.get(axis).copied().unwrap_or(1);
    // Bytes from one element of a line to the next in the direction of the scan, and where the scan starts.
    let (mut steps, mut starts) = (PerAxis::<isize>::new(), PerAxis::<isize>::new());
    for (_, bytes, strides) in operands() {
        let step = strides.get(axis).map_or(0, |stride| stride * bytes as isize);
        steps.push(if reverse { -step } else { step });
        starts.push(if reverse { step * (n - 1) as isize } else { 0 });
    }
    let dtypes = scanner.results();
    let direct = input.dtype == scanner.input()
        && outputs.iter().zip(dtypes).all(|(output, dtype)| output.dtype == dtype)
        && !(reverse && scanner.indexed());
    // Lines that are not neighbours are scanned a few at a time, so a tile may be of few.
    let neighbours = lines.axes.first().is_some_and(|axis| axis.strides[0] == input.dtype.size() as isize);
    let least = if neighbours { LINES } else { APART };
    let tiles = lines.inner_pieces(if direct { (CHUNK / n).max(least) } else { LINES });
    let cost = if direct { cost - COST + COST_DIRECT } else { cost };
    let width = tiles.box_len();
    let rows = (BLOCK / width).max(1);
    let wide = input.dtype.size().max(8);
    let block = BLOCK * wide;
    let count = tiles.len();
    let per_chunk = (CHUNK / n.saturating_mul(width)).max(1);
    let total = (n as u64).saturating_mul(lines.len() as u64);
    let (lines, tiles, steps, starts) = (&lines, &tiles, &steps, &starts);
    if direct {
        return parallel::run(count.div_ceil(per_chunk), cost.saturating_mul(total), &|chunk| {
            let (mut origin, mut dims) = (PerAxis::new(), PerAxis::new());
            for tile in chunk * per_chunk..count.min((chunk + 1) * per_chunk) {
                tiles.locate(tile, &mut origin, &mut dims);
                let side = |operand: usize| Side {
                    at: address(lines, operand, &origin).wrapping_offset(starts[operand]),
                    line: lines.axes.first().map_or(0, |axis| axis.strides[operand]),
                    step: steps[operand],
                };
                let second = (outputs.len() > 1).then(|| side(2));
                // SAFETY: tiles partition the lines; the dtypes are the scanner's own.
                unsafe { scanner.lines(side(0), side(1), second, dims.iter().product(), n) };
            }
        });
    }
    parallel::run(count.div_ceil(per_chunk), cost.saturating_mul(total), &|chunk| {
        with_scratch(4 * block + LINES * scanner.state_size(), |scratch| {
            let part = |i: usize| scratch.wrapping_add(i * block);
            let (x, spare, results, state) = (part(0), part(1), [part(2), part(3)], part(4));
            let (mut origin, mut dims) = (PerAxis::new(), PerAxis::new());
            for tile in chunk * per_chunk..count.min((chunk + 1) * per_chunk) {
                tiles.locate(tile, &mut origin, &mut dims);
                let w: usize = dims.iter().product();
                let strides = |operand: usize| [lines.axes.first().map_or(0, |a| a.strides[operand]), steps[operand]];
                // SAFETY: tiles partition the lines, blocks each line; the scratch is this thread's own.
                unsafe {
                    scanner.start(state, w);
                    for row in (0..n).step_by(rows) {
                        let box_dims = [w, rows.min(n - row)];
                        let at = |operand: usize| {
                            let offset = starts[operand] + steps[operand] * row as isize;
                            address(lines, operand, &origin).wrapping_offset(offset)
                        };
                        gather(&box_dims, (at(0), input.dtype, &strides(0)), (x, scanner.input()), spare);
                        scanner.block(state, x, w, box_dims[1], row, results);
                        if reverse {
                            scanner.mirror(results[1], w * box_dims[1], n);
                        }
                        for (i, output) in outputs.iter().enumerate() {
                            let to = (at(i + 1), output.dtype, strides(i + 1));
                            scatter(&box_dims, (results[i], dtypes[i]), (to.0, to.1, &to.2), spare);
                        }
                    }
                }
            }
        });
    });
}

/// A scan of one line.
trait Scanner: Copy + Sync {
    /// What is read.
    type In: Element;
    /// What is carried along.
    type State: Copy;
    /// First result.
    type First: Element;
    /// Second result: a position, where there is one.
    type Second: Element;
    /// Whether there is one.
    const INDEXED: bool = false;

    fn start(&self) -> Self::State;
    fn step(&self, state: Self::State, x: Self::In, position: usize) -> Self::State;
    fn result(&self, state: Self::State) -> (Self::First, Self::Second);
}

/// Lines where they lie: the first element, and bytes from line to line and from step to step.
#[derive(Clone, Copy)]
struct Side {
    at: *mut u8,
    line: isize,
    step: isize,
}

impl Side {
    /// From line number `line` on.
    #[inline(always)]
    fn from(self, line: usize) -> Self {
        Self { at: self.at.wrapping_offset(self.line * line as isize), ..self }
    }
}

/// Scans `L` lines of `n` steps side by side, which lie next to each other if `UNIT`. A step is read before it is written,
/// which may be in the same place.
///
/// # Safety
/// All of that can be read and written, in any alignment.
#[inline(always)]
unsafe fn side_by_side<S: Scanner, const L: usize, const UNIT: bool>(
    scanner: &S,
    x: Side,
    first: Side,
    second: Option<Side>,
    n: usize,
) {
    let mut states = [scanner.start(); L];
    for step in 0..n {
        let at = |side: Side| side.at.wrapping_offset(side.step * step as isize);
        // SAFETY: as promised by the caller.
        unsafe {
            let xs: [S::In; L] = if UNIT {
                at(x).cast::<[S::In; L]>().read_unaligned()
            } else {
                std::array::from_fn(|l| at(x.from(l)).cast::<S::In>().read_unaligned())
            };
            let mut firsts = [S::First::default(); L];
            for l in 0..L {
                states[l] = scanner.step(states[l], xs[l], step);
                firsts[l] = scanner.result(states[l]).0;
            }
            if UNIT {
                at(first).cast::<[S::First; L]>().write_unaligned(firsts);
            } else {
                for l in 0..L {
                    at(first.from(l)).cast::<S::First>().write_unaligned(firsts[l]);
                }
            }
            if let (true, Some(second)) = (S::INDEXED, second) {
                for l in 0..L {
                    at(second.from(l)).cast::<S::Second>().write_unaligned(scanner.result(states[l]).1);
                }
            }
        }
    }
}

/// A tile of lines about to be scanned on some instruction set.
struct Tile<'a, S> {
    scanner: &'a S,
    x: Side,
    first: Side,
    second: Option<Side>,
    w: usize,
    n: usize,
}

impl<S: Scanner> pulp::WithSimd for Tile<'_, S> {
    type Output = ();

    #[inline(always)]
    fn with_simd<I: pulp::Simd>(self, _: I) {
        let Self { scanner, x, first, second, w, n } = self;
        let unit = x.line == size_of::<S::In>() as isize && first.line == size_of::<S::First>() as isize;
        let mut line = 0;
        macro_rules! by {
            ($($L:literal $UNIT:literal)*) => {$(
                while w - line >= $L {
                    let second = second.map(|second| second.from(line));
                    // SAFETY: the lines of the tile, which the caller of `lines` vouches for.
                    unsafe { side_by_side::<S, $L, $UNIT>(scanner, x.from(line), first.from(line), second, n) };
                    line += $L;
                }
            )*};
        }
        if I::IS_SCALAR {
            by!(1 false);
            return;
        }
        if unit {
            by!(64 true 16 true 8 true 4 true);
        }
        // One after the other each step waits for the one before: four lines hide that. Eight that are a multiple of 4,096
        // bytes apart, read and written, would not fit the ways of a first-level cache (64 lines of 4,096 elements took
        // 1.4 times as long per element as 4,096 of 31).
        by!(4 false 2 false 1 false);
    }
}

/// A [`Scanner`] without its types.
trait Erased: Sync {
    fn input(&self) -> DType;
    fn results(&self) -> [DType; 2];
    fn state_size(&self) -> usize;
    /// Whether there is a second result.
    fn indexed(&self) -> bool;
    /// Scans `w` lines of `n` steps where they lie.
    ///
    /// # Safety
    /// Inputs and results are of the scanner's dtypes; the results are apart from all else, or the first ones exactly the
    /// input.
    unsafe fn lines(&self, x: Side, first: Side, second: Option<Side>, w: usize, n: usize);
    /// # Safety
    /// Room for `w` states.
    unsafe fn start(&self, state: *mut u8, w: usize);
    /// Scans `rows` rows of `w` lines, the first being number `row` of its line.
    ///
    /// # Safety
    /// `w` states, `w * rows` elements, room for as many results.
    unsafe fn block(&self, state: *mut u8, x: *const u8, w: usize, rows: usize, row: usize, results: [*mut u8; 2]);
    /// Turns positions counted from the end into positions counted from the start, if there are any.
    ///
    /// # Safety
    /// `count` second results.
    unsafe fn mirror(&self, positions: *mut u8, count: usize, n: usize);
}

impl<S: Scanner> Erased for S {
    fn input(&self) -> DType {
        S::In::DTYPE
    }

    fn results(&self) -> [DType; 2] {
        [S::First::DTYPE, S::Second::DTYPE]
    }

    fn state_size(&self) -> usize {
        size_of::<S::State>()
    }

    fn indexed(&self) -> bool {
        S::INDEXED
    }

    unsafe fn lines(&self, x: Side, first: Side, second: Option<Side>, w: usize, n: usize) {
        Arch::new().dispatch(Tile { scanner: self, x, first, second, w, n });
    }

    unsafe fn start(&self, state: *mut u8, w: usize) {
        for i in 0..w {
            // SAFETY: room for w states.
            unsafe { state.cast::<S::State>().add(i).write(Scanner::start(self)) };
        }
    }

    unsafe fn block(&self, state: *mut u8, x: *const u8, w: usize, rows: usize, row: usize, results: [*mut u8; 2]) {
        let (first, second) = (results[0].cast::<S::First>(), results[1].cast::<S::Second>());
        let (state, x) = (state.cast::<S::State>(), x.cast::<S::In>());
        Arch::new().dispatch(
            #[inline(always)]
            || {
                // SAFETY: as promised by the caller.
                unsafe {
                    if w == LINES {
                        // Whole groups are read before anything is written, so nothing stands in the way of vectors.
                        let mut states = state.cast::<[S::State; LINES]>().read();
                        for r in 0..rows {
                            let xs = x.add(r * LINES).cast::<[S::In; LINES]>().read();
                            let mut firsts = [S::First::default(); LINES];
                            for l in 0..LINES {
                                states[l] = self.step(states[l], xs[l], row + r);
                                firsts[l] = self.result(states[l]).0;
                            }
                            first.add(r * LINES).cast::<[S::First; LINES]>().write(firsts);
                            if S::INDEXED {
                                for l in 0..LINES {
                                    second.add(r * LINES + l).write(self.result(states[l]).1);
                                }
                            }
                        }
                        state.cast::<[S::State; LINES]>().write(states);
                    } else {
                        for c in 0..w {
                            let mut carried = state.add(c).read();
                            for r in 0..rows {
                                carried = self.step(carried, x.add(r * w + c).read(), row + r);
                                let (a, b) = self.result(carried);
                                first.add(r * w + c).write(a);
                                if S::INDEXED {
                                    second.add(r * w + c).write(b);
                                }
                            }
                            state.add(c).write(carried);
                        }
                    }
                }
            },
        );
    }

    unsafe fn mirror(&self, positions: *mut u8, count: usize, n: usize) {
        if S::INDEXED {
            for i in 0..count {
                // SAFETY: `count` positions of 64 bits.
                unsafe {
                    let at = positions.cast::<i64>().add(i);
                    at.write(n as i64 - 1 - at.read());
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Sum<T>(PhantomData<fn() -> T>);
#[derive(Clone, Copy)]
struct Prod<T>(PhantomData<fn() -> T>);
#[derive(Clone, Copy)]
struct Extreme<T, const GREATEST: bool>(PhantomData<fn() -> T>);
#[derive(Clone, Copy)]
struct LogSumExp<T>(PhantomData<fn() -> T>);

impl<T: Store> Scanner for Sum<T> {
    type In = T;
    type State = T::Acc;
    type First = T;
    type Second = u8;
    fn start(&self) -> T::Acc {
        T::default().load().zero()
    }
    #[inline(always)]
    fn step(&self, state: T::Acc, x: T, _: usize) -> T::Acc {
        state + x.load()
    }
    #[inline(always)]
    fn result(&self, state: T::Acc) -> (T, u8) {
        (T::store(state), 0)
    }
}

impl<T: Store> Scanner for Prod<T> {
    type In = T;
    type State = T::Acc;
    type First = T;
    type Second = u8;
    fn start(&self) -> T::Acc {
        T::default().load().int(1)
    }
    #[inline(always)]
    fn step(&self, state: T::Acc, x: T, _: usize) -> T::Acc {
        state * x.load()
    }
    #[inline(always)]
    fn result(&self, state: T::Acc) -> (T, u8) {
        (T::store(state), 0)
    }
}

impl<T: Bounded, const GREATEST: bool> Scanner for Extreme<T, GREATEST> {
    type In = T;
    type State = (T, i64);
    type First = T;
    type Second = i64;
    const INDEXED: bool = true;
    fn start(&self) -> (T, i64) {
        (if GREATEST { T::LOWEST } else { T::HIGHEST }, 0)
    }
    #[inline(always)]
    fn step(&self, (best, at): (T, i64), x: T, position: usize) -> (T, i64) {
        // Ties go to the later one, and so does one NaN after another.
        let worse = if GREATEST { best.gt(x) } else { x.gt(best) };
        if x.unordered() || (!best.unordered() && !worse) { (x, position as i64) } else { (best, at) }
    }
    #[inline(always)]
    fn result(&self, state: (T, i64)) -> (T, i64) {
        state
    }
}

impl<T: Store<Acc = f64>> Scanner for LogSumExp<T> {
    type In = T;
    type State = f64;
    type First = T;
    type Second = u8;
    fn start(&self) -> f64 {
        f64::NEG_INFINITY
    }
    #[inline(always)]
    fn step(&self, state: f64, x: T, _: usize) -> f64 {
        let x = x.load();
        let (low, high) = if state < x { (state, x) } else { (x, state) };
        if state.is_nan() || x.is_nan() {
            f64::NAN
        } else if low == high && high.is_infinite() {
            // −∞ − −∞ is no number; the sum of nothing and nothing is nothing.
            high
        } else {
            high + libm::log1p(libm::exp(low - high))
        }
    }
    #[inline(always)]
    fn result(&self, state: f64) -> (T, u8) {
        (T::store(state), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Array, DTYPES, Rng};
    use arcgrad_base::parallel::set_num_threads;

    const OPS: [Scan; 5] = [Scan::Sum, Scan::Prod, Scan::Max, Scan::Min, Scan::LogSumExp];

    /// One line the slow way.
    fn naive(op: Scan, values: &[f64]) -> Vec<(f64, f64)> {
        let mut best = 0;
        (0..values.len())
            .map(|i| {
                let (x, old) = (values[i], values[best]);
                let better = if op == Scan::Max { x >= old } else { x <= old };
                if x.is_nan() || (!old.is_nan() && better) {
                    best = i;
                }
                let head = &values[..=i];
                match op {
                    Scan::Sum => (head.iter().sum(), 0.0),
                    Scan::Prod => (head.iter().product(), 0.0),
                    Scan::LogSumExp => {
                        let top = head.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
                        let sum: f64 = head.iter().map(|x| (x - top).exp()).sum();
                        (if top == f64::NEG_INFINITY { top } else { top + sum.ln() }, 0.0)
                    }
                    _ => (values[best], best as f64),
                }
            })
            .collect()
    }

    #[test]
    fn any_axis_layout_and_dtype() {
        for seed in 0..600 {
            let mut rng = Rng(seed);
            let mut shape = rng.shape();
            if shape.is_empty() {
                shape.push(9);
            }
            let axis = rng.below(shape.len());
            // The slow way is quadratic.
            shape[axis] = shape[axis].min(130);
            let (op, reverse, dtype) = (rng.pick(&OPS), rng.one_in(3), rng.pick(&DTYPES));
            let extreme = matches!(op, Scan::Max | Scan::Min);
            let mut values = Rng(!seed);
            let x = Array::random_layout(&mut rng, dtype, &shape, true).filled(|| match (op, dtype) {
                (Scan::Prod, _) => f64::from(u8::from(values.below(40) == 0)) + 1.0,
                (Scan::LogSumExp, DType::F32 | DType::F64) if values.one_in(9) => f64::NEG_INFINITY,
                (Scan::Max | Scan::Min, DType::F32 | DType::F64) if values.one_in(99) => f64::NAN,
                (_, DType::Bool) => values.below(2) as f64,
                (_, DType::U8) => values.below(20) as f64,
                _ => values.below(20) as f64 - 10.0,
            });
            let first = match op {
                Scan::Sum | Scan::Prod => rng.pick(&[DType::I64, DType::F32, DType::F64]),
                Scan::LogSumExp => rng.pick(&[DType::F32, DType::F64]),
                _ => dtype,
            };
            let dtypes = if extreme { vec![first, DType::I64] } else { vec![first] };
            let mut outputs: Vec<Array> =
                dtypes.iter().map(|&dtype| Array::random_layout(&mut rng, dtype, &shape, false)).collect();
            let mut before = None;
            for threads in [1, 2, 5] {
                set_num_threads(threads);
                let outs: Vec<Out> = outputs.iter_mut().map(Array::output).collect();
                scan(op, reverse, axis, x.input(), &outs);
                let bits: Vec<_> = outputs.iter().map(Array::bits).collect();
                assert!(before.is_none_or(|before| before == bits));
                before = Some(bits);
            }
            let n = shape[axis];
            for mut index in x.indices().into_iter().filter(|index| index[axis] == 0) {
                let at = |i: usize| if reverse { n - 1 - i } else { i };
                let values: Vec<f64> = (0..n)
                    .map(|i| {
                        index[axis] = at(i);
                        x.get(&index)
                    })
                    .collect();
                for (i, (value, position)) in naive(op, &values).into_iter().enumerate() {
                    index[axis] = at(i);
                    let got = outputs[0].get(&index);
                    let close = (got - value).abs() <= 1e-6 * value.abs().max(1.0);
                    assert!(
                        got == value || (got.is_nan() && value.is_nan()) || (first.is_float() && close),
                        "seed {seed}: {op:?} of {dtype} along {axis} of {shape:?} at {index:?}: {got}, not {value}"
                    );
                    if extreme {
                        assert_eq!(outputs[1].get(&index), at(position as usize) as f64, "seed {seed}: {op:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn onto_itself() {
        let mut x = Array::dense(DType::F32, &[5000]).filled(|| 1.0);
        let out = x.output();
        let input = In { ptr: out.ptr, dtype: out.dtype, shape: out.shape, strides: out.strides };
        scan(Scan::Sum, false, 0, input, &[out]);
        assert!((0..5000).all(|i| x.get(&[i]) == (i + 1) as f64));
    }
}
