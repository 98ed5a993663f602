use std::num::Wrapping;

use super::*;
use crate::samples::{Random, contiguous, coordinates};

fn input<'a, T: Element>(x: &'a [T], shape: &'a [usize], strides: &'a [isize]) -> In<'a> {
    In { ptr: x.as_ptr().cast(), dtype: T::DTYPE, shape, strides }
}

fn output<'a, T: Element>(x: &'a mut [T], shape: &'a [usize], strides: &'a [isize]) -> Out<'a> {
    Out { ptr: x.as_mut_ptr().cast(), dtype: T::DTYPE, shape, strides }
}

fn offset(index: &[usize], strides: &[isize]) -> usize {
    index.iter().zip(strides).map(|(&i, &s)| i as isize * s).sum::<isize>() as usize
}

/// Random strides for a shape: the axes in any order.
fn shuffled(random: &mut Random, shape: &[usize]) -> Vec<isize> {
    let mut order: Vec<usize> = (0..shape.len()).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    let (mut strides, mut step) = (vec![0; shape.len()], 1);
    for &axis in order.iter().rev() {
        strides[axis] = step as isize;
        step *= shape[axis].max(1);
    }
    strides
}

/// Advanced indexing read and written with 1 to 3 index tensors over random axes, with slices between them.
fn check_advanced<T: Summed + std::fmt::Debug>(seed: u64, value: fn(u64) -> T) {
    let mut random = Random(seed);
    for round in 0..200 {
        let rank = 1 + random.below(4);
        let x_shape: Vec<usize> = (0..rank).map(|_| 1 + random.below(6)).collect();
        let indexed: Vec<bool> = (0..rank).map(|_| random.below(2) == 0).collect();
        let index_rank = if indexed.contains(&true) { random.below(3) } else { 0 };
        let index_shape: Vec<usize> =
            (0..index_rank).map(|_| random.below(if round % 9 == 0 { 40 } else { 5 })).collect();
        // Iteration: index axes first, then the slices.
        let slices: Vec<usize> = (0..rank).filter(|&a| !indexed[a]).collect();
        let shape: Vec<usize> = index_shape.iter().copied().chain(slices.iter().map(|&a| x_shape[a])).collect();
        let x_strides = shuffled(&mut random, &x_shape);
        let x: Vec<T> = (0..x_shape.iter().product()).map(|_| value(random.bits())).collect();
        let walk: Vec<isize> = vec![0; index_rank].into_iter().chain(slices.iter().map(|&a| x_strides[a])).collect();
        let tensors: Vec<(usize, Vec<i64>, Vec<isize>)> = (0..rank)
            .filter(|&a| indexed[a])
            .map(|axis| {
                let size = x_shape[axis] as i64;
                let n = index_shape.iter().product::<usize>().max(1);
                let index = (0..n).map(|_| random.below(2 * size as usize) as i64 - size).collect();
                let mut strides = shuffled(&mut random, &index_shape);
                if index_rank > 0 && random.below(4) == 0 {
                    strides[0] = 0;
                }
                (axis, index, strides)
            })
            .collect();
        let along: Vec<(usize, In<'_>)> =
            tensors.iter().map(|(axis, index, strides)| (*axis, input(index, &index_shape, strides))).collect();
        let indices = Indices { along: &along, start: 0 };
        let target = |at: &[usize]| {
            let mut to = offset(at, &walk);
            for (axis, index, strides) in &tensors {
                let found = index[offset(&at[..index_rank], strides)].rem_euclid(x_shape[*axis] as i64);
                to = (to as isize + found as isize * x_strides[*axis]) as usize;
            }
            to
        };
        let total = shape.iter().product();
        let other_strides = shuffled(&mut random, &shape);
        let values: Vec<T> = (0..total).map(|_| value(random.bits())).collect();
        let mut got = vec![T::default(); total];
        let (mut put, mut added) = (x.clone(), x.clone());
        index_get(input(&x, &x_shape, &x_strides), indices, output(&mut got, &shape, &other_strides)).unwrap();
        let values_in = input(&values, &shape, &other_strides);
        index_put(output(&mut put, &x_shape, &x_strides), indices, values_in, false).unwrap();
        let values_in = input(&values, &shape, &other_strides);
        index_put(output(&mut added, &x_shape, &x_strides), indices, values_in, true).unwrap();
        let (mut expected, mut sums) = (x.clone(), x.clone());
        for at in coordinates(&shape) {
            let (to, from) = (target(&at), offset(&at, &other_strides));
            assert_eq!(got[from], x[to], "round {round}: read at {at:?}");
            expected[to] = values[from];
            sums[to] = sums[to] + values[from];
        }
        assert_eq!(put, expected, "round {round}: last write stays");
        assert_eq!(added, sums, "round {round}: added in row-major order");
    }
}

#[test]
fn advanced_indexing_matches_the_definition_for_every_width() {
    check_advanced::<f32>(1, |b| (b % 1000) as f32 * 0.1);
    check_advanced::<f64>(2, |b| (b % 1000) as f64 * 0.1);
    check_advanced::<Wrapping<i64>>(3, |b| Wrapping(b as i64));
    check_advanced::<Wrapping<i16>>(4, |b| Wrapping(b as i16));
    check_advanced::<Wrapping<u8>>(5, |b| Wrapping(b as u8));
    check_advanced::<B8>(6, |b| B8((b & 1) as u8));
}

#[test]
fn gather_and_scatter_follow_the_axis() {
    let mut random = Random(7);
    for _ in 0..100 {
        let rank = 1 + random.below(3);
        let x_shape: Vec<usize> = (0..rank).map(|_| 1 + random.below(7)).collect();
        let axis = random.below(rank);
        let shape: Vec<usize> =
            (0..rank).map(|a| if a == axis { random.below(9) } else { 1 + random.below(x_shape[a]) }).collect();
        let n = shape.iter().product::<usize>();
        let index: Vec<i64> = (0..n).map(|_| random.below(x_shape[axis]) as i64).collect();
        let x: Vec<f32> = random.units(x_shape.iter().product()).iter().map(|&v| v as f32).collect();
        let src: Vec<f32> = random.units(n).iter().map(|&v| v as f32).collect();
        let (xs, s) = (contiguous(&x_shape), contiguous(&shape));
        let mut out = vec![0f32; n];
        let (mut set, mut added) = (x.clone(), x.clone());
        gather(axis, input(&x, &x_shape, &xs), input(&index, &shape, &s), output(&mut out, &shape, &s)).unwrap();
        scatter(axis, output(&mut set, &x_shape, &xs), input(&index, &shape, &s), input(&src, &shape, &s), false)
            .unwrap();
        scatter(axis, output(&mut added, &x_shape, &xs), input(&index, &shape, &s), input(&src, &shape, &s), true)
            .unwrap();
        let (mut expected, mut sums) = (x.clone(), x.clone());
        for at in coordinates(&shape) {
            let from = offset(&at, &s);
            let mut to = at.clone();
            to[axis] = index[from] as usize;
            let to = offset(&to, &xs);
            assert_eq!(out[from], x[to]);
            expected[to] = src[from];
            sums[to] += src[from];
        }
        assert_eq!((set, added), (expected, sums));
    }
}

#[test]
fn rows_are_selected_and_added_back() {
    let (rows, cols, n) = (50, 70, 900);
    let mut random = Random(8);
    let table: Vec<f64> = random.units(rows * cols);
    let index: Vec<i64> = (0..n).map(|_| random.below(rows) as i64).collect();
    let mut out = vec![0.0; n * cols];
    let (shape, strides) = ([n, cols], [cols as isize, 1]);
    let mut sums = vec![0.0; rows * cols];
    let (whole, count) = ([rows, cols], [n]);
    let at = input(&index, &count, &[1]);
    index_select(0, input(&table, &whole, &strides), at, output(&mut out, &shape, &strides)).unwrap();
    index_add(0, false, output(&mut sums, &whole, &strides), at, input(&out, &shape, &strides), true).unwrap();
    let mut expected = vec![0.0; rows * cols];
    for (j, &row) in index.iter().enumerate() {
        for c in 0..cols {
            assert_eq!(out[j * cols + c], table[row as usize * cols + c]);
            expected[row as usize * cols + c] += out[j * cols + c];
        }
    }
    assert_eq!(sums, expected);
}

#[test]
fn an_index_out_of_range_is_reported_before_anything_is_written() {
    let x = [1.0f32, 2.0, 3.0];
    for (index, wrap, bad) in [([0i64, -3, 2, 3], true, 3), ([0, -4, 9, 0], true, 1), ([0, -1, 2, 3], false, 1)] {
        let (mut memory, mut target, n) = ([7.0f32; 4], x, [4]);
        let (from, at, values) = (input(&x, &[3], &[1]), input(&index, &n, &[1]), [9.0f32; 4]);
        let expected = Err(OutOfRange { position: bad, value: index[bad], axis: 0, size: 3 });
        if wrap {
            let indices = Indices { along: &[(0, at)], start: 0 };
            assert_eq!(index_get(from, indices, output(&mut memory, &n, &[1])), expected);
        }
        let to = output(&mut target, &[3], &[1]);
        assert_eq!(index_add(0, wrap, to, at, input(&values, &n, &[1]), true), expected);
        assert_eq!((memory, target), ([7.0; 4], x));
    }
}

#[test]
fn a_gather_checks_on_the_way_and_reads_the_first_element_instead() {
    let x = [1.0f32, 2.0, 3.0];
    // A group of indices that are looked up together, and some more.
    for bad in [1, 9] {
        for value in [-1, 3, i64::MIN, i64::MAX] {
            let (mut index, mut memory, n) = ([2i64; 11], [7.0f32; 11], [11]);
            index[bad] = value;
            let out = output(&mut memory, &n, &[1]);
            let expected = Err(OutOfRange { position: bad, value, axis: 0, size: 3 });
            assert_eq!(gather(0, input(&x, &[3], &[1]), input(&index, &n, &[1]), out), expected);
            let mut read = [3.0; 11];
            read[bad] = 1.0;
            assert_eq!(memory, read);
        }
    }
}

#[test]
fn masks_select_and_scatter_in_row_major_order() {
    let mut random = Random(9);
    for n in [0, 1, 7, 1000, 2 * SCAN + 13] {
        let mask: Vec<B8> = (0..n).map(|_| B8(if random.below(3) == 0 { 2 } else { 0 })).collect();
        let x: Vec<i16> = (0..n).map(|i| i as i16).collect();
        let places: Vec<usize> = (0..n).filter(|&i| mask[i].0 != 0).collect();
        let shape = [n];
        let vector = |x| input(x, &shape, &[1]);
        let counted = count_nonzero(input(&mask, &shape, &[1]));
        assert_eq!(counted.count(), places.len());
        let found = [places.len()];
        let mut out = vec![0i16; places.len()];
        counted.select(vector(&x), output(&mut out, &found, &[1]));
        assert!(out.iter().zip(&places).all(|(&v, &p)| v == x[p]));
        let source: Vec<i16> = (0..places.len()).map(|i| -(i as i16)).collect();
        let mut target = x.clone();
        counted.scatter(input(&source, &found, &[1]), output(&mut target, &shape, &[1]));
        let mut expected = x.clone();
        for (order, &place) in places.iter().enumerate() {
            expected[place] = source[order];
        }
        assert_eq!(target, expected);
    }
}

#[test]
fn nonzero_lists_positions_and_counts_nan() {
    let x = [0.0f64, f64::NAN, -0.0, 2.0, 0.0, -1.0];
    let mut out = [-1i64; 6];
    let counted = count_nonzero(input(&x, &[2, 3], &[3, 1]));
    assert_eq!(counted.count(), 3);
    counted.positions(output(&mut out, &[2, 3], &[3, 1]));
    // The rows, then the columns.
    assert_eq!(out, [0, 1, 1, 1, 0, 2]);
}

#[test]
fn any_number_of_threads_adds_duplicates_in_the_same_order() {
    let (rows, cols, n) = (7, 300, 2000);
    let mut random = Random(10);
    let src: Vec<f32> = random.units(n * cols).iter().map(|&v| v as f32).collect();
    let index: Vec<i64> = (0..n).map(|_| random.below(rows) as i64).collect();
    let strides = [cols as isize, 1];
    let results = [1, 2, 5].map(|threads| {
        parallel::set_num_threads(threads);
        let mut sums = vec![0f32; rows * cols];
        let (shape, whole) = ([n, cols], [rows, cols]);
        let (to, from) = (output(&mut sums, &whole, &strides), input(&src, &shape, &strides));
        index_add(0, false, to, input(&index, &[n], &[1]), from, true).unwrap();
        sums.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
    });
    assert!(results[0] == results[1] && results[0] == results[2]);
}
