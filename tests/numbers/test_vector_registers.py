"""Scalar code is as fast behind a kernel as before it: none leaves wide vector registers in use.

`rust/core/tests/vector_registers.rs` asks the processor itself, for every family; here the effect is timed, which shows on
processors of Intel's with AVX-512.
"""

from __future__ import annotations

import math
import time

import pytest

import arcgrad as ag

FAMILIES = {
    "rows": lambda a: (a.exp() + a).tanh(),
    "sums": lambda a: a.sum(1) + a.mean(0),
    "softmax": lambda a: a.softmax(1),
    "layer_norm": lambda a: ag.nn.functional.layer_norm(a, (160,)),
    "scans": lambda a: a.cumsum(0),
    "sorting": lambda a: a.sort(1).values,
    "product": lambda a: a @ a,
    "small product": lambda a: a[:16, :16] @ a[:16, :16],
    "batched product": lambda a: a.view(10, 16, 160) @ a.view(10, 160, 16),
    "matrix and vector": lambda a: a @ a[0],
    "linear": lambda a: ag.nn.functional.linear(a, a, a[0]),
    "convolution": lambda a: ag.nn.functional.conv2d(a.view(4, 4, 40, 40), a[:4, :36].reshape(4, 4, 3, 3)),
    "pooling": lambda a: ag.nn.functional.max_pool2d(a.view(4, 4, 40, 40), 2),
    "cross-entropy": lambda a: ag.nn.functional.cross_entropy(a, ag.arange(160)),
    "gathering": lambda a: a[ag.arange(159, -1, -1)],
}


def scalar_time() -> float:
    """The least time of a few rounds of scalar floating-point work in the interpreter."""
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        for i in range(2000):
            math.sin(i * 0.37)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("family", FAMILIES)
def test_scalar_code_is_as_fast_behind_a_kernel_as_before_it(family):
    a = ag.linspace(-1, 1, 160 * 160).view(160, 160).clone().requires_grad_()
    scalar_time()
    # Dirty registers slow it down five times and more; the machine may do so for a moment, but not thrice.
    for _ in range(3):
        before = scalar_time()
        FAMILIES[family](a).sum().backward()
        behind = scalar_time()
        if behind < 2 * before:
            return
    pytest.fail(f"{family}: {before * 1e6:.0f} µs before, {behind * 1e6:.0f} µs behind")
