"""XPU devices, of which there are none: arcgrad computes on the CPU."""

from __future__ import annotations

from arcgrad import _absent

__all__ = ["device_count", "empty_cache", "is_available", "is_initialized", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seeds nothing: there is no generator but the CPU's (`arcgrad.manual_seed`)."""
    int(seed)


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Does nothing: no memory of such a device is kept."""


_absent.declare(
    __name__,
    "arcgrad computes on the CPU only: there is no XPU device",
    "Event Stream current_device current_stream device get_device_name get_device_properties set_device synchronize",
)
