//! Tiles of sums in registers, the inner loops of direct convolutions and their gradients.
//!
//! [`Tile::add_products`] sums vectors times numbers, [`Dots::run`] products of vectors lane by lane. Where both find
//! their operands is told by tables of offsets, so that nothing has to be copied together first.
#![allow(clippy::needless_range_loop, reason = "lanes and operands are indexed in step")]

use pulp::Simd;

use super::float::{Float, lane_sum};

/// Vectors of a float.
pub(super) trait Vector: Float {
    /// A register of an instruction set.
    type Of<S: Simd>: Copy;
    /// The same number in all lanes.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Of<S>;
    /// `a · b + c`, with one rounding where the processor can do so at once.
    fn fused<S: Simd>(simd: S, a: Self::Of<S>, b: Self::Of<S>, c: Self::Of<S>) -> Self::Of<S>;
    /// `a + b`.
    fn plus<S: Simd>(simd: S, a: Self::Of<S>, b: Self::Of<S>) -> Self::Of<S>;
    /// The first `n` lanes from memory, 0 in the others.
    ///
    /// # Safety
    /// `n` elements can be read.
    unsafe fn load_first<S: Simd>(simd: S, from: *const Self, n: usize) -> Self::Of<S>;
    /// The first `n` lanes to memory.
    ///
    /// # Safety
    /// `n` elements can be written.
    unsafe fn store_first<S: Simd>(simd: S, to: *mut Self, n: usize, value: Self::Of<S>);
    /// Lanes of a register.
    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Of<S>>() / size_of::<Self>()
    }
}

// Masked instructions of AVX-512 are named here: `pulp` jumps to one of a table, which in a small tile takes as long as its
// multiplications.
macro_rules! vector {
    ($type:ident, $register:ident, $splat:ident, $fused:ident, $plus:ident, $mask:ident as $count:ident,
     $load:ident, $store:ident, $load_512:ident, $store_512:ident of $bits:ident) => {
        impl Vector for $type {
            type Of<S: Simd> = S::$register;
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$register {
                simd.$splat(value)
            }
            #[inline(always)]
            fn fused<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                simd.$fused(a, b, c)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$plus(a, b)
            }
            #[inline(always)]
            unsafe fn load_first<S: Simd>(simd: S, from: *const Self, n: usize) -> S::$register {
                // SAFETY: lanes past `n` are not touched; registers of 64 bytes tell that the processor has AVX-512.
                unsafe {
                    #[cfg(target_arch = "x86_64")]
                    if size_of::<S::$register>() == 64 {
                        return std::mem::transmute_copy(&std::arch::x86_64::$load_512(
                            ((1_u32 << n) - 1) as $bits,
                            from,
                        ));
                    }
                    simd.$load(simd.$mask(0, n as $count), from)
                }
            }
            #[inline(always)]
            unsafe fn store_first<S: Simd>(simd: S, to: *mut Self, n: usize, value: S::$register) {
                // SAFETY: as above.
                unsafe {
                    #[cfg(target_arch = "x86_64")]
                    if size_of::<S::$register>() == 64 {
                        return std::arch::x86_64::$store_512(
                            to,
                            ((1_u32 << n) - 1) as $bits,
                            std::mem::transmute_copy(&value),
                        );
                    }
                    simd.$store(simd.$mask(0, n as $count), to, value)
                }
            }
        }
    };
}
vector!(
    f32,
    f32s,
    splat_f32s,
    mul_add_e_f32s,
    add_f32s,
    mask_between_m32s as u32,
    mask_load_ptr_f32s,
    mask_store_ptr_f32s,
    _mm512_maskz_loadu_ps,
    _mm512_mask_storeu_ps of u16
);
vector!(
    f64,
    f64s,
    splat_f64s,
    mul_add_e_f64s,
    add_f64s,
    mask_between_m64s as u64,
    mask_load_ptr_f64s,
    mask_store_ptr_f64s,
    _mm512_maskz_loadu_pd,
    _mm512_mask_storeu_pd of u8
);

/// Lanes of a register of this processor.
pub(super) fn lanes<T: Vector>() -> usize {
    struct Count<T>(std::marker::PhantomData<T>);
    impl<T: Vector> pulp::WithSimd for Count<T> {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            T::lanes::<S>()
        }
    }
    pulp::Arch::new().dispatch(Count::<T>(std::marker::PhantomData))
}

/// Most vectors that are worked on at once: with three the compiler spills some of eight rows' sums, which costs a tenth.
pub(super) const VECTORS: usize = 2;
/// Most vectors of a single row, whose sums would else wait for one another.
const ROW_VECTORS: usize = 8;

/// Where one step of the sums finds its operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Offset of the vectors.
    pub vector: usize,
    /// Offset of the numbers.
    pub factor: usize,
}

