//! Special functions: inverse and scaled error functions, the normal distribution, Bessel functions, zeta and incomplete gamma
//! functions, logarithms that are safe at 0. Values are from [`kernels::math`](crate::kernels::math) where they are no formula of
//! elementary functions; derivatives are formulas of these functions again.

use super::{Row, elementwise};
use crate::kernels::math::scalar::{Function, Function2};
use crate::kernels::number::Real;

/// √π/2.
const HALF_ROOT_PI: f64 = 1.0 / std::f64::consts::FRAC_2_SQRT_PI;
/// √(2/π).
const ROOT_TWO_OVER_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
/// 1/√2.
const ROOT_HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;

elementwise! {
    /// ln(x / (1 − x)), the inverse of the logistic sigmoid; NaN outside of [0, 1].
    logit(x)[] "LogitBackward0" real in 0.1..0.9 {
        value: log_odds(x),
        x(g, x): g * log_odds_slope(x),
    }

    /// The same of `x` limited to `[eps, 1 - eps]`; the gradient is 0 beyond.
    logit_within(x)[eps] "LogitBackward0" real in 0.1..0.9 {
        value: {
            // The lower bound counts where the two have changed sides.
            let (low, high) = (x.lit(eps), x.lit(1.0 - eps));
            let below = x.clone().lt(low.clone());
            log_odds(R::select(below, low, high.minimum(x)))
        },
        x(g, x): {
            let outside = x.clone().lt(x.lit(eps)) | x.clone().gt(x.lit(1.0 - eps));
            R::select(outside, g.zero(), g.clone() * log_odds_slope(x))
        },
    }

    /// `x * ln(y)`, 0 where `x` is 0 and `y` not NaN.
    xlogy(x, y)[] "XlogyBackward0" real in 0.5..3.0 {
        value: { let log = y.clone().log(); none_of_zero(x.clone(), y, x * log) },
        x(g, x, y): {
            let zero = x.int(0);
            R::select(x.eq(zero.clone()) & y.clone().le(zero), g.zero(), g.clone() * y.log())
        },
        y(g, x, y): none_of_zero(x.clone(), y.clone(), g * (x / y)),
    }

    /// `x * ln(1 + y)`, 0 where `x` is 0 and `y` not NaN.
    xlog1py(x, y)[] "SpecialXlog1PyBackward0" real in 0.5..3.0 {
        value: { let log = y.clone().log1p(); none_of_zero(x.clone(), y, x * log) },
        x(g, x, y): {
            let (zero, bottom) = (x.int(0), x.int(-1));
            R::select(x.eq(zero) & y.clone().le(bottom), g.zero(), g.clone() * y.log1p())
        },
        y(g, x, y): none_of_zero(x.clone(), y.clone(), g * (x / (y + 1.0))),
    }

    /// `-x * ln(x)`, 0 at 0 and −∞ below: the entropy of an outcome.
    entr(x)[] "SpecialEntrBackward0" real in 0.2..2.0 {
        value: {
            let zero = x.int(0);
            let inside = -(x.clone() * x.clone().log());
            let edge = R::select(x.clone().eq(zero.clone()), zero.clone(), x.lit(f64::NEG_INFINITY));
            R::select(x.clone().gt(zero) | x.is_nan(), inside, edge)
        },
        x(g, x): g * (-x.log() - 1.0),
    }

    /// Inverse of the error function; infinite at ±1, NaN beyond.
    erfinv(x)[] -> z "ErfinvBackward0" real in -0.9..0.9 {
        value: x.scalar(Function::Erfinv),
        // e^(z²) = erfcx(z) / erfc(z), and erfc(z) is 1 − x: a square in an exponent loses digits.
        x(g, x, z): g * (over_tail(z.abs(), -x.abs() + 1.0) * HALF_ROOT_PI),
    }

    /// `exp(x²) * erfc(x)`, the scaled complementary error function.
    erfcx(x)[] -> z "SpecialErfcxBackward0" real in -2.0..3.0 {
        value: x.scalar(Function::Erfcx),
        x(g, x, z): g * erfcx_slope(x, z),
    }

    /// Distribution function of the normal distribution.
    ndtr(x)[] "SpecialNdtrBackward0" real in -3.0..3.0 {
        value: x.scalar(Function::Ndtr),
        x(g, x): { let x = within(x, 1e3); g * ((x.clone() * x * -0.5).exp() * (0.5 * ROOT_TWO_OVER_PI)) },
    }

    /// Logarithm of the distribution function of the normal distribution.
    log_ndtr(x)[] "SpecialLogNdtrBackward0" real in -3.0..3.0 {
        value: x.scalar(Function::LogNdtr),
        // Beyond 37.6 nothing is left of the density, and erfcx would be infinite.
        x(g, x): {
            let (zero, far) = (x.lit(0.0), x.clone().gt(x.lit(37.6)));
            let x = R::select(far.clone(), zero.clone(), x);
            let slope = (x * -ROOT_HALF).scalar(Function::Erfcx).reciprocal() * ROOT_TWO_OVER_PI;
            g * R::select(far, zero, slope)
        },
    }

    /// Inverse of the distribution function of the normal distribution.
    ndtri(x)[] -> z "SpecialNdtriBackward0" real in 0.1..0.9 {
        value: x.scalar(Function::Ndtri),
        // As for erfinv, with the lesser tail.
        x(g, x, z): {
            let tail = (-x.clone() + 1.0).minimum(x);
            g * (over_tail(z.abs() * ROOT_HALF, tail) / ROOT_TWO_OVER_PI)
        },
    }

    /// Modified Bessel function of the first kind, order 0.
    i0(x)[] "I0Backward0" real in -4.0..4.0 {
        value: x.scalar(Function::I0),
        x(g, x): g * x.scalar(Function::I1),
    }

    /// Modified Bessel function of the first kind, order 0, scaled by `exp(-|x|)`.
    i0e(x)[] -> z "SpecialI0EBackward0" real in 0.5..4.0 {
        value: x.scalar(Function::I0e),
        x(g, x, z): g * (x.clone().scalar(Function::I1e) - x.sign() * z),
    }

    /// Modified Bessel function of the first kind, order 1.
    i1(x)[] "SpecialI1Backward0" real in -4.0..4.0 {
        value: x.scalar(Function::I1),
        // Where I₀ overflows, the quotient may do so as well.
        x(g, x): {
            let even = x.clone().scalar(Function::I0);
            let slope = even.clone() - i1_over_argument(x);
            g * R::select(even.clone().is_infinite(), even, slope)
        },
    }

    /// Modified Bessel function of the first kind, order 1, scaled by `exp(-|x|)`.
    i1e(x)[] -> z "SpecialI1EBackward0" real in 0.5..4.0 {
        value: x.scalar(Function::I1e),
        x(g, x, z): {
            let scaled = (-x.clone().abs()).exp() * i1_series(x.clone());
            let ratio = R::select(near_zero(&x), scaled, z.clone() / away_from_zero(x.clone()));
            g * (x.clone().scalar(Function::I0e) - ratio - x.sign() * z)
        },
    }

    /// Modified Bessel function of the second kind, order 0.
    modified_bessel_k0(x)[] "SpecialModifiedBesselK0Backward0" real in 0.5..4.0 {
        value: x.scalar(Function::K0),
        x(g, x): -(g * x.scalar(Function::K1)),
    }

    /// Modified Bessel function of the second kind, order 1.
    modified_bessel_k1(x)[] -> z "SpecialModifiedBesselK1Backward0" real in 0.5..4.0 {
        value: x.scalar(Function::K1),
        x(g, x, z): -(g * (x.clone().scalar(Function::K0) + z / x)),
    }

    /// Modified Bessel function of the second kind, order 0, scaled by `exp(x)`.
    scaled_modified_bessel_k0(x)[] -> z "SpecialScaledModifiedBesselK0Backward0" real in 0.5..4.0 {
        value: x.scalar(Function::K0e),
        x(g, x, z): g * (z - x.scalar(Function::K1e)),
    }

    /// Modified Bessel function of the second kind, order 1, scaled by `exp(x)`.
    scaled_modified_bessel_k1(x)[] -> z "SpecialScaledModifiedBesselK1Backward0" real in 0.5..4.0 {
        value: x.scalar(Function::K1e),
        x(g, x, z): g * (z.clone() - x.clone().scalar(Function::K0e) - z / x),
    }

    /// Bessel function of the first kind, order 0.
    bessel_j0(x)[] "SpecialBesselJ0Backward0" real in -9.0..9.0 {
        value: x.scalar(Function::J0),
        x(g, x): -(g * x.scalar(Function::J1)),
    }

    /// Bessel function of the first kind, order 1.
    bessel_j1(x)[] -> z "SpecialBesselJ1Backward0" real in -9.0..9.0 {
        value: x.scalar(Function::J1),
        x(g, x, z): {
            let ratio = R::select(near_zero(&x), bessel_series(x.clone(), -1.0), z / away_from_zero(x.clone()));
            g * (x.scalar(Function::J0) - ratio)
        },
    }

    /// Bessel function of the second kind, order 0.
    bessel_y0(x)[] "SpecialBesselY0Backward0" real in 0.5..9.0 {
        value: x.scalar(Function::Y0),
        x(g, x): -(g * x.scalar(Function::Y1)),
    }

    /// Bessel function of the second kind, order 1.
    bessel_y1(x)[] -> z "SpecialBesselY1Backward0" real in 0.5..9.0 {
        value: x.scalar(Function::Y1),
        x(g, x, z): g * (x.clone().scalar(Function::Y0) - z / x),
    }

    /// Spherical Bessel function of the first kind, order 0: `sin(x) / x`.
    spherical_bessel_j0(x)[] -> z "SpecialSphericalBesselJ0Backward0" real in 0.6..9.0 {
        value: x.scalar(Function::SphericalJ0),
        x(g, x, z): {
            let infinite = x.clone().is_infinite();
            let x = R::select(infinite.clone(), x.lit(1.0), x);
            let far = (x.clone().cos() - z) / away_from_zero(x.clone());
            let slope = R::select(near_zero(&x), x.clone() * sinc_series(x.clone() * x.clone()), far);
            g * R::select(infinite, x.zero(), slope)
        },
    }

    /// Hurwitz zeta function Σ `(y + k) ** -x`.
    hurwitz(x, y)[] "SpecialZetaBackward0" real in 1.5..4.0 {
        value: x.scalar2(y, Function2::Zeta),
        x(g): g.zero(),
        y(g, x, y): { let next = x.clone() + 1.0; -(g * (x * next.scalar2(y, Function2::Zeta))) },
    }

    /// `n`-th derivative of the digamma function.
    polygamma(x)[n] "PolygammaBackward0" real in 0.5..4.0 {
        value: x.lit(n).scalar2(x, Function2::Polygamma),
        x(g, x): g * x.lit(n + 1.0).scalar2(x, Function2::Polygamma),
    }

    /// Regularised lower incomplete gamma function P(a, x).
    gamma_p(a, x)[] "IgammaBackward0" real in 0.5..4.0 {
        value: a.scalar2(x, Function2::GammaP),
        a(g): g.zero(),
        x(g, a, x): g * a.scalar2(x, Function2::GammaDensity),
    }

    /// Regularised upper incomplete gamma function Q(a, x).
    gamma_q(a, x)[] "IgammacBackward0" real in 0.5..4.0 {
        value: a.scalar2(x, Function2::GammaQ),
        a(g): g.zero(),
        x(g, a, x): -(g * a.scalar2(x, Function2::GammaDensity)),
    }

    /// Density of the gamma distribution, the derivative of P(a, x).
    gamma_density(a, x)[] -> z "IgammaBackwardBackward0" real in 0.5..4.0 {
        value: a.scalar2(x, Function2::GammaDensity),
        a(g): g.zero(),
        x(g, a, x, z): g * (z * ((a - 1.0) / x - 1.0)),
    }

    /// `sin(πx) / (πx)`, 1 at 0.
    sinc(x)[] -> z "SincBackward0" real in 0.6..3.0 {
        value: sinc_of(x),
        x(g, x, z): {
            let pi = std::f64::consts::PI;
            // At infinity, where a cosine is none, the limit: of anything finite, so that its derivatives are 0 as well.
            let infinite = x.clone().is_infinite();
            let x = R::select(infinite.clone(), x.lit(1.0), x);
            let t = x.clone() * pi;
            let far = (cos_pi(x.clone()) - z) / away_from_zero(x.clone());
            let slope = R::select(near_zero(&t), t.clone() * sinc_series(t.clone() * t) * pi, far);
            g * R::select(infinite, x.zero(), slope)
        },
    }

    /// `ln(exp(x) + exp(y))`, without overflow.
    logaddexp(x, y)[] "LogaddexpBackward0" float in -3.0..3.0 {
        value: {
            let rest = (-difference(x.clone(), y.clone()).abs()).exp().log1p();
            same_infinity(x.clone(), y.clone(), x.maximum(y) + rest)
        },
        x(g, x, y): g * difference(x, y).sigmoid(),
        y(g, x, y): g * difference(y, x).sigmoid(),
    }

    /// `log2(2 ** x + 2 ** y)`, without overflow.
    logaddexp2(x, y)[] "Logaddexp2Backward0" float in -3.0..3.0 {
        value: {
            let rest = (-difference(x.clone(), y.clone()).abs()).exp2().log1p() * std::f64::consts::LOG2_E;
            same_infinity(x.clone(), y.clone(), x.maximum(y) + rest)
        },
        x(g, x, y): g * (difference(x, y) * std::f64::consts::LN_2).sigmoid(),
        y(g, x, y): g * (difference(y, x) * std::f64::consts::LN_2).sigmoid(),
    }

    /// `sqrt(x² + y²)`, of which nothing overflows or underflows on the way; gradient 0 at the origin.
    hypot(x, y)[] -> z "HypotBackward0" float in 0.5..3.0 {
        value: {
            let (x, y) = (x.abs(), y.abs());
            let (large, small) = (x.clone().maximum(y.clone()), x.clone().minimum(y.clone()));
            let (zero, one) = (large.int(0), large.lit(1.0));
            let origin = large.clone().eq(zero);
            let ratio = small / R::select(origin, one.clone(), large.clone());
            let length = large.clone() * ratio.clone().mul_add(ratio, one).sqrt();
            // Infinite if either is, NaN or not the other.
            let infinite = x.is_infinite() | y.is_infinite();
            R::select(infinite, large.lit(f64::INFINITY), length)
        },
        x(g, x, z): g * share_of(x, z),
        y(g, y, z): g * share_of(y, z),
    }

    /// The number next to `x` on the way to `y`.
    nextafter(x, y)[] "NextafterBackward0" float in -3.0..3.0 { value: x.nextafter(y), x(g): g, y(g): g.zero() }

    /// [`nextafter`] among numbers that are stored in half the width: `unit` is the distance of those behind 1, `least` the
    /// least positive number, `most` the greatest. Rounding picks the next one, of which six tenths of a distance are past
    /// the middle, and less than the whole of it beyond; below a power of two distances are half as wide.
    nextafter_stored(x, y)[unit, least, most] "NextafterBackward0" float in -3.0..3.0 {
        value: {
            let size = x.clone().abs();
            let step = (size.clone() * (unit * 0.6)).maximum(x.lit(least * 0.6));
            let greatest = x.lit(most);
            let up = R::select(size.is_infinite(), -greatest.clone(), x.clone() + step.clone());
            let down = R::select(x.clone().is_infinite(), greatest, x.clone() - step);
            let other = R::select(x.clone().lt(y.clone()), up, down);
            let other = R::select(x.clone().eq(y.clone()), y.clone(), other);
            R::select(x.is_nan() | y.clone().is_nan(), y.lit(f64::NAN), other)
        },
        x(g): g, y(g): g.zero()
    }

    /// `x * 2 ** y`.
    ldexp(x, y)[] -> z "LdexpBackward0" real in -3.0..3.0 {
        value: {
            let kept = (x.clone().eq(x.zero()) | x.clone().is_infinite()) & !y.clone().is_nan();
            R::select(kept, x.clone(), times_power(x, y))
        },
        x(g, y): times_power(g, y),
        y(g, z): g * (z * std::f64::consts::LN_2),
    }

    /// The part of `x` from [0.5, 1) in magnitude that [`frexp_exponent`] is the power of two to.
    frexp_mantissa(x, exponent)[] "FrexpBackward0" float in 1.0..3.0 {
        value: R::select(x.clone().is_within(f64::INFINITY), times_power(x.clone(), -exponent), x),
        x(g, exponent): times_power(g, -exponent),
        exponent(g): g.zero(),
    }

    /// The exponent of `x` as a sum of a power of two and a fraction: `|x| * 2 ** -exponent` is from [0.5, 1); 0 for 0, infinities and
    /// NaN.
    frexp_exponent(x)[] "FrexpBackward0" float in 1.0..3.0 { value: exponent_of(x) }

    /// Degrees in radians.
    deg2rad(x)[] "Deg2RadBackward0" real in -180.0..180.0 {
        value: x * (std::f64::consts::PI / 180.0),
        x(g): g * (std::f64::consts::PI / 180.0),
    }

    /// Radians in degrees.
    rad2deg(x)[] "Rad2DegBackward0" real in -3.0..3.0 {
        value: x * (180.0 / std::f64::consts::PI),
        x(g): g * (180.0 / std::f64::consts::PI),
    }

    /// 0 where `x` is negative, 1 where it is positive, `y` where it is 0.
    step(x, y)[] "HeavisideBackward0" ordered in -3.0..3.0 {
        value: {
            let (zero, one) = (x.zero(), x.int(1));
            R::select(x.clone().eq(zero.clone()), y, R::select(x.gt(zero.clone()), one, zero))
        },
        x(g): g.zero(),
        y(g): g.zero(),
    }

    /// Greatest common divisor.
    gcd(x, y)[] "GcdBackward0" int in 0.0..9.0 { value: x.gcd(y) }

    /// Least common multiple; 0 if either is 0.
    lcm(x, y)[] "LcmBackward0" int in 0.0..9.0 {
        value: {
            let divisor = x.clone().gcd(y.clone());
            let zero = divisor.zero();
            let divisor = R::select(divisor.clone().eq(zero), divisor.int(1), divisor);
            (x.div_trunc(divisor) * y).abs()
        },
    }
}

