//! A formula compiled into a loop: one [`LoopFn`] per formula and element type.
//!
//! The loop is compiled for each instruction set (AVX-512, AVX2 with FMA, NEON) with the
//! formula inlined, in groups of a register's worth of lanes that pass through local arrays: what the compiler sees has no aliasing
//! and no early exit, so it vectorises. Lanes that come out `rare` are computed again over [`Exact`]. What surrounds the
//! groups (operands that are still, the last elements) is [`drive`], which is the same code for all formulas: compiled into
//! each it was half of every loop.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;

use super::element::{B8, Element};
use super::lane::{Exact, FloatElement, Held, Lane, LaneElement, Rare, Verdict};
use super::number::{
    Alone, Complex, Equal, Equality, Field, FieldFormula, FieldPredicate, Int, IntFormula, Order, Ordered,
    OrderedFormula, PartFormula, Predicate, Real, RealFormula, RealPredicate, Ring, RingFormula,
};
use super::registers::group_done;
use super::{Kernel, MAX_OPERANDS, ROWS, Rows, STREAMS, Still};

/// The instruction set, detected once.
#[cfg(target_arch = "x86_64")]
static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// A formula made concrete for one element type.
pub trait Body<const N: usize, const P: usize> {
    /// Type of the inputs.
    type In: LaneElement;
    /// Type of the output.
    type Out: Element;
    /// The function that is all there is to the formula, if it has a loop of its own.
    const ALONE: Option<Alone> = None;

    /// One lane, and whether it must be computed again.
    fn lane(params: Params<Self::In, P>, x: [Self::In; N]) -> (Self::Out, <Self::In as LaneElement>::Rare);

    /// One lane the slow way.
    fn exact(params: Params<Self::In, P>, x: [Self::In; N]) -> Self::Out;
}

/// The parameters of a formula over elements `T`.
type Params<T, const P: usize> = [<T as LaneElement>::Param; P];

/// The lanes of a body the slow way: those of `n` elements that are rare, or all of them where `rare` is null.
///
/// # Safety
/// As for every `LoopFn`; `rare` is null or points to `n` flags.
#[cold]
#[inline(never)]
unsafe fn slow<B: Body<N, P>, const N: usize, const P: usize>(
    params: *const u64,
    inputs: *const *const u8,
    output: *mut u8,
    n: usize,
    still: Still,
    rare: *const (),
) {
    let rare = rare.cast::<<B::In as LaneElement>::Rare>();
    for i in 0..n {
        // SAFETY: as promised.
        unsafe {
            if rare.is_null() || (*rare.add(i)).is_set() {
                let at = |k: usize| if still >> k & 1 != 0 { 0 } else { i };
                let x = std::array::from_fn(|k| (*inputs.add(k)).cast::<B::In>().add(at(k)).read_unaligned());
                output.cast::<B::Out>().add(i).write_unaligned(B::exact(read_params::<B, N, P>(params), x));
            }
        }
    }
}

/// The parameters of a body.
///
/// # Safety
/// `params` points to `P` parameters.
#[inline(always)]
unsafe fn read_params<B: Body<N, P>, const N: usize, const P: usize>(params: *const u64) -> Params<B::In, P> {
    // Without parameters there may be nothing to point to.
    let params = if P == 0 { std::ptr::dangling() } else { params };
    // SAFETY: as promised.
    unsafe { params.cast::<Params<B::In, P>>().read() }
}

/// Bytes of the largest group.
const MOST_BYTES: usize = 256;

/// Room for a group, aligned so that no register-wide access crosses a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Buffer([MaybeUninit<u8>; MOST_BYTES]);

/// Some whole groups: as a `LoopFn`, but for `count` groups, and of an input that is still there is a group.
pub type GroupsFn =
    unsafe fn(params: *const u64, inputs: *const *const u8, output: *mut u8, count: usize, still: Still);

/// Bytes between what is written and what is asked for to be written.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 512;

