//! The geometry that convolution and pooling share: a window that slides over up to three spatial axes.

use std::ops::Range;

/// Most spatial axes.
pub const SPATIAL: usize = 3;

/// Sizes of a sliding window, one entry per spatial axis; fewer axes are padded in front by axes of size 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Sizes of the input.
    pub input: [usize; SPATIAL],
    /// Sizes of the output.
    pub output: [usize; SPATIAL],
    /// Sizes of the window.
    pub kernel: [usize; SPATIAL],
    /// Steps of the window.
    pub stride: [usize; SPATIAL],
    /// Elements assumed on either side of the input.
    pub padding: [usize; SPATIAL],
    /// Distance of the window's elements.
    pub dilation: [usize; SPATIAL],
}

/// Pads a list of sizes in front to three axes.
fn three(sizes: &[usize], fill: usize) -> [usize; SPATIAL] {
    let mut all = [fill; SPATIAL];
    all[SPATIAL - sizes.len()..].copy_from_slice(sizes);
    all
}

impl Window {
    /// A window over 1 to 3 axes whose output sizes follow from the others; `None` where the (dilated) window is larger
    /// than the padded input, or a stride, dilation or kernel size is 0, or a size overflows.
    ///
    /// With `ceil` a last window that starts inside the input or its left padding counts even if it sticks out.
    pub fn new(
        input: &[usize],
        kernel: &[usize],
        stride: &[usize],
        padding: &[usize],
        dilation: &[usize],
        ceil: bool,
    ) -> Option<Self> {
        let mut window = Self {
            input: three(input, 1),
            output: [1; SPATIAL],
            kernel: three(kernel, 1),
            stride: three(stride, 1),
            padding: three(padding, 0),
            dilation: three(dilation, 1),
        };
        for axis in 0..SPATIAL {
            window.output[axis] = window.output_size(axis, ceil)?;
        }
        Some(window)
    }

    /// A window whose output sizes are given, whatever would fit; `None` where a size overflows. Taps outside the input
    /// are in the padding.
    pub fn with_output(
        input: &[usize],
        output: &[usize],
        kernel: &[usize],
        stride: &[usize],
        padding: &[usize],
        dilation: &[usize],
    ) -> Option<Self> {
        let window = Self {
            input: three(input, 1),
            output: three(output, 1),
            kernel: three(kernel, 1),
            stride: three(stride, 1),
            padding: three(padding, 0),
            dilation: three(dilation, 1),
        };
        let reach = |axis: usize| {
            let taps = window.dilation[axis].checked_mul(window.kernel[axis].checked_sub(1)?)?;
            let steps = window.stride[axis].checked_mul(window.output[axis])?;
            isize::try_from(taps.checked_add(steps)?.checked_add(window.padding[axis])?).ok()
        };
        (0..SPATIAL).all(|axis| reach(axis).is_some()).then_some(window)
    }

    fn output_size(&self, axis: usize, ceil: bool) -> Option<usize> {
        let wide = |value: usize| i64::try_from(value).ok();
        let (input, padding, stride) = (wide(self.input[axis])?, wide(self.padding[axis])?, wide(self.stride[axis])?);
        let (kernel, dilation) = (wide(self.kernel[axis])?, wide(self.dilation[axis])?);
        if stride == 0 || dilation == 0 || kernel == 0 {
            return None;
        }
        let extent = dilation.checked_mul(kernel - 1)?.checked_add(1)?;
        let padded = input.checked_add(padding.checked_mul(2)?)?;
        let room = padded.checked_sub(extent)?.checked_add(if ceil { stride - 1 } else { 0 })?;
        let output = room.div_euclid(stride) + 1;
        let too_far = ceil && (output - 1).checked_mul(stride)? >= input + padding;
        usize::try_from(output - i64::from(too_far)).ok().filter(|&output| output > 0)
    }

    /// Number of input positions.
    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// Number of output positions.
    pub fn outputs(&self) -> usize {
        self.output.iter().product()
    }

    /// Number of elements in the window.
    pub fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// The taps of the window at `output` along `axis` that fall inside the input, and the input position of the first
    /// one.
    #[inline(always)]
    pub fn inside(&self, axis: usize, output: usize) -> (Range<usize>, usize) {
        let start = (output * self.stride[axis]) as isize - self.padding[axis] as isize;
        let dilation = self.dilation[axis];
        let first = if start < 0 { start.unsigned_abs().div_ceil(dilation) } else { 0 };
        let position = (start + (first * dilation) as isize) as usize;
        let last =
            if position < self.input[axis] { first + (self.input[axis] - position).div_ceil(dilation) } else { first };
        (first..last.min(self.kernel[axis]).max(first), position)
    }

    /// The outputs along `axis`, of `range`, for which `tap` falls inside the input, and the input position of the
    /// first one.
    #[inline(always)]
    pub fn reached(&self, axis: usize, tap: usize, range: Range<usize>) -> (Range<usize>, usize) {
        let shift = (tap * self.dilation[axis]) as isize - self.padding[axis] as isize;
        let stride = self.stride[axis];
        let first = if shift < 0 { shift.unsigned_abs().div_ceil(stride) } else { 0 };
        let room = self.input[axis] as isize - shift;
        let end = if room > 0 { room.unsigned_abs().div_ceil(stride) } else { 0 };
        let (start, end) = (first.max(range.start), end.min(range.end));
        ((start..end.max(start)), ((start * stride) as isize + shift) as usize)
    }
}
