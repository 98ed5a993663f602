"""Results that are not there yet."""

import threading

import pytest

from arcgrad.futures import Future, collect_all, wait_all


def test_a_result_is_waited_for():
    future = Future()
    thread = threading.Timer(0.01, future.set_result, (3,))
    thread.start()
    assert future.wait() == 3 and future.done() and future.value() == 3
    thread.join()


def test_callbacks_run_in_their_order_and_what_they_return_is_a_future():
    future, seen = Future(), []
    doubled = future.then(lambda done: 2 * done.value())
    future.add_done_callback(lambda done: seen.append(done.value()))
    assert not doubled.done()
    future.set_result(4)
    assert doubled.wait() == 8 and seen == [4] and future.then(lambda done: done.wait() + 1).value() == 5


def test_exceptions_are_passed_on():
    future = Future()
    after = future.then(lambda done: done.value())
    future.set_exception(ValueError("no"))
    for each in (future, after):
        with pytest.raises(ValueError, match="no"):
            each.wait()
    with pytest.raises(RuntimeError, match="Future can only be marked completed once|marked compl"):
        future.set_result(1)
    with pytest.raises(AssertionError, match="3 is of type <class 'int'>, not an Exception"):
        Future().set_exception(3)
    with pytest.raises(RuntimeError, match="completed"):
        Future().value()


def test_all_are_waited_for():
    futures = [Future(), Future()]
    every = collect_all(futures)
    futures[1].set_result(2)
    assert not every.done()
    futures[0].set_result(1)
    assert [future.value() for future in every.wait()] == wait_all(futures) == [1, 2]
    assert collect_all([]).wait() == []
    assert Future[int] is not None
