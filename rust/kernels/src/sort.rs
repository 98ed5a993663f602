//! Sorting along an axis, selection, and what is made of sorted sequences.
//!
//! Operands are contiguous, of any dtype. Elements are compared by an unsigned key in the same order (NaN last, −0
//! equal to 0) that carries its position with it: so every sort is stable and ties go to the lower position.
#![allow(clippy::needless_range_loop, reason = "lanes are indexed in step")]

use super::element::{B8, Element};
use super::float::{Shared, simd};
use super::softmax::AxisSize;
use super::{In, Out, product, require};
use crate::with_element;
use arcgrad_base::parallel;

/// Elements with an order-preserving unsigned key.
pub trait Key: Element {
    /// Unsigned integer in the order of the elements.
    fn key(self) -> u64;
    /// Whether this is NaN.
    fn nan(self) -> bool {
        false
    }
}

macro_rules! integer_keys {
    ($($type:ty),*) => {$(
        impl Key for $type {
            #[inline(always)]
            fn key(self) -> u64 {
                // Signed integers move up by half the range.
                (self as i64 as u64) ^ (1 << 63)
            }
        }
    )*};
}
integer_keys!(u8, i8, i16, i32, i64);

impl Key for B8 {
    #[inline(always)]
    fn key(self) -> u64 {
        u64::from(bool::from(self))
    }
}

macro_rules! float_keys {
    ($($type:ty as $bits:ty),*) => {$(
        impl Key for $type {
            #[inline(always)]
            fn key(self) -> u64 {
                if self.is_nan() {
                    return u64::MAX;
                }
                // Adding 0 turns −0 into 0. Positive numbers order like their bits, negative ones the other way round.
                let bits = (self + 0.0).to_bits();
                let sign: $bits = 1 << (<$bits>::BITS - 1);
                u64::from(if bits & sign == 0 { bits | sign } else { !bits })
            }
            #[inline(always)]
            fn nan(self) -> bool {
                self.is_nan()
            }
        }
    )*};
}
float_keys!(f32 as u32, f64 as u64);

/// Picoseconds per element and comparison level.
const COST: u64 = 2000;
/// Elements per chunk of the parallel loop.
const GRAIN: usize = 1 << 12;

/// A key and where its element was.
type Entry = (u64, usize);

/// Runs `body(line, entries)` for every line along the axis, the entries in the order of the line.
///
/// # Safety
/// `x` has the elements of `size`.
unsafe fn lines<T: Key>(size: AxisSize, descending: bool, x: *const T, body: &(dyn Fn(usize, &mut Vec<Entry>) + Sync)) {
    let AxisSize { outer, len, inner } = size;
    let count = outer * inner;
    let group = (GRAIN / len.max(1)).max(1);
    let levels = u64::from(len.max(2).ilog2());
    let cost = (count as u64).saturating_mul(len as u64).saturating_mul(levels * COST);
    let flip = if descending { u64::MAX } else { 0 };
    // SAFETY: only read.
    let memory = unsafe { Shared::new(x) };
    parallel::run(count.div_ceil(group), cost, &|chunk| {
        let mut entries: Vec<Entry> = Vec::with_capacity(len);
        for line in chunk * group..((chunk + 1) * group).min(count) {
            entries.clear();
            entries.extend((0..len).map(|i| {
                // SAFETY: inside the operand.
                let value = unsafe { *memory.get().add(offset(size, line, i)) };
                (value.key() ^ flip, i)
            }));
            body(line, &mut entries);
        }
    });
}

/// Offset of element `i` of a line, in a tensor whose axis has `size.len` elements.
#[inline(always)]
fn offset(size: AxisSize, line: usize, i: usize) -> usize {
    (line / size.inner * size.len + i) * size.inner + line % size.inner
}

/// Values and positions of a result along an axis; each is written only if given.
pub struct Sorted<'a> {
    /// Elements, of the input's dtype.
    pub values: Option<Out<'a>>,
    /// Positions along the axis, `i64`.
    pub indices: Option<Out<'a>>,
}

impl Sorted<'_> {
    /// The addresses of results with `len` elements along the axis.
    #[track_caller]
    fn pointers<T: Key>(self, size: AxisSize, len: usize) -> Pointers<T> {
        let n = AxisSize { len, ..size }.numel();
        (self.values.map(|values| values.dense(n)), self.indices.map(|indices| indices.dense(n)))
    }
}

