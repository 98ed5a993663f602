"""Student's t distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .chi2 import Chi2
from .distribution import Distribution
from .utils import _standard_normal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["StudentT"]


class StudentT(Distribution):
    """Student's t distribution: a normal number over the root of a chi-squared one over its degrees of freedom.

    Args:
        df: the degrees of freedom, positive.
        loc: the median.
        scale: the factor, positive.

    >>> import arcgrad as torch
    >>> StudentT(4.0).variance
    tensor(2.)
    """

    arg_constraints = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _parameters = {"df": 0, "loc": 0, "scale": 0}

    def __init__(
        self,
        df: Tensor | float,
        loc: Tensor | float = 0.0,
        scale: Tensor | float = 1.0,
        validate_args: bool | None = None,
    ) -> None:
        self._take(0, validate_args, df=df, loc=loc, scale=scale)

    @property
    def mean(self) -> Tensor:
        return ag.where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        # df / (df − 2), infinite from 2 down to 1, and not defined below; the quotient is not taken where it is not used.
        df = ag.where(self.df > 2, self.df, 3.0)
        variance = ag.where(self.df > 2, self.scale.square() * df / (df - 2), math.inf)
        return ag.where(self.df > 1, variance, math.nan)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        noise = _standard_normal(self._extended_shape(sample_shape), dtype=self.df.dtype, device=self.df.device)
        chi2 = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * noise * (chi2 / self.df).rsqrt()

    def log_prob(self, value: Tensor) -> Tensor:
        z = (self._checked(value) - self.loc) / self.scale
        return -(self.df + 1) / 2 * (z.square() / self.df).log1p() - self._log_width()

    def _log_width(self) -> Tensor:
        """ln(scale √df B(df / 2, ½)): one over the density at the median."""
        half = self.df / 2
        log_beta = ag.lgamma(half) + math.lgamma(0.5) - ag.lgamma(half + 0.5)
        return self.scale.log() + self.df.log() / 2 + log_beta

    def entropy(self) -> Tensor:
        # The mean of ln(1 + z² / df), which is ψ((df + 1) / 2) − ψ(df / 2).
        half = self.df / 2
        return (half + 0.5) * (ag.digamma(half + 0.5) - ag.digamma(half)) + self._log_width()


_names.describe(__name__)
