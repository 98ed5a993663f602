"""Derivatives of a function of one number by differences, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Distance of the nearest points, and of a second set twice as far apart, which tells how good the first is.
STEP = 2e-3
#: Where the two sets differ by more, there is a kink nearby, and nothing is said.
BLUNT = 1e-4


@dataclass
class Along:
    """First and second derivative of a function of one number at 0, each with its error."""

    slope: float
    curve: float
    slope_error: float
    curve_error: float
    kink: bool


def along(function: Callable[[float], float], step: float = STEP) -> Along:
    """Five-point differences at two distances."""
    at = {k: function(k * step) for k in (-4, -2, -1, 0, 1, 2, 4)}
    size = max(map(abs, at.values()))

    def slope(k):
        return (8 * (at[k] - at[-k]) - (at[2 * k] - at[-2 * k])) / (12 * k * step)

    def curve(k):
        return (16 * (at[k] + at[-k]) - (at[2 * k] + at[-2 * k]) - 30 * at[0]) / (12 * (k * step) ** 2)

    slope_error = abs(slope(2) - slope(1)) + 1e-15 * size / step
    curve_error = abs(curve(2) - curve(1)) + 1e-14 * size / step**2
    kink = not np.isfinite(slope_error + curve_error)
    kink = kink or slope_error > BLUNT * (abs(slope(1)) + 1) or curve_error > 10 * BLUNT * (abs(curve(1)) + 1)
    return Along(slope(1), curve(1), slope_error, curve_error, kink)
