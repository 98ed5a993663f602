//! Loops over one contiguous line of any length, by groups of a constant number of lanes.
//!
//! The rest of a line is no loop over single elements, which would take as long as many groups where each has an
//! exponential: a group is masked. In a line of at least a group it is the last [`GROUP`] elements, some of which have been
//! seen; a shorter line is copied into one. The functions are to be used in a dispatched region.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use super::float::{Float, group_done, lane_sum, lane_sums, settled};

/// Lanes of a group: the widest registers hold this many 4-byte elements.
pub const GROUP: usize = 16;

/// Groups that are folded side by side in a long line, so that none waits for its last addition.
const SIDE_BY_SIDE: usize = 4;

/// A group of elements from `x` on.
///
/// # Safety
/// They can be read.
#[inline(always)]
pub unsafe fn group<T: Float>(x: *const T) -> [T; GROUP] {
    // SAFETY: as promised by the caller.
    unsafe { x.cast::<[T; GROUP]>().read_unaligned() }
}

/// The elements of a line shorter than a group, and `fill`.
///
/// # Safety
/// `len` elements, fewer than a group, can be read from `x` on.
#[inline(always)]
unsafe fn padded<T: Float>(x: *const T, len: usize, fill: T) -> [T; GROUP] {
    let mut group = [fill; GROUP];
    for i in 0..len.min(GROUP) {
        // SAFETY: as promised by the caller.
        group[i] = unsafe { *x.add(i) };
    }
    group
}

/// Lanes of a group that count (1) and that do not (0), to be loaded from: a comparison of each lane's number with how
/// many there are is no vector.
static LANES: [u8; 3 * GROUP] = {
    let mut lanes = [0; 3 * GROUP];
    let mut l = GROUP;
    while l < 2 * GROUP {
        lanes[l] = 1;
        l += 1;
    }
    lanes
};

/// The first `count` lanes of a group.
#[inline(always)]
fn first_lanes(count: usize) -> [u8; GROUP] {
    let start = 2 * GROUP - count.min(GROUP);
    // SAFETY: within the table.
    unsafe { LANES.as_ptr().add(start).cast::<[u8; GROUP]>().read() }
}

/// The last `count` lanes of a group.
#[inline(always)]
fn last_lanes(count: usize) -> [u8; GROUP] {
    // SAFETY: within the table.
    unsafe { LANES.as_ptr().add(count.min(GROUP)).cast::<[u8; GROUP]>().read() }
}

/// The greatest element of a line; NaNs are passed over. −∞ where there is none.
///
/// # Safety
/// `len` elements can be read from `x` on.
#[inline(always)]
pub unsafe fn max<T: Float>(x: *const T, len: usize) -> T {
    let greater = |a: T, b: T| if b > a { b } else { a };
    let mut most = [T::NEG_INFINITY; GROUP];
    let mut take = |group: [T; GROUP]| (0..GROUP).for_each(|l| most[l] = greater(most[l], group[l]));
    // SAFETY: groups within the line.
    unsafe {
        if len < GROUP {
            take(padded(x, len, T::NEG_INFINITY));
        } else {
            const WIDE: usize = GROUP * SIDE_BY_SIDE;
            let wide = len / WIDE * WIDE;
            if wide > 0 {
                let mut lanes = [T::NEG_INFINITY; WIDE];
                for start in (0..wide).step_by(WIDE) {
                    let values = x.add(start).cast::<[T; WIDE]>().read_unaligned();
                    for l in 0..WIDE {
                        lanes[l] = greater(lanes[l], values[l]);
                    }
                    group_done();
                }
                for part in lanes.as_chunks::<GROUP>().0 {
                    take(*part);
                }
            }
            let mut at = wide;
            while at + GROUP <= len {
                take(group(x.add(at)));
                at += GROUP;
                group_done();
            }
            if at < len {
                take(group(x.add(len - GROUP)));
            }
        }
    }
    let mut most = settled(most);
    let mut width = GROUP;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            most[l] = greater(most[l], most[l + width]);
        }
    }
    most[0]
}

