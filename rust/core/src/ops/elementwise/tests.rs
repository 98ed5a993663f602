//! Rows over complex numbers and half precision: through the loops that the macro declares and the loop driver.

use super::{GradRow, Integers, Params, Row, activation, arithmetic, comparison, exponential, select, special};
use crate::dtype::DType;
use crate::kernels::element::Element;
use crate::kernels::number::Complex;
use crate::kernels::{In, Kernel, Out, map};
use crate::ops::nn::loss_rows;
use crate::ops::reductions::range;
use crate::ops::rows;
use crate::scalar::Scalar;

type C128 = Complex<f64>;

/// All rows that are declared by the macro.
fn all() -> impl Iterator<Item = &'static Row> {
    [
        activation::ROWS,
        arithmetic::ROWS,
        comparison::ROWS,
        exponential::ROWS,
        loss_rows::ROWS,
        range::ROWS,
        select::ROWS,
        special::ROWS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Pseudo-random numbers in [0, 1).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number of the row's domain, beside the real axis.
    fn of(&mut self, (low, high): (f64, f64)) -> C128 {
        Complex::new(low + (high - low) * self.next(), 1.6 * self.next() - 0.8)
    }
}

/// Runs a loop over contiguous vectors of one dtype and length.
fn run<T: Element, O: Element>(kernel: &Kernel, params: &[Scalar], inputs: &[&[T]]) -> Vec<O> {
    let n = inputs[0].len();
    let mut output = vec![O::default(); n];
    let shape = [n];
    let given: Vec<In<'_>> = inputs.iter().map(|input| In::of(input, &shape, &[1])).collect();
    map::apply(kernel, params, &given, Out::of(&mut output, &shape, &[1]));
    output
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()))
}

/// How far a step along `step` changes a real result whose gradient is `gradient`: the real part of the product of one with
/// the conjugate of the other.
fn along(gradient: C128, step: C128) -> f64 {
    gradient.re * step.re + gradient.im * step.im
}

fn value(row: &Row, params: &[Scalar], inputs: &[C128]) -> C128 {
    let kernel = (row.value)(DType::C128).expect("a complex row");
    let inputs: Vec<[C128; 1]> = inputs.iter().map(|&input| [input]).collect();
    let inputs: Vec<&[C128]> = inputs.iter().map(<[C128; 1]>::as_slice).collect();
    run(&kernel, params, &inputs)[0]
}

fn gradient(grad: &GradRow, params: &[Scalar], g: C128, inputs: &[C128], output: C128) -> C128 {
    let kernel = (grad.kernel)(DType::C128).expect("the gradient of a complex row is complex");
    let slots = grad.uses.iter().map(|&slot| inputs.get(slot as usize).copied().unwrap_or(output));
    let read: Vec<[C128; 1]> = std::iter::once(g).chain(slots).map(|value| [value]).collect();
    let read: Vec<&[C128]> = read.iter().map(<[C128; 1]>::as_slice).collect();
    run(&kernel, params, &read)[0]
}

/// The inputs of a slope, whose second one is the function's value at the first.
fn completed(row: &Row, mut inputs: Vec<C128>) -> Vec<C128> {
    let function = match row.name {
        "sigmoid_slope" => &rows::sigmoid::ROW,
        "tanh_slope" => &rows::tanh::ROW,
        _ => return inputs,
    };
    inputs[1] = value(function, &[], &inputs[..1]);
    inputs
}

