//! Reductions over any set of axes of an input of any layout and dtype.
//!
//! One driver for all of them: the kept axes are cut into tiles of outputs, the reduced ones into blocks. A tile goes
//! either along contiguous runs of reduced elements or along contiguous rows of outputs, whichever the input's strides
//! suggest; what lies otherwise or has another dtype is gathered first. Blocks are merged in a fixed tree, and the
//! parallel loop runs over tiles and over segments of blocks, so the result has the same bits for any number of
//! threads.

mod fold;
mod reducers;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::num::Wrapping;

use fold::{Erased, MAX_COLUMNS, rows_together};
use reducers::{
    All, Any, Count, Extreme, Max, MaxAbs, Mean, Min, MinAbs, Plain, Prod, Sum, SumAbs, SumAbsPow, SumSquares, Variance,
};

use super::copy::{gather, scatter};
use super::plan::{BLOCK, Grid, PerAxis, Plan, address, is_dense};
use super::scratch::with_scratch;
use super::{In, Out, require};
use crate::with_element;
use arcgrad_base::dtype::DType;
use arcgrad_base::parallel;

/// What to compute over the reduced axes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reduction {
    /// Sum, in the output's dtype; integers and `bool` in `i64`. Empty: 0.
    Sum,
    /// Sum divided by the number of elements, for floating-point outputs. Empty: NaN.
    Mean,
    /// Product, in the output's dtype; integers and `bool` in `i64`. Empty: 1.
    Prod,
    /// Greatest element, in the input's dtype; NaN if there is one. Not for empty ranges.
    Max,
    /// Least element, in the input's dtype; NaN if there is one. Not for empty ranges.
    Min,
    /// Position of the first greatest element or first NaN, counted row-major over the reduced axes. Not for empty
    /// ranges.
    ArgMax,
    /// Position of the first least element or first NaN, as in [`Reduction::ArgMax`]. Not for empty ranges.
    ArgMin,
    /// Two outputs: [`Reduction::Max`] and [`Reduction::ArgMax`].
    MaxWithIndex,
    /// Two outputs: [`Reduction::Min`] and [`Reduction::ArgMin`].
    MinWithIndex,
    /// Whether any element is not zero (NaN is not zero). Empty: false.
    Any,
    /// Whether no element is zero. Empty: true.
    All,
    /// Number of elements that are not zero.
    CountNonzero,
    /// Sum of magnitudes, in the output's floating-point dtype.
    SumAbs,
    /// Sum of squares, in the output's floating-point dtype.
    SumSquares,
    /// Sum of magnitudes to a power, in the output's floating-point dtype.
    SumAbsPow(f64),
    /// Greatest magnitude, in the output's floating-point dtype; NaN if there is one. Empty: 0.
    MaxAbs,
    /// Least magnitude, in the output's floating-point dtype; NaN if there is one. Empty: infinity.
    MinAbs,
    /// Variance with `correction` subtracted from the number of elements (never below 0), computed in `f64`; a second
    /// output receives the mean. For floating-point outputs.
    Var {
        /// 1 for the unbiased sample variance.
        correction: f64,
    },
    /// The root of [`Reduction::Var`], taken before it is rounded; a second output as there.
    Std {
        /// As there.
        correction: f64,
    },
}

/// Rows of a block when outputs are contiguous: summed one by one, so not many.
const ROWS: usize = 64;

/// Blocks whose states are merged within one task.
const SEGMENT: usize = 16;

/// Levels of the tree over the blocks of a segment: log₂ [`SEGMENT`], and the block at hand.
const LEVELS: usize = SEGMENT.ilog2() as usize + 2;

/// Outputs in a row, from which on it pays to go along them rather than along the reduced elements.
const FEW_COLUMNS: usize = 8;

/// Elements of a chunk of the parallel loop.
const CHUNK: usize = 1 << 15;

/// Picoseconds per element that is read as it lies, or gathered.
const COST: u64 = 150;
const GATHER_COST: u64 = 500;

