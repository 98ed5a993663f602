"""PyTorch's compiler, which arcgrad does not have: what would be compiled runs as it is.

>>> import arcgrad as ag
>>> @ag.compile(fullgraph=True)
... def double(x):
...     return 2 * x
>>> double(ag.ones(2)), ag.compiler.is_compiling()
(tensor([2., 2.]), False)
"""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "compile",
    "cudagraph_mark_step_begin",
    "disable",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "list_backends",
    "reset",
]


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """Returns the function or module as it is; called without one, a decorator that does so.

    Args:
        model (Module or function): what would be compiled.
        fullgraph, dynamic, backend, mode, options, disable: of the compiler; without effect.

    Raises:
        RuntimeError: both ``mode`` and ``options`` are given.
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    return _identity if model is None else model


def _identity(function: T) -> T:
    return function


def allow_in_graph(fn: T) -> T:
    """Returns its argument."""
    return fn


def assume_constant_result(fn: T) -> T:
    """Returns its argument."""
    return fn


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """Returns the function as it is; called without one, a decorator that does so."""
    return _identity if fn is None else fn


def is_compiling() -> bool:
    """False."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def is_exporting() -> bool:
    """False."""
    return False


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """The empty list: there is no compiler."""
    return []


def reset() -> None:
    """Does nothing: no compiled code is kept."""


def cudagraph_mark_step_begin() -> None:
    """Does nothing: no graphs of a GPU are recorded."""


_names.describe(__name__)
