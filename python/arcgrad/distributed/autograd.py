"""Backward passes over several processes, which arcgrad does not do."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = ["is_available"]


def is_available() -> bool:
    """False: there are no process groups."""
    return False


_absent.declare(__name__, "arcgrad has no process groups", "backward context get_gradients")
