"""autograd.functional against closed forms, with PyTorch's structures and its words where something is wrong."""

from __future__ import annotations

import itertools

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp

F64 = ag.float64
X = ag.tensor([1.0, 2.0], dtype=F64)
Y = ag.tensor([3.0, -1.0], dtype=F64)
V = ag.tensor([1.0, 10.0], dtype=F64)


def zeros(*shape):
    return ag.zeros(*shape, dtype=F64)


def cube(x):
    return x**3


def number(x):
    return (x**3).sum()


def two(x, y):
    return (x**2 * y).sum()


def close(found, expected):
    """The same structure and values. (In forward mode PyTorch gives lists.)"""
    assert isinstance(found, (type(expected), list))
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            close(one, other)
    else:
        assert found.shape == expected.shape
        np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=1e-12, atol=1e-12)


def leaves(result):
    return ag.utils._pytree.tree_leaves(result)


# Every function, with a call and its closed form.
CALLS = {
    "jacobian": (lambda x, **k: jacobian(cube, x, **k), (3 * X**2).diag()),
    "jacobian at once": (lambda x, **k: jacobian(cube, x, vectorize=True, **k), (3 * X**2).diag()),
    "hessian": (lambda x, **k: hessian(number, x, **k), (6 * X).diag()),
    "hessian at once": (lambda x, **k: hessian(number, x, vectorize=True, **k), (6 * X).diag()),
    "vjp": (lambda x, **k: vjp(cube, x, V, **k), (X**3, 3 * X**2 * V)),
    "jvp": (lambda x, **k: jvp(cube, x, V, **k), (X**3, 3 * X**2 * V)),
    "vhp": (lambda x, **k: vhp(number, x, V, **k), ((X**3).sum(), 6 * X * V)),
    "hvp": (lambda x, **k: hvp(number, x, V, **k), ((X**3).sum(), 6 * X * V)),
}


@pytest.mark.parametrize("name", CALLS)
def test_values(name):
    call, expected = CALLS[name]
    for x, create_graph in itertools.product((X, X.clone().requires_grad_()), (False, True)):
        found = call(x, create_graph=create_graph)
        close(found, expected)
        assert all(leaf.requires_grad is create_graph for leaf in leaves(found))
        assert x.grad is None
    with ag.no_grad():
        close(call(X), expected)


@pytest.mark.parametrize("name", CALLS)
def test_results_can_be_differentiated(name):
    call, _ = CALLS[name]
    x = X.clone().requires_grad_()
    found = leaves(call(x, create_graph=True))[-1]
    expected = {"hessian": ag.full((2,), 6.0, dtype=F64), "hessian at once": ag.full((2,), 6.0, dtype=F64)}
    expected |= {"jacobian": 6 * X, "jacobian at once": 6 * X, "vhp": 6 * V, "hvp": 6 * V}
    close(ag.autograd.grad(found.sum(), x)[0], expected.get(name, 6 * X * V))


@pytest.mark.parametrize("options", [{}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}], ids=str)
def test_jacobians_have_the_structure_of_outputs_and_inputs(options):
    close(jacobian(cube, X, **options), (3 * X**2).diag())
    close(jacobian(lambda x: (x * 2,), X, **options), ((2 * ag.ones(2, dtype=F64)).diag(),))
    close(jacobian(lambda x: x * 2, (X,), **options), ((2 * ag.ones(2, dtype=F64)).diag(),))
    close(
        jacobian(lambda x, y: (x * y, x.sum()), (X, Y), **options),
        ((Y.diag(), X.diag()), (ag.ones_like(X), ag.zeros_like(X))),
    )
    close(jacobian(two, (X, Y), **options), (2 * X * Y, X**2))
    matrix = ag.arange(6, dtype=F64).reshape(2, 3)
    found = jacobian(lambda m: m.sum(0) ** 2, matrix, **options)
    close(found, (2 * matrix.sum(0)).diag()[:, None].expand(3, 2, 3))
    close(jacobian(lambda x: (x * 2).long(), X, **options).to(F64), zeros(2, 2))
    close(jacobian(lambda x: ag.ones(3, dtype=F64), X, **options), zeros(3, 2))


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("options", [{}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}], ids=str)
def test_jacobians_of_nothing_are_empty(options):
    assert jacobian(cube, X[:0], **options).shape == (0, 0)
    assert jacobian(lambda x: x[:0], X, **options).shape == (0, 2)


