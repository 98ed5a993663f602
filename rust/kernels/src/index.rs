//! Reading and writing at positions given by integer tensors.
//!
//! One walk serves them all: an iteration shape, a tensor `x` with a stride per axis of it (0 along axes that are
//! looked up), one lookup per index tensor (its strides, and size and stride of the axis of `x` it selects in), and
//! the other operand (the result, or the values to write). `gather` and `index_select` are special cases of
//! [`index_get`], `scatter` and `index_add` of [`index_put`].
//!
//! Every index is checked before anything is written, but by `gather`, where the walk over its result does it. Writes with
//! duplicate indices happen in row-major order of the iteration shape, on any number of threads: only axes along which `x`
//! itself advances are cut into chunks, and two positions that differ on such an axis never meet.

use std::sync::atomic::{AtomicBool, Ordering};

use smallvec::SmallVec;

use super::element::{B8, Element};
use super::float::{Shared, simd};
use super::number::Ring;
use super::{In, Out, product, require};
use crate::with_element;
use arcgrad_base::dtype::DType;
use arcgrad_base::parallel;
use arcgrad_base::shape::{Shape, Strides};

/// An index outside its axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfRange {
    /// Row-major position of the index among the elements of its index tensor (broadcast axes left out).
    pub position: usize,
    /// The index given.
    pub value: i64,
    /// The axis it was meant for.
    pub axis: usize,
    /// Size of that axis.
    pub size: usize,
}

/// An index tensor that selects along one axis of `x`.
#[derive(Clone, Copy)]
struct Lookup<'a> {
    /// The indices: `i64`, valid for the iteration shape with its strides (0 where broadcast).
    index: In<'a>,
    /// The axis of `x`, for error messages.
    axis: usize,
    /// Size of that axis.
    size: usize,
    /// Stride of that axis in elements.
    stride: isize,
    /// Whether `−size..0` counts from the end; otherwise negative indices are out of range.
    wrap: bool,
}

/// Index tensors (`i64`, of one shape) for some axes of a tensor; negative indices count from the end. The axes of the index
/// tensors come after the first `start` axes that are not indexed.
#[derive(Clone, Copy)]
pub struct Indices<'a> {
    /// Axis and index tensor.
    pub along: &'a [(usize, In<'a>)],
    /// Where the axes of the index tensors are in the result.
    pub start: usize,
}

