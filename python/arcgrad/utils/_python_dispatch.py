"""Modes that run the operations of a thread: :class:`TorchDispatchMode`.

A mode sees what the graph and the transformations have left of a call: operations on tensors, without gradients, those of backward
passes included. A class of tensors sees those on its own instances if it has a ``__torch_dispatch__`` and its instances are made by
``Tensor._make_wrapper_subclass`` or ``Tensor._make_subclass``.

    >>> import arcgrad as torch
    >>> from arcgrad.utils._python_dispatch import TorchDispatchMode
    >>> class Names(TorchDispatchMode):
    ...     def __torch_dispatch__(self, func, types, args=(), kwargs=None):
    ...         print(func)
    ...         return func(*args, **(kwargs or {}))
    >>> x = torch.ones(2, requires_grad=True)
    >>> with Names():
    ...     y = x.sin()
    aten.sin.default
"""

from __future__ import annotations

from contextlib import contextmanager

from arcgrad import Tensor, _names
from arcgrad._core import _overrides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Self

__all__ = ["TorchDispatchMode", "is_traceable_wrapper_subclass", "return_and_correct_aliasing"]


class TorchDispatchMode:
    """A mode that is asked for the results of operations within a ``with`` block, on this thread. A subclass defines
    ``__torch_dispatch__(self, func, types, args=(), kwargs=None)``; while that runs, the mode is not in force.

    ``func`` runs the operation on other tensors while it is being asked about. It is the object that ``torch.ops.aten`` has under the
    name of the operation.
    """

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: tuple[type, ...], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The result of ``func(*args, **kwargs)``, or ``NotImplemented``. Every subclass defines it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        _overrides.push_dispatch_mode(self)
        return self

    def __exit__(self, *exc_info: Any) -> None:
        _overrides.pop_dispatch_mode()


def _get_current_dispatch_mode() -> Any:
    """The innermost mode of this thread, or None."""
    modes = _overrides.dispatch_modes()
    return modes[-1] if modes else None


def _get_current_dispatch_mode_stack() -> list[Any]:
    """The modes of this thread, the innermost last."""
    return _overrides.dispatch_modes()


@contextmanager
def _disable_current_modes() -> Iterator[list[Any]]:
    """No mode is in force within a ``with`` block."""
    modes = _overrides.dispatch_modes()
    for _ in modes:
        _overrides.pop_dispatch_mode()
    try:
        yield modes
    finally:
        for mode in modes:
            _overrides.push_dispatch_mode(mode)


@contextmanager
def _pop_mode_temporarily() -> Iterator[Any]:
    """The innermost mode is not in force within a ``with`` block."""
    mode = _overrides.pop_dispatch_mode()
    try:
        yield mode
    finally:
        _overrides.push_dispatch_mode(mode)


def is_traceable_wrapper_subclass(t: Any) -> bool:
    """Whether an object is a tensor of a subclass that says what it is made of, by ``__tensor_flatten__``."""
    return isinstance(t, Tensor) and type(t) is not Tensor and hasattr(t, "__tensor_flatten__") and hasattr(t, "__tensor_unflatten__")


def return_and_correct_aliasing(func: Any, args: Any, kwargs: Any, out: Any) -> Any:
    """``out``: results share memory here as the operations on what is inside have made them."""
    return out


_names.describe(__name__)
