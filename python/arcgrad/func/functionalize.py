"""Functions without writes: nothing here needs them."""

from __future__ import annotations

from functools import wraps

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])

__all__ = ["functionalize"]


def functionalize(func: F, *, remove: str = "mutations") -> F:
    """A function with the results of ``func``, and what that writes into its arguments.

    PyTorch has it write by other operations, which compilers want to see; the results are the same, and so it is ``func`` that runs here.

    Args:
        func: any function of tensors.
        remove: ``"mutations"`` or ``"mutations_and_views"``.

    Raises:
        RuntimeError: ``remove`` is something else.

    >>> import arcgrad as torch
    >>> functionalize(lambda x: x.clone().add_(1))(torch.zeros(2))
    tensor([1., 1.])
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are:\n"
            "     remove='mutations': all inplace and out= pytorch operators will be removed.\n"
            "     remove='mutations_and_views': all view operators will be removed too."
        )

    @wraps(func)
    def run(*args, **kwargs):
        return func(*args, **kwargs)

    return run  # type: ignore[return-value]


_names.describe(__name__)
