"""In-place operations whose operands show the memory of their target, and targets that are views.

The value from before is at hand while an operation runs, so that its gradient is that of the plain form: compared here
with it and with central differences, for every operation of the op table that has an in-place form, for every operand
and every way to share memory. Where an operation refuses, it does so before anything is written.
"""

from __future__ import annotations

from collections import defaultdict

import arcgrad as ag
import numpy as np
import pytest
from leaves import leaf
from calls import NO_GRADIENT, OPS, ROWS, SAMPLES, T, build, find, generator, has_in_place, in_place

pytestmark = pytest.mark.arcgrad_only

F64 = ag.float64
OVERLAP = "refer to a single memory location"

#: What the operand is, given the target, and whether it leads back to the leaf.
SHARING = {
    "itself": (lambda y: y, True),
    "a view": (lambda y: y.view_as(y), True),
    "a reshaped view": (lambda y: y.view(-1).view(y.shape), True),
    "detached": (lambda y: y.detach(), False),
    "data": (lambda y: y.data, False),
    "a part": (lambda y: y[0], True),
    "a detached part": (lambda y: y[0].detach(), False),
}
#: The target, made of a result: that itself, or a view, whose base then has to follow.
TARGETS = {
    "a result": lambda y: y,
    "a view": lambda y: y.view(-1).view(y.shape),
    "a slice": lambda y: ag.stack([y * 3, y], -1)[..., 1],
}
#: What reads while it writes, in an order of its own.
APART = {"index_add", "index_copy", "index_put", "masked_scatter", "put", "scatter", "scatter_add", "scatter_reduce"}
#: Of equal operands these are at a step, where differences say nothing.
STEPS = {"fmod", "remainder", "floor_divide"}

M, C, V = T((3, 3)), T((2, 3, 3)), T((3,))
#: Calls of operations whose samples have no operand of the target's shape.
CALLS = {
    "addmm": [((M, M, M), {"beta": 0.5, "alpha": 2.0})],
    "baddbmm": [((C, C, C), {})],
    "addbmm": [((M, C, C), {})],
    "addmv": [((V, M, V), {})],
    "addr": [((M, V, V), {})],
}


def calls():
    """Differentiable operations with an in-place form, and arguments of which the first has the shape of the result."""
    for name, row in sorted(OPS.items()):
        # The in-place form of as_strided gives its target another shape.
        if not has_in_place(row) or name in NO_GRADIENT or name == "as_strided":
            continue
        samples = [*SAMPLES.get(name, []), *CALLS.get(name, [])]
        if name in ROWS and ROWS[name]["differentiable"]:
            tensor = T((2, 3), *ROWS[name]["domain"])
            samples.append(((tensor,) * len(ROWS[name]["inputs"]), {}))
        for args, kwargs in samples:
            grows = name in {"addmm", "baddbmm"} and args[0].shape != args[1].shape
            if args and isinstance(args[0], T) and not grows:
                yield name, args, kwargs


class Case:
    """A call whose operands at some positions are made of the target."""

    def __init__(self, name, args, kwargs, share=None, positions=()):
        self.name, self.share, self.positions = name, share, positions
        rng = generator(name, repr(args))
        self.values = [build(arg, rng, []) for arg in args]
        self.kwargs = {key: build(value, rng, []) for key, value in kwargs.items()}
        self.start = self.values[0].detach()
        self.weights = ag.arange(1.0, self.start.numel() + 1, dtype=F64).reshape(self.start.shape)

    def operands(self, target):
        values = enumerate(self.values[1:], 1)
        return [self.share(target) if at in self.positions else value for at, value in values]

    def derivatives(self, result, x):
        (first,) = ag.autograd.grad((result * self.weights.view(result.shape)).sum(), x, create_graph=True)
        # A second derivative in which the result itself takes part.
        (second,) = ag.autograd.grad((first * self.weights).sum() + (result * result).sum(), x)
        return first.detach(), second

    def in_place(self, target):
        """Both derivatives of the in-place form, or None if that was refused."""
        x = self.start.clone().requires_grad_()
        changed = TARGETS[target](x * 1)
        before, version = changed.tolist(), changed._version
        try:
            in_place(self.name)(changed, *self.operands(changed), **self.kwargs)
        except RuntimeError as error:
            assert OVERLAP in str(error), f"{self.name}: {error}"
            assert changed.tolist() == before and changed._version == version, f"{self.name} refuses and has written"
            return None
        return self.derivatives(changed, x)

    def plain(self):
        x = self.start.clone().requires_grad_()
        y = x * 1
        return self.derivatives(find(self.name)(y, *self.operands(y), **self.kwargs), x)

    def difference_quotients(self, leads_back):
        frozen = self.operands(self.start)

        def loss(x):
            operands = self.operands(x) if leads_back else frozen
            return (find(self.name)(x, *operands, **self.kwargs) * self.weights).sum().item()

        slopes = ag.zeros_like(self.start)
        for at in np.ndindex(*self.start.shape):
            step = ag.zeros_like(self.start)
            step[at] = 1e-6
            slopes[at] = (loss(self.start + step) - loss(self.start - step)) / 2e-6
        return slopes


