"""Layers that summarise windows, and some that undo it."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from ._function_layer import FunctionLayer
from .module import Module
from .utils import _ntuple, _single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

# ---- greatest elements ----


class _MaxPoolNd(FunctionLayer):
    _hidden = ("return_indices",)

    def _settle(self):
        if self.stride is None:
            self.stride = self.kernel_size

    def forward(self, input: Tensor) -> Any:
        """Input ``(N, C, *)`` or ``(C, *)`` → output ``(N, C, *')``, or that and the indices."""
        return self._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool1d(_MaxPoolNd, function=F.max_pool1d):
    """The maximum of each window of sequences; see :class:`MaxPool2d` for the arguments.

    Shapes:
        input ``(N, C, L)`` or ``(C, L)``.
    """

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    dilation: int | tuple[int, ...] = 1
    return_indices: bool = False
    ceil_mode: bool = False


class MaxPool2d(_MaxPoolNd, function=F.max_pool2d):
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

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    dilation: int | tuple[int, ...] = 1
    return_indices: bool = False
    ceil_mode: bool = False


class MaxPool3d(_MaxPoolNd, function=F.max_pool3d):
    """The maximum of each window of volumes; see :class:`MaxPool2d` for the arguments.

    Shapes:
        input ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
    """

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    dilation: int | tuple[int, ...] = 1
    return_indices: bool = False
    ceil_mode: bool = False


class _AdaptiveMaxPoolNd(FunctionLayer):
    _hidden = ("return_indices",)

    def forward(self, input: Tensor) -> Any:
        """Input ``(N, C, *)`` or ``(C, *)`` → output ``(N, C, *output_size)``, or that and the indices."""
        return self._function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool1d):
    """The maxima of ``output_size`` windows that cover sequences ``(N, C, L)`` or ``(C, L)`` evenly; with ``return_indices`` also where
    each was."""

    output_size: int | tuple[int | None, ...] | None
    return_indices: bool = False


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool2d):
    """The maxima of windows that cover an image evenly.

    Args:
        output_size (int or pair): height and width of the result; None keeps that of the input.
        return_indices (bool): also return where each maximum was, as an index into H · W.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output ``(N, C, *output_size)``.
    """

    output_size: int | tuple[int | None, ...] | None
    return_indices: bool = False


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool3d):
    """:class:`AdaptiveMaxPool2d` of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``."""

    output_size: int | tuple[int | None, ...] | None
    return_indices: bool = False


