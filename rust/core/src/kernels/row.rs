//! A formula compiled into a loop: one [`LoopFn`] per formula and element type.
//!
//! The loop is compiled for each instruction set that `pulp` knows (AVX-512, AVX2 with FMA, NEON, portable) with the
//! formula inlined, in groups of a register's worth of lanes that pass through local arrays: what the compiler sees has no aliasing
//! and no early exit, so it vectorises. Lanes that come out `rare` are computed again over [`Exact`].

use std::marker::PhantomData;
use std::sync::LazyLock;
use std::sync::atomic::{Ordering, compiler_fence};

use super::LoopFn;
use super::element::{B8, Element};
use super::lane::{Exact, FloatElement, Lane, LaneElement, Rare};
use super::number::{Int, IntFormula, Predicate, RealFormula, RealPredicate, Ring, RingFormula};

/// The instruction set, detected once.
static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// A formula made concrete for one element type.
pub trait Body<const N: usize> {
    /// The formula's type; its value holds the parameters.
    type Formula;
    /// Type of the inputs.
    type In: LaneElement;
    /// Type of the output.
    type Out: Element;

    /// One lane, and whether it must be computed again.
    fn lane(formula: &Self::Formula, x: [Self::In; N]) -> (Self::Out, <Self::In as LaneElement>::Rare);

    /// One lane the slow way.
    fn exact(formula: &Self::Formula, x: [Self::In; N]) -> Self::Out;
}

/// Computes the rare lanes of a group again.
///
/// # Safety
/// A group of elements is readable at every input.
#[cold]
#[inline(never)]
unsafe fn recompute<B: Body<N>, const N: usize, const G: usize>(
    formula: &B::Formula,
    inputs: &[*const B::In; N],
    rare: &[<B::In as LaneElement>::Rare; G],
    results: &mut [B::Out; G],
) {
    for i in (0..G).filter(|&i| rare[i].is_set()) {
        // SAFETY: as promised.
        results[i] = B::exact(formula, inputs.map(|input| unsafe { input.add(i).read_unaligned() }));
    }
}

/// Room for the last, incomplete group, aligned so that no register-wide access crosses a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Buffer<T, const G: usize>([T; G]);

/// A loop about to run on some instruction set.
struct Run<'a, B: Body<N>, const N: usize, const G: usize> {
    formula: &'a B::Formula,
    inputs: [*const B::In; N],
    output: *mut B::Out,
    n: usize,
}

impl<B: Body<N>, const N: usize, const G: usize> pulp::WithSimd for Run<'_, B, N, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { formula, mut inputs, mut output, n } = self;
        let (mut groups, rest) = (n / G, n % G);
        let mut in_buffers = [Buffer([B::In::PADDING; G]); N];
        let mut out_buffer = Buffer([B::Out::default(); G]);
        let mut last = std::ptr::null_mut::<u8>();
        // At most twice: all full groups, then the rest as a full group in the buffers, through the same code.
        loop {
            for _ in 0..groups {
                // SAFETY: the caller vouches for n elements at each operand, or they are the buffers, of group size.
                unsafe {
                    group::<B, N, G>(formula, &inputs, output);
                    inputs = inputs.map(|input| input.add(G));
                    output = output.add(G);
                }
                // Costs nothing, but the optimiser must not vectorise across groups, which it would do by gathers.
                compiler_fence(Ordering::SeqCst);
            }
            if !last.is_null() {
                // SAFETY: `last` is where the rest of the output goes.
                unsafe { copy_bytes(out_buffer.0.as_ptr().cast(), last, rest * size_of::<B::Out>()) };
                return;
            }
            if rest == 0 {
                return;
            }
            last = output.cast::<u8>();
            output = out_buffer.0.as_mut_ptr();
            for k in 0..N {
                let buffer = in_buffers[k].0.as_mut_ptr();
                // SAFETY: the rest of the input is readable, and shorter than the buffer.
                unsafe { copy_bytes(inputs[k].cast(), buffer.cast(), rest * size_of::<B::In>()) };
                inputs[k] = buffer;
            }
            groups = 1;
        }
    }
}

