//! Functions that are computed one number at a time, in `f64` for both types: what has series of different lengths, steps of
//! Newton's method, sums until they stand still. A loop calls them lane by lane.

use super::{bessel, incomplete_gamma, normal, zeta};

macro_rules! functions {
    ($(#[$doc:meta])* $Name:ident of $Value:ty: $($Function:ident $value:path;)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $Name {
            $(
                #[doc = concat!("[`", stringify!($value), "`].")]
                $Function,
            )+
        }

        impl $Name {
            /// What it is computed by.
            #[inline(always)]
            pub fn value(self) -> $Value {
                match self {
                    $(Self::$Function => $value,)+
                }
            }
        }
    };
}

functions! {
    /// A function of one number.
    Function of fn(f64) -> f64:
    Erfcx normal::erfcx;
    Erfinv normal::erfinv;
    Ndtr normal::ndtr;
    LogNdtr normal::log_ndtr;
    Ndtri normal::ndtri;
    I0 bessel::i0;
    I0e bessel::i0e;
    I1 bessel::i1;
    I1e bessel::i1e;
    K0 bessel::k0;
    K0e bessel::k0e;
    K1 bessel::k1;
    K1e bessel::k1e;
    J0 bessel::j0;
    J1 bessel::j1;
    Y0 bessel::y0;
    Y1 bessel::y1;
    SphericalJ0 bessel::spherical_j0;
}

functions! {
    /// A function of two numbers.
    Function2 of fn(f64, f64) -> f64:
    Zeta zeta::zeta;
    Polygamma zeta::polygamma;
    GammaP incomplete_gamma::lower;
    GammaQ incomplete_gamma::upper;
    GammaDensity incomplete_gamma::density;
}
