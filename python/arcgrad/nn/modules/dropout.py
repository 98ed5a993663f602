"""Layers that zero elements at random while training."""

from __future__ import annotations

from arcgrad import _names

from .. import functional as F
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor


class _DropoutNd(Module):
    __constants__ = ["p", "inplace"]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """While training, zeroes each element with probability ``p`` and scales the rest by 1/(1 - p).

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.Dropout(0.5).eval()(ag.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Input of any shape → output of the same shape."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """While training, zeroes whole channels of ``(N, C, L)`` or ``(C, L)`` with probability ``p``."""

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, C, L)`` or ``(C, L)`` → output of the same shape."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """While training, zeroes whole channels of ``(N, C, H, W)`` with probability ``p``."""

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, C, H, W)`` → output of the same shape."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """While training, zeroes whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` with probability ``p``."""

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, C, D, H, W)`` → output of the same shape."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """While training, sets elements with probability ``p`` to the value at which SELU saturates; mean 0 and variance 1 stay (Klambauer
    et al., 2017)."""

    def forward(self, input: Tensor) -> Tensor:
        """Input of any shape → output of the same shape."""
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_DropoutNd):
    """:class:`AlphaDropout` of whole channels (axis 1)."""

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, C, *)`` → output of the same shape."""
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)


_names.describe(__name__)
