"""The negative binomial distribution."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names
from arcgrad.nn import functional as F

from . import constraints
from ._weights import Weighted
from .gamma import Gamma

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Weighted):
    """The number of successes before ``total_count`` failures.

    Args:
        total_count: the number of failures at which trials stop; not negative, not necessarily an integer.
        probs: the chance of success of each trial, below 1.
        logits: its log odds, instead.

    Raises:
        ValueError: both are given, or none.

    >>> import arcgrad as torch
    >>> NegativeBinomial(3.0, torch.tensor(0.5)).mean
    tensor(3.)
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _parameters = {"total_count": 0, "probs": 0, "logits": 0}
    _binary = True

    def __init__(
        self,
        total_count: Tensor | float,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self.total_count: Tensor
        self._take_weights(probs, logits, validate_args, total_count=total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.mean / ag.sigmoid(-self.logits)

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        # A Poisson number of a gamma rate.
        with ag.no_grad():
            gamma = Gamma(self.total_count, (-self.logits).exp(), validate_args=False)
            return ag.poisson(gamma.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        n, k = self.total_count, self._checked(value)
        unnormalized = n * F.logsigmoid(-self.logits) + k * F.logsigmoid(self.logits)
        normalizer = ag.lgamma(n + k) - ag.lgamma(k + 1) - ag.lgamma(n)
        # No failures and no successes are certain: Γ(0) / Γ(0) is 1.
        return unnormalized + ag.where(n + k == 0, 0.0, normalizer)


_names.describe(__name__)
