//! Integers, permutations, Bernoulli and geometric numbers.

use super::Generator;
use super::element::{RandomElement, RandomFloat, c_name, truncate64};
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};

/// Ranges from here on take two words per number: below, the remainder of one word favours some numbers by at most
/// one part in sixteen.
const WIDE_RANGE: u64 = 1 << 28;

/// Permutations from here on take two words per element, for the same reason.
const WIDE_PERMUTATION: usize = (u32::MAX / 20) as usize;

impl Generator {
    /// Integers over the type's non-negative range (`random_()`): `0..=max` for integers, `0..=2^digits` for floats.
    pub fn random_full<T: RandomElement>(&mut self, out: &mut [T]) {
        // At most 2⁶³, so the remainder of a word or two is a non-negative `i64`.
        let range = T::RANDOM_MAX as u64 + 1;
        self.map_bits(
            out,
            #[inline(always)]
            |bits| T::from_i64((bits % range) as i64),
        );
    }

    /// Integers in `from..to`, or from `from` to the type's greatest value (`random_(from, to)`, `randint`).
    ///
    /// With `from` = −2⁶³ and no `to` all 64 bits are used. Bounds that a floating-point type cannot represent move
    /// inwards to the next ones it can.
    ///
    /// # Errors
    /// `RuntimeError` when the range is empty or leaves that of the type.
    pub fn random_from_to<T: RandomElement>(&mut self, out: &mut [T], from: i64, to: Option<i64>) -> Result<()> {
        const OP: &str = "random_";
        let type_name = c_name(T::DTYPE);
        let (mut from, mut last) = (from, to.map_or(T::RANDOM_MAX, |to| to.wrapping_sub(1)));
        match to {
            Some(to) if from >= to => {
                return Err(Error::runtime(
                    OP,
                    format!("random_ expects 'from' to be less than 'to', but got from={from} >= to={to}"),
                ));
            }
            None if from == i64::MIN => {
                if !matches!(T::DTYPE, DType::I64 | DType::F32 | DType::F64) {
                    return Err(Error::runtime(
                        OP,
                        "the full range of 64 bits takes only int64, double, float and bfloat16",
                    ));
                }
                self.engine.map64(
                    out,
                    #[inline(always)]
                    |bits| T::from_i64(bits as i64),
                );
                return Ok(());
            }
            _ => {}
        }
        if T::DTYPE.is_float() {
            from = first_representable::<T>(from);
            if to.is_some() {
                last = end_representable::<T>(last.wrapping_add(1)).wrapping_sub(1);
            }
            if from > last || (to.is_none() && from == last) {
                return Err(Error::runtime(
                    OP,
                    format!(
                        "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got \
                         from={from} and to - 1 = {last}"
                    ),
                ));
            }
        } else {
            for (name, bound) in [("from", from), ("to - 1", last)] {
                if !(T::LEAST..=T::RANDOM_MAX).contains(&bound) {
                    return Err(Error::runtime(OP, format!("{name} is out of bounds for {type_name}")));
                }
            }
        }
        // At most 2⁶⁴ − 1: the whole range of 64 bits is above.
        let range = last.wrapping_sub(from) as u64 + 1;
        if range >= WIDE_RANGE {
            self.engine.map64(
                out,
                #[inline(always)]
                |bits| T::from_i64(((bits % range) as i64).wrapping_add(from)),
            );
        } else {
            let range = range as u32;
            self.engine.map32(
                out,
                #[inline(always)]
                |bits| T::from_i64(i64::from(bits % range).wrapping_add(from)),
            );
        }
        Ok(())
    }

    /// A permutation of `0..n`, `n` being the length of the buffer (`randperm`).
    ///
    /// # Errors
    /// `RuntimeError` when the type cannot count to `n - 1`; `NotImplementedError` for `bool`.
    pub fn permutation<T: RandomElement>(&mut self, out: &mut [T]) -> Result<()> {
        const OP: &str = "randperm";
        let n = out.len();
        if T::DTYPE == DType::Bool {
            return Err(Error::not_implemented(OP, "dtype bool"));
        }
        // Floats count exactly up to 2^digits.
        if n > 1 && (n - 1) as u64 > T::RANDOM_MAX as u64 {
            return Err(Error::runtime(
                OP,
                format!("n cannot be greater than {} for {} type.", T::RANDOM_MAX as u64 + 1, torch_name(T::DTYPE)),
            ));
        }
        if n < WIDE_PERMUTATION {
            for (i, value) in out.iter_mut().enumerate() {
                *value = T::from_i64(i as i64);
            }
            for i in 0..n.saturating_sub(1) {
                // `n` fits 32 bits here.
                let other = i + (self.random() % (n - i) as u32) as usize;
                out.swap(i, other);
            }
        } else {
            for i in 0..n {
                let other = (self.random64() % (i as u64 + 1)) as usize;
                out[i] = out[other];
                out[other] = T::from_i64(i as i64);
            }
        }
        Ok(())
    }

