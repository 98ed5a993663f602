//! Elementwise formulas: what is compiled into loops and read over the graph. One trait per kind of number that a formula
//! asks for, because Rust cannot name the bound of a generic method otherwise.

use arcgrad_base::Scalar;

use super::{Complex, Equal, Field, Int, Order, Ordered, Part, Real, Ring};

macro_rules! formulas {
    ($($(#[$doc:meta])* $name:ident over $Number:ident -> $out:ty;)*) => {$(
        $(#[$doc])*
        pub trait $name<const N: usize, const P: usize>: 'static {
            /// The function that is all there is to it, if it has a loop of its own.
            const ALONE: Option<Alone> = None;
            /// The formula of `N` inputs and `P` parameters.
            fn eval<R: $Number>(params: [R::Param; P], x: [R; N]) -> $out;
        }
    )*};
}

formulas! {
    /// A formula of ring operations: integers, real and complex numbers.
    RingFormula over Ring -> R;
    /// A formula of ring operations and comparisons: integers and real numbers.
    OrderedFormula over Ordered -> R;
    /// A formula for integers only.
    IntFormula over Int -> R;
    /// A formula for real and complex numbers.
    FieldFormula over Field -> R;
    /// A formula for real numbers.
    RealFormula over Real -> R;
    /// A predicate of any dtype.
    Equality over Equal -> R::Mask;
    /// A predicate of any ordered dtype.
    Predicate over Order -> R::Mask;
    /// A predicate of real and complex numbers (`isnan`, `isinf`).
    FieldPredicate over Field -> R::Mask;
    /// A predicate of real numbers (`signbit`).
    RealPredicate over Real -> R::Mask;
}

/// A function that has a loop of its own where the processor has instructions for it, with the same results. As a part of a
/// formula it is computed as on any other processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// eˣ.
    Exp,
    /// The natural logarithm.
    Log,
    /// The square root.
    Sqrt,
    /// x·Φ(x).
    Gelu,
}

/// A real number that a complex one has.
pub trait PartFormula: 'static {
    /// The formula.
    fn eval<R: Part>(z: Complex<R>) -> R;
}

/// A parameter of a formula, of the kind of number that it is computed in: `i64`, `f64` or complex.
pub trait Parameter: Copy + Send + Sync + 'static {
    /// As a real number, for formulas that have no others.
    fn to_f64(self) -> f64;
    /// Whether it is 0.
    fn is_zero(self) -> bool;
    /// Its magnitude.
    fn magnitude(self) -> f64;
    /// One less.
    fn less_one(self) -> Self;
}

/// A parameter of a formula that is read over the graph is the number that it was given as.
impl Parameter for Scalar {
    fn to_f64(self) -> f64 {
        Self::to_f64(self)
    }
    fn is_zero(self) -> bool {
        !self.to_bool()
    }
    fn magnitude(self) -> f64 {
        let [real, imaginary] = self.to_complex();
        real.hypot(imaginary)
    }
    fn less_one(self) -> Self {
        match self {
            Self::Float(value) => Self::Float(value - 1.0),
            Self::Complex(real, imaginary) => Self::Complex(real - 1.0, imaginary),
            integral => Self::Int(integral.to_i64().wrapping_sub(1)),
        }
    }
}

impl Parameter for f64 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn is_zero(self) -> bool {
        self == 0.0
    }
    #[inline(always)]
    fn magnitude(self) -> f64 {
        self.abs()
    }
    #[inline(always)]
    fn less_one(self) -> Self {
        self - 1.0
    }
}

impl Parameter for i64 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self as f64
    }
    #[inline(always)]
    fn is_zero(self) -> bool {
        self == 0
    }
    #[inline(always)]
    fn magnitude(self) -> f64 {
        self.to_f64().abs()
    }
    #[inline(always)]
    fn less_one(self) -> Self {
        self.wrapping_sub(1)
    }
}