def assert_same(given, expected, name, tolerance=1e-12):
    for a, b in zip(given, expected, strict=True):
        assert ag.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True), f"{name}: {a} is not {b}"


def shared_calls(sharing):
    share, _ = SHARING[sharing]
    for name, args, kwargs in calls():
        shape = args[0].shape[1:] if "part" in sharing else args[0].shape
        at = [at for at in range(1, len(args)) if isinstance(args[at], T) and args[at].shape == shape]
        # Each operand by itself, and all of them.
        for positions in sorted({(one,) for one in at} | ({tuple(at)} if at else set())):
            yield Case(name, args, kwargs, share, positions)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("sharing", SHARING)
def test_derivatives_with_operands_in_the_targets_memory(sharing, target):
    tried, refused = set(), set()
    for case in shared_calls(sharing):
        tried.add(case.name)
        derivatives = case.in_place(target)
        if derivatives is None:
            refused.add(case.name)
            continue
        assert_same(derivatives, case.plain(), case.name)
        if target == "a result" and case.name not in STEPS:
            assert_same(derivatives[:1], [case.difference_quotients(SHARING[sharing][1])], case.name, 1e-5)
    if "part" in sharing:
        # A part is read again for each of the others.
        assert all(OPS[name]["kind"] == "elementwise" for name in refused - APART), refused
        assert {"addbmm", "addmv", "addr"} & tried - refused
    else:
        assert refused <= APART, refused
        assert {"mul", "div", "pow", "atan2", "addcmul", "addcdiv", "addmm", "lerp"} <= tried - refused


@pytest.mark.parametrize("target", TARGETS)
def test_derivatives_of_every_in_place_form(target):
    for name, args, kwargs in calls():
        case = Case(name, args, kwargs)
        derivatives = case.in_place(target)
        assert derivatives is not None, name
        assert_same(derivatives, case.plain(), name)


IN_PLACE = [
    ("y *= y", lambda y: y.mul_(y), 1.4),
    ("y.view(-1).mul_(y)", lambda y: y.view(-1).mul_(y), 1.4),
    ("y.mul_(y.detach())", lambda y: y.mul_(y.detach()), 0.7),
    ("y.mul_(y.data)", lambda y: y.mul_(y.data), 0.7),
    ("y.div_(y)", lambda y: y.div_(y), 0.0),
    ("y.div_(y.detach())", lambda y: y.div_(y.detach()), 1 / 0.7),
    ("y.pow_(y.detach())", lambda y: y.pow_(y.detach()), 0.7 * 0.7**-0.3),
    ("y.copy_(y)", lambda y: y.copy_(y), 1.0),
    ("y.copy_(y.detach())", lambda y: y.copy_(y.detach()), 0.0),
    ("y.view(-1).copy_(y.data)", lambda y: y.view(-1).copy_(y.data), 0.0),
    ("y[:] = y.detach()", lambda y: y.__setitem__(slice(None), y.detach()), 0.0),
    ("y[:] = y.view(-1)", lambda y: y.__setitem__(slice(None), y.view(-1)), 1.0),
]


@pytest.mark.parametrize("size", [1, 5, 5000])
@pytest.mark.parametrize(("change", "slope"), [case[1:] for case in IN_PLACE], ids=[case[0] for case in IN_PLACE])
def test_gradients_with_itself_as_operand(change, slope, size):
    x = leaf(*[0.7] * size)
    y = x * 1
    change(y)
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx([slope] * size, rel=1e-14)


def test_memory_shared_with_numpy_is_seen_as_well():
    array = np.array([0.7])
    target, other = ag.from_numpy(array), ag.from_numpy(array)
    scale = leaf(3.0)
    target.mul_(scale)
    target.mul_(other)  # what `other` shows is 2.1 by now
    target.sum().backward()
    assert target.item() == pytest.approx(4.41) and scale.grad.item() == pytest.approx(0.7 * 2.1)
