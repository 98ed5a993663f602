//! Fourier transforms along axes: lines of any layout, in blocks of neighbours, for `arcgrad-fourier`.

use std::ops::Mul;

use arcgrad_base::parallel;
use arcgrad_fourier::{Complex, Kind, Plan, Real};
use smallvec::SmallVec;

use super::element::Element;
use super::float::Shared;
use super::scratch::with_scratch;
use super::{In, Out, require};
use crate::with_element;

/// Elements of a chunk of the parallel loop.
const GRAIN: usize = 1 << 13;

/// Most lines of a block, and least of one that has to be gathered: so many neighbours share a cache line.
const MOST: usize = 16;
const LEAST: usize = 4;

/// Picoseconds per element and bit of a line's length.
const COST: u64 = 300;

/// What lies along an axis of an operand.
#[derive(Clone, Copy)]
struct Along {
    size: usize,
    stride: isize,
}

/// The lines along one axis of what is read and of what is written.
struct Lines {
    from: Along,
    to: Along,
    /// The other axes, those whose elements are written closest together last: size, and both strides.
    others: SmallVec<[(usize, isize, isize); 6]>,
    count: usize,
}

impl Lines {
    fn new(axis: usize, from: &In<'_>, to: &Out<'_>) -> Self {
        require(axis < to.shape.len() && from.shape.len() == to.shape.len(), "an axis of both operands");
        let mut others: SmallVec<[(usize, isize, isize); 6]> = (0..to.shape.len())
            .filter(|&other| other != axis)
            .map(|other| {
                require(from.shape[other] == to.shape[other], "operands that differ along one axis alone");
                (to.shape[other], from.strides[other], to.strides[other])
            })
            .filter(|(size, ..)| *size != 1)
            .collect();
        others.sort_by_key(|(_, _, stride)| std::cmp::Reverse(stride.unsigned_abs()));
        let along = |shape: &[usize], strides: &[isize]| Along { size: shape[axis], stride: strides[axis] };
        let count = others.iter().map(|(size, ..)| size).product();
        Self { from: along(from.shape, from.strides), to: along(to.shape, to.strides), others, count }
    }

    /// Lines of a block: few enough for a cache.
    fn block(&self, length: usize) -> usize {
        let gathered = self.from.stride != 1 || self.to.stride != 1;
        (GRAIN / length).clamp(if gathered { LEAST } else { 1 }, MOST).min(self.count.max(1))
    }

    /// Where the lines `first..first + count` begin, in both operands.
    fn offsets(&self, first: usize, count: usize) -> SmallVec<[[isize; 2]; MOST]> {
        (first..first + count)
            .map(|mut line| {
                let mut at = [0; 2];
                for &(size, from, to) in self.others.iter().rev() {
                    let index = (line % size) as isize;
                    line /= size;
                    at[0] += index * from;
                    at[1] += index * to;
                }
                at
            })
            .collect()
    }
}

/// Elements of lines one line behind the other, `width` apart.
///
/// # Safety
/// They can be read and written where this says.
unsafe fn gather<E: Copy>(from: *const E, lines: &[[isize; 2]], along: Along, to: *mut E, width: usize) {
    // SAFETY: as promised.
    unsafe {
        if along.stride == 1 {
            for (line, &[at, _]) in lines.iter().enumerate() {
                to.add(line * width).copy_from_nonoverlapping(from.offset(at), along.size);
            }
            return;
        }
        for k in 0..along.size {
            for (line, &[at, _]) in lines.iter().enumerate() {
                to.add(line * width + k).write(from.offset(at + k as isize * along.stride).read());
            }
        }
    }
}

/// The other way round, each element as `each` has it.
///
/// # Safety
/// As [`gather`].
unsafe fn scatter<E: Copy, F>(
    from: *const F,
    width: usize,
    lines: &[[isize; 2]],
    along: Along,
    to: *mut E,
    each: impl Fn(*const F) -> E,
) {
    // SAFETY: as promised.
    unsafe {
        if along.stride == 1 {
            for (line, &[_, at]) in lines.iter().enumerate() {
                for k in 0..along.size {
                    to.offset(at).add(k).write(each(from.add(line * width + k)));
                }
            }
            return;
        }
        for k in 0..along.size {
            for (line, &[_, at]) in lines.iter().enumerate() {
                to.offset(at + k as isize * along.stride).write(each(from.add(line * width + k)));
            }
        }
    }
}

