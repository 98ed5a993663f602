"""Marks for a profiler of Intel's, which is not there.

>>> import arcgrad as ag
>>> ag.profiler.itt.is_available()
False
"""

from __future__ import annotations

from contextlib import contextmanager

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Never

__all__ = ["is_available", "mark", "range", "range_pop", "range_push"]


def is_available() -> bool:
    """False."""
    return False


def _absent() -> Never:
    raise RuntimeError("ITT functions not installed. Are you sure you have a ITT build?")


def mark(msg: str) -> None:
    """RuntimeError: there is nobody to see it."""
    _absent()


def range_push(msg: str) -> int:
    """RuntimeError: there is nobody to see it."""
    _absent()


def range_pop() -> int:
    """RuntimeError: there is nobody to see it."""
    _absent()


@contextmanager
def range(msg: str, *args: object, **kwargs: object) -> Iterator[None]:
    """RuntimeError: there is nobody to see it."""
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()


_names.describe(__name__)