/// Reduces the axes of `input` for which `reduced` is true; the outputs have one element along these.
///
/// Inputs are converted to the dtype the reduction computes in as [`copy`](super::copy::copy) does, results to
/// the outputs' dtypes likewise.
///
/// # Panics
/// Where the shapes do not fit, or number and dtypes of the outputs are not what the reduction's description says.
pub fn reduce(op: Reduction, reduced: &[bool], input: In<'_>, outputs: &[Out<'_>]) {
    let shape = input.shape;
    require(reduced.len() == shape.len(), "which axes are reduced");
    let two =
        matches!(op, Reduction::MaxWithIndex | Reduction::MinWithIndex | Reduction::Var { .. } | Reduction::Std { .. });
    require((1..=1 + usize::from(two)).contains(&outputs.len()), "the outputs of a reduction");
    for output in outputs {
        let mut axes = shape.iter().zip(reduced).zip(output.shape);
        let fits = axes.all(|((&size, &reduced), &kept)| kept == if reduced { 1 } else { size });
        require(fits && output.shape.len() == shape.len(), "the shape of a reduction's output");
    }
    // Dtype that sums and the like are computed in.
    let sum = if outputs[0].dtype.is_differentiable() { outputs[0].dtype.computed_in() } else { DType::I64 };
    let lines = if input.is_row_major() { lines(shape, reduced) } else { None };
    let run = |reducer: &dyn Erased, ordered, first_result| {
        // SAFETY: the operands fit, as was seen.
        unsafe {
            if !lines.is_some_and(|lines| short_runs(reducer, lines, input, outputs, first_result)) {
                Driver::new(reducer, ordered, shape, reduced, input, outputs, first_result).run();
            }
        }
    };
    macro_rules! float {
        ($reducer:ident => $body:expr) => {
            with_element!(float outputs[0].dtype.computed_in(), T => run(&$body, false, 0))
        };
    }
    macro_rules! number {
        ($fold:ident) => {
            match sum {
                DType::I64 => run(&Plain($fold::<Wrapping<i64>>(PhantomData)), false, 0),
                _ => with_element!(field sum, T => run(&Plain($fold::<T>(PhantomData)), false, 0)),
            }
        };
    }
    match op {
        Reduction::Sum => number!(Sum),
        Reduction::Prod => number!(Prod),
        Reduction::Mean => with_element!(field sum, T => run(&Mean(Sum::<T>(PhantomData)), false, 0)),
        Reduction::Max => {
            with_element!(number input.dtype.computed_in(), T => run(&Plain(Max::<T>(PhantomData)), false, 0))
        }
        Reduction::Min => {
            with_element!(number input.dtype.computed_in(), T => run(&Plain(Min::<T>(PhantomData)), false, 0))
        }
        Reduction::ArgMax => {
            with_element!(number input.dtype.computed_in(), T => run(&Extreme(Max::<T>(PhantomData)), true, 1))
        }
        Reduction::ArgMin => {
            with_element!(number input.dtype.computed_in(), T => run(&Extreme(Min::<T>(PhantomData)), true, 1))
        }
        Reduction::MaxWithIndex => {
            with_element!(number input.dtype.computed_in(), T => run(&Extreme(Max::<T>(PhantomData)), true, 0))
        }
        Reduction::MinWithIndex => {
            with_element!(number input.dtype.computed_in(), T => run(&Extreme(Min::<T>(PhantomData)), true, 0))
        }
        Reduction::Any => run(&Plain(Any), false, 0),
        Reduction::All => run(&Plain(All), false, 0),
        Reduction::CountNonzero => run(&Plain(Count), false, 0),
        Reduction::SumAbs => float!(T => Plain(SumAbs::<T>(PhantomData))),
        Reduction::SumSquares => float!(T => Plain(SumSquares::<T>(PhantomData))),
        Reduction::SumAbsPow(p) => float!(T => Plain(SumAbsPow::<T>(p, PhantomData))),
        Reduction::MaxAbs => float!(T => Plain(MaxAbs::<T>(PhantomData))),
        Reduction::MinAbs => float!(T => Plain(MinAbs::<T>(PhantomData))),
        Reduction::Var { correction } => float!(T => Variance::<T> { correction, root: false, of: PhantomData }),
        Reduction::Std { correction } => float!(T => Variance::<T> { correction, root: true, of: PhantomData }),
    }
}

/// Bytes of states, and of results of one kind, that [`short_runs`] has room for.
const ROOM: usize = 512;