    /// Ones with probability `p`, zeros otherwise (`bernoulli_(p)`; the mask of dropout, with the probability to
    /// keep). Each takes two words, whatever the type.
    ///
    /// # Errors
    /// `RuntimeError` unless `0 <= p <= 1`.
    pub fn bernoulli<T: RandomElement>(&mut self, out: &mut [T], p: f64) -> Result<()> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::runtime("bernoulli_", format!("bernoulli_ expects p to be in [0, 1], but got p={p}")));
        }
        self.engine.map64(
            out,
            #[inline(always)]
            |bits| T::from_i64(i64::from(f64::unit(bits) < p)),
        );
        Ok(())
    }

    /// One with each element's own probability, zero otherwise (`bernoulli`, `bernoulli_(tensor)`): one word each for
    /// `f32` probabilities, two for `f64`. Both slices have the same length.
    ///
    /// # Errors
    /// `RuntimeError` unless all probabilities are in `[0, 1]`; a length mismatch.
    pub fn bernoulli_each<P: RandomFloat, T: RandomElement>(
        &mut self,
        out: &mut [T],
        probabilities: &[P],
    ) -> Result<()> {
        const OP: &str = "bernoulli";
        same_length(OP, out.len(), probabilities.len())?;
        let wrong = probabilities.iter().map(|&p| p.into()).find(|p| !(0.0..=1.0).contains(p));
        if let Some(p) = wrong {
            return Err(Error::runtime(OP, format!("Expected p_in >= 0 && p_in <= 1, but got p={p}")));
        }
        let mut units = [P::default(); super::passes::PASS];
        for (chunk, probabilities) in out.chunks_mut(units.len()).zip(probabilities.chunks(units.len())) {
            let units = &mut units[..chunk.len()];
            self.unit_fill(units);
            for ((value, unit), p) in chunk.iter_mut().zip(&*units).zip(probabilities) {
                *value = T::from_i64(i64::from(unit < p));
            }
        }
        Ok(())
    }

    /// Number of trials up to the first success, of probability `p` each: `⌈ln u / ln(1 - p)⌉` (`geometric_`).
    ///
    /// # Errors
    /// `RuntimeError` unless `0 < p < 1`; `NotImplementedError` for `bool`.
    pub fn geometric<T: RandomElement>(&mut self, out: &mut [T], p: f64) -> Result<()> {
        const OP: &str = "geometric_";
        if !(p > 0.0 && p < 1.0) {
            return Err(Error::runtime(OP, format!("geometric_ expects p to be in (0, 1), but got p={p}")));
        }
        if T::DTYPE == DType::Bool {
            return Err(Error::not_implemented(OP, "dtype bool"));
        }
        let log_failure = (-p).ln_1p();
        self.map_units(out, 1.0, 0.0, |u| (u.ln() / log_failure).ceil());
        Ok(())
    }
}

/// The two buffers of an elementwise draw have one length.
pub(super) fn same_length(op: &'static str, out: usize, input: usize) -> Result<()> {
    if out == input { Ok(()) } else { Err(Error::shapes(op, &[out], &[input], "expected as many elements")) }
}

/// The value rounded to the floating-point type, unless that leaves the range of `i64`.
fn rounded<T: RandomElement>(value: i64) -> Option<i64> {
    let float = if T::DTYPE == DType::F32 { f64::from(value as f32) } else { value as f64 };
    // Whatever is out of range is 2⁶³, which truncates to the least integer; −2⁶³ itself is in range.
    Some(truncate64(float)).filter(|_| float < 9_223_372_036_854_775_808.0)
}

/// Distance of neighbours among the floats of the magnitude of `value`.
fn spacing<T: RandomElement>(value: i64) -> i64 {
    let exponent = value.unsigned_abs().max(1).ilog2();
    // `RANDOM_MAX` is 2^digits. The caller knows that the magnitude exceeds it.
    1_i64.wrapping_shl((exponent + 1).saturating_sub((T::RANDOM_MAX as u64).ilog2()))
}

/// `from`, moved up if the next integer is rounded to something below `from`.
fn first_representable<T: RandomElement>(from: i64) -> i64 {
    let Some(next) = from.checked_add(1) else { return from };
    match rounded::<T>(next) {
        Some(below) if below < from => below.wrapping_add(spacing::<T>(next)),
        _ => from,
    }
}

/// `to`, moved down if the integer before it is rounded to `to` or above.
fn end_representable<T: RandomElement>(to: i64) -> i64 {
    let before = to.wrapping_sub(1);
    match rounded::<T>(before) {
        Some(above) if above >= to => above.wrapping_sub(spacing::<T>(before)),
        _ => to,
    }
}
