"""Convolutions beside those of the core."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import nn as _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["conv_tbc"]


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """One-dimensional convolution of ``(time, batch, channels)``.

    Args:
        input (Tensor): ``(T, N, in_channels)``.
        weight (Tensor): ``(window, in_channels, out_channels)``.
        bias (Tensor): ``(out_channels,)``.
        pad (int): zeros before and after the time axis.

    >>> import arcgrad
    >>> tuple(arcgrad.nn.functional.conv_tbc(arcgrad.ones(5, 2, 3), arcgrad.ones(2, 3, 4), arcgrad.zeros(4)).shape)
    (4, 2, 4)
    """
    for name, tensor, axes in (("input", input, 3), ("weight", weight, 3), ("bias", bias, 1)):
        if tensor.ndim != axes:
            raise RuntimeError(f"conv_tbc: {name} must have {axes} dims, got {tensor.ndim}")
    if input.shape[2] != weight.shape[1]:
        raise RuntimeError(
            f"conv_tbc: Input dim 2 (input channels) is not == dim 1 in the weight tensor: {input.shape[2]} and {weight.shape[1]}"
        )
    return _core.conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)


_names.describe(__name__)
