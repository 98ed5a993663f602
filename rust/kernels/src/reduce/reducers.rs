//! The reductions themselves.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::fold::{Fold, GROUP, MAX_COLUMNS, Reducer, fold_columns, fold_run};
use crate::element::{B8, Element};
use crate::float::{group_done, settled};
use crate::math::Float;
use crate::number::{Bounded, Complex, Order, Ring, Store};

/// Floating-point numbers with powers.
pub(super) trait Power: Float + Bounded + Ring + Store<Acc = f64> {
    fn powf(self, p: f64) -> Self;
}

macro_rules! powers {
    ($($type:ty),*) => {$(
        impl Power for $type {
            #[inline(always)]
            fn powf(self, p: f64) -> Self {
                self.powf(p as Self)
            }
        }
    )*};
}

powers!(f32, f64);

macro_rules! fold {
    ($(#[$doc:meta])* $name:ident<$T:ident: $bound:path>, $lane:ty, |$this:ident| $identity:expr,
     |$acc:ident, $x:ident| $step:expr, |$a:ident, $b:ident| $merge:expr) => {
        $(#[$doc])*
        impl<$T: $bound> Fold for $name<$T> {
            type In = $T;
            type Lane = $lane;
            #[inline(always)]
            fn identity(&self) -> $lane {
                let $this = self;
                $identity
            }
            #[inline(always)]
            fn step(&self, $acc: $lane, $x: $T) -> $lane {
                let $this = self;
                let _ = $this;
                $step
            }
            #[inline(always)]
            fn merge(&self, $a: $lane, $b: $lane) -> $lane {
                $merge
            }
        }
    };
}

/// A fold without parameters.
macro_rules! unit {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $name<T>(pub PhantomData<T>);
    )*};
}

unit! {
    /// Sum.
    Sum,
    /// Product.
    Prod,
    /// Greatest; NaN if any is.
    Max,
    /// Least; NaN if any is.
    Min,
    /// Greatest magnitude; NaN if any is.
    MaxAbs,
    /// Least magnitude; NaN if any is.
    MinAbs,
    /// Sum of magnitudes.
    SumAbs,
    /// Sum of squares.
    SumSquares,
    /// Sum of `f32` or `f64`, accumulated in `f64`.
    WideSum,
}

/// Sum of powers of magnitudes.
#[derive(Clone, Copy)]
pub(super) struct SumAbsPow<T>(pub f64, pub PhantomData<T>);

/// Sum of squared distances from a point, in `f64`.
#[derive(Clone, Copy)]
struct SquaredDistance<T>(f64, PhantomData<T>);

/// Numbers that are added up as they lie in memory.
pub(super) trait Summed: Element + Ring {}
impl<T: Element + Ring> Summed for T {}

fold!(Sum<T: Summed>, T, |_this| T::default(), |acc, x| acc + x, |a, b| a + b);
fold!(Prod<T: Summed>, T, |_this| T::default().int(1), |acc, x| acc * x, |a, b| a * b);
fold!(Max<T: Bounded>, T, |_this| T::LOWEST, |acc, x| x.maximum(acc), |a, b| b.maximum(a));
fold!(Min<T: Bounded>, T, |_this| T::HIGHEST, |acc, x| x.minimum(acc), |a, b| b.minimum(a));
fold!(SumAbs<T: Power>, T, |_this| T::default(), |acc, x| acc + Order::abs(x), |a, b| a + b);
fold!(SumSquares<T: Power>, T, |_this| T::default(), |acc, x| acc + x * x, |a, b| a + b);
fold!(SumAbsPow<T: Power>, T, |_this| T::default(), |acc, x| acc + Order::abs(x).powf(_this.0), |a, b| a + b);
fold!(WideSum<T: Power>, f64, |_this| 0.0, |acc, x| acc + x.load(), |a, b| a + b);
fold!(SquaredDistance<T: Power>, f64, |_this| 0.0,
    |acc, x| { let d = x.load() - _this.0; acc + d * d }, |a, b| a + b);
fold!(MaxAbs<T: Power>, T, |_this| T::default(), |acc, x| Order::abs(x).maximum(acc), |a, b| b.maximum(a));
fold!(MinAbs<T: Power>, T, |_this| T::HIGHEST, |acc, x| Order::abs(x).minimum(acc), |a, b| b.minimum(a));

/// Whether any element is true.
#[derive(Clone, Copy)]
pub(super) struct Any;
/// Whether all elements are true.
#[derive(Clone, Copy)]
pub(super) struct All;
/// Number of true elements.
#[derive(Clone, Copy)]
pub(super) struct Count;

