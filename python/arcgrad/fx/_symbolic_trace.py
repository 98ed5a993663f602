"""Writing programs down by running them on what stands for their arguments."""

from __future__ import annotations

import builtins
import inspect
import sys
import types
from contextlib import ExitStack, contextmanager

import arcgrad
from arcgrad import _names
from arcgrad.nn import Module

from .graph import Graph
from .graph_module import GraphModule
from .node import has_side_effect, map_aggregate
from .proxy import ParameterProxy, Proxy, TraceError, TracerBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["Tracer", "symbolic_trace", "wrap"]

#: Functions of modules of programs that are nodes where they are called: (names of the module, name).
_wrapped: dict[tuple[int, str], dict[str, Any]] = {}


def wrap(fn_or_name: Any) -> Any:
    """Makes a function of the module that calls this one node where it is called with a proxy, instead of what it does.

    To be called, or used as a decorator, at the top of a module.

    >>> import arcgrad as torch
    >>> from arcgrad.fx import symbolic_trace
    >>> symbolic_trace(lambda x: torch.relu(x) + 1).code.strip().splitlines()[1:]
    ['    relu = torch.relu(x);  x = None', '    add = relu + 1;  relu = None', '    return add']
    """
    if callable(fn_or_name):
        name = fn_or_name.__name__
    elif isinstance(fn_or_name, str):
        name = fn_or_name
    else:
        raise RuntimeError("Unsupported type for global function! Must be either a callable or string name")
    frame = sys._getframe(1)
    if frame.f_code.co_name != "<module>":
        raise NotImplementedError("wrap must be called at the top level of a module")
    _wrapped[id(frame.f_globals), name] = frame.f_globals
    return fn_or_name


@has_side_effect
def _assert_is_none(value: Any, message: str) -> None:
    """Raises AssertionError with a message unless a value is None."""
    if value is not None:
        raise AssertionError(message)


has_side_effect(arcgrad._assert)


def _has_proxy(tree: Any) -> Proxy | None:
    found: list[Proxy] = []
    map_aggregate(tree, lambda value: found.append(value) if isinstance(value, Proxy) else None)
    return found[0] if found else None


def _recording(function):
    def call(*args, **kwargs):
        proxy = _has_proxy((args, kwargs))
        if proxy is None:
            return function(*args, **kwargs)
        return proxy.tracer.create_proxy("call_function", function, args, kwargs)

    call.__wrapped__, call.__name__ = function, getattr(function, "__name__", "call")
    return call


@contextmanager
def _set(room: Any, name: str, value: Any) -> Iterator[None]:
    """Inside of the block a name of a dictionary or an object stands for something else."""
    missing = object()
    if isinstance(room, dict):
        before = room.get(name, missing)
        room[name] = value
        try:
            yield
        finally:
            if before is missing:
                del room[name]
            else:
                room[name] = before
    else:
        before = room.__dict__.get(name, missing)
        setattr(room, name, value)
        try:
            yield
        finally:
            if before is missing:
                delattr(room, name)
            else:
                setattr(room, name, before)


