//! What a reduction does with elements: the traits [`Fold`] and [`Reducer`], and the vectorised loops over them.
//!
//! A block of elements is folded in lanes, the lanes are merged in a fixed tree, and the blocks by the driver in a
//! fixed tree again. So the rounding errors of a sum grow with the logarithm of its length, and its bits depend
//! neither on the number of threads nor on the vector width.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use std::mem::MaybeUninit;

use crate::element::Element;
use crate::float::{group_done, settled, simd};
use arcgrad_base::dtype::DType;

/// An associative operation on values that fit one vector lane.
pub(super) trait Fold: Copy + Send + Sync + 'static {
    /// What is read.
    type In: Element;
    /// What is accumulated.
    type Lane: Copy + Send + Sync + 'static;

    /// Neutral element of `merge`.
    fn identity(&self) -> Self::Lane;
    /// One more element.
    fn step(&self, lane: Self::Lane, x: Self::In) -> Self::Lane;
    /// Two partial results.
    fn merge(&self, a: Self::Lane, b: Self::Lane) -> Self::Lane;
}

/// A reduction as the driver sees it, block by block. Its state per output lies in memory as an [`Reducer::Acc`].
pub(super) trait Reducer: Copy + Send + Sync + 'static {
    /// What is read.
    type In: Element;
    /// State per output.
    type Acc: Copy + Send + Sync + 'static;
    /// First result.
    type First: Element;
    /// Second result, where there is one.
    type Second: Element;

    /// State of an empty range.
    fn identity(&self) -> Self::Acc;
    /// State of the `n` contiguous elements at `x`, which are those from number `base` on.
    ///
    /// # Safety
    /// `x` is valid for `n` elements, and `n` is at least 1.
    unsafe fn run(&self, x: *const Self::In, n: usize, base: usize) -> Self::Acc;
    /// [`Self::run`] for `count` runs, `stride` bytes apart.
    ///
    /// # Safety
    /// Every run is valid, `accs` has room for `count` states.
    #[inline(always)]
    unsafe fn runs(&self, x: *const u8, count: usize, stride: isize, n: usize, base: usize, accs: *mut Self::Acc) {
        for i in 0..count {
            // SAFETY: as promised by the caller.
            unsafe { accs.add(i).write(self.run(x.offset(i as isize * stride).cast(), n, base)) };
        }
    }
    /// States of `w` columns of `rows` rows, `stride` bytes apart, which are those from number `base` on.
    ///
    /// # Safety
    /// Valid for that; `accs` has room for `w` states; `rows` is at least 1, `w` at most [`MAX_COLUMNS`].
    unsafe fn columns(&self, x: *const u8, rows: usize, stride: isize, w: usize, base: usize, accs: *mut Self::Acc);
    /// The state of two ranges, `a` the earlier one.
    fn merge(&self, a: Self::Acc, b: Self::Acc) -> Self::Acc;
    /// The results for a range of `n` elements.
    fn finish(&self, acc: Self::Acc, n: usize) -> (Self::First, Self::Second);
}

/// Most columns that [`Reducer::columns`] takes at once: their states and a row of them stay in the first-level cache.
pub(super) const MAX_COLUMNS: usize = 512;

/// Lanes of a vector: the widest registers hold this many 4-byte elements.
pub(super) const GROUP: usize = 16;

/// Lanes that are folded side by side in a long run, four vectors, so that none waits for its last addition.
const WIDE: usize = 4 * GROUP;

/// Runs shorter than this are folded without vectors: merging the lanes would cost more than they save.
const SHORT: usize = 32;

/// Folds `n` contiguous elements.
///
/// # Safety
/// `x` is valid for `n` elements.
#[inline(always)]
pub(super) unsafe fn fold_run<F: Fold>(fold: &F, x: *const F::In, n: usize) -> F::Lane {
    // SAFETY: as promised by the caller; the parts make up the n elements.
    unsafe {
        if n < SHORT {
            return fold_short(fold, x, n);
        }
        // No lane is ever indexed at run time, or the lanes would not stay in registers.
        let mut sum = [fold.identity(); GROUP];
        let long = n / WIDE * WIDE / GROUP;
        if long > 0 {
            // One loop over all of these lanes: the compiler makes vectors of it, and of four loops registers of four lanes.
            let mut lanes = [fold.identity(); WIDE];
            for start in (0..long * GROUP).step_by(WIDE) {
                let values = x.add(start).cast::<[F::In; WIDE]>().read_unaligned();
                for l in 0..WIDE {
                    lanes[l] = fold.step(lanes[l], values[l]);
                }
                group_done();
            }
            for l in 0..GROUP {
                let lane = |v: usize| lanes[v * GROUP + l];
                sum[l] = fold.merge(fold.merge(lane(0), lane(1)), fold.merge(lane(2), lane(3)));
            }
        }
        for group in long..n / GROUP {
            sum = fold_group(fold, sum, x.add(group * GROUP));
            group_done();
        }
        let mut sum = settled(sum);
        let done = n / GROUP * GROUP;
        let mut width = GROUP;
        while width > 1 {
            width /= 2;
            for l in 0..width {
                sum[l] = fold.merge(sum[l], sum[l + width]);
            }
        }
        if done == n { sum[0] } else { fold.merge(sum[0], fold_short(fold, x.add(done), n - done)) }
    }
}

