"""What distributions that are symmetric about their location share."""

from __future__ import annotations

from arcgrad import _names

from .distribution import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor


class Centred(Distribution):
    """The parameter ``loc`` is the mean, and where the density is greatest."""

    loc: Tensor

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc


_names.describe(__name__)