/// See [`GroupsFn`]. With `PASSING` the memory of the output is asked for ahead.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn groups<B: Body<N, P>, const N: usize, const P: usize, const G: usize, const PASSING: bool>(
    params: *const u64,
    inputs: *const *const u8,
    output: *mut u8,
    count: usize,
    still: Still,
) {
    // SAFETY: as promised.
    let (params, mut inputs): (_, [*const B::In; N]) =
        unsafe { (read_params::<B, N, P>(params), std::array::from_fn(|k| (*inputs.add(k)).cast())) };
    let mut output = output.cast::<B::Out>();
    // From one group of an input to the next. What is still is a group that is not moved on from.
    let steps: [usize; N] = std::array::from_fn(|k| if still >> k & 1 != 0 { 0 } else { G });
    for _ in 0..count {
        // SAFETY: the caller vouches for the groups of each operand.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            if PASSING {
                use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                _mm_prefetch::<_MM_HINT_T0>(output.cast::<i8>().wrapping_add(AHEAD));
            }
            group::<B, N, P, G>(&params, &inputs, output);
            inputs = std::array::from_fn(|k| inputs[k].add(steps[k]));
            output = output.add(G);
        }
        group_done();
    }
}

/// [`groups`] for AVX-512, with the instructions of [`pulp::x86::V4`].
///
/// # Safety
/// As for [`groups`], on a processor that has them.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
unsafe fn wide<B: Body<N, P>, const N: usize, const P: usize, const G: usize>(
    params: *const u64,
    inputs: *const *const u8,
    output: *mut u8,
    count: usize,
    still: Still,
) {
    // SAFETY: as promised.
    unsafe { groups::<B, N, P, G, false>(params, inputs, output, count, still) }
}

/// [`groups`] for AVX2 with fused multiply-add, the instructions of [`pulp::x86::V3`]; and, where memory is what takes time, for
/// newer processors as well: of registers half as wide twice as many are read at once, and with the output asked for ahead
/// the maximum of 100,000 elements and a number takes 7.0 µs instead of 8.0, or of 10.9 where they are not aligned.
///
/// # Safety
/// As for [`groups`], on a processor that has them.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn narrow<B: Body<N, P>, const N: usize, const P: usize, const G: usize>(
    params: *const u64,
    inputs: *const *const u8,
    output: *mut u8,
    count: usize,
    still: Still,
) {
    // SAFETY: as promised.
    unsafe { groups::<B, N, P, G, true>(params, inputs, output, count, still) }
}

/// An element as often as sixteen bytes have room for it.
type Pattern = [u64; 2];

/// The pattern of an element.
///
/// # Safety
/// There is an element of `size` bytes.
#[inline(always)]
unsafe fn pattern(element: *const u8, size: usize) -> Pattern {
    // SAFETY: as promised.
    unsafe {
        match size {
            1 => [u64::from(element.read()) * 0x0101_0101_0101_0101; 2],
            2 => [u64::from(element.cast::<u16>().read_unaligned()) * 0x0001_0001_0001_0001; 2],
            4 => [u64::from(element.cast::<u32>().read_unaligned()) * 0x0000_0001_0000_0001; 2],
            8 => [element.cast::<u64>().read_unaligned(); 2],
            _ => element.cast::<Pattern>().read_unaligned(),
        }
    }
}

impl Buffer {
    /// Fills it, as far as a group of so many bytes reaches. A constant number of stores is less than a loop that counts.
    #[inline(always)]
    fn fill(&mut self, pattern: Pattern, bytes: usize) -> *mut u8 {
        let start = self.0.as_mut_ptr().cast::<u8>();
        let few = MOST_BYTES / 4 / size_of::<Pattern>();
        // SAFETY: within the buffer, which is aligned for it.
        let write = |at: usize| unsafe { start.cast::<Pattern>().add(at).write(pattern) };
        (0..few).for_each(write);
        if bytes > MOST_BYTES / 4 {
            (few..4 * few).for_each(write);
        }
        start
    }
}

