//! Uniform, exponential and Cauchy numbers.

use std::f64::consts::PI;

use super::Generator;
use super::element::{RandomElement, RandomFloat, c_name};
use super::passes::{PASS, scale_and_shift};
use crate::error::{Error, Result};

impl Generator {
    /// Uniform numbers in `[from, to)` (`uniform_`; `rand` with 0 and 1).
    ///
    /// Each is a multiple of 2⁻²⁴ (`f32`, one word) or 2⁻⁵³ (`f64`, two words), then scaled with one rounding; one
    /// that is rounded up to `to` becomes `from`.
    ///
    /// # Errors
    /// `RuntimeError` when `from > to` or when a bound or their difference is not finite in the type.
    pub fn uniform<T: RandomFloat>(&mut self, out: &mut [T], from: f64, to: f64) -> Result<()> {
        const OP: &str = "uniform_";
        let type_name = c_name(T::DTYPE);
        for (name, bound) in [("from", from), ("to", to)] {
            if !(-T::GREATEST..=T::GREATEST).contains(&bound) {
                return Err(Error::runtime(OP, format!("{name} is out of bounds for {type_name}")));
            }
        }
        if from > to {
            return Err(Error::runtime(
                OP,
                format!("uniform_ expects to return a [from, to) range, but found from={from} > to={to}"),
            ));
        }
        if to - from > T::GREATEST {
            return Err(Error::runtime(
                OP,
                format!("uniform_ expects to-from <= {:e}, but found to={to} and from={from}", T::GREATEST),
            ));
        }
        if from == 0.0 && to == 1.0 {
            self.unit_fill(out);
            return Ok(());
        }
        let (from, to) = (T::from_f64(from), T::from_f64(to));
        let range = to - from;
        self.map_bits(
            out,
            #[inline(always)]
            |bits| {
                let value = T::unit(bits).fused(range, from);
                if value == to { from } else { value }
            },
        );
        Ok(())
    }

    /// Uniform numbers in `[0, 1)`.
    pub(super) fn unit_fill<T: RandomFloat>(&mut self, out: &mut [T]) {
        self.map_bits(
            out,
            #[inline(always)]
            |bits| T::unit(bits),
        );
    }

    /// Sets each element from as many bits as its type takes.
    pub(super) fn map_bits<T: RandomElement>(&mut self, out: &mut [T], f: impl Fn(u64) -> T) {
        if T::WIDE {
            self.engine.map64(out, f);
        } else {
            self.engine.map32(
                out,
                #[inline(always)]
                |word| f(u64::from(word)),
            );
        }
    }

    /// Sets each element to `f(u) * scale + shift`, `u` being uniform with 53 bits; everything but the last cast is
    /// done in double precision, as PyTorch does whatever the output type.
    pub(super) fn map_units<T: RandomElement>(
        &mut self,
        out: &mut [T],
        scale: f64,
        shift: f64,
        f: impl Fn(f64) -> f64,
    ) {
        let mut buffer = [0.0; PASS];
        for chunk in out.chunks_mut(PASS) {
            let values = &mut buffer[..chunk.len()];
            self.unit_fill(values);
            values.iter_mut().for_each(|value| *value = f(*value));
            scale_and_shift(values, scale, shift);
            for (value, &number) in chunk.iter_mut().zip(&*values) {
                *value = T::from_f64(number);
            }
        }
    }

    /// Exponential numbers of rate `lambda`: `-ln(1 - u) / lambda` (`exponential_`).
    ///
    /// # Errors
    /// `RuntimeError` unless `lambda > 0`.
    pub fn exponential<T: RandomFloat>(&mut self, out: &mut [T], lambda: f64) -> Result<()> {
        if lambda <= 0.0 || lambda.is_nan() {
            return Err(Error::runtime(
                "exponential_",
                format!("exponential_ expects lambda > 0.0, but found lambda={lambda}"),
            ));
        }
        // Not `ln_1p / -lambda`: PyTorch multiplies by the rounded reciprocal.
        let factor = -1.0 / lambda;
        self.map_units(out, 1.0, 0.0, |u| factor * (-u).ln_1p());
        Ok(())
    }

    /// Cauchy numbers: `median + sigma * tan(π (u - ½))` (`cauchy_`).
    ///
    /// # Errors
    /// `RuntimeError` unless `sigma > 0`.
    pub fn cauchy<T: RandomFloat>(&mut self, out: &mut [T], median: f64, sigma: f64) -> Result<()> {
        if sigma <= 0.0 || sigma.is_nan() {
            return Err(Error::runtime("cauchy_", format!("cauchy_ expects sigma > 0.0, but found sigma={sigma}")));
        }
        self.map_units(out, sigma, median, |u| (PI * (u - 0.5)).tan());
        Ok(())
    }
}
