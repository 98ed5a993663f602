//! A formula compiled into a loop: one [`LoopFn`] per formula and element type.
//!
//! The loop is compiled for each instruction set that `pulp` knows (AVX-512, AVX2 with FMA, NEON) with the
//! formula inlined, in groups of a register's worth of lanes that pass through local arrays: what the compiler sees has no aliasing
//! and no early exit, so it vectorises. Lanes that come out `rare` are computed again over [`Exact`].

use std::marker::PhantomData;
use std::sync::LazyLock;

use pulp::Simd;

use super::element::{B8, Element};
use super::float::group_done;
use super::lane::{Exact, FloatElement, Held, Lane, LaneElement, Rare, Verdict};
use super::number::{
    Complex, Equal, Equality, Field, FieldFormula, FieldPredicate, Int, IntFormula, Order, Ordered, OrderedFormula,
    PartFormula, Predicate, Real, RealFormula, RealPredicate, Ring, RingFormula,
};
use super::{Kernel, Still};

/// The instruction set, detected once.
static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// A formula made concrete for one element type.
pub trait Body<const N: usize, const P: usize> {
    /// Type of the inputs.
    type In: LaneElement;
    /// Type of the output.
    type Out: Element;

    /// One lane, and whether it must be computed again.
    fn lane(params: Params<Self::In, P>, x: [Self::In; N]) -> (Self::Out, <Self::In as LaneElement>::Rare);

    /// One lane the slow way.
    fn exact(params: Params<Self::In, P>, x: [Self::In; N]) -> Self::Out;
}

/// The parameters of a formula over elements `T`.
type Params<T, const P: usize> = [<T as LaneElement>::Param; P];

/// Computes the rare lanes of a group again.
///
/// # Safety
/// A group of elements is readable at every input.
#[cold]
#[inline(never)]
unsafe fn recompute<B: Body<N, P>, const N: usize, const P: usize, const G: usize>(
    params: &Params<B::In, P>,
    inputs: &[*const B::In; N],
    rare: &[<B::In as LaneElement>::Rare; G],
    results: &mut [B::Out; G],
) {
    for i in (0..G).filter(|&i| rare[i].is_set()) {
        // SAFETY: as promised.
        results[i] = B::exact(*params, inputs.map(|input| unsafe { input.add(i).read_unaligned() }));
    }
}

/// Room for the last, incomplete group, aligned so that no register-wide access crosses a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Buffer<T, const G: usize>([T; G]);

/// A loop about to run on some instruction set.
struct Run<B: Body<N, P>, const N: usize, const P: usize, const G: usize> {
    params: Params<B::In, P>,
    inputs: [*const B::In; N],
    output: *mut B::Out,
    n: usize,
    still: Still,
}

