"""What modules of devices say where there is no such device: the answers are true, and what there is to do is nothing."""

from __future__ import annotations

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
