"""Windows under the names that the package itself has: periodic unless asked otherwise, in any floating-point dtype."""

from __future__ import annotations

from typing import Any

import arcgrad as ag
from arcgrad import Tensor
from arcgrad.signal import windows


def _window(name: str, length: int, dtype: ag.dtype | None, make: Any, options: dict[str, Any]) -> Tensor:
    """A window by ``make(length)`` in double precision, then in its dtype."""
    if isinstance(length, bool) or not isinstance(length, int):
        raise TypeError(f"{name}(): argument 'window_length' (position 1) must be int, not {type(length).__name__}")
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    dtype = ag.get_default_dtype() if dtype is None else dtype
    if not dtype.is_floating_point:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtype}")
    requires_grad = options.pop("requires_grad", False)
    options.pop("pin_memory", None)
    ag.empty(0, dtype=dtype, **options)
    window: Tensor = make(length).to(dtype)
    return window.requires_grad_(requires_grad)


def hann_window(window_length: int, periodic: bool = True, *, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Raised cosine of ``window_length`` points.

        >>> import arcgrad as ag
        >>> ag.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])

    Args:
        window_length: Number of points.
        periodic: Whether the window is one period, or symmetric.
        dtype: A floating-point dtype; the default dtype if left out.
        options: ``layout``, ``device``, ``pin_memory``, ``requires_grad``.
    """
    return _window("hann_window", window_length, dtype, lambda M: windows.hann(M, sym=not periodic, dtype=ag.float64), options)


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: ag.dtype | None = None,
    **options: Any,
) -> Tensor:
    """Raised cosine ``alpha - beta cos(2πn / N)``; other parameters as of :func:`hann_window`."""

    def make(M: int) -> Tensor:
        return windows.general_cosine(M, a=[alpha, beta], sym=not periodic, dtype=ag.float64)

    return _window("hamming_window", window_length, dtype, make, options)


def blackman_window(window_length: int, periodic: bool = True, *, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Sum of three cosines; parameters as of :func:`hann_window`."""

    def make(M: int) -> Tensor:
        return windows.blackman(M, sym=not periodic, dtype=ag.float64)

    return _window("blackman_window", window_length, dtype, make, options)


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: ag.dtype | None = None, **options: Any) -> Tensor:
    """Triangle; parameters as of :func:`hann_window`."""

    def make(M: int) -> Tensor:
        return windows.bartlett(M, sym=not periodic, dtype=ag.float64)

    return _window("bartlett_window", window_length, dtype, make, options)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: ag.dtype | None = None, **options: Any
) -> Tensor:
    """Kaiser's window; other parameters as of :func:`hann_window`."""

    def make(M: int) -> Tensor:
        return windows.kaiser(M, beta=beta, sym=not periodic, dtype=ag.float64)

    return _window("kaiser_window", window_length, dtype, make, options)