@pytest.mark.parametrize(
    "options", [{}, {"vectorize": True}, {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}], ids=str
)
def test_hessians_have_the_structure_of_the_inputs_twice(options):
    close(hessian(number, X, **options), (6 * X).diag())
    close(hessian(lambda x: number(x).reshape(1, 1), X, **options), (6 * X).diag())
    close(hessian(two, (X, Y), **options), (((2 * Y).diag(), (2 * X).diag()), ((2 * X).diag(), zeros(2, 2))))
    close(hessian(lambda x: x.sum(), X, **options), zeros(2, 2))


def test_products_have_the_structure_of_inputs_or_outputs():
    outputs, gradients = vjp(lambda x, y: (x * y, x.sum()), (X, Y), (V, ag.tensor(2.0, dtype=F64)))
    close((outputs, gradients), ((X * Y, X.sum()), (Y * V + 2, X * V)))
    outputs, products = jvp(lambda x, y: (x * y, x.sum()), (X, Y), (V, X))
    close((outputs, products), ((X * Y, X.sum()), (V * Y + X * X, V.sum())))
    for function in (vhp, hvp):
        output, products = function(two, (X, Y), (V, X))
        close((output, products), (two(X, Y), (2 * Y * V + 2 * X * X, 2 * X * V)))
    assert isinstance(vjp(cube, (X,), V)[1], tuple) and isinstance(jvp(lambda x: (x,), X, V)[1], tuple)


def test_a_vector_of_one_may_be_left_out():
    x = ag.tensor(2.0, dtype=F64)
    for function in (vjp, jvp):
        close(function(cube, x)[1], 3 * x**2)
    for function in (vhp, hvp):
        close(function(cube, x)[1], 6 * x)
    close(vjp(number, X)[1], 3 * X**2)


def test_what_is_closed_over_keeps_its_gradient():
    weight = Y.clone().requires_grad_()
    found = jacobian(lambda x: weight * x**2, X, create_graph=True)
    close(ag.autograd.grad(found.sum(), weight)[0], 2 * X)
    assert not jacobian(lambda x: weight * x**2, X).requires_grad and weight.grad is None


# ---- where the output does not depend on the input ----