/// One group: reads all inputs, computes, writes.
///
/// # Safety
/// A group of elements is readable at every input and writable at the output, which overlaps an input exactly or not
/// at all.
#[inline(always)]
unsafe fn group<B: Body<N>, const N: usize, const G: usize>(
    formula: &B::Formula,
    inputs: &[*const B::In; N],
    output: *mut B::Out,
) {
    let mut x = [[B::In::default(); G]; N];
    for k in 0..N {
        // SAFETY: as promised. As bytes, because tensor memory need not be aligned.
        unsafe {
            std::ptr::copy_nonoverlapping(inputs[k].cast::<u8>(), x[k].as_mut_ptr().cast(), G * size_of::<B::In>());
        }
    }
    let mut results = [B::Out::default(); G];
    let mut rare = [<B::In as LaneElement>::Rare::NO; G];
    let mut any = <B::In as LaneElement>::Rare::NO;
    for i in 0..G {
        let (value, flag) = B::lane(formula, std::array::from_fn(|k| x[k][i]));
        results[i] = value;
        rare[i] = flag;
        any = any.or(flag);
    }
    if any.is_set() {
        // Copies, so that the address of what stays in registers otherwise is never taken.
        let (inputs, rare, mut mixed) = (*inputs, rare, results);
        // SAFETY: as promised; nothing has been written yet.
        unsafe { recompute::<B, N, G>(formula, &inputs, &rare, &mut mixed) };
        results = mixed;
    }
    // SAFETY: as promised.
    unsafe {
        std::ptr::copy_nonoverlapping(results.as_ptr().cast::<u8>(), output.cast(), G * size_of::<B::Out>());
    }
}

/// `copy_nonoverlapping`, out of line: for the few bytes of an incomplete group it need not be copied into each loop.
///
/// # Safety
/// As for `copy_nonoverlapping`.
#[inline(never)]
unsafe fn copy_bytes(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: as promised.
    unsafe { std::ptr::copy_nonoverlapping(from, to, bytes) };
}

/// The [`LoopFn`] of a body.
///
/// # Safety
/// As for every `LoopFn`: `op` points to a `B::Formula`, `inputs` to N pointers to `n` elements of `B::In`, `outputs`
/// to one pointer to `n` elements of `B::Out`, which overlaps an input exactly or not at all.
pub(super) unsafe fn run<B: Body<N>, const N: usize, const G: usize>(
    op: *const u8,
    inputs: *const *const u8,
    outputs: *const *mut u8,
    n: usize,
) {
    // SAFETY: as promised.
    let (formula, inputs, output) = unsafe {
        (&*op.cast::<B::Formula>(), std::array::from_fn(|k| (*inputs.add(k)).cast::<B::In>()), (*outputs).cast())
    };
    ARCH.dispatch(Run::<B, N, G> { formula, inputs, output, n });
}

macro_rules! bodies {
    ($(
        $(#[$doc:meta])*
        $name:ident: $body:ident, $formula:ident over $element:ident $(+ $bound:ident)? where [$($condition:tt)*],
        $out:ty, |$result:ident| $value:expr, $exact:expr;
    )*) => {$(
        /// The body of such a loop.
        pub struct $body<F, T>(PhantomData<(F, T)>);

        impl<F: $formula<N>, T: $element $(+ $bound)?, const N: usize> Body<N> for $body<F, T>
        where
            $($condition)*
        {
            type Formula = F;
            type In = T;
            type Out = $out;

            #[inline(always)]
            fn lane(formula: &F, x: [T; N]) -> ($out, T::Rare) {
                let $result = formula.eval(x.map(Lane::new));
                ($value, $result.rare)
            }

            fn exact(formula: &F, x: [T; N]) -> $out {
                let exact: fn(&F, [T; N]) -> $out = $exact;
                exact(formula, x)
            }
        }

        $(#[$doc])*
        pub fn $name<F: $formula<N>, T: $element $(+ $bound)?, const N: usize>() -> LoopFn
        where
            $($condition)*
        {
            T::row::<$body<F, T>, N>()
        }
    )*};
}

bodies! {
    /// The loop of a real formula; inputs and output are `T`.
    real: RealBody, RealFormula over FloatElement where [],
    T, |y| y.value, |f, x| f.eval(x.map(Exact::new)).value;

    /// The loop of a formula of ring operations; inputs and output are `T`.
    ring: RingBody, RingFormula over LaneElement where [Lane<T>: Ring],
    T, |y| y.value, |f, x| f.eval(x.map(Lane::new)).value;

    /// The loop of an integer formula; inputs and output are `T`.
    int: IntBody, IntFormula over LaneElement where [Lane<T>: Int],
    T, |y| y.value, |f, x| f.eval(x.map(Lane::new)).value;

    /// The loop of a predicate; inputs are `T`, the output is `bool` bytes 0 and 1.
    predicate: PredicateBody, Predicate over LaneElement + PartialOrd where [],
    B8, |y| B8::from(y.on), |f, x| B8::from(f.eval(x.map(Lane::new)).on);

    /// The loop of a predicate of real numbers; inputs are `T`, the output is `bool` bytes 0 and 1.
    real_predicate: RealPredicateBody, RealPredicate over FloatElement where [],
    B8, |y| B8::from(y.on), |f, x| B8::from(f.eval(x.map(Exact::new)));
}
