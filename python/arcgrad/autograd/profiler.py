"""What a program spends its time on, operation by operation: see :mod:`arcgrad.profiler`."""

from __future__ import annotations

from contextlib import ContextDecorator

from arcgrad import _names
from arcgrad._core import _autograd
from arcgrad.autograd.profiler_util import EventList, FunctionEvent, FunctionEventAvg, events_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "kineto_available", "profile", "record_function"]


class record_function(ContextDecorator):
    """A piece of the program under a name of its own, in a ``with`` block or as a decorator. Without a profile it costs nothing.

    Args:
        name (str): what the profile calls it.
        args (str, optional): shown in traces beside the name.

    Example::

        >>> import arcgrad as ag
        >>> with ag.profiler.profile() as prof:
        ...     with ag.profiler.record_function("my block"):
        ...         _ = ag.ones(2) + 1
        >>> [event.name for event in prof.events()]
        ['my block', 'aten::ones', 'aten::add']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args
        self._watched: list[Any] = []

    def _recreate_cm(self) -> record_function:
        # Each call of a decorated function is a block of its own.
        return record_function(self.name, self.args)

    def __enter__(self) -> Self:
        name = self.name if self.args is None else f"{self.name}({self.args})"
        self._watched.append(_autograd.Watched(name) if _autograd.is_watching() else None)
        return self

    def __exit__(self, *exc_info: Any) -> None:
        watched = self._watched.pop()
        if watched is not None:
            watched.end()


class profile:
    """The older form of :class:`arcgrad.profiler.profile`, as a context manager.

    Args:
        enabled (bool): whether anything is recorded.
        record_shapes (bool): whether the shapes of operands are.
        profile_memory, with_stack, with_flops, with_modules, use_kineto, use_cpu, acc_events: memory and lines are always recorded,
            flops and modules never.
        use_cuda, use_device: there are no other devices.

    Example::

        >>> import arcgrad as ag
        >>> x = ag.ones(3, requires_grad=True)
        >>> with ag.autograd.profiler.profile() as prof:
        ...     x.exp().sum().backward()
        >>> sorted(event.key for event in prof.key_averages())
        ['ExpBackward0', 'SumBackward0', 'arcgrad::AccumulateGrad', 'aten::exp', 'aten::sum']
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = True,
        use_cpu: bool = True,
        acc_events: bool = False,
        experimental_config: Any = None,
        custom_trace_id_callback: Any = None,
    ) -> None:
        self.enabled = enabled
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.with_stack = with_stack
        self.function_events: EventList | None = None
        self.entered = False

    def __enter__(self) -> Self:
        if self.enabled:
            if self.entered:
                raise RuntimeError("Profiler context manager is not reentrant")
            _autograd.start_watching(self.record_shapes)
            self.entered = True
        return self

    def __exit__(self, *exc_info: Any) -> bool:
        if self.enabled:
            self.function_events = events_of(_autograd.stop_watching(), self.profile_memory)
        return False

    def _events(self) -> EventList:
        if self.function_events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self.function_events

    def __repr__(self) -> str:
        return "<unfinished torch.autograd.profile>" if self.function_events is None else repr(self.function_events)

    def __str__(self) -> str:
        return repr(self) if self.function_events is None else str(self.function_events)

    def table(self, *args: Any, **kwargs: Any) -> str:
        """:meth:`EventList.table` of all events."""
        return self._events().table(*args, **kwargs)

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """:meth:`EventList.key_averages` of all events."""
        return self._events().key_averages(group_by_input_shape, group_by_stack_n)

    def total_average(self) -> FunctionEventAvg:
        """:meth:`EventList.total_average` of all events."""
        return self._events().total_average()

    def export_chrome_trace(self, path: str) -> None:
        """:meth:`EventList.export_chrome_trace` of all events."""
        self._events().export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds in all events."""
        return self._events().self_cpu_time_total


def kineto_available() -> bool:
    """Whether there is a profiler that can write traces: yes."""
    return True


_names.describe(__name__)
