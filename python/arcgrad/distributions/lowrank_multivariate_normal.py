"""The multivariate normal distribution with a covariance of low rank and a diagonal."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from ._centred import Centred
from ._factored import solved, times_vector
from .utils import _standard_normal, lazy_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["LowRankMultivariateNormal"]


class LowRankMultivariateNormal(Centred):
    """The multivariate normal distribution with the covariance W Wᵀ + diag(d).

    Of W with n rows and m columns only matrices of m rows are factored: with the capacitance C = I + Wᵀ diag(d)⁻¹ W, the determinant
    of the covariance is that of C times the product of d, and its inverse follows from that of C (Woodbury's identity).

    Args:
        loc: the mean.
        cov_factor: W.
        cov_diag: d, positive.

    Raises:
        ValueError: shapes that do not fit each other.

    >>> import arcgrad as torch
    >>> LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2)).covariance_matrix
    tensor([[2., 1.],
            [1., 2.]])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True
    _parameters = {
        "loc": 1,
        "cov_factor": 2,
        "cov_diag": 1,
        "covariance_matrix": 2,
        "precision_matrix": 2,
        "scale_tril": 2,
    }

    def __init__(
        self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event_shape = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2:-1] != event_shape:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m")
        if cov_diag.shape[-1:] != event_shape:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event_shape}")
        try:
            batch = ag.broadcast_shapes(
                tuple(loc.shape[:-1]), tuple(cov_factor.shape[:-2]), tuple(cov_diag.shape[:-1])
            )
        except RuntimeError as error:
            shapes = f"{loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            raise ValueError(f"Incompatible batch shapes: loc {shapes}") from error
        self.loc = loc.expand(batch + event_shape)
        self.cov_factor = cov_factor.expand(batch + cov_factor.shape[-2:])
        self.cov_diag = cov_diag.expand(batch + event_shape)
        self._unbroadcasted_cov_factor = cov_factor
        self._unbroadcasted_cov_diag = cov_diag
        scaled = cov_factor.mT / cov_diag.unsqueeze(-2)
        identity = ag.eye(cov_factor.shape[-1], dtype=cov_factor.dtype, device=cov_factor.device)
        self._capacitance_tril = ag.linalg.cholesky(scaled @ cov_factor + identity)
        super().__init__(batch, event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        names = ("_unbroadcasted_cov_factor", "_unbroadcasted_cov_diag", "_capacitance_tril")
        return self._expanded(batch_shape, _instance, **{name: self.__dict__[name] for name in names})

    @lazy_property
    def variance(self) -> Tensor:
        variance = self._unbroadcasted_cov_factor.square().sum(-1) + self._unbroadcasted_cov_diag
        return variance.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance."""
        # With the root of d taken out on both sides, what is factored is I + V Vᵀ.
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        scaled = self._unbroadcasted_cov_factor / root
        identity = ag.eye(self._event_shape[0], dtype=root.dtype, device=root.device)
        factor = root * ag.linalg.cholesky(scaled @ scaled.mT + identity)
        return factor.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        factor = self._unbroadcasted_cov_factor
        covariance = factor @ factor.mT + self._unbroadcasted_cov_diag.diag_embed()
        return covariance.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        inverse_diag = self._unbroadcasted_cov_diag.reciprocal()
        scaled = self._unbroadcasted_cov_factor.mT * inverse_diag.unsqueeze(-2)
        halved = ag.linalg.solve_triangular(self._capacitance_tril, scaled, upper=False)
        precision = inverse_diag.diag_embed() - halved.mT @ halved
        return precision.expand(self._batch_shape + self._event_shape + self._event_shape)

    def rsample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        of_factor = shape[:-1] + self.cov_factor.shape[-1:]
        noise = _standard_normal(of_factor, dtype=self.loc.dtype, device=self.loc.device)
        noise_diag = _standard_normal(shape, dtype=self.loc.dtype, device=self.loc.device)
        moved = times_vector(self._unbroadcasted_cov_factor, noise)
        return self.loc + moved + self._unbroadcasted_cov_diag.sqrt() * noise_diag

    def _mahalanobis(self, vectors: Tensor, per_event: int = 0) -> Tensor:
        """xᵀ Σ⁻¹ x, for ``per_event`` axes of vectors for each distribution."""
        factor, diag, capacitance = (
            self._unbroadcasted_cov_factor,
            self._unbroadcasted_cov_diag,
            self._capacitance_tril,
        )
        for _ in range(per_event):
            factor, diag, capacitance = factor.unsqueeze(-3), diag.unsqueeze(-2), capacitance.unsqueeze(-3)
        scaled = vectors / diag
        inner = times_vector(factor.mT, scaled)
        return (vectors * scaled).sum(-1) - solved(capacitance, inner).square().sum(-1)

    def _half_log_det(self) -> Tensor:
        """Half the logarithm of the determinant of the covariance."""
        of_capacitance = self._capacitance_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return of_capacitance + self._unbroadcasted_cov_diag.log().sum(-1) / 2

    def log_prob(self, value: Tensor) -> Tensor:
        distance = self._mahalanobis(self._checked(value) - self.loc)
        return -(self._event_shape[0] * math.log(2 * math.pi) + distance) / 2 - self._half_log_det()

    def entropy(self) -> Tensor:
        entropy = self._event_shape[0] / 2 * (1 + math.log(2 * math.pi)) + self._half_log_det()
        return entropy.expand(self._batch_shape)


_names.describe(__name__)
