"""Batching: an operation on all examples at once against a loop over them, over the corpus of calls."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest
from arcgrad._core import _autograd
from calls import NO_GRADIENT, ROWS, SAMPLES, T, calls, find, generator, row_inputs

SIZE = 3

#: Operations that have no rule yet: they say so. What gets one leaves this list.
REFUSED = set()

#: Operations whose result has another shape for other data: refused by nature.
DYNAMIC = {"nonzero", "argwhere", "unique", "unique_consecutive", "bincount"}


def results(result) -> list:
    """All tensors of a result, whatever their dtype."""
    if isinstance(result, (tuple, list)):
        return [item for part in result for item in results(part)]
    return [result] if isinstance(result, ag.Tensor) else []


def vmap(function, axes, size=SIZE):
    """`function` over examples that lie along `axes` of its arguments (``None``: the same for all), along axis 0 of results."""

    def call(*wholes):
        level = _autograd.enter_level(size)
        try:
            examples = [
                whole if axis is None else _autograd.add_batch_dim(whole, axis, level)
                for whole, axis in zip(wholes, axes)
            ]
            return [_autograd.remove_batch_dim(result, 0, level) for result in results(function(*examples))]
        finally:
            _autograd.exit_level(level)

    return call


def loop(function, axes, size=SIZE):
    """What :func:`vmap` has to compute."""

    def call(*wholes):
        each = [
            results(function(*[w if axis is None else w.select(axis, at).clone() for w, axis in zip(wholes, axes)]))
            for at in range(size)
        ]
        return [ag.stack(parts) for parts in zip(*each)]

    return call


def examples_of(leaf, key, size=SIZE):
    """Tensors like a leaf, with its elements in other orders and a little smaller: within the same domain."""
    rng = generator("examples", key)
    flat = leaf.detach().numpy().reshape(-1)
    return [rng.permutation(flat).reshape(tuple(leaf.shape)) * (1 - 0.003 * at) for at in range(size)]


def whole_of(leaf, key, axis, size=SIZE):
    return ag.from_numpy(np.ascontiguousarray(np.stack(examples_of(leaf, key, size), axis)))


def axes_for(leaves):
    """An axis among those of each leaf and one more, each time another one."""
    return [(number + 1) % (leaf.dim() + 1) for number, leaf in enumerate(leaves)]


def compare(found, expected, what):
    assert len(found) == len(expected), what
    for a, b in zip(found, expected):
        assert a.dtype == b.dtype, (what, a.dtype, b.dtype)
        assert tuple(a.shape) == tuple(b.shape), (what, a.shape, b.shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-10, err_msg=str(what))


def chosen_leaves(leaves):
    """All leaves, and each alone."""
    yield [True] * len(leaves)
    if len(leaves) > 1:
        for alone in range(len(leaves)):
            yield [at == alone for at in range(len(leaves))]


def check(call, leaves, key, differentiable, in_place=False):
    for chosen in chosen_leaves(leaves):
        axes = [axis if taken else None for axis, taken in zip(axes_for(leaves), chosen)]
        wholes = [
            leaf.detach() if axis is None else whole_of(leaf, (key, at), axis)
            for at, (leaf, axis) in enumerate(zip(leaves, axes))
        ]
        if in_place and axes[0] is None:
            with pytest.raises(RuntimeError, match="`self` not being"):
                vmap(call, axes)(*wholes)
            continue
        compare(vmap(call, axes)(*wholes), loop(call, axes)(*wholes), (key, axes))
        if differentiable:
            check_gradients(call, axes, wholes, key)
    check_nested(call, leaves, key)


def check_gradients(call, axes, wholes, key):
    """The gradient of all examples at once, from outside of the batch and within it, against a loop."""
    wholes = [whole.clone().requires_grad_() for whole in wholes]

    def graded(outs, weights):
        kept = [(out, weight) for out, weight in zip(outs, weights) if out.requires_grad]
        return ag.autograd.grad([o for o, _ in kept], wholes, [w for _, w in kept], allow_unused=True)

    expected = loop(call, axes)(*wholes)
    rng = generator("weights", key)
    weights = [ag.from_numpy(np.asarray(rng.uniform(-1, 1, tuple(out.shape)))) for out in expected]
    outside = graded(vmap(call, axes)(*wholes), weights)
    for found, wanted, whole in zip(outside, graded(expected, weights), wholes):
        found, wanted = (ag.zeros_like(whole) if g is None else g for g in (found, wanted))
        compare([found], [wanted], (key, axes, "gradient"))

    def gradients(*given):
        inputs, weights = given[: len(wholes)], given[len(wholes) :]
        inputs = [example.detach().requires_grad_() for example in inputs]
        kept = [(out, w) for out, w in zip(results(call(*inputs)), weights) if out.requires_grad]
        grads = ag.autograd.grad([out for out, _ in kept], inputs, [w for _, w in kept], allow_unused=True)
        return [ag.zeros_like(example) if grad is None else grad for grad, example in zip(grads, inputs)]

    given, places = [*[whole.detach() for whole in wholes], *weights], [*axes, *[0] * len(weights)]
    compare(vmap(gradients, places)(*given), loop(gradients, places)(*given), (key, axes, "gradient within"))


def check_nested(call, leaves, key):
    """A batch within a batch."""
    outer = 2
    inner_axes, outer_axes = axes_for(leaves), [0] * len(leaves)
    wholes = [
        ag.stack([whole_of(leaf, (key, at, number), axis) for number in range(outer)])
        for at, (leaf, axis) in enumerate(zip(leaves, inner_axes))
    ]
    found = vmap(vmap(call, inner_axes), outer_axes, outer)(*wholes)
    compare(found, loop(loop(call, inner_axes), outer_axes, outer)(*wholes), (key, "nested"))


def samples_of(name):
    """Calls with something to batch, as they are written."""
    for number, (call, leaves, sample) in enumerate(calls(name)):
        if leaves:
            yield number, call, leaves, sample


BATCHED = sorted(name for name in SAMPLES if any(isinstance(v, (T, list)) for args, _ in SAMPLES[name] for v in args))


@pytest.mark.parametrize("name", sorted(ROWS))
def test_rows(name):
    function = find(name)
    leaves = [ag.from_numpy(array[:2, :5].copy()) for array in row_inputs(name, "float64")]
    check(function, leaves, name, ROWS[name]["differentiable"])


@pytest.mark.parametrize("name", BATCHED)
def test_samples(name):
    in_place = name.endswith("_")
    for number, call, leaves, sample in samples_of(name):
        if name in REFUSED:
            axes = axes_for(leaves)
            wholes = [whole_of(leaf, at, axis) for at, (leaf, axis) in enumerate(zip(leaves, axes))]
            with pytest.raises(NotImplementedError):
                vmap(call, axes)(*wholes)
            continue
        try:
            check(call, leaves, (name, number), name not in NO_GRADIENT, in_place)
        except Exception as error:
            raise AssertionError(f"{name}{sample}: {type(error).__name__}: {error}") from error