impl<B: Body<N, P>, const N: usize, const P: usize, const G: usize> pulp::WithSimd for Run<B, N, P, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { params, mut inputs, mut output, n, still } = self;
        let (mut groups, rest) = (n / G, n % G);
        let mut in_buffers = [Buffer([B::In::PADDING; G]); N];
        let mut out_buffer = Buffer([B::Out::default(); G]);
        let is_still: [bool; N] = std::array::from_fn(|k| still >> k & 1 != 0);
        // From one group of an input to the next. What is still is a group that is not moved on from.
        let steps = is_still.map(|still| if still { 0 } else { G });
        if still != 0 {
            for k in (0..N).filter(|&k| is_still[k]) {
                // SAFETY: the one element.
                in_buffers[k].0 = [unsafe { inputs[k].read_unaligned() }; G];
                inputs[k] = in_buffers[k].0.as_ptr();
            }
        }
        let mut last = std::ptr::null_mut::<u8>();
        let mut again = false;
        // At most twice: all full groups, then the rest as a full group, through the same code.
        loop {
            // Addresses of their own: which of the others is changed in between is found out at run time, so that they lie
            // in memory.
            let (mut from, mut to) = (inputs, output);
            for _ in 0..groups {
                // SAFETY: the caller vouches for n elements at each operand, or they are the buffers, of group size.
                unsafe {
                    group::<B, N, P, G>(&params, &from, to);
                    from = std::array::from_fn(|k| from[k].add(steps[k]));
                    to = to.add(G);
                }
                group_done();
            }
            (inputs, output) = (from, to);
            if !last.is_null() {
                // SAFETY: `last` is where the rest of the output goes.
                unsafe { copy_bytes(out_buffer.0.as_ptr().cast(), last, rest * size_of::<B::Out>()) };
                return;
            }
            if rest == 0 || again {
                return;
            }
            groups = 1;
            if n >= G && (0..N).all(|k| is_still[k] || inputs[k].addr() != output.addr()) {
                // The last group once more from a little further on: a lane depends on its values alone, so what was
                // computed already comes out the same. Not where it has overwritten what it was computed from.
                again = true;
                let back = G - rest;
                // SAFETY: a group and more has been passed.
                unsafe {
                    inputs = std::array::from_fn(|k| inputs[k].sub(back * usize::from(!is_still[k])));
                    output = output.sub(back);
                }
                continue;
            }
            last = output.cast::<u8>();
            output = out_buffer.0.as_mut_ptr();
            for k in (0..N).filter(|&k| !is_still[k]) {
                let buffer = in_buffers[k].0.as_mut_ptr();
                // SAFETY: the rest of the input is readable, and shorter than the buffer.
                unsafe { copy_bytes(inputs[k].cast(), buffer.cast(), rest * size_of::<B::In>()) };
                inputs[k] = buffer;
            }
        }
    }
}

