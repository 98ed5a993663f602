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
    "explain",
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


class _Explanation:
    """What :func:`explain` says: that there are no graphs.

    Attributes:
        graphs, break_reasons, op_count, graph_count, graph_break_count: of what was compiled, which is nothing.
    """

    def __init__(self) -> None:
        self.graphs: list[Any] = []
        self.break_reasons: list[Any] = []
        self.op_count = self.graph_count = self.graph_break_count = 0
        self.ops_per_graph: list[Any] = []
        self.out_guards: list[Any] = []
        self.compile_times = ""

    def __str__(self) -> str:
        return "Graph Count: 0\nGraph Break Count: 0\nOp Count: 0\nBreak Reasons:\narcgrad compiles nothing: the program ran as it is"


def explain(f: Any, *extra_args: Any, **extra_kwargs: Any) -> Any:
    """A function that calls ``f`` and says what was compiled of it, which is nothing.

    >>> import arcgrad as ag
    >>> ag._dynamo.explain(lambda x: 2 * x)(ag.ones(2)).graph_count
    0
    """

    def inner(*args: Any, **kwargs: Any) -> _Explanation:
        f(*args, **kwargs)
        return _Explanation()

    return inner(*extra_args, **extra_kwargs) if extra_args or extra_kwargs else inner


def mark_dynamic(t: Any, index: Any, **_options: Any) -> None:
    """Does nothing."""


def mark_static(t: Any, index: Any = None) -> None:
    """Does nothing."""


_names.describe(__name__)
