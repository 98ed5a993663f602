"""Checkpoints: gradients and random numbers as without them, what is kept, what is refused."""

import contextlib

import arcgrad as ag
import pytest
from arcgrad.utils import checkpoint as module
from arcgrad.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

KINDS = pytest.mark.parametrize("use_reentrant", [True, False])


def layers(seed=0):
    ag.manual_seed(seed)
    return ag.nn.Sequential(ag.nn.Linear(3, 5), ag.nn.Tanh(), ag.nn.Linear(5, 2))


@KINDS
def test_gradients_are_those_without_it(use_reentrant):
    model, x = layers(), ag.randn(4, 3, requires_grad=True)
    expected = ag.autograd.grad(model(x).square().sum(), [x, *model.parameters()])
    checkpoint(model, x, use_reentrant=use_reentrant).square().sum().backward()
    for one, value in zip(expected, [x, *model.parameters()]):
        assert ag.allclose(one, value.grad, atol=1e-6)


@KINDS
def test_random_numbers_are_drawn_again_and_the_program_goes_on_behind_them(use_reentrant):
    x = ag.ones(100, requires_grad=True)
    ag.manual_seed(3)
    y = checkpoint(lambda x: ag.nn.functional.dropout(x, 0.5), x, use_reentrant=use_reentrant)
    after = ag.get_rng_state()
    y.sum().backward()
    assert x.grad.tolist() == y.tolist() and ag.get_rng_state().tolist() == after.tolist()


def test_the_function_runs_again_in_backward():
    runs = []

    def function(x):
        runs.append(1)
        return x.exp().sin().exp()

    x = ag.ones(3, requires_grad=True)
    y = checkpoint(function, x, use_reentrant=False)
    assert len(runs) == 1
    y.sum().backward()
    assert len(runs) == 2


def test_it_stops_as_soon_as_everything_is_there():
    reached = []

    def function(x):
        y = x.sin().cos()
        reached.append(1)
        return y.clone()

    x = ag.ones(3, requires_grad=True)
    checkpoint(function, x, use_reentrant=False).sum().backward()
    assert len(reached) == 1
    with module.set_checkpoint_early_stop(False):
        y = checkpoint(function, x, use_reentrant=False)
    y.sum().backward()
    assert len(reached) == 3
    checkpoint(function, x, use_reentrant=False, early_stop=False).sum().backward()
    assert len(reached) == 5


@pytest.mark.parametrize("early_stop", [True, False])
def test_checkpoints_within_checkpoints(early_stop):
    def inner(x):
        return x.sin().exp().sin()

    def middle(x):
        return checkpoint(inner, checkpoint(inner, x, use_reentrant=False), use_reentrant=False)

    x = ag.tensor([0.3, 0.7], dtype=ag.float64, requires_grad=True)
    with module.set_checkpoint_early_stop(early_stop):
        y = checkpoint(middle, x, use_reentrant=False)
    (found,) = ag.autograd.grad(y.sum(), x)
    (expected,) = ag.autograd.grad(inner(inner(x)).sum(), x)
    assert ag.allclose(found, expected)


def test_containers_keywords_and_constants():
    x = ag.ones(2, requires_grad=True)
    out = checkpoint(lambda pair, *, factor: {"y": pair[0] * factor, "n": 3}, [x], factor=2.0, use_reentrant=False)
    out["y"].sum().backward()
    assert out["n"] == 3 and x.grad.tolist() == [2.0, 2.0]


def test_second_derivatives():
    x = ag.tensor([0.3], dtype=ag.float64, requires_grad=True)
    y = checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False)
    (first,) = ag.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), x)
    s, c = x.sin(), x.cos()
    assert second.item() == pytest.approx((s.exp() * (c * c - s)).item())


def test_a_saved_value_can_be_looked_at_outside_of_a_pass():
    runs = []
    x = ag.ones(2, requires_grad=True)
    y = checkpoint(lambda x: (runs.append(1), x.exp())[1], x, use_reentrant=False)
    assert y.grad_fn._saved_result.tolist() == y.tolist() and len(runs) == 2
    assert y.grad_fn._saved_result.tolist() == y.tolist() and len(runs) == 3


def test_nothing_is_kept_where_nothing_is_recorded():
    with ag.no_grad():
        assert not checkpoint(lambda x: x * 2, ag.ones(1, requires_grad=True), use_reentrant=False).requires_grad


def test_context_managers_around_both_runs():
    log = []

    @contextlib.contextmanager
    def noting(text):
        log.append(text)
        yield

    x = ag.ones(1, requires_grad=True)
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False, context_fn=lambda: (noting("first"), noting("again")))
    assert log == ["first"]
    y.sum().backward()
    assert log == ["first", "again"]


class Changing:
    """A function that computes something else each time."""

    def __init__(self, *functions):
        self.functions = list(functions)

    def __call__(self, x):
        return self.functions.pop(0)(x)


