use super::*;
use crate::samples::{Random, input, output};
use std::cmp::Ordering;

/// The order of the elements, NaN last.
fn compare<T: Key + PartialOrd>(a: &T, b: &T) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| a.nan().cmp(&b.nan()))
}

fn same<T: Key>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || (a.nan() && b.nan()))
}

fn check<T: Key + PartialOrd + std::fmt::Debug>(seed: u64, value: fn(&mut Random) -> T) {
    let mut random = Random(seed);
    for (outer, len, inner) in [(1, 50, 1), (3, 17, 4), (2, 1, 3), (2, 0, 3), (5, 9000, 1), (0, 4, 1)] {
        let size = AxisSize { outer, len, inner };
        let x: Vec<T> = (0..outer * len * inner).map(|_| value(&mut random)).collect();
        let k = random.below(len + 1);
        for descending in [false, true] {
            let order = |a: &T, b: &T| if descending { compare(b, a) } else { compare(a, b) };
            let (mut values, mut indices) = (x.clone(), vec![-1i64; x.len()]);
            let mut top_values = vec![T::default(); outer * k * inner];
            let mut top_indices = vec![-1i64; top_values.len()];
            let out = Sorted { values: Some(output(&mut values)), indices: Some(output(&mut indices)) };
            sort(size, descending, input(&x), out);
            let out = Sorted { values: Some(output(&mut top_values)), indices: Some(output(&mut top_indices)) };
            topk(size, k, descending, input(&x), out);
            for line in 0..outer * inner {
                let from: Vec<T> = (0..len).map(|i| x[offset(size, line, i)]).collect();
                let mut expected: Vec<usize> = (0..len).collect();
                expected.sort_by(|&a, &b| order(&from[a], &from[b]));
                let got: Vec<usize> = (0..len).map(|i| indices[offset(size, line, i)] as usize).collect();
                assert_eq!(got, expected, "stable order");
                let sorted: Vec<T> = (0..len).map(|i| values[offset(size, line, i)]).collect();
                assert!(same(&sorted, &expected.iter().map(|&i| from[i]).collect::<Vec<_>>()), "{sorted:?}");
                let top = AxisSize { len: k, ..size };
                for (i, &from) in expected[..k].iter().enumerate() {
                    assert_eq!(top_indices[offset(top, line, i)], from as i64, "topk");
                    assert!(same(&[top_values[offset(top, line, i)]], &[x[offset(size, line, from)]]));
                }
                if !descending && len > 0 {
                    let mut got = [-1i64];
                    let line = AxisSize { outer: 1, len, inner: 1 };
                    let out = Sorted { values: None, indices: Some(output(&mut got)) };
                    rank(line, Rank::Kth(len / 3), input(&from), out);
                    // Which of equal elements it is, `kthvalue`'s own steps decide.
                    let (got, wanted) = (&from[got[0] as usize], &from[expected[len / 3]]);
                    assert!(order(got, wanted).is_eq(), "kth value: {got:?} for {wanted:?}");
                }
            }
        }
    }
}

#[test]
fn lines_of_every_dtype_are_sorted_stably() {
    check::<f32>(71, |r| [f32::NAN, 0.0, -0.0, f32::INFINITY, r.unit() as f32, -1.5, 2.0][r.below(7)]);
    check::<f64>(72, |r| [f64::NAN, -0.0, 0.0, f64::NEG_INFINITY, r.unit(), -1e-310, 3.0][r.below(7)]);
    check::<i64>(73, |r| [i64::MIN, i64::MAX, -1, 0, r.bits() as i64][r.below(5)]);
    check::<i32>(74, |r| r.bits() as i32);
    check::<i16>(75, |r| r.bits() as i16);
    check::<i8>(76, |r| r.bits() as i8);
    check::<u8>(77, |r| r.bits() as u8);
}

#[test]
fn truth_values_are_sorted_by_what_they_mean() {
    let x = [B8(2), B8(0), B8(1), B8(0)];
    let mut indices = [0i64; 4];
    let out = Sorted { values: None, indices: Some(output(&mut indices)) };
    sort(AxisSize { outer: 1, len: 4, inner: 1 }, false, input(&x), out);
    assert_eq!(indices, [1, 3, 0, 2]);
}

