//! The generator against PyTorch's: values and states recorded by `tests/oracle/generator.py`.

use arcgrad::kernels::element::B8;
use arcgrad::random::{Generator, RandomElement, RandomFloat, STATE_BYTES};
use serde_json::Value;

/// End of the integers in a saved state, the cached sample, and whether there is one.
const STATE_INTEGERS: usize = 5016;
const STATE_SAMPLE: usize = 5024;
const STATE_VALID: usize = 5040;

fn oracle() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oracle/generator.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// FNV-1a, 64 bits.
fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> String {
    let hash = bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// An element's bytes, and its value for comparisons with a tolerance.
trait Bytes: RandomElement {
    /// Relative rounding error of one operation.
    const EPSILON: f64;
    fn bytes(self) -> Vec<u8>;
    fn number(self) -> f64;
}

macro_rules! bytes {
    ($($type:ty: $epsilon:expr),*) => {$(
        impl Bytes for $type {
            const EPSILON: f64 = $epsilon;
            fn bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
            fn number(self) -> f64 {
                self as f64
            }
        }
    )*};
}

bytes!(u8: 0.0, i8: 0.0, i16: 0.0, i32: 0.0, i64: 0.0, f32: f32::EPSILON as f64, f64: f64::EPSILON);

impl Bytes for B8 {
    const EPSILON: f64 = 0.0;
    fn bytes(self) -> Vec<u8> {
        vec![self.0]
    }
    fn number(self) -> f64 {
        f64::from(self.0)
    }
}

/// A tolerance that grows with the value: `absolute + relative * |expected|`.
struct Tolerance {
    absolute: f64,
    relative: f64,
}

fn check<T: Bytes>(what: &str, call: &Value, out: &[T], tolerance: &Tolerance) {
    if let Some(hash) = call["hash"].as_str() {
        assert_eq!(fnv1a(out.iter().flat_map(|value| value.bytes())), hash, "{what}");
        return;
    }
    let near = call["near"].as_array().unwrap();
    assert_eq!(near.is_empty(), out.is_empty(), "{what}");
    for pair in near {
        let (at, expected) = (pair[0].as_u64().unwrap() as usize, pair[1].as_f64().unwrap());
        let got = out[at].number();
        let bound = tolerance.absolute + tolerance.relative * expected.abs();
        assert!((got - expected).abs() <= bound, "{what}, element {at}: got {got:e}, expected {expected:e}");
    }
}

fn arg(call: &Value, at: usize) -> f64 {
    call["args"][at].as_f64().unwrap()
}

fn count(call: &Value) -> usize {
    call["n"].as_u64().unwrap() as usize
}

fn formula<T: RandomElement>(n: usize, f: impl Fn(usize) -> f64) -> Vec<T> {
    (0..n).map(|i| T::from_f64(f(i))).collect()
}

/// The calls that take every element type; `false` when the operation is not one of them.
fn run_any<T: Bytes>(generator: &mut Generator, what: &str, call: &Value) -> bool {
    let mut out = vec![T::default(); count(call)];
    match call["op"].as_str().unwrap() {
        "random_full" => generator.random_full(&mut out),
        "random_from_to" => {
            // 2⁶³ − 1 and −2⁶³ have to arrive as they are.
            let (from, to) = (call["args"][0].as_i64().unwrap(), call["args"][1].as_i64());
            generator.random_from_to(&mut out, from, to).unwrap();
        }
        "permutation" => generator.permutation(&mut out).unwrap(),
        "bernoulli" => generator.bernoulli(&mut out, arg(call, 0)).unwrap(),
        "geometric" => generator.geometric(&mut out, arg(call, 0)).unwrap(),
        _ => return false,
    }
    check(what, call, &out, &Tolerance { absolute: 0.0, relative: 0.0 });
    true
}

fn run_float<T: Bytes + RandomFloat>(generator: &mut Generator, what: &str, call: &Value) {
    let n = count(call);
    let mut out = vec![T::default(); n];
    // Two correct C libraries may differ by an ulp per function.
    let mut tolerance = Tolerance { absolute: 0.0, relative: 4.0 * T::EPSILON };
    match call["op"].as_str().unwrap() {
        "uniform" => generator.uniform(&mut out, arg(call, 0), arg(call, 1)).unwrap(),
        "normal" | "normal_pairs" => {
            let (mean, std) = (arg(call, 0), arg(call, 1));
            let fill = if call["op"] == "normal" { Generator::normal::<T> } else { Generator::normal_pairs::<T> };
            fill(generator, &mut out, mean, std).unwrap();
            // Cancellation between mean and deviate leaves an absolute error; 2e-6 is the promise in single precision.
            tolerance.absolute = std * if T::EPSILON > 1e-10 { 2e-6 } else { 4.0 * T::EPSILON };
        }
        "log_normal" => generator.log_normal(&mut out, arg(call, 0), arg(call, 1)).unwrap(),
        "exponential" => generator.exponential(&mut out, arg(call, 0)).unwrap(),
        "cauchy" => {
            generator.cauchy(&mut out, arg(call, 0), arg(call, 1)).unwrap();
            tolerance.absolute = 4.0 * T::EPSILON;
        }
        "bernoulli_each" => {
            let p: Vec<T> = formula(n, |i| (i * 37 % 101) as f64 / 100.0);
            generator.bernoulli_each(&mut out, &p).unwrap();
        }
        "poisson" => {
            let rates: Vec<T> = formula(n, |i| (i % 40) as f64 * 0.75);
            generator.poisson(&mut out, &rates).unwrap();
        }
        "binomial" => {
            let trials: Vec<T> = formula(n, |i| (i % 60) as f64);
            let p: Vec<T> = formula(n, |i| (i * 7 % 11) as f64 / 10.0);
            generator.binomial(&mut out, &trials, &p).unwrap();
        }
        "multinomial" => {
            let (samples, rows) = (arg(call, 0) as usize, arg(call, 2) as usize);
            let replacement = call["args"][1].as_bool().unwrap();
            let weights: Vec<T> = formula(n * rows, |i| ((i * 37 + 5) % 101) as f64 / 8.0);
            let mut out = vec![0_i64; rows * samples];
            generator.multinomial(&mut out, &weights, n, samples, replacement).unwrap();
            return check(what, call, &out, &tolerance);
        }
        other => panic!("unknown operation {other}"),
    }
    check(what, call, &out, &tolerance);
}

fn run(generator: &mut Generator, what: &str, call: &Value) {
    let any = match call["dtype"].as_str().unwrap() {
        "bool" => run_any::<B8>,
        "u8" => run_any::<u8>,
        "i8" => run_any::<i8>,
        "i16" => run_any::<i16>,
        "i32" => run_any::<i32>,
        "i64" => run_any::<i64>,
        "f32" => run_any::<f32>,
        "f64" => run_any::<f64>,
        other => panic!("unknown dtype {other}"),
    };
    if !any(generator, what, call) {
        match call["dtype"].as_str().unwrap() {
            "f32" => run_float::<f32>(generator, what, call),
            _ => run_float::<f64>(generator, what, call),
        }
    }
}

fn check_state(generator: &Generator, what: &str, call: &Value) {
    let state = generator.get_state();
    assert_eq!(fnv1a(state[..STATE_INTEGERS].iter().copied()), call["state"].as_str().unwrap(), "state after {what}");
    let sample = (state[STATE_VALID] != 0)
        .then(|| f64::from_le_bytes(state[STATE_SAMPLE..STATE_SAMPLE + 8].try_into().unwrap()));
    match (sample, call["sample"].as_f64()) {
        (None, None) => {}
        (Some(got), Some(expected)) if (got - expected).abs() <= 4.0 * f64::EPSILON * expected.abs() => {}
        other => panic!("cached normal number after {what}: {other:?}"),
    }
}

#[test]
fn every_recorded_call_gives_pytorchs_values_and_state() {
    let oracle = oracle();
    let mut calls = 0;
    for case in oracle["cases"].as_array().unwrap() {
        let mut generator = Generator::new(case["seed"].as_u64().unwrap());
        for call in case["calls"].as_array().unwrap() {
            let what = format!(
                "{}({}) of {} {} after seed {}",
                call["op"], call["args"], call["n"], call["dtype"], case["seed"]
            );
            run(&mut generator, &what, call);
            check_state(&generator, &what, call);
            calls += 1;
        }
    }
    assert!(calls > 700, "only {calls} calls recorded");
}

#[test]
fn a_state_saved_by_pytorch_continues_here_and_is_saved_in_the_same_bytes() {
    let oracle = oracle();
    let hex = oracle["saved"]["state"].as_str().unwrap();
    let state: Vec<u8> = (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
    let mut generator = Generator::new(1);
    generator.set_state(&state).unwrap();
    assert_eq!(generator.get_state(), state);
    assert_eq!(generator.initial_seed(), (1 << 63) + 5);
    let mut numbers = [0.0_f64; 3];
    generator.normal(&mut numbers, 0.0, 1.0).unwrap();
    for (got, expected) in numbers.iter().zip(oracle["saved"]["normal"].as_array().unwrap()) {
        assert!((got - expected.as_f64().unwrap()).abs() < 1e-14);
    }
}

#[test]
fn a_saved_state_restores_everything() {
    let mut generator = Generator::new(3);
    generator.normal(&mut [0.0_f32; 5], 0.0, 1.0).unwrap();
    let state = generator.get_state();
    assert_eq!(state.len(), STATE_BYTES);
    let mut other = Generator::default();
    other.set_state(&state).unwrap();
    assert_eq!(other, generator);
}

#[test]
fn states_that_are_none_are_refused_and_change_nothing() {
    let mut generator = Generator::new(3);
    let good = generator.get_state();
    let with = |at: usize, value: u8| {
        let mut state = good.clone();
        state[at] = value;
        state
    };
    // Wrong lengths; all zeros; unseeded; `left` 0 or negative; `next` beyond the words; words cut short.
    let mut cut = with(8, 200);
    cut[16..18].copy_from_slice(&500_u16.to_le_bytes());
    let bad = [vec![], vec![0; 5055], vec![0; STATE_BYTES], with(12, 0), with(8, 0), with(11, 255), with(18, 1), cut];
    for state in bad {
        assert!(generator.set_state(&state).is_err());
        assert_eq!(generator.get_state(), good);
    }
}

#[test]
fn seed_is_remembered_and_not_repeated() {
    let mut generator = Generator::default();
    let (first, second) = (generator.seed(), generator.seed());
    assert_ne!(first, second);
    assert_eq!(generator.initial_seed(), second);
    assert_eq!(generator, Generator::new(second));
}

#[test]
fn wrong_arguments_are_errors_that_draw_nothing() {
    const NAN: f64 = f64::NAN;
    let mut generator = Generator::new(9);
    let before = generator.clone();
    let g = &mut generator;
    let mut out = [7.0_f32; 4];
    for (from, to) in [(2.0, 1.0), (0.0, 1e39), (-3e38, 3e38), (NAN, 1.0), (0.0, f64::INFINITY)] {
        assert!(g.uniform(&mut out, from, to).is_err(), "uniform({from}, {to})");
    }
    for bad in [-1.0, NAN] {
        assert!(g.normal(&mut out, 0.0, bad).is_err());
        assert!(g.normal_pairs(&mut out, 0.0, bad).is_err());
        assert!(g.normal(&mut [0.0_f64; 20], 0.0, bad).is_err());
    }
    for bad in [0.0, -1.0, NAN] {
        assert!(g.log_normal(&mut out, 0.0, bad).is_err());
        assert!(g.exponential(&mut out, bad).is_err());
        assert!(g.cauchy(&mut out, 0.0, bad).is_err());
        assert!(g.geometric(&mut out, bad).is_err());
    }
    assert!(g.geometric(&mut out, 1.0).is_err());
    assert!(g.geometric(&mut [B8(0)], 0.5).is_err());
    for bad in [-0.1, 1.1, NAN] {
        assert!(g.bernoulli(&mut out, bad).is_err());
        assert!(g.bernoulli_each(&mut out, &[0.5, 0.5, 0.5, bad]).is_err());
        assert!(g.multinomial(&mut [0], &[0.5, -bad.abs()], 2, 1, true).is_err());
    }
    assert!(g.bernoulli_each(&mut out, &[0.5_f32; 3]).is_err());
    for (from, to) in [(5, Some(5)), (0, Some(257)), (-1, Some(5)), (-1, None), (i64::MIN, None), (300, None)] {
        assert!(g.random_from_to(&mut [0_u8; 2], from, to).is_err(), "random_({from}, {to:?})");
    }
    assert!(g.random_from_to(&mut [B8(0)], 0, Some(3)).is_err());
    assert!(g.random_from_to(&mut out, 1 << 24, None).is_err());
    assert!(g.random_from_to(&mut out, i64::MAX, None).is_err());
    assert!(g.permutation(&mut [0_u8; 257]).is_err());
    assert!(g.permutation(&mut [B8(0)]).is_err());
    assert!(g.poisson(&mut [0.0], &[-1.0]).is_err());
    assert!(g.poisson(&mut [0.0], &[NAN]).is_err());
    assert!(g.poisson(&mut [0.0], &[f64::INFINITY]).is_err());
    assert!(g.poisson(&mut [0.0; 2], &[1.0]).is_err());
    assert!(g.binomial(&mut [0.0], &[1.0, 2.0], &[0.5]).is_err());
    let many = vec![1.0; (1 << 24) + 1];
    for (weights, categories, samples, replacement) in [
        (&[0.0, 0.0][..], 2, 1, true),
        (&[1.0, 2.0, 0.0, 0.0], 2, 1, false),
        (&[1.0, 2.0], 2, 3, false),
        (&[1.0, 2.0], 2, 0, true),
        (&[], 0, 1, true),
        (&[1.0, 2.0, 3.0], 2, 1, true),
        (&[1.0, 2.0, 1.0, 2.0], 2, usize::MAX, true),
        (&many, (1 << 24) + 1, 1, true),
    ] {
        let mut drawn = vec![0; weights.len() / categories.max(1) * samples.min(9)];
        assert!(g.multinomial(&mut drawn, weights, categories, samples, replacement).is_err());
    }
    assert_eq!(out, [7.0; 4]);
    assert_eq!(generator, before);
}

#[test]
fn edges_of_the_counting_distributions() {
    let mut g = Generator::new(5);
    let mut out = [0.0_f64; 6];
    let nan = f64::NAN;
    g.binomial(&mut out, &[-3.0, 0.0, 8.0, 8.0, 8.0, nan], &[0.5, 0.5, -1.0, 1.5, nan, 0.5]).unwrap();
    assert_eq!(out[..4], [0.0, 0.0, 0.0, 8.0]);
    assert!(out[4].is_nan() && out[5].is_nan());
    // Nothing above drew a number.
    assert_eq!(g, Generator::new(5));
    let mut large = [0.0_f64; 50];
    g.poisson(&mut large, &[1e8; 50]).unwrap();
    assert!(large.iter().all(|x| (x - 1e8).abs() < 1e5));
    g.binomial(&mut large, &[1e9; 50], &[0.9; 50]).unwrap();
    assert!(large.iter().all(|x| (x - 9e8).abs() < 1e5));
    // What has no weight is not drawn.
    let mut drawn = [0; 2];
    g.multinomial(&mut drawn, &[0.5, 0.0, 1.0], 3, 2, false).unwrap();
    drawn.sort_unstable();
    assert_eq!(drawn, [0, 2]);
    assert!(g.multinomial(&mut [0; 3], &[0.0, 0.0, 1.0], 3, 3, false).is_err());
}

#[test]
fn uniform_numbers_stay_below_the_upper_bound() {
    // The upper half of the draws of a range one ulp wide rounds up to its end.
    let mut out = vec![0.0_f32; 10_000];
    let to = 1.0 + f64::from(f32::EPSILON);
    Generator::new(0).uniform(&mut out, 1.0, to).unwrap();
    assert!(out.iter().all(|&x| x == 1.0));
}