/// A vector of the tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Offset among the vectors that are read.
    pub at: usize,
    /// Offset of its sums.
    pub to: usize,
    /// How many of its lanes are sums.
    pub lanes: usize,
}

/// A row of the tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Offset of its numbers.
    pub factor: usize,
    /// Offset of its sums.
    pub to: usize,
}

/// `sums[row][slot] = start[row] + Σ vector[step][slot] · factor[step][row]`.
pub(super) struct Tile<'a, T> {
    /// What is summed, in this order.
    pub steps: &'a [Step],
    /// Columns of the tile.
    pub slots: &'a [Slot],
    /// Rows of the tile.
    pub rows: &'a [Row],
    /// Whole registers are read from here, at the offsets of steps and slots.
    pub vectors: *const T,
    /// Numbers at the offsets of steps and rows.
    pub factors: *const T,
    /// One number per row that its sums start from, or null for 0.
    pub start: *const T,
    /// Whether the sums are added to what is there.
    pub add: bool,
    /// The sums, at the offsets of rows and slots.
    pub to: *mut T,
}

impl<T: Vector> Tile<'_, T> {
    /// Computes the tile.
    ///
    /// # Safety
    /// All operands can be read where the tables say, the sums written; they lie apart.
    pub(super) unsafe fn run(&self) {
        pulp::Arch::new().dispatch(self);
    }

    /// All slots of `R` rows.
    ///
    /// # Safety
    /// As for [`Self::run`]; so many rows are there.
    #[inline(always)]
    unsafe fn strip<S: Simd, const R: usize>(&self, simd: S, row: usize) {
        let (mut slot, count) = (0, self.slots.len());
        // SAFETY: the caller's rows, and so many slots are left.
        unsafe {
            while R == 1 && slot + ROW_VECTORS <= count {
                self.block::<S, R, ROW_VECTORS>(simd, row, slot);
                slot += ROW_VECTORS;
            }
            while slot + VECTORS <= count {
                self.block::<S, R, VECTORS>(simd, row, slot);
                slot += VECTORS;
            }
            if slot < count {
                self.block::<S, R, 1>(simd, row, slot);
            }
        }
    }

    /// The sums of `R` rows and `V` slots.
    ///
    /// # Safety
    /// As for [`Self::run`]; so many rows and slots are there.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const V: usize>(&self, simd: S, row: usize, slot: usize) {
        let (rows, slots) = (&self.rows[row..row + R], &self.slots[slot..slot + V]);
        let mut at = [0; V];
        let mut factors = [0; R];
        for v in 0..V {
            at[v] = slots[v].at;
        }
        for r in 0..R {
            factors[r] = rows[r].factor;
        }
        // SAFETY: the caller's operands.
        unsafe {
            let mut sums = [[T::splat(simd, T::ZERO); V]; R];
            if !self.start.is_null() {
                for r in 0..R {
                    sums[r] = [T::splat(simd, *self.start.add(row + r)); V];
                }
            }
            for step in self.steps {
                let (vectors, numbers) = (self.vectors.add(step.vector), self.factors.add(step.factor));
                let mut values = [T::splat(simd, T::ZERO); V];
                for v in 0..V {
                    values[v] = vectors.add(at[v]).cast::<T::Of<S>>().read_unaligned();
                }
                for r in 0..R {
                    let factor = T::splat(simd, *numbers.add(factors[r]));
                    for v in 0..V {
                        sums[r][v] = T::fused(simd, values[v], factor, sums[r][v]);
                    }
                }
            }
            for r in 0..R {
                for v in 0..V {
                    let (to, lanes) = (self.to.add(rows[r].to + slots[v].to), slots[v].lanes);
                    let whole = lanes == T::lanes::<S>();
                    let mut sum = sums[r][v];
                    if self.add {
                        let old =
                            if whole { to.cast::<T::Of<S>>().read_unaligned() } else { T::load_first(simd, to, lanes) };
                        sum = T::plus(simd, old, sum);
                    }
                    if whole {
                        to.cast::<T::Of<S>>().write_unaligned(sum);
                    } else {
                        T::store_first(simd, to, lanes, sum);
                    }
                }
            }
        }
    }
}

impl<T: Vector> pulp::WithSimd for &Tile<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut row = 0;
        // SAFETY: the contract of `run`.
        unsafe {
            // 16 sums of 32 registers, 8 of 16: the rest is for what is multiplied.
            while S::REGISTER_COUNT >= 32 && row + 8 <= self.rows.len() {
                self.strip::<S, 8>(simd, row);
                row += 8;
            }
            while row + 4 <= self.rows.len() {
                self.strip::<S, 4>(simd, row);
                row += 4;
            }
            while row + 2 <= self.rows.len() {
                self.strip::<S, 2>(simd, row);
                row += 2;
            }
            if row < self.rows.len() {
                self.strip::<S, 1>(simd, row);
            }
        }
    }
}