/// Runs `body` for every block of lines: where they begin, a buffer of `width` elements for each, and scratch memory.
fn each_block<T: Real>(
    plan: &Plan<T>,
    lines: &Lines,
    length: usize,
    body: impl Fn(&[[isize; 2]], &mut [Complex<T>], &mut [Complex<T>]) + Sync,
) {
    let (block, width, scratch) = (lines.block(length), plan.width(), plan.scratch());
    let per_chunk = (GRAIN / (block * length)).max(1) * block;
    let cost = COST * u64::from(length.ilog2() + 1) * (lines.count as u64).saturating_mul(length as u64);
    parallel::run(lines.count.div_ceil(per_chunk), cost, &|chunk| {
        let elements = block * width + scratch;
        with_scratch(elements * size_of::<Complex<T>>(), |memory| {
            let memory: *mut Complex<T> = memory.cast();
            // SAFETY: room for so many elements, in which zeros are written first.
            let memory = unsafe {
                memory.write_bytes(0, elements);
                std::slice::from_raw_parts_mut(memory, elements)
            };
            let (buffer, scratch) = memory.split_at_mut(block * width);
            for first in (chunk * per_chunk..((chunk + 1) * per_chunk).min(lines.count)).step_by(block) {
                let count = block.min(lines.count - first);
                body(&lines.offsets(first, count), &mut buffer[..count * width], scratch);
            }
        });
    });
}

/// The complex transform along axes, one after the other, times `scale`; of `input`, or of what `out` holds.
///
/// # Panics
/// Where the operands are not complex numbers of one dtype and shape, or an axis is none of theirs, or has no elements.
pub fn complex(axes: &[usize], inverse: bool, scale: f64, input: Option<In<'_>>, mut out: Out<'_>) {
    let mut input = input;
    let kind = if inverse { Kind::Inverse } else { Kind::Forward };
    if out.numel() == 0 {
        return;
    }
    for (position, &axis) in axes.iter().enumerate() {
        let scale = if position + 1 == axes.len() { scale } else { 1.0 };
        let dtype = out.dtype;
        with_element!(float dtype.to_real(), T => along::<T>(kind, axis, scale, input.take(), out.reborrow()));
    }
}

fn along<T: Element + Real + Mul<Output = T>>(
    kind: Kind,
    axis: usize,
    scale: f64,
    input: Option<In<'_>>,
    out: Out<'_>,
) {
    let in_place = input.is_none();
    let input = input.unwrap_or(In { ptr: out.ptr, dtype: out.dtype, shape: out.shape, strides: out.strides });
    input.require_dtype(T::DTYPE.to_complex());
    require(out.dtype == input.dtype && out.shape == input.shape, "complex operands of one dtype and shape");
    let lines = Lines::new(axis, &input, &out);
    let (n, scale) = (lines.to.size, T::of(scale));
    let plan = Plan::<T>::of(kind, n);
    // SAFETY: every block writes lines of its own, and reads those alone.
    let memory = unsafe { Shared::new((input.ptr.cast::<Complex<T>>(), out.ptr.cast::<Complex<T>>())) };
    let scaled = |values: &mut [Complex<T>]| {
        if scale != T::one() {
            values.iter_mut().for_each(|value| *value = *value * scale);
        }
    };
    each_block(&plan, &lines, n, |starts, buffer, scratch| {
        let (from, to) = memory.get();
        // SAFETY: the lines lie within the operands; a line that is read and written in one place is this block's alone.
        unsafe {
            if lines.from.stride == 1 && lines.to.stride == 1 {
                for &[start, target] in starts {
                    let target = std::slice::from_raw_parts_mut(to.offset(target), n);
                    if in_place {
                        plan.run(target, scratch);
                    } else {
                        plan.run_into(std::slice::from_raw_parts(from.offset(start), n), target, scratch);
                    }
                    scaled(target);
                }
                return;
            }
            gather(from, starts, lines.from, buffer.as_mut_ptr(), n);
            plan.run(buffer, scratch);
            scatter(buffer.as_ptr(), n, starts, lines.to, to, |value| *value * scale);
        }
    });
}

