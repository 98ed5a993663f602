"""The CPU as a device, in the words of those of other devices."""

from __future__ import annotations

from contextlib import AbstractContextManager

from arcgrad import _names
from arcgrad.cpu import amp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "Event",
    "Stream",
    "StreamContext",
    "amp",
    "current_device",
    "current_stream",
    "device_count",
    "is_available",
    "is_initialized",
    "set_device",
    "stream",
    "synchronize",
]


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """``'cpu'``."""
    return "cpu"


def set_device(device: Any) -> None:
    """Does nothing: there is one."""


def synchronize(device: Any = None) -> None:
    """Does nothing: every operation is complete when it returns."""


class Stream:
    """Stands for the order of operations, of which there is one: that of the program."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Stream) -> None:
        """Does nothing: what was begun is complete."""

    def record_event(self) -> None:
        """Does nothing."""

    def wait_event(self, event: Any) -> None:
        """Does nothing."""


class Event:
    """Stands for a point in a stream."""

    def query(self) -> bool:
        """True: what was begun is complete."""
        return True

    def record(self, stream: Stream | None = None) -> None:
        """Does nothing."""

    def synchronize(self) -> None:
        """Does nothing."""

    def wait(self, stream: Stream | None = None) -> None:
        """Does nothing."""


_stream = Stream()


def current_stream(device: Any = None) -> Stream:
    """The stream that operations are in."""
    return _stream


class StreamContext(AbstractContextManager[None]):
    """A region whose operations are in a stream; one of None is no region."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        global _stream
        if self.stream is not None:
            self._before, _stream = _stream, self.stream

    def __exit__(self, *raised: object) -> None:
        global _stream
        if self.stream is not None:
            _stream = self._before


def stream(stream: Stream | None) -> StreamContext:
    """See :class:`StreamContext`."""
    return StreamContext(stream)


_names.describe(__name__)