/// Where values and positions go.
type Pointers<T> = (Option<*mut T>, Option<*mut i64>);

/// Writes the first `len` entries of a line to a result whose axis has `len` elements.
///
/// # Safety
/// There are so many elements at each address; the entries are those of the line, which nobody else writes.
unsafe fn put<T: Key>(
    size: AxisSize,
    line: usize,
    len: usize,
    entries: &[Entry],
    x: *const T,
    (values, indices): Pointers<T>,
) {
    let result = AxisSize { len, ..size };
    for (i, &(_, from)) in entries[..len].iter().enumerate() {
        let to = offset(result, line, i);
        // SAFETY: inside the operands.
        unsafe {
            if let Some(values) = values {
                *values.add(to) = *x.add(offset(size, line, from));
            }
            if let Some(indices) = indices {
                *indices.add(to) = from as i64;
            }
        }
    }
}

/// Stable sort along the axis. NaN counts as the greatest: last if ascending, first if descending.
///
/// # Panics
/// Where the operands are not dense, of the dtypes and the sizes stated; so in all of these kernels.
pub fn sort(size: AxisSize, descending: bool, x: In<'_>, out: Sorted<'_>) {
    topk(size, size.len, descending, x, out);
}

/// The `k` greatest (or smallest) elements along the axis, sorted; NaN counts as the greatest. The results have `k`
/// elements along the axis, at most as many as there are.
pub fn topk(size: AxisSize, k: usize, largest: bool, x: In<'_>, out: Sorted<'_>) {
    require(k <= size.len, "at most as many elements as there are along the axis");
    with_element!(x.dtype, T => {
        let (x, out) = (x.dense::<T>(size.numel()), out.pointers::<T>(size, k));
        // SAFETY: lines are disjoint.
        let memory = unsafe { Shared::new((x, out)) };
        if size.len <= FEW || k <= FEW {
            let count = size.outer * size.inner;
            let group = (GRAIN / size.len.max(1)).max(1);
            let cost = (count as u64).saturating_mul(size.len as u64).saturating_mul(COST);
            let flip = if largest { u64::MAX } else { 0 };
            return parallel::run(count.div_ceil(group), cost, &|chunk| {
                let (x, out) = memory.get();
                let lines = (chunk * group, count.min((chunk + 1) * group));
                // SAFETY: inside the operands.
                unsafe { select_few(size, k, flip, x, out, lines) };
            });
        }
        let body = |line: usize, entries: &mut Vec<Entry>| {
            if k > 0 && k < entries.len() {
                entries.select_nth_unstable(k - 1);
            }
            entries[..k].sort_unstable();
            let (x, out) = memory.get();
            // SAFETY: inside the operands.
            unsafe { put(size, line, k, entries, x, out) };
        };
        // SAFETY: the operand is of this size.
        unsafe { lines::<T>(size, largest, x, &body) };
    });
}

/// Elements of a line that are sorted by counting for each how many come before it, and elements that are selected from a
/// longer line by keeping those found so far in order: both are loops without the calls and the mispredicted branches of a
/// general sort. (By selection three of 4,096 elements took 15 µs, two and a
/// half times what PyTorch takes. Where the general ways become faster again has not been measured.)
const FEW: usize = 16;

/// Puts the first `k` of `len` elements, at most `L`, in order.
#[inline(always)]
fn by_counting<const L: usize>(len: usize, k: usize, key: impl Fn(usize) -> u64, put: impl Fn(usize, usize)) {
    // What fills the group up comes after all others, as it stands behind them.
    let mut keys = [u64::MAX; L];
    for i in 0..len.min(L) {
        keys[i] = key(i);
    }
    let mut ranks = [0u64; L];
    for i in 0..len.min(L) {
        for l in 0..L {
            ranks[l] += u64::from((keys[i] < keys[l]) | ((keys[i] == keys[l]) & (i < l)));
        }
    }
    // By way of a list: whether an element is one of the first `k` is a branch that is mispredicted.
    let mut order = [0usize; L];
    for i in 0..len.min(L) {
        order[ranks[i] as usize % L] = i;
    }
    for rank in 0..k.min(L) {
        put(rank, order[rank]);
    }
}

