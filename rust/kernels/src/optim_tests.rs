use super::*;
use crate::samples::{Random, assert_all_near, input, output, single};

const START: [f32; 4] = [1.5, -0.75, 0.1, 2.0];
const GRADS: [[f32; 4]; 3] = [[0.3, -1.2, 0.05, 0.7], [-0.11, 0.4, 2.5, -0.9], [0.6, 0.01, -0.33, 0.2]];

/// Compares with the bits that PyTorch 2.15 gave (`foreach=False`, `fused=False`) after three steps from `START`.
/// Machines without vector instructions have no fused multiply-add and may be a few units in the last place away.
#[track_caller]
fn assert_bits(param: [f32; 4], expected: [u32; 4]) {
    let slack = if matches!(pulp::Arch::new(), pulp::Arch::Scalar) { 4 } else { 0 };
    for (value, bits) in param.into_iter().zip(expected) {
        assert!(value.to_bits().abs_diff(bits) <= slack, "{value} is not {}", f32::from_bits(bits));
    }
}

fn three_sgd_steps(options: Sgd) -> [f32; 4] {
    let (mut param, mut buffer) = (START, [f32::NAN; 4]);
    for (step, grad) in GRADS.iter().enumerate() {
        sgd(&options, step == 0, output(&mut param), input(grad), Some(output(&mut buffer)));
    }
    param
}

#[test]
fn sgd_has_pytorch_s_bits() {
    let plain = Sgd { lr: 0.1, momentum: 0.0, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false };
    assert_bits(three_sgd_steps(plain), [0x3fb5e354, 0xbf2bc6a8, 0xbdf9db23, 0x40000000]);
    let nesterov = Sgd { momentum: 0.9, weight_decay: 0.01, nesterov: true, maximize: true, ..plain };
    assert_bits(three_sgd_steps(nesterov), [0x3fd667a8, 0xbf85cb2f, 0x3f3af0d8, 0x40012ce1]);
    let damped = Sgd { momentum: 0.9, dampening: 0.3, ..plain };
    assert_bits(three_sgd_steps(damped), [0x3fb2171a, 0xbef5182b, 0xbe644d02, 0x3ff53f7c]);
}

fn three_adam_steps(options: Adam, amsgrad: bool) -> [f32; 4] {
    let (mut param, mut mean, mut square, mut max) = (START, [0f32; 4], [0f32; 4], [0f32; 4]);
    for (step, grad) in GRADS.iter().enumerate() {
        let state = AdamState {
            mean: output(&mut mean),
            square: output(&mut square),
            max_square: amsgrad.then(|| output(&mut max)),
        };
        adam(&options, (step + 1) as f64, output(&mut param), input(grad), state);
    }
    param
}

#[test]
fn adam_has_pytorch_s_bits() {
    let plain = Adam { lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, decoupled: false, maximize: false };
    assert_bits(three_adam_steps(plain, false), [0x3fbd5905, 0xbf3ba2ec, 0x3d9ea26d, 0x3ffef9db]);
    let coupled = Adam { weight_decay: 0.1, ..plain };
    assert_bits(three_adam_steps(coupled, true), [0x3fbcb587, 0xbf3b40b6, 0x3d9e7cfa, 0x3ffe4add]);
    let decoupled = Adam { betas: [0.4, 0.99], weight_decay: 0.1, decoupled: true, maximize: true, ..plain };
    assert_bits(three_adam_steps(decoupled, false), [0x3fc20067, 0xbf42315d, 0x3dfb8381, 0x3fffbfce]);
}

#[test]
fn long_parameters_follow_the_formulas() {
    let n = 2 * GRAIN + 31;
    let mut random = Random(61);
    let (start, grad) = (random.units(n), random.units(n));
    let options = Adam { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0.01, decoupled: true, maximize: false };
    let step = |x: f64, g: f64| {
        let (mean, square) = (0.1 * g, 0.01 * g * g);
        x * (1.0 - 0.1 * 0.01) - 0.1 * (mean / 0.1) / ((square / 0.01).sqrt() + 1e-8)
    };
    let expected: Vec<f64> = start.iter().zip(&grad).map(|(&x, &g)| step(x, g)).collect();
    let (mut param, mut mean, mut square) = (start.clone(), vec![0.0; n], vec![0.0; n]);
    let state = AdamState { mean: output(&mut mean), square: output(&mut square), max_square: None };
    adam(&options, 1.0, output(&mut param), input(&grad), state);
    assert_all_near(&param, &expected, 1e-12, "adam");
    let options = Sgd { lr: 0.5, momentum: 0.0, dampening: 0.0, weight_decay: 0.1, nesterov: false, maximize: false };
    let mut param = single(&start);
    sgd(&options, true, output(&mut param), input(&single(&grad)), None);
    let expected: Vec<f64> = start.iter().zip(&grad).map(|(x, g)| x - 0.5 * (g + 0.1 * x)).collect();
    assert_all_near(&crate::samples::double(&param), &expected, 1e-6, "sgd");
}
