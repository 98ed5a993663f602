"""Layers that put elements around their input."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from .module import Module
from .utils import _ntuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor


class _PadNd(Module):
    """Elements around the last axes: as many of them as ``_axes`` says, in the mode ``_mode`` of ``functional.pad``."""

    __constants__ = ["padding"]

    _axes: int
    _mode: str

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self._axes)(padding)

    def forward(self, input: Tensor) -> Tensor:
        """Input of at least as many axes as are padded → those axes longer, or shorter where the padding is negative."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPadNd(_PadNd):
    _mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """Reflects sequences at their ends; see :class:`ReflectionPad2d`. ``padding`` is a number, or left and right."""

    _axes = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Reflects images at their border, which is not repeated.

    Args:
        padding (int or tuple): how many elements on every side, or on the left, right, top and bottom.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output ``(N, C, H + top + bottom, W + left + right)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.ReflectionPad2d((1, 1, 0, 0))(ag.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[[2., 1., 2., 3., 2.]]])
    """

    _axes = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Reflects volumes at their border; see :class:`ReflectionPad2d`. ``padding`` goes on with front and back."""

    _axes = 3


class _ReplicationPadNd(_PadNd):
    _mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """Repeats the first and last element of sequences; see :class:`ReplicationPad2d`. ``padding`` is a number, or left and right."""

    _axes = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Repeats the border of images outwards.

    Args:
        padding (int or tuple): how many elements on every side, or on the left, right, top and bottom.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output ``(N, C, H + top + bottom, W + left + right)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.ReplicationPad2d((2, 0, 0, 0))(ag.tensor([[[1.0, 2.0]]]))
        tensor([[[1., 1., 1., 2.]]])
    """

    _axes = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Repeats the border of volumes outwards; see :class:`ReplicationPad2d`. ``padding`` goes on with front and back."""

    _axes = 3


class _CircularPadNd(_PadNd):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """Input of as many axes as are padded, and one or two before → those axes longer."""
        least = self._axes + 1
        if input.dim() not in (least, least + 1):
            raise ValueError(f"expected {least}D or {least + 1}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Goes on with the other end of sequences; see :class:`CircularPad2d`. ``padding`` is a number, or left and right."""

    _axes = 1


class CircularPad2d(_CircularPadNd):
    """Goes on with the other side of images.

    Args:
        padding (int or tuple): how many elements on every side, or on the left, right, top and bottom.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output ``(N, C, H + top + bottom, W + left + right)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.CircularPad2d((1, 1, 0, 0))(ag.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[[3., 1., 2., 3., 1.]]])
    """

    _axes = 2


class CircularPad3d(_CircularPadNd):
    """Goes on with the other side of volumes; see :class:`CircularPad2d`. ``padding`` goes on with front and back."""

    _axes = 3


class _ConstantPadNd(_PadNd):
    __constants__ = ["padding", "value"]

    _mode = "constant"

    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Input of at least as many axes as are padded → those axes longer, or shorter where the padding is negative."""
        return F.pad(input, self.padding, self._mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Puts a value around sequences; see :class:`ConstantPad2d`. ``padding`` is a number, or left and right."""

    _axes = 1


class ConstantPad2d(_ConstantPadNd):
    """Puts a value around images.

    Args:
        padding (int or tuple): how many elements on every side, or on the left, right, top and bottom.
        value (float): what they are.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output ``(N, C, H + top + bottom, W + left + right)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.ConstantPad2d((1, 0, 0, 0), 7.0)(ag.tensor([[[1.0, 2.0]]]))
        tensor([[[7., 1., 2.]]])
    """

    _axes = 2


class ConstantPad3d(_ConstantPadNd):
    """Puts a value around volumes; see :class:`ConstantPad2d`. ``padding`` goes on with front and back."""

    _axes = 3


class _ZeroPad(_ConstantPadNd):
    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """:class:`ConstantPad1d` with zeros."""


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """:class:`ConstantPad2d` with zeros."""


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """:class:`ConstantPad3d` with zeros."""


_names.describe(__name__)
