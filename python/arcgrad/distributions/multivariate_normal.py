"""The multivariate normal distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from ._centred import Centred
from ._factored import Factored, chosen_matrix, factor_of_inverse, solved, times_vector
from .distribution import Distribution as Distribution
from .utils import _standard_normal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["MultivariateNormal"]

# Packages of distributions import these by the names that they have in PyTorch.
_batch_mv = times_vector
_precision_to_scale_tril = factor_of_inverse


def _batch_mahalanobis(bL: Tensor, bx: Tensor) -> Tensor:
    """The squared Mahalanobis distance xᵀ (L Lᵀ)⁻¹ x for a batch of factors and a batch of vectors, of which either may have more axes."""
    return solved(bL, bx).square().sum(-1)


class MultivariateNormal(Centred, Factored):
    """The multivariate normal distribution of vectors.

    Args:
        loc: the mean.
        covariance_matrix: the covariance, positive definite.
        precision_matrix: its inverse, instead.
        scale_tril: its Cholesky factor, with a positive diagonal, instead. What is given is turned into this one.

    Raises:
        ValueError: none or several of the three are given; too few axes.

    >>> import arcgrad as torch
    >>> MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _parameters = {"loc": 1, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2}

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        name, matrix = chosen_matrix(
            covariance_matrix=covariance_matrix, precision_matrix=precision_matrix, scale_tril=scale_tril
        )
        batch = ag.broadcast_shapes(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        self.__dict__[name] = matrix.expand(batch + (-1, -1))
        self.loc = loc.expand(batch + (-1,))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        # After the check, whose errors say more than those of the factorization.
        self._factor(name, matrix)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, _unbroadcasted_scale_tril=self._unbroadcasted_scale_tril)

    @property
    def variance(self) -> Tensor:
        variance = self._unbroadcasted_scale_tril.square().sum(-1)
        return variance.expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        noise = _standard_normal(shape, dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + times_vector(self._unbroadcasted_scale_tril, noise)

    def _mahalanobis(self, vectors: Tensor, per_event: int = 0) -> Tensor:
        """xᵀ Σ⁻¹ x, for ``per_event`` axes of vectors for each distribution."""
        factor = self._unbroadcasted_scale_tril
        if factor.dim() > 2:
            factor = factor.reshape(factor.shape[:-2] + (1,) * per_event + factor.shape[-2:])
        return solved(factor, vectors).square().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        distance = self._mahalanobis(self._checked(value) - self.loc)
        return -(self._event_shape[0] * math.log(2 * math.pi) + distance) / 2 - self._half_log_det()

    def entropy(self) -> Tensor:
        entropy = self._event_shape[0] / 2 * (1 + math.log(2 * math.pi)) + self._half_log_det()
        return entropy.expand(self._batch_shape)


_names.describe(__name__)