/// `hurwitz` as `zeta`, whose derivative by the exponent nobody has.
pub static ZETA: Row = Row { name: "zeta", ..hurwitz::ROW.without_derivative(0b01) };
/// P(a, x) as `igamma`, whose derivative by a nobody has.
pub static IGAMMA: Row = Row { name: "igamma", inputs: &["input", "other"], ..gamma_p::ROW.without_derivative(0b01) };
/// Q(a, x) as `igammac`, likewise.
pub static IGAMMAC: Row = Row { name: "igammac", inputs: &["input", "other"], ..gamma_q::ROW.without_derivative(0b01) };
/// The density, likewise.
static GAMMA_DENSITY: Row = gamma_density::ROW.without_derivative(0b01);
/// The step function as `heaviside`, which PyTorch gives no derivative.
pub static HEAVISIDE: Row =
    Row { name: "heaviside", inputs: &["input", "values"], ..step::ROW.without_derivative(0b11) };

/// The row of a function, for derivatives that are recorded.
pub(in crate::ops) fn row(function: Function) -> &'static Row {
    match function {
        Function::Erfcx => &erfcx::ROW,
        Function::Erfinv => &erfinv::ROW,
        Function::Ndtr => &ndtr::ROW,
        Function::LogNdtr => &log_ndtr::ROW,
        Function::Ndtri => &ndtri::ROW,
        Function::I0 => &i0::ROW,
        Function::I0e => &i0e::ROW,
        Function::I1 => &i1::ROW,
        Function::I1e => &i1e::ROW,
        Function::K0 => &modified_bessel_k0::ROW,
        Function::K0e => &scaled_modified_bessel_k0::ROW,
        Function::K1 => &modified_bessel_k1::ROW,
        Function::K1e => &scaled_modified_bessel_k1::ROW,
        Function::J0 => &bessel_j0::ROW,
        Function::J1 => &bessel_j1::ROW,
        Function::Y0 => &bessel_y0::ROW,
        Function::Y1 => &bessel_y1::ROW,
        Function::SphericalJ0 => &spherical_bessel_j0::ROW,
    }
}

