"""Forward mode: what holds for every operation, and what programs do with duals."""

from __future__ import annotations

import math

import arcgrad as ag
import arcgrad.autograd.forward_ad as fw
import numpy as np
import pytest
from calls import ROWS, SAMPLES, SHAPE, differentiable_calls, every_row, find, generator, row_inputs, tensors


def directions(leaves, key):
    rng = generator("direction", key)
    return [ag.from_numpy(np.asarray(rng.uniform(-1, 1, tuple(leaf.shape)))) for leaf in leaves]


def duals(leaves, tangents):
    return [fw.make_dual(leaf, tangent) for leaf, tangent in zip(leaves, tangents)]


def product(call, leaves, tangents):
    """The Jacobian of a call times the tangents, by forward mode."""
    with fw.dual_level():
        unpacked = [fw.unpack_dual(result) for result in tensors(call(*duals(leaves, tangents)))]
    return [ag.zeros_like(value) if tangent is None else tangent for value, tangent in unpacked]


def check(call, leaves, key, orders=2):
    """Forward mode against reverse mode: u·(Jv) is (uJ)·v, for some of the inputs as for all of them."""
    leaves = [leaf.detach().requires_grad_() for leaf in leaves]
    results = tensors(call(*leaves))
    weights = directions(results, (key, "weights"))
    tangents = directions(leaves, key)
    chosen = [tangents]
    if len(leaves) > 1:
        chosen += [
            [tangent if here == at else ag.zeros_like(tangent) for here, tangent in enumerate(tangents)]
            for at in range(len(leaves))
        ]
    needed = [result for result in results if result.requires_grad]
    kept = [weight for result, weight in zip(results, weights) if result.requires_grad]
    gradients = ag.autograd.grad(needed, leaves, kept, allow_unused=True, retain_graph=True)
    for tangents in chosen:
        forward = sum((weight * tangent).sum() for weight, tangent in zip(weights, product(call, leaves, tangents)))
        reverse = sum(
            (gradient * tangent).sum() for gradient, tangent in zip(gradients, tangents) if gradient is not None
        )
        np.testing.assert_allclose(float(forward), float(reverse), rtol=1e-9, atol=1e-9)
    if orders > 1:
        # Forward over reverse: the tangent of the gradient is the gradient of the gradient's product with the tangents.
        tangents = chosen[0]
        gradients = ag.autograd.grad(needed, leaves, kept, allow_unused=True, create_graph=True)
        total = sum((g * t).sum() for g, t in zip(gradients, tangents) if g is not None and g.requires_grad)
        expected = (
            ag.autograd.grad(total, leaves, allow_unused=True) if isinstance(total, ag.Tensor) else [None] * len(leaves)
        )
        with fw.dual_level():
            inputs = duals(leaves, tangents)
            outs = [result for result in tensors(call(*inputs)) if result.requires_grad]
            grads = ag.autograd.grad(outs, inputs, kept, allow_unused=True)
            found = [None if g is None else fw.unpack_dual(g).tangent for g in grads]
        for a, b, leaf in zip(found, expected, leaves):
            a = ag.zeros_like(leaf) if a is None else a
            b = ag.zeros_like(leaf) if b is None else b
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-8, atol=1e-8)
        # Reverse over forward: the gradient of the tangent.
        with fw.dual_level():
            outs = [fw.unpack_dual(result).tangent for result in tensors(call(*duals(leaves, tangents)))]
        outs = [(out * weight).sum() for out, weight in zip(outs, weights) if out is not None and out.requires_grad]
        found = ag.autograd.grad(sum(outs), leaves, allow_unused=True) if outs else [None] * len(leaves)
        for a, b, leaf in zip(found, expected, leaves):
            a = ag.zeros_like(leaf) if a is None else a
            b = ag.zeros_like(leaf) if b is None else b
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", sorted(name for name in ROWS if ROWS[name]["differentiable"]))
def test_tangents_of_rows(name):
    function = find(name)
    check(function, [ag.from_numpy(array[:2, :5].copy()) for array in row_inputs(name, "float64")], name)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_tangents_of_samples(name):
    for number, (call, leaves, sample) in enumerate(differentiable_calls(name)):
        try:
            check(call, leaves, (name, number))
        except Exception as error:
            raise AssertionError(f"{name}{sample}: {type(error).__name__}: {error}") from error


def changed(change):
    """An assignment as a function of what is assigned to."""

    def call(x, *rest):
        x = x * 1.0
        change(x, *rest)
        return x

    return call


