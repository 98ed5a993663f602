//! Fills memory with one value.

use super::plan::PerAxis;
use super::{In, Out, copy};
use arcgrad_base::scalar::Scalar;

/// Sets every element of `output` to `value`, cast to its dtype. Elements may share memory.
pub fn fill(output: Out<'_>, value: Scalar) {
    let bytes = Aligned(value.to_bytes(output.dtype));
    let dtype = output.dtype;
    let strides: PerAxis<isize> = output.shape.iter().map(|_| 0).collect();
    // An axis that shows the same memory over and over is written once, however long it is.
    let once = |(&size, &stride): (&usize, &isize)| if stride == 0 { size.min(1) } else { size };
    let shape: PerAxis<usize> = output.shape.iter().zip(output.strides).map(once).collect();
    let input = In { ptr: bytes.0.as_ptr(), dtype, shape: &shape, strides: &strides };
    copy::copy(input, Out { shape: &shape, ..output });
}

/// Bytes of an element of any dtype, aligned for it.
#[repr(align(16))]
struct Aligned([u8; 16]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Array, DTYPES, Rng};

    #[test]
    fn fills_any_layout() {
        for seed in 0..300 {
            let mut rng = Rng(seed);
            let shape = rng.shape();
            let dtype = rng.pick(&DTYPES);
            let mut array = Array::random_layout(&mut rng, dtype, &shape, false);
            fill(array.output(), Scalar::Int(1));
            assert!(array.indices().iter().all(|index| array.get(index) == 1.0), "seed {seed}");
        }
    }
}
