"""The relaxed categorical distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from ._over_categorical import OverCategorical
from .categorical import Categorical
from .transformed_distribution import TransformedDistribution, base_parameter
from .transforms import ExpTransform
from .utils import broadcast_all, clamp_probs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["ExpRelaxedCategorical", "RelaxedOneHotCategorical"]


class ExpRelaxedCategorical(OverCategorical):
    """The logarithm of a :class:`RelaxedOneHotCategorical` vector (Maddison, Mnih and Teh, "The concrete distribution", 2017; Jang, Gu
    and Poole, "Categorical reparameterization with Gumbel-softmax", 2017).

    Args:
        temperature: positive.
        probs: weights along the last axis.
        logits: their logarithms, up to a constant, instead.

    Raises:
        ValueError: both are given, or none; they have no axis.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    # The true support is the logarithm of a simplex.
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        categorical = self._categorical.expand(batch_shape)
        return self._expanded(batch_shape, _instance, temperature=self.temperature, _categorical=categorical)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        u = clamp_probs(ag.rand(shape, dtype=self.logits.dtype, device=self.logits.device))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._checked(value))
        count = self._categorical._num_events
        # ln Γ(n) + (n − 1) ln temperature.
        score = logits - value * self.temperature
        score = (score - score.logsumexp(-1, keepdim=True)).sum(-1)
        normalizer = math.lgamma(count) + (count - 1) * ag.as_tensor(self.temperature).log()
        return score + normalizer


class RelaxedOneHotCategorical(TransformedDistribution):
    """Vectors of sum 1, near one-hot ones at low temperature: a :class:`OneHotCategorical` distribution with a gradient.

    Args:
        temperature: positive.
        probs: weights along the last axis.
        logits: their logarithms, up to a constant, instead.

    Raises:
        ValueError: both are given, or none; they have no axis.

    >>> import arcgrad as torch
    >>> RelaxedOneHotCategorical(torch.tensor(1.0), torch.ones(2)).log_prob(torch.tensor([0.5, 0.5]))
    tensor(0.)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    temperature = base_parameter("temperature", "The temperature.")
    logits = base_parameter("logits", "The logarithms of the probabilities.")
    probs = base_parameter("probs", "The probabilities.")


_names.describe(__name__)
