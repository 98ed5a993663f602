"""Integers that have no room in a tensor's dtype are compared, divided and looked for by their value."""

import itertools
import math

import pytest

import arcgrad as ag

SMALL = {ag.uint8: (0, 255), ag.int8: (-128, 127), ag.int16: (-(2**15), 2**15 - 1), ag.int32: (-(2**31), 2**31 - 1)}
# Ends of the ranges, what is cut to the same bits as they are, and what is cut to 0.
NUMBERS = sorted({
    sign * (2**bits + offset)
    for sign, bits, offset in itertools.product((1, -1), (3, 7, 8, 15, 16, 31, 32, 40), (-1, 0, 1, 7))
})


def wrapped(value, dtype):
    low, high = SMALL[dtype]
    return (value - low) % (high - low + 1) + low


def elements(dtype):
    low, high = SMALL[dtype]
    return sorted({low, low + 1, 1, 5, 100, high - 1, high} | ({-1, -7} if low < 0 else {0}))


# ---- the values by themselves ----


def test_comparisons_of_uint8():
    x = ag.tensor([100, 1, 1], dtype=ag.uint8)
    assert (x < 300).tolist() == [True, True, True]
    assert (x <= -20).tolist() == [False, False, False]
    assert (x == 257).tolist() == [False, False, False]
    assert (x != 257).tolist() == [True, True, True]
    assert 257 not in x and 1 in x


def test_comparisons_of_other_widths():
    assert (ag.tensor([1], dtype=ag.int8) < 256).item() and (ag.tensor([1], dtype=ag.int32) < 2**40).item()
    assert not (ag.tensor([1], dtype=ag.int32) == 2**32 + 1).item()
    assert not (ag.tensor([[1]], dtype=ag.int32).expand(3, 200) >= 2**40).any().item()


