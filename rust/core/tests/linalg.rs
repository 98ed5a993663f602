//! Linear algebra from Rust: first and second derivatives against finite differences, matrices without a result, and
//! repeated eigenvalues.

use arcgrad::autograd::{self, Options};
use arcgrad::ops::Value;
use arcgrad::ops::linalg::{cholesky, eigh, exponential, inverses, lu, qr, svd, triangular};
use arcgrad::ops::views::matrix_transpose;
use arcgrad::{Error, Result, Tensor};

const RECORDED: Options = Options { retain_graph: None, create_graph: true };

/// Elements between −1 and 1 that look random.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    (0..count).map(|at| ((at as f64 + 1.0) * 12.9898 + seed as f64 * 78.233).sin() * 43758.5453 % 1.0).collect()
}

fn tensor(values: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape).unwrap()
}

type Function = fn(&Tensor) -> Result<Vec<Tensor>>;

/// A number that depends on all results, each element in another way.
fn loss(function: Function, input: &Tensor) -> Tensor {
    let mut total = Tensor::from_slice(&[0.0], &[]).unwrap();
    for (at, result) in function(input).unwrap().iter().enumerate() {
        if result.dtype().is_float() {
            let weights = tensor(&numbers(result.numel(), 3 + at as u64), &result.shape());
            total = total.add(&result.mul(&weights).unwrap().sum().unwrap()).unwrap();
        }
    }
    total
}

fn gradient(function: Function, values: &[f64], shape: &[usize]) -> Tensor {
    let leaf = tensor(values, shape).with_grad().unwrap();
    let output = loss(function, &leaf);
    autograd::grad(&[(&output, None)], &[&leaf], RECORDED).unwrap().remove(0).unwrap()
}

