//! Normal and log-normal numbers, by Box and Muller's transform.
//!
//! PyTorch has two ways. Sixteen or more numbers in a contiguous tensor are made in blocks of sixteen from uniform
//! numbers of the tensor's own type; other tensors take pairs in double precision, the second of which waits in the
//! generator for the next call.

use std::f64::consts::PI;

use super::element::RandomFloat;
use super::passes::{PASS, scale_and_shift};
use super::{Generator, RandomElement};
use crate::error::{Error, Result};

/// Numbers per block: eight radii and eight angles.
const BLOCK: usize = 16;

fn check_std(op: &'static str, std: f64) -> Result<()> {
    // Written so that NaN is refused.
    if std >= 0.0 { Ok(()) } else { Err(Error::runtime(op, format!("normal expects std >= 0.0, but found std {std}"))) }
}

impl Generator {
    /// Normal numbers for a contiguous tensor (`normal_`; `randn` with 0 and 1).
    ///
    /// # Errors
    /// `RuntimeError` unless `std >= 0`.
    pub fn normal<T: RandomFloat>(&mut self, out: &mut [T], mean: f64, std: f64) -> Result<()> {
        self.normal_after(out, mean, std, out.len())
    }

    /// [`Generator::normal`] for a tensor of half precision, drawn in a wider type: there no number is drawn for a rest,
    /// before it is made up to a block.
    ///
    /// # Errors
    /// As there.
    pub fn normal_of_halves<T: RandomFloat>(&mut self, out: &mut [T], mean: f64, std: f64) -> Result<()> {
        self.normal_after(out, mean, std, out.len() - out.len() % BLOCK)
    }

    /// [`Generator::normal`], `drawn` being how many numbers are drawn before a rest is made up to a block.
    fn normal_after<T: RandomFloat>(&mut self, out: &mut [T], mean: f64, std: f64, drawn: usize) -> Result<()> {
        if out.len() < BLOCK {
            return self.normal_pairs(out, mean, std);
        }
        check_std("normal_", std)?;
        let (mean, std) = (T::from_f64(mean), T::from_f64(std));
        self.unit_fill(&mut out[..drawn]);
        T::box_muller(&mut out[..drawn], mean, std);
        if !out.len().is_multiple_of(BLOCK) {
            // A rest is made up to a block with the numbers before it, all of them drawn again.
            let start = out.len() - BLOCK;
            self.unit_fill(&mut out[start..]);
            T::box_muller(&mut out[start..], mean, std);
        }
        Ok(())
    }

    /// Normal numbers for a tensor that is not contiguous, in the order of memory (`normal_`).
    ///
    /// # Errors
    /// `RuntimeError` unless `std >= 0`.
    pub fn normal_pairs<T: RandomFloat>(&mut self, out: &mut [T], mean: f64, std: f64) -> Result<()> {
        check_std("normal_", std)?;
        self.map_standard_normals(out, mean, std, |z| z);
        Ok(())
    }

    /// Exponentials of normal numbers (`log_normal_`).
    ///
    /// # Errors
    /// `RuntimeError` unless `std > 0`.
    pub fn log_normal<T: RandomFloat>(&mut self, out: &mut [T], mean: f64, std: f64) -> Result<()> {
        if std <= 0.0 || std.is_nan() {
            return Err(Error::runtime("log_normal_", format!("log_normal_ expects std > 0.0, but found std={std}")));
        }
        self.map_standard_normals(out, mean, std, f64::exp);
        Ok(())
    }

    /// Sets each element to `f(z * std + mean)`, `z` being standard normal.
    fn map_standard_normals<T: RandomElement>(&mut self, out: &mut [T], mean: f64, std: f64, f: fn(f64) -> f64) {
        let mut buffer = [0.0; PASS];
        for chunk in out.chunks_mut(PASS) {
            let values = &mut buffer[..chunk.len()];
            values.iter_mut().for_each(|value| *value = self.standard_normal());
            scale_and_shift(values, std, mean);
            for (value, &number) in chunk.iter_mut().zip(&*values) {
                *value = T::from_f64(f(number));
            }
        }
    }

    /// One standard normal number: the one that waits, or the first of a new pair.
    pub(super) fn standard_normal(&mut self) -> f64 {
        if let Some(sample) = self.next_double_sample.take() {
            return sample;
        }
        let (turn, chance) = (self.unit(), self.unit());
        let radius = (-2.0 * (-chance).ln_1p()).sqrt();
        let (sin, cos) = (2.0 * PI * turn).sin_cos();
        self.next_double_sample = Some(radius * sin);
        radius * cos
    }
}

/// Blocks in double precision, with the C library's functions.
pub(super) fn box_muller_f64(blocks: &mut [f64], mean: f64, std: f64) {
    for block in blocks.chunks_exact_mut(BLOCK) {
        let (left, right) = block.split_at_mut(BLOCK / 2);
        for (first, second) in left.iter_mut().zip(right) {
            let radius = (-2.0 * (1.0 - *first).ln()).sqrt();
            let (sin, cos) = (2.0 * PI * *second).sin_cos();
            (*first, *second) = (radius * cos, radius * sin);
        }
    }
    let whole = blocks.len() - blocks.len() % BLOCK;
    scale_and_shift(&mut blocks[..whole], std, mean);
}

/// Blocks in single precision, vectorised.
pub(super) fn box_muller_f32(blocks: &mut [f32], mean: f32, std: f32) {
    pulp::Arch::new().dispatch(Blocks { blocks, mean, std });
}

/// Blocks about to be transformed on some instruction set. (A type with a method, which is told to be inlined: a closure
/// is not always, and is then compiled for the baseline, where each fused sum is a call.)
struct Blocks<'a> {
    blocks: &'a mut [f32],
    mean: f32,
    std: f32,
}

