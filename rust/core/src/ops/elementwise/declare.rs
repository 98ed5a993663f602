//! What a row is written in: the macro `elementwise!` and what it expands to.

use crate::kernels::number::Alone;

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
    )+) => {
        /// All rows that are declared here.
        #[cfg(test)]
        pub(in crate::ops) const ROWS: &[&crate::ops::elementwise::Row] = &[$(&$name::ROW),+];

        $(
        $(#[doc = $doc])+
        #[allow(non_camel_case_types, unused_imports, dead_code, clippy::module_inception)]
        pub mod $name {
            use super::*;
            use crate::kernels::number::{
                Equal, Field, Int, Order, Parameter, Real, Ring, absorbing, not_below, weighted, with_sign_of, within, xor,
            };
            use crate::ops::elementwise::{GradRow, Row, tier};
            use crate::scalar::Scalar;

            /// Numbers of the slots: inputs, then the output.
            enum Slot { $($x,)+ $($z,)? }

            /// Number of inputs.
            pub const INPUTS: usize = [$(stringify!($x)),+].len();

            const NAMES: &[&str] = $crate::ops::elementwise::names!($params);
            /// Number of parameters.
            pub const PARAMS: usize = NAMES.len();

            $crate::ops::elementwise::formula!(tier::$tier, Value, INPUTS, [$($x),+], $params, $value);

            $(
                /// The gradient with respect to one input.
                pub mod $gx {
                    use super::*;
                    /// How many values the formula reads.
                    pub const READS: usize = [stringify!($g) $(, stringify!($use))*].len();
                    $crate::ops::elementwise::formula!(tier::$tier::gradient, Grad, READS, [$g $(, $use)*], $params, $grad);
                    $(
                        /// The same, without an input that is not at hand any more.
                        pub mod without {
                            use super::super::*;
                            /// How many values the formula reads.
                            pub const READS: usize = [stringify!($h) $(, stringify!($less))*].len();
                            $crate::ops::elementwise::formula!(tier::$tier::gradient, Grad, READS, [$h $(, $less)*], $params, $rest);
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
                params: NAMES,
                tier: tier::$tier::TIER,
                value: tier::$tier::kernel::<Value, INPUTS, PARAMS>,
                grads: &[$(GradRow {
                    uses: &[$(Slot::$use as u8),*],
                    pass: $crate::ops::elementwise::same_text(stringify!($grad), stringify!($g)),
                    kernel: tier::$tier::gradient::kernel::<$gx::Grad, { $gx::READS }, PARAMS>,
                    traced: tier::$tier::gradient::trace::<$gx::Grad, { $gx::READS }, PARAMS>,
                    without: {
                        const WITHOUT: &[GradRow] = &[$(GradRow {
                            uses: &[$(Slot::$less as u8),*],
                            pass: $crate::ops::elementwise::same_text(stringify!($rest), stringify!($h)),
                            kernel: tier::$tier::gradient::kernel::<$gx::without::Grad, { $gx::without::READS }, PARAMS>,
                            traced: tier::$tier::gradient::trace::<$gx::without::Grad, { $gx::without::READS }, PARAMS>,
                            without: None,
                        })?];
                        WITHOUT.first()
                    },
                }),*],
                domain: ($low, $high),
                refuses: None,
                unknown: 0,
                unpromoted: $crate::ops::elementwise::unpromoted(&[$(stringify!($x)),+]),
            };
        }
    )+};
}

/// The names of a bracketed list.
macro_rules! names {
    ([$($p:ident),*]) => { &[$(stringify!($p)),*] };
}

/// A formula as the trait of a tier.
macro_rules! formula {
    ($($tier:ident)::+, $F:ident, $n:ident, [$($x:ident),+], [$($p:ident),*], $body:expr) => {
        /// A formula.
        pub struct $F;

        impl $($tier)::+::Formula<$n, PARAMS> for $F {
            const ALONE: Option<crate::kernels::number::Alone> =
                crate::ops::elementwise::alone(&[$(stringify!($x)),+], stringify!($body));
            #[inline(always)]
            fn eval<R: $($tier)::+::Number>(params: [R::Param; PARAMS], [$($x),+]: [R; $n]) -> $($tier)::+::Output<R> {
                // A gradient need not read every parameter.
                #[allow(unused_variables)]
                let [$($p),*] = params.map($($tier)::+::parameter::<R>);
                $body
            }
        }
    };
}

/// The function that is all there is to a formula of one input, if it has a loop of its own.
pub const fn alone(inputs: &[&str], formula: &str) -> Option<Alone> {
    if inputs.len() != 1 || !same_text(inputs[0], "x") {
        return None;
    }
    const KNOWN: [(&str, Alone); 4] =
        [("x.exp()", Alone::Exp), ("x.log()", Alone::Log), ("x.sqrt()", Alone::Sqrt), ("x.gelu()", Alone::Gelu)];
    let mut at = 0;
    while at < KNOWN.len() {
        if same_text(KNOWN[at].0, formula) {
            return Some(KNOWN[at].1);
        }
        at += 1;
    }
    None
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

pub(crate) use {elementwise, formula, names};
