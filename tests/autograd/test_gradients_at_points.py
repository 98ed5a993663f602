"""Gradients at points that programs meet: at 0, at infinity, far out where a function is flat, and where nothing flows.

The derivatives of smooth functions are compared over a grid in ``test_derivatives_at_points.py``.
"""

from __future__ import annotations

import warnings

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.nn import functional as F
from oracle import ops

inf, nan = float("inf"), float("nan")


def leaf(*values, dtype=ag.float64):
    return ag.tensor(values[0] if len(values) == 1 else values, dtype=dtype, requires_grad=True)


def gradient(function, *leaves):
    return [g.tolist() for g in ag.autograd.grad(function(*leaves).sum(), leaves)]


def second(function, x):
    """The gradient of the sum of the gradient; zeros where that does not depend on `x`."""
    (first,) = ag.autograd.grad(function(x).sum(), x, create_graph=True)
    if not first.requires_grad:
        return ag.zeros_like(x).tolist()
    (result,) = ag.autograd.grad(first.sum(), x, allow_unused=True, materialize_grads=True)
    return result.tolist()


# ---- infinity ------------------------------------------------------------------------------------------------------

# Value, first and second derivative at -inf and at inf.
LIMITS = {
    "exp": [(0, 0, 0), (inf, inf, inf)],
    "expm1": [(-1, 0, 0), (inf, inf, inf)],
    "atan": [(-np.pi / 2, 0, 0), (np.pi / 2, 0, 0)],
    "tanh": [(-1, 0, 0), (1, 0, 0)],
    "asinh": [(-inf, 0, 0), (inf, 0, 0)],
    "erf": [(-1, 0, 0), (1, 0, 0)],
    "erfc": [(2, 0, 0), (0, 0, 0)],
    "sigmoid": [(0, 0, 0), (1, 0, 0)],
    "logsigmoid": [(-inf, 1, 0), (0, 0, 0)],
    "silu": [(0, 0, 0), (inf, 1, 0)],
    "gelu": [(0, 0, 0), (inf, 1, 0)],
    "gelu_tanh": [(0, 0, 0), (inf, 1, 0)],
    "mish": [(0, 0, 0), (inf, 1, 0)],
    "softplus": [(0, 0, 0), (inf, 1, 0)],
    "elu": [(-1, 0, 0), (inf, 1, 0)],
    "selu": [(-1.7580993408473766, 0, 0), (inf, 1.0507009873554805, 0)],
    "celu": [(-1, 0, 0), (inf, 1, 0)],
    "relu": [(0, 0, 0), (inf, 1, 0)],
    "hardswish": [(0, 0, 0), (inf, 1, 0)],
    "hardsigmoid": [(0, 0, 0), (1, 0, 0)],
    "hardtanh": [(-1, 0, 0), (1, 0, 0)],
    "abs": [(inf, -1, 0), (inf, 1, 0)],
    "sign": [(-1, 0, 0), (1, 0, 0)],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(LIMITS))
def test_infinity_gives_the_limits(name, dtype):
    ours = {"gelu_tanh": lambda x: F.gelu(x, approximate="tanh")}
    function = ours.get(name) or getattr(F, name, None) or getattr(ag, name)
    x = leaf(-inf, inf, dtype=getattr(ag, dtype))
    found = zip(function(x).tolist(), gradient(function, x)[0], second(function, x))
    for got, wanted in zip(found, LIMITS[name]):
        assert got == pytest.approx(wanted, rel=1e-6)


def test_a_logit_that_is_infinite_and_right_costs_nothing():
    x, target = leaf(-inf, inf, -inf), ag.tensor([0.0, 1.0, 1.0], dtype=ag.float64)
    loss = F.binary_cross_entropy_with_logits(x, target, reduction="none")
    assert loss.tolist() == [0.0, 0.0, inf]
    assert gradient(lambda x: F.binary_cross_entropy_with_logits(x, target, reduction="none"), x) == [[0.0, 0.0, -1.0]]
    weights = ag.tensor([2.0, 3.0, 0.5], dtype=ag.float64, requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, target, pos_weight=weights, reduction="none")
    assert loss.tolist() == [0.0, 0.0, inf]
    by_x, by_weight = ag.autograd.grad(loss.sum(), (x, weights))
    assert by_x.tolist() == [0.0, 0.0, -0.5] and by_weight.tolist() == [0.0, 0.0, inf]


# ---- points of two arguments ---------------------------------------------------------------------------------------