/// Elements that [`short_runs`] goes through: far from what another thread is handed.
const FEW: usize = 1 << 14;

/// Lines that lie behind one another and are reduced: how many, and of how many elements. `None` where the axes that vanish
/// are not the last ones.
fn lines(shape: &[usize], reduced: &[bool]) -> Option<(usize, usize)> {
    let (mut rows, mut n) = (1usize, 1usize);
    for (&size, &reduced) in shape.iter().zip(reduced) {
        match reduced {
            true => n = size.wrapping_mul(n),
            false if n == 1 || size == 1 => rows = size.wrapping_mul(rows),
            false => return None,
        }
    }
    Some((rows, n))
}

/// A few lines of at most a block of dense elements each need no plan; false, with nothing done, where it is more.
///
/// # Safety
/// The elements of so many lines lie without gaps, and every output has a place for each line.
unsafe fn short_runs(
    reducer: &dyn Erased,
    (rows, n): (usize, usize),
    input: In<'_>,
    outputs: &[Out<'_>],
    first_result: usize,
) -> bool {
    #[repr(align(64))]
    struct Room(MaybeUninit<[u8; ROOM]>);
    let results = reducer.results();
    let fits = (1..=BLOCK).contains(&n)
        && rows * n <= FEW
        && rows * reducer.acc_size() <= ROOM
        && results.iter().all(|result| rows * result.size() <= ROOM)
        && input.dtype == reducer.input()
        && outputs.iter().zip(&results[first_result..]).all(|(output, &result)| output.dtype == result)
        && (rows == 1 || outputs.iter().all(Out::is_row_major));
    if !fits {
        return false;
    }
    let mut rooms = [const { Room(MaybeUninit::uninit()) }; 3];
    let [state, first, second] = rooms.each_mut().map(|room| room.0.as_mut_ptr().cast::<u8>());
    // SAFETY: there is room for the states and the results of each kind; the elements lie as the caller promises.
    unsafe {
        reducer.runs(input.ptr, rows, (n * input.dtype.size()) as isize, n, 0, state);
        reducer.finish(state, rows, n, first, second);
        for (output, result) in outputs.iter().zip(&[first, second][first_result..]) {
            std::ptr::copy_nonoverlapping(result.cast_const(), output.ptr, rows * output.dtype.size());
        }
    }
    true
}

/// One reduction under way.
struct Driver<'a> {
    reducer: &'a dyn Erased,
    input: DType,
    outputs: &'a [Out<'a>],
    /// The reducer's result that the first output receives; the next one receives the next.
    first_result: usize,
    /// Axes of the outputs; operand 0 is the input, then the outputs.
    kept: Plan<3>,
    /// Axes that vanish; operand 0 is the input, at the first output's first element.
    reduced: Plan<1>,
    /// Number of elements per output.
    n: usize,
    /// Whether a tile goes along contiguous outputs.
    by_columns: bool,
    /// Axes of a tile, innermost first: how far apart its elements are in the input.
    strides: PerAxis<isize>,
    /// Whether blocks may have to be gathered.
    indirect: bool,
    tiles: Grid,
    blocks: Grid,
}

