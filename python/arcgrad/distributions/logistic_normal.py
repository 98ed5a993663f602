"""The logistic-normal distribution."""

from __future__ import annotations

from arcgrad import _names

from . import constraints
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import StickBreakingTransform

TYPE_CHECKING = False
if TYPE_CHECKING:

    from arcgrad._core import Tensor

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    """Vectors of sum 1 that stick breaking makes of independent normal numbers, one component more than there are numbers.

    Args:
        loc: the means of the numbers, along the last axis.
        scale: their standard deviations, positive.

    >>> import arcgrad as torch
    >>> tuple(LogisticNormal(torch.zeros(2), torch.ones(2)).event_shape)
    (3,)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The means of the numbers."""
        return self.base_dist.base_dist.loc  # type: ignore[no-any-return,attr-defined]

    @property
    def scale(self) -> Tensor:
        """Their standard deviations."""
        return self.base_dist.base_dist.scale  # type: ignore[no-any-return,attr-defined]


_names.describe(__name__)
