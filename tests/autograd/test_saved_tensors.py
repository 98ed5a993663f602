"""Hooks on saved values and their relatives (contract: saved values)."""

import threading

import arcgrad as ag
import pytest
from leaves import leaf

graph = ag.autograd.graph
F64 = ag.float64


def test_pack_and_unpack_run_for_each_saved_value():
    packed, unpacked = [], []

    def pack(t):
        packed.append(t.tolist())
        return ("packed", t)

    def unpack(p):
        unpacked.append(p[0])
        return p[1]

    a, b = leaf(2.0), leaf(3.0)
    with graph.saved_tensors_hooks(pack, unpack):
        y = a * b
    assert sorted(packed) == [[2.0], [3.0]] and unpacked == []
    y.backward()
    assert unpacked == ["packed", "packed"] and a.grad.item() == 3 and b.grad.item() == 2


def test_what_unpack_returns_is_used():
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t * 100):
        y = x * x
    y.backward()
    assert x.grad.item() == 400


def test_pack_may_return_anything():
    store = {}

    def pack(t):
        store[len(store)] = t.tolist()
        return len(store) - 1

    x = leaf(2.0, 3.0)
    with graph.saved_tensors_hooks(pack, lambda key: ag.tensor(store[key], dtype=F64)):
        y = x.exp()
    assert len(store) == 1
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


def test_hooks_are_bound_when_saving():
    x = leaf(2.0)
    y = x * x
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t * 100):
        z = x * 1
    y.backward()
    z.backward()
    assert x.grad.item() == 5


def test_hooks_nest_and_the_innermost_wins():
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t * 100):
        with graph.saved_tensors_hooks(lambda t: t, lambda t: t * 10):
            y = x * x
        z = x * x
    y.backward()
    assert x.grad.item() == 40
    x.grad = None
    z.backward()
    assert x.grad.item() == 400


def test_hooks_are_removed_after_exceptions():
    x = leaf(2.0)
    with pytest.raises(KeyError), graph.saved_tensors_hooks(lambda t: t, lambda t: t * 100):
        raise KeyError
    (x * x).backward()
    assert x.grad.item() == 4


def test_hooks_are_per_thread():
    x = leaf(2.0)
    seen = []
    with graph.saved_tensors_hooks(lambda t: (seen.append(1), t)[1], lambda t: t):
        thread = threading.Thread(target=lambda: leaf(1.0) * leaf(2.0))
        thread.start()
        thread.join(30)
        assert seen == []
        x * x
    assert seen == [1, 1]


def test_unpack_runs_in_each_backward_over_a_retained_graph():
    count = []
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: (count.append(1), t)[1]):
        y = x.exp()
    y.backward(retain_graph=True)
    y.backward()
    assert count == [1, 1]


def test_exceptions_in_pack_and_unpack_pass_through():
    def fail(t):
        raise LookupError("mine")

    x = leaf(2.0)
    with pytest.raises(LookupError, match="mine"), graph.saved_tensors_hooks(fail, lambda t: t):
        x * x
    with graph.saved_tensors_hooks(lambda t: t, fail):
        y = x * x
    with pytest.raises(LookupError, match="mine"):
        y.backward()
    x.grad = None
    (x * x).backward()
    assert x.grad.item() == 4


def test_unpack_must_return_a_tensor():
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = x * x
    with pytest.raises((TypeError, RuntimeError)):
        y.backward()


def test_pack_must_not_change_its_input():
    x = leaf(2.0)

    def pack(t):
        t.add_(1)
        return t

    with (
        pytest.raises(RuntimeError, match="(?i)in.?place|modified"),
        graph.saved_tensors_hooks(pack, lambda t: t),
    ):
        (x * 1) * (x * 1)


def test_pack_gets_a_tensor_without_graph_of_its_own():
    seen = []
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: (seen.append(t), t)[1], lambda t: t):
        y = x.exp()
    assert seen[0].tolist() == y.tolist()
    y.backward()
    assert x.grad.item() == y.item()


