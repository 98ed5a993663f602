"""Graphs: programs as lists of nodes, and as text that Python runs."""

from __future__ import annotations

import builtins
import copy
import enum
import keyword
import math
import re

import arcgrad
from arcgrad import _names

from .node import Node, map_arg, qualified_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["CodeGen", "Graph", "PythonCode"]

#: Operators that are written as such.
_INFIX = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "truediv": "{} / {}",
    "floordiv": "{} // {}",
    "mod": "{} % {}",
    "pow": "{} ** {}",
    "matmul": "{} @ {}",
    "lshift": "{} << {}",
    "rshift": "{} >> {}",
    "and_": "{} & {}",
    "or_": "{} | {}",
    "xor": "{} ^ {}",
    "lt": "{} < {}",
    "le": "{} <= {}",
    "gt": "{} > {}",
    "ge": "{} >= {}",
    "eq": "{} == {}",
    "ne": "{} != {}",
    "getitem": "{}[{}]",
    "neg": "-{}",
    "pos": "+{}",
    "invert": "~{}",
}


class PythonCode:
    """A function as text, and what its names stand for."""

    def __init__(self, src: str, globals: dict[str, Any]) -> None:
        self.src, self.globals = src, globals


class CodeGen:
    """Writes graphs as functions; the one there is writes ``forward``."""


