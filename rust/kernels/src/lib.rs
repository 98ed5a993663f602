//! Loops over memory. Nothing in here knows a tensor, a node or the name of an op.
//!
//! Reading order: [`element`] (what lies in memory), [`number`] (the traits formulas are generic over), `lane` (those
//! traits for one SIMD lane, with its mathematics in `math`), `row` (a formula compiled into a loop), `map` (layouts,
//! casts and threads around such a loop), then the structured kernels.
//!
//! What every contract under "Safety" takes for granted: the caller holds the state of all memory for as long as the
//! function runs, so that nobody else writes what is read or touches what is written; and elements are aligned for their
//! type, unless it says "in any alignment".

pub mod attention;
mod cast;
pub mod conv;
mod conv_direct;
pub mod conv_integer;
pub mod copy;
pub mod element;
pub mod fill;
mod finish;
pub mod float;
pub mod fourier;
pub mod index;
pub mod lane;
pub mod linalg;
mod line;
pub mod loss;
pub mod map;
pub mod math;
pub mod matmul;
mod matmul_small;
mod matmul_tiny;
pub mod normalize;
pub mod number;
pub mod optim;
mod packed;
mod packed_tile;
mod plan;
pub mod pool;
pub mod recurrence;
pub mod reduce;
mod register_tile;
mod registers;
pub mod row;
#[cfg(test)]
mod samples;
pub mod scan;
pub mod scatter;
mod scratch;
pub mod sequence;
pub mod softmax;
pub mod sort;
#[cfg(test)]
mod testing;
pub mod window;

use smallvec::SmallVec;

pub use arcgrad_base::DType;
use arcgrad_base::dtype::Category;
use arcgrad_base::scalar::Scalar;

/// The compiled inner loop of an elementwise formula: contiguous inputs and outputs of the kernel's own dtypes.
///
/// `params` points to the formula's parameters, as [`encode`] writes them for the dtype of the inputs; `inputs` and `outputs` point to one pointer per operand; `n` is the
/// number of elements. Of an input whose bit is set in `still` there is one element, the same for all. The body loads a group of lanes from every input before it stores to any output, so an
/// output may be exactly an input. No reference to tensor memory is ever formed.
pub type LoopFn =
    unsafe fn(params: *const u64, inputs: *const *const u8, outputs: *const *mut u8, n: usize, still: Still);

/// Which inputs of a loop are one element that is read over and over: bit `k` for input `k`. Beside them [`ROWS`] and
/// [`STREAMS`].
pub type Still = u32;

/// The loop is over rows, which [`rows_pay`]: `inputs` is the start of a [`Rows`].
const ROWS: Still = 1 << 30;

/// What is read and written passes through a first-level cache that it does not fit.
const STREAMS: Still = 1 << 31;

/// Operands of a loop over rows of `n` elements.
#[repr(C)]
struct Rows {
    /// Addresses of the inputs in the first row.
    inputs: [*const u8; MAX_OPERANDS],
    /// Number of rows.
    count: usize,
    /// Bytes from row to row of each input, also of those that are still along a row, and of the output.
    steps: [isize; MAX_OPERANDS],
    step_out: isize,
}

/// Whether rows of `n` elements of this dtype are handed to a loop as they lie: sixteen groups of lanes. (A row of 48 takes 4.3 ns
/// besides its elements, one of 100, which has a rest, 7, no less than to fill a block with what is repeated.)
fn rows_pay(dtype: DType, n: usize) -> bool {
    n >= 16 * (64 / dtype.size()).max(16)
}

/// A loop with what it was compiled for. Made by [`row`] and nobody else, so that it tells the truth.
#[derive(Clone, Copy)]
pub struct Kernel {
    run: LoopFn,
    input: DType,
    output: DType,
    inputs: u8,
    params: u8,
    cost: u32,
    /// Whether the loop may be told that inputs are [`Still`].
    repeats: bool,
}

impl Kernel {
    /// Dtype of all inputs in memory.
    #[inline]
    pub fn input(&self) -> DType {
        self.input
    }

    /// Dtype of the output in memory.
    #[inline]
    pub fn output(&self) -> DType {
        self.output
    }

    /// Number of inputs.
    #[inline]
    pub fn inputs(&self) -> usize {
        self.inputs.into()
    }

    /// Number of parameters.
    #[inline]
    pub fn params(&self) -> usize {
        self.params.into()
    }
}

/// Parameters as the loops of a dtype read them: one `i64`, `f64` or complex number after the other.
#[inline]
fn encode(params: &[Scalar], dtype: DType) -> SmallVec<[u64; 4]> {
    let mut words = SmallVec::new();
    for param in params {
        match dtype.category() {
            Category::Float => words.push(param.to_f64().to_bits()),
            Category::Complex => words.extend(param.to_complex().map(f64::to_bits)),
            Category::Integer | Category::Bool => words.push(param.to_i64() as u64),
        }
    }
    words
}

/// Most operands on either side of a [`Kernel`].
pub const MAX_OPERANDS: usize = 8;

