"""The generalized Pareto distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .distribution import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """The generalized Pareto distribution, with 1 − F(x) = (1 + ξ z)^(−1/ξ) of z = (x − loc) / scale: exponential for ξ = 0, and
    bounded above for ξ < 0.

    Args:
        loc: the least value.
        scale: positive.
        concentration: the shape ξ.

    >>> import arcgrad as torch
    >>> GeneralizedPareto(0.0, 1.0, 0.5).mean
    tensor(2.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True
    _parameters = {"loc": 0, "scale": 0, "concentration": 0}

    def __init__(
        self,
        loc: Tensor | float,
        scale: Tensor | float,
        concentration: Tensor | float,
        validate_args: bool | None = None,
    ) -> None:
        self._take(0, validate_args, loc=loc, scale=scale, concentration=concentration)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        bounded = self.concentration < 0
        upper = self.loc - self.scale / ag.where(bounded, self.concentration, -1.0)
        return constraints.interval(self.loc, ag.where(bounded, upper, math.inf))

    def _exponent(self, value: Tensor) -> Tensor:
        """ln(1 + ξ z) / ξ, which is z for ξ = 0: minus the logarithm of the survival function."""
        z = (value - self.loc) / self.scale
        exponential = self._is_exponential()
        shape = ag.where(exponential, 1.0, self.concentration)
        return ag.where(exponential, z, (shape * ag.where(exponential, 0.0, z)).log1p() / shape)

    def _is_exponential(self) -> Tensor:
        return ag.isclose(self.concentration, ag.zeros_like(self.concentration))

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(ag.rand(shape, dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value: Tensor) -> Tensor:
        return -self.scale.log() - (1 + self._shape()) * self._exponent(self._checked(value))

    def _shape(self) -> Tensor:
        return ag.where(self._is_exponential(), 0.0, self.concentration)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """ln(1 − F(value))."""
        return -self._exponent(self._checked(value))

    def log_cdf(self, value: Tensor) -> Tensor:
        """ln F(value)."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return -self.log_survival_function(value).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        log_survival = (-value).log1p()
        exponential = self._is_exponential()
        shape = ag.where(exponential, 1.0, self.concentration)
        z = ag.where(exponential, -log_survival, (-shape * log_survival).expm1() / shape)
        return self.loc + self.scale * z

    @property
    def mean(self) -> Tensor:
        shape = ag.where(self.concentration < 1, self.concentration, math.nan)
        return self.loc + self.scale / (1 - shape)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        shape = ag.where(self.concentration < 0.5, self.concentration, math.nan)
        return self.scale.square() / ((1 - shape).square() * (1 - 2 * shape))

    def entropy(self) -> Tensor:
        return self.scale.log() + self.concentration + 1


_names.describe(__name__)
