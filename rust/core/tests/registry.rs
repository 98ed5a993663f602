//! What holds for every operation of the tables, without naming one: documentation, signatures, layouts, in-place
//! and `out=` forms, first and second gradients against numeric differentiation.

use std::collections::{HashMap, HashSet};

use arcgrad::dtype::Category;
use arcgrad::ops::arranging::joining;
use arcgrad::ops::elementwise::{Integers, Row};
use arcgrad::ops::registry::tables::registry;
use arcgrad::ops::registry::{Args, Call, Default, Form, Forms, Kind, OpInfo, Output, Param, Value};
use arcgrad::ops::views;
use arcgrad::ops::writing::copy;
use arcgrad::{DType, Scalar, Tensor, autograd};

/// Sizes beyond a group of lanes and not a multiple of one, so that every loop also has a tail.
const SHAPE: [usize; 2] = [6, 75];
const SMALL: [usize; 2] = [2, 3];

fn infos() -> impl Iterator<Item = &'static OpInfo> {
    registry().iter().copied().flatten()
}

fn elementwise() -> impl Iterator<Item = &'static OpInfo> {
    infos()
        .filter(|info| matches!(info.call, Call::Row(_) | Call::RowOfReals(..) | Call::Rows(_) | Call::RowsOfReals(..) | Call::RowsInPlace(..)))
}

