//! Discrete Fourier transforms of lines: complex to complex, real to half of the bins, half of the bins to real.
//!
//! The transforms are those of `rustfft` and `realfft`, which take any length. A plan knows its twiddle factors and is kept for as
//! long as a few hundred others do not follow. Lines lie along the last axis, row-major; each is copied to where its result
//! goes, scaled on the way, and transformed there. The parallel loop runs over lines, so that results have the same bits for
//! any number of threads.

use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustc_hash::FxHashMap;
use rustfft::num_complex::Complex as Plain;
use rustfft::{Fft, FftDirection, FftNum, FftPlanner};

use super::element::Element;
use super::float::Shared;
use super::number::Complex;
use super::{In, Out, require};
use crate::dtype::DType;
use crate::parallel;

#[cfg(test)]
#[path = "fourier_tests.rs"]
mod tests;

/// The sign in the exponent of e^(±2πi jk/n).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// −, as of a transform.
    Minus,
    /// +, as of an inverse transform.
    Plus,
}

impl Sign {
    /// The other one.
    pub fn flipped(self) -> Self {
        match self {
            Self::Minus => Self::Plus,
            Self::Plus => Self::Minus,
        }
    }
}

/// Whether half of the bins stand for both halves: bins that have a mirror image count once or twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mirrored {
    /// The bins as they are: each result of a real transform, each term of a sum that has its mirror image as well.
    Both,
    /// Bins with a mirror image doubled as results, halved as terms: the adjoint of the other.
    Folded,
}

impl Mirrored {
    /// The other one.
    pub fn adjoint(self) -> Self {
        match self {
            Self::Both => Self::Folded,
            Self::Folded => Self::Both,
        }
    }
}

/// Picoseconds per element and doubling of the length.
const COST: u64 = 500;
/// Elements of a chunk of the parallel loop.
const CHUNK: usize = 1 << 13;
/// Plans that are kept.
const PLANS: usize = 256;

/// Real numbers that have transforms: `f32` and `f64`.
trait Part: FftNum + Element {
    fn of(value: f64) -> Self;
    fn plans() -> &'static Mutex<Plans<Self>>;
}

macro_rules! parts {
    ($($type:ty),*) => {$(
        impl Part for $type {
            fn of(value: f64) -> Self {
                value as Self
            }
            fn plans() -> &'static Mutex<Plans<Self>> {
                static PLANS: LazyLock<Mutex<Plans<$type>>> = LazyLock::new(|| Mutex::new(Plans::new()));
                &PLANS
            }
        }
    )*};
}
parts!(f32, f64);

/// Plans by length and sign.
struct Plans<T: FftNum> {
    complex: FftPlanner<T>,
    real: RealFftPlanner<T>,
    made: FxHashMap<(usize, u8), Plan<T>>,
}

/// One of the three kinds.
#[derive(Clone)]
enum Plan<T: FftNum> {
    Complex(Arc<dyn Fft<T>>),
    Forward(Arc<dyn RealToComplex<T>>),
    Backward(Arc<dyn ComplexToReal<T>>),
}

impl<T: FftNum> Plans<T> {
    fn new() -> Self {
        Self { complex: FftPlanner::new(), real: RealFftPlanner::new(), made: FxHashMap::default() }
    }

    fn get(&mut self, n: usize, kind: u8) -> Plan<T> {
        if let Some(plan) = self.made.get(&(n, kind)) {
            return plan.clone();
        }
        // The planners keep every plan and its parts, too.
        if self.made.len() >= PLANS {
            *self = Self::new();
        }
        let plan = match kind {
            0 => Plan::Complex(self.complex.plan_fft(n, FftDirection::Forward)),
            1 => Plan::Complex(self.complex.plan_fft(n, FftDirection::Inverse)),
            2 => Plan::Forward(self.real.plan_fft_forward(n)),
            _ => Plan::Backward(self.real.plan_fft_inverse(n)),
        };
        self.made.insert((n, kind), plan.clone());
        plan
    }
}

