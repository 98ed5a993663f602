//! How a product ends: `C = beta·C + alpha·sum`. All ways to a sum end alike, or the bits would tell which one was taken, and that
//! depends on the layout of C, on the size of the batch and on the processor: `alpha·sum` is rounded, then `beta·C` is added
//! to it with one rounding. With `beta == 0` C is not read.

use pulp::Simd;

use super::float::{Float, fused};
use super::register_tile::Vector;

/// One element of C.
///
/// # Safety
/// It can be written, and read unless `beta` is 0.
#[inline(always)]
pub(super) unsafe fn put<S: Simd, T: Float>(to: *mut T, sum: T, alpha: T, beta: T) {
    let scaled = alpha * sum;
    // SAFETY: the caller's element.
    unsafe { *to = if beta == T::ZERO { scaled } else { fused::<S, T>(beta, *to, scaled) } };
}

/// `alpha·sum`: the first half of [`put`] for a register. (−0 is what a product stays the same with when it is added.)
#[inline(always)]
pub(super) fn scaled<S: Simd, T: Vector>(simd: S, alpha: T, sum: T::Of<S>) -> T::Of<S> {
    T::fused(simd, T::splat(simd, alpha), sum, T::splat(simd, T::from_f64(-0.0)))
}

/// `beta·old` added to what [`scaled`] gave: the second half, for a `beta` that is not 0.
#[inline(always)]
pub(super) fn added<S: Simd, T: Vector>(simd: S, beta: T, old: T::Of<S>, scaled: T::Of<S>) -> T::Of<S> {
    T::fused(simd, T::splat(simd, beta), old, scaled)
}