simd! {
    /// [`topk`] of some lines where the line or `k` is at most [`FEW`].
    ///
    /// # Safety
    /// The lines are there, and there is room for `k` results of each that nobody else writes.
    #[allow(clippy::too_many_arguments)]
    unsafe fn select_few<T: Key>(
        size: AxisSize, k: usize, flip: u64, x: *const T, out: Pointers<T>, lines: (usize, usize),
    ) {
        // Where a line starts, in a tensor of so many elements along the axis: two divisions take as long as ten elements.
        let start = |line: usize, len: usize| {
            if size.inner == 1 { line * len } else { offset(AxisSize { len, ..size }, line, 0) }
        };
        for line in lines.0..lines.1 {
            let (x, first) = (x.add(start(line, size.len)), start(line, k));
            let key = |i: usize| (*x.add(i * size.inner)).key() ^ flip;
            let put = |rank: usize, from: usize| {
                let to = first + rank * size.inner;
                if let Some(values) = out.0 {
                    *values.add(to) = *x.add(from * size.inner);
                }
                if let Some(indices) = out.1 {
                    *indices.add(to) = from as i64;
                }
            };
            // In as many lanes as are needed: half of the work is a third of the time.
            if size.len <= FEW {
                match size.len {
                    ..=4 => by_counting::<4>(size.len, k, key, put),
                    5..=8 => by_counting::<8>(size.len, k, key, put),
                    _ => by_counting::<FEW>(size.len, k, key, put),
                }
                continue;
            }
            let mut best = [(u64::MAX, usize::MAX); FEW];
            if k == 0 {
                continue;
            }
            // Of equal elements the first stays, so that one that comes later must be less.
            let insert = |best: &mut [Entry; FEW], found: Entry, kept: usize| {
                let mut at = kept;
                while at > 0 && best[at - 1].0 > found.0 {
                    best[at] = best[at - 1];
                    at -= 1;
                }
                best[at] = found;
            };
            for i in 0..k {
                insert(&mut best, (key(i), i), i);
            }
            let mut start = k;
            while start < size.len {
                // Most groups have nothing to insert.
                let end = size.len.min(start + FEW);
                let worst = best[k - 1].0;
                let mut keys = [u64::MAX; FEW];
                if end - start == FEW {
                    for l in 0..FEW {
                        keys[l] = key(start + l);
                    }
                } else {
                    for l in 0..end - start {
                        keys[l] = key(start + l);
                    }
                }
                let mut any = false;
                for l in 0..FEW {
                    any |= keys[l] < worst;
                }
                if any {
                    for l in 0..end - start {
                        if keys[l] < best[k - 1].0 {
                            insert(&mut best, (keys[l], start + l), k - 1);
                        }
                    }
                }
                start = end;
            }
            for rank in 0..k {
                put(rank, best[rank].1);
            }
        }
    }
}

/// Puts the `k`-th smallest entry where it belongs in order: quickselect with Hoare's partition around the median of three.
/// Of equal elements it finds the one that PyTorch's `kthvalue` names, which takes the same steps.
fn quick_select(entries: &mut [Entry], k: usize) {
    let (mut low, mut high) = (0, entries.len() - 1);
    while low < high {
        let sort_two = |entries: &mut [Entry], first: usize, second: usize| {
            if entries[first].0 > entries[second].0 {
                entries.swap(first, second);
            }
        };
        if high == low + 1 {
            return sort_two(entries, low, high);
        }
        // The median of three becomes the pivot at `low`; the other two stop the scans.
        entries.swap(low + (high - low) / 2, low + 1);
        for (first, second) in [(low + 1, high), (low, high), (low + 1, low)] {
            sort_two(entries, first, second);
        }
        let pivot = entries[low].0;
        let (mut left, mut right) = (low + 1, high);
        loop {
            left += 1;
            while entries[left].0 < pivot {
                left += 1;
            }
            right -= 1;
            while entries[right].0 > pivot {
                right -= 1;
            }
            if right < left {
                break;
            }
            entries.swap(left, right);
        }
        entries.swap(low, right);
        if right <= k {
            low = left;
        }
        if right >= k {
            high = right - 1;
        }
    }
}

