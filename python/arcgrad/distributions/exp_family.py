"""Exponential families, whose entropy follows from their log normalizer."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from .distribution import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """A distribution with the density exp(⟨t(x), η⟩ − F(η) + k(x)).

    A family gives its natural parameters η (``_natural_params``), the log normalizer F (``_log_normalizer``) and the mean of
    the carrier k (``_mean_carrier_measure``); the entropy F(η) − ⟨η, ∇F(η)⟩ − E[k] is then computed by differentiation (Nielsen
    and Nock, "Entropies and cross-entropies of exponential families", 2010).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Tensor:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError

    def _mean_statistics(self) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """F, and each natural parameter with its gradient ∇F: the mean of the statistic that it multiplies."""
        # What has a graph keeps it, so that the result can be differentiated by what the parameters were made of.
        naturals = [param if param.requires_grad else param.detach() for param in self._natural_params]
        for each in naturals:
            each.requires_grad = True
        with ag.enable_grad():
            normalizer = self._log_normalizer(*naturals)
            means = ag.autograd.grad(normalizer.sum(), naturals, create_graph=True)
        return normalizer, list(zip(naturals, means))

    def entropy(self) -> Tensor:
        normalizer, pairs = self._mean_statistics()
        result = normalizer - self._mean_carrier_measure
        for natural, mean in pairs:
            result = result - (natural * mean).reshape(self._batch_shape + ag.Size((-1,))).sum(-1)
        return result


_names.describe(__name__)
