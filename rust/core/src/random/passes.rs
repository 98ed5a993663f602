//! Draws go through a buffer, one part of the output after the other.

/// Numbers per pass of the distributions made in double precision: two kilobytes, in L1.
pub(super) const PASS: usize = 256;

/// `value * scale + shift` with one rounding.
pub(super) fn scale_and_shift(values: &mut [f64], scale: f64, shift: f64) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for value in values {
                *value = value.mul_add(scale, shift);
            }
        },
    );
}