/// The row of a function of two numbers.
pub(in crate::ops) fn row2(function: Function2) -> &'static Row {
    match function {
        Function2::Zeta => &ZETA,
        Function2::Polygamma => unreachable!("the order of a polygamma function is a number"),
        Function2::GammaP => &IGAMMA,
        Function2::GammaQ => &IGAMMAC,
        Function2::GammaDensity => &GAMMA_DENSITY,
    }
}

/// ln(x / (1 − x)), near ½ as 2 artanh(2x − 1), whose argument is exact.
#[inline(always)]
fn log_odds<R: Real>(x: R) -> R {
    let low = x.clone().lt(x.lit(0.25));
    let quotient = x.clone() / (-x.clone() + 1.0);
    R::select(low, quotient.log(), (x * 2.0 - 1.0).atanh() * 2.0)
}

/// 1 / (x (1 − x)), NaN where [`log_odds`] is.
#[inline(always)]
fn log_odds_slope<R: Real>(x: R) -> R {
    let inside = x.clone().ge(x.int(0)) & x.clone().le(x.int(1));
    let slope = (x.clone() * (-x.clone() + 1.0)).reciprocal();
    R::select(inside, slope, x.lit(f64::NAN))
}

/// 0 where `x` is 0 and `y` not NaN, `product` elsewhere.
#[inline(always)]
fn none_of_zero<R: Real>(x: R, y: R, product: R) -> R {
    let zero = x.int(0);
    R::select(x.eq(zero.clone()) & !y.is_nan(), zero, product)
}

