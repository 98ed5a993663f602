use super::*;
use crate::samples::{Random, assert_all_near, assert_near, input, output};

const NONE: Reduction = Reduction::None;

/// Losses, and the gradient to the input for the cotangents `g` (one per target, or one for all).
struct Expected {
    losses: Vec<f64>,
    total: f64,
    dx: Vec<f64>,
}

fn naive(size: NllSize, x: &[f64], class: &[i64], weight: &[f64], ignore: i64, mean: bool, g: &[f64]) -> Expected {
    let weights: Vec<f64> = class.iter().map(|&t| if t == ignore { 0.0 } else { weight[t as usize] }).collect();
    let total = weights.iter().sum();
    let (mut losses, mut dx) = (vec![0.0; class.len()], vec![0.0; x.len()]);
    for (at, &t) in class.iter().enumerate() {
        if t != ignore {
            let from = (at / size.inner * size.classes + t as usize) * size.inner + at % size.inner;
            losses[at] = -weights[at] * x[from];
            dx[from] -= weights[at] * g[at % g.len()] / if mean { total } else { 1.0 };
        }
    }
    Expected { losses, total, dx }
}

#[test]
fn losses_and_gradients_match_the_definition() {
    let mut random = Random(41);
    for (n, classes, inner) in [(5, 3, 1), (4, 7, 6), (1, 1, 1), (3000, 10, 2), (0, 4, 1)] {
        let size = NllSize { n, classes, inner };
        let x = random.units(n * classes * inner);
        let ignore = -100;
        let class: Vec<i64> =
            (0..n * inner).map(|_| if random.below(5) == 0 { ignore } else { random.below(classes) as i64 }).collect();
        let weight: Vec<f64> = random.units(classes).iter().map(|w| w + 1.5).collect();
        let targets = Targets { class: input(&class), weight: Some(input(&weight)), ignore };
        for reduction in [NONE, Reduction::Sum, Reduction::Mean] {
            let count = if reduction == NONE { class.len() } else { 1 };
            let g = random.units(count);
            let expected = naive(size, &x, &class, &weight, ignore, reduction == Reduction::Mean, &g);
            let sum: f64 = expected.losses.iter().sum();
            let values = match reduction {
                NONE => expected.losses.clone(),
                Reduction::Sum => vec![sum],
                Reduction::Mean => vec![sum / expected.total],
            };
            let (mut loss, mut dx) = (vec![f64::NAN; count], vec![f64::NAN; x.len()]);
            let total = nll_loss(size, reduction, input(&x), targets, output(&mut loss)).unwrap();
            assert_near(total, expected.total, 1e-12, "total weight");
            assert_all_near(&loss, &values, 1e-12, "loss");
            nll_loss_backward(size, reduction, total, targets, input(&g), output(&mut dx)).unwrap();
            assert_all_near(&dx, &expected.dx, 1e-12, "gradient");
            // The cross-entropy's gradient is that of nll_loss pulled back through log_softmax.
            let mut fused = vec![f64::NAN; x.len()];
            cross_entropy_backward(size, reduction, total, input(&x), targets, input(&g), output(&mut fused)).unwrap();
            for (at, value) in fused.iter().enumerate() {
                let (i, j) = (at / (classes * inner), at % inner);
                let line: f64 = (0..classes).map(|c| expected.dx[(i * classes + c) * inner + j]).sum();
                assert_near(*value, expected.dx[at] - x[at].exp() * line, 1e-12, "cross entropy");
            }
        }
    }
}

#[test]
fn the_mean_over_nothing_is_nan_and_the_sum_zero() {
    let size = NllSize { n: 2, classes: 3, inner: 1 };
    let targets = Targets { class: input(&[1i64, 1]), weight: None, ignore: 1 };
    for (reduction, expected) in [(Reduction::Mean, f64::NAN), (Reduction::Sum, 0.0)] {
        let mut loss = [7.0];
        nll_loss(size, reduction, input(&[0.5; 6]), targets, output(&mut loss)).unwrap();
        assert_near(loss[0], expected, 0.0, "loss");
    }
}

#[test]
fn a_target_that_is_no_class_is_reported() {
    let size = NllSize { n: 2, classes: 3, inner: 2 };
    for bad in [3, -1, i64::MIN] {
        let class = [0, 2, bad, 1];
        let targets = Targets { class: input(&class), weight: None, ignore: -100 };
        let mut loss = [7.0f32];
        let result = nll_loss(size, Reduction::Mean, input(&[0.5f32; 12]), targets, output(&mut loss));
        assert_eq!(result, Err(OutOfRange { position: 2, value: bad, axis: 1, size: 3 }));
        assert_eq!(loss, [7.0]);
    }
}