impl<'a> Driver<'a> {
    fn new(
        reducer: &'a dyn Erased,
        ordered: bool,
        shape: &[usize],
        reduced: &[bool],
        input: In,
        outputs: &'a [Out<'a>],
        first_result: usize,
    ) -> Self {
        let size = input.dtype.size();
        let operand = (input.ptr.cast_mut(), size, input.strides);
        let written = outputs.iter().map(|y| (y.ptr, y.dtype.size(), y.strides));
        let mut kept = Plan::in_order(shape, |axis| !reduced[axis], std::iter::once(operand).chain(written));
        let empty = shape.contains(&0);
        if !empty {
            kept.point_forward();
            kept.sort();
            kept.merge();
        }
        let operand = (kept.ptrs[0], size, input.strides);
        let mut gone = Plan::in_order(shape, |axis| reduced[axis], std::iter::once(operand));
        if !empty {
            if !ordered {
                gone.point_forward();
                gone.sort();
            }
            gone.merge();
        }
        let n = gone.len();
        fn step<const K: usize>(plan: &Plan<K>) -> usize {
            plan.axes.first().map_or(0, |axis| axis.strides[0].unsigned_abs())
        }
        let native = input.dtype == reducer.input();
        // Rows of few outputs that lie without gaps are folded several at a time.
        let few = |size: usize, bytes: usize| native && gone.axes.len() == 1 && step(&gone) == size * bytes && !ordered;
        let by_columns = kept.axes.first().is_some_and(|axis| {
            (axis.size >= FEW_COLUMNS || (step(&kept) == size && few(axis.size, size)))
                && step(&kept) != 0
                && (gone.axes.is_empty() || step(&kept) < step(&gone))
        });
        let indirect = !native
            || if by_columns {
                step(&kept) != size || gone.axes.len() > 1
            } else {
                gone.axes.first().is_some_and(|axis| axis.strides[0] != size as isize) || gone.axes.len() > 1
            };
        let block = match kept.axes.first() {
            Some(axis) if by_columns && few(axis.size, size) => ROWS * rows_together(axis.size),
            _ if by_columns => ROWS,
            _ => BLOCK,
        };
        let blocks = gone.linear_boxes(if empty { 1 } else { block });
        // Outputs of a tile: along the innermost kept axis only.
        let room = match (by_columns, indirect) {
            (true, true) => BLOCK / ROWS,
            (true, false) => MAX_COLUMNS,
            (false, true) => (BLOCK / n.max(1)).max(1),
            (false, false) => (CHUNK / n.max(1)).clamp(1, MAX_COLUMNS),
        };
        let tiles = kept.inner_pieces(room);
        let inner: PerAxis<isize> = kept.axes.first().map(|axis| axis.strides[0]).into_iter().collect();
        let rest = gone.axes.iter().map(|axis| axis.strides[0]);
        let strides = if by_columns { inner.into_iter().chain(rest).collect() } else { rest.chain(inner).collect() };
        Self {
            reducer,
            input: input.dtype,
            outputs,
            first_result,
            kept,
            reduced: gone,
            n,
            by_columns,
            strides,
            indirect,
            tiles,
            blocks,
        }
    }

    /// Reduces tile by tile.
    ///
    /// # Safety
    /// As for [`reduce`], whose arguments these are.
    unsafe fn run(&self) {
        let outputs = self.kept.len();
        if outputs == 0 {
            return;
        }
        let tiles = self.tiles.len();
        let width = self.tiles.box_len();
        if self.n == 0 {
            with_scratch(self.layout(width).end, |scratch| {
                let layout = self.layout(width);
                let mut origin = PerAxis::new();
                let mut dims = PerAxis::new();
                for tile in 0..tiles {
                    self.tiles.locate(tile, &mut origin, &mut dims);
                    let w = dims.iter().product();
                    // SAFETY: the scratch has room for the states and results of a tile.
                    unsafe {
                        self.reducer.identity(scratch.wrapping_add(layout.levels), w);
                        self.write(scratch.wrapping_add(layout.levels), &origin, w, scratch, &layout);
                    }
                }
            });
            return;
        }
        let blocks = self.blocks.len();
        let segments = blocks.div_ceil(SEGMENT);
        let tasks = tiles * segments;
        let elements = (self.n as u64).saturating_mul(outputs as u64);
        let cost = elements.saturating_mul(if self.indirect { GATHER_COST } else { COST });
        let task_elements = self.n.min(SEGMENT * self.blocks.box_len()) * width;
        let per_chunk = (CHUNK / task_elements.max(1)).max(1);
        let acc_bytes = width * self.reducer.acc_size();
        // States of segments, where there are several; `u64` for their alignment.
        let mut partial: Vec<u64> = Vec::new();
        if segments > 1 {
            partial.resize((tasks * acc_bytes).div_ceil(8), 0);
        }
        let partial = Shared(partial.as_mut_ptr().cast::<u8>());
        let layout = self.layout(width);
        parallel::run(tasks.div_ceil(per_chunk), cost, &|chunk| {
            with_scratch(layout.end, |scratch| {
                let mut at = Cursor::default();
                for task in chunk * per_chunk..tasks.min((chunk + 1) * per_chunk) {
                    let (tile, segment) = (task / segments, task % segments);
                    self.tiles.locate(tile, &mut at.origin, &mut at.dims);
                    let w = at.dims.iter().product();
                    let range = segment * SEGMENT..blocks.min((segment + 1) * SEGMENT);
                    // SAFETY: tiles and segments partition the work; the scratch is this thread's own.
                    unsafe {
                        let accs = self.segment(range, w, scratch, &layout, &mut at);
                        if segments == 1 {
                            self.write(accs, &at.origin, w, scratch, &layout);
                        } else {
                            let to = partial.get().add(task * acc_bytes);
                            std::ptr::copy_nonoverlapping(accs, to, w * self.reducer.acc_size());
                        }
                    }
                }
            });
        });
        if segments > 1 {
            let merge_cost = 1000 * (tasks * width) as u64;
            parallel::run(tiles, merge_cost, &|tile| {
                with_scratch(layout.end, |scratch| {
                    let mut at = Cursor::default();
                    self.tiles.locate(tile, &mut at.origin, &mut at.dims);
                    let w = at.dims.iter().product();
                    // SAFETY: each tile has its own states.
                    unsafe {
                        let states = partial.get().add(tile * segments * acc_bytes);
                        let mut step = 1;
                        while step < segments {
                            for i in (0..segments - step).step_by(2 * step) {
                                let (a, b) = (states.add(i * acc_bytes), states.add((i + step) * acc_bytes));
                                self.reducer.merge(a, b, w);
                            }
                            step *= 2;
                        }
                        self.write(states, &at.origin, w, scratch, &layout);
                    }
                });
            });
        }
    }

    /// Where things lie in the scratch memory of a tile of `width` outputs.
    fn layout(&self, width: usize) -> Layout {
        let line = |bytes: usize| bytes.next_multiple_of(64);
        let widest = self.input.size().max(self.reducer.input().size());
        let block = if self.indirect { line(self.blocks.box_len() * width * widest) } else { 0 };
        let [first, second] = self.reducer.results().map(DType::size);
        let result = line(width * first.max(second).max(8));
        let gathered = 0;
        let spare = gathered + block;
        let levels = spare + block;
        let results = levels + LEVELS * line(width * self.reducer.acc_size());
        Layout {
            gathered,
            spare,
            levels,
            level_bytes: line(width * self.reducer.acc_size()),
            results: [results, results + result],
            converted: results + 2 * result,
            end: results + 3 * result,
        }
    }

    /// The states of a tile over a range of blocks, merged in a binary tree; they lie in the scratch memory.
    ///
    /// Level `l` of the tree holds the states of 2ˡ blocks that wait for the next 2ˡ.
    ///
    /// # Safety
    /// As for [`Self::run`]; `at` is in a tile of `w` outputs, the range is one of blocks and not empty; `scratch` has
    /// the bytes of `layout`, which is made for as many outputs.
    unsafe fn segment(
        &self,
        range: std::ops::Range<usize>,
        w: usize,
        scratch: *mut u8,
        layout: &Layout,
        at: &mut Cursor,
    ) -> *mut u8 {
        let level = |l: usize| scratch.wrapping_add(layout.levels + l * layout.level_bytes);
        let bytes = w * self.reducer.acc_size();
        let current = level(LEVELS - 1);
        let count = range.len();
        let mut done = 0usize;
        for block in range {
            self.blocks.locate(block, &mut at.block_origin, &mut at.block_dims);
            // SAFETY: the tile and the block lie within the iteration space, each level has room for w states.
            unsafe {
                self.block(w, current, scratch, layout, at);
                if count == 1 {
                    return current;
                }
                let full = done.trailing_ones() as usize;
                for l in 0..full {
                    self.reducer.merge(level(l), current, w);
                    std::ptr::copy_nonoverlapping(level(l), current, bytes);
                }
                std::ptr::copy_nonoverlapping(current, level(full), bytes);
            }
            done += 1;
        }
        // What is left, from the last blocks to the first.
        let mut result: Option<*mut u8> = None;
        for l in 0..LEVELS - 1 {
            if done & (1 << l) != 0 {
                if let Some(later) = result {
                    // SAFETY: both levels are in use.
                    unsafe { self.reducer.merge(level(l), later, w) };
                }
                result = Some(level(l));
            }
        }
        result.unwrap_or(current)
    }

    /// The states of a tile over one block.
    ///
    /// # Safety
    /// As for [`Self::segment`], `at` being in a block, too; `accs` has room for `w` states.
    unsafe fn block(&self, w: usize, accs: *mut u8, scratch: *mut u8, layout: &Layout, at: &mut Cursor) {
        let tile = address(&self.kept, 0, &at.origin).addr().wrapping_sub(self.kept.ptrs[0].addr());
        let x = address(&self.reduced, 0, &at.block_origin).wrapping_add(tile);
        let n: usize = at.block_dims.iter().product();
        // Position of the block's first element in the order of the reduced axes.
        let mut base = 0;
        for (axis, &start) in self.reduced.axes.iter().zip(&at.block_origin).rev() {
            base = base * axis.size + start;
        }
        let size = self.reducer.input().size();
        let outer: &[usize] = if self.kept.axes.is_empty() { &[] } else { &[w] };
        let tile_dims: PerAxis<usize> = if self.by_columns {
            outer.iter().chain(&at.block_dims).copied().collect()
        } else {
            at.block_dims.iter().chain(outer).copied().collect()
        };
        let native = self.input == self.reducer.input();
        let stride_of = |axis: usize| self.strides.get(axis).copied().unwrap_or(0);
        // SAFETY: as promised by the caller.
        unsafe {
            if self.by_columns {
                // Rows of one reduced axis lie at one distance.
                let moving = |axis: &usize| at.block_dims[*axis] > 1;
                let mut axes = (0..at.block_dims.len()).filter(moving);
                let (row, more) = (axes.next(), axes.next());
                if native && stride_of(0) == size as isize && more.is_none() {
                    let stride = row.map_or(0, |axis| stride_of(axis + 1));
                    self.reducer.columns(x, n, stride, w, base, accs);
                    return;
                }
            } else if native && is_dense(&at.block_dims, self.strides.iter().copied(), size) {
                self.reducer.runs(x, w, stride_of(at.block_dims.len()), n, base, accs);
                return;
            }
            let block = scratch.wrapping_add(layout.gathered);
            let spare = scratch.wrapping_add(layout.spare);
            gather(&tile_dims, (x, self.input, &self.strides), (block, self.reducer.input()), spare);
            if self.by_columns {
                self.reducer.columns(block, n, (w * size) as isize, w, base, accs);
            } else {
                self.reducer.runs(block, w, (n * size) as isize, n, base, accs);
            }
        }
    }

    /// Writes the results of a tile.
    ///
    /// # Safety
    /// As for [`Self::segment`]; `accs` holds the states of the tile at `origin`, which nobody else writes.
    unsafe fn write(&self, accs: *const u8, origin: &[usize], w: usize, scratch: *mut u8, layout: &Layout) {
        let results = layout.results.map(|at| scratch.wrapping_add(at));
        // SAFETY: room for w results each; the outputs are as the caller of `reduce` promised.
        unsafe {
            self.reducer.finish(accs, w, self.n, results[0], results[1]);
            for (i, output) in self.outputs.iter().enumerate() {
                let from = self.first_result + i;
                let to = address(&self.kept, i + 1, origin);
                let strides = [self.kept.axes.first().map_or(0, |axis| axis.strides[i + 1])];
                let dtype = self.reducer.results()[from];
                let spare = scratch.wrapping_add(layout.converted);
                scatter(&[w], (results[from], dtype), (to, output.dtype, &strides), spare);
            }
        }
    }
}

/// Offsets in scratch memory.
struct Layout {
    gathered: usize,
    spare: usize,
    levels: usize,
    level_bytes: usize,
    results: [usize; 2],
    converted: usize,
    end: usize,
}

/// Where a task is.
#[derive(Default)]
struct Cursor {
    origin: PerAxis<usize>,
    dims: PerAxis<usize>,
    block_origin: PerAxis<usize>,
    block_dims: PerAxis<usize>,
}

/// An address that tasks write disjoint parts of.
struct Shared(*mut u8);

// SAFETY: the parts are disjoint.
unsafe impl Sync for Shared {}

impl Shared {
    fn get(&self) -> *mut u8 {
        self.0
    }
}