/// erfcx'(x) = 2x·erfcx(x) − 2/√π. From 26 on, where little is left of the difference, by the derivative of the asymptotic series
/// (DLMF 7.12.1).
#[inline(always)]
fn erfcx_slope<R: Real>(x: R, erfcx: R) -> R {
    let far = x.clone().gt(x.lit(26.0));
    let inverse = R::select(far.clone(), x.clone(), x.lit(26.0)).reciprocal();
    let z = inverse.clone() * inverse * 0.5;
    let mut sum = z.lit(1.0);
    for k in (1..9).rev() {
        sum = -(z.clone() * sum * f64::from(2 * k + 1)) + 1.0;
    }
    let series = z * sum * -std::f64::consts::FRAC_2_SQRT_PI;
    let zero = x.lit(0.0);
    let (x, erfcx) = (R::select(far.clone(), zero.clone(), x), R::select(far.clone(), zero, erfcx));
    R::select(far, series, x * 2.0 * erfcx - std::f64::consts::FRAC_2_SQRT_PI)
}

/// erfcx(z) / tail, infinite where z is: there both are 0.
#[inline(always)]
fn over_tail<R: Real>(z: R, tail: R) -> R {
    let infinite = z.clone().is_infinite();
    R::select(infinite, z.clone(), z.scalar(Function::Erfcx) / tail)
}

