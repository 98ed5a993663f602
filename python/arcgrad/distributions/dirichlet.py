"""The Dirichlet distribution."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .exp_family import ExponentialFamily

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """The Dirichlet distribution over vectors of sum 1, with the density Π xᵢ^(aᵢ − 1) / B(a).

    Samples have gradients by implicit differentiation of the distribution function.

    Args:
        concentration: the shapes a along the last axis, positive.

    Raises:
        ValueError: ``concentration`` has no axis.

    >>> import arcgrad as torch
    >>> Dirichlet(torch.tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _mean_carrier_measure = 0
    _parameters = {"concentration": 1}

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self._take(1, validate_args, concentration=concentration)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0)
        mode = above / above.sum(-1, True)
        # With all shapes below 1 the density is infinite in every corner, of which the first is given.
        everywhere = (self.concentration < 1).all(-1, keepdim=True)
        first = ag.arange(self.concentration.shape[-1], device=mode.device) == 0
        return ag.where(everywhere, first.to(mode.dtype), mode)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.square() * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        return ag._sample_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        weighted = ag.xlogy(self.concentration - 1, self._checked(value)).sum(-1)
        return weighted + ag.lgamma(self.concentration.sum(-1)) - ag.lgamma(self.concentration).sum(-1)

    def entropy(self) -> Tensor:
        shapes, count = self.concentration, self.concentration.shape[-1]
        total = shapes.sum(-1)
        log_beta = ag.lgamma(shapes).sum(-1) - ag.lgamma(total)
        return log_beta + (total - count) * ag.digamma(total) - ((shapes - 1) * ag.digamma(shapes)).sum(-1)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration - 1,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return ag.lgamma(x + 1).sum(-1) - ag.lgamma((x + 1).sum(-1))


_names.describe(__name__)
