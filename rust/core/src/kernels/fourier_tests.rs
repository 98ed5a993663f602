use super::*;
use crate::kernels::samples::Random;

type C = Complex<f64>;

fn numbers(random: &mut Random, n: usize) -> Vec<f64> {
    random.units(n)
}

/// Σ x e^(±2πi jk/n), term by term.
fn sums(sign: Sign, x: &[C]) -> Vec<C> {
    let n = x.len();
    let direction = if sign == Sign::Plus { 1.0 } else { -1.0 };
    let bin = |k: usize| {
        x.iter().enumerate().fold(C::new(0.0, 0.0), |sum, (j, x)| {
            let angle = direction * std::f64::consts::TAU * (j * k % n) as f64 / n as f64;
            let (sine, cosine) = angle.sin_cos();
            C::new(sum.re + x.re * cosine - x.im * sine, sum.im + x.re * sine + x.im * cosine)
        })
    };
    (0..n).map(bin).collect()
}

fn assert_near(found: &[C], wanted: &[C]) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!((a.re - b.re).abs() < 1e-11 && (a.im - b.im).abs() < 1e-11, "{a:?}, not {b:?}");
    }
}

fn transformed(sign: Sign, scale: f64, x: &[C], shape: &[usize; 2]) -> Vec<C> {
    let strides = [shape[1] as isize, 1];
    let mut y = vec![C::default(); x.len()];
    complex(sign, scale, In::of(x, shape, &strides), Out::of(&mut y, shape, &strides));
    y
}

#[test]
fn complex_transforms_of_any_length_are_the_sums() {
    let mut random = Random(1);
    for n in [1, 2, 3, 4, 5, 7, 8, 12, 17, 30, 64, 97, 100] {
        for sign in [Sign::Minus, Sign::Plus] {
            let parts = numbers(&mut random, 6 * n);
            let x: Vec<C> = parts.chunks(2).map(|pair| C::new(pair[0], pair[1])).collect();
            let wanted: Vec<C> = x.chunks(n).flat_map(|line| sums(sign, line)).collect();
            assert_near(&transformed(sign, 1.0, &x, &[3, n]), &wanted);
            let halved: Vec<C> = wanted.iter().map(|x| C::new(0.5 * x.re, 0.5 * x.im)).collect();
            assert_near(&transformed(sign, 0.5, &x, &[3, n]), &halved);
        }
    }
}

fn bins_of(sign: Sign, mirrored: Mirrored, x: &[f64], n: usize) -> Vec<C> {
    let bins = n / 2 + 1;
    let lines = x.len() / n;
    let mut y = vec![C::default(); lines * bins];
    let (from, to) = ([n as isize, 1], [bins as isize, 1]);
    from_real(sign, mirrored, 1.0, In::of(x, &[lines, n], &from), Out::of(&mut y, &[lines, bins], &to));
    y
}

fn reals_of(sign: Sign, mirrored: Mirrored, y: &[C], n: usize) -> Vec<f64> {
    let bins = n / 2 + 1;
    let lines = y.len() / bins;
    let mut x = vec![0.0; lines * n];
    let (from, to) = ([bins as isize, 1], [n as isize, 1]);
    to_real(sign, mirrored, 1.0, In::of(y, &[lines, bins], &from), Out::of(&mut x, &[lines, n], &to));
    x
}

#[test]
fn real_transforms_are_half_of_the_complex_ones_and_go_back() {
    let mut random = Random(2);
    for n in [1, 2, 3, 4, 5, 8, 9, 15, 16, 97] {
        for sign in [Sign::Minus, Sign::Plus] {
            let x = numbers(&mut random, 2 * n);
            let bins = bins_of(sign, Mirrored::Both, &x, n);
            let half = |line: &[f64]| {
                let line: Vec<C> = line.iter().map(|&x| C::new(x, 0.0)).collect();
                sums(sign, &line)[..n / 2 + 1].to_vec()
            };
            let wanted: Vec<C> = x.chunks(n).flat_map(half).collect();
            assert_near(&bins, &wanted);
            let back = reals_of(sign.flipped(), Mirrored::Both, &bins, n);
            for (a, b) in back.iter().zip(&x) {
                assert!((a / n as f64 - b).abs() < 1e-12, "{a} / {n}, not {b}");
            }
        }
    }
}

/// ⟨F x, y⟩ = ⟨x, F* y⟩ over the reals, which gradients rest on.
#[test]
fn folded_transforms_are_the_adjoints() {
    let mut random = Random(3);
    for n in [1, 2, 3, 6, 7, 10] {
        for (sign, mirrored) in [(Sign::Minus, Mirrored::Both), (Sign::Plus, Mirrored::Folded)] {
            let x = numbers(&mut random, n);
            let y: Vec<C> =
                numbers(&mut random, 2 * (n / 2 + 1)).chunks(2).map(|pair| C::new(pair[0], pair[1])).collect();
            let bins = bins_of(sign, mirrored, &x, n);
            let reals = reals_of(sign.flipped(), mirrored.adjoint(), &y, n);
            let left: f64 = bins.iter().zip(&y).map(|(a, b)| a.re * b.re + a.im * b.im).sum();
            let right: f64 = x.iter().zip(&reals).map(|(a, b)| a * b).sum();
            assert!((left - right).abs() < 1e-12, "{n}: {left}, not {right}");
        }
    }
}

#[test]
fn many_lengths_do_not_keep_all_plans() {
    for n in 1..2 * PLANS {
        let x = vec![C::new(1.0, 0.0); n];
        let y = transformed(Sign::Minus, 1.0, &x, &[1, n]);
        assert!((y[0].re - n as f64).abs() < 1e-9);
    }
    assert!(f64::plans().lock().made.len() <= PLANS);
}
