"""Timing a statement."""

from __future__ import annotations

import contextlib
import timeit
from time import perf_counter

import arcgrad
from arcgrad import _names
from arcgrad.utils.benchmark.measurement import Measurement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["Timer"]


class Timer:
    """Times a statement on a given number of threads. Each way to measure runs it once before, so that nothing is done for the first
    time while the clock runs.

    Args:
        stmt (str): the statement.
        setup (str): runs once before each measurement.
        timer (callable): the clock, in seconds.
        globals (dict): names that the statement uses.
        label, sub_label, description, env (str): for tables; see :class:`Compare`.
        num_threads (int): threads of an operation while it is timed.

    >>> import arcgrad as ag
    >>> from arcgrad.utils.benchmark import Timer
    >>> measured = Timer("x + x", globals={"x": ag.ones(8)}).timeit(100)
    >>> measured.number_per_run, measured.mean > 0
    (100, True)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = perf_counter,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: str = "python",
    ) -> None:
        if str(getattr(language, "name", language)).lower() not in ("python", "py"):
            raise NotImplementedError(f"Timer times statements in Python, not in {language}")
        if global_setup:
            raise ValueError("global_setup is for statements in C++")
        names = dict(globals or {})
        names.setdefault("arcgrad", arcgrad)
        names.setdefault("torch", arcgrad)
        self._timer = timeit.Timer(stmt, setup, timer, names)
        self._about = {
            "stmt": stmt,
            "label": label,
            "sub_label": sub_label,
            "description": description,
            "env": env,
            "num_threads": num_threads,
        }
        self._num_threads = num_threads

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """The time of ``number`` runs."""
        with self._threads():
            self._timer.timeit(max(number // 100, 1))
            return self._measurement(number, [self._timer.timeit(number)])

    def blocked_autorange(self, callback: Any = None, min_run_time: float = 0.2) -> Measurement:
        """Times of blocks of runs, each long enough to be measured, for at least ``min_run_time`` seconds.

        Args:
            callback (callable): called with the number of runs and the time of each block.
            min_run_time (float): seconds for all blocks together.
        """
        with self._threads():
            number = self._block(min_run_time)
            times: list[float] = []
            while sum(times) < min_run_time:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
            return self._measurement(number, times)

    def adaptive_autorange(
        self, threshold: float = 0.1, *, min_run_time: float = 0.01, max_run_time: float = 10.0, callback: Any = None
    ) -> Measurement:
        """As :meth:`blocked_autorange`, until the quartiles are within ``threshold`` of the median, for at most ``max_run_time`` seconds."""
        with self._threads():
            number = self._block(min_run_time)
            times: list[float] = []
            while True:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
                measured = self._measurement(number, times)
                steady = len(times) >= 4 and measured.iqr <= threshold * measured.median
                if sum(times) >= max_run_time or sum(times) >= min_run_time and steady:
                    return measured

    def _block(self, min_run_time):
        """How many runs take a thousandth of the whole, or enough to be measured at all."""
        number, least = 1, max(min_run_time / 1000, 1e-6)
        while (time := self._timer.timeit(number)) < least:
            number *= max(2, min(10, round(least / max(time, 1e-9))))
        return number

    @contextlib.contextmanager
    def _threads(self) -> Iterator[None]:
        before = arcgrad.get_num_threads()
        arcgrad.set_num_threads(self._num_threads)
        try:
            yield
        finally:
            arcgrad.set_num_threads(before)

    def _measurement(self, number, times):
        return Measurement(number, times, **self._about)


_names.describe(__name__)
