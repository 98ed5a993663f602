"""Hooks: which there are, their order, what they see and may change (contract: hooks)."""

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


# ---- tensor hooks ------------------------------------------------------------------------------------------------


def test_a_hook_sees_the_whole_gradient_once():
    x = leaf(2.0)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    (y * 5 + y * 7).backward()
    assert seen == [12.0]


def test_a_hook_may_replace_the_gradient():
    x = leaf(2.0)
    y = x * 3
    y.register_hook(lambda g: g * 100)
    x.register_hook(lambda g: g + 1)
    y.backward()
    assert x.grad.item() == 301


def test_a_hook_that_returns_none_changes_nothing():
    x = leaf(2.0)
    x.register_hook(lambda g: None)
    (x * 3).backward()
    assert x.grad.item() == 3


def test_hooks_run_in_order_of_registration_each_on_the_formers_result():
    x = leaf(2.0)
    seen = []
    x.register_hook(lambda g: (seen.append(g.item()), g * 10)[1])
    x.register_hook(lambda g: (seen.append(g.item()), g + 5)[1])
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 3).backward()
    assert seen == [3.0, 30.0, 35.0] and x.grad.item() == 35


@pytest.mark.parametrize("bad", ["gradient", 1.0, [1.0]])
def test_a_hook_that_returns_something_else_is_an_error(bad):
    x = leaf(2.0)
    x.register_hook(lambda g: bad)
    with pytest.raises(TypeError):
        (x * 3).backward()
    assert x.grad is None


def test_a_hook_that_returns_another_shape_is_an_error():
    x = leaf(2.0)
    x.register_hook(lambda g: ag.ones(7, dtype=F64))
    with pytest.raises(RuntimeError, match="(?i)size|shape"):
        (x * 3).backward()
    assert x.grad is None


def test_a_hook_that_returns_another_dtype_is_an_error():
    x = leaf(2.0)
    x.register_hook(lambda g: g.float())
    with pytest.raises(RuntimeError, match="(?i)type"):
        (x * 3).backward()
    assert x.grad is None


def test_a_hook_needs_a_tensor_that_requires_grad():
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require gradient"):
        ag.ones(1).register_hook(lambda g: g)


def test_a_hook_must_be_callable_when_it_runs():
    x = leaf(1.0)
    with pytest.raises(TypeError):
        x.register_hook(3)
        (x * 2).backward()


def test_removing_a_hook():
    x = leaf(2.0)
    handle = x.register_hook(lambda g: g * 10)
    handle.remove()
    handle.remove()  # twice is once
    (x * 3).backward()
    assert x.grad.item() == 3


def test_a_handle_is_a_context_manager():
    x = leaf(2.0)
    with x.register_hook(lambda g: g * 10):
        (x * 3).backward()
    (x * 3).backward()
    assert x.grad.item() == 33


def test_a_hook_may_remove_itself():
    x = leaf(2.0)
    seen = []

    def once(g):
        seen.append(g.item())
        handle.remove()

    handle = x.register_hook(once)
    x.register_hook(lambda g: seen.append("second"))
    for _ in range(2):
        (x * 3).backward()
    assert seen == [3.0, "second", "second"]


def test_a_hook_may_register_another():
    x = leaf(2.0)
    seen = []

    def hook(g):
        if not seen:
            x.register_hook(lambda g: seen.append("new"))
        seen.append("old")

    x.register_hook(hook)
    (x * 3).backward()
    (x * 3).backward()
    assert seen[0] == "old" and seen[-2:] == ["old", "new"]


def test_hooks_of_a_leaf_run_in_every_backward():
    x = leaf(2.0)
    seen = []
    x.register_hook(lambda g: seen.append(g.item()))
    for k in range(1, 4):
        (x * k).backward()
    assert seen == [1.0, 2.0, 3.0]


