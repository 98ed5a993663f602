"""Categorical distributions over one-hot vectors."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names
from arcgrad.nn.functional import one_hot

from . import constraints
from ._over_categorical import OverCategorical
from .categorical import Categorical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["OneHotCategorical", "OneHotCategoricalStraightThrough"]


class OneHotCategorical(OverCategorical):
    """A one-hot vector, with weights for the place of its 1.

    Args:
        probs: weights along the last axis, of any positive sum.
        logits: their logarithms, up to a constant, instead.

    Raises:
        ValueError: both are given, or none; they have no axis.

    >>> import arcgrad as torch
    >>> OneHotCategorical(torch.tensor([1.0, 3.0])).mode
    tensor([0., 1.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(
        self,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, _categorical=self._categorical.expand(batch_shape))

    @property
    def mean(self) -> Tensor:
        return self._categorical.probs

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    @property
    def mode(self) -> Tensor:
        return one_hot(self.probs.argmax(-1), self._event_shape[-1]).to(self.probs.dtype)

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        drawn = self._categorical.sample(sample_shape)
        return one_hot(drawn, self._event_shape[-1]).to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        return self._categorical.log_prob(self._checked(value).max(-1)[1])

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = self._event_shape[0]
        values = ag.eye(count, dtype=self._param.dtype, device=self._param.device)
        values = values.view((count,) + (1,) * len(self._batch_shape) + (count,))
        return values.expand((count,) + tuple(self._batch_shape) + (count,)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot vectors whose gradient is that of the probabilities: the straight-through estimator (Bengio, Léonard and Courville,
    "Estimating or propagating gradients through stochastic neurons for conditional computation", 2013).

    Args:
        probs: weights along the last axis, of any positive sum.
        logits: their logarithms, up to a constant, instead.

    Raises:
        ValueError: both are given, or none; they have no axis.
    """

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        samples = self.sample(sample_shape)
        probs = self._categorical.probs
        return samples + (probs - probs.detach())


_names.describe(__name__)