/// Copies some bytes, without a call, which would take longer.
///
/// # Safety
/// So many bytes can be read and written, and they do not overlap.
#[inline(always)]
unsafe fn copy_short(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: as promised: all within the bytes, some of them twice.
    unsafe {
        macro_rules! words {
            ($word:ty) => {{
                let copy = |at: usize| {
                    to.add(at).cast::<$word>().write_unaligned(from.add(at).cast::<$word>().read_unaligned());
                };
                let size = size_of::<$word>();
                let mut at = 0;
                while at + size < bytes {
                    copy(at);
                    at += size;
                }
                copy(bytes - size);
            }};
        }
        match bytes {
            16.. => words!(u128),
            8.. => words!(u64),
            4.. => words!(u32),
            1.. => words!(u8),
            0 => {}
        }
    }
}

/// A loop over `n` elements by groups of it: the frame of all loops over such elements, which is compiled once for these and not
/// for each formula. `count` is the number of inputs; `streaming` does the same as `groups` for what [`STREAMS`].
///
/// # Safety
/// As for every `LoopFn`, for the body whose groups these are.
unsafe fn drive<I: LaneElement, O: Element, const G: usize>(
    [groups, streaming]: [GroupsFn; 2],
    count: usize,
    params: *const u64,
    inputs: *const *const u8,
    output: *mut u8,
    n: usize,
    still: Still,
) {
    const {
        assert!(G.is_power_of_two() && G * size_of::<I>() <= MOST_BYTES && G * size_of::<O>() <= MOST_BYTES);
    }
    let (size, out_size, group) = (size_of::<I>(), size_of::<O>(), G);
    let padding = I::PADDING;
    // SAFETY: an element.
    let padding = unsafe { pattern((&raw const padding).cast(), size) };
    let (whole, rest) = (n / group, n % group);
    if still == 0 && rest == 0 {
        // SAFETY: as promised.
        return unsafe { groups(params, inputs, output, whole, still) };
    }
    let mut buffers = [const { Buffer([MaybeUninit::uninit(); MOST_BYTES]) }; MAX_OPERANDS];
    let mut ptrs = [const { MaybeUninit::<*const u8>::uninit() }; MAX_OPERANDS];
    let is_still = |k: usize| still >> k & 1 != 0;
    if whole == 0 {
        // The short row of most calls on small tensors, where every instruction counts.
        // SAFETY: there are so many inputs, of fewer elements than a group, and one group of each buffer.
        unsafe {
            // The first half of a group, and the half that ends with the row: some elements twice, and nothing to fill up with,
            // since a lane depends on its values alone.
            let halves = 2 * n >= group;
            for (k, (buffer, ptr)) in buffers.iter_mut().zip(&mut ptrs).take(count).enumerate() {
                let input = *inputs.add(k);
                ptr.write(if is_still(k) {
                    buffer.fill(pattern(input, size), group * size)
                } else if halves {
                    let (start, half) = (buffer.0.as_mut_ptr().cast::<u8>(), group / 2 * size);
                    start.copy_from_nonoverlapping(input, half);
                    start.add(half).copy_from_nonoverlapping(input.add(n * size - half), half);
                    start
                } else {
                    let start = buffer.fill(padding, group * size);
                    copy_short(input, start, n * size);
                    start
                });
            }
            let mut results = Buffer([MaybeUninit::uninit(); MOST_BYTES]);
            let results = results.0.as_mut_ptr().cast::<u8>();
            groups(params, ptrs.as_ptr().cast(), results, 1, 0);
            if !halves {
                return copy_short(results, output, n * out_size);
            }
            let half = group / 2 * out_size;
            output.copy_from_nonoverlapping(results, half);
            output.add(n * out_size - half).copy_from_nonoverlapping(results.add(half), half);
            return;
        }
    }
    let groups = if still >= ROWS {
        let groups = if still & STREAMS != 0 { streaming } else { groups };
        if still & ROWS != 0 {
            let sizes = [count, size, out_size, group];
            // SAFETY: as promised: the inputs are the start of rows.
            return unsafe { drive_rows(groups, sizes, params, &*inputs.cast::<Rows>(), output, n, still) };
        }
        groups
    } else {
        groups
    };
    let done = whole * group;
    let last = output.wrapping_add(done * out_size);
    // Whether an input is what is written: then the rest is overwritten before it can be read again.
    let mut is_output = false;
    for k in 0..count {
        // SAFETY: there are so many inputs, and of what is still one element.
        unsafe {
            let input = *inputs.add(k);
            let still = is_still(k);
            is_output |= !still && input.wrapping_add(done * size).addr() == last.addr();
            ptrs[k].write(if still { buffers[k].fill(pattern(input, size), group * size) } else { input });
        }
    }
    // SAFETY: so many groups of each operand.
    unsafe { groups(params, ptrs.as_ptr().cast(), output, whole, still) };
    if rest == 0 {
        return;
    }
    if !is_output {
        // The last group once more from a little further on: what was computed already comes out the same.
        let from = n - group;
        for k in (0..count).filter(|&k| !is_still(k)) {
            // SAFETY: there are so many inputs.
            ptrs[k].write(unsafe { *inputs.add(k) }.wrapping_add(from * size));
        }
        let output = output.wrapping_add(from * out_size);
        // SAFETY: the last `group` elements of each operand.
        return unsafe { groups(params, ptrs.as_ptr().cast(), output, 1, still) };
    }
    // What is still was filled before anything was written.
    for k in (0..count).filter(|&k| !is_still(k)) {
        let buffer = buffers[k].fill(padding, group * size);
        // SAFETY: there are so many inputs, whose rest is shorter than the buffer.
        unsafe { (*inputs.add(k)).wrapping_add(done * size).copy_to_nonoverlapping(buffer, rest * size) };
        ptrs[k].write(buffer);
    }
    let mut results = Buffer([MaybeUninit::uninit(); MOST_BYTES]);
    let results = results.0.as_mut_ptr().cast::<u8>();
    // SAFETY: a group of each operand; `last` is where the rest of the output goes.
    unsafe {
        groups(params, ptrs.as_ptr().cast(), results, 1, still);
        last.copy_from_nonoverlapping(results, rest * out_size);
    }
}

