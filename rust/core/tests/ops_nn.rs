//! Products, losses, layers: gradients of first and second order against differences of the values.

use arcgrad::ops::matmul::{self, contraction, einsum};
use arcgrad::ops::nn::convolution::{self, Padding};
use arcgrad::ops::nn::loss::{self, Reduction};
use arcgrad::ops::nn::normalization::{self, Running};
use arcgrad::ops::nn::pooling::{self, Divisor};
use arcgrad::ops::nn::{attention, cross_entropy};
use arcgrad::ops::optim;
use arcgrad::ops::reductions::softmax;
use arcgrad::{DType, Result, Tensor, autograd};

/// Numbers that look random and depend on `seed` alone, in (−1, 1).
fn values(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

fn tensor(seed: u64, shape: &[usize]) -> Tensor {
    Tensor::from_slice(&values(seed, shape.iter().product()), shape).unwrap()
}

fn leaf(seed: u64, shape: &[usize]) -> Tensor {
    tensor(seed, shape).with_grad().unwrap()
}

/// A number from a result: its elements, each weighted differently.
fn weighed(result: &Tensor) -> Result<Tensor> {
    result.mul(&tensor(99, &result.shape()))?.sum()
}

type Function<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

/// Gradients of `f` at `inputs`, recorded if asked.
fn gradients(f: Function<'_>, inputs: &[Tensor], create_graph: bool) -> Vec<Tensor> {
    let result = f(inputs).unwrap();
    let options = autograd::Options { create_graph, ..Default::default() };
    let leaves: Vec<&Tensor> = inputs.iter().collect();
    let found = autograd::grad(&[(&result, None)], &leaves, options).unwrap();
    found
        .into_iter()
        .zip(inputs)
        .map(|(grad, input)| grad.unwrap_or_else(|| input.detach().mul(0.0).unwrap()))
        .collect()
}

fn value(f: Function<'_>, inputs: &[Tensor]) -> f64 {
    f(inputs).unwrap().to_vec::<f64>()[0]
}

/// Compares the gradients of a scalar function with central differences.
fn check_first(name: &str, f: Function<'_>, inputs: &[Tensor], fused: bool) {
    const STEP: f64 = 1e-6;
    let found = gradients(f, inputs, !fused);
    for (index, grad) in found.iter().enumerate() {
        assert_eq!(grad.shape(), inputs[index].shape(), "{name}: shape of gradient {index}");
        let grad = grad.to_vec::<f64>();
        let (base, shape) = (inputs[index].to_vec::<f64>(), inputs[index].shape());
        for position in 0..base.len() {
            let moved = |by: f64| {
                let mut changed = base.clone();
                changed[position] += by;
                let mut all = inputs.to_vec();
                all[index] = Tensor::from_slice(&changed, &shape).unwrap();
                value(f, &all)
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let error = (grad[position] - expected).abs();
            assert!(
                error < 2e-7 * (1.0 + expected.abs()),
                "{name}: input {index}[{position}] fused={fused}: {} instead of {expected}",
                grad[position]
            );
        }
    }
}

/// First order with and without the graph, and the first order of the recorded gradient.
fn check(name: &str, f: Function<'_>, inputs: &[Tensor]) {
    let scalar = |inputs: &[Tensor]| weighed(&f(inputs)?);
    check_first(name, &scalar, inputs, true);
    check_first(name, &scalar, inputs, false);
    let of_gradient = |inputs: &[Tensor]| {
        let leaves: Vec<Tensor> = inputs
            .iter()
            .map(|input| if input.requires_grad() { input.clone() } else { input.detach().with_grad().unwrap() })
            .collect();
        let mut total: Option<Tensor> = None;
        for (index, grad) in gradients(&scalar, &leaves, true).into_iter().enumerate() {
            let part = grad.mul(&tensor(7 + index as u64, &grad.shape()))?.sum()?;
            total = Some(match total {
                None => part,
                Some(total) => total.add(&part)?,
            });
        }
        // A function without second derivative has a gradient that does not require one.
        let total = total.unwrap();
        if total.requires_grad() { Ok(total) } else { total.add(&leaves[0].mul(0.0)?.sum()?) }
    };
    check_first(&format!("gradient of {name}"), &of_gradient, inputs, true);
}

fn node(result: &Tensor) -> String {
    result.grad_fn().unwrap().unwrap().name().to_owned()
}

#[test]
fn matmul_of_all_ranks() {
    let shapes: &[(&[usize], &[usize], &[usize])] = &[
        (&[3], &[3], &[]),
        (&[2, 3], &[3], &[2]),
        (&[3], &[3, 2], &[2]),
        (&[2, 3], &[3, 4], &[2, 4]),
        (&[2, 2, 3], &[3, 2], &[2, 2, 2]),
        (&[2, 2, 3], &[3], &[2, 2]),
        (&[3], &[2, 3, 2], &[2, 2]),
        (&[2, 3], &[2, 3, 2], &[2, 2, 2]),
        (&[2, 1, 2, 3], &[2, 3, 2], &[2, 2, 2, 2]),
    ];
    for (a, b, expected) in shapes {
        let inputs = [leaf(1, a), leaf(2, b)];
        let f = |x: &[Tensor]| matmul::matmul(&x[0], &x[1]);
        assert_eq!(f(&inputs).unwrap().shape().as_slice(), *expected);
        check(&format!("matmul {a:?} {b:?}"), &f, &inputs);
    }
}

#[test]
fn products_have_the_nodes_of_pytorch() {
    let (a, b) = (leaf(1, &[2, 3]), leaf(2, &[3, 4]));
    assert_eq!(node(&matmul::mm(&a, &b).unwrap()), "MmBackward0");
    assert_eq!(node(&matmul::bmm(&leaf(1, &[2, 2, 3]), &leaf(2, &[2, 3, 2])).unwrap()), "BmmBackward0");
    assert_eq!(node(&matmul::matmul(&a, &leaf(3, &[3])).unwrap()), "MvBackward0");
    assert_eq!(node(&matmul::matmul(&leaf(3, &[3]), &leaf(4, &[3])).unwrap()), "DotBackward0");
    assert_eq!(node(&matmul::linear(&a, &leaf(5, &[4, 3]), Some(&leaf(6, &[4]))).unwrap()), "AddmmBackward0");
    assert_eq!(node(&matmul::linear(&a, &leaf(5, &[4, 3]), None).unwrap()), "MmBackward0");
}

#[test]
fn a_factor_that_is_not_needed_may_change() {
    let (x, w) = (tensor(1, &[2, 3]), leaf(2, &[3, 2]));
    let y = matmul::mm(&x, &w).unwrap();
    {
        let _off = arcgrad::graph::no_grad();
        w.mul_(2.0).unwrap();
    }
    y.sum().unwrap().backward().unwrap();
    assert!(w.grad().is_some());
    let y = matmul::mm(&x, &w).unwrap();
    x.mul_(2.0).unwrap();
    let error = y.sum().unwrap().backward().unwrap_err().to_string();
    assert!(error.contains("modified by an inplace operation"), "{error}");
}

#[test]
fn the_gradient_of_a_weight_has_its_layout() {
    let (x, w) = (tensor(1, &[5, 3]), leaf(2, &[4, 3]));
    matmul::linear(&x, &w, None).unwrap().sum().unwrap().backward().unwrap();
    assert_eq!(w.grad().unwrap().array().strides(), w.array().strides());
}

#[test]
fn sums_of_products() {
    let one = arcgrad::Scalar::Int(1);
    let (beta, alpha) = (arcgrad::Scalar::Float(0.5), arcgrad::Scalar::Float(-2.0));
    check(
        "addmm",
        &|x| matmul::addmm(&x[0], &x[1], &x[2], beta, alpha),
        &[leaf(1, &[4]), leaf(2, &[2, 3]), leaf(3, &[3, 4])],
    );
    check(
        "addmv",
        &|x| matmul::addmv(&x[0], &x[1], &x[2], beta, alpha),
        &[leaf(1, &[2]), leaf(2, &[2, 3]), leaf(3, &[3])],
    );
    check(
        "baddbmm",
        &|x| matmul::baddbmm(&x[0], &x[1], &x[2], beta, alpha),
        &[leaf(1, &[2, 1]), leaf(2, &[2, 2, 3]), leaf(3, &[2, 3, 2])],
    );
    check(
        "addbmm",
        &|x| matmul::addbmm(&x[0], &x[1], &x[2], beta, alpha),
        &[leaf(1, &[2, 2]), leaf(2, &[2, 2, 3]), leaf(3, &[2, 3, 2])],
    );
    check("addr", &|x| matmul::addr(&x[0], &x[1], &x[2], beta, one), &[leaf(1, &[2, 3]), leaf(2, &[2]), leaf(3, &[3])]);
    check(
        "linear",
        &|x| matmul::linear(&x[0], &x[1], Some(&x[2])),
        &[leaf(1, &[2, 2, 3]), leaf(2, &[4, 3]), leaf(3, &[4])],
    );
    let nan = Tensor::from_slice(&[f64::NAN; 4], &[2, 2]).unwrap();
    let sum = matmul::addmm(&nan, &tensor(1, &[2, 3]), &tensor(2, &[3, 2]), arcgrad::Scalar::Int(0), one).unwrap();
    assert!(sum.to_vec::<f64>().iter().all(|value| value.is_finite()), "a term with factor 0 is not read");
}

#[test]
fn contractions() {
    for (equation, shapes) in [
        ("ij,jk->ik", vec![vec![2, 3], vec![3, 2]]),
        ("ii->i", vec![vec![3, 3]]),
        ("ii", vec![vec![3, 3]]),
        ("i,j->ij", vec![vec![2], vec![3]]),
        ("bn,anm,bm->ba", vec![vec![2, 3], vec![2, 3, 2], vec![2, 2]]),
        ("...ij,...jk->...ik", vec![vec![2, 2, 3], vec![3, 2]]),
        ("ij,ij->j", vec![vec![1, 3], vec![2, 3]]),
        ("a...b,b->a...", vec![vec![2, 2, 3], vec![3]]),
        ("iji,j->", vec![vec![2, 3, 2], vec![3]]),
    ] {
        let inputs: Vec<Tensor> = shapes.iter().enumerate().map(|(at, shape)| leaf(at as u64 + 1, shape)).collect();
        check(equation, &|x| einsum::einsum(equation, x), &inputs);
    }
    let two = |a: &[usize], b: &[usize]| [leaf(1, a), leaf(2, b)];
    check("tensordot", &|x| contraction::tensordot(&x[0], &x[1], &[1, 2], &[1, 0]), &two(&[2, 3, 2], &[2, 3, 2]));
    check("kron", &|x| contraction::kron(&x[0], &x[1]), &two(&[2], &[2, 3]));
    check("cross", &|x| contraction::cross(&x[0], &x[1], 1), &two(&[2, 3], &[1, 3]));
    check("matrix_power", &|x| contraction::matrix_power(&x[0], 5), &[leaf(1, &[2, 2])]);
    check(
        "multi_dot",
        &|x| contraction::multi_dot(x),
        &[leaf(1, &[2]), leaf(2, &[2, 4]), leaf(3, &[4, 2]), leaf(4, &[2, 3])],
    );
    check("inner", &|x| contraction::inner(&x[0], &x[1]), &two(&[2, 3], &[2, 3]));
    check(
        "bilinear",
        &|x| contraction::bilinear(&x[0], &x[1], &x[2], Some(&x[3])),
        &[leaf(1, &[2, 2]), leaf(2, &[2, 3]), leaf(3, &[2, 2, 3]), leaf(4, &[2])],
    );
    check("cdist", &|x| contraction::cdist(&x[0], &x[1], 2.0), &two(&[2, 3], &[3, 3]));
    check("cosine_similarity", &|x| contraction::cosine_similarity(&x[0], &x[1], 1, 1e-8), &two(&[2, 3], &[2, 3]));
}

#[test]
fn a_chain_of_four_takes_the_cheap_order() {
    // (A·(B·(C·d))): only matrix-vector products; the other order would need 10¹² multiplications.
    let big = |seed| tensor(seed, &[300, 300]);
    let product = contraction::multi_dot(&[big(1), big(2), big(3), tensor(4, &[300])]).unwrap();
    assert_eq!(product.shape().as_slice(), &[300]);
}

#[test]
fn softmax_and_its_logarithm() {
    for axis in [0, 1, 2] {
        check("softmax", &|x| softmax::softmax(&x[0], axis, None), &[leaf(1, &[2, 3, 2])]);
        check("log_softmax", &|x| softmax::log_softmax(&x[0], axis, None), &[leaf(1, &[2, 3, 2])]);
    }
    check("softmin", &|x| softmax::softmin(&x[0], 0, None), &[leaf(1, &[4])]);
    let one = softmax::softmax(&Tensor::scalar(3.0, DType::F32).unwrap(), -1, None).unwrap();
    assert_eq!(one.to_vec::<f64>(), [1.0]);
}

#[test]
fn losses_of_numbers() {
    let two = || [leaf(1, &[2, 3]), leaf(2, &[2, 3])];
    for how in [Reduction::None, Reduction::Mean, Reduction::Sum] {
        check("mse_loss", &|x| loss::mse_loss(&x[0], &x[1], None, how), &two());
        check(
            "mse_loss of two dtypes' shapes",
            &|x| loss::mse_loss(&x[0], &x[1], None, how),
            &[leaf(1, &[2, 3]), leaf(2, &[3])],
        );
        check("l1_loss", &|x| loss::l1_loss(&x[0], &x[1], None, how), &two());
        check("smooth_l1_loss", &|x| loss::smooth_l1_loss(&x[0], &x[1], 0.3, how), &two());
        check("huber_loss", &|x| loss::huber_loss(&x[0], &x[1], 0.3, None, how), &two());
        let inside = |x: &Tensor| x.mul(0.4)?.add(0.5);
        check(
            "binary_cross_entropy",
            &|x| loss::binary_cross_entropy(&inside(&x[0])?, &inside(&x[1])?, None, how),
            &two(),
        );
        check(
            "with weight",
            &|x| loss::binary_cross_entropy(&inside(&x[0])?, &inside(&x[1])?, Some(&x[2]), how),
            &[leaf(1, &[2, 3]), leaf(2, &[2, 3]), leaf(3, &[3])],
        );
        check("logits", &|x| loss::binary_cross_entropy_with_logits(&x[0], &x[1], None, None, how), &two());
        check(
            "logits with weight",
            &|x| loss::binary_cross_entropy_with_logits(&x[0], &x[1], None, Some(&x[2]), how),
            &[leaf(1, &[2, 3]), leaf(2, &[2, 3]), leaf(3, &[3])],
        );
        let how = loss::Divergence::Plain(how);
        check("kl_div", &|x| loss::kl_div(&x[0], &inside(&x[1])?, false, how), &two());
        check("kl_div of logarithms", &|x| loss::kl_div(&x[0], &x[1], true, how), &two());
    }
    assert_eq!(
        node(&loss::mse_loss(&leaf(1, &[2]), &leaf(2, &[2]), None, Reduction::Mean).unwrap()),
        "MseLossBackward0"
    );
}

#[test]
fn losses_of_classes() {
    let target = Tensor::from_slice(&[0i64, 2, 1, 2], &[4]).unwrap();
    let weight = Tensor::from_slice(&[0.5, 1.5, 0.7], &[3]).unwrap();
    let pixels = Tensor::from_slice(&[0i64, 2, 1, 2], &[2, 2]).unwrap();
    let one = Tensor::from_slice(&[1i64], &[]).unwrap();
    for how in [Reduction::None, Reduction::Mean, Reduction::Sum] {
        for weight in [None, Some(&weight)] {
            for ignore in [-100, 2] {
                let nll = |x: &[Tensor]| cross_entropy::nll_loss(&x[0], &target, weight, ignore, how);
                check("nll_loss", &nll, &[leaf(1, &[4, 3])]);
                for smoothing in [0.0, 0.2] {
                    let f = |x: &[Tensor]| cross_entropy::cross_entropy(&x[0], &target, weight, ignore, how, smoothing);
                    check("cross_entropy", &f, &[leaf(1, &[4, 3])]);
                }
                let f = |x: &[Tensor]| cross_entropy::cross_entropy(&x[0], &pixels, weight, ignore, how, 0.0);
                check("cross_entropy of pixels", &f, &[leaf(1, &[2, 3, 2])]);
            }
            let f = |x: &[Tensor]| cross_entropy::cross_entropy(&x[0], &one, weight, -100, how, 0.0);
            check("cross_entropy of one sample", &f, &[leaf(1, &[3])]);
            let f = |x: &[Tensor]| cross_entropy::cross_entropy(&x[0], &x[1], weight, -100, how, 0.1);
            check("cross_entropy of probabilities", &f, &[leaf(1, &[4, 3]), leaf(2, &[4, 3])]);
        }
    }
}

#[test]
fn a_target_changed_behind_the_graph_is_refused() {
    let (x, target) = (leaf(1, &[2, 3]), Tensor::from_slice(&[0i64, 2], &[2]).unwrap());
    let loss = cross_entropy::cross_entropy(&x, &target, None, -100, Reduction::Mean, 0.0).unwrap();
    target.data().copy_(&Tensor::from_slice(&[1i64 << 40, 7], &[2]).unwrap()).unwrap();
    let error = loss.backward().unwrap_err().to_string();
    assert!(error.contains("out of bounds"), "{error}");
}

fn conv_options<'a>(stride: &'a [i64], padding: Padding, dilation: &'a [i64], groups: i64) -> convolution::Options<'a> {
    convolution::Options { stride, padding, dilation, groups }
}

fn pad(sizes: &[i64]) -> Padding {
    Padding::Sizes(sizes.into())
}

#[test]
fn convolutions_of_one_to_three_axes() {
    let plain = |axes: usize, x: &[usize], w: &[usize], options: &convolution::Options<'_>| {
        let inputs = [leaf(1, x), leaf(2, w), leaf(3, &w[..1])];
        check(
            &format!("conv {x:?} {w:?} {options:?}"),
            &|t| convolution::conv(axes, &t[0], &t[1], Some(&t[2]), options),
            &inputs,
        );
    };
    plain(1, &[2, 2, 5], &[2, 2, 2], &conv_options(&[2], pad(&[1]), &[2], 1));
    plain(1, &[2, 4], &[2, 2, 2], &conv_options(&[1], Padding::Same, &[1], 1));
    plain(2, &[1, 2, 4, 3], &[2, 1, 2, 2], &conv_options(&[1, 2], pad(&[0, 1]), &[1], 2));
    plain(2, &[1, 2, 3, 3], &[2, 2, 1, 1], &conv_options(&[1], pad(&[0]), &[1], 1));
    plain(3, &[1, 1, 2, 3, 2], &[1, 1, 2, 2, 1], &conv_options(&[1], pad(&[0]), &[1], 1));
}

#[test]
fn transposed_convolutions() {
    let f = |x: &[usize], w: &[usize], out: usize, options: &convolution::Options<'_>, extra: &[i64]| {
        let inputs = [leaf(1, x), leaf(2, w), leaf(3, &[out])];
        let axes = w.len() - 2;
        check(
            &format!("conv_transpose {x:?} {w:?}"),
            &|t| convolution::conv_transpose(axes, &t[0], &t[1], Some(&t[2]), options, extra),
            &inputs,
        );
    };
    f(&[2, 2, 3], &[2, 3, 2], 3, &conv_options(&[2], pad(&[1]), &[1], 1), &[1]);
    f(&[1, 2, 2, 2], &[2, 1, 2, 2], 2, &conv_options(&[1, 2], pad(&[0]), &[2, 1], 2), &[1, 0]);
    // A window of one element with output padding inside its (idle) dilation.
    f(&[1, 1, 2], &[1, 1, 1], 1, &conv_options(&[1], pad(&[0]), &[2], 1), &[1]);
}

