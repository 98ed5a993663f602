"""What a backward pass hands out is nobody else's, and writable (contract §3): gradients that ``grad`` returns, ``.grad`` of
leaves, retained gradients, what hooks and custom functions get. Copies are made only where somebody else holds the memory."""

from __future__ import annotations

import warnings
from itertools import combinations

import arcgrad as ag
import numpy as np
import pytest
from leaves import F64, leaf, scalar
from oracle import walks

pytestmark = pytest.mark.arcgrad_only

GRAD = ag.autograd.grad


def share(a, b) -> bool:
    """Whether two tensors have a byte in common."""
    return np.may_share_memory(a.detach().numpy(), b.detach().numpy())


def check_own(handed_out: dict, others: dict) -> None:
    """Each can be written to, and shares memory with none of the rest."""
    for name, tensor in handed_out.items():
        with ag.no_grad():
            tensor.detach().add_(0)  # an error where several elements lie in one place
        for other, held in others.items():
            assert not share(tensor, held), f"{name} shares memory with {other}"
    for (one, a), (two, b) in combinations(handed_out.items(), 2):
        assert not share(a, b), f"{one} shares memory with {two}"


# ---- .grad of leaves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_of_a_sum_and_its_seed_are_three_memories(create_graph):
    a, b, seed = leaf(1.0), leaf(2.0), ag.ones(1, dtype=F64)
    ((a + b) * 2).backward(seed, create_graph=create_graph)
    assert (a.grad.tolist(), b.grad.tolist()) == ([2.0], [2.0])
    check_own({"a.grad": a.grad, "b.grad": b.grad}, {"seed": seed, "a": a, "b": b})
    b.sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([2.0], [3.0])
    with ag.no_grad():
        b.grad.mul_(10)
    assert (a.grad.tolist(), seed.tolist()) == ([2.0], [1.0])


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_seed_that_passes_unchanged_is_copied(create_graph):
    x, seed = leaf(1.0, 2.0), ag.ones(2, dtype=F64)
    (x + 0.0).backward(seed, create_graph=create_graph)
    x.grad.detach().zero_()
    assert seed.tolist() == [1.0, 1.0]


def test_a_seed_that_nobody_holds_is_not_copied():
    x, seen = scalar(3.0), []
    x.register_hook(lambda grad: seen.append(grad.data_ptr()))
    x.backward()
    assert seen == [x.grad.data_ptr()]


def test_a_gradient_that_nobody_holds_is_stored_as_it_is():
    x, seen = leaf(*range(1000)), []
    x.register_hook(lambda grad: seen.append(grad.data_ptr()))
    x.sin().sum().backward()
    assert seen == [x.grad.data_ptr()]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_view_of_a_gradient_that_nobody_holds_is_stored_as_it_is(create_graph):
    x = ag.ones(20, 50, dtype=F64, requires_grad=True)
    seen = []
    y = x.sin()
    y.register_hook(lambda grad: seen.append(grad.data_ptr()))
    y.view(1000).exp().sum().backward(create_graph=create_graph)
    assert len(seen) == 1 and x.grad.is_contiguous()


# ---- what grad returns ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_an_expanded_gradient_is_writable(reduce, create_graph):
    x = leaf(1.0, 2.0)
    (g,) = GRAD(getattr(x, reduce)(), x, create_graph=create_graph)
    expected = (g * 2).tolist()
    g.mul_(2)
    assert g.tolist() == expected
    x.grad = None
    getattr(x, reduce)().backward(create_graph=create_graph)
    x.grad.mul_(2)
    assert x.grad.tolist() == expected


@pytest.mark.parametrize("create_graph", [False, True])
def test_inputs_asked_for_twice_get_two_gradients(create_graph):
    x = leaf(1.0, 2.0)
    y = x * 3
    gradients = GRAD((y * y).sum(), [x, x, y, y], create_graph=create_graph)
    assert [g.tolist() for g in gradients] == [[18.0, 36.0], [18.0, 36.0], [6.0, 12.0], [6.0, 12.0]]
    check_own(dict(enumerate(gradients)), {"x": x, "y": y})


def test_a_second_derivative_goes_through_copies():
    x, seed = leaf(1.0, 2.0), leaf(1.0, 1.0)
    y = x + 0.0
    gx, gy = GRAD(y, [x, y], seed, create_graph=True)
    (through,) = GRAD((gx * gx).sum() + (gy * 3).sum(), seed)
    assert through.tolist() == [5.0, 5.0]


# ---- retained gradients --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_retained_gradient_is_not_the_one_that_grad_returns(create_graph):
    x = leaf(1.0, 2.0)
    b = x + 0.0
    b.retain_grad()
    (g,) = GRAD((b * b).sum(), x, create_graph=create_graph)
    g.detach().zero_()
    assert b.grad.tolist() == [2.0, 4.0]
    b.grad = None
    (g,) = GRAD((b * b).sum(), b, create_graph=create_graph)
    g.detach().zero_()
    assert b.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_retained_gradient_is_not_that_of_the_leaf_behind_it(create_graph):
    x = leaf(1.0, 2.0)
    b = x.view(2, 1)
    b.retain_grad()
    b.sum().backward(create_graph=create_graph)
    check_own({"b.grad": b.grad, "x.grad": x.grad}, {})


