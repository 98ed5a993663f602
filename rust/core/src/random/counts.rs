//! Poisson and binomial numbers.
//!
//! Large means take Hörmann's transformed rejection with squeeze ("The transformed rejection method for generating
//! Poisson random variables", 1993, algorithm PTRS; "The generation of binomial random variates", 1993, algorithm
//! BTRS), small ones count waiting times.

use super::Generator;
use super::discrete::same_length;
use super::element::{RandomFloat, truncate64};
use crate::error::{Error, Result};

/// Mean from which the rejection method is used.
const REJECTION: f64 = 10.0;

impl Generator {
    /// A Poisson number for each rate (`poisson`). Both slices have the same length.
    ///
    /// # Errors
    /// `RuntimeError` when a rate is negative, infinite or NaN; a length mismatch.
    pub fn poisson<T: RandomFloat>(&mut self, out: &mut [T], rates: &[T]) -> Result<()> {
        const OP: &str = "poisson";
        same_length(OP, out.len(), rates.len())?;
        // PyTorch takes infinity and returns nonsense.
        if let Some(rate) = rates.iter().map(|&rate| rate.into()).find(|rate| !(0.0..f64::INFINITY).contains(rate)) {
            return Err(Error::runtime(
                OP,
                format!("invalid Poisson rate, expected rate to be non-negative and finite, but got {rate}"),
            ));
        }
        for (value, &rate) in out.iter_mut().zip(rates) {
            *value = T::from_i64(self.poisson_one(rate.into()));
        }
        Ok(())
    }

    fn poisson_one(&mut self, rate: f64) -> i64 {
        if rate >= REJECTION {
            return self.poisson_rejection(rate);
        }
        if rate == 0.0 {
            return 0;
        }
        // Events before the product of uniform numbers falls below e^-rate.
        let limit = (-rate).exp();
        let (mut count, mut product) = (0, self.unit());
        while product > limit {
            count += 1;
            product *= self.unit();
        }
        count
    }

    /// Algorithm PTRS.
    fn poisson_rejection(&mut self, rate: f64) -> i64 {
        let b = 0.931 + 2.53 * rate.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        let log_rate = rate.ln();
        loop {
            let u = self.unit() - 0.5;
            let v = self.unit();
            let us = 0.5 - u.abs();
            let k = truncate64(((2.0 * a / us + b) * u + rate + 0.43).floor());
            if us >= 0.07 && v <= v_r {
                return k;
            }
            if k < 0 || (us < 0.013 && v > us) {
                continue;
            }
            let hat = v.ln() + inverse_alpha.ln() - (a / (us * us) + b).ln();
            let k_float = k as f64;
            if hat <= -rate + k_float * log_rate - libm::lgamma(k_float + 1.0) {
                return k;
            }
        }
    }

    /// Number of successes among `count` trials, each of probability `p`, for each pair (`binomial`). All slices
    /// have the same length. Counts at or below 0 give 0; a NaN probability gives NaN; probabilities outside `[0, 1]`
    /// count as the nearer end, as in PyTorch.
    ///
    /// # Errors
    /// A length mismatch.
    pub fn binomial<T: RandomFloat>(&mut self, out: &mut [T], counts: &[T], probabilities: &[T]) -> Result<()> {
        const OP: &str = "binomial";
        same_length(OP, out.len(), counts.len())?;
        same_length(OP, out.len(), probabilities.len())?;
        for ((value, &count), &p) in out.iter_mut().zip(counts).zip(probabilities) {
            *value = self.binomial_one(count, p);
        }
        Ok(())
    }

    fn binomial_one<T: RandomFloat>(&mut self, count: T, p: T) -> T {
        let (n, probability) = (count.into(), p.into());
        if n <= 0.0 || probability <= 0.0 {
            return T::from_f64(0.0);
        }
        if probability >= 1.0 {
            return count;
        }
        if probability.is_nan() || !n.is_finite() {
            return T::from_f64(f64::NAN);
        }
        // The rarer outcome is counted.
        if probability <= 0.5 {
            T::from_f64(self.rare_successes(count, p))
        } else {
            count - T::from_f64(self.rare_successes(count, T::from_f64(1.0 - probability)))
        }
    }

