//! Names and signatures of Fourier transforms.

use super::{Frames, Inversion, Norm};
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, OpInfo, op};

const FFT: Forms = Forms::FFT.and(Forms::OUT);

/// A transform along one axis.
macro_rules! one {
    ($name:literal, $function:ident, $inverse:literal, $doc:literal) => {
        op(
            $name,
            takes!((input: Tensor, n: Option<Int> = None, dim: Int = -1, norm: Option<Text> = None)
                => super::$function($name, input, n, dim, Norm::of($name, norm)?, $inverse)),
            FFT,
            $doc,
        )
    };
}

/// A transform along several.
macro_rules! several {
    ($name:literal, ($dim:ident: $dims:ty = $default:expr), $function:ident, $inverse:literal, $doc:literal) => {
        op(
            $name,
            takes!((input: Tensor, s: Option<Ints> = None, $dim: $dims = $default, norm: Option<Text> = None)
                => super::$function($name, input, s, $dim.into(), Norm::of($name, norm)?, $inverse)),
            FFT,
            $doc,
        )
    };
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    one!(
        "fft",
        fft,
        false,
        "The discrete Fourier transform along an axis: `y[j] = Σ x[k] exp(-2πi jk/n)`.\n\nReal or complex tensors of any \
         length give complex ones; integers count as floats, half precision is refused. With `n` the axis is cut or filled \
         with zeros first. `norm` is `\"backward\"` (no factor, the default), `\"ortho\"` (1/√n) or `\"forward\"` (1/n).\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.fft(arcgrad.tensor([1.0, 2.0, 3.0, 4.0]))\n\
         tensor([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])"
    ),
    one!(
        "ifft",
        fft,
        true,
        "The inverse of `fft`: `norm` is `\"backward\"` (1/n, the default), `\"ortho\"` (1/√n) or `\"forward\"` (no factor)."
    ),
    one!(
        "rfft",
        rfft,
        false,
        "The first n/2 + 1 elements of the transform of real numbers, of which the others are the conjugates; see `fft`.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.rfft(arcgrad.tensor([1.0, 2.0, 3.0, 4.0]))\n\
         tensor([10.+0.j, -2.+2.j, -2.+0.j])"
    ),
    one!(
        "irfft",
        irfft,
        true,
        "The inverse of `rfft`: `n` real numbers, 2·(size − 1) of them if left out, of the first half of their transform."
    ),
    one!(
        "hfft",
        irfft,
        false,
        "The transform of a signal whose second half is the conjugate of the first, which is given: `n` real numbers, \
         2·(size − 1) of them if left out."
    ),
    one!("ihfft", rfft, true, "The inverse of `hfft`: the first half of the inverse transform of real numbers."),
    several!("fft2", (dim: Ints = &[-2, -1]), fftn, false, "`fft` along two axes, the last ones unless told otherwise."),
    several!("ifft2", (dim: Ints = &[-2, -1]), fftn, true, "`ifft` along two axes, the last ones unless told otherwise."),
    several!("rfft2", (dim: Ints = &[-2, -1]), rfftn, false, "`rfft` along the last of two axes, and `fft` along the other."),
    several!(
        "irfft2",
        (dim: Ints = &[-2, -1]),
        irfftn,
        true,
        "The inverse of `rfft2`; `s` says how many real numbers there are along each axis."
    ),
    several!("hfft2", (dim: Ints = &[-2, -1]), irfftn, false, "`fft` along the first of two axes, and `hfft` along the last."),
    several!("ihfft2", (dim: Ints = &[-2, -1]), rfftn, true, "The inverse of `hfft2`."),
    several!(
        "fftn",
        (dim: Option<Ints> = None),
        fftn,
        false,
        "`fft` along several axes: all of them, or the last ones, as many as `s` has sizes, or those of `dim`. A size of −1 \
         is that of the axis.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.fftn(arcgrad.ones(2, 2))\n\
         tensor([[4.+0.j, 0.+0.j],\n        [0.+0.j, 0.+0.j]])"
    ),
    several!("ifftn", (dim: Option<Ints> = None), fftn, true, "The inverse of `fftn`."),
    several!(
        "rfftn",
        (dim: Option<Ints> = None),
        rfftn,
        false,
        "`rfft` along the last of several axes, and `fft` along the others; see `fftn`."
    ),
    several!(
        "irfftn",
        (dim: Option<Ints> = None),
        irfftn,
        true,
        "The inverse of `rfftn`; `s` says how many real numbers there are along each axis."
    ),
    several!("hfftn", (dim: Option<Ints> = None), irfftn, false, "`fft` along all but the last of several axes, and `hfft` along that."),
    several!("ihfftn", (dim: Option<Ints> = None), rfftn, true, "The inverse of `hfftn`."),
    op(
        "fftfreq",
        takes!((n: Int, d: Float = 1.0, *, dtype: Option<DType> = None)
            => super::frequencies("fftfreq", n, d, dtype, false)),
        FFT,
        "The frequencies of the elements of `fft` for samples that are `d` apart: 0, 1, …, −2, −1 over `n·d`.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.fftfreq(4)\n\
         tensor([ 0.0000,  0.2500, -0.5000, -0.2500])",
    ),
    op(
        "rfftfreq",
        takes!((n: Int, d: Float = 1.0, *, dtype: Option<DType> = None)
            => super::frequencies("rfftfreq", n, d, dtype, true)),
        FFT,
        "The frequencies of the elements of `rfft` for samples that are `d` apart: 0, 1, …, n/2 over `n·d`.",
    ),
    op(
        "fftshift",
        takes!((input: Tensor, dim: Option<Ints> = None) => super::shifted("fftshift", input, dim, false)),
        Forms::FFT,
        "The element of frequency 0 moved into the middle of each axis, or of those of `dim`.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.fftshift(arcgrad.arange(5))\n\
         tensor([3, 4, 0, 1, 2])",
    ),
    op(
        "ifftshift",
        takes!((input: Tensor, dim: Option<Ints> = None) => super::shifted("ifftshift", input, dim, true)),
        Forms::FFT,
        "The inverse of `fftshift`.",
    ),
    op(
        "stft",
        takes!((
            input: Tensor,
            n_fft: Int,
            hop_length: Option<Int> = None,
            win_length: Option<Int> = None,
            window: Option<Tensor> = None,
            center: Bool = true,
            pad_mode: Text = "reflect",
            normalized: Bool = false,
            onesided: Option<Bool> = None,
            return_complex: Option<Bool> = None,
            align_to_window: Option<Bool> = None,
        ) {
            let frames = Frames { n_fft, hop_length, win_length, window, center, normalized, onesided };
            Ok(super::stft(input, &frames, pad_mode, return_complex, align_to_window)?.into())
        }),
        Forms::BOTH,
        "The Fourier transforms of short frames of a signal, or of a batch of signals.\n\nFrames have `n_fft` points and are \
         `hop_length` apart (a quarter of that if left out). Each is multiplied by `window`, which has `win_length` points and \
         is in its middle, and transformed; `normalized` divides by √n. With `center` frames are around their positions, and \
         the signal is padded at both ends as `pad_mode` says. The result has the axes of frequencies (half of them with \
         `onesided`, as for real signals if left out) and of frames; `return_complex=False` gives pairs of real numbers.",
    ),
    op(
        "istft",
        takes!((
            input: Tensor,
            n_fft: Int,
            hop_length: Option<Int> = None,
            win_length: Option<Int> = None,
            window: Option<Tensor> = None,
            center: Bool = true,
            normalized: Bool = false,
            onesided: Option<Bool> = None,
            length: Option<Int> = None,
            return_complex: Bool = false,
        ) {
            let frames = Frames { n_fft, hop_length, win_length, window, center, normalized, onesided };
            Ok(super::istft(input, &frames, Inversion { length, return_complex })?.into())
        }),
        Forms::BOTH,
        "The signal whose `stft` is nearest to the input; parameters as there. Raises `RuntimeError` where the windows of all \
         frames together leave an element out.",
    ),
];
