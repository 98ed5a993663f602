//! Transforms of short frames of a signal, and back.

use smallvec::smallvec;

use super::super::{complex, sorting, views};
use super::{Norm, as_complex, from_real, of_complex, to_real};
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::ops::arranging::{padding, padding_modes};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::warning;

/// How a signal is cut into frames, and each of them transformed.
#[derive(Clone, Copy)]
pub struct Frames<'a> {
    /// Points of a frame's transform.
    pub n_fft: i64,
    /// From one frame to the next; a quarter of `n_fft` if left out.
    pub hop_length: Option<i64>,
    /// Points of the window, which is in the middle of the frame; as many as the frame has if left out.
    pub win_length: Option<i64>,
    /// What frames are multiplied by; 1 if left out.
    pub window: Option<&'a Tensor>,
    /// Whether frames are around their positions, the signal being padded at both ends.
    pub center: bool,
    /// Divided by √n.
    pub normalized: bool,
    /// Half of the transforms, as of real frames.
    pub onesided: Option<bool>,
}

impl Frames<'_> {
    fn hop(&self) -> i64 {
        self.hop_length.unwrap_or(self.n_fft / 4)
    }

    fn width(&self) -> i64 {
        self.win_length.unwrap_or(self.n_fft)
    }

    fn norm(&self) -> Norm {
        if self.normalized { Norm::Ortho } else { Norm::Backward }
    }

    fn has_complex_window(&self) -> bool {
        self.window.is_some_and(|window| window.dtype().is_complex())
    }

    /// The window with zeros on both sides, up to a frame.
    fn padded_window(&self) -> Result<Option<Tensor>> {
        let Some(window) = self.window else { return Ok(None) };
        let before = (self.n_fft - self.width()) / 2;
        let behind = self.n_fft - self.width() - before;
        if before == 0 && behind == 0 {
            return Ok(Some(window.clone()));
        }
        Ok(Some(padding::constant_pad(window, &[before, behind], Scalar::Int(0))?))
    }
}

/// A batch of one where there is none.
fn batch_of(input: &Tensor, rank: usize) -> Result<(Tensor, bool)> {
    if input.rank() == rank { Ok((views::unsqueeze(input, 0)?, true)) } else { Ok((input.clone(), false)) }
}

/// The transforms of frames, one column each, of one signal or a batch of them.
#[track_caller]
pub fn stft(
    input: &Tensor,
    frames: &Frames<'_>,
    pad_mode: &str,
    return_complex: Option<bool>,
    align_to_window: Option<bool>,
) -> Result<Tensor> {
    const OP: &str = "stft";
    let complex_input = input.dtype().is_complex() || frames.has_complex_window();
    let fails = |reason: String| Err(Error::runtime(OP, reason));
    if frames.center && align_to_window.is_some() {
        return fails("stft align_to_window should only be set when center = false".to_owned());
    }
    let return_complex = match return_complex {
        Some(given) => given,
        None if complex_input => true,
        None => {
            return fails(
                "stft requires the return_complex parameter be given for real inputs, and will further require that \
                 return_complex=True in a future PyTorch release."
                    .to_owned(),
            );
        }
    };
    if !return_complex {
        warning::warn(OP, || {
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex tensors for \
             all inputs, and return_complex=False will raise an error.\nNote: you can still call torch.view_as_real on the \
             complex output to recover the old return format."
                .to_owned()
        })?;
    }
    if !(input.dtype().is_float() || input.dtype().is_complex()) {
        let name = torch_name(input.dtype());
        return Err(Error::not_implemented(
            OP,
            format!("expected a tensor of floating point or complex values, and not of {name}: others"),
        ));
    }
    if !(1..=2).contains(&input.rank()) {
        return fails("expected a 1D or 2D tensor".to_owned());
    }
    let (n_fft, hop, width) = (frames.n_fft, frames.hop(), frames.width());
    let (mut input, lone) = batch_of(input, 1)?;
    if frames.center && n_fft > 1 {
        let around = n_fft / 2;
        let flat = views::unsqueeze(&input, 0)?;
        input = views::squeeze(&padding_modes::pad(&flat, &[around, around], pad_mode, None)?, Some(&[0]))?;
    }
    let length = input.shape()[1] as i64;
    if n_fft <= 0 || n_fft > length {
        return fails(format!("expected 0 < n_fft < {length}, but got n_fft={n_fft}"));
    }
    if hop <= 0 {
        return fails(format!("expected hop_length > 0, but got hop_length={hop}"));
    }
    if width <= 0 || width > n_fft {
        return fails(format!("expected 0 < win_length <= n_fft, but got win_length={width}"));
    }
    if let Some(window) = frames.window
        && window.shape().as_slice() != [width as usize]
    {
        return fails(format!(
            "expected a 1D window tensor of size equal to win_length={width}, but got window with size {:?}",
            window.shape().as_slice()
        ));
    }
    let half = frames.onesided.unwrap_or(!complex_input);
    if half && complex_input {
        return fails("Cannot have onesided output if window or input is complex".to_owned());
    }
    if align_to_window == Some(true) && width < n_fft {
        let before = (n_fft - width) / 2;
        input = padding::constant_pad(&input, &[before, n_fft - width - before], Scalar::Int(0))?;
    }
    let mut cut = views::unfold(&input, 1, n_fft, hop)?;
    if let Some(window) = frames.padded_window()? {
        cut = cut.mul(&window)?;
    }
    if cut.dtype().is_half() {
        let name = torch_name(cut.dtype());
        return Err(Error::not_implemented(OP, format!("MKL FFT doesn't support tensors of type: {name}; it")));
    }
    let scale = frames.norm().scale(false, n_fft as f64);
    let columns = if cut.dtype().is_complex() {
        of_complex(&cut, smallvec![2], false, scale)?
    } else {
        from_real(&cut, smallvec![2], half, scale)?
    };
    let mut result = views::transpose(&columns, 1, 2)?;
    if lone {
        result = views::squeeze(&result, Some(&[0]))?;
    }
    if return_complex { Ok(result) } else { complex::view_as_real(&result) }
}

