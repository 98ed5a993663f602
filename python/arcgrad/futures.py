"""Results that are not there yet: set by one thread, waited for by others.

    >>> from arcgrad.futures import Future
    >>> future = Future()
    >>> doubled = future.then(lambda done: 2 * done.value())
    >>> future.set_result(21)
    >>> doubled.wait()
    42
"""

from __future__ import annotations

import logging
import threading
from typing import Generic, TypeVar

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Future", "collect_all", "wait_all"]

T = TypeVar("T")
S = TypeVar("S")


class Future(Generic[T]):
    """A result that somebody sets once, or the exception in its place.

    Args:
        devices: the devices on which the result is computed; there are none but the CPU, which needs no waiting for.
    """

    def __init__(self, *, devices: list[Any] | None = None) -> None:
        self._changed = threading.Condition()
        self._done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Future[T]], None]] = []

    def done(self) -> bool:
        """Whether there is a result, or an exception."""
        return self._done

    def wait(self) -> T:
        """Blocks until there is a result, and returns it.

        Raises:
            Exception: the one that was set instead of a result.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._done)
        return self._outcome()

    def value(self) -> T:
        """The result, which has to be there.

        Raises:
            RuntimeError: there is none yet.
            Exception: the one that was set instead of a result.
        """
        if not self._done:
            raise RuntimeError("Future.value: the future is not completed: wait() waits for it")
        return self._outcome()

    def _outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._value

    def then(self, callback: Callable[[Future[T]], S]) -> Future[S]:
        """A future of what a function returns that is called with this one as soon as it is done; what it raises is that
        future's exception."""
        following: Future[S] = Future()

        def run(done: Future[T]) -> None:
            try:
                value = callback(done)
            except Exception as error:
                following.set_exception(error)
            else:
                following.set_result(value)

        self._when_done(run)
        return following

    def add_done_callback(self, callback: Callable[[Future[T]], None]) -> None:
        """Calls a function with this future as soon as it is done. What it raises is logged and goes nowhere else."""

        def run(done: Future[T]) -> None:
            try:
                callback(done)
            except Exception:
                logging.getLogger(__name__).exception("A callback of a future raised")

        self._when_done(run)

    def _when_done(self, run: Callable[[Future[T]], None]) -> None:
        with self._changed:
            if not self._done:
                self._callbacks.append(run)
                return
        run(self)

    def _complete(self, value: Any, error: BaseException | None) -> None:
        with self._changed:
            if self._done:
                raise RuntimeError("Future can only be marked completed once: it has a result or an exception already")
            self._value, self._error, self._done = value, error, True
            callbacks, self._callbacks = self._callbacks, []
            self._changed.notify_all()
        for run in callbacks:
            run(self)

    def set_result(self, result: T) -> None:
        """Sets the result; who waits goes on, and callbacks run, in the order in which they were added.

        Raises:
            RuntimeError: there is a result or an exception already.
        """
        self._complete(result, None)

    def set_exception(self, result: BaseException) -> None:
        """Sets the exception that :meth:`wait` and :meth:`value` raise.

        Raises:
            AssertionError: it is none.
        """
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._complete(None, result)

    def __getstate__(self) -> Any:
        raise RuntimeError("Can not pickle arcgrad.futures.Future")


def collect_all(futures: list[Future[Any]]) -> Future[list[Future[Any]]]:
    """A future of the list of all futures, done when all of them are. The first exception among them is its own.

    >>> a, b = Future(), Future()
    >>> both = collect_all([a, b])
    >>> a.set_result(1); b.set_result(2)
    >>> [future.value() for future in both.wait()]
    [1, 2]
    """
    every: Future[list[Future[Any]]] = Future()
    left = len(futures)
    lock = threading.Lock()

    def count(_: Future[Any]) -> None:
        nonlocal left
        with lock:
            left -= 1
            last = left == 0
        if last:
            error = next((future._error for future in futures if future._error is not None), None)
            every._complete(futures, error)

    if not futures:
        every.set_result(futures)
    for future in futures:
        future._when_done(count)
    return every


def wait_all(futures: list[Future[T]]) -> list[T]:
    """Waits for all futures; their results.

    Raises:
        Exception: the first one among them that was set instead of a result.
    """
    return [future.wait() for future in collect_all(futures).wait()]


_names.describe(__name__)
