"""XPU devices, of which there are none: arcgrad computes on the CPU."""

from __future__ import annotations

from arcgrad import _absent
from arcgrad._no_device import (
    device_count,
    empty_cache,
    is_available,
    is_initialized,
    manual_seed,
    manual_seed_all,
)

__all__ = ["device_count", "empty_cache", "is_available", "is_initialized", "manual_seed", "manual_seed_all"]

_absent.declare(
    __name__,
    "arcgrad computes on the CPU only: there is no XPU device",
    "Event Stream current_device current_stream device get_device_name get_device_properties set_device synchronize",
)
