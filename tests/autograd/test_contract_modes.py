"""Gradient modes: nesting, decorators, generators, coroutines, threads, anomaly mode (contract: modes)."""

import asyncio
import threading
import warnings

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


# ---- context managers --------------------------------------------------------------------------------------------


def test_grad_mode_is_on_at_first():
    assert ag.is_grad_enabled() is True and ag.is_inference_mode_enabled() is False


def test_nesting():
    with ag.no_grad():
        assert not ag.is_grad_enabled()
        with ag.enable_grad():
            assert ag.is_grad_enabled()
            with ag.no_grad():
                assert not ag.is_grad_enabled()
            assert ag.is_grad_enabled()
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()


def test_set_grad_enabled_is_a_function_and_a_context_manager():
    ag.set_grad_enabled(False)
    assert not ag.is_grad_enabled()
    ag.set_grad_enabled(True)
    with ag.set_grad_enabled(False):
        assert not ag.is_grad_enabled()
        with ag.set_grad_enabled(True):
            assert ag.is_grad_enabled()
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()


def test_set_grad_enabled_needs_a_bool():
    with pytest.raises(TypeError):
        ag.set_grad_enabled("yes")
    assert ag.is_grad_enabled()


@pytest.mark.parametrize("mode", ["no_grad", "inference_mode", "enable_grad"])
def test_modes_are_restored_after_exceptions(mode):
    with pytest.raises(ZeroDivisionError), getattr(ag, mode)():
        1 / 0
    assert ag.is_grad_enabled() and not ag.is_inference_mode_enabled()


def test_one_manager_object_may_be_entered_again():
    manager = ag.no_grad()
    for _ in range(3):
        with manager:
            assert not ag.is_grad_enabled()
        assert ag.is_grad_enabled()


def test_a_manager_entered_twice_at_once_restores_in_order():
    outer, inner = ag.no_grad(), ag.enable_grad()
    with outer, inner, ag.no_grad():
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()


def test_requires_grad_may_be_set_under_no_grad():
    with ag.no_grad():
        x = ag.ones(1, requires_grad=True)
        assert x.requires_grad and not (x * 2).requires_grad
    assert (x * 2).requires_grad


# ---- decorators --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "decorate", [lambda f: ag.no_grad()(f), lambda f: ag.no_grad(f), lambda f: ag.inference_mode()(f)]
)
def test_decorators_of_functions(decorate):
    @decorate
    def function(a, b=2):
        """Its documentation."""
        assert not ag.is_grad_enabled()
        return a + b

    assert function(1, b=5) == 6 and function.__name__ == "function" and function.__doc__ == "Its documentation."
    assert ag.is_grad_enabled()


def test_enable_grad_and_set_grad_enabled_decorate():
    @ag.enable_grad()
    def on():
        return ag.is_grad_enabled()

    @ag.set_grad_enabled(False)
    def off():
        return ag.is_grad_enabled()

    assert ag.is_grad_enabled()  # decorating alone changes nothing
    with ag.no_grad():
        assert on()
    assert not off() and ag.is_grad_enabled()


def test_decorated_methods_and_recursion():
    class Thing:
        @ag.no_grad()
        def method(self, depth):
            assert not ag.is_grad_enabled()
            if depth:
                self.method(depth - 1)
            assert not ag.is_grad_enabled()
            return self

    thing = Thing()
    assert thing.method(5) is thing and ag.is_grad_enabled()


def test_a_decorated_function_that_raises_restores_the_mode():
    @ag.no_grad()
    def fail():
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert ag.is_grad_enabled()


# ---- generators and coroutines -----------------------------------------------------------------------------------


def test_a_decorated_generator_sets_the_mode_at_each_resume():
    inside = []

    @ag.no_grad()
    def numbers():
        for i in range(3):
            inside.append(ag.is_grad_enabled())
            yield i
            inside.append(ag.is_grad_enabled())

    outside = []
    for _ in numbers():
        outside.append(ag.is_grad_enabled())
    assert inside == [False] * 6 and outside == [True] * 3 and ag.is_grad_enabled()


