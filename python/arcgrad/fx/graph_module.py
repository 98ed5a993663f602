"""Modules made of a graph."""

from __future__ import annotations

import copy
import itertools
import linecache

import arcgrad
from arcgrad import _names
from arcgrad.nn import Module

from .graph import Graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["GraphModule"]

_numbers = itertools.count()


def _assign(target: Any, path: str, value: Any, persistent: bool = True) -> None:
    """Puts a value at a path below a module, with modules in between where there are none. ``persistent`` is for buffers."""
    *parents, name = path.split(".")
    for part in parents:
        if not hasattr(target, part):
            setattr(target, part, Module())
        target = getattr(target, part)
    if isinstance(value, arcgrad.Tensor) and not isinstance(value, arcgrad.nn.Parameter) and isinstance(target, Module):
        if name not in target._buffers:
            target.__dict__.pop(name, None)
        target.register_buffer(name, value, persistent=persistent)
    else:
        setattr(target, name, value)


def _value_at(root: Any, path: str) -> Any:
    for part in path.split("."):
        root = getattr(root, part)
    return root


class GraphModule(Module):
    """A module that runs a graph.

    Args:
        root: a module, from which what the graph mentions is taken, or a dictionary of it by paths.
        graph: the program.
        class_name: what its class is called.

    ``code`` is the program as text. After a change of the graph :meth:`recompile` makes ``forward`` anew.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        # A class of its own for each, which has its own forward.
        generated = next(kind for kind in cls.__mro__ if not getattr(kind, "_is_generated", False))
        return super().__new__(type(generated.__name__, (generated,), {"_is_generated": True, "__module__": generated.__module__}))

    def __init__(self, root: Any, graph: Graph, class_name: str = "GraphModule") -> None:
        super().__init__()
        type(self).__name__ = class_name
        paths = dict.fromkeys(node.target for node in graph.nodes if node.op in ("get_attr", "call_module"))
        if isinstance(root, Module):
            self.training = getattr(root, "training", True)
            for path in paths:
                parent, _, name = path.rpartition(".")
                home = _value_at(root, parent) if parent else root
                _assign(self, path, getattr(home, name), name not in getattr(home, "_non_persistent_buffers_set", ()))
        elif isinstance(root, dict):
            for path in sorted(paths, key=lambda path: path.count(".")):
                if path not in root:
                    raise RuntimeError(
                        f"Node referenced target {path} but that target was not provided in `root`!"
                    )
                _assign(self, path, root[path])
        else:
            raise RuntimeError(f"Unsupported type {type(root)} passed for root!")
        self.meta: dict[str, Any] = {}
        self.graph = graph

    @property
    def graph(self) -> Graph:
        """The program. Setting it recompiles."""
        return self._graph

    @graph.setter
    def graph(self, graph: Graph) -> None:
        if not isinstance(graph, Graph):
            raise AssertionError(f"Expected a Graph instance, but got {type(graph)}")
        # As long as another module has it, this one has a copy.
        if graph.owning_module is not None and graph.owning_module is not self:
            graph = copy.deepcopy(graph)
        object.__setattr__(self, "_graph", graph)
        graph.owning_module = self
        self.recompile()

    @property
    def code(self) -> str:
        """The program as text."""
        return self._code

    def recompile(self) -> Any:
        """Makes ``forward`` of the graph as it is now; returns the program as text, and what its names stand for."""
        made = self._graph.python_code("self")
        object.__setattr__(self, "_code", made.src)
        # Under a name of its own, by which tracebacks find the lines.
        file = f"<fx graph {next(_numbers)}>"
        linecache.cache[file] = (len(made.src), None, made.src.splitlines(keepends=True), file)
        names = dict(made.globals)
        exec(compile(made.src, file, "exec"), names)  # noqa: S102 (it is the program itself that is run)
        type(self).forward = names["forward"]  # type: ignore[method-assign]
        return made

    def add_submodule(self, target: str, m: Module) -> bool:
        """Puts a module at a path, with modules in between; False if something else is in the way."""
        parent: Any = self
        *parents, name = target.split(".")
        for part in parents:
            if not hasattr(parent, part):
                setattr(parent, part, Module())
            parent = getattr(parent, part)
            if not isinstance(parent, Module):
                return False
        parent.add_module(name, m)
        return True

    def delete_submodule(self, target: str) -> bool:
        """Removes the module at a path; whether there was one."""
        *parents, name = target.split(".")
        parent: Any = self
        for part in parents:
            parent = getattr(parent, part, None)
        if not isinstance(parent, Module) or not isinstance(getattr(parent, name, None), Module):
            return False
        delattr(parent, name)
        return True

    def delete_all_unused_submodules(self) -> None:
        """Removes the modules that the graph neither calls nor takes something from."""
        used = set()
        for node in self.graph.nodes:
            if node.op in ("call_module", "get_attr"):
                parts = node.target.split(".")
                used.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
                if node.op == "call_module":
                    used.update(f"{node.target}.{name}" for name, _ in self.get_submodule(node.target).named_modules() if name)
        for name, _ in list(self.named_modules()):
            if name and name not in used:
                self.delete_submodule(name)

    def print_readable(self, print_output: bool = True, **_: Any) -> str:
        """Prints the program; returns it."""
        text = f"class {type(self).__name__}(torch.nn.Module):" + self._code.replace("\n", "\n    ")
        if print_output:
            print(text)
        return text

    def __deepcopy__(self, memo: dict[int, Any]) -> GraphModule:
        state = {name: value for name, value in self.__dict__.items() if name not in ("_graph", "_code", "meta")}
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        Module.__init__(copied)
        type(copied).__name__ = type(self).__name__
        copied.__dict__.update(copy.deepcopy(state, memo))
        copied.meta = copy.copy(self.meta)
        copied.graph = copy.deepcopy(self._graph)
        return copied

    def __copy__(self) -> GraphModule:
        return GraphModule(self, self.graph)

    def __reduce__(self) -> Any:
        state = {name: value for name, value in self.__dict__.items() if name not in ("_graph", "_code")}
        return _unpickled, (state, [_packed(node) for node in self._graph.nodes], type(self).__name__)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), self._code, "# To see more debug info, please use `graph_module.print_readable()`"])


def _packed(node):
    """What a node is made of, with the names of others in the place of them."""
    from .node import map_arg

    named = map_arg((node.args, node.kwargs), lambda other: _Named(other.name))
    return node.op, node.target, *named, node.name, node.type


class _Named:
    """The name of a node in a pickle."""

    def __init__(self, name: str) -> None:
        self.name = name


def _unpickled(state, nodes, class_name):
    from .node import map_aggregate

    graph = Graph()
    made: dict[str, Any] = {}
    for op, target, args, kwargs, name, kind in nodes:
        args, kwargs = map_aggregate((args, kwargs), lambda value: made[value.name] if isinstance(value, _Named) else value)
        made[name] = graph.create_node(op, target, args, kwargs, name, kind)
    module = GraphModule.__new__(GraphModule)
    Module.__init__(module)
    type(module).__name__ = class_name
    module.__dict__.update(state)
    module.graph = graph
    return module


_names.describe(__name__)
