"""What stands for a value while a program is written down: whatever is done with it becomes a node."""

from __future__ import annotations

import operator
import sys
import types

import arcgrad
from arcgrad import _names

from .node import Node, map_aggregate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .graph import Graph

__all__ = ["Attribute", "GraphAppendingTracer", "ParameterProxy", "Proxy", "TraceError", "TracerBase"]


class TraceError(ValueError):
    """The program does something that depends on a value, which tracing does not know."""


class TracerBase:
    """Makes nodes of what is done with proxies."""

    graph: Graph

    def create_node(
        self, kind: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], name: str | None = None, type_expr: Any = None
    ) -> Node:
        """A node of the graph; overridden, every node passes by."""
        return self.graph.create_node(kind, target, args, kwargs, name, type_expr)

    def proxy(self, node: Node) -> Proxy:
        """What stands for the value of a node."""
        return Proxy(node, self)

    def create_proxy(
        self,
        kind: str,
        target: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None = None,
        type_expr: Any = None,
        proxy_factory_fn: Any = None,
    ) -> Proxy:
        """A node of values that may be proxies, and what stands for its value."""
        given, named = self.create_arg(args), self.create_arg(kwargs)
        node = self.create_node(kind, target, given, named, name, type_expr)
        return self.proxy(node) if proxy_factory_fn is None else proxy_factory_fn(node)

    def create_arg(self, a: Any) -> Any:
        """What a value is in the arguments of a node.

        Raises:
            NotImplementedError: nodes cannot be given such a value.
        """

        def one(value: Any) -> Any:
            if isinstance(value, Proxy):
                return value.node
            if hasattr(value, "__fx_create_arg__"):
                return value.__fx_create_arg__(self)
            if isinstance(value, range):
                return range(*(self.create_arg(part) for part in (value.start, value.stop, value.step)))
            constants = (str, int, float, bool, complex, bytes, arcgrad.dtype, arcgrad.device, arcgrad.memory_format, arcgrad.layout)
            if value is None or value is ... or isinstance(value, (Node, type, *constants)) or callable(value):
                return value
            if isinstance(value, arcgrad.Tensor):
                return value
            raise NotImplementedError(f"argument of type: {type(value)}")

        return map_aggregate(a, one)

    def to_bool(self, obj: Proxy) -> bool:
        """Called where a value decides what the program does."""
        raise TraceError("symbolically traced variables cannot be used as inputs to control flow")

    def iter(self, obj: Proxy) -> Iterator[Any]:
        """Called where a value is gone through; how many there are is not known, unless they are unpacked."""
        import dis
        import sys

        frame = sys._getframe(2)
        code = list(dis.get_instructions(frame.f_code))
        at = next(number for number, instruction in enumerate(code) if instruction.offset == frame.f_lasti)
        while code[at].opname in ("CACHE", "EXTENDED_ARG"):
            at += 1
        if code[at].opname == "UNPACK_SEQUENCE":
            return (obj[index] for index in range(code[at].argval))
        raise TraceError(
            "Proxy object cannot be iterated. This can be attempted when the Proxy is used in a loop or as a *args or **kwargs function "
            "argument."
        )

    def keys(self, obj: Proxy) -> Any:
        """Called where a value is unpacked by ``**``."""
        return Attribute(obj, "keys")()