/// Memory read by a kernel: elements of one dtype on a lattice of addresses.
#[derive(Clone, Copy)]
pub struct In<'a> {
    ptr: *const u8,
    dtype: DType,
    shape: &'a [usize],
    strides: &'a [isize],
}

/// Memory written by a kernel. Like a `&mut`: there is one of it, and nothing else shows its elements.
pub struct Out<'a> {
    ptr: *mut u8,
    dtype: DType,
    shape: &'a [usize],
    strides: &'a [isize],
}

// SAFETY: the operands are plain addresses of memory that is theirs for their lifetime.
unsafe impl Sync for In<'_> {}
// SAFETY: as above; kernels write disjoint chunks from different threads.
unsafe impl Sync for Out<'_> {}

/// A product of sizes.
///
/// # Panics
/// Where it has no room.
#[track_caller]
#[inline]
fn product(sizes: &[usize]) -> usize {
    if sizes.contains(&0) {
        return 0;
    }
    let product = sizes.iter().try_fold(1, |n: usize, &size| n.checked_mul(size));
    product.expect("a kernel was given sizes whose product has no room")
}

/// Whether elements lie row-major without gaps; anything does where there are none.
#[inline]
fn is_row_major(shape: &[usize], strides: &[isize]) -> bool {
    let mut expected = 1isize;
    for (&size, &stride) in shape.iter().zip(strides).rev() {
        if size == 0 {
            return true;
        }
        if size != 1 {
            if stride != expected {
                return shape.contains(&0);
            }
            expected = expected.wrapping_mul(size as isize);
        }
    }
    true
}

/// Whether there are `n` elements, which lie row-major without gaps: the usual case, in one walk over few axes. Where it does not
/// hold there may be none at all.
#[inline]
fn has_dense(shape: &[usize], strides: &[isize], n: usize) -> bool {
    let mut expected = 1usize;
    for (&size, &stride) in shape.iter().zip(strides).rev() {
        if size != 1 && stride as usize != expected {
            return false;
        }
        expected = expected.wrapping_mul(size);
    }
    expected == n && n != 0
}

/// Refuses what a kernel was not made for, before any memory is touched.
#[track_caller]
#[inline]
fn require(fits: bool, what: &str) {
    #[cold]
    #[track_caller]
    fn refuse(what: &str) -> ! {
        panic!("a kernel was given operands that do not fit: {what}")
    }
    if !fits {
        refuse(what);
    }
}

macro_rules! operand {
    ($Operand:ident, $ptr:ident) => {
        impl<'a> $Operand<'a> {
            /// Sizes per axis.
            #[inline]
            pub fn shape(&self) -> &'a [usize] {
                self.shape
            }

            /// What lies there.
            #[inline]
            pub fn dtype(&self) -> DType {
                self.dtype
            }

            /// Number of elements.
            #[inline]
            pub fn numel(&self) -> usize {
                // Wrapping: next to an axis of size 0 the others may be of any size.
                self.shape.iter().fold(1, |n: usize, &size| n.wrapping_mul(size))
            }

            /// As a vector of one element where there are no axes.
            #[inline]
            pub fn at_least_vector(self) -> Self {
                if self.shape.is_empty() { Self { shape: &[1], strides: &[1], ..self } } else { self }
            }

            /// Whether the elements lie row-major without gaps.
            #[inline]
            pub fn is_row_major(&self) -> bool {
                is_row_major(self.shape, self.strides)
            }

            /// The address, of which `n` elements of type `T` lie without gaps.
            ///
            /// # Panics
            /// Where that is not so.
            #[track_caller]
            #[inline]
            fn dense<T: element::Element>(&self, n: usize) -> $ptr<T> {
                #[cold]
                #[track_caller]
                fn refuse(shape: &[usize], strides: &[isize], dtype: DType, n: usize, wanted: DType) -> ! {
                    panic!(
                        "a kernel was given {dtype} of shape {shape:?} with strides {strides:?}, and needs {n} dense \
                         elements of {wanted}"
                    )
                }
                let fits = self.dtype == T::DTYPE
                    && (has_dense(self.shape, self.strides, n)
                        || (self.numel() == n && is_row_major(self.shape, self.strides)));
                if !fits {
                    refuse(self.shape, self.strides, self.dtype, n, T::DTYPE);
                }
                self.ptr.cast()
            }

            /// Refuses another shape.
            ///
            /// # Panics
            /// Where the shape is another.
            #[track_caller]
            #[inline]
            fn require_shape(&self, shape: &[usize]) {
                #[cold]
                #[track_caller]
                fn refuse(given: &[usize], needed: &[usize]) -> ! {
                    panic!("a kernel was given an operand of shape {given:?}, and needs {needed:?}")
                }
                // Few numbers, compared here: a call that compares bytes would take longer.
                let same =
                    self.shape.len() == shape.len() && self.shape.iter().zip(shape).all(|(own, size)| own == size);
                if !same {
                    refuse(self.shape, shape);
                }
            }
        }
    };
}
type Const<T> = *const T;
type Mut<T> = *mut T;
operand!(In, Const);
operand!(Out, Mut);

