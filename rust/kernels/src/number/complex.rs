//! Complex numbers over any real ones: in memory over `f32` and `f64`, in loops over their lanes.
//!
//! Functions are the principal branches, continuous from the side that C99 (Annex G) names at a cut. Their formulas are those
//! of W. Kahan, "Branch Cuts for Complex Elementary Functions, or Much Ado About Nothing's Sign Bit" (1987), which lose no
//! digits by cancellation and keep the sign of zero.

use std::f64::consts::{LN_2, LOG2_E, LOG10_E, PI};
use std::ops::{Add, Div, Mul, Neg, Sub};

use arcgrad_base::DType;

use super::{Equal, Field, Parameter, Real, Ring};
use crate::element::Element;

/// A complex number: real part, then imaginary part.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
#[repr(C)]
pub struct Complex<R> {
    /// Real part.
    pub re: R,
    /// Imaginary part.
    pub im: R,
}

// SAFETY: two numbers of the stated size, every bit pattern valid.
unsafe impl Element for Complex<f32> {
    const DTYPE: DType = DType::C64;
}

// SAFETY: as above.
unsafe impl Element for Complex<f64> {
    const DTYPE: DType = DType::C128;
}

impl Parameter for Complex<f64> {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.re
    }
    #[inline(always)]
    fn is_zero(self) -> bool {
        self.re == 0.0 && self.im == 0.0
    }
    #[inline(always)]
    fn magnitude(self) -> f64 {
        self.re.hypot(self.im)
    }
    #[inline(always)]
    fn less_one(self) -> Self {
        Self { re: self.re - 1.0, im: self.im }
    }
}

/// Numbers whose pairs add and multiply as complex ones do.
pub trait RingPart: Ring<Param = f64> + Copy {}
impl<R: Ring<Param = f64> + Copy> RingPart for R {}

/// The real numbers that complex ones with elementary functions are made of.
pub trait Part: Real<Param = f64> + Copy {}
impl<R: Real<Param = f64> + Copy> Part for R {}

impl<R> Complex<R> {
    /// `re + im·i`.
    #[inline(always)]
    pub fn new(re: R, im: R) -> Self {
        Self { re, im }
    }
}

impl<R: Part> Complex<R> {
    /// `i · self`.
    #[inline(always)]
    fn turned(self) -> Self {
        Self::new(-self.im, self.re)
    }

    /// `-i · self`.
    #[inline(always)]
    fn turned_back(self) -> Self {
        Self::new(self.im, -self.re)
    }

    /// Both parts times a real number.
    #[inline(always)]
    fn scaled(self, factor: R) -> Self {
        Self::new(self.re * factor, self.im * factor)
    }

    /// The magnitudes of the parts, the greater one first.
    #[inline(always)]
    fn magnitudes(self) -> (R, R) {
        let (x, y) = (self.re.abs(), self.im.abs());
        let steep = x.lt(y);
        (R::select(steep.clone(), y, x), R::select(steep, x, y))
    }

    /// Its absolute value. Nothing overflows or underflows on the way.
    #[inline(always)]
    pub fn modulus(self) -> R {
        let (greater, lesser) = self.magnitudes();
        // Nothing over nothing, and infinity over infinity, are no ratios.
        let flat = greater.eq(greater.int(0)) | greater.is_infinite();
        let ratio = lesser / R::select(flat.clone(), greater.int(1), greater);
        let modulus = greater * (ratio * ratio + 1.0).sqrt();
        R::select(flat, greater, modulus)
    }

    /// The angle from the positive real axis.
    #[inline(always)]
    pub fn angle(self) -> R {
        self.im.atan2(self.re)
    }

    /// ln|1 + self|. Near |1 + z| = 1 as half of ln(1 + x(2 + x) + y²), so that no digits are lost there.
    #[inline(always)]
    fn log_modulus_of_one_more(self) -> R {
        let (x, y) = (self.re, self.im);
        let near = x.abs().lt(x.lit(0.5)) & y.abs().lt(x.lit(0.5));
        let (small_x, small_y) = (R::select(near.clone(), x, x.int(0)), R::select(near.clone(), y, y.int(0)));
        let square = small_x * (small_x + 2.0) + small_y * small_y;
        R::select(near, square.log1p() * 0.5, Self::new(x + 1.0, y).log_modulus())
    }

