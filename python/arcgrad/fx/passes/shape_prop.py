"""What the values of a graph look like, for some arguments."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import arcgrad
from arcgrad import _names
from arcgrad.fx.interpreter import Interpreter
from arcgrad.fx.node import Node, map_aggregate

__all__ = ["ShapeProp", "TensorMetadata"]


class TensorMetadata(NamedTuple):
    """What is known of a tensor beside its elements."""

    shape: arcgrad.Size
    dtype: arcgrad.dtype
    requires_grad: bool
    stride: tuple
    memory_format: Optional[arcgrad.memory_format]
    is_quantized: bool
    qparams: dict


def _metadata(tensor: arcgrad.Tensor) -> TensorMetadata:
    formats = (arcgrad.contiguous_format, arcgrad.channels_last, arcgrad.channels_last_3d)
    rank = {arcgrad.channels_last: 4, arcgrad.channels_last_3d: 5}
    fitting = (each for each in formats if rank.get(each, tensor.ndim) == tensor.ndim)
    kept = next((each for each in fitting if tensor.is_contiguous(memory_format=each)), None)
    return TensorMetadata(tensor.shape, tensor.dtype, tensor.requires_grad, tensor.stride(), kept, False, {})


class ShapeProp(Interpreter):
    """Runs a graph, and notes in ``meta["tensor_meta"]`` of each node what its tensors look like, and in ``meta["type"]`` their class.

    >>> import arcgrad as torch
    >>> from arcgrad.fx import symbolic_trace
    >>> from arcgrad.fx.passes.shape_prop import ShapeProp
    >>> traced = symbolic_trace(torch.nn.Linear(2, 3))
    >>> _ = ShapeProp(traced).propagate(torch.ones(4, 2))
    >>> [(node.name, tuple(node.meta["tensor_meta"].shape)) for node in traced.graph.nodes]
    [('input_1', (4, 2)), ('weight', (3, 2)), ('bias', (3,)), ('linear', (4, 3)), ('output', (4, 3))]
    """

    def run_node(self, n: Node) -> Any:
        result = super().run_node(n)
        found = False

        def note(value):
            nonlocal found
            if not isinstance(value, arcgrad.Tensor):
                return value
            found = True
            return _metadata(value)

        noted = map_aggregate(result, note)
        if found:
            n.meta["tensor_meta"] = noted
        n.meta["type"] = type(result)
        return result

    def propagate(self, *args: Any) -> Any:
        """Runs the graph with these arguments; returns its result."""
        return super().run(*args)


_names.describe(__name__)
