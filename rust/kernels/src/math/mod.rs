//! Branch-free elementary functions of one `f32` or `f64`, written so that a loop over them vectorises.
//!
//! Each function is one expression of selects and fused multiply-adds, generic over [`Float`]; the two types differ in
//! their polynomials ([`coefficients`], derived by `scripts/coefficients.py`) and in a few constants. Functions whose fast
//! range ends return a second value, `rare`: true where the result must be computed another way.
//!
//! `mul_add` is an instruction only inside a loop compiled for a machine that has it; elsewhere it is a library call
//! with the same result. So these functions give the same bits everywhere, but are fast only in `kernels::row`.

pub mod bessel;
pub mod by_type;
pub mod coefficients;
pub mod error_function;
pub mod exponential;
pub mod gamma;
pub mod hyperbolic;
pub mod incomplete_gamma;
pub mod logarithm;
pub mod normal;
pub mod pair;
pub mod power;
pub mod scalar;
pub mod trigonometric;
#[cfg(target_arch = "x86_64")]
pub mod wide;
pub mod zeta;

#[cfg(test)]
mod tests;

use std::ops::{Add, Div, Mul, Neg, Sub};

use coefficients::{double, single};

use super::element::Element;

/// `f32` or `f64`: arithmetic, bits and tables.
pub trait Float:
    Element
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The signed integer of the same width.
    type Int: Copy;

    /// `exp` is 0 below the first and infinite from the second on, which is below (emax + 1.5) ln 2.
    const EXP_RANGE: [Self; 2];
    /// `tanh` is ±1 to working precision beyond this.
    const TANH_MAX: Self;
    /// `sinh`, `cosh`: beyond this the smaller exponential is below half an ulp of the larger.
    const SMALL_EXP: Self;
    /// Above this `x + 1` and `sqrt(x² + 1) + x` are `x` and `2x` to working precision; its square is finite.
    const LARGE: Self;
    /// Smallest normal number.
    const MIN_NORMAL: Self;
    /// The largest argument whose reduction by multiples of π/2 in three parts is accurate.
    const TRIG_MAX: Self;
    /// Quotients of at least this are all integers.
    const INTEGERS: Self;
    /// `erfc` is 0 from here on.
    const ERFC_MAX: Self;
    /// NaN.
    const NAN: Self;
    /// +∞.
    const INFINITY: Self;

    /// Polynomials and constants; see [`coefficients`].
    const EXP: &'static [Self];
    /// See [`coefficients`].
    const EXP2: &'static [Self];
    /// See [`coefficients`].
    const LOG: &'static [Self];
    /// See [`coefficients`].
    const SIN: &'static [Self];
    /// See [`coefficients`].
    const COS: &'static [Self];
    /// See [`coefficients`].
    const ASIN: &'static [Self];
    /// See [`coefficients`].
    const ATAN: &'static [Self];
    /// See [`coefficients`].
    const SINH: &'static [Self];
    /// See [`coefficients`].
    const ERF: &'static [Self];
    /// See [`coefficients`].
    const ERFC: &'static [Self];
    /// ln 2 as a sum.
    const LN2: [Self; 3];
    /// log₂ e as a sum.
    const LOG2_E: [Self; 3];
    /// log₁₀ e as a sum.
    const LOG10_E: [Self; 3];
    /// log₁₀ 2 as a sum.
    const LOG10_2: [Self; 3];
    /// π/2 as a sum.
    const PI_2: [Self; 3];

    /// The constant `value`, rounded.
    fn lit(value: f64) -> Self;
    /// Exact conversion.
    fn to_f64(self) -> f64;
    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Whether it is NaN.
    #[inline(always)]
    #[expect(clippy::eq_op, reason = "the definition of NaN")]
    fn unordered(self) -> bool {
        self != self
    }
    /// Absolute value.
    fn abs(self) -> Self;
    /// Magnitude of `self`, sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Round towards zero.
    fn trunc(self) -> Self;
    /// Round down.
    fn floor(self) -> Self;
    /// Round up.
    fn ceil(self) -> Self;
    /// Round half to even.
    fn round(self) -> Self;
    /// `self * factor` rounded to an integer (to nearest, rarely its neighbour), as number and as integer. The product
    /// must be below 2²² (`f32`) or 2⁵¹ (`f64`) in magnitude.
    fn scaled_round(self, factor: Self) -> (Self, Self::Int);
    /// `self * factor` rounded to an integer n as by `scaled_round`, and 2^(n + SHIFT), which must be a normal number.
    fn scaled_round_pow2<const SHIFT: i32>(self, factor: Self) -> (Self, Self);
    /// `self * factor` rounded to an integer n as by `scaled_round`, and two factors of 2ⁿ: of a number near 1 the product
    /// with the first is exact, so that the one with the second is all that rounds. For |n| up to the exponent range and
    /// the mantissa's bits more.
    fn scaled_round_factors(self, factor: Self) -> (Self, [Self; 2]);
    /// 2ⁿ for n in the range of normal numbers; some number (even NaN) otherwise.
    fn pow2(n: Self::Int) -> Self;
    /// `self` · 2ⁿ, rounded once, for |n| up to twice the exponent range.
    fn ldexp(self, n: Self::Int) -> Self;
    /// n − 1.
    fn pred(n: Self::Int) -> Self::Int;
    /// −n.
    fn negate(n: Self::Int) -> Self::Int;
    /// Whether bit `bit` of n is set.
    fn bit(n: Self::Int, bit: u32) -> bool;
    /// The number next to `self` on the way to `other`, which it is where they are equal; NaN if either is.
    fn next_to(self, other: Self) -> Self;
    /// (m, k, k) with `self` = m · 2ᵏ and m in [√½, √2), for finite positive `self`, subnormal ones included.
    fn split(self) -> (Self, Self, Self::Int);

    /// Rounds; exact for `f64`.
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        Self::lit(value)
    }
}

