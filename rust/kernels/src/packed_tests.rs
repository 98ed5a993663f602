use super::*;
use crate::float::Float;

/// Numbers of which products and their sums are exact, so that every order of summation has the same result.
fn number(i: usize) -> f64 {
    ((i * 7919 + 13) % 17) as f64 - 8.0
}

/// A matrix in memory of its own: transposed, with gaps, backwards.
struct Matrix<T> {
    memory: Vec<T>,
    first: usize,
    rs: isize,
    cs: isize,
}

impl<T: Float> Matrix<T> {
    fn new(rows: usize, columns: usize, layout: usize, value: impl Fn(usize) -> f64) -> Self {
        let gap = if layout & 2 == 0 { 1 } else { 3 };
        let (rs, cs) = if layout & 1 == 0 {
            (columns * gap + layout, gap as isize)
        } else {
            (gap, (rows * gap + layout) as isize)
        };
        let room = rows * rs + columns * cs as usize + 1;
        let mut matrix = Self { memory: vec![T::ZERO; room], first: 0, rs: rs as isize, cs };
        if layout & 4 != 0 {
            matrix.first = (rows - 1) * rs;
            matrix.rs = -(rs as isize);
        }
        for (i, x) in matrix.memory.iter_mut().enumerate() {
            *x = T::from_f64(value(i));
        }
        matrix
    }

    fn at(&self, row: usize, column: usize) -> usize {
        (self.first as isize + row as isize * self.rs + column as isize * self.cs) as usize
    }

    fn view(&self) -> View<T> {
        View { ptr: self.memory[self.first..].as_ptr(), rs: self.rs, cs: self.cs }
    }
}

/// Compares with the definition, element by element, gaps included.
fn check<T: Vector>([m, n, k]: [usize; 3], layouts: [usize; 3], alpha: f64, beta: f64) {
    let a = Matrix::<T>::new(m, k, layouts[0], number);
    let b = Matrix::<T>::new(k, n, layouts[1], |i| number(i + 5));
    let mut c = Matrix::<T>::new(m, n, layouts[2], |i| if beta == 0.0 { f64::NAN } else { number(i + 3) });
    let mut expected = c.memory.clone();
    for i in 0..m {
        for j in 0..n {
            let sum: f64 = (0..k).map(|d| a.memory[a.at(i, d)].to_f64() * b.memory[b.at(d, j)].to_f64()).sum();
            let at = c.at(i, j);
            let old = if beta == 0.0 { 0.0 } else { beta * expected[at].to_f64() };
            expected[at] = T::from_f64(alpha * sum + old);
        }
    }
    let call = Call {
        size: [m, n, k],
        alpha: T::from_f64(alpha),
        a: a.view(),
        b: b.view(),
        beta: T::from_f64(beta),
        c: ViewMut { ptr: c.memory[c.first..].as_mut_ptr(), rs: c.rs, cs: c.cs },
    };
    // SAFETY: matrices of these sizes.
    unsafe { call.run(0) };
    for (at, (x, y)) in c.memory.iter().zip(&expected).enumerate() {
        let same = x.to_f64() == y.to_f64() || x.is_nan() && y.is_nan();
        assert!(same, "{m} {n} {k} {layouts:?} {alpha} {beta} at {at}: {} and not {}", x.to_f64(), y.to_f64());
    }
}

fn check_sizes<T: Vector>() {
    for size in 1..71 {
        let other = |i: usize| 1 + (size * (2 * i + 3) + i) % 70;
        for (i, alpha, beta) in [(0, 1.0, 0.0), (1, 2.0, 1.0), (2, -1.0, 0.5)] {
            let layouts = [(size + i) % 8, (size / 3 + i) % 8, (size / 7 + 3 * i) % 8];
            check::<T>([size, other(i), other(i + 1)], layouts, alpha, beta);
            check::<T>([other(i), size, other(i + 1)], layouts, alpha, beta);
            check::<T>([other(i), other(i + 1), size], layouts, alpha, beta);
        }
    }
}

#[test]
fn products_of_odd_sizes_in_any_layout_are_exact() {
    check_sizes::<f32>();
    check_sizes::<f64>();
}

#[test]
fn blocks_of_depth_rows_and_columns_have_no_seams() {
    for layouts in [[0, 0, 0], [1, 1, 0], [0, 1, 1], [3, 2, 2]] {
        check::<f32>([HEIGHT + 9, 101, DEPTH + 1], layouts, 1.0, 0.0);
        check::<f64>([9, WIDTH + 5, 3], layouts, 1.0, 1.0);
        check::<f64>([FEW_ROWS, 50, 2 * DEPTH + 1], layouts, 2.0, 0.5);
        check::<f32>([FEW_ROWS + 1, 50, NEAR / FEW_ROWS], layouts, 1.0, 0.0);
    }
}

#[test]
fn what_is_not_finite_stays_in_its_row_and_column() {
    let (m, n, k) = (37, 53, 29);
    for bad in [f64::NAN, f64::INFINITY] {
        let (mut a, b) = (vec![1.0f64; m * k], vec![1.0f64; k * n]);
        a[11 * k + 7] = bad;
        let mut c = vec![0.0f64; m * n];
        let view = |x: &[f64], rs: usize| View { ptr: x.as_ptr(), rs: rs as isize, cs: 1 };
        let to = ViewMut { ptr: c.as_mut_ptr(), rs: n as isize, cs: 1 };
        // SAFETY: matrices of these sizes.
        unsafe { Call { size: [m, n, k], alpha: 1.0, a: view(&a, k), b: view(&b, n), beta: 0.0, c: to }.run(0) };
        for (i, &x) in c.iter().enumerate() {
            assert_eq!(x.is_finite(), i / n != 11, "{bad} at {i}");
        }
    }
}
