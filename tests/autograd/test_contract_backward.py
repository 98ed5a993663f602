"""``backward``: seeds, roots, inputs, retained graphs (contract: backward)."""

import weakref

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


# ---- seeds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)])
def test_a_seed_of_one_is_implied_for_one_element(shape):
    x = ag.full(shape, 3.0, dtype=F64, requires_grad=True)
    (x * 2).backward()
    assert x.grad.shape == shape and x.grad.sum().item() == 2


@pytest.mark.parametrize("shape", [(2,), (0,), (2, 0)])
def test_no_seed_is_implied_for_other_sizes(shape):
    x = ag.ones(shape, requires_grad=True)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        ag.autograd.grad(x * 2, x)
    assert x.grad is None


def test_a_given_seed_is_used():
    x = leaf(1.0, 2.0)
    (x * 3).backward(ag.tensor([10.0, 100.0], dtype=F64))
    assert x.grad.tolist() == [30.0, 300.0]
    (g,) = ag.autograd.grad(x * 3, x, grad_outputs=ag.tensor([1.0, 0.0], dtype=F64))
    assert g.tolist() == [3.0, 0.0]
    (g,) = ag.autograd.grad([x * 3], [x], grad_outputs=[ag.tensor([1.0, 0.0], dtype=F64)])
    assert g.tolist() == [3.0, 0.0]


def test_the_shape_of_a_seed_is_checked():
    x = leaf(1.0, 2.0)
    for bad in (ag.ones(3, dtype=F64), ag.ones((), dtype=F64), ag.ones(1, dtype=F64), ag.ones(2, 1, dtype=F64)):
        with pytest.raises(RuntimeError, match="Mismatch in shape"):
            (x * 3).backward(bad)
        with pytest.raises(RuntimeError, match="Mismatch in shape"):
            ag.autograd.grad(x * 3, x, bad)
    assert x.grad is None


def test_the_type_of_a_seed_is_checked():
    x = leaf(1.0)
    with pytest.raises(TypeError):
        (x * 3).backward("one")
    with pytest.raises(TypeError):
        ag.autograd.backward([x * 3], [1.0])
    assert x.grad is None


def test_the_number_of_seeds_is_checked():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="(?i)gradients"):
        ag.autograd.backward([x * 3, x * 2], [ag.ones(1, dtype=F64)])
    with pytest.raises(RuntimeError):
        ag.autograd.grad([x * 3, x * 2], x, [ag.ones(1, dtype=F64)])


def test_a_seed_may_be_none_where_one_is_implied():
    x = leaf(1.0)
    ag.autograd.backward([x * 3, x * 2], [None, ag.full((1,), 10.0, dtype=F64)])
    assert x.grad.item() == 23


def test_a_seed_for_an_output_without_graph_is_refused():
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        ag.ones(1).backward()
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        ag.autograd.grad(ag.ones(1), leaf(1.0))
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        ag.autograd.backward([leaf(1.0) * 2, ag.ones(1)])


def test_backward_of_a_leaf():
    x = leaf(1.0)
    x.backward()
    x.backward(ag.full((1,), 5.0, dtype=F64))
    assert x.grad.item() == 6


def test_an_expanded_seed_is_not_written_to():
    x = leaf(1.0, 2.0, 3.0)
    seed = ag.ones(1, dtype=F64).expand(3)
    (x * 1).backward(seed)
    (x * 1).backward(seed)
    assert seed.tolist() == [1.0, 1.0, 1.0] and x.grad.tolist() == [2.0, 2.0, 2.0]


@pytest.mark.arcgrad_only  # PyTorch stores a view of the seed and then adds to it
def test_the_seed_given_is_not_aliased_by_a_gradient_that_is_added_to():
    x = leaf(1.0, 2.0)
    seed = ag.ones(2, dtype=F64)
    x.view_as(x).backward(seed)
    (x * 1).backward(seed)
    assert seed.tolist() == [1.0, 1.0] and x.grad.tolist() == [2.0, 2.0]


# ---- several roots -----------------------------------------------------------------------------------------------


def test_several_roots_sum():
    x = leaf(2.0)
    ag.autograd.backward((x * 3, x * x))
    assert x.grad.item() == 7


def test_a_repeated_root_counts_each_time():
    x = leaf(2.0)
    y = x * 3
    ag.autograd.backward([y, y])
    assert x.grad.item() == 6
    (g,) = ag.autograd.grad([y := x * 3, y, y], x)
    assert g.item() == 9


def test_a_root_inside_the_graph_of_another():
    x = leaf(2.0)
    y = x * 3
    z = y * y
    ag.autograd.backward([z, y])
    assert x.grad.item() == 2 * 6 * 3 + 3


def test_roots_may_be_any_sequence():
    x = leaf(2.0)
    ag.autograd.backward(tensors=(x * 3,), grad_tensors=(None,), retain_graph=None, create_graph=False, inputs=None)
    ag.autograd.backward(x * 2)
    assert x.grad.item() == 5


def test_a_diamond_runs_each_node_once():
    x = leaf(2.0)
    y = x * 1
    runs = []
    y.register_hook(lambda g: runs.append(g.item()))
    z = y
    for _ in range(60):  # 2**60 paths
        z = z + z
    z.backward()
    assert runs == [float(2**60)] and x.grad.item() == 2.0**60


# ---- backward(inputs=) -------------------------------------------------------------------------------------------


def test_inputs_accumulates_only_there():
    x, y = leaf(2.0), leaf(3.0)
    (x * y).backward(inputs=[x])
    assert x.grad.item() == 3 and y.grad is None
    (x * y).backward(inputs=x)
    assert x.grad.item() == 6 and y.grad is None


def test_inputs_may_be_non_leaves():
    x = leaf(2.0)
    y = x * 3
    (y * y).backward(inputs=[y])
    assert x.grad is None and y.is_leaf is False
    y.retain_grad()
    assert y.grad.item() == 12


def test_inputs_that_are_unused_stay_none():
    x, y = leaf(2.0), leaf(3.0)
    (x * 2).backward(inputs=[x, y])
    assert x.grad.item() == 2 and y.grad is None


def test_inputs_as_edges():
    x = leaf(2.0)
    y = x * 3
    (y * y).backward(inputs=[ag.autograd.graph.get_gradient_edge(x)])
    assert x.grad.item() == 36


# ---- freeing and retaining ---------------------------------------------------------------------------------------


def test_second_backward_is_an_error():
    x = leaf(2.0)
    y = x.exp()
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()
    assert x.grad.item() == pytest.approx(7.38905609893065)


def test_second_backward_through_a_shared_part_is_an_error():
    x = leaf(2.0)
    y = x.exp()
    a, b = y * 2, y * 3
    a.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        b.backward()


def test_nodes_that_saved_nothing_may_run_again():
    x = leaf(2.0)
    y = (x + 1).sum() - 3
    y.backward()
    y.backward()
    assert x.grad.item() == 2


def test_retain_graph_keeps_the_graph():
    x = leaf(2.0)
    y = x * x
    for _ in range(3):
        y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 16
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_create_graph_retains_by_default_and_retain_graph_false_overrides():
    x = leaf(2.0)
    y = x * x
    ag.autograd.grad(y, x, create_graph=True)
    ag.autograd.grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="second time"):
        ag.autograd.grad(y, x)


def test_saved_values_are_freed_as_nodes_run(collect):
    x = leaf(2.0)
    w = ag.ones(1000, dtype=F64)
    y = (x * w).sum()
    ref = weakref.ref(w)
    del w
    collect()
    y.backward()
    collect()
    assert ref() is None and y.requires_grad
