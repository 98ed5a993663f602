"""What runs within a pass and what ends it: passes inside passes, callbacks, exceptions (contract: passes)."""

import threading
import warnings

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


# ---- errors in the middle ----------------------------------------------------------------------------------------


class Boom(Exception):
    pass


def raise_boom(*_):
    raise Boom("from the hook")


@pytest.mark.parametrize("where", ["tensor", "prehook", "posthook", "post_accumulate", "leaf"])
def test_an_exception_in_a_hook_keeps_its_traceback(where):
    x = leaf(2.0)
    y = x * x
    {
        "tensor": lambda: y.register_hook(raise_boom),
        "prehook": lambda: y.grad_fn.register_prehook(raise_boom),
        "posthook": lambda: y.grad_fn.register_hook(raise_boom),
        "post_accumulate": lambda: x.register_post_accumulate_grad_hook(raise_boom),
        "leaf": lambda: x.register_hook(raise_boom),
    }[where]()
    with pytest.raises(Boom, match="from the hook") as caught:
        (y * 1).backward()
    assert "raise_boom" in [entry.name for entry in caught.traceback]
    assert ag.is_grad_enabled()
    fresh = leaf(3.0)
    (fresh * fresh).backward()
    assert fresh.grad.item() == 6


def test_after_an_error_in_the_middle_a_retained_graph_runs_again():
    x = leaf(2.0)
    y = x * 3
    z = y.exp().log()
    handle = y.register_hook(raise_boom)
    with pytest.raises(Boom):
        z.backward(retain_graph=True)
    handle.remove()
    z.backward()
    assert x.grad.item() == pytest.approx(3)


def test_an_error_before_the_walk_changes_nothing():
    x = leaf(2.0)
    y = x.exp()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        y.backward(ag.ones(7, dtype=F64))
    y.backward()  # nothing was freed
    assert x.grad is not None


def test_keyboard_interrupt_in_a_hook_passes_through():
    x = leaf(2.0)

    def interrupt(g):
        raise KeyboardInterrupt

    y = x * 2
    y.register_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    (x * 2).backward()
    assert x.grad.item() == 2


def test_backward_in_another_thread():
    x = leaf(2.0)
    y = x * x
    thread = threading.Thread(target=y.backward)
    thread.start()
    thread.join(30)
    assert not thread.is_alive() and x.grad.item() == 4


# ---- reentrant and callbacks -------------------------------------------------------------------------------------


def reentrant(depth):
    """d/dx of 2x, by a backward inside a backward, `depth` levels down."""

    class Nested(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, level):
            ctx.level = level
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            if ctx.level > 0:
                with ag.enable_grad():
                    inner = leaf(1.0)
                    Nested.apply(inner, ctx.level - 1).sum().backward()
                assert inner.grad.item() == 2
            return g * 2, None

    x = leaf(1.0)
    Nested.apply(x, depth).backward()
    return x.grad.item()


def test_backward_inside_backward():
    assert reentrant(3) == 2


def test_reentrant_backward_to_a_depth_of_a_thousand():
    assert reentrant(1000) == 2


def nested(at_the_bottom):
    """A function whose backward runs a backward of its own, as many levels down as its second argument says."""

    class Nested(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x, level):
            ctx.level = level
            return x * 2

        @staticmethod
        def backward(ctx, g):
            if ctx.level == 0:
                at_the_bottom()
            else:
                with ag.enable_grad():
                    Nested.apply(leaf(1.0), ctx.level - 1).backward()
            return g * 2, None

    return Nested.apply


def test_modes_are_carried_into_deep_reentrant_calls():
    """Beyond some depth a fresh thread may be used; it must not show."""
    seen = []

    def look():
        seen.append((ag.is_grad_enabled(), ag.is_anomaly_enabled(), ag.is_anomaly_check_nan_enabled()))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with ag.autograd.detect_anomaly(check_nan=False):
            nested(look)(leaf(1.0), 150).backward()
    assert seen == [(False, True, False)]


def test_saved_tensors_hooks_are_carried_into_deep_reentrant_calls():
    packed = []

    def save():
        with ag.enable_grad():
            leaf(5.0).exp()

    def pack(t):
        packed.append(t.tolist())
        return t

    y = nested(save)(leaf(1.0), 150)
    with ag.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y.backward()
    assert packed == [[pytest.approx(148.41316)]]


def test_an_exception_at_the_bottom_of_a_deep_reentrant_call_comes_up():
    with pytest.raises(Boom, match="from the hook"):
        nested(raise_boom)(leaf(1.0), 150).backward()
    assert reentrant(3) == 2


@pytest.mark.arcgrad_only
def test_reentrant_backward_without_end_is_a_clear_error(run_python):
    out = run_python(
        """
        import arcgrad as ag

        class Forever(ag.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                with ag.enable_grad():
                    Forever.apply(ag.ones(1, requires_grad=True)).backward()
                return g

        try:
            Forever.apply(ag.ones(1, requires_grad=True)).backward()
        except (RuntimeError, RecursionError) as error:
            print("stopped")
        x = ag.ones(1, requires_grad=True)
        (x * 3).backward()
        print(x.grad.item())
        """,
        timeout=120,
    )
    assert out.split() == ["stopped", "3.0"]


def test_backward_in_a_hook_over_the_same_leaf():
    x = leaf(2.0)
    y = x * 3

    def hook(g):
        with ag.enable_grad():
            (x * 10).backward()

    y.register_hook(hook)
    y.backward()
    assert x.grad.item() == 13


def test_grad_mode_in_a_reentrant_backward_is_restored():
    x = leaf(2.0)
    seen = []

    def hook(g):
        with ag.enable_grad():
            (leaf(1.0) * 2).backward()
            seen.append(ag.is_grad_enabled())
        seen.append(ag.is_grad_enabled())

    y = x * 3
    y.register_hook(hook)
    y.backward()
    assert seen == [True, False]


def test_queue_callback_runs_at_the_end():
    x = leaf(2.0)
    order = []
    engine = ag.autograd.Variable._execution_engine

    def hook(g):
        engine.queue_callback(lambda: order.append(("callback", x.grad is not None)))
        order.append("hook")

    y = x * 3
    y.register_hook(hook)
    y.backward()
    assert order == ["hook", ("callback", True)]


def test_queue_callback_outside_backward_is_an_error():
    with pytest.raises(RuntimeError):
        ag.autograd.Variable._execution_engine.queue_callback(lambda: None)


def test_a_callback_that_raises_ends_the_backward():
    x = leaf(2.0)
    engine = ag.autograd.Variable._execution_engine

    def fail():
        raise KeyError("from the callback")

    y = x * 3
    y.register_hook(lambda g: engine.queue_callback(fail))
    with pytest.raises(KeyError, match="from the callback"):
        y.backward()
    assert x.grad.item() == 3
    (x * 1).backward()
    assert x.grad.item() == 4
