"""A line search for the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections import namedtuple

#: Where a step of this length along the direction leads: the loss, its gradient, and the slope in the direction.
Point = namedtuple("Point", ["length", "loss", "grad", "slope"])


def strong_wolfe(trial, start, length, extent, *, most=25, tolerance=1e-9, decrease=1e-4, curvature=0.9):
    """A step that lowers the loss enough and at whose end the slope is flat enough, after Nocedal and Wright (2006, algorithms
    3.5 and 3.6), with the interpolation and the safeguards of Schmidt's minFunc.

    Args:
        trial: function of a length that gives the ``Point`` there.
        start: the point without a step.
        length: what to try first.
        extent: largest component of the direction: lengths that differ by less than ``tolerance`` over it are one.
        most: how often to look further.
        decrease: what part of the decrease that the slope at the start promises is enough.
        curvature: what part of the slope may be left.

    Returns:
        The best point found, which fulfils both conditions unless the search was given up.
    """

    def too_high(point):
        return point.loss > start.loss + decrease * point.length * start.slope

    def flat(point):
        return abs(point.slope) <= -curvature * start.slope

    # Outwards, until two points enclose a minimum.
    last, point = start, trial(length)
    done = False
    looked = 0
    while looked < most:
        if too_high(point) or looked > 1 and point.loss >= last.loss:
            bracket = [last, point]
            break
        if flat(point):
            bracket, done = [point], True
            break
        if point.slope >= 0:
            bracket = [last, point]
            break
        nearest, farthest = point.length + 0.01 * (point.length - last.length), point.length * 10
        last, point = point, trial(cubic_minimum(last, point, nearest, farthest))
        looked += 1
    else:
        bracket = [start, point]

    # Inwards: the lower end of the two is kept, and the other replaced so that a minimum stays between them.
    stuck = False
    low, high = (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
    while not done and looked < most:
        left, right = sorted(end.length for end in bracket)
        if (right - left) * extent < tolerance:
            break
        length = cubic_minimum(bracket[0], bracket[1], left, right)
        # Twice in turn near an end, or beyond it: then away from it by a tenth of the interval.
        margin = 0.1 * (right - left)
        if min(right - length, length - left) < margin:
            if stuck or length >= right or length <= left:
                length = right - margin if abs(length - right) < abs(length - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        point = trial(length)
        looked += 1
        if too_high(point) or point.loss >= bracket[low].loss:
            bracket[high] = point
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
        else:
            if flat(point):
                done = True
            elif point.slope * (bracket[high].length - bracket[low].length) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = point
    return bracket[low] if len(bracket) > 1 else bracket[0]


def cubic_minimum(one, two, least, most):
    """Where the cubic through the losses and slopes of two points has its minimum, kept within bounds; their middle if it has none."""
    if one.length > two.length:
        one, two = two, one
    width = two.length - one.length
    if width > 0:
        mean = one.slope + two.slope - 3 * (two.loss - one.loss) / width
        square = mean * mean - one.slope * two.slope
        if square >= 0:
            root = math.sqrt(square)
            fall = two.slope - one.slope + 2 * root
            if fall != 0:
                return min(max(two.length - width * ((two.slope + root - mean) / fall), least), most)
    return (least + most) / 2
