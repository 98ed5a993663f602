# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
import builtins
from collections.abc import Sequence
from typing import SupportsIndex, overload
from arcgrad._core import DType, Device, Float, Tensor, _layout

@overload
def fft(input: Tensor, n: SupportsIndex | None=None, dim: SupportsIndex=-1, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The discrete Fourier transform along an axis: `y[j] = Σ x[k] exp(-2πi jk/n)`."""

@overload
def fft(input: Tensor, n: SupportsIndex | None=None, *, axis: SupportsIndex, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def fft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex]=(-2, -1), norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """`fft` along two axes, the last ones unless told otherwise."""

@overload
def fft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex], norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

def fftfreq(n: SupportsIndex, d: Float=1.0, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """The frequencies of the elements of `fft` for samples that are `d` apart: 0, 1, …, −2, −1 over `n·d`."""

@overload
def fftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """`fft` along several axes: all of them, or the last ones, as many as `s` has sizes, or those of `dim`. A size of −1 is that of the axis."""

@overload
def fftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def fftshift(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None) -> Tensor:
    """The element of frequency 0 moved into the middle of each axis, or of those of `dim`."""

@overload
def fftshift(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None) -> Tensor: ...

@overload
def hfft(input: Tensor, n: SupportsIndex | None=None, dim: SupportsIndex=-1, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The transform of a signal whose second half is the conjugate of the first, which is given: `n` real numbers, 2·(size − 1) of them if left out."""

@overload
def hfft(input: Tensor, n: SupportsIndex | None=None, *, axis: SupportsIndex, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def hfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex]=(-2, -1), norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """`fft` along the first of two axes, and `hfft` along the last."""

@overload
def hfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex], norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def hfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """`fft` along all but the last of several axes, and `hfft` along that."""

@overload
def hfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def ifft(input: Tensor, n: SupportsIndex | None=None, dim: SupportsIndex=-1, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `fft`: `norm` is `"backward"` (1/n, the default), `"ortho"` (1/√n) or `"forward"` (no factor)."""

@overload
def ifft(input: Tensor, n: SupportsIndex | None=None, *, axis: SupportsIndex, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def ifft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex]=(-2, -1), norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """`ifft` along two axes, the last ones unless told otherwise."""

@overload
def ifft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex], norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def ifftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `fftn`."""

@overload
def ifftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def ifftshift(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex] | None=None) -> Tensor:
    """The inverse of `fftshift`."""

@overload
def ifftshift(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex] | None) -> Tensor: ...

@overload
def ihfft(input: Tensor, n: SupportsIndex | None=None, dim: SupportsIndex=-1, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `hfft`: the first half of the inverse transform of real numbers."""

@overload
def ihfft(input: Tensor, n: SupportsIndex | None=None, *, axis: SupportsIndex, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def ihfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex]=(-2, -1), norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `hfft2`."""

@overload
def ihfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex], norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def ihfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `hfftn`."""

@overload
def ihfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def irfft(input: Tensor, n: SupportsIndex | None=None, dim: SupportsIndex=-1, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `rfft`: `n` real numbers, 2·(size − 1) of them if left out, of the first half of their transform."""

@overload
def irfft(input: Tensor, n: SupportsIndex | None=None, *, axis: SupportsIndex, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def irfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex]=(-2, -1), norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `rfft2`; `s` says how many real numbers there are along each axis."""

@overload
def irfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex], norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def irfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The inverse of `rfftn`; `s` says how many real numbers there are along each axis."""

@overload
def irfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def rfft(input: Tensor, n: SupportsIndex | None=None, dim: SupportsIndex=-1, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """The first n/2 + 1 elements of the transform of real numbers, of which the others are the conjugates; see `fft`."""

@overload
def rfft(input: Tensor, n: SupportsIndex | None=None, *, axis: SupportsIndex, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def rfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex]=(-2, -1), norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """`rfft` along the last of two axes, and `fft` along the other."""

@overload
def rfft2(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex], norm: str | None=None, out: Tensor | None=None) -> Tensor: ...

def rfftfreq(n: SupportsIndex, d: Float=1.0, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """The frequencies of the elements of `rfft` for samples that are `d` apart: 0, 1, …, n/2 over `n·d`."""

@overload
def rfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, norm: str | None=None, *, out: Tensor | None=None) -> Tensor:
    """`rfft` along the last of several axes, and `fft` along the others; see `fftn`."""

@overload
def rfftn(input: Tensor, s: SupportsIndex | Sequence[SupportsIndex] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, norm: str | None=None, out: Tensor | None=None) -> Tensor: ...
