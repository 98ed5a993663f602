"""Marks for the profiler of CUDA devices, of which there are none."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(
    __name__,
    "arcgrad computes on the CPU only: there is no CUDA device",
    "mark range range_pop range_push",
)