/// Uniform numbers that depend on `seed` alone (SplitMix64; Steele, Lea & Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn of(info: &OpInfo, salt: usize) -> Self {
        let seed = info.signature().bytes().fold(salt as u64, |hash, byte| hash.wrapping_mul(31) + u64::from(byte));
        Self(seed)
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The row that a call with sampled arguments of `dtype` comes to; none where the operation refuses the dtype.
fn row_for(info: &'static OpInfo, dtype: DType) -> Option<&'static Row> {
    match info.call {
        Call::Row(row) | Call::RowOfReals(row, _) => Some(row),
        Call::Rows(resolve) | Call::RowsOfReals(resolve, _) | Call::RowsInPlace(resolve, _) => {
            let values = sample(info, dtype, &SMALL, (1.0, 2.0));
            resolve(&Args { op: info.name, values: &values }).ok().map(|resolved| resolved.row)
        }
        _ => unreachable!("elementwise operations have rows"),
    }
}

fn row_of(info: &'static OpInfo, dtype: DType) -> &'static Row {
    row_for(info, dtype).unwrap_or_else(|| panic!("{} of {dtype}", info.signature()))
}

/// A value within the domain, in steps that every dtype can hold.
fn draw(numbers: &mut Numbers, dtype: DType, (low, high): (f64, f64)) -> f64 {
    let value = low + (high - low) * numbers.next();
    match dtype {
        DType::F64 => value,
        DType::F32 => f64::from(value as f32),
        DType::Bool => f64::from(u8::from(numbers.next() < 0.5)),
        DType::U8 => value.abs().ceil(),
        // Never 0, which may stand on the right of a division.
        _ if value >= 0.0 => value.ceil().max(1.0),
        _ => value.floor(),
    }
}

fn tensor(values: &[f64], shape: &[usize], dtype: DType) -> Tensor {
    Tensor::from_slice(values, shape).unwrap().to_dtype(dtype).unwrap()
}

fn is_condition(param: &Param) -> bool {
    matches!(param.name, "condition" | "mask")
}

/// One argument per parameter: tensors drawn from `domain`, defaults where there are some.
fn sample(info: &'static OpInfo, dtype: DType, shape: &[usize], domain: (f64, f64)) -> Vec<Value> {
    let mut numbers = Numbers::of(info, shape.len());
    info.params
        .iter()
        .map(|param| match (param.kind, param.default) {
            (Kind::Tensor | Kind::TensorOrNumber, _) => {
                let dtype = if is_condition(param) { DType::Bool } else { dtype };
                // What fills masked places is one number.
                let shape = if param.name == "value" { &[] } else { shape };
                let count = shape.iter().product();
                let drawn: Vec<f64> = (0..count).map(|_| draw(&mut numbers, dtype, domain)).collect();
                Value::Tensor(tensor(&drawn, shape, dtype))
            }
            (Kind::Number, Default::Int(value)) => Value::Number(Scalar::Int(value)),
            (Kind::Number, Default::Float(value)) => Value::Number(Scalar::Float(value)),
            (Kind::Number, _) => Value::Number(Scalar::Float(0.75)),
            (Kind::Float, Default::Float(value)) => Value::Float(value),
            (Kind::Int, Default::Required) => Value::Int(1),
            (Kind::Text, Default::Text(text)) => Value::Text(text.into()),
            (_, Default::None) => Value::None,
            (kind, default) => panic!("{}: no sample for {kind:?} with {default:?}", info.signature()),
        })
        .collect()
}

/// The sampled arguments from the domain of the row they lead to.
fn arguments(info: &'static OpInfo, dtype: DType, shape: &[usize]) -> Vec<Value> {
    sample(info, dtype, shape, row_of(info, dtype).domain)
}

/// The dtypes an operation takes.
fn dtypes(info: &'static OpInfo) -> Vec<DType> {
    use DType::{F32, F64, I8, I16, I32, I64, U8};
    let taken: Vec<DType> = [F64, F32, I64, I32, I16, I8, U8]
        .into_iter()
        .filter(|&dtype| {
            row_for(info, dtype)
                .is_some_and(|row| row.tier.integers() == Integers::Promoted || (row.value)(dtype).is_some())
        })
        .collect();
    assert!(!taken.is_empty(), "{} takes no dtype", info.signature());
    taken
}

fn call(info: &'static OpInfo, form: &Form<'_>, values: &[Value]) -> Output {
    info.invoke(form, values).unwrap_or_else(|error| panic!("{}: {error}", info.signature()))
}

fn value_of(info: &'static OpInfo, values: &[Value]) -> Tensor {
    match call(info, &Form::Value, values) {
        Output::Tensor(tensor) => tensor,
        _ => panic!("{}: an elementwise operation gives one tensor", info.signature()),
    }
}

/// Elements with NaN made comparable.
fn bits(tensor: &Tensor) -> Vec<u64> {
    tensor.to_vec::<f64>().iter().map(|value| if value.is_nan() { u64::MAX } else { value.to_bits() }).collect()
}

fn each_tensor(values: &[Value], change: impl Fn(&Tensor) -> Tensor) -> Vec<Value> {
    values
        .iter()
        .map(|value| match value {
            Value::Tensor(tensor) if tensor.rank() > 0 => Value::Tensor(change(tensor)),
            other => other.clone(),
        })
        .collect()
}

#[test]
fn every_name_is_documented() {
    let mut documented: HashMap<&str, bool> = HashMap::new();
    for info in infos() {
        *documented.entry(info.name).or_default() |= !info.doc.trim().is_empty();
    }
    let mut missing: Vec<_> = documented.iter().filter(|(_, documented)| !**documented).map(|(name, _)| name).collect();
    missing.sort();
    assert!(missing.is_empty(), "without documentation: {missing:?}");
}

#[test]
fn every_signature_is_unique() {
    let mut seen = HashSet::new();
    for info in infos() {
        for name in std::iter::once(&info.name).chain(info.aliases) {
            let params: Vec<_> = info.params.iter().map(|param| (param.name, format!("{:?}", param.kind))).collect();
            assert!(seen.insert((*name, info.forms.0, params)), "{name} has twice the signature {}", info.signature());
        }
    }
}

#[test]
fn every_signature_can_be_called() {
    for info in infos() {
        let mut names = HashSet::new();
        assert!(info.params.iter().all(|param| names.insert(param.name)), "{}", info.signature());
        let first_optional = info.params.iter().position(|param| param.default != Default::Required);
        for param in info.params.iter().skip(first_optional.unwrap_or(info.params.len())) {
            let required = param.default == Default::Required && !param.keyword_only;
            assert!(!required, "{}: {} is required behind an optional parameter", info.signature(), param.name);
        }
        assert_ne!(info.forms.0, 0, "{} can be reached nowhere", info.signature());
        if matches!(info.call, Call::Row(_) | Call::RowOfReals(..) | Call::Rows(_) | Call::RowsOfReals(..) | Call::RowsInPlace(..))
            && info.forms.has(Forms::METHOD)
        {
            let first = info.params[0].kind;
            assert!(matches!(first, Kind::Tensor | Kind::TensorOrNumber), "{}", info.signature());
        }
    }
}

#[test]
fn every_row_has_a_gradient_per_input_or_none() {
    for info in elementwise() {
        let row = row_of(info, dtypes(info)[0]);
        assert!(row.grads.is_empty() || row.grads.len() == row.inputs.len(), "{}", row.name);
        assert!(row.domain.0 < row.domain.1, "{}", row.name);
        assert!(row.node.ends_with(|digit: char| digit.is_ascii_digit()), "{}", row.node);
    }
}

#[test]
fn values_are_the_same_in_every_layout() {
    for info in elementwise() {
        for dtype in dtypes(info) {
            let values = arguments(info, dtype, &SHAPE);
            let plain = value_of(info, &values);
            let expected = bits(&plain);
            assert_eq!(plain.shape().as_slice(), SHAPE, "{}", info.signature());

            let transposed = |tensor: &Tensor| {
                let other = copy::contiguous(&tensor.t().unwrap()).unwrap();
                other.t().unwrap()
            };
            let sliced = |tensor: &Tensor| {
                let doubled =
                    joining::cat(&[views::unsqueeze(tensor, -1).unwrap(), views::unsqueeze(tensor, -1).unwrap()], -1)
                        .unwrap();
                doubled.select(-1, 1).unwrap()
            };
            type Change<'a> = (&'a str, &'a dyn Fn(&Tensor) -> Tensor);
            let changes: [Change<'_>; 2] = [("transposed", &transposed), ("sliced", &sliced)];
            for (layout, change) in changes {
                let got = value_of(info, &each_tensor(&values, change));
                assert_eq!(got.dtype(), plain.dtype());
                assert_eq!(bits(&got), expected, "{} of {dtype}, {layout}", info.signature());
            }

            // One transposed operand among contiguous ones.
            let mut mixed = values.clone();
            if let Value::Tensor(first) = &values[0] {
                mixed[0] = Value::Tensor(transposed(first));
            }
            assert_eq!(bits(&value_of(info, &mixed)), expected, "{} of {dtype}, mixed", info.signature());

            // Stride 0: the first row, repeated.
            let row = |tensor: &Tensor| tensor.narrow(0, 0, 1).unwrap().expand(&[6, 75]).unwrap();
            let got = bits(&value_of(info, &each_tensor(&values, row)));
            assert!(
                got.chunks(SHAPE[1]).all(|part| part == &expected[..SHAPE[1]]),
                "{} of {dtype}, expanded",
                info.signature()
            );

            // Without axes, and without elements.
            let first =
                value_of(info, &each_tensor(&values, |tensor| tensor.select(0, 0).unwrap().select(0, 0).unwrap()));
            assert_eq!(first.rank(), 0);
            assert_eq!(bits(&first)[0], expected[0], "{} of {dtype}, without axes", info.signature());
            let empty = value_of(info, &each_tensor(&values, |tensor| tensor.narrow(0, 0, 0).unwrap()));
            assert_eq!(empty.shape().as_slice(), [0, SHAPE[1]], "{} of {dtype}, empty", info.signature());
        }
    }
}

#[test]
fn in_place_and_out_forms_give_the_plain_value() {
    for info in elementwise() {
        for dtype in dtypes(info) {
            let values = arguments(info, dtype, &SHAPE);
            let plain = value_of(info, &values);
            let Value::Tensor(target) = &values[0] else { continue };
            if info.forms.in_place() && plain.dtype().can_cast(dtype) {
                let target = target.copied().unwrap();
                let mut changed = values.clone();
                changed[0] = Value::Tensor(target.clone());
                assert!(matches!(call(info, &Form::InPlace, &changed), Output::InPlace));
                assert_eq!(target.version(), 1, "{}", info.signature());
                assert_eq!(bits(&target), bits(&plain.to_dtype(dtype).unwrap()), "{} of {dtype}", info.signature());
            }
            if info.forms.has(Forms::OUT) {
                for shape in [&SHAPE[..], &[0]] {
                    let out = tensor(&vec![0.0; shape.iter().product()], shape, plain.dtype());
                    call(info, &Form::Out(std::slice::from_ref(&out)), &values);
                    assert_eq!(bits(&out), bits(&plain), "{} of {dtype}, out=", info.signature());
                }
            }
        }
    }
}

/// Elements beyond the range of the quick formulas are computed again, from the inputs: also where those are what is
/// written to.
#[test]
fn in_place_forms_of_special_values_give_the_plain_value() {
    const SPECIAL: [f64; 11] =
        [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e30, -1e30, 1e-40, 700.0, -700.0, 0.5];
    for info in elementwise().filter(|info| info.forms.in_place()) {
        for dtype in [DType::F32, DType::F64] {
            let salt = std::cell::Cell::new(0);
            let values = each_tensor(&arguments(info, dtype, &SHAPE), |like| {
                salt.set(salt.get() + 3);
                let count = SHAPE.iter().product::<usize>();
                let special: Vec<f64> = (0..count).map(|i| SPECIAL[(i + salt.get() * (i / 11)) % 11]).collect();
                tensor(&special, &SHAPE, like.dtype())
            });
            let (Value::Tensor(target), Ok(Output::Tensor(plain))) = (&values[0], info.invoke(&Form::Value, &values))
            else {
                continue;
            };
            if plain.dtype() != dtype || target.dtype() != dtype {
                continue;
            }
            call(info, &Form::InPlace, &values);
            assert_eq!(bits(target), bits(&plain), "{} of {dtype}", info.signature());
        }
    }
}

// ---- gradients -----------------------------------------------------------------------------------------------------

/// Inputs of a call that can be differentiated: floating-point tensors.
fn leaves(values: &[Value]) -> (Vec<Value>, Vec<Tensor>) {
    let mut leaves = Vec::new();
    let values = values
        .iter()
        .map(|value| match value {
            Value::Tensor(tensor) if tensor.dtype().category() == Category::Float => {
                let leaf = tensor.copied().unwrap().with_grad().unwrap();
                leaves.push(leaf.clone());
                Value::Tensor(leaf)
            }
            other => other.clone(),
        })
        .collect();
    (values, leaves)
}

/// Central differences of `loss` with respect to every element of `leaf`.
fn numeric_gradient(leaf: &Tensor, loss: impl Fn() -> f64) -> Vec<f64> {
    // The error of the difference, h², and that of the loss, ε/h, are of one size near ε^(1/3).
    const STEP: f64 = 6e-6;
    let flat = leaf.detach().view(&[-1]).unwrap();
    (0..flat.numel())
        .map(|index| {
            let element = flat.select(0, index as i64).unwrap();
            let moved = |by: f64| {
                element.add_(by).unwrap();
                loss()
            };
            let (up, down) = (moved(STEP), moved(-2.0 * STEP));
            moved(STEP);
            (up - down) / (2.0 * STEP)
        })
        .collect()
}

fn assert_close(analytic: &[f64], numeric: &[f64], what: &str) {
    assert_eq!(analytic.len(), numeric.len(), "{what}");
    for (a, n) in analytic.iter().zip(numeric) {
        assert!((a - n).abs() <= 1e-6 + 1e-5 * n.abs(), "{what}: analytic {analytic:?}, numeric {numeric:?}");
    }
}

/// Σ weights · tensor, a scalar with a gradient that differs from element to element.
fn weighted(tensor: &Tensor, weights: &Tensor) -> Tensor {
    tensor.mul(weights).unwrap().sum().unwrap()
}

fn weights_like(tensor: &Tensor, info: &OpInfo, salt: usize) -> Tensor {
    let mut numbers = Numbers::of(info, salt);
    let values: Vec<f64> = (0..tensor.numel()).map(|_| 0.5 + numbers.next()).collect();
    Tensor::from_slice(&values, tensor.shape().as_slice()).unwrap()
}

/// Gradients of the weighted output; zeros where nothing flows.
fn gradients(info: &'static OpInfo, values: &[Value], leaves: &[Tensor], seed: &Tensor, record: bool) -> Vec<Tensor> {
    let output = value_of(info, values);
    let inputs: Vec<&Tensor> = leaves.iter().collect();
    let options = autograd::Options { create_graph: record, ..autograd::Options::default() };
    let found = autograd::grad(&[(&output, Some(seed))], &inputs, options).unwrap();
    found.into_iter().zip(leaves).map(|(gradient, leaf)| gradient.unwrap_or_else(|| leaf.mul(0.0).unwrap())).collect()
}

fn differentiable() -> impl Iterator<Item = (&'static OpInfo, Vec<Value>)> {
    elementwise()
        .filter(|info| dtypes(info).contains(&DType::F64))
        .filter(|info| {
            let row = row_of(info, DType::F64);
            !row.grads.is_empty() && row.unknown == 0
        })
        .map(|info| (info, arguments(info, DType::F64, &SMALL)))
}

#[test]
fn first_gradients_agree_with_numeric_differentiation() {
    for (info, values) in differentiable() {
        let (values, leaves) = leaves(&values);
        let output = value_of(info, &values);
        assert!(output.requires_grad(), "{}", info.signature());
        let seed = weights_like(&output, info, 1);
        let analytic = gradients(info, &values, &leaves, &seed, false);
        for (position, (leaf, gradient)) in leaves.iter().zip(&analytic).enumerate() {
            assert_eq!(gradient.shape(), leaf.shape());
            let loss = || weighted(&value_of(info, &values), &seed).to_vec::<f64>()[0];
            let numeric = numeric_gradient(leaf, loss);
            assert_close(&gradient.to_vec::<f64>(), &numeric, &format!("{}, input {position}", info.signature()));
        }
    }
}

#[test]
fn second_gradients_agree_with_numeric_differentiation() {
    for (info, values) in differentiable() {
        let (values, leaves) = leaves(&values);
        // The seed is an input of the gradient as well.
        let seed = weights_like(&value_of(info, &values), info, 1).with_grad().unwrap();
        let first = gradients(info, &values, &leaves, &seed, true);
        let outer: Vec<Tensor> = first.iter().enumerate().map(|(at, g)| weights_like(g, info, 2 + at)).collect();
        let total = |gradients: &[Tensor]| {
            gradients.iter().zip(&outer).map(|(g, w)| weighted(g, w)).reduce(|a, b| a.add(&b).unwrap()).unwrap()
        };
        let loss = total(&first);
        let inputs: Vec<&Tensor> = leaves.iter().chain([&seed]).collect();
        // The gradient of a step is 0, whatever the seed: nothing leads back from it.
        let second = if loss.requires_grad() {
            autograd::grad(&[(&loss, None)], &inputs, autograd::Options::default()).unwrap()
        } else {
            vec![None; inputs.len()]
        };
        for (position, (input, gradient)) in inputs.iter().zip(second).enumerate() {
            let analytic = gradient.map_or_else(|| vec![0.0; input.numel()], |gradient| gradient.to_vec::<f64>());
            let numeric =
                numeric_gradient(input, || total(&gradients(info, &values, &leaves, &seed, false)).to_vec::<f64>()[0]);
            assert_close(&analytic, &numeric, &format!("{}, input {position}", info.signature()));
        }
    }
}

#[test]
fn recorded_and_plain_gradients_have_the_same_value() {
    for (info, values) in differentiable() {
        let (values, leaves) = leaves(&values);
        let seed = weights_like(&value_of(info, &values), info, 1);
        let plain = gradients(info, &values, &leaves, &seed, false);
        let recorded = gradients(info, &values, &leaves, &seed, true);
        for (plain, recorded) in plain.iter().zip(&recorded) {
            // One is a fused loop, the other a chain of operations: they may round differently.
            for (a, b) in plain.to_vec::<f64>().iter().zip(recorded.to_vec::<f64>()) {
                assert!((a - b).abs() <= 1e-13 * (1.0 + a.abs()), "{}: {a} and {b}", info.signature());
            }
        }
    }
}

#[test]
fn in_place_forms_have_the_gradients_of_the_plain_form() {
    for (info, values) in differentiable() {
        if !info.forms.in_place() {
            continue;
        }
        let run = |in_place: bool| {
            let (mut values, leaves) = leaves(&values);
            let Value::Tensor(first) = &values[0] else { return Vec::new() };
            let target = first.copied().unwrap();
            values[0] = Value::Tensor(target.clone());
            let output = if in_place {
                call(info, &Form::InPlace, &values);
                target
            } else {
                value_of(info, &values)
            };
            let inputs: Vec<&Tensor> = leaves.iter().collect();
            let seed = weights_like(&output, info, 1);
            autograd::grad(&[(&output, Some(&seed))], &inputs, autograd::Options::default())
                .unwrap()
                .into_iter()
                .map(|gradient| gradient.map(|gradient| gradient.to_vec::<f64>()))
                .collect()
        };
        let (in_place, plain): (Vec<_>, Vec<_>) = (run(true), run(false));
        assert_eq!(in_place.len(), plain.len());
        // The gradient may be computed from the result, which was rounded.
        let of_result = matches!(info.call, Call::RowsInPlace(..))
            || row_of(info, DType::F64).grads.iter().any(|gradient| gradient.without.is_some());
        let tolerance = if of_result { 1e-14 } else { 0.0 };
        for (a, b) in in_place.iter().zip(&plain) {
            assert_eq!(a.as_ref().map(Vec::len), b.as_ref().map(Vec::len), "{}", info.signature());
            for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
                assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{}: {a} and {b}", info.signature());
            }
        }
    }
}
