//! The language of rows read over complex numbers, which tensors do not have yet: a reverse rule multiplies by the
//! conjugate of the derivative, its tangent by the derivative itself.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use arcgrad::kernels::number::{Order, Real, RealFormula, Ring, RingFormula};
use arcgrad::ops::rows::{add, mul, neg, sub};

#[derive(Clone, Copy, Debug, PartialEq)]
struct Complex(f64, f64);

#[derive(Clone, Copy)]
struct Mask(bool);

impl BitAnd for Mask {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Mask {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Not for Mask {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0 - self.1 * other.1, self.0 * other.1 + self.1 * other.0)
    }
}

impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

/// Operators that the rows tested here do not use.
macro_rules! unused {
    ($($Operator:ident<$Other:ty>::$method:ident),* $(,)?) => {$(
        impl $Operator<$Other> for Complex {
            type Output = Self;
            fn $method(self, _: $Other) -> Self {
                unreachable!("no row here reads it")
            }
        }
    )*};
}

unused!(Div<Complex>::div, Add<f64>::add, Sub<f64>::sub, Mul<f64>::mul, Div<f64>::div);

/// What complex numbers do not have, or these rows do not use.
macro_rules! absent {
    ($($name:ident($($argument:ty),*)),* $(,)?) => {
        $(fn $name(self $(, _: $argument)*) -> Self { unreachable!("no row here reads it") })*
    };
}

impl Order for Complex {
    type Mask = Mask;
    fn lt(self, _: Self) -> Mask {
        unreachable!("no row here reads it")
    }
    fn le(self, _: Self) -> Mask {
        unreachable!("no row here reads it")
    }
    fn eq(self, other: Self) -> Mask {
        Mask(self == other)
    }
    fn zero(&self) -> Self {
        Self(0.0, 0.0)
    }
    fn select(mask: Mask, yes: Self, no: Self) -> Self {
        if mask.0 { yes } else { no }
    }
}

impl Ring for Complex {
    fn int(&self, value: i64) -> Self {
        Self(value as f64, 0.0)
    }
    fn conj(self) -> Self {
        Self(self.0, -self.1)
    }
    absent!(abs(), sign(), maximum(Self), minimum(Self));
}

impl Real for Complex {
    fn lit(&self, value: f64) -> Self {
        Self(value, 0.0)
    }
    fn is_nan(self) -> Mask {
        Mask(self.0.is_nan() || self.1.is_nan())
    }
    absent!(
        reciprocal(),
        mul_add(Self, Self),
        copysign(Self),
        sqrt(),
        rsqrt(),
        floor(),
        ceil(),
        round(),
        trunc(),
        exp(),
        exp2(),
        expm1(),
        log(),
        log2(),
        log10(),
        log1p(),
        sin(),
        cos(),
        tan(),
        asin(),
        acos(),
        atan(),
        atan2(Self),
        sinh(),
        cosh(),
        tanh(),
        asinh(),
        acosh(),
        atanh(),
        sigmoid(),
        erf(),
        erfc(),
        normal_cdf(),
        pow(Self),
        fmod(Self),
        lgamma(),
        digamma(),
    );
}

/// The real part of the product of one number with the conjugate of the other: how far a step along `step` changes a
/// real result whose gradient is `gradient`.
fn along(gradient: Complex, step: Complex) -> f64 {
    (gradient.conj() * step).0
}

/// A formula is linear in what is stepped, so the difference of two values is exactly the step of the value.
fn agrees(name: &str, gradient: Complex, value: impl Fn(Complex) -> Complex, seed: Complex) {
    for step in [Complex(1.0, 0.0), Complex(0.0, 1.0), Complex(-0.5, 2.0)] {
        let change = value(step) - value(Complex(0.0, 0.0));
        assert_eq!(along(gradient, step), along(seed, change), "{name} along {step:?}");
    }
}

#[test]
fn reverse_rules_multiply_by_the_conjugate() {
    let (x, y, g) = (Complex(1.5, -2.0), Complex(0.25, 3.0), Complex(-1.0, 0.5));
    let binary = |value: &dyn Fn([Complex; 2]) -> Complex, dx: Complex, dy: Complex, name: &str| {
        agrees(name, dx, |step| value([x + step, y]), g);
        agrees(name, dy, |step| value([x, y + step]), g);
    };
    let (dx, dy) = (mul::x::Grad {}.eval([g, y]), mul::y::Grad {}.eval([g, x]));
    binary(&|inputs| mul::Value {}.eval(inputs), dx, dy, "mul");
    let (dx, dy) = (add::x::Grad {}.eval([g]), add::y::Grad {}.eval([g]));
    binary(&|inputs| add::Value {}.eval(inputs), dx, dy, "add");
    let (dx, dy) = (sub::x::Grad {}.eval([g]), sub::y::Grad {}.eval([g]));
    binary(&|inputs| sub::Value {}.eval(inputs), dx, dy, "sub");
    agrees("neg", neg::x::Grad {}.eval([g]), |step| neg::Value {}.eval([x + step]), g);
    // And not by the derivative itself, which is the tangent's factor.
    assert_ne!(mul::x::Grad {}.eval([g, y]), g * y);
}
