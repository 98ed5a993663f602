"""Marks for the profiler of CUDA devices, of which there are none: they can be named, and raise when they are set."""

from __future__ import annotations

from contextlib import contextmanager

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

__all__ = ["mark", "range", "range_end", "range_pop", "range_push", "range_start"]


def _fail() -> NoReturn:
    raise RuntimeError("NVTX functions not installed. Are you sure you have a CUDA build? arcgrad computes on the CPU only.")


def range_push(msg: str) -> int:
    """Raises RuntimeError."""
    _fail()


def range_pop() -> int:
    """Raises RuntimeError."""
    _fail()


def range_start(msg: str) -> int:
    """Raises RuntimeError."""
    _fail()


def range_end(range_id: int) -> None:
    """Raises RuntimeError."""
    _fail()


def mark(msg: str) -> None:
    """Raises RuntimeError."""
    _fail()


@contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """A block that is marked. Decorating a function with it is no error yet; entering it is.

    >>> @range("step")
    ... def step(): ...
    """
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()


_names.describe(__name__)
