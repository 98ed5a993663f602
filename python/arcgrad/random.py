"""The state of the default random generator."""

import contextlib

from arcgrad import _names
from arcgrad._core import default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]


@contextlib.contextmanager
def fork_rng(devices=None, enabled=True, device_type="cpu"):
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
