//! Running sums in which what came before fades: the gradient of a running log-sum-exp.

use super::float::Shared;
use super::{In, Out};
use crate::parallel;

/// Lines of a chunk of the parallel loop, in elements.
const GRAIN: usize = 1 << 12;

/// Picoseconds per element: an exponential.
const COST: u64 = 15_000;

/// For every line along the last axis the sums s₀ = v₀, sᵢ = vᵢ + sᵢ₋₁ · e^(lᵢ₋₁ − lᵢ) of values v and levels l; `reverse`
/// runs from the end, sᵢ = vᵢ + sᵢ₊₁ · e^(lᵢ − lᵢ₊₁).
///
/// Levels that do not fall keep every factor at most 1, so that nothing overflows however wide their range is; equal
/// levels have the factor 1, infinite ones too.
///
/// # Panics
/// Where the operands are not dense, of `f64` and of one shape.
pub fn decaying_sum(reverse: bool, values: In<'_>, levels: In<'_>, out: Out<'_>) {
    levels.require_shape(values.shape);
    out.require_shape(values.shape);
    let (total, n) = (values.numel(), values.shape.last().copied().unwrap_or(1));
    let (values, levels, out) = (values.dense::<f64>(total), levels.dense::<f64>(total), out.dense::<f64>(total));
    if total == 0 {
        return;
    }
    let lines = total / n;
    let per_chunk = (GRAIN / n).max(1);
    // SAFETY: every chunk writes lines of its own.
    let memory = unsafe { Shared::new((values, levels, out)) };
    let cost = COST.saturating_mul((lines as u64).saturating_mul(n as u64));
    parallel::run(lines.div_ceil(per_chunk), cost, &|chunk| {
        let (values, levels, out) = memory.get();
        for line in chunk * per_chunk..((chunk + 1) * per_chunk).min(lines) {
            let mut sum = 0.0;
            let mut last = f64::NAN;
            for step in 0..n {
                let at = line * n + if reverse { n - 1 - step } else { step };
                // SAFETY: `at` lies in the line.
                unsafe {
                    let level = *levels.add(at);
                    let fall = if reverse { level - last } else { last - level };
                    let factor = if level == last { 1.0 } else { libm::exp(fall) };
                    sum = if step == 0 { *values.add(at) } else { *values.add(at) + sum * factor };
                    last = level;
                    *out.add(at) = sum;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(reverse: bool, n: usize, values: &[f64], levels: &[f64]) -> Vec<f64> {
        let mut out = vec![f64::NAN; values.len()];
        let (shape, strides) = ([values.len() / n, n], [n as isize, 1]);
        let [values, levels] = [values, levels].map(|values| In::of(values, &shape, &strides));
        decaying_sum(reverse, values, levels, Out::of(&mut out, &shape, &strides));
        out
    }

    #[test]
    fn what_came_before_fades_with_the_distance_of_the_levels() {
        let levels = [0.0, 1.0, 1.0, 3.0];
        let e = f64::exp;
        let expected = [1.0, 1.0 + e(-1.0), 2.0 + e(-1.0), 1.0 + (2.0 + e(-1.0)) * e(-2.0)];
        assert_eq!(sums(false, 4, &[1.0; 4], &levels), expected);
        let expected = [1.0 + (2.0 + e(-2.0)) * e(-1.0), 2.0 + e(-2.0), 1.0 + e(-2.0), 1.0];
        assert_eq!(sums(true, 4, &[1.0; 4], &levels), expected);
    }

    #[test]
    fn any_range_of_levels_is_fine_and_lines_are_apart() {
        let (low, high) = (f64::NEG_INFINITY, 1e308);
        assert_eq!(sums(true, 3, &[1.0; 6], &[low, low, high, -1e308, 0.0, high]), [2.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }
}
