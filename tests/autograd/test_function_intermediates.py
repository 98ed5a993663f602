"""Custom functions that save a tensor which their forward made: how it depends on the inputs is not known, so that a second
derivative through it is an error, never a wrong number."""

from __future__ import annotations

import arcgrad as ag
import pytest
from arcgrad.autograd import Function, grad
from leaves import leaf, scalar

pytestmark = pytest.mark.arcgrad_only


class Cube(Function):
    """x³, which saves x²."""

    @staticmethod
    def forward(ctx, x):
        square = x * x
        ctx.save_for_backward(square)
        return square * x

    @staticmethod
    def backward(ctx, g):
        (square,) = ctx.saved_tensors
        return g * 3 * square


class CubeOfOutput(Function):
    """The same, with the square as a further output."""

    @staticmethod
    def forward(ctx, x):
        square = x * x
        ctx.save_for_backward(x, square)
        return square * x, square

    @staticmethod
    def backward(ctx, g, g_square):
        x, square = ctx.saved_tensors
        return g * 3 * square + g_square * 2 * x


class Dropped(Function):
    """Elements by a mask that the forward draws."""

    @staticmethod
    def forward(ctx, x, declared):
        mask = ag.tensor([1.0, 0.0, 2.0], dtype=x.dtype)
        ctx.save_for_backward(mask)
        if declared:
            ctx.mark_non_differentiable(mask)
        return x * mask

    @staticmethod
    def backward(ctx, g):
        (mask,) = ctx.saved_tensors
        return g * mask, None


def test_the_first_derivative_is_as_ever():
    x = scalar(2.0)
    assert grad(Cube.apply(x), x)[0].item() == 12.0
    assert grad(Cube.apply(x), x, create_graph=True)[0].item() == 12.0
    Cube.apply(x).backward(create_graph=True)
    assert x.grad.item() == 12.0


def test_the_second_derivative_is_an_error_that_names_the_function_and_the_ways_out():
    x = scalar(2.0)
    (first,) = grad(Cube.apply(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"saved_tensors\[0\] of CubeBackward is neither an input nor an output") as error:
        grad(first, x)
    text = str(error.value)
    assert "Save the inputs" in text and "further output" in text and "mark_non_differentiable" in text
    assert "test_function_intermediates.py" in text


def test_a_penalty_on_the_gradient_is_an_error_too():
    x = leaf(1.0, 2.0)
    (first,) = grad(Cube.apply(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="made in forward"):
        first.square().sum().backward()
    assert x.grad is None


def test_what_does_not_lead_through_the_intermediate_is_right():
    x, seed = scalar(2.0), scalar(1.0)
    (first,) = grad(Cube.apply(x), x, seed, create_graph=True)
    assert grad(first, seed)[0].item() == 12.0


def test_an_output_may_be_saved():
    x = scalar(2.0)
    cube, _ = CubeOfOutput.apply(x)
    (first,) = grad(cube, x, create_graph=True)
    (second,) = grad(first, x, create_graph=True)
    (third,) = grad(second, x)
    assert (first.item(), second.item(), third.item()) == (12.0, 12.0, 6.0)


def test_a_constant_that_is_declared_may_be_saved():
    x = leaf(1.0, 2.0, 3.0)
    (first,) = grad((Dropped.apply(x, True) ** 2).sum(), x, create_graph=True)
    (second,) = grad(first.sum(), x)
    assert second.tolist() == [2.0, 0.0, 8.0]
    (first,) = grad((Dropped.apply(x, False) ** 2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="made in forward"):
        grad(first.sum(), x)


def test_integers_and_masks_may_be_saved():
    class Kept(Function):
        @staticmethod
        def forward(ctx, x):
            mask = x > 0
            ctx.save_for_backward(x, mask, mask.long())
            return x * mask * x

        @staticmethod
        def backward(ctx, g):
            x, mask, ones = ctx.saved_tensors
            return g * 2 * x * mask * ones

    x = leaf(-1.0, 2.0)
    (first,) = grad(Kept.apply(x).sum(), x, create_graph=True)
    assert grad(first.sum(), x)[0].tolist() == [0.0, 2.0]


def test_inputs_without_gradient_may_be_saved():
    class Scaled(Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.save_for_backward(x, scale)
            return x * x * scale

        @staticmethod
        def backward(ctx, g):
            x, scale = ctx.saved_tensors
            return g * 2 * x * scale, None

    x, scale = leaf(1.0, 2.0), ag.tensor([3.0, 4.0], dtype=ag.float64)
    (first,) = grad(Scaled.apply(x, scale).sum(), x, create_graph=True)
    assert grad(first.sum(), x)[0].tolist() == [6.0, 8.0]


def test_saved_tensors_outside_of_a_pass_are_plain():
    y = Cube.apply(scalar(2.0))
    (square,) = y.grad_fn.saved_tensors
    assert square.item() == 4.0 and not square.requires_grad
