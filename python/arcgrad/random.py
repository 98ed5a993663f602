"""The state of the default random generator."""

from __future__ import annotations

import contextlib

from arcgrad import _names
from arcgrad._core import default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cpu") -> Iterator[None]:
    """Context manager that puts the state of the default generator back at its end.

    Args:
        devices, device_type: taken for compatibility; there is one generator, the CPU's.
        enabled (bool): False makes it do nothing.
    """
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)


_names.describe(__name__)
