"""The multivariate normal distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .distribution import Distribution
from .utils import _standard_normal, lazy_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["MultivariateNormal"]


def times_vector(matrix: Tensor, vector: Tensor) -> Tensor:
    """The product of a batch of matrices and a batch of vectors."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def solved(factor: Tensor, vectors: Tensor) -> Tensor:
    """L⁻¹ x for a batch of lower triangular L and a batch of vectors x."""
    if factor.dim() == 2:
        # One matrix for all vectors, which are its columns then.
        columns = vectors.reshape(-1, vectors.shape[-1]).mT
        return ag.linalg.solve_triangular(factor, columns, upper=False).mT.reshape(vectors.shape)
    return ag.linalg.solve_triangular(factor, vectors.unsqueeze(-1), upper=False).squeeze(-1)


def factor_of_inverse(matrix: Tensor) -> Tensor:
    """The Cholesky factor of the inverse of a positive definite matrix.

    With rows and columns in reverse, a Cholesky factor is upper triangular; its inverse, transposed, is the factor wanted.
    """
    upper = ag.linalg.cholesky(matrix.flip(-2, -1)).flip(-2, -1)
    identity = ag.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return ag.linalg.solve_triangular(upper.mT, identity, upper=False)


def inverse_from_factor(factor: Tensor) -> Tensor:
    """(L Lᵀ)⁻¹."""
    identity = ag.eye(factor.shape[-1], dtype=factor.dtype, device=factor.device)
    inverse = ag.linalg.solve_triangular(factor, identity, upper=False)
    return inverse.mT @ inverse


def chosen_matrix(**matrices: Tensor | None) -> tuple[str, Tensor]:
    """The one matrix that is given, and its name.

    Raises:
        ValueError: none or several are given, or the matrix has fewer than two axes.
    """
    given = {name: matrix for name, matrix in matrices.items() if matrix is not None}
    if len(given) != 1:
        raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
    ((name, matrix),) = given.items()
    if matrix.dim() < 2:
        what = f"{name} matrix" if name == "scale_tril" else name
        raise ValueError(f"{what} must be at least two-dimensional, with optional leading batch dimensions")
    return name, matrix


class MultivariateNormal(Distribution):
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
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = ag.linalg.cholesky(matrix)
        else:
            self._unbroadcasted_scale_tril = factor_of_inverse(matrix)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, _unbroadcasted_scale_tril=self._unbroadcasted_scale_tril)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance."""
        shape = self._batch_shape + self._event_shape + self._event_shape
        return self._unbroadcasted_scale_tril.expand(shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        factor = self._unbroadcasted_scale_tril
        return (factor @ factor.mT).expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        inverse = inverse_from_factor(self._unbroadcasted_scale_tril)
        return inverse.expand(self._batch_shape + self._event_shape + self._event_shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

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
        half_log_det = self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return -(self._event_shape[0] * math.log(2 * math.pi) + distance) / 2 - half_log_det

    def entropy(self) -> Tensor:
        half_log_det = self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        entropy = self._event_shape[0] / 2 * (1 + math.log(2 * math.pi)) + half_log_det
        return entropy.expand(self._batch_shape)


_names.describe(__name__)
