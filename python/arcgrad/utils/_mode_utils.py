"""Helpers of dispatch modes that programs import."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.utils._python_dispatch import _disable_current_modes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["all_same_mode", "no_dispatch"]

#: No mode is in force within a ``with`` block.
no_dispatch = _disable_current_modes


def all_same_mode(modes: Any) -> bool:
    """Whether all modes of a sequence are one and the same."""
    return all(mode is modes[0] for mode in modes)


_names.describe(__name__)