/// One vector of elements more.
///
/// # Safety
/// [`GROUP`] elements can be read from `x` on, in any alignment.
#[inline(always)]
unsafe fn fold_group<F: Fold>(fold: &F, mut lanes: [F::Lane; GROUP], x: *const F::In) -> [F::Lane; GROUP] {
    // SAFETY: the caller has a whole group.
    let x = unsafe { x.cast::<[F::In; GROUP]>().read_unaligned() };
    for l in 0..GROUP {
        lanes[l] = fold.step(lanes[l], x[l]);
    }
    lanes
}

/// [`fold_run`] for few elements: four chains.
///
/// # Safety
/// As for [`fold_run`].
#[inline(always)]
unsafe fn fold_short<F: Fold>(fold: &F, x: *const F::In, n: usize) -> F::Lane {
    let [mut a, mut b, mut c, mut d] = [fold.identity(); 4];
    // SAFETY: i < n.
    let at = |i: usize| unsafe { x.add(i).read_unaligned() };
    let mut i = 0;
    while i + 4 <= n {
        a = fold.step(a, at(i));
        b = fold.step(b, at(i + 1));
        c = fold.step(c, at(i + 2));
        d = fold.step(d, at(i + 3));
        i += 4;
    }
    while i < n {
        a = fold.step(a, at(i));
        i += 1;
    }
    fold.merge(fold.merge(a, b), fold.merge(c, d))
}

/// Columns up to which [`GROUP`] rows are folded as one, which is whole groups then.
const NARROW: usize = 2 * GROUP;

/// How many rows of `w` columns are folded as one where they lie without gaps.
pub(super) fn rows_together(w: usize) -> usize {
    if w < NARROW { GROUP } else { 1 }
}

/// Folds `rows` rows of `w` columns, `stride` bytes apart, into `lanes`.
///
/// # Safety
/// Valid for that; `lanes` is apart from the elements.
#[inline(always)]
pub(super) unsafe fn fold_columns<F: Fold>(
    fold: &F,
    x: *const u8,
    rows: usize,
    stride: isize,
    w: usize,
    lanes: *mut F::Lane,
) {
    let together = rows_together(w);
    // Rows without gaps between are one long row, whose states are merged in the end.
    let dense = together > 1 && stride == (w * size_of::<F::In>()) as isize;
    let long = if dense { rows / together } else { 0 };
    let mut wide = [const { MaybeUninit::<F::Lane>::uninit() }; NARROW * GROUP];
    let wide = wide.as_mut_ptr().cast::<F::Lane>();
    // SAFETY: rows and columns stay within what the caller promised; `wide` has room for the states of a long row.
    unsafe {
        for c in 0..w {
            lanes.add(c).write(fold.identity());
        }
        // First the long rows, then what is left: through the same code, which would be twice as long otherwise.
        let (mut x, mut in_long) = (x, long > 0);
        loop {
            let (count, step, width, states) = if in_long {
                for c in 0..together * w {
                    wide.add(c).write(fold.identity());
                }
                (long, together as isize * stride, together * w, wide)
            } else {
                (rows - long * together, stride, w, lanes)
            };
            // Four rows at a time, so that the states are loaded and stored once for four elements.
            let mut row = 0;
            while row + 4 <= count {
                columns_of_rows::<F, 4>(fold, x.offset(row as isize * step), step, width, states);
                row += 4;
            }
            while row < count {
                columns_of_rows::<F, 1>(fold, x.offset(row as isize * step), step, width, states);
                row += 1;
            }
            if !in_long {
                return;
            }
            in_long = false;
            x = x.offset(count as isize * step);
            for part in 0..together {
                for c in 0..w {
                    let lane = lanes.add(c);
                    lane.write(fold.merge(lane.read(), wide.add(part * w + c).read()));
                }
            }
        }
    }
}

/// `R` rows more.
///
/// # Safety
/// As for [`fold_columns`], of `R` rows; `lanes` holds `w` states.
#[inline(always)]
unsafe fn columns_of_rows<F: Fold, const R: usize>(
    fold: &F,
    x: *const u8,
    stride: isize,
    w: usize,
    lanes: *mut F::Lane,
) {
    let groups = w / GROUP;
    // SAFETY: as promised by the caller of `fold_columns`.
    unsafe {
        for group in 0..groups {
            let at = lanes.add(group * GROUP).cast::<[F::Lane; GROUP]>();
            let mut acc = at.read();
            for r in 0..R {
                let row = x.offset(r as isize * stride).cast::<F::In>().add(group * GROUP);
                let values = row.cast::<[F::In; GROUP]>().read_unaligned();
                for l in 0..GROUP {
                    acc[l] = fold.step(acc[l], values[l]);
                }
            }
            at.write(acc);
            group_done();
        }
        for c in groups * GROUP..w {
            let mut acc = lanes.add(c).read();
            for r in 0..R {
                acc = fold.step(acc, x.offset(r as isize * stride).cast::<F::In>().add(c).read_unaligned());
            }
            lanes.add(c).write(acc);
        }
    }
}