macro_rules! truth {
    ($name:ident, $lane:ty, $identity:expr, |$acc:ident, $x:ident| $step:expr, |$a:ident, $b:ident| $merge:expr) => {
        impl Fold for $name {
            type In = B8;
            type Lane = $lane;
            #[inline(always)]
            fn identity(&self) -> $lane {
                $identity
            }
            #[inline(always)]
            fn step(&self, $acc: $lane, $x: B8) -> $lane {
                $step
            }
            #[inline(always)]
            fn merge(&self, $a: $lane, $b: $lane) -> $lane {
                $merge
            }
        }
    };
}

truth!(Any, B8, B8(0), |acc, x| B8(acc.0 | u8::from(x.0 != 0)), |a, b| B8(a.0 | b.0));
truth!(All, B8, B8(1), |acc, x| B8(acc.0 & u8::from(x.0 != 0)), |a, b| B8(a.0 & b.0));
truth!(Count, i64, 0, |acc, x| acc + i64::from(x.0 != 0), |a, b| a + b);

/// A reduction whose state is the lane of a fold, and whose result is that state, divided by the number of elements
/// for a mean.
#[derive(Clone, Copy)]
pub(super) struct Plain<F>(pub F);

/// A mean: a [`Plain`] sum that is divided in the end.
#[derive(Clone, Copy)]
pub(super) struct Mean<F>(pub F);

macro_rules! plain {
    ($name:ident, $bound:path, |$acc:ident, $n:ident| $finish:expr) => {
        impl<F: Fold> Reducer for $name<F>
        where
            F::Lane: $bound,
        {
            type In = F::In;
            type Acc = F::Lane;
            type First = F::Lane;
            type Second = F::Lane;

            fn identity(&self) -> F::Lane {
                self.0.identity()
            }
            #[inline(always)]
            unsafe fn run(&self, x: *const F::In, n: usize, _base: usize) -> F::Lane {
                // SAFETY: as promised by the caller.
                unsafe { fold_run(&self.0, x, n) }
            }
            #[inline(always)]
            unsafe fn columns(&self, x: *const u8, rows: usize, stride: isize, w: usize, _: usize, accs: *mut F::Lane) {
                // SAFETY: as promised by the caller.
                unsafe { fold_columns(&self.0, x, rows, stride, w, accs) }
            }
            #[inline(always)]
            fn merge(&self, a: F::Lane, b: F::Lane) -> F::Lane {
                self.0.merge(a, b)
            }
            fn finish(&self, $acc: F::Lane, $n: usize) -> (F::Lane, F::Lane) {
                let result = $finish;
                (result, result)
            }
        }
    };
}

plain!(Plain, Element, |acc, _n| acc);
plain!(Mean, Shared, |acc, n| acc.among(n));

/// Numbers that are shared out evenly.
pub(super) trait Shared: Element {
    /// The `n`-th part.
    fn among(self, n: usize) -> Self;
}

macro_rules! shared {
    ($($type:ty),*) => {$(
        impl Shared for $type {
            #[inline(always)]
            fn among(self, n: usize) -> Self {
                self / n as Self
            }
        }
        impl Shared for Complex<$type> {
            #[inline(always)]
            fn among(self, n: usize) -> Self {
                Self::new(self.re.among(n), self.im.among(n))
            }
        }
    )*};
}
shared!(f32, f64);

/// The extreme element by [`Max`] or [`Min`], and where it first occurs.
#[derive(Clone, Copy)]
pub(super) struct Extreme<F>(pub F);

/// Elements of a run up to which runs lie across the lanes: to find the extreme one among the lanes of a run, and where it is,
/// takes as long as some fifty elements.
const ACROSS: usize = 128;

/// Elements compared at once in the search for the extreme one.
const SEARCH: usize = 64;

#[inline(always)]
fn same<T: Bounded>(x: T, value: T) -> bool {
    (x == value) | (x.unordered() & value.unordered())
}

/// First of the `n` elements at `x` that is `value`; `n` if there is none.
///
/// # Safety
/// `n` elements can be read from `x` on, in any alignment.
#[inline(always)]
unsafe fn find<T: Bounded>(x: *const T, n: usize, value: T) -> usize {
    // SAFETY: groups within n elements.
    unsafe {
        let mut at = 0;
        while at + SEARCH <= n {
            let group = x.add(at).cast::<[T; SEARCH]>().read_unaligned();
            let mut found = false;
            for x in group {
                found |= same(x, value);
            }
            if found {
                return at + first_of_few(x.add(at), SEARCH, value);
            }
            at += SEARCH;
        }
        // A rest of less than a group is the end of one.
        let start = if n - at < GROUP && n >= GROUP { n - GROUP } else { at };
        start + first_of_few(x.add(start), n - start, value)
    }
}