/// What an inverse is to look like.
#[derive(Clone, Copy)]
pub struct Inversion {
    /// Points of the signal; as many as the frames reach if left out.
    pub length: Option<i64>,
    /// Whether the signal is complex.
    pub return_complex: bool,
}

/// The signal of which the squares of the differences to these frames have the least sum (D. Griffin and J. Lim, "Signal
/// estimation from modified short-time Fourier transform", 1984).
#[track_caller]
pub fn istft(input: &Tensor, frames: &Frames<'_>, wanted: Inversion) -> Result<Tensor> {
    const OP: &str = "istft";
    let fails = |reason: String| Err(Error::runtime(OP, reason));
    if frames.window.is_none() {
        warning::warn(OP, || {
            "A window was not provided. A rectangular window will be applied. Please provide the same window used by stft to \
             make the inversion lossless. To suppress this warning and use a rectangular window, explicitly set \
             `window=torch.ones(n_fft, device=<device>)`."
                .to_owned()
        })?;
    }
    if !input.dtype().is_complex() {
        let reason =
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True.";
        return Err(Error::type_(OP, reason));
    }
    if input.numel() == 0 {
        return fails("input tensor cannot be empty.".to_owned());
    }
    if !(2..=3).contains(&input.rank()) {
        return fails(format!("expected a tensor with 2 or 3 dimensions, but got {}", input.rank()));
    }
    let (n_fft, hop, width) = (frames.n_fft, frames.hop(), frames.width());
    let (input, lone) = batch_of(input, 2)?;
    let (bins, count) = (input.shape()[1] as i64, input.shape()[2] as i64);
    let half = frames.onesided.unwrap_or(bins != n_fft);
    if half && bins != n_fft / 2 + 1 {
        return fails(format!(
            "expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when \
             onesided=True, but got {bins}"
        ));
    }
    if !half && bins != n_fft {
        return fails(format!(
            "expected the frequency dimension (3rd to the last) of the input tensor to match n_fft when onesided=False, but \
             got {bins}"
        ));
    }
    if hop <= 0 || hop > width {
        return fails("expected 0 < hop_length <= win_length".to_owned());
    }
    if width <= 0 || width > n_fft {
        return fails("expected 0 < win_length <= n_fft".to_owned());
    }
    if frames.window.is_some_and(|window| window.shape().as_slice() != [width as usize]) {
        return fails("Invalid window shape. window has to be 1D and length of `win_length`".to_owned());
    }
    let transposed = views::transpose(&input, 1, 2)?;
    let scale = frames.norm().scale(true, n_fft as f64);
    let mut cut = if wanted.return_complex {
        if half {
            return fails("Cannot have onesided output if window or input is complex".to_owned());
        }
        of_complex(&transposed, smallvec![2], true, scale)?
    } else {
        if frames.has_complex_window() {
            return fails("Complex windows are incompatible with return_complex=False".to_owned());
        }
        let first = if half { transposed } else { views::slice(&transposed, 2, Some(0), Some(n_fft / 2 + 1), 1)? };
        to_real(&first, smallvec![2], n_fft as usize, scale)?
    };
    let window = match frames.padded_window()? {
        Some(window) if wanted.return_complex => as_complex(&window)?,
        Some(window) => window,
        None => {
            let one = Tensor::scalar(Scalar::Int(1), cut.dtype())?;
            let window = views::broadcast_to(&one, &[width as usize])?;
            let before = (n_fft - width) / 2;
            padding::constant_pad(&window, &[before, n_fft - width - before], Scalar::Int(0))?
        }
    };
    cut = cut.mul(&window)?;
    let reach = n_fft + hop * (count - 1);
    let added = |frames: &Tensor| {
        let mut shape = frames.shape();
        shape.truncate(1);
        shape.push(reach as usize);
        let place = views::ViewOp::Unfold { axis: 1, size: n_fft as usize, step: hop as usize };
        views::embed(frames, &shape, &place, true)
    };
    let signal = added(&cut)?;
    let squares = views::broadcast_to(&window.mul(&window)?, &[1, count as usize, n_fft as usize])?;
    let envelope = added(&squares)?;
    let start = if frames.center { n_fft / 2 } else { 0 };
    let end = match wanted.length {
        Some(length) => start + length,
        None if frames.center => reach - n_fft / 2,
        None => reach,
    };
    let part = |whole: &Tensor| views::slice(whole, 1, Some(start), Some(end.min(reach)), 1);
    let (signal, envelope) = (part(&signal)?, part(&envelope)?);
    let (least, _) = sorting::aminmax(&envelope.abs()?, None, false)?;
    let covers = least.array().is_meta() || matches!(least.item()?, Scalar::Float(least) if least > 1e-11);
    if !covers {
        return fails("window overlap add min: 1".to_owned());
    }
    let mut result = signal.div(&envelope)?;
    if lone {
        result = views::squeeze(&result, Some(&[0]))?;
    }
    if end > reach {
        warning::warn(OP, || {
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. Please \
             check your center and hop_length settings."
                .to_owned()
        })?;
        result = padding::constant_pad(&result, &[0, end - reach], Scalar::Int(0))?;
    }
    Ok(result)
}
