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


BASES = [-inf, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, inf, nan]
EXPONENTS = [-inf, -3.0, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 10.5, inf, nan]


def gradients_of_pow(base, exponent, create_graph):
    leaves = [
        arg.detach().clone().requires_grad_(True) if ag.is_floating_point(arg) or ag.is_complex(arg) else arg
        for arg in (base, exponent)
        if isinstance(arg, ag.Tensor)
    ]
    given = iter(leaves)
    base, exponent = (next(given) if isinstance(arg, ag.Tensor) else arg for arg in (base, exponent))
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    power = base**exponent
    return ag.autograd.grad(power, wanted, ag.ones_like(power), create_graph=create_graph)


def assert_recorded_gradient_is_the_compiled_one(base, exponent):
    compiled = gradients_of_pow(base, exponent, create_graph=False)
    recorded = gradients_of_pow(base, exponent, create_graph=True)
    for one, other in zip(compiled, recorded, strict=True):
        # Among dtypes with few digits every step of the recorded formula rounds.
        digits = {ag.float64: 1e-12, ag.complex128: 1e-12, ag.float32: 1e-5, ag.complex64: 1e-5}
        ag.testing.assert_close(
            other.detach(), one, rtol=digits.get(one.dtype, 2e-2), atol=0, equal_nan=True
        )


@pytest.mark.parametrize("dtype", [ag.float16, ag.bfloat16, ag.float32, ag.float64])
def test_the_recorded_gradient_of_pow_is_the_compiled_one_at_special_points(dtype):
    pairs = [(base, exponent) for base in BASES for exponent in EXPONENTS]
    base = ag.tensor([base for base, _ in pairs], dtype=dtype)
    for other in (ag.float16, ag.float32, ag.float64):
        assert_recorded_gradient_is_the_compiled_one(base, ag.tensor([e for _, e in pairs], dtype=other))
    for exponent in EXPONENTS:
        assert_recorded_gradient_is_the_compiled_one(ag.tensor(BASES, dtype=dtype), exponent)
    for number in BASES:
        assert_recorded_gradient_is_the_compiled_one(number, ag.tensor(EXPONENTS, dtype=dtype))


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64, ag.complex64, ag.complex128])
def test_the_recorded_gradient_of_pow_with_an_integer_reads_it_in_the_dtype_of_the_power(dtype):
    exponents = [exponent for exponent in EXPONENTS if abs(exponent) < 4]
    for integer in (ag.int64, ag.uint8, ag.bool):
        base = ag.tensor([[0], [1], [3]]).to(integer)
        assert_recorded_gradient_is_the_compiled_one(base, ag.tensor(exponents, dtype=dtype))


@pytest.mark.parametrize("real", [ag.float32, ag.float64])
def test_the_recorded_gradient_of_pow_takes_the_logarithm_of_a_negative_real_base_as_of_a_complex_one(real):
    base, exponent = ag.tensor([-2.0, 0.0, 3.0], dtype=real), ag.tensor([1 + 2j, 2 + 0j, 0.5j], dtype=ag.complex128)
    assert_recorded_gradient_is_the_compiled_one(base, exponent)
    assert_recorded_gradient_is_the_compiled_one(-2.0, exponent)
