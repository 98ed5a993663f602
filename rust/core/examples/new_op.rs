//! Adds an operation with a gradient of its own: the sum of squares, as one node. `cargo run --example new_op`.
//!
//! This is how every structured operation of the library is made: a function that computes the value and records a
//! node, and a rule beside it that turns the gradient of the output into that of the input.

use arcgrad::graph::node::Backward;
use arcgrad::graph::op::Op;
use arcgrad::graph::record::{Save, is_recorded, record};
use arcgrad::{Array, Error, Scalar, Tensor, autograd};

type Result<T> = std::result::Result<T, Box<Error>>;

/// Σ x² over all elements, a tensor without axes.
///
/// # Errors
/// When `x` is not a floating-point tensor.
#[track_caller] // blame goes to the caller's line
fn sum_of_squares(x: &Tensor) -> Result<Tensor> {
    const OP: &str = "sum_of_squares";
    let operand = x.operand()?; // data and place in the graph, copied out under the tensor's lock once
    let dtype = operand.array.dtype();
    if !dtype.is_float() {
        return Err(Error::dtype(OP, dtype, "a floating-point tensor is expected"));
    }
    let total: f64 = operand.array.to_vec::<f64>().iter().map(|value| value * value).sum();
    let output = Array::full(OP, &[], Scalar::Float(total), dtype)?;
    if !is_recorded(&[&operand]) {
        return Ok(Tensor::from_array(output));
    }
    record(SumOfSquares, &[&operand], &[Save::Input(&operand)], output)
}

struct SumOfSquares;

impl Op for SumOfSquares {
    fn name(&self) -> &str {
        "SumOfSquaresBackward0"
    }

    /// dL/dx = 2 x dL/dy: made of operations, so that it can itself be recorded and differentiated.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = cx.saved(0)?.mul(2.0)?.mul(&cx.only_grad())?;
        cx.put(0, gradient);
        Ok(())
    }

    /// `grad_fn._saved_self` in Python.
    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0)]
    }
}

/// The first and second derivative of `sum_of_squares(x)` summed over all elements, at (1, 2, 3).
fn derivatives() -> Result<(Vec<f64>, Vec<f64>)> {
    let x = Tensor::from_slice(&[1.0_f64, 2.0, 3.0], &[3])?.with_grad()?;
    let y = sum_of_squares(&x)?;
    let options = autograd::Options { create_graph: true, ..Default::default() };
    let of = |output: &Tensor| -> Result<Tensor> {
        let gradient = autograd::grad(&[(output, None)], &[&x], options)?.swap_remove(0);
        Ok(gradient.expect("the output depends on x"))
    };
    let first = of(&y)?;
    let second = of(&first.sum()?)?;
    Ok((first.to_vec(), second.to_vec()))
}

fn main() -> Result<()> {
    let (first, second) = derivatives()?;
    println!("first derivative {first:?}, second {second:?}");
    Ok(())
}

#[test]
fn derivatives_are_those_of_a_square() {
    let (first, second) = derivatives().unwrap();
    assert_eq!(first, [2.0, 4.0, 6.0]);
    assert_eq!(second, [2.0, 2.0, 2.0]);
}