def two(x):
    return x.sin().exp()


def three(x):
    return x.sin().exp().sin()


def test_fewer_values_than_at_first_are_refused():
    x = ag.ones(1, requires_grad=True)
    y = checkpoint(Changing(three, two), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match="A different number of tensors was saved"):
        y.backward()


def test_more_values_than_at_first_are_refused():
    x = ag.ones(1, requires_grad=True)
    y = checkpoint(Changing(two, three), x, use_reentrant=False, early_stop=False)
    with pytest.raises(CheckpointError, match="trying to save more tensors during recomputation"):
        y.backward()


def test_other_shapes_are_refused_and_debug_shows_the_lines():
    x = ag.ones(1, requires_grad=True)
    other = lambda x: x.sin() * ag.ones(2)
    with pytest.raises(CheckpointError, match="tensors have different metadata"):
        checkpoint(Changing(two, other), x, use_reentrant=False).sum().backward()
    with pytest.raises(CheckpointError, match="debug=True") as error:
        checkpoint(Changing(two, other), x, use_reentrant=False, debug=True).sum().backward()
    assert __file__ in str(error.value)
    checkpoint(Changing(two, two), x, use_reentrant=False, determinism_check="none").sum().backward()


def test_values_are_given_out_once():
    class Twice(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            ctx.saved_tensors
            with pytest.raises(RuntimeError, match="Unpack is being triggered for a tensor that was already unpacked once"):
                ctx.saved_tensors
            return grad * 2

    x = ag.ones(1, requires_grad=True)
    checkpoint(lambda x: Twice.apply(x * 1), x, use_reentrant=False).backward()


def test_the_reentrant_kind_is_for_whole_passes():
    x = ag.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="checkpoint is incompatible"):
        ag.autograd.grad(checkpoint(ag.exp, x, use_reentrant=True).sum(), x)
    checkpoint(ag.exp, x, use_reentrant=True).sum().backward()
    assert x.grad is not None


def test_the_reentrant_kind_warns_where_nothing_requires_a_gradient():
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        checkpoint(ag.exp, ag.ones(1), use_reentrant=True)


def test_the_kind_has_to_be_said():
    x = ag.ones(1, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(ag.exp, x)


@pytest.mark.parametrize("keywords", [{"debug": True}, {"context_fn": lambda: None}, {"factor": 1}])
def test_what_the_reentrant_kind_cannot_do_is_refused(keywords):
    with pytest.raises(ValueError):
        checkpoint(ag.exp, ag.ones(1, requires_grad=True), use_reentrant=True, **keywords)


def test_an_unknown_check_is_refused():
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(ag.exp, ag.ones(1), use_reentrant=False, determinism_check="strict")


@KINDS
@pytest.mark.parametrize("segments", [1, 2, 3])
def test_a_sequence_in_parts(use_reentrant, segments):
    model, x = layers(), ag.randn(4, 3, requires_grad=True)
    expected = ag.autograd.grad(model(x).sum(), [x, *model.parameters()])
    checkpoint_sequential(model, segments, x, use_reentrant=use_reentrant).sum().backward()
    for one, value in zip(expected, [x, *model.parameters()]):
        assert ag.allclose(one, value.grad, atol=1e-6)


def test_hooks_on_saved_tensors_see_the_arguments():
    seen = []
    x = ag.ones(2, requires_grad=True)
    with ag.autograd.graph.saved_tensors_hooks(lambda t: (seen.append(t.shape), t)[1], lambda t: t):
        h = x * 1.0
        y = checkpoint(lambda h: h.exp().exp(), h, use_reentrant=False)
    y.sum().backward()
    assert seen == [h.shape] and x.grad is not None


@KINDS
@pytest.mark.parametrize("enabled", [True, False])
def test_it_is_computed_again_in_the_precision_of_its_region(use_reentrant, enabled):
    dtypes = []

    def function(x, y):
        z = x @ y
        dtypes.append(z.dtype)
        return z @ z

    x, y = ag.randn(3, 3, requires_grad=True), ag.randn(3, 3, requires_grad=True)
    with ag.autocast("cpu", dtype=ag.bfloat16, enabled=enabled):
        result = checkpoint(function, x, y, use_reentrant=use_reentrant).sum()
    result.backward()
    assert dtypes == [ag.bfloat16 if enabled else ag.float32] * 2 and not ag.is_autocast_enabled("cpu")


def test_what_needs_no_gradient_comes_back_as_itself():
    seen = []

    class Keeps(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(y)
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            seen.extend(ctx.saved_tensors)
            return grad, None

    x, y = ag.ones(2, requires_grad=True), ag.ones(2)
    y.note = "mine"
    checkpoint(Keeps.apply, x, y, use_reentrant=False).sum().backward()
    with ag.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):
        result = Keeps.apply(x, y)
    result.sum().backward()
    assert seen[0] is y and seen[1] is y
