"""First and second derivatives of smooth functions at special and extreme points keep their digits.

The references (``oracle/derivatives.py``) were computed with a thousand digits. A derivative may be off by what a change
of the argument in its last places makes of it, and by ``RTOL``; and by ``FLOOR``, below which an intermediate value of a
second derivative may underflow.
"""

from __future__ import annotations

import functools

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.nn import functional as F
from oracle import derivatives

RTOL = {"float32": 3e-6, "float64": 1e-14}
FLOOR = {"float32": 1e-37, "float64": 1e-307}
inf, nan = float("inf"), float("nan")


def entropy(target):
    def loss(x):
        return F.binary_cross_entropy_with_logits(x, ag.full_like(x, target), reduction="none")

    return loss


FUNCTIONS = {
    **{name: getattr(F, name) for name in ("logsigmoid", "silu", "gelu", "mish", "elu")},
    "softplus": lambda x: F.softplus(x, threshold=800.0),
    "gelu_tanh": functools.partial(F.gelu, approximate="tanh"),
    "cube": lambda x: x**3,
    "power": lambda x: x**1.5,
    "inverse_square": lambda x: x**-2,
    "entropy_no": entropy(0.0),
    "entropy_yes": entropy(1.0),
    "entropy_between": entropy(0.25),
}


def derivatives_of(function, points, dtype):
    """Value, first derivative (recorded and not) and second derivative."""
    x = ag.tensor(points, dtype=getattr(ag, dtype), requires_grad=True)
    ones = ag.ones_like(x)
    (plain,) = ag.autograd.grad(function(x), x, ones)
    y = function(x)
    (first,) = ag.autograd.grad(y, x, ones, create_graph=True)
    (second,) = ag.autograd.grad(first, x, ones)
    return [t.detach().numpy().astype(np.float64) for t in (y, plain, first, second)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(derivatives.FUNCTIONS))
def test_derivatives_keep_their_digits(name, dtype):
    kind = np.dtype(dtype)
    with np.load(derivatives.DATA) as data:
        table = data[name]
    points = derivatives.POINTS
    with np.errstate(all="ignore"):
        chosen = (points.astype(kind) == points) & np.isfinite(points)
        table, points = table[:, chosen], points[chosen]
        found = derivatives_of(FUNCTIONS.get(name) or getattr(ag, name), points, dtype)
        largest = float(np.finfo(kind).max)
        wrong = []
        for what, got, order in zip(("value", "first", "first, recorded", "second"), found, (0, 1, 1, 2)):
            wanted, slope = table[order], table[order + 1]
            tolerance = RTOL[dtype] * (np.abs(wanted) + np.abs(points * np.nan_to_num(slope))) + FLOOR[dtype]
            same = np.abs(got - wanted) <= tolerance
            same |= np.isnan(wanted)
            # What is no number of this type may be rounded to the largest, or be infinite.
            same |= (np.abs(wanted) >= largest * (1 - 1e-6)) & ~(np.abs(got) < largest * (1 - 1e-6))
            wrong += [f"{what} at {points[i]!r}: {got[i]!r}, not {wanted[i]!r}" for i in np.flatnonzero(~same)]
    assert not wrong, "\n".join(wrong)