impl pulp::WithSimd for Blocks<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        const HALF: usize = BLOCK / 2;
        let (pairs, rest) = self.blocks.as_chunks_mut::<{ 2 * BLOCK }>();
        for two in pairs {
            // Two blocks side by side fill the widest registers.
            let (mut first, mut second) = ([0.0; BLOCK], [0.0; BLOCK]);
            for lane in 0..HALF {
                (first[lane], second[lane]) = (two[lane], two[HALF + lane]);
                (first[HALF + lane], second[HALF + lane]) = (two[BLOCK + lane], two[BLOCK + HALF + lane]);
            }
            for lane in 0..BLOCK {
                (first[lane], second[lane]) = transformed(first[lane], second[lane], self.mean, self.std);
            }
            for lane in 0..HALF {
                (two[lane], two[HALF + lane]) = (first[lane], second[lane]);
                (two[BLOCK + lane], two[BLOCK + HALF + lane]) = (first[HALF + lane], second[HALF + lane]);
            }
        }
        let (block, _) = rest.as_chunks_mut::<BLOCK>();
        for block in block {
            for lane in 0..HALF {
                (block[lane], block[HALF + lane]) = transformed(block[lane], block[HALF + lane], self.mean, self.std);
            }
        }
    }
}

/// Two normal numbers of two uniform ones.
#[inline(always)]
fn transformed(chance: f32, turn: f32, mean: f32, std: f32) -> (f32, f32) {
    let radius = (-2.0 * ln_unit(1.0 - chance)).sqrt();
    let (sin, cos) = sin_cos_turn((2.0 * PI) as f32 * turn);
    ((radius * cos).mul_add(std, mean), (radius * sin).mul_add(std, mean))
}

/// Natural logarithm of a number in `(0, 1]`, by `logf` of the Cephes library (Moshier): with `x = m 2ᵉ`,
/// `m` in `[√½, √2)`, a polynomial in `m - 1`. The sums are fused as PyTorch's are, so the bits are the same.
#[inline(always)]
fn ln_unit(x: f32) -> f32 {
    const POLYNOMIAL: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    // ln 2 in two parts; the first has few bits, so its product with the exponent is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    let bits = x.to_bits();
    let half_mantissa = f32::from_bits((bits & 0x007f_ffff) | 0x3f00_0000);
    let small = half_mantissa < std::f32::consts::FRAC_1_SQRT_2;
    // The significand is in [½, 1), hence 126; where it is below √½ it is doubled.
    let exponent = ((bits >> 23) as i32 - 126) as f32 - if small { 1.0 } else { 0.0 };
    let m = half_mantissa - 1.0 + if small { half_mantissa } else { 0.0 };
    let square = m * m;
    let mut sum = POLYNOMIAL[0];
    for coefficient in &POLYNOMIAL[1..] {
        sum = sum.mul_add(m, *coefficient);
    }
    sum = (sum * m).mul_add(square, exponent * LN_2_LOW);
    sum = (-0.5_f32).mul_add(square, sum);
    exponent.mul_add(LN_2_HIGH, m + sum)
}

/// Sine and cosine of an angle in `[0, 2π]`, by `sinf` and `cosf` of the Cephes library (Moshier): the angle less a
/// multiple of π/2 in `[-π/4, π/4]`, a polynomial for each. The sums are fused as PyTorch's are.
#[inline(always)]
fn sin_cos_turn(angle: f32) -> (f32, f32) {
    // π/4 in three parts; the first two have few bits, so their products with the octant are exact.
    const QUARTER_PI: [f32; 3] = [0.785_156_25, 2.418_756_5e-4, 3.774_895e-8];
    const SIN: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
    const COS: [f32; 3] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2];

    // Octant, rounded up to an even one.
    let octant = ((angle * std::f32::consts::FRAC_2_PI * 2.0) as i32 + 1) & !1;
    let steps = -(octant as f32);
    let x = steps.mul_add(QUARTER_PI[0], angle);
    let x = steps.mul_add(QUARTER_PI[1], x);
    let x = steps.mul_add(QUARTER_PI[2], x);
    let square = x * x;

    let cos = COS[0].mul_add(square, COS[1]).mul_add(square, COS[2]) * square;
    let cos = cos.mul_add(square, -(square * 0.5)) + 1.0;
    let sin = SIN[0].mul_add(square, SIN[1]).mul_add(square, SIN[2]) * square;
    let sin = sin.mul_add(x, x);

    let (sin, cos) = if octant & 2 == 0 { (sin, cos) } else { (cos, sin) };
    // Sine is negative in the second half of the turn, cosine in the middle half.
    let sin_sign = ((octant & 4) as u32) << 29;
    let cos_sign = ((!(octant - 2) & 4) as u32) << 29;
    (f32::from_bits(sin.to_bits() ^ sin_sign), f32::from_bits(cos.to_bits() ^ cos_sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_functions_are_accurate_over_all_draws() {
        // Every 97th of the 2²⁴ uniform numbers, and both ends.
        for k in (0..1_u32 << 24).step_by(97).chain([1, (1 << 24) - 1]) {
            let u = f32::unit(u64::from(k));
            let (x, angle) = (1.0 - u, (2.0 * PI) as f32 * u);
            let exact = f64::from(x).ln();
            assert!((f64::from(ln_unit(x)) - exact).abs() <= 1e-7 * exact.abs().max(1e-7), "ln {x}");
            let (sin, cos) = sin_cos_turn(angle);
            let (exact_sin, exact_cos) = f64::from(angle).sin_cos();
            assert!((f64::from(sin) - exact_sin).abs() <= 1.2e-7, "sin {angle}");
            assert!((f64::from(cos) - exact_cos).abs() <= 1.2e-7, "cos {angle}");
        }
    }
}