def test_two_decorated_generators_in_turn():
    @ag.no_grad()
    def off():
        while True:
            yield ag.is_grad_enabled()

    @ag.enable_grad()
    def on():
        while True:
            yield ag.is_grad_enabled()

    a, b = off(), on()
    assert [next(a), next(b), next(a), next(b)] == [False, True, False, True]
    with ag.no_grad():
        assert next(b) is True and not ag.is_grad_enabled()
    a.close()
    b.close()
    assert ag.is_grad_enabled()


def test_a_decorated_generator_takes_send_throw_and_close():
    log = []

    @ag.no_grad()
    def conversation():
        received = yield "first"
        log.append((received, ag.is_grad_enabled()))
        try:
            yield "second"
        except KeyError:
            log.append(("thrown", ag.is_grad_enabled()))
        try:
            yield "third"
        finally:
            log.append(("closed", ag.is_grad_enabled()))

    g = conversation()
    assert next(g) == "first" and g.send("hello") == "second" and g.throw(KeyError()) == "third"
    assert ag.is_grad_enabled()
    g.close()
    assert log == [("hello", False), ("thrown", False), ("closed", False)] and ag.is_grad_enabled()


def test_a_decorated_generator_returns_its_value():
    @ag.no_grad()
    def g():
        yield 1
        return "result"

    def outer():
        return (yield from g())

    it = outer()
    next(it)
    with pytest.raises(StopIteration) as stop:
        next(it)
    assert stop.value.value == "result"


@pytest.mark.arcgrad_only  # PyTorch restores the mode when the coroutine is made, before it runs
def test_decorated_coroutines_set_the_mode_at_each_resume():
    seen = []

    @ag.no_grad()
    async def task(name):
        for _ in range(3):
            seen.append((name, ag.is_grad_enabled()))
            await asyncio.sleep(0)

    async def plain():
        for _ in range(3):
            seen.append(("plain", ag.is_grad_enabled()))
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(task("a"), plain(), task("b"))
        return ag.is_grad_enabled()

    assert asyncio.run(main())
    assert sorted(set(seen)) == [("a", False), ("b", False), ("plain", True)]


# ---- threads -----------------------------------------------------------------------------------------------------


def in_thread(function):
    result = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    return result[0]


def test_modes_are_per_thread():
    with ag.no_grad():
        assert in_thread(ag.is_grad_enabled) is True
    with ag.inference_mode():
        assert in_thread(ag.is_inference_mode_enabled) is False

    def leave_off():
        ag.set_grad_enabled(False)
        return ag.is_grad_enabled()

    assert in_thread(leave_off) is False and ag.is_grad_enabled()


def test_modes_of_interleaved_threads():
    barrier = threading.Barrier(2, timeout=30)
    seen = {}

    def work(name, manager):
        states = []
        with manager():
            barrier.wait()
            states.append(ag.is_grad_enabled())
            barrier.wait()
        barrier.wait()
        states.append(ag.is_grad_enabled())
        seen[name] = states

    threads = [threading.Thread(target=work, args=a) for a in (("off", ag.no_grad), ("on", ag.enable_grad))]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert seen == {"off": [False, True], "on": [True, True]}


# ---- inference mode ----------------------------------------------------------------------------------------------


def test_inference_tensors():
    x = leaf(1.0, 2.0)
    with ag.inference_mode():
        assert ag.is_inference_mode_enabled() and not ag.is_grad_enabled()
        y = x * 2
        z = ag.ones(2)
        assert not x[0].is_inference()  # a view is what its base is
    assert y.is_inference() and z.is_inference() and not x.is_inference()
    assert ag.is_inference(y) and not y.requires_grad
    assert not (z + 1).is_inference()


def test_inference_mode_false_is_normal_mode():
    with ag.inference_mode(), ag.inference_mode(False):
        assert not ag.is_inference_mode_enabled()
        assert not ag.ones(1).is_inference()
    with ag.inference_mode(mode=False):
        assert not ag.is_inference_mode_enabled()


