use super::*;
use crate::samples::{Random, assert_all_near, double, input, output, single};

/// Attention and its gradients by the formula.
fn expected(size: &AttentionSize, [q, k, v]: [&[f64]; 3], g: &[f64]) -> [Vec<f64>; 4] {
    let &AttentionSize { heads, queries, keys, features, values, causal, scale } = size;
    let mut results = [q.len(), k.len(), v.len(), g.len()].map(|n| vec![0.0; n]);
    let [dq, dk, dv, y] = &mut results;
    for head in 0..heads {
        for i in 0..queries {
            let (query, out) = ((head * queries + i) * features, (head * queries + i) * values);
            let seen = if causal { keys.min(i + 1) } else { keys };
            let key = |j: usize| (head * keys + j) * features;
            let value = |j: usize| (head * keys + j) * values;
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let scores: Vec<f64> =
                (0..seen).map(|j| scale * dot(&q[query..query + features], &k[key(j)..key(j) + features])).collect();
            let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = scores.iter().map(|s| (s - max).exp()).sum();
            let weights: Vec<f64> = scores.iter().map(|s| (s - max).exp() / total).collect();
            let g = &g[out..out + values];
            let slopes: Vec<f64> = (0..seen).map(|j| dot(g, &v[value(j)..value(j) + values])).collect();
            let mean = dot(&weights, &slopes);
            for j in 0..seen {
                let slope = weights[j] * (slopes[j] - mean) * scale;
                for e in 0..values {
                    y[out + e] += weights[j] * v[value(j) + e];
                    dv[value(j) + e] += weights[j] * g[e];
                }
                for e in 0..features {
                    dq[query + e] += slope * k[key(j) + e];
                    dk[key(j) + e] += slope * q[query + e];
                }
            }
        }
    }
    results
}

fn check(random: &mut Random, size: &AttentionSize) {
    let [queries, keys, values, outputs] = size.totals();
    let (q, k, v) = (random.units(queries), random.units(keys), random.units(values));
    let g = random.units(outputs);
    let (q, k): (Vec<f64>, Vec<f64>) = (q.iter().map(|x| 3.0 * x).collect(), k.iter().map(|x| 3.0 * x).collect());
    let wanted = expected(size, [&q, &k, &v], &g);
    macro_rules! run {
        ($q:expr, $k:expr, $v:expr, $g:expr, $nan:expr) => {{
            let (q, k, v, g) = ($q, $k, $v, $g);
            let mut results = [q.len(), k.len(), v.len(), g.len()].map(|n| vec![$nan; n]);
            let mut lse = vec![$nan; size.heads * size.queries];
            let [dq, dk, dv, y] = &mut results;
            attention(size, input(&q), input(&k), input(&v), output(y), output(&mut lse));
            let known = Known { inputs: [input(&q), input(&k), input(&v)], y: input(y), lse: input(&lse) };
            attention_backward(size, input(&g), known, [output(dq), output(dk), output(dv)]);
            results
        }};
    }
    let wide = run!(q.clone(), k.clone(), v.clone(), g.clone(), f64::NAN);
    let narrow = run!(single(&q), single(&k), single(&v), single(&g), f32::NAN);
    for (i, wanted) in wanted.iter().enumerate() {
        assert_all_near(&wide[i], wanted, 1e-12, &format!("{size:?}"));
        assert_all_near(&double(&narrow[i]), wanted, 5e-5, &format!("{size:?} in single precision"));
    }
}

#[test]
fn random_sizes_match_the_formula() {
    let mut random = Random(71);
    for case in 0..60 {
        let size = AttentionSize {
            heads: 1 + random.below(3),
            queries: 1 + random.below(20),
            keys: 1 + random.below(20),
            features: 1 + random.below(20),
            values: 1 + random.below(20),
            causal: case % 2 == 0,
            scale: 0.7,
        };
        check(&mut random, &size);
    }
}

#[test]
fn blocks_have_no_seams() {
    let mut random = Random(72);
    for (queries, keys) in [(64, 256), (65, 257), (130, 600), (600, 130), (200, 200)] {
        for causal in [false, true] {
            check(&mut random, &AttentionSize { heads: 1, queries, keys, features: 8, values: 9, causal, scale: 0.3 });
        }
    }
}

#[test]
fn great_scores_do_not_overflow() {
    let size = AttentionSize { heads: 1, queries: 1, keys: 300, features: 1, values: 1, causal: false, scale: 1.0 };
    let k: Vec<f32> = (0..300).map(|j| j as f32).collect();
    let v: Vec<f32> = (0..300).map(|j| (j % 7) as f32).collect();
    let (mut y, mut lse) = ([f32::NAN], [f32::NAN]);
    attention(&size, input(&[1e4f32]), input(&k), input(&v), output(&mut y), output(&mut lse));
    assert_eq!((y, lse), ([5.0], [2.99e6]));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut random = Random(73);
    let size = AttentionSize { heads: 6, queries: 130, keys: 300, features: 16, values: 16, causal: true, scale: 0.25 };
    let [queries, keys, values, outputs] = size.totals();
    let (q, k, v, g) = (random.units(queries), random.units(keys), random.units(values), random.units(outputs));
    let results = [1, 2, 5].map(|threads| {
        parallel::set_num_threads(threads);
        let (mut y, mut lse) = (vec![0.0; outputs], vec![0.0; size.heads * size.queries]);
        let (mut dq, mut dk, mut dv) = (vec![0.0; queries], vec![0.0; keys], vec![0.0; values]);
        attention(&size, input(&q), input(&k), input(&v), output(&mut y), output(&mut lse));
        let known = Known { inputs: [input(&q), input(&k), input(&v)], y: input(&y), lse: input(&lse) };
        attention_backward(&size, input(&g), known, [output(&mut dq), output(&mut dk), output(&mut dv)]);
        [y, lse, dq, dk, dv].concat().iter().map(|v: &f64| v.to_bits()).collect::<Vec<_>>()
    });
    assert!(results[0] == results[1] && results[0] == results[2]);
}
