"""The list of backends of PyTorch's compiler."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.compiler import list_backends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["list_backends", "register_backend"]


def register_backend(compiler_fn: Any = None, name: str | None = None, tags: Any = ()) -> Any:
    """Returns the function as it is: nothing is compiled, so it is never called."""
    return (lambda function: function) if compiler_fn is None else compiler_fn


_names.describe(__name__)
