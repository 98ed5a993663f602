//! Names and signatures of Fourier transforms.

use super::{Frames, Inversion, Norm};
use crate::error::Result;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};

const FFT: Forms = Forms::FFT.and(Forms::OUT);
const N: Param = param("n", Kind::Int).optional();
const S: Param = param("s", Kind::Ints).optional();
const DIM: Param = param("dim", Kind::Int).or(Default::Int(-1));
const LAST_TWO: Param = param("dim", Kind::Ints).or(Default::Ints(&[-2, -1]));
const DIMS: Param = param("dim", Kind::Ints).optional();
const NORM: Param = param("norm", Kind::Text).optional();
const DTYPE: Param = param("dtype", Kind::DType).optional().keyword();
const SPACING: Param = param("d", Kind::Float).or(Default::Float(1.0));
const ONE: &[Param] = &[input(), N, DIM, NORM];
const TWO: &[Param] = &[input(), S, LAST_TWO, NORM];
const MANY: &[Param] = &[input(), S, DIMS, NORM];

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

/// A transform along one axis.
macro_rules! one {
    ($name:literal, $function:ident, $inverse:literal, $doc:literal) => {
        op(
            $name,
            ONE,
            FFT,
            |args| {
                let (n, axis) = (args.int_opt(1), args.int(2));
                let norm = Norm::of($name, args.text_opt(3))?;
                Ok(super::$function($name, args.tensor(0), n, axis, norm, $inverse)?.into())
            },
            $doc,
        )
    };
}

/// A transform along several.
macro_rules! several {
    ($name:literal, $params:ident, $function:ident, $inverse:literal, $doc:literal) => {
        op(
            $name,
            $params,
            FFT,
            |args| {
                let norm = Norm::of($name, args.text_opt(3))?;
                let (s, dim) = (args.ints_opt(1), args.ints_opt(2));
                Ok(super::$function($name, args.tensor(0), s, dim, norm, $inverse)?.into())
            },
            $doc,
        )
    };
}

const FRAMES: [Param; 5] = [
    input(),
    param("n_fft", Kind::Int),
    param("hop_length", Kind::Int).optional(),
    param("win_length", Kind::Int).optional(),
    param("window", Kind::Tensor).optional(),
];
const CENTER: Param = param("center", Kind::Bool).or(Default::Bool(true));
const NORMALIZED: Param = param("normalized", Kind::Bool).or(Default::Bool(false));
const ONESIDED: Param = param("onesided", Kind::Bool).optional();