/// Rows whose elements that are still are repeated before the rows are computed: what has been written just now in narrow
/// pieces cannot be read in a wide one yet.
const ROWS_AT_ONCE: usize = 16;

/// [`drive`] over rows of at least a group: what is the same for all of them is worked out once. The sizes are the number of inputs,
/// bytes of an element of an input and of the output, and lanes of a group.
///
/// # Safety
/// As for every `LoopFn`, for each row.
#[inline(never)]
unsafe fn drive_rows(
    groups: GroupsFn,
    [count, size, out_size, group]: [usize; 4],
    params: *const u64,
    rows: &Rows,
    mut output: *mut u8,
    n: usize,
    still: Still,
) {
    let (whole, rest, from) = (n / group, n % group, n - group);
    let is_still = |k: usize| still >> k & 1 != 0;
    let in_place = (0..count).any(|k| !is_still(k) && rows.inputs[k].addr() == output.addr());
    let mut repeated = [const { [Buffer([MaybeUninit::uninit(); MOST_BYTES]); ROWS_AT_ONCE] }; MAX_OPERANDS];
    // Where the row at hand is, where its last group is, and how far it is to the next, be it of a buffer.
    let (mut ptrs, mut last, mut steps) = (rows.inputs, rows.inputs, rows.steps);
    for k in 0..count {
        if is_still(k) {
            steps[k] = size_of::<Buffer>() as isize;
        } else {
            last[k] = ptrs[k].wrapping_add(from * size);
        }
    }
    for first in (0..rows.count).step_by(ROWS_AT_ONCE) {
        let some = ROWS_AT_ONCE.min(rows.count - first);
        for k in (0..count).filter(|&k| is_still(k)) {
            let mut input = rows.inputs[k].wrapping_offset(rows.steps[k] * first as isize);
            for buffer in &mut repeated[k][..some] {
                // SAFETY: an element of each row.
                buffer.fill(unsafe { pattern(input, size) }, group * size);
                input = input.wrapping_offset(rows.steps[k]);
            }
            ptrs[k] = repeated[k].as_ptr().cast();
            last[k] = ptrs[k];
        }
        for _ in 0..some {
            let end = output.wrapping_add(from * out_size);
            // SAFETY: the groups of a row. The last one overlaps the one before; in place it is computed before anything is
            // written, and only what the others leave of it is stored.
            unsafe {
                if rest == 0 {
                    groups(params, ptrs.as_ptr(), output, whole, still);
                } else if in_place {
                    let mut results = Buffer([MaybeUninit::uninit(); MOST_BYTES]);
                    let results = results.0.as_mut_ptr().cast::<u8>();
                    groups(params, last.as_ptr(), results, 1, still);
                    groups(params, ptrs.as_ptr(), output, whole, still);
                    let seen = (group - rest) * out_size;
                    copy_short(results.add(seen), end.wrapping_add(seen), rest * out_size);
                } else {
                    groups(params, ptrs.as_ptr(), output, whole, still);
                    groups(params, last.as_ptr(), end, 1, still);
                }
            }
            for k in 0..count {
                ptrs[k] = ptrs[k].wrapping_offset(steps[k]);
                last[k] = last[k].wrapping_offset(steps[k]);
            }
            output = output.wrapping_offset(rows.step_out);
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
        let (params, inputs) = ((&raw const params).cast(), (&raw const inputs).cast());
        let (flags, output) = ((&raw const rare).cast(), (&raw mut mixed).cast());
        // SAFETY: as promised; nothing has been written yet.
        unsafe { slow::<B, N, P>(params, inputs, output, G, 0, flags) };
        results = mixed;
    }
    // SAFETY: as promised.
    unsafe {
        std::ptr::copy_nonoverlapping(results.as_ptr().cast::<u8>(), output.cast(), G * size_of::<B::Out>());
    }
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
    const {
        assert!(
            B::ALONE.is_none() || N == 1 && P == 0 && B::In::DTYPE as u8 == B::Out::DTYPE as u8,
            "a loop of its own has one input and an output of the same type"
        );
    }
    let loops = Loops {
        #[cfg(target_arch = "x86_64")]
        wide: B::ALONE.and_then(B::In::wide).unwrap_or(wide::<B, N, P, G>),
        #[cfg(target_arch = "x86_64")]
        narrow: narrow::<B, N, P, G>,
        #[cfg(target_arch = "x86_64")]
        slow: slow::<B, N, P>,
        #[cfg(not(target_arch = "x86_64"))]
        plain: groups::<B, N, P, G, false>,
        inputs: const {
            assert!(N <= MAX_OPERANDS);
            N
        },
    };
    // SAFETY: as promised.
    unsafe { choose::<B::In, B::Out, G>(&loops, params, inputs, outputs, n, still) }
}

/// What is compiled of a body.
struct Loops {
    #[cfg(target_arch = "x86_64")]
    wide: GroupsFn,
    #[cfg(target_arch = "x86_64")]
    narrow: GroupsFn,
    #[cfg(target_arch = "x86_64")]
    slow: unsafe fn(*const u64, *const *const u8, *mut u8, usize, Still, *const ()),
    #[cfg(not(target_arch = "x86_64"))]
    plain: GroupsFn,
    /// Number of inputs.
    inputs: usize,
}

/// Runs the loop for this processor. Those for x86 without AVX2 and fused multiply-add were made before 2013: they compute
/// the formula the slow way, which exists anyway. A third copy of every loop would be the largest of all, because a fused
/// multiply-add is a library call there.
///
/// # Safety
/// As for every `LoopFn`, for the body whose loops these are.
#[inline(never)]
unsafe fn choose<I: LaneElement, O: Element, const G: usize>(
    loops: &Loops,
    params: *const u64,
    inputs: *const *const u8,
    outputs: *const *mut u8,
    n: usize,
    still: Still,
) {
    // SAFETY: as promised.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        let groups = match *ARCH {
            pulp::Arch::V4(_) => loops.wide,
            pulp::Arch::V3(_) => loops.narrow,
            _ => return slow_rows(loops, params, inputs, *outputs, n, still),
        };
        #[cfg(target_arch = "x86_64")]
        let streaming = loops.narrow;
        #[cfg(not(target_arch = "x86_64"))]
        let [groups, streaming] = [loops.plain; 2];
        drive::<I, O, G>([groups, streaming], loops.inputs, params, inputs, *outputs, n, still);
    }
}