/// One group: reads all inputs, computes, writes.
///
/// # Safety
/// A group of elements is readable at every input and writable at the output, which overlaps an input exactly or not
/// at all.
#[inline(always)]
unsafe fn group<B: Body<N, P>, const N: usize, const P: usize, const G: usize>(
    params: &Params<B::In, P>,
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
        let (value, flag) = B::lane(*params, std::array::from_fn(|k| x[k][i]));
        results[i] = value;
        rare[i] = flag;
        any = any.or(flag);
    }
    if any.is_set() {
        // Copies, so that the address of what stays in registers otherwise is never taken.
        let (params, inputs, rare, mut mixed) = (*params, *inputs, rare, results);
        // SAFETY: as promised; nothing has been written yet.
        unsafe { recompute::<B, N, P, G>(&params, &inputs, &rare, &mut mixed) };
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
/// As for every `LoopFn`: `params` points to `P` parameters, `inputs` to N pointers to `n` elements of `B::In`, `outputs`
/// to one pointer to `n` elements of `B::Out`, which overlaps an input exactly or not at all.
pub(super) unsafe fn run<B: Body<N, P>, const N: usize, const P: usize, const G: usize>(
    params: *const u64,
    inputs: *const *const u8,
    outputs: *const *mut u8,
    n: usize,
    still: Still,
) {
    // SAFETY: as promised.
    let (params, inputs, output) = unsafe {
        // Without parameters there may be nothing to point to.
        let params = if P == 0 { std::ptr::NonNull::dangling().as_ptr() } else { params.cast_mut() };
        let params = params.cast::<Params<B::In, P>>().read();
        (params, std::array::from_fn(|k| (*inputs.add(k)).cast::<B::In>()), (*outputs).cast())
    };
    let run = Run::<B, N, P, G> { params, inputs, output, n, still };
    #[cfg(target_arch = "x86_64")]
    match *ARCH {
        pulp::Arch::V4(simd) => Simd::vectorize(simd, run),
        pulp::Arch::V3(simd) => Simd::vectorize(simd, run),
        // SAFETY: as promised.
        _ => unsafe { one_by_one::<B, N, P>(params, inputs, output, n, still) },
    }
    #[cfg(not(target_arch = "x86_64"))]
    ARCH.dispatch(run);
}

/// The loop for x86 processors without AVX2 and fused multiply-add, made before 2013: the formula over the slow path
/// that exists anyway. A third copy of every loop would be the largest of all, because a fused multiply-add is a
/// library call there.
///
/// # Safety
/// As for [`run`].
#[cfg(target_arch = "x86_64")]
#[cold]
unsafe fn one_by_one<B: Body<N, P>, const N: usize, const P: usize>(
    params: Params<B::In, P>,
    inputs: [*const B::In; N],
    output: *mut B::Out,
    n: usize,
    still: Still,
) {
    for i in 0..n {
        // SAFETY: as promised.
        unsafe {
            let at = |k: usize| if still >> k & 1 != 0 { 0 } else { i };
            let x = std::array::from_fn(|k| inputs[k].add(at(k)).read_unaligned());
            output.add(i).write_unaligned(B::exact(params, x));
        }
    }
}

/// The loop of a body; `cost` is the estimated number of picoseconds per element on one core, for the decision to use
/// helpers.
fn kernel<B: Body<N, P>, const N: usize, const P: usize>(cost: u32) -> Kernel {
    Kernel {
        run: B::In::row::<B, N, P>(),
        input: B::In::DTYPE,
        output: B::Out::DTYPE,
        inputs: N as u8,
        params: P as u8,
        cost,
        repeats: true,
    }
}

macro_rules! bodies {
    ($(
        $(#[$doc:meta])*
        $name:ident: $body:ident, $formula:ident over $Number:ident, $out:ty, |$y:ident| $value:expr;
    )*) => {$(
        /// The body of such a loop.
        pub struct $body<F, T>(PhantomData<(F, T)>);

        impl<F: $formula<N, P>, T: LaneElement<Lane: $Number, Exact: $Number>, const N: usize, const P: usize>
            Body<N, P> for $body<F, T>
        {
            type In = T;
            type Out = $out;

            #[inline(always)]
            fn lane(params: Params<T, P>, x: [T; N]) -> ($out, T::Rare) {
                let (y, rare) = F::eval(params, x.map(<T::Lane as Held<T>>::load)).store();
                let $y = y;
                ($value, rare)
            }

            fn exact(params: Params<T, P>, x: [T; N]) -> $out {
                let ($y, _) = F::eval(params, x.map(<T::Exact as Held<T>>::load)).store();
                $value
            }
        }

        $(#[$doc])*
        pub fn $name<F, T, const N: usize, const P: usize>(cost: u32) -> Kernel
        where
            F: $formula<N, P>,
            T: LaneElement<Lane: $Number, Exact: $Number>,
        {
            kernel::<$body<F, T>, N, P>(cost)
        }
    )*};
}

bodies! {
    /// The loop of a formula of ring operations; inputs and output are `T`.
    ring: RingBody, RingFormula over Ring, T, |y| y;
    /// The loop of a formula of ring operations and comparisons; inputs and output are `T`.
    ordered: OrderedBody, OrderedFormula over Ordered, T, |y| y;
    /// The loop of an integer formula; inputs and output are `T`.
    int: IntBody, IntFormula over Int, T, |y| y;
    /// The loop of a formula of real or complex numbers; inputs and output are `T`.
    field: FieldBody, FieldFormula over Field, T, |y| y;
    /// The loop of a real formula; inputs and output are `T`.
    real: RealBody, RealFormula over Real, T, |y| y;
    /// The loop of a predicate of any dtype; inputs are `T`, the output is `bool` bytes 0 and 1.
    equality: EqualityBody, Equality over Equal, B8, |y| B8::from(y);
    /// The loop of a predicate of ordered numbers; inputs are `T`, the output is `bool` bytes 0 and 1.
    predicate: PredicateBody, Predicate over Order, B8, |y| B8::from(y);
    /// The loop of a predicate of real or complex numbers; inputs are `T`, the output is `bool` bytes 0 and 1.
    field_predicate: FieldPredicateBody, FieldPredicate over Field, B8, |y| B8::from(y);
    /// The loop of a predicate of real numbers; inputs are `T`, the output is `bool` bytes 0 and 1.
    real_predicate: RealPredicateBody, RealPredicate over Real, B8, |y| B8::from(y);
}

/// The body of a loop over complex numbers that gives real ones.
pub struct PartBody<F, T>(PhantomData<(F, T)>);

impl<F: PartFormula, T: FloatElement> Body<1, 0> for PartBody<F, T>
where
    Complex<T>: LaneElement<Rare = T::Rare, Lane = Complex<Lane<T>>, Exact = Complex<Exact<T>>>,
{
    type In = Complex<T>;
    type Out = T;

    #[inline(always)]
    fn lane(_: Params<Complex<T>, 0>, [z]: [Complex<T>; 1]) -> (T, T::Rare) {
        F::eval(Complex::new(Lane::new(z.re), Lane::new(z.im))).store()
    }

    fn exact(_: Params<Complex<T>, 0>, [z]: [Complex<T>; 1]) -> T {
        let (part, _): (T, T::Rare) = F::eval(Complex::new(Exact::new(z.re), Exact::new(z.im))).store();
        part
    }
}

/// The loop of such a formula; the input is complex, the output of its parts' type `T`.
pub fn part<F: PartFormula, T: FloatElement>(cost: u32) -> Kernel
where
    Complex<T>: LaneElement<Rare = T::Rare, Lane = Complex<Lane<T>>, Exact = Complex<Exact<T>>>,
{
    kernel::<PartBody<F, T>, 1, 0>(cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sine;
    impl RealFormula<1, 0> for Sine {
        fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R {
            x.sin()
        }
    }

    /// a · x + y, with a parameter.
    struct Axpy;
    impl RealFormula<2, 1> for Axpy {
        fn eval<R: Real>([a]: [R::Param; 1], [x, y]: [R; 2]) -> R {
            R::param(a).mul_add(x, y.exp())
        }
    }

    struct Sum;
    impl RingFormula<2, 0> for Sum {
        fn eval<R: Ring>([]: [R::Param; 0], [x, y]: [R; 2]) -> R {
            x + y
        }
    }

    struct Quotient;
    impl IntFormula<2, 0> for Quotient {
        fn eval<R: Int>([]: [R::Param; 0], [x, y]: [R; 2]) -> R {
            x.div_floor(y)
        }
    }

    struct Positive;
    impl RealPredicate<1, 0> for Positive {
        fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R::Mask {
            let zero = x.lit(0.0);
            x.sin().gt(zero)
        }
    }

    struct Less;
    impl Predicate<2, 0> for Less {
        fn eval<R: Order>([]: [R::Param; 0], [x, y]: [R; 2]) -> R::Mask {
            x.lt(y)
        }
    }

    /// Runs a loop over elements that start one byte off their alignment.
    fn apply<I: Element, O: Element, const N: usize>(params: &[f64], kernel: Kernel, x: [&[I]; N]) -> Vec<O> {
        let n = x[0].len();
        let misaligned = |bytes: usize| vec![0xaa_u8; bytes + 1];
        let inputs = x.map(|x| {
            let mut bytes = misaligned(size_of_val(x));
            // SAFETY: as many bytes as x has.
            unsafe { copy_bytes(x.as_ptr().cast(), bytes.as_mut_ptr().add(1), size_of_val(x)) };
            bytes
        });
        let mut output = misaligned(n * size_of::<O>());
        let pointers = inputs.each_ref().map(|bytes| bytes[1..].as_ptr());
        let out = output[1..].as_mut_ptr();
        assert_eq!((params.len(), N), (kernel.params(), kernel.inputs()));
        // SAFETY: n elements each, and the parameters of the loop.
        unsafe { (kernel.run)(params.as_ptr().cast(), pointers.as_ptr(), &out, n, 0) };
        let mut result = vec![O::default(); n];
        // SAFETY: n elements each.
        unsafe { copy_bytes(output[1..].as_ptr(), result.as_mut_ptr().cast(), n * size_of::<O>()) };
        result
    }

    /// Common and rare arguments of the sine, interleaved.
    fn angles<T: FloatElement>(n: usize) -> Vec<T> {
        (0..n).map(|i| T::lit(if i % 7 == 3 { 1e30 + 1e28 * i as f64 } else { i as f64 * 0.37 })).collect()
    }

    fn bits<T: FloatElement>(values: &[T]) -> Vec<u64> {
        values.iter().map(|v| v.to_f64().to_bits()).collect()
    }

    fn a_lane_depends_on_its_own_value<T: FloatElement>() {
        for n in 0..150 {
            let x = angles::<T>(n);
            let together: Vec<T> = apply(&[], real::<Sine, T, 1, 0>(0), [&x]);
            let one_by_one: Vec<T> =
                x.iter().flat_map(|&x| apply::<T, T, 1>(&[], real::<Sine, T, 1, 0>(0), [&[x]])).collect();
            assert_eq!(bits(&together), bits(&one_by_one), "{n} elements");
        }
    }

    #[test]
    fn results_do_not_depend_on_position_or_number() {
        a_lane_depends_on_its_own_value::<f32>();
        a_lane_depends_on_its_own_value::<f64>();
    }

    #[test]
    fn results_do_not_depend_on_the_instruction_set() {
        let (x, y) = (angles::<f32>(100), angles::<f32>(200)[100..].to_vec());
        let fast: Vec<f32> = apply(&[0.3], real::<Axpy, f32, 2, 1>(0), [&x, &y]);
        let mut portable = vec![0.0_f32; 100];
        pulp::Arch::Scalar.dispatch(Run::<RealBody<Axpy, f32>, 2, 1, 16> {
            params: [0.3],
            inputs: [x.as_ptr(), y.as_ptr()],
            output: portable.as_mut_ptr(),
            n: 100,
            still: 0,
        });
        assert_eq!(bits(&fast), bits(&portable));
    }

    #[test]
    fn an_output_may_be_exactly_an_input() {
        let mut x = angles::<f32>(99);
        let apart: Vec<f32> = apply(&[], real::<Sine, f32, 1, 0>(0), [&x]);
        let memory = x.as_mut_ptr().cast::<u8>();
        // SAFETY: 99 elements, read and written through the one pointer.
        unsafe { (real::<Sine, f32, 1, 0>(0).run)(std::ptr::null(), &memory.cast_const(), &memory, 99, 0) };
        assert_eq!(bits(&x), bits(&apart));
    }

    #[test]
    fn rare_lanes_of_a_predicate_are_computed_again() {
        let x = angles::<f64>(40);
        let positive: Vec<B8> = apply(&[], real_predicate::<Positive, f64, 1, 0>(0), [&x]);
        let expected: Vec<B8> = x.iter().map(|x| B8::from(x.sin() > 0.0)).collect();
        assert_eq!(positive, expected);
    }

    #[test]
    fn integers_wrap_and_divide_towards_minus_infinity() {
        let sums: Vec<i8> = apply(&[], ring::<Sum, i8, 2, 0>(0), [&[127_i8, -128, 5], &[1, -1, -7]]);
        assert_eq!(sums, [-128, 127, -2]);
        let quotients: Vec<i64> = apply(&[], int::<Quotient, i64, 2, 0>(0), [&[7_i64, -7, i64::MIN], &[-2, 2, -1]]);
        assert_eq!(quotients, [-4, -4, i64::MIN]);
        let quotients: Vec<u8> = apply(&[], int::<Quotient, u8, 2, 0>(0), [&[7_u8, 255], &[2, 255]]);
        assert_eq!(quotients, [3, 1]);
    }

    #[test]
    fn bool_bytes_other_than_one_are_true() {
        let (x, y) = ([B8(0), B8(2), B8(0xff), B8(0)], [B8(0), B8(0), B8(7), B8(4)]);
        let sums: Vec<B8> = apply(&[], ring::<Sum, B8, 2, 0>(0), [&x, &y]);
        assert_eq!(sums, [B8(0), B8(1), B8(1), B8(1)]);
        let less: Vec<B8> = apply(&[], predicate::<Less, B8, 2, 0>(0), [&x, &y]);
        assert_eq!(less, [B8(0), B8(0), B8(0), B8(1)]);
    }
}
