"""Flags of a module that are changed for a ``with`` block."""

from __future__ import annotations

import contextlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any


@contextlib.contextmanager
def changed(module: ModuleType, **flags: Any) -> Iterator[None]:
    """Sets the flags that are not None, and puts back what they were."""
    before = {name: getattr(module, name) for name, value in flags.items() if value is not None}
    try:
        for name in before:
            setattr(module, name, flags[name])
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)
