"""Pictures in another size."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from ._function_layer import FunctionLayer


class Upsample(FunctionLayer, function=F.interpolate):
    """Resamples the axes after batch and channels to ``size``, or to ``scale_factor`` times their sizes.

    Args:
        size (int or tuple, optional): of the result, one for all axes or one for each.
        scale_factor (float or tuple, optional): instead of ``size``.
        mode (str): ``'nearest'``, ``'nearest-exact'``, ``'linear'``, ``'bilinear'``, ``'bicubic'``, ``'trilinear'`` or ``'area'``.
        align_corners (bool, optional): whether the centres of the corner elements of both grids coincide, or their outer corners.
        recompute_scale_factor (bool, optional): go by the ratio of the sizes, not by ``scale_factor``.

    Shapes:
        input ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.Upsample(scale_factor=2)(ag.tensor([[[1.0, 2.0]]]))
        tensor([[[1., 1., 2., 2.]]])
    """

    size: int | tuple[int, ...] | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: str = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None

    def _settle(self):
        if isinstance(self.scale_factor, tuple):
            self.scale_factor = tuple(float(factor) for factor in self.scale_factor)
        elif self.scale_factor is not None:
            self.scale_factor = float(self.scale_factor)

    def extra_repr(self) -> str:
        size = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{size}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """:class:`Upsample` of images with the nearest element."""

    def __init__(
        self, size: int | tuple[int, ...] | None = None, scale_factor: float | tuple[float, ...] | None = None
    ) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """:class:`Upsample` of images with bilinear weights and corners that coincide."""

    def __init__(
        self, size: int | tuple[int, ...] | None = None, scale_factor: float | tuple[float, ...] | None = None
    ) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


_names.describe(__name__)