def test_the_angle_has_gradients_everywhere():
    y, x = leaf(0.0, 1e-30, 1e25, inf, 1.0, -0.0), leaf(0.0, 1e-30, 1e25, inf, inf, 2.0)
    by_y, by_x = gradient(ag.atan2, y, x)
    assert by_y == pytest.approx([0.0, 5e29, 5e-26, 0.0, 0.0, 0.5])
    assert by_x == pytest.approx([0.0, -5e29, -5e-26, 0.0, 0.0, 0.0])
    y, x = leaf(0.0, 1e-30, 1e25, dtype=ag.float32), leaf(0.0, 1e-30, 1e25, dtype=ag.float32)
    assert gradient(ag.atan2, y, x)[0] == pytest.approx([0.0, 5e29, 5e-26], rel=1e-6)


def test_zero_to_the_power_of_zero_has_no_slope():
    base, exponent = leaf(0.0, 0.0, 0.0, 2.0), leaf(0.0, 2.0, 0.5, 0.0)
    by_base, by_exponent = gradient(ag.pow, base, exponent)
    assert by_base == [0.0, 0.0, inf, 0.0] and by_exponent == pytest.approx([0.0, 0.0, 0.0, np.log(2)])
    assert gradient(lambda e: ag.pow(0, e), leaf(0.0, 1.0)) == [[0.0, 0.0]]
    exponents = ag.tensor([0.0, 1.0, 2.0], dtype=ag.float64)
    assert second(lambda x: ag.pow(x, exponents), leaf(0.0, 0.0, 0.0)) == [0.0, 0.0, 2.0]
    assert second(lambda e: ag.pow(ag.zeros(2, dtype=ag.float64), e), leaf(0.0, 1.0)) == [0.0, 0.0]


# ---- infinite sums of exponentials ---------------------------------------------------------------------------------


def test_an_infinite_sum_of_exponentials_is_shared_by_what_is_as_infinite():
    x = leaf([[-inf, -inf], [inf, 1.0], [inf, inf], [-inf, 1.0]])
    assert gradient(lambda x: ag.logsumexp(x, 1), x) == [[[0.5, 0.5], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]]
    assert gradient(lambda x: ag.logsumexp(x, 1)[3], x) == [[[0.0, 0.0]] * 3 + [[0.0, 1.0]]]
    assert second(lambda x: ag.logsumexp(x, 1), x) == [[0.0, 0.0]] * 4


def test_the_gradients_of_a_running_sum_of_exponentials_add_up_to_those_that_arrive():
    assert gradient(lambda x: ag.logcumsumexp(x, 0), leaf(-inf, -inf, 1.0)) == [[1.5, 0.5, 1.0]]
    assert gradient(lambda x: ag.logcumsumexp(x, 0)[2], leaf(-inf, -inf, 1.0)) == [[0.0, 0.0, 1.0]]
    (found,) = gradient(lambda x: ag.logcumsumexp(x, 0), leaf(-inf, 1.0, inf, 2.0, inf))
    assert found == [1.0, 1.0, 2.5, 0.0, 0.5]
    assert second(lambda x: ag.logcumsumexp(x, 0), leaf(-inf, -inf, 1.0)) == [0.0, 0.0, 0.0]


# ---- second derivatives --------------------------------------------------------------------------------------------


def test_the_second_derivative_of_copysign_is_zero_at_zero():
    sign = ag.tensor([1.0, -1.0, 1.0, -1.0, -1.0], dtype=ag.float64)
    x = leaf(0.0, -0.0, 2.0, -3.0, inf)
    assert gradient(lambda x: ag.copysign(x, sign), x) == [[0.0, 0.0, 1.0, 1.0, -1.0]]
    assert second(lambda x: ag.copysign(x, sign), x) == [0.0] * 5
    assert second(lambda x: ag.copysign(x, sign) ** 2, x)[:4] == [0.0, 0.0, 2.0, 2.0]


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 2.5, 3.0, inf])
def test_distances_of_points_from_themselves_have_second_derivatives(p):
    assert second(lambda x: ag.cdist(x, x, p=p), leaf([[1.0, 2.0], [3.0, 5.0]])) == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_loss_without_targets_has_second_derivatives_of_zero(reduction):
    def loss(x):
        value = F.cross_entropy(x, ag.tensor([-100, -100]), reduction=reduction)
        return ag.sigmoid(value) * value

    assert second(loss, leaf([[1.0, 2.0], [3.0, 5.0]])) == [[0.0, 0.0], [0.0, 0.0]]


