"""Dropout of whole channels, and dropout that keeps mean and variance."""

from __future__ import annotations

import math

import arcgrad
from arcgrad import _names, _warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

# What SELU tends to for large negative arguments is -λα (Klambauer et al., 2017).
_SELU_FLOOR = 1.7580993408473766


def _drop(input, p, training, inplace, channels=True, alpha=False):
    """Drops with probability ``p`` whole channels, or single elements, while training. What is dropped becomes zero, with
    ``alpha`` the value at which SELU saturates; what is kept is scaled so that the mean stays (with ``alpha`` mean 0 and variance 1)."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0 or input.numel() == 0:
        return input
    if p == 1:
        return input.zero_() if inplace else input * arcgrad.zeros((), dtype=input.dtype)
    if channels and input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape = (*input.shape[:2], *(1,) * (input.ndim - 2)) if channels else input.shape
    # Drawn anew, not into memory: under vmap each example may get its own.
    kept = arcgrad.bernoulli(arcgrad.empty(shape, dtype=input.dtype), 1 - p)
    if not alpha:
        kept = kept.div_(1 - p)
        return input.mul_(kept) if inplace else input * kept
    scale = 1 / math.sqrt((_SELU_FLOOR**2 * p + 1) * (1 - p))
    shift = (kept - 1).mul_(_SELU_FLOOR * scale).add_(_SELU_FLOOR * scale * p)
    kept = kept.mul_(scale)
    return input.mul_(kept).add_(shift) if inplace else input * kept + shift


def _drop_unbatched(input, p, training, inplace):
    """:func:`_drop` of an input without the axis of samples."""
    dropped = _drop(input.unsqueeze(0), p, training, inplace)
    return input if inplace else dropped.squeeze(0)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of ``(N, C, L)`` or ``(C, L)`` with probability ``p``, scales the rest by 1/(1 - p)."""
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input.")
    return (_drop if input.ndim == 3 else _drop_unbatched)(input, p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of ``(N, C, H, W)`` with probability ``p``, scales the rest by 1/(1 - p)."""
    if input.ndim not in (3, 4):
        _warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated: it drops channels of "
            "(N, C, H, W). Please use dropout instead."
        )
    elif input.ndim == 3:
        _warnings.warn(
            "dropout2d: Received a 3D input to dropout2d, which is taken as (N, C, L). Please use dropout1d instead."
        )
    return _drop(input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` with probability ``p``, scales the rest by 1/(1 - p)."""
    if input.ndim not in (4, 5):
        _warnings.warn(
            f"dropout3d: Received a {input.ndim}-D input to dropout3d, which is deprecated: it drops channels of "
            "(N, C, D, H, W). Please use dropout instead."
        )
    return (_drop if input.ndim == 5 else _drop_unbatched)(input, p, training, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Sets elements with probability ``p`` to the value at which SELU saturates, and scales and shifts all so that mean 0 and
    variance 1 stay (Klambauer et al., 2017).

    >>> import arcgrad
    >>> arcgrad.nn.functional.alpha_dropout(arcgrad.ones(3), training=False)
    tensor([1., 1., 1.])
    """
    return _drop(input, p, training, inplace, channels=False, alpha=True)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """:func:`alpha_dropout` of whole channels (axis 1)."""
    return _drop(input, p, training, inplace, alpha=True)


_names.describe(__name__)
