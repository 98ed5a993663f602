"""The multinomial distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .binomial import Binomial
from ._over_categorical import OverCategorical
from .categorical import Categorical
from .utils import broadcast_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["Multinomial"]


class Multinomial(OverCategorical):
    """How often each of several outcomes occurs in trials.

    Args:
        total_count: the number of trials, the same for the whole batch.
        probs: weights along the last axis, of any positive sum.
        logits: their logarithms, up to a constant, instead.

    Raises:
        NotImplementedError: ``total_count`` is no number.
        ValueError: both kinds of weights are given, or none; they have no axis.

    >>> import arcgrad as torch
    >>> Multinomial(4, torch.tensor([1.0, 3.0])).mean
    tensor([1., 3.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self,
        total_count: int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs, logits)
        # One outcome against all others, which also checks the parameters.
        self._binomial = Binomial(total_count, probs=self.probs)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        shape = ag.Size(batch_shape)
        return self._expanded(
            shape,
            _instance,
            total_count=self.total_count,
            _categorical=self._categorical.expand(shape),
            _binomial=self._binomial.expand(shape + self._event_shape),
        )

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = ag.Size(sample_shape)
        drawn = self._categorical.sample(ag.Size((self.total_count,)) + shape).movedim(0, -1)
        counts = ag.zeros(self._extended_shape(shape), dtype=ag.long, device=drawn.device)
        counts.scatter_add_(-1, drawn, ag.ones_like(drawn))
        return counts.to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._checked(value))
        ways = ag.lgamma(value.sum(-1) + 1) - ag.lgamma(value + 1).sum(-1)
        # An outcome without chance that does not occur counts nothing.
        logits = ag.where((value == 0) & (logits == -math.inf), 0.0, logits)
        return ways + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        # H = −ln n! − n Σ p ln p + Σᵢ E[ln xᵢ!], where each xᵢ is binomial.
        n = ag.tensor(self.total_count, dtype=self.probs.dtype)
        counts = self._binomial.enumerate_support(expand=False)[1:]
        expected = (self._binomial.log_prob(counts).exp() * ag.lgamma(counts + 1)).sum((0, -1))
        return n * self._categorical.entropy() - ag.lgamma(n + 1) + expected


_names.describe(__name__)