    /// ln|z|, without overflow, and without loss of digits near |z| = 1.
    #[inline(always)]
    fn log_modulus(self) -> R {
        let (a, b) = self.magnitudes();
        let (one, zero) = (a.int(1), a.int(0));
        // a²+b² = 1 + (a−1)(a+1) + b²
        let near = a.gt(a.lit(0.5)) & a.lt(a.lit(2.0));
        let (c, d) = (R::select(near.clone(), a, one), R::select(near.clone(), b, zero));
        let square = (c - 1.0) * (c + 1.0) + d * d;
        let flat = a.eq(zero) | a.is_infinite();
        let ratio = b / R::select(flat.clone(), one, a);
        let ratio = R::select(flat, zero, ratio);
        R::select(near, square.log1p() * 0.5, a.log() + (ratio * ratio).log1p() * 0.5)
    }

    /// eˣ (cos y + i sin y) of a real factor eˣ; the imaginary part is 0 where y is, whatever the factor.
    #[inline(always)]
    fn polar(factor: R, angle: R) -> Self {
        let zero = angle.int(0);
        Self::new(factor * angle.cos(), R::select(angle.eq(zero), angle, factor * angle.sin()))
    }

    /// √(1 − z) and √(1 + z), which the inverse functions are made of.
    #[inline(always)]
    fn roots(self) -> (Self, Self) {
        (Self::new(-self.re + 1.0, -self.im).sqrt(), Self::new(self.re + 1.0, self.im).sqrt())
    }
}

impl<R: RingPart> Add for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::new(self.re + other.re, self.im + other.im)
    }
}

impl<R: RingPart> Sub for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::new(self.re - other.re, self.im - other.im)
    }
}

impl<R: RingPart> Mul for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self::new(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)
    }
}

/// With the larger part of the divisor divided out first, so that no square overflows (Smith, Comm. ACM 5 (1962)).
impl<R: Part> Div for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let steep = other.re.abs().lt(other.im.abs());
        let (large, small) =
            (R::select(steep.clone(), other.im, other.re), R::select(steep.clone(), other.re, other.im));
        // 0 / 0 has no ratio, and divides each part.
        let ratio = R::select(large.eq(large.int(0)), small, small / large);
        let size = large + small * ratio;
        let (x, y) = (self.re, self.im);
        let flat = Self::new((x + y * ratio) / size, (y - x * ratio) / size);
        let tall = Self::new((x * ratio + y) / size, (y * ratio - x) / size);
        Self::select(steep, tall, flat)
    }
}

impl<R: RingPart> Neg for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(-self.re, -self.im)
    }
}

impl<R: Part> Add<f64> for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: f64) -> Self {
        Self::new(self.re + other, self.im)
    }
}

impl<R: Part> Sub<f64> for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: f64) -> Self {
        Self::new(self.re - other, self.im)
    }
}

impl<R: Part> Mul<f64> for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        Self::new(self.re * other, self.im * other)
    }
}

impl<R: Part> Div<f64> for Complex<R> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: f64) -> Self {
        Self::new(self.re / other, self.im / other)
    }
}

impl<R: RingPart> Equal for Complex<R> {
    type Mask = R::Mask;
    type Param = Complex<f64>;

    #[inline(always)]
    fn eq(self, other: Self) -> R::Mask {
        self.re.eq(other.re) & self.im.eq(other.im)
    }
    #[inline(always)]
    fn zero(&self) -> Self {
        Self::new(self.re.zero(), self.im.zero())
    }
    #[inline(always)]
    fn select(mask: R::Mask, yes: Self, no: Self) -> Self {
        Self::new(R::select(mask.clone(), yes.re, no.re), R::select(mask, yes.im, no.im))
    }
}

impl<R: RingPart> Ring for Complex<R> {
    #[inline(always)]
    fn int(&self, value: i64) -> Self {
        Self::new(self.re.int(value), self.im.int(0))
    }
    #[inline(always)]
    fn param(value: Complex<f64>) -> Self {
        Self::new(R::param(value.re), R::param(value.im))
    }
    #[inline(always)]
    fn conj(self) -> Self {
        Self::new(self.re, -self.im)
    }
}

