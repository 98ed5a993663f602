"""Regions of mixed precision cast what a program calls, and nothing else."""

import threading

import pytest

import arcgrad as ag

F = ag.nn.functional


def test_products_compute_in_the_lower_precision():
    x = ag.randn(4, 4)
    for lower in (ag.bfloat16, ag.float16):
        with ag.autocast("cpu", dtype=lower):
            for result in (x @ x, ag.mm(x, x), F.linear(x, x, x[0]), ag.einsum("ij,jk->ik", x, x), x.matmul(x[0])):
                assert result.dtype is lower
            assert F.conv2d(x[None, None], x[None, None, :2, :2]).dtype is lower
        expected = x.to(lower) @ x.to(lower)
        with ag.autocast("cpu", dtype=lower):
            assert ag.equal(x @ x, expected)
    assert (x @ x).dtype is ag.float32


def test_losses_and_sums_of_many_compute_in_single_precision():
    x = ag.rand(4, 4).bfloat16()
    with ag.autocast("cpu"):
        assert F.mse_loss(x, x).dtype is ag.float32
        assert F.cross_entropy(x, ag.zeros(4, dtype=ag.int64)).dtype is ag.float32
        assert x.prod().dtype is ag.float32
    assert F.mse_loss(x, x).dtype is ag.bfloat16


def test_joined_tensors_take_the_widest_precision_among_them():
    x = ag.rand(2)
    with ag.autocast("cpu"):
        assert ag.cat([x, x.bfloat16()]).dtype is ag.float32
        assert ag.stack([x.bfloat16(), x.bfloat16()]).dtype is ag.bfloat16


def test_double_precision_integers_in_place_forms_and_out_are_left_alone():
    x = ag.ones(2, 2)
    with ag.autocast("cpu"):
        assert (x.double() @ x.double()).dtype is ag.float64
        assert (x.long() @ x.long()).dtype is ag.int64
        assert ag.mm(x, x, out=ag.empty(2, 2)).dtype is ag.float32
        assert x.clone().addmm_(x, x).dtype is ag.float32
        assert (x + x).dtype is ag.float32


def test_gradients_have_the_dtype_of_the_parameter_and_flow_through_one_cast():
    weight = ag.randn(3, 3, requires_grad=True)
    x = ag.randn(2, 3)
    with ag.autocast("cpu"):
        first, second = x @ weight, x @ weight
    casts = {result.grad_fn.next_functions[-1][0] for result in (first, second)}
    assert len(casts) == 1
    (first + second).sum().backward()
    assert weight.grad.dtype is ag.float32
    ag.testing.assert_close(weight.grad, 2 * x.sum(0).unsqueeze(1).expand(3, 3), rtol=0.02, atol=0.02)


def test_a_kept_cast_ends_with_the_outermost_region():
    weight = ag.ones(2, 2, requires_grad=True)
    with ag.autocast("cpu"):
        with ag.autocast("cpu"):
            first = weight @ weight
        second = weight @ weight
    with ag.no_grad():
        weight.fill_(2.0)
    with ag.autocast("cpu"):
        third = weight @ weight
    assert [result[0, 0].item() for result in (first, second, third)] == [2.0, 2.0, 8.0]


def test_regions_nest_and_come_back_after_errors():
    x = ag.ones(2, 2)
    with ag.autocast("cpu"):
        with ag.autocast("cpu", enabled=False):
            assert (x @ x).dtype is ag.float32
        with pytest.raises(ZeroDivisionError), ag.autocast("cpu", dtype=ag.float16):
            assert (x @ x).dtype is ag.float16
            1 / 0  # noqa: B018
        assert (x @ x).dtype is ag.bfloat16
        assert ag.get_autocast_dtype("cpu") is ag.bfloat16
    assert not ag.is_autocast_enabled("cpu")


def test_a_region_belongs_to_its_thread():
    x, seen = ag.ones(2, 2), []
    with ag.autocast("cpu"):
        thread = threading.Thread(target=lambda: seen.append((x @ x).dtype))
        thread.start()
        thread.join()
    assert seen == [ag.float32]


def test_a_region_of_another_dtype_is_disabled_with_a_warning():
    with pytest.warns(UserWarning, match="target dtype arcgrad.float32 is not supported"):
        region = ag.autocast("cpu", dtype=ag.float32)
    with region:
        assert (ag.ones(2, 2) @ ag.ones(2, 2)).dtype is ag.float32


def test_a_custom_function_runs_backward_as_it_ran_forward():
    seen = []

    class Product(ag.autograd.Function):
        @staticmethod
        @ag.amp.custom_fwd(device_type="cpu")
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a @ b

        @staticmethod
        @ag.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            seen.append((g @ b.t()).dtype)
            return g @ b.t(), a.t() @ g

    a = ag.ones(2, 2, requires_grad=True)
    with ag.autocast("cpu"):
        result = Product.apply(a, a)
    assert result.dtype is ag.bfloat16
    result.sum().backward()
    assert seen == [ag.bfloat16]
    Product.apply(a, a).sum().backward()
    assert seen == [ag.bfloat16, ag.float32]


def test_a_custom_function_that_asks_for_a_dtype_runs_outside_of_the_region():
    seen = []

    class Doubled(ag.autograd.Function):
        @staticmethod
        @ag.amp.custom_fwd(device_type="cpu", cast_inputs=ag.float32)
        def forward(ctx, a):
            seen.append((a.dtype, (a @ a).dtype))
            return a * 2

        @staticmethod
        @ag.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            return g * 2

    with ag.autocast("cpu"):
        Doubled.apply(ag.ones(2, 2, requires_grad=True).bfloat16()).sum().backward()
    assert seen == [(ag.float32, ag.float32)]


def test_every_operation_of_the_lists_exists():
    names = {entry["name"] for entry in ag._core.registry()}
    lower, single, widest = ag._core._autograd.autocast_lists()
    assert not {*lower, *single, *widest} - names
    assert len(lower) > 10
    assert len(single) > 20


def test_a_decorated_function_runs_in_the_region():
    @ag.autocast(device_type="cpu", dtype=ag.bfloat16)
    def product(a):
        return a @ a

    assert product(ag.ones(2, 2)).dtype is ag.bfloat16
