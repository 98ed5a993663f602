"""Batching of products, convolutions, pooling, normalisation and losses: all examples at once against one after the other.

What the registry's samples leave out as well: targets, weights and moments that differ among the examples.
"""

from __future__ import annotations

import itertools

import arcgrad as ag
import numpy as np
import pytest
from arcgrad._core import _autograd
from calls import differentiable_calls, generator

F = ag.nn.functional
SIZE = 3
NAMES = """
    matmul mm bmm mv dot vdot addmm addmv baddbmm addbmm addr linear bilinear inner outer tensordot kron
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
    max_pool1d max_pool2d avg_pool1d avg_pool3d adaptive_avg_pool2d adaptive_max_pool2d fold nn.functional.unfold
    layer_norm rms_norm batch_norm group_norm instance_norm local_response_norm interpolate scaled_dot_product_attention
    mse_loss l1_loss smooth_l1_loss huber_loss nll_loss cross_entropy binary_cross_entropy
    binary_cross_entropy_with_logits kl_div
""".split()


def parts(result):
    if isinstance(result, (tuple, list)):
        return [part for item in result for part in parts(item)]
    return [result]


def batched(function, axes, size=SIZE):
    """`function` of examples that lie along `axes` (None for what is the same for all), all of them at once."""

    def run(*args):
        level = _autograd.enter_level(size)
        try:
            examples = [
                arg if axis is None else _autograd.add_batch_dim(arg, axis, level) for arg, axis in zip(args, axes)
            ]
            return [_autograd.remove_batch_dim(result, 0, level) for result in parts(function(*examples))]
        finally:
            _autograd.exit_level(level)

    return run


def one_by_one(function, axes, size=SIZE):
    def run(*args):
        results = [
            parts(function(*(arg if axis is None else arg.select(axis, at) for arg, axis in zip(args, axes))))
            for at in range(size)
        ]
        return [ag.stack(list(result)) for result in zip(*results)]

    return run


def gradients(function):
    """Those of the sum of squares of the results, by all arguments."""

    def run(*args):
        args = [arg if arg.requires_grad else arg.detach().requires_grad_() for arg in args]
        results = [result for result in parts(function(*args)) if result.is_floating_point()]
        squares = [(result * result).sum() for result in results]
        found = ag.autograd.grad(squares, args, create_graph=True, allow_unused=True)
        return [ag.zeros_like(arg) if grad is None else grad for arg, grad in zip(args, found)]

    return run


def same(found, expected):
    assert [(tuple(a.shape), a.dtype) for a in found] == [(tuple(a.shape), a.dtype) for a in expected]
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-9)


def check(function, args, axes, differentiable=True):
    forms = [lambda f: f]
    if differentiable:
        # Gradients of a batch, of each example within one, and of the gradients.
        forms += [gradients]
        same(gradients(batched(function, axes))(*args), gradients(one_by_one(function, axes))(*args))
        same(batched(gradients(gradients(function)), axes)(*args), one_by_one(gradients(gradients(function)), axes)(*args))
    for form in forms:
        same(batched(form(function), axes)(*args), one_by_one(form(function), axes)(*args))


def subsets(count):
    return [chosen for size in range(1, count + 1) for chosen in itertools.combinations(range(count), size)]


@pytest.mark.parametrize("name", NAMES)
def test_samples(name):
    for number, (call, leaves, sample) in enumerate(differentiable_calls(name)):
        rng = generator("batches", name, number)
        for chosen in subsets(len(leaves)):
            axes, args = [], []
            for at, leaf in enumerate(leaf.detach() for leaf in leaves):
                if at not in chosen:
                    axes.append(None)
                    args.append(leaf)
                    continue
                # The examples along the first axis, or behind all others.
                axes.append(leaf.dim() if at % 2 else 0)
                args.append(ag.stack([leaf * float(rng.uniform(0.6, 1.1)) for _ in range(SIZE)], axes[-1]))
            try:
                check(call, args, axes)
            except Exception as error:
                raise AssertionError(f"{name}{sample}, batched along {axes}: {type(error).__name__}: {error}") from error


