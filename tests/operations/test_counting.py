"""Draws, counts and searches at the edges: weights of 0, empty ranges, NaN, signed zeros, masks as indices."""

import math
import operator

import numpy as np
import pytest

import arcgrad as ag
from arcgrad.utils.data import WeightedRandomSampler

INF, NAN = float("inf"), float("nan")


# ---- draws ----


def test_draws_without_replacement_need_enough_weights():
    weights = ag.tensor([0.0, 1.0, 0.0, 2.0])
    with pytest.raises(RuntimeError, match="not enough non-negative category to sample"):
        ag.multinomial(weights, 3)
    with pytest.raises(RuntimeError, match="not enough non-negative category to sample"):
        ag.multinomial(ag.tensor([[1.0, 1.0], [0.0, 1.0]]), 2)
    with pytest.raises(RuntimeError, match="not enough non-negative category to sample"):
        list(WeightedRandomSampler([0.0, 1.0, 0.0], 2, replacement=False))
    for _ in range(50):
        assert sorted(ag.multinomial(weights, 2).tolist()) == [1, 3]


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
@pytest.mark.parametrize("replacement", [False, True])
def test_what_has_no_weight_is_never_drawn(dtype, replacement):
    ag.manual_seed(1)
    # Thirds do not add up to one; the last category has no weight.
    for weights in ([0.1] * 9 + [0.0], [0.0, 1e-30, 0.0, 1e-30, 1e-30], [0.0, 3e38, 0.0, 1e38, 3e38], [0.0, 1e-45, 0.0, 3e38, 1.0]):
        weights = ag.tensor(weights, dtype=dtype)
        drawn = ag.multinomial(weights.expand(200, -1), 3, replacement)
        assert (weights[drawn.flatten()] > 0).all()


# ---- counts ----


def test_histogram_of_one_number():
    x = ag.tensor([1.0, 4.0, 4.0, 9.0])
    assert ag.histc(x, 3, 4, 4).tolist() == ag.histc(x, 3, 0, 0).tolist() == ag.histc(x, 3).tolist() == [1.0, 2.0, 1.0]
    assert ag.histc(ag.tensor([4.0, 4.0]), 3).tolist() == [0.0, 2.0, 0.0]


def test_nan_stands_behind_everything_in_a_search():
    sequence, values = ag.tensor([1.0, 3.0, NAN]), ag.tensor([INF, NAN, 0.0, 3.0])
    assert ag.searchsorted(sequence, values).tolist() == [2, 2, 0, 1]
    assert ag.searchsorted(sequence, values, right=True).tolist() == [2, 3, 0, 2]
    assert ag.bucketize(values, sequence).tolist() == [2, 2, 0, 1]


@pytest.mark.parametrize("right", [False, True])
def test_searches_agree_with_numpy(right):
    generator = np.random.default_rng(3)
    special = np.array([NAN, INF, -INF, 0.0, -0.0, 1.0, 1.5, -2.0])
    for length in range(9):
        sequence = np.sort(generator.choice(special, length))
        expected = np.searchsorted(sequence, special, "right" if right else "left").tolist()
        for dtype in (ag.float32, ag.float64):
            given, sought = ag.tensor(sequence, dtype=dtype), ag.tensor(special, dtype=dtype)
            assert ag.searchsorted(given, sought, right=right).tolist() == expected, sequence
            assert ag.bucketize(sought, given, right=right).tolist() == expected, sequence


# ---- bounds of magnitudes ----


@pytest.mark.parametrize("bound", [-1.0, -INF, NAN])
def test_gradients_are_not_turned_round(bound):
    p = ag.nn.Parameter(ag.zeros(2))
    p.grad = ag.tensor([3.0, 4.0])
    for clip in (
        lambda: ag.nn.utils.clip_grad_norm_([p], bound),
        lambda: ag.nn.utils.clip_grads_with_norm_([p], bound, ag.tensor(5.0)),
        lambda: ag.nn.utils.clip_grad_value_([p], bound),
    ):
        with pytest.raises(ValueError, match="non-negative"):
            clip()
    assert p.grad.tolist() == [3.0, 4.0]
    ag.nn.utils.clip_grad_norm_([p], 0.0)
    assert p.grad.tolist() == [0.0, 0.0]


# ---- signed zeros ----


def same(a, b):
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


SIGNED = [0.0, -0.0, 1.5, -1.5, 3.0, -3.0, 4.0, -4.0, 1e-30, -1e-30]


def test_a_remainder_of_zero_has_the_sign_of_the_divisor():
    assert same(ag.remainder(ag.tensor(-3.0), 1.5).item(), 0.0)
    assert same(ag.remainder(ag.tensor(3.0), -1.5).item(), -0.0)


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
@pytest.mark.parametrize(
    "name, python", [("remainder", operator.mod), ("floor_divide", operator.floordiv), ("fmod", math.fmod)]
)
def test_quotients_and_remainders_have_the_signs_of_pythons(name, python, dtype):
    operation = getattr(ag, name)
    for a in SIGNED:
        for b in [b for b in SIGNED if b != 0]:
            if name == "floor_divide" and abs(a) > 1e20 * abs(b):
                continue  # more digits than either dtype has
            expected = python(a, b)
            if abs(expected) == 1e-30 or (abs(b) == 1e-30 and a != 0):
                expected = python(ag.tensor(a, dtype=dtype).item(), ag.tensor(b, dtype=dtype).item())
            x, y = ag.tensor([a], dtype=dtype), ag.tensor([b], dtype=dtype)
            in_place = x.clone()
            getattr(in_place, f"{name}_")(b)
            for result in (operation(x, y), operation(x, b), in_place):
                rounded = ag.tensor(expected, dtype=dtype).item()
                assert same(result.item(), rounded), (a, b, result.item(), rounded)
            if name != "fmod":
                assert same(operation(a, y).item(), ag.tensor(expected, dtype=dtype).item()), (a, b)


# ---- masks as indices of NumPy arrays ----


def test_numpy_sees_a_mask_and_not_a_position():
    array = np.array([7.0, 8.0])
    assert array[:1][ag.tensor([False])].tolist() == [] and array[:1][ag.tensor([True])].tolist() == [7.0]
    assert array[ag.tensor([True, False])].tolist() == [7.0]
    with pytest.raises(TypeError, match="only integer tensors of a single element"):
        operator.index(ag.tensor([True]))
    assert array[ag.tensor(1)] == 8.0 and ["no", "yes"][ag.tensor(True)] == "yes" and operator.index(ag.tensor([3])) == 3


def test_a_histogram_without_coordinates_has_one_empty_cell():
    assert ag.histogramdd(ag.zeros(3, 0), []).hist == 0.0
    with pytest.raises(RuntimeError, match="dimension 1's range"):
        ag.histogramdd(ag.zeros(3, 2), [2, 2], range=[0, 1, 0, INF])


def test_quantiles_of_no_fractions_are_none():
    x = ag.ones(2, 3, requires_grad=True)
    assert x.quantile(ag.zeros(0), 0, keepdim=True).shape == (0, 1, 3)
    assert x.quantile(ag.zeros(0)).requires_grad


def test_truth_goes_into_bytes_too():
    out = ag.zeros(2, dtype=ag.uint8)
    assert ag.all(ag.tensor([[1, 1], [1, 0]]), 1, out=out).tolist() == [1, 0]
    with pytest.raises(RuntimeError, match="all only supports bool tensor for result, got: Float"):
        ag.all(ag.ones(2, 2), 1, out=ag.zeros(2))
