"""``backward`` and ``grad``: seeds, roots, captures, retained graphs, order (contract: backward and grad)."""

import math
import threading
import warnings
import weakref

import arcgrad as ag
import pytest

F64 = ag.float64


def leaf(*values):
    return ag.tensor(list(values), dtype=F64, requires_grad=True)


def scalar(value):
    return ag.tensor(float(value), dtype=F64, requires_grad=True)


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


# ---- grad() ------------------------------------------------------------------------------------------------------


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


# ---- higher orders -----------------------------------------------------------------------------------------------


def test_create_graph_to_the_fifth_order():
    x = scalar(2.0)
    y = x**5
    for expected in (80.0, 160.0, 240.0, 240.0, 120.0):
        (y,) = ag.autograd.grad(y, x, create_graph=True)
        assert y.item() == expected


def test_third_order_of_a_transcendental_chain():
    x = scalar(0.5)
    y = x.sin() * x.exp()
    derivatives = []
    for _ in range(3):
        (y,) = ag.autograd.grad(y, x, create_graph=True)
        derivatives.append(y.item())
    e, s, c = math.exp(0.5), math.sin(0.5), math.cos(0.5)
    assert derivatives == pytest.approx([e * (s + c), e * 2 * c, e * 2 * (c - s)], rel=1e-12)


def test_hessian_of_a_quadratic_form():
    a = ag.tensor([[2.0, 1.0], [0.0, 3.0]], dtype=F64)
    x = leaf(1.0, -1.0)
    (g,) = ag.autograd.grad(x @ a @ x, x, create_graph=True)
    rows = [ag.autograd.grad(gi, x, retain_graph=True)[0].tolist() for gi in g]
    assert rows == [[4.0, 1.0], [1.0, 6.0]]


def test_gradients_do_not_require_grad_without_create_graph():
    x = leaf(2.0)
    (g,) = ag.autograd.grad(x**3, x)
    assert not g.requires_grad and g.grad_fn is None
    (g,) = ag.autograd.grad(x**3, x, create_graph=True)
    assert g.requires_grad


