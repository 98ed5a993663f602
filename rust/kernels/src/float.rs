//! What the structured kernels share: scalar floating point they are generic over, and SIMD dispatch of a loop.

use std::ops::{Add, AddAssign, MulAssign, SubAssign};

use super::lane::FloatElement;
use super::math::by_type::ByType;
use super::math::exponential;
pub use super::registers::group_done;

/// `f32` or `f64` as the structured kernels use it: plain scalar arithmetic that the compiler vectorises.
pub trait Float: FloatElement + AddAssign + SubAssign + MulAssign + std::iter::Sum {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// −∞, the identity of `max`.
    const NEG_INFINITY: Self;
    /// Whether this is NaN.
    fn is_nan(self) -> bool;
    /// Whether this is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// eˣ; fast only in dispatched regions.
    #[inline(always)]
    fn exp(self) -> Self {
        exponential::exp(self)
    }
    /// Natural logarithm; fast only in dispatched regions.
    #[inline(always)]
    fn ln(self) -> Self {
        ByType::log(self)
    }
}

/// A matrix in memory that is read: first element, row stride, column stride (in elements).
#[derive(Clone, Copy)]
pub struct View<T> {
    /// Element (0, 0).
    pub ptr: *const T,
    /// Distance between rows.
    pub rs: isize,
    /// Distance between columns.
    pub cs: isize,
}

/// A matrix in memory that is written.
#[derive(Clone, Copy)]
pub struct ViewMut<T> {
    /// Element (0, 0).
    pub ptr: *mut T,
    /// Distance between rows.
    pub rs: isize,
    /// Distance between columns.
    pub cs: isize,
}

impl<T> View<T> {
    /// The view that starts at element (`row`, `col`).
    #[inline(always)]
    pub fn at(self, row: usize, col: usize) -> Self {
        Self { ptr: self.ptr.wrapping_offset(row as isize * self.rs + col as isize * self.cs), ..self }
    }

    /// The transposed matrix.
    #[inline(always)]
    pub fn t(self) -> Self {
        Self { ptr: self.ptr, rs: self.cs, cs: self.rs }
    }
}

impl<T> ViewMut<T> {
    /// The view that starts at element (`row`, `col`).
    #[inline(always)]
    pub fn at(self, row: usize, col: usize) -> Self {
        Self { ptr: self.ptr.wrapping_offset(row as isize * self.rs + col as isize * self.cs), ..self }
    }

    /// The transposed matrix.
    #[inline(always)]
    pub fn t(self) -> Self {
        Self { ptr: self.ptr, rs: self.cs, cs: self.rs }
    }
}

macro_rules! float {
    ($type:ty) => {
        impl Float for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = <$type>::NEG_INFINITY;
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
        }
    };
}

float!(f32);
float!(f64);

/// A raw pointer that may be captured by the body of a parallel loop.
#[derive(Clone, Copy)]
pub struct Shared<P>(P);

impl<P: Copy> Shared<P> {
    /// Wraps a pointer.
    ///
    /// # Safety
    /// Chunks of the loop must write disjoint memory, and read nothing that another chunk writes.
    #[inline(always)]
    pub unsafe fn new(pointer: P) -> Self {
        Self(pointer)
    }

    /// The pointer. (A method, so that closures capture the wrapper and not its field.)
    #[inline(always)]
    pub fn get(&self) -> P {
        self.0
    }
}

// SAFETY: who makes one vouches that chunks on different threads touch disjoint memory.
unsafe impl<P> Sync for Shared<P> {}
// SAFETY: as above.
unsafe impl<P> Send for Shared<P> {}

/// The same lanes, by way of memory: what made them is then vectors that are stored whole. Without, the optimiser looks from
/// the last addition of a tree over the lanes back to where they come from, and finds vectors of two of them.
#[inline(always)]
pub fn settled<T, const L: usize>(lanes: [T; L]) -> [T; L] {
    std::hint::black_box(lanes)
}

/// Sum of the lanes by halving: a tree that does not depend on the vector width.
#[inline(always)]
pub fn lane_sum<T: Copy + Add<Output = T>, const L: usize>(lanes: [T; L]) -> T {
    let mut lanes = settled(lanes);
    let mut width = L / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = lanes[lane] + lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// [`lane_sum`] of each. (As a function handed to `map` it is a call, compiled for no instruction set.)
#[inline(always)]
pub fn lane_sums<T: Copy + Default + Add<Output = T>, const L: usize, const K: usize>(lanes: [[T; L]; K]) -> [T; K] {
    let mut sums = [T::default(); K];
    for k in 0..K {
        sums[k] = lane_sum(lanes[k]);
    }
    sums
}

/// `a · b + c` with one rounding inside a dispatched region. Without vector instructions there is no fused one either
/// (it would be a library call): then with two.
#[inline(always)]
pub fn fused<S: pulp::Simd, T: Float>(a: T, b: T, c: T) -> T {
    if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
}

/// Defines an `unsafe fn` whose body is compiled once per instruction set and dispatched at run time.
///
/// A closure handed to `Arch::dispatch` is inlined only at the compiler's discretion (and stays scalar if it is not);
/// a `with_simd` method can be told to. The body may name the instruction set `Simd`.
macro_rules! simd {
    ($(#[$meta:meta])* $vis:vis unsafe fn $name:ident<$T:ident: $bound:path $(, const $C:ident: usize)?>
        ($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        $vis unsafe fn $name<$T: $bound $(, const $C: usize)?>($($arg: $type),*) $(-> $ret)? {
            struct Call<$T: $bound $(, const $C: usize)?>($($type,)* std::marker::PhantomData<$T>);
            impl<$T: $bound $(, const $C: usize)?> pulp::WithSimd for Call<$T $(, $C)?> {
                #[allow(unused_parens)]
                type Output = ($($ret)?);
                #[inline(always)]
                fn with_simd<Simd: pulp::Simd>(self, _: Simd) -> Self::Output {
                    let Self($($arg,)* _) = self;
                    // SAFETY: the contract of the function defined here.
                    #[allow(unused_unsafe)]
                    unsafe { $body }
                }
            }
            pulp::Arch::new().dispatch(Call::<$T $(, $C)?>($($arg,)* std::marker::PhantomData))
        }
    };
}
pub(crate) use simd;
