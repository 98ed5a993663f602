//! The tiers of elementwise operations: which numbers a row's formula asks for, which dtypes it is computed in, and in which
//! tier its gradient is.
//!
//! Each tier is written once, in the list below. It is a value, [`Tier`], for questions at run time, and a module of the same
//! name for the macro `elementwise!`, which takes from it the formula's trait and the bound of its numbers ([`ring::Formula`],
//! [`ring::Number`]), its loops ([`ring::kernel`]) and the tier of its gradient ([`ring::gradient`]). Modules, because a trait
//! cannot carry the bound of another trait's generic method.

use super::row::Traced;
use crate::dtype::DType;
use crate::kernels::number::{Complex, Equal, Parameter};
use crate::kernels::{Kernel, number as kinds, row};
use crate::scalar::Scalar;

/// What a tier does with integers and truth values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Integers {
    /// They are computed with as they come, or, where the tier has no loop for them, are an error.
    Kept,
    /// They are promoted to the default float dtype.
    Promoted,
}

/// What a formula gives: a number of the kind that it was given, or a truth value.
macro_rules! output {
    (number) => {
        /// What the formula gives.
        pub type Output<R> = R;
    };
    (truth) => {
        /// What the formula gives.
        pub type Output<R> = <R as Equal>::Mask;
    };
    (@truth number) => {
        false
    };
    (@truth truth) => {
        true
    };
}

/// How a formula is handed its parameters: as the numbers that it is computed in, or as `f64`.
macro_rules! parameter {
    (own) => {
        /// A parameter as the formula reads it.
        #[inline(always)]
        pub fn parameter<R: Equal>(value: R::Param) -> R::Param {
            value
        }
    };
    (f64) => {
        /// A parameter as the formula reads it.
        #[inline(always)]
        pub fn parameter<R: Equal>(value: R::Param) -> f64 {
            value.to_f64()
        }
    };
}

/// Formulas of real and complex numbers, which gradients are, can be read over the graph.
macro_rules! trace {
    (field) => {
        trace!(@);
    };
    (real) => {
        trace!(@);
    };
    (@) => {
        /// Reads a formula over the graph.
        pub fn trace<F: Formula<N, P>, const N: usize, const P: usize>(
            params: &[Scalar],
            inputs: Vec<Traced>,
        ) -> Traced {
            let mut inputs = inputs.into_iter();
            let inputs = std::array::from_fn(|_| inputs.next().expect("one value per read slot"));
            F::eval(params.try_into().expect("one value per parameter"), inputs)
        }
    };
    ($build:ident) => {};
}

