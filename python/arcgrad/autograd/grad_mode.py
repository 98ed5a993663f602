"""Switching recording on and off: context managers that also decorate functions, generators and coroutines."""

from __future__ import annotations

from contextlib import ContextDecorator
from threading import local

from arcgrad import _names
from arcgrad._core import _autograd
from arcgrad._core._autograd import ModeGuard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Self, TypeVar, overload

    from arcgrad import Tensor

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_multithreading_enabled",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


def _decorate_generator(make, function):
    def wrapper(*args, **kwargs):
        # The mode holds while the generator runs and is put back whenever it yields.
        with make():
            generator = function(*args, **kwargs)
        return (yield from _Resumed(make, generator))

    return wrapper


class _Resumed:
    """An iterator that resumes a generator or coroutine within a mode each time."""

    def __init__(self, make, resumed):
        self._make = make
        self._resumed = resumed

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)

    def send(self, value):
        with self._make():
            return self._resumed.send(value)

    def throw(self, *exception):
        with self._make():
            return self._resumed.throw(*exception)

    def close(self):
        with self._make():
            self._resumed.close()


class _Awaited:
    """Awaits a coroutine within a mode."""

    def __init__(self, make, coroutine):
        self._resumed = _Resumed(make, coroutine)

    def __await__(self):
        return self._resumed


def _decorate_coroutine(make, function):
    async def wrapper(*args, **kwargs):
        return await _Awaited(make, function(*args, **kwargs))

    return wrapper


def _decorate_async_generator(make, function):
    async def wrapper(*args, **kwargs):
        with make():
            generator = function(*args, **kwargs)
        step = generator.__anext__()
        while True:
            try:
                value = await _Awaited(make, step.__await__())
            except StopAsyncIteration:
                return
            try:
                sent = yield value
            except GeneratorExit:
                await _Awaited(make, generator.aclose().__await__())
                raise
            except BaseException as error:
                step = generator.athrow(error)
            else:
                step = generator.asend(sent)

    return wrapper


def decorate(make: Callable[[], Any], function: F) -> F:
    """A function that does what ``function`` does, within the context that ``make()`` gives."""
    import functools
    import inspect

    if inspect.isclass(function):
        import warnings

        warnings.warn(
            "Decorating classes is deprecated and will be disabled in future versions. You should only decorate "
            "functions or methods. To preserve the current behavior of class decoration, you can directly decorate "
            "the `__init__` method and nothing else.",
            FutureWarning,
            stacklevel=3,
        )
    if inspect.isgeneratorfunction(function):
        wrapper = _decorate_generator(make, function)
    elif inspect.iscoroutinefunction(function):
        wrapper = _decorate_coroutine(make, function)
    elif inspect.isasyncgenfunction(function):
        wrapper = _decorate_async_generator(make, function)
    else:

        def wrapper(*args, **kwargs):
            with make():
                return function(*args, **kwargs)

    return functools.wraps(function)(wrapper)


class _Mode(ModeGuard):
    """A mode as a context manager and decorator. Subclasses say how to make another of the same kind."""

    if TYPE_CHECKING:

        @overload
        def __call__(self, function: F, /) -> F: ...

        # What was decorated without parentheses is such an object for a checker that does not ask `__new__`.
        @overload
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def __call__(self, function):
        return decorate(self.clone, function)

    def clone(self) -> Self:
        """Another object that switches the same mode."""
        return type(self)()


class no_grad(_Mode):
    """Records nothing: results do not require gradients, and no memory is kept for backward.

    A context manager and a decorator; per thread.

    Example::

        >>> import arcgrad as ag
        >>> x = ag.ones(2, requires_grad=True)
        >>> with ag.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
        >>> @ag.no_grad()
        ... def double(x):
        ...     return x * 2
        >>> double(x).requires_grad
        False
    """

    if TYPE_CHECKING:

        @overload
        def __new__(cls, orig_func: None = None) -> Self: ...
        @overload
        def __new__(cls, orig_func: F) -> F: ...

    def __new__(cls, orig_func=None):
        guard = ModeGuard.__new__(cls, "grad", False)
        return guard if orig_func is None else guard(orig_func)


class enable_grad(_Mode):
    """Records again, inside :class:`no_grad`. A context manager and a decorator; per thread.

    Example::

        >>> import arcgrad as ag
        >>> x = ag.ones(2, requires_grad=True)
        >>> with ag.no_grad(), ag.enable_grad():
        ...     y = x * 2
        >>> y.requires_grad
        True
    """

    if TYPE_CHECKING:

        @overload
        def __new__(cls, orig_func: None = None) -> Self: ...
        @overload
        def __new__(cls, orig_func: F) -> F: ...

    def __new__(cls, orig_func=None):
        guard = ModeGuard.__new__(cls, "grad", True)
        return guard if orig_func is None else guard(orig_func)