def test_quotients_by_numbers_without_room():
    assert (ag.tensor([1], dtype=ag.int16) // 32768).item() == 0
    assert (ag.tensor([1], dtype=ag.uint8) // 256).item() == 0
    assert (ag.tensor([-1], dtype=ag.int16) // 32768).item() == -1
    assert (300 // ag.tensor([100, 7], dtype=ag.int8)).tolist() == [3, 42]
    assert (ag.tensor([100], dtype=ag.uint8) % 300).item() == 100


def test_tensors_without_axes_count_by_value_too():
    x = ag.tensor([100, 1], dtype=ag.uint8)
    assert (x < ag.tensor(300)).tolist() == [True, True]
    assert (x == ag.tensor(256 + 100)).tolist() == [False, False]
    assert (x // ag.tensor(256)).tolist() == [0, 0]
    assert ag.minimum(x, ag.tensor(300)).tolist() == [100, 1]
    assert ag.logical_and(x, ag.tensor(256)).tolist() == [True, True]
    assert (x ** ag.tensor(256)).tolist() == [0, 1]
    assert x.clamp_max(ag.tensor(300)).tolist() == [100, 1]


def test_limits_beyond_the_range():
    x = ag.tensor([100, 1], dtype=ag.uint8)
    assert x.clamp_min(-1).tolist() == x.clamp_max(300).tolist() == x.clamp(-1, 300).tolist() == [100, 1]
    for call in (lambda: x.clamp_min(300), lambda: x.clamp_max(-1), lambda: x.clamp(min=300)):
        with pytest.raises(RuntimeError, match="outside the representable range"):
            call()


def test_shifts_by_more_than_the_width():
    x = ag.tensor([100, -7], dtype=ag.int8)
    assert (x << 256).tolist() == [0, 0] and (x >> 256).tolist() == [0, -1]


def test_numbers_without_room_are_not_among_the_elements():
    x = ag.tensor([100, 1, 44], dtype=ag.uint8)
    assert ag.isin(x, 300).tolist() == ag.isin(x, ag.tensor(300)).tolist() == [False] * 3
    assert ag.isin(300, x).item() is False and ag.isin(x, 44).tolist() == [False, False, True]
    assert ag.searchsorted(ag.tensor([1, 50, 200], dtype=ag.uint8), 300).item() == 3
    assert ag.bucketize(300, ag.tensor([1, 50, 200], dtype=ag.uint8)).item() == 3


def test_in_place_quotients_are_cut_to_the_dtype():
    x = ag.tensor([100, 1], dtype=ag.uint8)
    assert x.clone().floor_divide_(300).tolist() == [0, 0] and x.clone().remainder_(300).tolist() == [100, 1]
    assert x.clone().floor_divide_(-1).tolist() == [156, 255]


def test_values_that_are_stored_must_have_room():
    x = ag.tensor([100, 1], dtype=ag.uint8)
    stores = [
        lambda: x.clone().fill_(300),
        lambda: ag.full((2,), 300, dtype=ag.uint8),
        lambda: x.masked_fill(x > 2, 300),
        lambda: ag.where(x > 2, x, 300),
        lambda: x.index_fill(0, ag.tensor([0]), 300),
        lambda: x.scatter(0, ag.tensor([0]), 300),
        lambda: x.clone().__setitem__(0, 300),
        lambda: ag.nn.functional.pad(x, (1, 1), value=300),
        lambda: ag.tensor(300, dtype=ag.uint8),
    ]
    for store in stores:
        with pytest.raises(RuntimeError, match="without overflow"):
            store()


# ---- the search: Python's integers say what is right ----

COMPARISONS = ["lt", "le", "gt", "ge", "eq", "ne"]
PYTHON = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floor_divide": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,
    "fmod": lambda a, b: int(math.copysign(abs(a) % abs(b), a)),
    "bitwise_and": lambda a, b: a & b,
    "bitwise_or": lambda a, b: a | b,
    "bitwise_xor": lambda a, b: a ^ b,
    "maximum": max,
    "minimum": min,
    "logical_and": lambda a, b: bool(a) and bool(b),
    "logical_or": lambda a, b: bool(a) or bool(b),
    "logical_xor": lambda a, b: bool(a) != bool(b),
}
OF_TENSORS = {"maximum", "minimum", "logical_and", "logical_or", "logical_xor"}
REVERSED = {
    "add": lambda n, x: n + x,
    "sub": lambda n, x: n - x,
    "mul": lambda n, x: n * x,
    "floor_divide": lambda n, x: n // x,
    "remainder": lambda n, x: n % x,
    "lt": lambda n, x: n < x,
    "eq": lambda n, x: n == x,
    "bitwise_and": lambda n, x: n & x,
}


def expected(function, pairs, dtype):
    return [value if isinstance(value, bool) else wrapped(value, dtype) for value in itertools.starmap(function, pairs)]


@pytest.mark.parametrize("dtype", SMALL, ids=str)
@pytest.mark.parametrize("name", PYTHON)
def test_numbers_count_by_value(name, dtype):
    own = elements(dtype)
    # One of few elements and one of many, since the two take different ways.
    few, many = ag.tensor(own, dtype=dtype), ag.tensor(own * 20, dtype=dtype)
    function, operation = PYTHON[name], getattr(ag, name)
    for number in NUMBERS:
        right = expected(function, [(value, number) for value in own], dtype)
        lone = ag.tensor(number)
        assert operation(few, lone).tolist() == right, (name, number)
        if name not in OF_TENSORS:
            assert operation(few, number).tolist() == right, (name, number)
            assert operation(many, number).tolist() == right * 20, (name, number)
            target = few.clone()
            getattr(target, f"{name}_")(number)
            assert target.tolist() == [int(value) for value in right], (name, number)
    divisors = [value for value in own if value != 0]
    if name in REVERSED:
        x = ag.tensor(divisors, dtype=dtype)
        for number in NUMBERS:
            right = expected(function, [(number, value) for value in divisors], dtype)
            assert REVERSED[name](number, x).tolist() == right, (name, number)


def test_truth_values_compare_as_numbers():
    x = ag.tensor([True, False])
    assert (x < 2).tolist() == [True, True] and (x == 2).tolist() == [False, False]
    assert (x > -1).tolist() == [True, True] and (x == 1).tolist() == [True, False]
    assert (x == ag.tensor(256)).tolist() == [False, False]
