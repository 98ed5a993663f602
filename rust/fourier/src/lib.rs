//! Discrete Fourier transforms of lines that lie in plain slices.
//!
//! Nothing in here knows a tensor. `rustfft` is instantiated in this crate and nowhere else: its kernels for vector
//! registers where the processor has them, and of its others as few as any length can be put together from.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustfft::algorithm::{BluesteinsAlgorithm, Dft, MixedRadix, Radix4};
use rustfft::num_traits::Zero;
use rustfft::{Fft, FftDirection, FftNum};

pub use rustfft::num_complex::Complex;

/// Numbers that lines are made of: `f32` and `f64`.
pub trait Real: FftNum + Default {
    /// The nearest one.
    fn of(value: f64) -> Self;

    /// The plans that were made.
    fn plans() -> &'static Mutex<Plans<Self>>;
}

macro_rules! real {
    ($($type:ty),*) => {$(
        impl Real for $type {
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }

            fn plans() -> &'static Mutex<Plans<Self>> {
                static PLANS: LazyLock<Mutex<Plans<$type>>> = LazyLock::new(Default::default);
                &PLANS
            }
        }
    )*};
}
real!(f32, f64);

/// Which transform of a line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Complex to complex, with e^(−2πi jk/n).
    Forward,
    /// Complex to complex, with e^(+2πi jk/n); nothing is divided by.
    Inverse,
    /// n real numbers to the first n / 2 + 1 of their forward transform.
    FromReal,
    /// The first n / 2 + 1 of n complex numbers, of which the rest are the conjugates, to their inverse transform: n real
    /// numbers. The imaginary parts of those that are their own conjugates do not count.
    ToReal,
}

impl Kind {
    fn is_real(self) -> bool {
        matches!(self, Self::FromReal | Self::ToReal)
    }
}

/// Elements of all plans together from which on they are let go of, to be made anew.
const MOST_KEPT: usize = 1 << 22;

/// Plans by what they are for.
pub struct Plans<T> {
    made: HashMap<(usize, Kind), Arc<Plan<T>>>,
    elements: usize,
}

impl<T> Default for Plans<T> {
    fn default() -> Self {
        Self { made: HashMap::new(), elements: 0 }
    }
}

/// A transform of lines of one length.
pub struct Plan<T> {
    kind: Kind,
    length: usize,
    fft: Arc<dyn Fft<T>>,
    /// e^(−2πi k/n) up to a quarter of the way round, for real lines of even length.
    turns: Vec<Complex<T>>,
}

impl<T: Real> Plan<T> {
    /// The plan for lines of `length` elements, at least one.
    pub fn of(kind: Kind, length: usize) -> Arc<Self> {
        assert!(length > 0, "a line has elements");
        let lock = || T::plans().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = lock().made.get(&(length, kind)) {
            return plan.clone();
        }
        let plan = Arc::new(Self::new(kind, length));
        let mut plans = lock();
        if plans.elements + length > MOST_KEPT {
            *plans = Plans::default();
        }
        plans.elements += length;
        plans.made.insert((length, kind), plan.clone());
        plan
    }

    fn new(kind: Kind, length: usize) -> Self {
        let packed = kind.is_real() && length.is_multiple_of(2);
        let direction = match kind {
            Kind::Forward | Kind::FromReal => FftDirection::Forward,
            Kind::Inverse | Kind::ToReal => FftDirection::Inverse,
        };
        let turn = |k: usize| {
            let (sin, cos) = (-TAU * k as f64 / length as f64).sin_cos();
            Complex::new(T::of(cos), T::of(sin))
        };
        let turns = if packed { (0..=length / 4).map(turn).collect() } else { Vec::new() };
        Self { kind, length, fft: planned(if packed { length / 2 } else { length }, direction), turns }
    }

    /// Elements that a line has in a buffer: room for what is put in, and for what comes out.
    pub fn width(&self) -> usize {
        if self.turns.is_empty() { self.length } else { self.length / 2 + 1 }
    }

    /// Elements of scratch memory that the methods need.
    pub fn scratch(&self) -> usize {
        self.fft.get_inplace_scratch_len().max(self.fft.get_immutable_scratch_len())
    }