/// Whether |x| is less than a half, where quotients by it are power series.
#[inline(always)]
fn near_zero<R: Real>(x: &R) -> R::Mask {
    x.clone().is_within(0.5)
}

/// `x`, or 1 where [`near_zero`]: finite where it is not taken.
#[inline(always)]
fn away_from_zero<R: Real>(x: R) -> R {
    R::select(near_zero(&x), x.lit(1.0), x)
}

/// I₁(x)/x or J₁(x)/x, by `sign`, near 0: ½ Σ (±x²/4)ᵏ / (k! (k + 1)!).
#[inline(always)]
fn bessel_series<R: Real>(x: R, sign: f64) -> R {
    let z = x.clone() * x.clone() * (0.25 * sign);
    let mut sum = x.lit(1.0);
    for k in (1..9).rev() {
        sum = sum * z.clone() / f64::from(k * (k + 1)) + 1.0;
    }
    sum * 0.5
}

#[inline(always)]
fn i1_series<R: Real>(x: R) -> R {
    bessel_series(x, 1.0)
}

/// I₁(x)/x.
#[inline(always)]
fn i1_over_argument<R: Real>(x: R) -> R {
    let far = x.clone().scalar(Function::I1) / away_from_zero(x.clone());
    R::select(near_zero(&x), i1_series(x), far)
}