/// The derivative along a direction, by differences.
fn slope(mut value: impl FnMut(&[f64]) -> f64, values: &[f64], direction: &[f64]) -> f64 {
    const STEP: f64 = 1e-5;
    let moved = |by: f64| values.iter().zip(direction).map(|(x, d)| x + by * d).collect::<Vec<_>>();
    (value(&moved(STEP)) - value(&moved(-STEP))) / (2.0 * STEP)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[track_caller]
fn check(name: &str, function: Function, shape: &[usize], symmetric: bool) {
    let [.., rows, columns] = *shape else { panic!("matrices") };
    let size = rows * columns;
    let made = |seed: u64, shift: f64| {
        let mut values = numbers(shape.iter().product(), seed);
        for matrix in values.chunks_exact_mut(size) {
            if symmetric {
                let given = matrix.to_vec();
                (0..size).for_each(|at| matrix[at] = (given[at] + given[at % columns * columns + at / columns]) / 2.0);
            }
            (0..rows.min(columns)).for_each(|at| matrix[at * columns + at] += shift * (1.0 + at as f64));
        }
        values
    };
    let (values, direction) = (made(1, 2.0), made(2, 0.0));
    let first = gradient(function, &values, shape);
    let expected = slope(|x| loss(function, &tensor(x, shape)).item().unwrap().to_f64(), &values, &direction);
    let found = dot(&first.to_vec::<f64>(), &direction);
    assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{name} {shape:?}: {found} for {expected}");

    let leaf = tensor(&values, shape).with_grad().unwrap();
    let output = loss(function, &leaf);
    let first = autograd::grad(&[(&output, None)], &[&leaf], RECORDED).unwrap().remove(0).unwrap();
    let along = first.mul(&tensor(&direction, shape)).unwrap().sum().unwrap();
    let second = autograd::grad(&[(&along, None)], &[&leaf], RECORDED).unwrap().remove(0).unwrap();
    let expected = slope(|x| dot(&gradient(function, x, shape).to_vec::<f64>(), &direction), &values, &direction);
    let found = dot(&second.to_vec::<f64>(), &direction);
    assert!(
        (found - expected).abs() < 1e-5 * (1.0 + expected.abs()),
        "{name} {shape:?}, twice: {found} for {expected}"
    );
}

fn right(a: &Tensor) -> Tensor {
    let shape = a.shape();
    tensor(&numbers(shape[shape.len() - 1] * 2, 7), &[shape[shape.len() - 1], 2])
}

#[test]
fn derivatives_are_those_of_differences() {
    const SQUARE: &[&[usize]] = &[&[3, 3], &[2, 3, 3]];
    const ANY: &[&[usize]] = &[&[3, 3], &[4, 3], &[3, 5], &[2, 4, 3]];
    let square: [(&str, Function); 7] = [
        ("solve", |a| Ok(vec![lu::solve_ex("solve", a, &right(a), true, true)?[0].clone()])),
        ("inv", |a| Ok(vec![lu::inv_ex("inv", a, true)?[0].clone()])),
        ("det", |a| Ok(vec![lu::det(a)?])),
        ("slogdet", |a| Ok(lu::slogdet("slogdet", a)?.to_vec())),
        ("triangular", |a| Ok(vec![triangular::solve_triangular(a, &right(a), true, true, false)?])),
        ("unit triangular", |a| {
            Ok(vec![triangular::solve_triangular(a, &matrix_transpose(&right(a))?, false, false, true)?])
        }),
        ("exponential", |a| Ok(vec![exponential::matrix_exp(a)?])),
    ];
    for (name, function) in square {
        SQUARE.iter().for_each(|shape| check(name, function, shape, false));
    }
    let symmetric: [(&str, Function); 3] = [
        ("cholesky", |a| Ok(vec![cholesky::cholesky("cholesky", a, false)?])),
        ("upper cholesky", |a| Ok(vec![cholesky::cholesky("cholesky", a, true)?])),
        ("eigh", |a| Ok(eigh::eigh(a, "L")?.to_vec())),
    ];
    for (name, function) in symmetric {
        SQUARE.iter().for_each(|shape| check(name, function, shape, true));
    }
    let any: [(&str, Function); 4] = [
        ("qr", |a| Ok(qr::qr(a, "reduced")?.to_vec())),
        ("svd", |a| Ok(svd::svd(a, false)?.to_vec())),
        ("lu", |a| Ok(lu::lu(a, true)?[1..].to_vec())),
        ("pinv", |a| {
            let tolerance = inverses::Tolerance { absolute: &Value::None, relative: &Value::None };
            Ok(vec![inverses::pinv(a, &tolerance, false)?])
        }),
    ];
    for (name, function) in any {
        ANY.iter().for_each(|shape| check(name, function, shape, false));
    }
}

#[test]
fn matrices_without_a_result_are_named() {
    let batch = tensor(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0], &[2, 2, 2]);
    let error = lu::inv_ex("linalg.inv", &batch, true).unwrap_err();
    assert!(matches!(*error, Error::LinAlg { .. }));
    assert_eq!(
        error.to_string(),
        "linalg.inv: (Batch element 1): The diagonal element 2 is zero, the inversion could not be completed because the \
         input matrix is singular."
    );
    assert!(svd::svdvals(&tensor(&[f64::NAN; 4], &[2, 2])).is_err());
}

#[test]
fn repeated_eigenvalues_have_a_gradient_where_the_basis_does_not_matter() {
    const TWICE: &[f64] = &[2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 5.0];
    // The sum of the weights times A², by eigenvalues and vectors.
    let square: Function = |a| {
        let [values, vectors] = eigh::eigh(a, "L")?;
        let scaled = vectors.mul(&values.mul(&values)?.reshape(&[1, 3])?)?;
        Ok(vec![arcgrad::ops::matmul::mm(&scaled, &matrix_transpose(&vectors)?)?])
    };
    let plain: Function = |a| Ok(vec![arcgrad::ops::matmul::mm(a, a)?]);
    let direction = [0.3, 0.2, -0.5, 0.2, -1.0, 0.7, -0.5, 0.7, 0.1];
    let found = dot(&gradient(square, TWICE, &[3, 3]).to_vec::<f64>(), &direction);
    let expected = dot(&gradient(plain, TWICE, &[3, 3]).to_vec::<f64>(), &direction);
    assert!((found - expected).abs() < 1e-12, "{found} for {expected}");

    let leaf = tensor(TWICE, &[3, 3]).with_grad().unwrap();
    let output = loss(|a| Ok(vec![eigh::eigh(a, "L")?[1].clone()]), &leaf);
    let error = autograd::grad(&[(&output, None)], &[&leaf], Options::default()).unwrap_err();
    assert!(error.to_string().contains("depends on which basis"), "{error}");
}
