"""The operations that PyTorch's compiler writes as others, which arcgrad has no list of."""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

__all__ = ["core_aten_decompositions", "decomposition_table", "get_decompositions"]

#: Operation -> function of other operations. There is none.
decomposition_table: dict[Any, Callable[..., Any]] = {}


def core_aten_decompositions() -> dict[Any, Callable[..., Any]]:
    """An empty dictionary: no operation is written as others."""
    return {}


def get_decompositions(aten_ops: Sequence[Any], type: str = "post_autograd") -> dict[Any, Callable[..., Any]]:
    """An empty dictionary: no operation is written as others."""
    return {}


_names.describe(__name__)
