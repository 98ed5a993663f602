//! Convolution of integers and its transpose: exact, modulo the width of the dtype.
//!
//! Operands lie as in [`super::conv`]. There is no fast product of integers to lead it back to, so that each tap of the
//! window is multiplied with the line of elements that it reaches.

use super::conv::ConvSize;
use super::element::Element;
use super::float::Shared;
use super::number::Ring;
use super::window::Window;
use super::{In, Out};
use crate::with_element;
use arcgrad_base::parallel;

/// Picoseconds per multiplication.
const COST: u64 = 500;

/// Runs `body(tap, from, to, length)` for each line of outputs that a tap reaches inside the input: `from` is where the line
/// begins in an input plane, whose elements follow at the window's last stride, `to` where it begins in an output plane.
#[inline(always)]
fn lines(window: &Window, mut body: impl FnMut(usize, usize, usize, usize)) {
    let ([_, height, width], [_, out_height, out_width]) = (window.input, window.output);
    let mut tap = 0;
    for d in 0..window.kernel[0] {
        for h in 0..window.kernel[1] {
            for w in 0..window.kernel[2] {
                let [depths, rows, columns] =
                    [(0, d), (1, h), (2, w)].map(|(axis, at)| window.reached(axis, at, 0..window.output[axis]));
                for (i, depth) in depths.0.clone().enumerate() {
                    for (j, row) in rows.0.clone().enumerate() {
                        let (z, y) = (depths.1 + i * window.stride[0], rows.1 + j * window.stride[1]);
                        let to = (depth * out_height + row) * out_width + columns.0.start;
                        // Where no output is reached, the input position means nothing.
                        if !columns.0.is_empty() {
                            body(tap, (z * height + y) * width + columns.1, to, columns.0.len());
                        }
                    }
                }
                tap += 1;
            }
        }
    }
}

/// Runs `body` for each of `count` planes of the result.
fn planes(size: &ConvSize, count: usize, body: &(dyn Fn(usize) + Sync)) {
    let taps = (size.in_channels / size.groups).saturating_mul(size.window.taps() * size.window.outputs());
    let work = (size.batch * size.out_channels).saturating_mul(taps) as u64;
    parallel::run(count, work.saturating_mul(COST), body);
}

/// `y = conv(x, w) + bias`.
///
/// # Panics
/// Where the operands are not dense, of the sizes stated and of one integer dtype.
pub fn conv(size: &ConvSize, x: In<'_>, w: In<'_>, bias: Option<In<'_>>, y: Out<'_>) {
    let [inputs, weights, outputs] = size.totals();
    with_element!(int y.dtype, T => {
        let (x, w, y) = (x.dense::<T>(inputs), w.dense::<T>(weights), y.dense::<T>(outputs));
        let bias = bias.map(|bias| bias.dense::<T>(size.out_channels));
        // SAFETY: so many elements lie there.
        unsafe { forward::<T>(size, x, w, bias, y) };
    });
}

/// # Safety
/// As for [`conv`]: so many elements lie at each address.
unsafe fn forward<T: Element + Ring>(size: &ConvSize, x: *const T, w: *const T, bias: Option<*const T>, y: *mut T) {
    let (window, inner, outer) = (&size.window, size.in_channels / size.groups, size.out_channels / size.groups);
    let (inputs, outputs, taps) = (window.inputs(), window.outputs(), window.taps());
    // SAFETY: the planes of the output are disjoint.
    let memory = unsafe { Shared::new((x, w, bias, y)) };
    planes(size, size.batch * size.out_channels, &|plane| {
        let (x, w, bias, y) = memory.get();
        let (sample, made) = (plane / size.out_channels, plane % size.out_channels);
        // SAFETY: inside the operands, by the sizes; `lines` stays inside the planes.
        unsafe {
            let y = y.add(plane * outputs);
            let start = bias.map_or_else(T::default, |bias| *bias.add(made));
            (0..outputs).for_each(|at| y.add(at).write(start));
            for channel in 0..inner {
                let x = x.add((sample * size.in_channels + made / outer * inner + channel) * inputs);
                let w = w.add((made * inner + channel) * taps);
                lines(window, |tap, from, to, length| {
                    let weight = *w.add(tap);
                    for at in 0..length {
                        let y = y.add(to + at);
                        *y = *y + weight * *x.add(from + at * window.stride[2]);
                    }
                });
            }
        }
    });
}

/// `x = convᵀ(y, w)`: what [`conv`] would pass back to its input.
///
/// # Panics
/// As [`conv`].
pub fn conv_transposed(size: &ConvSize, w: In<'_>, y: In<'_>, x: Out<'_>) {
    let [inputs, weights, outputs] = size.totals();
    with_element!(int x.dtype, T => {
        let (w, y, x) = (w.dense::<T>(weights), y.dense::<T>(outputs), x.dense::<T>(inputs));
        // SAFETY: as in `conv`.
        unsafe { transposed::<T>(size, w, y, x) };
    });
}

/// # Safety
/// As for [`conv_transposed`]: so many elements lie at each address.
unsafe fn transposed<T: Element + Ring>(size: &ConvSize, w: *const T, y: *const T, x: *mut T) {
    let (window, inner, outer) = (&size.window, size.in_channels / size.groups, size.out_channels / size.groups);
    let (inputs, outputs, taps) = (window.inputs(), window.outputs(), window.taps());
    // SAFETY: the planes of the result are disjoint.
    let memory = unsafe { Shared::new((w, y, x)) };
    planes(size, size.batch * size.in_channels, &|plane| {
        let (w, y, x) = memory.get();
        let (sample, made) = (plane / size.in_channels, plane % size.in_channels);
        let (group, channel) = (made / inner, made % inner);
        // SAFETY: inside the operands, by the sizes; `lines` stays inside the planes.
        unsafe {
            let x = x.add(plane * inputs);
            (0..inputs).for_each(|at| x.add(at).write(T::default()));
            for from in group * outer..(group + 1) * outer {
                let y = y.add((sample * size.out_channels + from) * outputs);
                let w = w.add((from * inner + channel) * taps);
                lines(window, |tap, to, from, length| {
                    let weight = *w.add(tap);
                    for at in 0..length {
                        let x = x.add(to + at * window.stride[2]);
                        *x = *x + weight * *y.add(from + at);
                    }
                });
            }
        }
    });
}
