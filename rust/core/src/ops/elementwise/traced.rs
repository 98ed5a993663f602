//! Formulas read over the graph: a number-like value that is a tensor, a number, or the first error.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

pub use super::row::Traced;
use super::row::{Arg, Row};
use super::{apply, resolve};
use crate::dtype::{Category, DType};
use crate::error::Result;
use crate::graph::flat::{Derivative, flat};
use crate::kernels::math::scalar::{Function, Function2};
use crate::kernels::number::{Equal, Field, Order, Real, Ring, slope};
use crate::ops::{complex, rows};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// A truth value per element while a formula is recorded.
#[derive(Clone)]
pub struct TracedMask(Traced);

impl Traced {
    /// The tensor, or the error.
    pub fn into_tensor(self) -> Result<Tensor> {
        match self {
            Self::Tensor(tensor) => Ok(tensor),
            Self::Number(number) => Tensor::scalar(number, number.dtype()),
            Self::Failed(error) => Err(error),
        }
    }

    /// A number as a tensor without axes, in double precision.
    fn constant(number: Scalar) -> Result<Tensor> {
        Tensor::scalar(number, if number.category() == Category::Complex { DType::C128 } else { DType::F64 })
    }

    fn apply<const N: usize>(row: &'static Row, inputs: [&Self; N]) -> Self {
        Self::apply_with(row, &[], inputs)
    }

    fn apply_with<const N: usize>(row: &'static Row, params: &[Scalar], inputs: [&Self; N]) -> Self {
        // A formula of numbers alone is computed in double precision on tensors without axes.
        if inputs.iter().all(|input| matches!(input, Self::Number(_))) {
            let constants: Result<Vec<Tensor>> = inputs
                .iter()
                .filter_map(|input| if let Self::Number(number) = input { Some(*number) } else { None })
                .map(Self::constant)
                .collect();
            return match constants {
                Ok(constants) => {
                    let args: Vec<Arg<'_>> = constants.iter().map(Arg::Tensor).collect();
                    apply(row, params, &args).map_or_else(Self::Failed, Self::Tensor)
                }
                Err(error) => Self::Failed(error),
            };
        }
        let mut args = Vec::with_capacity(N);
        for input in inputs {
            args.push(match input {
                Self::Tensor(tensor) => Arg::Tensor(tensor),
                Self::Number(number) => Arg::Scalar(*number),
                Self::Failed(error) => return Self::Failed(error.clone()),
            });
        }
        match apply(row, params, &args) {
            Ok(tensor) => Self::Tensor(tensor),
            Err(error) => Self::Failed(error),
        }
    }

    fn one(&self, row: &'static Row) -> Self {
        Self::apply(row, [self])
    }

    fn two(&self, row: &'static Row, other: &Self) -> Self {
        Self::apply(row, [self, other])
    }
}

macro_rules! operators {
    ($($Trait:ident $method:ident => $row:ident),* $(,)?) => {$(
        impl $Trait for Traced {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.two(&rows::$row::ROW, &other)
            }
        }
        impl $Trait<f64> for Traced {
            type Output = Self;
            fn $method(self, other: f64) -> Self {
                self.two(&rows::$row::ROW, &Self::Number(Scalar::Float(other)))
            }
        }
    )*};
}

operators! { Add add => add, Sub sub => sub, Mul mul => mul, Div div => div }

impl Neg for Traced {
    type Output = Self;
    fn neg(self) -> Self {
        self.one(&rows::neg::ROW)
    }
}

/// Functions that are rows of the same name, of one operand and of two.
macro_rules! functions {
    ($($one:ident),* ; $($two:ident),* $(,)?) => {
        $(fn $one(self) -> Self { self.one(&rows::$one::ROW) })*
        $(fn $two(self, other: Self) -> Self { self.two(&rows::$two::ROW, &other) })*
    };
}

impl BitAnd for TracedMask {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0.two(&rows::logical_and::ROW, &other.0))
    }
}

impl BitOr for TracedMask {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0.two(&rows::logical_or::ROW, &other.0))
    }
}