fn frames<'a>(args: &Args<'a>, normalized: usize) -> Frames<'a> {
    Frames {
        n_fft: args.int(1),
        hop_length: args.int_opt(2),
        win_length: args.int_opt(3),
        window: args.tensor_opt(4),
        center: args.flag(5),
        normalized: args.flag(normalized),
        onesided: args.flag_opt(normalized + 1),
    }
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
    several!("fft2", TWO, fftn, false, "`fft` along two axes, the last ones unless told otherwise."),
    several!("ifft2", TWO, fftn, true, "`ifft` along two axes, the last ones unless told otherwise."),
    several!("rfft2", TWO, rfftn, false, "`rfft` along the last of two axes, and `fft` along the other."),
    several!(
        "irfft2",
        TWO,
        irfftn,
        true,
        "The inverse of `rfft2`; `s` says how many real numbers there are along each axis."
    ),
    several!("hfft2", TWO, irfftn, false, "`fft` along the first of two axes, and `hfft` along the last."),
    several!("ihfft2", TWO, rfftn, true, "The inverse of `hfft2`."),
    several!(
        "fftn",
        MANY,
        fftn,
        false,
        "`fft` along several axes: all of them, or the last ones, as many as `s` has sizes, or those of `dim`. A size of −1 \
         is that of the axis.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.fftn(arcgrad.ones(2, 2))\n\
         tensor([[4.+0.j, 0.+0.j],\n        [0.+0.j, 0.+0.j]])"
    ),
    several!("ifftn", MANY, fftn, true, "The inverse of `fftn`."),
    several!(
        "rfftn",
        MANY,
        rfftn,
        false,
        "`rfft` along the last of several axes, and `fft` along the others; see `fftn`."
    ),
    several!(
        "irfftn",
        MANY,
        irfftn,
        true,
        "The inverse of `rfftn`; `s` says how many real numbers there are along each axis."
    ),
    several!("hfftn", MANY, irfftn, false, "`fft` along all but the last of several axes, and `hfft` along that."),
    several!("ihfftn", MANY, rfftn, true, "The inverse of `hfftn`."),
    op(
        "fftfreq",
        &[param("n", Kind::Int), SPACING, DTYPE],
        FFT,
        |args| Ok(super::frequencies("fftfreq", args.int(0), args.float(1), args.dtype_opt(2), false)?.into()),
        "The frequencies of the elements of `fft` for samples that are `d` apart: 0, 1, …, −2, −1 over `n·d`.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.fftfreq(4)\n\
         tensor([ 0.0000,  0.2500, -0.5000, -0.2500])",
    ),
    op(
        "rfftfreq",
        &[param("n", Kind::Int), SPACING, DTYPE],
        FFT,
        |args| Ok(super::frequencies("rfftfreq", args.int(0), args.float(1), args.dtype_opt(2), true)?.into()),
        "The frequencies of the elements of `rfft` for samples that are `d` apart: 0, 1, …, n/2 over `n·d`.",
    ),
    op(
        "fftshift",
        &[input(), DIMS],
        Forms::FFT,
        |args| Ok(super::shifted("fftshift", args.tensor(0), args.ints_opt(1), false)?.into()),
        "The element of frequency 0 moved into the middle of each axis, or of those of `dim`.\n\n\
         >>> import arcgrad\n\
         >>> arcgrad.fft.fftshift(arcgrad.arange(5))\n\
         tensor([3, 4, 0, 1, 2])",
    ),
    op(
        "ifftshift",
        &[input(), DIMS],
        Forms::FFT,
        |args| Ok(super::shifted("ifftshift", args.tensor(0), args.ints_opt(1), true)?.into()),
        "The inverse of `fftshift`.",
    ),
    op(
        "stft",
        &[
            FRAMES[0],
            FRAMES[1],
            FRAMES[2],
            FRAMES[3],
            FRAMES[4],
            CENTER,
            param("pad_mode", Kind::Text).or(Default::Text("reflect")),
            NORMALIZED,
            ONESIDED,
            param("return_complex", Kind::Bool).optional(),
            param("align_to_window", Kind::Bool).optional(),
        ],
        Forms::BOTH,
        |args| {
            let (complex, align) = (args.flag_opt(9), args.flag_opt(10));
            Ok(super::stft(args.tensor(0), &frames(args, 7), args.text(6), complex, align)?.into())
        },
        "The Fourier transforms of short frames of a signal, or of a batch of signals.\n\nFrames have `n_fft` points and are \
         `hop_length` apart (a quarter of that if left out). Each is multiplied by `window`, which has `win_length` points and \
         is in its middle, and transformed; `normalized` divides by √n. With `center` frames are around their positions, and \
         the signal is padded at both ends as `pad_mode` says. The result has the axes of frequencies (half of them with \
         `onesided`, as for real signals if left out) and of frames; `return_complex=False` gives pairs of real numbers.",
    ),
    op(
        "istft",
        &[
            FRAMES[0],
            FRAMES[1],
            FRAMES[2],
            FRAMES[3],
            FRAMES[4],
            CENTER,
            NORMALIZED,
            ONESIDED,
            param("length", Kind::Int).optional(),
            param("return_complex", Kind::Bool).or(Default::Bool(false)),
        ],
        Forms::BOTH,
        |args| {
            let wanted = Inversion { length: args.int_opt(8), return_complex: args.flag(9) };
            Ok(super::istft(args.tensor(0), &frames(args, 6), wanted)?.into())
        },
        "The signal whose `stft` is nearest to the input; parameters as there. Raises `RuntimeError` where the windows of all \
         frames together leave an element out.",
    ),
];
