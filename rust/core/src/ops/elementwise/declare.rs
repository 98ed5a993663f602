//! What a row is written in: the macro `elementwise!` and what it expands to.

use crate::ops::traced::Traced;

/// Declares elementwise operations.
///
/// ```text
/// /// Documentation.
/// name(x, y)[param] -> z "NodeName" tier in low..high {
///     value: formula,
///     x(g, y): gradient with respect to x, reading the gradient and y,
///     y(g, x): …,
/// }
/// ```
/// Inputs, output and parameters are the names used in the formulas; a gradient lists what it reads. Behind the node's
/// name may stand what PyTorch saves where the row has no parameter: `"PowBackward0"(exponent = Int 2)`. Behind a gradient
/// may stand a second formula, which asks for less, for where an input is not at hand any more:
/// `x(g, x, z): …; without(g, z): …` (see [`GradRow::without`](crate::ops::elementwise::GradRow)).
macro_rules! elementwise {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident ( $($x:ident),+ ) $params:tt $(-> $z:ident)? $node:literal
        $(( $($constant:ident = $kind:ident $number:literal),+ ))? $tier:ident in $low:literal .. $high:literal {
            value: $value:expr
            $(, $gx:ident ( $g:ident $(, $use:ident)* ) : $grad:expr
                $(; without ( $h:ident $(, $less:ident)* ) : $rest:expr )? )* $(,)?
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[allow(non_camel_case_types, unused_imports, dead_code, clippy::module_inception)]
        pub mod $name {
            use super::*;
            use crate::kernels::number::{Int, Order, Real, Ring, not_below, with_sign_of, within, xor};
            use crate::kernels::row::Parameters;
            use crate::ops::elementwise::{GradRow, Row, Tier, trace};
            use crate::scalar::Scalar;

            /// Numbers of the slots: inputs, then the output.
            enum Slot { $($x,)+ $($z,)? }

            /// Number of inputs.
            pub const INPUTS: usize = [$(stringify!($x)),+].len();

            $crate::ops::elementwise::formula!($tier Value, INPUTS, [$($x),+], $params, $value);

            $(
                /// The gradient with respect to one input.
                pub mod $gx {
                    use super::*;
                    /// How many values the formula reads.
                    pub const READS: usize = [stringify!($g) $(, stringify!($use))*].len();
                    $crate::ops::elementwise::formula!(real Grad, READS, [$g $(, $use)*], $params, $grad);
                    $(
                        /// The same, without an input that is not at hand any more.
                        pub mod without {
                            use super::super::*;
                            /// How many values the formula reads.
                            pub const READS: usize = [stringify!($h) $(, stringify!($less))*].len();
                            $crate::ops::elementwise::formula!(real Grad, READS, [$h $(, $less)*], $params, $rest);
                        }
                    )?
                }
            )*

            /// The row.
            pub static ROW: Row = Row {
                name: stringify!($name),
                node: $node,
                constants: &[$($((stringify!($constant), Scalar::$kind($number))),+)?],
                doc: concat!($($doc, "\n"),+),
                inputs: &[$(stringify!($x)),+],
                params: $crate::ops::elementwise::names!($params),
                tier: $crate::ops::elementwise::tier!($tier),
                value: |dtype| $crate::ops::elementwise::kernel!($tier, dtype, Value, INPUTS),
                grads: &[$(GradRow {
                    uses: &[$(Slot::$use as u8),*],
                    pass: $crate::ops::elementwise::same_text(stringify!($grad), stringify!($g)),
                    kernel: |dtype| $crate::ops::elementwise::kernel!(real, dtype, $gx::Grad, { $gx::READS }),
                    traced: |params, inputs| trace::<_, { $gx::READS }>(&$gx::Grad::from_params(params), inputs),
                    without: {
                        const WITHOUT: &[GradRow] = &[$(GradRow {
                            uses: &[$(Slot::$less as u8),*],
                            pass: $crate::ops::elementwise::same_text(stringify!($rest), stringify!($h)),
                            kernel: |dtype| {
                                $crate::ops::elementwise::kernel!(real, dtype, $gx::without::Grad, { $gx::without::READS })
                            },
                            traced: |params, inputs| {
                                trace::<_, { $gx::without::READS }>(&$gx::without::Grad::from_params(params), inputs)
                            },
                            without: None,
                        })?];
                        WITHOUT.first()
                    },
                }),*],
                domain: ($low, $high),
                refuses: None,
            };
        }
    )+};
}