/// Which element of a line [`rank`] looks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rank {
    /// The one with `k` smaller ones before it; NaN counts as the greatest.
    Kth(usize),
    /// The lower median; the first NaN if there is one.
    Median,
    /// The lower median of what is not NaN; a NaN if there is nothing else.
    NanMedian,
}

/// The element of a given rank along the axis and its position. The results have one element along the axis.
///
/// The axis is not empty and longer than the `k` of [`Rank::Kth`].
pub fn rank(size: AxisSize, rank: Rank, x: In<'_>, out: Sorted<'_>) {
    require(size.len > if let Rank::Kth(k) = rank { k } else { 0 }, "an axis with an element of the rank");
    with_element!(x.dtype, T => {
        let (x, out) = (x.dense::<T>(size.numel()), out.pointers::<T>(size, 1));
        // SAFETY: lines are disjoint.
        let memory = unsafe { Shared::new((x, out)) };
        let body = |line: usize, entries: &mut Vec<Entry>| {
            let (x, out) = memory.get();
            // SAFETY: inside the operand.
            let nan = |entry: &Entry| unsafe { (*x.add(offset(size, line, entry.1))).nan() };
            let k = match rank {
                Rank::Kth(k) => {
                    quick_select(entries, k);
                    // SAFETY: inside the operands.
                    return unsafe { put(size, line, 1, &entries[k..], x, out) };
                }
                Rank::Median => match entries.iter().position(nan) {
                    Some(first) => {
                        entries.swap(0, first);
                        // SAFETY: inside the operands.
                        return unsafe { put(size, line, 1, entries, x, out) };
                    }
                    None => (entries.len() - 1) / 2,
                },
                Rank::NanMedian => entries.iter().filter(|entry| !nan(entry)).count().saturating_sub(1) / 2,
            };
            entries.select_nth_unstable(k);
            // SAFETY: inside the operands.
            unsafe { put(size, line, 1, &entries[k..], x, out) };
        };
        // SAFETY: the operand is of this size.
        unsafe { lines::<T>(size, false, x, &body) };
    });
}

/// The most frequent element along the axis, the least of several, and where it is last. The results have one element
/// along the axis, which is not empty.
pub fn mode(size: AxisSize, x: In<'_>, out: Sorted<'_>) {
    require(size.len > 0, "an axis with elements");
    with_element!(x.dtype, T => {
        let (x, out) = (x.dense::<T>(size.numel()), out.pointers::<T>(size, 1));
        // SAFETY: lines are disjoint.
        let memory = unsafe { Shared::new((x, out)) };
        let body = |line: usize, entries: &mut Vec<Entry>| {
            entries.sort_unstable();
            let longest = entries.chunk_by(|a, b| a.0 == b.0).rev().max_by_key(|run| run.len());
            let last = longest.and_then(<[Entry]>::last).copied();
            let (x, out) = memory.get();
            // SAFETY: inside the operands.
            unsafe { put(size, line, 1, &last.map_or([(0, 0)], |last| [last]), x, out) };
        };
        // SAFETY: the operand is of this size.
        unsafe { lines::<T>(size, false, x, &body) };
    });
}

// ---- unique --------------------------------------------------------------------------------------------------------

/// The runs of equal elements of a sequence.
pub struct Unique {
    /// Positions of all elements, run by run.
    order: Vec<usize>,
    /// Where each run starts in `order`.
    starts: Vec<usize>,
}

/// Groups the equal ones of dense elements: all of them, in ascending order, or with `consecutive` only
/// neighbours, in the order they come. Every NaN is a group of its own; −0 equals 0.
///
/// # Panics
/// Where the elements are not dense.
pub fn unique(consecutive: bool, x: In<'_>) -> Unique {
    with_element!(x.dtype, T => {
        let n = x.numel();
        let x = x.dense::<T>(n);
        // SAFETY: inside the operand.
        let at = |i: usize| unsafe { *x.add(i) };
        let mut entries: Vec<Entry> = (0..n).map(|i| (at(i).key(), i)).collect();
        if !consecutive {
            entries.sort_unstable();
        }
        let starts = (0..n)
            .filter(|&i| i == 0 || entries[i].0 != entries[i - 1].0 || at(entries[i].1).nan())
            .collect();
        Unique { order: entries.into_iter().map(|(_, i)| i).collect(), starts }
    })
}