    fn rare_successes<T: RandomFloat>(&mut self, count: T, p: T) -> f64 {
        if rounded::<T>(count.into() * p.into()) >= REJECTION {
            self.binomial_rejection(count, p)
        } else {
            self.binomial_waiting::<T>(count.into(), p.into())
        }
    }

    /// Counts geometric waiting times that fit into the trials.
    fn binomial_waiting<T: RandomFloat>(&mut self, n: f64, p: f64) -> f64 {
        let log_failure = rounded::<T>((-p).ln_1p());
        let (mut trials, mut successes) = (0.0, 0.0);
        loop {
            trials += (self.unit().ln() / log_failure).ceil();
            if trials > n {
                return successes;
            }
            successes += 1.0;
        }
    }

    /// Algorithm BTRS.
    fn binomial_rejection<T: RandomFloat>(&mut self, count: T, probability: T) -> f64 {
        let (n, p): (f64, f64) = (count.into(), probability.into());
        let failure = rounded::<T>(1.0 - p);
        let mean = rounded::<T>(n * p);
        let stddev = rounded::<T>(rounded::<T>(mean * failure).sqrt());
        let b = 1.15 + 2.53 * stddev;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = mean + 0.5;
        let v_r = 0.92 - 4.2 / b;
        let odds = rounded::<T>(p / failure);
        let alpha = (2.83 + 5.1 / b) * stddev;
        let n_1 = rounded::<T>(n + 1.0);
        let mode = rounded::<T>(n_1 * p).floor();
        loop {
            let u = self.unit() - 0.5;
            let v = self.unit();
            let us = 0.5 - u.abs();
            let k = rounded::<T>(((2.0 * a / us + b) * u + c).floor());
            if !(k >= 0.0 && k <= n) {
                continue;
            }
            if us >= 0.07 && v <= v_r {
                return k;
            }
            let hat = (v * alpha / (a / (us * us) + b)).ln();
            let failures_1 = rounded::<T>(rounded::<T>(n - k) + 1.0);
            let successes_1 = rounded::<T>(k + 1.0);
            let bound = (mode + 0.5) * ((mode + 1.0) / (odds * (n - mode + 1.0))).ln()
                + n_1 * ((n - mode + 1.0) / failures_1).ln()
                + (k + 0.5) * (odds * failures_1 / successes_1).ln()
                + stirling_tail(mode)
                + stirling_tail(n - mode)
                - stirling_tail(k)
                - stirling_tail(rounded::<T>(n - k));
            if hat <= bound {
                return k;
            }
        }
    }
}

/// The value rounded to the element type. PyTorch computes some intermediate values of a binomial number in the
/// tensor's type; each of them is one operation on such values, so rounding its double result is the same.
fn rounded<T: RandomFloat>(value: f64) -> f64 {
    T::from_f64(value).into()
}

/// `ln k! - ((k + ½) ln(k + 1) - (k + 1) + ½ ln 2π)`: what Stirling's formula leaves. Tabled for small `k`, by the
/// asymptotic series elsewhere (Hörmann 1993, BTRS).
fn stirling_tail(k: f64) -> f64 {
    const TABLE: [f64; 10] = [
        0.081_061_466_795_327_2,
        0.041_340_695_955_409_2,
        0.027_677_925_684_998_3,
        0.020_790_672_103_765_09,
        0.016_644_691_189_821_1,
        0.013_876_128_823_070_7,
        0.011_896_709_945_891_7,
        0.010_411_265_261_972_0,
        0.009_255_462_182_712_73,
        0.008_330_563_433_362_87,
    ];
    if let Some(&value) = TABLE.get(k as usize) {
        return value;
    }
    let square = (k + 1.0) * (k + 1.0);
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / (k + 1.0)
}