/// The transform of real lines along an axis, times `scale`: the first half of it, or all of it where `out` has room.
///
/// # Panics
/// Where the operands are not real and complex numbers of one precision that differ along the axis alone, or `out` has
/// neither n / 2 + 1 nor n elements there.
pub fn from_real(axis: usize, scale: f64, input: In<'_>, out: Out<'_>) {
    if out.numel() == 0 {
        return;
    }
    with_element!(float input.dtype, T => halved::<T>(axis, scale, input, out));
}

fn halved<T: Element + Real + Mul<Output = T>>(axis: usize, scale: f64, input: In<'_>, out: Out<'_>) {
    require(out.dtype == T::DTYPE.to_complex(), "complex numbers of the precision of the real ones");
    let lines = Lines::new(axis, &input, &out);
    let (n, scale) = (lines.from.size, T::of(scale));
    require(n > 0 && (lines.to.size == n || lines.to.size == n / 2 + 1), "half of a transform, or all of it");
    let plan = Plan::<T>::of(Kind::FromReal, n);
    let width = plan.width();
    let half = Along { size: n / 2 + 1, ..lines.to };
    // SAFETY: every block writes lines of its own.
    let memory = unsafe { Shared::new((input.ptr.cast::<T>(), out.ptr.cast::<Complex<T>>())) };
    each_block(&plan, &lines, n, |starts, buffer, scratch| {
        let (from, to) = memory.get();
        // SAFETY: the lines lie within the operands, and in the buffer.
        unsafe {
            if plan.is_packed() {
                gather(from, starts, lines.from, buffer.as_mut_ptr().cast(), 2 * width);
            } else {
                for (line, &[start, _]) in starts.iter().enumerate() {
                    for k in 0..n {
                        let value = from.offset(start + k as isize * lines.from.stride).read();
                        buffer[line * width + k] = Complex::new(value, T::zero());
                    }
                }
            }
            plan.run(buffer, scratch);
            scatter(buffer.as_ptr(), width, starts, half, to, |value| *value * scale);
            // The rest are the conjugates of these.
            for (line, &[_, start]) in starts.iter().enumerate() {
                for k in half.size..lines.to.size {
                    let value = buffer[line * width + n - k].conj() * scale;
                    to.offset(start + k as isize * lines.to.stride).write(value);
                }
            }
        }
    });
}

/// Real lines along an axis from the first half of their transforms, times `scale`.
///
/// # Panics
/// As [`from_real`], the other way round.
pub fn to_real(axis: usize, scale: f64, input: In<'_>, out: Out<'_>) {
    if out.numel() == 0 {
        return;
    }
    with_element!(float out.dtype, T => whole::<T>(axis, scale, input, out));
}

fn whole<T: Element + Real + Mul<Output = T>>(axis: usize, scale: f64, input: In<'_>, out: Out<'_>) {
    input.require_dtype(T::DTYPE.to_complex());
    let lines = Lines::new(axis, &input, &out);
    let (n, scale) = (lines.to.size, T::of(scale));
    require(n > 0 && lines.from.size == n / 2 + 1, "half of a transform");
    let plan = Plan::<T>::of(Kind::ToReal, n);
    let width = plan.width();
    // SAFETY: every block writes lines of its own.
    let memory = unsafe { Shared::new((input.ptr.cast::<Complex<T>>(), out.ptr.cast::<T>())) };
    each_block(&plan, &lines, n, |starts, buffer, scratch| {
        let (from, to) = memory.get();
        // SAFETY: the lines lie within the operands, and in the buffer.
        unsafe {
            gather(from, starts, lines.from, buffer.as_mut_ptr(), width);
            plan.run(buffer, scratch);
            if plan.is_packed() {
                let reals: *const T = buffer.as_ptr().cast();
                scatter(reals, 2 * width, starts, lines.to, to, |value| *value * scale);
            } else {
                scatter(buffer.as_ptr(), width, starts, lines.to, to, |value| (*value).re * scale);
            }
        }
    });
}
