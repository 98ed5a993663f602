//! The first slice through all rooms: values, gradients of any order, views, long chains, blame.

use arcgrad::{Tensor, autograd};

fn leaf(values: &[f64]) -> Tensor {
    Tensor::from_slice(values, &[values.len()]).unwrap().with_grad().unwrap()
}

#[test]
fn a_product_and_a_sum() {
    let x = leaf(&[1.0, 2.0, 3.0]);
    let y = x.mul(&x).unwrap().mul(2.0).unwrap().exp().unwrap().log().unwrap().sum().unwrap();
    y.backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>(), [4.0, 8.0, 12.0]);
}

#[test]
fn third_order() {
    let x = leaf(&[2.0]);
    let y = x.pow(4.0).unwrap();
    let options = autograd::Options { create_graph: true, ..Default::default() };
    let mut d = y;
    for expected in [32.0, 48.0, 48.0] {
        d = autograd::grad(&[(&d, None)], &[&x], options).unwrap()[0].clone().unwrap();
        assert!((d.to_vec::<f64>()[0] - expected).abs() < 1e-12);
    }
}

#[test]
fn in_place_on_a_view_rewrites_the_base() {
    let x = leaf(&[1.0, 2.0, 3.0]);
    let y = x.mul(1.0).unwrap();
    let v = y.narrow(0, 0, 2).unwrap();
    v.mul_(10.0).unwrap();
    assert_eq!(y.grad_fn().unwrap().unwrap().name(), "arcgrad::CopySlices");
    assert_eq!(v.grad_fn().unwrap().unwrap().name(), "AsStridedBackward0");
    y.sum().unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>(), [10.0, 10.0, 1.0]);
}

#[test]
fn a_million_nodes() {
    let x = leaf(&[1.0]);
    let mut y = x.clone();
    for _ in 0..1_000_000 {
        y = y.add(1.0).unwrap();
    }
    y.backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>(), [1.0]);
    drop(y);
}

#[test]
fn broadcasting_and_mixed_dtypes() {
    let a = Tensor::from_slice(&[1.0f32, 2.0, 3.0], &[3, 1]).unwrap().with_grad().unwrap();
    let b = leaf(&[1.0, 2.0, 3.0, 4.0]);
    a.mul(&b).unwrap().sum().unwrap().backward().unwrap();
    assert_eq!(a.grad().unwrap().dtype(), arcgrad::DType::F32);
    assert_eq!(a.grad().unwrap().to_vec::<f64>(), [10.0, 10.0, 10.0]);
    assert_eq!(b.grad().unwrap().to_vec::<f64>(), [6.0; 4]);
}

#[test]
fn a_modified_saved_value_is_blamed() {
    let x = leaf(&[1.0, 2.0]);
    let y = x.exp().unwrap();
    let z = y.sum().unwrap();
    y.add_(1.0).unwrap();
    let error = z.backward().unwrap_err().to_string();
    assert!(error.contains("modified by an inplace operation"), "{error}");
    assert!(error.contains("saved by ExpBackward0 at rust/core/tests/smoke.rs:"), "{error}");
}
