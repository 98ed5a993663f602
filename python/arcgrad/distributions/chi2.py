"""The chi-squared distribution."""

from __future__ import annotations

from arcgrad import _names

from . import constraints
from .gamma import Gamma

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["Chi2"]


class Chi2(Gamma):
    """The chi-squared distribution: that of the sum of ``df`` squared standard normal numbers.

    Args:
        df: the degrees of freedom, positive.

    >>> import arcgrad as torch
    >>> Chi2(3.0).variance
    tensor(6.)
    """

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2


_names.describe(__name__)