def test_a_scale_by_frequency_counts_once_in_each_gradient():
    weight = leaf([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    index = ag.tensor([0, 0, 1, 2])

    def first():
        rows = F.embedding(index, weight, padding_idx=2, scale_grad_by_freq=True)
        return ag.autograd.grad((rows**2).sum(), weight, create_graph=True)[0]

    found = first()
    assert found.tolist() == [[2.0, 4.0], [6.0, 8.0], [0.0, 0.0]]
    # As much as the gradient changes with the weights.
    assert ag.autograd.grad(found.sum(), weight)[0].tolist() == [[2.0, 2.0], [2.0, 2.0], [0.0, 0.0]]


# ---- the input beside the result -----------------------------------------------------------------------------------

FROM_INPUT = [ag.sigmoid, ag.tanh, ag.expm1]


@pytest.mark.parametrize("function", FROM_INPUT, ids=lambda function: function.__name__)
def test_an_input_that_is_overwritten_is_not_missed(function):
    x = leaf(-1.0, 0.5, 2.0)
    before = x * 1
    y = function(before)
    (wanted,) = ag.autograd.grad(y.sum(), x, retain_graph=True)
    before.mul_(3.0)
    (found,) = ag.autograd.grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(found.detach().numpy(), wanted.numpy(), rtol=1e-14)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.mul_(2.0)
        y.sum().backward()


@pytest.mark.parametrize("function", FROM_INPUT, ids=lambda function: function.__name__)
def test_what_is_saved_is_called_as_in_pytorch(function):
    saved = {name for name in dir(function(leaf(1.0)).grad_fn) if name.startswith("_saved_")}
    assert saved == {"_saved_result"}


@pytest.mark.parametrize("function", FROM_INPUT, ids=lambda function: function.__name__)
def test_hooks_see_the_result_alone_as_in_pytorch(function):
    """So the digits that only the input has are lost."""
    packed = []
    x = leaf(-2.0, 0.5, 2.0)
    (wanted,) = ag.autograd.grad(function(x).sum(), x)
    with ag.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or t.numpy().copy(), ag.tensor):
        y = function(x)
    assert len(packed) == 1
    assert ag.autograd.grad(y.sum(), x)[0].tolist() == pytest.approx(wanted.tolist(), rel=1e-13)


# ---- where nothing flows -------------------------------------------------------------------------------------------

STEPS = [ag.floor, ag.ceil, ag.round, ag.trunc, ag.sign, ag.sgn]


@pytest.mark.parametrize("arriving", [inf, -inf, nan])
def test_steps_have_no_gradient_whatever_arrives(arriving):
    flat = [
        *STEPS,
        lambda x: x.div(0.3, rounding_mode="floor"),
        lambda x: x.div(0.3, rounding_mode="trunc"),
        lambda x: ag.div(ag.ones(2, dtype=x.dtype), x, rounding_mode="floor"),
        lambda x: x**0,
        lambda x: x**0.0,
        lambda x: ag.round(x, decimals=1),
        lambda x: ag.copysign(ag.ones(2, dtype=x.dtype), x),
        lambda x: ag.remainder(ag.tensor([0.1, 0.2], dtype=x.dtype), x.abs()),
        lambda x: ag.fmod(ag.tensor([0.1, 0.2], dtype=x.dtype), x),
        lambda x: ag.addmv(x, ag.ones(2, 1, dtype=x.dtype), ag.ones(1, dtype=x.dtype), beta=0),
    ]
    for function in flat:
        x = leaf(0.4, -1.3)
        assert ag.autograd.grad(function(x), x, ag.full((2,), arriving, dtype=ag.float64))[0].tolist() == [0.0, 0.0]
    x = leaf(0.4)
    (1 / x.round()).sum().backward()
    assert x.grad.item() == 0.0
    x = leaf(0.0)
    assert ag.autograd.grad(x.abs(), x, ag.tensor(arriving, dtype=ag.float64))[0].item() == 0.0


def test_dropout_drops_infinities_and_their_gradients():
    x = ag.full((1000,), inf, requires_grad=True)
    y = F.dropout(x, 0.5)
    assert set(y.tolist()) == {0.0, inf}
    (found,) = ag.autograd.grad(y, x, ag.full((1000,), inf))
    assert (found == y).all()
    assert F.dropout(x, 1.0).tolist() == [0.0] * 1000


# Zeros that are computed, not laid down: derivatives that underflow, differences of equal numbers, factors that the
# program gives, the padding of images, which is data to a product of matrices.
COMPUTED_ZEROS = {
    "erf", "erfc", "mul", "operator.mul", "pow", "var", "cumprod", "softmax", "log_softmax", "nn.functional.gelu",
    "nn.functional.leaky_relu", "nn.functional.softmax", "nn.functional.log_softmax", "nn.functional.cross_entropy",
    "nn.functional.conv2d",
}  # fmt: skip
CALLS: dict[str, list[ops.Call]] = {}
for _call in {call.id: call for call in ops.CALLS}.values():
    if ops.wants_gradient(_call) and "special" not in _call.id and "[0" not in _call.id and "'f64" in _call.id:
        CALLS.setdefault(_call.name, []).append(_call)


def with_one_gradient(outputs, floats, number, value):
    """The gradients of the inputs when `value` arrives at one element of an output and 0 everywhere else."""
    seeds = [ag.zeros(tuple(output.shape), dtype=output.dtype) for output in outputs]
    seeds[number].view(-1)[outputs[number].numel() // 2] = value
    found = ag.autograd.grad(outputs, floats, seeds, retain_graph=True, allow_unused=True)
    return [None if grad is None else grad.numpy() for grad in found]


@pytest.mark.parametrize("name", sorted(CALLS.keys() - COMPUTED_ZEROS))
def test_what_does_not_depend_on_a_result_gets_nothing_of_its_infinite_gradient(name):
    for call in CALLS[name][:4]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                args, kwargs, floats = ops.arguments(ag, call, grad=True)
                results = ops.outputs(ag, ops.resolve(ag, call.name)(*args, **kwargs)) or []
            except (RuntimeError, IndexError, TypeError, ValueError):
                continue
            outputs = [result for result in results if result.requires_grad and result.numel()]
            for number in range(len(outputs)):
                try:
                    plain = with_one_gradient(outputs, floats, number, 1.0)
                except RuntimeError as error:
                    assert "is not implemented" in str(error)
                    break
                for arriving in (inf, nan):
                    for one, other in zip(plain, with_one_gradient(outputs, floats, number, arriving)):
                        if one is not None:
                            assert not other[one == 0].any(), f"{call.id}: {arriving} at {number}: {other.tolist()}"


@pytest.mark.parametrize("combine", [ag.scatter_reduce, ag.index_reduce])
def test_the_second_derivative_of_a_product_with_several_zeros_is_refused(combine):
    index = ag.tensor([0, 0])
    start = ag.ones(1, dtype=ag.float64, requires_grad=True)
    for values, refused in (([0.0, 0.0], True), ([0.0, 2.0], False)):
        source = ag.tensor(values, dtype=ag.float64, requires_grad=True)
        product = combine(start, 0, index, source, "prod")
        (first,) = ag.autograd.grad(product.sum(), source, create_graph=True)
        assert first.tolist() == [values[1], values[0]]
        if refused:
            with pytest.raises(RuntimeError, match="Double backward is unsupported for src when >1 zeros"):
                ag.autograd.grad(first[0], source)
        else:
            assert ag.autograd.grad(first[0], source)[0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles_change_with_where_they_are(name):
    """Between two elements by their distance, times how many there are; on an element, and where none lies between, not at all."""
    x, q = leaf([1.0, 2.0, 4.0, 8.0]), leaf([0.2, 1 / 3, 0.9])
    first, second = ag.autograd.grad(getattr(ag, name)(x, q).sum(), (x, q))
    assert second.tolist() == pytest.approx([3.0, 0.0, 12.0])
    assert ag.autograd.gradcheck(lambda x, q: getattr(ag, name)(x, q), (leaf([1.0, 2.0, 4.0, 8.0]), leaf([0.2, 0.4, 0.9])))
    assert ag.autograd.gradgradcheck(lambda x, q: getattr(ag, name)(x, q), (leaf([1.0, 2.0, 4.0, 8.0]), leaf(0.45)))
    gone = leaf(nan, 1.0, 2.0, 4.0)
    if name == "nanquantile":
        assert ag.autograd.grad(ag.nanquantile(gone, q).sum(), q)[0].tolist() == pytest.approx([2.0, 2.0, 4.0])
    for interpolation in ("lower", "higher", "nearest", "midpoint"):
        (slope,) = ag.autograd.grad(getattr(ag, name)(x, q, interpolation=interpolation).sum(), q, allow_unused=True)
        assert slope is None or not slope.any()


def test_the_fraction_of_a_quantile_has_no_gradient_from_what_is_not_finite():
    nan, inf = ag.nan, ag.inf
    q = ag.tensor(0.3, requires_grad=True)
    ag.quantile(ag.tensor([[nan, 1.0], [2.0, 3.0]]), q, dim=1).sum().backward()
    assert q.grad.item() == 1
    q = ag.tensor(1.0, requires_grad=True)
    ag.quantile(ag.tensor([[1.0, inf, inf], [2.0, 3.0, 4.0]]), q, dim=1)[1].backward()
    assert q.grad.item() == 0
    with pytest.raises(RuntimeError, match="must be the same for all examples"):
        ag.vmap(ag.quantile)(ag.ones(2, 3), ag.tensor([0.1, 0.5]))