    /// Whether real elements lie one behind the other in a buffer, two to a complex number; else each is the real part of one.
    pub fn is_packed(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Transforms lines of [`Self::width`] elements each in place.
    ///
    /// A [`Kind::FromReal`] line begins with its real elements, and then with the first half of its transform; a
    /// [`Kind::ToReal`] one is the other way round.
    pub fn run(&self, lines: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
        match (self.kind, self.is_packed()) {
            (Kind::Forward | Kind::Inverse, _) | (Kind::FromReal, false) => {
                self.fft.process_with_scratch(lines, scratch);
            }
            (Kind::FromReal, true) => {
                for line in lines.chunks_exact_mut(self.width()) {
                    self.fft.process_with_scratch(&mut line[..self.length / 2], scratch);
                    self.unfold(line);
                }
            }
            (Kind::ToReal, true) => {
                for line in lines.chunks_exact_mut(self.width()) {
                    self.fold(line);
                    self.fft.process_with_scratch(&mut line[..self.length / 2], scratch);
                }
            }
            (Kind::ToReal, false) => {
                for line in lines.chunks_exact_mut(self.length) {
                    line[0].im = T::zero();
                    for k in 1..self.length.div_ceil(2) {
                        line[self.length - k] = line[k].conj();
                    }
                    self.fft.process_with_scratch(line, scratch);
                }
            }
        }
    }

    /// The transform of complex lines into other memory.
    pub fn run_into(&self, from: &[Complex<T>], to: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
        debug_assert!(!self.kind.is_real());
        self.fft.process_immutable_with_scratch(from, to, scratch);
    }

    /// What the transform of pairs (x₀ + i x₁, x₂ + i x₃, …) says of the even elements and of the odd ones, put together.
    fn unfold(&self, line: &mut [Complex<T>]) {
        let m = self.length / 2;
        let half = T::of(0.5);
        let first = line[0];
        line[0] = Complex::new(first.re + first.im, T::zero());
        line[m] = Complex::new(first.re - first.im, T::zero());
        for (k, &turn) in self.turns.iter().enumerate().skip(1) {
            let (a, b) = (line[k], line[m - k].conj());
            let even = (a + b) * half;
            let odd = (a - b) * half;
            let odd = Complex::new(odd.im, -odd.re) * turn;
            line[k] = even + odd;
            line[m - k] = (even - odd).conj();
        }
    }

    /// The other way round, times two.
    fn fold(&self, line: &mut [Complex<T>]) {
        let m = self.length / 2;
        let (first, last) = (line[0].re, line[m].re);
        line[0] = Complex::new(first + last, first - last);
        for (k, &turn) in self.turns.iter().enumerate().skip(1) {
            let (a, b) = (line[k], line[m - k].conj());
            let even = a + b;
            let odd = (a - b) * turn.conj();
            line[k] = Complex::new(even.re - odd.im, even.im + odd.re);
            line[m - k] = Complex::new(even.re + odd.im, odd.re - even.im);
        }
    }
}

/// The fastest plan that this processor has.
fn planned<T: Real>(length: usize, direction: FftDirection) -> Arc<dyn Fft<T>> {
    #[cfg(target_arch = "x86_64")]
    if let Ok(mut planner) = rustfft::FftPlannerAvx::new() {
        return planner.plan_fft(length, direction);
    }
    #[cfg(target_arch = "aarch64")]
    if let Ok(mut planner) = rustfft::FftPlannerNeon::new() {
        return planner.plan_fft(length, direction);
    }
    plain(length, direction)
}

/// Greatest prime factor that is transformed by its definition.
const MOST_DIRECT: usize = 31;

/// A plan for any processor: powers of two, products, and primes as convolutions.
fn plain<T: Real>(length: usize, direction: FftDirection) -> Arc<dyn Fft<T>> {
    if length < 2 {
        return Arc::new(Dft::new(length, direction));
    }
    let twos = 1 << length.trailing_zeros();
    if twos == length {
        return Arc::new(Radix4::new(length, direction));
    }
    if twos > 1 {
        return Arc::new(MixedRadix::new(plain(twos, direction), plain(length / twos, direction)));
    }
    let factor = (3..).step_by(2).find(|p| length.is_multiple_of(*p) || p * p > length).unwrap_or(length);
    if length.is_multiple_of(factor) && factor < length {
        return Arc::new(MixedRadix::new(plain(factor, direction), plain(length / factor, direction)));
    }
    if length <= MOST_DIRECT {
        return Arc::new(Dft::new(length, direction));
    }
    let inner = (2 * length - 1).next_power_of_two();
    Arc::new(BluesteinsAlgorithm::new(length, plain(inner, direction)))
}

/// 0.
pub fn zero<T: Real>() -> Complex<T> {
    Complex::zero()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: usize) -> Vec<Complex<f64>> {
        let part = |k: usize| ((k * 7919 + 13) % 101) as f64 / 50.0 - 1.0;
        (0..n).map(|k| Complex::new(part(k), part(3 * k + 1))).collect()
    }