/// The kinds of plans, as [`Plans`] are told apart by.
const FORWARD: u8 = 2;
const BACKWARD: u8 = 3;

/// The elements as the library of transforms has them.
fn plain<T: Part>(line: &mut [Complex<T>]) -> &mut [Plain<T>] {
    const {
        assert!(size_of::<Complex<T>>() == size_of::<Plain<T>>() && align_of::<Complex<T>>() == align_of::<Plain<T>>());
    }
    // SAFETY: both are `repr(C)` structures of a real and an imaginary part, in this order.
    unsafe { &mut *(std::ptr::from_mut(line) as *mut [Plain<T>]) }
}

/// Runs `body` for every line of `from` and of `to`, with scratch memory that `scratch` makes once per chunk.
fn lines<X: Element, Y: Element, S>(
    (from, m): (&[X], usize),
    (to, n): (&mut [Y], usize),
    length: usize,
    scratch: impl Fn() -> S + Sync,
    body: impl Fn(&[X], &mut [Y], &mut S) + Sync,
) {
    let count = to.len() / n;
    require(count * n == to.len() && from.len() == count * m, "lines of a transform");
    let per_chunk = (CHUNK / length).max(1);
    let work = (count * length) as u64 * u64::from(length.ilog2() + 1);
    // SAFETY: chunks write lines of their own, and what is read is nobody's to write.
    let target = unsafe { Shared::new(to.as_mut_ptr()) };
    parallel::run(count.div_ceil(per_chunk), work.saturating_mul(COST), &|chunk| {
        let mut scratch = scratch();
        for line in chunk * per_chunk..count.min((chunk + 1) * per_chunk) {
            // SAFETY: line number `line` of the output, which is this chunk's.
            let to = unsafe { std::slice::from_raw_parts_mut(target.get().add(line * n), n) };
            body(&from[line * m..(line + 1) * m], to, &mut scratch);
        }
    });
}

/// The last axis of an operand, which is not empty.
fn last(shape: &[usize]) -> usize {
    let n = shape.last().copied().unwrap_or(0);
    require(n > 0, "the axis of a transform");
    n
}

/// Σ x e^(±2πi jk/n) over the last axis, times `scale`.
///
/// # Panics
/// Where the operands are not row-major, of one shape, complex, of one dtype and with a last axis.
pub fn complex(sign: Sign, scale: f64, input: In<'_>, output: Out<'_>) {
    output.require_shape(input.shape());
    match input.dtype() {
        DType::C64 => complex_of::<f32>(sign, scale, input, output),
        _ => complex_of::<f64>(sign, scale, input, output),
    }
}

fn complex_of<T: Part>(sign: Sign, scale: f64, input: In<'_>, mut output: Out<'_>)
where
    Complex<T>: Element,
{
    let n = last(input.shape());
    let (from, to) = operands::<Complex<T>, Complex<T>>(input, &mut output);
    let Plan::Complex(plan) = T::plans().lock().get(n, u8::from(sign == Sign::Plus)) else { unreachable!("its kind") };
    let scale = T::of(scale);
    let scratch = || vec![Plain::default(); plan.get_inplace_scratch_len()];
    lines((from, n), (to, n), n, scratch, |from, to, scratch| {
        for (to, from) in to.iter_mut().zip(from) {
            *to = Complex::new(from.re * scale, from.im * scale);
        }
        plan.process_with_scratch(plain(to), scratch);
    });
}

/// Both operands as slices.
fn operands<'a, X: Element, Y: Element>(input: In<'a>, output: &'a mut Out<'_>) -> (&'a [X], &'a mut [Y]) {
    match (input.as_slice(), output.as_slice()) {
        (Some(from), Some(to)) => (from, to),
        _ => panic!("a transform was given operands of another dtype, or not row-major"),
    }
}

