"""Activations in place: the values of the plain form, in the memory of the input, and gradients of any order."""

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.autograd import gradcheck, gradgradcheck

F = ag.nn.functional

#: (plain form, the same in place): both take the input.
FORMS = {
    "relu": (F.relu, lambda x: F.relu(x, inplace=True)),
    "relu_": (F.relu, F.relu_),
    "relu6": (F.relu6, lambda x: F.relu6(x, inplace=True)),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.2), lambda x: F.leaky_relu(x, 0.2, inplace=True)),
    "leaky_relu_": (F.leaky_relu, F.leaky_relu_),
    "elu": (lambda x: F.elu(x, 0.7), lambda x: F.elu(x, 0.7, inplace=True)),
    "elu_": (F.elu, F.elu_),
    "selu": (F.selu, lambda x: F.selu(x, inplace=True)),
    "selu_": (F.selu, F.selu_),
    "ag.selu_": (ag.selu, ag.selu_),
    "celu": (lambda x: F.celu(x, 1.3), lambda x: F.celu(x, 1.3, inplace=True)),
    "celu_": (F.celu, F.celu_),
    "ag.celu_": (ag.celu, ag.celu_),
    "silu": (F.silu, lambda x: F.silu(x, inplace=True)),
    "mish": (F.mish, lambda x: F.mish(x, inplace=True)),
    "hardtanh": (lambda x: F.hardtanh(x, -0.4, 0.8), lambda x: F.hardtanh(x, -0.4, 0.8, inplace=True)),
    "hardtanh_": (F.hardtanh, F.hardtanh_),
    "hardswish": (F.hardswish, lambda x: F.hardswish(x, inplace=True)),
    "hardsigmoid": (F.hardsigmoid, lambda x: F.hardsigmoid(x, inplace=True)),
    "threshold": (lambda x: F.threshold(x, 0.3, 2.0), lambda x: F.threshold(x, 0.3, 2.0, inplace=True)),
    "threshold_": (lambda x: F.threshold(x, 0.3, 2.0), lambda x: F.threshold_(x, 0.3, 2.0)),
    "ag.threshold_": (lambda x: ag.threshold(x, 0.3, 2.0), lambda x: ag.threshold_(x, 0.3, 2.0)),
    "rrelu": (F.rrelu, lambda x: F.rrelu(x, inplace=True)),
    "rrelu_": (F.rrelu, F.rrelu_),
    "ag.rrelu_": (F.rrelu, ag.rrelu_),
}

every_form = pytest.mark.parametrize("name", FORMS)


def values(dtype="float64"):
    return np.array([[-2.5, -0.7, -0.2], [0.1, 0.6, 3.5]], dtype)


@every_form
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_input_takes_the_plain_value(name, dtype):
    plain, in_place = FORMS[name]
    x = ag.from_numpy(values(dtype))
    expected = plain(x.clone()).numpy()
    result = in_place(x)
    assert result is x and x._version == 1
    np.testing.assert_array_equal(x.numpy(), expected)


@every_form
def test_nothing_is_copied_back(name):
    x = ag.from_numpy(values()).requires_grad_()
    node = FORMS[name][1](x.clone()).grad_fn
    assert "Copy" not in node.name() and node.next_functions[0][0].name() == "CloneBackward0"


@every_form
def test_gradients_are_those_of_finite_differences(name):
    def function(x):
        return FORMS[name][1](x.clone())

    x = ag.from_numpy(values()).requires_grad_()
    gradcheck(function, x)
    gradgradcheck(function, x)


