use super::*;
use crate::testing::{Array, DTYPES, Rng, indices};
use arcgrad_base::parallel::set_num_threads;

/// The reduction of a list, the slow way. Two results.
fn naive(op: Reduction, values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let extreme = |better: fn(f64, f64) -> bool| {
        let mut at = 0;
        for (i, &value) in values.iter().enumerate() {
            if !values[at].is_nan() && (better(value, values[at]) || value.is_nan()) {
                at = i;
            }
        }
        (values[at], at as f64)
    };
    let magnitudes = values.iter().map(|x| x.abs());
    let mean = values.iter().sum::<f64>() / n;
    let one = |value: f64| (value, f64::NAN);
    match op {
        Reduction::Sum => one(values.iter().sum()),
        Reduction::Mean => one(mean),
        Reduction::Prod => one(values.iter().product()),
        Reduction::Max | Reduction::MaxWithIndex => extreme(|a, b| a > b),
        Reduction::Min | Reduction::MinWithIndex => extreme(|a, b| a < b),
        Reduction::ArgMax => one(extreme(|a, b| a > b).1),
        Reduction::ArgMin => one(extreme(|a, b| a < b).1),
        Reduction::Any => one(f64::from(values.iter().any(|&x| x != 0.0))),
        Reduction::All => one(f64::from(values.iter().all(|&x| x != 0.0))),
        Reduction::CountNonzero => one(values.iter().filter(|&&x| x != 0.0).count() as f64),
        Reduction::SumAbs => one(magnitudes.sum()),
        Reduction::SumSquares => one(values.iter().map(|x| x * x).sum()),
        Reduction::SumAbsPow(p) => one(magnitudes.map(|x| x.powf(p)).sum()),
        Reduction::MaxAbs => {
            one(magnitudes.fold(0.0, |acc, x| if acc.is_nan() || x.is_nan() { f64::NAN } else { acc.max(x) }))
        }
        Reduction::MinAbs => {
            one(magnitudes.fold(f64::INFINITY, |acc, x| if acc.is_nan() || x.is_nan() { f64::NAN } else { acc.min(x) }))
        }
        Reduction::Var { correction } => {
            let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
            (squares / (n - correction).max(0.0), mean)
        }
        Reduction::Std { correction } => {
            let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
            ((squares / (n - correction).max(0.0)).sqrt(), mean)
        }
    }
}

const OPS: [Reduction; 19] = [
    Reduction::Sum,
    Reduction::Mean,
    Reduction::Prod,
    Reduction::Max,
    Reduction::Min,
    Reduction::ArgMax,
    Reduction::ArgMin,
    Reduction::MaxWithIndex,
    Reduction::MinWithIndex,
    Reduction::Any,
    Reduction::All,
    Reduction::CountNonzero,
    Reduction::SumAbs,
    Reduction::SumSquares,
    Reduction::SumAbsPow(3.0),
    Reduction::MaxAbs,
    Reduction::MinAbs,
    Reduction::Var { correction: 1.0 },
    Reduction::Std { correction: 1.0 },
];

/// Dtypes of the outputs of a reduction.
fn output_dtypes(op: Reduction, input: DType, rng: &mut Rng) -> Vec<DType> {
    let float = rng.pick(&[DType::F32, DType::F64]);
    match op {
        Reduction::Sum | Reduction::Prod => vec![rng.pick(&[DType::I64, DType::F32, DType::F64, DType::I32])],
        Reduction::Max | Reduction::Min => vec![input],
        Reduction::ArgMax | Reduction::ArgMin | Reduction::CountNonzero => vec![DType::I64],
        Reduction::MaxWithIndex | Reduction::MinWithIndex => vec![input, DType::I64],
        Reduction::Any | Reduction::All => vec![rng.pick(&[DType::Bool, DType::U8])],
        Reduction::Var { .. } | Reduction::Std { .. } if rng.one_in(2) => vec![float, float],
        _ => vec![float],
    }
}

fn is_extreme(op: Reduction) -> bool {
    matches!(
        op,
        Reduction::Max
            | Reduction::Min
            | Reduction::ArgMax
            | Reduction::ArgMin
            | Reduction::MaxWithIndex
            | Reduction::MinWithIndex
    )
}

