//! Derivatives of real functions that keep their digits where the plain form loses them; see [`Field`](super::Field).

use super::{Real, within};

/// Beyond this x² + 1 is x² to working precision in either float type, while the square of that is finite.
const SQUARE_ALONE: f64 = 1e9;
/// Below this eˣ − 1 has lost digits of eˣ.
const EXPM1_LOSES: f64 = -0.5;

/// σ'(x) as e^−|x| σ(|x|)², because 1 − σ(x) has lost its digits where σ(x) is near 1.
#[inline(always)]
pub fn sigmoid<R: Real>(x: R, sigmoid: R) -> R {
    let greater = sigmoid.clone().maximum(-sigmoid + 1.0);
    (-x.abs()).exp() * (greater.clone() * greater)
}

/// tanh'(x) as e^−2|x| (1 + |tanh(x)|)², likewise.
#[inline(always)]
pub fn tanh<R: Real>(x: R, tanh: R) -> R {
    let greater = tanh.abs() + 1.0;
    (x.abs() * -2.0).exp() * (greater.clone() * greater)
}

/// eˣ from eˣ − 1 where that has the digits, and then without an exponential that may be infinite.
#[inline(always)]
pub fn expm1<R: Real>(x: R, expm1: R) -> R {
    let (zero, least) = (x.int(0), expm1.lit(EXPM1_LOSES));
    let low = R::select(x.clone().gt(zero.clone()), zero, x);
    R::select(expm1.clone().lt(least), low.exp(), expm1 + 1.0)
}

/// 1/√(x² + 1).
#[inline(always)]
pub fn asinh<R: Real>(x: R) -> R {
    let (near, far) = near_and_far(x);
    (near.clone() * near + 1.0).rsqrt() * far
}

/// g / (x² + 1).
#[inline(always)]
pub fn atan<R: Real>(x: R, g: R) -> R {
    let (near, far) = near_and_far(x);
    g / (near.clone() * near + 1.0) * (far.clone() * far)
}

/// `x` within ±[`SQUARE_ALONE`], and what of 1/x is beyond: 1/√(x² + 1) is 1/√(near² + 1) · far. Of every `x` one of both
/// is constant.
#[inline(always)]
fn near_and_far<R: Real>(x: R) -> (R, R) {
    let bound = x.lit(SQUARE_ALONE);
    let size = x.clone().abs();
    let size = R::select(size.clone().gt(bound.clone()), size, bound.clone());
    (within(x, SQUARE_ALONE), bound / size)
}

/// g·e·xᵉ⁻¹: 0 where e is 0, whatever x is. It is chosen, and not computed, only where g or 1 / x is too large to be
/// multiplied by 0: elsewhere it changes with e, by g / x.
#[inline(always)]
pub fn base<R: Real>(x: R, exponent: R, g: R) -> R {
    let (zero, one) = (g.int(0), g.int(1));
    let change = (g.clone().abs() + 1.0) / x.clone();
    let constant = exponent.clone().eq(zero.clone()) & (change.clone() - change).ne(zero.clone());
    let exponent = R::select(constant.clone(), one, exponent);
    R::select(constant, zero, g * (exponent.clone() * x.pow(exponent - 1.0)))
}

/// g·z·ln x of z = xᵉ: 0 where the power is flat at 0, and for 0⁰.
#[inline(always)]
pub fn exponent<R: Real>(x: R, exponent: R, z: R, g: R) -> R {
    let (zero, one) = (g.int(0), g.int(1));
    let flat = z.clone().eq(zero.clone()) | (x.clone().eq(zero.clone()) & exponent.ge(zero.clone()));
    let x = R::select(flat.clone(), one, x);
    R::select(flat, zero, g * (z * x.log()))
}
