//! Accuracy and special values of the functions, through the compiled loops.

use crate::lane::FloatElement;
use crate::number::{Real, RealFormula};
use crate::row;

/// One formula per function, `apply` to run its loop by name, and the names.
macro_rules! functions {
    ($count:literal, $table:ident, $apply:ident, $inputs:tt, $first:ident $others:tt: $($name:ident)*) => {
        mod $apply {
            use super::*;
            $(
                #[allow(non_camel_case_types, reason = "the function's own name")]
                pub struct $name;
                impl RealFormula<$count, 0> for $name {
                    fn eval<R: Real>([]: [R::Param; 0], $inputs: [R; $count]) -> R {
                        $first.$name$others
                    }
                }
            )*
        }

        fn $apply<T: FloatElement>(name: &str, inputs: [&[T]; $count]) -> Vec<T> {
            let kernel = match name {
                $(stringify!($name) => row::real::<$apply::$name, T, $count, 0>(0),)*
                _ => panic!("no function {name}"),
            };
            let n = inputs[0].len();
            let mut out = vec![T::default(); n];
            let pointers = inputs.map(|x| { assert_eq!(x.len(), n); x.as_ptr().cast::<u8>() });
            let output = out.as_mut_ptr().cast::<u8>();
            // SAFETY: the formulas have no parameters; all operands have n elements.
            unsafe { kernel.run_dense(&[], &pointers, output, n, 0) };
            out
        }

        const $table: &[&str] = &[$(stringify!($name)),*];
    };
}

functions! { 1, UNARY, unary, [x], x ():
    exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc
    lgamma digamma sigmoid
}
functions! { 2, BINARY, binary, [x, y], x (y): atan2 pow fmod }

/// The same function of `libm`, for one argument.
fn libm_unary(name: &str) -> fn(f64) -> f64 {
    match name {
        "exp" => libm::exp,
        "exp2" => libm::exp2,
        "expm1" => libm::expm1,
        "log" => libm::log,
        "log2" => libm::log2,
        "log10" => libm::log10,
        "log1p" => libm::log1p,
        "sin" => libm::sin,
        "cos" => libm::cos,
        "tan" => libm::tan,
        "asin" => libm::asin,
        "acos" => libm::acos,
        "atan" => libm::atan,
        "sinh" => libm::sinh,
        "cosh" => libm::cosh,
        "tanh" => libm::tanh,
        "asinh" => libm::asinh,
        // libm 0.2.16 gives numbers for some x < 1.
        "acosh" => |x| if x < 1.0 { f64::NAN } else { libm::acosh(x) },
        "atanh" => libm::atanh,
        "erf" => libm::erf,
        "erfc" => libm::erfc,
        "lgamma" => libm::lgamma,
        "sigmoid" => |x| {
            let e = libm::exp(-x.abs());
            if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
        },
        _ => super::gamma::digamma_exact,
    }
}

fn libm_binary(name: &str) -> fn(f64, f64) -> f64 {
    match name {
        "atan2" => libm::atan2,
        "pow" => libm::pow,
        _ => libm::fmod,
    }
}

