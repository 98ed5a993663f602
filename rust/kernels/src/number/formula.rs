//! Elementwise formulas: what is compiled into loops and read over the graph. One trait per kind of number that a formula
//! asks for, because Rust cannot name the bound of a generic method otherwise.

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
