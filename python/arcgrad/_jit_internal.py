"""Names inside of TorchScript that programs import."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.jit import export, ignore, is_scripting, unused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")

__all__ = ["export", "ignore", "is_scripting", "unused"]


def _copy_to_script_wrapper(fn: T) -> T:
    """Returns its argument."""
    return fn


_names.describe(__name__)
