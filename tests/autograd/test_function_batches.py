"""Custom functions under vmap: their own rule, one made of forward and backward, and what is refused."""

import pytest

import arcgrad as ag
from arcgrad.func import grad, jacfwd, jacrev, jvp, vjp, vmap


class Scaled(ag.autograd.Function):
    """``x * scale``, whose gradient is ten times too great, so that it is told from that of its operations."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x, scale):
        return x * scale

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, g):
        x, scale = ctx.saved_tensors
        return g * scale * 10, (g * x * 10).sum_to_size(scale.shape)

    @staticmethod
    def jvp(ctx, x_t, scale_t):
        x, scale = ctx.saved_tensors
        return 10 * (x_t * scale + x * scale_t)


class Ruled(Scaled):
    """The same by a rule of its own."""

    generate_vmap_rule = False

    @staticmethod
    def vmap(info, in_dims, x, scale):
        x_dim, scale_dim = in_dims
        x = x.expand(info.batch_size, *x.shape) if x_dim is None else x.movedim(x_dim, 0)
        scale = scale.expand(info.batch_size, *scale.shape) if scale_dim is None else scale.movedim(scale_dim, 0)
        while scale.ndim < x.ndim:
            scale = scale.unsqueeze(-1)
        return Ruled.apply(x, scale), 0


BOTH = pytest.mark.parametrize("function", [Scaled, Ruled])


@BOTH
@pytest.mark.parametrize("in_dims", [(0, 0), (1, 0), (0, None), (None, 0)])
def test_values_are_those_of_a_loop(function, in_dims):
    x = ag.randn(3) if in_dims[0] is None else ag.randn(4, 3).movedim(0, in_dims[0])
    scale = ag.tensor(2.0) if in_dims[1] is None else ag.randn(4)
    rows = [x] * 4 if in_dims[0] is None else x.unbind(in_dims[0])
    scales = [scale] * 4 if in_dims[1] is None else scale.unbind()
    found = vmap(function.apply, in_dims)(x, scale)
    assert ag.allclose(found, ag.stack([row * each for row, each in zip(rows, scales)]))


@BOTH
def test_gradients_of_a_batch_are_the_functions_own(function):
    x, scale = ag.randn(4, 3), ag.randn(4)
    total = lambda x, scale: vmap(function.apply)(x, scale).sum()
    found = grad(total, (0, 1))(x, scale)
    assert ag.allclose(found[0], (10 * scale)[:, None].expand(4, 3))
    assert ag.allclose(found[1], 10 * x.sum(1))


@BOTH
def test_gradients_of_examples_are_the_functions_own(function):
    x, scale = ag.randn(4, 3), ag.randn(4)
    found = vmap(grad(lambda x, scale: function.apply(x, scale).sum(), (0, 1)))(x, scale)
    assert ag.allclose(found[0], (10 * scale)[:, None].expand(4, 3))
    assert ag.allclose(found[1], 10 * x.sum(1))


def test_what_is_the_same_for_all_gets_the_sum_over_the_examples():
    x, scale = ag.randn(4, 3), ag.tensor(2.0, requires_grad=True)
    vmap(Scaled.apply, (0, None))(x, scale).sum().backward()
    assert ag.allclose(scale.grad, 10 * x.sum())


@BOTH
def test_tangents_are_the_functions_own(function):
    x, scale, x_t = ag.randn(4, 3), ag.randn(4), ag.randn(4, 3)
    zeros = ag.zeros(4)
    _, inside = vmap(lambda x, scale, t, z: jvp(function.apply, (x, scale), (t, z)))(x, scale, x_t, zeros)
    _, outside = jvp(vmap(function.apply), (x, scale), (x_t, zeros))
    for found in (inside, outside):
        assert ag.allclose(found, 10 * x_t * scale[:, None])


@BOTH
def test_jacobians_run_it_over_batches(function):
    x, scale = ag.randn(3), ag.tensor(2.0)
    for jacobian in (jacrev, jacfwd):
        assert ag.allclose(jacobian(function.apply)(x, scale), 20 * ag.eye(3))


def test_batches_nest():
    x, scale = ag.randn(2, 4, 3), ag.randn(2, 4)
    for function in (Scaled, Ruled):
        assert ag.allclose(vmap(vmap(function.apply))(x, scale), x * scale[..., None])


def test_the_rule_is_told_of_the_batch():
    seen = []

    class Same(ag.autograd.Function):
        @staticmethod
        def forward(x, others):
            return x

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x, others):
            seen.append((info.batch_size, info.randomness, in_dims))
            return (x, others[0]), (in_dims[0], None)

    x = ag.randn(5, 2)
    first, second = vmap(lambda x: Same.apply(x, [x, ag.ones(3)]), in_dims=0, randomness="same")(x)
    assert seen == [(5, "same", (0, [0, None]))]
    assert ag.equal(first, x) and second.shape == (5, 5, 2)


def _function(**members):
    methods = {
        "forward": staticmethod(lambda x: x),
        "setup_context": staticmethod(lambda ctx, inputs, output: None),
    } | members
    return type("Odd", (ag.autograd.Function,), methods)


@pytest.mark.parametrize(
    "members, message",
    [
        ({}, "does not have vmap support"),
        ({"generate_vmap_rule": True, "vmap": staticmethod(lambda info, dims, x: (x, 0))}, "generate_vmap_rule=True and"),
        ({"vmap": staticmethod(lambda info, dims, x: x)}, "to have two returns"),
        ({"vmap": staticmethod(lambda info, dims, x: (x, (None,)))}, "returned an incompatible"),
    ],
)
def test_rules_that_cannot_be_are_refused(members, message):
    with pytest.raises(RuntimeError, match=message):
        vmap(_function(**members).apply)(ag.randn(3, 2))


def test_a_forward_with_a_ctx_is_refused():
    class Old(ag.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(ctx, x):
            return x

    with pytest.raises(RuntimeError, match="must override the setup_context"):
        vmap(Old.apply)(ag.randn(3))


def test_what_has_no_examples_runs_once():
    calls = []

    class Once(ag.autograd.Function):
        @staticmethod
        def forward(x):
            calls.append(x)
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    assert vmap(lambda x: x + Once.apply(ag.ones(2)))(ag.zeros(3, 2)).tolist() == [[2.0, 2.0]] * 3
    assert len(calls) == 1


def test_a_rule_may_open_batches_of_its_own():
    class Sums(ag.autograd.Function):
        @staticmethod
        def forward(x):
            return x.sum(-1)

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x):
            return vmap(ag.sum, in_dims[0])(x), 0

    x = ag.randn(3, 4)
    assert ag.allclose(vmap(Sums.apply, 1)(x), x.sum(0))


def test_an_example_shows_all_of_its_batch():
    texts = []
    vmap(vmap(lambda x: texts.append(repr(x)) or x))(ag.tensor([[1.0, 2.0]]))
    flat = texts[0].replace("\n", "").replace("  ", "")
    assert flat == "BatchedTensor(lvl=2, bdim=0, value=BatchedTensor(lvl=1, bdim=0, value=tensor([[1., 2.]])))"


def test_an_example_outside_of_its_function_is_refused_by_name():
    kept = []
    vmap(lambda x: kept.append(x) or x * 2)(ag.ones(3))
    with pytest.raises(RuntimeError, match="may have escaped from inside a function being vmapped"):
        kept[0].sin()


def test_vjp_of_a_batch_of_a_function():
    x, scale = ag.randn(4, 3), ag.randn(4)
    _, pull = vjp(vmap(Scaled.apply), x, scale)
    (of_x, of_scale) = pull(ag.ones(4, 3))
    assert ag.allclose(of_x, (10 * scale)[:, None].expand(4, 3)) and ag.allclose(of_scale, 10 * x.sum(1))
