"""What distributions with a covariance matrix share: matrices and their Cholesky factors."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from .distribution import Distribution
from .utils import lazy_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Size, Tensor


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


class Factored(Distribution):
    """A distribution that is given a covariance, its inverse or its Cholesky factor, and computes with the last."""

    #: The factor in the shape in which it was given or computed.
    _unbroadcasted_scale_tril: Tensor

    def _factor(self, name: str, matrix: Tensor) -> None:
        """Keeps the Cholesky factor of what is given under a name."""
        if name == "covariance_matrix":
            matrix = ag.linalg.cholesky(matrix)
        elif name == "precision_matrix":
            matrix = factor_of_inverse(matrix)
        self._unbroadcasted_scale_tril = matrix

    @property
    def _matrix_shape(self) -> Size:
        rows = self._event_shape[-1]
        return self._batch_shape + ag.Size((rows, rows))

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance."""
        return self._unbroadcasted_scale_tril.expand(self._matrix_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        factor = self._unbroadcasted_scale_tril
        return (factor @ factor.mT).expand(self._matrix_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return inverse_from_factor(self._unbroadcasted_scale_tril).expand(self._matrix_shape)

    def _half_log_det(self) -> Tensor:
        """Half the logarithm of the determinant of the covariance."""
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


_names.describe(__name__)