/// The names of a bracketed list.
macro_rules! names {
    ([$($p:ident),*]) => { &[$(stringify!($p)),*] };
}

/// A struct with the parameters as fields, and the formula as the trait of its tier.
macro_rules! formula {
    ($tier:ident $F:ident, $n:ident, $inputs:tt, [$($p:ident),*], $body:expr) => {
        /// A formula; its parameters are the fields.
        pub struct $F { $(
            /// A parameter of the operation.
            pub $p: f64,
        )* }
        impl $crate::kernels::row::Parameters for $F {
            const COUNT: usize = <[&str]>::len($crate::ops::elementwise::names!([$($p),*]));
            #[inline]
            fn from_params(params: &[f64]) -> Self {
                let mut _params = params.iter().copied();
                Self { $($p: _params.next().expect("one value per parameter"),)* }
            }
        }
        $crate::ops::elementwise::formula!(@ $tier $F, $n, $inputs, [$($p),*], $body);
    };
    (@ real $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RealFormula, Real, R, $($rest)*); };
    (@ float $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RealFormula, Real, R, $($rest)*); };
    (@ ring $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RingFormula, Ring, R, $($rest)*); };
    (@ number $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RingFormula, Ring, R, $($rest)*); };
    (@ int $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ IntFormula, Int, R, $($rest)*); };
    (@ predicate $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ Predicate, Order, R::Mask, $($rest)*); };
    (@ real_predicate $($rest:tt)*) => { $crate::ops::elementwise::formula!(@@ RealPredicate, Real, R::Mask, $($rest)*); };
    (@@ $Trait:ident, $Number:ident, $Out:ty, $F:ident, $n:ident, [$($x:ident),+], [$($p:ident),*], $body:expr) => {
        impl $crate::kernels::number::$Trait<$n> for $F {
            #[inline(always)]
            fn eval<R: $crate::kernels::number::$Number>(&self, [$($x),+]: [R; $n]) -> $Out {
                // A gradient need not read every parameter.
                #[allow(unused_variables)]
                let Self { $($p),* } = *self;
                $body
            }
        }
    };
}

/// The tier as a value.
macro_rules! tier {
    (real) => {
        Tier::Real
    };
    (float) => {
        Tier::Float
    };
    (ring) => {
        Tier::Ring
    };
    (number) => {
        Tier::Number
    };
    (int) => {
        Tier::Int
    };
    (predicate) => {
        Tier::Predicate
    };
    (real_predicate) => {
        Tier::RealPredicate
    };
}

/// The compiled loops of a formula, per dtype. Small integers and `bool` are computed in `i32`, into which the loop
/// driver casts them block by block, and cut off to their width again: wrapping arithmetic comes out the same.
macro_rules! kernel {
    (@match $build:ident, $cost:expr, $dtype:expr, $F:ty, $n:expr, $($($from:ident)|+ => $T:ty),+) => {
        match $dtype {
            $($($crate::dtype::DType::$from)|+ => Some($crate::kernels::row::$build::<$F, $T, { $n }>($cost)),)+
            _ => None,
        }
    };
    (real, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match real, 800, $dtype, $F, $n, F32 => f32, F64 => f64)
    };
    (float, $dtype:expr, $F:ty, $n:expr) => { $crate::ops::elementwise::kernel!(real, $dtype, $F, $n) };
    (ring, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match ring, 250, $dtype, $F, $n,
            F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 | Bool => i32)
    };
    (number, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match ring, 250, $dtype, $F, $n,
            F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 => i32)
    };
    (int, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match int, 500, $dtype, $F, $n,
            I64 => i64, I32 | I16 | I8 | U8 => i32)
    };
    (predicate, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match predicate, 250, $dtype, $F, $n,
            F32 => f32, F64 => f64, I64 => i64, I32 | I16 | I8 | U8 | Bool => i32)
    };
    (real_predicate, $dtype:expr, $F:ty, $n:expr) => {
        $crate::ops::elementwise::kernel!(@match real_predicate, 250, $dtype, $F, $n, F32 => f32, F64 => f64)
    };
}

/// Reads a formula over the graph.
pub fn trace<F: crate::kernels::number::RealFormula<N>, const N: usize>(formula: &F, inputs: Vec<Traced>) -> Traced {
    let mut inputs = inputs.into_iter();
    formula.eval(std::array::from_fn(|_| inputs.next().expect("one value per read slot")))
}

/// Whether two texts are the same; tells at compile time that a gradient passes unchanged.
pub const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

pub(crate) use {elementwise, formula, kernel, names, tier};
