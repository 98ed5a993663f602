//! Random operands for the tests of the structured kernels.

use super::element::Element;
use super::{In, Out};

/// A small generator (splitmix64): tests need variety, not quality, and the same values in every run.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number in `0..bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    /// Uniform in −1..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// `n` values uniform in −1..1.
    pub fn units(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.unit()).collect()
    }
}

/// Asserts that two values agree to `tolerance` relative to `1 + |expected|`; NaN agrees with NaN.
#[track_caller]
pub fn assert_near(actual: f64, expected: f64, tolerance: f64, what: &str) {
    let same = (actual.is_nan() && expected.is_nan())
        || actual == expected
        || (actual - expected).abs() <= tolerance * (1.0 + expected.abs());
    assert!(same, "{what}: got {actual}, expected {expected}");
}

/// [`assert_near`] over slices of equal length.
#[track_caller]
pub fn assert_all_near(actual: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    for (index, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        assert_near(a, e, tolerance, &format!("{what}[{index}]"));
    }
}

/// Row-major strides of a shape.
pub fn contiguous(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1) as isize;
    }
    strides
}

/// Every position of a shape in row-major order.
pub fn coordinates(shape: &[usize]) -> Vec<Vec<usize>> {
    let count = shape.iter().product();
    (0..count)
        .map(|mut flat: usize| {
            let mut position = vec![0; shape.len()];
            for axis in (0..shape.len()).rev() {
                position[axis] = flat % shape[axis];
                flat /= shape[axis];
            }
            position
        })
        .collect()
}

/// A shape for as long as the tests run.
fn shape(n: usize) -> &'static [usize] {
    vec![n].leak()
}

/// A vector that is read.
pub fn input<T: Element>(x: &[T]) -> In<'_> {
    In::of(x, shape(x.len()), &[1])
}

/// A vector that is written.
pub fn output<T: Element>(x: &mut [T]) -> Out<'_> {
    let n = x.len();
    Out::of(x, shape(n), &[1])
}

/// The same numbers in single precision.
pub fn single(x: &[f64]) -> Vec<f32> {
    x.iter().map(|&v| v as f32).collect()
}

/// The same numbers in double precision.
pub fn double(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}

/// Asserts `⟨f(x), g⟩ = ⟨x, fᵀ(g)⟩`: that two linear maps are each other's transposes.
#[track_caller]
pub fn assert_transposed(forward: &[f64], g: &[f64], x: &[f64], backward: &[f64], what: &str) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    assert_near(dot(x, backward), dot(forward, g), 1e-10, what);
}
