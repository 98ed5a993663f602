"""The logs of PyTorch's compiler, of which there are none."""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["set_logs"]


def set_logs(**_options: Any) -> None:
    """Does nothing: there is no compiler to log what it does."""


_names.describe(__name__)
