//! One tower of numbers: the traits that formulas and kernels are generic over.
//!
//! ```text
//! Equal ── Ring ── Field ──┐
//!   │       │              Real
//!   └──── Order ───────────┘      Ordered = Ring + Order,  Int: Ordered
//! ```
//!
//! An op's value and gradient are written once over these traits. Read over a lane of `f32` or `i64` a formula is the
//! body of a SIMD loop; read over the graph's `Traced` tensors it is differentiable code. Structured kernels read them over
//! plain scalars ([`store`]). Branches are written with masks and `select`, never by multiplication with a mask (`0 * inf` is
//! NaN): what has no weight is one of two products, [`absorbing`] and [`weighted`].

mod complex;
mod equal;
mod field;
mod formula;
mod parameter;
mod ring;
pub mod slope;
mod store;

use std::ops::{BitAnd, BitOr, Not};

pub use complex::{Complex, Part};
pub use equal::{Equal, Order};
pub use field::{Field, Real};
pub use formula::{
    Alone, Equality, FieldFormula, FieldPredicate, IntFormula, OrderedFormula, PartFormula, Predicate, RealFormula,
    RealPredicate, RingFormula,
};
pub use parameter::Parameter;
pub use ring::{Int, Ordered, Ring};
pub use store::{Bounded, Store};

/// Exactly one of two masks is true.
#[inline(always)]
pub fn xor<M: Clone + BitAnd<Output = M> + BitOr<Output = M> + Not<Output = M>>(a: M, b: M) -> M {
    (a.clone() & !b.clone()) | (!a & b)
}

/// `x` where it lies within ±`bound`, else the bound: for factors that are 0 or 1 beyond, so that no infinity meets a 0.
#[inline(always)]
pub fn within<R: Real>(x: R, bound: f64) -> R {
    let (low, high) = (x.lit(-bound), x.lit(bound));
    let x = not_below(x, low);
    R::select(x.clone().gt(high.clone()), high, x)
}

/// `x` where it is not below `low`, NaN too, else `low`.
#[inline(always)]
pub fn not_below<R: Order>(x: R, low: R) -> R {
    R::select(x.clone().lt(low.clone()), low, x)
}

/// `g` with the sign of `x`, 0 where `x` is 0: not as a product, which an infinite `g` would make NaN there.
#[inline(always)]
pub fn with_sign_of<R: Ordered>(g: R, x: R) -> R {
    let zero = g.zero();
    R::select(x.clone().gt(zero.clone()), g.clone(), R::select(x.lt(zero.clone()), -g, zero))
}

/// `x * factor`, and 0 where the factor is 0, whatever `x` is: what a mask or a step of 0 takes away is gone.
#[inline(always)]
pub fn absorbing<R: Ring>(x: R, factor: R) -> R {
    let zero = factor.zero();
    R::select(factor.clone().eq(zero.clone()), zero, x * factor)
}

/// `weight * x`, and 0 where the weight is 0 and `x` infinite: what has no weight does not count, but a NaN stays seen.
#[inline(always)]
pub fn weighted<R: Field>(x: R, weight: R) -> R {
    let zero = weight.int(0);
    R::select(weight.clone().eq(zero.clone()) & x.clone().is_infinite(), zero, weight * x)
}