def test_hooks_work_with_custom_functions():
    class Square(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = leaf(3.0)
    with graph.saved_tensors_hooks(lambda t: t * 10, lambda t: t):
        y = Square.apply(x)
    y.backward()
    assert x.grad.item() == 60


def test_double_backward_through_packed_values():
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x**3
    (g,) = ag.autograd.grad(y, x, create_graph=True)
    (h,) = ag.autograd.grad(g, x)
    assert g.item() == 12 and h.item() == 12


def test_packing_a_copy_allows_changing_the_original():
    x = leaf(2.0)
    y = x * 1
    with graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        z = y * y
    with ag.no_grad():
        y.add_(100)
    z.backward()
    assert x.grad.item() == 4


def test_disable_saved_tensors_hooks():
    x = leaf(2.0)
    with graph.disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"), graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            pass
        (x * x).backward()
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        pass
    assert x.grad.item() == 4


def test_save_on_cpu():
    x = leaf(2.0)
    with graph.save_on_cpu():
        y = x * x
    y.backward()
    assert x.grad.item() == 4


def test_register_hooks_on_one_saved_tensor():
    x = leaf(2.0)
    y = x.exp()
    packed = []
    y.grad_fn._raw_saved_result.register_hooks(lambda t: (packed.append(t.item()), t)[1], lambda t: t * 10)
    assert packed == [y.item()]
    y.backward()
    assert x.grad.item() == pytest.approx(10 * y.item())


def test_register_hooks_twice_is_an_error():
    y = leaf(2.0).exp()
    raw = y.grad_fn._raw_saved_result
    raw.register_hooks(lambda t: t, lambda t: t)
    with pytest.raises(RuntimeError, match="(?i)hooks"):
        raw.register_hooks(lambda t: t, lambda t: t)


def test_register_hooks_after_freeing_is_an_error():
    y = leaf(2.0).exp()
    raw = y.grad_fn._raw_saved_result
    y.backward()
    with pytest.raises(RuntimeError, match="(?i)freed"):
        raw.register_hooks(lambda t: t, lambda t: t)


def test_allow_mutation_on_saved_tensors():
    x = leaf(2.0, 3.0)
    with graph.allow_mutation_on_saved_tensors():
        y = x * 1
        z = y.sin()
        y.mul_(100)
        z.sum().backward()
    assert x.grad.tolist() == pytest.approx(ag.tensor([2.0, 3.0], dtype=F64).cos().tolist())


def test_saved_values_are_freed_with_the_graph():
    alive = []

    class Token:
        def __init__(self, t):
            self.tensor = t
            alive.append(1)

        def __del__(self):
            alive.pop()

    x = leaf(2.0)
    with graph.saved_tensors_hooks(Token, lambda token: token.tensor):
        y = x.sin()
    assert alive == [1]
    y.backward()
    assert alive == []
    with graph.saved_tensors_hooks(Token, lambda token: token.tensor):
        y = x.sin()
    del y
    assert alive == []


# ---- what a hook gives back is not trusted -------------------------------------------------------------------------


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("change", [lambda t: t[:1], lambda t: t.to(ag.int32), lambda t: t[None]])
def test_an_unpacked_tensor_has_shape_and_dtype_of_what_was_packed(change):
    x = leaf(1.0, 2.0)
    with graph.saved_tensors_hooks(lambda t: t, change):
        y = x.sin()
    with pytest.raises(RuntimeError, match=r"expected to be a Tensor of float64 and shape \[2\], as was packed"):
        y.sum().backward()
    assert x.grad is None


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("index", [16, 10**12])
def test_indices_of_a_pool_that_lead_nowhere_are_an_error(index):
    x = ag.arange(16.0).reshape(1, 4, 4).requires_grad_()
    with graph.saved_tensors_hooks(lambda t: t, lambda t: ag.full_like(t, index)):
        y = ag.nn.functional.max_pool2d(x, 2)
    with pytest.raises(RuntimeError, match="a saved index leads past its plane"):
        y.sum().backward()
    y = ag.nn.functional.max_pool2d(x, 2)
    y.grad_fn._saved_indices.data.fill_(index)
    with pytest.raises(RuntimeError, match="a saved index leads past its plane"):
        y.sum().backward()


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: ag.nn.functional.max_pool2d(x.reshape(1, 4, 4), 2).sum(),
        lambda x: ag.nn.functional.nll_loss(x, ag.tensor([3, 1]), weight=ag.arange(1.0, 9.0)),
        lambda x: ag.nn.functional.cross_entropy(x, ag.tensor([3, 1])),
    ],
    ids=["max_pool2d", "nll_loss", "cross_entropy"],
)
def test_the_layout_of_an_unpacked_tensor_is_free(loss):
    def spread(t):
        """The same values with a gap after each."""
        return ag.stack([t, ag.full_like(t, 99)], -1)[..., 0]

    gradients = []
    for unpack in (lambda t: t, spread):
        x = ag.arange(16.0).reshape(2, 8).requires_grad_()
        with graph.saved_tensors_hooks(lambda t: t, unpack):
            y = loss(x)
        y.backward()
        gradients.append(x.grad)
    assert ag.equal(*gradients)


def test_hooks_that_give_the_same_memory_back_change_no_gradient_where_the_input_was_written_to():
    gradients = []
    for hooked in (False, True):
        x = leaf(0.7, 1.2)
        with ag.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t) if hooked else ag.enable_grad():
            y = x * 1
            z = y.sigmoid()
            y.rsqrt_()
        gradients.append(ag.autograd.grad(z.sum(), x)[0].tolist())
    assert gradients[1] == pytest.approx(gradients[0], rel=1e-14)
    assert gradients[0] == pytest.approx([0.2217128732931, 0.1778944406468], rel=1e-12)
