"""Numbers that a compiler does not know yet: arcgrad knows all of them, so they are Python's own."""

from __future__ import annotations

import math

from arcgrad import _absent, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["sym_float", "sym_int", "sym_ite", "sym_max", "sym_min", "sym_not", "sym_sum"]


def sym_int(a: Any) -> int:
    """A number without what comes after its point.

    >>> sym_int(-1.5)
    -1
    """
    return math.trunc(a)


def sym_float(a: Any) -> float:
    """A number as a float."""
    return float(a)


def sym_max(a: Any, b: Any) -> Any:
    """The larger one of two numbers; a float if one of them is.

    >>> sym_max(3, 2.0)
    3.0
    """
    return max(float(a), float(b)) if isinstance(a, float) or isinstance(b, float) else max(a, b)


def sym_min(a: Any, b: Any) -> Any:
    """The smaller one of two numbers; a float if one of them is."""
    return min(float(a), float(b)) if isinstance(a, float) or isinstance(b, float) else min(a, b)


def sym_not(a: Any) -> bool:
    """Whether something is false."""
    return not a


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """The second argument if the first one is true, else the third."""
    return t if b else f


def sym_sum(args: Iterable[Any]) -> Any:
    """The sum of numbers."""
    return sum(args)


_WHY = "arcgrad knows all numbers"
SymBool, SymFloat, SymInt = (_absent.make(__name__, name, _WHY) for name in ("SymBool", "SymFloat", "SymInt"))
__all__ += ["SymBool", "SymFloat", "SymInt"]

_names.describe(__name__)