def draw(*shape):
    return ag.from_numpy(generator("batch", shape).uniform(0.2, 1.5, shape))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("loss", [F.nll_loss, F.cross_entropy])
@pytest.mark.parametrize(
    "logits, classes", [((3,), ()), ((4, 3), (4,)), ((2, 3, 2), (2, 2)), ((2, 3, 2, 2), (2, 2, 2))]
)
def test_losses_of_classes_that_differ_among_the_examples(loss, reduction, logits, classes):
    rng = generator("classes", logits)
    same_for_all = ag.from_numpy(np.asarray(rng.randint(0, 3, classes)))
    own = ag.from_numpy(rng.randint(0, 3, (SIZE, *classes)))
    x, xs = draw(*logits), draw(SIZE, *logits)
    weight, weights = draw(3), draw(SIZE, 3)
    for ignore in (-100, 1):
        for input, target, scale in itertools.product(((x, None), (xs, 0)), ((same_for_all, None), (own, 0)), range(3)):
            if (input[1], target[1]) == (None, None) and scale < 2:
                continue
            given = [(None, None), (weight, None), (weights, 0)][scale]

            def call(x, t, w, ignore=ignore):
                return loss(x, t, w, ignore_index=ignore, reduction=reduction)

            args, axes = zip(input, target, given)
            if given[0] is None:

                def call(x, t, ignore=ignore):
                    return loss(x, t, ignore_index=ignore, reduction=reduction)

                args, axes = args[:2], axes[:2]
            same(batched(call, axes)(*args), one_by_one(call, axes)(*args))
            if input[1] is not None:
                # The gradient within: of each example's logits.
                def slope(x, *rest, call=call):
                    x = x.detach().requires_grad_()
                    return ag.autograd.grad(call(x, *rest).sum(), x)

                found, expected = batched(slope, axes)(*args), one_by_one(slope, axes)(*args)
                # Nothing counts where all are ignored: the gradient is 0, whatever the mean is.
                same(found, expected)


def test_moments_may_differ_among_the_examples():
    x, mean, variance = draw(SIZE, 4, 2, 3), draw(SIZE, 2), draw(SIZE, 2)

    def call(x, mean, variance):
        return F.batch_norm(x, mean, variance)

    for axes in ((0, 0, 0), (0, None, 0), (None, 0, None)):
        args = [arg if axis == 0 else arg[0] for arg, axis in zip((x, mean, variance), axes)]
        same(batched(call, axes)(*args), one_by_one(call, axes)(*args))


def test_running_moments_of_each_example_follow():
    x, mean, variance = draw(SIZE, 4, 2), draw(SIZE, 2), draw(SIZE, 2)
    expected = [moments.clone() for moments in (mean, variance)]
    for at in range(SIZE):
        F.batch_norm(x[at], expected[0][at], expected[1][at], training=True)
    batched(lambda x, m, v: F.batch_norm(x, m, v, training=True), (0, 0, 0))(x, mean, variance)
    same([mean, variance], expected)


def test_probabilities_of_a_batch_are_checked():
    x = ag.tensor([[0.5, 0.2], [0.1, 1.5], [0.3, 0.4]], dtype=ag.float64)
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        batched(lambda x: F.binary_cross_entropy(x, ag.ones(2, dtype=ag.float64)), (0,))(x)


def test_bytes_of_a_batch_are_interpolated():
    x = ag.from_numpy(generator("bytes").randint(0, 255, (SIZE, 1, 2, 3, 4)).astype("uint8"))

    def call(x):
        return F.interpolate(x, (5, 6), mode="bilinear")

    same(batched(call, (0,))(x), one_by_one(call, (0,))(x))


def test_shapes_that_do_not_fit_are_those_of_an_example():
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)"):
        batched(ag.mm, (0, None))(draw(SIZE, 2, 3), draw(2, 3))


def test_batches_in_batches():
    a, b, c = draw(2, SIZE, 4, 5), draw(SIZE, 5, 2), draw(2)
    inner = batched(lambda a, b, c: F.linear(a, b.t(), c), (0, 0, None))
    found = batched(lambda a, b, c: inner(a, b, c), (0, None, None), 2)(a, b, c)
    same(found, [a @ b + c])
