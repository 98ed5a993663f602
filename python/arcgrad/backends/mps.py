"""Metal devices, of which there are none."""

from arcgrad import _names

__all__ = ["is_available", "is_built", "is_macos13_or_newer"]


def is_available() -> bool:
    """False."""
    return False


def is_built() -> bool:
    """False."""
    return False


def is_macos13_or_newer(minor: int = 0) -> bool:
    """False: whether Metal devices of newer systems can be used."""
    return False


_names.describe(__name__)
