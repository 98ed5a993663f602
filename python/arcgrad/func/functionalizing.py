"""Functions without in-place operations: what :func:`functionalize` gives."""

from __future__ import annotations

import functools

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["functionalize"]


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """A function that computes what ``func`` does, arguments that ``func`` changes in place changed likewise.

    PyTorch takes in-place operations out of a program for compilers that know none. Nothing is compiled here, and every
    transformation knows them, so that the function runs as it is.

    Args:
        func: takes tensors, or trees of them, and returns such.
        remove: ``"mutations"``, or ``"mutations_and_views"``.

    Raises:
        RuntimeError: ``remove`` is something else.

    >>> import arcgrad as torch
    >>> x = torch.ones(2)
    >>> torch.func.functionalize(lambda x: x.view(2, 1).add_(1))(x)
    tensor([[2.],
            [2.]])
    >>> x
    tensor([2., 2.])
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are: "
            "remove='mutations', without in-place operations and out=; remove='mutations_and_views', without views as well."
        )

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapper


_names.describe(__name__)