def test_a_hook_registered_after_the_graph_was_made_runs():
    x = leaf(2.0)
    y = x * 3
    x.register_hook(lambda g: g * 10)
    y.backward()
    assert x.grad.item() == 30


def test_the_same_function_twice_runs_twice():
    x = leaf(2.0)

    def double(g):
        return g * 2

    x.register_hook(double)
    x.register_hook(double)
    (x * 1).backward()
    assert x.grad.item() == 4


def test_hooks_are_differentiated_under_create_graph():
    x = leaf(2.0)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = ag.autograd.grad(y, x, create_graph=True)
    assert g.item() == 8  # 2x · x
    (h,) = ag.autograd.grad(g, x)
    assert h.item() == 8


def test_changing_the_gradient_in_place_in_a_hook_is_seen():
    x = leaf(2.0)
    y = x * 3

    def hook(g):
        g = g.clone()
        return g.mul_(10)

    y.register_hook(hook)
    y.backward()
    assert x.grad.item() == 30


def test_hooks_on_one_output_of_a_multi_output_node():
    x = leaf(1.0, 2.0)
    a, b = x.unbind()
    seen = []
    b.register_hook(lambda g: (seen.append(g.item()), g * 10)[1])
    (a * 2 + b * 3).backward()
    assert seen == [3.0] and x.grad.tolist() == [2.0, 30.0]


def test_a_hook_does_not_run_where_no_gradient_flows():
    x = leaf(1.0, 2.0)
    a, b = x.unbind()
    seen = []
    b.register_hook(lambda g: seen.append(g))
    a.backward()
    assert all(g is None or g.sum().item() == 0 for g in seen)
    assert x.grad.tolist() == [1.0, 0.0]


# ---- nodes -------------------------------------------------------------------------------------------------------


def test_prehooks_see_and_may_replace_the_gradients_of_the_outputs():
    x = leaf(2.0)
    y = x * 3
    seen = []

    def prehook(grad_outputs):
        seen.append(tuple(g.item() for g in grad_outputs))
        return (grad_outputs[0] * 10,)

    y.grad_fn.register_prehook(prehook)
    (y * 5).backward()
    assert seen == [(5.0,)] and x.grad.item() == 150


def test_posthooks_see_both_sides_and_may_replace_the_gradients_of_the_inputs():
    x, w = leaf(2.0), leaf(7.0)
    y = x * w
    seen = []

    def hook(grad_inputs, grad_outputs):
        seen.append(([g.item() for g in grad_inputs], [g.item() for g in grad_outputs]))
        return grad_inputs[0] * 10, grad_inputs[1]

    y.grad_fn.register_hook(hook)
    (y * 5).backward()
    assert seen == [([35.0, 10.0], [5.0])]
    assert x.grad.item() == 350 and w.grad.item() == 10


def test_posthooks_see_none_where_no_gradient_is_asked_for():
    x = leaf(2.0)
    y = x * ag.ones(1, dtype=F64)
    seen = []
    y.grad_fn.register_hook(lambda gi, go: seen.append([g is None for g in gi]))
    y.backward()
    assert seen == [[False, True]]


def test_a_posthook_that_returns_the_wrong_number_is_an_error():
    x = leaf(2.0)
    y = x * 3
    y.grad_fn.register_hook(lambda gi, go: (gi[0],) * 3)
    with pytest.raises(RuntimeError, match="(?i)number of|hook"):
        y.backward()


def test_hooks_of_accumulate_grad():
    x = leaf(2.0)
    y = x * 3
    node = y.grad_fn.next_functions[0][0]
    seen = []
    node.register_prehook(lambda go: seen.append(("pre", x.grad)))
    node.register_hook(lambda gi, go: seen.append(("post", gi, x.grad.item())))
    y.backward()
    assert seen == [("pre", None), ("post", (), 3.0)]


def test_handles_of_node_hooks_can_be_removed():
    x = leaf(2.0)
    y = x * 3
    seen = []
    y.grad_fn.register_hook(lambda *_: seen.append(1)).remove()
    y.grad_fn.register_prehook(lambda *_: seen.append(2)).remove()
    y.backward()
    assert seen == []