/// (d/dt sin(t)/t) / t near 0, of the square of t: −1/3 + t²/30 − …, Σ (−1)ᵏ 2k t^(2k − 2) / (2k + 1)!.
#[inline(always)]
fn sinc_series<R: Real>(square: R) -> R {
    let mut sum = square.lit(0.0);
    for k in (1..9).rev() {
        let factorial: f64 = (1..=2 * k + 1).map(f64::from).product();
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        sum = sum * square.clone() + sign * f64::from(2 * k) / factorial;
    }
    sum
}

/// x less the nearest even number: exact, and of what sin(πx) has the value.
#[inline(always)]
fn turn<R: Real>(x: R) -> R {
    x.clone() - (x * 0.5).round() * 2.0
}

/// sin(πx) / (πx); at infinity its limit.
#[inline(always)]
fn sinc_of<R: Real>(x: R) -> R {
    let r = turn(x.clone());
    let a = r.clone().abs();
    let folded = R::select(a.clone().gt(x.lit(0.5)), -a.clone() + 1.0, a).copysign(r);
    let zero = x.clone().eq(x.int(0));
    let t = R::select(zero.clone(), x.lit(1.0), x.clone()) * std::f64::consts::PI;
    let value = (folded * std::f64::consts::PI).sin() / t;
    let value = R::select(zero, x.lit(1.0), value);
    R::select(x.clone().is_infinite(), x.lit(0.0), value)
}