/// A row that is complex has a complex gradient, and it is what finite differences of the value say: a step of any
/// direction changes Re(conj(g)·z) by Re(conj(gradient)·step).
#[test]
fn gradients_are_conjugates() {
    const STEP: f64 = 1e-5;
    let mut checked = Vec::new();
    for row in all().filter(|row| !row.grads.is_empty() && (row.value)(DType::C128).is_some()) {
        let mut numbers = Numbers(row.name.len() as u64 + 7);
        let params: Params = row.params.iter().map(|_| Scalar::Complex(0.75, -0.5)).collect();
        for _ in 0..20 {
            let inputs = completed(row, row.inputs.iter().map(|_| numbers.of(row.domain)).collect());
            let (g, z) = (numbers.of((-1.0, 1.0)), value(row, &params, &inputs));
            for (input, grad) in row.grads.iter().enumerate() {
                for grad in std::iter::once(grad).chain(grad.without) {
                    let found = gradient(grad, &params, g, &inputs, z);
                    for step in [Complex::new(STEP, 0.0), Complex::new(0.0, STEP)] {
                        let moved = |factor: f64| {
                            let mut inputs = inputs.clone();
                            inputs[input].re += step.re * factor;
                            inputs[input].im += step.im * factor;
                            value(row, &params, &completed(row, inputs))
                        };
                        let expected = (along(g, moved(1.0)) - along(g, moved(-1.0))) / 2.0;
                        assert!(
                            close(along(found, step) / STEP, expected / STEP, 1e-7),
                            "{} by {} at {inputs:?} along {step:?}: {}, not {}",
                            row.name,
                            row.inputs[input],
                            along(found, step) / STEP,
                            expected / STEP,
                        );
                    }
                }
            }
        }
        checked.push(row.name);
    }
    for name in ["mul", "div", "exp", "log", "sqrt", "tanh", "pow", "pow_scalar", "lerp", "addcmul", "where_"] {
        assert!(checked.contains(&name), "{name} was not among {checked:?}");
    }
}

/// Values of PyTorch, written by `tests/oracle/complex_functions.py`.
const FUNCTIONS: &str = include_str!("../../../../../tests/oracle/complex_functions.txt");

#[test]
fn functions_are_the_principal_branches() {
    for line in FUNCTIONS.lines() {
        let (name, numbers) = line.split_once(' ').expect("a name and numbers");
        let row = all().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"));
        let numbers: Vec<f64> = numbers.split(' ').map(|number| number.parse().expect("a number")).collect();
        let (z, expected) = (Complex::new(numbers[0], numbers[1]), Complex::new(numbers[2], numbers[3]));
        let found = value(row, &[], &[z]);
        // Of the size of the number, not of each part.
        let size = expected.re.hypot(expected.im);
        let error = (found.re - expected.re).hypot(found.im - expected.im);
        assert!(error <= 4e-15 * size, "{name}({z:?}) is {expected:?}, not {found:?}");
        // The single-precision loop: vectors, and the rest of a group.
        let kernel = (row.value)(DType::C64).expect("a complex row");
        let single = Complex::new(z.re as f32, z.im as f32);
        let exact = value(row, &[], &[Complex::new(single.re.into(), single.im.into())]);
        for found in run::<Complex<f32>, Complex<f32>>(&kernel, &[], &[&[single; 21]]) {
            let error = (f64::from(found.re) - exact.re).hypot(f64::from(found.im) - exact.im);
            assert!(error <= 4e-6 * exact.re.hypot(exact.im), "{name}({single:?}) is {exact:?}, not {found:?}");
        }
    }
}

/// Arguments of sines that the fast path leaves to the slow one, in either part.
#[test]
fn rare_parts_are_computed_again() {
    let kernel = (rows::exp::ROW.value)(DType::C128).expect("a complex row");
    let z: Vec<C128> = (0..40).map(|i| Complex::new(0.1, if i % 7 == 3 { 1e22 } else { f64::from(i) })).collect();
    for (z, found) in z.iter().zip(run::<C128, C128>(&kernel, &[], &[&z])) {
        let expected = Complex::new(z.re.exp() * z.im.cos(), z.re.exp() * z.im.sin());
        assert!(close(found.re, expected.re, 1e-15) && close(found.im, expected.im, 1e-15), "{z:?}");
    }
}

