"""The inverse gamma distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .gamma import Gamma
from .transformed_distribution import TransformedDistribution, base_parameter
from .transforms import PowerTransform

TYPE_CHECKING = False
if TYPE_CHECKING:

    from arcgrad._core import Tensor

__all__ = ["InverseGamma"]


class InverseGamma(TransformedDistribution):
    """The distribution of 1 / x, x being gamma.

    Args:
        concentration: the shape, positive.
        rate: the scale, positive: it is the rate of x.

    >>> import arcgrad as torch
    >>> InverseGamma(3.0, 4.0).mean
    tensor(2.)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        super().__init__(base, PowerTransform(base.rate.new_tensor(-1.0)), validate_args=validate_args)

    concentration = base_parameter("concentration", "The shape.")
    rate = base_parameter("rate", "The scale.")

    @property
    def mean(self) -> Tensor:
        a = self.concentration
        return ag.where(a > 1, self.rate / (a - 1), math.inf)

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        a = self.concentration
        return ag.where(a > 2, self.rate.square() / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a + self.rate.log() + ag.lgamma(a) - (1 + a) * ag.digamma(a)


_names.describe(__name__)
