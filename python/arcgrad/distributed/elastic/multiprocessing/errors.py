"""What happens where one of several processes fails; there is one."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

    def __getattr__(name: str) -> Any: ...


__all__ = ["record"]


def record(fn: F, error_handler: Any = None) -> F:
    """Returns its argument: an error of the only process is seen where it is raised."""
    return fn


_absent.declare(__name__, "arcgrad has no process groups", "ChildFailedError ErrorHandler ProcessFailure")
