"""Running graphs node by node."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.nn import Module

from .graph import Graph
from .graph_module import GraphModule, _value_at
from .node import Node, map_arg
from .proxy import GraphAppendingTracer, Proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Interpreter", "Transformer"]


class Interpreter:
    """Runs a graph; its methods may be overridden to do something else at nodes of a kind.

    Args:
        module: what has the attributes, and the graph if none is given.
        garbage_collect_values: whether values are let go of after their last use.
        graph: the program.

    >>> import arcgrad as torch
    >>> from arcgrad.fx import Interpreter, symbolic_trace
    >>> class Counting(Interpreter):
    ...     count = 0
    ...     def call_function(self, target, args, kwargs):
    ...         self.count += 1
    ...         return super().call_function(target, args, kwargs)
    >>> counting = Counting(symbolic_trace(lambda x: torch.relu(x) + 1))
    >>> counting.run(torch.tensor([-1.0, 2.0])), counting.count
    (tensor([1., 3.]), 2)
    """

    def __init__(self, module: Module, garbage_collect_values: bool = True, graph: Graph | None = None) -> None:
        self.module = module
        self.graph: Graph = module.graph if graph is None else graph
        self.submodules = dict(module.named_modules())
        self.env: dict[Node, Any] = {}
        self.name = "Interpreter"
        self.garbage_collect_values = garbage_collect_values
        self.extra_traceback = True
        self.user_to_last_uses: dict[Node, list[Node]] = {}
        for given, node in {given: node for node in self.graph.nodes for given in node.all_input_nodes}.items():
            self.user_to_last_uses.setdefault(node, []).append(given)

    def run(self, *args: Any, initial_env: dict[Node, Any] | None = None, enable_io_processing: bool = True) -> Any:
        """The result for some arguments. ``initial_env`` has values of nodes that are not computed."""
        self.env = dict(initial_env or {})
        self.args_iter = iter(args)
        for node in self.graph.nodes:
            if node in self.env:
                continue
            self.env[node] = self.run_node(node)
            if node.op == "output":
                return self.env[node]
            if self.garbage_collect_values:
                for given in self.user_to_last_uses.get(node, ()):
                    del self.env[given]
        return None

    def run_node(self, n: Node) -> Any:
        """The value of a node, by the method that is called like its operation."""
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        return getattr(self, n.op)(n.target, args, kwargs)

    def placeholder(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The next argument."""
        if target.startswith("*"):
            return list(self.args_iter)
        try:
            return next(self.args_iter)
        except StopIteration:
            if args:
                return args[0]
            raise RuntimeError(f"Expected positional argument for parameter {target}, but one was not passed in!") from None

    def get_attr(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An attribute of the module."""
        return self.fetch_attr(target)

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a function."""
        return target(*args, **kwargs)

    def call_method(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a method of the first argument."""
        receiver, *rest = args
        return getattr(receiver, target)(*rest, **kwargs)

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a submodule."""
        return self.fetch_attr(target)(*args, **kwargs)

    def output(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What is returned."""
        return args[0]

    def fetch_attr(self, target: str) -> Any:
        """What is at a path below the module."""
        return _value_at(self.module, target)

    def fetch_args_kwargs_from_env(self, n: Node) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a node, with values in the place of nodes."""
        return self.map_nodes_to_values(n.args, n), self.map_nodes_to_values(n.kwargs, n)

    def map_nodes_to_values(self, args: Any, n: Node) -> Any:
        """Arguments with values in the place of nodes."""
        return map_arg(args, lambda node: self.env[node])


class Transformer(Interpreter):
    """An interpreter that writes down what it does: :meth:`transform` gives the new module."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.new_graph = Graph()
        self.tracer = GraphAppendingTracer(self.new_graph)

    def placeholder(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Proxy:
        default = args[0] if args else ...
        return Proxy(self.new_graph.placeholder(target, default_value=default), self.tracer)

    def get_attr(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Proxy:
        return self.tracer.create_proxy("get_attr", target, args, kwargs)

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.tracer.create_proxy("call_module", target, args, kwargs)

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.tracer.create_proxy("call_function", target, args, kwargs)

    def call_method(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.tracer.create_proxy("call_method", target, args, kwargs)

    def transform(self) -> GraphModule:
        """The module with the new program."""
        result = super().run(enable_io_processing=False)
        self.new_graph.output(map_arg_of_proxies(result))
        return GraphModule(self.module, self.new_graph)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        return super().run(*args, **kwargs)


def map_arg_of_proxies(tree: Any) -> Any:
    """Nodes in the place of the proxies that stand for them."""
    from .node import map_aggregate

    return map_aggregate(tree, lambda value: value.node if isinstance(value, Proxy) else value)


_names.describe(__name__)
