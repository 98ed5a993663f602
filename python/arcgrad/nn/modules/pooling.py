"""Layers that summarise windows of an image."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor


class MaxPool2d(Module):
    """The maximum of each window.

    Args:
        kernel_size (int or pair): height and width of the window.
        stride (int or pair): its step. Default: ``kernel_size``.
        padding (int or pair): implicit minus infinity on each side, at most half a window. Default: 0.
        dilation (int or pair): distance of the elements in the window. Default: 1.
        return_indices (bool): also return where each maximum was, as an index into H · W.
        ceil_mode (bool): keep a last window that leaves the image.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.MaxPool2d(2)(ag.zeros(1, 3, 8, 8)).shape)
        (1, 3, 4, 4)
    """

    __constants__ = ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """Input ``(N, C, H, W)`` → output ``(N, C, H', W')``, or that and the indices."""
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window.

    Args:
        kernel_size (int or pair): height and width of the window.
        stride (int or pair): its step. Default: ``kernel_size``.
        padding (int or pair): implicit zeros on each side. Default: 0.
        ceil_mode (bool): keep a last window that leaves the image.
        count_include_pad (bool): whether the zeros added count in the mean. Default: ``True``.
        divisor_override (int, optional): divide the sum by this instead.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``.
    """

    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"]

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, C, H, W)`` → output ``(N, C, H', W')``."""
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


_names.describe(__name__)
