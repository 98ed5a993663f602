//! lgamma and digamma, in `f64` for both types.

use super::by_type::ByType;
use super::coefficients::double;
use super::{Float, polynomial, select};

/// From here on Stirling's series with the terms below is exact to `f64`.
const STIRLING_FROM: f64 = 8.0;

/// Bernoulli numbers B₂ₖ over 2k(2k − 1): Stirling's series of lgamma in 1/x, 1/x³, ….
const STIRLING: [f64; 10] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360360.0,
    1.0 / 156.0,
    -3617.0 / 122400.0,
    43867.0 / 244188.0,
    -174611.0 / 125400.0,
];

/// Bernoulli numbers B₂ₖ over 2k: the asymptotic series of ln x − 1/(2x) − ψ(x) in 1/x², 1/x⁴, ….
const DIGAMMA_SERIES: [f64; 14] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32760.0,
    1.0 / 12.0,
    -3617.0 / 8160.0,
    43867.0 / 14364.0,
    -174611.0 / 6600.0,
    77683.0 / 276.0,
    -236364091.0 / 65520.0,
    657931.0 / 12.0,
    -3392780147.0 / 3480.0,
];

/// ln √(2π).
const LN_ROOT_2PI: f64 = 0.9189385332046728;

/// ln|Γ(x)|, and `rare` (x ≤ 0, +∞). Polynomials around the zeros at 1 and 2; ln Γ(x) = ln Γ(x + 1) − ln x below
/// 1/2, Γ(x + 1) = x Γ(x) down to [1.5, 2.5] from 8, Stirling's series beyond.
#[inline(always)]
pub fn lgamma<F: ByType>(x: F) -> (F, bool) {
    let x = x.to_f64();
    let large = x >= STIRLING_FROM;
    let tiny = x < 0.5;
    // Every t is exact.
    let t1 = select(tiny, x, x - 1.0);
    let near1 = t1 * polynomial(t1, &double::LGAMMA_1);
    let mut t2 = x - 2.0;
    let mut product = 1.0;
    for _ in 0..6 {
        let down = t2 > 0.5;
        product = select(down, product * (t2 + 1.0), product);
        t2 = select(down, t2 - 1.0, t2);
    }
    let near2 = t2 * polynomial(t2, &double::LGAMMA_2);
    let l = ByType::log(select(large | tiny, x, product));
    let near = select(x < 1.5, near1 - select(tiny, l, 0.0), near2 + l);
    let inverse = 1.0 / x;
    let series = inverse.mul_add(polynomial(inverse * inverse, &STIRLING), LN_ROOT_2PI);
    // (x − ½) (ln x − 1) − ½ + …: the difference of two large terms is formed first.
    let far = (x - 0.5).mul_add(l - 1.0, series - 0.5);
    // Adding 0 makes the zeros at 1 and 2 positive.
    (F::from_f64(select(large, far, near) + 0.0), x <= 0.0 || x == f64::INFINITY)
}

/// ψ(x), and `rare` (x ≤ 0). On [1, 3] as (x − root) · P, because ψ changes sign there; below 1 and from 7 down
/// by ψ(x + 1) = ψ(x) + 1/x, with the sum of the reciprocals as one quotient; the asymptotic series beyond.
#[inline(always)]
pub fn digamma<F: ByType>(x: F) -> (F, bool) {
    let x = x.to_f64();
    let below = x < 1.0;
    let mut t = select(below, x + 1.0, x);
    let (mut product, mut slope) = (select(below, -x, 1.0), select(below, 1.0, 0.0));
    for _ in 0..4 {
        let down = t > 3.0;
        t = select(down, t - 1.0, t);
        slope = select(down, slope.mul_add(t, product), slope);
        product = select(down, product * t, product);
    }
    let near = ((t - double::DIGAMMA_ROOT[0]) - double::DIGAMMA_ROOT[1]) * polynomial(t - 2.0, &double::DIGAMMA);
    let inverse = 1.0 / x;
    let z = inverse * inverse;
    let far = (ByType::log(x) - 0.5 * inverse) - z * polynomial(z, &DIGAMMA_SERIES);
    (F::from_f64(select(x < 7.0, near + slope / product, far)), x <= 0.0)
}