ROWS_AND_COLUMNS = ag.tensor([2, 0]), ag.tensor([1, 3])
MASK = ag.tensor([[True, False, True, False], [False, True, True, False], [True, False, False, True]])
INDEXED = {
    "x[1]": (lambda x: x[1], []),
    "x[1:, ::2]": (lambda x: x[1:, ::2], []),
    "x[None, ..., 0]": (lambda x: x[None, ..., 0], []),
    "x[rows]": (lambda x: x[ROWS_AND_COLUMNS[0]], []),
    "x[rows, columns]": (lambda x: x[ROWS_AND_COLUMNS], []),
    "x[mask]": (lambda x: x[MASK], []),
    "x[tensor]": (lambda x: x[ag.tensor(1)], []),
    "x[1] = v": (changed(lambda x, v: x.__setitem__(1, v)), [(4,)]),
    "x[1:, 0] = v": (changed(lambda x, v: x.__setitem__((slice(1, None), 0), v)), [(2,)]),
    "x[...] = v": (changed(lambda x, v: x.__setitem__(..., v)), [(4,)]),
    "x[rows] = v": (changed(lambda x, v: x.__setitem__(ROWS_AND_COLUMNS[0], v)), [(2, 4)]),
    "x[rows, columns] = v": (changed(lambda x, v: x.__setitem__(ROWS_AND_COLUMNS, v)), [(2,)]),
    "x[mask] = v": (changed(lambda x, v: x.__setitem__(MASK, v)), [(6,)]),
    "x[mask] = number": (changed(lambda x: x.__setitem__(MASK, 0.5)), []),
    "x[1] = number": (changed(lambda x: x.__setitem__(1, 0.5)), []),
    "x[0][1] = v": (changed(lambda x, v: x[0].__setitem__(1, v)), [()]),
    "index_add_": (changed(lambda x, v: x.index_add_(0, ROWS_AND_COLUMNS[0], v)), [(2, 4)]),
    "masked_scatter_": (changed(lambda x, v: x.masked_scatter_(MASK, v)), [(6,)]),
    "tril_": (changed(lambda x: x.tril_()), []),
    "t_": (changed(lambda x: x.t_()), []),
    "uniform_": (changed(lambda x: x[0].uniform_()), []),
}


@pytest.mark.parametrize("name", INDEXED)
def test_tangents_of_index_expressions(name):
    call, shapes = INDEXED[name]
    rng = generator("indexed", name)
    leaves = [ag.from_numpy(np.asarray(rng.uniform(-1, 1, shape))) for shape in [(3, 4), *shapes]]
    check(call, leaves, name)


@pytest.mark.parametrize("eps", [-0.5, 0.0, 0.5])
@pytest.mark.parametrize("norm", ["layer", "rms", "batch"])
def test_norms_have_tangents_for_every_eps(norm, eps):
    call = {
        "layer": lambda x: ag.nn.functional.layer_norm(x, (4,), eps=eps),
        "rms": lambda x: ag.nn.functional.rms_norm(x, (4,), eps=eps),
        "batch": lambda x: ag.nn.functional.batch_norm(x, None, None, training=True, eps=eps),
    }[norm]
    x = 9 * ag.arange(12, dtype=ag.float64).cos().reshape(3, 4)
    check(call, [x], norm)


def test_the_tangent_of_as_strided_is_shown_where_the_elements_lie():
    x = ag.arange(18, dtype=ag.float64)[::2].reshape(3, 3)
    tangent = ag.arange(10, 19, dtype=ag.float64).reshape(3, 3)
    with fw.dual_level():
        dual = fw.make_dual(x, tangent)
        for window in (ag.as_strided(dual, (2, 2), (1, 2)), ag.as_strided_copy(dual, (2, 2), (1, 2))):
            # Between the elements of the tensor lies nothing that has a tangent.
            assert fw.unpack_dual(window).tangent.tolist() == [[10, 11], [0, 0]]


@pytest.mark.arcgrad_only
def test_tangents_are_not_looked_at_while_forward_mode_is_switched_off():
    import arcgrad.autograd.forward_ad as fwAD

    assert fwAD._is_fwd_grad_enabled()
    with fwAD.dual_level():
        x = fwAD.make_dual(ag.tensor(2.0), ag.tensor(1.0))
        with fwAD._set_fwd_grad_enabled(False):
            assert not fwAD._is_fwd_grad_enabled() and fwAD.unpack_dual(x * 3).tangent is None
        assert fwAD.unpack_dual(x * 3).tangent.item() == 3.0
    assert fwAD._is_fwd_grad_enabled()
    ag._C._set_fwd_grad_enabled(False)
    try:
        assert not fwAD._is_fwd_grad_enabled()
    finally:
        ag._C._set_fwd_grad_enabled(True)
    assert fwAD._is_fwd_grad_enabled()


def test_tangents_of_saved_values_outlive_hooks_on_them():
    with fw.dual_level():
        x = fw.make_dual(ag.tensor(2.0, dtype=ag.float64).requires_grad_(), ag.tensor(1.0, dtype=ag.float64))
        with ag.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            y = x * x * x
        (slope,) = ag.autograd.grad(y, x)
        assert fw.unpack_dual(slope).tangent.item() == 12.0
        z = x.sin()
        z.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)
        (slope,) = ag.autograd.grad(z, x)
        assert fw.unpack_dual(slope).tangent.item() == pytest.approx(-math.sin(2.0))
        with fw._set_fwd_grad_enabled(False):
            assert fw.unpack_dual(x).tangent is None
