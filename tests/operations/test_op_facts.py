"""Facts about single operations that neither the op table nor the calls of ``oracle/ops.py`` can tell."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest

F64 = ag.float64


def grads(result, *inputs):
    return [None if g is None else g.tolist() for g in ag.autograd.grad(result.sum(), inputs, allow_unused=True)]


# ---- clamp -------------------------------------------------------------------------------------------------------


@pytest.mark.arcgrad_only  # PyTorch gives 0 at a number and shares with a tensor
@pytest.mark.parametrize("shape", [None, (), (5,)], ids=["numbers", "without axes", "tensors"])
def test_clamp_passes_the_gradient_at_its_bounds(shape):
    def bound(value):
        return value if shape is None else ag.full(shape, value, dtype=F64)

    x = ag.tensor([-1.0, 0.0, 0.5, 1.0, 2.0], dtype=F64, requires_grad=True)
    low, high = bound(0.0), bound(1.0)
    assert grads(x.clamp(low, high), x) == [[0.0, 1.0, 1.0, 1.0, 0.0]]
    assert grads(x.clamp(min=low), x) == grads(ag.clamp_min(x, low), x) == [[0.0, 1.0, 1.0, 1.0, 1.0]]
    assert grads(x.clamp(max=high), x) == grads(ag.clamp_max(x, high), x) == [[1.0, 1.0, 1.0, 1.0, 0.0]]
    assert grads(x.clone().clamp_(low, high), x) == [[0.0, 1.0, 1.0, 1.0, 0.0]]


@pytest.mark.arcgrad_only
def test_what_clamp_does_not_pass_to_its_input_goes_to_the_bound():
    x = ag.tensor([-1.0, 0.0, 0.5, 1.0, 2.0], dtype=F64, requires_grad=True)
    for low, high in ((0.0, 1.0), (0.5, 0.5), (1.0, 0.0)):
        bounds = [ag.full((5,), value, dtype=F64, requires_grad=True) for value in (low, high)]
        of_x, of_low, of_high = grads(x.clamp(*bounds), x, *bounds)
        assert [a + b + c for a, b, c in zip(of_x, of_low, of_high)] == [1.0] * 5, (low, high)
    # Where the bounds have changed places, the result is the upper one everywhere.
    assert of_high == [1.0] * 5


# ---- what counts as an integer, a flag, a name --------------------------------------------------------------------


def test_truth_values_are_no_axes():
    x = ag.arange(6.0).reshape(2, 3)
    assert x.std(False).shape == () and x.var(True).shape == ()  # the parameter `unbiased`
    for call in (
        lambda: x.sum(True),
        lambda: x.sum(dim=(True,)),
        lambda: x.unsqueeze(True),
        lambda: ag.cumsum(x, True),
        lambda: x.flip(True),
        lambda: ag.zeros(True),
        lambda: ag.topk(x, True),
        lambda: x.norm(1, True),
    ):
        with pytest.raises(TypeError):
            call()


def test_integers_are_no_flags():
    x = ag.arange(6.0).reshape(2, 3)
    for call in (lambda: x.sum(0, 1), lambda: x.sum(0, keepdim=1), lambda: ag.sort(x, 0, 1)):
        with pytest.raises(TypeError):
            call()


def test_norm_takes_no_other_names_for_its_parameters():
    x = ag.arange(6.0).reshape(2, 3)
    for call in (lambda: x.norm(axis=1), lambda: ag.norm(x, dim=1, keepdims=True)):
        with pytest.raises(TypeError, match="unexpected keyword"):
            call()
    with pytest.raises(RuntimeError, match="Order inf not supported"):
        x.norm("inf")


# ---- integers out of floats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod"])
def test_a_result_in_integers_cannot_be_differentiated(name):
    x = ag.arange(6.0).reshape(2, 3).requires_grad_()
    function = getattr(ag, name)
    with pytest.raises(RuntimeError, match="Autograd not support dtype"):
        function(x, 0, dtype=ag.int64)
    assert function(x.detach(), 0, dtype=ag.int64).dtype is ag.int64
    with ag.no_grad():
        assert function(x, 0, dtype=ag.int64).dtype is ag.int64


def test_in_place_forms_keep_the_dtype_or_refuse():
    for wrong in (
        lambda: ag.ones(3).cumsum_(0, dtype=F64),
        lambda: ag.ones(3, dtype=ag.bool).cumsum_(0),
        lambda: ag.ones(3, dtype=ag.bool).square_(),
        lambda: ag.ones(3, dtype=ag.bool).pow_(2),
    ):
        with pytest.raises(RuntimeError):
            wrong()
    assert ag.tensor([1, 2, 3], dtype=ag.int32).cumsum_(0).tolist() == [1, 3, 6]
    assert ag.tensor([True, False]).pow_(True).tolist() == [True, False]


# ---- writing over a value -----------------------------------------------------------------------------------------


def test_what_is_overwritten_gets_zeros():
    x = ag.ones(3, dtype=F64, requires_grad=True)
    v = ag.ones(3, dtype=F64, requires_grad=True)
    for write in (lambda y: y.copy_(v), lambda y: y.fill_(2.0), lambda y: y.zero_(), lambda y: y.__setitem__(..., v)):
        y = x * 1
        write(y)
        assert grads(y, x) == [[0.0, 0.0, 0.0]]


# ---- quantiles ----------------------------------------------------------------------------------------------------


def test_quantiles_of_what_is_not_nan():
    nan, infinity = float("nan"), float("inf")
    x = ag.tensor([[1.0, nan, 3.0, 2.0], [nan, nan, nan, nan], [4.0, 0.0, infinity, 1.0]], dtype=F64)
    assert str(ag.nanquantile(x, 0.5, 1).tolist()) == "[2.0, nan, 2.5]"
    assert str(ag.quantile(x, 0.5, 1).tolist()) == "[nan, nan, 2.5]"
    assert ag.nanquantile(x[0], ag.tensor([0.0, 0.25, 1.0], dtype=F64)).tolist() == [1.0, 1.5, 3.0]
    assert ag.nanquantile(x[::2], 0.25, 1, True, interpolation="nearest").tolist() == [[1.0], [1.0]]


@pytest.mark.arcgrad_only  # PyTorch computes inf - inf
def test_a_quantile_that_is_an_element_is_that_element():
    x = ag.tensor([4.0, 0.0, float("inf"), float("inf")], dtype=F64)
    assert ag.quantile(x, 1.0).item() == ag.quantile(x, 2 / 3).item() == float("inf")


def test_gradients_of_quantiles_go_to_the_neighbours():
    x = ag.tensor([1.0, float("nan"), 3.0, 2.0], dtype=F64, requires_grad=True)
    assert grads(ag.nanquantile(x, 0.25), x) == [[0.5, 0.0, 0.0, 0.5]]
    assert grads(ag.nanquantile(x, 0.5), x) == [[0.0, 0.0, 0.0, 1.0]]


# ---- positions ----------------------------------------------------------------------------------------------------


def test_take_along_dim_counts_around_its_axis():
    x = ag.arange(12).reshape(3, 4)
    assert ag.take_along_dim(x, ag.tensor([[-1, 4, 5, -5]]), 1).tolist() == [[3, 0, 1, 3], [7, 4, 5, 7], [11, 8, 9, 11]]
    with pytest.raises(RuntimeError, match="out of bounds"):
        ag.take_along_dim(x, ag.tensor([12]))
    with pytest.raises(RuntimeError):
        ag.take_along_dim(ag.zeros(3, 0), ag.tensor([[1]]), 1)


def test_the_sign_bit_of_zero_and_nan():
    nan = float("nan")
    assert ag.signbit(ag.tensor([-0.0, 0.0, -1.0, nan, -nan])).tolist() == [True, False, True, False, True]
    assert ag.signbit(ag.tensor([-3, 0, 3])).tolist() == [True, False, False]


# ---- shapes -------------------------------------------------------------------------------------------------------


def test_broadcast_shapes():
    assert ag.broadcast_shapes((2, 1), (3,), [5, 1, 1]) == ag.Size([5, 2, 3])
    assert ag.broadcast_shapes() == ag.Size([]) and ag.broadcast_shapes(1, (3, 1)) == (3, 1)
    assert ag.broadcast_shapes((0,), (1,)) == (0,) and isinstance(ag.broadcast_shapes(0), ag.Size)
    with pytest.raises(RuntimeError):
        ag.broadcast_shapes((2,), (3,))
    with pytest.raises(ValueError, match="negative"):
        ag.broadcast_shapes((-1,))
    for wrong in (1.5, "a", (1.5,)):
        with pytest.raises((TypeError, RuntimeError)):
            ag.broadcast_shapes(wrong)


def test_empty_vectors_joined_to_others_get_empty_gradients():
    a, b = ag.ones(0, requires_grad=True), ag.ones(2, 3, requires_grad=True)
    assert grads(ag.cat([a, b]), a, b) == [[], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]


@pytest.mark.arcgrad_only  # PyTorch fills the memory of the machine first
@pytest.mark.parametrize(("size", "r", "again"), [(60, 20, False), (200, 100, False), (1000, 50, True), (3, 2**62, True)])
def test_more_combinations_than_fit_into_memory_are_an_error(size, r, again):
    with pytest.raises(MemoryError):
        ag.combinations(ag.arange(size), r, again)
    assert ag.combinations(ag.arange(3), 2**62).shape[0] == 0
    assert ag.combinations(ag.arange(0), 5, True).shape == (0, 5)
    assert ag.combinations(ag.arange(3), 2, True).tolist() == [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]


# ---- special values and choices -----------------------------------------------------------------------------------


def signs(x):
    return ag.signbit(x).tolist()


def test_a_negative_zero_within_the_bounds_stays():
    x = ag.tensor([-0.0, 0.0], dtype=F64)
    for y in (x.relu(), x.clamp(0, 1), x.clamp(-1, 0), x.clamp_min(0), x.clamp_max(0), ag.nn.functional.relu6(x)):
        assert signs(y) == [True, False]


def test_softshrink_keeps_nan():
    y = ag.nn.functional.softshrink(ag.tensor([float("nan"), -0.2, 0.2, -1.0, 1.0], dtype=F64))
    assert y[0].isnan() and y[1:].tolist() == [0.0, 0.0, -0.5, 0.5]


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_ties_share_the_gradient_and_nan_takes_it_where_it_is_chosen(name):
    nan = float("nan")
    x = ag.tensor([3.0, nan, 1.0, nan], dtype=F64, requires_grad=True)
    y = ag.tensor([3.0, 1.0, nan, nan], dtype=F64, requires_grad=True)
    expected = [[0.5, 0.0, 1.0, 1.0], [0.5, 1.0, 0.0, 0.0]] if name[0] == "f" else [[0.5, 1.0, 1.0, 1.0]] * 2
    assert grads(getattr(ag, name)(x, y), x, y) == expected


def test_hardswish_is_the_identity_from_three_on():
    x = ag.tensor([-3.0, 0.0, 3.0, 4.0], dtype=F64, requires_grad=True)
    assert grads(ag.nn.functional.hardswish(x), x) == [[0.0, 0.5, 1.0, 1.0]]


def test_products_are_added_with_one_rounding():
    x, y, z = ag.tensor([-1.0]), ag.tensor([1.0 + 2.0**-12]), ag.tensor([1.0 - 2.0**-12])
    exact = -(2.0**-24)  # y·z rounds to 1
    assert ag.addcmul(x, y, z).item() == exact
    assert ag.add(x, y, alpha=1.0 - 2.0**-12).item() == ag.sub(x, y, alpha=-1.0 + 2.0**-12).item() == exact
    third, start, end = 1 / 3, ag.tensor([0.1, 0.7]), ag.tensor([0.5, -0.3])
    weight = np.float32(third)
    wanted = [np.float32(float(weight) * float(np.float32(b) - np.float32(a)) + float(a)) for a, b in zip(start.tolist(), end.tolist(), strict=True)]
    assert ag.lerp(start, end, third).tolist() == ag.lerp(start, end, ag.full((2,), third)).tolist() == wanted


def test_a_factor_of_truth_values_is_one():
    x, y = ag.tensor([True, False, True]), ag.tensor([True, True, False])
    for alpha, expected in ((-1, [True, True, True]), (2, [True, True, True]), (0, [True, False, True])):
        assert ag.add(x, y, alpha=alpha).tolist() == expected


def test_isin_finds_infinity_beside_nan():
    nan, inf = float("nan"), float("inf")
    tests = ag.tensor([nan, inf, -inf, 2.0, nan])
    assert ag.isin(ag.tensor([inf, -inf, 2.0, nan, 3.0]), tests).tolist() == [True, True, True, False, False]
    assert ag.isin(ag.tensor([nan, 1.0]), ag.tensor([nan]), invert=True).tolist() == [True, True]


def test_differences_of_small_integers_do_not_wrap_in_isclose():
    x, y = ag.tensor([3, 6], dtype=ag.uint8), ag.tensor([6, 3], dtype=ag.uint8)
    assert ag.isclose(x, y, 0.5, 0.1).tolist() == [True, False]


def test_masked_fill_keeps_the_dtype_of_what_it_fills():
    x, mask = ag.tensor([1, 2, 3]), ag.tensor([True, False, True])
    y = x.masked_fill(mask, ag.tensor(2.75))
    assert y.dtype is ag.int64 and y.tolist() == [2, 2, 2]
    z = ag.ones(3, requires_grad=True)
    value = ag.tensor(2.0, dtype=F64, requires_grad=True)
    filled = z.masked_fill(mask, value)
    assert filled.dtype is ag.float32 and grads(filled, z, value) == [[0.0, 1.0, 0.0], 2.0]


def test_kthvalue_names_the_same_of_equal_elements_as_pytorch():
    def named(x):
        return [x.kthvalue(k).indices.item() for k in range(1, len(x) + 1)]

    assert named(ag.tensor([3, 1, 2, 1, 3, 1, 2, 2, 1, 3, 2, 1])) == [5, 1, 8, 11, 3, 6, 10, 7, 2, 4, 9, 0]
    nan = float("nan")
    assert named(ag.tensor([nan, 1.0, nan, 0.0, nan, 1.0, nan])) == [3, 1, 5, 0, 4, 2, 6]


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "eq", "ne"])
def test_what_a_comparison_overwrites_gets_zeros(name):
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    for other in (1.5, ag.tensor([1.0, 3.0])):
        y = x * 2
        getattr(y, name + "_")(other)
        assert type(y.grad_fn).__name__.startswith(name.capitalize() + "Backward") and grads(y, x) == [[0.0, 0.0]]
    with pytest.raises(RuntimeError, match="leaf"):
        getattr(x, name + "_")(1.5)


# ---- shapes -------------------------------------------------------------------------------------------------------


def test_a_shape_of_another_size_is_refused():
    for small in (ag.ones(()), ag.ones(0), ag.ones(2)):
        for method in ("view_as", "reshape_as"):
            with pytest.raises(RuntimeError, match="invalid for input of size"):
                getattr(small, method)(ag.ones(2, 3))
    assert ag.ones(()).reshape_as(ag.ones(1, 1)).shape == (1, 1)


# ---- numbers and truth values -------------------------------------------------------------------------------------


def test_a_number_counts_by_value_and_the_result_is_cut_to_the_small_integers_it_meets():
    x = ag.tensor([1, 4, 255], dtype=ag.uint8)
    assert (x // -1).tolist() == [255, 252, 1] and (x % -1).tolist() == [0, 0, 0] and not (x < -1).any()
    assert ag.maximum(x, ag.tensor(-1)).tolist() == [1, 4, 255] and not (x == -1).any()
    assert (ag.tensor([-1], dtype=ag.int8) == 255).tolist() == [False]


def test_truth_values_have_no_sign():
    b = ag.tensor([True, False])
    for wrong in (lambda: -b, lambda: +b, lambda: ag.neg(b), lambda: b.neg_(), lambda: ag.positive(b), lambda: ag.relu(b)):
        with pytest.raises(RuntimeError):
            wrong()
    x = ag.ones(2)
    assert ag.positive(x) is x and +x is x
    with pytest.raises(RuntimeError, match="Boolean alpha"):
        ag.add(x, x, alpha=True)


def test_sums_in_truth_values_count_every_number_but_zero():
    x = ag.tensor([0.25, 0.0])
    assert x.sum(dtype=ag.bool).item() is True and x[1:].sum(dtype=ag.bool).item() is False
    assert x.prod(dtype=ag.bool).item() is False and x[:1].prod(dtype=ag.bool).item() is True


def test_integers_limited_to_numbers_stay_integers():
    F = ag.nn.functional
    x = ag.tensor([-3, 0, 9])
    assert F.hardtanh(x).tolist() == [-1, 0, 1] and F.relu6(x).tolist() == [0, 0, 6] and F.relu6(x).dtype is ag.int64


def test_masked_fill_converts_its_value():
    mask = ag.tensor([True, False])
    assert ag.zeros(2, dtype=ag.int64).masked_fill(mask, 2.9).tolist() == [2, 0]
    assert ag.zeros(2, dtype=ag.bool).masked_fill(mask, 2).tolist() == [True, False]
    with pytest.raises(RuntimeError, match="overflow"):
        ag.zeros(2, dtype=ag.uint8).masked_fill(mask, 300)


# ---- moments --------------------------------------------------------------------------------------------------------


def test_moment_and_mean_of_the_same_elements():
    x = ag.tensor([[1.0, 2.0, 6.0], [4.0, 4.0, 1.0]], dtype=F64, requires_grad=True)
    variance, mean = ag.var_mean(x, 1)
    assert variance.tolist() == [7.0, 3.0] and mean.tolist() == [3.0, 3.0]
    # 2 (x - mean) / 2 of the one, 1/3 of the other.
    both = [[-2.0 + 1, -1.0 + 1, 3.0 + 1], [1.0 + 1, 1.0 + 1, -2.0 + 1]]
    third = [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    assert grads(variance.sum() + 3 * mean.sum(), x) == [both]
    assert grads(3 * ag.var_mean(x, 1)[1].sum(), x) == [third]
    deviation, mean = ag.std_mean(x[0], correction=0)
    assert deviation.item() == (14 / 3) ** 0.5 and mean.item() == 3.0
    assert ag.std_mean(x, (0, 1), keepdim=True)[1].tolist() == [[3.0]]


def test_moment_and_mean_leave_out_the_gradient_that_did_not_arrive():
    x = ag.tensor([1.0, 1.0, 1.0], requires_grad=True)
    # The deviation alone would have a slope that is not known.
    assert ag.allclose(ag.autograd.grad(ag.std_mean(x)[1], x)[0], ag.full((3,), 1 / 3))
    assert grads(ag.std_mean(x)[0], x) == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("function", [ag.std, lambda x, **kwargs: ag.std_mean(x, **kwargs)[0]])
def test_corrections_beyond_the_number_of_elements(function):
    x = ag.tensor([1.0, 2.0, 6.0], dtype=F64, requires_grad=True)
    assert function(x, dim=0, correction=5).item() == float("inf")
    assert grads(function(x, dim=0, correction=5), x) == [[0.0, 0.0, 0.0]]
    for degenerate in (function(x, dim=0, correction=3), function(x, correction=5)):
        assert str(grads(degenerate, x)) == "[[nan, nan, nan]]"


def test_the_deviation_of_great_numbers_does_not_overflow():
    x = ag.tensor([1e30, -1e30])
    assert ag.std(x, correction=0).item() == x[0].item()
    assert ag.std_mean(x, correction=0)[0].item() == x[0].item()


@pytest.mark.parametrize("name", ["amax", "amin", "aminmax"])
def test_where_nan_is_the_extreme_of_a_slice_all_its_gradients_are_nan(name):
    x = ag.tensor([[1.0, float("nan"), 2.0], [3.0, 3.0, 3.0]], requires_grad=True)
    result = getattr(ag, name)(x, dim=1)
    total = sum(part.sum() for part in result) if isinstance(result, tuple) else result.sum()
    gradient = ag.autograd.grad(total, x)[0]
    assert gradient[0].isnan().all() and gradient[1].sum() == (2 if name == "aminmax" else 1)


def test_the_gradient_of_a_remainder_counts_whole_divisors():
    # 2.5 / 1e-8 rounds to 250000000, but what is left over is of 249999999.
    x = ag.tensor(2.5, dtype=F64)
    y = ag.tensor(1e-8, dtype=F64, requires_grad=True)
    remainder = x.remainder(y)
    count = -ag.autograd.grad(remainder, y)[0].item()
    assert count == 249999999.0 and 0 < remainder.item() < 1e-8


def test_products_of_kronecker_need_no_particular_layout():
    a = ag.arange(6.0).reshape(2, 3).t()
    b = ag.tensor([[1.0, 10.0]], requires_grad=True)
    plain = ag.kron(a.contiguous(), b)
    assert ag.equal(ag.kron(a, b), plain)
    assert grads(ag.kron(a, b).sum(), b) == [[[15.0, 15.0]]]


# ---- names and kinds of parameters --------------------------------------------------------------------------------


def test_names_of_parameters():
    x = ag.arange(6.0).reshape(2, 3)
    assert x.swapaxes(axis0=0, axis1=1).shape == x.swapdims(dim0=0, dim1=1).shape == (3, 2)
    assert len(x.split(split_size=1, dim=1)) == len(ag.split(x, split_size_or_sections=1, dim=1)) == 3
    assert x.where(x > 2, 0.0).tolist() == [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0]]
    values, indices = ag.empty(0), ag.empty(0, dtype=ag.int64)
    ag.cummax(x, 0, out=(values, indices))
    assert values.tolist() == x.tolist() and indices.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_kinds_of_parameters():
    x, d = ag.ones(3), ag.ones(3, dtype=F64)
    for wrong in (lambda: ag.eq(1, x), lambda: ag.fmod(2.0, x), lambda: x.clamp(x, 1), lambda: x.clamp(0, x)):
        with pytest.raises(TypeError):
            wrong()
    for wrong in (
        lambda: ag.lerp(x, d, 0.5),
        lambda: ag.lerp(x, x, d),
        lambda: d.norm(2, 0, dtype=ag.float32),
        lambda: x.norm(2, 0, dtype=ag.int64),
        lambda: ag.ones(3, dtype=ag.int64).norm(2, 0, dtype=F64),
        lambda: ag.index_select(ag.ones(()), 0, ag.tensor([0, 0])),
    ):
        with pytest.raises(RuntimeError):
            wrong()
    with pytest.raises(IndexError):
        ag.ones(()).unbind()


# ---- running log-sum-exp --------------------------------------------------------------------------------------------


def test_the_gradient_of_logcumsumexp_does_not_overflow():
    def gradient(x):
        x = x.detach().requires_grad_()
        (ag.logcumsumexp(x, 0) * ag.tensor([1.0, -2.0, 3.0, 0.5], dtype=F64)).sum().backward()
        return x.grad

    x = ag.tensor([0.0, -1.0, 2.0, 1.5], dtype=F64)
    for shift in (-900.0, 900.0):  # beyond the logarithms of the least and the greatest double
        np.testing.assert_allclose(gradient(x + shift), gradient(x), rtol=1e-12)
    wide = gradient(ag.tensor([-1000.0, 0.0, 1000.0, 2000.0], dtype=F64))
    np.testing.assert_array_equal(wide, [1.0, -2.0, 3.0, 0.5])
    infinite = gradient(ag.tensor([-ag.inf, -ag.inf, 0.0, 0.0], dtype=F64))
    assert not infinite.isnan().any() and infinite[2].item() == 3.25


def test_second_derivatives_of_logcumsumexp_where_the_first_is_zero():
    x = ag.zeros(3, dtype=F64, requires_grad=True)
    ag.autograd.gradgradcheck(lambda x: ag.logcumsumexp(x, 0).square().sum(), x)
    y = ag.zeros(1, dtype=F64, requires_grad=True)
    (first,) = ag.autograd.grad(ag.logcumsumexp(y, 0).square().sum(), y, create_graph=True)
    (second,) = ag.autograd.grad(first, y)
    assert first.item() == 0.0 and second.item() == 2.0
    for axis in (0, 1, -1):
        z = ag.linspace(-3, 3, 12, dtype=F64).reshape(3, 4).requires_grad_()
        ag.autograd.gradcheck(lambda z: ag.logcumsumexp(z, axis), z)
        ag.autograd.gradgradcheck(lambda z: ag.logcumsumexp(z, axis), z)


# ---- lerp -----------------------------------------------------------------------------------------------------------


def test_lerp_with_a_number_has_a_node_of_its_own():
    x, end = (ag.tensor(v, dtype=F64, requires_grad=True) for v in ([1.0, -2.0, 3.0], [0.5, 4.0, 3.0]))
    weights = ag.full((3,), 0.25, dtype=F64)
    assert ag.lerp(x, end, 0.25).grad_fn.name() == "LerpBackward0"
    assert ag.lerp(x, end, weights).grad_fn.name() == "LerpBackward1"
    assert ag.lerp(x, end, 0.25).grad_fn._saved_weight == 0.25
    for weight in (0.25, 0.75, -1.0, 0, 1):
        number, tensor = ag.lerp(x, end, weight), ag.lerp(x, end, ag.full((3,), float(weight), dtype=F64))
        np.testing.assert_array_equal(number.detach(), tensor.detach())
        np.testing.assert_array_equal(grads(number, x, end), grads(tensor, x, end))
    ag.autograd.gradcheck(lambda x, end: ag.lerp(x, end, 0.75), (x, end))
    ag.autograd.gradgradcheck(lambda x, end: ag.lerp(x * x, end, 0.75), (x, end))
    changed = x.detach().clone()
    assert changed.lerp_(end.detach(), 0.25) is changed and changed.tolist() == ag.lerp(x, end, 0.25).tolist()


# ---- devices --------------------------------------------------------------------------------------------------------


def test_there_is_no_gpu_and_programs_may_ask():
    assert not ag.cuda.is_available() and ag.cuda.device_count() == 0
    assert ag.device("cuda" if ag.cuda.is_available() else "cpu") == ag.device("cpu")
    ag.cuda.manual_seed_all(1)
    with pytest.raises(AttributeError, match="computes on the CPU"):
        ag.cuda.no_such_name


# ---- tensor_split -------------------------------------------------------------------------------------------------


def test_tensor_split_into_a_number_of_parts():
    x = ag.arange(7)
    for by in (3, ag.tensor(3)):
        assert [part.tolist() for part in x.tensor_split(by)] == [[0, 1, 2], [3, 4], [5, 6]]
    assert [part.tolist() for part in ag.tensor_split(x, sections=9)] == [[0], [1], [2], [3], [4], [5], [6], [], []]
    assert [part.shape for part in ag.zeros(2, 5).tensor_split(2, dim=1)] == [(2, 3), (2, 2)]
    for wrong in (lambda: x.tensor_split(0), lambda: x.tensor_split(-1), lambda: ag.ones(()).tensor_split(1)):
        with pytest.raises(RuntimeError):
            wrong()


def test_tensor_split_at_positions():
    x = ag.arange(5)
    for at in ((1, 3), [1, 3], ag.tensor([1, 3])):
        assert [part.tolist() for part in x.tensor_split(at)] == [[0], [1, 2], [3, 4]]
    # Clamped like the bounds of slices, from the end if negative, in any order.
    assert [part.tolist() for part in x.tensor_split((-2, 9))] == [[0, 1, 2], [3, 4], []]
    assert [part.tolist() for part in x.tensor_split((3, 1))] == [[0, 1, 2], [], [1, 2, 3, 4]]
    assert [part.tolist() for part in x.tensor_split(())] == [[0, 1, 2, 3, 4]]
    for wrong in (ag.tensor([1.0]), ag.tensor([1, 2], dtype=ag.int32), ag.tensor([[1]])):
        with pytest.raises(RuntimeError):
            x.tensor_split(wrong)
    for wrong in (True, 2.0, "2", None):
        with pytest.raises(TypeError):
            x.tensor_split(wrong)
    with pytest.raises(IndexError):
        x.tensor_split(2, 1)


def test_parts_of_tensor_split_are_slices():
    x = ag.arange(4.0, requires_grad=True)
    base = x * 1
    first, second = base.tensor_split(2)
    assert first.grad_fn.name() == "SliceBackward0" and first._base is base
    first.mul_(3)  # which parts of `split` do not allow
    assert grads(base, x) == [[3.0, 3.0, 1.0, 1.0]] and second.tolist() == [2.0, 3.0]


# ---- numbers and defaults -----------------------------------------------------------------------------------------


def test_addcmul_of_integers_truncates_its_value():
    x, y, z = ag.tensor([4, 6]), ag.tensor([1, 2]), ag.tensor([3, 3])
    assert ag.addcmul(x, y, z, value=0.5).tolist() == [4, 6]
    assert ag.addcmul(x, y, z, value=1.5).tolist() == x.addcmul_(y, z, value=1.5).tolist() == [7, 12]
    with pytest.raises(RuntimeError, match="Integer division with addcdiv"):
        ag.addcdiv(x, y, z, value=0.5)


def test_defaults_may_be_given_as_none():
    x = ag.tensor([[3.0, 4.0], [1.0, 1.0]], dtype=F64)
    assert ag.norm(x[0], None).item() == 5.0 and ag.norm(x, None, dim=1).shape == (2,)
    assert ag.norm(x[0], True).item() == 7.0  # the order 1
    assert x.var(0, correction=None).tolist() == x.var(0).tolist()
    assert ag.nan_to_num(ag.tensor([float("nan")]), None).tolist() == [0.0]


def test_logsumexp_keeps_the_axes_that_are_not_named():
    x = ag.tensor([[3.0, 4.0]], dtype=F64)
    with pytest.raises(RuntimeError):
        x.logsumexp(())
    assert x.logsumexp((), True).tolist() == x.logsumexp((0, 1), True).tolist()


def test_a_weight_without_axes_counts_as_a_number():
    x = ag.zeros(2)
    for weight in (ag.tensor(1), ag.tensor(1.0, dtype=F64)):
        result = ag.lerp(x, x + 2, weight)
        assert result.dtype is ag.float32 and result.tolist() == [2.0, 2.0]


def test_copy_takes_a_number():
    x = ag.zeros(2, dtype=ag.int64)
    assert x.copy_(2.5).tolist() == [2, 2] and x.copy_(other=ag.tensor(1)).tolist() == [1, 1]


@pytest.mark.parametrize("name", ["gelu", "softplus", "logsigmoid", "softshrink", "hardshrink"])
def test_activations_with_out(name):
    x, out = ag.tensor([-1.0, 2.0]), ag.empty(2)
    function = getattr(ag.nn.functional, name)
    assert function(x, out=out) is out and out.tolist() == function(x).tolist()


# ---- numbers, tuples and outputs ---------------------------------------------------------------------------------


def test_arithmetic_takes_two_numbers():
    for made, value, dtype in [
        (ag.add(2, 3), 5, ag.int64), (ag.add(2, 3, alpha=2), 8, ag.int64), (ag.add(2, 0.5), 2.5, ag.float32),
        (ag.add(True, True), True, ag.bool), (ag.sub(2, 3), -1, ag.int64), (ag.mul(2, True), 2, ag.int64),
        (ag.div(1, 4), 0.25, ag.float32), (ag.div(7, -2, rounding_mode="trunc"), -3, ag.int64),
        (ag.true_divide(1, 4), 0.25, ag.float32), (ag.floor_divide(-7, 2), -4, ag.int64),
    ]:  # fmt: skip
        assert made.shape == () and made.item() == value and made.dtype == dtype
    out = ag.empty(())
    assert ag.add(2, 3, out=out) is out and out.item() == 5
    for refused in (lambda: ag.pow(2, 3), lambda: ag.maximum(2, 3), lambda: ag.eq(2, 3), lambda: ag.rsub(2, 3)):
        with pytest.raises(TypeError):
            refused()


def test_given_outputs_come_back_in_a_tuple_with_names():
    x = ag.tensor([[3.0, 1.0, 2.0]])
    for name, call in {
        "max": lambda **out: ag.max(x, 1, **out), "min": lambda **out: ag.min(x, 1, **out),
        "sort": lambda **out: ag.sort(x, **out), "topk": lambda **out: ag.topk(x, 2, **out),
        "kthvalue": lambda **out: ag.kthvalue(x, 2, **out), "median": lambda **out: ag.median(x, 1, **out),
        "mode": lambda **out: ag.mode(x, **out), "cummax": lambda **out: ag.cummax(x, 1, **out),
    }.items():  # fmt: skip
        plain, outs = call(), (ag.empty(0), ag.empty(0, dtype=ag.int64))
        made = call(out=outs)
        assert type(plain).__name__ == name and type(made).__name__ == f"{name}_out"
        assert made.values is outs[0] and made.indices is outs[1]
        assert made.values.equal(plain.values) and made.indices.equal(plain.indices)
        assert repr(made).startswith(f"arcgrad.return_types.{name}_out(\nvalues=tensor(")


def test_results_without_gradient_are_written_to_out_whatever_requires_grad():
    x, y = ag.tensor([1.0, 2.0], requires_grad=True), ag.tensor([2.0, 1.0])
    for row, rest, expected in (
        (ag.lt, [y], [True, False]), (ag.eq, [1], [True, False]), (ag.logical_and, [y], [True, True]),
        (ag.logical_not, [], [False, False]), (ag.signbit, [], [False, False]),
    ):  # fmt: skip
        out = ag.empty(0, dtype=ag.bool)
        assert row(x, *rest, out=out) is out and out.tolist() == expected and not out.requires_grad
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        ag.add(x, y, out=ag.empty(0))


def test_sum_to_size_is_the_transpose_of_broadcasting():
    x = ag.arange(24, dtype=F64).reshape(2, 3, 4).requires_grad_()
    assert x.sum_to_size(3, 1).tolist() == [[60.0], [92.0], [124.0]]
    assert x.sum_to_size((2, 1, 4)).equal(x.sum(1, keepdim=True)) and x.sum_to_size(()).item() == 276
    assert grads(x.sum_to_size(3, 1) * ag.tensor([[1.0], [2.0], [3.0]], dtype=F64), x)[0][1] == [[1.0] * 4, [2.0] * 4, [3.0] * 4]
    for size in ((2,), (3, 3, 4), (1, 2, 3, 4), (-1,)):
        with pytest.raises(RuntimeError, match="expandable"):
            x.sum_to_size(size)


def test_unravel_index_inverts_the_flat_position():
    shape, flat = (2, 3, 4), ag.arange(24).reshape(4, 6)
    indices = ag.unravel_index(flat, shape)
    assert [index.shape for index in indices] == [(4, 6)] * 3
    assert ag.arange(24).reshape(shape)[indices].equal(flat)
    assert [index.item() for index in ag.unravel_index(ag.tensor(23), shape)] == [1, 2, 3]
    with pytest.raises(TypeError, match="integer"):
        ag.unravel_index(ag.tensor(1.0), shape)
    with pytest.raises(ValueError, match="zero"):
        ag.unravel_index(flat, (2, 0))


def test_isclose_of_integers_may_ask_for_nan():
    a = ag.tensor([1, 2, 3])
    assert ag.isclose(a, ag.tensor([1, 2, 4]), equal_nan=True).tolist() == [True, True, False]


def test_adaptive_pools_keep_the_size_of_an_axis():
    F, x = ag.nn.functional, ag.arange(24.0).reshape(1, 2, 3, 4)
    assert F.adaptive_avg_pool2d(x, (None, 1)).equal(x.mean(3, keepdim=True))
    assert F.adaptive_max_pool2d(x, [1, None]).equal(x.amax(2, keepdim=True))
    values, indices = F.adaptive_max_pool2d(x, (None, 1), return_indices=True)
    assert values.shape == indices.shape == (1, 2, 3, 1) and indices[0, 0, :, 0].tolist() == [3, 7, 11]
    assert F.adaptive_avg_pool3d(x, (None, 1, None)).equal(x.mean(2, keepdim=True))
    assert F.adaptive_max_pool3d(x, (1, None, None)).equal(x.amax(1, keepdim=True))
    with pytest.raises(ValueError, match="at least 3 axes, got 2"):
        F.adaptive_avg_pool2d(x[0, 0], (None, 1))


def test_gather_gives_a_dense_gradient_with_sparse_grad_too():
    x = ag.tensor([[1.0, 2.0]])
    index = ag.tensor([[1, 1]])
    assert ag.gather(x, 1, index, sparse_grad=True).tolist() == [[2.0, 2.0]]
    ag.gather(x.requires_grad_(), 1, index, sparse_grad=True).sum().backward()
    assert x.grad.tolist() == [[0.0, 2.0]]