macro_rules! tiers {
    ($(
        $(#[$doc:meta])*
        $Tier:ident $name:ident $label:literal: $Formula:ident of $Number:ident gives $output:ident by $build:ident,
        $parameter:ident parameters, integers $integers:ident, gradient $gradient:ident, $cost:literal ps,
        { $($($from:ident)|+ => $T:ty),+ $(; complex $($complex:ident => $C:ty),+)? }
    )*) => {
        /// Which dtypes a row computes in.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Tier {
            $($(#[$doc])* $Tier,)*
        }

        impl Tier {
            /// The tier's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Tier => $label,)* }
            }

            /// What it does with integers and truth values.
            pub const fn integers(self) -> Integers {
                match self { $(Self::$Tier => Integers::$integers,)* }
            }

            /// Whether its results are truth values.
            pub const fn is_predicate(self) -> bool {
                match self { $(Self::$Tier => output!(@truth $output),)* }
            }
        }

        $(
            $(#[$doc])*
            pub mod $name {
                use super::*;
                pub use super::$gradient as gradient;
                pub use kinds::{$Formula as Formula, $Number as Number};

                output!($output);
                parameter!($parameter);
                trace!($build);

                /// The tier as a value.
                pub const TIER: Tier = Tier::$Tier;

                /// The compiled loop of a formula, if the tier computes in this dtype. Small integers and `bool` are computed
                /// in `i32`, half precision in `f32`, into which the loop driver casts them block by block. Integers are cut off
                /// to their width again: wrapping arithmetic comes out the same.
                #[allow(unreachable_patterns, reason = "some tiers compute in every dtype")]
                pub fn kernel<F: Formula<N, P>, const N: usize, const P: usize>(dtype: DType) -> Option<Kernel> {
                    match dtype {
                        $($(DType::$from)|+ => Some(row::$build::<F, $T, N, P>($cost)),)+
                        $($(
                            DType::$complex => Some(row::$build::<F, $C, N, P>(4 * $cost)),
                        )+)?
                        _ => None,
                    }
                }
            }
        )*
    };
}

tiers! {
    /// Integers, `bool`, floats and complex numbers, as they come.
    Ring ring "ring": RingFormula of Ring gives number by ring,
    own parameters, integers Kept, gradient field, 250 ps,
    { F16 | BF16 | F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 | Bool => i32; complex C64 => Complex<f32>, C128 => Complex<f64> }

    /// The same without complex numbers, which have no order.
    Ordered ordered "ordered": OrderedFormula of Ordered gives number by ordered,
    own parameters, integers Kept, gradient real, 250 ps,
    { F16 | BF16 | F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 | Bool => i32 }

    /// Integers and floats, as they come.
    Number number "number": OrderedFormula of Ordered gives number by ordered,
    own parameters, integers Kept, gradient real, 250 ps,
    { F16 | BF16 | F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 => i32 }

    /// Integers.
    Int int "int": IntFormula of Int gives number by int,
    own parameters, integers Kept, gradient real, 500 ps,
    { I64 => i64, I32 | I16 | I8 | U8 => i32 }

    /// Floats and complex numbers; integer inputs are promoted to the default float dtype.
    Field field "field": FieldFormula of Field gives number by field,
    own parameters, integers Promoted, gradient field, 800 ps,
    { F16 | BF16 | F32 => f32, F64 => f64; complex C64 => Complex<f32>, C128 => Complex<f64> }

    /// Floats and complex numbers only: PyTorch does not promote here, and an integer is an error.
    Inexact inexact "inexact": FieldFormula of Field gives number by field,
    own parameters, integers Kept, gradient field, 800 ps,
    { F16 | BF16 | F32 => f32, F64 => f64; complex C64 => Complex<f32>, C128 => Complex<f64> }

    /// Floats; integer inputs are promoted to the default float dtype.
    Real real "real": RealFormula of Real gives number by real,
    f64 parameters, integers Promoted, gradient real, 800 ps,
    { F16 | BF16 | F32 => f32, F64 => f64 }

    /// Floats only: an integer is an error.
    Float float "float": RealFormula of Real gives number by real,
    f64 parameters, integers Kept, gradient real, 800 ps,
    { F16 | BF16 | F32 => f32, F64 => f64 }

    /// Any dtype; the result is `bool`.
    Equality equality "equality": Equality of Equal gives truth by equality,
    own parameters, integers Kept, gradient real, 250 ps,
    { F16 | BF16 | F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 | Bool => i32; complex C64 => Complex<f32>, C128 => Complex<f64> }

    /// Any dtype that has an order; the result is `bool`.
    Predicate predicate "predicate": Predicate of Order gives truth by predicate,
    own parameters, integers Kept, gradient real, 250 ps,
    { F16 | BF16 | F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 | Bool => i32 }

    /// Floats and complex numbers (integers are promoted); the result is `bool`.
    FieldPredicate field_predicate "field predicate": FieldPredicate of Field gives truth by field_predicate,
    own parameters, integers Promoted, gradient real, 250 ps,
    { F16 | BF16 | F32 => f32, F64 => f64; complex C64 => Complex<f32>, C128 => Complex<f64> }

    /// Floats (integers are promoted); the result is `bool`.
    RealPredicate real_predicate "real predicate": RealPredicate of Real gives truth by real_predicate,
    own parameters, integers Promoted, gradient real, 250 ps,
    { F16 | BF16 | F32 => f32, F64 => f64 }
}