class _Names:
    """Names of values, each once, and none that Python needs."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def create(self, candidate: str) -> str:
        base = re.sub(r"[^0-9a-zA-Z_]+", "_", candidate) or "_unnamed"
        if base[0].isdigit():
            base = f"_{base}"
        name, count = base, 0
        numbered = re.fullmatch(r"(.*)_(\d+)", base)
        if numbered and base in self._used:
            base, count = numbered[1], int(numbered[2])
        while name in self._used or keyword.iskeyword(name) or name in vars(builtins) or name in ("self", "inf", "nan", "torch", "device"):
            count += 1
            name = f"{base}_{count}"
        self._used.add(name)
        return name


class _NodeList:
    """The nodes of a graph, in their order; graphs may be changed while one goes through it."""

    def __init__(self, graph: Graph, forwards: bool = True) -> None:
        self._graph, self._forwards = graph, forwards

    def __len__(self) -> int:
        return self._graph._count

    def __iter__(self) -> Iterator[Node]:
        root = self._graph._root
        node = root._next if self._forwards else root._prev
        while node is not root:
            if not node._erased:
                yield node
            node = node._next if self._forwards else node._prev

    def __reversed__(self) -> _NodeList:
        return _NodeList(self._graph, not self._forwards)


class _Inserting:
    """Moves the place of insertion, and at the end of a ``with`` block back."""

    def __init__(self, graph: Graph, point: Node) -> None:
        self._graph, self._before = graph, graph._insert_point
        graph._insert_point = point

    def __enter__(self) -> Graph:
        return self._graph

    def __exit__(self, *_: Any) -> None:
        self._graph._insert_point = self._before


class Graph:
    """A program: arguments, steps and a result.

    >>> import arcgrad as torch
    >>> from arcgrad.fx import Graph, GraphModule
    >>> graph = Graph()
    >>> x = graph.placeholder("x")
    >>> y = graph.call_function(torch.relu, (x,))
    >>> _ = graph.output(y)
    >>> print(graph)
    graph():
        %x : [num_users=1] = placeholder[target=x]
        %relu : [num_users=1] = call_function[target=arcgrad.relu](args = (%x,), kwargs = {})
        return relu
    >>> GraphModule(torch.nn.Module(), graph)(torch.tensor([-1.0, 1.0]))
    tensor([0., 1.])
    """

    def __init__(self, owning_module: Any = None, tracer_cls: Any = None, tracer_extras: dict[str, Any] | None = None) -> None:
        self._root = Node(self, "", "root", "", (), {})
        self._insert_point = self._root
        self._count = 0
        self._graph_namespace = _Names()
        self._owning_module, self._tracer_cls, self._tracer_extras = owning_module, tracer_cls, tracer_extras
        self._codegen = CodeGen()

    @property
    def owning_module(self) -> Any:
        """The module whose program it is."""
        return self._owning_module

    @owning_module.setter
    def owning_module(self, module: Any) -> None:
        self._owning_module = module

    @property
    def nodes(self) -> _NodeList:
        """The nodes, in the order in which they run."""
        return _NodeList(self)

    # ---- nodes are made ----

    def create_node(
        self,
        op: str,
        target: Any,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
        type_expr: Any = None,
    ) -> Node:
        """A new node at the place of insertion; see :class:`Node`."""
        args, kwargs = args or (), kwargs or {}
        if not isinstance(args, tuple):
            raise AssertionError("args must be a tuple")
        node = Node(self, self._graph_namespace.create(name or self._called(target)), op, target, args, kwargs, type_expr)
        for given in node._input_nodes:
            if given.graph is not self:
                raise RuntimeError(f"Argument '{given}' of Node '{node}' does not belong to this Graph, but was used as an argument")
        self._insert_point.prepend(node)
        self._count += 1
        return node

    @staticmethod
    def _called(target):
        if callable(target):
            target = getattr(target, "__name__", type(target).__name__)
        name = target.replace(".", "_")
        if name.startswith("__") and name.endswith("__"):
            name = name[2:-2]
        # As in PyTorch: what stands for classes is written with small letters.
        return re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", name).lower() or "_unnamed"

    def placeholder(self, name: str, type_expr: Any = None, default_value: Any = ...) -> Node:
        """An argument of the function."""
        return self.create_node("placeholder", name, () if default_value is ... else (default_value,), type_expr=type_expr)

    def get_attr(self, qualified_name: str, type_expr: Any = None) -> Node:
        """A parameter, buffer or other attribute of the module, by its path."""
        return self.create_node("get_attr", qualified_name, type_expr=type_expr)

    def call_module(
        self, module_name: str, args: tuple[Any, ...] | None = None, kwargs: dict[str, Any] | None = None, type_expr: Any = None
    ) -> Node:
        """A call of a submodule, by its path."""
        return self.create_node("call_module", module_name, args, kwargs, type_expr=type_expr)

    def call_method(
        self, method_name: str, args: tuple[Any, ...] | None = None, kwargs: dict[str, Any] | None = None, type_expr: Any = None
    ) -> Node:
        """A call of a method of the first argument."""
        return self.create_node("call_method", method_name, args, kwargs, type_expr=type_expr)

    def call_function(
        self,
        the_function: Callable[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        type_expr: Any = None,
        name: str | None = None,
    ) -> Node:
        """A call of a function."""
        return self.create_node("call_function", the_function, args, kwargs, name=name, type_expr=type_expr)

    def output(self, result: Any, type_expr: Any = None) -> Node:
        """What is returned."""
        return self.create_node("output", "output", (result,), type_expr=type_expr)

    def output_node(self) -> Node:
        """The node that returns."""
        return next(node for node in reversed(self.nodes) if node.op == "output")

    def node_copy(self, node: Node, arg_transform: Callable[[Node], Any] = lambda node: node) -> Node:
        """A copy of a node, perhaps of another graph; ``arg_transform`` gives for each node in its arguments the one of this graph."""
        copied = self.create_node(
            node.op, node.target, map_arg(node.args, arg_transform), map_arg(node.kwargs, arg_transform), node.name, node.type
        )
        copied.meta = copy.copy(node.meta)
        return copied

    def graph_copy(self, g: Graph, val_map: dict[Node, Any], return_output_node: bool = False) -> Any:
        """Copies the nodes of a graph that ``val_map`` has nothing for; returns the value that it returns."""
        for node in g.nodes:
            if node in val_map:
                continue
            if node.op == "output":
                result = map_arg(node.args[0], lambda old: val_map[old])
                return (result, node) if return_output_node else result
            val_map[node] = self.node_copy(node, lambda old: val_map[old])
        return None

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Graph:
        copied = Graph(tracer_cls=self._tracer_cls)
        values: dict[Node, Any] = {}
        for node in self.nodes:
            args = copy.deepcopy(map_arg(node.args, lambda old: values[old]), _Same(values.values()))
            kwargs = copy.deepcopy(map_arg(node.kwargs, lambda old: values[old]), _Same(values.values()))
            made = copied.create_node(node.op, node.target, args, kwargs, node.name, node.type)
            made.meta = copy.copy(node.meta)
            values[node] = made
        return copied

    # ---- nodes are moved and removed ----

    def inserting_before(self, n: Node | None = None) -> Any:
        """In the ``with`` block, or from now on, new nodes come in front of ``n``; of all without one."""
        return self._moved(self._root._next if n is None else n)

    def inserting_after(self, n: Node | None = None) -> Any:
        """In the ``with`` block, or from now on, new nodes come behind ``n``; behind all without one."""
        return self._moved(self._root if n is None else n._next)

    def _moved(self, point):
        if point.graph is not self:
            raise AssertionError("Node to insert at is not in graph.")
        return _Inserting(self, point)

    def erase_node(self, to_erase: Node) -> None:
        """Removes a node.

        Raises:
            RuntimeError: others are given it.
        """
        if to_erase.users:
            raise RuntimeError(
                f"Tried to erase Node {to_erase} but it still had {len(to_erase.users)} users in the graph: {to_erase.users}!"
            )
        if to_erase._erased:
            return
        if to_erase is self._insert_point:
            self._insert_point = to_erase._next
        to_erase._remove_from_list()
        to_erase._erased = True
        self._count -= 1
        to_erase._give((), {})

    def eliminate_dead_code(self, is_impure_node: Callable[[Node], bool] | None = None, **_: Any) -> bool:
        """Removes nodes that nobody is given and that do nothing else; whether there were any."""
        count = self._count
        for node in list(reversed(self.nodes)):
            impure = node.is_impure() if is_impure_node is None else is_impure_node(node)
            if not impure and not node.users:
                self.erase_node(node)
        return self._count < count

    def find_nodes(self, *, op: str, target: Any = None, sort: bool = True) -> list[Node]:
        """The nodes of an operation, and of a target if one is given."""
        return [node for node in self.nodes if node.op == op and (target is None or node.target == target)]

    def lint(self) -> None:
        """Checks that every node comes after those that it is given, names are used once, and attributes are there.

        Raises:
            RuntimeError: something is wrong.
        """
        seen: set[Node] = set()
        names: set[str] = set()
        for node in self.nodes:
            if node.graph is not self:
                raise RuntimeError(f"Node '{node}' does not belong to this Graph!")
            for given in node.all_input_nodes:
                if given not in seen:
                    raise RuntimeError(
                        f"Argument '{given}' of Node '{node}' was used before it has been defined! Please check that Nodes in the graph "
                        f"are topologically ordered\n{self}"
                    )
            if node.name in names:
                raise RuntimeError(f"Node redefined name {node.name}!")
            names.add(node.name)
            seen.add(node)
            if self.owning_module is not None and node.op in ("get_attr", "call_module"):
                value = self.owning_module
                for part in node.target.split("."):
                    if not hasattr(value, part):
                        raise RuntimeError(f"Node {node} target {node.target} references nonexistent attribute {part}")
                    value = getattr(value, part)

    # ---- as text ----

    def __str__(self) -> str:
        placeholders: list[str] = []
        lines = [line for line in (node.format_node() for node in self.nodes) if line is not None]
        return "\n    ".join([f"graph({', '.join(placeholders)}):", *lines])

    def print_tabular(self) -> None:
        """Prints the nodes as a table."""
        rows = [("opcode", "name", "target", "args", "kwargs")]
        rows += [tuple(map(str, (node.op, node.name, node.target, node.args, node.kwargs))) for node in self.nodes]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for number, row in enumerate(rows):
            print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip())
            if not number:
                print("  ".join("-" * width for width in widths))

    def python_code(self, root_module: str = "self", **_: Any) -> PythonCode:
        """The graph as the text of a method ``forward``, and what the names in it stand for."""
        names: dict[str, Any] = {"inf": math.inf, "nan": math.nan, "NoneType": type(None), "torch": arcgrad, "device": arcgrad.device}

        def known(value: Any, candidate: str) -> str:
            for name, other in names.items():
                if other is value:
                    return name
            name = re.sub(r"\W", "_", candidate)
            while name in names or name in self._graph_namespace._used or name in vars(builtins):
                name += "_1"
            names[name] = value
            return name

        def shown(value: Any) -> str:
            if isinstance(value, Node):
                return _checked(value.name)
            if isinstance(value, tuple):
                if hasattr(value, "_fields"):
                    return f"{known(type(value), qualified_name(type(value)))}({', '.join(map(shown, value))})"
                return f"({', '.join(map(shown, value))}{',' * (len(value) == 1)})"
            if isinstance(value, list):
                return f"[{', '.join(map(shown, value))}]"
            if isinstance(value, dict):
                return f"{{{', '.join(f'{shown(key)}: {shown(item)}' for key, item in value.items())}}}"
            if isinstance(value, slice):
                return f"slice({shown(value.start)}, {shown(value.stop)}, {shown(value.step)})"
            if value is None or value is ... or isinstance(value, (bool, int, float, complex, str, bytes)) and type(value).__module__ == "builtins":
                return "..." if value is ... else repr(value)
            if isinstance(value, type) or callable(value):
                return function(value)
            return known(value, "_constant" if not isinstance(value, enum.Enum) else str(value))

        def function(target: Any) -> str:
            if getattr(builtins, getattr(target, "__name__", ""), None) is target:
                return str(target.__name__)
            path = qualified_name(target)
            home, _, rest = path.partition(".")
            if home in ("arcgrad", "torch") and all(map(_is_name, rest.split("."))) and _reached(arcgrad, rest) is target:
                return f"torch.{rest}"
            return known(target, path)

        def called(node: Node) -> str:
            args = [shown(value) for value in node.args]
            named = [
                f"{key} = {shown(value)}" if _is_name(key) else f"**{{{shown(key)}: {shown(value)}}}" for key, value in node.kwargs.items()
            ]
            given = ", ".join([*args, *named])
            if node.op == "call_method":
                receiver = args[0] if isinstance(node.args[0], Node) else f"({args[0]})"
                return f"{_member(receiver, node.target)}({', '.join([*args[1:], *named])})"
            if node.op == "call_module":
                return f"{_attribute(root_module, node.target)}({given})"
            if getattr(node.target, "__module__", None) == "_operator" and not node.kwargs:
                form = _INFIX.get(node.target.__name__)
                if form is not None and form.count("{}") == len(args):
                    # The sign of a number on the left would be that of the whole.
                    first = f"({args[0]})" if args[0].startswith("-") else args[0]
                    return form.format(first, *args[1:])
            if node.target is getattr and len(args) == 2 and isinstance(node.args[1], str) and _is_name(node.args[1]):
                return f"{args[0]}.{node.args[1]}"
            return f"{function(node.target)}({given})"

        last = {given: node for node in self.nodes for given in node.all_input_nodes}
        ending: dict[Node, list[str]] = {}
        for given, node in last.items():
            ending.setdefault(node, []).append(given.name)
        arguments, body = [], []
        for node in self.nodes:
            _checked(node.name)
            freed = "".join(f"{name} = " for name in ending.get(node, ()))
            freed = f";  {freed}None" if freed else ""
            if node.op == "placeholder":
                default = f" = {shown(node.args[0])}" if node.args else ""
                arguments.append(f"{node.target}{default}")
                bare = _checked(re.sub(r"^\*{1,2}", "", node.target))
                if bare != node.name:
                    body.append(f"{node.name} = {bare}")
            elif node.op == "output":
                body.append(f"return {shown(node.args[0])}")
            elif node.op == "get_attr":
                body.append(f"{node.name} = {_attribute(root_module, node.target)}")
            else:
                unused = f";  {node.name} = None" if not node.users else ""
                body.append(f"{node.name} = {called(node)}{freed}{unused}")
        text = "\n    ".join(body or ["pass"])
        return PythonCode(f"\n\n\ndef forward({', '.join(['self', *arguments])}):\n    {text}\n", names)


class _Same(dict):
    """For :func:`copy.deepcopy`: these objects are their own copies."""

    def __init__(self, values: Any) -> None:
        super().__init__({id(value): value for value in values if isinstance(value, Node)})


def _reached(root: Any, path: str) -> Any:
    """What a path leads to; None where it ends."""
    for part in path.split("."):
        root = getattr(root, part, None)
    return root


def _attribute(root: str, path: str) -> str:
    """``self.a.b``, and with ``getattr`` where a part is no name: ``getattr(self.layers, "0")``."""
    text = root
    for part in path.split("."):
        text = _member(text, part)
    return text


def _member(text: str, name: str) -> str:
    """``x.name``, and with ``getattr`` what is no name."""
    if _is_name(name):
        return f"{text}.{name}"
    quoted = f'"{name}"' if name.isalnum() else repr(name)
    return f"getattr({text}, {quoted})"


def _is_name(text: Any) -> bool:
    """Whether a text is one name, so that it can stand in a program as it is."""
    return isinstance(text, str) and text.isidentifier() and not keyword.iskeyword(text)


def _checked(name: str) -> str:
    """The name of a value or an argument. What is written is run, so anything else is refused."""
    if not _is_name(name):
        raise ValueError(f"expected the name of an argument or a value in a graph to be an identifier, got {name!r}")
    return name


_names.describe(__name__)
