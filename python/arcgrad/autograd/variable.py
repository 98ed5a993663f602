"""``Variable``, as older programs call tensors that may require gradients."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import Tensor, _autograd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Variable"]


class _Engine:
    """The engine, as far as programs talk to it."""

    @staticmethod
    def queue_callback(callback: Callable[[], Any]) -> None:
        """Call ``callback()`` when the backward pass that runs is over."""
        _autograd.queue_callback(callback)


class _VariableMeta(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """A tensor with the same memory as ``data``. Tensors and variables have been the same for long.

    Args:
        data (Tensor): whose memory is shared.
        requires_grad (bool): whether gradients are computed for the result.
        volatile (bool): has no effect any more; use :class:`arcgrad.no_grad`.
    """

    _execution_engine = _Engine()

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        if volatile is not None:
            import warnings

            warnings.warn("volatile was removed (Variable.volatile is always False); use no_grad()", stacklevel=2)
        if data is None:
            from arcgrad import empty

            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)


_names.describe(__name__)
