"""The half-Cauchy distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from ._folded import Folded
from .cauchy import Cauchy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["HalfCauchy"]


class HalfCauchy(Folded):
    """The distribution of |x|, x being Cauchy of median 0.

    Args:
        scale: the median, positive.

    >>> import arcgrad as torch
    >>> HalfCauchy(1.0).cdf(torch.tensor(1.0))
    tensor(0.5000)
    """

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), validate_args)

    @property
    def mean(self) -> Tensor:
        return ag.full(self._extended_shape(), math.inf, dtype=self.scale.dtype, device=self.scale.device)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance


_names.describe(__name__)
