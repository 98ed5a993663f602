"""Graphs of modules to be rewritten, which arcgrad does not have: what is recorded is the graph of gradients.

The names can be imported and mentioned; using one raises NotImplementedError.
"""

from __future__ import annotations

from arcgrad import _absent
from arcgrad.fx.node import Node
from arcgrad.fx.proxy import Proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")

    def __getattr__(name: str) -> Any: ...


__all__ = ["Node", "Proxy", "wrap"]


def wrap(fn_or_name: T) -> T:
    """Returns its argument: it marks functions for tracing, and nothing is traced."""
    return fn_or_name


_absent.declare(
    __name__,
    "arcgrad has no graphs of modules to be rewritten",
    "CodeGen Graph GraphModule Interpreter Tracer Transformer replace_pattern symbolic_trace",
)