class inference_mode(_Mode):
    """Like :class:`no_grad`, and what is made in it can never take part in a graph. A context manager and a decorator.

    Args:
        mode (bool): False gives normal mode, inside inference mode.

    Example::

        >>> import arcgrad as ag
        >>> x = ag.ones(2, requires_grad=True)
        >>> with ag.inference_mode():
        ...     y = x * 2
        >>> y.requires_grad, y.is_inference()
        (False, True)
    """

    if TYPE_CHECKING:

        @overload
        def __new__(cls, mode: bool = True) -> Self: ...
        @overload
        def __new__(cls, mode: F) -> F: ...

    def __new__(cls, mode=True):
        if not isinstance(mode, bool):
            # Used without parentheses, as a decorator.
            return ModeGuard.__new__(cls, "inference", True)(mode) if callable(mode) else _refuse("inference_mode", mode)
        guard = ModeGuard.__new__(cls, "inference", mode)
        guard.mode = mode
        return guard

    def clone(self) -> Self:
        return type(self)(getattr(self, "mode", True))


class set_grad_enabled:
    """Switches recording on or off: at once when called as a function, and back at the end of a ``with`` block.

    As a decorator it changes the mode only while the function runs.

    Args:
        mode (bool): whether operations are recorded.

    Example::

        >>> import arcgrad as ag
        >>> with ag.set_grad_enabled(False):
        ...     ag.is_grad_enabled()
        False
        >>> ag.is_grad_enabled()
        True
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            _refuse("set_grad_enabled", mode)
        self.mode = mode
        self.prev = _autograd.switch_grad(mode)

    def __call__(self, function: F) -> F:
        _autograd.switch_grad(self.prev)
        return decorate(self.clone, function)

    def __enter__(self) -> None:
        _autograd.switch_grad(self.mode)

    def __exit__(self, *exc_info: Any) -> None:
        _autograd.switch_grad(self.prev)

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}(mode={self.mode})"

    def clone(self) -> Self:
        """Another object that switches to the same mode."""
        return type(self)(self.mode)


def _refuse(function, mode):
    raise TypeError(f"{function}(): argument 'mode' must be bool, not {type(mode).__name__}")


class _Thread(local):
    multithreading = True


_thread = _Thread()


class set_multithreading_enabled:
    """Says whether a backward pass may use several threads of its own: at once when called as a function, and back at the end of a
    ``with`` block. Passes run on the thread that calls them, and give the same bits either way.

    Args:
        mode (bool): whether it may.
    """

    def __init__(self, mode: bool) -> None:
        self.mode = mode
        self.prev, _thread.multithreading = _thread.multithreading, mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc_info: Any) -> None:
        _thread.multithreading = self.prev


class _force_original_view_tracking:
    """Says whether the graph of a view that is made again, after a change in place, is that of the operations which made it at first,
    or one of strides: at once when called as a function, and back at the end of a ``with`` block. The gradients are the same.

    Args:
        mode (bool): whether it is.
    """

    def __init__(self, mode: bool) -> None:
        self.mode = mode
        self.prev = _autograd.switch_view_replay(mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc_info: Any) -> None:
        _autograd.switch_view_replay(self.prev)


class _unsafe_preserve_version_counter(ContextDecorator):
    """Hides changes of tensors within a ``with`` block: their versions are then what they were. A value that was saved before and is
    not again what it was gives wrong gradients without a word.

    Args:
        tensors (Tensor or tuple of Tensor): what is changed.
    """

    def __init__(self, tensors: Tensor | tuple[Tensor, ...]) -> None:
        self.tensors = tensors if isinstance(tensors, tuple) else (tensors,)
        self.prev_versions = tuple(tensor._version for tensor in self.tensors)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc_info: Any) -> None:
        _unsafe_set_version_counter(self.tensors, self.prev_versions)


def _unsafe_set_version_counter(tensors: Sequence[Tensor], versions: Sequence[int]) -> None:
    """Says which versions tensors have."""
    if len(tensors) != len(versions):
        raise RuntimeError(f"_unsafe_set_version_counter: {len(tensors)} tensors, but {len(versions)} versions")
    for tensor, version in zip(tensors, versions):
        if version < 0:
            raise RuntimeError(f"Cannot set a version_counter to a value below 0: {version}")
        _autograd.set_version(tensor, version)


def is_multithreading_enabled() -> bool:
    """What :class:`set_multithreading_enabled` has said on this thread."""
    return _thread.multithreading


_names.describe(__name__)