/// [`find`] among at most [`SEARCH`] elements, or less than a group: without a branch, which would be mispredicted.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn first_of_few<T: Bounded>(x: *const T, n: usize, value: T) -> usize {
    // SAFETY: groups within n elements.
    unsafe {
        if n < GROUP {
            return (0..n).rev().fold(n, |at, i| if same(x.add(i).read_unaligned(), value) { i } else { at });
        }
        let mut first = [n as i32; GROUP];
        let mut look = |start: usize| {
            let group = x.add(start).cast::<[T; GROUP]>().read_unaligned();
            for l in 0..GROUP {
                let here = if same(group[l], value) { (start + l) as i32 } else { n as i32 };
                first[l] = first[l].min(here);
            }
        };
        for start in (0..n - n % GROUP).step_by(GROUP) {
            look(start);
            group_done();
        }
        if !n.is_multiple_of(GROUP) {
            look(n - GROUP);
        }
        let mut first = settled(first);
        let mut width = GROUP;
        while width > 1 {
            width /= 2;
            for l in 0..width {
                first[l] = first[l].min(first[l + width]);
            }
        }
        first[0] as usize
    }
}

impl<T: Bounded, F: Fold<In = T, Lane = T>> Reducer for Extreme<F> {
    type In = T;
    type Acc = (T, i64);
    type First = T;
    type Second = i64;

    fn identity(&self) -> (T, i64) {
        (self.0.identity(), 0)
    }

    #[inline(always)]
    unsafe fn run(&self, x: *const T, n: usize, base: usize) -> (T, i64) {
        // SAFETY: as promised by the caller.
        unsafe {
            let value = fold_run(&self.0, x, n);
            // An element that is lent may change meanwhile: then there may be none.
            let at = find(x, n, value).min(n - 1);
            (x.add(at).read_unaligned(), (base + at) as i64)
        }
    }

    #[inline(always)]
    unsafe fn runs(&self, x: *const u8, count: usize, stride: isize, n: usize, base: usize, accs: *mut (T, i64)) {
        let run = |i: usize| x.wrapping_offset(i as isize * stride).cast::<T>();
        let across = if n <= ACROSS { count - count % GROUP } else { 0 };
        let mut tile = [const { MaybeUninit::<[T; GROUP]>::uninit() }; ACROSS];
        let tile = tile.as_mut_ptr().cast::<[T; GROUP]>();
        for first in (0..across).step_by(GROUP) {
            // SAFETY: as promised by the caller; the tile has room for n groups, which are filled before they are read.
            unsafe {
                for lane in 0..GROUP {
                    let (from, to) = (run(first + lane), tile.cast::<T>().add(lane));
                    for i in 0..n {
                        to.add(i * GROUP).write(from.add(i).read_unaligned());
                    }
                }
                let mut best = tile.read();
                let mut at = [0i32; GROUP];
                for i in 1..n {
                    let next = tile.add(i).read();
                    for l in 0..GROUP {
                        // What came first stays unless the next one is strictly better.
                        let stays = same(self.0.merge(best[l], next[l]), best[l]);
                        best[l] = if stays { best[l] } else { next[l] };
                        at[l] = if stays { at[l] } else { i as i32 };
                    }
                    group_done();
                }
                for l in 0..GROUP {
                    accs.add(first + l).write((best[l], base as i64 + i64::from(at[l])));
                }
            }
        }
        for i in across..count {
            // SAFETY: as promised by the caller.
            unsafe { accs.add(i).write(self.run(run(i), n, base)) };
        }
    }

