//! Reading and writing at positions given by integer tensors.
//!
//! One walk serves them all: an iteration shape, a tensor `x` with a stride per axis of it (0 along axes that are
//! looked up), one lookup per index tensor (its strides, and size and stride of the axis of `x` it selects in), and
//! the other operand (the result, or the values to write). `gather` and `index_select` are special cases of
//! [`index_get`], `scatter` and `index_add` of [`index_put`].
//!
//! Every index is checked before anything is written. Writes with duplicate indices happen in row-major order of the
//! iteration shape, on any number of threads: only axes along which `x` itself advances are cut into chunks, and two
//! positions that differ on such an axis never meet.

use smallvec::SmallVec;

use super::element::{B8, Element};
use super::float::{Shared, simd};
use super::number::Ring;
use super::{In, Out};
use crate::dtype::DType;
use crate::{parallel, with_element};

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
pub struct Lookup<'a> {
    /// The indices: `i64`, strides over the iteration shape (0 where broadcast).
    pub index: In<'a>,
    /// The axis of `x`, for error messages.
    pub axis: usize,
    /// Size of that axis.
    pub size: usize,
    /// Stride of that axis in elements.
    pub stride: isize,
    /// Whether `−size..0` counts from the end; otherwise negative indices are out of range.
    pub wrap: bool,
}

