"""Events of a profile, their averages and tables of them."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from itertools import count

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "Interval"]

_OP, _NODE, _BLOCK = range(3)
_CATEGORIES = "cpu_op", "autograd", "user_annotation"


class Interval:
    """When something began and was over, in microseconds.

    >>> from arcgrad.autograd.profiler_util import Interval
    >>> Interval(1.0, 3.5).elapsed_us()
    2.5
    """

    def __init__(self, start: float, end: float) -> None:
        self.start = start
        self.end = end

    def elapsed_us(self) -> float:
        """How long it took."""
        return self.end - self.start


def _format_time(time_us: float) -> str:
    if time_us >= 1e6:
        return f"{time_us / 1e6:.3f}s"
    if time_us >= 1e3:
        return f"{time_us / 1e3:.3f}ms"
    return f"{time_us:.3f}us"


def _share(part, whole):
    return f"{part * 100 / whole if whole else 0:.2f}%"


def _memory(amount):
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if abs(amount) >= size:
            return f"{amount / size:.2f} {unit}"
    return f"{amount} B"


class _Measured:
    """What events and averages of events tell. There is one device, the CPU: what is asked of others is 0."""

    count: int
    cpu_time_total: float
    self_cpu_time_total: float
    device_time_total = self_device_time_total = device_time = 0.0
    cuda_time_total = self_cuda_time_total = cuda_time = 0.0
    device_memory_usage = self_device_memory_usage = cuda_memory_usage = self_cuda_memory_usage = flops = 0
    is_async = is_remote = is_legacy = False

    @property
    def cpu_time(self) -> float:
        """Microseconds of one call, what it calls included."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def cpu_time_str(self) -> str:
        """:attr:`cpu_time` to be read."""
        return _format_time(self.cpu_time)

    @property
    def cpu_time_total_str(self) -> str:
        """:attr:`cpu_time_total` to be read."""
        return _format_time(self.cpu_time_total)

    @property
    def self_cpu_time_total_str(self) -> str:
        """:attr:`self_cpu_time_total` to be read."""
        return _format_time(self.self_cpu_time_total)


