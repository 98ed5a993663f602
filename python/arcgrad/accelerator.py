"""Accelerators, of which there are none: arcgrad computes on the CPU.

>>> import arcgrad as ag
>>> ag.accelerator.is_available(), ag.accelerator.current_accelerator()
(False, None)
"""

from __future__ import annotations

from arcgrad import _absent, device

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

    def __getattr__(name: str) -> Any: ...


__all__ = ["current_accelerator", "device_count", "device_index", "is_available"]

_NONE = "arcgrad computes on the CPU only: there is no accelerator"


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None."""
    return None


class device_index:
    """A context manager that would change the current accelerator; with None it does nothing.

    Raises:
        NotImplementedError: an index is given.
    """

    def __init__(self, device: int | None, /) -> None:
        if device is not None:
            raise NotImplementedError(f"device_index({device}): {_NONE}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass


_absent.declare(
    __name__,
    _NONE,
    "current_device_idx current_device_index current_stream empty_cache get_device_capability max_memory_allocated "
    "max_memory_reserved memory_allocated memory_reserved memory_stats reset_accumulated_memory_stats reset_peak_memory_stats "
    "set_device_idx set_device_index set_stream synchronize",
)
