"""Helpers of dispatch modes that programs import."""

from __future__ import annotations

from contextlib import contextmanager

from arcgrad import _names
from arcgrad._core import _overrides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["all_same_mode", "no_dispatch"]


@contextmanager
def no_dispatch() -> Iterator[None]:
    """Neither modes nor classes are asked about operations within a ``with`` block: they are run on the data of the tensors."""
    before = _overrides.switch_dispatch_off(True)
    try:
        yield
    finally:
        _overrides.switch_dispatch_off(before)


def all_same_mode(modes: Any) -> bool:
    """Whether all modes of a sequence are one and the same."""
    return all(mode is modes[0] for mode in modes)


_names.describe(__name__)
