//! Loops over memory. Nothing in here knows a tensor, a node or the name of an op.
//!
//! Reading order: [`element`] (what lies in memory), [`number`] (the traits formulas are generic over), `lane` (those
//! traits for one SIMD lane, with its mathematics in `math`), `row` (a formula compiled into a loop), `map` (layouts,
//! casts and threads around such a loop), then the structured kernels.
//!
//! What every contract under "Safety" takes for granted: the caller holds the state of all memory for as long as the
//! function runs, so that nobody else writes what is read or touches what is written; and elements are aligned for their
//! type, unless it says "in any alignment".

mod cast;
pub mod conv;
pub mod conv_integer;
pub mod copy;
pub mod decay;
pub mod element;
pub mod fill;
pub mod float;
pub mod index;
pub mod lane;
pub mod loss;
pub mod map;
pub mod math;
pub mod matmul;
pub mod normalize;
pub mod number;
pub mod optim;
mod plan;
pub mod pool;
pub mod reduce;
mod registers;
pub mod row;
#[cfg(test)]
mod samples;
pub mod scan;
pub mod scatter;
mod scratch;
pub mod softmax;
pub mod sort;
#[cfg(test)]
mod testing;
pub mod window;

use crate::dtype::DType;

/// The compiled inner loop of an elementwise formula: contiguous inputs and outputs of the kernel's own dtypes.
///
/// `op` points to the formula's parameters; `inputs` and `outputs` point to one pointer per operand; `n` is the
/// number of elements. The body loads a group of lanes from every input before it stores to any output, so an
/// output may be exactly an input. No reference to tensor memory is ever formed.
pub type LoopFn = unsafe fn(op: *const u8, inputs: *const *const u8, outputs: *const *mut u8, n: usize);

/// A loop with the dtypes it was compiled for.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// The compiled loop.
    pub run: LoopFn,
    /// Dtype of all inputs in memory.
    pub input: DType,
    /// Dtype of all outputs in memory.
    pub output: DType,
    /// Estimated picoseconds per element on one core, for the decision to use helpers.
    pub cost: u32,
}

/// Most operands on either side of a [`Kernel`].
pub const MAX_OPERANDS: usize = 8;

/// Memory read by a kernel: strides are in elements, one per axis of the iteration shape, 0 where broadcast.
#[derive(Clone, Copy)]
pub struct In<'a> {
    /// First element.
    pub ptr: *const u8,
    /// What lies there; cast block by block where the kernel wants something else.
    pub dtype: DType,
    /// Strides in elements.
    pub strides: &'a [isize],
}

/// Memory written by a kernel. Exclusive to the caller, or exactly one of the inputs.
#[derive(Clone, Copy)]
pub struct Out<'a> {
    /// First element.
    pub ptr: *mut u8,
    /// What shall lie there; results are cast block by block where the kernel makes something else.
    pub dtype: DType,
    /// Strides in elements.
    pub strides: &'a [isize],
}

// SAFETY: the operands are plain addresses; whoever builds one vouches for the memory for the duration of the call.
unsafe impl Sync for In<'_> {}
// SAFETY: as above; kernels write disjoint chunks from different threads.
unsafe impl Sync for Out<'_> {}

/// The instruction sets that loops were compiled for and this processor has, for reports.
pub fn instruction_sets() -> &'static str {
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(_) => "AVX-512, AVX2, FMA",
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(_) => "AVX2, FMA",
        #[cfg(target_arch = "aarch64")]
        pulp::Arch::Neon(_) => "NEON",
        _ => "none beyond the baseline",
    }
}