impl Not for TracedMask {
    type Output = Self;
    fn not(self) -> Self {
        Self(self.0.one(&rows::logical_not::ROW))
    }
}

impl Equal for Traced {
    type Mask = TracedMask;
    type Param = Scalar;

    fn zero(&self) -> Self {
        Self::Number(Scalar::Int(0))
    }
    fn eq(self, other: Self) -> TracedMask {
        TracedMask(self.two(&rows::eq::ROW, &other))
    }
    fn select(mask: TracedMask, yes: Self, no: Self) -> Self {
        // Numbers alone are chosen from in double precision, as they are computed with.
        let (yes, no) = match (yes, no) {
            (Self::Number(yes), Self::Number(no)) => {
                let tensor = |number| Self::constant(number).map_or_else(Self::Failed, Self::Tensor);
                (tensor(yes), tensor(no))
            }
            others => others,
        };
        match (&mask.0, &yes, &no) {
            (Self::Failed(error), _, _) | (_, Self::Failed(error), _) | (_, _, Self::Failed(error)) => {
                Self::Failed(error.clone())
            }
            (Self::Tensor(mask), yes, no) => {
                fn arg(value: &Traced) -> Arg<'_> {
                    match value {
                        Traced::Tensor(tensor) => Arg::Tensor(tensor),
                        Traced::Number(number) => Arg::Scalar(*number),
                        Traced::Failed(_) => unreachable!("failures were returned above"),
                    }
                }
                match super::select::where_(mask, arg(yes), arg(no)) {
                    Ok(tensor) => Self::Tensor(tensor),
                    Err(error) => Self::Failed(error),
                }
            }
            (Self::Number(mask), _, _) => {
                if mask.to_bool() {
                    yes
                } else {
                    no
                }
            }
        }
    }
    fn flat_in(self, of: Self) -> Self {
        match (self, of) {
            (Self::Tensor(value), Self::Tensor(of)) => {
                Self::flat_or_error(value, &of).map_or_else(Self::Failed, Self::Tensor)
            }
            (value, _) => value,
        }
    }
}

impl Traced {
    fn flat_or_error(value: Tensor, of: &Tensor) -> Result<Tensor> {
        let edge = of.gradient_edge()?;
        flat(value, edge.as_slice(), Derivative::Zero)
    }
}

impl Order for Traced {
    fn lt(self, other: Self) -> TracedMask {
        TracedMask(self.two(&rows::lt::ROW, &other))
    }
    fn le(self, other: Self) -> TracedMask {
        TracedMask(self.two(&rows::le::ROW, &other))
    }
    fn abs(self) -> Self {
        self.map(Tensor::abs, &rows::abs::ROW)
    }
    functions! { sign; maximum, minimum }
}

impl Traced {
    /// A function of tensors that is a row of real numbers.
    fn map(self, function: fn(&Tensor) -> Result<Tensor>, row: &'static Row) -> Self {
        match &self {
            Self::Tensor(tensor) if tensor.dtype().is_complex() => {
                function(tensor).map_or_else(Self::Failed, Self::Tensor)
            }
            _ => self.one(row),
        }
    }

    fn is_complex(&self) -> bool {
        match self {
            Self::Tensor(tensor) => tensor.dtype().is_complex(),
            Self::Number(number) => matches!(number, Scalar::Complex(..)),
            Self::Failed(_) => false,
        }
    }
}

impl Ring for Traced {
    fn int(&self, value: i64) -> Self {
        Self::Number(Scalar::Int(value))
    }
    fn param(value: Scalar) -> Self {
        Self::Number(value)
    }
    fn conj(self) -> Self {
        match self {
            Self::Tensor(tensor) => tensor.conj().map_or_else(Self::Failed, Self::Tensor),
            Self::Number(Scalar::Complex(real, imaginary)) => Self::Number(Scalar::Complex(real, -imaginary)),
            other => other,
        }
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self::apply_with(&rows::addcmul::ROW, &[Scalar::Float(1.0)], [&b, &self, &a])
    }
}

