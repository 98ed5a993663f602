"""Convolutions and their transposes."""

from __future__ import annotations

import math

from arcgrad import _names, empty

from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module
from .utils import _ntuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import DType, Device, Tensor

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolutions share: settings with one number per axis, parameters, their first values and their printed form."""

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

    #: Number of axes of the window.
    _axes: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...],
        padding: int | tuple[int, ...] | str,
        dilation: int | tuple[int, ...],
        output_padding: int | tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
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
        per_axis = _ntuple(self._axes)
        stride = per_axis(stride)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string '{padding}', should be one of {{'valid', 'same'}}")
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError(f"padding='same' is not supported for strided convolutions, but got stride={stride}")
        else:
            padding = per_axis(padding)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_axis(kernel_size)
        self.stride = stride
        self.padding = padding
        self.dilation = per_axis(dilation)
        self.output_padding = per_axis(output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._padding_around()
        ends = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(empty((*ends, *self.kernel_size), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _padding_around(self):
        """The padding as ``functional.pad`` takes it: both ends of the last axis first."""
        if self.padding == "valid":
            return [0, 0] * self._axes
        around = []
        for axis in reversed(range(self._axes)):
            if self.padding == "same":
                total = self.dilation[axis] * (self.kernel_size[axis] - 1)
                around += [total // 2, total - total // 2]
            else:
                around += [self.padding[axis]] * 2
        return around

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/√(size of the second axis of the weight · elements of the window)."""
        # With a = √5 the bound √(6 / ((1 + a²) fan_in)) is 1/√fan_in.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            init._uniform_by_fan_in_(self.bias, self.weight)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * self._axes:
                # A named padding is printed without quotation marks.
                text += f", {name}={value}"
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


class _Conv(_ConvNd):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input, weight, bias):
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode), 0
        return self._convolve(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, in_channels, *)`` or without N → output ``(N, out_channels, *')``."""
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """Cross-correlation of sequences with learned kernels, plus a bias; see :class:`Conv2d` for the arguments.

    Shapes:
        input ``(N, in_channels, L)`` or ``(in_channels, L)``, output ``(N, out_channels, L')``; ``weight``
        ``(out_channels, in_channels / groups, kernel_size)``, ``bias`` ``(out_channels,)``.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.Conv1d(4, 8, 3, stride=2)(ag.zeros(5, 4, 11)).shape)
        (5, 8, 5)
    """

    _axes = 1
    _convolve = staticmethod(F.conv1d)


class Conv2d(_Conv):
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

    _axes = 2
    _convolve = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Cross-correlation of volumes with learned kernels, plus a bias; see :class:`Conv2d` for the arguments.

    Shapes:
        input ``(N, in_channels, D, H, W)`` or ``(in_channels, D, H, W)``, output ``(N, out_channels, D', H', W')``; ``weight``
        ``(out_channels, in_channels / groups, kD, kH, kW)``, ``bias`` ``(out_channels,)``.
    """

    _axes = 3
    _convolve = staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding_for(self, input, output_size):
        """What has to be added at the ends for a result of this size, given with or without batch and channels."""
        if output_size is None:
            return self.output_padding
        lead = input.dim() - self._axes
        wanted = list(output_size)
        if len(wanted) == lead + self._axes:
            wanted = wanted[lead:]
        if len(wanted) != self._axes:
            raise ValueError(
                f"ConvTranspose{self._axes}D: for {input.dim()}D input, output_size must have {self._axes} or {lead + self._axes} "
                f"elements (got {len(wanted)})"
            )
        smallest = [
            (size - 1) * stride - 2 * padding + dilation * (window - 1) + 1
            for size, stride, padding, dilation, window in zip(
                input.shape[lead:], self.stride, self.padding, self.dilation, self.kernel_size
            )
        ]
        greatest = [least + stride - 1 for least, stride in zip(smallest, self.stride)]
        if any(not least <= size <= most for least, size, most in zip(smallest, wanted, greatest)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {smallest} to {greatest} (for an input of "
                f"{list(input.shape[2:])})"
            )
        return [size - least for size, least in zip(wanted, smallest)]

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Input ``(N, in_channels, *)`` or without N → output ``(N, out_channels, *')``, of ``output_size`` where that is given."""
        padding = self._output_padding_for(input, output_size)
        return self._convolve(
            input, self.weight, self.bias, self.stride, self.padding, padding, self.groups, self.dilation
        )


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of a convolution of sequences; see :class:`ConvTranspose2d` for the arguments.

    Shapes:
        input ``(N, in_channels, L)`` or ``(in_channels, L)``, output ``(N, out_channels, L')``.
    """

    _axes = 1
    _convolve = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of a convolution of images, which spreads each element by the kernel: the gradient of :class:`Conv2d`.

    Args:
        in_channels, out_channels (int): number of channels of input and output.
        kernel_size (int or pair): height and width of the kernels.
        stride (int or pair): distance of the elements in the result. Default: 1.
        padding (int or pair): rows and columns taken away on each side of the result. Default: 0.
        output_padding (int or pair): rows and columns added at its end, for the sizes that a convolution with this stride takes
            to the same. Default: 0.
        groups (int): the channels are split into that many groups that don't see each other. Default: 1.
        bias (bool): whether a bias is added. Default: ``True``.
        dilation (int or pair): distance of the elements under the kernel. Default: 1.
        padding_mode (str): must be ``'zeros'``.
        device, dtype: of the parameters.

    Shapes:
        input ``(N, in_channels, H, W)`` or ``(in_channels, H, W)``, output ``(N, out_channels, H', W')`` with
        ``H' = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``; ``weight``
        ``(in_channels, out_channels / groups, kH, kW)``, ``bias`` ``(out_channels,)``.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.ConvTranspose2d(8, 1, 3, stride=2, padding=1)
        >>> tuple(layer(ag.zeros(5, 8, 7, 7)).shape), tuple(layer(ag.zeros(5, 8, 7, 7), output_size=(14, 14)).shape)
        ((5, 1, 13, 13), (5, 1, 14, 14))
    """

    _axes = 2
    _convolve = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of a convolution of volumes; see :class:`ConvTranspose2d` for the arguments.

    Shapes:
        input ``(N, in_channels, D, H, W)`` or ``(in_channels, D, H, W)``, output ``(N, out_channels, D', H', W')``.
    """

    _axes = 3
    _convolve = staticmethod(F.conv_transpose3d)


_names.describe(__name__)