impl Indices<'_> {
    /// Runs `body` with the strides of an operand over the shape of the result, 0 along the axes of the index tensors, and
    /// the lookups over it.
    ///
    /// # Panics
    /// Where the shapes do not fit together.
    #[track_caller]
    fn over<R>(
        &self,
        result: &[usize],
        (own, strides): (&[usize], &[isize]),
        body: impl FnOnce(&[isize], &[Lookup<'_>]) -> R,
    ) -> R {
        let common = self.along.first().map_or(&[][..], |(_, index)| index.shape);
        for (position, (axis, index)) in self.along.iter().enumerate() {
            let apart = self.along[..position].iter().all(|(other, _)| other != axis);
            require(*axis < own.len() && apart, "index tensors for different axes");
            index.require_shape(common);
            index.require_dtype(DType::I64);
        }
        let kept = own.len() - self.along.len();
        let end = self.start + common.len();
        require(self.start <= kept && result.len() == kept + common.len(), "the axes of an indexing result");
        require(&result[self.start..end] == common, "the shape of an indexing result");
        let mut over: Strides = SmallVec::from_elem(0, result.len());
        let mut to = 0;
        for axis in (0..own.len()).filter(|axis| !self.along.iter().any(|(indexed, _)| indexed == axis)) {
            if to == self.start {
                to = end;
            }
            require(result[to] == own[axis], "the shape of an indexing result");
            over[to] = strides[axis];
            to += 1;
        }
        let along: PerLookup<Strides> = self
            .along
            .iter()
            .map(|(_, index)| {
                let mut along: Strides = SmallVec::from_elem(0, result.len());
                along[self.start..end].copy_from_slice(index.strides);
                along
            })
            .collect();
        let lookups: PerLookup<Lookup<'_>> = self
            .along
            .iter()
            .zip(&along)
            .map(|(&(axis, index), along)| {
                let index = In { shape: result, strides: along, ..index };
                Lookup { index, axis, size: own[axis], stride: strides[axis], wrap: true }
            })
            .collect();
        body(&over, &lookups)
    }
}

/// `out[p] = x[p, lookups(p)]` for every position of `out`: NumPy's advanced indexing, read.
///
/// Any dtype (`x` and `out` have the same), any strides.
///
/// # Errors
/// The first index outside its axis; nothing has been written then.
///
/// # Panics
/// Where shapes or dtypes do not fit together; so in all of these kernels.
pub fn index_get(x: In<'_>, indices: Indices<'_>, out: Out<'_>) -> Result<(), OutOfRange> {
    x.require_dtype(out.dtype);
    indices.over(out.shape, (x.shape, x.strides), |strides, lookups| {
        // SAFETY: the walk stays inside the operands.
        unsafe { get(out.shape, (x.ptr, strides), lookups, &out) }
    })
}

/// The walk that reads.
///
/// # Safety
/// `x` has elements wherever valid indices lead, of the dtype of `out`, which is valid for `shape`.
unsafe fn get(
    shape: &[usize],
    (x, strides): (*const u8, &[isize]),
    lookups: &[Lookup<'_>],
    out: &Out<'_>,
) -> Result<(), OutOfRange> {
    if shape.contains(&0) {
        return Ok(());
    }
    let plan = Plan::new(shape, strides, lookups, out.strides);
    if !plan.checks_itself() {
        // SAFETY: the contract of this function.
        unsafe { check(shape, lookups)? };
    }
    macro_rules! with_width {
        ($($bytes:literal => $T:ty),*) => {
            match out.dtype.size() {
                // SAFETY: the contract of this function; every position is visited by one chunk.
                $($bytes => unsafe {
                    let memory = Shared::new((x.cast::<$T>(), out.ptr.cast::<$T>()));
                    plan.run(false, &|lo, hi| {
                        let (x, out) = memory.get();
                        plan.walk(lo, hi, &Get { x, out });
                    });
                },)*
                other => unreachable!("no dtype has {other} bytes"),
            }
        };
    }
    with_width!(1 => u8, 2 => u16, 4 => u32, 8 => u64, 16 => [u64; 2]);
    if plan.missed.load(Ordering::Relaxed) {
        // SAFETY: the contract of this function.
        return unsafe { check(shape, lookups) };
    }
    Ok(())
}

/// `x[p, lookups(p)] = values[p]`, or `+=` with `accumulate`, for every position of `values`.
///
/// Any dtype, any strides; `values` may be broadcast. Of several values for one element the last in row-major order
/// stays, or all are added in that order; integers wrap, `bool` takes the logical or.
///
/// # Errors
/// The first index outside its axis; nothing has been written then.
pub fn index_put(x: Out<'_>, indices: Indices<'_>, values: In<'_>, accumulate: bool) -> Result<(), OutOfRange> {
    values.require_dtype(x.dtype);
    indices.over(values.shape, (x.shape, x.strides), |strides, lookups| {
        // SAFETY: the walk stays inside the operands.
        unsafe { put(values.shape, (x.ptr, strides), lookups, &values, accumulate) }
    })
}

/// `x += values`, one element after the other. Elements of `x` may share memory, where nobody else writes to it.
pub fn add_in_order(x: Out<'_>, values: In<'_>) {
    let done = index_put(x, Indices { along: &[], start: 0 }, values, true);
    debug_assert!(done.is_ok(), "nothing is looked up");
}

/// The walk that writes.
///
/// # Safety
/// `x` has elements wherever valid indices lead, of the dtype of `values`, which is valid for `shape`.
unsafe fn put(
    shape: &[usize],
    (x, strides): (*mut u8, &[isize]),
    lookups: &[Lookup<'_>],
    values: &In<'_>,
    accumulate: bool,
) -> Result<(), OutOfRange> {
    if shape.contains(&0) {
        return Ok(());
    }
    // SAFETY: the contract of this function.
    unsafe { check(shape, lookups)? };
    let plan = Plan::new(shape, strides, lookups, values.strides);
    if accumulate {
        with_element!(ring values.dtype, T => {
            // SAFETY: the contract of this function; chunks do not meet in `x`.
            let memory = unsafe { Shared::new((x.cast::<T>(), values.ptr.cast::<T>())) };
            plan.run(true, &|lo, hi| {
                let (x, values) = memory.get();
                // SAFETY: as above.
                unsafe { accumulate_box::<T>(&plan, lo, hi, x, values) };
            });
        });
        return Ok(());
    }
    macro_rules! with_width {
        ($($bytes:literal => $T:ty),*) => {
            match values.dtype.size() {
                // SAFETY: the contract of this function; chunks do not meet in `x`.
                $($bytes => unsafe {
                    let memory = Shared::new((x.cast::<$T>(), values.ptr.cast::<$T>()));
                    plan.run(true, &|lo, hi| {
                        let (x, values) = memory.get();
                        plan.walk(lo, hi, &Put { x, values });
                    });
                },)*
                other => unreachable!("no dtype has {other} bytes"),
            }
        };
    }
    with_width!(1 => u8, 2 => u16, 4 => u32, 8 => u64, 16 => [u64; 2]);
    Ok(())
}

/// `out[p] = x[index[p]]` of dense operands that count as vectors; negative indices count from the end.
///
/// # Errors
/// The first index outside.
pub fn take(x: In<'_>, index: In<'_>, out: Out<'_>) -> Result<(), OutOfRange> {
    x.require_dtype(out.dtype);
    flat(x.shape, x.is_row_major(), index, (out.numel(), out.is_row_major()), |shape, lookup| {
        let out = Out { shape, strides: &[1], ..out };
        // SAFETY: the walk is over as many elements as both vectors have.
        unsafe { get(shape, (x.ptr, &[0]), &[lookup], &out) }
    })
}

/// `x[index[p]] = values[p]`, or `+=` with `accumulate`, of dense operands that count as vectors; negative indices count from
/// the end.
///
/// # Errors
/// The first index outside.
pub fn put_flat(x: Out<'_>, index: In<'_>, values: In<'_>, accumulate: bool) -> Result<(), OutOfRange> {
    values.require_dtype(x.dtype);
    flat(x.shape, x.is_row_major(), index, (values.numel(), values.is_row_major()), |shape, lookup| {
        let values = In { shape, strides: &[1], ..values };
        // SAFETY: the walk is over as many elements as both vectors have.
        unsafe { put(shape, (x.ptr, &[0]), &[lookup], &values, accumulate) }
    })
}

/// Runs `body` with the number of indices as a shape and the lookup along a vector of the elements of `own`.
#[track_caller]
fn flat<R>(
    own: &[usize],
    row_major: bool,
    index: In<'_>,
    other: (usize, bool),
    body: impl FnOnce(&[usize], Lookup<'_>) -> R,
) -> R {
    index.require_dtype(DType::I64);
    let n = index.numel();
    require(row_major && index.is_row_major() && other == (n, true), "dense vectors, as many elements as indices");
    let shape = [n];
    let index = In { shape: &shape, strides: &[1], ..index };
    body(&shape, Lookup { index, axis: 0, size: product(own), stride: 1, wrap: true })
}

/// Strides of an operand inside an iteration shape, with some axis looked up instead.
pub(super) fn without_axis(strides: &[isize], axis: usize) -> Strides {
    strides.iter().enumerate().map(|(i, &s)| if i == axis { 0 } else { s }).collect()
}

/// An index of the rank of `x`, whose sizes it does not exceed but along `axis`; without elements it may have any shape.
#[track_caller]
pub(super) fn require_along(x: &[usize], axis: usize, index: &In<'_>) {
    index.require_dtype(DType::I64);
    let within = |(at, (&size, &own)): (usize, (&usize, &usize))| at == axis || size <= own;
    let fits = axis < x.len() && index.shape.len() == x.len() && index.shape.iter().zip(x).enumerate().all(within);
    require(fits || index.shape.contains(&0), "an index tensor that fits into what it selects from");
}

/// `out[…, j, …] = x[…, index[…, j, …], …]` along `axis`, over the shape of `index`, which is that of `out`.
///
/// The other axes of `x` may be larger than those of `index`.
///
/// # Errors
/// The first index outside `axis`; what has been written then is not said.
pub fn gather(axis: usize, x: In<'_>, index: In<'_>, out: Out<'_>) -> Result<(), OutOfRange> {
    require_along(x.shape, axis, &index);
    out.require_shape(index.shape);
    x.require_dtype(out.dtype);
    if index.shape.contains(&0) {
        return Ok(());
    }
    let strides = without_axis(x.strides, axis);
    let lookup = Lookup { index, axis, size: x.shape[axis], stride: x.strides[axis], wrap: false };
    // SAFETY: the index fits into `x`, and the walk is over its shape.
    unsafe { get(index.shape, (x.ptr, &strides), &[lookup], &out) }
}

/// `x[…, index[…, j, …], …] = src[…, j, …]` along `axis`, or `+=` with `accumulate`, over the shape of `index`, within which
/// `src` has an element everywhere.
///
/// # Errors
/// The first index outside `axis`.
pub fn scatter(axis: usize, x: Out<'_>, index: In<'_>, src: In<'_>, accumulate: bool) -> Result<(), OutOfRange> {
    require_along(x.shape, axis, &index);
    require_within(index.shape, src.shape);
    src.require_dtype(x.dtype);
    if index.shape.contains(&0) {
        return Ok(());
    }
    let strides = without_axis(x.strides, axis);
    let lookup = Lookup { index, axis, size: x.shape[axis], stride: x.strides[axis], wrap: false };
    // SAFETY: the index fits into `x` and into `src`, and the walk is over its shape.
    unsafe { put(index.shape, (x.ptr, &strides), &[lookup], &src, accumulate) }
}

/// A source at least as large as an index along every axis.
#[track_caller]
pub(super) fn require_within(index: &[usize], src: &[usize]) {
    let within = index.len() == src.len() && index.iter().zip(src).all(|(size, own)| size <= own);
    require(within || index.contains(&0), "a source that has an element for every index");
}

/// The shape of slices of `x` along an axis, one per index.
#[track_caller]
fn slices(x: &[usize], axis: usize, index: &In<'_>) -> Shape {
    index.require_dtype(DType::I64);
    require(axis < x.len() && index.shape.len() == 1, "a vector of indices for an axis");
    let mut shape: Shape = x.into();
    shape[axis] = index.shape[0];
    shape
}

/// `out[…, j, …] = x[…, index[j], …]`: whole slices along `axis`. An embedding is axis 0 of a matrix.
///
/// # Errors
/// The first index outside `axis`.
pub fn index_select(axis: usize, x: In<'_>, index: In<'_>, out: Out<'_>) -> Result<(), OutOfRange> {
    out.require_shape(&slices(x.shape, axis, &index));
    x.require_dtype(out.dtype);
    let (strides, along) = (without_axis(x.strides, axis), along(x.shape.len(), axis, index.strides[0]));
    let index = In { shape: out.shape, strides: &along, ..index };
    let lookup = Lookup { index, axis, size: x.shape[axis], stride: x.strides[axis], wrap: false };
    // SAFETY: the walk is over the shape of `out`, that of `x` but along the axis.
    unsafe { get(out.shape, (x.ptr, &strides), &[lookup], &out) }
}

/// `x[…, index[j], …] += src[…, j, …]` (or `=` without `accumulate`), the transpose of [`index_select`]. With `wrap` negative
/// indices count from the end.
///
/// # Errors
/// The first index outside `axis`.
pub fn index_add(
    axis: usize,
    wrap: bool,
    x: Out<'_>,
    index: In<'_>,
    src: In<'_>,
    accumulate: bool,
) -> Result<(), OutOfRange> {
    src.require_shape(&slices(x.shape, axis, &index));
    src.require_dtype(x.dtype);
    let (strides, along) = (without_axis(x.strides, axis), along(x.shape.len(), axis, index.strides[0]));
    let index = In { shape: src.shape, strides: &along, ..index };
    let lookup = Lookup { index, axis, size: x.shape[axis], stride: x.strides[axis], wrap };
    // SAFETY: the walk is over the shape of `src`, that of `x` but along the axis.
    unsafe { put(src.shape, (x.ptr, &strides), &[lookup], &src, accumulate) }
}

/// Strides of a vector that lies along one axis.
fn along(rank: usize, axis: usize, stride: isize) -> Strides {
    (0..rank).map(|i| if i == axis { stride } else { 0 }).collect()
}

// ---- the walk ------------------------------------------------------------------------------------------------------

/// Reports the first index outside its axis.
///
/// # Safety
/// The index tensors are of `i64`, valid for `shape` with their strides; no axis of it is empty.
unsafe fn check(shape: &[usize], lookups: &[Lookup<'_>]) -> Result<(), OutOfRange> {
    for lookup in lookups {
        // Axes that are walked as one count as one: a row may be short.
        let mut axes: SmallVec<[(usize, isize); 6]> = SmallVec::new();
        for (&n, &stride) in shape.iter().zip(lookup.index.strides).filter(|&(&n, &s)| n > 1 && s != 0) {
            match axes.last_mut() {
                Some(last) if last.1 == stride * n as isize => *last = (last.0 * n, stride),
                _ => axes.push((n, stride)),
            }
        }
        let (inner, outer) = axes.split_last().map_or(((1, 0), &[][..]), |(&inner, outer)| (inner, outer));
        let least = if lookup.wrap { -(lookup.size as i64) } else { 0 };
        let span = lookup.size as u64 + least.unsigned_abs();
        let valid = |value: i64| value.distance(least) < span;
        for row in 0..outer.iter().map(|a| a.0).product::<usize>() {
            let mut rest = row;
            let mut offset = 0;
            for &(n, stride) in outer.iter().rev() {
                offset += (rest % n) as isize * stride;
                rest /= n;
            }
            // SAFETY: the index has elements at every position of the shape.
            let at = |i: usize| unsafe { *lookup.index.ptr.cast::<i64>().offset(offset + i as isize * inner.1) };
            // SAFETY: as above.
            let all = unsafe { all_within(lookup.index.ptr.cast::<i64>().offset(offset), inner, least, span) };
            if !all {
                for i in 0..inner.0 {
                    if !valid(at(i)) {
                        let (axis, size) = (lookup.axis, lookup.size);
                        return Err(OutOfRange { position: row * inner.0 + i, value: at(i), axis, size });
                    }
                }
            }
        }
    }
    Ok(())
}

simd! {
    /// Whether all of `n` indices, a stride apart, lie in the `span` numbers from `least` on. Without a branch per element
    /// the usual case is a few vector instructions.
    ///
    /// # Safety
    /// The indices can be read.
    unsafe fn all_within<T: Ordinal>(index: *const T, axis: (usize, isize), least: T, span: u64) -> bool {
        let (n, stride) = axis;
        let within = |value: T| value.distance(least) < span;
        let mut all = true;
        if stride == 1 {
            for i in 0..n {
                all &= within(*index.add(i));
            }
        } else {
            for i in 0..n as isize {
                all &= within(*index.offset(i * stride));
            }
        }
        all
    }
}

/// An index.
trait Ordinal: Copy {
    /// How far it is above another, where it is.
    fn distance(self, least: Self) -> u64;
}

impl Ordinal for i64 {
    #[inline(always)]
    fn distance(self, least: Self) -> u64 {
        self.wrapping_sub(least) as u64
    }
}

/// Most index tensors without a heap allocation.
type PerLookup<T> = SmallVec<[T; 3]>;

/// One axis of the iteration.
#[derive(Clone, PartialEq)]
struct Axis {
    size: usize,
    x: isize,
    other: isize,
    index: PerLookup<isize>,
}

/// The iteration with neighbouring axes merged where all strides allow it.
struct Plan {
    axes: SmallVec<[Axis; 4]>,
    lookups: PerLookup<(*const i64, usize, isize)>,
    /// Whether negative indices count from the end.
    wrap: bool,
    /// Set where an index was found to be outside its axis.
    missed: AtomicBool,
}

// SAFETY: the index tensors are only read; whoever builds a plan vouches for them.
unsafe impl Sync for Plan {}

/// Elements per chunk of the parallel loop.
const GRAIN: usize = 1 << 14;
/// Elements of a run that stays whole. (In six parts of 64, 2,048 rows of 384 added at an index took three times what PyTorch
/// takes.)
const SHORT_RUN: usize = 256;
/// Most chunks: enough to share the work evenly among many threads.
const MOST_CHUNKS: usize = 128;
/// Picoseconds per element looked up.
const COST: u64 = 1000;

type Bounds = SmallVec<[usize; 6]>;

impl Plan {
    fn new(shape: &[usize], x: &[isize], lookups: &[Lookup<'_>], other: &[isize]) -> Self {
        let mut axes: SmallVec<[Axis; 4]> = SmallVec::new();
        for i in 0..shape.len() {
            if shape[i] == 1 {
                continue;
            }
            let index = lookups.iter().map(|l| l.index.strides[i]).collect();
            let axis = Axis { size: shape[i], x: x[i], other: other[i], index };
            let n = axis.size as isize;
            match axes.last_mut() {
                Some(last)
                    if last.x == axis.x * n
                        && last.other == axis.other * n
                        && last.index.iter().zip(&axis.index).all(|(&l, &a)| l == a * n) =>
                {
                    *last = Axis { size: last.size * axis.size, ..axis };
                }
                _ => axes.push(axis),
            }
        }
        if axes.is_empty() {
            axes.push(Axis { size: 1, x: 0, other: 0, index: lookups.iter().map(|_| 0).collect() });
        }
        let wrap = lookups.iter().any(|lookup| lookup.wrap);
        let lookups = lookups.iter().map(|l| (l.index.ptr.cast(), l.size, l.stride)).collect();
        Self { axes, lookups, wrap, missed: AtomicBool::new(false) }
    }

    /// Whether the walk notices indices outside the axis by itself: rows of indices that lie side by side. To read two megabytes
    /// of them twice takes a fifth of the time of a gather.
    fn checks_itself(&self) -> bool {
        let inner = self.axes.last().expect("a plan has an axis");
        let [(_, size, stride)] = self.lookups[..] else { return false };
        // What is outside an axis leads to its first element, so there must be one.
        !self.wrap && size > 0 && (inner.x, inner.other, inner.index[0], stride) == (0, 1, 1, 1)
    }

    /// Runs `body` on boxes of the iteration. When `x` is written, only axes along which it advances are cut.
    fn run(&self, writes_x: bool, body: &(dyn Fn(&[usize], &[usize]) + Sync)) {
        let total = self.axes.iter().fold(1usize, |n, axis| n.saturating_mul(axis.size));
        let mut wanted = (total / GRAIN).clamp(1, MOST_CHUNKS);
        let mut chunks = 1;
        let last = self.axes.len() - 1;
        let steps: Bounds = self
            .axes
            .iter()
            .enumerate()
            .map(|(i, axis)| {
                // A run of fewer elements is not worth cutting: each of its parts walks all the indices.
                let least = if i == last { SHORT_RUN } else { 1 };
                let parts = if writes_x && axis.x == 0 { 1 } else { wanted.min(axis.size / least).max(1) };
                let step = axis.size.div_ceil(parts);
                let parts = axis.size.div_ceil(step);
                wanted = wanted.div_ceil(parts);
                chunks *= parts;
                step
            })
            .collect();
        parallel::run(chunks, (total as u64).saturating_mul(COST), &|mut chunk| {
            let mut lo: Bounds = SmallVec::from_elem(0, steps.len());
            let mut hi = lo.clone();
            for (i, (axis, &step)) in self.axes.iter().zip(&steps).enumerate().rev() {
                let parts = axis.size.div_ceil(step);
                lo[i] = chunk % parts * step;
                hi[i] = (lo[i] + step).min(axis.size);
                chunk /= parts;
            }
            body(&lo, &hi);
        });
    }

    /// Visits the positions of a box in row-major order.
    ///
    /// # Safety
    /// The box lies within the plan and is not empty; all indices in it have been checked, unless the walk checks them itself;
    /// `visit` may be asked for every position they lead to.
    #[inline(always)]
    unsafe fn walk<V: Visit>(&self, lo: &[usize], hi: &[usize], visit: &V) {
        if let [lookup] = self.lookups[..] {
            // SAFETY: the same contract.
            return unsafe { self.walk_one(lookup, lo, hi, visit) };
        }
        let (inner, outer) = self.axes.split_last().expect("a plan has an axis");
        let last = outer.len();
        let count = hi[last] - lo[last];
        let constant = inner.index.iter().all(|&s| s == 0);
        let mut position: Bounds = SmallVec::from_slice(lo);
        loop {
            let (mut x, mut other) = (0, 0);
            let mut at: PerLookup<isize> = SmallVec::from_elem(0, self.lookups.len());
            for (axis, &p) in self.axes.iter().zip(&position) {
                let p = p as isize;
                x += p * axis.x;
                other += p * axis.other;
                for (at, stride) in at.iter_mut().zip(&axis.index) {
                    *at += p * stride;
                }
            }
            // SAFETY: every position of the iteration lies inside the index tensors, every index was checked.
            unsafe {
                if constant {
                    for (&(index, size, stride), &at) in self.lookups.iter().zip(&at) {
                        x += wrapped(*index.offset(at), size) * stride;
                    }
                    visit.run(x, other, inner.x, inner.other, count);
                } else {
                    for i in 0..count as isize {
                        let mut found = x + i * inner.x;
                        for (k, &(index, size, stride)) in self.lookups.iter().enumerate() {
                            found += wrapped(*index.offset(at[k] + i * inner.index[k]), size) * stride;
                        }
                        visit.one(found, other + i * inner.other);
                    }
                }
            }
            let mut axis = last;
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                position[axis] += 1;
                if position[axis] < hi[axis] {
                    break;
                }
                position[axis] = lo[axis];
            }
        }
    }
}

impl Plan {
    /// [`Self::walk`] with one index tensor: by rows of the two innermost axes, which may be short and many.
    ///
    /// # Safety
    /// As for [`Self::walk`]; the lookup is this plan's only one.
    #[inline(always)]
    unsafe fn walk_one<V: Visit>(
        &self,
        (index, size, stride): (*const i64, usize, isize),
        lo: &[usize],
        hi: &[usize],
        visit: &V,
    ) {
        let inner = self.axes.len() - 1;
        let (first, step) = (lo[inner] as isize, |axis: usize| {
            let axis = &self.axes[axis];
            (axis.x, axis.other, axis.index[0])
        });
        let count = hi[inner] - lo[inner];
        let (x_step, other_step, index_step) = step(inner);
        let (rows, first_row, (x_row, other_row, index_row)) = match inner.checked_sub(1) {
            Some(middle) => (hi[middle] - lo[middle], lo[middle] as isize, step(middle)),
            None => (1, 0, (0, 0, 0)),
        };
        let outer = inner.saturating_sub(1);
        let checks = self.checks_itself();
        let mut missed = 0;
        let mut position: Bounds = SmallVec::from_slice(&lo[..outer]);
        loop {
            let (mut x, mut other) = (first * x_step + first_row * x_row, first * other_step + first_row * other_row);
            let mut at = first * index_step + first_row * index_row;
            for (axis, &p) in position.iter().enumerate() {
                let (x_axis, other_axis, index_axis) = step(axis);
                let p = p as isize;
                (x, other, at) = (x + p * x_axis, other + p * other_axis, at + p * index_axis);
            }
            for _ in 0..rows {
                // SAFETY: every position of the iteration lies inside the index tensor. Every index was checked, or is looked at
                // here: what is outside the axis leads to its first element, which is there (`checks_itself`).
                unsafe {
                    if index_step == 0 {
                        let found = wrapped(*index.offset(at), size) * stride;
                        visit.run(x + found, other, x_step, other_step, count);
                    } else if checks {
                        // All indices of a group first: for all the compiler knows, what is written could be one.
                        const TOGETHER: usize = 8;
                        let mut found = |index: i64| {
                            let within = (index as usize) < size;
                            missed += usize::from(!within);
                            if within { index as isize } else { 0 }
                        };
                        let whole = count - count % TOGETHER;
                        for i in (0..whole as isize).step_by(TOGETHER) {
                            let group = index.offset(at + i).cast::<[i64; TOGETHER]>().read_unaligned();
                            visit.few(group.map(|index| x + found(index)), other + i);
                        }
                        for i in whole as isize..count as isize {
                            visit.one(x + found(*index.offset(at + i)), other + i);
                        }
                    } else if (x_step, other_step, index_step, stride) == (0, 1, 1, 1) {
                        for i in 0..count as isize {
                            visit.one(x + wrapped(*index.offset(at + i), size), other + i);
                        }
                    } else {
                        for i in 0..count as isize {
                            let found = wrapped(*index.offset(at + i * index_step), size) * stride;
                            visit.one(x + i * x_step + found, other + i * other_step);
                        }
                    }
                }
                (x, other, at) = (x + x_row, other + other_row, at + index_row);
            }
            let mut axis = outer;
            loop {
                if axis == 0 {
                    if missed > 0 {
                        self.missed.store(true, Ordering::Relaxed);
                    }
                    return;
                }
                axis -= 1;
                position[axis] += 1;
                if position[axis] < hi[axis] {
                    break;
                }
                position[axis] = lo[axis];
            }
        }
    }
}

/// A checked index, counted from the front. What is none any more, in memory that a program lent and writes to meanwhile,
/// leads to the first element.
#[inline(always)]
fn wrapped(index: i64, size: usize) -> isize {
    let index = if index < 0 { index.wrapping_add(size as i64) } else { index };
    if (index as usize) < size { index as isize } else { 0 }
}

/// Bytes of a run from which on a call that copies them takes less than a loop.
const CALLED: usize = 64;

/// What happens at a position: offsets (and, for a run, strides) in `x` and in the other operand.
trait Visit {
    /// One position.
    ///
    /// # Safety
    /// Both offsets lead to an element, and nobody else touches the one that is written.
    unsafe fn one(&self, x: isize, other: isize);

    /// Some positions, behind one another in the other operand.
    ///
    /// # Safety
    /// As for [`Visit::one`], at each.
    #[inline(always)]
    unsafe fn few<const L: usize>(&self, x: [isize; L], other: isize) {
        for (i, x) in x.into_iter().enumerate() {
            // SAFETY: the caller's positions.
            unsafe { self.one(x, other + i as isize) };
        }
    }

    /// `n` positions.
    ///
    /// # Safety
    /// As for [`Visit::one`], at each step.
    #[inline(always)]
    unsafe fn run(&self, x: isize, other: isize, x_stride: isize, other_stride: isize, n: usize) {
        // SAFETY: the caller's run lies inside both operands.
        unsafe {
            if x_stride == 1 && other_stride == 1 {
                for i in 0..n as isize {
                    self.one(x + i, other + i);
                }
            } else {
                for i in 0..n as isize {
                    self.one(x + i * x_stride, other + i * other_stride);
                }
            }
        }
    }
}

struct Get<T> {
    x: *const T,
    out: *mut T,
}

impl<T: Copy> Visit for Get<T> {
    #[inline(always)]
    unsafe fn one(&self, x: isize, other: isize) {
        // SAFETY: the caller's position.
        unsafe { *self.out.offset(other) = *self.x.offset(x) }
    }

    #[inline(always)]
    unsafe fn run(&self, x: isize, other: isize, x_stride: isize, other_stride: isize, n: usize) {
        // SAFETY: the caller's run lies inside both operands, which are apart.
        unsafe {
            if x_stride == 1 && other_stride == 1 && n * size_of::<T>() >= CALLED {
                std::ptr::copy_nonoverlapping(self.x.offset(x), self.out.offset(other), n);
            } else {
                for i in 0..n as isize {
                    self.one(x + i * x_stride, other + i * other_stride);
                }
            }
        }
    }
}

struct Put<T> {
    x: *mut T,
    values: *const T,
}

impl<T: Copy> Visit for Put<T> {
    #[inline(always)]
    unsafe fn one(&self, x: isize, other: isize) {
        // SAFETY: the caller's position.
        unsafe { *self.x.offset(x) = *self.values.offset(other) }
    }

    #[inline(always)]
    unsafe fn run(&self, x: isize, other: isize, x_stride: isize, other_stride: isize, n: usize) {
        // SAFETY: the caller's run lies inside both operands, which are apart.
        unsafe {
            if x_stride == 1 && other_stride == 1 && n * size_of::<T>() >= CALLED {
                std::ptr::copy_nonoverlapping(self.values.offset(other), self.x.offset(x), n);
            } else {
                for i in 0..n as isize {
                    self.one(x + i * x_stride, other + i * other_stride);
                }
            }
        }
    }
}

struct Accumulate<T> {
    x: *mut T,
    values: *const T,
}

/// Elements that add up: integers wrap, truth values are or-ed.
trait Summed: Element + Ring {}
impl<T: Element + Ring> Summed for T {}

impl<T: Summed> Visit for Accumulate<T> {
    #[inline(always)]
    unsafe fn one(&self, x: isize, other: isize) {
        // SAFETY: the caller's position.
        unsafe {
            let to = self.x.offset(x);
            *to = *to + *self.values.offset(other);
        }
    }
}

simd! {
    /// [`Plan::walk`] that adds, compiled for each instruction set.
    ///
    /// # Safety
    /// The plan and the box are alive; as for [`Plan::walk`], visited by an [`Accumulate`] of `x` and `values`.
    unsafe fn accumulate_box<T: Summed>(
        plan: *const Plan, lo: *const [usize], hi: *const [usize], x: *mut T, values: *const T,
    ) {
        (*plan).walk(&*lo, &*hi, &Accumulate { x, values });
    }
}

// ---- masks ---------------------------------------------------------------------------------------------------------

/// Elements per chunk of a scan; fixed, so that the offsets of the chunks depend on the data alone.
const SCAN: usize = 1 << 14;

/// Elements whose positions are listed at a time.
const LISTED: usize = 128;

/// A tensor whose elements that are not zero have been counted: what [`NonZero::select`], [`NonZero::scatter`] and
/// [`NonZero::positions`] need before they can run in parallel, and the size of their result.
pub struct NonZero<'a> {
    /// What was counted.
    x: In<'a>,
    /// Number of non-zero elements before each chunk, and of all.
    starts: Vec<usize>,
}

/// Counts the non-zero elements (true, or not equal to 0; NaN counts) of dense elements of any dtype.
pub fn count_nonzero(x: In<'_>) -> NonZero<'_> {
    let n = x.numel();
    let chunks = n.div_ceil(SCAN);
    let mut starts = vec![0usize; chunks + 1];
    with_element!(stored x.dtype, T => {
        // SAFETY: every chunk writes its own count.
        let memory = unsafe { Shared::new((x.dense::<T>(n), starts.as_mut_ptr())) };
        parallel::run(chunks, n as u64 * 200, &|chunk| {
            let (x, counts) = memory.get();
            let start = chunk * SCAN;
            // SAFETY: inside the operand.
            unsafe { *counts.add(chunk) = count::<T>(x.add(start), SCAN.min(n - start)) };
        });
    });
    let mut count = 0;
    for start in &mut starts {
        count += std::mem::replace(start, count);
    }
    NonZero { x, starts }
}

simd! {
    /// How many elements are not zero.
    ///
    /// # Safety
    /// `n` elements can be read from `x` on.
    unsafe fn count<T: Element>(x: *const T, n: usize) -> usize {
        let mut count = 0;
        for i in 0..n {
            count += usize::from(*x.add(i) != T::default());
        }
        count
    }
}

impl NonZero<'_> {
    /// Number of non-zero elements.
    pub fn count(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Calls `body(position, order)` for every non-zero element, `order` counting them in row-major order. Never for more
    /// than were counted, even where a program writes meanwhile to memory that it lent.
    #[track_caller]
    fn each<T: Element>(&self, body: &(impl Fn(usize, usize) + Sync)) {
        let n = self.x.numel();
        // SAFETY: only read.
        let memory = unsafe { Shared::new(self.x.dense::<T>(n)) };
        parallel::run(self.starts.len() - 1, n as u64 * COST, &|chunk| {
            let x = memory.get();
            let (mut order, end) = (self.starts[chunk], self.starts[chunk + 1]);
            let last = ((chunk + 1) * SCAN).min(n);
            for first in (chunk * SCAN..last).step_by(LISTED) {
                // The positions are listed without a branch, which random ones would be mispredicted at half of the time.
                let mut list = [0u8; LISTED];
                let mut count = 0;
                for at in 0..LISTED.min(last - first) {
                    list[count] = at as u8;
                    // SAFETY: inside the operand that was counted.
                    count += usize::from(unsafe { *x.add(first + at) } != T::default());
                }
                let count = count.min(end - order);
                for &at in &list[..count] {
                    body(first + usize::from(at), order);
                    order += 1;
                }
            }
        });
    }

    /// Copies the elements of `x` where this mask is true to `out`, in row-major order. All operands are dense, `x` of as many
    /// elements as the mask.
    pub fn select(&self, x: In<'_>, out: Out<'_>) {
        with_element!(stored x.dtype, T => {
            // SAFETY: every element of `out` is written once.
            let memory = unsafe { Shared::new((x.dense::<T>(self.x.numel()), out.dense::<T>(self.count()))) };
            self.each::<B8>(&|position, order| {
                let (x, out) = memory.get();
                // SAFETY: inside the operands.
                unsafe { *out.add(order) = *x.add(position) };
            });
        });
    }

    /// Overwrites the elements of `x` where this mask is true by those of `source` in row-major order. All operands are dense,
    /// `x` of as many elements as the mask, `source` of at least as many as it names.
    pub fn scatter(&self, source: In<'_>, x: Out<'_>) {
        let n = source.numel();
        require(n >= self.count(), "a source of as many elements as a mask names");
        with_element!(stored x.dtype, T => {
            // SAFETY: every element of `x` is written at most once.
            let memory = unsafe { Shared::new((source.dense::<T>(n), x.dense::<T>(self.x.numel()))) };
            self.each::<B8>(&|position, order| {
                let (source, x) = memory.get();
                // SAFETY: inside the operands.
                unsafe { *x.add(position) = *source.add(order) };
            });
        });
    }

    /// Positions of the non-zero elements, in row-major order: a dense `rank × count` matrix of `i64`.
    pub fn positions(&self, out: Out<'_>) {
        let (shape, count) = (self.x.shape, self.count());
        let out = out.dense::<i64>(product(&[shape.len(), count]));
        with_element!(stored self.x.dtype, T => {
            // SAFETY: every column of `out` is written once.
            let memory = unsafe { Shared::new(out) };
            self.each::<T>(&|position, order| {
                let mut rest = position;
                for axis in (0..shape.len()).rev() {
                    // SAFETY: inside the matrix.
                    unsafe { *memory.get().add(axis * count + order) = (rest % shape[axis]) as i64 };
                    rest /= shape[axis];
                }
            });
        });
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
