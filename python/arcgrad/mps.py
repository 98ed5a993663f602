"""Metal devices, of which there are none: arcgrad computes on the CPU.

Seeding, waiting and emptying have nothing to do, and counters of memory are 0.
"""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = [
    "current_allocated_memory",
    "device_count",
    "driver_allocated_memory",
    "empty_cache",
    "is_available",
    "manual_seed",
    "seed",
    "synchronize",
]


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seeds nothing: there is no generator but the CPU's (`arcgrad.manual_seed`)."""
    int(seed)


def seed() -> None:
    """Seeds nothing."""


def synchronize() -> None:
    """Does nothing: every operation is complete when it returns."""


def empty_cache() -> None:
    """Does nothing: no memory of such a device is kept."""


def current_allocated_memory() -> int:
    """0."""
    return 0


def driver_allocated_memory() -> int:
    """0."""
    return 0


_absent.declare(
    __name__,
    "arcgrad computes on the CPU only: there is no MPS device",
    "compile_shader event get_rng_state profiler recommended_max_memory set_per_process_memory_fraction set_rng_state",
)