impl Field for Traced {
    fn lit(&self, value: f64) -> Self {
        Self::Number(Scalar::Float(value))
    }
    fn is_nan(self) -> TracedMask {
        TracedMask(self.one(&rows::isnan::ROW))
    }
    fn is_infinite(self) -> TracedMask {
        let infinity = self.lit(f64::INFINITY);
        self.abs().eq(infinity)
    }
    fn is_within(self, bound: f64) -> TracedMask {
        let bound = self.lit(bound);
        self.abs().lt(bound)
    }
    fn sigmoid_slope(self, sigmoid: Self) -> Self {
        self.two(&rows::sigmoid_slope::ROW, &sigmoid)
    }
    fn tanh_slope(self, tanh: Self) -> Self {
        self.two(&rows::tanh_slope::ROW, &tanh)
    }
    // Of complex numbers, which have no order, the plain forms.
    fn expm1_slope(self, expm1: Self) -> Self {
        if self.is_complex() { expm1 + 1.0 } else { slope::expm1(self, expm1) }
    }
    fn asinh_slope(self) -> Self {
        if self.is_complex() { (self.clone() * self + 1.0).rsqrt() } else { slope::asinh(self) }
    }
    fn under_atan(self, g: Self) -> Self {
        if self.is_complex() { g / (self.clone() * self + 1.0) } else { slope::atan(self, g) }
    }
    fn under_base(self, exponent: Self, g: Self) -> Self {
        if !self.is_complex() && !exponent.is_complex() {
            return slope::base(self, exponent, g);
        }
        let slope = exponent.clone() * self.pow(exponent.clone() - 1.0);
        Self::select(exponent.eq(g.zero()), g.zero(), g * slope.conj())
    }
    fn under_exponent(self, exponent: Self, power: Self, g: Self) -> Self {
        if !self.is_complex() && !exponent.is_complex() {
            return slope::exponent(self, exponent, power, g);
        }
        // At 0 a power is flat wherever it is 0 or 1.
        let real = exponent.clone().map(complex::real, &rows::unchanged::ROW);
        let not_negative = real.clone().ge(g.zero()) & real.eq(exponent);
        let flat = power.clone().eq(g.zero()) | (self.clone().eq(g.zero()) & not_negative);
        let base = Self::select(flat.clone(), g.int(1), self);
        Self::select(flat, g.zero(), g * (power * base.log()).conj())
    }
    functions! {
        reciprocal, sqrt, rsqrt, exp, exp2, expm1, log, log2, log10, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh,
        tanh, asinh, acosh, atanh, sigmoid;
        pow
    }
}

impl Real for Traced {
    fn power_by<const ROOT: bool, const INVERSE: bool>(self, exponent: f64) -> Self {
        match &self {
            // As a power the square root has a limit at −∞, which `sqrt` has not.
            Self::Tensor(_) if exponent == 0.5 => Self::apply_with(&rows::pow_scalar::ROW, &[exponent.into()], [&self]),
            Self::Tensor(x) => resolve::pow(x.into(), exponent.into()).map_or_else(Self::Failed, Self::Tensor),
            _ => {
                let exponent = self.lit(exponent);
                self.pow(exponent)
            }
        }
    }
    fn normal_cdf(self) -> Self {
        (self * -std::f64::consts::FRAC_1_SQRT_2).erfc() * 0.5
    }
    fn sigmoid_complement(self, _: Self) -> Self {
        (-self).sigmoid()
    }
    fn scalar(self, function: Function) -> Self {
        self.one(super::special::row(function))
    }
    fn scalar2(self, other: Self, function: Function2) -> Self {
        match (function, &self) {
            // The order is a parameter of its row.
            (Function2::Polygamma, Self::Number(order)) => Self::apply_with(&rows::polygamma::ROW, &[*order], [&other]),
            _ => self.two(super::special::row2(function), &other),
        }
    }
    functions! { floor, ceil, round, trunc, erf, erfc, lgamma, digamma; atan2, fmod, copysign, nextafter }
}
