"""The memory format of images that a function makes of others."""

from __future__ import annotations

import arcgrad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor


def in_format_of(model: Tensor, result: Tensor) -> Tensor:
    """The result with its channels last in memory where those of ``model`` are."""
    for rank, order in ((4, arcgrad.channels_last), (5, arcgrad.channels_last_3d)):
        if model.ndim == rank and model.is_contiguous(memory_format=order) and not model.is_contiguous():
            return result.contiguous(memory_format=order)
    return result