class FunctionEvent(_Measured):
    """One call of an operation, one node of a backward pass, or one run of a named block.

    Attributes:
        name (str): ``aten::mm``, ``MmBackward0``, or the block's name.
        time_range (Interval): when.
        thread (int): on which thread.
        input_shapes (list): of the operands, if they were recorded.
        line (tuple): file, number and text of the line that called it; of a node, the line of its forward call. ``None`` if unknown.
        stack (list of str): the same as text.
        cpu_parent (FunctionEvent): the event that it is a part of.
        cpu_children (list): the events that are parts of it.
        cpu_memory_usage (int): bytes by which the memory in tensors grew meanwhile.
    """

    def __init__(
        self,
        id: int,
        name: str,
        thread: int,
        start_us: float,
        end_us: float,
        *,
        input_shapes: Iterable[Iterable[int]] = (),
        cpu_memory_usage: int = 0,
        node_id: int = -1,
        trace_name: str | None = None,
        is_user_annotation: bool = False,
    ) -> None:
        self.id, self.node_id = id, node_id
        self.name = self.key = name
        self.trace_name = name if trace_name is None else trace_name
        self.thread = thread
        self.time_range = Interval(start_us, end_us)
        self.input_shapes = [list(shape) for shape in input_shapes]
        self.cpu_memory_usage = cpu_memory_usage
        self.is_user_annotation = is_user_annotation
        self._kind = _BLOCK if is_user_annotation else _OP
        self.line: tuple[str, int, str | None] | None = None
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_children: list[FunctionEvent] = []
        self.count = 1

    @classmethod
    def _of(cls, id: int, entry: tuple[Any, ...]) -> FunctionEvent:
        """What the core has noted."""
        name, kind, start, end, memory, thread, line, shapes = entry
        name = f"aten::{name}" if kind == _OP else name
        event = cls(id, name, thread, start / 1e3, end / 1e3, input_shapes=shapes, cpu_memory_usage=memory, node_id=id)
        event._kind, event.line, event.is_user_annotation = kind, line, kind == _BLOCK
        return event

    @property
    def stack(self) -> list[str]:
        """The line that called it, as a list of at most one text."""
        if self.line is None:
            return []
        file, number, text = self.line
        return [f"{file}({number}): {(text or '').strip()}".rstrip(": ")]

    @property
    def cpu_time_total(self) -> float:
        """Microseconds from begin to end."""
        return self.time_range.elapsed_us()

    @property
    def self_cpu_time_total(self) -> float:
        """The same without the events that are parts of it."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        """Bytes without those of the events that are parts of it."""
        return self.cpu_memory_usage - sum(child.cpu_memory_usage for child in self.cpu_children)

    def __repr__(self) -> str:
        return (
            f"<FunctionEvent id={self.id} name={self.name} cpu_time={self.cpu_time_str} thread={self.thread} "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage}>"
        )


class FunctionEventAvg(_Measured):
    """Events of one name (and of the same shapes or line, where asked for) taken together.

    Attributes:
        key (str): their name; ``None`` until there is one.
        count (int): how many.
        cpu_time_total, self_cpu_time_total (float): microseconds in all of them, with and without what they consist of.
        cpu_memory_usage, self_cpu_memory_usage (int): bytes.
        input_shapes, stack: what they were grouped by, else empty.
    """

    def __init__(self, key: str | None = None, input_shapes: Any = "", stack: Any = ()) -> None:
        self.key = key
        self.input_shapes = input_shapes
        self.stack = list(stack)
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = self.self_cpu_memory_usage = 0
        self.is_user_annotation = False

    def add(self, other: FunctionEvent | FunctionEventAvg) -> FunctionEventAvg:
        """Takes another one in; returns itself."""
        if self.key is None:
            self.key = other.key
        self.count += other.count
        for name in ("cpu_time_total", "self_cpu_time_total", "cpu_memory_usage", "self_cpu_memory_usage"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.is_user_annotation = other.is_user_annotation
        return self

    def __iadd__(self, other: FunctionEvent | FunctionEventAvg) -> FunctionEventAvg:
        return self.add(other)

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} cpu_time={self.cpu_time_str} "
            f"calls={self.count} input_shapes={self.input_shapes}>"
        )


class EventList(list):
    """A list of events, or of averages of events."""

    def __init__(self, events: Iterable[Any] = (), *, profile_memory: bool = False) -> None:
        super().__init__(events)
        self._profile_memory = profile_memory

    def __str__(self) -> str:
        return self.table()

    def _populate_cpu_children(self) -> None:
        """Finds out which events are parts of which: those of the same thread within its time."""
        open_events: dict[int, list[FunctionEvent]] = defaultdict(list)
        for event in sorted(self, key=lambda event: (event.time_range.start, -event.time_range.end)):
            around = open_events[event.thread]
            while around and around[-1].time_range.end < event.time_range.end:
                around.pop()
            if around:
                event.cpu_parent = around[-1]
                around[-1].cpu_children.append(event)
            around.append(event)

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds in all events, each counted once."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """Events of one name taken together.

        Args:
            group_by_input_shape (bool): those of other shapes stay apart; the shapes have to be recorded.
            group_by_stack_n (int): with a number other than 0, those called by other lines of the program stay apart.
        """
        averages: dict[Any, FunctionEventAvg] = {}
        for event in self:
            shapes = str(event.input_shapes) if group_by_input_shape else ""
            stack = tuple(event.stack) if group_by_stack_n else ()
            key = event.key, shapes, stack
            if key not in averages:
                averages[key] = FunctionEventAvg(event.key, event.input_shapes if group_by_input_shape else "", stack)
            averages[key].add(event)
        return EventList(averages.values(), profile_memory=self._profile_memory)

    def total_average(self) -> FunctionEventAvg:
        """All events taken together."""
        total = FunctionEventAvg("Total")
        for event in self:
            total += event
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The events as a table.

        Args:
            sort_by (str, optional): the greatest first, by an attribute: ``"cpu_time"``, ``"cpu_time_total"``, ``"self_cpu_time_total"``,
                ``"cpu_memory_usage"``, ``"self_cpu_memory_usage"`` or ``"count"``.
            row_limit (int): most rows; −1 for all.
            max_src_column_width, max_name_column_width, max_shapes_column_width (int): longer texts are cut.
            header (str, optional): a line above.
            top_level_events_only (bool): leave out events that are parts of others.
            time_unit (str, optional): ``"s"``, ``"ms"`` or ``"us"`` for all times.
        """
        if not self:
            return ""
        rows = [event for event in self if not top_level_events_only or getattr(event, "cpu_parent", None) is None]
        if sort_by is not None:
            rows.sort(key=lambda event: getattr(event, sort_by), reverse=True)
        scale = {"s": 1e6, "ms": 1e3, "us": 1.0}
        if time_unit is not None and time_unit not in scale:
            raise ValueError(f"time_unit must be 's', 'ms' or 'us', not {time_unit!r}")

        def time(us):
            return _format_time(us) if time_unit is None else f"{us / scale[time_unit]:.3f}{time_unit}"

        def cut(text, width):
            return text if len(text) <= width else text[: width - 3] + "..."

        total = self.self_cpu_time_total
        columns: dict[str, list[str]] = defaultdict(list)
        # Of 1 row of 1 line the same is told as of many.
        shapes = any(event.input_shapes for event in rows)
        lines = any(event.stack for event in rows)
        memory = self._profile_memory
        for event in rows if row_limit < 0 else rows[:row_limit]:
            columns["Name"].append(cut(event.key, max_name_column_width))
            columns["Self CPU %"].append(_share(event.self_cpu_time_total, total))
            columns["Self CPU"].append(time(event.self_cpu_time_total))
            columns["CPU total %"].append(_share(event.cpu_time_total, total))
            columns["CPU total"].append(time(event.cpu_time_total))
            columns["CPU time avg"].append(time(event.cpu_time))
            if memory:
                columns["CPU Mem"].append(_memory(event.cpu_memory_usage))
                columns["Self CPU Mem"].append(_memory(event.self_cpu_memory_usage))
            columns["# of Calls"].append(str(event.count))
            if shapes:
                columns["Input Shapes"].append(cut(str(event.input_shapes or []), max_shapes_column_width))
            if lines:
                columns["Source Location"].append(_end(event.stack[0] if event.stack else "", max_src_column_width))
        widths = {name: max(len(name), *map(len, cells)) for name, cells in columns.items()}
        rule = "  ".join("-" * width for width in widths.values())
        text = [rule] if header is None else [header, rule]
        text += ["  ".join(name.rjust(width) for name, width in widths.items()), rule]
        text += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths.values())) for row in zip(*columns.values())]
        return "\n".join([*text, rule, f"Self CPU time total: {time(total)}", ""])

    def export_chrome_trace(self, path: str) -> None:
        """Writes a file that ``chrome://tracing`` and Perfetto show: JSON, packed if its name ends in ``.gz``."""
        process = os.getpid()
        events = []
        for event in self:
            args: dict[str, Any] = {"Ev Idx": event.id, "bytes": event.cpu_memory_usage}
            if event.input_shapes:
                args["Input Dims"] = event.input_shapes
            if event.stack:
                args["Call stack"] = event.stack[0]
            times = {"ts": event.time_range.start, "dur": event.time_range.elapsed_us()}
            place = {"pid": process, "tid": event.thread}
            events.append({"ph": "X", "cat": _CATEGORIES[event._kind], "name": event.name, **place, **times, "args": args})
        opened = gzip.open if os.fspath(path).endswith(".gz") else open
        with opened(path, "wt", encoding="utf-8") as file:
            json.dump({"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": events}, file)

    def supported_export_stacks_metrics(self) -> list[str]:
        """What :meth:`export_stacks` can count."""
        return ["self_cpu_time_total"]

    def export_stacks(self, path: str, metric: str) -> None:
        """Writes lines of the program with microseconds, as tools that draw flame graphs read them."""
        if metric not in self.supported_export_stacks_metrics():
            raise ValueError(f"metric should be one of: {self.supported_export_stacks_metrics()}")
        with open(path, "w", encoding="utf-8") as file:
            for event in self:
                if event.stack and int(getattr(event, metric)):
                    place = event.stack[0].replace(" ", "_").replace(";", ",")
                    file.write(f"{place};{event.key} {int(getattr(event, metric))}\n")


def _end(text, width):
    """The end of a text: of a path that is the part that differs."""
    return text if len(text) <= width else "..." + text[3 - width :]


def events_of(entries: Iterable[tuple[Any, ...]], profile_memory: bool = False) -> EventList:
    """The events that the core has noted, in the order in which they began, each with those that it consists of."""
    numbers = count()
    # What began at the same moment and lasted longer is around the other.
    ordered = sorted(entries, key=lambda entry: (entry[2], -entry[3]))
    events = EventList((FunctionEvent._of(next(numbers), entry) for entry in ordered), profile_memory=profile_memory)
    events._populate_cpu_children()
    return events


_names.describe(__name__)