fn pool_options<'a>(kernel: &'a [i64], stride: &'a [i64], padding: &'a [i64], ceil: bool) -> pooling::Options<'a> {
    pooling::Options { kernel, stride, padding, dilation: &[1], ceil }
}

#[test]
fn pools() {
    for (axes, shape) in [(1, &[2, 5][..]), (2, &[1, 1, 4, 3]), (3, &[1, 1, 2, 3, 2])] {
        let options = pool_options(&[2], &[1], &[1], true);
        check("max_pool", &|x| Ok(pooling::max_pool(axes, &x[0], &options)?.0), &[leaf(1, shape)]);
        for divisor in [Divisor::WithPadding, Divisor::WithoutPadding, Divisor::Fixed(3)] {
            check("avg_pool", &|x| pooling::avg_pool(axes, &x[0], &options, divisor), &[leaf(1, shape)]);
        }
        check("adaptive_avg_pool", &|x| pooling::adaptive_avg_pool(axes, &x[0], &[2]), &[leaf(1, shape)]);
        check("adaptive_max_pool", &|x| Ok(pooling::adaptive_max_pool(axes, &x[0], &[2])?.0), &[leaf(1, shape)]);
    }
    let options = pooling::Options { kernel: &[2], stride: &[2, 1], padding: &[1, 0], dilation: &[1, 2], ceil: false };
    check("unfold", &|x| pooling::unfold(&x[0], &options), &[leaf(1, &[1, 2, 4, 4])]);
    let columns = pooling::unfold(&tensor(1, &[1, 2, 4, 4]), &options).unwrap();
    check("fold", &|x| pooling::fold(&x[0], &[4, 4], &options), &[leaf(1, &columns.shape())]);
}