/// Reduces with several numbers of threads, which must agree to the bit, and returns the outputs.
fn run(op: Reduction, x: &Array, reduced: &[bool], outputs: &mut [Array]) {
    let mut first: Option<Vec<Vec<u64>>> = None;
    for threads in [1, 2, 5] {
        set_num_threads(threads);
        let outs: Vec<Out> = outputs.iter_mut().map(Array::output).collect();
        reduce(op, reduced, x.input(), &outs);
        let bits = outputs.iter().map(Array::bits).collect();
        match &first {
            None => first = Some(bits),
            Some(first) => assert_eq!(*first, bits, "{op:?}: bits depend on the number of threads"),
        }
    }
}

/// Outputs with size 1 on the reduced axes.
fn outputs_for(rng: &mut Rng, dtypes: &[DType], shape: &[usize], reduced: &[bool]) -> Vec<Array> {
    let kept: Vec<usize> = shape.iter().zip(reduced).map(|(&size, &gone)| if gone { 1 } else { size }).collect();
    let layout = |&dtype: &DType| {
        let mut array = Array::random_layout(rng, dtype, &kept, false);
        // Whatever stands on a reduced axis has to be ignored.
        array.strides.iter_mut().zip(reduced).filter(|(_, gone)| **gone).for_each(|(stride, _)| *stride = 12345);
        array
    };
    dtypes.iter().map(layout).collect()
}

fn compare(op: Reduction, x: &Array, reduced: &[bool], outputs: &[Array], context: &str) {
    let reduced_shape: Vec<usize> =
        x.shape.iter().zip(reduced).map(|(&size, &gone)| if gone { size } else { 1 }).collect();
    let reduced_indices = indices(&reduced_shape);
    for index in outputs[0].indices() {
        let read = outputs[0].dtype;
        let values: Vec<f64> = reduced_indices
            .iter()
            .map(|inner| {
                let at: Vec<usize> = index.iter().zip(inner).map(|(a, b)| a + b).collect();
                let value = x.get(&at);
                // Sums of a float input in an integer dtype convert first.
                if matches!(op, Reduction::Sum | Reduction::Prod) && !read.is_float() { value.trunc() } else { value }
            })
            .collect();
        let (first, second) = naive(op, &values);
        let scale = values.iter().map(|x| x.abs()).sum::<f64>();
        for (output, expected) in outputs.iter().zip([first, second]) {
            let got = output.get(&index);
            let rounding = if output.dtype == DType::F32 { 1e-5 } else { 1e-12 };
            let close = (got - expected).abs() <= rounding * expected.abs().max(scale);
            assert!(
                got == expected || (got.is_nan() && expected.is_nan()) || (output.dtype.is_float() && close),
                "{context}: {op:?} of {} {:?} strides {:?} over {reduced:?} at {index:?}: {got}, expected {expected}",
                x.dtype,
                x.shape,
                x.strides
            );
        }
    }
}

fn operand(rng: &mut Rng, op: Reduction, dtype: DType, shape: &[usize]) -> Array {
    let mut values = Rng(rng.next());
    let special = values.one_in(4);
    Array::random_layout(rng, dtype, shape, true).filled(|| {
        if op == Reduction::Prod {
            // Products that stay small, also in 32 bits.
            return if values.one_in(20_000) { 2.0 } else { 1.0 };
        }
        match dtype {
            DType::Bool => values.below(2) as f64,
            DType::U8 => values.below(200) as f64,
            _ if dtype.is_float() && special && is_extreme(op) && values.one_in(50) => {
                values.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY])
            }
            _ => values.below(200) as f64 - 100.0,
        }
    })
}

#[test]
fn any_axes_layout_and_dtype() {
    for seed in 0..1500 {
        let mut rng = Rng(seed);
        let shape = rng.shape();
        let reduced: Vec<bool> = shape.iter().map(|_| rng.one_in(2)).collect();
        let op = rng.pick(&OPS);
        if is_extreme(op) && shape.contains(&0) {
            continue;
        }
        let dtype = rng.pick(&DTYPES);
        let x = operand(&mut rng, op, dtype, &shape);
        let dtypes = output_dtypes(op, dtype, &mut rng);
        let mut outputs = outputs_for(&mut rng, &dtypes, &shape, &reduced);
        run(op, &x, &reduced, &mut outputs);
        compare(op, &x, &reduced, &outputs, &format!("seed {seed}"));
    }
}