/// |got − want| in units in the last place of `want` rounded to a type with so many mantissa bits; infinite where one
/// is NaN and the other is not, or the sign of a zero differs.
fn ulps(got: f64, want: f64, rounded: f64, mantissa: i32, min_exponent: i32) -> f64 {
    if got.is_nan() || rounded.is_nan() {
        return if got.is_nan() && rounded.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if got == rounded {
        return if got.is_sign_negative() == rounded.is_sign_negative() {
            (got - want).abs().min(0.5)
        } else {
            f64::INFINITY
        };
    }
    if got.is_infinite() || rounded.is_infinite() {
        return f64::INFINITY;
    }
    let exponent = (libm::ilogb(rounded)).max(min_exponent) - mantissa;
    // In two steps: the unit of a subnormal result is itself subnormal.
    libm::scalbn((got - want).abs(), -exponent)
}

/// Every 4099th bit pattern, and the neighbourhood of round numbers.
fn singles() -> Vec<f32> {
    let mut x: Vec<f32> = (0..=u32::MAX).step_by(4099).map(f32::from_bits).collect();
    for centre in [0.0, 0.5, 1.0, 2.0, 88.72284, -87.33655, -103.97, 1048576.0, f32::MAX, f32::INFINITY, f32::NAN] {
        for offset in 0..4 {
            let bits = f32::to_bits(centre);
            for bits in [bits.wrapping_add(offset), bits.wrapping_sub(offset)] {
                x.extend([f32::from_bits(bits), -f32::from_bits(bits)]);
            }
        }
    }
    x
}

fn check_singles(name: &str, x: &[f32]) {
    let exact = libm_unary(name);
    for (&x, y) in x.iter().zip(unary(name, [x])) {
        let want = exact(f64::from(x));
        // Near the zeros of lgamma at negative x even the reference is accurate only absolutely.
        if name == "lgamma" && x < 0.0 && want.abs() < 1e-3 {
            continue;
        }
        let error = ulps(f64::from(y), want, f64::from(want as f32), 23, -126);
        assert!(error <= 2.0, "{name}({x:e}) = {y:e}, exactly {want:e}: {error} ulp");
    }
}

#[test]
fn f32_functions_are_within_two_ulp_of_the_exact_result() {
    let x = singles();
    UNARY.iter().for_each(|name| check_singles(name, &x));
}

/// Every argument whose upper twelve bits are among a few; with `ARCGRAD_EVERY_ARGUMENT` set, every argument there is,
/// which takes an hour in the test profile.
#[test]
fn f32_functions_are_within_two_ulp_for_every_argument_of_a_range() {
    // From 1 up, from −0.5 down, and the smallest numbers.
    let ranges = if std::env::var_os("ARCGRAD_EVERY_ARGUMENT").is_some() {
        (0..1u32 << 12).collect()
    } else {
        vec![0x3f8, 0xbf0, 0x000]
    };
    for high in ranges {
        let x: Vec<f32> = (0..1 << 20).map(|low| f32::from_bits(high << 20 | low)).collect();
        UNARY.iter().for_each(|name| check_singles(name, &x));
    }
}

/// Two units, but for lgamma and digamma.
#[test]
fn f64_functions_are_within_their_bounds_of_the_correctly_rounded_result() {
    let mut seen = 0;
    for line in include_str!("reference.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |field: &str| f64::from_bits(u64::from_str_radix(field, 16).unwrap());
        let (name, x, want) = (fields[0], number(fields[1]), number(fields[2]));
        let y = unary(name, [&[x]])[0];
        let bound = if name == "lgamma" || name == "digamma" { 3.0 } else { 2.0 };
        let error = ulps(y, want, want, 52, -1022);
        assert!(error <= bound, "{name}({x:e}) = {y:e}, not {want:e}: {error} ulp");
        seen += 1;
    }
    assert!(seen > 40 * UNARY.len());
}

/// A pseudo-random sequence of bit patterns (splitmix64).
fn random_bits(n: usize) -> impl Iterator<Item = u64> {
    (1..=n as u64).map(|i| {
        let z = i.wrapping_mul(0x9e3779b97f4a7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb);
        z ^ (z >> 31)
    })
}

/// Arguments over all exponents, and more of the usual ones.
fn doubles(n: usize) -> Vec<f64> {
    let usual = |b: u64| f64::from_bits((b & 0x800f_ffff_ffff_ffff) | ((1023 - 20 + (b >> 52) % 30) << 52));
    let special =
        [0.0, 0.5, 1.0, 2.0, 3.0, 709.7, 745.0, 1e9, 1e300, 5e-324, f64::MIN_POSITIVE, f64::INFINITY, f64::NAN];
    let mut x: Vec<f64> = random_bits(n).flat_map(|b| [f64::from_bits(b), usual(b)]).collect();
    x.extend(special.iter().flat_map(|&s| [s, -s]));
    x
}

/// `libm` is itself accurate to one or two units only; this finds what the few reference values cannot.
#[test]
fn f64_functions_agree_with_libm_everywhere() {
    let x = doubles(20000);
    for name in UNARY {
        let other = libm_unary(name);
        for (&x, y) in x.iter().zip(unary(name, [&x])) {
            let want = other(x);
            if *name == "lgamma" && want.abs() < 1.0 {
                continue;
            }
            let error = ulps(y, want, want, 52, -1022);
            assert!(error <= 5.0, "{name}({x:e}) = {y:e}, libm {want:e}: {error} ulp");
        }
    }
}

#[test]
fn functions_of_two_agree_with_libm_everywhere() {
    let x = doubles(20000);
    let y: Vec<f64> = x.iter().rev().copied().collect();
    for name in BINARY {
        let other = libm_binary(name);
        for ((&x, &y), z) in x.iter().zip(&y).zip(binary(name, [&x, &y])) {
            let want = other(x, y);
            let error = ulps(z, want, want, 52, -1022);
            assert!(error <= 2.0, "{name}({x:e}, {y:e}) = {z:e}, libm {want:e}: {error} ulp");
        }
        let (x, y): (Vec<f32>, Vec<f32>) = x.iter().zip(&y).map(|(&x, &y)| (x as f32, y as f32)).unzip();
        for ((&x, &y), z) in x.iter().zip(&y).zip(binary(name, [&x, &y])) {
            let want = other(f64::from(x), f64::from(y));
            let error = ulps(f64::from(z), want, f64::from(want as f32), 23, -126);
            assert!(error <= 2.0, "{name}({x:e}, {y:e}) = {z:e}, exactly {want:e}: {error} ulp");
        }
    }
}

/// Annex F of C99, as `libm` has it: every pair of special values, to the bit.
#[test]
fn special_values_of_functions_of_two_are_those_of_c99() {
    let special = [0.0, 1.0, 0.5, 2.0, 3.0, 1e300, 5e-324, f64::INFINITY, f64::NAN].map(|x| [x, -x]).concat();
    let pairs: Vec<(f64, f64)> = special.iter().flat_map(|&x| special.iter().map(move |&y| (x, y))).collect();
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    for name in BINARY {
        let other = libm_binary(name);
        for (&(x, y), z) in pairs.iter().zip(binary(name, [&x, &y])) {
            let want = other(x, y);
            let special = want == 0.0 || !want.is_finite() || want == 1.0;
            assert!(
                !special || z.to_bits() == want.to_bits() || (z.is_nan() && want.is_nan()),
                "{name}({x:e}, {y:e}) = {z:e}, not {want:e}"
            );
        }
    }
}

/// Formulas that are nothing but a function, with the loop that it has of its own where the processor has the instructions.
mod alone {
    use super::*;
    use crate::number::Alone;

    macro_rules! formulas {
        ($($name:ident)*) => {$(
            pub struct $name;
            impl RealFormula<1, 0> for $name {
                const ALONE: Option<Alone> = Some(Alone::$name);
                fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R {
                    match Alone::$name {
                        Alone::Exp => x.exp(),
                        Alone::Log => x.log(),
                        Alone::Sqrt => x.sqrt(),
                        Alone::Gelu => x.gelu(),
                    }
                }
            }
        )*};
    }
    formulas! { Exp Log Sqrt Gelu }
}

/// The bits of what processors without those instructions compute, NaN included: for every 4099th argument and every significand
/// of numbers from 1 to 4, which between them are all that the square root tells apart; with `ARCGRAD_EVERY_ARGUMENT` set, for
/// every argument.
#[test]
fn functions_with_loops_of_their_own_give_the_bits_of_any_processor() {
    use super::by_type::ByType;
    use super::{Float, exponential};
    type Case = (&'static str, crate::Kernel, fn(f32) -> f32);
    let check = |x: &[f32]| {
        let functions: [Case; 4] = [
            ("exp", row::real::<alone::Exp, f32, 1, 0>(0), exponential::exp),
            ("log", row::real::<alone::Log, f32, 1, 0>(0), ByType::log),
            ("sqrt", row::real::<alone::Sqrt, f32, 1, 0>(0), Float::sqrt),
            ("gelu", row::real::<alone::Gelu, f32, 1, 0>(0), ByType::gelu),
        ];
        for (name, kernel, plain) in functions {
            let mut y = vec![0.0_f32; x.len()];
            // SAFETY: no parameters, and as many elements on either side.
            unsafe { kernel.run_dense(&[], &[x.as_ptr().cast()], y.as_mut_ptr().cast(), x.len(), 0) };
            for (&x, y) in x.iter().zip(y) {
                let want = plain(x);
                assert_eq!(y.to_bits(), want.to_bits(), "{name}({x:e}) = {y:e}, not {want:e}");
            }
        }
    };
    check(&singles());
    let ranges = if std::env::var_os("ARCGRAD_EVERY_ARGUMENT").is_some() { 0..1u32 << 12 } else { 0x3f8..0x408 };
    for high in ranges {
        check(&(0..1 << 20).map(|low| f32::from_bits(high << 20 | low)).collect::<Vec<f32>>());
    }
}

/// The tail of Φ loses digits in quotient and product: see `gelu_single`.
#[test]
fn gelu_is_within_a_few_ulp_and_has_the_signs_and_limits_of_its_argument() {
    let x = singles();
    let mut y = vec![0.0_f32; x.len()];
    let kernel = row::real::<alone::Gelu, f32, 1, 0>(0);
    // SAFETY: no parameters, and as many elements on either side.
    unsafe { kernel.run_dense(&[], &[x.as_ptr().cast()], y.as_mut_ptr().cast(), x.len(), 0) };
    for (&x, y) in x.iter().zip(y) {
        let want = super::error_function::gelu_exact(f64::from(x));
        let error = ulps(f64::from(y), want, f64::from(want as f32), 23, -126);
        assert!(error <= 6.5, "gelu({x:e}) = {y:e}, exactly {want:e}: {error} ulp");
    }
}
