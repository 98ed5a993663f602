//! Comparisons, logic, tests for special values.

use super::elementwise;

elementwise! {
    /// `x < y`.
    lt(x, y)[] "LtBackward0" predicate in -3.0..3.0 { value: x.lt(y) }
    /// `x <= y`.
    le(x, y)[] "LeBackward0" predicate in -3.0..3.0 { value: x.le(y) }
    /// `x > y`.
    gt(x, y)[] "GtBackward0" predicate in -3.0..3.0 { value: x.gt(y) }
    /// `x >= y`.
    ge(x, y)[] "GeBackward0" predicate in -3.0..3.0 { value: x.ge(y) }
    /// `x == y`.
    eq(x, y)[] "EqBackward0" equality in -3.0..3.0 { value: x.eq(y) }
    /// `x != y`.
    ne(x, y)[] "NeBackward0" equality in -3.0..3.0 { value: x.ne(y) }
    /// Both are not zero.
    logical_and(x, y)[] "LogicalAndBackward0" equality in -3.0..3.0 {
        value: { let zero = x.zero(); x.ne(zero.clone()) & y.ne(zero) }
    }
    /// Either is not zero.
    logical_or(x, y)[] "LogicalOrBackward0" equality in -3.0..3.0 {
        value: { let zero = x.zero(); x.ne(zero.clone()) | y.ne(zero) }
    }
    /// Exactly one is not zero.
    logical_xor(x, y)[] "LogicalXorBackward0" equality in -3.0..3.0 {
        value: { let zero = x.zero(); xor(x.ne(zero.clone()), y.ne(zero)) }
    }
    /// Is zero.
    logical_not(x)[] "LogicalNotBackward0" equality in -3.0..3.0 { value: { let zero = x.zero(); x.eq(zero) } }
    /// Is NaN.
    isnan(x)[] "IsnanBackward0" field_predicate in -3.0..3.0 { value: x.is_nan() }
    /// Is +∞ or −∞.
    isinf(x)[] "IsinfBackward0" field_predicate in -3.0..3.0 { value: x.is_infinite() }
    /// Is neither infinite nor NaN.
    isfinite(x)[] "IsfiniteBackward0" field_predicate in -3.0..3.0 { value: x.is_within(f64::INFINITY) }
    /// Is +∞.
    isposinf(x)[] "IsposinfBackward0" real_predicate in -3.0..3.0 {
        value: { let infinity = x.lit(f64::INFINITY); x.eq(infinity) }
    }
    /// Is −∞.
    isneginf(x)[] "IsneginfBackward0" real_predicate in -3.0..3.0 {
        value: { let infinity = x.lit(f64::NEG_INFINITY); x.eq(infinity) }
    }
    /// The sign bit is set, also that of −0 and of NaN.
    signbit(x)[] "SignbitBackward0" real_predicate in -3.0..3.0 {
        value: { let zero = x.zero(); x.lit(1.0).copysign(x).lt(zero) }
    }
}
