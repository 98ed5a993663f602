"""The front of PyTorch's compiler, as far as programs speak to it; see :mod:`arcgrad.compiler`."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._dynamo import config, eval_frame
from arcgrad.compiler import _identity, allow_in_graph, assume_constant_result, disable, is_compiling, list_backends, reset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "eval_frame",
    "allow_in_graph",
    "assume_constant_result",
    "config",
    "disable",
    "graph_break",
    "is_compiling",
    "list_backends",
    "mark_dynamic",
    "mark_static",
    "optimize",
    "reset",
]


def optimize(backend: Any = "inductor", **_options: Any) -> Any:
    """A decorator that returns the function as it is."""
    return _identity


def graph_break(msg: str = "") -> None:
    """Does nothing."""


def mark_dynamic(t: Any, index: Any, **_options: Any) -> None:
    """Does nothing."""


def mark_static(t: Any, index: Any = None) -> None:
    """Does nothing."""


_names.describe(__name__)