# ---- post-accumulate ---------------------------------------------------------------------------------------------


def test_post_accumulate_hooks_get_the_leaf_with_its_grad():
    x = leaf(2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append((p is x, p.grad.item())))
    (x * 3).backward()
    (x * 4).backward()
    assert seen == [(True, 3.0), (True, 7.0)]


def test_post_accumulate_hooks_are_for_leaves_only():
    x = leaf(2.0)
    with pytest.raises(RuntimeError, match="leaf"):
        (x * 3).register_post_accumulate_grad_hook(lambda p: None)
    with pytest.raises(RuntimeError):
        ag.ones(1).register_post_accumulate_grad_hook(lambda p: None)


def test_post_accumulate_handles():
    x = leaf(2.0)
    seen = []
    handle = x.register_post_accumulate_grad_hook(lambda p: seen.append(1))
    x.register_post_accumulate_grad_hook(lambda p: seen.append(2))
    (x * 1).backward()
    handle.remove()
    (x * 1).backward()
    assert seen == [1, 2, 2]


def test_grad_may_be_cleared_in_a_post_accumulate_hook():
    x = leaf(2.0)

    def clear(p):
        p.grad = None

    x.register_post_accumulate_grad_hook(clear)
    (x * 1).backward()
    assert x.grad is None


# ---- the order ---------------------------------------------------------------------------------------------------


def test_the_order_of_all_kinds_at_an_inner_node():
    x = leaf(2.0)
    y = x * 3
    order = []
    y.grad_fn.register_hook(lambda *_: order.append("node post"))
    y.grad_fn.register_prehook(lambda *_: order.append("node pre"))
    y.retain_grad()
    y.register_hook(lambda g: order.append(f"tensor, grad {None if y.grad is None else y.grad.item()}"))
    y.grad_fn.register_prehook(lambda *_: order.append(f"node pre 2, grad {y.grad.item()}"))
    x.register_hook(lambda g: order.append("leaf"))
    y.backward()
    assert order == ["tensor, grad None", "node pre", "node pre 2, grad 1.0", "node post", "leaf"]


def test_the_order_of_all_kinds_at_a_leaf():
    x = leaf(2.0)
    y = x * 3
    node = y.grad_fn.next_functions[0][0]
    order = []
    node.register_hook(lambda *_: order.append("node post"))
    node.register_prehook(lambda *_: order.append("node pre"))
    x.register_post_accumulate_grad_hook(lambda p: order.append("post accumulate"))
    x.register_hook(lambda g: order.append("tensor"))
    y.backward()
    assert order == ["tensor", "node pre", "post accumulate", "node post"]


def test_retained_grad_is_what_all_tensor_hooks_made_of_it():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: g + 1)
    y.backward()
    assert y.grad.item() == 11 and x.grad.item() == 33


def test_prehooks_do_not_change_the_retained_grad():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    y.grad_fn.register_prehook(lambda go: (go[0] * 10,))
    y.backward()
    assert y.grad.item() == 1 and x.grad.item() == 30


# ---- several tensors ---------------------------------------------------------------------------------------------


def test_multi_grad_hook_all_runs_once_with_all_gradients():
    a, b, c = leaf(1.0), leaf(2.0), leaf(3.0)
    seen = []
    handle = ag.autograd.graph.register_multi_grad_hook((a, b, c), lambda grads: seen.append(list(grads)))
    (a * 2 + b * 3).backward()
    assert len(seen) == 1
    assert [None if g is None else g.item() for g in seen[0]] == [2.0, 3.0, None]
    handle.remove()
    (a * 2 + b * 3).backward()
    assert len(seen) == 1


