use super::*;
use crate::samples::{Random, assert_all_near, double, input, output, single};

/// Mean and reciprocal standard deviation.
fn moments(x: &[f64], eps: f64) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, 1.0 / (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n + eps).sqrt())
}

/// Gradient of `(x − mean) · rstd` for the cotangent `h`.
fn normalize_backward(x: &[f64], h: &[f64], eps: f64) -> Vec<f64> {
    let n = x.len() as f64;
    let (mean, rstd) = moments(x, eps);
    let normal: Vec<f64> = x.iter().map(|v| (v - mean) * rstd).collect();
    let mean_h = h.iter().sum::<f64>() / n;
    let mean_hn = h.iter().zip(&normal).map(|(h, n)| h * n).sum::<f64>() / n;
    h.iter().zip(&normal).map(|(h, n)| rstd * (h - mean_h - n * mean_hn)).collect()
}

#[test]
fn layer_norm_and_its_gradients_match_the_definition() {
    let mut random = Random(51);
    for (rows, n) in [(3, 5), (1, 200), (130, 33), (2000, 40), (0, 3), (4, 1)] {
        for affine in [false, true] {
            let eps = 1e-5;
            let (x, g) = (random.units(rows * n), random.units(rows * n));
            let (w, b) = (random.units(n), random.units(n));
            let scale = |i: usize| if affine { w[i % n] } else { 1.0 };
            let mut expected: [Vec<f64>; 4] = [vec![], vec![], vec![0.0; n], vec![0.0; n]];
            for row in 0..rows {
                let x = &x[row * n..][..n];
                let g = &g[row * n..][..n];
                let (mean, rstd) = moments(x, eps);
                for i in 0..n {
                    let normal = (x[i] - mean) * rstd;
                    expected[0].push(normal * scale(i) + if affine { b[i] } else { 0.0 });
                    expected[2][i] += g[i] * normal;
                    expected[3][i] += g[i];
                }
                let h: Vec<f64> = (0..n).map(|i| g[i] * scale(i)).collect();
                expected[1].extend(normalize_backward(x, &h, eps));
            }
            let mut got = expected.clone().map(|v| vec![f64::NAN; v.len()]);
            let mut narrow = got.clone().map(|v| single(&v));
            let [mut mean, mut rstd] = [vec![0.0; rows], vec![0.0; rows]];
            let [mut mean4, mut rstd4] = [vec![0f32; rows], vec![0f32; rows]];
            let [x4, g4, w4, b4] = [&x, &g, &w, &b].map(|v| single(v));
            let [y, dx, dw, db] = &mut got;
            let weight = affine.then(|| input(&w));
            let saved = Moments { mean: output(&mut mean), rstd: output(&mut rstd) };
            layer_norm(rows, n, eps, input(&x), weight, affine.then(|| input(&b)), output(y), Some(saved));
            let mut alone = vec![f64::NAN; rows * n];
            layer_norm(rows, n, eps, input(&x), weight, affine.then(|| input(&b)), output(&mut alone), None);
            assert_eq!(&alone, y, "without the moments");
            let saved = Moments { mean: input(&mean), rstd: input(&rstd) };
            let outs = (Some(output(dx)), Some(output(dw)), Some(output(db)));
            layer_norm_backward(rows, n, input(&g), input(&x), weight, saved, outs.0, outs.1, outs.2);
            let [y, dx, dw, db] = &mut narrow;
            let weight = affine.then(|| input(&w4));
            let saved = Moments { mean: output(&mut mean4), rstd: output(&mut rstd4) };
            layer_norm(rows, n, eps, input(&x4), weight, affine.then(|| input(&b4)), output(y), Some(saved));
            let saved = Moments { mean: input(&mean4), rstd: input(&rstd4) };
            let outs = (Some(output(dx)), Some(output(dw)), Some(output(db)));
            layer_norm_backward(rows, n, input(&g4), input(&x4), weight, saved, outs.0, outs.1, outs.2);
            for i in 0..4 {
                assert_all_near(&got[i], &expected[i], 1e-11, &format!("{rows} {n} {affine} result {i}"));
                // A single element has variance 0, and rstd 316 magnifies the rounding of the rest.
                assert_all_near(&double(&narrow[i]), &expected[i], 2e-4, &format!("f32 {rows} {n} result {i}"));
            }
        }
    }
}