class Tracer(TracerBase):
    """Writes down what a module or a function does.

    Args:
        autowrap_modules: modules (``math``) whose functions become nodes where they are called with a proxy.
        autowrap_functions: such functions.
        param_shapes_constant: whether shapes of parameters are numbers, which the program may decide by, instead of nodes.
    """

    def __init__(
        self, autowrap_modules: tuple[Any, ...] = (), autowrap_functions: tuple[Any, ...] = (), param_shapes_constant: bool = False
    ) -> None:
        import math

        self._wrapped_functions = {
            *(value for module in (math, *autowrap_modules) for name, value in vars(module).items() if name[0] != "_" and callable(value)),
            *autowrap_functions,
        }
        self._wrapped_modules = (math, *autowrap_modules)
        self.param_shapes_constant = param_shapes_constant
        self.proxy_buffer_attributes = False
        self.root: Any = None
        self.submodule_paths: dict[Module, str] | None = None
        self.tensor_attrs: dict[int, str] = {}

    # ---- what may be overridden ----

    def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
        """Whether a module is one node; those of ``nn`` are, but for ``Sequential``."""
        return type(m).__module__.startswith(("arcgrad.nn", "torch.nn")) and not isinstance(m, arcgrad.nn.Sequential)

    def path_of_module(self, mod: Module) -> str:
        """The path of a module below the root."""
        path = (self.submodule_paths or {}).get(mod)
        if path is not None:
            return path
        for name, module in self.root.named_modules(remove_duplicate=False):
            if module is mod:
                return name
        raise NameError("module is not installed as a submodule")

    def call_module(self, m: Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the call of a module becomes: a node if it is a leaf, else what it does."""
        path = self.path_of_module(m)
        if self.is_leaf_module(m, path):
            return self.create_proxy("call_module", path, args, kwargs)
        return forward(*args, **kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """What an attribute of a module is while it is traced: parameters are nodes, with ``proxy_buffer_attributes`` buffers, too."""
        members = []
        if isinstance(attr_val, arcgrad.nn.Parameter):
            members.append(self.root.named_parameters())
        elif self.proxy_buffer_attributes and isinstance(attr_val, arcgrad.Tensor):
            members.append(self.root.named_buffers())
        for listed in members:
            for name, member in listed:
                if member is attr_val:
                    if name not in parameter_proxy_cache:
                        known = self.param_shapes_constant and isinstance(attr_val, arcgrad.nn.Parameter)
                        made = (lambda node: ParameterProxy(self, node, name, attr_val)) if known else None
                        parameter_proxy_cache[name] = self.create_proxy("get_attr", name, (), {}, proxy_factory_fn=made)
                    return parameter_proxy_cache[name]
        return attr_val

    def create_arg(self, a: Any) -> Any:
        if isinstance(a, arcgrad.nn.Parameter):
            for name, parameter in self.root.named_parameters():
                if parameter is a:
                    return self.create_node("get_attr", name, (), {})
            raise NameError("parameter is not a member of this module")
        if isinstance(a, arcgrad.Tensor):
            for name, buffer in self.root.named_buffers():
                if buffer is a:
                    return self.create_node("get_attr", name, (), {})
            path = self.tensor_attrs.get(id(a))
            if path is None:
                count = 0
                while hasattr(self.root, f"_tensor_constant{count}"):
                    count += 1
                path = f"_tensor_constant{count}"
                setattr(self.root, path, a)
                self.tensor_attrs[id(a)] = path
            return self.create_node("get_attr", path, (), {})
        if isinstance(a, Module):
            for name, module in self.root.named_modules():
                if module is a:
                    return self.create_node("get_attr", name, (), {})
        if isinstance(a, (list, tuple, dict)) and not isinstance(a, (str, arcgrad.Size)):
            if isinstance(a, dict):
                return {key: self.create_arg(value) for key, value in a.items()}
            parts = [self.create_arg(value) for value in a]
            return type(a)(*parts) if hasattr(a, "_fields") else type(a)(parts)
        if isinstance(a, slice):
            return slice(*(self.create_arg(part) for part in (a.start, a.stop, a.step)))
        return super().create_arg(tuple(a) if isinstance(a, arcgrad.Size) else a)

    # ---- tracing ----

    def _arguments(self, function: Any, is_module: bool, concrete: dict[str, Any] | None) -> tuple[list[Any], dict[str, Any], list[Any]]:
        """What a function is called with: a proxy for every argument that nothing is given for. Those with a place, those that are
        named, and what ``*args`` and ``**kwargs`` stand for."""
        given: list[Any] = []
        named: dict[str, Any] = {}
        starred: list[Any] = []
        stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
        parameters = list(inspect.signature(function).parameters.values())
        if is_module and parameters and parameters[0].kind not in stars:
            del parameters[0]
        # As in PyTorch, arguments that have to be named have a place in the graph: in front of what the stars take.
        for parameter in sorted(parameters, key=lambda parameter: parameter.kind in stars):
            name = parameter.name
            default = () if parameter.default is parameter.empty else (parameter.default,)
            if parameter.kind in stars:
                starred.append(self.create_proxy("placeholder", stars[parameter.kind] + name, (), {}, name=f"_{name}"))
                continue
            if concrete is not None and name in concrete:
                value: Any = concrete[name]
                # The graph has the argument all the same, and checks that it is what it was traced with.
                given_value = self.create_proxy("placeholder", f"{name}_1", default, {}, name=f"{name}_1")
                said = f"{name} has been specialized to have value {value} but got another value"
                if value is None:
                    self.create_proxy("call_function", _assert_is_none, (given_value, said), {})
                elif isinstance(value, (bool, int, float, str)):
                    self.create_proxy("call_function", arcgrad._assert, (given_value == value, said), {})
            else:
                value = self.create_proxy("placeholder", name, default, {}, name=name)
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[name] = value
            else:
                given.append(value)
        return given, named, starred

    def trace(self, root: Any, concrete_args: dict[str, Any] | None = None) -> Graph:
        """The graph of a module or a function.

        Args:
            root: what is written down.
            concrete_args: arguments that the program may decide by; the graph is for these values alone, and checks them.
        """
        if isinstance(root, Module):
            self.root, function = root, type(root).forward
            if "forward" in root.__dict__:
                function = None
        else:
            self.root, function = Module(), root
        is_module = isinstance(root, Module) and function is not None
        call = function if function is not None else root.__dict__["forward"]
        self.graph = Graph(tracer_cls=type(self))
        self.tensor_attrs = {id(value): name for name, value in self.root.__dict__.items() if isinstance(value, arcgrad.Tensor)}
        given, named, starred = self._arguments(call, is_module, concrete_args)
        if is_module:
            given.insert(0, root)
        if starred:
            call, bound = _without_stars(call)
            given, named = [*bound, *given, *named.values(), *starred], {}
        # While it is traced; the first of the paths to a module counts.
        self.submodule_paths = {}
        for path, module in self.root.named_modules(remove_duplicate=False):
            self.submodule_paths.setdefault(module, path)
        cache: dict[str, Any] = {}
        plain_getattr, plain_call = Module.__getattr__, Module.__call__
        tracer = self

        def module_getattr(module: Module, name: str) -> Any:
            return tracer.getattr(name, plain_getattr(module, name), cache)

        def module_call(module: Module, *args: Any, **kwargs: Any) -> Any:
            def forward(*args: Any, **kwargs: Any) -> Any:
                return plain_call(module, *args, **kwargs)

            return tracer.call_module(module, forward, args, kwargs)

        with ExitStack() as stack:
            stack.callback(setattr, self, "submodule_paths", None)
            stack.enter_context(_set(Module, "__getattr__", module_getattr))
            stack.enter_context(_set(Module, "__call__", module_call))
            places = getattr(inspect.unwrap(call), "__globals__", {})
            for name, value in list(places.items()):
                if callable(value) and isinstance(getattr(value, "__hash__", None), object) and _in(value, self._wrapped_functions):
                    stack.enter_context(_set(places, name, _recording(value)))
            for module in self._wrapped_modules:
                for name, value in list(vars(module).items()):
                    if callable(value) and _in(value, self._wrapped_functions):
                        stack.enter_context(_set(module, name, _recording(value)))
            for (_, name), globals_ in list(_wrapped.items()):
                value = globals_.get(name, getattr(builtins, name, None))
                if value is not None:
                    stack.enter_context(_set(globals_, name, _recording(value)))
            result = call(*given, **named)
            self.create_node("output", "output", (self.create_arg(result),), {})
        return self.graph


def _without_stars(function: Any) -> tuple[Any, tuple[Any, ...]]:
    """The function with ``*args`` and ``**kwargs`` as arguments with a place, behind all others, so that one proxy stands for all that
    they take; and what it is bound to.

    Raises:
        TraceError: it is not written in Python, or calls another one with what it takes.
    """
    bound = (function.__self__,) if inspect.ismethod(function) else ()
    plain = function.__func__ if bound else function
    if not inspect.isfunction(plain) or hasattr(plain, "__wrapped__"):
        raise TraceError(f"{function} takes *args or **kwargs, how many is not known, and it is not the function itself that takes them")
    code = plain.__code__
    stars = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    count = code.co_argcount + code.co_kwonlyargcount + (code.co_flags & stars).bit_count()
    code = code.replace(co_flags=code.co_flags & ~stars, co_argcount=count, co_posonlyargcount=0, co_kwonlyargcount=0)
    return types.FunctionType(code, plain.__globals__, plain.__name__, None, plain.__closure__), bound


def _in(value: Any, functions: set[Any]) -> bool:
    try:
        return value in functions
    except TypeError:  # It cannot be hashed, so it is none of them.
        return False


def symbolic_trace(root: Any, concrete_args: dict[str, Any] | None = None) -> GraphModule:
    """A module or a function as a :class:`GraphModule`, whose program can be read and changed.

    >>> import arcgrad as torch
    >>> traced = symbolic_trace(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU()))
    >>> [(node.op, node.name) for node in traced.graph.nodes]
    [('placeholder', 'input_1'), ('call_module', '_0'), ('call_module', '_1'), ('output', 'output')]
    """
    tracer = Tracer()
    graph = tracer.trace(root, concrete_args)
    name = type(root).__name__ if isinstance(root, Module) else root.__name__
    return GraphModule(tracer.root, graph, name)


_names.describe(__name__)