#[test]
fn normalisations() {
    let affine = |n: usize| [leaf(2, &[n]), leaf(3, &[n])];
    let [w, b] = affine(3);
    check(
        "layer_norm",
        &|x| normalization::layer_norm(&x[0], &[3], Some(&x[1]), Some(&x[2]), 1e-5),
        &[leaf(1, &[4, 3]), w.clone(), b.clone()],
    );
    check("layer_norm plain", &|x| normalization::layer_norm(&x[0], &[2, 3], None, None, 0.1), &[leaf(1, &[2, 2, 3])]);
    check("rms_norm", &|x| normalization::rms_norm(&x[0], &[3], Some(&x[1]), None), &[leaf(1, &[4, 3]), w.clone()]);
    let none = Running { mean: None, variance: None, momentum: 0.1 };
    check(
        "batch_norm",
        &|x| normalization::batch_norm(&x[0], none, Some(&x[1]), Some(&x[2]), true, 1e-5),
        &[leaf(1, &[4, 3, 2]), w.clone(), b.clone()],
    );
    let (mean, variance) = (tensor(5, &[3]), tensor(6, &[3]).abs().unwrap());
    let given = Running { mean: Some(&mean), variance: Some(&variance), momentum: 0.1 };
    check(
        "batch_norm eval",
        &|x| normalization::batch_norm(&x[0], given, Some(&x[1]), Some(&x[2]), false, 1e-5),
        &[leaf(1, &[4, 3]), w.clone(), b.clone()],
    );
    let [w, b] = affine(4);
    check(
        "group_norm",
        &|x| normalization::group_norm(&x[0], 2, Some(&x[1]), Some(&x[2]), 1e-5),
        &[leaf(1, &[2, 4, 2]), w.clone(), b.clone()],
    );
    check(
        "instance_norm",
        &|x| normalization::instance_norm(&x[0], none, Some(&x[1]), Some(&x[2]), true, 1e-5),
        &[leaf(1, &[2, 4, 3]), w, b],
    );
    check(
        "local_response_norm",
        &|x| normalization::local_response_norm(&x[0], 3, 0.5, 0.75, 1.0),
        &[leaf(1, &[1, 4, 2])],
    );
}

