"""Nothing recurses over the graph: long chains in forward, backward, drop and printing."""

import gc

import arcgrad as ag
import pytest

N = 1_000_000


def chain(n, x):
    y = x
    for _ in range(n):
        y = y + 1
    return y


def test_a_million_nodes_forward_backward_and_drop():
    x = ag.zeros(1, requires_grad=True)
    y = chain(N, x)
    assert y.item() == N
    y.backward()
    assert x.grad.item() == 1
    del y
    gc.collect()


def test_a_million_nodes_dropped_without_backward():
    x = ag.zeros(1, requires_grad=True)
    y = chain(N, x)
    del y
    gc.collect()
    (x * 2).backward()
    assert x.grad.item() == 2


def test_printing_the_end_of_a_long_chain():
    y = chain(100_000, ag.zeros(1, requires_grad=True))
    assert repr(y) == "tensor([100000.], grad_fn=<AddBackward0>)"
    assert "AddBackward0" in repr(y.grad_fn)
    del y


def test_a_long_chain_with_saved_values():
    x = ag.ones(1, dtype=ag.float64, requires_grad=True)
    y = x
    for _ in range(200_000):
        y = y.sin()
    y.backward()
    assert 0 < x.grad.item() < 1


def test_a_long_chain_of_in_place_ops():
    x = ag.zeros(1, requires_grad=True)
    y = x * 1
    for _ in range(200_000):
        y.add_(1)
    y.backward()
    assert x.grad.item() == 1 and y.item() == 200_000


def test_a_long_chain_of_writes_to_a_view():
    x = ag.zeros(4, requires_grad=True)
    y = x * 1
    for i in range(20_000):
        y[i % 4] += 1
    y.sum().backward()
    assert x.grad.tolist() == [1.0] * 4 and y.sum().item() == 20_000


def test_a_long_chain_of_views():
    x = ag.zeros(4, requires_grad=True)
    y = x
    for _ in range(50_000):
        y = y.view(2, 2).view(4)
    y.sum().backward()
    assert x.grad.tolist() == [1.0] * 4


def test_walking_a_long_chain_by_next_functions():
    node = chain(100_000, ag.zeros(1, requires_grad=True)).grad_fn
    count = 0
    while node is not None and node.next_functions:
        node = node.next_functions[0][0]
        count += 1
    assert count == 100_000


def test_a_wide_graph():
    x = ag.ones(1, dtype=ag.float64, requires_grad=True)
    total = sum((x * i for i in range(20_000)), ag.zeros(1, dtype=ag.float64))
    total.backward()
    assert x.grad.item() == sum(range(20_000))
    x.grad = None
    ag.stack([x * 1 for _ in range(20_000)]).sum().backward()
    assert x.grad.item() == 20_000


def test_a_ladder_with_exponentially_many_paths():
    x = ag.ones(1, dtype=ag.float64, requires_grad=True)
    y = x
    for _ in range(1000):
        y = (y + y) / 2
    y.backward()
    assert x.grad.item() == 1


class AddOne(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x + 1

    @staticmethod
    def backward(ctx, g):
        return g


class SavesItsInput(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x + 1

    @staticmethod
    def backward(ctx, g):
        return g


def custom_chain(n, x, function=AddOne):
    y = x
    for _ in range(n):
        y = function.apply(y)
    return y


@pytest.mark.arcgrad_only
def test_a_million_custom_functions_are_dropped():
    x = ag.zeros(1, requires_grad=True)
    y = custom_chain(N, x)
    assert y.item() == N
    del y
    gc.collect()


@pytest.mark.arcgrad_only
def test_custom_functions_that_save_are_dropped():
    """What a saved value came from is dropped like the node's edges, without recursion."""
    y = custom_chain(N // 10, ag.zeros(1, requires_grad=True), SavesItsInput)
    del y
    gc.collect()


def test_a_long_chain_of_custom_functions_runs_backward():
    x = ag.zeros(1, requires_grad=True)
    y = custom_chain(50_000, x)
    y.backward()
    assert x.grad.item() == 1


def test_custom_functions_dropped_from_a_destructor():
    """A drop that is re-entered from a Python destructor."""

    class Holder:
        depth = 0

        def __init__(self, inner):
            self.inner = inner

        def __del__(self):
            Holder.depth += 1
            chain(10, self.inner)

    class Holds(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, holder):
            ctx.holder = holder
            return x + 1

        @staticmethod
        def backward(ctx, g):
            return g, None

    x = ag.zeros(1, requires_grad=True)
    y = x
    for _ in range(50_000):
        y = Holds.apply(y, Holder(chain(2, x)))
    del y
    gc.collect()
    assert Holder.depth == 50_000


def test_a_million_tensors_in_a_list():
    tensors = [ag.zeros(1) for _ in range(N // 4)]
    assert len(tensors) == N // 4
    del tensors
    gc.collect()


@pytest.mark.arcgrad_only
def test_double_backward_of_a_long_chain():
    x = ag.ones(1, dtype=ag.float64, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y * x.detach() + x * 1e-9
    (g,) = ag.autograd.grad(y, x, create_graph=True)
    assert g.item() == pytest.approx(1 + 20_000 * 1e-9)
    z = x
    for _ in range(5_000):
        z = z.sin()
    (g,) = ag.autograd.grad(z, x, create_graph=True)
    (h,) = ag.autograd.grad(g, x)
    assert h.item() < 0