impl<'a> In<'a> {
    /// Refuses another dtype.
    ///
    /// # Panics
    /// Where the dtype is another.
    #[track_caller]
    #[inline]
    fn require_dtype(&self, dtype: DType) {
        #[cold]
        #[track_caller]
        fn refuse(given: DType, needed: DType) -> ! {
            panic!("a kernel was given an operand of dtype {given}, and needs {needed}")
        }
        if self.dtype != dtype {
            refuse(self.dtype, dtype);
        }
    }

    /// An operand to read.
    ///
    /// # Safety
    /// The sizes have a product. For `'a`, at every address of the lattice lies an aligned element of the dtype that
    /// nobody writes, but through an [`Out`] that is handed out beside this one and is exactly the same memory in the same
    /// layout: then only to what says that an output may be an input.
    #[inline]
    pub unsafe fn new(ptr: *const u8, dtype: DType, shape: &'a [usize], strides: &'a [isize]) -> Self {
        debug_assert_eq!(shape.len(), strides.len());
        Self { ptr, dtype, shape, strides }
    }

    /// A slice, row-major.
    ///
    /// # Panics
    /// Where the slice has another number of elements than the shape, or the strides are not those of such a layout.
    pub fn of<T: element::Element>(values: &'a [T], shape: &'a [usize], strides: &'a [isize]) -> Self {
        require(product(shape) == values.len(), "a slice has as many elements as its shape");
        require(shape.len() == strides.len() && is_row_major(shape, strides), "a slice lies row-major");
        Self { ptr: values.as_ptr().cast(), dtype: T::DTYPE, shape, strides }
    }
}

impl<'a> Out<'a> {
    /// An operand to write.
    ///
    /// # Safety
    /// The sizes have a product. For `'a`, at every address of the lattice lies room for an aligned element of the dtype
    /// that nobody else reads or writes, but for an [`In`] as described in [`In::new`]. Elements may share memory only
    /// where all of `'a` is spent on one thread alone ([`arcgrad_base::parallel::alone`]).
    #[inline]
    pub unsafe fn new(ptr: *mut u8, dtype: DType, shape: &'a [usize], strides: &'a [isize]) -> Self {
        debug_assert_eq!(shape.len(), strides.len());
        Self { ptr, dtype, shape, strides }
    }

    /// A slice, row-major.
    ///
    /// # Panics
    /// As [`In::of`].
    pub fn of<T: element::Element>(values: &'a mut [T], shape: &'a [usize], strides: &'a [isize]) -> Self {
        require(product(shape) == values.len(), "a slice has as many elements as its shape");
        require(shape.len() == strides.len() && is_row_major(shape, strides), "a slice lies row-major");
        Self { ptr: values.as_mut_ptr().cast(), dtype: T::DTYPE, shape, strides }
    }

    /// Dense elements under another shape.
    ///
    /// # Panics
    /// Where there are gaps, or the shape has another number of elements, or the strides are not those of such a layout.
    #[inline]
    pub fn dense_as<'b>(self, shape: &'b [usize], strides: &'b [isize]) -> Out<'b>
    where
        'a: 'b,
    {
        require(self.is_row_major() && product(shape) == self.numel(), "dense elements under another shape");
        require(shape.len() == strides.len() && is_row_major(shape, strides), "a shape's own layout");
        Out { ptr: self.ptr, dtype: self.dtype, shape, strides }
    }

    /// The same memory for a while.
    #[inline]
    pub fn reborrow(&mut self) -> Out<'_> {
        Out { ptr: self.ptr, dtype: self.dtype, shape: self.shape, strides: self.strides }
    }

    /// The memory to read what was written.
    #[inline]
    pub fn as_in(&self) -> In<'_> {
        In { ptr: self.ptr, dtype: self.dtype, shape: self.shape, strides: self.strides }
    }

    /// The elements as a slice, if they lie row-major and are of type `T`.
    #[inline]
    pub fn as_slice<T: element::Element>(&mut self) -> Option<&mut [T]> {
        if self.dtype != T::DTYPE || !is_row_major(self.shape, self.strides) {
            return None;
        }
        match self.numel() {
            0 => Some(&mut []),
            // SAFETY: so many dense elements are this operand's alone, as long as it is borrowed; any bits are an element.
            n => Some(unsafe { std::slice::from_raw_parts_mut(self.ptr.cast(), n) }),
        }
    }
}

impl<'a> In<'a> {
    /// The elements as a slice, if they lie row-major and are of type `T`.
    #[inline]
    pub fn as_slice<T: element::Element>(&self) -> Option<&'a [T]> {
        if self.dtype != T::DTYPE || !is_row_major(self.shape, self.strides) {
            return None;
        }
        match self.numel() {
            0 => Some(&[]),
            // SAFETY: so many dense elements lie there for `'a`, which nobody writes; any bits are an element.
            n => Some(unsafe { std::slice::from_raw_parts(self.ptr.cast(), n) }),
        }
    }
}

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
