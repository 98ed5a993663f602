//! Functions of sixteen `f32` in instructions that only AVX-512 has: scaling by a power of two, taking a number apart, an
//! estimate of 1/√x. The steps, and so the bits, are those of the functions that any processor computes, which a test compares.

use std::arch::x86_64::*;

use super::Float;
use super::coefficients::single;
use super::error_function::{EXP_MINUS_HALF, GELU_MAX, LN4, OVER_LN4};
use crate::Still;

/// Elements of a group.
const GROUP: usize = 16;

/// Elements between what is computed and what is asked for from the second-level cache, which alone comes too late where a
/// group is ten cycles: 256 KB and more take 0.9 of the time with it.
const AHEAD: usize = 128;

/// Defines loops as [`GroupsFn`](crate::row::GroupsFn) wants them, of functions of a register.
macro_rules! loops {
    ($($(#[$doc:meta])* $name:ident: $function:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// As for every [`GroupsFn`](crate::row::GroupsFn) of one input and elements of `f32`, on a processor that has AVX-512.
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
        pub unsafe fn $name(_: *const u64, inputs: *const *const u8, output: *mut u8, count: usize, still: Still) {
            // SAFETY: there is an input.
            let mut input = unsafe { inputs.read() }.cast::<f32>();
            let mut output = output.cast::<f32>();
            let step = if still & 1 != 0 { 0 } else { GROUP };
            for _ in 0..count {
                // SAFETY: the caller vouches for so many groups of either; what is asked for beyond them is not read.
                unsafe {
                    _mm_prefetch::<_MM_HINT_T0>(input.wrapping_add(AHEAD).cast());
                    _mm512_storeu_ps(output, $function(_mm512_loadu_ps(input)));
                    (input, output) = (input.add(step), output.add(GROUP));
                }
            }
        }
    )*};
}

loops! {
    /// eˣ.
    exp: exp_of;
    /// The natural logarithm.
    log: log_of;
    /// The square root.
    sqrt: sqrt_of;
    /// x·Φ(x).
    gelu: gelu_of;
}

/// Functions of registers.
macro_rules! functions {
    ($($(#[$doc:meta])* fn $name:ident($($x:ident: $type:ty),*) $(-> $ret:ty)? $body:block)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// On a processor that has AVX-512.
        #[inline]
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
        fn $name($($x: $type),*) $(-> $ret)? $body
    )*};
}

functions! {
    /// Sixteen times the same.
    fn all(x: f32) -> __m512 {
        _mm512_set1_ps(x)
    }

    /// [`polynomial`](super::polynomial).
    fn polynomial(x: __m512, coefficients: &[f32]) -> __m512 {
        let mut i = coefficients.len() - 1;
        let mut sum = all(coefficients[i]);
        while i > 0 {
            i -= 1;
            sum = _mm512_fmadd_ps(sum, x, all(coefficients[i]));
        }
        sum
    }

    /// [`Float::scaled_round`]'s number.
    fn scaled_round(x: __m512, factor: f32) -> __m512 {
        let magic = all(1.5 * (1u32 << 23) as f32);
        _mm512_sub_ps(_mm512_fmadd_ps(x, all(factor), magic), magic)
    }

    /// [`exponential::exp`](super::exponential::exp). The scaling rounds once, as the second of the two products does there.
    fn exp_of(x: __m512) -> __m512 {
        let [low, high] = f32::EXP_RANGE;
        // The second operand is what NaN leaves.
        let x = _mm512_min_ps(all(high), _mm512_max_ps(all(low), x));
        let n = scaled_round(x, f32::LOG2_E[0]);
        let r = _mm512_fmadd_ps(n, all(-f32::LN2[1]), _mm512_fmadd_ps(n, all(-f32::LN2[0]), x));
        let one = all(1.0);
        let p = _mm512_fmadd_ps(r, _mm512_fmadd_ps(r, polynomial(r, &single::EXP), one), one);
        _mm512_scalef_ps(p, n)
    }

    /// [`log_single`](super::logarithm::log_single). The exponents of 0 and ∞ are −∞ and ∞ here, and the significand of what
    /// is less than −0 is NaN: no case is special but that of the NaN itself, which is to be the same.
    fn log_of(x: __m512) -> __m512 {
        let m = _mm512_getmant_ps::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_NAN>(x);
        let k = _mm512_sub_ps(_mm512_getexp_ps(x), _mm512_getexp_ps(m));
        let f = _mm512_sub_ps(m, all(1.0));
        let y = _mm512_fmadd_ps(_mm512_mul_ps(f, f), polynomial(f, &single::LOG_DIRECT), f);
        let y = _mm512_fmadd_ps(k, all(f32::LN2[0]), y);
        _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(y, y), all(f32::NAN))
    }

    /// The square root, correctly rounded as that of the divider, which is busy for twice as long with it: an estimate of 1/√x to
    /// 14 bits, a step of Goldschmidt's to 27, and the root corrected by what its square misses of x (Markstein, IBM J. Res.
    /// Dev. 34 (1990)). That no result differs is a matter of the significand and of the exponent's last bit, of which a test tries all.
    /// Groups with a number below 2⁻¹⁰⁰, where what the square misses may underflow, or above all finite ones, are left to the
    /// divider.
    fn sqrt_of(x: __m512) -> __m512 {
        const LEAST: i32 = 0x0d80_0000;
        const ABOVE: i32 = f32::INFINITY.to_bits() as i32;
        let above = _mm512_sub_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(LEAST));
        if _mm512_cmpge_epu32_mask(above, _mm512_set1_epi32(ABOVE - LEAST)) != 0 {
            return _mm512_sqrt_ps(x);
        }
        let estimate = _mm512_rsqrt14_ps(x);
        let (half, root) = (_mm512_mul_ps(estimate, all(0.5)), _mm512_mul_ps(estimate, x));
        let rest = _mm512_fnmadd_ps(root, half, all(0.5));
        let (half, root) = (_mm512_fmadd_ps(half, rest, half), _mm512_fmadd_ps(root, rest, root));
        _mm512_fmadd_ps(_mm512_fnmadd_ps(root, root, x), half, root)
    }

    /// [`gelu_single`](super::error_function::gelu_single), whose power of two has the shift in the polynomial here.
    fn gelu_of(x: __m512) -> __m512 {
        const SHIFTED: f32 = (1u128 << 64) as f32;
        const EXP: [f32; 7] = {
            let mut coefficients = EXP_MINUS_HALF;
            let mut k = 0;
            while k < coefficients.len() {
                coefficients[k] *= SHIFTED;
                k += 1;
            }
            coefficients
        };
        // The lesser magnitude, without a sign; of NaN the number.
        let a = _mm512_range_ps::<0b1010>(x, all(GELU_MAX));
        let n = scaled_round(_mm512_mul_ps(a, a), -OVER_LN4);
        let r = _mm512_fmadd_ps(a, a, _mm512_mul_ps(n, all(LN4[0])));
        let r = _mm512_fmadd_ps(n, all(LN4[1]), r);
        let e = _mm512_scalef_ps(polynomial(r, &EXP), n);
        let tail = _mm512_div_ps(
            _mm512_mul_ps(e, polynomial(a, &single::SCALED_CDF)),
            polynomial(a, &single::SCALED_CDF_UNDER),
        );
        // Of two zeros and of NaN the second operand.
        let positive = _mm512_max_ps(all(-0.0), x);
        _mm512_fmadd_ps(_mm512_mul_ps(a, tail), all(-1.0 / SHIFTED), positive)
    }
}
