"""A profiler: what a program spends its time and memory on, operation by operation, with the lines that call them.

>>> import arcgrad as ag
>>> from arcgrad.profiler import profile, record_function
>>> x = ag.ones(100, 100, requires_grad=True)
>>> with profile(record_shapes=True) as prof:
...     with record_function("forward"):
...         loss = (x @ x).sum()
...     loss.backward()
>>> averages = {event.key: event for event in prof.key_averages()}
>>> averages["aten::matmul"].count
1
>>> averages["aten::matmul"].cpu_memory_usage
40000
>>> print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=5))  # doctest: +SKIP

Every event knows its line: ``prof.key_averages(group_by_stack_n=1)`` tells lines apart. What the graph of a result keeps for its
backward pass is told by :func:`arcgrad.autograd.graph.memory`.
"""

from __future__ import annotations

import os
import socket
import time
from enum import Enum

from arcgrad import _absent
from arcgrad._core import _autograd
from arcgrad.autograd.profiler import kineto_available, record_function
from arcgrad.autograd.profiler_util import EventList, events_of
from arcgrad.profiler import itt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Self

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "itt",
    "kineto_available",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity(Enum):
    """What is profiled. There is the CPU; other devices can be named."""

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    HPU = 4
    PrivateUse1 = 5


class ProfilerAction(Enum):
    """What a profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


_RECORDING = ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE


def supported_activities() -> set[ProfilerActivity]:
    """What can be profiled."""
    return {ProfilerActivity.CPU}


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """A schedule for :class:`profile`: after ``skip_first`` steps, ``wait`` steps of nothing, ``warmup`` steps of that, too, and
    ``active`` steps that are recorded, ``repeat`` times (0: for ever). With ``skip_first_wait`` the first round does not wait.

    >>> from arcgrad.profiler import schedule
    >>> [schedule(wait=1, warmup=1, active=2)(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise AssertionError("Invalid profiler schedule arguments")

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        cycle, at = divmod(step, wait + warmup + active)
        if 0 < repeat <= cycle or at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if at < wait + warmup + active - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """An ``on_trace_ready`` that writes each trace into a directory, under a name of worker and time."""

    def handler(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}"
        prof.export_chrome_trace(os.path.join(dir_name, name))

    return handler


class profile:
    """Records what is run, on all threads, in a ``with`` block or between :meth:`start` and :meth:`stop`.

    Args:
        activities (iterable of ProfilerActivity, optional): the CPU is what there is.
        schedule (callable, optional): a function of the number of the step that gives a :class:`ProfilerAction`; see :func:`schedule`.
            Each step of the program then ends with :meth:`step`.
        on_trace_ready (callable, optional): called with the profiler when a recording is complete.
        record_shapes (bool): whether shapes of operands are recorded.
        profile_memory (bool): whether tables show memory.
        with_stack, with_flops, with_modules, acc_events: the line of each event is always recorded, flops and modules never.
        experimental_config, execution_trace_observer, use_cuda, custom_trace_id_callback: without meaning here.

    Raises:
        RuntimeError: another profile is under way.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
    ) -> None:
        self.activities = set(activities) if activities else supported_activities()
        if not self.activities & supported_activities():
            raise RuntimeError("No valid profiler activities found: there is the CPU, and nothing else to profile")
        self.schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.with_stack = with_stack
        self.step_num = 0
        self.current_action = self._action()
        self._step: record_function | None = None
        self._recording = False
        self._events: EventList | None = None
        self._metadata: dict[str, str] = {}

    def _action(self) -> ProfilerAction:
        return ProfilerAction.RECORD if self.schedule is None else self.schedule(self.step_num)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.stop()

    def start(self) -> None:
        """Begin with the first step."""
        self._enter_step()

    def stop(self) -> None:
        """End: what is being recorded is complete."""
        self._leave_step()
        if self._recording:
            self._complete()

    def step(self) -> None:
        """Say that the next step of the program begins."""
        self._leave_step()
        complete = self._recording and self.current_action is ProfilerAction.RECORD_AND_SAVE
        self.step_num += 1
        self.current_action = self._action()
        if complete:
            self._complete()
        self._enter_step()

    def _enter_step(self) -> None:
        wanted = self.current_action in _RECORDING
        if wanted and not self._recording:
            _autograd.start_watching(self.record_shapes)
            self._recording = True
        elif self._recording and not wanted:
            self._finish()
        if self._recording and self.schedule is not None:
            self._step = record_function(f"ProfilerStep#{self.step_num}")
            self._step.__enter__()

    def _leave_step(self) -> None:
        if self._step is not None:
            self._step.__exit__()
            self._step = None

    def _finish(self) -> None:
        self._recording = False
        self._events = events_of(_autograd.stop_watching(), self.profile_memory)

    def _complete(self) -> None:
        self._finish()
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def events(self) -> EventList:
        """The events of the last recording, in the order in which they began."""
        if self._events is None:
            raise AssertionError("Expected profiling results: nothing has been recorded, or the recording is not over")
        return self._events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """Events of one name taken together; see :meth:`arcgrad.autograd.profiler_util.EventList.key_averages`."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n)

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events to a file that ``chrome://tracing`` and Perfetto show."""
        self.events().export_chrome_trace(path)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Writes lines of the program with the time they took, for tools that draw flame graphs."""
        self.events().export_stacks(path, metric)

    def add_metadata(self, key: str, value: str) -> None:
        """Keeps a text beside the events."""
        self._metadata[key] = value

    def add_metadata_json(self, key: str, value: str) -> None:
        """Keeps a text in JSON beside the events."""
        self._metadata[key] = value


_absent.declare(__name__, "arcgrad's profiler records operations, not execution traces", "ExecutionTraceObserver")
