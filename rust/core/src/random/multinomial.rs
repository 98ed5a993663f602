//! Draws of categories by weight.

use super::Generator;
use super::discrete::same_length;
use super::element::RandomFloat;
use crate::error::{Error, Result};

const OP: &str = "multinomial";

/// Categories beyond the integers that `f32` counts exactly.
const MOST_CATEGORIES: usize = 1 << 24;

impl Generator {
    /// Draws `samples` categories for each row of `categories` weights (`multinomial`); `out` has as many rows of
    /// `samples`. Weights need not sum to one.
    ///
    /// With replacement each draw looks a uniform number up in the cumulative weights. Without, and for a single draw,
    /// the categories of the greatest `weight / exponential` are taken, greatest first; equal quotients are taken in
    /// order of index. A category of weight 0 is never drawn.
    ///
    /// # Errors
    /// `RuntimeError` when a weight is negative or not finite, a row has no weight (or, without replacement, fewer than
    /// the samples), there are no samples or too many, or more than 2²⁴ categories; a length mismatch.
    pub fn multinomial<T: RandomFloat>(
        &mut self,
        out: &mut [i64],
        weights: &[T],
        categories: usize,
        samples: usize,
        replacement: bool,
    ) -> Result<()> {
        if samples == 0 {
            return Err(Error::runtime(OP, "cannot sample n_sample <= 0 samples"));
        }
        if !replacement && samples > categories {
            return Err(Error::runtime(
                OP,
                format!(
                    "cannot sample n_sample > prob_dist.size(-1) samples without replacement (got {samples} of {categories})"
                ),
            ));
        }
        if categories > MOST_CATEGORIES {
            return Err(Error::runtime(OP, format!("number of categories cannot exceed 2^24 (got {categories})")));
        }
        if categories == 0 {
            return Err(Error::runtime(OP, "there are no categories to sample from"));
        }
        let rows = weights.len() / categories;
        same_length(OP, weights.len(), rows * categories)?;
        // A product too large for the address space is no buffer's length.
        same_length(OP, out.len(), rows.saturating_mul(samples))?;
        if weights.iter().any(|&weight| !(0.0..f64::INFINITY).contains(&weight.into())) {
            return Err(Error::runtime(OP, "probability tensor contains either `inf`, `nan` or element < 0"));
        }
        let drawable = |row: &[T]| row.iter().filter(|&&weight| weight.into() > 0.0).count();
        let fewest = weights.chunks_exact(categories).map(drawable).min().unwrap_or(categories);
        if fewest == 0 {
            return Err(Error::runtime(OP, "invalid multinomial distribution (sum of probabilities <= 0)"));
        }
        if !replacement && samples > fewest {
            return Err(Error::runtime(
                OP,
                format!(
                    "invalid multinomial distribution (with replacement=False, not enough non-negative category to \
                     sample): {samples} samples of {fewest} categories with a weight above 0"
                ),
            ));
        }
        // Of the greatest weights the sum, and the quotients, would be infinite.
        let shrink: f64 = 1.0 / (1u64 << 60) as f64;
        let scaled: Vec<T>;
        let weights = if weights.iter().any(|&weight| weight.into() > T::GREATEST * shrink) {
            let smaller = |&weight: &T| {
                let small = T::from_f64(weight.into() * shrink);
                // What would vanish stays as small as it is.
                if small.into() == 0.0 { weight } else { small }
            };
            scaled = weights.iter().map(smaller).collect();
            &scaled
        } else {
            weights
        };
        if replacement && samples > 1 {
            self.with_replacement(out, weights, categories, samples);
            Ok(())
        } else {
            self.without_replacement(out, weights, categories, samples)
        }
    }

    fn with_replacement<T: RandomFloat>(&mut self, out: &mut [i64], weights: &[T], categories: usize, samples: usize) {
        let mut cumulative: Vec<f64> = Vec::with_capacity(categories);
        for (row, drawn) in weights.chunks_exact(categories).zip(out.chunks_exact_mut(samples)) {
            let sum = row.iter().fold(T::default(), |sum, &weight| sum + weight);
            let mut running = T::default();
            cumulative.clear();
            cumulative.extend(row.iter().map(|&weight| {
                running = running + weight;
                (running / sum).into()
            }));
            // Whatever the rounding, the last category that has a weight takes the rest.
            let has_weight = |category: &usize| row[*category].into() > 0.0;
            let last = (0..categories).rfind(has_weight).unwrap_or(categories - 1);
            cumulative[last..].fill(1.0);
            for category in drawn {
                let u = self.unit();
                // The number 0 leads to the first category, and a share reached exactly may be one's with no weight.
                let found = cumulative.partition_point(|&share| share < u);
                *category = (found..=last).find(has_weight).unwrap_or(last) as i64;
            }
        }
    }

    fn without_replacement<T: RandomFloat>(
        &mut self,
        out: &mut [i64],
        weights: &[T],
        categories: usize,
        samples: usize,
    ) -> Result<()> {
        // PyTorch draws for all rows first, in one call; row by row takes the same words.
        let mut quotients = vec![T::default(); categories];
        let mut order: Vec<usize> = Vec::with_capacity(categories);
        for (row, drawn) in weights.chunks_exact(categories).zip(out.chunks_exact_mut(samples)) {
            self.exponential(&mut quotients, 1.0)?;
            for (quotient, &weight) in quotients.iter_mut().zip(row) {
                *quotient = weight / *quotient;
            }
            let greatest_first = |&left: &usize, &right: &usize| {
                quotients[right].into().total_cmp(&quotients[left].into()).then(left.cmp(&right))
            };
            order.clear();
            order.extend((0..categories).filter(|&category| row[category].into() > 0.0));
            if samples < order.len() {
                order.select_nth_unstable_by(samples - 1, greatest_first);
                order.truncate(samples);
            }
            order.sort_unstable_by(greatest_first);
            for (category, &index) in drawn.iter_mut().zip(&order) {
                *category = index as i64;
            }
        }
        Ok(())
    }
}