#[test]
fn batch_norm_moves_the_running_moments_once() {
    let x = Tensor::from_slice(&[1.0, 2.0, 3.0, 6.0], &[4, 1]).unwrap();
    let (mean, variance) = (Tensor::from_slice(&[1.0], &[1]).unwrap(), Tensor::from_slice(&[2.0], &[1]).unwrap());
    let running = Running { mean: Some(&mean), variance: Some(&variance), momentum: 0.5 };
    normalization::batch_norm(&x, running, None, None, true, 1e-5).unwrap();
    // Mean 3; squares of 2, 1, 0, 3 over 3.
    assert_eq!(mean.to_vec::<f64>(), [2.0]);
    assert!((variance.to_vec::<f64>()[0] - (1.0 + 14.0 / 6.0)).abs() < 1e-12);
    assert_eq!((mean.version(), variance.version()), (1, 1));
}

#[test]
fn attention_masked_and_causal() {
    let qkv = || [leaf(1, &[2, 3, 4]), leaf(2, &[2, 3, 4]), leaf(3, &[2, 3, 2])];
    let seen = Tensor::from_slice(&[1i64, 0, 1, 0, 0, 0, 1, 1, 1], &[3, 3]).unwrap().ne(0.0).unwrap();
    for options in [
        attention::Options::default(),
        attention::Options { causal: true, ..Default::default() },
        attention::Options { mask: Some(&seen), scale: Some(0.7), ..Default::default() },
    ] {
        let f = |x: &[Tensor]| attention::scaled_dot_product_attention(&x[0], &x[1], &x[2], options);
        check("attention", &f, &qkv());
    }
    let options = attention::Options { mask: Some(&seen), ..Default::default() };
    let [q, k, v] = qkv();
    let result = attention::scaled_dot_product_attention(&q, &k, &v, options).unwrap();
    assert_eq!(&result.to_vec::<f64>()[2..4], &[0.0, 0.0], "a query that sees no key gets zeros");
    let f = |x: &[Tensor]| {
        let options = attention::Options { grouped: true, ..Default::default() };
        attention::scaled_dot_product_attention(&x[0], &x[1], &x[2], options)
    };
    check("grouped heads", &f, &[leaf(1, &[1, 4, 2, 3]), leaf(2, &[1, 2, 2, 3]), leaf(3, &[1, 2, 2, 3])]);
}

