//! What the tests of the kernels share: random layouts and a naive way to read and write them.

use super::element::{B8, Element};
use super::{In, Out};
use crate::with_element;
use arcgrad_base::dtype::DType;

/// Dtypes that kernels take.
pub(super) const DTYPES: [DType; 8] =
    [DType::Bool, DType::U8, DType::I8, DType::I16, DType::I32, DType::I64, DType::F32, DType::F64];

/// A small random generator (splitmix64), so that a failing case is named by its seed.
pub(super) struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of the items.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A shape of up to five axes, mostly small; sometimes one axis is long enough for several blocks.
    pub fn shape(&mut self) -> Vec<usize> {
        let rank = self.below(6);
        let mut shape: Vec<usize> = (0..rank).map(|_| self.pick(&[1, 1, 2, 3, 4, 5, 7])).collect();
        if rank > 0 && self.one_in(3) {
            let axis = self.below(rank);
            shape[axis] = self.pick(&[0, 17, 64, 130, 1000, 5000]);
        }
        if rank > 1 && self.one_in(4) {
            let axis = self.below(rank);
            shape[axis] = self.pick(&[33, 70, 300]);
        }
        while shape.iter().product::<usize>() > 200_000 {
            let longest = (0..shape.len()).max_by_key(|&axis| shape[axis]).unwrap();
            shape[longest] = 2;
        }
        shape
    }
}

/// Memory with a layout.
pub(super) struct Array {
    bytes: Vec<u64>,
    start: usize,
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub strides: Vec<isize>,
}

impl Array {
    /// Zeros in a random layout: axes in any order, steps above 1, backwards, and broadcast where `broadcast` allows.
    pub fn random_layout(rng: &mut Rng, dtype: DType, shape: &[usize], broadcast: bool) -> Self {
        let mut order: Vec<usize> = (0..shape.len()).rev().collect();
        if rng.one_in(2) {
            for i in (1..order.len()).rev() {
                order.swap(i, rng.below(i + 1));
            }
        }
        let plain = rng.one_in(2);
        let (mut next, mut start) = (1, 0);
        let mut strides = vec![0; shape.len()];
        for axis in order {
            if broadcast && rng.one_in(5) {
                continue;
            }
            if !plain && rng.one_in(4) {
                next *= 1 + rng.below(3);
            }
            strides[axis] = next as isize;
            if !plain && rng.one_in(4) && shape[axis] > 0 {
                start += next * (shape[axis] - 1);
                strides[axis] = -(next as isize);
            }
            next *= shape[axis].max(1);
        }
        let bytes = vec![0; (next * dtype.size()).div_ceil(8)];
        Self { bytes, start, dtype, shape: shape.to_vec(), strides }
    }

    /// Row-major memory.
    pub fn dense(dtype: DType, shape: &[usize]) -> Self {
        let mut strides = vec![0; shape.len()];
        let mut next = 1;
        for axis in (0..shape.len()).rev() {
            strides[axis] = next as isize;
            next *= shape[axis].max(1);
        }
        Self { bytes: vec![0; (next * dtype.size()).div_ceil(8)], start: 0, dtype, shape: shape.to_vec(), strides }
    }

    /// Fills it with numbers from `value`.
    pub fn filled(mut self, mut value: impl FnMut() -> f64) -> Self {
        for index in self.indices() {
            self.set(&index, value());
        }
        self
    }

    pub fn indices(&self) -> Vec<Vec<usize>> {
        indices(&self.shape)
    }

    fn offset(&self, index: &[usize]) -> usize {
        let steps: isize = index.iter().zip(&self.strides).map(|(&i, &stride)| i as isize * stride).sum();
        self.start.checked_add_signed(steps).unwrap() * self.dtype.size()
    }

    /// The element as an `f64`.
    pub fn get(&self, index: &[usize]) -> f64 {
        // SAFETY: the offset lies within the memory.
        with_element!(self.dtype, T => unsafe {
            self.bytes.as_ptr().cast::<u8>().add(self.offset(index)).cast::<T>().read().number()
        })
    }

    /// Sets the element; the value must be exact in the dtype.
    pub fn set(&mut self, index: &[usize], value: f64) {
        let offset = self.offset(index);
        // SAFETY: the offset lies within the memory.
        with_element!(self.dtype, T => unsafe {
            self.bytes.as_mut_ptr().cast::<u8>().add(offset).cast::<T>().write(T::from_number(value));
        });
    }

    pub fn input(&self) -> In<'_> {
        let offset = self.start * self.dtype.size();
        In {
            ptr: self.bytes.as_ptr().cast::<u8>().wrapping_add(offset),
            dtype: self.dtype,
            shape: &self.shape,
            strides: &self.strides,
        }
    }

    pub fn output(&mut self) -> Out<'_> {
        let offset = self.start * self.dtype.size();
        let ptr = self.bytes.as_mut_ptr().cast::<u8>().wrapping_add(offset);
        Out { ptr, dtype: self.dtype, shape: &self.shape, strides: &self.strides }
    }

    /// All elements in row-major order, as bits that compare.
    pub fn bits(&self) -> Vec<u64> {
        self.indices().iter().map(|index| self.get(index).to_bits()).collect()
    }
}

/// All indices of a shape, row-major.
pub(super) fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for &size in shape {
        all = all.iter().flat_map(|head| (0..size).map(move |i| [head.as_slice(), &[i]].concat())).collect();
    }
    all
}

/// Elements from and to `f64`.
pub(super) trait Number: Element {
    fn number(self) -> f64;
    fn from_number(value: f64) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            fn number(self) -> f64 {
                self as f64
            }
            fn from_number(value: f64) -> Self {
                value as $type
            }
        }
    )*};
}

numbers!(u8, i8, i16, i32, i64, f32, f64);

impl Number for B8 {
    fn number(self) -> f64 {
        f64::from(u8::from(bool::from(self)))
    }
    fn from_number(value: f64) -> Self {
        Self::from(value != 0.0)
    }
}
