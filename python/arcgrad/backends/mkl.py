"""MKL, which arcgrad does not use."""

from arcgrad import _names

__all__ = ["is_available"]


def is_available() -> bool:
    """False."""
    return False


_names.describe(__name__)