/// A [`Reducer`] without its types, so that the driver is compiled once.
pub(super) trait Erased: Sync {
    /// Dtype that is read.
    fn input(&self) -> DType;
    /// Dtypes of the results.
    fn results(&self) -> [DType; 2];
    /// Bytes per state.
    fn acc_size(&self) -> usize;
    /// [`Reducer::identity`] for `w` outputs.
    ///
    /// # Safety
    /// `accs` has room for `w` states.
    unsafe fn identity(&self, accs: *mut u8, w: usize);
    /// [`Reducer::run`] for `count` runs, `stride` bytes apart.
    ///
    /// # Safety
    /// Every run is valid, `accs` has room for `count` states.
    unsafe fn runs(&self, x: *const u8, count: usize, stride: isize, n: usize, base: usize, accs: *mut u8);
    /// [`Reducer::columns`].
    ///
    /// # Safety
    /// See there.
    unsafe fn columns(&self, x: *const u8, rows: usize, stride: isize, w: usize, base: usize, accs: *mut u8);
    /// `earlier[i] = merge(earlier[i], later[i])` for `w` outputs.
    ///
    /// # Safety
    /// Both hold `w` states.
    unsafe fn merge(&self, earlier: *mut u8, later: *const u8, w: usize);
    /// The results of `w` outputs.
    ///
    /// # Safety
    /// `accs` holds `w` states, the results have room.
    unsafe fn finish(&self, accs: *const u8, w: usize, n: usize, first: *mut u8, second: *mut u8);
}

impl<R: Reducer> Erased for R {
    fn input(&self) -> DType {
        R::In::DTYPE
    }

    fn results(&self) -> [DType; 2] {
        [R::First::DTYPE, R::Second::DTYPE]
    }

    fn acc_size(&self) -> usize {
        size_of::<R::Acc>()
    }

    unsafe fn identity(&self, accs: *mut u8, w: usize) {
        for i in 0..w {
            // SAFETY: room for w states.
            unsafe { accs.cast::<R::Acc>().add(i).write(Reducer::identity(self)) };
        }
    }

    unsafe fn runs(&self, x: *const u8, count: usize, stride: isize, n: usize, base: usize, accs: *mut u8) {
        // SAFETY: as promised by the caller.
        unsafe { runs_of(*self, x, count, stride, n, base, accs.cast()) }
    }

    unsafe fn columns(&self, x: *const u8, rows: usize, stride: isize, w: usize, base: usize, accs: *mut u8) {
        // SAFETY: as promised by the caller.
        unsafe { columns_of(*self, x, rows, stride, w, base, accs.cast()) }
    }

    unsafe fn merge(&self, earlier: *mut u8, later: *const u8, w: usize) {
        for i in 0..w {
            // SAFETY: both hold w states.
            unsafe {
                let a = earlier.cast::<R::Acc>().add(i);
                a.write(Reducer::merge(self, a.read(), later.cast::<R::Acc>().add(i).read()));
            }
        }
    }

    unsafe fn finish(&self, accs: *const u8, w: usize, n: usize, first: *mut u8, second: *mut u8) {
        // SAFETY: as promised by the caller.
        unsafe { finish_of(*self, accs.cast(), w, n, first.cast(), second.cast()) }
    }
}

simd! {
    /// [`Erased::runs`].
    ///
    /// # Safety
    /// See there.
    unsafe fn runs_of<R: Reducer>(
        reducer: R, x: *const u8, count: usize, stride: isize, n: usize, base: usize, accs: *mut R::Acc,
    ) {
        Reducer::runs(&reducer, x, count, stride, n, base, accs);
    }
}

simd! {
    /// [`Erased::columns`].
    ///
    /// # Safety
    /// See there.
    unsafe fn columns_of<R: Reducer>(
        reducer: R, x: *const u8, rows: usize, stride: isize, w: usize, base: usize, accs: *mut R::Acc,
    ) {
        Reducer::columns(&reducer, x, rows, stride, w, base, accs);
    }
}

simd! {
    /// [`Erased::finish`]; the results and the states are apart.
    ///
    /// # Safety
    /// See there.
    unsafe fn finish_of<R: Reducer>(
        reducer: R, accs: *const R::Acc, w: usize, n: usize, first: *mut R::First, second: *mut R::Second,
    ) {
        for i in 0..w {
            let (a, b) = Reducer::finish(&reducer, accs.add(i).read(), n);
            first.add(i).write(a);
            second.add(i).write(b);
        }
    }
}
