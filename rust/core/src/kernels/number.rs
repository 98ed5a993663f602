//! The traits that formulas are generic over, in tiers.
//!
//! An op's value and gradient are written once over these traits. Read over a lane of `f32` or `i64` a formula is the
//! body of a SIMD loop; read over the graph's `Traced` tensors it is differentiable code. Branches are written with
//! masks and `select`, never by multiplication with a mask (`0 * inf` is NaN).

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// Comparison and selection: every dtype, `bool` included.
pub trait Order: Clone {
    /// Truth value of one element.
    type Mask: Clone + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;

    /// `self < other`; false when either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// `self <= other`; false when either is NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// `self == other`; false when either is NaN.
    fn eq(self, other: Self) -> Self::Mask;
    /// `self > other`.
    fn gt(self, other: Self) -> Self::Mask {
        other.lt(self)
    }
    /// `self >= other`.
    fn ge(self, other: Self) -> Self::Mask {
        other.le(self)
    }
    /// `self != other`; true when either is NaN.
    fn ne(self, other: Self) -> Self::Mask {
        !self.eq(other)
    }
    /// Zero (`false`) in the number's own type.
    fn zero(&self) -> Self;
    /// `yes` where the mask is true, `no` elsewhere. The side not chosen has no influence, NaN or not.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// A value that `of` decides on only in pieces: its derivative with respect to `of` is zero. A graph of the formula leads
    /// to `of` all the same.
    #[inline(always)]
    fn flat_in(self, of: Self) -> Self {
        let _ = of;
        self
    }
}

/// Ring operations: integers (wrapping), floating point, later complex.
pub trait Ring: Order + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> {
    /// The integer constant `value` in the number's own type; exact above 2⁵³ for `i64`.
    fn int(&self, value: i64) -> Self;
    /// Absolute value; wraps for the smallest integer.
    fn abs(self) -> Self;
    /// −1, 0 or 1; 0 for NaN, as in PyTorch.
    fn sign(self) -> Self;
    /// The greater of two; NaN if either is NaN.
    fn maximum(self, other: Self) -> Self;
    /// The lesser of two; NaN if either is NaN.
    fn minimum(self, other: Self) -> Self;
    /// Complex conjugate; identity for reals. A reverse rule is `g * conj(d)`, its tangent `t * d`.
    fn conj(self) -> Self {
        self
    }
}

/// Integer operations. Division by zero is excluded by the caller; shifts by more than the width give 0 or −1.
pub trait Int: Ring + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {
    /// Exclusive or.
    fn bitxor(self, other: Self) -> Self;
    /// `self << other`.
    fn shl(self, other: Self) -> Self;
    /// Arithmetic (signed) or logical (unsigned) shift right.
    fn shr(self, other: Self) -> Self;
    /// Quotient rounded towards minus infinity.
    fn div_floor(self, other: Self) -> Self;
    /// Quotient rounded towards zero.
    fn div_trunc(self, other: Self) -> Self;
    /// Remainder with the sign of the divisor.
    fn rem_floor(self, other: Self) -> Self;
    /// Remainder with the sign of the dividend.
    fn rem_trunc(self, other: Self) -> Self;
    /// Power with wrapping; exponent ≥ 0, or 0 except for bases ±1.
    fn powi(self, exponent: Self) -> Self;
}

