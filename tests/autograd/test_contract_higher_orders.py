"""Gradients of gradients: ``create_graph`` (contract: higher orders)."""

import math
import warnings

import arcgrad as ag
import pytest
from leaves import leaf, scalar

F64 = ag.float64


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


def test_a_leaf_that_was_saved_may_require_a_gradient_later():
    x, w = ag.ones(2, dtype=F64), leaf(1.0, 2.0)
    y = (w * x * x).sum()
    x.requires_grad_()
    (first,) = ag.autograd.grad(y, w, create_graph=True)
    assert ag.autograd.grad(first.sum(), x)[0].tolist() == [2.0, 2.0]


def test_a_leaf_that_was_saved_may_require_no_gradient_later():
    x, w = leaf(3.0), leaf(2.0)
    y = (w * x).sum()
    x.requires_grad_(False)
    (first,) = ag.autograd.grad(y, w, create_graph=True)
    assert first.tolist() == [3.0] and not first.requires_grad


@pytest.mark.parametrize("name", ["tanh_", "exp_", "sigmoid_", "copysign_"])
def test_second_derivatives_where_a_view_has_been_written(name):
    x = leaf(0.3)
    y = x * 1
    view = y.view(1)
    arguments = (ag.ones(1, dtype=F64),) if name == "copysign_" else ()
    getattr(view, name)(*arguments)
    (first,) = ag.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = ag.autograd.grad((first + y).sum(), x)
    plain = leaf(0.3)
    result = getattr(plain, name[:-1])(*arguments)
    (expected,) = ag.autograd.grad(result.sum(), plain, create_graph=True)
    (expected,) = ag.autograd.grad((expected + result).sum(), plain)
    assert second.tolist() == pytest.approx(expected.tolist(), rel=1e-14)
