"""The binomial distribution."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names
from arcgrad.nn import functional as F

from . import constraints
from ._weights import Weighted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["Binomial"]


class Binomial(Weighted):
    """The number of successes among trials.

    Args:
        total_count: the number of trials.
        probs: the chance of success of each.
        logits: its log odds, instead.

    Raises:
        ValueError: both are given, or none.

    >>> import arcgrad as torch
    >>> Binomial(4, torch.tensor(0.5)).log_prob(torch.tensor(0.0)).exp()
    tensor(0.0625)
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    _parameters = {"total_count": 0, "probs": 0, "logits": 0}
    _binary = True

    def __init__(
        self,
        total_count: Tensor | int = 1,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self.total_count: Tensor
        self._take_weights(probs, logits, validate_args, total_count=total_count)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with ag.no_grad():
            return ag.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        n, k, logits = self.total_count, self._checked(value), self.logits
        ways = ag.lgamma(n + 1) - ag.lgamma(k + 1) - ag.lgamma(n - k + 1)
        return ways + k * logits + n * F.logsigmoid(-logits)

    def entropy(self) -> Tensor:
        counts = self._one_count("Inhomogeneous total count not supported by `entropy`.")
        log_prob = self.log_prob(self._enumerated(counts + 1, self._param, expand=False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = self._one_count("Inhomogeneous total count not supported by `enumerate_support`.")
        return self._enumerated(count + 1, self._param, expand)

    def _one_count(self, otherwise: str) -> int:
        """The number of trials, which has to be one for the whole batch."""
        greatest = int(self.total_count.max())
        if self.total_count.min() != greatest:
            raise NotImplementedError(otherwise)
        return greatest


_names.describe(__name__)
