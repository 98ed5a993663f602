"""How tensors are printed. The core keeps the options and makes the text; here they get PyTorch's signatures."""

from __future__ import annotations

import contextlib
import math
import operator
import sys

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]

# The greatest number the core can hold; as a threshold it stands for "never".
_GREATEST = 2 * sys.maxsize + 1
# The greatest precision that the core's formatter takes; no double has more than 1,074 digits that are not zero.
_GREATEST_PRECISION = 2**16 - 1


def _count(name, value, greatest):
    """The value of an option that counts something, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"set_printoptions: {name} must be an integer, got {value!r}")
    value = operator.index(value)
    if not 0 <= value <= greatest:
        raise ValueError(f"set_printoptions: {name} must be between 0 and {greatest}, got {value}")
    return value


def _threshold(value):
    """A threshold may be a float, infinite even; more than 2.5 elements are more than 2."""
    if not isinstance(value, float):
        return _count("threshold", value, _GREATEST)
    if not value >= 0:
        raise ValueError(f"set_printoptions: threshold must not be negative or NaN, got {value}")
    return _GREATEST if value >= _GREATEST else math.floor(value)


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed, in all threads. Options that are None stay as they are.

    Args:
        precision: Digits after the decimal point (4 at first).
        threshold: Tensors with more elements are summarised (1000); ``math.inf`` for never.
        edgeitems: Elements shown at either end of each axis of a summarised tensor (3).
        linewidth: Characters per line (80).
        profile: ``"default"``, ``"short"`` or ``"full"``: sets the four options above before they are changed one by
            one. ``"short"`` has two digits and two edge items, ``"full"`` summarises nothing.
        sci_mode: Scientific notation always (True), never (False) or where the magnitudes ask for it (None). Unlike
            the others it is set by every call.

    Raises:
        TypeError, ValueError: An option is no integer, out of range or no profile. Then nothing is changed.

    Example:
        >>> import arcgrad as ag
        >>> ag.set_printoptions(precision=2)
        >>> ag.tensor([1.12345])
        tensor([1.12])
        >>> ag.set_printoptions(profile="default")
    """
    _core._set_print_options(
        _count("precision", precision, _GREATEST_PRECISION),
        _threshold(threshold),
        _count("edgeitems", edgeitems, _GREATEST),
        _count("linewidth", linewidth, _GREATEST),
        profile,
        None if sci_mode is None else bool(sci_mode),
    )


def get_printoptions() -> dict[str, Any]:
    """The options as a dictionary that `set_printoptions` takes as keywords."""
    precision, threshold, edgeitems, linewidth, sci_mode = _core._print_options()
    return {
        "precision": precision,
        "threshold": math.inf if threshold == _GREATEST else threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
        "sci_mode": sci_mode,
    }


@contextlib.contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Context manager with the arguments of `set_printoptions`: the options hold inside the ``with`` block."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)
