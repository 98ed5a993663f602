//! Linear recurrences of the first order along an axis.

use super::element::Element;
use super::float::Shared;
use super::{In, Out};
use crate::with_element;
use arcgrad_base::parallel;

/// Lines of a chunk of the parallel loop, in elements.
const GRAIN: usize = 1 << 12;

/// Picoseconds per element: a multiplication and an addition that wait for those before.
const COST: u64 = 3_000;

/// For every line along the last axis, of values v and factors f: y₀ = v₀, yᵢ = vᵢ + fᵢ · yᵢ₋₁; `reverse` runs from the
/// end, yᵢ = vᵢ + fᵢ₊₁ · yᵢ₊₁. A factor belongs to the later one of two neighbours either way; the first is not read.
///
/// # Panics
/// Where the operands are not dense, of one dtype of real or complex floats and of one shape.
pub fn recurrence(reverse: bool, values: In<'_>, factors: In<'_>, out: Out<'_>) {
    factors.require_shape(values.shape);
    out.require_shape(values.shape);
    with_element!(field values.dtype, T => run::<T>(reverse, values, factors, out));
}

fn run<T: Element + std::ops::Mul<Output = T> + std::ops::Add<Output = T>>(
    reverse: bool,
    values: In<'_>,
    factors: In<'_>,
    out: Out<'_>,
) {
    let (total, n) = (values.numel(), values.shape.last().copied().unwrap_or(1));
    let (values, factors, out) = (values.dense::<T>(total), factors.dense::<T>(total), out.dense::<T>(total));
    if total == 0 {
        return;
    }
    let lines = total / n;
    let per_chunk = (GRAIN / n).max(1);
    // SAFETY: every chunk writes lines of its own.
    let memory = unsafe { Shared::new((values, factors, out)) };
    let cost = COST.saturating_mul(total as u64);
    parallel::run(lines.div_ceil(per_chunk), cost, &|chunk| {
        let (values, factors, out) = memory.get();
        for line in chunk * per_chunk..((chunk + 1) * per_chunk).min(lines) {
            let at = |step: usize| line * n + if reverse { n - 1 - step } else { step };
            // SAFETY: all positions lie in the line.
            unsafe {
                let mut last = *values.add(at(0));
                *out.add(at(0)) = last;
                for step in 1..n {
                    let factor = *factors.add(at(step) + usize::from(reverse));
                    last = *values.add(at(step)) + factor * last;
                    *out.add(at(step)) = last;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(reverse: bool, n: usize, values: &[f64], factors: &[f64]) -> Vec<f64> {
        let mut out = vec![f64::NAN; values.len()];
        let (shape, strides) = ([values.len() / n, n], [n as isize, 1]);
        let [values, factors] = [values, factors].map(|values| In::of(values, &shape, &strides));
        recurrence(reverse, values, factors, Out::of(&mut out, &shape, &strides));
        out
    }

    #[test]
    fn what_came_before_is_multiplied_and_lines_are_apart() {
        let factors = [f64::NAN, 2.0, 3.0, f64::NAN, 0.0, -1.0];
        assert_eq!(lines(false, 3, &[1.0; 6], &factors), [1.0, 3.0, 10.0, 1.0, 1.0, 0.0]);
        assert_eq!(lines(true, 3, &[1.0; 6], &factors), [9.0, 4.0, 1.0, 1.0, 0.0, 1.0]);
    }
}
