"""Windows by which a signal is multiplied before it is transformed.

A window has ``M`` points. With ``sym=True`` it is symmetric; with ``sym=False`` it is one period of what is symmetric with a
point more, as a transform takes it. Values are computed in double precision and rounded once.

Definitions: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66 (1978);
J. F. Kaiser and R. W. Schafer, IEEE Trans. ASSP 28 (1980).

    >>> import arcgrad as ag
    >>> ag.signal.windows.hann(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    >>> ag.signal.windows.hann(4, sym=False)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
"""

from __future__ import annotations

from collections.abc import Iterable
import math
from typing import Any

import arcgrad as ag
from arcgrad import Tensor, _names

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]


def _checked(name: str, M: int, dtype: ag.dtype | None) -> ag.dtype:
    """The dtype of a window of ``M`` points."""
    dtype = ag.get_default_dtype() if dtype is None else dtype
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if dtype not in (ag.float32, ag.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    return dtype


def _points(M: int, sym: bool) -> tuple[Tensor, int]:
    """The numbers of the points, and the distance of the first from the last of the symmetric window."""
    return ag.arange(M, dtype=ag.float64), max(M - 1 if sym else M, 1)


def _finished(window: Tensor, M: int, dtype: ag.dtype, options: dict[str, Any]) -> Tensor:
    """The window in its dtype, with what else was asked for. One point is the whole window, whatever its shape."""
    if M == 1:
        window = ag.ones(1, dtype=ag.float64)
    requires_grad = options.pop("requires_grad", False)
    # Checks what is left: layout and device.
    ag.empty(0, dtype=dtype, **options)
    return window.to(dtype).requires_grad_(requires_grad)


def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Weighted sum of cosines ``Σ (-1)ⁱ aᵢ cos(2πi n / (M - 1))``.

    Args:
        M: Number of points.
        a: The weights, a list or tuple.
        sym: Whether the window is symmetric, or one period.
        dtype: ``float32`` or ``float64``; the default dtype if left out.
        options: ``layout``, ``device``, ``requires_grad``.
    """
    dtype = _checked("general_cosine", M, dtype)
    if not isinstance(a, (list, tuple)):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    n, span = _points(M, sym)
    terms = [(-1) ** i * weight * (2 * math.pi * i / span * n).cos() for i, weight in enumerate(a)]
    return _finished(sum(terms[1:], terms[0]), M, dtype, options)


def general_hamming(
    M: int, *, alpha: float = 0.54, sym: bool = True, dtype: ag.dtype | None = None, **options: Any
) -> Tensor:
    """Raised cosine ``alpha - (1 - alpha) cos(2πn / (M - 1))``; parameters as of :func:`general_cosine`."""
    return general_cosine(M, a=[alpha, 1.0 - alpha], sym=sym, dtype=dtype, **options)


def hamming(M: int, *, sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Raised cosine with ``alpha`` 0.54, which does not reach 0; parameters as of :func:`general_cosine`."""
    return general_hamming(M, sym=sym, dtype=dtype, **options)


def hann(M: int, *, sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Raised cosine with ``alpha`` ½; parameters as of :func:`general_cosine`."""
    return general_hamming(M, alpha=0.5, sym=sym, dtype=dtype, **options)


def blackman(M: int, *, sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Sum of three cosines; parameters as of :func:`general_cosine`."""
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, dtype=dtype, **options)


def nuttall(M: int, *, sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Sum of four cosines with the lowest side lobes (A. H. Nuttall, IEEE Trans. ASSP 29 (1981)); parameters as of
    :func:`general_cosine`."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], sym=sym, dtype=dtype, **options)


def bartlett(M: int, *, sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Triangle ``1 - |2n / (M - 1) - 1|``; parameters as of :func:`general_cosine`."""
    dtype = _checked("bartlett", M, dtype)
    n, span = _points(M, sym)
    return _finished(1 - (2 / span * n - 1).abs(), M, dtype, options)


def cosine(M: int, *, sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Half of a sine wave, ``sin(π (n + ½) / M)``; parameters as of :func:`general_cosine`."""
    dtype = _checked("cosine", M, dtype)
    n, span = _points(M, sym)
    return _finished((math.pi / (span + 1) * (n + 0.5)).sin(), M, dtype, options)


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: ag.dtype | None = None, **options: Any
) -> Tensor:
    """Two exponentials ``exp(-|n - center| / tau)``.

    Args:
        M: Number of points.
        center: Where the top is; the middle if left out, as it has to be of a symmetric window.
        tau: In how many points the window falls to 1/e.
        sym: Whether the window is symmetric, or one period.
        dtype: ``float32`` or ``float64``; the default dtype if left out.
        options: ``layout``, ``device``, ``requires_grad``.
    """
    dtype = _checked("exponential", M, dtype)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    n, span = _points(M, sym)
    return _finished((-(n - (span / 2 if center is None else center)).abs() / tau).exp(), M, dtype, options)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Bell curve ``exp(-½ (n / std)²)`` about the middle; other parameters as of :func:`general_cosine`."""
    dtype = _checked("gaussian", M, dtype)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    n, span = _points(M, sym)
    return _finished((((n - span / 2) / std).square() * -0.5).exp(), M, dtype, options)


def kaiser(
    M: int, *, beta: float = 12.0, sym: bool = True, dtype: ag.dtype | None = None, **options: Any
) -> Tensor:
    """Kaiser's window ``I₀(beta √(1 - (2n / (M - 1) - 1)²)) / I₀(beta)``; other parameters as of :func:`general_cosine`."""
    dtype = _checked("kaiser", M, dtype)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    n, span = _points(M, sym)
    # 1 − t² of t = 2n/span − 1 as a product without a difference, and scaled Bessel functions, which do not overflow.
    root = ((2 / span * n) * (2 - 2 / span * n)).clamp(min=0).sqrt()
    scaled = ag.special.i0e(ag.cat([beta * root, ag.tensor([beta], dtype=ag.float64)]))
    return _finished(scaled[:-1] / scaled[-1] * (beta * (root - 1)).exp(), M, dtype, options)


_names.describe(__name__)
