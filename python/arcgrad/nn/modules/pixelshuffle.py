"""Channels that become pixels, and back."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from ._function_layer import FunctionLayer


class PixelShuffle(FunctionLayer, function=F.pixel_shuffle):
    """``(*, C r², H, W)`` as ``(*, C, H r, W r)``: groups of r² channels become squares of pixels (Shi et al., 2016).

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.PixelShuffle(3)(ag.zeros(1, 9, 4, 4)).shape)
        (1, 1, 12, 12)
    """

    upscale_factor: int


class PixelUnshuffle(FunctionLayer, function=F.pixel_unshuffle):
    """The inverse of :class:`PixelShuffle`: ``(*, C, H r, W r)`` as ``(*, C r², H, W)``."""

    downscale_factor: int


_names.describe(__name__)