/// Real floating-point numbers.
///
/// Constants come as `f64` operands (`1.0 / x` is `x.reciprocal()`); all functions are within 2 ulp of the exact
/// result unless stated, with IEEE special values as in C99 / PyTorch.
pub trait Real:
    Ring
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// The constant `value`, rounded to the number's own type.
    fn lit(&self, value: f64) -> Self;
    /// `1 / self`.
    fn reciprocal(self) -> Self;
    /// `self * a + b` with one rounding.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Is NaN.
    #[allow(clippy::wrong_self_convention, reason = "numbers are passed by value")]
    fn is_nan(self) -> Self::Mask;
    /// Magnitude of `self`, sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// Square root; NaN for negatives.
    fn sqrt(self) -> Self;
    /// `1 / sqrt(self)`, correctly rounded quotient of the correctly rounded root.
    fn rsqrt(self) -> Self;
    /// Round down.
    fn floor(self) -> Self;
    /// Round up.
    fn ceil(self) -> Self;
    /// Round half to even.
    fn round(self) -> Self;
    /// Round towards zero.
    fn trunc(self) -> Self;
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
    /// Angle of the point (x = `other`, y = `self`).
    fn atan2(self, other: Self) -> Self;
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
    /// 1 − σ(x) of which `sigmoid` is σ(x): near σ(x) = 1 exact only absolutely here, but to all its digits where it is
    /// recorded, so that its derivatives are.
    fn sigmoid_complement(self, sigmoid: Self) -> Self {
        -sigmoid + 1.0
    }
    /// Φ(x), the distribution function of the normal distribution; exact to a few ulp, and to what a change of x by one
    /// makes of it.
    fn normal_cdf(self) -> Self;
    /// σ'(x) = σ(x) (1 − σ(x)), of which `sigmoid` is σ(x). As e^−|x| σ(|x|)², because 1 − σ(x) has lost its digits where
    /// σ(x) is near 1.
    fn sigmoid_slope(self, sigmoid: Self) -> Self {
        let greater = sigmoid.clone().maximum(-sigmoid + 1.0);
        (-self.abs()).exp() * (greater.clone() * greater)
    }
    /// tanh'(x) = 1 − tanh²(x), of which `tanh` is tanh(x). As e^−2|x| (1 + |tanh(x)|)², likewise.
    fn tanh_slope(self, tanh: Self) -> Self {
        let greater = tanh.abs() + 1.0;
        (self.abs() * -2.0).exp() * (greater.clone() * greater)
    }
    /// Error function.
    fn erf(self) -> Self;
    /// Complementary error function.
    fn erfc(self) -> Self;
    /// `self` to the power `exponent`, C99 special values.
    fn pow(self, exponent: Self) -> Self;
    /// C's `fmod`: remainder with the sign of the dividend.
    fn fmod(self, other: Self) -> Self;
    /// ln|Γ(x)|.
    fn lgamma(self) -> Self;
    /// ψ(x), the derivative of ln Γ.
    fn digamma(self) -> Self;
}

/// Exactly one of two masks is true.
#[inline(always)]
pub fn xor<M: Clone + BitAnd<Output = M> + BitOr<Output = M> + Not<Output = M>>(a: M, b: M) -> M {
    (a.clone() & !b.clone()) | (!a & b)
}

/// `x` where it lies within ±`bound`, else the bound: for factors that are 0 or 1 beyond, so that no infinity meets a 0.
#[inline(always)]
pub fn within<R: Real>(x: R, bound: f64) -> R {
    let (low, high) = (x.lit(-bound), x.lit(bound));
    let x = not_below(x, low);
    R::select(x.clone().gt(high.clone()), high, x)
}

/// `x` where it is not below `low`, NaN too, else `low`.
#[inline(always)]
pub fn not_below<R: Order>(x: R, low: R) -> R {
    R::select(x.clone().lt(low.clone()), low, x)
}

/// `g` with the sign of `x`, 0 where `x` is 0: not as a product, which an infinite `g` would make NaN there.
#[inline(always)]
pub fn with_sign_of<R: Ring>(g: R, x: R) -> R {
    let zero = g.zero();
    R::select(x.clone().gt(zero.clone()), g.clone(), R::select(x.lt(zero.clone()), -g, zero))
}

/// An elementwise formula of `N` real inputs and one real output. Parameters are fields of `self`.
pub trait RealFormula<const N: usize>: Send + Sync + 'static {
    /// The formula.
    fn eval<R: Real>(&self, x: [R; N]) -> R;
}

/// A formula of ring operations: integers and floats.
pub trait RingFormula<const N: usize>: Send + Sync + 'static {
    /// The formula.
    fn eval<R: Ring>(&self, x: [R; N]) -> R;
}

/// A formula for integers only.
pub trait IntFormula<const N: usize>: Send + Sync + 'static {
    /// The formula.
    fn eval<R: Int>(&self, x: [R; N]) -> R;
}

/// A predicate of any ordered dtype; the output is `bool`.
pub trait Predicate<const N: usize>: Send + Sync + 'static {
    /// The predicate.
    fn eval<R: Order>(&self, x: [R; N]) -> R::Mask;
}

/// A predicate of real numbers (`isnan`, `isinf`); the output is `bool`.
pub trait RealPredicate<const N: usize>: Send + Sync + 'static {
    /// The predicate.
    fn eval<R: Real>(&self, x: [R; N]) -> R::Mask;
}
