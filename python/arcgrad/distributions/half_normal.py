"""The half-normal distribution."""

from __future__ import annotations

import math

from arcgrad import _names

from ._folded import Folded
from .normal import Normal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["HalfNormal"]


class HalfNormal(Folded):
    """The distribution of |x|, x being normal of mean 0.

    Args:
        scale: the standard deviation of x, positive.

    >>> import arcgrad as torch
    >>> HalfNormal(1.0).mean
    tensor(0.7979)
    """

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale.square() * (1 - 2 / math.pi)


_names.describe(__name__)