def test_multi_grad_hook_all_runs_in_each_backward():
    a, b = leaf(1.0), leaf(2.0)
    seen = []
    ag.autograd.graph.register_multi_grad_hook((a, b), lambda grads: seen.append(len(grads)), mode="all")
    for _ in range(3):
        (a * b).backward()
    assert seen == [2, 2, 2]


def test_multi_grad_hook_any_runs_once_with_the_first():
    x = leaf(1.0)
    a, b = x * 2, x * 3
    seen = []
    ag.autograd.graph.register_multi_grad_hook((a, b), lambda g: seen.append(g.item()), mode="any")
    (a * 10 + b * 100).backward()
    assert seen == [100.0]


def test_multi_grad_hook_of_an_unknown_mode():
    with pytest.raises(ValueError):
        ag.autograd.graph.register_multi_grad_hook((leaf(1.0),), lambda g: None, mode="some")


# ---- hooks keep what they need alive ------------------------------------------------------------------------------


def test_hooks_survive_the_python_object_of_the_tensor(collect):
    x = leaf(2.0)
    seen = []

    def graph():
        y = x * 3
        y.register_hook(lambda g: seen.append(g.item()))
        return y * 5

    z = graph()
    collect()
    z.backward()
    assert seen == [5.0]


def test_hooks_survive_the_python_object_of_the_node(collect):
    x = leaf(2.0)
    y = x * 3
    seen = []
    y.grad_fn.register_hook(lambda *_: seen.append("node"))
    z = y * 5
    del y
    collect()
    z.backward()
    assert seen == ["node"]


# ---- what is told of gradients that do not arrive -----------------------------------------------------------------


def test_a_hook_is_told_of_an_output_without_gradient():
    first, second = leaf(1.0, 2.0).unbind()
    seen = []
    first.register_hook(seen.append)
    second.backward()
    assert seen == [None]


def test_a_hook_may_give_a_gradient_where_none_arrived():
    x = leaf(1.0, 2.0)
    first, second = x.unbind()
    first.register_hook(lambda grad: ag.tensor(5.0, dtype=F64) if grad is None else grad)
    second.backward()
    assert x.grad.tolist() == [5.0, 1.0]


def test_a_post_accumulate_hook_returns_none():
    x = leaf(1.0)
    x.register_post_accumulate_grad_hook(lambda tensor: tensor.grad)
    with pytest.raises(RuntimeError, match="hooks should return None"):
        (x * 2).backward()


def test_a_dictionary_of_hooks_can_be_assigned():
    x = leaf(1.0)
    hooks = {}
    x._backward_hooks = hooks
    assert x._backward_hooks is hooks
    hooks["double"] = lambda grad: grad * 2
    (x * 3).backward()
    assert x.grad.item() == 6.0
    x._backward_hooks = None
    assert x._backward_hooks is None
    with pytest.raises(RuntimeError, match="not allowed"):
        del x._backward_hooks


def test_a_hook_registered_while_its_node_runs_is_called():
    x = leaf(2.0)
    seen = []

    def unpack(kept):
        ag._C._current_autograd_node().register_hook(lambda results, grads: seen.append(grads))
        return kept

    with ag.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, unpack):
        y = x.sin()
    y.backward()
    assert seen == [(None,)]


def test_saved_tensor_hooks_entered_in_a_pass_end_with_it():
    x = leaf(2.0)
    inner = ag.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor)
    y = x * 2
    y.register_hook(lambda grad: inner.__enter__())
    y.backward()
    with ag.autograd.graph.disable_saved_tensors_hooks("none are left"):
        pass


def test_the_program_may_change_the_order_of_nodes():
    x = leaf(1.0)
    first, second = x * 2, x * 3
    seen = []
    first.register_hook(lambda grad: seen.append("first"))
    second.register_hook(lambda grad: seen.append("second"))
    total = first + second
    first.grad_fn._set_sequence_nr(second.grad_fn._sequence_nr() + 1)
    total.backward()
    assert seen == ["first", "second"]
    assert x.grad.item() == 5.0
