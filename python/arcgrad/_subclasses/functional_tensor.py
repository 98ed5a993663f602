"""Tensors that PyTorch's compiler writes to without changing them, which arcgrad does not have."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")

    def __getattr__(name: str) -> Any: ...


__all__ = ["mb_unwrap_functional_tensor"]


def mb_unwrap_functional_tensor(tensor: T) -> T:
    """Returns its argument."""
    return tensor


_absent.declare(__name__, "arcgrad has no compiler that traces programs", "FunctionalTensor FunctionalTensorMode")
