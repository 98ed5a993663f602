"""Running a function in several processes, with the errors that happen there."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
import sys
import time
import traceback

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.process import BaseProcess
    from typing import Any

__all__ = ["ProcessContext", "ProcessException", "ProcessExitedException", "ProcessRaisedException", "spawn", "start_processes"]


class ProcessException(Exception):
    """A process did not end well.

    Attributes:
        error_index (int): which of the processes.
        error_pid (int): its number in the system.
    """

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.error_index = error_index
        self.error_pid = pid

    def __reduce__(self):
        return type(self), (self.msg, self.error_index, self.error_pid)


class ProcessRaisedException(ProcessException):
    """The function raised an exception, whose traceback is in the message."""


class ProcessExitedException(ProcessException):
    """A process ended by a signal or with a status of its own.

    Attributes:
        exit_code (int): its status, negative for a signal.
        signal_name (str): the signal, or None.
    """

    def __init__(self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code = exit_code
        self.signal_name = signal_name

    def __reduce__(self):
        return type(self), (self.msg, self.error_index, self.error_pid, self.exit_code, self.signal_name)


def _run(function, index, args, connection):
    """What a process does: calls the function, and sends the text of what goes wrong."""
    try:
        function(index, *args)
    except KeyboardInterrupt:
        pass
    except Exception:
        connection.send(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """Processes that :func:`spawn` started with ``join=False``.

    Attributes:
        processes (list): the processes, in the order of their indices.
    """

    def __init__(self, processes: Sequence[BaseProcess], connections: Sequence[Any]) -> None:
        self.processes = list(processes)
        self._connections = list(connections)
        self._running = dict(enumerate(self.processes))

    def pids(self) -> list[int | None]:
        """The numbers of the processes in the system."""
        return [process.pid for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Waits until one ends or ``timeout`` seconds have passed. Returns whether all have ended.

        If one fails the others are ended, and it raises.

        Raises:
            ProcessRaisedException: the function raised in one.
            ProcessExitedException: one ended otherwise than by returning.
        """
        if not self._running:
            return True
        sentinels: dict[Any, int] = {process.sentinel: index for index, process in self._running.items()}
        ended = [sentinels[sentinel] for sentinel in multiprocessing.connection.wait(list(sentinels), timeout)]
        for index in ended:
            process = self._running[index]
            process.join()
            if process.exitcode != 0:
                self._stop(grace_period)
                raise self._error(index, process)
            del self._running[index]
        return not self._running

    def _stop(self, grace_period):
        for process in self._running.values():
            if process.is_alive():
                process.terminate()
        # What does not heed the request is killed.
        until = time.monotonic() + (30 if grace_period is None else grace_period)
        for process in self._running.values():
            process.join(max(0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()

    def _error(self, index, process):
        connection, code = self._connections[index], process.exitcode
        if connection.poll():
            text = f"\n\n-- Process {index} terminated with the following error:\n{connection.recv()}"
            return ProcessRaisedException(text, index, process.pid)
        if code < 0:
            name = signal.Signals(-code).name
            return ProcessExitedException(f"process {index} terminated with signal {name}", index, process.pid, code, name)
        return ProcessExitedException(f"process {index} terminated with exit code {code}", index, process.pid, code)


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """:func:`spawn`, with a choice of how processes are started (``'spawn'``, ``'fork'`` or ``'forkserver'``)."""
    context = multiprocessing.get_context(start_method)
    processes, connections = [], []
    for index in range(nprocs):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(fn, index, args, sender), daemon=daemon)  # type: ignore[attr-defined]
        process.start()
        sender.close()
        processes.append(process)
        connections.append(receiver)
    started = ProcessContext(processes, connections)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Calls ``fn(index, *args)`` in ``nprocs`` new processes, with the index of each.

    Args:
        fn (callable): can be found by its name in a module, as pickle wants it.
        args (tuple): the arguments after the index.
        nprocs (int): how many processes.
        join (bool): whether to wait for all. Otherwise the :class:`ProcessContext` of them is returned.
        daemon (bool): whether they end with this process.
        start_method (str): only ``'spawn'`` here; see :func:`start_processes`.

    Raises:
        ProcessRaisedException, ProcessExitedException: one failed, and the others were ended.
    """
    if start_method != "spawn":
        import warnings

        warnings.warn("spawn() always starts processes by 'spawn'; see start_processes()", FutureWarning, stacklevel=2)
    return start_processes(fn, args, nprocs, join, daemon, "spawn")


_names.describe(__name__)