def test_inference_tensors_cannot_be_saved_for_backward():
    with ag.inference_mode():
        c = ag.ones(2, dtype=F64)
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        x * c
    assert (x + c).requires_grad  # nothing is saved here
    (x * c.clone()).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_in_place_on_inference_tensors():
    with ag.inference_mode():
        c = ag.ones(2)
        c.add_(1)
    with pytest.raises(RuntimeError, match="(?i)inplace update to inference tensor outside InferenceMode"):
        c.add_(1)
    with pytest.raises(RuntimeError, match="(?i)inference tensor"):
        c.requires_grad_()


def test_inference_tensors_have_no_version():
    with ag.inference_mode():
        c = ag.ones(2)
    with pytest.raises(RuntimeError, match="(?i)inference tensors do not track version counter"):
        c._version


# ---- anomaly mode ------------------------------------------------------------------------------------------------


class BadBackward(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g * float("nan")


def anomaly(call):
    """Runs it and returns the error's text with that of all warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError) as error:
            call()
    return str(error.value), "".join(str(w.message) for w in caught)


def test_anomaly_mode_finds_the_node_that_made_the_nan():
    x = leaf(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with ag.autograd.detect_anomaly():
            y = x.sqrt() * 0
            with pytest.raises(RuntimeError, match="SqrtBackward0' returned nan values in its 0th output"):
                y.backward()


def test_anomaly_mode_names_the_output():
    x, w = leaf(1.0), leaf(2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with ag.autograd.detect_anomaly():
            y = x * (w * 0 - 1).pow(0.5)
            with pytest.raises(RuntimeError, match="returned nan values in its 0th output"):
                y.backward()


def test_anomaly_mode_shows_the_forward_line():
    x = leaf(1.0)

    def run():
        with ag.autograd.detect_anomaly():
            y = BadBackward.apply(x)  # the forward line
            y.backward()

    error, warned = anomaly(run)
    assert "BadBackwardBackward' returned nan values in its 0th output" in error
    assert "the forward line" in error + warned


def test_without_anomaly_mode_nan_passes():
    x = leaf(1.0)
    BadBackward.apply(x).backward()
    assert x.grad.isnan().all()


def test_check_nan_false_only_keeps_lines():
    x = leaf(1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with ag.autograd.detect_anomaly(check_nan=False):
            assert ag.is_anomaly_enabled() and not ag.is_anomaly_check_nan_enabled()
            BadBackward.apply(x).backward()
    assert x.grad.isnan().all() and not ag.is_anomaly_enabled()


def test_set_detect_anomaly_is_function_and_context_manager():
    ag.autograd.set_detect_anomaly(True)
    assert ag.is_anomaly_enabled()
    ag.autograd.set_detect_anomaly(False)
    with ag.autograd.set_detect_anomaly(True):
        assert ag.is_anomaly_enabled()
        with ag.autograd.set_detect_anomaly(False):
            assert not ag.is_anomaly_enabled()
        assert ag.is_anomaly_enabled()
    assert not ag.is_anomaly_enabled()


def test_anomaly_mode_in_second_order():
    x = leaf(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with ag.autograd.detect_anomaly():
            y = x**1.5
            (g,) = ag.autograd.grad(y, x, create_graph=True)
            with pytest.raises(RuntimeError, match="returned nan values in its"):
                (g * 0).backward()


def test_an_exception_in_a_backward_under_anomaly_mode_shows_the_forward_line():
    class Fails(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("mine")

    x = leaf(1.0)

    def run():
        with ag.autograd.detect_anomaly():
            y = Fails.apply(x)  # made here
            y.backward()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(ValueError, match="mine"):
            run()
    assert any("made here" in str(w.message) for w in caught)


def test_inference_mode_records_nothing_where_grad_mode_is_on():
    x = ag.tensor([1.0], requires_grad=True)
    with ag.inference_mode(), ag.enable_grad():
        assert ag.is_grad_enabled() and ag.is_inference_mode_enabled()
        assert not (x * 2).requires_grad
    with ag.inference_mode(), ag.inference_mode(False):
        assert (x * 2).requires_grad


def test_inference_mode_lets_what_requires_a_gradient_be_resized():
    with ag.inference_mode():
        x = ag.ones(1, 2, 3, requires_grad=True)
        x.resize_(1, 2).resize_as_(ag.ones(2))
    assert x.shape == (2,) and x.requires_grad
    with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
        ag.ones(2, requires_grad=True).resize_(1)