/// Whether bin `k` of n real numbers has a mirror image.
fn has_image(k: usize, n: usize) -> bool {
    k > 0 && 2 * k != n
}

/// Bins 0, …, n/2 of Σ x e^(±2πi jk/n) of n real numbers along the last axis, times `scale`.
///
/// # Panics
/// Where the operands are not row-major, real and complex of one precision, or the last axes are not n and n/2 + 1.
pub fn from_real(sign: Sign, mirrored: Mirrored, scale: f64, input: In<'_>, output: Out<'_>) {
    match input.dtype() {
        DType::F32 => from_real_of::<f32>(sign, mirrored, scale, input, output),
        _ => from_real_of::<f64>(sign, mirrored, scale, input, output),
    }
}

fn from_real_of<T: Part>(sign: Sign, mirrored: Mirrored, scale: f64, input: In<'_>, mut output: Out<'_>)
where
    Complex<T>: Element,
{
    let n = last(input.shape());
    require(last(output.shape()) == n / 2 + 1, "the bins of a transform");
    let bins = n / 2 + 1;
    let (from, to) = operands::<T, Complex<T>>(input, &mut output);
    let Plan::Forward(plan) = T::plans().lock().get(n, FORWARD) else { unreachable!("its kind") };
    let (scale, two) = (T::of(scale), T::of(2.0));
    let scratch = || (vec![T::zero(); n], plan.make_scratch_vec());
    lines((from, n), (to, bins), n, scratch, |from, to, (line, scratch)| {
        for (line, from) in line.iter_mut().zip(from) {
            *line = *from * scale;
        }
        let done = plan.process_with_scratch(line, plain(to), scratch);
        require(done.is_ok(), "the sizes of a transform");
        for (k, bin) in to.iter_mut().enumerate() {
            let factor = if mirrored == Mirrored::Folded && has_image(k, n) { two } else { T::one() };
            let turned = if sign == Sign::Plus { -factor } else { factor };
            *bin = Complex::new(bin.re * factor, bin.im * turned);
        }
    });
}

/// n real numbers Σ y e^(±2πi jk/n) along the last axis, times `scale`, of which the bins 0, …, n/2 are given and the others
/// are their mirror images; of bins without one, the imaginary part does not count.
///
/// # Panics
/// As [`from_real`], with the operands exchanged.
pub fn to_real(sign: Sign, mirrored: Mirrored, scale: f64, input: In<'_>, output: Out<'_>) {
    match output.dtype() {
        DType::F32 => to_real_of::<f32>(sign, mirrored, scale, input, output),
        _ => to_real_of::<f64>(sign, mirrored, scale, input, output),
    }
}

fn to_real_of<T: Part>(sign: Sign, mirrored: Mirrored, scale: f64, input: In<'_>, mut output: Out<'_>)
where
    Complex<T>: Element,
{
    let n = last(output.shape());
    require(last(input.shape()) == n / 2 + 1, "the bins of a transform");
    let bins = n / 2 + 1;
    let (from, to) = operands::<Complex<T>, T>(input, &mut output);
    let Plan::Backward(plan) = T::plans().lock().get(n, BACKWARD) else { unreachable!("its kind") };
    let (scale, half) = (T::of(scale), T::of(0.5));
    let scratch = || (vec![Plain::default(); bins], plan.make_scratch_vec());
    lines((from, bins), (to, n), n, scratch, |from, to, (line, scratch)| {
        for (k, (line, from)) in line.iter_mut().zip(from).enumerate() {
            let image = has_image(k, n);
            let factor = if mirrored == Mirrored::Folded && image { scale * half } else { scale };
            let turned = if sign == Sign::Plus { factor } else { -factor };
            *line = Plain::new(from.re * factor, if image { from.im * turned } else { T::zero() });
        }
        let done = plan.process_with_scratch(line, to, scratch);
        require(done.is_ok(), "the sizes of a transform");
    });
}
