//! Functions that the two types compute in different ways.

use super::{Float, error_function, power};

/// What is not one expression over both types.
pub trait ByType: Float {
    /// The error function.
    fn erf(self) -> Self;
    /// The distribution function of the normal distribution.
    fn normal_cdf(self) -> Self;
    /// `self` to the power `exponent`, and `rare`.
    fn pow(self, exponent: Self) -> (Self, bool);
}

macro_rules! by_type {
    ($type:ident, $erf:path, $cdf:path, $pow:path) => {
        impl ByType for $type {
            #[inline(always)]
            fn erf(self) -> Self {
                $erf(self)
            }
            #[inline(always)]
            fn normal_cdf(self) -> Self {
                $cdf(self)
            }
            #[inline(always)]
            fn pow(self, exponent: Self) -> (Self, bool) {
                $pow(self, exponent)
            }
        }
    };
}

by_type!(f32, error_function::erf_single, error_function::normal_cdf_single, power::pow_single);
by_type!(f64, error_function::erf_double, error_function::normal_cdf_double, power::pow_double);