impl<R: Part> Field for Complex<R> {
    #[inline(always)]
    fn lit(&self, value: f64) -> Self {
        Self::new(self.re.lit(value), self.im.int(0))
    }
    #[inline(always)]
    fn is_nan(self) -> R::Mask {
        self.re.is_nan() | self.im.is_nan()
    }
    #[inline(always)]
    fn is_infinite(self) -> R::Mask {
        self.re.is_infinite() | self.im.is_infinite()
    }
    #[inline(always)]
    fn is_within(self, bound: f64) -> R::Mask {
        // Of two finite parts, whose modulus may have no room.
        if bound.is_infinite() {
            return self.re.is_within(bound) & self.im.is_within(bound);
        }
        self.modulus().is_within(bound)
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        self.int(1) / self
    }
    /// With r = √((|x| + |z|) / 2): r + iy/2r on the right half plane, |y|/2r ± ir on the left.
    #[inline(always)]
    fn sqrt(self) -> Self {
        let (x, y) = (self.re, self.im);
        // A quarter of it, whose modulus has room, and fourfold what is too small to keep its digits.
        let (large, one) = (self.magnitudes().0.gt(x.lit(1.0)), x.int(1));
        let scale = R::select(large, x.lit(0.25), x.lit(4.0));
        let z = self.scaled(scale);
        let r = ((z.re.abs() + z.modulus()) * 0.5).sqrt();
        let zero = r.eq(r.int(0));
        let half = z.im.abs() / R::select(zero.clone(), one, r + r);
        let half = R::select(zero, z.im.abs(), half);
        let left = x.lt(x.int(0));
        let root = Self::new(R::select(left.clone(), half, r), R::select(left, r, half));
        // √ of the scale is 2 or ½.
        let root = root.scaled(one / scale.sqrt());
        let infinite = y.is_infinite();
        let re = R::select(infinite.clone(), y.abs(), root.re);
        let im = R::select(infinite, y.abs(), root.im);
        Self::new(re, im.copysign(y))
    }
    #[inline(always)]
    fn rsqrt(self) -> Self {
        self.sqrt().reciprocal()
    }
    #[inline(always)]
    fn exp(self) -> Self {
        Self::polar(self.re.exp(), self.im)
    }
    #[inline(always)]
    fn exp2(self) -> Self {
        Self::polar(self.re.exp2(), self.im * LN_2)
    }
    /// eᶻ − 1 = (eˣ − 1) cos y − 2 sin²(y/2) + i eˣ sin y.
    #[inline(always)]
    fn expm1(self) -> Self {
        let (x, y) = (self.re, self.im);
        let half = (y * 0.5).sin();
        Self::new(x.expm1() * y.cos() - half * half * 2.0, Self::polar(x.exp(), y).im)
    }
    #[inline(always)]
    fn log(self) -> Self {
        Self::new(self.log_modulus(), self.angle())
    }
    #[inline(always)]
    fn log2(self) -> Self {
        self.log() * LOG2_E
    }
    #[inline(always)]
    fn log10(self) -> Self {
        self.log() * LOG10_E
    }
    #[inline(always)]
    fn log1p(self) -> Self {
        Self::new(self.log_modulus_of_one_more(), Self::new(self.re + 1.0, self.im).angle())
    }
    #[inline(always)]
    fn sin(self) -> Self {
        self.turned().sinh().turned_back()
    }
    #[inline(always)]
    fn cos(self) -> Self {
        self.turned().cosh()
    }
    #[inline(always)]
    fn tan(self) -> Self {
        self.turned().tanh().turned_back()
    }
    #[inline(always)]
    fn asin(self) -> Self {
        let (less, more) = self.roots();
        let re = self.re.atan2((less * more).re);
        Self::new(re, (less.conj() * more).im.asinh())
    }
    #[inline(always)]
    fn acos(self) -> Self {
        let (less, more) = self.roots();
        Self::new(less.re.atan2(more.re) * 2.0, (more.conj() * less).im.asinh())
    }
    #[inline(always)]
    fn atan(self) -> Self {
        self.turned().atanh().turned_back()
    }
    #[inline(always)]
    fn sinh(self) -> Self {
        Self::new(self.re.sinh() * self.im.cos(), Self::polar(self.re.cosh(), self.im).im)
    }
    #[inline(always)]
    fn cosh(self) -> Self {
        let (zero, (x, y)) = (self.re.int(0), (self.re, self.im));
        // 0 where either is, whatever the other.
        let flat = x.eq(zero) | y.eq(zero);
        Self::new(x.cosh() * y.cos(), R::select(flat, x * y, x.sinh() * y.sin()))
    }
    /// With t = tan y, β = 1 + t², s = sinh x, ρ = cosh x: (βρs + it) / (1 + βs²); ±1 where s² has no room.
    #[inline(always)]
    fn tanh(self) -> Self {
        let (x, y) = (self.re, self.im);
        let far = x.abs().gt(x.lit(20.0));
        let near = R::select(far.clone(), x.int(0), x);
        let (t, s) = (y.tan(), near.sinh());
        let beta = t * t + 1.0;
        let size = beta * s * s + 1.0;
        // Where tan y has no room the quotient is that of its squares.
        let endless = beta.is_infinite();
        let re = R::select(endless.clone(), near.cosh() / s, beta * near.cosh() * s / size);
        let im = R::select(endless, t.int(0), t / size);
        let rest = y.sin() * y.cos() * (x.abs() * -2.0).exp() * 4.0;
        Self::new(R::select(far.clone(), x.int(1).copysign(x), re), R::select(far, rest, im))
    }
    #[inline(always)]
    fn asinh(self) -> Self {
        self.turned().asin().turned_back()
    }
    #[inline(always)]
    fn acosh(self) -> Self {
        let less = Self::new(self.re - 1.0, self.im).sqrt();
        let more = Self::new(self.re + 1.0, self.im).sqrt();
        Self::new((less.conj() * more).re.asinh(), less.im.atan2(more.re) * 2.0)
    }
    /// ±¼ ln(1 + 4|x| / ((1 − |x|)² + y²)) + ½ i·angle of (1 − x)(1 + x) − y² + 2iy; ±iπ/2 far away, where that is 1/z.
    #[inline(always)]
    fn atanh(self) -> Self {
        let (x, y) = (self.re, self.im);
        // Beyond this 1/z is atanh(z) ∓ iπ/2 to working precision, and the squares below have room.
        let far = self.magnitudes().0.gt(x.lit(1e8));
        let z = Self::select(far.clone(), self.zero(), self);
        let (u, v) = (z.re.abs(), z.im);
        let away = (-u + 1.0) * (-u + 1.0) + v * v;
        let re = ((u * 4.0 / away).log1p() * 0.25).copysign(x);
        let im = (v * 2.0).atan2((-u + 1.0) * (u + 1.0) - v * v) * 0.5;
        let inverse = self.reciprocal();
        let quarter = x.lit(PI / 2.0).copysign(y);
        Self::new(R::select(far.clone(), inverse.re, re), R::select(far, inverse.im + quarter, im))
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        // The exponential that is not greater than 1.
        let right = self.re.ge(self.re.int(0));
        let small = Self::select(right.clone(), -self, self).exp();
        let size = small + 1.0;
        Self::select(right, size.reciprocal(), small / size)
    }
    #[inline(always)]
    fn pow(self, exponent: Self) -> Self {
        let (zero, one) = (self.zero(), self.int(1));
        let (no_base, no_exponent) = (self.eq(zero), exponent.eq(zero));
        let base = Self::select(no_base.clone(), one, self);
        let power = Self::select(no_base, zero, (exponent * base.log()).exp());
        Self::select(no_exponent, one, power)
    }

