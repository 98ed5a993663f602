"""The geometric distribution."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

from . import constraints
from ._weights import Weighted
from .utils import binary_cross_entropy, broadcast_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["Geometric"]


class Geometric(Weighted):
    """The number of failures before the first success.

    Args:
        probs: the chance of success of a trial, positive.
        logits: its log odds, instead.

    Raises:
        ValueError: both are given, or none; a chance is 0.

    >>> import arcgrad as torch
    >>> Geometric(0.25).mean
    tensor(3.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    _parameters = {"probs": 0, "logits": 0}
    _binary = True

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._take_weights(probs, logits, validate_args)
        if self._validate_args and probs is not None:
            given = self.probs
            if not (given > 0).all():
                raise ValueError(
                    f"Expected parameter probs ({type(given).__name__} of shape {tuple(given.shape)}) of distribution {self!r} "
                    f"to be positive but found invalid values:\n{given[given <= 0]}"
                )

    @property
    def mean(self) -> Tensor:
        return self.probs.reciprocal() - 1

    @property
    def mode(self) -> Tensor:
        return ag.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        return (self.probs.reciprocal() - 1) / self.probs

    def sample(self, sample_shape: Sequence[int] = ag.Size()) -> Tensor:
        with ag.no_grad():
            u = self.probs.new_empty(self._extended_shape(sample_shape))
            u.uniform_(ag.finfo(self.probs.dtype).tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        value, probs = broadcast_all(self._checked(value), self.probs)
        # With a chance of 1 there are no failures: 0 · ln 0 is 0.
        certain = (probs == 1) & (value == 0)
        return value * ag.where(certain, 0.0, -probs).log1p() + probs.log()

    def entropy(self) -> Tensor:
        return binary_cross_entropy(self.logits, self.probs) / self.probs


_names.describe(__name__)
