"""Calls that the program takes over, where they are written by hand: methods, attributes and functions of this package.

What is made from the table of operations asks by itself (``rust/py/src/overrides.rs``). The rest is as quick as can be until the
program defines a class that takes calls over, or uses modes: :func:`start` then puts the question in front of it. Functions stay
the objects that they are, so that tables of the program that are keyed by them go on working.
"""

from __future__ import annotations

from functools import wraps
from types import FunctionType

from arcgrad import _core
from arcgrad._core import _overrides
from arcgrad._core._overrides import ask_for, has_torch_function, has_torch_function_unary, overloaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Methods that nobody takes over: they make objects, or are the objects' own affair.
_OWN = frozenset(
    (
        "__class__",
        "__copy__",
        "__delattr__",
        "__delitem__",
        "__dict__",
        "__dir__",
        "__dlpack_device__",
        "__doc__",
        "__getattribute__",
        "__hash__",
        "__init_subclass__",
        "__module__",
        "__new__",
        "__setattr__",
        "__torch_function__",
        "__torch_dispatch__",
        "__weakref__",
        "_make_subclass",
        "_make_wrapper_subclass",
        "as_subclass",
        "new",
        "new_tensor",
    )
)

#: What Python's operators ask for by themselves, in the core.
_IN_CORE = frozenset(
    "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul and rand or ror xor rxor lshift "
    "rlshift rshift rrshift neg pos abs invert lt le eq ne gt ge getitem setitem".split()
)

#: The methods that in-place operators stand for, where they have other names.
_IN_PLACE = {
    "__iadd__": "add_",
    "__ifloordiv__": "floor_divide_",
    "__imod__": "remainder_",
    "__imul__": "mul_",
    "__ipow__": "pow_",
    "__isub__": "sub_",
    "__itruediv__": "div_",
}

#: Modules whose functions work on tensors.
_MODULES = ("_einsum", "_lowrank", "_norms", "_statistics", "autograd.gradients", "nn.functional", "nn.init")


_started = False


def start() -> None:
    """Begin to ask: called when the program first defines a class that takes calls over, or uses modes."""
    global _started
    if _started:
        return
    _started = True
    _overrides.watch()
    from importlib import import_module

    for name, value in list(vars(_core.Tensor).items()):
        if name in _OWN or name in _overrides.OPERATIONS or (name[:2] == "__" and name[2:-2] in _IN_CORE):
            continue
        kind = type(value).__name__
        if kind == "getset_descriptor":
            setattr(_core.Tensor, name, _Attribute(name, value))
        elif name == "__iter__":
            _core.Tensor.__iter__ = _iterating(value)  # type: ignore[method-assign]
        elif kind in ("method_descriptor", "wrapper_descriptor", "function"):
            setattr(_core.Tensor, name, _method(name, value))
    for module in _MODULES:
        contents = import_module(f"arcgrad.{module}")
        for name in contents.__all__ if hasattr(contents, "__all__") else list(vars(contents)):
            function = getattr(contents, name)
            if isinstance(function, FunctionType) and name[0] != "_" and function.__module__.startswith("arcgrad"):
                _ask_first(function)


def _method(name, original):
    """A method that asks first."""

    @wraps(original)
    def method(self, *args: Any, **kwargs: Any) -> Any:
        objects = (self, *args, *kwargs.values()) if args or kwargs else (self,)
        if has_torch_function(objects):
            func = getattr(_core.Tensor, _IN_PLACE.get(name, name))
            return ask_for(func, overloaded(objects, False, True), (self, *args), kwargs or None)
        return original(self, *args, **kwargs)

    return method


def _iterating(original):
    """Iterating is a call of ``unbind``, so that the parts are what that makes."""

    @wraps(original)
    def __iter__(self):
        if has_torch_function_unary(self) and self.dim():
            return iter(self.unbind(0))
        return original(self)

    return __iter__


class _Attribute:
    """An attribute of tensors that asks first. The call that is taken over is that of its ``__get__``, ``__set__`` or ``__delete__``."""

    def __init__(self, name: str, original: Any) -> None:
        self.__name__ = name
        self.__doc__ = original.__doc__
        self.__objclass__ = _core.Tensor
        self._original = original

    def __repr__(self) -> str:
        return f"<attribute {self.__name__!r} of 'arcgrad.Tensor' objects>"

    def __get__(self, tensor: Any, owner: Any = None) -> Any:
        if tensor is None:
            return self
        if has_torch_function_unary(tensor):
            return ask_for(self.__get__, overloaded((tensor,), False, False), (tensor,))
        return self._original.__get__(tensor)

    def __set__(self, tensor: Any, value: Any) -> None:
        if has_torch_function((tensor, value)):
            ask_for(self.__set__, overloaded((tensor, value), False, False), (tensor, value))
        else:
            self._original.__set__(tensor, value)

    def __delete__(self, tensor: Any) -> None:
        if has_torch_function_unary(tensor):
            ask_for(self.__delete__, overloaded((tensor,), False, False), (tensor,))
        else:
            self._original.__delete__(tensor)


def _asking(*args: Any, _call: Callable[..., Any], **kwargs: Any) -> Any:
    return _call(args, kwargs)


def _ask_first(function):
    """Lets a function ask first, and be the same object: what it did is done by another one."""
    if function.__code__ is _asking.__code__ or function.__closure__:
        return
    inner = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    inner.__kwdefaults__ = function.__kwdefaults__
    inner.__annotations__ = function.__annotations__

    def call(args, kwargs):
        objects = (*args, *kwargs.values())
        nested = [item for object in objects if type(object) in (tuple, list) for item in object]
        if has_torch_function(objects) or (nested and has_torch_function(nested)):
            return ask_for(function, overloaded((*objects, *nested), True, False), args, kwargs)
        return inner(*args, **kwargs)

    function.__code__ = _asking.__code__
    function.__kwdefaults__ = {"_call": call}
    function.__defaults__ = None
    # Where `inspect` finds the signature.
    function.__wrapped__ = inner


def keeps_class(func: Any) -> bool:
    """Whether results of ``func`` are handed out as they are: the tensors that another one keeps."""
    attribute = getattr(func, "__self__", None)
    return isinstance(attribute, _Attribute) and attribute.__name__ in ("_base", "grad") and func.__name__ == "__get__"
