"""Timing small pieces of code: :class:`Timer`, and :class:`Compare` for a table of what it measured."""

from arcgrad import _names
from arcgrad.utils.benchmark.measurement import Compare, Measurement
from arcgrad.utils.benchmark.timer import Timer

__all__ = ["Compare", "Measurement", "Timer"]

_names.describe(__name__)