    fn by_definition(line: &[Complex<f64>], sign: f64) -> Vec<Complex<f64>> {
        let n = line.len();
        let turn = |jk: usize| Complex::from_polar(1.0, sign * TAU * (jk % n) as f64 / n as f64);
        (0..n).map(|j| line.iter().enumerate().map(|(k, x)| x * turn(j * k)).sum()).collect()
    }

    fn close(a: &[Complex<f64>], b: &[Complex<f64>]) {
        assert_eq!(a.len(), b.len());
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).norm() < 1e-11 * a.len() as f64, "{a} and {b} of {}", b.re);
        }
    }

    const LENGTHS: [usize; 22] = [1, 2, 3, 4, 5, 6, 7, 8, 12, 15, 16, 17, 31, 32, 37, 60, 64, 97, 101, 202, 210, 256];

    #[test]
    fn complex_lines_are_transformed_by_the_definition() {
        for n in LENGTHS {
            for (kind, sign) in [(Kind::Forward, -1.0), (Kind::Inverse, 1.0)] {
                let (plan, given) = (Plan::<f64>::of(kind, n), line(n));
                let wanted = by_definition(&given, sign);
                let mut scratch = vec![zero(); plan.scratch()];
                let mut lines = [given.clone(), given.clone()].concat();
                plan.run(&mut lines, &mut scratch);
                close(&lines, &[wanted.clone(), wanted.clone()].concat());
                let mut other = vec![zero(); n];
                plan.run_into(&given, &mut other, &mut scratch);
                close(&other, &wanted);
            }
        }
    }

    #[test]
    fn so_they_are_without_vector_registers() {
        for n in LENGTHS {
            let (plan, mut given) = (plain::<f64>(n, FftDirection::Forward), line(n));
            let wanted = by_definition(&given, -1.0);
            plan.process(&mut given);
            close(&given, &wanted);
        }
    }

    #[test]
    fn real_lines_are_half_of_what_complex_ones_are() {
        for n in LENGTHS {
            let real: Vec<Complex<f64>> = line(n).iter().map(|x| Complex::new(x.re, 0.0)).collect();
            let spectrum = by_definition(&real, -1.0);
            let plan = Plan::<f64>::of(Kind::FromReal, n);
            let mut buffer = vec![zero(); plan.width()];
            for (k, x) in real.iter().enumerate() {
                match (plan.is_packed(), k % 2) {
                    (true, 0) => buffer[k / 2].re = x.re,
                    (true, _) => buffer[k / 2].im = x.re,
                    (false, _) => buffer[k].re = x.re,
                }
            }
            plan.run(&mut buffer, &mut vec![zero(); plan.scratch()]);
            close(&buffer[..n / 2 + 1], &spectrum[..n / 2 + 1]);
            let plan = Plan::<f64>::of(Kind::ToReal, n);
            // What has no place in a real line does not count.
            buffer[0].im = 5.0;
            if n.is_multiple_of(2) {
                buffer[n / 2].im = -3.0;
            }
            plan.run(&mut buffer, &mut vec![zero(); plan.scratch()]);
            let back = (0..n).map(|k| match (plan.is_packed(), k % 2) {
                (true, 0) => buffer[k / 2].re,
                (true, _) => buffer[k / 2].im,
                (false, _) => buffer[k].re,
            });
            let back: Vec<Complex<f64>> = back.map(|x| Complex::new(x / n as f64, 0.0)).collect();
            close(&back, &real);
        }
    }
}
