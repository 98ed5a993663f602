//! Writing in place from Rust: operands in the target's memory, views and the history of their base, leaves that change
//! between their use and the backward pass.

use arcgrad::autograd::{self, Options};
use arcgrad::graph::{Backward, Edge, Op, custom, no_grad, views as history};
use arcgrad::ops::elementwise::apply_in_place;
use arcgrad::ops::writing::copy;
use arcgrad::ops::{rows, views};
use arcgrad::{DType, Result, Tensor};

const RECORDED: Options = Options { retain_graph: None, create_graph: true };
const RETAINED: Options = Options { retain_graph: Some(true), create_graph: false };

fn leaf(values: &[f64]) -> Tensor {
    Tensor::from_slice(values, &[values.len()]).unwrap().with_grad().unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec()
}

/// The gradient of the sum of `y`.
fn gradient(y: &Tensor, x: &Tensor, options: Options) -> Tensor {
    let root = y.sum().unwrap();
    autograd::grad(&[(&root, None)], &[x], options).unwrap().remove(0).unwrap()
}

fn slope(y: &Tensor, x: &Tensor) -> Vec<f64> {
    values(&gradient(y, x, RETAINED))
}

#[test]
fn operands_in_the_targets_memory_are_read_as_they_were() {
    type Share = fn(&Tensor) -> Tensor;
    let cases: [(Share, [f64; 2]); 4] = [
        (Tensor::clone, [4.0, 6.0]),
        (|y| views::view(y, &[2]).unwrap(), [4.0, 6.0]),
        (Tensor::detach, [2.0, 3.0]),
        (Tensor::data, [2.0, 3.0]),
    ];
    for (share, expected) in cases {
        let x = leaf(&[2.0, 3.0]);
        let y = x.mul(1.0).unwrap();
        y.mul_(&share(&y)).unwrap();
        assert_eq!(values(&y), [4.0, 9.0]);
        assert_eq!(slope(&y, &x), expected);
        // The base of a view follows.
        let y = x.mul(1.0).unwrap();
        views::view(&y, &[2]).unwrap().mul_(&share(&y)).unwrap();
        assert_eq!(slope(&y, &x), expected);
    }
}

#[test]
fn a_copy_of_what_was_detached_from_the_target_cuts_it_off() {
    let x = leaf(&[2.0, 3.0]);
    let y = x.mul(1.0).unwrap();
    copy::copy_(&y, &views::view(&y, &[2]).unwrap()).unwrap();
    assert_eq!((slope(&y, &x), y.version()), (vec![1.0, 1.0], 0));
    copy::copy_(&y, &y.detach()).unwrap();
    assert_eq!((slope(&y, &x), y.version()), (vec![0.0, 0.0], 1));
}

#[test]
fn a_result_saved_by_a_write_to_a_view_follows_the_base() {
    let x = leaf(&[0.3]);
    let y = x.mul(1.0).unwrap();
    let view = views::view(&y, &[1]).unwrap();
    apply_in_place(&rows::tanh::ROW, &[], &view, &[]).unwrap();
    drop(view);
    let first = gradient(&y, &x, RECORDED);
    // The node of the write is behind both terms, and runs once.
    let loss = first.add(&y).unwrap();
    let (tanh, squared) = (0.3_f64.tanh(), 1.0 - 0.3_f64.tanh().powi(2));
    let second = values(&gradient(&loss, &x, Options::default()))[0];
    assert!((second - (squared - 2.0 * tanh * squared)).abs() < 1e-15, "{second}");
}

/// Passes `factor` times the gradient to its second input, the gradient to the first.
struct SecondIsChanged(f64);

impl Op for SecondIsChanged {
    fn name(&self) -> &str {
        "SecondIsChangedBackward"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.needs(0) {
            cx.put(0, grad.sum_over(&[0], true)?);
        }
        if cx.needs(1) {
            cx.put(1, grad.mul(self.0)?);
        }
        Ok(())
    }
}

#[test]
fn a_custom_rule_may_change_any_of_its_inputs() {
    let (x, w) = (leaf(&[1.0, 2.0, 3.0]), leaf(&[5.0]));
    let y = x.mul(1.0).unwrap();
    let view = y.narrow(0, 1, 2).unwrap();
    let other = y.narrow(0, 2, 1).unwrap();
    let edges: Vec<Edge> = [&w, &view].map(|input| input.gradient_edge().unwrap().unwrap()).into();
    {
        let _off = no_grad();
        view.mul_(7.0).unwrap();
        // Looking at it does not make a history that stays.
        assert!(other.grad_fn().unwrap().is_some());
    }
    let node = custom::new_node(SecondIsChanged(7.0), edges.into(), [view.meta()].into_iter().collect());
    history::set_history(&view, node, 0, Some(1)).unwrap();
    for (tensor, expected, through_w) in
        [(&y, [1.0, 7.0, 7.0], 2.0), (&view, [0.0, 7.0, 7.0], 2.0), (&other, [0.0, 0.0, 7.0], 1.0)]
    {
        assert_eq!(slope(tensor, &x), expected);
        assert_eq!(slope(tensor, &w), [through_w]);
    }
}

#[test]
fn the_accumulator_of_a_leaf_has_the_shape_and_the_dtype_of_its_data() {
    let x = leaf(&[1.0, 2.0]);
    assert_eq!(slope(&x.mul(3.0).unwrap(), &x), [3.0, 3.0]);
    let before = x.mul(3.0).unwrap();
    {
        let _off = no_grad();
        views::in_place(&x, |x| views::unsqueeze(x, 0)).unwrap();
    }
    x.mul(3.0).unwrap().sum().unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().shape().as_slice(), [1, 2]);
    let error = before.sum().unwrap().backward().unwrap_err().to_string();
    assert!(error.contains("[2]") && error.contains("[1, 2]"), "{error}");
    x.set_grad(None).unwrap();
    x.set_data(&Tensor::from_slice(&[1.0_f32; 3], &[3]).unwrap()).unwrap();
    x.mul(3.0).unwrap().sum().unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().dtype(), DType::F32);
}

#[test]
fn a_saved_leaf_requires_a_gradient_as_it_says_now() {
    let (x, w) = (Tensor::from_slice(&[2.0], &[1]).unwrap(), leaf(&[3.0]));
    let y = w.mul(&x).unwrap().mul(&x).unwrap();
    x.set_requires_grad(true).unwrap();
    assert_eq!(slope(&gradient(&y, &w, RECORDED), &x), [4.0]);
    let y = x.mul(&w).unwrap();
    x.set_requires_grad(false).unwrap();
    y.sum().unwrap().backward().unwrap();
    assert!(x.grad().is_none());
    assert_eq!(values(&w.grad().unwrap()), [2.0]);
}

#[test]
fn a_view_without_a_history_is_data_where_nothing_is_recorded() {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(1.0).unwrap();
    let part = views::unbind(&y, 0).unwrap().remove(1);
    y.mul_(5.0).unwrap();
    assert!(part.mul(1.0).is_err());
    let _off = no_grad();
    assert_eq!(values(&part.mul(2.0).unwrap()), [20.0]);
    part.add_(1.0).unwrap();
    assert_eq!(values(&y), [5.0, 11.0]);
}