impl Unique {
    /// Number of groups.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    fn end(&self, group: usize) -> usize {
        self.starts.get(group + 1).copied().unwrap_or(self.order.len())
    }

    /// Writes one element per group to `out`; `x` is what this was made of.
    pub fn values(&self, x: In<'_>, out: Out<'_>) {
        with_element!(x.dtype, T => {
            let (x, out) = (x.dense::<T>(self.order.len()), out.dense::<T>(self.count()));
            for (group, &start) in self.starts.iter().enumerate() {
                // SAFETY: both have so many elements.
                unsafe { *out.add(group) = *x.add(self.order[start]) };
            }
        });
    }

    /// Writes the group of each element.
    pub fn inverse(&self, out: Out<'_>) {
        let out = out.dense::<i64>(self.order.len());
        for group in 0..self.count() {
            for &from in &self.order[self.starts[group]..self.end(group)] {
                // SAFETY: a position among the elements.
                unsafe { *out.add(from) = group as i64 };
            }
        }
    }

    /// Writes the size of each group.
    pub fn counts(&self, out: Out<'_>) {
        let out = out.dense::<i64>(self.count());
        for group in 0..self.count() {
            // SAFETY: one element per group.
            unsafe { *out.add(group) = (self.end(group) - self.starts[group]) as i64 };
        }
    }
}

// ---- search --------------------------------------------------------------------------------------------------------

/// Sizes of a search: `rows` sequences of `len` elements (or one for all, `shared`), `count` values to find in each.
#[derive(Clone, Copy, Debug)]
pub struct SearchSize {
    /// Number of sequences.
    pub rows: usize,
    /// Elements of a sequence.
    pub len: usize,
    /// Values per sequence.
    pub count: usize,
    /// One sequence serves all rows of values.
    pub shared: bool,
}

/// Where each value would be inserted into its ascending sequence: before equal elements, or after them with `right`.
/// NaN stands behind everything else, as it does after sorting.
///
/// `sorter`, if given, holds the order of each sequence, in the sequence's layout.
///
/// # Panics
/// Where the operands are not dense, of one dtype (`i64` for the sorter and the result) and of the sizes stated; where
/// a position in the sorter is none of the sequence.
pub fn searchsorted(
    size: SearchSize,
    right: bool,
    sequence: In<'_>,
    sorter: Option<In<'_>>,
    values: In<'_>,
    out: Out<'_>,
) {
    with_element!(sequence.dtype, T => {
        let all = if size.shared { size.len } else { product(&[size.rows, size.len]) };
        let total = product(&[size.rows, size.count]);
        let (sequence, sorter) = (sequence.dense::<T>(all), sorter.map(|sorter| sorter.dense::<i64>(all)));
        let (values, out) = (values.dense::<T>(total), out.dense::<i64>(total));
        // SAFETY: every value has its own result.
        let memory = unsafe { Shared::new((sequence, sorter, values, out)) };
        let levels = u64::from(size.len.max(2).ilog2());
        parallel::run(total.div_ceil(GRAIN), total as u64 * levels * COST, &|chunk| {
            let (sequence, sorter, values, out) = memory.get();
            for at in chunk * GRAIN..((chunk + 1) * GRAIN).min(total) {
                let first = if size.shared { 0 } else { at / size.count * size.len };
                // SAFETY: inside the operands.
                unsafe {
                    let value = *values.add(at);
                    let (mut low, mut high) = (0, size.len);
                    while low < high {
                        let middle = low + (high - low) / 2;
                        let from = sorter.map_or(middle, |s| *s.add(first + middle) as usize);
                        require(from < size.len, "positions of the sequence in its sorter");
                        let element = *sequence.add(first + from);
                        let stop = if right { element.key() > value.key() } else { element.key() >= value.key() };
                        if stop {
                            high = middle;
                        } else {
                            low = middle + 1;
                        }
                    }
                    *out.add(at) = low as i64;
                }
            }
        });
    });
}

#[cfg(test)]
#[path = "sort_tests.rs"]
mod tests;
