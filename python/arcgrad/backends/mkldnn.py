"""oneDNN, which arcgrad does not use. The flags keep what is written to them."""

from __future__ import annotations

import sys

from arcgrad import _names
from arcgrad.backends import _flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

allow_tf32 = True
deterministic = False
enabled = True

__all__ = ["allow_tf32", "deterministic", "enabled", "flags", "is_available"]


def is_available() -> bool:
    """False."""
    return False


def flags(
    enabled: bool | None = False, deterministic: bool | None = False, allow_tf32: bool | None = True
) -> AbstractContextManager[None]:
    """A context manager in which the flags have these values."""
    return _flags.changed(sys.modules[__name__], enabled=enabled, deterministic=deterministic, allow_tf32=allow_tf32)


_names.describe(__name__)
