"""CUDA devices, of which there are none: arcgrad computes on the CPU.

Programs that ask first go on as on any machine without a GPU:

    >>> import arcgrad as ag
    >>> ag.device("cuda" if ag.cuda.is_available() else "cpu")
    device(type='cpu')
"""

from __future__ import annotations

from arcgrad import _names

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
    """Does nothing: no memory of a GPU is kept."""


def __getattr__(name):
    raise AttributeError(f"module 'arcgrad.cuda' has no attribute '{name}': arcgrad computes on the CPU")


_names.describe(__name__)
