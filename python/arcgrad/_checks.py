"""Checks that programs for PyTorch make by its private names."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

__all__: list[str] = []


def _assert(condition: Any, message: str) -> None:
    """Raises AssertionError with ``message`` unless the condition holds."""
    assert condition, message


def _assert_async(input: Tensor, assert_msg: str | None = None) -> None:
    """Raises RuntimeError unless the tensor's one element is not zero."""
    if not input:
        raise RuntimeError(assert_msg or "Expected Tensor with single nonzero value, but got zero")
