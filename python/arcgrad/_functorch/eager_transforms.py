"""How the transformations choose arguments, under the name by which PyTorch's own tests and some programs reach it."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.func import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from arcgrad.func.argnums import chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp"]


def _slice_argnums(args: tuple[Any, ...], argnums: int | tuple[int, ...], as_tuple: bool = True) -> Any:
    """The arguments that ``argnums`` choose; a single one in a tuple of its own where ``as_tuple``."""
    numbers, found = chosen(args, argnums)
    return (found,) if as_tuple and isinstance(numbers, int) else found


_names.describe(__name__)
