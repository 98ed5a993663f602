"""Products of matrices end alike on every way to their sums: of a batch or not, and however the result lies."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest

# Of all the kernels' ways: sums in a register, in a few, in tiles, of parts of the depth, and those of a dot product in chunks.
SIZES = [(m, n, 100) for m in (1, 3) for n in (1, 2, 8, 9, 16, 17, 32)]
SIZES += [(2, 9, 20), (5, 16, 64), (2, 16, 1000), (70, 90, 300), (2, 3, 600), (8, 17, 20_000), (1, 513, 1000)]
SIZES += [(1, 1, 1 << 19), (2, 2, 1 << 19)]


def operands(m: int, n: int, k: int, dtype: str) -> list[np.ndarray]:
    random = np.random.default_rng([m, n, k])
    return [random.standard_normal((2, *shape)).astype(dtype) for shape in ((m, n), (m, k), (k, n))]


def turned(x: ag.Tensor) -> ag.Tensor:
    """The same matrices in memory of their own, where columns lie without gaps."""
    return x.clone().mT.contiguous().mT


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_batch_and_a_turned_result_have_the_bits_of_each_product_alone(size, dtype):
    c, a, b = (ag.tensor(x) for x in operands(*size, dtype))
    for right in (b, turned(b)):
        for factors in ({"alpha": 0.7, "beta": 0.3}, {"alpha": 0.7}, {"alpha": 0.7, "beta": 0}, {"beta": 0.3}):
            alone = [c[i].clone().addmm_(a[i], right[i], **factors).numpy() for i in range(2)]
            batch = c.clone().baddbmm_(a, right, **factors).numpy()
            batch_turned = turned(c).baddbmm_(a, right, **factors).numpy()
            for i in range(2):
                assert batch[i].tobytes() == alone[i].tobytes(), factors
                assert batch_turned[i].tobytes() == alone[i].tobytes(), factors
                assert turned(c[i]).addmm_(a[i], right[i], **factors).numpy().tobytes() == alone[i].tobytes(), factors


def test_what_a_product_adds_to_is_rounded_once():
    # 3·(1 + 2⁻²³) + 2⁻²³ is halfway between two numbers if it is not rounded before the sum, and above it if it is.
    old, one = np.float32(1 + 2**-23), np.float32(2**-23)
    expected = np.float32(3 * np.float64(old) + np.float64(one))
    for n in (1, 2, 9, 17):
        c, left, right = ag.full((2, 2, n), float(old)), ag.full((2, 2, 1), float(one)), ag.ones(2, 1, n)
        assert np.all(c.baddbmm(left, right, beta=3).numpy() == expected), n
        assert np.all(c[0].addmm(left[0], right[0], beta=3).numpy() == expected), n


@pytest.mark.parametrize("size", [(m, n, k) for m in (1, 2) for n in (1, 2, 8, 9, 16, 17, 32) for k in (1, 100)] + [(1, 1, 1 << 19)], ids=str)
def test_nothing_times_nan_is_nothing(size):
    m, n, k = size
    c, a, b = ag.ones(2, m, n), ag.full((2, m, k), float("nan")), ag.ones(2, k, n)
    for beta in (0, 1, 0.3):
        expected = np.full((2, m, n), np.float32(beta))
        assert np.array_equal(c.baddbmm(a, b, alpha=0, beta=beta).numpy(), expected)
        assert np.array_equal(turned(c).baddbmm_(a, b, alpha=0, beta=beta).numpy(), expected)
        assert np.array_equal(c[0].addmm(a[0], b[0], alpha=0, beta=beta).numpy(), expected[0])