class _FractionalMaxPoolNd(Module):
    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]

    _axes: int

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        output_size: int | tuple[int, ...] | None = None,
        output_ratio: float | tuple[float, ...] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        per_axis = _ntuple(self._axes)
        self.kernel_size = per_axis(kernel_size)
        if min(self.kernel_size) <= 0:
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{type(self).__name__} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        self.output_size = None if output_size is None else per_axis(output_size)
        self.output_ratio = None if output_ratio is None else per_axis(output_ratio)
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        """Input ``(N, C, *)`` or ``(C, *)`` → output ``(N, C, *')``, or that and the indices."""
        return self._pool(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The maxima of windows whose steps are random (Graham, 2014).

    Args:
        kernel_size (int or pair): height and width of the windows.
        output_size (int or pair, optional): height and width of the result.
        output_ratio (float or pair, optional): of the result's size to the input's, between 0 and 1, instead.
        return_indices (bool): also return where each maximum was, as an index into H · W.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.FractionalMaxPool2d(2, output_ratio=0.7)(ag.zeros(1, 3, 9, 9)).shape)
        (1, 3, 6, 6)
    """

    _axes = 2
    _pool = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """:class:`FractionalMaxPool2d` of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``."""

    _axes = 3
    _pool = staticmethod(F.fractional_max_pool3d)


class _MaxUnpoolNd(Module):
    _axes: int

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] = 0,
    ) -> None:
        super().__init__()
        per_axis = _ntuple(self._axes)
        self.kernel_size = per_axis(kernel_size)
        self.stride = self.kernel_size if stride is None else per_axis(stride)
        self.padding = per_axis(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Input and indices ``(N, C, *)`` or ``(C, *)`` → output ``(N, C, *')``, of ``output_size`` where that is given."""
        return self._unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Puts the maxima of :class:`MaxPool1d` back; see :class:`MaxUnpool2d`."""

    _axes = 1
    _unpool = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Puts the maxima of :class:`MaxPool2d` back to where they were, with zeros elsewhere.

    Args:
        kernel_size, stride, padding (int or pair): those of the pooling.

    Shapes:
        input and indices ``(N, C, H, W)`` or ``(C, H, W)``; output ``(N, C, H', W')`` with
        ``H' = (H - 1) stride - 2 padding + kernel_size``, or what is given as ``output_size`` in the call.

    Example::

        >>> import arcgrad as ag
        >>> values, places = ag.nn.MaxPool2d(2, return_indices=True)(ag.tensor([[[1.0, 2.0], [4.0, 3.0]]]))
        >>> ag.nn.MaxUnpool2d(2)(values, places)
        tensor([[[0., 0.],
                 [4., 0.]]])
    """

    _axes = 2
    _unpool = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Puts the maxima of :class:`MaxPool3d` back; see :class:`MaxUnpool2d`."""

    _axes = 3
    _unpool = staticmethod(F.max_unpool3d)


# ---- means ----


class _AvgPoolNd(FunctionLayer):
    _hidden = ("ceil_mode", "count_include_pad", "divisor_override")

    def _settle(self):
        if self.stride is None:
            self.stride = self.kernel_size


class AvgPool1d(_AvgPoolNd, function=F.avg_pool1d):
    """The mean of each window of sequences; see :class:`AvgPool2d` for the arguments.

    Shapes:
        input ``(N, C, L)`` or ``(C, L)``.
    """

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    ceil_mode: bool = False
    count_include_pad: bool = True

    def _settle(self):
        super()._settle()
        for name in ("kernel_size", "stride", "padding"):
            setattr(self, name, _single(getattr(self, name)))


class AvgPool2d(_AvgPoolNd, function=F.avg_pool2d):
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

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None


class AvgPool3d(_AvgPoolNd, function=F.avg_pool3d):
    """The mean of each window of volumes; see :class:`AvgPool2d` for the arguments.

    Shapes:
        input ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
    """

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None


class _AdaptiveAvgPoolNd(FunctionLayer):
    pass


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool1d):
    """The means of ``output_size`` windows that cover sequences ``(N, C, L)`` or ``(C, L)`` evenly."""

    output_size: int | tuple[int | None, ...] | None


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool2d):
    """The means of windows that cover an image evenly.

    Args:
        output_size (int or pair): height and width of the result; None keeps that of the input.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output ``(N, C, *output_size)``.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.AdaptiveAvgPool2d((1, None))(ag.zeros(1, 3, 7, 5)).shape)
        (1, 3, 1, 5)
    """

    output_size: int | tuple[int | None, ...] | None


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool3d):
    """:class:`AdaptiveAvgPool2d` of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``."""

    output_size: int | tuple[int | None, ...] | None


# ---- norms ----


class _LPPoolNd(FunctionLayer):
    def _settle(self):
        if self.norm_type == 0:
            raise ValueError(f"norm_type must be a non-zero value, but got {self.norm_type}")


class LPPool1d(_LPPoolNd, function=F.lp_pool1d):
    """``(Σ x^p)^(1/p)`` of each window of sequences; see :class:`LPPool2d` for the arguments."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    ceil_mode: bool = False


class LPPool2d(_LPPoolNd, function=F.lp_pool2d):
    """``(Σ x^p)^(1/p)`` of each window, p being ``norm_type``.

    Args:
        norm_type (float): p: 1 for sums, infinite for the greatest absolute value.
        kernel_size (int or pair): height and width of the window.
        stride (int or pair, optional): its step. Default: ``kernel_size``.
        ceil_mode (bool): keep a last window that leaves the image.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.LPPool2d(2, (1, 2))(ag.tensor([[[3.0, 4.0]]]))
        tensor([[[5.]]])
    """

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    ceil_mode: bool = False


class LPPool3d(_LPPoolNd, function=F.lp_pool3d):
    """``(Σ x^p)^(1/p)`` of each window of volumes; see :class:`LPPool2d` for the arguments."""

    norm_type: float
    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...] | None = None
    ceil_mode: bool = False


_names.describe(__name__)
