"""The package opt_einsum, which :func:`arcgrad.einsum` does not use: it finds the order of its products itself."""

from arcgrad import _names

enabled = False
strategy = None

__all__ = ["enabled", "is_available", "strategy"]


def is_available() -> bool:
    """False."""
    return False


_names.describe(__name__)
