"""The relaxed Bernoulli distribution."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names
from arcgrad.nn import functional as F

from . import constraints
from ._weights import Weighted
from .transformed_distribution import TransformedDistribution, base_parameter
from .transforms import SigmoidTransform
from .utils import broadcast_all, clamp_probs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(Weighted):
    """The log odds of a :class:`RelaxedBernoulli` number: logistic about the log odds of the chance, over the temperature (Maddison,
    Mnih and Teh, "The concrete distribution", 2017).

    Args:
        temperature: positive.
        probs: the chance of a one.
        logits: its log odds, instead.

    Raises:
        ValueError: both are given, or none.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    _parameters = {"probs": 0, "logits": 0}
    _binary = True

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self.temperature = temperature
        self._take_weights(probs, logits, validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, temperature=self.temperature)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(ag.rand(shape, dtype=probs.dtype, device=probs.device))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        # That of a logistic number, e⁻ᶻ / (1 + e⁻ᶻ)², over the temperature.
        logits, value = broadcast_all(self.logits, self._checked(value))
        z = value * self.temperature - logits
        return ag.as_tensor(self.temperature).log() - z + 2 * F.logsigmoid(z)


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1), near its ends at low temperature: a :class:`Bernoulli` distribution with a gradient.

    Args:
        temperature: positive.
        probs: the chance of a one.
        logits: its log odds, instead.

    Raises:
        ValueError: both are given, or none.

    >>> import arcgrad as torch
    >>> RelaxedBernoulli(torch.tensor(1.0), 0.5).log_prob(torch.tensor(0.5))
    tensor(0.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    temperature = base_parameter("temperature", "The temperature.")
    logits = base_parameter("logits", "The log odds of the chance.")
    probs = base_parameter("probs", "The chance of a one.")


_names.describe(__name__)
