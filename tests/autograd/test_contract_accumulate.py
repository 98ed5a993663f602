"""Accumulating into ``.grad`` (contract: AccumulateGrad): strides, identity, aliasing, assignment."""

import warnings

import arcgrad as ag
import pytest
from leaves import leaf


def backward_with(x, gradient, **kwargs):
    """Gives x exactly this incoming gradient."""
    x.view_as(x).backward(gradient, **kwargs)


def quiet_create_graph(x, gradient):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch warns of a cycle that arcgrad does not have
        backward_with(x, gradient, create_graph=True)


def test_first_gradient_of_a_dense_parameter_has_the_parameters_strides():
    x = ag.arange(6.0).reshape(2, 3).t().clone(memory_format=ag.preserve_format).requires_grad_()
    assert x.stride() == (1, 3)
    (x * ag.ones(3, 2)).sum().backward()
    assert x.grad.stride() == (1, 3)


def test_incoming_gradient_of_other_strides_is_laid_out_like_the_parameter():
    x = ag.zeros(3, 2).requires_grad_()
    incoming = ag.arange(6.0).reshape(2, 3).t()
    backward_with(x, incoming)
    assert x.grad.stride() == (2, 1) and x.grad.tolist() == incoming.tolist()


def test_expanded_incoming_gradient_becomes_dense():
    x = ag.zeros(3, 2).requires_grad_()
    x.sum().backward()
    assert x.grad.stride() == (2, 1)
    x.grad[0, 0] = 7  # its own memory
    assert x.grad.tolist() == [[7, 1], [1, 1], [1, 1]]


def test_gradient_of_a_parameter_with_gaps_is_row_major():
    x = ag.zeros(4, 4)[:, ::2].requires_grad_()
    assert x.stride() == (4, 2)
    (x * 2).sum().backward()
    assert x.grad.stride() == (2, 1)


def test_gradient_of_an_expanded_parameter_is_row_major():
    x = ag.zeros(3, 1).expand(3, 2).requires_grad_()
    (x * 2).sum().backward()
    assert x.grad.stride() == (2, 1) and x.grad.sum().item() == 12


def test_later_gradients_are_added_in_place():
    x = ag.zeros(3, 2).requires_grad_()
    (x * 2).sum().backward()
    first, pointer, strides, version = x.grad, x.grad.data_ptr(), x.grad.stride(), x.grad._version
    (x * 3).sum().backward()
    assert x.grad is first and first.data_ptr() == pointer and first.stride() == strides
    assert first._version == version + 1
    assert first.tolist() == [[5, 5]] * 3


def test_adding_keeps_the_strides_of_a_grad_that_was_assigned():
    x = ag.zeros(3, 2).requires_grad_()
    mine = ag.ones(2, 3).t()
    x.grad = mine
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch remarks that such strides may be slow
        (x * 2).sum().backward()
    assert x.grad is mine and mine.stride() == (1, 3) and mine.tolist() == [[3, 3]] * 3


def test_create_graph_makes_a_new_tensor():
    x = ag.zeros(2).requires_grad_()
    (x * 2).sum().backward()
    first = x.grad
    quiet_create_graph(x, ag.ones(2))
    assert x.grad is not first and first.tolist() == [2, 2] and x.grad.tolist() == [3, 3]
    x.grad = None