@every_form
def test_leaves_and_saved_values_are_guarded(name):
    in_place = FORMS[name][1]
    leaf = ag.from_numpy(values()).requires_grad_()
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        in_place(leaf)
    x = leaf.clone()
    squared = x * x
    in_place(x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        squared.sum().backward()


@every_form
def test_of_a_view_the_base_takes_the_gradient(name):
    plain, in_place = FORMS[name]
    leaf = ag.from_numpy(values()).requires_grad_()
    base = leaf.clone()
    in_place(base[1])
    base.sum().backward()
    other = ag.from_numpy(values()).requires_grad_()
    (other[0].sum() + plain(other[1]).sum()).backward()
    assert base.grad_fn.name() == "arcgrad::CopySlices"
    np.testing.assert_allclose(leaf.grad.numpy(), other.grad.numpy(), rtol=1e-14)


def test_integers_stay_integers():
    x = ag.arange(-2, 9, 2)
    assert F.relu6(x.clone(), inplace=True).tolist() == [0, 0, 2, 4, 6, 6]
    assert F.hardtanh_(x.clone(), 0, 3).tolist() == [0, 0, 2, 3, 3, 3]
    assert F.threshold_(x.clone(), 3, 1).tolist() == [1, 1, 1, 4, 6, 8]


def test_elu_keeps_its_result_and_not_a_copy_of_the_input():
    x = ag.from_numpy(values()).requires_grad_().clone()
    node = F.elu(x, 0.5, inplace=True).grad_fn
    assert node._saved_result.data_ptr() == x.data_ptr() and not hasattr(node, "_saved_self")


def test_where_the_result_does_not_tell_the_input_backward_refuses():
    for call in (
        lambda x: F.leaky_relu_(x, -2),
        lambda x: F.leaky_relu(x, -0.1, inplace=True),
        lambda x: F.rrelu_(x, -5.0, 1.0),
        lambda x: F.elu_(x, alpha=-2),
        lambda x: F.celu(x, -2, inplace=True),
    ):
        x = ag.tensor([-1.0, 1.0], requires_grad=True)
        result = call(x.clone())
        assert result[1] == 1
        for create_graph in (False, True):
            with pytest.raises(RuntimeError, match="without inplace=True, or with an? (slope|alpha) of at least 0"):
                ag.autograd.grad(result.sum(), x, retain_graph=True, create_graph=create_graph)
    # 0 is none: what was negative is 0, and has gradient 0.
    x = ag.tensor([-1.0, 1.0], requires_grad=True)
    (F.leaky_relu_(x.clone(), 0) + F.elu_(x.clone(), 0)).sum().backward()
    assert x.grad.tolist() == [0.0, 2.0]


def test_rrelu_in_place_draws_what_the_plain_form_draws():
    x = ag.from_numpy(values())
    ag.manual_seed(5)
    plain = F.rrelu(x, training=True)
    ag.manual_seed(5)
    assert ag.equal(F.rrelu_(x.clone(), training=True), plain)
    drawn = F.rrelu_(x.clone(), training=True, generator=ag.Generator().manual_seed(5))
    assert ag.equal(drawn, plain)


def test_only_the_in_place_names_of_pytorch_are_there():
    names = {name for name in dir(F) if name[0] != "_" and name[-1] == "_"}
    assert names == {"celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_", "threshold_"}
    assert not any(hasattr(ag.Tensor, name) for name in names - {"relu_"})


@pytest.mark.parametrize("name", ["elu", "elu_", "selu", "celu", "celu_", "silu", "mish", "relu", "threshold"])
def test_gradients_of_nan_are_nan_where_the_slope_depends_on_the_input(name):
    for form in FORMS[name]:
        x = ag.tensor([float("nan")] * 40, requires_grad=True)
        form(x.clone()).sum().backward()
        # The slope of the others is a constant on either side.
        expected = 1.0 if name in ("relu", "threshold") else float("nan")
        np.testing.assert_array_equal(x.grad.numpy(), np.full(40, expected, "float32"))


def test_elu_of_zero_keeps_its_sign():
    for alpha in (1.0, -1.0):
        result = F.elu(ag.tensor([0.0, -0.0]), alpha)
        assert np.signbit(result.numpy()).tolist() == [False, True]