#[test]
fn sgd_with_momentum_of_any_layout() {
    let options =
        optim::Sgd { lr: 0.1, momentum: 0.9, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false };
    let run = |param: Tensor| {
        let grad = tensor(2, &[3, 2]);
        let mut buffers = vec![None];
        for _ in 0..3 {
            optim::sgd_step(std::slice::from_ref(&param), std::slice::from_ref(&grad), &mut buffers, &options).unwrap();
        }
        param
    };
    let plain = run(tensor(1, &[3, 2]));
    assert_eq!(plain.version(), 3);
    let transposed = run(tensor(1, &[3, 2]).t().unwrap().copied().unwrap().t().unwrap());
    let wide = Tensor::from_slice(&[0.0; 12], &[3, 4]).unwrap();
    let gaps = wide.narrow(1, 1, 2).unwrap();
    gaps.copy_(&tensor(1, &[3, 2])).unwrap();
    let gaps = run(gaps);
    assert_eq!(plain.to_vec::<f64>(), transposed.to_vec::<f64>());
    assert_eq!(plain.to_vec::<f64>(), gaps.to_vec::<f64>());
    assert_eq!(wide.select(1, 0).unwrap().to_vec::<f64>(), [0.0; 3]);
}

#[test]
fn a_step_that_is_refused_changes_nothing() {
    let options =
        optim::Sgd { lr: 0.1, momentum: 0.0, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false };
    let params = [tensor(1, &[3]), tensor(2, &[4])];
    let before = params[0].to_vec::<f64>();
    let error = optim::sgd_step(&params, &[tensor(3, &[3]), tensor(4, &[5])], &mut [], &options);
    assert!(error.is_err());
    assert_eq!(params[0].to_vec::<f64>(), before);
    assert_eq!(params[0].version(), 0);
}

#[test]
fn adam_counts_its_steps() {
    let options =
        optim::Adam { lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, decoupled: false, maximize: false };
    let zeros = || [Tensor::from_slice(&[0.0; 3], &[3]).unwrap()];
    let (params, grads) = ([tensor(1, &[3])], [tensor(2, &[3])]);
    let (means, squares, steps) = (zeros(), zeros(), [Tensor::scalar(0.0, DType::F32).unwrap()]);
    let states = optim::AdamStates { exp_avgs: &means, exp_avg_sqs: &squares, max_exp_avg_sqs: &[], steps: &steps };
    let before = params[0].to_vec::<f64>();
    optim::adam_step(&params, &grads, states, &options).unwrap();
    assert_eq!(steps[0].to_vec::<f64>(), [1.0]);
    // The first step is lr in the direction of the sign, but for eps.
    for ((after, before), grad) in params[0].to_vec::<f64>().iter().zip(before).zip(grads[0].to_vec::<f64>()) {
        assert!((after - (before - 0.1 * grad.signum())).abs() < 1e-6);
    }
}
