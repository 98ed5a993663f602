"""Programs as graphs: written down by tracing, read, changed, and run again as modules.

    >>> import operator
    >>> import arcgrad as torch
    >>> from arcgrad.fx import symbolic_trace
    >>> traced = symbolic_trace(lambda x, y: torch.relu(x) + y)
    >>> print(traced.code.strip())
    def forward(self, x, y):
        relu = torch.relu(x);  x = None
        add = relu + y;  relu = y = None
        return add
    >>> for node in traced.graph.nodes:
    ...     if node.target is operator.add:
    ...         node.target = operator.mul
    >>> _ = traced.recompile()
    >>> traced(torch.tensor(2.0), torch.tensor(3.0))
    tensor(6.)

Tracing runs the program on what stands for its arguments (:class:`Proxy`), so it does not see branches that their values decide.
"""

from __future__ import annotations

from arcgrad import _absent

from ._symbolic_trace import Tracer, symbolic_trace, wrap
from .graph import CodeGen, Graph
from .graph_module import GraphModule
from .interpreter import Interpreter, Transformer
from .node import Node, has_side_effect, map_arg
from .proxy import Proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = [
    "CodeGen",
    "Graph",
    "GraphModule",
    "Interpreter",
    "Node",
    "Proxy",
    "Tracer",
    "Transformer",
    "has_side_effect",
    "map_arg",
    "symbolic_trace",
    "wrap",
]

_absent.declare(__name__, "arcgrad does not look for patterns in graphs", "replace_pattern")
