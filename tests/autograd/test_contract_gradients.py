"""What a gradient is: dtype, shape and memory, and its value where there is no derivative (contract: gradients)."""

import math

import arcgrad as ag
import pytest
from leaves import leaf, scalar

F64 = ag.float64


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


def test_the_gradient_of_a_power_by_its_base_changes_with_an_exponent_of_0():
    x, e = leaf(0.5, -2.0, 4.0), leaf(0.0, 0.0, 1.0)
    (first,) = ag.autograd.grad((x**e).sum(), x, create_graph=True)
    assert first.tolist() == [0.0, 0.0, 1.0]
    # x ** (e - 1) * (1 + e * log(x)); there is no power of a negative number beside 0.
    (mixed,) = ag.autograd.grad(first.sum(), e)
    assert mixed[0].item() == 2.0 and mixed[2].item() == pytest.approx(1 + math.log(4.0))


def test_the_gradient_of_a_power_of_0_by_its_base_is_0_whatever_arrives():
    x, e = leaf(0.0, 5e-324, 2.0), leaf(0.0, 0.0, 0.0)
    seed = ag.tensor([1.0, 1.0, math.inf], dtype=ag.float64)
    (first,) = ag.autograd.grad(x**e, x, seed, create_graph=True)
    assert first.tolist() == [0.0, 0.0, 0.0]
    assert ag.autograd.grad(first.sum(), x)[0].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("dtype", [ag.float32, F64])
@pytest.mark.parametrize("create_graph", [False, True])
def test_the_gradient_of_a_power_of_a_number_has_all_its_digits(dtype, create_graph):
    x = ag.tensor([0.7, -1.2], dtype=dtype, requires_grad=True)
    for base in (2, 2.0, 3.0):
        y = base**x
        (g,) = ag.autograd.grad(y.sum(), x, create_graph=create_graph)
        expected = [value * math.log(base) for value in y.tolist()]
        assert g.dtype is dtype and g.tolist() == pytest.approx(expected, rel=1e-15 if dtype is F64 else 2e-7)