/// Sum over a line of what `term` makes of the elements of `N` operands, with a fixed tree; where there is an `out`, the
/// terms are written there, which may be exactly an operand.
///
/// # Safety
/// `len` elements can be read from each operand and written from `out` on.
#[inline(always)]
pub unsafe fn sum<T: Float, const N: usize>(
    operands: [*const T; N],
    len: usize,
    term: impl Fn([T; N]) -> T,
    out: Option<*mut T>,
) -> T {
    let terms = |groups: [[T; GROUP]; N]| {
        let mut terms = [T::ZERO; GROUP];
        for l in 0..GROUP {
            terms[l] = term(std::array::from_fn(|k| groups[k][l]));
        }
        terms
    };
    // SAFETY: groups within the line.
    unsafe {
        if len < GROUP {
            let mut terms = terms(operands.map(|x| padded(x, len, T::ONE)));
            let shown = first_lanes(len);
            for l in 0..GROUP {
                terms[l] = if shown[l] != 0 { terms[l] } else { T::ZERO };
            }
            if let Some(out) = out {
                store(&terms, out, len);
            }
            return lane_sum(terms);
        }
        let at = |start: usize| operands.map(|x| group(x.add(start)));
        let rest = len % GROUP;
        // Before anything is written, which may be an operand.
        let last = if rest > 0 { terms(at(len - GROUP)) } else { [T::ZERO; GROUP] };
        let put = |start: usize, values: [T; GROUP]| {
            if let Some(out) = out {
                out.add(start).cast::<[T; GROUP]>().write_unaligned(values);
            }
        };
        let mut sums = [[T::ZERO; GROUP]; SIDE_BY_SIDE];
        let groups = len / GROUP;
        let long = groups / SIDE_BY_SIDE * SIDE_BY_SIDE;
        for first in (0..long).step_by(SIDE_BY_SIDE) {
            for v in 0..SIDE_BY_SIDE {
                let start = (first + v) * GROUP;
                let values = terms(at(start));
                put(start, values);
                for l in 0..GROUP {
                    sums[v][l] += values[l];
                }
            }
            group_done();
        }
        let mut total = [T::ZERO; GROUP];
        for l in 0..GROUP {
            total[l] = (sums[0][l] + sums[1][l]) + (sums[2][l] + sums[3][l]);
        }
        for number in long..groups {
            let values = terms(at(number * GROUP));
            put(number * GROUP, values);
            for l in 0..GROUP {
                total[l] += values[l];
            }
            group_done();
        }
        if rest > 0 {
            put(len - GROUP, last);
            let shown = last_lanes(rest);
            for l in 0..GROUP {
                total[l] += if shown[l] != 0 { last[l] } else { T::ZERO };
            }
        }
        lane_sum(total)
    }
}

/// Sums in `f64` over a line of the `K` numbers that `terms` makes of the elements of `N` operands, with a fixed tree.
///
/// # Safety
/// `len` elements can be read from each operand.
#[inline(always)]
pub unsafe fn wide_sums<T: Float, const N: usize, const K: usize>(
    operands: [*const T; N],
    len: usize,
    terms: impl Fn([T; N]) -> [f64; K],
) -> [f64; K] {
    /// Lanes that are summed side by side: four registers per sum.
    const WIDE: usize = 2 * GROUP;
    // Adds the terms of those lanes that are `shown`.
    let add = |sums: &mut [[f64; GROUP]; K], groups: [[T; GROUP]; N], shown: [u8; GROUP]| {
        for l in 0..GROUP {
            let terms = terms(std::array::from_fn(|n| groups[n][l]));
            for k in 0..K {
                sums[k][l] += if shown[l] != 0 { terms[k] } else { 0.0 };
            }
        }
    };
    let mut total = [[0.0; GROUP]; K];
    // SAFETY: groups within the line.
    unsafe {
        if len < GROUP {
            add(&mut total, operands.map(|x| padded(x, len, T::ONE)), first_lanes(len));
            return lane_sums(total);
        }
        let long = len / WIDE * WIDE;
        if long > 0 {
            let mut wide = [[0.0; WIDE]; K];
            for start in (0..long).step_by(WIDE) {
                let values = operands.map(|x| x.add(start).cast::<[T; WIDE]>().read_unaligned());
                for l in 0..WIDE {
                    let terms = terms(std::array::from_fn(|n| values[n][l]));
                    for k in 0..K {
                        wide[k][l] += terms[k];
                    }
                }
                group_done();
            }
            for k in 0..K {
                let lanes = settled(wide[k]);
                for l in 0..GROUP {
                    total[k][l] = lanes[l] + lanes[l + GROUP];
                }
            }
        }
        if long + GROUP <= len {
            add(&mut total, operands.map(|x| group(x.add(long))), first_lanes(GROUP));
        }
        if !len.is_multiple_of(GROUP) {
            add(&mut total, operands.map(|x| group(x.add(len - GROUP))), last_lanes(len % GROUP));
        }
    }
    lane_sums(total)
}

/// Writes what `f` makes of the elements of `N` operands to `out`, which may be exactly an operand.
///
/// # Safety
/// `len` elements can be read from each operand and written from `out` on.
#[inline(always)]
pub unsafe fn map<T: Float, const N: usize>(operands: [*const T; N], len: usize, f: impl Fn([T; N]) -> T, out: *mut T) {
    // SAFETY: as promised by the caller.
    unsafe { maps(operands, len, |values| [f(values)], [out]) }
}

