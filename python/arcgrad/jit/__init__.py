"""TorchScript's names. There is no compiler: what would be compiled runs as it is.

:func:`script`, :func:`trace` and the decorators return their argument, so a program computes the same, and nothing is faster for it.
Compiled modules cannot be written to files or read from them.

    >>> import arcgrad as ag
    >>> @ag.jit.script
    ... def double(x: ag.Tensor) -> ag.Tensor:
    ...     return 2 * x
    >>> double(ag.ones(2))
    tensor([2., 2.])
"""

from __future__ import annotations

import builtins
import typing

from arcgrad import _absent
from arcgrad.nn import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

    def __getattr__(name: str) -> Any: ...


__all__ = [
    "Final",
    "Future",
    "ScriptFunction",
    "ScriptModule",
    "TracerWarning",
    "annotate",
    "export",
    "fork",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "optimize_for_inference",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "trace_module",
    "unused",
    "wait",
]

_is_instance = isinstance


class TracerWarning(Warning):
    """What tracing would warn of; never issued."""


class _OfScripted(type):
    """Modules that :func:`script` and its like gave back, and those in them, are instances, as what PyTorch makes of them is."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or cls is ScriptModule and "_is_scripted" in getattr(instance, "__dict__", ())


class ScriptModule(Module, metaclass=_OfScripted):
    """A base class like :class:`arcgrad.nn.Module`. What :func:`script`, :func:`trace`, :func:`trace_module` and :func:`freeze` return is
    an instance, too: programs ask whether a module has been through them."""


def _noted(obj: T) -> T:
    """The same object; of modules it is noted that they were to be compiled."""
    if builtins.isinstance(obj, Module):
        for module in obj.modules():
            module.__dict__["_is_scripted"] = True
    return obj


class ScriptFunction:
    """The class of compiled functions, of which there are none."""

    def __init__(self) -> None:
        raise NotImplementedError("arcgrad.jit.ScriptFunction is not available: arcgrad compiles no functions")


Final = typing.Final


def script(obj: T, optimize: Any = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None, **_options: Any) -> T:
    """Returns ``obj``, a function, module or class, as it is."""
    return _noted(obj)


def trace(
    func: T,
    example_inputs: Any = None,
    optimize: Any = None,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    **_options: Any,
) -> T:
    """Returns ``func``, a function or module, as it is. Unlike a trace it goes on to follow the values it is given."""
    return _noted(func)


def trace_module(mod: T, inputs: dict[str, Any], *_arguments: Any, check_trace: bool = True, **_options: Any) -> T:
    """Returns the module as it is."""
    return _noted(mod)


def freeze(mod: T, preserved_attrs: Any = None, optimize_numerics: bool = True) -> T:
    """Returns the module as it is."""
    return _noted(mod)


def optimize_for_inference(mod: T, other_methods: Any = None) -> T:
    """Returns the module as it is."""
    return _noted(mod)


def script_method(fn: T) -> T:
    """Returns its argument."""
    return fn


def script_if_tracing(fn: T) -> T:
    """Returns its argument."""
    return fn


def export(fn: T) -> T:
    """Returns its argument."""
    return fn


def interface(obj: T) -> T:
    """Returns its argument."""
    return obj


def ignore(drop: Any = False, **_options: Any) -> Any:
    """A decorator, plain or called, that returns the function as it is."""
    return drop if callable(drop) else lambda function: function


def unused(fn: T) -> T:
    """Returns its argument."""
    return fn


def annotate(the_type: Any, the_value: T) -> T:
    """Returns the value."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether ``obj`` is of a type, which may be a container with its types of items (``list[int]``)."""
    if _is_instance(target_type, tuple):
        return any(isinstance(obj, one) for one in target_type)
    origin, items = typing.get_origin(target_type), typing.get_args(target_type)
    if origin is None:
        return _is_instance(obj, target_type)
    if not _is_instance(origin, type):  # Optional and Union
        return any(isinstance(obj, one) for one in items)
    if not _is_instance(obj, origin):
        return False
    if origin is dict:
        return all(isinstance(key, items[0]) and isinstance(value, items[1]) for key, value in obj.items())
    if origin is tuple:
        return len(obj) == len(items) and all(map(isinstance, obj, items))
    return all(isinstance(item, items[0]) for item in obj)


def is_scripting() -> bool:
    """False: code is only ever run by Python."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


class Future:
    """A result that is there: what would be computed beside the program has been computed."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def done(self) -> bool:
        """True."""
        return True

    def value(self) -> Any:
        """The result."""
        return self._value

    wait = value


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
    """Calls the function, as PyTorch does outside of compiled code; the result is to be asked for by :func:`wait`."""
    return Future(func(*args, **kwargs))


def wait(future: Future) -> Any:
    """The result of :func:`fork`."""
    return future.wait()


_fork, _wait = fork, wait


def _overload(func: T) -> T:
    """Returns its argument: of functions with one name the last one is called, which takes what all of them take."""
    return func


_overload_method = _overload

_absent.declare(
    __name__, "arcgrad compiles no functions; save() keeps tensors and states", "Attribute CompilationUnit load save"
)
