"""Numbers beside integer tensors stay integers: whatever an operation takes as a parameter is exact beyond 2⁵³.

Results are compared with Python's integers, cut to 64 bits as the tensors' own arithmetic cuts them.
"""

from __future__ import annotations

from typing import Any

import arcgrad as torch
import pytest
from arcgrad.nn import functional as F

#: Odd, and too long for the digits of a float64; the sum of some of them and their product with 3 wrap.
BIG = [2**60 + 1, -(2**60) - 1, 2**62 + 5, 2**53 + 1, 2**63 - 1, -(2**63), 3, 0, -1]
X = [1, -2, 2**61 + 7, -(2**59) - 3]
Y = [3, 5, -7, 2**55 + 9]

every_number = pytest.mark.parametrize("number", BIG)


def wrapped(value: int) -> int:
    """The low 64 bits as a signed number."""
    return (value + 2**63) % 2**64 - 2**63


def ints(values: Any) -> Any:
    return torch.tensor(values, dtype=torch.int64)


@every_number
def test_factors_of_sums(number: int) -> None:
    x, y = ints(X), ints(Y)
    sums = [wrapped(a + number * b) for a, b in zip(X, Y, strict=True)]
    assert torch.add(x, y, alpha=number).tolist() == sums
    assert x.clone().add_(y, alpha=number).tolist() == sums
    assert torch.add(x, y, alpha=number, out=torch.empty(4, dtype=torch.int64)).tolist() == sums
    assert torch.add(x.repeat(5000), y.repeat(5000), alpha=number).tolist() == sums * 5000
    differences = [wrapped(a - number * b) for a, b in zip(X, Y, strict=True)]
    assert torch.sub(x, y, alpha=number).tolist() == differences
    assert torch.rsub(y, x, alpha=number).tolist() == differences
    assert torch.add(x, 3, alpha=number).tolist() == [wrapped(a + 3 * number) for a in X]


@every_number
def test_factors_of_products(number: int) -> None:
    x, y, z = ints(X), ints(Y), ints([2, 3, -4, 5])
    expected = [wrapped(a + number * b * c) for a, b, c in zip(X, Y, [2, 3, -4, 5], strict=True)]
    assert torch.addcmul(x, y, z, value=number).tolist() == expected
    assert x.clone().addcmul_(y, z, value=number).tolist() == expected


@every_number
def test_factors_of_matrix_products(number: int) -> None:
    a, b, c = ints([[1, 2], [3, 4]]), ints([[5, 6], [7, 8]]), ints([[1, -1], [2, 2**61]])
    product = [[19, 22], [43, 50]]
    for alpha, beta in [(number, 1), (2, number), (number, number)]:
        expected = [
            [wrapped(beta * t + alpha * p) for t, p in zip(term, line, strict=True)]
            for term, line in zip(c.tolist(), product, strict=True)
        ]
        assert torch.addmm(c, a, b, beta=beta, alpha=alpha).tolist() == expected
        assert torch.baddbmm(c[None], a[None], b[None], beta=beta, alpha=alpha)[0].tolist() == expected
        assert torch.addbmm(c, a[None], b[None], beta=beta, alpha=alpha).tolist() == expected
        column = [line[0] for line in expected]
        assert torch.addmv(c[:, 0], a, b[:, 0], beta=beta, alpha=alpha).tolist() == column
        outer = [[wrapped(beta * t + alpha * u * v) for t, v in zip(term, [5, 6], strict=True)]
                 for term, u in zip(c.tolist(), [1, 3], strict=True)]  # fmt: skip
        assert torch.addr(c, a[:, 0], b[0], beta=beta, alpha=alpha).tolist() == outer


@every_number
def test_factors_of_indexed_sums(number: int) -> None:
    added = torch.index_add(ints(X), 0, torch.tensor([2, 2]), ints([3, 5]), alpha=number)
    assert added.tolist() == [*X[:2], wrapped(X[2] + 8 * number), X[3]]


@every_number
def test_limits(number: int) -> None:
    values = [number, wrapped(number - 1), wrapped(number + 1), 0, 1]
    x = ints(values)
    assert torch.clamp(x, min=number).tolist() == [max(value, number) for value in values]
    assert torch.clamp(x, max=number).tolist() == [min(value, number) for value in values]
    assert torch.clamp(x, number, number).tolist() == [number] * 5
    assert F.hardtanh(x, number, number).tolist() == [number] * 5
    assert F.threshold(x, number, number).tolist() == [max(value, number) for value in values]
    assert torch.where(x == number, number, 7).tolist() == [number if value == number else 7 for value in values]
    assert torch.masked_fill(x, x == number, wrapped(number - 1)).tolist() == [
        wrapped(number - 1) if value == number else value for value in values
    ]


@pytest.mark.parametrize("dtype", ["int32", "int16", "int8", "uint8"])
def test_narrow_integers_wrap_at_their_width(dtype: str) -> None:
    kind = getattr(torch, dtype)
    bits, signed = kind.itemsize * 8, dtype != "uint8"
    low = -(2 ** (bits - 1)) if signed else 0

    def cut(value: int) -> int:
        return (value - low) % 2**bits + low

    x, y, number = [1, 100, 7], [3, 90, 11], 101
    tensor = torch.tensor(x, dtype=kind)
    found = torch.add(tensor, torch.tensor(y, dtype=kind), alpha=number)
    assert found.dtype == kind and found.tolist() == [cut(a + number * b) for a, b in zip(x, y, strict=True)]
    found = torch.addcmul(tensor, tensor, torch.tensor(y, dtype=kind), value=number)
    assert found.dtype == kind and found.tolist() == [cut(a + number * a * b) for a, b in zip(x, y, strict=True)]


def test_truth_values_have_a_factor_that_is_one() -> None:
    x, y = torch.tensor([True, False, False]), torch.tensor([True, True, False])
    assert torch.add(x, y, alpha=True).tolist() == [True, True, False]
    assert torch.add(x, y, alpha=False).tolist() == [True, False, False]
    assert torch.add(x, y, alpha=True).dtype == torch.bool


def test_a_fraction_is_no_factor_of_integers() -> None:
    for call in (torch.add, torch.sub):
        with pytest.raises(RuntimeError, match="For integral input tensors, argument alpha must not be a floating point"):
            call(ints(X), ints(Y), alpha=1.5)
    with pytest.raises(RuntimeError, match="Integer division with addcdiv is no longer supported"):
        torch.addcdiv(ints(X), ints(Y), ints(Y), value=1)


def test_floats_take_integers_as_factors() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
    result = torch.add(x, y, alpha=2**53 + 2)
    assert result.tolist() == [1.0 + 3.0 * (2**53 + 2), 2.0 + 4.0 * (2**53 + 2)]
    result.sum().backward()
    assert y.grad is not None and y.grad.tolist() == [float(2**53 + 2)] * 2
    # A node remembers the number as it was given.
    assert torch.add(x, y, alpha=3).grad_fn._saved_alpha == 3  # type: ignore[union-attr]
    assert torch.add(x, y, alpha=0.5).grad_fn._saved_alpha == 0.5  # type: ignore[union-attr]
    assert torch.sub(x, y, alpha=3).grad_fn._saved_alpha == 3  # type: ignore[union-attr]
