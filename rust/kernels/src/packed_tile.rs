//! The innermost part of blocked products: a tile of sums in registers.
//!
//! The sums stay in registers only if no index into them is known later than when the array is taken apart, which the
//! compiler does early and once. A loop over rows and vectors is unrolled before or after that as its thresholds have it: in
//! the wheel's profile they had the greatest tiles after, and wrote every sum to memory in every step, for four times the
//! time. So rows and vectors are written out, by [`each`].

use pulp::Simd;

use super::finish::{added, put, scaled};
use super::float::{View, ViewMut};
use super::register_tile::Vector;

/// Rows and vectors of a tile of sums: what the registers hold beside a row of factors.
pub(super) const fn tile<S: Simd>() -> [usize; 2] {
    if S::REGISTER_COUNT >= 32 { [8, 3] } else { [6, 2] }
}

/// Most rows of a tile.
pub(super) const ROWS: usize = 8;
/// Most elements of a row of a tile.
const ROW: usize = 48;
/// Steps of the depth by which rows of B are asked for before they are wanted. (Rows that are read in place lie apart, which the
/// hardware does not foresee: 8 rows times 32,768×128 take a tenth less time, 64 times 8,192×64 a seventh. 8 and 32 steps: less.)
const AHEAD: isize = 16;

/// The body for each place below a constant, with the place as a constant: what a loop is that has been unrolled for certain.
macro_rules! each {
    (row $place:ident < $count:expr; $body:block) => { each!(@ $place $count; $body; 0 1 2 3 4 5 6 7) };
    (vector $place:ident < $count:expr; $body:block) => { each!(@ $place $count; $body; 0 1 2) };
    (@ $place:ident $count:expr; $body:block; $($number:literal)*) => {
        $(if $number < $count {
            let $place: usize = $number;
            $body
        })*
    };
}

/// A tile of C.
#[derive(Clone, Copy)]
pub(super) struct TileOf<T> {
    pub k: usize,
    pub a: View<T>,
    /// Rows of whole vectors.
    pub b: *const T,
    pub b_rs: isize,
    /// Columns, and those in the last vector.
    pub width: usize,
    pub last: usize,
    pub alpha: T,
    pub beta: T,
    pub c: ViewMut<T>,
}

impl<T: Vector> TileOf<T> {
    /// Computes it.
    ///
    /// # Safety
    /// So many rows and vectors are there.
    #[inline(always)]
    pub(super) unsafe fn run<S: Simd>(&self, simd: S, rows: usize, vectors: usize) {
        // SAFETY: the caller's tile.
        unsafe {
            match vectors {
                1 => self.rows::<S, 1>(simd, rows),
                2 => self.rows::<S, 2>(simd, rows),
                _ if tile::<S>()[1] >= 3 => self.rows::<S, 3>(simd, rows),
                _ => unreachable!("a tile has not so many vectors"),
            }
        }
    }

    /// # Safety
    /// As for [`Self::run`].
    #[inline(always)]
    unsafe fn rows<S: Simd, const V: usize>(&self, simd: S, rows: usize) {
        // SAFETY: the caller's tile.
        unsafe {
            match rows {
                1 => self.sums::<S, 1, V>(simd),
                2 => self.sums::<S, 2, V>(simd),
                3 => self.sums::<S, 3, V>(simd),
                4 => self.sums::<S, 4, V>(simd),
                5 => self.sums::<S, 5, V>(simd),
                6 => self.sums::<S, 6, V>(simd),
                7 if tile::<S>()[0] >= 7 => self.sums::<S, 7, V>(simd),
                _ if tile::<S>()[0] >= 8 => self.sums::<S, 8, V>(simd),
                _ => unreachable!("a tile has not so many rows"),
            }
        }
    }

    /// # Safety
    /// As for [`Self::run`].
    #[inline(always)]
    unsafe fn sums<S: Simd, const R: usize, const V: usize>(&self, simd: S) {
        simd.vectorize(Sums::<T, S, R, V> { tile: self, simd })
    }
}

/// A tile of so many rows and vectors. (A function of its own: all in one keep the compiler long.)
struct Sums<'a, T, S, const R: usize, const V: usize> {
    tile: &'a TileOf<T>,
    simd: S,
}

impl<T: Vector, S: Simd, const R: usize, const V: usize> pulp::NullaryFnOnce for Sums<'_, T, S, R, V> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        let Self { tile, simd } = self;
        let &TileOf { k, a, b, b_rs, width, last, alpha, beta, c } = tile;
        let lanes = T::lanes::<S>();
        let zero = T::splat(simd, T::ZERO);
        let row = [zero, zero, zero];
        let mut sums = [row, row, row, row, row, row, row, row];
        // SAFETY: the tile has `R` rows and `V` vectors.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            if c.cs == 1 {
                // They come from afar, and are wanted when the sums are there.
                each!(row r < R; {
                    each!(vector v < V; {
                        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                        _mm_prefetch::<_MM_HINT_T0>(c.at(r, v * lanes).ptr.cast());
                    });
                });
            }
            // The rows' addresses do not tell the compiler what they have in common: it would add a stride for each row in
            // each step, on ports that the multiplications need.
            let mut rows = [a.ptr; ROWS];
            each!(row r < R; { rows[r] = std::hint::black_box(a.at(r, 0).ptr); });
            let (mut at, mut b) = (0, b);
            for _ in 0..k {
                let mut values = row;
                #[cfg(target_arch = "x86_64")]
                each!(vector v < V; {
                    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                    _mm_prefetch::<_MM_HINT_T0>(b.wrapping_offset(AHEAD * b_rs).wrapping_add(v * lanes).cast());
                });
                each!(vector v < V; { values[v] = b.add(v * lanes).cast::<T::Of<S>>().read_unaligned(); });
                each!(row r < R; {
                    let factor = T::splat(simd, *rows[r].wrapping_offset(at));
                    each!(vector v < V; { sums[r][v] = T::fused(simd, factor, values[v], sums[r][v]); });
                });
                at += a.cs;
                b = b.wrapping_offset(b_rs);
            }
            if alpha != T::ONE {
                each!(row r < R; { each!(vector v < V; { sums[r][v] = scaled(simd, alpha, sums[r][v]); }); });
            }
            if c.cs != 1 {
                let mut flat = [T::ZERO; ROWS * ROW];
                each!(row r < R; {
                    each!(vector v < V; {
                        flat[r * ROW + v * lanes..].as_mut_ptr().cast::<T::Of<S>>().write_unaligned(sums[r][v]);
                    });
                });
                for r in 0..R {
                    for column in 0..width {
                        put::<S, T>(c.at(r, column).ptr, flat[r * ROW + column], T::ONE, beta);
                    }
                }
                return;
            }
            each!(row r < R; {
                each!(vector v < V; {
                    let to = c.at(r, v * lanes).ptr;
                    let whole = v + 1 < V || last == lanes;
                    let mut sum = sums[r][v];
                    if beta != T::ZERO {
                        let old =
                            if whole { to.cast::<T::Of<S>>().read_unaligned() } else { T::load_first(simd, to, last) };
                        sum = added(simd, beta, old, sum);
                    }
                    if whole {
                        to.cast::<T::Of<S>>().write_unaligned(sum);
                    } else {
                        T::store_first(simd, to, last, sum);
                    }
                });
            });
        }
    }
}
