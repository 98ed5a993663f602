"""The F distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .distribution import Distribution
from .gamma import Gamma

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["FisherSnedecor"]


class FisherSnedecor(Distribution):
    """The F distribution: the quotient of two chi-squared numbers, each over its degrees of freedom.

    Args:
        df1: the degrees of freedom of the numerator, positive.
        df2: those of the denominator, positive.

    >>> import arcgrad as torch
    >>> FisherSnedecor(1.0, 4.0).mean
    tensor(2.)
    """

    arg_constraints = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True
    _parameters = {"df1": 0, "df2": 0}

    def __init__(self, df1: Tensor | float, df2: Tensor | float, validate_args: bool | None = None) -> None:
        self._take(0, validate_args, df1=df1, df2=df2)

    @property
    def mean(self) -> Tensor:
        df2 = ag.where(self.df2 > 2, self.df2, math.nan)
        return df2 / (df2 - 2)

    @property
    def mode(self) -> Tensor:
        mode = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return ag.where(self.df1 > 2, mode, math.nan)

    @property
    def variance(self) -> Tensor:
        df1, df2 = self.df1, ag.where(self.df2 > 4, self.df2, math.nan)
        return 2 * df2.square() * (df1 + df2 - 2) / (df1 * (df2 - 2).square() * (df2 - 4))

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        # Both halved, which the quotient does not show.
        above = Gamma(self.df1 / 2, self.df1, validate_args=False).rsample(sample_shape)
        below = Gamma(self.df2 / 2, self.df2, validate_args=False).rsample(sample_shape)
        tiny = ag.finfo(below.dtype).tiny
        return (above / below.clamp(min=tiny)).clamp(min=tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        half1, half2, ratio = self.df1 / 2, self.df2 / 2, self.df1 / self.df2
        log_beta = ag.lgamma(half1) + ag.lgamma(half2) - ag.lgamma(half1 + half2)
        return (
            half1 * ratio.log()
            + (half1 - 1) * self._checked(value).log()
            - (half1 + half2) * (ratio * value).log1p()
            - log_beta
        )


_names.describe(__name__)
