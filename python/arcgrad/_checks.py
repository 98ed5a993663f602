"""Checks that programs for PyTorch make by its private names."""

from __future__ import annotations

from arcgrad._core import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = []


def _assert(condition: Any, message: str) -> None:
    """Raises AssertionError with ``message`` unless the condition holds."""
    if type(condition) not in (bool, Tensor) and hasattr(condition, "__torch_function__"):
        # What stands for a value while a program is written down is asked, and not decided by.
        type(condition).__torch_function__(_assert, (type(condition),), (condition, message), {})
        return
    assert condition, message


def _assert_async(input: Tensor, assert_msg: str | None = None) -> None:
    """Raises RuntimeError unless the tensor's one element is not zero."""
    if not input:
        raise RuntimeError(assert_msg or "Expected Tensor with single nonzero value, but got zero")


def _check(cond: Any, message: Any = None) -> None:
    """Raises RuntimeError, with what the function ``message`` returns, unless a condition holds."""
    _check_with(RuntimeError, cond, message)


def _check_index(cond: Any, message: Any = None) -> None:
    """Raises IndexError unless a condition holds; see :func:`_check`."""
    _check_with(IndexError, cond, message)


def _check_value(cond: Any, message: Any = None) -> None:
    """Raises ValueError unless a condition holds; see :func:`_check`."""
    _check_with(ValueError, cond, message)


def _check_type(cond: Any, message: Any = None) -> None:
    """Raises TypeError unless a condition holds; see :func:`_check`."""
    _check_with(TypeError, cond, message)


def _check_not_implemented(cond: Any, message: Any = None) -> None:
    """Raises NotImplementedError unless a condition holds; see :func:`_check`."""
    _check_with(NotImplementedError, cond, message)


def _check_is_size(i: int, message: Any = None, *, max: int | None = None) -> None:
    """Raises RuntimeError unless a number can be a size: not negative, and not above ``max``."""
    _check_with(RuntimeError, i >= 0 and (max is None or i <= max), message)


def _check_tensor_all(cond: Tensor, message: Any = None) -> None:
    """Raises RuntimeError unless all of a boolean tensor is true; see :func:`_check`."""
    from arcgrad import Tensor, bool

    if not isinstance(cond, Tensor):
        raise TypeError(f"cond must be a tensor, but got {type(cond)}")
    if cond.dtype is not bool:
        raise TypeError(f"cond tensor must have dtype torch.bool, but got {cond.dtype}")
    _check_with(RuntimeError, cond.all().item(), message)


def _check_with(kind: type[Exception], cond: Any, message: Any = None) -> None:
    """Raises an exception of a kind unless a condition holds; see :func:`_check`."""
    if not isinstance(cond, bool):
        raise TypeError(f"cond must be a bool, but got {type(cond)}")
    if message is not None and not callable(message):
        raise TypeError("message must be a callable")
    if not cond:
        raise kind(
            "Expected cond to be True, but got False. (Could this error message be improved? If so, please report an enhancement "
            "request to PyTorch.)"
            if message is None
            else str(message())
        )
