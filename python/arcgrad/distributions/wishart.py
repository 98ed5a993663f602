"""The Wishart distribution."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names, _warnings

from . import constraints
from ._factored import Factored, chosen_matrix
from .chi2 import Chi2
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .utils import is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["Wishart"]


def _halves(a: Tensor, p: int) -> Tensor:
    """a, a − ½, …, a − (p − 1) / 2 along a new last axis: the arguments of the multivariate gamma function's factors."""
    return a.unsqueeze(-1) - ag.arange(p, dtype=a.dtype, device=a.device) / 2


def _log_multivariate_gamma(a: Tensor, p: int) -> Tensor:
    return p * (p - 1) / 4 * math.log(math.pi) + ag.lgamma(_halves(a, p)).sum(-1)


class Wishart(Factored, ExponentialFamily):
    """The Wishart distribution of positive definite matrices: that of Σ x xᵀ over ``df`` normal vectors of mean 0.

    Args:
        df: the degrees of freedom, greater than the number of rows less one.
        covariance_matrix: the covariance of the vectors, positive definite.
        precision_matrix: its inverse, instead.
        scale_tril: its Cholesky factor, instead.

    Raises:
        ValueError: none or several of the three are given; too few degrees of freedom or axes.

    >>> import arcgrad as torch
    >>> Wishart(torch.tensor(3.0), torch.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0
    _parameters = {"df": 0, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2}

    def __init__(
        self,
        df: Tensor | float,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, matrix = chosen_matrix(
            covariance_matrix=covariance_matrix, precision_matrix=precision_matrix, scale_tril=scale_tril
        )
        degrees = ag.tensor(df, dtype=matrix.dtype, device=matrix.device) if is_number(df) else df
        batch = ag.broadcast_shapes(tuple(matrix.shape[:-2]), tuple(degrees.shape))  # type: ignore[union-attr]
        event_shape = matrix.shape[-2:]
        if (degrees <= event_shape[-1] - 1).any():  # type: ignore[operator,union-attr]
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {event_shape[-1] - 1}.")
        self.__dict__[name] = matrix.expand(batch + (-1, -1))
        self.df: Tensor = degrees.expand(batch)  # type: ignore[union-attr]
        self._batch_shape, self._event_shape = batch, event_shape
        if (self.df < event_shape[-1]).any():
            _warnings.warn("Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.")
        Distribution.__init__(self, batch, event_shape, validate_args=validate_args)
        self._factor(name, matrix)

    @property
    def arg_constraints(self) -> Any:
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, _unbroadcasted_scale_tril=self._unbroadcasted_scale_tril)

    def _over_matrices(self, numbers: Tensor) -> Tensor:
        return numbers.reshape(self._batch_shape + (1, 1))

    @property
    def mean(self) -> Tensor:
        return self._over_matrices(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        factor = ag.where(factor > 0, factor, math.nan)
        return self._over_matrices(factor) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        covariance = self.covariance_matrix
        diagonal = covariance.diagonal(dim1=-2, dim2=-1)
        products = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self._over_matrices(self.df) * (covariance.square() + products)

    def _bartlett(self, sample_shape: Sequence[int]) -> Tensor:
        """Bartlett's decomposition: L A Aᵀ Lᵀ with roots of chi-squared numbers on the diagonal of A, and normal ones below."""
        p = self._event_shape[-1]
        # Degrees of freedom may be integers; what is drawn is as the matrix.
        dtype, device = self._unbroadcasted_scale_tril.dtype, self._unbroadcasted_scale_tril.device
        degrees = self.df.to(dtype).unsqueeze(-1) - ag.arange(p, dtype=dtype, device=device)
        a = Chi2(degrees, validate_args=False).rsample(sample_shape).sqrt().diag_embed()
        rows, columns = ag.tril_indices(p, p, -1).unbind()
        below = ag.randn(ag.Size(sample_shape) + self._batch_shape + (p * (p - 1) // 2,), dtype=dtype, device=device)
        a[..., rows, columns] = below
        factor = self._unbroadcasted_scale_tril @ a
        return factor @ factor.mT

    def rsample(self, sample_shape: Sequence[int] = ag.Size(), max_try_correction: int | None = None) -> Tensor:
        """Samples with a gradient in the parameters. Those that rounding has made singular are drawn anew, ``max_try_correction``
        times at most (3 times where nothing is said, 10 times for few degrees of freedom)."""
        if max_try_correction is None:
            max_try_correction = 3 if (self.df >= self._event_shape[-1]).all() else 10
        sample = self._bartlett(sample_shape)
        for _ in range(max_try_correction):
            with ag.no_grad():
                singular = ~self.support.check(sample)
            if not singular.any():
                break
            _warnings.warn("Singular sample detected.")
            sample = ag.where(singular[..., None, None], self._bartlett(sample_shape), sample)
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        value, df, p = self._checked(value), self.df, self._event_shape[-1]
        # Of the whole matrix and not of one of its triangles: the gradient is that of any matrix.
        log_det = ag.linalg.slogdet(value).logabsdet
        # The trace of V⁻¹ X, V⁻¹ being symmetric.
        trace = (self.precision_matrix * value).sum((-2, -1))
        normalizer = df * (p * math.log(2) + 2 * self._half_log_det()) / 2 + _log_multivariate_gamma(df / 2, p)
        return ((df - p - 1) * log_det - trace) / 2 - normalizer

    def entropy(self) -> Tensor:
        df, p = self.df, self._event_shape[-1]
        mean_log_det = ag.digamma(_halves(df / 2, p)).sum(-1) + p * math.log(2) + 2 * self._half_log_det()
        normalizer = df * (p * math.log(2) + 2 * self._half_log_det()) / 2 + _log_multivariate_gamma(df / 2, p)
        return normalizer - (df - p - 1) / 2 * mean_log_det + df * p / 2

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (-self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2)

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        log_det = 2 * ag.linalg.cholesky(-2 * x).diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return half * (p * math.log(2) - log_det) + _log_multivariate_gamma(half, p)


_names.describe(__name__)