/// cos(πx) as the sine of what the half is more than |x|.
#[inline(always)]
fn cos_pi<R: Real>(x: R) -> R {
    let half = -turn(x).abs() + 0.5;
    (half * std::f64::consts::PI).sin()
}

/// x − y, and 0 of infinities that are the same.
#[inline(always)]
fn difference<R: Real>(x: R, y: R) -> R {
    let zero = x.zero();
    same_infinity_or(x.clone(), y.clone(), zero, x - y)
}

/// `x` where `x` and `y` are the same infinity, else `value`.
#[inline(always)]
fn same_infinity<R: Real>(x: R, y: R, value: R) -> R {
    same_infinity_or(x.clone(), y, x, value)
}

#[inline(always)]
fn same_infinity_or<R: Real>(x: R, y: R, same: R, value: R) -> R {
    R::select(x.clone().is_infinite() & x.eq(y), same, value)
}

/// x/z, 0 where z is 0.
#[inline(always)]
fn share_of<R: Real>(x: R, z: R) -> R {
    let zero = z.zero();
    let origin = z.clone().eq(zero.clone());
    R::select(origin.clone(), zero, x / R::select(origin, z.lit(1.0), z))
}

/// x · 2ʸ. In three steps, because the power may overflow though the product does not.
#[inline(always)]
fn times_power<R: Real>(x: R, y: R) -> R {
    let third = (y.clone() / 3.0).trunc();
    let power = third.clone().exp2();
    let rest = R::select(y.clone().is_infinite(), y.clone(), y - third * 2.0).exp2();
    x * power.clone() * power * rest
}

/// The e for which |x| is in [2ᵉ⁻¹, 2ᵉ): a logarithm is near it, and a comparison decides.
#[inline(always)]
fn exponent_of<R: Real>(x: R) -> R {
    let a = x.abs();
    let usual = a.clone().gt(a.int(0)) & a.clone().is_within(f64::INFINITY);
    let a = R::select(usual.clone(), a.clone(), a.lit(1.0));
    let guess = a.clone().log2().floor() + 1.0;
    let mantissa = times_power(a, -guess.clone());
    let guess = R::select(mantissa.clone().ge(mantissa.lit(1.0)), guess.clone() + 1.0, guess);
    let guess = R::select(mantissa.clone().lt(mantissa.lit(0.5)), guess.clone() - 1.0, guess);
    R::select(usual, guess, mantissa.lit(0.0))
}
