"""What the distributions of |x| share, x being symmetric about 0."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .transformed_distribution import TransformedDistribution, base_parameter
from .transforms import AbsTransform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

    from .distribution import Distribution


class Folded(TransformedDistribution):
    """Both sides of a symmetric distribution laid upon each other: every density counts twice."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative

    def __init__(self, symmetric: Distribution, validate_args: bool | None = None) -> None:
        TransformedDistribution.__init__(self, symmetric, AbsTransform(), validate_args=validate_args)

    scale = base_parameter("scale", "The scale of the distribution that is folded.")

    @property
    def mode(self) -> Tensor:
        return ag.zeros_like(self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        value = ag.as_tensor(self._checked(value), dtype=self.scale.dtype, device=self.scale.device)
        log_prob = self.base_dist.log_prob(value) + math.log(2)
        return ag.where(value >= 0, log_prob, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        return 2 * self.base_dist.cdf(self._checked(value)) - 1

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)


_names.describe(__name__)