def test_create_graph_sum_is_differentiable():
    x = ag.tensor([2.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        (x**2).backward(create_graph=True)
        (x**3).backward(create_graph=True)
    assert x.grad.item() == 16
    (h,) = ag.autograd.grad(x.grad, x)
    assert h.item() == 2 + 12
    x.grad = None


def test_a_gradient_nobody_else_holds_is_stored_without_copy():
    x = ag.zeros(1000).requires_grad_()
    seen = []
    y = x * 1
    x.register_hook(lambda g: seen.append(g.data_ptr()))
    (y * 2).sum().backward()
    assert x.grad.data_ptr() == seen[0]


def test_a_gradient_somebody_else_holds_is_not_written_to_later():
    x = ag.zeros(2).requires_grad_()
    held = []
    x.register_hook(lambda g: held.append(g))
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5, 5] and held[1].tolist() == [3, 3]


def test_two_leaves_of_one_sum_do_not_share_memory_after_accumulation():
    a = ag.zeros(2).requires_grad_()
    b = ag.zeros(2).requires_grad_()
    (a + b).backward(ag.ones(2))
    (a * 3).sum().backward()
    assert a.grad.tolist() == [4, 4] and b.grad.tolist() == [1, 1]


def test_one_leaf_used_twice_by_one_node():
    a = ag.zeros(2).requires_grad_()
    (a + a).backward(ag.ones(2))
    (a + a).backward(ag.ones(2))
    assert a.grad.tolist() == [4, 4]


def test_the_seed_is_not_changed_by_accumulation():
    a = ag.zeros(2).requires_grad_()
    seed = ag.ones(2)
    a.backward(seed)
    a.backward(seed)
    assert seed.tolist() == [1, 1] and a.grad.tolist() == [2, 2]


def test_grads_returned_by_grad_do_not_alias_each_other_when_added_to():
    a = ag.zeros(2).requires_grad_()
    b = ag.zeros(2).requires_grad_()
    ga, gb = ag.autograd.grad((a + b) * 1, [a, b], ag.ones(2))
    a.grad, b.grad = ga.clone(), gb.clone()
    (a * 1).sum().backward()
    assert b.grad.tolist() == [1, 1] and gb.tolist() == [1, 1]


# ---- assigning ---------------------------------------------------------------------------------------------------


def test_grad_is_none_at_first_and_can_be_set_back():
    x = ag.zeros(2).requires_grad_()
    assert x.grad is None
    (x * 2).sum().backward()
    x.grad = None
    assert x.grad is None
    (x * 2).sum().backward()
    del x.grad
    assert x.grad is None


def test_an_assigned_grad_is_that_object():
    x = ag.zeros(2).requires_grad_()
    g = ag.ones(2)
    x.grad = g
    assert x.grad is g
    g.mul_(5)
    assert x.grad.tolist() == [5, 5]


def test_a_tensor_without_grad_may_have_a_grad():
    x = ag.zeros(2)
    x.grad = ag.ones(2)
    assert x.grad.tolist() == [1, 1] and not x.requires_grad


def test_assigning_another_type_is_refused():
    x = ag.zeros(2).requires_grad_()
    for bad in (1.0, [1.0, 1.0], "g", object()):
        with pytest.raises(TypeError):
            x.grad = bad
    assert x.grad is None


def test_assigning_another_dtype_is_refused():
    x = ag.zeros(2).requires_grad_()
    with pytest.raises(RuntimeError, match="(?i)dtype|type"):
        x.grad = ag.ones(2, dtype=ag.float64)
    with pytest.raises(RuntimeError, match="(?i)dtype|type"):
        x.grad = ag.ones(2, dtype=ag.int64)
    assert x.grad is None


def test_assigning_another_shape_is_refused():
    x = ag.zeros(2).requires_grad_()
    for shape in ((3,), (), (2, 1), (1, 2), (0,)):
        with pytest.raises(RuntimeError, match="(?i)size|shape"):
            x.grad = ag.ones(shape)
    assert x.grad is None


def test_a_tensor_cannot_be_its_own_gradient():
    x = ag.zeros(2).requires_grad_()
    with pytest.raises(RuntimeError, match="own grad"):
        x.grad = x
    assert x.grad is None


def test_zeroing_in_place_keeps_the_object():
    x = ag.zeros(2).requires_grad_()
    (x * 2).sum().backward()
    g = x.grad
    g.zero_()
    (x * 3).sum().backward()
    assert x.grad is g and g.tolist() == [3, 3]


def test_the_type_of_data_may_change_and_then_the_gradient_follows():
    x = ag.zeros(2).requires_grad_()
    x.data = x.data.double()
    assert x.dtype is ag.float64
    (x * 2).sum().backward()
    assert x.grad.dtype is ag.float64


def test_accumulate_node_lives_as_long_as_a_graph_needs_it():
    x = ag.zeros(2).requires_grad_()
    y = (x * 2).sum()
    node = y.grad_fn.next_functions[0][0].next_functions[0][0]
    assert node.variable is x
    del x
    y.backward()
    assert node.variable.grad.tolist() == [2, 2] if node.variable is not None else True


def test_hooks_of_a_leaf_that_nobody_holds_still_run(collect):
    seen = []

    def graph():
        x = ag.zeros(2).requires_grad_()
        x.register_hook(lambda g: seen.append(g.tolist()))
        return (x * 2).sum()

    y = graph()
    collect()
    y.backward()
    assert seen == [[2.0, 2.0]]


def test_large_and_small_gradients_sum_alike():
    for n in (1, 7, 64, 1000, 100_003):
        x = ag.zeros(n).requires_grad_()
        for k in range(1, 4):
            (x * k).sum().backward()
        assert x.grad.eq(6).all().item()


RESHAPED = [
    ("unsqueeze_", lambda x: x.unsqueeze_(0), (1, 1, 3)),
    ("squeeze_", lambda x: x.squeeze_(), (3,)),
    ("t_", lambda x: x.t_(), (3, 1)),
    ("transpose_", lambda x: x.transpose_(0, 1), (3, 1)),
    ("set_", lambda x: x.set_(ag.ones(4, dtype=ag.float64)), (4,)),
    ("data", lambda x: setattr(x, "data", ag.ones(2, 2, dtype=ag.float64)), (2, 2)),
]


@pytest.mark.parametrize(("reshape", "shape"), [case[1:] for case in RESHAPED], ids=[case[0] for case in RESHAPED])
def test_a_leaf_that_was_reshaped_has_a_gradient_of_its_shape(reshape, shape):
    x = ag.ones(1, 3, dtype=ag.float64, requires_grad=True)
    seen = []
    x.register_hook(lambda grad: seen.append(tuple(grad.shape)))
    (x * 2).sum().backward()
    x.grad = None
    with ag.no_grad():
        reshape(x)
    (x * 3).sum().backward()
    assert tuple(x.grad.shape) == tuple(x.shape) == shape and x.grad.unique().tolist() == [3.0]
    assert seen == [(1, 3), shape]


@pytest.mark.arcgrad_only
def test_a_leaf_that_is_reshaped_between_use_and_backward_is_an_error_that_says_so():
    x = ag.ones(1, 3, dtype=ag.float64, requires_grad=True)
    y = x * 2
    with ag.no_grad():
        x.squeeze_()
    with pytest.raises(RuntimeError, match=r"used with shape \[1, 3\] and has been given shape \[3\] since"):
        y.sum().backward()


def test_a_leaf_that_requires_no_gradient_any_more_gets_none():
    x, w = leaf(2.0), leaf(3.0)
    y = x * w
    called = []
    x.register_post_accumulate_grad_hook(called.append)
    x.requires_grad_(False)
    y.sum().backward()
    assert x.grad is None and not called and w.grad.tolist() == [2.0]


def test_a_leaf_may_be_its_own_gradient():
    """Each of these waited for ever."""
    x = ag.ones(3, requires_grad=True)
    x.backward(x)
    assert x.grad.tolist() == [1, 1, 1] and x.grad is not x

    class Kept(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return ctx.saved_tensors[0]

    y = ag.full((3,), 2.0, requires_grad=True)
    Kept.apply(y).sum().backward()
    assert y.grad.tolist() == [2, 2, 2] and y.grad is not y
