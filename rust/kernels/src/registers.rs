//! Wide vector registers: after foreign code has used them, and between groups of lanes.

use std::sync::atomic::{Ordering, compiler_fence};

/// Runs code of a library that computes in wide registers, and clears their upper halves behind it.
///
/// While those hold anything, processors of Intel's merge every narrow instruction's result into them, so that scalar
/// code, ours and everybody else's in the process, runs several times slower (Intel's optimisation manual, "Mixing Intel
/// AVX and Intel SSE code"). The compiler clears them at the end of every function it compiled for wide registers;
/// kernels written in assembler are left to whoever calls them.
#[inline]
pub fn cleared<R>(run: impl FnOnce() -> R) -> R {
    let _clear = Clear;
    run()
}

/// To be called where a loop goes on from one group of lanes to the next. Costs nothing, but the optimiser must not
/// vectorise across groups, which it would do by gathers.
#[inline(always)]
pub fn group_done() {
    compiler_fence(Ordering::SeqCst);
}

/// Clears when it goes, however the code ended.
struct Clear;

impl Drop for Clear {
    #[inline]
    fn drop(&mut self) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx") {
            // SAFETY: the processor has the instruction.
            unsafe { std::arch::x86_64::_mm256_zeroupper() };
        }
    }
}
