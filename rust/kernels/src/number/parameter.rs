//! What a formula is given beside its inputs.

use arcgrad_base::Scalar;

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
