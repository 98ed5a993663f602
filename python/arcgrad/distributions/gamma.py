"""The gamma distribution."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .exp_family import ExponentialFamily

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["Gamma"]


class Gamma(ExponentialFamily):
    """The gamma distribution, with the density rateᵃ x^(a − 1) e^(−rate x) / Γ(a) of shape a.

    Samples have gradients in the shape as well: by implicit differentiation of the distribution function.

    Args:
        concentration: the shape, positive.
        rate: one over the scale, positive.

    >>> import arcgrad as torch
    >>> Gamma(3.0, 2.0).mean
    tensor(1.5000)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0
    _parameters = {"concentration": 0, "rate": 0}

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        self._take(0, validate_args, concentration=concentration, rate=rate)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.square()

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        value = ag._standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)
        # Off zero, where the density may be infinite; the gradient is that of the number drawn.
        value.detach().clamp_(min=ag.finfo(value.dtype).tiny)
        return value

    def log_prob(self, value: Tensor) -> Tensor:
        value = ag.as_tensor(value, dtype=self.rate.dtype, device=self.rate.device)
        shape, rate = self.concentration, self.rate
        return ag.xlogy(shape, rate) + ag.xlogy(shape - 1, self._checked(value)) - rate * value - ag.lgamma(shape)

    def cdf(self, value: Tensor) -> Tensor:
        return ag.special.gammainc(self.concentration, self.rate * self._checked(value))

    def entropy(self) -> Tensor:
        shape = self.concentration
        return shape - self.rate.log() + ag.lgamma(shape) + (1 - shape) * ag.digamma(shape)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration - 1, -self.rate)

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        return ag.lgamma(x + 1) - (x + 1) * (-y).log()


_names.describe(__name__)