/// [`map`] with `M` outputs, each of which may be exactly an operand.
///
/// # Safety
/// As there; the outputs are apart.
#[inline(always)]
pub unsafe fn maps<T: Float, const N: usize, const M: usize>(
    operands: [*const T; N],
    len: usize,
    f: impl Fn([T; N]) -> [T; M],
    outs: [*mut T; M],
) {
    let results = |groups: [[T; GROUP]; N]| {
        let mut results = [[T::ZERO; GROUP]; M];
        for l in 0..GROUP {
            let values = f(std::array::from_fn(|k| groups[k][l]));
            for m in 0..M {
                results[m][l] = values[m];
            }
        }
        results
    };
    // SAFETY: groups within the line.
    unsafe {
        if len < GROUP {
            let results = results(operands.map(|x| padded(x, len, T::ONE)));
            for m in 0..M {
                store(&results[m], outs[m], len);
            }
            return;
        }
        let at = |start: usize| operands.map(|x| group(x.add(start)));
        let put = |start: usize, results: [[T; GROUP]; M]| {
            for m in 0..M {
                outs[m].add(start).cast::<[T; GROUP]>().write_unaligned(results[m]);
            }
        };
        let rest = len % GROUP;
        // Before anything is written, which may be an operand.
        let last = if rest > 0 { results(at(len - GROUP)) } else { [[T::ZERO; GROUP]; M] };
        for start in (0..len - rest).step_by(GROUP) {
            put(start, results(at(start)));
            group_done();
        }
        if rest > 0 {
            put(len - GROUP, last);
        }
    }
}

/// The first `len` lanes of a group.
///
/// # Safety
/// So many elements, fewer than a group, can be written from `out` on.
#[inline(always)]
unsafe fn store<T: Float>(group: &[T; GROUP], out: *mut T, len: usize) {
    for i in 0..len.min(GROUP) {
        // SAFETY: as promised by the caller.
        unsafe { *out.add(i) = group[i] };
    }
}

/// Turns `lines` lines of `len` elements into `len` rows of `L` lanes.
///
/// # Safety
/// The lines, at most `L`, can be read from `x` on; `tile` has room for `len * L` elements.
#[inline(always)]
pub unsafe fn across<T: Float, const L: usize>(x: *const T, lines: usize, len: usize, tile: *mut T) {
    for line in 0..lines.min(L) {
        for i in 0..len {
            // SAFETY: as promised by the caller.
            unsafe { *tile.add(i * L + line) = *x.add(line * len + i) };
        }
    }
}

/// As many lanes of a tile of `len` rows of `L` as are worked on for so many lines: whole groups. Those beyond the lines get
/// zeros.
///
/// # Safety
/// As for [`across`].
#[inline(always)]
pub unsafe fn lanes<T: Float, const L: usize>(lines: usize, len: usize, tile: *mut T) -> usize {
    let lanes = lines.next_multiple_of(GROUP).min(L);
    for i in 0..len {
        for lane in lines..lanes {
            // SAFETY: as promised by the caller.
            unsafe { *tile.add(i * L + lane) = T::ZERO };
        }
    }
    lanes
}

/// The reverse of [`across`].
///
/// # Safety
/// As there: `tile` can be read, and the lines written from `y` on.
#[inline(always)]
pub unsafe fn along<T: Float, const L: usize>(tile: *const T, lines: usize, len: usize, y: *mut T) {
    for line in 0..lines.min(L) {
        for i in 0..len {
            // SAFETY: as promised by the caller.
            unsafe { *y.add(line * len + i) = *tile.add(i * L + line) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Random;

    #[test]
    fn lines_of_any_length() {
        for len in 0..200 {
            let x: Vec<f64> = Random(len as u64 + 1).units(len);
            let doubled: Vec<f64> = x.iter().map(|x| 2.0 * x + 1.0).collect();
            let term = |[x]: [f64; 1]| 2.0 * x + 1.0;
            // SAFETY: slices of `len` elements.
            unsafe {
                let [twice] = wide_sums([x.as_ptr()], len, |[x]| [2.0 * x]);
                assert!((twice - 2.0 * x.iter().sum::<f64>()).abs() < 1e-12 * (len + 1) as f64, "{len}: {twice}");
                assert_eq!(max(x.as_ptr(), len), x.iter().copied().fold(f64::NEG_INFINITY, f64::max), "{len}");
                for in_place in [false, true] {
                    let (mut y, mut z) = (vec![f64::NAN; len], vec![f64::NAN; len]);
                    let mut from = x.clone();
                    if in_place {
                        (y, z) = (x.clone(), x.clone());
                        from.clear();
                    }
                    let source = |own: *mut f64| if in_place { own.cast_const() } else { from.as_ptr() };
                    let out = y.as_mut_ptr();
                    let total = sum([source(out)], len, term, Some(out));
                    assert!((total - doubled.iter().sum::<f64>()).abs() < 1e-12 * (len + 1) as f64, "{len}: {total}");
                    assert_eq!(y, doubled);
                    let out = z.as_mut_ptr();
                    map([source(out)], len, term, out);
                    assert_eq!(z, doubled);
                }
            }
        }
    }

    #[test]
    fn a_tile_and_back() {
        let x: Vec<f32> = (0..9 * 5).map(|i| i as f32).collect();
        let (mut tile, mut y) = ([f32::NAN; 5 * 16], [0.0f32; 9 * 5]);
        // SAFETY: nine lines of five elements.
        unsafe {
            across::<_, 16>(x.as_ptr(), 9, 5, tile.as_mut_ptr());
            along::<_, 16>(tile.as_ptr(), 9, 5, y.as_mut_ptr());
        }
        assert_eq!(x, y);
        assert_eq!(tile[16 + 2], 11.0);
    }
}
