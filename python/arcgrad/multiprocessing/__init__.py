"""The standard library's ``multiprocessing`` under this name, and :func:`spawn`.

Tensors go from process to process by value: each has memory of its own. Those that :meth:`arcgrad.Tensor.share_memory_` has moved
go by reference: all processes see one memory.
"""

from __future__ import annotations

import multiprocessing as _standard
from multiprocessing import *  # noqa: F403

from arcgrad import _names
from arcgrad.multiprocessing.spawn import (
    ProcessContext,
    ProcessException,
    ProcessExitedException,
    ProcessRaisedException,
    spawn,
    start_processes,
)

__all__ = [
    *(name for name in _standard.__all__ if name != "reducer"),
    "ProcessContext",
    "ProcessException",
    "ProcessExitedException",
    "ProcessRaisedException",
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
    "start_processes",
]

#: Whether processes can be started in more than one way.
_supports_context = True


def get_all_sharing_strategies() -> set[str]:
    """``{'value'}``: tensors are copied."""
    return {"value"}


def get_sharing_strategy() -> str:
    """``'value'``: tensors are copied."""
    return "value"


def set_sharing_strategy(new_strategy: str) -> None:
    """Does nothing: tensors are copied, whichever way of sharing memory is asked for.

    Raises:
        ValueError: the name is neither ours nor one of PyTorch's.
    """
    if new_strategy not in ("value", "file_descriptor", "file_system"):
        raise ValueError(f"unknown sharing strategy: {new_strategy!r}")


_names.keep(__name__, "spawn")
_names.describe(__name__)