INDEPENDENT = {
    "constant": lambda x: ag.ones(2, dtype=F64),
    "detached": lambda x: x.detach() * 2,
    "of something else": lambda x: ag.ones(2, dtype=F64).requires_grad_() * 2,
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_independent_outputs_have_derivative_zero(name):
    function = INDEPENDENT[name]
    for create_graph in (False, True):
        close(jacobian(function, X, create_graph=create_graph), zeros(2, 2))
        close(vjp(function, X, V, create_graph=create_graph)[1], zeros(2))
        close(jvp(function, X, V, create_graph=create_graph)[1], zeros(2))
        close(hessian(lambda x: function(x).sum(), X, create_graph=create_graph), zeros(2, 2))
        close(vhp(lambda x: function(x).sum(), X, V, create_graph=create_graph)[1], zeros(2))
        close(hvp(lambda x: function(x).sum(), X, V, create_graph=create_graph)[1], zeros(2))


OUTPUT = "Output 0 of the user-provided function does not require gradients."
INPUT = "The output of the user-provided function is independent of input 0. This is not allowed in strict mode."
CONSTANT = "While computing the hessian, found that the jacobian of the user-provided function with respect to input 0 is independent"


@pytest.mark.parametrize("create_graph", [False, True])
def test_strict_mode_refuses_them(create_graph):
    options = {"strict": True, "create_graph": create_graph}

    def calls(function):
        def summed(x):
            return function(x).sum()

        return {
            "jacobian": lambda: jacobian(function, X, **options),
            "vjp": lambda: vjp(function, X, V, **options),
            "jvp": lambda: jvp(function, X, V, **options),
            "hessian": lambda: hessian(summed, X, **options),
            "vhp": lambda: vhp(summed, X, V, **options),
            "hvp": lambda: hvp(summed, X, V, **options),
        }

    def refused(call, text):
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value).startswith(text)

    for name in ("constant", "detached"):
        for call in calls(INDEPENDENT[name]).values():
            refused(call, OUTPUT)
    other = calls(INDEPENDENT["of something else"])
    refused(other.pop("jacobian"), "Output 0 of the user-provided function is independent of input 0.")
    refused(other.pop("hessian"), CONSTANT)
    for call in other.values():
        refused(call, INPUT)
    linear = calls(lambda x: 2 * x)
    for name in ("hessian", "vhp", "hvp"):
        refused(linear[name], CONSTANT)
    for name in ("jacobian", "vjp", "jvp"):
        if create_graph:
            refused(linear[name], "The jacobian of the user-provided function is independent of input 0.")
        else:
            linear[name]()
    for call in calls(cube).values():
        call()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: vjp(cube, [X], V), TypeError, "The inputs given to vjp must be either a Tensor or a tuple of Tensors but the given inputs"),
        (lambda: vjp(cube, (X, 3), V), TypeError, "but the value at index 1 has type <class 'int'>"),
        (lambda: vjp(lambda x: 3, X, V), TypeError, "The outputs of the user-provided function given to vjp must be either"),
        (lambda: vjp(cube, X), RuntimeError, "v can only be None if the user-provided function returns a single Tensor with a single"),
        (lambda: vjp(cube, X, V[:1]), RuntimeError, r"^v has invalid size: should be .*\[2\]\) but got .*\[1\]\)"),
        (lambda: vjp(cube, X, (V, V)), RuntimeError, "The given v should contain a single Tensor."),
        (lambda: vjp(lambda x, y: (x, y), (X, X), (V,)), RuntimeError, "v is a tuple of invalid length: should be 2 but got 1."),
        (lambda: vjp(lambda x, y: (x, y), (X, X), (V, V[:1])), RuntimeError, "Entry 1 in v has invalid size"),
        (lambda: jvp(cube, X), RuntimeError, "v can only be None if the input to the user-provided function is a single Tensor"),
        (lambda: hvp(number, X), RuntimeError, "v can only be None if the input to the user-provided function is a single Tensor"),
        (lambda: vhp(cube, X, V), RuntimeError, "The Tensor returned by the function given to vhp should contain a single element"),
        (lambda: hvp(cube, X, V), RuntimeError, "The Tensor returned by the function given to hvp should contain a single element"),
        (lambda: hessian(cube, X), RuntimeError, "The Tensor returned by the function given to hessian should contain a single"),
        (lambda: vhp(lambda x: (x.sum(), x.sum()), X, V), RuntimeError, "The function given to vhp should return a single Tensor"),
        (lambda: hessian(lambda x: (x.sum(), x.sum()), X), RuntimeError, "The function given to hessian should return a single Tensor"),
        (lambda: jacobian(cube, X, strategy="a"), AssertionError, 'Expected strategy to be either "forward-mode" or "reverse-mode". Hint'),
        (lambda: hessian(number, X, outer_jacobian_strategy="a"), AssertionError, "Expected strategy to be either"),
        (lambda: jacobian(cube, X, strategy="forward-mode"), NotImplementedError, "only implemented for `vectorize=True`"),
        (lambda: jacobian(cube, X, True, strategy="forward-mode"), NotImplementedError, "`create_graph=True` and `strategy="),
        (lambda: jacobian(cube, X, False, True, True, "forward-mode"), RuntimeError, "`strict=True` and `strategy="),
        (lambda: jacobian(cube, X, strict=True, vectorize=True), RuntimeError, "`strict=True` and `vectorized=True` are not supported"),
    ],
)
def test_what_cannot_be_done_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
