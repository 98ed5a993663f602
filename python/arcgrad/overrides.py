"""Classes and modes that take calls of this library over: ``__torch_function__``.

An object whose class has a ``__torch_function__`` is asked for the result of every call that it is an argument of, be it a function,
a method, an operator or an attribute of a tensor: ``__torch_function__(func, types, args, kwargs)``. Subclasses of ``Tensor`` inherit
one that computes the result and gives it the subclass. A :class:`TorchFunctionMode` is asked for the results of all calls made in a
``with`` block.

    >>> import arcgrad as torch
    >>> from arcgrad.overrides import TorchFunctionMode
    >>> class Names(TorchFunctionMode):
    ...     def __torch_function__(self, func, types, args=(), kwargs=None):
    ...         print(func.__name__)
    ...         return func(*args, **(kwargs or {}))
    >>> x = torch.ones(2)
    >>> with Names():
    ...     y = x + x
    add
"""

from __future__ import annotations

from arcgrad import Tensor, _core, _names, _overriding
from arcgrad._core import _overrides
from arcgrad._core._overrides import (
    ask_for,
    has_torch_function,
    has_torch_function_unary,
    has_torch_function_variadic,
    overloaded,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Self

__all__ = [
    "BaseTorchFunctionMode",
    "TorchFunctionMode",
    "enable_reentrant_dispatch",
    "get_default_nowrap_functions",
    "get_ignored_functions",
    "get_overridable_functions",
    "handle_torch_function",
    "has_torch_function",
    "has_torch_function_unary",
    "has_torch_function_variadic",
    "is_tensor_like",
    "is_tensor_method_or_property",
    "resolve_name",
    "wrap_torch_function",
]


def handle_torch_function(public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """Asks the program for the result of ``public_api(*args, **kwargs)``: what a function does that
    :func:`has_torch_function` has said yes to.

    Args:
        public_api: the function that was called.
        relevant_args: the arguments that may take the call over.
        args, kwargs: all arguments.

    Raises:
        TypeError: everybody who was asked returned ``NotImplemented``.
    """
    return ask_for(public_api, overloaded(tuple(relevant_args), True, False), args, kwargs)


def is_tensor_like(inp: Any) -> bool:
    """Whether an object is a tensor, or has a ``__torch_function__`` and so can stand for one.

    >>> import arcgrad as torch
    >>> torch.overrides.is_tensor_like(torch.ones(2)), torch.overrides.is_tensor_like(2)
    (True, False)
    """
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def wrap_torch_function(dispatcher: Callable[..., Iterable[Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator for functions of the program that let their arguments take calls over.

    Args:
        dispatcher: gets the arguments of a call, and returns those that may take it over.

    >>> import arcgrad as torch
    >>> @torch.overrides.wrap_torch_function(lambda x: (x,))
    ... def double(x):
    ...     return x + x
    >>> double(torch.ones(1))
    tensor([2.])
    """
    from functools import wraps

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant = tuple(dispatcher(*args, **kwargs))
            if has_torch_function(relevant):
                return handle_torch_function(wrapped, relevant, *args, **kwargs)
            return func(*args, **kwargs)

        return wrapped

    return decorate


# ---- modes -------------------------------------------------------------------------------------------------------


class TorchFunctionMode:
    """A mode that is asked for the results of calls within a ``with`` block, on this thread. A subclass defines
    ``__torch_function__(self, func, types, args=(), kwargs=None)``; while that runs, the mode is not in force.

    The same object may be entered several times.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: tuple[type, ...], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The result of ``func(*args, **kwargs)``, or ``NotImplemented``. Every subclass defines it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        _overriding.start()
        _overrides.push_mode(self)
        return self

    def __exit__(self, *exc_info: Any) -> None:
        _overrides.pop_mode()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Self:
        """A mode of this class; ``Mode()`` does the same."""
        import warnings

        warnings.warn("`Mode.push()` is no longer necessary and can be replaced with just `with Mode()`", stacklevel=2)
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that changes nothing."""

    def __torch_function__(
        self, func: Callable[..., Any], types: tuple[type, ...], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Calls ``func``."""
        return func(*args, **(kwargs or {}))


def _get_current_function_mode() -> Any:
    """The innermost mode of this thread, or None."""
    modes = _overrides.modes()
    return modes[-1] if modes else None


def _get_current_function_mode_stack() -> list[Any]:
    """The modes of this thread, the innermost last."""
    return _overrides.modes()


class _Switch:
    """Switches off, in a ``with`` block, that somebody is asked."""

    _what = 1
    _before = 0

    def __enter__(self) -> None:
        self._before = _overrides.switch_off(max(self._what, _overrides.switched_off()))

    def __exit__(self, *exc_info: Any) -> None:
        _overrides.switch_off(self._before)


class DisableTorchFunctionSubclass(_Switch):
    """Classes are not asked; modes are."""


class DisableTorchFunction(_Switch):
    """Nobody is asked."""

    _what = 2


class _EnableTorchFunction(_Switch):
    """Everybody is asked, within a block that has switched it off."""

    def __enter__(self) -> None:
        self._before = _overrides.switch_off(0)


def enable_reentrant_dispatch() -> Any:
    """A context in which calls within a ``__torch_dispatch__`` are seen again. They always are here."""
    from contextlib import nullcontext

    return nullcontext()


# ---- what there is -----------------------------------------------------------------------------------------------


def get_default_nowrap_functions() -> set[Callable[..., Any]]:
    """The functions whose results ``Tensor.__torch_function__`` hands out as they are: those that read a tensor which another one
    keeps."""
    _overriding.start()
    return {Tensor._base.__get__, Tensor.grad.__get__}  # type: ignore[attr-defined]


def get_ignored_functions() -> set[Callable[..., Any]]:
    """Functions of this library that cannot be taken over: they make tensors of no tensors, or do not look at any."""
    made = (
        "arange as_tensor empty empty_strided eye fft from_numpy full frombuffer get_default_dtype get_num_threads is_grad_enabled is_tensor "
        "linspace logspace manual_seed no_grad ones rand randint randn randperm save load set_default_dtype set_num_threads tensor "
        "tril_indices triu_indices zeros"
    ).split()
    own = ("__delattr__", "__delitem__", "__dir__", "__getattribute__", "__hash__", "__init_subclass__", "__new__", "__setattr__")
    found = {getattr(_core, name) for name in made if hasattr(_core, name)}
    return found | {getattr(Tensor, name) for name in (*own, "as_subclass", "new", "new_tensor", "_make_subclass")}


def _spaces() -> Iterator[tuple[str, Any]]:
    from importlib import import_module

    import arcgrad

    yield "arcgrad", arcgrad
    yield "arcgrad.Tensor", Tensor
    for name in ("nn.functional", "nn.init", "linalg", "special"):
        yield f"arcgrad.{name}", import_module(f"arcgrad.{name}")


def get_overridable_functions() -> dict[Any, list[Callable[..., Any]]]:
    """The functions that can be taken over, by the module or class they are in. An attribute of a tensor is there as its
    ``__get__``."""
    _overriding.start()
    ignored, found = get_ignored_functions(), {}
    for _, space in _spaces():
        functions = []
        for name in dir(space):
            value = getattr(space, name, None)
            if isinstance(value, _overriding._Attribute):
                functions.append(value.__get__)
            elif callable(value) and not isinstance(value, type) and (name[0] != "_" or name[:2] == "__") and value not in ignored:
                functions.append(value)
        found[space] = functions
    return found


def resolve_name(f: Callable[..., Any]) -> str | None:
    """The name of a function of this library with that of its module, None for any other.

    >>> import arcgrad as torch
    >>> torch.overrides.resolve_name(torch.Tensor.add)
    'arcgrad.Tensor.add'
    """
    attribute = getattr(f, "__self__", None)
    if isinstance(attribute, _overriding._Attribute):
        return f"arcgrad.Tensor.{attribute.__name__}.{f.__name__}"
    for prefix, space in _spaces():
        name = getattr(f, "__name__", None)
        if name is not None and getattr(space, name, None) is f:
            return f"{prefix}.{name}"
    return None


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether a function is a method of tensors, or reads, writes or deletes an attribute of theirs."""
    if isinstance(getattr(func, "__self__", None), _overriding._Attribute):
        return True
    return getattr(Tensor, getattr(func, "__name__", ""), None) is func


_names.describe(__name__)