    #[inline(always)]
    unsafe fn columns(&self, x: *const u8, rows: usize, stride: isize, w: usize, base: usize, accs: *mut (T, i64)) {
        let mut values = [self.0.identity(); MAX_COLUMNS];
        // SAFETY: as promised by the caller; w is at most MAX_COLUMNS.
        unsafe {
            fold_columns(&self.0, x, rows, stride, w, values.as_mut_ptr());
            let row = |row: usize| x.offset(row as isize * stride).cast::<T>();
            let groups = w / GROUP;
            for group in 0..groups {
                let values = values.as_ptr().add(group * GROUP).cast::<[T; GROUP]>().read();
                // Rows of a block are few, so their numbers fit in 32 bits, which vectorises better.
                let mut first = [0i32; GROUP];
                for r in (0..rows).rev() {
                    let x = row(r).add(group * GROUP).cast::<[T; GROUP]>().read_unaligned();
                    for l in 0..GROUP {
                        first[l] = if same(x[l], values[l]) { r as i32 } else { first[l] };
                    }
                }
                for l in 0..GROUP {
                    accs.add(group * GROUP + l).write((values[l], base as i64 + i64::from(first[l])));
                }
            }
            for c in groups * GROUP..w {
                let first = (0..rows).find(|&r| same(row(r).add(c).read_unaligned(), values[c])).unwrap_or(0);
                accs.add(c).write((values[c], (base + first) as i64));
            }
        }
    }

    fn merge(&self, a: (T, i64), b: (T, i64)) -> (T, i64) {
        // `a` came first: it stays unless `b` is strictly better.
        if same(self.0.merge(a.0, b.0), a.0) { a } else { b }
    }

    fn finish(&self, acc: (T, i64), _n: usize) -> (T, i64) {
        acc
    }
}

/// Variance with a correction to the number of elements, and mean; accumulated in `f64`.
///
/// Each block takes its mean first and then the squared distances from it; blocks are merged as in Chan, Golub and
/// LeVeque, "Algorithms for computing the sample variance" (1983), formula 2.1.
#[derive(Clone, Copy)]
pub(super) struct Variance<T> {
    /// Subtracted from the number of elements.
    pub correction: f64,
    /// Whether the root is wanted instead, of the variance before it is rounded.
    pub root: bool,
    pub of: PhantomData<T>,
}

/// Number of elements, mean, sum of squared distances from it.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl<T: Power> Reducer for Variance<T> {
    type In = T;
    type Acc = Moments;
    type First = T;
    type Second = T;

    fn identity(&self) -> Moments {
        Moments { n: 0.0, mean: 0.0, squares: 0.0 }
    }

    #[inline(always)]
    unsafe fn run(&self, x: *const T, n: usize, _base: usize) -> Moments {
        // SAFETY: as promised by the caller.
        unsafe {
            let mean = fold_run(&WideSum::<T>(PhantomData), x, n) / n as f64;
            let squares = fold_run(&SquaredDistance::<T>(mean, PhantomData), x, n);
            Moments { n: n as f64, mean, squares }
        }
    }

    #[inline(always)]
    unsafe fn columns(&self, x: *const u8, rows: usize, stride: isize, w: usize, _base: usize, accs: *mut Moments) {
        let mut means = [0f64; MAX_COLUMNS];
        let n = rows as f64;
        // SAFETY: as promised by the caller; w is at most MAX_COLUMNS.
        unsafe {
            fold_columns(&WideSum::<T>(PhantomData), x, rows, stride, w, means.as_mut_ptr());
            let row = |row: usize| x.offset(row as isize * stride).cast::<T>();
            let groups = w / GROUP;
            for group in 0..groups {
                let means = means.as_ptr().add(group * GROUP).cast::<[f64; GROUP]>().read().map(|sum| sum / n);
                let mut squares = [0f64; GROUP];
                for r in 0..rows {
                    let x = row(r).add(group * GROUP).cast::<[T; GROUP]>().read_unaligned();
                    for l in 0..GROUP {
                        let d = x[l].load() - means[l];
                        squares[l] += d * d;
                    }
                }
                for l in 0..GROUP {
                    accs.add(group * GROUP + l).write(Moments { n, mean: means[l], squares: squares[l] });
                }
            }
            for c in groups * GROUP..w {
                let mean = means[c] / n;
                let squares = (0..rows).fold(0.0, |squares, r| {
                    let d = row(r).add(c).read_unaligned().load() - mean;
                    squares + d * d
                });
                accs.add(c).write(Moments { n, mean, squares });
            }
        }
    }

    fn merge(&self, a: Moments, b: Moments) -> Moments {
        let n = a.n + b.n;
        let delta = b.mean - a.mean;
        Moments {
            n,
            mean: a.mean + delta * (b.n / n),
            squares: a.squares + b.squares + delta * delta * (a.n * b.n / n),
        }
    }

    fn finish(&self, acc: Moments, n: usize) -> (T, T) {
        let variance = acc.squares / (acc.n - self.correction).max(0.0);
        let moment = if self.root { variance.sqrt() } else { variance };
        let mean = if n == 0 { f64::NAN } else { acc.mean };
        (T::store(moment), T::store(mean))
    }
}
