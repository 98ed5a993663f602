//! Functions that the two types compute in different ways.

use super::{Float, error_function, hyperbolic, logarithm, power};

/// What is not one expression over both types.
pub trait ByType: Float {
    /// The natural logarithm.
    fn log(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// x·Φ(x), Φ being the distribution function of the normal distribution.
    fn gelu(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// The distribution function of the normal distribution.
    fn normal_cdf(self) -> Self;
    /// `self` to the power `exponent`, and `rare`.
    fn pow(self, exponent: Self) -> (Self, bool);
}

macro_rules! by_type {
    ($type:ident: $($one:ident $path:path),*; $pow:path) => {
        impl ByType for $type {
            $(
                #[inline(always)]
                fn $one(self) -> Self {
                    $path(self)
                }
            )*
            #[inline(always)]
            fn pow(self, exponent: Self) -> (Self, bool) {
                $pow(self, exponent)
            }
        }
    };
}

by_type! {
    f32: log logarithm::log_single, tanh hyperbolic::tanh_single, gelu error_function::gelu_single,
    erf error_function::erf_single, normal_cdf error_function::normal_cdf_single; power::pow_single
}
by_type! {
    f64: log logarithm::log_double, tanh hyperbolic::tanh_double, gelu error_function::gelu_double,
    erf error_function::erf_double, normal_cdf error_function::normal_cdf_double; power::pow_double
}