/// What has no room on the way has room in the end.
#[test]
fn nothing_overflows_on_the_way() {
    let of = |row: &'static Row, inputs: &[C128]| value(row, &[], inputs);
    let huge = Complex::new(3e300, 4e300);
    let quotient = of(&rows::div::ROW, &[huge, huge]);
    assert!(close(quotient.re, 1.0, 1e-15) && close(quotient.im, 0.0, 1e-15), "{quotient:?}");
    let root = of(&rows::sqrt::ROW, &[huge]);
    assert!(close(root.re / 2e150, 1.0, 1e-14) && close(root.im / 1e150, 1.0, 1e-14), "{root:?}");
    let log = of(&rows::log::ROW, &[huge]);
    assert!(close(log.re, 5e300_f64.ln(), 1e-15) && close(log.im, (4.0_f64 / 3.0).atan(), 1e-15), "{log:?}");
    let tanh = of(&rows::tanh::ROW, &[Complex::new(-1e3, 1.0)]);
    assert_eq!((tanh.re, tanh.im), (-1.0, 0.0));
    let sigmoid = of(&rows::sigmoid::ROW, &[Complex::new(-1e3, 1.0)]);
    assert_eq!((sigmoid.re, sigmoid.im), (0.0, 0.0));
    // A number whose modulus is near 1 has a logarithm near 0, to all its digits.
    let near = of(&rows::log::ROW, &[Complex::new(0.6, 0.8 + 1e-9)]);
    assert!(((near.re - 8e-10) / 8e-10).abs() < 1e-6, "{near:?}");
}

/// Which rows there are complex loops of: those whose tier has no order, and no others.
#[test]
fn rows_say_which_dtypes_they_compute_in() {
    for row in all() {
        let takes = |dtype: DType| (row.value)(dtype).is_some();
        let unordered = matches!(row.tier.name(), "ring" | "field" | "inexact" | "equality" | "field predicate");
        assert_eq!(takes(DType::C64), unordered, "{}", row.name);
        assert_eq!(takes(DType::C128), unordered, "{}", row.name);
        // Half precision is computed in `f32`, wherever that is.
        assert_eq!(takes(DType::F16), takes(DType::F32), "{}", row.name);
        assert_eq!(takes(DType::BF16), takes(DType::F32), "{}", row.name);
        assert!(takes(DType::F32) || takes(DType::I64), "{}", row.name);
        // What promotes integers has no loop of its own for them.
        assert!(row.tier.integers() == Integers::Kept || !takes(DType::I64), "{}", row.name);
        for grad in row.grads {
            assert!((grad.kernel)(DType::F64).is_some(), "{}", row.name);
            assert_eq!((grad.kernel)(DType::C128).is_some(), takes(DType::C128), "{}", row.name);
        }
    }
}

/// Rows of half precision: cast into `f32` block by block, computed there, and rounded once.
fn half_is_rounded_once<T: Element + std::fmt::Debug>(to: fn(f32) -> T, from: fn(T) -> f32) {
    let numbers: Vec<T> = (0..1000).map(|i| to(i as f32 * 0.013 - 6.0)).collect();
    let others: Vec<T> = numbers.iter().rev().copied().collect();
    let kernel = |row: &Row| (row.value)(T::DTYPE).expect("a row of half precision");
    let sums: Vec<T> = run(&kernel(&rows::add_scaled::ROW), &[0.3.into()], &[&numbers, &others]);
    let exps: Vec<T> = run(&kernel(&rows::exp::ROW), &[], &[&numbers]);
    let less: Vec<crate::kernels::element::B8> = run(&kernel(&rows::lt::ROW), &[], &[&numbers, &others]);
    let wide: Vec<f32> = numbers.iter().map(|&x| from(x)).collect();
    let wide_exps: Vec<f32> = run(&kernel(&rows::exp::ROW), &[], &[&wide]);
    for (i, (&x, &y)) in wide.iter().zip(wide.iter().rev()).enumerate() {
        assert_eq!(sums[i], to(y.mul_add(0.3, x)), "{x} + 0.3 * {y}");
        assert_eq!(exps[i], to(wide_exps[i]), "exp({x})");
        assert_eq!(bool::from(less[i]), x < y, "{x} < {y}");
    }
    // A gradient, of a loop of its own.
    let grad = (rows::exp::ROW.grads[0].kernel)(T::DTYPE).expect("a gradient of half precision");
    let grads: Vec<T> = run(&grad, &[], &[&others, &exps]);
    for i in 0..numbers.len() {
        assert_eq!(grads[i], to(from(others[i]) * from(exps[i])));
    }
}

#[test]
fn half_precision_is_computed_in_single() {
    half_is_rounded_once(half::f16::from_f32, half::f16::to_f32);
    half_is_rounded_once(half::bf16::from_f32, half::bf16::to_f32);
}