/// The slow way over a row, or over rows.
///
/// # Safety
/// As for every `LoopFn`, for the body whose loops these are.
#[cfg(target_arch = "x86_64")]
#[cold]
unsafe fn slow_rows(
    loops: &Loops,
    params: *const u64,
    inputs: *const *const u8,
    output: *mut u8,
    n: usize,
    still: Still,
) {
    // SAFETY: as promised, for each row.
    unsafe {
        if still & ROWS == 0 {
            return (loops.slow)(params, inputs, output, n, still, std::ptr::null());
        }
        let rows = &*inputs.cast::<Rows>();
        for row in 0..rows.count as isize {
            let inputs: [_; MAX_OPERANDS] =
                std::array::from_fn(|k| rows.inputs[k].wrapping_offset(rows.steps[k] * row));
            let output = output.wrapping_offset(rows.step_out * row);
            (loops.slow)(params, inputs.as_ptr(), output, n, still, std::ptr::null());
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
            const ALONE: Option<Alone> = F::ALONE;

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
            unsafe { bytes.as_mut_ptr().add(1).copy_from_nonoverlapping(x.as_ptr().cast(), size_of_val(x)) };
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
        unsafe { output[1..].as_ptr().copy_to_nonoverlapping(result.as_mut_ptr().cast(), n * size_of::<O>()) };
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
        type Mapped = RealBody<Axpy, f32>;
        let (param, inputs) = (0.3_f64.to_bits(), [x.as_ptr().cast::<u8>(), y.as_ptr().cast()]);
        let (plain, output): (GroupsFn, _) = (groups::<Mapped, 2, 1, 16, false>, portable.as_mut_ptr().cast());
        // SAFETY: 100 elements each, and the parameter of the loop.
        unsafe { drive::<f32, f32, 16>([plain; 2], 2, &param, inputs.as_ptr(), output, 100, 0) };
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
    fn rows_are_computed_as_one_by_one() {
        let run = real::<Axpy, f32, 2, 1>(0).run;
        let param = 0.3_f64.to_bits();
        for n in 32..70 {
            for (streams, still, in_place) in [(0, 0, false), (STREAMS, 2, false), (0, 2, true), (STREAMS, 0, true)] {
                // Rows that lie apart, of which the second operand has an element or a row each.
                let (count, pitch) = (19, n + 3);
                let (mut x, y) = (angles::<f32>(count * pitch), angles::<f32>(count * pitch + 5)[5..].to_vec());
                let mut each = x.clone();
                for row in 0..count {
                    let at = row * pitch;
                    let mut out = vec![0.0_f32; n];
                    let inputs = [x[at..].as_ptr().cast::<u8>(), y[at..].as_ptr().cast()];
                    let output = out.as_mut_ptr().cast::<u8>();
                    // SAFETY: so many elements, and the parameter of the loop.
                    unsafe { run(&param, inputs.as_ptr(), &output, n, still) };
                    each[at..at + n].copy_from_slice(&out);
                }
                let mut out = x.clone();
                let output = if in_place { x.as_mut_ptr() } else { out.as_mut_ptr() }.cast::<u8>();
                let mut rows = Rows {
                    inputs: [std::ptr::null(); MAX_OPERANDS],
                    count,
                    steps: [4 * pitch as isize; MAX_OPERANDS],
                    step_out: 4 * pitch as isize,
                };
                let source = if in_place { output } else { x.as_mut_ptr().cast() };
                rows.inputs[..2].copy_from_slice(&[source.cast_const(), y.as_ptr().cast()]);
                // SAFETY: as above, for each row.
                unsafe { run(&param, (&raw const rows).cast(), &output, n, still | streams | ROWS) };
                assert_eq!(bits(if in_place { &x } else { &out }), bits(&each), "{n} {still} {in_place}");
            }
        }
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