    #[inline(always)]
    fn sigmoid_slope(self, sigmoid: Self) -> Self {
        sigmoid * (-sigmoid + 1.0)
    }
    #[inline(always)]
    fn tanh_slope(self, tanh: Self) -> Self {
        -(tanh * tanh) + 1.0
    }
    #[inline(always)]
    fn expm1_slope(self, expm1: Self) -> Self {
        expm1 + 1.0
    }
    #[inline(always)]
    fn asinh_slope(self) -> Self {
        (self * self + 1.0).rsqrt()
    }
    #[inline(always)]
    fn under_atan(self, g: Self) -> Self {
        g / (self * self + 1.0)
    }
    #[inline(always)]
    fn under_base(self, exponent: Self, g: Self) -> Self {
        let slope = exponent * self.pow(exponent - 1.0);
        Self::select(exponent.eq(exponent.zero()), g.zero(), g * slope.conj())
    }
    #[inline(always)]
    fn under_exponent(self, exponent: Self, power: Self, g: Self) -> Self {
        let (zero, real_zero) = (self.zero(), exponent.re.int(0));
        let not_negative = exponent.re.ge(real_zero) & exponent.im.eq(real_zero);
        let flat = power.eq(zero) | (self.eq(zero) & not_negative);
        let base = Self::select(flat.clone(), self.int(1), self);
        Self::select(flat, zero, g * (power * base.log()).conj())
    }
}
