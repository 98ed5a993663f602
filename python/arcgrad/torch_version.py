"""Versions as text that is compared by its numbers.

    >>> TorchVersion("2.10.1") > "2.9", TorchVersion("2.10.1") >= (2, 10), TorchVersion("2.10.1").startswith("2.10")
    (True, True, True)
"""

from __future__ import annotations

import re

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["TorchVersion"]

#: What comes before a release, in its order; a number after each.
_BEFORE = {"dev": 0, "a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3}

#: ``2.10.0``, ``2.10.0a0+git1234``, ``2.10.0.dev20250101+cpu``, ``2.10.0.post1``.
_VERSION = re.compile(r"\s*v?(\d+(?:\.\d+)*)[._-]?([a-z]+)?[._-]?(\d*)(?:\+(.*))?\s*\Z", re.IGNORECASE)


def _key(version: Any) -> tuple[Any, ...] | None:
    """What a version is ordered by; None for what is not one. Zeros at the end of the numbers count nothing."""
    if isinstance(version, (tuple, list)):
        version = ".".join(map(str, version))
    # A number is none: 2.10 is 2.1.
    match = _VERSION.match(version) if isinstance(version, str) else None
    if match is None:
        return None
    numbers, word, count, local = match.groups()
    release = [int(number) for number in numbers.split(".")]
    while release and not release[-1]:
        release.pop()
    word = (word or "").lower()
    if word not in ("", "post", *_BEFORE):
        return None
    stage = (_BEFORE[word], int(count or 0)) if word in _BEFORE else (5, int(count or 0)) if word else (4, 0)
    return release, stage, local or ""


class TorchVersion(str):
    """The text of a version. Comparing it with a text, a tuple of numbers or another one compares versions; what is none is compared
    as text."""

    __slots__ = ()

    def __new__(cls, version: str) -> TorchVersion:
        return super().__new__(cls, version)

    def _compare(self, other: Any, as_text: Any) -> bool:
        ours, theirs = _key(str(self)), _key(other)
        if ours is None or theirs is None:
            return as_text(str.__str__(self), other)
        return as_text(ours, theirs)

    def __lt__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> bool:
        return self._compare(other, lambda a, b: a >= b)

    def __eq__(self, other: object) -> bool:
        return self._compare(other, lambda a, b: a == b)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)


_names.describe(__name__)
