//! A formula compiled into a loop: one [`LoopFn`] per formula and element type.
//!
//! The loop is compiled for each instruction set that `pulp` knows (AVX-512, AVX2 with FMA, NEON, portable) with the
//! formula inlined, in groups of [`GROUP`] lanes that pass through local arrays: what the compiler sees has no aliasing
//! and no early exit, so it vectorises. Lanes that come out `rare` are computed again over [`Exact`].

use std::marker::PhantomData;
use std::sync::LazyLock;

use super::LoopFn;
use super::element::{B8, Element};
use super::lane::{Exact, FloatElement, Lane, LaneElement, Rare};
use super::number::{Int, IntFormula, Predicate, RealFormula, RealPredicate, Ring, RingFormula};

/// Lanes computed together: four registers of the widest kind for `f32`.
pub const GROUP: usize = 64;

/// The last group is padded to a multiple of this many lanes: one register of the widest kind for `f32`.
const STEP: usize = 16;

/// The instruction set, detected once.
static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// A formula made concrete for one element type.
trait Body<const N: usize> {
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
#[cold]
#[inline(never)]
fn recompute<B: Body<N>, const N: usize>(
    formula: &B::Formula,
    inputs: &[[B::In; GROUP]; N],
    rare: &[<B::In as LaneElement>::Rare; GROUP],
    output: &mut [B::Out; GROUP],
    lanes: usize,
) {
    for i in (0..lanes).filter(|&i| rare[i].is_set()) {
        output[i] = B::exact(formula, std::array::from_fn(|k| inputs[k][i]));
    }
}

/// A loop about to run on some instruction set.
struct Run<'a, B: Body<N>, const N: usize> {
    formula: &'a B::Formula,
    inputs: [*const B::In; N],
    output: *mut B::Out,
    n: usize,
}

impl<B: Body<N>, const N: usize> pulp::WithSimd for Run<'_, B, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { formula, inputs, output, n } = self;
        let mut group = [[B::In::default(); GROUP]; N];
        let mut results = [B::Out::default(); GROUP];
        let mut rare = [<B::In as LaneElement>::Rare::NO; GROUP];
        let mut start = 0;
        while start < n {
            let lanes = GROUP.min(n - start);
            for k in 0..N {
                // SAFETY: the caller of the loop vouches for n elements at each input, and start + lanes <= n.
                unsafe { load(inputs[k].add(start), &mut group[k], lanes) };
            }
            let padded = lanes.next_multiple_of(STEP).min(GROUP);
            let mut any = <B::In as LaneElement>::Rare::NO;
            for i in 0..padded {
                let (value, flag) = B::lane(formula, std::array::from_fn(|k| group[k][i]));
                results[i] = value;
                rare[i] = flag;
                any = any.or(flag);
            }
            if any.is_set() {
                recompute::<B, N>(formula, &group, &rare, &mut results, lanes);
            }
            // SAFETY: the caller vouches for n elements at the output; all inputs of this group have been read.
            unsafe { store(&results, output.add(start), lanes) };
            start += lanes;
        }
    }
}

/// Copies `lanes` elements from memory; a full group in one piece.
///
/// # Safety
/// `lanes <= GROUP` elements are readable at `from`.
#[inline(always)]
unsafe fn load<T: Copy>(from: *const T, to: &mut [T; GROUP], lanes: usize) {
    if lanes == GROUP {
        // SAFETY: as promised; the array's alignment is not assumed.
        *to = unsafe { from.cast::<[T; GROUP]>().read_unaligned() };
    } else {
        // SAFETY: as promised; `to` is a local array of at least that size.
        unsafe { std::ptr::copy_nonoverlapping(from.cast::<u8>(), to.as_mut_ptr().cast(), lanes * size_of::<T>()) };
    }
}

/// Copies `lanes` elements to memory; a full group in one piece.
///
/// # Safety
/// `lanes <= GROUP` elements are writable at `to`.
#[inline(always)]
unsafe fn store<T: Copy>(from: &[T; GROUP], to: *mut T, lanes: usize) {
    if lanes == GROUP {
        // SAFETY: as promised; the array's alignment is not assumed.
        unsafe { to.cast::<[T; GROUP]>().write_unaligned(*from) };
    } else {
        // SAFETY: as promised; `from` is a local array of at least that size.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr().cast::<u8>(), to.cast(), lanes * size_of::<T>()) };
    }
}

/// The [`LoopFn`] of a body.
///
/// # Safety
/// As for every `LoopFn`: `op` points to a `B::Formula`, `inputs` to N pointers to `n` elements of `B::In`, `outputs`
/// to one pointer to `n` elements of `B::Out`, which overlaps an input exactly or not at all.
unsafe fn run<B: Body<N>, const N: usize>(op: *const u8, inputs: *const *const u8, outputs: *const *mut u8, n: usize) {
    // SAFETY: as promised.
    let (formula, inputs, output) = unsafe {
        (&*op.cast::<B::Formula>(), std::array::from_fn(|k| (*inputs.add(k)).cast::<B::In>()), (*outputs).cast())
    };
    ARCH.dispatch(Run::<B, N> { formula, inputs, output, n });
}

macro_rules! bodies {
    ($(
        $(#[$doc:meta])*
        $name:ident: $body:ident, $formula:ident over $element:ident $(+ $bound:ident)? where [$($condition:tt)*],
        $out:ty, |$result:ident| $value:expr, $exact:expr;
    )*) => {$(
        struct $body<F, T>(PhantomData<(F, T)>);

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
            run::<$body<F, T>, N>
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
