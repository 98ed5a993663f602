//! Numbers that divide and have elementary functions: real and complex.

use std::ops::{Add, Div, Mul, Sub};

use super::{Order, Ring, not_below};
use crate::math::error_function::GELU_LOW;
use crate::math::scalar::{Function, Function2};

/// Floating-point numbers, real or complex.
///
/// Constants come as `f64` operands (`1.0 / x` is `x.reciprocal()`). The functions of real numbers are within 2 ulp of the
/// exact result unless stated, with IEEE special values as in C99 / PyTorch; those of complex numbers are the principal
/// branches, continuous as C99's at the cuts.
pub trait Field:
    Ring
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// The constant `value`, rounded to the number's own type.
    fn lit(&self, value: f64) -> Self;
    /// Is NaN, or a part of it is.
    #[allow(clippy::wrong_self_convention, reason = "numbers are passed by value")]
    fn is_nan(self) -> Self::Mask;
    /// Is infinite, or a part of it is.
    #[allow(clippy::wrong_self_convention, reason = "numbers are passed by value")]
    fn is_infinite(self) -> Self::Mask;
    /// Its magnitude is less than `bound`.
    #[allow(clippy::wrong_self_convention, reason = "numbers are passed by value")]
    fn is_within(self, bound: f64) -> Self::Mask;
    /// `1 / self`.
    fn reciprocal(self) -> Self;
    /// Square root; NaN for negative reals.
    fn sqrt(self) -> Self;
    /// `1 / sqrt(self)`, correctly rounded quotient of the correctly rounded root.
    fn rsqrt(self) -> Self;
    /// eˣ.
    fn exp(self) -> Self;
    /// 2ˣ.
    fn exp2(self) -> Self;
    /// eˣ − 1, accurate near 0.
    fn expm1(self) -> Self;
    /// Natural logarithm.
    fn log(self) -> Self;
    /// Logarithm to base 2.
    fn log2(self) -> Self;
    /// Logarithm to base 10.
    fn log10(self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn log1p(self) -> Self;
    /// Sine of radians.
    fn sin(self) -> Self;
    /// Cosine of radians.
    fn cos(self) -> Self;
    /// Tangent of radians.
    fn tan(self) -> Self;
    /// Inverse sine.
    fn asin(self) -> Self;
    /// Inverse cosine.
    fn acos(self) -> Self;
    /// Inverse tangent.
    fn atan(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Inverse hyperbolic sine.
    fn asinh(self) -> Self;
    /// Inverse hyperbolic cosine.
    fn acosh(self) -> Self;
    /// Inverse hyperbolic tangent.
    fn atanh(self) -> Self;
    /// Logistic sigmoid 1 / (1 + e⁻ˣ).
    fn sigmoid(self) -> Self;
    /// `self` to the power `exponent`, C99 special values.
    fn pow(self, exponent: Self) -> Self;

    // Derivatives that lose digits in their plain form. Over the reals they ask for the order of numbers and are those of
    // the module `slope`; complex numbers take the plain form.

    /// σ'(x) = σ(x) (1 − σ(x)), of which `sigmoid` is σ(x).
    fn sigmoid_slope(self, sigmoid: Self) -> Self;
    /// tanh'(x) = 1 − tanh²(x), of which `tanh` is tanh(x).
    fn tanh_slope(self, tanh: Self) -> Self;
    /// eˣ, of which `expm1` is eˣ − 1.
    fn expm1_slope(self, expm1: Self) -> Self;
    /// asinh'(x) = 1 / √(1 + x²).
    fn asinh_slope(self) -> Self;
    /// `g` / (1 + x²) of x = `self`, which is `g` · atan'(x).
    fn under_atan(self, g: Self) -> Self;
    /// The gradient of xᵉ with respect to x = `self`, where `g` arrives: `g` · conj(e·xᵉ⁻¹), 0 where e is 0.
    fn under_base(self, exponent: Self, g: Self) -> Self;
    /// The gradient of `power` = xᵉ with respect to e, of x = `self`, where `g` arrives: `g` · conj(xᵉ·ln x), 0 where the power
    /// is flat at 0, and for 0⁰.
    fn under_exponent(self, exponent: Self, power: Self, g: Self) -> Self;
}

/// Real floating-point numbers.
pub trait Real: Field + Order {
    /// Magnitude of `self`, sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// Round down.
    fn floor(self) -> Self;
    /// Round up.
    fn ceil(self) -> Self;
    /// Round half to even.
    fn round(self) -> Self;
    /// Round towards zero.
    fn trunc(self) -> Self;
    /// `self` to the power `exponent`, by products as the two say: see [`by_products`](crate::math::power::by_products).
    fn power_by<const ROOT: bool, const INVERSE: bool>(self, exponent: f64) -> Self;
    /// Angle of the point (`other`, `self`).
    fn atan2(self, other: Self) -> Self;
    /// 1 − σ(x) of which `sigmoid` is σ(x): near σ(x) = 1 exact only absolutely here, but to all its digits where it is
    /// recorded, so that its derivatives are.
    fn sigmoid_complement(self, sigmoid: Self) -> Self {
        -sigmoid + 1.0
    }
    /// Φ(x), the distribution function of the normal distribution; exact to a few ulp, and to what a change of x by one
    /// makes of it.
    fn normal_cdf(self) -> Self;
    /// x·Φ(x).
    fn gelu(self) -> Self {
        let low = self.lit(GELU_LOW);
        let x = not_below(self, low);
        x.clone() * x.normal_cdf()
    }
    /// Error function.
    fn erf(self) -> Self;
    /// Complementary error function.
    fn erfc(self) -> Self;
    /// C's `fmod`: remainder with the sign of the dividend.
    fn fmod(self, other: Self) -> Self;
    /// ln|Γ(x)|.
    fn lgamma(self) -> Self;
    /// ψ(x), the derivative of ln Γ.
    fn digamma(self) -> Self;
    /// A function that is computed one number at a time.
    fn scalar(self, function: Function) -> Self;
    /// A function of two numbers that is computed one at a time.
    fn scalar2(self, other: Self, function: Function2) -> Self;
    /// The number next to `self` on the way to `other`.
    fn nextafter(self, other: Self) -> Self;
}