#[test]
fn several_segments_in_either_direction() {
    for (seed, (shape, reduced)) in [
        (vec![300_001], vec![true]),
        (vec![3, 70_000], vec![false, true]),
        (vec![2500, 40], vec![true, false]),
        (vec![3000, 3, 20], vec![true, true, false]),
        (vec![70_000, 2], vec![true, false]),
        (vec![600, 700], vec![true, false]),
    ]
    .into_iter()
    .enumerate()
    {
        for op in OPS {
            let mut rng = Rng(seed as u64);
            for dtype in [DType::F32, DType::I32] {
                let x = operand(&mut rng, op, dtype, &shape);
                let dtypes = output_dtypes(op, dtype, &mut rng);
                let mut outputs = outputs_for(&mut rng, &dtypes, &shape, &reduced);
                run(op, &x, &reduced, &mut outputs);
                compare(op, &x, &reduced, &outputs, "large");
            }
        }
    }
}

#[test]
fn integers_wrap_in_64_bits() {
    let x = [i64::MAX, 1, 5];
    let mut y = 0i64;
    let input = In { ptr: x.as_ptr().cast(), dtype: DType::I64, shape: &[3], strides: &[1] };
    let output = Out { ptr: (&raw mut y).cast(), dtype: DType::I64, shape: &[1], strides: &[0] };
    reduce(Reduction::Sum, &[true], input, &[output]);
    assert_eq!(y, i64::MIN + 5);
}

#[test]
fn sum_of_f32_is_accurate() {
    // 0.1 is not a binary fraction: a running sum of a million of them is off by 1%.
    let n = 1_000_000;
    let x = vec![0.1f32; n];
    let exact = f64::from(0.1f32) * n as f64;
    for (shape, strides) in [([n, 1], [1, 1]), ([n, 1], [0, 1])] {
        let mut y = 0f32;
        let input = In { ptr: x.as_ptr().cast(), dtype: DType::F32, shape: &shape, strides: &strides };
        let output = Out { ptr: (&raw mut y).cast(), dtype: DType::F32, shape: &[1, 1], strides: &[0, 0] };
        reduce(Reduction::Sum, &[true, true], input, &[output]);
        assert!((f64::from(y) - exact).abs() < 1e-6 * exact, "{y}");
    }
    let mut columns = [0f32; 10];
    let input = In { ptr: x.as_ptr().cast(), dtype: DType::F32, shape: &[n / 10, 10], strides: &[10, 1] };
    let output = Out { ptr: columns.as_mut_ptr().cast(), dtype: DType::F32, shape: &[1, 10], strides: &[0, 1] };
    reduce(Reduction::Sum, &[true, false], input, &[output]);
    assert!(columns.iter().all(|&y| (f64::from(y) - exact / 10.0).abs() < 1e-6 * exact), "{columns:?}");
}

#[test]
fn variance_far_from_zero_is_stable() {
    let x: Vec<f32> = (0..100_000).map(|i| 10_000.0 + (i % 2) as f32).collect();
    let mut y = 0f32;
    let input = In { ptr: x.as_ptr().cast(), dtype: DType::F32, shape: &[x.len()], strides: &[1] };
    let output = Out { ptr: (&raw mut y).cast(), dtype: DType::F32, shape: &[1], strides: &[0] };
    reduce(Reduction::Var { correction: 0.0 }, &[true], input, &[output]);
    assert!((y - 0.25).abs() < 1e-6, "{y}");
}

#[test]
fn empty_reductions_give_the_identity() {
    for (op, expected) in [
        (Reduction::Sum, 0.0),
        (Reduction::Prod, 1.0),
        (Reduction::Mean, f64::NAN),
        (Reduction::MaxAbs, 0.0),
        (Reduction::Var { correction: 1.0 }, f64::NAN),
    ] {
        let shape = [2, 0, 1 << 40, 1 << 40];
        let mut y = [7f64; 2];
        let input = In { ptr: std::ptr::null(), dtype: DType::F32, shape: &shape, strides: &[0; 4] };
        let output =
            Out { ptr: y.as_mut_ptr().cast(), dtype: DType::F64, shape: &[2, 1, 1, 1], strides: &[1, 0, 0, 0] };
        reduce(op, &[false, true, true, true], input, &[output]);
        assert!(y.iter().all(|&y| y == expected || (y.is_nan() && expected.is_nan())), "{op:?}: {y:?}");
    }
}