def test_a_retained_gradient_that_was_not_asked_for_is_not_filled():
    x = leaf(1.0)
    p, q = x * 3, x * 2
    p.retain_grad()
    (p + q).backward(inputs=[q])
    assert (p.grad, q.grad.item(), x.grad) == (None, 1.0, None)


def test_a_retained_gradient_on_the_way_is_filled():
    x = leaf(1.0)
    q = x * 2
    b = q * 3
    b.retain_grad()
    (b * 5).backward(inputs=[q])
    assert (b.grad.item(), q.grad.item(), x.grad) == (5.0, 15.0, None)


# ---- what hooks and functions get ----------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_what_a_hook_does_to_its_gradient_stays_in_its_branch(create_graph):
    a, b = leaf(1.0), leaf(2.0)

    def double(grad):
        grad.detach().mul_(2)

    a.register_hook(double)
    (a + b).sum().backward(create_graph=create_graph)
    assert (a.grad.item(), b.grad.item()) == (2.0, 1.0)


def test_what_a_hook_kept_is_no_longer_the_passes():
    kept = []
    x = leaf(1.0)
    y = x + 0.0

    def later(grad):
        kept[0].zero_()

    y.register_hook(kept.append)
    x.register_hook(later)
    (y + 0.0).sum().backward()
    assert (kept[0].item(), x.grad.item()) == (0.0, 1.0)


def test_hooks_of_a_node_get_gradients_of_their_own():
    a, b = leaf(1.0), leaf(2.0)
    z = a + b
    kept = []
    z.grad_fn.register_prehook(lambda grads: kept.extend(grads))
    z.grad_fn.register_hook(lambda inputs, outputs: kept.extend([*inputs, *outputs]))
    z.sum().backward()
    check_own({**dict(enumerate(kept)), "a.grad": a.grad, "b.grad": b.grad}, {})


def test_a_custom_function_may_write_to_its_gradient():
    class Clipped(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            grad[grad > 0] = 0
            return grad

    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = ag.ones(2, dtype=F64)
    (Clipped.apply(x) + y).backward(seed)
    assert (x.grad.tolist(), y.grad.tolist(), seed.tolist()) == ([0.0, 0.0], [1.0, 1.0], [1.0, 1.0])


def test_a_node_called_by_the_program_returns_memory_of_its_own():
    a, b, g = leaf(1.0), leaf(2.0), ag.ones(1, dtype=F64)
    results = (a + b).grad_fn(g)
    check_own(dict(enumerate(results)), {"given": g})


# ---- every operation -----------------------------------------------------------------------------------------------


def handed_out(key, function, args, kwargs, create_graph):
    """Everything that one pass through a call hands out, and what it has to be apart from."""
    args, kwargs, leaves = walks.build(key, args, kwargs)
    for tensor in leaves:
        tensor.requires_grad_()
    # Not leaves themselves, so that they can retain their gradients as well.
    inputs = [tensor + 0.0 for tensor in leaves]
    swap = {id(tensor): moved for tensor, moved in zip(leaves, inputs)}

    def swapped(value):
        return [swapped(item) for item in value] if isinstance(value, list) else swap.get(id(value), value)

    result = function(*swapped(args), **{name: swapped(value) for name, value in kwargs.items()})
    results = [item for item in walks.flat([result]) if isinstance(item, ag.Tensor) and item.requires_grad]
    if not results:
        return {}, {}
    seeds = [ag.ones_like(item) for item in results]
    found = {}

    def keep(name):
        def hook(grad):
            found.setdefault(name, grad)

        return hook

    for position, tensor in enumerate(inputs):
        tensor.retain_grad()
        tensor.register_hook(keep(f"hook of input {position}"))
    for position, tensor in enumerate(leaves):
        tensor.register_hook(keep(f"hook of leaf {position}"))
    gradients = GRAD(results, inputs + leaves, seeds, create_graph=create_graph, allow_unused=True, retain_graph=True)
    found.update({f"gradient {number}": grad for number, grad in enumerate(gradients)})
    ag.autograd.backward(results, seeds, create_graph=create_graph)
    found.update({f"input {position}.grad": tensor.grad for position, tensor in enumerate(inputs)})
    found.update({f"leaf {position}.grad": tensor.grad for position, tensor in enumerate(leaves)})
    held = {f"seed {number}": seed for number, seed in enumerate(seeds)}
    held.update({f"result {number}": item for number, item in enumerate(results)})
    held.update({f"input {number}": item for number, item in enumerate(inputs + leaves)})
    return {name: grad for name, grad in found.items() if grad is not None and grad.numel()}, held


@pytest.mark.parametrize("create_graph", [False, True])
def test_what_is_handed_out_is_nobody_elses_for_any_operation(create_graph):
    wrong = []
    for key, function, args, kwargs in walks.samples(walks.read()["rows"]):
        if not walks.differentiated(args, kwargs) or "bitwise" in key or key.partition("#")[0].endswith("_"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                check_own(*handed_out(key, function, args, kwargs, create_graph))
            except AssertionError as error:
                wrong.append(f"{key}: {error}")
            except NotImplementedError as error:
                # Of one of several arguments, or of integers alone.
                assert "the derivative for" in str(error) or "not implemented for 'Double'" in str(error), key
    assert not wrong, f"{len(wrong)} operations:\n" + "\n".join(wrong[:20])
