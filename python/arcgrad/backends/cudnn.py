"""cuDNN, which arcgrad does not use. The flags keep what is written to them."""

from __future__ import annotations

import sys

from arcgrad import _names
from arcgrad.backends import _flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any

allow_tf32 = True
benchmark = False
benchmark_limit = 10
deterministic = False
enabled = True

__all__ = [
    "allow_tf32",
    "benchmark",
    "benchmark_limit",
    "deterministic",
    "enabled",
    "flags",
    "is_acceptable",
    "is_available",
    "version",
]


def is_available() -> bool:
    """False."""
    return False


def is_acceptable(tensor: Any) -> bool:
    """False: no tensor is computed with by cuDNN."""
    return False


def version() -> int | None:
    """None."""
    return None


def flags(
    enabled: bool | None = False,
    benchmark: bool | None = False,
    benchmark_limit: int | None = 10,
    deterministic: bool | None = False,
    allow_tf32: bool | None = True,
    fp32_precision: str = "none",
) -> AbstractContextManager[None]:
    """A context manager in which the flags have these values."""
    return _flags.changed(
        sys.modules[__name__],
        enabled=enabled,
        benchmark=benchmark,
        benchmark_limit=benchmark_limit,
        deterministic=deterministic,
        allow_tf32=allow_tf32,
    )


_names.describe(__name__)