/// `out[p] = x[p, lookups(p)]` for every position of `shape`: NumPy's advanced indexing, read.
///
/// Any dtype (`x` and `out` have the same), any strides.
///
/// # Errors
/// The first index outside its axis; nothing has been written then.
///
/// # Safety
/// `x` must have elements wherever valid indices lead; the elements of `out` must be distinct and apart from `x` and
/// the indices.
pub unsafe fn index_get(shape: &[usize], x: In<'_>, lookups: &[Lookup<'_>], out: Out<'_>) -> Result<(), OutOfRange> {
    debug_assert_eq!(x.dtype, out.dtype);
    if shape.contains(&0) {
        return Ok(());
    }
    // SAFETY: the contract of this function.
    unsafe { check(shape, lookups)? };
    let plan = Plan::new(shape, x.strides, lookups, out.strides);
    macro_rules! with_width {
        ($($bytes:literal => $T:ty),*) => {
            match out.dtype.size() {
                // SAFETY: the contract of this function; every position is visited by one chunk.
                $($bytes => unsafe {
                    let memory = Shared::new((x.ptr.cast::<$T>(), out.ptr.cast::<$T>()));
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
    Ok(())
}

/// `x[p, lookups(p)] = values[p]`, or `+=` with `accumulate`, for every position of `shape`.
///
/// Any dtype, any strides; `values` may be broadcast. Of several values for one element the last in row-major order
/// stays, or all are added in that order; integers wrap, `bool` takes the logical or.
///
/// # Errors
/// The first index outside its axis; nothing has been written then.
///
/// # Safety
/// As for [`index_get`], with `x` written and `values` read.
pub unsafe fn index_put(
    shape: &[usize],
    x: Out<'_>,
    lookups: &[Lookup<'_>],
    values: In<'_>,
    accumulate: bool,
) -> Result<(), OutOfRange> {
    debug_assert_eq!(x.dtype, values.dtype);
    if shape.contains(&0) {
        return Ok(());
    }
    // SAFETY: the contract of this function.
    unsafe { check(shape, lookups)? };
    let plan = Plan::new(shape, x.strides, lookups, values.strides);
    if accumulate {
        with_element!(number x.dtype, T => {
            // SAFETY: the contract of this function; chunks do not meet in `x`.
            let memory = unsafe { Shared::new((x.ptr.cast::<T>(), values.ptr.cast::<T>())) };
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
            match x.dtype.size() {
                // SAFETY: the contract of this function; chunks do not meet in `x`.
                $($bytes => unsafe {
                    let memory = Shared::new((x.ptr.cast::<$T>(), values.ptr.cast::<$T>()));
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

/// Strides of an operand inside an iteration shape, with some axis looked up instead.
fn without_axis(strides: &[isize], axis: usize) -> SmallVec<[isize; 6]> {
    strides.iter().enumerate().map(|(i, &s)| if i == axis { 0 } else { s }).collect()
}

/// `out[…, j, …] = x[…, index[…, j, …], …]` along `axis`, over the shape of `index`.
///
/// `size` is the size of `x` along `axis`; the other axes of `x` may be larger than those of `index`. With `wrap`
/// negative indices count from the end.
///
/// # Errors
/// The first index outside `axis`.
///
/// # Safety
/// As for [`index_get`]; all strides are over the axes of `shape`.
pub unsafe fn gather(
    shape: &[usize],
    axis: usize,
    size: usize,
    wrap: bool,
    x: In<'_>,
    index: In<'_>,
    out: Out<'_>,
) -> Result<(), OutOfRange> {
    let strides = without_axis(x.strides, axis);
    let lookup = Lookup { index, axis, size, stride: x.strides[axis], wrap };
    // SAFETY: the contract of this function.
    unsafe { index_get(shape, In { strides: &strides, ..x }, &[lookup], out) }
}

/// `x[…, index[…, j, …], …] = src[…, j, …]` along `axis`, or `+=` with `accumulate`, over the shape of `index`.
///
/// # Errors
/// The first index outside `axis`.
///
/// # Safety
/// As for [`index_put`]; all strides are over the axes of `shape`.
#[allow(clippy::too_many_arguments)]
pub unsafe fn scatter(
    shape: &[usize],
    axis: usize,
    size: usize,
    wrap: bool,
    x: Out<'_>,
    index: In<'_>,
    src: In<'_>,
    accumulate: bool,
) -> Result<(), OutOfRange> {
    let strides = without_axis(x.strides, axis);
    let lookup = Lookup { index, axis, size, stride: x.strides[axis], wrap };
    // SAFETY: the contract of this function.
    unsafe { index_put(shape, Out { strides: &strides, ..x }, &[lookup], src, accumulate) }
}

/// `out[…, j, …] = x[…, index[j], …]`: whole slices along `axis`. `shape` is the shape of `out`, `index` has one
/// stride. An embedding is axis 0 of a matrix.
///
/// # Errors
/// The first index outside `axis`.
///
/// # Safety
/// As for [`index_get`].
pub unsafe fn index_select(
    shape: &[usize],
    axis: usize,
    size: usize,
    wrap: bool,
    x: In<'_>,
    index: In<'_>,
    out: Out<'_>,
) -> Result<(), OutOfRange> {
    let along = along(shape.len(), axis, index.strides[0]);
    // SAFETY: the contract of this function.
    unsafe { gather(shape, axis, size, wrap, x, In { strides: &along, ..index }, out) }
}

/// `x[…, index[j], …] += src[…, j, …]` (or `=` without `accumulate`), the transpose of [`index_select`]. `shape` is
/// the shape of `src`.
///
/// # Errors
/// The first index outside `axis`.
///
/// # Safety
/// As for [`index_put`].
#[allow(clippy::too_many_arguments)]
pub unsafe fn index_add(
    shape: &[usize],
    axis: usize,
    size: usize,
    wrap: bool,
    x: Out<'_>,
    index: In<'_>,
    src: In<'_>,
    accumulate: bool,
) -> Result<(), OutOfRange> {
    let along = along(shape.len(), axis, index.strides[0]);
    // SAFETY: the contract of this function.
    unsafe { scatter(shape, axis, size, wrap, x, In { strides: &along, ..index }, src, accumulate) }
}

/// Strides of a vector that lies along one axis.
fn along(rank: usize, axis: usize, stride: isize) -> SmallVec<[isize; 6]> {
    (0..rank).map(|i| if i == axis { stride } else { 0 }).collect()
}

// ---- the walk ------------------------------------------------------------------------------------------------------

/// Reports the first index outside its axis.
///
/// # Safety
/// The index tensors are of `i64`, valid for `shape` with their strides; no axis of it is empty.
unsafe fn check(shape: &[usize], lookups: &[Lookup<'_>]) -> Result<(), OutOfRange> {
    for lookup in lookups {
        debug_assert_eq!(lookup.index.dtype, DType::I64);
        let axes: SmallVec<[(usize, isize); 6]> =
            shape.iter().zip(lookup.index.strides).filter(|&(&n, &s)| n > 1 && s != 0).map(|(&n, &s)| (n, s)).collect();
        let (inner, outer) = axes.split_last().map_or(((1, 0), &[][..]), |(&inner, outer)| (inner, outer));
        let least = if lookup.wrap { -(lookup.size as i64) } else { 0 };
        let valid = |value: i64| value >= least && value < lookup.size as i64;
        for row in 0..outer.iter().map(|a| a.0).product::<usize>() {
            let mut rest = row;
            let mut offset = 0;
            for &(n, stride) in outer.iter().rev() {
                offset += (rest % n) as isize * stride;
                rest /= n;
            }
            // SAFETY: the index has elements at every position of the shape.
            let at = |i: usize| unsafe { *lookup.index.ptr.cast::<i64>().offset(offset + i as isize * inner.1) };
            // Without a branch per element the usual case is a few vector instructions.
            if !(0..inner.0).fold(true, |all, i| all & valid(at(i))) {
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
}

// SAFETY: the index tensors are only read; whoever builds a plan vouches for them.
unsafe impl Sync for Plan {}

/// Elements per chunk of the parallel loop.
const GRAIN: usize = 1 << 14;
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
        Self { axes, lookups: lookups.iter().map(|l| (l.index.ptr.cast(), l.size, l.stride)).collect() }
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
                // A run of fewer than 64 elements is not worth cutting.
                let least = if i == last { 64 } else { 1 };
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
    /// The box lies within the plan and is not empty; all indices in it have been checked; `visit` may be asked for
    /// every position they lead to.
    #[inline(always)]
    unsafe fn walk<V: Visit>(&self, lo: &[usize], hi: &[usize], visit: &V) {
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
                } else if let ([(index, size, stride)], [step]) = (&self.lookups[..], &inner.index[..]) {
                    let index = index.offset(at[0]);
                    for i in 0..count as isize {
                        let found = wrapped(*index.offset(i * step), *size) * stride;
                        visit.one(x + i * inner.x + found, other + i * inner.other);
                    }
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

/// A checked index, counted from the front.
#[inline(always)]
fn wrapped(index: i64, size: usize) -> isize {
    (if index < 0 { index + size as i64 } else { index }) as isize
}

/// What happens at a position: offsets (and, for a run, strides) in `x` and in the other operand.
trait Visit {
    /// One position.
    ///
    /// # Safety
    /// Both offsets lead to an element, and nobody else touches the one that is written.
    unsafe fn one(&self, x: isize, other: isize);

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
const SCAN: usize = 1 << 15;

/// Where the non-zero elements of each chunk of a tensor go: what [`masked_select`], [`masked_scatter`] and
/// [`nonzero`] need before they can run in parallel, and the size of their result.
pub struct NonZero {
    /// Number of non-zero elements before each chunk.
    starts: Vec<usize>,
    /// Number of elements scanned.
    len: usize,
    /// Number of non-zero elements.
    pub count: usize,
}

/// Counts the non-zero elements (true, or not equal to 0; NaN counts) of `n` contiguous elements of any dtype.
///
/// # Safety
/// `x` must have `n` contiguous elements.
pub unsafe fn count_nonzero(n: usize, x: In<'_>) -> NonZero {
    let chunks = n.div_ceil(SCAN);
    let mut starts = vec![0usize; chunks];
    with_element!(x.dtype, T => {
        // SAFETY: every chunk writes its own count.
        let memory = unsafe { Shared::new((x.ptr.cast::<T>(), starts.as_mut_ptr())) };
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
    NonZero { starts, len: n, count }
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

impl NonZero {
    /// Calls `body(position, order)` for every non-zero element, `order` counting them in row-major order.
    ///
    /// # Safety
    /// `x` is what was counted, of dtype `T`, and has not been written to since.
    unsafe fn each<T: Element>(&self, x: *const T, body: &(impl Fn(usize, usize) + Sync)) {
        // SAFETY: only read.
        let memory = unsafe { Shared::new(x) };
        parallel::run(self.starts.len(), self.len as u64 * COST, &|chunk| {
            let x = memory.get();
            let mut order = self.starts[chunk];
            for position in chunk * SCAN..((chunk + 1) * SCAN).min(self.len) {
                // SAFETY: inside the operand that was counted.
                if unsafe { *x.add(position) } != T::default() {
                    body(position, order);
                    order += 1;
                }
            }
        });
    }
}

/// Copies the elements of `x` where `mask` is true to `out`, in row-major order. All operands contiguous.
///
/// # Safety
/// `nonzero` is the count of this `mask`; `x` has as many elements as it, `out` as many as there are true ones.
pub unsafe fn masked_select(nonzero: &NonZero, mask: In<'_>, x: In<'_>, out: Out<'_>) {
    let size = x.dtype.size();
    // SAFETY: the contract of this function; every element of `out` is written once.
    unsafe {
        let memory = Shared::new((x.ptr, out.ptr));
        nonzero.each::<B8>(mask.ptr.cast(), &|position, order| {
            let (x, out) = memory.get();
            copy_element(size, x.add(position * size), out.add(order * size));
        });
    }
}

/// Overwrites the elements of `x` where `mask` is true by those of `source` in row-major order. All contiguous.
///
/// # Safety
/// `nonzero` is the count of this `mask`; `x` has as many elements as it, `source` at least as many as true ones.
pub unsafe fn masked_scatter(nonzero: &NonZero, mask: In<'_>, source: In<'_>, x: Out<'_>) {
    let size = x.dtype.size();
    // SAFETY: the contract of this function; every element of `x` is written at most once.
    unsafe {
        let memory = Shared::new((source.ptr, x.ptr));
        nonzero.each::<B8>(mask.ptr.cast(), &|position, order| {
            let (source, x) = memory.get();
            copy_element(size, source.add(order * size), x.add(position * size));
        });
    }
}

/// Copies one element of a runtime size; the common sizes are single moves.
///
/// # Safety
/// `size` bytes can be read and written, in any alignment; they do not overlap.
#[inline(always)]
unsafe fn copy_element(size: usize, from: *const u8, to: *mut u8) {
    // SAFETY: the caller's elements.
    unsafe {
        match size {
            4 => *to.cast::<[u8; 4]>() = *from.cast(),
            8 => *to.cast::<[u8; 8]>() = *from.cast(),
            1 => *to = *from,
            other => std::ptr::copy_nonoverlapping(from, to, other),
        }
    }
}

/// Positions of the non-zero elements of a contiguous tensor of `shape`, in row-major order: a contiguous `rank × count`
/// matrix of `i64`.
///
/// # Safety
/// `nonzero` is the count of this `x`; `out` has room for `count · rank` elements.
pub unsafe fn nonzero(nonzero: &NonZero, shape: &[usize], x: In<'_>, out: *mut i64) {
    let rank = shape.len();
    with_element!(x.dtype, T => {
        // SAFETY: the contract of this function; every column of `out` is written once.
        unsafe {
            let memory = Shared::new(out);
            nonzero.each::<T>(x.ptr.cast(), &|position, order| {
                let column = memory.get().add(order);
                let mut rest = position;
                for axis in (0..rank).rev() {
                    *column.add(axis * nonzero.count) = (rest % shape[axis]) as i64;
                    rest /= shape[axis];
                }
            });
        }
    });
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
