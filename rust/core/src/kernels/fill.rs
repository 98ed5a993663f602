//! Fills memory with one value.

use super::element::Element;
use super::plan::PerAxis;
use super::{In, Out, copy};

/// Sets every element of `output` to `value`, which must be of the output's dtype.
///
/// # Safety
/// The output is valid for `shape`; if it overlaps itself, the loop runs on one thread.
pub unsafe fn fill<T: Element>(shape: &[usize], output: Out, value: T) {
    debug_assert_eq!(output.dtype, T::DTYPE);
    let strides: PerAxis<isize> = shape.iter().map(|_| 0).collect();
    let input = In { ptr: (&raw const value).cast(), dtype: T::DTYPE, strides: &strides };
    // SAFETY: the value is alive and read at every element; the output is as the caller promises.
    unsafe { copy::copy(shape, input, output) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{Array, DTYPES, Number, Rng};
    use crate::with_element;

    #[test]
    fn fills_any_layout() {
        for seed in 0..300 {
            let mut rng = Rng(seed);
            let shape = rng.shape();
            let dtype = rng.pick(&DTYPES);
            let mut array = Array::random_layout(&mut rng, dtype, &shape, false);
            // SAFETY: an array of that shape and dtype.
            with_element!(dtype, T => unsafe { fill(&shape, array.output(), T::from_number(1.0)) });
            assert!(array.indices().iter().all(|index| array.get(index) == 1.0), "seed {seed}");
        }
    }
}