#[test]
fn medians_treat_nan_as_pytorch_does() {
    const NAN: f64 = f64::NAN;
    let cases: [(&[f64], Rank, f64, i64); 5] = [
        (&[3.0, NAN, 1.0, NAN], Rank::Median, NAN, 1),
        (&[3.0, NAN, 1.0, NAN], Rank::NanMedian, 1.0, 2),
        (&[NAN, NAN], Rank::NanMedian, NAN, 0),
        (&[4.0, 1.0, 3.0, 2.0], Rank::Median, 2.0, 3),
        (&[1.0, 2.0, 2.0, NAN], Rank::Kth(3), NAN, 3),
    ];
    for (x, which, value, index) in cases {
        let (mut got, mut at) = ([0.0], [-1i64]);
        let out = Sorted { values: Some(output(&mut got)), indices: Some(output(&mut at)) };
        rank(AxisSize { outer: 1, len: x.len(), inner: 1 }, which, input(x), out);
        assert!(same(&got, &[value]) && at == [index], "{x:?} {which:?}: {got:?} at {at:?}");
    }
}

#[test]
fn unique_groups_equal_elements() {
    const NAN: f32 = f32::NAN;
    let x = [2.0f32, NAN, -0.0, 2.0, 0.0, NAN, 2.0, 2.0];
    type Case<'a> = (bool, &'a [f32], &'a [i64], &'a [i64]);
    let cases: [Case<'_>; 2] = [
        (false, &[0.0, 2.0, NAN, NAN], &[1, 2, 0, 1, 0, 3, 1, 1], &[2, 4, 1, 1]),
        (true, &[2.0, NAN, 0.0, 2.0, 0.0, NAN, 2.0], &[0, 1, 2, 3, 4, 5, 6, 6], &[1, 1, 1, 1, 1, 1, 2]),
    ];
    for (consecutive, values, inverse, counts) in cases {
        let groups = unique(consecutive, input(&x));
        let mut got = (vec![0f32; groups.count()], vec![0i64; x.len()], vec![0i64; groups.count()]);
        groups.values(input(&x), output(&mut got.0));
        groups.inverse(output(&mut got.1));
        groups.counts(output(&mut got.2));
        assert!(same(&got.0, values), "{:?}", got.0);
        assert_eq!((&got.1[..], &got.2[..]), (inverse, counts));
        assert_eq!(unique(consecutive, input::<f32>(&[])).count(), 0);
    }
}

#[test]
fn searches_find_the_insertion_point() {
    let mut random = Random(78);
    let (rows, len, count) = (3, 20, 40);
    for shared in [false, true] {
        let mut sequence: Vec<i32> = (0..rows * len).map(|_| random.below(12) as i32).collect();
        let order: Vec<i64> = (0..rows * len).map(|i| (len - 1 - i % len) as i64).collect();
        sequence.chunks_mut(len).for_each(<[i32]>::sort_unstable);
        let values: Vec<i32> = (0..rows * count).map(|_| random.below(14) as i32 - 1).collect();
        let reversed: Vec<i32> = sequence.chunks(len).flat_map(|row| row.iter().rev().copied()).collect();
        for right in [false, true] {
            let size = SearchSize { rows, len, count, shared };
            let (mut out, mut by_order) = (vec![-1i64; values.len()], vec![-1i64; values.len()]);
            let first = if shared { 0..len } else { 0..rows * len };
            let (ordered, backwards) = (input(&sequence[first.clone()]), input(&reversed[first.clone()]));
            searchsorted(size, right, ordered, None, input(&values), output(&mut out));
            let sorter = Some(input(&order[first]));
            searchsorted(size, right, backwards, sorter, input(&values), output(&mut by_order));
            for (at, &v) in values.iter().enumerate() {
                let row = &sequence[if shared { 0 } else { at / count * len }..][..len];
                let expected = row.partition_point(|&e| if right { e <= v } else { e < v });
                assert_eq!((out[at], by_order[at]), (expected as i64, expected as i64));
            }
        }
    }
}

#[test]
fn a_search_finds_nan_behind_everything_else() {
    let sequence = [1.0f32, 2.0, f32::NAN, f32::NAN];
    let size = SearchSize { rows: 1, len: 4, count: 3, shared: false };
    for (right, expected) in [(false, [2, 2, 1]), (true, [4, 2, 2])] {
        let mut out = [-1i64; 3];
        searchsorted(size, right, input(&sequence), None, input(&[f32::NAN, 3.0, 2.0]), output(&mut out));
        assert_eq!(out, expected);
    }
}