/// Sums of products of two sets of vectors, lane by lane: `sums[left][right] += Σ left[slot] · right[slot]`, one register
/// per sum.
pub(super) struct Dots<'a, T> {
    /// Offsets of both vectors (`at` of the right one, `to` of the left one), and the lanes that count.
    pub slots: &'a [Slot],
    /// The left vectors of sum `i` start at `i · left_step`.
    pub left: *const T,
    /// Distance of the left operands.
    pub left_step: usize,
    /// How many left operands there are.
    pub lefts: usize,
    /// The right vectors start at these offsets.
    pub rights: &'a [usize],
    /// Where the right offsets count from.
    pub right: *const T,
    /// A register per sum: `sums[left · rights + right]`.
    pub sums: *mut T,
}

impl<T: Vector> Dots<'_, T> {
    /// Adds to the sums.
    ///
    /// # Safety
    /// The lanes that count can be read from all vectors; there is a register's room for each sum.
    pub(super) unsafe fn run(&self) {
        pulp::Arch::new().dispatch(self);
    }

    /// All right operands of `L` left ones.
    ///
    /// # Safety
    /// As for [`Self::run`]; so many are there.
    #[inline(always)]
    unsafe fn strip<S: Simd, const L: usize>(&self, simd: S, left: usize) {
        let mut right = 0;
        // SAFETY: the caller's operands.
        unsafe {
            // Up to 24 sums of 32 registers, 8 of 16.
            while S::REGISTER_COUNT >= 32 && right + 6 <= self.rights.len() {
                self.block::<S, L, 6>(simd, left, right);
                right += 6;
            }
            while right + 3 <= self.rights.len() {
                self.block::<S, L, 3>(simd, left, right);
                right += 3;
            }
            while right < self.rights.len() {
                self.block::<S, L, 1>(simd, left, right);
                right += 1;
            }
        }
    }

    /// # Safety
    /// As for [`Self::run`]; `L` left and `R` right operands are there.
    #[inline(always)]
    unsafe fn block<S: Simd, const L: usize, const R: usize>(&self, simd: S, left: usize, right: usize) {
        let rights = &self.rights[right..right + R];
        let mut offsets = [0; R];
        offsets.copy_from_slice(rights);
        // SAFETY: the caller's operands.
        unsafe {
            let from = self.left.add(left * self.left_step);
            let mut sums = [[T::splat(simd, T::ZERO); R]; L];
            for slot in self.slots {
                let whole = slot.lanes == T::lanes::<S>();
                let mut lefts = [T::splat(simd, T::ZERO); L];
                for l in 0..L {
                    let from = from.add(l * self.left_step + slot.to);
                    lefts[l] = if whole {
                        from.cast::<T::Of<S>>().read_unaligned()
                    } else {
                        T::load_first(simd, from, slot.lanes)
                    };
                }
                for r in 0..R {
                    let from = self.right.add(offsets[r] + slot.at);
                    let value = if whole {
                        from.cast::<T::Of<S>>().read_unaligned()
                    } else {
                        T::load_first(simd, from, slot.lanes)
                    };
                    for l in 0..L {
                        sums[l][r] = T::fused(simd, lefts[l], value, sums[l][r]);
                    }
                }
            }
            for l in 0..L {
                for r in 0..R {
                    let to = self.sums.add(((left + l) * self.rights.len() + right + r) * T::lanes::<S>());
                    let to = to.cast::<T::Of<S>>();
                    to.write_unaligned(T::plus(simd, to.read_unaligned(), sums[l][r]));
                }
            }
        }
    }
}

impl<T: Vector> pulp::WithSimd for &Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut left = 0;
        // SAFETY: the contract of `run`.
        unsafe {
            while S::REGISTER_COUNT >= 32 && left + 4 <= self.lefts {
                self.strip::<S, 4>(simd, left);
                left += 4;
            }
            while left + 2 <= self.lefts {
                self.strip::<S, 2>(simd, left);
                left += 2;
            }
            if left < self.lefts {
                self.strip::<S, 1>(simd, left);
            }
        }
    }
}

/// The sum of a register's lanes that lies in memory, in a fixed tree.
///
/// # Safety
/// `lanes` elements can be read, at most 16.
pub(super) unsafe fn sum_lanes<T: Vector>(from: *const T, lanes: usize) -> T {
    let mut all = [T::ZERO; 16];
    for (lane, value) in all[..lanes].iter_mut().enumerate() {
        // SAFETY: the caller's lanes.
        *value = unsafe { *from.add(lane) };
    }
    lane_sum(all)
}
