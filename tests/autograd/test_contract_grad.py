"""``grad``: captures, unused inputs, batches (contract: grad)."""

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


def test_grad_returns_a_tuple_in_order_and_leaves_grad_alone():
    x, y, z = leaf(2.0), leaf(3.0), leaf(5.0)
    out = x * y * z
    result = ag.autograd.grad(out, [z, x])
    assert isinstance(result, tuple) and [g.item() for g in result] == [6, 15]
    assert x.grad is None and y.grad is None and z.grad is None


def test_grad_of_a_single_input_is_a_tuple_of_one():
    x = leaf(2.0)
    assert len(ag.autograd.grad(x * x, x)) == 1


def test_grad_wrt_a_non_leaf():
    x = leaf(2.0)
    y = x * 3
    z = y * y
    gy, gx = ag.autograd.grad(z, (y, x))
    assert gy.item() == 12 and gx.item() == 36


def test_grad_wrt_the_output_itself():
    x = leaf(2.0)
    y = x * 3
    (g,) = ag.autograd.grad(y, y)
    assert g.item() == 1


def test_grad_of_a_leaf_wrt_itself():
    x = leaf(2.0)
    (g,) = ag.autograd.grad(x, x)
    assert g.item() == 1


def test_grad_wrt_a_repeated_input():
    x = leaf(2.0)
    a, b = ag.autograd.grad(x * x, [x, x])
    assert a.item() == b.item() == 4


def test_grad_wrt_one_output_of_many():
    x = leaf(1.0, 2.0, 3.0)
    a, b, c = x.unbind()
    ga, gc = ag.autograd.grad(a * 2 + c * 5, [a, c])
    assert ga.item() == 2 and gc.item() == 5


def test_an_unused_input_is_an_error():
    x, y = leaf(1.0), leaf(2.0)
    phrase = "appears to not have been used in the graph"
    with pytest.raises(RuntimeError, match=phrase):
        ag.autograd.grad(x * 2, [x, y])
    with pytest.raises(RuntimeError, match=phrase):
        ag.autograd.grad(x * 2, [x * 2])


@pytest.mark.arcgrad_only  # PyTorch 2.15 says which one instead of "One of the differentiated Tensors"
def test_an_unused_input_keeps_the_well_known_phrase():
    x, y = leaf(1.0), leaf(2.0)
    phrase = "One of the differentiated Tensors appears to not have been used in the graph"
    with pytest.raises(RuntimeError, match=phrase):
        ag.autograd.grad(x * 2, [x, y])


def test_an_unused_input_is_none_if_allowed():
    x, y = leaf(1.0), leaf(2.0)
    gx, gy = ag.autograd.grad(x * 2, [x, y], allow_unused=True)
    assert gx.item() == 2 and gy is None


def test_an_unused_input_is_zeros_if_materialized():
    x, y = leaf(1.0), ag.ones(2, 3, dtype=ag.float32, requires_grad=True)
    gx, gy = ag.autograd.grad(x * 2, [x, y], materialize_grads=True)
    assert gy.shape == (2, 3) and gy.dtype is ag.float32 and gy.sum().item() == 0
    gx, gy = ag.autograd.grad(x * 2, [x, y], allow_unused=True, materialize_grads=True)
    assert gy is not None


def test_materialize_and_disallow_contradict():
    x = leaf(1.0)
    with pytest.raises(ValueError):
        ag.autograd.grad(x * 2, [x], allow_unused=False, materialize_grads=True)


def test_an_input_without_grad_is_an_error():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require grad"):
        ag.autograd.grad(x * 2, [ag.ones(1)])


def test_inputs_of_the_wrong_type_are_errors():
    x = leaf(1.0)
    with pytest.raises((TypeError, RuntimeError), match="(?i)tensor"):
        ag.autograd.grad(x * 2, ["x"])


def test_no_inputs_at_all_is_an_error():
    x = leaf(1.0)
    with pytest.raises((RuntimeError, ValueError)):
        ag.autograd.grad(x * 2, [])
    with pytest.raises(RuntimeError, match="cannot be empty"):
        (x * 2).backward(inputs=[])


