"""Gradients are computed and hooks called only where a pass leads to what was asked for, and in which order."""

from __future__ import annotations

import warnings

import arcgrad as ag
import pytest
from leaves import leaf
from oracle import walks

GRAD = ag.autograd.grad


def note(log, name, answer=None):
    """A hook that notes its call."""

    def hook(*_):
        log.append(name)
        return answer

    return hook


@pytest.mark.parametrize("capture", [False, True])
def test_a_root_that_leads_to_no_input_is_left_alone(capture):
    x, y, log = leaf(1.0), leaf(1.0), []
    one, two = x * 2, y * 3
    two.retain_grad()
    for name, tensor in {"one": one, "two": two, "y": y}.items():
        tensor.register_hook(note(log, name))
    if capture:
        assert GRAD([one, two], x)[0].item() == 2.0
    else:
        ag.autograd.backward([one, two], inputs=[x])
        assert (x.grad.item(), y.grad) == (2.0, None)
    assert (log, two.grad) == (["one"], None)


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("capture", [False, True])
def test_an_only_root_that_leads_to_no_input_is_left_alone_too(capture):
    """PyTorch calls the hooks of a root if there is no other."""
    x, y, log = leaf(1.0), leaf(1.0), []
    for root in (y * 3, y):
        root.register_hook(note(log, "root"))
        if capture:
            assert GRAD(root, x, allow_unused=True) == (None,)
        else:
            root.backward(inputs=[x])
    assert (log, y.grad) == ([], None)


def test_index_add_gives_the_leaf_that_was_asked_for_alone_a_gradient():
    x, y, log = leaf(1.0, 2.0), leaf(1.0), []
    x.register_hook(note(log, "x"))
    y.register_hook(note(log, "y"))
    x.index_add(0, ag.tensor([0]), y).sum().backward(inputs=[x])
    assert (log, x.grad.tolist(), y.grad) == (["x"], [1.0, 1.0], None)


def test_a_custom_function_that_gives_more_than_was_asked_for():
    class Product(ag.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            a, b = ctx.saved_tensors
            return grad * b, grad * a

    x, y, log = leaf(2.0), leaf(3.0), []
    p = y + 0.0
    p.retain_grad()
    p.register_hook(note(log, "p"))
    Product.apply(x, p).backward(inputs=[x])
    assert (log, x.grad.item(), p.grad, y.grad) == ([], 3.0, None, None)


@pytest.mark.arcgrad_only
def test_no_operation_gives_a_gradient_to_whom_nobody_asked_for():
    wrong = []
    for key, function, args, kwargs in walks.samples(walks.read()["rows"]):
        count = len(walks.differentiated(args, kwargs))
        for asked in range(count) if count > 1 and "bitwise" not in key and key not in ("gcd", "lcm") else ():
            given, named, leaves = walks.build(key, args, kwargs)
            log = []
            for position, tensor in enumerate(leaves):
                tensor.requires_grad_().register_hook(note(log, position))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results = walks.flat([function(*given, **named)])
            results = [item for item in results if isinstance(item, ag.Tensor) and item.requires_grad]
            if results:
                try:
                    ag.autograd.backward(results, [ag.ones_like(item) for item in results], inputs=[leaves[asked]])
                except NotImplementedError as error:
                    assert "the derivative for" in str(error), key  # of one of several arguments
            if set(log) - {asked} or any(tensor.grad is not None for tensor in leaves if tensor is not leaves[asked]):
                wrong.append(f"{key}: asked for {asked}, hooks of {log}")
    assert not wrong, "\n".join(wrong)


# ---- what is captured of a tensor with hooks -----------------------------------------------------------------------


def test_a_hooked_gradient_on_the_way_is_returned_as_it_arrived():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad * 10)
    gx, gy = GRAD(y * 3, [x, y])
    assert (gx.item(), gy.item(), y.grad.item()) == (60.0, 3.0, 30.0)


def test_a_hooked_gradient_at_the_end_is_returned_after_its_hook():
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda grad: grad * 10)
    assert GRAD(y * 3, y)[0].item() == 30.0
    x.register_hook(lambda grad: grad + 1)
    assert GRAD(y * 3, x)[0].item() == 61.0


# ---- order ---------------------------------------------------------------------------------------------------------


def order_of(count):
    leaves, log = [leaf(1.0) for _ in range(count)], []
    for number, tensor in enumerate(leaves):
        tensor.register_hook(note(log, number))
    ag.stack(leaves).sum().backward()
    return log


@pytest.mark.parametrize("count", [2, 3])
def test_leaves_that_are_ready_together_run_in_the_order_of_the_arguments(count):
    assert order_of(count) == list(range(count))


@pytest.mark.arcgrad_only
def test_many_leaves_that_are_ready_together_run_in_the_order_of_the_arguments():
    """PyTorch's order of four and more is that of its heap, and depends on the C++ library."""
    assert order_of(9) == list(range(9))


def test_a_root_given_twice_is_ready_with_its_last_seed():
    x, y, log = leaf(1.0), leaf(1.0), []
    x.register_hook(note(log, "x"))
    y.register_hook(note(log, "y"))
    ag.autograd.backward([x, y, x])
    assert (log, x.grad.item(), y.grad.item()) == (["y", "x"], 2.0, 1.0)


def test_leaves_run_before_the_nodes_that_are_ready():
    a, b, c, d = leaves = [leaf(1.0) for _ in range(4)]
    log = []
    y, z = a * b, c * d
    w = y + z
    for name, tensor in {"a": a, "b": b, "c": c, "d": d, "y": y, "z": z, "w": w}.items():
        tensor.register_hook(note(log, name))
    w.sum().backward()
    assert log == ["w", "z", "c", "d", "y", "a", "b"]
    assert all(tensor.grad.item() == 1.0 for tensor in leaves)
