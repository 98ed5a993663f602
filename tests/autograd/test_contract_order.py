"""The order in which nodes and leaves run (contract: order)."""

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


def test_newer_nodes_run_first():
    x = leaf(2.0)
    order = []

    def mark(t, name):
        t.grad_fn.register_hook(lambda *_: order.append(name))
        return t

    a = mark(x * 2, "a")
    b = mark(x * 3, "b")
    c = mark(a * 5, "c")
    d = mark(b * 7, "d")
    mark(d + c, "e").backward()
    assert order == ["e", "d", "c", "b", "a"]


def test_order_is_that_of_creation_not_of_the_arguments():
    x = leaf(2.0)
    order = []
    parts = [x * i for i in range(10)]
    for i, p in enumerate(parts):
        p.grad_fn.register_hook(lambda *_, i=i: order.append(i))
    shuffled = [parts[i] for i in (3, 1, 4, 0, 5, 9, 2, 6, 8, 7)]
    ag.stack(shuffled).sum().backward()
    assert order == list(range(9, -1, -1))


def test_accumulate_grad_runs_as_soon_as_its_gradient_is_complete():
    order = []
    h = ag.ones(1, dtype=F64)
    weights = [leaf(float(i + 1)) for i in range(4)]
    for i, w in enumerate(weights):
        w.register_post_accumulate_grad_hook(lambda w, i=i: order.append(f"leaf{i}"))
    for _ in range(2):  # in every iteration
        order.clear()
        y = h
        for i, w in enumerate(weights):
            y = y * w
            y.grad_fn.register_hook(lambda *_, i=i: order.append(f"node{i}"))
        y.backward()
        assert order == ["node3", "leaf3", "node2", "leaf2", "node1", "leaf1", "node0", "leaf0"]


@pytest.mark.arcgrad_only  # PyTorch numbers a custom function before its forward
def test_a_custom_function_is_newer_than_what_its_forward_made():
    order, made = [], []
    w = leaf(5.0)

    class F(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with ag.enable_grad():
                made.append(w * 3)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            order.append("function")
            return g * 2

    y = F.apply(leaf(1.0))
    made[0].grad_fn.register_hook(lambda *_: order.append("inside"))
    (made[0] + y).backward()
    assert order == ["function", "inside"]


def test_a_regenerated_grad_fn_runs_before_what_it_depends_on():
    x = ag.tensor([1.0, 2.0, 3.0], dtype=F64, requires_grad=True)
    y = x * 1
    v = y[1:]
    y.mul_(10)
    w = y * 2  # made between the write and the regeneration
    order = []
    y.grad_fn.register_hook(lambda *_: order.append("base"))
    w.grad_fn.register_hook(lambda *_: order.append("between"))
    v.grad_fn.register_hook(lambda *_: order.append("view"))
    (w.sum() + v.sum()).backward()
    assert order[-1] == "base" and sorted(order) == ["base", "between", "view"]
    assert x.grad.tolist() == [20.0, 30.0, 30.0]


def test_order_is_the_same_in_every_process(run_python):
    program = """
        import arcgrad as ag
        leaves = [ag.ones(1, requires_grad=True) for _ in range(20)]
        order = []
        for i, w in enumerate(leaves):
            w.register_post_accumulate_grad_hook(lambda w, i=i: order.append(i))
        y = leaves[0] * 1
        for i in (5, 3, 8, 1, 9, 2, 7, 4, 6, 0, 19, 11, 13, 12, 18, 10, 17, 14, 16, 15):
            y = y * leaves[i] + leaves[(7 * i) % 20]
        y.backward()
        print(order)
    """
    assert run_python(program, env={"PYTHONHASHSEED": "1"}) == run_python(program, env={"PYTHONHASHSEED": "77"})


def test_optimizer_steps_may_ride_on_post_accumulate_hooks():
    w = leaf(1.0)

    def step(p):
        with ag.no_grad():
            p.sub_(p.grad * 0.1)
        p.grad = None

    w.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        (w * 2).backward()
    assert w.item() == pytest.approx(0.4) and w.grad is None