#[test]
fn a_large_mean_does_not_cancel_the_variance() {
    let x: Vec<f32> = (0..1000).map(|i| 1e4 + (i % 2) as f32).collect();
    let (mut y, mut mean, mut rstd) = (vec![0f32; 1000], [0f32], [0f32]);
    let saved = Moments { mean: output(&mut mean), rstd: output(&mut rstd) };
    layer_norm(1, 1000, 0.0, input(&x), None, None, output(&mut y), Some(saved));
    assert_eq!((mean, rstd), ([10000.5], [2.0]));
    assert!(y.iter().enumerate().all(|(i, &v)| v == if i % 2 == 0 { -1.0 } else { 1.0 }));
}

#[test]
fn batch_norm_and_its_gradients_match_the_definition() {
    let mut random = Random(52);
    for (n, channels, inner) in [(6, 3, 1), (40, 75, 1), (4, 5, 9), (2, 3, 100), (700, 33, 1), (3, 40, 64)] {
        let size = ChannelSize { n, channels, inner };
        let eps = 1e-3f64;
        let total = n * channels * inner;
        let (x, g) = (random.units(total), random.units(total));
        let (w, b) = (random.units(channels), random.units(channels));
        for training in [true, false] {
            let (mut mean, mut rstd) = (random.units(channels), vec![2.0; channels]);
            if training {
                let mut variance = vec![0.0; channels];
                let results = Moments { mean: output(&mut mean), rstd: output(&mut rstd) };
                batch_moments(size, eps, input(&x), results, output(&mut variance));
                let expected: Vec<f64> = variance.iter().map(|v| 1.0 / (v + eps).sqrt()).collect();
                assert_all_near(&rstd, &expected, 1e-12, "rstd");
            }
            let mut expected: [Vec<f64>; 4] =
                [vec![0.0; total], vec![0.0; total], vec![0.0; channels], vec![0.0; channels]];
            for c in 0..channels {
                let places: Vec<usize> =
                    (0..n).flat_map(|s| (0..inner).map(move |i| (s * channels + c) * inner + i)).collect();
                let line: Vec<f64> = places.iter().map(|&p| x[p]).collect();
                if training {
                    let (m, r) = moments(&line, eps);
                    assert_all_near(&[mean[c], rstd[c]], &[m, r], 1e-12, "moments");
                }
                let h: Vec<f64> = places.iter().map(|&p| g[p] * w[c]).collect();
                let backward = normalize_backward(&line, &h, eps);
                for (i, &p) in places.iter().enumerate() {
                    let normal = (x[p] - mean[c]) * rstd[c];
                    expected[0][p] = normal * w[c] + b[c];
                    expected[1][p] = if training { backward[i] } else { h[i] * rstd[c] };
                    expected[2][c] += g[p] * normal;
                    expected[3][c] += g[p];
                }
            }
            let mut got = expected.clone().map(|v| vec![f64::NAN; v.len()]);
            let mut narrow = got.clone().map(|v| single(&v));
            let [x4, g4, w4, b4, mean4, rstd4] = [&x, &g, &w, &b, &mean, &rstd].map(|v| single(v));
            let [y, dx, dw, db] = &mut got;
            let saved = Moments { mean: input(&mean), rstd: input(&rstd) };
            batch_norm(size, input(&x), saved, Some(input(&w)), Some(input(&b)), output(y));
            let outs = (Some(output(dx)), Some(output(dw)), Some(output(db)));
            let weight = Some(input(&w));
            batch_norm_backward(size, training, input(&g), input(&x), saved, weight, outs.0, outs.1, outs.2);
            let [y, dx, dw, db] = &mut narrow;
            let saved = Moments { mean: input(&mean4), rstd: input(&rstd4) };
            batch_norm(size, input(&x4), saved, Some(input(&w4)), Some(input(&b4)), output(y));
            let outs = (Some(output(dx)), Some(output(dw)), Some(output(db)));
            let weight = Some(input(&w4));
            batch_norm_backward(size, training, input(&g4), input(&x4), saved, weight, outs.0, outs.1, outs.2);
            for i in 0..4 {
                assert_all_near(&got[i], &expected[i], 1e-11, &format!("{size:?} {training} result {i}"));
                assert_all_near(&double(&narrow[i]), &expected[i], 2e-5, &format!("f32 {size:?} result {i}"));
            }
        }
    }
}