def test_hooks_on_captured_tensors_run():
    x = leaf(2.0)
    x.register_hook(lambda g: g * 10)
    y = x * 3
    y.register_hook(lambda g: g * 100)
    assert ag.autograd.grad(y * 1, y, retain_graph=True)[0].item() == 100
    assert ag.autograd.grad(y * 1, x)[0].item() == 3000


def test_hooks_on_captured_tensors_run_once():
    x = leaf(2.0)
    y = x * 3
    seen = []
    x.register_hook(lambda g: seen.append(("x", g.item())))
    y.register_hook(lambda g: seen.append(("y", g.item())))
    ag.autograd.grad(y * 1, [y, x])
    assert seen == [("y", 1.0), ("x", 3.0)]


def test_post_accumulate_hooks_do_not_run_for_captures():
    x = leaf(2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p))
    ag.autograd.grad(x * 2, x)
    assert seen == []
    (x * 2).backward(inputs=[x])
    assert len(seen) == 1


def test_grad_does_not_run_what_is_not_needed():
    x = leaf(2.0)
    a = x * 2
    b = a * 3
    ran = []
    a.grad_fn.register_hook(lambda *_: ran.append("a"))
    b.grad_fn.register_hook(lambda *_: ran.append("b"))
    ag.autograd.grad(b * 1, b)
    assert ran == []
    (b2,) = ag.autograd.grad(b * 1, a)
    assert ran == ["b"] and b2.item() == 3


def test_grad_of_a_part_of_the_graph_frees_only_what_ran():
    x = leaf(2.0)
    a = x.exp()
    b = a.exp()
    ag.autograd.grad(b, a)
    a.backward()  # a's own node has not run yet
    assert x.grad.item() == pytest.approx(7.38905609893065)
    with pytest.raises(RuntimeError, match="second time"):
        b.backward()


def test_retain_grad_is_not_written_by_a_grad_call_that_stops_at_it():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    ag.autograd.grad(y * 1, x)
    assert x.grad is None


def test_is_grads_batched_gives_one_gradient_per_row():
    x = leaf(1.0, 2.0, 3.0)
    (rows,) = ag.autograd.grad(x * x, x, ag.eye(3, dtype=F64), is_grads_batched=True)
    assert rows.tolist() == [[2.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 6.0]]


def test_batched_gradients_of_several_inputs():
    x, y, unused = leaf(1.0, 2.0), leaf(3.0), leaf(5.0)
    out = x * y
    seeds = ag.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=F64)
    gx, gy, none = ag.autograd.grad(out, [x, y, unused], seeds, is_grads_batched=True, allow_unused=True, retain_graph=True)
    assert gx.tolist() == [[3.0, 0.0], [0.0, 3.0], [3.0, 3.0]]
    assert gy.tolist() == [[1.0], [2.0], [3.0]] and none is None
    with pytest.raises(RuntimeError, match="appears to not have been used"):
        ag.autograd.grad(out, [x, unused], seeds, is_grads_batched=True)


def test_batched_gradients_can_be_differentiated():
    x = leaf(2.0, 3.0)
    (rows,) = ag.autograd.grad(x**3, x, ag.eye(2, dtype=F64), is_grads_batched=True, create_graph=True)
    (second,) = ag.autograd.grad(rows.sum(), x)
    assert second.tolist() == [12.0, 18.0]


def test_batched_seeds_of_a_wrong_shape_are_refused():
    x = leaf(1.0, 2.0)
    for bad in (ag.ones(3, dtype=F64), ag.ones(2, 3, dtype=F64)):
        with pytest.raises(RuntimeError, match="a mismatch was detected"):
            ag.autograd.grad(x * 1, x, bad, is_grads_batched=True)


def test_grad_accepts_edges_and_nodes():
    x = leaf(2.0)
    y = x * 3
    edge = ag.autograd.graph.get_gradient_edge(y)
    (g,) = ag.autograd.grad(y * y, edge)
    assert g.item() == 12
    (g,) = ag.autograd.grad(edge, x, grad_outputs=ag.ones(1, dtype=F64))
    assert g.item() == 3


def test_only_inputs_may_be_given_as_true():
    x = leaf(2.0)
    (g,) = ag.autograd.grad(x * 2, x, only_inputs=True)
    assert g.item() == 2
