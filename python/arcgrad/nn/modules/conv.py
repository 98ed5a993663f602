"""Convolutions."""

from __future__ import annotations

import math

from arcgrad import _names, empty

from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import DType, Device, Tensor

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _pair(value):
    """``(value, value)`` for a number, the tuple of its elements for a sequence."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


class Conv2d(Module):
    """Cross-correlation of images with learned kernels, plus a bias.

    Args:
        in_channels, out_channels (int): number of channels of input and output.
        kernel_size (int or pair): height and width of the kernels.
        stride (int or pair): step of the window. Default: 1.
        padding (int, pair, ``'same'`` or ``'valid'``): rows and columns added on each side; ``'same'`` keeps the
            size of the image and needs stride 1. Default: 0.
        dilation (int or pair): distance of the elements under the kernel. Default: 1.
        groups (int): the channels are split into that many groups that don't see each other. Default: 1.
        bias (bool): whether a bias is added. Default: ``True``.
        padding_mode (str): what is added: ``'zeros'``, ``'reflect'``, ``'replicate'`` or ``'circular'``.
        device, dtype: of the parameters.

    Shapes:
        input ``(N, in_channels, H, W)`` or ``(in_channels, H, W)``, output ``(N, out_channels, H', W')`` with
        ``H' = ⌊(H + 2 padding - dilation (kernel_size - 1) - 1) / stride⌋ + 1``; ``weight``
        ``(out_channels, in_channels / groups, kH, kW)``, ``bias`` ``(out_channels,)``.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.Conv2d(1, 8, 3, padding=1)(ag.zeros(5, 1, 28, 28)).shape)
        (5, 8, 28, 28)
    """

    __constants__ = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError(f"groups must be a positive integer, but got {groups}")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups != 0:
                raise ValueError(f"{name} must be divisible by groups, but got {channels} and {groups}")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {_PADDING_MODES}, but got padding_mode='{padding_mode}'")
        stride = _pair(stride)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string '{padding}', should be one of {{'valid', 'same'}}")
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError(f"padding='same' is not supported for strided convolutions, but got stride={stride}")
        else:
            padding = _pair(padding)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair(kernel_size)
        self.stride = stride
        self.padding = padding
        self.dilation = _pair(dilation)
        self.transposed = False
        self.output_padding = (0, 0)
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._padding_around()
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _padding_around(self):
        """The padding as ``functional.pad`` takes it: left, right, top, bottom."""
        if self.padding == "valid":
            return [0, 0, 0, 0]
        around = []
        for axis in (1, 0):
            if self.padding == "same":
                total = self.dilation[axis] * (self.kernel_size[axis] - 1)
                around += [total // 2, total - total // 2]
            else:
                around += [self.padding[axis]] * 2
        return around

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/√(in_channels / groups · kH · kW)."""
        # With a = √5 the bound √(6 / ((1 + a²) fan_in)) is 1/√fan_in.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            init._uniform_by_fan_in_(self.bias, self.weight)

    def _conv_forward(self, input, weight, bias):
        if self.padding_mode != "zeros":
            padded = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            return F.conv2d(padded, weight, bias, self.stride, (0, 0), self.dilation, self.groups)
        return F.conv2d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, in_channels, H, W)`` or without N → output ``(N, out_channels, H', W')``."""
        return self._conv_forward(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            # A named padding is printed without quotation marks.
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("padding_mode", "zeros")


_names.describe(__name__)