class GraphAppendingTracer(TracerBase):
    """Adds to a graph that is there."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph


class Proxy:
    """Stands for the value of a node: operations, calls of functions of the package, attributes and methods become further nodes."""

    def __init__(self, node: Node, tracer: TracerBase | None = None) -> None:
        self.tracer = GraphAppendingTracer(node.graph) if tracer is None else tracer
        self.node = node

    def __repr__(self) -> str:
        return f"Proxy({self.node.name})"

    def __getattr__(self, k: str) -> Attribute:
        if k.startswith("__") and k.endswith("__"):
            raise AttributeError(k)
        return Attribute(self, k)

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.tracer.create_proxy("call_method", "__call__", (self, *args), kwargs)

    def __iter__(self) -> Iterator[Any]:
        return self.tracer.iter(self)

    def __bool__(self) -> bool:
        return self.tracer.to_bool(self)

    def keys(self) -> Any:
        return self.tracer.keys(self)

    def __len__(self) -> int:
        raise RuntimeError(
            "'len' is not supported in symbolic tracing by default. If you want this call to be recorded, please call torch.fx.wrap('len') "
            "at module scope"
        )

    @classmethod
    def __torch_function__(cls, orig_method: Any, types: Any, args: Any = None, kwargs: Any = None) -> Any:
        args, kwargs = args or (), kwargs or {}
        tracer: Any = None

        def find(value: Any) -> Any:
            nonlocal tracer
            if isinstance(value, Proxy):
                tracer = tracer or value.tracer
            return value

        map_aggregate((args, kwargs), find)
        name = getattr(orig_method, "__name__", "")
        method = getattr(arcgrad.Tensor, name, None)
        if method is orig_method:
            if name.startswith("__") and hasattr(operator, name.strip("_")):
                return tracer.create_proxy("call_function", getattr(operator, name.strip("_")), args, kwargs)
            return tracer.create_proxy("call_method", name, args, kwargs)
        return tracer.create_proxy("call_function", _public(orig_method, name), args, kwargs)


def _public(function: Any, name: str) -> Any:
    """The function as programs name it: functions of ``nn.functional`` may call one of the core that has their name and no other place."""
    if isinstance(function, types.BuiltinFunctionType) and getattr(sys.modules.get(function.__module__), name, None) is not function:
        return getattr(arcgrad.nn.functional, name, function)
    return function


class Attribute(Proxy):
    """An attribute of a value; called, it is a method, else it becomes a node when it is used."""

    def __init__(self, root: Proxy, attr: str) -> None:
        self.root, self.attr, self.tracer = root, attr, root.tracer
        self._node: Node | None = None

    @property
    def node(self) -> Node:  # type: ignore[override]
        if self._node is None:
            self._node = self.tracer.create_proxy("call_function", getattr, (self.root, self.attr), {}).node
        return self._node

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.tracer.create_proxy("call_method", self.attr, (self.root, *args), kwargs)


class ParameterProxy(Proxy):
    """Stands for a parameter whose shape the program may decide by: it is a number, not a node."""

    def __init__(self, tracer: TracerBase, node: Node, name: str, param: Any) -> None:
        super().__init__(node, tracer)
        self.param, self.name = param, name

    def __repr__(self) -> str:
        return f"ParameterProxy({self.name})"

    @property
    def shape(self) -> Any:
        return self.param.shape

    @property
    def ndim(self) -> int:
        return int(self.param.ndim)

    def size(self, *args: Any) -> Any:
        return self.param.size(*args)

    def dim(self) -> int:
        return int(self.param.dim())

    def numel(self) -> int:
        return int(self.param.numel())

    nelement = numel


def _forward(name, function):
    def method(self, *args):
        return self.tracer.create_proxy("call_function", function, (self, *args), {})

    method.__name__ = name
    return method


def _backward(name, function):
    def method(self, other):
        return self.tracer.create_proxy("call_function", function, (other, self), {})

    method.__name__ = name
    return method


_BOTH = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lshift", "rshift", "and_", "or_", "xor")
for _name in (*_BOTH, "lt", "le", "gt", "ge", "eq", "ne", "getitem", "neg", "pos", "invert"):
    _method = f"__{_name.strip('_')}__"
    setattr(Proxy, _method, _forward(_method, getattr(operator, _name)))
for _name in _BOTH:
    _method = f"__r{_name.strip('_')}__"
    setattr(Proxy, _method, _backward(_method, getattr(operator, _name)))
# Comparing for equality is a node, so a proxy is told from another as an object.
Proxy.__hash__ = object.__hash__  # type: ignore[method-assign]

_names.describe(__name__)