/// An integer of small magnitude as a number, by way of the low bits of 1.5 · 2^mantissa: not every instruction set
/// converts vectors of integers.
macro_rules! int_to_float {
    ($type:ident, $int:ident, $mantissa:literal, $n:expr) => {{
        const MAGIC: $type = 1.5 * (1u64 << $mantissa) as $type;
        $type::from_bits((MAGIC.to_bits() as $int).wrapping_add($n) as _) - MAGIC
    }};
}

macro_rules! float {
    ($type:ident, $int:ident, $bias:literal, $mantissa:literal, $table:ident, EXP_RANGE = $range:expr, $($name:ident = $value:expr),* $(,)?) => {
        impl Float for $type {
            type Int = $int;

            const EXP_RANGE: [Self; 2] = $range;
            $(const $name: Self = $value;)*
            const MIN_NORMAL: Self = $type::MIN_POSITIVE;
            const NAN: Self = $type::NAN;
            const INFINITY: Self = $type::INFINITY;

            const EXP: &'static [Self] = &$table::EXP;
            const EXP2: &'static [Self] = &$table::EXP2;
            const LOG: &'static [Self] = &$table::LOG;
            const SIN: &'static [Self] = &$table::SIN;
            const COS: &'static [Self] = &$table::COS;
            const ASIN: &'static [Self] = &$table::ASIN;
            const ATAN: &'static [Self] = &$table::ATAN;
            const SINH: &'static [Self] = &$table::SINH;
            const ERF: &'static [Self] = &$table::ERF;
            const ERFC: &'static [Self] = &$table::ERFC;
            const LN2: [Self; 3] = $table::LN2;
            const LOG2_E: [Self; 3] = $table::LOG2_E;
            const LOG10_E: [Self; 3] = $table::LOG10_E;
            const LOG10_2: [Self; 3] = $table::LOG10_2;
            const PI_2: [Self; 3] = $table::PI_2;

            #[inline(always)]
            fn lit(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $type::mul_add(self, a, b)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $type::copysign(self, sign)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $type::sqrt(self)
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                $type::trunc(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $type::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                $type::ceil(self)
            }
            #[inline(always)]
            fn round(self) -> Self {
                $type::round_ties_even(self)
            }
            #[inline(always)]
            fn scaled_round(self, factor: Self) -> (Self, $int) {
                // Adding 1.5 · 2^mantissa leaves the rounded value in the low bits of the sum.
                const MAGIC: $type = 1.5 * (1u64 << $mantissa) as $type;
                let sum = $type::mul_add(self, factor, MAGIC);
                (sum - MAGIC, (sum.to_bits() as $int).wrapping_sub(MAGIC.to_bits() as $int))
            }
            #[inline(always)]
            fn scaled_round_pow2<const SHIFT: i32>(self, factor: Self) -> (Self, Self) {
                // As above, with the exponent's bias added in the same stroke: one shift leaves the power.
                let magic = const { 1.5 * (1u64 << $mantissa) as $type + ($bias + SHIFT) as $type };
                let sum = $type::mul_add(self, factor, magic);
                (sum - magic, $type::from_bits(sum.to_bits() << $mantissa))
            }
            #[inline(always)]
            fn scaled_round_factors(self, factor: Self) -> (Self, [Self; 2]) {
                // The exponent of the second factor is half the range on the side of n, where the first then has room:
                // they differ in its highest bit alone. (A choice between two constants is what the compiler does lane by
                // lane.)
                const BELOW: $int = ($bias - ($bias + 1) / 2) << $mantissa;
                const HIGHEST: $int = 1 << (size_of::<$type>() * 8 - 2);
                const MAGIC: $type = 1.5 * (1u64 << $mantissa) as $type + 2.0 * $bias as $type;
                let second = BELOW | (!(self.to_bits() as $int >> 1) & HIGHEST);
                let sum = $type::mul_add(self, factor, MAGIC);
                let first = ((sum.to_bits() as $int) << $mantissa).wrapping_sub(second);
                (sum - MAGIC, [$type::from_bits(first as _), $type::from_bits(second as _)])
            }
            #[inline(always)]
            fn pow2(n: $int) -> Self {
                $type::from_bits((n.wrapping_add($bias) << $mantissa) as _)
            }
            #[inline(always)]
            fn ldexp(self, n: $int) -> Self {
                let half = n >> 1;
                self * Self::pow2(half) * Self::pow2(n.wrapping_sub(half))
            }
            #[inline(always)]
            fn pred(n: $int) -> $int {
                n.wrapping_sub(1)
            }
            #[inline(always)]
            fn negate(n: $int) -> $int {
                n.wrapping_neg()
            }
            #[inline(always)]
            fn bit(n: $int, bit: u32) -> bool {
                (n >> bit) & 1 != 0
            }
            #[inline(always)]
            fn next_to(self, other: Self) -> Self {
                if self == other {
                    return other;
                }
                if self.unordered() || other.unordered() {
                    return Self::NAN;
                }
                if self < other { self.next_up() } else { self.next_down() }
            }
            #[inline(always)]
            fn split(self) -> (Self, Self, $int) {
                // Scaling by 2^(mantissa + 2) makes every subnormal number normal.
                const UP: $int = $mantissa + 2;
                const SCALE: $type = (1u64 << UP) as $type;
                const ROOT_HALF: $int = (std::f64::consts::FRAC_1_SQRT_2 as $type).to_bits() as $int;
                let subnormal = self < Self::MIN_NORMAL;
                let bits = select(subnormal, self * SCALE, self).to_bits() as $int;
                let k = bits.wrapping_sub(ROOT_HALF) >> $mantissa;
                let m = $type::from_bits(bits.wrapping_sub(k << $mantissa) as _);
                let k = k - if subnormal { UP } else { 0 };
                (m, int_to_float!($type, $int, $mantissa, k), k)
            }
        }
    };
}

float! {
    f32, i32, 127, 23, single, EXP_RANGE = [-104.5, 89.0],
    TANH_MAX = 10.0, SMALL_EXP = 10.0, LARGE = 1e6, TRIG_MAX = 1048576.0, INTEGERS = 8388608.0, ERFC_MAX = 10.2,
}
float! {
    f64, i64, 1023, 52, double, EXP_RANGE = [-746.0, 710.0],
    TANH_MAX = 20.0, SMALL_EXP = 20.0, LARGE = 1e12, TRIG_MAX = 1073741824.0, INTEGERS = 4503599627370496.0,
    ERFC_MAX = 28.0,
}

/// The value of a polynomial given lowest degree first (Horner's rule).
#[inline(always)]
pub(super) fn polynomial<F: Float>(x: F, coefficients: &[F]) -> F {
    let mut i = coefficients.len() - 1;
    let mut sum = coefficients[i];
    while i > 0 {
        i -= 1;
        sum = sum.mul_add(x, coefficients[i]);
    }
    sum
}

/// `if on { yes } else { no }` without a branch.
#[inline(always)]
pub(super) fn select<F: Float>(on: bool, yes: F, no: F) -> F {
    if on { yes } else { no }
}

/// a + b as rounded sum and exact error (Knuth).
#[inline(always)]
pub(super) fn two_sum<F: Float>(a: F, b: F) -> (F, F) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// a + b as rounded sum and exact error, for |a| ≥ |b| or a = 0 (Dekker).
#[inline(always)]
pub(super) fn fast_two_sum<F: Float>(a: F, b: F) -> (F, F) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// a · b as rounded product and exact error.
#[inline(always)]
pub(super) fn two_product<F: Float>(a: F, b: F) -> (F, F) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// (num + num_low) / (den + den_low), nearly correctly rounded, with its own low part, by one division.
#[inline(always)]
pub(super) fn quotient<F: Float>(num: F, num_low: F, den: F, den_low: F) -> (F, F) {
    let inverse = F::lit(1.0) / den;
    let q = num * inverse;
    let rest = (-q).mul_add(den, num) + (num_low - q * den_low);
    (q, rest * inverse)
}