def test_backward_with_create_graph_can_be_differentiated():
    x = leaf(2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch warns, once, of the cycle it makes here
        (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (h,) = ag.autograd.grad(x.grad, x)
    assert h.item() == 12
    x.grad = None


def test_gradient_penalty():
    w = leaf(2.0, 3.0)
    x = leaf(1.0, -1.0)
    (g,) = ag.autograd.grad((w * x).pow(2).sum(), x, create_graph=True)
    g.pow(2).sum().backward()
    # g = 2 w² x, |g|² = 4 w⁴ x², derivative by w: 16 w³ x²
    assert w.grad.tolist() == [128.0, 432.0]


def test_backward_runs_with_grad_mode_off_unless_create_graph():
    x = leaf(2.0)
    seen = []
    y = x * x
    y.register_hook(lambda g: seen.append(ag.is_grad_enabled()))
    y.backward(retain_graph=True)
    ag.autograd.grad(y, x, create_graph=True)
    assert seen == [False, True] and ag.is_grad_enabled()


def test_backward_under_no_grad_works():
    x = leaf(2.0)
    y = x * x
    with ag.no_grad():
        y.backward()
    assert x.grad.item() == 4


def test_create_graph_works_under_no_grad():
    x = leaf(2.0)
    y = x**3
    with ag.no_grad():
        (g,) = ag.autograd.grad(y, x, create_graph=True)
        assert not ag.is_grad_enabled()
    assert g.requires_grad


# ---- types and shapes of gradients -------------------------------------------------------------------------------


def test_gradients_have_dtype_and_shape_of_their_inputs():
    a = ag.ones(3, 1, dtype=ag.float32, requires_grad=True)
    b = ag.ones(4, dtype=F64, requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.dtype is ag.float32 and a.grad.shape == (3, 1) and a.grad.flatten().tolist() == [4.0] * 3
    assert b.grad.dtype is F64 and b.grad.shape == (4,) and b.grad.tolist() == [3.0] * 4


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "maximum", "minimum", "atan2", "pow"])
def test_broadcast_gradients_are_summed_to_shape(op):
    x = ag.full((2, 1, 3), 2.0, dtype=F64, requires_grad=True)
    y = ag.full((4, 1), 3.0, dtype=F64, requires_grad=True)
    out = getattr(ag, op)(x, y)
    assert out.shape == (2, 4, 3)
    out.sum().backward()
    assert x.grad.shape == x.shape and y.grad.shape == y.shape
    flat_x, flat_y = scalar(2.0), scalar(3.0)
    getattr(ag, op)(flat_x, flat_y).backward()
    assert x.grad.flatten().tolist() == pytest.approx([4 * flat_x.grad.item()] * 6)
    assert y.grad.flatten().tolist() == pytest.approx([6 * flat_y.grad.item()] * 4)


def test_mixed_dtypes_have_second_order_gradients():
    a = ag.tensor([2.0], dtype=ag.float32, requires_grad=True)
    b = leaf(3.0)
    (ga,) = ag.autograd.grad((a * a * b).sum(), a, create_graph=True)
    assert ga.dtype is ag.float32
    (gb,) = ag.autograd.grad(ga, b)
    assert gb.dtype is F64 and gb.item() == 4


@pytest.mark.arcgrad_only
def test_elementwise_ops_make_no_cast_or_expand_nodes():
    a = ag.ones(3, 1, requires_grad=True)
    b = ag.ones(4, dtype=F64, requires_grad=True)
    names = [fn.name() for fn, _ in (a * b).grad_fn.next_functions]
    assert names == ["arcgrad::AccumulateGrad"] * 2


def test_gradient_through_a_cast_has_the_dtype_of_the_source():
    x = ag.ones(2, dtype=ag.float32, requires_grad=True)
    x.to(F64).sum().backward()
    assert x.grad.dtype is ag.float32


def test_a_gradient_that_passes_to_one_input_is_not_overwritten_for_another():
    # The gradient of `-` goes unchanged to its left side and negated to its right one, which might have its memory.
    a, b = leaf(0.1, 0.2), leaf(0.3, 0.5)
    ((a * 2 - b * 3).tanh() * 7).sum().backward()
    slope = 7 * (1 - (a * 2 - b * 3).detach().tanh() ** 2)
    for input, factor in ((a, 2), (b, -3)):
        ag.testing.assert_close(input.grad, slope * factor)


def test_a_gradient_that_somebody_keeps_is_not_overwritten():
    seen = []
    x = leaf(0.1, 0.2)
    y = x * 2
    z = y * 3
    y.retain_grad()
    z.register_hook(seen.append)
    (z.tanh() * 5).sum().backward()
    slope = 5 * (1 - z.detach().tanh() ** 2)
    for grad, factor in ((seen[0], 1), (y.grad, 3), (x.grad, 6)):
        ag.testing.assert_close(grad, slope * factor)
    captured = ag.autograd.grad((x * 2).tanh().sin().sum(), [x])
    captured_on_the_way = ag.autograd.grad((z * 1).exp().sum(), [z, x])
    ag.testing.assert_close(captured[0], 2 * (1 - (2 * x).tanh() ** 2) * (2 * x).tanh().cos())
    ag.testing.assert_close(captured_on_the_way[0] * 6, captured_on_the_way[1])


@pytest.mark.parametrize("uses", [2, 3, 7])
def test_gradients_of_many_uses_are_summed_without_touching_what_others_see(uses):
    seen = []
    x = leaf(0.1, 0.2)
    y = x * 2
    y.register_hook(seen.append)
    total = sum(y * (k + 1) for k in range(uses))
    for round in (1, 2):
        total.backward(ag.ones(2, dtype=F64), retain_graph=True)
        count = uses * (uses + 1) // 2
        assert x.grad.tolist() == [2 * round * count] * 2
        assert [grad.tolist() for grad in seen] == [[count] * 2] * round


def test_empty_tensors_go_through_backward():
    x = ag.ones(0, 3, requires_grad=True)
    x.sum().backward()
    assert x.grad.shape == (0, 3)
    x.exp().sum(0).sum().backward()
    (x @ ag.ones(3, 2)).sum().backward()
    assert x.grad.shape == (0, 3)


# ---- order -------------------------------------------------------------------------------------------------------


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


# ---- reentrant and callbacks -------------------------------------------------------------------------------------


def reentrant(depth):
    """d/dx of 2x, by a backward inside a backward, `depth` levels down."""

    class Nested(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, level):
            ctx.level = level
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            if ctx.level > 0:
                with ag.enable_grad():
                    inner = leaf(1.0)
                    Nested.apply(inner, ctx.level - 1).sum().backward()
                assert inner.grad.item() == 2
            return g * 2, None

    x = leaf(1.0)
    Nested.apply(x, depth).backward()
    return x.grad.item()


def test_backward_inside_backward():
    assert reentrant(3) == 2


def test_reentrant_backward_to_a_depth_of_a_thousand():
    assert reentrant(1000) == 2


def nested(at_the_bottom):
    """A function whose backward runs a backward of its own, as many levels down as its second argument says."""

    class Nested(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, level):
            ctx.level = level
            return x * 2

        @staticmethod
        def backward(ctx, g):
            if ctx.level == 0:
                at_the_bottom()
            else:
                with ag.enable_grad():
                    Nested.apply(leaf(1.0), ctx.level - 1).backward()
            return g * 2, None

    return Nested.apply


def test_modes_are_carried_into_deep_reentrant_calls():
    """Beyond some depth a fresh thread may be used; it must not show."""
    seen = []

    def look():
        seen.append((ag.is_grad_enabled(), ag.is_anomaly_enabled(), ag.is_anomaly_check_nan_enabled()))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with ag.autograd.detect_anomaly(check_nan=False):
            nested(look)(leaf(1.0), 150).backward()
    assert seen == [(False, True, False)]


def test_saved_tensors_hooks_are_carried_into_deep_reentrant_calls():
    packed = []

    def save():
        with ag.enable_grad():
            leaf(5.0).exp()

    def pack(t):
        packed.append(t.tolist())
        return t

    y = nested(save)(leaf(1.0), 150)
    with ag.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y.backward()
    assert packed == [[pytest.approx(148.41316)]]


def test_an_exception_at_the_bottom_of_a_deep_reentrant_call_comes_up():
    with pytest.raises(Boom, match="from the hook"):
        nested(raise_boom)(leaf(1.0), 150).backward()
    assert reentrant(3) == 2


@pytest.mark.arcgrad_only
def test_reentrant_backward_without_end_is_a_clear_error(run_python):
    out = run_python(
        """
        import arcgrad as ag

        class Forever(ag.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                with ag.enable_grad():
                    Forever.apply(ag.ones(1, requires_grad=True)).backward()
                return g

        try:
            Forever.apply(ag.ones(1, requires_grad=True)).backward()
        except (RuntimeError, RecursionError) as error:
            print("stopped")
        x = ag.ones(1, requires_grad=True)
        (x * 3).backward()
        print(x.grad.item())
        """,
        timeout=120,
    )
    assert out.split() == ["stopped", "3.0"]


def test_backward_in_a_hook_over_the_same_leaf():
    x = leaf(2.0)
    y = x * 3

    def hook(g):
        with ag.enable_grad():
            (x * 10).backward()

    y.register_hook(hook)
    y.backward()
    assert x.grad.item() == 13


def test_grad_mode_in_a_reentrant_backward_is_restored():
    x = leaf(2.0)
    seen = []

    def hook(g):
        with ag.enable_grad():
            (leaf(1.0) * 2).backward()
            seen.append(ag.is_grad_enabled())
        seen.append(ag.is_grad_enabled())

    y = x * 3
    y.register_hook(hook)
    y.backward()
    assert seen == [True, False]


def test_queue_callback_runs_at_the_end():
    x = leaf(2.0)
    order = []
    engine = ag.autograd.Variable._execution_engine

    def hook(g):
        engine.queue_callback(lambda: order.append(("callback", x.grad is not None)))
        order.append("hook")

    y = x * 3
    y.register_hook(hook)
    y.backward()
    assert order == ["hook", ("callback", True)]


def test_queue_callback_outside_backward_is_an_error():
    with pytest.raises(RuntimeError):
        ag.autograd.Variable._execution_engine.queue_callback(lambda: None)


def test_a_callback_that_raises_ends_the_backward():
    x = leaf(2.0)
    engine = ag.autograd.Variable._execution_engine

    def fail():
        raise KeyError("from the callback")

    y = x * 3
    y.register_hook(lambda g: engine.queue_callback(fail))
    with pytest.raises(KeyError, match="from the callback"):
        y.backward()
    assert x.grad.item() == 3
    (x * 1).backward()
    assert x.grad.item() == 4


# ---- errors in the middle ----------------------------------------------------------------------------------------


class Boom(Exception):
    pass


def raise_boom(*_):
    raise Boom("from the hook")


@pytest.mark.parametrize("where", ["tensor", "prehook", "posthook", "post_accumulate", "leaf"])
def test_an_exception_in_a_hook_keeps_its_traceback(where):
    x = leaf(2.0)
    y = x * x
    {
        "tensor": lambda: y.register_hook(raise_boom),
        "prehook": lambda: y.grad_fn.register_prehook(raise_boom),
        "posthook": lambda: y.grad_fn.register_hook(raise_boom),
        "post_accumulate": lambda: x.register_post_accumulate_grad_hook(raise_boom),
        "leaf": lambda: x.register_hook(raise_boom),
    }[where]()
    with pytest.raises(Boom, match="from the hook") as caught:
        (y * 1).backward()
    assert "raise_boom" in [entry.name for entry in caught.traceback]
    assert ag.is_grad_enabled()
    fresh = leaf(3.0)
    (fresh * fresh).backward()
    assert fresh.grad.item() == 6


def test_after_an_error_in_the_middle_a_retained_graph_runs_again():
    x = leaf(2.0)
    y = x * 3
    z = y.exp().log()
    handle = y.register_hook(raise_boom)
    with pytest.raises(Boom):
        z.backward(retain_graph=True)
    handle.remove()
    z.backward()
    assert x.grad.item() == pytest.approx(3)


def test_an_error_before_the_walk_changes_nothing():
    x = leaf(2.0)
    y = x.exp()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        y.backward(ag.ones(7, dtype=F64))
    y.backward()  # nothing was freed
    assert x.grad is not None


def test_keyboard_interrupt_in_a_hook_passes_through():
    x = leaf(2.0)

    def interrupt(g):
        raise KeyboardInterrupt

    y = x * 2
    y.register_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    (x * 2).backward()
    assert x.grad.item() == 2


def test_backward_in_another_thread():
    x = leaf(2.0)
    y = x * x
    thread = threading.Thread(target=y.backward)
    thread.start()
    thread.join(30)
    assert not thread.is_alive() and x.grad.item() == 4


# ---- points without a derivative ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "at", "expected"),
    [
        (lambda x: x.relu(), 0.0, 0.0),
        (lambda x: x.abs(), 0.0, 0.0),
        (lambda x: x.sqrt(), 0.0, float("inf")),
        (lambda x: x.pow(0), 0.0, 0.0),
        (lambda x: x.norm(), 0.0, 0.0),
        (lambda x: x.sign(), 3.0, 0.0),
        (lambda x: x.floor(), 2.5, 0.0),
        (lambda x: ag.where(x > 0, x.sqrt(), x * 2), -1.0, float("nan")),
        (lambda x: ag.where(x > 0, x, x * 2), -1.0, 2.0),
        (lambda x: x.pow(2.5), 0.0, 0.0),
        (lambda x: ag.maximum(x, x.detach()), 1.0, 0.5),
        (lambda x: x.prod(), 0.0, 1.0),
    ],
)
def test_derivative_where_there_is_none(fn, at, expected):
    x = leaf(at)
    fn(x).sum().backward()
    assert x.grad.item() == pytest.approx(expected, nan_ok=True)


def test_ties_of_max_and_amax_share_evenly_and_max_over_a_dim_chooses():
    for reduce in (lambda x: x.max(), lambda x: x.amax(), lambda x: x.amax(0), lambda x: -(-x).min()):
        x = leaf(3.0, 3.0, 1.0)
        reduce(x).backward()
        assert x.grad.tolist() == [0.5, 0.5, 0.0]
    x = leaf(3.0, 3.0, 1.0)
    x.max(0).values.backward()
    assert sorted(x.grad.tolist()) == [0.0, 0.0, 1.0] and x.grad[x.max(0).indices].item() == 1.0
