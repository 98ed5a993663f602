"""The LKJ distribution of correlation matrices."""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names

from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices, whose density is proportional to det(M)^(concentration − 1) (Lewandowski, Kurowicka
    and Joe, "Generating random correlation matrices based on vines and extended onion method", 2009): uniform for 1, nearer to
    the identity above.

    Args:
        dim: the number of rows, at least 2.
        concentration: positive.

    Raises:
        ValueError: ``dim`` is below 2.

    >>> import arcgrad as torch
    >>> tuple(LKJCholesky(3, 0.5).event_shape)
    (3, 3)
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _parameters = {"concentration": 0}

    def __init__(self, dim: int, concentration: Tensor | float = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        # Row k of the factor ends in the root of 1 − y, and its other k elements point in a direction that is uniform: y is a beta
        # number of shapes k / 2 and concentration + (dim − 1 − k) / 2. The first row has nothing to draw, yet a place.
        before = ag.arange(dim, dtype=self.concentration.dtype, device=self.concentration.device).sub(1).clamp(min=0)
        second = (self.concentration + (dim - 2) / 2).unsqueeze(-1) - before / 2
        self._beta = Beta(before + 0.5, second, validate_args=False)
        super().__init__(self.concentration.shape, ag.Size((dim, dim)), validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        shape = ag.Size(batch_shape)
        beta = self._beta.expand(shape + ag.Size((self.dim,)))
        return self._expanded(shape, _instance, dim=self.dim, _beta=beta)

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        with ag.no_grad():
            squared = self._beta.sample(sample_shape).unsqueeze(-1)
            shape = self._extended_shape(sample_shape)
            direction = ag.randn(shape, dtype=squared.dtype, device=squared.device).tril(-1)
            length = direction.square().sum(-1, keepdim=True).sqrt()
            # The first row has no direction.
            rows = squared.sqrt() * (direction / length).nan_to_num(0.0)
            tiny = ag.finfo(rows.dtype).tiny
            last = (1 - rows.square().sum(-1)).clamp(min=tiny).sqrt()
            return rows + last.diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        # The Jacobian of M = L Lᵀ gives the diagonal's elements powers that fall with the row.
        diagonal = self._checked(value).diagonal(dim1=-1, dim2=-2)[..., 1:]
        falling = ag.arange(self.dim - 2, -1, -1, dtype=diagonal.dtype, device=diagonal.device)
        powers = 2 * (self.concentration - 1).unsqueeze(-1) + falling
        return (powers * diagonal.log()).sum(-1) - self._log_normalizer()

    def _log_normalizer(self) -> Tensor:
        """The logarithm of the integral of the density without its constant: a product of beta functions, one for each row."""
        rows = self.dim - 1
        alpha = self.concentration + rows / 2
        halves = ag.arange(rows, dtype=alpha.dtype, device=alpha.device) / 2
        gammas = ag.lgamma(alpha.unsqueeze(-1) - 0.5 - halves).sum(-1)
        log_pi = math.log(math.pi)
        return rows / 2 * log_pi + rows * (rows - 1) / 4 * log_pi + gammas - rows * ag.lgamma(alpha)


_names.describe(__name__)
