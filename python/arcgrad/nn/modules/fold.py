"""Windows as columns, and back."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from ._function_layer import FunctionLayer


class Fold(FunctionLayer, function=F.fold):
    """Adds up columns at the places of their windows: the transpose of :class:`Unfold`.

    Args:
        output_size (int or pair): height and width of the result.
        kernel_size (int or pair): height and width of the windows.
        dilation (int or pair): distance of the elements in a window. Default: 1.
        padding (int or pair): what the windows leave the image by, on each side. Default: 0.
        stride (int or pair): step of the windows. Default: 1.

    Shapes:
        input ``(N, C · kH · kW, windows)`` or without N, output ``(N, C, *output_size)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.Fold((1, 3), (1, 2))(ag.ones(2, 2))
        tensor([[[1., 2., 1.]]])
    """

    output_size: int | tuple[int, ...]
    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    stride: int | tuple[int, ...] = 1


class Unfold(FunctionLayer, function=F.unfold):
    """The windows of images as columns (im2col); see :class:`Fold` for the arguments.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output ``(N, C · kH · kW, windows)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.Unfold((1, 2))(ag.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[1., 2.],
                [2., 3.]])
    """

    kernel_size: int | tuple[int, ...]
    dilation: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    stride: int | tuple[int, ...] = 1


_names.describe(__name__)
