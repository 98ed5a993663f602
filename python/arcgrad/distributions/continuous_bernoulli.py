"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from ._weights import Weighted
from .exp_family import ExponentialFamily
from .utils import binary_cross_entropy, broadcast_all, clamp_probs, lazy_property, logits_to_probs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(Weighted, ExponentialFamily):
    """The continuous Bernoulli distribution over [0, 1], with a density proportional to pˣ (1 − p)^(1 − x) (Loaiza-Ganem and
    Cunningham, "The continuous Bernoulli: fixing a pervasive error in variational autoencoders", 2019).

    Args:
        probs: p in (0, 1), which is not the mean.
        logits: its log odds, instead.
        lims: about p = ½ the formulas are quotients of nothing and nothing; between these two numbers their Taylor series are
            used.

    Raises:
        ValueError: both are given, or none.

    >>> import arcgrad as torch
    >>> ContinuousBernoulli(torch.tensor(0.25)).mean
    tensor(0.4102)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0
    _parameters = {"probs": 0, "logits": 0}
    _binary = True

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        self._lims = lims
        self._take_weights(probs, logits, validate_args)
        # The ends of [0, 1] have no density.
        if probs is not None:
            self.probs = clamp_probs(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities, which are neither 0 nor 1."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, _lims=self._lims)

    def _is_regular(self) -> Tensor:
        """Where the closed formulas are used."""
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _regular_probs(self) -> Tensor:
        """p, with the lower limit where the closed formulas are not used."""
        return ag.where(self._is_regular(), self.probs, self._lims[0])

    def _log_constant(self) -> Tensor:
        """ln(2 artanh(1 − 2p) / (1 − 2p)): what normalizes the density."""
        p = self._regular_probs()
        # On the side where 1 − 2p is positive; the function is even about ½.
        low = ag.where(p <= 0.5, p, 0.0)
        high = ag.where(p >= 0.5, p, 1.0)
        numerator = ((-p).log1p() - p.log()).abs().log()
        denominator = ag.where(p <= 0.5, (-2 * low).log1p(), (2 * high - 1).log())
        square = (self.probs - 0.5).square()
        series = math.log(2) + (4 / 3 + 104 / 45 * square) * square
        return ag.where(self._is_regular(), numerator - denominator, series)

    @property
    def mean(self) -> Tensor:
        p = self._regular_probs()
        mean = p / (2 * p - 1) + 1 / ((-p).log1p() - p.log())
        x = self.probs - 0.5
        return ag.where(self._is_regular(), mean, 0.5 + (1 / 3 + 16 / 45 * x.square()) * x)

    @property
    def variance(self) -> Tensor:
        p = self._regular_probs()
        variance = p * (p - 1) / (1 - 2 * p).square() + 1 / ((-p).log1p() - p.log()).square()
        square = (self.probs - 0.5).square()
        return ag.where(self._is_regular(), variance, 1 / 12 - (1 / 15 - 128 / 945 * square) * square)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(ag.rand(shape, dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._checked(value))
        return -binary_cross_entropy(logits, value) + self._log_constant()

    def cdf(self, value: Tensor) -> Tensor:
        p = self._regular_probs()
        powers = p.pow(self._checked(value)) * (1 - p).pow(1 - value)
        cdf = ag.where(self._is_regular(), (powers + p - 1) / (2 * p - 1), value)
        return ag.where(value <= 0, 0.0, ag.where(value >= 1, 1.0, cdf))

    def icdf(self, value: Tensor) -> Tensor:
        p = self._regular_probs()
        icdf = ((-p + value * (2 * p - 1)).log1p() - (-p).log1p()) / (p.log() - (-p).log1p())
        return ag.where(self._is_regular(), icdf, value)

    def entropy(self) -> Tensor:
        log_p, log_other = self.probs.log(), (-self.probs).log1p()
        return self.mean * (log_other - log_p) - self._log_constant() - log_other

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """ln((eˣ − 1) / x), by its series about 0."""
        regular = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        away = ag.where(regular, x, self._lims[0] - 0.5)
        closed = away.expm1().abs().log() - away.abs().log()
        return ag.where(regular, closed, 0.5 * x + x.square() / 24 - x.pow(4) / 2880)


_names.describe(__name__)