/// Where Γ is ±1 at negative numbers, and what the doubles miss; further on every double beside a whole number is past it.
#[rustfmt::skip]
const LGAMMA_ZEROS: [[f64; 2]; 30] = [
    [-2.4570247382208006, -3.7075610815513266e-17],
    [-2.7476826467274127, 9.055340329338315e-17],
    [-3.14358088834998, -2.1818179852331714e-16],
    [-3.955294284858598, -1.999428391746348e-17],
    [-4.039361839740537, 2.1143995503980602e-16],
    [-4.991544640560048, 1.5174411760571722e-16],
    [-5.0082181683225935, -4.3926353491015815e-17],
    [-5.998607480080875, -3.311862478893795e-16],
    [-6.001385294453155, 6.415847287933042e-17],
    [-6.999801507890638, 1.0550130037400023e-17],
    [-7.000198333407325, 2.504354173632409e-16],
    [-7.999975197095821, -5.261737128572354e-17],
    [-8.000024800270682, -4.354586297860107e-16],
    [-8.999997244250977, -2.2185620509727132e-16],
    [-9.000002755714823, -9.491348611623208e-17],
    [-9.99999972442663, 4.883037618642443e-16],
    [-10.000000275573013, -3.4909708332642057e-16],
    [-10.99999997494789, 1.9843998306985407e-16],
    [-11.000000025052106, -6.850849812286175e-16],
    [-11.999999997912324, -1.0020693920103036e-16],
    [-12.000000002087676, 1.2222548112048185e-16],
    [-12.99999999983941, 6.747262033096337e-16],
    [-13.00000000016059, -6.745919484964342e-16],
    [-13.99999999998853, 8.094860741926607e-16],
    [-14.00000000001147, -8.094853704222662e-16],
    [-14.999999999999236, 8.82932241476868e-16],
    [-15.000000000000764, -8.829322382710274e-16],
    [-15.999999999999952, -1.668613399265054e-16],
    [-16.000000000000046, -1.6094954994609367e-15],
    [-16.999999999999996, -7.412564244549576e-16],
];

/// Nodes and weights of Gauss and Legendre's rule of twelve points on [−1, 1], those on one side (DLMF 3.5.15).
const GAUSS: [[f64; 2]; 6] = [
    [0.1252334085114689, 0.24914704581340277],
    [0.3678314989981802, 0.2334925365383548],
    [0.5873179542866175, 0.20316742672306592],
    [0.7699026741943047, 0.16007832854334622],
    [0.9041172563704749, 0.10693932599531843],
    [0.9815606342467192, 0.04717533638651183],
];

/// ζ(2), ζ(4), …: the coefficients of (1/x − π / tan(πx)) / 2x in x².
const EVEN_ZETAS: [f64; 8] = [
    1.6449340668482264,
    1.0823232337111382,
    1.0173430619844492,
    1.0040773561979444,
    1.000994575127818,
    1.000_246_086_553_308,
    1.0000612481350587,
    1.0000152822594086,
];

/// ln|Γ(x)| of any x, one at a time.
pub fn lgamma_exact(x: f64) -> f64 {
    beside_zero(x).unwrap_or_else(|| libm::lgamma(x))
}

/// ln|Γ(x)| where it is nearly 0 for a negative x: the integral of its slope from the zero. With the pole −n nearest to both and
/// ε what they are past it, that slope is −1/ε, of which the integral is a logarithm, and a smooth rest, the reflection's
/// 1/ε − π / tan(πε) + ψ(n + 1 − ε).
fn beside_zero(x: f64) -> Option<f64> {
    if !(-17.0..-2.0).contains(&x) {
        return None;
    }
    let pole = x.round();
    let [zero, missing] =
        LGAMMA_ZEROS.into_iter().find(|zero| zero[0].round() == pole && (zero[0] > pole) == (x > pole))?;
    let past = (zero - pole) + missing;
    let distance = (x - zero) - missing;
    if distance.abs() > 0.5 * past.abs() {
        return None;
    }
    let slope = |past: f64| {
        let rest = if past.abs() < 0.1 {
            2.0 * past * polynomial(past * past, &EVEN_ZETAS)
        } else {
            1.0 / past - std::f64::consts::PI / libm::tan(std::f64::consts::PI * past)
        };
        rest + digamma(1.0 - pole - past).0
    };
    let half = 0.5 * distance;
    let mean = GAUSS.iter().fold(0.0, |sum, [node, weight]| {
        sum + 0.5 * weight * (slope(past + half * (1.0 - node)) + slope(past + half * (1.0 + node)))
    });
    Some(distance * mean - libm::log1p(distance / past))
}

/// ψ(x) of any x, one at a time: NaN at the poles −1, −2, …, ∓∞ at ±0, and the reflection ψ(x) = ψ(1 − x) − π / tan(πx)
/// for negative x, with the argument of the tangent reduced exactly.
pub fn digamma_exact(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if x > 0.0 || x.is_nan() {
        return digamma(x).0;
    }
    let fraction = x - x.round();
    if fraction == 0.0 || x.is_infinite() {
        return f64::NAN;
    }
    digamma(1.0 - x).0 - std::f64::consts::PI / libm::tan(std::f64::consts::PI * fraction)
}
