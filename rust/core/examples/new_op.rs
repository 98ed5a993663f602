//! Adds an operation with a gradient of its own: the sum of squares, as one node. `cargo run --example new_op`.
//!
//! This is how every structured operation of the library is made: a value that computes arrays from arrays, with a rule for
//! gradients and one for tangents beside it, and a function that calls it.

use arcgrad::graph::call;
use arcgrad::graph::op::{Arrays, Inputs, Keep, Op};
use arcgrad::graph::rules::Backward;
use arcgrad::graph::transform::Tangents;
use arcgrad::{Array, Error, Scalar, Tensor, autograd};
use smallvec::{SmallVec, smallvec};

type Result<T> = std::result::Result<T, Box<Error>>;

/// Σ x² over all elements, a tensor without axes.
///
/// # Errors
/// When `x` is not a floating-point tensor.
#[track_caller] // blame goes to the caller's line
fn sum_of_squares(x: &Tensor) -> Result<Tensor> {
    call(SumOfSquares, &[x])
}

#[derive(Clone, PartialEq, Debug)]
struct SumOfSquares;

impl Op for SumOfSquares {
    fn name(&self) -> &str {
        "SumOfSquaresBackward0"
    }

    /// The value, from data that was copied out of the tensor once.
    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "sum_of_squares";
        let x = &inputs[0];
        if !x.dtype().is_float() {
            return Err(Error::dtype(OP, x.dtype(), "a floating-point tensor is expected"));
        }
        let total: f64 = x.to_vec::<f64>().iter().map(|value| value * value).sum();
        Ok(smallvec![Array::full(OP, &[], Scalar::Float(total), x.dtype())?])
    }

    /// What the gradient reads.
    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0)]
    }

    /// dL/dx = 2 x dL/dy: made of operations, so that it can itself be recorded and differentiated.
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = cx.saved(0)?.mul(2.0)?.mul(&cx.only_grad())?;
        cx.put(0, gradient);
        Ok(())
    }

    /// ẏ = Σ 2 x ẋ, for forward mode.
    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let product = cx.input(0).mul(2.0)?.mul(&tangent)?.sum()?;
        cx.put(0, product)
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
